#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "base/crypt.h"
#include "store/db.h"
#include "store/migrate.h"
#include "store/sql.h"
#include "unit/tmpdir.h"

enum { BASE = 100000 };

struct fixture {
	char *folder;
	struct db *w, *r;
};

static int setup(void **state)
{
	static struct fixture f;
	struct error e;
	f = (struct fixture){ .folder = tmpdir_make() };
	*state = &f;
	if (migrate_run(f.folder, NULL, NULL, &e) || db_open(f.folder, DB_WRITE, &f.w, &e) || db_open(f.folder, DB_READ, &f.r, &e)) {
		print_error("%s\n", e.message);
		return 1;
	}
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	db_close(&f->w);
	db_close(&f->r);
	tmpdir_remove(f->folder);
	return 0;
}

static enum err add(struct db *db, int64_t number, struct slice name, struct error *e)
{
	return db_run(db, SQL_MIGRATION_ADD, BINDS(b_int(number), b_text(name), b_str("x"), b_int(1)), NULL, e);
}

static int64_t count(struct db *db)
{
	struct rows r;
	int64_t n = 0;
	assert_int_equal(rows_open(db, &r, SQL_MIGRATIONS_APPLIED, NO_BINDS, NULL), ERR_OK);
	while (rows_next(&r))
		n += rows_int(&r, 0) >= BASE;
	assert_int_equal(rows_close(&r), ERR_OK);
	return n;
}

static void test_missing_is_not_found(void **state)
{
	(void)state;
	char *folder = tmpdir_make();
	struct db *db = NULL;
	struct error e;
	assert_int_equal(db_open(folder, DB_READ, &db, &e), ERR_NOT_FOUND);
	assert_int_equal(db_open(folder, DB_WRITE, &db, &e), ERR_NOT_FOUND);
	assert_null(db);
	/* A database without the schema does not fit: said at the opening, not at the first request. */
	assert_int_equal(db_open_bare(folder, DB_WRITE, &db, &e), ERR_OK);
	db_close(&db);
	assert_int_equal(db_open(folder, DB_WRITE, &db, &e), ERR_CONFLICT);
	tmpdir_remove(folder);
}

static void test_file_is_private(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "", "-wal", "-shm" };
	for (int i = 0; i < 3; i++) {
		char path[200];
		struct stat st;
		snprintf(path, sizeof(path), "%s/" DB_FILE "%s", f->folder, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 077, 0);
	}
}

static void test_values_come_back(void **state)
{
	struct fixture *f = *state;
	static const char text[] = "a \xE2\x80\x94 b";
	struct rows r;
	struct error e;
	int64_t changed = 0;
	assert_int_equal(db_run(f->w, SQL_MIGRATION_ADD, BINDS(b_int(INT64_MAX), b_str(text), b_str(""), b_int(-1)), &changed, &e), ERR_OK);
	assert_int_equal(changed, 1);
	assert_int_equal(rows_open(f->r, &r, SQL_MIGRATIONS_APPLIED, NO_BINDS, &e), ERR_OK);
	int64_t last = 0;
	while (rows_next(&r)) {
		last = rows_int(&r, 0);
		if (last == INT64_MAX) {
			assert_true(slice_is(rows_text(&r, 1), text));
			assert_int_equal(rows_text(&r, 1).ptr[strlen(text)], 0);
			assert_non_null(rows_text(&r, 2).ptr);
			assert_int_equal(rows_text(&r, 2).len, 0);
			assert_false(rows_null(&r, 2));
		}
	}
	assert_int_equal(rows_close(&r), ERR_OK);
	assert_true(last == INT64_MAX);
}

static void test_constraints_are_conflicts(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };
	assert_int_equal(add(f->w, BASE, SLICE("x"), &e), ERR_OK);
	assert_int_equal(add(f->w, BASE, SLICE("x"), &e), ERR_CONFLICT);
	assert_null(strstr(e.message, "migrations")); /* no names of tables, no SQL */
	assert_int_equal(add(f->w, BASE + 1, SLICE_NONE, &e), ERR_CONFLICT);
	assert_int_equal(count(f->r), 1);
}

static void test_readers_cannot_write(void **state)
{
	struct fixture *f = *state;
	struct error e;
	assert_int_not_equal(add(f->r, BASE, SLICE("x"), &e), ERR_OK);
	assert_int_not_equal(db_begin(f->r, &e), ERR_OK);
	db_undo_all(f->r);
	assert_int_equal(count(f->w), 0);
}

/* One reader of a statement at a time; after closing it can be read again. */
static void test_a_statement_in_use(void **state)
{
	struct fixture *f = *state;
	struct rows a, b;
	struct error e;
	assert_int_equal(rows_open(f->r, &a, SQL_MIGRATIONS_APPLIED, NO_BINDS, &e), ERR_OK);
	assert_true(rows_next(&a));
	assert_int_equal(rows_open(f->r, &b, SQL_MIGRATIONS_APPLIED, NO_BINDS, &e), ERR_INTERNAL);
	assert_false(rows_next(&b));
	assert_int_equal(rows_close(&b), ERR_INTERNAL);
	assert_int_equal(rows_close(&a), ERR_OK);
	assert_true(count(f->r) == 0);
}

static enum err add_two(struct db *db, void *self, struct error *e)
{
	enum err rc = add(db, BASE, SLICE("x"), e);
	if (rc == ERR_OK)
		rc = add(db, BASE + 1, SLICE("x"), e);
	return rc ? rc : *(enum err *)self;
}

static void test_transact(void **state)
{
	struct fixture *f = *state;
	enum err then = ERR_LIMITED;
	struct error e;
	assert_int_equal(db_transact(f->w, add_two, &then, &e), ERR_LIMITED);
	assert_false(db_in_transaction(f->w));
	assert_int_equal(count(f->r), 0);
	then = ERR_OK;
	assert_int_equal(db_transact(f->w, add_two, &then, &e), ERR_OK);
	assert_int_equal(count(f->r), 2);
}

static void test_marks(void **state)
{
	struct fixture *f = *state;
	struct error e;
	assert_int_equal(db_begin(f->w, &e), ERR_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(db_mark(f->w, &e), ERR_OK);
		assert_int_equal(add(f->w, BASE + i, SLICE("x"), &e), ERR_OK);
		assert_int_equal(i == 1 ? db_mark_undo(f->w, &e) : db_mark_keep(f->w, &e), ERR_OK);
	}
	assert_int_equal(count(f->r), 0);
	assert_int_equal(db_commit(f->w, &e), ERR_OK);
	assert_int_equal(count(f->r), 2);
}

static void test_snapshot(void **state)
{
	struct fixture *f = *state;
	struct error e;
	assert_int_equal(db_snapshot_begin(f->r, &e), ERR_OK);
	assert_int_equal(count(f->r), 0);
	assert_int_equal(add(f->w, BASE, SLICE("x"), &e), ERR_OK);
	assert_int_equal(count(f->r), 0);
	db_snapshot_end(f->r);
	assert_int_equal(count(f->r), 1);
}

static void test_version_sees_others(void **state)
{
	struct fixture *f = *state;
	struct error e;
	int64_t before, same, after;
	assert_int_equal(db_version(f->r, &before, &e), ERR_OK);
	assert_int_equal(db_version(f->r, &same, &e), ERR_OK);
	assert_int_equal(before, same);
	assert_int_equal(add(f->w, BASE, SLICE("x"), &e), ERR_OK);
	assert_int_equal(db_version(f->r, &after, &e), ERR_OK);
	assert_int_not_equal(before, after);
}

static void test_copy(void **state)
{
	struct fixture *f = *state;
	struct error e;
	struct stat st;
	sqlite3 *copy;
	sqlite3_stmt *stmt;
	char path[200];
	snprintf(path, sizeof(path), "%s/copy.db", f->folder);
	assert_int_equal(add(f->w, BASE, SLICE("x"), &e), ERR_OK);
	/* What is not committed is not in the copy. */
	assert_int_equal(db_begin(f->w, &e), ERR_OK);
	assert_int_equal(add(f->w, BASE + 1, SLICE("x"), &e), ERR_OK);
	assert_int_equal(db_copy(f->r, path, &e), ERR_OK);
	assert_int_equal(db_commit(f->w, &e), ERR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(db_copy(f->r, path, &e), ERR_CONFLICT);
	assert_int_equal(sqlite3_open(path, &copy), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(copy, "SELECT count(*) FROM migrations WHERE number >= 100000", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(stmt, 0), 1);
	sqlite3_finalize(stmt);
	sqlite3_close(copy);
	snprintf(path, sizeof(path), "%s/copy.db-wal", f->folder);
	assert_int_equal(stat(path, &st), -1);
	snprintf(path, sizeof(path), "%s/none/copy.db", f->folder);
	assert_int_equal(db_copy(f->r, path, &e), ERR_IO);
}

/* Damage is found, not served. */
static void test_check(void **state)
{
	struct fixture *f = *state;
	struct error e;
	char path[200];
	assert_int_equal(db_check(f->r, &e), ERR_OK);
	assert_int_equal(db_truncate_log(f->w, &e), ERR_OK);
	db_close(&f->w);
	db_close(&f->r);
	snprintf(path, sizeof(path), "%s/" DB_FILE, f->folder);
	FILE *file = fopen(path, "r+");
	assert_non_null(file);
	for (long page = 3; page < 40; page++) {
		assert_int_equal(fseek(file, page * 4096 + 8, SEEK_SET), 0);
		assert_int_equal(fwrite("damaged!", 1, 8, file), 8);
	}
	fclose(file);
	struct db *db = NULL;
	enum err rc = db_open_bare(f->folder, DB_READ, &db, &e);
	if (rc == ERR_OK)
		rc = db_check(db, &e);
	assert_int_equal(rc, ERR_CORRUPT);
	db_close(&db);
}

/* The log is written back and emptied, so that what was deleted is off the disk; a reader in the way is said. */
static void test_truncate_log(void **state)
{
	struct fixture *f = *state;
	struct error e;
	struct stat st;
	char path[200];
	snprintf(path, sizeof(path), "%s/" DB_FILE "-wal", f->folder);
	assert_int_equal(add(f->w, BASE, SLICE("a secret of somebody"), &e), ERR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(db_truncate_log(f->w, &e), ERR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
}

/* Statements name who uses them; a name is used once. */
static void test_statements_are_named(void **state)
{
	(void)state;
	for (int i = 0; i < SQL_COUNT; i++) {
		const struct sql *s = sql_of((enum sql_id)i);
		assert_true(s->name[0] && s->rooms[0] && s->text[0]);
		assert_non_null(strchr(s->rooms, '/'));
	}
}

/* The second line of defence, seen from outside: text that never should have been prepared is refused by the connection. */
static void test_script_needs_a_bare_connection(void **state)
{
	struct fixture *f = *state;
	struct db *db = NULL;
	struct error e = { 0 };
	assert_int_equal(db_open_bare(f->folder, DB_WRITE, &db, &e), ERR_OK);
	assert_int_equal(db_begin(db, &e), ERR_OK);
	assert_int_equal(db_script(db, "CREATE TABLE more (x)", &e), ERR_OK);
	assert_int_not_equal(db_script(db, "ATTACH '/etc/passwd' AS p", &e), ERR_OK);
	assert_int_not_equal(db_script(db, "PRAGMA writable_schema = ON", &e), ERR_OK);
	assert_int_not_equal(db_script(db, "SELECT load_extension('x')", &e), ERR_OK);
	assert_int_not_equal(db_script(db, "ROLLBACK", &e), ERR_OK);
	assert_true(db_in_transaction(db));
	db_undo_all(db);
	assert_false(db_has_table(db, "more"));
	assert_true(db_has_table(db, "migrations"));
	db_close(&db);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_missing_is_not_found),
		T(test_file_is_private),
		T(test_values_come_back),
		T(test_constraints_are_conflicts),
		T(test_readers_cannot_write),
		T(test_a_statement_in_use),
		T(test_transact),
		T(test_marks),
		T(test_snapshot),
		T(test_version_sees_others),
		T(test_copy),
		T(test_check),
		T(test_truncate_log),
		T(test_statements_are_named),
		T(test_script_needs_a_bare_connection),
	};
	return crypt_init(NULL) ? 1 : cmocka_run_group_tests_name("store/db", tests, NULL, NULL);
}
