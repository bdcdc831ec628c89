#include "text/leet.h"

#include <string.h>

#include "base/utf8.h"

enum {
	LATIN_MIN = 3, /* letters of a word */
	CYRILLIC_MIN = 4,
	AHEAD = 64, /* bytes behind a sign in which an address would show */
};

/* Latin letters that look Cyrillic, small or as capitals. */
static const char both[] = "abcehkmoptxy";

static bool latin(unsigned cp)
{
	return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z');
}

static bool cyrillic(unsigned cp)
{
	return cp >= 0x400 && cp <= 0x52F;
}

static bool letter_byte(char c)
{
	return latin((unsigned char)c) || (unsigned char)c >= 0x80;
}

bool leet_sign(struct slice s, size_t from, size_t i)
{
	size_t end = i + 1;

	if ((s.ptr[i] != '@' && s.ptr[i] != '$') || i == from || end == s.len || !letter_byte(s.ptr[i - 1]) || !letter_byte(s.ptr[end]) ||
	    latin((unsigned char)s.ptr[i - 1]) != latin((unsigned char)s.ptr[end]))
		return false;
	if (s.ptr[i] == '$')
		return latin((unsigned char)s.ptr[end]);
	/* "root@host" has a longer name before it than "p@yday". */
	if (latin((unsigned char)s.ptr[end]) && i - from > 2)
		return false;
	while (end < s.len && end - i < AHEAD && (letter_byte(s.ptr[end]) || (s.ptr[end] >= '0' && s.ptr[end] <= '9') || s.ptr[end] == '-'))
		end++;
	return end - i > 2 && end - i < AHEAD && (end + 1 >= s.len || s.ptr[end] != '.' || !letter_byte(s.ptr[end + 1]));
}

/* The letter that a digit or sign stands for, or NULL. */
static const char *meant(unsigned cp, bool in_cyrillic)
{
	static const char signs[] = "01345" "67@$";
	static const char *const in_latin[] = { "o", "i", "e", "a", "s", NULL, "t", "a", "s" };
	static const char *const others[] = { "о", "и", "з", "ч", NULL, "б", NULL, "а", NULL };
	const char *at = cp && cp < 0x80 ? strchr(signs, (int)cp) : NULL;

	return !at ? NULL : in_cyrillic ? others[at - signs] : in_latin[at - signs];
}

/* The letters of a word, and whether they are those of one script or look like it. False: no word that is read here. */
static bool survey(struct slice word, size_t *letters, bool *in_cyrillic)
{
	bool foreign = false;
	unsigned cp;

	*letters = 0;
	*in_cyrillic = false;
	for (size_t i = 0; i < word.len;) {
		i += utf8_next(word, i, &cp);
		if (!latin(cp) && !cyrillic(cp)) {
			if (cp >= 0x80)
				return false;
			continue;
		}
		++*letters;
		*in_cyrillic = *in_cyrillic || cyrillic(cp);
		foreign = foreign || (latin(cp) && !strchr(both, (int)cp));
	}
	return *letters >= (*in_cyrillic ? CYRILLIC_MIN : LATIN_MIN) && !(*in_cyrillic && foreign);
}

bool leet_read(struct slice word, struct str *out)
{
	size_t letters, seen = 0, read = 0;
	bool in_cyrillic, number = false, stray = false;
	unsigned cp, before = 0, after;

	str_reset(out);
	if (!survey(word, &letters, &in_cyrillic))
		return false;
	for (size_t i = 0, n; i < word.len; i += n) {
		n = utf8_next(word, i, &cp);
		const char *like = meant(cp, in_cyrillic);
		if (i + n == word.len || utf8_next(word, i + n, &after) == 0)
			after = 0;
		bool inside = (latin(before) || cyrillic(before)) && (latin(after) || cyrillic(after));
		/* "3а" begins many a word, and "3 ..." is a number before most others. */
		bool begins = in_cyrillic && i == 0 && cp == '3' && (after == 0x430 || after == 'a');
		/* "cash4gold" */
		bool between = cp == '4' && !in_cyrillic && seen > 2 && letters - seen > 2;

		if (like && (inside || begins) && !between) {
			str_adds(out, like);
			read++;
		} else {
			str_add(out, slice_make(word.ptr + i, n));
			number = number || (cp >= '0' && cp <= '9');
		}
		stray = stray || (number && latin(cp));
		seen += latin(cp) || cyrillic(cp);
		before = cp;
	}
	/* Postcodes, numbers of parts and words run together with amounts. */
	return read && (in_cyrillic ? read * 2 <= letters : read * 3 <= letters && !stray);
}

bool leet_cyrillic(struct slice word, struct str *out)
{
	static const char alike[] = "аеорсухіјѕ";
	static const char *const letters[] = { "а", "в", "с", "е", "н", "к", "м", "о", "р", "т", "х", "у" };
	bool plain = false;
	unsigned cp;

	str_reset(out);
	for (size_t i = 0, n; i < word.len; i += n) {
		n = utf8_next(word, i, &cp);
		const char *like = cp && cp < 0x80 ? strchr(both, (int)cp) : NULL;
		if (latin(cp) && !like)
			return false;
		if (like)
			str_adds(out, letters[like - both]);
		else
			str_add(out, slice_make(word.ptr + i, n));
		plain = plain || (cyrillic(cp) && !memmem(alike, sizeof alike - 1, word.ptr + i, n));
	}
	return plain;
}
