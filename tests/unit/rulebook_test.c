/* The rulebook: files and generations change whole or not at all, and the last good one goes on (P6). */
#include "unit/gate_fixture.h"

#include "spam/ruleset.h"

static const struct actor admin = { .role = ROLE_ADMIN, .account = 21, .name = { "Ada", 3 } };
static const char good_rules[] = "body GOOD /good word/\nscore GOOD 2\ndescribe GOOD A good word\n";
static const char bad_rules[] = "body GOOD /good word/\nscore GOOD 2\nbody BAD /(unclosed/\n";

static char generation[64];

static const char *serving(struct fixture *f)
{
	const struct ruleset *r = rulebook_pin(f->desk.rulebook);
	snprintf(generation, sizeof(generation), "%s", ruleset_name(r));
	rulebook_unpin(f->desk.rulebook, &r);
	assert_null(r);
	return generation;
}

static bool has_rule(struct fixture *f, const char *name)
{
	const struct ruleset *r = rulebook_pin(f->desk.rulebook);
	bool has = ruleset_find(r, slice_of(name)) >= 0;
	rulebook_unpin(f->desk.rulebook, &r);
	return has;
}

static int setup(void **state)
{
	return setup_rules(state, good_rules);
}

static bool exists(struct fixture *f, const char *name)
{
	char path[300];
	snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	return access(path, F_OK) == 0;
}

static void first_start_writes_the_rules(void **state)
{
	struct fixture *f = *state;

	open_rulebook(f, false);
	assert_true(rulebook_good(f->desk.rulebook));
	assert_true(exists(f, "rules/10-signals.cf"));
	assert_true(exists(f, "rules/lists/allow.list"));
	assert_true(has_rule(f, "ADULT_OFFER"));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM rule_revisions"), 1);
	rulebook_close(&f->desk.rulebook);
	open_rulebook(f, false);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM rule_revisions"), 1); /* nothing changed */
}

static size_t tests_run(struct fixture *f)
{
	const struct ruleset *r = rulebook_pin(f->desk.rulebook);
	size_t n = ruleset_figures(r).tests;
	rulebook_unpin(f->desk.rulebook, &r);
	return n;
}

static void reopen(struct fixture *f)
{
	rulebook_close(&f->desk.rulebook);
	open_rulebook(f, false);
}

/* A set's tests need not run at each start, but for each build of the program and for each set. */
static void tests_are_run_once_for_each_build(void **state)
{
	struct fixture *f = *state;

	assert_true(tests_run(f) > 0);
	reopen(f);
	assert_int_equal(tests_run(f), 0);
	raw(f, "UPDATE settings SET value = substr(value, 1, 17) || 'another build' WHERE key = 'rules_proven'");
	reopen(f);
	assert_true(tests_run(f) > 0);
	reopen(f);
	assert_int_equal(tests_run(f), 0);
	write_rules(f, "body GOOD /good word/\nscore GOOD 2\ndescribe GOOD A good word\ntest GOOD ok a good word\n");
	reopen(f);
	assert_true(tests_run(f) > 0);
	assert_true(has_rule(f, "GOOD"));
	write_rules(f, "body WORSE /bad word/\nscore WORSE 2\ndescribe WORSE A bad word\ntest WORSE ok a good word\n");
	reopen(f);
	assert_false(has_rule(f, "WORSE"));
	assert_true(has_rule(f, "GOOD"));
}

static void a_bad_edit_changes_nothing(void **state)
{
	struct fixture *f = *state;
	char before[64];
	struct jv *errors, *one;
	struct error e = { 0 };

	snprintf(before, sizeof(before), "%s", serving(f));
	write_rules(f, bad_rules);
	assert_int_equal(rulebook_rescan(f->desk.rulebook, &e), ERR_INVALID);
	assert_string_equal(serving(f), before);
	assert_false(rulebook_good(f->desk.rulebook));
	errors = rulebook_errors(f->desk.rulebook);
	one = jv_at(errors, 0);
	assert_true(slice_is(jv_get_text(one, "file"), "local.d/own.cf"));
	assert_int_equal(jv_int_of(jv_get(one, "line")), 3);
	assert_true(jv_int_of(jv_get(one, "column")) > 1);
	assert_true(jv_get_text(one, "message").len > 5);
	jv_free(&errors);
	/* The same after a restart. */
	rulebook_close(&f->desk.rulebook);
	open_rulebook(f, false);
	assert_string_equal(serving(f), before);
	assert_false(rulebook_good(f->desk.rulebook));
	errors = rulebook_errors(f->desk.rulebook);
	assert_true(jv_size(errors) > 0);
	jv_free(&errors);
	/* Mended, it serves. */
	write_rules(f, "body GOOD /good word/\nbody BETTER /better word/\n");
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	assert_true(has_rule(f, "BETTER"));
	assert_true(rulebook_good(f->desk.rulebook));
}

static void the_watcher_takes_edits_in(void **state)
{
	struct fixture *f = *state;

	rulebook_close(&f->desk.rulebook);
	open_rulebook(f, true);
	write_rules(f, "body WATCHED /watched word/\n");
	for (int i = 0; i < 300 && !has_rule(f, "WATCHED"); i++)
		usleep(50000);
	assert_true(has_rule(f, "WATCHED"));
	write_rules(f, bad_rules);
	for (int i = 0; i < 300 && rulebook_good(f->desk.rulebook); i++)
		usleep(50000);
	assert_false(rulebook_good(f->desk.rulebook));
	assert_true(has_rule(f, "WATCHED"));
}

static void a_missing_folder_stops_nothing(void **state)
{
	struct fixture *f = *state;
	char path[300], gone[300];
	struct error e = { 0 };

	snprintf(path, sizeof(path), "%s/rules", f->folder);
	snprintf(gone, sizeof(gone), "%s/gone", f->folder);
	assert_int_equal(rename(path, gone), 0);
	assert_int_equal(rulebook_rescan(f->desk.rulebook, &e), ERR_INVALID);
	assert_true(has_rule(f, "GOOD"));
	rulebook_close(&f->desk.rulebook);
	open_rulebook(f, false); /* the working copy is written again from the truth */
	assert_true(rulebook_good(f->desk.rulebook));
	assert_true(has_rule(f, "GOOD"));
	assert_true(exists(f, "rules/local.d/own.cf"));
	rulebook_close(&f->desk.rulebook);
	/* A configured folder is the site's own: it is not made, and the last good set goes on. */
	set_conf("rules", "/nonexistent/porchlight-rules");
	open_rulebook(f, false);
	assert_false(rulebook_good(f->desk.rulebook));
	assert_true(has_rule(f, "GOOD"));
}

static void shipped_files_that_the_site_changed_are_kept(void **state)
{
	struct fixture *f = *state;

	rulebook_close(&f->desk.rulebook);
	tmpdir_put(f->folder, "rules/60-helpers.cf", "# ours now\n");
	assert_int_equal(sqlite3_exec(f->raw, "UPDATE rule_shipped SET hash = 'an older version' WHERE file IN ('60-helpers.cf', '50-harm.cf')", NULL, NULL, NULL),
		SQLITE_OK);
	open_rulebook(f, false);
	assert_true(exists(f, "rules/60-helpers.cf.new"));
	assert_false(has_rule(f, "HELPER_PAYMENT"));
	assert_false(exists(f, "rules/50-harm.cf.new")); /* the same as ours already */
	assert_true(rulebook_good(f->desk.rulebook));
}

/* A sub-folder that is there and cannot be read is no empty one: its rules would be gone without a word. */
static void a_folder_that_cannot_be_read_keeps_the_rules(void **state)
{
	struct fixture *f = *state;
	char path[300];
	struct error e = { 0 };

	assert_int_equal(chmod(f->folder, 0755), 0);
	snprintf(path, sizeof(path), "%s/rules", f->folder);
	assert_int_equal(chmod(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/rules/local.d", f->folder);
	assert_int_equal(chmod(path, 0), 0);
	/* Nothing keeps root from reading. */
	assert_int_equal(seteuid(getuid() == 0 ? 65534 : getuid()), 0);
	assert_int_equal(rulebook_rescan(f->desk.rulebook, &e), ERR_INVALID);
	assert_int_equal(seteuid(getuid()), 0);
	assert_true(has_rule(f, "GOOD"));
	assert_false(rulebook_good(f->desk.rulebook));
	assert_int_equal(chmod(path, 0700), 0);
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	assert_true(rulebook_good(f->desk.rulebook));
}

static void links_and_other_names_are_told_of(void **state)
{
	struct fixture *f = *state;
	char path[300], target[300];
	struct error e = { 0 };

	snprintf(path, sizeof(path), "%s/rules/linked.cf", f->folder);
	snprintf(target, sizeof(target), "%s/outside.cf", f->folder);
	tmpdir_put(f->folder, "outside.cf", "body LINKED /x/\nbody (\n");
	assert_int_equal(symlink(target, path), 0);
	tmpdir_put(f->folder, "rules/Upper.cf", "rubbish rubbish\n");
	tmpdir_put(f->folder, "rules/notes.txt", "rubbish\n");
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	assert_false(has_rule(f, "LINKED"));
	assert_true(rulebook_good(f->desk.rulebook));
	struct jv *v = NULL, *told;
	MUST(rulebook_json(f->desk.rulebook, f->db, &v, &e));
	assert_int_equal(jv_size(jv_get(v, "errors")), 2);
	told = jv_at(jv_get(v, "errors"), 0);
	assert_true(slice_is(jv_get_text(told, "file"), "linked.cf"));
	assert_int_equal(jv_type(jv_get(told, "warning")), JV_TRUE);
	/* a name that nearly is a rule file's would otherwise be a file that does nothing, and nobody knows why */
	told = jv_at(jv_get(v, "errors"), 1);
	assert_true(slice_is(jv_get_text(told, "file"), "Upper.cf"));
	assert_int_equal(jv_type(jv_get(told, "warning")), JV_TRUE);
	jv_free(&v);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/rules/Upper.cf", f->folder);
	assert_int_equal(unlink(path), 0);
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	MUST(rulebook_json(f->desk.rulebook, f->db, &v, &e));
	assert_int_equal(jv_size(jv_get(v, "errors")), 0);
	jv_free(&v);
	/* a whole sub-folder that is a link is as silent */
	snprintf(path, sizeof(path), "%s/rules/local.d", f->folder);
	snprintf(target, sizeof(target), "%s/moved", f->folder);
	assert_int_equal(rename(path, target), 0);
	assert_int_equal(symlink(target, path), 0);
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	MUST(rulebook_json(f->desk.rulebook, f->db, &v, &e));
	assert_true(slice_is(jv_get_text(jv_at(jv_get(v, "errors"), 0), "file"), "local.d/"));
	jv_free(&v);
}

static enum err put(struct fixture *f, const char *file, const char *text, const char *tag, char etag[RULE_ETAG_BYTES], struct jv **errors)
{
	struct rule_edit edit = { .file = slice_of(file), .text = slice_of(text), .if_match = slice_of(tag), .comment = SLICE("why") };
	struct error e = { 0 };
	return rulebook_put(f->desk.rulebook, &admin, &edit, etag, errors, &e);
}

static void editing(void **state)
{
	struct fixture *f = *state;
	char tag[RULE_ETAG_BYTES], next[RULE_ETAG_BYTES];
	struct slice text;
	struct jv *errors = NULL, *v = NULL;
	struct error e = { 0 };

	MUST(rulebook_file(f->desk.rulebook, f->arena, SLICE("local.d/own.cf"), &text, tag, &e));
	assert_true(slice_is(text, good_rules));
	assert_int_equal(put(f, "local.d/own.cf", "body A1 /a1/\n", NULL, next, &errors), ERR_NO_PRECONDITION);
	assert_int_equal(put(f, "local.d/own.cf", "body A1 /a1/\n", "stale", next, &errors), ERR_PRECONDITION);
	assert_int_equal(put(f, "local.d/own.cf", "body A1 /a1/\n", "", next, &errors), ERR_PRECONDITION);
	assert_int_equal(put(f, "local.d/own.cf", bad_rules, tag, next, &errors), ERR_INVALID);
	assert_int_equal(jv_int_of(jv_get(jv_at(errors, 0), "line")), 3);
	jv_free(&errors);
	assert_true(has_rule(f, "GOOD"));
	assert_int_equal(put(f, "local.d/own.cf", "body A1 /a1/\n", tag, next, &errors), ERR_OK);
	assert_null(errors);
	assert_true(has_rule(f, "A1"));
	assert_false(has_rule(f, "GOOD"));
	assert_int_equal(put(f, "local.d/own.cf", "body A2 /a2/\n", tag, next, &errors), ERR_PRECONDITION);
	MUST(rulebook_file(f->desk.rulebook, f->arena, SLICE("local.d/own.cf"), &text, tag, &e));
	assert_string_equal(tag, next);
	assert_int_equal(put(f, "local.d/new.cf", "body A3 /a3/\n", "", next, &errors), ERR_OK);
	assert_true(has_rule(f, "A3"));
	assert_int_equal(put(f, "local.d/new.cf", NULL, next, next, &errors), ERR_OK); /* removed */
	assert_false(has_rule(f, "A3"));
	assert_false(exists(f, "rules/local.d/new.cf"));
	assert_int_equal(put(f, "../ours.cf", "body A4 /a4/\n", "", next, &errors), ERR_INVALID);
	assert_int_equal(put(f, "local.d/../../x.cf", "body A4 /a4/\n", "", next, &errors), ERR_INVALID);
	assert_int_equal(put(f, "other/x.cf", "body A4 /a4/\n", "", next, &errors), ERR_INVALID);
	assert_int_equal(rulebook_file(f->desk.rulebook, f->arena, SLICE("../keys/link.key"), &text, tag, &e), ERR_NOT_FOUND);
	/* History and the way back. */
	MUST(rulebook_history(f->desk.rulebook, f->db, SLICE("local.d/own.cf"), &v, &e));
	assert_int_equal(jv_size(v), 2);
	assert_true(slice_is(jv_get_text(jv_at(v, 0), "author"), "Ada"));
	assert_true(slice_is(jv_get_text(jv_at(v, 0), "comment"), "why"));
	assert_true(slice_is(jv_get_text(jv_at(v, 1), "text"), good_rules));
	int64_t first = jv_int_of(jv_get(jv_at(v, 1), "revision"));
	jv_free(&v);
	MUST(rulebook_rollback(f->desk.rulebook, f->db, &admin, SLICE("local.d/own.cf"), first, next, &errors, &e));
	assert_true(has_rule(f, "GOOD"));
	assert_int_equal(rulebook_rollback(f->desk.rulebook, f->db, &admin, SLICE("local.d/own.cf"), 9999, next, &errors, &e), ERR_NOT_FOUND);
	assert_true(raw_int(f, "SELECT COUNT(*) FROM audit WHERE action = 'rules.put'") >= 4);
}

static void checking_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct rule_edit edit = { .file = SLICE("local.d/own.cf"), .text = SLICE("body B1 /b1/\n") };
	struct jv *v = NULL;
	struct error e = { 0 };

	MUST(rulebook_check(f->desk.rulebook, &edit, &v, &e));
	assert_int_equal(jv_type(jv_get(v, "ok")), JV_TRUE);
	jv_free(&v);
	edit.text = slice_of(bad_rules);
	MUST(rulebook_check(f->desk.rulebook, &edit, &v, &e));
	assert_int_equal(jv_type(jv_get(v, "ok")), JV_FALSE);
	assert_int_equal(jv_size(jv_get(v, "errors")), 1);
	jv_free(&v);
	assert_false(has_rule(f, "B1"));
	assert_true(has_rule(f, "GOOD"));
}

static void modes(void **state)
{
	struct fixture *f = *state;
	const struct ruleset *r;
	struct jv *v = NULL;
	struct error e = { 0 };

	MUST(rulebook_mode(f->desk.rulebook, &admin, SLICE("GOOD"), SLICE("dormant"), &e));
	MUST(rulebook_mode(f->desk.rulebook, &admin, SLICE("GOOD"), SLICE("watch"), &e));
	r = rulebook_pin(f->desk.rulebook);
	assert_int_equal(ruleset_rule(r, (size_t)ruleset_find(r, SLICE("GOOD")))->mode, CF_WATCH);
	rulebook_unpin(f->desk.rulebook, &r);
	assert_int_equal(rulebook_mode(f->desk.rulebook, &admin, SLICE("NO_SUCH"), SLICE("watch"), &e), ERR_NOT_FOUND);
	assert_int_equal(rulebook_mode(f->desk.rulebook, &admin, SLICE("GOOD"), SLICE("loud"), &e), ERR_INVALID);
	assert_int_equal(rulebook_mode(f->desk.rulebook, &admin, SLICE("GOOD\nscore"), SLICE("watch"), &e), ERR_NOT_FOUND);
	MUST(rulebook_json(f->desk.rulebook, f->db, &v, &e));
	assert_true(jv_size(jv_get(v, "rules")) > 20);
	assert_true(jv_size(jv_get(v, "files")) > 8);
	assert_int_equal(jv_type(jv_get(v, "good")), JV_TRUE);
	jv_free(&v);
	MUST(rulebook_stats(f->desk.rulebook, f->db, 30, &v, &e));
	jv_free(&v);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_start_writes_the_rules, setup_bare, teardown),
		T(tests_are_run_once_for_each_build),
		T(a_bad_edit_changes_nothing),
		T(the_watcher_takes_edits_in),
		T(a_missing_folder_stops_nothing),
		T(shipped_files_that_the_site_changed_are_kept),
		T(a_folder_that_cannot_be_read_keeps_the_rules),
		T(links_and_other_names_are_told_of),
		T(editing),
		T(checking_changes_nothing),
		T(modes),
	};
	return cmocka_run_group_tests_name("rulebook", tests, NULL, NULL);
}
