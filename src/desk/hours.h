/*
 * hours: when helpers mean to be there, and where nobody does although questions usually come.
 *
 * A commitment is soft: weekly hours on the desk's clock, put down and withdrawn by the helper at any time, with "not on this day" for one
 * of them. It is no duty, nobody is counted by it, and nothing is decided by it. Whole hours; one may end on the next day. Trial
 * helpers are shown but cover nothing. What a disabled account had put down goes; days that are over go with the next write.
 *
 * A gap is a coming hour that no helper has put down and in which a question came in two of the last four weeks at least; below
 * CELL_MIN questions in these weeks nothing is said. Others' hours are touched by moderators only, and that is in the audit.
 *
 * Reading functions take the caller's connection and allocate in its arena; writing ones go through desk->writer. Any thread.
 */
#ifndef DESK_HOURS_H
#define DESK_HOURS_H

#include "desk/desk.h"
#include "desk/week.h"

enum { HOURS_MAX = 1000, HOURS_DAYS = 7, HOURS_WEEKS = 4, HOURS_OFF_DAYS = 28, HOURS_LANGS_MAX = 64 };

struct repeat;

struct hours_span {
	int64_t id, account;
	struct slice name, langs; /* of the helper: desk/care */
	bool trial;
	int start, length;        /* hour of the week, hours */
};
/* Of accounts that are not disabled, by start. */
enum err hours_list(struct db *db, struct arena *a, struct hours_span **out, size_t *count, struct error *e) MUST_CHECK;

/* The same again is the same one. ERR_INVALID (start, length): beyond 0 to 167 and 1 to 23. ERR_CONFLICT: it overlaps another of theirs (field
 * length), or there are HOURS_MAX. `repeat` may be NULL: desk/repeat. */
enum err hours_put(struct desk *d, const struct actor *who, int start, int length, struct repeat *repeat, int64_t *id, struct error *e) MUST_CHECK;
/* Withdraws it: one's own, or as a moderator anybody's. ERR_NOT_FOUND: there is none (any more). */
enum err hours_end(struct desk *d, const struct actor *who, int64_t id, struct error *e) MUST_CHECK;
/* Not on this day, or after all. ERR_INVALID (day): it does not begin on that day, or that day is over or more than HOURS_OFF_DAYS away. */
enum err hours_off(struct desk *d, const struct actor *who, int64_t id, int64_t day, bool off, struct error *e) MUST_CHECK;
/* Where an account ends. In the writer. */
enum err hours_forget(struct db *db, int64_t account, struct error *e) MUST_CHECK;

/* ---- the board ---- */

/* A commitment on a day. */
struct hours_stay {
	const struct hours_span *span;
	int64_t day;         /* on which it begins */
	int64_t from, until; /* moments */
	bool off, over;
};
struct hours_gap {
	int64_t from, until;
	int start, length;   /* as of a span */
	int64_t asked;       /* questions in these hours, in the last HOURS_WEEKS weeks */
};
struct hours_day {
	int64_t day;
	struct hours_stay *stays; /* what begins on it, by moment; on the first day also what began yesterday and goes on */
	size_t stay_count;
	struct hours_gap gaps[24];
	size_t gap_count;
};
struct hours_lang {
	struct slice code;
	int hours;           /* of the seven days in which somebody who helps in it is to be there */
};
struct hours_board {
	struct hours_day days[HOURS_DAYS]; /* from today */
	struct hours_span *spans;
	size_t span_count;
	struct hours_lang langs[HOURS_LANGS_MAX]; /* the desk's */
	size_t lang_count;
	size_t gaps;
	bool known;          /* enough questions to know when they come */
};
enum err hours_board(struct db *db, struct arena *a, int64_t now, struct hours_board **out, struct error *e) MUST_CHECK;

/* How many helpers (without trial) have put down each hour of the week. */
void hours_by_hour(const struct hours_span *spans, size_t count, int out[WEEK_HOURS]);

#endif
