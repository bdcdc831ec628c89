/*
 * timer: one thread that calls functions now and then. Callbacks must be short; long work goes to a pool.
 */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include "base/err.h"

struct timers;

struct timers *timers_new(void) MUST_CHECK;   /* starts the thread; NULL when it cannot */
void timers_free(struct timers **t);          /* stops it; no callback runs afterwards */

/* Calls fn(ctx) after `first_ms` and every `period_ms` from then on, never two at a time. */
enum err timers_every(struct timers *t, int first_ms, int period_ms, void (*fn)(void *ctx), void *ctx) MUST_CHECK;

#endif
