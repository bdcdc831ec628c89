/*
 * guess: names in a text that no browser would take for an address, but a person may: "shop dot example", "shop . example",
 * "shop,example", "shop点example"; and names without a scheme inside another's query.
 *
 * A guess is only good for being looked up in lists: prose is full of them ("the dot com era", "the end. It is"), so they are no
 * links, no payload, and nothing is counted. Whoever matches a pattern against one has to see that the match holds what makes
 * it this name (must_from, must_to). Everything lives in the arena. Linear in the text. Any thread.
 */
#ifndef TEXT_GUESS_H
#define TEXT_GUESS_H

#include "text/uri.h"

enum { GUESSES_MAX = 64, GUESS_DECODED_MAX = 4 };

struct guess {
	size_t at, len;    /* where it stands in the text */
	struct slice url;  /* as the address would be: http://, host in lower-case ASCII, path */
	/* A match [start, end) in url counts only where start < must_from and end >= must_to: part of the name before the dot that was
	 * guessed; behind what ends a sentence, the dot as well. */
	size_t must_from, must_to;
};

struct guesses {
	struct guess list[GUESSES_MAX];
	size_t count;
};

/* Adds to *out those of a text. `sentences`: also what may as well be the end of one and the beginning of the next ("the end. it is"),
 * but for a capital behind a plain word. */
enum err guess_names(struct arena *a, struct slice text, bool sentences, struct guesses *out, struct error *e) MUST_CHECK;

/* Adds names that stand in the query or fragment of an address, percent-encoded up to GUESS_DECODED_MAX times. In a path they are titles
 * as often as not. */
enum err guess_nested(struct arena *a, const struct uri *outer, struct guesses *out, struct error *e) MUST_CHECK;

#endif
