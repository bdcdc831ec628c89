#include "spam/metas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spam/compose.h"
#include "spam/expr.h"

struct making {
	struct ruleset *r;
	struct cf_errors *errs;
	enum err err; /* of memory; what is wrong with the rules goes to errs */
	struct error *e;
	size_t self; /* the meta whose expression is read */
	bool late;   /* it speaks of a rule that is not there */
	double *zero; /* for each rule: nothing hits */
};

static bool glob(struct slice pattern, const char *name)
{
	size_t p = 0, star = SIZE_MAX;
	const char *n = name, *resume = NULL;

	while (*n != '\0') {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			resume = n;
		} else if (p < pattern.len && (pattern.ptr[p] == '?' || pattern.ptr[p] == *n)) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}

/* About a place in the expression that is read. */
static void meta_notice(struct making *m, struct slice at, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void meta_notice(struct making *m, struct slice at, const char *fmt, ...)
{
	const struct cf_item *item = m->r->rules[m->self].test_item;
	char words[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	cf_errors_add(m->errs, true, item->file, item->line, item->column + (unsigned)(at.ptr - item->expression.ptr), "%s", words);
}

static bool meta_name(void *ctx, struct slice name, struct slice argument, struct expr_value *out, struct error *e)
{
	struct making *m = ctx;
	struct ruleset *r = m->r;
	long found;
	size_t *list, n = 0;

	*out = (struct expr_value){ 0 };
	if (argument.ptr == NULL) {
		if (slice_is(name, "local_tests_only")) {
			out->number = 1;
			return true;
		}
		found = ruleset_find(r, name);
		if (found < 0) {
			meta_notice(m, name, "there is no rule %.*s: it counts as 0 here", SLICE_ARG(name));
			m->late = true;
			return true; /* an undefined name is 0 */
		}
		list = arena_array(r->arena, 1, sizeof(*list));
		if (list == NULL)
			goto nomem;
		list[0] = (size_t)found;
		*out = (struct expr_value){ .variable = list, .count = 1 };
		return true;
	}
	if (!slice_is(name, "rules_matching")) {
		err_set(e, ERR_INVALID, "\"%.*s\" is no function: rules_matching(NAME_*) is the only one",
			name.len > 40 ? 40 : (int)name.len, name.ptr);
		return false;
	}
	for (size_t i = 0; i < r->count; i++)
		n += i != m->self && glob(argument, r->rules[i].rule.name);
	if (n == 0) {
		meta_notice(m, name, "no rule's name is like %.*s: this counts as 0", SLICE_ARG(argument));
		return true;
	}
	list = arena_array(r->arena, n, sizeof(*list));
	if (list == NULL)
		goto nomem;
	*out = (struct expr_value){ .variable = list, .count = n };
	n = 0;
	for (size_t i = 0; i < r->count; i++)
		if (i != m->self && glob(argument, r->rules[i].rule.name))
			list[n++] = i;
	return true;
nomem:
	err_nomem(e);
	m->err = err_nomem(m->e);
	return false;
}

/* For Kahn's algorithm: how many metas that are not placed yet a meta waits for. */
struct waiting {
	const struct ruleset *r;
	const bool *placed;
	size_t count;
};

static void count_waiting(size_t variable, void *ctx)
{
	struct waiting *w = ctx;

	w->count += w->r->rules[variable].expression != NULL && !w->placed[variable];
}

static void read_metas(struct making *m)
{
	struct ruleset *r = m->r;
	struct expr_names names = { meta_name, m };

	for (size_t i = 0; i < r->count && m->err == ERR_OK; i++) {
		const struct cf_item *item = r->rules[i].test_item;
		struct error e;
		struct expr *x;
		size_t at;
		double v;
		enum err err;

		if (item->verb != CF_META)
			continue;
		m->self = i;
		m->late = false;
		err = expr_parse(r->arena, item->expression, &names, &x, &at, &e);
		if (err == ERR_NOMEM)
			m->err = err_nomem(m->e);
		else if (err != ERR_OK && m->err == ERR_OK)
			cf_errors_add(m->errs, false, item->file, item->line, item->column + (unsigned)at, "%s",
				      e.message);
		else if (err == ERR_OK && !expr_eval(x, m->zero, &v))
			cf_errors_add(m->errs, false, item->file, item->line, item->column,
				      "this expression divides by zero when nothing hits");
		else if (err == ERR_OK)
			r->rules[i].expression = x;
		r->rules[i].late = m->late;
		r->meta_count++;
	}
}

/* Whether a meta speaks of what is not run with the others. */
static void look_for_late(size_t variable, void *ctx)
{
	struct waiting *w = ctx;
	const struct entry *x = &w->r->rules[variable];

	w->count += x->expression != NULL ? x->late : x->rule.score == 0;
}

static void order_metas(struct making *m)
{
	struct ruleset *r = m->r;
	bool *placed = arena_array(r->arena, r->count + 1, sizeof(*placed)), moved = true;
	size_t all = r->meta_count;

	r->metas = arena_array(r->arena, all + 1, sizeof(*r->metas));
	if (placed == NULL || r->metas == NULL) {
		m->err = err_nomem(m->e);
		return;
	}
	r->meta_count = 0;
	while (moved) {
		moved = false;
		for (size_t i = 0; i < r->count; i++) {
			struct waiting w = { r, placed, 0 };

			if (r->rules[i].expression == NULL || placed[i])
				continue;
			expr_variables(r->rules[i].expression, count_waiting, &w);
			if (w.count > 0)
				continue;
			placed[i] = moved = true;
			w.count = 0;
			expr_variables(r->rules[i].expression, look_for_late, &w);
			r->rules[i].late = r->rules[i].late || w.count > 0;
			r->metas[r->meta_count++] = (struct ruleset_meta){ .rule = (uint32_t)i,
									   .expression = r->rules[i].expression,
									   .silent = r->rules[i].disabled,
									   .late = r->rules[i].late };
		}
	}
	for (size_t i = 0; i < r->count; i++)
		if (r->rules[i].expression != NULL && !placed[i]) {
			const struct cf_item *item = r->rules[i].test_item;

			r->rules[i].circular = r->rules[i].disabled = true;
			cf_errors_add(m->errs, true, item->file, item->line, item->column,
				      "%s depends on itself, or on metas that do; it is always 0",
				      r->rules[i].rule.name);
		}
}

struct speaking {
	uint32_t *counts; /* of each rule: the metas that speak of it */
	uint32_t *wakes;  /* NULL: they are counted; else written down, each before counts[rule] */
	uint32_t meta;
};

static void speak(size_t variable, void *ctx)
{
	struct speaking *s = ctx;

	if (s->wakes == NULL)
		s->counts[variable]++;
	else
		s->wakes[--s->counts[variable]] = s->meta;
}

/* See struct ruleset_waking. */
static void wake_metas(struct making *m)
{
	struct ruleset *r = m->r;
	uint64_t *awake = arena_array(r->arena, r->meta_count / 64 + 1, sizeof(*awake));
	struct speaking s = { .counts = arena_array(r->arena, r->count + 1, sizeof(*s.counts)) };
	uint32_t all = 0;

	if (awake == NULL || s.counts == NULL) {
		m->err = err_nomem(m->e);
		return;
	}
	for (size_t i = 0; i < r->meta_count; i++) {
		struct ruleset_meta *x = &r->metas[i];

		/* read_metas took none that has no value here. */
		if (!expr_eval(x->expression, m->zero, &x->rest) || (x->silent && x->late) || x->rest != 0)
			awake[i / 64] |= UINT64_C(1) << i % 64;
		expr_variables(x->expression, speak, &s);
	}
	for (size_t i = 0; i <= r->count; i++)
		s.counts[i] = all += s.counts[i];
	s.wakes = arena_array(r->arena, (size_t)all + 1, sizeof(*s.wakes));
	if (s.wakes == NULL) {
		m->err = err_nomem(m->e);
		return;
	}
	for (size_t i = r->meta_count; i-- > 0;) {
		s.meta = (uint32_t)i;
		expr_variables(r->metas[i].expression, speak, &s);
	}
	r->waking = (struct ruleset_waking){ .awake = awake, .wakes = s.wakes, .from = s.counts };
}

enum err metas_make(struct ruleset *r, struct cf_errors *errs, struct error *e)
{
	struct making m = { .r = r, .errs = errs, .e = e, .zero = calloc(r->count + 1, sizeof(*m.zero)) };

	if (m.zero == NULL)
		return err_nomem(e);
	read_metas(&m);
	if (m.err == ERR_OK)
		order_metas(&m);
	if (m.err == ERR_OK)
		wake_metas(&m);
	free(m.zero);
	return m.err;
}
