/*
 * mail_html: the HTML of a mail as SpamAssassin 4.0.1 renders it for `body` rules, and its links for `uri` rules.
 *
 * Not what a reader sees (that is text/views): tags vanish or become white space by SpamAssassin's own table, hidden
 * words stay, and entities are decoded. Colours and sizes are not looked at. Markup is taken apart as Perl's
 * HTML::Parser does it, as far as mail uses it. Time is linear in the text. Memory: the arena. Any thread.
 */
#ifndef TEXT_MAIL_HTML_H
#define TEXT_MAIL_HTML_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { MAIL_LINKS_MAX = 4096 };

struct mail_links {
	struct slice *list; /* targets, absolute where there was a <base> */
	size_t count, cap;
};

/* `html` is valid UTF-8. Links are added to what is there. Fails only for lack of memory. */
enum err mail_html_render(struct arena *a, struct slice html, struct slice *text, struct mail_links *links,
			  struct error *e) MUST_CHECK;

#endif
