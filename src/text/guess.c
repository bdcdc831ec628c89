#include "text/guess.h"

#include <string.h>

#include "base/utf8.h"
#include "text/unicode.h"
#include "text/utf.h"

enum {
	PARTS = 6,        /* of a name that was cut at its dots */
	AROUND = 6,       /* bytes of blanks, brackets and quotes on each side of a dot */
	PART_BYTES = 100,
	NAME_BYTES = 253,
	PATH_BYTES = 200,
	TOP_BYTES = 24,   /* of a top level domain that is not ASCII */
	FULL_WIDTH_HYPHEN = 0xFF0D,
	TRIES = 256,      /* names that are taken apart */
};

static bool alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The bytes of a character that a name may hold at s[at], or 0. */
static size_t of_name(struct slice s, size_t at)
{
	unsigned cp;
	char c = s.ptr[at];

	if ((unsigned char)c < 0x80)
		return alnum(c) || c == '-' || c == '.' || c == '_' ? 1 : 0;
	size_t n = utf8_next(s, at, &cp);
	return cp != UTF8_BAD && (cp == FULL_WIDTH_HYPHEN || unicode_props(cp) & (UNI_LETTER | UNI_MARK | UNI_DIGIT)) ? n : 0;
}

/* What people write in place of a dot. A word wants something on both sides that parts it from the name. */
struct stand_in {
	struct slice text;
	bool word, ends_sentence;
};

#define SIGN(t) { { t, sizeof(t) - 1 }, false, false }
#define STOP(t) { { t, sizeof(t) - 1 }, false, true }
#define WORD(t) { { t, sizeof(t) - 1 }, true, false }
static const struct stand_in stand_ins[] = {
	STOP("."), STOP(","), STOP("。"), STOP("｡"), STOP("۔"), STOP("।"), SIGN("．"), SIGN("․"), SIGN("·"), SIGN("•"), SIGN("∙"),
	SIGN("⋅"), SIGN("・"), SIGN("点"), SIGN("點"), SIGN("ドット"), WORD("dot"), WORD("d0t"), WORD("dott"), WORD("punkt"), WORD("punt"),
	WORD("punto"), WORD("ponto"), WORD("point"), WORD("nokta"), WORD("kropka"), WORD("titik"), WORD("tochka"), WORD("точка"),
	WORD("крапка"), WORD("نقطة"), WORD("نقطه"), WORD("डॉट"), WORD("닷"),
};

/* Blanks, brackets, quotes and marks from `at` on, not more than AROUND bytes; *blank says whether there was a blank. */
static size_t around(struct slice s, size_t at, bool *blank)
{
	size_t i = at;

	*blank = false;
	while (i < s.len && i - at < AROUND) {
		char c = s.ptr[i];
		bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r', wide = (unsigned char)c == 0xC2 && i + 1 < s.len && (unsigned char)s.ptr[i + 1] == 0xA0;

		if (!space && !wide && (!c || !strchr("[](){}<>\"'`*_|~\\/-", c)))
			break;
		*blank = *blank || space || wide;
		i += wide ? 2 : 1;
	}
	return i - at;
}

static const struct stand_in *stand_in_at(struct slice s, size_t at)
{
	char c = s.ptr[at] >= 'A' && s.ptr[at] <= 'Z' ? (char)(s.ptr[at] + 32) : s.ptr[at];

	for (size_t i = 0; i < sizeof stand_ins / sizeof stand_ins[0]; i++) {
		const struct slice t = stand_ins[i].text;

		if (c == t.ptr[0] && at + t.len <= s.len && utf_equal_nocase(slice_make(s.ptr + at, t.len), t) &&
		    (!stand_ins[i].word || at + t.len == s.len || !of_name(s, at + t.len) || strchr("-_.", s.ptr[at + t.len])))
			return &stand_ins[i];
	}
	return NULL;
}

/* The bytes of what is read as a dot between a name that ends before s[at] and what follows, or 0. *weak: it ends sentences as well. */
static size_t dot_at(struct slice s, size_t at, bool *weak)
{
	bool before, after;
	size_t pre = around(s, at, &before);
	const struct stand_in *d = at + pre < s.len ? stand_in_at(s, at + pre) : NULL;

	if (!d)
		return 0;
	size_t post = around(s, at + pre + d->text.len, &after);
	*weak = d->ends_sentence && !before;
	/* A plain dot belongs to its name; a comma between words parts them. */
	if ((d->word && !(pre && post)) || (d->text.ptr[0] == '.' && !pre && !post) || (d->text.ptr[0] == ',' && (pre || post)))
		return 0;
	return pre + d->text.len + post;
}

struct guessing {
	struct arena *a;
	struct slice text;
	struct guesses *out;
	size_t tries;
};

/* Where in a host the dot stands that has so many behind it. */
static size_t dot_from_end(struct slice host, size_t dots)
{
	for (size_t i = host.len; i > 0; i--)
		if (host.ptr[i - 1] == '.' && dots-- == 0)
			return i - 1;
	return host.len;
}

static size_t dots_in(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.ptr[i] == '.';
	return n;
}

static void add(struct guessing *g, size_t at, size_t len, struct slice name, struct slice path, size_t dots_behind, bool weak)
{
	static const struct slice scheme = { "http://", 7 };
	struct guesses *o = g->out;
	const char *last = memrchr(name.ptr, '.', name.len);
	struct uri u;

	if (o->count == GUESSES_MAX || g->tries == TRIES || !last)
		return;
	/* Most end in nothing that somebody runs: known before anything is taken apart. */
	struct slice top = slice_from(name, (size_t)(last - name.ptr) + 1);
	if (unicode_ascii(top) ? !uri_tld_known(top) : top.len > TOP_BYTES)
		return;
	g->tries++;
	struct slice whole = slice_of(arena_printf(g->a, "http://%.*s%.*s", SLICE_ARG(name), SLICE_ARG(path)));
	if (!whole.ptr || uri_parse(g->a, whole, &u, NULL) != ERR_OK || u.flags & (URI_IP | URI_USERINFO))
		return;
	last = memrchr(u.host.ptr, '.', u.host.len);
	if (!last || !uri_tld_known(slice_from(u.host, (size_t)(last - u.host.ptr) + 1)))
		return;
	for (size_t i = 0; i < o->count; i++)
		if (slice_eq(o->list[i].url, u.url))
			return;
	size_t dot = scheme.len + dot_from_end(u.host, dots_behind);
	o->list[o->count++] = (struct guess){ .at = at, .len = len, .url = u.url, .must_from = dot, .must_to = weak ? dot + 2 : 0 };
}

static bool has_digit_or_hyphen(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '-' || (s.ptr[i] >= '0' && s.ptr[i] <= '9'))
			return true;
	return false;
}

/* Writing without spaces runs into a name: of a part that is not ASCII throughout, the ASCII beside the dot, if there is some. */
static struct slice ascii_tail(struct slice s)
{
	size_t i = s.len;

	while (i > 0 && (unsigned char)s.ptr[i - 1] < 0x80)
		i--;
	return i < s.len ? slice_from(s, i) : s;
}

static struct slice ascii_head(struct slice s)
{
	size_t i = 0;

	while (i < s.len && (unsigned char)s.ptr[i] < 0x80)
		i++;
	return i ? slice_make(s.ptr, i) : s;
}

static struct slice without_edge(struct slice s)
{
	while (s.len && strchr(".-_", s.ptr[s.len - 1]))
		s.len--;
	while (s.len && strchr(".-_", s.ptr[0]))
		s = slice_from(s, 1);
	return s;
}

/* What follows a name: a path, where one follows at once. */
static struct slice path_at(struct slice s, size_t at)
{
	size_t end = at;

	if (at == s.len || !strchr("/?#", s.ptr[at]) || !s.ptr[at])
		return SLICE("");
	while (end < s.len && end - at < PATH_BYTES && (unsigned char)s.ptr[end] > ' ' && (unsigned char)s.ptr[end] < 0x7F && !strchr("<>\"`{}|\\^[]()", s.ptr[end]))
		end++;
	while (end > at && strchr(".,;:!?'*_~", s.ptr[end - 1]))
		end--;
	return slice_make(s.ptr + at, end - at);
}

/* The last of some parts has come: the name they make. */
static void take(struct guessing *g, const struct slice *parts, size_t count, bool weak)
{
	char name[NAME_BYTES + 1];
	size_t len = 0;
	const char *from = parts[0].ptr;
	const struct slice end = without_edge(ascii_head(parts[count - 1]));

	for (size_t i = 0; i < count; i++) {
		struct slice tail = ascii_tail(parts[i]), part = i + 1 < count ? without_edge(tail) : end;

		if (i + 1 < count && (i == 0 || tail.len < parts[i].len)) { /* what came before is another word */
			len = 0;
			from = part.ptr;
		}
		if (!part.len || len + part.len + 1 > NAME_BYTES)
			return;
		memcpy(name + len, part.ptr, part.len);
		len += part.len;
		if (i + 1 < count)
			name[len++] = '.';
	}
	size_t at = (size_t)(from - g->text.ptr), to = (size_t)(end.ptr - g->text.ptr) + end.len;
	struct slice path = path_at(g->text, to);
	add(g, at, to + path.len - at, slice_make(name, len), path, dots_in(end), weak);
}

/* What belongs to names and may be, or stand around, what is read as a dot. */
static bool may_part(char c)
{
	return (unsigned char)c >= 0x80 || c == '-' || c == '_';
}

enum err guess_names(struct arena *a, struct slice text, bool sentences, struct guesses *out, struct error *e)
{
	struct guessing g = { a, text, out, 0 };
	struct slice parts[PARTS];
	size_t count = 0;
	bool weak = false;

	for (size_t i = 0; i < text.len;) {
		size_t from = i, n;
		bool inside;

		/* A part ends where a dot may be read that is no plain one. */
		while (i < text.len && (n = of_name(text, i)) && i - from < PART_BYTES && !(i > from && may_part(text.ptr[i]) && dot_at(text, i, &inside)))
			i += n;
		if (i == from) {
			unsigned cp;

			count = 0;
			i += (unsigned char)text.ptr[i] < 0x80 ? 1 : utf8_next(text, i, &cp);
			continue;
		}
		if (count == PARTS) {
			memmove(parts, parts + 1, sizeof(parts) - sizeof(parts[0]));
			count--;
		}
		parts[count++] = slice_make(text.ptr + from, i - from);
		if (count > 1) {
			const struct slice *before = &parts[count - 2], *here = &parts[count - 1];
			bool capital = here->len > 1 && here->ptr[0] >= 'A' && here->ptr[0] <= 'Z' && here->ptr[1] >= 'a' && here->ptr[1] <= 'z';

			if (!weak || (sentences && (!capital || has_digit_or_hyphen(*before))))
				take(&g, parts, count, weak);
		}
		/* The part's own last dot is the one that is asked about: "the end. it is". */
		size_t ends = i;
		while (ends > from + 1 && text.ptr[ends - 1] == '.')
			ends--;
		bool was_weak = weak;
		n = dot_at(text, ends, &weak);
		if (!n || ends + n <= i) {
			count = 0;
			continue;
		}
		if (count > 1 && was_weak && !weak) { /* a sentence ended before this part */
			parts[0] = parts[count - 1];
			count = 1;
		}
		i = ends + n;
	}
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
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

enum err guess_nested(struct arena *a, const struct uri *outer, struct guesses *out, struct error *e)
{
	size_t query = 0;
	while (query < outer->path.len && outer->path.ptr[query] != '?' && outer->path.ptr[query] != '#')
		query++;
	if (query == outer->path.len)
		return ERR_OK;
	struct slice copy = arena_slice(a, slice_from(outer->path, query));
	struct guessing g = { a, copy, out, 0 };
	char *s = (char *)copy.ptr;
	size_t len = copy.len;

	if (!s)
		return err_nomem(e);
	for (int depth = 0; depth < GUESS_DECODED_MAX && len && decode(s, &len); depth++)
		;
	const struct slice path = slice_make(s, len);
	for (size_t i = 0; i < len;) {
		size_t from = i, n;

		while (i < len && (n = of_name(path, i)))
			i += n;
		struct slice name = without_edge(slice_make(s + from, i - from));
		if (from && name.len <= NAME_BYTES && memchr(name.ptr, '.', name.len)) {
			size_t had = out->count;

			add(&g, outer->at, outer->len, name, path_at(path, i), 0, false);
			/* Nothing about its dots was guessed. */
			if (out->count > had)
				out->list[had].must_from = out->list[had].must_to = 0;
		}
		i += i == from ? 1 : 0;
	}
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}
