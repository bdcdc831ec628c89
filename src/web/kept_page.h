/*
 * kept_page: the ask page as it was last rendered, one a language. It is the same for everybody but for the form's nonce, so the
 * desk's most read page is put together from two pieces instead of being rendered again.
 *
 * Kept under everything it was made of: the configuration, the language and what was said about waiting. Where one of these
 * differs there is nothing kept, so no reader ever sees an old page. Any thread.
 */
#ifndef WEB_KEPT_PAGE_H
#define WEB_KEPT_PAGE_H

#include "base/conf.h"
#include "desk/queue.h"

struct kept_key {
	const struct conf *conf; /* a reload makes another one; never freed */
	const char *lang;
	struct wait wait;
};

/* Adds the kept page with this nonce to `out`. False, and nothing added, when there is none. */
bool kept_page_add(const struct kept_key *key, struct slice nonce, struct str *out);
/* Keeps a rendered page in the place of the language's former one. Does nothing unless the nonce stands in it exactly once. */
void kept_page_keep(const struct kept_key *key, struct slice nonce, struct slice html);

#endif
