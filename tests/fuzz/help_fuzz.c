/*
 * Any bytes as the configured `help_pages`, a language and a text, divided by "\n@\n": what is read stands in the list, and the pages that are
 * suggested are those with most of the words that fit one by one, in the order of the list.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "desk/help.h"
#include "web/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice part(struct slice *rest)
{
	const char *cut = memmem(rest->ptr, rest->len, "\n@\n", 3);
	struct slice out = cut ? slice_make(rest->ptr, (size_t)(cut - rest->ptr)) : *rest;

	*rest = cut ? slice_from(*rest, out.len + 3) : SLICE("");
	return out;
}

static bool inside(struct slice s, struct slice whole)
{
	return s.len > 0 && s.ptr >= whole.ptr && s.ptr + s.len <= whole.ptr + whole.len;
}

/* How many of a page's words fit, each asked about alone. */
static size_t fitting(struct arena *a, struct slice words, struct slice text)
{
	size_t n = 0;

	for (struct slice word; help_word(&words, &word);) {
		char *one = arena_printf(a, "x=%.*s", SLICE_ARG(word));
		struct help_page out[HELP_SHOWN];

		if (!one)
			abort();
		n += help_find(a, slice_of(one), text, out);
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_make((const char *)data, size);

	if (size == 0 || size > 4096 || memchr(data, '\0', size))
		return 0;
	struct arena *a = arena_new(256 << 20);
	struct slice all = part(&rest), lang = arena_slice(a, part(&rest)), text = rest, list = view_by_language(all, lang.ptr), word;
	struct help_page found[HELP_SHOWN], page;
	size_t count = help_find(a, list, text, found), shown = 0, least = SIZE_MAX;

	if (count > HELP_SHOWN || (list.len && !inside(list, all)))
		abort();
	for (size_t i = 0; i < count; i++) {
		size_t n = fitting(a, found[i].words, text);

		if (n == 0 || n > least || (i && n == least && found[i].title.ptr < found[i - 1].title.ptr))
			abort();
		least = n;
	}
	for (struct slice at = list; help_next(&at, &page);) {
		size_t n = fitting(a, page.words, text);
		bool here = false;

		if (!inside(page.title, list) || !inside(page.words, list))
			abort();
		for (struct slice words = page.words; help_word(&words, &word);)
			if (!inside(word, page.words))
				abort();
		for (size_t i = 0; i < count; i++)
			here |= found[i].title.ptr == page.title.ptr;
		shown += here;
		/* Left out: nothing fits, or as much does of three others. */
		if (!here && n > 0 && (count < HELP_SHOWN || n > least))
			abort();
	}
	if (shown != count)
		abort();
	arena_free(&a);
	return 0;
}
