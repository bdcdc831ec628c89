#include "base/str.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 16384 };

void str_init(struct str *s, size_t max_bytes)
{
	*s = (struct str){ .max = max_bytes };
}

void str_fini(struct str *s)
{
	free(s->buf);
	*s = (struct str){ .max = s->max };
}

void str_reset(struct str *s)
{
	s->len = 0;
	s->failed = false;
	if (s->buf)
		s->buf[0] = '\0';
}

/* Room for `more` bytes and the NUL. */
static bool grow(struct str *s, size_t more)
{
	if (s->failed)
		return false;
	if (more > s->max - s->len || s->len + more == SIZE_MAX)
		goto fail;
	size_t need = s->len + more + 1;
	if (need <= s->cap)
		return true;
	size_t cap = s->cap ? s->cap : 64;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (cap > s->max && s->max < SIZE_MAX)
		cap = s->max + 1 > need ? s->max + 1 : need;
	char *buf = realloc(s->buf, cap);
	if (!buf)
		goto fail;
	s->buf = buf;
	s->cap = cap;
	return true;
fail:
	s->failed = true;
	return false;
}

void str_add(struct str *s, struct slice text)
{
	if (!grow(s, text.len))
		return;
	if (text.len)
		memcpy(s->buf + s->len, text.ptr, text.len);
	s->len += text.len;
	s->buf[s->len] = '\0';
}

void str_adds(struct str *s, const char *text)
{
	str_add(s, slice_of(text));
}

void str_addc(struct str *s, char c)
{
	str_add(s, slice_make(&c, 1));
}

void str_addv(struct str *s, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		s->failed = true;
	else if (grow(s, (size_t)n)) {
		vsnprintf(s->buf + s->len, (size_t)n + 1, fmt, ap);
		s->len += (size_t)n;
	}
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_addv(s, fmt, ap);
	va_end(ap);
}

void str_addu(struct str *s, unsigned cp)
{
	char b[4];
	size_t n;

	if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		cp = 0xFFFD;
	if (cp < 0x80) {
		b[0] = (char)cp;
		n = 1;
	} else if (cp < 0x800) {
		b[0] = (char)(0xC0 | cp >> 6);
		b[1] = (char)(0x80 | (cp & 0x3F));
		n = 2;
	} else if (cp < 0x10000) {
		b[0] = (char)(0xE0 | cp >> 12);
		b[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		b[2] = (char)(0x80 | (cp & 0x3F));
		n = 3;
	} else {
		b[0] = (char)(0xF0 | cp >> 18);
		b[1] = (char)(0x80 | (cp >> 12 & 0x3F));
		b[2] = (char)(0x80 | (cp >> 6 & 0x3F));
		b[3] = (char)(0x80 | (cp & 0x3F));
		n = 4;
	}
	str_add(s, slice_make(b, n));
}

void str_add_encoded(struct str *s, struct slice text, const char *plain)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool stays = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c != 0 && strchr(plain, c) != NULL);

		if (stays)
			str_addc(s, (char)c);
		else
			str_addf(s, "%%%02X", c);
	}
}

void str_add_html(struct str *s, struct slice text)
{
	size_t done = 0;

	for (size_t i = 0; i < text.len; i++) {
		const char *entity;

		switch (text.ptr[i]) {
		case '&':
			entity = "&amp;";
			break;
		case '<':
			entity = "&lt;";
			break;
		case '>':
			entity = "&gt;";
			break;
		case '"':
			entity = "&quot;";
			break;
		case '\'':
			entity = "&#39;";
			break;
		default:
			continue;
		}
		str_add(s, slice_make(text.ptr + done, i - done));
		str_adds(s, entity);
		done = i + 1;
	}
	str_add(s, slice_from(text, done));
}

bool str_add_fd(struct str *s, int fd)
{
	char buf[READ_BYTES];
	ssize_t n = 1;

	while (n != 0 && !s->failed) {
		n = read(fd, buf, sizeof buf);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			str_add(s, slice_make(buf, (size_t)n));
	}
	return true;
}

bool str_failed(const struct str *s)
{
	return s->failed;
}

struct slice str_slice(const struct str *s)
{
	return slice_make(str_c(s), s->len);
}

const char *str_c(const struct str *s)
{
	return s->buf ? s->buf : "";
}

struct slice str_dup(const struct str *s, struct arena *a)
{
	return s->failed ? SLICE_NONE : arena_slice(a, str_slice(s));
}

char *str_take(struct str *s, size_t *len)
{
	char *buf = NULL;

	if (!s->failed && grow(s, 0)) {
		buf = s->buf;
		buf[s->len] = '\0';
		if (len)
			*len = s->len;
		s->buf = NULL;
	}
	str_fini(s);
	return buf;
}
