/* The kept ask page: the same bytes with another nonce, and nothing once anything it was made of differs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/kept_page.h"

static const struct conf one, other;

static void is_given_again_with_its_own_nonce(void **state)
{
	struct kept_key key = { .conf = &one, .lang = "en", .wait = { .status = DESK_OPEN, .known = true, .median_s = 5, .p90_s = 9 } };
	struct str out;

	(void)state;
	str_init(&out, 1000);
	assert_false(kept_page_add(&key, SLICE("n2"), &out));
	kept_page_keep(&key, SLICE("n1"), SLICE("<a>n1</a>"));
	assert_true(kept_page_add(&key, SLICE("other"), &out));
	assert_string_equal(str_c(&out), "<a>other</a>");
	kept_page_keep(&key, SLICE("n1"), SLICE("n1"));
	str_reset(&out);
	assert_true(kept_page_add(&key, SLICE("x"), &out));
	assert_string_equal(str_c(&out), "x");
	str_fini(&out);
}

static void is_not_given_where_anything_differs(void **state)
{
	const struct kept_key key = { .conf = &one, .lang = "de", .wait = { .status = DESK_OPEN, .known = true, .median_s = 5, .p90_s = 9 } };
	struct kept_key differ[6];
	struct str out;

	(void)state;
	str_init(&out, 1000);
	kept_page_keep(&key, SLICE("n1"), SLICE("<a>n1</a>"));
	for (int i = 0; i < 6; i++)
		differ[i] = key;
	differ[0].conf = &other;
	differ[1].lang = "fr";
	differ[2].wait.status = DESK_FULL;
	differ[3].wait.known = false;
	differ[4].wait.median_s = 6;
	differ[5].wait.p90_s = 10;
	for (int i = 0; i < 6; i++)
		assert_false(kept_page_add(&differ[i], SLICE("x"), &out));
	assert_true(kept_page_add(&key, SLICE("x"), &out));
	str_fini(&out);
}

static void is_kept_only_where_the_nonce_stands_once(void **state)
{
	struct kept_key key = { .conf = &one, .lang = "ru" };
	struct str out;

	(void)state;
	str_init(&out, 1000);
	kept_page_keep(&key, SLICE("n1"), SLICE("<a></a>"));
	kept_page_keep(&key, SLICE("n1"), SLICE("<a>n1 n1</a>"));
	kept_page_keep(&key, SLICE(""), SLICE("<a></a>"));
	assert_false(kept_page_add(&key, SLICE("x"), &out));
	str_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_given_again_with_its_own_nonce),
		cmocka_unit_test(is_not_given_where_anything_differs),
		cmocka_unit_test(is_kept_only_where_the_nonce_stands_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
