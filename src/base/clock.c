#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t offset_ms;

static void read_offset(void)
{
	const char *text = getenv(CLOCK_OFFSET_VARIABLE);

	if (text)
		offset_ms = strtoll(text, NULL, 10);
}

static int64_t ns_of(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t) != 0)
		return 0;
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t us_of(clockid_t id)
{
	return ns_of(id) / 1000;
}

int64_t clock_wall_ms(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_offset);
	return us_of(CLOCK_REALTIME) / 1000 + offset_ms;
}

int64_t clock_mono_ms(void)
{
	return us_of(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_mono_us(void)
{
	return us_of(CLOCK_MONOTONIC);
}

int64_t clock_thread_us(void)
{
	return us_of(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_thread_ns(void)
{
	return ns_of(CLOCK_THREAD_CPUTIME_ID);
}

char *clock_rfc3339(int64_t wall_ms, char buf[RFC3339_BYTES])
{
	const int64_t first = -62167219200000, last = 253402300799999; /* years 0000 to 9999 */

	if (wall_ms < first)
		wall_ms = first;
	if (wall_ms > last)
		wall_ms = last;
	int64_t ms = wall_ms % 1000;
	if (ms < 0)
		ms += 1000;
	time_t s = (time_t)((wall_ms - ms) / 1000);
	struct tm tm;
	char text[64];
	gmtime_r(&s, &tm);
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		 tm.tm_hour, tm.tm_min, tm.tm_sec, (int)ms);
	snprintf(buf, RFC3339_BYTES, "%.24s", text);
	return buf;
}
