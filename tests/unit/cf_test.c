/* Reading rule files: what the items say, and that every error is reported with its place, to the end of the last file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "spam/cf.h"

struct parsed {
	struct arena *a;
	struct cf_tree tree;
	struct cf_errors errs;
};

static void parse_files(struct parsed *p, const struct cf_source *sources, size_t count)
{
	struct error e;

	p->a = arena_new(16 << 20);
	cf_errors_init(&p->errs);
	assert_int_equal(cf_parse(p->a, sources, count, &p->tree, &p->errs, &e), ERR_OK);
}

static void parse(struct parsed *p, const char *text)
{
	struct cf_source s = { SLICE("a.cf"), slice_of(text) };

	parse_files(p, &s, 1);
}

static void done(struct parsed *p)
{
	cf_tree_fini(&p->tree);
	cf_errors_fini(&p->errs);
	arena_free(&p->a);
}

static bool is(struct slice s, const char *text)
{
	if (!slice_is(s, text))
		print_error("\"%.*s\" is not \"%s\"\n", SLICE_ARG(s), text);
	return slice_is(s, text);
}

static void patterns(void **state)
{
	struct parsed p;
	const struct cf_item *x;

	(void)state;
	parse(&p, "# only a comment\n\n  body  ONE /a\\/b/i   # why\nuri TWO m{x{2}y}xs\nnorm THREE m!\\#tag!\r\n"
		  "header FOUR X-Foo:raw !~ /bar baz/m [if-unset: some text]\nskel FIVE qr(p)n\nrawbody SIX "
		  "m[q]a\nfull SEVEN /r/");
	assert_int_equal(p.errs.count, 0);
	assert_int_equal(p.tree.count, 7);
	x = p.tree.items;
	assert_int_equal(x[0].verb, CF_PATTERN);
	assert_int_equal(x[0].line, 3);
	assert_int_equal(x[0].column, 14);
	assert_int_equal(x[0].name_column, 9);
	assert_true(is(x[0].pattern.pattern, "a\\/b") && is(x[0].text, "body  ONE /a\\/b/i"));
	assert_int_equal(x[0].pattern.flags, CF_RE_CASELESS);
	assert_true(is(x[1].pattern.pattern, "x{2}y"));
	assert_int_equal(x[1].pattern.surface, SURFACE_URI);
	assert_int_equal(x[1].pattern.flags, CF_RE_EXTENDED | CF_RE_DOTALL);
	assert_true(is(x[2].pattern.pattern, "#tag"));
	assert_int_equal(x[3].pattern.surface, SURFACE_HEADER);
	assert_true(x[3].pattern.negated && !x[3].pattern.mail_only);
	assert_true(is(x[3].pattern.field, "X-Foo") && is(x[3].pattern.if_unset, "some text") &&
		    is(x[3].pattern.pattern, "bar baz"));
	assert_int_equal(x[3].pattern.flags, CF_RE_MULTILINE);
	assert_int_equal(x[4].pattern.surface, SURFACE_SKEL);
	assert_int_equal(x[4].pattern.flags, CF_RE_NO_CAPTURE);
	assert_int_equal(x[5].pattern.flags, 0);
	assert_int_equal(x[6].pattern.surface, SURFACE_FULL);
	done(&p);
}

static void properties(void **state)
{
	struct parsed p;
	const struct cf_item *x;

	(void)state;
	parse(&p,
	      "score A -1.5\nscore A (2)\nscore A 1 2 3 4\ndescribe A Some words here\nlang de note A Bitte\n"
	      "tflags A multiple maxhits=3 utf\npriority A -10\ntest A fail some  text\nmode A watch\naction A hold\n"
	      "expires A 2024-02-29\nmeta A (B && !C)\nheader A exists:X-Foo\nbody A eval:links('3', 10)\n");
	assert_int_equal(p.errs.count, 0);
	assert_int_equal(p.tree.count, 14);
	x = p.tree.items;
	assert_true(x[0].score.value[3] == -1.5 && !x[0].score.relative[0]);
	assert_true(x[1].score.value[0] == 2 && x[1].score.relative[0]);
	assert_true(x[2].score.value[0] == 1 && x[2].score.value[3] == 4);
	assert_true(is(x[3].words.text, "Some words here") && is(x[3].words.lang, ""));
	assert_int_equal(x[4].verb, CF_NOTE);
	assert_true(is(x[4].words.lang, "de"));
	assert_int_equal(x[5].tflags.flags, CF_TF_MULTIPLE | CF_TF_UTF);
	assert_int_equal(x[5].tflags.maxhits, 3);
	assert_int_equal(x[6].priority, -10);
	assert_true(!x[7].test.ok && is(x[7].test.text, "some  text"));
	assert_int_equal(x[8].mode, CF_WATCH);
	assert_int_equal(x[9].action, CF_HOLD);
	assert_true(x[10].expires_ms == 1709251200000); /* 2024-03-01 */
	assert_true(is(x[11].expression, "(B && !C)"));
	assert_true(x[12].verb == CF_EXISTS && is(x[12].pattern.field, "X-Foo"));
	assert_true(x[13].verb == CF_EVAL && is(x[13].eval.function, "links") && x[13].eval.args == 2 &&
		    is(x[13].eval.arg[0], "3") && is(x[13].eval.arg[1], "10"));
	done(&p);
}

/* Each wrong line: the column of its error and a piece of its words. */
static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *line;
		unsigned column;
		const char *words;
	} cases[] = {
		{ "bodi A /x/", 1, "not a directive" },
		{ "b\xff\x1b[31mdi\xc2\x9b A /x/", 1, "b??[31mdi??" }, /* what a terminal would take for a command */
		{ "body", 5, "needs a rule name" },
		{ "body 1A /x/", 6, "not a rule name" },
		{ "body A-B /x/", 6, "not a rule name" },
		{ "body A", 7, "something behind the name" },
		{ "body A x", 8, "pattern is expected" },
		{ "body A /x", 8, "no end" },
		{ "body A /x/ig", 12, "not a pattern flag" },
		{ "body A /x/u", 11, "tflags NAME utf" },
		{ "body A /x/y/", 10, "must be written \\/" },
		{ "body A /x#y/", 8, "no end" },
		{ "body A /x#y/", 8, "write \\#" },
		{ "body A m#x#", 9, "write \\#" },
		{ "header A Name =~ /x/ [if-unset: ]", 18, "if-unset is written" },
		{ "header A Name =~ /x/i [if-unset x]", 18, "if-unset is written" },
		{ "header A Name =~ m{x} if-unset: x", 18, "if-unset is written" },
		{ "test A ok", 10, "a text is missing" },
		{ "lang", 5, "a language and a directive" },
		{ "lang de", 8, "a language and a directive" },
		{ "lang d! describe A x", 6, "not a language" },
		{ "lang german describe A x", 6, "not a language" },
		{ "body A m\\x\\", 9, "no delimiter" },
		{ "body A /x\\#y/z", 14, "not a pattern flag" },
		{ "body A eval:f", 13, "needs a function" },
		{ "body A eval:f(1 'a')", 15, "arguments" },
		{ "header A Subject /x/", 18, "=~ or !~" },
		{ "header A =~ /x/", 10, "field name" },
		{ "header A X:foo =~ /x/", 12, "not a field modifier" },
		{ "header A exists:", 17, "name of a field" },
		{ "score A x", 9, "not a number" },
		{ "score A 1 2", 7, "one number, or four" },
		{ "score A 1 2 3 4 5", 17, "one number, or four" },
		{ "score A 1.", 9, "not a number" },
		{ "tflags A multpile", 10, "not a flag" },
		{ "tflags A maxhits=0", 10, "whole number" },
		{ "priority A x", 12, "whole number" },
		{ "test A maybe x", 8, "ok (must hit)" },
		{ "mode A on", 8, "active, watch or dormant" },
		{ "action A ban", 10, "challenge, hold or reject" },
		{ "expires A 2023-02-29", 11, "YYYY-MM-DD" },
		{ "expires A 2023-02-29", 11, "no day 2023-02-29" },
		{ "expires A soon", 11, "YYYY-MM-DD" },
		{ "lang de score A 1", 9, "describe or note" },
		{ "include nosuch.cf", 9, "no such file" },
		{ "include a.cf", 9, "circle" },
		{ "else", 1, "without an if" },
		{ "endif", 1, "without an if" },
		{ "if", 3, "condition is missing" },
		{ "if (version > )", 15, "expected here" },
		{ "if foo\nendif", 4, "a condition knows" },
		{ "if (version > 3)", 1, "no endif" },
		{ "replace_tag A", 13, "needs a name and what" },
		{ "replace_start [", 1, "not supported" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct parsed p;
		char text[200];

		snprintf(text, sizeof(text), "score OK 1\n%s", cases[i].line);
		parse(&p, text);
		if (p.errs.errors < 1 || p.errs.list[0].line != 2 || p.errs.list[0].column != cases[i].column ||
		    strstr(p.errs.list[0].message, cases[i].words) == NULL)
			print_error("%s: %zu errors, %u:%u %s\n", cases[i].line, p.errs.errors,
				    p.errs.count > 0 ? p.errs.list[0].line : 0,
				    p.errs.count > 0 ? p.errs.list[0].column : 0,
				    p.errs.count > 0 ? p.errs.list[0].message : "");
		assert_true(p.errs.errors >= 1 && p.errs.list[0].line == 2);
		assert_int_equal(p.errs.list[0].column, cases[i].column);
		assert_non_null(strstr(p.errs.list[0].message, cases[i].words));
		assert_string_equal(p.errs.list[0].file, "a.cf");
		assert_true(p.tree.count >= 1);
		done(&p);
	}
}

static void goes_on_after_errors(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "body A\nscore B x\nbody C /fine/\nnonsense\n\nscore D 1\n");
	assert_int_equal(p.errs.errors, 3);
	assert_int_equal(p.errs.list[0].line, 1);
	assert_int_equal(p.errs.list[1].line, 2);
	assert_int_equal(p.errs.list[2].line, 4);
	assert_int_equal(p.tree.count, 2);
	done(&p);
}

static void many_errors_are_counted(void **state)
{
	struct parsed p;
	static char text[CF_ERRORS_MAX * 40];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < CF_ERRORS_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "dns_server 1.2.3.4\n");
	n += (size_t)snprintf(text + n, sizeof(text) - n, "wrong\nwrong\n");
	parse(&p, text);
	assert_int_equal(p.errs.notices, CF_ERRORS_MAX);
	assert_int_equal(p.errs.errors, 2);
	assert_int_equal(p.errs.count, CF_ERRORS_MAX);
	/* Errors are not crowded out by notices. */
	assert_true(!p.errs.list[CF_ERRORS_MAX - 1].notice && !p.errs.list[CF_ERRORS_MAX - 2].notice);
	done(&p);
}

static void names_of(const struct parsed *p, char *out, size_t size)
{
	out[0] = '\0';
	for (size_t i = 0; i < p->tree.count; i++)
		snprintf(out + strlen(out), size - strlen(out), "%.*s ", SLICE_ARG(p->tree.items[i].name));
}

static void order_and_includes(void **state)
{
	const struct cf_source sources[] = {
		{ SLICE("local.d/10.cf"), SLICE("score L10 1\ninclude sub.cf\n") },
		{ SLICE("90.cf"), SLICE("score N90 1") },
		{ SLICE("local.d/sub.cf"), SLICE("score LSUB 1") },
		{ SLICE("10.cf"), SLICE("score N10 1\ninclude 50.cf\nscore N10B 1\ninclude 50.cf") },
		{ SLICE("50.cf"), SLICE("score N50 1") },
		{ SLICE("README.md"), SLICE("not a rule file") },
		{ SLICE("20.cf"), SLICE("if (version < 1)\ninclude 30.cf\nendif") },
		{ SLICE("30.cf"), SLICE("score NEVER 1") },
	};
	struct parsed p;
	char names[200];

	(void)state;
	parse_files(&p, sources, sizeof(sources) / sizeof(*sources));
	names_of(&p, names, sizeof(names));
	assert_string_equal(names, "N10 N50 N10B N90 L10 LSUB ");
	assert_int_equal(p.errs.errors, 0);
	assert_int_equal(p.errs.notices, 2); /* the second include, and the file that is never read */
	done(&p);
}

static void circles(void **state)
{
	const struct cf_source sources[] = {
		{ SLICE("a.cf"), SLICE("include b.cf\nscore A 1") },
		{ SLICE("b.cf"), SLICE("include a.cf\nscore B 1") },
	};
	struct parsed p;

	(void)state;
	parse_files(&p, sources, 2);
	assert_true(p.errs.errors >= 1);
	assert_non_null(strstr(p.errs.list[0].message, "circle"));
	done(&p);
}

static void conditions(void **state)
{
	struct parsed p;
	char names[300];

	(void)state;
	parse(&p,
	      "if (version >= 4) && !plugin(Mail::SpamAssassin::Plugin::SPF)\nscore A 1\nif plugin (Nope)\nscore B "
	      "1\nnot read\n"
	      "else\nscore C 1\nendif\nscore D 1\nelse\nscore E 1\nif (version > 1)\nscore F 1\nelse\nscore G "
	      "1\nendif\nendif\n"
	      "ifplugin Porchlight\nscore H 1\nendif\nif has(Mail::SpamAssassin::Conf::nothing)\nscore I 1\nendif\n");
	names_of(&p, names, sizeof(names));
	assert_string_equal(names, "A C D H ");
	assert_int_equal(p.errs.count, 0);
	done(&p);
}

static void lists(void **state)
{
	const struct cf_source sources[] = {
		{ SLICE("lists/wiki-black.list"),
		  SLICE("# comment\n\\bspam\\.example\\b # why\nExample.COM\n.sub.example.org\n\ncasino\\d+\n") },
		{ SLICE("lists/allow.list"), SLICE("wikipedia.org\n\\bgood\\.example\n") },
	};
	struct parsed p;
	const struct cf_item *x;

	(void)state;
	parse_files(&p, sources, 2);
	assert_int_equal(p.errs.count, 0);
	assert_int_equal(p.tree.count, 6);
	x = p.tree.items;
	assert_true(x[0].allow && x[0].verb == CF_LIST_DOMAIN && is(x[0].domain.domain, "wikipedia.org"));
	assert_true(x[1].allow && x[1].verb == CF_LIST_PATTERN);
	assert_true(is(x[2].name, "LIST_WIKI_BLACK") && x[2].verb == CF_LIST_PATTERN);
	assert_true(is(x[2].pattern.pattern, "//[a-z0-9_.-]*\\K(?:\\bspam\\.example\\b)"));
	assert_true(x[3].verb == CF_LIST_DOMAIN && is(x[3].domain.domain, "example.com"));
	assert_true(x[4].verb == CF_LIST_DOMAIN && is(x[4].domain.domain, "sub.example.org"));
	assert_int_equal(x[5].line, 6);
	done(&p);
}

static void bounds(void **state)
{
	static char line[CF_LINE_BYTES_MAX + 100];
	const struct cf_source nul = { SLICE("n.cf"), SLICE("body A /a\0b/\nscore B 1\n") };
	struct cf_source many = { SLICE("a.cf"), SLICE("") };
	struct parsed p;
	struct arena *a = arena_new(2000);
	struct cf_tree tree;
	struct error e;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	parse(&p, line);
	assert_int_equal(p.errs.errors, 1);
	done(&p);
	parse_files(&p, &nul, 1);
	assert_int_equal(p.errs.errors, 1);
	assert_int_equal(p.tree.count, 1);
	done(&p);
	assert_int_equal(cf_parse(a, &many, CF_FILES_MAX + 1, &tree, NULL, &e), ERR_TOO_LARGE);
	many.text = slice_make(line, 5000);
	assert_int_equal(cf_parse(a, &many, 1, &tree, NULL, &e), ERR_NOMEM);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test(properties),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(goes_on_after_errors),
		cmocka_unit_test(many_errors_are_counted),
		cmocka_unit_test(order_and_includes),
		cmocka_unit_test(circles),
		cmocka_unit_test(conditions),
		cmocka_unit_test(lists),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
