/*
 * heads: what is suspicious about a request's head, counted by us because libmicrohttpd's parser lets it pass. Pure; any thread.
 *
 * Refused (RFC 9112, sections 2.2, 3.2, 5, 6): two of a header that must be single (Content-Length, Transfer-Encoding, Host, Authorization,
 * Cookie, Content-Type and whatever else decides who acts); Content-Length beside Transfer-Encoding; a transfer coding other than
 * chunked, or any in HTTP/1.0; HTTP/1.1 without Host or with an empty one; names that are no tokens; control bytes in values; folded lines;
 * lines that do not end in CRLF.
 */
#ifndef WEB_HEADS_H
#define WEB_HEADS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct head {
	struct slice name, value;
};

/* The head as it lay in memory: the parser replaces line ends by NULs and points into the text, so the distance from a value's end to
 * the next name tells how the line ended. `start` is the method, `bytes` the length up to the body. start NULL: not known. */
struct head_layout {
	const char *start, *version;
	size_t bytes;
};

/* NULL when all is well, else what is wrong, as a sentence for a person. */
const char *heads_wrong(const struct head *heads, int count, const char *version, const struct head_layout *layout);

#endif
