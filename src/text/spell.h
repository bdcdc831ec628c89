/*
 * spell: the spellings of one address that SpamAssassin 4.0.1's `uri` rules see, and whether its host can be one. Part of
 * spellings, which finds addresses in a text and keeps the set. What Perl calls white space, digits and letters is that
 * of bytes. Memory: the arena. Any thread.
 */
#ifndef TEXT_SPELL_H
#define TEXT_SPELL_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "text/utf.h"

enum {
	SPELL_VARIANTS_MAX = 1024,	 /* of one address, nested ones included */
	SPELL_VARIANTS_BYTES = 48 << 10 /* of all of them */
};

struct variants {
	struct arena *arena;
	struct slice list[SPELL_VARIANTS_MAX];
	size_t count;
	size_t bytes;
	struct slice pending[SPELL_VARIANTS_MAX]; /* addresses inside addresses, to be spelled too */
	size_t pending_count, pending_at;
	bool nomem;
};

/* Fills v->list with all spellings of an address and of those inside it. v->arena must be set; `nomem` is sticky. */
void spell_address(struct variants *v, struct slice uri);

/* %41 is A where that is printable; what should have been written so is. */
struct slice spell_decoded(struct variants *v, struct slice s);
bool spell_has_percent(struct slice s);
/* The parts one behind the other, in the arena. */
struct slice spell_joined(struct variants *v, const struct slice *parts, size_t count);

/* At least two labels of letters, digits, - and _; no _ in the last two. */
bool spell_name_valid(struct slice host);
bool spell_tld_valid(struct slice host);
/* Whether an address belongs to a name that can be, or to a number. */
bool spell_has_domain(struct slice uri);

static inline bool perl_blank(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool perl_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static inline bool perl_alnum(unsigned char c)
{
	return perl_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool perl_word(unsigned char c)
{
	return perl_alnum(c) || c == '_';
}

static inline bool perl_one_of(unsigned char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static inline int perl_hex(unsigned char c)
{
	if (perl_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool perl_starts_nocase(struct slice s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.len >= n && utf_equal_nocase(slice_make(s.ptr, n), slice_of(prefix));
}

#endif
