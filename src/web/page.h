/*
 * page: HTML from Mustache templates (https://github.com/mustache/spec: interpolation, sections, inverted sections,
 * partials, comments, set delimiters) over JSON trees.
 *
 * Templates are templates/NAME.mustache, compiled once and immutable; with a folder on disk, a file there takes the
 * place of the built-in one of that name and is read again when it changed. `{{> name}}` includes another template.
 *
 *     {{name}}          the value, escaped for HTML text and quoted attributes
 *     {{{name}}}        raw, only for values made by page_raw; anything else is escaped all the same
 *     {{t.ask-title}}   the message "ask-title" in the reader's language, escaped; one with arguments is put into the
 *                       context by i18n_text
 *     {{#x}} {{^x}}     null, false, "", 0, [] and {"@html": ""} are false
 *
 * Never put a tree that a client sent into a context: it could hold what page_raw makes. Strings from anybody are safe.
 * Errors: ERR_NOT_FOUND (no such template), ERR_INVALID (a template on disk is broken; line in the message), ERR_NOMEM
 * (output full, or out of memory), ERR_INTERNAL (partials too deep, or too many steps). Any thread.
 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "base/slice.h"
#include "base/str.h"

enum { PAGE_PARTIAL_DEPTH_MAX = 32, PAGE_SECTION_DEPTH_MAX = 64, PAGE_STEPS_MAX = 2000000 };

/* Compiles all built-in templates. `folder` (may be NULL or ""): the templates folder on disk. */
enum err page_start(const char *folder, struct error *e) MUST_CHECK;
void page_stop(void);

/* `lang` is what {{t.key}} speaks. Adds to `out`. */
enum err page_render(const char *name, const char *lang, const struct jv *context, struct str *out,
		     struct error *e) MUST_CHECK;

/* Marks HTML that is already safe (from text/markup, or of our own making) for {{{name}}}. */
struct jv *page_raw(struct slice html);

/* Renders a template given as text, with partials as an object of texts (may be NULL): for tests. `plain`
 * means that {{{x}}} trusts every string and {{t.x}} is looked up like any other name, as the Mustache specification
 * has it. */
enum err page_render_text(struct slice text, const struct jv *partials, bool plain, const char *lang,
			  const struct jv *context, struct str *out, struct error *e) MUST_CHECK;

/* Names every partial and every t.KEY in the built-in templates that does not exist, one line each. Returns how many.
 * Needs page_start and i18n_start. */
size_t page_lint(struct str *report);

#endif
