/*
 * i18n: what the desk says, in the reader's language.
 *
 * Messages are templates/i18n/LANG.json: flat objects of key -> text in the banana format ("$1" is the first argument,
 * "{{PLURAL:$1|one|other}}" chooses by the CLDR category of the language, in the order zero one two few many other as
 * far as the language has them, or by an exact "0=none"; "{{BIDI:$1}}" isolates). "@metadata" is ignored. qqq.json
 * documents each key for translators. A key that a language lacks falls back along pt-br -> pt -> en; one that nobody
 * has is shown as ⧼key⧽. A folder on disk takes the place of built-in files of the same name.
 *
 * Nothing here escapes HTML: results are plain text, and page.h escapes. One catalogue per process, immutable after
 * i18n_start. Any thread.
 *
 *     struct slice s = i18n_text(rq->arena, lang, "wait-position", I18N(i18n_int(3), i18n_str("Ann")));
 *     struct slice t = i18n_text(rq->arena, lang, "ask-title", I18N_NONE);
 */
#ifndef WEB_I18N_H
#define WEB_I18N_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/slice.h"
#include "base/str.h"

/* Reads the catalogue. `folder` (may be NULL or ""): the templates folder on disk, whose i18n/LANG.json come first. */
enum err i18n_start(const char *folder, struct error *e) MUST_CHECK;
void i18n_stop(void);

/* A language is a `const char *` that this room hands out: lower case BCP 47, as "en" or "pt-br"; it lives until
 * i18n_stop. Functions that take one take any string. */
/* The best language there is for a reader: the one asked for in the address, else the one kept in a cookie, else by
 * Accept-Language (RFC 9110 section 12.5.4, RFC 4647 look-up), else English. Absent slices are skipped. */
const char *i18n_choose(struct slice asked, struct slice cookie, struct slice accept_language);
/* NULL when there is no such language. */
const char *i18n_language(struct slice code);
/* All languages with messages, in the order of their codes. */
const char *const *i18n_languages(size_t *count);
const char *i18n_dir(const char *lang); /* "ltr" or "rtl" */
/* The name of `code` as speakers of `in` write it ("Deutsch", "German"); the code itself when unknown. */
struct slice i18n_language_name(struct arena *a, const char *code, const char *in) MUST_CHECK;

/* The name of a script by its code ("Arab"), as `in` writes it; the code itself when unknown. */
struct slice i18n_script_name(struct arena *a, struct slice code, const char *in) MUST_CHECK;

struct i18n_arg {
	bool is_number;
	int64_t number; /* shown with the language's grouping; chooses PLURAL */
	struct slice text;
};
static inline struct i18n_arg i18n_int(int64_t n)
{
	return (struct i18n_arg){ .is_number = true, .number = n };
}
static inline struct i18n_arg i18n_slice(struct slice s)
{
	return (struct i18n_arg){ .text = s };
}
static inline struct i18n_arg i18n_str(const char *s)
{
	return (struct i18n_arg){ .text = slice_of(s) };
}

#define I18N(...)                                                                                                      \
	(const struct i18n_arg[]){ __VA_ARGS__ },                                                                      \
	    sizeof((const struct i18n_arg[]){ __VA_ARGS__ }) / sizeof(struct i18n_arg)
#define I18N_NONE NULL, 0

/* The message with its arguments, in the arena; ptr NULL when out of memory. */
struct slice i18n_text(struct arena *a, const char *lang, const char *key, const struct i18n_arg *args,
		       size_t n) MUST_CHECK;
/* The same, added to `out`. */
void i18n_add(struct str *out, const char *lang, struct slice key, const struct i18n_arg *args, size_t n);
bool i18n_has(const char *key); /* in English, that is in every language by fallback */

/* Compares the catalogue's languages: each English key is documented in qqq and stands in every other language, no
 * language has a key that English lacks, arguments agree, PLURAL has no more forms than the language. Writes one line
 * a fault and returns how many. */
size_t i18n_lint(struct str *report);

#endif
