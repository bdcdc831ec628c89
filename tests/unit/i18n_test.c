#include "web/i18n.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/porchlight-i18n-XXXXXX";
static const char *const files[] = { "en", "de", "ar", "pt", "pt-br", "qqq" };

static void put_file(const char *lang, const char *text)
{
	char path[256];

	snprintf(path, sizeof path, "%s/i18n/%s.json", folder, lang);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void expect(const char *lang, const char *key, const struct i18n_arg *args, size_t n, const char *wanted)
{
	struct arena *a = arena_new(1 << 20);

	struct slice s = i18n_text(a, lang, key, args, n);
	assert_non_null(s.ptr);
	assert_string_equal(s.ptr, wanted);
	arena_free(&a);
}

static void speaks(void **state)
{
	(void)state;
	expect("en", "zz-hello", I18N(i18n_str("Ann")), "Hello Ann");
	expect("de", "zz-hello", I18N(i18n_str("Ann")), "Hallo Ann");
	expect("en", "zz-hello", I18N(i18n_str("$1 {{PLURAL:$1|x}}")), "Hello $1 {{PLURAL:$1|x}}");
	expect("en", "zz-hello", I18N_NONE, "Hello $1");
	expect("en", "zz-none", I18N_NONE, "\u29fczz-none\u29fd");
	expect("en", "zz-wait", I18N(i18n_int(1)), "1 question");
	expect("en", "zz-wait", I18N(i18n_int(1234)), "1,234 questions");
	expect("de", "zz-wait", I18N(i18n_int(1234)), "1.234 Fragen");
	expect("en", "zz-wait", I18N(i18n_int(0)), "nobody waits");
	expect("ar", "zz-few", I18N(i18n_int(2)), "two");
	expect("ar", "zz-few", I18N(i18n_int(3)), "few");
	expect("ar", "zz-few", I18N(i18n_int(11)), "many");
	expect("ar", "zz-few", I18N(i18n_int(100)), "other");
	expect("en", "zz-bidi", I18N(i18n_str("x")), "by \u2068x\u2069!");
	expect("en", "zz-odd", I18N(i18n_str("x")), "{{GENDER:x|a}} {{ $ }} x {{");
	/* pt-br lacks it, pt has it; nobody but English has zz-bidi. */
	expect("pt-br", "zz-hello", I18N(i18n_str("Ana")), "Oi Ana");
	expect("pt-br", "zz-wait", I18N(i18n_int(2)), "2 perguntas");
	expect("pt-br", "zz-bidi", I18N(i18n_str("x")), "by \u2068x\u2069!");
	expect("xx", "zz-hello", I18N(i18n_str("x")), "Hello x");
}

static const char *choose(const char *asked, const char *cookie, const char *header)
{
	return i18n_choose(slice_of(asked), slice_of(cookie), slice_of(header));
}

static void chooses(void **state)
{
	(void)state;
	assert_string_equal(choose(NULL, NULL, NULL), "en");
	assert_string_equal(choose("de", "ar", "pt"), "de");
	assert_string_equal(choose("xx", "ar", "pt"), "ar");
	assert_string_equal(choose("../en", NULL, "pt"), "pt");
	assert_string_equal(choose(NULL, NULL, "fr, de;q=0.5, ar;q=0.8"), "ar");
	assert_string_equal(choose(NULL, NULL, "DE-at-1996 , ar;q=0.9"), "de");
	assert_string_equal(choose(NULL, NULL, "pt-BR,pt;q=0.9"), "pt-br");
	assert_string_equal(choose(NULL, NULL, "de;q=0, ar;q=0.001"), "ar");
	assert_string_equal(choose(NULL, NULL, ",,;;q=,de;q=x"), "en");
	assert_string_equal(i18n_dir("ar"), "rtl");
	assert_string_equal(i18n_dir("de"), "ltr");
	assert_string_equal(i18n_dir("xx"), "ltr");
	assert_null(i18n_language(SLICE("xx")));
	size_t n;
	const char *const *all = i18n_languages(&n);
	assert_true(n >= 5);
	for (size_t i = 1; i < n; i++)
		assert_true(strcmp(all[i - 1], all[i]) < 0);
	struct arena *a = arena_new(4096);
	assert_string_equal(i18n_language_name(a, "de", "de").ptr, "Deutsch");
	assert_string_equal(i18n_language_name(a, "de", "en").ptr, "German");
	assert_string_equal(i18n_language_name(a, "zz9", "en").ptr, "zz9");
	arena_free(&a);
}

static void finds_faults(void **state)
{
	(void)state;
	struct str report;

	str_init(&report, 1 << 20);
	assert_true(i18n_lint(&report) > 0);
	const char *all = str_c(&report);
	assert_non_null(strstr(all, "qqq: zz-few: not documented\n"));
	assert_non_null(strstr(all, "qqq: zz-gone: English has no such key\n"));
	assert_non_null(strstr(all, "de: zz-bidi: missing\n"));
	assert_non_null(strstr(all, "de: zz-few: PLURAL with 3 forms, the language has 2\n"));
	assert_non_null(strstr(all, "pt: zz-hello2: English has no such key\n"));
	assert_non_null(strstr(all, "ar: zz-hello: the arguments are not those of the English message\n"));
	assert_null(strstr(all, "en: zz-wait:"));
	assert_null(strstr(all, "ar: zz-few:"));
	str_fini(&report);
}

static void refuses_broken_files(void **state)
{
	(void)state;
	struct error e;

	put_file("de", "{\"a\": 1}");
	assert_int_equal(i18n_start(folder, &e), ERR_INVALID);
	assert_string_equal(e.message, "templates/i18n/de.json: \"a\" is not a string.");
	put_file("de", "{\"a\": ");
	assert_int_equal(i18n_start(folder, &e), ERR_MALFORMED);
	assert_string_equal(choose("de", NULL, NULL), "en");
}

/* The messages that are shipped. */
static void builtin_messages_are_whole(void **state)
{
	(void)state;
	struct error e;
	struct str report;

	str_init(&report, 1 << 20);
	assert_int_equal(i18n_start(NULL, &e), ERR_OK);
	if (i18n_lint(&report))
		fail_msg("%s", str_c(&report));
	str_fini(&report);
	i18n_stop();
}

static int setup(void **state)
{
	char path[256];
	struct error e;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/i18n", folder);
	mkdir(path, 0700);
	put_file(
	    "en",
	    "{\"@metadata\": {\"authors\": []}, \"zz-hello\": \"Hello $1\","
	    "\"zz-wait\": \"{{PLURAL:$1|0=nobody waits|$1 question|$1 questions}}\", \"zz-bidi\": \"by {{BIDI:$1}}!\","
	    "\"zz-few\": \"{{PLURAL:$1|one|other}}\", \"zz-odd\": \"{{GENDER:$1|a}} {{ $ }} $1 {{\"}");
	put_file("de", "{\"zz-hello\": \"Hallo $1\", \"zz-wait\": \"$1 {{PLURAL:$1|Frage|Fragen}}\", \"zz-few\": "
		       "\"{{PLURAL:$1|a|b|c}}\"}");
	put_file("ar", "{\"zz-few\": \"{{PLURAL:$1|zero|one|two|few|many|other}}\", \"zz-hello\": \"x\"}");
	put_file("pt", "{\"zz-hello\": \"Oi $1\", \"zz-hello2\": \"\"}");
	put_file("pt-br", "{\"zz-wait\": \"{{PLURAL:$1|$1 pergunta|$1 perguntas}}\"}");
	put_file("qqq",
		 "{\"zz-hello\": \"\", \"zz-gone\": \"\", \"zz-bidi\": \"\", \"zz-odd\": \"\", \"zz-wait\": \"\"}");
	return i18n_start(folder, &e) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
	char path[256];

	(void)state;
	i18n_stop();
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/i18n/%s.json", folder, files[i]);
		remove(path);
	}
	snprintf(path, sizeof path, "%s/i18n", folder);
	rmdir(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks),
		cmocka_unit_test(chooses),
		cmocka_unit_test(finds_faults),
		cmocka_unit_test(refuses_broken_files),
		cmocka_unit_test(builtin_messages_are_whole),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
