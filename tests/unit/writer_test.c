/* The writer's promises, with rows of the `migrations` table as what is written: it is there in every database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "base/crypt.h"
#include "store/migrate.h"
#include "store/writer.h"
#include "unit/tmpdir.h"

enum { BASE = 100000 }; /* above every migration's number */

struct fixture {
	char *folder;
	struct writer *w;
};

static int setup(void **state)
{
	static struct fixture f;
	struct error e;
	f.folder = tmpdir_make();
	if (migrate_run(f.folder, NULL, NULL, &e) || writer_new(f.folder, &f.w, &e)) {
		print_error("%s\n", e.message);
		return 1;
	}
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	writer_free(&f->w);
	tmpdir_remove(f->folder);
	return 0;
}

static int64_t rows(struct fixture *f)
{
	struct db *db;
	struct rows r;
	int64_t n = 0;
	assert_int_equal(db_open(f->folder, DB_READ, &db, NULL), ERR_OK);
	assert_int_equal(rows_open(db, &r, SQL_MIGRATIONS_APPLIED, NO_BINDS, NULL), ERR_OK);
	while (rows_next(&r))
		n += rows_int(&r, 0) >= BASE;
	assert_int_equal(rows_close(&r), ERR_OK);
	db_close(&db);
	return n;
}

struct add {
	int64_t number;
	enum err then;   /* what the command returns after its insert */
	bool undo_all;   /* breaks the transaction the first time it runs, as a full disk does */
	int runs;
};

static enum err add_run(struct db *db, void *self, struct error *e)
{
	struct add *a = self;
	enum err rc = db_run(db, SQL_MIGRATION_ADD, BINDS(b_int(a->number), b_str("x"), b_str("y"), b_int(1)), NULL, e);
	a->runs++;
	if (a->undo_all && a->runs == 1) {
		db_undo_all(db);
		return err_set(e, ERR_IO, "the transaction is gone");
	}
	return rc ? rc : a->then ? err_set(e, a->then, "as told") : ERR_OK;
}

static void test_one(void **state)
{
	struct fixture *f = *state;
	struct add a = { .number = BASE };
	struct error e;
	assert_int_equal(writer_do(f->w, LANE_TALK, add_run, &a, &e), ERR_OK);
	assert_int_equal(rows(f), 1);
	assert_int_equal(writer_do(f->w, LANE_ASK, add_run, &a, &e), ERR_CONFLICT);
	assert_int_equal(rows(f), 1);
}

static void test_refusal_undoes_its_own(void **state)
{
	struct fixture *f = *state;
	struct add a = { .number = BASE, .then = ERR_LIMITED }, b = { .number = BASE };
	struct error e;
	assert_int_equal(writer_do(f->w, LANE_TALK, add_run, &a, &e), ERR_LIMITED);
	assert_string_equal(e.message, "as told");
	assert_int_equal(rows(f), 0);
	assert_int_equal(writer_do(f->w, LANE_TALK, add_run, &b, &e), ERR_OK);
	assert_int_equal(rows(f), 1);
}

/* ---- many at once: a gate command holds the writer until all are queued, so that they make one batch ---- */

struct gate {
	sem_t entered, open;
};

static enum err gate_run(struct db *db, void *self, struct error *e)
{
	(void)db, (void)e;
	struct gate *g = self;
	sem_post(&g->entered);
	sem_wait(&g->open);
	sem_post(&g->open); /* it may be run again */
	return ERR_OK;
}

struct job {
	pthread_t thread;
	struct writer *w;
	enum writer_lane lane;
	writer_fn run;
	void *self;
	enum err rc;
	struct error e;
};

static void *job_main(void *ctx)
{
	struct job *j = ctx;
	j->rc = writer_do(j->w, j->lane, j->run, j->self, &j->e);
	return NULL;
}

static void start(struct job *j)
{
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 << 10);
	assert_int_equal(pthread_create(&j->thread, &attr, job_main, j), 0);
	pthread_attr_destroy(&attr);
}

static void wait_queued(struct writer *w, enum writer_lane lane, int64_t n)
{
	while (writer_figures(w).queued[lane] < n)
		usleep(1000);
}

/* Runs the commands as one batch, behind a gate. */
static void batch(struct fixture *f, struct add *adds, struct job *jobs, int n)
{
	struct gate g;
	struct job first = { .w = f->w, .lane = LANE_TALK, .run = gate_run, .self = &g };
	sem_init(&g.entered, 0, 0);
	sem_init(&g.open, 0, 0);
	start(&first);
	sem_wait(&g.entered);
	for (int i = 0; i < n; i++) {
		jobs[i] = (struct job){ .w = f->w, .lane = LANE_TALK, .run = add_run, .self = &adds[i] };
		start(&jobs[i]);
	}
	wait_queued(f->w, LANE_TALK, n);
	sem_post(&g.open);
	for (int i = 0; i < n; i++)
		pthread_join(jobs[i].thread, NULL);
	pthread_join(first.thread, NULL);
}

static void test_others_in_the_batch_stand(void **state)
{
	struct fixture *f = *state;
	struct add adds[40];
	struct job jobs[40];
	for (int i = 0; i < 40; i++)
		adds[i] = (struct add){ .number = BASE + i, .then = i % 4 == 1 ? ERR_CONFLICT : ERR_OK };
	batch(f, adds, jobs, 40);
	for (int i = 0; i < 40; i++)
		assert_int_equal(jobs[i].rc, i % 4 == 1 ? ERR_CONFLICT : ERR_OK);
	assert_int_equal(rows(f), 30);
	assert_true(writer_figures(f->w).max_batch > 1);
	assert_int_equal(writer_figures(f->w).reruns, 0);
}

/* A command that takes the whole transaction with it: the others are run again, alone, and stand. */
static void test_lost_transaction_is_rerun(void **state)
{
	struct fixture *f = *state;
	struct add adds[10];
	struct job jobs[10];
	for (int i = 0; i < 10; i++)
		adds[i] = (struct add){ .number = BASE + i, .undo_all = i == 5 };
	batch(f, adds, jobs, 10);
	for (int i = 0; i < 10; i++)
		assert_int_equal(jobs[i].rc, ERR_OK);
	assert_int_equal(rows(f), 10);
	assert_true(writer_figures(f->w).reruns > 0);
	assert_int_equal(adds[5].runs, 2);
}

/* A full lane refuses at once and takes nothing; the other lane still has room. */
static void test_lanes_are_bounded(void **state)
{
	struct fixture *f = *state;
	static struct add adds[WRITER_ASK_MAX];
	static struct job jobs[WRITER_ASK_MAX];
	struct gate g;
	struct job first = { .w = f->w, .lane = LANE_TALK, .run = gate_run, .self = &g };
	struct add over = { .number = BASE - 1 + 100000 }, talk = { .number = BASE + 200000 };
	struct job other = { .w = f->w, .lane = LANE_TALK, .run = add_run, .self = &talk };
	struct error e;
	sem_init(&g.entered, 0, 0);
	sem_init(&g.open, 0, 0);
	start(&first);
	sem_wait(&g.entered);
	for (int i = 0; i < WRITER_ASK_MAX; i++) {
		adds[i] = (struct add){ .number = BASE + i };
		jobs[i] = (struct job){ .w = f->w, .lane = LANE_ASK, .run = add_run, .self = &adds[i] };
		start(&jobs[i]);
	}
	wait_queued(f->w, LANE_ASK, WRITER_ASK_MAX);
	assert_int_equal(writer_do(f->w, LANE_ASK, add_run, &over, &e), ERR_BUSY);
	assert_true(e.retry_after_s > 0);
	assert_int_equal(over.runs, 0);
	start(&other);
	wait_queued(f->w, LANE_TALK, 1);
	sem_post(&g.open);
	for (int i = 0; i < WRITER_ASK_MAX; i++) {
		pthread_join(jobs[i].thread, NULL);
		assert_int_equal(jobs[i].rc, ERR_OK);
	}
	pthread_join(other.thread, NULL);
	pthread_join(first.thread, NULL);
	assert_int_equal(other.rc, ERR_OK);
	assert_int_equal(rows(f), WRITER_ASK_MAX + 1);
	assert_true(writer_figures(f->w).max_batch <= WRITER_BATCH_MAX);
}

/* Running talks overtake new questions that came first. */
static atomic_int order;

static enum err order_run(struct db *db, void *self, struct error *e)
{
	(void)db, (void)e;
	*(int *)self = atomic_fetch_add(&order, 1);
	return ERR_OK;
}

static void test_talks_go_first(void **state)
{
	struct fixture *f = *state;
	struct gate g;
	struct job first = { .w = f->w, .lane = LANE_TALK, .run = gate_run, .self = &g };
	int ask = -1, talk = -1;
	struct job a = { .w = f->w, .lane = LANE_ASK, .run = order_run, .self = &ask };
	struct job t = { .w = f->w, .lane = LANE_TALK, .run = order_run, .self = &talk };
	sem_init(&g.entered, 0, 0);
	sem_init(&g.open, 0, 0);
	start(&first);
	sem_wait(&g.entered);
	start(&a);
	wait_queued(f->w, LANE_ASK, 1);
	start(&t);
	wait_queued(f->w, LANE_TALK, 1);
	sem_post(&g.open);
	pthread_join(a.thread, NULL);
	pthread_join(t.thread, NULL);
	pthread_join(first.thread, NULL);
	assert_true(talk < ask);
}

/* ---- trouble ---- */

static void test_locked_database(void **state)
{
	struct fixture *f = *state;
	char path[256];
	sqlite3 *db;
	struct add a = { .number = BASE }, b = { .number = BASE + 1 };
	struct error e = { 0 };
	snprintf(path, sizeof(path), "%s/" DB_FILE, f->folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(writer_do(f->w, LANE_TALK, add_run, &a, &e), ERR_BUSY);
	assert_true(e.retry_after_s > 0);
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(writer_do(f->w, LANE_TALK, add_run, &b, &e), ERR_OK);
	assert_int_equal(rows(f), 1);
	sqlite3_close(db);
}

/* A file that may not grow is a disk that is full. */
static void test_no_room(void **state)
{
	struct fixture *f = *state;
	struct add adds[20];
	struct job jobs[20];
	struct rlimit was, now = { 2048, RLIM_INFINITY };
	for (int i = 0; i < 20; i++)
		adds[i] = (struct add){ .number = BASE + i };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	now.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	batch(f, adds, jobs, 20);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(jobs[i].rc, ERR_BUSY);
		assert_true(jobs[i].e.retry_after_s > 0);
	}
	assert_int_equal(rows(f), 0);
	assert_true(writer_figures(f->w).failed_commits > 0);
	batch(f, adds, jobs, 20);
	for (int i = 0; i < 20; i++)
		assert_int_equal(jobs[i].rc, ERR_OK);
	assert_int_equal(rows(f), 20);
}

static void count_commit(void *ctx)
{
	++*(int *)ctx;
}

static void test_on_commit(void **state)
{
	struct fixture *f = *state;
	struct add a = { .number = BASE };
	int commits = 0;
	writer_on_commit(f->w, count_commit, &commits);
	assert_int_equal(writer_do(f->w, LANE_TALK, add_run, &a, NULL), ERR_OK);
	assert_int_equal(commits, 1);
	assert_int_equal(writer_figures(f->w).commits, 1);
}

/* Ending commits what is queued. */
static void test_free_finishes(void **state)
{
	struct fixture *f = *state;
	struct add adds[10];
	struct job jobs[10];
	for (int i = 0; i < 10; i++)
		adds[i] = (struct add){ .number = BASE + i };
	batch(f, adds, jobs, 10);
	writer_free(&f->w);
	assert_int_equal(rows(f), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusal_undoes_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_others_in_the_batch_stand, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost_transaction_is_rerun, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lanes_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_talks_go_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locked_database, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_on_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_free_finishes, setup, teardown),
	};
	return crypt_init(NULL) ? 1 : cmocka_run_group_tests_name("store/writer", tests, NULL, NULL);
}
