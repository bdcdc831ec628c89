/*
 * Rule files that nobody would write by hand: junk, huge, endless, circular. Each ends in a clear answer and within the
 * memory of a generation; nothing here is timed, but what grew with the square of its input would not end in the suite's
 * limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "spam/scan.h"
#include "random.h"

static enum err build(const char *name, struct slice text, struct ruleset **r, struct cf_errors *errs, struct error *e)
{
	struct cf_source source = { slice_of(name), text };

	cf_errors_init(errs);
	return ruleset_build(&source, 1, NULL, r, errs, e);
}

static void binary_junk(void **state)
{
	char *junk = malloc(1 << 20);
	struct ruleset *r;
	struct cf_errors errs;
	struct error e;

	(void)state;
	assert_non_null(junk);
	for (size_t i = 0; i < 1 << 20; i++)
		junk[i] = (char)below(256);
	assert_int_equal(build("a.cf", slice_make(junk, 1 << 20), &r, &errs, &e), ERR_INVALID);
	assert_null(r);
	/* All are counted, the first ones told, each with its place. */
	assert_int_equal(errs.count, CF_ERRORS_MAX);
	assert_true(errs.errors > CF_ERRORS_MAX);
	for (size_t i = 0; i < errs.count; i++)
		assert_true(strcmp(errs.list[i].file, "a.cf") == 0 && errs.list[i].line > 0 && errs.list[i].column > 0);
	cf_errors_fini(&errs);
	free(junk);
}

static void ten_megabytes(void **state)
{
	char *text = malloc(10 << 20);
	struct ruleset *r;
	struct cf_errors errs;
	struct error e;

	(void)state;
	assert_non_null(text);
	memset(text, '#', 10 << 20);
	assert_int_equal(build("a.cf", slice_make(text, 10 << 20), &r, &errs, &e), ERR_TOO_LARGE);
	assert_non_null(strstr(e.message, "a.cf"));
	cf_errors_fini(&errs);
	/* As much as is allowed, without a line end. */
	assert_int_equal(build("a.cf", slice_make(text, CF_FILE_BYTES_MAX), &r, &errs, &e), ERR_INVALID);
	assert_int_equal(errs.errors, 1);
	assert_int_equal(errs.list[0].line, 1);
	cf_errors_fini(&errs);
	free(text);
}

/* SpamAssassin passes over such a rule; that it is one keeps an admin from wondering why it never hits there. */
static void a_brace_that_is_no_quantifier(void **state)
{
	struct ruleset *r;
	struct cf_errors errs;
	struct error e;

	(void)state;
	assert_int_equal(build("a.cf", SLICE("body A /fine{2}/\nbody B /{fine/\nbody C /ab{{x/\n"), &r, &errs, &e), ERR_INVALID);
	assert_int_equal(errs.errors, 1);
	assert_int_equal(errs.list[0].line, 3);
	assert_int_equal(errs.list[0].column, 11);
	assert_non_null(strstr(errs.list[0].message, "written \\{"));
	cf_errors_fini(&errs);
}

static void a_hundred_thousand_rules(void **state)
{
	struct ruleset *r;
	struct cf_errors errs;
	struct error e;
	struct str cf;

	(void)state;
	str_init(&cf, CF_FILE_BYTES_MAX);
	for (int i = 0; i < 100000; i++)
		str_addf(&cf, "body R%d /word%d some/i\n", i, i);
	assert_int_equal(build("a.cf", str_slice(&cf), &r, &errs, &e), ERR_TOO_LARGE);
	assert_non_null(strstr(e.message, "50000"));
	assert_null(r);
	cf_errors_fini(&errs);
	str_fini(&cf);
}

/* A chain of metas in the order that is worst for whoever looks for the next ready one, and one that bites its tail. */
static void long_chains_of_metas(void **state)
{
	enum { CHAIN = 3000 };
	struct ruleset *r;
	struct cf_errors errs;
	struct error e;
	struct str cf;

	(void)state;
	str_init(&cf, CF_FILE_BYTES_MAX);
	for (int i = 0; i < CHAIN; i++)
		str_addf(&cf, "meta M%d M%d + 1\n", i, i + 1);
	str_addf(&cf, "meta M%d 1\n", CHAIN);
	assert_int_equal(build("a.cf", str_slice(&cf), &r, &errs, &e), ERR_OK);
	{
		struct arena *a = arena_new(16 << 20);
		struct surface_input in = { .body = SLICE("x") };
		struct surfaces s;
		struct scan_result out;

		assert_int_equal(surface_build(a, &in, &s, &e), ERR_OK);
		assert_int_equal(scan_run(r, &s, NULL, a, &out, &e), ERR_OK);
		assert_true(out.values[ruleset_find(r, SLICE("M0"))] == CHAIN + 1);
		arena_free(&a);
	}
	ruleset_unref(&r);
	cf_errors_fini(&errs);
	str_adds(&cf, "meta M3000 M0\n");
	assert_int_equal(build("a.cf", str_slice(&cf), &r, &errs, &e), ERR_OK);
	assert_int_equal(errs.notices, CHAIN + 2); /* one says that M3000 has a second definition */
	ruleset_unref(&r);
	cf_errors_fini(&errs);
	str_fini(&cf);
}

/* Accepted, and said: it is the admin's desk. */
static void a_pattern_that_matches_everything(void **state)
{
	struct ruleset *r;
	struct cf_errors errs;
	struct error e;

	(void)state;
	assert_int_equal(build("a.cf", SLICE("body ALL_TEXTS /.*/\n"), &r, &errs, &e), ERR_OK);
	assert_int_equal(errs.notices, 1);
	assert_non_null(strstr(errs.list[0].message, "empty string"));
	ruleset_unref(&r);
	cf_errors_fini(&errs);
}

static void a_rule_that_fails_its_test(void **state)
{
	struct ruleset *r;
	struct cf_errors errs;
	struct error e;

	(void)state;
	assert_int_equal(build("a.cf", SLICE("body A /wolf/\n\ntest A ok a sheep\ntest A fail a wolf\n"), &r, &errs, &e), ERR_INVALID);
	assert_null(r);
	assert_int_equal(errs.errors, 2);
	assert_int_equal(errs.list[0].line, 3);
	assert_int_equal(errs.list[1].line, 4);
	assert_int_equal(errs.list[1].column, 13);
	cf_errors_fini(&errs);
}

/*
 * A pattern of characters must be UTF-8: overlong forms and surrogates are told of with their place. One of bytes may be any
 * bytes, and a text that holds such bytes is scanned like another.
 */
static void broken_utf8(void **state)
{
	struct surface_input in = { .body = SLICE("\xed\xa0\x80x \xc0\xafy abc \xf4\x90\x80\x80 \xe2\x80\xae" "cba") };
	struct arena *a = arena_new(8 << 20);
	struct ruleset *r;
	struct surfaces s;
	struct scan_result out;
	struct cf_errors errs;
	struct error e;

	(void)state;
	assert_int_equal(build("a.cf", SLICE("body A /\xc0\xafy/\ntflags A utf\nbody B /abc/\nbody C /a\xed\xa0\x80/\ntflags C utf\n"), &r, &errs, &e), ERR_INVALID);
	assert_int_equal(errs.errors, 2);
	assert_true(errs.list[0].line == 1 && errs.list[0].column == 9);
	assert_true(errs.list[1].line == 4 && errs.list[1].column == 10);
	assert_non_null(strstr(errs.list[0].message, "UTF-8"));
	cf_errors_fini(&errs);
	assert_int_equal(build("a.cf", SLICE("body A /\xed\xa0\x80x/\nbody B /\xc0\xafy/i\nbody C /\xe2\x80\xae.b/\nbody D /abc/\ntflags D utf\n"
					     "body E /\xe2\x80\xae" "CBA/i\ntflags E utf\nbody F /\\x{fffd}/\ntflags F utf\n"), &r, &errs, &e), ERR_OK);
	cf_errors_fini(&errs);
	assert_int_equal(surface_build(a, &in, &s, &e), ERR_OK);
	assert_int_equal(scan_run(r, &s, NULL, a, &out, &e), ERR_OK);
	for (const char *name = "ABCDE"; *name != '\0'; name++)
		assert_true(out.values[ruleset_find(r, slice_make(name, 1))] == 1);
	/* What is broken is no character, not even the one that stands for it. */
	assert_true(out.values[ruleset_find(r, SLICE("F"))] == 0);
	assert_int_equal(out.error_count, 0);
	ruleset_unref(&r);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binary_junk),
		cmocka_unit_test(ten_megabytes), cmocka_unit_test(a_brace_that_is_no_quantifier),
		cmocka_unit_test(a_hundred_thousand_rules),
		cmocka_unit_test(long_chains_of_metas),
		cmocka_unit_test(a_pattern_that_matches_everything),
		cmocka_unit_test(a_rule_that_fails_its_test),
		cmocka_unit_test(broken_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
