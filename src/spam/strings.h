/*
 * strings: small sets of strings, of which spam/literals makes what is certain about a part of a pattern.
 *
 * A set is a value; its list and its strings live in the arena and are not written once they are there (only a set that grows, in room of its own).
 * What would be too much is unknown: the limits are literals'. When the arena is full the result means nothing: look at arena_failed.
 */
#ifndef SPAM_STRINGS_H
#define SPAM_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

struct strings {
	bool some; /* false: nothing is known */
	struct slice *list;
	size_t count;
};

#define STRINGS_UNKNOWN ((struct strings){ false, NULL, 0 })

struct strings strings_of(struct arena *a, const char *text, size_t len); /* of this one, copied */
struct strings strings_empty(void);                                       /* of the empty one alone */
size_t strings_shortest(const struct strings *s);                         /* bytes; 0 for no strings */

/* Every string of x followed by every string of y; unknown when that is too much. */
struct strings strings_cross(struct arena *a, struct strings x, struct strings y);
struct strings strings_union(struct arena *a, struct strings x, struct strings y);

enum { STRINGS_MARKS_LOG2 = 10 };

/* A set that grows in place; starts as { .set = any set }. Most strings are new to it: the marks say so without a look at the others. */
struct strings_growing {
	struct strings set;
	size_t room, marked; /* room: of a list of its own; marked: so many of the strings have their marks */
	uint64_t marks[(1 << STRINGS_MARKS_LOG2) / 64];
};
void strings_join(struct arena *a, struct strings_growing *to, struct strings more);

#endif
