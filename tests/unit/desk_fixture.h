/* desk_fixture: a desk on a real database in a folder of its own, with a gate that says what the test tells it. The gate's functions
 * are defined here, so the linker leaves the real ones in the library. */
#ifndef TESTS_UNIT_DESK_FIXTURE_H
#define TESTS_UNIT_DESK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>

#include "desk/gate.h"
#include "desk/keys.h"
#include "desk/lease.h"
#include "desk/presence.h"
#include "desk/publish.h"
#include "desk/queue.h"
#include "desk/search.h"
#include "desk/talk.h"
#include "desk/words.h"
#include "store/migrate.h"
#include "unit/tmpdir.h"

/* ---- the gate ---- */

static enum action fake_action;
static struct verdict fake_verdict;
static int fake_screened, fake_forgotten;

enum err gate_screen(struct desk *d, struct db *db, struct arena *a, const struct submission *in, const struct sender *who,
	struct screening **out, struct error *e)
{
	static char token;
	(void)d, (void)db, (void)a, (void)in, (void)who, (void)e;
	__atomic_add_fetch(&fake_screened, 1, __ATOMIC_RELAXED);
	*out = (struct screening *)&token;
	return ERR_OK;
}

enum err gate_record(struct db *db, const struct screening *s, int64_t ticket, int64_t n, enum action *action, struct error *e)
{
	(void)db, (void)s, (void)ticket, (void)n, (void)e;
	*action = fake_action;
	return ERR_OK;
}

const struct verdict *gate_verdict(const struct screening *s)
{
	(void)s;
	return &fake_verdict;
}

struct slice gate_note(const struct screening *s)
{
	(void)s;
	return SLICE("");
}

enum err gate_form_check(struct desk *d, struct db *db, struct slice form, struct gate_form *out, struct error *e)
{
	(void)d, (void)db, (void)form, (void)e;
	memset(out, 0, sizeof(*out));
	out->state = FORM_GOOD;
	return ERR_OK;
}

enum err gate_forget(struct db *db, int64_t ticket, struct error *e)
{
	(void)db, (void)ticket, (void)e;
	fake_forgotten++;
	return ERR_OK;
}

/* ---- the desk ---- */

struct fixture {
	char *folder;
	struct desk desk;
	struct db *db;
	struct arena *arena;
	struct publish *publish;
	sqlite3 *raw; /* for states that only time would bring about */
};

static const struct actor anna = { .role = ROLE_HELPER, .account = 11, .name = { "Anna", 4 } };
static const struct actor bert = { .role = ROLE_HELPER, .account = 12, .name = { "Bert", 4 } };
static const struct actor mod = { .role = ROLE_MODERATOR, .account = 13, .name = { "Mora", 4 } };
static const struct actor trial = { .role = ROLE_TRIAL, .account = 14, .name = { "Tria", 4 } };

static inline void must(enum err rc, const struct error *e, const char *what, int line)
{
	if (rc)
		fail_msg("line %d: %s: %s %s: %s", line, what, err_name(rc), e->field, e->message);
}
#define MUST(call) must((call), &e, #call, __LINE__)

static inline int setup(void **state)
{
	static struct fixture f;
	struct error e = { 0 };
	char path[200];

	memset(&f, 0, sizeof(f));
	fake_action = ACTION_ACCEPT;
	memset(&fake_verdict, 0, sizeof(fake_verdict));
	fake_screened = fake_forgotten = 0;
	words_install();
	MUST(crypt_init(&e));
	MUST(conf_load(NULL, &e));
	f.folder = tmpdir_make();
	f.desk.folder = f.folder;
	MUST(migrate_run(f.folder, NULL, NULL, &e));
	MUST(keys_open(f.folder, &f.desk.keys, &e));
	MUST(writer_new(f.folder, &f.desk.writer, &e));
	f.desk.hub = hub_new();
	f.desk.presence = presence_new(f.desk.hub);
	MUST(publish_start(&f.desk, &f.publish, &e));
	MUST(db_open(f.folder, DB_READ, &f.db, &e));
	f.arena = arena_new(64 << 20);
	snprintf(path, sizeof(path), "%s/porchlight.db", f.folder);
	assert_int_equal(sqlite3_open(path, &f.raw), SQLITE_OK);
	sqlite3_busy_timeout(f.raw, 5000);
	*state = &f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

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

static inline struct asked ask_as(struct fixture *f, const char *body, const char *client_id)
{
	struct ask in = { .body = slice_of(body), .name = SLICE("Newcomer"), .lang = SLICE("en"), .client_id = slice_of(client_id) };
	struct asked out;
	struct error e = { 0 };

	MUST(ticket_ask(&f->desk, f->db, f->arena, &in, &out, &e));
	return out;
}

static inline int64_t ask(struct fixture *f, const char *body)
{
	return ask_as(f, body, NULL).ticket;
}

static inline struct ticket load(struct fixture *f, int64_t id)
{
	struct ticket t;
	struct error e = { 0 };

	MUST(ticket_load(f->db, f->arena, id, &t, &e));
	return t;
}

static inline int64_t claim(struct fixture *f, int64_t id, const struct actor *who)
{
	struct acted out;
	struct error e = { 0 };

	MUST(queue_claim(&f->desk, &(struct act){ .ticket = id, .by = BY_HELPER, .who = *who }, &out, &e));
	return out.fence;
}

static inline enum err say(struct fixture *f, int64_t id, const struct actor *who, int64_t fence, const char *body, const char *client_id,
			   struct posted *out)
{
	struct error e = { 0 };
	struct post in = { .act = { .ticket = id, .by = who ? BY_HELPER : BY_ASKER, .fenced = who != NULL, .fence = fence,
				    .client_id = slice_of(client_id) },
			   .body = slice_of(body) };

	if (who)
		in.act.who = *who;
	return talk_post(&f->desk, f->db, f->arena, &in, out, &e);
}

static inline struct page read_all(struct fixture *f, int64_t id, int64_t after, enum view v)
{
	struct page page;
	struct error e = { 0 };

	MUST(talk_read(f->db, f->arena, id, after, TALK_PAGE, v, &page, &e));
	return page;
}

#endif
