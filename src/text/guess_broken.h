/*
 * guess_broken: names that were broken for the eye to mend: "ev il.com", "evil.c om", "evil[take this out].com", "evilREMOVETHIS.com", "evilDOTcom",
 * "evil.c0m", "evil%2Ecom". They are guesses as those of text/guess are. "ev1l.com" is no such name: it opens, and is another's. Everything lives in
 * the arena. Linear in the text. Any thread.
 */
#ifndef TEXT_GUESS_BROKEN_H
#define TEXT_GUESS_BROKEN_H

#include "text/guess.h"

/* Adds those of a text. */
enum err guess_broken(struct arena *a, struct slice text, struct guesses *out, struct error *e) MUST_CHECK;

#endif
