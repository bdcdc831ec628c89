#include "spam/selftest.h"

#include <stdlib.h>
#include <string.h>

#include "spam/compose.h"
#include "spam/expr.h"
#include "spam/fold.h"
#include "spam/scan.h"

enum {
	TEST_ARENA_BYTES = 64 << 20,
	TEST_BUDGET_US = 1000000,
	/* A longer text might need more than the stack that machine code has, which an interpreter's run would not tell. */
	INTERPRETED_BYTES = 2048
};

/* What a rule stands on: itself and, of a meta, all that it speaks of. */
struct needed {
	const struct ruleset *r;
	bool *rules;    /* one for each rule */
	uint32_t *list; /* the rules that are marked */
	size_t count;
};

static void need(size_t rule, void *ctx)
{
	struct needed *n = ctx;

	if (n->rules[rule])
		return;
	n->rules[rule] = true;
	n->list[n->count++] = (uint32_t)rule;
}

static void need_of(struct needed *n, size_t rule)
{
	while (n->count > 0)
		n->rules[n->list[--n->count]] = false;
	need(rule, n);
	for (size_t i = 0; i < n->count; i++)
		if (n->r->rules[n->list[i]].expression != NULL)
			expr_variables(n->r->rules[n->list[i]].expression, need, n);
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

static bool in_trouble(const struct scan_result *result, size_t rule)
{
	for (size_t i = 0; i < result->error_count; i++)
		if (result->errors[i].rule == rule)
			return true;
	return false;
}

static enum err run_one(const struct ruleset *r, const struct cf_item *test, size_t index, const bool *needed,
			const struct ruleset_options *o, struct arena *a, struct cf_errors *errs, struct error *e)
{
	struct scan_options options = { .dormant_too = true,
					.only = needed,
					.interpreted = test->test.text.len <= INTERPRETED_BYTES,
					.budget_us = TEST_BUDGET_US };
	const struct cf_item *rule = r->rules[index].test_item;
	struct surface_input in = { 0 };
	struct surface_field field = { SLICE_NONE, SLICE_NONE };
	struct surfaces s;
	struct scan_result result;
	enum err err = o->prepare != NULL ? o->prepare(a, test->test.text, &in, o->ctx, e)
					  : prepare_plain(a, test->test.text, &in, e);
	bool url = rule->verb == CF_LIST_PATTERN || rule->verb == CF_LIST_DOMAIN ||
		   (rule->verb == CF_PATTERN && rule->pattern.surface == SURFACE_URI);
	bool trouble;

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
	trouble = err == ERR_OK && in_trouble(&result, index);
	/* What would fail is judged as it will be run. */
	if (err == ERR_OK && options.interpreted && (trouble || (result.values[index] != 0) != test->test.ok)) {
		options.interpreted = false;
		err = scan_run(r, &s, &options, a, &result, e);
		trouble = err == ERR_OK && in_trouble(&result, index);
	}
	if (err != ERR_OK)
		return err;
	if (trouble)
		cf_errors_add(errs, false, test->file, test->line, test->column,
			      "%.*s cannot be run to its end on the text of its own test: the pattern is too slow",
			      SLICE_ARG(test->name));
	else if ((result.values[index] != 0) != test->test.ok)
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
	struct needed needed = { .r = r,
				 .rules = calloc(r->count + 1, sizeof(*needed.rules)),
				 .list = calloc(r->count + 1, sizeof(*needed.list)) };
	enum err err = a != NULL && needed.rules != NULL && needed.list != NULL ? ERR_OK : err_nomem(e);
	long last = -1;

	*run = 0;
	for (size_t i = 0; i < tree->count && err == ERR_OK; i++) {
		const struct cf_item *test = &tree->items[i];
		long index;

		if (test->verb != CF_TEST)
			continue;
		index = ruleset_find(r, test->name);
		if (index < 0 || r->rules[index].disabled)
			continue;
		if (index != last)
			need_of(&needed, (size_t)index);
		last = index;
		err = run_one(r, test, (size_t)index, needed.rules, options, a, errs, e);
		*run += 1;
		arena_reset(a);
	}
	free(needed.rules);
	free(needed.list);
	arena_free(&a);
	return err;
}
