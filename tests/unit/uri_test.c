#include "text/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/str.h"

static struct arena *arena;

static struct uris found(const char *text)
{
	struct uris u;
	struct error e;

	arena_reset(arena);
	assert_int_equal(uris_find(arena, slice_of(text), &u, &e), ERR_OK);
	return u;
}

/* "host domain flags" of each address, joined by ";" */
static void expect(const char *text, const char *wanted)
{
	static const char letters[] = "SWBMNOIXUPD";
	struct uris u = found(text);
	struct str s;

	str_init(&s, 1 << 16);
	for (size_t i = 0; i < u.count; i++) {
		str_addf(&s, "%s%.*s %.*s ", i ? ";" : "", SLICE_ARG(u.list[i].host), SLICE_ARG(u.list[i].domain));
		for (size_t b = 0; b < sizeof letters - 1; b++)
			if (u.list[i].flags & 1u << b)
				str_addc(&s, letters[b]);
	}
	assert_string_equal(str_c(&s), wanted);
	str_fini(&s);
}

static void finds_addresses(void **state)
{
	(void)state;
	expect("", "");
	expect("no address, e.g. none. i.e. 3.14 a.b", "");
	expect("see http://a.example.co.uk/x.", "a.example.co.uk example.co.uk S");
	expect("(https://en.wikipedia.org/wiki/A_(b))", "en.wikipedia.org wikipedia.org S");
	assert_string_equal(arena_slice(arena, found("(https://en.wikipedia.org/wiki/A_(b)).").list[0].raw).ptr,
			    "https://en.wikipedia.org/wiki/A_(b)");
	expect("www.example.com, example.org; me@mail.example.net!",
	       "www.example.com example.com W;example.org example.org B;mail.example.net example.net M");
	expect("xhttp://example.com:8080/", "example.com example.com SP");
	expect("http://example.com:80/ https://example.com:443", "example.com example.com S;example.com example.com S");
	expect("mailto:a.b+c@example.com", "example.com example.com M");
	expect("ftp://example.com/x", "example.com example.com S");
	expect("<a href=\"http://plain.example.com/x\">fr<b>ee</b></a> [url=http://bb.example.com/]x[/url] "
	       "example.com/path foo",
	       "plain.example.com example.com S;bb.example.com example.com S;example.com example.com B");
	expect("the end.Then we edit README.md and main.py of example.invalidtld", "");
	expect("co.uk", "");
	expect("github.io x.github.io", "x.github.io x.github.io B");
	expect("EXAMPLE.COM", "example.com example.com B");
	expect("看http://example.com/a。看http://example.com谢谢",
	       "example.com example.com S;example.com example.com S");
	expect("http://wiki/Page", "wiki wiki S");
	/* What stands behind a name and is no port, nor anything else that could be opened. */
	expect("https://example.com:80a/ example.com:80:443 https://example.com:0x50/x http://example.com:PORT/ https://example.com%zz/",
	       "example.com example.com S;example.com example.com B;example.com example.com S;example.com example.com S;example.com example.com S");
	expect("http://localhost:80a/ http://wiki:x http://[::1 1:2 a:b", "");
}

static void sees_through_disguises(void **state)
{
	(void)state;
	expect("hxxps://evil[.]example[.]com/x", "evil.example.com example.com SO");
	/* The last @ parts the name from who asks for it. */
	expect("https://a@good.example.org@evil.example.com/x", "evil.example.com example.com SU");
	expect("evil (dot) com and evil[dot]com", "evil.com evil.com BO;evil.com evil.com BO");
	expect("me[at]example[.]com", "example.com example.com MO");
	/* What a browser does not see in a name, or reads as its dot. */
	expect("https://evil\u200b-lamps.com/x", "evil-lamps.com evil-lamps.com SO");
	expect("evil-lamps\u2060.com", "evil-lamps.com evil-lamps.com BO");
	expect("https://evil-lamps\u3002com/", "evil-lamps.com evil-lamps.com SO");
	expect("\u0e14\u0e39\u200bhttps://example.com\u200b\u0e15\u0e48\u0e2d https://example.com\u3002It ran on Linux\u3002It did.",
	       "example.com example.com S;example.com example.com S");
	expect("meet (at) noon; f(.)x", "");
	expect("http://bank.example.com@evil.com/", "evil.com evil.com SU");
	expect("http://%65vil.com/", "evil.com evil.com S");
	expect("http://3232235777/ http://0xC0.0250.257/ http://192.168.1.1:80/",
	       "192.168.1.1 192.168.1.1 SI;192.168.1.1 192.168.1.1 SI;192.168.1.1 192.168.1.1 SI");
	expect("http://[2001:DB8::1]:81/x", "2001:db8::1 2001:db8::1 SIP");
	expect("http://good.com\\@evil.com", "good.com good.com S;evil.com evil.com B");
	expect("https://r.example.com/?to=https%3A%2F%2Fevil.com%2Fx&y=1",
	       "r.example.com example.com S;evil.com evil.com SN");
	expect("http://r.example.com/http://evil.com/?u=www.worse.com",
	       "r.example.com example.com S;evil.com evil.com SN;www.worse.com worse.com WN");
	struct uris u = found("at hxxp://e[.]com.");
	assert_int_equal(u.list[0].at, 3);
	assert_int_equal(u.list[0].len, 14);
	assert_string_equal(u.list[0].url.ptr, "http://e.com");
}

static void reads_international_names(void **state)
{
	(void)state;
	/* Nobody runs that suffix: only a scheme makes addresses of it. A number is no name. */
	expect("\u0430.\u0441\u043e www.\u0430.\u0441\u043e me@\u0430.\u0441\u043e", "");
	expect("http://\u0430.\u0441\u043e/", "xn--80a.xn--n1af xn--80a.xn--n1af SXD");
	expect("me@192.0.2.1 me@[2001:db8::1] 192.0.2.1/x www.0x7f.1", "");
	expect("http://Bücher.de/", "xn--bcher-kva.de xn--bcher-kva.de SD");
	assert_string_equal(found("http://xn--bcher-kva.de/").list[0].shown.ptr, "bücher.de");
	/* Cyrillic a among Latin letters; a whole name of Cyrillic letters that look Latin. */
	expect("http://pаypal.com/", "xn--pypal-4ve.com xn--pypal-4ve.com SXD");
	assert_string_equal(found("http://pаypal.com/").list[0].shown.ptr, "xn--pypal-4ve.com");
	assert_true(found("http://аррӏе.com/").list[0].flags & URI_MIXED);
	assert_false(found("http://пример.рф/").list[0].flags & URI_MIXED);
}

static void is_bounded(void **state)
{
	(void)state;
	struct str s;
	struct uris u;
	struct error e;

	str_init(&s, 1 << 20);
	for (int i = 0; i < 1000; i++)
		str_addf(&s, "http://h%d.example.com/ ", i);
	u = found(str_c(&s));
	assert_int_equal(u.count, URIS_MAX);
	assert_true(u.more);
	struct arena *small = arena_new(2000);
	assert_int_equal(uris_find(small, str_slice(&s), &u, &e), ERR_NOMEM);
	arena_free(&small);
	str_reset(&s);
	for (int i = 0; i < 20000; i++)
		str_adds(&s, "http://");
	assert_true(found(str_c(&s)).count <= URIS_MAX);
	str_fini(&s);
}

/* Memory may run out at any allocation: the result is whole or an error. */
static void survives_lack_of_memory(void **state)
{
	(void)state;
	struct slice text =
	    SLICE("hxxp://a[.]example.com/?u=http%3A%2F%2Fb.com me@example.net www.bücher.de http://pаypal.com 1 2");
	struct uris u = { 0 };
	enum err rc = ERR_NOMEM;

	for (size_t max = 0; rc != ERR_OK; max += 8) {
		struct arena *a = arena_new(max);
		rc = uris_find(a, text, &u, NULL);
		if (rc == ERR_OK)
			assert_int_equal(u.count, 5);
		else
			assert_int_equal(rc, ERR_NOMEM);
		arena_free(&a);
	}
}

static void reads_one_address(void **state)
{
	(void)state;
	struct uri u;
	struct error e;

	arena_reset(arena);
	assert_int_equal(uri_parse(arena, SLICE("https://Example.com:444/a?b#c"), &u, &e), ERR_OK);
	assert_string_equal(u.url.ptr, "https://example.com:444/a?b#c");
	assert_true(slice_is(u.path, "/a?b#c"));
	assert_int_equal(uri_parse(arena, SLICE("https://[::1]/"), &u, &e), ERR_OK);
	static const char *const bad[] = { "",
					   "example.com",
					   "javascript:alert(1)",
					   "http://",
					   "http:///x",
					   "http://a b.com",
					   "http://a..b/",
					   "https://x/\"y",
					   "ftp://example.com",
					   "//example.com",
					   "http://[::g]/",
					   "http://a\"b/" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(uri_parse(arena, slice_of(bad[i]), &u, &e), ERR_INVALID);
}

static void compares_hosts_by_label(void **state)
{
	(void)state;
	assert_true(uri_below(SLICE("a.example.com"), SLICE("example.com")));
	assert_true(uri_below(SLICE("example.com"), SLICE("example.com")));
	assert_false(uri_below(SLICE("badexample.com"), SLICE("example.com")));
	assert_false(uri_below(SLICE("com"), SLICE("")));
	assert_true(slice_is(uri_registrable(SLICE("a.b.co.uk")), "b.co.uk"));
	assert_true(slice_is(uri_registrable(SLICE("10.1.2.3")), "10.1.2.3"));
	assert_true(slice_is(uri_registrable(SLICE("com")), "com"));
}

static int setup(void **state)
{
	(void)state;
	arena = arena_new(64 << 20);
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
		cmocka_unit_test(finds_addresses),
		cmocka_unit_test(sees_through_disguises),
		cmocka_unit_test(reads_international_names),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(survives_lack_of_memory),
		cmocka_unit_test(reads_one_address),
		cmocka_unit_test(compares_hosts_by_label),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
