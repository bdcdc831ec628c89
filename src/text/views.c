#include "text/views.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "text/leet.h"
#include "text/spelled.h"
#include "text/unicode.h"
#include "text/uri.h"
#include "text/utf.h"

enum {
	TAG_MAX_BYTES = 2048,
	TOKEN_PART_BYTES = 64, /* longer runs without spaces are folded and mapped in parts of about this */
	SPELLED_SIGNS = 48,    /* letters into a word that is spelled out, where a digit may still stand for one */
	GAP_MAX = 200,
};

/* ---- building a view ---- */

struct builder {
	struct arena *a;
	char *buf;
	size_t len, cap;
	struct view_piece *pieces;
	size_t count, piece_cap;
	bool failed;
};

static void begin(struct builder *b, struct arena *a, size_t cap)
{
	*b = (struct builder){ .a = a, .cap = cap + 1 };
	b->buf = arena_alloc(a, b->cap);
	b->failed = !b->buf;
}

static bool room(struct builder *b, size_t more)
{
	if (b->failed)
		return false;
	if (more < b->cap - b->len)
		return true;
	size_t cap = b->cap * 2 + more;
	char *buf = arena_alloc(b->a, cap);
	if (!buf) {
		b->failed = true;
		return false;
	}
	memcpy(buf, b->buf, b->len);
	b->buf = buf;
	b->cap = cap;
	return true;
}

static void put_piece(struct builder *b, size_t from, size_t to)
{
	if (b->count == b->piece_cap) {
		size_t cap = b->piece_cap ? b->piece_cap * 2 : 32;
		struct view_piece *more = arena_array(b->a, cap, sizeof *more);

		if (!more) {
			b->failed = true;
			return;
		}
		if (b->count)
			memcpy(more, b->pieces, b->count * sizeof *more);
		b->pieces = more;
		b->piece_cap = cap;
	}
	b->pieces[b->count++] = (struct view_piece){ (uint32_t)b->len, (uint32_t)from, (uint32_t)to };
}

/* Text that came from the original's bytes [from, to), which may be others. */
static void put(struct builder *b, struct slice text, size_t from, size_t to)
{
	if (!text.len || !room(b, text.len))
		return;
	/* Bytes copied one for one extend the piece before them. */
	struct view_piece *last = b->count ? &b->pieces[b->count - 1] : NULL;
	bool goes_on = last && last->to == from && text.len == to - from && last->to - last->from == b->len - last->at;
	if (goes_on)
		last->to = (uint32_t)to;
	else
		put_piece(b, from, to);
	memcpy(b->buf + b->len, text.ptr, text.len);
	b->len += text.len;
}

static void finish(struct builder *b, struct views *v, enum view which)
{
	if (b->failed)
		return;
	b->buf[b->len] = '\0';
	v->text[which] = slice_make(b->buf, b->len);
	v->pieces[which] = b->pieces;
	v->piece_count[which] = b->count;
}

static const struct view_piece *piece_at(const struct views *v, enum view which, size_t at, size_t *end)
{
	const struct view_piece *p = v->pieces[which];
	size_t low = 0, high = v->piece_count[which];

	if (!high)
		return NULL;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (p[mid].at <= at)
			low = mid;
		else
			high = mid;
	}
	*end = low + 1 < v->piece_count[which] ? p[low + 1].at : v->text[which].len;
	return &p[low];
}

struct slice views_origin(const struct views *v, enum view which, size_t from, size_t to)
{
	struct slice bytes = v->text[VIEW_BYTES];
	size_t end, a, z;

	if (to > v->text[which].len)
		to = v->text[which].len;
	if (from > to)
		from = to;
	if (which == VIEW_BYTES)
		return slice_make(bytes.ptr + from, to - from);
	const struct view_piece *p = piece_at(v, which, from, &end);
	if (!p)
		return slice_make(bytes.ptr, 0);
	/* Only rendering copies bytes; folding may change any of them, so there whole pieces are named. */
	bool exact = which == VIEW_RENDERED && p->to - p->from == end - p->at;
	a = exact && from <= end ? p->from + (from - p->at) : p->from;
	if (from == to)
		return slice_make(bytes.ptr + a, 0);
	p = piece_at(v, which, to - 1, &end);
	exact = which == VIEW_RENDERED && p->to - p->from == end - p->at;
	z = exact ? p->from + (to - p->at) : p->to;
	return slice_make(bytes.ptr + a, z > a ? z - a : 0);
}

/* ---- rendered ---- */

struct renderer {
	struct slice s;
	struct builder b;
	size_t i;
	bool markup;
	bool no_comment_end, no_script_end,
	    no_style_end; /* searched for once in vain: not again, which keeps time linear */
	int wikilinks;    /* open [[ */
};

struct entity {
	const char *name, *text;
};
/* Each is at least as long as what it stands for. */
static const struct entity entities[] = {
	{ "amp", "&" },       { "lt", "<" },       { "gt", ">" },       { "quot", "\"" },    { "apos", "'" },
	{ "nbsp", " " },      { "ensp", " " },     { "emsp", " " },     { "thinsp", " " },   { "shy", "\u00AD" },
	{ "zwnj", "\u200C" }, { "zwj", "\u200D" }, { "lrm", "\u200E" }, { "rlm", "\u200F" }, { "copy", "©" },
	{ "reg", "®" },       { "trade", "™" },    { "euro", "€" },     { "pound", "£" },    { "yen", "¥" },
	{ "cent", "¢" },      { "hellip", "…" },   { "mdash", "—" },    { "ndash", "–" },    { "lsquo", "‘" },
	{ "rsquo", "’" },     { "ldquo", "“" },    { "rdquo", "”" },    { "laquo", "«" },    { "raquo", "»" },
	{ "bull", "•" },      { "middot", "·" },   { "times", "×" },    { "deg", "°" },      { "sol", "/" },
	{ "period", "." },    { "colon", ":" },    { "commat", "@" },   { "excl", "!" },     { "quest", "?" },
	{ "num", "#" },       { "dollar", "$" },   { "percnt", "%" },   { "lpar", "(" },     { "rpar", ")" },
	{ "lsqb", "[" },      { "rsqb", "]" },     { "lowbar", "_" },   { "Tab", "\t" },     { "NewLine", "\n" },
	{ "auml", "ä" },      { "ouml", "ö" },     { "uuml", "ü" },     { "Auml", "Ä" },     { "Ouml", "Ö" },
	{ "Uuml", "Ü" },      { "szlig", "ß" },    { "eacute", "é" },   { "egrave", "è" },   { "agrave", "à" },
	{ "ccedil", "ç" },    { "ntilde", "ñ" },     { "dot", "˙" },       { "NoBreak", "\u2060" }, { "ZeroWidthSpace", "\u200B" },
};

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static char at(const struct renderer *r, size_t i)
{
	return i < r->s.len ? r->s.ptr[i] : '\0';
}

static bool looking_at(const struct renderer *r, size_t i, const char *text)
{
	size_t n = strlen(text);

	return i + n <= r->s.len && utf_equal_nocase(slice_make(r->s.ptr + i, n), slice_of(text));
}

static void emit(struct renderer *r, struct slice text, size_t to)
{
	put(&r->b, text, r->i, to);
	r->i = to;
}

static void skip(struct renderer *r, size_t to)
{
	r->i = to;
}

/* "&#x41;", "&#65" and "&amp;". False: no entity. */
static bool numeric_entity(struct renderer *r)
{
	bool is_hex = (at(r, r->i + 2) | 0x20) == 'x';
	size_t i = r->i + (is_hex ? 3 : 2), start = i;
	unsigned cp = 0;
	struct str s;

	for (; i - start < 8; i++) {
		char c = at(r, i), low = (char)(c | 0x20);
		unsigned d;

		if (digit(c))
			d = (unsigned)(c - '0');
		else if (is_hex && low >= 'a' && low <= 'f')
			d = (unsigned)(low - 'a' + 10);
		else
			break;
		cp = cp > 0x10FFFF ? cp : cp * (is_hex ? 16 : 10) + d;
	}
	if (i == start)
		return false;
	if (at(r, i) == ';')
		i++;
	str_init(&s, 8);
	str_addu(&s, cp ? cp : 0xFFFD);
	emit(r, str_slice(&s), i);
	str_fini(&s);
	return true;
}

static bool entity(struct renderer *r)
{
	if (at(r, r->i + 1) == '#')
		return numeric_entity(r);
	for (size_t e = 0; e < sizeof entities / sizeof entities[0]; e++) {
		size_t n = strlen(entities[e].name);

		if (r->i + n + 1 < r->s.len && memcmp(r->s.ptr + r->i + 1, entities[e].name, n) == 0 &&
		    at(r, r->i + 1 + n) == ';') {
			emit(r, slice_of(entities[e].text), r->i + n + 2);
			return true;
		}
	}
	return false;
}

/* A part of the original that is kept though it stands inside a tag, read as attributes are. Broken bytes are replaced here too. */
static void put_attribute(struct renderer *r, size_t from, size_t to)
{
	size_t back = r->i;
	unsigned cp;

	for (r->i = from; r->i < to;) {
		if (r->s.ptr[r->i] == '&' && entity(r))
			continue;
		size_t n = utf8_next(slice_make(r->s.ptr, to), r->i, &cp);
		emit(r, cp == UTF8_BAD || cp == 0 ? SLICE("\uFFFD") : slice_make(r->s.ptr + r->i, n), r->i + n);
	}
	put(&r->b, SLICE(" "), to, to);
	r->i = back;
}

/* The end of a tag that starts at r->i: behind its ">". 0 when it is none. */
static size_t tag_end(const struct renderer *r)
{
	char quote = '\0';

	for (size_t i = r->i + 1; i < r->s.len && i - r->i < TAG_MAX_BYTES; i++) {
		char c = r->s.ptr[i];

		if (quote)
			quote = c == quote ? '\0' : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			return i + 1;
		else if (c == '<')
			return 0;
	}
	return 0;
}

static struct slice tag_name(const struct renderer *r, size_t i)
{
	size_t n = 0;

	while (n < 16 && (letter(at(r, i + n)) || (n && digit(at(r, i + n)))))
		n++;
	return slice_make(r->s.ptr + i, n);
}

static bool name_in(struct slice name, const char *const *list)
{
	for (; *list; list++)
		if (utf_equal_nocase(name, slice_of(*list)))
			return true;
	return false;
}

/* Emits the target of a link in a tag, so that it stays to be seen: `href="x"` becomes "x ". */
static void emit_target(struct renderer *r, size_t end)
{
	struct slice tag = slice_make(r->s.ptr + r->i, end - r->i);
	size_t h = utf_find_nocase(tag, SLICE("href"));

	if (h == tag.len)
		return;
	size_t i = r->i + h + 4;
	while (i < end && strchr(" =\t\n", r->s.ptr[i]))
		i++;
	char quote = at(r, i) == '"' || at(r, i) == '\'' ? r->s.ptr[i++] : '\0';
	size_t start = i;
	while (i < end - 1 && (quote ? r->s.ptr[i] != quote : r->s.ptr[i] != ' '))
		i++;
	if (i == start)
		return;
	put_attribute(r, start, i);
}

/* Skips to behind `close`, when it is there at all. */
static bool skip_to(struct renderer *r, size_t from, const char *close, bool *absent)
{
	if (*absent)
		return false;
	size_t found = utf_find_nocase(slice_from(r->s, from), slice_of(close));
	if (from + found >= r->s.len) {
		*absent = true;
		return false;
	}
	skip(r, from + found + strlen(close));
	return true;
}

static bool html(struct renderer *r)
{
	static const char *const blocks[] = { "p",  "br",         "div", "li",      "ul",     "ol", "tr", "td",
					      "th", "table",      "h1",  "h2",      "h3",     "h4", "h5", "h6",
					      "hr", "blockquote", "pre", "section", "center", NULL };
	bool closes = at(r, r->i + 1) == '/';
	struct slice name = tag_name(r, r->i + 1 + closes);

	if (looking_at(r, r->i, "<!--")) {
		r->markup = true;
		return skip_to(r, r->i + 4, "-->", &r->no_comment_end);
	}
	char next = at(r, r->i + 1 + closes + name.len);
	if (!name.len || !strchr(" \t\r\n/>", next) || !next)
		return false;
	size_t end = tag_end(r);
	if (!end)
		return false;
	r->markup = true;
	if (!closes && slice_is(name, "script") && skip_to(r, end, "</script>", &r->no_script_end))
		return true;
	if (!closes && slice_is(name, "style") && skip_to(r, end, "</style>", &r->no_style_end))
		return true;
	if (!closes && utf_equal_nocase(name, SLICE("a")))
		emit_target(r, end);
	if (name_in(name, blocks))
		emit(r, SLICE("\n"), end);
	else
		skip(r, end);
	return true;
}

static bool bbcode(struct renderer *r)
{
	static const char *const tags[] = { "b",      "i",     "u",      "s",     "url",  "img",
					    "size",   "color", "colour", "quote", "code", "list",
					    "center", "email", "font",   "link",  NULL };
	bool closes = at(r, r->i + 1) == '/';
	struct slice name = tag_name(r, r->i + 1 + closes);
	size_t i = r->i + 1 + closes + name.len;

	if (!name_in(name, tags) || (at(r, i) != ']' && (closes || at(r, i) != '=')))
		return false;
	size_t start = i + 1;
	if (at(r, i) == '=')
		for (i = start; i < r->s.len && i - start < TAG_MAX_BYTES && !strchr("]\n[", r->s.ptr[i]);)
			i++;
	if (at(r, i) != ']')
		return false;
	r->markup = true;
	if (!closes && i > start && name_in(name, (const char *const[]){ "url", "link", "email", NULL }))
		put_attribute(r, start, i);
	skip(r, i + 1);
	return true;
}

static size_t run_of(const struct renderer *r, char c)
{
	size_t n = 0;

	while (n < 64 && at(r, r->i + n) == c)
		n++;
	return n;
}

/* Wikitext and Markdown marks. False: an ordinary character. */
static bool mark(struct renderer *r)
{
	char c = r->s.ptr[r->i];
	size_t n = run_of(r, c);

	if ((c == '\'' || c == '*' || c == '~') && n >= 2) {
		skip(r, r->i + n);
		return true;
	}
	if (c == '[' && n >= 2) {
		r->wikilinks++;
		skip(r, r->i + n);
		return true;
	}
	if (c == ']' && n >= 2 && r->wikilinks) {
		r->wikilinks--;
		skip(r, r->i + n);
		return true;
	}
	if (c == '|' && r->wikilinks) {
		emit(r, SLICE(" "), r->i + 1);
		return true;
	}
	if (c == ']' && at(r, r->i + 1) == '(') {
		emit(r, SLICE(" "), r->i + 2);
		return true;
	}
	return false;
}

static bool resolve(struct renderer *r)
{
	switch (r->s.ptr[r->i]) {
	case '&':
		if (!entity(r))
			return false;
		r->markup = true;
		return true;
	case '<':
		return html(r);
	case '[':
		return bbcode(r) || mark(r);
	case '\n':
		r->wikilinks = 0;
		return false;
	case '\'':
	case '*':
	case '~':
	case ']':
	case '|':
		return mark(r);
	default:
		return false;
	}
}

static void render(struct arena *a, struct views *v)
{
	struct renderer r = { .s = v->text[VIEW_BYTES] };
	unsigned cp;

	begin(&r.b, a, r.s.len);
	while (r.i < r.s.len && !r.b.failed) {
		size_t n = utf8_next(r.s, r.i, &cp);

		if (resolve(&r))
			continue;
		if (cp == UTF8_BAD || cp == 0)
			emit(&r, SLICE("\uFFFD"), r.i + n);
		else
			emit(&r, slice_make(r.s.ptr + r.i, n), r.i + n);
	}
	v->markup = r.markup;
	finish(&r.b, v, VIEW_RENDERED);
}

/* ---- norm ---- */

/* A first sieve, so that most characters need no look into the tables: spaces, invisible and loose ones are among these. */
static bool rare(unsigned cp)
{
	return (cp >= 0x80 && cp <= 0xAD) || (cp >= 0x300 && cp <= 0x36F) || cp == 0x61C || cp == 0x640 ||
	       (cp >= 0x64B && cp <= 0x670) || (cp >= 0x115F && cp <= 0x1160) || cp == 0x1680 || (cp >= 0x17B4 && cp <= 0x17B5) ||
	       (cp >= 0x180B && cp <= 0x180F) || (cp >= 0x1AB0 && cp <= 0x1AFF) || (cp >= 0x1DC0 && cp <= 0x1DFF) ||
	       (cp >= 0x2000 && cp <= 0x206F) || (cp >= 0x20D0 && cp <= 0x20FF) || cp == 0x3000 || cp == 0x3164 ||
	       (cp >= 0xFE00 && cp <= 0xFE2F) || cp == 0xFEFF || cp == 0xFFA0 || (cp >= 0xFFF0 && cp <= 0xFFFB) || (cp >= 0x1BCA0 && cp <= 0x1BCA3) ||
	       (cp >= 0x1D173 && cp <= 0x1D17A) || cp >= 0xE0000;
}

static unsigned props(unsigned cp)
{
	if (cp < 0x80)
		return cp == ' ' || (cp >= '\t' && cp <= '\r') ? UNI_SPACE
		       : cp < 0x20 || cp == 0x7F               ? UNI_INVISIBLE
							       : 0;
	return rare(cp) ? unicode_props(cp) : 0;
}

struct token {
	struct slice text; /* folded, without what nobody sees */
	uint32_t from, to; /* in the original */
	bool glued;        /* goes on the token before it: no space between them */
	unsigned char gap; /* the width of the space before it; the end of a line counts twice */
	unsigned char lone;
};

struct normaliser {
	struct arena *a;
	struct views *v;
	struct token *tokens;
	size_t count, cap;
	struct str raw, folded; /* scratch */
	unsigned gap;           /* of space since the last token */
	bool failed;
};

/* Whether an invisible character is ordinary where it stands; `before` is the code point before it. */
static bool ordinary_invisible(unsigned cp, unsigned p, unsigned before, bool at_edge)
{
	if ((cp >= 0xFE00 && cp <= 0xFE0F) || cp == 0x200E || cp == 0x200F || cp == 0x61C || (cp == 0xFEFF && at_edge))
		return true;
	if ((p & UNI_JOINER) || cp == 0x200B)
		return before >= 0x80 &&
		       (unicode_script_joins(unicode_script(before)) || (unicode_props(before) & UNI_EMOJI));
	return p & UNI_CONTROL;
}

static bool word_byte(char c)
{
	return letter(c) || (unsigned char)c >= 0x80;
}

/* Takes out marks that stand between letters: "ca*si*no". Writes what is left. */
static void without_marks(struct slice s, struct str *out)
{
	str_reset(out);
	for (size_t i = 0; i < s.len; i++) {
		bool inside = i > 0 && i + 1 < s.len && word_byte(s.ptr[i - 1]) && word_byte(s.ptr[i + 1]);

		if (!(inside && strchr("*_~|^`", s.ptr[i]) && s.ptr[i]))
			str_addc(out, s.ptr[i]);
	}
}

/* A dash through every letter, a vowel sign that Arabic may leave out: not the marks of scripts that spell with them, nor those NFKC composed. */
static void drop_loose(struct str *s)
{
	size_t kept = 0;
	unsigned cp, last = 0, next;

	for (size_t i = 0, len; i < s->len; i += len) {
		len = utf8_next(str_slice(s), i, &cp);
		if (props(cp) & UNI_LOOSE)
			continue;
		/* The apostrophe of telephones and typesetters; a quotation mark stands beside a word, not in it. */
		if (cp == 0x2019 && unicode_props(last) & UNI_LETTER && i + len < s->len && utf8_next(str_slice(s), i + len, &next) && unicode_props(next) & UNI_LETTER) {
			s->buf[kept++] = last = '\'';
			continue;
		}
		memmove(s->buf + kept, s->buf + i, len);
		kept += len;
		last = cp;
	}
	if (kept < s->len)
		s->buf[s->len = kept] = '\0';
}

static void add_token(struct normaliser *n, size_t from, size_t to, bool glued)
{
	struct slice folded;

	str_reset(&n->folded);
	unicode_nfkc_fold(str_slice(&n->raw), &n->folded);
	drop_loose(&n->folded);
	str_reset(&n->raw);
	folded = str_slice(&n->folded);
	if (!folded.len)
		return;
	if (n->count == n->cap) {
		size_t cap = n->cap ? n->cap * 2 : 64;
		struct token *more = arena_array(n->a, cap, sizeof *more);

		if (!more) {
			n->failed = true;
			return;
		}
		if (n->count)
			memcpy(more, n->tokens, n->count * sizeof *more);
		n->tokens = more;
		n->cap = cap;
	}
	if (spelled_apart(folded, &n->raw)) {
		folded = str_slice(&n->raw);
		n->v->joined++;
		n->v->spelled_letters += spelled_cased(folded);
	} else if (!uri_meant(folded)) {
		without_marks(folded, &n->raw);
		folded = str_slice(&n->raw);
	}
	struct slice origin = views_origin(n->v, VIEW_RENDERED, from, to);
	size_t start = (size_t)(origin.ptr - n->v->text[VIEW_BYTES].ptr);
	struct token *t = &n->tokens[n->count++];
	*t = (struct token){ arena_slice(n->a, folded), (uint32_t)start, (uint32_t)(start + origin.len), glued,
			     (unsigned char)(n->gap < GAP_MAX ? n->gap : GAP_MAX), (unsigned char)(glued ? LONE_NOT : spelled_lone(folded)) };
	n->gap = 0;
	n->failed = n->failed || !t->text.ptr || str_failed(&n->folded) || str_failed(&n->raw);
	str_reset(&n->raw);
}

/* A run without spaces may be cut here: nothing before `cp` composes with it. */
static bool may_cut_before(unsigned cp)
{
	return cp >= 0x80 && !(cp >= 0x1100 && cp <= 0x11FF) && !(unicode_props(cp) & (UNI_MARK | UNI_INVISIBLE));
}

static void tokenise(struct normaliser *n)
{
	struct slice s = n->v->text[VIEW_RENDERED];
	size_t start = 0;
	unsigned cp, before = 0;
	bool glued = false;

	for (size_t i = 0, len; i < s.len && !n->failed; i += len) {
		len = utf8_next(s, i, &cp);
		unsigned p = props(cp);

		if (p & UNI_SPACE) {
			add_token(n, start, i, glued);
			n->gap += cp == '\n' ? 2 : 1;
			start = i + len;
			glued = false;
		} else if (p & UNI_INVISIBLE) {
			bool ordinary = ordinary_invisible(cp, p, before, i == 0 || i + len == s.len);

			n->v->invisible += !ordinary;
			if (ordinary && (p & UNI_JOINER))
				str_add(&n->raw, slice_make(s.ptr + i, len));
		} else {
			if (n->raw.len >= TOKEN_PART_BYTES && may_cut_before(cp)) {
				add_token(n, start, i, glued);
				start = i;
				glued = true;
			}
			if (unicode_plain(cp) != cp)
				str_addu(&n->raw, unicode_plain(cp));
			else
				str_add(&n->raw, slice_make(s.ptr + i, len));
		}
		before = cp;
	}
	add_token(n, start, s.len, glued);
}

/* How many tokens from i on are letters standing alone, the first one behind a bracket or quote, the last one before a full stop or the like, or 0:
 * it is no word that was spelled out. Where `signs`, a digit among five letters is one of them: "к а 3 и н о". */
static size_t spelled_run(const struct normaliser *n, size_t i, bool signs)
{
	size_t k = i, letters = 0, others = 0;
	bool punctuated = n->tokens[i].lone == LONE_OPENS, ended = false;

	if (punctuated) {
		letters++;
		k++;
	}
	for (; k < n->count && !ended; k++) {
		enum lone l = n->tokens[k].lone, next = k + 1 < n->count ? n->tokens[k + 1].lone : LONE_NOT;

		if (l == LONE_SIGN && signs && k > i && k - i < SPELLED_SIGNS && (next == LONE_LETTER || next == LONE_CLOSES)) {
			others++;
			continue;
		}
		if (l != LONE_LETTER && l != LONE_CLOSES)
			break;
		letters++;
		ended = l == LONE_CLOSES;
	}
	punctuated = punctuated || ended;
	if (letters < SPELLED_MIN + (punctuated ? 1 : 0) || (others && others * 4 >= letters))
		return others ? spelled_run(n, i, false) : 0;
	return k - i;
}

static void normalise(struct arena *a, struct views *v)
{
	struct normaliser n = { .a = a, .v = v };
	struct builder b;
	size_t spelled = 0, word = 0;
	unsigned unit = 0;

	str_init(&n.raw, VIEWS_MAX_BYTES * 4);
	str_init(&n.folded, VIEWS_MAX_BYTES * 64);
	tokenise(&n);
	begin(&b, a, v->text[VIEW_RENDERED].len);
	b.failed = b.failed || n.failed;
	for (size_t i = 0; i < n.count && !b.failed; i++) {
		const struct token *t = &n.tokens[i];
		bool space = i > 0 && !t->glued;

		if (spelled) {
			spelled--;
			/* A wider space than between the first letters parts words. */
			space = t->gap > unit;
			word = space ? 1 : word + 1;
			v->joined += word == SPELLED_MIN;
		} else if ((spelled = spelled_run(&n, i, true)) > 0) {
			spelled--;
			unit = n.tokens[i + 1].gap;
			word = 1;
			for (size_t k = 0; k <= spelled; k++)
				v->spelled_letters += spelled_cased(n.tokens[i + k].text);
		}
		/* The space belongs to the piece before it. */
		if (space && room(&b, 1))
			b.buf[b.len++] = ' ';
		if (!room(&b, t->text.len))
			break;
		put_piece(&b, t->from, t->to);
		memcpy(b.buf + b.len, t->text.ptr, t->text.len);
		b.len += t->text.len;
	}
	finish(&b, v, VIEW_NORM);
	str_fini(&n.raw);
	str_fini(&n.folded);
}

/* ---- skel ---- */

/* The end of the run of letters, digits and marks that starts at i. *odd: with digits, or signs that stand for letters. */
static size_t word_end(struct slice s, size_t i, bool *foreign, bool *odd)
{
	size_t from = i;
	unsigned cp;

	*foreign = *odd = false;
	while (i < s.len) {
		size_t n = utf8_next(s, i, &cp);
		bool sign = cp < 0x80 && (digit((char)cp) || leet_sign(s, from, i));

		if (cp < 0x80 ? !letter((char)cp) && !sign
			      : !(unicode_props(cp) & (UNI_LETTER | UNI_DIGIT | UNI_MARK | UNI_JOINER)))
			break;
		*foreign = *foreign || cp >= 0x80;
		*odd = *odd || sign;
		i += n;
	}
	return i;
}

/* A foreign name with an ending of the writer's own language, as Russian writes "iPadом": three or more Latin letters,
 * then at most three others. Ordinary, so it does not count; its skeleton is taken all the same. */
static bool inflected(struct slice word)
{
	size_t latin = 0, tail = 0;
	unsigned cp;

	while (latin < word.len && letter(word.ptr[latin]))
		latin++;
	for (size_t i = latin; i < word.len; tail++) {
		i += utf8_next(word, i, &cp);
		if (cp < 0x400 || cp > 0x52F)
			return false;
	}
	return latin >= 3 && tail <= 3;
}

static void same_view(struct views *v, enum view from, enum view to)
{
	v->text[to] = v->text[from];
	v->pieces[to] = v->pieces[from];
	v->piece_count[to] = v->piece_count[from];
}

static void put_mapped(struct builder *b, const struct views *v, struct slice text, size_t from, size_t to)
{
	struct slice origin = views_origin(v, VIEW_NORM, from, to);
	size_t start = (size_t)(origin.ptr - v->text[VIEW_BYTES].ptr);

	if (!text.len || !room(b, text.len))
		return;
	put_piece(b, start, start + origin.len);
	memcpy(b->buf + b->len, text.ptr, text.len);
	b->len += text.len;
}

/* Text of norm as it is, piece by piece, so that its words keep their own places. */
static void put_unchanged(struct builder *b, const struct views *v, size_t from, size_t to)
{
	size_t end;

	while (from < to && !b->failed) {
		piece_at(v, VIEW_NORM, from, &end);
		if (end > to || end <= from)
			end = to;
		put_mapped(b, v, slice_make(v->text[VIEW_NORM].ptr + from, end - from), from, end);
		from = end;
	}
}

/* What stands between two spaces around s[i]: its end, and whether it is an address or a file, in which digits are digits. */
static size_t around_word(struct slice s, size_t i, bool *address)
{
	size_t from = i, to = i;

	while (from > 0 && s.ptr[from - 1] != ' ')
		from--;
	while (to < s.len && s.ptr[to] != ' ')
		to++;
	*address = memmem(s.ptr + from, to - from, "://", 3) != NULL;
	for (size_t k = from + 1; k + 1 < to && !*address; k++)
		*address = s.ptr[k] == '.' && word_byte(s.ptr[k + 1]) && (word_byte(s.ptr[k - 1]) || digit(s.ptr[k - 1]));
	return to;
}

static void skeleton(struct arena *a, struct views *v)
{
	struct slice s = v->text[VIEW_NORM];
	struct builder b;
	struct str word, folded, meant;
	size_t done = 0, looked = 0;
	bool address = false;

	same_view(v, VIEW_NORM, VIEW_SKEL);
	begin(&b, a, 0);
	str_init(&word, VIEWS_MAX_BYTES * 16);
	str_init(&folded, VIEWS_MAX_BYTES * 16);
	str_init(&meant, VIEWS_MAX_BYTES * 4);
	for (size_t i = 0; i < s.len && !b.failed;) {
		bool foreign, odd;
		size_t end = word_end(s, i, &foreign, &odd);
		unsigned cp;

		struct slice run = slice_make(s.ptr + i, end - i);
		if (odd && i >= looked)
			looked = around_word(s, i, &address);
		odd = odd && !address && !(i > 0 && s.ptr[i - 1] == '@') && leet_read(run, &meant);
		b.failed = b.failed || str_failed(&meant);
		if (odd)
			run = str_slice(&meant);

		if (foreign && unicode_mixed_script(run)) {
			bool bent = inflected(run);
			str_reset(&word);
			if (bent || !leet_cyrillic(run, &folded)) {
				str_reset(&folded);
				unicode_skeleton(run, &word);
				unicode_nfkc_fold(str_slice(&word), &folded);
			}
			/* What reads as a word of one script was made to; a letter astray before or behind a word was not. */
			v->mixed_words += !bent && (!word.len || unicode_ascii(str_slice(&word)));
			b.failed = b.failed || str_failed(&word) || str_failed(&folded);
			put_unchanged(&b, v, done, i);
			put_mapped(&b, v, str_slice(&folded), i, end);
			done = end;
		} else if (odd) {
			put_unchanged(&b, v, done, i);
			put_mapped(&b, v, run, i, end);
			done = end;
		}
		i = end > i ? end : i + utf8_next(s, i, &cp);
	}
	if (done) {
		put_unchanged(&b, v, done, s.len);
		v->text[VIEW_SKEL] = SLICE_NONE;
		finish(&b, v, VIEW_SKEL);
	}
	if (b.failed)
		v->text[VIEW_SKEL] = SLICE_NONE;
	str_fini(&word);
	str_fini(&folded);
	str_fini(&meant);
}

enum err views_make(struct arena *a, struct slice text, struct views *out, struct error *e)
{
	*out = (struct views){ 0 };
	if (text.len > VIEWS_MAX_BYTES)
		return err_set(e, ERR_TOO_LARGE, "The text is longer than %d KiB.", VIEWS_MAX_BYTES / 1024);
	out->text[VIEW_BYTES] = text.ptr ? text : SLICE("");
	render(a, out);
	if (out->text[VIEW_RENDERED].ptr)
		normalise(a, out);
	if (out->text[VIEW_NORM].ptr)
		skeleton(a, out);
	return out->text[VIEW_SKEL].ptr ? ERR_OK : err_nomem(e);
}
