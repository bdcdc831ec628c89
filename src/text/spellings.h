/*
 * spellings: the addresses that SpamAssassin 4.0.1 finds in a text and the spellings that its `uri` rules see of each:
 * as written, decoded, without the scheme's own port, the numbers of an IP address made plain, an address inside
 * another, and so on. Byte for byte its algorithm (as it is without Perl's LibIDN), oddities included: what a rule
 * set written for it expects. Hosts and what an address really is are text/uri's business.
 *
 * Time is linear in the text. Past SPELLINGS_MAX addresses or SPELLINGS_BYTES_MAX bytes nothing is added and `more` is
 * set. Memory: the arena; list entries may point into the caller's texts. Any thread.
 */
#ifndef TEXT_SPELLINGS_H
#define TEXT_SPELLINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum {
	SPELLINGS_MAX = 4096,             /* in a set */
	SPELLINGS_BYTES_MAX = 256 << 10, /* of all of a set's spellings */
	SPELLINGS_LENGTH_MAX = 8192       /* of one; longer ones are cut */
};

/* A set: each spelling once. Zero it and set `arena` before the first use. */
struct spellings {
	struct arena *arena;
	struct slice *list;
	size_t count;
	bool more;
	/* the set's own */
	size_t cap, bytes;
	uint32_t *slots;
	struct variants *variants; /* of the address at hand */
	struct slice *seen; /* addresses as they stood in the text */
	size_t seen_count, seen_cap;
};

/* Adds what stands in one line of rendered text. False: the arena is full. */
bool spellings_in_text(struct spellings *s, struct slice text) MUST_CHECK;
/* Adds the spellings of a link's target (an HTML attribute), whatever its host is. False: the arena is full. */
bool spellings_of_link(struct spellings *s, struct slice target) MUST_CHECK;

#endif
