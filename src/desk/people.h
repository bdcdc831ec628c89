/*
 * people: staff accounts, the sessions and keys they act by, and how failed logins are slowed down.
 *
 * An account has a login name (what is typed to log in; NFKC and case folded, unique, never shown to askers) and a
 * display name (what askers and colleagues see). Roles are those of desk.h. Passwords are Argon2id hashes, made and
 * checked on the caller's thread: call those functions on the password pool only (ROUTE_PASSWORD), or in a command.
 *
 * Secrets are never stored. A session is 32 random bytes in a cookie, a key is "plk_" and 43 characters, a reset code is
 * 24 characters; the database holds their keyed hashes, the session's CSRF token is derived from its secret. A
 * session ends when idle for conf session_idle_s, after conf session_max_s, at logout, and when its account is disabled
 * or gets another role or password; those three end the account's keys too. Whatever ends cuts the account's streams
 * (hub_cut_owner; people_cut_ended does it for what another process or the clock ended).
 *
 * Failed logins never lock an account, they slow down (desk/attempt). Unknown names are counted and answered like known
 * ones and take as long.
 *
 * Reading functions take the caller's connection and allocate in its arena. Writing functions take the desk; where
 * desk->writer is NULL (the command line, beside a running server or not) they write through `db`, which must then be a
 * DB_WRITE connection; otherwise `db` may be any connection or NULL. Every change is in the audit, with ids only.
 * Any thread.
 */
#ifndef DESK_PEOPLE_H
#define DESK_PEOPLE_H

#include "desk/desk.h"

enum {
	PEOPLE_LOGIN_MAX_BYTES = 64,
	PEOPLE_NAME_MAX_BYTES = 96,
	PEOPLE_PASSWORD_MIN_BYTES = 8,
	PEOPLE_PASSWORD_MAX_BYTES = 1024,
	PEOPLE_SECRET_BYTES = 44,  /* a session's secret or its CSRF token: 43 characters and the NUL */
	PEOPLE_KEY_BYTES = 48,     /* "plk_" and 43 characters and the NUL */
	PEOPLE_RESET_BYTES = 25,   /* 24 characters and the NUL */
	PEOPLE_GENERATED_BYTES = 25, /* a generated password and the NUL */
	PEOPLE_RESET_LIFE_MS = 3600 * 1000,
	PEOPLE_KEYS_MAX = 20,      /* keys of one account */
};

/* "trial", "helper", "moderator", "admin"; "nobody" for ROLE_NOBODY. */
const char *people_role_name(enum role r);
/* False when it is none of the four. */
bool people_role_read(struct slice text, enum role *out);

/* Streams of an account's sessions and keys have this owner in the hub. (Those of a link have the ticket's number.) */
int64_t people_stream_owner(int64_t account);

/* ---- accounts ---- */

struct account {
	int64_t id;
	struct slice login, name;
	enum role role;
	bool disabled;
	bool has_password;          /* false until a reset code was used */
	int64_t created_ms, seen_ms; /* seen: the last use of a session; 0: never */
};

struct repeat;

struct people_new {
	struct slice login;    /* 1 to PEOPLE_LOGIN_MAX_BYTES; letters, digits and . _ - @ of any script, no white space, nothing invisible */
	struct slice name;     /* display name; absent: "Helper N" */
	struct slice password; /* absent: none, log in by a reset code first */
	enum role role;
};

/* Hashes a password. ERR_CONFLICT: the login name is taken. ERR_INVALID names the field: name, display, password, role.
 * `repeat` may be NULL: desk/repeat. */
enum err people_add(struct desk *d, struct db *db, const struct actor *by, const struct people_new *n, struct repeat *repeat,
	int64_t *id, struct error *e) MUST_CHECK;

/* In the order of their ids. */
enum err people_list(struct db *db, struct arena *a, struct account **out, size_t *count, struct error *e) MUST_CHECK;
/* ERR_NOT_FOUND without one. */
enum err people_get(struct db *db, struct arena *a, int64_t id, struct account *out, struct error *e) MUST_CHECK;
enum err people_by_login(struct db *db, struct arena *a, struct slice login, struct account *out, struct error *e) MUST_CHECK;

/* What is absent (ROLE_NOBODY, an absent name, -1) stays as it is. Taking the last admin's role or disabling the last admin
 * is ERR_CONFLICT. A changed role or disabling ends sessions, keys and streams. */
struct people_change {
	struct slice name;
	enum role role;
	int disabled; /* 0, 1, or -1 */
};
enum err people_change(struct desk *d, struct db *db, const struct actor *by, int64_t account, const struct people_change *c,
	struct error *e) MUST_CHECK;

/* Long enough and not too long: ERR_INVALID (field password) otherwise. */
enum err people_password_fits(struct slice password, struct error *e) MUST_CHECK;
/* Sets a password (hashes one), ends the account's sessions, keys and streams except session `keep` (0: none). */
enum err people_password(struct desk *d, struct db *db, const struct actor *by, int64_t account, struct slice password,
	int64_t keep, struct error *e) MUST_CHECK;
/* Checks one's own password, as before a change. ERR_FORBIDDEN when it is wrong, ERR_LIMITED as at login. */
enum err people_password_check(struct desk *d, struct db *db, int64_t account, struct slice password, struct error *e) MUST_CHECK;
/* 24 random characters that are easy to read aloud. Returns `out`. */
char *people_generate_password(char out[PEOPLE_GENERATED_BYTES]);

/* A single-use code that sets a new password within an hour; an earlier one of the account ends. */
enum err people_reset_start(struct desk *d, struct db *db, const struct actor *by, int64_t account,
	char code[PEOPLE_RESET_BYTES], struct error *e) MUST_CHECK;
/* Hashes a password. ERR_NOT_FOUND: unknown, used or expired. Counts as a failed login of that network. */
enum err people_reset_finish(struct desk *d, struct db *db, const struct sender *from, struct slice code,
	struct slice password, struct error *e) MUST_CHECK;

/* ---- sessions ---- */

struct people_session {
	struct actor who;                /* name lives in the arena */
	char csrf[PEOPLE_SECRET_BYTES];
	int64_t expires_ms;              /* at the latest */
};

/* Checks a password (hash time is the same for unknown names). ERR_UNAUTHENTICATED: name or password is wrong, or the
 * account is disabled; ERR_LIMITED with retry_after_s: wait first, nothing was checked. `secret` goes into the cookie. */
enum err people_login(struct desk *d, struct db *db, struct arena *a, const struct sender *from, struct slice login,
	struct slice password, char secret[PEOPLE_SECRET_BYTES], struct people_session *out, struct error *e) MUST_CHECK;
/* ERR_UNAUTHENTICATED when it is unknown or has ended. Remembers now and then that it was used. */
enum err people_session_find(struct desk *d, struct db *db, struct arena *a, struct slice secret, struct people_session *out,
	struct error *e) MUST_CHECK;
enum err people_logout(struct desk *d, const struct actor *who, struct error *e) MUST_CHECK;

/* ---- keys ---- */

/* What a key may do, never more than its account. `read` alone answers GET only. */
enum people_scope {
	SCOPE_READ = 1,     /* GET */
	SCOPE_WRITE = 2,    /* the other methods */
	SCOPE_MODERATE = 4, /* a moderator's routes too, where the account is one */
	SCOPE_ADMIN = 8,    /* an admin's routes too, where the account is one */
	SCOPE_METRICS = 16, /* GET /metrics */
};
/* "read,write" to bits; ERR_INVALID (field scopes) when empty or unknown. */
enum err people_scopes_read(struct slice text, unsigned *out, struct error *e) MUST_CHECK;
/* ["read", "write"], owned by the caller. */
struct jv *people_scopes_json(unsigned scopes);

struct people_key {
	int64_t id, account;
	struct slice label;
	unsigned scopes;
	int64_t created_ms, used_ms, expires_ms; /* 0: never */
};

/* ERR_CONFLICT: too many keys; with the field label: one of that label, so that a request sent twice makes no key that nobody has seen.
 * `repeat` may be NULL (desk/repeat): where it is found, *id is the first one's and `key` is empty. */
enum err people_key_add(struct desk *d, struct db *db, const struct actor *by, struct slice label, unsigned scopes,
	int64_t expires_ms, struct repeat *repeat, char key[PEOPLE_KEY_BYTES], int64_t *id, struct error *e) MUST_CHECK;
enum err people_key_list(struct db *db, struct arena *a, int64_t account, struct people_key **out, size_t *count,
	struct error *e) MUST_CHECK;
/* One's own, or anybody's for an admin; ERR_NOT_FOUND otherwise. */
enum err people_key_end(struct desk *d, struct db *db, const struct actor *by, int64_t id, struct error *e) MUST_CHECK;
/* The text after "Bearer ". ERR_UNAUTHENTICATED when it is unknown, ended, expired, or its account is disabled.
 * who->role is what account and scopes both allow (ROLE_HELPER at most without SCOPE_MODERATE, ROLE_MODERATOR at most
 * without SCOPE_ADMIN, ROLE_NOBODY with SCOPE_METRICS alone); the caller refuses other methods than GET without SCOPE_WRITE. */
enum err people_key_find(struct desk *d, struct db *db, struct arena *a, struct slice key, struct actor *who, unsigned *scopes,
	struct error *e) MUST_CHECK;

/* ---- housekeeping ---- */

/* Cuts the streams of accounts whose sessions or keys ended since the last call (by a command beside the server, or by
 * the clock). Call about once a second with a reader's connection and the same zeroed-at-first watch. */
struct people_watch {
	int64_t seq, at_ms;
};
enum err people_cut_ended(struct desk *d, struct db *db, struct people_watch *w, struct error *e) MUST_CHECK;
/* Removes ended sessions, used reset codes and forgotten failures. Call hourly. */
enum err people_sweep(struct desk *d, struct error *e) MUST_CHECK;

#endif
