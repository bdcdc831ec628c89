/*
 * Microseconds a message: the literal index beside the plain PCRE2 loop, at growing numbers of rules. The rules are
 * made up as real ones are: phrases with small choices, two words with something between, a word with its guises, URL
 * pieces; one in three hundred has no fixed text. Texts of 400 to 1,600 bytes from the same words, so that candidates
 * do come up, and some numbers, without which no rule of the last kind would have anything to do.
 *
 * Beside it: how long a generation takes to build, until the first text is judged, and again when one rule was edited (the best of
 * five, patterns taken over from the generation before); what all of it holds in memory once every pattern has been used.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "spam/scan.h"

enum { WORDS = 4000, TEXTS = 200, LOOP_TEXTS = 20, EDITS = 5 };

static char words[WORDS][16];
static uint64_t seed = 7;

static unsigned below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* Some words are said often: the square of a random number picks one. */
static const char *word(void)
{
	unsigned a = below(WORDS), b = below(WORDS);

	return words[(uint64_t)a * b / WORDS];
}

/* Not all that is said is words: in the practice corpora one in fifty is a number, and one in five hundred a name with one. */
static void add_token(char *text, size_t *n, size_t room)
{
	unsigned kind = below(500);

	*n += (size_t)(kind > 10 ? snprintf(text + *n, room - *n, "%s", word())
		       : kind > 0 ? snprintf(text + *n, room - *n, "%u", 1 + below(3000))
				  : snprintf(text + *n, room - *n, "%s%u", word(), below(100)));
}

static void make_words(void)
{
	static const char *const parts[] = { "ba", "re",  "ti",  "con", "lo", "ma", "ne",  "pro", "su", "vi",
					     "ka", "der", "ing", "el",  "or", "un", "sta", "che", "ri", "po" };

	for (size_t i = 0; i < WORDS; i++)
		for (unsigned k = 0, n = 1 + below(3) + (i > 300); k < n; k++)
			strncat(words[i], parts[below(20)], sizeof(words[i]) - strlen(words[i]) - 1);
}

static void make_rules(struct str *cf, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const char *a = word(), *b = word(), *c = word();

		str_addf(cf, "%s R%u ",
			 i % 300 == 299 ? "body"
			 : i % 10 == 9  ? "uri"
			 : i % 10 == 8  ? "norm"
					: "body",
			 i);
		if (i % 300 == 299)
			str_addf(cf, "/\\b[a-z]{%u}\\d{2,4}\\b/\n", 3 + below(6));
		else if (i % 10 == 9)
			str_addf(cf, "/%s-?%s\\.(?:com|net|example)/i\n", a, b);
		else if (i % 4 == 0)
			str_addf(cf, "/\\b%s (?:%s|%s) %s\\b/i\n", a, b, c, word());
		else if (i % 4 == 1)
			str_addf(cf, "/%s.{1,30}%s %s/i\n", a, b, c);
		else if (i % 4 == 2)
			str_addf(cf, "/%s %s/i\n", a, b);
		else
			str_addf(cf, "/\\b%s(?:s|ed|ing)? (?:the )?%s%s\\b/i\n", a, b, c);
	}
}

static double measure(const struct ruleset *r, char (*texts)[2048], unsigned count, unsigned rounds, bool loop,
		      size_t *hits, size_t *candidates)
{
	struct arena *a = arena_new(64 << 20);
	struct scan_options o = { .no_index = loop, .budget_us = 60000000, .rule_budget_us = 60000000 };
	int64_t spent_us = 0;

	*hits = *candidates = 0;
	for (unsigned k = 0; k < rounds; k++)
		for (unsigned i = 0; i < count; i++) {
			struct slice uris[] = { SLICE("http://www.example.com/path?x=1"),
						SLICE("http://barecon.example/") };
			struct surface_input in = { .title = SLICE("a question about my draft"),
						    .body = slice_of(texts[i]),
						    .norm = slice_of(texts[i]),
						    .uris = uris,
						    .uri_count = 2 };
			struct surfaces s;
			struct scan_result out;
			struct error e;
			int64_t from_us;

			if (surface_build(a, &in, &s, &e) != ERR_OK)
				abort();
			from_us = clock_thread_us();
			if (scan_run(r, &s, &o, a, &out, &e) != ERR_OK)
				abort();
			spent_us += clock_thread_us() - from_us;
			*hits += out.hit_count;
			*candidates += out.candidates;
			arena_reset(a);
		}
	arena_free(&a);
	return (double)spent_us / (rounds * count);
}

/* What the process holds now, in MB. */
static double resident_mb(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long size = 0, resident = 0;

	if (f == NULL || fscanf(f, "%lu %lu", &size, &resident) != 2)
		abort();
	fclose(f);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

/* The rules as one file that a program made, and the admin's own, which is edited: one rule is another one. */
static struct ruleset *build(struct slice made, unsigned edit, struct ruleset *previous, double *ms)
{
	struct ruleset_options o = { .known.previous = previous };
	char own[64];
	struct cf_source sources[] = { { SLICE("bench.cf"), made }, { SLICE("own.cf"), SLICE_NONE } };
	struct cf_errors errs;
	struct ruleset *r;
	struct error e;
	int64_t from_us;

	snprintf(own, sizeof(own), "body OWN /\\bmy own words %u\\b/i\n", edit);
	sources[1].text = slice_of(own);
	cf_errors_init(&errs);
	from_us = clock_thread_us();
	if (ruleset_build(sources, 2, &o, &r, &errs, &e) != ERR_OK) {
		printf("%s\n", errs.count > 0 ? errs.list[0].message : e.message);
		exit(1);
	}
	*ms = (double)(clock_thread_us() - from_us) / 1000;
	cf_errors_fini(&errs);
	return r;
}

int main(void)
{
	static char texts[TEXTS][2048];
	double at_thousand_us = 0;

	make_words();
	for (unsigned i = 0; i < TEXTS; i++) {
		size_t n = 0, want = 400 + below(1200);

		while (n < want) {
			add_token(texts[i], &n, sizeof(texts[i]));
			n += (size_t)snprintf(texts[i] + n, sizeof(texts[i]) - n, "%s", below(60) == 0 ? ".\n\n" : " ");
		}
	}
	printf("%8s %12s %12s %8s %8s %12s %12s %10s %10s %10s %10s %10s\n", "rules", "index us", "loop us", "ratio", "always", "candidates",
	       "hits/text", "build ms", "start ms", "edit ms", "index kB", "memory MB");
	for (unsigned count = 10; count <= 30000; count = count == 10000 ? 30000 : count * 10) {
		struct str cf;
		struct ruleset *r, *next;
		struct ruleset_figures f;
		size_t hits, few_hits, loop_hits, candidates, ignored;
		double index_us, loop_us, build_ms, start_ms, edit_ms = 1e9, before_mb = resident_mb(), memory_mb, ms;
		int64_t from_us;

		str_init(&cf, 8 << 20);
		make_rules(&cf, count);
		r = build(str_slice(&cf), 0, NULL, &build_ms);
		f = ruleset_figures(r);
		/* A process that starts with these files has built them and has made the machine code that its first text needs. */
		from_us = clock_mono_us();
		measure(r, texts, 1, 1, false, &hits, &candidates);
		start_ms = build_ms + (double)(clock_mono_us() - from_us) / 1000;
		/* The first round makes the machine code. The loop gets few texts: it would take minutes. */
		measure(r, texts, TEXTS, 1, false, &hits, &candidates);
		measure(r, texts, LOOP_TEXTS, 1, false, &few_hits, &ignored);
		index_us = measure(r, texts, TEXTS, 10, false, &hits, &candidates);
		measure(r, texts, 1, 1, true, &loop_hits, &ignored); /* every pattern has run, and has its machine code */
		memory_mb = resident_mb() - before_mb;
		loop_us = measure(r, texts, LOOP_TEXTS, 1, true, &loop_hits, &ignored);
		for (unsigned i = 1; i <= EDITS; i++) {
			next = build(str_slice(&cf), i, r, &ms);
			edit_ms = ms < edit_ms ? ms : edit_ms;
			if (ruleset_figures(next).reused + 1 != f.patterns)
				printf("%zu patterns of %zu were compiled again\n", f.patterns - ruleset_figures(next).reused, f.patterns);
			ruleset_unref(&r);
			r = next;
		}
		printf("%8u %12.1f %12.1f %8.0f %8zu %12.1f %12.2f %10.1f %10.1f %10.1f %10zu %10.1f%s\n", count, index_us, loop_us, loop_us / index_us,
		       f.always, (double)candidates / (10 * TEXTS), (double)hits / (10 * TEXTS), build_ms, start_ms, edit_ms,
		       f.index_bytes / 1024, memory_mb, few_hits == loop_hits ? "" : "  DIFFERENT HITS");
		at_thousand_us = count == 1000 ? index_us : at_thousand_us;
		if (count == 30000)
			printf("from 1,000 to 30,000 rules the cost of a text grows %.1f times\n", index_us / at_thousand_us);
		ruleset_unref(&r);
		str_fini(&cf);
	}
	return 0;
}
