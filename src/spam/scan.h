/*
 * scan: runs a generation over a message's surfaces.
 *
 * For each element of each surface one pass of the literal index names the candidate patterns; PCRE2 confirms them
 * under the guard of spam/pattern; patterns without a literal run wherever the element's outline could hold a match. Then
 * metas, in the order of their dependencies. A pattern that could not be run to its end (match limit, JIT stack, time) is an *error*: neither hit
 * nor miss. Its rule is unknown, and so is every meta that depends on it; the others go on, and the caller is told.
 *
 * Budgets: 50 ms of CPU a message, 15 ms of it a rule. Past the message's budget nothing more is run and
 * `over_budget` is set: what was not run is unknown.
 *
 * Pure but for the thread's CPU clock. Any thread; results live in the caller's arena.
 */
#ifndef SPAM_SCAN_H
#define SPAM_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "spam/ruleset.h"
#include "spam/surface.h"

enum { SCAN_BUDGET_US = 50000, SCAN_RULE_BUDGET_US = 15000 };

/* What a rule saw first. Metas, `!~` and exists: have length 0 and SOURCE_NONE. */
struct scan_span {
	enum surface surface;
	size_t element, offset, length; /* in the surface */
	enum surface_source source;     /* and, where it can be told, in what the caller gave */
	size_t source_offset, source_length;
	struct slice line; /* of a list: the line that saw it; lives as long as the generation */
};

struct pattern_meter;

struct scan_hit {
	size_t rule;    /* index in the generation */
	unsigned count; /* above 1 only with tflags multiple */
	double value;   /* as metas see it: the count, or a meta's arithmetic value */
	double score;   /* what it adds: weight times count */
	struct scan_span span;
};

enum scan_trouble {
	SCAN_LIMIT,       /* match limit or JIT stack */
	SCAN_TIME,        /* its own CPU budget; or the message's, and no other rule used more of that */
	SCAN_SPENT,       /* the message's CPU budget ended in it, which others used up */
	SCAN_QUARANTINED, /* by the caller's word: not run though its literals are there, or not finished within a tenth of the limits */
	SCAN_BROKEN,      /* any other error of the matcher */
	SCAN_UNKNOWN      /* a meta that depends on a rule in trouble; a list, where there were more names than are looked at */
};

struct scan_error {
	size_t rule;
	enum scan_trouble trouble;
};

struct scan_options {
	int64_t now_ms;                    /* wall time for `expires`; 0: nothing expires */
	const unsigned char *life;         /* enum rule_life, one for each rule, or NULL */
	bool unlisted_too;                 /* tell of hits of `__` rules as well (they add nothing): what a meta saw */
	bool dormant_too;                  /* also run dormant and expired rules (replay, tests) */
	const bool *only;                  /* one for each rule: those without it take no part, and stay 0 to metas; NULL: all do */
	bool interpreted;                  /* no machine code is made for patterns that this generation alone has: making it takes longer than a few runs (tests) */
	bool no_index;                     /* every pattern on every element, and every meta: the oracle of the differential test */
	bool timed;                        /* add up what each rule costs (ruleset_cost); makes the scan slower */
	int64_t budget_us, rule_budget_us; /* 0: the defaults above */
};

struct scan_result {
	struct scan_hit *hits; /* listed rules that hit, in the generation's order */
	size_t hit_count;
	double score;              /* the sum of the hits' scores */
	struct scan_error *errors; /* at most one for each rule */
	size_t error_count;
	const double *values; /* one for each rule, `__` ones too: 0, count or arithmetic value */
	bool over_budget;
	/* Work done, for figures and for tests of the guard. */
	size_t candidates, calls, windows;
	int64_t cpu_us;
};

/* options may be NULL. Fails only for lack of memory. */
enum err scan_run(const struct ruleset *r, const struct surfaces *s, const struct scan_options *options,
		  struct arena *a, struct scan_result *out, struct error *e) MUST_CHECK;

/*
 * Where else a rule that hit would have hit: a scan stops at a rule's first, but whoever reads the text wants to see them all. Every match
 * of the rule's patterns on the surface of `first`, in order, at most `max` (that one among them); 0 for other surfaces than texts.
 * What the meter's budget does not allow is left out. For showing only: it says nothing about the verdict.
 */
size_t scan_again(const struct ruleset *r, const struct surfaces *s, uint32_t rule, const struct scan_span *first, struct pattern_meter *m,
		  struct scan_span *out, size_t max) MUST_CHECK;

#endif
