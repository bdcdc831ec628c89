/* The hours board over the JSON API: what helpers put down, the next seven days, and their gaps. */
#include "base/conf.h"
#include "desk/hours.h"
#include "web/api.h"
#include "web/handlers.h"
#include "web/view.h"

static void add_lang(void *list, struct slice code)
{
	jv_push(list, jv_text(code));
}

static struct jv *span_json(struct request *rq, const struct hours_span *s)
{
	struct jv *v = jv_set(jv_object(), "id", api_id_json(rq, s->id)), *langs = jv_array();
	jv_set(v, "account", api_id_json(rq, s->account));
	jv_set_text(v, "name", s->name);
	jv_set_bool(v, "trial", s->trial);
	view_each_part(s->langs.ptr ? s->langs.ptr : "", add_lang, langs);
	jv_set(v, "langs", langs);
	jv_set_int(v, "day", s->start / 24 + 1);
	jv_set_int(v, "from", s->start % 24);
	jv_set_int(v, "until", (s->start + s->length) % 24);
	return jv_set_bool(v, "mine", s->account == rq->who.account);
}

static struct jv *day_json(struct request *rq, const struct hours_day *d)
{
	char date[WEEK_DATE_BYTES];
	struct jv *v = jv_set_string(jv_object(), "date", week_date(d->day, date)), *stays = jv_array(), *gaps = jv_array();
	for (size_t i = 0; i < d->stay_count; i++) {
		const struct hours_stay *s = &d->stays[i];
		struct jv *x = jv_set(jv_object(), "id", api_id_json(rq, s->span->id));
		jv_set_string(x, "date", week_date(s->day, date));
		jv_set_time(x, "from", s->from);
		jv_set_time(x, "until", s->until);
		jv_push(stays, jv_set_bool(x, "off", s->off));
	}
	for (size_t i = 0; i < d->gap_count; i++) {
		struct jv *x = jv_set_time(jv_object(), "from", d->gaps[i].from);
		jv_set_time(x, "until", d->gaps[i].until);
		jv_push(gaps, jv_set_int(x, "asked", d->gaps[i].asked));
	}
	return jv_set(jv_set(v, "stays", stays), "gaps", gaps);
}

enum err api_hours(struct request *rq, struct response *rs, struct error *e)
{
	struct hours_board *b;
	enum err err = hours_board(rq->db, rq->arena, clock_wall_ms(), &b, e);
	if (err)
		return err;
	struct jv *v = jv_set_string(jv_object(), "zone", conf()->time_zone), *items = jv_array(), *days = jv_array(), *langs = jv_array();
	for (size_t i = 0; i < b->span_count; i++)
		jv_push(items, span_json(rq, &b->spans[i]));
	for (int i = 0; i < HOURS_DAYS; i++)
		jv_push(days, day_json(rq, &b->days[i]));
	for (size_t i = 0; i < b->lang_count; i++)
		jv_push(langs, jv_set_int(jv_set_text(jv_object(), "lang", b->langs[i].code), "hours", b->langs[i].hours));
	jv_set(jv_set(jv_set(v, "items", items), "days", days), "langs", langs);
	return api_answer(rs, 200, jv_set_bool(v, "known", b->known), e);
}

/* A whole number from `least` to `most` that must be there. */
static enum err need_int(const struct jv *body, const char *key, int least, int most, int64_t *out, struct error *e)
{
	*out = -1;
	enum err err = jv_want_int(body, key, out, e);
	return !err && (*out < least || *out > most) ? err_field(e, ERR_INVALID, key, "Write a number from %d to %d.", least, most) : err;
}

enum err api_hours_put(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct repeat store, *repeat;
	int64_t day, from, until, id;
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_repeat(rq, body, &store, &repeat, e)) || (err = need_int(body, "day", 1, 7, &day, e)) ||
		(err = need_int(body, "from", 0, 23, &from, e)) || (err = need_int(body, "until", 0, 23, &until, e)))
		return err;
	if (from == until)
		return err_field(e, ERR_INVALID, "until", "Hours end at another hour than they begin.");
	err = hours_put(rq->desk, &rq->who, (int)((day - 1) * 24 + from), (int)((until - from + 24) % 24), repeat, &id, e);
	return err ? err : api_answer(rs, api_made(repeat), jv_set(jv_object(), "id", api_id_json(rq, id)), e);
}

enum err api_hours_end(struct request *rq, struct response *rs, struct error *e)
{
	int64_t id;
	enum err err = api_id(rq->params[0], &id, e);
	if (!err)
		err = hours_end(rq->desk, &rq->who, id, e);
	return err ? err : api_done(rs);
}

enum err api_hours_off(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct slice date;
	int64_t id, day;
	bool off = true;
	enum err err = api_id(rq->params[0], &id, e);
	if (err || (err = request_json(rq, &body, e)) || (err = api_need_text(body, "date", &date, e)) || (err = jv_want_bool(body, "off", &off, e)))
		return err;
	if (!week_date_read(date, &day))
		return err_field(e, ERR_INVALID, "date", "Write the day as 2026-01-31.");
	err = hours_off(rq->desk, &rq->who, id, day, off, e);
	return err ? err : api_done(rs);
}
