/*
 * utf: cutting and cleaning UTF-8. Inputs are valid UTF-8 unless said. No allocation unless an arena is given. Any
 * thread.
 */
#ifndef TEXT_UTF_H
#define TEXT_UTF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/str.h"

/* Valid UTF-8 (RFC 3629) without NUL: what may enter the desk. */
bool utf_acceptable(struct slice s);

/* The longest start of `s` of at most so many bytes or code points that ends between code points (a combining mark is
 * not parted from what it combines with, as far as that is near). */
struct slice utf_cut_bytes(struct slice s, size_t max);

/* Without white space (Unicode White_Space) and zero-width characters at both ends. A part of `s`. */
struct slice utf_trim(struct slice s);
/* The next part of a list that `mark` separates, trimmed, and goes behind it; empty ones are passed over. False: that was all. */
bool utf_part(struct slice *list, char mark, struct slice *part);
/* Takes the code off `de-AT: words` (two or three small letters, then subtags) and what is blank behind it; "" where there is none. */
struct slice utf_lang_code(struct slice *words);
bool utf_blank(struct slice s); /* nothing but white space and invisible characters */

/* For one-line fields (names, titles, topics): bidi controls, control characters and line or paragraph separators go,
 * any white space becomes one space, ends are trimmed; cut at `max_chars`. ptr NULL when out of memory. */
struct slice utf_one_line(struct arena *a, struct slice s, size_t max_chars) MUST_CHECK;

/* For texts of several lines: CR LF and CR become LF, control characters other than TAB and LF go. */
struct slice utf_lines(struct arena *a, struct slice s) MUST_CHECK;

/* ASCII only; other bytes stay. */
void utf_lower_ascii(char *text, size_t n);
bool utf_equal_nocase(struct slice a, struct slice b);
/* Where `needle` first stands in `s`, ASCII case ignored; s.len when nowhere. */
size_t utf_find_nocase(struct slice s, struct slice needle);

#endif
