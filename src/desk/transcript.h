/*
 * transcript: a conversation to take along. Made safe for where it goes: wikitext escapes what wikitext would run; text marks
 * continuation lines; HTML is escaped; names and titles lose their bidi controls.
 */
#ifndef DESK_TRANSCRIPT_H
#define DESK_TRANSCRIPT_H

#include "base/str.h"
#include "desk/ticket.h"

enum transcript_format { TRANSCRIPT_JSON, TRANSCRIPT_TXT, TRANSCRIPT_HTML, TRANSCRIPT_WIKITEXT };
/* json, txt, html, wikitext. False: unknown. */
bool transcript_format_read(struct slice name, enum transcript_format *out);
/* "txt", for porchlight-ID.ext; wikitext is "wiki". */
const char *transcript_extension(enum transcript_format f);
const char *transcript_type(enum transcript_format f); /* the media type with charset */

enum { TRANSCRIPT_MAX_BYTES = 8 * 1024 * 1024 };

/* The whole log as `v` may see it: edits applied, hidden and held lines left out. HTML: a standalone document. */
enum err transcript_render(struct db *db, struct arena *a, const struct ticket *t, enum view v, enum transcript_format f,
			   struct str *out, struct error *e) MUST_CHECK;

/* Text as wikitext that shows exactly it and runs nothing. `line` false: one line (newlines become spaces). */
void transcript_wikitext(struct str *out, struct slice text, bool lines);

#endif
