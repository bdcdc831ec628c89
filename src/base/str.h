/*
 * str: a string builder with a maximum and a sticky failure, checked once at the end.
 *
 * The buffer is the builder's own heap memory and is NUL-terminated after each call. Past `max_bytes`, or when
 * memory runs out, nothing more is added and `str_failed` stays true. One thread at a time.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

struct str {
	char *buf; /* NULL until the first addition */
	size_t len, cap, max;
	bool failed;
};

/* `max_bytes` must be given: every builder has a maximum. No allocation yet. */
void str_init(struct str *s, size_t max_bytes);
void str_fini(struct str *s);
void str_reset(struct str *s); /* empty again, keeps the buffer, clears the failure */

void str_add(struct str *s, struct slice text);
void str_adds(struct str *s, const char *text);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void str_addv(struct str *s, const char *fmt, va_list ap);
/* A code point as UTF-8; what is no scalar value becomes U+FFFD. */
void str_addu(struct str *s, unsigned code_point);
/* Escaped for HTML text and quoted attributes. */
void str_add_html(struct str *s, struct slice text);
/* Percent-encoded (RFC 3986, section 2.1): ASCII letters, digits and the bytes of `plain` stay as they are. */
void str_add_encoded(struct str *s, struct slice text, const char *plain);
/* What is left to read of an open file, up to the builder's maximum: more makes it fail. False when reading fails (errno says why). */
bool str_add_fd(struct str *s, int fd) MUST_CHECK;

bool str_failed(const struct str *s);
/* Valid until the next change. ptr is "" and never NULL for an empty builder. */
struct slice str_slice(const struct str *s);
const char *str_c(const struct str *s);
/* A copy in the arena; ptr NULL when the builder failed or the arena is full. */
struct slice str_dup(const struct str *s, struct arena *a) MUST_CHECK;
/* Hands the heap buffer (NUL-terminated, free() it) to the caller and empties the builder; NULL when failed. */
char *str_take(struct str *s, size_t *len) MUST_CHECK;

#endif
