/*
 * views: the ways one text is read by the spam engine.
 *
 *     bytes     as it came
 *     rendered  as a reader would see it: HTML tags and comments, entities, wikitext, BBCode and Markdown marks
 * resolved. `fr<b>ee` is "free"; link targets stay beside their labels; script and style contents go norm rendered,
 * NFKC and small capitals and the like made plain, marks that writing does without gone, case-folded; white space is one space; characters nobody sees go (joiners stay in scripts that spell with
 * them); the apostrophe in a word is the plain one; letters spelled out with separators ("f r e e", "f.r.e.e") are joined, up to a wider space than between the first of them, and marks inside a word ("ca*si*no") go
 *     skel      the mixed-script words of norm, as UTS #39 skeletons, other words as they are: "pаypal" with a Cyrillic
 * a reads "paypal". A plainly Cyrillic word with Latin letters in it reads as Cyrillic, and digits and signs within a word as the letters
 * they are written for (text/leet), but for addresses. Equal to norm (same pointer) when there is none
 *
 * Each view knows where in the original its parts came from. Everything lives in the arena, except `bytes`, which is
 * the caller's. The text must be valid UTF-8 (broken bytes become U+FFFD in all but `bytes`) of at most
 * VIEWS_MAX_BYTES. Time is linear in the text. Any thread.
 */
#ifndef TEXT_VIEWS_H
#define TEXT_VIEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { VIEWS_MAX_BYTES = 256 * 1024 };

enum view { VIEW_BYTES, VIEW_RENDERED, VIEW_NORM, VIEW_SKEL, VIEW_COUNT };

/* From the view's byte `at` to the next piece's, the text came from the original's bytes [from, to). */
struct view_piece {
	uint32_t at, from, to;
};

struct views {
	struct slice text[VIEW_COUNT]; /* NUL-terminated but for VIEW_BYTES */
	const struct view_piece *pieces[VIEW_COUNT];
	size_t piece_count[VIEW_COUNT];
	size_t invisible;   /* invisible characters that were taken out, without a BOM at either end */
	size_t joined;      /* words that had been spelled out */
	size_t spelled_letters; /* of scripts with capitals, in such words */
	size_t mixed_words; /* words that read as another script than they are spelled in; not "iPadом", and not a letter astray ("м1") */
	bool markup;        /* tags, entities or BBCode were found */
};

/* ERR_TOO_LARGE, ERR_NOMEM. */
enum err views_make(struct arena *a, struct slice text, struct views *out, struct error *e) MUST_CHECK;

/* The part of the original that the view's bytes [from, to) came from: whole words in norm and skel. */
struct slice views_origin(const struct views *v, enum view which, size_t from, size_t to);

#endif
