#include "text/utf.h"

#include <ctype.h>

#include "base/utf8.h"
#include "text/unicode.h"

enum { MARKS_NEAR = 16, CODE_MAX_BYTES = 16 };

bool utf_acceptable(struct slice s)
{
	return !(s.len && memchr(s.ptr, '\0', s.len)) && utf8_valid(s);
}

static bool clings(struct slice s, size_t at)
{
	unsigned cp;

	if (at >= s.len || (unsigned char)s.ptr[at] < 0x80)
		return false;
	utf8_next(s, at, &cp);
	return cp != UTF8_BAD && (unicode_props(cp) & (UNI_MARK | UNI_JOINER));
}

static size_t back(struct slice s, size_t at)
{
	do
		at--;
	while (at > 0 && ((unsigned char)s.ptr[at] & 0xC0) == 0x80);
	return at;
}

/* `at` is between code points. Moves it before the character that a mark at `at` belongs to. */
static struct slice cut_whole(struct slice s, size_t at)
{
	size_t cut = at;

	for (int i = 0; i < MARKS_NEAR && cut > 0 && clings(s, cut); i++)
		cut = back(s, cut);
	return slice_make(s.ptr, cut > 0 && !clings(s, cut) ? cut : at);
}

struct slice utf_cut_bytes(struct slice s, size_t max)
{
	if (s.len <= max)
		return s;
	while (max > 0 && ((unsigned char)s.ptr[max] & 0xC0) == 0x80)
		max--;
	return cut_whole(s, max);
}

static bool empty_char(unsigned cp)
{
	if (cp < 0x80)
		return cp <= 0x20 || cp == 0x7F;
	return cp != UTF8_BAD && (unicode_props(cp) & (UNI_SPACE | UNI_INVISIBLE | UNI_CONTROL));
}

struct slice utf_trim(struct slice s)
{
	unsigned cp;

	while (s.len) {
		size_t n = utf8_next(s, 0, &cp);

		if (!empty_char(cp))
			break;
		s = slice_from(s, n);
	}
	while (s.len) {
		size_t at = back(s, s.len);

		utf8_next(s, at, &cp);
		if (!empty_char(cp))
			break;
		s.len = at;
	}
	return s;
}

bool utf_part(struct slice *list, char mark, struct slice *part)
{
	while (list->len) {
		const char *end = memchr(list->ptr, mark, list->len);
		size_t len = end ? (size_t)(end - list->ptr) : list->len;

		*part = utf_trim(slice_make(list->ptr, len));
		*list = slice_from(*list, len + (end != NULL));
		if (part->len)
			return true;
	}
	return false;
}

struct slice utf_lang_code(struct slice *words)
{
	size_t n = 0;

	while (n < words->len && words->ptr[n] >= 'a' && words->ptr[n] <= 'z')
		n++;
	if (n < 2 || n > 3)
		return SLICE("");
	while (n < words->len && n < CODE_MAX_BYTES && (words->ptr[n] == '-' || isalnum((unsigned char)words->ptr[n])))
		n++;
	if (n == words->len || words->ptr[n] != ':')
		return SLICE("");
	struct slice code = slice_make(words->ptr, n);
	*words = utf_trim(slice_from(*words, n + 1));
	return code;
}

bool utf_blank(struct slice s)
{
	return utf_trim(s).len == 0;
}

struct slice utf_one_line(struct arena *a, struct slice s, size_t max_chars)
{
	char *out = arena_alloc(a, s.len + 1);
	size_t n = 0, chars = 0;
	bool space = false;
	unsigned cp;

	if (!out)
		return SLICE_NONE;
	for (size_t i = 0, bytes; i < s.len; i += bytes) {
		bytes = utf8_next(s, i, &cp);
		unsigned p = cp == UTF8_BAD ? UNI_CONTROL : unicode_props(cp);

		if (p & UNI_SPACE)
			space = n > 0;
		if (p & (UNI_SPACE | UNI_CONTROL | UNI_BIDI))
			continue;
		/* The space before it goes along: a cut must leave none at the end. */
		if (chars + space + 1 > max_chars)
			break;
		if (space)
			out[n++] = ' ';
		chars += space + 1u;
		space = false;
		memcpy(out + n, s.ptr + i, bytes);
		n += bytes;
	}
	struct slice line = slice_make(out, n);
	line = utf_trim(line);
	out[line.ptr - out + (ptrdiff_t)line.len] = '\0';
	return line;
}

struct slice utf_lines(struct arena *a, struct slice s)
{
	char *out = arena_alloc(a, s.len + 1);
	size_t n = 0;
	unsigned cp;

	if (!out)
		return SLICE_NONE;
	for (size_t i = 0, bytes; i < s.len; i += bytes) {
		bytes = utf8_next(s, i, &cp);
		if (cp == '\r') {
			if (i + 1 == s.len || s.ptr[i + 1] != '\n')
				out[n++] = '\n';
			continue;
		}
		if (cp == UTF8_BAD || (cp != '\n' && cp != '\t' && (cp < 0x20 || (cp >= 0x7F && cp < 0xA0))))
			continue;
		memcpy(out + n, s.ptr + i, bytes);
		n += bytes;
	}
	out[n] = '\0';
	return slice_make(out, n);
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

void utf_lower_ascii(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text[i] = lower(text[i]);
}

bool utf_equal_nocase(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

size_t utf_find_nocase(struct slice s, struct slice needle)
{
	for (size_t i = 0; i + needle.len <= s.len; i++)
		if (utf_equal_nocase(slice_make(s.ptr + i, needle.len), needle))
			return i;
	return s.len;
}
