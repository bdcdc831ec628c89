#include "web/form.h"

#include "base/utf8.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static size_t decode(struct slice text, char *out, bool plus)
{
	size_t n = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '%' && text.len - i > 2 && hex_value(text.ptr[i + 1]) >= 0 && hex_value(text.ptr[i + 2]) >= 0) {
			c = (char)(hex_value(text.ptr[i + 1]) * 16 + hex_value(text.ptr[i + 2]));
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		out[n++] = c;
	}
	out[n] = '\0';
	return n;
}

size_t form_percent(struct slice text, char *out)
{
	return decode(text, out, false);
}

bool form_text_ok(struct slice text)
{
	return utf8_valid(text) && (text.len == 0 || memchr(text.ptr, '\0', text.len) == NULL);
}

static enum err decoded(struct arena *a, struct slice raw, struct slice *out, struct error *e)
{
	char *buf = arena_alloc(a, raw.len + 1);
	if (buf == NULL)
		return err_nomem(e);
	*out = slice_make(buf, decode(raw, buf, true));
	if (!form_text_ok(*out))
		return err_set(e, ERR_MALFORMED, "A field holds bytes that are not valid UTF-8 text.");
	return ERR_OK;
}

enum err form_parse(struct arena *a, struct slice text, struct form *out, struct error *e)
{
	size_t pairs = text.len != 0;
	*out = (struct form){ 0 };
	for (size_t i = 0; i < text.len; i++)
		pairs += text.ptr[i] == '&';
	if (pairs > FORM_FIELDS_MAX)
		return err_set(e, ERR_MALFORMED, "There are more than %d fields.", FORM_FIELDS_MAX);
	if (pairs == 0)
		return ERR_OK;
	out->fields = arena_array(a, pairs, sizeof *out->fields);
	if (out->fields == NULL)
		return err_nomem(e);
	for (size_t at = 0; at <= text.len;) {
		const char *amp = at < text.len ? memchr(text.ptr + at, '&', text.len - at) : NULL;
		size_t end = amp != NULL ? (size_t)(amp - text.ptr) : text.len;
		struct slice pair = slice_make(text.ptr + at, end - at);
		at = end + 1;
		if (pair.len == 0)
			continue;
		const char *eq = memchr(pair.ptr, '=', pair.len);
		size_t name_len = eq != NULL ? (size_t)(eq - pair.ptr) : pair.len;
		struct form_field *f = &out->fields[out->count];
		enum err r = decoded(a, slice_make(pair.ptr, name_len), &f->name, e);
		if (r == ERR_OK)
			r = decoded(a, slice_from(pair, eq != NULL ? name_len + 1 : pair.len), &f->value, e);
		if (r != ERR_OK)
			return r;
		out->count++;
	}
	return ERR_OK;
}

struct slice form_get(const struct form *f, struct slice name)
{
	for (size_t i = 0; i < f->count; i++)
		if (slice_eq(f->fields[i].name, name))
			return f->fields[i].value;
	return SLICE_NONE;
}
