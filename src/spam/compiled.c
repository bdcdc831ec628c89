#include "spam/compiled.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/together.h"
#include "spam/compose.h"
#include "spam/fold.h"
#include "spam/literals.h"
#include "spam/pattern.h"

enum {
	SCRATCH_BYTES_MAX = 4 << 20, /* for one pattern's literals */
	CHUNK = 8                    /* places that a thread takes at a time */
};

static struct compiled *slot_of(const struct ruleset *r, struct slice text, unsigned flags)
{
	size_t at = compose_hash(text, flags) & (r->patterns_size - 1);

	while (r->patterns[at].text.ptr != NULL && (r->patterns[at].flags != flags || !slice_eq(r->patterns[at].text, text)))
		at = (at + 1) & (r->patterns_size - 1);
	return &r->patterns[at];
}

/* In the generation's memory, for `bytes` of strings. NULL: there is no memory. */
static struct derived *derived_new(struct ruleset *r, size_t bytes)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* threads that compile for one generation share its arena */
	struct derived *d;

	pthread_mutex_lock(&lock);
	d = arena_alloc(r->arena, sizeof(*d) + bytes);
	pthread_mutex_unlock(&lock);
	if (d != NULL)
		d->bytes = bytes;
	return d;
}

static const struct derived *keep_derived(struct ruleset *r, struct literals l, bool outline, struct slice plain)
{
	size_t bytes = plain.len;
	struct derived *d;
	char *to;

	for (size_t i = 0; i < l.count; i++) {
		assert(l.list[i].len <= UCHAR_MAX);
		bytes += 1 + l.list[i].len;
	}
	d = derived_new(r, bytes);
	if (d == NULL)
		return NULL;
	d->count = l.count;
	d->outline = outline;
	to = d->strings;
	for (size_t i = 0; i < l.count; i++) {
		*to++ = (char)l.list[i].len;
		memcpy(to, l.list[i].ptr, l.list[i].len);
		to += l.list[i].len;
	}
	d->plain = SLICE_NONE;
	if (plain.ptr != NULL) {
		memcpy(to, plain.ptr, plain.len);
		d->plain = slice_make(to, plain.len);
	}
	return d;
}

static const struct derived *copy_derived(struct ruleset *r, const struct derived *old)
{
	struct derived *d = derived_new(r, old->bytes);

	if (d == NULL)
		return NULL;
	memcpy(d, old, sizeof(*d) + old->bytes);
	if (old->plain.ptr != NULL)
		d->plain.ptr = d->strings + (old->plain.ptr - old->strings);
	return d;
}

/* What the index is to know of a pattern, read from its text. */
static const struct derived *derive(struct ruleset *r, struct arena *scratch, struct slice text, unsigned flags)
{
	struct literals l = literals_derive(scratch, text, flags);
	bool outline = l.count == 0;
	struct slice plain = outline ? SLICE_NONE : literals_plain(scratch, text, flags);
	const struct derived *d;

	if (outline)
		l = literals_outline(scratch, text, flags);
	if (plain.ptr != NULL && flags & PATTERN_CASELESS) {
		char *folded = arena_alloc(scratch, plain.len + 1);

		/* Without room for it PCRE2 does what the search would have done. */
		if (folded != NULL)
			fold_bytes(plain, folded);
		plain = folded != NULL ? slice_make(folded, plain.len) : SLICE_NONE;
	}
	d = keep_derived(r, l, outline, plain);
	arena_reset(scratch);
	return d;
}

static void take_over(struct ruleset *r, const struct ruleset *previous, struct compiled *x)
{
	const struct compiled *old = previous != NULL && previous->patterns_size > 0 ? slot_of(previous, x->text, x->flags) : NULL;

	if (old == NULL || old->pattern == NULL)
		return;
	x->pattern = pattern_ref(old->pattern);
	r->reused++;
	if (old->derived != NULL)
		x->derived = copy_derived(r, old->derived);
}

struct compiled *compiled_place(struct ruleset *r, struct slice text, unsigned flags, const struct ruleset *previous)
{
	struct compiled *x = slot_of(r, text, flags);

	if (x->text.ptr != NULL)
		return x;
	x->text = text;
	x->flags = flags;
	r->pattern_count++;
	take_over(r, previous, x);
	return x;
}

struct making {
	struct ruleset *r;
	atomic_size_t next;
};

static void make_some(void *ctx)
{
	struct making *m = ctx;
	struct arena *scratch = arena_new(SCRATCH_BYTES_MAX);

	for (size_t from; scratch != NULL && (from = atomic_fetch_add(&m->next, CHUNK)) < m->r->patterns_size;)
		for (size_t i = from; i < m->r->patterns_size && i < from + CHUNK; i++) {
			struct compiled *x = &m->r->patterns[i];
			size_t at;

			if (x->text.ptr == NULL || (x->pattern == NULL && pattern_compile(x->text, x->flags, &x->pattern, &at, NULL) != ERR_OK))
				continue;
			if (x->asked && x->derived == NULL)
				x->derived = derive(m->r, scratch, x->text, x->flags);
		}
	arena_free(&scratch);
}

void compiled_make(struct ruleset *r)
{
	struct making m = { .r = r };

	together((r->pattern_count - r->reused) / CHUNK, make_some, &m);
}
