#include "spam/selftest.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/together.h"
#include "spam/compose.h"
#include "spam/expr.h"
#include "spam/fold.h"
#include "spam/scan.h"

enum {
	TEST_ARENA_BYTES = 64 << 20,
	TEST_BUDGET_US = 1000000,
	/* A longer text might need more than the stack that machine code has, which an interpreter's run would not tell. */
	INTERPRETED_BYTES = 2048,
	CHUNK = 16 /* tests that a thread takes at a time */
};

/* What a rule stands on: itself and, of a meta, all that it speaks of. */
struct needed {
	const struct ruleset *r;
	bool *rules;    /* one for each rule */
	uint32_t *list; /* the rules that are marked */
	size_t count;
};

static enum err needed_new(struct needed *n, const struct ruleset *r, struct error *e)
{
	n->r = r;
	n->rules = calloc(r->count + 1, sizeof(*n->rules));
	n->list = calloc(r->count + 1, sizeof(*n->list));
	return n->rules != NULL && n->list != NULL ? ERR_OK : err_nomem(e);
}

static void needed_end(struct needed *n)
{
	free(n->rules);
	free(n->list);
}

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
	if (n->count > 0 && n->list[0] == rule)
		return;
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

/* One test line of a rule that takes part. */
struct job {
	const struct cf_item *test;
	size_t rule;
	bool passed; /* without machine code */
};

struct jobs {
	const struct ruleset *r;
	const struct ruleset_options *options;
	struct job *list;
	size_t count;
	atomic_size_t next;
	atomic_flag failed;
	enum err err; /* of the first thread that failed */
	struct error e;
};

/* What a run of one saw. */
struct seen {
	bool hit, trouble; /* trouble: it could not be run to its end */
};

static enum err run_one(const struct jobs *j, const struct job *job, const bool *needed, bool interpreted, struct arena *a, struct seen *seen, struct error *e)
{
	const struct ruleset_options *o = j->options;
	const struct cf_item *test = job->test, *rule = j->r->rules[job->rule].test_item;
	struct scan_options options = { .dormant_too = true, .only = needed, .interpreted = interpreted, .budget_us = TEST_BUDGET_US };
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
		err = scan_run(j->r, &s, &options, a, &result, e);
	if (err != ERR_OK)
		return err;
	*seen = (struct seen){ result.values[job->rule] != 0, in_trouble(&result, job->rule) };
	return ERR_OK;
}

/* One thread's share of the jobs, without machine code. */
static void work_on(void *ctx)
{
	struct jobs *j = ctx;
	struct arena *a = arena_new(TEST_ARENA_BYTES);
	struct needed needed = { 0 };
	struct error e;
	enum err err = a != NULL ? needed_new(&needed, j->r, &e) : err_nomem(&e);

	for (size_t from; err == ERR_OK && (from = atomic_fetch_add(&j->next, CHUNK)) < j->count;)
		for (size_t i = from; i < j->count && i < from + CHUNK && err == ERR_OK; i++) {
			struct job *job = &j->list[i];
			struct seen seen;

			if (job->test->test.text.len > INTERPRETED_BYTES)
				continue;
			need_of(&needed, job->rule);
			err = run_one(j, job, needed.rules, true, a, &seen, &e);
			job->passed = err == ERR_OK && !seen.trouble && seen.hit == job->test->test.ok;
			arena_reset(a);
		}
	if (err != ERR_OK && !atomic_flag_test_and_set(&j->failed)) {
		j->err = err;
		j->e = e;
	}
	needed_end(&needed);
	arena_free(&a);
}

/* What did not pass is run as a visitor's text would be, and that counts. Alone: this makes machine code, beside which nobody may run the pattern without. */
static enum err run_doubtful(const struct jobs *j, struct cf_errors *errs, struct error *e)
{
	struct arena *a = arena_new(TEST_ARENA_BYTES);
	struct needed needed = { 0 };
	enum err err = a != NULL ? needed_new(&needed, j->r, e) : err_nomem(e);

	for (size_t i = 0; i < j->count && err == ERR_OK; i++) {
		const struct job *job = &j->list[i];
		const struct cf_item *test = job->test;
		struct seen seen;

		if (job->passed)
			continue;
		need_of(&needed, job->rule);
		err = run_one(j, job, needed.rules, false, a, &seen, e);
		arena_reset(a);
		if (err == ERR_OK && seen.trouble)
			cf_errors_add(errs, false, test->file, test->line, test->column,
				      "%.*s cannot be run to its end on the text of its own test: the pattern is too slow",
				      SLICE_ARG(test->name));
		else if (err == ERR_OK && seen.hit != test->test.ok)
			cf_errors_add(errs, false, test->file, test->line, test->column,
				      test->test.ok ? "%.*s does not hit the text of its own test"
						    : "%.*s hits the text of its own test, which says it must not",
				      SLICE_ARG(test->name));
	}
	needed_end(&needed);
	arena_free(&a);
	return err;
}

enum err selftest_run(const struct ruleset *r, const struct cf_tree *tree, const struct ruleset_options *options,
		      struct cf_errors *errs, size_t *run, struct error *e)
{
	struct jobs jobs = { .r = r, .options = options, .list = calloc(tree->count + 1, sizeof(*jobs.list)), .failed = ATOMIC_FLAG_INIT };
	enum err err = jobs.list != NULL ? ERR_OK : err_nomem(e);

	for (size_t i = 0; i < tree->count && err == ERR_OK; i++) {
		long rule = tree->items[i].verb == CF_TEST ? ruleset_find(r, tree->items[i].name) : -1;

		if (rule >= 0 && !r->rules[rule].disabled)
			jobs.list[jobs.count++] = (struct job){ .test = &tree->items[i], .rule = (size_t)rule };
	}
	*run = jobs.count;
	if (err == ERR_OK) {
		together(jobs.count / CHUNK, work_on, &jobs);
		err = jobs.err;
		if (err != ERR_OK && e != NULL)
			*e = jobs.e;
	}
	if (err == ERR_OK)
		err = run_doubtful(&jobs, errs, e);
	free(jobs.list);
	return err;
}
