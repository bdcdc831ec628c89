/*
 * rulebook_past: the rule sets that served, as the table rule_revisions keeps them: whole, by content, with author, time and comment.
 *
 * Threads: any. Errors: as the store's.
 */
#ifndef DESK_RULEBOOK_PAST_H
#define DESK_RULEBOOK_PAST_H

#include "desk/desk.h"
#include "desk/rulebook_files.h"
#include "spam/ruleset.h"

struct rulebook_save {
	const struct rule_set *set;
	const struct actor *who;
	struct slice comment;
	const char *author, *generation, *file;
	const char *program; /* the build that ran the set's tests: base/program; "" is not remembered */
	bool changed_only; /* not where the newest revision is the same set */
	int64_t id;
};

/* Writes a revision, and the audit's line where somebody did it. Nothing without a writer. */
enum err rulebook_past_add(struct desk *d, struct rulebook_save *s, struct error *e) MUST_CHECK;
/* The generation that passed its tests when this build ran them last; "" for none. */
enum err rulebook_past_proven(struct db *db, const char *program, char generation[RULESET_NAME_BYTES], struct error *e) MUST_CHECK;
/* One of them; the caller's. Empty where there is none of that number, and after an error. */
enum err rulebook_past_read(struct db *db, int64_t revision, struct rule_set *out, struct error *e) MUST_CHECK;
/* The newest. *id 0 where there is none. `generation` may be NULL; `out` too: its files are not read then. */
enum err rulebook_past_latest(struct db *db, int64_t *id, char generation[RULESET_NAME_BYTES], struct rule_set *out, struct error *e) MUST_CHECK;

#endif
