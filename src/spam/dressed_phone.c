#include "spam/dressed_phone.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "text/unicode.h"
#include "text/utf.h"

enum { GAP = 3 };

static bool is_digit(unsigned cp)
{
	return cp >= '0' && cp <= '9';
}

static bool is_letter(unsigned cp)
{
	return cp < 0x80 ? (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') : (unicode_props(cp) & UNI_LETTER) != 0;
}

static unsigned code_at(struct slice t, size_t at, size_t *n)
{
	unsigned cp;

	*n = utf8_next(t, at, &cp);
	return cp;
}

struct number {
	char *digits;
	size_t count;
	bool wordy; /* some of it is no plain digit */
};

static bool add(struct number *d, char digit, size_t times)
{
	for (; times > 0; times--) {
		if (d->count == DRESSED_PHONE_DIGITS)
			return false;
		d->digits[d->count++] = digit;
	}
	return true;
}

/* A word for a digit, or 0. "hundred" is two zeros behind a digit, "double five" two fives. */
static size_t word_at(struct slice t, size_t at, struct number *d, size_t *times)
{
	static const char *const words[] = { "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh", "hundred", "double", "triple" };
	size_t n = 0;

	while (at + n < t.len && n < 8 && is_letter((unsigned char)t.ptr[at + n]))
		n++;
	for (size_t i = 0; n > 1 && i < sizeof(words) / sizeof(words[0]); i++) {
		if (!utf_equal_nocase(slice_make(t.ptr + at, n), slice_of(words[i])))
			continue;
		d->wordy = true;
		if (i >= 12) {
			*times = i - 10;
			return n;
		}
		bool good = i == 11 ? d->count > 0 && add(d, '0', 2) : add(d, i == 10 ? '0' : (char)('0' + i), *times);
		*times = 1;
		return good ? n : 0;
	}
	return 0;
}

static unsigned out_of_circle(unsigned cp)
{
	static const unsigned ones[] = { 0x2460, 0x2776, 0x2780, 0x278A };

	if (cp == 0x24EA || cp == 0x24FF)
		return '0';
	for (size_t i = 0; i < sizeof(ones) / sizeof(ones[0]); i++)
		if (cp >= ones[i] && cp < ones[i] + 9)
			return '1' + (cp - ones[i]);
	return cp;
}

/* Letters that look like 0 and 1. */
static bool for_digit(unsigned cp)
{
	return cp && cp < 0x80 && strchr("OoIl", (int)cp);
}

/* Digits as they are, in circles, or an O or l that stands beside one. */
static size_t digit_at(struct slice t, size_t at, struct number *d)
{
	size_t n, after;
	unsigned cp = code_at(t, at, &n), plain = out_of_circle(cp);

	if (is_digit(plain))
		return add(d, (char)plain, 1) ? n : 0;
	if (!for_digit(cp) || d->count == 0)
		return 0;
	unsigned before = (unsigned char)t.ptr[at - 1], next = at + 1 < t.len ? code_at(t, at + 1, &after) : 0;
	if (!(is_digit(before) || for_digit(before) || is_digit(next) || for_digit(next)) || (is_letter(next) && !for_digit(next)))
		return 0;
	d->wordy = true;
	return add(d, strchr("Oo", (int)cp) ? '0' : '1', 1) ? n : 0;
}

/* 800, 833 and the like, and behind it no 0 or 1. */
static bool toll_free(const char *d)
{
	return d[0] == '8' && d[1] == d[2] && strchr("0345678", d[1]) && d[3] >= '2';
}

size_t dressed_phone_at(struct slice t, size_t at, char digits[DRESSED_PHONE_DIGITS + 1])
{
	struct number d = { .digits = digits };
	size_t i = at, end = at, gap = 0, times = 1, n;

	if (i < t.len && t.ptr[i] == '+')
		i++;
	while (i < t.len && gap <= GAP) {
		if ((n = digit_at(t, i, &d)) || (n = word_at(t, i, &d, &times))) {
			i += n;
			end = i;
			gap = 0;
			continue;
		}
		unsigned cp = code_at(t, i, &n);
		if (!d.count || !(cp < 0x80 ? cp && strchr(" -._*/()~|", (int)cp) : cp == 0xA0 || (cp >= 0x2010 && cp <= 0x2015)))
			break;
		i += n;
		gap++;
	}
	unsigned next = end < t.len ? code_at(t, end, &n) : 0;
	if (is_letter(next) || is_digit(next) || times > 1)
		return 0;
	/* A row of single digits that goes on is a table's. */
	if (end - at > 1 && i < t.len && is_digit(code_at(t, i, &n)) && is_digit((unsigned char)t.ptr[end - 1]) && !is_digit((unsigned char)t.ptr[end - 2]))
		return 0;
	digits[d.count] = '\0';
	if (d.count == DRESSED_PHONE_DIGITS)
		return digits[0] == '1' && toll_free(digits + 1) ? end - at : 0;
	if (d.count != DRESSED_PHONE_DIGITS - 1 || !d.wordy || !toll_free(digits))
		return 0;
	memmove(digits + 1, digits, d.count + 1);
	digits[0] = '1';
	return end - at;
}
