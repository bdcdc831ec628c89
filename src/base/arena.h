/*
 * arena: bounded memory with one lifetime, usually a request's.
 *
 * Allocations are never freed singly; `arena_reset` or `arena_free` ends them all. An arena has a maximum; past
 * it, or when malloc fails, allocations return NULL and `arena_failed` stays true until reset, so that a chain of
 * builders can be checked once. One thread at a time. Under ASan (or with ARENA_MALLOC_EACH defined) each
 * allocation is a malloc of its own, so that overruns are seen.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

struct arena;

/* `max_bytes` bounds the sum of live allocations. NULL when out of memory. */
struct arena *arena_new(size_t max_bytes) MUST_CHECK;
void arena_free(struct arena **a); /* NULL-safe, clears */
void arena_reset(struct arena *a); /* ends every allocation, keeps one block, clears the failure */

/* Zeroed, aligned for any type. NULL past the maximum. */
void *arena_alloc(struct arena *a, size_t bytes) MUST_CHECK;
/* count * bytes with an overflow check. */
void *arena_array(struct arena *a, size_t count, size_t bytes) MUST_CHECK;
/* NUL-terminated copies. NULL when out of memory; `arena_strdup(a, NULL)` is NULL without failing. */
char *arena_strdup(struct arena *a, const char *text) MUST_CHECK;
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_CHECK;
/* A copy whose ptr is NUL-terminated (the NUL is not in len); ptr NULL when out of memory or when s.ptr is NULL. */
struct slice arena_slice(struct arena *a, struct slice s) MUST_CHECK;

bool arena_failed(const struct arena *a);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))

#endif
