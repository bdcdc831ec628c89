#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "cli/args.h"

static struct args of(char **argv)
{
	struct args a = { .argv = argv };
	while (argv[a.argc])
		a.argc++;
	return a;
}
#define ARGS(...) of((char *[]){ __VA_ARGS__, NULL })

static char add[] = "add", ann[] = "ann", role[] = "--role", admin[] = "admin", role_is[] = "--role=trial", flag[] = "--json",
	    end[] = "--", dash[] = "-";

static void test_options_stand_anywhere(void **state)
{
	(void)state;
	struct args a = ARGS(flag, add, role, admin, ann);
	assert_true(args_flag(&a, "--json"));
	assert_false(args_flag(&a, "--json"));
	assert_string_equal(args_value(&a, "--role"), "admin");
	assert_null(args_value(&a, "--role"));
	assert_true(args_done(&a, 2, 2));
	assert_string_equal(a.argv[0], "add");
	assert_string_equal(a.argv[1], "ann");
}

static void test_the_last_one_wins(void **state)
{
	(void)state;
	struct args a = ARGS(role, admin, role_is);
	assert_string_equal(args_value(&a, "--role"), "trial");
	assert_true(args_done(&a, 0, 0));
}

static void test_after_the_end_nothing_is_an_option(void **state)
{
	(void)state;
	struct args a = ARGS(add, end, flag, role);
	assert_false(args_flag(&a, "--json"));
	assert_null(args_value(&a, "--role"));
	assert_true(args_done(&a, 3, 3));
	assert_string_equal(a.argv[1], "--json");
	a = ARGS(dash);
	assert_true(args_done(&a, 1, 1)); /* standard input */
}

static void test_mistakes(void **state)
{
	(void)state;
	struct args a = ARGS(add, role);
	assert_null(args_value(&a, "--role"));
	assert_false(args_done(&a, 0, 9));
	a = ARGS(add, flag);
	assert_false(args_done(&a, 0, 9));
	a = ARGS(add, ann);
	assert_false(args_done(&a, 0, 1));
	a = ARGS(add);
	assert_false(args_done(&a, 2, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_stand_anywhere),
		cmocka_unit_test(test_the_last_one_wins),
		cmocka_unit_test(test_after_the_end_nothing_is_an_option),
		cmocka_unit_test(test_mistakes),
	};
	return cmocka_run_group_tests_name("cli/args", tests, NULL, NULL);
}
