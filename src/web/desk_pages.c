/*
 * desk_pages: the helpers' desk: the list, a conversation with its composer and its context, and every act as a plain form.
 *
 * desk.js adds what is live: the list and the log renew themselves, drafts are kept, the lease is renewed by writing. Each form works without
 * it. An act that comes too late shows the conversation again as it is now, with the reason and with what was typed.
 */
#include <stdio.h>

#include "base/conf.h"
#include "base/log.h"
#include "desk/judgement.h"
#include "desk/lease.h"
#include "desk/people.h"
#include "desk/presence.h"
#include "desk/report.h"
#include "desk/search.h"
#include "text/markup.h"
#include "text/utf.h"
#include "web/handlers.h"
#include "web/problem.h"
#include "web/view.h"

#define HANDLER(name) enum err name(struct request *rq, struct response *rs, struct error *e)

enum { LOG_TAIL = 400, HOUR_MS = 3600 * 1000 };

/* ---- the list ---- */

static const char *const view_codes[] = { "unassigned", "mine", "waiting", "all" };

static void add_views(struct request *rq, const char *lang, struct slice current, struct jv *page, const struct queue_counts *counts)
{
	const int64_t numbers[] = { counts->unassigned, counts->mine, counts->waiting, 0 };
	struct jv *list = jv_array();
	for (size_t i = 0; i < sizeof(view_codes) / sizeof(*view_codes); i++) {
		char key[32];
		struct jv *x = jv_object();
		jv_set_string(x, "code", view_codes[i]);
		snprintf(key, sizeof(key), "view-%s", view_codes[i]);
		view_put(rq, x, lang, "label", key, I18N_NONE);
		jv_set_int(x, "count", numbers[i]);
		jv_set_bool(x, "current", slice_is(current, view_codes[i]));
		jv_push(list, x);
	}
	jv_set(page, "views", list);
}

static struct jv *item(struct request *rq, const char *lang, const struct ticket *t, enum access access, int64_t open)
{
	char key[32];
	bool words = access >= ACCESS_READ && access != ACCESS_AUDITED;
	struct jv *x = jv_object();
	jv_set_int(x, "id", t->id);
	jv_set(x, "title", words && t->title.len ? jv_text(t->title) : view_say(rq, lang, "question-number", I18N(i18n_int(t->id))));
	snprintf(key, sizeof(key), "state-%s", state_name(t->state));
	view_put(rq, x, lang, "state", key, I18N_NONE);
	jv_set_bool(x, "mine", t->holder && t->holder == rq->who.account);
	jv_set(x, "holder", t->holder && t->holder != rq->who.account ? jv_text(t->holder_name) : jv_null());
	jv_set(x, "lang", jv_text(t->lang.len ? t->lang : SLICE("?")));
	jv_set(x, "topic", jv_text(t->topic.len ? t->topic : SLICE_NONE));
	jv_set_bool(x, "urgent", t->urgent);
	jv_set_bool(x, "waiting", t->state == TICKET_LIVE && t->holder == rq->who.account && t->last_by == AUTHOR_ASKER);
	view_time(x, "since", t->anchor ? t->anchor : t->asked);
	jv_set(x, "excerpt", jv_null());
	jv_set_bool(x, "current", t->id == open);
	return x;
}

/* Members of the page that the template _queue wants. `open` is the conversation beside the list, or 0. */
static enum err add_queue(struct request *rq, const char *lang, int64_t open, struct jv *page, struct error *e)
{
	struct slice name = request_query(rq, "view"), q = request_query(rq, "q");
	struct queue_filter f = { .lang = request_query(rq, "lang"), .topic = request_query(rq, "topic"), .cursor = request_query(rq, "cursor") };
	struct queue_counts counts;
	char key[48];
	if (!queue_view_read(name, &f.view) || !name.len)
		f.view = QUEUE_UNASSIGNED, name = SLICE("unassigned");
	enum err rc = queue_count(rq->db, &rq->who, &counts, e);
	if (rc != ERR_OK)
		return rc;
	struct jv *items = jv_array();
	struct slice cursor = SLICE_NONE;
	jv_set(page, "items", items);
	if (q.len) {
		struct hits hits = { 0 };
		rc = search_log(rq->db, rq->arena, &rq->who, q, f.cursor, &hits, e);
		if (rc != ERR_OK && rc != ERR_INVALID)
			return rc;
		for (size_t i = 0; i < hits.count; i++) {
			struct jv *x = item(rq, lang, &hits.hits[i].ticket, hits.hits[i].access, open);
			jv_set(x, "excerpt", jv_text(hits.hits[i].excerpt.len ? hits.hits[i].excerpt : SLICE_NONE));
			jv_push(items, x);
		}
		cursor = hits.cursor;
		name = SLICE("search");
	} else {
		struct queue_page list = { 0 };
		rc = queue_list(rq->db, rq->arena, &rq->who, &f, &list, e);
		if (rc != ERR_OK)
			return rc;
		for (size_t i = 0; i < list.count; i++)
			jv_push(items, item(rq, lang, &list.tickets[i], list.access[i], open));
		cursor = list.cursor;
	}
	jv_set_bool(page, "has_items", jv_size(items) > 0);
	add_views(rq, lang, name, page, &counts);
	snprintf(key, sizeof(key), "view-%.*s", SLICE_ARG(name));
	view_put(rq, page, lang, "list_heading", key, I18N_NONE);
	snprintf(key, sizeof(key), "queue-empty-%.*s", SLICE_ARG(name));
	view_put(rq, page, lang, "list_empty", key, I18N_NONE);
	const char *from = slice_is(name, "search") || slice_is(name, "unassigned") ? "" : arena_printf(rq->arena, "?view=%.*s", SLICE_ARG(name));
	jv_set(page, "from", from ? jv_string(from) : NULL);
	jv_set(page, "q", jv_text(q));
	if (cursor.len && !q.len) {
		char *more = arena_printf(rq->arena, "%s/desk?view=%.*s&cursor=%.*s", request_base(), SLICE_ARG(name), SLICE_ARG(cursor));
		jv_set(page, "more", more ? jv_string(more) : NULL);
	} else {
		jv_set(page, "more", jv_null());
	}
	enum duty duty = presence_duty_of(rq->desk->presence, rq->who.account, clock_wall_ms());
	if (duty == DUTY_ON) /* looking at the desk is a sign of life, also without scripts */
		presence_duty(rq->desk->presence, &rq->who, DUTY_ON, clock_wall_ms());
	struct jv *d = jv_object();
	jv_set_string(d, "now", duty == DUTY_ON ? "on" : "off");
	jv_set_string(d, "other", duty == DUTY_ON ? "off" : "on");
	view_put(rq, d, lang, "text", duty == DUTY_ON ? "duty-on" : "duty-off", I18N_NONE);
	view_put(rq, d, lang, "button", duty == DUTY_ON ? "duty-go-off" : "duty-go-on", I18N_NONE);
	jv_set(page, "duty", d);
	return ERR_OK;
}

static enum err show_desk(struct request *rq, struct response *rs, int status, const char *problem, struct error *e)
{
	const char *lang = view_lang(rq, rs);
	struct jv *page = NULL;
	enum err rc = view_staff_frame(rq, lang, "desk", &page, e);
	if (rc == ERR_OK)
		rc = add_queue(rq, lang, 0, page, e);
	if (rc != ERR_OK) {
		jv_free(&page);
		return rc;
	}
	view_put(rq, page, lang, "welcome", "desk-hello", I18N(i18n_slice(rq->who.name)));
	jv_set(page, "problem", problem ? view_say(rq, lang, problem, I18N_NONE) : jv_null());
	if (status)
		response_status(rs, status);
	return view_send(rq, rs, "desk", lang, page, e);
}

HANDLER(page_desk)
{
	return show_desk(rq, rs, 0, slice_is(request_query(rq, "next"), "none") ? "next-none" : NULL, e);
}

HANDLER(page_desk_duty)
{
	enum err rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct slice duty = request_field(rq, "duty");
	presence_duty(rq->desk->presence, &rq->who, slice_is(duty, "on") ? DUTY_ON : slice_is(duty, "away") ? DUTY_AWAY : DUTY_OFF, clock_wall_ms());
	response_redirect(rs, rq, "/desk");
	return ERR_OK;
}

static enum err to_talk(struct request *rq, struct response *rs, int64_t id, const char *rest, struct error *e)
{
	char *path = arena_printf(rq->arena, "/desk/t/%lld%s", (long long)id, rest);
	if (!path)
		return err_nomem(e);
	response_redirect(rs, rq, path);
	return ERR_OK;
}

HANDLER(page_desk_next)
{
	int64_t id = 0;
	struct acted out;
	struct error why = { 0 };
	enum err rc = queue_next(rq->desk, &rq->who, SLICE_NONE, SLICE_NONE, SLICE_NONE, &id, &out, &why);
	if (rc == ERR_CONFLICT)
		return show_desk(rq, rs, 409, "claim-cap", e);
	if (rc != ERR_OK) {
		*e = why;
		return rc;
	}
	if (id)
		return to_talk(rq, rs, id, "", e);
	response_redirect(rs, rq, "/desk?next=none");
	return ERR_OK;
}

/* ---- a conversation ---- */

struct shown {
	int status;
	struct slice problem; /* absent: none */
	struct slice typed;   /* kept in the composer; absent: the draft */
};

/* Whether this account may write with the fence as it is now: it holds the ticket or was invited in. */
static bool may_write(struct request *rq, const struct ticket *t)
{
	struct error ignored;
	struct act act = { .ticket = t->id, .by = BY_HELPER, .who = rq->who, .fenced = true, .fence = t->lease.fence };
	return t->holder && lease_check(rq->db, t, &act, clock_wall_ms(), &ignored) == ERR_OK;
}

static enum err add_people(struct request *rq, const struct ticket *t, struct jv *page, struct error *e)
{
	struct account *all = NULL;
	size_t count = 0;
	enum err rc = people_list(rq->db, rq->arena, &all, &count, e);
	if (rc != ERR_OK)
		return rc;
	struct jv *helpers = jv_array();
	for (size_t i = 0; i < count; i++)
		if (!all[i].disabled && all[i].id != t->holder && all[i].id != rq->who.account)
			jv_push(helpers, jv_set_text(jv_set_int(jv_object(), "id", all[i].id), "name", all[i].name));
	jv_set(page, "helpers", helpers);
	struct jv *topics = jv_array();
	for (const char *at = conf()->topics; *at;) {
		size_t n = strcspn(at, ",");
		struct slice part = utf_trim(slice_make(at, n));
		if (part.len)
			jv_push(topics, jv_set_text(jv_object(), "name", part));
		at += n + (at[n] == ',');
	}
	jv_set_bool(page, "has_topics", jv_size(topics) > 0);
	jv_set(page, "topics", topics);
	return ERR_OK;
}

static void add_can(struct request *rq, const char *lang, const struct ticket *t, struct jv *page)
{
	bool writes = may_write(rq, t), holds = writes && t->holder == rq->who.account, moderator = rq->who.role >= ROLE_MODERATOR;
	struct jv *can = jv_object();
	jv_set_bool(can, "claim", t->state == TICKET_QUEUED || t->state == TICKET_SNOOZED);
	jv_set_bool(can, "takeover", moderator && t->state == TICKET_LIVE && !holds);
	jv_set_bool(can, "write", writes);
	jv_set_bool(can, "hold", holds);
	jv_set_bool(can, "reopen", t->state == TICKET_CLOSED);
	jv_set_bool(can, "urgent", holds);
	jv_set_bool(can, "notreal", t->state == TICKET_QUEUED && rq->who.role >= ROLE_HELPER);
	jv_set_bool(can, "spam", moderator && (t->state == TICKET_QUEUED || t->state == TICKET_LIVE));
	bool report = t->state != TICKET_ERASED && t->state != TICKET_PURGED;
	jv_set_bool(can, "report", report);
	bool more = report || holds || (t->state == TICKET_QUEUED && rq->who.role >= ROLE_HELPER) || (moderator && t->state == TICKET_LIVE);
	jv_set_bool(can, "more", more);
	jv_set_bool(can, "act", more || holds || t->state == TICKET_CLOSED);
	jv_set(page, "can", can);
	jv_set_bool(page, "mine", holds);
	if (!writes && t->state == TICKET_LIVE)
		view_put(rq, page, lang, "readonly", "read-only-held", I18N(i18n_slice(t->holder_name)));
	else if (t->state == TICKET_CLOSED)
		view_put(rq, page, lang, "readonly", "read-only-closed", I18N_NONE);
	else
		jv_set(page, "readonly", jv_null());
}

static void add_facts(struct request *rq, const char *lang, const struct ticket *t, struct jv *page)
{
	static const char *const classes[TICKET_STATES] = { "", "warn", "warn", "bad", "bad", "warn", "good", "", "", "", "" };
	char key[32];
	jv_set_int(page, "id", t->id);
	snprintf(key, sizeof(key), "state-%s", state_name(t->state));
	view_put(rq, page, lang, "state", key, I18N_NONE);
	jv_set_string(page, "state_code", state_name(t->state));
	jv_set_string(page, "state_class", t->state < TICKET_STATES ? classes[t->state] : "");
	jv_set(page, "heading", t->title.len ? jv_text(t->title) : view_say(rq, lang, "question-number", I18N(i18n_int(t->id))));
	jv_set(page, "holder", t->holder ? jv_text(t->holder_name) : jv_null());
	jv_set(page, "asker", t->name.len ? jv_text(t->name) : view_say(rq, lang, "asker-nameless", I18N_NONE));
	jv_set(page, "lang_name", t->lang.len ? jv_text(view_language(rq, lang, t->lang)) : jv_string("?"));
	jv_set(page, "topic", jv_text(t->topic.len ? t->topic : SLICE_NONE));
	jv_set(page, "page", jv_text(t->page.len ? t->page : SLICE_NONE));
	struct str url;
	str_init(&url, 8192);
	bool link = t->page.len && markup_wiki_link(conf()->wiki_url, t->page, &url) && !str_failed(&url);
	jv_set(page, "page_url", link ? jv_text(str_slice(&url)) : jv_null());
	str_fini(&url);
	view_time(page, "asked", t->asked);
	view_time(page, "answered", t->answered);
	jv_set_bool(page, "urgent", t->urgent);
	jv_set_int(page, "fence", t->lease.fence);
	jv_set_time(page, "expires", t->lease.expires);
	jv_set_int(page, "term", conf()->lease_s);
	char *api = arena_printf(rq->arena, "%s/api/v1/tickets/%lld", request_base(), (long long)t->id);
	jv_set(page, "api", api ? jv_string(api) : NULL);
}

static enum err add_log(struct request *rq, const char *lang, const struct ticket *t, struct jv *page, struct error *e)
{
	int64_t from = -1, reply = 0;
	enum err rc = request_query_int(rq, "from", &from, e);
	if (rc == ERR_OK && rq->method == METHOD_GET)
		rc = request_query_int(rq, "reply", &reply, e);
	if (rc != ERR_OK)
		return rc;
	if (from < 0)
		from = t->last_n > LOG_TAIL ? t->last_n - LOG_TAIL : 0;
	struct page p = { 0 };
	rc = talk_read(rq->db, rq->arena, t->id, from, TALK_PAGE, VIEW_STAFF, &p, e);
	if (rc != ERR_OK)
		return rc;
	int64_t last = p.count ? p.entries[p.count - 1].n : from;
	char *self = arena_printf(rq->arena, "%s/desk/t/%lld", request_base(), (long long)t->id);
	char *link = self ? arena_printf(rq->arena, "%s?reply=", self) : NULL;
	char *earlier = self ? arena_printf(rq->arena, "%s?from=0", self) : NULL;
	char *later = self ? arena_printf(rq->arena, "%s?from=%lld", self, (long long)last) : NULL;
	if (!link || !earlier || !later)
		return err_nomem(e);
	jv_set(page, "earlier", from > 0 ? jv_string(earlier) : jv_null());
	jv_set(page, "later", p.more ? jv_string(later) : jv_null());
	jv_set_int(page, "last", last);
	struct view_log o = { .ticket = t, .view = VIEW_STAFF, .me = rq->who.account, .moderator = rq->who.role >= ROLE_MODERATOR,
			      .reply = may_write(rq, t) ? link : NULL, .hide = rq->who.role >= ROLE_MODERATOR };
	jv_set(page, "log", view_log(rq, lang, &p, &o));
	struct slice quoted = reply > 0 ? view_quote(rq, &p, reply) : SLICE("");
	jv_set(page, "replying", quoted.len ? jv_set(jv_set_int(jv_object(), "n", reply), "text", jv_text(quoted)) : jv_null());
	return ERR_OK;
}

static enum err show_talk(struct request *rq, struct response *rs, int64_t id, const struct shown *s, struct error *e)
{
	const char *lang = view_lang(rq, rs);
	struct jv *page = NULL;
	struct ticket t;
	struct slice draft = s->typed;
	enum err rc = ticket_for_staff(rq->desk, rq->db, rq->arena, &rq->who, id, &t, e);
	if (rc == ERR_OK && !draft.ptr)
		rc = talk_draft(rq->db, rq->arena, id, rq->who.account, &draft, e);
	if (rc == ERR_OK)
		rc = view_staff_frame(rq, lang, "desk", &page, e);
	if (rc == ERR_OK)
		rc = add_queue(rq, lang, id, page, e);
	if (rc == ERR_OK)
		rc = add_people(rq, &t, page, e);
	if (rc == ERR_OK)
		rc = add_log(rq, lang, &t, page, e);
	if (rc != ERR_OK) {
		jv_free(&page);
		return rc;
	}
	add_facts(rq, lang, &t, page);
	add_can(rq, lang, &t, page);
	view_verdict(rq, lang, t.id, page);
	jv_set(page, "draft", jv_text(draft));
	/* Without a composer to put them into, words that came too late are shown beside it. */
	jv_set(page, "kept", s->typed.len && !may_write(rq, &t) ? jv_text(s->typed) : jv_null());
	jv_set(page, "problem", jv_text(s->problem));
	jv_set(page, "client_id", jv_null());
	if (s->status)
		response_status(rs, s->status);
	return view_send(rq, rs, "talk", lang, page, e);
}

HANDLER(page_talk)
{
	int64_t id;
	enum err rc = view_param_id(rq, 0, &id, e);
	return rc == ERR_OK ? show_talk(rq, rs, id, &(struct shown){ 0 }, e) : rc;
}

/* ---- acts ---- */

/* The ticket, and the act as the form says it: with a fence by a helper, with the last entry seen by a moderator. */
static enum err begin(struct request *rq, struct ticket *t, struct act *act, struct error *e)
{
	int64_t id = 0, fence = 0, seen = 0;
	enum err rc = view_param_id(rq, 0, &id, e);
	if (rc == ERR_OK)
		rc = request_form(rq, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "fence", &fence, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "seen", &seen, e);
	if (rc == ERR_OK)
		rc = ticket_for_staff(rq->desk, rq->db, rq->arena, &rq->who, id, t, e);
	if (rc != ERR_OK)
		return rc;
	bool fenced = request_field(rq, "fence").len > 0;
	*act = (struct act){ .ticket = id, .who = rq->who, .fenced = fenced, .fence = fence, .seen = seen, .client_id = view_field(rq, "client_id"),
			     .by = !fenced && seen && rq->who.role >= ROLE_MODERATOR ? BY_MODERATOR : BY_HELPER };
	return ERR_OK;
}

/* Where an act leads: back to the conversation; or the conversation again with the reason why not. */
static enum err finish(struct request *rq, struct response *rs, const struct ticket *t, enum err rc, const struct error *why, struct slice holder,
		       struct error *e)
{
	if (rc == ERR_OK)
		return to_talk(rq, rs, t->id, "", e);
	if (rc != ERR_CONFLICT && rc != ERR_INVALID && rc != ERR_LIMITED && rc != ERR_BUSY && rc != ERR_IO) {
		*e = *why;
		return rc;
	}
	const char *lang = view_lang(rq, NULL);
	struct slice body = request_field(rq, "body");
	const char *key = rc == ERR_LIMITED ? "problem-limited" : rc == ERR_CONFLICT ? "problem-state" : rc == ERR_INVALID ? "wrong-other" : "problem-busy";
	if (strcmp(why->field, "body") == 0)
		key = utf_blank(body) ? "wrong-empty-message" : "wrong-long";
	/* A draft outlives the claim: it is there again when the helper takes the conversation up once more. */
	struct error ignored;
	if (rc == ERR_CONFLICT && body.len && talk_draft_put(rq->desk, t->id, &rq->who, body, &ignored) != ERR_OK)
		log_warn("web/desk_pages", "a draft could not be kept: %s", ignored.message);
	struct slice words = holder.len ? i18n_text(rq->arena, lang, "lost-claim", I18N(i18n_slice(holder))) : i18n_text(rq->arena, lang, key, I18N_NONE);
	struct shown s = { .status = problem_status(rc), .problem = words, .typed = body.len ? body : SLICE_NONE };
	return show_talk(rq, rs, t->id, &s, e);
}

HANDLER(page_talk_write)
{
	struct ticket t;
	struct post in = { 0 };
	struct posted out;
	struct error why = { 0 };
	enum err rc = begin(rq, &t, &in.act, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "reply_to", &in.reply_to, e);
	if (rc != ERR_OK)
		return rc;
	in.body = request_field(rq, "body");
	in.note = request_field(rq, "note").len > 0;
	if (!in.body.ptr || utf_blank(in.body))
		rc = err_field(&why, ERR_INVALID, "body", "Please write something first.");
	else
		rc = talk_post(rq->desk, rq->db, rq->arena, &in, &out, &why);
	if (rc == ERR_OK)
		rc = talk_draft_put(rq->desk, t.id, &rq->who, SLICE(""), &why);
	return finish(rq, rs, &t, rc, &why, SLICE_NONE, e);
}

HANDLER(page_talk_claim)
{
	struct ticket t;
	struct act act;
	struct acted out = { 0 };
	struct error why = { 0 };
	enum err rc = begin(rq, &t, &act, e);
	if (rc != ERR_OK)
		return rc;
	act.by = BY_HELPER;
	rc = queue_claim(rq->desk, &act, &out, &why);
	bool lost = rc == ERR_CONFLICT && out.holder && out.holder != rq->who.account;
	if (rc == ERR_CONFLICT && !lost)
		return finish(rq, rs, &t, rc, &why, SLICE_NONE, e);
	return finish(rq, rs, &t, rc, &why, lost ? slice_of(out.holder_name) : SLICE_NONE, e);
}

HANDLER(page_talk_release)
{
	struct ticket t;
	struct act act;
	struct acted out;
	struct error why = { 0 };
	enum err rc = begin(rq, &t, &act, e);
	if (rc != ERR_OK)
		return rc;
	rc = lease_release(rq->desk, &act, &out, &why);
	if (rc != ERR_OK)
		return finish(rq, rs, &t, rc, &why, SLICE_NONE, e);
	response_redirect(rs, rq, "/desk");
	return ERR_OK;
}

HANDLER(page_talk_transfer)
{
	struct ticket t;
	struct act act;
	struct acted out;
	struct error why = { 0 };
	struct transfer to = { 0 };
	enum err rc = begin(rq, &t, &act, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "to", &to.to, e);
	if (rc != ERR_OK)
		return rc;
	if (to.to) {
		struct account a;
		rc = people_get(rq->db, rq->arena, to.to, &a, e);
		if (rc != ERR_OK)
			return rc;
		if (a.disabled)
			return err_field(e, ERR_INVALID, "to", "This account is disabled.");
		to.to_name = a.name;
	}
	to.topic = view_field(rq, "topic");
	to.note = view_field(rq, "note");
	rc = ticket_transfer(rq->desk, &act, &to, &out, &why);
	if (rc != ERR_OK || to.to == rq->who.account)
		return finish(rq, rs, &t, rc, &why, SLICE_NONE, e);
	response_redirect(rs, rq, "/desk");
	return ERR_OK;
}

HANDLER(page_talk_snooze)
{
	struct ticket t;
	struct act act;
	struct acted out;
	struct error why = { 0 };
	int64_t hours = 0;
	enum err rc = begin(rq, &t, &act, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "hours", &hours, e);
	if (rc != ERR_OK)
		return rc;
	if (hours < 1 || hours > 90 * 24)
		return err_field(e, ERR_INVALID, "hours", "At least an hour, at most ninety days.");
	rc = ticket_snooze(rq->desk, &act, clock_wall_ms() + hours * HOUR_MS, &out, &why);
	if (rc != ERR_OK)
		return finish(rq, rs, &t, rc, &why, SLICE_NONE, e);
	response_redirect(rs, rq, "/desk");
	return ERR_OK;
}

HANDLER(page_talk_close)
{
	struct ticket t;
	struct act act;
	struct acted out;
	struct error why = { 0 };
	enum err rc = begin(rq, &t, &act, e);
	if (rc != ERR_OK)
		return rc;
	act.reason = view_field(rq, "reason");
	rc = ticket_close(rq->desk, &act, &out, &why);
	return finish(rq, rs, &t, rc, &why, SLICE_NONE, e);
}

HANDLER(page_talk_reopen)
{
	struct ticket t;
	struct act act;
	struct acted out;
	struct error why = { 0 };
	enum err rc = begin(rq, &t, &act, e);
	if (rc != ERR_OK)
		return rc;
	rc = ticket_reopen(rq->desk, &act, &out, &why);
	return finish(rq, rs, &t, rc, &why, SLICE_NONE, e);
}

HANDLER(page_talk_invite)
{
	struct ticket t;
	struct act act;
	struct acted out;
	struct error why = { 0 };
	struct account a;
	int64_t account = 0;
	enum err rc = begin(rq, &t, &act, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "account", &account, e);
	if (rc == ERR_OK)
		rc = people_get(rq->db, rq->arena, account, &a, e);
	if (rc != ERR_OK)
		return rc;
	if (a.disabled)
		return err_field(e, ERR_INVALID, "account", "This account is disabled.");
	rc = ticket_invite(rq->desk, &act, account, a.name, &out, &why);
	return finish(rq, rs, &t, rc, &why, SLICE_NONE, e);
}

HANDLER(page_talk_urgent)
{
	struct ticket t;
	struct act act;
	struct acted out;
	struct error why = { 0 };
	int64_t urgent = 0;
	enum err rc = begin(rq, &t, &act, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "urgent", &urgent, e);
	if (rc != ERR_OK)
		return rc;
	rc = ticket_urgent(rq->desk, &act, urgent == 1, &out, &why);
	return finish(rq, rs, &t, rc, &why, SLICE_NONE, e);
}

HANDLER(page_talk_report)
{
	struct ticket t;
	struct act act;
	struct reported out;
	struct error why = { 0 };
	enum err rc = begin(rq, &t, &act, e);
	if (rc != ERR_OK)
		return rc;
	struct report in = { .ticket = t.id, .who = &rq->who, .reason = view_field(rq, "reason") };
	rc = report_add(rq->desk, rq->db, rq->arena, &in, &out, &why);
	return finish(rq, rs, &t, rc, &why, SLICE_NONE, e);
}

HANDLER(page_talk_notreal)
{
	struct ticket t;
	struct act act;
	struct acted out;
	struct error why = { 0 };
	enum err rc = begin(rq, &t, &act, e);
	if (rc != ERR_OK)
		return rc;
	/* Nobody holds what waits in the queue: there is no lease to compare. */
	act.fenced = act.fenced && t.holder;
	rc = ticket_not_real(rq->desk, &act, &out, &why);
	if (rc != ERR_OK)
		return finish(rq, rs, &t, rc, &why, SLICE_NONE, e);
	response_redirect(rs, rq, "/desk");
	return ERR_OK;
}

HANDLER(page_talk_spam)
{
	struct ticket t;
	struct act act;
	struct error why = { 0 };
	struct judgement_done done;
	enum err rc = begin(rq, &t, &act, e);
	if (rc != ERR_OK)
		return rc;
	struct judgement_item item = { .ticket = t.id };
	rc = judgement_give(rq->desk, &rq->who, &item, 1, LABEL_SPAM, false, &done, &why);
	if (rc != ERR_OK)
		return finish(rq, rs, &t, rc, &why, SLICE_NONE, e);
	char *path = arena_printf(rq->arena, "/desk/moderation?undo=%s&did=spam&changed=%lld", done.undo, (long long)done.changed);
	if (!path)
		return err_nomem(e);
	response_redirect(rs, rq, done.undo[0] ? path : "/desk");
	return ERR_OK;
}
