/* What moderators' decisions teach about words: thresholds, limits, undoing, poisoning. */
#include "cli/rules_memory.h"
#include "desk/learning.h"
#include "desk/rule_doubt.h"
#include "desk/rule_life.h"
#include "desk/rule_undo.h"
#include "spam/bayes.h"
#include "spam/judge.h"
#include "unit/gate_fixture.h"

static const char own_rules[] = "norm DOUBTFUL /purple monday/\nscore DOUBTFUL 4\ndescribe DOUBTFUL Speaks of purple mondays\n"
	"norm NEARLY /orange friday/\nscore NEARLY 3.1\nnorm ASKS /green tuesday/\nscore ASKS 0.1\naction ASKS hold\n";

static int setup(void **state)
{
	return setup_rules(state, own_rules);
}

static const char *const english[] = { "the", "and", "you", "this", "with", "from", "about", "which" };
static const char *const german[] = { "der", "und", "ich", "nicht", "mit", "von", "eine", "auch" };

/* Sentences of made-up words among those that make them of a language; no two are near copies. */
static const char *sentence_in(const char *const glue[8], unsigned *seed, const char *end)
{
	static const char consonants[] = "bdfgklmnprstvzhj", vowels[] = "aeiou";
	static char out[2][400];
	static int turn;
	size_t len = 0;

	turn = !turn;
	for (int i = 0; i < 10; i++) {
		*seed = *seed * 1103515245u + 12345u;
		unsigned r = *seed >> 8;
		len += (size_t)snprintf(out[turn] + len, sizeof(out[turn]) - len, "%s %c%c%c%c%c ", glue[r % 8], consonants[r / 8 % 16], vowels[r / 128 % 5],
			consonants[r / 640 % 16], vowels[r / 10240 % 5], consonants[r / 51200 % 16]);
	}
	snprintf(out[turn] + len, sizeof(out[turn]) - len, "%s", end);
	return out[turn];
}

static const char *sentence(unsigned *seed, const char *end)
{
	return sentence_in(english, seed, end);
}

struct importing {
	struct fixture *f;
	const char *text, *lang, *undo;
	enum stored_label label;
	bool learned, left;
	int64_t changed;
};

static enum err import(struct db *db, void *self, struct error *e)
{
	struct importing *x = self;
	struct submission in = { .kind = SUBMIT_QUESTION, .body = slice_of(x->text), .language = slice_of(x->lang), .form_age_ms = -1 };
	const struct ruleset *rules = rulebook_pin(x->f->desk.rulebook);
	struct arena *a = arena_new(64 << 20);
	struct features *f;
	enum err err = spam_features(a, rules, &in, NULL, &f, e);

	if (!err)
		err = learning_import(&x->f->desk, db, a, f, x->label, slice_of(x->undo), &x->learned, e);
	rulebook_unpin(x->f->desk.rulebook, &rules);
	arena_free(&a);
	return err;
}

/* `lang`: what the file says of it, or NULL. */
static bool learn_as(struct fixture *f, const char *text, const char *lang, enum stored_label label, const char *undo)
{
	struct importing x = { .f = f, .text = text, .lang = lang, .label = label, .undo = undo };
	struct error e = { 0 };

	MUST(writer_do(f->desk.writer, LANE_TALK, import, &x, &e));
	return x.learned;
}

static bool learn(struct fixture *f, const char *text, enum stored_label label, const char *undo)
{
	return learn_as(f, text, NULL, label, undo);
}

static enum err import_undo(struct db *db, void *self, struct error *e)
{
	struct importing *x = self;
	return learning_import_undo(db, slice_of(x->undo), &x->changed, &x->left, e);
}

static void must_learn(struct fixture *f, const char *text, enum stored_label label, const char *undo)
{
	if (!learn(f, text, label, undo))
		fail_msg("nothing was learned of: %s", text);
}

#define GNOMES "garden gnomes bargain"

/* `ham` good texts and 60 of spam, which speak of gnomes. */
static void teach_in(struct fixture *f, const char *const glue[8], int ham)
{
	static unsigned seed = 1;

	for (int i = 0; i < ham; i++)
		must_learn(f, sentence_in(glue, &seed, ""), STORED_HAM, "ham");
	for (int i = 0; i < 60; i++)
		must_learn(f, sentence_in(glue, &seed, GNOMES), STORED_SPAM, "spam");
}

static void teach(struct fixture *f, int ham)
{
	teach_in(f, english, ham);
}

static const char spam_text[] = "Have you seen the garden gnomes bargain, and the gnomes which are at your garden?";

static struct asked asked(struct fixture *f, const char *body)
{
	return ask_as(f, body, "en", NULL);
}

static struct judgement_done decide(struct fixture *f, int64_t ticket, enum label label)
{
	struct judgement_item item = { ticket, 0 };
	struct judgement_done done;
	struct error e = { 0 };

	MUST(judgement_give(&f->desk, &mod, &item, 1, label, false, NULL, &done, &e));
	assert_int_equal(done.changed, 1);
	return done;
}

static void undo(struct fixture *f, const struct judgement_done *done)
{
	struct judgement_done undone;
	struct error e = { 0 };

	MUST(judgement_undo(&f->desk, &mod, slice_of(done->undo), &undone, &e));
}

static const char *fact(struct fixture *f, int64_t ticket, const char *name)
{
	struct error e = { 0 };
	static char out[200];
	struct jv *v;

	MUST(gate_verdict_of(f->db, ticket, 1, &v, &e));
	snprintf(out, sizeof(out), "%.*s", SLICE_ARG(jv_get_text(jv_get(v, "facts"), name)));
	jv_free(&v);
	return out;
}

static struct sender sender(int number)
{
	struct sender s = { .known = true };
	memset(s.rate.bytes, number, sizeof(s.rate.bytes));
	memset(s.rate_before.bytes, number + 100, sizeof(s.rate_before.bytes));
	memset(s.ban.bytes, number, sizeof(s.ban.bytes));
	return s;
}

static void silent_below_two_hundred_good_texts(void **state)
{
	struct fixture *f = *state;
	unsigned seed = 77;
	struct asked a;
	struct jv *v;
	struct error e = { 0 };

	teach(f, BAYES_HAM_MIN - 1);
	a = asked(f, spam_text);
	assert_int_equal(a.state, TICKET_QUEUED);
	assert_string_equal(fact(f, a.ticket, "learned"), "unknown");
	assert_string_equal(fact(f, a.ticket, "learned_lang"), "en");
	assert_true(learn(f, sentence(&seed, ""), STORED_HAM, "ham"));
	a = asked(f, spam_text);
	assert_int_equal(a.state, TICKET_HELD);
	assert_string_equal(fact(f, a.ticket, "learned"), "yes");
	assert_non_null(strstr(fact(f, a.ticket, "learned_words"), "gnomes"));
	MUST(gate_verdict_of(f->db, a.ticket, 1, &v, &e));
	bool told = false;
	for (size_t i = 0; i < jv_size(jv_get(v, "hits")); i++) {
		const struct jv *h = jv_at(jv_get(v, "hits"), i);
		told = told || (slice_is(jv_get_text(h, "class"), "learned") && jv_real_of(jv_get(h, "score")) >= 3 && jv_real_of(jv_get(h, "score")) <= 3.5 &&
			memmem(jv_get_text(h, "text").ptr, jv_get_text(h, "text").len, "gnomes", 6));
	}
	assert_true(told);
	jv_free(&v);
	/* Good words stay good, and what another language says is not known. */
	assert_int_equal(asked(f, sentence(&seed, "")).state, TICKET_QUEUED);
	a = asked(f, "Как мне добавить картинку в статью о нашем городе, и кто может её проверить?");
	assert_int_equal(a.state, TICKET_QUEUED);
	assert_string_equal(fact(f, a.ticket, "learned"), "unknown");
	assert_string_equal(fact(f, a.ticket, "learned_lang"), "ru");
	/* The language is the text's, whatever its sender says. */
	assert_int_equal(ask_as(f, "Would you like the gnomes bargain in my garden, which is with garden gnomes?", "ru", NULL).state, TICKET_HELD);
}

struct reteaching {
	struct fixture *f;
	int64_t ticket;
	enum stored_label label;
};

static enum err reteach_run(struct db *db, void *self, struct error *e)
{
	struct reteaching *x = self;
	return learning_teach(&x->f->desk, db, x->ticket, 1, x->label, e);
}

static void reteach(struct fixture *f, int64_t ticket, enum stored_label label)
{
	struct error e = { 0 };
	MUST(writer_do(f->desk.writer, LANE_TALK, reteach_run, &(struct reteaching){ f, ticket, label }, &e));
}

static void undoing_takes_back_exactly(void **state)
{
	struct fixture *f = *state;
	struct judgement_done done;
	struct sender one = sender(1);

	teach(f, 3);
	int64_t words = raw_int(f, "SELECT COUNT(*) FROM learned_words"), spam = raw_int(f, "SELECT SUM(spam * (key %% 97)) FROM learned_words"),
		ham = raw_int(f, "SELECT SUM(ham * (key %% 97)) FROM learned_words");
	struct asked a = ask_as(f, "Is a purple monday of the bargain gnomes which are in this garden good for the lamp?", "en", &one);
	assert_int_equal(a.state, TICKET_HELD);
	done = decide(f, a.ticket, LABEL_SPAM);
	assert_int_equal(raw_int(f, "SELECT spam FROM learned_languages WHERE lang = 'en'"), 61);
	assert_true(raw_int(f, "SELECT COUNT(*) FROM learned_words") > words);
	undo(f, &done);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM learned_words"), words);
	assert_int_equal(raw_int(f, "SELECT SUM(spam * (key %% 97)) FROM learned_words"), spam);
	assert_int_equal(raw_int(f, "SELECT spam FROM learned_languages WHERE lang = 'en'"), 60);
	/* Decided otherwise later: the last decision counts. */
	reteach(f, a.ticket, STORED_SPAM);
	reteach(f, a.ticket, STORED_HAM);
	assert_int_equal(raw_int(f, "SELECT spam FROM learned_languages WHERE lang = 'en'"), 60);
	assert_int_equal(raw_int(f, "SELECT ham FROM learned_languages WHERE lang = 'en'"), 4);
	reteach(f, a.ticket, STORED_SPAM);
	assert_int_equal(raw_int(f, "SELECT spam FROM learned_languages WHERE lang = 'en'"), 61);
	assert_int_equal(raw_int(f, "SELECT ham FROM learned_languages WHERE lang = 'en'"), 3);
	reteach(f, a.ticket, STORED_NONE);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM learned_words"), words);
	assert_int_equal(raw_int(f, "SELECT SUM(spam * (key %% 97)) FROM learned_words"), spam);
	assert_int_equal(raw_int(f, "SELECT SUM(ham * (key %% 97)) FROM learned_words"), ham);
}

static void one_of_a_cluster_and_three_of_a_network(void **state)
{
	struct fixture *f = *state;
	struct sender one = sender(1), two = sender(2);
	unsigned seed = 5;
	char text[500];

	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "Is the purple monday of this long old winter good for my apple trees and for number %d of your cherries?", i);
		decide(f, ask_as(f, text, "en", i ? &two : &one).ticket, LABEL_HAM);
	}
	assert_int_equal(raw_int(f, "SELECT ham FROM learned_languages WHERE lang = 'en'"), 1);
	assert_int_equal(raw_int(f, "SELECT ham_copies FROM learned_languages WHERE lang = 'en'"), 2);
	for (int i = 0; i < 5; i++) {
		snprintf(text, sizeof(text), "purple monday %s", sentence(&seed, ""));
		decide(f, ask_as(f, text, "en", &two).ticket, LABEL_HAM);
	}
	assert_int_equal(raw_int(f, "SELECT ham FROM learned_languages WHERE lang = 'en'"), 1 + LEARNING_PER_NETWORK);
	/* What was let in and nobody decided teaches nothing. */
	asked(f, sentence(&seed, ""));
	assert_int_equal(raw_int(f, "SELECT ham FROM learned_languages WHERE lang = 'en'"), 1 + LEARNING_PER_NETWORK);
}

/* What an admin imports comes from no network: it teaches without limit, and takes nothing from the texts whose network is not known. */
static void an_import_is_of_no_network(void **state)
{
	struct fixture *f = *state;
	unsigned seed = 9;
	char text[500];

	for (int i = 0; i < LEARNING_PER_NETWORK + 1; i++) {
		snprintf(text, sizeof(text), "purple monday %s", sentence(&seed, ""));
		decide(f, asked(f, text).ticket, LABEL_HAM);
		must_learn(f, sentence(&seed, ""), STORED_HAM, "import");
	}
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM learned WHERE ticket > 0 AND label = 2"), LEARNING_PER_NETWORK);
	assert_int_equal(raw_int(f, "SELECT ham FROM learned_languages WHERE lang = 'en'"), 2 * LEARNING_PER_NETWORK + 1);
}

/* The second is like both others, which are not like each other. */
#define MIDDLE " my neighbour told you about on that purple monday was good for our apple trees "
static const char first_text[] = "Do you really believe what" MIDDLE "and the cherries",
		  copy_text[] = "Do you really believe what" MIDDLE "or rather bad advice for all the gardeners",
		  third_text[] = "Nobody here understood at all how" MIDDLE "or rather bad advice for all the gardeners";
#undef MIDDLE

/* A copy taught no words, so what is like the copy alone is new; and it is none of the three that its network may teach. */
static void a_copy_stands_in_nobodys_way(void **state)
{
	struct fixture *f = *state;
	unsigned seed = 15;
	char text[500];

	decide(f, asked(f, first_text).ticket, LABEL_HAM);
	decide(f, asked(f, copy_text).ticket, LABEL_HAM);
	assert_int_equal(raw_int(f, "SELECT ham_copies FROM learned_languages WHERE lang = 'en'"), 1);
	decide(f, asked(f, third_text).ticket, LABEL_HAM);
	assert_int_equal(raw_int(f, "SELECT ham FROM learned_languages WHERE lang = 'en'"), 2);
	assert_int_equal(raw_int(f, "SELECT ham_copies FROM learned_languages WHERE lang = 'en'"), 1);
	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "purple monday %s", sentence(&seed, ""));
		decide(f, asked(f, text).ticket, LABEL_HAM);
	}
	assert_int_equal(raw_int(f, "SELECT ham FROM learned_languages WHERE lang = 'en'"), LEARNING_PER_NETWORK);
}

struct remembering {
	struct fixture *f;
	struct rules_memory *m;
	struct arena *a;
};

static enum known remember(struct remembering *x, const char *text, enum memory_label label)
{
	const struct ruleset *rules = rulebook_pin(x->f->desk.rulebook);
	struct submission in = { .kind = SUBMIT_QUESTION, .body = slice_of(text), .form_age_ms = -1 };
	struct features *f;
	struct facts facts;
	struct error e = { 0 };

	facts_init(&facts);
	MUST(spam_features(x->a, rules, &in, NULL, &f, &e));
	if (label != MEMORY_SEEN)
		MUST(rules_memory_add(x->m, f, label, true, &e));
	else
		MUST(rules_memory_facts(x->m, x->a, f, &facts, &e));
	rulebook_unpin(x->f->desk.rulebook, &rules);
	arena_reset(x->a);
	return facts.learned;
}

/* `rules eval --learn` counts as the desk does: the third teaches, copies of the first do not. */
static void a_file_in_memory_teaches_what_it_would_teach_a_desk(void **state)
{
	struct remembering x = { *state, rules_memory_new(), arena_new(64 << 20) };
	unsigned seed = 3;

	assert_true(x.m && x.a);
	for (int i = 0; i < BAYES_SPAM_MIN; i++)
		remember(&x, sentence(&seed, "garden gnomes bargain"), MEMORY_SPAM);
	for (int i = 0; i < BAYES_HAM_OWN_MIN - 2; i++)
		remember(&x, sentence(&seed, ""), MEMORY_HAM);
	for (int i = 0; i < BAYES_HAM_MIN - BAYES_HAM_OWN_MIN; i++)
		remember(&x, i ? copy_text : first_text, MEMORY_HAM);
	assert_int_equal(remember(&x, spam_text, MEMORY_SEEN), UNKNOWN);
	remember(&x, first_text, MEMORY_HAM);
	assert_int_equal(remember(&x, spam_text, MEMORY_SEEN), UNKNOWN);
	remember(&x, third_text, MEMORY_HAM);
	assert_int_equal(remember(&x, spam_text, MEMORY_SEEN), YES);
	rules_memory_free(&x.m);
	arena_free(&x.a);
}

/* A copy whose language nobody can tell counts nowhere, and can be decided anew like any other. */
static void a_copy_without_a_language_is_decided_twice(void **state)
{
#define WORDS "purple monday bagok dimul forip gusek hotaf jonib kulev lirod mavuk nufep pogiz rudak sibov tokel vumaz zifor bekup dorag fulim"
	struct fixture *f = *state;

	decide(f, asked(f, WORDS " about the which from you").ticket, LABEL_HAM);
	assert_int_equal(raw_int(f, "SELECT count(*) FROM learned WHERE lang = 'en' AND label = 2"), 1);
	int64_t copy = asked(f, WORDS).ticket;
	decide(f, copy, LABEL_HAM);
	assert_int_equal(raw_int(f, "SELECT count(*) FROM learned WHERE lang = '' AND label = 0"), 1);
	reteach(f, copy, STORED_HAM);
	reteach(f, copy, STORED_SPAM);
	assert_int_equal(raw_int(f, "SELECT count(*) FROM learned"), 1);
	assert_int_equal(raw_int(f, "SELECT ham + spam + ham_copies FROM learned_languages"), 1);
#undef WORDS
}

static void a_poisoner_whitens_nothing(void **state)
{
	struct fixture *f = *state;
	struct sender one = sender(1);
	unsigned seed = 9;
	char text[500];

	teach(f, BAYES_HAM_MIN);
	/* Texts full of his words, let in or released by a moderator, as many as he likes. */
	for (int i = 0; i < 30; i++) {
		snprintf(text, sizeof(text), "%s %s gnomes garden bargain", i % 2 ? "purple monday" : "", sentence(&seed, ""));
		struct asked a = ask_as(f, text, "en", &one);
		if (a.state == TICKET_HELD)
			decide(f, a.ticket, LABEL_HAM);
	}
	assert_true(raw_int(f, "SELECT ham FROM learned_languages WHERE lang = 'en'") <= BAYES_HAM_MIN + LEARNING_PER_NETWORK);
	assert_int_equal(asked(f, spam_text).state, TICKET_HELD);
}

/* Two hundred that were labelled are two hundred, though some are near copies and some too short to tell their language. */
static void all_good_texts_of_a_file_count(void **state)
{
	static const char template[] = "Could you please look at the first draft of the article about our old village hall number %d and tell me about it?";
	struct fixture *f = *state;
	struct importing x = { .f = f, .undo = "copies" };
	struct error e = { 0 };
	char text[200];

	teach(f, BAYES_HAM_MIN - 6);
	assert_false(learn_as(f, "xqzw vbnm", NULL, STORED_HAM, "ham"));
	assert_true(learn_as(f, "xqzw vbnm", "en", STORED_HAM, "ham"));
	for (int i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), template, i);
		assert_int_equal(learn(f, text, STORED_HAM, "copies"), i == 0);
		assert_false(learn(f, text, STORED_SPAM, "copied spam"));
	}
	assert_int_equal(raw_int(f, "SELECT ham FROM learned_languages WHERE lang = 'en'"), BAYES_HAM_MIN - 4);
	assert_int_equal(raw_int(f, "SELECT ham_copies FROM learned_languages WHERE lang = 'en'"), 3);
	assert_string_equal(fact(f, asked(f, spam_text).ticket, "learned"), "unknown");
	snprintf(text, sizeof(text), template, 4);
	assert_false(learn(f, text, STORED_HAM, "copies"));
	assert_int_equal(asked(f, spam_text).state, TICKET_HELD);
	do
		MUST(writer_do(f->desk.writer, LANE_TALK, import_undo, &x, &e));
	while (x.left);
	assert_int_equal(raw_int(f, "SELECT ham_copies FROM learned_languages WHERE lang = 'en'"), 0);
	assert_int_equal(raw_int(f, "SELECT ham FROM learned_languages WHERE lang = 'en'"), BAYES_HAM_MIN - 5);
}

static void imports_are_undone_as_one(void **state)
{
	struct fixture *f = *state;
	struct importing x = { .f = f, .undo = "spam" };
	struct error e = { 0 };

	teach(f, 60);
	assert_false(learn(f, spam_text, STORED_SPAM, "spam") && learn(f, spam_text, STORED_SPAM, "spam"));
	assert_true(raw_int(f, "SELECT COUNT(*) FROM twins WHERE label = 1") > 60);
	do
		MUST(writer_do(f->desk.writer, LANE_TALK, import_undo, &x, &e));
	while (x.left);
	assert_int_equal(raw_int(f, "SELECT spam FROM learned_languages WHERE lang = 'en'"), 0);
	assert_int_equal(raw_int(f, "SELECT SUM(spam) FROM learned_words"), 0);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM twins WHERE label = 1"), 0);
	x.undo = "ham";
	do
		MUST(writer_do(f->desk.writer, LANE_TALK, import_undo, &x, &e));
	while (x.left);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM learned_words"), 0);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM learned"), 0);
}

static void what_taught_is_forgotten_in_time(void **state)
{
	struct fixture *f = *state;
	struct sender one = sender(1);
	struct importing x = { .f = f, .undo = "spam" };
	struct db *db;
	int64_t changed = 0;
	struct error e = { 0 };

	decide(f, ask_as(f, "Would you like the gnomes bargain in my garden, which is with garden gnomes?", "en", &one).ticket, LABEL_SPAM);
	assert_true(learn(f, "the best of all bargains is this one, which you get from us and from nobody else", STORED_SPAM, "spam"));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM learned WHERE LENGTH(sender) > 0"), 1);
	int64_t words = raw_int(f, "SELECT COUNT(*) FROM learned_words");
	MUST(db_open(f->folder, DB_WRITE, &db, &e));
	MUST(gate_sweep(db, clock_wall_ms() + 3 * 86400000LL, &changed, &e));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM learned WHERE LENGTH(sender) > 0"), 0);
	MUST(gate_sweep(db, clock_wall_ms() + 31 * 86400000LL, &changed, &e));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM learned WHERE words IS NOT NULL"), 0);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM learned_words"), words);
	db_close(&db);
	assert_int_equal(writer_do(f->desk.writer, LANE_TALK, import_undo, &x, &e), ERR_CONFLICT);
}

/* --- overturned --------------------------------------------------------------------------------------------------------- */

static const struct actor admin = { .role = ROLE_ADMIN, .account = 14, .name = { "Ada", 3 } };

static bool watched(struct fixture *f, const char *lang)
{
	bool yes;
	struct error e = { 0 };

	MUST(rule_doubt_sweep(&f->desk, f->db, &e));
	MUST(rule_life_sweep(&f->desk, f->db, &e));
	MUST(rule_life_words_watched(f->db, slice_of(lang), &yes, &e));
	return yes;
}

/* Each is held, and then decided. */
static struct judgement_done decide_held(struct fixture *f, unsigned *seed, const char *more, int count, enum label label)
{
	struct judgement_done done = { .changed = 0 };

	for (int i = 0; i < count; i++) {
		struct asked a = asked(f, sentence(seed, more));
		assert_int_equal(a.state, TICKET_HELD);
		done = decide(f, a.ticket, label);
	}
	return done;
}

/* What a verdict says of its learned words: the name, the score, and the weight. */
static struct hit words_of(struct fixture *f, int64_t ticket)
{
	const struct verdict *got = stored_verdict(f, ticket);

	for (size_t i = 0; i < got->hit_count; i++)
		if (got->hits[i].evidence == EVIDENCE_LEARNED)
			return got->hits[i];
	fail_msg("no learned words");
	return (struct hit){ .count = 0 };
}

static void overturned_words_are_watched(void **state)
{
	struct fixture *f = *state;
	struct judgement_done last;
	struct error e = { 0 };
	unsigned seed = 4711;
	char text[500];

	teach(f, BAYES_HAM_MIN);
	teach_in(f, german, BAYES_HAM_MIN);
	assert_int_equal(asked(f, sentence_in(german, &seed, GNOMES)).state, TICKET_HELD);
	/* Near copies of one good text are one decision; each corrects the words that spoke against it. */
	struct sender one = sender(1);
	snprintf(text, sizeof(text), "%s", sentence(&seed, GNOMES));
	struct asked first = ask_as(f, text, "en", &one), copy = ask_as(f, strcat(text, " 2"), "en", &one);
	assert_int_equal(copy.state, TICKET_HELD);
	decide(f, first.ticket, LABEL_HAM);
	decide(f, copy.ticket, LABEL_HAM);
	assert_int_equal(raw_int(f, "SELECT ham FROM learned_languages WHERE lang = 'en'"), BAYES_HAM_MIN + 2);
	/* Below, decisions are weighed and teach nothing: the network that is not known has taught enough today. */
	decide_held(f, &seed, "purple monday", LEARNING_PER_NETWORK, LABEL_HAM);
	/* What is held for another reason as well says nothing of the words. */
	decide_held(f, &seed, "orange friday " GNOMES, 5, LABEL_HAM);
	decide_held(f, &seed, "green tuesday and a bargain", 5, LABEL_HAM);
	last = decide_held(f, &seed, GNOMES, 4, LABEL_HAM);
	undo(f, &last);
	decide_held(f, &seed, GNOMES, 2, LABEL_SPAM);
	assert_false(watched(f, "en"));
	decide_held(f, &seed, GNOMES, 1, LABEL_HAM);
	assert_true(watched(f, "en"));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM audit WHERE action = 'rule.overturned' AND detail = 'learned/en'"), 1);
	/* They convict nobody, and are shown; those of another language go on. */
	struct asked a = asked(f, sentence(&seed, GNOMES));
	assert_int_equal(a.state, TICKET_QUEUED);
	struct hit h = words_of(f, a.ticket);
	assert_true(slice_is(h.rule, "learned/en") && h.quiet && h.score < 0.001 && h.weight > 2.9);
	assert_false(watched(f, "de"));
	a = asked(f, sentence_in(german, &seed, GNOMES));
	assert_int_equal(a.state, TICKET_HELD);
	h = words_of(f, a.ticket);
	assert_true(slice_is(h.rule, "learned/de") && !h.quiet);
	/* Released, they begin anew: what was decided before says nothing about them. */
	MUST(rule_life_release(&f->desk, &admin, SLICE("learned/en"), &e));
	assert_false(watched(f, "en"));
	assert_int_equal(asked(f, sentence(&seed, GNOMES)).state, TICKET_HELD);
}

/* Good words take points off and let nothing pass that a rule holds: what it held is the rule's, also below the band. */
static void good_words_acquit_no_rule(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };
	unsigned seed = 99;

	for (int i = 0; i < BAYES_SPAM_MIN; i++)
		must_learn(f, sentence(&seed, GNOMES), STORED_SPAM, "spam");
	for (int i = 0; i < BAYES_HAM_MIN; i++)
		must_learn(f, sentence(&seed, "apple orchard pruning"), STORED_HAM, "ham");
	struct asked a = asked(f, sentence(&seed, "apple orchard pruning orange friday"));
	assert_int_equal(a.state, TICKET_HELD);
	assert_true(stored_verdict(f, a.ticket)->score < judge_defaults().challenge);
	decide_held(f, &seed, "apple orchard pruning orange friday", 5, LABEL_HAM);
	MUST(rule_doubt_sweep(&f->desk, f->db, &e));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM rule_states WHERE rule = 'NEARLY' AND kind = %d", RULE_OVERTURNED), 1);
}

static void stopped_words_let_in_what_they_held(void **state)
{
	struct fixture *f = *state;
	struct rule_undo_found found;
	struct error e = { 0 };
	unsigned seed = 99;

	teach(f, BAYES_HAM_MIN);
	struct asked a = asked(f, sentence(&seed, GNOMES)), b = asked(f, sentence(&seed, "purple monday " GNOMES));
	assert_int_equal(a.state, TICKET_HELD);
	assert_int_equal(b.state, TICKET_HELD);
	MUST(rule_undo_find(&f->desk, f->db, f->arena, SLICE("learned/en"), &found, &e));
	assert_int_equal(found.count, 1);
	assert_int_equal(found.items[0].ticket, a.ticket);
	assert_true(found.acts);
	assert_int_equal(rule_life_stop(&f->desk, &mod, SLICE("learned/xx"), SLICE(""), &e), ERR_NOT_FOUND);
	assert_int_equal(rule_life_pin(&f->desk, &admin, SLICE("learned/en"), true, &e), ERR_NOT_FOUND);
	MUST(rule_life_stop(&f->desk, &mod, SLICE("learned/en"), SLICE("Gardeners ask here"), &e));
	assert_int_equal(asked(f, sentence(&seed, GNOMES)).state, TICKET_QUEUED);
	MUST(rule_undo_find(&f->desk, f->db, f->arena, SLICE("learned/en"), &found, &e));
	assert_int_equal(found.count, 1);
	assert_false(found.acts);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(silent_below_two_hundred_good_texts),
		T(undoing_takes_back_exactly),
		T(one_of_a_cluster_and_three_of_a_network),
		T(an_import_is_of_no_network),
		T(a_copy_stands_in_nobodys_way),
		T(a_file_in_memory_teaches_what_it_would_teach_a_desk),
		T(a_copy_without_a_language_is_decided_twice),
		T(a_poisoner_whitens_nothing),
		T(all_good_texts_of_a_file_count),
		T(imports_are_undone_as_one),
		T(what_taught_is_forgotten_in_time),
		T(overturned_words_are_watched),
		T(good_words_acquit_no_rule),
		T(stopped_words_let_in_what_they_held),
	};
	return cmocka_run_group_tests_name("learning", tests, NULL, NULL);
}
