/*
 * metas: a generation's `meta` rules: their expressions read, in an order in which each finds its dependencies ready, and which of them a
 * hit wakes. Part of ruleset.
 *
 * What is wrong with an expression goes to `errs`, and the others are read all the same; a circle of metas is cut with a notice. Threads: none.
 */
#ifndef SPAM_METAS_H
#define SPAM_METAS_H

#include "base/err.h"

struct cf_errors;
struct ruleset;

/* Needs all rules with their last word on everything. Fails only for lack of memory. */
enum err metas_make(struct ruleset *r, struct cf_errors *errs, struct error *e) MUST_CHECK;

#endif
