/*
 * twin: the keys by which a text is known again: an exact hash of its folded text, a hash with digits and addresses masked,
 * and minhash bands over 4-character shingles. Keys only; the store remembers them with labels (desk/sameness).
 *
 * Hashes are unkeyed 64-bit values (they are deleted with the text they belong to). The exact key convicts only from
 * 80 bytes on; the masked key is a burst signal only; bands find near copies, for folding them into one row and for
 * holding what was confirmed several times. A shared band makes two texts worth comparing; their signatures decide
 * (twin_near), so that many short bands may be used, which short texts need: one changed word of a 30-byte text changes
 * a third of its shingles.
 *
 * Pure. Bounds: the first 64 KiB of a text count.
 */
#ifndef SPAM_TWIN_H
#define SPAM_TWIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum {
	TWIN_BANDS = 8,
	TWIN_ROWS = 3,
	TWIN_HASHES = 2 * TWIN_BANDS * TWIN_ROWS, /* the first half makes the bands; all of them the signature */
	TWIN_SIGN_BYTES = TWIN_HASHES * 2,
	TWIN_NEAR = TWIN_HASHES / 2, /* so many equal minhashes make a near copy: about half of the shingles of both */
	TWIN_CONVICTS_BYTES = 80,
	TWIN_SHORTEST_BYTES = 30
};

struct twin_keys {
	bool any;                   /* false: too short to be known again, all keys are 0 */
	bool convicts;              /* 80 bytes or more: an exact copy of confirmed spam is spam */
	int64_t exact, masked;      /* never 0 when `any` */
	int64_t bands[TWIN_BANDS];
	uint16_t minhash[TWIN_HASHES]; /* the lower halves: enough to compare two texts */
};

/* `text` is folded already (title and body together, case and width folded, addresses still in it). */
void twin_read(struct slice text, struct twin_keys *out);
/* The minhashes as the store keeps them, and back: false (and *out all 0) unless it has just that length. */
void twin_sign(const struct twin_keys *k, unsigned char out[TWIN_SIGN_BYTES]);
bool twin_sign_read(struct slice sign, uint16_t out[TWIN_HASHES]);
bool twin_near(const uint16_t a[TWIN_HASHES], const uint16_t b[TWIN_HASHES]);
/* A stored key of any short value. Never 0. */
int64_t twin_key(struct slice value);

#endif
