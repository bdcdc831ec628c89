/*
 * desk_pages: the helpers' desk: the list, a conversation with its composer and its context, and every act as a plain form.
 *
 * desk.js adds what is live: the list and the log renew themselves, drafts are kept, the lease is renewed by writing. Each form works without
 * it. An act that comes too late shows the conversation again as it is now, with the reason and with what was typed.
 */
#include <stdio.h>

#include "base/conf.h"
#include "base/crypt.h"
#include "base/log.h"
#include "desk/care.h"
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
#include "web/proof_pages.h"
#include "web/view.h"

enum { LOG_TAIL = 400, NEARBY = 100, HOUR_MS = 3600 * 1000 };

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
	jv_set(x, "lang", jv_text(view_language(rq, lang, t->lang)));
	jv_set(x, "topic", jv_text(t->topic.len ? t->topic : SLICE_NONE));
	jv_set_bool(x, "urgent", t->urgent);
	jv_set_bool(x, "waiting", t->state == TICKET_LIVE && t->holder == rq->who.account && t->last_by == AUTHOR_ASKER);
	view_time(x, "since", t->anchor ? t->anchor : t->asked);
	jv_set(x, "excerpt", jv_null());
	jv_set_bool(x, "current", t->id == open);
	return x;
}

/* Nobody is to be forgotten: who works here sees it when somebody waits too long. */
static enum err add_age(struct request *rq, const char *lang, struct jv *page, struct error *e)
{
	int64_t age_s;
	enum err rc = queue_oldest(rq->db, &age_s, e);
	if (rc != ERR_OK)
		return rc;
	jv_set(page, "age", jv_null());
	if (age_s > QUEUE_LONG_S)
		view_put(rq, page, lang, "age", presence_on_duty(rq->desk->presence, clock_wall_ms()) ? "waiting-long" : "waiting-long-nobody",
			 I18N(i18n_slice(view_duration(rq, lang, age_s))));
	return ERR_OK;
}

/* On duty or not, and the two ways to stop for who holds something. */
static enum err add_duty(struct request *rq, const char *lang, int64_t held, struct jv *page, struct error *e)
{
	enum duty duty;
	enum err rc = care_duty(rq->desk, rq->db, rq->who.account, &duty, e);
	if (rc != ERR_OK)
		return rc;
	if (duty == DUTY_ON) /* looking at the desk is a sign of life, also without scripts */
		presence_renew(rq->desk->presence, &rq->who, DUTY_ON, clock_wall_ms());
	const char *now = presence_duty_name(duty);
	char key[32];
	struct jv *d = jv_object();
	jv_set_string(d, "now", now);
	jv_set_string(d, "other", duty == DUTY_ON ? "off" : "on");
	snprintf(key, sizeof(key), "duty-%s", now);
	view_put(rq, d, lang, "text", key, I18N_NONE);
	view_put(rq, d, lang, "button", duty == DUTY_ON ? "duty-go-off" : "duty-go-on", I18N_NONE);
	jv_set_bool(d, "takes", duty == DUTY_ON || duty == DUTY_OFF);
	jv_set_bool(d, "finishing", duty == DUTY_FINISHING);
	jv_set_bool(d, "paused", duty == DUTY_PAUSED);
	jv_set_bool(d, "holds", held > 0);
	jv_set(page, "duty", d);
	return ERR_OK;
}

/* Each page's composer writes once, and its "next" takes one person: a form that is sent a second time is a repeat. Scripts take an id for each
 * text. */
static void add_client_id(struct jv *page, const char *key)
{
	unsigned char bytes[16];
	char id[CRYPT_BASE64_BYTES(sizeof(bytes))];
	crypt_random(bytes, sizeof(bytes));
	jv_set_string(page, key, crypt_base64(bytes, sizeof(bytes), id));
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
	add_client_id(page, "next_id");
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
	rc = add_duty(rq, lang, counts.mine, page, e);
	if (rc == ERR_OK)
		rc = add_age(rq, lang, page, e);
	return rc ? rc : proof_attack_view(rq, lang, page, e);
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
	jv_set(page, "done", view_maybe(rq, lang, !problem && slice_is(request_query(rq, "handed"), "back") ? "handed-back" : NULL));
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
	enum duty duty;
	if (!presence_duty_read(request_field(rq, "duty"), &duty))
		duty = DUTY_OFF;
	rc = care_set_duty(rq->desk, rq->db, &rq->who, duty, false, e);
	if (rc == ERR_OK)
		response_redirect(rs, rq, "/desk");
	return rc;
}

HANDLER(page_desk_handback)
{
	int64_t count;
	enum err rc = request_form(rq, e);
	if (rc == ERR_OK)
		rc = care_hand_back(rq->desk, &rq->who, &count, e);
	if (rc == ERR_OK)
		response_redirect(rs, rq, count ? "/desk?handed=back" : "/desk");
	return rc;
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
	/* A second click is the first one again. From an older page, behind a claim that has ended, it is a click of its own. */
	enum err rc = queue_next(rq->desk, &rq->who, view_field(rq, "client_id"), SLICE_NONE, SLICE_NONE, &id, &out, &why);
	if (rc == ERR_CONFLICT && strcmp(why.field, "client_id") == 0)
		rc = queue_next(rq->desk, &rq->who, SLICE_NONE, SLICE_NONE, SLICE_NONE, &id, &out, &why);
	why.code = rc;
	if (rc == ERR_CONFLICT)
		return show_desk(rq, rs, 409, view_trouble(&why), e);
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
	bool confirm;         /* the helper is asked whether it is meant */
};

/* Whether this account may write with the fence as it is now: it holds the ticket or was invited in. */
static bool may_write(struct request *rq, const struct ticket *t)
{
	struct error ignored;
	struct act act = { .ticket = t->id, .by = BY_HELPER, .who = rq->who, .fenced = true, .fence = t->lease.fence };
	return t->holder && lease_check(rq->db, t, &act, clock_wall_ms(), &ignored) == ERR_OK;
}

static void add_topic(void *topics, struct slice name)
{
	jv_push(topics, jv_set_text(jv_object(), "name", name));
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
	view_each_part(conf()->topics, add_topic, topics);
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
	jv_set(page, "lang_name", jv_text(view_language(rq, lang, t->lang)));
	jv_set(page, "topic", jv_text(t->topic.len ? t->topic : SLICE_NONE));
	jv_set(page, "page", jv_text(t->page.len ? t->page : SLICE_NONE));
	jv_set(page, "page_url", view_wiki_link(t->page));
	view_time(page, "asked", t->asked);
	view_time(page, "answered", t->answered);
	jv_set_bool(page, "urgent", t->urgent);
	jv_set_int(page, "fence", t->lease.fence);
	jv_set_time(page, "expires", t->lease.expires);
	jv_set_int(page, "term", conf()->lease_s);
	char *api = arena_printf(rq->arena, "%s/api/v1/tickets/%lld", request_base(), (long long)t->id);
	jv_set(page, "api", api ? jv_string(api) : NULL);
}

/* The question before a message is hidden, or its words are erased: which one. */
static void add_hiding(struct request *rq, const struct page *p, struct jv *page)
{
	int64_t n = 0;
	struct error ignored;
	jv_set(page, "hiding", jv_null());
	if (rq->method != METHOD_GET || rq->who.role < ROLE_MODERATOR || request_query_int(rq, "hide", &n, &ignored) != ERR_OK || n <= 0)
		return;
	for (size_t i = 0; i < p->count; i++) {
		const struct entry *x = &p->entries[i];
		if (x->n == n && (x->kind == ENTRY_MESSAGE || x->kind == ENTRY_NOTE) && x->body.ptr)
			jv_set(page, "hiding", jv_set_text(jv_set_int(jv_object(), "n", n), "text", x->body));
	}
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
	struct reader who;
	rc = ticket_reader(rq->db, &rq->who, t, &who, e);
	if (rq->who.role >= ROLE_MODERATOR)
		who.view = VIEW_MODERATOR; /* and reads what was hidden */
	if (rc == ERR_OK)
		rc = talk_read(rq->db, rq->arena, t->id, from, TALK_PAGE, who, &p, e);
	if (rc != ERR_OK)
		return rc;
	int64_t last = p.count ? p.entries[p.count - 1].n : from;
	char *self = arena_printf(rq->arena, "%s/desk/t/%lld", request_base(), (long long)t->id);
	char *link = self ? arena_printf(rq->arena, "%s?reply=", self) : NULL;
	char *earlier = self ? arena_printf(rq->arena, "%s?from=0", self) : NULL;
	char *later = self ? arena_printf(rq->arena, "%s?from=%lld", self, (long long)last) : NULL;
	char *hide = self ? arena_printf(rq->arena, "%s?hide=", self) : NULL;
	char *show = self ? arena_printf(rq->arena, "%s/show", self) : NULL;
	if (!link || !earlier || !later || !hide || !show)
		return err_nomem(e);
	bool moderator = rq->who.role >= ROLE_MODERATOR;
	jv_set(page, "earlier", from > 0 ? jv_string(earlier) : jv_null());
	jv_set(page, "later", p.more ? jv_string(later) : jv_null());
	jv_set_int(page, "last", last);
	jv_set_int(page, "seen", t->asker_read);
	struct view_log o = { .ticket = t, .view = VIEW_STAFF, .me = rq->who.account, .moderator = rq->who.role >= ROLE_MODERATOR,
			      .seen = t->asker_read, .reply = may_write(rq, t) ? link : NULL, .hide = moderator ? hide : NULL, .show = moderator ? show : NULL };
	jv_set(page, "log", view_log(rq, lang, &p, &o));
	add_hiding(rq, &p, page);
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
	/* Without a composer to put it into, a draft is shown in its place: the claim may have run out over it. */
	jv_set(page, "kept", draft.len && !may_write(rq, &t) ? jv_text(draft) : jv_null());
	jv_set_bool(page, "confirm", s->confirm);
	jv_set(page, "problem", jv_text(s->problem));
	add_client_id(page, "client_id");
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

/* A form on a conversation's page: the ticket, the act as the form says it, and where it leads. */
struct staff_act {
	struct ticket t;
	struct act act;
	struct acted out;
	struct slice holder; /* who claimed it first; absent: nobody did */
	char to[128];        /* "": back to the conversation */
};

/* Does what was asked for; *why says why not. */
typedef enum err staff_act_fn(struct request *rq, struct staff_act *f, struct error *why);

/* With a fence by a helper, with the last entry seen by a moderator. */
static enum err read_act(struct request *rq, struct staff_act *f, struct error *e)
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
		rc = ticket_for_staff(rq->desk, rq->db, rq->arena, &rq->who, id, &f->t, e);
	if (rc != ERR_OK)
		return rc;
	bool fenced = request_field(rq, "fence").len > 0;
	f->act = (struct act){ .ticket = id, .who = rq->who, .fenced = fenced, .fence = fence, .seen = seen,
			       .client_id = view_field(rq, "client_id"), .reason = view_field(rq, "reason"),
			       .by = !fenced && seen && rq->who.role >= ROLE_MODERATOR ? BY_MODERATOR : BY_HELPER };
	return ERR_OK;
}

/* The conversation again as it is now, with the reason why not and with what was typed. */
static enum err again(struct request *rq, struct response *rs, const struct staff_act *f, const struct error *why, struct error *e)
{
	const char *lang = view_lang(rq, NULL), *key = why->code == ERR_INVALID ? "wrong-other" : view_trouble(why);
	if (!key) {
		*e = *why;
		return why->code;
	}
	struct slice body = request_field(rq, "body");
	if (strcmp(why->field, "body") == 0)
		key = utf_blank(body) ? "wrong-empty-message" : "wrong-long";
	bool confirm = strcmp(why->field, "confirm") == 0;
	if (confirm)
		key = "wrong-unconfirmed";
	/* A draft outlives the claim: it is there again when the helper takes the conversation up once more. */
	struct error ignored;
	if (why->code == ERR_CONFLICT && body.len && talk_draft_put(rq->desk, f->t.id, &rq->who, body, &ignored) != ERR_OK && ignored.code != ERR_CONFLICT)
		log_warn("web/desk_pages", "a draft could not be kept: %s", ignored.message);
	struct slice words = f->holder.len ? i18n_text(rq->arena, lang, "lost-claim", I18N(i18n_slice(f->holder)))
					   : i18n_text(rq->arena, lang, key, I18N_NONE);
	struct shown s = { .status = problem_status(why->code), .problem = words, .typed = body.len ? body : SLICE_NONE, .confirm = confirm };
	return show_talk(rq, rs, f->t.id, &s, e);
}

/* Every form on a conversation's page: what it says, the act, and where that leads. */
static enum err staff_form(struct request *rq, struct response *rs, staff_act_fn *fn, struct error *e)
{
	struct staff_act f = { 0 };
	struct error why = { 0 };
	enum err rc = read_act(rq, &f, e);
	if (rc != ERR_OK)
		return rc;
	rc = fn(rq, &f, &why);
	if (rc != ERR_OK) {
		why.code = rc;
		return again(rq, rs, &f, &why, e);
	}
	if (!f.to[0])
		return to_talk(rq, rs, f.t.id, "", e);
	response_redirect(rs, rq, f.to);
	return ERR_OK;
}

/* What the act takes out of the helper's hands leads to the list. */
static enum err then_desk(struct staff_act *f, enum err rc)
{
	snprintf(f->to, sizeof(f->to), "/desk");
	return rc;
}

static enum err write_it(struct request *rq, struct staff_act *f, struct error *why)
{
	struct post in = { .act = f->act, .body = request_field(rq, "body"), .note = request_field(rq, "note").len > 0,
			   .confirmed = request_field(rq, "confirm").len > 0 };
	struct posted out;
	enum err rc = view_field_int(rq, "reply_to", &in.reply_to, why);
	if (rc == ERR_OK && (!in.body.ptr || utf_blank(in.body)))
		rc = err_field(why, ERR_INVALID, "body", "Please write something first.");
	if (rc == ERR_OK)
		rc = talk_post(rq->desk, rq->db, rq->arena, &in, &out, why);
	return rc == ERR_OK ? talk_draft_put(rq->desk, f->t.id, &rq->who, SLICE(""), why) : rc;
}

HANDLER(page_talk_write)
{
	return staff_form(rq, rs, write_it, e);
}

static enum err claim_it(struct request *rq, struct staff_act *f, struct error *why)
{
	f->act.by = BY_HELPER;
	enum err rc = queue_claim(rq->desk, &f->act, &f->out, why);
	if (rc == ERR_CONFLICT && f->out.holder && f->out.holder != rq->who.account)
		f->holder = slice_of(f->out.holder_name);
	return rc;
}

HANDLER(page_talk_claim)
{
	return staff_form(rq, rs, claim_it, e);
}

static enum err release_it(struct request *rq, struct staff_act *f, struct error *why)
{
	return then_desk(f, lease_release(rq->desk, &f->act, &f->out, why));
}

HANDLER(page_talk_release)
{
	return staff_form(rq, rs, release_it, e);
}

/* A colleague who may be given work. */
static enum err colleague(struct request *rq, const char *field, int64_t id, struct slice *name, struct error *why)
{
	struct account a;
	enum err rc = people_get(rq->db, rq->arena, id, &a, why);
	if (rc != ERR_OK)
		return rc;
	*name = a.name;
	return a.disabled ? err_field(why, ERR_INVALID, field, "This account is disabled.") : ERR_OK;
}

static enum err transfer_it(struct request *rq, struct staff_act *f, struct error *why)
{
	struct transfer to = { .topic = view_field(rq, "topic"), .note = view_field(rq, "note") };
	enum err rc = view_field_int(rq, "to", &to.to, why);
	if (rc == ERR_OK && to.to)
		rc = colleague(rq, "to", to.to, &to.to_name, why);
	if (rc == ERR_OK)
		rc = ticket_transfer(rq->desk, &f->act, &to, &f->out, why);
	return to.to == rq->who.account ? rc : then_desk(f, rc);
}

HANDLER(page_talk_transfer)
{
	return staff_form(rq, rs, transfer_it, e);
}

static enum err snooze_it(struct request *rq, struct staff_act *f, struct error *why)
{
	int64_t hours = 0;
	enum err rc = view_field_int(rq, "hours", &hours, why);
	if (rc == ERR_OK && (hours < 1 || hours > 90 * 24))
		rc = err_field(why, ERR_INVALID, "hours", "At least an hour, at most ninety days.");
	if (rc == ERR_OK)
		rc = ticket_snooze(rq->desk, &f->act, clock_wall_ms() + hours * HOUR_MS, &f->out, why);
	return then_desk(f, rc);
}

HANDLER(page_talk_snooze)
{
	return staff_form(rq, rs, snooze_it, e);
}

static enum err close_it(struct request *rq, struct staff_act *f, struct error *why)
{
	return ticket_close(rq->desk, &f->act, &f->out, why);
}

HANDLER(page_talk_close)
{
	return staff_form(rq, rs, close_it, e);
}

static enum err reopen_it(struct request *rq, struct staff_act *f, struct error *why)
{
	return ticket_reopen(rq->desk, &f->act, &f->out, why);
}

HANDLER(page_talk_reopen)
{
	return staff_form(rq, rs, reopen_it, e);
}

static enum err invite_it(struct request *rq, struct staff_act *f, struct error *why)
{
	struct slice name = SLICE("");
	int64_t account = 0;
	enum err rc = view_field_int(rq, "account", &account, why);
	if (rc == ERR_OK)
		rc = colleague(rq, "account", account, &name, why);
	return rc == ERR_OK ? ticket_invite(rq->desk, &f->act, account, name, &f->out, why) : rc;
}

HANDLER(page_talk_invite)
{
	return staff_form(rq, rs, invite_it, e);
}

static enum err urgent_it(struct request *rq, struct staff_act *f, struct error *why)
{
	int64_t urgent = 0;
	enum err rc = view_field_int(rq, "urgent", &urgent, why);
	return rc == ERR_OK ? ticket_urgent(rq->desk, &f->act, urgent == 1, &f->out, why) : rc;
}

HANDLER(page_talk_urgent)
{
	return staff_form(rq, rs, urgent_it, e);
}

static enum err report_it(struct request *rq, struct staff_act *f, struct error *why)
{
	struct reported out;
	struct report in = { .ticket = f->t.id, .who = &rq->who, .reason = f->act.reason };
	return report_add(rq->desk, rq->db, rq->arena, &in, &out, why);
}

HANDLER(page_talk_report)
{
	return staff_form(rq, rs, report_it, e);
}

static enum err not_real(struct request *rq, struct staff_act *f, struct error *why)
{
	/* Nobody holds what waits in the queue: there is no lease to compare. */
	f->act.fenced = f->act.fenced && f->t.holder;
	return then_desk(f, ticket_not_real(rq->desk, &f->act, &f->out, why));
}

HANDLER(page_talk_notreal)
{
	return staff_form(rq, rs, not_real, e);
}

static enum err mark_spam(struct request *rq, struct staff_act *f, struct error *why)
{
	struct judgement_done done = { 0 };
	struct judgement_item item = { .ticket = f->t.id };
	enum err rc = then_desk(f, judgement_give(rq->desk, &rq->who, &item, 1, LABEL_SPAM, false, NULL, &done, why));
	if (rc == ERR_OK && done.undo[0])
		snprintf(f->to, sizeof(f->to), "/desk/moderation?undo=%s&did=spam&changed=%lld", done.undo, (long long)done.changed);
	return rc;
}

HANDLER(page_talk_spam)
{
	return staff_form(rq, rs, mark_spam, e);
}

/* Hiding, suppressing and showing again lead to the message. */
static enum err then_message(struct staff_act *f, int64_t n, enum err rc)
{
	snprintf(f->to, sizeof(f->to), "/desk/t/%lld?from=%lld#n%lld", (long long)f->t.id, (long long)(n > NEARBY ? n - NEARBY : 0), (long long)n);
	return rc;
}

static enum err hide_it(struct request *rq, struct staff_act *f, struct error *why)
{
	int64_t n = 0;
	struct slice level = request_field(rq, "level");
	bool suppress = slice_is(level, "suppress");
	enum err rc = view_field_int(rq, "n", &n, why);
	if (rc == ERR_OK && (n <= 0 || (!suppress && !slice_is(level, "hide"))))
		rc = err_field(why, ERR_INVALID, "level", "Hide or suppress, and which message?");
	f->act.by = BY_MODERATOR;
	f->act.fenced = false;
	return then_message(f, n, rc == ERR_OK ? ticket_hide(rq->desk, &f->act, n, suppress, &f->out, why) : rc);
}

HANDLER(page_talk_hide)
{
	return staff_form(rq, rs, hide_it, e);
}

static enum err show_it(struct request *rq, struct staff_act *f, struct error *why)
{
	int64_t n = 0;
	enum err rc = view_field_int(rq, "n", &n, why);
	return then_message(f, n, rc == ERR_OK ? ticket_show(rq->desk, &f->act, n, &f->out, why) : rc);
}

HANDLER(page_talk_show)
{
	return staff_form(rq, rs, show_it, e);
}
