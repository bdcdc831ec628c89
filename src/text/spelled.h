/*
 * spelled: letters that stand alone, as in words that are spelled out: "f r e e", "(f r e e)", "f.r.e.e". Texts are case-folded. Any thread.
 */
#ifndef TEXT_SPELLED_H
#define TEXT_SPELLED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/str.h"

enum { SPELLED_MIN = 3 }; /* letters standing alone that make a word */

/* What stands alone between two spaces: a letter, one behind or before punctuation ("(f", "e!"), or what may be written for one ("0", "@"). */
enum lone { LONE_NOT, LONE_LETTER, LONE_OPENS, LONE_CLOSES, LONE_SIGN };

/* What a text without spaces is. */
enum lone spelled_lone(struct slice s);
/* "f.r.e.e": single letters with one and the same separator between them. Writes the letters. */
bool spelled_apart(struct slice s, struct str *out);
/* The letters of scripts with capitals: in others a word may be one sign. */
size_t spelled_cased(struct slice s);

#endif
