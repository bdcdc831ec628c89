#include "spam/selftest.h"

#include <string.h>

#include "spam/fold.h"
#include "spam/scan.h"

enum { TEST_ARENA_BYTES = 64 << 20, TEST_BUDGET_US = 1000000 };

/* What a rule is defined by, for the surface its tests feed. */
static const struct cf_item *definition(const struct cf_tree *tree, struct slice name)
{
	const struct cf_item *found = NULL;

	for (size_t i = 0; i < tree->count; i++) {
		const struct cf_item *x = &tree->items[i];

		if ((x->verb == CF_PATTERN || x->verb == CF_EXISTS || x->verb == CF_EVAL || x->verb == CF_META ||
		     x->verb == CF_LIST_PATTERN || x->verb == CF_LIST_DOMAIN) &&
		    slice_eq(x->name, name))
			found = x;
	}
	return found;
}

static enum err prepare_plain(struct arena *a, struct slice text, struct surface_input *out, struct error *e)
{
	char *lower = arena_alloc(a, text.len + 1);

	if (lower == NULL)
		return err_nomem(e);
	fold_bytes(text, lower);
	*out = (struct surface_input){ .body = text,
				       .norm = slice_make(lower, text.len),
				       .skel = slice_make(lower, text.len) };
	return ERR_OK;
}

static enum err run_one(const struct ruleset *r, const struct cf_item *test, const struct cf_item *rule, size_t index,
			const struct ruleset_options *o, struct arena *a, struct cf_errors *errs, struct error *e)
{
	struct scan_options options = { .dormant_too = true, .budget_us = TEST_BUDGET_US };
	struct surface_input in = { 0 };
	struct surface_field field = { SLICE_NONE, SLICE_NONE };
	struct surfaces s;
	struct scan_result result;
	enum err err = o->prepare != NULL ? o->prepare(a, test->test.text, &in, o->ctx, e)
					  : prepare_plain(a, test->test.text, &in, e);
	bool url = rule->verb == CF_LIST_PATTERN || rule->verb == CF_LIST_DOMAIN ||
		   (rule->verb == CF_PATTERN && rule->pattern.surface == SURFACE_URI);

	if (err != ERR_OK)
		return err;
	if (url) {
		in.uris = in.links = &test->test.text;
		in.uri_count = in.link_count = 1;
	} else if ((rule->verb == CF_PATTERN && rule->pattern.surface == SURFACE_HEADER) || rule->verb == CF_EXISTS) {
		bool subject = slice_is(rule->pattern.field, "Subject");

		field = (struct surface_field){ rule->pattern.field, test->test.text };
		in.title = subject ? test->test.text : SLICE_NONE;
		in.fields = &field;
		in.field_count = !subject;
	}
	err = surface_build(a, &in, &s, e);
	if (err == ERR_OK)
		err = scan_run(r, &s, &options, a, &result, e);
	if (err != ERR_OK)
		return err;
	for (size_t i = 0; i < result.error_count; i++)
		if (result.errors[i].rule == index) {
			cf_errors_add(
			    errs, false, test->file, test->line, test->column,
			    "%.*s cannot be run to its end on the text of its own test: the pattern is too slow",
			    SLICE_ARG(test->name));
			return ERR_OK;
		}
	if ((result.values[index] != 0) != test->test.ok)
		cf_errors_add(errs, false, test->file, test->line, test->column,
			      test->test.ok ? "%.*s does not hit the text of its own test"
					    : "%.*s hits the text of its own test, which says it must not",
			      SLICE_ARG(test->name));
	return ERR_OK;
}

enum err selftest_run(const struct ruleset *r, const struct cf_tree *tree, const struct ruleset_options *options,
		      struct cf_errors *errs, size_t *run, struct error *e)
{
	struct arena *a = arena_new(TEST_ARENA_BYTES);
	enum err err = a != NULL ? ERR_OK : err_nomem(e);

	*run = 0;
	for (size_t i = 0; i < tree->count && err == ERR_OK; i++) {
		const struct cf_item *test = &tree->items[i], *rule;
		long index;

		if (test->verb != CF_TEST)
			continue;
		index = ruleset_find(r, test->name);
		rule = definition(tree, test->name);
		if (index < 0 || rule == NULL || !ruleset_enabled(r, (size_t)index))
			continue;
		err = run_one(r, test, rule, (size_t)index, options, a, errs, e);
		*run += 1;
		arena_reset(a);
	}
	arena_free(&a);
	return err;
}
