/*
 * pattern: one compiled regular expression, and the guard it is run under. The only room that knows PCRE2.
 *
 * Patterns work on bytes (SpamAssassin's meaning) or, with PATTERN_UTF, on characters with Unicode properties and case
 * pairs; a subject of the latter may hold broken UTF-8, which nothing matches.
 *
 * The guard. An expression can take exponential time, and PCRE2's match limit starts anew at every start offset, so the
 * limit alone bounds nothing useful. Therefore: match limit 100,000, less for long patterns that may backtrack; a JIT stack of 512 kB for each thread; a pattern
 * that could be slow (repeats a group, holds two unbounded repeats, or many small choices), and any pattern with a
 * repeat on a long subject, runs in windows of 4 start offsets, then of up to 64 as long as they stay short, with the
 * clocks read in between; they find what one search would find, and as often. A run that hits a limit is an *error*, never a miss. What the windows could not honour (\G, (*COMMIT), (*SKIP)), code ((?{ }),
 * callouts), \C and leading option verbs are refused at compile time.
 *
 * Compiled code is counted: it is freed with its last reference, and each generation holds one for each pattern it
 * uses, so it can never go while a thread is inside. Machine code is made at the first run (most patterns of a big set
 * never run), behind a lock; until it is finished other threads that want the same pattern wait.
 *
 * Threads: compile, ref, unref and run from any thread. JIT stacks belong to threads and end with them.
 */
#ifndef SPAM_PATTERN_H
#define SPAM_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { /* flags; the first six are a pattern's letters i m s x xx n */
       PATTERN_CASELESS = 1,
       PATTERN_MULTILINE = 2,
       PATTERN_DOTALL = 4,
       PATTERN_EXTENDED = 8,
       PATTERN_EXTENDED2 = 16,
       PATTERN_NO_CAPTURE = 32,
       PATTERN_UTF = 64
};

enum { PATTERN_BYTES_MAX = 65536, PATTERN_MATCH_LIMIT = 100000, PATTERN_WINDOW = 64, PATTERN_LONG_SUBJECT = 1024 };

struct pattern;

/*
 * Perl 5.36's braces as PCRE2 10.42 has them: {,3} is {0,3}, and blanks beside braces and comma mean nothing, in
 * quantifiers and in \x{ }, \g{ } and their like. *out is `text` itself when nothing changes. Fails for lack of memory.
 */
enum err pattern_perl_braces(struct arena *a, struct slice text, struct slice *out, struct error *e) MUST_CHECK;

/*
 * Where a { stands behind something it could repeat and is no quantifier ("a{x", "{{"), or SIZE_MAX. Perl warns of it and SpamAssassin
 * therefore refuses the rule; it is written \{. At the start of an alternative, behind ^ and behind a quantifier it is fine.
 */
size_t pattern_stray_brace(struct slice text, bool extended);

/*
 * Compiles. On ERR_INVALID `e` says why in words and *at is the offset in `text` where it went wrong. The result has
 * one reference.
 */
enum err pattern_compile(struct slice text, unsigned flags, struct pattern **out, size_t *at,
			 struct error *e) MUST_CHECK;
struct pattern *pattern_ref(struct pattern *p); /* returns p */
void pattern_unref(struct pattern **p);         /* NULL-safe, clears */

struct slice pattern_text(const struct pattern *p);
unsigned pattern_flags(const struct pattern *p);
/* Whether it runs in windows on any subject. */
bool pattern_is_risky(const struct pattern *p);
/* Whether it matches the empty string, and so nearly everything. */
bool pattern_matches_empty(const struct pattern *p);

enum pattern_result { PATTERN_MISS, PATTERN_HIT, PATTERN_ERROR };
enum pattern_trouble { PATTERN_FINE, PATTERN_LIMIT, PATTERN_TIME, PATTERN_BROKEN };

struct pattern_match {
	size_t start, end;            /* of a hit */
	enum pattern_trouble trouble; /* of an error */
};

/* The CPU time of one message, shared by all its pattern runs. */
struct pattern_meter {
	int64_t budget_us, rule_budget_us;
	int64_t wall_start_us, cpu_start_us;
	bool interpreted;      /* no machine code is made for patterns that have one reference, the caller's */
	unsigned strict;       /* runs get this part of the match limit, as 10 for a tenth; 0: all of it */
	size_t calls, windows; /* runs, and windows within them */
	bool spent;            /* the message's budget is used up; every further run is PATTERN_TIME */
};

void pattern_meter_start(struct pattern_meter *m, int64_t budget_us, int64_t rule_budget_us);
/* Reads the clocks; sets and returns `spent`. */
bool pattern_meter_check(struct pattern_meter *m);
int64_t pattern_meter_cpu_us(const struct pattern_meter *m);

/*
 * Finds the first match that starts at or behind `from`; `not_empty` refuses an empty one at `from` itself (Perl's
 * //g). `rule_cpu_us` sums the rule's time over its runs, once the message has become slow enough to count.
 */
enum pattern_result pattern_run(struct pattern *p, struct slice subject, size_t from, bool not_empty,
				struct pattern_meter *m, int64_t *rule_cpu_us, struct pattern_match *out) MUST_CHECK;

#endif
