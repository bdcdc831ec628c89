#include "text/mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "text/unicode.h"
#include "text/utf.h"

enum { INVALID_FIELDS_MAX = 3, FIELD_VALUE_MAX = 8192, BODY_LINE_MAX = 2048 };

struct reader {
	struct arena *a;
	struct mail *out;
	size_t field_cap;
	struct error *e;
};

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct slice trim(struct slice s)
{
	while (s.len > 0 && blank(s.ptr[0]))
		s = slice_from(s, 1);
	while (s.len > 0 && blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static struct slice next_line(struct slice *rest)
{
	const char *nl = memchr(rest->ptr, '\n', rest->len);
	struct slice line = slice_make(rest->ptr, nl != NULL ? (size_t)(nl - rest->ptr) + 1 : rest->len);

	*rest = slice_from(*rest, line.len);
	return line;
}

/* ---- encodings ------------------------------------------------------------------------------------------------- */

static struct slice taken(struct reader *r, struct str *s)
{
	struct slice out = str_dup(s, r->a);

	str_fini(s);
	return out.ptr != NULL ? out : SLICE("");
}

/* First the line ends that do not count, then the characters: "=" and "=" at a line's end and "3D" are one "=". */
static struct slice quoted_printable(struct reader *r, struct slice s, bool word)
{
	struct str lines, out;
	struct slice l;

	str_init(&lines, s.len + 1);
	for (size_t i = 0; i < s.len;) {
		size_t n = i, end;

		while (n < s.len && (s.ptr[n] == ' ' || s.ptr[n] == '\t'))
			n++;
		end = n + (n + 1 < s.len && s.ptr[n] == '\r' && s.ptr[n + 1] == '\n');
		if (n > i) { /* blanks before a line end go */
			if (end == s.len || s.ptr[end] != '\n')
				str_add(&lines, slice_make(s.ptr + i, n - i));
			i = n;
			continue;
		}
		if (s.ptr[i] == '=') {
			for (n = i + 1; n < s.len && (s.ptr[n] == ' ' || s.ptr[n] == '\t');)
				n++;
			end = n + (n + 1 < s.len && s.ptr[n] == '\r' && s.ptr[n + 1] == '\n');
			if (end < s.len && s.ptr[end] == '\n') {
				i = end + 1;
				continue;
			}
		}
		str_addc(&lines, s.ptr[i++]);
	}
	l = str_slice(&lines);
	str_init(&out, l.len + 1);
	for (size_t i = 0; i < l.len; i++)
		if (l.ptr[i] == '=' && i + 2 < l.len && hex(l.ptr[i + 1]) >= 0 && hex(l.ptr[i + 2]) >= 0) {
			str_addc(&out, (char)(hex(l.ptr[i + 1]) * 16 + hex(l.ptr[i + 2])));
			i += 2;
		} else {
			str_addc(&out, word && l.ptr[i] == '_' ? ' ' : l.ptr[i]);
		}
	str_fini(&lines);
	return taken(r, &out);
}

static struct slice base64(struct reader *r, struct slice s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct str out;
	unsigned bits = 0, count = 0;

	str_init(&out, s.len + 4);
	for (size_t i = 0; i < s.len; i++) {
		const char *at = s.ptr[i] != '\0' ? strchr(digits, s.ptr[i]) : NULL;

		if (at == NULL)
			continue;
		bits = bits << 6 | (unsigned)(at - digits);
		count += 6;
		if (count >= 8) {
			count -= 8;
			str_addc(&out, (char)(bits >> count & 255));
		}
	}
	return taken(r, &out);
}

static struct slice without_cr(struct reader *r, struct slice s)
{
	struct str out;

	if (memmem(s.ptr, s.len, "\r\n", 2) == NULL)
		return s;
	str_init(&out, s.len + 1);
	for (size_t i = 0; i < s.len; i++)
		if (!(s.ptr[i] == '\r' && i + 1 < s.len && s.ptr[i + 1] == '\n'))
			str_addc(&out, s.ptr[i]);
	return taken(r, &out);
}

/* ---- character sets -------------------------------------------------------------------------------------------- */

static bool has_8bit(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return true;
	return false;
}

/* Windows-1252; its five holes are an error, or U+FFFD. */
static bool windows_1252(struct slice s, bool strict, struct str *out)
{
	static const unsigned short high[] = { 0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
					       0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
					       0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
					       0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178 };

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c < 0x80 || c >= 0xa0)
			str_addu(out, c);
		else if (strict && high[c - 0x80] == 0xfffd)
			return false;
		else
			str_addu(out, high[c - 0x80]);
	}
	return true;
}

static bool is_any(struct slice name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (utf_equal_nocase(name, slice_of(list[i])))
			return true;
	return false;
}

/* Bytes in a declared set to UTF-8. `insist` (encoded words): the declaration is believed. */
static struct slice to_utf8(struct reader *r, struct slice s, struct slice charset, bool insist)
{
	static const char *const ascii[] = { "us-ascii", "ascii" };
	static const char *const latin[] = { "iso-8859-1", "iso8859-1", "windows-1252", "cp1252" };
	static const char *const shift[] = { "utf-7", "utf-16", "utf-16le", "utf-16be", "utf-32", "hz-gb-2312" };
	bool high = has_8bit(s), is_ascii = is_any(charset, ascii, 2), done = false;
	struct str out;

	if (!high && !is_any(charset, shift, 6) && utf_find_nocase(charset, SLICE("iso-2022")) == charset.len)
		return s;
	if (high && !insist && utf8_valid(s))
		return s;
	str_init(&out, s.len * 4 + 16);
	if (is_any(charset, latin, 4))
		done = windows_1252(s, !insist, &out);
	else if (is_ascii && insist)
		done = unicode_from_charset(SLICE("utf-8"), s, false, &out);
	else if (!is_ascii)
		done = unicode_from_charset(charset, s, !insist, &out);
	if (!done) {
		str_reset(&out);
		if (!high) {
			str_fini(&out);
			return s;
		}
		(void)windows_1252(s, false, &out);
	}
	return taken(r, &out);
}

/* ---- header fields --------------------------------------------------------------------------------------------- */

struct word {
	struct slice charset, text;
	bool b64;
	size_t len;
};

/* =?charset?B?text?= at the beginning of `s`. */
static bool encoded_word(struct slice s, struct word *w)
{
	size_t i = 2, from;

	if (!slice_starts(s, SLICE("=?")))
		return false;
	while (i < s.len && s.ptr[i] != '?' && (s.ptr[i] > ' ' && (unsigned char)s.ptr[i] < 0x80))
		i++;
	w->charset = slice_make(s.ptr + 2, i - 2);
	if (i == 2 || i + 3 > s.len || s.ptr[i] != '?' || s.ptr[i + 2] != '?' ||
	    ((s.ptr[i + 1] | 0x20) != 'b' && (s.ptr[i + 1] | 0x20) != 'q'))
		return false;
	w->b64 = (s.ptr[i + 1] | 0x20) == 'b';
	from = i + 3;
	for (i = from; i < s.len && s.ptr[i] != '?';)
		i++;
	if (i + 1 >= s.len || s.ptr[i + 1] != '=')
		return false;
	w->text = slice_make(s.ptr + from, i - from);
	w->len = i + 2;
	return true;
}

static struct slice without_language(struct slice charset)
{
	const char *star = memchr(charset.ptr, '*', charset.len);

	return star != NULL ? slice_make(charset.ptr, (size_t)(star - charset.ptr)) : charset;
}

static struct slice decode_words(struct reader *r, struct slice s)
{
	struct str out, run;
	struct slice charset = SLICE_NONE;

	str_init(&out, s.len * 4 + 64);
	str_init(&run, s.len + 64);
	for (size_t i = 0; i <= s.len;) {
		struct word w;
		bool is_word = i < s.len && encoded_word(slice_from(s, i), &w);

		/* Neighbours in one set are decoded together: characters may be cut between them. */
		if (charset.ptr != NULL && (!is_word || !utf_equal_nocase(charset, w.charset))) {
			str_add(&out, to_utf8(r, str_slice(&run), without_language(charset), true));
			str_reset(&run);
			charset = SLICE_NONE;
		}
		if (i == s.len)
			break;
		if (!is_word) {
			str_addc(&out, s.ptr[i++]);
			continue;
		}
		charset = w.charset;
		str_add(&run, w.b64 ? base64(r, w.text) : quoted_printable(r, w.text, true));
		i += w.len;
		/* White space between two encoded words goes. */
		size_t next = i;
		struct word other;

		while (next < s.len && blank(s.ptr[next]))
			next++;
		if (next > i && next < s.len && encoded_word(slice_from(s, next), &other))
			i = next;
	}
	str_fini(&run);
	return taken(r, &out);
}

static bool never_encoded(struct slice name)
{
	static const char *const names[] = { "received",     "message-id",   "date",       "resent-message-id",
					     "resent-date",  "mime-version", "references", "in-reply-to" };

	return is_any(name, names, sizeof(names) / sizeof(*names)) ||
	       (name.len >= 5 && utf_equal_nocase(slice_make(name.ptr, 5), SLICE("list-")));
}

static struct slice decoded_value(struct reader *r, struct slice name, struct slice raw)
{
	struct str out;
	struct slice s;

	/* \n[ \t]+ is a space; other line ends go. */
	str_init(&out, raw.len + 1);
	for (size_t i = 0; i < raw.len;) {
		if (raw.ptr[i] == '\n' && i + 1 < raw.len && (raw.ptr[i + 1] == ' ' || raw.ptr[i + 1] == '\t')) {
			while (i + 1 < raw.len && (raw.ptr[i + 1] == ' ' || raw.ptr[i + 1] == '\t'))
				i++;
			str_addc(&out, ' ');
		} else {
			str_addc(&out, raw.ptr[i]);
		}
		i++;
	}
	s = trim(taken(r, &out));
	str_init(&out, s.len + 1);
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != '\n' && !(s.ptr[i] == '\r' && i + 1 < s.len && s.ptr[i + 1] == '\n'))
			str_addc(&out, s.ptr[i]);
	s = taken(r, &out);
	if (has_8bit(s))
		s = to_utf8(r, s, SLICE("utf-8"), false);
	if (!never_encoded(name) && memmem(s.ptr, s.len, "=?", 2) != NULL)
		s = decode_words(r, s);
	return s;
}

static bool field_line(struct slice line, bool blanks)
{
	size_t n = 0;

	while (n < line.len && line.ptr[n] > ' ' && line.ptr[n] < 0x7f && line.ptr[n] != ':')
		n++;
	if (n == 0)
		return false;
	while (blanks && n < line.len && (line.ptr[n] == ' ' || line.ptr[n] == '\t'))
		n++;
	return n < line.len && line.ptr[n] == ':';
}

static void add_field(struct reader *r, struct slice field, struct mail_field **list, size_t *count, size_t *cap)
{
	const char *colon = field.len > 0 ? memchr(field.ptr, ':', field.len) : NULL;
	struct mail_field x;

	if (colon == NULL || *count == MAIL_FIELDS_MAX)
		return;
	if (*count == *cap) {
		size_t to = *cap > 0 ? *cap * 2 : 16;
		struct mail_field *bigger = arena_array(r->a, to, sizeof(*bigger));

		if (bigger == NULL)
			return; /* seen through the arena */
		if (*count > 0)
			memcpy(bigger, *list, *count * sizeof(*bigger));
		*list = bigger;
		*cap = to;
	}
	x.name = slice_make(field.ptr, (size_t)(colon - field.ptr));
	while (x.name.len > 0 && (x.name.ptr[x.name.len - 1] == ' ' || x.name.ptr[x.name.len - 1] == '\t'))
		x.name.len--;
	x.raw = slice_from(field, (size_t)(colon - field.ptr) + 1);
	if (x.raw.len > FIELD_VALUE_MAX)
		x.raw.len = FIELD_VALUE_MAX;
	x.value = decoded_value(r, x.name, x.raw);
	(*list)[(*count)++] = x;
}

static struct slice field_of(const struct mail_field *list, size_t count, const char *name)
{
	for (size_t i = count; i > 0; i--)
		if (utf_equal_nocase(list[i - 1].name, slice_of(name)))
			return list[i - 1].value;
	return SLICE_NONE;
}

struct slice mail_field(const struct mail *m, const char *name)
{
	return field_of(m->fields, m->field_count, name);
}

/* The message's header; returns where the body begins. */
static struct slice read_head(struct reader *r, struct slice text)
{
	struct slice rest = text, field = SLICE("");
	int invalid = 0;

	while (rest.len > 0) {
		struct slice before = rest, line = next_line(&rest);

		if (line.ptr[0] == ' ' || line.ptr[0] == '\t') {
			if (field.ptr == NULL || field.len == 0)
				field.ptr = line.ptr;
			field.len = (size_t)(line.ptr + line.len - field.ptr);
			continue;
		}
		add_field(r, field, &r->out->fields, &r->out->field_count, &r->field_cap);
		field = SLICE("");
		if (slice_is(line, "\n")) {
			r->out->head = slice_make(text.ptr, (size_t)(line.ptr - text.ptr));
			return rest;
		}
		if (slice_starts(line, SLICE("--")) ||
		    (!field_line(line, true) && ++invalid > INVALID_FIELDS_MAX)) {
			r->out->head = slice_make(text.ptr, (size_t)(line.ptr - text.ptr));
			return before;
		}
		field = line;
	}
	add_field(r, field, &r->out->fields, &r->out->field_count, &r->field_cap);
	r->out->head = text;
	return rest;
}

/* ---- parts ----------------------------------------------------------------------------------------------------- */

struct content {
	char type[64]; /* lower case */
	struct slice boundary, charset, name;
	bool missing;
};

/* What stands behind `key =` in a Content-Type; ptr NULL when it is not there. */
static struct slice parameter(struct slice ct, const char *key)
{
	struct slice k = slice_of(key);

	for (size_t i = 1; i < ct.len;) {
		size_t at = i + utf_find_nocase(slice_from(ct, i), k), n = at + k.len;
		struct slice v;
		char quote;

		if (at >= ct.len)
			break;
		i = at + 1;
		if (blank(ct.ptr[at - 1]) || strchr(";*-\"'/,", ct.ptr[at - 1]) != NULL) {
			while (n < ct.len && blank(ct.ptr[n]))
				n++;
			if (n == ct.len || ct.ptr[n] != '=')
				continue;
			for (n++; n < ct.len && blank(ct.ptr[n]);)
				n++;
			v = slice_from(ct, n);
			quote = v.len > 0 && (v.ptr[0] == '"' || v.ptr[0] == '\'') ? v.ptr[0] : '\0';
			if (quote != '\0')
				v = slice_from(v, 1);
			for (n = 0; n < v.len && (quote != '\0' ? v.ptr[n] != quote
								: !blank(v.ptr[n]) && v.ptr[n] != ';');)
				n++;
			return slice_make(v.ptr, n);
		}
	}
	return SLICE_NONE;
}

static void content_type(struct slice ct, struct content *c)
{
	size_t n = 0, len = 0;

	*c = (struct content){ .missing = ct.len == 0 };
	if (ct.len == 0)
		ct = SLICE("text/plain; charset=us-ascii");
	c->boundary = parameter(ct, "boundary");
	c->charset = parameter(ct, "charset");
	c->name = parameter(ct, "name");
	for (; n < ct.len && ct.ptr[n] != ';' && len + 1 < sizeof(c->type); n++) {
		if (blank(ct.ptr[n]) && memchr(c->type, '/', len) != NULL)
			break;
		if (ct.ptr[n] > ' ' && (unsigned char)ct.ptr[n] < 0x7f && strchr("\"(),:;<=>?@[\\]", ct.ptr[n]) == NULL)
			c->type[len++] = ct.ptr[n];
	}
	utf_lower_ascii(c->type, len);
	c->type[len] = '\0';
	if (len == 0 || (strncmp(c->type, "text", 4) == 0 && strcmp(c->type, "text/x-vcard") != 0 &&
			 strcmp(c->type, "text/calendar") != 0 && strcmp(c->type, "text/html") != 0))
		snprintf(c->type, sizeof(c->type), "text/plain");
}

static enum err read_leaf(struct reader *r, const struct content *c, const struct mail_field *fields, size_t count,
			  struct slice body)
{
	struct slice encoding = field_of(fields, count, "content-transfer-encoding");
	struct slice disposition = field_of(fields, count, "content-disposition"), name = SLICE_NONE;
	struct mail_part *part;
	const char *type = c->type;

	if (r->out->part_count == MAIL_PARTS_MAX)
		return ERR_OK;
	if (disposition.ptr != NULL)
		name = parameter(disposition, "filename");
	if (name.ptr == NULL)
		name = c->name;
	if (name.len > 4 && (utf_equal_nocase(slice_from(name, name.len - 4), SLICE(".htm")) ||
			     (name.len > 5 && utf_equal_nocase(slice_from(name, name.len - 5), SLICE(".html")))))
		type = "text/html";
	part = &r->out->parts[r->out->part_count++];
	if (encoding.ptr != NULL && utf_equal_nocase(encoding, SLICE("quoted-printable")))
		body = quoted_printable(r, body, false);
	else if (encoding.ptr != NULL && utf_equal_nocase(encoding, SLICE("base64")))
		body = base64(r, body);
	if (strncmp(type, "text", 4) != 0 && strncmp(type, "message", 7) != 0)
		return ERR_OK;
	body = without_cr(r, body);
	if (strcmp(type, "text/calendar") != 0)
		part->raw = body;
	if (strcmp(type, "text/plain") != 0 && strcmp(type, "text/html") != 0)
		return ERR_OK;
	part->rendered = to_utf8(r, body, c->charset.ptr != NULL ? c->charset : SLICE("us-ascii"), false);
	if (strcmp(type, "text/html") == 0 && body.len > 0)
		return mail_html_render(r->a, part->rendered, &part->rendered, &r->out->links, r->e);
	return ERR_OK;
}

static bool boundary_line(struct slice line, struct slice boundary, bool *last)
{
	struct slice rest;

	if (!slice_starts(line, SLICE("--")) || !slice_starts(slice_from(line, 2), boundary))
		return false;
	rest = slice_from(line, 2 + boundary.len);
	*last = slice_starts(rest, SLICE("--"));
	return trim(*last ? slice_from(rest, 2) : rest).len == 0;
}

static enum err read_entity(struct reader *r, const struct content *c, const struct mail_field *fields, size_t count,
			    struct slice body, int depth);

/* In a multipart, SpamAssassin cuts lines of more than 2,048 bytes, even inside a character. */
static struct slice short_lines(struct reader *r, struct slice body)
{
	struct slice rest = body;
	struct str out;
	bool cut = false;

	str_init(&out, body.len + body.len / BODY_LINE_MAX + 16);
	while (rest.len > 0) {
		struct slice line = next_line(&rest);

		while (line.len > BODY_LINE_MAX) {
			str_add(&out, slice_make(line.ptr, BODY_LINE_MAX));
			str_addc(&out, '\n');
			line = slice_from(line, BODY_LINE_MAX);
			cut = true;
		}
		str_add(&out, line);
	}
	if (cut)
		return taken(r, &out);
	str_fini(&out);
	return body;
}

/* One part between two boundaries: its own header, then its body. */
static enum err read_part(struct reader *r, struct slice text, struct slice outer, int depth)
{
	struct mail_field *fields = NULL;
	size_t count = 0, cap = 0;
	struct slice rest = text, field = SLICE(""), body = text;
	struct content c;

	while (rest.len > 0) {
		struct slice line = next_line(&rest);

		if (field_line(line, true)) {
			add_field(r, field, &fields, &count, &cap);
			field = line;
		} else if (field.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
			field.len += line.len;
		} else {
			body = slice_is(line, "\n") || slice_is(line, "\r\n")
				   ? rest
				   : slice_make(line.ptr, line.len + rest.len);
			add_field(r, field, &fields, &count, &cap);
			field = SLICE("");
			break;
		}
		body = rest;
	}
	add_field(r, field, &fields, &count, &cap);
	content_type(field_of(fields, count, "content-type"), &c);
	if (c.boundary.len == 0)
		c.boundary = outer;
	return read_entity(r, &c, fields, count, short_lines(r, body), depth + 1);
}

static enum err read_multipart(struct reader *r, struct slice boundary, struct slice body, int depth)
{
	struct slice rest = body, part = SLICE_NONE;
	bool last = false;

	while (rest.len > 0 && !last) {
		struct slice line = next_line(&rest);

		if (boundary_line(line, boundary, &last)) {
			if (part.ptr != NULL) {
				enum err err;

				/* The line end before a boundary is the boundary's. */
				if (part.len > 0 && part.ptr[part.len - 1] == '\n')
					part.len--;
				err = read_part(r, part, boundary, depth);
				if (err != ERR_OK)
					return err;
			}
			part = slice_make(rest.ptr, 0);
		} else if (part.ptr != NULL) {
			part.len += line.len;
		}
	}
	return !last && part.ptr != NULL && part.len > 0 ? read_part(r, part, boundary, depth) : ERR_OK;
}

static enum err read_entity(struct reader *r, const struct content *c, const struct mail_field *fields, size_t count,
			    struct slice body, int depth)
{
	struct content plain = *c;

	if (strncmp(c->type, "multipart/", 10) == 0 && c->boundary.len > 0)
		return depth < MAIL_DEPTH_MAX ? read_multipart(r, c->boundary, body, depth) : ERR_OK;
	if (strncmp(c->type, "multipart/", 10) == 0)
		snprintf(plain.type, sizeof(plain.type), "text/plain");
	return read_leaf(r, &plain, fields, count, body);
}

/* Runs of more than 20 blank lines lose what is over. */
static struct slice fewer_blank_lines(struct reader *r, struct slice body)
{
	enum { BLANK_LINES_MAX = 20 };
	struct str out;
	struct slice rest = body;
	size_t run = 0;
	bool cut = false;

	str_init(&out, body.len + 1);
	while (rest.len > 0) {
		struct slice line = next_line(&rest);

		run = trim(line).len == 0 ? run + 1 : 0;
		if (run > BLANK_LINES_MAX + 1)
			cut = true;
		else
			str_add(&out, line);
	}
	if (cut)
		return taken(r, &out);
	str_fini(&out);
	return body;
}

enum err mail_read(struct arena *a, struct slice bytes, struct mail *out, struct error *e)
{
	struct reader r = { .a = a, .out = out, .e = e };
	struct content c;
	struct slice body;
	enum err err;

	*out = (struct mail){ 0 };
	if (bytes.len > MAIL_BYTES_MAX)
		return err_set(e, ERR_TOO_LARGE, "the message is larger than %d MiB", MAIL_BYTES_MAX >> 20);
	out->parts = arena_array(a, MAIL_PARTS_MAX, sizeof(*out->parts));
	if (out->parts == NULL)
		return err_nomem(e);
	out->whole = bytes.ptr != NULL ? bytes : SLICE("");
	body = fewer_blank_lines(&r, read_head(&r, without_cr(&r, out->whole)));
	content_type(mail_field(out, "content-type"), &c);
	err = read_entity(&r, &c, out->fields, out->field_count, body, 0);
	return err == ERR_OK && arena_failed(a) ? err_nomem(e) : err;
}
