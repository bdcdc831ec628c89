/* What the desk lays on rules: quarantine after limit errors of three networks, stops, releases, caps; and the folder of hostile rules. */
#include <dirent.h>

#include "desk/bans.h"
#include "desk/rule_age.h"
#include "desk/rule_doubt.h"
#include "desk/rule_figures.h"
#include "desk/rule_life.h"
#include "spam/features.h"
#include "spam/judge.h"
#include "spam/ruleset.h"
#include "unit/gate_fixture.h"

static const struct actor admin = { .role = ROLE_ADMIN, .account = 14, .name = { "Ada", 3 } };

/* `Q` stands in no text of these tests but where it is meant to. */
static const char slow_rules[] =
	"rawbody SLOW /Q(?:x+x+)+y/\nscore SLOW 20\naction SLOW reject\n"
	"rawbody SLOW_BUT_MILD /Q(?:x+x+)+z/\nscore SLOW_BUT_MILD 0.5\n"
	"body REFUSE /purple zebra/\nscore REFUSE 20\naction REFUSE reject\n";

static int setup(void **state)
{
	return setup_rules(state, slow_rules);
}

static struct asked ask_of(struct fixture *f, const struct sender *who, const char *body)
{
	return ask_as(f, body, "en", who);
}

/* A text of its own (no near copy of another) that SLOW and SLOW_BUT_MILD cannot be run on to the end. */
static const char *crafted(struct fixture *f, int number)
{
	static const char *const words[] = { "river bridge", "mountain hut", "old timetable", "garden wall", "village school", "paper mill" };
	char *many = arena_alloc(f->arena, 1001);

	memset(many, 'x', 1000);
	return arena_printf(f->arena, "About the %s, please look at this one: Q%s or y, or z.", words[number % 6], many);
}

static struct asked ask_crafted(struct fixture *f, int from, int number)
{
	struct sender who = network(from);
	return ask_of(f, &who, crafted(f, number));
}

static bool is_quarantined(struct fixture *f, const char *rule)
{
	return raw_int(f, "SELECT COUNT(*) FROM rule_states WHERE rule = '%s' AND kind = %d", rule, RULE_QUARANTINED) > 0;
}

static unsigned char flags_of(struct fixture *f, const char *rule)
{
	const struct ruleset *rules = rulebook_pin(f->desk.rulebook);
	const unsigned char *flags;
	unsigned char out;
	struct error e = { 0 };

	MUST(rule_life_flags(f->db, f->arena, rules, &flags, &e));
	long at = ruleset_find(rules, slice_of(rule));
	out = at >= 0 && flags ? flags[at] : 0;
	rulebook_unpin(f->desk.rulebook, &rules);
	return out;
}

static struct slice where_of(struct fixture *f, int64_t ticket, const char *rule)
{
	const struct verdict *got = stored_verdict(f, ticket);

	for (size_t i = 0; i < got->hit_count; i++)
		if (slice_is(got->hits[i].rule, rule))
			return got->hits[i].where;
	return SLICE("");
}

/* --- quarantine ----------------------------------------------------------------------------------------------------------- */

static void three_networks(void **state)
{
	struct fixture *f = *state;
	struct asked a;

	for (int i = 0; i < 3; i++) {
		assert_false(is_quarantined(f, "SLOW"));
		a = ask_crafted(f, i, i);
		assert_int_equal(a.state, TICKET_HELD);
		assert_true(slice_is(where_of(f, a.ticket, "SLOW"), "limit"));
	}
	assert_true(is_quarantined(f, "SLOW"));
	assert_true(is_quarantined(f, "SLOW_BUT_MILD"));
	assert_false(is_quarantined(f, "REFUSE"));
	assert_int_equal(flags_of(f, "SLOW"), RULE_LIFE_QUARANTINED);
	assert_int_equal(raw_int(f, "SELECT limits FROM rule_costs WHERE rule = 'SLOW'"), 3);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM audit WHERE action = 'rule.quarantined' AND detail = 'SLOW'"), 1);
	/* It is not run any more, and what holds its literals is still held: nothing passes because of it. */
	a = ask_of(f, NULL, "Here is a Qxxx and nothing else, with y behind it.");
	assert_int_equal(a.state, TICKET_HELD);
	assert_true(slice_is(where_of(f, a.ticket, "SLOW"), "quarantine"));
	/* Everything else goes on as ever. */
	assert_int_equal(ask_of(f, NULL, "How do I add a picture to an article?").state, TICKET_QUEUED);
	assert_int_equal(ask_of(f, NULL, "I sell a purple zebra").state, TICKET_REJECTED);
}

/* A rule that could not hold the text holds nothing when it is unknown. */
static void mild_rules_hold_nothing(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };

	write_rules(f, "rawbody SLOW_BUT_MILD /Q(?:x+x+)+z/\nscore SLOW_BUT_MILD 0.5\n");
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask_crafted(f, i, i).state, TICKET_QUEUED);
	assert_true(is_quarantined(f, "SLOW_BUT_MILD"));
	assert_int_equal(ask_crafted(f, 4, 4).state, TICKET_QUEUED);
}

static void one_network_is_not_enough(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 6; i++)
		ask_crafted(f, 1, i);
	assert_false(is_quarantined(f, "SLOW"));
	/* Nor one that has got another key at midnight, nor two. */
	struct sender next = network(1);
	memcpy(next.rate_before.bytes, next.rate.bytes, sizeof(next.rate.bytes));
	memset(next.rate.bytes, 77, sizeof(next.rate.bytes));
	ask_of(f, &next, crafted(f, 1));
	ask_crafted(f, 2, 2);
	assert_false(is_quarantined(f, "SLOW"));
	/* Nor those of whom nothing is known. */
	for (int i = 0; i < 4; i++)
		ask_of(f, NULL, crafted(f, i));
	assert_false(is_quarantined(f, "SLOW"));
	ask_crafted(f, 3, 3);
	assert_true(is_quarantined(f, "SLOW"));
}

static void one_text_is_not_enough(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 8; i++)
		ask_crafted(f, i, 0);
	assert_false(is_quarantined(f, "SLOW"));
	/* Another number in it makes no other text. */
	for (int i = 0; i < 4; i++) {
		struct sender who = network(i + 20);
		ask_of(f, &who, arena_printf(f->arena, "%s %d", crafted(f, 1), i));
	}
	assert_false(is_quarantined(f, "SLOW"));
}

static void yesterday_does_not_count(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };

	ask_crafted(f, 1, 1);
	ask_crafted(f, 2, 2);
	raw(f, "UPDATE rule_troubles SET at = at - %d", RULE_TROUBLE_WINDOW_MS);
	ask_crafted(f, 3, 3);
	assert_false(is_quarantined(f, "SLOW"));
	MUST(rule_life_sweep(&f->desk, f->db, &e));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM rule_troubles WHERE rule = 'SLOW'"), 1);
}

static void restart_keeps_it_and_edit_lifts_it(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };

	for (int i = 0; i < 3; i++)
		ask_crafted(f, i, i);
	rulebook_close(&f->desk.rulebook);
	MUST(rulebook_open(&f->desk, f->db, false, &f->desk.rulebook, &e));
	assert_int_equal(flags_of(f, "SLOW"), RULE_LIFE_QUARANTINED);
	/* Another rule in its file, and a new generation: it stays. */
	write_rules(f, arena_printf(f->arena, "%sbody OTHER /green zebra/\n", slow_rules));
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	MUST(rule_life_sweep(&f->desk, f->db, &e));
	assert_int_equal(flags_of(f, "SLOW"), RULE_LIFE_QUARANTINED);
	write_rules(f, "rawbody SLOW /Qx{1,40}y/\nscore SLOW 20\naction SLOW reject\n");
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	assert_int_equal(flags_of(f, "SLOW"), 0);
	assert_int_equal(ask_of(f, NULL, "See Qxxy").state, TICKET_REJECTED);
	MUST(rule_life_sweep(&f->desk, f->db, &e));
	assert_false(is_quarantined(f, "SLOW"));
}

/* --- people ----------------------------------------------------------------------------------------------------------------- */

static void stop_and_release(void **state)
{
	struct fixture *f = *state;
	struct jv *list = NULL;
	struct error e = { 0 };

	assert_int_equal(rule_life_stop(&f->desk, &mod, SLICE("NO_SUCH"), SLICE("why"), &e), ERR_NOT_FOUND);
	assert_int_equal(ask_of(f, NULL, "I sell a purple zebra").state, TICKET_REJECTED);
	MUST(rule_life_stop(&f->desk, &mod, SLICE("REFUSE"), SLICE("It hits zoo keepers"), &e));
	assert_int_equal(flags_of(f, "REFUSE"), RULE_LIFE_WATCHED);
	struct asked a = ask_of(f, NULL, "We keep a purple zebra in our zoo");
	assert_int_equal(a.state, TICKET_QUEUED);
	/* It is logged all the same. */
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM verdict_hits WHERE ticket = %lld AND rule = 'REFUSE'", (long long)a.ticket), 1);
	/* An edit does not start it again: only an admin does. */
	write_rules(f, "body REFUSE /purple zebras?/\nscore REFUSE 20\naction REFUSE reject\n");
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	MUST(rule_life_sweep(&f->desk, f->db, &e));
	assert_int_equal(flags_of(f, "REFUSE"), RULE_LIFE_WATCHED);
	const struct ruleset *rules = rulebook_pin(f->desk.rulebook);
	MUST(rule_life_json(f->db, rules, &list, &e));
	rulebook_unpin(f->desk.rulebook, &rules);
	assert_int_equal(jv_size(list), 1);
	assert_true(slice_is(jv_get_text(jv_at(list, 0), "state"), "stopped"));
	assert_true(slice_is(jv_get_text(jv_at(list, 0), "reason"), "It hits zoo keepers"));
	jv_free(&list);
	MUST(rule_life_tell(&f->desk, f->db, &e));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM rule_states WHERE told = 0"), 0);
	MUST(rule_life_release(&f->desk, &admin, SLICE("REFUSE"), &e));
	assert_int_equal(ask_of(f, NULL, "Buy my purple zebras").state, TICKET_REJECTED);
	assert_int_equal(rule_life_release(&f->desk, &admin, SLICE("REFUSE"), &e), ERR_NOT_FOUND);
}

/* What was released is not quarantined again for what it did before. */
static void release_forgets(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };

	for (int i = 0; i < 3; i++)
		ask_crafted(f, i, i);
	MUST(rule_life_release(&f->desk, &admin, SLICE("SLOW"), &e));
	ask_crafted(f, 4, 4);
	ask_crafted(f, 5, 5);
	assert_false(is_quarantined(f, "SLOW"));
}

/* --- doubt ------------------------------------------------------------------------------------------------------------------ */

static const char edited_rules[] =
	"body WIDE /telescope/\nscore WIDE 20\naction WIDE reject\n"
	"uri LINKED /bad-shop\\.org/\nscore LINKED 2\n"
	"body FIRM /galilei/\nscore FIRM 2\n";

/* No two of these are near copies. */
static const char *about(struct fixture *f, int number, const char *more)
{
	char words[160] = "";
	unsigned x = (unsigned)number * 2654435761u + 12345;

	for (int i = 0; i < 12; i++) {
		size_t n = strlen(words);
		x = x * 1103515245u + 12345;
		snprintf(words + n, sizeof(words) - n, "%c%c%c%c%c ", 'a' + x / 65536 % 26, 'a' + x / 1024 % 26, 'a' + x / 4096 % 26, 'a' + x / 32768 % 26,
			'a' + x / 7 % 26);
	}
	return arena_printf(f->arena, "%s%s", words, more);
}

/* WIDE is edited, then many texts come: `count` with `more` from `networks` networks, and `others` harmless ones. */
static void flood(struct fixture *f, int count, int networks, bool copies, const char *more, int others)
{
	struct error e = { 0 };

	write_rules(f, edited_rules);
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	for (int i = 0; i < count; i++) {
		struct sender who = network(1 + i % networks);
		ask_of(f, &who, copies ? arena_printf(f->arena, "%s %d", about(f, 1, more), i) : about(f, i, more));
		arena_reset(f->arena);
	}
	for (int i = 0; i < others; i++)
		ask_of(f, NULL, about(f, 1000 + i, "?"));
	MUST(rule_doubt_sweep(&f->desk, f->db, &e));
}

static bool lies_on(struct fixture *f, const char *rule, enum rule_state s)
{
	return raw_int(f, "SELECT COUNT(*) FROM rule_states WHERE rule = '%s' AND kind = %d", rule, s) > 0;
}

static void a_rule_that_hits_too_much_is_capped(void **state)
{
	struct fixture *f = *state;

	flood(f, 25, 10, false, "telescope", 10);
	assert_true(lies_on(f, "WIDE", RULE_CAPPED));
	assert_int_equal(flags_of(f, "WIDE"), RULE_LIFE_CAPPED);
	/* It holds; it refuses nothing. */
	assert_int_equal(ask_of(f, NULL, "Where is the telescope of Galilei?").state, TICKET_HELD);
	assert_int_equal(ask_of(f, NULL, "The telescope of galilei at http://bad-shop.org/ is here").state, TICKET_HELD);
}

static void few_or_rare_hits_cap_nothing(void **state)
{
	struct fixture *f = *state;

	flood(f, DOUBT_HITS - 1, 10, false, "telescope", 10);
	assert_false(lies_on(f, "WIDE", RULE_CAPPED));
	raw(f, "UPDATE twins SET at = at"); /* the same window again, with more texts than 20 times as many */
	struct error e = { 0 };
	for (int i = 0; i < 420; i++) {
		ask_of(f, NULL, about(f, 2000 + i, "?"));
		arena_reset(f->arena);
	}
	ask_of(f, NULL, about(f, 5000, "telescope"));
	MUST(rule_doubt_sweep(&f->desk, f->db, &e));
	assert_false(lies_on(f, "WIDE", RULE_CAPPED));
}

/* A spammer cannot have a good rule capped: copies count once, so do confirmed ones not at all, nor those with a second kind of
 * evidence, nor a crowd from two networks. */
static void a_spammer_caps_nothing(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };

	flood(f, 40, 20, true, "telescope", 0);
	assert_false(lies_on(f, "WIDE", RULE_CAPPED));
	flood(f, 40, 20, false, "telescope http://bad-shop.org/buy", 0);
	assert_false(lies_on(f, "WIDE", RULE_CAPPED));
	flood(f, 40, 2, false, "telescopes", 0);
	assert_false(lies_on(f, "WIDE", RULE_CAPPED));
	raw(f, "UPDATE twins SET label = 1");
	flood(f, 10, 10, false, "telescope again", 0);
	assert_false(lies_on(f, "WIDE", RULE_CAPPED));
	raw(f, "UPDATE twins SET label = 0");
	MUST(rule_doubt_sweep(&f->desk, f->db, &e));
	assert_true(lies_on(f, "WIDE", RULE_CAPPED));
}

static void after_a_day_nothing_is_capped(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };

	flood(f, 0, 1, false, "", 0);
	raw(f, "UPDATE rule_edits SET at = at - %d, fresh = fresh - %d", DOUBT_DAY_MS, DOUBT_DAY_MS);
	for (int i = 0; i < 30; i++)
		ask_of(f, NULL, about(f, i, "telescope"));
	MUST(rule_doubt_sweep(&f->desk, f->db, &e));
	assert_false(lies_on(f, "WIDE", RULE_CAPPED));
}

static void judge_from(struct fixture *f, const struct sender *who, int first, int count, const char *more, enum label label)
{
	for (int i = first; i < first + count; i++) {
		struct judgement_done done;
		struct error e = { 0 };
		struct asked a = ask_of(f, who, about(f, i, more));
		MUST(judgement_give(&f->desk, &mod, &(struct judgement_item){ a.ticket, 1 }, 1, label, false, NULL, &done, &e));
	}
}

static void judge_each(struct fixture *f, int first, int count, enum label label)
{
	judge_from(f, NULL, first, count, "purple zebra", label);
}

static void overturned_goes_back_to_watch(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };

	judge_each(f, 0, 4, LABEL_HAM);
	judge_each(f, 10, 10, LABEL_SPAM);
	MUST(rule_doubt_sweep(&f->desk, f->db, &e));
	assert_false(lies_on(f, "REFUSE", RULE_OVERTURNED));
	/* Near copies of one good text are one decision. */
	struct asked a = ask_of(f, NULL, arena_printf(f->arena, "%s 2", about(f, 0, "purple zebra")));
	struct judgement_done done;
	if (a.state != TICKET_QUEUED)
		MUST(judgement_give(&f->desk, &mod, &(struct judgement_item){ a.ticket, 1 }, 1, LABEL_HAM, false, NULL, &done, &e));
	MUST(rule_doubt_sweep(&f->desk, f->db, &e));
	assert_false(lies_on(f, "REFUSE", RULE_OVERTURNED));
	judge_each(f, 30, 1, LABEL_HAM);
	MUST(rule_doubt_sweep(&f->desk, f->db, &e));
	assert_true(lies_on(f, "REFUSE", RULE_OVERTURNED));
	assert_int_equal(ask_of(f, NULL, "I have a purple zebra").state, TICKET_QUEUED);
	/* Released, it begins anew: what was decided before says nothing about it. */
	MUST(rule_life_release(&f->desk, &admin, SLICE("REFUSE"), &e));
	MUST(rule_doubt_sweep(&f->desk, f->db, &e));
	assert_false(lies_on(f, "REFUSE", RULE_OVERTURNED));
}

static const char small_rules[] =
	"body FAINT /yellow kettle/\nscore FAINT 0.1\n"
	"body TINY /silver kettle/\nscore TINY 0.1\naction TINY hold\n"
	"body HALF /copper kettle/\nscore HALF 1.6\nbody OTHER_HALF /copper/\nscore OTHER_HALF 1.6\n";

/* Held for who sent it, a text charges no rule that happened to hit it; whatever held it without the ban is charged as ever. */
static void a_ban_charges_no_rule(void **state)
{
	struct fixture *f = *state;
	struct sender banned = network(1);
	struct error e = { 0 };
	int64_t id = 0;

	write_rules(f, small_rules);
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	raw(f, "INSERT INTO accounts (id, login, name, role, created_ms) VALUES (13, 'mora', 'Mora', 3, 0)");
	struct asked a = ask_of(f, &banned, about(f, 100, "yellow kettle"));
	assert_int_equal(a.state, TICKET_QUEUED);
	MUST(bans_add(&f->desk, &mod, a.ticket, 7, SLICE("rude"), NULL, &id, &e));
	judge_from(f, &banned, 0, 6, "yellow kettle", LABEL_HAM);
	judge_from(f, &banned, 10, 6, "silver kettle", LABEL_HAM);
	judge_from(f, &banned, 20, 6, "copper kettle", LABEL_HAM);
	MUST(rule_doubt_sweep(&f->desk, f->db, &e));
	assert_false(lies_on(f, "FAINT", RULE_OVERTURNED));
	assert_true(lies_on(f, "TINY", RULE_OVERTURNED));
	assert_true(lies_on(f, "HALF", RULE_OVERTURNED) && lies_on(f, "OTHER_HALF", RULE_OVERTURNED));
}

/* What happened while nothing served is an edit too; rules at first start are none. */
static void edits_are_seen(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };

	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM rule_edits"), 0);
	write_rules(f, edited_rules);
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM rule_edits"), 3);
	rulebook_close(&f->desk.rulebook);
	write_rules(f, arena_printf(f->arena, "%sscore LINKED 3\n", edited_rules));
	raw(f, "DELETE FROM rule_edits");
	MUST(rulebook_open(&f->desk, f->db, false, &f->desk.rulebook, &e));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM rule_edits WHERE rule = 'LINKED'"), 1);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM rule_edits"), 1);
}

/* --- ageing ------------------------------------------------------------------------------------------------------------------ */

static const char ageing_rules[] =
	"body OLD /yellow camel/\nscore OLD 2\n"
	"body RARE /green camel/\nscore RARE 2\n"
	"body PART /blue camel/\nscore PART 1\nmeta WHOLE (PART && !RARE_TOO)\nscore WHOLE 2\n"
	"body KIND /thank you/\nscore KIND -0.1\ntflags KIND nice\n"
	"body DANGER /nobody would miss me/\nscore DANGER 0.01\ntflags DANGER harm\n"
	"body TRIED /red camel/\nscore TRIED 2\nmode TRIED watch\n";

/* What happened, happened `days` earlier. */
static void days_pass(struct fixture *f, int days)
{
	long long ms = days * 24 * 3600 * 1000LL;

	raw(f, "UPDATE rule_revisions SET at = at - %lld", ms);
	raw(f, "UPDATE rule_edits SET at = at - %lld, fresh = fresh - %lld", ms, ms);
	raw(f, "UPDATE rule_states SET at = at - %lld", ms);
	raw(f, "UPDATE labels SET at = at - %lld", ms);
	raw(f, "UPDATE rule_langs SET day = day - %d, last_good = MAX(0, last_good - %lld)", days, ms);
	raw(f, "UPDATE rule_days SET day = day - %d, last_at = last_at - %lld", days, ms);
}

/* Moderators decide, by so many acts, on texts that no rule of these tests hits. */
static void decide(struct fixture *f, int acts)
{
	raw(f, "INSERT INTO labels (undo, ticket, n, label, account, at, moved, entry, trust, undone) WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL "
	       "SELECT i + 1 FROM c WHERE i < %d) SELECT 'act' || i || random(), 100000 + i, 1, 1, 13, %lld, 0, 0, 0, 0 FROM c", acts, (long long)clock_wall_ms());
}

static void age_with(struct fixture *f, const char *rules, int days, int acts)
{
	struct error e = { 0 };

	write_rules(f, rules);
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	days_pass(f, days);
	decide(f, acts);
	MUST(rule_age_sweep(&f->desk, f->db, &e));
}

static void sweep_after(struct fixture *f, int days)
{
	struct error e = { 0 };

	days_pass(f, days);
	MUST(rule_age_sweep(&f->desk, f->db, &e));
}

static void a_rule_without_good_hits_goes_dormant(void **state)
{
	struct fixture *f = *state;
	struct jv *list = NULL;
	struct error e = { 0 };

	age_with(f, ageing_rules, 165, RULE_AGE_DECISIONS);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM rule_states"), 0);
	sweep_after(f, 1);
	assert_true(lies_on(f, "OLD", RULE_AGEING));
	assert_int_equal(flags_of(f, "OLD"), 0);
	const struct ruleset *rules = rulebook_pin(f->desk.rulebook);
	MUST(rule_life_json(f->db, rules, &list, &e));
	rulebook_unpin(f->desk.rulebook, &rules);
	assert_true(slice_is(jv_get_text(jv_at(list, 0), "state"), "ageing"));
	assert_int_equal(jv_type(jv_get(jv_at(list, 0), "held_back")), JV_FALSE);
	assert_non_null(jv_get(jv_at(list, 0), "until"));
	jv_free(&list);
	sweep_after(f, 13);
	assert_false(lies_on(f, "OLD", RULE_DORMANT));
	sweep_after(f, 1);
	assert_true(lies_on(f, "OLD", RULE_DORMANT));
	assert_false(lies_on(f, "OLD", RULE_AGEING));
	assert_int_equal(flags_of(f, "OLD"), RULE_LIFE_DORMANT);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM audit WHERE detail = 'OLD' AND action IN ('rule.ageing', 'rule.dormant')"), 2);
	/* It is not run, so it is not even noted. */
	struct asked a = ask_of(f, NULL, "I ride a yellow camel");
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM verdict_hits WHERE ticket = %lld AND rule = 'OLD'", (long long)a.ticket), 0);
	/* An edit wakes it. */
	write_rules(f, arena_printf(f->arena, "%sscore OLD 2.5\n", ageing_rules));
	MUST(rulebook_rescan(f->desk.rulebook, &e));
	MUST(rule_life_sweep(&f->desk, f->db, &e));
	sweep_after(f, 0);
	assert_int_equal(flags_of(f, "OLD"), 0);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM rule_states WHERE rule = 'OLD'"), 0);
	assert_true(lies_on(f, "RARE", RULE_DORMANT));
}

/* Parts of metas, kind words, harm and what is on watch are left alone; a meta that is of no use itself is not. */
static void some_rules_do_not_age(void **state)
{
	struct fixture *f = *state;
	static const char *const spared[] = { "PART", "KIND", "DANGER", "TRIED" };

	age_with(f, ageing_rules, 400, RULE_AGE_DECISIONS);
	for (size_t i = 0; i < sizeof(spared) / sizeof(spared[0]); i++)
		assert_false(lies_on(f, spared[i], RULE_AGEING));
	assert_true(lies_on(f, "WHOLE", RULE_AGEING));
	assert_true(lies_on(f, "OLD", RULE_AGEING));
	/* However old it is, it is said 14 days before. */
	sweep_after(f, 13);
	assert_false(lies_on(f, "OLD", RULE_DORMANT));
	/* Once a meta speaks of it, it is needed. */
	age_with(f, arena_printf(f->arena, "%smeta NEW (OLD && PART)\n", ageing_rules), 0, 0);
	assert_false(lies_on(f, "OLD", RULE_AGEING));
}

static void without_decisions_nothing_ages(void **state)
{
	struct fixture *f = *state;

	age_with(f, ageing_rules, 200, RULE_AGE_DECISIONS - 1);
	/* One act about many texts is one. */
	raw(f, "INSERT INTO labels SELECT id + 1000, undo, ticket + 1000, n, label, account, at, moved, entry, trust, undone FROM labels");
	sweep_after(f, 0);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM rule_states"), 0);
	decide(f, 1);
	sweep_after(f, 0);
	assert_true(lies_on(f, "OLD", RULE_AGEING));
}

static void a_good_hit_keeps_a_rule_young(void **state)
{
	struct fixture *f = *state;
	struct judgement_done done;
	struct error e = { 0 };

	age_with(f, arena_printf(f->arena, "%sbody HARD /violet camel/\nscore HARD 20\naction HARD reject\n", ageing_rules), 170, RULE_AGE_DECISIONS);
	assert_true(lies_on(f, "OLD", RULE_AGEING));
	assert_true(lies_on(f, "HARD", RULE_AGEING));
	struct asked a = ask_of(f, NULL, "Come and buy my yellow camel, it is the best"), b = ask_of(f, NULL, "A green camel stands in our zoo; what is it?");
	assert_int_equal(ask_of(f, NULL, "I sell a violet camel here").state, TICKET_REJECTED);
	MUST(judgement_give(&f->desk, &mod, &(struct judgement_item){ a.ticket, 1 }, 1, LABEL_SPAM, false, NULL, &done, &e));
	MUST(judgement_give(&f->desk, &mod, &(struct judgement_item){ b.ticket, 1 }, 1, LABEL_HAM, false, NULL, &done, &e));
	sweep_after(f, 0);
	assert_false(lies_on(f, "OLD", RULE_AGEING));
	/* What was refused, and stays refused, nobody has to look at. */
	assert_false(lies_on(f, "HARD", RULE_AGEING));
	assert_true(lies_on(f, "RARE", RULE_AGEING));
	sweep_after(f, 14);
	assert_true(lies_on(f, "RARE", RULE_DORMANT));
	assert_int_equal(flags_of(f, "OLD"), 0);
}

static void pin_and_release(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };

	age_with(f, ageing_rules, 200, RULE_AGE_DECISIONS);
	sweep_after(f, 14);
	assert_true(lies_on(f, "OLD", RULE_DORMANT));
	assert_int_equal(rule_life_pin(&f->desk, &admin, SLICE("NO_SUCH"), true, &e), ERR_NOT_FOUND);
	assert_int_equal(rule_life_pin(&f->desk, &admin, SLICE("OLD"), false, &e), ERR_NOT_FOUND);
	MUST(rule_life_pin(&f->desk, &admin, SLICE("OLD"), true, &e));
	assert_int_equal(flags_of(f, "OLD"), 0);
	MUST(rule_life_release(&f->desk, &admin, SLICE("RARE"), &e));
	sweep_after(f, 100);
	assert_false(lies_on(f, "OLD", RULE_AGEING));
	assert_false(lies_on(f, "RARE", RULE_AGEING));
	/* A release does not take a pin off. */
	assert_int_equal(rule_life_release(&f->desk, &admin, SLICE("OLD"), &e), ERR_NOT_FOUND);
	MUST(rule_life_pin(&f->desk, &admin, SLICE("OLD"), false, &e));
	decide(f, RULE_AGE_DECISIONS);
	sweep_after(f, 0);
	assert_true(lies_on(f, "OLD", RULE_AGEING));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM audit WHERE detail = 'OLD' AND action IN ('rule.pinned', 'rule.unpinned')"), 2);
	set_conf("rule_dormant_days", "0");
	sweep_after(f, 0);
	set_conf("rule_dormant_days", "180");
	assert_false(lies_on(f, "OLD", RULE_AGEING));
}

/* --- figures ----------------------------------------------------------------------------------------------------------------- */

static int64_t figure(struct fixture *f, const char *rule, const char *lang, const char *key)
{
	struct jv *list = NULL;
	int64_t out = -1;
	struct error e = { 0 };

	MUST(rulebook_stats(f->desk.rulebook, f->db, 30, &list, &e));
	for (size_t i = 0; i < jv_size(list); i++) {
		struct jv *x = jv_at(list, i);
		if (slice_is(jv_get_text(x, "rule"), rule))
			out = lang ? jv_int_of(jv_get(jv_get(jv_get(x, "langs"), lang), key)) : strcmp(key, "last_good") == 0 ? jv_get(x, key) != NULL
													     : jv_int_of(jv_get(x, key));
	}
	jv_free(&list);
	return out;
}

static void figures_by_language(void **state)
{
	struct fixture *f = *state;
	struct judgement_done done;
	struct jv *list = NULL;
	struct error e = { 0 };
	struct asked good = ask_of(f, NULL, "A purple zebra was painted by my grandfather"), bad = ask_of(f, NULL, "I sell a purple zebra"), other;

	raw(f, "UPDATE tickets SET lang = 'de' WHERE id = %lld", (long long)ask_of(f, NULL, "Ein purple zebra in Deutsch").ticket);
	other = ask_crafted(f, 1, 1);
	assert_int_equal(figure(f, "REFUSE", "en", "hits"), 3);
	assert_int_equal(figure(f, "REFUSE", NULL, "last_good"), 0);
	assert_int_equal(figure(f, "SLOW", NULL, "limits"), 1);
	assert_int_equal(other.state, TICKET_HELD);
	MUST(judgement_give(&f->desk, &mod, &(struct judgement_item){ good.ticket, 1 }, 1, LABEL_HAM, false, NULL, &done, &e));
	MUST(judgement_give(&f->desk, &mod, &(struct judgement_item){ bad.ticket, 1 }, 1, LABEL_SPAM, false, NULL, &done, &e));
	assert_int_equal(figure(f, "REFUSE", "en", "ham"), 1);
	assert_int_equal(figure(f, "REFUSE", "en", "spam"), 1);
	assert_int_equal(figure(f, "REFUSE", NULL, "last_good"), 1);
	MUST(rule_figures_wrong(f->db, SLICE("REFUSE"), &list, &e));
	assert_int_equal(jv_size(list), 1);
	assert_true(slice_is(jv_get_text(jv_at(list, 0), "action"), "reject"));
	jv_free(&list);
	MUST(judgement_undo(&f->desk, &mod, slice_of(done.undo), &done, &e));
	assert_int_equal(figure(f, "REFUSE", "en", "spam"), 0);
}

/* --- the folder of hostile rules -------------------------------------------------------------------------------------------- */

static struct slice read_hostile(struct fixture *f, const char *name, const char *ending)
{
	char path[400], *text = arena_alloc(f->arena, 1 << 16);
	snprintf(path, sizeof(path), "tests/rules/hostile/%s%s", name, ending);
	FILE *in = fopen(path, "r");
	assert_non_null(in);
	size_t n = fread(text, 1, 1 << 16, in);
	fclose(in);
	return slice_make(text, n);
}

static void try_hostile(struct fixture *f, const char *name)
{
	struct cf_source source = { SLICE("hostile.cf"), read_hostile(f, name, ".cf") };
	struct slice text = read_hostile(f, name, ".txt");
	struct submission in = { .kind = SUBMIT_QUESTION, .body = text, .form_age_ms = -1 };
	const struct judge_options o = judge_defaults();
	struct ruleset *rules = NULL;
	struct cf_errors errs;
	struct features *got;
	struct verdict *v;
	struct facts facts;
	struct error e = { 0 };

	cf_errors_init(&errs);
	MUST(features_build_rules(&source, 1, NULL, &rules, &errs, &e));
	facts_init(&facts);
	MUST(spam_features(f->arena, rules, &in, NULL, &got, &e));
	MUST(spam_judge(f->arena, got, &facts, &o, &v, &e));
	if (got->trouble_count != 1)
		fail_msg("%s: the rule ran to its end on its text", name);
	assert_true(slice_is(got->troubles[0].rule, "HOSTILE"));
	/* Unknown is never a pass and never a refusal. */
	assert_int_equal(v->action, ACTION_HOLD);
	/* In quarantine it costs nothing and lets nothing through. */
	const unsigned char quarantined[] = { RULE_LIFE_QUARANTINED };
	MUST(spam_features(f->arena, rules, &in, &(struct features_options){ .life = quarantined }, &got, &e));
	MUST(spam_judge(f->arena, got, &facts, &o, &v, &e));
	assert_int_equal(got->trouble_count, 0);
	assert_false(got->out_of_time);
	assert_int_equal(v->action, ACTION_HOLD);
	cf_errors_fini(&errs);
	ruleset_unref(&rules);
}

static void hostile_folder(void **state)
{
	struct fixture *f = *state;
	DIR *d = opendir("tests/rules/hostile");
	int tried = 0;

	assert_non_null(d);
	for (struct dirent *x; (x = readdir(d));) {
		char name[256];
		size_t n = strlen(x->d_name);
		if (n < 4 || strcmp(x->d_name + n - 3, ".cf") != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(n - 3), x->d_name);
		try_hostile(f, name);
		tried++;
	}
	closedir(d);
	assert_true(tried >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(three_networks, setup, teardown),
		cmocka_unit_test_setup_teardown(mild_rules_hold_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(one_network_is_not_enough, setup, teardown),
		cmocka_unit_test_setup_teardown(one_text_is_not_enough, setup, teardown),
		cmocka_unit_test_setup_teardown(yesterday_does_not_count, setup, teardown),
		cmocka_unit_test_setup_teardown(restart_keeps_it_and_edit_lifts_it, setup, teardown),
		cmocka_unit_test_setup_teardown(stop_and_release, setup, teardown),
		cmocka_unit_test_setup_teardown(release_forgets, setup, teardown),
		cmocka_unit_test_setup_teardown(a_rule_that_hits_too_much_is_capped, setup, teardown),
		cmocka_unit_test_setup_teardown(few_or_rare_hits_cap_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_spammer_caps_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(after_a_day_nothing_is_capped, setup, teardown),
		cmocka_unit_test_setup_teardown(overturned_goes_back_to_watch, setup, teardown),
		cmocka_unit_test_setup_teardown(a_ban_charges_no_rule, setup, teardown),
		cmocka_unit_test_setup_teardown(edits_are_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(a_rule_without_good_hits_goes_dormant, setup, teardown),
		cmocka_unit_test_setup_teardown(some_rules_do_not_age, setup, teardown),
		cmocka_unit_test_setup_teardown(without_decisions_nothing_ages, setup, teardown),
		cmocka_unit_test_setup_teardown(a_good_hit_keeps_a_rule_young, setup, teardown),
		cmocka_unit_test_setup_teardown(pin_and_release, setup, teardown),
		cmocka_unit_test_setup_teardown(figures_by_language, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile_folder, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
