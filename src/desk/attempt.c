#include "desk/attempt.h"

#include "desk/keys.h"

static const int64_t HOUR_MS = 3600 * 1000;

/* A network may be a school: it gets more free failures than an account, and its wait stays bearable. */
enum { NETWORK_FREE_FAILURES = 20, ACCOUNT_WAIT_MAX_S = 30, NETWORK_WAIT_MAX_S = 60 };

struct attempt attempt_of(struct desk *d, const struct sender *from, const char *login)
{
	struct attempt t = { .has_name = login != NULL, .has_network = from && from->known && conf()->rate_limits };
	if (login)
		t.name = crypt_keyed(keys_session(d->keys), "login", slice_of(login));
	if (t.has_network)
		t.network = from->rate;
	return t;
}

static enum err wait_of(struct db *db, const struct crypt_hash *h, int64_t now, int64_t *next, struct error *e)
{
	int64_t n = 0;
	enum err err = db_int(db, SQL_LOGIN_WAIT, BINDS(b_blob(h->bytes, sizeof(h->bytes)), b_int(now - HOUR_MS)), &n, e);
	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	if (!err && n > *next)
		*next = n;
	return err;
}

enum err attempt_allowed(struct db *db, const struct attempt *t, struct error *e)
{
	int64_t now = clock_wall_ms(), next = 0;
	enum err err = t->has_name ? wait_of(db, &t->name, now, &next, e) : ERR_OK;
	if (!err && t->has_network)
		err = wait_of(db, &t->network, now, &next, e);
	if (err || next <= now)
		return err;
	int seconds = (int)((next - now + 999) / 1000);
	err_set(e, ERR_LIMITED, "Too many failed attempts; please try again in %d s.", seconds);
	if (e)
		e->retry_after_s = seconds;
	return ERR_LIMITED;
}

static enum err count_failure(struct db *db, const struct crypt_hash *h, int free_failures, int wait_max_s, struct error *e)
{
	int64_t now = clock_wall_ms(), failures = 0;
	struct bind key = b_blob(h->bytes, sizeof(h->bytes));
	enum err err = db_int(db, SQL_LOGIN_COUNT, BINDS(key, b_int(now - HOUR_MS)), &failures, e);
	if (err && err != ERR_NOT_FOUND)
		return err;
	failures = (err ? 0 : failures) + 1;
	int64_t wait_s = 0;
	if (failures >= free_failures) {
		int64_t doublings = failures - free_failures;
		wait_s = doublings > 10 ? wait_max_s : 2LL << doublings;
		if (wait_s > wait_max_s)
			wait_s = wait_max_s;
	}
	return db_run(db, SQL_LOGIN_FAILED, BINDS(key, b_int(failures), b_int(now), b_int(now + wait_s * 1000)), NULL, e);
}

enum err attempt_failed(struct db *db, void *self, struct error *e)
{
	const struct attempt *t = self;
	enum err err = t->has_name ? count_failure(db, &t->name, ATTEMPT_FREE_FAILURES, ACCOUNT_WAIT_MAX_S, e) : ERR_OK;
	if (!err && t->has_network)
		err = count_failure(db, &t->network, NETWORK_FREE_FAILURES, NETWORK_WAIT_MAX_S, e);
	return err;
}

enum err attempt_forget(struct db *db, const struct attempt *t, struct error *e)
{
	return t->has_name ? db_run(db, SQL_LOGIN_FORGET, BINDS(b_blob(t->name.bytes, sizeof(t->name.bytes))), NULL, e) : ERR_OK;
}

enum err attempt_sweep(struct db *db, struct error *e)
{
	return db_run(db, SQL_LOGIN_SWEEP, BINDS(b_int(clock_wall_ms() - HOUR_MS)), NULL, e);
}
