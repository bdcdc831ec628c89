/* `porchlight rules ...`: exit codes, and JSON of the agreed shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/conf.h"
#include "base/crypt.h"
#include "base/json.h"
#include "cli/rules_commands.h"
#include "unit/tmpdir.h"

static char *folder;

static const char *in_folder(const char *name)
{
	static char path[4][300];
	static int at;
	at = (at + 1) % 4;
	snprintf(path[at], sizeof(path[at]), "%s/%s", folder, name);
	return path[at];
}

/* Runs with what it prints in *out (NULL: not wanted) and standard error thrown away. */
static int run(char *out, size_t max, int argc, ...)
{
	char *argv[12];
	va_list ap;
	int code, old_out, old_err, file, nothing;

	va_start(ap, argc);
	for (int i = 0; i < argc; i++)
		argv[i] = va_arg(ap, char *);
	va_end(ap);
	fflush(stdout);
	fflush(stderr);
	old_out = dup(1);
	old_err = dup(2);
	file = open(in_folder("output"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(file >= 0 && old_out >= 0 && old_err >= 0);
	dup2(file, 1);
	nothing = open("/dev/null", O_WRONLY);
	assert_true(nothing >= 0);
	dup2(nothing, 2);
	close(nothing);
	code = rules_command(argc, argv);
	fflush(stdout);
	dup2(old_out, 1);
	dup2(old_err, 2);
	close(old_out);
	close(old_err);
	if (out) {
		ssize_t n = pread(file, out, max - 1, 0);
		out[n > 0 ? n : 0] = 0;
	}
	close(file);
	return code;
}

static struct jv *json(const char *text)
{
	struct jv *v = NULL;
	struct error e = { 0 };
	if (jv_parse(slice_of(text), 16, &v, &e))
		fail_msg("%s: %s", e.message, text);
	return v;
}

static char out[65536];

static void usage(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, 0, 1, "dance"), 2);
	assert_int_equal(run(NULL, 0, 2, "check", "--loud"), 2);
	assert_int_equal(run(NULL, 0, 2, "check", "--rules"), 2);
	assert_int_equal(run(NULL, 0, 1, "explain"), 2);
	assert_int_equal(run(NULL, 0, 1, "eval"), 2);
	assert_int_equal(run(NULL, 0, 4, "test", "a", "b", "c"), 2);
}

static void check(void **state)
{
	struct jv *v;
	(void)state;
	assert_int_equal(run(NULL, 0, 1, "check"), 0); /* what is built in */
	assert_int_equal(run(NULL, 0, 2, "check", in_folder("good")), 0);
	assert_int_equal(run(NULL, 0, 2, "check", in_folder("bad")), 1);
	assert_int_equal(run(NULL, 0, 2, "check", in_folder("missing")), 1);
	assert_int_equal(run(out, sizeof(out), 3, "check", in_folder("bad"), "--json"), 1);
	v = json(out);
	assert_int_equal(jv_type(jv_get(v, "ok")), JV_FALSE);
	assert_true(slice_is(jv_get_text(jv_at(jv_get(v, "errors"), 0), "file"), "a.cf"));
	assert_int_equal(jv_int_of(jv_get(jv_at(jv_get(v, "errors"), 0), "line")), 2);
	assert_true(jv_int_of(jv_get(jv_at(jv_get(v, "errors"), 0), "column")) > 1);
	assert_int_equal(jv_size(jv_get(v, "errors")), 2); /* all of them, not the first */
	jv_free(&v);
}

/* What is told of a rule although it is no error, by name and line. */
static bool warned(const struct jv *v, const char *rule, int64_t line, const char *words)
{
	const struct jv *list = jv_get(v, "errors");

	for (size_t i = 0; i < jv_size(list); i++) {
		struct slice said = jv_get_text(jv_at(list, i), "message");
		if (said.ptr && memmem(said.ptr, said.len, rule, strlen(rule)) && memmem(said.ptr, said.len, words, strlen(words)) &&
			jv_int_of(jv_get(jv_at(list, i), "line")) == line && jv_type(jv_get(jv_at(list, i), "warning")) == JV_TRUE)
			return true;
	}
	return false;
}

static void doubtful_rules(void **state)
{
	struct jv *v;
	(void)state;
	assert_int_equal(run(out, sizeof(out), 3, "check", in_folder("doubtful"), "--json"), 0); /* they are no errors */
	v = json(out);
	assert_int_equal(jv_type(jv_get(v, "ok")), JV_TRUE);
	assert_true(warned(v, "EVERY_ADDRESS", 1, "every web address"));
	assert_true(warned(v, "", 2, "empty string"));
	assert_true(warned(v, "NESTED", 3, "runs into its limit"));
	assert_true(warned(v, "MANY_WAYS", 4, "runs into its limit"));
	/* neither a part of metas, nor what only looks like it */
	assert_int_equal(jv_size(jv_get(v, "errors")), 4);
	jv_free(&v);
	assert_int_equal(run(out, sizeof(out), 2, "check", in_folder("doubtful")), 0);
	assert_non_null(strstr(out, "a.cf:1: warning: EVERY_ADDRESS"));
	/* The shipped rules give no cause. */
	assert_int_equal(run(out, sizeof(out), 2, "check", "--json"), 0);
	v = json(out);
	assert_int_equal(jv_size(jv_get(v, "errors")), 0);
	jv_free(&v);
}

static void test_lines(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, 0, 4, "test", "GOOD", "--rules", in_folder("good")), 0);
	assert_int_equal(run(NULL, 0, 4, "test", "NOBODY", "--rules", in_folder("good")), 1);
	assert_int_equal(run(NULL, 0, 2, "test", in_folder("good/a.cf")), 0);
	assert_int_equal(run(NULL, 0, 2, "test", in_folder("failing.cf")), 1);
	/* A file stands among the others: its metas may be made of theirs. */
	assert_int_equal(run(out, sizeof(out), 5, "test", in_folder("leaning.cf"), "--rules", in_folder("good"), "--json"), 0);
	struct jv *v = json(out);
	assert_int_equal(jv_int_of(jv_get(v, "rules")), 1);
	assert_int_equal(jv_int_of(jv_get(v, "tests")), 1);
	jv_free(&v);
	assert_int_equal(run(NULL, 0, 2, "test", in_folder("leaning.cf")), 1);
	/* One of a name that is there takes its place. */
	assert_int_equal(run(NULL, 0, 4, "test", in_folder("other/a.cf"), "--rules", in_folder("good")), 0);
	assert_int_equal(run(NULL, 0, 2, "test", in_folder("gone.cf")), 1);
}

static void explain(void **state)
{
	struct jv *v, *hit;
	(void)state;
	assert_int_equal(run(out, sizeof(out), 5, "explain", "a good word", "--rules", in_folder("good"), "--json"), 0);
	v = json(out);
	assert_true(jv_real_of(jv_get(v, "score")) > 3.9);
	assert_true(slice_is(jv_get_text(v, "action"), "hold"));
	assert_int_equal(jv_get_text(v, "generation").len, 16);
	assert_int_equal(jv_type(jv_get(v, "facts")), JV_OBJECT);
	hit = jv_at(jv_get(v, "hits"), 0);
	assert_true(slice_is(jv_get_text(hit, "rule"), "GOOD"));
	assert_true(slice_is(jv_get_text(hit, "class"), "rule"));
	assert_true(slice_is(jv_get_text(hit, "where"), "body"));
	assert_true(slice_is(jv_get_text(hit, "text"), "good word"));
	assert_int_equal(jv_int_of(jv_get(hit, "count")), 1);
	jv_free(&v);
	assert_int_equal(run(out, sizeof(out), 6, "explain", "https://t.me/x good word", "--rules", in_folder("good"), "--json", "--no-builtin"), 0);
	v = json(out);
	assert_int_equal(jv_size(jv_get(v, "hits")), 1); /* nothing but the rules */
	jv_free(&v);
	/* As a moderator sees it: what has expired does nothing, and of a list the line that saw it is shown. */
	assert_int_equal(run(out, sizeof(out), 6, "explain", "old word, http://b.example/", "--rules", in_folder("listed"), "--json", "--no-builtin"), 0);
	v = json(out);
	assert_int_equal(jv_size(jv_get(v, "hits")), 1);
	hit = jv_at(jv_get(v, "hits"), 0);
	assert_true(slice_is(jv_get_text(hit, "rule"), "LIST_W"));
	assert_true(slice_is(jv_get_text(hit, "printed"), "\\bb\\.example"));
	jv_free(&v);
	assert_int_equal(run(out, sizeof(out), 6, "explain", "http://www.c.example/", "--rules", in_folder("listed"), "--json", "--no-builtin"), 0);
	v = json(out);
	assert_true(slice_is(jv_get_text(jv_at(jv_get(v, "hits"), 0), "printed"), "c.example"));
	jv_free(&v);
	assert_int_equal(run(out, sizeof(out), 2, "check", in_folder("listed")), 0);
	assert_non_null(strstr(out, "a.cf:2: warning: OLD is off"));
	assert_int_equal(run(out, sizeof(out), 2, "check", in_folder("open")), 0);
	assert_non_null(strstr(out, "An allow list holds \"[a-z0-9]\", which speaks for every"));
	assert_int_equal(run(NULL, 0, 4, "explain", "\xff\xfe", "--rules", in_folder("good")), 1);
	assert_int_equal(run(NULL, 0, 4, "explain", "x", "--rules", in_folder("bad")), 1);
}

static void eval(void **state)
{
	struct jv *v;
	char copies[900];
	static const char payload[] = "come to our village party on saturday evening, there will be music and dancing until the morning light";

	(void)state;
	tmpdir_put(folder, "some.jsonl", "{\"label\":\"spam\",\"lang\":\"en\",\"body\":\"good word\"}\n\n{\"label\":\"ham\",\"lang\":\"de\",\"subject\":\"x\",\"body\":\"hallo\",\"channel\":\"chat\"}\n"
		"{\"label\":\"spam\",\"body\":\"nothing\"}\n{\"label\":\"ham\",\"lang\":\"en\",\"body\":\"one more good word\"}");
	assert_int_equal(run(out, sizeof(out), 5, "eval", in_folder("some.jsonl"), "--rules", in_folder("good"), "--json"), 0);
	v = json(out);
	assert_int_equal(jv_int_of(jv_get(jv_get(v, "spam"), "hold")), 1);
	assert_int_equal(jv_int_of(jv_get(jv_get(v, "spam"), "accept")), 1);
	assert_int_equal(jv_int_of(jv_get(jv_get(v, "ham"), "accept")), 1);
	assert_int_equal(jv_int_of(jv_get(jv_get(jv_get(jv_get(v, "by_lang"), "en"), "ham"), "hold")), 1);
	assert_int_equal(jv_int_of(jv_get(jv_at(jv_get(v, "false_alarms"), 0), "line")), 5);
	assert_int_equal(jv_int_of(jv_get(jv_at(jv_get(v, "misses"), 0), "line")), 4);
	jv_free(&v);
	snprintf(copies, sizeof(copies), "{\"label\":\"spam\",\"body\":\"%s\"}\n{\"label\":\"spam\",\"body\":\"%s\"}\n", payload, payload);
	tmpdir_put(folder, "copies.jsonl", copies);
	assert_int_equal(run(out, sizeof(out), 6, "eval", in_folder("copies.jsonl"), "--rules", in_folder("good"), "--json", "--sequence"), 0);
	v = json(out);
	assert_int_equal(jv_int_of(jv_get(jv_get(v, "spam"), "hold")), 1);
	jv_free(&v);
	assert_int_equal(run(out, sizeof(out), 5, "eval", in_folder("copies.jsonl"), "--rules", in_folder("good"), "--json"), 0);
	v = json(out);
	assert_int_equal(jv_int_of(jv_get(jv_get(v, "spam"), "accept")), 2);
	jv_free(&v);
	tmpdir_put(folder, "broken.jsonl", "{\"label\":\"ham\",\"body\":\"x\"}\n{\"label\":\"maybe\",\"body\":\"x\"}\n");
	assert_int_equal(run(NULL, 0, 4, "eval", in_folder("broken.jsonl"), "--rules", in_folder("good")), 1);
	assert_int_equal(run(NULL, 0, 4, "eval", in_folder("absent.jsonl"), "--rules", in_folder("good")), 1);
}

static void list(void **state)
{
	struct jv *v;
	(void)state;
	assert_int_equal(run(out, sizeof(out), 4, "list", "--rules", in_folder("good"), "--json"), 0);
	v = json(out);
	assert_int_equal(jv_size(jv_get(v, "rules")), 1);
	jv_free(&v);
	assert_int_equal(run(NULL, 0, 1, "list"), 0);
}

static int start(void **state)
{
	struct error e = { 0 };
	(void)state;
	folder = tmpdir_make();
	if (crypt_init(&e) || conf_override("data", folder, &e) || conf_load(NULL, &e) || mkdir(in_folder("good"), 0700) || mkdir(in_folder("bad"), 0700) ||
		mkdir(in_folder("mails"), 0700) || mkdir(in_folder("doubtful"), 0700) || mkdir(in_folder("listed"), 0700) ||
		mkdir(in_folder("listed/lists"), 0700) || mkdir(in_folder("open"), 0700) || mkdir(in_folder("open/lists"), 0700) || mkdir(in_folder("other"), 0700))
		return -1;
	tmpdir_put(folder, "good/a.cf", "body GOOD /good word/\nscore GOOD 4\ntest GOOD ok a good word\ntest GOOD fail a word\n");
	tmpdir_put(folder, "bad/a.cf", "body ONE /one/\nbody TWO /(two/\nbody THREE /[three/\n");
	tmpdir_put(folder, "mails/a.eml", "Subject: =?utf-8?Q?a_go?= =?utf-8?Q?od_one?=\nContent-Type: text/html; charset=utf-8\n"
		"Content-Transfer-Encoding: quoted-printable\n\n<p>a g=6F<b>od</b> =\nword</p>\n");
	tmpdir_put(folder, "mails/b.eml", "Subject: nothing\n\ngo od word\n");
	tmpdir_put(folder, "listed/a.cf", "score LIST_W 3\nbody OLD /old word/\nexpires OLD 2020-01-01\n");
	tmpdir_put(folder, "listed/lists/w.list", "\\ba\\.example\n\\bb\\.example\nC.example\n");
	tmpdir_put(folder, "open/lists/allow-w.list", "[a-z0-9]\n");
	tmpdir_put(folder, "doubtful/a.cf", "uri EVERY_ADDRESS /^http/\nbody EMPTY /x*/\nbody NESTED /Q(?:x+x+)+y/\nbody MANY_WAYS /quick (?:a|a){20}[bd]/\n"
					    "uri __ADDRESS /./\nuri SOME /wiki|example/\nbody SPACES /hello\\s+world/\nbody LONG /(?:one|two|three)+ {1,3}four/\n");
	tmpdir_put(folder, "failing.cf", "body GOOD /good word/\ntest GOOD ok a bad word\n");
	tmpdir_put(folder, "leaning.cf", "meta LEANING (GOOD)\ntest LEANING ok a good word\n");
	tmpdir_put(folder, "other/a.cf", "body GOOD /fine word/\ntest GOOD ok a fine word\n");
	return 0;
}

/* What a mail says is decoded before rules see it, on both commands. */
static void mails(void **state)
{
	struct jv *v, *row;
	(void)state;
	assert_int_equal(run(out, sizeof(out), 6, "explain", "--mail", in_folder("mails/a.eml"), "--rules", in_folder("good"), "--json"), 0);
	v = json(out);
	assert_true(slice_is(jv_get_text(jv_at(jv_get(v, "hits"), 0), "rule"), "GOOD"));
	jv_free(&v);
	assert_int_equal(run(out, sizeof(out), 6, "eval", "--mail", in_folder("mails"), "--rules", in_folder("good"), "--json"), 0);
	v = json(out);
	assert_int_equal(jv_size(v), 2);
	row = jv_at(v, 0);
	assert_true(slice_is(jv_get_text(row, "file"), "a.eml"));
	assert_true(jv_real_of(jv_get(row, "score")) == 4);
	assert_int_equal(jv_int_of(jv_get(jv_get(row, "hits"), "GOOD")), 1);
	assert_int_equal(jv_size(jv_get(jv_at(v, 1), "hits")), 0);
	jv_free(&v);
	assert_int_equal(run(NULL, 0, 5, "eval", "--mail", in_folder("nothing"), "--rules", in_folder("good")), 1);
	assert_int_equal(run(NULL, 0, 5, "explain", "--mail", in_folder("nothing"), "--rules", in_folder("good")), 1);
}

static int stop(void **state)
{
	(void)state;
	tmpdir_remove(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage),
		cmocka_unit_test(check),
		cmocka_unit_test(doubtful_rules),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(explain),
		cmocka_unit_test(eval),
		cmocka_unit_test(mails),
		cmocka_unit_test(list),
	};
	return cmocka_run_group_tests_name("rules commands", tests, start, stop);
}
