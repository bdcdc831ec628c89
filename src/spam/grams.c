#include "spam/grams.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* How many bytes of a literal it is filed under: the most of these that it has. */
enum { WHOLE = 8, LENGTHS = 5 };
static const size_t lengths[LENGTHS] = { 1, 2, 3, 4, WHOLE };

enum { LOAD_LOG2 = 17, BITS_LOG2_MIN = 13, BITS_LOG2_MAX = 20 };

struct entry {
	uint64_t key;    /* the gram's bytes */
	uint64_t start;  /* the literal's first WHOLE bytes, or all of it */
	uint32_t id;
	uint32_t offset; /* of a literal longer than WHOLE in the pool */
	uint16_t len;
	uint16_t gram_at;
};

/* The literals filed under grams of one length. */
struct table {
	struct entry *entries; /* after sealing: those of a key stand together */
	size_t count, cap;
	uint32_t *slot; /* hash -> index of a key's first entry, plus one; open addressing */
	size_t slots;   /* a power of two */
	uint64_t *bits; /* 2^bits_log2 bits, in each key's word two for it: is any entry's key like this? */
	unsigned bits_log2;
};

struct grams {
	struct table of[LENGTHS];
	uint64_t mask[WHOLE + 1]; /* of the first so many bytes of a word */
	char *pool;
	size_t pool_len, pool_cap;
	uint8_t *load; /* while building: how many entries a gram's hash has, as far as it can count; small enough for the cache */
	size_t count;
};

/* Good in its upper and its lower bits. */
static uint64_t hash(uint64_t key)
{
	key *= 0x9e3779b97f4a7c15u;
	return key ^ key >> 32;
}

/* Up to WHOLE bytes as a number. */
static uint64_t key_of(const char *at, size_t n)
{
	uint64_t key = 0;

	memcpy(&key, at, n);
	return key;
}

/* The first WHOLE bytes from `at` on, or what is left of them. */
static uint64_t window(struct slice text, size_t at)
{
	return text.len - at >= WHOLE ? key_of(text.ptr + at, WHOLE) : key_of(text.ptr + at, text.len - at);
}

static uint64_t *word_of(const struct table *t, uint64_t h)
{
	return &t->bits[h >> (64 - t->bits_log2 + 6)];
}

/* The two bits of a key in its word. */
static uint64_t bits_of(uint64_t h)
{
	return (uint64_t)1 << (h & 63) | (uint64_t)1 << (h >> 6 & 63);
}

struct grams *grams_new(void)
{
	static const char ones[] = "\xff\xff\xff\xff\xff\xff\xff\xff";
	struct grams *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	for (size_t n = 0; n <= WHOLE; n++)
		g->mask[n] = key_of(ones, n);
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
	for (size_t n = 0; n < LENGTHS; n++) {
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

/* Where in the literal the gram is under which fewest are filed. */
static size_t best_gram(const struct grams *g, struct slice literal, size_t n)
{
	uint64_t least = UINT64_MAX;
	size_t best = 0;

	for (size_t i = 0; i + n <= literal.len; i++) {
		uint64_t load = g->load[hash(window(literal, i) & g->mask[n]) >> (64 - LOAD_LOG2)];
		uint64_t cost = load * WHOLE * 2 + commonness(literal.ptr + i, n);

		if (cost < least) {
			least = cost;
			best = i;
		}
	}
	return best;
}

enum err grams_add(struct grams *g, struct slice literal, uint32_t id, struct error *e)
{
	size_t k = LENGTHS - 1, at;
	struct table *t;
	uint64_t key;
	uint8_t *load;

	assert(literal.len > 0 && literal.len <= UINT16_MAX && g->load != NULL);
	while (lengths[k] > literal.len)
		k--;
	t = &g->of[k];
	at = best_gram(g, literal, lengths[k]);
	key = window(literal, at) & g->mask[lengths[k]];
	/* Short ones are in their entry. */
	size_t pooled = literal.len > WHOLE ? literal.len : 0;
	if (g->pool_len + pooled > UINT32_MAX || !grow((void **)&g->pool, &g->pool_cap, g->pool_len + pooled, 1) ||
	    !grow((void **)&t->entries, &t->cap, t->count + 1, sizeof(*t->entries)))
		return err_nomem(e);
	t->entries[t->count++] = (struct entry){ .key = key,
						 .start = window(literal, 0),
						 .id = id,
						 .offset = (uint32_t)g->pool_len,
						 .len = (uint16_t)literal.len,
						 .gram_at = (uint16_t)at };
	if (pooled > 0)
		memcpy(g->pool + g->pool_len, literal.ptr, pooled);
	g->pool_len += pooled;
	load = &g->load[hash(key) >> (64 - LOAD_LOG2)];
	*load += *load < UINT8_MAX;
	g->count++;
	return ERR_OK;
}

/* Where a key is in the table of slots, or would be. */
static size_t slot_of(const struct table *t, uint64_t key)
{
	size_t at = hash(key) & (t->slots - 1);

	while (t->slot[at] != 0 && t->entries[t->slot[at] - 1].key != key)
		at = (at + 1) & (t->slots - 1);
	return at;
}

/* Moves the entries of each key together, in the order in which they came. */
static enum err group(struct table *t, struct error *e)
{
	struct entry *grouped = malloc(t->count * sizeof(*grouped));
	uint32_t *place = malloc(t->count * sizeof(*place)); /* of each entry: its slot */
	uint32_t *end = calloc(t->slots, sizeof(*end)), next = 0;

	if (grouped == NULL || place == NULL || end == NULL) {
		free(grouped);
		free(place);
		free(end);
		return err_nomem(e);
	}
	for (size_t i = 0; i < t->count; i++) {
		place[i] = (uint32_t)slot_of(t, t->entries[i].key);
		if (t->slot[place[i]] == 0)
			t->slot[place[i]] = (uint32_t)i + 1;
		end[place[i]]++;
	}
	/* Where each slot's entries begin; as they are moved it becomes where they end, and the next slot's begin. */
	for (size_t at = 0; at < t->slots; at++) {
		uint32_t begin = next;

		next += end[at];
		end[at] = begin;
	}
	for (size_t i = 0; i < t->count; i++)
		grouped[end[place[i]]++] = t->entries[i];
	next = 0;
	for (size_t at = 0; at < t->slots; at++) {
		t->slot[at] = end[at] > next ? next + 1 : 0;
		next = end[at];
	}
	free(place);
	free(end);
	free(t->entries);
	t->entries = grouped;
	t->cap = t->count;
	return ERR_OK;
}

enum err grams_seal(struct grams *g, struct error *e)
{
	for (size_t k = 0; k < LENGTHS; k++) {
		struct table *t = &g->of[k];

		if (t->count == 0)
			continue;
		for (t->slots = 64; t->slots < t->count * 2;)
			t->slots *= 2;
		t->slot = calloc(t->slots, sizeof(*t->slot));
		/* About 16 bits an entry: one look in fifty or fewer goes further without need. */
		for (t->bits_log2 = BITS_LOG2_MIN;
		     t->bits_log2 < BITS_LOG2_MAX && (size_t)1 << t->bits_log2 < t->count * 16;)
			t->bits_log2++;
		t->bits = calloc(((size_t)1 << t->bits_log2) / 64, sizeof(*t->bits));
		if (t->slot == NULL || t->bits == NULL)
			return err_nomem(e);
		enum err err = group(t, e);
		if (err != ERR_OK)
			return err;
		for (size_t i = 0; i < t->count; i++) {
			uint64_t h = hash(t->entries[i].key);

			*word_of(t, h) |= bits_of(h);
		}
	}
	free(g->load);
	g->load = NULL;
	/* What growing took in advance is given back; where that fails, it is kept. */
	char *pool = g->pool_len > 0 ? realloc(g->pool, g->pool_len) : NULL;
	if (pool != NULL) {
		g->pool = pool;
		g->pool_cap = g->pool_len;
	}
	return ERR_OK;
}

/* Compares the literals filed under `key` with the text around `at`. */
static size_t look_up(const struct grams *g, const struct table *t, uint64_t key, struct slice text, size_t at, unsigned char *seen,
		      uint32_t *found, size_t count)
{
	size_t s = slot_of(t, key);

	if (t->slot[s] == 0)
		return count;
	for (size_t i = t->slot[s] - 1; i < t->count && t->entries[i].key == key; i++) {
		const struct entry *x = &t->entries[i];
		size_t from = at - x->gram_at;

		if (x->gram_at > at || from + x->len > text.len ||
		    (window(text, from) ^ x->start) & g->mask[x->len < WHOLE ? x->len : WHOLE] || seen[x->id] ||
		    (x->len > WHOLE && memcmp(text.ptr + from, g->pool + x->offset, x->len) != 0))
			continue;
		seen[x->id] = 1;
		found[count++] = x->id;
	}
	return count;
}

size_t grams_find(const struct grams *g, struct slice text, unsigned char *seen, uint32_t *found, size_t count)
{
	for (size_t k = 0; k < LENGTHS; k++) {
		const struct table *t = &g->of[k];

		for (size_t at = 0; t->count > 0 && at + lengths[k] <= text.len; at++) {
			uint64_t key = window(text, at) & g->mask[lengths[k]], h = hash(key), bits = bits_of(h);

			if ((*word_of(t, h) & bits) == bits)
				count = look_up(g, t, key, text, at, seen, found, count);
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

	for (size_t i = 0; i < LENGTHS; i++) {
		n += g->of[i].cap * sizeof(struct entry) + g->of[i].slots * sizeof(uint32_t);
		n += g->of[i].bits != NULL ? ((size_t)1 << g->of[i].bits_log2) / 8 : 0;
	}
	return n;
}
