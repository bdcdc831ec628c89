/*
 * unicode: what the Unicode tables know, by ICU 72; the only room that includes its headers.
 *
 * Inputs are UTF-8; broken bytes are read as U+FFFD. Costly ICU objects are opened once per process (those ICU shares
 * between threads) or once per thread (break iterators), on first use. Functions that write to a `struct str` follow
 * its rules: check it once. Any thread.
 */
#ifndef TEXT_UNICODE_H
#define TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "base/str.h"

/* What a code point is: any of these. */
enum {
	UNI_LETTER = 1, /* Alphabetic */
	UNI_UPPER = 2,
	UNI_LOWER = 4,
	UNI_DIGIT = 8,  /* general category Nd */
	UNI_SPACE = 16, /* White_Space */
	UNI_PUNCT = 32,
	UNI_SYMBOL = 64, /* currency too */
	UNI_CURRENCY = 128,
	UNI_EMOJI = 256,      /* shown as a picture by default, or Extended_Pictographic; not digits */
	UNI_MARK = 512,       /* combining */
	UNI_INVISIBLE = 1024, /* Default_Ignorable_Code_Point; also joiners and variation selectors */
	UNI_JOINER = 2048,    /* U+200C, U+200D */
	UNI_BIDI = 4096,      /* Bidi_Control */
	UNI_CONTROL = 8192,   /* general category Cc, TAB and line feeds too */
	UNI_STYLED = 16384,   /* a letter or digit in a dress: mathematical bold, circled, squared; not fonts for whole scripts (full width) */
	UNI_LOOSE = 32768,    /* a mark of no script of its own, or a tatweel: where NFKC composes it with nothing, writing does without it */
};
unsigned unicode_props(unsigned cp);

/* ISO 15924 scripts by ICU's number. */
int unicode_script(unsigned cp);
const char *unicode_script_code(int script); /* "Latn", "Cyrl"; "Zyyy" is common, "Zinh" inherited */
/* Scripts in which ZERO WIDTH JOINER and NON-JOINER are ordinary spelling (Arabic, Indic ...). */
bool unicode_script_joins(int script);

struct script_share {
	int script;
	size_t letters;
};
enum { UNICODE_SCRIPTS_MAX = 8 };
/* The scripts of the letters in `s`, most letters first; common and inherited are left out. Returns how many. */
size_t unicode_scripts(struct slice s, struct script_share out[UNICODE_SCRIPTS_MAX]);
/* Letters of scripts that no writing mixes within a word (UTS #39, highly restrictive: Latin with Han, Kana, Bopomofo
 * or Hangul is ordinary). */
bool unicode_mixed_script(struct slice word);

/* Nothing but ASCII. */
bool unicode_ascii(struct slice s);

/* NFKC, then full case folding, then NFKC again (UAX #15, UTS #18). Joiners stay. */
void unicode_nfkc_fold(struct slice s, struct str *out);
/* The ASCII letter that `cp` is another dress of and NFKC leaves alone: small capitals, negative circled and squared letters; else `cp`. */
unsigned unicode_plain(unsigned cp);
/* UTS #39 skeleton; ASCII-only input is copied as it is, because skeletons make "rn" of "m". */
void unicode_skeleton(struct slice s, struct str *out);

/* Calls `each` for every word (UAX #29; dictionaries for Chinese, Japanese, Thai, Khmer, Lao, Burmese), letters and
 * digits only, until it returns false. `at` is the word's byte offset in `s`. `s` must be below 2 GiB. */
enum err unicode_words(struct slice s, bool (*each)(void *ctx, struct slice word, size_t at), void *ctx) MUST_CHECK;

/* CLDR plural categories, in the order in which messages list their forms. */
enum plural { PLURAL_ZERO, PLURAL_ONE, PLURAL_TWO, PLURAL_FEW, PLURAL_MANY, PLURAL_OTHER };
enum plural unicode_plural(const char *lang, int64_t n);
unsigned unicode_plurals(const char *lang); /* the language's categories: bits 1 << enum plural */

bool unicode_rtl(const char *lang);
/* The name of `lang` in the language `in`, as "Deutsch". False (nothing written) when unknown. */
bool unicode_language_name(const char *lang, const char *in, struct str *out);
/* The name of a script ("Cyrl") in the language `in`, as "Cyrillic". False (nothing written) when unknown. */
bool unicode_script_name(const char *code, const char *in, struct str *out);
/* With the language's grouping and separators, in Latin digits. */
void unicode_number(const char *lang, int64_t n, struct str *out);
/* How far an IANA zone is ahead of UTC at that moment, in minutes; an unknown zone is UTC. */
int unicode_zone_minutes(const char *zone, int64_t wall_ms);
bool unicode_zone_known(const char *zone);
/* What the language `in` calls a zone, the year round: "Central European Time". False (nothing written) when unknown. */
bool unicode_zone_name(const char *zone, const char *in, struct str *out);

/* Host names by UTS #46 (nontransitional). False when the name is not valid; `out` is unchanged then. Lower case. */
bool unicode_host_ascii(struct slice host, struct str *out);
bool unicode_host_unicode(struct slice host, struct str *out);

/* Bytes of a character set, by its IANA or MIME name, to UTF-8. `strict`: false (nothing written) when there are bytes
 * that mean nothing in it; otherwise those become U+FFFD. False too when the name is not known. */
bool unicode_from_charset(struct slice charset, struct slice bytes, bool strict, struct str *out);

#endif
