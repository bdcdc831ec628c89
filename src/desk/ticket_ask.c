#include "desk/ticket_ask.h"

#include <stdio.h>

#include "desk/bans.h"
#include "desk/gate.h"
#include "desk/keys.h"
#include "desk/proof.h"
#include "desk/queue.h"
#include "desk/talk.h"
#include "desk/trial.h"
#include "text/utf.h"

enum { TITLE_CHARS = 80, REPEAT_MS = 24 * 3600 * 1000, CHALLENGE_MS = 30 * 60 * 1000, LANG_MAX_BYTES = 35, TOPIC_MAX_BYTES = 100 };

/* ---- what a question must look like ---- */

static enum err check_field(const char *field, struct slice s, size_t max, struct error *e)
{
	if (s.len > max)
		return err_field(e, ERR_INVALID, field, "This has at most %zu bytes.", max);
	if (s.ptr && !utf_acceptable(s))
		return err_field(e, ERR_MALFORMED, field, "The text is not valid UTF-8.");
	return ERR_OK;
}

bool ticket_lang_shaped(struct slice s)
{
	size_t part = 0;

	if (s.len < 2 || s.len > LANG_MAX_BYTES)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (c == '-') {
			if (part == 0)
				return false;
			part = 0;
		} else if (letter || (c >= '0' && c <= '9' && memchr(s.ptr, '-', i))) {
			if (++part > 8)
				return false;
		} else {
			return false;
		}
		if (i == 1 && part != 2)
			return false;
	}
	return part > 0 && (s.len < 4 || memchr(s.ptr, '-', 4));
}

static bool email_shaped(struct slice s)
{
	const char *at = memchr(s.ptr, '@', s.len);

	if (!at || at == s.ptr || at == s.ptr + s.len - 1 || memchr(at + 1, '@', (size_t)(s.ptr + s.len - at - 1)))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] <= ' ' || s.ptr[i] == 0x7f || s.ptr[i] == ',' || s.ptr[i] == ';' || s.ptr[i] == '<' ||
		    s.ptr[i] == '>')
			return false;
	return true;
}

enum err ticket_check_ask(const struct ask *in, struct error *e)
{
	enum err rc;

	if (!in->body.ptr || utf_blank(in->body))
		return err_field(e, ERR_INVALID, "body", "Please write your question.");
	rc = check_field("body", in->body, TICKET_TEXT_MAX_BYTES, e);
	if (!rc)
		rc = check_field("title", in->title, TICKET_TITLE_MAX_BYTES, e);
	if (!rc)
		rc = check_field("name", in->name, TICKET_NAME_MAX_BYTES, e);
	if (!rc)
		rc = check_field("email", in->email, TICKET_EMAIL_MAX_BYTES, e);
	if (!rc)
		rc = check_field("page", in->page, TICKET_PAGE_MAX_BYTES, e);
	if (!rc)
		rc = check_field("topic", in->topic, TOPIC_MAX_BYTES, e);
	if (rc)
		return rc;
	if (in->topic.len && !ticket_topic_known(in->topic))
		return err_field(e, ERR_INVALID, "topic", "There is no such topic.");
	if (in->lang.len && !ticket_lang_shaped(in->lang))
		return err_field(e, ERR_INVALID, "lang", "This is not a language code such as \"en\" or \"pt-BR\".");
	if (in->email.len && !email_shaped(in->email))
		return err_field(e, ERR_INVALID, "email", "This is not a mail address.");
	if (in->client_id.ptr && (in->client_id.len < TICKET_SECRET_MIN_BYTES || in->client_id.len > TICKET_CLIENT_ID_MAX_BYTES))
		return err_field(e, ERR_INVALID, "client_id", "The client_id of a question is a secret: a UUID or at least %d random characters.",
				 TICKET_SECRET_MIN_BYTES);
	return ERR_OK;
}

/* ---- the same again ---- */

/* Of what makes two questions the same. The secret they came under is part of it: who has the database alone cannot try words on it, so it may stay
 * for its day when the words are erased, and a late repeat does not bring them back. */
static struct crypt_hash same_ask(const struct ask *in, struct slice secret)
{
	const struct slice *parts[] = { &secret, &in->body, &in->title, &in->name, &in->email, &in->topic, &in->lang, &in->page };
	struct str s;
	struct crypt_hash hash;

	str_init(&s, 64 * 1024);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		str_addf(&s, "%zu:", parts[i]->len);
		str_add(&s, *parts[i]);
	}
	hash = crypt_sha256(str_slice(&s));
	str_fini(&s);
	return hash;
}

static enum err other_words(struct error *e)
{
	return err_field(e, ERR_CONFLICT, "form", "This form was sent before. Please look it over and send it once more.");
}

struct asking {
	const struct ask *in;
	struct screening *screening;
	struct slice title, name, lang, topic, page, email;
	struct crypt_hash client, same, token_hash;
	unsigned char seed[KEYS_SEED_BYTES];
	struct slice note;
	struct proof proof;
	enum desk_status told; /* what was said of waiting when it came */
	bool keep; /* remember which words the client_id or the form's nonce came with */
	/* results */
	int64_t ticket;
	enum ticket_state state;
	bool repeat;
};

/* ERR_CONFLICT: the client_id, or the form's nonce that stands for it, was used for another question. */
static enum err find_repeat(struct db *db, struct asking *q, struct error *e)
{
	struct rows r;
	enum err rc, closed;

	if (!q->keep)
		return ERR_OK;
	rc = rows_open(db, &r, SQL_TICKET_ASK_FIND,
		       BINDS(b_blob(q->client.bytes, sizeof(q->client.bytes)), b_int(clock_wall_ms() - REPEAT_MS)), e);
	if (rc)
		return rc;
	if (rows_next(&r)) {
		if (slice_eq(rows_blob(&r, 1), slice_make((const char *)q->same.bytes, sizeof(q->same.bytes)))) {
			q->repeat = true;
			q->ticket = rows_int(&r, 0);
		} else {
			rc = q->in->client_id.ptr ? err_field(e, ERR_CONFLICT, "client_id", "This client_id was used for another question.")
						  : other_words(e);
		}
	}
	closed = rows_close(&r);
	return closed ? closed : rc;
}

static enum err answer_repeat(struct desk *d, struct db *db, struct arena *a, int64_t ticket, struct asked *out, struct error *e)
{
	struct ticket t;
	enum err rc = ticket_load(db, a, ticket, &t, e);

	if (!rc)
		rc = ticket_token(d, db, ticket, out->token, e);
	if (rc)
		return rc;
	out->ticket = ticket;
	out->state = t.state;
	out->repeat = true;
	return ERR_OK;
}

/* ---- writing it down ---- */

/* How it came: by the page with its script (which marks the nonce), by the page alone, by a program. */
static const char *way_of(const struct ask *in)
{
	if (!in->page_form)
		return "api";
	return in->form.len && in->form.ptr[in->form.len - 1] == '~' ? "script" : "plain";
}

static enum err insert(struct db *db, struct asking *q, int64_t now, struct error *e)
{
	int64_t n;
	enum err rc = db_int(db, SQL_TICKET_INSERT,
			     BINDS(b_text(q->title), b_text(q->name), b_text(q->email), b_text(q->lang), b_text(q->topic), b_text(q->page),
				   b_int(now), b_int((int64_t)q->in->body.len), b_blob(q->seed, sizeof(q->seed)),
				   b_blob(q->token_hash.bytes, sizeof(q->token_hash.bytes)), b_str(desk_status_name(q->told)),
				   b_str(way_of(q->in))),
			     &q->ticket, e);

	if (!rc)
		rc = bans_remember(db, q->ticket, &q->in->sender, e);
	if (!rc && q->keep)
		rc = db_run(db, SQL_TICKET_ASK_KEEP,
			    BINDS(b_blob(q->client.bytes, sizeof(q->client.bytes)), b_int(q->ticket), b_blob(q->same.bytes, sizeof(q->same.bytes)),
				  b_int(now), b_int(now - REPEAT_MS)),
			    NULL, e);
	if (!rc)
		rc = talk_append(db,
				 &(struct append){ .ticket = q->ticket, .now = now, .kind = ENTRY_MESSAGE, .author = AUTHOR_ASKER,
						   .audience = AUDIENCE_ALL, .body = q->in->body, .index = true },
				 &n, e);
	return rc;
}

static enum err write_question(struct db *db, void *self, struct error *e)
{
	static const enum ticket_event events[ACTION_COUNT] = { EVENT_ACCEPT, EVENT_CHALLENGE, EVENT_HOLD, EVENT_REJECT };
	struct asking *q = self;
	struct acted acted;
	enum action action = ACTION_ACCEPT;
	int64_t now = clock_wall_ms();
	enum err rc;

	q->ticket = 0;
	q->repeat = false;
	rc = find_repeat(db, q, e);
	if (rc || q->repeat)
		return rc;
	rc = insert(db, q, now, e);
	if (!rc)
		rc = gate_record(db, q->screening, q->ticket, 1, &action, e);
	if (!rc && q->proof.good)
		rc = proof_spend(db, &q->proof, q->ticket, now, e);
	if (!rc)
		rc = ticket_move(db,
				 &(struct move){ .ticket = q->ticket, .event = events[action], .by = BY_SYSTEM, .now = now,
						 .deadline = action == ACTION_CHALLENGE ? now + CHALLENGE_MS : 0,
						 .why = action == ACTION_HOLD ? HELD_SCREEN : HELD_NOT },
				 &acted, e);
	if (!rc)
		q->state = acted.state;
	return rc;
}

static struct slice domain_of(struct slice email)
{
	const char *at = email.len ? memchr(email.ptr, '@', email.len) : NULL;

	return at ? slice_from(email, (size_t)(at + 1 - email.ptr)) : SLICE_NONE;
}

static struct slice given(struct slice s)
{
	return s.len ? s : SLICE_NONE;
}

/* The title of a question that came without one. */
static struct slice own_title(struct arena *a, struct slice body)
{
	struct slice first = utf_trim(body);
	const char *end = first.len ? memchr(first.ptr, '\n', first.len) : NULL;

	if (end)
		first.len = (size_t)(end - first.ptr);
	return utf_one_line(a, first, TITLE_CHARS);
}

/* What the row keeps: one-line fields without what could turn a line round; a title also where none was given. */
static enum err tidy(struct arena *a, struct asking *q, struct error *e)
{
	q->title = utf_one_line(a, q->in->title, TICKET_TITLE_MAX_BYTES);
	if (q->in->title.ptr && !q->title.ptr)
		return err_nomem(e);
	if (!q->title.len)
		q->title = own_title(a, q->in->body);
	q->name = given(utf_one_line(a, q->in->name, TICKET_NAME_MAX_BYTES));
	q->page = given(utf_one_line(a, q->in->page, TICKET_PAGE_MAX_BYTES));
	q->lang = given(q->in->lang);
	q->topic = given(q->in->topic);
	q->email = given(q->in->email);
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

/* Just the address of a page, as a wiki's own links give it: it says where the question is from and nothing else. */
static bool page_address(struct slice page)
{
	if (!slice_starts(page, SLICE("https://")) && !slice_starts(page, SLICE("http://")))
		return false;
	for (size_t i = 0; i < page.len; i++)
		if ((unsigned char)page.ptr[i] <= ' ')
			return false;
	struct slice wiki = slice_of(conf()->wiki_url), rest;
	if (!slice_starts(page, wiki))
		return false;
	/* "https://wiki.example" begins "https://wiki.example.evil.test/", too. */
	rest = slice_from(page, wiki.len);
	return !wiki.len || wiki.ptr[wiki.len - 1] == '/' || !rest.len || strchr("/?#", rest.ptr[0]);
}

static enum err screen(struct desk *d, struct db *db, struct arena *a, struct asking *q, struct error *e)
{
	const struct ask *in = q->in;
	struct submission *s = ARENA_NEW(a, struct submission);
	struct slice page = page_address(in->page) ? SLICE_NONE : in->page;
	const char *beside = in->name.len || page.len ? arena_printf(a, "%.*s\n\n%.*s", SLICE_ARG(in->name), SLICE_ARG(page)) : "";

	if (!s || !beside)
		return err_nomem(e);
	s->beside = slice_of(beside);
	s->kind = SUBMIT_QUESTION;
	s->channel = CHANNEL_FORM;
	s->title = in->title;
	s->body = in->body;
	s->name = in->name;
	s->email_domain = domain_of(in->email);
	s->email = in->email;
	s->topic = in->topic;
	s->page = in->page;
	s->language = in->lang;
	s->user_agent = in->agent;
	s->form = in->form;
	s->honeypot = in->trap;
	s->api = !in->page_form;
	s->proven = q->proof.good;
	return gate_screen(d, db, a, s, &in->sender, &q->screening, e);
}

/* What the client_id, or else a nonce of ours, is known by: the nonce without the mark of the page's script. */
static enum err name_client(struct desk *d, struct db *db, struct asking *q, struct gate_form *form, struct error *e)
{
	struct slice name = q->in->client_id;
	enum err rc;

	*form = (struct gate_form){ .state = FORM_MISSING };
	q->keep = name.ptr != NULL;
	if (!q->keep && q->in->form.len) {
		rc = gate_form_check(d, db, q->in->form, form, e);
		if (rc)
			return rc;
		q->keep = form->state == FORM_GOOD || form->state == FORM_EXPIRED || form->state == FORM_SPENT;
		name = q->in->form;
		name.len -= name.ptr[name.len - 1] == '~';
	}
	q->client = crypt_sha256(name);
	q->same = same_ask(q->in, name);
	return ERR_OK;
}

/* The nonce was spent: the same words within ten minutes lead to the same place; later, or with other words, the form is shown
 * again. */
static enum err check_form(struct desk *d, struct db *db, struct asking *q, int64_t *ticket, struct error *e)
{
	struct gate_form form;
	enum err rc = name_client(d, db, q, &form, e);

	*ticket = 0;
	if (rc || form.state != FORM_SPENT)
		return rc;
	q->repeat = false;
	rc = find_repeat(db, q, e);
	if (rc || !form.ticket || form.spent_ms > GATE_FORM_REPEAT_MS)
		return rc ? rc : other_words(e);
	*ticket = form.ticket;
	return ERR_OK;
}

enum err ticket_ask(struct desk *d, struct db *db, struct arena *a, const struct ask *in, struct asked *out, struct error *e)
{
	struct asking q = { .in = in };
	int64_t earlier;
	char token[TICKET_TOKEN_BYTES];
	enum err rc = ticket_check_ask(in, e);

	memset(out, 0, sizeof(*out));
	if (rc)
		return rc;
	rc = check_form(d, db, &q, &earlier, e);
	if (rc)
		return rc;
	if (earlier)
		return answer_repeat(d, db, a, earlier, out, e);
	rc = find_repeat(db, &q, e);
	if (rc)
		return rc;
	if (q.repeat)
		return answer_repeat(d, db, a, q.ticket, out, e);
	rc = tidy(a, &q, e);
	if (!rc && in->pow.len && proof_on())
		rc = proof_check(d, db, a, &(struct proof_for){ .kind = PROOF_FORM, .form = in->form }, in->pow, &q.proof, e);
	if (!rc)
		rc = screen(d, db, a, &q, e);
	if (!rc)
		rc = queue_status(d, db, &q.told, e);
	if (rc)
		return rc;
	keys_seed(q.seed);
	keys_token(d->keys, q.seed, token);
	q.token_hash = keys_token_hash(slice_of(token));
	rc = writer_do(d->writer, LANE_ASK, write_question, &q, e);
	if (rc == ERR_CONFLICT && in->form.len && !in->client_id.ptr) {
		/* The same form sent twice at once: the other one was first, and its place is this one's. */
		enum err again = check_form(d, db, &q, &earlier, e);

		if (!again && earlier)
			return answer_repeat(d, db, a, earlier, out, e);
	}
	if (rc)
		return rc;
	if (q.repeat)
		return answer_repeat(d, db, a, q.ticket, out, e);
	out->ticket = q.ticket;
	out->state = q.state;
	memcpy(out->token, token, sizeof(token));
	if (q.state != TICKET_QUEUED)
		out->note = given(gate_note(q.screening));
	return ERR_OK;
}

enum err ticket_judge_again(struct desk *d, struct db *db, struct arena *a, int64_t ticket, struct slice agent, const struct sender *from,
			    struct screening **out, struct error *e)
{
	struct ask in = { .agent = agent, .sender = *from, .page_form = true };
	struct asking q = { .in = &in, .proof = { .good = true } };
	struct rows r;
	enum err rc = rows_open(db, &r, SQL_TICKET_ASKED, BINDS(b_int(ticket)), e), closed;

	*out = NULL;
	if (rc)
		return rc;
	if (rows_next(&r)) {
		struct slice *fields[] = { &in.body, &in.title, &in.name, &in.email, &in.topic, &in.lang, &in.page };

		for (int i = 0; i < (int)(sizeof(fields) / sizeof(fields[0])); i++)
			*fields[i] = arena_slice(a, rows_text(&r, i));
	}
	closed = rows_close(&r);
	if (closed)
		return closed;
	/* A title that was not given is no second copy of the first line. */
	if (slice_eq(in.title, own_title(a, in.body)))
		in.title = SLICE_NONE;
	rc = arena_failed(a) ? err_nomem(e) : screen(d, db, a, &q, e);
	*out = q.screening;
	return rc;
}

/* ---- the appeal and the rating ---- */

struct later {
	int64_t ticket;
	struct slice text, client_id;
	struct slice pow;            /* of an appeal */
	struct screening *screening; /* NULL without a text */
	bool appeal, helped;
	bool open;           /* an appeal that is to be read without proof, or has its proof */
	struct proof proof;
	struct acted *out;
};

/* The entry that carries the words, or else the appeal's step alone: under it a repeat finds what the first one did. */
static struct append later_entry(const struct later *l)
{
	return (struct append){ .ticket = l->ticket, .now = clock_wall_ms(),
				.kind = !l->appeal ? ENTRY_FACT : l->text.len ? ENTRY_MESSAGE : ENTRY_STATE, .author = AUTHOR_ASKER,
				.audience = AUDIENCE_ALL, .body = l->text, .client_id = l->client_id,
				.what = slice_of(l->appeal ? event_name(EVENT_APPEAL) : l->helped ? "helped" : "not helped"), .index = true };
}

static enum err later_repeat(struct db *db, struct later *l, bool *found, struct error *e)
{
	struct append same = later_entry(l);
	struct posted before;
	struct ticket t;
	enum err rc = talk_repeat(db, &same, found, &before, e);

	if (rc || !*found || (rc = ticket_row(db, l->ticket, &t, e)))
		return rc;
	ticket_acted(&t, SLICE_NONE, l->out);
	l->out->n = before.n + (same.kind == ENTRY_MESSAGE); /* the appeal's step stands behind its words */
	l->out->at = before.at;
	l->out->repeat = true;
	return ERR_OK;
}

static enum err write_later(struct db *db, void *self, struct error *e)
{
	struct later *l = self;
	struct append entry = later_entry(l);
	struct ticket t;
	enum action action = ACTION_ACCEPT;
	enum ticket_state to;
	bool found;
	enum err rc;

	memset(l->out, 0, sizeof(*l->out));
	rc = later_repeat(db, l, &found, e);
	if (!rc && !found)
		rc = ticket_row(db, l->ticket, &t, e);
	if (rc || found)
		return rc;
	if (l->appeal && t.appealed && t.state != TICKET_ERASED)
		return err_set(e, ERR_CONFLICT, "A refusal can be appealed once.");
	if (l->appeal && (rc = state_next(t.state, EVENT_APPEAL, BY_ASKER, &to, e)))
		return rc;
	if (!l->appeal && t.state != TICKET_CLOSED)
		return err_set(e, ERR_CONFLICT, "Say how it went once the conversation is closed.");
	if (!l->appeal && (rc = ticket_asker_steps(db, t.id, entry.now, e)))
		return rc;
	if (l->screening) {
		if (!l->appeal)
			rc = talk_asker_room(&t, l->text.len, e);
		if (!rc)
			rc = gate_record(db, l->screening, l->ticket, t.last_n + 1, &action, e);
		if (!rc && !l->appeal)
			rc = talk_asker_added(db, &t, l->text.len, e);
		if (rc)
			return rc;
		if (!l->appeal && action != ACTION_ACCEPT)
			entry.audience = AUDIENCE_HELD;
	}
	if (!l->appeal)
		entry.data = l->helped ? SLICE("{\"what\":\"rating\",\"helped\":true}") : SLICE("{\"what\":\"rating\",\"helped\":false}");
	if (!l->appeal || l->text.len)
		rc = talk_append(db, &entry, &l->out->n, e);
	if (!rc && l->proof.good)
		rc = proof_spend(db, &l->proof, l->ticket, entry.now, e);
	if (!rc && l->appeal)
		rc = ticket_move(db,
				 &(struct move){ .ticket = l->ticket, .event = EVENT_APPEAL, .by = BY_ASKER, .now = entry.now,
						 .client_id = l->text.len ? SLICE_NONE : l->client_id,
						 .why = l->open ? HELD_APPEAL : HELD_UNSOLVED },
				 l->out, e);
	else if (!rc)
		rc = db_run(db, SQL_TICKET_SET_RATING, BINDS(b_int(l->ticket), b_int(l->helped)), NULL, e);
	if (!rc && !l->appeal)
		rc = trial_look(db, l->ticket, false, entry.now, e);
	if (!rc && !l->appeal) {
		ticket_acted(&t, SLICE_NONE, l->out);
		l->out->at = entry.now;
	}
	return rc;
}

static enum err later(struct desk *d, struct db *db, struct arena *a, struct later *l, const struct sender *from, struct error *e)
{
	enum err rc = check_field(l->appeal ? "text" : "comment", l->text, TICKET_TEXT_MAX_BYTES, e);
	bool found = false;

	memset(l->out, 0, sizeof(*l->out));
	if (utf_blank(l->text))
		l->text = SLICE_NONE;
	if (!rc) /* before its proof, which the first one has spent */
		rc = later_repeat(db, l, &found, e);
	if (rc || found)
		return rc;
	if (l->appeal && !l->open) {
		rc = proof_check(d, db, a, &(struct proof_for){ .kind = PROOF_APPEAL, .ticket = l->ticket }, l->pow, &l->proof, e);
		l->open = l->proof.good;
	}
	if (!rc && l->text.len) {
		struct submission *s = ARENA_NEW(a, struct submission);

		if (!s)
			return err_nomem(e);
		s->kind = l->appeal ? SUBMIT_APPEAL : SUBMIT_COMMENT;
		s->channel = CHANNEL_FORM;
		s->body = l->text;
		s->api = true;
		s->ticket = l->ticket;
		rc = gate_screen(d, db, a, s, from, &l->screening, e);
	}
	return rc ? rc : writer_do(d->writer, LANE_TALK, write_later, l, e);
}

enum err ticket_appeal(struct desk *d, struct db *db, struct arena *a, int64_t ticket, const struct appeal *in, const struct sender *from,
		       struct acted *out, struct error *e)
{
	struct later l = { .ticket = ticket, .text = in->text, .client_id = in->client_id, .pow = in->pow, .appeal = true,
			   .open = !proof_on() || proof_answers(in->answer), .out = out };

	return later(d, db, a, &l, from, e);
}

enum err ticket_rate(struct desk *d, struct db *db, struct arena *a, int64_t ticket, const struct rating *in, const struct sender *from,
		     struct acted *out, struct error *e)
{
	struct later l = { .ticket = ticket, .text = in->comment, .client_id = in->client_id, .helped = in->helped, .out = out };

	return later(d, db, a, &l, from, e);
}
