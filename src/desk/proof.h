/*
 * proof: challenges as askers meet them: what is offered, what comes back, and what it is worth.
 *
 * Solving a challenge is a toll on volume, not a proof of humanity. A question in the state challenged is judged again without the
 * behaviour class when its challenge was solved: queued, or held. The same number may come with the question itself (its
 * challenge is bound to the form's nonce), and with an appeal, which is then on the appeals list; without one an appeal is taken all the
 * same and is on the folded list. Who has no script answers the site question (configuration `site_question`), or lets a person
 * look: held, in the folded list. So does the fifth wrong answer. Nothing is refused here.
 *
 * A challenge lives in nobody's memory: it is signed (spam/challenge), and what was spent is a row, spent in the command that uses it.
 *
 * Threads: any.
 */
#ifndef DESK_PROOF_H
#define DESK_PROOF_H

#include "desk/ticket.h"

enum { PROOF_LIFE_S = 3600, PROOF_TRIES_MAX = 5 };

/* What a challenge is for; an answer to one is worth nothing to another. */
enum proof_kind { PROOF_FORM, PROOF_QUESTION, PROOF_APPEAL };
struct proof_for {
	enum proof_kind kind;
	struct slice form; /* PROOF_FORM: the nonce, with or without the mark of the page's script */
	int64_t ticket;    /* the others */
};

/* Are challenges on? */
bool proof_on(void);
/* A new one, in the protocol's shape: {algorithm, challenge, maxnumber, salt, signature}. */
enum err proof_offer(struct desk *d, struct db *db, const struct proof_for *what, struct jv **out, struct error *e) MUST_CHECK;

/* An answer that came back. Not good is no error: whoever asks decides what that means. */
struct proof {
	bool good;
	struct crypt_hash id;
	int64_t expires_ms;
};
enum err proof_check(struct desk *d, struct db *db, struct arena *a, const struct proof_for *what, struct slice pow, struct proof *out,
		     struct error *e) MUST_CHECK;
/* Inside the command that uses it: spends it on this ticket and marks the ticket's asker as proven. ERR_CONFLICT when it was spent
 * meanwhile. */
enum err proof_spend(struct db *db, const struct proof *p, int64_t ticket, int64_t now_ms, struct error *e) MUST_CHECK;
/* A moderator vouches, or the site question was answered: proven without a challenge. */
enum err proof_mark(struct db *db, int64_t ticket, struct error *e) MUST_CHECK;
/* Is it an answer to the site question, in any language? */
bool proof_answers(struct slice answer);

/* What is done about a challenged question: one of the three. ERR_CONFLICT when it is not challenged (any more); ERR_INVALID with the
 * field for a wrong answer, except the one that is one too many: then it is held. */
struct solving {
	struct slice pow, answer;
	bool skip;             /* let a person look */
	struct sender sender;
	struct slice agent;    /* User-Agent, for the rules */
};
enum err proof_solve(struct desk *d, struct db *db, struct arena *a, const struct ticket *t, const struct solving *in, struct acted *out,
		     struct error *e) MUST_CHECK;

/* Whether each entry of a `site_question` is a question, "=" and an answer that can be given; else *bad is the first that is not. */
bool proof_site_question_good(struct slice all, struct slice *bad);

/* For metrics. */
struct proof_figures {
	int64_t offered, solved, answered, skipped, wrong;
};
struct proof_figures proof_figures(void);

#endif
