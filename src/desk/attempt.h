/*
 * attempt: how wrong passwords are slowed down, without ever locking an account.
 *
 * What waits is a login name together with the network it is tried from: after ATTEMPT_FREE_FAILURES wrong ones in a row the next attempt
 * waits two seconds, then twice as long each time up to half a minute. So whoever fails elsewhere keeps nobody out, and the first attempt
 * from any network is never kept waiting for what others did. Above ATTEMPT_UNDER_ATTACK failures of one name from all networks together
 * each of them has one free failure and waits up to two minutes. Networks that are not known (a proxy that was not declared) are one network
 * to us: there the wait ends at four seconds, because the owner of the account shares it with everybody.
 * A network has a count of its own over all names, with more patience and where conf rate_limits is on: behind one address may be a
 * whole school. A count is forgotten an hour after its last failure, a name's with a network also by a good login from there.
 * Login names are counted by keyed hash, known or not, so the table tells nobody which exist. Any thread.
 */
#ifndef DESK_ATTEMPT_H
#define DESK_ATTEMPT_H

#include "desk/desk.h"

enum { ATTEMPT_FREE_FAILURES = 5, ATTEMPT_UNDER_ATTACK = 50 };

/* The counters of one attempt. A value; copy it freely. */
struct attempt {
	struct crypt_hash pair, everywhere, network; /* the name with its network, the name alone, the network alone */
	bool has_pair, has_everywhere, has_network;
	int wait_max_s;                              /* of the pair */
};

/* `login` (folded) may be NULL: a code is tried, only the network counts. `from` may be NULL: somebody who is logged in tries their own
 * password, which counts by itself. */
struct attempt attempt_of(struct desk *d, const struct sender *from, const char *login);
/* ERR_LIMITED with retry_after_s while the next attempt has to wait. */
enum err attempt_allowed(struct db *db, const struct attempt *t, struct error *e) MUST_CHECK;
/* A writer's command (self: struct attempt *) that counts a failure. */
enum err attempt_failed(struct db *db, void *self, struct error *e) MUST_CHECK;
/* After a good login, inside its command: the name starts afresh from this network. */
enum err attempt_forget(struct db *db, const struct attempt *t, struct error *e) MUST_CHECK;
/* Inside a command: removes what is forgotten. */
enum err attempt_sweep(struct db *db, struct error *e) MUST_CHECK;

#endif
