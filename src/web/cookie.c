#include "web/cookie.h"

/* cookie-octet: printable ASCII without space, quote, comma, semicolon and backslash. Commas are let through, browsers do too. */
static bool value_ok(struct slice v)
{
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.ptr[i];
		if (c <= 0x20 || c >= 0x7f || c == '"' || c == ';' || c == '\\')
			return false;
	}
	return true;
}

struct slice cookie_find(struct slice header, struct slice name)
{
	while (header.len > 0) {
		const char *semi = memchr(header.ptr, ';', header.len);
		struct slice pair = slice_make(header.ptr, semi != NULL ? (size_t)(semi - header.ptr) : header.len);
		header = slice_from(header, pair.len + 1);
		while (pair.len > 0 && (pair.ptr[0] == ' ' || pair.ptr[0] == '\t'))
			pair = slice_from(pair, 1);
		while (pair.len > 0 && (pair.ptr[pair.len - 1] == ' ' || pair.ptr[pair.len - 1] == '\t'))
			pair.len--;
		if (pair.len <= name.len || pair.ptr[name.len] != '=' || !slice_starts(pair, name))
			continue;
		struct slice value = slice_from(pair, name.len + 1);
		if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
			value = slice_make(value.ptr + 1, value.len - 2);
		if (value_ok(value))
			return value;
	}
	return SLICE_NONE;
}
