#include "text/unicode.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/ucal.h>
#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/udat.h>
#include <unicode/uidna.h>
#include <unicode/uloc.h>
#include <unicode/unorm2.h>
#include <unicode/unum.h>
#include <unicode/upluralrules.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>
#include <unicode/utext.h>

#include "base/utf8.h"

enum { LOCALE_BYTES = 64, HOST_MAX_BYTES = 255, WORDS_MAX_BYTES = INT_MAX };
/* The first of each alphabet. */
enum { NEGATIVE_CIRCLED = 0x1F150, NEGATIVE_SQUARED = 0x1F170, TATWEEL = 0x640 };

/* Opened once; ICU lets threads share them because they are only read afterwards. Kept until exit. */
static const UNormalizer2 *nfkc;
static USpoofChecker *spoof;
static UIDNA *idna;

static void open_shared(void)
{
	UErrorCode bad = U_ZERO_ERROR;

	nfkc = unorm2_getNFKCInstance(&bad);
	bad = U_ZERO_ERROR;
	spoof = uspoof_open(&bad);
	bad = U_ZERO_ERROR;
	idna = uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE | UIDNA_CHECK_BIDI |
				   UIDNA_CHECK_CONTEXTJ | UIDNA_USE_STD3_RULES,
			       &bad);
}

static void need_shared(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, open_shared);
}

bool unicode_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

/* Negative circled and squared letters have no decomposition that says so (UnicodeData.txt, Enclosed Alphanumeric Supplement). */
static bool styled(UChar32 c)
{
	int how = u_getIntPropertyValue(c, UCHAR_DECOMPOSITION_TYPE);

	return how == U_DT_FONT || how == U_DT_CIRCLE || how == U_DT_SQUARE || (c >= NEGATIVE_CIRCLED && c < NEGATIVE_SQUARED + 26);
}

static unsigned look_up_props(unsigned cp)
{
	UChar32 c = (UChar32)cp;
	unsigned p = 0;

	if (cp > 0x10FFFF)
		return 0;
	uint32_t category = U_GET_GC_MASK(c);
	if (u_hasBinaryProperty(c, UCHAR_ALPHABETIC))
		p |= UNI_LETTER;
	if (u_hasBinaryProperty(c, UCHAR_UPPERCASE))
		p |= UNI_UPPER;
	if (u_hasBinaryProperty(c, UCHAR_LOWERCASE))
		p |= UNI_LOWER;
	if (category & U_GC_ND_MASK)
		p |= UNI_DIGIT;
	if (u_hasBinaryProperty(c, UCHAR_WHITE_SPACE))
		p |= UNI_SPACE;
	if (category & U_GC_P_MASK)
		p |= UNI_PUNCT;
	if (category & U_GC_S_MASK)
		p |= UNI_SYMBOL;
	if (category & U_GC_SC_MASK)
		p |= UNI_CURRENCY;
	if (cp > 0x7F &&
	    (u_hasBinaryProperty(c, UCHAR_EMOJI_PRESENTATION) || u_hasBinaryProperty(c, UCHAR_EXTENDED_PICTOGRAPHIC)))
		p |= UNI_EMOJI;
	if (category & U_GC_M_MASK)
		p |= UNI_MARK;
	if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
		p |= UNI_INVISIBLE;
	if (cp == 0x200C || cp == 0x200D)
		p |= UNI_JOINER;
	if (u_hasBinaryProperty(c, UCHAR_BIDI_CONTROL))
		p |= UNI_BIDI | UNI_INVISIBLE;
	if (category & U_GC_CC_MASK)
		p |= UNI_CONTROL;
	if (cp > 0x20FF && p & (UNI_LETTER | UNI_DIGIT) && styled(c))
		p |= UNI_STYLED;
	if (cp == TATWEEL || (p & UNI_MARK && unicode_script(cp) == USCRIPT_INHERITED))
		p |= UNI_LOOSE;
	return p;
}

/* Of the characters of most texts: Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic. ICU is asked about each property by itself. */
enum { COMMON = 0x800 };
static unsigned common_props[COMMON]; /* read only after it is filled */

static void fill_common_props(void)
{
	for (unsigned cp = 0; cp < COMMON; cp++)
		common_props[cp] = look_up_props(cp);
}

unsigned unicode_props(unsigned cp)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (cp >= COMMON)
		return look_up_props(cp);
	pthread_once(&once, fill_common_props);
	return common_props[cp];
}

int unicode_script(unsigned cp)
{
	UErrorCode bad = U_ZERO_ERROR;
	int script = (int)uscript_getScript((UChar32)cp, &bad);

	return U_SUCCESS(bad) ? script : (int)USCRIPT_UNKNOWN;
}

const char *unicode_script_code(int script)
{
	const char *name = uscript_getShortName((UScriptCode)script);

	return name ? name : "Zzzz";
}

bool unicode_script_joins(int script)
{
	switch (script) {
	case USCRIPT_ARABIC:
	case USCRIPT_SYRIAC:
	case USCRIPT_MONGOLIAN:
	case USCRIPT_NKO:
	case USCRIPT_DEVANAGARI:
	case USCRIPT_BENGALI:
	case USCRIPT_GURMUKHI:
	case USCRIPT_GUJARATI:
	case USCRIPT_ORIYA:
	case USCRIPT_TAMIL:
	case USCRIPT_TELUGU:
	case USCRIPT_KANNADA:
	case USCRIPT_MALAYALAM:
	case USCRIPT_SINHALA:
	case USCRIPT_KHMER:
	case USCRIPT_MYANMAR:
	case USCRIPT_TIBETAN:
	case USCRIPT_THAI:
	case USCRIPT_LAO:
		return true;
	default:
		return false;
	}
}

static void count_script(struct script_share *out, size_t *n, int script)
{
	size_t i = 0;

	while (i < *n && out[i].script != script)
		i++;
	if (i == *n) {
		if (*n == UNICODE_SCRIPTS_MAX)
			return;
		out[(*n)++] = (struct script_share){ script, 0 };
	}
	out[i].letters++;
	for (; i > 0 && out[i].letters > out[i - 1].letters; i--) {
		struct script_share t = out[i];

		out[i] = out[i - 1];
		out[i - 1] = t;
	}
}

size_t unicode_scripts(struct slice s, struct script_share out[UNICODE_SCRIPTS_MAX])
{
	size_t n = 0;
	unsigned cp;

	for (size_t i = 0; i < s.len;) {
		i += utf8_next(s, i, &cp);
		if (cp == UTF8_BAD)
			continue;
		if (cp < 0x80) {
			if ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z')
				count_script(out, &n, USCRIPT_LATIN);
			continue;
		}
		int script = unicode_script(cp);
		if (script != USCRIPT_COMMON && script != USCRIPT_INHERITED && script != USCRIPT_UNKNOWN &&
		    u_isalpha((UChar32)cp))
			count_script(out, &n, script);
	}
	return n;
}

bool unicode_mixed_script(struct slice word)
{
	struct script_share found[UNICODE_SCRIPTS_MAX];

	if (unicode_ascii(word))
		return false;
	size_t n = unicode_scripts(word, found);
	if (n < 2)
		return false;
	/* UTS #39 section 5.2: Latin may stand with these East Asian writings. */
	bool japanese = true, chinese = true, korean = true;
	for (size_t i = 0; i < n; i++) {
		int s = found[i].script;
		bool shared = s == USCRIPT_LATIN || s == USCRIPT_HAN;

		japanese = japanese && (shared || s == USCRIPT_HIRAGANA || s == USCRIPT_KATAKANA);
		chinese = chinese && (shared || s == USCRIPT_BOPOMOFO);
		korean = korean && (shared || s == USCRIPT_HANGUL);
	}
	return !japanese && !chinese && !korean;
}

/* Text on its way through ICU's UTF-16 functions: on the stack where short, as words are. */
struct wide {
	UChar *ptr;
	int32_t len, cap;
	UChar small[128];
};

static bool wide_room(struct wide *w, int32_t cap)
{
	w->len = 0;
	w->cap = (int32_t)(sizeof w->small / sizeof w->small[0]);
	w->ptr = w->small;
	if (cap <= w->cap)
		return true;
	w->ptr = malloc((size_t)cap * sizeof *w->ptr);
	w->cap = cap;
	return w->ptr != NULL;
}

static void wide_end(struct wide *w)
{
	if (w->ptr != w->small)
		free(w->ptr);
}

/* Broken bytes become U+FFFD. */
static bool wide_from(struct wide *w, struct slice s)
{
	UErrorCode bad = U_ZERO_ERROR;

	w->ptr = NULL;
	if (s.len > INT_MAX / 8 || !wide_room(w, (int32_t)s.len + 1))
		return false;
	u_strFromUTF8WithSub(w->ptr, w->cap, &w->len, s.ptr ? s.ptr : "", (int32_t)s.len, 0xFFFD, NULL, &bad);
	return U_SUCCESS(bad);
}

static void wide_to(const struct wide *w, struct str *out)
{
	for (int32_t i = 0; i < w->len;) {
		UChar32 c;

		U16_NEXT(w->ptr, i, w->len, c);
		str_addu(out, (unsigned)c);
	}
}

typedef int32_t (*wide_fn)(const UChar *from, int32_t n, UChar *to, int32_t cap, UErrorCode *bad);

static int32_t fn_nfkc(const UChar *from, int32_t n, UChar *to, int32_t cap, UErrorCode *bad)
{
	return unorm2_normalize(nfkc, from, n, to, cap, bad);
}

static int32_t fn_fold(const UChar *from, int32_t n, UChar *to, int32_t cap, UErrorCode *bad)
{
	return u_strFoldCase(to, cap, from, n, U_FOLD_CASE_DEFAULT, bad);
}

static int32_t fn_skeleton(const UChar *from, int32_t n, UChar *to, int32_t cap, UErrorCode *bad)
{
	return uspoof_getSkeleton(spoof, 0, from, n, to, cap, bad);
}

/* `w` becomes fn(w). */
static bool wide_apply(struct wide *w, wide_fn fn)
{
	struct wide next;
	UErrorCode bad = U_ZERO_ERROR;

	if (!wide_room(&next, w->len + 64))
		return false;
	next.len = fn(w->ptr, w->len, next.ptr, next.cap, &bad);
	if (bad == U_BUFFER_OVERFLOW_ERROR) {
		int32_t need = next.len + 1;

		wide_end(&next);
		if (!wide_room(&next, need))
			return false;
		bad = U_ZERO_ERROR;
		next.len = fn(w->ptr, w->len, next.ptr, next.cap, &bad);
	}
	if (U_FAILURE(bad)) {
		wide_end(&next);
		return false;
	}
	wide_end(w);
	if (next.ptr == next.small) {
		memcpy(w->small, next.small, sizeof w->small);
		w->ptr = w->small;
	} else {
		w->ptr = next.ptr;
	}
	w->len = next.len;
	w->cap = next.cap;
	return true;
}

static void transform(struct slice s, struct str *out, const wide_fn *fns)
{
	struct wide w;
	bool good = wide_from(&w, s);

	if (!good && !w.ptr) {
		out->failed = true;
		return;
	}
	need_shared();
	while (good && *fns)
		good = wide_apply(&w, *fns++);
	if (good)
		wide_to(&w, out);
	else
		out->failed = true;
	wide_end(&w);
}

void unicode_nfkc_fold(struct slice s, struct str *out)
{
	if (unicode_ascii(s)) {
		for (size_t i = 0; i < s.len; i++)
			str_addc(out, (char)(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? s.ptr[i] | 0x20 : s.ptr[i]));
		return;
	}
	transform(s, out, (const wide_fn[]){ fn_nfkc, fn_fold, fn_nfkc, NULL });
}

unsigned unicode_plain(unsigned cp)
{
	/* a to z; no small capital x has been encoded */
	static const unsigned short small_capitals[26] = { 0x1D00, 0x299, 0x1D04, 0x1D05, 0x1D07, 0xA730, 0x262, 0x29C, 0x26A, 0x1D0A, 0x1D0B, 0x29F, 0x1D0D,
		0x274, 0x1D0F, 0x1D18, 0xA7AF, 0x280, 0xA731, 0x1D1B, 0x1D1C, 0x1D20, 0x1D21, 0, 0x28F, 0x1D22 };

	if (cp >= NEGATIVE_CIRCLED && cp < NEGATIVE_CIRCLED + 26)
		return 'a' + (cp - NEGATIVE_CIRCLED);
	if (cp >= NEGATIVE_SQUARED && cp < NEGATIVE_SQUARED + 26)
		return 'a' + (cp - NEGATIVE_SQUARED);
	for (unsigned i = 0; cp >= 0x262 && cp <= 0xA7AF && i < 26; i++)
		if (small_capitals[i] == cp)
			return 'a' + i;
	return cp;
}

void unicode_skeleton(struct slice s, struct str *out)
{
	if (unicode_ascii(s))
		str_add(out, s);
	else
		transform(s, out, (const wide_fn[]){ fn_skeleton, NULL });
}

static pthread_key_t breaker_key;
static bool breaker_key_made;

static void close_breaker(void *b)
{
	ubrk_close(b);
}

static void make_breaker_key(void)
{
	breaker_key_made = pthread_key_create(&breaker_key, close_breaker) == 0;
}

/* One break iterator a thread: opening one costs more than a message's words. */
static UBreakIterator *breaker(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	UErrorCode bad = U_ZERO_ERROR;

	pthread_once(&once, make_breaker_key);
	if (!breaker_key_made)
		return NULL;
	UBreakIterator *b = pthread_getspecific(breaker_key);
	if (b)
		return b;
	b = ubrk_open(UBRK_WORD, "", NULL, 0, &bad);
	if (U_FAILURE(bad))
		return NULL;
	if (pthread_setspecific(breaker_key, b) != 0) {
		ubrk_close(b);
		return NULL;
	}
	return b;
}

enum err unicode_words(struct slice s, bool (*each)(void *ctx, struct slice word, size_t at), void *ctx)
{
	UErrorCode bad = U_ZERO_ERROR;
	UText text = UTEXT_INITIALIZER;
	UBreakIterator *b = breaker();

	if (!b || s.len >= WORDS_MAX_BYTES)
		return ERR_NOMEM;
	utext_openUTF8(&text, s.ptr ? s.ptr : "", (int64_t)s.len, &bad);
	ubrk_setUText(b, &text, &bad);
	if (U_SUCCESS(bad)) {
		int32_t from = ubrk_first(b);

		for (int32_t to = ubrk_next(b); to != UBRK_DONE; from = to, to = ubrk_next(b)) {
			if (ubrk_getRuleStatus(b) < UBRK_WORD_NONE_LIMIT)
				continue;
			if (!each(ctx, slice_make(s.ptr + from, (size_t)(to - from)), (size_t)from))
				break;
		}
		/* The iterator outlives the text: it must not keep a way to it. */
		ubrk_setText(b, u"", 0, &bad);
	}
	utext_close(&text);
	return U_SUCCESS(bad) ? ERR_OK : ERR_NOMEM;
}

/* ICU takes "pt-br" for "pt_BR"; anything odd ends as the root locale. */
static const char *locale_of(const char *lang, char out[LOCALE_BYTES])
{
	UErrorCode bad = U_ZERO_ERROR;

	uloc_forLanguageTag(lang ? lang : "", out, LOCALE_BYTES, NULL, &bad);
	if (U_FAILURE(bad) || bad == U_STRING_NOT_TERMINATED_WARNING)
		out[0] = '\0';
	return out;
}

static const char *const plural_names[] = { "zero", "one", "two", "few", "many", "other" };

/* Rules by language, opened on first use and kept: a desk speaks few languages, but the list is bounded all the same.
 */
enum { PLURAL_LANGUAGES_MAX = 64 };
static struct {
	char lang[16];
	UPluralRules *rules;
} plurals[PLURAL_LANGUAGES_MAX];
static size_t plurals_count;
static pthread_mutex_t plurals_lock = PTHREAD_MUTEX_INITIALIZER;

static UPluralRules *plural_rules(const char *lang)
{
	UPluralRules *rules = NULL;
	char locale[LOCALE_BYTES];
	UErrorCode bad = U_ZERO_ERROR;

	if (!lang || strlen(lang) >= sizeof plurals[0].lang)
		lang = "en";
	pthread_mutex_lock(&plurals_lock);
	for (size_t i = 0; i < plurals_count && !rules; i++)
		if (strcmp(plurals[i].lang, lang) == 0)
			rules = plurals[i].rules;
	if (!rules && plurals_count < PLURAL_LANGUAGES_MAX) {
		rules = uplrules_open(locale_of(lang, locale), &bad);
		if (U_SUCCESS(bad)) {
			memcpy(plurals[plurals_count].lang, lang, strlen(lang) + 1);
			plurals[plurals_count++].rules = rules;
		} else {
			rules = NULL;
		}
	}
	pthread_mutex_unlock(&plurals_lock);
	return rules;
}

static enum plural plural_by_name(const UChar *name)
{
	for (int i = 0; i < PLURAL_OTHER; i++) {
		UChar wanted[8];

		u_uastrcpy(wanted, plural_names[i]);
		if (u_strcmp(name, wanted) == 0)
			return (enum plural)i;
	}
	return PLURAL_OTHER;
}

enum plural unicode_plural(const char *lang, int64_t n)
{
	UErrorCode bad = U_ZERO_ERROR;
	UChar name[16];
	const UPluralRules *rules = plural_rules(lang);

	if (!rules)
		return n == 1 ? PLURAL_ONE : PLURAL_OTHER;
	uplrules_select(rules, (double)n, name, 16, &bad);
	return U_SUCCESS(bad) ? plural_by_name(name) : PLURAL_OTHER;
}

unsigned unicode_plurals(const char *lang)
{
	UErrorCode bad = U_ZERO_ERROR;
	const UPluralRules *rules = plural_rules(lang);
	unsigned set = 1u << PLURAL_OTHER;

	if (!rules)
		return set | 1u << PLURAL_ONE;
	UEnumeration *names = uplrules_getKeywords(rules, &bad);
	if (U_FAILURE(bad))
		return set;
	for (const UChar *name; (name = uenum_unext(names, NULL, &bad)) && U_SUCCESS(bad);)
		set |= 1u << plural_by_name(name);
	uenum_close(names);
	return set;
}

bool unicode_rtl(const char *lang)
{
	char locale[LOCALE_BYTES];

	return uloc_isRightToLeft(locale_of(lang, locale));
}

bool unicode_language_name(const char *lang, const char *in, struct str *out)
{
	char locale[LOCALE_BYTES], display[LOCALE_BYTES];
	struct wide w;
	UErrorCode bad = U_ZERO_ERROR;

	if (!*locale_of(lang, locale) || !wide_room(&w, 0))
		return false;
	w.len = uloc_getDisplayName(locale, locale_of(in, display), w.ptr, w.cap, &bad);
	/* U_USING_DEFAULT_WARNING: ICU knows no name and gives the code back. */
	if (U_FAILURE(bad) || bad == U_USING_DEFAULT_WARNING || w.len > w.cap)
		return false;
	wide_to(&w, out);
	return true;
}

bool unicode_script_name(const char *code, const char *in, struct str *out)
{
	char tag[LOCALE_BYTES], locale[LOCALE_BYTES], display[LOCALE_BYTES];
	struct wide w;
	UErrorCode bad = U_ZERO_ERROR;

	snprintf(tag, sizeof(tag), "und-%s", code);
	if (strlen(code) != 4 || !*locale_of(tag, locale) || !wide_room(&w, 0))
		return false;
	w.len = uloc_getDisplayScript(locale, locale_of(in, display), w.ptr, w.cap, &bad);
	if (U_FAILURE(bad) || bad == U_USING_DEFAULT_WARNING || w.len > w.cap)
		return false;
	wide_to(&w, out);
	return true;
}

void unicode_number(const char *lang, int64_t n, struct str *out)
{
	char locale[LOCALE_BYTES], latin[LOCALE_BYTES + 16];
	struct wide w;
	UErrorCode bad = U_ZERO_ERROR;

	if (n > -1000 && n < 1000) {
		str_addf(out, "%d", (int)n);
		return;
	}
	snprintf(latin, sizeof latin, "%s@numbers=latn", locale_of(lang, locale));
	UNumberFormat *f = unum_open(UNUM_DECIMAL, NULL, 0, latin, NULL, &bad);
	if (U_SUCCESS(bad) && wide_room(&w, 0))
		w.len = unum_formatInt64(f, n, w.ptr, w.cap, NULL, &bad);
	if (U_FAILURE(bad) || w.len > w.cap)
		str_addf(out, "%lld", (long long)n);
	else
		wide_to(&w, out);
	if (f)
		unum_close(f);
}

int unicode_zone_minutes(const char *zone, int64_t wall_ms)
{
	UErrorCode bad = U_ZERO_ERROR;
	UChar id[64];

	if (!unicode_zone_known(zone))
		return 0;
	u_uastrcpy(id, zone);
	UCalendar *c = ucal_open(id, -1, "en", UCAL_GREGORIAN, &bad);
	if (U_FAILURE(bad))
		return 0;
	ucal_setMillis(c, (UDate)wall_ms, &bad);
	int32_t ms = ucal_get(c, UCAL_ZONE_OFFSET, &bad) + ucal_get(c, UCAL_DST_OFFSET, &bad);
	ucal_close(c);
	return U_SUCCESS(bad) ? ms / 60000 : 0;
}

bool unicode_zone_known(const char *zone)
{
	UErrorCode bad = U_ZERO_ERROR;
	UChar id[64], canonical[64];
	UBool system = false;

	if (!zone || !*zone || strlen(zone) >= 64)
		return false;
	u_uastrcpy(id, zone);
	ucal_getCanonicalTimeZoneID(id, -1, canonical, 64, &system, &bad);
	return U_SUCCESS(bad) && system;
}

bool unicode_zone_name(const char *zone, const char *in, struct str *out)
{
	static const UChar generic[] = { 'v', 'v', 'v', 'v', 0 }; /* UTS #35: the long name without regard to summer time */
	static const UDate recent_ms = 1.6e12;                    /* a zone that knew no summer time yet has another name: Berlin in 1970 */
	char display[LOCALE_BYTES];
	UErrorCode bad = U_ZERO_ERROR;
	UChar id[64];
	struct wide w;

	if (!unicode_zone_known(zone) || !wide_room(&w, 0))
		return false;
	u_uastrcpy(id, zone);
	UDateFormat *f = udat_open(UDAT_PATTERN, UDAT_PATTERN, locale_of(in, display), id, -1, generic, -1, &bad);
	w.len = U_SUCCESS(bad) ? udat_format(f, recent_ms, w.ptr, w.cap, NULL, &bad) : 0;
	udat_close(f);
	if (U_FAILURE(bad) || w.len == 0 || w.len > w.cap)
		return false;
	wide_to(&w, out);
	return true;
}

typedef int32_t (*idna_fn)(const UIDNA *idna, const char *name, int32_t n, char *to, int32_t cap, UIDNAInfo *info,
			   UErrorCode *bad);

static bool host(struct slice name, struct str *out, idna_fn fn)
{
	char to[HOST_MAX_BYTES * 4 + 1];
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	UErrorCode bad = U_ZERO_ERROR;

	need_shared();
	if (!idna || !name.len || name.len > HOST_MAX_BYTES * 4)
		return false;
	int32_t n = fn(idna, name.ptr, (int32_t)name.len, to, (int32_t)sizeof to, &info, &bad);
	/* Hyphens in odd places are wrong by the letter but resolve, so real hosts have them. */
	const uint32_t tolerated = UIDNA_ERROR_LEADING_HYPHEN | UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_HYPHEN_3_4;
	if (U_FAILURE(bad) || n <= 0 || n >= (int32_t)sizeof to || (info.errors & ~tolerated))
		return false;
	str_add(out, slice_make(to, (size_t)n));
	return true;
}

bool unicode_host_ascii(struct slice name, struct str *out)
{
	return host(name, out, uidna_nameToASCII_UTF8);
}

bool unicode_host_unicode(struct slice name, struct str *out)
{
	return host(name, out, uidna_nameToUnicodeUTF8);
}

bool unicode_from_charset(struct slice charset, struct slice bytes, bool strict, struct str *out)
{
	enum { NAME_BYTES = 64 };
	char name[NAME_BYTES];
	UErrorCode bad = U_ZERO_ERROR;
	UConverter *from;
	UChar *wide = NULL;
	int32_t n, most;
	bool good = false;

	if (charset.len == 0 || charset.len >= sizeof(name) || bytes.len > INT32_MAX / 8)
		return false;
	memcpy(name, charset.ptr, charset.len);
	name[charset.len] = '\0';
	from = ucnv_open(name, &bad);
	if (U_FAILURE(bad))
		return false;
	if (strict)
		ucnv_setToUCallBack(from, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &bad);
	most = (int32_t)bytes.len * 2 + 16; /* no set makes more of a byte */
	wide = malloc((size_t)most * sizeof(*wide));
	n = wide ? ucnv_toUChars(from, wide, most, bytes.ptr, (int32_t)bytes.len, &bad) : 0;
	if (wide && U_SUCCESS(bad)) {
		for (int32_t i = 0; i < n;) {
			UChar32 c;

			U16_NEXT(wide, i, n, c);
			str_addu(out, (unsigned)c);
		}
		good = true;
	}
	free(wide);
	ucnv_close(from);
	return good;
}
