#include "text/unicode.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "text/utf.h"

typedef void (*transform)(struct slice, struct str *);

static void expect(transform fn, const char *from, const char *to)
{
	struct str s;

	str_init(&s, 1 << 16);
	fn(slice_of(from), &s);
	assert_false(str_failed(&s));
	assert_string_equal(str_c(&s), to);
	str_fini(&s);
}

static void normalises(void **state)
{
	(void)state;
	expect(unicode_nfkc_fold, "Free MONEY", "free money");
	expect(unicode_nfkc_fold, "Ｆｒｅｅ", "free");
	expect(unicode_nfkc_fold, "Straße ﬁn", "strasse fin");
	expect(unicode_nfkc_fold, "ⓒⓐⓢⓘⓝⓞ 𝓬𝓪𝓼𝓱", "casino cash");
	expect(unicode_nfkc_fold, "ΣΊΣΥΦΟΣ", "σίσυφοσ");
	expect(unicode_nfkc_fold, "\xFFz", "\uFFFDz");
	expect(unicode_nfkc_fold, "می‌خواهم", "می‌خواهم");
	expect(unicode_nfkc_fold, "e\xCC\x81", "é");
	expect(unicode_skeleton, "pаypаl", "paypal"); /* Cyrillic a */
	expect(unicode_skeleton, "modern", "modern");
	/* Longer than the stack buffer, and growing: U+FDFA is 15 letters and 3 spaces in NFKC. */
	struct str in, out;
	str_init(&in, 1 << 16);
	str_init(&out, 1 << 16);
	for (int i = 0; i < 200; i++)
		str_adds(&in, "\uFDFA");
	unicode_nfkc_fold(str_slice(&in), &out);
	assert_int_equal(out.len, 200 * (15 * 2 + 3));
	str_fini(&in);
	str_fini(&out);
}

static void knows_properties(void **state)
{
	(void)state;
	assert_int_equal(unicode_props('A') & (UNI_LETTER | UNI_UPPER | UNI_LOWER), UNI_LETTER | UNI_UPPER);
	assert_int_equal(unicode_props('@'), UNI_PUNCT);
	assert_int_equal(unicode_props('9'), UNI_DIGIT);
	assert_int_equal(unicode_props(':'), UNI_PUNCT);
	assert_int_equal(unicode_props(0x42F), UNI_LETTER | UNI_UPPER);
	assert_int_equal(unicode_props(0x430), UNI_LETTER | UNI_LOWER);
	assert_true(unicode_props(0x640) & UNI_LOOSE);
	assert_int_equal(unicode_props(0x7FF), UNI_SYMBOL | UNI_CURRENCY); /* Nko; the next block are Samaritan letters */
	assert_int_equal(unicode_props(0x800), UNI_LETTER);
	assert_true(unicode_props(0x1F600) & UNI_EMOJI);
	assert_false(unicode_props('1') & UNI_EMOJI);
	assert_true(unicode_props(0x661) & UNI_DIGIT);
	assert_true(unicode_props(0x20AC) & UNI_CURRENCY);
	assert_true(unicode_props(0x200D) & UNI_JOINER);
	assert_true(unicode_props(0x202E) & UNI_BIDI);
	assert_true(unicode_props(0x200B) & UNI_INVISIBLE);
	assert_true(unicode_props(0xFEFF) & UNI_INVISIBLE);
	assert_true(unicode_props(0x1D5D4) & UNI_STYLED); /* mathematical bold A, circled and squared ones */
	assert_true(unicode_props(0x24D0) & UNI_STYLED);
	assert_true(unicode_props(0x1F150) & UNI_STYLED);
	assert_true(unicode_props(0x1D7CF) & UNI_STYLED);
	assert_false(unicode_props(0xFF21) & UNI_STYLED); /* full width is how Chinese and Japanese write Latin letters */
	assert_false(unicode_props('A') & UNI_STYLED);
	assert_true(unicode_props('\n') & UNI_CONTROL);
	assert_true(unicode_props(0x301) & UNI_MARK);
	assert_int_equal(unicode_props(0x110000), 0);
	assert_string_equal(unicode_script_code(unicode_script(0x43F)), "Cyrl");
	assert_true(unicode_script_joins(unicode_script(0x645)));
	assert_false(unicode_script_joins(unicode_script('a')));
}

static void tells_scripts(void **state)
{
	(void)state;
	struct script_share s[UNICODE_SCRIPTS_MAX];
	assert_int_equal(unicode_scripts(SLICE("hi, привет 123!"), s), 2);
	assert_string_equal(unicode_script_code(s[0].script), "Cyrl");
	assert_int_equal(s[0].letters, 6);
	assert_int_equal(s[1].letters, 2);
	assert_int_equal(unicode_scripts(SLICE("123 \xFF"), s), 0);
	assert_true(unicode_mixed_script(SLICE("pаypal")));
	assert_false(unicode_mixed_script(SLICE("привет")));
	assert_false(unicode_mixed_script(SLICE("café")));
	assert_false(unicode_mixed_script(SLICE("東京タワーhello")));
	assert_false(unicode_mixed_script(SLICE("카페cafe")));
	assert_true(unicode_mixed_script(SLICE("카ア")));
}

struct found {
	char text[256];
	size_t at, limit;
};

static bool collect(void *ctx, struct slice word, size_t at)
{
	struct found *f = ctx;
	size_t n = strlen(f->text);

	snprintf(f->text + n, sizeof f->text - n, "%.*s|", SLICE_ARG(word));
	f->at = at;
	return --f->limit > 0;
}

static void finds_words(void **state)
{
	(void)state;
	struct found f = { .limit = 100 };
	assert_int_equal(unicode_words(SLICE("Don't stop, it's 3.5 km!"), collect, &f), ERR_OK);
	assert_string_equal(f.text, "Don't|stop|it's|3.5|km|");
	assert_int_equal(f.at, 21);
	f = (struct found){ .limit = 100 };
	assert_int_equal(unicode_words(SLICE("我想编辑文章"), collect, &f), ERR_OK);
	assert_non_null(strstr(f.text, "编辑|"));
	f = (struct found){ .limit = 100 };
	assert_int_equal(unicode_words(SLICE("สวัสดีชาวโลก"), collect, &f), ERR_OK);
	assert_string_equal(f.text, "สวัสดี|ชาว|โลก|");
	f = (struct found){ .limit = 1 };
	assert_int_equal(unicode_words(SLICE("one two"), collect, &f), ERR_OK);
	assert_string_equal(f.text, "one|");
	f = (struct found){ .limit = 100 };
	assert_int_equal(unicode_words(SLICE_NONE, collect, &f), ERR_OK);
	assert_string_equal(f.text, "");
}

static void speaks_languages(void **state)
{
	(void)state;
	assert_int_equal(unicode_plural("en", 1), PLURAL_ONE);
	assert_int_equal(unicode_plural("en", 0), PLURAL_OTHER);
	assert_int_equal(unicode_plural("ru", 22), PLURAL_FEW);
	assert_int_equal(unicode_plural("ar", 0), PLURAL_ZERO);
	assert_int_equal(unicode_plural("pt-br", 1), PLURAL_ONE);
	assert_int_equal(unicode_plural(NULL, 1), PLURAL_ONE);
	assert_int_equal(unicode_plurals("ja"), 1 << PLURAL_OTHER);
	assert_int_equal(unicode_plurals("ar"), 63);
	assert_true(unicode_rtl("fa"));
	assert_false(unicode_rtl("en"));
	struct str s;
	str_init(&s, 1000);
	unicode_number("de", 1234567, &s);
	str_addc(&s, ' ');
	unicode_number("ar", 1234567, &s);
	str_addc(&s, ' ');
	unicode_number("en", -5, &s);
	assert_string_equal(str_c(&s), "1.234.567 1,234,567 -5");
	str_fini(&s);
	assert_int_equal(unicode_zone_minutes("Asia/Kolkata", 1700000000000), 330);
	assert_int_equal(unicode_zone_minutes("Europe/Berlin", 1700000000000), 60);
	assert_int_equal(unicode_zone_minutes("Europe/Berlin", 1690000000000), 120);
	assert_int_equal(unicode_zone_minutes("America/St_Johns", 1700000000000), -210);
	assert_int_equal(unicode_zone_minutes("No/Where", 1700000000000), 0);
	str_init(&s, 1000);
	assert_true(unicode_zone_name("Europe/Berlin", "en", &s));
	str_addc(&s, ';');
	assert_true(unicode_zone_name("Europe/Berlin", "de", &s));
	str_addc(&s, ';');
	assert_true(unicode_zone_name("Etc/UTC", "en", &s));
	assert_false(unicode_zone_name("No/Where", "en", &s));
	assert_string_equal(str_c(&s), "Central European Time;Mitteleurop\u00E4ische Zeit;GMT");
	str_fini(&s);
	assert_true(unicode_zone_known("Europe/Berlin"));
	assert_false(unicode_zone_known("Europe/Berlim"));
	assert_false(unicode_zone_known(""));
}

static void reads_host_names(void **state)
{
	(void)state;
	struct str s;
	str_init(&s, 1000);
	assert_true(unicode_host_ascii(SLICE("Bücher.example"), &s));
	assert_string_equal(str_c(&s), "xn--bcher-kva.example");
	str_reset(&s);
	assert_true(unicode_host_unicode(SLICE("xn--bcher-kva.example"), &s));
	assert_string_equal(str_c(&s), "bücher.example");
	str_reset(&s);
	assert_false(unicode_host_ascii(SLICE("a..b"), &s));
	assert_false(unicode_host_ascii(SLICE("a b.example"), &s));
	assert_false(unicode_host_ascii(SLICE(""), &s));
	assert_false(unicode_host_unicode(SLICE("xn--zzzzzzzz99999.example"), &s));
	assert_int_equal(s.len, 0);
	assert_true(unicode_host_ascii(SLICE("r3---sn.example"), &s));
	str_fini(&s);
}

static void *hammer(void *arg)
{
	for (int i = 0; i < 50; i++) {
		struct found f = { .limit = 100 };
		struct str s;

		str_init(&s, 1000);
		unicode_nfkc_fold(SLICE("Ｆｒｅｅ ПрИвЕт"), &s);
		unicode_skeleton(SLICE("pаypal"), &s);
		unicode_host_ascii(SLICE("bücher.example"), &s);
		if (unicode_words(SLICE("one two 三"), collect, &f) != ERR_OK ||
		    unicode_plural("ru", i) > PLURAL_OTHER || str_failed(&s))
			*(bool *)arg = false;
		if (strcmp(str_c(&s), "free приветpaypalxn--bcher-kva.example") != 0)
			*(bool *)arg = false;
		str_fini(&s);
	}
	return NULL;
}

static void serves_many_threads(void **state)
{
	(void)state;
	pthread_t t[4];
	bool good[4] = { true, true, true, true };
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, hammer, &good[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		assert_true(good[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normalises),          cmocka_unit_test(knows_properties),
		cmocka_unit_test(tells_scripts),       cmocka_unit_test(finds_words),
		cmocka_unit_test(speaks_languages),    cmocka_unit_test(reads_host_names),
		cmocka_unit_test(serves_many_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
