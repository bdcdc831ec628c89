/* The gate on a real database: nonces, verdicts, sameness, rates, and moderators' decisions. */
#include "desk/bans.h"
#include "desk/queue.h"
#include "desk/repeat.h"
#include "unit/gate_fixture.h"

static const char own_rules[] =
	"norm __NEVER /zebra juice/\n"
	"meta NEVER_HERE (__NEVER)\nscore NEVER_HERE 1\naction NEVER_HERE reject\n"
	"describe NEVER_HERE Speaks of zebra juice\nnote NEVER_HERE Please do not speak of zebra juice.\n"
	"norm DOUBTFUL /purple monday/\nscore DOUBTFUL 4\ndescribe DOUBTFUL Speaks of purple mondays\nnote DOUBTFUL A person will look.\n"
	"body SPLIT /green tuesday comes/\nscore SPLIT 4\n"
	"norm HELP_ME_LIVE /dark thoughts/\ntflags HELP_ME_LIVE harm\nscore HELP_ME_LIVE 0.01\n";

static int setup(void **state)
{
	return setup_rules(state, own_rules);
}

static struct asked ask_from(struct fixture *f, const char *body, const struct sender *who)
{
	return ask_as(f, body, "en", who);
}

static enum ticket_state asked(struct fixture *f, const char *body)
{
	return ask_from(f, body, NULL).state;
}

static struct judgement_done decide(struct fixture *f, int64_t ticket, int64_t n, enum label label)
{
	struct judgement_done done;
	struct judgement_item item = { ticket, n };
	struct error e = { 0 };

	MUST(judgement_give(&f->desk, &mod, &item, 1, label, false, NULL, &done, &e));
	return done;
}

static enum ticket_state state_of(struct fixture *f, int64_t id)
{
	struct ticket t;
	struct error e = { 0 };
	MUST(ticket_load(f->db, f->arena, id, &t, &e));
	return t.state;
}

/* --- nonces ------------------------------------------------------------------------------------------------------------- */

static enum form_state checked(struct fixture *f, const char *form, struct gate_form *out)
{
	struct gate_form g;
	struct error e = { 0 };
	MUST(gate_form_check(&f->desk, f->db, slice_of(form), out ? out : &g, &e));
	return out ? out->state : g.state;
}

struct spending {
	const char *form;
};
static enum err spend(struct db *db, void *self, struct error *e)
{
	const struct spending *s = self;
	return gate_form_spend(db, slice_of(s->form), 77, clock_wall_ms(), e);
}

static void nonces(void **state)
{
	struct fixture *f = *state;
	char form[GATE_FORM_BYTES], marked[GATE_FORM_BYTES + 1], old[GATE_FORM_BYTES];
	unsigned char b[32] = { 0 };
	struct gate_form g;
	struct error e = { 0 };

	assert_int_equal(checked(f, NULL, NULL), FORM_MISSING);
	assert_int_equal(checked(f, "", NULL), FORM_MISSING);
	assert_int_equal(checked(f, "~", NULL), FORM_MISSING);
	assert_int_equal(checked(f, "nonsense", NULL), FORM_FORGED);
	gate_form_new(&f->desk, false, form);
	assert_int_equal(checked(f, form, &g), FORM_GOOD);
	assert_true(g.age_ms >= 0 && g.age_ms < 600000 && !g.script && !g.again);
	snprintf(marked, sizeof(marked), "%s~", form);
	assert_int_equal(checked(f, marked, &g), FORM_GOOD);
	assert_true(g.script);
	form[3] = form[3] == 'A' ? 'B' : 'A';
	assert_int_equal(checked(f, form, NULL), FORM_FORGED);
	gate_form_new(&f->desk, true, form);
	assert_int_equal(checked(f, form, &g), FORM_GOOD);
	assert_true(g.again);
	MUST(writer_do(f->desk.writer, LANE_ASK, spend, &(struct spending){ form }, &e));
	assert_int_equal(checked(f, form, &g), FORM_SPENT);
	assert_int_equal(g.ticket, 77);
	snprintf(marked, sizeof(marked), "%s~", form);
	assert_int_equal(writer_do(f->desk.writer, LANE_ASK, spend, &(struct spending){ marked }, &e), ERR_CONFLICT);
	/* One of yesterday, signed with the desk's own key. */
	uint64_t then = (uint64_t)clock_wall_ms() - GATE_FORM_LIFE_MS - 1000;
	for (int i = 0; i < 6; i++)
		b[i] = (unsigned char)(then >> (8 * (5 - i)));
	struct crypt_hash mac = crypt_keyed(keys_form(f->desk.keys), "form", slice_make((const char *)b, 16));
	memcpy(b + 16, mac.bytes, 16);
	crypt_base64(b, sizeof(b), old);
	assert_int_equal(checked(f, old, NULL), FORM_EXPIRED);
}

static void required_nonce(void **state)
{
	struct fixture *f = *state;
	struct ask in = { .body = SLICE("How do I sign a message?"), .lang = SLICE("en"), .page_form = true };
	struct asked out;
	struct error e = { 0 };

	set_conf("form_token", "required");
	assert_int_equal(ticket_ask(&f->desk, f->db, f->arena, &in, &out, &e), ERR_INVALID);
	assert_string_equal(e.field, "form");
	assert_int_equal(asked(f, "How do I sign a message?"), TICKET_QUEUED);
}

/* --- verdicts ----------------------------------------------------------------------------------------------------------- */

static void good_doubtful_and_refused(void **state)
{
	struct fixture *f = *state;
	struct asked a;
	struct jv *v = NULL;
	struct error e = { 0 };

	assert_int_equal(asked(f, "How do I add a picture to my article?"), TICKET_QUEUED);
	a = ask_from(f, "What do you think of purple mondays, a purple monday that is?", NULL);
	assert_int_equal(a.state, TICKET_HELD);
	assert_true(slice_is(a.note, "A person will look."));
	MUST(gate_verdict_of(f->db, a.ticket, 1, &v, &e));
	assert_true(slice_is(jv_get_text(v, "action"), "hold"));
	assert_true(jv_get_text(v, "generation").len == 16);
	assert_true(slice_is(jv_get_text(jv_at(jv_get(v, "hits"), 0), "rule"), "DOUBTFUL"));
	assert_true(slice_is(jv_get_text(jv_at(jv_get(v, "hits"), 0), "field"), "body"));
	assert_true(jv_int_of(jv_get(jv_at(jv_get(v, "hits"), 0), "start")) == 21);
	assert_true(slice_is(jv_get_text(jv_get(v, "facts"), "form"), "good"));
	jv_free(&v);
	assert_int_equal(asked(f, "Do you sell zebra juice?"), TICKET_REJECTED);
	assert_int_equal(asked(f, "zebra juice gives me dark thoughts"), TICKET_HELD); /* harm is never refused */
	assert_int_equal(raw_int(f, "SELECT hits FROM rule_days WHERE rule = 'NEVER_HERE'"), 2);
	assert_int_equal(raw_int(f, "SELECT refused FROM rule_days WHERE rule = 'NEVER_HERE'"), 1);
}

static void no_room_is_said_before_anything_is_taken(void **state)
{
	struct fixture *f = *state;
	struct ask in = { .body = SLICE("a purple monday"), .lang = SLICE("en") };
	struct asked out;
	struct error e = { 0 };

	set_conf("refused_mib", "1");
	assert_int_equal(asked(f, "another purple monday"), TICKET_HELD);
	assert_int_equal(sqlite3_exec(f->raw, "UPDATE verdicts SET bytes = 1048570", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(ticket_ask(&f->desk, f->db, f->arena, &in, &out, &e), ERR_BUSY);
	assert_true(e.retry_after_s > 0);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM tickets"), 1);
	assert_int_equal(asked(f, "How do I add a picture?"), TICKET_QUEUED); /* good questions need no such room */
}

static void one_sender_cannot_fill_the_room(void **state)
{
	struct fixture *f = *state;
	struct sender from = { .known = true }, other = { .known = true };
	struct ask in = { .body = SLICE("a purple monday"), .lang = SLICE("en") };
	struct asked out;
	struct posted posted;
	struct error e = { 0 };

	set_conf("refused_mib", "1");
	memset(&from.ban, 5, sizeof(from.ban));
	memset(&other.ban, 6, sizeof(other.ban));
	struct asked first = ask_from(f, "another purple monday", &from);
	assert_int_equal(first.state, TICKET_HELD);
	raw(f, "UPDATE verdicts SET bytes = %d", 1024 * 1024 / 16 - 10);
	in.sender = from;
	assert_int_equal(ticket_ask(&f->desk, f->db, f->arena, &in, &out, &e), ERR_LIMITED);
	assert_true(e.retry_after_s > 0);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM tickets"), 1);
	/* nor by writing into what is there already, from wherever */
	struct post line = { .act = { .ticket = first.ticket, .by = BY_ASKER }, .body = SLICE("one more purple monday"), .sender = other };
	assert_int_equal(talk_post(&f->desk, f->db, f->arena, &line, &posted, &e), ERR_LIMITED);
	assert_int_equal(ask_from(f, "How do I add a picture?", &from).state, TICKET_QUEUED);
	in.sender = other;
	MUST(ticket_ask(&f->desk, f->db, f->arena, &in, &out, &e));
	assert_int_equal(out.state, TICKET_HELD);
	/* once it is decided there is room again; the key that turned meanwhile hides nothing */
	raw(f, "UPDATE verdicts SET kept = 0 WHERE ticket = %lld", (long long)out.ticket);
	from.ban_before = from.ban;
	memset(&from.ban, 9, sizeof(from.ban));
	in.sender = from;
	assert_int_equal(ticket_ask(&f->desk, f->db, f->arena, &in, &out, &e), ERR_LIMITED);
	raw(f, "UPDATE verdicts SET kept = 0");
	MUST(ticket_ask(&f->desk, f->db, f->arena, &in, &out, &e));
}

/* --- sameness ----------------------------------------------------------------------------------------------------------- */

static const char long_text[] = "Our little village band plays every Saturday evening in the old mill, come and dance with all of us until midnight";

static void a_copy_of_confirmed_spam_is_held_and_undo_takes_it_back(void **state)
{
	struct fixture *f = *state;
	struct asked first = ask_from(f, long_text, NULL), second;
	struct judgement_done done, undone;
	struct error e = { 0 };

	assert_int_equal(first.state, TICKET_QUEUED);
	done = decide(f, first.ticket, 0, LABEL_SPAM);
	assert_int_equal(done.changed, 1);
	assert_int_equal(state_of(f, first.ticket), TICKET_SPAM);
	second = ask_from(f, long_text, NULL);
	assert_int_equal(second.state, TICKET_HELD);
	assert_int_equal(decide(f, first.ticket, 0, LABEL_SPAM).kept, 1); /* decided so already */
	MUST(judgement_undo(&f->desk, &mod, slice_of(done.undo), &undone, &e));
	assert_int_equal(undone.changed, 1);
	assert_int_equal(state_of(f, first.ticket), TICKET_QUEUED);
	assert_int_equal(asked(f, long_text), TICKET_QUEUED);
	assert_int_equal(judgement_undo(&f->desk, &mod, slice_of(done.undo), &undone, &e), ERR_NOT_FOUND);
}

static void short_copies_do_not_convict(void **state)
{
	struct fixture *f = *state;
	struct asked a = ask_from(f, "where is the sandbox to be found here", NULL);
	decide(f, a.ticket, 0, LABEL_SPAM);
	assert_int_equal(asked(f, "where is the sandbox to be found here"), TICKET_QUEUED);
}

static void template_questions_are_never_held(void **state)
{
	struct fixture *f = *state;
	char text[300];

	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "Hello, please review my draft URL, it was declined yesterday and I do not know why: https://wiki%d.example/draft/%d Thank you!",
			i % 7, i);
		struct asked a = ask_from(f, text, NULL);
		if (a.state != TICKET_QUEUED)
			fail_msg("number %d is %s", i, state_name(a.state));
		if (i == 20)
			assert_int_equal(decide(f, a.ticket, 0, LABEL_SPAM).changed, 1);
	}
}

static void near_copies_after_three_confirmations(void **state)
{
	struct fixture *f = *state;
	char text[300];

	for (int i = 0; i < 5; i++) {
		snprintf(text, sizeof(text), "%s and bring friend number %d", long_text, i);
		struct asked a = ask_from(f, text, NULL);
		assert_int_equal(a.state, i < 3 ? TICKET_QUEUED : TICKET_HELD);
		if (i < 3)
			decide(f, a.ticket, 0, LABEL_SPAM);
		if (i == 3)
			assert_int_equal(decide(f, a.ticket, 0, LABEL_SPAM).changed, 1);
	}
}

static void short_near_copies_are_held_after_three(void **state)
{
	static const char *const texts[] = { "garden gnomes, come and see them", "garden gnomes, come and see us", "garden gnomes, come and see him",
		"garden gnomes, come and see me", "where do I see the garden of the museum" };
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++) {
		struct asked a = ask_from(f, texts[i], NULL);
		assert_int_equal(a.state, TICKET_QUEUED);
		decide(f, a.ticket, 0, LABEL_SPAM);
	}
	assert_int_equal(asked(f, texts[3]), TICKET_HELD);
	assert_int_equal(asked(f, texts[4]), TICKET_QUEUED);
}

/* A helper takes the question and answers it. */
static void answer(struct fixture *f, int64_t ticket)
{
	char sql[120];

	snprintf(sql, sizeof(sql), "UPDATE tickets SET answered = 1, state = 'live' WHERE id = %lld", (long long)ticket);
	assert_int_equal(sqlite3_exec(f->raw, sql, NULL, NULL, NULL), SQLITE_OK);
}

static const char template_text[] = "Dear volunteers, would somebody please look at my draft about our town, it was declined twice: https://%s/%d Thank you!";

static void a_copied_template_convicts_no_newcomer(void **state)
{
	struct fixture *f = *state;
	char text[300];
	struct asked a;

	snprintf(text, sizeof(text), template_text, "newcomer.example", 1);
	answer(f, ask_from(f, text, NULL).ticket);
	for (int i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), template_text, i < 3 ? "gnomes-for-all.example" : "gnomes-again.example", i);
		a = ask_from(f, text, NULL);
		assert_int_equal(a.state, i == 1 || i == 2 ? TICKET_HELD : TICKET_QUEUED);
		decide(f, a.ticket, 0, LABEL_SPAM);
	}
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), template_text, "newcomer.example", 100 + i);
		assert_int_equal(asked(f, text), TICKET_QUEUED);
	}
	/* Word for word, too. */
	snprintf(text, sizeof(text), template_text, "newcomer.example", 1);
	a = ask_from(f, text, NULL);
	decide(f, a.ticket, 0, LABEL_SPAM);
	assert_int_equal(asked(f, text), TICKET_QUEUED);
	/* Where confirmed spam led stays held, whatever surrounds it. */
	assert_int_equal(asked(f, "What do you think of https://gnomes-for-all.example for my garden?"), TICKET_HELD);
}

static void sites_convict_unless_many_name_them(void **state)
{
	struct fixture *f = *state;
	char text[300];

	decide(f, ask_from(f, "Come to our fair https://evil-gnomes.example/fair?en.wikipedia.org and be merry", NULL).ticket, 0, LABEL_SPAM);
	assert_int_equal(asked(f, "How do I cite https://shop.evil-gnomes.example/today here?"), TICKET_HELD);
	assert_int_equal(asked(f, "How do I cite https://fr.wikipedia.org/wiki/Nain here?"), TICKET_QUEUED);
	/* One of many who name a place is a spammer. */
	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "My question number %d is about https://town-news.example/%d in footnotes", i * 7, i);
		assert_int_equal(asked(f, text), TICKET_QUEUED);
	}
	decide(f, ask_from(f, "Garden chairs at half the price, see https://town-news.example/advert today", NULL).ticket, 0, LABEL_SPAM);
	assert_int_equal(asked(f, "May I quote https://town-news.example/2024 in full?"), TICKET_QUEUED);
	/* The wiki's own pages are nobody's payload, nor is a shortener as a whole. */
	set_conf("wiki_url", "https://wiki.home.example/wiki/");
	decide(f, ask_from(f, "Vandals: https://wiki.home.example/wiki/Gnomes https://bit.ly/abcd1 look at them", NULL).ticket, 0, LABEL_SPAM);
	assert_int_equal(asked(f, "Who wrote https://wiki.home.example/wiki/Gnomes please?"), TICKET_QUEUED);
	assert_int_equal(asked(f, "Is https://bit.ly/zzzz9 allowed as a source?"), TICKET_QUEUED);
	assert_int_equal(asked(f, "Is https://bit.ly/abcd1 allowed as a source?"), TICKET_HELD);
	set_conf("wiki_url", "");
}

/* A site's name in disguise is the site's; what people write by chance is nobody's. */
static void disguised_sites_convict(void **state)
{
	struct fixture *f = *state;

	decide(f, ask_from(f, "Come to our fair https://evil-gnomes.com/fair and be merry", NULL).ticket, 0, LABEL_SPAM);
	assert_int_equal(asked(f, "How do I cite evil-gnomes dot com here?"), TICKET_HELD);
	assert_int_equal(asked(f, "My sources are e v i l - g n o m e s . c o m and a book"), TICKET_HELD);
	assert_int_equal(asked(f, "Is https://frame.example/?u=aHR0cHM6Ly9ldmlsLWdub21lcy5jb20v a good source?"), TICKET_HELD);
	decide(f, ask_from(f, "Lamps that glow for all of you at glow-lamps dot net today", NULL).ticket, 0, LABEL_SPAM);
	assert_int_equal(asked(f, "What do you think of glow-lamps . net for my garden?"), TICKET_HELD);
	assert_int_equal(asked(f, "May I quote https://glow-lamps.net/ in full?"), TICKET_HELD);
	decide(f, ask_from(f, "In the dot com era our gnomes made me rich. in short, buy chairs. it is easy", NULL).ticket, 0, LABEL_SPAM);
	assert_int_equal(asked(f, "What was the dot com era, and who wrote of it? i like chairs. it was long ago"), TICKET_QUEUED);
}

static void texts_are_forgotten_in_time(void **state)
{
	struct fixture *f = *state;
	struct db *db;
	int64_t changed = 0;
	struct error e = { 0 };

	set_conf("twin_days", "50");
	asked(f, "Nobody decides about this text and its site plain-place.example, it just is");
	decide(f, ask_from(f, "The gnomes are coming to https://gnome-town.example/ on Saturday", NULL).ticket, 0, LABEL_SPAM);
	MUST(db_open(f->folder, DB_WRITE, &db, &e));
	MUST(gate_sweep(db, clock_wall_ms() + 40 * 86400000LL, &changed, &e));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM twins"), 1);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM payloads"), 1);
	MUST(gate_sweep(db, clock_wall_ms() + 51 * 86400000LL, &changed, &e));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM twins"), 0);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM payloads"), 0);
	db_close(&db);
	set_conf("twin_days", "90");
	assert_int_equal(asked(f, "The gnomes are coming to https://gnome-town.example/ on Saturday"), TICKET_QUEUED);
}

static void a_near_copy_from_the_same_network_inherits(void **state)
{
	struct fixture *f = *state;
	struct sender one = network(1), two = network(2);
	char text[300];

	snprintf(text, sizeof(text), "%s with zebra juice", long_text);
	assert_int_equal(ask_from(f, text, &one).state, TICKET_REJECTED);
	assert_int_equal(ask_from(f, long_text, &two).state, TICKET_QUEUED);
	assert_int_equal(ask_from(f, long_text, &one).state, TICKET_REJECTED); /* no probing for the word that did it */
	assert_int_equal(ask_from(f, "How do I add a picture to the article about my village, please?", &one).state, TICKET_QUEUED);
}

/* --- rates, bans -------------------------------------------------------------------------------------------------------- */

static void rates(void **state)
{
	struct fixture *f = *state;
	struct sender one = network(1), two = network(2);
	char text[100];

	set_conf("rate_limits", "on");
	for (int i = 0; i <= 20; i++) {
		snprintf(text, sizeof(text), "Question %d of our school class: what is a stub?", i);
		assert_int_equal(ask_from(f, text, &one).state, i < 20 ? TICKET_QUEUED : TICKET_HELD);
	}
	assert_int_equal(ask_from(f, "What is a stub?", &two).state, TICKET_QUEUED);
	assert_int_equal(ask_from(f, "What is a stub?", NULL).state, TICKET_QUEUED); /* unknown is not everybody */
	set_conf("rate_limits", "off");
	assert_int_equal(ask_from(f, "What is a stub?", &one).state, TICKET_QUEUED);
}

static void a_ban_holds(void **state)
{
	struct fixture *f = *state;
	struct sender one = network(1);
	struct asked a = ask_from(f, "How do I add a picture?", &one);
	int64_t id = 0;
	struct error e = { 0 };

	assert_int_equal(a.state, TICKET_QUEUED);
	assert_int_equal(sqlite3_exec(f->raw, "INSERT INTO accounts (id, login, name, role, created_ms) VALUES (13, 'mora', 'Mora', 3, 0)", NULL, NULL, NULL), SQLITE_OK);
	MUST(bans_add(&f->desk, &mod, a.ticket, 7, SLICE("rude"), NULL, &id, &e));
	assert_int_equal(ask_from(f, "How do I add a table?", &one).state, TICKET_HELD);
	assert_int_equal(raw_int(f, "SELECT held FROM bans"), 1);
	MUST(bans_end(&f->desk, &mod, id, &e));
	assert_int_equal(ask_from(f, "How do I add a list?", &one).state, TICKET_QUEUED);
}

static void sightings_forget_their_sender(void **state)
{
	struct fixture *f = *state;
	struct sender one = network(1);
	struct db *db;
	int64_t changed = 0;
	struct error e = { 0 };

	ask_from(f, long_text, &one);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM twins WHERE sender IS NOT NULL"), 1);
	MUST(db_open(f->folder, DB_WRITE, &db, &e));
	MUST(gate_sweep(db, clock_wall_ms() + 3 * 86400000LL, &changed, &e));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM twins WHERE sender IS NOT NULL"), 0);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM tokens"), 0);
	MUST(gate_sweep(db, clock_wall_ms() + 40 * 86400000LL, &changed, &e));
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM twins"), 0);
	db_close(&db);
}

/* --- inside the write ----------------------------------------------------------------------------------------------------- */

struct recording {
	struct screening *s;
	enum action action;
};
static enum err record(struct db *db, void *self, struct error *e)
{
	struct recording *r = self;
	return gate_record(db, r->s, 4711, 1, &r->action, e);
}

static void recording_may_stiffen(void **state)
{
	struct fixture *f = *state;
	struct submission in = { .kind = SUBMIT_QUESTION, .body = slice_of(long_text), .api = true };
	struct asked first = ask_from(f, long_text, NULL);
	struct recording r;
	struct error e = { 0 };

	MUST(gate_screen(&f->desk, f->db, f->arena, &in, NULL, &r.s, &e));
	assert_int_equal(gate_verdict(r.s)->action, ACTION_ACCEPT);
	decide(f, first.ticket, 0, LABEL_SPAM); /* meanwhile a moderator has seen its twin */
	MUST(writer_do(f->desk.writer, LANE_ASK, record, &r, &e));
	assert_int_equal(r.action, ACTION_HOLD);
	assert_int_equal(raw_int(f, "SELECT action FROM verdicts WHERE ticket = 4711"), ACTION_HOLD);
}

/* --- lines --------------------------------------------------------------------------------------------------------------- */

static struct posted line(struct fixture *f, int64_t ticket, const char *body)
{
	struct post in = { .act = { .ticket = ticket, .by = BY_ASKER }, .body = slice_of(body) };
	struct posted out;
	struct error e = { 0 };

	MUST(talk_post(&f->desk, f->db, f->arena, &in, &out, &e));
	return out;
}

static void lines_are_screened_together(void **state)
{
	struct fixture *f = *state;
	struct asked a = ask_from(f, "How do I add a picture to my article?", NULL);
	struct posted p;
	struct held_query q = { .list = HELD_HELD };
	struct jv *v = NULL, *item;
	struct error e = { 0 };

	assert_false(line(f, a.ticket, "the green").held);
	p = line(f, a.ticket, "tuesday comes");
	assert_true(p.held); /* cut into lines, seen whole */
	assert_false(line(f, a.ticket, "and here is the name of the file").held); /* what was held is not held again */
	MUST(judgement_held(f->db, f->arena, &q, &v, &e));
	assert_int_equal(jv_size(jv_get(v, "items")), 1);
	item = jv_at(jv_get(v, "items"), 0);
	assert_int_equal(jv_int_of(jv_get(item, "n")), p.n);
	assert_int_equal(jv_int_of(jv_get(jv_get(v, "counts"), "held")), 1);
	jv_free(&v);
	assert_int_equal(decide(f, a.ticket, p.n, LABEL_HAM).changed, 1);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM log WHERE ticket = %lld AND kind = 'release'", (long long)a.ticket), 1);
	MUST(judgement_held(f->db, f->arena, &q, &v, &e));
	assert_int_equal(jv_size(jv_get(v, "items")), 0);
	jv_free(&v);
	assert_int_equal(decide(f, a.ticket, p.n, LABEL_HAM).kept, 1);
}

static struct posted helper_line(struct fixture *f, int64_t ticket, const struct actor *who, int64_t fence, const char *body)
{
	struct post in = { .act = { .ticket = ticket, .by = BY_HELPER, .who = *who, .fenced = true, .fence = fence }, .body = slice_of(body), .confirmed = true };
	struct posted out;
	struct error e = { 0 };

	MUST(talk_post(&f->desk, f->db, f->arena, &in, &out, &e));
	return out;
}

static void helpers_who_ask_for_money_are_reported(void **state)
{
	static const struct actor helper = { .role = ROLE_HELPER, .account = 31, .name = { "Hal", 3 } };
	static const struct actor trial = { .role = ROLE_TRIAL, .account = 32, .name = { "Tim", 3 } };
	struct held_query q = { .list = HELD_REPORTS };
	struct asked one = ask_from(*state, "How do I add a picture?", NULL), two = ask_from(*state, "How do I add a table?", NULL);
	struct fixture *f = *state;
	struct acted claim;
	struct posted p;
	struct jv *v = NULL;
	struct error e = { 0 };

	MUST(queue_claim(&f->desk, &(struct act){ .ticket = one.ticket, .by = BY_HELPER, .who = helper }, &claim, &e));
	assert_false(helper_line(f, one.ticket, &helper, claim.fence, "Press the button above the text, it costs nothing.").held);
	MUST(judgement_held(f->db, f->arena, &q, &v, &e));
	assert_int_equal(jv_size(jv_get(v, "items")), 0);
	jv_free(&v);
	helper_line(f, one.ticket, &helper, claim.fence, "I can do it for you, send me $20 first.");
	MUST(queue_claim(&f->desk, &(struct act){ .ticket = two.ticket, .by = BY_HELPER, .who = trial }, &claim, &e));
	p = helper_line(f, two.ticket, &trial, claim.fence, "Better write to me on WhatsApp +44 20 7946 0958");
	assert_true(p.held);
	MUST(judgement_held(f->db, f->arena, &q, &v, &e));
	assert_int_equal(jv_size(jv_get(v, "items")), 2);
	assert_true(slice_is(jv_get_text(jv_at(jv_get(v, "items"), 1), "author"), "helper"));
	assert_true(slice_is(jv_get_text(jv_at(jv_get(v, "items"), 1), "name"), "Tim"));
	jv_free(&v);
	assert_int_equal(decide(f, two.ticket, p.n, LABEL_HAM).changed, 1);
	MUST(judgement_held(f->db, f->arena, &q, &v, &e));
	assert_int_equal(jv_size(jv_get(v, "items")), 1);
	jv_free(&v);
}

/* --- lists ---------------------------------------------------------------------------------------------------------------- */

static void lists_fold_mark_and_page(void **state)
{
	struct fixture *f = *state;
	struct held_query q = { .list = HELD_HELD, .fold = true, .limit = 2 };
	struct jv *v = NULL, *first, *parts;
	char text[200], cursor[100];
	struct error e = { 0 };

	for (int i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "Is a purple monday number %d good for my garden and my apples?", i);
		assert_int_equal(asked(f, text), TICKET_HELD);
	}
	/* Another mask, but a near copy all the same. */
	assert_int_equal(asked(f, "Is a purple monday number four good for my garden and my apples?"), TICKET_HELD);
	asked(f, "An entirely different purple monday question about my cat and her food");
	asked(f, "The last purple monday thing I want to know is where the sun goes at night");
	MUST(judgement_held(f->db, f->arena, &q, &v, &e));
	assert_int_equal(jv_size(jv_get(v, "items")), 2);
	first = jv_at(jv_get(v, "items"), 0);
	assert_int_equal(jv_size(jv_get(first, "near")), 4);
	parts = jv_get(first, "parts");
	assert_int_equal(jv_size(parts), 3);
	assert_true(slice_is(jv_get_text(jv_at(parts, 1), "text"), "purple monday"));
	assert_true(slice_is(jv_get_text(jv_at(parts, 1), "rule"), "DOUBTFUL"));
	assert_true(slice_is(jv_text_of(jv_at(jv_get(first, "reasons"), 0)), "Speaks of purple mondays"));
	snprintf(cursor, sizeof(cursor), "%.*s", SLICE_ARG(jv_get_text(v, "cursor")));
	jv_free(&v);
	q.cursor = slice_of(cursor);
	MUST(judgement_held(f->db, f->arena, &q, &v, &e));
	assert_int_equal(jv_size(jv_get(v, "items")), 1);
	assert_null(jv_get(v, "cursor"));
	jv_free(&v);
	q = (struct held_query){ .list = HELD_HELD, .rule = SLICE("NEVER_HERE") };
	MUST(judgement_held(f->db, f->arena, &q, &v, &e));
	assert_int_equal(jv_size(jv_get(v, "items")), 0);
	jv_free(&v);
	q = (struct held_query){ .list = HELD_HELD, .reason = SLICE("rule") };
	MUST(judgement_held(f->db, f->arena, &q, &v, &e));
	assert_int_equal(jv_size(jv_get(v, "items")), 7);
	jv_free(&v);
	q.cursor = SLICE("rubbish");
	assert_int_equal(judgement_held(f->db, f->arena, &q, &v, &e), ERR_INVALID);
	asked(f, "zebra juice for all");
	q = (struct held_query){ .list = HELD_REJECTED };
	MUST(judgement_held(f->db, f->arena, &q, &v, &e));
	assert_int_equal(jv_size(jv_get(v, "items")), 1);
	jv_free(&v);
}

static void decisions_in_groups(void **state)
{
	struct fixture *f = *state;
	struct judgement_item items[121];
	struct judgement_done done;
	struct error e = { 0 };
	char text[100];

	for (int i = 0; i < 120; i++) {
		snprintf(text, sizeof(text), "purple monday %d", i);
		items[i] = (struct judgement_item){ ask_from(f, text, NULL).ticket, 0 };
	}
	items[120] = (struct judgement_item){ ask_from(f, "zebra juice", NULL).ticket, 1 };
	MUST(judgement_give(&f->desk, &mod, items, 121, LABEL_HAM, false, NULL, &done, &e));
	assert_int_equal(done.changed, 121);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM tickets WHERE state = 'queued'"), 121);
	assert_int_equal(raw_int(f, "SELECT ham FROM rule_days WHERE rule = 'DOUBTFUL'"), 120);
	assert_int_equal(raw_int(f, "SELECT SUM(kept) FROM verdicts"), 0);
	MUST(judgement_undo(&f->desk, &mod, slice_of(done.undo), &done, &e));
	assert_int_equal(done.changed, 121);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM tickets WHERE state = 'held'"), 120);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM tickets WHERE state = 'rejected'"), 1);
	assert_int_equal(raw_int(f, "SELECT ham FROM rule_days WHERE rule = 'DOUBTFUL'"), 0);
	assert_int_equal(raw_int(f, "SELECT SUM(kept) FROM verdicts"), 121);
	items[0].ticket = 999999;
	assert_int_equal(judgement_give(&f->desk, &mod, items, 1, LABEL_HAM, false, NULL, &done, &e), ERR_NOT_FOUND);
}

/* The second chunk fails; sent again, the decision goes on where it was, and a third time it is only told. */
static void a_decision_sent_again_goes_on(void **state)
{
	struct fixture *f = *state;
	struct judgement_item items[60];
	struct judgement_done done, again;
	struct repeat r;
	struct error e = { 0 };
	char text[100];

	for (int i = 0; i < 60; i++) {
		snprintf(text, sizeof(text), "purple monday %d", i);
		items[i] = (struct judgement_item){ ask_from(f, text, NULL).ticket, 0 };
	}
	int64_t last = items[59].ticket;
	items[59].ticket = 999999;
	MUST(repeat_start(&f->desk, &r, mod.account, SLICE("c-1"), SLICE("/judgements"), SLICE("{}"), &e));
	MUST(judgement_give(&f->desk, &mod, items, 60, LABEL_SPAM, false, &r, &done, &e));
	assert_int_equal(done.changed, 50);
	items[59].ticket = last;
	MUST(judgement_give(&f->desk, &mod, items, 60, LABEL_SPAM, false, &r, &again, &e));
	assert_int_equal(again.changed, 60);
	assert_int_equal(again.kept, 0);
	assert_string_equal(again.undo, done.undo);
	MUST(judgement_give(&f->desk, &mod, items, 60, LABEL_SPAM, false, &r, &again, &e));
	assert_int_equal(again.changed, 60);
	assert_string_equal(again.undo, done.undo);
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM labels"), 60);
	MUST(repeat_start(&f->desk, &r, mod.account, SLICE("c-1"), SLICE("/judgements"), SLICE("{ }"), &e));
	assert_int_equal(judgement_give(&f->desk, &mod, items, 60, LABEL_SPAM, false, &r, &again, &e), ERR_CONFLICT);
	assert_string_equal(e.field, "client_id");
}

static void what_went_on_is_kept_and_unlearned(void **state)
{
	static const struct actor helper = { .role = ROLE_HELPER, .account = 31, .name = { "Hal", 3 } };
	struct fixture *f = *state;
	struct asked a = ask_from(f, "What of purple mondays?", NULL);
	struct judgement_done done = decide(f, a.ticket, 0, LABEL_HAM);
	struct acted claim;
	struct error e = { 0 };

	assert_int_equal(state_of(f, a.ticket), TICKET_QUEUED);
	MUST(queue_claim(&f->desk, &(struct act){ .ticket = a.ticket, .by = BY_HELPER, .who = helper }, &claim, &e));
	MUST(judgement_undo(&f->desk, &mod, slice_of(done.undo), &done, &e));
	assert_int_equal(done.changed, 0);
	assert_int_equal(done.kept, 1);
	assert_int_equal(state_of(f, a.ticket), TICKET_LIVE);
	assert_int_equal(raw_int(f, "SELECT label FROM twins WHERE ticket = %lld", (long long)a.ticket), 0);
}

static void trusted_senders_are_screened_briefly(void **state)
{
	struct fixture *f = *state;
	struct asked a = ask_from(f, "What of purple mondays?", NULL);
	struct judgement_item item = { a.ticket, 0 };
	struct judgement_done done;
	struct error e = { 0 };

	MUST(judgement_give(&f->desk, &mod, &item, 1, LABEL_HAM, true, NULL, &done, &e));
	assert_false(line(f, a.ticket, "I said purple monday, and I meant it").held);
	assert_true(line(f, a.ticket, "and zebra juice").held); /* what refuses still does */
	MUST(judgement_undo(&f->desk, &mod, slice_of(done.undo), &done, &e));
	a = ask_from(f, "How do I add a picture?", NULL);
	assert_true(line(f, a.ticket, "I said purple monday").held);
}

static void forgetting(void **state)
{
	struct fixture *f = *state;
	struct sender one = network(1);
	struct asked a = ask_from(f, "a purple monday at https://t.me/example with @somebody", &one);
	struct db *db;
	struct jv *v = NULL;
	struct error e = { 0 };

	assert_true(raw_int(f, "SELECT COUNT(*) FROM payloads") > 0);
	MUST(db_open(f->folder, DB_WRITE, &db, &e));
	MUST(gate_forget(db, a.ticket, &e));
	db_close(&db);
	assert_int_equal(raw_int(f, "SELECT (SELECT COUNT(*) FROM payloads) + (SELECT COUNT(*) FROM twins WHERE exact IS NOT NULL OR masked IS NOT NULL OR band0 IS NOT NULL) + (SELECT COUNT(*) FROM verdicts) + "
		"(SELECT COUNT(*) FROM verdict_hits)"), 0);
	assert_int_equal(gate_verdict_of(f->db, a.ticket, 1, &v, &e), ERR_NOT_FOUND);
	/* but its network has asked: whoever asks and erases again and again gains nothing */
	assert_int_equal(raw_int(f, "SELECT COUNT(*) FROM twins WHERE sender IS NOT NULL"), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nonces),
		T(required_nonce),
		T(good_doubtful_and_refused),
		T(no_room_is_said_before_anything_is_taken),
		T(one_sender_cannot_fill_the_room),
		T(a_copy_of_confirmed_spam_is_held_and_undo_takes_it_back),
		T(short_copies_do_not_convict),
		T(template_questions_are_never_held),
		T(near_copies_after_three_confirmations),
		T(short_near_copies_are_held_after_three),
		T(a_copied_template_convicts_no_newcomer),
		T(sites_convict_unless_many_name_them), T(disguised_sites_convict),
		T(texts_are_forgotten_in_time),
		T(a_near_copy_from_the_same_network_inherits),
		T(rates),
		T(a_ban_holds),
		T(sightings_forget_their_sender),
		T(recording_may_stiffen),
		T(lines_are_screened_together),
		T(helpers_who_ask_for_money_are_reported),
		T(lists_fold_mark_and_page),
		T(decisions_in_groups),
		T(a_decision_sent_again_goes_on),
		T(what_went_on_is_kept_and_unlearned),
		T(trusted_senders_are_screened_briefly),
		T(forgetting),
	};
	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
