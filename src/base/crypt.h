/*
 * crypt: random bytes, keyed hashes, passwords, text forms of bytes. libsodium does the work; the only room that
 * includes sodium.h. Any thread after crypt_init.
 */
#ifndef BASE_CRYPT_H
#define BASE_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { CRYPT_SHORT_KEY_BYTES = 16, CRYPT_KEY_BYTES = 32, CRYPT_HASH_BYTES = 32, CRYPT_PASSWORD_BYTES = 128 };

struct crypt_key {
	unsigned char bytes[CRYPT_KEY_BYTES];
};
struct crypt_hash {
	unsigned char bytes[CRYPT_HASH_BYTES];
};

enum err crypt_init(struct error *e) MUST_CHECK;

void crypt_random(void *out, size_t bytes);
uint32_t crypt_random_below(uint32_t limit);
void crypt_wipe(void *secret, size_t bytes);
bool crypt_equal(const void *a, const void *b, size_t bytes); /* constant time */

/* BLAKE2b-256 (RFC 7693), keyed. `purpose` separates uses of one key: "token", "sender", ... */
struct crypt_hash crypt_keyed(const struct crypt_key *key, const char *purpose, struct slice text);
/* SipHash-2-4: a short keyed hash for tables of many small things; `key` is CRYPT_SHORT_KEY_BYTES of a crypt_keyed result. */
uint64_t crypt_short(const unsigned char *key, struct slice text);
struct crypt_hash crypt_sha256(struct slice text);                                  /* FIPS 180-4 */

/* Argon2id (RFC 9106) at libsodium's interactive limits: about 90 ms and 64 MiB. Use on the password pool only. */
enum err crypt_password_hash(struct slice password, char out[CRYPT_PASSWORD_BYTES], struct error *e) MUST_CHECK;
bool crypt_password_verify(const char *hash, struct slice password);

/* Text forms, NUL-terminated. base64url without padding (RFC 4648 section 5). `out` needs crypt_*_bytes(n). */
#define CRYPT_BASE64_BYTES(n) (((n) * 4 + 2) / 3 + 1)
#define CRYPT_HEX_BYTES(n) ((n) * 2 + 1)
char *crypt_base64(const void *bytes, size_t n, char *out);
char *crypt_hex(const void *bytes, size_t n, char *out);
/* False unless `text` is exactly the form of `n` bytes. */
bool crypt_base64_read(struct slice text, void *out, size_t n);

/* A key file of 32 bytes: read, or made with mode 0600 by rename when absent. A file others may read is an error. */
enum err crypt_key_file(const char *path, struct crypt_key *out, struct error *e) MUST_CHECK;

#endif
