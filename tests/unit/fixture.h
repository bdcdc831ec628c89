/* fixture: what every test of a desk stands on: a desk on a real database in a folder of its own, and a second connection to look and to
 * bring about what only time would. desk_fixture and gate_fixture say how its gate behaves. */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>

#include "desk/keys.h"
#include "desk/presence.h"
#include "desk/publish.h"
#include "desk/rulebook.h"
#include "desk/words.h"
#include "store/migrate.h"
#include "unit/tmpdir.h"

struct fixture {
	char *folder;
	struct desk desk;
	struct db *db;
	struct arena *arena;
	struct publish *publish; /* NULL: nothing is published */
	sqlite3 *raw;
};

static const struct actor mod = { .role = ROLE_MODERATOR, .account = 13, .name = { "Mora", 4 } };

static inline void must(enum err rc, const struct error *e, const char *what, int line)
{
	if (rc)
		fail_msg("line %d: %s: %s %s: %s", line, what, err_name(rc), e->field, e->message);
}
#define MUST(call) must((call), &e, #call, __LINE__)

/* Everything but a publisher and a rulebook. */
static inline struct fixture *fixture_open(void)
{
	static struct fixture f;
	struct error e = { 0 };
	char path[200];

	memset(&f, 0, sizeof(f));
	words_install();
	MUST(crypt_init(&e));
	f.folder = tmpdir_make();
	f.desk.folder = f.folder;
	MUST(migrate_run(f.folder, NULL, NULL, &e));
	MUST(keys_open(f.folder, &f.desk.keys, &e));
	MUST(writer_new(f.folder, &f.desk.writer, &e));
	f.desk.hub = hub_new();
	f.desk.presence = presence_new(f.desk.hub);
	MUST(db_open(f.folder, DB_READ, &f.db, &e));
	f.arena = arena_new(256 << 20);
	snprintf(path, sizeof(path), "%s/porchlight.db", f.folder);
	assert_int_equal(sqlite3_open(path, &f.raw), SQLITE_OK);
	sqlite3_busy_timeout(f.raw, 5000);
	return &f;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	rulebook_close(&f->desk.rulebook);
	sqlite3_close(f->raw);
	arena_free(&f->arena);
	db_close(&f->db);
	writer_free(&f->desk.writer);
	publish_stop(&f->publish);
	presence_free(&f->desk.presence);
	hub_free(&f->desk.hub);
	keys_free(&f->desk.keys);
	tmpdir_remove(f->folder);
	return 0;
}

static inline void raw(struct fixture *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline void raw(struct fixture *f, const char *fmt, ...)
{
	char sql[500], *error = NULL;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	if (sqlite3_exec(f->raw, sql, NULL, NULL, &error))
		fail_msg("%s: %s", sql, error);
}

static inline int64_t raw_int(struct fixture *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline int64_t raw_int(struct fixture *f, const char *fmt, ...)
{
	char sql[500];
	sqlite3_stmt *s;
	int64_t out;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	if (sqlite3_prepare_v2(f->raw, sql, -1, &s, NULL) || sqlite3_step(s) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(f->raw));
	out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return out;
}

#endif
