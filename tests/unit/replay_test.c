/* A draft beside the rules that serve, over stored texts; and the ham budget of saving. */
#include "desk/replay.h"
#include "spam/features.h"
#include "spam/ruleset.h"
#include "unit/gate_fixture.h"

static const struct actor admin = { .role = ROLE_ADMIN, .account = 14, .name = { "Ada", 3 } };
static const char own_rules[] = "body OLD /purple zebra/\nscore OLD 8\n";

static int setup(void **state)
{
	return setup_rules(state, own_rules);
}

/* `form` "": a good one; else what is sent in its place. */
static int64_t ask_in(struct fixture *f, const char *lang, const char *body, const char *form)
{
	char good[GATE_FORM_BYTES];
	struct ask in = { .body = slice_of(body), .lang = slice_of(lang), .page_form = true };
	struct asked out;
	struct error e = { 0 };

	gate_form_new(&f->desk, false, good);
	in.form = slice_of(form[0] ? form : good);
	MUST(ticket_ask(&f->desk, f->db, f->arena, &in, &out, &e));
	return out.ticket;
}

static void label(struct fixture *f, int64_t ticket, enum label as)
{
	struct judgement_done done;
	struct error e = { 0 };
	MUST(judgement_give(&f->desk, &mod, &(struct judgement_item){ ticket, 1 }, 1, as, false, NULL, &done, &e));
	assert_int_equal(done.changed, 1);
}

static struct jv *try_draft(struct fixture *f, const char *text, struct replay_options o)
{
	struct cf_source source = { SLICE("draft.cf"), slice_of(text) };
	const struct ruleset *live = rulebook_pin(f->desk.rulebook);
	struct ruleset *draft = NULL;
	struct cf_errors errs;
	struct jv *v = NULL;
	struct error e = { 0 };

	cf_errors_init(&errs);
	MUST(features_build_rules(&source, 1, NULL, &draft, &errs, &e));
	MUST(replay_run(f->db, live, draft, &o, &v, &e));
	cf_errors_fini(&errs);
	ruleset_unref(&draft);
	rulebook_unpin(f->desk.rulebook, &live);
	return v;
}

static int64_t number(const struct jv *v, const char *key)
{
	return jv_int_of(jv_get(v, key));
}

static void seed(struct fixture *f)
{
	label(f, ask_in(f, "en", "A purple zebra stands in our garden, may I write about it?", ""), LABEL_HAM);
	label(f, ask_in(f, "de", "Das purple zebra ist ein Lied, und ich suche eine Quelle dazu", ""), LABEL_HAM);
	label(f, ask_in(f, "en", "Buy the purple zebra today, the cheapest rates in town", ""), LABEL_SPAM);
	ask_in(f, "en", "Our green giraffe makes you rich, ask me how", "");
	ask_in(f, "en", "How do I move a page to another name?", "");
}

static void what_a_draft_does(void **state)
{
	struct fixture *f = *state;
	struct jv *v;

	seed(f);
	/* The same rules change nothing. */
	v = try_draft(f, own_rules, (struct replay_options){ 0 });
	assert_int_equal(number(v, "texts"), 5);
	assert_int_equal(number(v, "ham"), 2);
	assert_int_equal(number(v, "spam"), 1);
	assert_int_equal(jv_size(jv_get(v, "items")), 0);
	assert_int_equal(jv_size(jv_get(v, "rules")), 0);
	jv_free(&v);
	/* Without the rule all three go free; another one holds what nobody has judged. */
	v = try_draft(f, "body NEW /green giraffe/\nscore NEW 4\n", (struct replay_options){ 0 });
	assert_int_equal(number(v, "freed"), 3);
	assert_int_equal(number(v, "unsure"), 1);
	assert_int_equal(number(v, "victims") + number(v, "caught"), 0);
	assert_int_equal(number(jv_at(jv_get(v, "rules"), 0), "hits"), 1);
	jv_free(&v);
	/* Stricter with spam is a catch, with good texts a victim, by language. */
	v = try_draft(f, "body OLD /purple zebra/\nscore OLD 8\naction OLD reject\n", (struct replay_options){ 0 });
	assert_int_equal(number(v, "caught"), 1);
	assert_int_equal(number(v, "victims"), 2);
	assert_int_equal(number(jv_get(jv_get(v, "by_lang"), "de"), "victims"), 1);
	assert_int_equal(number(jv_at(jv_get(v, "rules"), 0), "ham"), 2);
	assert_int_equal(number(v, "budget"), 0);
	assert_int_equal(jv_type(jv_get(v, "within")), JV_FALSE);
	struct jv *item = jv_at(jv_get(v, "items"), 0);
	assert_true(slice_is(jv_get_text(item, "from"), "hold"));
	assert_true(slice_is(jv_get_text(item, "to"), "reject"));
	jv_free(&v);
	v = try_draft(f, "body OLD /purple zebra/\nscore OLD 8\naction OLD reject\n", (struct replay_options){ .ham_only = true, .texts_max = 1 });
	assert_int_equal(number(v, "texts"), 1);
	assert_int_equal(number(v, "victims"), 1);
	assert_int_equal(jv_type(jv_get(v, "more")), JV_TRUE);
	jv_free(&v);
	/* Its time is up before the first text. */
	v = try_draft(f, own_rules, (struct replay_options){ .ms_max = -1 });
	assert_int_equal(number(v, "texts"), 0);
	assert_int_equal(jv_type(jv_get(v, "more")), JV_TRUE);
	jv_free(&v);
	v = try_draft(f, own_rules, (struct replay_options){ .since_ms = clock_wall_ms() + 1000 });
	assert_int_equal(number(v, "texts"), 0);
	jv_free(&v);
}

/* The facts are those of the time: a forged form weighs again what it weighed. */
static void facts_are_reused(void **state)
{
	struct fixture *f = *state;
	struct jv *v;

	ask_in(f, "en", "Our green giraffe makes you rich, ask me how", "forged");
	v = try_draft(f, "body NEW /green giraffe/\nscore NEW 2.5\n", (struct replay_options){ 0 });
	assert_int_equal(number(v, "unsure"), 1);
	jv_free(&v);
	raw(f, "UPDATE verdicts SET body = '{}'");
	v = try_draft(f, "body NEW /green giraffe/\nscore NEW 2.5\n", (struct replay_options){ 0 });
	assert_int_equal(number(v, "unsure"), 0);
	jv_free(&v);
}

/* Pages of the reading: every text once. */
static void many_texts(void **state)
{
	struct fixture *f = *state;
	struct jv *v;

	for (int i = 0; i < 120; i++) {
		ask_in(f, "en", arena_printf(f->arena, "Question number %d about a green giraffe", i), "");
		arena_reset(f->arena);
	}
	v = try_draft(f, "body NEW /green giraffe/\nscore NEW 4\n", (struct replay_options){ 0 });
	assert_int_equal(number(v, "texts"), 120);
	assert_int_equal(number(v, "unsure"), 120);
	assert_int_equal(jv_size(jv_get(v, "items")), 100);
	jv_free(&v);
}

static enum err save(struct fixture *f, const char *text, bool override, const char *comment, struct jv **errors, struct error *e)
{
	struct rule_edit edit = { .file = SLICE("local.d/own.cf"), .text = slice_of(text), .override = override, .comment = slice_of(comment), .db = f->db };
	char etag[RULE_ETAG_BYTES];
	struct slice now;
	struct error why;

	assert_int_equal(rulebook_file(f->desk.rulebook, f->arena, edit.file, &now, etag, &why), ERR_OK);
	edit.if_match = slice_of(etag);
	char next[RULE_ETAG_BYTES];
	return rulebook_put(f->desk.rulebook, &admin, &edit, next, errors, e);
}

static void saving_keeps_the_budget(void **state)
{
	static const char strict[] = "body OLD /purple zebra/\nscore OLD 8\naction OLD reject\n";
	struct fixture *f = *state;
	struct jv *errors = NULL, *history = NULL;
	struct error e = { 0 };

	seed(f);
	assert_int_equal(save(f, strict, false, "", &errors, &e), ERR_INVALID);
	assert_string_equal(e.field, "override");
	assert_int_equal(jv_size(errors), 2); /* the second: which rule hits how many */
	assert_int_equal(jv_type(jv_get(jv_at(errors, 0), "warning")), JV_TRUE);
	jv_free(&errors);
	assert_int_equal(save(f, strict, true, "", &errors, &e), ERR_INVALID);
	assert_string_equal(e.field, "comment");
	jv_free(&errors);
	MUST(save(f, strict, true, "The song is spammed everywhere", &errors, &e));
	jv_free(&errors);
	MUST(rulebook_history(f->desk.rulebook, f->db, SLICE("local.d/own.cf"), &history, &e));
	assert_true(slice_is(jv_get_text(jv_at(history, 0), "comment"), "Over the ham budget (2 of 2 good texts): The song is spammed everywhere"));
	jv_free(&history);
	/* What hurts nobody more than what serves needs no reason. */
	MUST(save(f, "body OLD /purple zebra/\nscore OLD 9\naction OLD reject\n", false, "", &errors, &e));
	jv_free(&errors);
	MUST(save(f, "body OTHER /blue giraffe/\n", false, "", &errors, &e));
	jv_free(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_a_draft_does, setup, teardown),
		cmocka_unit_test_setup_teardown(facts_are_reused, setup, teardown),
		cmocka_unit_test_setup_teardown(many_texts, setup, teardown),
		cmocka_unit_test_setup_teardown(saving_keeps_the_budget, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
