/*
 * literals: from a pattern to strings of which every match must contain at least one.
 *
 * A small reader of regular expressions walks the pattern and keeps, for each part, what is certain: the exact set of
 * strings it can match, when that is small, or else a set of which every match contains a member. Every alternative of
 * a group must have one; zero-width items (anchors, look-arounds, \b) do not break a run of letters; small character
 * classes are spelled out; a repeat that may be absent breaks the run. What it does not know for certain it gives up
 * on: the pattern then has no literals and is asked about every text ("always"), or at least about every text whose outline
 * could hold a match. It may never claim too much: whatever is found here must be in every text that PCRE2 matches, once
 * both are folded (spam/fold: fold_utf with PATTERN_UTF, else fold_bytes). Only patterns that compiled may be given.
 *
 * Memory: the result and all scratch live in the caller's arena; when it is full, the answer is "no literals".
 * Threads: none. Limits: below.
 */
#ifndef SPAM_LITERALS_H
#define SPAM_LITERALS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

enum {
	LITERALS_MAX = 256, /* strings for one pattern */
	LITERALS_CROSS_MAX = 64,
	LITERAL_BYTES_MAX = 32, /* longer runs are used in part */
	LITERALS_CLASS_MAX = 8, /* members of a class that is spelled out */
	LITERALS_DEPTH_MAX = 100,
	OUTLINE_EDGE = 2 /* letters and blanks that an outline's string keeps at either end */
};

struct literals {
	struct slice *list; /* folded, none empty */
	size_t count;       /* 0: none are certain */
};

/* `flags` as pattern_compile's. */
struct literals literals_derive(struct arena *a, struct slice pattern, unsigned flags);

/*
 * The same of texts' outlines (spam/fold), for patterns without a literal: \d{8} has to find eight digits, [a-z]+\d a
 * letter beside a digit. Byte patterns only; only strings that not every text holds.
 */
struct literals literals_outline(struct arena *a, struct slice pattern, unsigned flags);

/*
 * Whether the pattern is nothing but characters (with escaped punctuation), so that a plain search does what PCRE2
 * would. Byte patterns only. The string is unescaped, not folded, in the arena; ptr NULL when it is none.
 */
struct slice literals_plain(struct arena *a, struct slice pattern, unsigned flags);

#endif
