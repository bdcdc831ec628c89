#include "cli/rules_memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "spam/bayes.h"

enum { TABLE = 1 << 17, WORDS = 1 << 20, LANGUAGES_MAX = 64, CANDIDATES_MAX = 512, SCRATCH_BYTES = 4 << 20 };
#define ARENA_BYTES ((size_t)4 << 30)

struct text {
	uint16_t minhash[TWIN_HASHES];
	enum memory_label label;
	bool taught; /* words */
};

struct seen {
	int64_t key;
	struct text *text;
	struct seen *next;
};

struct word {
	int64_t key, spam, ham;
	struct word *next;
};

struct language {
	char code[LANGUAGE_BYTES];
	struct bayes_totals totals;
};

struct rules_memory {
	struct arena *a, *scratch;
	struct seen *table[TABLE];
	struct word *words[WORDS];
	struct language languages[LANGUAGES_MAX];
	size_t language_count;
	uint32_t texts;
	struct crypt_key key;
};

struct rules_memory *rules_memory_new(void)
{
	struct rules_memory *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->a = arena_new(ARENA_BYTES);
	m->scratch = arena_new(SCRATCH_BYTES);
	if (!m->a || !m->scratch)
		rules_memory_free(&m);
	else
		crypt_random(m->key.bytes, sizeof(m->key.bytes));
	return m;
}

void rules_memory_free(struct rules_memory **m)
{
	if (*m) {
		arena_free(&(*m)->a);
		arena_free(&(*m)->scratch);
	}
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

/* Texts that share a band; how many. Near copies are among these. */
static size_t find_candidates(const struct rules_memory *m, const struct twin_keys *k, const struct text *found[CANDIDATES_MAX])
{
	size_t n = 0;

	for (int b = 0; b < TWIN_BANDS; b++)
		for (const struct seen *s = chain(m, k->bands[b]); s && n < CANDIDATES_MAX; s = s->next) {
			size_t before = 0;
			if (s->key != k->bands[b])
				continue;
			while (before < n && found[before] != s->text)
				before++;
			if (before == n)
				found[n++] = s->text;
		}
	return n;
}

static void count_near(const struct rules_memory *m, const struct twin_keys *k, struct facts *facts)
{
	const struct text *found[CANDIDATES_MAX];
	size_t n = find_candidates(m, k, found);

	for (size_t i = 0; i < n; i++)
		if (twin_near(found[i]->minhash, k->minhash)) {
			facts->near_spam += found[i]->label == MEMORY_SPAM;
			facts->near_ham += found[i]->label == MEMORY_HAM;
		}
}

static bool near_taught(const struct rules_memory *m, const struct twin_keys *k)
{
	const struct text *found[CANDIDATES_MAX];
	size_t n = find_candidates(m, k, found);

	for (size_t i = 0; i < n; i++)
		if (found[i]->taught && twin_near(found[i]->minhash, k->minhash))
			return true;
	return false;
}

/* --- words ---------------------------------------------------------------------------------------------------------------- */

static struct language *language_find(struct rules_memory *m, const char *code)
{
	for (size_t i = 0; i < m->language_count; i++)
		if (strcmp(m->languages[i].code, code) == 0)
			return &m->languages[i];
	return NULL;
}

static struct word *word_find(const struct rules_memory *m, int64_t key)
{
	struct word *w = m->words[(uint64_t)key % WORDS];

	while (w && w->key != key)
		w = w->next;
	return w;
}

static enum err recall_words(struct rules_memory *m, struct arena *a, const struct features *f, struct facts *facts, struct error *e)
{
	struct bayes_text t;
	struct bayes_opinion o;
	const struct language *l;
	enum err err;

	if (!language_of(f->norm, facts->learned_lang))
		return ERR_OK;
	l = language_find(m, facts->learned_lang);
	if (!l || !bayes_ready(l->totals))
		return ERR_OK;
	if ((err = bayes_read(a, f->norm, &f->shape, &m->key, facts->learned_lang, &t, e)))
		return err;
	for (size_t i = 0; i < t.count; i++) {
		const struct word *w = word_find(m, t.tokens[i].key);
		if (w) {
			t.tokens[i].spam = w->spam;
			t.tokens[i].ham = w->ham;
		}
	}
	bayes_judge(&t, l->totals, &o);
	bayes_tell(&o, facts);
	return ERR_OK;
}

/* A near copy of what taught words teaches none: a flood must not weigh more than a text. */
static enum err learn_words(struct rules_memory *m, const struct features *f, bool spam, bool copy, bool *taught, struct error *e)
{
	char lang[LANGUAGE_BYTES];
	struct bayes_text t;
	struct language *l;
	enum err err;

	if (!language_labelled(f->norm, f->in->language, lang))
		return ERR_OK;
	l = language_find(m, lang);
	if (!l && m->language_count == LANGUAGES_MAX)
		return ERR_OK;
	if (!l) {
		l = &m->languages[m->language_count++];
		memcpy(l->code, lang, sizeof(l->code));
	}
	if (copy) {
		l->totals.ham_copies += !spam;
		return ERR_OK;
	}
	if ((err = bayes_read(m->scratch, f->norm, &f->shape, &m->key, lang, &t, e)))
		goto out;
	*taught = true;
	*(spam ? &l->totals.spam : &l->totals.ham) += 1;
	for (size_t i = 0; i < t.count; i++) {
		struct word *w = word_find(m, t.tokens[i].key);
		if (!w) {
			struct word **at = &m->words[(uint64_t)t.tokens[i].key % WORDS];
			if (!(w = ARENA_NEW(m->a, struct word))) {
				err = err_nomem(e);
				break;
			}
			*w = (struct word){ t.tokens[i].key, 0, 0, *at };
			*at = w;
		}
		*(spam ? &w->spam : &w->ham) += 1;
	}
out:
	arena_reset(m->scratch);
	return err;
}

enum err rules_memory_facts(struct rules_memory *m, struct arena *a, const struct features *f, struct facts *facts, struct error *e)
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
	return recall_words(m, a, f, facts, e);
}

enum err rules_memory_add(struct rules_memory *m, const struct features *f, enum memory_label label, bool words, struct error *e)
{
	struct text *text;
	bool ok = true, copy;

	if (m->texts == MEMORY_TEXTS_MAX)
		return ERR_OK;
	text = ARENA_NEW(m->a, struct text);
	if (!text)
		return err_nomem(e);
	m->texts++;
	copy = f->twin.any && near_taught(m, &f->twin);
	text->label = label;
	memcpy(text->minhash, f->twin.minhash, sizeof(text->minhash));
	for (size_t i = 0; ok && i < f->shape.payload_count; i++)
		ok = remember(m, twin_key(f->shape.payloads[i].value), text);
	if (f->twin.any) {
		ok = ok && remember(m, f->twin.exact, text);
		for (int b = 0; ok && b < TWIN_BANDS; b++)
			ok = remember(m, f->twin.bands[b], text);
	}
	if (!ok)
		return err_nomem(e);
	return words ? learn_words(m, f, label == MEMORY_SPAM, copy, &text->taught, e) : ERR_OK;
}
