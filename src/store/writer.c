#include "store/writer.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/checkpoint.h"

enum { BATCH_US = 20000, RETRY_AFTER_S = 2, LANES = 2, CROWD = 4, SLOW_COMMIT_US = 200 };

/* Lives on the stack of the thread that waits in writer_do; after sem_post it is no longer ours. */
struct command {
	struct command *next;
	writer_fn run;
	void *self;
	struct error why; /* filled by the writer, copied out by the waiting thread */
	enum err rc;
	sem_t done;
};

struct lane {
	struct command *first, **last;
	size_t count, max;
};

struct writer {
	struct db *db;
	struct checkpoint *checkpoint;
	pthread_t thread;
	void (*on_commit)(void *ctx); /* set before the first command */
	void *on_commit_ctx;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t work;
	struct lane lanes[LANES];
	bool idle, stop;

	size_t last_batch; /* the writer's own */
	bool failing; /* the writer's own: the last commit failed; the log is told once */
	_Atomic int64_t commits, commands, failed_commits, reruns, last_commit_us, max_batch;
};

/* ---- one command ---- */

static void refuse(struct command *c, enum err rc, const struct error *why)
{
	c->rc = rc;
	c->why = *why;
	c->why.code = rc;
	if (c->why.retry_after_s <= 0)
		c->why.retry_after_s = RETRY_AFTER_S;
}

/* Trouble of the disk is "busy, nothing was taken" to whoever asked. */
static enum err outward(enum err rc)
{
	return rc == ERR_IO ? ERR_BUSY : rc;
}

/* Runs one command in its savepoint. False when the transaction is gone. */
static bool run_one(struct writer *w, struct command *c)
{
	memset(&c->why, 0, sizeof(c->why));
	c->rc = db_mark(w->db, &c->why);
	if (c->rc == ERR_OK) {
		c->rc = c->run(w->db, c->self, &c->why);
		if (!db_in_transaction(w->db))
			return false;
		if (c->rc ? db_mark_undo(w->db, NULL) : db_mark_keep(w->db, NULL))
			return false; /* neither undone nor kept: nothing of this transaction may stand */
	}
	c->rc = outward(c->rc);
	if (c->rc == ERR_BUSY && c->why.retry_after_s <= 0)
		c->why.retry_after_s = RETRY_AFTER_S;
	return db_in_transaction(w->db);
}

static void note_failure(struct writer *w, const struct error *why)
{
	w->failed_commits++;
	if (!w->failing)
		log_warn("store/writer", "cannot write: %s", why->message);
	w->failing = true;
}

/* ERR_OK: everything that stands is on disk. Otherwise nothing is, and `why` says why. */
static enum err commit(struct writer *w, size_t n, struct error *why)
{
	int64_t before = clock_mono_us();
	enum err rc = db_commit(w->db, why);
	if (rc) {
		db_undo_all(w->db);
		note_failure(w, why);
		return rc;
	}
	if (w->failing)
		log_info("store/writer", "writing works again");
	w->failing = false;
	w->last_commit_us = clock_mono_us() - before;
	w->commits++;
	w->commands += (int64_t)n;
	if ((int64_t)n > w->max_batch)
		w->max_batch = (int64_t)n;
	if (w->on_commit)
		w->on_commit(w->on_commit_ctx);
	return ERR_OK;
}

static enum err begin(struct writer *w, struct error *why)
{
	enum err rc = db_begin(w->db, why);
	if (rc)
		note_failure(w, why);
	return rc;
}

/* ---- lanes ---- */

/* The next command, running talks first; NULL when there is none. */
static struct command *take(struct writer *w)
{
	struct command *c = NULL;
	pthread_mutex_lock(&w->lock);
	for (int i = 0; i < LANES && !c; i++) {
		struct lane *l = &w->lanes[i];
		c = l->first;
		if (!c)
			continue;
		l->first = c->next;
		if (!l->first)
			l->last = &l->first;
		l->count--;
		c->next = NULL;
	}
	pthread_mutex_unlock(&w->lock);
	return c;
}

/* Those whom the last commit answered are likely to be back at once: where there were several and commits are slow, waiting a
 * fraction of a commit for them makes one commit of two. Returns at the next command, or at `until`. */
static void wait_for_others(struct writer *w, int64_t until)
{
	struct timespec t = { .tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000 };
	pthread_mutex_lock(&w->lock);
	while (!w->lanes[LANE_TALK].first && !w->lanes[LANE_ASK].first && !w->stop) {
		w->idle = true;
		if (pthread_cond_timedwait(&w->work, &w->lock, &t))
			break;
	}
	w->idle = false;
	pthread_mutex_unlock(&w->lock);
}

/* Waits for work. False when the writer is to end and nothing is left. */
static bool wait_for_work(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	while (!w->lanes[LANE_TALK].first && !w->lanes[LANE_ASK].first && !w->stop) {
		w->idle = true;
		pthread_cond_wait(&w->work, &w->lock);
	}
	w->idle = false;
	bool some = w->lanes[LANE_TALK].first || w->lanes[LANE_ASK].first;
	pthread_mutex_unlock(&w->lock);
	return some;
}

/* ---- batches ---- */

/* A transaction for this command alone. False when none can be begun at all: then the rest need not try. */
static bool run_alone(struct writer *w, struct command *c, struct error *why)
{
	w->reruns++;
	enum err rc = begin(w, why);
	if (rc) {
		refuse(c, ERR_BUSY, why);
		return false;
	}
	if (run_one(w, c)) {
		rc = commit(w, 1, why);
		if (rc)
			refuse(c, rc == ERR_CONFLICT ? rc : ERR_BUSY, why);
		return true;
	}
	/* This one breaks the transaction: its own error says why, if it has one. */
	db_undo_all(w->db);
	if (c->rc == ERR_OK)
		c->rc = err_set(&c->why, ERR_BUSY, "The database cannot be written at the moment; nothing was written.");
	*why = c->why;
	note_failure(w, why);
	refuse(c, outward(c->rc), why);
	return true;
}

static void answer(struct command *first)
{
	while (first) {
		struct command *next = first->next; /* after the post it is gone */
		sem_post(&first->done);
		first = next;
	}
}

/* The other thread has most of a log that is too long written already, so what is left for us is short. */
static void care_for_log(struct writer *w)
{
	bool all;
	enum db_log log = db_log_due(w->db);
	if (log == DB_LOG_TOO_LONG)
		(void)!db_write_back(w->db, &all, NULL); /* tried again when it has grown further */
	if (log != DB_LOG_SHORT)
		checkpoint_wake(w->checkpoint);
}

static void run_batch(struct writer *w)
{
	struct error why = { 0 };
	struct command *first = NULL, **last = &first, *c;
	int64_t start = clock_mono_us(), until = start + BATCH_US;
	int64_t patience = w->last_batch >= CROWD && w->last_commit_us >= SLOW_COMMIT_US ? start + w->last_commit_us / 2 : start;
	size_t n = 0;
	bool stands = true;
	enum err begun = begin(w, &why);

	while (stands && n < WRITER_BATCH_MAX && (begun || clock_mono_us() < until)) {
		c = take(w);
		if (!c && !begun && n < w->last_batch && clock_mono_us() < patience) {
			wait_for_others(w, patience < until ? patience : until);
			continue;
		}
		if (!c)
			break;
		*last = c;
		last = &c->next;
		n++;
		if (begun)
			refuse(c, ERR_BUSY, &why);
		else
			stands = run_one(w, c);
	}
	if (begun == ERR_OK) {
		enum err rc = stands ? commit(w, n, &why) : ERR_OK;
		if (!stands || rc == ERR_CONFLICT) {
			/* The transaction is gone, or what one command left broken came out at the commit: that is not the
			 * others' fault. */
			bool going = true;
			db_undo_all(w->db);
			for (c = first; c; c = c->next)
				if (going)
					going = run_alone(w, c, &why);
				else
					refuse(c, ERR_BUSY, &why);
		} else if (rc) {
			for (c = first; c; c = c->next)
				refuse(c, ERR_BUSY, &why);
		}
	}
	w->last_batch = n;
	answer(first);
	if (n)
		care_for_log(w);
}

static void *writer_main(void *ctx)
{
	struct writer *w = ctx;
	while (wait_for_work(w))
		run_batch(w);
	return NULL;
}

/* ---- the room's face ---- */

enum err writer_new(const char *folder, struct writer **out, struct error *e)
{
	struct db *db = NULL;
	enum err rc = db_open(folder, DB_WRITE, &db, e);
	return rc ? rc : writer_take(folder, &db, out, e);
}

enum err writer_take(const char *folder, struct db **db, struct writer **out, struct error *e)
{
	struct writer *w = calloc(1, sizeof(*w));
	if (!w) {
		db_close(db);
		return err_nomem(e);
	}
	w->db = *db;
	*db = NULL;
	enum err rc = checkpoint_new(folder, &w->checkpoint, e);
	if (rc) {
		db_close(&w->db);
		free(w);
		return rc;
	}
	db_leave_log(w->db);
	for (int i = 0; i < LANES; i++)
		w->lanes[i].last = &w->lanes[i].first;
	w->lanes[LANE_TALK].max = WRITER_TALK_MAX;
	w->lanes[LANE_ASK].max = WRITER_ASK_MAX;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&w->thread, NULL, writer_main, w)) {
		pthread_mutex_destroy(&w->lock);
		pthread_cond_destroy(&w->work);
		checkpoint_free(&w->checkpoint);
		db_close(&w->db);
		free(w);
		return err_set(e, ERR_NOMEM, "The writer's thread cannot be started.");
	}
	pthread_setname_np(w->thread, "writer");
	*out = w;
	return ERR_OK;
}

void writer_free(struct writer **wp)
{
	struct writer *w = *wp;
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	checkpoint_free(&w->checkpoint);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->work);
	db_close(&w->db);
	free(w);
	*wp = NULL;
}

enum err writer_do(struct writer *w, enum writer_lane lane, writer_fn run, void *self, struct error *e)
{
	struct command c = { .run = run, .self = self };
	struct lane *l = &w->lanes[lane];
	sem_init(&c.done, 0, 0);

	pthread_mutex_lock(&w->lock);
	bool taken = l->count < l->max;
	bool wake = taken && w->idle;
	if (taken) {
		*l->last = &c;
		l->last = &c.next;
		l->count++;
		w->idle = false;
	}
	pthread_mutex_unlock(&w->lock);
	if (!taken) {
		sem_destroy(&c.done);
		err_set(e, ERR_BUSY, "Too much is being written at once; please try again in a moment.");
		if (e)
			e->retry_after_s = RETRY_AFTER_S;
		return ERR_BUSY;
	}
	if (wake)
		pthread_cond_signal(&w->work);
	while (sem_wait(&c.done) && errno == EINTR)
		;
	sem_destroy(&c.done);
	if (c.rc && e)
		*e = c.why;
	return c.rc;
}

void writer_on_commit(struct writer *w, void (*fn)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&w->lock);
	w->on_commit = fn;
	w->on_commit_ctx = ctx;
	pthread_mutex_unlock(&w->lock);
}

struct writer_figures writer_figures(struct writer *w)
{
	struct writer_figures f = {
		.commits = w->commits,
		.commands = w->commands,
		.failed_commits = w->failed_commits,
		.reruns = w->reruns,
		.last_commit_us = w->last_commit_us,
		.max_batch = w->max_batch,
	};
	pthread_mutex_lock(&w->lock);
	for (int i = 0; i < LANES; i++)
		f.queued[i] = (int64_t)w->lanes[i].count;
	pthread_mutex_unlock(&w->lock);
	return f;
}
