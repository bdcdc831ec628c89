/*
 * leet: digits and signs that stand in a word for letters: "cas1no", "v1agra", "p@yday", "ка3ино", "3аработок". What people write of themselves is left
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

#endif
