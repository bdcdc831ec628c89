#include "cli/rules_eval.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "cli/rules_memory.h"
#include "spam/features.h"
#include "spam/judge.h"

enum { ARENA_BYTES = 64 << 20, EXAMPLES = 50, LANGS_MAX = 64, LINE_MAX = 1 << 20 };

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

struct judged {
	bool spam;
	struct slice lang;
	struct verdict *verdict;
};

static enum err judge_line(struct arena *a, const struct ruleset *rules, const struct jv *row, const struct rules_eval_options *o, struct rules_memory *m,
	struct judged *out, struct error *e)
{
	struct submission in = { .kind = SUBMIT_QUESTION, .form_age_ms = -1 };
	const struct features_options fo = { .no_builtin = o->no_builtin };
	const struct judge_options jo = judge_defaults();
	struct slice label = SLICE_NONE, channel = SLICE_NONE;
	struct features *f;
	struct facts facts;
	enum err err;

	out->lang = SLICE("und");
	if ((err = jv_want_text(row, "label", &label, e)) || (err = jv_want_text(row, "lang", &out->lang, e)) ||
		(err = jv_want_text(row, "subject", &in.title, e)) || (err = jv_want_text(row, "body", &in.body, e)) ||
		(err = jv_want_text(row, "channel", &channel, e)))
		return err;
	if (!label.ptr || !(slice_is(label, "spam") || slice_is(label, "ham")) || !in.body.ptr)
		return err_set(e, ERR_MALFORMED, "A line needs a label (spam or ham) and a body.");
	out->spam = slice_is(label, "spam");
	if (channel.ptr && slice_is(channel, "chat"))
		in.channel = CHANNEL_CHAT;
	in.language = out->lang;
	facts_init(&facts);
	if ((err = spam_features(a, rules, &in, &fo, &f, e)))
		return err;
	if (m)
		rules_memory_facts(m, f, &facts);
	if ((err = spam_judge(a, f, &facts, &jo, &out->verdict, e)))
		return err;
	if (!o->sequence || (!out->spam && out->verdict->action != ACTION_ACCEPT))
		return ERR_OK;
	return rules_memory_add(m, f, out->spam ? MEMORY_SPAM : MEMORY_SEEN, e);
}

enum err rules_eval(const struct ruleset *rules, struct slice jsonl, const struct rules_eval_options *o, struct jv **out, struct error *e)
{
	struct jv *spam = counters(), *ham = counters(), *by_lang = jv_object(), *alarms = jv_array(), *misses = jv_array(), *row = NULL, *v;
	size_t most = o->examples > 0 ? (size_t)o->examples : EXAMPLES;
	struct arena *a = arena_new(ARENA_BYTES);
	struct rules_memory *m = NULL;
	int64_t line = 0, judged = 0, us = 0;
	enum err err = a ? ERR_OK : err_nomem(e);

	if (!err && o->sequence && !(m = rules_memory_new()))
		err = err_nomem(e);
	while (!err && jsonl.len) {
		const char *nl = memchr(jsonl.ptr, '\n', jsonl.len);
		size_t n = nl ? (size_t)(nl - jsonl.ptr) : jsonl.len;
		struct slice text = slice_make(jsonl.ptr, n);
		struct judged j;
		jsonl = slice_from(jsonl, n + 1);
		line++;
		while (text.len && (unsigned char)text.ptr[text.len - 1] <= ' ')
			text.len--;
		if (!text.len)
			continue;
		int64_t from = clock_thread_us();
		err = n > LINE_MAX ? err_set(e, ERR_TOO_LARGE, "too long") : jv_parse(text, 8, &row, e);
		if (!err)
			err = judge_line(a, rules, row, o, m, &j, e);
		if (err == ERR_MALFORMED || err == ERR_TOO_LARGE) {
			char why[200];
			snprintf(why, sizeof(why), "%.190s", e ? e->message : "");
			err = err_set(e, err, "Line %lld: %s", (long long)line, why);
		}
		if (err)
			break;
		us += clock_thread_us() - from;
		judged++;
		count(j.spam ? spam : ham, j.verdict->action);
		struct jv *lang = language(by_lang, j.lang);
		if (lang)
			count(jv_get(lang, j.spam ? "spam" : "ham"), j.verdict->action);
		if (j.spam && j.verdict->action == ACTION_ACCEPT && jv_size(misses) < most)
			jv_push(misses, example(line, j.lang, j.verdict));
		if (!j.spam && j.verdict->action != ACTION_ACCEPT && jv_size(alarms) < most)
			jv_push(alarms, example(line, j.lang, j.verdict));
		jv_free(&row);
		arena_reset(a);
	}
	jv_free(&row);
	v = jv_set_int(jv_object(), "lines", judged);
	jv_set(v, "spam", spam);
	jv_set(v, "ham", ham);
	jv_set(v, "by_lang", by_lang);
	jv_set(v, "false_alarms", alarms);
	jv_set(v, "misses", misses);
	jv_set(v, "us_per_text", jv_real(judged ? (double)us / (double)judged : 0));
	rules_memory_free(&m);
	arena_free(&a);
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
