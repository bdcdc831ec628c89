#include "spam/scan.h"

#include <stdlib.h>
#include <string.h>

#include "spam/domains.h"
#include "spam/expr.h"
#include "spam/fold.h"
#include "spam/grams.h"
#include "spam/pattern.h"

/* How many pattern runs go between two looks at the clock. */
enum { RUNS_BETWEEN_CHECKS = 16 };

/* What a scan remembers of a rule. */
struct state {
	bool off;     /* not to be run: dormant, expired */
	bool trouble; /* unknown from now on */
	bool touched; /* in `touched` */
	int64_t cpu_us;
	unsigned count;
	struct scan_span span;
};

struct scan {
	const struct ruleset *r;
	const struct surfaces *s;
	const struct scan_options *o;
	struct arena *arena;
	struct scan_result *out;
	struct pattern_meter meter;
	struct state *state;
	double *values;
	uint32_t *touched; /* rules that hit */
	size_t touched_count;
	/* For one element: candidates, and the element folded. */
	unsigned char *seen;
	uint32_t *found;
	char *fold_bytes, *fold_utf;
};

static const struct scan_options no_options;

/* ---- results --------------------------------------------------------------------------------------------------- */

static void trouble(struct scan *c, uint32_t rule, enum scan_trouble t)
{
	if (c->state[rule].trouble)
		return;
	c->state[rule].trouble = true;
	c->out->errors[c->out->error_count++] = (struct scan_error){ rule, t };
}

static void hit(struct scan *c, uint32_t rule, unsigned count, struct scan_span span)
{
	struct state *st = &c->state[rule];

	if (!st->touched) {
		st->touched = true;
		st->span = span;
		c->touched[c->touched_count++] = rule;
	}
	st->count += count;
	c->values[rule] = st->count;
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

/* Whether a rule has had all the hits it can have. */
static bool full(const struct scan *c, uint32_t rule)
{
	const struct rule *x = ruleset_rule(c->r, rule);
	unsigned most = !(x->tflags & CF_TF_MULTIPLE) ? 1 : x->maxhits;

	return most > 0 && c->state[rule].count >= most;
}

/* ---- one probe, one element ------------------------------------------------------------------------------------ */

static enum pattern_result find(struct scan *c, const struct probe *p, struct slice text, size_t from, bool not_empty,
				struct pattern_match *m)
{
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
	return pattern_run(p->pattern, text, from, not_empty, &c->meter, &c->state[p->rule].cpu_us, m);
}

/* Asks a probe about an element, again and again where the rule counts every hit. True when it matched. */
static bool ask(struct scan *c, const struct probe *p, enum surface s, size_t element, const struct surface_element *x)
{
	struct state *st = &c->state[p->rule];
	size_t from = 0;
	bool matched = false, not_empty = false;

	if (st->off || st->trouble || c->meter.spent || (!p->negated && full(c, p->rule)))
		return false;
	if (c->o->quarantined != NULL && c->o->quarantined[p->rule]) {
		trouble(c, p->rule, SCAN_QUARANTINED);
		return false;
	}
	while (from <= x->text.len) {
		struct pattern_match m = { 0, 0, PATTERN_FINE };
		enum pattern_result result = find(c, p, x->text, from, not_empty, &m);

		if (result == PATTERN_ERROR)
			trouble(c, p->rule,
				m.trouble == PATTERN_LIMIT  ? SCAN_LIMIT
				: m.trouble == PATTERN_TIME ? SCAN_TIME
							    : SCAN_BROKEN);
		if (result != PATTERN_HIT)
			break;
		matched = true;
		if (p->negated)
			break;
		hit(c, p->rule, 1, span_of(s, element, x, m));
		if (full(c, p->rule) || m.end < from)
			break;
		not_empty = m.end == m.start || m.end == from;
		from = m.end;
	}
	return matched;
}

/* ---- candidates ------------------------------------------------------------------------------------------------ */

/* Fills c->found with the probes whose literals are in the text, and those that have none. */
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
		size_t len = fold_utf(text, c->fold_utf);

		n = grams_find(set->utf, slice_make(c->fold_utf, len), c->seen, c->found, n);
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

	if (v->c->state[rule].off || v->c->state[rule].trouble || full(v->c, rule))
		return false;
	if (v->c->o->quarantined != NULL && v->c->o->quarantined[rule])
		trouble(v->c, rule, SCAN_QUARANTINED);
	else
		hit(v->c, rule, 1, span_of(SURFACE_URI, v->element, v->x, m));
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

		for (size_t k = 0; k < n; k++)
			if (!(allowed && set->list[c->found[k]].list))
				ask(c, &set->list[c->found[k]], SURFACE_URI, i, x);
		if (!allowed && host.ptr != NULL && host.len <= sizeof(lower)) {
			struct domain_visit v = { c, i, x, host };

			fold_bytes(host, lower);
			domains_find(ruleset_domains(c->r), slice_make(lower, host.len), domain_hit, &v);
		}
	}
}

/* ---- header fields --------------------------------------------------------------------------------------------- */

static bool same_field(struct slice a, struct slice b)
{
	return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

/* A field that was not given: empty text to a pattern, or what if-unset says, which then counts as the value. */
static void ask_undefined(struct scan *c, const struct probe *p)
{
	struct surface_element x = { .text = p->if_unset.ptr != NULL ? p->if_unset : SLICE("") };
	bool matched = false;

	if (p->if_unset.ptr != NULL || !p->literal) {
		fold_bytes(x.text, c->fold_bytes);
		matched = ask(c, p, SURFACE_HEADER, 0, &x);
	}
	if (p->negated && !matched && !c->state[p->rule].trouble && !c->state[p->rule].off && !c->meter.spent)
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

			if (same_field(p->field, e->list[i].field))
				matched[c->found[k]] = ask(c, p, SURFACE_HEADER, i, &e->list[i]);
		}
	}
	for (size_t k = 0; k < set->count && !c->meter.spent; k++) {
		const struct probe *p = &set->list[k];
		bool defined = p->kind != PROBE_EVAL && surface_header(c->s, p->field).ptr != NULL;

		if (c->state[p->rule].off || c->state[p->rule].trouble || p->kind == PROBE_EVAL)
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

	for (size_t k = 0; k < set->count; k++) {
		const struct probe *p = &set->list[k];

		if (p->kind != PROBE_EVAL || c->state[p->rule].off)
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
	bool unknown;
};

static void look_for_trouble(size_t rule, void *ctx)
{
	struct doubt *d = ctx;

	d->unknown = d->unknown || d->c->state[rule].trouble;
}

static void run_metas(struct scan *c)
{
	size_t count;
	const struct ruleset_meta *metas = ruleset_metas(c->r, &count);

	for (size_t i = 0; i < count; i++) {
		uint32_t rule = metas[i].rule;
		double v;

		if (c->state[rule].off)
			continue;
		if (c->out->error_count > 0) {
			struct doubt d = { c, false };

			expr_variables(metas[i].expression, look_for_trouble, &d);
			if (d.unknown) {
				trouble(c, rule, SCAN_UNKNOWN);
				continue;
			}
		}
		if (!expr_eval(metas[i].expression, c->values, &v) || v == 0)
			continue;
		hit(c, rule, 1, (struct scan_span){ .surface = SURFACE_COUNT });
		/* SpamAssassin: a hit always raises the value. */
		c->values[rule] = v > 0 ? v : 1;
	}
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static int by_index(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

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

static bool prepare(struct scan *c)
{
	size_t rules = ruleset_count(c->r), probes = ruleset_allow_probes(c->r)->count,
	       text = longest(c->s) + CF_LINE_BYTES_MAX;

	for (size_t s = 0; s < SURFACE_COUNT; s++)
		probes = ruleset_probes(c->r, s)->count > probes ? ruleset_probes(c->r, s)->count : probes;
	c->state = arena_array(c->arena, rules + 1, sizeof(*c->state));
	c->values = arena_array(c->arena, rules + 1, sizeof(*c->values));
	c->touched = arena_array(c->arena, rules + 1, sizeof(*c->touched));
	c->out->errors = arena_array(c->arena, rules + 1, sizeof(*c->out->errors));
	c->seen = arena_alloc(c->arena, probes + 1);
	c->found = arena_array(c->arena, probes + 1, sizeof(*c->found));
	c->fold_bytes = arena_alloc(c->arena, text);
	c->fold_utf = arena_alloc(c->arena, text);
	return !arena_failed(c->arena);
}

static bool collect(struct scan *c)
{
	struct scan_result *out = c->out;

	qsort(c->touched, c->touched_count, sizeof(*c->touched), by_index);
	out->hits = arena_array(c->arena, c->touched_count + 1, sizeof(*out->hits));
	if (out->hits == NULL)
		return false;
	for (size_t i = 0; i < c->touched_count; i++) {
		uint32_t rule = c->touched[i];
		const struct rule *x = ruleset_rule(c->r, rule);
		const struct state *st = &c->state[rule];

		if (st->trouble) {
			c->values[rule] = 0; /* it hit, and then could not be finished: unknown all the same */
			continue;
		}
		if (!x->listed && !c->o->unlisted_too)
			continue;
		out->hits[out->hit_count++] = (struct scan_hit){ .rule = rule,
								 .count = st->count,
								 .value = c->values[rule],
								 .score = x->weight * st->count,
								 .span = st->span };
		out->score += x->weight * st->count;
	}
	return true;
}

enum err scan_run(const struct ruleset *r, const struct surfaces *s, const struct scan_options *options,
		  struct arena *a, struct scan_result *out, struct error *e)
{
	const struct scan_options *o = options != NULL ? options : &no_options;
	struct scan c = { .r = r, .s = s, .o = o, .arena = a, .out = out };
	size_t rules = ruleset_count(r);

	*out = (struct scan_result){ 0 };
	if (!prepare(&c))
		return err_nomem(e);
	for (size_t i = 0; i < rules; i++) {
		const struct rule *x = ruleset_rule(r, i);

		c.state[i].off =
		    !o->dormant_too && (x->mode == CF_DORMANT || (x->expires_ms != 0 && o->now_ms >= x->expires_ms));
	}
	pattern_meter_start(&c.meter, o->budget_us > 0 ? o->budget_us : SCAN_BUDGET_US,
			    o->rule_budget_us > 0 ? o->rule_budget_us : SCAN_RULE_BUDGET_US);
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
	out->over_budget = c.meter.spent;
	out->windows = c.meter.windows;
	out->values = c.values;
	out->cpu_us = pattern_meter_cpu_us(&c.meter);
	if (!collect(&c) || arena_failed(a))
		return err_nomem(e);
	return ERR_OK;
}
