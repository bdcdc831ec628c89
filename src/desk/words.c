#include "desk/words.h"

#include "base/str.h"
#include "store/db.h"
#include "text/unicode.h"

/* Longer runs are no words of anybody; their beginning is enough to find them by. */
enum { WORD_MAX_BYTES = 256, FOLDED_MAX_BYTES = 4096 };

struct walk {
	struct str folded;
	db_word_fn word;
	void *ctx;
};

static bool each(void *ctx, struct slice word, size_t at)
{
	struct walk *w = ctx;
	size_t len = word.len;
	if (word.len > WORD_MAX_BYTES)
		for (word.len = WORD_MAX_BYTES; word.len > 0 && ((unsigned char)word.ptr[word.len] & 0xc0) == 0x80;)
			word.len--;
	str_reset(&w->folded);
	unicode_nfkc_fold(word, &w->folded);
	return !str_failed(&w->folded) && w->word(w->ctx, str_slice(&w->folded), at, at + len);
}

static bool words_of(struct slice text, db_word_fn word, void *ctx)
{
	struct walk w = { .word = word, .ctx = ctx };
	str_init(&w.folded, FOLDED_MAX_BYTES);
	bool good = unicode_words(text, each, &w) == ERR_OK && !str_failed(&w.folded);
	str_fini(&w.folded);
	return good;
}

void words_install(void)
{
	db_set_tokenizer(words_of);
}
