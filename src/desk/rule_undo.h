/*
 * rule_undo: takes back what one rule did: the texts that it alone holds or refuses, and nobody has decided, are let in.
 * So for the words learned of a language (rule_life_words).
 *
 * Alone means: judged again with the facts of its own verdict, the rules that serve and this one only watched, the text would go in. They are let in as one
 * bulk act of desk/judgement that says nothing about the texts (LABEL_NONE) and is undone as one. The rule itself goes on; stopping it is
 * desk/rule_life's.
 *
 * Threads: any that may be slow. Errors: as the store's. Bounds: 5,000 texts at once, in chunks; `more` says that there may be others.
 */
#ifndef DESK_RULE_UNDO_H
#define DESK_RULE_UNDO_H

#include "desk/desk.h"
#include "desk/judgement.h"

struct rule_undo_found {
	struct judgement_item *items; /* in the arena */
	size_t count;
	bool more;
	bool acts; /* the rule goes on: neither gone, watched nor stopped */
};
/* What it would let in. ERR_NOT_FOUND: no such rule, now or then. */
enum err rule_undo_find(struct desk *d, struct db *db, struct arena *a, struct slice rule, struct rule_undo_found *out, struct error *e) MUST_CHECK;
/* Does it, and says so in the audit where anything changed. */
enum err rule_undo(struct desk *d, struct db *db, struct arena *a, const struct actor *who, struct slice rule, struct judgement_done *out, bool *more,
	struct error *e) MUST_CHECK;

#endif
