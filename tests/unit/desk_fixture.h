/* desk_fixture: a desk on a real database in a folder of its own, with a gate that says what the test tells it. The gate's functions
 * are defined here, so the linker leaves the real ones in the library. */
#ifndef TESTS_UNIT_DESK_FIXTURE_H
#define TESTS_UNIT_DESK_FIXTURE_H

#include "unit/fixture.h"

#include "desk/gate.h"
#include "desk/lease.h"
#include "desk/queue.h"
#include "desk/search.h"
#include "desk/talk.h"
#include "spam/judge.h"

/* ---- the gate ---- */

static enum action fake_action;
static struct verdict fake_verdict;
static int fake_screened, fake_forgotten;

enum err gate_screen(struct desk *d, struct db *db, struct arena *a, const struct submission *in, const struct sender *who,
	struct screening **out, struct error *e)
{
	static char token;
	(void)d, (void)db, (void)a, (void)in, (void)who, (void)e;
	__atomic_add_fetch(&fake_screened, 1, __ATOMIC_RELAXED);
	*out = (struct screening *)&token;
	return ERR_OK;
}

enum err gate_record(struct db *db, const struct screening *s, int64_t ticket, int64_t n, enum action *action, struct error *e)
{
	(void)db, (void)s, (void)ticket, (void)n, (void)e;
	*action = fake_action;
	return ERR_OK;
}

enum err gate_record_again(struct db *db, const struct screening *s, int64_t ticket, int64_t n, enum action *action, struct error *e)
{
	return gate_record(db, s, ticket, n, action, e);
}

const struct verdict *gate_verdict(const struct screening *s)
{
	(void)s;
	return &fake_verdict;
}

struct slice gate_note(const struct screening *s)
{
	(void)s;
	return SLICE("");
}

enum err gate_form_check(struct desk *d, struct db *db, struct slice form, struct gate_form *out, struct error *e)
{
	(void)d, (void)db, (void)form, (void)e;
	memset(out, 0, sizeof(*out));
	out->state = FORM_GOOD;
	return ERR_OK;
}

enum err gate_forget(struct db *db, int64_t ticket, struct error *e)
{
	(void)db, (void)ticket, (void)e;
	fake_forgotten++;
	return ERR_OK;
}

struct judge_options gate_judging(void)
{
	return judge_defaults();
}

/* ---- the desk ---- */

static const struct actor anna = { .role = ROLE_HELPER, .account = 11, .name = { "Anna", 4 } };
static const struct actor bert = { .role = ROLE_HELPER, .account = 12, .name = { "Bert", 4 } };
static const struct actor trial = { .role = ROLE_TRIAL, .account = 14, .name = { "Tria", 4 } };

static inline int setup(void **state)
{
	struct fixture *f = fixture_open();
	struct error e = { 0 };

	fake_action = ACTION_ACCEPT;
	memset(&fake_verdict, 0, sizeof(fake_verdict));
	fake_screened = fake_forgotten = 0;
	MUST(conf_load(NULL, &e));
	MUST(publish_start(&f->desk, &f->publish, &e));
	*state = f;
	return 0;
}

static inline struct asked ask_as(struct fixture *f, const char *body, const char *client_id)
{
	struct ask in = { .body = slice_of(body), .name = SLICE("Newcomer"), .lang = SLICE("en"), .client_id = slice_of(client_id) };
	struct asked out;
	struct error e = { 0 };

	MUST(ticket_ask(&f->desk, f->db, f->arena, &in, &out, &e));
	return out;
}

static inline int64_t ask(struct fixture *f, const char *body)
{
	return ask_as(f, body, NULL).ticket;
}

static inline struct ticket load(struct fixture *f, int64_t id)
{
	struct ticket t;
	struct error e = { 0 };

	MUST(ticket_load(f->db, f->arena, id, &t, &e));
	return t;
}

static inline int64_t claim(struct fixture *f, int64_t id, const struct actor *who)
{
	struct acted out;
	struct error e = { 0 };

	MUST(queue_claim(&f->desk, &(struct act){ .ticket = id, .by = BY_HELPER, .who = *who }, &out, &e));
	return out.fence;
}

static inline enum err say(struct fixture *f, int64_t id, const struct actor *who, int64_t fence, const char *body, const char *client_id,
			   struct posted *out)
{
	struct error e = { 0 };
	struct post in = { .act = { .ticket = id, .by = who ? BY_HELPER : BY_ASKER, .fenced = who != NULL, .fence = fence,
				    .client_id = slice_of(client_id) },
			   .body = slice_of(body) };

	if (who)
		in.act.who = *who;
	return talk_post(&f->desk, f->db, f->arena, &in, out, &e);
}

static inline struct page read_all(struct fixture *f, int64_t id, int64_t after, enum view v)
{
	struct page page;
	struct error e = { 0 };

	MUST(talk_read(f->db, f->arena, id, after, TALK_PAGE, (struct reader){ v, 0 }, &page, &e));
	return page;
}

#endif
