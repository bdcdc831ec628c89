#include "desk/people.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "desk/attempt.h"
#include "desk/audit.h"
#include "desk/care.h"
#include "desk/hours.h"
#include "desk/keys.h"
#include "desk/repeat.h"
#include "text/unicode.h"
#include "text/utf.h"

static const int64_t MINUTE_MS = 60 * 1000;
static const int64_t HOUR_MS = 3600 * 1000;

static enum err write_now(struct desk *d, struct db *db, writer_fn run, void *self, struct error *e)
{
	return d->writer ? writer_do(d->writer, LANE_TALK, run, self, e) : db_transact(db, run, self, e);
}

static void cut(struct desk *d, int64_t account)
{
	if (d->hub)
		hub_cut_owner(d->hub, people_stream_owner(account));
}

const char *people_role_name(enum role r)
{
	static const char *const names[] = { "nobody", "trial", "helper", "moderator", "admin" };
	return r >= ROLE_NOBODY && r <= ROLE_ADMIN ? names[r] : names[ROLE_NOBODY];
}

bool people_role_read(struct slice text, enum role *out)
{
	for (enum role r = ROLE_TRIAL; r <= ROLE_ADMIN; r++) {
		if (slice_is(text, people_role_name(r))) {
			*out = r;
			return true;
		}
	}
	return false;
}

int64_t people_stream_owner(int64_t account)
{
	return -account;
}

/* ---- accounts ---- */

/* The stored form of a login name: NFKC and case folded, so that one name is one name however it is typed. */
static enum err login_fold(struct slice login, char out[PEOPLE_LOGIN_MAX_BYTES + 1], struct error *e)
{
	if (!login.ptr || !login.len)
		return err_field(e, ERR_INVALID, "name", "A login name is needed.");
	if (login.len > PEOPLE_LOGIN_MAX_BYTES)
		return err_field(e, ERR_INVALID, "name", "A login name has at most %d bytes.", PEOPLE_LOGIN_MAX_BYTES);
	for (size_t at = 0; at < login.len;) {
		unsigned cp;
		at += utf8_next(login, at, &cp);
		if (cp == UTF8_BAD || (cp < 0x80 && strchr("/\\\"'<>&:,;", (int)cp)) ||
			(unicode_props(cp) & (UNI_SPACE | UNI_CONTROL | UNI_INVISIBLE | UNI_BIDI)))
			return err_field(e, ERR_INVALID, "name", "A login name holds letters, digits and . _ - @ only.");
	}
	struct str folded;
	str_init(&folded, PEOPLE_LOGIN_MAX_BYTES + 1);
	unicode_nfkc_fold(login, &folded);
	bool fits = !str_failed(&folded) && folded.len > 0 && folded.len <= PEOPLE_LOGIN_MAX_BYTES;
	if (fits) {
		memcpy(out, folded.buf, folded.len);
		out[folded.len] = '\0';
	}
	str_fini(&folded);
	return fits ? ERR_OK : err_field(e, ERR_INVALID, "name", "A login name has at most %d bytes.", PEOPLE_LOGIN_MAX_BYTES);
}

static enum err display_check(struct slice name, const char *login, struct error *e)
{
	if (name.len > PEOPLE_NAME_MAX_BYTES)
		return err_field(e, ERR_INVALID, "display", "A display name has at most %d bytes.", PEOPLE_NAME_MAX_BYTES);
	for (size_t at = 0; at < name.len;) {
		unsigned cp;
		at += utf8_next(name, at, &cp);
		if (cp == UTF8_BAD || cp == 0x2028 || cp == 0x2029 || (unicode_props(cp) & (UNI_CONTROL | UNI_BIDI)))
			return err_field(e, ERR_INVALID, "display", "A display name is one line without control characters.");
	}
	if (utf_blank(name))
		return err_field(e, ERR_INVALID, "display", "A display name is needed.");
	char folded[PEOPLE_LOGIN_MAX_BYTES + 1];
	if (login && login_fold(name, folded, NULL) == ERR_OK && strcmp(folded, login) == 0)
		return err_field(e, ERR_INVALID, "display", "The display name must differ from the login name: everybody sees it.");
	return ERR_OK;
}

enum err people_password_fits(struct slice password, struct error *e)
{
	if (!password.ptr || password.len < PEOPLE_PASSWORD_MIN_BYTES)
		return err_field(e, ERR_INVALID, "password", "A password has at least %d characters.", PEOPLE_PASSWORD_MIN_BYTES);
	if (password.len > PEOPLE_PASSWORD_MAX_BYTES)
		return err_field(e, ERR_INVALID, "password", "A password has at most %d bytes.", PEOPLE_PASSWORD_MAX_BYTES);
	if (!utf_acceptable(password)) /* no form and no JSON could ever bring it */
		return err_field(e, ERR_INVALID, "password", "A password is UTF-8 text.");
	return ERR_OK;
}

struct add {
	const struct actor *by;
	struct repeat *repeat;
	const char *login, *hash;
	struct slice name;
	enum role role;
	int64_t id;
};

static enum err add_run(struct db *db, void *self, struct error *e)
{
	struct add *n = self;
	int64_t taken;
	enum err err = repeat_find_id(db, n->repeat, &n->id, e);
	if (err || n->id)
		return err;
	err = db_int(db, SQL_PEOPLE_BY_LOGIN, BINDS(b_str(n->login)), &taken, e);
	if (!err)
		return err_field(e, ERR_CONFLICT, "name", "There is an account with this login name already.");
	if (err != ERR_NOT_FOUND)
		return err;
	err = db_int(db, SQL_PEOPLE_ADD,
		BINDS(b_str(n->login), b_text(n->name.ptr ? n->name : SLICE("Helper")), b_int(n->role), b_str(n->hash),
			b_int(clock_wall_ms())),
		&n->id, e);
	if (!err && !n->name.ptr) {
		char name[40];
		snprintf(name, sizeof(name), "Helper %lld", (long long)n->id);
		err = db_run(db, SQL_PEOPLE_RENAME, BINDS(b_int(n->id), b_str(name)), NULL, e);
	}
	if (!err)
		err = repeat_keep_id(db, n->repeat, n->id, e);
	return err ? err : audit_add(db, n->by, "account.add", "account", n->id, people_role_name(n->role), e);
}

enum err people_add(struct desk *d, struct db *db, const struct actor *by, const struct people_new *n, struct repeat *repeat,
	int64_t *id, struct error *e)
{
	char login[PEOPLE_LOGIN_MAX_BYTES + 1], hash[CRYPT_PASSWORD_BYTES];
	enum err err = login_fold(n->login, login, e);
	if (err || (n->name.ptr && (err = display_check(n->name, login, e))))
		return err;
	if (n->role < ROLE_TRIAL || n->role > ROLE_ADMIN)
		return err_field(e, ERR_INVALID, "role", "A role is trial, helper, moderator or admin.");
	if (n->password.ptr) {
		if ((err = people_password_fits(n->password, e)) || (err = crypt_password_hash(n->password, hash, e)))
			return err;
	}
	struct add c = { .by = by, .repeat = repeat, .login = login, .hash = n->password.ptr ? hash : NULL, .name = n->name, .role = n->role };
	err = write_now(d, db, add_run, &c, e);
	crypt_wipe(hash, sizeof(hash));
	if (!err)
		*id = c.id;
	return err;
}

static void account_read(struct rows *r, struct arena *a, struct account *out)
{
	out->id = rows_int(r, 0);
	out->login = arena_slice(a, rows_text(r, 1));
	out->name = arena_slice(a, rows_text(r, 2));
	out->role = (enum role)rows_int(r, 3);
	out->disabled = rows_int(r, 4) != 0;
	out->has_password = rows_int(r, 5) != 0;
	out->created_ms = rows_int(r, 6);
	out->seen_ms = rows_int(r, 7);
}

enum err people_list(struct db *db, struct arena *a, struct account **out, size_t *count, struct error *e)
{
	size_t cap = 64;
	*count = 0;
	*out = arena_array(a, cap, sizeof(**out));
	struct rows r;
	enum err err = rows_open(db, &r, SQL_PEOPLE_LIST, NO_BINDS, e);
	if (err)
		return err;
	while (*out && rows_next(&r)) {
		if (*count == cap) {
			struct account *more = arena_array(a, cap * 2, sizeof(*more));
			if (!more)
				break;
			memcpy(more, *out, cap * sizeof(*more));
			*out = more;
			cap *= 2;
		}
		account_read(&r, a, &(*out)[(*count)++]);
	}
	if ((err = rows_close(&r)))
		return err;
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

static enum err account_one(struct db *db, struct arena *a, enum sql_id id, struct bind key, struct account *out,
	struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, id, &key, 1, e);
	if (err)
		return err;
	bool found = rows_next(&r);
	if (found)
		account_read(&r, a, out);
	if ((err = rows_close(&r)))
		return err;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "There is no such account.");
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

enum err people_get(struct db *db, struct arena *a, int64_t id, struct account *out, struct error *e)
{
	return account_one(db, a, SQL_PEOPLE_GET, b_int(id), out, e);
}

enum err people_by_login(struct db *db, struct arena *a, struct slice login, struct account *out, struct error *e)
{
	char folded[PEOPLE_LOGIN_MAX_BYTES + 1];
	if (login_fold(login, folded, NULL))
		return err_set(e, ERR_NOT_FOUND, "There is no such account.");
	return account_one(db, a, SQL_PEOPLE_BY_LOGIN, b_str(folded), out, e);
}

/* Ends sessions (but `keep`) and keys of an account and leaves word for servers that hold its streams. */
static enum err end_all(struct db *db, int64_t account, int64_t keep, struct error *e)
{
	enum err err = db_run(db, SQL_SESSION_END_ALL, BINDS(b_int(account), b_int(keep)), NULL, e);
	if (!err)
		err = db_run(db, SQL_KEY_END_ALL, BINDS(b_int(account)), NULL, e);
	if (!err)
		err = db_run(db, SQL_SESSION_ENDED, BINDS(b_int(account), b_int(clock_wall_ms())), NULL, e);
	return err;
}

struct change {
	const struct actor *by;
	int64_t account;
	struct people_change to;
	bool ended;
};

static enum err change_run(struct db *db, void *self, struct error *e)
{
	struct change *c = self;
	c->ended = false;
	struct rows r;
	enum err err = rows_open(db, &r, SQL_PEOPLE_GET, BINDS(b_int(c->account)), e);
	if (err)
		return err;
	bool found = rows_next(&r), disabled = false, named_alike = false;
	enum role role = ROLE_NOBODY;
	struct error why = { 0 };
	if (found) {
		role = (enum role)rows_int(&r, 3);
		disabled = rows_int(&r, 4) != 0;
		if (c->to.name.ptr)
			named_alike = display_check(c->to.name, rows_text(&r, 1).ptr, &why) != ERR_OK;
	}
	if ((err = rows_close(&r)))
		return err;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "There is no such account.");
	if (named_alike)
		return err_field(e, why.code, why.field, "%s", why.message);
	bool new_role = c->to.role != ROLE_NOBODY && c->to.role != role;
	bool new_disabled = c->to.disabled >= 0 && (c->to.disabled != 0) != disabled;
	if (role == ROLE_ADMIN && !disabled && (new_role || new_disabled)) {
		int64_t others;
		if ((err = db_int(db, SQL_PEOPLE_OTHER_ADMINS, BINDS(b_int(ROLE_ADMIN), b_int(c->account)), &others, e)))
			return err;
		if (!others)
			return err_set(e, ERR_CONFLICT, "This is the last admin; make somebody else one first.");
	}
	if (c->to.name.ptr) {
		err = db_run(db, SQL_PEOPLE_RENAME, BINDS(b_int(c->account), b_text(c->to.name)), NULL, e);
		if (!err)
			err = audit_add(db, c->by, "account.rename", "account", c->account, NULL, e);
	}
	if (!err && new_role) {
		err = db_run(db, SQL_PEOPLE_SET_ROLE, BINDS(b_int(c->account), b_int(c->to.role)), NULL, e);
		if (!err)
			err = audit_add(db, c->by, "account.role", "account", c->account, people_role_name(c->to.role), e);
	}
	if (!err && new_disabled) {
		err = db_run(db, SQL_PEOPLE_SET_DISABLED, BINDS(b_int(c->account), b_int(c->to.disabled)), NULL, e);
		if (!err)
			err = audit_add(db, c->by, c->to.disabled ? "account.disable" : "account.enable", "account", c->account,
				NULL, e);
	}
	if (!err && new_disabled && c->to.disabled)
		err = care_forget(db, c->account, e);
	if (!err && new_disabled && c->to.disabled)
		err = hours_forget(db, c->account, e);
	c->ended = new_role || new_disabled;
	return err || !c->ended ? err : end_all(db, c->account, 0, e);
}

enum err people_change(struct desk *d, struct db *db, const struct actor *by, int64_t account, const struct people_change *to,
	struct error *e)
{
	struct change c = { .by = by, .account = account, .to = *to };
	enum err err = write_now(d, db, change_run, &c, e);
	if (!err && c.ended)
		cut(d, account);
	return err;
}

/* ---- passwords ---- */

struct set_password {
	const struct actor *by;
	int64_t account, keep;
	const char *hash;
	struct crypt_hash code; /* of a reset; unused without */
	bool reset;
};

static enum err set_password_run(struct db *db, void *self, struct error *e)
{
	struct set_password *c = self;
	int64_t changed = 0;
	enum err err;
	if (c->reset) {
		err = db_int(db, SQL_RESET_FIND, BINDS(b_blob(c->code.bytes, sizeof(c->code.bytes)), b_int(clock_wall_ms())),
			&c->account, e);
		if (err == ERR_NOT_FOUND)
			return err_field(e, err, "code", "This code is unknown, was used, or is older than an hour.");
		if (err)
			return err;
	}
	err = db_run(db, SQL_PEOPLE_SET_PASSWORD, BINDS(b_int(c->account), b_str(c->hash)), &changed, e);
	if (!err && !changed)
		return err_set(e, ERR_NOT_FOUND, "There is no such account.");
	if (!err)
		err = db_run(db, SQL_RESET_END, BINDS(b_int(c->account)), NULL, e);
	if (!err)
		err = end_all(db, c->account, c->keep, e);
	struct actor self_actor = { .account = c->account };
	if (!err)
		err = audit_add(db, c->reset ? &self_actor : c->by, c->reset ? "account.reset" : "account.password", "account",
			c->account, NULL, e);
	return err;
}

enum err people_password(struct desk *d, struct db *db, const struct actor *by, int64_t account, struct slice password,
	int64_t keep, struct error *e)
{
	char hash[CRYPT_PASSWORD_BYTES];
	enum err err = people_password_fits(password, e);
	if (err || (err = crypt_password_hash(password, hash, e)))
		return err;
	struct set_password c = { .by = by, .account = account, .keep = keep, .hash = hash };
	err = write_now(d, db, set_password_run, &c, e);
	crypt_wipe(hash, sizeof(hash));
	if (!err)
		cut(d, account);
	return err;
}

/* Random characters without those that look alike; a dash after every four where they come in groups of five. */
static void random_text(char *out, size_t chars, bool grouped)
{
	static const char readable[] = "abcdefghjkmnpqrstuvwxyz23456789";
	for (size_t i = 0; i < chars; i++)
		out[i] = grouped && i % 5 == 4 ? '-' : readable[crypt_random_below(sizeof(readable) - 1)];
	out[chars] = '\0';
}

char *people_generate_password(char out[PEOPLE_GENERATED_BYTES])
{
	random_text(out, PEOPLE_GENERATED_BYTES - 1, true);
	return out;
}

/* ---- one's own password ---- */

enum err people_password_check(struct desk *d, struct db *db, int64_t account, struct slice password, struct error *e)
{
	char hash[CRYPT_PASSWORD_BYTES] = "", login[PEOPLE_LOGIN_MAX_BYTES + 1] = "";
	struct rows r;
	enum err err = rows_open(db, &r, SQL_PEOPLE_PASSWORD_OF, BINDS(b_int(account)), e);
	if (err)
		return err;
	if (rows_next(&r)) {
		snprintf(hash, sizeof(hash), "%.*s", SLICE_ARG(rows_text(&r, 0)));
		snprintf(login, sizeof(login), "%.*s", SLICE_ARG(rows_text(&r, 2)));
	}
	if ((err = rows_close(&r)))
		return err;
	struct attempt t = attempt_of(d, NULL, login);
	if ((err = attempt_allowed(db, &t, e)))
		return err;
	bool good = hash[0] && password.len <= PEOPLE_PASSWORD_MAX_BYTES && crypt_password_verify(hash, password);
	crypt_wipe(hash, sizeof(hash));
	if (good)
		return ERR_OK;
	if ((err = write_now(d, db, attempt_failed, &t, e)))
		return err;
	return err_field(e, ERR_FORBIDDEN, "password", "The password is wrong.");
}

/* ---- resets ---- */

struct reset_start {
	const struct actor *by;
	int64_t account;
	struct crypt_hash code;
};

static enum err reset_start_run(struct db *db, void *self, struct error *e)
{
	struct reset_start *c = self;
	int64_t id;
	enum err err = db_int(db, SQL_PEOPLE_GET, BINDS(b_int(c->account)), &id, e);
	if (err == ERR_NOT_FOUND)
		return err_set(e, err, "There is no such account.");
	if (!err)
		err = db_run(db, SQL_RESET_PUT,
			BINDS(b_int(c->account), b_blob(c->code.bytes, sizeof(c->code.bytes)),
				b_int(clock_wall_ms() + PEOPLE_RESET_LIFE_MS)),
			NULL, e);
	return err ? err : audit_add(db, c->by, "account.reset-code", "account", c->account, NULL, e);
}

enum err people_reset_start(struct desk *d, struct db *db, const struct actor *by, int64_t account,
	char code[PEOPLE_RESET_BYTES], struct error *e)
{
	random_text(code, PEOPLE_RESET_BYTES - 1, false);
	struct reset_start c = { .by = by, .account = account,
		.code = crypt_keyed(keys_session(d->keys), "reset", slice_of(code)) };
	return write_now(d, db, reset_start_run, &c, e);
}

enum err people_reset_finish(struct desk *d, struct db *db, const struct sender *from, struct slice code,
	struct slice password, struct error *e)
{
	struct set_password c = { .reset = true, .code = crypt_keyed(keys_session(d->keys), "reset", code) };
	struct attempt t = attempt_of(d, from, NULL);
	char hash[CRYPT_PASSWORD_BYTES];
	int64_t account;
	enum err err = people_password_fits(password, e);
	if (err || (err = attempt_allowed(db, &t, e)))
		return err;
	/* Asked before the hash is made: guessing codes must not cost us a hash each. */
	err = db_int(db, SQL_RESET_FIND, BINDS(b_blob(c.code.bytes, sizeof(c.code.bytes)), b_int(clock_wall_ms())), &account, e);
	if (err == ERR_NOT_FOUND) {
		if ((err = write_now(d, db, attempt_failed, &t, e)))
			return err;
		return err_field(e, ERR_NOT_FOUND, "code", "This code is unknown, was used, or is older than an hour.");
	}
	if (err || (err = crypt_password_hash(password, hash, e)))
		return err;
	c.hash = hash;
	err = write_now(d, db, set_password_run, &c, e);
	crypt_wipe(hash, sizeof(hash));
	if (!err)
		cut(d, c.account);
	return err;
}

/* ---- sessions ---- */

static struct crypt_hash secret_hash(struct desk *d, struct slice secret)
{
	return crypt_keyed(keys_session(d->keys), "session", secret);
}

static void csrf_of(struct desk *d, struct slice secret, char out[PEOPLE_SECRET_BYTES])
{
	struct crypt_hash h = crypt_keyed(keys_session(d->keys), "csrf", secret);
	crypt_base64(h.bytes, sizeof(h.bytes), out);
}

struct login {
	int64_t account, expires_ms, session;
	struct crypt_hash hash;
	struct attempt attempt;
	const char *verified; /* the password hash that was checked: a change in between ends this login */
};

static enum err login_run(struct db *db, void *self, struct error *e)
{
	struct login *c = self;
	int64_t now = clock_wall_ms();
	struct rows r;
	enum err err = rows_open(db, &r, SQL_PEOPLE_PASSWORD_OF, BINDS(b_int(c->account)), e);
	if (err)
		return err;
	bool same = rows_next(&r) && slice_is(rows_text(&r, 0), c->verified) && !rows_int(&r, 1);
	if ((err = rows_close(&r)))
		return err;
	if (!same)
		return err_set(e, ERR_UNAUTHENTICATED, "The name or the password is wrong.");
	err = db_int(db, SQL_SESSION_ADD,
		BINDS(b_int(c->account), b_blob(c->hash.bytes, sizeof(c->hash.bytes)), b_int(now), b_int(c->expires_ms)),
		&c->session, e);
	if (!err)
		err = attempt_forget(db, &c->attempt, e);
	if (!err)
		err = db_run(db, SQL_PEOPLE_SEEN, BINDS(b_int(c->account), b_int(now)), NULL, e);
	if (!err)
		err = care_begin(db, c->account, e);
	struct actor who = { .account = c->account };
	return err ? err : audit_add(db, &who, "session.start", "account", c->account, NULL, e);
}

/* A hash that fits no password, with the limits of crypt_password_hash, so that unknown names take as long as known ones. */
static const char *no_password(void)
{
	return "$argon2id$v=19$m=65536,t=2,p=1$bm9ib2R5IGhhcyB0aGlzIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
}

enum err people_login(struct desk *d, struct db *db, struct arena *a, const struct sender *from, struct slice login,
	struct slice password, char secret[PEOPLE_SECRET_BYTES], struct people_session *out, struct error *e)
{
	char folded[PEOPLE_LOGIN_MAX_BYTES + 1] = "", hash[CRYPT_PASSWORD_BYTES] = "";
	if (!login.ptr || !login.len)
		return err_field(e, ERR_INVALID, "name", "A login name is needed.");
	if (!password.ptr || !password.len)
		return err_field(e, ERR_INVALID, "password", "A password is needed.");
	bool plausible = login_fold(login, folded, NULL) == ERR_OK && password.len <= PEOPLE_PASSWORD_MAX_BYTES;
	struct account who = { 0 };
	enum err err = plausible ? people_by_login(db, a, slice_of(folded), &who, e) : ERR_NOT_FOUND;
	bool known = !err && !who.disabled && who.has_password;
	if (err && err != ERR_NOT_FOUND)
		return err;
	struct login c = { .account = who.id, .attempt = attempt_of(d, from, plausible ? folded : "") };
	if ((err = attempt_allowed(db, &c.attempt, e)))
		return err;
	if (known) {
		struct rows r;
		if ((err = rows_open(db, &r, SQL_PEOPLE_PASSWORD_OF, BINDS(b_int(who.id)), e)))
			return err;
		if (rows_next(&r))
			snprintf(hash, sizeof(hash), "%.*s", SLICE_ARG(rows_text(&r, 0)));
		if ((err = rows_close(&r)))
			return err;
	}
	bool good = crypt_password_verify(hash[0] ? hash : no_password(), password.len <= PEOPLE_PASSWORD_MAX_BYTES
		? password : SLICE("")) && hash[0];
	if (!good) {
		crypt_wipe(hash, sizeof(hash));
		if ((err = write_now(d, db, attempt_failed, &c.attempt, e)))
			return err;
		return err_set(e, ERR_UNAUTHENTICATED, "The name or the password is wrong.");
	}
	unsigned char random[32];
	crypt_random(random, sizeof(random));
	crypt_base64(random, sizeof(random), secret);
	crypt_wipe(random, sizeof(random));
	c.hash = secret_hash(d, slice_of(secret));
	c.expires_ms = clock_wall_ms() + conf()->session_max_s * 1000;
	c.verified = hash;
	err = write_now(d, db, login_run, &c, e);
	crypt_wipe(hash, sizeof(hash));
	if (err)
		return err;
	out->who = (struct actor){ .role = who.role, .account = who.id, .session = c.session, .name = who.name };
	out->expires_ms = c.expires_ms;
	csrf_of(d, slice_of(secret), out->csrf);
	return ERR_OK;
}

struct seen {
	int64_t session, account, key;
};

static enum err seen_run(struct db *db, void *self, struct error *e)
{
	const struct seen *c = self;
	int64_t now = clock_wall_ms();
	if (c->key)
		return db_run(db, SQL_KEY_USED, BINDS(b_int(c->key), b_int(now)), NULL, e);
	enum err err = db_run(db, SQL_SESSION_SEEN, BINDS(b_int(c->session), b_int(now)), NULL, e);
	return err ? err : db_run(db, SQL_PEOPLE_SEEN, BINDS(b_int(c->account), b_int(now)), NULL, e);
}

/* Written at most every few minutes; that it could not be written does not fail the request that came with it. */
static void remember_use(struct desk *d, struct db *db, struct seen c)
{
	struct error ignored = { 0 };
	if (write_now(d, db, seen_run, &c, &ignored))
		return;
}

enum err people_session_find(struct desk *d, struct db *db, struct arena *a, struct slice secret, struct people_session *out,
	struct error *e)
{
	static const char unknown[] = "Please log in.";
	if (secret.len != PEOPLE_SECRET_BYTES - 1)
		return err_set(e, ERR_UNAUTHENTICATED, unknown);
	struct crypt_hash hash = secret_hash(d, secret);
	int64_t now = clock_wall_ms(), idle_ms = conf()->session_idle_s * 1000, seen = 0;
	struct rows r;
	enum err err = rows_open(db, &r, SQL_SESSION_FIND, BINDS(b_blob(hash.bytes, sizeof(hash.bytes))), e);
	if (err)
		return err;
	bool found = rows_next(&r);
	if (found) {
		out->who = (struct actor){ .session = rows_int(&r, 0), .account = rows_int(&r, 1),
			.name = arena_slice(a, rows_text(&r, 4)), .role = (enum role)rows_int(&r, 5) };
		seen = rows_int(&r, 2);
		out->expires_ms = rows_int(&r, 3);
	}
	if ((err = rows_close(&r)))
		return err;
	if (!found || out->expires_ms <= now || seen + idle_ms <= now)
		return err_set(e, ERR_UNAUTHENTICATED, unknown);
	if (!out->who.name.ptr)
		return err_nomem(e);
	csrf_of(d, secret, out->csrf);
	if (now - seen > (idle_ms / 4 < 5 * MINUTE_MS ? idle_ms / 4 : 5 * MINUTE_MS))
		remember_use(d, db, (struct seen){ .session = out->who.session, .account = out->who.account });
	return ERR_OK;
}

static enum err logout_run(struct db *db, void *self, struct error *e)
{
	const struct actor *who = self;
	int64_t changed = 0;
	enum err err = db_run(db, SQL_SESSION_END, BINDS(b_int(who->session), b_int(who->account)), &changed, e);
	if (err || !changed)
		return err;
	err = db_run(db, SQL_SESSION_ENDED, BINDS(b_int(who->account), b_int(clock_wall_ms())), NULL, e);
	return err ? err : audit_add(db, who, "session.end", "account", who->account, NULL, e);
}

enum err people_logout(struct desk *d, const struct actor *who, struct error *e)
{
	struct actor copy = *who;
	enum err err = who->session ? writer_do(d->writer, LANE_TALK, logout_run, &copy, e) : ERR_OK;
	if (!err && who->session)
		cut(d, who->account);
	return err;
}

/* ---- keys ---- */

static const struct {
	const char *name;
	enum people_scope bit;
} scopes_known[] = {
	{ "read", SCOPE_READ }, { "write", SCOPE_WRITE }, { "moderate", SCOPE_MODERATE }, { "admin", SCOPE_ADMIN },
	{ "metrics", SCOPE_METRICS },
};

enum err people_scopes_read(struct slice text, unsigned *out, struct error *e)
{
	*out = 0;
	size_t at = 0;
	while (at < text.len) {
		const char *comma = memchr(text.ptr + at, ',', text.len - at);
		size_t end = comma ? (size_t)(comma - text.ptr) : text.len, i;
		struct slice word = slice_make(text.ptr + at, end - at);
		for (i = 0; i < sizeof(scopes_known) / sizeof(*scopes_known); i++) {
			if (slice_is(word, scopes_known[i].name))
				break;
		}
		if (i == sizeof(scopes_known) / sizeof(*scopes_known)) {
			*out = 0;
			break;
		}
		*out |= scopes_known[i].bit;
		at = end + 1;
	}
	if (!*out)
		return err_field(e, ERR_INVALID, "scopes", "Scopes are read, write, moderate, admin and metrics.");
	return ERR_OK;
}

struct jv *people_scopes_json(unsigned scopes)
{
	struct jv *list = jv_array();
	for (size_t i = 0; i < sizeof(scopes_known) / sizeof(*scopes_known); i++) {
		if (scopes & scopes_known[i].bit)
			jv_push(list, jv_string(scopes_known[i].name));
	}
	return list;
}

struct key_add {
	const struct actor *by;
	struct repeat *repeat;
	struct slice label;
	unsigned scopes;
	int64_t expires_ms, id;
	struct crypt_hash hash;
};

static enum err key_add_run(struct db *db, void *self, struct error *e)
{
	struct key_add *c = self;
	int64_t count;
	enum err err = repeat_find_id(db, c->repeat, &c->id, e);
	if (err || c->id)
		return err;
	if ((err = db_int(db, SQL_KEY_COUNT, BINDS(b_int(c->by->account)), &count, e)))
		return err;
	if (count >= PEOPLE_KEYS_MAX)
		return err_set(e, ERR_CONFLICT, "This account has %d keys already; end one first.", PEOPLE_KEYS_MAX);
	if ((err = db_int(db, SQL_KEY_SAME, BINDS(b_int(c->by->account), b_text(c->label)), &count, e)))
		return err;
	if (count)
		return err_field(e, ERR_CONFLICT, "label", "This account has a key with this label already.");
	err = db_int(db, SQL_KEY_ADD,
		BINDS(b_int(c->by->account), b_blob(c->hash.bytes, sizeof(c->hash.bytes)), b_text(c->label), b_int(c->scopes),
			b_int(clock_wall_ms()), b_id(c->expires_ms)),
		&c->id, e);
	if (!err)
		err = repeat_keep_id(db, c->repeat, c->id, e);
	return err ? err : audit_add(db, c->by, "key.add", "key", c->id, NULL, e);
}

enum err people_key_add(struct desk *d, struct db *db, const struct actor *by, struct slice label, unsigned scopes,
	int64_t expires_ms, struct repeat *repeat, char key[PEOPLE_KEY_BYTES], int64_t *id, struct error *e)
{
	if (!label.ptr || !label.len || label.len > PEOPLE_NAME_MAX_BYTES)
		return err_field(e, ERR_INVALID, "label", "A key needs a label of at most %d bytes.", PEOPLE_NAME_MAX_BYTES);
	unsigned char random[32];
	crypt_random(random, sizeof(random));
	memcpy(key, "plk_", 4);
	crypt_base64(random, sizeof(random), key + 4);
	crypt_wipe(random, sizeof(random));
	struct key_add c = { .by = by, .repeat = repeat, .label = label, .scopes = scopes, .expires_ms = expires_ms,
		.hash = crypt_keyed(keys_session(d->keys), "key", slice_of(key)) };
	enum err err = write_now(d, db, key_add_run, &c, e);
	if (!err)
		*id = c.id;
	if (repeat && repeat->found)
		crypt_wipe(key, PEOPLE_KEY_BYTES); /* it opens nothing */
	return err;
}

enum err people_key_list(struct db *db, struct arena *a, int64_t account, struct people_key **out, size_t *count,
	struct error *e)
{
	*count = 0;
	*out = arena_array(a, PEOPLE_KEYS_MAX, sizeof(**out));
	if (!*out)
		return err_nomem(e);
	struct rows r;
	enum err err = rows_open(db, &r, SQL_KEY_LIST, BINDS(b_int(account)), e);
	if (err)
		return err;
	while (*count < PEOPLE_KEYS_MAX && rows_next(&r)) {
		struct people_key *k = &(*out)[(*count)++];
		k->id = rows_int(&r, 0);
		k->account = rows_int(&r, 1);
		k->label = arena_slice(a, rows_text(&r, 2));
		k->scopes = (unsigned)rows_int(&r, 3);
		k->created_ms = rows_int(&r, 4);
		k->used_ms = rows_int(&r, 5);
		k->expires_ms = rows_int(&r, 6);
	}
	if ((err = rows_close(&r)))
		return err;
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

struct key_end {
	const struct actor *by;
	int64_t id, account;
};

static enum err key_end_run(struct db *db, void *self, struct error *e)
{
	struct key_end *c = self;
	enum err err = db_int(db, SQL_KEY_OWNER, BINDS(b_int(c->id)), &c->account, e);
	if (err == ERR_NOT_FOUND || (!err && c->by && c->account != c->by->account && c->by->role < ROLE_ADMIN))
		return err_set(e, ERR_NOT_FOUND, "There is no such key.");
	if (!err)
		err = db_run(db, SQL_KEY_END, BINDS(b_int(c->id)), NULL, e);
	if (!err)
		err = db_run(db, SQL_SESSION_ENDED, BINDS(b_int(c->account), b_int(clock_wall_ms())), NULL, e);
	return err ? err : audit_add(db, c->by, "key.end", "key", c->id, NULL, e);
}

enum err people_key_end(struct desk *d, struct db *db, const struct actor *by, int64_t id, struct error *e)
{
	struct key_end c = { .by = by, .id = id };
	enum err err = write_now(d, db, key_end_run, &c, e);
	if (!err)
		cut(d, c.account);
	return err;
}

enum err people_key_find(struct desk *d, struct db *db, struct arena *a, struct slice key, struct actor *who, unsigned *scopes,
	struct error *e)
{
	static const char unknown[] = "This key is not known.";
	if (key.len != PEOPLE_KEY_BYTES - 1)
		return err_set(e, ERR_UNAUTHENTICATED, unknown);
	struct crypt_hash hash = crypt_keyed(keys_session(d->keys), "key", key);
	int64_t now = clock_wall_ms(), used = 0, expires = 0, id = 0;
	struct rows r;
	enum err err = rows_open(db, &r, SQL_KEY_FIND, BINDS(b_blob(hash.bytes, sizeof(hash.bytes))), e);
	if (err)
		return err;
	bool found = rows_next(&r);
	if (found) {
		id = rows_int(&r, 0);
		*scopes = (unsigned)rows_int(&r, 2);
		used = rows_int(&r, 3);
		expires = rows_int(&r, 4);
		*who = (struct actor){ .account = rows_int(&r, 1), .name = arena_slice(a, rows_text(&r, 5)),
			.role = (enum role)rows_int(&r, 6) };
	}
	if ((err = rows_close(&r)))
		return err;
	if (!found || (expires && expires <= now))
		return err_set(e, ERR_UNAUTHENTICATED, unknown);
	if (!who->name.ptr)
		return err_nomem(e);
	enum role most = *scopes & SCOPE_ADMIN ? ROLE_ADMIN
		: *scopes & SCOPE_MODERATE ? ROLE_MODERATOR
		: *scopes & (SCOPE_READ | SCOPE_WRITE) ? ROLE_HELPER : ROLE_NOBODY;
	if (who->role > most)
		who->role = most;
	if (now - used > 5 * MINUTE_MS)
		remember_use(d, db, (struct seen){ .key = id });
	return ERR_OK;
}

/* ---- housekeeping ---- */

enum err people_cut_ended(struct desk *d, struct db *db, struct people_watch *w, struct error *e)
{
	int64_t now = clock_wall_ms(), idle_ms = conf()->session_idle_s * 1000;
	struct rows r;
	enum err err;
	if (!w->at_ms) {
		w->at_ms = now;
		return db_int(db, SQL_SESSION_ENDS_LAST, NO_BINDS, &w->seq, e);
	}
	if ((err = rows_open(db, &r, SQL_SESSION_ENDS_AFTER, BINDS(b_int(w->seq)), e)))
		return err;
	while (rows_next(&r)) {
		w->seq = rows_int(&r, 0);
		cut(d, rows_int(&r, 1));
	}
	if ((err = rows_close(&r)))
		return err;
	if ((err = rows_open(db, &r, SQL_SESSION_RAN_OUT, BINDS(b_int(w->at_ms), b_int(now), b_int(idle_ms)), e)))
		return err;
	while (rows_next(&r))
		cut(d, rows_int(&r, 0));
	w->at_ms = now;
	return rows_close(&r);
}

static enum err sweep_run(struct db *db, void *self, struct error *e)
{
	(void)self;
	int64_t now = clock_wall_ms();
	enum err err = db_run(db, SQL_SESSION_SWEEP, BINDS(b_int(now), b_int(now - conf()->session_idle_s * 1000)), NULL, e);
	if (!err)
		err = db_run(db, SQL_SESSION_ENDS_SWEEP, BINDS(b_int(now - 24 * HOUR_MS)), NULL, e);
	if (!err)
		err = db_run(db, SQL_RESET_SWEEP, BINDS(b_int(now)), NULL, e);
	if (!err)
		err = attempt_sweep(db, e);
	return err;
}

enum err people_sweep(struct desk *d, struct error *e)
{
	return writer_do(d->writer, LANE_TALK, sweep_run, NULL, e);
}
