#include "web/heads.h"

#include <stdint.h>
#include <strings.h>

static bool is(struct slice name, const char *want)
{
	return name.len == strlen(want) && strncasecmp(name.ptr, want, name.len) == 0;
}

static const char *const single[] = {
	"content-length", "transfer-encoding", "host", "authorization", "cookie", "content-type", "origin", "sec-fetch-site",
	"x-csrf-token", "if-match", "last-event-id", "expect", "forwarded", "x-real-ip",
};
enum { SINGLES = sizeof single / sizeof single[0] };

/* RFC 9110 section 5.6.2 */
static bool token_ok(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL)))
			return false;
	}
	return s.len > 0;
}

static bool value_ok(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* Addresses as numbers: the pieces lie in one buffer, or the head is refused. */
static bool lines_end_in_crlf(const struct head *heads, int count, const struct head_layout *l)
{
	uintptr_t start = (uintptr_t)l->start, stop = start + l->bytes, at = (uintptr_t)l->version + strlen(l->version);
	for (int i = 0; i < count; i++) {
		uintptr_t name = (uintptr_t)heads[i].name.ptr, value = (uintptr_t)heads[i].value.ptr;
		if (name != at + 2 || value < name + heads[i].name.len + 1 || value > stop)
			return false;
		at = value + heads[i].value.len;
	}
	return at + 4 == stop;
}

const char *heads_wrong(const struct head *heads, int count, const char *version, const struct head_layout *layout)
{
	int seen[SINGLES] = { 0 };
	bool old = strcmp(version, "HTTP/1.0") == 0;
	for (int i = 0; i < count; i++) {
		if (!token_ok(heads[i].name))
			return "A header's name holds a character that may not be there.";
		if (!value_ok(heads[i].value))
			return "A header's value holds a control character.";
		for (int k = 0; k < SINGLES; k++)
			if (is(heads[i].name, single[k]) && ++seen[k] > 1)
				return "A header that may come once came twice.";
		if (is(heads[i].name, "transfer-encoding") && (old || !is(heads[i].value, "chunked")))
			return "Only the transfer coding chunked is understood.";
		if (is(heads[i].name, "host") && heads[i].value.len == 0)
			return "The Host header is empty.";
	}
	if (seen[0] && seen[1])
		return "Content-Length and Transfer-Encoding came together.";
	if (!old && !seen[2])
		return "The Host header is missing.";
	if (layout->start != NULL && !lines_end_in_crlf(heads, count, layout))
		return "A line of the head does not end in CRLF, or goes on in the next one.";
	return NULL;
}
