#include "text/mail_html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "text/utf.h"

enum { NAME_BYTES_MAX = 64, URI_BYTES_MAX = 8192, ATTRIBUTES_MAX = 32 };

struct attribute {
	struct slice name, value; /* the value as written, entities and all */
};

struct tag {
	struct slice name;
	char lower[NAME_BYTES_MAX + 1];
	bool closes;
	struct attribute attributes[ATTRIBUTES_MAX];
	size_t count;
};

struct page {
	struct arena *a;
	struct slice s;
	size_t at;
	struct str out;
	size_t piece;       /* where the last piece of text or white space begins in `out` */
	bool piece_blank;   /* it came from a tag */
	bool any;
	unsigned script, style, anchors; /* how many of them are open */
	struct slice anchor;		 /* the target of the last link, as written */
	struct slice base;
	struct mail_links *links;
};

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_any(const char *name, const char *list)
{
	size_t n = strlen(name);

	for (const char *at = list; n > 0 && (at = strstr(at, name)) != NULL; at++)
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

/* ---- entities -------------------------------------------------------------------------------------------------- */

struct entity {
	const char *name;
	unsigned code;
	bool bare; /* also without the semicolon */
};

static const struct entity entities[] = {
#define ENTITY(name, code, bare) { name, code, bare },
#include "text/entities.def"
#undef ENTITY
};

static int by_name(const void *key, const void *entry)
{
	return strcmp(key, ((const struct entity *)entry)->name);
}

/* The entity at s.ptr[0] ('&'): how long it is, 0 when it is none. */
static size_t entity(struct slice s, unsigned *code)
{
	char name[16];
	const struct entity *e;
	size_t n = 1;

	if (s.len > 2 && s.ptr[1] == '#') {
		bool hexadecimal = (s.ptr[2] | 0x20) == 'x';
		size_t from = hexadecimal ? 3 : 2;
		unsigned long v = 0;

		for (n = from; n < s.len; n++) {
			char c = (char)(s.ptr[n] | 0x20);
			unsigned d = digit(s.ptr[n]) ? (unsigned)(s.ptr[n] - '0')
				     : hexadecimal && c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
									   : 99;

			if (d == 99)
				break;
			v = v > 0x110000 ? v : v * (hexadecimal ? 16 : 10) + d;
		}
		if (n == from || v > 0x10ffff)
			return 0;
		*code = (unsigned)v;
		return n + (n < s.len && s.ptr[n] == ';');
	}
	while (n < s.len && n < sizeof(name) && (letter(s.ptr[n]) || digit(s.ptr[n])))
		n++;
	if (n == 1 || n >= sizeof(name))
		return 0;
	memcpy(name, s.ptr + 1, n - 1);
	name[n - 1] = '\0';
	e = bsearch(name, entities, sizeof(entities) / sizeof(*entities), sizeof(*entities), by_name);
	if (e == NULL || (!e->bare && (n == s.len || s.ptr[n] != ';')))
		return 0;
	*code = e->code;
	return n + (n < s.len && s.ptr[n] == ';');
}

/* With entities decoded; "&nbsp;" is a plain space, and typographic quotes are made plain. */
static void add_decoded(struct str *out, struct slice s, bool entities_too)
{
	for (size_t i = 0; i < s.len;) {
		struct slice rest = slice_from(s, i);
		unsigned code;
		size_t n;

		if (slice_starts(rest, SLICE("&nbsp;"))) {
			str_addc(out, ' ');
			i += 6;
		} else if (slice_starts(rest, SLICE("\xe2\x80\x9c")) || slice_starts(rest, SLICE("\xe2\x80\x9d"))) {
			str_addc(out, '"');
			i += 3;
		} else if (entities_too && s.ptr[i] == '&' && (n = entity(rest, &code)) > 0) {
			str_addu(out, code);
			i += n;
		} else {
			str_addc(out, s.ptr[i++]);
		}
	}
}

/* ---- links ----------------------------------------------------------------------------------------------------- */

struct parts {
	struct slice scheme, authority, path, query, fragment; /* ptr NULL: not there */
};

static struct parts parts_of(struct slice u)
{
	struct parts p = { SLICE_NONE, SLICE_NONE, SLICE_NONE, SLICE_NONE, SLICE_NONE };
	size_t n;

	for (n = 0; n < u.len && strchr(":/?#", u.ptr[n]) == NULL;)
		n++;
	if (n > 0 && n < u.len && u.ptr[n] == ':') {
		p.scheme = slice_make(u.ptr, n);
		u = slice_from(u, n + 1);
	}
	if (slice_starts(u, SLICE("//"))) {
		for (n = 2; n < u.len && strchr("/?#", u.ptr[n]) == NULL;)
			n++;
		p.authority = slice_make(u.ptr + 2, n - 2);
		u = slice_from(u, n);
	}
	for (n = 0; n < u.len && u.ptr[n] != '?' && u.ptr[n] != '#';)
		n++;
	p.path = slice_make(u.ptr != NULL ? u.ptr : "", n);
	u = slice_from(u, n);
	if (u.len > 0 && u.ptr[0] == '?') {
		for (n = 1; n < u.len && u.ptr[n] != '#';)
			n++;
		p.query = slice_make(u.ptr + 1, n - 1);
		u = slice_from(u, n);
	}
	if (u.len > 0)
		p.fragment = slice_from(u, 1);
	return p;
}

/* Without "." and ".." steps. */
static void add_path(struct str *out, struct slice in)
{
	size_t base = out->len;

	if (slice_starts(in, SLICE("../")) || slice_starts(in, SLICE("./")))
		in = slice_from(in, in.ptr[1] == '.' ? 2 : 1);
	while (in.len > 0 && !str_failed(out)) {
		size_t n = in.ptr[0] == '/';

		if (slice_starts(in, SLICE("/./")) || slice_is(in, "/.")) {
			in = in.len > 2 ? slice_from(in, 2) : SLICE("/");
			continue;
		}
		if (slice_starts(in, SLICE("/../")) || slice_is(in, "/..")) {
			in = in.len > 3 ? slice_from(in, 3) : SLICE("/");
			while (out->len > base && out->buf[out->len - 1] != '/')
				out->len--;
			out->len -= out->len > base;
			continue;
		}
		while (n < in.len && in.ptr[n] != '/')
			n++;
		str_add(out, slice_make(in.ptr, n));
		in = slice_from(in, n);
		if (slice_is(in, "0"))
			break;
	}
}

static void add_target(struct page *p, struct slice target)
{
	struct mail_links *l = p->links;

	if (target.len == 0 || l->count == MAIL_LINKS_MAX)
		return;
	if (l->count == l->cap) {
		size_t to = l->cap > 0 ? l->cap * 2 : 16;
		struct slice *bigger = arena_array(p->a, to, sizeof(*bigger));

		if (bigger == NULL)
			return; /* seen by the caller through the arena */
		if (l->count > 0)
			memcpy(bigger, l->list, l->count * sizeof(*bigger));
		l->list = bigger;
		l->cap = to;
	}
	l->list[l->count++] = target;
}

static bool starts_nocase(struct slice s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.len >= n && utf_equal_nocase(slice_make(s.ptr, n), slice_of(prefix));
}

/* A relative address made absolute by the page's <base>, as RFC 3986 says it. */
static void resolve(struct page *p, struct slice uri)
{
	struct parts r = parts_of(uri), b = parts_of(p->base);
	struct slice scheme, authority, query = r.query;
	struct str out, path;

	str_init(&out, URI_BYTES_MAX * 3);
	str_init(&path, URI_BYTES_MAX * 3);
	if (r.scheme.ptr != NULL && b.scheme.ptr != NULL && slice_eq(r.scheme, b.scheme))
		r.scheme = SLICE_NONE;
	scheme = r.scheme.ptr != NULL ? r.scheme : b.scheme;
	authority = r.scheme.ptr != NULL || r.authority.ptr != NULL ? r.authority : b.authority;
	if (r.scheme.ptr != NULL || r.authority.ptr != NULL) {
		add_path(&path, r.path);
	} else if (r.path.len == 0) {
		str_add(&path, b.path);
		query = r.query.ptr != NULL ? r.query : b.query;
	} else if (r.path.ptr[0] == '/') {
		add_path(&path, r.path);
	} else {
		struct str merged;
		const char *slash = b.path.len > 0 ? memrchr(b.path.ptr, '/', b.path.len) : NULL;

		str_init(&merged, URI_BYTES_MAX * 3);
		if (b.authority.ptr != NULL && b.path.len == 0)
			str_addc(&merged, '/');
		else if (slash != NULL)
			str_add(&merged, slice_make(b.path.ptr, (size_t)(slash - b.path.ptr) + 1));
		str_add(&merged, r.path);
		add_path(&path, str_slice(&merged));
		str_fini(&merged);
	}
	if (scheme.len > 0) {
		str_add(&out, scheme);
		str_addc(&out, ':');
	} else if (authority.ptr != NULL) {
		size_t n = starts_nocase(authority, "www") || starts_nocase(authority, "ftp") ? 3 : 0;

		while (n > 0 && n < authority.len && digit(authority.ptr[n]))
			n++;
		if (n > 0 && n < authority.len && authority.ptr[n] == '.')
			str_adds(&out, (authority.ptr[0] | 0x20) == 'w' ? "http:" : "ftp:");
	}
	if (authority.ptr != NULL) {
		str_adds(&out, "//");
		str_add(&out, authority);
	}
	str_add(&out, str_slice(&path));
	if (query.ptr != NULL) {
		str_addc(&out, '?');
		str_add(&out, query);
	}
	if (r.fragment.ptr != NULL) {
		str_addc(&out, '#');
		str_add(&out, r.fragment);
	}
	add_target(p, str_dup(&out, p->a));
	str_fini(&path);
	str_fini(&out);
}

/* An attribute's value decoded, blanks around off, cut. */
static struct slice value_of(struct page *p, struct slice raw)
{
	struct str text;
	struct slice s;

	str_init(&text, raw.len * 4 + 16);
	add_decoded(&text, raw, true);
	s = str_dup(&text, p->a);
	str_fini(&text);
	while (s.len > 0 && blank(s.ptr[0]))
		s = slice_from(s, 1);
	while (s.len > 0 && blank(s.ptr[s.len - 1]))
		s.len--;
	if (s.len > URI_BYTES_MAX)
		s.len = URI_BYTES_MAX;
	return s;
}

static void push(struct page *p, struct slice raw)
{
	static const char *const whole[] = { "data:", "mailto:", "file:", "cid:", "tel:" };
	struct slice uri = raw.ptr != NULL ? value_of(p, raw) : SLICE("");

	if (uri.len == 0)
		return;
	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		if (starts_nocase(uri, whole[i])) {
			add_target(p, uri);
			return;
		}
	resolve(p, uri);
}

static struct slice attribute(const struct tag *t, const char *name)
{
	for (size_t i = t->count; i > 0; i--)
		if (utf_equal_nocase(t->attributes[i - 1].name, slice_of(name)))
			return t->attributes[i - 1].value;
	return SLICE_NONE;
}

static void base(struct page *p, const struct tag *t)
{
	struct slice raw = attribute(t, "href"), uri;
	size_t slashes, name;
	const char *slash;

	push(p, raw);
	uri = raw.ptr != NULL ? value_of(p, raw) : SLICE("");
	if (!starts_nocase(uri, "http:") && !starts_nocase(uri, "https:") && !starts_nocase(uri, "ftp:"))
		return;
	/* The last step goes when it looks like a file. */
	slash = memrchr(uri.ptr, '/', uri.len);
	slashes = 0;
	for (size_t i = 0; i < uri.len; i++)
		slashes += uri.ptr[i] == '/';
	name = slash != NULL ? (size_t)(slash - uri.ptr) + 1 : uri.len;
	if (slashes > 2) {
		struct slice file = slice_from(uri, name);
		const char *dot = file.len > 0 ? memrchr(file.ptr, '.', file.len) : NULL;
		size_t end = dot != NULL ? file.len - (size_t)(dot - file.ptr) - 1 : 0;

		if (dot != NULL && dot > file.ptr && end >= 2 && end <= 4) {
			const char *before = memrchr(file.ptr, '.', (size_t)(dot - file.ptr));

			uri.len = before != NULL ? (size_t)(before - uri.ptr) + 1 : name;
		}
	}
	p->base = uri;
	if (uri.len == 0 || uri.ptr[uri.len - 1] != '/')
		p->base = slice_of(arena_printf(p->a, "%.*s/", SLICE_ARG(uri)));
}

static void refresh(struct page *p, const struct tag *t)
{
	struct slice equiv = attribute(t, "http-equiv"), content = attribute(t, "content");
	size_t at;

	if (equiv.ptr == NULL || content.ptr == NULL || utf_find_nocase(equiv, SLICE("refresh")) == equiv.len)
		return;
	at = utf_find_nocase(content, SLICE("url"));
	if (at == content.len)
		return;
	content = slice_from(content, at + 3);
	while (content.len > 0 && blank(content.ptr[0]))
		content = slice_from(content, 1);
	if (content.len == 0 || content.ptr[0] != '=')
		return;
	content = slice_from(content, 1);
	for (at = 0; at < content.len && content.ptr[at] != ';';)
		at++;
	push(p, slice_make(content.ptr, at));
}

static void links_of(struct page *p, const struct tag *t)
{
	if (is_any(t->lower, "body table tr td")) {
		push(p, attribute(t, "background"));
	} else if (is_any(t->lower, "a area link")) {
		push(p, attribute(t, "href"));
		push(p, attribute(t, "data-saferedirecturl"));
	} else if (is_any(t->lower, "img frame iframe embed script bgsound")) {
		push(p, attribute(t, "src"));
	} else if (is_any(t->lower, "form")) {
		push(p, attribute(t, "action"));
	} else if (is_any(t->lower, "base")) {
		base(p, t);
	} else if (is_any(t->lower, "meta")) {
		refresh(p, t);
	}
}

/* ---- what is shown --------------------------------------------------------------------------------------------- */

static void show_blank(struct page *p, const char *blanks)
{
	if (p->any && !p->piece_blank && p->out.len > p->piece && p->out.buf[p->out.len - 1] == ' ')
		p->out.len--;
	p->piece = p->out.len;
	p->piece_blank = p->any = true;
	str_adds(&p->out, blanks);
}

static void show_text(struct page *p, struct slice raw, bool literal)
{
	struct str text;
	struct slice s;
	bool first = true;
	size_t piece;

	if (p->script > 0 || p->style > 0 || raw.len == 0)
		return;
	/* What a link's words belong to is told again, not made absolute. */
	if (p->anchors > 0 && p->anchor.ptr != NULL) {
		add_target(p, p->anchor);
		p->anchor.ptr = NULL;
	}
	str_init(&text, p->s.len * 4 + 16);
	add_decoded(&text, raw, !literal);
	s = str_slice(&text);
	piece = p->out.len;
	for (size_t i = 0; i < s.len; first = false) {
		if (!blank(s.ptr[i])) {
			str_addc(&p->out, s.ptr[i++]);
			continue;
		}
		while (i < s.len && blank(s.ptr[i]))
			i++;
		if (!(first && p->any && p->piece_blank))
			str_addc(&p->out, ' ');
	}
	str_fini(&text);
	p->piece = piece;
	p->piece_blank = false;
	p->any = true;
}

static void white_space(struct page *p, const char *tag)
{
	if (is_any(tag, "br div"))
		show_blank(p, "\n");
	else if (is_any(tag, "li th td dt dd embed h1 h2 h3 h4 h5 h6"))
		show_blank(p, " ");
	else if (is_any(tag, "p hr blockquote pre listing plaintext xmp title"))
		show_blank(p, "\n\n");
}

/* ---- markup ---------------------------------------------------------------------------------------------------- */

static void act(struct page *p, const struct tag *t)
{
	if (is_any(t->lower, "script"))
		p->script = t->closes ? p->script - (p->script > 0) : p->script + 1;
	if (is_any(t->lower, "style"))
		p->style = t->closes ? p->style - (p->style > 0) : p->style + 1;
	if (is_any(t->lower, "a")) {
		struct slice href = attribute(t, "href");

		p->anchors = t->closes ? p->anchors - (p->anchors > 0) : p->anchors + 1;
		if (!t->closes)
			p->anchor = href.ptr != NULL ? value_of(p, href) : SLICE_NONE;
	}
	white_space(p, t->lower);
	if (!t->closes)
		links_of(p, t);
}

/* The tag at s[at] ('<' and a letter, or "</"); its end behind '>', or 0 when it has none. */
static size_t read_tag(struct slice s, size_t at, struct tag *t)
{
	size_t i = at + 1, from;

	*t = (struct tag){ .closes = s.ptr[i] == '/' };
	i += t->closes;
	for (from = i; i < s.len && !blank(s.ptr[i]) && s.ptr[i] != '>' && s.ptr[i] != '/';)
		i++;
	t->name = slice_make(s.ptr + from, i - from);
	if (t->name.len <= NAME_BYTES_MAX) {
		memcpy(t->lower, t->name.ptr, t->name.len);
		utf_lower_ascii(t->lower, t->name.len);
	}
	while (i < s.len) {
		struct attribute x = { SLICE_NONE, SLICE("") };

		while (i < s.len && (blank(s.ptr[i]) || (s.ptr[i] == '/' && i + 1 < s.len)))
			i++;
		if (i == s.len)
			return 0;
		if (s.ptr[i] == '>')
			return i + 1;
		for (from = i; i < s.len && !blank(s.ptr[i]) && s.ptr[i] != '=' && s.ptr[i] != '>';)
			i++;
		x.name = slice_make(s.ptr + from, i - from);
		while (i < s.len && blank(s.ptr[i]))
			i++;
		if (i < s.len && s.ptr[i] == '=') {
			struct slice q;

			for (i++; i < s.len && blank(s.ptr[i]);)
				i++;
			q = slice_from(s, i);
			/* Typographic quotes do as well. */
			if (q.len > 0 && (q.ptr[0] == '"' || q.ptr[0] == '\'' || slice_starts(q, SLICE("\xe2\x80\x9c")) ||
					  slice_starts(q, SLICE("\xe2\x80\x9d")))) {
				size_t open = q.ptr[0] == '"' || q.ptr[0] == '\'' ? 1 : 3;
				bool single = q.ptr[0] == '\'';

				for (from = i += open;
				     i < s.len && !(single ? s.ptr[i] == '\''
							   : s.ptr[i] == '"' ||
								 slice_starts(slice_from(s, i), SLICE("\xe2\x80\x9c")) ||
								 slice_starts(slice_from(s, i), SLICE("\xe2\x80\x9d")));)
					i++;
				if (i == s.len)
					return 0;
				x.value = slice_make(s.ptr + from, i - from);
				i += single || s.ptr[i] == '"' ? 1 : 3;
			} else {
				for (from = i; i < s.len && !blank(s.ptr[i]) && s.ptr[i] != '>';)
					i++;
				x.value = slice_make(s.ptr + from, i - from);
			}
		} else if (x.name.len == 0) {
			i++;
		}
		if (t->count < ATTRIBUTES_MAX && x.name.len > 0)
			t->attributes[t->count++] = x;
	}
	return 0;
}

/* Comments, declarations and instructions: where they end, or the text's end. */
static size_t other_markup(struct slice s, size_t at)
{
	struct slice rest = slice_from(s, at);
	const char *end;

	if (slice_starts(rest, SLICE("<!--"))) {
		end = rest.len > 4 ? memmem(rest.ptr + 4, rest.len - 4, "-->", 3) : NULL;
		return end != NULL ? (size_t)(end - s.ptr) + 3 : 0;
	}
	end = memchr(rest.ptr, '>', rest.len);
	return end != NULL ? (size_t)(end - s.ptr) + 1 : 0;
}

/* Behind <script>, <style> and their like everything is text up to their own end. */
static void literal(struct page *p, const char *name)
{
	struct slice rest = slice_from(p->s, p->at);
	size_t n = strlen(name), end = rest.len;

	if (strcmp(name, "plaintext") != 0)
		for (size_t i = 0; i + 2 + n <= rest.len; i++)
			if (rest.ptr[i] == '<' && rest.ptr[i + 1] == '/' &&
			    utf_equal_nocase(slice_make(rest.ptr + i + 2, n), slice_of(name))) {
				end = i;
				break;
			}
	show_text(p, slice_make(rest.ptr, end), !is_any(name, "title textarea"));
	p->at += end;
}

enum err mail_html_render(struct arena *a, struct slice html, struct slice *text, struct mail_links *links,
			  struct error *e)
{
	struct page p = { .a = a, .s = html, .links = links, .base = SLICE("") };
	size_t from = 0;

	str_init(&p.out, html.len * 8 + 64);
	while (p.at < html.len) {
		struct tag t;
		size_t end = 0;
		char next = p.at + 1 < html.len ? html.ptr[p.at + 1] : '\0';

		if (html.ptr[p.at] != '<') {
			p.at++;
			continue;
		}
		t.lower[0] = '\0';
		if (letter(next) || (next == '/' && p.at + 2 < html.len && letter(html.ptr[p.at + 2])))
			end = read_tag(html, p.at, &t);
		else if (next == '!' || next == '?')
			end = other_markup(html, p.at);
		if (end == 0) {
			p.at++;
			continue;
		}
		show_text(&p, slice_make(html.ptr + from, p.at - from), false);
		p.at = end;
		if (letter(next) || next == '/') {
			act(&p, &t);
			if (!t.closes && is_any(t.lower, "script style xmp iframe plaintext title textarea"))
				literal(&p, t.lower);
		}
		from = p.at;
	}
	show_text(&p, slice_from(html, from), false);
	*text = str_dup(&p.out, a);
	str_fini(&p.out);
	return text->ptr == NULL || arena_failed(a) ? err_nomem(e) : ERR_OK;
}
