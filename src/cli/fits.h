/*
 * fits: which values the configuration may hold, as far as base cannot judge: addresses, zones, languages, bands, proxies. For conf_set_check, so that each
 * command, and SIGHUP, refuses what would otherwise be passed over in silence. What the desk does without (help pages, the site question) is the doctor's.
 *
 * Pure; any thread.
 */
#ifndef CLI_FITS_H
#define CLI_FITS_H

#include "base/conf.h"

/* ERR_INVALID names the key and what would fit. */
enum err fits(const struct conf *c, struct error *e) MUST_CHECK;

#endif
