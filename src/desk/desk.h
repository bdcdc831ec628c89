/*
 * desk: what every room of the domain is handed: the desk itself, and who acts.
 *
 * Reading functions take a `struct db *` (the calling worker's read-only connection) and allocate in the request's
 * arena. Writing functions go through desk->writer and return when the commit is durable. No room of the domain
 * knows HTTP or holds SQL text; some render entries as JSON trees (base/json), because the same bytes go into streams.
 */
#ifndef DESK_DESK_H
#define DESK_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crypt.h"
#include "base/err.h"
#include "base/json.h"
#include "base/slice.h"
#include "live/hub.h"
#include "store/db.h"
#include "store/writer.h"

/* Ordered: a role may do what the ones below it may. ROLE_NOBODY is the default everywhere. */
enum role { ROLE_NOBODY, ROLE_TRIAL, ROLE_HELPER, ROLE_MODERATOR, ROLE_ADMIN };

/* Whoever sends a request, as far as it is proven. An asker is proven by a link (ticket != 0). */
struct actor {
	enum role role;       /* of a staff account; ROLE_NOBODY for askers and strangers */
	int64_t account;      /* accounts.id, or 0 */
	int64_t session;      /* sessions.id, or 0 (API key, asker) */
	struct slice name;    /* display name of the account */
};

/* Where a request came from, as keyed hashes; never the address (P8). An address behind an undeclared proxy is unknown. */
struct sender {
	bool known;
	struct crypt_hash rate, rate_before; /* under today's and yesterday's rate key */
	struct crypt_hash ban, ban_before;   /* under the ban key of this epoch and of the one before: a ban matches either */
};

/* Keys outside the database: DATA/keys, mode 0600. Owned by desk/keys. */
struct keys;
/* The rule generations: owned by desk/rulebook. */
struct rulebook;
struct presence;
/* Outside services: net/opinion. */
struct opinions;

struct desk {
	const char *folder; /* the data folder */
	struct writer *writer;
	struct hub *hub;
	struct keys *keys;
	struct rulebook *rulebook;
	struct presence *presence; /* who is here: desk/presence */
	struct opinions *opinions;
};

#endif
