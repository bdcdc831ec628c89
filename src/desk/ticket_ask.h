/*
 * ticket_ask: how a question comes in, and the asker's two later words to the gate: the appeal and the rating. Everything an asker
 * writes is screened before it is written (desk/gate). Comes with desk/ticket.h.
 */
#ifndef DESK_TICKET_ASK_H
#define DESK_TICKET_ASK_H

#include "desk/ticket.h"

/* ---- asking ---- */
struct ask {
	struct slice body, title, name, email, topic, lang, page; /* absent: not given. body 1..16384 bytes */
	struct slice client_id;  /* a secret of the client: a UUID or at least 22 characters; absent: none */
	struct slice form;       /* the nonce of the form; serves as client_id for 10 minutes when there is none */
	struct slice trap;       /* what stood in the field that people do not see */
	struct slice agent;      /* User-Agent, for the rules */
	struct slice pow;        /* a solved challenge of this form (desk/proof); what is none is left aside */
	bool page_form;          /* by the page, not the API: form_token=required asks for `form` in both */
	struct sender sender;
};
struct asked {
	int64_t ticket;
	char token[TICKET_TOKEN_BYTES];
	enum ticket_state state;
	bool repeat;             /* the same again: answer 200 with this */
	struct slice note;       /* kind words of the rules for the asker, in the arena; absent: none */
};
/* Screens (outside any transaction), then writes. A form nonce that is too old is ERR_CONFLICT with field "form": show the form again. */
enum err ticket_ask(struct desk *d, struct db *db, struct arena *a, const struct ask *in, struct asked *out,
		    struct error *e) MUST_CHECK;
/* The shape of a BCP 47 tag; which languages exist is not ours to say. */
bool ticket_lang_shaped(struct slice s);
/* Checks the fields alone, before anything is spent: ERR_INVALID with the field at fault. */
enum err ticket_check_ask(const struct ask *in, struct error *e) MUST_CHECK;

/* A challenged question whose asker has proven themselves: judged as it stands in the rows, without the behaviour class. */
struct screening;
enum err ticket_judge_again(struct desk *d, struct db *db, struct arena *a, int64_t ticket, struct slice agent, const struct sender *from,
			    struct screening **out, struct error *e) MUST_CHECK;

/* Once. The text is screened and kept as a message. With challenges on, an appeal that comes without an answer to its challenge or
 * to the site question is on the moderators' folded list. */
struct appeal {
	struct slice text;        /* absent: none */
	struct slice pow, answer; /* absent: none */
	struct slice client_id;   /* absent: none */
};
enum err ticket_appeal(struct desk *d, struct db *db, struct arena *a, int64_t ticket, const struct appeal *in,
		       const struct sender *from, struct acted *out, struct error *e) MUST_CHECK;
/* After closing: did this help? The comment is screened. The last rating counts. */
struct rating {
	bool helped;
	struct slice comment, client_id; /* absent: none */
};
enum err ticket_rate(struct desk *d, struct db *db, struct arena *a, int64_t ticket, const struct rating *in, const struct sender *from,
		     struct acted *out, struct error *e) MUST_CHECK;
#endif
