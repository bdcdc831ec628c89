/*
 * repeat: a request that creates something and is sent again under its client_id is answered as it was the first time.
 *
 * The first answer is written in the command that creates (P1: never one without the other) and looked up at its beginning. A
 * client_id belongs to an account; what it came with is kept as a keyed hash only, for bodies hold passwords. An answer names
 * what was made (an id, an undo group): secrets that are shown once, as a key or a reset code, are not in it and cannot be had
 * again. Kept for a day, and of one account the last REPEATS_MAX. Account 0: new links of askers, each under a hash of the old link and
 * the request's secret (desk/ticket_act).
 *
 * Entries of conversations and reports have client_ids of their own (desk/talk, desk/report), for theirs never end.
 * Errors: ERR_CONFLICT (client_id) where it came with something else. Writer's thread, but for repeat_start and repeat_sweep.
 */
#ifndef DESK_REPEAT_H
#define DESK_REPEAT_H

#include "desk/desk.h"

enum { REPEAT_CLIENT_ID_MAX_BYTES = 128, REPEAT_ANSWER_BYTES = 128, REPEATS_MAX = 1000 };

struct repeat {
	int64_t account;
	struct slice client_id;
	struct crypt_hash same;           /* of all that the request said */
	bool found;                       /* it was answered before */
	char answer[REPEAT_ANSWER_BYTES]; /* then: how */
};

/* `what` and `body` are all that makes two requests the same. ERR_INVALID (client_id): its length. */
enum err repeat_start(const struct desk *d, struct repeat *r, int64_t account, struct slice client_id, struct slice what, struct slice body,
	struct error *e) MUST_CHECK;
/* Fills found and answer. `r` NULL: the request has no client_id, nothing is found or kept. */
enum err repeat_find(struct db *db, struct repeat *r, struct error *e) MUST_CHECK;
/* Keeps r->answer, in place of the one before. */
enum err repeat_keep(struct db *db, const struct repeat *r, struct error *e) MUST_CHECK;
/* The same for answers that are one id. *id is 0 when nothing is found. */
enum err repeat_find_id(struct db *db, struct repeat *r, int64_t *id, struct error *e) MUST_CHECK;
enum err repeat_keep_id(struct db *db, struct repeat *r, int64_t id, struct error *e) MUST_CHECK;
/* Removes those that are older than a day. Call hourly. */
enum err repeat_sweep(struct desk *d, struct error *e) MUST_CHECK;

#endif
