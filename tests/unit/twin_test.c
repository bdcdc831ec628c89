/* Keys by which texts are known again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "spam/twin.h"

static struct twin_keys keys(const char *text)
{
	struct twin_keys k;
	twin_read(slice_of(text), &k);
	return k;
}

static bool shares_band(const struct twin_keys *a, const struct twin_keys *b)
{
	for (int i = 0; i < TWIN_BANDS; i++)
		if (a->bands[i] == b->bands[i])
			return true;
	return false;
}

static void short_texts_have_no_keys(void **state)
{
	(void)state;
	assert_false(keys("").any);
	assert_false(keys("hello there").any);
	assert_false(keys("                                                      hello                       ").any);
	assert_true(keys("a text of more than thirty bytes, as it were").any);
	assert_false(keys("a text of more than thirty bytes, as it were").convicts);
}

static void white_space_does_not_matter(void **state)
{
	struct twin_keys a = keys("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen");
	struct twin_keys b = keys("  one two three\nfour five six seven   eight nine ten eleven twelve thirteen fourteen fifteen sixteen\t");
	(void)state;
	assert_true(a.convicts);
	assert_int_equal(a.exact, b.exact);
	assert_int_equal(a.masked, b.masked);
}

static void masks_hide_numbers_and_addresses(void **state)
{
	struct twin_keys a = keys("please look at my draft https://wiki.example/draft/17 which i wrote in 2024");
	struct twin_keys b = keys("please look at my draft www.other.example/x which i wrote in 19");
	struct twin_keys c = keys("please look at my photo https://wiki.example/draft/17 which i wrote in 2024");
	(void)state;
	assert_true(a.exact != b.exact);
	assert_int_equal(a.masked, b.masked);
	assert_true(a.masked != c.masked);
}

static void template_questions_differ_exactly(void **state)
{
	int64_t seen[200];
	char text[200];
	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "hello, please review my draft article, it was declined yesterday: https://wiki.example/draft_%d thank you", i);
		struct twin_keys k = keys(text);
		assert_true(k.convicts);
		seen[i] = k.exact;
		for (int j = 0; j < i; j++)
			assert_true(seen[j] != k.exact);
		assert_int_equal(k.masked, keys("hello, please review my draft article, it was declined yesterday: https://x.example/ thank you").masked);
	}
}

static void near_copies_share_a_band(void **state)
{
	struct twin_keys a = keys("we offer the best prices for your holiday in the mountains, call our friendly office today and book a room for two");
	struct twin_keys b = keys("we offer the best prices for your holiday in the mountains, call our friendly office now and book a room for two");
	struct twin_keys c = keys("how can i rename a page that somebody else has made, and will its history stay with it after that is done?");
	(void)state;
	assert_true(twin_near(a.minhash, b.minhash));
	assert_true(shares_band(&a, &b));
	assert_false(twin_near(a.minhash, c.minhash));
	assert_false(shares_band(&a, &c));
}

static void short_texts_are_near_too(void **state)
{
	struct twin_keys a = keys("cheap watches, write to us today"), b = keys("cheap watches, write to us now"), c = keys("how do i add a picture to this page");
	(void)state;
	assert_true(a.any && b.any && c.any);
	assert_true(twin_near(a.minhash, b.minhash));
	assert_true(shares_band(&a, &b));
	assert_false(twin_near(a.minhash, c.minhash));
}

static void signatures_come_back(void **state)
{
	struct twin_keys a = keys("a text of more than thirty bytes, as it were");
	unsigned char sign[TWIN_SIGN_BYTES];
	uint16_t back[TWIN_HASHES];
	(void)state;
	twin_sign(&a, sign);
	assert_true(twin_sign_read(slice_make((const char *)sign, sizeof(sign)), back));
	assert_memory_equal(back, a.minhash, sizeof(back));
	assert_false(twin_sign_read(slice_make((const char *)sign, sizeof(sign) - 1), back));
	assert_int_equal(back[3], 0);
	assert_false(twin_sign_read(SLICE_NONE, back));
}

static void any_bytes_are_survived(void **state)
{
	static char big[100000];
	struct twin_keys k;
	(void)state;
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7);
	twin_read(slice_make(big, sizeof(big)), &k);
	assert_true(k.any);
	twin_read(slice_make(big, 1), &k);
	twin_read(SLICE_NONE, &k);
	assert_false(k.any);
	assert_true(twin_key(SLICE("")) != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_texts_have_no_keys),
		cmocka_unit_test(white_space_does_not_matter),
		cmocka_unit_test(masks_hide_numbers_and_addresses),
		cmocka_unit_test(template_questions_differ_exactly),
		cmocka_unit_test(near_copies_share_a_band),
		cmocka_unit_test(short_texts_are_near_too),
		cmocka_unit_test(signatures_come_back),
		cmocka_unit_test(any_bytes_are_survived),
	};
	return cmocka_run_group_tests_name("twin", tests, NULL, NULL);
}
