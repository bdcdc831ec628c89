#include "cli/demo.h"

#include <stdio.h>

#include "desk/gate.h"
#include "desk/hours.h"
#include "desk/keys.h"
#include "desk/lease.h"
#include "desk/people.h"
#include "desk/queue.h"
#include "desk/talk.h"
#include "desk/ticket.h"

static const struct {
	const char *login, *name;
	enum role role;
} people[] = {
	{ "admin", "Robin", ROLE_ADMIN },
	{ "moderator", "Amina", ROLE_MODERATOR },
	{ "helper", "Jonas", ROLE_HELPER },
	{ "trial", "Li Wei", ROLE_TRIAL },
};
enum { ADMIN, MODERATOR, HELPER, TRIAL, PEOPLE };

struct example {
	const char *lang, *name, *title, *body, *page;
};

/* The first is claimed and talked about, the second answered and closed; the others wait. */
static const struct example questions[] = {
	{ "en", "Maren", "My first article was removed, what did I do wrong?",
	  "Hello! I wrote about our village's old water mill yesterday and this morning it was gone. There was a note "
	  "with an "
	  "abbreviation I do not understand. I am a bit discouraged, to be honest. Can somebody look at it with me?",
	  "Draft:Water_mill_of_Oberau" },
	{ "de", "Jochen", "Wie füge ich eine Quelle ein?",
	  "Guten Tag, ich möchte im Artikel über unseren Bahnhof die Jahreszahl belegen. Das Buch habe ich hier, aber "
	  "ich weiß nicht, "
	  "wie die Fußnote geschrieben wird.",
	  "Bahnhof_Oberau" },
	{ "ar", "سلمى", "كيف أضيف صورة إلى مقالة؟",
	  "مرحبًا، التقطتُ صورة لجسر قديم في مدينتي وأريد إضافتها إلى المقالة. هل أحتاج إلى إذن من أحد؟ وأين أرفعها؟",
	  "" },
	{ "es", "Lucía", "No entiendo el mensaje de conflicto de edición",
	  "Al guardar me aparece un aviso de conflicto de edición y dos cuadros de texto. ¿Se ha perdido lo que "
	  "escribí? No quiero "
	  "borrar el trabajo de otra persona.",
	  "" },
	{ "ru", "Олег", "Можно ли писать о своей школе?",
	  "Здравствуйте! Хочу исправить в статье о нашей школе год постройки, но я сам там работаю. Это разрешено?",
	  "" },
	{ "zh", "小林", "怎样把条目翻译成中文？",
	  "您好，我想翻译一篇关于桥梁的条目。请问需要注明原作者吗？参考资料也要翻译吗？", "" },
	{ "en", "", "The page says it is protected",
	  "I wanted to mend a spelling mistake on the page about the Danube but there is no edit button for me, only "
	  "\"view source\". "
	  "Is it something I did?",
	  "Danube" },
	{ "fa", "نرگس", "چگونه نام مقاله را تغییر دهم؟",
	  "سلام، در عنوان مقاله‌ای که نوشته‌ام یک غلط املایی هست. گزینه‌ای برای تغییر نام "
	  "پیدا "
	  "نمی‌کنم.",
	  "" },
	{ "en", "Tom", "A very long question about tables",
	  "I am trying to make a table with three columns and a heading that spans two of them. I have read the help "
	  "page twice. The "
	  "first row works, the second row slips to the left, and the third has an empty cell that I cannot get rid "
	  "of. I copied the "
	  "example and changed one word at a time, and it breaks as soon as I add the second heading. I also tried it "
	  "in the visual "
	  "editor, where it looks right until I save. Is there perhaps an example of exactly this somewhere?",
	  "" },
};

static const struct example doubtful[] = {
	{ "en", "SEO Team", "Increase your website ranking",
	  "We offer guest posts and backlinks from high authority sites. First page of Google guaranteed in 30 days. "
	  "Contact me on WhatsApp "
	  "+1 555 0100 for the price list.",
	  "" },
	{ "en", "Casino", "Best casino bonus",
	  "Play at https://lucky-spins.example/bonus and claim 200 free spins, no deposit casino bonus today! Join "
	  "now: "
	  "https://lucky-spins.example/join",
	  "" },
	{ "en", "Investor", "Double your bitcoin",
	  "Invest in bitcoin with our expert traders: guaranteed profit of 300% weekly! Register at "
	  "http://casino-bitcoin-profit.example/join?ref=41 and write to our manager on Telegram @fast_profit_now "
	  "https://t.me/fast_profit_now",
	  "" },
	{ "es", "Prestamos", "Préstamo rápido",
	  "Ofrecemos préstamos rápidos sin aval y sin buró de crédito, aprobación en 24 horas. Escríbenos por WhatsApp "
	  "+1 555 0101.",
	  "" },
};

static enum err add_people(struct desk *d, struct db *db, const char *password, struct actor actors[PEOPLE],
			   struct error *e)
{
	for (int i = 0; i < PEOPLE; i++) {
		struct people_new n = { slice_of(people[i].login), slice_of(people[i].name), slice_of(password),
					people[i].role };
		int64_t id;
		enum err err = people_add(d, db, NULL, &n, NULL, &id, e);
		if (err)
			return err;
		actors[i] = (struct actor){ .role = people[i].role, .account = id, .name = n.name };
	}
	return ERR_OK;
}

static struct slice given(const char *text)
{
	return text[0] ? slice_of(text) : SLICE_NONE;
}

/* Each comes from a network of its own (addresses reserved for documentation, RFC 5737). */
static enum err ask(struct desk *d, struct db *db, struct arena *a, const struct example *x, int network,
		    int64_t *ticket, struct error *e)
{
	char address[32];
	char form[GATE_FORM_BYTES];
	gate_form_new(d, false, form);
	snprintf(address, sizeof(address), "198.51.100.%d", network);
	struct ask in = {
		.body = slice_of(x->body),
		.title = slice_of(x->title),
		.name = given(x->name),
		.lang = slice_of(x->lang),
		.page = given(x->page),
		.form = slice_of(form),
		.page_form = true,
		.sender = keys_sender(d->keys, slice_of(address)),
	};
	struct asked out;
	enum err err = ticket_ask(d, db, a, &in, &out, e);
	*ticket = err ? 0 : out.ticket;
	return err;
}

enum { LINES_MAX = 8, QUESTION = -1 };

struct line {
	int who; /* -1: the asker */
	bool note;
	int reply_to; /* the line it answers, counted from 1; QUESTION; 0: none */
	const char *text;
};

static enum err talk(struct desk *d, struct db *db, struct arena *a, const struct actor actors[PEOPLE], int64_t ticket,
		     const struct line *lines, size_t count, int64_t *fence, struct error *e)
{
	struct act claim = { .ticket = ticket, .by = BY_HELPER, .who = actors[HELPER] };
	struct acted held;
	enum err err = queue_claim(d, &claim, &held, e);
	int64_t n[LINES_MAX] = { 0 };
	for (size_t i = 0; i < count && !err; i++) {
		int to = lines[i].reply_to;
		struct post p = { .body = slice_of(lines[i].text),
				  .note = lines[i].note,
				  .reply_to = to == QUESTION ? 1
					      : to > 0       ? n[to - 1]
							     : 0 };
		p.act = lines[i].who < 0 ? (struct act){ .ticket = ticket, .by = BY_ASKER }
					 : (struct act){ .ticket = ticket,
							 .by = BY_HELPER,
							 .who = actors[lines[i].who],
							 .fenced = true,
							 .fence = held.fence };
		struct posted out;
		err = talk_post(d, db, a, &p, &out, e);
		n[i] = err ? 0 : out.n;
	}
	*fence = held.fence;
	return err;
}

static enum err talks(struct desk *d, struct db *db, struct arena *a, const struct actor actors[PEOPLE],
		      int64_t running, int64_t finished, struct error *e)
{
	static const struct line first[] = {
		{ HELPER, false, QUESTION,
		  "Hello Maren, and thank you for writing about the mill! Nothing is lost: the text is still there, "
		  "only out of sight. "
		  "Let us look at it together." },
		{ HELPER, true, 0,
		  "Removed for missing sources (see the log). Text is fine otherwise, good photo. Suggest moving it to "
		  "drafts." },
		{ -1, false, 1, "Oh good, I was afraid I would have to write it all again. What does the note mean?" },
		{ HELPER, false, 3,
		  "It asks for **sources**: a book, a newspaper, a heritage list, so that readers can check what they "
		  "read. Do you have one "
		  "about the mill?" },
		{ -1, false, 4, "There is a booklet of the local history society from 1987. Would that do?" },
	};
	static const struct line second[] = {
		{ HELPER, false, QUESTION,
		  "Guten Tag! Setzen Sie hinter den Satz `<ref>Autor: Titel. Verlag, Jahr, Seite.</ref>`, dann "
		  "entsteht die Fußnote von selbst." },
		{ -1, false, 1, "Das hat geklappt, vielen Dank!" },
	};
	int64_t fence;
	enum err err = talk(d, db, a, actors, running, first, sizeof(first) / sizeof(*first), &fence, e);
	if (!err)
		err = talk(d, db, a, actors, finished, second, sizeof(second) / sizeof(*second), &fence, e);
	if (err)
		return err;
	struct act close = { .ticket = finished,
			     .by = BY_HELPER,
			     .who = actors[HELPER],
			     .fenced = true,
			     .fence = fence,
			     .reason = SLICE("answered") };
	struct acted out;
	return ticket_close(d, &close, &out, e);
}

static enum err plans(struct desk *d, const struct actor actors[PEOPLE], struct error *e)
{
	static const struct {
		int who, start, length; /* hour of the week */
	} hours[] = { { HELPER, 18, 3 }, { HELPER, 2 * 24 + 18, 3 }, { TRIAL, 2 * 24 + 17, 3 }, { MODERATOR, 5 * 24 + 22, 4 } };
	int64_t id;
	enum err err = ERR_OK;
	for (size_t i = 0; i < sizeof(hours) / sizeof(*hours) && !err; i++)
		err = hours_put(d, &actors[hours[i].who], hours[i].start, hours[i].length, NULL, &id, e);
	return err;
}

enum err demo_seed(struct desk *d, struct db *db, struct arena *a, char **password, struct error *e)
{
	*password = NULL;
	struct account *accounts;
	size_t count;
	enum err err = people_list(db, a, &accounts, &count, e);
	if (err || count)
		return err;
	char *generated = arena_alloc(a, PEOPLE_GENERATED_BYTES);
	if (!generated)
		return err_nomem(e);
	people_generate_password(generated);
	struct actor actors[PEOPLE];
	err = add_people(d, db, generated, actors, e);

	int64_t tickets[sizeof(questions) / sizeof(*questions)], ticket;
	int network = 1;
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions) && !err; i++)
		err = ask(d, db, a, &questions[i], network++, &tickets[i], e);
	for (size_t i = 0; i < sizeof(doubtful) / sizeof(*doubtful) && !err; i++)
		err = ask(d, db, a, &doubtful[i], network++, &ticket, e);
	/* The same offer from three more networks: near copies that moderators see folded. */
	for (int i = 0; i < 3 && !err; i++)
		err = ask(d, db, a, &doubtful[0], network++, &ticket, e);
	if (!err)
		err = talks(d, db, a, actors, tickets[0], tickets[1], e);
	if (!err)
		err = plans(d, actors, e);
	if (!err)
		*password = generated;
	return err;
}
