#include "cli/serve.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/timer.h"
#include "cli/house.h"
#include "desk/attack.h"
#include "desk/audit.h"
#include "desk/bans.h"
#include "desk/erase.h"
#include "desk/gate.h"
#include "desk/lease.h"
#include "desk/people.h"
#include "desk/repeat.h"
#include "desk/rule_age.h"
#include "desk/rule_doubt.h"
#include "desk/rule_life.h"
#include "desk/rulebook.h"
#include "desk/trial.h"
#include "web/i18n.h"
#include "web/page.h"
#include "web/server.h"

static const char room[] = "cli/serve";

enum { SECOND_MS = 1000, MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS, STOP_S = 4 };

/* ---- the clockwork ---- */

enum task { TASK_LEASES, TASK_STREAMS, TASK_GATE, TASK_ERASE, TASK_PEOPLE, TASK_BANS, TASK_REPEATS, TASK_TRIAL, TASK_RULES_TOLD, TASK_RULES, TASK_DOUBTS, TASK_AGES, TASK_ATTACK, TASK_AUDIT, TASK_COUNT };

/* Each timer thread has a connection of its own. A task that fails is said once, and once more when it works again. */
struct works {
	struct desk *desk;
	struct db *db;
	struct timers *timers;
	struct people_watch watch;
	bool failing[TASK_COUNT];
};

static void told(struct works *w, enum task task, const char *name, enum err rc, const struct error *e)
{
	if (rc && !w->failing[task])
		log_warn(room, "%s: %s", name, e->message);
	else if (!rc && w->failing[task])
		log_info(room, "%s works again", name);
	w->failing[task] = rc != ERR_OK;
}

static void each_second(void *ctx)
{
	struct works *w = ctx;
	struct error e = { 0 };
	told(w, TASK_LEASES, "returning expired leases", lease_sweep(w->desk, NULL, &e), &e);
	told(w, TASK_STREAMS, "ending streams", people_cut_ended(w->desk, w->db, &w->watch, &e), &e);
	told(w, TASK_RULES_TOLD, "telling of rules", rule_life_tell(w->desk, w->db, &e), &e);
}

static void each_five_seconds(void *ctx)
{
	struct works *w = ctx;
	struct error e = { 0 };
	told(w, TASK_ATTACK, "looking for an attack", attack_tick(w->desk, w->db, &e), &e);
}

struct gate_round {
	int64_t now, changed;
};

static enum err gate_round(struct db *db, void *self, struct error *e)
{
	struct gate_round *r = self;
	r->changed = 0;
	return gate_sweep(db, r->now, &r->changed, e);
}

static void each_minute(void *ctx)
{
	enum { ROUNDS_MAX = 100 };
	struct works *w = ctx;
	struct error e = { 0 };
	struct gate_round r = { .now = clock_wall_ms() };
	enum err rc = ERR_OK;
	for (int i = 0; i < ROUNDS_MAX && rc == ERR_OK; i++) {
		rc = writer_do(w->desk->writer, LANE_ASK, gate_round, &r, &e);
		if (r.changed == 0)
			break;
	}
	told(w, TASK_GATE, "forgetting sightings", rc, &e);
	told(w, TASK_DOUBTS, "watching edited rules", rule_doubt_sweep(w->desk, w->db, &e), &e);
	told(w, TASK_RULES, "looking after rules", rule_life_sweep(w->desk, w->db, &e), &e);
	told(w, TASK_AUDIT, "keeping the head of the audit", audit_keep_head(w->db, w->desk->folder, &e), &e);
	told(w, TASK_ERASE, "retention", erase_sweep(w->desk, w->db, &e), &e);
}

static void each_hour(void *ctx)
{
	struct works *w = ctx;
	struct error e = { 0 };
	told(w, TASK_PEOPLE, "forgetting ended sessions", people_sweep(w->desk, &e), &e);
	told(w, TASK_BANS, "forgetting ended bans", bans_sweep(w->desk, &e), &e);
	told(w, TASK_REPEATS, "forgetting answers to client_ids", repeat_sweep(w->desk, &e), &e);
	told(w, TASK_AGES, "ageing rules", rule_age_sweep(w->desk, w->db, &e), &e);
	told(w, TASK_TRIAL, "forgetting old conversations of trial helpers", trial_sweep(w->desk, &e), &e);
}

static enum err works_start(struct works *w, struct desk *d, struct error *e)
{
	*w = (struct works){ .desk = d };
	enum err rc = db_open(d->folder, DB_READ, &w->db, e);
	if (rc == ERR_OK && !(w->timers = timers_new()))
		rc = err_nomem(e);
	return rc;
}

static enum err clockwork(struct works *quick, struct works *slow, struct error *e)
{
	/* What is done each hour is done soon after the start, too: a desk that never stands for an hour forgets as any other. */
	if (timers_every(quick->timers, SECOND_MS, SECOND_MS, each_second, quick) ||
		timers_every(slow->timers, 5 * SECOND_MS, 5 * SECOND_MS, each_five_seconds, slow) ||
		timers_every(slow->timers, MINUTE_MS, MINUTE_MS, each_minute, slow) || timers_every(slow->timers, SECOND_MS, HOUR_MS, each_hour, slow))
		return err_nomem(e);
	return ERR_OK;
}

static void works_stop(struct works *w)
{
	struct error e = { 0 };
	if (w->timers)
		timers_free(&w->timers);
	if (w->db)
		told(w, TASK_AUDIT, "keeping the head of the audit", audit_keep_head(w->db, w->desk->folder, &e), &e);
	db_close(&w->db);
}

/* ---- signals ---- */

static void reload(struct desk *d)
{
	struct error e = { 0 };
	if (conf_reload(&e)) {
		log_error(room, "the configuration stays as it was: %s", e.message);
	} else {
		log_set_level(log_level_read(conf()->log_level));
		log_info(room, "the configuration was read again");
	}
	if (rulebook_rescan(d->rulebook, &e))
		log_error(room, "the rules stay as they were: %s", e.message);
	else
		log_info(room, "the rules were read again");
}

/* What is acknowledged is on disk, so leaving late is worse than leaving at once. */
static void *leave_in_time(void *ctx)
{
	(void)ctx;
	struct timespec left = { .tv_sec = STOP_S };
	while (nanosleep(&left, &left))
		;
	log_warn(room, "did not come to an end in time; leaving now");
	_exit(0);
}

static void wait_for_end(struct desk *d, const sigset_t *signals)
{
	for (;;) {
		int sig = 0;
		if (sigwait(signals, &sig))
			continue;
		if (sig == SIGHUP) {
			reload(d);
			continue;
		}
		log_info(room, "stopping");
		pthread_t thread;
		if (pthread_create(&thread, NULL, leave_in_time, NULL) == 0)
			pthread_detach(thread);
		return;
	}
}

/* A misspelled key in the file stops the start; in the environment it may be somebody else's. */
static void tell_unread_variables(void)
{
	struct str unread;
	str_init(&unread, 4096);
	conf_unread_variables(&unread);
	if (unread.len)
		log_warn(room, "variables set nothing, because there is no such key: %s", str_c(&unread));
	str_fini(&unread);
}

int serve_run(const char *folder, const char *listen)
{
	struct error e = { 0 };
	struct house house;
	struct works quick = { 0 }, slow = { 0 };
	struct web *web = NULL;
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread: they all inherit it */

	enum err rc = house_open(&house, folder, true, &e);
	if (rc) {
		fprintf(stderr, "porchlight: %s\n", e.message);
		return 1;
	}
	tell_unread_variables();
	struct desk *d = &house.desk;
	rc = i18n_start(conf()->templates, &e);
	if (rc == ERR_OK)
		rc = page_start(conf()->templates, &e);
	if (rc == ERR_OK)
		rc = works_start(&quick, d, &e);
	if (rc == ERR_OK)
		rc = works_start(&slow, d, &e);
	if (rc == ERR_OK)
		rc = web_start(d, &(struct web_options){ .listen = listen }, &web, &e);
	if (rc == ERR_OK)
		rc = clockwork(&quick, &slow, &e);
	if (rc == ERR_OK) {
		printf("listening on http://%s\n", web_address(web));
		fflush(stdout);
		wait_for_end(d, &signals);
	} else {
		fprintf(stderr, "porchlight: %s\n", e.message);
	}
	web_stop(&web);
	works_stop(&quick);
	works_stop(&slow);
	page_stop();
	i18n_stop();
	house_close(&house);
	return rc ? 1 : 0;
}
