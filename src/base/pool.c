#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct job {
	pool_job fn;
	void *arg;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct pool_options o;
	char name[16];
	pthread_t *threads;
	int started;
	struct job *ring; /* o.queue_max + o.threads slots: waiting jobs, and those idle threads are about to take */
	size_t cap, head, queued, running;
	size_t waiting; /* threads in pthread_cond_wait */
	bool waking;    /* one of them has been called and has not come yet */
	bool stop;
};

/* Calls one thread at a time: whoever comes takes a job and calls the next one if there is more. Threads that are awake
 * anyway often have the rest done by then, which saves most of the switching that one call a job costs. Under the lock.
 */
static void call_one(struct pool *p)
{
	if (p->queued && p->waiting && !p->waking) {
		p->waking = true;
		pthread_cond_signal(&p->changed);
	}
}

static void *run(void *arg)
{
	struct pool *p = arg;
	void *state = NULL;

	pthread_setname_np(pthread_self(), p->name);
	if (p->o.nice) {
		/* On Linux niceness belongs to the thread. Failing to lower it costs only politeness. */
		errno = 0;
		int now = getpriority(PRIO_PROCESS, (id_t)gettid());
		if (errno == 0)
			(void)setpriority(PRIO_PROCESS, (id_t)gettid(), now + p->o.nice);
	}
	if (p->o.thread_init)
		state = p->o.thread_init(p->o.ctx);
	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (!p->queued && !p->stop) {
			p->waiting++;
			pthread_cond_wait(&p->changed, &p->lock);
			p->waiting--;
			p->waking = false;
		}
		if (!p->queued)
			break;
		struct job j = p->ring[p->head];
		p->head = (p->head + 1) % p->cap;
		p->queued--;
		p->running++;
		call_one(p);
		pthread_mutex_unlock(&p->lock);
		j.fn(j.arg, state);
		pthread_mutex_lock(&p->lock);
		p->running--;
	}
	pthread_mutex_unlock(&p->lock);
	if (p->o.thread_fini)
		p->o.thread_fini(state, p->o.ctx);
	return NULL;
}

struct pool *pool_new(const struct pool_options *o, struct error *e)
{
	struct pool *p = calloc(1, sizeof *p);

	if (!p) {
		err_nomem(e);
		return NULL;
	}
	p->o = *o;
	if (p->o.threads < 1)
		p->o.threads = 1;
	snprintf(p->name, sizeof p->name, "%s", o->name);
	p->o.name = p->name;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	p->cap = p->o.queue_max + (size_t)p->o.threads;
	p->ring = calloc(p->cap, sizeof *p->ring);
	p->threads = calloc((size_t)p->o.threads, sizeof *p->threads);
	if (!p->ring || !p->threads) {
		err_nomem(e);
		pool_free(&p);
		return NULL;
	}
	for (; p->started < p->o.threads; p->started++) {
		int bad = pthread_create(&p->threads[p->started], NULL, run, p);
		if (bad) {
			err_set(e, ERR_IO, "A thread cannot be started: %s.", strerror(bad));
			pool_free(&p);
			return NULL;
		}
	}
	return p;
}

void pool_free(struct pool **pp)
{
	struct pool *p = *pp;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < p->started; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p->threads);
	free(p->ring);
	free(p);
	*pp = NULL;
}

bool pool_offer(struct pool *p, pool_job fn, void *job)
{
	bool taken = false;

	pthread_mutex_lock(&p->lock);
	size_t idle = (size_t)p->o.threads - p->running;
	if (p->queued < p->o.queue_max + idle) {
		p->ring[(p->head + p->queued) % p->cap] = (struct job){ fn, job };
		p->queued++;
		taken = true;
		call_one(p);
	}
	pthread_mutex_unlock(&p->lock);
	return taken;
}

struct pool_load pool_load(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	struct pool_load l = { .queued = p->queued, .running = p->running, .threads = (size_t)p->started };
	pthread_mutex_unlock(&p->lock);
	return l;
}
