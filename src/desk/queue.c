#include "desk/queue.h"

#include <stdio.h>
#include <stdlib.h>

#include "desk/attack.h"
#include "desk/care.h"
#include "desk/lease.h"
#include "desk/presence.h"
#include "desk/talk.h"

enum { WAIT_DAYS = 28, FULL_PER_HELPER = 10 };
#define DAY_MS ((int64_t)24 * 3600 * 1000)

bool queue_view_read(struct slice name, enum queue_view *out)
{
	static const char *const names[] = { "unassigned", "mine", "all", "waiting" };

	*out = QUEUE_UNASSIGNED;
	if (!name.ptr)
		return true;
	for (int i = 0; i < 4; i++)
		if (slice_is(name, names[i])) {
			*out = (enum queue_view)i;
			return true;
		}
	return false;
}

/* "ANCHOR-ID" of the last ticket of the page before. */
static bool read_cursor(struct slice s, int64_t *anchor, int64_t *id)
{
	int64_t *into = anchor;
	int digits = 0;

	*anchor = *id = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '-' && into == anchor && digits) {
			into = id;
			digits = 0;
		} else if (s.ptr[i] >= '0' && s.ptr[i] <= '9' && digits < 18) {
			*into = *into * 10 + (s.ptr[i] - '0');
			digits++;
		} else {
			return false;
		}
	}
	return s.len == 0 || (into == id && digits);
}

enum err queue_list(struct db *db, struct arena *a, const struct actor *who, const struct queue_filter *f, struct queue_page *out,
		    struct error *e)
{
	static const enum sql_id ids[] = { SQL_QUEUE_UNASSIGNED, SQL_QUEUE_MINE, SQL_QUEUE_ALL, SQL_QUEUE_WAITING };
	struct rows r;
	int64_t anchor, id;
	bool more = false;
	enum err rc, closed;

	memset(out, 0, sizeof(*out));
	if (!read_cursor(f->cursor, &anchor, &id))
		return err_field(e, ERR_INVALID, "cursor", "This is not a cursor of ours.");
	out->tickets = arena_array(a, QUEUE_PAGE, sizeof(*out->tickets));
	out->access = arena_array(a, QUEUE_PAGE, sizeof(*out->access));
	if (!out->tickets || !out->access)
		return err_nomem(e);
	const struct bind binds[] = { b_int(anchor), b_int(id), b_text(f->lang), b_text(f->topic), b_int(who->role >= ROLE_MODERATOR),
				      b_int(QUEUE_PAGE + 1), b_int(who->account) };
	bool mine = f->view == QUEUE_MINE || f->view == QUEUE_WAITING;

	rc = rows_open(db, &r, ids[f->view], binds, mine ? 7 : 6, e);
	if (rc)
		return rc;
	while (!rc && rows_next(&r)) {
		if (out->count == QUEUE_PAGE) {
			more = true;
			break;
		}
		rc = ticket_read_row(&r, 0, a, &out->tickets[out->count++]);
	}
	closed = rows_close(&r);
	if (closed)
		return closed;
	if (rc)
		return err_set(e, rc, "The queue cannot be read now.");
	for (size_t i = 0; i < out->count; i++) {
		rc = ticket_may_read(db, who, &out->tickets[i], &out->access[i], e);
		if (rc)
			return rc;
		/* The views list working tickets alone, so what may not be read is listed without its words. */
		if (out->access[i] == ACCESS_NONE)
			out->access[i] = ACCESS_LIST;
	}
	if (more) {
		const struct ticket *last = &out->tickets[out->count - 1];

		out->cursor = slice_of(arena_printf(a, "%lld-%lld", (long long)last->anchor, (long long)last->id));
		if (!out->cursor.ptr)
			return err_nomem(e);
	}
	return ERR_OK;
}

enum err queue_count(struct db *db, const struct actor *who, struct queue_counts *out, struct error *e)
{
	struct bind moderator = b_int(who->role >= ROLE_MODERATOR);
	enum err rc;

	memset(out, 0, sizeof(*out));
	rc = db_int(db, SQL_QUEUE_COUNT_STATE, BINDS(b_str("queued"), moderator), &out->unassigned, e);
	if (!rc)
		rc = db_int(db, SQL_QUEUE_COUNT_STATE, BINDS(b_str("live"), moderator), &out->live, e);
	if (!rc)
		rc = db_int(db, SQL_QUEUE_COUNT_MINE, BINDS(b_int(who->account)), &out->mine, e);
	if (!rc)
		rc = db_int(db, SQL_QUEUE_COUNT_WAITING, BINDS(b_int(who->account)), &out->waiting, e);
	return rc;
}

/* ---- claiming ---- */

struct claim {
	struct act act;
	struct slice lang, topic;
	int64_t ticket;
	enum attack_turn turn; /* whose turn was used up */
	struct acted *out;
};

/* Whether somebody is passed over by this claim is only known now: it goes into its entry, and is how fairness is counted. */
static enum err claim_now(struct db *db, struct claim *c, bool pick, int64_t now, struct error *e)
{
	int64_t older = 0;
	enum err rc = db_int(db, SQL_QUEUE_OLDER, BINDS(b_int(c->ticket), b_int(QUEUE_OLDER_MS), b_int(now)), &older, e);
	if (rc)
		return rc;
	struct move m = { .ticket = c->ticket, .event = EVENT_CLAIM, .by = BY_HELPER,
			  .who = c->act.who, .now = now, .client_id = c->act.client_id, .pick = pick, .older = older > 0,
			  .holder = c->act.who.account, .holder_name = c->act.who.name, .expires = lease_term(now) };

	return ticket_move(db, &m, c->out, e);
}

static enum err held_by_another(struct db *db, int64_t ticket, struct acted *out, struct error *e)
{
	struct arena *a = arena_new(64 * 1024);
	struct ticket t;
	enum err rc;

	if (!a)
		return err_nomem(e);
	rc = ticket_load(db, a, ticket, &t, e);
	if (!rc) {
		ticket_acted(&t, t.holder_name, out);
		out->fence = out->expires = 0;
		rc = err_set(e, ERR_CONFLICT, "Somebody else has taken this conversation.");
	}
	arena_free(&a);
	return rc;
}

static enum err claim(struct db *db, void *self, struct error *e)
{
	struct claim *c = self;
	struct ticket t;
	enum access access;
	int64_t now = clock_wall_ms();
	enum err rc;

	memset(c->out, 0, sizeof(*c->out));
	rc = ticket_row(db, c->ticket, &t, e);
	if (!rc)
		rc = ticket_may_read(db, &c->act.who, &t, &access, e);
	if (rc)
		return rc;
	if (t.state == TICKET_LIVE && t.holder == c->act.who.account && t.lease.expires > now) {
		ticket_acted(&t, c->act.who.name, c->out);
		c->out->n = t.last_n;
		c->out->at = now;
		c->out->repeat = true;
		return ERR_OK;
	}
	if (t.state == TICKET_LIVE && t.lease.expires > now)
		return held_by_another(db, c->ticket, c->out, e);
	if (access == ACCESS_NONE && t.state != TICKET_LIVE)
		return err_set(e, ERR_NOT_FOUND, "There is no such conversation.");
	rc = care_may_take(db, c->act.who.account, false, e);
	if (rc)
		return rc;
	if (t.state == TICKET_LIVE) { /* lost already, and the sweep has not been there yet */
		rc = ticket_move(db, &(struct move){ .ticket = t.id, .event = EVENT_LAPSE, .by = BY_SYSTEM, .now = now }, c->out, e);
		if (rc)
			return rc;
	}
	return claim_now(db, c, true, now, e);
}

enum err queue_claim(struct desk *d, const struct act *in, struct acted *out, struct error *e)
{
	struct claim c = { .act = *in, .ticket = in->ticket, .out = out };

	memset(out, 0, sizeof(*out));
	if (in->client_id.len > TICKET_CLIENT_ID_MAX_BYTES)
		return err_field(e, ERR_INVALID, "client_id", "A client_id has 1 to %d bytes.", TICKET_CLIENT_ID_MAX_BYTES);
	return writer_do(d->writer, LANE_TALK, claim, &c, e);
}

/* The ticket an earlier "next" with this client_id gave, while its claim still stands. */
static enum err earlier_next(struct db *db, struct claim *c, int64_t now, bool *found, struct error *e)
{
	struct rows r;
	struct ticket t;
	int64_t ticket = 0;
	enum err rc;

	*found = false;
	if (!c->act.client_id.ptr)
		return ERR_OK;
	rc = rows_open(db, &r, SQL_QUEUE_CLAIM_BY_CLIENT, BINDS(b_text(c->act.client_id), b_int(c->act.who.account)), e);
	if (rc)
		return rc;
	if (rows_next(&r)) {
		ticket = rows_int(&r, 0);
		c->out->n = rows_int(&r, 1);
		c->out->at = rows_int(&r, 2);
	}
	rc = rows_close(&r);
	if (rc || !ticket)
		return rc;
	rc = ticket_row(db, ticket, &t, e);
	if (rc)
		return rc;
	if (t.holder != c->act.who.account || t.lease.expires <= now)
		return err_field(e, ERR_CONFLICT, "client_id", "This client_id was used for a claim that has ended.");
	ticket_acted(&t, c->act.who.name, c->out);
	c->ticket = ticket;
	c->out->repeat = *found = true;
	return ERR_OK;
}

static enum err first_of(struct db *db, enum sql_id id, const struct bind *binds, size_t n, int64_t *ticket, struct error *e)
{
	enum err rc;

	if (*ticket)
		return ERR_OK;
	rc = db_int(db, id, binds, n, ticket, e);
	return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

static enum err find_next(struct db *db, struct claim *c, int64_t now, struct error *e)
{
	struct bind account = b_int(c->act.who.account), lang = b_text(c->lang), topic = b_text(c->topic);
	bool moderator = c->act.who.role >= ROLE_MODERATOR;
	enum attack_turn turn = ATTACK_ANY;
	enum err rc = ERR_OK;

	if (moderator)
		rc = first_of(db, SQL_QUEUE_NEXT_URGENT, NO_BINDS, &c->ticket, e);
	if (!rc)
		rc = first_of(db, SQL_QUEUE_NEXT_MINE, BINDS(account, lang, topic, b_int(moderator)), &c->ticket, e);
	if (!rc && !c->ticket)
		rc = attack_turn(db, &turn, e);
	/* In attack mode those who proved themselves and those who did not take turns: neither can keep the other from being heard. */
	if (!rc && turn != ATTACK_ANY) {
		rc = first_of(db, turn == ATTACK_PROVEN ? SQL_QUEUE_NEXT_PROVEN : SQL_QUEUE_NEXT_UNPROVEN,
			      BINDS(b_int(now), lang, topic, b_int(moderator)), &c->ticket, e);
		if (c->ticket)
			c->turn = turn;
	}
	if (!rc)
		rc = first_of(db, SQL_QUEUE_NEXT, BINDS(b_int(now), lang, topic, b_int(moderator)), &c->ticket, e);
	if (!rc) /* nothing else waits: then also what is kept for somebody */
		rc = first_of(db, SQL_QUEUE_NEXT, BINDS(b_int(INT64_MAX), lang, topic, b_int(moderator)), &c->ticket, e);
	return rc;
}

static enum err next(struct db *db, void *self, struct error *e)
{
	struct claim *c = self;
	int64_t now = clock_wall_ms();
	bool found;
	enum err rc;

	memset(c->out, 0, sizeof(*c->out));
	c->ticket = 0;
	c->turn = ATTACK_ANY;
	rc = earlier_next(db, c, now, &found, e);
	if (rc || found)
		return rc;
	rc = care_may_take(db, c->act.who.account, true, e);
	if (!rc)
		rc = find_next(db, c, now, e);
	if (!rc && c->ticket)
		rc = attack_turned(db, c->turn, e);
	if (rc || !c->ticket)
		return rc;
	return claim_now(db, c, false, now, e);
}

enum err queue_next(struct desk *d, const struct actor *who, struct slice client_id, struct slice lang, struct slice topic,
		    int64_t *ticket, struct acted *out, struct error *e)
{
	struct claim c = { .act = { .who = *who, .client_id = client_id }, .lang = lang, .topic = topic, .out = out };
	enum err rc;

	*ticket = 0;
	memset(out, 0, sizeof(*out));
	if (client_id.ptr && (client_id.len < 1 || client_id.len > TICKET_CLIENT_ID_MAX_BYTES))
		return err_field(e, ERR_INVALID, "client_id", "A client_id has 1 to %d bytes.", TICKET_CLIENT_ID_MAX_BYTES);
	rc = writer_do(d->writer, LANE_TALK, next, &c, e);
	if (!rc)
		*ticket = c.ticket;
	return rc;
}

/* ---- waiting ---- */

const char *desk_status_name(enum desk_status s)
{
	return s == DESK_OPEN ? "open" : s == DESK_FULL ? "full" : "return";
}

static int by_size(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

/* Median and 90th percentile of the last spans of time, newest first; unknown below 20 of them. */
static enum err read_spans(struct db *db, enum sql_id id, struct wait *out, struct error *e)
{
	int64_t spans[QUEUE_SAMPLES];
	size_t count = 0;
	struct rows r;
	enum err rc = rows_open(db, &r, id, BINDS(b_int(clock_wall_ms() - WAIT_DAYS * DAY_MS), b_int(QUEUE_SAMPLES)), e);

	if (rc)
		return rc;
	while (count < QUEUE_SAMPLES && rows_next(&r))
		spans[count++] = rows_int(&r, 0);
	rc = rows_close(&r);
	if (rc || count < QUEUE_SAMPLES_MIN)
		return rc;
	qsort(spans, count, sizeof(spans[0]), by_size);
	out->known = true;
	out->median_s = spans[count / 2] / 1000;
	out->p90_s = spans[count * 9 / 10] / 1000;
	return ERR_OK;
}

enum err queue_status(struct desk *d, struct db *db, enum desk_status *out, struct error *e)
{
	int64_t queued = 0;
	size_t helpers = d->presence ? presence_on_duty(d->presence, clock_wall_ms()) : 0;
	enum err rc = db_int(db, SQL_QUEUE_COUNT_STATE, BINDS(b_str("queued"), b_int(0)), &queued, e);

	*out = !helpers ? DESK_RETURN : queued >= (int64_t)helpers * FULL_PER_HELPER ? DESK_FULL : DESK_OPEN;
	return rc;
}

enum err queue_wait(struct desk *d, struct db *db, struct wait *out, struct error *e)
{
	memset(out, 0, sizeof(*out));
	enum err rc = queue_status(d, db, &out->status, e);
	return rc ? rc : read_spans(db, SQL_QUEUE_WAITS, out, e);
}

enum err queue_hold_wait(struct db *db, struct wait *out, struct error *e)
{
	memset(out, 0, sizeof(*out));
	return read_spans(db, SQL_QUEUE_HOLDS, out, e);
}

enum err queue_oldest(struct db *db, int64_t *out_s, struct error *e)
{
	int64_t anchor = 0;
	enum err rc = db_int(db, SQL_QUEUE_OLDEST, NO_BINDS, &anchor, e);

	*out_s = 0;
	if (rc == ERR_NOT_FOUND)
		return ERR_OK;
	if (!rc)
		*out_s = (clock_wall_ms() - anchor) / 1000;
	return rc;
}

struct jv *queue_wait_json(const struct wait *w)
{
	struct jv *o = jv_set_string(jv_object(), "status", desk_status_name(w->status));

	if (w->known) {
		o = jv_set_int(o, "median_s", w->median_s);
		o = jv_set_int(o, "p90_s", w->p90_s);
	}
	return o;
}

enum err queue_position(struct db *db, const struct ticket *t, int64_t *out, struct error *e)
{
	*out = 0;
	if (t->state != TICKET_QUEUED)
		return ERR_OK;
	return db_int(db, SQL_QUEUE_POSITION, BINDS(b_int(t->anchor), b_int(t->id)), out, e);
}
