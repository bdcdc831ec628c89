/*
 * markup: a message as safe HTML. The only room that includes md4c.h.
 *
 * The text is read as Markdown (CommonMark with strikethrough; no HTML, no images, no tables) and written by our own
 * renderer: text is escaped, links lead to http and https only, with rel="nofollow noopener noreferrer ugc", hosts of
 * mixed scripts are shown in ASCII, headings become bold paragraphs, `[[Page]]` and `[[Page|words]]` lead below the
 * configured wiki. Bidi controls are isolated: unbalanced ones cannot reach beyond their paragraph.
 *
 * Output is at most MARKUP_MAX_BYTES; a text whose Markdown would be more is shown as plain text, cut with "…" if need
 * be. Any thread.
 */
#ifndef TEXT_MARKUP_H
#define TEXT_MARKUP_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "base/str.h"

enum { MARKUP_MAX_BYTES = 512 * 1024, MARKUP_NESTING_MAX = 32 };

struct markup_options {
	bool links;           /* false: plain text with its line breaks, nothing clickable, no Markdown */
	const char *wiki_url; /* conf()->wiki_url; NULL or "": wikilinks stay text */
};

/* `text` is valid UTF-8. Adds to `out`. ERR_NOMEM when out of memory or `out` is full. */
enum err markup_html(struct slice text, const struct markup_options *o, struct str *out, struct error *e) MUST_CHECK;

/* Adds what a reader of that HTML sees of `text`, without any of its marks; a line end between paragraphs, list entries and lines. */
enum err markup_words(struct slice text, struct str *out, struct error *e) MUST_CHECK;

/* The address of a wiki page: wiki_url, "/" and the title with spaces as "_", percent-encoded; what follows a "#" is
 * the section. Always below wiki_url. False without a wiki (http or https) or when the title cannot be one (empty, over
 * 255 bytes, with a segment "." or "..", with any of < > [ ] { } | or control characters). */
bool markup_wiki_link(const char *wiki_url, struct slice title, struct str *out);

#endif
