/*
 * guess: names in a text that no browser would take for an address, but a person may: "shop dot example", "shop . example",
 * "shop,example", "shop点example", "s h o p . e x a m p l e", with foreign letters that look like others, or backwards behind U+202E. Those
 * that hide inside another address are text/guess_nested's, those that were broken text/guess_broken's.
 *
 * A guess is only good for being looked up in lists: prose is full of them ("the dot com era", "the end. It is"), so they are no
 * links, and nothing is counted; those that are `sure` are payloads (spam/shape). Whoever matches a pattern against one has to see that the match
 * holds what makes it this name (must_from, must_to). Everything lives in the arena. Linear in the text. Any thread.
 */
#ifndef TEXT_GUESS_H
#define TEXT_GUESS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/views.h"

enum { GUESSES_MAX = 256, GUESS_SEEN = 1024 };

struct guess {
	size_t at, len;    /* where it stands in the text */
	struct slice url;  /* as the address would be: http://, host in lower-case ASCII, path */
	/* A match [start, end) in url counts only where start < must_from and end >= must_to: part of the name before the dot that was
	 * guessed; behind what ends a sentence, the dot as well; of two halves, some of each. */
	size_t must_from, must_to;
	bool sure; /* nobody writes this by chance: spelled out, in letters that look alike, encoded, or with a dot that ends no sentence in a name of some length */
};

struct guesses {
	struct guess list[GUESSES_MAX];
	size_t count;
	bool more; /* there were more than are looked at: what is not in the list is unknown */
	/* The room's own: names that were taken apart, in this text in all its readings. */
	size_t tries;
	uint64_t seen[GUESS_SEEN];
};

/* Adds to *out those of a text. `sentences`: also what may as well be the end of one and the beginning of the next ("the end. it is"),
 * but for a capital behind a plain word. */
enum err guess_names(struct arena *a, struct slice text, bool sentences, struct guesses *out, struct error *e) MUST_CHECK;

/* Adds those of a text whose letters are spelled out. */
enum err guess_spelled(struct arena *a, struct slice text, struct guesses *out, struct error *e) MUST_CHECK;
/* Adds those that only norm shows: letters dressed as others, with marks or what nobody sees between. `at` and `len` are of norm. */
enum err guess_folded(struct arena *a, const struct views *v, struct guesses *out, struct error *e) MUST_CHECK;

/* Where a name was found, and how. */
struct guess_found {
	size_t at, len;     /* of the guess */
	size_t dots_behind; /* the guessed dot; what is behind it stood there */
	size_t seam;        /* where in the name two halves were put together, or 0 */
	bool weak;          /* the dot ends sentences as well */
	bool whole;         /* no dot was guessed */
	bool plain;         /* what stands there reads as this name, no more and no less: nobody's secret */
};

/* The bytes of s from `at` on that a name may hold; 0 when there is none. */
size_t guess_run(struct slice s, size_t at);
/* Adds such a run, without dots and hyphens around it, and the path that follows at once: when it is a name. */
void guess_add(struct arena *a, struct slice s, size_t at, size_t len, const struct guess_found *f, struct guesses *out);
/* Adds every run that is a name. */
void guess_add_all(struct arena *a, struct slice s, const struct guess_found *f, struct guesses *out);

#endif
