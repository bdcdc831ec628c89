/*
 * features: everything that can be said about a submission from its own text and one rule generation: the rule hits, its
 * shape, and its keys for sameness. Pure; the gate then fetches facts about those keys, and the judge weighs both.
 *
 * Rules see the title as Subject and body element 1, the text as body, and the pseudo-fields Question, Name, Email-Domain,
 * Page, Topic, Language, Script, Channel, User-Agent, Form-Age-Ms, Sender-Trust. eval:NAME(min, max) reads the shape's
 * counts (FEATURE_FACTS).
 *
 * Lines that came before (submission.before), and those behind a correction's place, are read together with the text; what hits
 * only in the whole is this text's. Where one ends and the next begins in the middle of a word, they are also read without a line end between.
 */
#ifndef SPAM_FEATURES_H
#define SPAM_FEATURES_H

#include "spam/ruleset.h"
#include "spam/shape.h"
#include "spam/twin.h"
#include "spam/verdict.h"

/* A rule that could not be run to its end by a fault of its own: the start of its quarantine (desk/rule_life). */
struct rule_trouble {
	struct slice rule;
	int64_t version;
};

struct features {
	const struct submission *in;
	struct slice generation;  /* the ruleset's name; lives as long as it is pinned */
	const struct hit *hits;   /* of rules and lists, before the judge's caps */
	size_t hit_count;
	const struct mark *marks;
	size_t mark_count;
	const struct rule_trouble *troubles; /* at most one for each rule */
	size_t trouble_count;
	struct shape shape;
	struct twin_keys twin;
	struct slice norm;        /* the folded title and text, for spam/bayes; lives in the arena */
	bool builtin;             /* false: nothing but the rules counts (--no-builtin) */
	bool out_of_time;         /* the text's CPU budget ended before all rules ran: unknown */
	int64_t cpu_us;
};

struct features_options {
	bool no_builtin;          /* leave out everything but the .cf rules */
	const struct slice *own;  /* hosts of the site itself: nobody's payload (spam/shape) */
	size_t own_count;
	int64_t now_ms;           /* wall time for `expires`; 0: nothing expires */
	const unsigned char *life; /* enum rule_life, one for each rule of the generation, or NULL */
	bool timed;               /* add up what each rule costs (ruleset_cost); makes it slower */
};

/* `rules` must stay pinned as long as the result is used. `o` may be NULL. */
enum err spam_features(struct arena *a, const struct ruleset *rules, const struct submission *in,
	const struct features_options *o, struct features **out, struct error *e) MUST_CHECK;

/* Only what spam/bayes reads of a text: its norm view and its shape. `rules` as above, or NULL. */
enum err features_text(struct arena *a, const struct ruleset *rules, const struct submission *in, struct slice *norm, struct shape *shape,
	struct error *e) MUST_CHECK;

/* Builds a generation as the desk reads texts: with these facts, and with `test` lines prepared as screening would. `known` may be NULL. */
enum err features_build_rules(const struct cf_source *sources, size_t count, const struct ruleset_known *known, struct ruleset **out,
	struct cf_errors *errs, struct error *e) MUST_CHECK;

#endif
