#include "text/guess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"

static struct arena *arena;

/* The guesses of a text, joined by ";"; "?" behind those whose dot a match has to hold. */
static void expect(const char *text, const char *wanted)
{
	struct guesses g = { .count = 0 };
	struct str s;

	arena_reset(arena);
	str_init(&s, 1 << 16);
	assert_int_equal(guess_names(arena, slice_of(text), true, &g, NULL), ERR_OK);
	for (size_t i = 0; i < g.count; i++)
		str_addf(&s, "%s%.*s%s", i ? ";" : "", SLICE_ARG(slice_from(g.list[i].url, 7)), g.list[i].must_to ? "?" : "");
	assert_string_equal(str_c(&s), wanted);
	str_fini(&s);
}

static void reads_what_stands_for_a_dot(void **state)
{
	(void)state;
	expect("see evil-lamps dot com now", "evil-lamps.com");
	expect("see evil-lamps DOT com/offer?x=1, now", "evil-lamps.com/offer?x=1");
	expect("www dot evil-lamps dot co dot uk", "www.evil-lamps.co;www.evil-lamps.co.uk");
	expect("evil-lamps . com", "evil-lamps.com");
	expect("evil-lamps .com", "evil-lamps.com");
	expect("evil-lamps. com", "evil-lamps.com?");
	expect("evil-lamps.\ncom", "evil-lamps.com?");
	expect("evil-lamps,com", "evil-lamps.com?");
	expect("evil-lamps. Com", "evil-lamps.com?");
	expect("evil-lamps-dot-com evil-shop_dot_net", "evil-lamps.com;evil-shop.net");
	expect("evil-lamps<dot>com evil-shop \"dot\" net evil-thing *dot* org evil-home (punkt) de", "evil-lamps.com;evil-shop.net;evil-thing.org;evil-home.de");
	expect("evil-lamps d0t com, evil-lamps punto es, evil-lamps ponto com.br, evil-lamps point fr", "evil-lamps.com;evil-lamps.es;evil-lamps.com.br;evil-lamps.fr");
	expect("evil-lamps точка ru, злые-лампы точка рф", "evil-lamps.ru;xn----8sbnhuciy6hg.xn--p1ai");
	expect("我们看evil-lamps点com现在", "evil-lamps.com");
	expect("evil-lamps．com evil-shop•net evil-thing·org", "evil-lamps.com;evil-shop.net;evil-thing.org");
	expect("ｅｖｉｌ－ｌａｍｐｓ．ｃｏｍ", "evil-lamps.com");
}

static void says_where(void **state)
{
	struct guesses g = { .count = 0 };

	(void)state;
	arena_reset(arena);
	assert_int_equal(guess_names(arena, SLICE("see www dot evil-lamps dot com/x now"), true, &g, NULL), ERR_OK);
	assert_int_equal(g.count, 1);
	assert_int_equal(g.list[0].at, 4);
	assert_int_equal(g.list[0].len, 28);
	/* "http://www.evil-lamps" ends before 21, where the last dot stands. */
	assert_int_equal(g.list[0].must_from, 21);
	assert_int_equal(g.list[0].must_to, 0);
	g.count = 0;
	assert_int_equal(guess_names(arena, SLICE("an end. it goes on"), true, &g, NULL), ERR_OK);
	assert_int_equal(g.list[0].must_from, 10);
	assert_int_equal(g.list[0].must_to, 12);
	g.count = 0;
	assert_int_equal(guess_names(arena, SLICE("an end. it goes on"), false, &g, NULL), ERR_OK);
	assert_int_equal(g.count, 0);
}

/* What is left is a name that somebody would have to have put into a list. */
static void leaves_prose_alone(void **state)
{
	(void)state;
	expect("End of the sentence. Net result: nothing. Me too. It works. So be it.", "");
	expect("I looked, but nothing came of it... com what may.", "");
	expect("The file is main.py, the version 3.14, and the price 1,000.50.", "");
	expect("She wore polka dots. A dotted line. Point taken; on point, as ever.", "");
	expect("Das ist der Punkt. Der Punkt wurde besprochen, und zwar lange.", "");
	expect("C'est le point de départ, à ce point, mais bon.", "le.de");
	expect("Es el punto final, en este punto, claro.", "el.final");
	expect("Fui ao mercado, com amigos. Com certeza, ponto final.", "");
	expect("Это точка зрения. Точка. И запятая, вот так.", "");
	expect("我有一点问题。我不知道怎么办。三点钟开始。", "");
	expect("これはテストです。次の行です。", "");
	expect("यह एक वाक्य है। यह दूसरा है।", "");
	expect("هذه نقطة مهمة. وهذه نقطة أخرى، أليس كذلك؟", "");
	expect("Bu nokta önemli. Bir nokta daha var.", "");
	expect("It is the dot com era. a dot net developer", "the.com;a.net");
}

static void nested(const char *address, const char *wanted)
{
	struct guesses g = { .count = 0 };
	struct uri u;
	struct str s;

	arena_reset(arena);
	str_init(&s, 1 << 16);
	assert_int_equal(uri_parse(arena, slice_of(address), &u, NULL), ERR_OK);
	assert_int_equal(guess_nested(arena, &u, &g, NULL), ERR_OK);
	for (size_t i = 0; i < g.count; i++)
		str_addf(&s, "%s%.*s", i ? ";" : "", SLICE_ARG(slice_from(g.list[i].url, 7)));
	assert_string_equal(str_c(&s), wanted);
	str_fini(&s);
}

static void reads_names_in_queries(void **state)
{
	(void)state;
	nested("https://good.example/?u=evil-lamps.com/x", "evil-lamps.com/x");
	nested("https://good.example/#!evil-lamps.com", "evil-lamps.com");
	nested("https://good.example/about/evil-lamps.com", "");
	nested("https://good.example/?u=evil-lamps%2Ecom&v=2", "evil-lamps.com");
	nested("https://good.example/?u=%2565vil-lamps%25252Ecom", "evil-lamps.com");
	nested("https://good.example/?mail=me%40evil-lamps.com", "evil-lamps.com");
	nested("https://good.example/?u=%25252525252525252565vil-lamps%252525252525252Ecom", "");
	nested("https://good.example/wiki/Main_Page?v=1.2.3", "");
	nested("https://good.example/", "");
}

static void is_bounded(void **state)
{
	static const char *const pieces[] = { "a dot com ", "a . ", "-dot-", "点", "а。", "[({", "evil.com. com. ", "dot.", ",com", "\xe2\x80\xa2" };
	struct str s;

	(void)state;
	for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
		struct guesses g = { .count = 0 };

		arena_reset(arena);
		str_init(&s, 1 << 17);
		while (s.len < 64000)
			str_adds(&s, pieces[p]);
		int64_t from = clock_thread_ns();
		assert_int_equal(guess_names(arena, str_slice(&s), true, &g, NULL), ERR_OK);
		int64_t us = (clock_thread_ns() - from) / 1000;
		assert_true(g.count <= GUESSES_MAX);
		/* Some 2 ms; quadratic work would take seconds. */
		if (us > 200000)
			fail_msg("%s: %lld us", pieces[p], (long long)us);
		str_fini(&s);
	}
}

static void survives_lack_of_memory(void **state)
{
	enum err rc = ERR_NOMEM;

	(void)state;
	for (size_t max = 0; rc != ERR_OK; max += 8) {
		struct arena *a = arena_new(max);
		struct guesses g = { .count = 0 };

		rc = guess_names(a, SLICE("evil dot com and злые-лампы точка рф"), true, &g, NULL);
		assert_true(rc == ERR_OK ? g.count == 2 : rc == ERR_NOMEM);
		arena_free(&a);
	}
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(4 << 20);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_stands_for_a_dot), cmocka_unit_test(says_where),	     cmocka_unit_test(leaves_prose_alone),
		cmocka_unit_test(reads_names_in_queries),		cmocka_unit_test(is_bounded),	     cmocka_unit_test(survives_lack_of_memory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
