#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/embed.h"

/* Each file of migrations/ is found by its name with the bytes that are on disk. */
static void files_are_found_with_their_bytes(void **state)
{
	(void)state;
	size_t at = 0, seen = 0;
	const char *name;
	struct slice bytes, again;
	while (embed_next("migrations/", &at, &name, &bytes)) {
		seen++;
		assert_true(embed_find(name, &again));
		assert_ptr_equal(bytes.ptr, again.ptr);
		assert_int_equal(bytes.ptr[bytes.len], 0);
		FILE *f = fopen(name, "rb");
		assert_non_null(f);
		for (size_t i = 0; i < bytes.len; i++)
			assert_int_equal((unsigned char)bytes.ptr[i], fgetc(f));
		assert_int_equal(fgetc(f), EOF);
		fclose(f);
	}
	assert_true(seen > 0);
}

static void unknown_names_are_not_found(void **state)
{
	(void)state;
	struct slice bytes;
	assert_false(embed_find("migrations/", &bytes));
	assert_false(embed_find("", &bytes));
	assert_false(embed_find("zzz", &bytes));
}

static void names_come_in_order(void **state)
{
	(void)state;
	size_t at = 0;
	const char *name, *last = "";
	struct slice bytes;
	while (embed_next("", &at, &name, &bytes)) {
		assert_true(strcmp(last, name) < 0);
		last = name;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_found_with_their_bytes),
		cmocka_unit_test(unknown_names_are_not_found),
		cmocka_unit_test(names_come_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
