/*
 * bans: senders whose questions wait for a person, for a while.
 *
 * A ban names a sender by the hash of its network under the ban key, taken from a ticket a moderator looked at; nobody
 * types or sees an address (P8). Its effect is that what the sender writes is held for a moderator with reason "ban",
 * never refused and never silent (P4). It ends by itself after at most BANS_DAYS_MAX days. Any thread.
 */
#ifndef DESK_BANS_H
#define DESK_BANS_H

#include "desk/desk.h"

enum { BANS_DAYS_MAX = 90, BANS_DAYS_DEFAULT = 7, BANS_REASON_MAX_BYTES = 500 };

struct repeat;

struct ban {
	int64_t id, ticket; /* the ticket it was made from */
	struct slice reason;
	int64_t by;
	struct slice by_name;
	int64_t created_ms, expires_ms;
	int64_t held;       /* how often it held something */
};

/* ERR_NOT_FOUND: no such ticket. ERR_CONFLICT: its sender is unknown, or was forgotten. ERR_INVALID (days, reason).
 * A ban of the same sender is replaced where the new one ends later. `by` is a moderator. `repeat` may be
 * NULL: desk/repeat. */
enum err bans_add(struct desk *d, const struct actor *by, int64_t ticket, int days, struct slice reason, struct repeat *repeat,
	int64_t *id, struct error *e) MUST_CHECK;
/* Running ones, newest first. */
enum err bans_list(struct db *db, struct arena *a, struct ban **out, size_t *count, struct error *e) MUST_CHECK;
enum err bans_end(struct desk *d, const struct actor *by, int64_t id, struct error *e) MUST_CHECK;
/* *id is the running ban of that sender, or 0. An unknown sender has none. */
enum err bans_find(struct db *db, const struct sender *s, int64_t *id, struct error *e) MUST_CHECK;
/* Counts one more held thing; called inside the command that holds it. */
enum err bans_count(struct db *db, int64_t id, struct error *e) MUST_CHECK;
/* Inside the command that takes a question: remembers where it came from, so that its sender can be banned. An unknown one is not. */
enum err bans_remember(struct db *db, int64_t ticket, const struct sender *s, struct error *e) MUST_CHECK;
/* Inside the command that takes a ticket's words away. */
enum err bans_forget(struct db *db, int64_t ticket, struct error *e) MUST_CHECK;
/* Removes bans that ended, and what is remembered of senders past its time. Call daily. */
enum err bans_sweep(struct desk *d, struct error *e) MUST_CHECK;

#endif
