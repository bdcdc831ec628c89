#include "desk/attempt.h"

#include <limits.h>

#include "desk/keys.h"

static const int64_t HOUR_MS = 3600 * 1000;

/* A network may be a school: it gets more free failures than an account, and its wait stays bearable. */
enum { NETWORK_FREE_FAILURES = 20, NETWORK_WAIT_MAX_S = 60 };
enum { PAIR_WAIT_MAX_S = 30, ATTACKED_WAIT_MAX_S = 120, UNKNOWN_WAIT_MAX_S = 4 };

static struct crypt_hash pair_of(struct desk *d, const struct sender *from, struct crypt_hash name)
{
	unsigned char both[2 * sizeof(name.bytes)] = { 0 };

	memcpy(both, name.bytes, sizeof(name.bytes));
	if (from->known)
		memcpy(both + sizeof(name.bytes), from->rate.bytes, sizeof(name.bytes));
	return crypt_keyed(keys_session(d->keys), "login-from", slice_make((const char *)both, sizeof(both)));
}

struct attempt attempt_of(struct desk *d, const struct sender *from, const char *login)
{
	struct attempt t = { .has_pair = login != NULL, .has_everywhere = login && from, .has_network = from && from->known && conf()->rate_limits,
		.wait_max_s = from && !from->known ? UNKNOWN_WAIT_MAX_S : PAIR_WAIT_MAX_S };
	if (t.has_everywhere) {
		t.everywhere = crypt_keyed(keys_session(d->keys), "login", slice_of(login));
		t.pair = pair_of(d, from, t.everywhere);
	} else if (t.has_pair) {
		t.pair = crypt_keyed(keys_session(d->keys), "own-password", slice_of(login));
	}
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
	enum err err = t->has_pair ? wait_of(db, &t->pair, now, &next, e) : ERR_OK;
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

/* *failures: with this one. */
static enum err count_failure(struct db *db, const struct crypt_hash *h, int free_failures, int wait_max_s, int64_t *failures, struct error *e)
{
	int64_t now = clock_wall_ms();
	struct bind key = b_blob(h->bytes, sizeof(h->bytes));
	enum err err;
	*failures = 0;
	err = db_int(db, SQL_LOGIN_COUNT, BINDS(key, b_int(now - HOUR_MS)), failures, e);
	if (err && err != ERR_NOT_FOUND)
		return err;
	*failures = (err ? 0 : *failures) + 1;
	int64_t wait_s = 0;
	if (*failures >= free_failures) {
		int64_t doublings = *failures - free_failures;
		wait_s = doublings > 10 ? wait_max_s : 2LL << doublings;
		if (wait_s > wait_max_s)
			wait_s = wait_max_s;
	}
	return db_run(db, SQL_LOGIN_FAILED, BINDS(key, b_int(*failures), b_int(now), b_int(now + wait_s * 1000)), NULL, e);
}

enum err attempt_failed(struct db *db, void *self, struct error *e)
{
	const struct attempt *t = self;
	int64_t everywhere = 0, own;
	/* Nobody waits for this count: it only makes each network's own patience shorter. */
	enum err err = t->has_everywhere ? count_failure(db, &t->everywhere, INT_MAX, 0, &everywhere, e) : ERR_OK;
	bool attacked = everywhere > ATTEMPT_UNDER_ATTACK && t->wait_max_s == PAIR_WAIT_MAX_S;
	if (!err && t->has_pair)
		err = count_failure(db, &t->pair, attacked ? 1 : ATTEMPT_FREE_FAILURES, attacked ? ATTACKED_WAIT_MAX_S : t->wait_max_s, &own, e);
	if (!err && t->has_network)
		err = count_failure(db, &t->network, NETWORK_FREE_FAILURES, NETWORK_WAIT_MAX_S, &own, e);
	return err;
}

enum err attempt_forget(struct db *db, const struct attempt *t, struct error *e)
{
	return t->has_pair ? db_run(db, SQL_LOGIN_FORGET, BINDS(b_blob(t->pair.bytes, sizeof(t->pair.bytes))), NULL, e) : ERR_OK;
}

enum err attempt_sweep(struct db *db, struct error *e)
{
	return db_run(db, SQL_LOGIN_SWEEP, BINDS(b_int(clock_wall_ms() - HOUR_MS)), NULL, e);
}
