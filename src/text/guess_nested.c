#include "text/guess_nested.h"

#include <string.h>

enum {
	UNPACKED = 1024, /* bytes that are decoded from base64 or hexadecimal */
	ENCODED_MIN = 8, /* digits of a name in base64 or hexadecimal */
	HOST_BYTES = 253,
};

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

static int digit64(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52
	     : c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static void read_encoded(struct arena *a, struct slice s, bool slashes, const struct guess_found *f, int depth, struct guesses *out);

/* Names in what is written in base64 or hexadecimal, and `depth` times inside that. Bytes that nobody prints end it. */
static void unpack(struct arena *a, struct slice s, const struct guess_found *f, int depth, struct guesses *out)
{
	char plain[UNPACKED];
	size_t n = 0;
	unsigned bits = 0, have = 0;
	bool as_hex = s.len % 2 == 0;

	for (size_t i = 0; i < s.len && as_hex; i++)
		as_hex = hex(s.ptr[i]) >= 0;
	for (size_t i = 0; i < s.len && n < UNPACKED; i++) {
		bits = as_hex ? bits << 4 | (unsigned)hex(s.ptr[i]) : bits << 6 | (unsigned)digit64(s.ptr[i]);
		have += as_hex ? 4 : 6;
		if (have < 8)
			continue;
		have -= 8;
		unsigned char c = (unsigned char)(bits >> have);
		if ((c < ' ' && c != '\n') || c >= 0x80)
			break;
		plain[n++] = (char)c;
	}
	if (n < ENCODED_MIN / 4 * 3)
		return;
	guess_add_all(a, slice_make(plain, n), f, out);
	if (depth)
		read_encoded(a, slice_make(plain, n), true, f, depth - 1, out);
}

static bool decode(char *s, size_t *len)
{
	size_t n = 0;

	for (size_t i = 0; i < *len; n++) {
		int high = i + 2 < *len && s[i] == '%' ? hex(s[i + 1]) : -1, low = high >= 0 ? hex(s[i + 2]) : -1;

		s[n] = low >= 0 && high * 16 + low > ' ' ? (char)(high * 16 + low) : s[i];
		i += low >= 0 && high * 16 + low > ' ' ? 3 : 1;
	}
	bool changed = n < *len;
	*len = n;
	return changed;
}

static struct slice decoded(struct arena *a, struct slice s)
{
	struct slice copy = arena_slice(a, s);

	for (int depth = 0; copy.ptr && depth < GUESS_DECODED_MAX && copy.len && decode((char *)copy.ptr, &copy.len); depth++)
		;
	return copy.ptr ? copy : SLICE("");
}

/* Runs of base64's digits; a slash is one of them, or parts them. */
static void read_encoded(struct arena *a, struct slice s, bool slashes, const struct guess_found *f, int depth, struct guesses *out)
{
	for (size_t i = 0; i < s.len;) {
		size_t from = i;

		while (i < s.len && digit64(s.ptr[i]) >= 0 && (slashes || s.ptr[i] != '/'))
			i++;
		if (i - from >= ENCODED_MIN)
			unpack(a, slice_make(s.ptr + from, i - from), f, depth, out);
		i += i == from ? 1 : 0;
	}
}

/* Whole segments of a path that are names: the first, as redirectors have it, or each. */
static void read_segments(struct arena *a, struct slice s, bool each, const struct guess_found *f, struct guesses *out)
{
	bool first = true;

	for (size_t i = 0; i < s.len && (first || each); i++) {
		size_t from = i, n = guess_run(s, i);

		while (i < s.len && !strchr("/:=@", s.ptr[i]))
			i++;
		if (n && n == i - from)
			guess_add(a, s, from, n, f, out);
		first = first && i == from;
	}
}

/* "evil--lamps-com.translate.goog" */
static void read_translated(struct arena *a, struct slice host, const struct guess_found *f, struct guesses *out)
{
	static const struct slice below = { ".translate.goog", 15 };
	char name[HOST_BYTES];
	size_t n = 0;

	if (host.len <= below.len || !slice_eq(slice_from(host, host.len - below.len), below))
		return;
	for (size_t i = 0; i < host.len - below.len; i++) {
		bool twice = host.ptr[i] == '-' && host.ptr[i + 1] == '-';

		name[n++] = host.ptr[i] == '-' && !twice ? '.' : host.ptr[i];
		i += twice;
	}
	guess_add(a, slice_make(name, n), 0, n, f, out);
}

bool guess_leads_on(struct slice host)
{
	static const char *const hosts[] = { "archive.org", "archive.today", "archive.ph", "archive.is", "archive.li", "archive.fo", "archive.md", "archive.vn",
		"translate.goog", "translate.google.com", "webcache.googleusercontent.com" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (uri_below(host, slice_of(hosts[i])))
			return true;
	return false;
}

enum err guess_nested(struct arena *a, const struct uri *outer, struct guesses *out, struct error *e)
{
	struct guess_found f = { .at = outer->at, .len = outer->len, .whole = true };
	size_t query = 0;

	while (query < outer->path.len && outer->path.ptr[query] != '?' && outer->path.ptr[query] != '#')
		query++;
	struct slice path = decoded(a, slice_make(outer->path.ptr, query)), rest = decoded(a, slice_from(outer->path, query));
	read_translated(a, outer->host, &f, out);
	read_encoded(a, path, false, &f, 1, out);
	read_encoded(a, rest, true, &f, 1, out);
	f.plain = true;
	guess_add_all(a, rest, &f, out);
	f.whole = false;
	read_segments(a, path, guess_leads_on(outer->host), &f, out);
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

enum err guess_data(struct arena *a, struct slice s, struct guesses *out, struct error *e)
{
	static const struct slice mark = { ";base64,", 8 };
	size_t seen = 0;

	for (const char *at = s.ptr; seen < GUESS_DATA_MAX && (at = memmem(at, s.len - (size_t)(at - s.ptr), mark.ptr, mark.len)) != NULL; seen++) {
		size_t from = (size_t)(at - s.ptr) + mark.len, n = 0;

		while (from + n < s.len && n < UNPACKED * 4 / 3 && digit64(s.ptr[from + n]) >= 0)
			n++;
		unpack(a, slice_make(s.ptr + from, n), &(struct guess_found){ .at = from, .len = n, .whole = true }, 0, out);
		at += mark.len;
	}
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}
