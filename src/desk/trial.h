/*
 * trial: closed conversations of trial helpers that moderators read: a sample of them, and all that somebody complained about.
 *
 * When a conversation that a trial helper held closes, one in `trial_sample` (configuration) is put on the list by chance that nobody can
 * foresee; it is put there too, or again, when its asker says that it did not help or reports it. A moderator takes it off the list when
 * they have looked. What nobody looked at leaves it after TRIAL_DAYS. The list is read with the others: desk/judgement (HELD_TRIAL).
 * Writer's thread, but for trial_looked and trial_sweep. Owns the table trial_looks.
 */
#ifndef DESK_TRIAL_H
#define DESK_TRIAL_H

#include "desk/desk.h"

enum { TRIAL_DAYS = 30 };
enum trial_why { TRIAL_SAMPLE, TRIAL_RATING, TRIAL_REPORT }; /* stored; the weightier one stays */
const char *trial_why_name(enum trial_why why); /* "sample", "rating", "report" */

/* Inside the command that closes, rates or reports. `closing`: it closes now, so that it may be sampled. */
enum err trial_look(struct db *db, int64_t ticket, bool closing, int64_t now, struct error *e) MUST_CHECK;
/* `who` has looked at it. ERR_NOT_FOUND: it is not on the list. */
enum err trial_looked(struct desk *d, const struct actor *who, int64_t ticket, struct error *e) MUST_CHECK;
/* Call hourly. */
enum err trial_sweep(struct desk *d, struct error *e) MUST_CHECK;

#endif
