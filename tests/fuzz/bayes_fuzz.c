/* Any bytes as a text to learn from: a language or none, sorted and distinct tokens, an opinion within its bounds, in any language. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spam/bayes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(struct arena *a, struct slice text, const char *lang)
{
	static const struct crypt_key key;
	struct shape shape = { .bytes = (int64_t)text.len, .letters = (int64_t)text.len };
	struct bayes_opinion o;
	struct bayes_text t;

	if (bayes_read(a, text, &shape, &key, lang, &t, NULL))
		return;
	for (size_t i = 0; i < t.count; i++) {
		if (i && t.tokens[i - 1].key >= t.tokens[i].key)
			abort();
		t.tokens[i].spam = text.ptr[i % text.len] & 15;
		t.tokens[i].ham = text.ptr[i * 7 % text.len] & 127;
	}
	if (t.count > BAYES_TOKENS_MAX)
		abort();
	bayes_judge(&t, (struct bayes_totals){ 40, 200, 0 }, &o);
	if (!(o.score >= BAYES_LEAST && o.score <= BAYES_MOST) || !memchr(o.words, 0, sizeof(o.words)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_make((const char *)data, size);
	char lang[LANGUAGE_BYTES];
	struct arena *a;

	if (size == 0 || size > 64 * 1024)
		return 0;
	a = arena_new(64 << 20);
	if (!a)
		return 0;
	if (language_of(text, lang) != (strlen(lang) == 2))
		abort();
	judge(a, text, lang[0] ? lang : "en");
	arena_free(&a);
	return 0;
}
