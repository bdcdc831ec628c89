#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/crypt.h"
#include "store/db.h"
#include "store/migrate.h"
#include "unit/tmpdir.h"

static struct migration two[] = {
	{ 1, "0001_first", { "CREATE TABLE a (x INTEGER PRIMARY KEY); INSERT INTO a VALUES (7);", 65 } },
	{ 2, "0002_second", { "CREATE TABLE b (y INTEGER REFERENCES a(x));", 43 } },
};

static void set(struct migration *m, const char *text)
{
	m->text = slice_of(text);
}

static int setup(void **state)
{
	set(&two[0], "CREATE TABLE a (x INTEGER PRIMARY KEY); INSERT INTO a VALUES (7);");
	set(&two[1], "CREATE TABLE b (y INTEGER REFERENCES a(x));");
	snprintf(two[0].name, sizeof(two[0].name), "0001_first");
	*state = tmpdir_make();
	return 0;
}

static int teardown(void **state)
{
	tmpdir_remove(*state);
	return 0;
}

static void count(const char *name, void *ctx)
{
	(void)name;
	++*(int *)ctx;
}

static bool has(const char *folder, const char *table)
{
	struct db *db;
	assert_int_equal(db_open_bare(folder, DB_READ, &db, NULL), ERR_OK);
	bool there = db_has_table(db, table);
	db_close(&db);
	return there;
}

static void test_forward(void **state)
{
	struct migrate_state s;
	struct error e;
	int n = 0;
	assert_int_equal(migrate_check_list(*state, two, 2, &s, &e), ERR_OK);
	assert_int_equal(s.pending, 2);
	assert_string_equal(s.next, "0001_first");
	assert_int_equal(migrate_run_list(*state, two, 1, count, &n, &e), ERR_OK);
	assert_int_equal(migrate_check_list(*state, two, 2, &s, &e), ERR_OK);
	assert_int_equal(s.applied, 1);
	assert_string_equal(s.next, "0002_second");
	assert_int_equal(migrate_run_list(*state, two, 2, count, &n, &e), ERR_OK);
	assert_int_equal(migrate_run_list(*state, two, 2, count, &n, &e), ERR_OK);
	assert_int_equal(n, 2);
	assert_int_equal(migrate_check_list(*state, two, 2, &s, &e), ERR_OK);
	assert_int_equal(s.pending, 0);
	assert_true(has(*state, "a"));
	assert_true(has(*state, "b"));
}

static void test_newer_database(void **state)
{
	struct migrate_state s;
	struct error e;
	assert_int_equal(migrate_run_list(*state, two, 2, NULL, NULL, &e), ERR_OK);
	assert_int_equal(migrate_check_list(*state, two, 1, &s, &e), ERR_CONFLICT);
	assert_non_null(strstr(e.message, "newer Porchlight"));
	assert_int_equal(migrate_run_list(*state, two, 1, NULL, NULL, &e), ERR_CONFLICT);
}

static void test_changed_text(void **state)
{
	struct error e;
	assert_int_equal(migrate_run_list(*state, two, 1, NULL, NULL, &e), ERR_OK);
	set(&two[0], "CREATE TABLE a (x INTEGER PRIMARY KEY); INSERT INTO a VALUES (8);");
	assert_int_equal(migrate_run_list(*state, two, 2, NULL, NULL, &e), ERR_CONFLICT);
	assert_non_null(strstr(e.message, "0001_first"));
	assert_false(has(*state, "b"));
}

static void broken(void **state, const char *text, const char *words)
{
	struct migrate_state s;
	struct error e;
	set(&two[1], text);
	assert_int_not_equal(migrate_run_list(*state, two, 2, NULL, NULL, &e), ERR_OK);
	assert_non_null(strstr(e.message, "0002_second failed and was undone"));
	if (!strstr(e.message, words))
		fail_msg("\"%s\" does not say \"%s\"", e.message, words);
	assert_int_equal(migrate_check_list(*state, two, 2, &s, &e), ERR_OK);
	assert_int_equal(s.applied, 1);
	assert_false(has(*state, "b"));
}

static void test_broken_is_undone(void **state)
{
	broken(state, "CREATE TABLE b (y); CREATE NONSENSE;", "NONSENSE");
	broken(state, "CREATE TABLE b (y); COMMIT; CREATE TABLE c (z);", "not authorized");
	broken(state, "CREATE TABLE b (y); ATTACH 'x' AS x;", "not authorized");
	broken(state, "CREATE TABLE b (y INTEGER REFERENCES a(x)); INSERT INTO b VALUES (99);", "contradicts");
}

static void test_gaps(void **state)
{
	struct error e;
	assert_int_equal(migrate_run_list(*state, two + 1, 1, NULL, NULL, &e), ERR_INTERNAL);
	assert_non_null(strstr(e.message, "out of order"));
}

/* What is embedded applies to nothing, and every named statement fits the result. */
static void test_embedded(void **state)
{
	struct migrate_state s;
	struct error e = { 0 };
	struct db *db = NULL;
	if (migrate_run(*state, NULL, NULL, &e))
		fail_msg("%s", e.message);
	assert_int_equal(migrate_check(*state, &s, &e), ERR_OK);
	assert_int_equal(s.pending, 0);
	if (s.known && db_open(*state, DB_WRITE, &db, &e))
		fail_msg("%s", e.message);
	db_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_forward, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newer_database, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_is_undone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gaps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_embedded, setup, teardown),
	};
	return crypt_init(NULL) ? 1 : cmocka_run_group_tests_name("store/migrate", tests, NULL, NULL);
}
