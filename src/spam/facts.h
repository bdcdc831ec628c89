/*
 * facts: what the judge is told about the world beside the text. The gate fetches them; they are stored with the
 * verdict, so that it can be judged again later and give the same answer. Data only.
 *
 * Every fact can be unknown, and unknown is neither a miss nor a reason (promise P12). A zeroed struct is "nothing is known".
 */
#ifndef SPAM_FACTS_H
#define SPAM_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

enum known { UNKNOWN, NO, YES };

enum form_state {
	FORM_UNKNOWN, /* not looked at */
	FORM_GOOD,    /* ours, in time, not spent */
	FORM_MISSING, /* none came */
	FORM_EXPIRED, /* ours, but old: costs nothing, slow writers exist */
	FORM_SPENT,   /* ours, used before: the Back button, costs nothing */
	FORM_FORGED,  /* not ours */
};

enum { FACTS_OPINIONS = 3 };

/* What an outside service says of the text. */
struct opinion {
	char service[16];
	enum known known; /* UNKNOWN: asked, and no usable answer came */
	double score;     /* what it adds; 0: nothing against the text */
	char words[96];   /* for a moderator */
};

struct facts {
	/* sameness */
	enum known twins;        /* NO: looked and found none; YES: some of the numbers below are not 0 */
	int64_t exact_spam;      /* confirmed spam with the same unmasked text of 80 bytes or more */
	int64_t exact_ham;       /* the same text, judged good, or answered by a helper */
	int64_t payload_spam;    /* confirmed spam with the same domain, handle, phone or wallet */
	char payload[64];        /* that payload, "" when there is none */
	int64_t near_spam;       /* confirmed spam among near copies (shared shingles) */
	int64_t near_senders;    /* from how many networks, as far as they are still known */
	int64_t near_ham;        /* near copies judged good, or answered by a helper */
	int64_t burst;           /* texts with the same mask within the last hour */
	int64_t burst_senders;   /* from this many senders */
	enum known inherits;     /* a near copy was refused within 24 h from the same network */
	int64_t inherits_action; /* enum action of that verdict */
	/* behaviour */
	enum form_state form;
	int64_t form_age_ms;     /* -1: unknown */
	bool form_again;         /* the page was shown again filled (an error, a slow writer): its age says nothing */
	enum known honeypot;     /* YES: filled */
	bool script;             /* the page's script vouched; behaviour counts only then */
	bool api;
	/* rates of the sender, within an hour and a day; -1: unknown sender */
	int64_t sender_hour, sender_day, sender_open;
	bool limits;             /* limits are switched on */
	enum known proven;       /* YES: a challenge was solved for this very text */
	int64_t attack;          /* the step of the desk's attack mode, 0: none (desk/attack) */
	enum known banned;       /* a moderator's ban holds what this sender writes */
	/* the sender within this talk */
	int64_t talk_lines;      /* accepted messages before this one */
	int64_t talk_minute;     /* messages within the last minute; -1: not looked */
	/* learned: NO without an opinion, UNKNOWN while too few texts of the language are known, or it cannot be told */
	enum known learned;
	double learned_score;
	char learned_lang[4];    /* the language as detected, "" when it cannot be told */
	char learned_words[120]; /* what weighed most, from the text itself */
	bool learned_quiet;      /* said, and weighs nothing: moderators overturned or stopped what this language taught */
	struct opinion opinions[FACTS_OPINIONS]; /* the outside services that were asked; service "" ends them */
};

/* All unknown. */
void facts_init(struct facts *f);
struct jv *facts_json(const struct facts *f) MUST_CHECK;
/* Missing members stay unknown. */
void facts_read(const struct jv *v, struct facts *out);

#endif
