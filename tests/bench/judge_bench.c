/*
 * judge_bench: microseconds of CPU a question with the shipped rules: features and judge, on one thread, without the database.
 *
 *     judge_bench
 *
 * Texts are the corpora in $PORCHLIGHT_SHARED/corpus, {"subject", "body"} a line, or a few of its own
 * where they are absent; then hostile ones of 16 KiB, and of 64; then each hostile rule of tests/rules/hostile on its own text. Prints one JSON line a kind: median, p99 and the largest.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/json.h"
#include "desk/rulebook_files.h"
#include "spam/judge.h"

enum { TEXTS_MAX = 8000, A_CORPUS = 1500, HOSTILE_BYTES = 16 * 1024 - 1, LONG_BYTES = 64 * 1024, WARM = 300 };

static int64_t spent[TEXTS_MAX];
static size_t count;
static struct arena *arena;
static struct ruleset *rules;

static void die(const char *why)
{
	fprintf(stderr, "judge_bench: %s\n", why);
	exit(1);
}

static void judge(struct slice title, struct slice body)
{
	struct submission in = { .kind = SUBMIT_QUESTION, .title = title, .body = body, .form_age_ms = -1 };
	struct judge_options o = judge_defaults();
	struct features *f;
	struct facts facts;
	struct verdict *v;
	struct error e;

	if (count == TEXTS_MAX)
		return;
	facts_init(&facts);
	int64_t from = clock_thread_us();
	if (spam_features(arena, rules, &in, NULL, &f, &e) || spam_judge(arena, f, &facts, &o, &v, &e))
		die(e.message);
	spent[count++] = clock_thread_us() - from;
	arena_reset(arena);
}

static void judge_line(const char *line)
{
	struct jv *v = NULL;

	if (jv_parse(slice_of(line), 4, &v, NULL) == ERR_OK && jv_get_text(v, "body").len)
		judge(jv_get_text(v, "subject"), jv_get_text(v, "body"));
	jv_free(&v);
}

static bool corpora(void)
{
	static char line[1 << 17];
	const char *shared = getenv("PORCHLIGHT_SHARED");
	char path[4096];

	snprintf(path, sizeof(path), "%s/corpus", shared ? shared : "");
	DIR *d = shared ? opendir(path) : NULL;
	if (!d)
		return false;
	for (struct dirent *x; (x = readdir(d));) {
		if (!strstr(x->d_name, ".jsonl"))
			continue;
		snprintf(path, sizeof(path), "%s/corpus/%s", shared, x->d_name);
		FILE *f = fopen(path, "r");
		for (int i = 0; f && i < A_CORPUS && fgets(line, sizeof(line), f); i++)
			judge_line(line);
		if (f)
			fclose(f);
	}
	closedir(d);
	return count > 0;
}

static void own_texts(void)
{
	static const char *const own[] = {
		"How do I add a picture to the article about our village's bridge? I took it myself and would like to give it away freely.",
		"My page was deleted and I do not know why. The message says that it reads like an advertisement, but it is about my grandmother.",
		"Wie kann ich eine Quelle angeben, die nur auf Papier erschienen ist? Es geht um eine Zeitung von 1911.",
		"\xd9\x83\xd9\x8a\xd9\x81 \xd8\xa3\xd8\xb6\xd9\x8a\xd9\x81 \xd8\xb5\xd9\x88\xd8\xb1\xd8\xa9 \xd8\xa5\xd9\x84\xd9\x89 \xd8\xa7\xd9\x84\xd9\x85\xd9\x82\xd8\xa7\xd9\x84\xd8\xa9\xd8\x9f",
		"Earn $5000 a week from home! Write to my telegram @quickmoney or see http://profit.example/now before the offer ends.",
	};
	for (int i = 0; i < 1000; i++)
		judge(SLICE("A question"), slice_of(own[(size_t)i % (sizeof(own) / sizeof(*own))]));
}

/* One piece again and again: what makes matchers, word breaks and URL finders work hardest. */
static void judge_repeated(const char *first, const char *piece, size_t most)
{
	static char text[LONG_BYTES];
	size_t n = strlen(first), len = strlen(piece);

	memcpy(text, first, n);
	while (n + len <= (most < sizeof(text) ? most : sizeof(text))) {
		memcpy(text + n, piece, len);
		n += len;
	}
	judge(SLICE("A question"), slice_make(text, n));
	if (spent[count - 1] > 5000)
		printf("{\"kind\":\"slow\",\"piece\":\"%s\",\"first\":\"%s\",\"us\":%lld}\n", piece[0] == '\n' ? "newline" : piece, first,
			(long long)spent[count - 1]);
}

static void hostile_texts(void)
{
	static const char *const pieces[] = {
		"a", " ", "<", "(", "http://", "www.a.", "@", "\n", "aA1-", "x@", "\xe2\x80\x8b", "\xcc\x81", "\xd0\xb0" "a", "[[", "{{", "a.b/", "free money ",
		"\xf0\x9f\x98\x80", "&#x41;", "buy now http://a.example/ ", "www.", "http://a.com/", "a.com/", "a.com ", "?u=http://a.com/", "%41", "a@b.com ",
		"http://a.com/?u=http://b.com/ ", "\xe2\x80\xae", "\xe2\x80\xae" "a\xd8\xa7", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "(dot)", "[.]", "hxxp://", "a.com,", "mailto:a@b.com", "http:", "://", "a%2e", "1.", "0x1.", "a_b.com:80/",
	};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++)
		judge_repeated("", pieces[i], HOSTILE_BYTES);
	/* One address as long as the text, and addresses within addresses. */
	judge_repeated("http://a.com/", "a", HOSTILE_BYTES);
	judge_repeated("http://a.com/", "%41", HOSTILE_BYTES);
	judge_repeated("http://a.com/", "?u=http://b.com", HOSTILE_BYTES);
	judge_repeated("http://a.com/", "/http:/b.com", HOSTILE_BYTES);
	judge_repeated("", "http://a.com/ ", 2000 * 14);
	judge_repeated("", "http://", HOSTILE_BYTES);
}

/* Past what the API takes: `rules explain`, and mails for `rules eval --mail`, may hold it. */
static void long_texts(void)
{
	judge_repeated("http://a.com/", "a", 60 << 10);
	judge_repeated("http://a.com/", "?u=http://b.com/", 60 << 10);
	judge_repeated("http://", "a.", 60 << 10);
	judge_repeated("a", "\xcc\x81", LONG_BYTES);
	judge_repeated("", "a\xcc\x81", LONG_BYTES);
	judge_repeated("", "\xe2\x80\xae", LONG_BYTES);
	judge_repeated("", "\xed\xa0\x80", LONG_BYTES);
	judge_repeated("", "\xc0\xaf", LONG_BYTES);
	judge_repeated("", "@", LONG_BYTES);
	judge_repeated("", "e v i l . c o m ", LONG_BYTES);
	judge_repeated("", "\xd0\xb0.\xd1\x81\xd0\xbe ", LONG_BYTES);
	judge_repeated("", "a\xc2\xb7", LONG_BYTES);
}

static struct slice read_file(const char *folder, const char *name, const char *ending)
{
	char path[4096], *text = arena_alloc(arena, 1 << 16);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s%s", folder, name, ending);
	f = fopen(path, "r");
	if (!text || !f)
		die("a hostile rule or its text cannot be read");
	size_t n = fread(text, 1, 1 << 16, f);
	fclose(f);
	return slice_make(text, n);
}

/* Each with its own text: the guard's worst cases. */
static void hostile_rules(void)
{
	static const char folder[] = "tests/rules/hostile";
	struct ruleset *shipped = rules;
	DIR *d = opendir(folder);

	for (struct dirent *x; d && (x = readdir(d));) {
		char name[256];
		struct cf_errors errs;
		struct error e;
		size_t n = strlen(x->d_name);
		if (n < 4 || strcmp(x->d_name + n - 3, ".cf") != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(n - 3), x->d_name);
		struct cf_source source = { SLICE("hostile.cf"), read_file(folder, name, ".cf") };
		cf_errors_init(&errs);
		if (features_build_rules(&source, 1, NULL, &rules, &errs, &e))
			die(e.message);
		judge(SLICE_NONE, read_file(folder, name, ".txt"));
		ruleset_unref(&rules);
		cf_errors_fini(&errs);
	}
	if (d)
		closedir(d);
	rules = shipped;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void report(const char *kind)
{
	qsort(spent, count, sizeof(*spent), by_value);
	printf("{\"kind\":\"%s\",\"texts\":%zu,\"median_us\":%lld,\"p99_us\":%lld,\"max_us\":%lld}\n", kind, count, (long long)spent[count / 2],
		(long long)spent[count * 99 / 100], (long long)spent[count - 1]);
	count = 0;
}

int main(void)
{
	struct rule_set set;
	struct cf_errors errs;
	struct error e;

	if (crypt_init(&e) || rule_set_embedded(&set, &e))
		die(e.message);
	struct cf_source *sources = rule_set_sources(&set);
	cf_errors_init(&errs);
	if (!sources || features_build_rules(sources, set.count, NULL, &rules, &errs, &e))
		die("the shipped rules do not compile");
	arena = arena_new(64 << 20);
	if (!arena)
		die("no memory");
	for (int i = 0; i < WARM; i++)
		judge(SLICE("A question"), SLICE("How do I sign what I write on a talk page, please?"));
	count = 0;
	bool shared = corpora();
	if (!shared)
		own_texts();
	report(shared ? "real" : "own");
	hostile_texts();
	report("hostile");
	long_texts();
	report("long");
	hostile_rules();
	if (count)
		report("hostile-rule");
	arena_free(&arena);
	ruleset_unref(&rules);
	cf_errors_fini(&errs);
	free(sources);
	rule_set_fini(&set);
	return 0;
}
