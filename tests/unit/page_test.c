#include "web/page.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "unit/practice.h"
#include "web/i18n.h"

static char folder[] = "/tmp/porchlight-page-XXXXXX";

static void put_file(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void drop_file(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	remove(path);
}

static struct jv *parse(const char *text)
{
	struct jv *v;
	struct error e;

	if (jv_parse(slice_of(text), 64, &v, &e) != ERR_OK)
		fail_msg("%s: %s", text, e.message);
	return v;
}

static enum err rendered(const char *text, bool plain, const char *context, const char *partials, char **out)
{
	struct jv *c = parse(context), *p = partials ? parse(partials) : NULL;
	struct str s;
	struct error e = { 0 };

	str_init(&s, 1 << 16);
	enum err rc = page_render_text(slice_of(text), p, plain, "en", c, &s, &e);
	*out = strdup(rc == ERR_OK ? str_c(&s) : e.message);
	str_fini(&s);
	jv_free(&c);
	jv_free(&p);
	return rc;
}

static void expect(const char *text, const char *context, const char *wanted)
{
	char *out;

	assert_int_equal(rendered(text, false, context, NULL, &out), ERR_OK);
	assert_string_equal(out, wanted);
	free(out);
}

static void expect_error(const char *text, enum err code, const char *message)
{
	char *out;

	assert_int_equal(rendered(text, false, "{}", NULL, &out), code);
	assert_string_equal(out, message);
	free(out);
}

static void escapes_unless_marked(void **state)
{
	(void)state;
	expect("{{x}}", "{\"x\": \"<a href='#'>\\\"&\"}", "&lt;a href=&#39;#&#39;&gt;&quot;&amp;");
	expect("{{{x}}}|{{&x}}", "{\"x\": \"<b>\"}", "&lt;b&gt;|&lt;b&gt;");
	expect("{{{x}}}|{{x}}", "{\"x\": {\"@html\": \"<b>\"}}", "<b>|&lt;b&gt;");
	struct jv *c = jv_set(jv_object(), "x", page_raw(SLICE("<i>ok</i>")));
	struct str s;
	struct error e;
	str_init(&s, 100);
	assert_int_equal(page_render_text(SLICE("{{{x}}}"), NULL, false, "en", c, &s, &e), ERR_OK);
	assert_string_equal(str_c(&s), "<i>ok</i>");
	str_fini(&s);
	jv_free(&c);
}

static void knows_what_is_false(void **state)
{
	(void)state;
	const char *t = "{{#x}}yes{{/x}}{{^x}}no{{/x}}";
	expect(t, "{}", "no");
	expect(t, "{\"x\": null}", "no");
	expect(t, "{\"x\": \"\"}", "no");
	expect(t, "{\"x\": 0}", "no");
	expect(t, "{\"x\": []}", "no");
	expect(t, "{\"x\": {\"@html\": \"\"}}", "no");
	expect(t, "{\"x\": {}}", "yes");
	expect(t, "{\"x\": \"0\"}", "yes");
	expect(t, "{\"x\": [0, 0]}", "yesyes");
	expect("{{#a}}{{.}},{{/a}}", "{\"a\": [1, 2.5, true, null, \"<\"]}", "1,2.5,true,,&lt;,");
}

static void says_where_a_template_is_broken(void **state)
{
	(void)state;
	expect_error("a\n{{#x}}", ERR_INVALID, "templates/text.mustache:2: a section is not closed.");
	expect_error("a\nb\n{{/x}}", ERR_INVALID,
		     "templates/text.mustache:3: a section ends here that is not the one last opened.");
	expect_error("{{x", ERR_INVALID, "templates/text.mustache:1: a tag is not closed.");
	expect_error("{{}}", ERR_INVALID, "templates/text.mustache:1: a tag has no name.");
	expect_error("{{=a=}}", ERR_INVALID, "templates/text.mustache:1: these delimiters cannot be read.");
}

static void is_bounded(void **state)
{
	(void)state;
	char *out;
	assert_int_equal(rendered("{{>a}}", false, "{}", "{\"a\": \"{{>a}}\"}", &out), ERR_INTERNAL);
	free(out);
	/* 2^40 empty turns */
	struct str t;
	str_init(&t, 4096);
	for (int i = 0; i < 40; i++)
		str_adds(&t, "{{#x}}");
	for (int i = 0; i < 40; i++)
		str_adds(&t, "{{/x}}");
	assert_int_equal(rendered(str_c(&t), false, "{\"x\": [1, 1]}", NULL, &out), ERR_INTERNAL);
	free(out);
	str_reset(&t);
	for (int i = 0; i <= PAGE_SECTION_DEPTH_MAX; i++)
		str_adds(&t, "{{#x}}");
	assert_int_equal(rendered(str_c(&t), false, "{}", NULL, &out), ERR_INVALID);
	free(out);
	str_fini(&t);
	/* Output over its maximum. */
	assert_int_equal(
	    rendered("{{#x}}{{y}}{{/x}}", false, "{\"x\": [1,2,3,4,5,6,7,8], \"y\": \"%01000\"}", NULL, &out), ERR_OK);
	free(out);
	struct jv *c = parse("{\"x\": \"123456789\"}");
	struct str s;
	str_init(&s, 8);
	assert_int_equal(page_render_text(SLICE("{{x}}"), NULL, false, "en", c, &s, NULL), ERR_NOMEM);
	str_fini(&s);
	jv_free(&c);
}

static void render_named(const char *name, const char *lang, const char *wanted)
{
	struct jv *c = parse("{\"who\": \"<Ann>\"}");
	struct str s;
	struct error e;

	str_init(&s, 1 << 16);
	if (page_render(name, lang, c, &s, &e) != ERR_OK)
		fail_msg("%s", e.message);
	assert_string_equal(str_c(&s), wanted);
	str_fini(&s);
	jv_free(&c);
}

static void reads_a_folder_again(void **state)
{
	(void)state;
	struct error e;
	struct str s;

	put_file("i18n/en.json", "{\"hello\": \"Hello & welcome\"}");
	put_file("i18n/de.json", "{\"hello\": \"Willkommen\"}");
	put_file("zz-test.mustache", "{{t.hello}} {{who}}\n  {{>zz-part}}\nend");
	put_file("zz-part.mustache", "one\n{{who}}\n");
	assert_int_equal(i18n_start(folder, &e), ERR_OK);
	assert_int_equal(page_start(folder, &e), ERR_OK);
	render_named("zz-test", "en", "Hello &amp; welcome &lt;Ann&gt;\n  one\n  &lt;Ann&gt;\nend");
	render_named("zz-test", "de", "Willkommen &lt;Ann&gt;\n  one\n  &lt;Ann&gt;\nend");
	put_file("zz-part.mustache", "three\n{{t.nothing}}\n");
	render_named("zz-test", "de", "Willkommen &lt;Ann&gt;\n  three\n  \u29fcnothing\u29fd\nend");
	put_file("zz-part.mustache", "{{#broken}}");
	str_init(&s, 100);
	assert_int_equal(page_render("zz-test", "en", NULL, &s, &e), ERR_INVALID);
	assert_string_equal(e.message, "templates/zz-part.mustache:1: a section is not closed.");
	/* Never the first part of one. */
	char *large = malloc((1 << 20) + 2);
	memset(large, 'a', (1 << 20) + 1);
	large[(1 << 20) + 1] = '\0';
	put_file("zz-part.mustache", large);
	free(large);
	assert_int_equal(page_render("zz-test", "en", NULL, &s, &e), ERR_INVALID);
	assert_string_equal(e.message, "templates/zz-part.mustache is larger than 1 MiB.");
	assert_int_equal(page_render("zz-absent", "en", NULL, &s, &e), ERR_NOT_FOUND);
	assert_int_equal(page_render("../zz-test", "en", NULL, &s, &e), ERR_NOT_FOUND);
	str_fini(&s);
	page_stop();
	i18n_stop();
}

static void builtin_templates_are_whole(void **state)
{
	(void)state;
	struct error e;
	struct str report;

	str_init(&report, 1 << 16);
	if (i18n_start(NULL, &e) != ERR_OK || page_start(NULL, &e) != ERR_OK)
		fail_msg("%s", e.message);
	if (page_lint(&report))
		fail_msg("%s", str_c(&report));
	str_fini(&report);
	page_stop();
	i18n_stop();
}

static int run_spec_file(const char *path)
{
	char buf[1 << 16];
	struct jv *spec;
	struct error e;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	size_t n = fread(buf, 1, sizeof buf, f);
	fclose(f);
	assert_true(n < sizeof buf);
	assert_int_equal(jv_parse(slice_make(buf, n), 64, &spec, &e), ERR_OK);
	const struct jv *tests = jv_get(spec, "tests");
	for (size_t i = 0; i < jv_size(tests); i++) {
		const struct jv *t = jv_at(tests, i);
		struct str s;

		str_init(&s, 1 << 16);
		e.message[0] = '\0';
		enum err rc = page_render_text(jv_get_text(t, "template"), jv_get(t, "partials"), true, "en",
					       jv_get(t, "data"), &s, &e);
		if (rc != ERR_OK || !slice_eq(str_slice(&s), jv_get_text(t, "expected")))
			fail_msg("%s: %s: got \"%s\" %s, wanted \"%s\"", path, jv_get_text(t, "name").ptr, str_c(&s),
				 e.message, jv_get_text(t, "expected").ptr);
		str_fini(&s);
	}
	int count = (int)jv_size(tests);
	jv_free(&spec);
	return count;
}

static void passes_the_specification(void **state)
{
	(void)state;
	char folder_path[PRACTICE_PATH_BYTES], path[PRACTICE_PATH_BYTES + 300];
	int count = 0;

	if (!practice_path(folder_path, "mustache_spec"))
		return;
	DIR *d = opendir(folder_path);
	assert_non_null(d);
	for (struct dirent *f; (f = readdir(d));)
		if (strstr(f->d_name, ".json")) {
			snprintf(path, sizeof path, "%s/%s", folder_path, f->d_name);
			count += run_spec_file(path);
		}
	closedir(d);
	assert_true(count > 100);
}

/* Cases of our own, so that the language is tested also where the specification's are absent. */
static void follows_the_specification(void **state)
{
	(void)state;
	expect("a{{! note }}b", "{}", "ab");
	expect("a\n  {{! note }}\nb", "{}", "a\nb");
	expect("a\r\n{{#x}}\r\nb\r\n{{/x}}\r\n", "{\"x\": true}", "a\r\nb\r\n");
	expect("{{=<% %>=}}<% x %>{{x}}", "{\"x\": 1}", "1{{x}}");
	expect("{{a.b.c}}|{{#a}}{{b.d}}{{/a}}", "{\"a\": {\"b\": {\"c\": 5}}, \"b\": {\"d\": 7}}", "5|");
	expect("{{#a}}{{x}}{{#b}}{{x}}{{y}}{{/b}}{{/a}}", "{\"y\": 9, \"a\": {\"x\": 1, \"b\": {\"x\": 2}}}", "129");
	expect(" {{^x}} no {{/x}} ", "{}", "  no  ");
	expect("{{ x }}{{absent}}", "{\"x\": \"v\"}", "v");
}

static int setup(void **state)
{
	char path[256];

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/i18n", folder);
	return mkdir(path, 0700);
}

static int teardown(void **state)
{
	(void)state;
	drop_file("i18n/en.json");
	drop_file("i18n/de.json");
	drop_file("zz-test.mustache");
	drop_file("zz-part.mustache");
	drop_file("i18n");
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_unless_marked),
		cmocka_unit_test(knows_what_is_false),
		cmocka_unit_test(says_where_a_template_is_broken),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(reads_a_folder_again),
		cmocka_unit_test(builtin_templates_are_whole),
		cmocka_unit_test(passes_the_specification),
		cmocka_unit_test(follows_the_specification),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
