/*
 * attempt: how wrong passwords are slowed down, without ever locking an account.
 *
 * After ATTEMPT_FREE_FAILURES wrong ones in a row for a login name the next attempt waits two seconds, then twice as long each time
 * up to half a minute. A network has a count of its own, with more patience and where conf rate_limits is on: behind
 * one address may be a whole school. A count is forgotten an hour after its last failure, a name's also by a good login.
 * Login names are counted by keyed hash, known or not, so the table tells nobody which exist. Any thread.
 */
#ifndef DESK_ATTEMPT_H
#define DESK_ATTEMPT_H

#include "desk/desk.h"

enum { ATTEMPT_FREE_FAILURES = 5 };

/* The counters of one attempt. A value; copy it freely. */
struct attempt {
	struct crypt_hash name, network;
	bool has_name, has_network;
};

/* `from` and `login` (folded) may be NULL: then that side is not counted. */
struct attempt attempt_of(struct desk *d, const struct sender *from, const char *login);
/* ERR_LIMITED with retry_after_s while the next attempt has to wait. */
enum err attempt_allowed(struct db *db, const struct attempt *t, struct error *e) MUST_CHECK;
/* A writer's command (self: struct attempt *) that counts a failure. */
enum err attempt_failed(struct db *db, void *self, struct error *e) MUST_CHECK;
/* After a good login, inside its command: the name starts afresh. */
enum err attempt_forget(struct db *db, const struct attempt *t, struct error *e) MUST_CHECK;
/* Inside a command: removes what is forgotten. */
enum err attempt_sweep(struct db *db, struct error *e) MUST_CHECK;

#endif
