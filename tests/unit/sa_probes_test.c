/*
 * SpamAssassin's own answers: its probes with the real engine's output. The shared ones first, as mails; then our own
 * under tests/rules/sa (made with tests/rules/sa/oracle.pl): `<name>.cf`, `<name>.txt` (subject line, empty line, body;
 * X-Fields behind the subject), `<name>.expected` ("NAME xCOUNT" lines, sorted), fed as the equivalent text; and the
 * mails of tests/rules/sa/mails and corners with answers.jsonl: values, hits, score, body elements and addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"
#include "spam/scan.h"
#include "spam/surface_mail.h"
#include "unit/practice.h"

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text;
	size_t n;

	if (f == NULL)
		return NULL;
	text = calloc(1, 1 << 20);
	assert_non_null(text);
	n = fread(text, 1, (1 << 20) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

struct message {
	struct surface_field fields[16];
	size_t field_count;
	struct slice title, body;
};

/* Header lines up to an empty line, then the body. */
static void read_message(char *text, struct message *m)
{
	char *line = text;

	memset(m, 0, sizeof(*m));
	while (*line != '\n' && *line != '\0') {
		char *end = strchr(line, '\n'), *colon = strchr(line, ':');

		assert_non_null(end);
		assert_true(colon != NULL && colon < end && m->field_count < 16);
		if (strncmp(line, "Subject:", 8) == 0)
			m->title = slice_make(colon + 2 <= end ? colon + 2 : end,
					      colon + 2 <= end ? (size_t)(end - colon - 2) : 0);
		else
			m->fields[m->field_count++] =
			    (struct surface_field){ slice_make(line, (size_t)(colon - line)),
						    slice_make(colon + 2, (size_t)(end - colon - 2)) };
		line = end + 1;
	}
	m->body = slice_of(*line != '\0' ? line + 1 : line);
}

static struct ruleset *build(const char *cf)
{
	struct cf_source source = { SLICE("10.cf"), slice_of(cf) };
	struct ruleset *r = NULL;
	struct cf_errors errs;
	struct error e;

	cf_errors_init(&errs);
	if (ruleset_build(&source, 1, NULL, &r, &errs, &e) != ERR_OK)
		for (size_t i = 0; i < errs.count; i++)
			print_error("%s:%u:%u: %s\n", errs.list[i].file, errs.list[i].line, errs.list[i].column,
				    errs.list[i].message);
	cf_errors_fini(&errs);
	assert_non_null(r);
	return r;
}

static void scan(const struct ruleset *r, const struct message *m, struct arena *a, struct surfaces *s,
		 struct scan_result *out)
{
	struct surface_input in = { .title = m->title,
				    .body = m->body,
				    .fields = m->fields,
				    .field_count = m->field_count };
	struct error e;

	assert_int_equal(surface_build(a, &in, s, &e), ERR_OK);
	assert_int_equal(scan_run(r, s, NULL, a, out, &e), ERR_OK);
}

static bool expected_has(const char *expected, const char *line)
{
	const char *at = expected;

	while ((at = strstr(at, line)) != NULL) {
		if ((at == expected || at[-1] == '\n') && (at[strlen(line)] == '\n' || at[strlen(line)] == '\0'))
			return true;
		at++;
	}
	return false;
}

/* "BODY[one\n]\n    [two\n]" and "RAW[...]" of the expected file against the surfaces. */
static void check_elements(const char *expected, const char *label, const struct surface_elements *list, bool same)
{
	const char *at = strstr(expected, label);

	assert_non_null(at);
	at += strlen(label) - 1;
	for (size_t i = 0; i < list->count; i++) {
		char *text = calloc(1, list->list[i].text.len * 2 + 8);
		size_t n = 0;

		text[n++] = '[';
		for (size_t k = 0; k < list->list[i].text.len; k++) {
			if (list->list[i].text.ptr[k] == '\n') {
				text[n++] = '\\';
				text[n++] = 'n';
			} else {
				text[n++] = list->list[i].text.ptr[k];
			}
		}
		text[n++] = ']';
		if (same && strncmp(at, text, n) != 0)
			print_error("element %zu is %s\n", i, text);
		assert_true(!same || strncmp(at, text, n) == 0);
		at += n;
		while (*at == '\n' || *at == ' ')
			at++;
		free(text);
	}
	assert_true(*at != '[');
}

static void read_mail(struct arena *a, struct slice bytes, struct surfaces *s)
{
	struct surface_input in = { 0 };
	struct mail *m = ARENA_NEW(a, struct mail);
	struct error e;

	assert_non_null(m);
	assert_int_equal(mail_read(a, bytes, m, &e), ERR_OK);
	assert_int_equal(surface_mail(a, m, &in, &e), ERR_OK);
	assert_int_equal(surface_build(a, &in, s, &e), ERR_OK);
}

/* "URI one | two": the very set. */
static void check_uris(const char *expected, const struct surface_elements *list)
{
	const char *u = strstr(expected, "URI ") + 4;
	size_t count = 0;

	while (*u != '\n' && *u != '\0') {
		struct slice want = slice_make(u, strcspn(u, " \n"));
		bool found = false;

		for (size_t i = 0; i < list->count; i++)
			found = found || slice_eq(list->list[i].text, want);
		assert_true(found);
		count++;
		u += want.len;
		u += strspn(u, " |");
	}
	assert_int_equal(count, list->count);
}

static char *practice(const char *form, const char *name)
{
	char file[100], path[PRACTICE_PATH_BYTES];

	snprintf(file, sizeof(file), form, name);
	return practice_path(path, file) ? slurp(path) : NULL;
}

static void shared_probe(const char *name)
{
	char *cf = practice("sa_probes/%s.cf", "10"), *mail, *expected;
	struct arena *a;
	struct surfaces s;
	struct scan_result out;
	struct ruleset *r;
	struct error e;
	double score;
	size_t hits = 0;

	if (cf == NULL)
		return;
	a = arena_new(64 << 20);
	mail = practice("sa_probes/%s.eml", name);
	expected = practice("sa_probes/expected_%s.txt", name);
	assert_true(mail != NULL && expected != NULL);
	read_mail(a, slice_of(mail), &s);
	r = build(cf);
	assert_int_equal(scan_run(r, &s, NULL, a, &out, &e), ERR_OK);
	assert_int_equal(sscanf(expected, "score %lf", &score), 1);
	assert_true(out.score == score);
	for (size_t i = 0; i < out.hit_count; i++) {
		char want[160];

		snprintf(want, sizeof(want), "%s x%u", ruleset_rule(r, out.hits[i].rule)->name, out.hits[i].count);
		if (!expected_has(expected, want))
			print_error("unexpected: %s\n", want);
		assert_true(expected_has(expected, want));
		hits += out.hits[i].count;
	}
	/* The real engine prints a line for each single hit. */
	for (char *p = expected; (p = strchr(p, '\n')) != NULL && strncmp(p + 1, "sub:", 4) != 0; p++)
		hits--;
	assert_int_equal(hits, 0);
	check_elements(expected, "BODY[", &s.of[SURFACE_BODY], true);
	check_elements(expected, "RAW[", &s.of[SURFACE_RAWBODY], true);
	check_uris(expected, &s.of[SURFACE_URI]);
	ruleset_unref(&r);
	arena_free(&a);
	free(cf);
	free(mail);
	free(expected);
}

static void plain_mail(void **state)
{
	(void)state;
	shared_probe("plain");
}

static void markup_in_plain_mail(void **state)
{
	(void)state;
	shared_probe("markup_in_plain");
}

static void html_mail(void **state)
{
	(void)state;
	shared_probe("html");
}

/* Perl tells bytes as characters up to U+00FF. */
static bool same_bytes(struct slice told, struct slice bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < told.len; n++) {
		unsigned cp;

		i += utf8_next(told, i, &cp);
		if (n == bytes.len || cp != (unsigned char)bytes.ptr[n])
			return false;
	}
	return n == bytes.len;
}

static void check_list(const char *file, const char *what, const struct jv *told, const struct surface_elements *list,
		       bool ordered)
{
	if (jv_size(told) != list->count)
		print_error("%s: %zu of %s, not %zu\n", file, list->count, what, jv_size(told));
	for (size_t i = 0; i < jv_size(told); i++) {
		struct slice want = jv_text_of(jv_at(told, i));
		bool found = false;

		for (size_t k = 0; k < list->count; k++)
			found = found || ((!ordered || k == i) && same_bytes(want, list->list[k].text));
		if (!found)
			print_error("%s: missing in %s: %.*s\n", file, what, SLICE_ARG(want));
		assert_true(found);
	}
	assert_int_equal(jv_size(told), list->count);
}

static void folder(const char *in)
{
	char path[512], *cf, *answers;
	struct arena *a = arena_new(256 << 20);
	struct ruleset *r;
	size_t mails = 0;

	snprintf(path, sizeof(path), "tests/rules/sa/%s/rules.cf", in);
	cf = slurp(path);
	snprintf(path, sizeof(path), "tests/rules/sa/%s/answers.jsonl", in);
	answers = slurp(path);
	assert_true(cf != NULL && answers != NULL);
	r = build(cf);
	for (char *line = answers; *line != '\0'; line = strchr(line, '\n') + 1) {
		struct jv *told = NULL;
		struct slice file;
		char *bytes;
		struct surfaces s;
		struct scan_result out;
		struct error e;

		assert_int_equal(jv_parse(slice_make(line, strcspn(line, "\n")), 8, &told, &e), ERR_OK);
		file = jv_get_text(told, "file");
		snprintf(path, sizeof(path), "tests/rules/sa/%s/%.*s", in, SLICE_ARG(file));
		bytes = slurp(path);
		assert_non_null(bytes);
		read_mail(a, slice_of(bytes), &s);
		assert_int_equal(scan_run(r, &s, NULL, a, &out, &e), ERR_OK);
		check_list(path, "body", jv_get(told, "body"), &s.of[SURFACE_BODY], true);
		check_list(path, "uri", jv_get(told, "uris"), &s.of[SURFACE_URI], false);
		for (size_t i = 0; i < ruleset_count(r); i++) {
			const char *name = ruleset_rule(r, i)->name;
			double by = out.values[i] - jv_real_of(jv_get(jv_get(told, "values"), name));

			if (by > 1e-9 || by < -1e-9)
				print_error("%s: %s is %g\n", path, name, out.values[i]);
			assert_true(by <= 1e-9 && by >= -1e-9);
		}
		for (size_t i = 0; i < out.hit_count; i++)
			assert_int_equal(out.hits[i].count,
					 jv_int_of(jv_get(jv_get(told, "hits"), ruleset_rule(r, out.hits[i].rule)->name)));
		assert_true(out.score - jv_real_of(jv_get(told, "score")) < 0.0006 &&
			    jv_real_of(jv_get(told, "score")) - out.score < 0.0006);
		mails++;
		free(bytes);
		jv_free(&told);
		arena_reset(a);
	}
	assert_true(mails > 10);
	ruleset_unref(&r);
	arena_free(&a);
	free(cf);
	free(answers);
}

static void own_mails(void **state)
{
	(void)state;
	folder("mails");
}

/* What the generated rules and mails seldom or never come across, one rule for each. */
static void corners(void **state)
{
	(void)state;
	folder("corners");
}

static void own_probes(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob("tests/rules/sa/*.cf", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char path[512], *cf = slurp(found.gl_pathv[i]), *text, *expected, *got;
		size_t stem = strlen(found.gl_pathv[i]) - 3, n = 0;
		struct arena *a = arena_new(64 << 20);
		struct message m;
		struct surfaces s;
		struct scan_result out;
		struct ruleset *r;

		snprintf(path, sizeof(path), "%.*s.txt", (int)stem, found.gl_pathv[i]);
		text = slurp(path);
		snprintf(path, sizeof(path), "%.*s.expected", (int)stem, found.gl_pathv[i]);
		expected = slurp(path);
		assert_true(text != NULL && expected != NULL);
		read_message(text, &m);
		r = build(cf);
		scan(r, &m, a, &s, &out);
		assert_int_equal(out.error_count, 0);
		got = calloc(1, 1 << 20);
		n += (size_t)snprintf(got, 1 << 20, "score %.3f\n", out.score);
		for (size_t k = 0; k < ruleset_count(r); k++)
			if (out.values[k] != 0)
				n += (size_t)snprintf(got + n, (1 << 20) - n, "%s %g\n", ruleset_rule(r, k)->name,
						      out.values[k]);
		/* Order is no part of the answer: every line of one is in the other. */
		for (char *side = expected, *other = got;; side = got, other = expected) {
			for (char *p = side; *p != '\0'; p = strchr(p, '\n') + 1) {
				char line[200];

				snprintf(line, sizeof(line), "%.*s", (int)strcspn(p, "\n"), p);
				if (!expected_has(other, line))
					print_error("%s: %s: %s\n", found.gl_pathv[i],
						    side == got ? "too much" : "missing", line);
				assert_true(expected_has(other, line));
			}
			if (side == got)
				break;
		}
		ruleset_unref(&r);
		arena_free(&a);
		free(cf);
		free(text);
		free(expected);
		free(got);
	}
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_mail),
		cmocka_unit_test(markup_in_plain_mail),
		cmocka_unit_test(html_mail),
		cmocka_unit_test(own_probes),
		cmocka_unit_test(own_mails),
		cmocka_unit_test(corners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
