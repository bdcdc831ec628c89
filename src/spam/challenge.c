#include "spam/challenge.h"

#include <stdio.h>
#include <string.h>

#define EXPIRES "?expires="

enum { HEX_BYTES = 2 * CRYPT_HASH_BYTES, DEPTH_MAX = 2, SECONDS_DIGITS_MAX = 12 };

static struct crypt_hash sign(const struct crypt_key *key, struct slice purpose, struct slice salt, struct slice hash)
{
	struct str s;
	struct crypt_hash out;

	/* Lengths first, so that no two lists of parts are the same bytes. */
	str_init(&s, 16 * 1024);
	str_addf(&s, "%zu:%.*s%zu:%.*s%zu:%.*s", purpose.len, SLICE_ARG(purpose), salt.len, SLICE_ARG(salt), hash.len, SLICE_ARG(hash));
	out = crypt_keyed(key, "challenge", str_slice(&s));
	if (str_failed(&s)) /* a signature nobody can have seen */
		crypt_random(&out, sizeof(out));
	str_fini(&s);
	return out;
}

static void work(struct slice salt, int64_t number, char hex[CRYPT_HEX_BYTES(CRYPT_HASH_BYTES)])
{
	char text[CHALLENGE_SALT_BYTES + 24];
	int n = snprintf(text, sizeof(text), "%.*s%lld", SLICE_ARG(salt), (long long)number);
	struct crypt_hash h = crypt_sha256(slice_make(text, (size_t)n));

	crypt_hex(h.bytes, sizeof(h.bytes), hex);
}

void challenge_make(const struct crypt_key *key, struct slice purpose, int64_t maxnumber, int64_t number, int64_t expires_s,
	const unsigned char random[CHALLENGE_RANDOM_BYTES], struct challenge *out)
{
	char hex[CRYPT_HEX_BYTES(CHALLENGE_RANDOM_BYTES)];
	struct crypt_hash signature;

	out->maxnumber = maxnumber;
	snprintf(out->salt, sizeof(out->salt), "%s" EXPIRES "%lld&", crypt_hex(random, CHALLENGE_RANDOM_BYTES, hex), (long long)expires_s);
	work(slice_of(out->salt), number, out->hash);
	signature = sign(key, purpose, slice_of(out->salt), slice_of(out->hash));
	crypt_hex(signature.bytes, sizeof(signature.bytes), out->signature);
}

struct jv *challenge_json(const struct challenge *c)
{
	struct jv *v = jv_set_string(jv_object(), "algorithm", "SHA-256");

	jv_set_string(v, "challenge", c->hash);
	jv_set_int(v, "maxnumber", c->maxnumber);
	jv_set_string(v, "salt", c->salt);
	return jv_set_string(v, "signature", c->signature);
}

/* ---- what came back ---- */

static int digit64(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Base64 of either alphabet, with or without padding (RFC 4648): clients differ. Absent when it is none. */
static struct slice decode(struct arena *a, struct slice in)
{
	unsigned char *out = arena_array(a, in.len ? in.len : 1, 1);
	size_t n = 0;
	unsigned bits = 0;
	int have = 0;

	while (in.len && in.ptr[in.len - 1] == '=')
		in.len--;
	for (size_t i = 0; out && i < in.len; i++) {
		int d = digit64(in.ptr[i]);
		if (d < 0)
			return SLICE_NONE;
		bits = (bits << 6 | (unsigned)d) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (unsigned char)(bits >> have);
		}
	}
	return out ? slice_make((const char *)out, n) : SLICE_NONE;
}

static bool hex_shaped(struct slice s, size_t len)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] >= 'a' && s.ptr[i] <= 'f')))
			return false;
	return s.len == len;
}

/* HEX?expires=SECONDS& and nothing else: what we write, and what can be read in one way only. */
static bool read_salt(struct slice salt, int64_t *expires_s)
{
	size_t at = 2 * (size_t)CHALLENGE_RANDOM_BYTES, digits = 0;

	*expires_s = 0;
	if (salt.len >= CHALLENGE_SALT_BYTES || salt.len <= at || !hex_shaped(slice_make(salt.ptr, at), at) ||
		!slice_starts(slice_from(salt, at), SLICE(EXPIRES)))
		return false;
	for (at += strlen(EXPIRES); at < salt.len && salt.ptr[at] >= '0' && salt.ptr[at] <= '9'; at++, digits++)
		if (digits < SECONDS_DIGITS_MAX)
			*expires_s = *expires_s * 10 + (salt.ptr[at] - '0');
	return digits >= 1 && digits <= SECONDS_DIGITS_MAX && at + 1 == salt.len && salt.ptr[at] == '&';
}

enum challenge_found challenge_read(struct arena *a, struct slice payload, struct challenge_answer *out)
{
	struct jv *v = NULL;
	enum challenge_found found = CHALLENGE_MALFORMED;
	struct slice json;

	memset(out, 0, sizeof(*out));
	if (!payload.len || payload.len > CHALLENGE_PAYLOAD_MAX_BYTES)
		return found;
	json = decode(a, payload);
	if (!json.len || jv_parse(json, DEPTH_MAX, &v, NULL))
		return found;
	out->salt = arena_slice(a, jv_get_text(v, "salt"));
	out->hash = arena_slice(a, jv_get_text(v, "challenge"));
	out->signature = arena_slice(a, jv_get_text(v, "signature"));
	out->number = jv_int_of(jv_get(v, "number"));
	if (slice_is(jv_get_text(v, "algorithm"), "SHA-256") && jv_type(jv_get(v, "number")) == JV_INT && out->number >= 0 &&
		out->number <= CHALLENGE_NUMBER_MAX && hex_shaped(out->hash, HEX_BYTES) && hex_shaped(out->signature, HEX_BYTES) &&
		read_salt(out->salt, &out->expires_s))
		found = CHALLENGE_GOOD;
	jv_free(&v);
	return found;
}

enum challenge_found challenge_check(const struct crypt_key *key, struct slice purpose, int64_t now_s, const struct challenge_answer *answer)
{
	struct crypt_hash signature = sign(key, purpose, answer->salt, answer->hash);
	char hex[CRYPT_HEX_BYTES(CRYPT_HASH_BYTES)];

	crypt_hex(signature.bytes, sizeof(signature.bytes), hex);
	if (answer->signature.len != HEX_BYTES || !crypt_equal(hex, answer->signature.ptr, HEX_BYTES))
		return CHALLENGE_FORGED;
	return answer->expires_s <= now_s ? CHALLENGE_EXPIRED : CHALLENGE_GOOD;
}

struct crypt_hash challenge_id(const struct challenge_answer *answer)
{
	char text[HEX_BYTES + 16];
	int n = snprintf(text, sizeof(text), "challenge:%.*s", SLICE_ARG(answer->signature));

	return crypt_sha256(slice_make(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1));
}

bool challenge_solved(const struct challenge_answer *answer)
{
	char hex[CRYPT_HEX_BYTES(CRYPT_HASH_BYTES)];

	work(answer->salt, answer->number, hex);
	return answer->hash.len == HEX_BYTES && crypt_equal(hex, answer->hash.ptr, HEX_BYTES);
}
