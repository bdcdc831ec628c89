/* How SQLite goes about each statement on a migrated database: none that is asked often may read a whole table that grows with the desk, or take
 * an index that leads through most of one. Plans do not depend on the rows here: the product keeps no statistics of tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "store/migrate.h"
#include "store/sql.h"
#include "unit/tmpdir.h"

enum { PLAN_BYTES = 8192 };

/* These read a whole table, and may. */
static const char *const whole[] = {
	/* The list of migrations. Few rows: people, their sessions and keys, bans, canned replies, helpers' hours, revisions and states of rules, drafts under way. */
	"MIGRATIONS_APPLIED", "PEOPLE_LIST", "PEOPLE_OTHER_ADMINS", "JUDGEMENT_OTHERS", "SESSION_SWEEP", "SESSION_RAN_OUT", "RESET_SWEEP", "LOGIN_SWEEP",
	"BANS_LIST", "BANS_SWEEP",
	"CANNED_LIST", "CANNED_COUNT", "CANNED_SAME", "HOURS_LIST", "HOURS_COUNT", "HOURS_OFF_LIST", "HOURS_OFF_SWEEP", "RULEBOOK_LATEST", "RULEBOOK_HISTORY", "RULE_LIFE_STATES", "RULE_LIFE_LIST", "RULE_LIFE_UNTOLD",
	"ERASE_OLD_DRAFTS",
	/* Figures of a period, by people who ask for them. */
	"FIGURES_TICKETS", "RULEBOOK_FIGURES", "RULE_FIGURES_LANGS",
	/* The audit from its end, or all of it to be checked. */
	"AUDIT_LAST", "AUDIT_ALL",
	/* Decisions from the newest back, until there are enough. */
	"RULE_DOUBT_DECISIONS", "RULE_FIGURES_WRONG",
	/* Once an hour, for the ageing of rules. */
	"RULE_AGE_EDITS", "RULE_AGE_FIGURES", "RULE_AGE_GOOD", "RULE_AGE_DECISIONS",
	/* Reports, of which there are few, in the order of what they are about. */
	"JUDGEMENT_OLDEST", "JUDGEMENT_NEWEST", "JUDGEMENT_COUNTS",
};

/* These have an index that another one looks better than, unless the statement is worded with care. */
static const struct {
	const char *name, *way;
} ways[] = {
	{ "GATE_ROOM_SENDER", "SEARCH v USING INDEX sqlite_autoindex_verdicts_1 (ticket=?)" },
	{ "ATTACK_STOPPED", "SEARCH twins USING INDEX twins_at (at>?)" },
	{ "QUEUE_NEXT_PROVEN", "tickets_proven (state=? AND proven=?)" },
	{ "QUEUE_NEXT_UNPROVEN", "tickets_proven (state=? AND proven=?)" },
	{ "SAMENESS_UNNAME", "twins_named (at<?)" },
	{ "RULE_DOUBT_JUDGED", "SEARCH l USING INDEX labels_good (at>?)" },
	{ "RULE_FIGURES_LANGS", "COVERING INDEX rule_langs_figures" },
	{ "RULE_FIGURES_WRONG", "INDEX labels_good" },
	{ "FIGURES_HOURS", "SEARCH l USING INDEX log_helpers (at>?)" },
	{ "HOURS_ARRIVALS", "SEARCH tickets USING COVERING INDEX tickets_asked (asked>? AND asked<?)" },
	{ "RULE_DOUBT_ALONE", "SEARCH t USING INDEX twins_at (at>? AND at<?)" },
};

static int setup(void **state)
{
	struct error e = { 0 };

	*state = tmpdir_make();
	assert_int_equal(migrate_run(*state, NULL, NULL, &e), ERR_OK);
	return 0;
}

static int teardown(void **state)
{
	tmpdir_remove(*state);
	return 0;
}

static sqlite3 *open_raw(const char *folder)
{
	char path[200];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/porchlight.db", folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

/* One step a line; empty where the statement needs the product's own tokenizer. */
static void plan_of(sqlite3 *db, const struct sql *s, char plan[PLAN_BYTES])
{
	char text[PLAN_BYTES];
	sqlite3_stmt *st;
	size_t at = 0;

	plan[0] = 0;
	if (strstr(s->text, "log_text"))
		return;
	assert_true((size_t)snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", s->text) < sizeof(text));
	if (sqlite3_prepare_v2(db, text, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", s->name, sqlite3_errmsg(db));
	while (sqlite3_step(st) == SQLITE_ROW) {
		at += (size_t)snprintf(plan + at, PLAN_BYTES - at, "%s\n", (const char *)sqlite3_column_text(st, 3));
		assert_true(at < PLAN_BYTES);
	}
	sqlite3_finalize(st);
}

/* The rows of a subquery are counted where the subquery is. */
static bool is_subquery(const char *plan, const char *name, size_t len)
{
	static const char *const made[] = { "CO-ROUTINE ", "MATERIALIZE " };
	char line[120];

	if (name[0] == '(' || strncmp(name, "CONSTANT ROW", 12) == 0)
		return true;
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		snprintf(line, sizeof(line), "%s%.*s\n", made[i], (int)len, name);
		if (strstr(plan, line))
			return true;
	}
	return false;
}

static const char *scanned(const char *plan)
{
	for (const char *at = plan; (at = strstr(at, "SCAN ")); at += 5)
		if ((at == plan || at[-1] == '\n') && !is_subquery(plan, at + 5, strcspn(at + 5, " \n")))
			return at;
	return NULL;
}

static void test_no_whole_tables(void **state)
{
	sqlite3 *db = open_raw(*state);
	char plan[PLAN_BYTES];
	bool used[sizeof(whole) / sizeof(whole[0])] = { false };

	for (int id = 0; id < SQL_COUNT; id++) {
		const struct sql *s = sql_of((enum sql_id)id);
		const char *scan;
		bool named = false;
		plan_of(db, s, plan);
		scan = scanned(plan);
		for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
			if (strcmp(whole[i], s->name) == 0) {
				named = true;
				used[i] = scan != NULL;
			}
		if (scan && !named)
			fail_msg("%s reads a whole table: %s", s->name, scan);
	}
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (!used[i])
			fail_msg("%s is said to read a whole table, and does not", whole[i]);
	sqlite3_close(db);
}

static void test_best_index(void **state)
{
	sqlite3 *db = open_raw(*state);
	char plan[PLAN_BYTES];
	size_t seen = 0;

	for (int id = 0; id < SQL_COUNT; id++)
		for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
			const struct sql *s = sql_of((enum sql_id)id);
			if (strcmp(ways[i].name, s->name) != 0)
				continue;
			plan_of(db, s, plan);
			seen++;
			if (!strstr(plan, ways[i].way))
				fail_msg("%s does not take %s:\n%s", s->name, ways[i].way, plan);
		}
	assert_int_equal(seen, sizeof(ways) / sizeof(ways[0]));
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_whole_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_best_index, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
