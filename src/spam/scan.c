#include "spam/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "spam/domains.h"
#include "spam/expr.h"
#include "spam/fold.h"
#include "spam/grams.h"
#include "spam/pattern.h"

/* How many pattern runs go between two looks at the clock. */
enum { RUNS_BETWEEN_CHECKS = 16 };

/* What a scan remembers of a rule that hit, got into trouble or took time. Of all others it remembers nothing. */
struct record {
	uint32_t rule;
	bool trouble; /* unknown from now on */
	unsigned count;
	int64_t cpu_us;
	struct scan_span span;
};

struct scan {
	const struct ruleset *r;
	const struct surfaces *s;
	const struct scan_options *o;
	struct arena *arena;
	struct scan_result *out;
	struct pattern_meter meter;
	struct record *records;
	size_t record_count, record_cap;
	uint32_t *slot; /* of each rule: its record's index + 1, or 0 */
	double *values;
	bool *skipped; /* metas that were not run; NULL while there are none */
	uint64_t *woken; /* a bit for each meta: something that it speaks of is not 0, or not known */
	int64_t clock_ns; /* what looking at the clock takes, where rules are timed */
	bool nomem; /* sticky; looked at in the end */
	/* For one element: candidates, and the element folded. */
	unsigned char *seen;
	uint32_t *found;
	char *fold_bytes, *fold_other;
	size_t fold_size;
};

static const struct scan_options no_options;

/* ---- results --------------------------------------------------------------------------------------------------- */

static const struct record nothing;

static const struct record *recorded(const struct scan *c, uint32_t rule)
{
	return c->slot[rule] != 0 ? &c->records[c->slot[rule] - 1] : &nothing;
}

/* To be written to; NULL when there is no memory. Valid until the next one is asked for. */
static struct record *record(struct scan *c, uint32_t rule)
{
	if (c->slot[rule] != 0)
		return &c->records[c->slot[rule] - 1];
	if (c->record_count == c->record_cap) {
		size_t to = c->record_cap == 0 ? 32 : c->record_cap * 2;
		struct record *bigger = arena_array(c->arena, to, sizeof(*bigger));

		if (bigger == NULL) {
			c->nomem = true;
			return NULL;
		}
		if (c->record_count > 0)
			memcpy(bigger, c->records, c->record_count * sizeof(*bigger));
		c->records = bigger;
		c->record_cap = to;
	}
	c->records[c->record_count] = (struct record){ .rule = rule };
	c->slot[rule] = (uint32_t)++c->record_count;
	return &c->records[c->record_count - 1];
}

static void trouble(struct scan *c, uint32_t rule, enum scan_trouble t)
{
	struct record *x = record(c, rule);
	struct scan_result *out = c->out;

	if (x == NULL || x->trouble)
		return;
	x->trouble = true;
	if ((out->error_count & (out->error_count - 1)) == 0) { /* full at each power of two */
		struct scan_error *bigger =
		    arena_array(c->arena, out->error_count == 0 ? 1 : out->error_count * 2, sizeof(*bigger));

		if (bigger == NULL) {
			c->nomem = true;
			return;
		}
		if (out->error_count > 0)
			memcpy(bigger, out->errors, out->error_count * sizeof(*bigger));
		out->errors = bigger;
	}
	out->errors[out->error_count++] = (struct scan_error){ rule, t };
}

static void hit(struct scan *c, uint32_t rule, unsigned count, struct scan_span span)
{
	struct record *x = record(c, rule);

	if (x == NULL)
		return;
	if (x->count == 0)
		x->span = span;
	x->count += count;
	c->values[rule] = x->count;
}

static bool laid(const struct scan *c, uint32_t rule, enum rule_life what)
{
	return c->o->life != NULL && c->o->life[rule] & what;
}

/* Dormant and expired rules do not take part. */
static bool off(const struct scan *c, uint32_t rule)
{
	const struct rule *x = ruleset_rule(c->r, rule);

	if (c->o->only != NULL && !c->o->only[rule])
		return true;
	return !c->o->dormant_too && (x->mode == CF_DORMANT || laid(c, rule, RULE_LIFE_DORMANT) || (x->expires_ms != 0 && c->o->now_ms >= x->expires_ms));
}

/* Whether a rule has had all the hits it can have. */
static bool full(const struct scan *c, uint32_t rule)
{
	const struct rule *x = ruleset_rule(c->r, rule);
	unsigned most = !(x->tflags & CF_TF_MULTIPLE) ? 1 : x->maxhits;

	return most > 0 && recorded(c, rule)->count >= most;
}

static struct scan_span span_of(enum surface s, size_t element, const struct surface_element *x, struct pattern_match m)
{
	struct scan_span span = { .surface = s, .element = element, .offset = m.start, .length = m.end - m.start };

	if (x->source == SOURCE_NONE)
		return span;
	span.source = x->source;
	span.source_offset = x->map != NULL ? x->map[m.start] : m.start;
	/* Where a run of blanks became one, the source reaches to the end of the last byte itself. */
	span.source_length = x->map == NULL    ? m.end - m.start
			     : m.end > m.start ? x->map[m.end - 1] + 1 - x->map[m.start]
					       : 0;
	return span;
}

/* ---- one probe, one element ------------------------------------------------------------------------------------ */

static enum pattern_result find(struct scan *c, const struct probe *p, struct slice text, size_t from, bool not_empty,
				struct pattern_match *m)
{
	enum pattern_result result;
	int64_t cpu_us, before_us;

	if (p->plain.ptr != NULL && !c->o->no_index) {
		struct slice in = p->caseless ? slice_make(c->fold_bytes, text.len) : text;
		const char *at =
		    from <= in.len ? memmem(in.ptr + from, in.len - from, p->plain.ptr, p->plain.len) : NULL;

		if (at == NULL)
			return PATTERN_MISS;
		*m = (struct pattern_match){ .start = (size_t)(at - in.ptr),
					     .end = (size_t)(at - in.ptr) + p->plain.len };
		return PATTERN_HIT;
	}
	if (++c->out->calls % RUNS_BETWEEN_CHECKS == 0)
		pattern_meter_check(&c->meter);
	cpu_us = recorded(c, p->rule)->cpu_us;
	before_us = cpu_us;
	result = pattern_run(p->pattern, text, from, not_empty, &c->meter, &cpu_us, m);
	if (cpu_us != before_us) {
		struct record *x = record(c, p->rule);

		if (x != NULL)
			x->cpu_us = cpu_us;
	}
	return result;
}

/* What a rule in quarantine gets, of its time and of the match limit: one part in so many. */
enum { QUARANTINE_PART = 10 };

static void be_strict(struct scan *c, bool strict)
{
	int64_t whole = c->o->rule_budget_us > 0 ? c->o->rule_budget_us : SCAN_RULE_BUDGET_US;

	c->meter.strict = strict ? QUARANTINE_PART : 0;
	c->meter.rule_budget_us = strict ? whole / QUARANTINE_PART : whole;
}

/* Of a name that was guessed, a match has to hold what makes it one. */
static bool shows(const struct surface_element *x, size_t start, size_t end)
{
	return !x->must_from || (start < x->must_from && end >= x->must_to);
}

/* Asks a probe about an element, again and again where the rule counts every hit. True when it matched. */
static bool ask_now(struct scan *c, const struct probe *p, enum surface s, size_t element, const struct surface_element *x)
{
	size_t from = 0;
	bool matched = false, not_empty = false, quarantined = laid(c, p->rule, RULE_LIFE_QUARANTINED);

	if (off(c, p->rule) || recorded(c, p->rule)->trouble || c->meter.spent || (!p->negated && full(c, p->rule)))
		return false;
	if (quarantined && p->literal) {
		trouble(c, p->rule, SCAN_QUARANTINED);
		return false;
	}
	/* Without a literal it might concern every text: it is asked all the same, within limits that hurt nobody. */
	if (quarantined)
		be_strict(c, true);
	while (from <= x->text.len) {
		struct pattern_match m = { 0, 0, PATTERN_FINE };
		enum pattern_result result = find(c, p, x->text, from, not_empty, &m);

		if (result == PATTERN_ERROR)
			trouble(c, p->rule,
				quarantined		      ? SCAN_QUARANTINED
				: m.trouble == PATTERN_LIMIT ? SCAN_LIMIT
				: m.trouble != PATTERN_TIME  ? SCAN_BROKEN
				: recorded(c, p->rule)->cpu_us > c->meter.rule_budget_us ? SCAN_TIME
											 : SCAN_SPENT);
		if (result != PATTERN_HIT)
			break;
		if (!shows(x, m.start, m.end)) {
			from = m.end > from ? m.end : from + 1;
			continue;
		}
		matched = true;
		if (p->negated)
			break;
		struct scan_span span = span_of(s, element, x, m);
		span.line = p->line;
		hit(c, p->rule, 1, span);
		if (full(c, p->rule) || m.end < from)
			break;
		not_empty = m.end == m.start || m.end == from;
		from = m.end;
	}
	if (quarantined)
		be_strict(c, false);
	return matched;
}

static bool ask(struct scan *c, const struct probe *p, enum surface s, size_t element, const struct surface_element *x)
{
	int64_t from, spent;
	bool matched;

	if (!c->o->timed)
		return ask_now(c, p, s, element, x);
	from = clock_thread_ns();
	matched = ask_now(c, p, s, element, x);
	spent = clock_thread_ns() - from - c->clock_ns;
	if (spent > 0)
		ruleset_spent(c->r, p->rule, spent);
	return matched;
}

/* ---- candidates ------------------------------------------------------------------------------------------------ */

/* Fills c->found with the probes whose literals (or outline) are in the text, and those that the index does not know. */
static size_t candidates(struct scan *c, const struct probe_set *set, struct slice text)
{
	size_t n = 0;

	if (c->o->no_index) {
		for (size_t i = 0; i < set->count; i++)
			if (set->list[i].kind == PROBE_PATTERN)
				c->found[n++] = (uint32_t)i;
		return n;
	}
	if (set->bytes != NULL) {
		fold_bytes(text, c->fold_bytes);
		n = grams_find(set->bytes, slice_make(c->fold_bytes, text.len), c->seen, c->found, n);
	}
	if (set->utf != NULL) {
		size_t len = fold_utf(text, c->fold_other);

		n = grams_find(set->utf, slice_make(c->fold_other, len), c->seen, c->found, n);
	}
	if (set->outlines != NULL) {
		fold_outline(text, c->fold_other);
		n = grams_find(set->outlines, slice_make(c->fold_other, text.len), c->seen, c->found, n);
	}
	for (size_t i = 0; i < n; i++)
		c->seen[c->found[i]] = 0;
	c->out->candidates += n;
	for (size_t i = 0; i < set->always_count; i++)
		c->found[n++] = set->always[i];
	return n;
}

static void scan_texts(struct scan *c, enum surface s)
{
	const struct probe_set *set = ruleset_probes(c->r, s);
	const struct surface_elements *e = &c->s->of[s];

	for (size_t i = 0; set->count > 0 && i < e->count && !c->meter.spent; i++) {
		size_t n = candidates(c, set, e->list[i].text);

		for (size_t k = 0; k < n; k++) {
			const struct probe *p = &set->list[c->found[k]];

			/* SpamAssassin skips element 1, whatever it holds. */
			if (s == SURFACE_BODY && i == 0 && ruleset_rule(c->r, p->rule)->tflags & CF_TF_NOSUBJECT)
				continue;
			ask(c, p, s, i, &e->list[i]);
		}
	}
}

/* ---- URIs ------------------------------------------------------------------------------------------------------ */

struct domain_visit {
	struct scan *c;
	size_t element;
	const struct surface_element *x;
	struct slice host; /* in the element's text */
};

static bool domain_hit(uint32_t rule, struct slice domain, void *ctx)
{
	struct domain_visit *v = ctx;
	size_t start = (size_t)(v->host.ptr - v->x->text.ptr) + v->host.len - domain.len;
	struct pattern_match m = { start, start + domain.len, PATTERN_FINE };
	struct scan_span span;

	if (off(v->c, rule) || recorded(v->c, rule)->trouble || full(v->c, rule) || !shows(v->x, m.start, m.end))
		return false;
	span = span_of(SURFACE_URI, v->element, v->x, m);
	span.line = domain;
	if (laid(v->c, rule, RULE_LIFE_QUARANTINED))
		trouble(v->c, rule, SCAN_QUARANTINED);
	else
		hit(v->c, rule, 1, span);
	return false;
}

/* Whether an allow list speaks for a URI: its host by table, or the whole by pattern. */
static bool is_allowed(struct scan *c, const struct surface_element *x, struct slice host)
{
	const struct probe_set *set = ruleset_allow_probes(c->r);
	size_t n;

	if (host.ptr != NULL && ruleset_host_allowed(c->r, host))
		return true;
	n = set->count > 0 ? candidates(c, set, x->text) : 0;
	for (size_t i = 0; i < n; i++) {
		struct pattern_match m;
		int64_t cpu_us = 0;

		c->out->calls++;
		/* What could not be checked does not excuse. */
		if (pattern_run(set->list[c->found[i]].pattern, x->text, 0, false, &c->meter, &cpu_us, &m) ==
		    PATTERN_HIT)
			return true;
	}
	return false;
}

static void scan_uris(struct scan *c)
{
	const struct probe_set *set = ruleset_probes(c->r, SURFACE_URI);
	const struct surface_elements *e = &c->s->of[SURFACE_URI];

	for (size_t i = 0; i < e->count && !c->meter.spent; i++) {
		const struct surface_element *x = &e->list[i];
		struct slice host = domains_host(x->text);
		bool allowed = is_allowed(c, x, host);
		char lower[256];
		size_t n = set->count > 0 ? candidates(c, set, x->text) : 0;

		for (size_t k = 0; k < n; k++) {
			const struct probe *p = &set->list[c->found[k]];

			if (!(allowed && p->list) &&
			    (p->list || !x->wide || (!x->guess && ruleset_rule(c->r, p->rule)->tflags & CF_TF_WIDE)))
				ask(c, p, SURFACE_URI, i, x);
		}
		if (!allowed && host.ptr != NULL && host.len <= sizeof(lower)) {
			struct domain_visit v = { c, i, x, host };

			fold_bytes(host, lower);
			domains_find(ruleset_domains(c->r), slice_make(lower, host.len), domain_hit, &v);
		}
	}
	/* Names enough to bury the one that a list knows are no way past it. */
	for (uint32_t i = 0; c->s->guesses_more && i < ruleset_count(c->r); i++)
		if (ruleset_rule(c->r, i)->list && !off(c, i) && !recorded(c, i)->count)
			trouble(c, i, SCAN_UNKNOWN);
}

/* ---- header fields --------------------------------------------------------------------------------------------- */

/* A field that was not given: empty text to a pattern, or what if-unset says, which then counts as the value. */
static void ask_undefined(struct scan *c, const struct probe *p)
{
	struct surface_element x = { .text = p->if_unset.ptr != NULL ? p->if_unset : SLICE("") };
	bool matched = false;

	if (p->if_unset.ptr != NULL || !p->found) {
		if (x.text.len > c->fold_size) {
			char *bigger = arena_alloc(c->arena, x.text.len);

			if (bigger == NULL)
				return; /* seen by the caller through the arena */
			c->fold_bytes = bigger;
		}
		fold_bytes(x.text, c->fold_bytes);
		matched = ask(c, p, SURFACE_HEADER, 0, &x);
	}
	if (p->negated && !matched && !recorded(c, p->rule)->trouble && !off(c, p->rule) && !c->meter.spent)
		hit(c, p->rule, 1, (struct scan_span){ .surface = SURFACE_HEADER });
}

static void scan_headers(struct scan *c)
{
	const struct probe_set *set = ruleset_probes(c->r, SURFACE_HEADER);
	const struct surface_elements *e = &c->s->of[SURFACE_HEADER];
	unsigned char *matched;

	if (set->count == 0)
		return;
	matched = arena_alloc(c->arena, set->count);
	if (matched == NULL)
		return; /* seen by the caller through the arena */
	for (size_t i = 0; i < e->count && !c->meter.spent; i++) {
		size_t n = candidates(c, set, e->list[i].text);

		for (size_t k = 0; k < n; k++) {
			const struct probe *p = &set->list[c->found[k]];

			if (surface_header(c->s, p->field, p->form) == &e->list[i])
				matched[c->found[k]] = ask(c, p, SURFACE_HEADER, i, &e->list[i]);
		}
	}
	for (size_t k = 0; k < set->count && !c->meter.spent; k++) {
		const struct probe *p = &set->list[k];
		bool defined = p->kind != PROBE_EVAL && surface_header(c->s, p->field, p->form) != NULL;

		if (p->kind == PROBE_EVAL || off(c, p->rule) || recorded(c, p->rule)->trouble)
			continue;
		if (p->kind == PROBE_EXISTS) {
			if (defined)
				hit(c, p->rule, 1, (struct scan_span){ .surface = SURFACE_HEADER });
		} else if (!defined) {
			ask_undefined(c, p);
		} else if (p->negated && !matched[k]) {
			hit(c, p->rule, 1, (struct scan_span){ .surface = SURFACE_HEADER });
		}
	}
}

/* ---- facts and metas ------------------------------------------------------------------------------------------- */

static void scan_facts(struct scan *c, enum surface s)
{
	const struct probe_set *set = ruleset_probes(c->r, s);

	for (size_t k = 0; k < set->eval_count; k++) {
		const struct probe *p = &set->list[set->evals[k]];

		if (off(c, p->rule))
			continue;
		for (size_t i = 0; i < c->s->fact_count; i++)
			if (slice_eq(c->s->facts[i].name, p->fact)) {
				if (c->s->facts[i].value >= p->least && c->s->facts[i].value <= p->most)
					hit(c, p->rule, 1, (struct scan_span){ .surface = s });
				break;
			}
	}
}

struct doubt {
	const struct scan *c;
	bool unknown, skipped;
};

static void look_for_trouble(size_t rule, void *ctx)
{
	struct doubt *d = ctx;

	d->unknown = d->unknown || recorded(d->c, (uint32_t)rule)->trouble;
	d->skipped = d->skipped || (d->c->skipped != NULL && d->c->skipped[rule]);
}

static void wake(struct scan *c, uint32_t rule)
{
	const struct ruleset_waking *w = ruleset_waking(c->r);

	for (uint32_t i = w->from[rule]; i < w->from[rule + 1]; i++)
		c->woken[w->wakes[i] / 64] |= UINT64_C(1) << w->wakes[i] % 64;
}

/* Metas that speak of this one will not be run either. */
static void skip(struct scan *c, uint32_t rule)
{
	if (c->skipped == NULL)
		c->skipped = arena_array(c->arena, ruleset_count(c->r) + 1, sizeof(*c->skipped));
	if (c->skipped == NULL) {
		c->nomem = true;
		return;
	}
	c->skipped[rule] = true;
	wake(c, rule);
}

static bool work_out(const struct scan *c, const struct ruleset_meta *m, bool woken, double *out)
{
	*out = m->rest;
	return woken ? expr_eval(m->expression, c->values, out) : true;
}

static void run_meta(struct scan *c, const struct ruleset_meta *m, bool woken)
{
	double v;

	if (off(c, m->rule))
		return;
	if (woken && (c->out->error_count > 0 || c->skipped != NULL)) {
		struct doubt d = { c, false, false };

		expr_variables(m->expression, look_for_trouble, &d);
		if (d.unknown) {
			trouble(c, m->rule, SCAN_UNKNOWN);
			wake(c, m->rule);
			return;
		}
		if (d.skipped) {
			skip(c, m->rule);
			return;
		}
	}
	if (m->silent) {
		if (m->late || !work_out(c, m, woken, &v) || v != 0)
			skip(c, m->rule);
		return;
	}
	if (!work_out(c, m, woken, &v) || v == 0)
		return;
	hit(c, m->rule, 1, (struct scan_span){ .surface = SURFACE_COUNT });
	/* SpamAssassin: a hit always raises the value. */
	c->values[m->rule] = v > 0 ? v : 1;
	wake(c, m->rule);
}

static void run_metas(struct scan *c)
{
	const uint64_t *awake = ruleset_waking(c->r)->awake;
	size_t count, words;
	const struct ruleset_meta *metas = ruleset_metas(c->r, &count);

	words = count / 64 + 1;
	c->woken = arena_array(c->arena, words, sizeof(*c->woken));
	if (c->woken == NULL)
		return; /* seen by the caller through the arena */
	for (size_t i = 0; i < c->record_count; i++)
		wake(c, c->records[i].rule);
	for (size_t i = 0; c->o->no_index && i < count; i++)
		c->woken[i / 64] |= UINT64_C(1) << i % 64;
	/* One that hits wakes others behind it, maybe in the same word. */
	for (size_t i = 0; i < words; i++) {
		uint64_t left = ~UINT64_C(0);

		for (uint64_t due; (due = (awake[i] | c->woken[i]) & left) != 0;) {
			uint64_t bit = due & -due;

			left &= ~(bit | (bit - 1));
			run_meta(c, &metas[i * 64 + (size_t)__builtin_ctzll(bit)], c->woken[i] & bit);
		}
	}
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static int by_rule(const void *a, const void *b)
{
	uint32_t x = ((const struct record *)a)->rule, y = ((const struct record *)b)->rule;

	return x < y ? -1 : x > y;
}

static size_t longest(const struct surfaces *s)
{
	size_t n = 0;

	for (size_t i = 0; i < SURFACE_COUNT; i++)
		for (size_t k = 0; k < s->of[i].count; k++)
			n = s->of[i].list[k].text.len > n ? s->of[i].list[k].text.len : n;
	return n;
}

/* All that grows with the rule set is 12 bytes a rule and 5 a pattern: clearing it is part of every scan. */
static bool prepare(struct scan *c)
{
	size_t rules = ruleset_count(c->r), probes = ruleset_allow_probes(c->r)->count;

	for (size_t s = 0; s < SURFACE_COUNT; s++)
		probes = ruleset_probes(c->r, s)->count > probes ? ruleset_probes(c->r, s)->count : probes;
	c->slot = arena_array(c->arena, rules + 1, sizeof(*c->slot));
	c->values = arena_array(c->arena, rules + 1, sizeof(*c->values));
	c->seen = arena_alloc(c->arena, probes + 1);
	c->found = arena_array(c->arena, probes + 1, sizeof(*c->found));
	c->fold_size = longest(c->s) + 1;
	c->fold_bytes = arena_alloc(c->arena, c->fold_size);
	c->fold_other = arena_alloc(c->arena, c->fold_size);
	return !arena_failed(c->arena);
}

/*
 * Rules that each stay below their own budget can use up the message's together. The one in which it ended need not be
 * at fault; the one that used most of it is, where that was a fair part.
 */
static void blame(struct scan *c)
{
	const struct record *worst = NULL;

	for (size_t i = 0; i < c->record_count; i++)
		worst = worst == NULL || c->records[i].cpu_us > worst->cpu_us ? &c->records[i] : worst;
	if (worst == NULL || worst->cpu_us < c->meter.rule_budget_us / 3)
		return;
	trouble(c, worst->rule, SCAN_TIME);
	for (size_t i = 0; i < c->out->error_count; i++)
		if (c->out->errors[i].rule == worst->rule && c->out->errors[i].trouble == SCAN_SPENT)
			c->out->errors[i].trouble = SCAN_TIME;
}

/* Sorts the records, so their slots mean nothing from here on. */
static bool collect(struct scan *c)
{
	struct scan_result *out = c->out;

	if (c->record_count > 0)
		qsort(c->records, c->record_count, sizeof(*c->records), by_rule);
	out->hits = arena_array(c->arena, c->record_count + 1, sizeof(*out->hits));
	if (out->hits == NULL)
		return false;
	for (size_t i = 0; i < c->record_count; i++) {
		const struct record *x = &c->records[i];
		const struct rule *rule = ruleset_rule(c->r, x->rule);

		if (x->trouble) {
			c->values[x->rule] = 0; /* it hit, and then could not be finished: unknown all the same */
			continue;
		}
		if (x->count == 0 || (!rule->listed && !c->o->unlisted_too))
			continue;
		out->hits[out->hit_count++] = (struct scan_hit){ .rule = x->rule,
								 .count = x->count,
								 .value = c->values[x->rule],
								 .score = rule->weight * x->count,
								 .span = x->span };
		out->score += rule->weight * x->count;
	}
	return true;
}

/* The least of some, because the clock may be read slowly, but not quickly, by chance. */
static int64_t clock_takes(void)
{
	int64_t least = INT64_MAX;

	for (int i = 0; i < 4; i++) {
		int64_t from = clock_thread_ns(), took = clock_thread_ns() - from;

		least = took < least ? took : least;
	}
	return least;
}

enum err scan_run(const struct ruleset *r, const struct surfaces *s, const struct scan_options *options,
		  struct arena *a, struct scan_result *out, struct error *e)
{
	const struct scan_options *o = options != NULL ? options : &no_options;
	struct scan c = { .r = r, .s = s, .o = o, .arena = a, .out = out };

	*out = (struct scan_result){ 0 };
	if (!prepare(&c))
		return err_nomem(e);
	if (o->timed)
		c.clock_ns = clock_takes();
	pattern_meter_start(&c.meter, o->budget_us > 0 ? o->budget_us : SCAN_BUDGET_US,
			    o->rule_budget_us > 0 ? o->rule_budget_us : SCAN_RULE_BUDGET_US);
	c.meter.interpreted = o->interpreted;
	for (int surface = 0; surface < SURFACE_COUNT; surface++) {
		scan_facts(&c, surface);
		if (surface == SURFACE_HEADER)
			scan_headers(&c);
		else if (surface == SURFACE_URI)
			scan_uris(&c);
		else
			scan_texts(&c, surface);
	}
	/* Past the budget it is not known what else would have hit, so no meta is. */
	if (!c.meter.spent)
		run_metas(&c);
	else
		blame(&c);
	out->over_budget = c.meter.spent;
	out->windows = c.meter.windows;
	out->values = c.values;
	out->cpu_us = pattern_meter_cpu_us(&c.meter);
	if (!collect(&c) || c.nomem || arena_failed(a))
		return err_nomem(e);
	return ERR_OK;
}

size_t scan_again(const struct ruleset *r, const struct surfaces *s, uint32_t rule, const struct scan_span *first, struct pattern_meter *m,
		  struct scan_span *out, size_t max)
{
	const struct probe_set *set = ruleset_probes(r, first->surface);
	const struct surface_elements *e = &s->of[first->surface];
	size_t n = 0;

	if (first->source == SOURCE_NONE || first->surface == SURFACE_URI || first->surface == SURFACE_HEADER)
		return 0;
	for (size_t k = 0; k < set->count; k++) {
		const struct probe *p = &set->list[k];

		if (p->rule != rule || p->kind != PROBE_PATTERN || p->negated)
			continue;
		for (size_t i = first->element; i < e->count && n < max; i++) {
			struct slice text = e->list[i].text;
			size_t from = i == first->element ? first->offset : 0;
			int64_t cpu_us = 0;
			struct pattern_match at;

			while (n < max && from <= text.len && !pattern_meter_check(m) &&
			       pattern_run(p->pattern, text, from, true, m, &cpu_us, &at) == PATTERN_HIT && at.end > at.start) {
				out[n++] = span_of(first->surface, i, &e->list[i], at);
				from = at.end;
			}
		}
	}
	return n;
}
