#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message that was cut must not end inside a UTF-8 sequence: it may become JSON. */
static void drop_partial(char *text)
{
	size_t len = strlen(text), i = len;

	while (i > 0 && len - i < 3 && ((unsigned char)text[i - 1] & 0xC0) == 0x80)
		i--;
	if (i == 0)
		return;
	unsigned char lead = (unsigned char)text[i - 1];
	size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
	if (len - i + 1 < want)
		text[i - 1] = '\0';
}

static enum err fill(struct error *e, enum err code, const char *field, const char *fmt, va_list ap)
{
	if (!e)
		return code;
	e->code = code;
	e->retry_after_s = 0;
	snprintf(e->field, sizeof e->field, "%s", field);
	if (vsnprintf(e->message, sizeof e->message, fmt, ap) >= (int)sizeof e->message)
		drop_partial(e->message);
	return code;
}

enum err err_set(struct error *e, enum err code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, code, "", fmt, ap);
	va_end(ap);
	return code;
}

enum err err_field(struct error *e, enum err code, const char *field, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, code, field, fmt, ap);
	va_end(ap);
	return code;
}

enum err err_nomem(struct error *e)
{
	return err_set(e, ERR_NOMEM, "There is not enough memory for this just now.");
}

const char *err_name(enum err code)
{
	switch (code) {
	case ERR_OK:
		return "ok";
	case ERR_MALFORMED:
		return "malformed";
	case ERR_UNAUTHENTICATED:
		return "unauthenticated";
	case ERR_FORBIDDEN:
		return "forbidden";
	case ERR_NOT_FOUND:
		return "not_found";
	case ERR_CONFLICT:
		return "conflict";
	case ERR_PRECONDITION:
		return "precondition";
	case ERR_TOO_LARGE:
		return "too_large";
	case ERR_INVALID:
		return "invalid";
	case ERR_NO_PRECONDITION:
		return "no_precondition";
	case ERR_LIMITED:
		return "limited";
	case ERR_BUSY:
		return "busy";
	case ERR_NOMEM:
		return "nomem";
	case ERR_IO:
		return "io";
	case ERR_CORRUPT:
		return "corrupt";
	case ERR_INTERNAL:
		return "internal";
	}
	return "unknown";
}
