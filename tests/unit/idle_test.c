/* What is told of lines that are right and do nothing, or something else than they seem to; and of how many nothing is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spam/features.h"

static void load(struct cf_errors *errs, const struct cf_source *sources, size_t count, enum err expected)
{
	struct ruleset *r;
	struct error e = { 0 };

	cf_errors_init(errs);
	assert_int_equal(features_build_rules(sources, count, NULL, &r, errs, &e), expected);
	ruleset_unref(&r);
}

static void told_once(void **state)
{
	static const struct {
		const char *text;
		unsigned line, column;
		const char *words;
	} cases[] = {
		{ "header A Subjct =~ /x/", 1, 10, "no text has a field Subjct: this rule never hits" },
		{ "header A From !~ /x/", 1, 10, "this rule hits them all" },
		{ "header A From !~ /x/ [if-unset: x]", 1, 10, "only the text of if-unset" },
		{ "header ABC  exists:Received", 1, 12, "this rule never hits" },
		{ "body __P /x/\nmeta A __P && __Q", 2, 15, "no rule __Q" },
		{ "body A /x/\nmeta B (rules_matching(Z*) > 1)", 2, 9, "like Z*" },
		{ "replace_tag A [a4]\nbody X /<B>x/\nreplace_rules X", 2, 9, "no tag that replace_tag explains" },
		{ "body A eval:links(0)", 1, 13, "hits them all" },
		{ "body A /x/\nscore A 1\nscore A 2", 3, 7, "a second score of A: the one in line 2" },
		{ "body A /x/\nheader A Name =~ /x/", 2, 8, "a second definition of A: the one in line 1" },
		{ "body A /x/\ntflags A multiple\ntflags A maxhits=2 multiple", 3, 8, "a second tflags of A" },
		{ "body A /x/\nmode A watch\nmode A active", 3, 6, "a second mode" },
		{ "body A /x/\naction A hold\naction A reject", 3, 8, "a second action" },
		{ "body A /x/\nexpires A 2090-01-01\nexpires A 2091-01-01", 3, 9, "a second date" },
		{ "body A /x/\ntflags A maxhits=3", 2, 8, "without multiple" },
		{ "norm A /x/\ntflags A nosubject", 2, 8, "nosubject is for body rules" },
		{ "body A /x/\ntflags A wide", 2, 8, "wide is for uri rules" },
		{ "body A /x/\nmeta B A\ntflags B multiple", 3, 8, "multiple is for rules with a pattern" },
		{ "body A eval:links(1)\ntflags A utf", 2, 8, "utf is for rules with a pattern" },
		{ "body A /x/\ntflags A net", 2, 10, "the flag net has no effect" },
		{ "body __A /x/\nscore __A 3", 2, 7, "weighs nothing" },
		{ "body __A /x/\naction __A hold", 2, 8, "give the action to the meta" },
		{ "body __A /x/\nnote __A Kind words", 2, 6, "give the note to the meta" },
		{ "body __A /x/\nmode __A watch", 2, 6, "watch the meta" },
		{ "norm A /free Money/", 1, 14, "norm shows \"m\" in place of \"M\"" },
		{ "norm A /caf\xe9 au/", 1, 12, "norm is UTF-8: this byte is never met" },
		{ "skel A /\\#stra\xc3\x9f" "e/\ntflags A utf", 1, 15, "skel shows \"ss\" in place of \"\xc3\x9f\"" },
		{ "skel A /(?:a|\xef\xbc\x9f)/\ntflags A utf", 1, 14, "skel shows \"?\"" },
		{ "norm A /x[\xc3\x9f" "s]/\ntflags A utf", 1, 11, "norm shows \"ss\"" },
		{ "skel A /\xd0\x9f\xd1\x80\xd0\xb8/\ntflags A utf", 1, 9, "in place of \"\xd0\x9f\"" },
		{ "body A /x[\xd0\xb0\xd0\xb1]/", 1, 11, "taken apart into bytes" },
		{ "body A /\xd0\xb0+/", 1, 9, "only the last byte" },
		{ "body A /x|\xd0\xb0\xd0\xb1/i", 1, 11, "capitals of ASCII alone" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct cf_source source = { SLICE("a.cf"), slice_of(cases[i].text) };
		struct cf_errors errs;
		bool good;

		load(&errs, &source, 1, ERR_OK);
		good = errs.count == 1 && errs.list[0].notice && errs.list[0].line == cases[i].line && errs.list[0].column == cases[i].column &&
		       strstr(errs.list[0].message, cases[i].words) != NULL;
		for (size_t k = 0; !good && k < errs.count; k++)
			print_error("%s: %u:%u %s\n", cases[i].text, errs.list[k].line, errs.list[k].column, errs.list[k].message);
		if (!good)
			print_error("%s: %zu findings\n", cases[i].text, errs.count);
		assert_true(good);
		cf_errors_fini(&errs);
	}
}

/* All of them at once, as errors are. */
static void every_letter(void **state)
{
	const struct cf_source source = { SLICE("a.cf"), SLICE("norm A /x[A\xc3\x9f]Bc(?:D|e)/\ntflags A utf\n") };
	static const unsigned columns[] = { 12, 15, 20 };
	struct cf_errors errs;

	(void)state;
	load(&errs, &source, 1, ERR_OK);
	assert_int_equal(errs.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(errs.list[i].column, columns[i]);
	cf_errors_fini(&errs);
}

/* Right and not to be talked about. */
static void silent(void **state)
{
	static const char *const cases[] = {
		"header A subject =~ /x/\nheader B ALL =~ /x/\nheader C sender-trust =~ /x/\nheader D exists:Page",
		"body A /x/\nscore A 1\nscore A (1)\nlang de describe A x\ndescribe A y\nnote A z\nlang de note A z",
		"body A /x/\nif (version < 1)\nscore A 1\nelse\nscore A 2\nendif",
		"norm A /\\S\\B\\p{Lu}\\x{41}\\x41(?<Name>a)\\k<Name>(?:a)(?=b)[^A-Z][[:alpha:]]/",
		"norm A /Free/i\nskel B /(?i)Free/\nbody C /Free/",
		"skel A /\xd0\xb0\xd0\xb1/\nbody B /\xd0\xb0\xd0\xb1/\nbody C /(?:\xd0\xb0)?/\nbody D /\xe4\xb8\xad/i\nscore C 0",
		"skel A /[:\xef\xbc\x9a]/\ntflags A utf", /* the letter that is shown is one of them, too */
		"norm A /x \\# Capital/x",
		"skel A /[a-z\xc3\xa4\xc3\x9f]+/\ntflags A utf", /* ss are letters of this class */
		"body __A /x/\nscore __A 0\nbody __B /x/\nmode __B dormant\nscore __B 0",
		"uri A /x/\ntflags A wide multiple maxhits=3\nbody B /x/\ntflags B nosubject nice\nscore B -1",
		"replace_tag A [a4]\nnorm X /<A>X/\nreplace_rules X",
		"body A /x/\ntflags A publish",
		"body A eval:words(0, 3)\nmeta B rules_matching(A)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct cf_source source = { SLICE("a.cf"), slice_of(cases[i]) };
		struct cf_errors errs;

		load(&errs, &source, 1, ERR_OK);
		for (size_t k = 0; k < errs.count; k++)
			fail_msg("%s: %u:%u %s", cases[i], errs.list[k].line, errs.list[k].column, errs.list[k].message);
		cf_errors_fini(&errs);
	}
}

/* What is shipped is overridden in local.d: that is no mistake. */
static void other_files_override(void **state)
{
	const struct cf_source sources[] = { { SLICE("10.cf"), SLICE("body A /x/\nscore A 1\ntflags A nice\n") },
					     { SLICE("local.d/a.cf"), SLICE("body A /y/\nscore A -2\ntflags A nice utf\n") } };
	struct cf_errors errs;

	(void)state;
	load(&errs, sources, 2, ERR_OK);
	assert_int_equal(errs.count, 0);
	cf_errors_fini(&errs);
}

static void lines_of_lists(void **state)
{
	const struct cf_source source = { SLICE("lists/w.list"),
					  SLICE("http://foo.example/\n^foo\nfoo.example bar.example\n<pre>\nfoo.example\n\\bfoo\\.\n(?:a b|foo)\nfoo[ _]bar\n"
						"^a|foo\nhttps?://x\n") };
	static const unsigned lines[] = { 1, 2, 3, 4, 10 }, columns[] = { 1, 1, 12, 1, 1 };
	struct cf_errors errs;

	(void)state;
	load(&errs, &source, 1, ERR_OK);
	assert_int_equal(errs.count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_true(errs.list[i].notice && strstr(errs.list[i].message, "never hits") != NULL);
		assert_int_equal(errs.list[i].line, lines[i]);
		assert_int_equal(errs.list[i].column, columns[i]);
	}
	cf_errors_fini(&errs);
}

/* The column is that of the line, not of the expression that it becomes a part of. */
static void errors_in_lists(void **state)
{
	const struct cf_source source = { SLICE("lists/w.list"), SLICE("good.example\n  foo[z-a]\n*foo\n\\bfoo(\n") };
	static const unsigned columns[] = { 9, 1, 7 };
	struct cf_errors errs;

	(void)state;
	load(&errs, &source, 1, ERR_INVALID);
	assert_int_equal(errs.errors, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(errs.list[i].line, i + 2);
		assert_int_equal(errs.list[i].column, columns[i]);
	}
	cf_errors_fini(&errs);
}

/* Wrong, and told with what would be right. */
static void errors_that_help(void **state)
{
	static const struct {
		const char *text;
		const char *words[2];
	} cases[] = {
		{ "body A eval:link(3)", { "eval:link is not known here", "link_percent" } },
		{ "body A eval:links(5, 2)", { "can never be in these bounds", "least" } },
		{ "body A eval:links(1, -1)", { "can never be in these bounds", "least" } },
		{ "body A /x/\nmeta B A and A", { "operator", "&& ||" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct cf_source source = { SLICE("a.cf"), slice_of(cases[i].text) };
		struct cf_errors errs;

		load(&errs, &source, 1, ERR_INVALID);
		assert_int_equal(errs.errors, 1);
		for (size_t k = 0; k < 2; k++)
			if (strstr(errs.list[0].message, cases[i].words[k]) == NULL)
				fail_msg("%s: %s", cases[i].text, errs.list[0].message);
		assert_true(errs.list[0].column > 0);
		cf_errors_fini(&errs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_once),
		cmocka_unit_test(every_letter),
		cmocka_unit_test(silent),
		cmocka_unit_test(other_files_override),
		cmocka_unit_test(lines_of_lists),
		cmocka_unit_test(errors_in_lists),
		cmocka_unit_test(errors_that_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
