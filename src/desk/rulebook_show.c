#include "desk/rulebook_show.h"

#include <stdio.h>
#include <stdlib.h>

#include "desk/rule_figures.h"
#include "desk/rule_life.h"

#define DAY_MS (24 * 3600 * 1000LL)

enum { HISTORY_MAX = 200, HISTORY_TEXTS = 20, FIGURE_DAYS = 30, SLOWEST_MAX = 20 };

struct jv *rulebook_show_errors(const struct cf_errors *errs)
{
	struct jv *list = jv_array();

	for (size_t i = 0; i < errs->count; i++) {
		const struct cf_error *f = &errs->list[i];
		struct jv *v = jv_object();
		jv_set_string(v, "file", f->file);
		jv_set_int(v, "line", f->line);
		jv_set_int(v, "column", f->column);
		jv_set_text(v, "message", slice_of(f->message));
		if (f->notice)
			jv_set_bool(v, "warning", true);
		jv_push(list, v);
	}
	return list;
}

struct jv *rulebook_show_both(const struct cf_errors *first, const struct cf_errors *then)
{
	struct jv *list = rulebook_show_errors(first), *more = rulebook_show_errors(then);

	for (size_t i = 0; i < jv_size(more); i++)
		jv_push(list, jv_ref(jv_at(more, i)));
	jv_free(&more);
	return list;
}

static const char *mode_name(enum cf_mode m)
{
	return m == CF_WATCH ? "watch" : m == CF_DORMANT ? "dormant" : "active";
}

static const char *cf_action_name(enum cf_action a)
{
	return a == CF_REJECT ? "reject" : a == CF_HOLD ? "hold" : a == CF_CHALLENGE ? "challenge" : NULL;
}

struct jv *rulebook_show_rule(const struct rule *r)
{
	struct jv *v = jv_object();

	jv_set_string(v, "rule", r->name);
	jv_set_string(v, "file", r->file);
	jv_set_int(v, "line", r->line);
	jv_set(v, "score", jv_real(r->score));
	jv_set_string(v, "describe", r->describe);
	jv_set_string(v, "mode", mode_name(r->mode));
	jv_set_string(v, "action", cf_action_name(r->action));
	jv_set(v, "text", jv_text(r->text));
	if (r->note[0])
		jv_set_string(v, "note", r->note);
	return v;
}

void rulebook_show_states(struct jv *v, const struct jv *states)
{
	struct jv *held_back = jv_array(), *ageing = jv_array();

	for (size_t i = 0; i < jv_size(states); i++) {
		struct jv *x = jv_at(states, i);
		if (jv_type(jv_get(x, "held_back")) == JV_TRUE)
			jv_push(held_back, jv_ref(x));
		else if (slice_is(jv_get_text(x, "state"), rule_state_name(RULE_AGEING)))
			jv_push(ageing, jv_ref(x));
	}
	jv_set(jv_set(v, "held_back", held_back), "ageing", ageing);
}

enum err rulebook_show_figures(struct db *db, const struct ruleset *rules, struct jv **by_rule, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULEBOOK_FIGURES, BINDS(b_int(clock_wall_ms() / DAY_MS - FIGURE_DAYS)), e);

	if (err)
		return err;
	while (rows_next(&r)) {
		long at = ruleset_find(rules, rows_text(&r, 0));
		if (at < 0 || !by_rule[at])
			continue;
		jv_set_int(by_rule[at], "hits", rows_int(&r, 1));
		jv_set_int(by_rule[at], "spam", rows_int(&r, 5));
		jv_set_int(by_rule[at], "ham", rows_int(&r, 6));
		jv_set_time(by_rule[at], "last_hit", rows_int(&r, 7));
	}
	return rows_close(&r);
}

struct slow {
	double us;
	const struct rule *rule;
};

static int by_us(const void *a, const void *b)
{
	const struct slow *x = a, *y = b;
	return x->us > y->us ? -1 : x->us < y->us;
}

enum err rulebook_show_costs(const struct ruleset *rules, struct jv *v, struct error *e)
{
	size_t n = ruleset_count(rules);
	struct slow *list = calloc(n + 1, sizeof(*list));
	struct jv *slowest = jv_array();
	int64_t timed = 0;

	for (size_t i = 0; list && i < n; i++) {
		struct rule_cost c = ruleset_cost(rules, i);
		list[i] = (struct slow){ ruleset_cost_us(rules, i), ruleset_rule(rules, i) };
		timed = c.texts > timed ? c.texts : timed;
	}
	if (list)
		qsort(list, n, sizeof(*list), by_us);
	for (size_t i = 0; list && i < n && i < SLOWEST_MAX && list[i].us > 0; i++) {
		const struct rule *r = list[i].rule;
		struct jv *x = jv_set_string(jv_set_string(jv_object(), "rule", r->name), "file", r->file);
		jv_push(slowest, jv_set(jv_set_int(x, "line", r->line), "us", jv_real(list[i].us)));
	}
	jv_set(jv_set_int(v, "timed", timed), "slowest", slowest);
	enum err err = list && slowest ? ERR_OK : err_nomem(e);
	free(list);
	return err;
}

struct jv *rulebook_show_files(const struct rule_set *disk, const struct ruleset *rules, const struct cf_errors *errs)
{
	struct jv *list = jv_array();
	struct rule_set shipped;
	bool know = rule_set_embedded(&shipped, NULL) == ERR_OK;

	for (size_t i = 0; i < disk->count; i++) {
		const struct rule_file *f = &disk->list[i], *ours = know ? rule_set_find(&shipped, slice_of(f->name)) : NULL;
		int64_t count = 0, bad = 0;
		struct jv *v = jv_object();
		for (size_t k = 0; k < ruleset_count(rules); k++)
			count += strcmp(ruleset_rule(rules, k)->file, f->name) == 0 && ruleset_rule(rules, k)->listed;
		for (size_t k = 0; k < errs->count; k++)
			bad += !errs->list[k].notice && strcmp(errs->list[k].file, f->name) == 0;
		jv_set_string(v, "file", f->name);
		jv_set_string(v, "etag", f->hash);
		jv_set_int(v, "bytes", (int64_t)f->len);
		jv_set_bool(v, "shipped", ours != NULL);
		jv_set_bool(v, "changed", ours && strcmp(ours->hash, f->hash) != 0);
		jv_set_int(v, "rules", count);
		jv_set_int(v, "errors", bad);
		jv_push(list, v);
	}
	if (know)
		rule_set_fini(&shipped);
	return list;
}

static enum err add_text(struct db *db, struct jv *v, struct slice hash, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULEBOOK_TEXT, BINDS(b_text(hash)), e);

	if (err)
		return err;
	if (rows_next(&r)) {
		struct slice s = rows_blob(&r, 0);
		jv_set_text(v, "text", s.ptr ? s : SLICE(""));
	}
	return rows_close(&r);
}

enum err rulebook_history(struct rulebook *rb, struct db *db, struct slice file, struct jv **out, struct error *e)
{
	struct jv *steps[HISTORY_MAX] = { NULL }, *list = jv_array();
	char last[RULE_HASH_BYTES] = "";
	size_t n = 0;
	struct rows r;
	enum err err, end;

	(void)rb;
	if (!rule_name_ok(file)) {
		jv_free(&list);
		return err_set(e, ERR_NOT_FOUND, "There is no such rule file.");
	}
	if ((err = rows_open(db, &r, SQL_RULEBOOK_HISTORY, BINDS(b_text(file)), e)))
		goto out;
	while (rows_next(&r)) {
		struct slice hash = rows_null(&r, 5) ? SLICE("") : rows_text(&r, 5);
		if (slice_is(hash, last))
			continue;
		snprintf(last, sizeof(last), "%.*s", SLICE_ARG(hash));
		struct jv *v = jv_object();
		jv_set_int(v, "revision", rows_int(&r, 0));
		jv_set_time(v, "at", rows_int(&r, 1));
		jv_set_text(v, "author", rows_text(&r, 2));
		jv_set_text(v, "comment", rows_text(&r, 3));
		jv_set_text(v, "generation", rows_text(&r, 4));
		jv_set_text(v, "etag", hash);
		jv_free(&steps[n % HISTORY_MAX]);
		steps[n++ % HISTORY_MAX] = v;
	}
	end = rows_close(&r);
	err = end;
	for (size_t i = 0; !err && i < n && i < HISTORY_MAX; i++) {
		struct jv **v = &steps[(n - 1 - i) % HISTORY_MAX];
		struct slice hash = jv_get_text(*v, "etag");
		if (i < HISTORY_TEXTS && hash.len)
			err = add_text(db, *v, hash, e);
		jv_push(list, *v);
		*v = NULL;
	}
	if (!err && n == 0)
		err = err_set(e, ERR_NOT_FOUND, "There is no such rule file.");
	if (!err && !list)
		err = err_nomem(e);
out:
	for (size_t i = 0; i < HISTORY_MAX; i++)
		jv_free(&steps[i]);
	if (err)
		jv_free(&list);
	else
		*out = list;
	return err;
}

enum err rulebook_stats(struct rulebook *rb, struct db *db, int64_t days, struct jv **out, struct error *e)
{
	static const char *const keys[] = { "hits", "accept", "hold", "reject", "spam", "ham" };
	const struct ruleset *rules = NULL;
	struct jv *list = jv_array();
	struct rows r;
	enum err err;

	if (days < 1 || days > 400) {
		jv_free(&list);
		return err_field(e, ERR_INVALID, "days", "Figures are kept for 1 to 400 days.");
	}
	if ((err = rows_open(db, &r, SQL_RULEBOOK_FIGURES, BINDS(b_int(clock_wall_ms() / DAY_MS - days)), e))) {
		jv_free(&list);
		return err;
	}
	if (rb)
		rules = rulebook_pin(rb);
	while (rows_next(&r)) {
		struct jv *v = jv_set_text(jv_object(), "rule", rows_text(&r, 0));
		long at = rules ? ruleset_find(rules, rows_text(&r, 0)) : -1;
		if (at >= 0)
			jv_set(v, "us", jv_real(ruleset_cost_us(rules, (size_t)at)));
		for (int i = 0; i < 6; i++)
			jv_set_int(v, keys[i], rows_int(&r, i + 1));
		jv_push(list, jv_set_time(v, "last_hit", rows_int(&r, 7)));
	}
	if (rules)
		rulebook_unpin(rb, &rules);
	err = rows_close(&r);
	if (!err)
		err = rule_figures_add(db, list, days, e);
	if (!err && !list)
		err = err_nomem(e);
	if (err)
		jv_free(&list);
	else
		*out = list;
	return err;
}
