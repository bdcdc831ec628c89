#include "web/work.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/pool.h"
#include "desk/keys.h"
#include "web/problem.h"
#include "web/session.h"

#define ROOM "web/work"

enum {
	JOB_ARENA_BYTES = 16 << 20,
	HERE_ARENA_BYTES = 4 << 20,
	BUCKETS = 4096,
	PASSWORD_THREADS = 2,
	PASSWORD_QUEUE = 128,
	SLOW_QUEUE = 32,
};

struct route_count {
	_Atomic int64_t answers[5], sum_us;
};

struct work {
	struct desk *desk;
	struct pool *workers, *ask, *password, *slow;
	pthread_rwlock_t lock; /* read: offering a job; write: closing */
	bool closing;
	int64_t ask_share_max;
	_Atomic int64_t in_flight, refused;
	uint64_t seed;
	atomic_int ask_shares[BUCKETS], network_streams[BUCKETS];
	struct route_count *routes;
};

struct worker {
	struct work *work;
	struct db *db; /* opened with the first job */
	struct arena *arena;
};

/* --- figures ------------------------------------------------------------------------------------------------------ */

static void count_answer(struct work *w, const struct exchange *x)
{
	if (x->rq.route == NULL)
		return;
	struct route_count *c = &w->routes[x->rq.route - routes];
	int class = x->built ? x->rs.status / 100 - 1 : 4;
	atomic_fetch_add_explicit(&c->answers[class < 0 || class > 4 ? 4 : class], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&c->sum_us, clock_mono_us() - x->started_us, memory_order_relaxed);
}

struct work_figures work_figures(struct work *w)
{
	return (struct work_figures){
		.in_flight = atomic_load(&w->in_flight),
		.refused = atomic_load(&w->refused),
		.queued_workers = pool_load(w->workers).queued,
		.queued_ask = pool_load(w->ask).queued,
		.queued_password = pool_load(w->password).queued,
		.queued_slow = pool_load(w->slow).queued,
	};
}

struct work_route_figures work_route_figures(struct work *w, size_t i)
{
	struct work_route_figures f = { .sum_us = atomic_load(&w->routes[i].sum_us) };
	for (int k = 0; k < 5; k++)
		f.answers[k] = atomic_load(&w->routes[i].answers[k]);
	return f;
}

/* A sender's bucket. Two senders may share one: then they share a limit, too; the seed keeps that from being arranged. */
static int bucket_of(const struct work *w, const struct peer *p)
{
	uint64_t h = w->seed;
	size_t bytes = IN6_IS_ADDR_V4MAPPED(&p->address) ? 16 : 8;
	for (size_t i = 0; i < bytes; i++)
		h = (h ^ p->address.s6_addr[i]) * 0x100000001b3u;
	return (int)((h ^ (h >> 32)) % BUCKETS);
}

void work_stream_left(struct work *w, int bucket)
{
	if (bucket >= 0)
		atomic_fetch_sub(&w->network_streams[bucket], 1);
}

/* --- from the complete request to the answer -------------------------------------------------------------------------- */

static void say_error(const struct exchange *x, const struct error *e)
{
	const char *route = x->rq.route != NULL ? x->rq.route->path : "(no route)";
	if (x->rs.status == 500)
		log_error(ROOM, "%s: %s: %s", route, err_name(e->code), e->message);
	else if (x->rs.status == 503 && e->code != ERR_BUSY)
		log_warn(ROOM, "%s: %s: %s", route, err_name(e->code), e->message);
}

static enum err stream_room(struct work *w, struct exchange *x, struct error *e)
{
	if (!x->sender.known || !conf()->rate_limits)
		return ERR_OK;
	int b = bucket_of(w, &x->sender);
	if (atomic_fetch_add(&w->network_streams[b], 1) >= conf()->streams_per_network) {
		atomic_fetch_sub(&w->network_streams[b], 1);
		err_set(e, ERR_LIMITED, "Too many streams are open from your network. Load the page now and then instead.");
		e->retry_after_s = 30;
		return ERR_LIMITED;
	}
	x->network_bucket = b;
	return ERR_OK;
}

/* What needs the store: the sender, who acts, whether there is room. */
static enum err prove(struct work *w, struct exchange *x, bool *answered, struct error *e)
{
	struct request *rq = &x->rq;
	char text[INET6_ADDRSTRLEN];
	if (w->desk->keys != NULL)
		rq->sender = keys_sender(w->desk->keys, slice_of(peer_text(&x->sender, text)));
	enum err r = session_prove(rq, &x->rs, answered, e);
	if (r == ERR_OK && !*answered && (rq->route->flags & ROUTE_STREAM))
		r = stream_room(w, x, e);
	return r;
}

/* `db` NULL: on the polling thread. */
static void perform(struct work *w, struct exchange *x, struct db **db, struct arena *arena)
{
	struct request *rq = &x->rq;
	struct error e = { 0 };
	enum err r = ERR_OK;
	bool answered = false;

	rq->arena = arena;
	response_init(&x->rs, x, arena);
	x->rs.close = x->close;
	x->network_bucket = -1;
	if (x->refuse != 0) {
		x->error_status = x->refuse;
		e = x->refusal;
		r = e.code;
	}
	if (r == ERR_OK) {
		memcpy(rq->params, x->raw_params, sizeof rq->params);
		if (!route_decode(rq->params, arena))
			r = err_nomem(&e);
	}
	if (r == ERR_OK && db != NULL) {
		if (*db == NULL && db_open(w->desk->folder, DB_READ, db, &e) != ERR_OK)
			r = e.code = ERR_IO; /* whatever it is, nothing can be answered from the store now */
		rq->db = *db;
	}
	if (r == ERR_OK && db != NULL)
		r = prove(w, x, &answered, &e);
	if (r == ERR_OK && !answered)
		r = rq->route->handler(rq, &x->rs, &e);
	if (r == ERR_OK && (x->rs.failed || (!x->rs.streaming && str_failed(&x->rs.body))))
		r = err_nomem(&e);
	/* A page that comes back with its words says when to try again, as a problem document does. */
	if (r == ERR_OK && (x->rs.status == 503 || x->rs.status == 429) && !response_head(&x->rs, "Retry-After").ptr)
		response_header(&x->rs, "Retry-After", "5");
	if (r == ERR_OK && x->rs.streaming && x->head) {
		/* What GET would answer, without the stream. */
		response_reset(&x->rs);
		x->rs.type = "text/event-stream";
	}
	if (r != ERR_OK || !x->rs.streaming) {
		work_stream_left(w, x->network_bucket);
		x->network_bucket = -1;
	}
	if (r != ERR_OK) {
		if (e.code == ERR_OK)
			err_set(&e, r, "%s", "");
		problem_answer(rq, &x->rs, x->error_status, &e);
		say_error(x, &e);
	}
	if (r == ERR_IO && db != NULL)
		db_close(db); /* perhaps a new connection fares better */
	x->build(x);
	count_answer(w, x);
	exchange_fini(x);
}

void work_here(struct work *w, struct exchange *x)
{
	struct arena *arena = arena_new(HERE_ARENA_BYTES);
	if (arena == NULL)
		return; /* x->built stays false: the connection is closed */
	perform(w, x, NULL, arena);
	arena_free(&arena);
}

/* --- the pools ------------------------------------------------------------------------------------------------------ */

static void job(void *arg, void *state)
{
	struct exchange *x = arg;
	struct worker *wk = state;
	struct work *w = x->work;
	if (wk != NULL) {
		perform(w, x, &wk->db, wk->arena);
		arena_reset(wk->arena);
	}
	if (x->share >= 0)
		atomic_fetch_sub(&w->ask_shares[x->share], 1);
	atomic_fetch_sub(&w->in_flight, 1);
	x->done(x);
}

static void *worker_new(void *ctx)
{
	struct worker *wk = calloc(1, sizeof *wk);
	if (wk == NULL)
		return NULL;
	wk->work = ctx;
	wk->arena = arena_new(JOB_ARENA_BYTES);
	if (wk->arena == NULL) {
		free(wk);
		return NULL;
	}
	return wk;
}

static void worker_free(void *state, void *ctx)
{
	struct worker *wk = state;
	(void)ctx;
	if (wk == NULL)
		return;
	db_close(&wk->db);
	arena_free(&wk->arena);
	free(wk);
}

static void refuse_busy(struct work *w, struct exchange *x, const char *message)
{
	atomic_fetch_add(&w->refused, 1);
	exchange_refuse_later(x, 503, ERR_BUSY, message);
	x->refusal.retry_after_s = 2;
}

bool work_admit(struct work *w, struct exchange *x)
{
	x->share = -1;
	if (!(x->rq.route->flags & ROUTE_ASK) || !x->sender.known || !conf()->rate_limits)
		return true;
	int b = bucket_of(w, &x->sender);
	if (atomic_fetch_add(&w->ask_shares[b], 1) < w->ask_share_max) {
		x->share = b;
		return true;
	}
	atomic_fetch_sub(&w->ask_shares[b], 1);
	refuse_busy(w, x, "Your network has many questions waiting already. Please try again in a moment.");
	return false;
}

bool work_offer(struct work *w, struct exchange *x)
{
	unsigned flags = x->rq.route->flags;
	bool taken = false;
	int share = x->share;
	x->work = w;
	atomic_fetch_add(&w->in_flight, 1);
	pthread_rwlock_rdlock(&w->lock);
	bool closing = w->closing;
	if (!closing) {
		struct pool *p = flags & ROUTE_PASSWORD ? w->password : flags & ROUTE_SLOW ? w->slow : flags & ROUTE_ASK ? w->ask : w->workers;
		taken = pool_offer(p, job, x);
	}
	pthread_rwlock_unlock(&w->lock);
	if (taken)
		return true;
	atomic_fetch_sub(&w->in_flight, 1);
	if (share >= 0)
		atomic_fetch_sub(&w->ask_shares[share], 1);
	x->close |= closing;
	refuse_busy(w, x, closing ? "The desk is being restarted. Please try again in a moment." :
		"We are busy right now and nothing was taken. Please try again in a moment.");
	return false;
}

static struct pool *pool_of(struct work *w, const char *name, int threads, size_t queue, int nice, struct error *e)
{
	struct pool_options o = { .name = name, .threads = threads, .queue_max = queue, .nice = nice, .thread_init = worker_new,
		.thread_fini = worker_free, .ctx = w };
	return pool_new(&o, e);
}

enum err work_new(struct desk *desk, const struct work_options *o, struct work **out, struct error *e)
{
	struct error trouble = { .code = ERR_NOMEM };
	struct work *w = calloc(1, sizeof *w);
	*out = NULL;
	if (w == NULL)
		return err_nomem(e);
	w->desk = desk;
	pthread_rwlock_init(&w->lock, NULL);
	crypt_random(&w->seed, sizeof w->seed);
	w->ask_share_max = (int64_t)o->ask_queue_max / 8 > 8 ? (int64_t)o->ask_queue_max / 8 : 8;
	w->routes = calloc(routes_count, sizeof *w->routes);
	if (w->routes != NULL)
		w->workers = pool_of(w, "worker", o->workers, o->queue_max, 0, &trouble);
	if (w->workers != NULL)
		w->ask = pool_of(w, "screening", o->workers, o->ask_queue_max, 0, &trouble);
	if (w->ask != NULL)
		w->password = pool_of(w, "password", PASSWORD_THREADS, PASSWORD_QUEUE, 5, &trouble);
	if (w->password != NULL)
		w->slow = pool_of(w, "slow", 1, SLOW_QUEUE, 10, &trouble);
	if (w->slow == NULL) {
		work_free(&w);
		return err_set(e, trouble.code, "%s", trouble.message);
	}
	*out = w;
	return ERR_OK;
}

void work_close(struct work *w)
{
	pthread_rwlock_wrlock(&w->lock);
	w->closing = true;
	pthread_rwlock_unlock(&w->lock);
}

void work_drain(struct work *w)
{
	/* The workers first: /metrics runs there and looks at the others. */
	pool_free(&w->workers);
	pool_free(&w->ask);
	pool_free(&w->password);
	pool_free(&w->slow);
}

void work_free(struct work **w)
{
	if (w == NULL || *w == NULL)
		return;
	work_drain(*w);
	pthread_rwlock_destroy(&(*w)->lock);
	free((*w)->routes);
	free(*w);
	*w = NULL;
}
