/*
 * clock: the only place that asks what time it is.
 *
 * Wall time is integer milliseconds since 1970 UTC. PORCHLIGHT_CLOCK_OFFSET_MS in the environment at the first
 * call shifts wall time; tests use it to live through leases and retention without waiting. Any thread.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#define CLOCK_OFFSET_VARIABLE "PORCHLIGHT_CLOCK_OFFSET_MS"

#include <stdint.h>

int64_t clock_wall_ms(void);   /* for what is stored and shown */
int64_t clock_mono_ms(void);   /* for intervals inside the process */
int64_t clock_mono_us(void);
int64_t clock_thread_us(void); /* CPU time of the calling thread */
int64_t clock_thread_ns(void); /* the same, finer; a call takes some hundred of them */

#define RFC3339_BYTES 25
/* "2026-01-31T12:00:00.123Z" (RFC 3339, UTC). Returns buf. */
char *clock_rfc3339(int64_t wall_ms, char buf[RFC3339_BYTES]);

#endif
