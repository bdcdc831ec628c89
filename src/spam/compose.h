/*
 * compose: from the items of rule files to a generation's tables: the last word on each property, compiled patterns,
 * the literal index, metas in order. Part of ruleset, which owns the generation's life; these two, compiled, metas and selftest alone know its
 * inside.
 *
 * Everything wrong with the rules goes to `errs` and composing goes on; only lack of memory stops it. Threads: compiled's.
 */
#ifndef SPAM_COMPOSE_H
#define SPAM_COMPOSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "spam/cf.h"
#include "spam/compiled.h"
#include "spam/ruleset.h"

struct words {
	struct words *next;
	enum cf_verb verb; /* CF_DESCRIBE, CF_NOTE */
	struct slice lang;
	const char *text;
};

/* A rule with what only its generation needs to know. */
struct entry {
	struct rule rule;
	struct slice name;
	const struct cf_item *test_item; /* its definition; NULL: only spoken of */
	const struct cf_item *first_use; /* for the notice when there is no definition */
	bool list;                       /* made by a list file */
	bool scored, disabled, circular, replaced;
	bool late; /* a meta: see struct ruleset_meta */
	struct words *words;
	const struct expr *expression;
};

struct ruleset {
	atomic_size_t refs;
	char name[RULESET_NAME_BYTES];
	struct arena *arena;
	struct entry *rules;
	size_t count, cap;
	uint32_t *names; /* open addressing over rules: index + 1 */
	size_t names_size;
	struct compiled *patterns; /* every distinct one, hashed by text and flags; holds the references */
	size_t patterns_size, pattern_count, reused;
	struct probe_set probes[SURFACE_COUNT], allow_probes;
	struct ruleset_meta *metas;
	size_t meta_count;
	struct ruleset_waking waking;
	struct domains *domains, *allowed;
	size_t tests;
	atomic_llong *timed; /* texts */
	struct cost *costs;  /* of each rule */
};

struct cost {
	atomic_llong ns;
	long long before; /* texts that were timed before the rule was as it is */
};

/* For the table of names: FNV-1a, folded. */
uint32_t compose_hash(struct slice s, uint32_t seed);

/* Fills an empty generation whose arena and domain tables are there. The tree must live in the same arena. */
enum err compose(struct ruleset *r, const struct cf_tree *tree, const struct ruleset_options *options,
		 struct cf_errors *errs, struct error *e) MUST_CHECK;

#endif
