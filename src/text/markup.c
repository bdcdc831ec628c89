#include "text/markup.h"

#include <md4c.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "text/uri.h"
#include "text/utf.h"

enum {
	TITLE_MAX_BYTES = 255,
	HREF_MAX_BYTES = 4096,
	LABEL_MAX_BYTES = 1024,    /* of a link's words, as far as they are read */
	ARENA_MAX_BYTES = 8 << 20, /* for the addresses of one link or one piece of text */
	PADDING_BYTES = 64,        /* zeros behind what md4c reads */
	STOP = -1, /* what a callback returns to end the parsing: md4c 0.4.8 goes on after a positive number */
	GROWTH_MAX = 8,            /* escaping makes at most this many bytes of one */
};

/* Put into the source and taken out of what is written; the text itself has no control characters there any more. */
#define MARK '\x01'

#define REL " rel=\"nofollow noopener noreferrer ugc\">"

struct renderer {
	struct str out;
	struct arena *a; /* for one link at a time */
	const struct markup_options *o;
	int nesting; /* blocks that are open */
	MD_SPANTYPE spans[MARKUP_NESTING_MAX];
	int span_count;         /* spans that are open, the innermost last */
	int links;              /* link spans that are open: only the outermost becomes one */
	bool anchored;          /* the outermost became one */
	size_t label_at;        /* where its words start in `out` */
	struct str href, label; /* its address, and its words without markup */
	struct str title;       /* its title, which is shown as one */
	struct str words;       /* text that was not written yet: md4c gives it in pieces, and addresses cross them */
	struct slice source;    /* what md4c reads, in a buffer of ours */
};

/* Control characters have no place in HTML and go. */
static void escape(struct str *out, struct slice text)
{
	size_t done = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		const char *entity = text.ptr[i] == '&'                                  ? "&amp;"
				     : text.ptr[i] == '<'                                ? "&lt;"
				     : text.ptr[i] == '>'                                ? "&gt;"
				     : text.ptr[i] == '"'                                ? "&quot;"
				     : text.ptr[i] == '\''                               ? "&#39;"
				     : (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F ? ""
											 : NULL;
		if (!entity)
			continue;
		str_add(out, slice_make(text.ptr + done, i - done));
		str_adds(out, entity);
		done = i + 1;
	}
	str_add(out, slice_from(text, done));
}

/* ---- wiki pages ---- */

static void encode(struct str *out, struct slice text)
{
	for (size_t done = 0; done < text.len; done++) {
		const char *space = memchr(text.ptr + done, ' ', text.len - done);
		size_t end = space ? (size_t)(space - text.ptr) : text.len;

		str_add_encoded(out, slice_make(text.ptr + done, end - done), "-_.~:/()!*,;@$");
		if (space)
			str_addc(out, '_');
		done = end;
	}
}

static bool title_ok(struct slice title)
{
	size_t start = 0;

	if (!title.len || title.len > TITLE_MAX_BYTES || title.ptr[0] == '/' || !utf_acceptable(title))
		return false;
	for (size_t i = 0; i <= title.len; i++) {
		unsigned char c = i < title.len ? (unsigned char)title.ptr[i] : '/';

		if (c < 0x20 || c == 0x7F || strchr("<>[]{}|\\", c))
			return false;
		if (c != '/')
			continue;
		/* A browser would go up from here, out of the wiki. */
		struct slice segment = slice_make(title.ptr + start, i - start);
		if (slice_is(segment, ".") || slice_is(segment, ".."))
			return false;
		start = i + 1;
	}
	return true;
}

bool markup_wiki_link(const char *wiki_url, struct slice title, struct str *out)
{
	struct slice base = slice_of(wiki_url), section = SLICE_NONE;

	if (!slice_starts(base, SLICE("https://")) && !slice_starts(base, SLICE("http://")))
		return false;
	title = utf_trim(title);
	if (title.len && title.ptr[0] == ':')
		title = slice_from(title, 1);
	const char *hash = title.len ? memchr(title.ptr, '#', title.len) : NULL;
	if (hash) {
		section = slice_from(title, (size_t)(hash - title.ptr) + 1);
		title.len = (size_t)(hash - title.ptr);
	}
	title = utf_trim(title);
	if (!title_ok(title) || section.len > TITLE_MAX_BYTES || !utf_acceptable(section))
		return false;
	while (base.len && base.ptr[base.len - 1] == '/')
		base.len--;
	str_add(out, base);
	str_addc(out, '/');
	encode(out, title);
	if (section.len) {
		str_addc(out, '#');
		encode(out, section);
	}
	return true;
}

/* ---- text ---- */

static void put_anchor(struct str *out, struct slice href, struct slice title)
{
	str_adds(out, "<a href=\"");
	escape(out, href);
	if (title.len) {
		str_adds(out, "\" title=\"");
		escape(out, title);
	}
	str_adds(out, "\"" REL "<bdi>");
}

/* Whether there may be an address in it that is to be shown otherwise than it stands. */
static bool worth_a_look(struct slice text, bool clickable)
{
	if (!memchr(text.ptr, '.', text.len) && !memmem(text.ptr, text.len, "://", 3))
		return false;
	if (clickable && (memmem(text.ptr, text.len, "://", 3) || utf_find_nocase(text, SLICE("www.")) < text.len))
		return true;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return true;
	return false;
}

/* Text with its web addresses as links, where `clickable`, and with hosts that deceive the eye in ASCII everywhere. */
static void put_words(struct renderer *r, struct slice text, bool clickable)
{
	struct uris found = { 0 };
	size_t done = 0;

	if (text.len && worth_a_look(text, clickable)) {
		arena_reset(r->a);
		if (uris_find(r->a, text, &found, NULL) != ERR_OK)
			found.count = 0;
	}
	for (size_t i = 0; i < found.count; i++) {
		const struct uri *u = &found.list[i];
		bool deceives = u->flags & URI_MIXED;
		bool web = clickable && u->flags & (URI_SCHEME | URI_WWW) && !(u->flags & URI_OBFUSCATED) &&
			   slice_starts(u->url, SLICE("http"));

		if ((!deceives && !web) || u->flags & URI_NESTED || u->at < done)
			continue;
		escape(&r->out, slice_make(text.ptr + done, u->at - done));
		if (web)
			put_anchor(&r->out, u->url, SLICE_NONE);
		if (deceives)
			escape(&r->out, u->flags & URI_MAIL ? slice_from(u->url, strlen("mailto:")) : u->url);
		else
			escape(&r->out, u->raw);
		if (web)
			str_adds(&r->out, "</bdi></a>");
		done = u->at + u->len;
	}
	escape(&r->out, slice_from(text, done));
}

static void flush_words(struct renderer *r)
{
	if (str_failed(&r->words))
		r->out.failed = true;
	put_words(r, str_slice(&r->words), r->links == 0);
	str_reset(&r->words);
}

/* md4c 0.4.8 was seen to hand out text that reaches beyond its input. */
static struct slice within_source(const struct renderer *r, struct slice s)
{
	uintptr_t from = (uintptr_t)s.ptr, start = (uintptr_t)r->source.ptr, end = start + r->source.len;

	if (from < start || from > end + PADDING_BYTES) /* a constant of the parser's own */
		return s;
	if (from >= end)
		return SLICE("");
	return slice_make(s.ptr, s.len > end - from ? end - from : s.len);
}

/* Without the marks that were put into the source. */
static void add_unmarked(struct str *out, struct slice s)
{
	for (const char *mark; s.len && (mark = memchr(s.ptr, MARK, s.len));) {
		str_add(out, slice_make(s.ptr, (size_t)(mark - s.ptr)));
		s = slice_from(s, (size_t)(mark - s.ptr) + 1);
	}
	str_add(out, s);
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *ctx)
{
	struct renderer *r = ctx;
	struct slice s = within_source(r, slice_make(text, size));

	if (type != MD_TEXT_NORMAL)
		flush_words(r);
	switch (type) {
	case MD_TEXT_BR:
	case MD_TEXT_SOFTBR: /* in a conversation a line break is one */
		str_adds(&r->out, "<br>\n");
		s = SLICE(" ");
		break;
	case MD_TEXT_NULLCHAR:
		str_adds(&r->out, "\uFFFD");
		break;
	case MD_TEXT_ENTITY: /* its syntax was checked: letters and digits between & and ; */
		str_add(&r->out, s);
		break;
	case MD_TEXT_NORMAL:
		add_unmarked(&r->words, s);
		break;
	default:
		add_unmarked(&r->words, s);
		escape(&r->out, str_slice(&r->words));
		str_reset(&r->words);
	}
	if (r->links && r->label.len + s.len <= LABEL_MAX_BYTES)
		add_unmarked(&r->label, s);
	return str_failed(&r->out) ? STOP : 0;
}

/* ---- spans ---- */

/* An attribute with its entities: only "&amp;" occurs in addresses worth a link. */
static void read_attribute(const MD_ATTRIBUTE *m, struct str *out)
{
	str_reset(out);
	for (size_t i = 0; m->size && m->substr_offsets[i] < m->size; i++) {
		struct slice part =
		    slice_make(m->text + m->substr_offsets[i], m->substr_offsets[i + 1] - m->substr_offsets[i]);

		if (m->substr_types[i] == MD_TEXT_ENTITY && slice_is(part, "&amp;"))
			str_addc(out, '&');
		else
			add_unmarked(out, part);
	}
}

static void open_link(struct renderer *r, const MD_ATTRIBUTE *target, const MD_ATTRIBUTE *title, bool wiki)
{
	struct str page;

	if (r->links++ > 0)
		return;
	r->anchored = false;
	str_reset(&r->label);
	read_attribute(target, &r->href);
	str_reset(&r->title);
	if (title)
		read_attribute(title, &r->title);
	if (wiki) {
		str_init(&page, HREF_MAX_BYTES);
		r->anchored = markup_wiki_link(r->o->wiki_url, str_slice(&r->href), &page) && !str_failed(&page);
		if (r->anchored)
			put_anchor(&r->out, str_slice(&page), SLICE_NONE);
		else
			str_adds(&r->out, "[[");
		str_fini(&page);
	} else {
		struct uri u;

		arena_reset(r->a);
		r->anchored = !str_failed(&r->href) && uri_parse(r->a, str_slice(&r->href), &u, NULL) == ERR_OK;
		if (r->anchored)
			put_anchor(&r->out, u.url, str_slice(&r->title));
	}
	r->label_at = r->out.len;
}

/* True when the words of a link name another site than the one it leads to. */
static bool label_lies(struct renderer *r, const struct uri *target)
{
	struct uris named;

	if (uris_find(r->a, str_slice(&r->label), &named, NULL) != ERR_OK)
		return true;
	for (size_t i = 0; i < named.count; i++)
		if (!slice_eq(named.list[i].domain, target->domain))
			return true;
	return false;
}

static void close_link(struct renderer *r, bool wiki)
{
	struct uri u;

	if (--r->links > 0)
		return;
	if (wiki) {
		str_adds(&r->out, r->anchored ? "</bdi></a>" : "]]");
		if (!r->anchored && !slice_eq(str_slice(&r->label), str_slice(&r->href))) {
			str_adds(&r->out, " (");
			escape(&r->out, str_slice(&r->href));
			str_addc(&r->out, ')');
		}
		return;
	}
	arena_reset(r->a);
	bool known = !str_failed(&r->href) && uri_parse(r->a, str_slice(&r->href), &u, NULL) == ERR_OK;
	if (!r->anchored) {
		/* Nothing to click, but where it would have led is not hidden. */
		str_adds(&r->out, " (");
		escape(&r->out, str_slice(&r->href));
		str_adds(&r->out, r->title.len ? " " : "");
		escape(&r->out, str_slice(&r->title));
		str_addc(&r->out, ')');
		return;
	}
	bool empty = utf_blank(str_slice(&r->label));
	if (known && (empty || u.flags & URI_MIXED)) {
		r->out.len = r->label_at;
		escape(&r->out, u.url);
	}
	str_adds(&r->out, "</bdi></a>");
	if (known && !empty && label_lies(r, &u)) {
		str_adds(&r->out, " (");
		escape(&r->out, u.shown);
		str_addc(&r->out, ')');
	}
}

static bool shown(struct renderer *r)
{
	return r->nesting <= MARKUP_NESTING_MAX;
}

static const char *span_tag(MD_SPANTYPE type)
{
	switch (type) {
	case MD_SPAN_EM:
		return "em";
	case MD_SPAN_STRONG:
		return "strong";
	case MD_SPAN_CODE:
		return "code";
	case MD_SPAN_DEL:
		return "del";
	default:
		return NULL;
	}
}

/* md4c 0.4.8 was seen to leave spans in another order than it entered them, or not at all. Such a text, and one with
 * too many spans inside each other, ends the parsing and is shown as plain text. */
static int on_enter_span(MD_SPANTYPE type, void *detail, void *ctx)
{
	struct renderer *r = ctx;
	const char *tag = span_tag(type);

	flush_words(r);
	if (r->span_count == MARKUP_NESTING_MAX)
		return STOP;
	r->spans[r->span_count++] = type;
	if (type == MD_SPAN_A)
		open_link(r, &((const MD_SPAN_A_DETAIL *)detail)->href, &((const MD_SPAN_A_DETAIL *)detail)->title,
			  false);
	else if (type == MD_SPAN_IMG) /* a link to the picture: nothing is fetched from elsewhere */
		open_link(r, &((const MD_SPAN_IMG_DETAIL *)detail)->src, &((const MD_SPAN_IMG_DETAIL *)detail)->title,
			  false);
	else if (type == MD_SPAN_WIKILINK)
		open_link(r, &((const MD_SPAN_WIKILINK_DETAIL *)detail)->target, NULL, true);
	else if (tag)
		str_addf(&r->out, "<%s>", tag);
	return str_failed(&r->out) ? STOP : 0;
}

static int on_leave_span(MD_SPANTYPE type, void *detail, void *ctx)
{
	struct renderer *r = ctx;
	const char *tag = span_tag(type);

	flush_words(r);
	(void)detail;
	if (r->span_count == 0 || r->spans[--r->span_count] != type)
		return STOP;
	if (type == MD_SPAN_A || type == MD_SPAN_IMG || type == MD_SPAN_WIKILINK)
		close_link(r, type == MD_SPAN_WIKILINK);
	else if (tag)
		str_addf(&r->out, "</%s>", tag);
	return str_failed(&r->out) ? STOP : 0;
}

/* ---- blocks ---- */

/* Words behind the opening fence: a language alone is a hint, more than that is something somebody wrote. */
static void put_info(struct renderer *r, const MD_BLOCK_CODE_DETAIL *detail)
{
	if (detail->info.size <= detail->lang.size)
		return;
	read_attribute(&detail->info, &r->words);
	escape(&r->out, str_slice(&r->words));
	str_addc(&r->out, '\n');
	str_reset(&r->words);
}

static int on_enter_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
	struct renderer *r = ctx;

	flush_words(r);
	if (type == MD_BLOCK_DOC)
		return 0;
	r->nesting++;
	if (!shown(r))
		return 0;
	switch (type) {
	case MD_BLOCK_QUOTE:
		str_adds(&r->out, "<blockquote dir=\"auto\">\n");
		break;
	case MD_BLOCK_UL:
		str_adds(&r->out, "<ul>\n");
		break;
	case MD_BLOCK_OL: {
		unsigned start = ((const MD_BLOCK_OL_DETAIL *)detail)->start;
		if (start == 1)
			str_adds(&r->out, "<ol>\n");
		else
			str_addf(&r->out, "<ol start=\"%u\">\n", start);
		break;
	}
	case MD_BLOCK_LI:
		str_adds(&r->out, "<li dir=\"auto\">");
		break;
	case MD_BLOCK_HR:
		str_adds(&r->out, "<hr>\n");
		break;
	case MD_BLOCK_H: /* a message is no document: its headings must not disturb the page's outline */
		str_adds(&r->out, "<p dir=\"auto\"><strong>");
		break;
	case MD_BLOCK_CODE:
		str_adds(&r->out, "<pre dir=\"auto\"><code>");
		put_info(r, detail);
		break;
	default:
		str_adds(&r->out, "<p dir=\"auto\">");
	}
	return str_failed(&r->out) ? STOP : 0;
}

static int on_leave_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
	struct renderer *r = ctx;

	(void)detail;
	flush_words(r);
	if (r->span_count)
		return STOP;
	if (type == MD_BLOCK_DOC)
		return 0;
	if (shown(r)) {
		switch (type) {
		case MD_BLOCK_QUOTE:
			str_adds(&r->out, "</blockquote>\n");
			break;
		case MD_BLOCK_UL:
			str_adds(&r->out, "</ul>\n");
			break;
		case MD_BLOCK_OL:
			str_adds(&r->out, "</ol>\n");
			break;
		case MD_BLOCK_LI:
			str_adds(&r->out, "</li>\n");
			break;
		case MD_BLOCK_HR:
			break;
		case MD_BLOCK_H:
			str_adds(&r->out, "</strong></p>\n");
			break;
		case MD_BLOCK_CODE:
			str_adds(&r->out, "</code></pre>\n");
			break;
		default:
			str_adds(&r->out, "</p>\n");
		}
	} else {
		str_adds(&r->out, "\n");
	}
	r->nesting--;
	return str_failed(&r->out) ? STOP : 0;
}

/* ---- whole texts ---- */

/* Paragraphs at blank lines, line breaks kept, nothing to click. */
static void render_plain(struct renderer *r, struct slice text)
{
	struct slice whole = text;
	bool open = false;

	text = utf_cut_bytes(text, MARKUP_MAX_BYTES / GROWTH_MAX);
	bool cut = text.len < whole.len;
	while (text.len) {
		const char *nl = memchr(text.ptr, '\n', text.len);
		struct slice line = slice_make(text.ptr, nl ? (size_t)(nl - text.ptr) : text.len);

		text = slice_from(text, line.len + 1);
		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (utf_blank(line)) {
			if (open)
				str_adds(&r->out, "</p>\n");
			open = false;
			continue;
		}
		str_adds(&r->out, open ? "<br>\n" : "<p dir=\"auto\">");
		open = true;
		put_words(r, line, false);
	}
	if (cut)
		str_adds(&r->out, open ? "\u2026" : "<p>\u2026");
	if (open || cut)
		str_adds(&r->out, "</p>\n");
}

/* Copies the text without control characters, and with a mark in each "]:", so that no line is taken for the definition
 * of a link: "[Ann]: hello" would vanish from the page. `out` has room for twice the text. Returns the new length. */
static size_t prepare(struct slice text, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7F)
			continue;
		if (c == ':' && n > 0 && out[n - 1] == ']')
			out[n++] = MARK;
		out[n++] = (char)c;
	}
	return n;
}

/* False when there is too much of it, or the parser gave up. */
static bool render_markdown(struct renderer *r, struct slice text)
{
	const MD_PARSER parser = {
		/* Addresses in the text are linked by put_words: one finder for all the desk. */
		.flags = MD_FLAG_NOHTML | MD_FLAG_STRIKETHROUGH | MD_FLAG_NOINDENTEDCODEBLOCKS | MD_FLAG_WIKILINKS,
		.enter_block = on_enter_block,
		.leave_block = on_leave_block,
		.enter_span = on_enter_span,
		.leave_span = on_leave_span,
		.text = on_text,
	};

	if (text.len > MARKUP_MAX_BYTES / GROWTH_MAX)
		return false;
	char *copy = calloc(text.len * 2 + PADDING_BYTES, 1);
	if (!copy)
		return false;
	r->source = slice_make(copy, prepare(text, copy));
	bool good = md_parse(copy, (MD_SIZE)r->source.len, &parser, r) == 0;
	flush_words(r);
	free(copy);
	return good && !str_failed(&r->out);
}

enum err markup_html(struct slice text, const struct markup_options *o, struct str *out, struct error *e)
{
	struct renderer r = { .o = o, .a = arena_new(ARENA_MAX_BYTES) };

	if (!r.a)
		return err_nomem(e);
	str_init(&r.out, MARKUP_MAX_BYTES);
	str_init(&r.href, HREF_MAX_BYTES);
	str_init(&r.label, LABEL_MAX_BYTES * 2);
	str_init(&r.title, HREF_MAX_BYTES);
	str_init(&r.words, MARKUP_MAX_BYTES);
	if (!o->links || !render_markdown(&r, text)) {
		str_reset(&r.out);
		str_reset(&r.words);
		r.links = 0;
		render_plain(&r, text);
	}
	if (str_failed(&r.out))
		out->failed = true;
	str_add(out, str_slice(&r.out));
	str_fini(&r.out);
	str_fini(&r.href);
	str_fini(&r.label);
	str_fini(&r.title);
	str_fini(&r.words);
	arena_free(&r.a);
	return str_failed(out) ? err_nomem(e) : ERR_OK;
}

/* The entities that escape() writes. */
static size_t entity_at(struct slice html, size_t i, struct str *out)
{
	static const char *const all[][2] = { { "&amp;", "&" }, { "&lt;", "<" }, { "&gt;", ">" }, { "&quot;", "\"" }, { "&#39;", "'" } };
	for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++)
		if (slice_starts(slice_from(html, i), slice_of(all[k][0]))) {
			str_adds(out, all[k][1]);
			return strlen(all[k][0]);
		}
	str_addc(out, html.ptr[i]);
	return 1;
}

enum err markup_words(struct slice text, struct str *out, struct error *e)
{
	struct str html;
	str_init(&html, MARKUP_MAX_BYTES + 1024);
	enum err rc = markup_html(text, &(struct markup_options){ .links = true }, &html, e);
	struct slice s = str_slice(&html);
	for (size_t i = 0; rc == ERR_OK && i < s.len;) {
		if (s.ptr[i] == '<') {
			const char *end = memchr(s.ptr + i, '>', s.len - i);
			i = end ? (size_t)(end - s.ptr) + 1 : s.len;
		} else {
			i += entity_at(s, i, out);
		}
	}
	if (rc == ERR_OK && str_failed(out))
		rc = err_nomem(e);
	str_fini(&html);
	return rc;
}
