#include "desk/keys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/disk.h"
#include "base/log.h"

enum { TOKEN_RAW_BYTES = 18, RATE_DAYS = 1, TURNING_TEXT_BYTES = 256 };
static const int64_t day_ms = 24 * 60 * 60 * INT64_C(1000);

/* A key that is replaced with time. The file holds "porchlight-key 1 PERIOD CURRENT BEFORE", the keys as base64url, BEFORE
 * "-" when there is none. PERIOD counts spans of `days` since 1970. */
struct turning {
	const char *file;
	int days;
	int64_t period;
	struct crypt_key now, before;
	bool has_before;
};

struct keys {
	char folder[PATH_MAX];
	struct crypt_key link, session, form;
	pthread_mutex_t lock; /* guards the turning keys */
	struct turning rate, ban;
};

/* ---- turning keys ---- */

static enum err turning_write(const char *folder, const struct turning *t, struct error *e)
{
	char path[PATH_MAX], text[TURNING_TEXT_BYTES];
	char now[CRYPT_BASE64_BYTES(CRYPT_KEY_BYTES)], before[CRYPT_BASE64_BYTES(CRYPT_KEY_BYTES)] = "-";
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, t->file) >= sizeof(path))
		return err_set(e, ERR_INVALID, "The name of the data folder is too long.");
	crypt_base64(t->now.bytes, sizeof(t->now.bytes), now);
	if (t->has_before)
		crypt_base64(t->before.bytes, sizeof(t->before.bytes), before);
	int len = snprintf(text, sizeof(text), "porchlight-key 1 %lld %s %s\n", (long long)t->period, now, before);
	bool good = disk_replace(path, 0600, slice_make(text, (size_t)len));
	int why = errno;
	crypt_wipe(text, sizeof(text));
	crypt_wipe(now, sizeof(now));
	crypt_wipe(before, sizeof(before));
	if (!good)
		return err_set(e, ERR_IO, "The key file %s cannot be written: %s.", t->file, strerror(why));
	return ERR_OK;
}

/* ERR_NOT_FOUND when there is no such file yet. */
static enum err turning_read(const char *folder, struct turning *t, struct error *e)
{
	char path[PATH_MAX], text[TURNING_TEXT_BYTES] = { 0 }, now[64], before[64];
	struct stat st;
	long long period;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, t->file) >= sizeof(path))
		return err_set(e, ERR_INVALID, "The name of the data folder is too long.");
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return ERR_NOT_FOUND;
	if (fd < 0 || fstat(fd, &st)) {
		if (fd >= 0)
			close(fd);
		return err_set(e, ERR_IO, "The key file %s cannot be read: %s.", t->file, strerror(errno));
	}
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (st.st_mode & 077)
		return err_set(e, ERR_FORBIDDEN, "The key file %s may be read by others; run `chmod 600` on it.", t->file);
	int got = n > 0 ? sscanf(text, "porchlight-key 1 %lld %63s %63s", &period, now, before) : 0;
	bool good = got == 3 && crypt_base64_read(slice_of(now), t->now.bytes, sizeof(t->now.bytes));
	if (good) {
		t->has_before = strcmp(before, "-") != 0;
		good = !t->has_before || crypt_base64_read(slice_of(before), t->before.bytes, sizeof(t->before.bytes));
		t->period = period;
	}
	crypt_wipe(text, sizeof(text));
	crypt_wipe(now, sizeof(now));
	crypt_wipe(before, sizeof(before));
	if (!good)
		return err_set(e, ERR_CORRUPT, "The key file %s is damaged; restore it from a backup or remove it.", t->file);
	return ERR_OK;
}

/* Steps forward when the period is over. True when something changed. A clock that went back changes nothing. */
static bool turning_step(struct turning *t, int64_t now_ms)
{
	int64_t period = now_ms / (t->days * day_ms);
	if (period <= t->period)
		return false;
	t->has_before = period == t->period + 1;
	if (t->has_before)
		t->before = t->now;
	else
		crypt_wipe(&t->before, sizeof(t->before));
	crypt_random(t->now.bytes, sizeof(t->now.bytes));
	t->period = period;
	return true;
}

static enum err turning_open(const char *folder, struct turning *t, const char *file, int days, struct error *e)
{
	*t = (struct turning){ .file = file, .days = days, .period = -1 };
	enum err rc = turning_read(folder, t, e);
	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	return turning_step(t, clock_wall_ms()) ? turning_write(folder, t, e) : ERR_OK;
}

/* The lock is held. A key that could not be written down is used all the same: until a restart it counts as well. */
static void turn(struct keys *k, struct turning *t, int64_t now_ms)
{
	struct error e = { 0 };
	if (turning_step(t, now_ms) && turning_write(k->folder, t, &e))
		log_error("desk/keys", "%s", e.message);
}

/* ---- opening ---- */

static enum err plain(const char *folder, const char *file, struct crypt_key *out, struct error *e)
{
	char path[PATH_MAX];
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, file) >= sizeof(path))
		return err_set(e, ERR_INVALID, "The name of the data folder is too long.");
	return crypt_key_file(path, out, e);
}

enum err keys_open(const char *folder, struct keys **out, struct error *e)
{
	struct keys *k = calloc(1, sizeof(*k));
	if (!k)
		return err_nomem(e);
	pthread_mutex_init(&k->lock, NULL);
	enum err rc = ERR_OK;
	struct stat st;
	if ((size_t)snprintf(k->folder, sizeof(k->folder), "%s/keys", folder) >= sizeof(k->folder))
		rc = err_set(e, ERR_INVALID, "The name of the data folder is too long.");
	else if (mkdir(k->folder, 0700) && errno != EEXIST)
		rc = err_set(e, ERR_IO, "The folder for the keys cannot be made: %s.", strerror(errno));
	else if (stat(k->folder, &st))
		rc = err_set(e, ERR_IO, "The folder for the keys cannot be read: %s.", strerror(errno));
	else if (st.st_mode & 077)
		rc = err_set(e, ERR_FORBIDDEN, "The folder for the keys may be entered by others; run `chmod 700` on it.");
	if (rc == ERR_OK)
		rc = plain(k->folder, "link.key", &k->link, e);
	if (rc == ERR_OK)
		rc = plain(k->folder, "session.key", &k->session, e);
	if (rc == ERR_OK)
		rc = plain(k->folder, "form.key", &k->form, e);
	if (rc == ERR_OK)
		rc = turning_open(k->folder, &k->rate, "rate.key", RATE_DAYS, e);
	if (rc == ERR_OK)
		rc = turning_open(k->folder, &k->ban, "ban.key", KEYS_BAN_DAYS_MAX, e);
	if (rc)
		keys_free(&k);
	else
		*out = k;
	return rc;
}

void keys_free(struct keys **k)
{
	if (!*k)
		return;
	pthread_mutex_destroy(&(*k)->lock);
	crypt_wipe(*k, sizeof(**k));
	free(*k);
	*k = NULL;
}

/* ---- links ---- */

void keys_seed(unsigned char seed[KEYS_SEED_BYTES])
{
	crypt_random(seed, KEYS_SEED_BYTES);
}

char *keys_token(const struct keys *k, const unsigned char seed[KEYS_SEED_BYTES], char token[KEYS_TOKEN_BYTES])
{
	struct crypt_hash h = crypt_keyed(&k->link, "link", slice_make((const char *)seed, KEYS_SEED_BYTES));
	_Static_assert(CRYPT_BASE64_BYTES(TOKEN_RAW_BYTES) == KEYS_TOKEN_BYTES, "a token is its raw bytes in base64url");
	return crypt_base64(h.bytes, TOKEN_RAW_BYTES, token);
}

struct crypt_hash keys_token_hash(struct slice token)
{
	return crypt_sha256(token);
}

/* ---- senders ---- */

/* The bytes that stand for a sender: 4 of an IPv4 address, 8 of an IPv6 network. 0 when it is no address. */
static size_t network_of(struct slice address, unsigned char out[8])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];
	struct in6_addr six;
	struct in_addr four;
	if (!address.ptr || address.len == 0 || address.len >= sizeof(text))
		return 0;
	memcpy(text, address.ptr, address.len);
	text[address.len] = '\0';
	if (inet_pton(AF_INET, text, &four) == 1) {
		memcpy(out, &four, 4);
		return 4;
	}
	if (inet_pton(AF_INET6, text, &six) != 1)
		return 0;
	if (!memcmp(six.s6_addr, mapped, sizeof(mapped))) {
		memcpy(out, six.s6_addr + 12, 4);
		return 4;
	}
	memcpy(out, six.s6_addr, 8);
	return 8;
}

struct sender keys_sender(struct keys *k, struct slice address)
{
	struct sender s = { 0 };
	unsigned char network[8];
	size_t n = network_of(address, network);
	if (n == 0)
		return s;
	struct slice text = slice_make((const char *)network, n);
	int64_t now = clock_wall_ms();
	pthread_mutex_lock(&k->lock);
	turn(k, &k->rate, now);
	turn(k, &k->ban, now);
	s.known = true;
	s.rate = crypt_keyed(&k->rate.now, "sender", text);
	s.ban = crypt_keyed(&k->ban.now, "sender", text);
	/* Without a key from before, the current one stands in: whoever asks for either finds the same. */
	s.rate_before = k->rate.has_before ? crypt_keyed(&k->rate.before, "sender", text) : s.rate;
	s.ban_before = k->ban.has_before ? crypt_keyed(&k->ban.before, "sender", text) : s.ban;
	pthread_mutex_unlock(&k->lock);
	crypt_wipe(network, sizeof(network));
	return s;
}

const struct crypt_key *keys_session(const struct keys *k)
{
	return &k->session;
}

const struct crypt_key *keys_form(const struct keys *k)
{
	return &k->form;
}
