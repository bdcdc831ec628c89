#include "desk/talk.h"

#include <stdio.h>

#include "desk/gate.h"
#include "desk/lease.h"
#include "text/utf.h"

/* ---- reading ---- */

static void read_row(struct rows *r, struct arena *a, struct reader who, struct entry *out)
{
	memset(out, 0, sizeof(*out));
	out->seq = rows_int(r, 0);
	out->ticket = rows_int(r, 1);
	out->n = rows_int(r, 2);
	out->at = rows_int(r, 3);
	out->kind = entry_kind_read(rows_text(r, 4));
	out->author = entry_author_read(rows_text(r, 5));
	out->audience = entry_audience_read(rows_text(r, 6));
	out->account = rows_int(r, 7);
	out->author_name = arena_slice(a, rows_text(r, 8));
	out->hidden = rows_int(r, 12) != 0;
	if (entry_readable(out, who))
		out->body = arena_slice(a, rows_text(r, 9));
	out->reply_to = rows_int(r, 10);
	out->data = arena_slice(a, rows_text(r, 11));
}

enum err talk_read_row(struct rows *r, struct arena *a, struct reader who, struct entry *out)
{
	read_row(r, a, who, out);
	if (arena_failed(a))
		return ERR_NOMEM;
	return out->kind == ENTRY_KINDS ? ERR_CORRUPT : ERR_OK;
}

enum err talk_read(struct db *db, struct arena *a, int64_t ticket, int64_t after, size_t limit, struct reader who, struct page *out,
		   struct error *e)
{
	struct rows r;
	enum err rc, closed;

	memset(out, 0, sizeof(*out));
	if (limit > TALK_PAGE)
		limit = TALK_PAGE;
	out->entries = arena_array(a, limit + 1, sizeof(*out->entries));
	if (!out->entries)
		return err_nomem(e);
	rc = rows_open(db, &r, SQL_TALK_PAGE, BINDS(b_int(ticket), b_int(after), b_int(who.view != VIEW_ASKER), b_int((int64_t)limit + 1)), e);
	if (rc)
		return rc;
	while (!rc && rows_next(&r)) {
		if (out->count == limit) {
			out->more = true;
			break;
		}
		rc = talk_read_row(&r, a, who, &out->entries[out->count++]);
	}
	closed = rows_close(&r);
	if (closed)
		return closed;
	if (rc)
		return err_set(e, rc, "The conversation cannot be read now.");
	return ERR_OK;
}

enum err talk_entry(struct db *db, struct arena *a, int64_t ticket, int64_t n, struct entry *out, struct error *e)
{
	struct rows r;
	enum err rc, closed;

	rc = rows_open(db, &r, SQL_TALK_ONE, BINDS(b_int(ticket), b_int(n)), e);
	if (rc)
		return rc;
	rc = rows_next(&r) ? talk_read_row(&r, a, (struct reader){ VIEW_MODERATOR, 0 }, out) : ERR_NOT_FOUND;
	closed = rows_close(&r);
	if (closed)
		return closed;
	return rc ? err_set(e, rc, "There is no such entry.") : ERR_OK;
}

struct jv *talk_json(struct arena *a, const struct ticket *t, const struct page *p, enum view v)
{
	struct entry_look look = { .view = v, .links = t->answered != 0, .asker_name = t->name };
	struct jv *list = jv_array();

	for (size_t i = 0; i < p->count; i++)
		list = jv_push(list, entry_json(a, &p->entries[i], &look));
	return list;
}

/* ---- the log itself ---- */

/* What makes two requests of one client_id the same. */
static struct crypt_hash same_of(const struct append *in)
{
	struct str s;
	struct crypt_hash hash;

	str_init(&s, TICKET_TEXT_MAX_BYTES * 2);
	str_addf(&s, "%s\n%lld\n", entry_kind_name(in->kind), (long long)in->reply_to);
	str_add(&s, in->what);
	str_addc(&s, '\n');
	str_add(&s, in->body);
	hash = crypt_sha256(str_slice(&s));
	str_fini(&s);
	return hash;
}

static enum err next_n(struct db *db, const struct append *in, int64_t *n, bool *open, struct error *e)
{
	struct rows r;
	enum err rc, closed;
	struct ticket t = { .before = TICKET_STATES };

	rc = rows_open(db, &r, SQL_TALK_NEXT_N, BINDS(b_int(in->ticket), b_int(in->now)), e);
	if (rc)
		return rc;
	rc = ERR_NOT_FOUND;
	if (rows_next(&r)) {
		rc = ERR_OK;
		*n = rows_int(&r, 0);
		t.state = state_read(rows_text(&r, 1));
		if (!rows_null(&r, 2))
			t.before = state_read(rows_text(&r, 2));
	}
	closed = rows_close(&r);
	if (closed)
		return closed;
	*open = ticket_open(&t);
	return rc ? err_set(e, rc, "There is no such conversation.") : ERR_OK;
}

enum err talk_append(struct db *db, const struct append *in, int64_t *n, struct error *e)
{
	struct crypt_hash same;
	bool open, findable = in->index && in->body.len && in->audience != AUDIENCE_HELD;
	int64_t seq;
	enum err rc = next_n(db, in, n, &open, e);

	if (rc)
		return rc;
	if (in->client_id.ptr)
		same = same_of(in);
	rc = db_int(db, SQL_TALK_INSERT,
		    BINDS(b_int(in->ticket), b_int(*n), b_int(in->now), b_str(entry_kind_name(in->kind)),
			  b_str(entry_author_name(in->author)), b_int(in->account), b_text(in->author_name),
			  b_str(entry_audience_name(in->audience)), b_text(in->body), b_id(in->reply_to), b_text(in->data),
			  b_text(in->client_id), in->client_id.ptr ? b_blob(same.bytes, sizeof(same.bytes)) : b_null(), b_int(findable),
			  b_int(findable && open)),
		    &seq, e);
	if (!rc && findable && open)
		rc = db_run(db, SQL_TALK_INDEX, BINDS(b_int(seq), b_text(in->body)), NULL, e);
	return rc;
}

enum err talk_unindex(struct db *db, int64_t ticket, int64_t n, struct error *e)
{
	enum err rc = db_run(db, SQL_TALK_UNINDEX, BINDS(b_int(ticket), b_int(n)), NULL, e);

	return rc ? rc : db_run(db, SQL_TALK_UNINDEXED, BINDS(b_int(ticket), b_int(n)), NULL, e);
}

enum err talk_repeat(struct db *db, const struct append *in, bool *found, struct posted *out, struct error *e)
{
	struct crypt_hash same;
	struct rows r;
	enum err rc, closed;

	*found = false;
	memset(out, 0, sizeof(*out));
	if (!in->client_id.ptr)
		return ERR_OK;
	rc = rows_open(db, &r, SQL_TALK_BY_CLIENT, BINDS(b_text(in->client_id), b_int(in->account), b_int(in->ticket)), e);
	if (rc)
		return rc;
	if (rows_next(&r)) {
		struct slice kept = rows_blob(&r, 2);

		same = same_of(in);
		/* Words that were erased took their hash along: then the client_id alone has to do. */
		if (kept.ptr && !slice_eq(kept, slice_make((const char *)same.bytes, sizeof(same.bytes))))
			rc = err_field(e, ERR_CONFLICT, "client_id", "This client_id was used for something else.");
		*found = true;
		out->n = rows_int(&r, 0);
		out->at = rows_int(&r, 1);
		out->held = slice_is(rows_text(&r, 3), "held");
		out->repeat = true;
	}
	closed = rows_close(&r);
	return closed ? closed : rc;
}

enum err talk_release(struct db *db, int64_t ticket, int64_t n, int64_t now, struct error *e)
{
	struct arena *a = arena_new(64 * 1024);
	struct entry held;
	char data[64];
	int64_t entry_n, before = 0;
	enum err rc;

	if (!a)
		return err_nomem(e);
	rc = talk_entry(db, a, ticket, n, &held, e);
	if (!rc)
		rc = db_int(db, SQL_TALK_RELEASED, BINDS(b_int(ticket), b_int(n)), &before, e);
	if (!rc && (held.audience != AUDIENCE_HELD || before || held.hidden || !held.body.ptr))
		rc = err_set(e, ERR_CONFLICT, "This line is not held.");
	if (!rc) {
		struct append entry = { .ticket = ticket, .now = now, .kind = ENTRY_RELEASE, .author = held.author,
					.audience = AUDIENCE_ALL, .account = held.account, .author_name = held.author_name, .body = held.body,
					.reply_to = n, .index = true };

		snprintf(data, sizeof(data), "{\"of\":%lld}", (long long)n);
		entry.data = slice_of(data);
		rc = talk_append(db, &entry, &entry_n, e);
	}
	arena_free(&a);
	return rc;
}

/* ---- writing ---- */

struct write {
	const struct post *in;
	struct append entry;         /* without time */
	const struct screening *screening; /* NULL: not screened */
	int64_t edits;               /* the entry that is corrected; 0: none */
	char data[96];
	struct posted *out;
};

enum err talk_asker_room(const struct ticket *t, size_t bytes, struct error *e)
{
	enum err rc;

	if (t->answered || (t->additions < TALK_ADDITIONS_MAX && t->added_bytes + (int64_t)bytes <= TALK_ADDITIONS_BYTES))
		return ERR_OK;
	rc = err_field(e, ERR_LIMITED, "body",
		       "You have added as much as fits before somebody answers. Please wait for an answer; nothing you sent before is lost.");
	if (e)
		e->retry_after_s = 600;
	return rc;
}

enum err talk_asker_added(struct db *db, const struct ticket *t, size_t bytes, struct error *e)
{
	return t->answered ? ERR_OK : db_run(db, SQL_TALK_ADDED, BINDS(b_int(t->id), b_int((int64_t)bytes)), NULL, e);
}

static enum err asker_may_write(const struct ticket *t, size_t bytes, struct error *e)
{
	if (t->state == TICKET_REJECTED || t->state == TICKET_SPAM)
		return err_set(e, ERR_CONFLICT, "This question was refused. You can appeal, and a person will look at it.");
	if (t->state == TICKET_ERASED || t->state == TICKET_PURGED)
		return err_set(e, ERR_CONFLICT, "The words of this conversation are gone.");
	return talk_asker_room(t, bytes, e);
}

static enum err write_asker(struct db *db, struct write *w, const struct ticket *t, struct error *e)
{
	struct append entry = w->entry;
	enum action action = ACTION_ACCEPT;
	struct acted moved;
	enum err rc = asker_may_write(t, entry.body.len, e);

	if (!rc)
		rc = gate_record(db, w->screening, t->id, t->last_n + 1, &action, e);
	if (rc)
		return rc;
	if (action != ACTION_ACCEPT) {
		entry.audience = AUDIENCE_HELD;
		w->out->held = true;
	}
	rc = talk_append(db, &entry, &w->out->n, e);
	if (!rc)
		rc = talk_asker_added(db, t, entry.body.len, e);
	if (!rc)
		rc = db_run(db, SQL_TALK_TOUCH_ASKER, BINDS(b_int(t->id), b_int(entry.now)), NULL, e);
	if (!rc && t->state == TICKET_SNOOZED)
		rc = ticket_move(db, &(struct move){ .ticket = t->id, .event = EVENT_REPLY, .by = BY_ASKER, .now = entry.now }, &moved, e);
	return rc;
}

static enum err write_staff(struct db *db, struct write *w, const struct ticket *t, struct error *e)
{
	struct append entry = w->entry;
	struct act act = w->in->act;
	enum err rc = ticket_right(db, t, &act, entry.now, e);

	if (!rc && act.by == BY_MODERATOR)
		rc = ticket_seen(db, t, &act.who, act.seen, e);
	if (rc)
		return rc;
	if (t->state == TICKET_ERASED || t->state == TICKET_PURGED)
		return err_set(e, ERR_CONFLICT, "The words of this conversation are gone.");
	if (t->state != TICKET_LIVE && !(w->in->note && act.by == BY_MODERATOR))
		return err_set(e, ERR_CONFLICT, "Nobody holds this conversation.");
	if (w->screening) {
		const struct verdict *v = gate_verdict(w->screening);
		enum action action;

		rc = gate_record(db, w->screening, t->id, t->last_n + 1, &action, e);
		if (rc)
			return rc;
		/* Payment or outside contact: a trial helper's line waits for a moderator, the others' carry a warning. */
		if (v->flagged && act.who.role == ROLE_TRIAL) {
			entry.audience = AUDIENCE_HELD;
			w->out->held = true;
		} else if (v->flagged) {
			if (w->edits)
				snprintf(w->data, sizeof(w->data), "{\"of\":%lld,\"warn\":true}", (long long)w->edits);
			entry.data = w->edits ? slice_of(w->data) : SLICE("{\"warn\":true}");
		}
	}
	rc = talk_append(db, &entry, &w->out->n, e);
	if (!rc && entry.kind == ENTRY_MESSAGE && entry.audience == AUDIENCE_ALL)
		rc = db_run(db, SQL_TALK_TOUCH_HELPER, BINDS(b_int(t->id), b_int(entry.now)), NULL, e);
	if (!rc && !w->edits)
		rc = db_run(db, SQL_TALK_DRAFT_DROP, BINDS(b_int(t->id), b_int(act.who.account)), NULL, e);
	w->out->fence = t->lease.fence;
	w->out->expires = t->lease.expires;
	if (!rc && act.by == BY_HELPER) {
		w->out->expires = lease_term(entry.now);
		rc = db_run(db, SQL_TALK_EXTEND, BINDS(b_int(t->id), b_int(w->out->expires)), NULL, e);
	}
	return rc;
}

/* Replies and corrections name an entry that the writer can see; a correction, one of their own. */
static enum err check_target(struct db *db, const struct write *w, struct error *e)
{
	int64_t of = w->edits ? w->edits : w->entry.reply_to;
	bool asker = w->in->act.by == BY_ASKER;
	struct arena *a;
	struct entry x;
	enum err rc;

	if (!of)
		return ERR_OK;
	a = arena_new(64 * 1024);
	if (!a)
		return err_nomem(e);
	rc = talk_entry(db, a, w->entry.ticket, of, &x, NULL);
	if (rc == ERR_NOT_FOUND || (!rc && !entry_visible(&x, asker ? VIEW_ASKER : VIEW_STAFF)))
		rc = err_field(e, ERR_INVALID, w->edits ? "of" : "reply_to", "There is no such entry.");
	else if (!rc && w->edits &&
		 (x.kind != ENTRY_MESSAGE || x.hidden || x.author != w->entry.author || x.account != w->entry.account))
		rc = err_set(e, ERR_CONFLICT, "Only the writer of a message can correct it.");
	else if (rc)
		rc = err_set(e, rc, "The conversation cannot be read now.");
	arena_free(&a);
	return rc;
}

static enum err write_entry(struct db *db, void *self, struct error *e)
{
	struct write *w = self;
	struct ticket t;
	bool found;
	enum err rc;

	memset(w->out, 0, sizeof(*w->out));
	w->entry.now = clock_wall_ms();
	rc = ticket_row(db, w->entry.ticket, &t, e);
	if (!rc)
		rc = talk_repeat(db, &w->entry, &found, w->out, e);
	if (rc || found)
		return rc;
	rc = check_target(db, w, e);
	if (!rc && w->edits)
		rc = talk_unindex(db, w->entry.ticket, w->edits, e);
	if (!rc)
		rc = w->in->act.by == BY_ASKER ? write_asker(db, w, &t, e) : write_staff(db, w, &t, e);
	w->out->at = w->entry.now;
	return rc;
}

static enum err check_post(const struct post *in, struct error *e)
{
	const struct act *act = &in->act;

	if (act->client_id.ptr && (act->client_id.len < 1 || act->client_id.len > TICKET_CLIENT_ID_MAX_BYTES))
		return err_field(e, ERR_INVALID, "client_id", "A client_id has 1 to %d bytes.", TICKET_CLIENT_ID_MAX_BYTES);
	if (!in->body.ptr || utf_blank(in->body))
		return err_field(e, ERR_INVALID, "body", "Please write something first.");
	if (in->body.len > TICKET_TEXT_MAX_BYTES)
		return err_field(e, ERR_INVALID, "body", "A text has at most %d bytes.", TICKET_TEXT_MAX_BYTES);
	if (!utf_acceptable(in->body))
		return err_field(e, ERR_MALFORMED, "body", "The text is not valid UTF-8.");
	if (in->reply_to < 0)
		return err_field(e, ERR_INVALID, "reply_to", "There is no such entry.");
	if (act->by != BY_ASKER && !act->fenced && !(act->who.role >= ROLE_MODERATOR && act->seen))
		return err_field(e, ERR_MALFORMED, "fence", "The fence of your claim is missing.");
	return ERR_OK;
}

static enum err screen(struct desk *d, struct db *db, struct arena *a, const struct post *in, int64_t of, struct slice name,
		       struct screening **out, struct error *e)
{
	bool asker = in->act.by == BY_ASKER;
	struct submission *s = ARENA_NEW(a, struct submission);

	if (!s)
		return err_nomem(e);
	s->kind = asker ? SUBMIT_LINE : SUBMIT_HELPER;
	s->channel = CHANNEL_CHAT;
	s->body = in->body;
	s->name = name;
	s->user_agent = in->agent;
	s->form = in->form;
	s->api = !in->form.ptr;
	s->ticket = in->act.ticket;
	s->account = asker ? 0 : in->act.who.account;
	s->corrects = of;
	return gate_screen(d, db, a, s, &in->sender, out, e);
}

static enum err post(struct desk *d, struct db *db, struct arena *a, const struct post *in, int64_t of, struct posted *out,
		     struct error *e)
{
	bool asker = in->act.by == BY_ASKER, found;
	struct write w = { .in = in, .edits = of, .out = out };
	struct screening *screening = NULL;
	struct ticket t;
	enum err rc = check_post(in, e);

	memset(out, 0, sizeof(*out));
	if (rc)
		return rc;
	w.entry = (struct append){
		.ticket = in->act.ticket,
		.kind = of ? ENTRY_EDIT : in->note ? ENTRY_NOTE : ENTRY_MESSAGE,
		.author = asker ? AUTHOR_ASKER : AUTHOR_HELPER,
		.audience = in->note ? AUDIENCE_STAFF : AUDIENCE_ALL,
		.account = in->act.who.account,
		.author_name = in->act.who.name,
		.body = in->body,
		.reply_to = of ? of : in->reply_to,
		.client_id = in->act.client_id,
		.index = true,
	};
	if (!w.entry.client_id.ptr && in->form.len && in->form.len <= TICKET_CLIENT_ID_MAX_BYTES) {
		w.entry.client_id = in->form;
		if (in->form.ptr[in->form.len - 1] == '~') /* the page's script vouched: still the same nonce */
			w.entry.client_id.len--;
	}
	if (of) {
		snprintf(w.data, sizeof(w.data), "{\"of\":%lld}", (long long)of);
		w.entry.data = slice_of(w.data);
	}
	/* A repeat and a hopeless request are known before anything is screened or counted. */
	rc = ticket_load(db, a, in->act.ticket, &t, e);
	if (!rc)
		rc = talk_repeat(db, &w.entry, &found, out, e);
	if (rc || found)
		return rc;
	if (asker) {
		rc = asker_may_write(&t, in->body.len, e);
	} else {
		enum access access;

		rc = ticket_may_read(db, &in->act.who, &t, &access, e);
		if (!rc && (access == ACCESS_NONE || access == ACCESS_LIST))
			rc = err_set(e, ERR_NOT_FOUND, "There is no such conversation.");
	}
	if (!rc && (asker || !in->note))
		rc = screen(d, db, a, in, of, t.name, &screening, e);
	if (!rc && !asker && screening && gate_verdict(screening)->flagged && in->act.who.role != ROLE_TRIAL && !in->confirmed)
		rc = err_field(e, ERR_INVALID, "confirm",
			       "This seems to ask for money or to move the talk elsewhere. If it is right, confirm it: the asker is warned, and moderators are told.");
	if (rc)
		return rc;
	w.screening = screening;
	rc = writer_do(d->writer, LANE_TALK, write_entry, &w, e);
	if (rc == ERR_CONFLICT && in->form.len && !in->act.client_id.ptr) {
		/* The nonce was spent by the same form sent twice at once: the other one's answer is this one's. */
		enum err again = talk_repeat(db, &w.entry, &found, out, NULL);

		if (!again && found)
			return ERR_OK;
	}
	return rc;
}

enum err talk_post(struct desk *d, struct db *db, struct arena *a, const struct post *in, struct posted *out, struct error *e)
{
	return post(d, db, a, in, 0, out, e);
}

enum err talk_edit(struct desk *d, struct db *db, struct arena *a, const struct post *in, int64_t of, struct posted *out,
		   struct error *e)
{
	if (of <= 0 || in->note)
		return err_field(e, ERR_INVALID, "of", "There is no such entry.");
	return post(d, db, a, in, of, out, e);
}

/* ---- drafts ---- */

struct draft {
	int64_t ticket, account;
	struct slice body;
};

static enum err put_draft(struct db *db, void *self, struct error *e)
{
	const struct draft *d = self;
	struct ticket t;

	if (!d->body.len)
		return db_run(db, SQL_TALK_DRAFT_DROP, BINDS(b_int(d->ticket), b_int(d->account)), NULL, e);
	enum err rc = ticket_row(db, d->ticket, &t, e);
	if (rc)
		return rc;
	/* A page that is still open goes on keeping its draft, which quotes the asker as likely as not. */
	if (t.state == TICKET_ERASED || t.state == TICKET_PURGED)
		return err_set(e, ERR_CONFLICT, "The words of this conversation are gone.");
	return db_run(db, SQL_TALK_DRAFT_PUT, BINDS(b_int(d->ticket), b_int(d->account), b_text(d->body), b_int(clock_wall_ms())), NULL,
		      e);
}

enum err talk_draft_put(struct desk *d, int64_t ticket, const struct actor *who, struct slice body, struct error *e)
{
	struct draft draft = { ticket, who->account, body };

	if (body.len > TALK_DRAFT_MAX_BYTES)
		return err_field(e, ERR_INVALID, "body", "A draft has at most %d bytes.", TALK_DRAFT_MAX_BYTES);
	return writer_do(d->writer, LANE_TALK, put_draft, &draft, e);
}

enum err talk_draft(struct db *db, struct arena *a, int64_t ticket, int64_t account, struct slice *body, struct error *e)
{
	struct rows r;
	enum err rc, closed;

	*body = SLICE_NONE;
	rc = rows_open(db, &r, SQL_TALK_DRAFT_GET, BINDS(b_int(ticket), b_int(account)), e);
	if (rc)
		return rc;
	if (rows_next(&r))
		*body = arena_slice(a, rows_text(&r, 0));
	closed = rows_close(&r);
	return closed ? closed : arena_failed(a) ? err_nomem(e) : ERR_OK;
}
