/* gate_fixture: a desk on a real database with the real gate and rulebook, in a folder of its own. */
#ifndef TESTS_UNIT_GATE_FIXTURE_H
#define TESTS_UNIT_GATE_FIXTURE_H

#include "unit/fixture.h"

#include <sys/stat.h>

#include "desk/gate.h"
#include "desk/judgement.h"
#include "desk/talk.h"
#include "desk/ticket.h"
#include "spam/verdict.h"

static inline void make_folder(const char *folder, const char *name)
{
	char path[300];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static inline void set_conf(const char *key, const char *value)
{
	struct error e = { 0 };
	MUST(conf_override(key, value, &e));
	MUST(conf_load(NULL, &e));
}

/* Without the rulebook, which tests open as they need it. */
static inline int setup_bare(void **state)
{
	set_conf("rules", "");
	set_conf("rate_limits", "off");
	set_conf("form_token", "score");
	set_conf("refused_mib", "256");
	*state = fixture_open();
	return 0;
}

/* What was stored of the first entry of a ticket, in the fixture's arena. */
static inline const struct verdict *stored_verdict(struct fixture *f, int64_t ticket)
{
	struct jv *v = NULL;
	struct verdict *got;
	struct error e = { 0 };

	MUST(gate_verdict_of(f->db, ticket, 1, &v, &e));
	MUST(verdict_read(f->arena, v, &got, &e));
	jv_free(&v);
	return got;
}

/* The site's own rules, beside the shipped ones; they serve after the next look at the folder. */
static inline void write_rules(struct fixture *f, const char *text)
{
	tmpdir_put(f->folder, "rules/local.d/own.cf", text);
}

static inline void open_rulebook(struct fixture *f, bool watching)
{
	struct error e = { 0 };
	MUST(rulebook_open(&f->desk, f->db, watching, &f->desk.rulebook, &e));
}

static inline int setup_rules(void **state, const char *own_rules)
{
	setup_bare(state);
	make_folder(((struct fixture *)*state)->folder, "rules");
	make_folder(((struct fixture *)*state)->folder, "rules/local.d");
	write_rules(*state, own_rules);
	open_rulebook(*state, false);
	return 0;
}

/* A sender of its own for each number. */
static inline struct sender network(int number)
{
	struct sender s = { .known = true };
	memset(s.rate.bytes, number, sizeof(s.rate.bytes));
	memset(s.rate_before.bytes, number + 100, sizeof(s.rate_before.bytes));
	memset(s.ban.bytes, number, sizeof(s.ban.bytes));
	return s;
}

/* A question by the page's form, with a nonce of this moment. `who` NULL: nobody knows from where. */
static inline struct asked ask_as(struct fixture *f, const char *body, const char *lang, const struct sender *who)
{
	char form[GATE_FORM_BYTES];
	struct ask in = { .body = slice_of(body), .lang = slice_of(lang), .page_form = true };
	struct asked out;
	struct error e = { 0 };

	gate_form_new(&f->desk, false, form);
	in.form = slice_of(form);
	if (who)
		in.sender = *who;
	MUST(ticket_ask(&f->desk, f->db, f->arena, &in, &out, &e));
	return out;
}

#endif
