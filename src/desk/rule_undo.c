#include "desk/rule_undo.h"

#include <stdio.h>

#include "desk/audit.h"
#include "desk/replay.h"
#include "desk/rule_life.h"
#include "desk/rulebook.h"
#include "spam/cf.h"
#include "spam/ruleset.h"

enum err rule_undo_find(struct desk *d, struct db *db, struct arena *a, struct slice rule, struct rule_undo_found *out, struct error *e)
{
	const struct ruleset *rules;
	const struct slice words = rule_life_words(rule);
	const unsigned char *flags = NULL;
	unsigned char *life;
	bool watched = false;
	enum err err;

	*out = (struct rule_undo_found){ .items = arena_array(a, JUDGEMENT_LET_IN_MAX, sizeof(*out->items)) };
	if (!cf_is_rule_name(rule) && !words.ptr)
		return err_set(e, ERR_NOT_FOUND, "There is no such rule.");
	rules = rulebook_pin(d->rulebook);
	long at = ruleset_find(rules, rule);
	life = arena_alloc(a, ruleset_count(rules) + 1);
	err = life && out->items ? rule_life_flags(db, a, rules, &flags, e) : err_nomem(e);
	if (!err && words.ptr)
		err = rule_life_words_watched(db, words, &watched, e);
	if (!err) {
		memset(life, 0, ruleset_count(rules) + 1);
		if (flags)
			memcpy(life, flags, ruleset_count(rules));
		out->acts = words.ptr ? !watched
			: at >= 0 && ruleset_rule(rules, (size_t)at)->mode == CF_ACTIVE && !(life[at] & (RULE_LIFE_WATCHED | RULE_LIFE_DORMANT));
		/* A rule that is gone from the files weighs nothing as it is. */
		if (at >= 0)
			life[at] = RULE_LIFE_WATCHED;
		err = replay_held_by(db, rules, life, rule, out->items, JUDGEMENT_LET_IN_MAX, &out->count, &out->more, e);
	}
	rulebook_unpin(d->rulebook, &rules);
	if (!err && at < 0 && !words.ptr && !out->count)
		err = err_set(e, ERR_NOT_FOUND, "There is no such rule.");
	return err;
}

struct note {
	const struct actor *who;
	char words[200];
};

static enum err note_run(struct db *db, void *self, struct error *e)
{
	const struct note *n = self;
	return audit_add(db, n->who, "rule.undo", "rule", 0, n->words, e);
}

enum err rule_undo(struct desk *d, struct db *db, struct arena *a, const struct actor *who, struct slice rule, struct judgement_done *out, bool *more,
	struct error *e)
{
	struct note note = { .who = who };
	struct rule_undo_found found;
	enum err err = rule_undo_find(d, db, a, rule, &found, e);

	*out = (struct judgement_done){ "", 0, 0 };
	*more = found.more;
	if (err || !found.count)
		return err;
	err = judgement_give(d, who, found.items, found.count, LABEL_NONE, false, NULL, out, e);
	if (err || !out->changed)
		return err;
	snprintf(note.words, sizeof(note.words), "%.*s: %lld", SLICE_ARG(rule), (long long)out->changed);
	return writer_do(d->writer, LANE_TALK, note_run, &note, e);
}
