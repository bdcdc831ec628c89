#include "desk/help.h"

#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "spam/fold.h"
#include "text/markup.h"
#include "text/unicode.h"
#include "text/utf.h"

enum { HELP_URL_MAX_BYTES = 8192 };

bool help_word(struct slice *words, struct slice *out)
{
	return utf_part(words, ',', out);
}

bool help_next(struct slice *list, struct help_page *out)
{
	struct slice entry;

	while (utf_part(list, ';', &entry)) {
		const char *eq = memchr(entry.ptr, '=', entry.len);

		if (!eq)
			continue;
		*out = (struct help_page){ utf_trim(slice_make(entry.ptr, (size_t)(eq - entry.ptr))),
					   slice_from(entry, (size_t)(eq - entry.ptr) + 1) };
		struct slice rest = out->words, word;
		if (out->title.len && help_word(&rest, &word))
			return true;
	}
	return false;
}

bool help_list_good(struct slice all, const char *wiki_url, struct slice *bad)
{
	struct slice list, entry;

	while (utf_part(&all, '|', &list)) {
		bool any = false;

		*bad = list;
		for (utf_lang_code(&list); utf_part(&list, ';', &entry); any = true) {
			struct slice one = entry;
			struct help_page page;
			struct str url;

			str_init(&url, HELP_URL_MAX_BYTES);
			bool good = help_next(&one, &page) && markup_wiki_link(wiki_url, page.title, &url);
			str_fini(&url);
			if (!good) {
				*bad = entry;
				return false;
			}
		}
		if (!any)
			return false;
	}
	return true;
}

/* Thai to Khmer, and Chinese, Japanese and their kin: written without blanks. (Georgian, Hangul and others in between are harmless here.) */
static bool writes_no_blanks(unsigned c)
{
	return (c >= 0x0e00 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) || (c >= 0x1780 && c <= 0x17ff) || (c >= 0x2e80 && c <= 0x9fff) ||
	       (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff);
}

static bool begins_word(struct slice text, size_t at, struct slice word)
{
	unsigned first, before;
	size_t from = at;

	(void)utf8_next(word, 0, &first);
	if (at == 0 || writes_no_blanks(first))
		return true;
	while (from > 0 && ((unsigned char)text.ptr[--from] & 0xc0) == 0x80)
		;
	(void)utf8_next(text, from, &before);
	return !(unicode_props(before) & (UNI_LETTER | UNI_DIGIT | UNI_MARK));
}

/* Both folded. */
static bool holds(struct slice text, struct slice word)
{
	for (const char *at = text.ptr, *end = text.ptr + text.len; (at = memmem(at, (size_t)(end - at), word.ptr, word.len)) != NULL; at++)
		if (begins_word(text, (size_t)(at - text.ptr), word))
			return true;
	return false;
}

static struct slice folded(struct arena *a, struct slice s)
{
	char *out = arena_alloc(a, s.len + 1);

	return out ? slice_make(out, fold_utf(s, out)) : SLICE("");
}

size_t help_find(struct arena *a, struct slice list, struct slice text, struct help_page out[HELP_SHOWN])
{
	size_t hits[HELP_SHOWN] = { 0 }, count = 0;
	struct help_page page;
	struct slice word, whole = folded(a, text);

	while (whole.len && help_next(&list, &page)) {
		size_t n = 0, to;

		for (struct slice words = page.words; help_word(&words, &word);) {
			word = folded(a, word);
			n += word.len && holds(whole, word);
		}
		for (to = count; to > 0 && hits[to - 1] < n; to--)
			;
		if (n == 0 || to == HELP_SHOWN)
			continue;
		count += count < HELP_SHOWN;
		for (size_t i = count - 1; i > to; i--) {
			out[i] = out[i - 1];
			hits[i] = hits[i - 1];
		}
		out[to] = page;
		hits[to] = n;
	}
	return count;
}
