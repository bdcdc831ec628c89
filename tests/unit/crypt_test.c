#include "base/crypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct crypt_hash keyed(unsigned char fill, const char *purpose, const char *text)
{
	struct crypt_key k;

	memset(k.bytes, fill, sizeof k.bytes);
	return crypt_keyed(&k, purpose, slice_of(text));
}

static bool same(struct crypt_hash a, struct crypt_hash b)
{
	return crypt_equal(a.bytes, b.bytes, sizeof a.bytes);
}

static void hashes(void **state)
{
	(void)state;
	char text[CRYPT_HEX_BYTES(32)];
	struct crypt_hash h = crypt_sha256(SLICE("abc"));
	assert_string_equal(crypt_hex(h.bytes, 32, text),
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_true(same(keyed(1, "token", "x"), keyed(1, "token", "x")));
	assert_false(same(keyed(1, "token", "x"), keyed(2, "token", "x")));
	assert_false(same(keyed(1, "token", "x"), keyed(1, "sender", "x")));
	assert_false(same(keyed(1, "token", "x"), keyed(1, "toke", "nx")));
	assert_false(same(keyed(1, "token", ""), keyed(1, "token", "x")));
}

static void writes_text_forms(void **state)
{
	(void)state;
	char text[64];
	unsigned char back[8];
	assert_string_equal(crypt_base64("\xFB\xFF\xFE", 3, text), "-__-");
	assert_string_equal(crypt_base64("\xFB\xFF", 2, text), "-_8");
	assert_string_equal(crypt_hex("\x01\xAB", 2, text), "01ab");
	assert_true(crypt_base64_read(SLICE("-_8"), back, 2));
	assert_memory_equal(back, "\xFB\xFF", 2);
	assert_false(crypt_base64_read(SLICE("-_8"), back, 3));
	assert_false(crypt_base64_read(SLICE("-_8="), back, 2));
	assert_false(crypt_base64_read(SLICE("-_9"), back, 2)); /* bits beyond the last byte */
	assert_false(crypt_base64_read(SLICE("+/8"), back, 2));
	assert_false(crypt_base64_read(SLICE_NONE, back, 2));
}

static void keeps_passwords(void **state)
{
	(void)state;
	char hash[CRYPT_PASSWORD_BYTES], again[CRYPT_PASSWORD_BYTES];
	struct error e;
	assert_int_equal(crypt_password_hash(SLICE("correct horse"), hash, &e), ERR_OK);
	assert_int_equal(crypt_password_hash(SLICE("correct horse"), again, &e), ERR_OK);
	assert_string_not_equal(hash, again);
	assert_memory_equal(hash, "$argon2id$", 10);
	assert_true(crypt_password_verify(hash, SLICE("correct horse")));
	assert_false(crypt_password_verify(hash, SLICE("correct hors")));
	assert_false(crypt_password_verify("x", SLICE("correct horse")));
	assert_false(crypt_password_verify(NULL, SLICE("")));
}

static void keeps_keys_in_files(void **state)
{
	(void)state;
	char folder[] = "/tmp/porchlight-key-XXXXXX", path[64];
	struct crypt_key a, b;
	struct error e;
	struct stat st;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/link.key", folder);
	assert_int_equal(crypt_key_file(path, &a, &e), ERR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 32);
	assert_int_equal(crypt_key_file(path, &b, &e), ERR_OK);
	assert_memory_equal(a.bytes, b.bytes, 32);
	chmod(path, 0640);
	assert_int_equal(crypt_key_file(path, &b, &e), ERR_FORBIDDEN);
	assert_null(strstr(e.message, folder));
	chmod(path, 0600);
	assert_int_equal(truncate(path, 31), 0);
	assert_int_equal(crypt_key_file(path, &b, &e), ERR_CORRUPT);
	assert_int_equal(truncate(path, 33), 0);
	assert_int_equal(crypt_key_file(path, &b, &e), ERR_CORRUPT);
	unlink(path);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(crypt_key_file(path, &b, &e), ERR_IO);
	unlink(path);
	/* Nothing else is left behind. */
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(crypt_key_file(path, &b, &e), ERR_IO);
}

static void draws_random_numbers(void **state)
{
	(void)state;
	unsigned char a[16] = { 0 }, b[16] = { 0 };
	bool seen[3] = { false };
	crypt_random(a, sizeof a);
	crypt_random(b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
	for (int i = 0; i < 200; i++) {
		uint32_t n = crypt_random_below(3);
		assert_true(n < 3);
		seen[n] = true;
	}
	assert_true(seen[0] && seen[1] && seen[2]);
	crypt_wipe(a, sizeof a);
	assert_memory_equal(a, (unsigned char[16]){ 0 }, 16);
}

static int setup(void **state)
{
	(void)state;
	return crypt_init(NULL) == ERR_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes),
		cmocka_unit_test(writes_text_forms),
		cmocka_unit_test(keeps_passwords),
		cmocka_unit_test(keeps_keys_in_files),
		cmocka_unit_test(draws_random_numbers),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
