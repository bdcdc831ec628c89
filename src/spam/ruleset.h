/*
 * ruleset: a rule generation: everything the rule files say, compiled, immutable and counted.
 *
 * Built off the serving threads, then published by its owner (desk/rulebook) with one pointer swap and pinned by each
 * screening with ruleset_ref. Compiled code lives exactly as long as the last reference to a generation that uses it.
 * Its name is a hash of its files' names and bytes, so the same files always make the same generation.
 *
 * Meaning, where several items speak of one rule: the last definition of its test counts, and of each of its other
 * properties the last one too, wherever they stand. Disabled (never run, 0 in metas): score 0, mode dormant, past
 * `expires`, mail-only header modifiers. A meta that is part of a cycle is 0, with a notice.
 *
 * Threads: ref, unref, all readers and the counters of costs from any thread; build from one at a time per `previous`. Limits: below.
 */
#ifndef SPAM_RULESET_H
#define SPAM_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "spam/cf.h"
#include "spam/surface.h"

enum {
	RULESET_RULES_MAX = 50000,
	RULESET_NAME_BYTES = 17,     /* 16 hex digits and NUL */
	RULESET_ALWAYS_DEFAULT = 256 /* patterns without a literal that are accepted by default */
};

struct ruleset;

enum rule_class {
	RULE_CLASS_RULE, /* looks at words */
	RULE_CLASS_URL   /* uri rules and lists: an evidence class of its own for the judge */
};

/* What the desk has laid on a rule, beside its files (desk/rule_life): one byte a rule of a generation. */
enum rule_life {
	RULE_LIFE_QUARANTINED = 1, /* a text with its literals is unknown; without literals it runs within a tenth of the limits */
	RULE_LIFE_WATCHED = 2,     /* as in mode watch */
	RULE_LIFE_CAPPED = 4,      /* asks for no more than holding */
	RULE_LIFE_DORMANT = 8      /* as in mode dormant */
};

/* One rule. All pointers live as long as the generation. */
struct rule {
	const char *name;
	const char *describe; /* the text without a language, or in English; "" when there is none */
	const char *note;     /* for the newcomer; "" when there is none */
	const char *file;     /* where it is defined */
	unsigned line;
	struct slice text; /* the defining line as it took effect */
	double score;     /* as configured */
	double weight;    /* what a hit adds: the score; 0.01 (negative for nice) in watch mode; 0 for `__` names */
	enum rule_class class;
	enum cf_mode mode;
	enum cf_action action;
	int priority;
	unsigned tflags; /* CF_TF_ */
	unsigned maxhits;
	int64_t expires_ms; /* 0: never */
	bool listed;        /* false for names in `__`: not shown among the hits */
	bool meta;
	bool list;      /* lines of a list file */
	bool always;    /* some pattern of it has no literal and may run on every text */
	unsigned tests; /* its `test` lines */
	int64_t version; /* a hash of everything above that decides what it does; another one is an edit */
};

/* What is known from before; each may be NULL. */
struct ruleset_known {
	struct ruleset *previous; /* compiled patterns that did not change are taken from it */
	const char *proven; /* the name of a generation whose `test` lines have passed in this very program: they are not run again */
};

struct ruleset_options {
	struct ruleset_known known;
	size_t always_max;        /* patterns without a literal; 0: RULESET_ALWAYS_DEFAULT */
	/* Names that eval: may use. Another name is an error; with NULL every name is accepted. */
	const char *const *facts;
	size_t fact_count;
	/* Fields that a text can have, beside Subject and ALL: a rule about another one is noticed. With NULL none is. */
	const char *const *fields;
	size_t field_count;
	/*
	 * Makes the input of a `test` line: title and text to fields, uris, norm, skel and facts, all in the arena, as
	 * screening would; called on several threads at once. May be NULL: then norm and skel are the text in ASCII lower case, and there are
	 * no uris.
	 */
	enum err (*prepare)(struct arena *a, struct slice text, struct surface_input *out, void *ctx, struct error *e);
	void *ctx;
};

/*
 * Parses, resolves, compiles, indexes and runs the `test` lines. ERR_OK: *out is a new generation with one reference,
 * errs may hold notices. ERR_INVALID: errs says what is wrong, *out is NULL. Else: no memory, or past a limit.
 * options may be NULL.
 */
enum err ruleset_build(const struct cf_source *sources, size_t count, const struct ruleset_options *options,
		       struct ruleset **out, struct cf_errors *errs, struct error *e) MUST_CHECK;

struct ruleset *ruleset_ref(struct ruleset *r); /* returns r */
void ruleset_unref(struct ruleset **r);         /* NULL-safe, clears */

const char *ruleset_name(const struct ruleset *r);
size_t ruleset_count(const struct ruleset *r);
const struct rule *ruleset_rule(const struct ruleset *r, size_t index);
/* -1 when there is none of that name. */
long ruleset_find(const struct ruleset *r, struct slice name);
/* In the given language ("de", "pt-BR"), else in its base language, else without one. Never NULL. */
const char *ruleset_describe(const struct ruleset *r, size_t index, struct slice lang);
const char *ruleset_note(const struct ruleset *r, size_t index, struct slice lang);

struct ruleset_figures {
	size_t rules, metas, patterns;
	size_t always; /* patterns without a literal */
	size_t literals, index_bytes;
	size_t reused; /* patterns taken over from the previous generation */
	size_t tests; /* lines that were run; 0 where they had passed before */
	size_t domains, allowed_domains;
};
struct ruleset_figures ruleset_figures(const struct ruleset *r);

/*
 * What a rule's patterns cost: CPU time over the texts that were timed (scan_options.timed) since the rule is as it is. The one thing that changes in a
 * generation; the next one takes over what it knows of rules that stay as they are. The index, which all share, is nobody's cost.
 */
struct rule_cost {
	int64_t texts, ns;
};
struct rule_cost ruleset_cost(const struct ruleset *r, size_t index);
/* Microseconds a text; 0 while none was timed. */
double ruleset_cost_us(const struct ruleset *r, size_t index);
/* One more text is timed. */
void ruleset_timed(const struct ruleset *r);

/* ---- for spam/scan ---------------------------------------------------------------------------------------------- */

struct domains;
struct expr;
struct grams;
struct pattern;

/* One question to one surface. */
struct probe {
	uint32_t rule;
	enum { PROBE_PATTERN, PROBE_EXISTS, PROBE_EVAL } kind;
	struct pattern *pattern;
	bool utf;
	bool list;          /* a list's line: not asked of hosts that are allowed */
	struct slice line;  /* that line */
	bool found;         /* by the index, or else surely a miss */
	bool literal;       /* and by literals, not by its outline */
	struct slice plain; /* nothing but this string (folded when caseless): a search does; ptr NULL otherwise */
	bool caseless;
	/* header */
	struct slice field;
	unsigned form; /* CF_FIELD_ */
	bool negated;
	struct slice if_unset; /* ptr NULL: not given */
	/* PROBE_EVAL: hits when the fact is in [least, most] */
	struct slice fact;
	double least, most;
};

struct probe_set {
	struct probe *list;
	size_t count;
	uint32_t *always; /* indexes of those the index cannot find */
	size_t always_count;
	uint32_t *evals; /* indexes of those that look at a fact */
	size_t eval_count;
	struct grams *bytes, *utf, *outlines; /* ids are indexes in `list`; NULL when there is nothing in them */
};

struct ruleset_meta {
	uint32_t rule;
	const struct expr *expression; /* variables are rule indexes */
	/*
	 * SpamAssassin's order of running, which shows: a meta of score 0 is worked out only where all that it speaks of
	 * was run (`late`: it was not), and says nothing but no; where it should say yes, or was not worked out, the metas
	 * that speak of it never run and are 0.
	 */
	double rest; /* its value where all that it speaks of is 0 */
	bool silent; /* its score is 0 */
	bool late;   /* speaks of rules that are not there, have score 0, or of a meta that is late */
};

/* Which metas speak of a rule: most are 0 as long as all that they speak of is, so a scan works out only those that a hit wakes. */
struct ruleset_waking {
	const uint64_t *awake; /* a bit for each place in ruleset_metas, from the lowest: those that do something where nothing hits */
	const uint32_t *wakes; /* places of the metas that speak of rule i: wakes[from[i]] to wakes[from[i + 1]] */
	const uint32_t *from;
};

const struct probe_set *ruleset_probes(const struct ruleset *r, enum surface s);
void ruleset_spent(const struct ruleset *r, size_t index, int64_t ns);
/* Patterns of allow lists, to be asked of URIs. */
const struct probe_set *ruleset_allow_probes(const struct ruleset *r);
/* In an order in which each finds its dependencies ready. */
const struct ruleset_meta *ruleset_metas(const struct ruleset *r, size_t *count);
const struct ruleset_waking *ruleset_waking(const struct ruleset *r);
/* Plain domains of lists: the value is the rule's index. */
const struct domains *ruleset_domains(const struct ruleset *r);
/* Whether the rule takes part at all (score not 0, no mail-only modifier, no circle). */
bool ruleset_enabled(const struct ruleset *r, size_t index);

/* Whether a host is on an allow list (lists/allow*.list), by its labels from the right. */
bool ruleset_host_allowed(const struct ruleset *r, struct slice host);

#endif
