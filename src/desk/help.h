/*
 * help: pages of the wiki that may answer a question, suggested while it is written and while it waits. They never stand between anybody and asking.
 *
 * The list is the configuration's `help_pages` in one language: `Title = word, word; Title = word`. A page fits a text in which one of its words begins
 * a word, without regard to case ("cite" fits "Citing" no more than "recite"); in scripts that write no blanks a word may stand anywhere. The pages
 * with most different words come first, then in the order of the list. Entries without a word are passed over. templates/static/ask.js
 * reads the same list by the same rules, so that what is not sent yet stays with who writes it.
 *
 * Pure; any thread.
 */
#ifndef DESK_HELP_H
#define DESK_HELP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

struct help_page {
	struct slice title, words; /* both in the list */
};
/* Whether each entry of a `help_pages` is a page of the wiki, "=" and a word; else *bad is the first that is not. */
bool help_list_good(struct slice all, const char *wiki_url, struct slice *bad);
/* The next page, and goes behind it. False: that was all. */
bool help_next(struct slice *list, struct help_page *out);
/* The next of its words, likewise. */
bool help_word(struct slice *words, struct slice *out);

enum { HELP_SHOWN = 3 };
/* The pages that fit best; how many. Without memory: none. */
size_t help_find(struct arena *a, struct slice list, struct slice text, struct help_page out[HELP_SHOWN]);

#endif
