/*
 * The literal index may never lose a match that PCRE2 finds: generated patterns and texts that are made to match them,
 * in bytes and in UTF-8, with case pairs that change their length (the long s, the Kelvin sign).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "spam/fold.h"
#include "spam/grams.h"
#include "spam/literals.h"
#include "spam/pattern.h"
#include "spam/scan.h"

enum { PATTERNS = 40000, SAMPLES = 12 };

static uint64_t seed;

static unsigned below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* ---- patterns with a text that matches ------------------------------------------------------------------------- */

/* Letters in sets of case: any of a set may stand for any other without regard to case. */
static const char *const letters[][4] = {
	{ "a", "A" },
	{ "b", "B" },
	{ "e", "E" },
	{ "s", "S", "\u017f" },
	{ "k", "K", "\u212a" },
	{ "t", "T" },
	{ "x", "X" },
	{ "1" },
	{ " " },
	{ "\u00e9", "\u00c9" },
	{ "\u0434", "\u0414", "\u1c81" },
	{ "\u044f", "\u042f" },
	{ "\u00df", "\u1e9e" },
	{ "\u03c3", "\u03a3", "\u03c2" },
	{ "\u4e2d" },
	{ "\u00b5", "\u03bc", "\u039c" },
};
enum { LETTERS = sizeof(letters) / sizeof(*letters), ASCII_LETTERS = 9 };

struct maker {
	struct str pattern, sample;
	bool utf, caseless, extended;
	int depth;
};

static const char *variant(const struct maker *m, unsigned letter, unsigned kept)
{
	unsigned n = 1;

	while (n < 4 && letters[letter][n] != NULL)
		n++;
	if (!m->caseless)
		return letters[letter][kept % n];
	/* Byte patterns know ASCII pairs only. */
	if (!m->utf)
		return letters[letter][letter < 7 ? below(2) : 0];
	return letters[letter][below(n)];
}

static unsigned letter(const struct maker *m)
{
	return below(m->utf || below(4) == 0 ? LETTERS : ASCII_LETTERS);
}

static void alternatives(struct maker *m);

static void quantified(struct maker *m, size_t pattern_from, size_t sample_from)
{
	static const char *const q[] = { "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "+?", "++" };
	static const unsigned least[] = { 0, 1, 0, 2, 1, 0, 2, 0, 1, 1 }, more[] = { 3, 3, 1, 0, 2, 2, 2, 3, 3, 1 };
	unsigned k = below(10), times = least[k] + below(more[k] + 1);
	char once[400];
	size_t len = m->sample.len - sample_from;

	(void)pattern_from;
	str_adds(&m->pattern, q[k]);
	if (len > sizeof(once))
		return;
	memcpy(once, str_c(&m->sample) + sample_from, len);
	m->sample.len = sample_from;
	for (unsigned i = 0; i < times; i++)
		str_add(&m->sample, slice_make(once, len));
}

static void item(struct maker *m)
{
	size_t p = m->pattern.len, s = m->sample.len;
	unsigned l = letter(m), kept = below(3), quantify = below(4) == 0;

	switch (below(m->depth > 3 ? 9 : 16)) {
	case 0: { /* a class */
		unsigned n = 1 + below(3), pick = below(n);

		str_adds(&m->pattern, "[");
		for (unsigned i = 0; i < n; i++) {
			unsigned c = below(ASCII_LETTERS - 1);

			str_adds(&m->pattern, variant(m, c, 0));
			if (i == pick)
				str_adds(&m->sample, variant(m, c, 0));
		}
		if (!m->caseless) { /* the sample must be the member itself */
			m->pattern.len = p;
			m->sample.len = s;
			str_addf(&m->pattern, "[%s1]", letters[l % ASCII_LETTERS][0]);
			str_adds(&m->sample, letters[l % ASCII_LETTERS][0]);
			break;
		}
		str_adds(&m->pattern, "]");
		break;
	}
	case 1:
		str_adds(&m->pattern, below(2) ? "." : "\\S");
		str_adds(&m->sample, "z");
		break;
	case 2:
		str_adds(&m->pattern, below(2) ? "[a-c]" : "[^q]");
		str_adds(&m->sample, "b");
		break;
	case 5: {
		static const char *const types[][2] = { { "\\d", "7" },	 { "[0-9]", "2" },  { "[\\w.-]", "-" }, { "\\s", " " },
							{ "[A-F\\d]", "E" }, { "[+*-]", "*" }, { "[\\x30-\\x32]", "1" } };
		unsigned k = below(7);

		str_adds(&m->pattern, types[k][0]);
		str_adds(&m->sample, types[k][1]);
		l = 0;
		break;
	}
	case 3:
		str_adds(&m->pattern, "\\x41");
		str_adds(&m->sample, m->caseless ? letters[0][below(2)] : "A");
		break;
	case 4:
		str_adds(&m->pattern, below(2) ? "(?#words)" : "\\b{0}");
		quantify = 0;
		break;
	case 9:
	case 10:
	case 11:
		str_adds(&m->pattern, below(3) == 0 ? "(" : below(2) ? "(?:" : "(?<n>");
		m->depth++;
		alternatives(m);
		m->depth--;
		str_adds(&m->pattern, ")");
		break;
	case 12:
		str_adds(&m->pattern, below(2) ? "(?=" : "(?!zzzz");
		str_adds(&m->pattern, below(2) ? "|)" : "|.|)");
		quantify = 0;
		break;
	case 13:
		str_addf(&m->pattern, "\\Q%s.\\E", letters[l % ASCII_LETTERS][0]);
		str_addf(&m->sample, "%s.", letters[l % ASCII_LETTERS][0]);
		quantify = 0;
		break;
	default:
		if (m->extended && l == 8) {
			str_adds(&m->pattern, "\\ ");
			str_adds(&m->sample, " ");
			break;
		}
		str_adds(&m->pattern, letters[l][0]);
		str_adds(&m->sample, variant(m, l, 0));
		if (m->extended && below(3) == 0)
			str_adds(&m->pattern, " ");
		(void)kept;
	}
	/* A quantifier behind a two-byte letter holds for its last byte only in byte patterns. */
	if (quantify && (m->utf || l < ASCII_LETTERS))
		quantified(m, p, s);
}

static void sequence(struct maker *m)
{
	for (unsigned i = 0, n = 1 + below(6); i < n; i++)
		item(m);
}

static void alternatives(struct maker *m)
{
	unsigned n = 1 + (below(3) == 0) * below(4), pick = below(n);

	for (unsigned i = 0; i < n; i++) {
		size_t s = m->sample.len;
		char kept[2000];
		size_t len;

		if (i > 0)
			str_adds(&m->pattern, "|");
		sequence(m);
		if (i == pick)
			continue;
		/* Not the chosen one: forget its sample. */
		len = m->sample.len - s;
		if (len < sizeof(kept))
			m->sample.len = s;
	}
}

static bool holds_literal(struct slice folded, const struct literals *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (memmem(folded.ptr, folded.len, l->list[i].ptr, l->list[i].len) != NULL)
			return true;
	return false;
}

static unsigned flags_of(const struct maker *m)
{
	return (m->utf ? PATTERN_UTF : 0) | (m->caseless ? PATTERN_CASELESS : 0) | (m->extended ? PATTERN_EXTENDED : 0);
}

/* A match has the pattern's literals, or else what its outline must hold. */
static void assert_found(const struct maker *m, struct arena *a, const struct literals *l, struct slice subject)
{
	struct literals outline = literals_outline(a, str_slice(&m->pattern), flags_of(m));
	char folded[4096];
	size_t n = subject.len;

	if (m->utf)
		n = fold_utf(subject, folded);
	else
		fold_bytes(subject, folded);
	if (l->count > 0 && !holds_literal(slice_make(folded, n), l))
		fail_msg("lost: /%s/ flags %u in \"%.*s\"", str_c(&m->pattern), flags_of(m), SLICE_ARG(subject));
	fold_outline(subject, folded);
	if (outline.count > 0 && !holds_literal(slice_make(folded, subject.len), &outline))
		fail_msg("outline lost: /%s/ flags %u in \"%.*s\"", str_c(&m->pattern), flags_of(m), SLICE_ARG(subject));
}

static void make(struct maker *m, uint64_t from)
{
	seed = from;
	str_reset(&m->pattern);
	str_reset(&m->sample);
	m->utf = below(2);
	m->caseless = below(3) > 0;
	m->extended = below(6) == 0;
	m->depth = 0;
	if (below(8) == 0) {
		str_adds(&m->pattern, "(?i)");
		m->caseless = true;
	}
	alternatives(m);
}

static void never_loses_a_match(void **state)
{
	struct arena *a = arena_new(16 << 20);
	struct maker m;
	size_t matches = 0, with_literals = 0, with_outline = 0;

	(void)state;
	str_init(&m.pattern, 1 << 16);
	str_init(&m.sample, 1 << 20);
	for (uint64_t i = 0; i < PATTERNS; i++) {
		struct pattern *p;
		struct literals l;
		struct error e;
		size_t at;
		char text[4096];

		make(&m, i * 7919 + 17);
		if (pattern_compile(str_slice(&m.pattern), flags_of(&m), &p, &at, &e) != ERR_OK)
			continue;
		l = literals_derive(a, str_slice(&m.pattern), flags_of(&m));
		with_literals += l.count > 0;
		with_outline += literals_outline(a, str_slice(&m.pattern), flags_of(&m)).count > 0;
		for (unsigned k = 0; k < SAMPLES; k++) {
			struct pattern_meter meter;
			struct pattern_match match;
			int64_t cpu_us = 0;
			struct slice subject;
			size_t n;

			if (k > 0) { /* the same pattern again, another sample */
				struct slice before = arena_slice(a, str_slice(&m.pattern));
				uint64_t kept = seed;

				make(&m, i * 7919 + 17);
				assert_true(slice_eq(before, str_slice(&m.pattern)));
				seed = kept + k;
			}
			n = (size_t)snprintf(text, sizeof(text), "%s%.*s%s",
					     k % 3 == 0   ? "ab "
					     : k % 3 == 1 ? ""
							  : "\u017f",
					     m.sample.len > 2000 ? 2000 : (int)m.sample.len, str_c(&m.sample),
					     k % 2 ? " z" : "");
			/* From the third on, one byte is damaged. */
			if (k > 1 && n > 0)
				text[below((unsigned)n)] = "aksSK \xe9\xd0"[below(8)];
			subject = slice_make(text, n);
			pattern_meter_start(&meter, 1000000, 1000000);
			if (pattern_run(p, subject, 0, false, &meter, &cpu_us, &match) != PATTERN_HIT)
				continue;
			matches++;
			assert_found(&m, a, &l, subject);
		}
		pattern_unref(&p);
		arena_reset(a);
	}
	/* The test would prove nothing if nothing matched or nothing had literals. */
	print_message("# %zu matches, %zu of %d patterns with literals, %zu with an outline\n", matches, with_literals, PATTERNS, with_outline);
	assert_true(matches > PATTERNS * 3);
	assert_true(with_literals > PATTERNS / 3);
	assert_true(with_outline > PATTERNS / 20);
	str_fini(&m.pattern);
	str_fini(&m.sample);
	arena_free(&a);
}

/* The whole way: generations of generated rules, scanned with the index and without it. */
static void index_and_loop_agree(void **state)
{
	struct maker m;
	size_t hits = 0;

	(void)state;
	str_init(&m.pattern, 1 << 16);
	str_init(&m.sample, 1 << 20);
	for (unsigned set = 0; set < 6; set++) {
		struct str cf, text;
		struct ruleset *r = NULL;
		struct cf_errors errs;
		struct error e;
		struct cf_source source;
		static const char *const surfaces[] = { "body", "rawbody", "uri", "norm", "full" };

		str_init(&cf, 1 << 20);
		str_init(&text, 1 << 16);
		for (uint64_t i = 0; i < 300; i++) {
			struct pattern *p;
			size_t at;

			make(&m, set * 1000003 + i * 31 + 5);
			if (memchr(str_c(&m.pattern), '#', m.pattern.len) != NULL ||
			    memchr(str_c(&m.pattern), '/', m.pattern.len) ||
			    pattern_compile(str_slice(&m.pattern), flags_of(&m), &p, &at, &e) != ERR_OK)
				continue;
			pattern_unref(&p);
			str_addf(&cf, "%s R%llu /%s/%s%s\ntflags R%llu%s%s\n", surfaces[i % 5], (unsigned long long)i,
				 str_c(&m.pattern), m.caseless ? "i" : "", m.extended ? "x" : "", (unsigned long long)i,
				 m.utf ? " utf" : "", i % 3 == 0 ? " multiple" : " noautolearn");
			str_addf(&text, "%s%s", str_c(&m.sample), i % 7 == 0 ? "\n\n" : " ");
		}
		source = (struct cf_source){ SLICE("r.cf"), str_slice(&cf) };
		cf_errors_init(&errs);
		assert_false(str_failed(&cf));
		assert_int_equal(
		    ruleset_build(&source, 1, &(struct ruleset_options){ .always_max = 100000 }, &r, &errs, &e),
		    ERR_OK);
		cf_errors_fini(&errs);
		for (unsigned part = 0; part < 20; part++) {
			struct arena *a = arena_new(64 << 20);
			size_t from = text.len * part / 20;
			struct slice body =
			    slice_make(str_c(&text) + from, text.len - from < 3000 ? text.len - from : 3000);
			struct slice uris[] = { slice_make(body.ptr, body.len < 80 ? body.len : 80),
						SLICE("http://kas.example/K") };
			struct surface_input in = {
				.title = SLICE("aK s"), .body = body, .norm = body, .uris = uris, .uri_count = 2
			};
			struct scan_options loop = { .no_index = true,
						     .budget_us = 60000000,
						     .rule_budget_us = 60000000 };
			struct scan_options index = { .budget_us = 60000000, .rule_budget_us = 60000000 };
			struct scan_result x, y;
			struct surfaces s;

			assert_int_equal(surface_build(a, &in, &s, &e), ERR_OK);
			assert_int_equal(scan_run(r, &s, &index, a, &x, &e), ERR_OK);
			assert_int_equal(scan_run(r, &s, &loop, a, &y, &e), ERR_OK);
			/* Rules in trouble may differ: the index spares some of them. */
			for (size_t i = 0; i < ruleset_count(r); i++) {
				bool trouble = false;

				for (size_t k = 0; k < y.error_count; k++)
					trouble = trouble || y.errors[k].rule == i;
				if (!trouble && x.values[i] != y.values[i])
					print_error("%.*s: %g with the index, %g without\n", SLICE_ARG(ruleset_rule(r, i)->text),
						    x.values[i], y.values[i]);
				assert_true(trouble || x.values[i] == y.values[i]);
				hits += x.values[i] != 0;
			}
			for (size_t i = 0, k = 0; i < x.hit_count && y.error_count == 0; i++, k++) {
				assert_int_equal(x.hits[i].rule, y.hits[k].rule);
				assert_int_equal(x.hits[i].span.element, y.hits[k].span.element);
				assert_int_equal(x.hits[i].span.offset, y.hits[k].span.offset);
				assert_int_equal(x.hits[i].span.length, y.hits[k].span.length);
			}
			assert_true(x.calls < y.calls);
			arena_free(&a);
		}
		ruleset_unref(&r);
		str_fini(&cf);
		str_fini(&text);
	}
	print_message("# %zu hits\n", hits);
	assert_true(hits > 1000);
	str_fini(&m.pattern);
	str_fini(&m.sample);
}

/* ---- what is derived ------------------------------------------------------------------------------------------- */

static void check_as(struct literals (*derive)(struct arena *, struct slice, unsigned), const char *pattern, unsigned flags, const char *want)
{
	struct arena *a = arena_new(1 << 20);
	struct literals l = derive(a, slice_of(pattern), flags);
	char got[512] = "";

	for (size_t i = 0; i < l.count; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%.*s", i > 0 ? "," : "",
			 SLICE_ARG(l.list[i]));
	if (strcmp(got, want) != 0)
		print_error("/%s/: %s\n", pattern, got);
	assert_string_equal(got, want);
	arena_free(&a);
}

static void check(const char *pattern, unsigned flags, const char *want)
{
	check_as(literals_derive, pattern, flags, want);
}

static void outline(const char *pattern, unsigned flags, const char *want)
{
	check_as(literals_outline, pattern, flags, want);
}

static void derives_outlines(void **state)
{
	(void)state;
	outline("\\d{4}", 0, "0000");
	outline("\\b[a-z]{5}\\d{2,4}\\b", 0, "aa00");
	outline("[a-z]{5}\\d{2,4}", PATTERN_CASELESS, "aa00");
	outline("\\w+@", 0, "a@,0@,_@");
	outline("[\\x80-\\xff]", 0, "\x80");
	outline("[+-\\/]{2}", 0, "++,+,,+-,+.,+/,,+,,,,,-,,.,,/,-+,-,,--,-.,-/,.+,.,,.-,..,./,/+,/,,/-,/.,//");
	outline("\\x01\\d", 0, "\x01"
				"0");
	outline("[a-z]+\\s[a-z]+", 0, "");
	outline("\\d*", 0, "");
	outline("\\d|[a-z]", 0, "");
	outline("[^0-9]\\d", 0, "0");
	outline("[[:digit:]]+", 0, "");
	outline("\\S\\D\\W.", 0, "");
	outline("\\d", PATTERN_UTF, "");
}

static void derives(void **state)
{
	(void)state;
	check("Viagra", 0, "viagra");
	check("cheap (?:pills|meds)", 0, "cheap pills,cheap meds");
	check("cheap.*(?:pills|meds)", 0, "cheap");
	check("(?:pills|)x?", 0, "");
	check("pills|[a-z]+", 0, "");
	check("\\bbuy\\b now$", 0, "buy now");
	check("b[uy]y", 0, "buy,byy");
	check("b[^u]yabc", 0, "yabc");
	check("ab+c", 0, "ab");
	check("x{3}", 0, "xxx");
	check("colou?r", 0, "colour,color");
	check("(?=foo)bar", 0, "bar");
	check("foo\\dbarbar", 0, "barbar");
	check("\\Qa.b\\E", 0, "a.b");
	check("a b#c", PATTERN_EXTENDED, "ab");
	check("\\x41\\x{42}", 0, "ab");
	check("\\d+", 0, "");
	check("(a)\\1", 0, "a");
	check("(?R)?abc", 0, "");
	check("abc(*ACCEPT)def", 0, "");
	check("(?(1)a|b)ccc", 0, "");
	check("(?x) a b c (?-x) d", 0, "abc d");
	check("\u00e9t\u00e9", PATTERN_UTF | PATTERN_CASELESS, "\u00c9T\u00c9");
	check("ma\u017fk", PATTERN_UTF | PATTERN_CASELESS, "MASK");
}

static void folds(void **state)
{
	char out[64];
	size_t n = fold_utf(SLICE("\u212aelvin Ma\u017fke \u0434\u1c81\xff"), out);

	(void)state;
	assert_true(slice_is(slice_make(out, n), "KELVIN MASKE \u0414\u0414\xff"));
	fold_outline(SLICE("Ab 7\t\x0b-_\x7f\x02\xc3"), out);
	assert_memory_equal(out, "aa 0  -_\x01\x01\x80", 11);
	fold_bytes(SLICE("AbZ\xc3\x89"), out);
	assert_true(memcmp(out, "abz\xc3\x89", 5) == 0);
}

/* Every literal that is in a text is found, and no other. */
static void grams_find_all(void **state)
{
	struct grams *g = grams_new();
	char literal[400][24];
	unsigned char seen[400] = { 0 };
	uint32_t found[400];
	struct error e;

	(void)state;
	seed = 99;
	for (uint32_t i = 0; i < 400; i++) {
		size_t n = 1 + below(i % 2 ? 9 : 20);

		for (size_t k = 0; k < n; k++)
			literal[i][k] = (char)('a' + below(4));
		literal[i][n] = '\0';
		assert_int_equal(grams_add(g, slice_of(literal[i]), i, &e), ERR_OK);
	}
	assert_int_equal(grams_seal(g, &e), ERR_OK);
	for (int t = 0; t < 300; t++) {
		char text[64];
		size_t len = below(60), n;

		for (size_t k = 0; k < len; k++)
			text[k] = (char)('a' + below(5));
		if (len > 30) { /* or no long one would ever be there */
			const char *whole = literal[below(400)];

			memcpy(text + below(10), whole, strlen(whole));
		}
		n = grams_find(g, slice_make(text, len), seen, found, 0);
		for (uint32_t i = 0; i < 400; i++) {
			bool in = memmem(text, len, literal[i], strlen(literal[i])) != NULL;

			assert_int_equal(seen[i], in);
		}
		for (size_t k = 0; k < n; k++)
			seen[found[k]] = 0;
	}
	grams_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(derives),
		cmocka_unit_test(derives_outlines),
		cmocka_unit_test(folds),
		cmocka_unit_test(grams_find_all),
		cmocka_unit_test(never_loses_a_match),
		cmocka_unit_test(index_and_loop_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
