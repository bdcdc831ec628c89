#include "spam/own_site.h"

#include <string.h>

#include "spam/domains.h"
#include "spam/fold.h"
#include "spam/pattern.h"
#include "spam/scan.h"

enum { ARENA_BYTES = 64 << 20, BUDGET_US = 1000000 };

static bool is_list(const char *file)
{
	size_t n = strlen(file);

	return n > 5 && strcmp(file + n - 5, ".list") == 0;
}

/* The host is the domain, or below it. */
static bool below(struct slice host, struct slice domain)
{
	char lower[256];

	if (host.len < domain.len || host.len > sizeof(lower))
		return false;
	fold_bytes(host, lower);
	return memcmp(lower + host.len - domain.len, domain.ptr, domain.len) == 0 &&
	       (host.len == domain.len || lower[host.len - domain.len - 1] == '.');
}

static enum err blocks(struct arena *a, const struct cf_item *x, struct slice url, struct pattern_meter *meter, bool *yes, struct error *e)
{
	struct pattern_match m;
	struct pattern *p;
	struct slice text;
	int64_t cpu_us = 0;
	size_t at;
	enum err err;

	*yes = false;
	if (x->verb == CF_LIST_DOMAIN) {
		*yes = !x->domain.allow && below(domains_host(url), x->domain.domain);
		return ERR_OK;
	}
	if (x->verb != CF_LIST_PATTERN || x->allow)
		return ERR_OK;
	if ((err = pattern_perl_braces(a, x->pattern.pattern, &text, e)) || (err = pattern_compile(text, x->pattern.flags, &p, &at, e)))
		return err;
	*yes = pattern_run(p, url, 0, false, meter, &cpu_us, &m) == PATTERN_HIT;
	pattern_unref(&p);
	return ERR_OK;
}

/* The lines of one list that block the address. */
static enum err name_lines(struct arena *a, const struct cf_source *source, struct slice url, struct cf_errors *errs, struct error *e)
{
	struct pattern_meter meter;
	struct cf_errors known; /* the generation was built from this: nothing is wrong with it */
	struct cf_tree tree = { .count = 0 };
	enum err err;

	cf_errors_init(&known);
	pattern_meter_start(&meter, BUDGET_US, BUDGET_US);
	err = cf_parse(a, source, 1, &tree, &known, e);
	for (size_t i = 0; !err && i < tree.count; i++) {
		bool yes;

		err = blocks(a, &tree.items[i], url, &meter, &yes, e);
		if (!err && yes)
			cf_errors_add(errs, false, tree.items[i].file, tree.items[i].line, tree.items[i].column,
				      "this line would block the site itself, %.*s: take it out, or put the site on an allow list", SLICE_ARG(url));
	}
	cf_tree_fini(&tree);
	cf_errors_fini(&known);
	return err;
}

static enum err check_one(struct arena *a, const struct ruleset *r, const struct cf_source *sources, size_t count, struct slice url, struct cf_errors *errs,
			  struct error *e)
{
	struct scan_options options = { .dormant_too = true, .budget_us = BUDGET_US };
	struct surface_input in = { .uris = &url, .uri_count = 1, .links = &url, .link_count = 1 };
	struct surfaces s;
	struct scan_result found;
	enum err err = surface_build(a, &in, &s, e);

	if (!err)
		err = scan_run(r, &s, &options, a, &found, e);
	for (size_t i = 0; !err && i < ruleset_count(r); i++)
		for (size_t k = 0; !err && found.values[i] != 0 && is_list(ruleset_rule(r, i)->file) && k < count; k++)
			if (slice_is(sources[k].name, ruleset_rule(r, i)->file))
				err = name_lines(a, &sources[k], url, errs, e);
	return err;
}

enum err own_site_check(const struct ruleset *r, const struct cf_source *sources, size_t count, const struct slice *urls, size_t url_count,
			struct cf_errors *errs, struct error *e)
{
	struct arena *a = arena_new(ARENA_BYTES);
	enum err err = a ? ERR_OK : err_nomem(e);

	for (size_t i = 0; !err && i < url_count; i++) {
		err = check_one(a, r, sources, count, urls[i], errs, e);
		arena_reset(a);
	}
	arena_free(&a);
	return err;
}
