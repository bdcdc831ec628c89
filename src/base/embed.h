/*
 * embed: the files of rules/, templates/ and migrations/ as they were at build time, inside the binary.
 *
 * Names are paths from the top of the tree: "templates/ask.mustache", "rules/lists/shorteners.list",
 * "migrations/0001_tickets.sql". Static files also exist compressed, as "templates/static/desk.css.gz" (RFC 1952).
 * The bytes live as long as the process and are followed by a NUL that is not counted. Any thread.
 */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include <stdbool.h>

#include "base/slice.h"

struct embed {
	const char *name;
	const char *start, *end;
};

/* False when there is no such file. */
bool embed_find(const char *name, struct slice *bytes);

/* Walks the files below a folder in the order of their names: start with *at = 0. `folder` ends in "/". */
bool embed_next(const char *folder, size_t *at, const char **name, struct slice *bytes);

#endif
