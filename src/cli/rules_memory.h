/*
 * rules_memory: what a desk would have learned, in memory, for `rules eval`: sameness as desk/sameness keeps it,
 * and words as desk/learning does, one text of each cluster of near copies. Nothing is stored.
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

/* Fills the facts of sameness and of what was learned. */
enum err rules_memory_facts(struct rules_memory *m, struct arena *a, const struct features *f, struct facts *facts, struct error *e) MUST_CHECK;
/* The text was let in (MEMORY_SEEN), or decided: with `words` its words are learned, too. */
enum err rules_memory_add(struct rules_memory *m, const struct features *f, enum memory_label label, bool words, struct error *e) MUST_CHECK;

#endif
