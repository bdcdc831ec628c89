/*
 * learning: what the words of texts that moderators decided say about new ones (spam/bayes), kept in the store.
 *
 * Only what a moderator decided teaches, and of that one text of each cluster of near copies and three of each network and day
 * (texts whose network is not known share one such allowance; imports neither have one nor use one up): whoever sends much does not
 * teach much. A good text that words had spoken against corrects them even as a copy. Taking a decision back takes back exactly what
 * it taught, for 30 days. Words are stored as keyed hashes; the key is not in the database. Whoever erases a text leaves its counts,
 * which name nothing, but not the list of what it taught.
 *
 * Says nothing (facts.learned stays unknown) for a language below BAYES_HAM_MIN good texts, and where the language cannot be told. Threads:
 * any; what changes something runs in a write command.
 */
#ifndef DESK_LEARNING_H
#define DESK_LEARNING_H

#include "desk/desk.h"
#include "desk/sameness.h"
#include "spam/features.h"

enum { LEARNING_PER_NETWORK = 3, LEARNING_DAYS = 30, LEARNING_CHUNK = 50 };

/* Fills facts.learned and its kin. The features' norm text must still be there. */
enum err learning_facts(struct desk *d, struct db *db, struct arena *a, const struct features *f, struct facts *facts, struct error *e) MUST_CHECK;

/* --- in a write command --- */

/* Takes back what the entry taught before, then learns it if the rules above allow. label STORED_NONE: only takes back. */
enum err learning_teach(struct desk *d, struct db *db, int64_t ticket, int64_t n, enum stored_label label, struct error *e) MUST_CHECK;
enum err learning_forget(struct db *db, int64_t ticket, int64_t n, struct error *e) MUST_CHECK;
enum err learning_sweep(struct db *db, int64_t now_ms, int64_t *changed, struct error *e) MUST_CHECK;

/* --- imports (`porchlight rules learn`) --- */

/* One text that somebody labelled elsewhere: sameness and words, under the undo group. *learned: its words were new (not a near
 * copy of one that taught before, in a language that can be told). */
enum err learning_import(struct desk *d, struct db *db, struct arena *a, const struct features *f, enum stored_label label, struct slice undo,
	bool *learned, struct error *e) MUST_CHECK;
/* Takes back up to LEARNING_CHUNK texts of an import; *left is false when there are no more. ERR_CONFLICT when it is older than LEARNING_DAYS. */
enum err learning_import_undo(struct db *db, struct slice undo, int64_t *changed, bool *left, struct error *e) MUST_CHECK;

#endif
