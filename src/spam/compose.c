#include "spam/compose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spam/compiled.h"
#include "spam/domains.h"
#include "spam/grams.h"
#include "spam/metas.h"
#include "spam/pattern.h"
#include "spam/replace.h"

enum { NAMES_SHOWN = 5 };

_Static_assert((int)PATTERN_CASELESS == (int)CF_RE_CASELESS && (int)PATTERN_MULTILINE == (int)CF_RE_MULTILINE &&
		   (int)PATTERN_DOTALL == (int)CF_RE_DOTALL && (int)PATTERN_EXTENDED == (int)CF_RE_EXTENDED &&
		   (int)PATTERN_EXTENDED2 == (int)CF_RE_EXTENDED2 && (int)PATTERN_NO_CAPTURE == (int)CF_RE_NO_CAPTURE,
	       "a pattern's letters are one set of bits");

/* Where an item uses a pattern: a rule's, or a line of a list. */
struct use {
	const struct cf_item *item;
	size_t rule;
	bool enabled;
	struct slice text; /* as it is compiled; ptr NULL: it cannot be, which was said */
	struct compiled *compiled;
};

/* What building needs beside the generation. */
struct builder {
	struct ruleset *r;
	const struct ruleset_options *options;
	struct cf_errors *errs;
	const struct cf_tree *tree;
	size_t probe_cap[SURFACE_COUNT + 1];
	enum err err; /* of memory; what is wrong with the rules goes to errs */
	struct error *e;
	struct replace_entry *replace;
	size_t replace_count;
	struct use *uses; /* in the order of their items */
	size_t use_count;
};

/* ---- names ----------------------------------------------------------------------------------------------------- */

uint32_t compose_hash(struct slice s, uint32_t seed)
{
	uint32_t h = 2166136261u ^ seed;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.ptr[i]) * 16777619u;
	return h ^ h >> 15;
}

static bool names_rebuild(struct ruleset *r, size_t size)
{
	uint32_t *names = arena_array(r->arena, size, sizeof(*names));

	if (names == NULL)
		return false;
	for (size_t i = 0; i < r->count; i++) {
		size_t at = compose_hash(r->rules[i].name, 0) & (size - 1);

		while (names[at] != 0)
			at = (at + 1) & (size - 1);
		names[at] = (uint32_t)i + 1;
	}
	r->names = names;
	r->names_size = size;
	return true;
}

static struct entry *intern(struct builder *b, struct slice name)
{
	struct ruleset *r = b->r;
	long found = ruleset_find(r, name);

	if (found >= 0)
		return &r->rules[found];
	if (r->count == r->cap) {
		size_t to = r->cap == 0 ? 256 : r->cap * 2;
		struct entry *bigger = arena_array(r->arena, to, sizeof(*bigger));

		if (bigger == NULL) {
			b->err = err_nomem(b->e);
			return NULL;
		}
		if (r->count > 0)
			memcpy(bigger, r->rules, r->count * sizeof(*bigger));
		r->rules = bigger;
		r->cap = to;
	}
	r->rules[r->count] = (struct entry){ .name = name };
	r->rules[r->count].rule.name = arena_slice(r->arena, name).ptr;
	r->count++;
	if (r->rules[r->count - 1].rule.name == NULL ||
	    (r->count * 2 > r->names_size && !names_rebuild(r, r->names_size == 0 ? 512 : r->names_size * 2))) {
		b->err = err_nomem(b->e);
		return NULL;
	}
	for (size_t at = compose_hash(name, 0) & (r->names_size - 1);; at = (at + 1) & (r->names_size - 1)) {
		if (r->names[at] == (uint32_t)r->count)
			break; /* rebuilding put it there */
		if (r->names[at] == 0) {
			r->names[at] = (uint32_t)r->count;
			break;
		}
	}
	return &r->rules[r->count - 1];
}

static const char *text_of(struct builder *b, struct slice s)
{
	const char *t = arena_slice(b->r->arena, s.ptr != NULL ? s : SLICE("")).ptr;

	if (t == NULL)
		b->err = err_nomem(b->e);
	return t != NULL ? t : "";
}

/* ---- collecting: the last word on each property counts --------------------------------------------------------- */

static void collect_words(struct builder *b, struct entry *x, const struct cf_item *item)
{
	struct words *w;

	for (w = x->words; w != NULL; w = w->next)
		if (w->verb == item->verb && slice_eq(w->lang, item->words.lang))
			break;
	if (w == NULL) {
		w = ARENA_NEW(b->r->arena, struct words);
		if (w == NULL) {
			b->err = err_nomem(b->e);
			return;
		}
		w->next = x->words;
		w->verb = item->verb;
		w->lang = item->words.lang;
		x->words = w;
	}
	w->text = text_of(b, item->words.text);
}

static void collect_score(struct builder *b, struct entry *x, const struct cf_item *item)
{
	/* Of SpamAssassin's four score sets the first is ours: no network tests, no Bayes. */
	if (item->score.relative[0] && !x->scored) {
		cf_errors_add(b->errs, false, item->file, item->line, item->name_column,
			      "a score in parentheses is relative, but %s has no score before it", x->rule.name);
		return;
	}
	x->rule.score = item->score.relative[0] ? x->rule.score + item->score.value[0] : item->score.value[0];
	x->scored = true;
}

static void mix(int64_t *version, struct slice s)
{
	uint64_t h = (uint64_t)*version * 0x9e3779b97f4a7c15u;

	h ^= (uint64_t)compose_hash(s, 0) << 32 | compose_hash(s, 0x5bd1e995u);
	*version = (int64_t)(h ^ h >> 29);
}

static void collect(struct builder *b, const struct cf_item *item)
{
	struct entry *x;

	if (item->allow && (item->verb == CF_LIST_PATTERN || item->verb == CF_LIST_DOMAIN))
		return; /* an allow list is no rule */
	if (item->verb == CF_REPLACE) {
		b->replace[b->replace_count++] =
		    (struct replace_entry){ item->replace.kind, item->name, item->replace.text };
		return;
	}
	x = intern(b, item->name);
	if (x == NULL)
		return;
	x->first_use = x->first_use != NULL ? x->first_use : item;
	switch (item->verb) {
	case CF_PATTERN:
	case CF_EXISTS:
	case CF_EVAL:
	case CF_META:
		x->test_item = item;
		break;
	case CF_LIST_PATTERN:
	case CF_LIST_DOMAIN:
		if (!x->list)
			x->test_item = item;
		x->list = true;
		mix(&x->rule.version, item->verb == CF_LIST_DOMAIN ? item->domain.domain : item->pattern.pattern);
		break;
	case CF_SCORE:
		collect_score(b, x, item);
		break;
	case CF_DESCRIBE:
	case CF_NOTE:
		collect_words(b, x, item);
		break;
	case CF_TFLAGS:
		x->rule.tflags = item->tflags.flags;
		x->rule.maxhits = item->tflags.maxhits;
		break;
	case CF_PRIORITY:
		x->rule.priority = item->priority;
		break;
	case CF_TEST:
		x->rule.tests++;
		break;
	case CF_MODE:
		x->rule.mode = item->mode;
		break;
	case CF_ACTION:
		x->rule.action = item->action;
		break;
	case CF_REPLACE:
		break; /* done above: its name is a tag's */
	case CF_REPLACE_RULES:
		x->replaced = true;
		break;
	case CF_EXPIRES:
		x->rule.expires_ms = item->expires_ms;
		break;
	}
}

/* Throws out names that nothing defines and fixes what follows from everything together. */
static void settle(struct builder *b)
{
	struct ruleset *r = b->r;
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++) {
		struct entry *x = &r->rules[i];
		struct rule *rule = &x->rule;
		const struct cf_item *d = x->test_item;

		if (d == NULL) {
			const struct cf_item *u = x->first_use;

			cf_errors_add(b->errs, u->verb != CF_TEST, u->file, u->line, u->name_column,
				      "there is no rule %s", rule->name);
			continue;
		}
		rule->file = d->file;
		rule->line = d->line;
		rule->text = d->text;
		rule->meta = d->verb == CF_META;
		rule->list = x->list;
		rule->class =
		    x->list || ((d->verb == CF_PATTERN || d->verb == CF_EVAL) && d->pattern.surface == SURFACE_URI)
			? RULE_CLASS_URL
			: RULE_CLASS_RULE;
		rule->listed = !slice_starts(x->name, SLICE("__"));
		if (!x->scored) {
			rule->score = slice_starts(x->name, SLICE("T_")) ? 0.01 : 1.0;
			if (rule->tflags & CF_TF_NICE)
				rule->score = -rule->score;
		}
		rule->weight = !rule->listed            ? 0
			       : rule->mode == CF_WATCH ? (rule->score < 0 ? -0.01 : 0.01)
							: rule->score;
		x->disabled = rule->score == 0 || (d->verb == CF_PATTERN && d->pattern.mail_only);
		r->rules[kept] = *x;
		r->rules[kept].rule.describe = r->rules[kept].rule.note = "";
		kept++;
	}
	r->count = kept;
	if (kept > RULESET_RULES_MAX)
		b->err = err_set(b->e, ERR_TOO_LARGE, "there are more than %d rules", RULESET_RULES_MAX);
	else if (!names_rebuild(r, r->names_size == 0 ? 512 : r->names_size))
		b->err = err_nomem(b->e);
	for (size_t i = 0; i < r->count; i++) {
		r->rules[i].rule.describe = ruleset_describe(r, i, SLICE("en"));
		r->rules[i].rule.note = ruleset_note(r, i, SLICE("en"));
	}
}

/* ---- patterns -------------------------------------------------------------------------------------------------- */

/* Says that a pattern is wrong, and where. */
static void bad_pattern(struct builder *b, const struct cf_item *item, struct slice text, size_t at, const char *why)
{
	bool as_written = text.ptr == item->pattern.pattern.ptr, own = as_written && item->verb == CF_PATTERN;
	unsigned column = item->column + (own ? (unsigned)at : 0);

	/* A # was written as \#. */
	for (size_t i = 0; own && i < at && i < text.len; i++)
		column += text.ptr[i] == '#';
	/* A list's line stands within (?: ) behind what begins an address. */
	if (as_written && item->verb == CF_LIST_PATTERN && text.len > item->text.len) {
		size_t before = text.len - item->text.len - 1;

		at = at > before ? at - before : 0;
		column += (unsigned)(at < item->text.len ? at : item->text.len);
	}
	cf_errors_add(b->errs, false, item->file, item->line, column, "%s", why);
}

/* An item's pattern as it is compiled; ptr NULL: reported. */
static struct slice text_to_compile(struct builder *b, const struct cf_item *item, size_t rule, unsigned *flags)
{
	struct ruleset *r = b->r;
	struct slice text = item->pattern.pattern;
	struct error e;

	*flags = item->pattern.flags;
	if (!item->allow && r->rules[rule].replaced) {
		enum err err = replace_tags(r->arena, text, b->replace, b->replace_count, &text, &e);

		if (err == ERR_INVALID)
			cf_errors_add(b->errs, false, item->file, item->line, item->column, "%s", e.message);
		else if (err != ERR_OK)
			b->err = err_nomem(b->e);
		if (err != ERR_OK)
			return SLICE_NONE;
		if (slice_eq(text, item->pattern.pattern))
			cf_errors_add(b->errs, true, item->file, item->line, item->column,
				      "replace_rules names %.*s, but this pattern holds no tag that replace_tag explains", SLICE_ARG(item->name));
	}
	if (!item->allow && r->rules[rule].rule.tflags & CF_TF_UTF)
		*flags |= PATTERN_UTF;
	size_t stray = item->verb == CF_PATTERN ? pattern_stray_brace(text, (*flags & (PATTERN_EXTENDED | PATTERN_EXTENDED2)) != 0) : SIZE_MAX;
	if (stray != SIZE_MAX) {
		bad_pattern(b, item, text, stray, "a { that is no quantifier is written \\{ (SpamAssassin refuses the rule, too)");
		return SLICE_NONE;
	}
	if (pattern_perl_braces(r->arena, text, &text, &e) != ERR_OK)
		b->err = err_nomem(b->e);
	return text.ptr != NULL ? text : SLICE("");
}

/* Whether an item is what defines its rule, or a line of it: a list has many, any other rule its last definition. */
static bool defines(const struct ruleset *r, const struct cf_item *item, long rule)
{
	bool line = item->verb == CF_LIST_PATTERN || item->verb == CF_LIST_DOMAIN;

	if (item->allow || rule < 0)
		return item->allow;
	const struct entry *x = &r->rules[rule];
	return line ? x->list && (x->test_item->verb == CF_LIST_PATTERN || x->test_item->verb == CF_LIST_DOMAIN) : x->test_item == item;
}

/* Finds a place for each pattern; what the generation before has is taken over. */
static void gather_uses(struct builder *b)
{
	struct ruleset *r = b->r;

	for (size_t i = 0; i < b->tree->count && b->err == ERR_OK; i++) {
		const struct cf_item *item = &b->tree->items[i];
		long rule = item->allow ? 0 : ruleset_find(r, item->name);
		unsigned flags;

		if ((item->verb != CF_PATTERN && item->verb != CF_LIST_PATTERN) || !defines(r, item, rule))
			continue;
		struct use *u = &b->uses[b->use_count++];
		*u = (struct use){ .item = item, .rule = (size_t)rule, .enabled = item->allow || !r->rules[rule].disabled };
		u->text = text_to_compile(b, item, u->rule, &flags);
		if (u->text.ptr == NULL)
			continue;
		u->compiled = compiled_place(r, u->text, flags, b->options->known.previous);
		u->compiled->asked = u->compiled->asked || u->enabled;
	}
}

/* ---- probes ---------------------------------------------------------------------------------------------------- */

static struct probe *probe_add(struct builder *b, struct probe_set *set, size_t *cap)
{
	if (set->count == *cap) {
		size_t to = *cap == 0 ? 64 : *cap * 2;
		struct probe *bigger = arena_array(b->r->arena, to, sizeof(*bigger));

		if (bigger == NULL) {
			b->err = err_nomem(b->e);
			return NULL;
		}
		if (set->count > 0)
			memcpy(bigger, set->list, set->count * sizeof(*bigger));
		set->list = bigger;
		*cap = to;
	}
	memset(&set->list[set->count], 0, sizeof(struct probe));
	return &set->list[set->count++];
}

/* A pattern's literals, or what its outline holds, into the set's index; without any, the probe is found by nothing and runs always. */
static void file_literals(struct builder *b, struct probe_set *set, struct probe *p, const struct derived *d)
{
	struct grams **index = d->outline ? &set->outlines : p->utf ? &set->utf : &set->bytes;
	const char *at = d->strings;

	for (size_t i = 0; i < d->count && b->err == ERR_OK; i++) {
		if (*index == NULL && (*index = grams_new()) == NULL)
			b->err = err_nomem(b->e);
		else
			b->err = grams_add(*index, derived_string(&at), (uint32_t)(p - set->list), b->e);
	}
	p->found = d->count > 0;
	p->literal = p->found && !d->outline;
	p->plain = p->negated ? SLICE_NONE : d->plain;
}

/* A pattern that could not be compiled is tried again, for the reason. */
static void compile_again(struct builder *b, const struct use *u)
{
	struct error e;
	size_t at;
	enum err err = pattern_compile(u->text, u->compiled->flags, &u->compiled->pattern, &at, &e);

	if (err == ERR_INVALID)
		bad_pattern(b, u->item, u->text, at, e.message);
	else if (err != ERR_OK)
		b->err = err_nomem(b->e);
}

static void add_pattern(struct builder *b, const struct use *u)
{
	const struct cf_item *item = u->item;
	enum surface s = item->pattern.surface;
	struct probe_set *set = item->allow ? &b->r->allow_probes : &b->r->probes[s];
	struct probe *p;

	if (u->text.ptr != NULL && u->compiled->pattern == NULL)
		compile_again(b, u);
	if (u->text.ptr == NULL || u->compiled->pattern == NULL || !u->enabled)
		return;
	if (u->compiled->derived == NULL) {
		b->err = err_nomem(b->e);
		return;
	}
	if (item->verb == CF_PATTERN && pattern_matches_empty(u->compiled->pattern) && !item->pattern.negated && s != SURFACE_HEADER)
		cf_errors_add(b->errs, true, item->file, item->line, item->column,
			      "this pattern matches the empty string, and so every text");
	p = probe_add(b, set, &b->probe_cap[item->allow ? SURFACE_COUNT : s]);
	if (p == NULL)
		return;
	p->rule = (uint32_t)u->rule;
	p->kind = PROBE_PATTERN;
	p->pattern = u->compiled->pattern;
	p->utf = (u->compiled->flags & PATTERN_UTF) != 0;
	p->caseless = (u->compiled->flags & PATTERN_CASELESS) != 0;
	p->list = item->verb == CF_LIST_PATTERN;
	p->line = p->list ? item->text : SLICE_NONE;
	p->field = item->pattern.field;
	p->form = item->pattern.form;
	p->negated = item->pattern.negated;
	p->if_unset = item->pattern.if_unset;
	file_literals(b, set, p, u->compiled->derived);
}

static bool eval_number(struct slice s, double *out)
{
	char text[32], *end;

	if (s.len == 0 || s.len >= sizeof(text))
		return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	*out = strtod(text, &end);
	return *end == '\0' && *out == *out;
}

static void unknown_eval(struct builder *b, const struct cf_item *item)
{
	const struct ruleset_options *o = b->options;
	char known[220] = "";

	for (size_t i = 0; i < o->fact_count; i++) {
		size_t n = strlen(known);
		snprintf(known + n, sizeof(known) - n, " %s", o->facts[i]);
	}
	cf_errors_add(b->errs, false, item->file, item->line, item->column, "eval:%.*s is not known here; these are:%s",
		      item->eval.function.len > 20 ? 20 : (int)item->eval.function.len, item->eval.function.ptr, known);
}

static void add_eval(struct builder *b, const struct cf_item *item, size_t rule)
{
	const struct ruleset_options *o = b->options;
	bool known = o->facts == NULL;
	double least = 1, most = 1e300;
	struct probe *p;

	for (size_t i = 0; i < o->fact_count && !known; i++)
		known = slice_is(item->eval.function, o->facts[i]);
	if (!known) {
		unknown_eval(b, item);
		return;
	}
	if (item->eval.args > 2 || (item->eval.args > 0 && !eval_number(item->eval.arg[0], &least)) ||
	    (item->eval.args > 1 && !eval_number(item->eval.arg[1], &most))) {
		cf_errors_add(b->errs, false, item->file, item->line, item->column,
			      "eval:%.*s takes the least and the most value, as eval:%.*s(3, 10)",
			      SLICE_ARG(item->eval.function), SLICE_ARG(item->eval.function));
		return;
	}
	if (least > most || most < 0) {
		cf_errors_add(b->errs, false, item->file, item->line, item->column, "eval:%.*s can never be in these bounds: the least value comes first, and counts begin with 0",
			      SLICE_ARG(item->eval.function));
		return;
	}
	if (least <= 0 && item->eval.args == 1)
		cf_errors_add(b->errs, true, item->file, item->line, item->column, "eval:%.*s is at least %g in every text, so this rule hits them all",
			      SLICE_ARG(item->eval.function), least);
	if (b->r->rules[rule].disabled)
		return;
	p = probe_add(b, &b->r->probes[item->eval.surface], &b->probe_cap[item->eval.surface]);
	if (p == NULL)
		return;
	p->rule = (uint32_t)rule;
	p->kind = PROBE_EVAL;
	p->fact = item->eval.function;
	p->least = least;
	p->most = most;
}

static void add_exists(struct builder *b, const struct cf_item *item, size_t rule)
{
	struct probe *p;

	if (b->r->rules[rule].disabled)
		return;
	p = probe_add(b, &b->r->probes[SURFACE_HEADER], &b->probe_cap[SURFACE_HEADER]);
	if (p != NULL) {
		p->rule = (uint32_t)rule;
		p->kind = PROBE_EXISTS;
		p->field = item->pattern.field;
	}
}

static void add_domain(struct builder *b, const struct cf_item *item, size_t rule)
{
	struct domains **d = item->allow ? &b->r->allowed : &b->r->domains;

	if (!item->allow && b->r->rules[rule].disabled)
		return;
	b->err = domains_add(*d, item->domain.domain, (uint32_t)rule, b->e);
}

static void add_probes(struct builder *b)
{
	const struct use *u = b->uses;

	for (size_t i = 0; i < b->tree->count && b->err == ERR_OK; i++) {
		const struct cf_item *item = &b->tree->items[i];
		long rule = item->allow ? 0 : ruleset_find(b->r, item->name);

		if (u < b->uses + b->use_count && u->item == item)
			add_pattern(b, u++);
		else if (!defines(b->r, item, rule))
			continue;
		else if (item->verb == CF_LIST_DOMAIN)
			add_domain(b, item, (size_t)rule);
		else if (item->verb == CF_EVAL)
			add_eval(b, item, (size_t)rule);
		else if (item->verb == CF_EXISTS)
			add_exists(b, item, (size_t)rule);
	}
}

/* Finishes a set's index and lists what it cannot find. */
static void seal(struct builder *b, struct probe_set *set)
{
	set->always = arena_array(b->r->arena, set->count + 1, sizeof(*set->always));
	set->evals = arena_array(b->r->arena, set->count + 1, sizeof(*set->evals));
	if (set->always == NULL || set->evals == NULL) {
		b->err = err_nomem(b->e);
		return;
	}
	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].kind == PROBE_PATTERN && !set->list[i].found)
			set->always[set->always_count++] = (uint32_t)i;
		else if (set->list[i].kind == PROBE_EVAL)
			set->evals[set->eval_count++] = (uint32_t)i;
	if (b->err == ERR_OK && set->bytes != NULL)
		b->err = grams_seal(set->bytes, b->e);
	if (b->err == ERR_OK && set->utf != NULL)
		b->err = grams_seal(set->utf, b->e);
	if (b->err == ERR_OK && set->outlines != NULL)
		b->err = grams_seal(set->outlines, b->e);
}

/* Patterns are mixed in as they were compiled: a replace_tag may have changed them where the line did not. */
static void name_versions(struct builder *b)
{
	struct ruleset *r = b->r;

	for (size_t i = 0; i < r->count; i++) {
		struct rule *x = &r->rules[i].rule;
		char properties[96];
		int n = snprintf(properties, sizeof(properties), "%.4f %d %d %u %u %lld", x->score, (int)x->mode, (int)x->action, x->tflags,
				 x->maxhits, (long long)x->expires_ms);

		if (!r->rules[i].list)
			mix(&x->version, x->text);
		mix(&x->version, slice_make(properties, (size_t)n));
	}
	for (size_t s = 0; s < SURFACE_COUNT; s++)
		for (size_t i = 0; i < r->probes[s].count; i++) {
			const struct probe *p = &r->probes[s].list[i];

			if (p->pattern != NULL)
				mix(&r->rules[p->rule].rule.version, pattern_text(p->pattern));
		}
}

/* A pattern that only its outline finds counts: a text can be made to let all of them run. Header patterns look at one short field and
 * are not counted: a field costs little to match. */
static void check_always(struct builder *b)
{
	size_t most = b->options->always_max > 0 ? b->options->always_max : RULESET_ALWAYS_DEFAULT;
	struct ruleset_figures f = ruleset_figures(b->r);
	char names[200] = "";
	size_t shown = 0;

	for (size_t s = 0; s < SURFACE_COUNT; s++)
		for (size_t i = 0; i < b->r->probes[s].count; i++) {
			const struct probe *p = &b->r->probes[s].list[i];
			struct entry *x = &b->r->rules[p->rule];

			if (p->kind != PROBE_PATTERN || p->literal)
				continue;
			x->rule.always = true;
			if (s != SURFACE_HEADER && shown++ < NAMES_SHOWN) {
				size_t n = strlen(names);

				snprintf(names + n, sizeof(names) - n, "%s%.30s", n > 0 ? ", " : "", x->rule.name);
			}
		}
	if (f.always > most)
		cf_errors_add(b->errs, false, "", 0, 0,
			      "%zu patterns hold no fixed text and would run on every message; at most %zu may: %s%s",
			      f.always, most, names, shown > NAMES_SHOWN ? " ..." : "");
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static size_t count_patterns(const struct cf_tree *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += t->items[i].verb == CF_PATTERN || t->items[i].verb == CF_LIST_PATTERN;
	return n;
}

static size_t count_replaces(const struct cf_tree *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += t->items[i].verb == CF_REPLACE;
	return n;
}

enum err compose(struct ruleset *r, const struct cf_tree *tree, const struct ruleset_options *options,
		 struct cf_errors *errs, struct error *e)
{
	struct builder b = { .r = r, .options = options, .errs = errs, .tree = tree, .e = e };

	for (r->patterns_size = 64; r->patterns_size < count_patterns(tree) * 2;)
		r->patterns_size *= 2;
	r->patterns = calloc(r->patterns_size, sizeof(*r->patterns));
	b.uses = arena_array(r->arena, count_patterns(tree) + 1, sizeof(*b.uses));
	b.replace = arena_array(r->arena, count_replaces(tree) + 1, sizeof(*b.replace));
	if (r->patterns == NULL || b.uses == NULL || b.replace == NULL)
		b.err = err_nomem(e);
	for (size_t i = 0; i < tree->count && b.err == ERR_OK; i++)
		collect(&b, &tree->items[i]);
	if (b.err == ERR_OK)
		settle(&b);
	if (b.err == ERR_OK)
		gather_uses(&b);
	if (b.err == ERR_OK)
		compiled_make(r);
	if (b.err == ERR_OK)
		add_probes(&b);
	for (size_t s = 0; s < SURFACE_COUNT && b.err == ERR_OK; s++)
		seal(&b, &r->probes[s]);
	if (b.err == ERR_OK)
		seal(&b, &r->allow_probes);
	if (b.err == ERR_OK)
		b.err = metas_make(r, errs, e);
	if (b.err == ERR_OK)
		check_always(&b);
	if (b.err == ERR_OK)
		name_versions(&b);
	if (b.err == ERR_OK && arena_failed(r->arena))
		b.err = err_nomem(e);
	return b.err;
}
