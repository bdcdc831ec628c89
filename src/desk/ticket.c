#include "desk/ticket.h"

#include <assert.h>
#include <stdio.h>

#include "desk/audit.h"
#include "desk/care.h"
#include "desk/keys.h"
#include "desk/lease.h"
#include "desk/talk.h"
#include "desk/trial.h"

enum {
	OFFER_MS = 5 * 60 * 1000, /* a woken ticket is kept for the one who snoozed it so long, a reopened one for the helper its asker wants again */
	VIEWS_PER_HOUR = 30,      /* others' tickets one helper may open */
	HOUR_MS = 3600 * 1000,
	DAY_MS = 24 * HOUR_MS,
};

static const char *const why_names[] = { NULL, "screen", "unsolved", "appeal", "notreal" };

static enum held_why why_read(struct slice name)
{
	for (int i = HELD_SCREEN; i <= HELD_NOT_REAL; i++)
		if (slice_is(name, why_names[i]))
			return (enum held_why)i;
	return HELD_NOT;
}

/* ---- reading ---- */

static struct slice keep(struct arena *a, struct slice s)
{
	return a ? arena_slice(a, s) : SLICE_NONE;
}

enum err ticket_read_row(struct rows *r, int first, struct arena *a, struct ticket *out)
{
	int c = first;

	memset(out, 0, sizeof(*out));
	out->id = rows_int(r, c++);
	out->state = state_read(rows_text(r, c++));
	out->before = rows_null(r, c) ? TICKET_STATES : state_read(rows_text(r, c));
	c++;
	out->why = why_read(rows_text(r, c++));
	out->title = keep(a, rows_text(r, c++));
	out->name = keep(a, rows_text(r, c++));
	out->lang = keep(a, rows_text(r, c++));
	out->topic = keep(a, rows_text(r, c++));
	out->page = keep(a, rows_text(r, c++));
	out->email = rows_int(r, c++) != 0;
	out->asked = rows_int(r, c++);
	out->anchor = rows_int(r, c++);
	out->changed = rows_int(r, c++);
	out->answered = rows_int(r, c++);
	out->decided = rows_int(r, c++);
	out->closed = rows_int(r, c++);
	out->deadline = rows_int(r, c++);
	out->holder = rows_int(r, c++);
	out->holder_name = keep(a, rows_text(r, c++));
	out->lease.fence = rows_int(r, c++);
	out->lease.expires = rows_int(r, c++);
	out->snoozed_by = rows_int(r, c++);
	out->last_n = rows_int(r, c++);
	struct slice by = rows_text(r, c++);
	out->last_by = slice_is(by, "helper") ? AUTHOR_HELPER : AUTHOR_ASKER;
	out->asker_read = rows_int(r, c++);
	out->helper_read = rows_int(r, c++);
	out->additions = rows_int(r, c++);
	out->added_bytes = rows_int(r, c++);
	out->urgent = rows_int(r, c++) != 0;
	out->hidden = rows_int(r, c++) != 0;
	out->appealed = rows_int(r, c++) != 0;
	out->sealed_until = rows_int(r, c++);
	out->overdue = rows_int(r, c++) != 0;
	if (out->state == TICKET_STATES)
		return ERR_CORRUPT;
	return a && arena_failed(a) ? ERR_NOMEM : ERR_OK;
}

static enum err one(struct db *db, struct arena *a, enum sql_id id, const struct bind *binds, size_t n, struct ticket *out,
		    struct error *e)
{
	struct rows r;
	enum err rc, closed;

	rc = rows_open(db, &r, id, binds, n, e);
	if (rc)
		return rc;
	rc = rows_next(&r) ? ticket_read_row(&r, 0, a, out) : ERR_NOT_FOUND;
	closed = rows_close(&r);
	if (closed)
		return closed;
	if (rc == ERR_NOMEM)
		return err_nomem(e);
	if (rc == ERR_CORRUPT)
		return err_set(e, rc, "The stored conversation is in no known state.");
	return rc ? err_set(e, rc, "There is no such conversation.") : ERR_OK;
}

enum err ticket_load(struct db *db, struct arena *a, int64_t id, struct ticket *out, struct error *e)
{
	return one(db, a, SQL_TICKET_GET, BINDS(b_int(id)), out, e);
}

enum err ticket_row(struct db *db, int64_t id, struct ticket *out, struct error *e)
{
	return one(db, NULL, SQL_TICKET_GET, BINDS(b_int(id)), out, e);
}

enum err ticket_by_token(struct db *db, struct arena *a, struct slice token, struct ticket *out,
			 struct error *e)
{
	/* Looked up by its hash, so how long the look-up takes says nothing about the token. */
	struct crypt_hash hash = keys_token_hash(token);

	return one(db, a, SQL_TICKET_BY_TOKEN, BINDS(b_blob(hash.bytes, sizeof(hash.bytes))), out, e);
}

enum err ticket_token(struct desk *d, struct db *db, int64_t ticket, char out[TICKET_TOKEN_BYTES], struct error *e)
{
	struct rows r;
	enum err rc, closed;
	unsigned char seed[KEYS_SEED_BYTES];
	struct crypt_hash hash;

	_Static_assert(TICKET_TOKEN_BYTES >= (int)KEYS_TOKEN_BYTES, "a token must fit");
	rc = rows_open(db, &r, SQL_TICKET_SEED, BINDS(b_int(ticket)), e);
	if (rc)
		return rc;
	rc = err_set(e, ERR_NOT_FOUND, "There is no such conversation.");
	if (rows_next(&r)) {
		struct slice s = rows_blob(&r, 0);

		rc = s.len == sizeof(seed) ? ERR_OK : err_set(e, ERR_CORRUPT, "The stored link is damaged.");
		if (!rc) {
			memcpy(seed, s.ptr, sizeof(seed));
			keys_token(d->keys, seed, out);
			hash = keys_token_hash(slice_of(out));
			/* Under another key than it was made with: a link that opens nothing must not be given. */
			if (!slice_eq(rows_blob(&r, 1), slice_make((const char *)hash.bytes, sizeof(hash.bytes))))
				rc = err_set(e, ERR_CONFLICT, "The key that links are made with is another one now: the link you have is good, but it cannot be given again.");
		}
	}
	closed = rows_close(&r);
	return closed ? closed : rc;
}

/* ---- who may read ---- */

bool ticket_open(const struct ticket *t)
{
	switch (t->state) {
	case TICKET_QUEUED:
	case TICKET_LIVE:
	case TICKET_SNOOZED:
		return true;
	case TICKET_CLOSED: /* withdrawn before anybody had judged it: it stays out */
		return t->before != TICKET_HELD && t->before != TICKET_CHALLENGED;
	default:
		return false;
	}
}

static enum err took_part(struct db *db, int64_t account, int64_t ticket, bool *out, struct error *e)
{
	int64_t mine = 0;
	enum err rc = db_int(db, SQL_TICKET_MINE, BINDS(b_int(account), b_int(ticket)), &mine, e);

	if (!rc && !mine)
		rc = db_int(db, SQL_TICKET_INVITED, BINDS(b_int(ticket), b_int(account)), &mine, e);
	*out = mine > 0;
	return rc;
}

enum err ticket_may_read(struct db *db, const struct actor *who, const struct ticket *t, enum access *out,
			 struct error *e)
{
	bool mine = false;
	enum err rc;

	*out = ACCESS_NONE;
	if (who->role == ROLE_NOBODY || !who->account)
		return ERR_OK;
	if (who->role >= ROLE_MODERATOR) {
		*out = ACCESS_READ;
		return ERR_OK;
	}
	if (!ticket_open(t) || t->hidden)
		return ERR_OK;
	if (t->holder == who->account) {
		*out = ACCESS_READ;
		return ERR_OK;
	}
	rc = took_part(db, who->account, t->id, &mine, e);
	if (rc)
		return rc;
	if (mine)
		*out = ACCESS_READ;
	else if (who->role == ROLE_TRIAL)
		*out = t->state == TICKET_QUEUED ? ACCESS_LIST : ACCESS_NONE;
	else
		*out = t->state == TICKET_QUEUED ? ACCESS_READ : ACCESS_AUDITED;
	return ERR_OK;
}

enum err ticket_reader(struct db *db, const struct actor *who, const struct ticket *t, struct reader *out, struct error *e)
{
	int64_t invited = 0;
	enum err rc = ERR_OK;

	bool holds = t->holder == who->account || (t->state == TICKET_SNOOZED && t->snoozed_by == who->account);

	*out = (struct reader){ VIEW_STAFF, who->account };
	if (who->role < ROLE_MODERATOR && !holds)
		rc = db_int(db, SQL_TICKET_INVITED, BINDS(b_int(t->id), b_int(who->account)), &invited, e);
	if (!rc && (who->role >= ROLE_MODERATOR || holds || invited))
		out->view = VIEW_HOLDER;
	return rc;
}

struct view_note {
	const struct actor *who;
	int64_t ticket;
};

static enum err note_view(struct db *db, void *self, struct error *e)
{
	const struct view_note *v = self;

	return audit_add(db, v->who, "ticket.view", "ticket", v->ticket, NULL, e);
}

static enum err view_allowed(struct db *db, struct arena *a, const struct actor *who, struct error *e)
{
	struct audit_filter f = { .account = who->account, .action = SLICE("ticket.view"), .limit = VIEWS_PER_HOUR };
	struct audit_row *rows = NULL;
	size_t count = 0;
	int64_t now = clock_wall_ms();
	enum err rc = audit_list(db, a, &f, &rows, &count, e);

	if (rc || count < VIEWS_PER_HOUR || rows[count - 1].at_ms <= now - HOUR_MS)
		return rc;
	rc = err_set(e, ERR_LIMITED, "You have opened %d conversations of others within the hour. Please come back later.",
		     VIEWS_PER_HOUR);
	if (e)
		e->retry_after_s = (int)((rows[count - 1].at_ms + HOUR_MS - now) / 1000) + 1;
	return rc;
}

enum err ticket_for_staff(struct desk *d, struct db *db, struct arena *a, const struct actor *who, int64_t id,
			  struct ticket *out, struct error *e)
{
	enum access access;
	enum err rc = ticket_load(db, a, id, out, e);

	if (!rc)
		rc = ticket_may_read(db, who, out, &access, e);
	if (rc)
		return rc;
	if (access == ACCESS_NONE || access == ACCESS_LIST)
		return err_set(e, ERR_NOT_FOUND, "There is no such conversation.");
	if (access == ACCESS_AUDITED) {
		struct view_note v = { who, id };

		rc = view_allowed(db, a, who, e);
		if (!rc)
			rc = writer_do(d->writer, LANE_TALK, note_view, &v, e);
	}
	return rc;
}

struct jv *ticket_json(const struct ticket *t, enum access access)
{
	struct jv *o = jv_object();
	char id[24];

	snprintf(id, sizeof(id), "%lld", (long long)t->id);
	o = jv_set_string(o, "id", id);
	o = jv_set_string(o, "state", state_name(t->state));
	if (access != ACCESS_LIST && access != ACCESS_AUDITED) {
		o = jv_set_text(o, "title", t->title);
		o = jv_set_text(o, "name", t->name);
		o = jv_set_text(o, "page", t->page);
	}
	o = jv_set_text(o, "lang", t->lang);
	o = jv_set_text(o, "topic", t->topic);
	o = jv_set_time(o, "asked", t->asked);
	o = jv_set_time(o, "since", t->anchor);
	o = jv_set_time(o, "answered", t->answered);
	o = jv_set_time(o, "changed", t->changed);
	o = jv_set_time(o, "closed", t->closed);
	o = jv_set_int(o, "n", t->last_n);
	o = jv_set_bool(o, "waiting", t->last_by == AUTHOR_ASKER);
	if (t->holder) {
		struct jv *holder = jv_object();

		snprintf(id, sizeof(id), "%lld", (long long)t->holder);
		holder = jv_set_string(holder, "id", id);
		holder = jv_set_text(holder, "name", t->holder_name);
		o = jv_set(o, "holder", holder);
		o = jv_set_time(o, "expires", t->lease.expires);
	}
	o = jv_set_time(o, "until", t->deadline);
	if (t->urgent)
		o = jv_set_bool(o, "urgent", true);
	if (t->hidden)
		o = jv_set_bool(o, "hidden", true);
	if (t->overdue)
		o = jv_set_bool(o, "overdue", true);
	return o;
}

/* ---- arrows ---- */

enum err ticket_seen(struct db *db, const struct ticket *t, const struct actor *who, int64_t seen, struct error *e)
{
	struct rows r;
	enum err rc;
	bool newer = false;

	if (!seen || seen >= t->last_n)
		return ERR_OK;
	/* What counts is what the other side wrote: the moderator's own entries and notes of colleagues do not void a decision. */
	rc = rows_open(db, &r, SQL_TALK_PAGE, BINDS(b_int(t->id), b_int(seen), b_int(0), b_int(TALK_PAGE)), e);
	if (rc)
		return rc;
	while (rows_next(&r))
		newer = newer || rows_int(&r, 7) != who->account || !who->account;
	rc = rows_close(&r);
	if (!rc && newer)
		rc = err_set(e, ERR_CONFLICT, "Something new was written since. Please look again.");
	return rc;
}

enum err ticket_asker_steps(struct db *db, int64_t ticket, int64_t now, struct error *e)
{
	int64_t count = 0;
	enum err rc = db_int(db, SQL_TICKET_ASKER_STEPS, BINDS(b_int(ticket), b_int(now - DAY_MS)), &count, e);

	if (rc || count < TICKET_ASKER_STEPS_MAX)
		return rc;
	rc = err_set(e, ERR_LIMITED, "That was done many times today. Please try again tomorrow; nothing you wrote is lost.");
	if (e)
		e->retry_after_s = 3600;
	return rc;
}

static bool leads_from_gate(enum ticket_state s)
{
	return s == TICKET_HELD || s == TICKET_REJECTED || s == TICKET_CHALLENGED;
}

/* The row after the arrow. `t` still says how it was. */
static void project(const struct move *m, enum ticket_state to, const struct ticket *t, struct ticket *next,
		    int64_t *offered_until)
{
	*next = *t;
	*offered_until = 0;
	next->state = to;
	next->deadline = to == TICKET_CHALLENGED || to == TICKET_SNOOZED ? m->deadline : 0;
	next->before = TICKET_STATES;
	switch (m->event) {
	case EVENT_SPAM:
		next->before = t->state == TICKET_LIVE ? TICKET_QUEUED : t->state;
		break;
	case EVENT_RELEASE:
		next->before = t->state;
		break;
	case EVENT_WITHDRAW:
		if (leads_from_gate(t->state))
			next->before = t->state;
		break;
	case EVENT_APPEAL:
		next->appealed = true;
		break;
	case EVENT_REOPEN:
		next->anchor = m->now;
		*offered_until = m->holder ? m->now + OFFER_MS : 0;
		break;
	case EVENT_WAKE:
	case EVENT_REPLY:
		*offered_until = m->now + OFFER_MS;
		break;
	default:
		break;
	}
	if (to == TICKET_HELD && m->why != HELD_NOT)
		next->why = m->why;
	if (to == TICKET_HELD && next->why == HELD_NOT)
		next->why = HELD_SCREEN;
	switch (m->event) {
	case EVENT_HOLD:
	case EVENT_REJECT:
	case EVENT_RELEASE:
	case EVENT_SPAM:
	case EVENT_APPEAL:
	case EVENT_UNDO:
		next->decided = m->now;
		break;
	default:
		break;
	}
	if (to == TICKET_HELD) /* also when the clock or a helper sent it there: holds are measured from here */
		next->decided = m->now;
	next->closed = to == TICKET_CLOSED ? m->now : 0;

	bool rises = m->event == EVENT_CLAIM || m->event == EVENT_RETURN || m->event == EVENT_LAPSE || m->event == EVENT_TRANSFER ||
		     m->event == EVENT_TRANSFER_TOPIC;
	next->lease.fence = t->lease.fence + rises;
	if (to == TICKET_LIVE) {
		next->holder = m->holder;
		next->lease.expires = m->expires;
		next->snoozed_by = 0;
	} else {
		next->holder = 0;
		next->lease.expires = 0;
		if (m->event == EVENT_SNOOZE)
			next->snoozed_by = t->holder;
		else if (to != TICKET_QUEUED || m->event == EVENT_REOPEN)
			next->snoozed_by = m->event == EVENT_REOPEN ? m->holder : 0;
	}
}

/* What wakes is kept for whoever snoozed it, unless they are given nothing: then newer questions would go before it for nobody. */
static enum err end_offer(struct db *db, const struct ticket *next, int64_t *offered_until, struct error *e)
{
	bool nothing = false;
	enum err rc = *offered_until && next->snoozed_by ? care_given_nothing(db, next->snoozed_by, &nothing, e) : ERR_OK;

	if (nothing)
		*offered_until = 0;
	return rc;
}

static enum err write_row(struct db *db, const struct move *m, const struct ticket *was, const struct ticket *t, int64_t offered_until,
			  struct error *e)
{
	bool judged = was->state == TICKET_HELD && (m->event == EVENT_RELEASE || m->event == EVENT_SPAM);

	return db_run(db, SQL_TICKET_SET_STATE,
		      BINDS(b_int(t->id), b_str(state_name(t->state)),
			    t->before == TICKET_STATES ? b_null() : b_str(state_name(t->before)), b_str(why_names[t->why]),
			    b_int(t->anchor), b_id(t->decided), b_id(t->closed), b_id(t->deadline), b_id(t->holder),
			    t->holder ? b_text(m->holder_name) : b_null(), b_int(t->lease.fence), b_id(t->lease.expires),
			    b_id(t->snoozed_by), b_int(offered_until), b_int(t->appealed), judged ? b_int(m->now - was->decided) : b_null()),
		      NULL, e);
}

static enum err keep_index(struct db *db, const struct ticket *was, const struct ticket *is, struct error *e)
{
	enum err rc;

	if (ticket_open(was) == ticket_open(is))
		return ERR_OK;
	rc = db_run(db, ticket_open(is) ? SQL_TICKET_INDEX : SQL_TICKET_UNINDEX, BINDS(b_int(is->id)), NULL, e);
	if (!rc)
		rc = db_run(db, ticket_open(is) ? SQL_TICKET_INDEXED : SQL_TICKET_UNINDEXED, BINDS(b_int(is->id)), NULL, e);
	return rc;
}

/* The request behind an event: some have another name for some states, and a repeat of the request has to be known again. */
static enum ticket_event asked_for(enum ticket_event event)
{
	return event == EVENT_WITHDRAW ? EVENT_CLOSE : event == EVENT_REOPEN_HELD ? EVENT_REOPEN : event;
}

static enum err write_entry(struct db *db, const struct move *m, const struct ticket *t, const struct ticket *next,
			    struct acted *out, struct error *e)
{
	struct str data;
	struct jv *o = jv_object();
	enum err rc;

	str_init(&data, 2048);
	o = jv_set_string(o, "from", state_name(t->state));
	o = jv_set_string(o, "to", state_name(next->state));
	o = jv_set_string(o, "event", event_name(m->event));
	if (next->state == TICKET_LIVE || (m->event == EVENT_REOPEN && m->holder))
		o = jv_set_text(o, "helper", m->holder_name);
	if (m->event == EVENT_CLAIM && m->pick)
		o = jv_set_bool(o, "pick", true);
	if (m->event == EVENT_CLAIM && m->older)
		o = jv_set_bool(o, "older", true);
	o = jv_set_time(o, "until", next->deadline);
	rc = jv_dump(o, &data);
	if (rc)
		rc = err_nomem(e);
	if (!rc) {
		struct append entry = {
			.ticket = t->id,
			.now = m->now,
			.kind = ENTRY_STATE,
			.author = m->by == BY_ASKER ? AUTHOR_ASKER : m->by == BY_SYSTEM ? AUTHOR_SYSTEM : AUTHOR_HELPER,
			.audience = AUDIENCE_ALL,
			.account = m->who.account,
			.author_name = m->who.name,
			.body = m->reason,
			.data = str_slice(&data),
			.client_id = m->client_id,
			.what = slice_of(event_name(asked_for(m->event))),
		};

		rc = talk_append(db, &entry, &out->n, e);
	}
	jv_free(&o);
	str_fini(&data);
	return rc;
}

void ticket_acted(const struct ticket *t, struct slice holder_name, struct acted *out)
{
	size_t len = holder_name.len < sizeof(out->holder_name) ? holder_name.len : sizeof(out->holder_name) - 1;

	out->fence = t->lease.fence;
	out->expires = t->lease.expires;
	out->state = t->state;
	out->holder = t->holder;
	if (len)
		memcpy(out->holder_name, holder_name.ptr, len);
	out->holder_name[len] = '\0';
}

enum err ticket_move(struct db *db, const struct move *m, struct acted *out, struct error *e)
{
	struct ticket t, next;
	struct move as = *m;
	enum ticket_state to;
	int64_t offered_until;
	enum err rc;

	assert(m->now > 0);
	memset(out, 0, sizeof(*out));
	rc = ticket_row(db, m->ticket, &t, e);
	if (rc)
		return rc;
	if (as.event == EVENT_REOPEN && t.state == TICKET_CLOSED && !ticket_open(&t))
		as.event = EVENT_REOPEN_HELD;
	rc = state_next(t.state, as.event, as.by, &to, e);
	if (rc)
		return rc;
	if (to == TICKET_BEFORE) {
		if (t.before == TICKET_STATES)
			return err_set(e, ERR_CONFLICT, "There is no decision to take back.");
		to = t.before;
	}
	if (as.event == EVENT_APPEAL && t.appealed)
		return err_set(e, ERR_CONFLICT, "A refusal can be appealed once.");
	if (as.check_fence && as.fence != t.lease.fence)
		return err_set(e, ERR_CONFLICT, "You do not hold this conversation any more.");
	rc = ticket_seen(db, &t, &as.who, as.seen, e);
	if (rc)
		return rc;

	project(&as, to, &t, &next, &offered_until);
	rc = end_offer(db, &next, &offered_until, e);
	if (!rc)
		rc = write_row(db, &as, &t, &next, offered_until, e);
	if (!rc && as.event == EVENT_TRANSFER_TOPIC)
		rc = db_run(db, SQL_TICKET_SET_TOPIC, BINDS(b_int(t.id), b_text(as.topic)), NULL, e);
	if (!rc && t.state == TICKET_LIVE)
		rc = db_run(db, SQL_TICKET_UNINVITE, BINDS(b_int(t.id)), NULL, e);
	if (!rc)
		rc = keep_index(db, &t, &next, e);
	if (!rc)
		rc = write_entry(db, &as, &t, &next, out, e);
	if (!rc && next.state == TICKET_CLOSED && t.state != TICKET_CLOSED)
		rc = trial_look(db, t.id, true, as.now, e);
	if (!rc && as.by == BY_MODERATOR) {
		char action[48];

		snprintf(action, sizeof(action), "ticket.%s", event_name(as.event));
		rc = audit_add(db, &as.who, action, "ticket", t.id, NULL, e);
	}
	if (rc)
		return rc;
	out->at = as.now;
	ticket_acted(&next, next.holder ? as.holder_name : SLICE_NONE, out);
	return ERR_OK;
}

enum err ticket_right(struct db *db, const struct ticket *t, struct act *act, int64_t now, struct error *e)
{
	if (act->by == BY_ASKER || act->by == BY_SYSTEM)
		return ERR_OK;
	if (!act->who.account || act->who.role < ROLE_TRIAL)
		return err_set(e, ERR_FORBIDDEN, "This is for helpers.");
	act->by = BY_HELPER;
	if (act->fenced || (t->state == TICKET_LIVE && !(act->who.role >= ROLE_MODERATOR && act->seen)))
		return lease_check(db, t, act, now, e);
	if (act->who.role >= ROLE_MODERATOR) {
		act->by = BY_MODERATOR;
		return ERR_OK;
	}
	if (t->state == TICKET_SNOOZED && t->snoozed_by != act->who.account)
		return err_set(e, ERR_CONFLICT, "Somebody else put this conversation aside.");
	return ERR_OK;
}
