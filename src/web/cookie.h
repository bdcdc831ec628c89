/*
 * cookie: reads a Cookie header (RFC 6265 section 4.2). Pure; any thread.
 *
 * Values are returned as they stand, without surrounding double quotes; what is not a cookie value there (control bytes,
 * quotes inside) is passed over. Fuzzed.
 */
#ifndef WEB_COOKIE_H
#define WEB_COOKIE_H

#include "base/slice.h"

/* The first cookie of that name; absent without one. A view into `header`. */
struct slice cookie_find(struct slice header, struct slice name);

#endif
