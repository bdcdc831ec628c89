/* Fairness counted over a hand-made desk whose answers are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sqlite3.h>

#include "desk/about.h"
#include "desk/figures.h"
#include "desk/week.h"
#include "store/migrate.h"
#include "unit/tmpdir.h"

enum { MINUTE = 60 * 1000 };
#define HOUR ((int64_t)3600 * 1000)
#define DAY (24 * HOUR)

struct fixture {
	char *folder;
	sqlite3 *raw;
	struct db *db;
	int64_t now;
	int next;
};

static int setup(void **state)
{
	static struct fixture f;
	struct error e = { 0 };
	char path[256];
	f = (struct fixture){ .folder = tmpdir_make(), .now = clock_wall_ms() };
	if (crypt_init(&e) || conf_load(NULL, &e) || migrate_run(f.folder, NULL, NULL, &e) || db_open(f.folder, DB_READ, &f.db, &e)) {
		print_error("%s\n", e.message);
		return 1;
	}
	snprintf(path, sizeof(path), "%s/porchlight.db", f.folder);
	*state = &f;
	return sqlite3_open(path, &f.raw) != SQLITE_OK;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	sqlite3_close(f->raw);
	db_close(&f->db);
	tmpdir_remove(f->folder);
	return 0;
}

static void sql(struct fixture *f, const char *text)
{
	char *why = NULL;
	if (sqlite3_exec(f->raw, text, NULL, NULL, &why) != SQLITE_OK) {
		print_error("%s: %s\n", text, why);
		fail();
	}
}

/* What the next tickets have beside that. */
static const char *topic = "NULL", *told = "NULL", *way = "NULL", *title = "NULL";

/* action: enum action of its verdict. wait 0: not answered. */
static void ticket(struct fixture *f, const char *lang, const char *state, int64_t age, int64_t wait, int action)
{
	char text[1024], answered[32] = "NULL";
	int64_t asked = f->now - age;
	f->next++;
	if (wait)
		snprintf(answered, sizeof(answered), "%lld", (long long)(asked + wait));
	snprintf(text, sizeof(text),
		"INSERT INTO tickets (id, state, lang, asked, anchor, changed, answered, seed, token, topic, told, way, title) "
		"VALUES (%d, '%s', '%s', %lld, %lld, %lld, %s, x'00', x'%08x', %s, %s, %s, %s);"
		"INSERT INTO verdicts (ticket, n, at, kind, action, score, generation, body, bytes, kept, waiting) VALUES (%d, 1, 0, 0, %d, 0, '', '{}', 0, 0, 0)",
		f->next, state, lang, (long long)asked, (long long)asked, (long long)asked, answered, (unsigned)f->next, topic, told, way, title, f->next,
		action);
	sql(f, text);
}

static void claim(struct fixture *f, int account, bool pick, bool older)
{
	char text[512];
	static int n = 1000;
	snprintf(text, sizeof(text),
		"INSERT INTO log (ticket, n, at, kind, author, account, audience, data) VALUES (1, %d, %lld, 'state', 'helper', %d, 'all', "
		"'{\"from\":\"queued\",\"to\":\"live\",\"event\":\"claim\"%s%s}')",
		n++, (long long)f->now, account, pick ? ",\"pick\":true" : "", older ? ",\"older\":true" : "");
	sql(f, text);
}

static struct jv *measure(struct fixture *f, int days)
{
	struct jv *v = NULL;
	struct error e = { 0 };
	if (figures_json(NULL, f->db, days, &v, &e) != ERR_OK) {
		print_error("%s\n", e.message);
		fail();
	}
	return v;
}

static int64_t num(const struct jv *v, const char *key)
{
	assert_non_null(jv_get(v, key));
	return jv_int_of(jv_get(v, key));
}

/* The group of that name; NULL: the one of what was too small. */
static const struct jv *group(const struct jv *v, const char *list_name, const char *key, const char *name)
{
	const struct jv *list = jv_get(v, list_name);
	for (size_t i = 0; i < jv_size(list); i++) {
		struct slice is = jv_get_text(jv_at(list, i), key);
		if (name ? slice_is(is, name) : !is.ptr)
			return jv_at(list, i);
	}
	return NULL;
}

static const struct jv *cell(const struct jv *v, const char *lang)
{
	return group(v, "by_lang", "lang", lang);
}

static double real(const struct jv *v, const char *key)
{
	assert_non_null(jv_get(v, key));
	return jv_real_of(jv_get(v, key));
}

static void test_empty(void **state)
{
	struct jv *v = measure(*state, 28);
	assert_int_equal(num(v, "asked"), 0);
	assert_null(jv_get(v, "answered_24h"));
	assert_null(jv_get(v, "median_s"));
	assert_null(jv_get(v, "oldest_s"));
	assert_int_equal(jv_size(jv_get(v, "by_lang")), 0);
	jv_free(&v);
}

static void test_cells(void **state)
{
	struct fixture *f = *state;
	/* English: 20 answered after 1 to 20 minutes. German: 20, of which 10 answered after 40 minutes, 10 a day old and never. */
	for (int i = 1; i <= 20; i++)
		ticket(f, "en", "closed", 2 * DAY, (int64_t)i * MINUTE, 0);
	for (int i = 0; i < 10; i++) {
		ticket(f, "de", "closed", 2 * DAY, 40 * MINUTE, 0);
		ticket(f, "de", "queued", 2 * DAY, 0, 0);
	}
	/* Too few to be told apart. */
	for (int i = 0; i < 3; i++) {
		ticket(f, "fr", "closed", 2 * DAY, MINUTE, 0);
		ticket(f, "ar", "queued", HOUR, 0, 0); /* not due yet */
	}
	ticket(f, "en", "closed", 40 * DAY, MINUTE, 0); /* before the window */
	struct jv *v = measure(f, 28);
	assert_int_equal(num(v, "asked"), 46);
	assert_int_equal(num(v, "answered"), 33);
	assert_int_equal(num(v, "oldest_s") / 3600, 48);
	const struct jv *en = cell(v, "en"), *de = cell(v, "de"), *other = cell(v, NULL);
	assert_int_equal(num(en, "asked"), 20);
	assert_true(jv_real_of(jv_get(en, "answered_24h")) == 1.0);
	assert_int_equal(num(en, "median_s"), 600);
	assert_int_equal(num(en, "p90_s"), 1080);
	assert_true(jv_real_of(jv_get(de, "answered_24h")) == 0.5);
	assert_null(jv_get(de, "median_s")); /* ten waits are gossip */
	assert_int_equal(num(other, "asked"), 6);
	assert_null(jv_get(other, "answered_24h"));
	assert_null(cell(v, "fr"));
	assert_null(cell(v, "ar"));
	jv_free(&v);
	for (int i = 0; i < 10; i++)
		ticket(f, "de", "closed", 2 * DAY, 40 * MINUTE, 0);
	v = measure(f, 28);
	/* overall 43 waits: three of 1 minute, 1..20, twenty of 40: the median is the 22nd, 19 minutes */
	assert_int_equal(num(v, "median_s"), 19 * 60);
	assert_true(jv_real_of(jv_get(cell(v, "de"), "parity")) > 2.1 && jv_real_of(jv_get(cell(v, "de"), "parity")) < 2.11);
	jv_free(&v);
}

static void test_gate(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 10; i++)
		ticket(f, "en", "closed", 2 * DAY, MINUTE, 0);
	for (int i = 0; i < 4; i++)
		ticket(f, "en", "held", 2 * DAY, 0, 2);   /* still held: stays in the denominator */
	for (int i = 0; i < 3; i++)
		ticket(f, "en", "closed", 2 * DAY, MINUTE, 2); /* held, let in, answered */
	ticket(f, "en", "closed", 2 * DAY, MINUTE, 3);     /* refused, appealed, let in */
	for (int i = 0; i < 5; i++)
		ticket(f, "en", "rejected", 2 * DAY, 0, 3);
	for (int i = 0; i < 2; i++)
		ticket(f, "en", "spam", 2 * DAY, 0, 0);
	struct jv *v = measure(f, 28);
	assert_int_equal(num(v, "asked"), 25);
	assert_int_equal(num(v, "good"), 18);
	assert_int_equal(num(v, "held"), 7);
	assert_int_equal(num(v, "refused"), 6);
	assert_int_equal(num(v, "spam"), 2);
	assert_int_equal(num(v, "false_holds"), 4);
	assert_true(jv_real_of(jv_get(v, "held_share")) == 7.0 / 25);
	assert_null(jv_get(v, "false_hold_share")); /* 18 good ones are too few */
	assert_null(jv_get(v, "answered_24h"));
	ticket(f, "en", "queued", 2 * DAY, 0, 0);
	ticket(f, "en", "queued", 2 * DAY, 0, 0);
	jv_free(&v);
	v = measure(f, 28);
	assert_true(jv_real_of(jv_get(v, "answered_24h")) == 14.0 / 20);
	jv_free(&v);
}

static void test_load(void **state)
{
	struct fixture *f = *state;
	ticket(f, "en", "live", HOUR, 0, 0);
	for (int i = 0; i < 30; i++)
		claim(f, 1, i < 20, i < 5 || i == 25);
	for (int account = 2; account <= 11; account++)
		claim(f, account, false, false);
	sql(f, "UPDATE tickets SET holder = 7");
	struct jv *v = measure(f, 28);
	assert_int_equal(num(v, "claims"), 40);
	assert_int_equal(num(v, "picks"), 20);
	assert_int_equal(num(v, "helpers"), 11);
	assert_true(real(v, "pick_share") == 20.0 / 40);
	assert_true(real(v, "top_tenth_share") == 31.0 / 40); /* two of eleven */
	assert_int_equal(num(v, "passed"), 6);
	assert_true(real(v, "pick_passed_share") == 5.0 / 20);
	assert_true(real(v, "next_passed_share") == 1.0 / 20);
	assert_int_equal(num(v, "live_most"), 1);
	jv_free(&v);
}

/* The cells name what they can, and every ticket is in exactly one. */
static void test_parts(void **state)
{
	struct fixture *f = *state;
	way = "'script'";
	topic = "'Images'";
	for (int i = 0; i < 20; i++)
		ticket(f, "en", "closed", 7 * DAY, MINUTE, 0); /* all at the same hour: a cell of their own */
	way = "'plain'";
	for (int i = 0; i < 12; i++)
		ticket(f, "en", "closed", 7 * DAY, 3 * MINUTE, 0);
	way = "'api'";
	for (int i = 0; i < 8; i++)
		ticket(f, "en", "closed", 7 * DAY, 3 * MINUTE, 0); /* too few for a way of their own: with those before, by time */
	topic = "'Editing'";
	for (int i = 0; i < 5; i++)
		ticket(f, "en", "queued", 7 * DAY, 0, 0);
	topic = way = "NULL";
	for (int i = 0; i < 3; i++)
		ticket(f, "ru", "queued", 7 * DAY, 0, 0);
	struct jv *v = measure(f, 28);
	const struct jv *cells = jv_get(v, "cells");
	int64_t sum = 0;
	for (size_t i = 0; i < jv_size(cells); i++)
		sum += num(jv_at(cells, i), "asked");
	assert_int_equal(sum, 48);
	assert_int_equal(jv_size(cells), 3);
	const struct jv *one = group(v, "cells", "way", "script"), *two = jv_at(cells, 1), *rest = group(v, "cells", "lang", NULL);
	assert_int_equal(num(one, "asked"), 20);
	assert_true(slice_is(jv_get_text(one, "lang"), "en") && slice_is(jv_get_text(one, "topic"), "Images"));
	assert_non_null(jv_get(one, "when"));
	assert_int_equal(num(two, "asked"), 20);
	assert_true(slice_is(jv_get_text(two, "topic"), "Images"));
	assert_non_null(jv_get(two, "when"));
	assert_null(jv_get(two, "way"));
	assert_true(real(two, "parity") == 3.0 && real(one, "parity") == 1.0);
	assert_int_equal(num(rest, "asked"), 8);
	assert_null(jv_get(rest, "topic"));
	assert_int_equal(num(group(v, "by_way", "way", "script"), "asked"), 20);
	assert_int_equal(num(group(v, "by_way", "way", NULL), "asked"), 28);
	jv_free(&v);
}

static void test_scripts(void **state)
{
	struct fixture *f = *state;
	title = "'Как добавить файл?'";
	for (int i = 0; i < 20; i++)
		ticket(f, "ru", "closed", 2 * DAY, MINUTE, i < 10 ? 2 : 0);
	title = "'How do I add a file?'";
	for (int i = 0; i < 20; i++)
		ticket(f, "en", "closed", 2 * DAY, MINUTE, 0);
	title = "NULL";
	struct jv *v = measure(f, 28);
	assert_true(real(group(v, "by_script", "script", "Cyrl"), "false_hold_share") == 0.5);
	assert_true(real(group(v, "by_script", "script", "Latn"), "false_hold_share") == 0);
	jv_free(&v);
}

/* "Open" is a promise: whoever asked then has an answer within a quarter of an hour. */
static void test_honesty(void **state)
{
	struct fixture *f = *state;
	told = "'open'";
	for (int i = 0; i < 18; i++)
		ticket(f, "en", "closed", 2 * DAY, 15 * MINUTE, 0);
	ticket(f, "en", "closed", 2 * DAY, 16 * MINUTE, 0);
	ticket(f, "en", "held", HOUR, 0, 2);           /* held: the gate may not flatter the figures */
	ticket(f, "en", "queued", 5 * MINUTE, 0, 0);   /* not late yet */
	ticket(f, "en", "spam", 2 * DAY, 0, 0);
	told = "'return'";
	ticket(f, "en", "queued", 2 * DAY, 0, 0);
	told = "NULL";
	ticket(f, "en", "queued", 2 * DAY, 0, 0);
	struct jv *v = measure(f, 28);
	const struct jv *open = jv_get(v, "open");
	assert_int_equal(num(open, "asked"), 20);
	assert_int_equal(num(open, "late"), 2);
	assert_true(real(open, "late_share") == 0.1);
	assert_int_equal(num(v, "spam_reached"), 1);
	assert_true(real(v, "spam_reached_share") == 1.0 / 23);
	jv_free(&v);
}

/* An hour counts when a helper did something in it; those on trial do not staff the desk. */
static void test_hours(void **state)
{
	struct fixture *f = *state;
	char text[512];
	int64_t then = (f->now / HOUR - 48) * HOUR; /* the beginning of an hour, two days ago */
	sql(f, "INSERT INTO accounts (id, login, name, role, created_ms) VALUES (1, 'ben', 'Ben', 2, 0), (2, 'tia', 'Tia', 1, 0)");
	for (int account = 1; account <= 2; account++) {
		snprintf(text, sizeof(text), "INSERT INTO log (ticket, n, at, kind, author, account, audience, body) VALUES (1, %d, %lld, 'message', "
			"'helper', %d, 'all', 'x')", account, (long long)(then + MINUTE - (account - 1) * HOUR), account);
		sql(f, text);
	}
	for (int i = 0; i < 20; i++)
		ticket(f, "en", "closed", f->now - then, 2 * MINUTE, 0);
	for (int i = 0; i < 20; i++)
		ticket(f, "en", "closed", f->now - then + 20 * MINUTE, 50 * MINUTE, 0);
	struct jv *v = measure(f, 28);
	const struct jv *hours = jv_get(v, "hours"), *week = jv_get(hours, "week");
	int64_t staffed = 0;
	for (int i = 0; i < WEEK_HOURS; i++)
		staffed += jv_int_of(jv_at(week, (size_t)i));
	assert_int_equal(jv_size(week), WEEK_HOURS);
	assert_int_equal(staffed, 1);
	/* 1970-01-01 was a Thursday; hours are Monday's first to Sunday's last, in the desk's time zone (UTC here). */
	assert_int_equal(jv_int_of(jv_at(week, (size_t)((then / HOUR + 72) % WEEK_HOURS))), 1);
	assert_int_equal(num(hours, "staffed"), 20);
	assert_true(real(hours, "staffed_share") == 0.5);
	assert_int_equal(num(v, "staffed_median_s"), 120);
	jv_free(&v);
}

static void test_answer_languages(void **state)
{
	struct fixture *f = *state;
	const char *const words[] = { "Hello, thank you for your question. You can add the source between two marks and then it is shown below.",
		"Guten Tag, danke für Ihre Frage. Sie können die Quelle zwischen zwei Marken setzen, dann wird sie unten angezeigt.", "OK" };
	char text[512];
	for (int i = 0; i < 45; i++) {
		ticket(f, i % 2 ? "de-AT" : "de", "closed", 2 * DAY, MINUTE, 0);
		snprintf(text, sizeof(text), "INSERT INTO log (ticket, n, at, kind, author, account, audience, body) SELECT id, 3, answered, 'message', "
			"'helper', 1, 'all', '%s' FROM tickets WHERE id = %d", words[i < 10 ? 0 : i < 40 ? 1 : 2], f->next);
		sql(f, text);
	}
	struct jv *v = measure(f, 28);
	const struct jv *replies = jv_get(v, "replies");
	assert_int_equal(num(replies, "looked"), 40); /* of "OK" nothing can be told */
	assert_int_equal(num(replies, "same"), 30);
	assert_true(real(replies, "same_share") == 0.75);
	jv_free(&v);
}

/* ---- in public ---- */

enum { CROWD = 4 };

struct visitor {
	struct fixture *f;
	pthread_barrier_t *door;
	int64_t took_us;
	struct about about;
	enum err rc;
};

static void *visit(void *ctx)
{
	struct visitor *v = ctx;
	struct db *db = NULL;
	struct error e = { 0 };

	v->rc = db_open(v->f->folder, DB_READ, &db, &e);
	pthread_barrier_wait(v->door);
	int64_t began = clock_mono_us();
	if (!v->rc)
		v->rc = about_read(NULL, db, &v->about, &e);
	v->took_us = clock_mono_us() - began;
	db_close(&db);
	return NULL;
}

/* Strangers who come all at once to a large desk that has just started: one makes the figures, nobody waits for them. */
static void test_a_crowd_at_the_start(void **state)
{
	struct fixture *f = *state;
	struct visitor crowd[CROWD];
	pthread_t threads[CROWD];
	pthread_barrier_t door;
	struct about a;
	struct error e = { 0 };
	char text[600];
	int64_t longest = 0;
	int makers = 0;

	snprintf(text, sizeof(text),
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
		"INSERT INTO tickets (id, state, lang, asked, anchor, changed, seed, token) SELECT i, 'closed', 'en', %lld - i * 10000, 0, 0, x'00', i FROM n",
		(long long)f->now);
	sql(f, text);
	pthread_barrier_init(&door, NULL, CROWD);
	for (int i = 0; i < CROWD; i++) {
		crowd[i] = (struct visitor){ .f = f, .door = &door };
		assert_int_equal(pthread_create(&threads[i], NULL, visit, &crowd[i]), 0);
	}
	for (int i = 0; i < CROWD; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(crowd[i].rc, ERR_OK);
		longest = crowd[i].took_us > longest ? crowd[i].took_us : longest;
	}
	pthread_barrier_destroy(&door);
	for (int i = 0; i < CROWD; i++)
		makers += crowd[i].took_us * 3 > longest;
	assert_int_equal(makers, 1);
	assert_int_equal(about_read(NULL, f->db, &a, &e), ERR_OK);
	assert_int_equal(a.good, 60000);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = { TEST(test_empty), TEST(test_cells), TEST(test_gate), TEST(test_load), TEST(test_parts), TEST(test_scripts),
		TEST(test_honesty), TEST(test_hours), TEST(test_answer_languages), TEST(test_a_crowd_at_the_start) };
	return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
