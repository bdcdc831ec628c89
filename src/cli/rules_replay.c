#include "cli/rules_replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "cli/rules_lines.h"
#include "desk/replay.h"
#include "spam/features.h"

enum { GOOD = 0, FAILED = 1, LISTED = 20 };
#define DAY_MS (24 * 3600 * 1000LL)

static struct ruleset *build(const struct rule_set *set, const char *what)
{
	struct cf_source *sources = rule_set_sources(set);
	struct ruleset *rules = NULL;
	struct cf_errors errs;
	struct error e = { 0 };

	cf_errors_init(&errs);
	enum err err = sources ? features_build_rules(sources, set->count, NULL, &rules, &errs, &e) : err_nomem(&e);
	if (err)
		fprintf(stderr, "porchlight: %s cannot be used: %s\n", what, e.message);
	for (size_t i = 0; err && i < errs.count; i++)
		if (!errs.list[i].notice)
			fprintf(stderr, "%s:%u:%u: %s\n", errs.list[i].file, errs.list[i].line, errs.list[i].column, errs.list[i].message);
	cf_errors_fini(&errs);
	free(sources);
	return rules;
}

static long long number(const struct jv *v, const char *key)
{
	return jv_int_of(jv_get(v, key));
}

static void print(const struct jv *v)
{
	struct jv *rules = jv_get(v, "rules"), *items = jv_get(v, "items"), *us = jv_get(v, "us"), *one;
	struct slice lang;
	void *at = NULL;

	printf("%lld texts: %lld good, %lld spam, the others judged by nobody%s\n", number(v, "texts"), number(v, "ham"), number(v, "spam"),
		jv_type(jv_get(v, "more")) == JV_TRUE ? "; there are more" : "");
	printf("the draft is stricter with %lld spam, %lld good, %lld others; milder with %lld\n", number(v, "caught"), number(v, "victims"),
		number(v, "unsure"), number(v, "freed"));
	printf("%-6s %8s %8s %8s %8s %8s\n", "lang", "texts", "spam", "caught", "good", "victims");
	while (jv_next(jv_get(v, "by_lang"), &at, &lang, &one))
		printf("%-6.*s %8lld %8lld %8lld %8lld %8lld\n", SLICE_ARG(lang), number(one, "texts"), number(one, "spam"), number(one, "caught"),
			number(one, "ham"), number(one, "victims"));
	for (size_t i = 0; i < jv_size(rules); i++) {
		one = jv_at(rules, i);
		struct slice name = jv_get_text(one, "rule");
		printf("rule %.*s: %lld hits, %lld spam, %lld good%s\n", SLICE_ARG(name), number(one, "hits"), number(one, "spam"), number(one, "ham"),
			number(one, "limits") ? "; it ran into its limit" : "");
	}
	for (size_t i = 0; i < jv_size(items) && i < LISTED; i++) {
		one = jv_at(items, i);
		struct slice ticket = jv_get_text(one, "ticket"), label = jv_get_text(one, "label"), from = jv_get_text(one, "from"), to = jv_get_text(one, "to");
		printf("ticket %.*s/%lld %.*s: %.*s -> %.*s\n", SLICE_ARG(ticket), number(one, "n"), label.ptr ? (int)label.len : 1, label.ptr ? label.ptr : "-",
			SLICE_ARG(from), SLICE_ARG(to));
	}
	printf("%.0f us of CPU a text, now %.0f us\n", jv_real_of(jv_get(us, "live")), jv_real_of(jv_get(us, "draft")));
	printf("ham budget: %lld of %lld: %s\n", number(v, "victims"), number(v, "budget"), jv_type(jv_get(v, "within")) == JV_TRUE ? "kept" : "exceeded");
}

int rules_replay(const struct rule_set *live_set, const struct rule_set *draft_set, const struct rules_replay_options *o)
{
	struct replay_options ro = { .since_ms = clock_wall_ms() - o->days * DAY_MS, .share = rules_lines_bar() };
	struct ruleset *live = build(live_set, "the rules that serve"), *draft = live ? build(draft_set, "the draft") : NULL;
	struct error e = { 0 };
	struct db *db = NULL;
	struct jv *v = NULL;
	struct str s;
	int rc = FAILED;

	str_init(&s, 16 << 20);
	if (!live || !draft)
		goto out;
	enum err err = db_open(conf()->data, DB_READ, &db, &e);
	if (!err)
		err = replay_run(db, live, draft, &ro, &v, &e);
	if (err) {
		fprintf(stderr, "porchlight: %s\n", e.message);
		goto out;
	}
	if (!o->json)
		print(v);
	else if (jv_dump_pretty(v, &s) == ERR_OK)
		puts(str_c(&s));
	rc = jv_type(jv_get(v, "within")) == JV_TRUE ? GOOD : FAILED;
out:
	jv_free(&v);
	str_fini(&s);
	db_close(&db);
	ruleset_unref(&draft);
	ruleset_unref(&live);
	return rc;
}
