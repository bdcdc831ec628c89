#include "text/guess_broken.h"
#include "text/guess_nested.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"

static struct arena *arena;

/* Nothing is guessed yet, and the arena is empty. */
static struct guesses fresh(void)
{
	arena_reset(arena);
	return (struct guesses){ .count = 0 };
}

/* Guesses, joined by ";"; "?" behind those whose dot a match has to hold. */
static void compare(const struct guesses *g, const char *text, const char *wanted)
{
	struct str s;

	str_init(&s, 1 << 16);
	for (size_t i = 0; i < g->count; i++)
		str_addf(&s, "%s%.*s%s", i ? ";" : "", SLICE_ARG(slice_from(g->list[i].url, 7)), g->list[i].must_to ? "?" : "");
	if (strcmp(str_c(&s), wanted) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", text, str_c(&s), wanted);
	str_fini(&s);
}

static void expect(const char *text, const char *wanted)
{
	struct guesses g = fresh();

	assert_int_equal(guess_names(arena, slice_of(text), true, &g, NULL), ERR_OK);
	compare(&g, text, wanted);
}

static void spelled(const char *text, const char *wanted)
{
	struct guesses g = fresh();

	assert_int_equal(guess_spelled(arena, slice_of(text), &g, NULL), ERR_OK);
	compare(&g, text, wanted);
}

static void folded(const char *text, const char *wanted)
{
	struct guesses g = fresh();
	struct views v;

	assert_int_equal(views_make(arena, slice_of(text), &v, NULL), ERR_OK);
	assert_int_equal(guess_folded(arena, &v, &g, NULL), ERR_OK);
	compare(&g, text, wanted);
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
	struct guesses g = fresh();

	(void)state;
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

static void reads_spelled_letters(void **state)
{
	(void)state;
	spelled("see e v i l . c o m now", "evil.com");
	spelled("e v i l - l a m p s . c o m", "evil-lamps.com");
	spelled("evil-lamps . c o m and evil-shop. n e t", "evil-lamps.com;evil-shop.net");
	spelled("e v i l.com e v i l dot c o m / E V I L . C O M", "evil.com");
	spelled("e-v-i-l-.-c-o-m e.v.i.l...n.e.t e_v_i_l_._o_r_g (e)(v)(i)(l).biz", "evil.com;evil.net;evil.org;evil.biz");
	spelled("e\xf0\x9f\x94\xa5v\xf0\x9f\x94\xa5i\xf0\x9f\x94\xa5l\xf0\x9f\x94\xa5.\xf0\x9f\x94\xa5" "c\xf0\x9f\x94\xa5o\xf0\x9f\x94\xa5m", "evil.com");
	spelled("s e e  e v i l . c o m  n o w", "evil.com");
	spelled("visit evil . c o m a t once", "evil.com");
	spelled("evil d o t com", "evil.com");
	/* What is there as it is was found already. */
	spelled("evil.com, a b c and evil-shop.net", "");
}

static void leaves_single_letters_alone(void **state)
{
	(void)state;
	spelled("I work at e. g. com", "e.g.com");
	spelled("J. R. R. Tolkien and C. S. Lewis, i.e. A. A. Milne. U.S.A. is next.", "ie.a.a.milne.usa.is");
	spelled("Take vitamin C. It is good. See fig. a. Then b.", "c.it");
	spelled("Plan A. B is better, x = y.z and f(x).g(y)", "fx.gy");
	spelled("for i in a b c d; do echo $i.txt; done; rm -r -f a.o b.o", "");
	spelled("/h\xc9\x99\xcb\x88l\xc9\x99\xca\x8a/ is /\xcb\x88w\xc9\x9c\xcb\x90.ld/", "");
	spelled("Jean-Luc P. M. from v1.2.3-r4, p. 5 f., 3 x 4 cm, a - b . c", "");
}

static void reads_letters_that_look_alike(void **state)
{
	(void)state;
	expect("evil.\xd1\x81\xd0\xbem", "evil.com");
	expect("evil.\xd1\x81\xd0\xbe\xd0\xbc evil-shop.\xd0\xa1\xd0\x9e\xd0\x9c", "evil.com;evil-shop.com");
	expect("http://\xd0\xb5vil.com/x?y", "evil.com/x?y");
	expect("e\xce\xbdil dot \xd1\x81om, ev\xd1\x96l . net", "evil.com;l.net;evil.net");
	expect("\xe1\xb4\x87\xe1\xb4\xa0\xc9\xaa\xca\x9f.\xe1\xb4\x84\xe1\xb4\x8f\xe1\xb4\x8d", "evil.com");
	expect("\xf0\x9f\x85\xb4\xf0\x9f\x86\x85\xf0\x9f\x85\xb8\xf0\x9f\x85\xbb.\xf0\x9f\x85\xb2\xf0\x9f\x85\xbe\xf0\x9f\x85\xbc", "evil.com");
	expect("\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82.\xd0\x9a\xd0\xb0\xd0\xba \xd0\xb4\xd0\xb5\xd0\xbb\xd0\xb0.\xd1\x81\xd0\xbe", "");
	expect("caf\xc3\xa9.com stra\xc3\x9f" "e.de", "");
	expect("see \xe2\x80\xaemoc.live\xe2\x80\xac now", "evil.com");
	folded("e\xcc\xb6v\xcc\xb6i\xcc\xb6l\xcc\xb6.\xcc\xb6" "c\xcc\xb6o\xcc\xb6m\xcc\xb6", "evil.com");
	folded("ev\xe2\x80\x8dil.com and ev\xc2\xadil.net\xc2\xad", "evil.com;evil.net");
	folded("plain.com is plain.com, caf\xc3\xa9 too", "");
}

static void broken(const char *text, const char *wanted)
{
	struct guesses g = fresh();

	assert_int_equal(guess_broken(arena, slice_of(text), &g, NULL), ERR_OK);
	for (size_t i = 0; i < g.count; i++)
		assert_true(g.list[i].at + g.list[i].len <= strlen(text));
	compare(&g, text, wanted);
}

/* "?" stands behind those of which a match has to hold both halves. */
static void reads_broken_names(void **state)
{
	(void)state;
	broken("ev il.com", "evil.com?");
	broken("www.ev il-lamps.com/x now", "www.evil-lamps.com/x?");
	broken("http://ev\xc2\xa0il.com", "evil.com?");
	broken("evil.c om now", "evil.com?");
	broken("ev*il.com \xd0\xb8 ev|il.net", "evil.com?;evil.net?");
	broken("evil[remove this].com evil(remove).net evil {no spam} .org ev[]il.de", "evil.com?;evil.net?;evil.org?;evil.de?");
	broken("evilREMOVETHIS.com, evil.NOSPAM.net, evil-DELETE-.org, evil-SPAM-lamps.com", "evil.com;evil.net;evil.org;evil-lamps.com");
	broken("evilDOTcom www.evilDOTnet", "evil.com;www.evil.net");
	broken("evil%2Ecom %65vil.net/x evil%2Eorg%2Fx", "evil.com;evil.net/x;evil.org/x");
	broken("evil.c0m/x, evil.1nfo", "evil.com/x;evil.info");
	expect("evil dot c0m, evil . n3t", "evil.com;evil.net");
	spelled("e v i l . c 0 m", "evil.com");
}

static void leaves_names_whole(void **state)
{
	(void)state;
	/* It opens, and is another's than evil.com. */
	broken("ev1l.com", "");
	broken("The end.It was. So.", "");
	broken("see main.py and a.txt, v1.10.3 of 1.000.000 at 192.168.0.1, song.mp3, 10.5km, 3.0m, x.m4a", "");
	broken("Bobby Fischer 1.e4 e5 2.Nf3 Nc6 3.Bb5 a6", "");
	broken("return self.items(x) or obj.name(y)", "");
	broken("https://good.example/wiki/Evil%2Ecom?u=evil%2Ecom", "");
	broken("100%25 of printf(\"%2d.%2f\"), 50%.com", "");
	broken("NASA.gov and the ABC, ISBN.x, USA", "");
	broken("[[File:Evil.jpg|thumb|x]] {{cite web|url=a}} <ref name=b.c />", "");
}

static void says_where_it_was_broken(void **state)
{
	struct guesses g = fresh();

	(void)state;
	assert_int_equal(guess_broken(arena, SLICE("see: ev il.com/x now"), &g, NULL), ERR_OK);
	assert_int_equal(g.count, 1);
	assert_int_equal(g.list[0].at, 5);
	assert_int_equal(g.list[0].len, 9);
	/* "http://ev" ends before 9, where "il" begins. */
	assert_int_equal(g.list[0].must_from, 9);
	assert_int_equal(g.list[0].must_to, 10);
	assert_false(g.list[0].sure);
}

/* Those that are payloads. */
static void sure(const char *text, const char *wanted)
{
	struct guesses g = fresh();
	size_t n = 0;

	assert_int_equal(guess_names(arena, slice_of(text), true, &g, NULL), ERR_OK);
	assert_int_equal(guess_spelled(arena, slice_of(text), &g, NULL), ERR_OK);
	for (size_t i = 0; i < g.count; i++)
		if (g.list[i].sure)
			g.list[n++] = g.list[i];
	g.count = n;
	compare(&g, text, wanted);
}

static void knows_what_nobody_writes_by_chance(void **state)
{
	(void)state;
	sure("evil-lamps dot com, evillamps . net, evil7 dot ru, e v i l s . c o m, evilest dot ru/x", "evil-lamps.com;evillamps.net;evil7.ru;evilest.ru/x;evils.com");
	sure("the dot com era. it ends. Le point de chute, el punto de vista. end. info follows, so. com", "");
	sure("I work at e. g. com. merci . de rien", "");
}

static void tells_that_there_were_more(void **state)
{
	struct guesses g = fresh();
	struct str s;

	(void)state;
	str_init(&s, 1 << 17);
	for (int i = 0; i < GUESSES_MAX - 1; i++)
		str_addf(&s, "a%d dot com, ", i);
	for (int i = 0; i < 3000; i++)
		str_adds(&s, "b dot com, ");
	assert_int_equal(guess_names(arena, str_slice(&s), true, &g, NULL), ERR_OK);
	assert_int_equal(g.count, GUESSES_MAX);
	assert_false(g.more);
	assert_int_equal(guess_names(arena, SLICE("c dot com"), true, &g, NULL), ERR_OK);
	assert_true(g.more);
	str_fini(&s);
}

static void nested(const char *address, const char *wanted)
{
	struct guesses g = fresh();
	struct uri u;

	assert_int_equal(uri_parse(arena, slice_of(address), &u, NULL), ERR_OK);
	assert_int_equal(guess_nested(arena, &u, &g, NULL), ERR_OK);
	compare(&g, address, wanted);
}

static void reads_encoded_names(void **state)
{
	(void)state;
	nested("https://good.example/?u=aHR0cHM6Ly9ldmlsLmNvbS94", "evil.com/x");
	nested("https://good.example/?u=aHR0cHM6Ly9ldmlsLmNvbQ%3D%3D", "evil.com");
	nested("https://good.example/?u=ZXZpbC5jb20", "evil.com");
	nested("https://good.example/r/aHR0cHM6Ly9ldmlsLmNvbQ", "evil.com");
	nested("https://good.example/?u=YUhSMGNITTZMeTlsZG1sc0xtTnZiUT09", "evil.com");
	nested("https://good.example/#eyJ1cmwiOiJodHRwczovL2V2aWwuY29tLyJ9", "evil.com/");
	nested("https://good.example/?u=6576696c2e636f6d", "evil.com");
	nested("https://good.example/wiki/Einstein?oldid=1234567890&token=deadbeefdeadbeef0123456789abcdef", "");
	nested("https://good.example/commit/ec27476aa8b3e06c1d2f0a9b8c7d6e5f4a3b2c1d/src/main.c", "");
	nested("https://video.example/watch?v=dQw4w9WgXcQ&list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf", "");
}

static void reads_data_addresses(void **state)
{
	static const char text[] = "see data:text/html;base64,PGEgaHJlZj0iaHR0cHM6Ly9ldmlsLmNvbSI+ now";
	struct guesses g = fresh();

	(void)state;
	assert_int_equal(guess_data(arena, slice_of(text), &g, NULL), ERR_OK);
	compare(&g, text, "evil.com");
}

static void reads_what_leads_on(void **state)
{
	(void)state;
	nested("https://r.example/evil.com/x", "evil.com/x");
	nested("https://r.example//evil.com", "evil.com");
	nested("https://web.archive.org/save/evil.com/", "evil.com/");
	nested("https://web.archive.org/web/20200101000000*/evil.com", "evil.com");
	nested("https://evil--lamps-com.translate.goog/?x=1", "evil-lamps.com");
	nested("https://good.example/wiki/Evil.com", "");
	nested("https://good.example/blob/main.py/readme.md", "");
	assert_true(guess_leads_on(SLICE("web.archive.org")));
	assert_false(guess_leads_on(SLICE("notarchive.org")));
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
	static const char *const pieces[] = { "a dot com ", "a . ", "-dot-", "点", "а。", "[({", "evil.com. com. ", "dot.", ",com", "\xe2\x80\xa2", "e v i l . c o m ", "a.b.", "\xd0\xb0.\xd1\x81\xd0\xbe ", "\xe2\x80\xae", ";base64,YS5jb20", "\xf0\x9f\x94\xa5.", "e.\xf0\x9f\x94\xa5",
		"a.b ", "[x].c", "%2E", "%41.com ", "aDOT", "ABCDa.", "a.c0m ", "(((((((( a.b", "a))))))))" };
	struct str s;

	(void)state;
	for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
		struct guesses g = fresh();

		str_init(&s, 1 << 17);
		while (s.len < 64000)
			str_adds(&s, pieces[p]);
		int64_t from = clock_thread_ns();
		assert_int_equal(guess_names(arena, str_slice(&s), true, &g, NULL), ERR_OK);
		assert_int_equal(guess_data(arena, str_slice(&s), &g, NULL), ERR_OK);
		assert_int_equal(guess_spelled(arena, str_slice(&s), &g, NULL), ERR_OK);
		assert_int_equal(guess_broken(arena, str_slice(&s), &g, NULL), ERR_OK);
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
		if (rc == ERR_OK)
			rc = guess_spelled(a, SLICE("e v i l . c o m"), &g, NULL);
		if (rc == ERR_OK)
			rc = guess_broken(a, SLICE("ev il.net"), &g, NULL);
		assert_true(rc == ERR_OK ? g.count == 3 : rc == ERR_NOMEM);
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
		cmocka_unit_test(reads_names_in_queries), cmocka_unit_test(reads_spelled_letters), cmocka_unit_test(leaves_single_letters_alone),
		cmocka_unit_test(reads_letters_that_look_alike), cmocka_unit_test(knows_what_nobody_writes_by_chance), cmocka_unit_test(tells_that_there_were_more),
		cmocka_unit_test(reads_encoded_names), cmocka_unit_test(reads_data_addresses), cmocka_unit_test(reads_what_leads_on), cmocka_unit_test(reads_broken_names), cmocka_unit_test(leaves_names_whole), cmocka_unit_test(says_where_it_was_broken),
		cmocka_unit_test(is_bounded), cmocka_unit_test(survives_lack_of_memory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
