#include "desk/bans.h"

#include "desk/audit.h"
#include "desk/repeat.h"

static const int64_t DAY_MS = 86400 * 1000LL;

struct add {
	const struct actor *by;
	struct repeat *repeat;
	int64_t ticket, expires_ms, id;
	struct slice reason;
};

static enum err add_run(struct db *db, void *self, struct error *e)
{
	struct add *b = self;
	struct crypt_hash hash;
	struct rows r;
	enum err err = repeat_find_id(db, b->repeat, &b->id, e);
	if (err || b->id)
		return err;
	if ((err = rows_open(db, &r, SQL_BANS_SENDER, BINDS(b_int(b->ticket)), e)))
		return err;
	bool found = rows_next(&r), known = false;
	if (found) {
		struct slice blob = rows_blob(&r, 0);
		known = blob.ptr && blob.len == sizeof(hash.bytes);
		if (known)
			memcpy(hash.bytes, blob.ptr, sizeof(hash.bytes));
	}
	if ((err = rows_close(&r)))
		return err;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "There is no such ticket.");
	if (!known)
		return err_set(e, ERR_CONFLICT, "Where this question came from is not known, so nobody can be banned for it.");
	err = db_int(db, SQL_BANS_ADD,
		BINDS(b_blob(hash.bytes, sizeof(hash.bytes)), b_int(b->ticket), b_text(b->reason), b_int(b->by->account),
			b_int(clock_wall_ms()), b_int(b->expires_ms)),
		&b->id, e);
	if (!err)
		err = repeat_keep_id(db, b->repeat, b->id, e);
	return err ? err : audit_add(db, b->by, "ban.add", "ban", b->id, NULL, e);
}

enum err bans_add(struct desk *d, const struct actor *by, int64_t ticket, int days, struct slice reason, struct repeat *repeat,
	int64_t *id, struct error *e)
{
	if (days < 1 || days > BANS_DAYS_MAX)
		return err_field(e, ERR_INVALID, "days", "A ban lasts 1 to %d days.", BANS_DAYS_MAX);
	if (reason.len > BANS_REASON_MAX_BYTES)
		return err_field(e, ERR_INVALID, "reason", "The reason is longer than %d bytes.", BANS_REASON_MAX_BYTES);
	struct add b = { .by = by, .repeat = repeat, .ticket = ticket, .expires_ms = clock_wall_ms() + days * DAY_MS,
		.reason = reason.ptr ? reason : SLICE("") };
	enum err err = writer_do(d->writer, LANE_TALK, add_run, &b, e);
	if (!err)
		*id = b.id;
	return err;
}

enum err bans_list(struct db *db, struct arena *a, struct ban **out, size_t *count, struct error *e)
{
	enum { MAX = 2000 };
	*count = 0;
	*out = arena_array(a, MAX, sizeof(**out));
	if (!*out)
		return err_nomem(e);
	struct rows r;
	enum err err = rows_open(db, &r, SQL_BANS_LIST, BINDS(b_int(clock_wall_ms())), e);
	if (err)
		return err;
	while (*count < MAX && rows_next(&r)) {
		struct ban *b = &(*out)[(*count)++];
		b->id = rows_int(&r, 0);
		b->ticket = rows_int(&r, 1);
		b->reason = arena_slice(a, rows_text(&r, 2));
		b->by = rows_int(&r, 3);
		b->by_name = arena_slice(a, rows_text(&r, 4));
		b->created_ms = rows_int(&r, 5);
		b->expires_ms = rows_int(&r, 6);
		b->held = rows_int(&r, 7);
	}
	if ((err = rows_close(&r)))
		return err;
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

struct end {
	const struct actor *by;
	int64_t id;
};

static enum err end_run(struct db *db, void *self, struct error *e)
{
	struct end *n = self;
	int64_t changed = 0;
	enum err err = db_run(db, SQL_BANS_END, BINDS(b_int(n->id)), &changed, e);
	if (err)
		return err;
	if (!changed)
		return err_set(e, ERR_NOT_FOUND, "There is no such ban.");
	return audit_add(db, n->by, "ban.end", "ban", n->id, NULL, e);
}

enum err bans_end(struct desk *d, const struct actor *by, int64_t id, struct error *e)
{
	struct end n = { .by = by, .id = id };
	return writer_do(d->writer, LANE_TALK, end_run, &n, e);
}

enum err bans_find(struct db *db, const struct sender *s, int64_t *id, struct error *e)
{
	*id = 0;
	if (!s->known)
		return ERR_OK;
	enum err err = db_int(db, SQL_BANS_FIND,
		BINDS(b_blob(s->ban.bytes, sizeof(s->ban.bytes)), b_blob(s->ban_before.bytes, sizeof(s->ban_before.bytes)),
			b_int(clock_wall_ms())),
		id, e);
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err bans_count(struct db *db, int64_t id, struct error *e)
{
	return db_run(db, SQL_BANS_COUNT, BINDS(b_int(id)), NULL, e);
}

enum err bans_remember(struct db *db, int64_t ticket, const struct sender *s, struct error *e)
{
	if (!s->known)
		return ERR_OK;
	return db_run(db, SQL_BANS_REMEMBER, BINDS(b_int(ticket), b_blob(s->ban.bytes, sizeof(s->ban.bytes)), b_int(clock_wall_ms())),
		NULL, e);
}

enum err bans_forget(struct db *db, int64_t ticket, struct error *e)
{
	return db_run(db, SQL_BANS_FORGET, BINDS(b_int(ticket)), NULL, e);
}

static enum err sweep_run(struct db *db, void *self, struct error *e)
{
	(void)self;
	int64_t now = clock_wall_ms();
	enum err err = db_run(db, SQL_BANS_SWEEP, BINDS(b_int(now)), NULL, e);
	return err ? err : db_run(db, SQL_BANS_FORGET_OLD, BINDS(b_int(now - BANS_DAYS_MAX * DAY_MS)), NULL, e);
}

enum err bans_sweep(struct desk *d, struct error *e)
{
	return writer_do(d->writer, LANE_TALK, sweep_run, NULL, e);
}
