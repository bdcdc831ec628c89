/*
 * rule_life_pages: the rules that do not act as their files say, learned words that do not act, why, and the rules that age; moderators stop one here
 * and let in what it held, admins release one or keep it from ageing.
 */
#include "base/conf.h"
#include "desk/rule_life.h"
#include "desk/rule_undo.h"
#include "desk/rulebook.h"
#include "web/handlers.h"
#include "web/problem.h"
#include "web/view.h"

struct shown {
	int status;
	const char *wrong, *wrong_rule; /* messages, at the reason and at the rule's name; NULL: none */
	const char *wrong_undo;         /* at the name of the rule to undo */
	const char *wrong_pin;          /* at the name of the rule to pin */
	struct slice rule, reason, undo_rule, pin_rule; /* of the forms */
};

static bool is_about_age(const struct jv *state)
{
	struct slice s = jv_get_text(state, "state");
	return slice_is(s, "ageing") || slice_is(s, "dormant") || slice_is(s, "pinned");
}

/* Those that are about age, or the others. */
static struct jv *rows_of(struct request *rq, const char *lang, const struct jv *from, bool about_age)
{
	struct jv *list = jv_array();

	for (size_t i = 0; i < jv_size(from); i++) {
		struct jv *in = jv_at(from, i), *x = jv_object();
		struct slice by = jv_get_text(in, "by"), state = jv_get_text(in, "state"), rule = jv_get_text(in, "rule"), words = rule_life_words(rule);
		char *key = arena_printf(rq->arena, "rule-state-%.*s", SLICE_ARG(state));
		if (is_about_age(in) != about_age) {
			jv_free(&x);
			continue;
		}
		jv_set(x, "rule", view_text_of(in, "rule"));
		jv_set(x, "words", words.ptr ? view_say(rq, lang, "rule-learned", I18N(i18n_slice(view_language(rq, lang, words)))) : jv_null());
		jv_set(x, "state", view_maybe(rq, lang, key));
		jv_set_bool(x, "held_back", jv_type(jv_get(in, "held_back")) == JV_TRUE);
		jv_set_bool(x, "pinned", slice_is(state, "pinned"));
		struct slice until = jv_get_text(in, "until");
		jv_set(x, "until", until.len ? jv_text(until) : jv_null());
		jv_set(x, "until_time", until.len >= 10 ? jv_text(slice_make(until.ptr, 10)) : jv_null());
		view_at(rq, x, jv_get_text(in, "since"));
		jv_set(x, "by", by.len ? jv_text(by) : view_say(rq, lang, "audit-desk", I18N_NONE));
		jv_set(x, "reason", view_text_of(in, "reason"));
		view_put(rq, x, lang, "undo_label", "rule-undo-which", I18N(i18n_slice(rule)));
		view_put(rq, x, lang, "release_label", "rule-release-which", I18N(i18n_slice(rule)));
		view_put(rq, x, lang, "pin_label", "rule-pin-which", I18N(i18n_slice(rule)));
		view_put(rq, x, lang, "unpin_label", "rule-unpin-which", I18N(i18n_slice(rule)));
		jv_push(list, x);
	}
	return list;
}

static enum err show(struct request *rq, struct response *rs, const struct shown *s, struct error *e)
{
	const char *lang = view_lang(rq, rs);
	const struct ruleset *rules = rulebook_pin(rq->desk->rulebook);
	struct jv *states = NULL, *page = NULL;
	enum err rc = rule_life_json(rq->db, rules, &states, e);

	rulebook_unpin(rq->desk->rulebook, &rules);
	if (rc == ERR_OK)
		rc = view_staff_frame(rq, lang, rq->who.role >= ROLE_ADMIN ? "rules" : "moderation", &page, e);
	if (rc != ERR_OK) {
		jv_free(&states);
		return rc;
	}
	struct slice done = request_query(rq, "done");
	struct jv *rows = rows_of(rq, lang, states, false), *ages = rows_of(rq, lang, states, true);
	jv_free(&states);
	jv_set_bool(jv_set_bool(page, "has_rows", jv_size(rows) > 0), "has_ages", jv_size(ages) > 0);
	jv_set(jv_set(page, "rows", rows), "ages", ages);
	view_put(rq, page, lang, "ages_lead", conf()->rule_dormant_days ? "rule-ages-lead" : "rule-ages-off", I18N(i18n_int(conf()->rule_dormant_days)));
	jv_set(page, "pin_rule", jv_text(s->pin_rule.ptr ? s->pin_rule : SLICE("")));
	jv_set(page, "wrong_pin", view_maybe(rq, lang, s->wrong_pin));
	jv_set(page, "rule", jv_text(s->rule.ptr ? s->rule : SLICE("")));
	jv_set(page, "reason", jv_text(s->reason.ptr ? s->reason : SLICE("")));
	jv_set(page, "wrong", view_maybe(rq, lang, s->wrong));
	jv_set(page, "wrong_rule", view_maybe(rq, lang, s->wrong_rule));
	jv_set(page, "undo_rule", jv_text(s->undo_rule.ptr ? s->undo_rule : SLICE("")));
	jv_set(page, "wrong_undo", view_maybe(rq, lang, s->wrong_undo));
	jv_set(page, "done", view_maybe(rq, lang, slice_is(done, "stopped") ? "rule-stopped" : slice_is(done, "released") ? "rule-released" :
		slice_is(done, "pinned") ? "rule-pinned" : slice_is(done, "unpinned") ? "rule-unpinned" : NULL));
	if (s->status)
		response_status(rs, s->status);
	return view_send(rq, rs, "rule_states", lang, page, e);
}

HANDLER(page_rule_states)
{
	return show(rq, rs, &(struct shown){ .rule = request_query(rq, "rule"), .undo_rule = request_query(rq, "rule") }, e);
}

HANDLER(page_rule_stop)
{
	struct error why = { 0 };
	enum err rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct shown s = { .rule = view_field(rq, "rule"), .reason = view_field(rq, "reason") };
	rc = rule_life_stop(rq->desk, &rq->who, s.rule.ptr ? s.rule : SLICE(""), s.reason.ptr ? s.reason : SLICE(""), &why);
	if (rc == ERR_OK) {
		response_redirect(rs, rq, "/desk/rules/states?done=stopped");
		return ERR_OK;
	}
	s.status = problem_status(rc);
	if (rc == ERR_NOT_FOUND)
		s.wrong_rule = "rule-unknown";
	else if (rc == ERR_INVALID)
		s.wrong = "rule-stop-long";
	else {
		*e = why;
		return rc;
	}
	return show(rq, rs, &s, e);
}

HANDLER(page_rule_release)
{
	enum err rc = request_form(rq, e);
	struct slice rule = request_field(rq, "rule");
	if (rc == ERR_OK)
		rc = rule_life_release(rq->desk, &rq->who, rule.ptr ? rule : SLICE(""), e);
	/* Released already is what was wanted. */
	if (rc != ERR_OK && rc != ERR_NOT_FOUND)
		return rc;
	response_redirect(rs, rq, "/desk/rules/states?done=released");
	return ERR_OK;
}

HANDLER(page_rule_pin)
{
	struct error why = { 0 };
	enum err rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct slice rule = view_field(rq, "rule");
	bool pin = !slice_is(request_field(rq, "do"), "unpin");
	rc = rule_life_pin(rq->desk, &rq->who, rule.ptr ? rule : SLICE(""), pin, &why);
	if (pin && rc == ERR_NOT_FOUND)
		return show(rq, rs, &(struct shown){ .status = 404, .pin_rule = rule, .wrong_pin = "rule-unknown" }, e);
	/* Unpinned already is what was wanted. */
	if (rc != ERR_OK && rc != ERR_NOT_FOUND) {
		*e = why;
		return rc;
	}
	response_redirect(rs, rq, pin ? "/desk/rules/states?done=pinned" : "/desk/rules/states?done=unpinned");
	return ERR_OK;
}

/* --- undoing what a rule did ----------------------------------------------------------------------------------------------- */

static enum err unknown_rule(struct request *rq, struct response *rs, struct slice rule, struct error *e)
{
	return show(rq, rs, &(struct shown){ .status = 404, .undo_rule = rule, .wrong_undo = "rule-unknown" }, e);
}

HANDLER(page_rule_undo_ask)
{
	const char *lang = view_lang(rq, rs);
	struct slice rule = request_query(rq, "rule");
	struct jv *page = NULL;
	struct error why = { 0 };
	struct rule_undo_found found = { .count = 0 };
	enum err rc = rule_undo_find(rq->desk, rq->db, rq->arena, rule.ptr ? rule : SLICE(""), &found, &why);

	if (rc == ERR_NOT_FOUND)
		return unknown_rule(rq, rs, rule, e);
	if (rc != ERR_OK) {
		*e = why;
		return rc;
	}
	if ((rc = view_staff_frame(rq, lang, rq->who.role >= ROLE_ADMIN ? "rules" : "moderation", &page, e)) != ERR_OK)
		return rc;
	jv_set(page, "rule", jv_text(rule));
	jv_set_bool(page, "any", found.count > 0);
	jv_set_bool(page, "acts", found.acts);
	view_put(rq, page, lang, "heading", "rule-undo-which", I18N(i18n_slice(rule)));
	view_put(rq, page, lang, "found", !found.count ? "rule-undo-none" : found.more ? "rule-undo-found-more" : "rule-undo-found",
		I18N(i18n_int((int64_t)found.count)));
	view_put(rq, page, lang, "do", "rule-undo-do", I18N(i18n_int((int64_t)found.count)));
	return view_send(rq, rs, "rule_undo", lang, page, e);
}

HANDLER(page_rule_undo)
{
	struct judgement_done done;
	struct error why = { 0 };
	bool more = false;
	enum err rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct slice rule = request_field(rq, "rule");
	rc = rule_undo(rq->desk, rq->db, rq->arena, &rq->who, rule.ptr ? rule : SLICE(""), &done, &more, &why);
	if (rc == ERR_NOT_FOUND)
		return unknown_rule(rq, rs, rule, e);
	if (rc != ERR_OK && rc != ERR_CONFLICT) {
		*e = why;
		return rc;
	}
	/* There, it can be undone. */
	char *path = done.changed ? arena_printf(rq->arena, "/desk/moderation?did=ham&undo=%s&changed=%lld", done.undo, (long long)done.changed)
				  : arena_printf(rq->arena, "/desk/moderation?did=kept");
	if (!path)
		return err_nomem(e);
	response_redirect(rs, rq, path);
	return ERR_OK;
}
