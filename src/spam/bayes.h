/*
 * bayes: what moderators decided about texts with these words (Robinson's odds of a word, and their sum over the square root of their number).
 *
 * A text is its words (ICU's breaks, so Chinese and Thai too), the beginnings of longer ones, sparse pairs of words up to two apart
 * (OSB; those of neighbours weigh twice as much), and how it is built in rough steps; digits are only counted. Each language is a world of its own
 * (spam/language): a language-blind Bayes takes every text in a rarer language for
 * spam. Below BAYES_HAM_MIN good texts of a language it says nothing; BAYES_HAM_OWN_MIN of them must not be copies of each other.
 *
 * Words are known by keyed hashes only; what they were is known while the text itself is judged, for the explanation. Pure. Any thread.
 * Bounds: 150 words from the beginning and 150 from the end, BAYES_TOKENS_MAX tokens.
 */
#ifndef SPAM_BAYES_H
#define SPAM_BAYES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/crypt.h"
#include "base/err.h"
#include "spam/language.h"
#include "spam/shape.h"

enum { BAYES_TOKENS_MAX = 1280, BAYES_HAM_MIN = 200, BAYES_HAM_OWN_MIN = 150, BAYES_SPAM_MIN = 30, BAYES_WORDS_BYTES = 120 };

struct bayes_token {
	int64_t key;
	struct slice first, second; /* in the text; second is absent for a single word */
	size_t apart;               /* of a pair: 1 for neighbours; of a word 0 */
	int64_t spam, ham;          /* texts that have it; filled by whoever looks the keys up */
};

struct bayes_text {
	struct bayes_token *tokens; /* distinct, by key */
	size_t count;
};

/* How many texts of the language are known. Near copies of good texts teach no words; they are counted, because somebody decided them too. */
struct bayes_totals {
	int64_t spam, ham, ham_copies;
};

struct bayes_opinion {
	double score;                  /* BAYES_LEAST to BAYES_MOST; 0: none */
	char words[BAYES_WORDS_BYTES]; /* the words that weighed most for it */
};
#define BAYES_MOST 3.5
#define BAYES_LEAST -1.0

/* `text` is folded (the norm view of title and text) and must outlive *out; `lang` is what language_of says of it. */
enum err bayes_read(struct arena *a, struct slice text, const struct shape *shape, const struct crypt_key *key, const char *lang,
	struct bayes_text *out, struct error *e) MUST_CHECK;
/* True when enough texts of the language are known for an opinion. */
bool bayes_ready(struct bayes_totals t);
struct facts;
/* Into the facts of a text that could be judged; learned_lang is the caller's to fill. */
void bayes_tell(const struct bayes_opinion *o, struct facts *facts);
void bayes_judge(const struct bayes_text *t, struct bayes_totals totals, struct bayes_opinion *out);

#endif
