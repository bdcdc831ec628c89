#include "text/markup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/utf8.h"

#define A(href, words) "<a href=\"" href "\" rel=\"nofollow noopener noreferrer ugc\"><bdi>" words "</bdi></a>"
#define P(words) "<p dir=\"auto\">" words "</p>\n"

static char *html(const char *text, bool links, const char *wiki)
{
	struct markup_options o = { .links = links, .wiki_url = wiki };
	struct str s;
	struct error e;

	str_init(&s, MARKUP_MAX_BYTES);
	assert_int_equal(markup_html(slice_of(text), &o, &s, &e), ERR_OK);
	return str_take(&s, NULL);
}

static void expect(const char *text, const char *wanted)
{
	char *out = html(text, true, "https://wiki.example.org/wiki");
	assert_string_equal(out, wanted);
	free(out);
}

static void writes_markdown(void **state)
{
	(void)state;
	expect("", "");
	expect("Hello *there* **you** ~~no~~ `a<b`",
	       P("Hello <em>there</em> <strong>you</strong> <del>no</del> <code>a&lt;b</code>"));
	expect("one\ntwo\n\nthree", P("one<br>\ntwo") P("three"));
	expect("# Big", P("<strong>Big</strong>"));
	expect("- a\n- b", "<ul>\n<li dir=\"auto\">a</li>\n<li dir=\"auto\">b</li>\n</ul>\n");
	expect("3. a", "<ol start=\"3\">\n<li dir=\"auto\">a</li>\n</ol>\n");
	expect("> q", "<blockquote dir=\"auto\">\n" P("q") "</blockquote>\n");
	expect("```\n<x>\n```", "<pre dir=\"auto\"><code>&lt;x&gt;\n</code></pre>\n");
	expect("    four spaces", P("four spaces"));
	expect("a &amp; b & c &copy;", P("a &amp; b &amp; c &copy;"));
}

static void lets_no_html_through(void **state)
{
	(void)state;
	expect("<script>alert(1)</script>", P("&lt;script&gt;alert(1)&lt;/script&gt;"));
	expect("x <img src=x onerror=y> \"'", P("x &lt;img src=x onerror=y&gt; &quot;&#39;"));
	expect("[a](javascript:alert(1))", P("a (javascript:alert(1))"));
	expect("[a](data:text/html,x) <javascript:x>", P("a (data:text/html,x) javascript:x (javascript:x)"));
	expect("![alt](https://e.com/p.png)", P(A("https://e.com/p.png", "alt")));
	expect("[a](https://e.com/\"onclick=x)", P("a (https://e.com/&quot;onclick=x)"));
}

static void links(void **state)
{
	(void)state;
	expect("[words](https://e.com/a?b&c)", P(A("https://e.com/a?b&amp;c", "words")));
	expect("see https://e.com/a_b_c.", P("see " A("https://e.com/a_b_c", "https://e.com/a_b_c") "."));
	expect("www.e.com", P(A("http://www.e.com", "www.e.com")));
	expect("[](https://e.com/)", P(A("https://e.com/", "https://e.com/")));
	expect("[paypal.com](https://evil.com/)", P(A("https://evil.com/", "paypal.com") " (evil.com)"));
	expect("[a [b](http://b.com)](http://a.com)",
	       P("[a " A("http://b.com", "b") "](" A("http://a.com", "http://a.com") ")"));
	expect("http://e.com/?a_b=c&d=*x*",
	       P(A("http://e.com/?a_b=c&amp;d=", "http://e.com/?a_b=c&amp;d=") "<em>x</em>"));
	expect("<http://e.com/> `http://e.com`", P(A("http://e.com/", "http://e.com/") " <code>http://e.com</code>"));
	expect("[![x](http://i.com/)](http://a.com)", P(A("http://a.com", "x")));
	expect("[x](http://pаypal.com/)", P(A("http://xn--pypal-4ve.com/", "http://xn--pypal-4ve.com/")));
	expect("pаypal.com is bad", P("http://xn--pypal-4ve.com is bad"));
	expect("[[Help:Editing]] and [[Main Page#Top|words]]",
	       P(A("https://wiki.example.org/wiki/Help:Editing",
		   "Help:Editing") " and " A("https://wiki.example.org/wiki/Main_Page#Top", "words")));
	expect("[[../../evil]]", P("[[../../evil]]"));
	char *out = html("[[Page]] [[a|b]]", true, "");
	assert_string_equal(out, P("[[Page]] [[b]] (a)"));
	free(out);
}

/* Markdown has places where words go unseen; here none may. */
static void hides_nothing(void **state)
{
	(void)state;
	expect("[Ann]: hello", P("[Ann]: hello"));
	expect("[a][b]\n\n[b]: http://e.com 'words'",
	       P("[a][b]") P("[b]: " A("http://e.com", "http://e.com") " &#39;words&#39;"));
	expect("`x]: y`", P("<code>x]: y</code>"));
	expect("```c\nx\n```", "<pre dir=\"auto\"><code>x\n</code></pre>\n");
	expect("``` some words\nx\n```", "<pre dir=\"auto\"><code>some words\nx\n</code></pre>\n");
	expect("[x](http://e.com \"a & b\")", P("<a href=\"http://e.com\" title=\"a &amp; b\" rel=\"nofollow noopener "
						"noreferrer ugc\"><bdi>x</bdi></a>"));
	expect("[x](ftp://e.com \"words\")", P("x (ftp://e.com words)"));
	expect("a\x01"
	       "b\x1b[1m",
	       P("ab[1m"));
	expect("<!-- words -->", P("&lt;!-- words --&gt;"));
}

static void stays_plain(void **state)
{
	(void)state;
	char *out = html("see\x01 https://e.com *x*\r\n<b>\n\n\n two", false, "https://w.example");
	assert_string_equal(out, P("see https://e.com *x*<br>\n&lt;b&gt;") P(" two"));
	free(out);
	out = html(" \n\n", false, NULL);
	assert_string_equal(out, "");
	free(out);
}

static void makes_wiki_links(void **state)
{
	(void)state;
	struct str s;
	str_init(&s, 4096);
	assert_true(markup_wiki_link("https://w.example/wiki/", SLICE("A b?c&d%e \"é"), &s));
	assert_string_equal(str_c(&s), "https://w.example/wiki/A_b%3Fc%26d%25e_%22%C3%A9");
	str_reset(&s);
	static const char *const bad[] = { "", " ", "a<b", "a|b", "..", "a/../b", "./a", "/etc", "a\nb", "\\x", "#x" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(markup_wiki_link("https://w.example", slice_of(bad[i]), &s));
	assert_false(markup_wiki_link("javascript:x", SLICE("a"), &s));
	assert_false(markup_wiki_link("", SLICE("a"), &s));
	assert_false(markup_wiki_link(NULL, SLICE("a"), &s));
	str_fini(&s);
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
		n++;
	return n;
}

static void is_bounded(void **state)
{
	(void)state;
	static const char *const hard[] = { "> ", "- ", "*a", "[a](http://e.com)", "[[",        "![", "`",
					    "\n", "&",  "_*", "http://",           "www.е.com " };
	struct str s;

	str_init(&s, 1 << 20);
	for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
		str_reset(&s);
		while (s.len < 16000)
			str_adds(&s, hard[i]);
		char *out = html(str_c(&s), true, "https://w.example");
		assert_true(strlen(out) <= MARKUP_MAX_BYTES);
		assert_true(utf8_valid(slice_of(out)));
		assert_true(count(out, "<blockquote") <= MARKUP_NESTING_MAX);
		assert_int_equal(count(out, "<blockquote"), count(out, "</blockquote>"));
		assert_int_equal(count(out, "<a "), count(out, "</a>"));
		free(out);
	}
	str_reset(&s);
	while (s.len < 300000)
		str_adds(&s, "\"é");
	char *out = html(str_c(&s), true, NULL);
	assert_true(strlen(out) <= MARKUP_MAX_BYTES);
	assert_string_equal(out + strlen(out) - 8, "\u2026</p>\n");
	free(out);
	struct markup_options o = { .links = true };
	struct str small;
	str_init(&small, 10);
	assert_int_equal(markup_html(SLICE("hello"), &o, &small, NULL), ERR_NOMEM);
	str_fini(&small);
	str_fini(&s);
}

static void words_are_what_is_seen(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "It asks for **sources**, `ref` and _more_.", "It asks for sources, ref and more.\n" },
		{ "# Look\n\n- one\n- [two](https://example.org/2 \"a title\")\n\n> quoted & <b>raw</b>", NULL },
		{ "5 < 6 & \"so\" it's", "5 < 6 & \"so\" it's\n" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct str out;
		str_init(&out, 4096);
		assert_int_equal(markup_words(slice_of(rows[i][0]), &out, NULL), ERR_OK);
		if (rows[i][1]) {
			assert_string_equal(str_c(&out), rows[i][1]);
		} else {
			for (const char *const *w = (const char *const[]){ "Look\n", "one\n", "two", "quoted & <b>raw</b>", NULL }; *w; w++)
				assert_non_null(strstr(str_c(&out), *w));
			assert_null(strpbrk(str_c(&out), "#*[]"));
		}
		str_fini(&out);
	}
	struct str small;
	str_init(&small, 4);
	assert_int_equal(markup_words(SLICE("hello"), &small, NULL), ERR_NOMEM);
	str_fini(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_markdown), cmocka_unit_test(lets_no_html_through),
		cmocka_unit_test(links),           cmocka_unit_test(hides_nothing),
		cmocka_unit_test(stays_plain),     cmocka_unit_test(makes_wiki_links),
		cmocka_unit_test(is_bounded),        cmocka_unit_test(words_are_what_is_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
