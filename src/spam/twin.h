/*
 * twin: the keys by which a text is known again: an exact hash of its squeezed text, a hash with digits and addresses
 * masked, and minhash bands over 4-character shingles. Keys only; the store remembers them with labels (desk/gate).
 *
 * Hashes are unkeyed 64-bit values (they are deleted with the text they belong to). The exact key convicts only from
 * 80 bytes on; the masked key is a burst signal only; bands find near copies for folding and for later stages.
 */
#ifndef SPAM_TWIN_H
#define SPAM_TWIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { TWIN_BANDS = 4, TWIN_HASHES = 16, TWIN_CONVICTS_BYTES = 80, TWIN_SHORTEST_BYTES = 30 };

struct twin_keys {
	bool any;                   /* false: too short to be known again */
	bool convicts;              /* 80 bytes or more: an exact copy of confirmed spam is spam */
	int64_t exact, masked;
	int64_t bands[TWIN_BANDS];
	uint32_t minhash[TWIN_HASHES];
};

enum err twin_read(struct arena *a, struct slice title, struct slice body, struct twin_keys *out, struct error *e) MUST_CHECK;
/* 0 to 1: the share of equal minhashes, an estimate of the Jaccard likeness of the two shingle sets. */
double twin_likeness(const struct twin_keys *a, const struct twin_keys *b);

#endif
