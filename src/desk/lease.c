#include "desk/lease.h"

#include "desk/talk.h"

enum { SWEEP_MAX = 64, SWEEP_ROUNDS = 16 };
#define OVERDUE_MS ((int64_t)24 * 3600 * 1000)

int64_t lease_term(int64_t now)
{
	return now + conf()->lease_s * 1000;
}

enum err lease_check(struct db *db, const struct ticket *t, const struct act *in, int64_t now, struct error *e)
{
	int64_t invited = 0;
	enum err rc = ERR_OK;

	if (!in->fenced)
		return err_field(e, ERR_MALFORMED, "fence", "The fence of your claim is missing.");
	if (t->state != TICKET_LIVE || in->fence != t->lease.fence || t->lease.expires <= now)
		return err_set(e, ERR_CONFLICT, "You do not hold this conversation any more. What you wrote is kept as a draft.");
	if (t->holder == in->who.account)
		return ERR_OK;
	rc = db_int(db, SQL_TICKET_INVITED, BINDS(b_int(t->id), b_int(in->who.account)), &invited, e);
	if (!rc && !invited)
		rc = err_set(e, ERR_CONFLICT, "Somebody else holds this conversation.");
	return rc;
}

struct renew {
	struct act act;
	struct acted *out;
};

static enum err renew(struct db *db, void *self, struct error *e)
{
	struct renew *r = self;
	struct ticket t;
	int64_t now = clock_wall_ms();
	enum err rc;

	memset(r->out, 0, sizeof(*r->out));
	rc = ticket_row(db, r->act.ticket, &t, e);
	if (!rc)
		rc = lease_check(db, &t, &r->act, now, e);
	if (!rc) {
		if (t.lease.expires < lease_term(now))
			t.lease.expires = lease_term(now);
		rc = db_run(db, SQL_TALK_EXTEND, BINDS(b_int(t.id), b_int(t.lease.expires)), NULL, e);
	}
	if (!rc) {
		ticket_acted(&t, r->act.who.name, r->out);
		r->out->n = t.last_n;
		r->out->at = now;
	}
	return rc;
}

enum err lease_renew(struct desk *d, const struct act *in, struct acted *out, struct error *e)
{
	struct renew r = { *in, out };

	memset(out, 0, sizeof(*out));
	return writer_do(d->writer, LANE_TALK, renew, &r, e);
}

enum err lease_release(struct desk *d, const struct act *in, struct acted *out, struct error *e)
{
	return ticket_return(d, in, out, e);
}

/* ---- the clock's own arrows ---- */

struct due {
	int64_t ticket;
	enum ticket_event event;
};

/* A hold that nobody has decided for a day is brought before the moderators once more. */
static enum err remind(struct db *db, int64_t now, int64_t *count, struct error *e)
{
	int64_t ids[SWEEP_MAX], n;
	size_t found = 0;
	struct rows r;
	enum err rc = rows_open(db, &r, SQL_LEASE_OVERDUE, BINDS(b_int(now - OVERDUE_MS), b_int(SWEEP_MAX)), e);

	if (rc)
		return rc;
	while (found < SWEEP_MAX && rows_next(&r))
		ids[found++] = rows_int(&r, 0);
	rc = rows_close(&r);
	for (size_t i = 0; !rc && i < found; i++, (*count)++) {
		rc = db_run(db, SQL_LEASE_REMIND, BINDS(b_int(ids[i])), NULL, e);
		if (!rc)
			rc = talk_append(db,
					 &(struct append){ .ticket = ids[i], .now = now, .kind = ENTRY_FACT, .author = AUTHOR_SYSTEM,
							   .audience = AUDIENCE_STAFF, .data = SLICE("{\"what\":\"overdue\"}") },
					 &n, e);
	}
	return rc;
}

struct sweep {
	int64_t moved;
};

static enum err read_due(struct db *db, enum sql_id id, int64_t now, struct due *list, size_t *count, struct error *e)
{
	struct rows r;
	enum err rc = rows_open(db, &r, id, BINDS(b_int(now), b_int(SWEEP_MAX)), e);

	if (rc)
		return rc;
	while (*count < 2 * SWEEP_MAX && rows_next(&r)) {
		struct due *next = &list[(*count)++];

		next->ticket = rows_int(&r, 0);
		if (id == SQL_LEASE_EXPIRED)
			next->event = EVENT_LAPSE;
		else
			next->event = slice_is(rows_text(&r, 1), "challenged") ? EVENT_UNSOLVED : EVENT_WAKE;
	}
	return rows_close(&r);
}

static enum err sweep(struct db *db, void *self, struct error *e)
{
	struct sweep *s = self;
	struct due list[2 * SWEEP_MAX];
	struct acted acted;
	size_t count = 0;
	int64_t now = clock_wall_ms();
	enum err rc;

	s->moved = 0;
	rc = read_due(db, SQL_LEASE_EXPIRED, now, list, &count, e);
	if (!rc)
		rc = read_due(db, SQL_LEASE_DUE, now, list, &count, e);
	for (size_t i = 0; !rc && i < count; i++, s->moved++)
		rc = ticket_move(db,
				 &(struct move){ .ticket = list[i].ticket, .event = list[i].event, .by = BY_SYSTEM, .now = now,
						 .why = list[i].event == EVENT_UNSOLVED ? HELD_UNSOLVED : HELD_NOT },
				 &acted, e);
	return rc ? rc : remind(db, now, &s->moved, e);
}

enum err lease_sweep(struct desk *d, int64_t *moved, struct error *e)
{
	int64_t all = 0;
	enum err rc = ERR_OK;

	for (int round = 0; round < SWEEP_ROUNDS; round++) {
		struct sweep s;

		rc = writer_do(d->writer, LANE_TALK, sweep, &s, e);
		if (rc || !s.moved)
			break;
		all += s.moved;
	}
	if (moved)
		*moved = all;
	return rc;
}

static enum err restart(struct db *db, void *self, struct error *e)
{
	(void)self;
	return db_run(db, SQL_LEASE_RESTART, BINDS(b_int(lease_term(clock_wall_ms()))), NULL, e);
}

enum err lease_restart(struct desk *d, struct error *e)
{
	return writer_do(d->writer, LANE_TALK, restart, NULL, e);
}
