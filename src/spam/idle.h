/*
 * idle: lines of rule files that are right and yet do nothing, or something else than they seem to: a field that no text
 * has, a flag that says nothing about such a rule, a line that a later one of its file takes the place of, a score of a
 * part, letters that a pattern can never meet or takes byte by byte. Each is a notice with its place; what a rule means
 * is not changed. Part of ruleset. Threads: none. Memory: a few words for each rule, freed at the end.
 */
#ifndef SPAM_IDLE_H
#define SPAM_IDLE_H

#include "base/err.h"
#include "spam/cf.h"
#include "spam/ruleset.h"

/* `r` as compose leaves it. What is said of a pattern's letters is said of rules that the generation before has not. Fails only for lack of memory. */
enum err idle_tell(const struct ruleset *r, const struct cf_tree *tree, const struct ruleset_options *options,
		   struct cf_errors *errs, struct error *e) MUST_CHECK;

#endif
