/*
 * leet: digits and signs that stand in a word for letters ("cas1no", "p@yday", "ка3ино", "3аработок"), and Latin letters that stand for Cyrillic ones. What people write of themselves is left
 * alone: digits at a word's end, or more than one together ("vip777", "i18n", "ту154м"), and a 4 between words ("cash4gold"). Any thread.
 */
#ifndef TEXT_LEET_H
#define TEXT_LEET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/str.h"

/* Whether a sign at s[i] may belong to the word around it that begins at `from`: what is written like an address is none. */
bool leet_sign(struct slice s, size_t from, size_t i);

/* Writes a case-folded word as it is meant. False: as it stands. */
bool leet_read(struct slice word, struct str *out);

/* A word with a letter that is plainly Cyrillic, and otherwise only letters that look Cyrillic, reads as Cyrillic: a skeleton would make neither of it.
 * Folding has lost capitals, so b, h, k, m, t stand for what their capitals look like. False: it is no such word. */
bool leet_cyrillic(struct slice word, struct str *out);

#endif
