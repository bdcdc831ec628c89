#include "text/guess.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "text/looks.h"
#include "text/unicode.h"
#include "text/uri.h"
#include "text/utf.h"

enum {
	PARTS = 6,        /* of a name that was cut at its dots */
	AROUND = 8,       /* bytes of blanks, brackets, quotes and pictures on each side of a dot */
	PART_BYTES = 100,
	NAME_BYTES = 253,
	PATH_BYTES = 200,
	TOP_BYTES = 24,   /* of a top level domain that is not ASCII */
	FULL_WIDTH_HYPHEN = 0xFF0D,
	ENCLOSED = 0x1F100, /* letters in circles and squares, which are no letters to Unicode, from here on */
	TRIES = 512,      /* different names that are taken apart */
	SEPARATOR = 12,   /* bytes between letters that are spelled out */
	TURNED = 256,     /* bytes that are read backwards, behind each of the first */
	TURNED_MARKS = 4,
	MENDED_MIN = 3,   /* bytes of a top level domain with digits in place of letters */
	MENDED_MAX = 8,
	SURE_LABEL = 4,   /* letters of a name that nobody writes by chance */
};

static bool alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Latin, Cyrillic, Chinese and Hangul, of which long texts are made: told without the tables. */
static bool is_common_letter(unsigned cp)
{
	return (cp >= 0x400 && cp <= 0x481) || (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0xAC00 && cp <= 0xD7A3) || (cp >= 0xC0 && cp <= 0x24F && cp != 0xD7 && cp != 0xF7);
}

/* The bytes of a character that a name may hold at s[at], or 0. */
static size_t of_name(struct slice s, size_t at)
{
	unsigned cp;
	char c = s.ptr[at];

	if ((unsigned char)c < 0x80)
		return alnum(c) || c == '-' || c == '.' || c == '_' ? 1 : 0;
	/* What broken bytes became: a whole text of it is to be passed over fast. */
	if (slice_starts(slice_from(s, at), SLICE("\uFFFD")))
		return 0;
	size_t n = utf8_next(s, at, &cp);
	return cp != UTF8_BAD && (is_common_letter(cp) || cp == FULL_WIDTH_HYPHEN || unicode_props(cp) & (UNI_LETTER | UNI_MARK | UNI_DIGIT) || (cp >= ENCLOSED && unicode_plain(cp) != cp)) ? n : 0;
}

/* The bytes of what stands at s[at], broken or not. */
static size_t past(struct slice s, size_t at)
{
	size_t n = 1;

	while (at + n < s.len && ((unsigned char)s.ptr[at + n] & 0xC0) == 0x80)
		n++;
	return n;
}

/* Adds the ASCII that a part of a name looks like. False where some of it looks like none. */
static bool add_looks(struct slice s, char *out, size_t *len)
{
	for (size_t i = 0, n; i < s.len; i += n) {
		unsigned cp;

		n = utf8_next(s, i, &cp);
		char c = cp < 0x80 ? (char)cp : looks_like(cp);
		if (!c || *len == NAME_BYTES)
			return false;
		out[(*len)++] = c;
	}
	return true;
}

/* ---- dots ---- */

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
	SIGN("⋅"), SIGN("・"), SIGN("˙"), SIGN("‧"), SIGN("⸱"), SIGN("﹒"), SIGN("●"), SIGN("⚫"), SIGN("⚪"), SIGN("🔴"), SIGN("🔵"), SIGN("°"), SIGN("点"), SIGN("點"), SIGN("ドット"), WORD("dot"), WORD("d0t"), WORD("dott"), WORD("punkt"), WORD("punt"),
	WORD("punto"), WORD("ponto"), WORD("point"), WORD("nokta"), WORD("kropka"), WORD("titik"), WORD("tochka"), WORD("точка"),
	WORD("крапка"), WORD("نقطة"), WORD("نقطه"), WORD("डॉट"), WORD("닷"),
};

static const struct stand_in *stand_in_at(struct slice s, size_t at)
{
	char c = s.ptr[at] >= 'A' && s.ptr[at] <= 'Z' ? (char)(s.ptr[at] + 32) : s.ptr[at];

	/* Most bytes begin none of them. */
	if ((unsigned char)c < 0x80 ? c != '.' && c != ',' && c != 'd' && c != 'p' && c != 'n' && c != 'k' && c != 't' : (unsigned char)c < 0xC2)
		return NULL;
	for (size_t i = 0; i < sizeof stand_ins / sizeof stand_ins[0]; i++) {
		const struct slice t = stand_ins[i].text;

		if (c == t.ptr[0] && at + t.len <= s.len && (stand_ins[i].word ? utf_equal_nocase(slice_make(s.ptr + at, t.len), t) : slice_starts(slice_from(s, at), t)) &&
		    (!stand_ins[i].word || at + t.len == s.len || !of_name(s, at + t.len) || strchr("-_.", s.ptr[at + t.len])))
			return &stand_ins[i];
	}
	return NULL;
}

/* The bytes of an emoji or of a mark that nobody sees. */
static size_t picture_at(struct slice s, size_t at)
{
	unsigned cp;
	size_t n = utf8_next(s, at, &cp);

	return cp != UTF8_BAD && !is_common_letter(cp) && unicode_props(cp) & (UNI_EMOJI | UNI_INVISIBLE) ? n : 0;
}

/* Blanks, brackets, quotes and marks from `at` on, not more than AROUND bytes; *blank says whether there was a blank. */
static size_t around(struct slice s, size_t at, bool *blank)
{
	size_t i = at;

	*blank = false;
	while (i < s.len && i - at < AROUND) {
		char c = s.ptr[i];
		bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r', wide = (unsigned char)c == 0xC2 && i + 1 < s.len && (unsigned char)s.ptr[i + 1] == 0xA0;
		size_t picture = (unsigned char)c >= 0xE2 ? picture_at(s, i) : 0;

		picture = picture && stand_in_at(s, i) ? 0 : picture;
		if (!space && !wide && !picture && (!c || !strchr("[](){}<>\"'`*_|~\\/-", c)))
			break;
		*blank = *blank || space || wide;
		i += picture ? picture : wide ? 2 : 1;
	}
	return i - at;
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
	*weak = d->ends_sentence && !before && !(pre && post && !after);
	/* A plain dot belongs to its name; a comma between words parts them. */
	if ((d->word && !(pre && post)) || (d->text.ptr[0] == '.' && !pre && !post) || (d->text.ptr[0] == ',' && (pre || post)))
		return 0;
	return pre + d->text.len + post;
}

struct guessing {
	struct arena *a;
	struct slice text;
	struct guesses *out;
	/* Of a text that was closed up: where each byte stood. NULL: it is as it was. */
	const uint32_t *map;
	const struct views *norm; /* NULL, or whose norm the text is */
};

static bool is_seen(struct guesses *o, struct slice name, struct slice path)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.ptr[i]) * 0x100000001b3;
	for (size_t i = 0; i < path.len; i++)
		h = (h ^ (unsigned char)path.ptr[i]) * 0x100000001b3;
	h += h == 0;
	bool seen = o->seen[h % GUESS_SEEN] == h;
	o->seen[h % GUESS_SEEN] = h;
	return seen;
}

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

static bool has_digit_or_hyphen(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '-' || (s.ptr[i] >= '0' && s.ptr[i] <= '9'))
			return true;
	return false;
}

/* Whether nobody writes this by chance: "the dot com era" and "fini . il" are written. */
static bool is_sure(const struct uri *u, const struct guess_found *f)
{
	const char *dot = memrchr(u->host.ptr, '.', u->host.len);
	size_t top = u->host.len - (size_t)(dot - u->host.ptr) - 1, label = 0;

	while (label < u->domain.len && u->domain.ptr[label] != '.')
		label++;
	return !f->weak && !f->plain && label >= SURE_LABEL && (top > 2 || u->path.len || has_digit_or_hyphen(slice_make(u->domain.ptr, label)));
}

/* "c0m", which nobody runs, is read as "com". Returns whether it is one then. */
static bool mend_top(char *top, size_t len)
{
	static const char digits[] = "01345", letters[] = "oieas";
	size_t meant = 0;

	if (len < MENDED_MIN || len > MENDED_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		const char *d = top[i] ? strchr(digits, top[i]) : NULL;

		if (d)
			top[i] = letters[d - digits];
		else if (!alnum(top[i]) || (top[i] >= '0' && top[i] <= '9'))
			return false;
		else
			meant++;
	}
	return meant * 2 >= len && uri_tld_known(slice_make(top, len));
}

static void add(struct guessing *g, struct slice name, struct slice path, const struct guess_found *f)
{
	static const struct slice scheme = { "http://", 7 };
	struct guesses *o = g->out;
	const char *last = memrchr(name.ptr, '.', name.len);
	char mended[NAME_BYTES];
	struct uri u;

	if (!last)
		return;
	/* Most end in nothing that somebody runs: known before anything is taken apart. */
	struct slice top = slice_from(name, (size_t)(last - name.ptr) + 1);
	if (unicode_ascii(name) && has_digit_or_hyphen(top) && name.len <= NAME_BYTES) {
		memcpy(mended, name.ptr, name.len);
		if (mend_top(mended + (name.len - top.len), top.len)) {
			name = slice_make(mended, name.len);
			top = slice_from(name, name.len - top.len);
		}
	}
	if ((unicode_ascii(top) ? !uri_tld_known(top) : top.len > TOP_BYTES) || is_seen(o, name, path))
		return;
	if (o->count == GUESSES_MAX || o->tries == TRIES) {
		o->more = true;
		return;
	}
	o->tries++;
	struct slice whole = slice_of(arena_printf(g->a, "http://%.*s%.*s", SLICE_ARG(name), SLICE_ARG(path)));
	if (!whole.ptr || uri_parse(g->a, whole, &u, NULL) != ERR_OK || u.flags & (URI_IP | URI_USERINFO))
		return;
	last = memrchr(u.host.ptr, '.', u.host.len);
	if (!last || !uri_tld_known(slice_from(u.host, (size_t)(last - u.host.ptr) + 1)))
		return;
	for (size_t i = 0; i < o->count; i++)
		if (slice_eq(o->list[i].url, u.url))
			return;
	size_t dot = f->seam ? scheme.len + f->seam : f->whole ? 0 : scheme.len + dot_from_end(u.host, f->dots_behind);
	o->list[o->count++] = (struct guess){ .at = f->at, .len = f->len, .url = u.url, .must_from = dot, .must_to = f->seam ? dot + 1 : f->weak ? dot + 2 : 0, .sure = is_sure(&u, f) };
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

static bool is_edge(char c)
{
	return c == '.' || c == '-' || c == '_';
}

static struct slice without_edge(struct slice s)
{
	while (s.len && is_edge(s.ptr[s.len - 1]))
		s.len--;
	while (s.len && is_edge(s.ptr[0]))
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

static struct guess_found place(const struct guessing *g, size_t from, size_t to)
{
	struct guess_found f = { .at = from, .len = to - from };

	if (g->map) {
		f.at = g->map[from];
		f.len = g->map[to - 1] + 1 - f.at;
	}
	return f;
}

/* Of a text that was closed up or folded: whether the name stood there like this. */
static bool stood_there(const struct guessing *g, struct slice name, const struct guess_found *f)
{
	struct slice o = g->norm ? views_origin(g->norm, VIEW_NORM, f->at, f->at + f->len) : SLICE_NONE;

	return g->norm ? o.ptr && utf_find_nocase(o, name) < o.len : f->len == name.len;
}

/* Spelled letters may run on: "c o m a t". `to` is where the name ends. */
static struct slice spelled_top(const struct guessing *g, struct slice name, size_t to)
{
	const char *dot = memrchr(name.ptr, '.', name.len);
	struct slice top = slice_from(name, dot ? (size_t)(dot - name.ptr) + 1 : name.len);

	if (!g->map || top.len < 3 || g->map[to - top.len + 1] == g->map[to - top.len] + 1 || !unicode_ascii(top) || uri_tld_known(top))
		return name;
	for (size_t n = top.len > 6 ? 6 : top.len - 1; n >= 2; n--)
		if (uri_tld_known(slice_make(top.ptr, n)))
			return slice_make(name.ptr, name.len - top.len + n);
	return name;
}

/* A name as it looks, where foreign letters look like ASCII ones. */
static void take_looks(struct guessing *g, const struct slice *parts, size_t count, bool weak)
{
	char name[NAME_BYTES + 1];
	size_t len = 0;
	bool ascii = true;

	for (size_t i = 0; i < count; i++) {
		struct slice part = without_edge(parts[i]);

		ascii = ascii && unicode_ascii(part);
		if (!part.len || (i && len == NAME_BYTES))
			return;
		if (i)
			name[len++] = '.';
		if (!add_looks(part, name, &len))
			return;
	}
	if (ascii)
		return;
	struct slice last = without_edge(parts[count - 1]);
	size_t at = (size_t)(parts[0].ptr - g->text.ptr), to = (size_t)(last.ptr - g->text.ptr) + last.len;
	struct slice path = path_at(g->text, to);
	struct guess_found f = place(g, at, to + path.len);
	f.weak = weak;
	f.whole = count == 1;
	f.dots_behind = dots_in(last);
	add(g, slice_make(name, len), path, &f);
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
	if (count == 1)
		from = end.ptr;
	size_t at = (size_t)(from - g->text.ptr), to = (size_t)(end.ptr - g->text.ptr) + end.len;
	struct slice whole = slice_make(name, len), shorter = spelled_top(g, whole, to);
	to -= whole.len - shorter.len;
	struct slice path = shorter.len < whole.len ? SLICE("") : path_at(g->text, to);
	struct guess_found bare = place(g, at, to), f = place(g, at, to + path.len);
	if ((g->map || g->norm) && stood_there(g, shorter, &bare))
		return;
	f.weak = weak;
	f.dots_behind = count == 1 ? 0 : dots_in(slice_make(end.ptr, end.len - (whole.len - shorter.len)));
	add(g, shorter, path, &f);
}

/* What belongs to names and may be, or stand around, what is read as a dot. */
static bool may_part(char c)
{
	return (unsigned char)c >= 0x80 || c == '-' || c == '_';
}

static void read_names(struct guessing *g, bool sentences)
{
	const struct slice text = g->text;
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
			count = 0;
			i += past(text, i);
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

			if (!weak || (sentences && (!capital || has_digit_or_hyphen(*before)))) {
				take(g, parts, count, weak);
				take_looks(g, parts, count, weak);
			}
		} else if (memchr(parts[0].ptr, '.', parts[0].len)) {
			if (g->map || g->norm)
				take(g, parts, count, false);
			take_looks(g, parts, count, false);
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
}

size_t guess_run(struct slice s, size_t at)
{
	size_t i = at, n;

	while (i < s.len && (n = of_name(s, i)))
		i += n;
	return i - at;
}

void guess_add(struct arena *a, struct slice s, size_t at, size_t len, const struct guess_found *f, struct guesses *out)
{
	struct slice name = without_edge(slice_make(s.ptr + at, len));

	if (name.len <= NAME_BYTES)
		add(&(struct guessing){ .a = a, .out = out }, name, path_at(s, at + len), f);
}

void guess_add_all(struct arena *a, struct slice s, const struct guess_found *f, struct guesses *out)
{
	for (size_t i = 0, n; i < s.len; i += n ? n : 1) {
		n = guess_run(s, i);
		if (memchr(s.ptr + i, '.', n))
			guess_add(a, s, i, n, f, out);
	}
}

/* What stands behind U+202E is read from its end. */
static void read_turned(struct guessing *g)
{
	static const char mark[] = "\xe2\x80\xae", end[] = "\xe2\x80\xac";
	const struct slice s = g->text;
	size_t turned = 0;

	for (const char *at = s.ptr; turned < TURNED_MARKS && (at = memmem(at, s.len - (size_t)(at - s.ptr), mark, 3)) != NULL; turned++) {
		size_t from = (size_t)(at - s.ptr) + 3, n = 0;
		char back[TURNED];

		while (n < TURNED && from + n < s.len && s.ptr[from + n] != '\n' && !slice_starts(slice_from(s, from + n), slice_make(end, 3)))
			n++;
		for (size_t i = 0; i < n; i++)
			back[i] = s.ptr[from + n - 1 - i];
		guess_add_all(g->a, slice_make(back, n), &(struct guess_found){ .at = from, .len = n, .whole = true }, g->out);
		at += 3;
	}
}

enum err guess_names(struct arena *a, struct slice text, bool sentences, struct guesses *out, struct error *e)
{
	struct guessing g = { .a = a, .text = text, .out = out };

	read_names(&g, sentences);
	read_turned(&g);
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

/* ---- letters that are spelled out ---- */

/* A run of letters and digits. */
struct letters {
	size_t from, to;
	bool single;
};

static struct letters letters_at(struct slice s, size_t at)
{
	struct letters l = { at, at, false };
	size_t count = 0;

	while (l.to < s.len) {
		unsigned cp;
		size_t n = of_name(s, l.to);

		if (!n || is_edge(s.ptr[l.to]))
			break;
		(void)utf8_next(s, l.to, &cp);
		count += cp < 0x80 || is_common_letter(cp) || !(unicode_props(cp) & UNI_MARK);
		l.to += n;
	}
	l.single = count == 1;
	return l;
}

/* What stands between two letters, without blanks; *dots says whether one is read as a dot. */
static struct slice between(struct slice s, bool *dots)
{
	const struct slice whole = s;

	*dots = false;
	for (size_t i = 0; i < whole.len; i++) {
		const struct stand_in *d = stand_in_at(whole, i);

		*dots = *dots || (d && !d->word && d->text.ptr[0] != ',');
	}
	while (s.len && (unsigned char)s.ptr[0] <= ' ')
		s = slice_from(s, 1);
	while (s.len && (unsigned char)s.ptr[s.len - 1] <= ' ')
		s.len--;
	return s;
}

/*
 * A text with letters that stand alone moved together: "e v i l . c o m", "e-v-i-l.c-o-m" and "evil . c o m" are names then. A wider gap than the
 * first one parts words; a hyphen among blanks is the name's own. `map` says where each byte stood.
 */
static struct slice close_up(struct slice s, char *out, uint32_t *map, bool *changed)
{
	struct letters before = { 0, 0, false };
	struct slice first = SLICE_NONE; /* what parts the letters of this word */
	size_t n = 0;

	*changed = false;
	for (size_t i = 0; i < s.len;) {
		struct letters here = letters_at(s, i);

		if (here.to == i) {
			i += past(s, i);
			continue;
		}
		struct slice gap = slice_make(s.ptr + before.to, i - before.to);
		bool one = before.to > before.from && gap.len <= SEPARATOR && (before.single || here.single), both = one && before.single && here.single, dots = false;
		struct slice mark = one ? between(gap, &dots) : gap;
		char put = '\0';
		bool joins = false;

		if (both && !first.ptr) {
			joins = true;
			put = dots && !slice_is(gap, ".") ? '.' : '\0';
			first = put ? SLICE_NONE : gap;
		} else if (both) {
			bool same = slice_eq(gap, first), hyphen = slice_is(mark, "-");

			joins = same || dots || hyphen;
			put = same ? '\0' : dots ? '.' : '-';
		} else if (one) {
			joins = dots;
			put = '.';
		}
		*changed = *changed || joins;
		if (!joins) {
			first = SLICE_NONE;
			for (size_t k = before.to; k < i; k++) {
				map[n] = (uint32_t)k;
				out[n++] = s.ptr[k];
			}
		} else if (put) {
			map[n] = (uint32_t)(before.to);
			out[n++] = put;
		}
		for (; i < here.to; i++) {
			map[n] = (uint32_t)i;
			out[n++] = s.ptr[i];
		}
		before = here;
	}
	for (size_t k = before.to; k < s.len; k++) {
		map[n] = (uint32_t)k;
		out[n++] = s.ptr[k];
	}
	return slice_make(out, n);
}

enum err guess_spelled(struct arena *a, struct slice text, struct guesses *out, struct error *e)
{
	char *closed = arena_alloc(a, text.len + 1);
	uint32_t *map = arena_array(a, text.len + 1, sizeof(*map));
	bool changed;

	if (!closed || !map)
		return err_nomem(e);
	struct guessing g = { .a = a, .text = close_up(text, closed, map, &changed), .out = out, .map = map };
	if (changed)
		read_names(&g, false);
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

enum err guess_folded(struct arena *a, const struct views *v, struct guesses *out, struct error *e)
{
	struct guessing g = { .a = a, .text = v->text[VIEW_NORM], .out = out, .norm = v };

	/* Of ASCII nothing is folded but what was spelled out. */
	if (v->joined || !unicode_ascii(v->text[VIEW_RENDERED]))
		read_names(&g, false);
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}
