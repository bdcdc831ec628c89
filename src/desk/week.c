#include "desk/week.h"

#include <stdio.h>

#include "base/clock.h"
#include "text/unicode.h"

static const int64_t MINUTE_MS = 60 * 1000LL, HOUR_MS = 3600 * 1000LL, DAY_MS = 86400 * 1000LL;

static int64_t days_of(int64_t ms)
{
	return (ms - (ms % DAY_MS + DAY_MS) % DAY_MS) / DAY_MS;
}

static int64_t ahead(struct week *w, int64_t at)
{
	if (at >= w->from && at < w->until)
		return w->ahead;
	int64_t from = days_of(at) * DAY_MS, first = unicode_zone_minutes(w->zone, from), last = unicode_zone_minutes(w->zone, from + DAY_MS);
	if (first != last)
		return unicode_zone_minutes(w->zone, at) * MINUTE_MS;
	w->from = from;
	w->until = from + DAY_MS;
	w->ahead = first * MINUTE_MS;
	return w->ahead;
}

int64_t week_day(struct week *w, int64_t wall_ms)
{
	return days_of(wall_ms + ahead(w, wall_ms));
}

int week_weekday(int64_t day)
{
	return (int)(((day + 3) % 7 + 7) % 7); /* 1970 began on a Thursday */
}

int week_hour(struct week *w, int64_t wall_ms)
{
	int64_t local = wall_ms + ahead(w, wall_ms), day = days_of(local);
	return week_weekday(day) * 24 + (int)((local - day * DAY_MS) / HOUR_MS);
}

int64_t week_moment(struct week *w, int64_t day, int hour)
{
	int64_t local = day * DAY_MS + hour * HOUR_MS, before = ahead(w, local - 3 * DAY_MS / 2), after = ahead(w, local + 3 * DAY_MS / 2);
	if (before == after)
		return local - after;
	/* The clock jumps near here: the first minute at which it shows the hour or more. */
	int64_t at = local - (before > after ? before : after);
	while (at + ahead(w, at) < local)
		at += MINUTE_MS;
	return at;
}

char *week_date(int64_t day, char buf[WEEK_DATE_BYTES])
{
	char text[RFC3339_BYTES];
	snprintf(buf, WEEK_DATE_BYTES, "%.10s", clock_rfc3339(day * DAY_MS, text));
	return buf;
}

bool week_date_read(struct slice text, int64_t *day)
{
	int64_t part[3] = { 0 };
	char again[WEEK_DATE_BYTES];
	size_t at = 0;

	if (text.len != 10)
		return false;
	for (int i = 0; i < 3; i++)
		for (size_t end = i ? at + 3 : 4; at < end; at++) {
			if (i && at == end - 3) {
				if (text.ptr[at] != '-')
					return false;
				continue;
			}
			if (text.ptr[at] < '0' || text.ptr[at] > '9')
				return false;
			part[i] = part[i] * 10 + (text.ptr[at] - '0');
		}
	/* Days from the civil calendar, counting years from March. */
	int64_t y = part[0] - (part[1] <= 2), m = (part[1] + 9) % 12, of_year = (153 * m + 2) / 5 + part[2] - 1;
	*day = y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719468;
	return part[0] >= 1970 && slice_is(text, week_date(*day, again));
}
