#include "spam/grams.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { GRAM_MAX = 4, LOAD_LOG2 = 17, BITS_LOG2_MIN = 13, BITS_LOG2_MAX = 20 };

struct entry {
	uint32_t key; /* the gram's bytes */
	uint32_t id;
	uint32_t offset; /* of the literal in the pool */
	uint16_t len;
	uint16_t gram_at;
	/*
	 * Four bytes of the literal beside the gram, and where they are from its start: among many literals under one
	 * gram they tell nearly all apart without a look into the pool. Of literals too short for it they repeat the gram.
	 */
	uint32_t beside;
	uint16_t beside_at;
};

/* The literals filed under grams of one length. */
struct table {
	struct entry *entries; /* after sealing: sorted by key */
	size_t count, cap;
	uint32_t *slot; /* hash -> index of a key's first entry, plus one; open addressing */
	size_t slots;   /* a power of two */
	uint64_t *bits; /* 2^bits_log2 bits: is any entry's key like this? */
	unsigned bits_log2;
};

struct grams {
	struct table of[GRAM_MAX + 1];
	char *pool;
	size_t pool_len, pool_cap;
	uint32_t *load; /* while building: how many entries a gram's hash has */
	size_t count;
};

/* The upper bits of a product; `log2` of them. */
static uint32_t hash(uint32_t key, unsigned log2)
{
	return (key * 0x9e3779b1u) >> (32 - log2);
}

/* Where a key's search begins. */
static size_t first_slot(const struct table *t, uint32_t key)
{
	uint32_t h = key * 0x85ebca6bu;

	return (h ^ h >> 15) & (t->slots - 1);
}

static uint32_t key_of(const char *at, size_t n)
{
	const unsigned char *b = (const unsigned char *)at;

	switch (n) {
	case 1:
		return b[0];
	case 2:
		return b[0] | (uint32_t)b[1] << 8;
	case 3:
		return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16;
	default:
		return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
	}
}

struct grams *grams_new(void)
{
	struct grams *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->load = calloc((size_t)1 << LOAD_LOG2, sizeof(*g->load));
	if (g->load == NULL)
		grams_free(&g);
	return g;
}

void grams_free(struct grams **gp)
{
	struct grams *g = *gp;

	*gp = NULL;
	if (g == NULL)
		return;
	for (size_t n = 0; n <= GRAM_MAX; n++) {
		free(g->of[n].entries);
		free(g->of[n].slot);
		free(g->of[n].bits);
	}
	free(g->pool);
	free(g->load);
	free(g);
}

/* Letters and blanks that every text is full of make bad files. */
static const unsigned char common[256] = { [' '] = 1, ['e'] = 1, ['t'] = 1, ['a'] = 1, ['o'] = 1, ['i'] = 1,
					   ['n'] = 1, ['s'] = 1, ['r'] = 1, ['.'] = 1, ['/'] = 1, [':'] = 1 };

static unsigned commonness(const char *gram, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += common[(unsigned char)gram[i]];
	return sum;
}

static bool grow(void **list, size_t *cap, size_t need, size_t size)
{
	size_t to = *cap == 0 ? 64 : *cap;
	void *bigger;

	if (need <= *cap)
		return true;
	while (to < need)
		to *= 2;
	bigger = realloc(*list, to * size);
	if (bigger == NULL)
		return false;
	*list = bigger;
	*cap = to;
	return true;
}

enum err grams_add(struct grams *g, struct slice literal, uint32_t id, struct error *e)
{
	size_t n = literal.len < GRAM_MAX ? literal.len : GRAM_MAX, best = 0, beside_at;
	uint64_t best_cost = UINT64_MAX;
	struct table *t = &g->of[n];

	assert(literal.len > 0 && literal.len <= UINT16_MAX && g->load != NULL);
	for (size_t i = 0; i + n <= literal.len; i++) {
		uint64_t cost =
		    (uint64_t)g->load[hash(key_of(literal.ptr + i, n), LOAD_LOG2)] * 8 + commonness(literal.ptr + i, n);

		if (cost < best_cost) {
			best_cost = cost;
			best = i;
		}
	}
	if (g->pool_len + literal.len > UINT32_MAX ||
	    !grow((void **)&g->pool, &g->pool_cap, g->pool_len + literal.len, 1) ||
	    !grow((void **)&t->entries, &t->cap, t->count + 1, sizeof(*t->entries)))
		return err_nomem(e);
	/* What follows the gram, or else goes before it. */
	beside_at = best + n + n <= literal.len ? best + n : best >= n ? best - n : best + n < literal.len ? literal.len - n : 0;
	t->entries[t->count++] = (struct entry){ .key = key_of(literal.ptr + best, n),
						 .id = id,
						 .offset = (uint32_t)g->pool_len,
						 .len = (uint16_t)literal.len,
						 .gram_at = (uint16_t)best,
						 .beside = key_of(literal.ptr + beside_at, n),
						 .beside_at = (uint16_t)beside_at };
	memcpy(g->pool + g->pool_len, literal.ptr, literal.len);
	g->pool_len += literal.len;
	g->load[hash(key_of(literal.ptr + best, n), LOAD_LOG2)]++;
	g->count++;
	return ERR_OK;
}

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

enum err grams_seal(struct grams *g, struct error *e)
{
	for (size_t n = 1; n <= GRAM_MAX; n++) {
		struct table *t = &g->of[n];

		if (t->count == 0)
			continue;
		qsort(t->entries, t->count, sizeof(*t->entries), by_key);
		for (t->slots = 64; t->slots < t->count * 2;)
			t->slots *= 2;
		t->slot = calloc(t->slots, sizeof(*t->slot));
		/* About 16 bits an entry: one look in twenty or fewer goes further without need. */
		for (t->bits_log2 = BITS_LOG2_MIN;
		     t->bits_log2 < BITS_LOG2_MAX && (size_t)1 << t->bits_log2 < t->count * 16;)
			t->bits_log2++;
		t->bits = calloc(((size_t)1 << t->bits_log2) / 64, sizeof(*t->bits));
		if (t->slot == NULL || t->bits == NULL)
			return err_nomem(e);
		for (size_t i = 0; i < t->count; i++) {
			uint32_t h = hash(t->entries[i].key, t->bits_log2);
			size_t at = first_slot(t, t->entries[i].key);

			t->bits[h / 64] |= (uint64_t)1 << (h % 64);
			if (i > 0 && t->entries[i - 1].key == t->entries[i].key)
				continue;
			while (t->slot[at] != 0)
				at = (at + 1) & (t->slots - 1);
			t->slot[at] = (uint32_t)i + 1;
		}
	}
	free(g->load);
	g->load = NULL;
	return ERR_OK;
}

/* Compares the literals filed under `key` with the text around `at`. */
static size_t look_up(const struct grams *g, size_t n, uint32_t key, struct slice text, size_t at, unsigned char *seen,
		      uint32_t *found, size_t count)
{
	const struct table *t = &g->of[n];
	size_t s = first_slot(t, key);

	while (t->slot[s] != 0 && t->entries[t->slot[s] - 1].key != key)
		s = (s + 1) & (t->slots - 1);
	if (t->slot[s] == 0)
		return count;
	for (size_t i = t->slot[s] - 1; i < t->count && t->entries[i].key == key; i++) {
		const struct entry *x = &t->entries[i];

		if (x->gram_at > at || at - x->gram_at + x->len > text.len ||
		    key_of(text.ptr + (at - x->gram_at) + x->beside_at, n) != x->beside || seen[x->id] ||
		    memcmp(text.ptr + (at - x->gram_at), g->pool + x->offset, x->len) != 0)
			continue;
		seen[x->id] = 1;
		found[count++] = x->id;
	}
	return count;
}

size_t grams_find(const struct grams *g, struct slice text, unsigned char *seen, uint32_t *found, size_t count)
{
	for (size_t n = 1; n <= GRAM_MAX; n++) {
		const struct table *t = &g->of[n];

		if (t->count == 0)
			continue;
		for (size_t at = 0; at + n <= text.len; at++) {
			uint32_t key = key_of(text.ptr + at, n), h = hash(key, t->bits_log2);

			if (t->bits[h / 64] >> (h % 64) & 1)
				count = look_up(g, n, key, text, at, seen, found, count);
		}
	}
	return count;
}

size_t grams_count(const struct grams *g)
{
	return g->count;
}

size_t grams_bytes(const struct grams *g)
{
	size_t n = sizeof(*g) + g->pool_cap;

	for (size_t i = 1; i <= GRAM_MAX; i++) {
		n += g->of[i].cap * sizeof(struct entry) + g->of[i].slots * sizeof(uint32_t);
		n += g->of[i].bits != NULL ? ((size_t)1 << g->of[i].bits_log2) / 8 : 0;
	}
	return n;
}
