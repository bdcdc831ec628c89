/*
 * care: what members of staff set for themselves, so that helping does not wear them out: how many live conversations they hold at most, in
 * which languages they help, and "finish what I have, then stop".
 *
 * Whoever stops is given nothing new, by "next" or by others, until they go on duty again; what they pick by hand they have. While they hold conversations they are finishing; after the last
 * one they are away, by itself: that is read off what they hold, so that no end of a conversation can be missed. It is kept in the
 * database, outlasts a restart, and ends at the next login that finds nothing held. Handing back what one holds is another thing.
 *
 * Reading functions take the caller's connection, writing ones go through desk->writer. Any thread.
 */
#ifndef DESK_CARE_H
#define DESK_CARE_H

#include "desk/presence.h"

enum { CARE_LANGS_MAX_BYTES = 400 };

struct care {
	int64_t cap;         /* as set; 0: the desk's */
	struct slice langs;  /* of those the desk offers, in its order, separated by commas; empty: not said */
	bool stopping;
};
/* Nothing set where there is no such account. */
enum err care_get(struct db *db, struct arena *a, int64_t account, struct care *out, struct error *e) MUST_CHECK;

/* Is `lang` one of `langs`, as care_get gives them? */
bool care_helps_in(struct slice langs, struct slice lang);
/* ERR_INVALID: claim_cap beyond 100, or a language (langs) the desk does not offer. */
enum err care_check(int64_t cap, struct slice langs, struct error *e) MUST_CHECK;
/* A cap below 0 and absent languages stay as they are. The errors of care_check. */
enum err care_put(struct desk *d, const struct actor *who, int64_t cap, struct slice langs, struct error *e) MUST_CHECK;
/* Where an account ends: what it set goes. In the writer. */
enum err care_forget(struct db *db, int64_t account, struct error *e) MUST_CHECK;
/* Where a session begins: whoever holds nothing does not stop any more. In the writer. */
enum err care_begin(struct db *db, int64_t account, struct error *e) MUST_CHECK;

/* Does this account want to stop, or is it paused (desk/report)? Nothing is handed to it then, by a colleague or by the clock. */
enum err care_given_nothing(struct db *db, int64_t account, bool *out, struct error *e) MUST_CHECK;
/* May this account take one more? ERR_CONFLICT (field claim_cap) when it holds as many as it wants; with `next` also as many as the desk
 * wants, and while it stops (field duty). ERR_CONFLICT (field reports) while it is paused (desk/report). In the writer. */
enum err care_may_take(struct db *db, int64_t account, bool next, struct error *e) MUST_CHECK;

/* On duty, away, off, DUTY_FINISHING or DUTY_PAUSED. */
enum err care_duty(struct desk *d, struct db *db, int64_t account, enum duty *out, struct error *e) MUST_CHECK;
/* DUTY_FINISHING: finish, then stop. `renew`: a sign of life of a page that shows somebody on duty; it changes nothing that was said since. Whoever is
 * paused is away, whatever they say. */
enum err care_set_duty(struct desk *d, struct db *db, const struct actor *who, enum duty duty, bool renew, struct error *e) MUST_CHECK;

/* Gives every live conversation of theirs back to the queue at its original age, in one step. *count: how many. */
enum err care_hand_back(struct desk *d, const struct actor *who, int64_t *count, struct error *e) MUST_CHECK;

#endif
