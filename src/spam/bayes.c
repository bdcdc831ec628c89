#include "spam/bayes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "spam/facts.h"
#include "text/unicode.h"

enum { WORD_BYTES = 40, EDGE_WORDS = 150, WINDOW = 2, STEM_LETTERS = 4, TELLING_MAX = 400, SHOWN = 5 };

/* So many texts of doubt stand behind each token, shared out between spam and ham as all texts are. */
#define DOUBT 0.75
/* The fewer spam texts are known, the less a single sighting is believed: n sightings count n / (n + FEW / spam texts), and never more than
 * n / (n + ONCE). With 30 spam texts two sightings are half a proof, with 300 and more one is five sixths of one. */
#define FEW 60.0
#define ONCE 0.2
/* So many tokens without an opinion stand beside those of each text: a few known words in a text of another kind are no proof. */
#define SILENT 10.0
/* A text is held for its words alone from these odds on (powers of e, for one word that stands for all): more where spam is a large share of
 * what was learned, because then less is known of how good texts speak (CROWD; beyond CROWDED it makes no difference), more where little spam was
 * learned (THIN), and more again from OFTEN spam texts on (GROWN), because odds grow with what is known, those of a good text of a kind that was
 * never learned too. Each was chosen over random halves and over 400 texts in a dozen languages, and over kinds of good texts that were never
 * learned, for the spam let in and the good texts held. */
#define SURE -1.4
#define CROWD 120.0
#define CROWDED 0.5
#define THIN 140.0
#define OFTEN 180.0
#define GROWN 0.8
/* A text of which less than this share of the tokens was ever seen is of another kind than what was learned, and needs more: up to UNLIKE_MOST, or
 * new words alone would free what is known. The share grows with each doubling of the spam texts, up to ALIKE_MOST. */
#define ALIKE 0.42
#define ALIKE_FROM 200.0
#define ALIKE_GROWS 0.05
#define ALIKE_MOST 0.6
#define UNLIKE 25.0
#define UNLIKE_MOST 4.0
/* The score begins so far below those odds, and is full so far above; exactly there it is 3. Doubt that rules and shape found needs less. */
#define RAMP 3.6
#define REST 0.6
/* Odds for a good text: from here, and in full. */
#define GOOD_FROM 1.0
#define GOOD_FULL 3.0

/* --- words ---------------------------------------------------------------------------------------------------------------- */

struct word {
	struct slice text;
	uint64_t hash;
};

/* The first EDGE_WORDS words, and the last ones in a ring: what is wrapped in pages of good words still shows one end. */
struct words {
	const unsigned char *key;
	struct slice text;
	size_t at; /* behind the last word */
	struct word first[EDGE_WORDS], last[EDGE_WORDS];
	size_t count;
};

/* Digits are only counted, or every number would be a word of its own: "0871 23" is "#### ##", "£1.50p" is "£ # ##p". */
static uint64_t hash_word(const unsigned char *key, struct slice w)
{
	char out[WORD_BYTES];

	if (w.len > WORD_BYTES)
		w.len = WORD_BYTES;
	for (size_t i = 0; i < w.len; i++)
		out[i] = w.ptr[i] >= '0' && w.ptr[i] <= '9' ? '#' : w.ptr[i];
	return crypt_short(key, slice_make(out, w.len));
}

static void push(struct words *ws, struct slice text)
{
	struct word w = { text, hash_word(ws->key, text) };

	if (ws->count < EDGE_WORDS)
		ws->first[ws->count] = w;
	else
		ws->last[(ws->count - EDGE_WORDS) % EDGE_WORDS] = w;
	ws->count++;
}

/* Between words: signs that say something are words too, a run of one sign once. */
static void take_gap(struct words *ws, size_t to)
{
	unsigned cp, before = 0;

	for (size_t n; ws->at < to; ws->at += n) {
		n = utf8_next(ws->text, ws->at, &cp);
		bool says = cp < 0x80 ? cp && strchr("!+*$", (int)cp) : cp != UTF8_BAD && (unicode_props(cp) & (UNI_CURRENCY | UNI_EMOJI));
		if (says && cp != before)
			push(ws, slice_make(ws->text.ptr + ws->at, n));
		before = cp;
	}
}

/* Names of sites are words with dots to ICU: their parts tell more. */
static bool take_word(void *ctx, struct slice word, size_t at)
{
	struct words *ws = ctx;
	const char *dot;

	take_gap(ws, at);
	ws->at = at + word.len;
	for (; (dot = memchr(word.ptr, '.', word.len)); word = slice_from(word, (size_t)(dot - word.ptr) + 1))
		if (dot > word.ptr)
			push(ws, slice_make(word.ptr, (size_t)(dot - word.ptr)));
	if (word.len)
		push(ws, word);
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct bayes_token *x = a, *y = b;
	return x->key < y->key ? -1 : x->key > y->key;
}

static int64_t pair_key(const unsigned char *key, uint64_t first, uint64_t second, size_t apart)
{
	uint64_t parts[3] = { first, second, apart };

	return (int64_t)crypt_short(key, slice_make((const char *)parts, sizeof(parts)));
}

/* The first letters of a longer word: languages that bend their words would otherwise need each form to be seen. */
static struct slice stem_of(struct slice w)
{
	size_t at = 0;
	unsigned cp;

	for (int i = 0; i < STEM_LETTERS && at < w.len; i++)
		at += utf8_next(w, at, &cp);
	return at < w.len ? slice_make(w.ptr, at) : SLICE_NONE;
}

static size_t add_run(struct bayes_text *out, size_t n, const unsigned char *key, const struct word *w, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (n < BAYES_TOKENS_MAX)
			out->tokens[n++] = (struct bayes_token){ .key = (int64_t)w[i].hash, .first = w[i].text };
		struct slice stem = stem_of(w[i].text);
		if (stem.len && n < BAYES_TOKENS_MAX)
			out->tokens[n++] = (struct bayes_token){ .key = pair_key(key, hash_word(key, stem), 0, 0), .first = stem };
		for (size_t d = 1; d <= WINDOW && i + d < count && n < BAYES_TOKENS_MAX; d++)
			out->tokens[n++] = (struct bayes_token){ .key = pair_key(key, w[i].hash, w[i + d].hash, d), .first = w[i].text, .second = w[i + d].text, .apart = d };
	}
	return n;
}

/* How often it can be halved: 1, 2, 4 ... are steps. */
static size_t halvings(int64_t n)
{
	size_t b = 0;

	for (; n > 0; n /= 2)
		b++;
	return b;
}

/* How it is built, as words of its own; their keys are nobody's written word. */
static enum err add_shape(struct arena *a, struct bayes_text *out, size_t *n, const unsigned char *key, const struct shape *s, struct error *e)
{
	const struct {
		const char *name;
		size_t value;
	} parts[] = {
		{ "long", halvings(s->bytes) },
		{ "capitals", s->cased ? (size_t)(s->capitals * 8 / s->cased) : 0 },
		{ "digits", halvings(s->digits) },
		{ "links", halvings(s->links) },
		{ "phones", halvings(s->phones) },
		{ "money", halvings(s->money) },
		{ "emoji", halvings(s->emoji) },
		{ "handles", halvings(s->handles + s->messenger_links) },
	};
	enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

	for (size_t i = 0; i < PARTS; i++) {
		struct slice text = slice_of(arena_printf(a, "%s:%zu", parts[i].name, parts[i].value));
		if (!text.ptr)
			return err_nomem(e);
		out->tokens[(*n)++] = (struct bayes_token){ .key = pair_key(key, crypt_short(key, text), 1, 0), .first = text };
	}
	return ERR_OK;
}

enum err bayes_read(struct arena *a, struct slice text, const struct shape *shape, const struct crypt_key *key, const char *lang,
	struct bayes_text *out, struct error *e)
{
	struct words *ws;
	struct crypt_hash lang_key;
	size_t n = 0, tail;
	enum err err;

	memset(out, 0, sizeof(*out));
	ws = ARENA_NEW(a, struct words);
	out->tokens = arena_array(a, BAYES_TOKENS_MAX, sizeof(*out->tokens));
	if (!ws || !out->tokens)
		return err_nomem(e);
	lang_key = crypt_keyed(key, "words", slice_of(lang));
	ws->key = lang_key.bytes;
	ws->text = text;
	if (unicode_words(text, take_word, ws))
		return err_nomem(e);
	take_gap(ws, text.len);
	if ((err = add_shape(a, out, &n, ws->key, shape, e)))
		return err;
	n = add_run(out, n, ws->key, ws->first, ws->count < EDGE_WORDS ? ws->count : EDGE_WORDS);
	if (ws->count > EDGE_WORDS) {
		/* The ring from its oldest word on. */
		tail = ws->count - EDGE_WORDS;
		struct word *turned = arena_array(a, EDGE_WORDS, sizeof(*turned));
		size_t kept = tail < EDGE_WORDS ? tail : EDGE_WORDS;
		if (!turned)
			return err_nomem(e);
		for (size_t i = 0; i < kept; i++)
			turned[i] = ws->last[(tail - kept + i) % EDGE_WORDS];
		n = add_run(out, n, ws->key, turned, kept);
	}
	qsort(out->tokens, n, sizeof(*out->tokens), by_key);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || out->tokens[i].key != out->tokens[out->count - 1].key)
			out->tokens[out->count++] = out->tokens[i];
	return ERR_OK;
}

/* --- opinion -------------------------------------------------------------------------------------------------------------- */

struct telling {
	const struct bayes_token *token;
	double p;      /* that a text with it is spam */
	double weight; /* 1, or less where its words stand apart */
};

static int by_weight(const void *a, const void *b)
{
	const struct telling *x = a, *y = b;
	double wx = fabs(x->p - 0.5), wy = fabs(y->p - 0.5);

	if (wx < wy || wx > wy)
		return wx > wy ? -1 : 1;
	/* Words before pairs, in the order of the text: keys are random, and a verdict should say the same twice. */
	if (!x->token->second.ptr != !y->token->second.ptr)
		return x->token->second.ptr ? 1 : -1;
	return x->token->first.ptr < y->token->first.ptr ? -1 : x->token->first.ptr > y->token->first.ptr;
}

bool bayes_ready(struct bayes_totals t)
{
	return t.ham >= BAYES_HAM_OWN_MIN && t.ham + t.ham_copies >= BAYES_HAM_MIN && t.spam >= BAYES_SPAM_MIN;
}

static void show(const struct telling *list, size_t count, bool spam, char out[BAYES_WORDS_BYTES])
{
	size_t len = 0;
	int shown = 0;

	for (size_t i = 0; i < count && shown < SHOWN; i++) {
		const struct bayes_token *t = list[i].token;
		char part[2 * WORD_BYTES + 8];
		if ((list[i].p > 0.5) != spam || t->first.len > WORD_BYTES || t->second.len > WORD_BYTES)
			continue;
		int n = snprintf(part, sizeof(part), "%s%.*s%s%.*s", shown ? ", " : "", SLICE_ARG(t->first), t->second.ptr ? " … " : "", SLICE_ARG(t->second));
		if (n < 0 || (size_t)n >= sizeof(part) || len + (size_t)n >= BAYES_WORDS_BYTES)
			continue;
		memcpy(out + len, part, (size_t)n + 1);
		len += (size_t)n;
		shown++;
	}
}

/* Between 0 where `x` is `from`, and 1 where it is `full`. */
static double ramp(double x, double from, double full)
{
	return x <= from ? 0 : x >= full ? 1 : (x - from) / (full - from);
}

/* The odds from which on a text is held. */
static double sure_from(double spam, double ham, double known)
{
	double alike = fmin(ALIKE + ALIKE_GROWS * log2(spam / ALIKE_FROM), ALIKE_MOST);

	return SURE + log1p(CROWD * fmin(spam / ham, CROWDED)) + THIN / spam + GROWN * log(fmax(spam / OFTEN, 1)) +
		fmin(UNLIKE * fmax(alike - known, 0), UNLIKE_MOST);
}

void bayes_judge(const struct bayes_text *t, struct bayes_totals totals, struct bayes_opinion *out)
{
	struct telling list[BAYES_TOKENS_MAX];
	size_t n = 0;
	double odds = 0, told = 0, spam = (double)totals.spam, ham = (double)totals.ham, doubt = DOUBT / (spam + ham), few, sure;

	*out = (struct bayes_opinion){ 0 };
	if (!bayes_ready(totals))
		return; /* before anything is divided by these */
	few = fmax(FEW / spam, ONCE);
	for (size_t i = 0; i < t->count; i++) {
		const struct bayes_token *k = &t->tokens[i];
		double seen = (double)(k->spam + k->ham), s = (double)k->spam / spam + doubt, h = (double)k->ham / ham + doubt;
		if (seen > 0)
			list[n++] = (struct telling){ k, 0.5 + (s / (s + h) - 0.5) * seen / (seen + few), k->apart > 1 ? 1.0 / (double)k->apart : 1 };
	}
	if (n == 0)
		return;
	sure = sure_from(spam, ham, (double)n / (double)t->count);
	qsort(list, n, sizeof(*list), by_weight);
	if (n > TELLING_MAX)
		n = TELLING_MAX;
	/* Neighbours tell the same thing again and again: the sum grows as if they were the square root of their number. */
	for (size_t i = 0; i < n; i++) {
		odds += list[i].weight * log(list[i].p / (1 - list[i].p));
		told += list[i].weight;
	}
	odds /= sqrt(told + SILENT);
	out->score = odds > 0 ? BAYES_MOST * ramp(odds, sure - RAMP, sure + REST) : BAYES_LEAST * ramp(-odds, GOOD_FROM, GOOD_FULL);
	if (out->score > 0 || out->score < 0)
		show(list, n, out->score > 0, out->words);
}

void bayes_tell(const struct bayes_opinion *o, struct facts *facts)
{
	facts->learned = o->score > 0 || o->score < 0 ? YES : NO;
	facts->learned_score = o->score;
	_Static_assert(sizeof(facts->learned_words) == sizeof(o->words), "the words fit");
	memcpy(facts->learned_words, o->words, sizeof(o->words));
}
