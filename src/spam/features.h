/*
 * features: everything that can be said about a submission from its own text and one rule generation: the rule hits, its
 * shape, and its keys for sameness. Pure; the gate then fetches facts about those keys, and the judge weighs both.
 */
#ifndef SPAM_FEATURES_H
#define SPAM_FEATURES_H

#include "spam/shape.h"
#include "spam/twin.h"
#include "spam/verdict.h"

struct ruleset;

struct features {
	const struct submission *in;
	struct slice generation;  /* the ruleset's name */
	const struct hit *hits;   /* of rules and lists, unweighed by caps */
	size_t hit_count;
	struct shape shape;
	struct twin_keys twin;
	bool builtin;             /* false: nothing but the rules counts (--no-builtin) */
	bool out_of_time;         /* the text's CPU budget ended before all rules ran: unknown */
};

struct features_options {
	bool no_builtin;          /* leave out everything but the .cf rules */
};

/* `rules` must stay pinned as long as the result is used. `o` may be NULL. */
enum err spam_features(struct arena *a, const struct ruleset *rules, const struct submission *in,
	const struct features_options *o, struct features **out, struct error *e) MUST_CHECK;

#endif
