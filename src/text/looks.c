#include "text/looks.h"

#include <pthread.h>

#include "base/str.h"
#include "base/utf8.h"
#include "text/unicode.h"

static bool alnum(unsigned cp)
{
	return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') || (cp >= '0' && cp <= '9');
}

/* Latin, Greek, Cyrillic and Armenian; Cherokee; phonetic letters. */
static const struct {
	unsigned from, to;
} looks_ranges[] = { { 0xA1, 0x58F }, { 0x13A0, 0x13FF }, { 0x1D00, 0x1DBF } };
enum { LOOKS = 0x58F - 0xA1 + 1 + 0x60 + 0xC0 };
static char looks[LOOKS]; /* read only after it is filled */

static char only_ascii(const struct str *s)
{
	unsigned cp;

	if (!s->len || utf8_next(str_slice(s), 0, &cp) != s->len)
		return '\0';
	cp = unicode_plain(cp);
	return alnum(cp) ? (char)cp : '\0';
}

static void fill_looks(void)
{
	static const struct {
		unsigned cp;
		char like;
	} small_capitals[] = { { 0x432, 'b' }, { 0x43A, 'k' }, { 0x43C, 'm' }, { 0x43D, 'h' }, { 0x442, 't' } };
	struct str letter, folded, skeleton;
	size_t n = 0;

	str_init(&letter, 64);
	str_init(&folded, 64);
	str_init(&skeleton, 64);
	for (size_t r = 0; r < sizeof looks_ranges / sizeof looks_ranges[0]; r++)
		for (unsigned cp = looks_ranges[r].from; cp <= looks_ranges[r].to; cp++, n++) {
			str_reset(&letter);
			str_reset(&folded);
			str_reset(&skeleton);
			str_addu(&letter, cp);
			unicode_nfkc_fold(str_slice(&letter), &folded);
			unicode_skeleton(str_slice(&folded), &skeleton);
			char small = only_ascii(&skeleton);
			str_reset(&skeleton);
			unicode_skeleton(str_slice(&letter), &skeleton);
			char own = only_ascii(&skeleton);
			/* A capital looks like another capital, but for the I, whose skeleton is an l. */
			looks[n] = own && !(own == 'l' && small) ? own : small;
		}
	/* Small letters that look like the capitals of ASCII ones. */
	for (size_t i = 0; i < sizeof(small_capitals) / sizeof(small_capitals[0]); i++)
		looks[small_capitals[i].cp - looks_ranges[0].from] = small_capitals[i].like;
	str_fini(&letter);
	str_fini(&folded);
	str_fini(&skeleton);
}

char looks_like(unsigned cp)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	size_t n = 0;

	if (unicode_plain(cp) != cp)
		return unicode_plain(cp) < 0x80 ? (char)unicode_plain(cp) : '\0';
	pthread_once(&once, fill_looks);
	for (size_t r = 0; r < sizeof looks_ranges / sizeof looks_ranges[0]; r++) {
		if (cp >= looks_ranges[r].from && cp <= looks_ranges[r].to)
			return looks[n + cp - looks_ranges[r].from];
		n += looks_ranges[r].to - looks_ranges[r].from + 1;
	}
	return '\0';
}
