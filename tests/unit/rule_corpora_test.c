/*
 * The index never loses a match of real rules on real texts: every pattern of rules/ over tests/rules/{ham,spam}, beside plain PCRE2,
 * pattern by pattern, by an oracle that shares no code with compose, literals, grams, fold or scan. It reads the elements that were
 * scanned and the patterns as they were compiled, tags replaced. Counts must be equal, not only hits.
 *
 * With NEVER_MISSES in the environment (make check-rules) SpamAssassin's own rules are asked too, where Debian's package is installed, and
 * every 20th text of the corpora in $PORCHLIGHT_SHARED/corpus is read as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypt.h"
#include "base/json.h"
#include "desk/rulebook_files.h"
#include "spam/domains.h"
#include "spam/features.h"
#include "spam/pattern.h"
#include "spam/scan.h"
#include "text/uri.h"
#include "text/views.h"

enum { SHARED_EVERY = 20, FILES_MAX = 200, TRIES = 20 };

static const char spamassassin[] = "/usr/share/spamassassin";

struct side {
	const struct ruleset *r;
	pcre2_code **of[SURFACE_COUNT], **allow; /* of each probe, NULL where it asks no pattern */
	size_t patterns, texts, compared, matches, unknown;
};

static pcre2_code *compile(const struct pattern *p)
{
	static const uint32_t letters[] = { PCRE2_CASELESS, PCRE2_MULTILINE, PCRE2_DOTALL, PCRE2_EXTENDED, PCRE2_EXTENDED_MORE, PCRE2_NO_AUTO_CAPTURE };
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	uint32_t o = PCRE2_DUPNAMES;
	struct slice text = pattern_text(p);
	pcre2_code *code;
	PCRE2_SIZE at;
	int why;

	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		o |= pattern_flags(p) & (1u << i) ? letters[i] : 0;
	o |= pattern_flags(p) & PATTERN_UTF ? PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF : 0;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	code = pcre2_compile((PCRE2_SPTR)text.ptr, text.len, o, &why, &at, context);
	pcre2_compile_context_free(context);
	assert_non_null(code);
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	return code;
}

static pcre2_code **compile_all(const struct probe_set *set, size_t *patterns)
{
	pcre2_code **codes = calloc(set->count + 1, sizeof(pcre2_code *));

	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].kind == PROBE_PATTERN) {
			codes[i] = compile(set->list[i].pattern);
			(*patterns)++;
		}
	return codes;
}

/* Perl's //g, at most `most` (0: all). -1: PCRE2 gave up. */
static long count_matches(const pcre2_code *code, struct slice text, unsigned most)
{
	static pcre2_match_data *data;
	const char *subject = text.ptr != NULL ? text.ptr : "";
	uint32_t empty = 0;
	long n = 0;

	data = data != NULL ? data : pcre2_match_data_create(1, NULL);
	for (size_t from = 0; from <= text.len && (most == 0 || n < (long)most);) {
		int rc = pcre2_match(code, (PCRE2_SPTR)subject, text.len, from, empty, data, NULL);
		PCRE2_SIZE *v = pcre2_get_ovector_pointer(data);

		if (rc < 0)
			return rc == PCRE2_ERROR_NOMATCH ? n : -1;
		n++;
		if (v[1] < from)
			break;
		empty = v[1] == v[0] || v[1] == from ? PCRE2_NOTEMPTY_ATSTART : 0;
		from = v[1];
	}
	return n;
}

static bool is_allowed(const struct side *x, struct slice uri)
{
	const struct probe_set *set = ruleset_allow_probes(x->r);
	struct slice host = domains_host(uri);

	for (size_t i = 0; i < set->count; i++)
		if (count_matches(x->allow[i], uri, 1) > 0)
			return true;
	return host.ptr != NULL && ruleset_host_allowed(x->r, host);
}

/* How often a probe hits, as SPAM's table of surfaces has it. -1: unknown. */
static long wanted(const struct side *x, const struct surfaces *s, enum surface on, size_t k)
{
	const struct probe *p = &ruleset_probes(x->r, on)->list[k];
	const struct rule *rule = ruleset_rule(x->r, p->rule);
	unsigned most = rule->tflags & CF_TF_MULTIPLE ? rule->maxhits : 1;
	long n = 0;

	if (on == SURFACE_HEADER) {
		const struct surface_element *e = surface_header(s, p->field, p->form);

		n = count_matches(x->of[on][k], e != NULL ? e->text : p->if_unset.ptr != NULL ? p->if_unset : SLICE(""), most);
		return n >= 0 && p->negated ? n == 0 : n;
	}
	for (size_t i = 0; i < s->of[on].count; i++) {
		const struct surface_element *e = &s->of[on].list[i];
		long here;

		if ((on == SURFACE_BODY && i == 0 && rule->tflags & CF_TF_NOSUBJECT) || (e->wide && !p->list && !(rule->tflags & CF_TF_WIDE)) ||
		    (p->list && is_allowed(x, e->text)))
			continue;
		here = count_matches(x->of[on][k], e->text, most);
		if (here < 0)
			return -1;
		n += here;
	}
	return most > 0 && n > (long)most ? (long)most : n;
}

/* A rule of a list has many patterns, and domains that are no patterns. */
static bool one_pattern(const struct rule *rule)
{
	size_t n = strlen(rule->file);

	return n < 5 || strcmp(rule->file + n - 5, ".list") != 0;
}

static void compare(struct side *x, struct slice title, struct slice body)
{
	struct scan_options so = { .budget_us = 60000000, .rule_budget_us = 60000000, .dormant_too = true };
	struct surface_field fields[] = { { SLICE("Question"), body }, { SLICE("From"), SLICE("\"Ann\" <ann@a.example>") },
					  { SLICE("User-Agent"), SLICE("Mozilla/5.0") }, { SLICE("Channel"), SLICE("form") } };
	struct arena *a = arena_new(256 << 20);
	struct surface_input in = { .title = title, .body = body, .fields = fields, .field_count = 4 };
	struct views views;
	struct uris uris;
	struct surfaces s;
	struct scan_result out;
	struct slice *urls;
	struct error e;

	if (body.len > SURFACE_TEXT_BYTES_MAX || views_make(a, body, &views, &e) != ERR_OK) {
		arena_free(&a);
		return;
	}
	assert_int_equal(uris_find(a, views.text[VIEW_RENDERED], &uris, &e), ERR_OK);
	urls = arena_array(a, uris.count + 1, sizeof(*urls));
	for (size_t i = 0; i < uris.count; i++)
		urls[i] = uris.list[i].url;
	in.norm = views.text[VIEW_NORM];
	in.skel = views.text[VIEW_SKEL];
	in.uris = urls;
	in.uri_count = uris.count;
	assert_int_equal(surface_build(a, &in, &s, &e), ERR_OK);
	assert_int_equal(scan_run(x->r, &s, &so, a, &out, &e), ERR_OK);
	for (enum surface on = 0; on < SURFACE_COUNT; on++) {
		const struct probe_set *set = ruleset_probes(x->r, on);

		for (size_t k = 0; k < set->count; k++) {
			const struct rule *rule = ruleset_rule(x->r, set->list[k].rule);
			bool unknown = false;
			long want;

			if (x->of[on][k] == NULL || !one_pattern(rule))
				continue;
			for (size_t i = 0; i < out.error_count; i++)
				unknown = unknown || out.errors[i].rule == set->list[k].rule;
			want = unknown ? -1 : wanted(x, &s, on, k);
			if (want < 0) {
				x->unknown++;
				continue;
			}
			if (out.values[set->list[k].rule] != (double)want)
				print_error("%s hits %g times, PCRE2 %ld: %.*s\n", rule->name, out.values[set->list[k].rule], want,
					    body.len > 300 ? 300 : (int)body.len, body.ptr);
			assert_true(out.values[set->list[k].rule] == (double)want);
			x->compared++;
			x->matches += (size_t)want;
		}
	}
	x->texts++;
	arena_free(&a);
}

static void read_texts(struct side *x, const char *pattern, unsigned every)
{
	static char line[1 << 17];
	unsigned long n = 0;
	glob_t files;

	if (glob(pattern, 0, NULL, &files) != 0)
		return;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		FILE *f = fopen(files.gl_pathv[i], "r");

		assert_non_null(f);
		while (fgets(line, sizeof(line), f) != NULL) {
			struct jv *v = NULL;

			if (n++ % every == 0 && jv_parse(slice_of(line), 4, &v, NULL) == ERR_OK)
				compare(x, jv_get_text(v, "subject"), jv_get_text(v, "body"));
			jv_free(&v);
		}
		fclose(f);
	}
	globfree(&files);
}

static void compare_all(const char *what, const struct ruleset *r)
{
	const char *shared = getenv("PORCHLIGHT_SHARED");
	struct side x = { .r = r };
	size_t ignored = 0;
	char path[4096];

	for (enum surface s = 0; s < SURFACE_COUNT; s++)
		x.of[s] = compile_all(ruleset_probes(r, s), &x.patterns);
	x.allow = compile_all(ruleset_allow_probes(r), &ignored);
	read_texts(&x, "tests/rules/ham/*.jsonl", 1);
	read_texts(&x, "tests/rules/spam/*.jsonl", 1);
	assert_true(x.texts > 500);
	if (getenv("NEVER_MISSES") != NULL && shared != NULL) {
		snprintf(path, sizeof(path), "%s/corpus/*.jsonl", shared);
		read_texts(&x, path, SHARED_EVERY);
	}
	print_message("# never misses: %zu patterns of %s on %zu texts, %zu answers and %zu matches compared, 0 differ (%zu unknown)\n", x.patterns, what,
		      x.texts, x.compared, x.matches, x.unknown);
	/* Or nothing was compared at all. */
	assert_true(x.matches > x.texts && x.unknown * 1000 < x.compared);
	for (enum surface s = 0; s < SURFACE_COUNT; s++) {
		for (size_t i = 0; i < ruleset_probes(r, s)->count; i++)
			pcre2_code_free(x.of[s][i]);
		free(x.of[s]);
	}
	for (size_t i = 0; i < ruleset_allow_probes(r)->count; i++)
		pcre2_code_free(x.allow[i]);
	free(x.allow);
}

static void shipped_rules(void **state)
{
	struct rule_set set;
	struct cf_source *sources;
	struct cf_errors errs;
	struct ruleset *r;
	struct error e;

	(void)state;
	assert_int_equal(crypt_init(&e), ERR_OK);
	assert_int_equal(rule_set_embedded(&set, &e), ERR_OK);
	sources = rule_set_sources(&set);
	cf_errors_init(&errs);
	assert_int_equal(features_build_rules(sources, set.count, NULL, &r, &errs, &e), ERR_OK);
	compare_all("rules/", r);
	ruleset_unref(&r);
	cf_errors_fini(&errs);
	free(sources);
	rule_set_fini(&set);
}

static struct slice read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, CF_FILE_BYTES_MAX);

	assert_true(f != NULL && text != NULL);
	struct slice out = slice_make(text, fread(text, 1, CF_FILE_BYTES_MAX, f));
	fclose(f);
	return out;
}

/* Blanks the lines that we do not take (they are listed in rules/README.md): the others are to be compared all the same. */
static size_t drop_lines(const struct cf_errors *errs, struct cf_source *sources, size_t count)
{
	size_t dropped = 0;

	for (size_t i = 0; i < errs->count; i++)
		for (size_t k = 0; k < count && !errs->list[i].notice; k++) {
			char *at = (char *)(uintptr_t)sources[k].text.ptr, *end = at + sources[k].text.len;

			if (!slice_is(sources[k].name, errs->list[i].file))
				continue;
			for (unsigned line = 1; line < errs->list[i].line && at != NULL; line++)
				at = memchr(at, '\n', (size_t)(end - at)) != NULL ? (char *)memchr(at, '\n', (size_t)(end - at)) + 1 : NULL;
			dropped += at != NULL && *at != '#';
			if (at != NULL && at < end)
				*at = '#';
		}
	return dropped;
}

static void spamassassins_rules(void **state)
{
	struct ruleset_options o = { .always_max = RULESET_RULES_MAX };
	struct cf_source sources[FILES_MAX];
	struct ruleset *r = NULL;
	size_t count = 0, dropped = 0;
	char path[4096];
	glob_t files;

	(void)state;
	snprintf(path, sizeof(path), "%s/*.cf", spamassassin);
	if (getenv("NEVER_MISSES") == NULL || glob(path, 0, NULL, &files) != 0)
		return; /* make check-rules installs it */
	for (; count < files.gl_pathc && count < FILES_MAX; count++)
		sources[count] = (struct cf_source){ slice_of(strrchr(files.gl_pathv[count], '/') + 1), read_file(files.gl_pathv[count]) };
	for (int i = 0; i < TRIES && r == NULL; i++) {
		struct cf_errors errs;
		struct error e;

		cf_errors_init(&errs);
		if (ruleset_build(sources, count, &o, &r, &errs, &e) != ERR_OK)
			dropped += drop_lines(&errs, sources, count);
		cf_errors_fini(&errs);
	}
	assert_non_null(r);
	print_message("# of SpamAssassin's rules %zu lines are not ours\n", dropped);
	compare_all("SpamAssassin", r);
	ruleset_unref(&r);
	for (size_t i = 0; i < count; i++)
		free((void *)(uintptr_t)sources[i].text.ptr);
	globfree(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_rules),
		cmocka_unit_test(spamassassins_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
