/* Fairness counted over a hand-made desk whose answers are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "desk/figures.h"
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

/* action: enum action of its verdict. wait 0: not answered. */
static void ticket(struct fixture *f, const char *lang, const char *state, int64_t age, int64_t wait, int action)
{
	char text[1024], answered[32] = "NULL";
	int64_t asked = f->now - age;
	f->next++;
	if (wait)
		snprintf(answered, sizeof(answered), "%lld", (long long)(asked + wait));
	snprintf(text, sizeof(text),
		"INSERT INTO tickets (id, state, lang, asked, anchor, changed, answered, seed, token) VALUES (%d, '%s', '%s', %lld, %lld, %lld, %s, x'00', x'%08x');"
		"INSERT INTO verdicts (ticket, n, at, kind, action, score, generation, body, bytes, kept, waiting) VALUES (%d, 1, 0, 0, %d, 0, '', '{}', 0, 0, 0)",
		f->next, state, lang, (long long)asked, (long long)asked, (long long)asked, answered, (unsigned)f->next, f->next, action);
	sql(f, text);
}

static void claim(struct fixture *f, int account, bool pick)
{
	char text[512];
	static int n = 1000;
	snprintf(text, sizeof(text),
		"INSERT INTO log (ticket, n, at, kind, author, account, audience, data) VALUES (1, %d, %lld, 'state', 'helper', %d, 'all', "
		"'{\"from\":\"queued\",\"to\":\"live\",\"event\":\"claim\"%s}')",
		n++, (long long)f->now, account, pick ? ",\"pick\":true" : "");
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

static const struct jv *cell(const struct jv *v, const char *lang)
{
	const struct jv *list = jv_get(v, "by_lang");
	for (size_t i = 0; i < jv_size(list); i++)
		if (slice_is(jv_get_text(jv_at(list, i), "lang"), lang))
			return jv_at(list, i);
	return NULL;
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
	const struct jv *en = cell(v, "en"), *de = cell(v, "de"), *other = cell(v, "other");
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
		claim(f, 1, i < 6);
	for (int account = 2; account <= 11; account++)
		claim(f, account, false);
	struct jv *v = measure(f, 28);
	assert_int_equal(num(v, "claims"), 40);
	assert_int_equal(num(v, "picks"), 6);
	assert_int_equal(num(v, "helpers"), 11);
	assert_true(jv_real_of(jv_get(v, "pick_share")) == 6.0 / 40);
	assert_true(jv_real_of(jv_get(v, "top_tenth_share")) == 31.0 / 40); /* two of eleven */
	jv_free(&v);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = { TEST(test_empty), TEST(test_cells), TEST(test_gate), TEST(test_load) };
	return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
