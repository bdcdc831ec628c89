#include "text/guess_broken.h"

#include <string.h>

#include "text/uri.h"

enum {
	NAME_BYTES = 253,
	PATH_BYTES = 200,
	MARKS = 8,     /* bytes of blanks and marks between two halves */
	INSERTED = 40, /* bytes of what stands in brackets between them */
	TOP_BYTES = 18,
	SHOUTED = 4,   /* capitals that are no part of a name */
};

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool of_name(char c)
{
	return is_upper(c) || is_lower(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
}

static bool one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static struct slice without_edge(struct slice s)
{
	while (s.len && one_of(s.ptr[0], ".-_"))
		s = slice_from(s, 1);
	return s;
}

/* Two parts as one name, with `between` in the middle, and what follows the second at once. Where `joined`, only a match that holds the seam counts. */
static void add_parts(struct arena *a, struct slice s, struct slice left, struct slice between, struct slice right, bool joined, struct guesses *out)
{
	char name[NAME_BYTES + PATH_BYTES];

	left = without_edge(left);
	size_t at = (size_t)(left.ptr - s.ptr), end = (size_t)(right.ptr - s.ptr) + right.len, len = left.len + between.len + right.len;
	if (!left.len || len > NAME_BYTES)
		return;
	size_t rest = s.len - end < PATH_BYTES ? s.len - end : PATH_BYTES;
	memcpy(name, left.ptr, left.len);
	memcpy(name + left.len, between.ptr, between.len);
	memcpy(name + left.len + between.len, right.ptr, right.len);
	memcpy(name + len, s.ptr + end, rest);
	guess_add(a, slice_make(name, len + rest), 0, len, &(struct guess_found){ .at = at, .len = end - at, .whole = true, .seam = joined ? left.len : 0, .plain = true }, out);
}

static size_t back_over_marks(struct slice s, size_t at)
{
	size_t i = at;

	while (i > 0 && at - i < MARKS) {
		bool wide = i > 1 && (unsigned char)s.ptr[i - 1] == 0xA0 && (unsigned char)s.ptr[i - 2] == 0xC2;

		if (!wide && !one_of(s.ptr[i - 1], " \t\r\n*~|^`\"'+<>"))
			break;
		i -= wide ? 2 : 1;
	}
	return i;
}

/* Where what parts the name that starts at `at` from what is before it begins: blanks and marks, and one pair of brackets with what is in it. */
static size_t back_over_gap(struct slice s, size_t at)
{
	static const char opened[] = "[({<", closed[] = "])}>";
	size_t i = back_over_marks(s, at);
	const char *close = i > 0 && s.ptr[i - 1] ? strchr(closed, s.ptr[i - 1]) : NULL;

	if (!close)
		return i;
	for (size_t k = i - 1; k > 0 && i - k <= INSERTED + 1 && s.ptr[k - 1] != '\n'; k--)
		if (s.ptr[k - 1] == opened[close - closed])
			return back_over_marks(s, k - 1);
	return i;
}

/* "/title.com" is part of an address, which is read as a whole. */
static bool in_path(struct slice s, size_t at)
{
	return at > 0 && (one_of(s.ptr[at - 1], "=?&#:@%") || (s.ptr[at - 1] == '/' && !(at > 1 && s.ptr[at - 2] == '/')));
}

/* "ev" before "il.com", "evil" before "[...].com" */
static void read_left(struct arena *a, struct slice s, struct slice run, struct guesses *out)
{
	size_t at = (size_t)(run.ptr - s.ptr), to = back_over_gap(s, at), from = to;

	while (from > 0 && to - from < NAME_BYTES && of_name(s.ptr[from - 1]))
		from--;
	/* A sentence's end is none of a name's halves. */
	if (to == at || from == to || s.ptr[to - 1] == '.' || in_path(s, from))
		return;
	add_parts(a, s, slice_make(s.ptr + from, to - from), SLICE(""), run, true, out);
}

/* "om" behind "evil.c" */
static void read_right(struct arena *a, struct slice s, struct slice run, struct guesses *out)
{
	size_t at = (size_t)(run.ptr - s.ptr) + run.len, from = at, to;

	while (from < s.len && from - at < MARKS && one_of(s.ptr[from], " \t*~|^`\"'"))
		from++;
	for (to = from; to < s.len && to - from < TOP_BYTES && of_name(s.ptr[to]) && s.ptr[to] != '.';)
		to++;
	if (from > at && to > from && of_name(run.ptr[run.len - 1]) && run.ptr[run.len - 1] != '.')
		add_parts(a, s, run, SLICE(""), slice_make(s.ptr + from, to - from), true, out);
}

/* "evilREMOVETHIS.com", "evil.REMOVETHIS.com" and "evilDOTcom": what is shouted in a name of small letters. */
static void read_shouted(struct arena *a, struct slice s, struct slice run, struct guesses *out)
{
	size_t from = 0, to = 0;
	bool small = false, dot, cut;

	for (size_t i = 0, n; i < run.len; i += n) {
		small = small || is_lower(run.ptr[i]);
		for (n = 0; i + n < run.len && is_upper(run.ptr[i + n]);)
			n++;
		if (n > to - from) {
			from = i;
			to = i + n;
		}
		n += n == 0;
	}
	dot = to - from == 3 && memcmp(run.ptr + from, "DOT", 3) == 0;
	if (!small || !from || to == run.len || (to - from < SHOUTED && !dot))
		return;
	size_t before = from, after = to;
	for (; before > 0 && one_of(run.ptr[before - 1], ".-_"); before--)
		dot = dot || run.ptr[before - 1] == '.';
	for (; after < run.len && one_of(run.ptr[after], ".-_"); after++)
		dot = dot || run.ptr[after] == '.';
	cut = before < from || after > to;
	add_parts(a, s, slice_make(run.ptr, before), dot ? SLICE(".") : cut ? SLICE("-") : SLICE(""), slice_from(run, after), false, out);
}

static int hex(char c)
{
	return is_digit(c) ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* The character that is encoded at s[at], or 0. */
static char encoded(struct slice s, size_t at)
{
	int high = at + 2 < s.len && s.ptr[at] == '%' ? hex(s.ptr[at + 1]) : -1, low = high >= 0 ? hex(s.ptr[at + 2]) : -1;

	return low >= 0 && high < 8 ? (char)(high * 16 + low) : '\0';
}

/* A run in which something is encoded, from `from` on. Returns where it ends. */
static size_t read_encoded(struct arena *a, struct slice s, size_t from, struct guesses *out)
{
	char name[NAME_BYTES + PATH_BYTES];
	size_t i = from, n = 0;

	while (i < s.len && n < sizeof(name)) {
		char c = encoded(s, i);

		if (!c && !of_name(s.ptr[i]) && s.ptr[i] != '/')
			break;
		name[n++] = c ? c : s.ptr[i];
		i += c ? 3 : 1;
	}
	if (!in_path(s, from))
		guess_add_all(a, slice_make(name, n), &(struct guess_found){ .at = from, .len = i - from, .whole = true }, out);
	return i;
}

enum err guess_broken(struct arena *a, struct slice s, struct guesses *out, struct error *e)
{
	for (size_t i = 0; i < s.len;) {
		size_t from = i, dot = 0;
		bool shouts = false;

		for (; i < s.len && of_name(s.ptr[i]); i++) {
			dot = s.ptr[i] == '.' && i + 1 < s.len && of_name(s.ptr[i + 1]) && s.ptr[i + 1] != '.' ? i + 1 : dot;
			shouts = shouts || (i > from && is_upper(s.ptr[i]) && is_upper(s.ptr[i - 1]));
		}
		if (i < s.len && encoded(s, i)) {
			i = read_encoded(a, s, from, out);
			continue;
		}
		struct slice run = slice_make(s.ptr + from, i - from);
		/* What is called is a function, and "end.It" a sentence that lacks its space. */
		if ((dot || shouts) && run.len <= NAME_BYTES && !(i < s.len && s.ptr[i] == '(')) {
			if (dot && !uri_file_name(run) && !(is_upper(s.ptr[dot]) && dot + 1 < i && is_lower(s.ptr[dot + 1]))) {
				read_left(a, s, run, out);
				read_right(a, s, run, out);
			}
			if (!in_path(s, from)) {
				bool digits = false;

				for (size_t k = dot; dot && k < i; k++)
					digits = digits || is_digit(s.ptr[k]);
				if (digits)
					guess_add(a, s, from, run.len, &(struct guess_found){ .at = from, .len = run.len, .whole = true }, out);
				if (shouts)
					read_shouted(a, s, run, out);
			}
		}
		i += i == from;
	}
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}
