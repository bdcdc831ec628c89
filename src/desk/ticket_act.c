#include "desk/ticket_act.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "desk/audit.h"
#include "desk/care.h"
#include "desk/erase.h"
#include "desk/keys.h"
#include "desk/lease.h"
#include "desk/presence.h"
#include "desk/repeat.h"
#include "desk/report.h"
#include "desk/talk.h"
#include "text/utf.h"

enum { SNOOZE_MAX_DAYS = 90 };
#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* ---- what staff and askers do: one command each ---- */

struct step {
	struct act act;
	struct move move;
	struct slice note;
	struct acted *out;
};

static enum err step_repeat(struct db *db, const struct act *act, struct slice what, struct acted *out, bool *found, struct error *e)
{
	struct append same = { .ticket = act->ticket, .kind = ENTRY_STATE, .account = act->who.account, .body = act->reason,
			       .client_id = act->client_id, .what = what };
	struct posted before;
	enum err rc;

	*found = false;
	if (!act->client_id.ptr)
		return ERR_OK;
	rc = talk_repeat(db, &same, found, &before, e);
	if (!rc && *found) {
		struct ticket t;

		rc = ticket_row(db, act->ticket, &t, e);
		if (!rc)
			ticket_acted(&t, SLICE_NONE, out);
		out->n = before.n;
		out->at = before.at;
		out->repeat = true;
	}
	return rc;
}

static enum err may_touch(struct db *db, const struct act *act, const struct ticket *t, struct error *e)
{
	enum access access;
	enum err rc;

	if (act->by == BY_ASKER || act->by == BY_SYSTEM)
		return ERR_OK;
	rc = ticket_may_read(db, &act->who, t, &access, e);
	if (!rc && (access == ACCESS_NONE || (access == ACCESS_LIST && t->state != TICKET_QUEUED)))
		rc = err_set(e, ERR_NOT_FOUND, "There is no such conversation.");
	return rc;
}

static enum err may_be_given(struct db *db, int64_t account, struct error *e)
{
	bool nothing;
	enum err rc = care_given_nothing(db, account, &nothing, e);

	return rc ? rc : nothing ? err_field(e, ERR_CONFLICT, "to", "They take nobody new at the moment; choose somebody else.") : ERR_OK;
}

static enum err take_step(struct db *db, void *self, struct error *e)
{
	struct step *s = self;
	struct act act = s->act;
	struct move m = s->move;
	struct ticket t;
	struct again again;
	bool found;
	enum err rc;

	memset(s->out, 0, sizeof(*s->out));
	m.now = clock_wall_ms();
	rc = ticket_row(db, act.ticket, &t, e);
	if (!rc)
		rc = may_touch(db, &act, &t, e);
	if (!rc)
		rc = step_repeat(db, &act, slice_of(event_name(m.event)), s->out, &found, e);
	if (rc || found)
		return rc;
	/* "Close" by the asker of what nobody has taken up is a withdrawal. */
	if (m.event == EVENT_CLOSE && act.by == BY_ASKER && state_arrow(t.state, EVENT_WITHDRAW))
		m.event = EVENT_WITHDRAW;
	rc = ticket_right(db, &t, &act, m.now, e);
	if (!rc && m.event == EVENT_REOPEN && act.by == BY_ASKER)
		rc = ticket_asker_steps(db, t.id, m.now, e);
	if (rc)
		return rc;
	m.ticket = act.ticket;
	m.by = act.by;
	m.who = act.who;
	m.seen = act.by == BY_MODERATOR ? act.seen : 0;
	m.client_id = act.client_id;
	m.reason = act.reason;
	if (m.event == EVENT_REOPEN && act.by == BY_ASKER && act.again) {
		rc = ticket_again(db, t.id, &again, e);
		if (rc)
			return rc;
		m.holder = again.account;
		m.holder_name = slice_of(again.name);
	}
	if (m.event == EVENT_TRANSFER) {
		m.expires = lease_term(m.now);
		rc = may_be_given(db, m.holder, e);
		if (rc)
			return rc;
	}
	rc = ticket_move(db, &m, s->out, e);
	if (!rc && s->note.len) {
		struct append note = { .ticket = act.ticket, .now = m.now, .kind = ENTRY_NOTE, .author = AUTHOR_HELPER,
				       .audience = AUDIENCE_STAFF, .account = act.who.account, .author_name = act.who.name, .body = s->note,
				       .index = true };
		int64_t n;

		rc = talk_append(db, &note, &n, e);
	}
	return rc;
}

static enum err check_act(const struct act *in, struct error *e)
{
	if (in->client_id.ptr && (in->client_id.len < 1 || in->client_id.len > TICKET_CLIENT_ID_MAX_BYTES))
		return err_field(e, ERR_INVALID, "client_id", "A client_id has 1 to %d bytes.", TICKET_CLIENT_ID_MAX_BYTES);
	if (in->reason.len > TICKET_REASON_MAX_BYTES)
		return err_field(e, ERR_INVALID, "reason", "A reason has at most %d bytes.", TICKET_REASON_MAX_BYTES);
	return ERR_OK;
}

static enum err step(struct desk *d, const struct act *in, const struct move *m, struct slice note, struct acted *out,
		     struct error *e)
{
	struct step s = { *in, *m, note, out };
	enum err rc = check_act(in, e);

	memset(out, 0, sizeof(*out));
	return rc ? rc : writer_do(d->writer, LANE_TALK, take_step, &s, e);
}

enum err ticket_close(struct desk *d, const struct act *in, struct acted *out, struct error *e)
{
	return step(d, in, &(struct move){ .event = EVENT_CLOSE }, SLICE_NONE, out, e);
}

enum err ticket_reopen(struct desk *d, const struct act *in, struct acted *out, struct error *e)
{
	return step(d, in, &(struct move){ .event = EVENT_REOPEN }, SLICE_NONE, out, e);
}

enum err ticket_again(struct db *db, int64_t ticket, struct again *out, struct error *e)
{
	struct rows r;
	bool paused = false;
	enum err rc = rows_open(db, &r, SQL_TICKET_AGAIN, BINDS(b_int(ticket)), e);

	*out = (struct again){ 0 };
	if (rc)
		return rc;
	if (rows_next(&r)) {
		out->account = rows_int(&r, 0);
		snprintf(out->name, sizeof(out->name), "%.*s", SLICE_ARG(rows_text(&r, 1)));
	}
	rc = rows_close(&r);
	if (!rc && out->account)
		rc = report_paused(db, out->account, &paused, e);
	if (paused)
		*out = (struct again){ 0 };
	return rc;
}

enum err ticket_not_real(struct desk *d, const struct act *in, struct acted *out, struct error *e)
{
	return step(d, in, &(struct move){ .event = EVENT_NOT_REAL, .why = HELD_NOT_REAL }, SLICE_NONE, out, e);
}

enum err ticket_return(struct desk *d, const struct act *in, struct acted *out, struct error *e)
{
	return step(d, in, &(struct move){ .event = EVENT_RETURN }, SLICE_NONE, out, e);
}

enum err ticket_snooze(struct desk *d, const struct act *in, int64_t until, struct acted *out, struct error *e)
{
	int64_t now = clock_wall_ms();

	if (until <= now || until > now + SNOOZE_MAX_DAYS * DAY_MS)
		return err_field(e, ERR_INVALID, "until", "Choose a time within the next %d days.", SNOOZE_MAX_DAYS);
	return step(d, in, &(struct move){ .event = EVENT_SNOOZE, .deadline = until }, SLICE_NONE, out, e);
}

/* Topics the desk offers; where none are configured, none exist. */
bool ticket_topic_known(struct slice topic)
{
	struct slice list = slice_of(conf()->topics), offered;

	while (utf_part(&list, ',', &offered))
		if (slice_eq(offered, topic))
			return true;
	return false;
}

enum err ticket_transfer(struct desk *d, const struct act *in, const struct transfer *t, struct acted *out, struct error *e)
{
	struct move m = { .event = EVENT_TRANSFER, .holder = t->to, .holder_name = t->to_name };

	if (t->note.len > TICKET_TEXT_MAX_BYTES)
		return err_field(e, ERR_INVALID, "note", "A note has at most %d bytes.", TICKET_TEXT_MAX_BYTES);
	if (!t->to) {
		if (!ticket_topic_known(t->topic))
			return err_field(e, ERR_INVALID, "topic", "There is no such topic.");
		m.event = EVENT_TRANSFER_TOPIC;
		m.topic = t->topic;
	}
	return step(d, in, &m, t->note, out, e);
}

/* ---- facts: what is set without an arrow ---- */

enum fact { FACT_TOPIC, FACT_INVITE, FACT_URGENT, FACT_HIDE };
static const char *const fact_names[] = { "topic", "invite", "urgent", "hide" };

struct fact_step {
	struct act act;
	enum fact fact;
	struct slice topic, name;
	int64_t account, of;
	bool yes, suppress;
	struct acted *out;
};

static enum err fact_data(const struct fact_step *f, struct str *out, struct error *e)
{
	struct jv *o = jv_object();
	enum err rc;

	if (f->fact == FACT_HIDE) {
		if (f->of)
			o = jv_set_int(o, "of", f->of);
		o = jv_set_string(o, "level", f->suppress ? "suppress" : "hide");
	} else {
		o = jv_set_string(o, "what", fact_names[f->fact]);
	}
	if (f->fact == FACT_TOPIC)
		o = jv_set_text(o, "topic", f->topic);
	if (f->fact == FACT_INVITE)
		o = jv_set_text(o, "helper", f->name);
	if (f->fact == FACT_URGENT)
		o = jv_set_bool(o, "urgent", f->yes);
	rc = jv_dump(o, out);
	jv_free(&o);
	return rc ? err_nomem(e) : ERR_OK;
}

static enum err hide_now(struct db *db, const struct fact_step *f, struct error *e)
{
	enum err rc;

	if (!f->of)
		return f->suppress ? erase_words(db, f->act.ticket, e) : db_run(db, SQL_TICKET_SET_HIDDEN, BINDS(b_int(f->act.ticket)), NULL, e);
	if (f->suppress)
		return erase_entry(db, f->act.ticket, f->of, e);
	rc = talk_unindex(db, f->act.ticket, f->of, e);
	return rc ? rc : db_run(db, SQL_TICKET_LOG_HIDE, BINDS(b_int(f->act.ticket), b_int(f->of)), NULL, e);
}

static enum err fact_right(struct db *db, const struct ticket *t, struct act *act, int64_t now, struct error *e)
{
	enum err rc = ticket_right(db, t, act, now, e);

	return !rc && act->by == BY_MODERATOR ? ticket_seen(db, t, &act->who, act->seen, e) : rc;
}

/* What the fact changes beside its entry in the log. */
static enum err apply_fact(struct db *db, const struct fact_step *f, const struct ticket *t, struct act *act, int64_t now, struct error *e)
{
	enum err rc = ERR_OK;

	switch (f->fact) {
	case FACT_HIDE:
		if (f->of > t->last_n)
			return err_field(e, ERR_INVALID, "of", "There is no such entry.");
		/* One entry is hidden for what it says itself. */
		rc = f->of ? ERR_OK : ticket_seen(db, t, &act->who, act->seen, e);
		if (!rc)
			rc = hide_now(db, f, e);
		if (!rc)
			rc = audit_add(db, &act->who, f->suppress ? "ticket.suppress" : "ticket.hide", "ticket", t->id, NULL, e);
		break;
	case FACT_TOPIC:
		rc = fact_right(db, t, act, now, e);
		if (!rc && !ticket_open(t))
			rc = err_set(e, ERR_CONFLICT, "This conversation is not in the queue.");
		if (!rc)
			rc = db_run(db, SQL_TICKET_SET_TOPIC, BINDS(b_int(t->id), b_text(f->topic)), NULL, e);
		break;
	case FACT_INVITE:
		rc = fact_right(db, t, act, now, e);
		if (!rc && t->state != TICKET_LIVE)
			rc = err_set(e, ERR_CONFLICT, "Nobody holds this conversation.");
		if (!rc)
			rc = may_be_given(db, f->account, e);
		if (!rc)
			rc = db_run(db, SQL_TICKET_INVITE, BINDS(b_int(t->id), b_int(f->account), b_int(now)), NULL, e);
		break;
	case FACT_URGENT:
		rc = db_run(db, SQL_TICKET_SET_URGENT, BINDS(b_int(t->id), b_int(f->yes)), NULL, e);
		if (!rc)
			rc = audit_add(db, &act->who, f->yes ? "ticket.urgent" : "ticket.calm", "ticket", t->id, NULL, e);
		break;
	}
	return rc;
}

static enum err set_fact(struct db *db, void *self, struct error *e)
{
	struct fact_step *f = self;
	struct act act = f->act;
	struct ticket t;
	struct str data;
	int64_t now = clock_wall_ms();
	enum err rc;

	memset(f->out, 0, sizeof(*f->out));
	str_init(&data, 4096);
	rc = ticket_row(db, act.ticket, &t, e);
	if (!rc)
		rc = may_touch(db, &act, &t, e);
	if (!rc)
		rc = fact_data(f, &data, e);
	if (rc)
		goto out;
	bool all = f->fact == FACT_TOPIC || f->fact == FACT_HIDE;
	struct append entry = { .ticket = act.ticket, .now = now, .kind = ENTRY_FACT, .author = AUTHOR_HELPER,
				.audience = all ? AUDIENCE_ALL : AUDIENCE_STAFF, .account = act.who.account, .author_name = act.who.name,
				.body = act.reason, .data = str_slice(&data), .client_id = act.client_id,
				.what = slice_of(fact_names[f->fact]) };
	struct posted before;
	bool found = false;

	if (f->fact == FACT_HIDE)
		entry.kind = f->suppress ? ENTRY_ERASE : ENTRY_HIDE;
	if (act.client_id.ptr)
		rc = talk_repeat(db, &entry, &found, &before, e);
	if (!rc && found) {
		ticket_acted(&t, SLICE_NONE, f->out);
		f->out->n = before.n;
		f->out->at = before.at;
		f->out->repeat = true;
	}
	if (rc || found)
		goto out;
	if (t.state == TICKET_ERASED || t.state == TICKET_PURGED) {
		rc = err_set(e, ERR_CONFLICT, "The words of this conversation are gone.");
		goto out;
	}
	rc = apply_fact(db, f, &t, &act, now, e);
	if (!rc)
		rc = talk_append(db, &entry, &f->out->n, e);
	if (!rc) {
		ticket_acted(&t, SLICE_NONE, f->out);
		f->out->at = now;
	}
out:
	str_fini(&data);
	return rc;
}

static enum err fact(struct desk *d, struct fact_step *f, struct error *e)
{
	enum err rc = check_act(&f->act, e);

	memset(f->out, 0, sizeof(*f->out));
	return rc ? rc : writer_do(d->writer, LANE_TALK, set_fact, f, e);
}

enum err ticket_topic(struct desk *d, const struct act *in, struct slice topic, struct acted *out, struct error *e)
{
	if (!ticket_topic_known(topic))
		return err_field(e, ERR_INVALID, "topic", "There is no such topic.");
	return fact(d, &(struct fact_step){ .act = *in, .fact = FACT_TOPIC, .topic = topic, .out = out }, e);
}

enum err ticket_invite(struct desk *d, const struct act *in, int64_t account, struct slice name, struct acted *out,
		       struct error *e)
{
	return fact(d, &(struct fact_step){ .act = *in, .fact = FACT_INVITE, .account = account, .name = name, .out = out }, e);
}

enum err ticket_urgent(struct desk *d, const struct act *in, bool urgent, struct acted *out, struct error *e)
{
	return fact(d, &(struct fact_step){ .act = *in, .fact = FACT_URGENT, .yes = urgent, .out = out }, e);
}

enum err ticket_hide(struct desk *d, const struct act *in, int64_t of, bool suppress, struct acted *out, struct error *e)
{
	if (in->who.role < ROLE_MODERATOR)
		return err_set(e, ERR_FORBIDDEN, "This is for moderators.");
	return fact(d, &(struct fact_step){ .act = *in, .fact = FACT_HIDE, .of = of, .suppress = suppress, .out = out }, e);
}

struct show_step {
	struct act act;
	int64_t of;
	struct arena *arena;
	struct acted *out;
};

/* The words come again in an entry of their own, for readers who have passed their number; a line that was held stays so. */
static enum err show_again(struct db *db, void *self, struct error *e)
{
	struct show_step *s = self;
	struct append entry = { .ticket = s->act.ticket, .now = clock_wall_ms(), .kind = ENTRY_RELEASE, .reply_to = s->of };
	struct ticket t;
	struct rows r;
	char data[64];
	enum err rc = ticket_row(db, s->act.ticket, &t, e), closed;

	memset(s->out, 0, sizeof(*s->out));
	if (rc)
		return rc;
	if (t.state == TICKET_ERASED || t.state == TICKET_PURGED)
		return err_set(e, ERR_CONFLICT, "The words of this conversation are gone.");
	rc = rows_open(db, &r, SQL_TICKET_LOG_HIDDEN, BINDS(b_int(t.id), b_int(s->of)), e);
	if (rc)
		return rc;
	bool found = rows_next(&r);
	if (found) {
		entry.index = entry_kind_read(rows_text(&r, 0)) == ENTRY_MESSAGE;
		entry.author = entry_author_read(rows_text(&r, 1));
		entry.audience = entry_audience_read(rows_text(&r, 2));
		entry.account = rows_int(&r, 3);
		entry.author_name = arena_slice(s->arena, rows_text(&r, 4));
		entry.body = arena_slice(s->arena, rows_text(&r, 5));
	}
	closed = rows_close(&r);
	rc = arena_failed(s->arena) ? err_nomem(e) : closed;
	if (rc || !found)
		return rc;
	snprintf(data, sizeof(data), "{\"of\":%lld}", (long long)s->of);
	entry.data = slice_of(data);
	rc = db_run(db, SQL_TICKET_LOG_SHOW, BINDS(b_int(t.id), b_int(s->of)), NULL, e);
	if (!rc && entry.audience != AUDIENCE_HELD)
		rc = talk_append(db, &entry, &s->out->n, e);
	if (!rc)
		rc = audit_add(db, &s->act.who, "ticket.show", "ticket", t.id, NULL, e);
	if (!rc) {
		ticket_acted(&t, SLICE_NONE, s->out);
		s->out->at = entry.now;
	}
	return rc;
}

enum err ticket_show(struct desk *d, const struct act *in, int64_t of, struct acted *out, struct error *e)
{
	struct show_step s = { .act = *in, .of = of, .arena = arena_new(256 * 1024), .out = out };
	enum err rc;

	if (in->who.role < ROLE_MODERATOR)
		rc = err_set(e, ERR_FORBIDDEN, "This is for moderators.");
	else if (!s.arena)
		rc = err_nomem(e);
	else
		rc = writer_do(d->writer, LANE_TALK, show_again, &s, e);
	arena_free(&s.arena);
	return rc;
}

/* ---- the link, and what was read ---- */

struct link_step {
	int64_t ticket;
	unsigned char seed[KEYS_SEED_BYTES];
	struct crypt_hash old, hash;
	struct repeat *again; /* NULL: the request came under no secret */
};

static enum err set_link(struct db *db, void *self, struct error *e)
{
	const struct link_step *l = self;
	struct append entry = { .ticket = l->ticket, .now = clock_wall_ms(), .kind = ENTRY_FACT, .author = AUTHOR_ASKER,
				.audience = AUDIENCE_ALL, .data = SLICE("{\"what\":\"link\"}") };
	struct ticket t;
	int64_t n, changed = 0;
	char hex[2 * sizeof(l->hash.bytes) + 1];
	enum err rc = repeat_find(db, l->again, e);

	if (rc || (l->again && l->again->found))
		return rc;
	rc = ticket_row(db, l->ticket, &t, e);
	if (rc)
		return rc;
	if (t.state == TICKET_ERASED || t.state == TICKET_PURGED)
		return err_set(e, ERR_CONFLICT, "The words of this conversation are gone.");
	rc = ticket_asker_steps(db, t.id, entry.now, e);
	if (!rc)
		rc = db_run(db, SQL_TICKET_SET_LINK,
		    BINDS(b_int(l->ticket), b_blob(l->seed, sizeof(l->seed)), b_blob(l->hash.bytes, sizeof(l->hash.bytes)), b_blob(l->old.bytes, sizeof(l->old.bytes))),
		    &changed, e);
	/* It died while this waited: whoever was told of the link that took its place keeps that. */
	if (!rc && !changed)
		rc = err_set(e, ERR_NOT_FOUND, "There is no such conversation.");
	if (!rc && l->again) {
		snprintf(l->again->answer, sizeof(l->again->answer), "%" PRId64 " %s", l->ticket, crypt_hex(l->hash.bytes, sizeof(l->hash.bytes), hex));
		rc = repeat_keep(db, l->again, e);
	}
	return rc ? rc : talk_append(db, &entry, &n, e);
}

/* The link of the first answer, while it is still the one. */
static enum err link_again(struct desk *d, struct db *db, const struct repeat *first, char token[TICKET_TOKEN_BYTES], struct error *e)
{
	int64_t ticket;
	char was[65], hex[65];

	if (!first->found || sscanf(first->answer, "%20" SCNd64 " %64s", &ticket, was) != 2)
		return err_set(e, ERR_NOT_FOUND, "There is no such conversation.");
	enum err rc = ticket_token(d, db, ticket, token, e);
	if (rc)
		return rc;
	struct crypt_hash now = keys_token_hash(slice_of(token));
	return strcmp(crypt_hex(now.bytes, sizeof(now.bytes), hex), was) == 0 ? ERR_OK : err_set(e, ERR_NOT_FOUND, "There is no such conversation.");
}

enum err ticket_new_link(struct desk *d, struct db *db, struct arena *a, struct slice old, struct slice secret, char token[TICKET_TOKEN_BYTES],
	struct error *e)
{
	struct ticket t;
	struct repeat again = { 0 };
	char name[65];
	bool kept = secret.len >= TICKET_SECRET_MIN_BYTES && secret.len <= TICKET_CLIENT_ID_MAX_BYTES;
	enum err rc;

	if (kept) {
		/* Known by both, so that neither the old link nor the secret alone opens the new one. */
		char *both = arena_printf(a, "%.*s %.*s", SLICE_ARG(old), SLICE_ARG(secret));
		if (!both)
			return err_nomem(e);
		struct crypt_hash h = crypt_sha256(slice_of(both));
		rc = repeat_start(d, &again, 0, slice_of(crypt_hex(h.bytes, sizeof(h.bytes), name)), SLICE("link"), SLICE(""), e);
		if (rc)
			return rc;
	}
	rc = ticket_by_token(db, a, old, &t, e);
	if (rc == ERR_NOT_FOUND && kept) {
		rc = repeat_find(db, &again, e);
		return rc ? rc : link_again(d, db, &again, token, e);
	}
	if (rc)
		return rc;
	struct link_step l = { .ticket = t.id, .old = keys_token_hash(old), .again = kept ? &again : NULL };
	keys_seed(l.seed);
	keys_token(d->keys, l.seed, token);
	l.hash = keys_token_hash(slice_of(token));
	rc = writer_do(d->writer, LANE_TALK, set_link, &l, e);
	if (rc)
		return rc;
	if (again.found)
		return link_again(d, db, &again, token, e);
	hub_cut_topic(d->hub, (struct topic){ TOPIC_ASKER, t.id });
	return ERR_OK;
}

struct read_step {
	int64_t ticket, account, n, changed;
};

static enum err set_read(struct db *db, void *self, struct error *e)
{
	struct read_step *r = self;

	return r->account ? db_run(db, SQL_TICKET_HELPER_READ, BINDS(b_int(r->ticket), b_int(r->n), b_int(r->account)), &r->changed, e)
			  : db_run(db, SQL_TICKET_ASKER_READ, BINDS(b_int(r->ticket), b_int(r->n)), &r->changed, e);
}

enum err ticket_read(struct desk *d, const struct ticket *t, int64_t account, int64_t n, struct error *e)
{
	struct read_step r = { t->id, account, n < t->last_n ? n : t->last_n, 0 };
	enum err rc;

	if (r.n <= (account ? t->helper_read : t->asker_read) || (account && t->holder != account))
		return ERR_OK;
	rc = writer_do(d->writer, LANE_TALK, set_read, &r, e);
	if (!rc && r.changed && d->presence)
		presence_read(d->presence, t->id, account != 0, r.n);
	return rc;
}
