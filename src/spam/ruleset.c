#include "spam/ruleset.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypt.h"
#include "base/str.h"
#include "spam/compose.h"
#include "spam/domains.h"
#include "spam/fold.h"
#include "spam/grams.h"
#include "spam/idle.h"
#include "spam/pattern.h"
#include "spam/selftest.h"

enum { GENERATION_BYTES_MAX = 1 << 30 }; /* parse tree, texts and tables of one generation */

static const struct ruleset_options no_options;

/* ---- building -------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct cf_source *x = *(const struct cf_source *const *)a, *y = *(const struct cf_source *const *)b;
	size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
	int c = n > 0 ? memcmp(x->name.ptr, y->name.ptr, n) : 0;

	return c != 0 ? c : x->name.len < y->name.len ? -1 : x->name.len > y->name.len;
}

/* SHA-256 over "name hash-of-text\n" of each file, by name: 16 hex digits of it. */
static enum err name_generation(struct ruleset *r, const struct cf_source *sources, size_t count, struct error *e)
{
	const struct cf_source **order = arena_array(r->arena, count + 1, sizeof(struct cf_source *));
	struct str all;
	struct crypt_hash h;

	if (order == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < count; i++)
		order[i] = &sources[i];
	qsort(order, count, sizeof(struct cf_source *), by_name);
	str_init(&all, 1 << 20);
	for (size_t i = 0; i < count; i++) {
		char hex[CRYPT_HEX_BYTES(CRYPT_HASH_BYTES)];

		h = crypt_sha256(order[i]->text);
		str_add(&all, order[i]->name);
		str_addf(&all, " %s\n", crypt_hex(h.bytes, sizeof(h.bytes), hex));
	}
	h = crypt_sha256(str_slice(&all));
	crypt_hex(h.bytes, (RULESET_NAME_BYTES - 1) / 2, r->name);
	if (str_failed(&all)) {
		str_fini(&all);
		return err_nomem(e);
	}
	str_fini(&all);
	return ERR_OK;
}

static enum err take_over_costs(struct ruleset *r, const struct ruleset *previous, struct error *e)
{
	long long timed = previous != NULL ? atomic_load(previous->timed) : 0;

	r->timed = ARENA_NEW(r->arena, atomic_llong);
	r->costs = arena_array(r->arena, r->count + 1, sizeof(*r->costs));
	if (r->timed == NULL || r->costs == NULL)
		return err_nomem(e);
	atomic_init(r->timed, timed);
	for (size_t i = 0; i < r->count; i++) {
		long at = previous != NULL ? ruleset_find(previous, r->rules[i].name) : -1;
		bool same = at >= 0 && previous->rules[at].rule.version == r->rules[i].rule.version;

		atomic_init(&r->costs[i].ns, same ? atomic_load(&previous->costs[at].ns) : 0);
		r->costs[i].before = same ? previous->costs[at].before : timed;
	}
	return ERR_OK;
}

/* The tree goes when the generation is built. */
static enum err keep_definitions(struct ruleset *r, struct error *e)
{
	for (size_t i = 0; i < r->count; i++) {
		struct cf_item *own = ARENA_NEW(r->arena, struct cf_item);

		if (own == NULL)
			return err_nomem(e);
		*own = *r->rules[i].test_item;
		r->rules[i].test_item = own;
		r->rules[i].first_use = NULL;
	}
	return ERR_OK;
}

enum err ruleset_build(const struct cf_source *sources, size_t count, const struct ruleset_options *options,
		       struct ruleset **out, struct cf_errors *errs, struct error *e)
{
	const struct ruleset_options *o = options != NULL ? options : &no_options;
	struct ruleset *r = calloc(1, sizeof(*r));
	size_t errors = errs->errors;
	struct cf_tree tree = { .count = 0 };
	enum err err;

	*out = NULL;
	if (r == NULL)
		return err_nomem(e);
	atomic_init(&r->refs, 1);
	r->arena = arena_new(GENERATION_BYTES_MAX);
	r->domains = domains_new();
	r->allowed = domains_new();
	if (r->arena == NULL || r->domains == NULL || r->allowed == NULL) {
		err = err_nomem(e);
		goto out;
	}
	err = name_generation(r, sources, count, e);
	if (err == ERR_OK)
		err = cf_parse(r->arena, sources, count, &tree, errs, e);
	if (err == ERR_OK)
		err = compose(r, &tree, o, errs, e);
	if (err == ERR_OK)
		err = idle_tell(r, &tree, o, errs, e);
	if (err == ERR_OK)
		err = take_over_costs(r, o->known.previous, e);
	/* A set with errors is refused anyhow; its tests would only repeat them. */
	if (err == ERR_OK && errs->errors == errors && !(o->known.proven != NULL && strcmp(o->known.proven, r->name) == 0))
		err = selftest_run(r, &tree, o, errs, &r->tests, e);
	if (err == ERR_OK)
		err = keep_definitions(r, e);
	if (err == ERR_OK && errs->errors > errors)
		err = err_set(e, ERR_INVALID, "the rules have %zu error%s", errs->errors - errors,
			      errs->errors - errors == 1 ? "" : "s");
out:
	cf_tree_fini(&tree);
	if (err != ERR_OK)
		ruleset_unref(&r);
	*out = r;
	return err;
}

struct ruleset *ruleset_ref(struct ruleset *r)
{
	atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	return r;
}

void ruleset_unref(struct ruleset **rp)
{
	struct ruleset *r = *rp;

	*rp = NULL;
	if (r == NULL || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < r->patterns_size && r->patterns != NULL; i++)
		pattern_unref(&r->patterns[i].pattern);
	for (size_t s = 0; s < SURFACE_COUNT; s++) {
		grams_free(&r->probes[s].bytes);
		grams_free(&r->probes[s].utf);
		grams_free(&r->probes[s].outlines);
	}
	grams_free(&r->allow_probes.bytes);
	grams_free(&r->allow_probes.utf);
	grams_free(&r->allow_probes.outlines);
	domains_free(&r->domains);
	domains_free(&r->allowed);
	free(r->patterns);
	arena_free(&r->arena);
	free(r);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

long ruleset_find(const struct ruleset *r, struct slice name)
{
	if (r->names_size == 0)
		return -1;
	for (size_t at = compose_hash(name, 0) & (r->names_size - 1); r->names[at] != 0;
	     at = (at + 1) & (r->names_size - 1))
		if (slice_eq(r->rules[r->names[at] - 1].name, name))
			return (long)r->names[at] - 1;
	return -1;
}

const char *ruleset_name(const struct ruleset *r)
{
	return r->name;
}

size_t ruleset_count(const struct ruleset *r)
{
	return r->count;
}

const struct rule *ruleset_rule(const struct ruleset *r, size_t index)
{
	assert(index < r->count);
	return &r->rules[index].rule;
}

bool ruleset_enabled(const struct ruleset *r, size_t index)
{
	assert(index < r->count);
	return !r->rules[index].disabled;
}

static bool same_language(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		char x = a.ptr[i] == '_' ? '-' : a.ptr[i], y = b.ptr[i] == '_' ? '-' : b.ptr[i];

		if ((x | 0x20) != (y | 0x20))
			return false;
	}
	return true;
}

static const char *words_in(const struct entry *x, enum cf_verb verb, struct slice lang)
{
	struct slice base = lang;
	const struct slice tries[] = { lang, SLICE_NONE, SLICE(""), SLICE("en") };

	for (size_t i = 0; i < base.len; i++)
		if (base.ptr[i] == '-' || base.ptr[i] == '_')
			base.len = i;
	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++)
		for (const struct words *w = x->words; w != NULL; w = w->next)
			if (w->verb == verb && same_language(w->lang, i == 1 ? base : tries[i]))
				return w->text;
	return "";
}

const char *ruleset_describe(const struct ruleset *r, size_t index, struct slice lang)
{
	return words_in(&r->rules[index], CF_DESCRIBE, lang);
}

const char *ruleset_note(const struct ruleset *r, size_t index, struct slice lang)
{
	return words_in(&r->rules[index], CF_NOTE, lang);
}

struct ruleset_figures ruleset_figures(const struct ruleset *r)
{
	struct ruleset_figures f = { .rules = r->count,
				     .metas = r->meta_count,
				     .patterns = r->pattern_count,
				     .reused = r->reused,
				     .tests = r->tests,
				     .domains = domains_count(r->domains),
				     .allowed_domains = domains_count(r->allowed) };

	for (size_t s = 0; s < SURFACE_COUNT; s++) {
		const struct probe_set *p = &r->probes[s];
		const struct grams *index[] = { p->bytes, p->utf, p->outlines };

		for (size_t i = 0; i < p->count && s != SURFACE_HEADER; i++)
			f.always += p->list[i].kind == PROBE_PATTERN && !p->list[i].literal;
		for (size_t i = 0; i < 3; i++)
			if (index[i] != NULL) {
				f.literals += grams_count(index[i]);
				f.index_bytes += grams_bytes(index[i]);
			}
	}
	return f;
}

struct rule_cost ruleset_cost(const struct ruleset *r, size_t index)
{
	assert(index < r->count);
	return (struct rule_cost){ .texts = atomic_load(r->timed) - r->costs[index].before, .ns = atomic_load(&r->costs[index].ns) };
}

double ruleset_cost_us(const struct ruleset *r, size_t index)
{
	struct rule_cost c = ruleset_cost(r, index);

	return c.texts > 0 ? (double)c.ns / 1000 / (double)c.texts : 0;
}

void ruleset_timed(const struct ruleset *r)
{
	atomic_fetch_add_explicit(r->timed, 1, memory_order_relaxed);
}

void ruleset_spent(const struct ruleset *r, size_t index, int64_t ns)
{
	atomic_fetch_add_explicit(&r->costs[index].ns, ns, memory_order_relaxed);
}

const struct probe_set *ruleset_probes(const struct ruleset *r, enum surface s)
{
	return &r->probes[s];
}

const struct probe_set *ruleset_allow_probes(const struct ruleset *r)
{
	return &r->allow_probes;
}

const struct ruleset_meta *ruleset_metas(const struct ruleset *r, size_t *count)
{
	*count = r->meta_count;
	return r->metas;
}

const struct ruleset_waking *ruleset_waking(const struct ruleset *r)
{
	return &r->waking;
}

const struct domains *ruleset_domains(const struct ruleset *r)
{
	return r->domains;
}

static bool any(uint32_t value, struct slice domain, void *ctx)
{
	(void)value;
	(void)domain;
	(void)ctx;
	return true;
}

bool ruleset_host_allowed(const struct ruleset *r, struct slice host)
{
	char lower[256];

	if (host.len == 0 || host.len > sizeof(lower))
		return false;
	fold_bytes(host, lower);
	return domains_find(r->allowed, slice_make(lower, host.len), any, NULL);
}
