#include "spam/compiled.h"

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

/* The same in the generation's memory: the list and all strings in one piece. NULL: there is no memory. */
static const struct derived *keep_derived(struct ruleset *r, const struct slice *list, size_t count, bool outline, struct slice plain)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* threads that compile for one generation share its arena */
	size_t bytes = plain.len;
	struct derived *d;
	char *to;

	for (size_t i = 0; i < count; i++)
		bytes += list[i].len;
	pthread_mutex_lock(&lock);
	d = arena_alloc(r->arena, sizeof(*d) + count * sizeof(*list) + bytes);
	pthread_mutex_unlock(&lock);
	if (d == NULL)
		return NULL;
	to = (char *)&d->list[count];
	d->count = count;
	d->outline = outline;
	for (size_t i = 0; i < count; to += list[i++].len) {
		memcpy(to, list[i].ptr, list[i].len);
		d->list[i] = slice_make(to, list[i].len);
	}
	d->plain = SLICE_NONE;
	if (plain.ptr != NULL) {
		memcpy(to, plain.ptr, plain.len);
		d->plain = slice_make(to, plain.len);
	}
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
	d = keep_derived(r, l.list, l.count, outline, plain);
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
		x->derived = keep_derived(r, old->derived->list, old->derived->count, old->derived->outline, old->derived->plain);
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
