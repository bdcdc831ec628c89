/* The judge's bands and guards, one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spam/judge.h"

struct bench {
	struct arena *a;
	struct submission in;
	struct features f;
	struct facts facts;
	struct judge_options o;
	struct hit hits[8];
	struct verdict *v;
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	b->a = arena_new(1 << 20);
	b->in = (struct submission){ .kind = SUBMIT_QUESTION, .body = SLICE("text"), .form_age_ms = -1 };
	b->f = (struct features){ .in = &b->in, .generation = SLICE("0123456789abcdef"), .hits = b->hits, .builtin = true };
	facts_init(&b->facts);
	b->facts.form = FORM_GOOD;
	b->facts.form_age_ms = 60000;
	b->o = judge_defaults();
	b->o.challenges = true;
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	arena_free(&b->a);
	free(b);
	return 0;
}

static struct hit *hit(struct bench *b, enum evidence c, double weight)
{
	struct hit *h = &b->hits[b->f.hit_count++];
	*h = (struct hit){ .rule = SLICE("RULE"), .evidence = c, .weight = weight, .score = weight, .count = 1, .where = SLICE("body"), .text = SLICE("x"),
		.describe = SLICE(""), .printed = SLICE(""), .note = SLICE(""), .field = "" };
	return h;
}

static enum action judged(struct bench *b)
{
	assert_int_equal(spam_judge(b->a, &b->f, &b->facts, &b->o, &b->v, NULL), ERR_OK);
	return b->v->action;
}

static bool guarded(const struct bench *b, const char *name)
{
	for (size_t i = 0; i < b->v->guard_count; i++)
		if (slice_is(b->v->guards[i].name, name))
			return true;
	return false;
}

static void bands(void **state)
{
	static const struct {
		double rule, behaviour;
		enum action expect;
	} rows[] = { { 0, 0, ACTION_ACCEPT }, { 2.9, 0, ACTION_ACCEPT }, { 3, 0, ACTION_HOLD }, { 2.5, 1, ACTION_CHALLENGE }, { 6, 0, ACTION_HOLD },
		{ 14.9, 0, ACTION_HOLD }, { 14, 1, ACTION_REJECT } };
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b->f.hit_count = 0;
		hit(b, EVIDENCE_RULE, rows[i].rule);
		hit(b, EVIDENCE_BEHAVIOUR, rows[i].behaviour);
		assert_int_equal(judged(b), rows[i].expect);
	}
	/* From the second band on a person decides, also where only behaviour leads there. */
	b->o.hold = 3.4;
	b->f.hit_count = 0;
	hit(b, EVIDENCE_RULE, 2.5);
	hit(b, EVIDENCE_BEHAVIOUR, 0.5);
	assert_int_equal(judged(b), ACTION_CHALLENGE);
	b->hits[1].weight = 0.9;
	assert_int_equal(judged(b), ACTION_HOLD);
}

/* A rule that is capped is no second kind of evidence, and what it weighs refuses nothing. */
static void a_capped_rule_refuses_nothing(void **state)
{
	struct bench *b = *state;

	hit(b, EVIDENCE_RULE, 5);
	hit(b, EVIDENCE_URL, 12);
	hit(b, EVIDENCE_SHAPE, 4);
	assert_int_equal(judged(b), ACTION_REJECT);
	b->hits[0].capped = true;
	assert_int_equal(judged(b), ACTION_HOLD);
	assert_true(guarded(b, "one-class"));
	hit(b, EVIDENCE_BEHAVIOUR, 1);
	assert_int_equal(judged(b), ACTION_REJECT);
	b->hits[1].weight = 8;
	assert_int_equal(judged(b), ACTION_HOLD);
	assert_true(guarded(b, "suspended"));
}

static void sums_of_decimals_reach_their_band(void **state)
{
	struct bench *b = *state;
	for (int i = 0; i < 6; i++)
		hit(b, EVIDENCE_RULE, 0.1);
	hit(b, EVIDENCE_RULE, 2.4);
	assert_int_equal(judged(b), ACTION_HOLD);
}

static void one_class_never_refuses(void **state)
{
	struct bench *b = *state;
	hit(b, EVIDENCE_RULE, 40);
	assert_int_equal(judged(b), ACTION_HOLD);
	assert_true(guarded(b, "one-class"));
	hit(b, EVIDENCE_SHAPE, 4); /* shape is no evidence for a refusal */
	assert_int_equal(judged(b), ACTION_HOLD);
	hit(b, EVIDENCE_URL, 0.5); /* too light to count */
	assert_int_equal(judged(b), ACTION_HOLD);
	hit(b, EVIDENCE_URL, 1);
	assert_int_equal(judged(b), ACTION_REJECT);
}

static void refusing_rule_needs_no_second_class(void **state)
{
	struct bench *b = *state;
	struct hit *h = hit(b, EVIDENCE_RULE, 1);
	h->at_least = ACTION_REJECT;
	h->note = SLICE("Please do not.");
	assert_int_equal(judged(b), ACTION_REJECT);
	assert_true(slice_is(b->v->note, "Please do not."));
	h->quiet = true; /* in watch mode it only looks */
	assert_int_equal(judged(b), ACTION_ACCEPT);
	assert_true(b->v->score < 0.001);
}

static void rule_action_is_a_floor(void **state)
{
	struct bench *b = *state;
	hit(b, EVIDENCE_RULE, 0.1)->at_least = ACTION_HOLD;
	assert_int_equal(judged(b), ACTION_HOLD);
	hit(b, EVIDENCE_URL, 30);
	hit(b, EVIDENCE_RULE, 30);
	assert_int_equal(judged(b), ACTION_REJECT);
}

static void language_and_script_are_no_evidence(void **state)
{
	struct bench *b = *state;
	hit(b, EVIDENCE_RULE, 18)->weak = true;
	hit(b, EVIDENCE_URL, 10);
	assert_int_equal(judged(b), ACTION_HOLD);
	assert_true(guarded(b, "one-class"));
}

static void sameness_learned_and_opinion_never_refuse(void **state)
{
	struct bench *b = *state;
	b->f.twin.convicts = true;
	b->facts.twins = YES;
	b->facts.exact_spam = 9;
	b->facts.payload_spam = 9;
	b->facts.learned = YES;
	b->facts.learned_score = 50;
	b->facts.opinions[0] = (struct opinion){ .service = "rspamd", .known = YES, .score = 50, .words = "It says so." };
	assert_int_equal(judged(b), ACTION_HOLD);
	assert_true(b->v->score >= b->o.reject);
}

static void an_opinion_adds_and_never_takes_off(void **state)
{
	struct bench *b = *state;
	b->facts.opinions[0] = (struct opinion){ .service = "rspamd", .known = YES, .score = 4, .words = "It says so." };
	b->facts.opinions[1] = (struct opinion){ .service = "akismet", .known = UNKNOWN, .score = 3 };
	assert_int_equal(judged(b), ACTION_HOLD);
	assert_true(b->v->score > 3.9 && b->v->score < 4.1);
	b->facts.opinions[0].score = -4;
	assert_int_equal(judged(b), ACTION_ACCEPT);
	assert_true(b->v->score > -0.1);
}

static void copies_of_spam(void **state)
{
	struct bench *b = *state;
	b->facts.twins = YES;
	b->facts.exact_spam = 1;
	assert_int_equal(judged(b), ACTION_ACCEPT); /* too short to convict */
	b->f.twin.convicts = true;
	assert_int_equal(judged(b), ACTION_HOLD);
	b->facts.exact_ham = 1;
	assert_int_equal(judged(b), ACTION_ACCEPT);
}

static void near_copies_need_three_and_no_ham(void **state)
{
	struct bench *b = *state;
	b->facts.twins = YES;
	b->facts.burst = 200; /* a burst is a signal only */
	b->facts.near_spam = 2;
	assert_int_equal(judged(b), ACTION_ACCEPT);
	b->facts.near_spam = 3;
	assert_int_equal(judged(b), ACTION_HOLD);
	b->facts.near_ham = 1;
	assert_int_equal(judged(b), ACTION_ACCEPT);
}

/* P12 */
static void unknown_is_never_a_miss_and_never_a_refusal(void **state)
{
	struct bench *b = *state;
	struct hit *h;
	facts_init(&b->facts);
	assert_int_equal(judged(b), ACTION_ACCEPT); /* nothing could be looked up, and nothing speaks against it */
	b->f.out_of_time = true;
	assert_int_equal(judged(b), ACTION_HOLD);
	b->f.out_of_time = false;
	h = hit(b, EVIDENCE_RULE, 0.5);
	h->error = true;
	assert_int_equal(judged(b), ACTION_ACCEPT); /* that rule could not have held it */
	h->weight = 4;
	assert_int_equal(judged(b), ACTION_HOLD);
	assert_true(guarded(b, "unknown-holds"));
	assert_true(b->v->score < 0.001);
	h->weight = 0.5;
	h->at_least = ACTION_REJECT;
	assert_int_equal(judged(b), ACTION_HOLD);
}

static void harm_is_never_refused(void **state)
{
	struct bench *b = *state;
	hit(b, EVIDENCE_RULE, 20)->at_least = ACTION_REJECT;
	hit(b, EVIDENCE_URL, 20);
	assert_int_equal(judged(b), ACTION_REJECT);
	hit(b, EVIDENCE_RULE, 0.01)->harm = true;
	assert_int_equal(judged(b), ACTION_HOLD);
	assert_true(b->v->harm);
}

static void behaviour_is_one_point_and_needs_script(void **state)
{
	struct bench *b = *state;
	b->facts.form = FORM_MISSING;
	b->facts.honeypot = YES;
	b->facts.script = true;
	judged(b);
	assert_true(b->v->score > 0.999 && b->v->score < 1.001);
	b->facts.script = false;
	b->facts.form = FORM_GOOD;
	b->facts.form_age_ms = 5;
	judged(b);
	assert_true(b->v->score < 0.001); /* no script: neither honeypot nor haste */
	b->facts.script = true;
	b->facts.honeypot = NO;
	judged(b);
	assert_true(b->v->score > 0.499);
	b->facts.form_again = true; /* the page was shown again */
	judged(b);
	assert_true(b->v->score < 0.001);
	b->facts.form_again = false;
	b->facts.form = FORM_EXPIRED;
	judged(b);
	assert_true(b->v->score < 0.001);
	b->facts.form = FORM_SPENT;
	judged(b);
	assert_true(b->v->score < 0.001);
}

static void challenges_only_for_behaviour(void **state)
{
	struct bench *b = *state;
	hit(b, EVIDENCE_RULE, 2.5);
	b->facts.form = FORM_MISSING;
	assert_int_equal(judged(b), ACTION_CHALLENGE);
	b->o.challenges = false;
	assert_int_equal(judged(b), ACTION_HOLD);
	assert_true(guarded(b, "challenge-off"));
	b->o.challenges = true;
	hit(b, EVIDENCE_RULE, 1);
	assert_int_equal(judged(b), ACTION_HOLD);
	assert_true(guarded(b, "words-hold"));
}

static void a_solved_challenge_takes_behaviour_out(void **state)
{
	struct bench *b = *state;
	hit(b, EVIDENCE_RULE, 2.5);
	b->facts.form = FORM_MISSING;
	b->facts.limits = true;
	b->facts.sender_hour = b->facts.sender_open = 1000;
	assert_int_equal(judged(b), ACTION_CHALLENGE);
	b->facts.proven = YES;
	assert_int_equal(judged(b), ACTION_ACCEPT);
	assert_true(guarded(b, "proven"));
	assert_true(b->v->by_class[EVIDENCE_BEHAVIOUR] < 0.001);
	/* a day's worth of one network is a person's decision all the same, and so is what the words say */
	b->facts.sender_day = 1000;
	assert_int_equal(judged(b), ACTION_HOLD);
	b->facts.sender_day = 0;
	hit(b, EVIDENCE_RULE, 1);
	assert_int_equal(judged(b), ACTION_HOLD);
	hit(b, EVIDENCE_RULE, 20)->at_least = ACTION_REJECT;
	assert_int_equal(judged(b), ACTION_REJECT);
}

static void only_questions_are_challenged(void **state)
{
	static const enum submission_kind others[] = { SUBMIT_APPEAL, SUBMIT_LINE, SUBMIT_COMMENT };
	struct bench *b = *state;
	hit(b, EVIDENCE_RULE, 2.5);
	b->facts.form = FORM_MISSING;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		b->in.kind = others[i];
		b->facts.attack = 0;
		assert_int_equal(judged(b), ACTION_HOLD);
		b->facts.attack = 3;
		assert_int_equal(judged(b), ACTION_HOLD);
		b->f.hit_count = 0;
		assert_int_equal(judged(b), ACTION_ACCEPT);
		hit(b, EVIDENCE_RULE, 2.5);
	}
}

static void attack_mode_asks_everybody_and_refuses_nobody(void **state)
{
	static const enum action by_score[3][4] = { { ACTION_CHALLENGE, ACTION_CHALLENGE, ACTION_HOLD, ACTION_HOLD },
		{ ACTION_CHALLENGE, ACTION_CHALLENGE, ACTION_HOLD, ACTION_HOLD }, { ACTION_CHALLENGE, ACTION_HOLD, ACTION_HOLD, ACTION_HOLD } };
	static const double scores[4] = { 0, 2.5, 4, 14 };
	struct bench *b = *state;

	for (int step = 1; step <= 3; step++)
		for (int i = 0; i < 4; i++) {
			b->f.hit_count = 0;
			hit(b, EVIDENCE_RULE, scores[i]);
			b->facts.attack = step;
			b->facts.proven = UNKNOWN;
			b->o.challenges = true;
			assert_int_equal(judged(b), by_score[step - 1][i]);
			b->facts.proven = YES;
			assert_int_equal(judged(b), i < 2 ? ACTION_ACCEPT : ACTION_HOLD);
			/* where nothing can be proven, nobody is asked to */
			b->facts.proven = UNKNOWN;
			b->o.challenges = false;
			assert_int_equal(judged(b), i < 2 ? ACTION_ACCEPT : ACTION_HOLD);
		}
}

static void rates_hold_but_never_refuse(void **state)
{
	struct bench *b = *state;
	b->facts.sender_hour = b->facts.sender_day = b->facts.sender_open = 1000000;
	assert_int_equal(judged(b), ACTION_ACCEPT); /* limits are off */
	b->facts.limits = true;
	assert_int_equal(judged(b), ACTION_HOLD);
	b->facts.sender_day = 0;
	assert_int_equal(judged(b), ACTION_CHALLENGE);
	b->facts.sender_hour = b->facts.sender_day = b->facts.sender_open = -1;
	assert_int_equal(judged(b), ACTION_ACCEPT); /* an unknown sender is not everybody */
}

static void near_copy_inherits(void **state)
{
	struct bench *b = *state;
	b->facts.inherits = YES;
	b->facts.inherits_action = ACTION_REJECT;
	assert_int_equal(judged(b), ACTION_REJECT);
	b->facts.inherits_action = ACTION_HOLD;
	assert_int_equal(judged(b), ACTION_HOLD);
	b->facts.inherits_action = 77; /* a broken row */
	assert_int_equal(judged(b), ACTION_ACCEPT);
}

static void caps_are_shared_out(void **state)
{
	struct bench *b = *state;
	hit(b, EVIDENCE_URL, 30);
	hit(b, EVIDENCE_URL, 10);
	judged(b);
	assert_true(b->v->score > 11.999 && b->v->score < 12.001);
	assert_true(b->v->hits[0].score > 8.999 && b->v->hits[0].score < 9.001);
	assert_true(b->v->hits[0].weight > 29.9);
	b->f.builtin = false; /* beside other engines: the rules' own sum */
	judged(b);
	assert_true(b->v->score > 39.999);
}

static void kind_words_buy_little(void **state)
{
	struct bench *b = *state;
	hit(b, EVIDENCE_RULE, 10);
	hit(b, EVIDENCE_RULE, -100);
	assert_int_equal(judged(b), ACTION_HOLD);
	assert_true(b->v->score > 6.999);
}

static void learned_does_not_cross_a_band(void **state)
{
	struct bench *b = *state;
	hit(b, EVIDENCE_RULE, 5.5);
	b->facts.learned = YES;
	b->facts.learned_score = 3.5;
	judged(b);
	assert_true(guarded(b, "learned-yields"));
	b->f.hit_count = 0;
	hit(b, EVIDENCE_RULE, 3.2);
	b->facts.learned_score = -9;
	assert_int_equal(judged(b), ACTION_HOLD);
	b->f.hit_count = 0;
	b->facts.learned_score = 9;
	assert_int_equal(judged(b), ACTION_HOLD); /* alone it may hold */
	assert_true(b->v->score < 3.6);
	/* Nor do good words, however many were taught, take more than a point off what no rule has set. */
	hit(b, EVIDENCE_SHAPE, 4);
	b->facts.learned_score = -9;
	assert_int_equal(judged(b), ACTION_HOLD);
	assert_true(b->v->score > 2.999 && b->v->score < 3.001);
}

static void appeals_and_helpers(void **state)
{
	struct bench *b = *state;
	hit(b, EVIDENCE_RULE, 20)->at_least = ACTION_REJECT;
	b->in.kind = SUBMIT_APPEAL;
	assert_int_equal(judged(b), ACTION_HOLD);
	b->in.kind = SUBMIT_HELPER;
	assert_int_equal(judged(b), ACTION_ACCEPT);
	assert_true(b->v->flagged);
	/* Quoting spam is part of helping: only rules for helpers count, and a check of another rule that broke off says nothing. */
	b->hits[0].at_least = ACTION_ACCEPT;
	b->hits[0].rule = SLICE("PAID_CALL");
	assert_int_equal(judged(b), ACTION_ACCEPT);
	assert_false(b->v->flagged);
	b->hits[0].error = true;
	assert_int_equal(judged(b), ACTION_ACCEPT);
	assert_false(b->v->flagged);
	b->hits[0].rule = SLICE("HELPER_ANY");
	assert_int_equal(judged(b), ACTION_ACCEPT);
	assert_true(b->v->flagged);
	b->hits[0].error = false;
	assert_int_equal(judged(b), ACTION_ACCEPT);
	assert_true(b->v->flagged);
}

static void brief_lines(void **state)
{
	struct bench *b = *state;
	b->in.kind = SUBMIT_LINE;
	b->in.brief = true;
	hit(b, EVIDENCE_RULE, 10);
	assert_int_equal(judged(b), ACTION_ACCEPT);
	hit(b, EVIDENCE_URL, 4);
	assert_int_equal(judged(b), ACTION_HOLD);
	b->f.hit_count = 1;
	b->hits[0].at_least = ACTION_REJECT;
	assert_int_equal(judged(b), ACTION_REJECT);
}

static void stored_and_read_back(void **state)
{
	struct bench *b = *state;
	struct verdict *back = NULL;
	struct jv *j, *j2;
	struct hit *h = hit(b, EVIDENCE_RULE, 4.25);

	h->note = SLICE("A note.");
	h->describe = SLICE("What it is.");
	h->printed = SLICE("body RULE /x/");
	h->field = "body";
	h->start = 1;
	h->end = 2;
	h->at_least = ACTION_HOLD;
	hit(b, EVIDENCE_URL, 40)->error = true;
	b->f.shape.findings[b->f.shape.finding_count++] = (struct shape_finding){ "shape/phone", 0.8, 2, SLICE("+1"), SLICE("A phone.") };
	b->facts.twins = YES;
	b->facts.payload_spam = 1;
	memcpy(b->facts.payload, "+123", 5);
	judged(b);
	j = verdict_json(b->v);
	assert_non_null(j);
	assert_int_equal(verdict_read(b->a, j, &back, NULL), ERR_OK);
	j2 = verdict_json(back);
	assert_true(jv_equal(j, j2));
	assert_int_equal(back->hit_count, b->v->hit_count);
	assert_int_equal(back->hits[0].end, 2);
	assert_int_equal(back->hits[0].at_least, ACTION_HOLD);
	assert_true(back->hits[1].error);
	assert_int_equal(back->facts.sender_hour, -1);
	jv_set_string(j, "action", "explode");
	assert_int_equal(verdict_read(b->a, j, &back, NULL), ERR_CORRUPT);
	jv_free(&j);
	jv_free(&j2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(bands),
		T(a_capped_rule_refuses_nothing),
		T(sums_of_decimals_reach_their_band),
		T(one_class_never_refuses),
		T(refusing_rule_needs_no_second_class),
		T(rule_action_is_a_floor),
		T(language_and_script_are_no_evidence),
		T(sameness_learned_and_opinion_never_refuse),
		T(an_opinion_adds_and_never_takes_off),
		T(copies_of_spam),
		T(near_copies_need_three_and_no_ham),
		T(unknown_is_never_a_miss_and_never_a_refusal),
		T(harm_is_never_refused),
		T(behaviour_is_one_point_and_needs_script),
		T(challenges_only_for_behaviour),
		T(a_solved_challenge_takes_behaviour_out),
		T(only_questions_are_challenged),
		T(attack_mode_asks_everybody_and_refuses_nobody),
		T(rates_hold_but_never_refuse),
		T(near_copy_inherits),
		T(caps_are_shared_out),
		T(kind_words_buy_little),
		T(learned_does_not_cross_a_band),
		T(appeals_and_helpers),
		T(brief_lines),
		T(stored_and_read_back),
	};
	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
