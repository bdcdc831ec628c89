#include "spam/idle.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/utf8.h"
#include "spam/compose.h"
#include "text/unicode.h"

enum { SHARP_S = 0xdf, FINAL_SIGMA = 0x3c2, SHOWN_BYTES = 64 };

/* What a rule has once: the last line counts. */
enum { DEFINITION, SCORE, TFLAGS, MODE, ACTION, EXPIRES, NOTE, ONCE };

/* What a file says of one rule, and where it said so last. */
struct said {
	const struct cf_item *last[ONCE];
};

struct folds;

struct telling {
	const struct ruleset *r;
	const struct ruleset_options *options;
	struct cf_errors *errs;
	struct said *said; /* one for each rule */
	struct folds *folds;
	struct str shown;
};

static void tell(struct telling *t, const struct cf_item *item, unsigned column, const char *words)
{
	cf_errors_add(t->errs, true, item->file, item->line, column, "%s", words);
}

static int kind_of(const struct cf_item *item)
{
	switch (item->verb) {
	case CF_PATTERN:
	case CF_EXISTS:
	case CF_EVAL:
	case CF_META:
		return DEFINITION;
	case CF_SCORE:
		return SCORE;
	case CF_TFLAGS:
		return TFLAGS;
	case CF_MODE:
		return MODE;
	case CF_ACTION:
		return ACTION;
	case CF_EXPIRES:
		return EXPIRES;
	case CF_NOTE:
		return NOTE;
	default:
		return ONCE;
	}
}

/* Another file may say something else: that is how a site overrides what is shipped. */
static void again(struct telling *t, struct said *s, const struct cf_item *item, int kind)
{
	static const char *const what[] = { "definition", "score", "tflags", "mode", "action", "date", "note" };
	const struct cf_item *before = s->last[kind];

	s->last[kind] = item;
	if (before == NULL || before->file != item->file || (kind == SCORE && item->score.relative[0]) || kind == NOTE)
		return;
	cf_errors_add(t->errs, true, item->file, item->line, item->name_column,
		      "a second %s of %.*s: the one in line %u counts no more", what[kind], SLICE_ARG(item->name), before->line);
}

/* ---- fields ---------------------------------------------------------------------------------------------------- */

static bool same_name(struct slice a, const char *b)
{
	return a.len == strlen(b) && strncasecmp(a.ptr, b, a.len) == 0;
}

static void look_at_field(struct telling *t, const struct cf_item *item)
{
	bool known = t->options->fields == NULL || same_name(item->pattern.field, "Subject") || same_name(item->pattern.field, "ALL");
	bool mail = item->verb == CF_PATTERN && item->pattern.mail_only;

	for (size_t i = 0; i < t->options->field_count && !known; i++)
		known = same_name(item->pattern.field, t->options->fields[i]);
	if (known || mail)
		return;
	cf_errors_add(t->errs, true, item->file, item->line, item->name_column + (unsigned)item->name.len + 1,
		      "no text has a field %.*s: %s", item->pattern.field.len > 60 ? 60 : (int)item->pattern.field.len, item->pattern.field.ptr,
		      item->verb == CF_EXISTS || (!item->pattern.negated && item->pattern.if_unset.ptr == NULL) ? "this rule never hits"
		      : item->pattern.if_unset.ptr != NULL ? "only the text of if-unset is looked at"
							    : "this rule hits them all");
}

/* ---- letters --------------------------------------------------------------------------------------------------- */

/* Letters that norm and skel never show: they show another in their place. Asked of ICU once a character. */
enum { FOLDS_KEPT = 0x3000 };
enum { NOT_ASKED, STAYS, CHANGES };
struct folds {
	unsigned char of[FOLDS_KEPT];
};

static bool changes(struct folds *f, struct slice letter, unsigned c, struct str *shown)
{
	bool other;

	/* Chinese characters and Korean syllables, of which there are many, stay as they are. */
	if (c < 0x80 ? c < 'A' || c > 'Z' : (c < FOLDS_KEPT && f->of[c] == STAYS) || (c >= 0x3400 && c <= 0x9fff) || (c >= 0xac00 && c <= 0xd7a3))
		return false;
	str_reset(shown);
	unicode_nfkc_fold(letter, shown);
	other = !slice_eq(str_slice(shown), letter);
	if (c < FOLDS_KEPT)
		f->of[c] = other ? CHANGES : STAYS;
	return other;
}

/* Latin, Greek, Cyrillic, Armenian. */
static bool has_case(unsigned c)
{
	return (c >= 0xc0 && c <= 0x24f) || (c >= 0x370 && c <= 0x587);
}

/* Behind an escape: of \p{Lu}, \x{41}, \k<NAME> all of it. */
static size_t past_escape(struct slice p, size_t at)
{
	const char *pair;
	char c = at + 1 < p.len ? p.ptr[at + 1] : '\0';

	at += 2;
	if (c != '\0' && strchr("pPxNokg", c) != NULL && at < p.len && (pair = strchr("{}<>", p.ptr[at])) != NULL && *pair != '\0')
		while (at < p.len && p.ptr[at++] != pair[1])
			continue;
	else if (c == 'x' || c == 'c')
		at += c == 'x' ? 2 : 1;
	return at < p.len ? at : p.len;
}

/* Behind what a parenthesis begins with: (?:  (?<name>  (?i:  (?#...)  (*VERB) */
static size_t past_opening(struct slice p, size_t at)
{
	const char *ends = p.ptr[at + 1] == '*' || (at + 2 < p.len && p.ptr[at + 2] == '#') ? ")" : ":=!>)|";

	for (at += 2; at < p.len && strchr(ends, p.ptr[at]) == NULL;)
		at++;
	return at < p.len && p.ptr[at] != ')' ? at + 1 : at;
}

/* Behind a class; *beyond is where it holds a byte beyond ASCII, or SIZE_MAX. */
static size_t past_class(struct slice p, size_t at, size_t *beyond)
{
	at += at + 1 < p.len && p.ptr[at + 1] == '^' ? 2 : 1;
	at += at < p.len && p.ptr[at] == ']';
	for (; at < p.len && p.ptr[at] != ']'; at++) {
		if (p.ptr[at] == '\\') {
			at++;
		} else if (p.ptr[at] == '[' && at + 1 < p.len && p.ptr[at + 1] == ':') {
			while (at + 1 < p.len && p.ptr[at] != ']')
				at++;
		} else if ((unsigned char)p.ptr[at] >= 0x80 && *beyond == SIZE_MAX) {
			*beyond = at;
		}
	}
	return at < p.len ? at + 1 : p.len;
}

/* What is wrong with a letter that stands by itself. */
static const char *wrong_bytes(const struct cf_item *item, size_t at, size_t n, unsigned c)
{
	struct slice p = item->pattern.pattern;

	if (n == 1)
		return NULL;
	if (at + n < p.len && strchr("?*+{", p.ptr[at + n]) != NULL)
		return "only the last byte of this letter is repeated, not the letter: tflags utf is missing";
	if (item->pattern.flags & CF_RE_CASELESS && has_case(c) && item->pattern.surface != SURFACE_NORM && item->pattern.surface != SURFACE_SKEL)
		return "i knows the capitals of ASCII alone: tflags utf is missing";
	return NULL;
}

static void tell_at(struct telling *t, const struct cf_item *item, size_t at, const char *words)
{
	unsigned column = item->column + (unsigned)at;

	for (size_t i = 0; i < at; i++)
		column += item->pattern.pattern.ptr[i] == '#'; /* was written \# */
	tell(t, item, column, words);
}

/* True when norm or skel show another letter than the one at `at`, which was said. */
static bool never_shown(struct telling *t, const struct cf_item *item, size_t at, size_t n, unsigned c)
{
	struct slice letter = slice_make(item->pattern.pattern.ptr + at, n);
	char words[200];

	if ((c >= 'a' && c <= 'z') || (item->pattern.surface != SURFACE_NORM && item->pattern.surface != SURFACE_SKEL) ||
	    (item->pattern.flags & CF_RE_CASELESS && has_case(c) && c != SHARP_S && c != FINAL_SIGMA) || (item->pattern.flags & CF_RE_CASELESS && c < 0x80) ||
	    !changes(t->folds, letter, c, &t->shown))
		return false;
	if (c == UTF8_BAD)
		snprintf(words, sizeof(words), "%s is UTF-8: this byte is never met", surface_name(item->pattern.surface));
	else
		snprintf(words, sizeof(words), "%s shows \"%.20s\" in place of \"%.*s\", which is therefore never met", surface_name(item->pattern.surface),
			 str_c(&t->shown), SLICE_ARG(letter));
	tell_at(t, item, at, words);
	return true;
}

/* The same of a class's members, but where what is shown is one of them, too; of `[^...]` they matter little. */
static void class_never_shown(struct telling *t, const struct cf_item *item, size_t from, size_t to)
{
	struct slice p = slice_make(item->pattern.pattern.ptr, to);
	bool letters = memmem(p.ptr + from, to - from, "a-z", 3) != NULL;

	for (size_t at = from, n; at < to && p.ptr[from + 1] != '^'; at += n) {
		unsigned c;

		n = utf8_next(p, at, &c);
		if (n == 1 || !changes(t->folds, slice_make(p.ptr + at, n), c, &t->shown) || (letters && isalpha((unsigned char)str_c(&t->shown)[0])) ||
		    memmem(p.ptr + from, to - from, str_c(&t->shown), str_slice(&t->shown).len) != NULL)
			continue;
		never_shown(t, item, at, n, c);
	}
}

/* Where a pattern does not say what it seems to: all letters that are never met, and the first that needs tflags utf. */
static void look_at_letters(struct telling *t, const struct entry *x, const struct cf_item *item)
{
	struct slice p = item->pattern.pattern;
	bool utf = (x->rule.tflags & CF_TF_UTF) != 0;

	/* An inline flag may change the case of what is behind it. */
	if (x->replaced || memmem(p.ptr, p.len, "(?i", 3) != NULL)
		return;
	for (size_t at = 0, next; at < p.len; at = next) {
		size_t beyond = SIZE_MAX;
		unsigned c = (unsigned char)p.ptr[at];
		const char *words = NULL;

		next = at + 1;
		if (c == '#' && item->pattern.flags & (CF_RE_EXTENDED | CF_RE_EXTENDED2))
			return;
		if (c == '\\') {
			next = past_escape(p, at);
		} else if (c == '(' && at + 1 < p.len && (p.ptr[at + 1] == '?' || p.ptr[at + 1] == '*')) {
			next = past_opening(p, at);
		} else if (c == '[') {
			next = past_class(p, at, &beyond);
			if (beyond != SIZE_MAX && !utf)
				words = "letters beyond ASCII in a class are taken apart into bytes: tflags utf is missing";
			else if (beyond != SIZE_MAX)
				class_never_shown(t, item, at, next);
		} else {
			size_t n = c < 0x80 ? 1 : utf8_next(p, at, &c);

			next = at + n;
			if (!never_shown(t, item, at, n, c) && !utf)
				words = wrong_bytes(item, at, n, c);
		}
		if (words != NULL) {
			tell_at(t, item, beyond != SIZE_MAX ? beyond : at, words);
			return;
		}
	}
}

/* Letters take a while among 30,000 rules: they were looked at when the rule was new. */
static bool is_new(const struct telling *t, const struct entry *x)
{
	const struct ruleset *previous = t->options->known.previous;
	long at = previous != NULL ? ruleset_find(previous, x->name) : -1;

	return at < 0 || previous->rules[at].rule.version != x->rule.version;
}

/* ---- what a rule has altogether -------------------------------------------------------------------------------- */

static void look_at_flags(struct telling *t, const struct entry *x, const struct cf_item *flags)
{
	const struct cf_item *d = x->test_item;
	unsigned f = x->rule.tflags;
	bool pattern = d->verb == CF_PATTERN || x->list;

	if (x->rule.maxhits > 0 && !(f & CF_TF_MULTIPLE))
		tell(t, flags, flags->name_column, "maxhits= says nothing without multiple");
	if (f & CF_TF_MULTIPLE && !pattern)
		tell(t, flags, flags->name_column, "multiple is for rules with a pattern: it says nothing here");
	if (f & CF_TF_UTF && !pattern)
		tell(t, flags, flags->name_column, "utf is for rules with a pattern: it says nothing here");
	if (f & CF_TF_NOSUBJECT && (d->verb != CF_PATTERN || d->pattern.surface != SURFACE_BODY))
		tell(t, flags, flags->name_column, "nosubject is for body rules: it says nothing here");
	if (f & CF_TF_WIDE && (d->verb != CF_PATTERN || d->pattern.surface != SURFACE_URI))
		tell(t, flags, flags->name_column, "wide is for uri rules: it says nothing here");
}

/* A name in __ is a part: it is not shown and weighs nothing, so nothing is done because of it. */
static void look_at_part(struct telling *t, const struct entry *x, const struct said *s)
{
	if (s->last[SCORE] != NULL && x->rule.score != 0)
		tell(t, s->last[SCORE], s->last[SCORE]->name_column, "a name in __ weighs nothing: only the score 0 says something, and switches it off");
	if (s->last[ACTION] != NULL)
		tell(t, s->last[ACTION], s->last[ACTION]->name_column, "a name in __ does nothing by itself: give the action to the meta that speaks of it");
	if (s->last[NOTE] != NULL)
		tell(t, s->last[NOTE], s->last[NOTE]->name_column, "a name in __ is never shown: give the note to the meta that speaks of it");
	if (s->last[MODE] != NULL && x->rule.mode == CF_WATCH)
		tell(t, s->last[MODE], s->last[MODE]->name_column, "a name in __ weighs nothing anyway: watch the meta that speaks of it");
}

enum err idle_tell(const struct ruleset *r, const struct cf_tree *tree, const struct ruleset_options *options,
		   struct cf_errors *errs, struct error *e)
{
	struct telling t = { r, options, errs, calloc(r->count + 1, sizeof(*t.said)), calloc(1, sizeof(*t.folds)), { 0 } };
	enum err err = t.said != NULL && t.folds != NULL ? ERR_OK : err_nomem(e);

	str_init(&t.shown, SHOWN_BYTES);
	for (size_t i = 0; i < tree->count && !err; i++) {
		const struct cf_item *item = &tree->items[i];
		int kind = kind_of(item);
		long at = kind < ONCE ? ruleset_find(r, item->name) : -1;

		if (at >= 0)
			again(&t, &t.said[at], item, kind);
	}
	for (size_t i = 0; i < r->count && !err; i++) {
		const struct entry *x = &r->rules[i];
		const struct cf_item *d = x->test_item;

		if ((d->verb == CF_PATTERN || d->verb == CF_EXISTS) && d->pattern.surface == SURFACE_HEADER)
			look_at_field(&t, d);
		if (d->verb == CF_PATTERN && is_new(&t, x))
			look_at_letters(&t, x, d);
		if (t.said[i].last[TFLAGS] != NULL)
			look_at_flags(&t, x, t.said[i].last[TFLAGS]);
		if (!x->rule.listed)
			look_at_part(&t, x, &t.said[i]);
	}
	str_fini(&t.shown);
	free(t.folds);
	free(t.said);
	return err;
}
