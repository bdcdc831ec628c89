/* Attack mode: what counts as a sign, how steps rise and fall, whose turn it is, and what a moderator may do. */
#include "unit/desk_fixture.h"

#include "desk/attack.h"
#include "desk/audit.h"

#define MINUTE 60000LL

static void signs(void **state)
{
	static const struct {
		struct attack_seen seen;
		enum attack_why sign;
	} rows[] = {
		{ { .usual_hour = -1 }, ATTACK_CALM },
		{ { .asked = 20, .stopped = 9, .usual_hour = -1 }, ATTACK_CALM },
		{ { .asked = 20, .stopped = 10, .usual_hour = -1 }, ATTACK_STOPPED },
		{ { .asked = 21, .stopped = 10, .usual_hour = -1 }, ATTACK_CALM },
		{ { .hour = 1000, .usual_hour = -1 }, ATTACK_CALM }, /* nobody knows what is usual */
		{ { .hour = 29, .usual_hour = 0 }, ATTACK_CALM },
		{ { .hour = 30, .usual_hour = 0 }, ATTACK_ARRIVALS },
		{ { .hour = 59, .usual_hour = 20 }, ATTACK_CALM },
		{ { .hour = 60, .usual_hour = 20 }, ATTACK_ARRIVALS },
		{ { .not_real = 2, .usual_hour = -1 }, ATTACK_CALM },
		{ { .not_real = 3, .usual_hour = -1 }, ATTACK_NOT_REAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (attack_sign(&rows[i].seen) != rows[i].sign)
			fail_msg("row %zu: %s", i, attack_why_name(attack_sign(&rows[i].seen)));
}

static void rises_and_falls_back_by_itself(void **state)
{
	struct attack a = { 0 };
	int64_t t = 1000 * MINUTE;

	(void)state;
	assert_false(attack_next(&a, ATTACK_CALM, t));
	assert_true(attack_next(&a, ATTACK_STOPPED, t));
	assert_int_equal(a.step, 1);
	assert_int_equal(a.why, ATTACK_STOPPED);
	assert_int_equal(a.since, t);
	/* no higher within five minutes, then step by step, and no further than the last */
	(void)attack_next(&a, ATTACK_STOPPED, t + 5 * MINUTE - 1);
	assert_int_equal(a.step, 1);
	for (int i = 1; i <= 40; i++)
		(void)attack_next(&a, ATTACK_STOPPED, t + i * MINUTE);
	assert_int_equal(a.step, 3);
	assert_int_equal(a.since, t);
	t += 40 * MINUTE;
	/* ten minutes of calm for each step down, and a new sign begins the count anew */
	(void)attack_next(&a, ATTACK_CALM, t + 10 * MINUTE - 1);
	assert_int_equal(a.step, 3);
	(void)attack_next(&a, ATTACK_CALM, t + 10 * MINUTE);
	assert_int_equal(a.step, 2);
	(void)attack_next(&a, ATTACK_NOT_REAL, t + 12 * MINUTE);
	assert_int_equal(a.step, 2);
	(void)attack_next(&a, ATTACK_CALM, t + 21 * MINUTE);
	assert_int_equal(a.step, 2);
	(void)attack_next(&a, ATTACK_CALM, t + 22 * MINUTE);
	assert_int_equal(a.step, 1);
	(void)attack_next(&a, ATTACK_CALM, t + 32 * MINUTE);
	assert_int_equal(a.step, 0);
	assert_int_equal(a.why, ATTACK_CALM);
	assert_int_equal(a.since, 0);
	assert_false(attack_next(&a, ATTACK_CALM, t + 60 * MINUTE));
}

static void a_moderator_sets_the_least(void **state)
{
	struct fixture *f = *state;
	struct attack a;
	struct error e = { 0 };
	int64_t now = clock_wall_ms();

	assert_int_equal(attack_set(&f->desk, &mod, 4, 60, &a, &e), ERR_INVALID);
	assert_string_equal(e.field, "step");
	assert_int_equal(attack_set(&f->desk, &mod, -1, 60, &a, &e), ERR_INVALID);
	assert_int_equal(attack_set(&f->desk, &mod, 1, 59, &a, &e), ERR_INVALID);
	assert_string_equal(e.field, "for_s");
	MUST(attack_set(&f->desk, &mod, 2, 3600, &a, &e));
	assert_int_equal(a.step, 2);
	MUST(attack_read(f->db, &a, &e));
	assert_int_equal(a.step, 2);
	assert_int_equal(a.why, ATTACK_HAND);
	/* it stays as long as was said, then falls back */
	(void)attack_next(&a, ATTACK_CALM, now + 50 * MINUTE);
	assert_int_equal(a.step, 2);
	for (int i = 60; i < 90; i++)
		(void)attack_next(&a, ATTACK_CALM, now + i * MINUTE);
	assert_int_equal(a.step, 0);
	/* ended by hand: signs are not heeded for an hour */
	MUST(attack_set(&f->desk, &mod, 0, 60, &a, &e));
	assert_int_equal(a.step, 0);
	(void)attack_next(&a, ATTACK_ARRIVALS, clock_wall_ms() + 59 * MINUTE);
	assert_int_equal(a.step, 0);
	(void)attack_next(&a, ATTACK_ARRIVALS, clock_wall_ms() + 61 * MINUTE);
	assert_int_equal(a.step, 1);
	assert_int_equal(raw_int(f, "SELECT count(*) FROM audit WHERE action IN ('attack.raise', 'attack.lower') AND account = 13"), 2);
}

static void sighting(struct fixture *f, int64_t ticket, int64_t at, const char *sender, int action)
{
	raw(f, "INSERT INTO twins (ticket, n, at, sender, action, label) VALUES (%lld, 1, %lld, %s, %d, 0)", (long long)ticket, (long long)at, sender, action);
}

static int64_t ticked(struct fixture *f)
{
	struct attack a;
	struct error e = { 0 };

	MUST(attack_tick(&f->desk, f->db, &e));
	MUST(attack_read(f->db, &a, &e));
	return a.step;
}

static void one_sender_alone_is_no_attack(void **state)
{
	struct fixture *f = *state;
	int64_t now = clock_wall_ms();

	for (int i = 0; i < 50; i++)
		sighting(f, 1000 + i, now, "x'aa'", 3);
	assert_int_equal(ticked(f), 0);
	for (int i = 0; i < 12; i++)
		sighting(f, 2000 + i, now - 11 * MINUTE, "NULL", 3); /* too long ago */
	assert_int_equal(ticked(f), 0);
	raw(f, "DELETE FROM twins");
	for (int i = 0; i < 12; i++) {
		char sender[16];
		snprintf(sender, sizeof(sender), "x'%02x'", i);
		sighting(f, 3000 + i, now, sender, i % 2 ? 3 : 2);
	}
	assert_int_equal(ticked(f), 1);
	assert_int_equal(ticked(f), 1);
	assert_int_equal(raw_int(f, "SELECT count(*) FROM audit WHERE action = 'attack.raise' AND COALESCE(account, 0) = 0"), 1);
}

static void three_times_the_usual(void **state)
{
	struct fixture *f = *state;
	int64_t now = clock_wall_ms(), hour = now / (60 * MINUTE);

	for (int i = 0; i < 45; i++)
		sighting(f, 1000 + i, now, "NULL", 0);
	assert_int_equal(ticked(f), 0); /* a first day knows nothing */
	for (int i = 1; i <= 48; i++)
		raw(f, "INSERT INTO arrivals (hour, asked) VALUES (%lld, %d)", (long long)(hour - i), i % 24 == 0 ? 20 : 5);
	assert_int_equal(ticked(f), 0); /* at this hour of the day more is usual */
	raw(f, "UPDATE arrivals SET asked = 15");
	assert_int_equal(ticked(f), 1);
}

static void not_real_questions(void **state)
{
	struct fixture *f = *state;
	struct acted out;
	struct error e = { 0 };

	for (int i = 0; i < 3; i++) {
		char body[40];
		snprintf(body, sizeof(body), "Question %d", i);
		int64_t id = ask(f, body);
		assert_int_equal(ticked(f), 0);
		MUST(ticket_not_real(&f->desk, &(struct act){ .ticket = id, .by = BY_HELPER, .who = anna }, &out, &e));
	}
	assert_int_equal(ticked(f), 1);
}

static int64_t next(struct fixture *f, const struct actor *who)
{
	struct acted out;
	int64_t id;
	struct error e = { 0 };

	MUST(queue_next(&f->desk, who, SLICE_NONE, SLICE_NONE, SLICE_NONE, &id, &out, &e));
	raw(f, "UPDATE tickets SET holder = NULL, state = 'closed' WHERE id = %lld", (long long)id);
	return id;
}

static void next_takes_turns(void **state)
{
	struct fixture *f = *state;
	struct attack a;
	struct error e = { 0 };
	int64_t ids[8];

	for (int i = 0; i < 8; i++) {
		char body[40];
		snprintf(body, sizeof(body), "Question %d", i);
		ids[i] = ask(f, body);
		raw(f, "UPDATE tickets SET anchor = %d WHERE id = %lld", 1000 + i, (long long)ids[i]);
	}
	raw(f, "UPDATE tickets SET proven = 1 WHERE id IN (%lld, %lld)", (long long)ids[5], (long long)ids[6]);
	assert_int_equal(next(f, &anna), ids[0]); /* calm: by age alone */
	MUST(attack_set(&f->desk, &mod, 1, 3600, &a, &e));
	assert_int_equal(next(f, &anna), ids[5]);
	assert_int_equal(next(f, &bert), ids[1]);
	assert_int_equal(next(f, &anna), ids[6]);
	assert_int_equal(next(f, &anna), ids[2]);
	assert_int_equal(next(f, &anna), ids[3]); /* none is proven: the others go on */
	MUST(attack_set(&f->desk, &mod, 0, 3600, &a, &e));
	assert_int_equal(next(f, &anna), ids[4]);
	assert_int_equal(next(f, &anna), ids[7]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs),
		cmocka_unit_test(rises_and_falls_back_by_itself),
		cmocka_unit_test_setup_teardown(a_moderator_sets_the_least, setup, teardown),
		cmocka_unit_test_setup_teardown(one_sender_alone_is_no_attack, setup, teardown),
		cmocka_unit_test_setup_teardown(three_times_the_usual, setup, teardown),
		cmocka_unit_test_setup_teardown(not_real_questions, setup, teardown),
		cmocka_unit_test_setup_teardown(next_takes_turns, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
