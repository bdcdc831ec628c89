#include "desk/rule_life.h"

#include <stdio.h>

#include "base/log.h"
#include "desk/audit.h"
#include "desk/rule_age.h"
#include "desk/rulebook.h"
#include "spam/language.h"
#include "spam/ruleset.h"

#define DAY_MS (24 * 3600 * 1000LL)
#define LEARNED "learned/"

enum { LIFTED_MAX = 50, NAME_BYTES = 160 };

const char *rule_state_name(enum rule_state s)
{
	static const char *const names[RULE_STATE_COUNT] = { "", "quarantined", "capped", "overturned", "stopped", "ageing", "dormant", "pinned" };
	return s > 0 && s < RULE_STATE_COUNT ? names[s] : "";
}

bool rule_state_holds_back(enum rule_state s)
{
	return s != RULE_AGEING && s != RULE_PINNED;
}

static unsigned char flag_of(int64_t s)
{
	static const unsigned char flags[RULE_STATE_COUNT] = { [RULE_QUARANTINED] = RULE_LIFE_QUARANTINED, [RULE_CAPPED] = RULE_LIFE_CAPPED,
		[RULE_OVERTURNED] = RULE_LIFE_WATCHED, [RULE_STOPPED] = RULE_LIFE_WATCHED, [RULE_DORMANT] = RULE_LIFE_DORMANT };
	return s > 0 && s < RULE_STATE_COUNT ? flags[s] : 0;
}

struct slice rule_life_words(struct slice rule)
{
	struct slice lang = slice_starts(rule, SLICE(LEARNED)) ? slice_from(rule, strlen(LEARNED)) : SLICE_NONE;
	return lang.ptr && language_known(lang) ? lang : SLICE_NONE;
}

enum err rule_life_words_watched(struct db *db, struct slice lang, bool *out, struct error *e)
{
	char name[NAME_BYTES];
	int64_t n = 0;

	snprintf(name, sizeof(name), LEARNED "%.*s", SLICE_ARG(lang));
	enum err err = db_int(db, SQL_RULE_LIFE_WATCHED, BINDS(b_str(name)), &n, e);
	*out = n > 0;
	return err;
}

/* Its index, or -1 where the state does not concern this generation. */
static long concerns(const struct ruleset *rules, struct slice rule, int64_t version)
{
	long at = ruleset_find(rules, rule);
	return at >= 0 && (version == 0 || ruleset_rule(rules, (size_t)at)->version == version) ? at : -1;
}

enum err rule_life_flags(struct db *db, struct arena *a, const struct ruleset *rules, const unsigned char **out, struct error *e)
{
	unsigned char *flags = NULL;
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULE_LIFE_STATES, NO_BINDS, e), end;

	*out = NULL;
	if (err)
		return err;
	while (!err && rows_next(&r)) {
		long at = concerns(rules, rows_text(&r, 0), rows_int(&r, 2));
		if (at < 0 || !flag_of(rows_int(&r, 1)))
			continue;
		if (!flags && !(flags = arena_alloc(a, ruleset_count(rules))))
			err = err_nomem(e);
		else
			flags[at] |= flag_of(rows_int(&r, 1));
	}
	end = rows_close(&r);
	*out = flags;
	return err ? err : end;
}

/* --- laying on ------------------------------------------------------------------------------------------------------------ */

enum err rule_life_set(struct db *db, struct slice rule, enum rule_state s, int64_t version, const struct actor *by, const char *reason,
	struct error *e)
{
	char action[40], name[NAME_BYTES];
	int64_t there = 0;
	enum err err = db_int(db, SQL_RULE_LIFE_FIND, BINDS(b_text(rule), b_int(s)), &there, e);

	if (err == ERR_OK && there == version)
		return ERR_OK;
	if (err && err != ERR_NOT_FOUND)
		return err;
	err = db_run(db, SQL_RULE_LIFE_SET,
		BINDS(b_text(rule), b_int(s), b_int(version), b_int(clock_wall_ms()), b_int(by ? by->account : 0), b_str(reason)), NULL, e);
	if (err)
		return err;
	snprintf(action, sizeof(action), "rule.%s", rule_state_name(s));
	snprintf(name, sizeof(name), "%.*s", SLICE_ARG(rule));
	return audit_add(db, by, action, "rule", 0, name, e);
}

enum err rule_life_trouble(struct db *db, const struct rule_trouble *t, const struct sender *who, int64_t text, int64_t now_ms, struct error *e)
{
	struct bind network = b_blob(who->rate.bytes, sizeof(who->rate.bytes)), before = b_blob(who->rate_before.bytes, sizeof(who->rate_before.bytes));
	int64_t networks = 0, texts = 0;
	char reason[120];
	struct rows r;
	enum err err = db_run(db, SQL_RULE_COST_LIMIT, BINDS(b_int(now_ms / DAY_MS), b_text(t->rule)), NULL, e);

	if (err || !who->known)
		return err;
	/* At midnight the key turns: what this network did under the old one is still one network's. */
	if ((err = db_run(db, SQL_RULE_TROUBLE_TODAY, BINDS(network, before), NULL, e)))
		return err;
	if ((err = db_run(db, SQL_RULE_TROUBLE_ADD,
		BINDS(b_text(t->rule), b_int(t->version), network, b_int(text), b_int(now_ms), b_int(RULE_TROUBLE_NETWORKS)), NULL, e)))
		return err;
	if ((err = rows_open(db, &r, SQL_RULE_TROUBLE_COUNT, BINDS(b_text(t->rule), b_int(t->version), b_int(now_ms - RULE_TROUBLE_WINDOW_MS)), e)))
		return err;
	if (rows_next(&r)) {
		networks = rows_int(&r, 0);
		texts = rows_int(&r, 1);
	}
	if ((err = rows_close(&r)) || networks < RULE_TROUBLE_NETWORKS || texts < RULE_TROUBLE_NETWORKS)
		return err;
	snprintf(reason, sizeof(reason), "It ran into its limit on %d texts of %d networks within a day.", (int)texts, (int)networks);
	return rule_life_set(db, t->rule, RULE_QUARANTINED, t->version, NULL, reason, e);
}

/* --- people ----------------------------------------------------------------------------------------------------------------- */

struct step {
	const struct actor *who;
	struct slice rule;
	char reason[RULE_REASON_MAX_BYTES + 1];
};

static enum err stop_run(struct db *db, void *self, struct error *e)
{
	const struct step *s = self;
	return rule_life_set(db, s->rule, RULE_STOPPED, 0, s->who, s->reason, e);
}

static bool there_is(struct desk *d, struct slice rule)
{
	const struct ruleset *rules = rulebook_pin(d->rulebook);
	bool yes = ruleset_find(rules, rule) >= 0;

	rulebook_unpin(d->rulebook, &rules);
	return yes;
}

enum err rule_life_stop(struct desk *d, const struct actor *who, struct slice rule, struct slice reason, struct error *e)
{
	struct step s = { .who = who, .rule = rule };

	if (!rule_life_words(rule).ptr && !there_is(d, rule))
		return err_set(e, ERR_NOT_FOUND, "There is no such rule.");
	if (reason.len > RULE_REASON_MAX_BYTES)
		return err_field(e, ERR_INVALID, "reason", "The reason is longer than %d bytes.", RULE_REASON_MAX_BYTES);
	snprintf(s.reason, sizeof(s.reason), "%.*s", SLICE_ARG(reason));
	return writer_do(d->writer, LANE_TALK, stop_run, &s, e);
}

static enum err release_run(struct db *db, void *self, struct error *e)
{
	const struct step *s = self;
	char name[NAME_BYTES];
	int64_t taken = 0;
	enum err err = ERR_OK;

	for (int k = RULE_QUARANTINED; k < RULE_PINNED && !err; k++) {
		int64_t n = 0;
		err = db_run(db, SQL_RULE_LIFE_DROP, BINDS(b_text(s->rule), b_int(k)), &n, e);
		taken += n;
	}
	if (!err && !taken)
		err = err_set(e, ERR_NOT_FOUND, "Nothing holds this rule back.");
	/* What it did before must not bring the same about at once. */
	if (!err)
		err = db_run(db, SQL_RULE_TROUBLE_FORGET, BINDS(b_text(s->rule)), NULL, e);
	if (!err)
		err = db_run(db, SQL_RULE_EDIT_FRESH, BINDS(b_text(s->rule), b_int(clock_wall_ms())), NULL, e);
	if (err)
		return err;
	snprintf(name, sizeof(name), "%.*s", SLICE_ARG(s->rule));
	return audit_add(db, s->who, "rule.release", "rule", 0, name, e);
}

enum err rule_life_release(struct desk *d, const struct actor *who, struct slice rule, struct error *e)
{
	struct step s = { .who = who, .rule = rule };

	return writer_do(d->writer, LANE_TALK, release_run, &s, e);
}

static enum err pin_run(struct db *db, void *self, struct error *e)
{
	const struct step *s = self;
	enum err err = rule_life_set(db, s->rule, RULE_PINNED, 0, s->who, "", e);

	if (!err)
		err = db_run(db, SQL_RULE_LIFE_DROP, BINDS(b_text(s->rule), b_int(RULE_AGEING)), NULL, e);
	return err ? err : db_run(db, SQL_RULE_LIFE_DROP, BINDS(b_text(s->rule), b_int(RULE_DORMANT)), NULL, e);
}

static enum err unpin_run(struct db *db, void *self, struct error *e)
{
	const struct step *s = self;
	char name[NAME_BYTES];
	int64_t n = 0;
	enum err err = db_run(db, SQL_RULE_LIFE_DROP, BINDS(b_text(s->rule), b_int(RULE_PINNED)), &n, e);

	if (!err && !n)
		err = err_set(e, ERR_NOT_FOUND, "This rule is not pinned.");
	if (err)
		return err;
	snprintf(name, sizeof(name), "%.*s", SLICE_ARG(s->rule));
	return audit_add(db, s->who, "rule.unpinned", "rule", 0, name, e);
}

enum err rule_life_pin(struct desk *d, const struct actor *who, struct slice rule, bool pin, struct error *e)
{
	struct step s = { .who = who, .rule = rule };

	if (pin && !there_is(d, rule))
		return err_set(e, ERR_NOT_FOUND, "There is no such rule.");
	return writer_do(d->writer, LANE_TALK, pin ? pin_run : unpin_run, &s, e);
}

enum err rule_life_json(struct db *db, const struct ruleset *rules, struct jv **out, struct error *e)
{
	struct jv *list = jv_array();
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULE_LIFE_LIST, NO_BINDS, e);

	while (!err && rows_next(&r)) {
		struct slice by = rows_text(&r, 5);
		if (!rule_life_words(rows_text(&r, 0)).ptr && concerns(rules, rows_text(&r, 0), rows_int(&r, 2)) < 0)
			continue;
		enum rule_state state = (enum rule_state)rows_int(&r, 1);
		struct jv *v = jv_set_text(jv_object(), "rule", rows_text(&r, 0));
		jv_set_bool(jv_set_string(v, "state", rule_state_name(state)), "held_back", rule_state_holds_back(state));
		jv_set_time(v, "since", rows_int(&r, 3));
		if (state == RULE_AGEING)
			jv_set_time(v, "until", rows_int(&r, 3) + RULE_AGE_NOTICE_DAYS * DAY_MS);
		jv_set_text(v, "reason", rows_text(&r, 4));
		if (by.len)
			jv_set_text(v, "by", by);
		jv_push(list, v);
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

enum err rule_life_counts(struct db *db, int64_t rules[RULE_STATE_COUNT], int64_t words[RULE_STATE_COUNT], struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULE_LIFE_STATES, NO_BINDS, e);

	memset(rules, 0, RULE_STATE_COUNT * sizeof(*rules));
	memset(words, 0, RULE_STATE_COUNT * sizeof(*words));
	if (err)
		return err;
	while (rows_next(&r)) {
		int64_t k = rows_int(&r, 1);
		if (k > 0 && k < RULE_STATE_COUNT)
			(rule_life_words(rows_text(&r, 0)).ptr ? words : rules)[k]++;
	}
	return rows_close(&r);
}

/* --- the clockwork ---------------------------------------------------------------------------------------------------------- */

struct named {
	char rule[NAME_BYTES];
	int64_t kind;
};

struct named_list {
	struct named list[LIFTED_MAX];
	size_t count;
};

static void put_name(struct named_list *l, struct slice rule, int64_t kind)
{
	if (l->count == LIFTED_MAX || rule.len >= NAME_BYTES)
		return;
	snprintf(l->list[l->count].rule, NAME_BYTES, "%.*s", SLICE_ARG(rule));
	l->list[l->count++].kind = kind;
}

static enum err told_run(struct db *db, void *self, struct error *e)
{
	const struct named_list *l = self;
	enum err err = ERR_OK;

	for (size_t i = 0; i < l->count && !err; i++)
		err = db_run(db, SQL_RULE_LIFE_TOLD, BINDS(b_str(l->list[i].rule), b_int(l->list[i].kind)), NULL, e);
	return err;
}

enum err rule_life_tell(struct desk *d, struct db *db, struct error *e)
{
	struct named_list told = { .count = 0 };
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULE_LIFE_UNTOLD, NO_BINDS, e);

	if (err)
		return err;
	while (rows_next(&r)) {
		struct slice rule = rows_text(&r, 0), reason = rows_text(&r, 2);
		log_warn("desk/rule_life", "the rule %.*s is %s now: %.*s", SLICE_ARG(rule), rule_state_name((enum rule_state)rows_int(&r, 1)),
			SLICE_ARG(reason));
		put_name(&told, rule, rows_int(&r, 1));
	}
	if ((err = rows_close(&r)) || !told.count)
		return err;
	return writer_do(d->writer, LANE_TALK, told_run, &told, e);
}

struct sweep {
	struct named_list lifted;
	int64_t now;
};

static enum err sweep_run(struct db *db, void *self, struct error *e)
{
	const struct sweep *s = self;
	enum err err = db_run(db, SQL_RULE_TROUBLE_SWEEP, BINDS(b_int(s->now - RULE_TROUBLE_WINDOW_MS)), NULL, e);

	for (size_t i = 0; i < s->lifted.count && !err; i++)
		err = db_run(db, SQL_RULE_LIFE_DROP, BINDS(b_str(s->lifted.list[i].rule), b_int(s->lifted.list[i].kind)), NULL, e);
	return err;
}

enum err rule_life_sweep(struct desk *d, struct db *db, struct error *e)
{
	struct sweep s = { .now = clock_wall_ms() };
	const struct ruleset *rules = rulebook_pin(d->rulebook);
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULE_LIFE_STATES, NO_BINDS, e);

	if (!err) {
		/* While something else than the folder serves, a rule that is missing may be back tomorrow. */
		while (rows_next(&r))
			if (rulebook_good(d->rulebook) && rows_int(&r, 2) != 0 && concerns(rules, rows_text(&r, 0), rows_int(&r, 2)) < 0)
				put_name(&s.lifted, rows_text(&r, 0), rows_int(&r, 1));
		err = rows_close(&r);
	}
	rulebook_unpin(d->rulebook, &rules);
	if (err)
		return err;
	for (size_t i = 0; i < s.lifted.count; i++)
		log_info("desk/rule_life", "the rule %s was edited and is not %s any more", s.lifted.list[i].rule,
			rule_state_name((enum rule_state)s.lifted.list[i].kind));
	return writer_do(d->writer, LANE_TALK, sweep_run, &s, e);
}
