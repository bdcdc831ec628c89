#include "spam/ruleset.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypt.h"
#include "base/str.h"
#include "spam/domains.h"
#include "spam/expr.h"
#include "spam/fold.h"
#include "spam/grams.h"
#include "spam/literals.h"
#include "spam/pattern.h"
#include "spam/selftest.h"

enum {
	GENERATION_BYTES_MAX = 1 << 30, /* parse tree, texts and tables of one generation */
	SCRATCH_BYTES_MAX = 4 << 20,    /* for one pattern's literals */
	NAMES_SHOWN = 5
};

_Static_assert((int)PATTERN_CASELESS == (int)CF_RE_CASELESS && (int)PATTERN_MULTILINE == (int)CF_RE_MULTILINE &&
		       (int)PATTERN_DOTALL == (int)CF_RE_DOTALL && (int)PATTERN_EXTENDED == (int)CF_RE_EXTENDED &&
		       (int)PATTERN_EXTENDED2 == (int)CF_RE_EXTENDED2 && (int)PATTERN_NO_CAPTURE == (int)CF_RE_NO_CAPTURE,
	       "a pattern's letters are one set of bits");

struct words {
	struct words *next;
	enum cf_verb verb; /* CF_DESCRIBE, CF_NOTE */
	struct slice lang;
	const char *text;
};

/* A rule with what only its generation needs to know. */
struct entry {
	struct rule rule;
	struct slice name;
	const struct cf_item *test_item; /* its definition; NULL: only spoken of */
	const struct cf_item *first_use; /* for the notice when there is no definition */
	bool list;                       /* made by a list file */
	bool scored, disabled, circular;
	struct words *words;
	const struct expr *expression;
};

struct ruleset {
	atomic_size_t refs;
	char name[RULESET_NAME_BYTES];
	struct arena *arena;
	struct entry *rules;
	size_t count, cap;
	uint32_t *names; /* open addressing over rules: index + 1 */
	size_t names_size;
	struct pattern **patterns; /* every distinct one, hashed by text and flags; holds the references */
	size_t patterns_size, pattern_count, reused;
	struct probe_set probes[SURFACE_COUNT], allow_probes;
	struct ruleset_meta *metas;
	size_t meta_count;
	struct domains *domains, *allowed;
	size_t tests;
};

/* What building needs beside the generation. */
struct builder {
	struct ruleset *r;
	const struct ruleset_options *options;
	struct cf_errors *errs;
	struct arena *scratch;
	struct cf_tree tree;
	size_t probe_cap[SURFACE_COUNT + 1];
	enum err err; /* of memory; what is wrong with the rules goes to errs */
	struct error *e;
	size_t self; /* the meta whose expression is read */
};

static const struct ruleset_options no_options;

/* ---- names ----------------------------------------------------------------------------------------------------- */

static uint32_t hash(struct slice s, uint32_t seed)
{
	uint32_t h = 2166136261u ^ seed;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.ptr[i]) * 16777619u;
	return h ^ h >> 15;
}

long ruleset_find(const struct ruleset *r, struct slice name)
{
	if (r->names_size == 0)
		return -1;
	for (size_t at = hash(name, 0) & (r->names_size - 1); r->names[at] != 0; at = (at + 1) & (r->names_size - 1))
		if (slice_eq(r->rules[r->names[at] - 1].name, name))
			return (long)r->names[at] - 1;
	return -1;
}

static bool names_rebuild(struct ruleset *r, size_t size)
{
	uint32_t *names = arena_array(r->arena, size, sizeof(*names));

	if (names == NULL)
		return false;
	for (size_t i = 0; i < r->count; i++) {
		size_t at = hash(r->rules[i].name, 0) & (size - 1);

		while (names[at] != 0)
			at = (at + 1) & (size - 1);
		names[at] = (uint32_t)i + 1;
	}
	r->names = names;
	r->names_size = size;
	return true;
}

static struct entry *intern(struct builder *b, struct slice name)
{
	struct ruleset *r = b->r;
	long found = ruleset_find(r, name);

	if (found >= 0)
		return &r->rules[found];
	if (r->count == r->cap) {
		size_t to = r->cap == 0 ? 256 : r->cap * 2;
		struct entry *bigger = arena_array(r->arena, to, sizeof(*bigger));

		if (bigger == NULL) {
			b->err = err_nomem(b->e);
			return NULL;
		}
		if (r->count > 0)
			memcpy(bigger, r->rules, r->count * sizeof(*bigger));
		r->rules = bigger;
		r->cap = to;
	}
	r->rules[r->count] = (struct entry){ .name = name };
	r->rules[r->count].rule.name = arena_slice(r->arena, name).ptr;
	r->count++;
	if (r->rules[r->count - 1].rule.name == NULL ||
	    (r->count * 2 > r->names_size && !names_rebuild(r, r->names_size == 0 ? 512 : r->names_size * 2))) {
		b->err = err_nomem(b->e);
		return NULL;
	}
	for (size_t at = hash(name, 0) & (r->names_size - 1);; at = (at + 1) & (r->names_size - 1)) {
		if (r->names[at] == (uint32_t)r->count)
			break; /* rebuilding put it there */
		if (r->names[at] == 0) {
			r->names[at] = (uint32_t)r->count;
			break;
		}
	}
	return &r->rules[r->count - 1];
}

static const char *text_of(struct builder *b, struct slice s)
{
	const char *t = arena_slice(b->r->arena, s.ptr != NULL ? s : SLICE("")).ptr;

	if (t == NULL)
		b->err = err_nomem(b->e);
	return t != NULL ? t : "";
}

/* ---- collecting: the last word on each property counts --------------------------------------------------------- */

static void collect_words(struct builder *b, struct entry *x, const struct cf_item *item)
{
	struct words *w;

	for (w = x->words; w != NULL; w = w->next)
		if (w->verb == item->verb && slice_eq(w->lang, item->words.lang))
			break;
	if (w == NULL) {
		w = ARENA_NEW(b->r->arena, struct words);
		if (w == NULL) {
			b->err = err_nomem(b->e);
			return;
		}
		w->next = x->words;
		w->verb = item->verb;
		w->lang = item->words.lang;
		x->words = w;
	}
	w->text = text_of(b, item->words.text);
}

static void collect_score(struct builder *b, struct entry *x, const struct cf_item *item)
{
	/* Of SpamAssassin's four score sets the first is ours: no network tests, no Bayes. */
	if (item->score.relative[0] && !x->scored) {
		cf_errors_add(b->errs, false, item->file, item->line, item->name_column,
			      "a score in parentheses is relative, but %s has no score before it", x->rule.name);
		return;
	}
	x->rule.score = item->score.relative[0] ? x->rule.score + item->score.value[0] : item->score.value[0];
	x->scored = true;
}

static void collect(struct builder *b, const struct cf_item *item)
{
	struct entry *x;

	if (item->allow && (item->verb == CF_LIST_PATTERN || item->verb == CF_LIST_DOMAIN))
		return; /* an allow list is no rule */
	x = intern(b, item->name);
	if (x == NULL)
		return;
	x->first_use = x->first_use != NULL ? x->first_use : item;
	switch (item->verb) {
	case CF_PATTERN:
	case CF_EXISTS:
	case CF_EVAL:
	case CF_META:
		x->test_item = item;
		break;
	case CF_LIST_PATTERN:
	case CF_LIST_DOMAIN:
		if (!x->list)
			x->test_item = item;
		x->list = true;
		break;
	case CF_SCORE:
		collect_score(b, x, item);
		break;
	case CF_DESCRIBE:
	case CF_NOTE:
		collect_words(b, x, item);
		break;
	case CF_TFLAGS:
		x->rule.tflags = item->tflags.flags;
		x->rule.maxhits = item->tflags.maxhits;
		break;
	case CF_PRIORITY:
		x->rule.priority = item->priority;
		break;
	case CF_TEST:
		x->rule.tests++;
		break;
	case CF_MODE:
		x->rule.mode = item->mode;
		break;
	case CF_ACTION:
		x->rule.action = item->action;
		break;
	case CF_EXPIRES:
		x->rule.expires_ms = item->expires_ms;
		break;
	}
}

/* Throws out names that nothing defines and fixes what follows from everything together. */
static void settle(struct builder *b)
{
	struct ruleset *r = b->r;
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++) {
		struct entry *x = &r->rules[i];
		struct rule *rule = &x->rule;
		const struct cf_item *d = x->test_item;

		if (d == NULL) {
			const struct cf_item *u = x->first_use;

			cf_errors_add(b->errs, u->verb != CF_TEST, u->file, u->line, u->name_column,
				      "there is no rule %s", rule->name);
			continue;
		}
		rule->file = d->file;
		rule->line = d->line;
		rule->text = text_of(b, d->text);
		rule->meta = d->verb == CF_META;
		rule->class = x->list || ((d->verb == CF_PATTERN || d->verb == CF_EVAL) && d->pattern.surface == SURFACE_URI) ?
				      RULE_CLASS_URL :
				      RULE_CLASS_RULE;
		rule->listed = !slice_starts(x->name, SLICE("__"));
		if (!x->scored) {
			rule->score = slice_starts(x->name, SLICE("T_")) ? 0.01 : 1.0;
			if (rule->tflags & CF_TF_NICE)
				rule->score = -rule->score;
		}
		rule->weight = !rule->listed		 ? 0 :
			       rule->mode == CF_WATCH	 ? (rule->score < 0 ? -0.01 : 0.01) :
							   rule->score;
		x->disabled = rule->score == 0 || (d->verb == CF_PATTERN && d->pattern.mail_only);
		r->rules[kept] = *x;
		r->rules[kept].rule.describe = r->rules[kept].rule.note = "";
		kept++;
	}
	r->count = kept;
	if (kept > RULESET_RULES_MAX)
		b->err = err_set(b->e, ERR_TOO_LARGE, "there are more than %d rules", RULESET_RULES_MAX);
	else if (!names_rebuild(r, r->names_size == 0 ? 512 : r->names_size))
		b->err = err_nomem(b->e);
	for (size_t i = 0; i < r->count; i++) {
		r->rules[i].rule.describe = ruleset_describe(r, i, SLICE("en"));
		r->rules[i].rule.note = ruleset_note(r, i, SLICE("en"));
	}
}

/* ---- patterns -------------------------------------------------------------------------------------------------- */

static struct pattern **pattern_slot(const struct ruleset *r, struct slice text, unsigned flags)
{
	size_t at = hash(text, flags) & (r->patterns_size - 1);

	while (r->patterns[at] != NULL && (pattern_flags(r->patterns[at]) != flags ||
					   !slice_eq(pattern_text(r->patterns[at]), text)))
		at = (at + 1) & (r->patterns_size - 1);
	return &r->patterns[at];
}

/* A pattern of this generation, taken over from the one before or compiled. NULL: reported. */
static struct pattern *pattern_for(struct builder *b, const struct cf_item *item, struct slice text, unsigned flags)
{
	struct pattern **slot = pattern_slot(b->r, text, flags), **old;
	struct ruleset *previous = b->options->previous;
	struct error e;
	size_t at;
	enum err err;

	if (*slot != NULL)
		return *slot;
	if (previous != NULL && previous->patterns_size > 0 && *(old = pattern_slot(previous, text, flags)) != NULL) {
		*slot = pattern_ref(*old);
		b->r->reused++;
	} else {
		err = pattern_compile(text, flags, slot, &at, &e);
		if (err == ERR_INVALID) {
			unsigned column = item->column + (item->verb == CF_PATTERN ? (unsigned)at : 0);

			/* A # was written as \#. */
			for (size_t i = 0; item->verb == CF_PATTERN && i < at && i < text.len; i++)
				column += text.ptr[i] == '#';
			cf_errors_add(b->errs, false, item->file, item->line, column, "%s", e.message);
			return NULL;
		}
		if (err != ERR_OK) {
			b->err = err_nomem(b->e);
			return NULL;
		}
	}
	b->r->pattern_count++;
	return *slot;
}

/* ---- probes ---------------------------------------------------------------------------------------------------- */

static struct probe *probe_add(struct builder *b, struct probe_set *set, size_t *cap)
{
	if (set->count == *cap) {
		size_t to = *cap == 0 ? 64 : *cap * 2;
		struct probe *bigger = arena_array(b->r->arena, to, sizeof(*bigger));

		if (bigger == NULL) {
			b->err = err_nomem(b->e);
			return NULL;
		}
		if (set->count > 0)
			memcpy(bigger, set->list, set->count * sizeof(*bigger));
		set->list = bigger;
		*cap = to;
	}
	memset(&set->list[set->count], 0, sizeof(struct probe));
	return &set->list[set->count++];
}

/* A pattern's literals into the set's index; without any, the probe is found by nothing and runs always. */
static void file_literals(struct builder *b, struct probe_set *set, struct probe *p, unsigned flags)
{
	struct slice text = pattern_text(p->pattern), plain;
	struct grams **index = p->utf ? &set->utf : &set->bytes;
	struct literals l = literals_derive(b->scratch, text, flags);

	for (size_t i = 0; i < l.count && b->err == ERR_OK; i++) {
		if (*index == NULL && (*index = grams_new()) == NULL)
			b->err = err_nomem(b->e);
		else
			b->err = grams_add(*index, l.list[i], (uint32_t)(p - set->list), b->e);
	}
	p->literal = l.count > 0;
	plain = p->literal && !p->negated ? literals_plain(b->scratch, text, flags) : SLICE_NONE;
	if (plain.ptr != NULL) {
		char *own = arena_alloc(b->r->arena, plain.len + 1);

		p->caseless = (flags & PATTERN_CASELESS) != 0;
		if (own == NULL) {
			b->err = err_nomem(b->e);
		} else {
			if (p->caseless)
				plain.len = (fold_bytes(plain, own), plain.len);
			else
				memcpy(own, plain.ptr, plain.len);
			p->plain = slice_make(own, plain.len);
		}
	}
	arena_reset(b->scratch);
}

static void add_pattern(struct builder *b, const struct cf_item *item, size_t rule, bool enabled)
{
	struct ruleset *r = b->r;
	enum surface s = item->pattern.surface;
	struct probe_set *set = item->allow ? &r->allow_probes : &r->probes[s];
	unsigned flags = item->pattern.flags;
	struct pattern *pattern;
	struct probe *p;

	if (!item->allow && r->rules[rule].rule.tflags & CF_TF_UTF)
		flags |= PATTERN_UTF;
	pattern = pattern_for(b, item, item->pattern.pattern, flags);
	if (pattern == NULL || !enabled)
		return;
	if (item->verb == CF_PATTERN && pattern_matches_empty(pattern) && !item->pattern.negated && s != SURFACE_HEADER)
		cf_errors_add(b->errs, true, item->file, item->line, item->column,
			      "this pattern matches the empty string, and so every text");
	p = probe_add(b, set, &b->probe_cap[item->allow ? SURFACE_COUNT : s]);
	if (p == NULL)
		return;
	p->rule = (uint32_t)rule;
	p->kind = PROBE_PATTERN;
	p->pattern = pattern;
	p->utf = (flags & PATTERN_UTF) != 0;
	p->list = item->verb == CF_LIST_PATTERN;
	p->field = item->pattern.field;
	p->negated = item->pattern.negated;
	p->if_unset = item->pattern.if_unset;
	file_literals(b, set, p, flags);
}

static bool eval_number(struct slice s, double *out)
{
	char text[32], *end;

	if (s.len == 0 || s.len >= sizeof(text))
		return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	*out = strtod(text, &end);
	return *end == '\0' && *out == *out;
}

static void add_eval(struct builder *b, const struct cf_item *item, size_t rule)
{
	const struct ruleset_options *o = b->options;
	bool known = o->facts == NULL;
	double least = 1, most = 1e300;
	struct probe *p;

	for (size_t i = 0; i < o->fact_count && !known; i++)
		known = slice_is(item->eval.function, o->facts[i]);
	if (!known) {
		cf_errors_add(b->errs, false, item->file, item->line, item->column, "eval:%.*s is not known here",
			      SLICE_ARG(item->eval.function));
		return;
	}
	if (item->eval.args > 2 || (item->eval.args > 0 && !eval_number(item->eval.arg[0], &least)) ||
	    (item->eval.args > 1 && !eval_number(item->eval.arg[1], &most))) {
		cf_errors_add(b->errs, false, item->file, item->line, item->column,
			      "eval:%.*s takes the least and the most value, as eval:%.*s(3, 10)",
			      SLICE_ARG(item->eval.function), SLICE_ARG(item->eval.function));
		return;
	}
	if (b->r->rules[rule].disabled)
		return;
	p = probe_add(b, &b->r->probes[item->eval.surface], &b->probe_cap[item->eval.surface]);
	if (p == NULL)
		return;
	p->rule = (uint32_t)rule;
	p->kind = PROBE_EVAL;
	p->fact = item->eval.function;
	p->least = least;
	p->most = most;
}

static void add_exists(struct builder *b, const struct cf_item *item, size_t rule)
{
	struct probe *p;

	if (b->r->rules[rule].disabled)
		return;
	p = probe_add(b, &b->r->probes[SURFACE_HEADER], &b->probe_cap[SURFACE_HEADER]);
	if (p != NULL) {
		p->rule = (uint32_t)rule;
		p->kind = PROBE_EXISTS;
		p->field = item->pattern.field;
	}
}

static void add_domain(struct builder *b, const struct cf_item *item, size_t rule)
{
	struct domains **d = item->allow ? &b->r->allowed : &b->r->domains;

	if (!item->allow && b->r->rules[rule].disabled)
		return;
	b->err = domains_add(*d, item->domain.domain, (uint32_t)rule, b->e);
}

static void add_probes(struct builder *b)
{
	struct ruleset *r = b->r;

	for (size_t i = 0; i < b->tree.count && b->err == ERR_OK; i++) {
		const struct cf_item *item = &b->tree.items[i];
		bool line = item->verb == CF_LIST_PATTERN || item->verb == CF_LIST_DOMAIN;
		long rule = item->allow ? 0 : ruleset_find(r, item->name);
		const struct entry *x = rule >= 0 && !item->allow ? &r->rules[rule] : NULL;

		/* A list has many lines; a rule has its last definition. */
		if (rule < 0 || (x != NULL && (line ? !x->list || !(x->test_item->verb == CF_LIST_PATTERN ||
								     x->test_item->verb == CF_LIST_DOMAIN) :
						      x->test_item != item)))
			continue;
		if (item->verb == CF_PATTERN || item->verb == CF_LIST_PATTERN)
			add_pattern(b, item, (size_t)rule, x == NULL || !x->disabled);
		else if (item->verb == CF_LIST_DOMAIN)
			add_domain(b, item, (size_t)rule);
		else if (item->verb == CF_EVAL)
			add_eval(b, item, (size_t)rule);
		else if (item->verb == CF_EXISTS)
			add_exists(b, item, (size_t)rule);
	}
}

/* Finishes a set's index and lists what it cannot find. */
static void seal(struct builder *b, struct probe_set *set)
{
	set->always = arena_array(b->r->arena, set->count + 1, sizeof(*set->always));
	if (set->always == NULL) {
		b->err = err_nomem(b->e);
		return;
	}
	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].kind == PROBE_PATTERN && !set->list[i].literal)
			set->always[set->always_count++] = (uint32_t)i;
	if (b->err == ERR_OK && set->bytes != NULL)
		b->err = grams_seal(set->bytes, b->e);
	if (b->err == ERR_OK && set->utf != NULL)
		b->err = grams_seal(set->utf, b->e);
}

/* Header patterns look at one short field and are not counted: a field costs little to match. */
static void check_always(struct builder *b)
{
	size_t most = b->options->always_max > 0 ? b->options->always_max : RULESET_ALWAYS_DEFAULT;
	struct ruleset_figures f = ruleset_figures(b->r);
	char names[200] = "";
	size_t shown = 0;

	for (size_t s = 0; s < SURFACE_COUNT; s++)
		for (size_t i = 0; i < b->r->probes[s].always_count; i++) {
			struct entry *x = &b->r->rules[b->r->probes[s].list[b->r->probes[s].always[i]].rule];

			x->rule.always = true;
			if (s != SURFACE_HEADER && shown++ < NAMES_SHOWN) {
				size_t n = strlen(names);

				snprintf(names + n, sizeof(names) - n, "%s%.30s", n > 0 ? ", " : "", x->rule.name);
			}
		}
	if (f.always > most)
		cf_errors_add(b->errs, false, "", 0, 0,
			      "%zu patterns hold no fixed text and would run on every message; at most %zu may: %s%s", f.always,
			      most, names, shown > NAMES_SHOWN ? " ..." : "");
}

/* ---- metas ----------------------------------------------------------------------------------------------------- */

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

static bool meta_name(void *ctx, struct slice name, struct slice argument, struct expr_value *out, struct error *e)
{
	struct builder *b = ctx;
	struct ruleset *r = b->r;
	long found;
	size_t *list, n = 0;

	*out = (struct expr_value){ 0 };
	if (argument.ptr == NULL) {
		if (slice_is(name, "local_tests_only")) {
			out->number = 1;
			return true;
		}
		found = ruleset_find(r, name);
		if (found < 0)
			return true; /* an undefined name is 0 */
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
		n += i != b->self && glob(argument, r->rules[i].rule.name);
	if (n == 0)
		return true;
	list = arena_array(r->arena, n, sizeof(*list));
	if (list == NULL)
		goto nomem;
	*out = (struct expr_value){ .variable = list, .count = n };
	n = 0;
	for (size_t i = 0; i < r->count; i++)
		if (i != b->self && glob(argument, r->rules[i].rule.name))
			list[n++] = i;
	return true;
nomem:
	err_nomem(e);
	b->err = err_nomem(b->e);
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

static void read_metas(struct builder *b)
{
	struct ruleset *r = b->r;
	double *zero = arena_array(r->arena, r->count + 1, sizeof(*zero));
	struct expr_names names = { meta_name, b };

	for (size_t i = 0; i < r->count && zero != NULL && b->err == ERR_OK; i++) {
		const struct cf_item *item = r->rules[i].test_item;
		struct error e;
		struct expr *x;
		size_t at;
		double v;
		enum err err;

		if (item->verb != CF_META)
			continue;
		b->self = i;
		err = expr_parse(r->arena, item->expression, &names, &x, &at, &e);
		if (err == ERR_NOMEM)
			b->err = err_nomem(b->e);
		else if (err != ERR_OK && b->err == ERR_OK)
			cf_errors_add(b->errs, false, item->file, item->line, item->column + (unsigned)at, "%s", e.message);
		else if (err == ERR_OK && !expr_eval(x, zero, &v))
			cf_errors_add(b->errs, false, item->file, item->line, item->column,
				      "this expression divides by zero when nothing hits");
		else if (err == ERR_OK)
			r->rules[i].expression = x;
		r->meta_count++;
	}
	if (zero == NULL)
		b->err = err_nomem(b->e);
}

static void order_metas(struct builder *b)
{
	struct ruleset *r = b->r;
	bool *placed = arena_array(r->arena, r->count + 1, sizeof(*placed)), moved = true;
	size_t all = r->meta_count;

	r->metas = arena_array(r->arena, all + 1, sizeof(*r->metas));
	if (placed == NULL || r->metas == NULL) {
		b->err = err_nomem(b->e);
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
			if (!r->rules[i].disabled)
				r->metas[r->meta_count++] = (struct ruleset_meta){ (uint32_t)i, r->rules[i].expression };
		}
	}
	for (size_t i = 0; i < r->count; i++)
		if (r->rules[i].expression != NULL && !placed[i]) {
			const struct cf_item *item = r->rules[i].test_item;

			r->rules[i].circular = r->rules[i].disabled = true;
			cf_errors_add(b->errs, true, item->file, item->line, item->column,
				      "%s depends on itself, or on metas that do; it is always 0", r->rules[i].rule.name);
		}
}

/* ---- building -------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct cf_source *x = *(const struct cf_source *const *)a, *y = *(const struct cf_source *const *)b;
	size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
	int c = n > 0 ? memcmp(x->name.ptr, y->name.ptr, n) : 0;

	return c != 0 ? c : x->name.len < y->name.len ? -1 : x->name.len > y->name.len;
}

/* SHA-256 over "name hash-of-text\n" of each file, by name: 16 hex digits of it. */
static enum err name_generation(struct ruleset *r, const struct cf_source *sources, size_t count, struct error *e)
{
	const struct cf_source **order = arena_array(r->arena, count + 1, sizeof(struct cf_source *));
	struct str all;
	struct crypt_hash h;

	if (order == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < count; i++)
		order[i] = &sources[i];
	qsort(order, count, sizeof(struct cf_source *), by_name);
	str_init(&all, 1 << 20);
	for (size_t i = 0; i < count; i++) {
		char hex[CRYPT_HEX_BYTES(CRYPT_HASH_BYTES)];

		h = crypt_sha256(order[i]->text);
		str_add(&all, order[i]->name);
		str_addf(&all, " %s\n", crypt_hex(h.bytes, sizeof(h.bytes), hex));
	}
	h = crypt_sha256(str_slice(&all));
	crypt_hex(h.bytes, (RULESET_NAME_BYTES - 1) / 2, r->name);
	if (str_failed(&all)) {
		str_fini(&all);
		return err_nomem(e);
	}
	str_fini(&all);
	return ERR_OK;
}

static size_t count_patterns(const struct cf_tree *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += t->items[i].verb == CF_PATTERN || t->items[i].verb == CF_LIST_PATTERN;
	return n;
}

enum err ruleset_build(const struct cf_source *sources, size_t count, const struct ruleset_options *options,
		       struct ruleset **out, struct cf_errors *errs, struct error *e)
{
	struct builder b = { .options = options != NULL ? options : &no_options, .errs = errs, .e = e };
	size_t errors = errs->errors;
	struct ruleset *r = calloc(1, sizeof(*r));

	*out = NULL;
	if (r == NULL)
		return err_nomem(e);
	atomic_init(&r->refs, 1);
	b.r = r;
	r->arena = arena_new(GENERATION_BYTES_MAX);
	b.scratch = arena_new(SCRATCH_BYTES_MAX);
	r->domains = domains_new();
	r->allowed = domains_new();
	if (r->arena == NULL || b.scratch == NULL || r->domains == NULL || r->allowed == NULL) {
		b.err = err_nomem(e);
		goto out;
	}
	b.err = name_generation(r, sources, count, e);
	if (b.err == ERR_OK)
		b.err = cf_parse(r->arena, sources, count, &b.tree, errs, e);
	if (b.err != ERR_OK)
		goto out;
	for (r->patterns_size = 64; r->patterns_size < count_patterns(&b.tree) * 2;)
		r->patterns_size *= 2;
	r->patterns = calloc(r->patterns_size, sizeof(struct pattern *));
	if (r->patterns == NULL) {
		b.err = err_nomem(e);
		goto out;
	}
	for (size_t i = 0; i < b.tree.count && b.err == ERR_OK; i++)
		collect(&b, &b.tree.items[i]);
	if (b.err == ERR_OK)
		settle(&b);
	if (b.err == ERR_OK)
		add_probes(&b);
	for (size_t s = 0; s < SURFACE_COUNT && b.err == ERR_OK; s++)
		seal(&b, &r->probes[s]);
	if (b.err == ERR_OK)
		seal(&b, &r->allow_probes);
	if (b.err == ERR_OK)
		read_metas(&b);
	if (b.err == ERR_OK)
		order_metas(&b);
	if (b.err == ERR_OK)
		check_always(&b);
	if (b.err == ERR_OK && arena_failed(r->arena))
		b.err = err_nomem(e);
	/* A set with errors is refused anyhow; its tests would only repeat them. */
	if (b.err == ERR_OK && errs->errors == errors)
		b.err = selftest_run(r, &b.tree, b.options, errs, &r->tests, e);
	if (b.err == ERR_OK && errs->errors > errors)
		b.err = err_set(e, ERR_INVALID, "the rules have %zu error%s", errs->errors - errors,
				errs->errors - errors == 1 ? "" : "s");
out:
	arena_free(&b.scratch);
	if (b.err != ERR_OK)
		ruleset_unref(&r);
	*out = r;
	return b.err;
}

struct ruleset *ruleset_ref(struct ruleset *r)
{
	atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	return r;
}

void ruleset_unref(struct ruleset **rp)
{
	struct ruleset *r = *rp;

	*rp = NULL;
	if (r == NULL || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < r->patterns_size && r->patterns != NULL; i++)
		pattern_unref(&r->patterns[i]);
	for (size_t s = 0; s < SURFACE_COUNT; s++) {
		grams_free(&r->probes[s].bytes);
		grams_free(&r->probes[s].utf);
	}
	grams_free(&r->allow_probes.bytes);
	grams_free(&r->allow_probes.utf);
	domains_free(&r->domains);
	domains_free(&r->allowed);
	free(r->patterns);
	arena_free(&r->arena);
	free(r);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

const char *ruleset_name(const struct ruleset *r)
{
	return r->name;
}

size_t ruleset_count(const struct ruleset *r)
{
	return r->count;
}

const struct rule *ruleset_rule(const struct ruleset *r, size_t index)
{
	assert(index < r->count);
	return &r->rules[index].rule;
}

bool ruleset_enabled(const struct ruleset *r, size_t index)
{
	assert(index < r->count);
	return !r->rules[index].disabled;
}

static bool same_language(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		char x = a.ptr[i] == '_' ? '-' : a.ptr[i], y = b.ptr[i] == '_' ? '-' : b.ptr[i];

		if ((x | 0x20) != (y | 0x20))
			return false;
	}
	return true;
}

static const char *words_in(const struct entry *x, enum cf_verb verb, struct slice lang)
{
	struct slice base = lang;
	const struct slice tries[] = { lang, SLICE_NONE, SLICE(""), SLICE("en") };

	for (size_t i = 0; i < base.len; i++)
		if (base.ptr[i] == '-' || base.ptr[i] == '_')
			base.len = i;
	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++)
		for (const struct words *w = x->words; w != NULL; w = w->next)
			if (w->verb == verb && same_language(w->lang, i == 1 ? base : tries[i]))
				return w->text;
	return "";
}

const char *ruleset_describe(const struct ruleset *r, size_t index, struct slice lang)
{
	return words_in(&r->rules[index], CF_DESCRIBE, lang);
}

const char *ruleset_note(const struct ruleset *r, size_t index, struct slice lang)
{
	return words_in(&r->rules[index], CF_NOTE, lang);
}

struct ruleset_figures ruleset_figures(const struct ruleset *r)
{
	struct ruleset_figures f = { .rules = r->count,
				     .metas = r->meta_count,
				     .patterns = r->pattern_count,
				     .reused = r->reused,
				     .tests = r->tests,
				     .domains = domains_count(r->domains),
				     .allowed_domains = domains_count(r->allowed) };

	for (size_t s = 0; s < SURFACE_COUNT; s++) {
		const struct probe_set *p = &r->probes[s];
		const struct grams *index[] = { p->bytes, p->utf };

		f.always += s != SURFACE_HEADER ? p->always_count : 0;
		for (size_t i = 0; i < 2; i++)
			if (index[i] != NULL) {
				f.literals += grams_count(index[i]);
				f.index_bytes += grams_bytes(index[i]);
			}
	}
	return f;
}

const struct probe_set *ruleset_probes(const struct ruleset *r, enum surface s)
{
	return &r->probes[s];
}

const struct probe_set *ruleset_allow_probes(const struct ruleset *r)
{
	return &r->allow_probes;
}

const struct ruleset_meta *ruleset_metas(const struct ruleset *r, size_t *count)
{
	*count = r->meta_count;
	return r->metas;
}

const struct domains *ruleset_domains(const struct ruleset *r)
{
	return r->domains;
}

static bool any(uint32_t value, struct slice domain, void *ctx)
{
	(void)value;
	(void)domain;
	(void)ctx;
	return true;
}

bool ruleset_host_allowed(const struct ruleset *r, struct slice host)
{
	char lower[256];

	if (host.len == 0 || host.len > sizeof(lower))
		return false;
	fold_bytes(host, lower);
	return domains_find(r->allowed, slice_make(lower, host.len), any, NULL);
}
