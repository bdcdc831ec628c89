#include "desk/rule_age.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/rule_life.h"
#include "desk/rulebook.h"
#include "spam/expr.h"
#include "spam/ruleset.h"

#define DAY_MS (24 * 3600 * 1000LL)

enum { STEPS_MAX = 500 };

/* What is known of one rule. Times are 0 for never. */
struct age {
	int64_t anew, good;            /* when its days began; its last good hit */
	int64_t hits, wrong;           /* within these days */
	int64_t ageing, dormant;       /* since when */
	bool needed, other;            /* a meta speaks of it; something else is laid on it */
};

struct step {
	const char *rule;
	int64_t version;
	enum rule_state state; /* laid on it; 0: both are taken off */
	char reason[200];
};

struct ageing {
	const struct ruleset *rules;
	struct age *list; /* of each rule */
	int64_t now, days, decisions;
	struct step steps[STEPS_MAX];
	size_t count;
};

static struct age *age_of(struct ageing *x, struct slice rule)
{
	long at = ruleset_find(x->rules, rule);
	return at < 0 ? NULL : &x->list[at];
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* --- what is known ---------------------------------------------------------------------------------------------------------- */

static enum err read_edits(struct db *db, struct ageing *x, struct error *e)
{
	int64_t first = 0;
	struct rows r;
	enum err err = db_int(db, SQL_RULE_AGE_FIRST, NO_BINDS, &first, e);

	if (err)
		return err;
	for (size_t i = 0; i < ruleset_count(x->rules); i++)
		x->list[i].anew = first ? first : x->now;
	if ((err = rows_open(db, &r, SQL_RULE_AGE_EDITS, NO_BINDS, e)))
		return err;
	while (rows_next(&r)) {
		struct age *a = age_of(x, rows_text(&r, 0));
		if (a)
			a->anew = later(a->anew, rows_int(&r, 1));
	}
	return rows_close(&r);
}

static enum err read_figures(struct db *db, struct ageing *x, struct error *e)
{
	int64_t since = x->now - x->days * DAY_MS;
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULE_AGE_FIGURES, BINDS(b_int(since / DAY_MS)), e);

	if (err)
		return err;
	while (rows_next(&r)) {
		struct age *a = age_of(x, rows_text(&r, 0));
		if (!a)
			continue;
		a->hits = rows_int(&r, 1);
		a->wrong = rows_int(&r, 2);
		a->good = rows_int(&r, 3);
	}
	if ((err = rows_close(&r)) || (err = rows_open(db, &r, SQL_RULE_AGE_GOOD, BINDS(b_int(since)), e)))
		return err;
	while (rows_next(&r)) {
		struct age *a = age_of(x, rows_text(&r, 0));
		if (a)
			a->good = later(a->good, rows_int(&r, 1));
	}
	err = rows_close(&r);
	return err ? err : db_int(db, SQL_RULE_AGE_DECISIONS, BINDS(b_int(since)), &x->decisions, e);
}

static enum err read_states(struct db *db, struct ageing *x, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULE_LIFE_STATES, NO_BINDS, e);

	if (err)
		return err;
	while (rows_next(&r)) {
		long at = ruleset_find(x->rules, rows_text(&r, 0));
		int64_t kind = rows_int(&r, 1), version = rows_int(&r, 2);
		if (at < 0 || (version && version != ruleset_rule(x->rules, (size_t)at)->version))
			continue;
		if (kind == RULE_AGEING)
			x->list[at].ageing = rows_int(&r, 3);
		else if (kind == RULE_DORMANT)
			x->list[at].dormant = rows_int(&r, 3);
		else
			x->list[at].other = true;
	}
	return rows_close(&r);
}

static void need(size_t rule, void *ctx)
{
	struct ageing *x = ctx;
	x->list[rule].needed = true;
}

/* --- what follows ----------------------------------------------------------------------------------------------------------- */

static bool may_age(const struct ageing *x, size_t i)
{
	const struct rule *r = ruleset_rule(x->rules, i);
	const struct age *a = &x->list[i];

	return x->days && r->listed && r->mode == CF_ACTIVE && ruleset_enabled(x->rules, i) && r->score > 0 && !(r->tflags & CF_TF_HARM) && !a->needed &&
		!a->other;
}

static void add_step(struct ageing *x, size_t i, enum rule_state state)
{
	const struct rule *r = ruleset_rule(x->rules, i);
	const struct age *a = &x->list[i];
	struct step *s = &x->steps[x->count];
	int64_t unused_days = (x->now - later(a->anew, a->good)) / DAY_MS;

	if (x->count == STEPS_MAX)
		return;
	x->count++;
	*s = (struct step){ .rule = r->name, .version = r->version, .state = state };
	snprintf(s->reason, sizeof(s->reason), "No good hit for %" PRId64 " days. In the last %" PRId64 " days it hit %" PRId64 " texts, %" PRId64 " of them were called good, and "
		"moderators called something spam %" PRId64 " times.", unused_days, x->days, a->hits, a->wrong, x->decisions);
}

static void weigh(struct ageing *x, size_t i)
{
	const struct age *a = &x->list[i];
	int64_t unused = x->now - later(a->anew, a->good);
	bool soon = unused >= (x->days - RULE_AGE_NOTICE_DAYS) * DAY_MS && x->decisions >= RULE_AGE_DECISIONS;

	if (!may_age(x, i)) {
		if (a->ageing || a->dormant)
			add_step(x, i, 0);
	} else if (!a->dormant && soon && !a->ageing) {
		add_step(x, i, RULE_AGEING);
	} else if (!a->dormant && a->ageing && !soon) {
		add_step(x, i, 0);
	} else if (!a->dormant && a->ageing && x->now - a->ageing >= RULE_AGE_NOTICE_DAYS * DAY_MS && unused >= x->days * DAY_MS) {
		add_step(x, i, RULE_DORMANT);
	}
}

static enum err steps_run(struct db *db, void *self, struct error *e)
{
	const struct ageing *x = self;
	enum err err = ERR_OK;

	for (size_t i = 0; i < x->count && !err; i++) {
		const struct step *s = &x->steps[i];
		if (s->state != RULE_AGEING)
			err = db_run(db, SQL_RULE_AGE_DROP, BINDS(b_str(s->rule)), NULL, e);
		if (!err && s->state)
			err = rule_life_set(db, slice_of(s->rule), s->state, s->version, NULL, s->reason, e);
	}
	return err;
}

enum err rule_age_sweep(struct desk *d, struct db *db, struct error *e)
{
	struct ageing *x = calloc(1, sizeof(*x));
	enum err err = x ? ERR_OK : err_nomem(e);
	size_t metas;

	if (err)
		return err;
	x->rules = rulebook_pin(d->rulebook);
	x->now = clock_wall_ms();
	x->days = conf()->rule_dormant_days;
	x->list = calloc(ruleset_count(x->rules) + 1, sizeof(*x->list));
	if (!x->list)
		err = err_nomem(e);
	if (err || (err = read_edits(db, x, e)) || (err = read_figures(db, x, e)) || (err = read_states(db, x, e)))
		goto out;
	const struct ruleset_meta *meta = ruleset_metas(x->rules, &metas);
	for (size_t i = 0; i < metas; i++)
		expr_variables(meta[i].expression, need, x);
	for (size_t i = 0; i < ruleset_count(x->rules); i++)
		weigh(x, i);
	if (x->count)
		err = writer_do(d->writer, LANE_TALK, steps_run, x, e);
out:
	rulebook_unpin(d->rulebook, &x->rules);
	free(x->list);
	free(x);
	return err;
}
