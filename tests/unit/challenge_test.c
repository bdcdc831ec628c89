/* The proof of work: what any ALTCHA client would send back is taken, and everything else is told apart, the cheapest look first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "spam/challenge.h"

static const struct crypt_key key = { "a key of 32 bytes for this test." };
static const unsigned char random_bytes[CHALLENGE_RANDOM_BYTES] = "twelve bytes";
static struct arena *arena;

static struct challenge make(const char *purpose, int64_t number)
{
	struct challenge c;
	challenge_make(&key, slice_of(purpose), 5000, number, 1000, random_bytes, &c);
	return c;
}

/* As a client does it: base64 with padding of the JSON text. */
static struct slice encode(const char *json)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = strlen(json), at = 0;
	char *out = arena_array(arena, n * 2 + 8, 1);

	for (size_t i = 0; i < n; i += 3) {
		unsigned b = (unsigned)(unsigned char)json[i] << 16 | (i + 1 < n ? (unsigned)(unsigned char)json[i + 1] << 8 : 0) |
			(i + 2 < n ? (unsigned char)json[i + 2] : 0);
		out[at++] = digits[b >> 18 & 63];
		out[at++] = digits[b >> 12 & 63];
		out[at++] = i + 1 < n ? digits[b >> 6 & 63] : '=';
		out[at++] = i + 2 < n ? digits[b & 63] : '=';
	}
	return slice_make(out, at);
}

static struct slice answer_json(const struct challenge *c, int64_t number)
{
	return encode(arena_printf(arena, "{\"algorithm\":\"SHA-256\",\"challenge\":\"%s\",\"number\":%lld,\"salt\":\"%s\",\"signature\":\"%s\",\"took\":12}",
		c->hash, (long long)number, c->salt, c->signature));
}

static enum challenge_found look(const char *purpose, int64_t now_s, struct slice payload)
{
	struct challenge_answer a;
	enum challenge_found found = challenge_read(arena, payload, &a);

	if (found == CHALLENGE_GOOD)
		found = challenge_check(&key, slice_of(purpose), now_s, &a);
	return found == CHALLENGE_GOOD && !challenge_solved(&a) ? CHALLENGE_WRONG : found;
}

/* Solves by trying, knowing only what a client is given. */
static void a_client_finds_the_number(void **state)
{
	(void)state;
	struct challenge c = make("form:x", 1234);
	int64_t number = -1;
	struct jv *v = challenge_json(&c);

	assert_string_equal(jv_get_text(v, "algorithm").ptr, "SHA-256");
	assert_int_equal(jv_int_of(jv_get(v, "maxnumber")), 5000);
	for (int64_t i = 0; i <= c.maxnumber && number < 0; i++) {
		char text[200], hex[CRYPT_HEX_BYTES(CRYPT_HASH_BYTES)];
		struct crypt_hash h = crypt_sha256(slice_make(text, (size_t)snprintf(text, sizeof(text), "%s%lld", c.salt, (long long)i)));
		if (strcmp(crypt_hex(h.bytes, sizeof(h.bytes), hex), c.hash) == 0)
			number = i;
	}
	assert_int_equal(number, 1234);
	assert_int_equal(look("form:x", 999, answer_json(&c, number)), CHALLENGE_GOOD);
	jv_free(&v);
}

static void what_is_not_the_answer(void **state)
{
	(void)state;
	struct challenge c = make("ticket:7", 77), other = make("ticket:7", 78);
	struct slice good = answer_json(&c, 77), bare = good;

	assert_int_equal(look("ticket:7", 999, good), CHALLENGE_GOOD);
	while (bare.ptr[bare.len - 1] == '=')
		bare.len--;
	assert_int_equal(look("ticket:7", 999, bare), CHALLENGE_GOOD);
	assert_int_equal(look("ticket:7", 999, answer_json(&c, 76)), CHALLENGE_WRONG);
	/* shared: for another ticket, for a form */
	assert_int_equal(look("ticket:8", 999, good), CHALLENGE_FORGED);
	assert_int_equal(look("form:7", 999, good), CHALLENGE_FORGED);
	assert_int_equal(look("ticket:7", 1000, good), CHALLENGE_EXPIRED);
	/* made before it was given out: an own salt and hash under a signature of ours */
	memcpy(other.signature, c.signature, sizeof(c.signature));
	assert_int_equal(look("ticket:7", 999, answer_json(&other, 78)), CHALLENGE_FORGED);
	/* a later end: the digits of the number moved into the expiry */
	struct challenge longer = c;
	snprintf(longer.salt, sizeof(longer.salt), "%.*s?expires=100077&", 24, c.salt);
	assert_int_equal(look("ticket:7", 5000, answer_json(&longer, 77)), CHALLENGE_FORGED);
	snprintf(longer.salt, sizeof(longer.salt), "%.*s?expires=1000&7", 24, c.salt);
	assert_int_equal(look("ticket:7", 999, answer_json(&longer, 7)), CHALLENGE_MALFORMED);
}

static void no_shape_of_an_answer(void **state)
{
	(void)state;
	struct challenge c = make("x", 5);
	struct challenge_answer a;
	static const char *const bad[] = {
		"", "{}", "[]", "null", "7", "{\"number\":1}", "{\"algorithm\":\"SHA-256\"", "{\"a\":[[[[[[]]]]]]}", "\xff\xfe",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(challenge_read(arena, encode(bad[i]), &a), CHALLENGE_MALFORMED);
	assert_int_equal(challenge_read(arena, SLICE("no base64!"), &a), CHALLENGE_MALFORMED);
	assert_int_equal(challenge_read(arena, SLICE_NONE, &a), CHALLENGE_MALFORMED);
	static const char *const shapes[] = {
		"{\"algorithm\":\"SHA-1\",\"challenge\":\"%s\",\"number\":5,\"salt\":\"%s\",\"signature\":\"%s\"}",
		"{\"algorithm\":\"SHA-256\",\"challenge\":\"%s\",\"number\":\"5\",\"salt\":\"%s\",\"signature\":\"%s\"}",
		"{\"algorithm\":\"SHA-256\",\"challenge\":\"%s\",\"number\":5.0,\"salt\":\"%s\",\"signature\":\"%s\"}",
		"{\"algorithm\":\"SHA-256\",\"challenge\":\"%s\",\"number\":-5,\"salt\":\"%s\",\"signature\":\"%s\"}",
		"{\"algorithm\":\"SHA-256\",\"challenge\":\"%s\",\"number\":9000000000,\"salt\":\"%s\",\"signature\":\"%s\"}",
		"{\"algorithm\":\"SHA-256\",\"challenge\":\"%sa\",\"number\":5,\"salt\":\"%s\",\"signature\":\"%s\"}",
		"{\"algorithm\":\"SHA-256\",\"challenge\":\"%s\",\"number\":5,\"salt\":\"x%s\",\"signature\":\"%s\"}",
		"{\"algorithm\":\"SHA-256\",\"challenge\":\"%s\",\"number\":5,\"salt\":\"%s\",\"signature\":\"A%s\"}",
	};
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		assert_int_equal(challenge_read(arena, encode(arena_printf(arena, shapes[i], c.hash, c.salt, c.signature)), &a), CHALLENGE_MALFORMED);
	/* more than anybody needs */
	struct str s;
	str_init(&s, 1 << 20);
	str_adds(&s, "{\"algorithm\":\"SHA-256\",\"pad\":\"");
	for (int i = 0; i < CHALLENGE_PAYLOAD_MAX_BYTES; i++)
		str_addc(&s, 'x');
	str_adds(&s, "\"}");
	assert_int_equal(challenge_read(arena, encode(str_c(&s)), &a), CHALLENGE_MALFORMED);
	str_fini(&s);
}

static void one_challenge_has_one_id(void **state)
{
	(void)state;
	struct challenge c = make("x", 5), d = make("x", 6);
	struct challenge_answer right, wrong, other;

	assert_int_equal(challenge_read(arena, answer_json(&c, 5), &right), CHALLENGE_GOOD);
	assert_int_equal(challenge_read(arena, answer_json(&c, 6), &wrong), CHALLENGE_GOOD);
	assert_int_equal(challenge_read(arena, answer_json(&d, 6), &other), CHALLENGE_GOOD);
	struct crypt_hash a = challenge_id(&right), b = challenge_id(&wrong), o = challenge_id(&other);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_memory_not_equal(&a, &o, sizeof(a));
}

static int setup(void **state)
{
	struct error e;
	(void)state;
	arena = arena_new(16 << 20);
	return crypt_init(&e) || !arena;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_finds_the_number),
		cmocka_unit_test(what_is_not_the_answer),
		cmocka_unit_test(no_shape_of_an_answer),
		cmocka_unit_test(one_challenge_has_one_id),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
