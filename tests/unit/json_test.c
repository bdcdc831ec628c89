#include "base/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void expect_parse(struct slice text, enum err code, const char *message)
{
	struct jv *v = NULL;
	struct error e = { .message = "" };

	assert_int_equal(jv_parse(text, 4, &v, &e), code);
	assert_string_equal(e.message, message);
	if (code != ERR_OK)
		assert_null(v);
	jv_free(&v);
}

static void parses_strictly(void **state)
{
	(void)state;
	expect_parse(SLICE("{\"a\": [1, 2.5, true, null, \"x\"]}"), ERR_OK, "");
	expect_parse(SLICE("\"\\ud83d\\ude00\""), ERR_OK, "");
	expect_parse(SLICE("\"[[[[[[ \\\" {{{{{{\""), ERR_OK, "");
	expect_parse(SLICE("[[[[1]]]]"), ERR_OK, "");
	expect_parse(SLICE("[[[[[1]]]]]"), ERR_MALFORMED, "Line 1, column 5: the JSON is nested too deep.");
	expect_parse(SLICE("{\"a\":1,\n\"a\":2}"), ERR_MALFORMED,
		     "Line 2, column 3: a key stands twice in one object.");
	expect_parse(SLICE("\"a\\u0000b\""), ERR_MALFORMED, "Line 1, column 10: a string holds a NUL.");
	expect_parse(SLICE("\"\\ud83d\""), ERR_MALFORMED, "Line 1, column 8: this is not JSON.");
	expect_parse(SLICE("\"\xFF\""), ERR_MALFORMED, "Line 1, column 1: this is not UTF-8.");
	expect_parse(SLICE("\"\xED\xA0\x80\""), ERR_MALFORMED, "Line 1, column 1: this is not UTF-8.");
	expect_parse(SLICE("{} x"), ERR_MALFORMED, "Line 1, column 4: there is more after the end of the value.");
	expect_parse(SLICE("{\"a\":"), ERR_MALFORMED, "Line 1, column 5: the text ends too early.");
	expect_parse(SLICE(""), ERR_MALFORMED, "Line 1, column 0: the text ends too early.");
	expect_parse(SLICE("99999999999999999999"), ERR_MALFORMED, "Line 1, column 20: a number is too large.");
	expect_parse(SLICE_NONE, ERR_MALFORMED, "Line 1, column 0: the text ends too early.");
}

static void expect_dump(struct jv *v, const char *wanted)
{
	struct str s;

	str_init(&s, 4096);
	assert_int_equal(jv_dump(v, &s), ERR_OK);
	assert_string_equal(str_c(&s), wanted);
	str_fini(&s);
	jv_free(&v);
}

static void builds(void **state)
{
	(void)state;
	struct jv *v = jv_object();
	jv_set_string(v, "z", "last letter");
	jv_set(v, "list", jv_push(jv_push(jv_array(), jv_int(INT64_MIN)), jv_bool(true)));
	jv_set_string(v, "none", NULL);
	jv_set_text(v, "absent", SLICE_NONE);
	jv_set_text(v, "empty", SLICE(""));
	jv_set_text(v, "bad", slice_make("a\0\xFFz\xE2\x82", 6));
	jv_set_int(v, "a", 1);
	jv_set_bool(v, "b", false);
	jv_set_time(v, "at", 1700000000123);
	jv_set_time(v, "never", 0);
	jv_set(v, "gone", jv_int(1));
	jv_unset(v, "gone");
	jv_set(v, "nothing", NULL);
	expect_dump(
	    v, "{\"z\":\"last "
	       "letter\",\"list\":[-9223372036854775808,true],\"empty\":\"\",\"bad\":\"a\uFFFD\uFFFDz\uFFFD\",\"a\":1,"
	       "\"b\":false,\"at\":\"2023-11-14T22:13:20.123Z\"}");
	expect_dump(jv_real(NAN), "null");
	expect_dump(jv_text(SLICE_NONE), "null");
	expect_dump(jv_string("\"\\\n<\x01"), "\"\\\"\\\\\\n<\\u0001\"");
}

static void reports_what_failed(void **state)
{
	(void)state;
	struct str s;
	struct jv *v = jv_string("123456");

	str_init(&s, 4);
	assert_int_equal(jv_dump(NULL, &s), ERR_NOMEM);
	assert_int_equal(jv_dump(v, &s), ERR_NOMEM);
	str_fini(&s);
	jv_free(&v);
	jv_free(&v);
	assert_null(jv_set(NULL, "a", jv_int(1)));
	assert_null(jv_push(NULL, jv_int(1)));
}

static void reads(void **state)
{
	(void)state;
	struct jv *v, *value;
	struct slice key;
	void *iter = NULL;
	assert_int_equal(
	    jv_parse(SLICE("{\"b\": 1, \"a\": {\"x\": [1, \"two\"]}, \"r\": 2.9, \"big\": 1e300, \"n\": null}"), 9, &v,
		     NULL),
	    ERR_OK);
	assert_true(jv_next(v, &iter, &key, &value));
	assert_true(slice_is(key, "b"));
	assert_int_equal(jv_int_of(value), 1);
	assert_true(jv_next(v, &iter, &key, &value));
	assert_true(slice_is(key, "a"));
	assert_int_equal(jv_size(v), 5);
	assert_int_equal(jv_size(jv_get(value, "x")), 2);
	assert_true(slice_is(jv_text_of(jv_at(jv_get(value, "x"), 1)), "two"));
	assert_null(jv_at(jv_get(value, "x"), 2));
	assert_null(jv_get(jv_get(v, "b"), "x"));
	assert_null(jv_get(NULL, "x"));
	assert_ptr_equal(jv_get_slice(v, slice_make("bbb", 1)), jv_get(v, "b"));
	assert_null(jv_get_text(v, "b").ptr);
	assert_int_equal(jv_int_of(jv_get(v, "r")), 2);
	assert_int_equal(jv_int_of(jv_get(v, "big")), 0);
	assert_int_equal(jv_int_of(NULL), 0);
	assert_int_equal(jv_type(jv_get(v, "n")), JV_NULL);
	assert_int_equal(jv_type(jv_get(v, "r")), JV_REAL);
	assert_int_equal(jv_type(NULL), JV_NULL);
	assert_int_equal(jv_size(jv_get(v, "b")), 0);
	struct jv *again = jv_ref(v);
	assert_true(jv_equal(v, again));
	assert_false(jv_equal(v, jv_get(v, "a")));
	jv_free(&v);
	assert_int_equal(jv_int_of(jv_get(again, "b")), 1);
	jv_free(&again);
}

static void wants_types(void **state)
{
	(void)state;
	struct jv *v;
	struct error e;
	struct slice text = SLICE("unchanged");
	int64_t i = 5;
	bool b = true;
	assert_int_equal(
	    jv_parse(SLICE("{\"s\": \"x\", \"i\": 7, \"b\": false, \"n\": null, \"r\": 1.5}"), 9, &v, NULL), ERR_OK);
	assert_int_equal(jv_want_text(v, "n", &text, &e), ERR_OK);
	assert_int_equal(jv_want_text(v, "gone", &text, &e), ERR_OK);
	assert_true(slice_is(text, "unchanged"));
	assert_int_equal(jv_want_text(v, "s", &text, &e), ERR_OK);
	assert_true(slice_is(text, "x"));
	assert_int_equal(jv_want_text(v, "i", &text, &e), ERR_MALFORMED);
	assert_string_equal(e.field, "i");
	assert_string_equal(e.message, "The field \"i\" must be a string.");
	assert_int_equal(jv_want_int(v, "i", &i, &e), ERR_OK);
	assert_int_equal(i, 7);
	assert_int_equal(jv_want_int(v, "r", &i, &e), ERR_MALFORMED);
	assert_int_equal(jv_want_bool(v, "b", &b, &e), ERR_OK);
	assert_false(b);
	assert_int_equal(jv_want_bool(v, "s", &b, &e), ERR_MALFORMED);
	jv_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_strictly), cmocka_unit_test(builds),      cmocka_unit_test(reports_what_failed),
		cmocka_unit_test(reads),           cmocka_unit_test(wants_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
