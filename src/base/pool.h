/*
 * pool: a fixed number of threads that work off a bounded queue.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct pool;

struct pool_options {
	const char *name;          /* at most 15 bytes; shown as the threads' name */
	int threads;
	size_t queue_max;          /* jobs waiting beyond the running ones */
	int nice;                  /* added to the threads' niceness: 10 for what may wait */
	/* Called once in each thread; the result is handed to its jobs and to thread_fini at the end. May be NULL. */
	void *(*thread_init)(void *ctx);
	void (*thread_fini)(void *thread_state, void *ctx);
	void *ctx;
};

typedef void (*pool_job)(void *job, void *thread_state);

struct pool *pool_new(const struct pool_options *o, struct error *e) MUST_CHECK;
/* Runs what is queued, then ends the threads. No job may be offered any more. */
void pool_free(struct pool **p);

/* False when the queue is full: nothing was taken. */
bool pool_offer(struct pool *p, pool_job fn, void *job) MUST_CHECK;

struct pool_load {
	size_t queued, running, threads;
};
struct pool_load pool_load(struct pool *p);

#endif
