#include "desk/rule_doubt.h"

#include <stdio.h>
#include <stdlib.h>

#include "desk/gate.h"
#include "desk/rule_life.h"
#include "desk/rulebook.h"
#include "spam/judge.h"
#include "spam/ruleset.h"
#include "spam/twin.h"

/* A rule is weighed anew for an hour after a decision that overturned it: nothing else changes what is said of it. */
enum { RULES_MAX = 50, TEXTS_MAX = 400, EDITS_OF_ONE_COMMAND = 1000, NAME_BYTES = 160, DECIDED_MS = 3600 * 1000 };

/* --- edits ------------------------------------------------------------------------------------------------------------------ */

struct edited {
	const struct ruleset *rules;
	size_t index[EDITS_OF_ONE_COMMAND];
	size_t count;
	int64_t now;
};

static enum err edited_run(struct db *db, void *self, struct error *e)
{
	const struct edited *x = self;
	enum err err = ERR_OK;

	for (size_t i = 0; i < x->count && !err; i++) {
		const struct rule *r = ruleset_rule(x->rules, x->index[i]);
		err = db_run(db, SQL_RULE_EDIT_ADD, BINDS(b_str(r->name), b_int(r->version), b_int(x->now)), NULL, e);
	}
	return err;
}

enum err rule_doubt_edited(struct desk *d, const struct ruleset *old, const struct ruleset *next, struct error *e)
{
	struct edited x = { .rules = next, .now = clock_wall_ms() };
	enum err err = ERR_OK;

	if (!d->writer)
		return ERR_OK;
	for (size_t i = 0; i < ruleset_count(next) && !err; i++) {
		const struct rule *r = ruleset_rule(next, i);
		long before = ruleset_find(old, slice_of(r->name));
		if (before >= 0 && ruleset_rule(old, (size_t)before)->version == r->version)
			continue;
		x.index[x.count++] = i;
		if (x.count == EDITS_OF_ONE_COMMAND) {
			err = writer_do(d->writer, LANE_TALK, edited_run, &x, e);
			x.count = 0;
		}
	}
	return err || !x.count ? err : writer_do(d->writer, LANE_TALK, edited_run, &x, e);
}

/* --- texts, near copies once ------------------------------------------------------------------------------------------------ */

struct texts {
	struct known_text {
		bool any, signed_;
		int64_t masked;
		uint16_t minhash[TWIN_HASHES];
	} list[TEXTS_MAX];
	size_t count;
};

/* False where a near copy is there already. */
static bool add_text(struct texts *t, bool any, int64_t masked, struct slice sign)
{
	struct known_text *x = &t->list[t->count];

	if (t->count == TEXTS_MAX)
		return false;
	x->any = any;
	x->masked = masked;
	x->signed_ = any && twin_sign_read(sign, x->minhash);
	for (size_t i = 0; i < t->count && any; i++) {
		const struct known_text *y = &t->list[i];
		if (y->any && (y->masked == masked || (x->signed_ && y->signed_ && twin_near(x->minhash, y->minhash))))
			return false;
	}
	t->count++;
	return true;
}

/* --- what is to be laid on rules -------------------------------------------------------------------------------------------- */

struct doubted {
	struct doubted_rule {
		char rule[NAME_BYTES], reason[200];
		enum rule_state state;
		int64_t version, from, to;
		bool asks; /* for an action, whatever the score is */
	} list[RULES_MAX];
	size_t count;
};

static enum err doubted_run(struct db *db, void *self, struct error *e)
{
	const struct doubted *x = self;
	enum err err = ERR_OK;

	for (size_t i = 0; i < x->count && !err; i++)
		if (x->list[i].reason[0])
			err = rule_life_set(db, slice_of(x->list[i].rule), x->list[i].state, x->list[i].version, NULL, x->list[i].reason, e);
	return err;
}

/* Whether it acts at all, and the version that serves; learned words have none. */
static bool acts(const struct ruleset *rules, struct slice name, int64_t *version)
{
	long at = ruleset_find(rules, name);
	const struct rule *r = at >= 0 ? ruleset_rule(rules, (size_t)at) : NULL;

	*version = r ? r->version : 0;
	return rule_life_words(name).ptr || (r && r->listed && r->mode == CF_ACTIVE && ruleset_enabled(rules, (size_t)at));
}

static struct doubted_rule *add_rule(struct doubted *x, struct slice rule, enum rule_state state, int64_t version)
{
	struct doubted_rule *r = &x->list[x->count];

	if (x->count == RULES_MAX || rule.len >= NAME_BYTES)
		return NULL;
	*r = (struct doubted_rule){ .state = state, .version = version };
	snprintf(r->rule, sizeof(r->rule), "%.*s", SLICE_ARG(rule));
	x->count++;
	return r;
}

/* --- self-suspension -------------------------------------------------------------------------------------------------------- */

static enum err find_edited(struct db *db, const struct ruleset *rules, struct doubted *x, int64_t now, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULE_DOUBT_EDITED, BINDS(b_int(now - DOUBT_DAY_MS), b_int(DOUBT_HITS), b_int(RULE_CAPPED)), e);

	if (err)
		return err;
	while (rows_next(&r)) {
		int64_t at = rows_int(&r, 2), fresh = rows_int(&r, 3), version;
		if (!acts(rules, rows_text(&r, 0), &version) || version != rows_int(&r, 1))
			continue;
		struct doubted_rule *d = add_rule(x, rows_text(&r, 0), RULE_CAPPED, version);
		if (d) {
			d->from = fresh > at ? fresh : at;
			d->to = at + DOUBT_DAY_MS;
		}
	}
	return rows_close(&r);
}

/* How many texts of one network count: so that no fewer than DOUBT_NETWORKS bring a rule down. */
enum { TEXTS_OF_ONE_NETWORK = (DOUBT_HITS + DOUBT_NETWORKS - 1) / DOUBT_NETWORKS };

struct networks {
	struct {
		unsigned char hash[CRYPT_HASH_BYTES];
		int texts;
	} list[TEXTS_MAX];
	size_t count;
};

/* The network's counter; NULL for one that is not known. */
static int *texts_of(struct networks *n, struct slice who)
{
	if (who.len != CRYPT_HASH_BYTES)
		return NULL;
	for (size_t i = 0; i < n->count; i++)
		if (memcmp(n->list[i].hash, who.ptr, CRYPT_HASH_BYTES) == 0)
			return &n->list[i].texts;
	if (n->count == TEXTS_MAX)
		return NULL;
	memcpy(n->list[n->count].hash, who.ptr, CRYPT_HASH_BYTES);
	return &n->list[n->count++].texts;
}

static enum err weigh_edited(struct db *db, struct texts *texts, struct doubted_rule *d, struct error *e)
{
	struct networks *networks = calloc(1, sizeof(*networks));
	int64_t all = 0;
	struct rows r;
	enum err err;

	if (!networks)
		return err_nomem(e);
	if ((err = rows_open(db, &r, SQL_RULE_DOUBT_ALONE, BINDS(b_str(d->rule), b_int(d->from), b_int(d->to)), e)))
		goto out;
	texts->count = 0;
	while (rows_next(&r)) {
		int *sent = texts_of(networks, rows_blob(&r, 2));
		if (sent && *sent == TEXTS_OF_ONE_NETWORK)
			continue;
		if (add_text(texts, !rows_null(&r, 0), rows_int(&r, 0), rows_blob(&r, 1)) && sent)
			++*sent;
	}
	if ((err = rows_close(&r)) || texts->count < DOUBT_HITS)
		goto out;
	if ((err = db_int(db, SQL_RULE_DOUBT_ALL, BINDS(b_int(d->from), b_int(d->to)), &all, e)))
		goto out;
	if ((int64_t)texts->count * 100 > all * DOUBT_PERCENT)
		snprintf(d->reason, sizeof(d->reason), "Alone, it hit %zu of %lld texts within a day of its last edit.", texts->count, (long long)all);
out:
	free(networks);
	return err;
}

/* --- overturned --------------------------------------------------------------------------------------------------------------- */

static enum err find_judged(struct db *db, const struct ruleset *rules, struct doubted *x, int64_t now, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULE_DOUBT_JUDGED, BINDS(b_int(now - DECIDED_MS)), e);

	if (err)
		return err;
	while (rows_next(&r)) {
		int64_t version;
		long at = ruleset_find(rules, rows_text(&r, 0));
		struct doubted_rule *d = acts(rules, rows_text(&r, 0), &version) ? add_rule(x, rows_text(&r, 0), RULE_OVERTURNED, version) : NULL;
		if (d)
			d->asks = at >= 0 && ruleset_rule(rules, (size_t)at)->action != CF_NO_ACTION;
	}
	return rows_close(&r);
}

static enum err weigh_judged(struct db *db, struct texts *texts, struct doubted_rule *d, struct error *e)
{
	int64_t decisions = 0, overturned = 0;
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULE_DOUBT_DECISIONS, BINDS(b_str(d->rule), b_real(gate_judging().challenge), b_int(d->asks)), e);

	if (err)
		return err;
	texts->count = 0;
	while (decisions < conf()->rule_decisions && rows_next(&r)) {
		if (!add_text(texts, !rows_null(&r, 1), rows_int(&r, 1), rows_blob(&r, 2)))
			continue;
		decisions++;
		overturned += rows_int(&r, 0) == 2;
	}
	if ((err = rows_close(&r)) || overturned < conf()->rule_overturned)
		return err;
	snprintf(d->reason, sizeof(d->reason), "Of the last %lld decisions about texts that it held or refused, %lld said that the text was good.",
		(long long)decisions, (long long)overturned);
	return ERR_OK;
}

enum err rule_doubt_sweep(struct desk *d, struct db *db, struct error *e)
{
	struct texts *texts = calloc(1, sizeof(*texts));
	struct doubted *x = calloc(1, sizeof(*x));
	const struct ruleset *rules = rulebook_pin(d->rulebook);
	bool any = false;
	enum err err = texts && x ? ERR_OK : err_nomem(e);

	if (!err)
		err = find_edited(db, rules, x, clock_wall_ms(), e);
	if (!err)
		err = find_judged(db, rules, x, clock_wall_ms(), e);
	rulebook_unpin(d->rulebook, &rules);
	for (size_t i = 0; !err && i < x->count; i++) {
		err = x->list[i].state == RULE_CAPPED ? weigh_edited(db, texts, &x->list[i], e) : weigh_judged(db, texts, &x->list[i], e);
		any = any || x->list[i].reason[0];
	}
	if (!err && any)
		err = writer_do(d->writer, LANE_TALK, doubted_run, x, e);
	free(texts);
	free(x);
	return err;
}
