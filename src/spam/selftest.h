/*
 * selftest: runs the `test NAME ok|fail text` lines of a generation. A rule that fails its own test is an error, so
 * that the set does not go live.
 *
 * What the text of a test becomes depends on the rule: for a header rule the value of its field, for a uri rule or list
 * the one URI, for everything else a whole message's text, prepared by the caller's function as for screening. Dormant
 * and expired rules are tested too; disabled ones (score 0) are not. A test runs its own rule and what that stands on, and
 * without machine code where nobody else has the pattern yet: most of a first start would go into making it. A test that fails so is run
 * again as a visitor's text would be, and that counts.
 *
 * Threads: as ruleset_build, its only caller, which waits. The first runs go to a thread for each processor, four at most: they are the larger
 * half of a first start. So the caller's prepare function runs on several at once, as it does when visitors' texts are screened.
 */
#ifndef SPAM_SELFTEST_H
#define SPAM_SELFTEST_H

#include <stddef.h>

#include "base/err.h"
#include "spam/cf.h"
#include "spam/ruleset.h"

/* Failures go to errs. Fails itself only for lack of memory. *run is how many tests ran. */
enum err selftest_run(const struct ruleset *r, const struct cf_tree *tree, const struct ruleset_options *options,
		      struct cf_errors *errs, size_t *run, struct error *e) MUST_CHECK;

#endif
