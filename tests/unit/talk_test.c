/* Talking: one numbered log, one holder, harmless retries (P2, P3), on a real database. */
#include <pthread.h>
#include <unistd.h>

#include "desk/erase.h"
#include "unit/desk_fixture.h"

enum { RACERS = 8, ROUNDS = 12 };

/* ---- claim races ---- */

struct racer {
	struct fixture *f;
	int64_t ticket;
	struct actor who;
	char name[16];
	enum err rc;
	struct acted out;
};

static void *race_claim(void *ctx)
{
	struct racer *r = ctx;
	struct error e = { 0 };

	r->rc = queue_claim(&r->f->desk, &(struct act){ .ticket = r->ticket, .by = BY_HELPER, .who = r->who }, &r->out, &e);
	return NULL;
}

struct relinker {
	struct fixture *f;
	struct slice old;
	char token[TICKET_TOKEN_BYTES];
	enum err rc;
};

static void *race_link(void *ctx)
{
	struct relinker *r = ctx;
	struct arena *a = arena_new(1 << 20);
	struct db *db = NULL;
	struct error e = { 0 };

	r->rc = db_open(r->f->folder, DB_READ, &db, &e);
	if (!r->rc)
		r->rc = ticket_new_link(&r->f->desk, db, a, r->old, SLICE_NONE, r->token, &e);
	db_close(&db);
	arena_free(&a);
	return NULL;
}

static enum err dawdle(struct db *db, void *self, struct error *e)
{
	(void)db;
	(void)self;
	(void)e;
	usleep(300000);
	return ERR_OK;
}

static void *keep_busy(void *ctx)
{
	struct fixture *f = ctx;
	struct error e = { 0 };

	MUST(writer_do(f->desk.writer, LANE_TALK, dawdle, NULL, &e));
	return NULL;
}

/* Two look the old link up before either has replaced it: one of them has a link, and that opens the conversation. */
static void test_a_link_is_replaced_once(void **state)
{
	struct fixture *f = *state;
	struct asked asked = ask_as(f, "Hello?", NULL);
	struct relinker two[2];
	pthread_t threads[2], busy;
	struct ticket t;
	struct error e = { 0 };

	assert_int_equal(pthread_create(&busy, NULL, keep_busy, f), 0);
	usleep(50000);
	for (int i = 0; i < 2; i++) {
		two[i] = (struct relinker){ .f = f, .old = slice_of(asked.token) };
		assert_int_equal(pthread_create(&threads[i], NULL, race_link, &two[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	pthread_join(busy, NULL);
	const struct relinker *won = two[0].rc ? &two[1] : &two[0], *lost = two[0].rc ? &two[0] : &two[1];
	assert_int_equal(won->rc, ERR_OK);
	assert_int_equal(lost->rc, ERR_NOT_FOUND);
	MUST(ticket_by_token(f->db, f->arena, slice_of(won->token), &t, &e));
}

static void test_claim_race_has_one_winner(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < ROUNDS; round++) {
		int64_t id = ask(f, "Who helps me?");
		struct racer racers[RACERS];
		pthread_t threads[RACERS];
		int won = 0;
		int64_t winner = 0;

		for (int i = 0; i < RACERS; i++) {
			racers[i] = (struct racer){ .f = f, .ticket = id, .who = { .role = ROLE_HELPER, .account = 100 + i } };
			snprintf(racers[i].name, sizeof(racers[i].name), "H%d", i);
			racers[i].who.name = slice_of(racers[i].name);
			assert_int_equal(pthread_create(&threads[i], NULL, race_claim, &racers[i]), 0);
		}
		for (int i = 0; i < RACERS; i++) {
			pthread_join(threads[i], NULL);
			if (racers[i].rc == ERR_OK) {
				won++;
				winner = racers[i].who.account;
			}
		}
		assert_int_equal(won, 1);
		for (int i = 0; i < RACERS; i++) {
			if (racers[i].rc == ERR_OK)
				continue;
			assert_int_equal(racers[i].rc, ERR_CONFLICT);
			assert_int_equal(racers[i].out.holder, winner);
			assert_true(racers[i].out.holder_name[0] == 'H');
		}
		assert_int_equal(load(f, id).holder, winner);
		assert_int_equal(raw_int(f, "SELECT count(*) FROM log WHERE ticket = %lld AND data LIKE '%%\"claim\"%%'", (long long)id), 1);
	}
}

static void test_claim_by_its_holder_keeps_the_fence(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "Hello?"), fence = claim(f, id, &anna);
	struct acted out;
	struct error e = { 0 };

	assert_int_equal(fence, 1);
	MUST(queue_claim(&f->desk, &(struct act){ .ticket = id, .by = BY_HELPER, .who = anna }, &out, &e));
	assert_true(out.repeat);
	assert_int_equal(out.fence, fence);
	assert_int_equal(load(f, id).last_n, 3);
}

/* ---- retries ---- */

struct writer_race {
	struct fixture *f;
	int64_t ticket, fence;
	struct db *db;
	struct arena *arena;
	enum err rc;
	struct posted out;
};

static void *race_say(void *ctx)
{
	struct writer_race *w = ctx;
	struct fixture mine = *w->f;

	mine.db = w->db;
	mine.arena = w->arena;
	w->rc = say(&mine, w->ticket, &anna, w->fence, "only once", "client-1", &w->out);
	return NULL;
}

static void test_two_writers_of_one_client_id(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "Hello?"), fence = claim(f, id, &anna);
	struct writer_race racers[RACERS];
	pthread_t threads[RACERS];
	struct posted out;
	struct error e = { 0 };
	int fresh = 0;

	for (int i = 0; i < RACERS; i++) {
		racers[i] = (struct writer_race){ .f = f, .ticket = id, .fence = fence, .arena = arena_new(1 << 20) };
		MUST(db_open(f->folder, DB_READ, &racers[i].db, &e));
	}
	for (int i = 0; i < RACERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, race_say, &racers[i]), 0);
	for (int i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(racers[i].rc, ERR_OK);
		assert_int_equal(racers[i].out.n, racers[0].out.n);
		assert_int_equal(racers[i].out.at, racers[0].out.at);
		fresh += !racers[i].out.repeat;
		db_close(&racers[i].db);
		arena_free(&racers[i].arena);
	}
	assert_int_equal(fresh, 1);
	assert_int_equal(raw_int(f, "SELECT count(*) FROM log WHERE body = 'only once'"), 1);
	/* another body under the same client_id; the same client_id of somebody else is no repeat */
	assert_int_equal(say(f, id, &anna, fence, "something else", "client-1", &out), ERR_CONFLICT);
	assert_int_equal(say(f, id, NULL, 0, "only once", "client-1", &out), ERR_OK);
	assert_false(out.repeat);
	/* looked up before fence and state */
	raw(f, "UPDATE tickets SET expires = 1 WHERE id = %lld", (long long)id);
	assert_int_equal(say(f, id, &anna, fence, "only once", "client-1", &out), ERR_OK);
	assert_true(out.repeat);
	assert_int_equal(say(f, id, &anna, fence, "too late", "client-2", &out), ERR_CONFLICT);
}

static void test_asking_twice_is_asking_once(void **state)
{
	struct fixture *f = *state;
	static const char secret[] = "0b6d5b38-6a2e-4c9e-9c7e-0c8f7f3c2a11";
	struct asked one = ask_as(f, "How?", secret), two = ask_as(f, "How?", secret), three;
	struct ask other = { .body = SLICE("What?"), .client_id = SLICE("0b6d5b38-6a2e-4c9e-9c7e-0c8f7f3c2a11") };
	struct error e = { 0 };

	assert_int_equal(one.ticket, two.ticket);
	assert_string_equal(one.token, two.token);
	assert_true(two.repeat);
	assert_int_equal(two.state, TICKET_QUEUED);
	assert_int_equal(ticket_ask(&f->desk, f->db, f->arena, &other, &three, &e), ERR_CONFLICT);
	assert_int_equal(raw_int(f, "SELECT count(*) FROM tickets"), 1);
	/* a day later it is a new question */
	raw(f, "UPDATE asks SET at = at - 90000000");
	three = ask_as(f, "How?", secret);
	assert_int_not_equal(three.ticket, one.ticket);
	/* the secret must be one */
	other.client_id = SLICE("short");
	assert_int_equal(ticket_ask(&f->desk, f->db, f->arena, &other, &three, &e), ERR_INVALID);
	assert_string_equal(e.field, "client_id");
}

static void test_what_a_question_may_not_be(void **state)
{
	struct fixture *f = *state;
	static char big[TICKET_TEXT_MAX_BYTES + 2];
	struct asked out;
	struct error e = { 0 };

	memset(big, 'x', sizeof(big) - 1);
	struct {
		struct ask in;
		enum err rc;
		const char *field;
	} cases[] = {
		{ { .body = SLICE_NONE }, ERR_INVALID, "body" },
		{ { .body = SLICE("") }, ERR_INVALID, "body" },
		{ { .body = SLICE(" \n\t ") }, ERR_INVALID, "body" },
		{ { .body = { big, TICKET_TEXT_MAX_BYTES + 1 } }, ERR_INVALID, "body" },
		{ { .body = SLICE("a\xff") }, ERR_MALFORMED, "body" },
		{ { .body = SLICE("a"), .title = { big, TICKET_TITLE_MAX_BYTES + 1 } }, ERR_INVALID, "title" },
		{ { .body = SLICE("a"), .name = { big, TICKET_NAME_MAX_BYTES + 1 } }, ERR_INVALID, "name" },
		{ { .body = SLICE("a"), .email = SLICE("nobody") }, ERR_INVALID, "email" },
		{ { .body = SLICE("a"), .email = SLICE("a@b,c@d") }, ERR_INVALID, "email" },
		{ { .body = SLICE("a"), .topic = SLICE("no such topic") }, ERR_INVALID, "topic" },
		{ { .body = SLICE("a"), .lang = SLICE("not a language") }, ERR_INVALID, "lang" },
		{ { .body = SLICE("a"), .lang = SLICE("x") }, ERR_INVALID, "lang" },
		{ { .body = SLICE("a"), .lang = SLICE("en-") }, ERR_INVALID, "lang" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum err rc = ticket_ask(&f->desk, f->db, f->arena, &cases[i].in, &out, &e);

		if (rc != cases[i].rc || strcmp(e.field, cases[i].field))
			fail_msg("case %zu: %s, field %s", i, err_name(rc), e.field);
	}
	assert_int_equal(raw_int(f, "SELECT count(*) FROM tickets"), 0);
	assert_int_equal(fake_screened, 0);
	struct ask good = { .body = { big, TICKET_TEXT_MAX_BYTES }, .lang = SLICE("zh-Hant-TW"), .email = SLICE("a@b.example") };
	MUST(ticket_ask(&f->desk, f->db, f->arena, &good, &out, &e));
}

/* ---- fences ---- */

static void test_stale_fences_write_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "Hello?"), first = claim(f, id, &anna), second, before;
	struct acted out;
	struct posted posted;
	struct error e = { 0 };
	struct act stale = { .ticket = id, .by = BY_HELPER, .who = anna, .fenced = true, .fence = first };

	MUST(lease_release(&f->desk, &stale, &out, &e));
	assert_int_equal(out.fence, first + 1);
	second = claim(f, id, &bert);
	assert_int_equal(second, first + 2);
	before = raw_int(f, "SELECT count(*) FROM log");
	assert_int_equal(say(f, id, &anna, first, "late words", NULL, &posted), ERR_CONFLICT);
	assert_int_equal(say(f, id, &anna, second, "a guessed fence", NULL, &posted), ERR_CONFLICT);
	assert_int_equal(ticket_close(&f->desk, &stale, &out, &e), ERR_CONFLICT);
	assert_int_equal(ticket_snooze(&f->desk, &stale, clock_wall_ms() + 60000, &out, &e), ERR_CONFLICT);
	assert_int_equal(ticket_transfer(&f->desk, &stale, &(struct transfer){ .to = 99, .to_name = SLICE("X") }, &out, &e), ERR_CONFLICT);
	assert_int_equal(lease_release(&f->desk, &stale, &out, &e), ERR_CONFLICT);
	assert_int_equal(lease_renew(&f->desk, &stale, &out, &e), ERR_CONFLICT);
	stale.fenced = false;
	assert_int_equal(ticket_close(&f->desk, &stale, &out, &e), ERR_MALFORMED);
	assert_int_equal(raw_int(f, "SELECT count(*) FROM log"), before);
	assert_int_equal(load(f, id).holder, bert.account);
	/* nor does an old fence serve the one who holds it again */
	int64_t again = ask(f, "Me too?"), old = claim(f, again, &anna);
	struct act mine = { .ticket = again, .by = BY_HELPER, .who = anna, .fenced = true, .fence = old };
	MUST(lease_release(&f->desk, &mine, &out, &e));
	assert_int_equal(claim(f, again, &anna), old + 2);
	assert_int_equal(say(f, again, &anna, old, "from another tab", NULL, &posted), ERR_CONFLICT);
	assert_int_equal(say(f, again, &anna, old + 2, "from this one", NULL, &posted), ERR_OK);
	/* an invited helper writes with the holder's fence */
	MUST(ticket_invite(&f->desk, &(struct act){ .ticket = id, .by = BY_HELPER, .who = bert, .fenced = true, .fence = second }, anna.account,
			   anna.name, &out, &e));
	assert_int_equal(say(f, id, &anna, second, "invited in", NULL, &posted), ERR_OK);
	/* a moderator acts without a fence, but says what they saw */
	struct act by_mod = { .ticket = id, .by = BY_HELPER, .who = mod, .seen = load(f, id).last_n - 1 };
	struct transfer take_over = { .to = mod.account, .to_name = mod.name, .note = SLICE("I take this one") };
	assert_int_equal(ticket_transfer(&f->desk, &by_mod, &take_over, &out, &e), ERR_CONFLICT);
	by_mod.seen++;
	MUST(ticket_transfer(&f->desk, &by_mod, &take_over, &out, &e));
	assert_true(slice_is(read_all(f, id, out.n, VIEW_STAFF).entries[0].body, "I take this one"));
	assert_int_equal(read_all(f, id, out.n, VIEW_ASKER).count, 0);
	assert_int_equal(out.fence, second + 1);
	assert_int_equal(say(f, id, &bert, second, "taken over", NULL, &posted), ERR_CONFLICT);
	assert_int_equal(say(f, id, &anna, second + 1, "no longer invited", NULL, &posted), ERR_CONFLICT);
}

static void test_a_lost_lease_returns_at_its_age(void **state)
{
	struct fixture *f = *state;
	int64_t old = ask(f, "first"), young, fence, moved, next;
	struct ticket t;
	struct acted out;
	struct posted posted;
	struct slice draft;
	struct error e = { 0 };

	raw(f, "UPDATE tickets SET anchor = anchor - 60000, asked = asked - 60000 WHERE id = %lld", (long long)old);
	young = ask(f, "second");
	fence = claim(f, old, &anna);
	t = load(f, old);
	assert_in_range(t.lease.expires, clock_wall_ms() + conf()->lease_s * 1000 - 5000, clock_wall_ms() + conf()->lease_s * 1000);
	MUST(talk_draft_put(&f->desk, old, &anna, SLICE("half a thought"), &e));
	raw(f, "UPDATE tickets SET expires = 1000 WHERE id = %lld", (long long)old);
	assert_int_equal(say(f, old, &anna, fence, "too late", NULL, &posted), ERR_CONFLICT);
	MUST(lease_sweep(&f->desk, &moved, &e));
	assert_int_equal(moved, 1);
	assert_int_equal(load(f, old).state, TICKET_QUEUED);
	assert_int_equal(load(f, old).anchor, t.anchor);
	assert_int_equal(load(f, old).lease.fence, fence + 1);
	MUST(talk_draft(f->db, f->arena, old, anna.account, &draft, &e));
	assert_true(slice_is(draft, "half a thought"));
	/* both sides are told by an entry */
	struct page page = read_all(f, old, 0, VIEW_ASKER);
	assert_non_null(memmem(page.entries[page.count - 1].data.ptr, page.entries[page.count - 1].data.len, "\"lapse\"", 7));
	MUST(queue_next(&f->desk, &bert, SLICE_NONE, SLICE_NONE, SLICE_NONE, &next, &out, &e));
	assert_int_equal(next, old);
	assert_int_equal(out.fence, fence + 2);
	MUST(queue_next(&f->desk, &bert, SLICE_NONE, SLICE_NONE, SLICE_NONE, &next, &out, &e));
	assert_int_equal(next, young);
	MUST(queue_next(&f->desk, &bert, SLICE_NONE, SLICE_NONE, SLICE_NONE, &next, &out, &e));
	assert_int_equal(next, 0);
	/* at start-up live leases get a full term */
	raw(f, "UPDATE tickets SET expires = 1000");
	MUST(lease_restart(&f->desk, &e));
	MUST(lease_sweep(&f->desk, &moved, &e));
	assert_int_equal(moved, 0);
}

static void test_writing_extends_the_lease(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "hello"), fence = claim(f, id, &anna), soon = clock_wall_ms() + 3000;
	struct posted posted;
	struct acted out;
	struct error e = { 0 };

	raw(f, "UPDATE tickets SET expires = %lld", (long long)soon);
	assert_int_equal(say(f, id, &anna, fence, "hi", NULL, &posted), ERR_OK);
	assert_true(load(f, id).lease.expires > soon);
	raw(f, "UPDATE tickets SET expires = %lld", (long long)soon);
	MUST(lease_renew(&f->desk, &(struct act){ .ticket = id, .by = BY_HELPER, .who = anna, .fenced = true, .fence = fence }, &out, &e));
	assert_int_equal(out.fence, fence);
	assert_true(out.expires > soon);
	raw(f, "UPDATE tickets SET expires = %lld", (long long)soon);
	assert_int_equal(say(f, id, NULL, 0, "the asker writes", NULL, &posted), ERR_OK);
	assert_int_equal(load(f, id).lease.expires, soon);
}

static void test_next_repeats_and_caps(void **state)
{
	struct fixture *f = *state;
	struct acted one, two;
	struct error e = { 0 };
	int64_t a, b;

	for (int i = 0; i < 5; i++)
		ask(f, "question");
	MUST(queue_next(&f->desk, &anna, SLICE("next-1"), SLICE_NONE, SLICE_NONE, &a, &one, &e));
	MUST(queue_next(&f->desk, &anna, SLICE("next-1"), SLICE_NONE, SLICE_NONE, &b, &two, &e));
	assert_int_equal(a, b);
	assert_int_equal(one.fence, two.fence);
	assert_true(two.repeat);
	MUST(queue_next(&f->desk, &anna, SLICE_NONE, SLICE_NONE, SLICE_NONE, &b, &two, &e));
	MUST(queue_next(&f->desk, &anna, SLICE_NONE, SLICE_NONE, SLICE_NONE, &b, &two, &e));
	assert_int_equal(queue_next(&f->desk, &anna, SLICE_NONE, SLICE_NONE, SLICE_NONE, &b, &two, &e), ERR_CONFLICT);
	MUST(queue_next(&f->desk, &bert, SLICE_NONE, SLICE("de"), SLICE_NONE, &b, &two, &e));
	assert_int_equal(b, 0);
	MUST(queue_next(&f->desk, &bert, SLICE_NONE, SLICE("en"), SLICE_NONE, &b, &two, &e));
	assert_int_equal(b, 4);
}

static void test_snoozed_comes_back_to_its_helper(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "first"), other, fence = claim(f, id, &anna), next;
	struct acted out;
	struct posted posted;
	struct error e = { 0 };

	other = ask(f, "second");
	MUST(ticket_snooze(&f->desk, &(struct act){ .ticket = id, .by = BY_HELPER, .who = anna, .fenced = true, .fence = fence },
			   clock_wall_ms() + 60000, &out, &e));
	assert_int_equal(load(f, id).state, TICKET_SNOOZED);
	assert_int_equal(say(f, id, NULL, 0, "I am back", NULL, &posted), ERR_OK);
	assert_int_equal(load(f, id).state, TICKET_QUEUED);
	/* its age is older, but it is kept for Anna a while */
	MUST(queue_next(&f->desk, &bert, SLICE_NONE, SLICE_NONE, SLICE_NONE, &next, &out, &e));
	assert_int_equal(next, other);
	MUST(queue_next(&f->desk, &anna, SLICE_NONE, SLICE_NONE, SLICE_NONE, &next, &out, &e));
	assert_int_equal(next, id);
}

/* ---- the log ---- */

static void test_resume_from_every_number(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "Hello?"), fence = claim(f, id, &anna), last;
	struct post note = { .act = { .ticket = id, .by = BY_HELPER, .who = anna, .fenced = true, .fence = fence }, .body = SLICE("a note"),
			     .note = true };
	struct posted posted;
	struct error e = { 0 };
	struct page page;

	for (int i = 0; i < 10; i++) {
		assert_int_equal(say(f, id, i % 2 ? &anna : NULL, fence, "words", NULL, &posted), ERR_OK);
		MUST(talk_post(&f->desk, f->db, f->arena, &note, &posted, &e));
	}
	last = load(f, id).last_n;
	assert_int_equal(last, 23);
	for (int64_t after = 0; after <= last; after++) {
		int64_t n = after;

		page = read_all(f, id, after, VIEW_STAFF);
		assert_int_equal(page.count, last - after);
		for (size_t i = 0; i < page.count; i++)
			assert_int_equal(page.entries[i].n, ++n);
		page = read_all(f, id, after, VIEW_ASKER);
		n = after;
		for (size_t i = 0; i < page.count; i++) {
			assert_true(page.entries[i].n > n);
			n = page.entries[i].n;
			assert_int_not_equal(page.entries[i].kind, ENTRY_NOTE);
		}
	}
	assert_int_equal(read_all(f, id, 0, VIEW_ASKER).count, 13);
	MUST(talk_read(f->db, f->arena, id, 0, 5, (struct reader){ VIEW_STAFF, 0 }, &page, &e));
	assert_int_equal(page.count, 5);
	assert_true(page.more);
}

static void test_budget_before_the_first_answer(void **state)
{
	struct fixture *f = *state;
	static char long_text[12 * 1024 + 1];
	int64_t id = ask(f, "Hello?"), fence;
	struct posted posted;

	for (int i = 0; i < TALK_ADDITIONS_MAX; i++)
		assert_int_equal(say(f, id, NULL, 0, "and", NULL, &posted), ERR_OK);
	assert_int_equal(say(f, id, NULL, 0, "and", NULL, &posted), ERR_LIMITED);
	fence = claim(f, id, &anna);
	assert_int_equal(say(f, id, NULL, 0, "and", NULL, &posted), ERR_LIMITED);
	assert_int_equal(say(f, id, &anna, fence, "I am here", NULL, &posted), ERR_OK);
	assert_int_equal(say(f, id, NULL, 0, "and", NULL, &posted), ERR_OK);

	memset(long_text, 'x', sizeof(long_text) - 1);
	id = ask(f, long_text);
	assert_int_equal(say(f, id, NULL, 0, long_text, NULL, &posted), ERR_OK);
	assert_int_equal(say(f, id, NULL, 0, long_text, NULL, &posted), ERR_LIMITED);
	assert_int_equal(read_all(f, id, 0, VIEW_ASKER).count, 3);
}

struct release {
	int64_t ticket, n;
};

static enum err run_release(struct db *db, void *self, struct error *e)
{
	struct release *r = self;

	return talk_release(db, r->ticket, r->n, clock_wall_ms(), e);
}

static void test_held_lines(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "Hello?"), fence = claim(f, id, &anna);
	struct posted posted;
	struct page page;
	struct error e = { 0 };

	fake_action = ACTION_HOLD;
	assert_int_equal(say(f, id, NULL, 0, "buy pills", NULL, &posted), ERR_OK);
	assert_true(posted.held);
	page = read_all(f, id, posted.n - 1, VIEW_ASKER);
	assert_int_equal(page.count, 1); /* its sender sees it */
	assert_int_equal(raw_int(f, "SELECT indexed FROM log WHERE n = %lld", (long long)posted.n), 0);
	/* a trial helper's doubtful line is for staff until a moderator lets it through; the release carries the words */
	fake_action = ACTION_ACCEPT;
	fake_verdict.flagged = true;
	MUST(lease_release(&f->desk, &(struct act){ .ticket = id, .by = BY_HELPER, .who = anna, .fenced = true, .fence = fence },
			   &(struct acted){ 0 }, &e));
	fence = claim(f, id, &trial);
	assert_int_equal(say(f, id, &trial, fence, "pay me", NULL, &posted), ERR_OK);
	assert_true(posted.held);
	assert_int_equal(read_all(f, id, posted.n - 1, VIEW_ASKER).count, 0);
	assert_int_equal(read_all(f, id, posted.n - 1, VIEW_STAFF).count, 1);
	assert_int_equal(load(f, id).answered, 0);
	struct release r = { id, posted.n };
	MUST(writer_do(f->desk.writer, LANE_TALK, run_release, &r, &e));
	page = read_all(f, id, posted.n, VIEW_ASKER);
	assert_int_equal(page.count, 1);
	assert_int_equal(page.entries[0].kind, ENTRY_RELEASE);
	assert_true(slice_is(page.entries[0].body, "pay me"));
	assert_int_equal(writer_do(f->desk.writer, LANE_TALK, run_release, &r, &e), ERR_CONFLICT);
}

static void test_edit_and_reply(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "Hello?"), fence = claim(f, id, &anna);
	struct post edit = { .act = { .ticket = id, .by = BY_HELPER, .who = anna, .fenced = true, .fence = fence }, .body = SLICE("better words") };
	struct post reply = { .act = { .ticket = id, .by = BY_ASKER }, .body = SLICE("see above"), .reply_to = 1 };
	struct posted said, posted;
	struct error e = { 0 };
	struct page page;

	assert_int_equal(say(f, id, &anna, fence, "bad wrods", NULL, &said), ERR_OK);
	MUST(talk_edit(&f->desk, f->db, f->arena, &edit, said.n, &posted, &e));
	page = read_all(f, id, said.n, VIEW_ASKER);
	assert_int_equal(page.entries[0].kind, ENTRY_EDIT);
	assert_int_equal(page.entries[0].reply_to, said.n);
	assert_int_equal(talk_edit(&f->desk, f->db, f->arena, &edit, 1, &posted, &e), ERR_CONFLICT); /* the asker's words */
	MUST(talk_post(&f->desk, f->db, f->arena, &reply, &posted, &e));
	reply.reply_to = 999;
	assert_int_equal(talk_post(&f->desk, f->db, f->arena, &reply, &posted, &e), ERR_INVALID);
}

/* ---- who may read ---- */

static void test_who_may_read(void **state)
{
	struct fixture *f = *state;
	int64_t queued = ask(f, "queued"), held, live = ask(f, "live"), closed = ask(f, "closed");
	int64_t fence = claim(f, closed, &anna);
	struct ticket t;
	struct acted out;
	struct error e = { 0 };
	enum access access;

	fake_action = ACTION_HOLD;
	held = ask(f, "held");
	claim(f, live, &anna);
	MUST(ticket_close(&f->desk, &(struct act){ .ticket = closed, .by = BY_HELPER, .who = anna, .fenced = true, .fence = fence }, &out, &e));
	struct {
		int64_t ticket;
		const struct actor *who;
		enum access access;
	} cases[] = {
		{ queued, &trial, ACCESS_LIST },  { queued, &anna, ACCESS_READ },   { queued, &mod, ACCESS_READ },
		{ live, &trial, ACCESS_NONE },    { live, &anna, ACCESS_READ },     { live, &bert, ACCESS_AUDITED },
		{ closed, &trial, ACCESS_NONE },  { closed, &anna, ACCESS_READ },   { closed, &bert, ACCESS_AUDITED },
		{ closed, &mod, ACCESS_READ },    { held, &trial, ACCESS_NONE },    { held, &anna, ACCESS_NONE },
		{ held, &mod, ACCESS_READ },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t = load(f, cases[i].ticket);
		MUST(ticket_may_read(f->db, cases[i].who, &t, &access, &e));
		if (access != cases[i].access)
			fail_msg("case %zu: %d", i, (int)access);
	}
	assert_int_equal(ticket_for_staff(&f->desk, f->db, f->arena, &bert, held, &t, &e), ERR_NOT_FOUND);
	/* others' closed tickets: written down and capped */
	for (int i = 0; i < 30; i++)
		MUST(ticket_for_staff(&f->desk, f->db, f->arena, &bert, closed, &t, &e));
	assert_int_equal(ticket_for_staff(&f->desk, f->db, f->arena, &bert, closed, &t, &e), ERR_LIMITED);
	assert_true(e.retry_after_s > 0);
	assert_int_equal(raw_int(f, "SELECT count(*) FROM audit WHERE action = 'ticket.view'"), 30);
	MUST(ticket_for_staff(&f->desk, f->db, f->arena, &anna, closed, &t, &e));
}

static void test_links(void **state)
{
	struct fixture *f = *state;
	struct asked asked = ask_as(f, "Hello?", NULL);
	char token[TICKET_TOKEN_BYTES], again[TICKET_TOKEN_BYTES];
	struct ticket t;
	struct error e = { 0 };

	MUST(ticket_by_token(f->db, f->arena, slice_of(asked.token), &t, &e));
	assert_int_equal(t.id, asked.ticket);
	MUST(ticket_token(&f->desk, f->db, asked.ticket, again, &e));
	assert_string_equal(asked.token, again);
	struct slice old = slice_of(asked.token), secret = SLICE("2f0e5a6c-7f7d-4e4e-9d59-3d1b4d0a6a11");
	MUST(ticket_new_link(&f->desk, f->db, f->arena, old, secret, token, &e));
	assert_string_not_equal(asked.token, token);
	/* The answer was lost: the same again is given the same, nothing else is, and only while it is still the link. */
	MUST(ticket_new_link(&f->desk, f->db, f->arena, old, secret, again, &e));
	assert_string_equal(token, again);
	assert_int_equal(ticket_new_link(&f->desk, f->db, f->arena, old, SLICE_NONE, again, &e), ERR_NOT_FOUND);
	assert_int_equal(ticket_new_link(&f->desk, f->db, f->arena, old, SLICE("2f0e5a6c-7f7d-4e4e-9d59-3d1b4d0a6a12"), again, &e), ERR_NOT_FOUND);
	MUST(ticket_new_link(&f->desk, f->db, f->arena, slice_of(token), SLICE("short"), again, &e));
	assert_int_equal(ticket_new_link(&f->desk, f->db, f->arena, slice_of(token), SLICE("short"), token, &e), ERR_NOT_FOUND);
	assert_int_equal(ticket_new_link(&f->desk, f->db, f->arena, old, secret, token, &e), ERR_NOT_FOUND);
	memcpy(token, again, sizeof(token));
	assert_int_equal(ticket_by_token(f->db, f->arena, slice_of(asked.token), &t, &e), ERR_NOT_FOUND);
	MUST(ticket_by_token(f->db, f->arena, slice_of(token), &t, &e));
	assert_int_equal(ticket_by_token(f->db, f->arena, SLICE("no token at all"), &t, &e), ERR_NOT_FOUND);
	/* a copy of the database alone opens nothing */
	assert_int_equal(raw_int(f, "SELECT count(*) FROM tickets WHERE CAST(token AS TEXT) = '%s' OR CAST(seed AS TEXT) = '%s'", token, token), 0);
}

/* ---- streams ---- */

static void nothing(void *ctx)
{
	(void)ctx;
}

static void test_published_to_each_side(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "Hello?"), fence = claim(f, id, &anna);
	struct sub_options o = { .wake = nothing };
	struct sub *asker, *staff, *news;
	static char bytes[65536];
	size_t n;
	struct post note = { .act = { .ticket = id, .by = BY_HELPER, .who = anna, .fenced = true, .fence = fence }, .body = SLICE("secret"),
			     .note = true };
	struct posted posted;
	struct error e = { 0 };

	publish_drain(f->publish);
	asker = hub_subscribe(f->desk.hub, (struct topic){ TOPIC_ASKER, id }, &o);
	staff = hub_subscribe(f->desk.hub, (struct topic){ TOPIC_STAFF, id }, &o);
	news = hub_subscribe(f->desk.hub, (struct topic){ TOPIC_DESK, 0 }, &o);
	assert_int_equal(say(f, id, &anna, fence, "line one\nline two", NULL, &posted), ERR_OK);
	MUST(talk_post(&f->desk, f->db, f->arena, &note, &posted, &e));
	publish_drain(f->publish);
	assert_int_equal(sub_read(asker, bytes, sizeof(bytes) - 1, &n, NULL, NULL), SUB_BYTES);
	bytes[n] = '\0';
	assert_non_null(strstr(bytes, "id: 4\n"));
	assert_non_null(strstr(bytes, "event: entry\n"));
	assert_non_null(strstr(bytes, "line one\\nline two"));
	assert_null(strstr(bytes, "secret"));
	assert_null(strstr(bytes, "id: 5\n"));
	assert_int_equal(sub_read(staff, bytes, sizeof(bytes) - 1, &n, NULL, NULL), SUB_BYTES);
	bytes[n] = '\0';
	assert_non_null(strstr(bytes, "secret"));
	assert_non_null(strstr(bytes, "id: 5\n"));
	assert_int_equal(sub_read(news, bytes, sizeof(bytes) - 1, &n, NULL, NULL), SUB_BYTES);
	bytes[n] = '\0';
	assert_non_null(strstr(bytes, "event: ticket\n"));
	assert_null(strstr(bytes, "secret"));
	assert_null(strstr(bytes, "line one"));
	/* what another process commits is found too */
	raw(f, "UPDATE tickets SET last_n = last_n + 1 WHERE id = %lld", (long long)id);
	raw(f, "INSERT INTO log (ticket, n, at, kind, author, audience, body) VALUES (%lld, 6, 1, 'message', 'asker', 'all', 'from afar')",
	    (long long)id);
	publish_drain(f->publish);
	assert_int_equal(sub_read(staff, bytes, sizeof(bytes) - 1, &n, NULL, NULL), SUB_BYTES);
	bytes[n] = '\0';
	assert_non_null(strstr(bytes, "from afar"));
	hub_unsubscribe(f->desk.hub, &asker);
	hub_unsubscribe(f->desk.hub, &staff);
	hub_unsubscribe(f->desk.hub, &news);
}

static const char *heard(struct sub *s)
{
	static char bytes[65536];
	size_t n = 0;

	if (sub_read(s, bytes, sizeof(bytes) - 1, &n, NULL, NULL) != SUB_BYTES)
		n = 0;
	bytes[n] = '\0';
	return bytes;
}

static void test_who_is_here(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "Hello?");
	struct sub_options o = { .wake = nothing, .gone = presence_left };
	struct sub *asker, *tab, *second;

	o.gone_ctx = presence_sit(f->desk.presence, id, 0);
	asker = hub_subscribe(f->desk.hub, (struct topic){ TOPIC_ASKER, id }, &o);
	publish_drain(f->publish);
	assert_non_null(strstr(heard(asker), "event: presence\ndata: {\"helpers\":0}"));
	o.gone_ctx = presence_sit(f->desk.presence, id, anna.account);
	tab = hub_subscribe(f->desk.hub, (struct topic){ TOPIC_STAFF, id }, &o);
	o.gone_ctx = presence_sit(f->desk.presence, id, anna.account);
	second = hub_subscribe(f->desk.hub, (struct topic){ TOPIC_STAFF, id }, &o);
	publish_drain(f->publish);
	assert_non_null(strstr(heard(asker), "{\"helpers\":1}")); /* two tabs are one person */
	assert_non_null(strstr(heard(tab), "{\"helpers\":1,\"asker\":true}"));
	hub_unsubscribe(f->desk.hub, &tab);
	publish_drain(f->publish);
	assert_int_equal(presence_here(f->desk.presence, id).helpers, 1);
	hub_unsubscribe(f->desk.hub, &second);
	publish_drain(f->publish);
	assert_non_null(strstr(heard(asker), "{\"helpers\":0}"));
	presence_typing(f->desk.presence, id, anna.account, anna.name, clock_wall_ms());
	assert_non_null(strstr(heard(asker), "event: typing\ndata: {\"who\":\"helper\""));
	hub_unsubscribe(f->desk.hub, &asker);
	assert_false(presence_here(f->desk.presence, id).asker);
}

static void test_streams_end_where_reading_ends(void **state)
{
	struct fixture *f = *state;
	struct sub_options o = { .wake = nothing };
	struct sub *staff, *asker;
	struct acted out;
	struct error e = { 0 };
	int64_t id = ask(f, "Hello?");
	char byte;
	size_t n;
	bool sealed;

	publish_drain(f->publish);
	staff = hub_subscribe(f->desk.hub, (struct topic){ TOPIC_STAFF, id }, &o);
	asker = hub_subscribe(f->desk.hub, (struct topic){ TOPIC_ASKER, id }, &o);
	MUST(ticket_not_real(&f->desk, &(struct act){ .ticket = id, .by = BY_HELPER, .who = anna }, &out, &e));
	publish_drain(f->publish);
	assert_non_null(strstr(heard(staff), "not-real"));
	assert_int_equal(sub_read(staff, &byte, 1, &n, NULL, NULL), SUB_CUT);
	assert_non_null(strstr(heard(asker), "not-real"));
	assert_int_equal(sub_read(asker, &byte, 1, &n, NULL, NULL), SUB_EMPTY);
	int64_t shut = ask(f, "hidden soon");
	struct sub *reader = hub_subscribe(f->desk.hub, (struct topic){ TOPIC_STAFF, shut }, &o);
	struct act hide = { .ticket = shut, .by = BY_MODERATOR, .who = mod };
	MUST(ticket_hide(&f->desk, &hide, 1, false, &out, &e));
	publish_drain(f->publish);
	assert_non_null(strstr(heard(reader), "\"of\":1"));
	assert_int_equal(sub_read(reader, &byte, 1, &n, NULL, NULL), SUB_EMPTY);
	MUST(ticket_hide(&f->desk, &hide, 0, false, &out, &e));
	publish_drain(f->publish);
	assert_non_null(strstr(heard(reader), "\"level\":\"hide\""));
	assert_int_equal(sub_read(reader, &byte, 1, &n, NULL, NULL), SUB_CUT);
	hub_unsubscribe(f->desk.hub, &reader);
	MUST(erase_ticket(&f->desk, id, &sealed, &e));
	publish_drain(f->publish);
	assert_non_null(strstr(heard(asker), "erased"));
	assert_int_equal(sub_read(asker, &byte, 1, &n, NULL, NULL), SUB_CUT);
	hub_unsubscribe(f->desk.hub, &staff);
	hub_unsubscribe(f->desk.hub, &asker);
}

static void test_backlog(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "Hello?"), last;
	struct ticket t = load(f, id);
	struct str out;
	struct error e = { 0 };
	bool reset;

	str_init(&out, 1 << 20);
	MUST(publish_backlog(f->db, f->arena, &t, 0, (struct reader){ VIEW_ASKER, 0 }, &out, &last, &reset, &e));
	assert_false(reset);
	assert_int_equal(last, 2);
	assert_non_null(strstr(str_c(&out), "id: 1\n"));
	assert_non_null(strstr(str_c(&out), "id: 2\n"));
	str_reset(&out);
	MUST(publish_backlog(f->db, f->arena, &t, 2, (struct reader){ VIEW_ASKER, 0 }, &out, &last, &reset, &e));
	assert_int_equal(out.len, 0);
	MUST(publish_backlog(f->db, f->arena, &t, 3, (struct reader){ VIEW_ASKER, 0 }, &out, &last, &reset, &e));
	assert_true(reset);
	str_fini(&out);
}

/* "On us": where the asker has the last word, also behind a closed door; a rating is no word. */
static void test_what_waits_on_us(void **state)
{
	struct fixture *f = *state;
	struct queue_filter filter = { .view = QUEUE_WAITING };
	struct queue_page page;
	struct sender nobody = { 0 };
	struct acted out;
	struct posted posted;
	struct error e = { 0 };
	int64_t live = ask(f, "one"), closed = ask(f, "two"), fence = claim(f, live, &anna);

	MUST(queue_list(f->db, f->arena, &anna, &filter, &page, &e));
	assert_int_equal(page.count, 1);
	assert_int_equal(say(f, live, &anna, fence, "answer", NULL, &posted), ERR_OK);
	MUST(queue_list(f->db, f->arena, &anna, &filter, &page, &e));
	assert_int_equal(page.count, 0);
	fence = claim(f, closed, &anna);
	assert_int_equal(say(f, closed, &anna, fence, "answer", NULL, &posted), ERR_OK);
	assert_int_equal(say(f, closed, NULL, 0, "thanks", NULL, &posted), ERR_OK);
	MUST(ticket_close(&f->desk, &(struct act){ .ticket = closed, .by = BY_HELPER, .who = anna, .fenced = true, .fence = fence }, &out, &e));
	raw(f, "UPDATE tickets SET closed = closed + 5 WHERE id = %lld", (long long)closed);
	MUST(ticket_rate(&f->desk, f->db, f->arena, closed, &(struct rating){ .helped = true, .comment = SLICE("kind people") }, &nobody, &out, &e));
	MUST(queue_list(f->db, f->arena, &anna, &filter, &page, &e));
	assert_int_equal(page.count, 0);
	raw(f, "UPDATE tickets SET closed = 1000 WHERE id = %lld", (long long)closed);
	assert_int_equal(say(f, closed, NULL, 0, "one thing more", NULL, &posted), ERR_OK);
	MUST(queue_list(f->db, f->arena, &anna, &filter, &page, &e));
	assert_int_equal(page.count, 1);
	assert_int_equal(page.tickets[0].id, closed);
	MUST(queue_list(f->db, f->arena, &bert, &filter, &page, &e));
	assert_int_equal(page.count, 0);
}

static void test_waits_are_honest(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "Hello?"), place;
	struct wait w;
	struct ticket t;
	struct error e = { 0 };

	ask(f, "second");
	t = load(f, id);
	MUST(queue_position(f->db, &t, &place, &e));
	assert_int_equal(place, 1);
	t = load(f, id + 1);
	MUST(queue_position(f->db, &t, &place, &e));
	assert_int_equal(place, 2);
	MUST(queue_wait(&f->desk, f->db, &w, &e));
	assert_int_equal(w.status, DESK_RETURN);
	assert_false(w.known);
	for (int i = 0; i < 19; i++)
		ask(f, "more");
	raw(f, "UPDATE tickets SET answered = asked + 1000 * id WHERE id <= 20");
	presence_duty(f->desk.presence, &trial, DUTY_ON, clock_wall_ms());
	MUST(queue_wait(&f->desk, f->db, &w, &e));
	assert_int_equal(w.status, DESK_RETURN); /* a trial helper is no staffing */
	assert_true(w.known);
	assert_int_equal(w.median_s, 11);
	assert_int_equal(w.p90_s, 19);
	presence_duty(f->desk.presence, &anna, DUTY_ON, clock_wall_ms());
	MUST(queue_wait(&f->desk, f->db, &w, &e));
	assert_int_equal(w.status, DESK_FULL);
	raw(f, "UPDATE tickets SET state = 'closed' WHERE id > 5");
	MUST(queue_wait(&f->desk, f->db, &w, &e));
	assert_int_equal(w.status, DESK_OPEN);
}

static void test_a_hold_of_a_day_is_brought_up_again(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };
	int64_t id, moved;

	fake_action = ACTION_HOLD;
	id = ask(f, "doubtful");
	MUST(lease_sweep(&f->desk, &moved, &e));
	assert_int_equal(moved, 0);
	raw(f, "UPDATE tickets SET decided = decided - 86400000");
	MUST(lease_sweep(&f->desk, &moved, &e));
	assert_int_equal(moved, 1);
	assert_true(load(f, id).overdue);
	assert_int_equal(read_all(f, id, 2, VIEW_STAFF).count, 1);
	assert_int_equal(read_all(f, id, 2, VIEW_ASKER).count, 0);
	MUST(lease_sweep(&f->desk, &moved, &e));
	assert_int_equal(moved, 0); /* once */
}

static enum err release_all(struct db *db, void *self, struct error *e)
{
	struct acted out;
	enum err rc = ERR_OK;

	for (int64_t id = 1; !rc && id <= *(int64_t *)self; id++)
		rc = ticket_move(db, &(struct move){ .ticket = id, .event = EVENT_RELEASE, .by = BY_MODERATOR, .who = mod, .now = clock_wall_ms() }, &out, e);
	return rc;
}

static void test_holds_are_measured(void **state)
{
	struct fixture *f = *state;
	struct wait w;
	struct error e = { 0 };
	int64_t last = 0;

	fake_action = ACTION_HOLD;
	for (int i = 0; i < 20; i++)
		last = ask(f, "doubtful");
	MUST(queue_hold_wait(f->db, &w, &e));
	assert_false(w.known);
	raw(f, "UPDATE tickets SET decided = decided - 60000");
	MUST(writer_do(f->desk.writer, LANE_TALK, release_all, &last, &e));
	MUST(queue_hold_wait(f->db, &w, &e));
	assert_true(w.known);
	assert_in_range(w.median_s, 60, 65);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_claim_race_has_one_winner),
		T(test_claim_by_its_holder_keeps_the_fence),
		T(test_two_writers_of_one_client_id),
		T(test_asking_twice_is_asking_once),
		T(test_what_a_question_may_not_be),
		T(test_stale_fences_write_nothing),
		T(test_a_lost_lease_returns_at_its_age),
		T(test_writing_extends_the_lease),
		T(test_next_repeats_and_caps),
		T(test_snoozed_comes_back_to_its_helper),
		T(test_resume_from_every_number),
		T(test_budget_before_the_first_answer),
		T(test_held_lines),
		T(test_edit_and_reply),
		T(test_who_may_read),
		T(test_links),
		T(test_published_to_each_side),
		T(test_who_is_here),
		T(test_streams_end_where_reading_ends),
		T(test_backlog),
		T(test_what_waits_on_us),
		T(test_waits_are_honest),
		T(test_holds_are_measured),
		T(test_a_hold_of_a_day_is_brought_up_again),
		T(test_a_link_is_replaced_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
