/*
 * fold: texts and literals without case, by the same tables PCRE2 matches with, so that the literal index can never
 * lose a match that PCRE2 finds.
 *
 * Two foldings, because patterns come in two kinds. Byte patterns know ASCII case only (PCRE2's built-in tables). UTF
 * patterns know Unicode's simple pairs and sets: the long s folds with s, the Kelvin sign with k, Cyrillic and accented
 * letters with their capitals. An outline goes further: it tells letters from digits and no more. Folding never makes a text
 * longer. Pure; any thread.
 */
#ifndef SPAM_FOLD_H
#define SPAM_FOLD_H

#include <stddef.h>

#include "base/slice.h"

/* Writes text.len bytes to `out`: A-Z in lower case. */
void fold_bytes(struct slice text, char *out);

/*
 * A text's outline: every ASCII letter, digit, blank, control character and byte of other letters is one byte for its
 * kind, punctuation is itself. Writes text.len bytes; `out` may be the text.
 */
enum { OUTLINE_LETTER = 'a', OUTLINE_DIGIT = '0', OUTLINE_BLANK = ' ', OUTLINE_CONTROL = 1, OUTLINE_OTHER = 0x80 };
unsigned char outline_of(unsigned char c);
void fold_outline(struct slice text, char *out);

/* Writes at most text.len bytes to `out` and returns how many. Bytes that are not UTF-8 are kept as they are. */
size_t fold_utf(struct slice text, char *out);

/* The representative of a character's case set. */
unsigned fold_char(unsigned c);

/* Writes a character as UTF-8, 1 to 4 bytes, and returns how many. */
size_t fold_encode(unsigned c, char out[4]);

#endif
