#include "base/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/porchlight-conf-XXXXXX";

static void put(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void has_defaults(void **state)
{
	(void)state;
	assert_string_equal(conf()->listen, "127.0.0.1:8080");
	assert_int_equal(conf()->lease_s, 900);
	assert_true(conf()->rate_limits);
	assert_string_equal(conf()->challenge, "off");
}

static void later_sources_win(void **state)
{
	(void)state;
	struct error e;

	put("\xEF\xBB\xBF# a comment\r\n\n  lease_s =  60  \r\nrate_limits=off\ndesk_name = A # B = C\nworkers=2");
	assert_int_equal(conf_load(path, &e), ERR_OK);
	assert_int_equal(conf()->lease_s, 60);
	assert_false(conf()->rate_limits);
	assert_string_equal(conf()->desk_name, "A # B = C");
	assert_int_equal(conf()->workers, 2);
	setenv("PORCHLIGHT_LEASE_S", "61", 1);
	setenv("PORCHLIGHT_WORKERS", "3", 1);
	assert_int_equal(conf_override("workers", "4", &e), ERR_OK);
	assert_int_equal(conf_load(path, &e), ERR_OK);
	assert_int_equal(conf()->lease_s, 61);
	assert_int_equal(conf()->workers, 4);
	assert_int_equal(conf_override("worker", "4", &e), ERR_INVALID);
	unsetenv("PORCHLIGHT_LEASE_S");
	unsetenv("PORCHLIGHT_WORKERS");
}

static void expect_fault(const char *text, const char *message)
{
	struct error e;
	const struct conf *before = conf();
	char wanted[300];

	put(text);
	assert_int_equal(conf_load(path, &e), ERR_INVALID);
	snprintf(wanted, sizeof wanted, "%s%s", path, message);
	assert_string_equal(e.message, wanted);
	assert_ptr_equal(conf(), before);
}

static void names_faults(void **state)
{
	(void)state;
	struct error e;

	expect_fault("lease_s = 60\nlease_s = 1", ":2: lease_s must be a whole number from 2 to 86400.");
	expect_fault("lease_s = 60s", ":1: lease_s must be a whole number from 2 to 86400.");
	expect_fault("lease_s = 99999999999999999999", ":1: lease_s must be a whole number from 2 to 86400.");
	expect_fault("lease_s =", ":1: lease_s must be a whole number from 2 to 86400.");
	expect_fault("rate_limits = maybe", ":1: rate_limits must be on or off.");
	expect_fault("form_token = of", ":1: form_token must be one of off|score|required.");
	expect_fault("form_token = off|score", ":1: form_token must be one of off|score|required.");
	expect_fault("nonsense", ":1: expected `key = value`.");
	expect_fault("no_such = 1", ":1: there is no key of this name.");
	expect_fault("desk_name = \xFF", ":1: desk_name must be UTF-8 text.");
	assert_int_equal(conf_load("/nonexistent/porchlight.conf", &e), ERR_IO);
	setenv("PORCHLIGHT_CHALLENGE", "x", 1);
	assert_int_equal(conf_load(NULL, &e), ERR_INVALID);
	assert_string_equal(e.message, "PORCHLIGHT_CHALLENGE: challenge must be one of off|auto.");
	unsetenv("PORCHLIGHT_CHALLENGE");
}

static void reloads_whole_or_not_at_all(void **state)
{
	(void)state;
	struct error e;

	put("desk_name = one\nlisten = 127.0.0.1:1\nlease_s = 10");
	assert_int_equal(conf_load(path, &e), ERR_OK);
	const struct conf *first = conf();
	put("desk_name = two\nlisten = 127.0.0.1:2\nlease_s = x");
	assert_int_equal(conf_reload(&e), ERR_INVALID);
	assert_ptr_equal(conf(), first);
	put("desk_name = two\nlisten = 127.0.0.1:2\nlease_s = 20");
	assert_int_equal(conf_reload(&e), ERR_OK);
	assert_string_equal(conf()->desk_name, "two");
	assert_int_equal(conf()->lease_s, 20);
	assert_string_equal(conf()->listen, "127.0.0.1:1"); /* needs a restart */
	assert_string_equal(first->desk_name, "one");       /* still there for whoever holds it */
}

static enum err no_bears(const struct conf *c, struct error *e)
{
	return strcmp(c->desk_name, "Bear") ? ERR_OK : err_set(e, ERR_INVALID, "No bears.");
}

static void lets_others_judge(void **state)
{
	(void)state;
	struct error e;
	const struct conf *before = conf();

	conf_set_check(no_bears);
	put("desk_name = Bear");
	assert_int_equal(conf_reload(&e), ERR_INVALID);
	assert_string_equal(e.message, "No bears.");
	assert_ptr_equal(conf(), before);
	put("desk_name = Fox");
	assert_int_equal(conf_reload(&e), ERR_OK);
	assert_string_equal(conf()->desk_name, "Fox");
	conf_set_check(NULL);
}

static void names_variables_that_set_nothing(void **state)
{
	(void)state;
	struct str unread;
	static const char *const set[] = { "PORCHLIGHT_RATE_LIMIT", "PORCHLIGHT_RATE_LIMITS", "PORCHLIGHT_CLOCK_OFFSET_MS", "PORCHLIGHT_", "XPORCHLIGHT_RULE" };

	str_init(&unread, 4096);
	for (size_t i = 0; i < sizeof set / sizeof *set; i++)
		setenv(set[i], "0", 1);
	conf_unread_variables(&unread);
	for (size_t i = 0; i < sizeof set / sizeof *set; i++)
		unsetenv(set[i]);
	assert_non_null(strstr(str_c(&unread), "PORCHLIGHT_RATE_LIMIT"));
	assert_null(strstr(str_c(&unread), "PORCHLIGHT_RATE_LIMITS"));
	assert_null(strstr(str_c(&unread), "CLOCK"));
	assert_null(strstr(str_c(&unread), "XPORCHLIGHT"));
	str_fini(&unread);
}

static int setup(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(later_sources_win),
		cmocka_unit_test(names_faults),
		cmocka_unit_test(reloads_whole_or_not_at_all),
		cmocka_unit_test(lets_others_judge),
		cmocka_unit_test(names_variables_that_set_nothing),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
