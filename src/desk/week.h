/*
 * week: weekly hours on the desk's clock, and the moments they are in a given week, across the jumps of daylight saving.
 *
 * Days are counted since 1970 on the calendar of the zone, hours of the week from Monday's first. Pure: no database, no clock. A struct
 * week remembers the last day it looked up, so it belongs to one thread.
 */
#ifndef DESK_WEEK_H
#define DESK_WEEK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum { WEEK_HOURS = 7 * 24, WEEK_DATE_BYTES = 11 };

struct week {
	const char *zone;    /* IANA; an unknown one is UTC */
	int64_t from, until; /* in between the zone is `ahead` of UTC */
	int64_t ahead;       /* ms */
};
#define WEEK(of_zone) ((struct week){ .zone = (of_zone) })

int64_t week_day(struct week *w, int64_t wall_ms);
int week_hour(struct week *w, int64_t wall_ms); /* of the week */
int week_weekday(int64_t day);                  /* 0: Monday */
/* The first moment at which that clock shows hour `hour` (from 24 on: of later days) of that day, or more: an hour that is jumped over begins
 * with the jump and has no length, one that comes twice begins with the first and lasts until after the second. */
int64_t week_moment(struct week *w, int64_t day, int hour);

/* "2026-01-31". Returns buf. */
char *week_date(int64_t day, char buf[WEEK_DATE_BYTES]);
/* False: no such date. */
bool week_date_read(struct slice text, int64_t *day);

#endif
