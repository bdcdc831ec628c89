#include "cli/rules_memory.h"

#include <stdio.h>
#include <stdlib.h>

enum { TABLE = 1 << 17, CANDIDATES_MAX = 512, ARENA_BYTES = 1 << 30 };

struct text {
	uint16_t minhash[TWIN_HASHES];
	enum memory_label label;
};

struct seen {
	int64_t key;
	struct text *text;
	struct seen *next;
};

struct rules_memory {
	struct arena *a;
	struct seen *table[TABLE];
	uint32_t texts;
};

struct rules_memory *rules_memory_new(void)
{
	struct rules_memory *m = calloc(1, sizeof(*m));

	if (m && !(m->a = arena_new(ARENA_BYTES)))
		rules_memory_free(&m);
	return m;
}

void rules_memory_free(struct rules_memory **m)
{
	if (*m)
		arena_free(&(*m)->a);
	free(*m);
	*m = NULL;
}

static struct seen *chain(const struct rules_memory *m, int64_t key)
{
	return m->table[(uint64_t)key % TABLE];
}

static bool remember(struct rules_memory *m, int64_t key, struct text *text)
{
	struct seen *s = ARENA_NEW(m->a, struct seen);

	if (!s)
		return false;
	*s = (struct seen){ key, text, m->table[(uint64_t)key % TABLE] };
	m->table[(uint64_t)key % TABLE] = s;
	return true;
}

static int64_t times(const struct rules_memory *m, int64_t key, enum memory_label label)
{
	int64_t n = 0;

	for (const struct seen *s = chain(m, key); s; s = s->next)
		n += s->key == key && s->text->label == label;
	return n;
}

/* Texts that share a band and half of their signature. */
static void count_near(const struct rules_memory *m, const struct twin_keys *k, struct facts *facts)
{
	const struct text *found[CANDIDATES_MAX];
	size_t n = 0;

	for (int b = 0; b < TWIN_BANDS; b++)
		for (const struct seen *s = chain(m, k->bands[b]); s && n < CANDIDATES_MAX; s = s->next) {
			size_t before = 0;
			if (s->key != k->bands[b])
				continue;
			while (before < n && found[before] != s->text)
				before++;
			if (before < n)
				continue;
			found[n++] = s->text;
			if (!twin_near(s->text->minhash, k->minhash))
				continue;
			facts->near_spam += s->text->label == MEMORY_SPAM;
			facts->near_ham += s->text->label == MEMORY_HAM;
		}
}

void rules_memory_facts(const struct rules_memory *m, const struct features *f, struct facts *facts)
{
	for (size_t i = 0; i < f->shape.payload_count; i++) {
		const struct payload *p = &f->shape.payloads[i];
		int64_t key = twin_key(p->value), spam = times(m, key, MEMORY_SPAM);
		if (spam <= facts->payload_spam || times(m, key, MEMORY_HAM) ||
			(p->kind == PAYLOAD_DOMAIN && spam <= times(m, key, MEMORY_SEEN)))
			continue;
		facts->payload_spam = spam;
		snprintf(facts->payload, sizeof(facts->payload), "%.*s", SLICE_ARG(p->value));
	}
	if (f->twin.any) {
		facts->exact_spam = times(m, f->twin.exact, MEMORY_SPAM);
		facts->exact_ham = times(m, f->twin.exact, MEMORY_HAM);
		count_near(m, &f->twin, facts);
	}
	facts->twins = facts->payload_spam || facts->exact_spam || facts->exact_ham || facts->near_spam || facts->near_ham ? YES : NO;
}

enum err rules_memory_add(struct rules_memory *m, const struct features *f, enum memory_label label, struct error *e)
{
	struct text *text;
	bool ok = true;

	if (m->texts == MEMORY_TEXTS_MAX)
		return ERR_OK;
	text = ARENA_NEW(m->a, struct text);
	if (!text)
		return err_nomem(e);
	m->texts++;
	text->label = label;
	memcpy(text->minhash, f->twin.minhash, sizeof(text->minhash));
	for (size_t i = 0; ok && i < f->shape.payload_count; i++)
		ok = remember(m, twin_key(f->shape.payloads[i].value), text);
	if (f->twin.any) {
		ok = ok && remember(m, f->twin.exact, text);
		for (int b = 0; ok && b < TWIN_BANDS; b++)
			ok = remember(m, f->twin.bands[b], text);
	}
	return ok ? ERR_OK : err_nomem(e);
}
