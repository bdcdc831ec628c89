#include "cli/rules_eval.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "cli/rules_lines.h"
#include "cli/rules_memory.h"
#include "spam/features.h"
#include "spam/judge.h"

enum { ARENA_BYTES = 64 << 20, EXAMPLES = 50, LANGS_MAX = 64 };

static struct jv *counters(void)
{
	struct jv *v = jv_object();

	for (int a = 0; a < ACTION_COUNT; a++)
		jv_set_int(v, action_name((enum action)a), 0);
	return v;
}

static void count(struct jv *v, enum action a)
{
	jv_set_int(v, action_name(a), jv_int_of(jv_get(v, action_name(a))) + 1);
}

static struct jv *language(struct jv *by_lang, struct slice lang)
{
	struct jv *v = jv_get_slice(by_lang, lang);
	char name[36];

	if (v)
		return v;
	if (lang.len >= sizeof(name) || jv_size(by_lang) >= LANGS_MAX)
		return NULL;
	memcpy(name, lang.ptr, lang.len);
	name[lang.len] = 0;
	jv_set(by_lang, name, jv_set(jv_set(jv_object(), "spam", counters()), "ham", counters()));
	return jv_get(by_lang, name);
}

static struct jv *example(int64_t line, struct slice lang, const struct verdict *v)
{
	struct jv *x = jv_set_int(jv_object(), "line", line), *rules = jv_array();

	jv_set_text(x, "lang", lang);
	jv_set_string(x, "action", action_name(v->action));
	jv_set(x, "score", jv_real(v->score));
	for (size_t i = 0; i < v->hit_count; i++)
		if (!v->hits[i].quiet)
			jv_push(rules, jv_text(v->hits[i].rule));
	return jv_set(x, "rules", rules);
}

static enum err judge_line(struct arena *a, const struct ruleset *rules, const struct labelled *l, const struct rules_eval_options *o, struct rules_memory *m,
	struct verdict **out, struct error *e)
{
	const struct features_options fo = { .no_builtin = o->no_builtin, .now_ms = clock_wall_ms() };
	const struct judge_options jo = judge_defaults();
	struct features *f;
	struct facts facts;
	enum err err;

	facts_init(&facts);
	if ((err = spam_features(a, rules, &l->in, &fo, &f, e)))
		return err;
	if (m && (err = rules_memory_facts(m, a, f, &facts, e)))
		return err;
	if ((err = spam_judge(a, f, &facts, &jo, out, e)))
		return err;
	if (!o->sequence || (!l->spam && (*out)->action != ACTION_ACCEPT))
		return ERR_OK;
	return rules_memory_add(m, f, l->spam ? MEMORY_SPAM : MEMORY_SEEN, false, e);
}

struct learning {
	struct arena *a;
	const struct ruleset *rules;
	struct rules_memory *m;
	int64_t lines;
};

static enum err learn_line(void *ctx, const struct labelled *line, struct error *e)
{
	struct learning *l = ctx;
	struct features *f;
	enum err err = spam_features(l->a, l->rules, &line->in, NULL, &f, e);

	if (!err)
		err = rules_memory_add(l->m, f, line->spam ? MEMORY_SPAM : MEMORY_HAM, true, e);
	l->lines++;
	arena_reset(l->a);
	return err;
}

struct evaluating {
	struct arena *a;
	const struct ruleset *rules;
	const struct rules_eval_options *o;
	struct rules_memory *m;
	struct jv *spam, *ham, *by_lang, *alarms, *misses;
	int64_t judged, us;
};

static enum err eval_line(void *ctx, const struct labelled *l, struct error *e)
{
	struct evaluating *x = ctx;
	size_t most = x->o->examples > 0 ? (size_t)x->o->examples : EXAMPLES;
	struct verdict *v;
	int64_t from = clock_thread_us();
	enum err err = judge_line(x->a, x->rules, l, x->o, x->m, &v, e);

	if (err)
		return err;
	x->us += clock_thread_us() - from;
	x->judged++;
	count(l->spam ? x->spam : x->ham, v->action);
	struct jv *lang = language(x->by_lang, l->lang);
	if (lang)
		count(jv_get(lang, l->spam ? "spam" : "ham"), v->action);
	if (l->spam && v->action == ACTION_ACCEPT && jv_size(x->misses) < most)
		jv_push(x->misses, example(l->line, l->lang, v));
	if (!l->spam && v->action != ACTION_ACCEPT && jv_size(x->alarms) < most)
		jv_push(x->alarms, example(l->line, l->lang, v));
	arena_reset(x->a);
	return ERR_OK;
}

enum err rules_eval(const struct ruleset *rules, struct slice jsonl, const struct rules_eval_options *o, struct jv **out, struct error *e)
{
	struct evaluating x = { arena_new(ARENA_BYTES), rules, o, NULL, counters(), counters(), jv_object(), jv_array(), jv_array(), 0, 0 };
	struct learning learning = { x.a, rules, NULL, 0 };
	struct jv *v;
	enum err err = x.a ? ERR_OK : err_nomem(e);

	if (!err && (o->sequence || o->learn.ptr) && !(x.m = rules_memory_new()))
		err = err_nomem(e);
	learning.m = x.m;
	if (!err && o->learn.ptr)
		err = rules_lines(o->learn, learn_line, &learning, rules_lines_bar(), e);
	if (!err)
		err = rules_lines(jsonl, eval_line, &x, rules_lines_bar(), e);
	v = jv_set_int(jv_object(), "lines", x.judged);
	if (o->learn.ptr)
		jv_set_int(v, "learned", learning.lines);
	jv_set(v, "spam", x.spam);
	jv_set(v, "ham", x.ham);
	jv_set(v, "by_lang", x.by_lang);
	jv_set(v, "false_alarms", x.alarms);
	jv_set(v, "misses", x.misses);
	jv_set(v, "us_per_text", jv_real(x.judged ? (double)x.us / (double)x.judged : 0));
	rules_memory_free(&x.m);
	arena_free(&x.a);
	if (!err && !v)
		err = err_nomem(e);
	if (err)
		jv_free(&v);
	else
		*out = v;
	return err;
}

static int64_t got(const struct jv *v, enum action a)
{
	return jv_int_of(jv_get(v, action_name(a)));
}

static void print_row(FILE *to, struct slice lang, const char *label, const struct jv *v)
{
	int64_t n[ACTION_COUNT], all = 0;

	for (int a = 0; a < ACTION_COUNT; a++)
		all += n[a] = got(v, (enum action)a);
	if (!all)
		return;
	fprintf(to, "%-6.*s %-5s %8lld", SLICE_ARG(lang), label, (long long)all);
	for (int a = 0; a < ACTION_COUNT; a++)
		fprintf(to, " %8lld %6.2f%%", (long long)n[a], 100.0 * (double)n[a] / (double)all);
	fputc('\n', to);
}

static void print_examples(FILE *to, const char *what, const struct jv *list)
{
	for (size_t i = 0; i < jv_size(list); i++) {
		const struct jv *x = jv_at(list, i), *rules = jv_get(x, "rules");
		struct slice lang = jv_get_text(x, "lang"), action = jv_get_text(x, "action");
		fprintf(to, "%s line %lld [%.*s] %.*s %.2f:", what, (long long)jv_int_of(jv_get(x, "line")), SLICE_ARG(lang), SLICE_ARG(action),
			jv_real_of(jv_get(x, "score")));
		for (size_t k = 0; k < jv_size(rules); k++) {
			struct slice name = jv_text_of(jv_at(rules, k));
			fprintf(to, " %.*s", SLICE_ARG(name));
		}
		fputc('\n', to);
	}
}

void rules_eval_print(const struct jv *result, FILE *to)
{
	const struct jv *by_lang = jv_get(result, "by_lang");
	struct slice lang;
	struct jv *v;
	void *at = NULL;

	fprintf(to, "%-6s %-5s %8s %17s %17s %17s %17s\n", "lang", "label", "texts", "accept", "challenge", "hold", "reject");
	while (jv_next(by_lang, &at, &lang, &v)) {
		print_row(to, lang, "ham", jv_get(v, "ham"));
		print_row(to, lang, "spam", jv_get(v, "spam"));
	}
	print_row(to, SLICE("all"), "ham", jv_get(result, "ham"));
	print_row(to, SLICE("all"), "spam", jv_get(result, "spam"));
	fprintf(to, "%.0f us of CPU a text\n", jv_real_of(jv_get(result, "us_per_text")));
	print_examples(to, "false alarm", jv_get(result, "false_alarms"));
	print_examples(to, "miss", jv_get(result, "misses"));
}
