/*
 * store_bench: durable commands a second through store/writer, beside bare SQLite in the same run.
 *
 *     store_bench [SECONDS]
 *
 * Each of 1, 16 and 256 threads writes one row of 600 bytes at a time and waits until it is on disk:
 *
 *     writer     our room: lanes, savepoints, answers after the commit
 *     bare       the same statement, a queue and one transaction for what is in it; no savepoints, no refusals
 *     one each   one transaction a row
 *
 * Works in the current folder and removes what it made.
 */
#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypt.h"
#include "store/migrate.h"
#include "store/writer.h"

enum { THREADS_MAX = 256, ROW_BYTES = 600, FIRST_NUMBER = 1000000, TURNS = 8 };

static const char insert[] = "INSERT INTO migrations (number, name, sha256, applied) VALUES (?1, ?2, ?3, ?4)";
static char row[ROW_BYTES + 1];
static _Atomic int64_t number, written;
static atomic_bool stop;

static void die(const char *why)
{
	fprintf(stderr, "store_bench: %s\n", why);
	exit(1);
}

/* ---- our writer ---- */

static struct writer *writer;

static enum err add(struct db *db, void *self, struct error *e)
{
	return db_run(db, SQL_MIGRATION_ADD, BINDS(b_int(*(int64_t *)self), b_text(slice_make(row, ROW_BYTES)), b_str("x"), b_int(1)), NULL, e);
}

static void by_writer(void)
{
	struct error e;
	int64_t n = number++;
	if (writer_do(writer, LANE_TALK, add, &n, &e))
		die(e.message);
}

/* ---- bare ---- */

static sqlite3 *bare;
static sqlite3_stmt *bare_add, *bare_begin, *bare_commit;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;

struct waiting {
	struct waiting *next;
	int64_t n;
	sem_t done;
};
static struct waiting *queue;

static void run(sqlite3_stmt *stmt)
{
	if (sqlite3_step(stmt) != SQLITE_DONE)
		die(sqlite3_errmsg(bare));
	sqlite3_reset(stmt);
}

static void bare_row(int64_t n)
{
	sqlite3_bind_int64(bare_add, 1, n);
	sqlite3_bind_text(bare_add, 2, row, ROW_BYTES, SQLITE_STATIC);
	sqlite3_bind_text(bare_add, 3, "x", 1, SQLITE_STATIC);
	sqlite3_bind_int64(bare_add, 4, 1);
	run(bare_add);
}

static void *bare_main(void *ctx)
{
	(void)ctx;
	for (;;) {
		pthread_mutex_lock(&lock);
		while (!queue && !stop)
			pthread_cond_wait(&work, &lock);
		struct waiting *all = queue;
		queue = NULL;
		pthread_mutex_unlock(&lock);
		if (!all)
			return NULL;
		run(bare_begin);
		for (struct waiting *w = all; w; w = w->next)
			bare_row(w->n);
		run(bare_commit);
		while (all) {
			struct waiting *next = all->next;
			sem_post(&all->done);
			all = next;
		}
	}
}

static void by_bare(void)
{
	struct waiting w = { .n = number++ };
	sem_init(&w.done, 0, 0);
	pthread_mutex_lock(&lock);
	w.next = queue;
	queue = &w;
	pthread_cond_signal(&work);
	pthread_mutex_unlock(&lock);
	while (sem_wait(&w.done))
		;
	sem_destroy(&w.done);
}

static void by_one_each(void)
{
	pthread_mutex_lock(&lock);
	run(bare_begin);
	bare_row(number++);
	run(bare_commit);
	pthread_mutex_unlock(&lock);
}

/* ---- running them ---- */

static void *thread_main(void *ctx)
{
	void (*one)(void) = *(void (**)(void))ctx;
	while (!stop) {
		one();
		written++;
	}
	return NULL;
}

/* Rows and seconds are added up: the kinds take turns, because a disk has moods. */
struct sum {
	double rows, seconds;
};

static void measure(struct sum *sum, void (*one)(void), int threads, double seconds, bool with_bare_thread)
{
	static pthread_t ids[THREADS_MAX];
	pthread_t helper;
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 << 10);
	written = 0;
	stop = false;
	if (with_bare_thread && pthread_create(&helper, NULL, bare_main, NULL))
		die("no thread");
	int64_t begin = clock_mono_us();
	for (int i = 0; i < threads; i++)
		if (pthread_create(&ids[i], &attr, thread_main, &one))
			die("no thread");
	usleep((useconds_t)(seconds * 1e6));
	stop = true;
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	double took = (double)(clock_mono_us() - begin) / 1e6;
	if (with_bare_thread) {
		pthread_mutex_lock(&lock);
		pthread_cond_signal(&work);
		pthread_mutex_unlock(&lock);
		pthread_join(helper, NULL);
	}
	pthread_attr_destroy(&attr);
	sum->rows += (double)written;
	sum->seconds += took;
}

static void remove_folder(const char *folder)
{
	static const char *const names[] = { "", "-wal", "-shm" };
	char path[64];
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/" DB_FILE "%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

int main(int argc, char **argv)
{
	static const int threads[] = { 1, 16, 256 };
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 2.0;
	struct error e;
	memset(row, 'x', ROW_BYTES);
	if (crypt_init(&e) || mkdir("store-ours", 0700) || mkdir("store-bare", 0700))
		die("the folders cannot be made");
	if (migrate_run("store-ours", NULL, NULL, &e) || migrate_run("store-bare", NULL, NULL, &e) || writer_new("store-ours", &writer, &e))
		die(e.message);
	if (sqlite3_open("store-bare/" DB_FILE, &bare) ||
		sqlite3_exec(bare, "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-8192", NULL, NULL, NULL) ||
		sqlite3_prepare_v2(bare, insert, -1, &bare_add, NULL) || sqlite3_prepare_v2(bare, "BEGIN IMMEDIATE", -1, &bare_begin, NULL) ||
		sqlite3_prepare_v2(bare, "COMMIT", -1, &bare_commit, NULL))
		die(sqlite3_errmsg(bare));
	number = FIRST_NUMBER;
	printf("%-32s %10s %10s %10s %14s %14s\n", "durable rows a second", "writer", "bare", "one each", "writer/bare", "writer/each");
	for (size_t i = 0; i < sizeof(threads) / sizeof(*threads); i++) {
		struct sum w = { 0 }, g = { 0 }, o = { 0 };
		for (int turn = 0; turn < TURNS; turn++) {
			measure(&w, by_writer, threads[i], seconds / TURNS, false);
			measure(&g, by_bare, threads[i], seconds / TURNS, true);
			measure(&o, by_one_each, threads[i], seconds / TURNS, false);
		}
		double ours = w.rows / w.seconds, group = g.rows / g.seconds, each = o.rows / o.seconds;
		char name[32];
		snprintf(name, sizeof(name), "%d writer%s", threads[i], threads[i] == 1 ? "" : "s");
		printf("%-32s %10.0f %10.0f %10.0f %14.2f %14.2f\n", name, ours, group, each, ours / group, ours / each);
		fflush(stdout);
	}
	struct writer_figures f = writer_figures(writer);
	printf("%-32s %lld rows in %lld commits, the largest of %lld\n", "the writer", (long long)f.commands, (long long)f.commits,
		(long long)f.max_batch);
	writer_free(&writer);
	sqlite3_finalize(bare_add);
	sqlite3_finalize(bare_begin);
	sqlite3_finalize(bare_commit);
	sqlite3_close(bare);
	remove_folder("store-ours");
	remove_folder("store-bare");
	return 0;
}
