/*
 * The regex guard: what is refused, that windows try every start offset once, and that a pattern which would run for
 * ages ends as an error. Nothing here is timed: bounds are counted in windows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "spam/pattern.h"
#include "random.h"

static struct pattern *compile(const char *text, unsigned flags)
{
	struct pattern *p;
	struct error e;
	size_t at;

	if (pattern_compile(slice_of(text), flags, &p, &at, &e) != ERR_OK)
		print_error("/%s/: %s\n", text, e.message);
	assert_non_null(p);
	return p;
}

/* As Perl 5.36 says, with warnings as errors, which is how SpamAssassin compiles. */
static void refuses_braces_that_perl_warns_of(void **state)
{
	static const char *const refused[] = { "a{b}", "a{", "a{1", "a{1,", "a{1,2", "a{x", "[a]{x", "\\d{x", "(a){x", "${x", "{{", "a{{b", "\\A{x", ".{ 1", "a{,}", "a{}", "a{ }",
		"\\n{x", "\\x41{x", "\\x{41}{x", "(?=a){x", "(?!a){x", "\\1{x", "a|b{x", "(a)\\1{x", "[{]{", "\\Q{\\E{x", "\\B{x", "\\Z{", "\\z{x", "\\s{x", "\\K{x",
		"\\R{x", "$a{x", "\\}{x", " {x", "-{x", "a{-1}", "a{1.5}", "a{1;2}", "\u00e9{x", ".{\\ 1,\\ 2\\ }" };
	static const char *const good[] = { "{b}", "({b})", "(?:{b})", "x|{b}", "^{b}", "a*{b}", "a+{", "^{x", "a\\{x", "}}", "(?:a|{x)", "a?{x", "(?i){x", "(?i:{x)", "a{1,2}{x",
		"a{ 1, 2 }", "a{,3}", "\\x{41}", "[{]", "\\p{L}", "(?<n>a)\\k{n}", "\\Q{{\\E", "(?<!{)a", "(?#{{)a", "a", "a%{GB_TO_ADDR}b" };

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (pattern_stray_brace(slice_of(refused[i]), false) == SIZE_MAX)
			fail_msg("%s is not refused", refused[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (pattern_stray_brace(slice_of(good[i]), false) != SIZE_MAX)
			fail_msg("%s is refused", good[i]);
	assert_int_equal(pattern_stray_brace(SLICE("a {b}"), true), 2);
	assert_int_equal(pattern_stray_brace(SLICE("( {b}) | {c} # a{b}"), true), SIZE_MAX);
}

static void tells_what_matches_the_empty_string(void **state)
{
	static const struct {
		const char *text;
		bool empty;
	} cases[] = { { "a*", true }, { ".*", true }, { "", true }, { "b|", true }, { "^", true }, { "\\b", true }, { "(?=x)?", true }, { "(?!)", false }, { "a(?!)|(?!)", false }, { "(?<=a)", false },
		{ "a", false }, { "a+", false }, { "(?:|||||||){30}(?!)", false } /* 8 ways, 30 times */ };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pattern *p = compile(cases[i].text, 0);
		int64_t began_us = clock_thread_us();

		if (pattern_matches_empty(p) != cases[i].empty)
			fail_msg("/%s/", cases[i].text);
		assert_in_range(clock_thread_us() - began_us, 0, 50000);
		pattern_unref(&p);
	}
}

static enum pattern_result run(struct pattern *p, struct slice subject, struct pattern_meter *m,
			       struct pattern_match *out)
{
	int64_t cpu_us = 0;

	pattern_meter_start(m, 60000000, 60000000);
	return pattern_run(p, subject, 0, false, m, &cpu_us, out);
}

static void refuses(void **state)
{
	static const char *const bad[] = {
		"(?{ print 1 })",
		"a(??{ code })",
		"(?C1)a",
		"(?C'text')",
		"\\C",
		"(*UTF)a",
		"(*UCP)a",
		"(*NO_JIT)a",
		"(*LIMIT_MATCH=9)a",
		"(*CR)a",
		"(a",
		"[z-a]",
		"\\x{100}",
		"a**",
		"(*COMMIT)(?:a|b)+(c|d)+",
		"\\G(?:a|b)+(?:c|d)+",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct pattern *p;
		struct error e;
		size_t at;

		assert_int_equal(pattern_compile(slice_of(bad[i]), 0, &p, &at, &e), ERR_INVALID);
		assert_null(p);
		assert_true(e.message[0] != '\0' && at <= strlen(bad[i]));
	}
}

static void says_where(void **state)
{
	struct pattern *p;
	struct error e;
	size_t at;

	(void)state;
	assert_int_equal(pattern_compile(SLICE("abc(de"), 0, &p, &at, &e), ERR_INVALID);
	assert_int_equal(at, 6);
	assert_int_equal(pattern_compile(SLICE("ab(?{1})"), 0, &p, &at, &e), ERR_INVALID);
	assert_int_equal(at, 2);
}

static void knows_the_risky(void **state)
{
	static const char *const risky[] = { "(?:a|a){15}[bd]",
					     "(a+)+b",
					     "a*b*c",
					     "x.*y.*z",
					     "(?:ab)*",
					     ".{0,200}x.{0,200}",
					     "a?b?c?d?e?f?g?h?i?j?k",
					     "(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)" };
	static const char *const tame[] = { "abc",       "a.*b",         "colou?r", "(?:cheap|free) pills",
					    "[a*b*c*]x", "a\\*b\\*c\\*", "x{3}",    "(?:ab)?c" };

	(void)state;
	for (size_t i = 0; i < sizeof(risky) / sizeof(*risky); i++) {
		struct pattern *p = compile(risky[i], 0);

		assert_true(pattern_is_risky(p));
		pattern_unref(&p);
	}
	for (size_t i = 0; i < sizeof(tame) / sizeof(*tame); i++) {
		struct pattern *p = compile(tame[i], 0);

		if (pattern_is_risky(p))
			print_error("/%s/ is not risky\n", tame[i]);
		assert_false(pattern_is_risky(p));
		pattern_unref(&p);
	}
}

/* The one that took 414 ms in a single JIT call without any error: here each window stands on its own. */
static void runs_in_windows(void **state)
{
	char text[2048];
	struct pattern *p = compile("(?:a|a){9}[bd]", 0);
	struct pattern_meter m;
	struct pattern_match match;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(run(p, slice_make(text, sizeof(text)), &m, &match), PATTERN_MISS);
	/* They begin small and grow while they are short, so how many there are is a matter of how fast this machine is. */
	assert_true(m.windows >= sizeof(text) / PATTERN_WINDOW);
	assert_int_equal(m.calls, 1);
	pattern_unref(&p);
}

static void a_limit_is_an_error(void **state)
{
	/* Exponential within one start offset, and too deep for the stack. */
	static const char *const hostile[] = { "(?:a|a){40}[bd]", "(a+)+[bd]", "(a|aa)+[bd]", "(?:a?){60}a{60}[bd]" };
	char text[2048];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		struct pattern *p = compile(hostile[i], 0);
		struct pattern_meter m;
		struct pattern_match match;
		enum pattern_result result = run(p, slice_make(text, sizeof(text)), &m, &match);

		if (result != PATTERN_ERROR)
			print_error("/%s/: %d after %zu windows\n", hostile[i], result, m.windows);
		assert_int_equal(result, PATTERN_ERROR);
		assert_int_equal(match.trouble, PATTERN_LIMIT);
		pattern_unref(&p);
	}
}

static void a_spent_budget_is_an_error(void **state)
{
	char text[2048];
	struct pattern *p = compile("(?:a|a){15}[bd]", 0);
	struct pattern_meter m;
	struct pattern_match match;
	int64_t cpu_us = 0;

	(void)state;
	memset(text, 'a', sizeof(text));
	/* The rule's own share: it ends before all windows were tried, and goes no further the next time. */
	pattern_meter_start(&m, 60000000, 1);
	assert_int_equal(pattern_run(p, slice_make(text, sizeof(text)), 0, false, &m, &cpu_us, &match), PATTERN_ERROR);
	assert_int_equal(match.trouble, PATTERN_TIME);
	assert_true(m.windows < sizeof(text) / PATTERN_WINDOW);
	assert_false(m.spent);
	assert_int_equal(pattern_run(p, SLICE("ab"), 0, false, &m, &cpu_us, &match), PATTERN_ERROR);
	/* The message's: then no rule goes on. */
	cpu_us = 0;
	pattern_meter_start(&m, 1, 60000000);
	assert_int_equal(pattern_run(p, slice_make(text, sizeof(text)), 0, false, &m, &cpu_us, &match), PATTERN_ERROR);
	assert_true(m.spent);
	cpu_us = 0;
	assert_int_equal(pattern_run(p, SLICE("ab"), 0, false, &m, &cpu_us, &match), PATTERN_ERROR);
	assert_int_equal(match.trouble, PATTERN_TIME);
	pattern_unref(&p);
}

/* A match is found in whatever window it starts, and where a lookbehind looks into the one before. */
static void windows_lose_nothing(void **state)
{
	struct pattern *p = compile("(?<=x)(?:ab)+c", 0), *u = compile("(?:\u0436|x)+y+", PATTERN_UTF);
	char text[400], cyrillic[801];

	(void)state;
	for (size_t at = 1; at < 390; at++) {
		struct pattern_meter m;
		struct pattern_match match;

		memset(text, '.', sizeof(text));
		memcpy(text + at - 1, "xabababc", 8);
		assert_int_equal(run(p, slice_make(text, sizeof(text)), &m, &match), PATTERN_HIT);
		assert_int_equal(match.start, at);
		assert_int_equal(match.end, at + 7);
	}
	/* Windows of a UTF pattern begin at characters. */
	for (size_t at = 0; at < 399; at++) {
		struct pattern_meter m;
		struct pattern_match match;
		size_t n = 0;

		for (size_t i = 0; i < 400; i++) {
			memcpy(cyrillic + n, i == at ? "\u0436" : "\u0434", 2);
			n += 2;
			if (i == at)
				cyrillic[n++] = 'y';
		}
		assert_int_equal(run(u, slice_make(cyrillic, n), &m, &match), PATTERN_HIT);
		assert_int_equal(match.start, at * 2);
		assert_int_equal(match.end, at * 2 + 3);
	}
	pattern_unref(&p);
	pattern_unref(&u);
}

static void bytes_and_characters(void **state)
{
	struct pattern *bytes = compile("^.\xc3\xa9$", PATTERN_CASELESS),
		       *utf = compile("^\u00e9[ks]$", PATTERN_CASELESS | PATTERN_UTF);
	struct pattern_meter m;
	struct pattern_match match;

	(void)state;
	assert_int_equal(run(bytes, SLICE("x\xc3\xa9"), &m, &match), PATTERN_HIT);
	assert_int_equal(run(bytes, SLICE("x\xc3\x89"), &m, &match), PATTERN_MISS);
	assert_int_equal(run(utf, SLICE("\u00c9\u212a"), &m, &match), PATTERN_HIT);
	assert_int_equal(run(utf, SLICE("\u00c9\u017f"), &m, &match), PATTERN_HIT);
	/* Broken text is no match and no error. */
	assert_int_equal(run(utf, SLICE("\xc3\xff\xc9s"), &m, &match), PATTERN_MISS);
	pattern_unref(&bytes);
	pattern_unref(&utf);
}

static void *hammer(void *arg)
{
	struct pattern *p = arg;

	for (int i = 0; i < 2000; i++) {
		struct pattern_meter m;
		struct pattern_match match;

		if (run(p, SLICE("xx abab"), &m, &match) != PATTERN_HIT)
			return arg;
	}
	pattern_unref(&p);
	return NULL;
}

/* The first run makes machine code while others want the same pattern; the last reference frees it. */
static void threads_share_a_pattern(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		struct pattern *p = compile("(?:ab)+", 0);
		pthread_t t[4];

		for (size_t i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&t[i], NULL, hammer, pattern_ref(p)), 0);
		pattern_unref(&p);
		for (size_t i = 0; i < 4; i++) {
			void *failed;

			pthread_join(t[i], &failed);
			assert_null(failed);
		}
	}
}

struct served {
	struct pattern *p;
	atomic_bool done;
};

static void *serve(void *arg)
{
	struct served *s = arg;
	struct pattern_meter m;
	struct pattern_match at;
	int64_t cpu_us = 0;
	enum pattern_result result;

	pattern_meter_start(&m, INT64_MAX, INT64_MAX);
	result = pattern_run(s->p, SLICE("x"), 0, false, &m, &cpu_us, &at);
	atomic_store(&s->done, true);
	return result == PATTERN_HIT ? NULL : s;
}

static long slept(void)
{
	struct rusage u;

	assert_int_equal(getrusage(RUSAGE_THREAD, &u), 0);
	return u.ru_nvcsw;
}

/* The machine code of a pattern of this size takes some ten milliseconds. Who looks at the pattern meanwhile has to wait, and sleeps; nothing else
 * makes such a call sleep. */
static void looking_waits_for_the_machine_code(void **state)
{
	char text[30000];
	size_t len = 0;
	bool waited = false;

	(void)state;
	for (int i = 0; len < sizeof(text) - 40; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "|(?:a%d.*?b)?", i);
	for (int tries = 0; tries < 20 && !waited; tries++) {
		struct served s = { compile(text, 0), false };
		pthread_t thread;
		void *failed;

		assert_int_equal(pthread_create(&thread, NULL, serve, &s), 0);
		while (!atomic_load(&s.done)) {
			long before = slept();
			assert_true(pattern_matches_empty(s.p));
			waited = waited || slept() > before;
		}
		pthread_join(thread, &failed);
		assert_null(failed);
		pattern_unref(&s.p);
	}
	assert_true(waited);
}

/* ---- windows beside one search ---------------------------------------------------------------------------------- */

enum { COMPARED_PATTERNS = 1200, COMPARED_TEXTS = 4 };

/* What a search finds, as often as it can: how many, and a hash of where. -1: it could not be run to its end. */
struct found {
	long count;
	uint64_t places;
};

static void found_add(struct found *f, size_t start, size_t end)
{
	f->count++;
	f->places = f->places * 31 + start * 7 + end;
}

static struct found by_pcre2(const pcre2_code *code, struct slice text)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	struct found f = { 0 };
	uint32_t empty = 0;

	pcre2_set_match_limit(context, PATTERN_MATCH_LIMIT);
	for (size_t from = 0; from <= text.len;) {
		int rc = pcre2_match(code, (PCRE2_SPTR)text.ptr, text.len, from, empty, data, context);
		PCRE2_SIZE *v = pcre2_get_ovector_pointer(data);

		if (rc < 0) {
			f.count = rc == PCRE2_ERROR_NOMATCH ? f.count : -1;
			break;
		}
		found_add(&f, v[0] <= v[1] ? v[0] : v[1], v[1]);
		if (v[1] < from)
			break;
		empty = v[1] == v[0] || v[1] == from ? PCRE2_NOTEMPTY_ATSTART : 0;
		from = v[1];
	}
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	return f;
}

static struct found by_windows(struct pattern *p, struct slice text)
{
	struct pattern_meter m;
	struct found f = { 0 };
	bool not_empty = false;
	int64_t cpu_us = 0;

	pattern_meter_start(&m, 600000000, 600000000);
	for (size_t from = 0; from <= text.len;) {
		struct pattern_match at;
		enum pattern_result result = pattern_run(p, text, from, not_empty, &m, &cpu_us, &at);

		if (result != PATTERN_HIT) {
			f.count = result == PATTERN_MISS ? f.count : -1;
			break;
		}
		found_add(&f, at.start, at.end);
		if (at.end < from)
			break;
		not_empty = at.end == at.start || at.end == from;
		from = at.end;
	}
	return f;
}

static void make_pattern(char *out)
{
	static const char *const pieces[] = { ".*", ".*?", ".+", "a", "b", "\\n", "(?:a|b)*", "(?:ab)+", "x*", "^", "$", "\\b", ".*+", "(?>.*)", "(a*)*",
					      "[^a]*", "(?<=a)", "(?<!\\n)", "(\\w)\\1", "(?=.*b)", "(?!.*a)", "\\s*", "(?:.*\\n)?", "\\A", "\\Z", "(?m:^)",
					      "(?s:.*)", "(?s:.)*", "\\K", "|", "\\R", "\\N*", "\xc3\xb6", "\\X", "(*PRUNE)", "(*THEN)", "\\W*", "(.*)\\1", "(?i)A" };
	enum { PIECES = sizeof(pieces) / sizeof(*pieces) };

	*out = '\0';
	/* What begins with .* is where windows can go wrong. */
	if (below(3) == 0)
		strcat(out, pieces[below(2)]);
	for (unsigned i = 1 + below(5); i > 0; i--)
		strcat(out, pieces[below(PIECES)]);
}

static size_t make_text(char *out, size_t len, bool broken)
{
	size_t n = 0;

	while (n + 2 < len) {
		unsigned what = below(12);

		if (broken && below(10) == 0) {
			out[n++] = (char)(0x80 + below(0x7f));
		} else if (what == 1) {
			out[n++] = (char)0xc3;
			out[n++] = (char)0xb6;
		} else {
			out[n++] = what == 0 ? '\n' : "aabbx 1"[below(7)];
		}
	}
	return n;
}

/*
 * The windows find what one search with machine code finds, where and as often; on broken UTF-8 too, where PCRE2's interpreter and
 * its machine code are not of one mind.
 */
static void windows_are_one_search(void **state)
{
	size_t compared = 0, matches = 0;

	(void)state;
	for (unsigned i = 0; i < COMPARED_PATTERNS; i++) {
		static const uint32_t options[] = { PCRE2_CASELESS, PCRE2_MULTILINE, PCRE2_DOTALL };
		pcre2_compile_context *context = pcre2_compile_context_create(NULL);
		uint32_t o = PCRE2_DUPNAMES | PCRE2_NEVER_BACKSLASH_C;
		unsigned flags;
		struct pattern *p;
		pcre2_code *code;
		struct error e;
		char text[400];
		size_t at;
		int why;

		seed = 2463534242u + i * 7919;
		make_pattern(text);
		flags = below(8) | (below(3) == 0 ? PATTERN_UTF : 0);
		for (size_t k = 0; k < 3; k++)
			o |= flags & (1u << k) ? options[k] : 0;
		o |= flags & PATTERN_UTF ? PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF : 0;
		pcre2_set_newline(context, PCRE2_NEWLINE_LF);
		code = pcre2_compile((PCRE2_SPTR)text, strlen(text), o, &why, &at, context);
		pcre2_compile_context_free(context);
		if (code == NULL || pattern_compile(slice_of(text), flags, &p, &at, &e) != ERR_OK) {
			pcre2_code_free(code);
			continue;
		}
		assert_int_equal(pcre2_jit_compile(code, PCRE2_JIT_COMPLETE), 0);
		for (int k = 0; k < COMPARED_TEXTS; k++) {
			char subject[1400];
			size_t len = make_text(subject, k == 0 ? 1100 + below(200) : below(80), k % 2 == 1);
			struct found want = by_pcre2(code, slice_make(subject, len)), is = by_windows(p, slice_make(subject, len));

			if (want.count < 0 || is.count < 0)
				continue;
			if (want.count != is.count || want.places != is.places)
				print_error("/%s/ with %x: %ld matches, PCRE2 has %ld\n", text, flags, is.count, want.count);
			assert_true(want.count == is.count && want.places == is.places);
			compared++;
			matches += (size_t)want.count;
		}
		pcre2_code_free(code);
		pattern_unref(&p);
	}
	assert_true(compared > COMPARED_PATTERNS && matches > compared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_matches_the_empty_string),
		cmocka_unit_test(refuses_braces_that_perl_warns_of),
		cmocka_unit_test(refuses),
		cmocka_unit_test(says_where),
		cmocka_unit_test(knows_the_risky),
		cmocka_unit_test(runs_in_windows),
		cmocka_unit_test(a_limit_is_an_error),
		cmocka_unit_test(a_spent_budget_is_an_error),
		cmocka_unit_test(windows_lose_nothing),
		cmocka_unit_test(bytes_and_characters),
		cmocka_unit_test(threads_share_a_pattern),
		cmocka_unit_test(looking_waits_for_the_machine_code),
		cmocka_unit_test(windows_are_one_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
