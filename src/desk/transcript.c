#include "desk/transcript.h"

#include <stdio.h>

#include "desk/talk.h"
#include "text/markup.h"
#include "text/utf.h"

/* A line of the finished transcript: an entry with its corrections applied. */
struct line {
	struct entry entry;
	bool dropped; /* hidden, held, or carried by a later line */
	bool edited;
};

struct lines {
	struct line *at;
	size_t count, cap;
};

bool transcript_format_read(struct slice name, enum transcript_format *out)
{
	static const char *const names[] = { "json", "txt", "html", "wikitext" };

	for (int i = 0; i < 4; i++)
		if (slice_is(name, names[i])) {
			*out = (enum transcript_format)i;
			return true;
		}
	return false;
}

const char *transcript_extension(enum transcript_format f)
{
	static const char *const extensions[] = { "json", "txt", "html", "wiki" };

	return extensions[f];
}

const char *transcript_type(enum transcript_format f)
{
	static const char *const types[] = { "application/json", "text/plain; charset=utf-8", "text/html; charset=utf-8",
					     "text/plain; charset=utf-8" };

	return types[f];
}

/* ---- reading: apply what later entries say about earlier ones ---- */

static struct line *find(struct lines *l, int64_t n)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (l->at[mid].entry.n < n)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->count && l->at[low].entry.n == n ? &l->at[low] : NULL;
}

static void apply(struct lines *l, struct line *x)
{
	struct line *of = x->entry.reply_to ? find(l, x->entry.reply_to) : NULL;

	if (x->entry.hidden)
		x->dropped = true;
	switch (x->entry.kind) {
	case ENTRY_EDIT:
		x->dropped = true;
		if (of && !x->entry.hidden && x->entry.audience == AUDIENCE_ALL) {
			of->entry.body = x->entry.body;
			of->edited = true;
		}
		break;
	case ENTRY_RELEASE:
		x->dropped = true;
		if (of && of->entry.kind == ENTRY_EDIT) { /* a held correction: what it corrects takes its words */
			of = find(l, of->entry.reply_to);
			if (of)
				of->edited = true;
		}
		if (of && !x->entry.hidden) {
			of->entry.body = x->entry.body;
			of->entry.audience = AUDIENCE_ALL;
			of->dropped = false;
		}
		break;
	case ENTRY_HIDE:
	case ENTRY_ERASE:
		x->dropped = true;
		break;
	default:
		if (x->entry.audience == AUDIENCE_HELD)
			x->dropped = true;
		break;
	}
}

static enum err read_all(struct db *db, struct arena *a, const struct ticket *t, enum view v, struct lines *l, struct error *e)
{
	struct page page;
	int64_t after = 0;
	enum err rc;

	memset(l, 0, sizeof(*l));
	l->cap = (size_t)t->last_n + TALK_PAGE;
	l->at = arena_array(a, l->cap, sizeof(*l->at));
	if (!l->at)
		return err_nomem(e);
	do {
		rc = talk_read(db, a, t->id, after, TALK_PAGE, (struct reader){ v, 0 }, &page, e);
		for (size_t i = 0; !rc && i < page.count && l->count < l->cap; i++) {
			struct line *x = &l->at[l->count];

			x->entry = page.entries[i];
			l->count++;
			apply(l, x);
			after = x->entry.n;
		}
	} while (!rc && page.more && l->count < l->cap);
	return rc;
}

/* ---- words shared by the formats ---- */

static struct slice who(struct arena *a, const struct ticket *t, const struct entry *x)
{
	struct slice name = x->author == AUTHOR_ASKER ? t->name : x->author == AUTHOR_HELPER ? x->author_name : SLICE_NONE;

	if (name.len)
		name = utf_one_line(a, name, TICKET_NAME_MAX_BYTES);
	return name.len ? name : slice_of(entry_author_name(x->author));
}

/* "2026-01-31T12:00:00Z": to the second, and the same everywhere. */
static const char *stamp(int64_t at, char buf[RFC3339_BYTES])
{
	memcpy(clock_rfc3339(at, buf) + 19, "Z", 2);
	return buf;
}

/* "state: queued -> live" for entries without words of their own. */
static struct slice event_words(struct arena *a, const struct entry *x)
{
	struct jv *data = NULL;
	char *words = NULL;

	if (x->data.ptr && !jv_parse(x->data, 8, &data, NULL)) {
		struct slice from = jv_get_text(data, "from"), to = jv_get_text(data, "to"), what = jv_get_text(data, "what");

		if (to.ptr)
			words = arena_printf(a, "%.*s -> %.*s", SLICE_ARG(from), SLICE_ARG(to));
		else if (what.ptr)
			words = arena_printf(a, "%.*s", SLICE_ARG(what));
	}
	jv_free(&data);
	return slice_of(words ? words : entry_kind_name(x->kind));
}

static struct slice title_of(struct arena *a, const struct ticket *t)
{
	struct slice title = t->title.len ? utf_one_line(a, t->title, TICKET_TITLE_MAX_BYTES) : SLICE_NONE;

	return title.len ? title : SLICE("Conversation");
}

static const char *label(const struct line *x)
{
	if (x->entry.kind == ENTRY_NOTE)
		return " (note)";
	return x->edited ? " (edited)" : "";
}

/* ---- text ---- */

/* Each line of somebody's words begins with "> ", so nobody can write a line that looks like the next entry's head. */
static void text_lines(struct str *out, struct arena *a, struct slice body)
{
	struct slice s = utf_lines(a, body);

	while (s.len) {
		const char *end = memchr(s.ptr, '\n', s.len);
		struct slice one = { s.ptr, end ? (size_t)(end - s.ptr) : s.len };

		str_adds(out, "> ");
		str_add(out, one);
		str_addc(out, '\n');
		s = slice_from(s, one.len + (end != NULL));
	}
}

static void as_text(struct str *out, struct arena *a, const struct ticket *t, const struct lines *l)
{
	char when[RFC3339_BYTES];

	str_addf(out, "%.*s\n", SLICE_ARG(title_of(a, t)));
	str_addf(out, "#%lld, %s, %s\n", (long long)t->id, state_name(t->state), stamp(t->asked, when));
	for (size_t i = 0; i < l->count; i++) {
		const struct entry *x = &l->at[i].entry;

		if (l->at[i].dropped)
			continue;
		str_addf(out, "\n[%lld] %s %.*s%s\n", (long long)x->n, stamp(x->at, when), SLICE_ARG(who(a, t, x)), label(&l->at[i]));
		if (!x->body.ptr || x->kind == ENTRY_STATE)
			str_addf(out, "* %.*s\n", SLICE_ARG(event_words(a, x)));
		if (x->body.ptr)
			text_lines(out, a, x->body);
	}
}

/* ---- wikitext ---- */

/* What wikitext would run, at the start of a line or anywhere, becomes a character reference. `-` and `_` only matter doubled (lines, signatures of behaviour
 * switches), `'` doubled too, but a reference for each is simpler and always right. */
static bool wiki_special(unsigned char c)
{
	return strchr("<>&[]{}|'~_=-#*:;!\"/\\", c) != NULL;
}

void transcript_wikitext(struct str *out, struct slice text, bool lines)
{
	bool start = true;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool bare_word = false;

		if (c == '\r')
			continue;
		if (c == '\n') {
			str_adds(out, lines ? "<br />\n" : " ");
			start = true;
			continue;
		}
		/* ISBN, RFC and PMID before a digit are links of their own in wikitext. */
		if (c == ' ' && i + 1 < text.len && text.ptr[i + 1] >= '0' && text.ptr[i + 1] <= '9' && i > 0 && text.ptr[i - 1] >= 'A' &&
		    text.ptr[i - 1] <= 'Z')
			bare_word = true;
		if (c == 0 || (c < 0x20 && c != '\t') || c == 0x7f)
			str_adds(out, "&#65533;");
		else if (wiki_special(c) || bare_word || (start && (c == ' ' || c == '\t')))
			str_addf(out, "&#%u;", c);
		else
			str_addc(out, (char)c);
		start = false;
	}
}

static void as_wikitext(struct str *out, struct arena *a, const struct ticket *t, const struct lines *l)
{
	char when[RFC3339_BYTES];

	str_adds(out, "== ");
	transcript_wikitext(out, title_of(a, t), false);
	str_addf(out, " ==\n''Porchlight %lld, %s, %s''\n", (long long)t->id, state_name(t->state), stamp(t->asked, when));
	for (size_t i = 0; i < l->count; i++) {
		const struct entry *x = &l->at[i].entry;

		if (l->at[i].dropped)
			continue;
		str_adds(out, "\n'''");
		transcript_wikitext(out, who(a, t, x), false);
		str_addf(out, "''' (%lld, %s)%s:", (long long)x->n, stamp(x->at, when), label(&l->at[i]));
		if (!x->body.ptr || x->kind == ENTRY_STATE) {
			str_adds(out, " ''");
			transcript_wikitext(out, event_words(a, x), false);
			str_adds(out, "''");
		}
		if (x->body.ptr) {
			str_adds(out, "<br />\n");
			transcript_wikitext(out, utf_lines(a, x->body), true);
		}
		str_addc(out, '\n');
	}
}

/* ---- HTML ---- */

static enum err as_html(struct str *out, struct arena *a, const struct ticket *t, const struct lines *l, struct error *e)
{
	struct slice title = title_of(a, t);
	char when[RFC3339_BYTES];
	enum err rc = ERR_OK;

	str_adds(out, "<!doctype html>\n<html");
	if (t->lang.len) {
		str_adds(out, " lang=\"");
		str_add_html(out, t->lang);
		str_addc(out, '"');
	}
	str_adds(out, ">\n<meta charset=\"utf-8\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">\n<title>");
	str_add_html(out, title);
	str_adds(out, "</title>\n<h1 dir=\"auto\">");
	str_add_html(out, title);
	str_addf(out, "</h1>\n<p>#%lld, %s, %s</p>\n<ol>\n", (long long)t->id, state_name(t->state), stamp(t->asked, when));
	for (size_t i = 0; !rc && i < l->count; i++) {
		const struct entry *x = &l->at[i].entry;
		struct markup_options how = { .links = x->author != AUTHOR_ASKER || t->answered, .wiki_url = conf()->wiki_url };

		if (l->at[i].dropped)
			continue;
		str_addf(out, "<li value=\"%lld\"><p><b><bdi>", (long long)x->n);
		str_add_html(out, who(a, t, x));
		str_addf(out, "</bdi></b> <time datetime=\"%s\">%s</time>%s</p>", stamp(x->at, when), when, label(&l->at[i]));
		if (!x->body.ptr || x->kind == ENTRY_STATE) {
			str_adds(out, "<p><i>");
			str_add_html(out, event_words(a, x));
			str_adds(out, "</i></p>");
		}
		if (x->body.ptr) {
			str_adds(out, "<div dir=\"auto\">");
			rc = markup_html(x->body, &how, out, e);
			str_adds(out, "</div>");
		}
		str_adds(out, "</li>\n");
	}
	str_adds(out, "</ol>\n</html>\n");
	return rc;
}

/* ---- JSON ---- */

static enum err as_json(struct str *out, struct arena *a, const struct ticket *t, enum view v, const struct lines *l, struct error *e)
{
	struct entry_look look = { .view = v, .asker_name = t->name, .plain = true };
	struct jv *o = jv_object(), *log = jv_array();
	char id[24];
	enum err rc;

	snprintf(id, sizeof(id), "%lld", (long long)t->id);
	o = jv_set_string(o, "id", id);
	o = jv_set_text(o, "title", t->title);
	o = jv_set_string(o, "state", state_name(t->state));
	o = jv_set_text(o, "lang", t->lang);
	o = jv_set_text(o, "topic", t->topic);
	o = jv_set_time(o, "asked", t->asked);
	for (size_t i = 0; i < l->count; i++) {
		struct jv *x;

		if (l->at[i].dropped)
			continue;
		x = entry_json(a, &l->at[i].entry, &look);
		log = jv_push(log, l->at[i].edited ? jv_set_bool(x, "edited", true) : x);
	}
	o = jv_set(o, "log", log);
	rc = jv_dump_pretty(o, out);
	jv_free(&o);
	return rc ? err_nomem(e) : ERR_OK;
}

enum err transcript_render(struct db *db, struct arena *a, const struct ticket *t, enum view v, enum transcript_format f,
			   struct str *out, struct error *e)
{
	struct lines l;
	enum err rc = read_all(db, a, t, v, &l, e);

	if (rc)
		return rc;
	switch (f) {
	case TRANSCRIPT_JSON: rc = as_json(out, a, t, v, &l, e); break;
	case TRANSCRIPT_TXT: as_text(out, a, t, &l); break;
	case TRANSCRIPT_HTML: rc = as_html(out, a, t, &l, e); break;
	case TRANSCRIPT_WIKITEXT: as_wikitext(out, a, t, &l); break;
	}
	return !rc && (str_failed(out) || arena_failed(a)) ? err_nomem(e) : rc;
}
