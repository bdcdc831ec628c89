/*
 * form: names and values out of application/x-www-form-urlencoded (WHATWG URL, section 5.1) and out of query strings.
 *
 * Own, small and fuzzed, in place of libmicrohttpd's post processor. "+" is a space, "%XX" a byte; a "%" without two hex digits
 * stands for itself, as browsers read it. The first field of a name counts. Values that are not UTF-8, or hold NUL,
 * are refused whole (ERR_MALFORMED). Memory is the arena's. Pure; any thread.
 */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { FORM_FIELDS_MAX = 256 };

struct form_field {
	struct slice name, value; /* NUL-terminated besides */
};
struct form {
	struct form_field *fields;
	size_t count;
};

/* ERR_MALFORMED: bad UTF-8, NUL, or more than FORM_FIELDS_MAX fields. ERR_NOMEM. */
enum err form_parse(struct arena *a, struct slice text, struct form *out, struct error *e) MUST_CHECK;
/* Absent when there is none. */
struct slice form_get(const struct form *f, struct slice name);

/* "%XX" decoded ("+" stays, as in paths) into `out`, which needs text.len + 1 bytes and is NUL-terminated. Returns the length. */
size_t form_percent(struct slice text, char *out);
/* Valid UTF-8 without NUL. */
bool form_text_ok(struct slice text);

#endif
