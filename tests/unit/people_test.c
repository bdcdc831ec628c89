/* Accounts, sessions, keys, bans, ready replies and the audit over a real store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "desk/attempt.h"
#include "desk/audit.h"
#include "desk/bans.h"
#include "desk/canned.h"
#include "desk/keys.h"
#include "desk/people.h"
#include "desk/repeat.h"
#include "store/migrate.h"
#include "unit/tmpdir.h"

struct fixture {
	char *folder;
	struct desk d;
	struct db *db;
	struct arena *a;
	int64_t admin;
	struct actor who; /* the admin */
};

static struct error err;
#define OK(call) do { if ((call) != ERR_OK) { print_error("%s: %s\n", #call, err.message); fail(); } } while (0)

static int setup(void **state)
{
	static struct fixture f;
	struct error e = { 0 };
	f = (struct fixture){ .folder = tmpdir_make(), .a = arena_new(8 << 20) };
	setenv("PORCHLIGHT_RATE_LIMITS", "on", 1);
	if (crypt_init(&e) || conf_load(NULL, &e) || migrate_run(f.folder, NULL, NULL, &e) || writer_new(f.folder, &f.d.writer, &e) ||
		keys_open(f.folder, &f.d.keys, &e) || db_open(f.folder, DB_READ, &f.db, &e)) {
		print_error("%s\n", e.message);
		return 1;
	}
	f.d.folder = f.folder;
	f.d.hub = hub_new();
	struct people_new n = { .login = SLICE("Root"), .name = SLICE("Ada"), .password = SLICE("correct horse"), .role = ROLE_ADMIN };
	if (people_add(&f.d, f.db, NULL, &n, NULL, &f.admin, &e)) {
		print_error("%s\n", e.message);
		return 1;
	}
	f.who = (struct actor){ .role = ROLE_ADMIN, .account = f.admin, .name = SLICE("Ada") };
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	db_close(&f->db);
	writer_free(&f->d.writer);
	keys_free(&f->d.keys);
	hub_free(&f->d.hub);
	arena_free(&f->a);
	tmpdir_remove(f->folder);
	return 0;
}

/* Straight into the file, for what only time could do. */
static void sql(struct fixture *f, const char *text)
{
	char path[256];
	sqlite3 *db;
	snprintf(path, sizeof(path), "%s/porchlight.db", f->folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 2000);
	char *why = NULL;
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) {
		print_error("%s\n", why);
		fail();
	}
	sqlite3_close(db);
}

static int64_t repeats(struct fixture *f)
{
	char path[256];
	sqlite3 *db;
	sqlite3_stmt *s;
	snprintf(path, sizeof(path), "%s/porchlight.db", f->folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT COUNT(*) FROM repeats", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static int64_t add(struct fixture *f, const char *login, enum role role)
{
	int64_t id = 0;
	struct people_new n = { .login = slice_of(login), .password = SLICE("a long enough one"), .role = role };
	OK(people_add(&f->d, f->db, &f->who, &n, NULL, &id, &err));
	return id;
}

static enum err log_in(struct fixture *f, const char *login, const char *password, char secret[PEOPLE_SECRET_BYTES],
	struct people_session *s)
{
	struct sender nobody = { 0 };
	err = (struct error){ 0 };
	return people_login(&f->d, f->db, f->a, &nobody, slice_of(login), slice_of(password), secret, s, &err);
}

static void test_names(void **state)
{
	struct fixture *f = *state;
	int64_t id = 0;
	struct account a;
	static const struct {
		const char *login, *name, *password;
		enum role role;
		enum err err;
		const char *field;
	} rows[] = {
		{ "", NULL, NULL, ROLE_HELPER, ERR_INVALID, "name" },
		{ "two words", NULL, NULL, ROLE_HELPER, ERR_INVALID, "name" },
		{ "a\nb", NULL, NULL, ROLE_HELPER, ERR_INVALID, "name" },
		{ "ROOT", NULL, NULL, ROLE_HELPER, ERR_CONFLICT, "name" },
		{ "eve", "", NULL, ROLE_HELPER, ERR_INVALID, "display" },
		{ "eve", "Eve", NULL, ROLE_HELPER, ERR_INVALID, "display" },
		{ "a\xe2\x80\x8b" "b", NULL, NULL, ROLE_HELPER, ERR_INVALID, "name" }, /* zero width space */
		{ "a\xff", NULL, NULL, ROLE_HELPER, ERR_INVALID, "name" },
		{ "eve", "\xe2\x80\xaegro", NULL, ROLE_HELPER, ERR_INVALID, "display" }, /* right-to-left override */
		{ "eve", " \xe2\x80\x8b", NULL, ROLE_HELPER, ERR_INVALID, "display" },
		{ "\xef\xbc\xb2\xef\xbd\x8f\xef\xbd\x8f\xef\xbd\x94", NULL, NULL, ROLE_HELPER, ERR_CONFLICT, "name" }, /* full width Root */
		{ "eve", "E\x1bve", NULL, ROLE_HELPER, ERR_INVALID, "display" },
		{ "eve", NULL, "short", ROLE_HELPER, ERR_INVALID, "password" },
		{ "eve", NULL, NULL, ROLE_NOBODY, ERR_INVALID, "role" },
		{ "eve", "Evelyn", NULL, ROLE_HELPER, ERR_OK, "" },
		{ "\xd0\x98\xd1\x80\xd0\xb8\xd0\xbd\xd0\xb0", NULL, NULL, ROLE_TRIAL, ERR_OK, "" },
		{ "\xd0\xb8\xd1\x80\xd0\xb8\xd0\xbd\xd0\xb0", NULL, NULL, ROLE_TRIAL, ERR_CONFLICT, "name" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct people_new n = { .login = slice_of(rows[i].login), .name = slice_of(rows[i].name),
			.password = slice_of(rows[i].password), .role = rows[i].role };
		err = (struct error){ 0 };
		assert_int_equal(people_add(&f->d, f->db, &f->who, &n, NULL, &id, &err), rows[i].err);
		assert_string_equal(err.field, rows[i].field);
	}
	OK(people_get(f->db, f->a, id, &a, &err));
	char want[40];
	snprintf(want, sizeof(want), "Helper %lld", (long long)id);
	assert_true(slice_is(a.name, want));
	assert_false(a.has_password);
	assert_int_equal(a.role, ROLE_TRIAL);
	OK(people_by_login(f->db, f->a, SLICE("rOOt"), &a, &err));
	assert_int_equal(a.id, f->admin);
	assert_int_equal(people_by_login(f->db, f->a, SLICE("nobody"), &a, &err), ERR_NOT_FOUND);
}

static void test_sessions(void **state)
{
	struct fixture *f = *state;
	char one[PEOPLE_SECRET_BYTES], two[PEOPLE_SECRET_BYTES];
	struct people_session s, t, found;
	OK(log_in(f, "ROOT", "correct horse", one, &s));
	OK(log_in(f, "root", "correct horse", two, &t));
	assert_string_not_equal(one, two);
	assert_string_not_equal(s.csrf, t.csrf);
	OK(people_session_find(&f->d, f->db, f->a, slice_of(one), &found, &err));
	assert_int_equal(found.who.account, f->admin);
	assert_int_equal(found.who.role, ROLE_ADMIN);
	assert_int_equal(found.who.session, s.who.session);
	assert_string_equal(found.csrf, s.csrf);
	one[3] ^= 1;
	assert_int_equal(people_session_find(&f->d, f->db, f->a, slice_of(one), &found, &err), ERR_UNAUTHENTICATED);
	one[3] ^= 1;
	OK(people_logout(&f->d, &s.who, &err));
	assert_int_equal(people_session_find(&f->d, f->db, f->a, slice_of(one), &found, &err), ERR_UNAUTHENTICATED);
	OK(people_session_find(&f->d, f->db, f->a, slice_of(two), &found, &err));
	sql(f, "UPDATE sessions SET seen_ms = seen_ms - 43200001");
	assert_int_equal(people_session_find(&f->d, f->db, f->a, slice_of(two), &found, &err), ERR_UNAUTHENTICATED);
	OK(log_in(f, "root", "correct horse", one, &s));
	sql(f, "UPDATE sessions SET expires_ms = 1");
	assert_int_equal(people_session_find(&f->d, f->db, f->a, slice_of(one), &found, &err), ERR_UNAUTHENTICATED);
	OK(people_sweep(&f->d, &err));
}

/* Each of these ends what an account had in hand. */
static void test_ends(void **state)
{
	struct fixture *f = *state;
	int64_t id = add(f, "mod", ROLE_MODERATOR);
	for (int i = 0; i < 3; i++) {
		char secret[PEOPLE_SECRET_BYTES], key[PEOPLE_KEY_BYTES];
		struct people_session s;
		struct actor who;
		unsigned scopes;
		int64_t key_id;
		OK(log_in(f, "mod", i < 2 ? "a long enough one" : "another long one", secret, &s));
		OK(people_key_add(&f->d, f->db, &s.who, SLICE("bot"), SCOPE_READ | SCOPE_MODERATE, 0, NULL, key, &key_id, &err));
		OK(people_key_find(&f->d, f->db, f->a, slice_of(key), &who, &scopes, &err));
		if (i == 0) {
			struct people_change c = { .disabled = -1, .role = ROLE_HELPER };
			OK(people_change(&f->d, f->db, &f->who, id, &c, &err));
		} else if (i == 1) {
			OK(people_password(&f->d, f->db, &f->who, id, SLICE("another long one"), 0, &err));
		} else {
			struct people_change c = { .disabled = 1 };
			OK(people_change(&f->d, f->db, &f->who, id, &c, &err));
			assert_int_equal(log_in(f, "mod", "another long one", secret, &s), ERR_UNAUTHENTICATED);
		}
		assert_int_equal(people_session_find(&f->d, f->db, f->a, slice_of(secret), &s, &err), ERR_UNAUTHENTICATED);
		assert_int_equal(people_key_find(&f->d, f->db, f->a, slice_of(key), &who, &scopes, &err), ERR_UNAUTHENTICATED);
	}
	/* A new display name ends nothing. */
	char secret[PEOPLE_SECRET_BYTES];
	struct people_session s;
	OK(log_in(f, "root", "correct horse", secret, &s));
	struct people_change c = { .disabled = -1, .name = SLICE("Ada L.") };
	OK(people_change(&f->d, f->db, &f->who, f->admin, &c, &err));
	OK(people_session_find(&f->d, f->db, f->a, slice_of(secret), &s, &err));
	assert_true(slice_is(s.who.name, "Ada L."));
	/* One's own session survives one's own change of password. */
	OK(people_password(&f->d, f->db, &s.who, f->admin, SLICE("correct horse 2"), s.who.session, &err));
	OK(people_session_find(&f->d, f->db, f->a, slice_of(secret), &s, &err));
	assert_int_equal(people_password_check(&f->d, f->db, f->admin, SLICE("correct horse"), &err), ERR_FORBIDDEN);
	OK(people_password_check(&f->d, f->db, f->admin, SLICE("correct horse 2"), &err));
}

static void nothing(void *ctx)
{
	*(int *)ctx += 1;
}

static void test_streams_are_cut(void **state)
{
	struct fixture *f = *state;
	int woken = 0;
	char buf[64];
	size_t n;
	struct people_watch w = { 0 };
	int64_t id = add(f, "mod", ROLE_MODERATOR);
	OK(people_cut_ended(&f->d, f->db, &w, &err));
	struct sub_options o = { .owner = people_stream_owner(id), .owner_max = 9, .wake = nothing, .ctx = &woken };
	struct sub *s = hub_subscribe(f->d.hub, (struct topic){ TOPIC_DESK, 0 }, &o);
	assert_int_equal(sub_read(s, buf, sizeof(buf), &n, NULL, NULL), SUB_EMPTY);
	/* Ended by a command beside the server: no hub there. */
	struct desk beside = f->d;
	struct db *db;
	beside.writer = NULL;
	beside.hub = NULL;
	OK(db_open(f->folder, DB_WRITE, &db, &err));
	struct people_change c = { .disabled = 1 };
	OK(people_change(&beside, db, NULL, id, &c, &err));
	db_close(&db);
	assert_int_equal(woken, 0);
	OK(people_cut_ended(&f->d, f->db, &w, &err));
	assert_int_equal(woken, 1);
	assert_int_equal(sub_read(s, buf, sizeof(buf), &n, NULL, NULL), SUB_CUT);
	hub_unsubscribe(f->d.hub, &s);
	/* By the server itself: at once, and nobody else's. */
	struct sub_options other = { .owner = people_stream_owner(f->admin), .owner_max = 9, .wake = nothing, .ctx = &woken };
	int64_t second = add(f, "second", ROLE_HELPER);
	o.owner = people_stream_owner(second);
	s = hub_subscribe(f->d.hub, (struct topic){ TOPIC_DESK, 0 }, &o);
	struct sub *t = hub_subscribe(f->d.hub, (struct topic){ TOPIC_DESK, 0 }, &other);
	OK(people_change(&f->d, f->db, &f->who, second, &c, &err));
	assert_int_equal(sub_read(s, buf, sizeof(buf), &n, NULL, NULL), SUB_CUT);
	assert_int_equal(sub_read(t, buf, sizeof(buf), &n, NULL, NULL), SUB_EMPTY);
	hub_unsubscribe(f->d.hub, &s);
	hub_unsubscribe(f->d.hub, &t);
	/* By the clock. */
	char secret[PEOPLE_SECRET_BYTES];
	struct people_session session;
	OK(log_in(f, "root", "correct horse", secret, &session));
	t = hub_subscribe(f->d.hub, (struct topic){ TOPIC_DESK, 0 }, &other);
	OK(people_cut_ended(&f->d, f->db, &w, &err));
	assert_int_equal(sub_read(t, buf, sizeof(buf), &n, NULL, NULL), SUB_EMPTY);
	char text[96];
	snprintf(text, sizeof(text), "UPDATE sessions SET expires_ms = %lld", (long long)w.at_ms + 1);
	sql(f, text);
	while (clock_wall_ms() <= w.at_ms + 1)
		usleep(1000);
	OK(people_cut_ended(&f->d, f->db, &w, &err));
	assert_int_equal(sub_read(t, buf, sizeof(buf), &n, NULL, NULL), SUB_CUT);
	hub_unsubscribe(f->d.hub, &t);
}

static void test_last_admin(void **state)
{
	struct fixture *f = *state;
	struct people_change demote = { .disabled = -1, .role = ROLE_MODERATOR }, disable = { .disabled = 1 };
	assert_int_equal(people_change(&f->d, f->db, &f->who, f->admin, &demote, &err), ERR_CONFLICT);
	assert_int_equal(people_change(&f->d, f->db, &f->who, f->admin, &disable, &err), ERR_CONFLICT);
	int64_t second = add(f, "second", ROLE_ADMIN);
	OK(people_change(&f->d, f->db, &f->who, f->admin, &demote, &err));
	assert_int_equal(people_change(&f->d, f->db, &f->who, second, &disable, &err), ERR_CONFLICT);
	assert_int_equal(people_change(&f->d, f->db, &f->who, 4711, &disable, &err), ERR_NOT_FOUND);
}

static void test_slow_down(void **state)
{
	struct fixture *f = *state;
	char secret[PEOPLE_SECRET_BYTES];
	struct people_session s;
	static const char *const names[] = { "root", "nobody-of-that-name" };
	for (int k = 0; k < 2; k++) {
		for (int i = 0; i < ATTEMPT_FREE_FAILURES; i++)
			assert_int_equal(log_in(f, names[k], "wrong one", secret, &s), ERR_UNAUTHENTICATED);
		assert_int_equal(log_in(f, names[k], "correct horse", secret, &s), ERR_LIMITED);
		assert_in_range(err.retry_after_s, 1, 30);
	}
	/* Slowed down, never locked. */
	sql(f, "UPDATE login_failures SET next_ms = 0");
	OK(log_in(f, "root", "correct horse", secret, &s));
	for (int i = 0; i < ATTEMPT_FREE_FAILURES - 1; i++)
		assert_int_equal(log_in(f, "root", "wrong one", secret, &s), ERR_UNAUTHENTICATED);
	OK(log_in(f, "root", "correct horse", secret, &s));
	/* A network has its own count, over all names. */
	struct sender from = { .known = true };
	memset(&from.rate, 7, sizeof(from.rate));
	enum err last = ERR_OK;
	struct attempt t = attempt_of(&f->d, &from, NULL);
	for (int i = 0; i < 20; i++) {
		OK(attempt_allowed(f->db, &t, &err));
		OK(writer_do(f->d.writer, LANE_TALK, attempt_failed, &t, &err));
	}
	last = people_login(&f->d, f->db, f->a, &from, SLICE("root"), SLICE("correct horse"), secret, &s, &err);
	assert_int_equal(last, ERR_LIMITED);
	memset(&from.rate, 8, sizeof(from.rate));
	OK(people_login(&f->d, f->db, f->a, &from, SLICE("root"), SLICE("correct horse"), secret, &s, &err));
}

static enum err log_in_from(struct fixture *f, int network, const char *password)
{
	struct sender from = { .known = network > 0 };
	struct people_session s;
	char secret[PEOPLE_SECRET_BYTES];
	memset(&from.rate, network, sizeof(from.rate));
	err = (struct error){ 0 };
	return people_login(&f->d, f->db, f->a, &from, SLICE("root"), slice_of(password), secret, &s, &err);
}

static void test_failing_elsewhere_keeps_nobody_out(void **state)
{
	struct fixture *f = *state;
	/* One network fails until it waits; the owner's own and a fresh one do not. */
	for (int i = 0; i < ATTEMPT_FREE_FAILURES; i++)
		assert_int_equal(log_in_from(f, 1, "wrong one"), ERR_UNAUTHENTICATED);
	assert_int_equal(log_in_from(f, 1, "correct horse"), ERR_LIMITED);
	OK(log_in_from(f, 2, "correct horse"));
	/* Many networks: each keeps its first attempt, and then waits sooner than before. */
	struct sender from = { .known = true };
	for (int n = 10; n < 10 + ATTEMPT_UNDER_ATTACK; n++) {
		memset(&from.rate, n, sizeof(from.rate));
		struct attempt t = attempt_of(&f->d, &from, "root");
		OK(attempt_allowed(f->db, &t, &err));
		OK(writer_do(f->d.writer, LANE_TALK, attempt_failed, &t, &err));
	}
	OK(log_in_from(f, 3, "correct horse"));
	OK(log_in_from(f, 2, "correct horse"));
	assert_int_equal(log_in_from(f, 4, "wrong one"), ERR_UNAUTHENTICATED);
	assert_int_equal(log_in_from(f, 4, "correct horse"), ERR_LIMITED);
	assert_in_range(err.retry_after_s, 1, 2);
	/* Who is logged in and asked for their own password is not slowed down by those outside. */
	OK(people_password_check(&f->d, f->db, f->admin, SLICE("correct horse"), &err));
	/* Networks nobody knows apart: the wait stays short however long they fail. */
	for (int i = 0; i < 12; i++) {
		assert_int_equal(log_in_from(f, 0, "wrong one"), ERR_UNAUTHENTICATED);
		sql(f, "UPDATE login_failures SET next_ms = 0");
	}
	assert_int_equal(log_in_from(f, 0, "wrong one"), ERR_UNAUTHENTICATED);
	assert_int_equal(log_in_from(f, 0, "correct horse"), ERR_LIMITED);
	assert_in_range(err.retry_after_s, 1, 4);
}

static void test_reset(void **state)
{
	struct fixture *f = *state;
	char first[PEOPLE_RESET_BYTES], code[PEOPLE_RESET_BYTES], secret[PEOPLE_SECRET_BYTES];
	struct people_session s;
	struct sender nobody = { 0 };
	int64_t id = 0;
	struct people_new n = { .login = SLICE("new"), .role = ROLE_HELPER };
	OK(people_add(&f->d, f->db, &f->who, &n, NULL, &id, &err));
	assert_int_equal(log_in(f, "new", "a long enough one", secret, &s), ERR_UNAUTHENTICATED);
	OK(people_reset_start(&f->d, f->db, &f->who, id, first, &err));
	OK(people_reset_start(&f->d, f->db, &f->who, id, code, &err));
	assert_int_equal(people_reset_finish(&f->d, f->db, &nobody, slice_of(first), SLICE("a long enough one"), &err), ERR_NOT_FOUND);
	assert_int_equal(people_reset_finish(&f->d, f->db, &nobody, slice_of(code), SLICE("short"), &err), ERR_INVALID);
	OK(people_reset_finish(&f->d, f->db, &nobody, slice_of(code), SLICE("a long enough one"), &err));
	assert_int_equal(people_reset_finish(&f->d, f->db, &nobody, slice_of(code), SLICE("yet another one"), &err), ERR_NOT_FOUND);
	OK(log_in(f, "new", "a long enough one", secret, &s));
	OK(people_reset_start(&f->d, f->db, &f->who, id, code, &err));
	sql(f, "UPDATE resets SET expires_ms = 1");
	assert_int_equal(people_reset_finish(&f->d, f->db, &nobody, slice_of(code), SLICE("a long enough one"), &err), ERR_NOT_FOUND);
	assert_int_equal(people_reset_start(&f->d, f->db, &f->who, 4711, code, &err), ERR_NOT_FOUND);
}

static void test_keys(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		unsigned bits;
		enum role role;
	} rows[] = {
		{ "read", SCOPE_READ, ROLE_HELPER }, { "read,write", SCOPE_READ | SCOPE_WRITE, ROLE_HELPER },
		{ "moderate,read", SCOPE_READ | SCOPE_MODERATE, ROLE_MODERATOR }, { "admin", SCOPE_ADMIN, ROLE_ADMIN },
		{ "metrics", SCOPE_METRICS, ROLE_NOBODY }, { "", 0, 0 }, { "read,", SCOPE_READ, ROLE_HELPER }, { "root", 0, 0 }, { "read,root", 0, 0 },
	};
	int64_t id, last = 0;
	size_t made = 0, count;
	struct people_key *list;
	char key[PEOPLE_KEY_BYTES];
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		unsigned bits = 99, scopes = 0;
		struct actor who;
		enum err got = people_scopes_read(slice_of(rows[i].text), &bits, &err);
		assert_int_equal(got, rows[i].bits ? ERR_OK : ERR_INVALID);
		if (got)
			continue;
		assert_int_equal(bits, rows[i].bits);
		OK(people_key_add(&f->d, f->db, &f->who, slice_of(rows[i].text), bits, 0, NULL, key, &id, &err));
		OK(people_key_find(&f->d, f->db, f->a, slice_of(key), &who, &scopes, &err));
		assert_int_equal(who.role, rows[i].role);
		assert_int_equal(scopes, bits);
		made++;
		last = id;
		char other_key[PEOPLE_KEY_BYTES];
		assert_int_equal(people_key_add(&f->d, f->db, &f->who, slice_of(rows[i].text), bits, 0, NULL, other_key, &id, &err), ERR_CONFLICT);
	}
	OK(people_key_list(f->db, f->a, f->admin, &list, &count, &err));
	assert_int_equal(count, made);
	struct actor other = { .role = ROLE_HELPER, .account = 4711 }, who;
	unsigned scopes;
	assert_int_equal(people_key_end(&f->d, f->db, &other, last, &err), ERR_NOT_FOUND);
	OK(people_key_end(&f->d, f->db, &f->who, last, &err));
	assert_int_equal(people_key_find(&f->d, f->db, f->a, slice_of(key), &who, &scopes, &err), ERR_UNAUTHENTICATED);
	OK(people_key_add(&f->d, f->db, &f->who, SLICE("brief"), SCOPE_READ, 1, NULL, key, &id, &err));
	assert_int_equal(people_key_find(&f->d, f->db, f->a, slice_of(key), &who, &scopes, &err), ERR_UNAUTHENTICATED);
}

static void test_audit(void **state)
{
	struct fixture *f = *state;
	int64_t rows, broken;
	struct audit_row *list;
	size_t count;
	add(f, "one", ROLE_HELPER);
	add(f, "two", ROLE_HELPER);
	OK(audit_verify(f->db, &rows, &broken, &err));
	assert_int_equal(rows, 3);
	assert_int_equal(broken, 0);
	struct audit_filter filter = { .limit = 2 };
	OK(audit_list(f->db, f->a, &filter, &list, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].seq, 3);
	assert_true(slice_is(list[0].action, "account.add"));
	assert_true(slice_is(list[0].detail, "helper"));
	assert_true(slice_is(list[0].account_name, "Ada"));
	filter = (struct audit_filter){ .limit = 9, .action = SLICE("account.") };
	OK(audit_list(f->db, f->a, &filter, &list, &count, &err));
	assert_int_equal(count, 3);
	filter.action = SLICE("account.ad");
	OK(audit_list(f->db, f->a, &filter, &list, &count, &err));
	assert_int_equal(count, 0);
	filter = (struct audit_filter){ .limit = 9, .before = 2 };
	OK(audit_list(f->db, f->a, &filter, &list, &count, &err));
	assert_int_equal(count, 1);
	/* Whoever opens the file can drop the triggers, but not without a trace. */
	sql(f, "DROP TRIGGER audit_no_update; UPDATE audit SET object_id = 99 WHERE seq = 2");
	OK(audit_verify(f->db, &rows, &broken, &err));
	assert_int_equal(broken, 2);
	sql(f, "DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE seq = 1");
	OK(audit_verify(f->db, &rows, &broken, &err));
	assert_int_equal(broken, 2);
}

static void test_audit_stays(void **state)
{
	struct fixture *f = *state;
	char path[256];
	sqlite3 *db;
	snprintf(path, sizeof(path), "%s/porchlight.db", f->folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 2000);
	assert_int_equal(sqlite3_exec(db, "UPDATE audit SET action = 'x'", NULL, NULL, NULL), SQLITE_CONSTRAINT);
	assert_int_equal(sqlite3_exec(db, "DELETE FROM audit", NULL, NULL, NULL), SQLITE_CONSTRAINT);
	sqlite3_close(db);
}

static void test_a_cut_audit_shows(void **state)
{
	struct fixture *f = *state;
	int64_t cut = -1, rows, broken;
	char secret[PEOPLE_SECRET_BYTES];
	struct people_session s;
	OK(audit_check_head(f->db, f->folder, &cut, &err)); /* no head yet */
	assert_int_equal(cut, 0);
	OK(log_in(f, "root", "correct horse", secret, &s));
	OK(audit_keep_head(f->db, f->folder, &err));
	OK(log_in(f, "root", "correct horse", secret, &s));
	OK(audit_check_head(f->db, f->folder, &cut, &err)); /* rows are added */
	assert_int_equal(cut, 0);
	OK(audit_keep_head(f->db, f->folder, &err));
	/* The newest row goes: the chain holds, the head does not. */
	sql(f, "DROP TRIGGER audit_no_delete");
	sql(f, "DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)");
	OK(audit_verify(f->db, &rows, &broken, &err));
	assert_int_equal(broken, 0);
	OK(audit_check_head(f->db, f->folder, &cut, &err));
	assert_int_equal(cut, rows + 1);
	assert_int_equal(audit_keep_head(f->db, f->folder, &err), ERR_CORRUPT);
	/* Another row in its place is another row, and what was found is not written over. */
	OK(log_in(f, "root", "correct horse", secret, &s));
	OK(log_in(f, "root", "correct horse", secret, &s));
	OK(audit_check_head(f->db, f->folder, &cut, &err));
	assert_int_equal(cut, rows + 1);
	tmpdir_put(f->folder, AUDIT_HEAD_FILE, "rubbish\n");
	OK(audit_check_head(f->db, f->folder, &cut, &err));
	assert_int_equal(cut, -1);
}

struct seed {
	struct sender from;
};

static enum err remember_run(struct db *db, void *self, struct error *e)
{
	return bans_remember(db, 1, &((struct seed *)self)->from, e);
}

static void test_bans(void **state)
{
	struct fixture *f = *state;
	struct ban *list;
	size_t count;
	int64_t id = 0, again = 0, found;
	struct seed seed = { .from = { .known = true } };
	memset(&seed.from.ban, 3, sizeof(seed.from.ban));
	sql(f, "INSERT INTO tickets (id, state, asked, anchor, changed, seed, token) VALUES (1, 'held', 1, 1, 1, x'00', x'01'), "
		"(2, 'held', 1, 1, 1, x'00', x'02')");
	OK(writer_do(f->d.writer, LANE_TALK, remember_run, &seed, &err));
	assert_int_equal(bans_add(&f->d, &f->who, 9, 7, SLICE("x"), NULL, &id, &err), ERR_NOT_FOUND);
	assert_int_equal(bans_add(&f->d, &f->who, 2, 7, SLICE("x"), NULL, &id, &err), ERR_CONFLICT);
	assert_int_equal(bans_add(&f->d, &f->who, 1, 0, SLICE("x"), NULL, &id, &err), ERR_INVALID);
	assert_int_equal(bans_add(&f->d, &f->who, 1, BANS_DAYS_MAX + 1, SLICE("x"), NULL, &id, &err), ERR_INVALID);
	OK(bans_find(f->db, &seed.from, &found, &err));
	assert_int_equal(found, 0);
	OK(bans_add(&f->d, &f->who, 1, 30, SLICE("flood"), NULL, &id, &err));
	OK(bans_find(f->db, &seed.from, &found, &err));
	assert_int_equal(found, id);
	OK(bans_list(f->db, f->a, &list, &count, &err));
	assert_int_equal(count, 1);
	int64_t until = list[0].expires_ms;
	/* A shorter one over it does not end it earlier. */
	OK(bans_add(&f->d, &f->who, 1, 2, SLICE("more"), NULL, &again, &err));
	assert_int_equal(again, id);
	OK(bans_list(f->db, f->a, &list, &count, &err));
	assert_int_equal(list[0].expires_ms, until);
	assert_true(slice_is(list[0].reason, "more"));
	/* The key turned over: the same sender comes under the one before. */
	struct sender later = { .known = true, .ban_before = seed.from.ban };
	OK(bans_find(f->db, &later, &found, &err));
	assert_int_equal(found, id);
	struct sender unknown = { .ban = seed.from.ban };
	OK(bans_find(f->db, &unknown, &found, &err));
	assert_int_equal(found, 0);
	/* Sent again under its client_id it is the first one, and not even its reason changes; a day later it is a request like others. */
	struct repeat r;
	OK(repeat_start(&f->d, &r, f->who.account, SLICE("c-1"), SLICE("/bans"), SLICE("x"), &err));
	for (int i = 0; i < 2; i++) {
		OK(bans_add(&f->d, &f->who, 1, 2, i ? SLICE("twice") : SLICE("once"), &r, &again, &err));
		assert_int_equal(again, id);
		assert_int_equal(r.found, i == 1);
	}
	OK(bans_list(f->db, f->a, &list, &count, &err));
	assert_true(slice_is(list[0].reason, "once"));
	r.same.bytes[0] ^= 1;
	assert_int_equal(bans_add(&f->d, &f->who, 1, 2, SLICE("other"), &r, &again, &err), ERR_CONFLICT);
	r.account++;
	OK(bans_add(&f->d, &f->who, 1, 2, SLICE("somebody else's"), &r, &again, &err));
	assert_false(r.found);
	r.account--;
	sql(f, "UPDATE repeats SET at = at - 86400000");
	OK(bans_add(&f->d, &f->who, 1, 2, SLICE("later"), &r, &again, &err));
	assert_false(r.found);
	OK(repeat_sweep(&f->d, &err));
	assert_int_equal(repeats(f), 1);
	/* One account's do not pile up. */
	sql(f, "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 1500) "
		"INSERT INTO repeats (account, client_id, same, answer, at) SELECT account, 'r' || n, same, answer, at - n FROM i, repeats");
	OK(repeat_start(&f->d, &r, f->who.account, SLICE("c-2"), SLICE("/bans"), SLICE("x"), &err));
	OK(bans_add(&f->d, &f->who, 1, 2, SLICE("once"), &r, &again, &err));
	assert_int_equal(repeats(f), REPEATS_MAX);
	assert_int_equal(repeat_start(&f->d, &r, 1, SLICE(""), SLICE("/bans"), SLICE("x"), &err), ERR_INVALID);
	sql(f, "UPDATE bans SET expires_ms = 1");
	OK(bans_find(f->db, &seed.from, &found, &err));
	assert_int_equal(found, 0);
	OK(bans_sweep(&f->d, &err));
	assert_int_equal(bans_end(&f->d, &f->who, id, &err), ERR_NOT_FOUND);
}

static void test_canned(void **state)
{
	struct fixture *f = *state;
	struct actor ann = { .role = ROLE_HELPER, .account = add(f, "ann", ROLE_HELPER) };
	struct actor bob = { .role = ROLE_HELPER, .account = add(f, "bob", ROLE_HELPER) };
	struct canned c = { .title = SLICE("Hello"), .body = SLICE("Welcome."), .lang = SLICE("en") }, got, *list;
	size_t count;
	OK(canned_put(&f->d, &ann, &c, NULL, &err));
	assert_true(c.id > 0);
	OK(canned_get(f->db, f->a, c.id, &got, &err));
	assert_int_equal(got.by, ann.account);
	got.body = SLICE("Mine now.");
	assert_int_equal(canned_put(&f->d, &bob, &got, NULL, &err), ERR_FORBIDDEN);
	OK(canned_put(&f->d, &f->who, &got, NULL, &err));
	OK(canned_list(f->db, f->a, SLICE("de"), &list, &count, &err));
	assert_int_equal(count, 0);
	OK(canned_list(f->db, f->a, SLICE_NONE, &list, &count, &err));
	assert_int_equal(count, 1);
	assert_true(slice_is(list[0].body, "Mine now."));
	struct canned empty = { .title = SLICE("x") };
	assert_int_equal(canned_put(&f->d, &ann, &empty, NULL, &err), ERR_INVALID);
	assert_string_equal(err.field, "body");
	assert_int_equal(canned_end(&f->d, &bob, c.id, &err), ERR_FORBIDDEN);
	OK(canned_end(&f->d, &ann, c.id, &err));
	assert_int_equal(canned_end(&f->d, &ann, c.id, &err), ERR_NOT_FOUND);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_names), TEST(test_sessions), TEST(test_ends), TEST(test_streams_are_cut), TEST(test_last_admin), TEST(test_slow_down),
		TEST(test_names), TEST(test_sessions), TEST(test_ends), TEST(test_streams_are_cut), TEST(test_last_admin), TEST(test_failing_elsewhere_keeps_nobody_out),
		TEST(test_reset), TEST(test_keys), TEST(test_audit), TEST(test_audit_stays), TEST(test_a_cut_audit_shows), TEST(test_bans), TEST(test_canned),
	};
	return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
