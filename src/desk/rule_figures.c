#include "desk/rule_figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spam/verdict.h"

#define DAY_MS (24 * 3600 * 1000LL)

enum { LANG_BYTES = 40 };

enum err rule_figures_hit(struct db *db, int64_t ticket, struct slice rule, int64_t now_ms, struct error *e)
{
	return db_run(db, SQL_RULE_FIGURES_HIT, BINDS(b_int(now_ms / DAY_MS), b_text(rule), b_int(ticket)), NULL, e);
}

enum err rule_figures_judged(struct db *db, int64_t ticket, int64_t n, int64_t spam, int64_t ham, int64_t now_ms, struct error *e)
{
	return db_run(db, SQL_RULE_FIGURES_JUDGED, BINDS(b_int(ticket), b_int(n), b_int(spam), b_int(ham), b_int(now_ms)), NULL, e);
}

enum err rule_figures_sweep(struct db *db, int64_t before_day, int64_t *changed, struct error *e)
{
	const enum sql_id ids[] = { SQL_RULE_FIGURES_SWEEP, SQL_RULE_COSTS_SWEEP };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		int64_t n = 0;
		enum err err = db_run(db, ids[i], BINDS(b_int(before_day)), &n, e);
		if (err)
			return err;
		*changed += n;
	}
	return ERR_OK;
}

/* The trees of a list by their rules' names, which no order of the store's is needed for. */
struct by_name {
	struct named {
		struct slice rule;
		struct jv *v;
	} *list;
	size_t count;
};

static int order(const void *a, const void *b)
{
	struct slice x = ((const struct named *)a)->rule, y = ((const struct named *)b)->rule;
	size_t n = x.len < y.len ? x.len : y.len;
	int c = n ? memcmp(x.ptr, y.ptr, n) : 0;

	return c ? c : x.len < y.len ? -1 : x.len > y.len;
}

static enum err by_name_init(struct by_name *m, struct jv *list, struct error *e)
{
	m->count = jv_size(list);
	m->list = calloc(m->count + 1, sizeof(*m->list));
	if (!m->list)
		return err_nomem(e);
	for (size_t i = 0; i < m->count; i++)
		m->list[i] = (struct named){ jv_get_text(jv_at(list, i), "rule"), jv_at(list, i) };
	qsort(m->list, m->count, sizeof(*m->list), order);
	return ERR_OK;
}

static struct jv *member(const struct by_name *m, struct slice rule)
{
	struct named key = { .rule = rule }, *found = bsearch(&key, m->list, m->count, sizeof(*m->list), order);
	return found ? found->v : NULL;
}

static enum err add_langs(struct db *db, const struct by_name *m, int64_t day, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULE_FIGURES_LANGS, BINDS(b_int(day)), e);

	if (err)
		return err;
	while (rows_next(&r)) {
		struct jv *x = member(m, rows_text(&r, 0)), *lang = jv_object();
		char name[LANG_BYTES];
		snprintf(name, sizeof(name), "%.*s", SLICE_ARG(rows_text(&r, 1)));
		jv_set_int(jv_set_int(jv_set_int(lang, "hits", rows_int(&r, 2)), "spam", rows_int(&r, 3)), "ham", rows_int(&r, 4));
		if (!x) {
			jv_free(&lang);
			continue;
		}
		jv_set(jv_get(x, "langs"), name, lang);
		/* RFC 3339 times are ordered as their texts are, but a number is at hand. */
		if (rows_int(&r, 5) > jv_int_of(jv_get(x, "last_good_ms")))
			jv_set_int(x, "last_good_ms", rows_int(&r, 5));
	}
	return rows_close(&r);
}

static enum err add_limits(struct db *db, const struct by_name *m, int64_t day, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULE_FIGURES_COSTS, BINDS(b_int(day)), e);

	if (err)
		return err;
	while (rows_next(&r)) {
		struct jv *x = member(m, rows_text(&r, 0));
		if (x)
			jv_set_int(x, "limits", rows_int(&r, 1));
	}
	return rows_close(&r);
}

enum err rule_figures_add(struct db *db, struct jv *list, int64_t days, struct error *e)
{
	int64_t day = clock_wall_ms() / DAY_MS - days;
	struct by_name m;
	enum err err = by_name_init(&m, list, e);

	for (size_t i = 0; i < jv_size(list); i++)
		jv_set(jv_set_int(jv_at(list, i), "limits", 0), "langs", jv_object());
	if (!err)
		err = add_langs(db, &m, day, e);
	for (size_t i = 0; i < jv_size(list); i++) {
		struct jv *x = jv_at(list, i);
		int64_t last = jv_int_of(jv_get(x, "last_good_ms"));
		jv_unset(x, "last_good_ms");
		jv_set_time(x, "last_good", last);
	}
	if (!err)
		err = add_limits(db, &m, day, e);
	free(m.list);
	return err;
}

enum err rule_figures_wrong(struct db *db, struct slice rule, struct jv **out, struct error *e)
{
	struct jv *list = jv_array();
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULE_FIGURES_WRONG, BINDS(b_text(rule)), e);

	while (!err && rows_next(&r)) {
		char id[24];
		struct slice ticket = slice_make(id, (size_t)snprintf(id, sizeof(id), "%" PRId64, rows_int(&r, 0)));
		struct jv *x = jv_set_int(jv_set_text(jv_object(), "ticket", ticket), "n", rows_int(&r, 1));
		jv_set_time(x, "at", rows_int(&r, 2));
		jv_set_text(x, "lang", rows_text(&r, 3));
		jv_set_text(x, "title", rows_text(&r, 4));
		jv_push(list, jv_set_string(x, "action", action_name((enum action)rows_int(&r, 5))));
	}
	if (!err)
		err = rows_close(&r);
	if (!err && !list)
		err = err_nomem(e);
	if (err)
		jv_free(&list);
	else
		*out = list;
	return err;
}
