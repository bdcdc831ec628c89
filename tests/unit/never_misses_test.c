/*
 * The literal index never loses a match: generations of generated patterns scanned with the index, beside plain PCRE2,
 * pattern by pattern and text by text, by an oracle that shares no code with compose, literals, grams, fold, scan or
 * pattern. It reads the very elements that were scanned. Counts must be equal, not only hits.
 *
 * Patterns and texts come from a seed. NEVER_MISSES=N in the environment makes N rounds (10 otherwise) and prints how
 * many matches were compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "spam/pattern.h"
#include "spam/scan.h"
#include "text/unicode.h"
#include "random.h"

enum { RULES = 120, TEXTS = 12, ROUNDS = 10, PATTERN_BYTES = 400, CASE_PAIRS_MAX = 4000 };

/* Letters that are each other's other case, all that Unicode's simple folding knows: found by the matcher itself. */
static struct {
	char a[5], b[5];
} pairs[CASE_PAIRS_MAX];
static size_t pair_count;

static size_t put_utf8(unsigned cp, char out[5])
{
	struct str s;
	size_t n;

	str_init(&s, 8);
	str_addu(&s, cp);
	n = s.len;
	memcpy(out, str_c(&s), n + 1);
	str_fini(&s);
	return n;
}

static void add_pair(unsigned a, unsigned b)
{
	put_utf8(a, pairs[pair_count].a);
	put_utf8(b, pairs[pair_count++].b);
}

static void find_pairs(void)
{
	/* Those whose full folding is more than one letter, so that it does not tell the other. */
	static const unsigned special[][2] = { { 0x1e9e, 0xdf },   { 0xfb05, 0xfb06 }, { 0x390, 0x1fd3 },  { 0x3b0, 0x1fe3 },
					       { 0x1fb3, 0x1fbc }, { 0x1fc3, 0x1fcc }, { 0x1ff3, 0x1ffc } };

	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
		add_pair(special[i][0], special[i][1]);
	for (unsigned cp = 0x1f80; cp < 0x1fb0; cp++)
		add_pair(cp, cp ^ 8);
	for (unsigned cp = 0x80; cp < 0x1f000; cp++) {
		struct str folded;
		char self[5];

		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		put_utf8(cp, self);
		str_init(&folded, 64);
		unicode_nfkc_fold(slice_of(self), &folded);
		/* One letter that becomes another one: enough to name a pair; PCRE2 decides whether it is one. */
		if (folded.len > 0 && folded.len <= 4 && strcmp(str_c(&folded), self) != 0 && pair_count < CASE_PAIRS_MAX) {
			memcpy(pairs[pair_count].a, self, 5);
			snprintf(pairs[pair_count].b, 5, "%s", str_c(&folded));
			pair_count++;
		}
		str_fini(&folded);
	}
}

static const char *const words[] = { "river", "stone", "cloud", "KING", "silk", "mask", "street", "a1b2", "x-ray", "o'clock",
				     "gr\xc3\xb6\xc3\x9f" "e", "\xd0\xbf\xd1\x80\xd0\xb8", "\xd0\x9f\xd0\xa0\xd0\x98", "\xe4\xbe\xa1",
				     "\xe2\x84\xaa" "ing", "\xc5\xbf" "ilk", "\xc3\x85", "ee", "aaaa", "ab", "q" };
enum { WORDS = sizeof(words) / sizeof(*words) };

static void add_word(struct str *s, bool utf)
{
	if (utf && below(4) == 0 && pair_count > 0) {
		size_t p = below((uint32_t)pair_count);

		str_adds(s, below(2) ? pairs[p].a : pairs[p].b);
		str_adds(s, below(2) ? "x" : "");
		return;
	}
	for (const char *w = words[below(WORDS)]; *w != '\0'; w++) {
		if (below(12) == 0)
			break;
		str_addc(s, below(8) == 0 && *w >= 'a' && *w <= 'z' ? (char)(*w - 32) : *w);
	}
}

static void add_piece(struct str *s, int depth, bool utf)
{
	static const char *const repeats[] = { "+", "*", "?", "{2}", "{1,3}", "{0,2}", "{,2}", "+?", "*?", "?+", "{2,}" };
	static const char *const classes[] = { "\\d", "\\w", "\\s", "[a-k]", "[^aeiou]", ".", "\\S", "[[:alpha:]]", "\\W", "[r\xc3\xb6]",
					       "[0-9]", "[\\w.-]", "[\\x80-\\xff]", "[-'1-3]" };

	switch (below(depth > 2 ? 6 : 19)) {
	case 0: case 1: case 2:
		add_word(s, utf);
		break;
	case 3:
		str_adds(s, "\\b");
		add_word(s, utf);
		break;
	case 4:
		str_adds(s, classes[below(sizeof(classes) / sizeof(*classes))]);
		if (below(2))
			str_adds(s, repeats[below(sizeof(repeats) / sizeof(*repeats))]);
		break;
	case 5:
		str_adds(s, below(2) ? "\\s+" : " ");
		add_word(s, utf);
		break;
	case 6: case 7: case 8:
		str_adds(s, below(4) == 0 ? "(" : below(6) == 0 ? "(?i:" : below(8) == 0 ? "(?>" : "(?:");
		for (unsigned i = 1 + below(4); i > 0; i--) {
			add_piece(s, depth + 1, utf);
			str_adds(s, i > 1 ? "|" : "");
		}
		str_adds(s, ")");
		if (below(4) == 0)
			str_adds(s, repeats[below(sizeof(repeats) / sizeof(*repeats))]);
		break;
	case 9:
		str_adds(s, "(?=");
		add_piece(s, depth + 1, utf);
		str_adds(s, ")");
		break;
	case 10:
		str_adds(s, "(?!");
		add_word(s, utf);
		str_adds(s, ")");
		break;
	case 11:
		str_adds(s, below(2) ? "(?<=e)" : "(?<!x)");
		break;
	case 12:
		str_adds(s, "(\\w)\\1");
		break;
	case 13:
		str_adds(s, below(3) == 0 ? "(?-i)" : "(?i)");
		add_word(s, utf);
		break;
	case 14:
		str_adds(s, "\\Q");
		add_word(s, utf);
		str_adds(s, "\\E");
		break;
	case 15:
		str_adds(s, below(2) ? "\\x{6b}" : "\\x6B");
		break;
	case 16:
		str_adds(s, below(2) ? "^" : below(2) ? "$" : "\\A");
		break;
	case 17: /* no letters at all: only what its outline must hold tells of it */
		s->len = depth == 0 ? 0 : s->len;
		for (unsigned i = 2 + below(4); i > 0; i--) {
			str_adds(s, classes[below(sizeof(classes) / sizeof(*classes))]);
			str_adds(s, below(2) ? repeats[below(sizeof(repeats) / sizeof(*repeats))] : "");
		}
		break;
	default:
		str_adds(s, "(?(?=s)silk|river)");
	}
}

struct rule_made {
	char pattern[PATTERN_BYTES + 1];
	bool caseless, multiline, dotall, extended, utf, jit;
	pcre2_code *code;
	size_t matches;
};

/* {,2} is Perl's {0,2}: the only thing that the oracle must be told in PCRE2's own words. */
static void perl_to_pcre(const char *from, char *to)
{
	for (; *from != '\0'; from++) {
		*to++ = *from;
		if (from[0] == '{' && from[1] == ',')
			*to++ = '0';
	}
	*to = '\0';
}

static bool make_rule(struct rule_made *r)
{
	char own[PATTERN_BYTES * 2];
	uint32_t options = PCRE2_DUPNAMES | PCRE2_NEVER_BACKSLASH_C;
	pcre2_compile_context *context;
	PCRE2_SIZE at;
	struct str s;
	int code;

	memset(r, 0, sizeof(*r));
	r->utf = below(3) == 0;
	r->caseless = below(2);
	r->multiline = below(5) == 0;
	r->dotall = below(5) == 0;
	r->extended = below(8) == 0;
	str_init(&s, PATTERN_BYTES);
	if (below(5) > 0)
		add_word(&s, r->utf);
	for (unsigned i = 1 + below(3); i > 0; i--)
		add_piece(&s, 0, r->utf);
	if (str_failed(&s) || s.len == 0 || pattern_stray_brace(str_slice(&s), r->extended) != SIZE_MAX || strpbrk(str_c(&s), "/#\n") != NULL || str_c(&s)[0] == ' ' || str_c(&s)[s.len - 1] == ' ') {
		str_fini(&s);
		return false;
	}
	memcpy(r->pattern, str_c(&s), s.len + 1);
	str_fini(&s);
	options |= r->utf ? PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF : PCRE2_NEVER_UTF | PCRE2_NEVER_UCP;
	options |= r->caseless ? PCRE2_CASELESS : 0;
	options |= r->multiline ? PCRE2_MULTILINE : 0;
	options |= r->dotall ? PCRE2_DOTALL : 0;
	options |= r->extended ? PCRE2_EXTENDED : 0;
	perl_to_pcre(r->pattern, own);
	context = pcre2_compile_context_create(NULL);
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	r->code = pcre2_compile((PCRE2_SPTR)own, strlen(own), options, &code, &at, context);
	pcre2_compile_context_free(context);
	return r->code != NULL;
}

/* Perl's //g: an empty match is not taken twice at one place. -1: it could not be run to its end. */
static long count_matches(pcre2_code *code, struct slice text, uint32_t options)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	size_t from = 0;
	long n = 0;
	uint32_t empty = 0;

	pcre2_set_match_limit(context, 10000000);
	while (from <= text.len) {
		PCRE2_SIZE *v;
		int rc = pcre2_match(code, (PCRE2_SPTR)text.ptr, text.len, from, empty | options, data, context);

		if (rc < 0) {
			n = rc == PCRE2_ERROR_NOMATCH ? n : -1;
			break;
		}
		v = pcre2_get_ovector_pointer(data);
		n++;
		if (v[1] < from)
			break;
		empty = v[1] == v[0] || v[1] == from ? PCRE2_NOTEMPTY_ATSTART : 0;
		from = v[1];
	}
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	return n;
}

static void make_text(struct str *s)
{
	unsigned n = 5 + below(120);
	bool broken = below(3) == 0;

	if (below(4) == 0)
		n = 500 + below(600); /* so that elements are cut at 2 kB */
	for (unsigned i = 0; i < n; i++) {
		add_word(s, true);
		if (broken && below(30) == 0)
			str_addc(s, (char)(0x80 + below(0x7f)));
		str_adds(s, below(15) == 0 ? "\n\n" : below(12) == 0 ? "\n" : below(6) == 0 ? "" : " ");
	}
}

static size_t compared;

static void one_round(void)
{
	struct rule_made *made = calloc(RULES, sizeof(*made));
	struct ruleset_options o = { .always_max = RULES };
	struct ruleset *r = NULL;
	struct cf_source source = { SLICE("a.cf"), SLICE_NONE };
	struct cf_errors errs;
	struct error e;
	struct str cf;

	str_init(&cf, 4 << 20);
	for (size_t i = 0; i < RULES; i++) {
		while (!make_rule(&made[i]))
			pcre2_code_free(made[i].code);
		str_addf(&cf, "rawbody R%zu /%s/%s%s%s%s\ntflags R%zu multiple%s\n", i, made[i].pattern, made[i].caseless ? "i" : "",
			 made[i].multiline ? "m" : "", made[i].dotall ? "s" : "", made[i].extended ? "x" : "", i,
			 made[i].utf ? " utf" : "");
	}
	source.text = str_slice(&cf);
	cf_errors_init(&errs);
	if (ruleset_build(&source, 1, &o, &r, &errs, &e) != ERR_OK)
		for (size_t i = 0; i < errs.count; i++)
			if (!errs.list[i].notice)
				print_error("%u: %s: %s\n", errs.list[i].line, errs.list[i].message,
					    made[(errs.list[i].line - 1) / 2 % RULES].pattern);
	assert_non_null(r);
	for (int t = 0; t < TEXTS; t++) {
		struct scan_options so = { .budget_us = 60000000, .rule_budget_us = 60000000 };
		struct arena *a = arena_new(256 << 20);
		struct surface_input in = { 0 };
		struct surfaces s;
		struct scan_result out;
		struct str text;
		bool valid;

		str_init(&text, 1 << 20);
		make_text(&text);
		valid = utf8_valid(str_slice(&text));
		in.body = str_slice(&text);
		assert_int_equal(surface_build(a, &in, &s, &e), ERR_OK);
		assert_int_equal(scan_run(r, &s, &so, a, &out, &e), ERR_OK);
		for (size_t i = 0; i < RULES; i++) {
			char name[24];
			long want = 0;
			bool trouble = false;
			size_t at;

			/* On broken UTF-8 PCRE2's interpreter and its machine code differ: there the oracle runs what we run. */
			if (made[i].utf && !valid && !made[i].jit) {
				(void)pcre2_jit_compile(made[i].code, PCRE2_JIT_COMPLETE);
				made[i].jit = true;
			}
			snprintf(name, sizeof(name), "R%u", (unsigned)i);
			at = (size_t)ruleset_find(r, slice_of(name));
			for (size_t k = 0; k < out.error_count; k++)
				trouble = trouble || out.errors[k].rule == at;
			for (size_t k = 0; k < s.of[SURFACE_RAWBODY].count && !trouble; k++) {
				long n = count_matches(made[i].code, s.of[SURFACE_RAWBODY].list[k].text, valid ? PCRE2_NO_JIT : 0);

				trouble = n < 0;
				want += n;
			}
			if (trouble) /* told of as an error, which is no miss */
				continue;
			if (out.values[at] != (double)want)
				print_error("/%s/%s%s%s%s%s: %g matches, PCRE2 has %ld\n", made[i].pattern,
					    made[i].caseless ? "i" : "", made[i].multiline ? "m" : "",
					    made[i].dotall ? "s" : "", made[i].extended ? "x" : "",
					    made[i].utf ? " utf" : "", out.values[at], want);
			assert_true(out.values[at] == (double)want);
			compared += (size_t)want;
		}
		str_fini(&text);
		arena_free(&a);
	}
	for (size_t i = 0; i < RULES; i++)
		pcre2_code_free(made[i].code);
	ruleset_unref(&r);
	cf_errors_fini(&errs);
	str_fini(&cf);
	free(made);
}

static void generated_patterns(void **state)
{
	const char *rounds = getenv("NEVER_MISSES");
	unsigned long n = rounds != NULL ? strtoul(rounds, NULL, 10) : ROUNDS;

	(void)state;
	find_pairs();
	assert_true(pair_count > 1000);
	for (unsigned long i = 0; i < n; i++) {
		seed = 2463534242u + (uint32_t)i * 7919;
		one_round();
	}
	/* Or nothing was compared at all. */
	assert_true(compared > n * 100);
	print_message("# never misses: %lu patterns on %d texts each, %zu matches compared, 0 missed\n", n * RULES, TEXTS, compared);
}

/* Every caseless letter finds its other case, in a generation of all of them. */
static void every_case_pair(void **state)
{
	struct ruleset_options o = { .always_max = CASE_PAIRS_MAX };
	struct arena *a = arena_new(256 << 20);
	struct cf_source source = { SLICE("a.cf"), SLICE_NONE };
	struct ruleset *r = NULL;
	struct cf_errors errs;
	struct surface_input in = { 0 };
	struct surfaces s;
	struct scan_result out;
	struct error e;
	struct str cf, text;
	size_t found = 0;

	(void)state;
	str_init(&cf, 4 << 20);
	str_init(&text, 4 << 20);
	for (size_t i = 0; i < pair_count; i++) {
		str_addf(&cf, "rawbody P%zu /zq%sqz/i\ntflags P%zu utf\n", i, pairs[i].a, i);
		str_addf(&text, "zQ%sqZ\n", pairs[i].b);
	}
	source.text = str_slice(&cf);
	cf_errors_init(&errs);
	assert_int_equal(ruleset_build(&source, 1, &o, &r, &errs, &e), ERR_OK);
	in.body = str_slice(&text);
	assert_int_equal(surface_build(a, &in, &s, &e), ERR_OK);
	assert_int_equal(scan_run(r, &s, &(struct scan_options){ .budget_us = 60000000 }, a, &out, &e), ERR_OK);
	for (size_t i = 0; i < pair_count; i++) {
		char pattern[32], name[24];
		int code;
		PCRE2_SIZE at;
		pcre2_code *c;
		long want = 0;

		snprintf(pattern, sizeof(pattern), "zq%.4sqz", pairs[i].a);
		snprintf(name, sizeof(name), "P%u", (unsigned)i);
		c = pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern), PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS, &code, &at, NULL);
		assert_non_null(c);
		for (size_t k = 0; k < s.of[SURFACE_RAWBODY].count && want == 0; k++)
			want = count_matches(c, s.of[SURFACE_RAWBODY].list[k].text, 0);
		pcre2_code_free(c);
		if ((out.values[ruleset_find(r, slice_of(name))] != 0) != (want != 0))
			print_error("%s and %s\n", pairs[i].a, pairs[i].b);
		assert_int_equal(out.values[ruleset_find(r, slice_of(name))] != 0, want != 0);
		found += want != 0;
	}
	assert_true(found > 1000);
	ruleset_unref(&r);
	cf_errors_fini(&errs);
	str_fini(&cf);
	str_fini(&text);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generated_patterns),
		cmocka_unit_test(every_case_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
