#include "text/spelled.h"

#include <string.h>

#include "base/utf8.h"
#include "text/unicode.h"

enum {
	DOTS_MIN = 4,   /* "U.S.A" is no word that was spelled out */
	LONE_BYTES = 8, /* of a letter that stands alone, with what punctuation it has */
};

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool alone_letter(struct slice s)
{
	unsigned cp;

	if (!s.len || s.len > 4 || utf8_next(s, 0, &cp) != s.len)
		return false;
	return cp < 0x80 ? letter((char)cp) : (unicode_props(cp) & UNI_LETTER) != 0;
}

size_t spelled_cased(struct slice s)
{
	size_t letters = 0;
	unsigned cp;

	for (size_t i = 0; i < s.len;) {
		i += utf8_next(s, i, &cp);
		letters += cp < 0x80 ? letter((char)cp) : (unicode_props(cp) & (UNI_UPPER | UNI_LOWER)) != 0;
	}
	return letters;
}

enum lone spelled_lone(struct slice s)
{
	static const char opens[] = "([{\"'*_", closes[] = ".,;:!?)]}\"'*_";
	struct slice inner = s;

	if (!s.len || s.len > LONE_BYTES)
		return LONE_NOT;
	if (alone_letter(s))
		return LONE_LETTER;
	if (s.len == 1)
		return s.ptr[0] && strchr("01345678@$", s.ptr[0]) ? LONE_SIGN : LONE_NOT;
	while (inner.len && inner.ptr[0] && strchr(opens, inner.ptr[0]))
		inner = slice_from(inner, 1);
	if (inner.len < s.len)
		return alone_letter(inner) ? LONE_OPENS : LONE_NOT;
	while (inner.len && inner.ptr[inner.len - 1] && strchr(closes, inner.ptr[inner.len - 1]))
		inner.len--;
	return inner.len < s.len && alone_letter(inner) ? LONE_CLOSES : LONE_NOT;
}

bool spelled_apart(struct slice s, struct str *out)
{
	char separator = '\0';
	size_t letters = 0;
	unsigned cp;

	str_reset(out);
	for (size_t i = 0; i < s.len;) {
		size_t n = utf8_next(s, i, &cp);

		if (!alone_letter(slice_make(s.ptr + i, n)))
			return false;
		str_add(out, slice_make(s.ptr + i, n));
		letters++;
		i += n;
		if (i == s.len)
			break;
		if (!strchr(".-_*~|/,+=:;", s.ptr[i]) || !s.ptr[i] || (separator && s.ptr[i] != separator))
			return false;
		separator = s.ptr[i++];
	}
	return letters >= (separator == '.' ? DOTS_MIN : SPELLED_MIN);
}
