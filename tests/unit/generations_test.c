/*
 * Generations: an edit compiles what it changed and nothing else, and compiled code goes with the last generation that uses
 * it, never under a thread that scans. Under AddressSanitizer and ThreadSanitizer this is the proof.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "spam/scan.h"

enum { RULES = 2000, EDITED = 700, SWAPS = 200, THREADS = 4 };

/* Phrases, pairs with something between, and patterns of Unicode; rule EDITED says what `edit` is. */
static struct ruleset *build(unsigned rules, unsigned edit, struct ruleset *previous)
{
	struct ruleset_options o = { .known.previous = previous };
	struct cf_source source = { SLICE("a.cf"), SLICE_NONE };
	struct ruleset *r = NULL;
	struct cf_errors errs;
	struct error e;
	struct str cf;

	str_init(&cf, 1 << 20);
	for (unsigned i = 0; i < rules; i++)
		if (i == EDITED % rules)
			str_addf(&cf, "body R%u /edit number %u\\b/i\n", i, edit);
		else if (i % 3 == 0)
			str_addf(&cf, "body R%u /word%u (?:one|two) x/i\n", i, i);
		else if (i % 3 == 1)
			str_addf(&cf, "body R%u /plain%u/\n", i, i);
		else
			str_addf(&cf, "body R%u /w\xc3\xb6rt%u.{1,9}ende/i\ntflags R%u utf\n", i, i, i);
	source.text = str_slice(&cf);
	cf_errors_init(&errs);
	assert_int_equal(ruleset_build(&source, 1, &o, &r, &errs, &e), ERR_OK);
	cf_errors_fini(&errs);
	str_fini(&cf);
	return r;
}

static size_t hits(struct arena *a, const struct ruleset *r, const char *text)
{
	struct surface_input in = { .body = slice_of(text) };
	struct surfaces s;
	struct scan_result out;
	struct error e;

	if (surface_build(a, &in, &s, &e) != ERR_OK || scan_run(r, &s, NULL, a, &out, &e) != ERR_OK)
		return SIZE_MAX;
	return out.hit_count;
}

static int64_t cost_of(const struct ruleset *r, const char *rule)
{
	return ruleset_cost(r, (size_t)ruleset_find(r, slice_of(rule))).ns;
}

/* Patterns that were run, and no others, only in texts that are timed; an edit begins anew for its rule alone. */
static void costs_are_those_of_timed_texts(void **state)
{
	struct surface_input in = { .body = SLICE("edit number 1; Word300 two x, Word300 one") };
	struct ruleset *old = build(RULES, 1, NULL), *r;
	struct arena *a = arena_new(8 << 20);
	struct scan_result out;
	struct surfaces s;
	struct error e;

	(void)state;
	assert_int_equal(surface_build(a, &in, &s, &e), ERR_OK);
	assert_int_equal(scan_run(old, &s, NULL, a, &out, &e), ERR_OK);
	assert_int_equal(cost_of(old, "R300"), 0);
	for (int i = 0; i < 200; i++) {
		ruleset_timed(old);
		assert_int_equal(scan_run(old, &s, &(struct scan_options){ .timed = true }, a, &out, &e), ERR_OK);
		arena_reset(a);
		assert_int_equal(surface_build(a, &in, &s, &e), ERR_OK);
	}
	assert_true(cost_of(old, "R300") > 0 && cost_of(old, "R700") > 0);
	assert_int_equal(cost_of(old, "R303"), 0);
	assert_int_equal(ruleset_cost(old, 300).texts, 200);
	r = build(RULES, 2, old);
	assert_int_equal(cost_of(r, "R300"), cost_of(old, "R300"));
	assert_true(ruleset_cost_us(r, 300) > 0);
	assert_int_equal(cost_of(r, "R700"), 0);
	ruleset_timed(r);
	assert_int_equal(ruleset_cost(r, 300).texts, 201);
	assert_int_equal(ruleset_cost(r, 700).texts, 1);
	ruleset_unref(&old);
	ruleset_unref(&r);
	arena_free(&a);
}

static void an_edit_compiles_only_itself(void **state)
{
	struct ruleset *old = build(RULES, 1, NULL), *r = build(RULES, 2, old);
	const struct probe_set *before = ruleset_probes(old, SURFACE_BODY), *after = ruleset_probes(r, SURFACE_BODY);
	struct arena *a = arena_new(8 << 20);

	(void)state;
	assert_int_equal(before->count, RULES);
	assert_int_equal(after->count, RULES);
	for (size_t i = 0; i < RULES; i++)
		assert_int_equal(before->list[i].pattern == after->list[i].pattern, i != EDITED);
	assert_int_equal(ruleset_figures(r).reused, RULES - 1);
	/* What the new one took over, its index too, does not need the old one. */
	ruleset_unref(&old);
	assert_int_equal(hits(a, r, "Word300 two X, plain301, w\xc3\x96rt302 und ENDE; edit number 1"), 3);
	assert_int_equal(hits(a, r, "Word300 two X, plain301, w\xc3\x96rt302 und ENDE; edit number 2"), 4);
	/* And back again, with nothing to take over. */
	old = build(RULES, 2, NULL);
	assert_string_equal(ruleset_name(old), ruleset_name(r));
	assert_int_equal(ruleset_figures(old).reused, 0);
	assert_int_equal(ruleset_figures(old).literals, ruleset_figures(r).literals);
	ruleset_unref(&old);
	ruleset_unref(&r);
	arena_free(&a);
}

/* One pointer that is swapped, as desk/rulebook has it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ruleset *serving;
static atomic_bool stopping;

static struct ruleset *pin(void)
{
	struct ruleset *r;

	pthread_mutex_lock(&lock);
	r = ruleset_ref(serving);
	pthread_mutex_unlock(&lock);
	return r;
}

static void *scan_on(void *arg)
{
	struct arena *a = arena_new(8 << 20);
	size_t *wrong = arg;

	while (!atomic_load(&stopping)) {
		struct ruleset *r = pin();

		*wrong += hits(a, r, "word9 one x and plain10 and w\xc3\xb6rt11 am ende") != 3;
		arena_reset(a);
		ruleset_unref(&r);
	}
	arena_free(&a);
	return NULL;
}

static void generations_are_swapped_under_scans(void **state)
{
	size_t wrong[THREADS] = { 0 };
	pthread_t t[THREADS];

	(void)state;
	serving = build(30, 0, NULL);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, scan_on, &wrong[i]), 0);
	for (unsigned i = 1; i <= SWAPS; i++) {
		/* Every tenth takes nothing over, so that code which is being run loses its last generation. */
		struct ruleset *next = build(30, i, i % 10 == 0 ? NULL : serving), *old;

		pthread_mutex_lock(&lock);
		old = serving;
		serving = next;
		pthread_mutex_unlock(&lock);
		ruleset_unref(&old);
	}
	atomic_store(&stopping, true);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(wrong[i], 0);
	}
	ruleset_unref(&serving);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(costs_are_those_of_timed_texts),
		cmocka_unit_test(an_edit_compiles_only_itself),
		cmocka_unit_test(generations_are_swapped_under_scans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
