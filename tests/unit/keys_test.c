#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "desk/keys.h"
#include "unit/tmpdir.h"

static int setup(void **state)
{
	*state = tmpdir_make();
	return 0;
}

static int teardown(void **state)
{
	tmpdir_remove(*state);
	return 0;
}

static struct keys *open_keys(const char *folder)
{
	struct keys *k = NULL;
	struct error e;
	if (keys_open(folder, &k, &e))
		fail_msg("%s", e.message);
	return k;
}

static bool same(struct crypt_hash a, struct crypt_hash b)
{
	return crypt_equal(a.bytes, b.bytes, sizeof(a.bytes));
}

static void test_files_are_private_and_last(void **state)
{
	static const char *const names[] = { "link", "session", "form", "rate", "ban" };
	struct keys *k = open_keys(*state);
	unsigned char seed[KEYS_SEED_BYTES] = { 1 };
	char token[KEYS_TOKEN_BYTES], again[KEYS_TOKEN_BYTES], path[200];
	struct stat st;
	keys_token(k, seed, token);
	assert_int_equal(strlen(token), KEYS_TOKEN_CHARS);
	struct sender s = keys_sender(k, SLICE("192.0.2.1"));
	keys_free(&k);
	assert_null(k);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/keys/%s.key", (char *)*state, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	k = open_keys(*state);
	assert_string_equal(keys_token(k, seed, again), token);
	struct sender t = keys_sender(k, SLICE("192.0.2.1"));
	assert_true(same(s.rate, t.rate));
	assert_true(same(s.ban, t.ban));
	seed[15]++;
	assert_string_not_equal(keys_token(k, seed, again), token);
	keys_free(&k);
}

static void test_open_to_others_is_refused(void **state)
{
	struct keys *k = open_keys(*state);
	struct error e;
	char path[200];
	keys_free(&k);
	snprintf(path, sizeof(path), "%s/keys/rate.key", (char *)*state);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_not_equal(keys_open(*state, &k, &e), ERR_OK);
	assert_int_equal(chmod(path, 0600), 0);
	snprintf(path, sizeof(path), "%s/keys/link.key", (char *)*state);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_not_equal(keys_open(*state, &k, &e), ERR_OK);
}

static void test_damage_is_said(void **state)
{
	struct keys *k = open_keys(*state);
	struct error e;
	char path[200];
	keys_free(&k);
	snprintf(path, sizeof(path), "%s/keys/ban.key", (char *)*state);
	assert_int_equal(truncate(path, 20), 0);
	assert_int_equal(keys_open(*state, &k, &e), ERR_CORRUPT);
}

static void test_networks(void **state)
{
	struct keys *k = open_keys(*state);
	struct sender a = keys_sender(k, SLICE("2001:db8:1:2::1"));
	assert_true(a.known);
	assert_true(same(a.rate, keys_sender(k, SLICE("2001:db8:1:2:ffff::9")).rate));
	assert_false(same(a.rate, keys_sender(k, SLICE("2001:db8:1:3::1")).rate));
	assert_true(same(keys_sender(k, SLICE("::ffff:192.0.2.1")).ban, keys_sender(k, SLICE("192.0.2.1")).ban));
	assert_false(same(keys_sender(k, SLICE("192.0.2.2")).ban, keys_sender(k, SLICE("192.0.2.1")).ban));
	assert_false(same(a.rate, a.ban));
	assert_false(keys_sender(k, SLICE("")).known);
	assert_false(keys_sender(k, SLICE_NONE).known);
	assert_false(keys_sender(k, SLICE("unix:")).known);
	assert_false(keys_sender(k, SLICE("192.0.2.1:80")).known);
	assert_false(keys_sender(k, SLICE("1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa")).known);
	keys_free(&k);
}

/* Another process, whose clock is so many days ahead, tells the sender's hashes. Only before this process asks the clock. */
static struct sender in_days(const char *folder, int days)
{
	struct sender s = { 0 };
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char ms[32];
		struct keys *k;
		snprintf(ms, sizeof(ms), "%lld", days * 86400000LL);
		setenv("PORCHLIGHT_CLOCK_OFFSET_MS", ms, 1);
		if (keys_open(folder, &k, NULL))
			_exit(1);
		s = keys_sender(k, SLICE("192.0.2.1"));
		_exit(write(ends[1], &s, sizeof(s)) == (ssize_t)sizeof(s) ? 0 : 1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &s, sizeof(s)), sizeof(s));
	close(ends[0]);
	waitpid(child, NULL, 0);
	return s;
}

static void test_keys_turn(void **state)
{
	struct sender today = in_days(*state, 0), tomorrow = in_days(*state, 1), later = in_days(*state, 3);
	assert_false(same(today.rate, tomorrow.rate));
	assert_true(same(today.rate, tomorrow.rate_before));
	assert_false(same(tomorrow.rate, later.rate_before));
	struct sender next = in_days(*state, 3 + KEYS_BAN_DAYS_MAX), gone = in_days(*state, 3 + 2 * KEYS_BAN_DAYS_MAX);
	assert_false(same(later.ban, next.ban));
	assert_true(same(later.ban, next.ban_before));
	assert_false(same(later.ban, gone.ban_before));
}

/* A clock that went back turns nothing back. */
static void test_clock_went_back(void **state)
{
	struct sender first = in_days(*state, 0), next = in_days(*state, KEYS_BAN_DAYS_MAX), behind = in_days(*state, 0);
	assert_false(same(first.ban, next.ban));
	assert_true(same(behind.ban, next.ban));
	assert_true(same(behind.rate, next.rate));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keys_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_went_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_are_private_and_last, setup, teardown),
		cmocka_unit_test_setup_teardown(test_open_to_others_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(test_networks, setup, teardown),
	};
	return crypt_init(NULL) ? 1 : cmocka_run_group_tests_name("desk/keys", tests, NULL, NULL);
}
