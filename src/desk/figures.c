#include "desk/figures.h"

#include <stdlib.h>
#include <string.h>

#include "desk/queue.h"
#include "desk/state.h"
#include "desk/week.h"
#include "spam/language.h"
#include "spam/verdict.h"
#include "text/unicode.h"

static const int64_t HOUR_MS = 3600 * 1000LL, DAY_MS = 86400 * 1000LL;

struct count {
	int64_t refused, false_refused, spam, accepted, spam_reached, open, late, staffed;
};

struct figures {
	struct db *db;
	struct week clock;
	int64_t now, since;
	int days;
	bool staffed[(FIGURES_DAYS_MAX + 1) * 24]; /* hours since `since`'s in which a helper was at work */
	struct cell_row *rows;
	size_t count;
	struct cell_names names[CELL_PARTS];
	struct count all;
};

/* ---- hours ---- */

static enum err read_hours(struct figures *f, struct jv *v, struct error *e)
{
	int64_t week[WEEK_HOURS] = { 0 };
	struct rows r;
	enum err err = rows_open(f->db, &r, SQL_FIGURES_HOURS, BINDS(b_int(f->since), b_int(ROLE_HELPER)), e);
	if (err)
		return err;
	while (rows_next(&r)) {
		int64_t hour = rows_int(&r, 0), at = hour - f->since / HOUR_MS;
		if (at < 0 || at >= (int64_t)(sizeof(f->staffed) / sizeof(*f->staffed)))
			continue;
		f->staffed[at] = true;
		week[week_hour(&f->clock, hour * HOUR_MS)]++;
	}
	struct jv *list = jv_array();
	for (int i = 0; i < WEEK_HOURS; i++)
		jv_push(list, jv_int(week[i]));
	jv_set(v, "week", list);
	jv_set_int(v, "weeks", (f->days + 6) / 7);
	return rows_close(&r);
}

/* ---- tickets ---- */

/* A quarter of a day, on a weekday or at the weekend: coarse enough that an hour of a small desk says something. */
static struct slice band_of(struct week *clock, int64_t wall_ms)
{
	static const char *const bands[] = { "week-night", "week-morning", "week-afternoon", "week-evening",
					     "weekend-night", "weekend-morning", "weekend-afternoon", "weekend-evening" };
	int hour = week_hour(clock, wall_ms);
	return slice_of(bands[(hour / 24 >= 5) * 4 + hour % 24 / 6]);
}

static struct slice script_of(struct slice title)
{
	struct script_share shares[UNICODE_SCRIPTS_MAX];
	return title.len && unicode_scripts(title, shares) ? slice_of(unicode_script_code(shares[0].script)) : SLICE_NONE;
}

/* Columns of SQL_FIGURES_TICKETS. */
enum { COL_LANG, COL_STATE, COL_ASKED, COL_ANSWERED, COL_ACTION, COL_TOPIC, COL_TOLD, COL_WAY, COL_TITLE };

static void name_row(struct figures *f, struct rows *r, struct cell_row *row)
{
	struct slice lang = rows_text(r, COL_LANG);
	row->part[CELL_LANG] = cell_name(&f->names[CELL_LANG], lang.len ? lang : SLICE("und"));
	row->part[CELL_TOPIC] = cell_name(&f->names[CELL_TOPIC], rows_text(r, COL_TOPIC));
	row->part[CELL_WHEN] = cell_name(&f->names[CELL_WHEN], band_of(&f->clock, rows_int(r, COL_ASKED)));
	row->part[CELL_WAY] = cell_name(&f->names[CELL_WAY], rows_text(r, COL_WAY));
	row->part[CELL_SCRIPT] = cell_name(&f->names[CELL_SCRIPT], script_of(rows_text(r, COL_TITLE)));
}

static void read_ticket(struct figures *f, struct rows *r, struct cell_row *row)
{
	enum ticket_state state = state_read(rows_text(r, COL_STATE));
	enum action judged = (enum action)rows_int(r, COL_ACTION);
	int64_t asked = rows_int(r, COL_ASKED), hour = asked / HOUR_MS - f->since / HOUR_MS;
	bool open = state == TICKET_QUEUED || state == TICKET_LIVE || state == TICKET_SNOOZED || state == TICKET_CLOSED;
	bool stopped = judged == ACTION_HOLD || judged == ACTION_CHALLENGE;

	name_row(f, r, row);
	row->good = state != TICKET_REJECTED && state != TICKET_SPAM;
	row->answered = !rows_null(r, COL_ANSWERED);
	row->wait = row->answered ? rows_int(r, COL_ANSWERED) - asked : 0;
	row->due = row->answered || f->now - asked >= DAY_MS;
	row->held = stopped;
	/* Held or refused by the machine, and yet in the open: a person saw that it was good. */
	row->false_hold = (stopped || judged == ACTION_REJECT) && open;
	row->staffed = hour >= 0 && hour < (int64_t)(sizeof(f->staffed) / sizeof(*f->staffed)) && f->staffed[hour];

	f->all.refused += judged == ACTION_REJECT;
	f->all.false_refused += judged == ACTION_REJECT && open;
	f->all.spam += state == TICKET_SPAM;
	f->all.accepted += judged == ACTION_ACCEPT;
	f->all.spam_reached += judged == ACTION_ACCEPT && state == TICKET_SPAM;
	f->all.staffed += row->staffed && row->good;
	if (row->good && slice_is(rows_text(r, COL_TOLD), "open") && (row->answered || f->now - asked >= FIGURES_PROMPT_MS)) {
		f->all.open++;
		f->all.late += !row->answered || row->wait > FIGURES_PROMPT_MS;
	}
}

static enum err read_tickets(struct figures *f, struct error *e)
{
	struct rows r;
	size_t room = 0;
	enum err err = rows_open(f->db, &r, SQL_FIGURES_TICKETS, BINDS(b_int(f->since), b_int(FIGURES_TICKETS_MAX)), e), closed;
	if (err)
		return err;
	while (!err && rows_next(&r)) {
		if (f->count == room) {
			room = room ? room * 2 : 256;
			struct cell_row *more = reallocarray(f->rows, room, sizeof(*more));
			if (!more) {
				err = err_nomem(e);
				break;
			}
			f->rows = more;
		}
		f->rows[f->count] = (struct cell_row){ 0 };
		read_ticket(f, &r, &f->rows[f->count++]);
	}
	closed = rows_close(&r);
	return err ? err : closed;
}

static void counts_json(const struct figures *f, struct jv *v, struct jv *hours)
{
	const struct count *c = &f->all;
	int64_t good = jv_int_of(jv_get(v, "good"));
	struct jv *open = jv_object();

	jv_set_int(v, "refused", c->refused);
	cell_share(v, "false_refused_share", c->false_refused, good);
	jv_set_int(v, "spam", c->spam);
	jv_set_int(v, "accepted", c->accepted);
	jv_set_int(v, "spam_reached", c->spam_reached);
	cell_share(v, "spam_reached_share", c->spam_reached, c->accepted);
	jv_set_int(open, "asked", c->open);
	jv_set_int(open, "late", c->late);
	cell_share(open, "late_share", c->late, c->open);
	jv_set(v, "open", open);
	jv_set_int(hours, "staffed", c->staffed);
	cell_share(hours, "staffed_share", c->staffed, good);
}

static enum err groups_json(const struct figures *f, struct jv *v, struct error *e)
{
	static const struct {
		const char *key;
		enum cell_part part;
	} lists[] = { { "by_lang", CELL_LANG }, { "by_script", CELL_SCRIPT }, { "by_way", CELL_WAY } };
	int64_t median = 0, staffed = 0;

	if (!cell_median(f->rows, f->count, false, &median) || !cell_median(f->rows, f->count, true, &staffed) ||
	    !cell_measure(v, f->rows, f->count, 0))
		return err_nomem(e);
	if (staffed)
		jv_set_int(v, "staffed_median_s", staffed / 1000);
	struct jv *list = cells_all(f->rows, f->count, f->names, median);
	for (size_t i = 0; list && i < sizeof(lists) / sizeof(*lists); i++) {
		jv_set(v, i ? lists[i - 1].key : "cells", list);
		list = cells_by(f->rows, f->count, lists[i].part, f->names, median);
	}
	if (!list)
		return err_nomem(e);
	jv_set(v, lists[sizeof(lists) / sizeof(*lists) - 1].key, list);
	return ERR_OK;
}

/* ---- answers ---- */

static bool same_language(struct slice asked, struct slice words, bool *told)
{
	char found[LANGUAGE_BYTES];
	struct str folded;

	str_init(&folded, 8 * LANGUAGE_TEXT_BYTES);
	unicode_nfkc_fold(slice_make(words.ptr, words.len < LANGUAGE_TEXT_BYTES ? words.len : LANGUAGE_TEXT_BYTES), &folded);
	*told = language_of(str_slice(&folded), found);
	str_fini(&folded);
	return *told && slice_starts(asked, slice_of(found)) && (asked.len == strlen(found) || asked.ptr[strlen(found)] == '-');
}

static enum err replies_json(struct figures *f, struct jv *v, struct error *e)
{
	int64_t looked = 0, same = 0;
	struct jv *replies = jv_object();
	struct rows r;
	enum err err = rows_open(f->db, &r, SQL_FIGURES_REPLIES, BINDS(b_int(f->since), b_int(FIGURES_REPLIES_MAX)), e);
	if (!err) {
		while (rows_next(&r)) {
			bool told;
			same += same_language(rows_text(&r, 0), rows_text(&r, 1), &told);
			looked += told;
		}
		err = rows_close(&r);
	}
	jv_set_int(replies, "looked", looked);
	jv_set_int(replies, "same", same);
	cell_share(replies, "same_share", same, looked);
	jv_set(v, "replies", replies);
	return err;
}

/* ---- claims ---- */

static int larger_first(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x < y) - (x > y);
}

/* Claims, how many were free picks, who was passed over, and how evenly they fall on people. */
static enum err load_json(struct figures *f, struct jv *v, struct error *e)
{
	enum { HELPERS_MAX = 4096 };
	int64_t *claims = calloc(HELPERS_MAX, sizeof(*claims)), total = 0, picks = 0, passed = 0, passed_picking = 0, top = 0, most = 0;
	size_t helpers = 0;
	struct rows r;
	if (!claims)
		return err_nomem(e);
	enum err err = rows_open(f->db, &r, SQL_FIGURES_CLAIMS, BINDS(b_int(f->since)), e);
	if (!err) {
		while (helpers < HELPERS_MAX && rows_next(&r)) {
			claims[helpers++] = rows_int(&r, 0);
			total += rows_int(&r, 0);
			picks += rows_int(&r, 1);
			passed += rows_int(&r, 2);
			passed_picking += rows_int(&r, 3);
		}
		err = rows_close(&r);
	}
	qsort(claims, helpers, sizeof(*claims), larger_first);
	for (size_t i = 0; i < (helpers + 9) / 10; i++)
		top += claims[i];
	free(claims);
	if (!err)
		err = db_int(f->db, SQL_FIGURES_LIVE_MOST, NO_BINDS, &most, e);
	jv_set_int(v, "claims", total);
	jv_set_int(v, "picks", picks);
	cell_share(v, "pick_share", picks, total);
	jv_set_int(v, "passed", passed);
	cell_share(v, "next_passed_share", passed - passed_picking, total - picks);
	cell_share(v, "pick_passed_share", passed_picking, picks);
	jv_set_int(v, "helpers", (int64_t)helpers);
	cell_share(v, "top_tenth_share", top, total);
	jv_set_int(v, "live_most", most);
	return err;
}

enum err figures_json(struct desk *d, struct db *db, int days, struct jv **out, struct error *e)
{
	(void)d;
	struct figures *f = calloc(1, sizeof(*f));
	struct jv *v = jv_object(), *hours = jv_object();
	int64_t oldest = 0;
	enum err err = f ? ERR_OK : err_nomem(e);

	*out = NULL;
	if (!err) {
		f->db = db;
		f->clock = WEEK(conf()->time_zone);
		f->days = days;
		f->now = clock_wall_ms();
		f->since = f->now - days * DAY_MS;
		err = read_hours(f, hours, e);
	}
	if (!err)
		err = read_tickets(f, e);
	jv_set_int(v, "days", days);
	if (!err)
		err = groups_json(f, v, e);
	if (!err) {
		counts_json(f, v, hours);
		err = replies_json(f, v, e);
	}
	jv_set(v, "hours", hours);
	if (!err)
		err = load_json(f, v, e);
	if (!err)
		err = queue_oldest(db, &oldest, e);
	if (oldest)
		jv_set_int(v, "oldest_s", oldest);
	if (!err) {
		*out = v;
		v = NULL;
	}
	if (f)
		free(f->rows);
	free(f);
	jv_free(&v);
	return err;
}
