/*
 * ban_pages: the moderators' page of senders whose texts are held for a while: who, why, until when; making one from a question, lifting one.
 *
 * A ban is made from a question and never from an address, which nobody sees (desk/bans, P8). A form that cannot be taken comes back with
 * everything typed; lifting what has ended already is what was wanted.
 */
#include "desk/bans.h"
#include "web/handlers.h"
#include "web/problem.h"
#include "web/view.h"

struct shown {
	int status;
	const char *problem, *wrong; /* messages: of the page, at the reason; NULL: none */
	int64_t ticket, days;        /* of the form; ticket 0: no form */
	struct slice reason;
};

static struct jv *row(struct request *rq, const char *lang, const struct ban *b)
{
	struct jv *x = jv_object();
	jv_set_int(x, "id", b->id);
	jv_set_int(x, "ticket", b->ticket);
	view_put(rq, x, lang, "question", "question-number", I18N(i18n_int(b->ticket)));
	jv_set(x, "reason", b->reason.len ? jv_text(b->reason) : jv_null());
	jv_set(x, "by", b->by_name.len ? jv_text(b->by_name) : view_say(rq, lang, "audit-desk", I18N_NONE));
	jv_set(x, "held", view_number(rq, b->held));
	view_time(x, "created", b->created_ms);
	view_time(x, "until", b->expires_ms);
	view_put(rq, x, lang, "lift_label", "ban-lift-whom", I18N(i18n_int(b->ticket)));
	return x;
}

static struct jv *form_of(struct request *rq, const char *lang, const struct shown *s)
{
	static const int spans[] = { 1, 3, BANS_DAYS_DEFAULT, 14, 30, BANS_DAYS_MAX };
	struct jv *f = jv_set_int(jv_object(), "ticket", s->ticket), *days = jv_array();
	for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++) {
		struct jv *x = jv_set_int(jv_object(), "value", spans[i]);
		view_put(rq, x, lang, "label", "duration-days", I18N(i18n_int(spans[i])));
		jv_set_bool(x, "chosen", spans[i] == s->days);
		jv_push(days, x);
	}
	jv_set(f, "days", days);
	jv_set(f, "reason", jv_text(s->reason));
	jv_set(f, "wrong", view_maybe(rq, lang, s->wrong));
	view_put(rq, f, lang, "heading", "ban-heading", I18N(i18n_int(s->ticket)));
	return f;
}

static enum err show(struct request *rq, struct response *rs, const struct shown *s, struct error *e)
{
	const char *lang = view_lang(rq, rs);
	struct ban *all = NULL;
	size_t count = 0;
	struct jv *page = NULL;
	enum err rc = bans_list(rq->db, rq->arena, &all, &count, e);
	if (rc == ERR_OK)
		rc = view_staff_frame(rq, lang, "bans", &page, e);
	if (rc != ERR_OK)
		return rc;
	struct jv *rows = jv_array();
	for (size_t i = 0; i < count; i++)
		jv_push(rows, row(rq, lang, &all[i]));
	jv_set_bool(page, "has_rows", count > 0);
	jv_set(page, "rows", rows);
	jv_set(page, "form", s->ticket ? form_of(rq, lang, s) : jv_null());
	jv_set(page, "problem", view_maybe(rq, lang, s->problem));
	struct slice done = request_query(rq, "done");
	jv_set(page, "done", view_maybe(rq, lang, slice_is(done, "made") ? "ban-done" : slice_is(done, "lifted") ? "ban-lifted" : NULL));
	if (s->status)
		response_status(rs, s->status);
	return view_send(rq, rs, "bans", lang, page, e);
}

HANDLER(page_bans)
{
	struct shown s = { .days = BANS_DAYS_DEFAULT, .reason = SLICE("") };
	enum err rc = request_query_int(rq, "ticket", &s.ticket, e);
	if (rc != ERR_OK)
		return rc;
	if (s.ticket < 0)
		s.ticket = 0;
	return show(rq, rs, &s, e);
}

HANDLER(page_ban_add)
{
	struct shown s = { 0 };
	int64_t id;
	enum err rc = request_form(rq, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "ticket", &s.ticket, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "days", &s.days, e);
	if (rc != ERR_OK)
		return rc;
	struct error why = { 0 };
	s.reason = request_field(rq, "reason");
	int days = s.days > BANS_DAYS_MAX ? BANS_DAYS_MAX + 1 : (int)s.days;
	rc = bans_add(rq->desk, &rq->who, s.ticket, days, s.reason, NULL, &id, &why);
	if (rc == ERR_OK) {
		response_redirect(rs, rq, "/desk/bans?done=made");
		return ERR_OK;
	}
	why.code = rc;
	s.status = problem_status(rc);
	if (rc == ERR_INVALID && strcmp(why.field, "reason") == 0)
		s.wrong = "ban-wrong-reason";
	s.problem = rc == ERR_INVALID ? "canned-not-saved" : rc == ERR_CONFLICT ? "ban-unknown" : rc == ERR_NOT_FOUND ? "ban-no-ticket" : view_trouble(&why);
	if (!s.problem) {
		*e = why;
		return rc;
	}
	return show(rq, rs, &s, e);
}

HANDLER(page_ban_lift)
{
	int64_t id;
	enum err rc = view_param_id(rq, 0, &id, e);
	if (rc == ERR_OK)
		rc = bans_end(rq->desk, &rq->who, id, e);
	if (rc != ERR_OK && rc != ERR_NOT_FOUND)
		return rc;
	response_redirect(rs, rq, "/desk/bans?done=lifted");
	return ERR_OK;
}
