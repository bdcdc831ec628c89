/* Arithmetic over names with Perl's precedence and values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "spam/expr.h"

static bool resolve(void *ctx, struct slice name, struct slice argument, struct expr_value *out, struct error *e)
{
	static const size_t index[] = { 0, 1, 2, 3 };

	(void)ctx;
	*out = (struct expr_value){ 0 };
	if (argument.ptr != NULL && slice_is(name, "all") && slice_is(argument, "x *")) {
		*out = (struct expr_value){ .variable = index, .count = 4 };
		return true;
	}
	if (argument.ptr != NULL || slice_is(name, "BAD")) {
		err_set(e, ERR_INVALID, "no such name");
		return false;
	}
	if (name.len == 1 && name.ptr[0] >= 'A' && name.ptr[0] <= 'D')
		*out = (struct expr_value){ .variable = &index[name.ptr[0] - 'A'], .count = 1 };
	return true;
}

static enum err parse(const char *text, struct arena *a, struct expr **x, size_t *at)
{
	struct expr_names names = { resolve, NULL };
	struct error e;

	return expr_parse(a, slice_of(text), &names, x, at, &e);
}

static void values(void **state)
{
	/* A = 0, B = 1, C = 2, D = 3.5 */
	static const double v[] = { 0, 1, 2, 3.5 };
	static const struct {
		const char *text;
		double want;
	} cases[] = {
		{ "1", 1 },
		{ "1.25", 1.25 },
		{ ".5", 0.5 },
		{ "A", 0 },
		{ "D", 3.5 },
		{ "UNKNOWN", 0 },
		{ "()", 0 },
		{ "(C)", 2 },
		{ "!A", 1 },
		{ "!D", 0 },
		{ "!!D", 1 },
		{ "-C", -2 },
		{ "- - C", 2 },
		{ "+C", 2 },
		{ "B+C*D", 8 },
		{ "(B+C)*D", 10.5 },
		{ "D/C", 1.75 },
		{ "D-C-B", 0.5 },
		{ "1-2", -1 },
		{ "C&&D", 3.5 },
		{ "A&&D", 0 },
		{ "A||D", 3.5 },
		{ "C||D", 2 },
		{ "A||A", 0 },
		{ "B||A&&A", 1 },
		{ "C^B", 3 },
		{ "D^B", 2 },
		{ "C==2", 1 },
		{ "C!=2", 0 },
		{ "C<D", 1 },
		{ "C<=2", 1 },
		{ "C>D", 0 },
		{ "C>=2", 1 },
		{ "B<C==1", 1 },
		{ "A?C:D", 3.5 },
		{ "B?C:D", 2 },
		{ "B?A?5:6:7", 6 },
		{ "A?5:B?6:7", 6 },
		{ "!A+1", 2 },
		{ "!(A+1)", 0 },
		{ "all( x * )", 6.5 },
		{ "1+1==2&&3", 3 },
		/* chains, as in Perl from 5.32 on */
		{ "3 > 2 > 1", 1 },
		{ "1 < 5 < 3", 0 },
		{ "1 < C < 3", 1 },
		{ "(1 < 5) < 3", 1 },
		{ "3 == 3 == 1", 0 },
		{ "B == 1 != C == 2", 1 },
		{ "2 < 1 < 1/0", 0 },
		{ "1 <= B <= C < 3 == 1", 1 },
		{ "A != 0 || !A", 1 },
	};
	struct arena *a = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct expr *x;
		size_t at;
		double got;

		assert_int_equal(parse(cases[i].text, a, &x, &at), ERR_OK);
		assert_true(expr_eval(x, v, &got));
		if (got != cases[i].want)
			print_error("%s is %g\n", cases[i].text, got);
		assert_true(got == cases[i].want);
	}
	arena_free(&a);
}

static void errors(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} cases[] = {
		{ "", 0 },     { "A +", 3 },   { "A B", 2 },     { "(A", 2 },  { "A)", 1 },      { "A && && B", 5 },
		{ "1x", 1 },   { "A ? B", 5 }, { "A * * B", 4 }, { "BAD", 0 }, { "A + BAD", 4 }, { "f(x", 3 },
		{ "f(x)", 0 }, { "A = B", 2 }, { "A & B", 2 },   { "A;B", 1 }, { "B + 010", 4 },
	};
	struct arena *a = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct expr *x;
		size_t at;

		assert_int_equal(parse(cases[i].text, a, &x, &at), ERR_INVALID);
		if (at != cases[i].at)
			print_error("%s: at %zu\n", cases[i].text, at);
		assert_int_equal(at, cases[i].at);
		assert_null(x);
	}
	arena_free(&a);
}

static void no_value(void **state)
{
	static const double v[] = { 0, 1, 2, 3.5 };
	struct arena *a = arena_new(1 << 20);
	struct expr *x;
	size_t at;
	double got = 7;

	(void)state;
	assert_int_equal(parse("1 + B / A", a, &x, &at), ERR_OK);
	assert_false(expr_eval(x, v, &got));
	assert_true(got == 0);
	/* What is not looked at does no harm. */
	assert_int_equal(parse("A && B / A", a, &x, &at), ERR_OK);
	assert_true(expr_eval(x, v, &got));
	arena_free(&a);
}

static void bounded(void **state)
{
	struct arena *a = arena_new(8 << 20);
	char text[50000];
	struct expr *x;
	size_t at;

	(void)state;
	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(parse(text, a, &x, &at), ERR_INVALID);
	memset(text, '!', sizeof(text) - 1);
	assert_int_equal(parse(text, a, &x, &at), ERR_INVALID);
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "1+", 2);
	assert_int_equal(parse(text, a, &x, &at), ERR_INVALID);
	for (size_t i = 0; i + 5 < sizeof(text); i += 4)
		memcpy(text + i, "A?1:", 4);
	assert_int_equal(parse(text, a, &x, &at), ERR_INVALID);
	arena_free(&a);
	a = arena_new(100);
	assert_int_equal(parse("A + B + C + D + A + B", a, &x, &at), ERR_NOMEM);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(errors),
		cmocka_unit_test(no_value),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
