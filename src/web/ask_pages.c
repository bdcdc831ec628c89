/*
 * ask_pages: what newcomers see: asking, and their own conversation. Everything works without scripts.
 *
 * GET changes nothing. A POST that cannot be taken shows its page again with everything that was typed (P4), also when it came
 * from another site. A conversation's page has a constant title and is never stored; until a helper has answered its texts are
 * plain, and a refused text is shown only on request, so that nobody can use the desk to publish.
 */
#include <stdio.h>

#include "base/conf.h"
#include "desk/erase.h"
#include "desk/gate.h"
#include "desk/help.h"
#include "desk/presence.h"
#include "desk/report.h"
#include "text/markup.h"
#include "text/utf.h"
#include "web/handlers.h"
#include "web/kept_page.h"
#include "web/problem.h"
#include "web/proof_pages.h"
#include "web/view.h"

enum { LOG_TAIL = 400, MS_A_DAY = 86400 * 1000, REFRESH_LIVE_S = 20, REFRESH_QUEUED_S = 30, REFRESH_HELD_S = 60 };

/* ---- asking ---- */

struct problem {
	int status;                 /* 0: none */
	const char *kind, *heading, *text;
	const char *field, *wrong;  /* the field at fault and what to say there */
	bool anyway;                /* was asked for more words: the next try is taken as it is */
};

struct choices {
	struct request *rq;
	struct jv *list;
	struct slice chosen;
	bool found;
};

static void add_language(void *ctx, struct slice code)
{
	struct choices *c = ctx;
	struct slice copy = arena_slice(c->rq->arena, code);
	bool chosen = !c->found && slice_eq(c->chosen, code);
	c->found |= chosen;
	struct jv *x = jv_object();
	jv_set(x, "code", jv_text(code));
	jv_set(x, "label", copy.ptr ? jv_text(i18n_language_name(c->rq->arena, copy.ptr, copy.ptr)) : NULL);
	jv_set_bool(x, "chosen", chosen);
	jv_push(c->list, x);
}

static void add_topic(void *ctx, struct slice name)
{
	struct choices *c = ctx;
	struct jv *x = jv_object();
	jv_set(x, "name", jv_text(name));
	jv_set_bool(x, "chosen", slice_eq(c->chosen, name));
	jv_push(c->list, x);
}

static struct jv *ask_form(struct request *rq, const char *lang, const char *nonce, const struct problem *pr)
{
	bool post = rq->method == METHOD_POST;
	static const char *const fields[] = { "body", "title", "name" };
	struct jv *form = jv_object();
	jv_set_string(form, "nonce", nonce);
	jv_set_bool(form, "anyway", pr->anyway || (post && request_field(rq, "anyway").len));
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		jv_set(form, fields[i], jv_text(post ? request_field(rq, fields[i]) : request_query(rq, fields[i])));
	struct slice wanted = post ? request_field(rq, "lang") : request_query(rq, "lang");
	struct choices langs = { .rq = rq, .list = jv_array(), .chosen = wanted.len ? wanted : slice_of(lang) };
	view_each_part(conf()->languages, add_language, &langs);
	jv_set(form, "langs", langs.list);
	struct choices topics = { .rq = rq, .list = jv_array(),
				  .chosen = post ? request_field(rq, "topic") : request_query(rq, "topic") };
	view_each_part(conf()->topics, add_topic, &topics);
	jv_set_bool(form, "has_topics", jv_size(topics.list) > 0);
	jv_set(form, "topics", topics.list);
	struct slice page = post ? request_field(rq, "page") : request_query(rq, "page");
	page = page.len && page.len <= TICKET_PAGE_MAX_BYTES ? utf_one_line(rq->arena, page, 255) : SLICE_NONE;
	jv_set(form, "page", page.len ? jv_text(page) : jv_null());
	jv_set(form, "page_url", view_wiki_link(page));
	return form;
}

/* Nothing is filled in and no template can have changed: the page may be the one another reader got. */
static bool same_for_all(struct request *rq)
{
	static const char *const asked[] = { "body", "title", "name", "lang", "topic", "page", "uselang" };
	bool bare = rq->method == METHOD_GET && !conf()->templates[0];
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked) && bare; i++)
		bare = !request_query(rq, asked[i]).ptr;
	return bare;
}

static enum err show_ask(struct request *rq, struct response *rs, const struct problem *pr, struct error *e)
{
	struct kept_key key = { .conf = conf(), .lang = view_lang(rq, rs) };
	const char *lang = key.lang;
	char nonce[GATE_FORM_BYTES];
	struct error trouble;
	gate_form_new(rq->desk, rq->method == METHOD_POST, nonce);
	enum err rc = queue_wait(rq->desk, rq->db, &key.wait, &trouble);
	/* The form is there even when nothing can be said about waiting: typed words come first. */
	if (rc != ERR_OK && pr->status == 0) {
		*e = trouble;
		return rc;
	}
	bool same = rc == ERR_OK && same_for_all(rq);
	if (same && kept_page_add(&key, slice_of(nonce), response_body(rs))) {
		view_head(rs, lang);
		return ERR_OK;
	}
	struct jv *page = view_frame(rq, lang, "title-ask", SLICE(""));
	if (rc == ERR_OK)
		view_wait(rq, page, lang, &key.wait);
	jv_set_bool(page, "index", true);
	jv_set_int(page, "body_max", TICKET_TEXT_MAX_BYTES);
	jv_set_bool(page, "has_help", conf()->help_pages[0] && conf()->wiki_url[0]);
	jv_set(page, "scripts", jv_push(jv_array(), jv_string("ask.js")));
	jv_set(page, "form", ask_form(rq, lang, nonce, pr));
	view_put(rq, page, lang, "send", pr->anyway ? "ask-send-anyway" : "ask-send", I18N_NONE);
	struct jv *wrong = jv_object();
	if (pr->field && pr->wrong)
		view_put(rq, wrong, lang, pr->field, pr->wrong, I18N_NONE);
	jv_set(page, "wrong", wrong);
	if (pr->status) {
		struct jv *p = jv_object();
		jv_set_string(p, "kind", pr->kind ? pr->kind : "bad");
		view_put(rq, p, lang, "heading", pr->heading ? pr->heading : "problem-ask", I18N_NONE);
		view_put(rq, p, lang, "text", pr->text ? pr->text : "problem-kept", I18N_NONE);
		jv_set(page, "problem", p);
		response_status(rs, pr->status);
	}
	rc = view_send(rq, rs, "ask", lang, page, e);
	if (rc == ERR_OK && same)
		kept_page_keep(&key, slice_of(nonce), str_slice(response_body(rs)));
	return rc;
}

HANDLER(page_ask)
{
	return show_ask(rq, rs, &(struct problem){ 0 }, e);
}

/* Nothing but a greeting or punctuation: words in the languages the desk speaks and the usual others. Never a reason to
 * refuse, only to ask for the question itself, once. */
static bool only_greeting(struct slice body)
{
	static const char *const words[] = {
		"hi", "hello", "hey", "hallo", "hullo", "hiya", "good", "morning", "day", "evening", "afternoon", "help", "please", "pls", "plz", "me",
		"there", "anyone", "anybody", "somebody", "here", "is", "sir", "madam", "dear", "all", "everyone", "guten", "tag", "morgen", "abend",
		"moin", "servus", "hilfe", "bitte", "jemand", "da", "ist", "zusammen", "gr\xc3\xbc\xc3\x9f", "gott", "hola", "ayuda", "bonjour", "salut",
		"aide", "ciao", "salve", "merhaba", "selam", "test", "question", "frage", "\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7",
		"\xd8\xa7\xd9\x84\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85", "\xd8\xb9\xd9\x84\xd9\x8a\xd9\x83\xd9\x85", "\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85",
		"\xd8\xa3\xd9\x87\xd9\x84\xd8\xa7", "\xd9\x85\xd8\xb3\xd8\xa7\xd8\xb9\xd8\xaf\xd8\xa9",
		"ol\u00e1", "oi", "ajuda", "hej", "hei", "cze\u015b\u0107", "ahoj", "szia", "namaste", "salam",
		"\u043f\u0440\u0438\u0432\u0435\u0442", "\u0437\u0434\u0440\u0430\u0432\u0441\u0442\u0432\u0443\u0439\u0442\u0435",
		"\u041f\u0440\u0438\u0432\u0435\u0442", "\u0417\u0434\u0440\u0430\u0432\u0441\u0442\u0432\u0443\u0439\u0442\u0435",
		"\u043f\u043e\u043c\u043e\u0433\u0438\u0442\u0435", "\u4f60\u597d", "\u60a8\u597d", "\u4f60\u597d\uff01", "\u60a8\u597d\uff01",
		"\u4f60\u597d\u3002", "\u3053\u3093\u306b\u3061\u306f", "\uc548\ub155\ud558\uc138\uc694", "\u0928\u092e\u0938\u094d\u0924\u0947",
		"\u05e9\u05dc\u05d5\u05dd",
	};
	size_t i = 0;
	int found = 0;
	while (i < body.len) {
		size_t start = i;
		while (i < body.len && ((unsigned char)body.ptr[i] >= 0x80 || (body.ptr[i] >= '0' && body.ptr[i] <= '9') ||
					((body.ptr[i] | 32) >= 'a' && (body.ptr[i] | 32) <= 'z')))
			i++;
		if (i == start) {
			i++;
			continue;
		}
		struct slice word = slice_make(body.ptr + start, i - start);
		bool greeting = false;
		for (size_t k = 0; k < sizeof(words) / sizeof(*words); k++)
			greeting |= utf_equal_nocase(word, slice_of(words[k]));
		if (!greeting || ++found > 6)
			return false;
	}
	return true;
}

static void ask_problem(const struct error *why, struct problem *pr)
{
	*pr = (struct problem){ .status = problem_status(why->code) };
	switch (why->code) {
	case ERR_INVALID: {
		static const char *const fields[][2] = { { "body", "wrong-long" },  { "title", "wrong-title" }, { "name", "wrong-name" },
							 { "lang", "wrong-lang" }, { "topic", "wrong-topic" } };
		for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
			if (strcmp(why->field, fields[i][0]) == 0)
				pr->field = fields[i][0], pr->wrong = fields[i][1];
		if (strcmp(why->field, "form") == 0)
			pr->text = "problem-form-old";
		break;
	}
	case ERR_CONFLICT: pr->text = "problem-form-old"; break;
	default: pr->text = view_trouble(why) ? view_trouble(why) : "problem-kept";
	}
}

HANDLER(page_ask_send)
{
	enum err rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct problem pr = { 0 };
	struct slice body = request_field(rq, "body");
	if (rq->cross_site) {
		pr = (struct problem){ .status = 403, .kind = "warn", .text = "problem-cross-site" };
		return show_ask(rq, rs, &pr, e);
	}
	if (!body.ptr || utf_blank(body)) {
		pr = (struct problem){ .status = 422, .field = "body", .wrong = "wrong-empty" };
		return show_ask(rq, rs, &pr, e);
	}
	struct ask in = {
		.body = body, .title = view_field(rq, "title"), .name = view_field(rq, "name"), .email = view_field(rq, "email"),
		.topic = view_field(rq, "topic"), .lang = view_field(rq, "lang"), .page = view_field(rq, "page"), .form = view_field(rq, "form"),
		.trap = view_field(rq, "website"), .agent = request_header(rq, "User-Agent"), .page_form = true, .sender = rq->sender,
	};
	struct error why = { 0 };
	struct asked out = { 0 };
	rc = ticket_check_ask(&in, &why);
	if (rc == ERR_OK && !request_field(rq, "anyway").len && only_greeting(body)) {
		pr = (struct problem){ .status = 422, .kind = "warn", .heading = "problem-greeting-heading", .text = "problem-greeting", .anyway = true };
		return show_ask(rq, rs, &pr, e);
	}
	if (rc == ERR_OK)
		rc = ticket_ask(rq->desk, rq->db, rq->arena, &in, &out, &why);
	if (rc != ERR_OK) {
		why.code = rc;
		ask_problem(&why, &pr);
		view_retry_after(rs, &why);
		return show_ask(rq, rs, &pr, e);
	}
	char *path = arena_printf(rq->arena, "/q/%s", out.token);
	if (!path)
		return err_nomem(e);
	return view_redirect(rq, rs, path, e);
}

/* ---- the asker's conversation ---- */

struct shown {
	int status;
	const char *heading, *text;   /* of a problem; NULL: none */
	const char *wrong;            /* at the composer */
	struct slice typed, why;      /* kept in the composer; in the appeal and the report */
	const char *confirm;          /* "close", "withdraw", "erase", "report" */
	bool writing;
};

static enum err own_ticket(struct request *rq, struct ticket *t, struct error *e)
{
	return ticket_by_token(rq->db, rq->arena, rq->params[0], t, e);
}

static bool refused(const struct ticket *t)
{
	return t->state == TICKET_REJECTED || t->state == TICKET_SPAM;
}

static bool wordless(const struct ticket *t)
{
	return t->state == TICKET_ERASED || t->state == TICKET_PURGED;
}

/* Pages that may answer what was asked, while somebody waits. In the language of the question. */
static enum err add_help(struct request *rq, const char *lang, const struct ticket *t, struct jv *page, struct error *e)
{
	struct help_page found[HELP_SHOWN];
	struct entry x;
	struct jv *list = jv_array();
	struct slice own = arena_slice(rq->arena, t->lang), all = view_by_language(slice_of(conf()->help_pages), own.len ? own.ptr : lang);
	bool waits = all.len && (t->state == TICKET_QUEUED || t->state == TICKET_HELD) && !t->answered;
	enum err rc = waits ? talk_entry(rq->db, rq->arena, t->id, 1, &x, e) : ERR_OK;
	char *text = waits && rc == ERR_OK ? arena_printf(rq->arena, "%.*s\n%.*s", SLICE_ARG(t->title), SLICE_ARG(x.body)) : NULL;
	for (size_t i = 0, n = text ? help_find(rq->arena, all, slice_of(text), found) : 0; i < n; i++) {
		struct jv *url = view_wiki_link(found[i].title);
		if (jv_type(url) == JV_STRING)
			jv_push(list, jv_set(jv_set_text(jv_object(), "title", found[i].title), "url", url));
		else
			jv_free(&url);
	}
	jv_set_bool(page, "has_help", jv_size(list) > 0);
	jv_set(page, "help", list);
	return rc;
}

static enum err add_now(struct request *rq, const char *lang, const struct ticket *t, struct jv *page, struct error *e)
{
	struct jv *now = jv_object();
	jv_set(page, "now", now);
	const char *headline = NULL, *text = NULL;
	int refresh = 0;
	switch (t->state) {
	case TICKET_QUEUED: {
		struct wait w;
		int64_t position = 0;
		enum err rc = queue_wait(rq->desk, rq->db, &w, e);
		if (rc == ERR_OK)
			rc = queue_position(rq->db, t, &position, e);
		if (rc != ERR_OK)
			return rc;
		headline = "now-queued";
		text = w.status == DESK_OPEN ? "now-queued-open" : w.status == DESK_FULL ? "now-queued-full" : "now-queued-return";
		if (position == 1)
			view_put(rq, now, lang, "position", "position-next", I18N_NONE);
		else if (position > 1)
			view_put(rq, now, lang, "position", "position", I18N(i18n_int(position - 1)));
		if (w.known)
			view_put(rq, now, lang, "waits", "waits",
				 I18N(i18n_slice(view_duration(rq, lang, w.median_s)), i18n_slice(view_duration(rq, lang, w.p90_s))));
		refresh = REFRESH_QUEUED_S;
		break;
	}
	case TICKET_LIVE: {
		bool here = presence_here(rq->desk->presence, t->id).helpers > 0;
		headline = t->holder_name.len ? "now-live" : "now-live-nobody";
		text = here ? "now-live-here" : "now-live-away";
		jv_set_bool(now, "lit", true);
		refresh = REFRESH_LIVE_S;
		break;
	}
	case TICKET_CHALLENGED: headline = "now-challenged", text = "now-challenged-text"; break; /* no refresh: an answer is being typed */
	case TICKET_HELD: {
		struct wait w;
		enum err rc = queue_hold_wait(rq->db, &w, e);
		if (rc != ERR_OK)
			return rc;
		headline = t->appealed ? "now-held-again" : "now-held";
		text = t->appealed ? "now-held-appeal" : t->why == HELD_NOT_REAL ? "now-held-notreal" : "now-held-text";
		refresh = REFRESH_HELD_S;
		if (w.known)
			view_put(rq, now, lang, "waits", "waits-held",
				 I18N(i18n_slice(view_duration(rq, lang, w.median_s)), i18n_slice(view_duration(rq, lang, w.p90_s))));
		break;
	}
	case TICKET_REJECTED: headline = "now-rejected", text = t->appealed ? "now-appealed" : "now-rejected-text"; break;
	case TICKET_SPAM: headline = "now-spam", text = t->appealed ? "now-appealed" : "now-spam-text"; break;
	case TICKET_SNOOZED: headline = "now-snoozed", text = "now-snoozed-text"; break;
	/* What nobody ever took was closed by its asker; whoever took it may have closed it without an answer. */
	case TICKET_CLOSED: headline = "now-closed", text = t->answered || t->lease.fence ? "now-closed-text" : "now-withdrawn-text"; break;
	case TICKET_PURGED: headline = "now-purged", text = "now-purged-text"; break;
	default: headline = "now-erased", text = "now-erased-text"; break;
	}
	view_put(rq, now, lang, "headline", headline, I18N(i18n_slice(t->holder_name)));
	int64_t left = t->sealed_until - clock_wall_ms();
	if (t->state == TICKET_ERASED && left > 0)
		view_put(rq, now, lang, "text", "now-erased-sealed", I18N(i18n_int((left + MS_A_DAY - 1) / MS_A_DAY)));
	else
		view_put(rq, now, lang, "text", text, I18N_NONE);
	jv_set_bool(now, "refresh", refresh > 0);
	jv_set(page, "refresh", refresh ? jv_int(refresh) : jv_null());
	return ERR_OK;
}

static void add_confirm(struct request *rq, const char *lang, const char *what, struct slice why, struct jv *page)
{
	char key[48];
	struct jv *c = jv_object();
	jv_set_string(c, "action", what);
	jv_set_string(c, "class", strcmp(what, "erase") == 0 ? "danger" : "primary");
	if (strcmp(what, "report") == 0)
		jv_set(c, "why", jv_set(jv_object(), "typed", jv_text(why)));
	snprintf(key, sizeof(key), "confirm-%s", what);
	view_put(rq, c, lang, "heading", key, I18N_NONE);
	snprintf(key, sizeof(key), "confirm-%s-text", what);
	view_put(rq, c, lang, "text", key, I18N_NONE);
	snprintf(key, sizeof(key), "confirm-%s-button", what);
	view_put(rq, c, lang, "button", key, I18N_NONE);
	jv_set(page, "confirm", c);
	jv_set(page, "refresh", jv_null());
}

static void add_composer(struct request *rq, const char *lang, const struct ticket *t, const struct page *p, const struct shown *s, struct jv *page)
{
	int64_t reply = 0;
	struct error ignored;
	bool post = rq->method == METHOD_POST;
	enum err rc = post ? view_field_int(rq, "reply_to", &reply, &ignored) : request_query_int(rq, "reply", &reply, &ignored);
	jv_set_bool(page, "write", true);
	jv_set_bool(page, "writing", s->writing);
	jv_set(page, "text", jv_text(s->typed));
	bool waiting = !t->answered && t->state != TICKET_CLOSED;
	view_put(rq, page, lang, "write_label", waiting ? "write-more" : t->state == TICKET_LIVE ? "write-answer" : "write-later", I18N_NONE);
	view_put(rq, page, lang, "write_hint", t->state == TICKET_CLOSED ? "write-hint-closed" : waiting ? "write-hint-queued" : "write-hint", I18N_NONE);
	struct slice quoted = rc == ERR_OK && reply > 0 ? view_quote(rq, p, reply) : SLICE("");
	if (quoted.len)
		jv_set(page, "replying", jv_set(jv_set_int(jv_object(), "n", reply), "text", jv_text(quoted)));
	if (s->writing)
		jv_set(page, "refresh", jv_null());
}

static bool can_report(const struct ticket *t)
{
	return t->answered && !wordless(t) && !refused(t);
}

/* Whom they can ask to have again, with the button that opens it again. */
static enum err add_again(struct request *rq, const char *lang, const struct ticket *t, struct jv *page, struct error *e)
{
	struct again again = { 0 };
	enum err rc = t->state == TICKET_CLOSED ? ticket_again(rq->db, t->id, &again, e) : ERR_OK;
	jv_set(page, "again", again.account ? view_say(rq, lang, "reopen-again", I18N(i18n_slice(slice_of(again.name)))) : jv_null());
	return rc;
}

static void add_can(struct request *rq, const char *lang, const struct ticket *t, struct jv *page)
{
	bool open = t->state == TICKET_LIVE || t->state == TICKET_SNOOZED;
	bool waiting = t->state == TICKET_QUEUED || t->state == TICKET_HELD || t->state == TICKET_CHALLENGED;
	struct jv *can = jv_object();
	jv_set_bool(can, "close", open);
	jv_set_bool(can, "withdraw", waiting);
	jv_set_bool(can, "reopen", t->state == TICKET_CLOSED);
	jv_set_bool(can, "link", !wordless(t));
	jv_set_bool(can, "erase", !wordless(t));
	jv_set_bool(can, "report", can_report(t));
	jv_set(page, "can", can);
	jv_set_bool(page, "appeal", refused(t) && !t->appealed);
	if (t->state == TICKET_CLOSED && t->answered)
		jv_set(page, "rating", jv_object());
	struct slice done = request_query(rq, "done");
	if (slice_is(done, "rated"))
		view_put(rq, page, lang, "done", "rate-thanks", I18N_NONE);
	else if (slice_is(done, "reported"))
		view_put(rq, page, lang, "done", "report-done", I18N_NONE);
	else if (slice_is(done, "link"))
		view_put(rq, page, lang, "done", "link-done", I18N_NONE);
}

/* The question's own words, for a refused one, on request. */
static struct slice first_words(const struct page *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->entries[i].kind == ENTRY_MESSAGE && p->entries[i].body.ptr)
			return p->entries[i].body;
	return SLICE_NONE;
}

static enum err add_log(struct request *rq, const char *lang, const struct ticket *t, const struct shown *s, struct jv *page, const char *self,
			struct error *e)
{
	int64_t from = -1;
	const char *carry = arena_slice(rq->arena, jv_get_text(page, "carry_too")).ptr;
	enum err rc = carry ? request_query_int(rq, "from", &from, e) : err_nomem(e);
	if (rc != ERR_OK)
		return rc;
	if (from < 0)
		from = t->last_n > LOG_TAIL ? t->last_n - LOG_TAIL : 0;
	struct page p = { 0 };
	rc = talk_read(rq->db, rq->arena, t->id, refused(t) ? 0 : from, TALK_PAGE, (struct reader){ VIEW_ASKER, 0 }, &p, e);
	if (rc != ERR_OK)
		return rc;
	if (from > 0) {
		char *earlier = arena_printf(rq->arena, "%s?from=0%s", self, carry);
		jv_set(page, "earlier", earlier ? jv_string(earlier) : NULL);
	}
	/* Many screens on a phone: the way to what is new. */
	jv_set_bool(page, "long", p.count > 20 || from > 0);
	int64_t last = p.count ? p.entries[p.count - 1].n : from;
	if (p.more) {
		char *later = arena_printf(rq->arena, "%s?from=%lld%s", self, (long long)last, carry);
		jv_set(page, "later", later ? jv_string(later) : NULL);
	}
	jv_set_int(page, "last", last);
	jv_set_int(page, "seen", t->helper_read);
	if (refused(t)) {
		struct slice shown = request_query(rq, "show").len ? first_words(&p) : SLICE_NONE;
		jv_set(page, "refused", jv_set(jv_object(), "shown", jv_text(shown)));
		jv_set(page, "log", jv_array());
		jv_set_bool(page, "log_hidden", true);
		return ERR_OK;
	}
	char *reply = arena_printf(rq->arena, "%s?write=1%s&reply=", self, carry);
	if (!reply)
		return err_nomem(e);
	struct view_log o = { .ticket = t, .view = VIEW_ASKER, .unread_after = t->asker_read < t->last_n ? t->asker_read : 0,
			      .seen = t->helper_read, .reply = wordless(t) ? NULL : reply };
	jv_set(page, "log", view_log(rq, lang, &p, &o));
	if (!wordless(t))
		add_composer(rq, lang, t, &p, s, page);
	return ERR_OK;
}

static enum err show_question(struct request *rq, struct response *rs, const struct ticket *t, const struct shown *s, struct error *e)
{
	const char *lang = view_lang(rq, rs);
	struct jv *page = view_frame(rq, lang, "title-question", SLICE(""));
	char *self = arena_printf(rq->arena, "%s/q/%.*s", request_base(), SLICE_ARG(rq->params[0]));
	char *api = arena_printf(rq->arena, "%s/api/v1/questions/%.*s", request_base(), SLICE_ARG(rq->params[0]));
	char *url = request_url(rq->arena, "/q/%.*s", SLICE_ARG(rq->params[0]));
	enum err rc = self && api && url ? ERR_OK : err_nomem(e);
	if (rc == ERR_OK)
		rc = add_now(rq, lang, t, page, e);
	if (rc == ERR_OK)
		rc = add_help(rq, lang, t, page, e);
	if (rc == ERR_OK)
		rc = add_log(rq, lang, t, s, page, self, e);
	if (rc != ERR_OK) {
		jv_free(&page);
		return rc;
	}
	jv_set_string(page, "self", self);
	jv_set_string(page, "api", api);
	jv_set_string(page, "url", url);
	jv_set_string(page, "state", state_name(t->state));
	jv_set_bool(page, "answered", t->answered != 0);
	jv_set_bool(page, "stream", !refused(t) && !wordless(t));
	jv_set_bool(page, "emergency_here", t->state == TICKET_HELD || t->state == TICKET_CHALLENGED || refused(t));
	jv_set(page, "scripts", jv_push(jv_array(), jv_string("question.js")));
	jv_set(page, "heading", t->title.len && !refused(t) && !wordless(t) ? jv_text(t->title) : view_say(rq, lang, "question-fallback", I18N_NONE));
	jv_set(page, "appeal_text", jv_text(s->why));
	add_can(rq, lang, t, page);
	char nonce[GATE_FORM_BYTES];
	gate_form_new(rq->desk, s->typed.len > 0, nonce);
	jv_set_string(page, "nonce", nonce);
	rc = add_again(rq, lang, t, page, e);
	if (rc == ERR_OK)
		rc = proof_view(rq, lang, t, page, e);
	if (rc != ERR_OK) {
		jv_free(&page);
		return rc;
	}
	if (s->confirm)
		add_confirm(rq, lang, s->confirm, s->why, page);
	struct jv *wrong = jv_object();
	if (s->wrong)
		view_put(rq, wrong, lang, "body", s->wrong, I18N_NONE);
	jv_set(page, "wrong", wrong);
	if (s->text) {
		struct jv *p = jv_object();
		jv_set_string(p, "kind", "bad");
		view_put(rq, p, lang, "heading", s->heading ? s->heading : "problem-write", I18N_NONE);
		view_put(rq, p, lang, "text", s->text, I18N_NONE);
		jv_set(page, "problem", p);
		jv_set(page, "refresh", jv_null());
	}
	if (s->status)
		response_status(rs, s->status);
	return view_send(rq, rs, "question", lang, page, e);
}

/* ---- what the asker does ---- */

/* A form of the asker's: the ticket; what its page keeps should it be shown again; the address it leads to. */
struct own_act {
	struct ticket t;
	struct shown s;
	struct slice token; /* of the link, as it was or as it has become */
	char rest[32];      /* what follows the link */
};

/* Does what was asked for; *why says why not. Double submits are harmless: what is so already is what the asker wanted. */
typedef enum err own_act_fn(struct request *rq, struct own_act *f, struct error *why);

/* What was typed comes back with the reason; the ticket is read again, because it may have moved. */
static enum err again(struct request *rq, struct response *rs, const struct error *why, struct shown *s, struct error *e)
{
	struct ticket t;
	enum err rc = own_ticket(rq, &t, e);
	if (rc != ERR_OK)
		return rc;
	s->status = problem_status(why->code);
	if (!s->text)
		s->text = why->code == ERR_INVALID ? "problem-kept" : view_trouble(why);
	if (!s->text) {
		*e = *why;
		return why->code;
	}
	view_retry_after(rs, why);
	return show_question(rq, rs, &t, s, e);
}

/* Every form on a conversation's page: the ticket, whether it came from here, the act, and back to the conversation. */
static enum err own_form(struct request *rq, struct response *rs, own_act_fn *fn, struct error *e)
{
	struct own_act f = { .token = rq->params[0] };
	struct error why = { 0 };
	enum err rc = request_form(rq, e);
	if (rc == ERR_OK)
		rc = own_ticket(rq, &f.t, e);
	if (rc != ERR_OK)
		return rc;
	if (rq->cross_site) {
		f.s = (struct shown){ .status = 403, .text = "problem-cross-site", .typed = request_field(rq, "body"), .writing = true };
		return show_question(rq, rs, &f.t, &f.s, e);
	}
	rc = fn(rq, &f, &why);
	if (rc != ERR_OK) {
		why.code = rc;
		return again(rq, rs, &why, &f.s, e);
	}
	char *path = arena_printf(rq->arena, "/q/%.*s%s", SLICE_ARG(f.token), f.rest);
	if (!path)
		return err_nomem(e);
	return view_redirect(rq, rs, path, e);
}

/* A page that only shows the ticket, perhaps with a question before an act. */
static enum err own_page(struct request *rq, struct response *rs, const char *(*confirm)(const struct ticket *t), struct error *e)
{
	struct ticket t;
	enum err rc = own_ticket(rq, &t, e);
	if (rc != ERR_OK)
		return rc;
	bool writing = slice_is(request_query(rq, "write"), "1");
	return show_question(rq, rs, &t, &(struct shown){ .writing = !confirm && writing, .confirm = confirm ? confirm(&t) : NULL }, e);
}

HANDLER(page_question)
{
	return own_page(rq, rs, NULL, e);
}

static enum err write_it(struct request *rq, struct own_act *f, struct error *why)
{
	struct slice body = request_field(rq, "body");
	f->s = (struct shown){ .typed = body, .writing = true };
	if (!body.ptr || utf_blank(body)) {
		f->s.text = f->s.wrong = "wrong-empty-message";
		return err_field(why, ERR_INVALID, "body", "Please write something first.");
	}
	struct post in = { .act = { .ticket = f->t.id, .by = BY_ASKER }, .body = body, .form = view_field(rq, "form"),
			   .agent = request_header(rq, "User-Agent"), .sender = rq->sender };
	struct posted out = { 0 };
	enum err rc = view_field_int(rq, "reply_to", &in.reply_to, why);
	if (rc == ERR_OK)
		rc = talk_post(rq->desk, rq->db, rq->arena, &in, &out, why);
	if (rc == ERR_INVALID)
		f->s.wrong = "wrong-long";
	if (rc == ERR_OK)
		snprintf(f->rest, sizeof(f->rest), "#n%lld", (long long)out.n);
	return rc;
}

HANDLER(page_question_write)
{
	return own_form(rq, rs, write_it, e);
}

static const char *confirm_close(const struct ticket *t)
{
	bool waiting = t->state == TICKET_QUEUED || t->state == TICKET_HELD || t->state == TICKET_CHALLENGED;
	return t->state == TICKET_LIVE || t->state == TICKET_SNOOZED ? "close" : waiting ? "withdraw" : NULL;
}

HANDLER(page_question_close)
{
	return own_page(rq, rs, confirm_close, e);
}

static enum err close_it(struct request *rq, struct own_act *f, struct error *why)
{
	struct acted out;
	struct act in = { .ticket = f->t.id, .by = BY_ASKER };
	return f->t.state == TICKET_CLOSED ? ERR_OK : ticket_close(rq->desk, &in, &out, why);
}

HANDLER(page_question_close_send)
{
	return own_form(rq, rs, close_it, e);
}

static const char *confirm_report(const struct ticket *t)
{
	return can_report(t) ? "report" : NULL;
}

HANDLER(page_question_report)
{
	return own_page(rq, rs, confirm_report, e);
}

/* About the last answer; the words say what is meant, and the moderator reads all of it. */
static enum err report_it(struct request *rq, struct own_act *f, struct error *why)
{
	struct report in = { .ticket = f->t.id, .reason = view_field(rq, "body") };
	struct reported out;
	f->s = (struct shown){ .why = in.reason, .confirm = confirm_report(&f->t) };
	if (!in.reason.ptr || utf_blank(in.reason)) {
		f->s.text = "wrong-empty-message";
		return err_field(why, ERR_INVALID, "body", "Please say what is wrong.");
	}
	snprintf(f->rest, sizeof(f->rest), "?done=reported");
	return report_add(rq->desk, rq->db, rq->arena, &in, &out, why);
}

HANDLER(page_question_report_send)
{
	return own_form(rq, rs, report_it, e);
}

static enum err reopen_it(struct request *rq, struct own_act *f, struct error *why)
{
	struct acted out;
	struct act in = { .ticket = f->t.id, .by = BY_ASKER };
	bool open = f->t.state == TICKET_QUEUED || f->t.state == TICKET_LIVE;
	in.again = view_field(rq, "again").len > 0;
	return open ? ERR_OK : ticket_reopen(rq->desk, &in, &out, why);
}

HANDLER(page_question_reopen)
{
	return own_form(rq, rs, reopen_it, e);
}

static enum err appeal_it(struct request *rq, struct own_act *f, struct error *why)
{
	struct acted out;
	struct slice words = view_field(rq, "body");
	f->s.why = words;
	if (f->t.state == TICKET_HELD && f->t.appealed)
		return ERR_OK;
	struct appeal in = { .text = words, .pow = view_field(rq, "pow"), .answer = view_field(rq, "answer") };
	return ticket_appeal(rq->desk, rq->db, rq->arena, f->t.id, &in, &rq->sender, &out, why);
}

HANDLER(page_question_appeal)
{
	return own_form(rq, rs, appeal_it, e);
}

static enum err rate_it(struct request *rq, struct own_act *f, struct error *why)
{
	struct acted out;
	struct slice helped = request_field(rq, "helped");
	if (!helped.len)
		return ERR_OK;
	snprintf(f->rest, sizeof(f->rest), "?done=rated");
	/* The page's nonce is also its composer's. */
	struct slice form = view_field(rq, "form");
	char *client_id = form.len && form.len < GATE_FORM_BYTES ? arena_printf(rq->arena, "rate-%.*s", SLICE_ARG(form)) : NULL;
	struct rating in = { .helped = slice_is(helped, "yes"), .comment = view_field(rq, "comment"),
			     .client_id = client_id ? slice_of(client_id) : SLICE_NONE };
	enum err rc = ticket_rate(rq->desk, rq->db, rq->arena, f->t.id, &in, &rq->sender, &out, why);
	/* Another answer from the same page, gone back to: the last one counts. */
	if (rc == ERR_CONFLICT && slice_is(slice_of(why->field), "client_id")) {
		in.client_id = SLICE_NONE;
		rc = ticket_rate(rq->desk, rq->db, rq->arena, f->t.id, &in, &rq->sender, &out, why);
	}
	return rc;
}

HANDLER(page_question_rating)
{
	return own_form(rq, rs, rate_it, e);
}

static enum err new_link(struct request *rq, struct own_act *f, struct error *why)
{
	char token[TICKET_TOKEN_BYTES];
	enum err rc = ticket_new_link(rq->desk, rq->db, rq->arena, f->token, view_field(rq, "form"), token, why);
	if (rc != ERR_OK)
		return rc;
	f->token = arena_slice(rq->arena, slice_of(token));
	snprintf(f->rest, sizeof(f->rest), "?done=link");
	return f->token.ptr ? ERR_OK : err_nomem(why);
}

HANDLER(page_question_link)
{
	/* A second click comes with the old link: to the first one's new one. */
	struct own_act f = { .token = rq->params[0] };
	enum err rc = own_form(rq, rs, new_link, e);
	if (rc != ERR_NOT_FOUND || new_link(rq, &f, e) != ERR_OK)
		return rc;
	char *path = arena_printf(rq->arena, "/q/%.*s%s", SLICE_ARG(f.token), f.rest);
	return path ? view_redirect(rq, rs, path, e) : err_nomem(e);
}

static const char *confirm_erase(const struct ticket *t)
{
	return wordless(t) ? NULL : "erase";
}

HANDLER(page_question_erase)
{
	return own_page(rq, rs, confirm_erase, e);
}

static enum err erase_it(struct request *rq, struct own_act *f, struct error *why)
{
	bool sealed;
	return wordless(&f->t) ? ERR_OK : erase_ticket(rq->desk, f->t.id, &sealed, why);
}

HANDLER(page_question_erase_send)
{
	return own_form(rq, rs, erase_it, e);
}
