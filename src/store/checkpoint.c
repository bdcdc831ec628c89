#include "store/checkpoint.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"

enum { PASSES = 4 }; /* each has less left to write than the one before */

struct checkpoint {
	struct db *db; /* the thread's own */
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t work;
	bool wanted, stop;
};

static void run_passes(struct checkpoint *c, bool *failing)
{
	struct error why = { 0 };
	bool all = false;
	enum err rc = ERR_OK;
	for (int i = 0; i < PASSES && rc == ERR_OK && !all; i++)
		rc = db_write_back(c->db, &all, &why);
	if (rc && rc != ERR_BUSY && !*failing) /* busy: another process does it just now */
		log_warn("store/checkpoint", "the log cannot be written back: %s", why.message);
	*failing = rc && rc != ERR_BUSY;
}

static void *checkpoint_main(void *ctx)
{
	struct checkpoint *c = ctx;
	bool failing = false;
	pthread_mutex_lock(&c->lock);
	while (!c->stop) {
		if (!c->wanted) {
			pthread_cond_wait(&c->work, &c->lock);
			continue;
		}
		c->wanted = false;
		pthread_mutex_unlock(&c->lock);
		run_passes(c, &failing);
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

enum err checkpoint_new(const char *folder, struct checkpoint **out, struct error *e)
{
	struct checkpoint *c = calloc(1, sizeof(*c));
	if (!c)
		return err_nomem(e);
	enum err rc = db_open_bare(folder, DB_WRITE, &c->db, e);
	if (rc) {
		free(c);
		return rc;
	}
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->work, NULL);
	if (pthread_create(&c->thread, NULL, checkpoint_main, c)) {
		pthread_mutex_destroy(&c->lock);
		pthread_cond_destroy(&c->work);
		db_close(&c->db);
		free(c);
		return err_set(e, ERR_NOMEM, "The checkpoint's thread cannot be started.");
	}
	pthread_setname_np(c->thread, "checkpoint");
	*out = c;
	return ERR_OK;
}

void checkpoint_free(struct checkpoint **cp)
{
	struct checkpoint *c = *cp;
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_signal(&c->work);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->work);
	db_close(&c->db);
	free(c);
	*cp = NULL;
}

void checkpoint_wake(struct checkpoint *c)
{
	pthread_mutex_lock(&c->lock);
	c->wanted = true;
	pthread_cond_signal(&c->work);
	pthread_mutex_unlock(&c->lock);
}
