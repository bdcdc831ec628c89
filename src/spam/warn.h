/*
 * warn: what an admin should know of a rule before it serves, although it is no error.
 *
 * Each rule that a generation adds or changes is tried: whether it matches every address (a handful of ordinary ones), and what its patterns cost
 * at worst (texts made from each pattern's own letters, as somebody would who wants it to be slow; run under the guard of spam/pattern).
 * That a pattern matches the empty string is seen when it is compiled (spam/compose). Parts of metas (`__` names) may match every address.
 *
 * Pure but for the thread's CPU clock. Any thread that may be slow: two seconds of CPU time at most, and who runs into that is told.
 */
#ifndef SPAM_WARN_H
#define SPAM_WARN_H

#include "spam/ruleset.h"

/* Adds notices. `before` NULL: every rule is new. */
void warn_rules(const struct ruleset *next, const struct ruleset *before, struct cf_errors *errs);

#endif
