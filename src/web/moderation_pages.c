/*
 * moderation_pages: what screening stopped, apart from the helpers' lists, and what trial helpers closed: six lists, reasons in words, marked words, near copies
 * folded, decisions that can be undone.
 *
 * Works as plain forms; moderation.js decides by one key through the API and offers undo without leaving the page.
 */
#include <stdio.h>

#include "desk/judgement.h"
#include "desk/rule_life.h"
#include "desk/trial.h"
#include "text/utf.h"
#include "web/handlers.h"
#include "web/problem.h"
#include "web/proof_pages.h"
#include "web/view.h"

enum { NEARBY = 100 }; /* entries shown before the one that is led to */

static const char *const list_codes[] = { "held", "appeals", "reports", "challenged", "rejected", "trial" };

static struct jv *add_lists(struct request *rq, const char *lang, struct slice current, const struct jv *counts)
{
	struct jv *list = jv_array();
	for (size_t i = 0; i < sizeof(list_codes) / sizeof(*list_codes); i++) {
		char key[32];
		int64_t n = jv_int_of(jv_get(counts, list_codes[i]));
		struct jv *x = jv_object();
		jv_set_string(x, "code", list_codes[i]);
		snprintf(key, sizeof(key), "list-%s", list_codes[i]);
		view_put(rq, x, lang, "label", key, I18N_NONE);
		jv_set(x, "count", view_number(rq, n));
		jv_set_bool(x, "hot", n > 0 && i < 3);
		jv_set_bool(x, "current", slice_is(current, list_codes[i]));
		jv_push(list, x);
	}
	return list;
}

/* Identifiers come as strings or numbers. */
static struct jv *id_of(struct request *rq, const struct jv *obj, const char *key)
{
	struct slice s = jv_get_text(obj, key);
	if (s.ptr)
		return jv_text(s);
	return view_number(rq, jv_int_of(jv_get(obj, key)));
}

static struct jv *parts_of(const struct jv *parts, struct slice whole)
{
	struct jv *list = jv_array();
	for (size_t i = 0; i < jv_size(parts); i++) {
		struct jv *p = jv_at(parts, i), *x = jv_object();
		jv_set(x, "text", jv_text(jv_get_text(p, "text")));
		jv_set_bool(x, "mark", jv_type(jv_get(p, "mark")) == JV_TRUE);
		jv_set(x, "rule", view_text_of(p, "rule"));
		jv_push(list, x);
	}
	if (jv_size(parts) == 0)
		jv_push(list, jv_set_bool(jv_set(jv_object(), "text", jv_text(whole)), "mark", false));
	return list;
}

static struct jv *hits_of(struct request *rq, const char *lang, const struct jv *in)
{
	struct jv *list = jv_array(), *hits = jv_get(in, "hits");
	for (size_t i = 0; i < jv_size(hits); i++) {
		struct jv *h = jv_at(hits, i), *x = jv_object();
		jv_set(x, "score", view_score_of(h));
		jv_set(x, "describe", view_reason(rq, lang, h));
		jv_set(x, "rule", view_text_of(h, "rule"));
		jv_set(x, "text", view_text_of(h, "text"));
		/* Checks of our own are named with a slash; of these, learned words can be stopped. */
		struct slice rule = jv_get_text(h, "rule");
		jv_set_bool(x, "stop", (rule.len && rule.ptr[0] >= 'A' && rule.ptr[0] <= 'Z') || rule_life_words(rule).ptr);
		jv_push(list, x);
	}
	return list;
}

/* What no hit says: why a ban or a guard held it, and who reported it in which words. */
static struct jv *other_reasons(struct request *rq, const char *lang, const struct jv *in)
{
	struct jv *list = jv_array(), *guards = jv_get(in, "guards"), *reports = jv_get(in, "reports");
	for (size_t i = 0; i < jv_size(guards); i++)
		jv_push(list, view_guard(rq, lang, jv_at(guards, i)));
	for (size_t i = 0; i < jv_size(reports); i++) {
		const struct jv *r = jv_at(reports, i);
		struct slice by = jv_get_text(r, "by"), name = jv_get_text(r, "name");
		const char *key = slice_is(by, "desk") ? "reported-by-desk" : slice_is(by, "asker") ? "reported-by-asker" : "reported-by";
		jv_push(list, view_say(rq, lang, key, I18N(i18n_slice(jv_get_text(r, "reason")), i18n_slice(name))));
	}
	if (jv_type(jv_get(in, "paused")) == JV_TRUE)
		jv_push(list, view_say(rq, lang, "reported-paused", I18N_NONE));
	return list;
}

static void add_near(struct request *rq, const char *lang, const struct jv *in, struct jv *x)
{
	struct jv *near = jv_array(), *from = jv_get(in, "near");
	struct str list;
	str_init(&list, 65536);
	for (size_t i = 0; i < jv_size(from); i++) {
		struct jv *one = jv_object();
		jv_set(one, "ticket", id_of(rq, jv_at(from, i), "ticket"));
		jv_set(one, "n", id_of(rq, jv_at(from, i), "n"));
		if (i)
			str_addc(&list, ',');
		str_add(&list, jv_get_text(one, "ticket"));
		str_addc(&list, ':');
		str_add(&list, jv_get_text(one, "n"));
		jv_push(near, one);
	}
	jv_set(x, "near_list", str_failed(&list) ? NULL : jv_text(str_slice(&list)));
	str_fini(&list);
	size_t count = jv_size(near);
	jv_set_bool(x, "near_count", count > 0);
	jv_set(x, "near_text", count ? view_say(rq, lang, "near-copies", I18N(i18n_int((int64_t)count))) : jv_null());
	jv_set(x, "near", near);
}

static struct jv *held_item(struct request *rq, const char *lang, const struct jv *in, bool reports)
{
	char key[32];
	struct jv *x = jv_object();
	jv_set(x, "ticket", id_of(rq, in, "ticket"));
	jv_set(x, "n", id_of(rq, in, "n"));
	struct slice title = jv_get_text(in, "title"), name = jv_get_text(in, "name");
	jv_set(x, "title", title.len ? jv_text(title) : view_say(rq, lang, "question-number", I18N(i18n_slice(jv_get_text(x, "ticket")))));
	jv_set(x, "name", name.len ? jv_text(name) : view_say(rq, lang, "asker-nameless", I18N_NONE));
	view_at(rq, x, jv_get_text(in, "at"));
	jv_set(x, "lang", jv_text(view_language(rq, lang, jv_get_text(in, "lang"))));
	jv_set(x, "topic", view_text_of(in, "topic"));
	struct slice action = jv_get_text(in, "action");
	snprintf(key, sizeof(key), "action-%.*s", action.len < 16 ? (int)action.len : 0, action.ptr ? action.ptr : "");
	jv_set(x, "action", i18n_has(key) ? view_say(rq, lang, key, I18N_NONE) : jv_text(action));
	jv_set(x, "score", view_score_of(in));
	jv_set_bool(x, "line", slice_is(jv_get_text(in, "state"), "live") || slice_is(jv_get_text(in, "state"), "queued"));
	int64_t n = jv_int_of(jv_get(in, "n"));
	char *where = arena_printf(rq->arena, "%s/desk/t/%.*s?from=%lld#n%lld", request_base(), SLICE_ARG(jv_get_text(x, "ticket")),
				   (long long)(n > NEARBY ? n - NEARBY : 0), (long long)n);
	jv_set(x, "where", where ? jv_string(where) : NULL);
	jv_set_bool(x, "reported", reports);
	jv_set_bool(x, "overdue", jv_type(jv_get(in, "overdue")) == JV_TRUE);
	jv_set_bool(x, "danger", jv_type(jv_get(in, "harm")) == JV_TRUE);
	jv_set(x, "parts", parts_of(jv_get(in, "parts"), jv_get_text(in, "body")));
	jv_set(x, "title_parts", title.len ? parts_of(jv_get(in, "title_parts"), title) : jv_array());
	jv_set_bool(x, "titled", title.len > 0);
	jv_set(x, "hits", hits_of(rq, lang, in));
	jv_set(x, "reasons", other_reasons(rq, lang, in));
	jv_set(x, "appeal", view_text_of(in, "appeal"));
	/* What may still prove itself is not decided yet. */
	bool open = slice_is(jv_get_text(in, "state"), "challenged");
	jv_set_bool(x, "can_ham", !open);
	jv_set_bool(x, "can_spam", !open);
	add_near(rq, lang, in, x);
	const struct jv *trial = jv_get(in, "trial");
	if (trial) {
		struct slice why = jv_get_text(trial, "why");
		struct jv *t = jv_object();
		view_put(rq, t, lang, "who", "trial-by", I18N(i18n_slice(jv_get_text(jv_get(trial, "by"), "name"))));
		snprintf(key, sizeof(key), "trial-why-%.*s", why.len < 16 ? (int)why.len : 0, why.ptr ? why.ptr : "");
		view_put(rq, t, lang, "why", key, I18N_NONE);
		jv_set(x, "trial", t);
	}
	return x;
}

static void add_undo(struct request *rq, const char *lang, struct jv *page)
{
	struct slice group = request_query(rq, "undo"), did = request_query(rq, "did");
	int64_t changed = 0;
	struct error ignored;
	if (request_query_int(rq, "changed", &changed, &ignored) != ERR_OK)
		changed = 0;
	if (slice_is(did, "undone")) {
		view_put(rq, page, lang, "done", "undone", I18N_NONE);
	} else if (slice_is(did, "looked")) {
		view_put(rq, page, lang, "done", "trial-done", I18N_NONE);
	} else if (slice_is(did, "kept")) {
		view_put(rq, page, lang, "problem", "kept", I18N_NONE);
	} else if (group.len && group.len < 32) {
		struct jv *undo = jv_set_text(jv_object(), "group", group);
		view_put(rq, undo, lang, "text", slice_is(did, "spam") ? "done-spam" : "done-ham", I18N(i18n_int(changed)));
		jv_set(page, "undo", undo);
	}
}

HANDLER(page_moderation)
{
	const char *lang = view_lang(rq, rs);
	struct held_query q = { .reason = request_query(rq, "reason"), .rule = request_query(rq, "rule"), .cursor = request_query(rq, "cursor"),
				.limit = 30, .fold = true };
	struct slice name = request_query(rq, "list");
	if (!held_list_read(name, &q.list))
		q.list = HELD_HELD, name = SLICE("held");
	struct jv *page = NULL, *held = NULL;
	enum err rc = view_staff_frame(rq, lang, "moderation", &page, e);
	if (rc == ERR_OK)
		rc = judgement_held(rq->db, rq->arena, &q, &held, e);
	if (rc == ERR_OK)
		rc = proof_attack_view(rq, lang, page, e);
	if (rc != ERR_OK) {
		jv_free(&page);
		jv_free(&held);
		return rc;
	}
	struct jv *items = jv_array(), *from = jv_get(held, "items");
	for (size_t i = 0; i < jv_size(from); i++)
		jv_push(items, held_item(rq, lang, jv_at(from, i), q.list == HELD_REPORTS));
	jv_set_bool(page, "has_items", jv_size(items) > 0);
	jv_set_bool(page, "bulk", jv_size(items) > 0 && q.list != HELD_TRIAL);
	jv_set(page, "items", items);
	jv_set(page, "list", jv_text(name));
	jv_set(page, "lists", add_lists(rq, lang, name, jv_get(held, "counts")));
	char key[40];
	snprintf(key, sizeof(key), "list-%.*s-text", SLICE_ARG(name));
	view_put(rq, page, lang, "list_text", key, I18N_NONE);
	struct slice cursor = jv_get_text(held, "cursor");
	char *more = cursor.len ? arena_printf(rq->arena, "%s/desk/moderation?list=%.*s&cursor=%.*s", request_base(), SLICE_ARG(name), SLICE_ARG(cursor)) : NULL;
	jv_set(page, "more", more ? jv_string(more) : jv_null());
	add_undo(rq, lang, page);
	jv_push(jv_get(page, "scripts"), jv_string("moderation.js"));
	jv_free(&held);
	return view_send(rq, rs, "moderation", lang, page, e);
}

/* "12:1,13:1": near copies that share the decision. */
static size_t read_near(struct slice s, struct judgement_item *items, size_t max)
{
	size_t count = 0;
	int64_t number = 0, ticket = 0;
	int digits = 0;
	for (size_t i = 0; i <= s.len && count < max; i++) {
		char c = i < s.len ? s.ptr[i] : ',';
		if (c >= '0' && c <= '9' && digits < 18) {
			number = number * 10 + (c - '0');
			digits++;
		} else if (c == ':' && digits) {
			ticket = number;
			number = digits = 0;
		} else if (c == ',') {
			if (ticket && digits)
				items[count++] = (struct judgement_item){ .ticket = ticket, .n = number };
			ticket = number = digits = 0;
		} else {
			break;
		}
	}
	return count;
}

static enum err to_list(struct request *rq, struct response *rs, const char *did, const struct judgement_done *done, struct error *e)
{
	enum held_list list;
	struct slice name = request_field(rq, "list");
	if (!held_list_read(name, &list))
		name = SLICE("held");
	char *path = arena_printf(rq->arena, "/desk/moderation?list=%.*s&did=%s&undo=%s&changed=%lld", SLICE_ARG(name), did, done->undo,
				  (long long)done->changed);
	if (!path)
		return err_nomem(e);
	response_redirect(rs, rq, path);
	return ERR_OK;
}

HANDLER(page_moderation_decide)
{
	enum err rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct judgement_item *items = arena_array(rq->arena, JUDGEMENT_ITEMS_MAX, sizeof(*items));
	if (!items)
		return err_nomem(e);
	rc = view_field_int(rq, "ticket", &items[0].ticket, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "n", &items[0].n, e);
	if (rc != ERR_OK)
		return rc;
	size_t count = 1 + read_near(request_field(rq, "near"), items + 1, JUDGEMENT_ITEMS_MAX - 1);
	struct slice label = request_field(rq, "label");
	bool spam = slice_is(label, "spam"), trust = slice_is(label, "trust");
	if (!spam && !trust && !slice_is(label, "ham"))
		return err_field(e, ERR_INVALID, "label", "This is neither spam nor ham.");
	struct judgement_done done = { 0 };
	rc = judgement_give(rq->desk, &rq->who, items, count, spam ? LABEL_SPAM : LABEL_HAM, trust, NULL, &done, e);
	if (rc != ERR_OK && rc != ERR_CONFLICT)
		return rc;
	return to_list(rq, rs, done.changed ? (spam ? "spam" : "ham") : "kept", &done, e);
}

HANDLER(page_moderation_undo)
{
	enum err rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct judgement_done done = { 0 };
	rc = judgement_undo(rq->desk, &rq->who, request_field(rq, "undo"), &done, e);
	if (rc != ERR_OK && rc != ERR_NOT_FOUND && rc != ERR_CONFLICT)
		return rc;
	bool undone = rc == ERR_OK;
	done = (struct judgement_done){ 0 };
	return to_list(rq, rs, undone ? "undone" : "kept", &done, e);
}

HANDLER(page_moderation_looked)
{
	int64_t ticket = 0;
	enum err rc = request_form(rq, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "ticket", &ticket, e);
	if (rc == ERR_OK)
		rc = trial_looked(rq->desk, &rq->who, ticket, e);
	/* Whoever comes second finds the list as they wanted it. */
	if (rc != ERR_OK && rc != ERR_NOT_FOUND)
		return rc;
	response_redirect(rs, rq, "/desk/moderation?list=trial&did=looked");
	return ERR_OK;
}
