#include "text/utf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

static void accepts_only_scalar_values(void **state)
{
	(void)state;
	assert_true(utf_acceptable(SLICE("")));
	assert_true(
	    utf_acceptable(SLICE("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80")));
	assert_false(utf_acceptable(SLICE("a\0b")));
	assert_true(utf8_valid(SLICE("a\0b")));
	static const char *const bad[] = {
		"\x80",
		"\xC0\xAF",
		"\xC1\xBF",
		"\xE0\x80\xAF",
		"\xE0\x9F\xBF",
		"\xED\xA0\x80",
		"\xED\xBF\xBF",
		"\xF0\x80\x80\xAF",
		"\xF0\x8F\xBF\xBF",
		"\xF4\x90\x80\x80",
		"\xF5\x80\x80\x80",
		"\xFE",
		"\xFF",
		"\xC3",
		"\xE2\x82",
		"\xF0\x9F\x98",
		"\xC3(",
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(utf_acceptable(slice_of(bad[i])));
}

static void cuts(void **state)
{
	(void)state;
	struct slice s = SLICE("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
	assert_int_equal(utf_cut_bytes(s, 99).len, 10);
	assert_int_equal(utf_cut_bytes(s, 9).len, 6);
	assert_int_equal(utf_cut_bytes(s, 5).len, 3);
	assert_int_equal(utf_cut_bytes(s, 0).len, 0);
	/* "xe" and an acute accent, cut before the accent: the e goes too. */
	assert_int_equal(utf_cut_bytes(SLICE("xe\xCC\x81z"), 3).len, 1);
	/* Nothing but marks: still something is left. */
	assert_int_equal(utf_cut_bytes(SLICE("\xCC\x81\xCC\x81\xCC\x81"), 4).len, 4);
}

static void cleans(void **state)
{
	(void)state;
	struct arena *a = arena_new(4096);
	assert_string_equal(utf_one_line(a,
					 SLICE(" a\r\n\tb\xE2\x80\xA8"
					       "c\xE2\x80\xAE"
					       "d\x01 \xE2\x80\x8B"),
					 100)
				.ptr,
			    "a b cd");
	assert_string_equal(utf_one_line(a, SLICE("one two"), 4).ptr, "one");
	assert_string_equal(utf_one_line(a, SLICE("one two"), 5).ptr, "one t");
	assert_string_equal(utf_one_line(a, SLICE(""), 5).ptr, "");
	assert_string_equal(utf_lines(a, SLICE("a\r\nb\rc\n\td\x1b[1m\x7f\r")).ptr, "a\nb\nc\n\td[1m\n");
	assert_true(utf_blank(SLICE(" \n\xC2\xA0\xE2\x80\x8B\xEF\xBB\xBF")));
	assert_false(utf_blank(SLICE(" \n\xC2\xA0.")));
	assert_true(slice_is(utf_trim(SLICE("\xE3\x80\x80x y\n")), "x y"));
	struct slice list = SLICE(" en, ,de-AT ,"), part;
	assert_true(utf_part(&list, ',', &part) && slice_is(part, "en"));
	assert_true(utf_part(&list, ',', &part) && slice_is(part, "de-AT"));
	assert_false(utf_part(&list, ',', &part) || utf_part(&list, ',', &part));
	struct slice words = SLICE("de-AT: eins");
	assert_true(slice_is(utf_lang_code(&words), "de-AT") && slice_is(words, "eins"));
	assert_true(utf_lang_code(&words).len == 0 && slice_is(words, "eins"));
	words = SLICE("de:");
	assert_true(slice_is(utf_lang_code(&words), "de") && words.len == 0);
	arena_free(&a);
	a = arena_new(4);
	assert_null(utf_one_line(a, SLICE("12345"), 9).ptr);
	arena_free(&a);
}

static void ignores_ascii_case(void **state)
{
	(void)state;
	char text[] = "AbC\xC3\x89[";
	utf_lower_ascii(text, strlen(text));
	assert_string_equal(text, "abc\xC3\x89[");
	assert_true(utf_equal_nocase(SLICE("HTTP"), SLICE("http")));
	assert_false(utf_equal_nocase(SLICE("HTTP"), SLICE("https")));
	assert_false(utf_equal_nocase(SLICE("["), SLICE("{")));
	assert_int_equal(utf_find_nocase(SLICE("say HTTP://x"), SLICE("http://")), 4);
	assert_int_equal(utf_find_nocase(SLICE("abc"), SLICE("abcd")), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_only_scalar_values),
		cmocka_unit_test(cuts),
		cmocka_unit_test(cleans),
		cmocka_unit_test(ignores_ascii_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
