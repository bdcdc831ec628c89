#include "base/utf8.h"

size_t utf8_next(struct slice s, size_t at, unsigned *cp)
{
	const unsigned char *p = (const unsigned char *)s.ptr + at;
	size_t left = s.len - at, want;
	unsigned char low = 0x80, high = 0xBF;
	unsigned c = *p;

	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	if (c >= 0xC2 && c <= 0xDF) {
		want = 2;
		c &= 0x1F;
	} else if ((c & 0xF0) == 0xE0) {
		low = c == 0xE0 ? 0xA0 : 0x80;  /* overlong */
		high = c == 0xED ? 0x9F : 0xBF; /* surrogates */
		want = 3;
		c &= 0x0F;
	} else if (c >= 0xF0 && c <= 0xF4) {
		low = c == 0xF0 ? 0x90 : 0x80;
		high = c == 0xF4 ? 0x8F : 0xBF;
		want = 4;
		c &= 0x07;
	} else {
		*cp = UTF8_BAD;
		return 1;
	}
	for (size_t i = 1; i < want; i++) {
		if (i >= left || p[i] < low || p[i] > high) {
			*cp = UTF8_BAD;
			return i;
		}
		low = 0x80;
		high = 0xBF;
		c = c << 6 | (p[i] & 0x3F);
	}
	*cp = c;
	return want;
}

bool utf8_valid(struct slice s)
{
	unsigned cp;

	for (size_t i = 0; i < s.len; i += utf8_next(s, i, &cp)) {
		while (i < s.len && (unsigned char)s.ptr[i] < 0x80)
			i++;
		if (i == s.len)
			break;
		utf8_next(s, i, &cp);
		if (cp == UTF8_BAD)
			return false;
	}
	return true;
}
