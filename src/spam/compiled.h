/*
 * compiled: the distinct patterns of a generation: a table of places, filled by compose, whose patterns are then compiled and read for the
 * index (spam/literals) all together. Part of ruleset.
 *
 * What cannot be compiled stays without a pattern; whoever uses it tries again, for the reason. The same holds for lack of memory.
 * Threads: none; compiled_make runs several of its own (base/together): compiling is the larger half of making a generation.
 */
#ifndef SPAM_COMPILED_H
#define SPAM_COMPILED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct pattern;
struct ruleset;

/* What the index is to know of a pattern. Kept, because the next generation wants it again and reading a pattern takes longer than copying. */
struct derived {
	size_t count; /* strings; 0: it runs always */
	bool outline; /* they are of texts' outlines: it has no literal */
	struct slice plain; /* as literals_plain, folded where letters have no case; ptr NULL: it is more than a string */
	size_t bytes;
	char strings[]; /* each behind a byte that says how long it is; a generation has a hundred thousand */
};

/* The string at *at, which then is the next one's place. Begins with d->strings. */
static inline struct slice derived_string(const char **at)
{
	struct slice s = slice_make(*at + 1, (unsigned char)**at);

	*at += 1 + s.len;
	return s;
}

struct compiled {
	struct slice text; /* as it is compiled; ptr NULL: the place is free */
	unsigned flags;
	bool asked;                    /* by a probe */
	struct pattern *pattern;       /* NULL: it cannot be compiled */
	const struct derived *derived; /* NULL where no probe asks for it */
};

/* The place of a pattern in r->patterns, which must have room. `text` lives as long as r; what `previous` (may be NULL) has is taken over. */
struct compiled *compiled_place(struct ruleset *r, struct slice text, unsigned flags, const struct ruleset *previous);

/* Fills all places. */
void compiled_make(struct ruleset *r);

#endif
