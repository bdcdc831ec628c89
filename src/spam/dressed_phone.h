/*
 * dressed_phone: toll-free North American numbers as call centres write them past filters: "1 - 8 0 0 - 5 5 5 - 0 1 9 9", "1-8OO-555-O199", "1*800*555*0199",
 * "one eight hundred five five five ...", in circled digits. Only these, as their first digits tell them from tables and other rows of digits. Any thread.
 */
#ifndef SPAM_DRESSED_PHONE_H
#define SPAM_DRESSED_PHONE_H

#include <stddef.h>

#include "base/slice.h"

enum { DRESSED_PHONE_DIGITS = 11 };

/* The length of a number that begins at t[at], before which no letter or digit may stand, or 0. Writes its digits, with the leading 1. */
size_t dressed_phone_at(struct slice t, size_t at, char digits[DRESSED_PHONE_DIGITS + 1]);

#endif
