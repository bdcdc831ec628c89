/*
 * domains: a table of domains, looked up for a host with all that stand above it (a suffix walk by labels).
 *
 * Filled once (domains_add), then immutable and usable from any thread. Domains and hosts are lower case ASCII.
 */
#ifndef SPAM_DOMAINS_H
#define SPAM_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct domains;

struct domains *domains_new(void) MUST_CHECK; /* NULL: no memory */
void domains_free(struct domains **d);        /* NULL-safe, clears */

/* The same domain may be filed under several values. The domain's bytes must outlive the table. */
enum err domains_add(struct domains *d, struct slice domain, uint32_t value, struct error *e) MUST_CHECK;

/*
 * Calls `visit` with the value and the matched suffix for each entry that is `host` or stands above it. Stops and
 * returns true when it returns true.
 */
bool domains_find(const struct domains *d, struct slice host,
		  bool (*visit)(uint32_t value, struct slice domain, void *ctx), void *ctx);

size_t domains_count(const struct domains *d);

/* The host of a URI as a slice of it: behind "//" and user information, before port and path; of mailto: behind the @.
 * ptr NULL when there is none. Not folded. */
struct slice domains_host(struct slice uri);

#endif
