/* Every cell of the state table: the arrows that are there move the ticket and log one entry; the others are refused and write nothing. */
#include "unit/desk_fixture.h"

struct cell {
	struct move move;
	struct acted out;
};

static enum err take(struct db *db, void *self, struct error *e)
{
	struct cell *c = self;

	return ticket_move(db, &c->move, &c->out, e);
}

static const unsigned rights[] = { BY_ASKER, BY_HELPER, BY_MODERATOR, BY_SYSTEM };

static void walk_cell(struct fixture *f, int64_t id, enum ticket_state from, enum ticket_event event, unsigned by)
{
	const struct arrow *arrow = state_arrow(from, event);
	bool there = arrow && (arrow->by & by);
	struct cell c = { .move = { .ticket = id, .event = event, .by = by, .now = 5000, .holder = 11, .holder_name = SLICE("Anna"),
				    .expires = 9000, .deadline = 8000, .topic = SLICE("x") } };
	struct error e = { 0 };
	int64_t entries, all;
	enum ticket_state to = there ? arrow->to : from;
	enum err rc;

	if (by == BY_HELPER)
		c.move.who = anna;
	if (by == BY_MODERATOR)
		c.move.who = mod;
	raw(f, "UPDATE tickets SET state = '%s', before = NULL, why = NULL, appealed = 0, holder = %s, expires = %s, fence = 4 WHERE id = %lld",
	    state_name(from), from == TICKET_LIVE ? "11" : "NULL", from == TICKET_LIVE ? "9000" : "NULL", (long long)id);
	if (to == TICKET_BEFORE) {
		to = TICKET_HELD;
		raw(f, "UPDATE tickets SET before = 'held' WHERE id = %lld", (long long)id);
	}
	all = raw_int(f, "SELECT count(*) FROM log");
	entries = raw_int(f, "SELECT last_n FROM tickets WHERE id = %lld", (long long)id);
	rc = writer_do(f->desk.writer, LANE_TALK, take, &c, &e);

	if (!there) {
		if (rc != ERR_CONFLICT)
			fail_msg("%s %s by %u: %s, expected a conflict", state_name(from), event_name(event), by, err_name(rc));
		assert_int_equal(raw_int(f, "SELECT count(*) FROM log"), all);
		assert_int_equal(raw_int(f, "SELECT last_n FROM tickets WHERE id = %lld", (long long)id), entries);
		assert_int_equal(raw_int(f, "SELECT state = '%s' FROM tickets WHERE id = %lld", state_name(from), (long long)id), 1);
		return;
	}
	if (rc)
		fail_msg("%s %s by %u: %s %s", state_name(from), event_name(event), by, err_name(rc), e.message);
	assert_int_equal(raw_int(f, "SELECT count(*) FROM log"), all + 1);
	assert_int_equal(c.out.n, entries + 1);
	assert_int_equal(c.out.state, to);
	assert_int_equal(raw_int(f, "SELECT state = '%s' FROM tickets WHERE id = %lld", state_name(to), (long long)id), 1);
	assert_int_equal(raw_int(f,
				 "SELECT count(*) FROM log WHERE ticket = %lld AND n = %lld AND kind = 'state' AND "
				 "data LIKE '%%\"from\":\"%s\",\"to\":\"%s\"%%'",
				 (long long)id, (long long)c.out.n, state_name(from), state_name(to)),
			 1);
	assert_int_equal(raw_int(f, "SELECT (holder IS NOT NULL) = (state = 'live') AND (expires IS NOT NULL) = (state = 'live') FROM tickets WHERE id = %lld",
				 (long long)id),
			 1);
}

static void test_every_cell(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "How do I edit a page?");
	int there = 0;

	for (int from = TICKET_ASKED; from < TICKET_STATES; from++)
		for (int event = 0; event < TICKET_EVENTS; event++)
			for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
				const struct arrow *arrow = state_arrow((enum ticket_state)from, (enum ticket_event)event);

				there += arrow && (arrow->by & rights[i]);
				walk_cell(f, id, (enum ticket_state)from, (enum ticket_event)event, rights[i]);
			}
	assert_int_equal(there, 58);
	/* nothing in the log but consecutive numbers */
	assert_int_equal(raw_int(f, "SELECT count(*) = max(n) AND min(n) = 1 FROM log WHERE ticket = %lld", (long long)id), 1);
}

/* The table itself, against DESIGN's words: state -> where each event leads. */
static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < state_arrows_count; i++)
		for (size_t j = i + 1; j < state_arrows_count; j++)
			assert_false(state_arrows[i].from == state_arrows[j].from && state_arrows[i].event == state_arrows[j].event);
	assert_null(state_arrow(TICKET_ERASED, EVENT_ERASE));
	assert_null(state_arrow(TICKET_LIVE, EVENT_CLAIM));
	assert_null(state_arrow(TICKET_HELD, EVENT_CLAIM));
	assert_null(state_arrow(TICKET_SPAM, EVENT_RELEASE));
	assert_int_equal(state_arrow(TICKET_CLOSED, EVENT_REOPEN)->to, TICKET_QUEUED);
	for (int s = 0; s < TICKET_STATES; s++)
		assert_int_equal(state_read(slice_of(state_name((enum ticket_state)s))), s);
}

static void move(struct fixture *f, int64_t id, enum ticket_event event, unsigned by, enum ticket_state expect)
{
	struct cell c = { .move = { .ticket = id, .event = event, .by = by, .now = clock_wall_ms(), .holder = 11, .holder_name = SLICE("Anna"),
				    .expires = clock_wall_ms() + 60000 } };
	struct error e = { 0 };

	if (by & (BY_HELPER | BY_MODERATOR))
		c.move.who = mod;
	MUST(writer_do(f->desk.writer, LANE_TALK, take, &c, &e));
	assert_int_equal(c.out.state, expect);
}

static void test_undo_leads_back(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };
	struct cell c;
	int64_t id;

	fake_action = ACTION_HOLD;
	id = ask(f, "held");
	assert_int_equal(load(f, id).why, HELD_SCREEN);
	move(f, id, EVENT_SPAM, BY_MODERATOR, TICKET_SPAM);
	move(f, id, EVENT_UNDO, BY_MODERATOR, TICKET_HELD);
	assert_int_equal(load(f, id).why, HELD_SCREEN);
	move(f, id, EVENT_RELEASE, BY_MODERATOR, TICKET_QUEUED);
	move(f, id, EVENT_UNDO, BY_MODERATOR, TICKET_HELD);
	move(f, id, EVENT_RELEASE, BY_MODERATOR, TICKET_QUEUED);
	move(f, id, EVENT_CLAIM, BY_HELPER, TICKET_LIVE);
	move(f, id, EVENT_RETURN, BY_HELPER, TICKET_QUEUED);
	c = (struct cell){ .move = { .ticket = id, .event = EVENT_UNDO, .by = BY_MODERATOR, .now = 1, .who = mod } };
	assert_int_equal(writer_do(f->desk.writer, LANE_TALK, take, &c, &e), ERR_CONFLICT);
	/* from a running talk to spam and back: to the queue, nobody holds it any more */
	move(f, id, EVENT_CLAIM, BY_HELPER, TICKET_LIVE);
	move(f, id, EVENT_SPAM, BY_MODERATOR, TICKET_SPAM);
	move(f, id, EVENT_UNDO, BY_MODERATOR, TICKET_QUEUED);
}

static void test_withdrawing_is_no_way_round_the_gate(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };
	struct acted out;
	int64_t id;

	fake_action = ACTION_HOLD;
	id = ask(f, "doubtful zebra");
	MUST(ticket_close(&f->desk, &(struct act){ .ticket = id, .by = BY_ASKER }, &out, &e));
	assert_int_equal(out.state, TICKET_CLOSED);
	assert_int_equal(raw_int(f, "SELECT count(*) FROM log WHERE indexed = 1"), 0);
	struct act reopen = { .ticket = id, .by = BY_ASKER, .client_id = SLICE("again-1") };
	MUST(ticket_reopen(&f->desk, &reopen, &out, &e));
	assert_int_equal(out.state, TICKET_HELD);
	MUST(ticket_reopen(&f->desk, &reopen, &out, &e));
	assert_true(out.repeat);
	struct act withdraw = { .ticket = id, .by = BY_ASKER, .client_id = SLICE("enough-1") };
	MUST(ticket_close(&f->desk, &withdraw, &out, &e));
	MUST(ticket_close(&f->desk, &withdraw, &out, &e));
	assert_true(out.repeat);
	assert_int_equal(ticket_reopen(&f->desk, &withdraw, &out, &e), ERR_CONFLICT); /* another request under that client_id */
}

static void test_appeal_once(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };
	struct acted out;
	struct sender nobody = { 0 };
	int64_t id;

	fake_action = ACTION_REJECT;
	id = ask(f, "refused");
	assert_int_equal(load(f, id).state, TICKET_REJECTED);
	MUST(ticket_appeal(&f->desk, f->db, f->arena, id, &(struct appeal){ .text = SLICE("please look") }, &nobody, &out, &e));
	assert_int_equal(out.state, TICKET_HELD);
	assert_int_equal(load(f, id).why, HELD_APPEAL);
	move(f, id, EVENT_SPAM, BY_MODERATOR, TICKET_SPAM);
	assert_int_equal(ticket_appeal(&f->desk, f->db, f->arena, id, &(struct appeal){ 0 }, &nobody, &out, &e), ERR_CONFLICT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_cell, setup, teardown),
		cmocka_unit_test(test_table),
		cmocka_unit_test_setup_teardown(test_undo_leads_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_withdrawing_is_no_way_round_the_gate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_appeal_once, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
