/*
 * audit: who did what to what, for ever.
 *
 * Append-only rows of ids and fixed words, never of what people wrote: `action` is a constant of the code ("ticket.hide",
 * "rules.put"), `object` the kind of the thing ("ticket", "account", "rule", "ban"), `id` its number, `detail` an
 * optional short text of our own making (a role, a file name of the rules folder, an entry's number), at most
 * AUDIT_DETAIL_MAX_BYTES. Each row carries the SHA-256 of the row before and its own fields, so a row that was changed or taken
 * out shows (audit_verify); the schema refuses UPDATE and DELETE.
 *
 * The newest rows could be cut off without a trace in the chain: so its head, the last row's number and hash, is kept in the file
 * DATA/audit.head, beside the database, once a minute while the desk serves and at its end. What is cut within the minute does not show.
 *
 * audit_add is called inside the command that does the thing, so that there is never one without the other.
 */
#ifndef DESK_AUDIT_H
#define DESK_AUDIT_H

#include "desk/desk.h"

enum { AUDIT_DETAIL_MAX_BYTES = 200 };

/* `by` may be NULL: the desk itself, or its command line. `db` is the writer's connection. */
enum err audit_add(struct db *db, const struct actor *by, const char *action, const char *object, int64_t id,
	const char *detail, struct error *e) MUST_CHECK;

struct audit_row {
	int64_t seq, at_ms;
	int64_t account;          /* 0: the desk itself */
	struct slice account_name; /* display name now; absent for the desk */
	struct slice action, object;
	int64_t id;
	struct slice detail;      /* "" without one */
};

/* Newest first, rows below `before` (0: from the newest), at most `limit`. Absent `action` and `account` 0: all;
 * `action` may be a prefix that ends in ".". */
struct audit_filter {
	int64_t before, account;
	struct slice action;
	int limit;
};
enum err audit_list(struct db *db, struct arena *a, const struct audit_filter *f, struct audit_row **out, size_t *count,
	struct error *e) MUST_CHECK;

/* Walks the whole chain. *broken is the first row that does not fit, or 0 when all do; *rows how many there are. */
enum err audit_verify(struct db *db, int64_t *rows, int64_t *broken, struct error *e) MUST_CHECK;

/* Brings DATA/audit.head up to date. ERR_CORRUPT, and the file stays as it is, where the database does not hold the row it names. */
enum err audit_keep_head(struct db *db, const char *folder, struct error *e) MUST_CHECK;
/* *cut: the row that DATA/audit.head names and the database does not hold so; 0: none, or there is no such file. */
enum err audit_check_head(struct db *db, const char *folder, int64_t *cut, struct error *e) MUST_CHECK;
#define AUDIT_HEAD_FILE "audit.head"

#endif
