#include "base/crypt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"

_Static_assert(CRYPT_PASSWORD_BYTES >= crypto_pwhash_STRBYTES, "room for a password hash");
_Static_assert(CRYPT_SHORT_KEY_BYTES == crypto_shorthash_KEYBYTES, "SipHash's key");
_Static_assert(CRYPT_HASH_BYTES == crypto_hash_sha256_BYTES, "SHA-256 is 32 bytes");

enum err crypt_init(struct error *e)
{
	if (sodium_init() < 0)
		return err_set(e, ERR_INTERNAL, "The random number generator cannot be started.");
	return ERR_OK;
}

void crypt_random(void *out, size_t bytes)
{
	randombytes_buf(out, bytes);
}

uint32_t crypt_random_below(uint32_t limit)
{
	return randombytes_uniform(limit);
}

void crypt_wipe(void *secret, size_t bytes)
{
	sodium_memzero(secret, bytes);
}

bool crypt_equal(const void *a, const void *b, size_t bytes)
{
	return sodium_memcmp(a, b, bytes) == 0;
}

static const unsigned char *bytes_of(struct slice s)
{
	return (const unsigned char *)(s.ptr ? s.ptr : "");
}

struct crypt_hash crypt_keyed(const struct crypt_key *key, const char *purpose, struct slice text)
{
	struct crypt_hash h;
	crypto_generichash_state st;

	crypto_generichash_init(&st, key->bytes, sizeof key->bytes, sizeof h.bytes);
	/* With its NUL, so that no purpose and text can be shifted into another pair. */
	crypto_generichash_update(&st, (const unsigned char *)purpose, strlen(purpose) + 1);
	crypto_generichash_update(&st, bytes_of(text), text.len);
	crypto_generichash_final(&st, h.bytes, sizeof h.bytes);
	crypt_wipe(&st, sizeof st);
	return h;
}

uint64_t crypt_short(const unsigned char *key, struct slice text)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t h = 0;

	crypto_shorthash(out, bytes_of(text), text.len, key);
	for (size_t i = 0; i < sizeof out; i++)
		h = h << 8 | out[i];
	return h;
}

struct crypt_hash crypt_sha256(struct slice text)
{
	struct crypt_hash h;

	crypto_hash_sha256(h.bytes, bytes_of(text), text.len);
	return h;
}

enum err crypt_password_hash(struct slice password, char out[CRYPT_PASSWORD_BYTES], struct error *e)
{
	if (crypto_pwhash_str(out, password.ptr ? password.ptr : "", password.len, crypto_pwhash_OPSLIMIT_INTERACTIVE,
			      crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
		return err_nomem(e);
	return ERR_OK;
}

bool crypt_password_verify(const char *hash, struct slice password)
{
	char padded[CRYPT_PASSWORD_BYTES] = { 0 };

	/* libsodium reads up to crypto_pwhash_STRBYTES, whatever the length of a stored string. */
	if (!hash || strlen(hash) >= sizeof padded)
		return false;
	memcpy(padded, hash, strlen(hash));
	return crypto_pwhash_str_verify(padded, password.ptr ? password.ptr : "", password.len) == 0;
}

char *crypt_base64(const void *bytes, size_t n, char *out)
{
	return sodium_bin2base64(out, CRYPT_BASE64_BYTES(n), bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

char *crypt_hex(const void *bytes, size_t n, char *out)
{
	return sodium_bin2hex(out, CRYPT_HEX_BYTES(n), bytes, n);
}

bool crypt_base64_read(struct slice text, void *out, size_t n)
{
	size_t got = 0;

	if (text.len != CRYPT_BASE64_BYTES(n) - 1 || !text.ptr)
		return false;
	return sodium_base642bin(out, n, text.ptr, text.len, NULL, &got, NULL,
				 sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	       got == n;
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ERR_NOT_FOUND without a message when there is no such file. */
static enum err read_key(const char *path, struct crypt_key *out, struct error *e)
{
	unsigned char more;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	enum err rc = ERR_OK;

	if (fd < 0 && errno == ENOENT)
		return ERR_NOT_FOUND;
	if (fd < 0)
		return err_set(e, ERR_IO, "The key file %s cannot be read: %s.", name_of(path), strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		rc = err_set(e, ERR_IO, "The key file %s is not a file.", name_of(path));
	else if (st.st_mode & 077)
		rc = err_set(e, ERR_FORBIDDEN, "The key file %s may be read by others: its mode must be 0600.",
			     name_of(path));
	else if (read(fd, out->bytes, sizeof out->bytes) != (ssize_t)sizeof out->bytes || read(fd, &more, 1) != 0)
		rc = err_set(e, ERR_CORRUPT, "The key file %s does not hold 32 bytes.", name_of(path));
	close(fd);
	return rc;
}

/* Whole and on disk, or not there: a key that a crash cut in half would open nothing that it once closed. */
static enum err make_key(const char *path, struct error *e)
{
	struct crypt_key key;
	char temp[PATH_MAX];
	enum err rc = ERR_OK;

	if (snprintf(temp, sizeof temp, "%s.%08x.new", path, randombytes_random()) >= (int)sizeof temp)
		return err_set(e, ERR_INVALID, "The path of the key file %s is too long.", name_of(path));
	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(e, ERR_IO, "The key file %s cannot be made: %s.", name_of(path), strerror(errno));
	crypt_random(key.bytes, sizeof key.bytes);
	if (write(fd, key.bytes, sizeof key.bytes) != (ssize_t)sizeof key.bytes || fsync(fd) != 0)
		rc = err_set(e, ERR_IO, "The key file %s cannot be written: %s.", name_of(path), strerror(errno));
	crypt_wipe(&key, sizeof key);
	close(fd);
	/* Another process may have made one meanwhile: its key stands. */
	if (rc == ERR_OK && renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) != 0 && errno != EEXIST)
		rc = err_set(e, ERR_IO, "The key file %s cannot be written: %s.", name_of(path), strerror(errno));
	if (rc == ERR_OK && !disk_sync_folder_of(path))
		rc = err_set(e, ERR_IO, "The folder of the key file %s cannot be written.", name_of(path));
	(void)unlink(temp);
	return rc;
}

enum err crypt_key_file(const char *path, struct crypt_key *out, struct error *e)
{
	enum err rc = read_key(path, out, e);

	if (rc != ERR_NOT_FOUND)
		return rc;
	rc = make_key(path, e);
	if (rc != ERR_OK)
		return rc;
	rc = read_key(path, out, e);
	if (rc == ERR_NOT_FOUND)
		return err_set(e, ERR_IO, "The key file %s vanished.", name_of(path));
	return rc;
}
