#include "base/timer.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

struct entry {
	struct entry *next;
	int64_t due_ms;
	int period_ms;
	void (*fn)(void *ctx);
	void *ctx;
};

struct timers {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* on the monotonic clock */
	pthread_t thread;
	struct entry *entries;
	bool stop;
};

static struct entry *earliest(struct timers *t)
{
	struct entry *first = t->entries;

	for (struct entry *e = first; e; e = e->next)
		if (e->due_ms < first->due_ms)
			first = e;
	return first;
}

static void *run(void *arg)
{
	struct timers *t = arg;

	pthread_setname_np(pthread_self(), "timers");
	pthread_mutex_lock(&t->lock);
	while (!t->stop) {
		struct entry *e = earliest(t);
		if (!e) {
			pthread_cond_wait(&t->changed, &t->lock);
			continue;
		}
		int64_t now = clock_mono_ms();
		if (e->due_ms > now) {
			struct timespec until = { .tv_sec = e->due_ms / 1000, .tv_nsec = e->due_ms % 1000 * 1000000 };
			pthread_cond_timedwait(&t->changed, &t->lock, &until);
			continue;
		}
		/* From now, not from when it was due: a stalled machine does not get a burst of calls afterwards. */
		e->due_ms = now + e->period_ms;
		pthread_mutex_unlock(&t->lock);
		e->fn(e->ctx);
		pthread_mutex_lock(&t->lock);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

struct timers *timers_new(void)
{
	struct timers *t = calloc(1, sizeof *t);
	pthread_condattr_t attr;

	if (!t)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&t->thread, NULL, run, t) != 0) {
		pthread_cond_destroy(&t->changed);
		pthread_mutex_destroy(&t->lock);
		free(t);
		return NULL;
	}
	return t;
}

void timers_free(struct timers **tp)
{
	struct timers *t = *tp;

	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->changed);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	while (t->entries) {
		struct entry *e = t->entries;
		t->entries = e->next;
		free(e);
	}
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	free(t);
	*tp = NULL;
}

enum err timers_every(struct timers *t, int first_ms, int period_ms, void (*fn)(void *ctx), void *ctx)
{
	struct entry *e = malloc(sizeof *e);

	if (!e)
		return ERR_NOMEM;
	if (period_ms < 1)
		period_ms = 1;
	*e = (struct entry){ .due_ms = clock_mono_ms() + first_ms, .period_ms = period_ms, .fn = fn, .ctx = ctx };
	pthread_mutex_lock(&t->lock);
	e->next = t->entries;
	t->entries = e;
	pthread_cond_signal(&t->changed);
	pthread_mutex_unlock(&t->lock);
	return ERR_OK;
}
