/* gate_fixture: a desk on a real database with the real gate and rulebook, in a folder of its own. */
#ifndef TESTS_UNIT_GATE_FIXTURE_H
#define TESTS_UNIT_GATE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>

#include "desk/gate.h"
#include "desk/judgement.h"
#include "desk/keys.h"
#include "desk/presence.h"
#include "desk/rulebook.h"
#include "desk/talk.h"
#include "desk/ticket.h"
#include "desk/words.h"
#include "store/migrate.h"
#include "unit/tmpdir.h"

struct fixture {
	char *folder;
	struct desk desk;
	struct db *db;
	struct arena *arena;
	sqlite3 *raw;
};

static const struct actor mod = { .role = ROLE_MODERATOR, .account = 13, .name = { "Mora", 4 } };

#define MUST(call) \
	do { \
		enum err rc_ = (call); \
		if (rc_) \
			fail_msg("line %d: %s: %s %s: %s", __LINE__, #call, err_name(rc_), e.field, e.message); \
	} while (0)

static inline void put_file(const char *folder, const char *name, const char *text)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static inline void make_folder(const char *folder, const char *name)
{
	char path[300];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static inline void set_conf(const char *key, const char *value)
{
	struct error e = { 0 };
	MUST(conf_override(key, value, &e));
	MUST(conf_load(NULL, &e));
}

/* Without the rulebook, which tests open as they need it. */
static inline int setup_bare(void **state)
{
	static struct fixture f;
	struct error e = { 0 };
	char path[200];

	memset(&f, 0, sizeof(f));
	words_install();
	MUST(crypt_init(&e));
	set_conf("rules", "");
	set_conf("rate_limits", "off");
	set_conf("form_token", "score");
	set_conf("refused_mib", "256");
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
	*state = &f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	rulebook_close(&f->desk.rulebook);
	sqlite3_close(f->raw);
	arena_free(&f->arena);
	db_close(&f->db);
	writer_free(&f->desk.writer);
	presence_free(&f->desk.presence);
	hub_free(&f->desk.hub);
	keys_free(&f->desk.keys);
	tmpdir_remove(f->folder);
	return 0;
}

static inline int64_t raw_int(struct fixture *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline int64_t raw_int(struct fixture *f, const char *fmt, ...)
{
	char sql[500];
	sqlite3_stmt *s;
	int64_t out = 0;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	if (sqlite3_prepare_v2(f->raw, sql, -1, &s, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(f->raw));
	if (sqlite3_step(s) == SQLITE_ROW)
		out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return out;
}

#endif
