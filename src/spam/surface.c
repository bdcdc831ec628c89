#include "spam/surface.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "text/guess.h"
#include "text/spellings.h"

/* SpamAssassin's MAX_BODY_LINE_LENGTH and its default body_part_scan_size. */
enum { LINE_MAX_BYTES = 2048, BODY_SCAN_BYTES = 50000, SCAN_SLACK_BYTES = 1024 };

/* A text on its way to a surface, with the source offset of each byte. */
struct mapped {
	char *ptr;
	uint32_t *map; /* len + 1 entries */
	size_t len;
};

static bool mapped_new(struct arena *a, size_t max, struct mapped *m)
{
	m->ptr = arena_alloc(a, max + 1);
	m->map = arena_array(a, max + 1, sizeof(*m->map));
	m->len = 0;
	return m->ptr != NULL && m->map != NULL;
}

static void put(struct mapped *m, char c, size_t source)
{
	m->ptr[m->len] = c;
	m->map[m->len++] = (uint32_t)source;
}

/* Line ends made LF, and one at the end. */
static bool normal_lines(struct arena *a, struct slice text, struct mapped *out)
{
	if (!mapped_new(a, text.len + 1, out))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n')
			continue;
		put(out, c == '\r' ? '\n' : c, i);
	}
	if (out->len > 0 && out->ptr[out->len - 1] != '\n')
		put(out, '\n', text.len);
	out->map[out->len] = (uint32_t)text.len;
	return true;
}

/* The bytes of the white space at `at`, as Perl's \s has it; 0 when there is none. */
static size_t blank(struct slice s, size_t at, bool unicode)
{
	unsigned char c = (unsigned char)s.ptr[at];
	unsigned cp;
	size_t n;

	if (c == ' ' || (c >= '\t' && c <= '\r'))
		return 1;
	if (c < 0x80 || !unicode)
		return 0;
	n = utf8_next(s, at, &cp);
	return cp == 0x85 || cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 ||
		       cp == 0x2029 || cp == 0x202f || cp == 0x205f || cp == 0x3000
		   ? n
		   : 0;
}

/* Where `count` characters end, from `at` on; bytes where the text is no UTF-8. */
static size_t past_chars(struct slice s, size_t at, size_t count, bool unicode)
{
	if (!unicode)
		return s.len - at < count ? s.len : at + count;
	for (; at < s.len && count > 0; count--) {
		unsigned cp;

		at += utf8_next(s, at, &cp);
	}
	return at;
}

/* Where SpamAssassin stops looking at a body. */
static size_t scan_end(struct slice s)
{
	static const char ends[] = { '\n', ' ' };
	bool unicode;
	size_t from, slack;

	if (s.len <= BODY_SCAN_BYTES)
		return s.len;
	unicode = utf8_valid(s);
	from = past_chars(s, 0, BODY_SCAN_BYTES, unicode);
	slack = past_chars(s, from, SCAN_SLACK_BYTES + 1, unicode) - from;
	for (size_t i = 0; i < sizeof(ends); i++) {
		const char *found = memchr(s.ptr + from, ends[i], slack);

		if (found != NULL)
			return (size_t)(found - s.ptr) + 1;
	}
	return from;
}

/*
 * SpamAssassin's s/\n+\s*\n+/\0/g; s/\s+/ /g; tr/\0/\n/: a run of white space with two line ends in it becomes one
 * line end as far as its last line end, what is left of it and any other run becomes one space.
 */
static bool paragraphs(struct arena *a, const struct mapped *in, bool whole, struct mapped *out)
{
	struct slice s = { in->ptr, whole ? in->len : scan_end(slice_make(in->ptr, in->len)) };
	bool unicode = utf8_valid(s);

	if (!mapped_new(a, s.len + 1, out))
		return false;
	for (size_t i = 0; i < s.len;) {
		size_t end = i, first = s.len, last = s.len, n;

		if (s.ptr[i] == '\0') {
			put(out, '\n', in->map[i++]);
			continue;
		}
		while (end < s.len && (n = blank(s, end, unicode)) > 0) {
			if (s.ptr[end] == '\n') {
				first = first == s.len ? end : first;
				last = end;
			}
			end += n;
		}
		if (end == i) {
			put(out, s.ptr[i], in->map[i]);
			i++;
			continue;
		}
		if (first == last) {
			put(out, ' ', in->map[i]);
		} else {
			if (first > i)
				put(out, ' ', in->map[i]);
			put(out, '\n', in->map[first]);
			if (last + 1 < end)
				put(out, ' ', in->map[last + 1]);
		}
		i = end;
	}
	out->map[out->len] = in->map[s.len];
	return true;
}

static bool element_add(struct arena *a, struct surface_elements *list, size_t *cap, struct surface_element e)
{
	if (list->count == *cap) {
		size_t to = *cap == 0 ? 16 : *cap * 2;
		struct surface_element *bigger = arena_array(a, to, sizeof(*bigger));

		if (bigger == NULL)
			return false;
		if (list->count > 0)
			memcpy(bigger, list->list, list->count * sizeof(*bigger));
		list->list = bigger;
		*cap = to;
	}
	list->list[list->count++] = e;
	return true;
}

static bool element_cut(struct arena *a, struct surface_elements *out, size_t *cap, const struct mapped *m, size_t from, size_t end,
	enum surface_source source)
{
	return element_add(a, out, cap,
		(struct surface_element){ .text = slice_make(m->ptr + from, end - from), .map = m->map + from, .source = source });
}

/* One element a line, long ones cut behind the last space up to 2,048. */
static bool cut_lines(struct arena *a, const struct mapped *m, enum surface_source source, struct surface_elements *out,
		      size_t *cap)
{
	size_t from = 0;

	while (from < m->len) {
		const char *nl = memchr(m->ptr + from, '\n', m->len - from);
		size_t end = nl != NULL ? (size_t)(nl - m->ptr) + 1 : m->len;

		if (end - from > LINE_MAX_BYTES) {
			size_t cut = LINE_MAX_BYTES;

			for (size_t k = LINE_MAX_BYTES + 1; k > 0; k--)
				if (m->ptr[from + k - 1] == ' ') {
					cut = k;
					break;
				}
			end = from + cut;
		}
		if (!element_cut(a, out, cap, m, from, end, source))
			return false;
		from = end;
	}
	return true;
}

/* Pieces of 2 to 4 kB, cut at line ends if there is one there, else behind '>', else behind a space. */
static bool cut_chunks(struct arena *a, const struct mapped *m, enum surface_source source,
		       struct surface_elements *out, size_t *cap)
{
	static const char ends[] = { '\n', '>', ' ' };
	size_t from = 0;

	while (from < m->len) {
		size_t left = m->len - from, end = m->len;
		/* SpamAssassin leaves a text of up to 2,048 bytes whole, and cuts while more than 4,096 are left. */
		bool whole = left <= 2 * LINE_MAX_BYTES;

		if (!whole) {
			end = from + LINE_MAX_BYTES + 1;
			for (size_t i = 0; i < sizeof(ends); i++) {
				const char *found = memchr(m->ptr + from + LINE_MAX_BYTES, ends[i], LINE_MAX_BYTES);

				if (found != NULL) {
					end = (size_t)(found - m->ptr) + 1;
					break;
				}
			}
		}
		if (!element_cut(a, out, cap, m, from, end, source))
			return false;
		from = end;
	}
	return true;
}

static bool body_like(struct arena *a, struct slice text, enum surface_source source, struct surface_elements *out,
		      size_t *cap)
{
	struct mapped lines, m;

	return normal_lines(a, text, &lines) && paragraphs(a, &lines, false, &m) && cut_lines(a, &m, source, out, cap);
}

static bool same_name(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		unsigned char x = (unsigned char)a.ptr[i], y = (unsigned char)b.ptr[i];

		x = x >= 'A' && x <= 'Z' ? (unsigned char)(x + 32) : x;
		y = y >= 'A' && y <= 'Z' ? (unsigned char)(y + 32) : y;
		if (x != y)
			return false;
	}
	return true;
}

/* A field with all that is known of it. */
struct field {
	struct slice name, value, raw;
	bool derived;
};

/* The values of the fields of one name, or one of them, as one element. */
static bool header_form(struct arena *a, const struct field *fields, size_t count, size_t first, unsigned form,
			struct surface_elements *out, size_t *cap)
{
	size_t len = 0, only = first;
	char *text, *at;

	for (size_t i = first; i < count; i++)
		if (fields[i].value.ptr != NULL && same_name(fields[i].name, fields[first].name)) {
			len += fields[i].value.len + fields[i].raw.len + 1;
			only = form & CF_FIELD_LAST ? i : only;
		}
	text = at = arena_alloc(a, len + 1);
	if (text == NULL)
		return false;
	for (size_t i = first; i < count; i++) {
		bool raw = (form & CF_FIELD_RAW) && fields[i].raw.ptr != NULL;
		struct slice v = raw ? fields[i].raw : fields[i].value;

		if (fields[i].value.ptr == NULL || !same_name(fields[i].name, fields[first].name) ||
		    ((form & (CF_FIELD_FIRST | CF_FIELD_LAST)) && i != only))
			continue;
		if (v.len > 0)
			memcpy(at, v.ptr, v.len);
		at += v.len;
		if (!raw || v.len == 0 || v.ptr[v.len - 1] != '\n')
			*at++ = '\n';
	}
	return element_add(a, out, cap,
			   (struct surface_element){ .text = slice_make(text, (size_t)(at - text)),
						     .source = same_name(fields[first].name, SLICE("Subject"))
								   ? SOURCE_TITLE
								   : SOURCE_FIELD,
						     .field = fields[first].name,
						     .form = form });
}

static bool header_all(struct arena *a, const struct field *fields, size_t count, struct surface_elements *out,
		       size_t *cap)
{
	size_t len = 0, given = 0;
	char *all, *at;

	for (size_t i = 0; i < count; i++)
		if (fields[i].value.ptr != NULL) {
			given++;
			len += fields[i].name.len + fields[i].value.len + 3;
		}
	if (given == 0)
		return true;
	all = at = arena_alloc(a, len + 1);
	if (all == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct field *f = &fields[i];

		if (f->value.ptr == NULL || f->derived)
			continue;
		if (f->name.len > 0)
			memcpy(at, f->name.ptr, f->name.len);
		at += f->name.len;
		memcpy(at, ": ", 2);
		at += 2;
		if (f->value.len > 0)
			memcpy(at, f->value.ptr, f->value.len);
		at += f->value.len;
		*at++ = '\n';
	}
	return element_add(a, out, cap,
			   (struct surface_element){ .text = slice_make(all, (size_t)(at - all)), .field = SLICE("ALL") });
}

/* Elements in the order of their names' first fields; what there is once has one form. */
static bool headers(struct arena *a, const struct surface_input *in, struct surface_elements *out)
{
	struct field *fields = arena_array(a, in->field_count + 1, sizeof(*fields));
	size_t count = 0, cap = 0;
	bool titled = in->title.ptr != NULL;

	if (fields == NULL)
		return false;
	/* A mail's Subject stands among its fields. */
	for (size_t i = 0; i < in->field_count; i++)
		titled = titled && !same_name(in->fields[i].name, SLICE("Subject"));
	if (titled)
		fields[count++] = (struct field){ .name = SLICE("Subject"), .value = in->title };
	for (size_t i = 0; i < in->field_count; i++) {
		fields[count] = (struct field){ .name = in->fields[i].name, .value = in->fields[i].value };
		if (in->mail_fields != NULL) {
			fields[count].raw = in->mail_fields[i].raw;
			fields[count].derived = in->mail_fields[i].derived;
		}
		count++;
	}
	for (size_t i = 0; i < count; i++) {
		bool known = fields[i].value.ptr == NULL, more = false, raw = fields[i].raw.ptr != NULL;

		for (size_t k = 0; k < count && !known; k++)
			if (k != i && fields[k].value.ptr != NULL && same_name(fields[k].name, fields[i].name)) {
				known = k < i;
				more = true;
				raw = raw || fields[k].raw.ptr != NULL;
			}
		if (known)
			continue;
		for (unsigned form = 0; form <= (CF_FIELD_RAW | CF_FIELD_LAST); form++)
			if ((raw || !(form & CF_FIELD_RAW)) && (more || !(form & (CF_FIELD_FIRST | CF_FIELD_LAST))) &&
			    (form & (CF_FIELD_FIRST | CF_FIELD_LAST)) != (CF_FIELD_FIRST | CF_FIELD_LAST) &&
			    !header_form(a, fields, count, i, form, out, &cap))
				return false;
	}
	if (in->head.ptr != NULL && !element_add(a, out, &cap,
						 (struct surface_element){ .text = in->head,
									   .field = SLICE("ALL"),
									   .form = CF_FIELD_RAW }))
		return false;
	return header_all(a, fields, count, out, &cap);
}

static bool full(struct arena *a, const struct surface_input *in, const struct mapped *body, struct surfaces *out)
{
	const struct surface_element *all = surface_header(out, SLICE("ALL"), 0);
	struct slice head = all != NULL ? all->text : SLICE(""), whole = in->full;
	size_t cap = 0;

	if (whole.ptr == NULL) {
		char *s = arena_alloc(a, head.len + 1 + body->len + 1);

		if (s == NULL)
			return false;
		if (head.len > 0)
			memcpy(s, head.ptr, head.len);
		s[head.len] = '\n';
		memcpy(s + head.len + 1, body->ptr, body->len);
		whole = slice_make(s, head.len + 1 + body->len);
	}
	return element_add(a, &out->of[SURFACE_FULL], &cap, (struct surface_element){ .text = whole });
}

/* The parts of a mail: body from all of them together, rawbody from each. */
static bool parts(struct arena *a, const struct surface_input *in, struct surfaces *out, size_t *body_cap)
{
	struct mapped all, lines, m;
	size_t len = 0, raw_cap = 0;

	for (size_t i = 0; i < in->part_count; i++)
		len += in->parts[i].rendered.len + 1;
	if (!mapped_new(a, len, &all))
		return false;
	for (size_t i = 0; i < in->part_count; i++) {
		struct slice shown = in->parts[i].rendered, raw = in->parts[i].raw;

		if (all.len > 0)
			put(&all, '\n', 0);
		shown.len = shown.ptr != NULL ? scan_end(shown) : 0;
		for (size_t k = 0; k < shown.len; k++)
			put(&all, shown.ptr[k], 0);
		if (raw.ptr == NULL)
			continue;
		if (!mapped_new(a, raw.len, &lines))
			return false;
		for (size_t k = 0; k < raw.len; k++)
			put(&lines, raw.ptr[k], 0);
		if (!cut_chunks(a, &lines, SOURCE_NONE, &out->of[SURFACE_RAWBODY], &raw_cap))
			return false;
	}
	return paragraphs(a, &all, true, &m) && cut_lines(a, &m, SOURCE_NONE, &out->of[SURFACE_BODY], body_cap);
}

static bool uris(struct arena *a, const struct surface_input *in, struct surfaces *out)
{
	const struct surface_elements *body = &out->of[SURFACE_BODY];
	struct spellings found = { .arena = a };
	size_t cap = 0;

	for (size_t i = 0; i < body->count; i++)
		if (!spellings_in_text(&found, body->list[i].text))
			return false;
	for (size_t i = 0; i < in->link_count; i++)
		if (!spellings_of_link(&found, in->links[i]))
			return false;
	for (size_t i = 0; i < found.count; i++)
		if (!element_add(a, &out->of[SURFACE_URI], &cap,
				 (struct surface_element){ .text = found.list[i], .source = SOURCE_URI }))
			return false;
	for (size_t i = 0; i < in->uri_count; i++) {
		bool known = false;

		for (size_t k = 0; k < found.count && !known; k++)
			known = slice_eq(found.list[k], in->uris[i]);
		if (!known &&
		    !element_add(a, &out->of[SURFACE_URI], &cap,
				 (struct surface_element){ .text = in->uris[i], .source = SOURCE_URI, .wide = true }))
			return false;
	}
	for (size_t i = 0; i < in->guess_count; i++) {
		const struct guess *g = &in->guesses[i];
		bool known = false;

		for (size_t k = 0; k < out->of[SURFACE_URI].count && !known; k++)
			known = slice_eq(out->of[SURFACE_URI].list[k].text, g->url);
		if (!known && !element_add(a, &out->of[SURFACE_URI], &cap,
					   (struct surface_element){ .text = g->url, .source = SOURCE_URI, .wide = true, .guess = true,
								     .must_from = g->must_from, .must_to = g->must_to }))
			return false;
	}
	return true;
}

enum err surface_build(struct arena *a, const struct surface_input *in, struct surfaces *out, struct error *e)
{
	struct mapped body, title;
	size_t cap[SURFACE_COUNT] = { 0 };
	size_t fields = 0, shown = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < in->field_count; i++)
		fields += in->fields[i].name.len + in->fields[i].value.len;
	for (size_t i = 0; i < in->part_count; i++)
		shown += in->parts[i].rendered.len + in->parts[i].raw.len;
	if (in->title.len > SURFACE_TEXT_BYTES_MAX || in->body.len > SURFACE_TEXT_BYTES_MAX ||
	    in->norm.len > SURFACE_TEXT_BYTES_MAX || in->skel.len > SURFACE_TEXT_BYTES_MAX ||
	    shown > SURFACE_PARTS_BYTES_MAX || in->full.len > SURFACE_PARTS_BYTES_MAX || fields > SURFACE_TEXT_BYTES_MAX ||
	    in->field_count > SURFACE_FIELDS_MAX || in->uri_count > SURFACE_URIS_MAX)
		return err_set(e, ERR_TOO_LARGE, "the text is too long to be screened");
	out->facts = in->facts;
	out->fact_count = in->fact_count;
	out->guesses_more = in->guesses_more;

	/* Element 1 of body: the title and a newline. Inside it only line ends could cut; mail has none there. */
	if (!mapped_new(a, in->title.len + 1, &title))
		return err_nomem(e);
	for (size_t i = 0; i < in->title.len; i++)
		put(&title, in->title.ptr[i] == '\n' || in->title.ptr[i] == '\r' ? ' ' : in->title.ptr[i], i);
	put(&title, '\n', in->title.len);
	title.map[title.len] = (uint32_t)in->title.len;

	if (!normal_lines(a, in->body, &body) || !headers(a, in, &out->of[SURFACE_HEADER]) ||
	    !cut_lines(a, &title, SOURCE_TITLE, &out->of[SURFACE_BODY], &cap[SURFACE_BODY]) ||
	    !(in->parts != NULL ? parts(a, in, out, &cap[SURFACE_BODY])
				: body_like(a, in->body, SOURCE_BODY, &out->of[SURFACE_BODY], &cap[SURFACE_BODY]) &&
				      cut_chunks(a, &body, SOURCE_BODY, &out->of[SURFACE_RAWBODY],
						 &cap[SURFACE_RAWBODY])) ||
	    !full(a, in, &body, out) || !uris(a, in, out) ||
	    !body_like(a, in->norm, SOURCE_NORM, &out->of[SURFACE_NORM], &cap[SURFACE_NORM]) ||
	    !body_like(a, in->skel, SOURCE_SKEL, &out->of[SURFACE_SKEL], &cap[SURFACE_SKEL]))
		return err_nomem(e);
	return ERR_OK;
}

const struct surface_element *surface_header(const struct surfaces *s, struct slice field, unsigned form)
{
	const struct surface_elements *h = &s->of[SURFACE_HEADER];
	const struct surface_element *best = NULL;

	for (size_t i = 0; i < h->count; i++) {
		const struct surface_element *x = &h->list[i];

		/* A form that was not made is the same as the one with less in it. */
		if (same_name(x->field, field) && (x->form & ~form) == 0 && (best == NULL || x->form > best->form))
			best = x;
	}
	return best;
}
