/*
 * own_site: list files must not block the site they serve. A list that came from elsewhere may hold the community's own wiki, or a line
 * that meets every address of it; a generation with such a line is refused, and the line is named.
 *
 * Allow lists are heard first, as in screening. Rules of .cf files are not asked: linking to one's own wiki may be part of what they look for.
 *
 * Threads: any; builds nothing that outlives the call. Limits: 1 s of CPU for all lines together; what that does not reach is not named.
 */
#ifndef SPAM_OWN_SITE_H
#define SPAM_OWN_SITE_H

#include "spam/cf.h"
#include "spam/ruleset.h"

/* `r` was built from the sources. `urls`: addresses of the site, with scheme. Adds an error for each line that blocks one; fails itself only for lack of
 * memory. */
enum err own_site_check(const struct ruleset *r, const struct cf_source *sources, size_t count, const struct slice *urls, size_t url_count,
			struct cf_errors *errs, struct error *e) MUST_CHECK;

#endif
