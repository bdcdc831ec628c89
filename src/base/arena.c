#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define MALLOC_EACH 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MALLOC_EACH 1
#endif
#endif
#if !defined(MALLOC_EACH) && defined(ARENA_MALLOC_EACH)
#define MALLOC_EACH 1
#endif
#ifndef MALLOC_EACH
#define MALLOC_EACH 0
#endif

enum { BLOCK_MIN_BYTES = 4096, BLOCK_MAX_BYTES = 65536 };

struct block {
	struct block *next;
	size_t cap, used;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct block *blocks; /* newest first */
	size_t max, used;
	bool failed;
};

struct arena *arena_new(size_t max_bytes)
{
	struct arena *a = calloc(1, sizeof *a);

	if (a)
		a->max = max_bytes;
	return a;
}

static void free_blocks(struct block *b)
{
	while (b) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_free(struct arena **a)
{
	if (!*a)
		return;
	free_blocks((*a)->blocks);
	free(*a);
	*a = NULL;
}

void arena_reset(struct arena *a)
{
	struct block *keep = MALLOC_EACH ? NULL : a->blocks;

	free_blocks(keep ? keep->next : a->blocks);
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
	}
	a->blocks = keep;
	a->used = 0;
	a->failed = false;
}

static struct block *add_block(struct arena *a, size_t bytes)
{
	size_t cap = bytes;

	if (!MALLOC_EACH) {
		size_t usual = a->blocks ? a->blocks->cap * 2 : BLOCK_MIN_BYTES;
		if (usual > BLOCK_MAX_BYTES)
			usual = BLOCK_MAX_BYTES;
		if (cap < usual)
			cap = usual;
	}
	struct block *b = malloc(sizeof *b + cap);
	if (!b)
		return NULL;
	b->cap = cap;
	b->used = 0;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	const size_t align = alignof(max_align_t);

	if (a->failed)
		return NULL;
	if (bytes > a->max - a->used)
		goto fail;
	/* The exact size where each allocation stands alone, so that ASan sees a one-byte overrun. */
	size_t need = MALLOC_EACH ? bytes : (bytes + align - 1) / align * align;
	if (need < bytes)
		goto fail;
	struct block *b = a->blocks;
	if (MALLOC_EACH || !b || need > b->cap - b->used)
		b = add_block(a, need);
	if (!b)
		goto fail;
	void *p = b->bytes + b->used;
	b->used += need;
	a->used += bytes;
	memset(p, 0, bytes);
	return p;
fail:
	a->failed = true;
	return NULL;
}

void *arena_array(struct arena *a, size_t count, size_t bytes)
{
	if (bytes && count > SIZE_MAX / bytes) {
		a->failed = true;
		return NULL;
	}
	return arena_alloc(a, count * bytes);
}

struct slice arena_slice(struct arena *a, struct slice s)
{
	if (!s.ptr)
		return SLICE_NONE;
	char *copy = s.len < SIZE_MAX ? arena_alloc(a, s.len + 1) : NULL;
	if (!copy)
		return SLICE_NONE;
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return slice_make(copy, s.len);
}

char *arena_strdup(struct arena *a, const char *text)
{
	return (char *)arena_slice(a, slice_of(text)).ptr;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *out = NULL;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		a->failed = true;
	else
		out = arena_alloc(a, (size_t)n + 1);
	if (out)
		vsnprintf(out, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return out;
}

bool arena_failed(const struct arena *a)
{
	return a->failed;
}
