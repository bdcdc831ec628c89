/*
 * opinion: what outside services think of a text: rspamd (its HTTP API, `/checkv2`), StopForumSpam (`/api`, by the MD5 of
 * an e-mail address) and Akismet (`/1.1/comment-check`). All are off until the configuration names them.
 *
 * They are asked side by side and given OPINION_BUDGET_MS together; what has not answered by then is unknown, and the
 * text goes on without it (promises P7, P12). A service that failed OPINION_FAILS_MAX times in a row is left alone for
 * OPINION_REST_MS, so that a dead one does not slow every question, then tried with one text.
 *
 * What leaves the house: to rspamd and Akismet the title and the words; to StopForumSpam the hash of the e-mail address
 * and nothing else. Never a name, a network address or an e-mail address. Answers are believed only
 * as far as they have the documented form; anything else is unknown.
 *
 * MD5 is libmd's: libsodium rightly has none.
 *
 * Threads: any may ask. Errors: none but lack of memory; trouble is logged once until it is over.
 */
#ifndef NET_OPINION_H
#define NET_OPINION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { OPINION_BUDGET_MS = 300, OPINION_FAILS_MAX = 5, OPINION_REST_MS = 30000 };

enum opinion_service { OPINION_RSPAMD, OPINION_STOPFORUMSPAM, OPINION_AKISMET };
#define OPINION_SERVICES 3

struct conf;
struct opinions;

struct opinions *opinions_new(struct error *e) MUST_CHECK; /* NULL: an error. No thread yet: it starts with the first question */
void opinions_free(struct opinions **o);                   /* NULL-safe, clears. Nobody may ask any more */

struct opinion_question {
	struct slice title, body; /* valid UTF-8; title may be absent */
	struct slice email;             /* may be absent; only its hash leaves */
	bool in_talk;                   /* not a question in the form: Akismet is told so */
};

struct opinion_answer {
	const char *service; /* "rspamd", "stopforumspam", "akismet"; static */
	bool known;          /* false: it was asked and gave no usable answer */
	double score;        /* 0: nothing against it; up to 4, see opinion.c */
	const char *words;   /* for a moderator, in the arena; "" when not known */
};

/* True when the configuration names at least one service. */
bool opinions_wanted(void);
/* For the check of a configuration before it counts: addresses are http or https and hold no user; Akismet has a key. */
enum err opinions_conf_fits(const struct conf *c, struct error *e) MUST_CHECK;

/* Fills `out` with one entry for each service that was asked; *n is how many. */
enum err opinions_ask(struct opinions *o, struct arena *a, const struct opinion_question *q, struct opinion_answer out[OPINION_SERVICES], size_t *n,
	struct error *e) MUST_CHECK;

/* Readers of the services' answers, for tests: false where the answer is not of the documented form. *words live in the arena. */
bool opinion_read(enum opinion_service s, struct arena *a, int status, struct slice body, double *score, const char **words) MUST_CHECK;

#endif
