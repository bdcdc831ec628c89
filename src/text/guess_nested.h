/*
 * guess_nested: names without a scheme inside another address: plain, percent-encoded, in base64 or in hexadecimal. They are guesses as those
 * of text/guess are. Everything lives in the arena. Linear in the text. Any thread.
 */
#ifndef TEXT_GUESS_NESTED_H
#define TEXT_GUESS_NESTED_H

#include "text/guess.h"
#include "text/uri.h"

enum { GUESS_DECODED_MAX = 4, GUESS_DATA_MAX = 4 };

/* Adds names that stand in an address: in its query or fragment, as the first segment of its path (elsewhere they are titles as often as not, but in what leads on), encoded in
 * base64 or hexadecimal (twice at most), all of it percent-encoded up to GUESS_DECODED_MAX times; and the site that translate.goog shows. */
enum err guess_nested(struct arena *a, const struct uri *outer, struct guesses *out, struct error *e) MUST_CHECK;

/* Adds names in the first GUESS_DATA_MAX "data:text/html;base64,..." of a text. */
enum err guess_data(struct arena *a, struct slice text, struct guesses *out, struct error *e) MUST_CHECK;

/* Whether a host is known for showing other sites below its own addresses: to trust it is not to trust those. */
bool guess_leads_on(struct slice host);

#endif
