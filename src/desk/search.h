/*
 * search: words in conversations, newest first. Held, spam, refused, hidden and suppressed text is never indexed.
 *
 * A moderator finds everything that is indexed. A helper finds the queue, what it holds and its own past; of others' tickets it learns
 * that there is one (no words, ticket.access ACCESS_AUDITED). A trial helper finds what it has claimed.
 */
#ifndef DESK_SEARCH_H
#define DESK_SEARCH_H

#include "desk/ticket.h"

enum { SEARCH_PAGE = 30, SEARCH_QUERY_MAX_BYTES = 200, SEARCH_LOOK_MAX = 2000 };

struct search_hit {
	struct ticket ticket;
	enum access access;
	int64_t n, at;
	struct slice excerpt; /* plain text, at most 200 bytes; absent with ACCESS_AUDITED */
};
struct hits {
	struct search_hit *hits;
	size_t count;
	struct slice cursor;  /* absent: that was all */
};
/* All words must occur; "in quotes" a phrase. ERR_INVALID (field q) for an empty or too long query. */
enum err search_log(struct db *db, struct arena *a, const struct actor *who, struct slice q, struct slice cursor, struct hits *out,
		    struct error *e) MUST_CHECK;

#endif
