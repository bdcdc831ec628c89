#include "cli/rules_commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/input.h"
#include "cli/rules_bench.h"
#include "cli/rules_eval.h"
#include "cli/rules_learn.h"
#include "cli/rules_lines.h"
#include "cli/rules_mail.h"
#include "cli/rules_replay.h"
#include "desk/replay.h"
#include "desk/rule_life.h"
#include "desk/rulebook.h"
#include "desk/rulebook_files.h"
#include "spam/features.h"
#include "spam/judge.h"
#include "spam/surface_mail.h"
#include "spam/warn.h"

enum { GOOD = 0, FAILED = 1, USAGE = 2, TEXT_MAX_BYTES = 256 * 1024, ARENA_BYTES = 64 << 20, PATH_BYTES = 4096, NAME_BYTES = 80, LIST_DAYS = 400 };

struct options {
	const char *rules, *subject, *learn, *since, *undo, *args[2];
	size_t arg_count;
	bool no_builtin, json, sequence, chat, mail;
};

static const char usage[] =
	"usage: porchlight rules check [DIR]\n"
	"       porchlight rules test RULE|FILE\n"
	"       porchlight rules explain TEXT|- [--subject TEXT] [--chat]\n"
	"       porchlight rules explain --mail FILE|-\n"
	"       porchlight rules eval FILE.jsonl [--learn FILE.jsonl] [--sequence]\n"
	"       porchlight rules replay FILE|DIR [--since 30d]\n"
	"       porchlight rules learn FILE.jsonl | --undo NAME\n"
	"       porchlight rules bench FILE.jsonl\n"
	"       porchlight rules eval --mail FILE|FOLDER\n"
	"       porchlight rules list\n"
	"options: --rules DIR (another rule folder), --no-builtin (nothing but the rules of that folder), --json\n";

static int usage_error(const char *what, const char *arg)
{
	fprintf(stderr, "%s%s%s\n%s", what, arg ? ": " : "", arg ? arg : "", usage);
	return USAGE;
}

static int fail(const struct error *e)
{
	fprintf(stderr, "porchlight: %s\n", e->message);
	return FAILED;
}

static int read_options(int argc, char **argv, struct options *o)
{
	/* `of`: the commands that know it, NULL for all. An option that did nothing would be taken for one that did. */
	const struct {
		const char *name, *of, **value;
		bool *flag;
	} all[] = { { "--rules", NULL, &o->rules, NULL }, { "--no-builtin", NULL, NULL, &o->no_builtin }, { "--json", NULL, NULL, &o->json },
		{ "--subject", "explain", &o->subject, NULL }, { "--chat", "explain", NULL, &o->chat }, { "--mail", "explain eval", NULL, &o->mail },
		{ "--learn", "eval", &o->learn, NULL }, { "--sequence", "eval", NULL, &o->sequence }, { "--since", "replay", &o->since, NULL },
		{ "--undo", "learn", &o->undo, NULL } };
	bool words = false; /* behind a lone -- */

	*o = (struct options){ 0 };
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i], *equals = strchr(a, '=');
		size_t n = equals ? (size_t)(equals - a) : strlen(a), k = 0;

		while (k < sizeof(all) / sizeof(all[0]) && (strlen(all[k].name) != n || strncmp(a, all[k].name, n) != 0))
			k++;
		if (!words && strcmp(a, "--") == 0) {
			words = true;
			continue;
		}
		if (!words && k < sizeof(all) / sizeof(all[0])) {
			if (all[k].of && !strstr(all[k].of, argv[0]))
				return usage_error("this command has no such option", a);
			if (all[k].flag ? equals != NULL : !equals && i + 1 == argc)
				return usage_error(equals ? "this option has no value" : "this option needs a value", a);
			if (all[k].flag)
				*all[k].flag = true;
			else
				*all[k].value = equals ? equals + 1 : argv[++i];
			if (all[k].value == &o->rules && !o->rules[0])
				return usage_error("this option needs a value", a);
			continue;
		}
		if (!words && strncmp(a, "--", 2) == 0)
			return usage_error("unknown option", a);
		if (o->arg_count == 2)
			return usage_error("too many arguments", a);
		o->args[o->arg_count++] = a;
	}
	return GOOD;
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The named folder; else the configured one where it exists; else what is built in. */
static enum err read_rules(const char *folder, struct rule_set *set, const char **from, struct error *e)
{
	static char path[PATH_BYTES];

	if (folder) {
		*from = folder;
		return rule_set_read(folder, set, e);
	}
	snprintf(path, sizeof(path), "%s%s", conf()->rules[0] ? conf()->rules : conf()->data, conf()->rules[0] ? "" : "/rules");
	*from = path;
	if (is_folder(path))
		return rule_set_read(path, set, e);
	*from = "the built-in rules";
	return rule_set_embedded(set, e);
}

static void print_error(FILE *to, const struct cf_error *f)
{
	if (f->file[0] && f->column)
		fprintf(to, "%s:%u:%u: ", f->file, f->line, f->column);
	else if (f->file[0])
		fprintf(to, "%s:%u: ", f->file, f->line);
	fprintf(to, "%s%s\n", f->notice ? "warning: " : "", f->message);
}

static struct jv *error_json(const struct cf_error *f)
{
	struct jv *v = jv_set_string(jv_object(), "file", f->file);

	jv_set_int(v, "line", f->line);
	jv_set_int(v, "column", f->column);
	jv_set_text(v, "message", slice_of(f->message));
	return f->notice ? jv_set_bool(v, "warning", true) : v;
}

static int print_json(struct jv *v)
{
	struct str s;
	int rc = FAILED;

	str_init(&s, 256 << 20);
	if (v && jv_dump_pretty(v, &s) == ERR_OK)
		rc = puts(str_c(&s)) < 0 ? FAILED : GOOD;
	else
		fprintf(stderr, "porchlight: out of memory\n");
	str_fini(&s);
	jv_free(&v);
	return rc;
}

/* Loads, and prints to standard error what is wrong. NULL: exit with 1. */
static struct ruleset *load(const struct options *o)
{
	struct rule_set set = { .count = 0 };
	struct ruleset *rules = NULL;
	struct cf_errors errs;
	struct error e;
	const char *from;
	enum err err;

	cf_errors_init(&errs);
	err = read_rules(o->rules, &set, &from, &e);
	if (!err)
		err = rule_set_build(&set, NULL, &rules, &errs, &e);
	if (err) {
		for (size_t i = 0; i < errs.count; i++)
			if (!errs.list[i].notice)
				print_error(stderr, &errs.list[i]);
		fprintf(stderr, "porchlight: %s cannot be used: %s\n", from, err == ERR_INVALID && errs.errors ? "the rules have errors" : e.message);
	}
	cf_errors_fini(&errs);
	rule_set_fini(&set);
	return rules;
}

/* --- check, test ---------------------------------------------------------------------------------------------------------- */

/* `only`: the file whose rules and tests are counted; NULL: all. */
static int report(const struct options *o, const struct rule_set *set, const struct ruleset *rules, const struct cf_errors *errs, enum err err,
	const struct error *e, const char *from, const char *only)
{
	struct ruleset_figures f = rules ? ruleset_figures(rules) : (struct ruleset_figures){ 0 };

	for (size_t i = 0; only && rules && i < ruleset_count(rules); i++) {
		const struct rule *r = ruleset_rule(rules, i);
		f.rules -= strcmp(r->file, only) != 0;
		f.tests -= strcmp(r->file, only) != 0 ? r->tests : 0;
	}

	if (o->json) {
		struct jv *v = jv_set_bool(jv_object(), "ok", !err), *list = jv_array();
		for (size_t i = 0; i < errs->count; i++)
			jv_push(list, error_json(&errs->list[i]));
		if (err && !errs->errors)
			jv_push(list, jv_set_string(jv_object(), "message", e->message));
		jv_set(v, "errors", list);
		jv_set_int(v, "files", (int64_t)set->count);
		if (rules) {
			jv_set_string(v, "generation", ruleset_name(rules));
			jv_set_int(v, "rules", (int64_t)f.rules);
			jv_set_int(v, "tests", (int64_t)f.tests);
			jv_set_int(v, "always", (int64_t)f.always);
		}
		int rc = print_json(v);
		return err ? FAILED : rc;
	}
	for (size_t i = 0; i < errs->count; i++)
		print_error(errs->list[i].notice ? stdout : stderr, &errs->list[i]);
	if (err && errs->errors)
		fprintf(stderr, "%zu error%s in %zu file%s of %s\n", errs->errors, errs->errors == 1 ? "" : "s", set->count, set->count == 1 ? "" : "s", from);
	else if (err)
		return fail(e);
	if (!rules)
		return FAILED;
	if (only)
		printf("%s: %zu rules, %zu test lines passed among %zu files: good\n", from, f.rules, f.tests, set->count);
	else
		printf("%s: %zu files, %zu rules, %zu test lines passed, %zu patterns run on every text: good (generation %s)\n", from, set->count, f.rules,
		f.tests, f.always, ruleset_name(rules));
	return GOOD;
}

/* Where there is a desk with texts, how many good ones each rule hits. A desk that cannot be read keeps nobody from checking rules. */
static void doubts_of(const struct ruleset *rules, struct cf_errors *errs)
{
	struct cf_errors nothing;
	struct ruleset *none = NULL;
	struct db *db = NULL;
	struct error e;

	warn_rules(rules, NULL, errs);
	cf_errors_init(&nothing);
	if (db_open(conf()->data, DB_READ, &db, &e) == ERR_OK && features_build_rules(NULL, 0, NULL, &none, &nothing, &e) == ERR_OK &&
		replay_doubts(db, none, rules, NULL, errs, &e))
		cf_errors_add(errs, true, "", 0, 0, "The rules could not be tried on the texts of the desk: %s", e.message);
	cf_errors_fini(&nothing);
	ruleset_unref(&none);
	db_close(&db);
}

static int check(const struct options *o)
{
	struct rule_set set = { .count = 0 };
	struct ruleset *rules = NULL;
	struct cf_errors errs;
	struct error e = { .message = "" };
	const char *from;
	enum err err;
	int rc;

	if (o->arg_count > 1)
		return usage_error("rules check takes one folder", NULL);
	cf_errors_init(&errs);
	err = read_rules(o->arg_count ? o->args[0] : o->rules, &set, &from, &e);
	if (!err)
		err = rule_set_build(&set, NULL, &rules, &errs, &e);
	if (!err)
		doubts_of(rules, &errs);
	rule_set_notices(&set, &errs);
	rc = report(o, &set, rules, &errs, err, &e, from, NULL);
	ruleset_unref(&rules);
	cf_errors_fini(&errs);
	rule_set_fini(&set);
	return rc;
}

/* The name under which a file stands in a set: that of the one it takes the place of; a new one goes to local.d. */
static void name_in_set(const struct rule_set *set, const char *path, char name[NAME_BYTES])
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	snprintf(name, NAME_BYTES, "local.d/%.60s", base);
	for (size_t i = 0; i < set->count; i++) {
		const char *own = strrchr(set->list[i].name, '/');
		if (strcmp(own ? own + 1 : set->list[i].name, base) == 0)
			snprintf(name, NAME_BYTES, "%s", set->list[i].name);
	}
}

static enum err put_file(struct rule_set *set, const char *path, const char *name, struct error *e)
{
	struct str text;

	str_init(&text, RULE_FILE_MAX_BYTES);
	enum err err = input_read(path, &text, e);
	if (!err)
		err = rule_set_put(set, slice_of(name), str_slice(&text), e);
	str_fini(&text);
	return err;
}

/* A file among the rules that serve: its metas may be made of theirs. */
static int test_file(const struct options *o, const char *path)
{
	struct rule_set set = { .count = 0 };
	struct ruleset *rules = NULL;
	struct cf_errors errs;
	struct error e = { .message = "" };
	char name[NAME_BYTES] = "";
	const char *from;
	enum err err;
	int rc;

	cf_errors_init(&errs);
	err = read_rules(o->rules, &set, &from, &e);
	if (!err) {
		name_in_set(&set, path, name);
		err = put_file(&set, path, name, &e);
	}
	if (!err)
		err = rule_set_build(&set, NULL, &rules, &errs, &e);
	rule_set_notices(&set, &errs);
	rc = report(o, &set, rules, &errs, err, &e, path, name);
	ruleset_unref(&rules);
	cf_errors_fini(&errs);
	rule_set_fini(&set);
	return rc;
}

static int test_rule(const struct options *o, const char *name)
{
	struct ruleset *rules = load(o);
	long at = rules ? ruleset_find(rules, slice_of(name)) : -1;
	int rc = FAILED;

	if (!rules)
		return FAILED;
	if (at < 0) {
		fprintf(stderr, "porchlight: there is no rule %s\n", name);
	} else {
		const struct rule *r = ruleset_rule(rules, (size_t)at);
		if (o->json)
			rc = print_json(jv_set_int(jv_set_bool(jv_set_string(jv_object(), "rule", r->name), "ok", true), "tests", r->tests));
		else
			rc = printf("%s: %u test lines passed\n", r->name, r->tests) < 0;
	}
	ruleset_unref(&rules);
	return rc;
}

static int test(const struct options *o)
{
	size_t n = o->arg_count ? strlen(o->args[0]) : 0;

	if (o->arg_count != 1)
		return usage_error("rules test needs a rule's name or a file", NULL);
	return n > 3 && strcmp(o->args[0] + n - 3, ".cf") == 0 ? test_file(o, o->args[0]) : test_rule(o, o->args[0]);
}

/* --- explain -------------------------------------------------------------------------------------------------------------- */

static void print_verdict(const struct verdict *v)
{
	printf("%s, score %.2f, generation %.*s\n", action_name(v->action), v->score, SLICE_ARG(v->generation));
	for (size_t i = 0; i < v->hit_count; i++) {
		const struct hit *h = &v->hits[i];
		printf("%7.2f  %.*s  [%s, %.*s]%s%s\n", h->score, SLICE_ARG(h->rule), evidence_name(h->evidence), SLICE_ARG(h->where),
			h->quiet ? " (watched only)" : "", h->error ? " (could not be run to its end)" : "");
		if (h->describe.len)
			printf("         %.*s\n", SLICE_ARG(h->describe));
		if (h->text.len)
			printf("         saw: %.*s\n", SLICE_ARG(h->text));
		if (h->printed.len)
			printf("         rule: %.*s\n", SLICE_ARG(h->printed));
	}
	for (size_t i = 0; i < v->guard_count; i++)
		printf("  guard  %.*s: %.*s\n", SLICE_ARG(v->guards[i].name), SLICE_ARG(v->guards[i].words));
	if (v->note.len)
		printf("the asker is told: %.*s\n", SLICE_ARG(v->note));
}

static int explain(const struct options *o)
{
	struct submission in = { .kind = SUBMIT_QUESTION, .channel = o->chat ? CHANNEL_CHAT : CHANNEL_FORM, .form_age_ms = -1 };
	struct features_options fo = { .no_builtin = o->no_builtin, .now_ms = clock_wall_ms() };
	struct judge_options jo = judge_defaults();
	struct features *f;
	struct verdict *v;
	struct facts facts;
	struct ruleset *rules;
	struct mail mail;
	struct arena *a;
	struct error e;
	struct str text;
	int rc = FAILED;

	if (o->arg_count != 1)
		return usage_error("rules explain needs a text, or - for standard input", NULL);
	str_init(&text, o->mail ? MAIL_BYTES_MAX : TEXT_MAX_BYTES);
	if (o->mail || strcmp(o->args[0], "-") == 0) {
		if (input_read(o->args[0], &text, &e)) {
			str_fini(&text);
			return fail(&e);
		}
	} else {
		str_adds(&text, o->args[0]);
	}
	in.body = str_slice(&text);
	if (o->subject)
		in.title = slice_of(o->subject);
	rules = load(o);
	a = arena_new(ARENA_BYTES);
	facts_init(&facts);
	if (!rules || !a)
		goto out;
	if (o->mail) {
		if (mail_read(a, in.body, &mail, &e)) {
			rc = fail(&e);
			goto out;
		}
		in.mail = &mail;
		in.title = mail_field(&mail, "Subject");
		in.body = surface_mail_text(a, &mail);
	}
	if (str_failed(&text) || !utf8_valid(in.body) || memchr(in.body.ptr, 0, in.body.len) || (!o->mail && !utf8_valid(in.title))) {
		fprintf(stderr, "porchlight: the text is too long, or not UTF-8 without NUL bytes\n");
		goto out;
	}
	if (spam_features(a, rules, &in, &fo, &f, &e) || spam_judge(a, f, &facts, &jo, &v, &e)) {
		rc = fail(&e);
		goto out;
	}
	if (o->json)
		rc = print_json(verdict_json(v));
	else {
		print_verdict(v);
		rc = GOOD;
	}
out:
	arena_free(&a);
	ruleset_unref(&rules);
	str_fini(&text);
	return rc;
}

/* --- list, eval ------------------------------------------------------------------------------------------------------------ */

static const char *mode_name(enum cf_mode m)
{
	return m == CF_WATCH ? "watch" : m == CF_DORMANT ? "dormant" : "active";
}

/* What the desk knows of each rule, in the order of the rules; NULLs where it knows nothing. */
struct rules_known {
	struct jv *stats, *states; /* NULL where there is no desk that can be read */
	struct rule_known {
		const struct jv *did, *state;
	} *rules;
};

static void known_fini(struct rules_known *k)
{
	jv_free(&k->stats);
	jv_free(&k->states);
	free(k->rules);
}

static bool holds_back(const struct jv *state)
{
	return jv_type(jv_get(state, "held_back")) == JV_TRUE;
}

static enum err known_init(struct rules_known *k, const struct ruleset *rules, struct error *e)
{
	struct db *db = NULL;
	struct error why;
	long at;

	*k = (struct rules_known){ .rules = calloc(ruleset_count(rules) + 1, sizeof(*k->rules)) };
	if (!k->rules)
		return err_nomem(e);
	if (db_open(conf()->data, DB_READ, &db, &why) == ERR_OK &&
		(rulebook_stats(NULL, db, LIST_DAYS, &k->stats, &why) || rule_life_json(db, rules, &k->states, &why)))
		fprintf(stderr, "porchlight: what the rules did cannot be read: %s\n", why.message);
	db_close(&db);
	for (size_t i = 0; i < jv_size(k->stats); i++)
		if ((at = ruleset_find(rules, jv_get_text(jv_at(k->stats, i), "rule"))) >= 0)
			k->rules[at].did = jv_at(k->stats, i);
	for (size_t i = 0; i < jv_size(k->states); i++) {
		const struct jv *state = jv_at(k->states, i);
		if ((at = ruleset_find(rules, jv_get_text(state, "rule"))) >= 0 && (!k->rules[at].state || holds_back(state)))
			k->rules[at].state = state;
	}
	return ERR_OK;
}

static struct jv *list_json(const struct rule *r, bool desk, const struct rule_known *k)
{
	struct jv *x = jv_set_string(jv_object(), "rule", r->name);

	jv_set(x, "score", jv_real(r->score));
	jv_set_string(x, "mode", mode_name(r->mode));
	jv_set_string(x, "file", r->file);
	jv_set_int(x, "line", r->line);
	jv_set_string(x, "describe", r->describe);
	jv_set_int(x, "tests", r->tests);
	if (!desk)
		return x;
	jv_set_int(x, "hits", jv_int_of(jv_get(k->did, "hits")));
	jv_set_int(x, "right", jv_int_of(jv_get(k->did, "spam")));
	jv_set_int(x, "wrong", jv_int_of(jv_get(k->did, "ham")));
	if (jv_get_text(k->did, "last_good").ptr)
		jv_set_text(x, "last_good", jv_get_text(k->did, "last_good"));
	return k->state ? jv_set_text(x, holds_back(k->state) ? "held_back" : "state", jv_get_text(k->state, "state")) : x;
}

static void list_line(const struct rule *r, bool desk, const struct rule_known *k)
{
	struct slice good = jv_get_text(k->did, "last_good"), state = k->state ? jv_get_text(k->state, "state") : slice_of(mode_name(r->mode));

	printf("%-32s %6.2f  %-11.*s ", r->name, r->score, SLICE_ARG(state));
	if (desk)
		printf("%7lld %6lld %6lld  %-10.*s ", (long long)jv_int_of(jv_get(k->did, "hits")), (long long)jv_int_of(jv_get(k->did, "spam")),
			(long long)jv_int_of(jv_get(k->did, "ham")), good.ptr ? 10 : 1, good.ptr ? good.ptr : "-");
	printf("%s:%u  %s\n", r->file, r->line, r->describe);
}

static int list(const struct options *o)
{
	if (o->arg_count)
		return usage_error("rules list takes no names", o->args[0]);
	struct ruleset *rules = load(o);
	struct jv *v = jv_array();
	struct rules_known known = { .rules = NULL };
	struct error e;
	int rc = GOOD;

	if (!rules)
		rc = FAILED;
	else if (known_init(&known, rules, &e))
		rc = fail(&e);
	if (rc == GOOD && known.stats && !o->json)
		printf("%-32s %6s  %-11s %7s %6s %6s  %-10s\n", "rule", "score", "mode", "hits", "right", "wrong", "last right");
	for (size_t i = 0; rc == GOOD && i < ruleset_count(rules); i++) {
		const struct rule *r = ruleset_rule(rules, i);
		if (!r->listed)
			continue;
		if (o->json)
			jv_push(v, list_json(r, known.stats != NULL, &known.rules[i]));
		else
			list_line(r, known.stats != NULL, &known.rules[i]);
	}
	if (rc == GOOD && o->json)
		rc = print_json(jv_set_string(jv_set(jv_object(), "rules", jv_ref(v)), "generation", ruleset_name(rules)));
	known_fini(&known);
	jv_free(&v);
	ruleset_unref(&rules);
	return rc;
}

/* A line with the score for each mail, and below it the rules that hit. */
static void print_mails(const struct jv *list)
{
	for (size_t i = 0; i < jv_size(list); i++) {
		const struct jv *row = jv_at(list, i);
		struct slice name;
		struct jv *n;
		void *at = NULL;

		printf("%.*s: score %.3f\n", SLICE_ARG(jv_get_text(row, "file")), jv_real_of(jv_get(row, "score")));
		while (jv_next(jv_get(row, "hits"), &at, &name, &n))
			printf("    %.*s x%lld\n", SLICE_ARG(name), (long long)jv_int_of(n));
	}
}

static int eval_mail(const struct options *o)
{
	struct ruleset *rules = load(o);
	struct jv *list = NULL;
	struct error e;
	int rc = GOOD;

	if (!rules)
		return FAILED;
	if (rules_mail_eval(rules, o->args[0], rules_lines_bar(), &list, &e))
		rc = fail(&e);
	else if (o->json)
		rc = print_json(jv_ref(list));
	else
		print_mails(list);
	jv_free(&list);
	ruleset_unref(&rules);
	return rc;
}

static int eval(const struct options *o)
{
	struct rules_eval_options eo = { .no_builtin = o->no_builtin, .sequence = o->sequence };
	struct ruleset *rules;
	struct jv *v = NULL;
	struct str text, learn;
	struct error e;
	enum err err;
	int rc = FAILED;

	if (o->arg_count != 1)
		return usage_error("rules eval needs a FILE.jsonl", NULL);
	if (o->mail && (o->learn || o->sequence))
		return usage_error("mails have no labels: --learn and --sequence are for a FILE.jsonl", NULL);
	if (o->mail)
		return eval_mail(o);
	rules = load(o);
	if (!rules)
		return FAILED;
	str_init(&text, 1 << 30);
	str_init(&learn, 1 << 30);
	err = input_read(o->args[0], &text, &e);
	if (!err && o->learn) {
		err = input_read(o->learn, &learn, &e);
		eo.learn = str_slice(&learn);
	}
	if (!err)
		err = rules_eval(rules, str_slice(&text), &eo, &v, &e);
	if (err)
		rc = fail(&e);
	else if (o->json)
		rc = print_json(jv_ref(v));
	else {
		rules_eval_print(v, stdout);
		rc = GOOD;
	}
	jv_free(&v);
	str_fini(&learn);
	str_fini(&text);
	ruleset_unref(&rules);
	return rc;
}

static int learn(const struct options *o)
{
	struct ruleset *rules = NULL;
	struct jv *v = NULL;
	struct str text;
	struct error e;
	enum err err;
	int rc = FAILED;

	if (o->arg_count != (o->undo ? 0u : 1u))
		return usage_error("rules learn needs a FILE.jsonl, or --undo NAME", NULL);
	str_init(&text, 1 << 30);
	if (o->undo) {
		err = rules_learn_undo(slice_of(o->undo), &v, &e);
	} else {
		if (!(rules = load(o)))
			goto out;
		err = input_read(o->args[0], &text, &e);
		if (!err)
			err = rules_learn(rules, str_slice(&text), &v, &e);
	}
	if (err) {
		rc = fail(&e);
	} else if (o->json) {
		rc = print_json(jv_ref(v));
	} else if (o->undo) {
		rc = printf("took back %lld texts\n", (long long)jv_int_of(jv_get(v, "undone"))) < 0;
	} else {
		struct slice undo = jv_get_text(v, "undo");
		rc = printf("learned the words of %lld of %lld texts; of the others, near copies taught before or their language cannot be told\n"
			    "to take all of it back: porchlight rules learn --undo %.*s\n",
			     (long long)jv_int_of(jv_get(v, "learned")), (long long)jv_int_of(jv_get(v, "lines")), SLICE_ARG(undo)) < 0;
	}
out:
	jv_free(&v);
	str_fini(&text);
	ruleset_unref(&rules);
	return rc;
}

static int bench(const struct options *o)
{
	struct ruleset *rules;
	struct jv *v = NULL;
	struct str text;
	struct error e;
	enum err err;
	int rc = GOOD;

	if (o->arg_count != 1)
		return usage_error("rules bench needs a FILE.jsonl", NULL);
	if (!(rules = load(o)))
		return FAILED;
	str_init(&text, 1 << 30);
	err = input_read(o->args[0], &text, &e);
	if (!err)
		err = rules_bench(rules, str_slice(&text), &v, &e);
	if (err)
		rc = fail(&e);
	else if (o->json)
		rc = print_json(jv_ref(v));
	else
		rules_bench_print(v, stdout);
	jv_free(&v);
	str_fini(&text);
	ruleset_unref(&rules);
	return rc;
}

/* A file beside the others of the set that would serve; a folder is the whole set. */
static enum err read_draft(const char *path, const char *rules, struct rule_set *live, struct rule_set *draft, struct error *e)
{
	const char *from;
	char name[NAME_BYTES];
	enum err err = read_rules(rules, live, &from, e);

	if (err || is_folder(path))
		return err ? err : rule_set_read(path, draft, e);
	name_in_set(live, path, name);
	if (!rule_name_ok(slice_of(name)))
		return err_set(e, ERR_INVALID, "Rule files are named like my-rules.cf.");
	err = rule_set_dup(live, draft, e);
	return err ? err : put_file(draft, path, name, e);
}

static int replay(const struct options *o)
{
	struct rule_set live = { .count = 0 }, draft = { .count = 0 };
	struct rules_replay_options ro = { .json = o->json };
	struct error e;
	char unit = 0;
	int days = 30, rc = FAILED, used = 0;

	if (o->arg_count != 1)
		return usage_error("rules replay needs a FILE or a DIR", NULL);
	if (o->since && (sscanf(o->since, "%5d%c%n", &days, &unit, &used) != 2 || unit != 'd' || o->since[used] || days < 1 || days > 36500))
		return usage_error("--since is a number of days, as 30d", o->since);
	ro.days = days;
	if (read_draft(o->args[0], o->rules, &live, &draft, &e))
		rc = fail(&e);
	else
		rc = rules_replay(&live, &draft, &ro);
	rule_set_fini(&draft);
	rule_set_fini(&live);
	return rc;
}

int rules_command(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct options *o);
	} commands[] = { { "check", check }, { "test", test }, { "explain", explain }, { "eval", eval }, { "replay", replay },
		{ "learn", learn }, { "bench", bench }, { "list", list } };
	struct options o;

	if (argc < 1)
		return usage_error("what is to be done with the rules?", NULL);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[0], commands[i].name) == 0) {
			int rc = read_options(argc, argv, &o);
			return rc ? rc : commands[i].run(&o);
		}
	return usage_error("unknown command", argv[0]);
}
