#include "desk/hours.h"

#include <stdlib.h>

#include "desk/audit.h"
#include "desk/care.h"
#include "desk/cells.h"
#include "desk/repeat.h"
#include "text/utf.h"

static const int64_t QUARTER_MS = 15 * 60 * 1000LL;

enum err hours_list(struct db *db, struct arena *a, struct hours_span **out, size_t *count, struct error *e)
{
	struct hours_span *list = arena_array(a, HOURS_MAX, sizeof(*list));
	struct rows r;
	*out = list;
	*count = 0;
	if (!list)
		return err_nomem(e);
	enum err err = rows_open(db, &r, SQL_HOURS_LIST, BINDS(b_int(HOURS_MAX)), e);
	if (err)
		return err;
	while (*count < HOURS_MAX && rows_next(&r))
		list[(*count)++] = (struct hours_span){
			.id = rows_int(&r, 0), .account = rows_int(&r, 1), .name = arena_slice(a, rows_text(&r, 2)),
			.langs = arena_slice(a, rows_text(&r, 3)), .trial = rows_int(&r, 4) <= ROLE_TRIAL,
			.start = (int)rows_int(&r, 5), .length = (int)rows_int(&r, 6),
		};
	err = rows_close(&r);
	return err ? err : arena_failed(a) ? err_nomem(e) : ERR_OK;
}

/* ---- putting down and withdrawing ---- */

static int64_t today(void)
{
	struct week w = WEEK(conf()->time_zone);
	return week_day(&w, clock_wall_ms());
}

static bool overlap(int a, int a_length, int b, int b_length)
{
	return (b - a + WEEK_HOURS) % WEEK_HOURS < a_length || (a - b + WEEK_HOURS) % WEEK_HOURS < b_length;
}

struct put {
	const struct actor *who;
	int start, length;
	struct repeat *repeat;
	int64_t id;
};

/* *same: the one that says the same; 0: none does, and none overlaps. */
static enum err look_for_same(struct db *db, const struct put *p, int64_t *same, struct error *e)
{
	struct rows r;
	bool clash = false;
	enum err err = rows_open(db, &r, SQL_HOURS_OF, BINDS(b_int(p->who->account)), e);
	*same = 0;
	if (err)
		return err;
	while (rows_next(&r)) {
		int start = (int)rows_int(&r, 1), length = (int)rows_int(&r, 2);
		if (start == p->start && length == p->length)
			*same = rows_int(&r, 0);
		else
			clash |= overlap(start, length, p->start, p->length);
	}
	err = rows_close(&r);
	return !err && clash ? err_field(e, ERR_CONFLICT, "length", "You have put down hours that overlap these.") : err;
}

static enum err put_run(struct db *db, void *self, struct error *e)
{
	struct put *p = self;
	int64_t count;
	enum err err = repeat_find_id(db, p->repeat, &p->id, e);
	if (err || p->id || (err = look_for_same(db, p, &p->id, e)))
		return err;
	if (!p->id) {
		if ((err = db_int(db, SQL_HOURS_COUNT, NO_BINDS, &count, e)))
			return err;
		if (count >= HOURS_MAX)
			return err_set(e, ERR_CONFLICT, "The board is full.");
		if ((err = db_int(db, SQL_HOURS_ADD, BINDS(b_int(p->who->account), b_int(p->start), b_int(p->length)), &p->id, e)))
			return err;
	}
	return repeat_keep_id(db, p->repeat, p->id, e);
}

enum err hours_put(struct desk *d, const struct actor *who, int start, int length, struct repeat *repeat, int64_t *id, struct error *e)
{
	struct put p = { .who = who, .start = start, .length = length, .repeat = repeat };
	if (start < 0 || start >= WEEK_HOURS)
		return err_field(e, ERR_INVALID, "start", "There is no such hour of the week.");
	if (length < 1 || length > 23)
		return err_field(e, ERR_INVALID, "length", "Hours end at another hour than they begin, within a day.");
	enum err err = writer_do(d->writer, LANE_TALK, put_run, &p, e);
	*id = p.id;
	return err;
}

/* Its start, where `who` may change it. */
static enum err may_change(struct db *db, const struct actor *who, int64_t id, int64_t *account, int *start, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_HOURS_GET, BINDS(b_int(id)), e);
	if (err)
		return err;
	bool found = rows_next(&r);
	*account = found ? rows_int(&r, 0) : 0;
	*start = found ? (int)rows_int(&r, 1) : 0;
	if ((err = rows_close(&r)))
		return err;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "There are no such hours any more.");
	if (*account != who->account && who->role < ROLE_MODERATOR)
		return err_set(e, ERR_FORBIDDEN, "Somebody else put down these hours; only they and moderators can change them.");
	return ERR_OK;
}

struct change {
	const struct actor *who;
	int64_t id, day;
	bool off;
};

static enum err end_run(struct db *db, void *self, struct error *e)
{
	struct change *c = self;
	int64_t account;
	int start;
	enum err err = may_change(db, c->who, c->id, &account, &start, e);
	if (!err)
		err = db_run(db, SQL_HOURS_OFF_END_ALL, BINDS(b_int(c->id)), NULL, e);
	if (!err)
		err = db_run(db, SQL_HOURS_END, BINDS(b_int(c->id)), NULL, e);
	if (!err && account != c->who->account)
		err = audit_add(db, c->who, "hours.end", "account", account, NULL, e);
	return err;
}

enum err hours_end(struct desk *d, const struct actor *who, int64_t id, struct error *e)
{
	struct change c = { .who = who, .id = id };
	return writer_do(d->writer, LANE_TALK, end_run, &c, e);
}

static enum err off_run(struct db *db, void *self, struct error *e)
{
	struct change *c = self;
	int64_t account, first = today() - 1; /* what began yesterday may go on */
	int start;
	char date[WEEK_DATE_BYTES];
	enum err err = may_change(db, c->who, c->id, &account, &start, e);
	if (err)
		return err;
	if (c->day < first || c->day > first + 1 + HOURS_OFF_DAYS || week_weekday(c->day) != start / 24)
		return err_field(e, ERR_INVALID, "day", "These hours do not begin on that day.");
	err = db_run(db, SQL_HOURS_OFF_SWEEP, BINDS(b_int(first)), NULL, e);
	if (!err)
		err = db_run(db, c->off ? SQL_HOURS_OFF_ADD : SQL_HOURS_OFF_END, BINDS(b_int(c->id), b_int(c->day)), NULL, e);
	if (!err && account != c->who->account)
		err = audit_add(db, c->who, c->off ? "hours.off" : "hours.on", "account", account, week_date(c->day, date), e);
	return err;
}

enum err hours_off(struct desk *d, const struct actor *who, int64_t id, int64_t day, bool off, struct error *e)
{
	struct change c = { .who = who, .id = id, .day = day, .off = off };
	return writer_do(d->writer, LANE_TALK, off_run, &c, e);
}

enum err hours_forget(struct db *db, int64_t account, struct error *e)
{
	enum err err = db_run(db, SQL_HOURS_OFF_FORGET, BINDS(b_int(account)), NULL, e);
	return err ? err : db_run(db, SQL_HOURS_FORGET, BINDS(b_int(account)), NULL, e);
}

/* ---- the board ---- */

struct arrivals {
	int64_t asked[WEEK_HOURS];
	unsigned weeks[WEEK_HOURS]; /* in which something came: a bit each */
	int64_t all;
};

/* Of the whole days of HOURS_WEEKS weeks before `day`. */
static enum err read_arrivals(struct db *db, struct week *w, int64_t day, struct arrivals *out, struct error *e)
{
	int64_t first = day - HOURS_WEEKS * 7;
	struct rows r;
	enum err err = rows_open(db, &r, SQL_HOURS_ARRIVALS, BINDS(b_int(week_moment(w, first, 0)), b_int(week_moment(w, day, 0))), e);
	*out = (struct arrivals){ 0 };
	if (err)
		return err;
	while (rows_next(&r)) {
		int64_t at = rows_int(&r, 0) * QUARTER_MS, count = rows_int(&r, 1), week = (week_day(w, at) - first) / 7;
		int hour = week_hour(w, at);
		out->asked[hour] += count;
		out->weeks[hour] |= 1u << (week < 0 ? 0 : week >= HOURS_WEEKS ? HOURS_WEEKS - 1 : week);
		out->all += count;
	}
	return rows_close(&r);
}

static bool usual(const struct arrivals *a, int hour)
{
	return __builtin_popcount(a->weeks[hour]) >= 2;
}

struct off {
	int64_t hours, day;
};

static enum err read_off(struct db *db, struct arena *a, int64_t day, struct off **out, size_t *count, struct error *e)
{
	size_t room = HOURS_MAX * 2; /* each begins on one day of the week: in eight days twice at most */
	struct rows r;
	*count = 0;
	*out = arena_array(a, room, sizeof(**out));
	if (!*out)
		return err_nomem(e);
	enum err err = rows_open(db, &r, SQL_HOURS_OFF_LIST, BINDS(b_int(day), b_int(day + 1 + HOURS_DAYS), b_int((int64_t)room)), e);
	if (err)
		return err;
	while (*count < room && rows_next(&r))
		(*out)[(*count)++] = (struct off){ rows_int(&r, 0), rows_int(&r, 1) };
	return rows_close(&r);
}

static bool is_off(const struct off *list, size_t count, int64_t hours, int64_t day)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].hours == hours && list[i].day == day)
			return true;
	return false;
}

/* Whether somebody is to be there for the whole of an hour; with a language, somebody who helps in it. */
static bool covered(const struct hours_board *b, int64_t from, int64_t until, struct slice lang)
{
	for (size_t d = 0; d < HOURS_DAYS; d++)
		for (size_t i = 0; i < b->days[d].stay_count; i++) {
			const struct hours_stay *s = &b->days[d].stays[i];
			if (!s->off && !s->span->trial && s->from <= from && s->until >= until && (!lang.ptr || care_helps_in(s->span->langs, lang)))
				return true;
		}
	return false;
}

static void add_stays(struct hours_board *b, struct week *w, struct hours_day *day, int64_t begins, int64_t now, const struct off *off,
		      size_t off_count)
{
	for (size_t i = 0; i < b->span_count; i++) {
		const struct hours_span *s = &b->spans[i];
		if (s->start / 24 != week_weekday(begins))
			continue;
		int64_t from = week_moment(w, begins, s->start % 24), until = week_moment(w, begins, s->start % 24 + s->length);
		if (begins < day->day && until <= now)
			continue;
		day->stays[day->stay_count++] = (struct hours_stay){ s, begins, from, until, is_off(off, off_count, s->id, begins), until <= now };
	}
}

static void look_at_hour(struct hours_board *b, struct hours_day *day, int hour, int64_t from, int64_t until, const struct arrivals *a)
{
	int of_week = week_weekday(day->day) * 24 + hour;
	for (size_t i = 0; i < b->lang_count; i++)
		b->langs[i].hours += covered(b, from, until, b->langs[i].code);
	if (!b->known || !usual(a, of_week) || covered(b, from, until, SLICE_NONE))
		return;
	struct hours_gap *last = day->gap_count ? &day->gaps[day->gap_count - 1] : NULL;
	if (last && last->until == from) {
		last->until = until;
		last->length = of_week + 1 - last->start;
		last->asked += a->asked[of_week];
		return;
	}
	day->gaps[day->gap_count++] = (struct hours_gap){ from, until, of_week, 1, a->asked[of_week] };
	b->gaps++;
}

static void split_langs(struct hours_board *b)
{
	struct slice rest = slice_of(conf()->languages), code;
	while (b->lang_count < HOURS_LANGS_MAX && utf_part(&rest, ',', &code))
		b->langs[b->lang_count++].code = code;
}

enum err hours_board(struct db *db, struct arena *a, int64_t now, struct hours_board **out, struct error *e)
{
	struct week w = WEEK(conf()->time_zone);
	struct arrivals arrivals;
	struct off *off;
	size_t off_count;
	struct hours_board *b = arena_array(a, 1, sizeof(*b));
	int64_t first = week_day(&w, now);
	*out = b;
	if (!b)
		return err_nomem(e);
	*b = (struct hours_board){ 0 };
	enum err err = hours_list(db, a, &b->spans, &b->span_count, e);
	if (!err)
		err = read_off(db, a, first - 1, &off, &off_count, e);
	if (!err)
		err = read_arrivals(db, &w, first, &arrivals, e);
	if (err)
		return err;
	b->known = arrivals.all >= CELL_MIN;
	split_langs(b);
	for (int d = 0; d < HOURS_DAYS; d++) {
		struct hours_day *day = &b->days[d];
		day->day = first + d;
		day->stays = arena_array(a, b->span_count + 1, 2 * sizeof(*day->stays));
		if (!day->stays)
			return err_nomem(e);
		if (d == 0)
			add_stays(b, &w, day, first - 1, now, off, off_count);
		add_stays(b, &w, day, day->day, now, off, off_count);
	}
	for (int d = 0; d < HOURS_DAYS; d++)
		for (int hour = 0; hour < 24; hour++) {
			int64_t from = week_moment(&w, first + d, hour), until = week_moment(&w, first + d, hour + 1);
			if (until > from && until > now)
				look_at_hour(b, &b->days[d], hour, from, until, &arrivals);
		}
	return ERR_OK;
}

void hours_by_hour(const struct hours_span *spans, size_t count, int out[WEEK_HOURS])
{
	for (int i = 0; i < WEEK_HOURS; i++)
		out[i] = 0;
	for (size_t i = 0; i < count; i++)
		for (int k = 0; k < spans[i].length && !spans[i].trial; k++)
			out[(spans[i].start + k) % WEEK_HOURS]++;
}
