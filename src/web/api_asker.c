/* The asker's side of the JSON API: the link is the credential, nothing else is asked for (P10). */
#include "web/api.h"

#include "desk/erase.h"
#include "desk/gate.h"
#include "desk/help.h"
#include "desk/presence.h"
#include "desk/proof.h"
#include "desk/queue.h"
#include "desk/transcript.h"
#include "web/handlers.h"
#include "web/view.h"

static enum err wait_json(struct request *rq, struct jv *into, struct error *e)
{
	struct wait w;
	enum err err = queue_wait(rq->desk, rq->db, &w, e);
	if (!err)
		jv_set(into, "wait", queue_wait_json(&w));
	return err;
}

static enum err position_json(struct request *rq, const struct ticket *t, struct jv *into, struct error *e)
{
	int64_t position = 0;
	enum err err = queue_position(rq->db, t, &position, e);
	if (!err && position)
		jv_set_int(into, "position", position);
	return err;
}

/* What a challenged question, or an appeal, is asked to solve: in the protocol's shape, with the site question beside. */
static enum err challenge_json(struct request *rq, const struct ticket *t, struct jv *into, struct error *e)
{
	bool appeal = (t->state == TICKET_REJECTED || t->state == TICKET_SPAM) && !t->appealed;
	struct jv *v;
	enum err err;
	if (!proof_on() || !(appeal || t->state == TICKET_CHALLENGED))
		return ERR_OK;
	err = proof_offer(rq->desk, rq->db, &(struct proof_for){ .kind = appeal ? PROOF_APPEAL : PROOF_QUESTION, .ticket = t->id }, &v, e);
	if (err)
		return err;
	struct slice lang = arena_slice(rq->arena, t->lang), question = view_site_question(lang.len ? lang.ptr : "");
	if (question.len)
		jv_set_text(v, "question", question);
	jv_set(into, "challenge", v);
	return ERR_OK;
}

/* The asker acts: no account, no fence. */
static enum err act_of(const struct jv *body, const struct ticket *t, struct act *out, struct error *e)
{
	*out = (struct act){ .ticket = t->id, .by = BY_ASKER };
	enum err err = jv_want_text(body, "client_id", &out->client_id, e);
	if (!err)
		err = jv_want_text(body, "reason", &out->reason, e);
	if (!err)
		err = jv_want_bool(body, "again", &out->again, e);
	if (!err && out->client_id.ptr && (!out->client_id.len || out->client_id.len > TICKET_CLIENT_ID_MAX_BYTES))
		return err_field(e, ERR_INVALID, "client_id", "A client_id has 1 to %d bytes.", TICKET_CLIENT_ID_MAX_BYTES);
	return err;
}

enum err api_ask(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct ask in = { .sender = rq->sender, .agent = request_header(rq, "user-agent") };
	struct asked out = { 0 };
	enum err err = request_json(rq, &body, e);
	if (err || (err = jv_want_text(body, "body", &in.body, e)) || (err = jv_want_text(body, "title", &in.title, e)) ||
		(err = jv_want_text(body, "name", &in.name, e)) || (err = jv_want_text(body, "email", &in.email, e)) ||
		(err = jv_want_text(body, "topic", &in.topic, e)) || (err = jv_want_text(body, "lang", &in.lang, e)) ||
		(err = jv_want_text(body, "page", &in.page, e)) || (err = jv_want_text(body, "client_id", &in.client_id, e)) ||
		(err = jv_want_text(body, "form", &in.form, e)) || (err = jv_want_text(body, "pow", &in.pow, e)))
		return err;
	if ((err = ticket_ask(rq->desk, rq->db, rq->arena, &in, &out, e)))
		return err;
	struct jv *v = jv_object();
	jv_set_string(v, "token", out.token);
	char *url = request_url(rq->arena, "/q/%s", out.token);
	jv_set_string(v, "url", url);
	jv_set_string(v, "state", state_name(out.state));
	if (out.note.len)
		jv_set_text(v, "note", out.note);
	struct ticket t;
	err = url ? ticket_load(rq->db, rq->arena, out.ticket, &t, e) : err_nomem(e);
	if (!err)
		err = position_json(rq, &t, v, e);
	if (!err)
		err = wait_json(rq, v, e);
	if (!err)
		err = challenge_json(rq, &t, v, e);
	if (err) {
		jv_free(&v);
		return err;
	}
	return api_answer(rs, out.repeat ? 200 : 201, v, e);
}

enum err api_ask_form(struct request *rq, struct response *rs, struct error *e)
{
	char form[GATE_FORM_BYTES];
	struct jv *challenge = NULL;
	gate_form_new(rq->desk, false, form);
	enum err err = proof_on() ? proof_offer(rq->desk, rq->db, &(struct proof_for){ .kind = PROOF_FORM, .form = slice_of(form) }, &challenge, e) : ERR_OK;
	if (err)
		return err;
	struct jv *v = jv_set_string(jv_object(), "form", form);
	return api_answer(rs, 200, challenge ? jv_set(v, "challenge", challenge) : v, e);
}

enum err api_help(struct request *rq, struct response *rs, struct error *e)
{
	struct slice lang = arena_slice(rq->arena, request_query(rq, "lang"));
	struct slice list = view_by_language(slice_of(conf()->help_pages), lang.len ? lang.ptr : view_lang(rq, rs)), word;
	struct help_page page;
	struct jv *items = jv_array();
	while (help_next(&list, &page)) {
		struct jv *x = jv_set_text(jv_object(), "title", page.title), *words = jv_array(), *url = view_wiki_link(page.title);
		while (help_word(&page.words, &word))
			jv_push(words, jv_text(word));
		jv_set(jv_set(x, "url", url), "words", words);
		if (jv_type(url) == JV_STRING)
			jv_push(items, x);
		else
			jv_free(&x);
	}
	return api_answer(rs, 200, jv_set(jv_object(), "items", items), e);
}

enum err api_question(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	struct page page;
	int64_t after;
	enum err err = api_link(rq, &t, e);
	if (err || (err = api_after(rq, false, &after, e)) ||
		(err = talk_read(rq->db, rq->arena, t.id, after, TALK_PAGE, (struct reader){ VIEW_ASKER, 0 }, &page, e)))
		return err;
	struct jv *v = jv_object();
	jv_set_string(v, "state", state_name(t.state));
	jv_set_text(v, "title", t.title);
	jv_set_text(v, "lang", t.lang);
	jv_set_text(v, "topic", t.topic);
	jv_set_time(v, "asked", t.asked);
	if (t.holder)
		jv_set(v, "helper", jv_set_text(jv_object(), "name", t.holder_name));
	if (t.state == TICKET_REJECTED || t.state == TICKET_SPAM)
		jv_set_bool(v, "appeal", !t.appealed);
	jv_set_int(v, "read", t.asker_read);
	jv_set_int(v, "helper_read", t.helper_read);
	if (t.state == TICKET_CLOSED) {
		struct again again;
		if ((err = ticket_again(rq->db, t.id, &again, e))) {
			jv_free(&v);
			return err;
		}
		if (again.account)
			jv_set(v, "again", jv_set_string(jv_object(), "name", again.name));
	}
	if ((err = position_json(rq, &t, v, e)) || (err = wait_json(rq, v, e)) || (err = challenge_json(rq, &t, v, e))) {
		jv_free(&v);
		return err;
	}
	jv_set(v, "log", talk_json(rq->arena, &t, &page, VIEW_ASKER));
	jv_set_bool(v, "more", page.more);
	return api_answer(rs, 200, v, e);
}

enum err api_question_events(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	enum err err = api_link(rq, &t, e);
	if (err)
		return err;
	if (t.state == TICKET_REJECTED || t.state == TICKET_SPAM)
		return err_set(e, ERR_CONFLICT, "There is nothing to wait for here.");
	return api_stream_ticket(rq, rs, &t, VIEW_ASKER, e);
}

enum err api_question_transcript(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	enum err err = api_link(rq, &t, e);
	return err ? err : api_transcript(rq, rs, &t, VIEW_ASKER, e);
}

enum err api_question_challenge(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	struct jv *body;
	struct solving in = { .sender = rq->sender, .agent = request_header(rq, "user-agent") };
	struct acted done = { 0 };
	enum err err = api_link(rq, &t, e);
	if (err || (err = request_json(rq, &body, e)) || (err = jv_want_text(body, "pow", &in.pow, e)) ||
		(err = jv_want_text(body, "answer", &in.answer, e)) || (err = jv_want_bool(body, "skip", &in.skip, e)) ||
		(err = proof_solve(rq->desk, rq->db, rq->arena, &t, &in, &done, e)))
		return err;
	return api_answer(rs, 200, jv_set_string(jv_object(), "state", state_name(done.state)), e);
}

/* A new line, or the correction of entry params[1]. */
static enum err write_line(struct request *rq, struct response *rs, bool edit, struct error *e)
{
	struct ticket t;
	struct jv *body;
	int64_t of = 0;
	struct posted done = { 0 };
	struct post in = { .sender = rq->sender, .agent = request_header(rq, "user-agent") };
	enum err err = api_link(rq, &t, e);
	if (err || (edit && (err = api_id(rq->params[1], &of, e))) || (err = request_json(rq, &body, e)) ||
		(err = act_of(body, &t, &in.act, e)) || (err = jv_want_text(body, "body", &in.body, e)) ||
		(!edit && (err = jv_want_int(body, "reply_to", &in.reply_to, e))))
		return err;
	err = edit ? talk_edit(rq->desk, rq->db, rq->arena, &in, of, &done, e) : talk_post(rq->desk, rq->db, rq->arena, &in, &done, e);
	return err ? err : api_posted(rs, &done, false, e);
}

enum err api_question_message(struct request *rq, struct response *rs, struct error *e)
{
	return write_line(rq, rs, false, e);
}

enum err api_question_edit(struct request *rq, struct response *rs, struct error *e)
{
	return write_line(rq, rs, true, e);
}

static enum err simple_act(struct request *rq, struct response *rs,
	enum err (*act)(struct desk *d, const struct act *in, struct acted *out, struct error *e), struct error *e)
{
	struct ticket t;
	struct jv *body;
	struct act in;
	struct acted done = { 0 };
	enum err err = api_link(rq, &t, e);
	if (err || (err = request_json(rq, &body, e)) || (err = act_of(body, &t, &in, e)) || (err = act(rq->desk, &in, &done, e)))
		return err;
	done.expires = 0; /* the lease is no business of the asker's */
	return api_acted(rs, &done, e);
}

enum err api_question_close(struct request *rq, struct response *rs, struct error *e)
{
	return simple_act(rq, rs, ticket_close, e);
}

enum err api_question_reopen(struct request *rq, struct response *rs, struct error *e)
{
	return simple_act(rq, rs, ticket_reopen, e);
}

enum err api_question_appeal(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	struct jv *body;
	struct act act;
	struct appeal in = { 0 };
	struct acted done = { 0 };
	enum err err = api_link(rq, &t, e);
	if (err || (err = request_json(rq, &body, e)) || (err = act_of(body, &t, &act, e)) || (err = jv_want_text(body, "body", &in.text, e)) ||
		(err = jv_want_text(body, "pow", &in.pow, e)) || (err = jv_want_text(body, "answer", &in.answer, e)))
		return err;
	if (in.text.len > TICKET_TEXT_MAX_BYTES)
		return err_field(e, ERR_INVALID, "body", "The text is longer than %d bytes.", TICKET_TEXT_MAX_BYTES);
	in.client_id = act.client_id;
	err = ticket_appeal(rq->desk, rq->db, rq->arena, t.id, &in, &rq->sender, &done, e);
	return err ? err : api_acted(rs, &done, e);
}

enum err api_question_rating(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	struct jv *body;
	struct act act;
	struct rating in = { 0 };
	struct acted done = { 0 };
	enum err err = api_link(rq, &t, e);
	if (err || (err = request_json(rq, &body, e)) || (err = act_of(body, &t, &act, e)) ||
		(err = jv_want_bool(body, "helped", &in.helped, e)) || (err = jv_want_text(body, "comment", &in.comment, e)))
		return err;
	if (jv_type(jv_get(body, "helped")) == JV_NULL)
		return err_field(e, ERR_INVALID, "helped", "Please say whether it helped.");
	if (in.comment.len > TICKET_TEXT_MAX_BYTES)
		return err_field(e, ERR_INVALID, "comment", "The text is longer than %d bytes.", TICKET_TEXT_MAX_BYTES);
	in.client_id = act.client_id;
	err = ticket_rate(rq->desk, rq->db, rq->arena, t.id, &in, &rq->sender, &done, e);
	done.expires = 0;
	return err ? err : api_acted(rs, &done, e);
}

enum err api_question_report(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	enum err err = api_link(rq, &t, e);
	return err ? err : api_report(rq, rs, t.id, NULL, e);
}

enum err api_question_typing(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	enum err err = api_link(rq, &t, e);
	if (err)
		return err;
	if (rq->desk->presence)
		presence_typing(rq->desk->presence, t.id, 0, SLICE_NONE, clock_wall_ms());
	return api_done(rs);
}

enum err api_question_read(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	enum err err = api_link(rq, &t, e);
	return err ? err : api_read(rq, rs, &t, 0, e);
}

enum err api_question_link(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct slice old, client_id = SLICE_NONE;
	char token[TICKET_TOKEN_BYTES];
	enum err err = api_token(rq, &old, e);
	if (err || (err = request_json(rq, &body, e)) || (err = jv_want_text(body, "client_id", &client_id, e)) ||
		(err = ticket_new_link(rq->desk, rq->db, rq->arena, old, client_id, token, e)))
		return err;
	return api_answer(rs, 200, jv_set_string(jv_set_string(jv_object(), "token", token), "url",
		request_url(rq->arena, "/q/%s", token)), e);
}

enum err api_question_erase(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	bool sealed = false;
	enum err err = api_link(rq, &t, e);
	if (err)
		return err;
	/* The same again is answered like the first time: retries are harmless (P3). */
	if (t.state == TICKET_ERASED)
		sealed = t.sealed_until != 0;
	else if ((err = erase_ticket(rq->desk, t.id, &sealed, e)))
		return err;
	return api_answer(rs, 200, jv_set_bool(jv_set_string(jv_object(), "state", "erased"), "sealed", sealed), e);
}
