/*
 * rules_memory: what a desk would have learned, in memory, for `rules eval`: sameness as desk/sameness keeps it. Nothing is stored.
 *
 * Owns all it remembers until rules_memory_free. One thread. Bounds: MEMORY_TEXTS_MAX texts; more are not remembered.
 */
#ifndef CLI_RULES_MEMORY_H
#define CLI_RULES_MEMORY_H

#include "spam/features.h"

enum memory_label { MEMORY_SEEN, MEMORY_SPAM, MEMORY_HAM };
enum { MEMORY_TEXTS_MAX = 1 << 20 };

struct rules_memory;

struct rules_memory *rules_memory_new(void) MUST_CHECK; /* NULL: no memory */
void rules_memory_free(struct rules_memory **m);        /* NULL-safe, clears */

/* Fills the facts of sameness. */
void rules_memory_facts(const struct rules_memory *m, const struct features *f, struct facts *facts);
/* The text was let in (MEMORY_SEEN), or decided. */
enum err rules_memory_add(struct rules_memory *m, const struct features *f, enum memory_label label, struct error *e) MUST_CHECK;

#endif
