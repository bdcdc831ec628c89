#include "spam/fold.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

static const struct run {
	uint32_t first, last, stride;
	int32_t delta;
} runs[] = {
#define RUN(first, last, stride, delta) { first, last, stride, delta },
#include "spam/fold.def"
#undef RUN
};

void fold_bytes(struct slice text, char *out)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
}

unsigned char outline_of(unsigned char c)
{
	if (c >= 0x80)
		return OUTLINE_OTHER;
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return OUTLINE_LETTER;
	if (c >= '0' && c <= '9')
		return OUTLINE_DIGIT;
	if (c == ' ' || (c >= '\t' && c <= '\r'))
		return OUTLINE_BLANK;
	return c < ' ' || c == 0x7f ? OUTLINE_CONTROL : c;
}

void fold_outline(struct slice text, char *out)
{
	for (size_t i = 0; i < text.len; i++)
		out[i] = (char)outline_of((unsigned char)text.ptr[i]);
}

unsigned fold_char(unsigned c)
{
	size_t low = 0, high = sizeof(runs) / sizeof(*runs);

	if (c < 0x80)
		return c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c > runs[mid].last)
			low = mid + 1;
		else if (c < runs[mid].first)
			high = mid;
		else
			return (c - runs[mid].first) % runs[mid].stride == 0 ? (unsigned)((int64_t)c + runs[mid].delta)
									     : c;
	}
	return c;
}

size_t fold_encode(unsigned c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

size_t fold_utf(struct slice text, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len;) {
		unsigned char b = (unsigned char)text.ptr[i];
		unsigned c;
		size_t len;

		if (b < 0x80) {
			out[n++] = (char)fold_char(b);
			i++;
			continue;
		}
		len = utf8_next(text, i, &c);
		if (c != UTF8_BAD) {
			n += fold_encode(fold_char(c), out + n);
		} else {
			memmove(out + n, text.ptr + i, len);
			n += len;
		}
		i += len;
	}
	return n;
}
