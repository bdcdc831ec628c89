/* The staff's side of the JSON API: sessions and keys, the queue, conversations, search, ready replies. */
#include "web/api.h"

#include "base/embed.h"
#include "desk/canned.h"
#include "desk/care.h"
#include "desk/lease.h"
#include "desk/people.h"
#include "desk/presence.h"
#include "desk/publish.h"
#include "desk/queue.h"
#include "desk/search.h"
#include "web/handlers.h"
#include "web/session.h"
#include "web/view.h"

enum { DESK_BACKLOG_MAX_BYTES = 1 << 20 };

/* ---- sessions, passwords, keys ---- */

static void add_lang(void *langs, struct slice code)
{
	jv_push(langs, jv_text(code));
}

/* {id, name, display, role, claim_cap, langs} under "account" of an object; NULL with *err. */
static struct jv *self_json(struct request *rq, int64_t account, enum err *err, struct error *e)
{
	struct account a;
	struct care care;
	if ((*err = people_get(rq->db, rq->arena, account, &a, e)) || (*err = care_get(rq->db, rq->arena, account, &care, e)))
		return NULL;
	struct jv *v = jv_set(jv_object(), "id", api_id_json(rq, a.id)), *langs = jv_array();
	jv_set_text(v, "name", a.login);
	jv_set_text(v, "display", a.name);
	jv_set_string(v, "role", people_role_name(rq->who.role));
	jv_set(v, "claim_cap", care.cap ? jv_int(care.cap) : jv_null());
	view_each_part(care.langs.ptr, add_lang, langs);
	jv_set(v, "langs", langs);
	return jv_set(jv_object(), "account", v);
}

enum err api_login(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct slice name, password;
	char secret[PEOPLE_SECRET_BYTES];
	struct people_session s = { 0 };
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_need_text(body, "name", &name, e)) || (err = api_need_text(body, "password", &password, e)))
		return err;
	if (rq->cross_site)
		return err_set(e, ERR_FORBIDDEN, "Logging in from another site is not possible.");
	if ((err = people_login(rq->desk, rq->db, rq->arena, &rq->sender, name, password, secret, &s, e)))
		return err;
	response_cookie(rs, rq, SESSION_COOKIE, secret, (s.expires_ms - clock_wall_ms()) / 1000);
	crypt_wipe(secret, sizeof(secret));
	rq->who = s.who;
	struct jv *v = self_json(rq, s.who.account, &err, e);
	return err ? err : api_answer(rs, 200, jv_set_string(v, "csrf", s.csrf), e);
}

enum err api_session(struct request *rq, struct response *rs, struct error *e)
{
	enum err err;
	struct jv *v = self_json(rq, rq->who.account, &err, e);
	return err ? err : api_answer(rs, 200, jv_set_text(v, "csrf", rq->csrf), e);
}

enum err api_logout(struct request *rq, struct response *rs, struct error *e)
{
	if (!rq->who.session)
		return err_set(e, ERR_CONFLICT, "A key is ended by removing it, not by logging out.");
	enum err err = people_logout(rq->desk, &rq->who, e);
	if (err)
		return err;
	response_cookie(rs, rq, SESSION_COOKIE, "", 0);
	return api_done(rs);
}

enum err api_own_password(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct slice old, fresh;
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_need_text(body, "password", &old, e)) || (err = api_need_text(body, "new_password", &fresh, e)) ||
		(err = people_password_check(rq->desk, rq->db, rq->who.account, old, e)) ||
		(err = people_password(rq->desk, rq->db, &rq->who, rq->who.account, fresh, rq->who.session, e)))
		return err;
	return api_done(rs);
}

/* What the body says about how one wants to help. `langs` is absent where it says nothing of them. */
static enum err read_care(struct request *rq, const struct jv *body, int64_t *cap, struct slice *langs, struct error *e)
{
	const struct jv *list = jv_get(body, "langs");
	bool said = jv_get(body, "claim_cap") != NULL, none = said && jv_type(jv_get(body, "claim_cap")) == JV_NULL;
	*cap = none ? 0 : -1;
	*langs = SLICE_NONE;
	enum err err = none ? ERR_OK : jv_want_int(body, "claim_cap", cap, e);
	if (err)
		return err;
	if (said && !none && *cap < 1)
		return err_field(e, ERR_INVALID, "claim_cap", "Choose a number from 1, or null for the desk's.");
	if (!list)
		return ERR_OK;
	if (jv_type(list) != JV_ARRAY)
		return err_field(e, ERR_MALFORMED, "langs", "The languages are a list of codes.");
	char *all = arena_printf(rq->arena, "%s", "");
	for (size_t i = 0; all && i < jv_size(list); i++) {
		struct slice code = jv_text_of(jv_at(list, i));
		if (!code.len || memchr(code.ptr, ',', code.len))
			return err_field(e, ERR_INVALID, "langs", "The desk does not offer help in one of these languages.");
		all = arena_printf(rq->arena, "%s,%.*s", all, SLICE_ARG(code));
	}
	*langs = slice_of(all);
	return all ? ERR_OK : err_nomem(e);
}

enum err api_own_name(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct people_change c = { .disabled = -1 };
	struct slice langs;
	int64_t cap;
	enum err err = request_json(rq, &body, e);
	/* All of it or nothing: what is wrong is said before anything is changed. */
	if (err || (err = read_care(rq, body, &cap, &langs, e)) || (err = care_check(cap, langs, e)))
		return err;
	bool care = cap >= 0 || langs.ptr;
	if ((!care || jv_get(body, "display")) && ((err = api_need_text(body, "display", &c.name, e)) ||
		(err = people_change(rq->desk, rq->db, &rq->who, rq->who.account, &c, e))))
		return err;
	if (care && (err = care_put(rq->desk, &rq->who, cap, langs, e)))
		return err;
	struct jv *v = self_json(rq, rq->who.account, &err, e);
	return err ? err : api_answer(rs, 200, v, e);
}

enum err api_reset(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct slice code, password;
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_need_text(body, "code", &code, e)) || (err = api_need_text(body, "password", &password, e)) ||
		(err = people_reset_finish(rq->desk, rq->db, &rq->sender, code, password, e)))
		return err;
	return api_done(rs);
}

enum err api_keys(struct request *rq, struct response *rs, struct error *e)
{
	struct people_key *list;
	size_t count;
	enum err err = people_key_list(rq->db, rq->arena, rq->who.account, &list, &count, e);
	if (err)
		return err;
	struct jv *items = jv_array();
	for (size_t i = 0; i < count; i++) {
		struct jv *v = jv_set(jv_object(), "id", api_id_json(rq, list[i].id));
		jv_set_text(v, "label", list[i].label);
		jv_set(v, "scopes", people_scopes_json(list[i].scopes));
		jv_set_time(v, "created", list[i].created_ms);
		jv_set_time(v, "used", list[i].used_ms);
		jv_push(items, jv_set_time(v, "expires", list[i].expires_ms));
	}
	return api_answer(rs, 200, jv_set(jv_object(), "items", items), e);
}

enum err api_key_add(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct slice label, word;
	unsigned scopes = 0;
	int64_t expires = 0, id;
	char key[PEOPLE_KEY_BYTES];
	struct repeat store, *repeat;
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_repeat(rq, body, &store, &repeat, e)) || (err = api_need_text(body, "label", &label, e)) || (err = api_want_time(body, "expires", &expires, e)))
		return err;
	const struct jv *list = jv_get(body, "scopes");
	if (list && jv_type(list) != JV_ARRAY)
		return err_field(e, ERR_MALFORMED, "scopes", "The scopes are a list of texts.");
	for (size_t i = 0; i < jv_size(list); i++) {
		unsigned one;
		word = jv_text_of(jv_at(list, i));
		if (!word.ptr)
			return err_field(e, ERR_MALFORMED, "scopes", "The scopes are a list of texts.");
		if ((err = people_scopes_read(word, &one, e)))
			return err;
		scopes |= one;
	}
	if (!scopes)
		return people_scopes_read(SLICE(""), &scopes, e);
	if (expires && expires <= clock_wall_ms())
		return err_field(e, ERR_INVALID, "expires", "This time has passed.");
	/* A key that could make keys with more scopes than its own would have them all. */
	if (!rq->who.session)
		return err_set(e, ERR_FORBIDDEN, "Keys are made by a person who is logged in, not by another key.");
	if ((err = people_key_add(rq->desk, rq->db, &rq->who, label, scopes, expires, repeat, key, &id, e)))
		return err;
	struct jv *v = jv_set(jv_object(), "id", api_id_json(rq, id));
	if (key[0])
		jv_set_string(v, "key", key);
	crypt_wipe(key, sizeof(key));
	return api_answer(rs, api_made(repeat), v, e);
}

enum err api_key_end(struct request *rq, struct response *rs, struct error *e)
{
	int64_t id;
	enum err err = api_id(rq->params[0], &id, e);
	if (err || (err = people_key_end(rq->desk, rq->db, &rq->who, id, e)))
		return err;
	return api_done(rs);
}

/* ---- the queue and the desk ---- */

enum err api_queue(struct request *rq, struct response *rs, struct error *e)
{
	struct queue_filter f = { .lang = request_query(rq, "lang"), .topic = request_query(rq, "topic"),
		.cursor = request_query(rq, "cursor") };
	struct queue_page page;
	struct queue_counts counts;
	if (!queue_view_read(request_query(rq, "view"), &f.view))
		return err_field(e, ERR_INVALID, "view", "A view is unassigned, mine, all or waiting.");
	if (f.lang.ptr && !f.lang.len)
		f.lang = SLICE_NONE;
	if (f.topic.ptr && !f.topic.len)
		f.topic = SLICE_NONE;
	if (f.cursor.ptr && !f.cursor.len)
		f.cursor = SLICE_NONE;
	enum err err = queue_list(rq->db, rq->arena, &rq->who, &f, &page, e);
	if (err || (err = queue_count(rq->db, &rq->who, &counts, e)))
		return err;
	struct jv *items = jv_array();
	for (size_t i = 0; i < page.count; i++)
		jv_push(items, ticket_json(&page.tickets[i], page.access[i]));
	struct jv *v = jv_set(jv_object(), "items", items), *c = jv_object();
	jv_set_text(v, "cursor", page.cursor);
	jv_set_int(c, "unassigned", counts.unassigned);
	jv_set_int(c, "mine", counts.mine);
	jv_set_int(c, "live", counts.live);
	jv_set_int(c, "waiting", counts.waiting);
	return api_answer(rs, 200, jv_set(v, "counts", c), e);
}

/* The ticket as the one who just claimed it sees it. */
static enum err claimed(struct request *rq, struct response *rs, int64_t id, const struct acted *done, struct error *e)
{
	struct ticket t;
	enum err err = ticket_load(rq->db, rq->arena, id, &t, e);
	if (err)
		return err;
	struct jv *v = ticket_json(&t, ACCESS_READ);
	return api_answer(rs, 200, jv_set(v, "lease", api_lease(done->fence, done->expires)), e);
}

enum err api_queue_next(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct slice client_id = SLICE_NONE, lang = SLICE_NONE, topic = SLICE_NONE;
	int64_t id = 0;
	struct acted done = { 0 };
	enum err err = request_json(rq, &body, e);
	if (err || (err = jv_want_text(body, "client_id", &client_id, e)) || (err = jv_want_text(body, "lang", &lang, e)) ||
		(err = jv_want_text(body, "topic", &topic, e)))
		return err;
	if (client_id.ptr && (!client_id.len || client_id.len > TICKET_CLIENT_ID_MAX_BYTES))
		return err_field(e, ERR_INVALID, "client_id", "A client_id has 1 to %d bytes.", TICKET_CLIENT_ID_MAX_BYTES);
	if ((err = queue_next(rq->desk, &rq->who, client_id, lang.len ? lang : SLICE_NONE, topic.len ? topic : SLICE_NONE, &id, &done, e)))
		return err;
	return id ? claimed(rq, rs, id, &done, e) : api_done(rs);
}

static enum err desk_backlog(struct request *rq, const struct api_stream *in, struct str *out, int64_t *last, bool *reset, struct error *e)
{
	enum err err = publish_desk_backlog(rq->db, rq->arena, in->after, in->also != NULL, out, last, reset, e);
	/* Whoever names no number has just loaded the queue: what is too far back to be told is in it already. */
	*reset = *reset && (request_header(rq, "last-event-id").len || request_query(rq, "after").ptr);
	return err;
}

enum err api_desk_events(struct request *rq, struct response *rs, struct error *e)
{
	static const struct topic moderation = { TOPIC_MODERATION, 0 };
	struct api_stream in = { .topic = { TOPIC_DESK, 0 }, .also = rq->who.role >= ROLE_MODERATOR ? &moderation : NULL,
		.backlog = desk_backlog, .owner = people_stream_owner(rq->who.account), .owner_max = API_STREAMS_OF_AN_ACCOUNT,
		.backlog_max_bytes = DESK_BACKLOG_MAX_BYTES };
	enum err err = api_after(rq, true, &in.after, e);
	return err ? err : api_stream(rq, rs, &in, e);
}

enum err api_duty(struct request *rq, struct response *rs, struct error *e)
{
	enum duty duty;
	enum err err = care_duty(rq->desk, rq->db, rq->who.account, &duty, e);
	if (err)
		return err;
	struct jv *v = jv_set_string(jv_object(), "duty", presence_duty_name(duty));
	return api_answer(rs, 200, jv_set_int(v, "on_duty", (int64_t)presence_on_duty(rq->desk->presence, clock_wall_ms())), e);
}

enum err api_duty_set(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct slice name;
	enum duty duty;
	bool renew = false;
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_need_text(body, "duty", &name, e)) || (err = jv_want_bool(body, "renew", &renew, e)))
		return err;
	if (!presence_duty_read(name, &duty))
		return err_field(e, ERR_INVALID, "duty", "Duty is on, away, off or finishing.");
	if (renew && duty == DUTY_FINISHING)
		return err_field(e, ERR_INVALID, "renew", "Finishing needs no renewal.");
	err = care_set_duty(rq->desk, rq->db, &rq->who, duty, renew, e);
	return err ? err : api_duty(rq, rs, e);
}

enum err api_handback(struct request *rq, struct response *rs, struct error *e)
{
	int64_t count;
	enum err err = care_hand_back(rq->desk, &rq->who, &count, e);
	return err ? err : api_answer(rs, 200, jv_set_int(jv_object(), "released", count), e);
}

enum err api_colleagues(struct request *rq, struct response *rs, struct error *e)
{
	struct account *list;
	size_t count;
	enum err err = people_list(rq->db, rq->arena, &list, &count, e);
	struct jv *items = jv_array();
	for (size_t i = 0; !err && i < count; i++) {
		enum duty duty;
		if (list[i].disabled)
			continue;
		err = care_duty(rq->desk, rq->db, list[i].id, &duty, e);
		struct jv *v = jv_set(jv_object(), "id", api_id_json(rq, list[i].id));
		jv_set_text(v, "name", list[i].name);
		jv_set_string(v, "role", people_role_name(list[i].role));
		/* What is looked into is between them and the moderators. */
		jv_push(items, jv_set_string(v, "duty", presence_duty_name(duty == DUTY_PAUSED ? DUTY_AWAY : duty)));
	}
	if (err) {
		jv_free(&items);
		return err;
	}
	return api_answer(rs, 200, jv_set(jv_object(), "items", items), e);
}

/* ---- one conversation ---- */

enum err api_ticket(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	struct page page;
	int64_t after;
	struct slice draft = SLICE_NONE;
	struct reader who;
	enum err err = api_staff_ticket(rq, &t, e);
	if (err || (err = api_after(rq, false, &after, e)) || (err = api_reader(rq, &t, &who, e)) ||
		(err = talk_read(rq->db, rq->arena, t.id, after, TALK_PAGE, who, &page, e)) ||
		(err = talk_draft(rq->db, rq->arena, t.id, rq->who.account, &draft, e)))
		return err;
	struct jv *v = ticket_json(&t, ACCESS_READ);
	if (t.lease.expires && t.holder == rq->who.account)
		jv_set(v, "lease", api_lease(t.lease.fence, t.lease.expires));
	if (draft.len)
		jv_set_text(v, "draft", draft);
	if (rq->desk->presence) {
		struct here here = presence_here(rq->desk->presence, t.id);
		jv_set(v, "presence", jv_set_bool(jv_set_int(jv_object(), "helpers", (int64_t)here.helpers), "asker", here.asker));
	}
	jv_set_int(v, "asker_read", t.asker_read);
	jv_set_int(v, "helper_read", t.helper_read);
	jv_set(v, "log", talk_json(rq->arena, &t, &page, who.view));
	return api_answer(rs, 200, jv_set_bool(v, "more", page.more), e);
}

enum err api_ticket_events(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	enum err err = api_staff_ticket(rq, &t, e);
	return err ? err : api_stream_ticket(rq, rs, &t, VIEW_STAFF, e);
}

enum err api_ticket_transcript(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	enum err err = api_staff_ticket(rq, &t, e);
	return err ? err : api_transcript(rq, rs, &t, VIEW_STAFF, e);
}

/* The body and who acts on params[0]. */
static enum err begin(struct request *rq, struct jv **body, struct act *act, struct error *e)
{
	int64_t id;
	enum err err = api_id(rq->params[0], &id, e);
	if (err || (err = request_json(rq, body, e)))
		return err;
	return api_act(rq, *body, id, act, e);
}

enum err api_ticket_claim(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct act in;
	struct acted done = { 0 };
	struct error why = { 0 };
	enum err err = begin(rq, &body, &in, e);
	if (err)
		return err;
	in.fenced = false; /* one that had been given would be of an earlier claim */
	err = queue_claim(rq->desk, &in, &done, &why);
	if (err == ERR_CONFLICT && done.holder) {
		struct jv *holder = jv_set(jv_object(), "id", api_id_json(rq, done.holder));
		jv_set_string(holder, "name", done.holder_name);
		return api_problem(rs, 409, &why, jv_set(jv_object(), "holder", holder), e);
	}
	if (err) {
		if (e)
			*e = why;
		return err;
	}
	return claimed(rq, rs, in.ticket, &done, e);
}

static enum err write_into(struct request *rq, struct response *rs, bool note, struct error *e)
{
	struct jv *body;
	struct posted done = { 0 };
	struct post in = { .note = note, .sender = rq->sender };
	enum err err = begin(rq, &body, &in.act, e);
	if (err || (err = jv_want_text(body, "body", &in.body, e)) || (err = jv_want_int(body, "reply_to", &in.reply_to, e)) ||
		(err = jv_want_bool(body, "confirm", &in.confirmed, e)) || (err = talk_post(rq->desk, rq->db, rq->arena, &in, &done, e)))
		return err;
	return api_posted(rs, &done, true, e);
}

enum err api_ticket_message(struct request *rq, struct response *rs, struct error *e)
{
	return write_into(rq, rs, false, e);
}

enum err api_ticket_edit(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	int64_t of;
	struct posted done = { 0 };
	struct post in = { .sender = rq->sender };
	enum err err = api_id(rq->params[1], &of, e);
	if (err || (err = begin(rq, &body, &in.act, e)) || (err = jv_want_text(body, "body", &in.body, e)) ||
		(err = jv_want_bool(body, "confirm", &in.confirmed, e)) || (err = talk_edit(rq->desk, rq->db, rq->arena, &in, of, &done, e)))
		return err;
	return api_posted(rs, &done, true, e);
}

enum err api_ticket_note(struct request *rq, struct response *rs, struct error *e)
{
	return write_into(rq, rs, true, e);
}

static enum err simple_act(struct request *rq, struct response *rs,
	enum err (*act)(struct desk *d, const struct act *in, struct acted *out, struct error *e), struct error *e)
{
	struct jv *body;
	struct act in;
	struct acted done = { 0 };
	enum err err = begin(rq, &body, &in, e);
	if (err || (err = act(rq->desk, &in, &done, e)))
		return err;
	return api_acted(rs, &done, e);
}

enum err api_ticket_renew(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct act in;
	struct acted done = { 0 };
	enum err err = begin(rq, &body, &in, e);
	if (err || (err = lease_renew(rq->desk, &in, &done, e)))
		return err;
	struct jv *v = api_lease(done.fence, done.expires);
	return api_answer(rs, 200, jv_set(v, "lease", api_lease(done.fence, done.expires)), e);
}

enum err api_ticket_release(struct request *rq, struct response *rs, struct error *e)
{
	return simple_act(rq, rs, lease_release, e);
}

enum err api_ticket_close(struct request *rq, struct response *rs, struct error *e)
{
	return simple_act(rq, rs, ticket_close, e);
}

enum err api_ticket_reopen(struct request *rq, struct response *rs, struct error *e)
{
	return simple_act(rq, rs, ticket_reopen, e);
}

enum err api_ticket_notreal(struct request *rq, struct response *rs, struct error *e)
{
	return simple_act(rq, rs, ticket_not_real, e);
}

/* A colleague who may hold a ticket. */
static enum err colleague(struct request *rq, const char *field, int64_t id, struct account *a, struct error *e)
{
	enum err err = people_get(rq->db, rq->arena, id, a, e);
	if (err == ERR_NOT_FOUND || (!err && a->disabled))
		return err_field(e, ERR_INVALID, field, "There is no such colleague.");
	return err;
}

enum err api_ticket_transfer(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct act in;
	struct acted done = { 0 };
	struct transfer t = { 0 };
	struct account a;
	enum err err = begin(rq, &body, &in, e);
	if (err || (err = api_want_id(body, "to", &t.to, e)) || (err = jv_want_text(body, "topic", &t.topic, e)) ||
		(err = jv_want_text(body, "note", &t.note, e)))
		return err;
	if (!t.to && !t.topic.len)
		return err_field(e, ERR_INVALID, "to", "Name a colleague or a topic.");
	if (t.to) {
		if ((err = colleague(rq, "to", t.to, &a, e)))
			return err;
		t.to_name = a.name;
	}
	if (t.note.ptr && !t.note.len)
		t.note = SLICE_NONE;
	if ((err = ticket_transfer(rq->desk, &in, &t, &done, e)))
		return err;
	if (t.to && t.to != rq->who.account)
		done.expires = 0; /* the lease is the colleague's now */
	return api_acted(rs, &done, e);
}

enum err api_ticket_snooze(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct act in;
	struct acted done = { 0 };
	int64_t until = 0;
	enum err err = begin(rq, &body, &in, e);
	if (err || (err = api_want_time(body, "until", &until, e)))
		return err;
	if (!until)
		return err_field(e, ERR_INVALID, "until", "Until when?");
	if ((err = ticket_snooze(rq->desk, &in, until, &done, e)))
		return err;
	return api_acted(rs, &done, e);
}

enum err api_ticket_topic(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct act in;
	struct acted done = { 0 };
	struct slice topic;
	enum err err = begin(rq, &body, &in, e);
	if (err || (err = api_need_text(body, "topic", &topic, e)) || (err = ticket_topic(rq->desk, &in, topic, &done, e)))
		return err;
	return api_acted(rs, &done, e);
}

enum err api_ticket_invite(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct act in;
	struct acted done = { 0 };
	struct account a;
	int64_t id = 0;
	enum err err = begin(rq, &body, &in, e);
	if (err || (err = api_want_id(body, "account", &id, e)))
		return err;
	if (!id)
		return err_field(e, ERR_INVALID, "account", "Whom?");
	if ((err = colleague(rq, "account", id, &a, e)) || (err = ticket_invite(rq->desk, &in, id, a.name, &done, e)))
		return err;
	return api_acted(rs, &done, e);
}

enum err api_ticket_urgent(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct act in;
	struct acted done = { 0 };
	bool urgent = true;
	enum err err = begin(rq, &body, &in, e);
	if (err || (err = jv_want_bool(body, "urgent", &urgent, e)) || (err = ticket_urgent(rq->desk, &in, urgent, &done, e)))
		return err;
	return api_acted(rs, &done, e);
}

enum err api_ticket_report(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	enum err err = api_staff_ticket(rq, &t, e);
	return err ? err : api_report(rq, rs, t.id, &rq->who, e);
}

enum err api_ticket_typing(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	enum err err = api_staff_ticket(rq, &t, e);
	if (err)
		return err;
	if (rq->desk->presence && t.holder == rq->who.account)
		presence_typing(rq->desk->presence, t.id, rq->who.account, rq->who.name, clock_wall_ms());
	return api_done(rs);
}

enum err api_ticket_read(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	enum err err = api_staff_ticket(rq, &t, e);
	return err ? err : api_read(rq, rs, &t, rq->who.account, e);
}

enum err api_ticket_draft(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	struct jv *body;
	struct slice text = SLICE("");
	enum err err = api_staff_ticket(rq, &t, e);
	if (err || (err = request_json(rq, &body, e)) || (err = jv_want_text(body, "body", &text, e)))
		return err;
	if (text.len > TALK_DRAFT_MAX_BYTES)
		return err_field(e, ERR_INVALID, "body", "The draft is longer than %d bytes.", TALK_DRAFT_MAX_BYTES);
	if ((err = talk_draft_put(rq->desk, t.id, &rq->who, text, e)))
		return err;
	return api_done(rs);
}

/* ---- search and ready replies ---- */

enum err api_search(struct request *rq, struct response *rs, struct error *e)
{
	struct hits hits;
	struct slice q = request_query(rq, "q"), cursor = request_query(rq, "cursor");
	enum err err = search_log(rq->db, rq->arena, &rq->who, q.ptr ? q : SLICE(""), cursor.len ? cursor : SLICE_NONE, &hits, e);
	if (err)
		return err;
	struct jv *items = jv_array();
	for (size_t i = 0; i < hits.count; i++) {
		const struct search_hit *h = &hits.hits[i];
		struct jv *v = jv_set(jv_object(), "ticket", ticket_json(&h->ticket, h->access));
		if (h->access == ACCESS_READ) {
			jv_set_int(v, "n", h->n);
			jv_set_time(v, "at", h->at);
			jv_set_text(v, "excerpt", h->excerpt);
		}
		jv_push(items, v);
	}
	return api_answer(rs, 200, jv_set_text(jv_set(jv_object(), "items", items), "cursor", hits.cursor), e);
}

static struct jv *canned_json(struct request *rq, const struct canned *c)
{
	struct jv *v = jv_set(jv_object(), "id", api_id_json(rq, c->id));
	jv_set_text(v, "title", c->title);
	jv_set_text(v, "body", c->body);
	if (c->lang.len)
		jv_set_text(v, "lang", c->lang);
	if (c->topic.len)
		jv_set_text(v, "topic", c->topic);
	jv_set_bool(v, "mine", c->by == rq->who.account);
	return jv_set_time(v, "changed", c->changed_ms);
}

enum err api_canned(struct request *rq, struct response *rs, struct error *e)
{
	struct canned *list;
	size_t count;
	struct slice lang = request_query(rq, "lang");
	enum err err = canned_list(rq->db, rq->arena, lang.len ? lang : SLICE_NONE, &list, &count, e);
	if (err)
		return err;
	struct jv *items = jv_array();
	for (size_t i = 0; i < count; i++)
		jv_push(items, canned_json(rq, &list[i]));
	return api_answer(rs, 200, jv_set(jv_object(), "items", items), e);
}

static enum err canned_write(struct request *rq, struct response *rs, struct canned *c, struct error *e)
{
	struct jv *body;
	struct repeat store, *repeat = NULL;
	bool adds = !c->id;
	enum err err = request_json(rq, &body, e);
	if (err || (err = jv_want_text(body, "title", &c->title, e)) || (err = jv_want_text(body, "body", &c->body, e)) ||
		(err = jv_want_text(body, "lang", &c->lang, e)) || (err = jv_want_text(body, "topic", &c->topic, e)) ||
		(adds && (err = api_repeat(rq, body, &store, &repeat, e))) ||
		(err = canned_put(rq->desk, &rq->who, c, repeat, e)))
		return err;
	return api_answer(rs, adds ? api_made(repeat) : 200, canned_json(rq, c), e);
}

enum err api_canned_add(struct request *rq, struct response *rs, struct error *e)
{
	struct canned c = { 0 };
	return canned_write(rq, rs, &c, e);
}

enum err api_canned_change(struct request *rq, struct response *rs, struct error *e)
{
	int64_t id;
	struct canned c;
	struct jv *body;
	enum err err = request_json(rq, &body, e);
	/* What the body leaves out stays as it is. */
	if (err || (err = api_named_id(rq, body, &id, e)) || (err = canned_get(rq->db, rq->arena, id, &c, e)))
		return err;
	return canned_write(rq, rs, &c, e);
}

enum err api_canned_end(struct request *rq, struct response *rs, struct error *e)
{
	int64_t id;
	struct jv *body;
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_named_id(rq, body, &id, e)) || (err = canned_end(rq->desk, &rq->who, id, e)))
		return err;
	return api_done(rs);
}

/* ---- the description ---- */

enum err api_openapi(struct request *rq, struct response *rs, struct error *e)
{
	(void)rq;
	struct slice text;
	if (!embed_find("templates/openapi.json", &text))
		return err_set(e, ERR_INTERNAL, "The description is missing from this build.");
	response_type(rs, "application/json");
	str_add(response_body(rs), text);
	return ERR_OK;
}
