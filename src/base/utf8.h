/*
 * utf8: the one UTF-8 decoder (RFC 3629). Strict: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

#define UTF8_BAD 0xFFFFFFFFu

/* Reads the code point at s.ptr[at] (at < s.len) and returns the bytes it takes, 1 to 4. What is no UTF-8 yields
 * *cp = UTF8_BAD and the length of the longest piece to be replaced by one U+FFFD (Unicode 15, section 3.9). */
size_t utf8_next(struct slice s, size_t at, unsigned *cp);
bool utf8_valid(struct slice s); /* NUL bytes are valid UTF-8 */

#endif
