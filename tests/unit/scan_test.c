/* A generation and what it finds: properties, guards, lists, spans, trouble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "spam/domains.h"
#include "spam/scan.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(64 << 20);
	return arena == NULL;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct ruleset *build_with(const struct cf_source *sources, size_t count, const struct ruleset_options *o,
				  struct cf_errors *errs)
{
	struct ruleset *r = NULL;
	struct error e;
	enum err err;

	cf_errors_init(errs);
	err = ruleset_build(sources, count, o, &r, errs, &e);
	assert_true(err == ERR_OK || err == ERR_INVALID);
	assert_int_equal(err == ERR_OK, r != NULL);
	assert_int_equal(err == ERR_OK, errs->errors == 0);
	return r;
}

static struct ruleset *build(const char *cf)
{
	struct cf_source source = { SLICE("a.cf"), slice_of(cf) };
	struct cf_errors errs;
	struct ruleset *r = build_with(&source, 1, NULL, &errs);

	for (size_t i = 0; i < errs.count; i++)
		if (!errs.list[i].notice)
			print_error("%u:%u %s\n", errs.list[i].line, errs.list[i].column, errs.list[i].message);
	cf_errors_fini(&errs);
	assert_non_null(r);
	return r;
}

/* The set is refused, with this place and these words. */
static void refused(const char *cf, const struct ruleset_options *o, unsigned line, unsigned column, const char *words)
{
	struct cf_source source = { SLICE("a.cf"), slice_of(cf) };
	struct cf_errors errs;
	struct ruleset *r = build_with(&source, 1, o, &errs);
	bool found = false;

	assert_null(r);
	for (size_t i = 0; i < errs.count; i++) {
		found = found || (!errs.list[i].notice && errs.list[i].line == line && errs.list[i].column == column &&
				  strstr(errs.list[i].message, words) != NULL);
		if (i == errs.count - 1 && !found)
			print_error("%u:%u %s\n", errs.list[i].line, errs.list[i].column, errs.list[i].message);
	}
	assert_true(found);
	cf_errors_fini(&errs);
}

static struct scan_result scan_input(const struct ruleset *r, const struct surface_input *in,
				     const struct scan_options *o)
{
	struct surfaces *s = arena_alloc(arena, sizeof(*s));
	struct scan_result out;
	struct error e;

	assert_non_null(s);
	assert_int_equal(surface_build(arena, in, s, &e), ERR_OK);
	assert_int_equal(scan_run(r, s, o, arena, &out, &e), ERR_OK);
	return out;
}

static struct scan_result scan(const struct ruleset *r, const char *body)
{
	return scan_input(r, &(struct surface_input){ .body = slice_of(body) }, NULL);
}

static double value(const struct ruleset *r, const struct scan_result *x, const char *name)
{
	long i = ruleset_find(r, slice_of(name));

	assert_true(i >= 0);
	return x->values[i];
}

static const struct scan_hit *hit(const struct ruleset *r, const struct scan_result *x, const char *name)
{
	for (size_t i = 0; i < x->hit_count; i++)
		if (strcmp(ruleset_rule(r, x->hits[i].rule)->name, name) == 0)
			return &x->hits[i];
	return NULL;
}

static void rule_properties(void **state)
{
	struct ruleset *r =
	    build("body A /x/\nscore A 2.5\ndescribe A English words\nlang de describe A Deutsche Worte\n"
		  "note A Please write more\nlang de note A Bitte mehr\naction A reject\nmode A watch\n"
		  "expires A 2024-01-01\ntflags A multiple maxhits=4 nice\npriority A 3\n"
		  "uri B /y/\nmeta __C A + B\n");
	const struct rule *a = ruleset_rule(r, 0), *b = ruleset_rule(r, 1), *c = ruleset_rule(r, 2);

	(void)state;
	assert_int_equal(ruleset_count(r), 3);
	assert_string_equal(a->name, "A");
	assert_string_equal(a->describe, "English words");
	assert_string_equal(ruleset_describe(r, 0, SLICE("de-AT")), "Deutsche Worte");
	assert_string_equal(ruleset_describe(r, 0, SLICE("fr")), "English words");
	assert_string_equal(ruleset_note(r, 0, SLICE("DE")), "Bitte mehr");
	assert_string_equal(a->note, "Please write more");
	assert_string_equal(a->file, "a.cf");
	assert_int_equal(a->line, 1);
	assert_true(slice_is(a->text, "body A /x/"));
	assert_true(a->score == 2.5 && a->weight == 0.01);
	assert_int_equal(a->action, CF_REJECT);
	assert_int_equal(a->mode, CF_WATCH);
	assert_true(a->expires_ms == 1704153600000);
	assert_int_equal(a->maxhits, 4);
	assert_int_equal(a->class, RULE_CLASS_RULE);
	assert_int_equal(b->class, RULE_CLASS_URL);
	assert_true(b->score == 1 && b->weight == 1 && b->listed);
	assert_true(c->meta && !c->listed && c->weight == 0);
	assert_int_equal(strlen(ruleset_name(r)), 16);
	assert_int_equal(ruleset_find(r, SLICE("NOPE")), -1);
	ruleset_unref(&r);
	assert_null(r);
}

static void names_follow_content(void **state)
{
	const struct cf_source one[] = { { SLICE("a.cf"), SLICE("body A /x/") },
					 { SLICE("b.cf"), SLICE("body B /x/") } };
	const struct cf_source turned[] = { one[1], one[0] };
	const struct cf_source other[] = { one[0], { SLICE("b.cf"), SLICE("body B /y/") } };
	struct cf_errors errs;
	struct ruleset *a = build_with(one, 2, NULL, &errs), *b, *c;

	(void)state;
	b = build_with(turned, 2, NULL, &errs);
	c = build_with(other, 2, &(struct ruleset_options){ .known.previous = a }, &errs);
	assert_string_equal(ruleset_name(a), ruleset_name(b));
	assert_string_not_equal(ruleset_name(a), ruleset_name(c));
	/* /x/ is one pattern, and taken over. */
	assert_int_equal(ruleset_figures(a).patterns, 1);
	assert_int_equal(ruleset_figures(c).reused, 1);
	/* The old generation may go first. */
	ruleset_unref(&a);
	assert_true(scan(c, "x").hit_count == 1);
	ruleset_unref(&b);
	ruleset_unref(&c);
}

static void modes_and_expiry(void **state)
{
	struct ruleset *r =
	    build("body W /x/\nscore W 5\nmode W watch\nbody D /x/\nmode D dormant\nbody E /x/\nexpires E 2024-01-01\n"
		  "body OFF /x/\nscore OFF 0\nmeta M D + E + W\n");
	struct surface_input in = { .body = SLICE("x") };
	struct scan_result x = scan_input(r, &in, &(struct scan_options){ .now_ms = 1704153600000 });

	(void)state;
	assert_true(value(r, &x, "W") == 1 && hit(r, &x, "W")->score == 0.01);
	assert_true(value(r, &x, "D") == 0 && value(r, &x, "E") == 0 && value(r, &x, "OFF") == 0);
	assert_true(value(r, &x, "M") == 1);
	x = scan_input(r, &in, &(struct scan_options){ .now_ms = 1704153599999 });
	assert_true(value(r, &x, "E") == 1 && value(r, &x, "D") == 0);
	x = scan_input(r, &in, &(struct scan_options){ .now_ms = 1704153600000, .dormant_too = true });
	assert_true(value(r, &x, "E") == 1 && value(r, &x, "D") == 1 && value(r, &x, "OFF") == 0);
	ruleset_unref(&r);
}

static void refuses_bad_sets(void **state)
{
	static const char *const facts[] = { "links" };
	struct ruleset_options o = { .facts = facts, .fact_count = 1 };

	(void)state;
	refused("body A /x(y/", NULL, 1, 12, "not valid");
	refused("body A /a\\#(y/", NULL, 1, 14, "not valid");
	refused("body A /x(?{ 1 })/", NULL, 1, 10, "code");
	refused("meta A B +", NULL, 1, 11, "ends too early");
	refused("meta A 1 / B\nbody B /x/", NULL, 1, 8, "divides by zero");
	refused("meta A f(B)", NULL, 1, 8, "no function");
	refused("body A /x/\nscore A (1)", NULL, 2, 7, "relative");
	refused("body A /x/\ntest A ok y", NULL, 2, 11, "does not hit");
	refused("body A /x/\ntest A fail x", NULL, 2, 13, "must not");
	refused("test NOPE ok x", NULL, 1, 6, "no rule NOPE");
	refused("body A eval:lnks(3)", &o, 1, 13, "not known");
	refused("body A /\\d+/\nbody B /[a-z]+/", &(struct ruleset_options){ .always_max = 1 }, 0, 0, "A, B");
	refused("body A /(?:a|a){40}[bd]/\ntest A fail aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		NULL, 2, 13, "too slow");
}

static void tests_know_their_surface(void **state)
{
	const struct cf_source sources[] = {
		{ SLICE("a.cf"),
		  SLICE("header H Question =~ /^who/\ntest H ok who is it\ntest H fail it is who\n"
			"header S Subject =~ /hello$/\ntest S ok say hello\nuri U /spam\\.example/\n"
			"test U ok http://spam.example/x\ntest LIST_L ok https://a.bad.example/x\n"
			"test LIST_L fail https://good.bad.example/x\nnorm N /abc/\ntest N ok xABCx\n"
			"meta M __A && !__B\nbody __A /aa/\nbody __B /bb/\ntest M ok aa\ntest M fail aa bb\n"
			/* a meta of metas needs what these stand on, and each test only what its own rule does */
			"meta DEEP M && !H\ntest DEEP ok aa\ntest DEEP fail aa bb\ntest __B ok aa bb\ntest DEEP ok aaa\n"
			"body D /x/\nmode D dormant\ntest D ok x\nbody OFF /x/\nscore OFF 0\ntest OFF ok y\n") },
		{ SLICE("lists/l.list"), SLICE("bad.example") },
		{ SLICE("lists/allow.list"), SLICE("good.bad.example") },
	};
	struct cf_errors errs;
	struct ruleset *r = build_with(sources, 3, NULL, &errs);

	(void)state;
	for (size_t i = 0; i < errs.count; i++)
		print_error("%u: %s\n", errs.list[i].line, errs.list[i].message);
	assert_non_null(r);
	assert_int_equal(ruleset_figures(r).tests, 14);
	assert_int_equal(ruleset_rule(r, (size_t)ruleset_find(r, SLICE("M")))->tests, 2);
	ruleset_unref(&r);
}

/* Enough tests for several threads, of few patterns, some of them failing, on long texts too: each is told, in the file's order. */
static void many_tests_are_told_in_order(void **state)
{
	enum { TESTS = 400, SHORT = 90, LONG = 3000 };
	static char cf[TESTS * (SHORT + LONG)];
	size_t len = (size_t)snprintf(cf, sizeof(cf), "body A /w[o0]lf/\nbody __B /f[oa]x/\nmeta C A && __B\n");
	struct cf_source source = { SLICE("a.cf"), SLICE_NONE };
	struct cf_errors errs;
	size_t failing = 0;

	(void)state;
	for (int i = 0; i < TESTS; i++) {
		bool fails = i % 13 == 5;
		len += (size_t)snprintf(cf + len, sizeof(cf) - len, "test %s ok %0*d %s\n", i % 2 ? "A" : "C", i % 40 == 18 ? LONG : 3, 0,
					fails ? "sheep" : "w0lf and the fax");
	}
	source.text = slice_make(cf, len);
	assert_null(build_with(&source, 1, NULL, &errs));
	for (size_t i = 0; i < errs.count; i++)
		if (!errs.list[i].notice) {
			assert_int_equal(errs.list[i].line, 4 + 5 + 13 * failing);
			assert_non_null(strstr(errs.list[i].message, "does not hit"));
			failing++;
		}
	assert_int_equal(failing, (TESTS - 5 + 12) / 13);
	cf_errors_fini(&errs);
}

/* What another build makes of a test's text. */
static enum err prepare_otherwise(struct arena *a, struct slice text, struct surface_input *out, void *ctx, struct error *e)
{
	(void)a, (void)text, (void)ctx, (void)e;
	*out = (struct surface_input){ .body = SLICE("sheep") };
	return ERR_OK;
}

/* By its name a generation is known to have passed; of any other nothing is known. */
static void tests_that_passed_are_not_run_again(void **state)
{
	static const char cf[] = "body A /wolf/\ntest A ok a wolf\n";
	struct cf_source source = { SLICE("a.cf"), slice_of(cf) };
	struct ruleset *first = build(cf), *again;
	struct ruleset_options o = { .known.proven = ruleset_name(first), .prepare = prepare_otherwise };
	struct cf_errors errs;

	(void)state;
	assert_int_equal(ruleset_figures(first).tests, 1);
	again = build_with(&source, 1, &o, &errs);
	cf_errors_fini(&errs);
	assert_non_null(again);
	assert_int_equal(ruleset_figures(again).tests, 0);
	ruleset_unref(&again);
	refused("body A /wolf/\ntest A ok a wolf\n ", &o, 2, 11, "does not hit");
	ruleset_unref(&first);
}

static void spans_point_into_the_source(void **state)
{
	struct ruleset *r = build("body T /ti.le/\nbody B /three four/\nbody N /need/\nnorm M /norm/\n");
	const char *body = "one\r\ntwo\r\n\r\n  three \r\n\r  four   need";
	struct surface_input in = { .title = SLICE("a title"), .body = slice_of(body), .norm = SLICE("x norm") };
	struct scan_result x = scan_input(r, &in, NULL);
	const struct scan_hit *h = hit(r, &x, "T");

	(void)state;
	assert_non_null(h);
	assert_int_equal(h->span.source, SOURCE_TITLE);
	assert_int_equal(h->span.source_offset, 2);
	assert_int_equal(h->span.source_length, 5);
	h = hit(r, &x, "N");
	assert_int_equal(h->span.source, SOURCE_BODY);
	assert_memory_equal(body + h->span.source_offset, "need", h->span.source_length);
	assert_int_equal(h->span.source_length, 4);
	h = hit(r, &x, "M");
	assert_int_equal(h->span.source, SOURCE_NORM);
	assert_int_equal(h->span.source_offset, 2);
	/* A blank line stands between: no hit over it. */
	assert_null(hit(r, &x, "B"));
	x = scan(r, "three \r\n\t four");
	h = hit(r, &x, "B");
	assert_non_null(h);
	assert_int_equal(h->span.source_offset, 0);
	assert_int_equal(h->span.source_length, 14);
	ruleset_unref(&r);
}

static void facts(void **state)
{
	struct ruleset *r =
	    build("body MANY eval:links(3)\nbody SOME eval:links(1,2)\nheader ANY eval:links()\nmeta M MANY + SOME\n");
	struct surface_fact f = { SLICE("links"), 2 };
	struct surface_input in = { .facts = &f, .fact_count = 1 };
	struct scan_result x = scan_input(r, &in, NULL);

	(void)state;
	assert_true(value(r, &x, "MANY") == 0 && value(r, &x, "SOME") == 1 && value(r, &x, "ANY") == 1);
	f.value = 3;
	x = scan_input(r, &in, NULL);
	assert_true(value(r, &x, "MANY") == 1 && value(r, &x, "SOME") == 0 && value(r, &x, "M") == 1);
	f.name = SLICE("other");
	x = scan_input(r, &in, NULL);
	assert_int_equal(x.hit_count, 0);
	ruleset_unref(&r);
}

static void lists(void **state)
{
	const struct cf_source sources[] = {
		{ SLICE("a.cf"), SLICE("score LIST_BAD 4\nuri PLAIN /good/\n") },
		{ SLICE("lists/bad.list"), SLICE("bad.example\n\\bcasino\\d*\\.\n") },
		{ SLICE("lists/allow.list"), SLICE("good.bad.example\n\\bcasino7\\.example\n") },
	};
	static const struct {
		struct slice uri;
		bool listed;
	} cases[] = {
		{ { "http://bad.example/", 19 }, true },
		{ { "HTTPS://User:pw@WWW.Bad.Example.:80/x", 37 }, true },
		{ { "http://notbad.example/", 22 }, false },
		{ { "http://good.example/?u=bad.example", 34 }, false },
		{ { "http://good.bad.example/", 24 }, false },
		{ { "http://x.good.bad.example/", 26 }, false },
		{ { "http://bad.example@fine.example/", 32 }, false },
		{ { "http://my.casino99.example/", 27 }, true },
		{ { "http://my.casino7.example/", 26 }, false },
		{ { "mailto:me@bad.example", 21 }, true },
	};
	struct cf_errors errs;
	struct ruleset *r = build_with(sources, 3, NULL, &errs);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct surface_input in = { .uris = &cases[i].uri, .uri_count = 1 };
		struct scan_result x = scan_input(r, &in, NULL);

		if ((value(r, &x, "LIST_BAD") != 0) != cases[i].listed)
			print_error("%.*s\n", SLICE_ARG(cases[i].uri));
		assert_int_equal(value(r, &x, "LIST_BAD") != 0, cases[i].listed);
	}
	/* An allow list excuses from lists, not from uri rules. */
	{
		struct surface_input in = { .links = &cases[4].uri, .link_count = 1 };
		struct scan_result x = scan_input(r, &in, NULL);

		assert_true(value(r, &x, "PLAIN") == 1);
		assert_true(value(r, &x, "LIST_BAD") == 0);
		/* What SpamAssassin would not find is for lists, and for rules that ask for it. */
		in = (struct surface_input){ .uris = &cases[4].uri, .uri_count = 1 };
		x = scan_input(r, &in, NULL);
		assert_true(value(r, &x, "PLAIN") == 0);
		assert_int_equal(ruleset_rule(r, (size_t)ruleset_find(r, SLICE("LIST_BAD")))->class, RULE_CLASS_URL);
	}
	assert_true(ruleset_host_allowed(r, SLICE("A.Good.Bad.Example")));
	assert_false(ruleset_host_allowed(r, SLICE("bad.example")));
	ruleset_unref(&r);
}

/* A pattern that cannot be run to its end is no miss; what depends on it is unknown too. */
static void trouble_is_not_a_miss(void **state)
{
	struct ruleset *r = build(
	    "body SLOW /(?:a|a){40}[bd]/\nbody FINE /needle/\nmeta NOT !SLOW\nmeta CHAIN NOT + 1\nmeta APART !!FINE\nmeta ALONE NOT\n");
	char text[2000];
	struct surface_input in = { .body = slice_make(text, sizeof(text)) };
	unsigned char quarantined[6] = { RULE_LIFE_QUARANTINED };
	struct scan_result x;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "needle ", 7);
	x = scan_input(r, &in, NULL);
	assert_int_equal(x.error_count, 4);
	assert_int_equal(x.errors[0].rule, 0);
	assert_int_equal(x.errors[0].trouble, SCAN_LIMIT);
	assert_int_equal(x.errors[1].trouble, SCAN_UNKNOWN);
	assert_int_equal(x.errors[2].trouble, SCAN_UNKNOWN);
	assert_int_equal(x.errors[3].trouble, SCAN_UNKNOWN);
	assert_false(x.over_budget);
	assert_true(value(r, &x, "NOT") == 0 && value(r, &x, "CHAIN") == 0);
	assert_true(value(r, &x, "FINE") == 1 && value(r, &x, "APART") == 1);
	/* In quarantine it is not run, but a text that might concern it is told. */
	x = scan_input(r, &in, &(struct scan_options){ .life = quarantined });
	assert_int_equal(x.errors[0].trouble, SCAN_QUARANTINED);
	in.body = SLICE("needle");
	x = scan_input(r, &in, &(struct scan_options){ .life = quarantined });
	assert_int_equal(x.error_count, 0);
	assert_true(value(r, &x, "NOT") == 1);
	ruleset_unref(&r);
}

/* SpamAssassin never runs what speaks of a meta of score 0 that should say yes, nor what speaks of that in turn. */
static void what_was_not_run_is_not_denied(void **state)
{
	struct ruleset *r = build("body X /needle/\nbody N /nowhere/\nmeta S X\nscore S 0\nmeta D S && N\nmeta E !D\n");
	struct surface_input in = { .body = SLICE("needle") };
	struct scan_result x;

	(void)state;
	x = scan_input(r, &in, NULL);
	assert_true(value(r, &x, "X") == 1 && value(r, &x, "S") == 0 && value(r, &x, "D") == 0 && value(r, &x, "E") == 0);
	in.body = SLICE("straw");
	x = scan_input(r, &in, NULL);
	assert_true(value(r, &x, "E") == 1);
	ruleset_unref(&r);
}

/* In quarantine a pattern without a literal would concern every text: it is asked, but not for long. */
static void quarantine_without_a_literal(void **state)
{
	struct ruleset *r = build("body WIDE /(?:\\w|\\w){30}\\W\\W\\d/\n");
	char text[2000];
	struct surface_input in = { .body = slice_make(text, sizeof(text)) };
	unsigned char quarantined[] = { RULE_LIFE_QUARANTINED };
	struct scan_options o = { .life = quarantined };
	struct scan_result x;

	(void)state;
	assert_true(ruleset_rule(r, 0)->always);
	memset(text, 'a', sizeof(text));
	/* The pattern's outline is there, or it would not be asked. */
	memcpy(text + sizeof(text) - 4, "--77", 4);
	x = scan_input(r, &in, NULL);
	assert_int_equal(x.errors[0].trouble, SCAN_LIMIT);
	x = scan_input(r, &in, &o);
	assert_int_equal(x.error_count, 1);
	assert_int_equal(x.errors[0].trouble, SCAN_QUARANTINED);
	in.body = SLICE("How do I add a picture to the page about needles?");
	assert_int_equal(scan_input(r, &in, &o).error_count, 0);
	in.body = SLICE("abcdefghijklmnopqrstuvwxyzabcd, 7");
	x = scan_input(r, &in, &o);
	assert_true(x.error_count == 0 && value(r, &x, "WIDE") == 1);
	ruleset_unref(&r);
	/* Not too much for a rule like others, but for this one. */
	r = build("body WIDE /(?:\\w|\\w){14}\\W\\W\\d/\n");
	in.body = SLICE("--7 aaaaaaaaaaaaaaaa");
	assert_int_equal(scan_input(r, &in, NULL).error_count, 0);
	assert_int_equal(scan_input(r, &in, &o).error_count, 1);
	ruleset_unref(&r);
}

/* One slow rule ends at its own share and the others go on; past the message's budget nothing is known any more. */
static void budgets(void **state)
{
	struct ruleset *r =
	    build("body SLOW /(?:a|a){14}[b-z]/\ntflags SLOW nosubject\nbody FINE /needle/\nmeta M !SLOW\n");
	static char text[40000];
	struct surface_input in = { .body = slice_make(text, sizeof(text)) };
	struct scan_result x;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text + sizeof(text) - 7, " needle", 7);
	x = scan_input(r, &in, &(struct scan_options){ .budget_us = 60000000, .rule_budget_us = 1 });
	assert_int_equal(x.error_count, 2);
	assert_int_equal(x.errors[0].trouble, SCAN_TIME);
	assert_false(x.over_budget);
	assert_true(value(r, &x, "FINE") == 1);
	x = scan_input(r, &in, &(struct scan_options){ .budget_us = 1, .rule_budget_us = 60000000 });
	assert_true(x.over_budget);
	assert_true(value(r, &x, "M") == 0);
	assert_true(x.windows < sizeof(text) / 64);
	ruleset_unref(&r);
}

static void huge_input_is_refused(void **state)
{
	struct slice big = { "x", SURFACE_TEXT_BYTES_MAX + 1 };
	struct surfaces s;
	struct error e;

	(void)state;
	assert_int_equal(surface_build(arena, &(struct surface_input){ .body = big }, &s, &e), ERR_TOO_LARGE);
}

/* What an allow list goes by: the host, whatever else an address holds. */
static void hosts_of_addresses(void **state)
{
	static const char *const evil[] = { "https://evil.test/", "https://good.test@evil.test/", "https://good.test:443@evil.test", "https://a@good.test@evil.test:8/@good.test",
		"https://evil.test?good.test", "https://evil.test?@good.test", "https://evil.test#.good.test", "https://evil.test\\.good.test", "https://evil.test:443",
		"https://evil.test./", "mailto:good.test@evil.test", "mailto:x@evil.test?cc=y@good.test", "//evil.test/" };
	static const char *const none[] = { "", "evil.test", "https://", "https:///evil.test", "https://good.test@", "mailto:", "mailto:evil.test", "https://:80/" };

	(void)state;
	for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++)
		if (!slice_is(domains_host(slice_of(evil[i])), "evil.test"))
			fail_msg("%s", evil[i]);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (domains_host(slice_of(none[i])).ptr)
			fail_msg("%s", none[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rule_properties, setup, teardown),
		cmocka_unit_test_setup_teardown(names_follow_content, setup, teardown),
		cmocka_unit_test_setup_teardown(modes_and_expiry, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_bad_sets, setup, teardown),
		cmocka_unit_test_setup_teardown(tests_know_their_surface, setup, teardown),
		cmocka_unit_test(many_tests_are_told_in_order),
		cmocka_unit_test(tests_that_passed_are_not_run_again),
		cmocka_unit_test_setup_teardown(spans_point_into_the_source, setup, teardown),
		cmocka_unit_test_setup_teardown(facts, setup, teardown),
		cmocka_unit_test_setup_teardown(lists, setup, teardown),
		cmocka_unit_test_setup_teardown(trouble_is_not_a_miss, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_not_run_is_not_denied, setup, teardown),
		cmocka_unit_test_setup_teardown(quarantine_without_a_literal, setup, teardown),
		cmocka_unit_test_setup_teardown(budgets, setup, teardown),
		cmocka_unit_test_setup_teardown(huge_input_is_refused, setup, teardown),
		cmocka_unit_test(hosts_of_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
