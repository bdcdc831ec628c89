#include "text/views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"

static struct arena *arena;

static struct views made(const char *text)
{
	struct views v;
	struct error e;

	arena_reset(arena);
	assert_int_equal(views_make(arena, slice_of(text), &v, &e), ERR_OK);
	return v;
}

static void expect(enum view which, const char *text, const char *wanted)
{
	assert_string_equal(made(text).text[which].ptr, wanted);
}

static void renders(void **state)
{
	(void)state;
	expect(VIEW_RENDERED, "fr<b>ee</b> pills", "free pills");
	expect(VIEW_RENDERED, "<p>one</p>two<br/>three", "\none\ntwo\nthree");
	expect(VIEW_RENDERED, "a <!-- x -->b<!-- open", "a b<!-- open");
	expect(VIEW_RENDERED, "<script>x()</script>y<style>z</style>", "y");
	expect(VIEW_RENDERED, "3 < 4 > 2 <3 <me@example.com> a<b", "3 < 4 > 2 <3 <me@example.com> a<b");
	expect(VIEW_RENDERED, "&#102;&#x72;ee &amp; &lt;b&gt; &unknown; &#0; &#1114112;x &",
	       "free & <b> &unknown; \uFFFD \uFFFDx &");
	expect(VIEW_RENDERED, "<a class=x href=\"http://e.com/\">buy</a>", "http://e.com/ buy");
	expect(VIEW_RENDERED, "<a href=\"&#104;ttp://e&#x2e;com/?a&amp;b\">buy</a>", "http://e.com/?a&b buy");
	expect(VIEW_RENDERED, "[url=http://e.com]buy[/url] [b]now[/b] [c]", "http://e.com buy now [c]");
	expect(VIEW_RENDERED, "'''bold''' [[Page|words]] [[Other]] it's **m**", "bold Page words Other it's m");
	expect(VIEW_RENDERED, "x\xFFy", "x\uFFFDy");
	assert_true(made("a<b>").markup);
	assert_false(made("3 < 4 [[x]] **y**").markup);
}

static void normalises(void **state)
{
	(void)state;
	expect(VIEW_NORM, "  Free\n\n MONEY\u00A0now ", "free money now");
	expect(VIEW_NORM, "Ｃａｓｉｎｏ", "casino");
	expect(VIEW_NORM, "🅲🅰🆂🅸🅽🅾 🅒🅐🅢🅘🅝🅞 ᴄᴀꜱɪɴᴏ ⓒⓐⓢⓘⓝⓞ 𝗖𝗮𝘀𝗶𝗻𝗼", "casino casino casino casino casino");
	expect(VIEW_NORM, "c\u0336a\u0336s\u0336h m\u0332oney \u0646\u0640\u0640\u0642\u064F\u0648\u062F", "cash money \u0646\u0642\u0648\u062F");
	expect(VIEW_NORM, "cafe\u0301 \u0438\u0306 \u0939\u093F\u0902\u0926\u0940 \u0E19\u0E49\u0E33", "caf\u00E9 \u0439 \u0939\u093F\u0902\u0926\u0940 \u0E19\u0E49\u0E4D\u0E32");
	expect(VIEW_NORM, "f r e e money a b", "free money a b");
	expect(VIEW_NORM, "f.r.e.e F-R-E-E U.S.A e.g. a.b", "free free u.s.a e.g. a.b");
	expect(VIEW_NORM, "ca*si*no c_a_s_h it's -x- x|y", "casino cash it's -x- xy");
	expect(VIEW_NORM, "I’m J’ai ’tis ‘quoted’ rock ’n’ roll", "i'm j'ai ’tis ‘quoted’ rock ’n’ roll");
	expect(VIEW_NORM, "http://e.com/a_b_c me_x@e.com", "http://e.com/a_b_c me_x@e.com");
	expect(VIEW_NORM, "fr\u200Bee via\u00ADgra", "free viagra");
	assert_int_equal(made("fr\u200Bee via\u00ADgra").invisible, 2);
	assert_int_equal(made("\uFEFFplain\uFEFF").invisible, 0);
	assert_int_equal(made("pla\uFEFFin").invisible, 1);
	/* Joiners are spelling in Persian and Hindi, and hold family emoji together. */
	expect(VIEW_NORM, "می\u200Cخواهم", "می\u200Cخواهم");
	assert_int_equal(made("می\u200Cخواهم क्\u200Dष \U0001F468\u200D\U0001F469").invisible, 0);
	assert_int_equal(made("fr\u200Dee").invisible, 1);
	expect(VIEW_NORM, "", "");
	expect(VIEW_NORM, " \u200B ", "");
	assert_int_equal(made("f r e e and f.r.e.e").joined, 2);
}

static void expect_origin(const char *text, enum view which, const char *part, const char *wanted)
{
	struct views v = made(text);
	const char *p = strstr(v.text[which].ptr, part);

	assert_non_null(p);
	size_t from = (size_t)(p - v.text[which].ptr);
	struct slice got = views_origin(&v, which, from, from + strlen(part));
	if (!slice_is(got, wanted))
		fail_msg("\"%s\" of \"%s\" came from \"%.*s\"", part, text, SLICE_ARG(got));
}

static void joins_spelled_letters(void **state)
{
	(void)state;
	/* A wider space than between the first letters parts words, and so does the end of a line. */
	expect(VIEW_NORM, "E a r n   f r o m   h o m e", "earn from home");
	expect(VIEW_NORM, "e a r n\na t home; f  r  e  e", "earn at home; free");
	expect(VIEW_NORM, "F\nR\nE\nE", "free");
	expect(VIEW_NORM, "E a r n   $$$   f r o m   h o m e", "earn $$$ from home");
	/* Punctuation at either end. */
	expect(VIEW_NORM, "(f r e e) \"f r e e\" f r e e! f r e e, n o w.", "(free) \"free\" free! free, n o w.");
	expect(VIEW_NORM, "(a b c) J. R. R. Tolkien, a, b, c, d; x y.", "(a b c) j. r. r. tolkien, a, b, c, d; x y.");
	/* A digit among many letters is one of them. */
	expect(VIEW_SKEL, "К а 3 и н о, v 1 a g r a", "казино, viagra");
	expect(VIEW_NORM, "1 e 4 e 5 2 N f 3 N c 6, a 1 b 2 c 3, x 0 y 1 z", "1 e 4 e 5 2 n f 3 n c 6, a 1 b 2 c 3, x 0 y 1 z");
	expect(VIEW_NORM, "1 0 0 1 a 0 1 1 0 3 a b 4", "1 0 0 1 a 0 1 1 0 3 a b 4");
	assert_int_equal(made("w o r k   a t   h o m e").joined, 2);
	assert_int_equal(made("w o r k   a t   h o m e").spelled_letters, 10);
	assert_int_equal(made("f-r-e-e and \xe6\x88\x91 \xe4\xbb\xac \xe7\x9c\x8b").spelled_letters, 4);
	expect_origin("see w o r k!   n o w", VIEW_NORM, "work", "w o r k!");
}

static void reads_digits_as_letters(void **state)
{
	(void)state;
	expect(VIEW_SKEL, "v1agra cas1no ca$ino p@yday l0an ca4sino", "viagra casino casino payday loan caasino");
	expect(VIEW_SKEL, "ка3ино к@зино к@з1но 3аработок зapa6oтok зaрaб0тoк", "казино казино казино заработок заработок заработок");
	/* What people write of themselves. */
	static const char *const plain[] = { "i18n a11y k8s mp3 b2b p2p web3 utf-8 windows11 vip777 5g 4you win7", "sub4sub cash4gold follow4follow", "https://example.org/w1jhl?q1a=s3xy", "s0me.file.p0x v1.2.b3ta",
		"root@host me@example.org git@github joe@home", "@g0dlike xyz@s3rver", "wc1n3xx w1t1jy 1b6a5ecef91ff9 $foo $1.50 10$", "ту154м а123вс 3d 3дневный 3 рубля 2го 90е с2н5он в2в е2е4", "м1 i3wm5a", "\u4e2d1\u6587 caf\u00e91s\u00e9e" };
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		expect(VIEW_SKEL, plain[i], plain[i]);
	assert_int_equal(made("cas1no к@зино ка3ино").mixed_words, 0);
	expect_origin("my cas1no now", VIEW_SKEL, "casino", "cas1no");
}

static void reads_mixed_words(void **state)
{
	(void)state;
	expect(VIEW_SKEL, "my pаypаl account", "my paypal account");
	assert_int_equal(made("my pаypаl account").mixed_words, 1);
	expect(VIEW_SKEL, "на casinо", "на casino");
	assert_int_equal(made("на iPadом и на casinо").mixed_words, 0);
	assert_int_equal(made("на саsino").mixed_words, 1);
	/* Latin letters slipped into a Russian word, among them what only capitals look like; and a Latin word beside it stays one. */
	expect(VIEW_SKEL, "лучший зaрaбoтoк", "лучший заработок");
	expect(VIEW_SKEL, "BЫИГPЫШ для всеx casino", "выигрыш для всех casino");
	assert_int_equal(made("зaрaбoтoк и BЫИГPЫШ").mixed_words, 2);
	/* However many they are. */
	expect(VIEW_SKEL, "Нaбop в кoмaндy", "набор в команду");
	/* What reads as no other word has a letter astray, and deceives nobody. */
	assert_int_equal(made("nНо макбук м1i и нетi3").mixed_words, 0);
	/* Whole Russian is left as it is, and so is a whole Cyrillic look-alike of nothing. */
	expect(VIEW_SKEL, "рост сухо хор", "рост сухо хор");
	/* Ordinary Russian, with Latin words beside it. */
	struct views v = made("мой web-сайт не работает, e-mail'ом");
	assert_int_equal(v.mixed_words, 0);
	assert_ptr_equal(v.text[VIEW_SKEL].ptr, v.text[VIEW_NORM].ptr);
}

static void knows_where_words_came_from(void **state)
{
	(void)state;
	expect_origin("buy fr<b>ee</b> pills", VIEW_RENDERED, "free", "fr<b>ee");
	expect_origin("buy fr<b>ee</b> pills", VIEW_RENDERED, "pil", "pil");
	expect_origin("buy fr<b>ee</b> pills", VIEW_NORM, "free", "fr<b>ee");
	expect_origin("a &#102;ree b", VIEW_NORM, "free", "&#102;ree");
	expect_origin("go F R E E now", VIEW_NORM, "free", "F R E E");
	expect_origin("go F R E E now", VIEW_NORM, "now", "now");
	expect_origin("the Ｃａｓｉｎｏ x", VIEW_NORM, "casino", "Ｃａｓｉｎｏ");
	expect_origin("the Casino x", VIEW_NORM, "casi", "Casino");
	expect_origin("my PаyPаl account", VIEW_SKEL, "paypal", "PаyPаl");
	expect_origin("my PаyPаl account", VIEW_SKEL, "account", "account");
	expect_origin("abc", VIEW_BYTES, "b", "b");
	struct views v = made("");
	assert_int_equal(views_origin(&v, VIEW_NORM, 0, 5).len, 0);
}

static void is_bounded(void **state)
{
	(void)state;
	static const char *const hard[] = { "<a \"", "<!--", "<script>", "[url=", "&#",       "''",      "]]",
					    "[[",    "a ",   "a.",       "ﷺ",     "\xF0\x9F", "<a href=", "a 1 ", "a a 1 ", "(a ", "a) ", "a   ", "a@", "a$b", "a0", "\u0430" "3", "a0/" };
	struct str s;
	struct views v;
	struct error e;

	str_init(&s, VIEWS_MAX_BYTES + 100);
	for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
		str_reset(&s);
		while (s.len + 10 < VIEWS_MAX_BYTES / 4)
			str_adds(&s, hard[i]);
		arena_reset(arena);
		int64_t start = clock_thread_ns();
		assert_int_equal(views_make(arena, str_slice(&s), &v, &e), ERR_OK);
		int64_t us = (clock_thread_ns() - start) / 1000;
		/* Some 10 ms; quadratic work would take seconds. */
		if (us > 500000)
			fail_msg("%s: %lld us", hard[i], (long long)us);
		for (int w = VIEW_RENDERED; w < VIEW_COUNT; w++)
			assert_true(utf8_valid(v.text[w]));
	}
	while (s.len <= VIEWS_MAX_BYTES)
		str_addc(&s, 'x');
	assert_int_equal(views_make(arena, str_slice(&s), &v, &e), ERR_TOO_LARGE);
	struct arena *small = arena_new(100);
	assert_int_equal(
	    views_make(small,
		       SLICE("a somewhat longer text that needs more room than there is, in all its views together"),
		       &v, &e),
	    ERR_NOMEM);
	arena_free(&small);
	str_fini(&s);
}

/* Memory may run out at any allocation: the result is whole or an error. */
static void survives_lack_of_memory(void **state)
{
	(void)state;
	struct slice text = SLICE("buy <b>pаypаl</b> &amp; f r e e [url=http://e.com]x[/url] Ｆｒｅｅ one two three");
	struct views v;
	bool ended = false;

	for (size_t max = 0; !ended; max += 24) {
		struct arena *a = arena_new(max);
		ended = views_make(a, text, &v, NULL) == ERR_OK;
		if (ended)
			assert_string_equal(v.text[VIEW_SKEL].ptr,
					    "buy paypal & free http://e.com x free one two three");
		else
			assert_true(arena_failed(a));
		arena_free(&a);
	}
}

static int setup(void **state)
{
	(void)state;
	arena = arena_new(256 << 20);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renders),           cmocka_unit_test(normalises),
		cmocka_unit_test(joins_spelled_letters), cmocka_unit_test(reads_digits_as_letters), cmocka_unit_test(reads_mixed_words), cmocka_unit_test(knows_where_words_came_from),
		cmocka_unit_test(is_bounded),        cmocka_unit_test(survives_lack_of_memory),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
