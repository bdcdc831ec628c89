/*
 * about: what the desk tells everybody about how it does: the few figures of desk/figures that a newcomer can use.
 *
 * Each is left out where fewer than CELL_MIN questions stand behind it. No helper is named or counted. The figures take a while on a large
 * desk and anybody may ask for them, so they are made at most every ABOUT_KEPT_MS, and when SIGHUP changed the time zone, by one thread at a time, and kept in memory; who asks
 * while the first are made is told none. One lock, held for copying only. Any thread.
 */
#ifndef DESK_ABOUT_H
#define DESK_ABOUT_H

#include "desk/desk.h"
#include "desk/week.h"

enum { ABOUT_DAYS = 28, ABOUT_WEEKS = 4, ABOUT_KEPT_MS = 10 * 60 * 1000 };

struct about_share {
	bool known;
	double is;
};
struct about {
	int64_t good;             /* questions that were no spam, in ABOUT_DAYS days; 0: too few */
	int64_t staffed_median_s; /* the first reply to what came while a helper was at work; 0: too few */
	struct about_share answered_24h, late, same_language, false_held; /* late: of what came while we said that somebody is here */
	bool usual[WEEK_HOURS];   /* a helper was at work in this hour in at least half of the weeks */
};
enum err about_read(struct desk *d, struct db *db, struct about *out, struct error *e) MUST_CHECK;

#endif
