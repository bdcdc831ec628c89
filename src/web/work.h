/*
 * work: the pools that answer requests, and what happens to a request there: proof of who asks, the handler, errors, figures.
 *
 * Four pools, each bounded: workers; screening (ROUTE_ASK), where one sender may hold an eighth of the queue at most; passwords
 * (ROUTE_PASSWORD, two threads); slow (ROUTE_SLOW, one thread, niceness 10). Each thread has a read-only connection, opened with its
 * first job, and an arena that is reset after each. What cannot be queued is refused (503), nothing was taken.
 *
 * Threads: any for work_admit, work_offer, work_here and the figures.
 */
#ifndef WEB_WORK_H
#define WEB_WORK_H

#include "web/exchange.h"

struct work;

struct work_options {
	int workers;       /* threads of the pool of workers, and as many for screening */
	size_t queue_max, ask_queue_max;
};

enum err work_new(struct desk *desk, const struct work_options *o, struct work **out, struct error *e) MUST_CHECK;
/* Nothing is taken any more. */
void work_close(struct work *w);
/* Runs what is queued, then ends the threads. After work_close. */
void work_drain(struct work *w);
void work_free(struct work **w); /* NULL-safe, clears */

/* Whether the sender may queue one more. False: x->refuse is set, answer with work_here. */
bool work_admit(struct work *w, struct exchange *x);
/* To the pool of its route. False: x->refuse is set, answer with work_here. When true the exchange is a worker's, until it has called
 * x->build and then x->done. */
bool work_offer(struct work *w, struct exchange *x);
/* Answers on the calling thread, without a connection: ROUTE_INLINE and refusals. Calls x->build. */
void work_here(struct work *w, struct exchange *x);

/* A stream has ended that was counted for x->network_bucket. */
void work_stream_left(struct work *w, int bucket);

struct work_figures {
	int64_t in_flight, refused;
	size_t queued_workers, queued_ask, queued_password, queued_slow;
};
struct work_figures work_figures(struct work *w); /* before work_drain, or from a worker */

/* Of routes[i]: answers by class of status (1xx to 5xx), and the time from the request's end to the answer. */
struct work_route_figures {
	int64_t answers[5], sum_us;
};
struct work_route_figures work_route_figures(struct work *w, size_t i);

#endif
