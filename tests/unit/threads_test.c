/* base: clock, log, timer and pool. */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/timer.h"

static void writes_times(void **state)
{
	(void)state;
	char b[RFC3339_BYTES];
	assert_string_equal(clock_rfc3339(0, b), "1970-01-01T00:00:00.000Z");
	assert_string_equal(clock_rfc3339(1700000000123, b), "2023-11-14T22:13:20.123Z");
	assert_string_equal(clock_rfc3339(-1, b), "1969-12-31T23:59:59.999Z");
	assert_string_equal(clock_rfc3339(INT64_MAX, b), "9999-12-31T23:59:59.999Z");
	assert_string_equal(clock_rfc3339(INT64_MIN, b), "0000-01-01T00:00:00.000Z");
	int64_t a = clock_mono_us();
	assert_true(clock_mono_us() >= a);
	assert_true(clock_thread_us() >= 0);
	/* The offset was set before the first call, by main. */
	assert_true(clock_wall_ms() > 4000000000000);
}

/* What `fn` writes to standard error. */
static void captured(void (*fn)(void), char *out, size_t cap)
{
	int ends[2], keep = dup(STDERR_FILENO);
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	fn();
	dup2(keep, STDERR_FILENO);
	close(keep);
	close(ends[1]);
	ssize_t n = 0, got;
	while ((got = read(ends[0], out + n, cap - 1 - (size_t)n)) > 0)
		n += got;
	out[n] = '\0';
	close(ends[0]);
}

static void log_lines(void)
{
	log_debug("base/log", "unseen");
	log_warn("base/log", "two\nlines \x1b[31m %s \x7f \xC2\x85 \xC3\xA9", "tab\t");
	log_set_level(LOG_ERROR);
	log_warn("base/log", "unseen");
	log_set_level(LOG_INFO);
}

static void log_long_line(void)
{
	char text[3000];
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	log_error("base/log", "%s", text);
	/* Two bytes each: a cut must not part them. */
	for (size_t i = 0; i + 2 < sizeof text; i += 2)
		memcpy(text + i, "\xC3\xA9", 2);
	log_error("base/log", "%s", text);
}

static void logs_lines(void **state)
{
	(void)state;
	char out[8192];
	captured(log_lines, out, sizeof out);
	assert_int_equal(out[10], 'T');
	assert_string_equal(out + RFC3339_BYTES - 1,
			    " warn base/log two\\x0alines \\x1b[31m tab\\x09 \\x7f \\xc2\\x85 \xC3\xA9\n");
	captured(log_long_line, out, sizeof out);
	char *nl = strchr(out, '\n');
	assert_int_equal(nl - out, 1023);
	char *second = strchr(nl + 1, '\n');
	assert_in_range(second - nl, 1020, 1024);
	assert_int_equal((unsigned char)second[-1], 0xA9);
	assert_int_equal(second[1], '\0');
}

static sem_t ticked;

static void tick(void *ctx)
{
	atomic_fetch_add((atomic_int *)ctx, 1);
	sem_post(&ticked);
}

static void timers_tick(void **state)
{
	(void)state;
	atomic_int fast = 0, slow = 0, early = 0;
	sem_init(&ticked, 0, 0);
	struct timers *t = timers_new();
	assert_non_null(t);
	assert_int_equal(timers_every(t, 3600000, 1, tick, &slow), ERR_OK);
	assert_int_equal(timers_every(t, 1, 3600000, tick, &early), ERR_OK);
	assert_int_equal(timers_every(t, 1, 1, tick, &fast), ERR_OK);
	for (int i = 0; i < 4; i++)
		sem_wait(&ticked);
	timers_free(&t);
	assert_null(t);
	int n = fast;
	assert_true(n >= 3);
	assert_int_equal(slow, 0);
	assert_int_equal(early, 1);
	timers_free(&t);
	assert_int_equal(fast, n);
	sem_destroy(&ticked);
}

struct gate {
	sem_t started, open;
	atomic_int done, inits, finis, nice;
	char name[16];
};

static void *thread_init(void *ctx)
{
	atomic_fetch_add(&((struct gate *)ctx)->inits, 1);
	return ctx;
}

static void thread_fini(void *thread_state, void *ctx)
{
	assert_ptr_equal(thread_state, ctx);
	atomic_fetch_add(&((struct gate *)ctx)->finis, 1);
}

static void wait_job(void *job, void *thread_state)
{
	struct gate *g = job;
	if (thread_state != g)
		abort();
	g->nice = getpriority(PRIO_PROCESS, (id_t)gettid());
	pthread_getname_np(pthread_self(), g->name, sizeof g->name);
	sem_post(&g->started);
	sem_wait(&g->open);
	atomic_fetch_add(&g->done, 1);
}

static void pools_are_bounded(void **state)
{
	(void)state;
	struct gate g = { .done = 0 };
	struct error e;
	sem_init(&g.started, 0, 0);
	sem_init(&g.open, 0, 0);
	struct pool *p = pool_new(&(struct pool_options){ .name = "a-rather-long-name",
							  .threads = 1,
							  .queue_max = 2,
							  .nice = 3,
							  .thread_init = thread_init,
							  .thread_fini = thread_fini,
							  .ctx = &g },
				  &e);
	assert_non_null(p);
	int here = getpriority(PRIO_PROCESS, 0);
	assert_true(pool_offer(p, wait_job, &g));
	sem_wait(&g.started);
	assert_true(pool_offer(p, wait_job, &g));
	assert_true(pool_offer(p, wait_job, &g));
	assert_false(pool_offer(p, wait_job, &g));
	struct pool_load l = pool_load(p);
	assert_int_equal(l.queued, 2);
	assert_int_equal(l.running, 1);
	assert_int_equal(l.threads, 1);
	assert_string_equal(g.name, "a-rather-long-n");
	assert_int_equal(g.nice, here + 3 > 19 ? 19 : here + 3);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), here);
	for (int i = 0; i < 3; i++)
		sem_post(&g.open);
	pool_free(&p); /* runs what is queued */
	assert_null(p);
	assert_int_equal(g.done, 3);
	assert_int_equal(g.inits, 1);
	assert_int_equal(g.finis, 1);
	sem_destroy(&g.started);
	sem_destroy(&g.open);
}

static void count_job(void *job, void *thread_state)
{
	(void)thread_state;
	atomic_fetch_add((atomic_int *)job, 1);
}

static void pools_lose_nothing(void **state)
{
	(void)state;
	atomic_int n = 0;
	int taken = 0;
	struct pool *p = pool_new(&(struct pool_options){ .name = "count", .threads = 4, .queue_max = 8 }, NULL);
	assert_non_null(p);
	for (int i = 0; i < 5000; i++)
		taken += pool_offer(p, count_job, &n);
	pool_free(&p);
	assert_int_equal(n, taken);
	assert_true(taken >= 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_times),       cmocka_unit_test(logs_lines),
		cmocka_unit_test(timers_tick),        cmocka_unit_test(pools_are_bounded),
		cmocka_unit_test(pools_lose_nothing),
	};
	setenv("PORCHLIGHT_CLOCK_OFFSET_MS", "4000000000000", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
