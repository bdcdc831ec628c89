#include "cli/rules_bench.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/rules_lines.h"
#include "spam/bayes.h"
#include "spam/features.h"
#include "spam/judge.h"

enum { ARENA_BYTES = 64 << 20, TEXTS_MAX = 1 << 20, SLOWEST = 20 };

enum stage { READING, RULES, SAMENESS, WORDS, JUDGING, WHOLE, STAGES };
static const char *const stages[STAGES] = { "reading", "rules", "sameness", "words", "judging", "whole" };

struct benching {
	struct arena *a;
	const struct ruleset *rules;
	struct crypt_key key;
	int64_t us[STAGES];
	int32_t *each;
	size_t texts, room;
};

/* What the whole did, once more step by step. */
static enum err time_steps(struct benching *b, const struct submission *in, const struct features *f, struct error *e)
{
	char lang[LANGUAGE_BYTES];
	struct bayes_text words;
	struct features *again;
	struct twin_keys twin;
	struct shape shape;
	struct slice norm;
	int64_t at = clock_thread_us(), then;
	enum err err = features_text(b->a, b->rules, in, &norm, &shape, e);

	if (err)
		return err;
	b->us[READING] += (then = clock_thread_us()) - at;
	twin_read(norm, &twin);
	b->us[SAMENESS] += (at = clock_thread_us()) - then;
	if (language_of(norm, lang) && (err = bayes_read(b->a, norm, &shape, &b->key, lang, &words, e)))
		return err;
	b->us[WORDS] += clock_thread_us() - at;
	b->us[RULES] += f->cpu_us;
	/* For itself, because looking at the clock makes it slower. */
	return spam_features(b->a, b->rules, in, &(struct features_options){ .timed = true }, &again, e);
}

static enum err time_line(void *ctx, const struct labelled *l, struct error *e)
{
	const struct judge_options jo = judge_defaults();
	struct benching *b = ctx;
	struct features *f;
	struct verdict *v;
	struct facts facts;
	int64_t from, read, end;
	enum err err;

	if (b->texts == TEXTS_MAX)
		return ERR_OK;
	if (b->texts == b->room) {
		size_t room = b->room ? b->room * 2 : 1024;
		int32_t *more = realloc(b->each, room * sizeof(*more));
		if (!more)
			return err_nomem(e);
		b->each = more;
		b->room = room;
	}
	facts_init(&facts);
	from = clock_thread_us();
	if ((err = spam_features(b->a, b->rules, &l->in, NULL, &f, e)))
		return err;
	read = clock_thread_us();
	if ((err = spam_judge(b->a, f, &facts, &jo, &v, e)))
		return err;
	end = clock_thread_us();
	b->us[JUDGING] += end - read;
	b->us[WHOLE] += end - from;
	b->each[b->texts++] = (int32_t)(end - from);
	err = time_steps(b, &l->in, f, e);
	arena_reset(b->a);
	return err;
}

static int by_size(const void *a, const void *b)
{
	return *(const int32_t *)a < *(const int32_t *)b ? -1 : *(const int32_t *)a > *(const int32_t *)b;
}

struct priced {
	const char *rule;
	double us;
};

static int by_price(const void *a, const void *b)
{
	const struct priced *x = a, *y = b;
	return x->us > y->us ? -1 : x->us < y->us ? 1 : strcmp(x->rule, y->rule);
}

/* [{"rule","us"}] of all that cost anything, slowest first. */
static enum err price_rules(const struct ruleset *rules, struct jv **out, struct error *e)
{
	struct priced *list = calloc(ruleset_count(rules) + 1, sizeof(*list));
	size_t n = 0;

	if (!list)
		return err_nomem(e);
	for (size_t i = 0; i < ruleset_count(rules); i++)
		if (ruleset_cost(rules, i).ns > 0)
			list[n++] = (struct priced){ ruleset_rule(rules, i)->name, ruleset_cost_us(rules, i) };
	qsort(list, n, sizeof(*list), by_price);
	*out = jv_array();
	for (size_t i = 0; i < n; i++)
		jv_push(*out, jv_set(jv_set_string(jv_object(), "rule", list[i].rule), "us", jv_real(list[i].us)));
	free(list);
	return *out ? ERR_OK : err_nomem(e);
}

enum err rules_bench(const struct ruleset *rules, struct slice jsonl, struct jv **out, struct error *e)
{
	struct benching b = { .a = arena_new(ARENA_BYTES), .rules = rules };
	struct jv *us = jv_object(), *priced = NULL, *v;
	enum err err = b.a ? ERR_OK : err_nomem(e);

	crypt_random(b.key.bytes, sizeof(b.key.bytes));
	if (!err)
		err = rules_lines(jsonl, time_line, &b, rules_lines_bar(), e);
	if (!err && !b.texts)
		err = err_set(e, ERR_INVALID, "There is no text in that file.");
	if (!err)
		err = price_rules(rules, &priced, e);
	if (!err)
		qsort(b.each, b.texts, sizeof(*b.each), by_size);
	for (int i = 0; i < STAGES && !err; i++)
		jv_set(us, stages[i], jv_real((double)b.us[i] / (double)b.texts));
	v = jv_set(jv_set_int(jv_object(), "texts", (int64_t)b.texts), "us", us);
	jv_set(v, "rules", priced);
	if (!err) {
		jv_set_int(v, "median_us", b.each[b.texts / 2]);
		jv_set_int(v, "p99_us", b.each[b.texts * 99 / 100]);
		jv_set_int(v, "worst_us", b.each[b.texts - 1]);
	}
	free(b.each);
	arena_free(&b.a);
	if (!err && !v)
		err = err_nomem(e);
	if (err)
		jv_free(&v);
	else
		*out = v;
	return err;
}

void rules_bench_print(const struct jv *result, FILE *to)
{
	const struct jv *us = jv_get(result, "us"), *rules = jv_get(result, "rules");

	fprintf(to, "%lld texts, microseconds of CPU a text\n", (long long)jv_int_of(jv_get(result, "texts")));
	for (int i = 0; i < STAGES; i++)
		fprintf(to, "%-10s %8.1f\n", stages[i], jv_real_of(jv_get(us, stages[i])));
	fprintf(to, "median %lld, 99 of 100 within %lld, the worst %lld\n", (long long)jv_int_of(jv_get(result, "median_us")),
		(long long)jv_int_of(jv_get(result, "p99_us")), (long long)jv_int_of(jv_get(result, "worst_us")));
	fprintf(to, "the slowest of %zu rules with patterns that were tried, microseconds a text:\n", jv_size(rules));
	for (size_t i = 0; i < jv_size(rules) && i < SLOWEST; i++) {
		struct slice name = jv_get_text(jv_at(rules, i), "rule");
		fprintf(to, "%-32.*s %8.2f\n", SLICE_ARG(name), jv_real_of(jv_get(jv_at(rules, i), "us")));
	}
}
