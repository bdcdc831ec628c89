/*
 * The case table against the PCRE2 that is linked: two characters fold to the same one exactly when a caseless
 * pattern takes one for the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "spam/fold.h"
#include "spam/pattern.h"

/* All characters that are in a set with others, one behind the other. */
static char cased[20000];
static size_t cased_len;

static struct pattern *caseless(unsigned c)
{
	char text[16];
	struct pattern *p;
	struct error e;
	size_t at;

	snprintf(text, sizeof(text), "\\x{%x}", c);
	assert_int_equal(pattern_compile(slice_of(text), PATTERN_UTF | PATTERN_CASELESS, &p, &at, &e), ERR_OK);
	return p;
}

static enum pattern_result next(struct pattern *p, size_t from, struct pattern_match *m)
{
	struct pattern_meter meter;
	int64_t cpu_us = 0;

	pattern_meter_start(&meter, 60000000, 60000000);
	return pattern_run(p, slice_make(cased, cased_len), from, false, &meter, &cpu_us, m);
}

static void same_sets_as_pcre2(void **state)
{
	static unsigned char in_set[0x110000];
	unsigned sets = 0;

	(void)state;
	for (unsigned c = 0; c < 0x110000; c++)
		if (fold_char(c) != c) {
			in_set[c] = 1;
			in_set[fold_char(c)] = 1;
			assert_true(fold_char(c) < c);
			assert_true(fold_char(fold_char(c)) == fold_char(c));
		}
	for (unsigned c = 0; c < 0x110000; c++)
		if (in_set[c])
			cased_len += fold_encode(c, cased + cased_len);
	for (unsigned c = 0; c < 0x110000; c++) {
		struct pattern *p;
		struct pattern_match m = { 0 };
		size_t from = 0, expected = 0, found = 0;

		if (!in_set[c] || fold_char(c) != c)
			continue;
		sets++;
		p = caseless(c);
		while (next(p, from, &m) == PATTERN_HIT) {
			unsigned other;

			utf8_next(slice_make(cased, cased_len), m.start, &other);
			if (fold_char(other) != c)
				print_error("U+%04X and U+%04X are one to PCRE2\n", c, other);
			assert_true(fold_char(other) == c);
			found++;
			from = m.end;
		}
		for (unsigned other = c; other < 0x20000; other++)
			expected += fold_char(other) == c;
		if (found != expected)
			print_error("U+%04X: %zu of %zu\n", c, found, expected);
		assert_int_equal(found, expected);
		pattern_unref(&p);
	}
	assert_true(sets > 1300);
	/* And what stands alone here stands alone there. */
	for (unsigned c = 0x80; c < 0x3000; c++) {
		struct pattern *p;
		struct pattern_match m;

		if (in_set[c])
			continue;
		p = caseless(c);
		assert_int_equal(next(p, 0, &m), PATTERN_MISS);
		pattern_unref(&p);
	}
}

static void never_longer(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 0x110000; c++) {
		char a[4], b[4];

		assert_true(fold_encode(fold_char(c), a) <= fold_encode(c, b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same_sets_as_pcre2), cmocka_unit_test(never_longer) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
