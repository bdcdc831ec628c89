/*
 * guess: names in a text that no browser would take for an address, but a person may: "shop dot example", "shop . example",
 * "shop,example", "shop点example", "s h o p . e x a m p l e", with foreign letters that look like others, or backwards behind U+202E; and names
 * without a scheme inside another address, plain, in base64 or in hexadecimal.
 *
 * A guess is only good for being looked up in lists: prose is full of them ("the dot com era", "the end. It is"), so they are no
 * links, and nothing is counted; those that are `sure` are payloads (spam/shape). Whoever matches a pattern against one has to see that the match
 * holds what makes it this name (must_from, must_to). Everything lives in the arena. Linear in the text. Any thread.
 */
#ifndef TEXT_GUESS_H
#define TEXT_GUESS_H

#include <stdint.h>

#include "text/uri.h"
#include "text/views.h"

enum { GUESSES_MAX = 256, GUESS_DECODED_MAX = 4, GUESS_SEEN = 1024 };

struct guess {
	size_t at, len;    /* where it stands in the text */
	struct slice url;  /* as the address would be: http://, host in lower-case ASCII, path */
	/* A match [start, end) in url counts only where start < must_from and end >= must_to: part of the name before the dot that was
	 * guessed; behind what ends a sentence, the dot as well. */
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

/* Adds names that stand in an address: in its query or fragment, as the first segment of its path (elsewhere they are titles as often as not, but in what leads on), encoded in
 * base64 or hexadecimal (twice at most), all of it percent-encoded up to GUESS_DECODED_MAX times; and the site that translate.goog shows. */
enum err guess_nested(struct arena *a, const struct uri *outer, struct guesses *out, struct error *e) MUST_CHECK;

/* Whether a host is known for showing other sites below its own addresses: to trust it is not to trust those. */
bool guess_leads_on(struct slice host);

#endif
