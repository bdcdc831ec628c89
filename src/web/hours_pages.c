/*
 * hours_pages: the hours board: when helpers mean to be there, by day, with the gaps of the next seven days before they happen.
 *
 * Every act is a plain form of one click; a stale or second click ends where it was meant to lead. hours.js adds the reader's own time.
 */
#include <stdio.h>

#include "base/conf.h"
#include "desk/care.h"
#include "desk/hours.h"
#include "web/handlers.h"
#include "web/problem.h"
#include "web/view.h"

struct shown {
	int status;
	const char *problem; /* a message; NULL: none */
	int day, from, until; /* of the form */
};

struct drawing {
	struct request *rq;
	const char *lang;
	struct jv *list;
	struct slice langs;
};

static void set_span(struct drawing *d, struct jv *x, int start, int length, int64_t from, int64_t until)
{
	char text[RFC3339_BYTES];
	jv_set(x, "hours", jv_text(view_hours(d->rq, start, length)));
	jv_set(x, "from", jv_string(clock_rfc3339(from, text)));
	jv_set(x, "until", jv_string(clock_rfc3339(until, text)));
}

static void add_lang(void *ctx, struct slice code)
{
	struct drawing *d = ctx;
	if (care_helps_in(d->langs, code))
		jv_push(d->list, jv_set_text(jv_object(), "name", view_language(d->rq, d->lang, code)));
}

static struct jv *stay(struct drawing *d, const struct hours_stay *s)
{
	bool mine = s->span->account == d->rq->who.account;
	struct jv *x = jv_object();
	struct drawing langs = { d->rq, d->lang, jv_array(), s->span->langs };
	set_span(d, x, s->span->start, s->span->length, s->from, s->until);
	jv_set(x, "id", view_number(d->rq, s->span->id));
	jv_set(x, "day", view_number(d->rq, s->day));
	jv_set(x, "name", jv_text(s->span->name));
	jv_set_bool(x, "mine", mine);
	jv_set_bool(x, "off", s->off);
	jv_set_bool(x, "over", s->over);
	jv_set_bool(x, "may_change", mine || d->rq->who.role >= ROLE_MODERATOR);
	view_each_part(conf()->languages, add_lang, &langs);
	jv_set(x, "langs", langs.list);
	struct slice weekday = i18n_text(d->rq->arena, d->lang, view_weekday(s->span->start / 24), I18N_NONE), hours = view_hours(d->rq, s->span->start, s->span->length);
	view_put(d->rq, x, d->lang, "off_label", s->off ? "hours-on-whom" : "hours-off-whom", I18N(i18n_slice(s->span->name), i18n_slice(weekday), i18n_slice(hours)));
	view_put(d->rq, x, d->lang, "end_label", "hours-end-whom", I18N(i18n_slice(s->span->name), i18n_slice(weekday), i18n_slice(hours)));
	return x;
}

static struct jv *gap(struct drawing *d, const struct hours_gap *g)
{
	struct jv *x = jv_object();
	set_span(d, x, g->start, g->length, g->from, g->until);
	jv_set(x, "weekday", view_number(d->rq, g->start / 24 + 1));
	jv_set(x, "begins", view_number(d->rq, g->start % 24));
	jv_set(x, "ends", view_number(d->rq, (g->start + g->length) % 24));
	/* A whole day has no other hour to end at: then it is put down in parts. */
	jv_set_bool(x, "fits", g->length < 24);
	view_put(d->rq, x, d->lang, "asked", "hours-gap-asked", I18N(i18n_int(g->asked)));
	struct slice weekday = i18n_text(d->rq->arena, d->lang, view_weekday(g->start / 24), I18N_NONE);
	view_put(d->rq, x, d->lang, "label", "hours-take-when", I18N(i18n_slice(weekday), i18n_slice(view_hours(d->rq, g->start, g->length))));
	return x;
}

static struct jv *day(struct drawing *d, const struct hours_day *in, bool today)
{
	char date[WEEK_DATE_BYTES];
	struct jv *x = jv_object(), *stays = jv_array(), *trial = jv_array(), *gaps = jv_array();
	for (size_t i = 0; i < in->stay_count; i++)
		jv_push(in->stays[i].span->trial ? trial : stays, stay(d, &in->stays[i]));
	for (size_t i = 0; i < in->gap_count; i++)
		jv_push(gaps, gap(d, &in->gaps[i]));
	jv_set_string(x, "date", week_date(in->day, date));
	view_put(d->rq, x, d->lang, "name", view_weekday(week_weekday(in->day)), I18N_NONE);
	jv_set_bool(x, "today", today);
	jv_set_bool(x, "empty", !in->stay_count && !in->gap_count);
	jv_set_bool(x, "has_trial", jv_size(trial) > 0);
	jv_set(x, "stays", stays);
	jv_set(x, "trial", trial);
	jv_set(x, "gaps", gaps);
	return x;
}

static void add_langs(struct drawing *d, const struct hours_board *b, struct jv *page)
{
	struct jv *list = jv_array();
	for (size_t i = 0; i < b->lang_count; i++) {
		struct jv *x = jv_set_text(jv_object(), "label", view_language(d->rq, d->lang, b->langs[i].code));
		view_put(d->rq, x, d->lang, "value", b->langs[i].hours ? "hours-covered" : "hours-uncovered", I18N(i18n_int(b->langs[i].hours)));
		jv_set_bool(x, "none", !b->langs[i].hours);
		jv_push(list, x);
	}
	jv_set(page, "langs_covered", list);
}

static struct jv *choice(struct request *rq, int value, struct jv *label, bool chosen)
{
	struct jv *x = jv_set(jv_object(), "value", view_number(rq, value));
	return jv_set_bool(jv_set(x, "label", label), "chosen", chosen);
}

static struct jv *form(struct drawing *d, const struct shown *s)
{
	struct jv *f = jv_object(), *days = jv_array(), *from = jv_array(), *until = jv_array();
	for (int i = 0; i < 7; i++)
		jv_push(days, choice(d->rq, i + 1, view_say(d->rq, d->lang, view_weekday(i), I18N_NONE), i + 1 == s->day));
	for (int i = 0; i < 24; i++) {
		jv_push(from, choice(d->rq, i, jv_text(slice_of(arena_printf(d->rq->arena, "%d:00", i))), i == s->from));
		jv_push(until, choice(d->rq, i, jv_text(slice_of(arena_printf(d->rq->arena, "%d:00", i))), i == s->until));
	}
	jv_set(f, "days", days);
	jv_set(f, "from", from);
	jv_set(f, "until", until);
	return f;
}

static enum err show(struct request *rq, struct response *rs, struct shown s, struct error *e)
{
	struct drawing d = { .rq = rq, .lang = view_lang(rq, rs) };
	struct hours_board *b = NULL;
	struct jv *page = NULL, *days = jv_array();
	enum err rc = hours_board(rq->db, rq->arena, clock_wall_ms(), &b, e);
	if (rc == ERR_OK)
		rc = view_staff_frame(rq, d.lang, "hours", &page, e);
	if (rc != ERR_OK) {
		jv_free(&days);
		return rc;
	}
	if (!s.day)
		s.day = week_weekday(b->days[0].day) + 1, s.from = 18, s.until = 20;
	for (int i = 0; i < HOURS_DAYS; i++)
		jv_push(days, day(&d, &b->days[i], i == 0));
	jv_set(page, "days", days);
	jv_set(page, "form", form(&d, &s));
	add_langs(&d, b, page);
	jv_set_string(page, "zone", conf()->time_zone);
	view_put(rq, page, d.lang, "zone_text", "hours-zone", I18N(i18n_slice(view_zone(rq, d.lang))));
	view_put(rq, page, d.lang, "gaps_text", !b->known ? "hours-unknown" : b->gaps ? "hours-gaps" : "hours-no-gaps", I18N(i18n_int((int64_t)b->gaps)));
	jv_set_string(page, "gaps_class", !b->known ? "" : b->gaps ? "warn" : "good");
	struct slice done = request_query(rq, "done");
	jv_set(page, "done", view_maybe(rq, d.lang, s.problem ? NULL : slice_is(done, "put") ? "hours-done-put" : slice_is(done, "end") ? "hours-done-end" :
					slice_is(done, "off") ? "hours-done-off" : slice_is(done, "on") ? "hours-done-on" : NULL));
	jv_set(page, "problem", view_maybe(rq, d.lang, s.problem));
	jv_push(jv_get(page, "scripts"), jv_string("hours.js"));
	if (s.status)
		response_status(rs, s.status);
	return view_send(rq, rs, "hours", d.lang, page, e);
}

HANDLER(page_hours)
{
	return show(rq, rs, (struct shown){ 0 }, e);
}

/* The board again, with the reason; what belongs on an error page goes there. */
static enum err not_done(struct request *rq, struct response *rs, struct shown s, enum err rc, struct error *why, struct error *e)
{
	why->code = rc;
	s.problem = rc == ERR_CONFLICT ? (why->field[0] ? "hours-overlap" : "hours-full") : rc == ERR_INVALID ? "hours-unfit" : view_trouble(why);
	s.status = problem_status(rc);
	if (s.problem)
		return show(rq, rs, s, e);
	*e = *why;
	return rc;
}

HANDLER(page_hours_put)
{
	int64_t day = 0, from = 0, until = 0, id;
	enum err rc = request_form(rq, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "day", &day, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "from", &from, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "until", &until, e);
	if (rc != ERR_OK)
		return rc;
	if (day < 1 || day > 7 || from < 0 || from > 23 || until < 0 || until > 23)
		return err_field(e, ERR_INVALID, "day", "There is no such hour.");
	struct shown s = { .day = (int)day, .from = (int)from, .until = (int)until };
	struct error why = { 0 };
	rc = hours_put(rq->desk, &rq->who, (int)((day - 1) * 24 + from), (int)((until - from + 24) % 24), NULL, &id, &why);
	if (rc != ERR_OK)
		return not_done(rq, rs, s, rc, &why, e);
	response_redirect(rs, rq, "/desk/hours?done=put");
	return ERR_OK;
}

HANDLER(page_hours_end)
{
	int64_t id;
	enum err rc = view_param_id(rq, 0, &id, e);
	if (rc == ERR_OK)
		rc = hours_end(rq->desk, &rq->who, id, e);
	if (rc != ERR_OK && rc != ERR_NOT_FOUND) /* what is gone already is what was wanted */
		return rc;
	response_redirect(rs, rq, "/desk/hours?done=end");
	return ERR_OK;
}

HANDLER(page_hours_off)
{
	int64_t id, day = 0;
	struct error why = { 0 };
	enum err rc = view_param_id(rq, 0, &id, e);
	if (rc == ERR_OK)
		rc = request_form(rq, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "day", &day, e);
	if (rc != ERR_OK)
		return rc;
	bool off = !slice_is(request_field(rq, "off"), "0");
	rc = hours_off(rq->desk, &rq->who, id, day, off, &why);
	if (rc == ERR_NOT_FOUND) {
		response_redirect(rs, rq, "/desk/hours?done=end");
		return ERR_OK;
	}
	if (rc != ERR_OK)
		return not_done(rq, rs, (struct shown){ 0 }, rc, &why, e);
	response_redirect(rs, rq, off ? "/desk/hours?done=off" : "/desk/hours?done=on");
	return ERR_OK;
}
