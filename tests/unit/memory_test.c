/* base: err, arena, str and utf8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/utf8.h"

static void errors_are_filled(void **state)
{
	(void)state;
	struct error e;
	assert_int_equal(err_set(&e, ERR_CONFLICT, "Taken by %s.", "Ann"), ERR_CONFLICT);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_string_equal(e.message, "Taken by Ann.");
	assert_string_equal(e.field, "");
	assert_int_equal(err_field(&e, ERR_INVALID, "body", "Too long."), ERR_INVALID);
	assert_string_equal(e.field, "body");
	assert_int_equal(err_set(NULL, ERR_IO, "x"), ERR_IO);
	assert_int_equal(err_nomem(&e), ERR_NOMEM);
	assert_string_equal(err_name(ERR_CONFLICT), "conflict");
	assert_string_equal(err_name((enum err)999), "unknown");
	/* A long message is cut between characters, wherever the cut falls. */
	for (int shift = 0; shift < 4; shift++) {
		err_set(&e, ERR_IO, "%.*s%s", shift, "xxxx",
			"\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600"
			"\U0001F600\U0001F600\U0001F600"
			"\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600"
			"\U0001F600\U0001F600\U0001F600"
			"\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600"
			"\U0001F600\U0001F600\U0001F600"
			"\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600"
			"\U0001F600\U0001F600\U0001F600"
			"\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600"
			"\U0001F600\U0001F600\U0001F600"
			"\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600"
			"\U0001F600\U0001F600\U0001F600");
		assert_true(utf8_valid(slice_of(e.message)));
		assert_in_range(strlen(e.message), 252, 255);
	}
}

static void arenas_are_bounded(void **state)
{
	(void)state;
	struct arena *a = arena_new(1000);
	char *p = arena_alloc(a, 600);
	assert_non_null(p);
	for (int i = 0; i < 600; i++)
		assert_int_equal(p[i], 0);
	memset(p, 1, 600);
	assert_null(arena_alloc(a, 401));
	assert_true(arena_failed(a));
	assert_null(arena_alloc(a, 1)); /* sticky */
	arena_reset(a);
	assert_false(arena_failed(a));
	p = arena_alloc(a, 1000);
	assert_non_null(p);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(p[i], 0);
	arena_reset(a);
	assert_null(arena_array(a, SIZE_MAX / 2, 3));
	assert_true(arena_failed(a));
	arena_free(&a);
	assert_null(a);
	arena_free(&a);
}

static void arenas_copy(void **state)
{
	(void)state;
	struct arena *a = arena_new(1 << 20);
	assert_null(arena_strdup(a, NULL));
	assert_false(arena_failed(a));
	assert_string_equal(arena_strdup(a, "abc"), "abc");
	assert_string_equal(arena_printf(a, "%d-%s", 7, "x"), "7-x");
	struct slice s = arena_slice(a, slice_make("abcdef", 3));
	assert_int_equal(s.len, 3);
	assert_string_equal(s.ptr, "abc");
	assert_null(arena_slice(a, SLICE_NONE).ptr);
	assert_non_null(arena_slice(a, SLICE("")).ptr);
	/* Many, of all sizes and each aligned, none overlapping. */
	char *all[300];
	for (size_t i = 0; i < 300; i++) {
		all[i] = arena_alloc(a, i + 1);
		assert_non_null(all[i]);
		assert_int_equal((uintptr_t)all[i] % _Alignof(max_align_t), 0);
		memset(all[i], (int)(i & 0x7F), i + 1);
	}
	for (size_t i = 0; i < 300; i++)
		for (size_t j = 0; j <= i; j++)
			assert_int_equal(all[i][j], i & 0x7F);
	arena_free(&a);
}

static void strings_are_bounded(void **state)
{
	(void)state;
	struct str s;
	str_init(&s, 10);
	assert_string_equal(str_c(&s), "");
	assert_non_null(str_slice(&s).ptr);
	str_adds(&s, "12345");
	str_addf(&s, "%d", 678);
	str_addc(&s, '9');
	assert_string_equal(str_c(&s), "123456789");
	str_adds(&s, "xx");
	assert_true(str_failed(&s));
	assert_string_equal(str_c(&s), "123456789");
	str_addc(&s, 'y'); /* would fit, but the failure is sticky */
	assert_int_equal(str_slice(&s).len, 9);
	assert_null(str_take(&s, NULL));
	str_init(&s, 10);
	str_addf(&s, "%s", "12345678901");
	assert_true(str_failed(&s));
	str_reset(&s);
	assert_false(str_failed(&s));
	str_adds(&s, "1234567890");
	assert_false(str_failed(&s));
	struct arena *a = arena_new(100);
	assert_string_equal(str_dup(&s, a).ptr, "1234567890");
	arena_free(&a);
	size_t len;
	char *taken = str_take(&s, &len);
	assert_string_equal(taken, "1234567890");
	assert_int_equal(len, 10);
	free(taken);
	assert_string_equal(str_c(&s), "");
	taken = str_take(&s, &len);
	assert_string_equal(taken, "");
	free(taken);
	str_fini(&s);
}

static void code_points_go_both_ways(void **state)
{
	(void)state;
	struct str s;
	unsigned cp;
	str_init(&s, 8);
	for (unsigned c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 0x97) {
		bool scalar = c < 0xD800 || c > 0xDFFF;
		str_reset(&s);
		str_addu(&s, c);
		assert_int_equal(utf8_next(str_slice(&s), 0, &cp), s.len);
		assert_int_equal(cp, scalar ? c : 0xFFFD);
	}
	str_reset(&s);
	str_addu(&s, 0x110000);
	assert_string_equal(str_c(&s), "\uFFFD");
	str_fini(&s);
	/* Unicode 15, table 3-8: one replacement for each longest broken piece. */
	struct slice bad = SLICE("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80");
	static const size_t lengths[] = { 1, 3, 2, 1, 1, 1 };
	size_t at = 0;
	for (size_t i = 0; i < 6; i++) {
		size_t n = utf8_next(bad, at, &cp);
		assert_int_equal(n, lengths[i]);
		at += n;
	}
	assert_int_equal(at, bad.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_filled),
		cmocka_unit_test(arenas_are_bounded),
		cmocka_unit_test(arenas_copy),
		cmocka_unit_test(strings_are_bounded),
		cmocka_unit_test(code_points_go_both_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
