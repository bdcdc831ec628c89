/*
 * grams: an index over many literals that finds, in one pass over a text, which of them it contains.
 *
 * Each literal is filed under eight of its bytes (four, three, two or one when it is shorter), chosen so that no file gets
 * long. A pass looks at every eight (four, three, two, one) bytes of the text: a bit table that fits in the cache says no
 * nearly always; otherwise the literals filed there are compared. No literal in the text is ever missed.
 *
 * Built once (grams_new, grams_add..., grams_seal), then immutable and usable from any thread.
 */
#ifndef SPAM_GRAMS_H
#define SPAM_GRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct grams;

struct grams *grams_new(void) MUST_CHECK; /* NULL: no memory */
void grams_free(struct grams **g);        /* NULL-safe, clears */

/* Files a literal (not empty, copied) under an id of the caller's; an id may have many. */
enum err grams_add(struct grams *g, struct slice literal, uint32_t id, struct error *e) MUST_CHECK;
enum err grams_seal(struct grams *g, struct error *e) MUST_CHECK;

/*
 * Calls nothing, allocates nothing: appends each id found for the first time to `found`, marking it in `seen` (one
 * byte for each id, all zero before the first call; the caller clears those it was told). Returns the new count.
 */
size_t grams_find(const struct grams *g, struct slice text, unsigned char *seen, uint32_t *found, size_t count);

size_t grams_count(const struct grams *g);
size_t grams_bytes(const struct grams *g);

#endif
