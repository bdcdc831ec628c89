/*
 * verdict: what is judged, and what the judge says. Data only, shared by features, judge, the gate and the pages.
 *
 * A submission is every word an asker (or helper) hands in at once. A verdict is an action with all its reasons: which
 * rules and checks hit, what they saw and where, what each weighed, which rule generation, which facts (promise P5). It is
 * stored as JSON (verdict_json) and read back (verdict_read), so that it can be shown and replayed exactly.
 *
 * Everything lives in the arena it was made in. No threads, no clock, no database.
 */
#ifndef SPAM_VERDICT_H
#define SPAM_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/slice.h"
#include "spam/facts.h"

/* Ordered by severity: the stricter of two actions is the larger. */
enum action { ACTION_ACCEPT, ACTION_CHALLENGE, ACTION_HOLD, ACTION_REJECT };
#define ACTION_COUNT 4
const char *action_name(enum action a); /* "accept", "challenge", "hold", "reject" */

/* Where a reason comes from. Each class is capped; a refusal needs two of them that do not lean on each other. */
enum evidence {
	EVIDENCE_RULE,      /* a rule of the .cf files that reads words */
	EVIDENCE_URL,       /* a rule or list that reads addresses */
	EVIDENCE_SHAPE,     /* how the text is built; never counts towards a refusal */
	EVIDENCE_TWIN,      /* sameness with text that moderators confirmed as spam */
	EVIDENCE_BEHAVIOUR, /* form age, honeypot, rates: at most 1 point together */
	EVIDENCE_LEARNED,
	EVIDENCE_OPINION,
};
#define EVIDENCE_COUNT 7
const char *evidence_name(enum evidence c); /* "rule", "url", "shape", "sameness", "behaviour", "learned", "opinion" */

enum channel { CHANNEL_FORM, CHANNEL_CHAT };

/* What kind of text it is; decides how much of the pipeline runs. */
enum submission_kind {
	SUBMIT_QUESTION, /* a new question: everything runs */
	SUBMIT_APPEAL,   /* everything runs, but the result is never stricter than hold */
	SUBMIT_LINE,     /* an asker's message in a running talk */
	SUBMIT_COMMENT,  /* a rating comment, an edit of a name or title: as a line */
	SUBMIT_HELPER,   /* a helper's message: payment and outside contact only, flagged, never held here */
};

/* All slices may be absent; text is valid UTF-8. Fields are screened one by one and together. */
struct mail;

struct submission {
	enum submission_kind kind;
	enum channel channel;
	struct slice title, body, name;
	struct slice email_domain; /* rules see the domain alone */
	struct slice topic, page, language; /* language as the asker chose it: shown to rules, believed by none */
	struct slice user_agent;
	/* Read by the gate, not by rules. */
	struct slice email;    /* for the one outside service that knows addresses by their hash */
	struct slice form;     /* the nonce of the page it came from */
	struct slice honeypot; /* the field hidden from people; anything in it is suspicious */
	bool api;              /* came by the JSON API, which has no page to carry a nonce */
	bool proven;           /* a challenge was solved for it */
	int64_t ticket;        /* the talk a line belongs to; 0 for a new question */
	int64_t account;       /* of the helper who writes; 0: an asker */
	int64_t corrects;      /* the entry whose place these words take; 0: none */
	/* Words that stand beside a question, its name or page: what hits only with them is this text's, too. */
	struct slice beside;
	/* Filled by the gate (others may fill them for tests). The sender's last lines, oldest first, joined by newlines, so that a text split into lines is seen. */
	struct slice before;
	struct slice after; /* those of them that are read behind a correction */
	int64_t form_age_ms;   /* -1: unknown */
	const char *trust;     /* the field Sender-Trust: "new", "known", "trusted", "helper"; NULL: unknown */
	const struct mail *mail; /* a mail that rules are tried on: they see its fields and parts; NULL otherwise */
	bool brief;            /* a sender already known to this talk: URL, sameness, rate and reject rules only */
};

/* One reason. Slices are valid UTF-8 (what a byte rule matched is repaired). */
struct hit {
	struct slice rule;      /* "CONTACT_TELEGRAM", or a check's own name such as "shape/links" */
	enum evidence evidence;
	double score;           /* what it added, after the class's cap was shared out */
	double weight;          /* before the cap */
	int count;
	struct slice where;     /* the surface that matched: "body", "title", "uri", "norm", "skel", "facts", ... */
	struct slice text;      /* the matched words, at most 200 bytes */
	struct slice describe;  /* one sentence for a moderator */
	struct slice printed;   /* the rule as it stands in its file, "" for checks */
	struct slice note;      /* the rule's words for the newcomer, or "" */
	/* The same words in the field as it was written, when they can be found there: field is "title", "body" or "", and
	 * start, end are byte offsets. */
	const char *field;
	uint32_t start, end;
	enum action at_least;   /* the rule says `action ...`: the text gets no milder treatment than this */
	bool weak;              /* reads only what the text is written in (language, script, channel): no evidence for a refusal */
	bool harm;              /* tagged harm: never refuse, alert moderators */
	bool error;             /* the check could not run to its end (unknown, P12) */
	bool capped;            /* its rule is not trusted with a refusal just now */
	bool quiet;             /* as a rule in watch mode: logged, weighs nothing */
};

/* Words that a rule saw, in the field as it was written ("title", "body"): byte offsets, for marking. A meta marks what its parts saw. */
struct mark {
	const char *field;
	uint32_t start, end;
	struct slice rule;
};

/* Why the action is not simply what the score says; shown to moderators in these words. */
struct guard {
	struct slice name;      /* "one-class", "challenge-off", "harm", "unknown-holds", "rate", "twin-inherits", ... */
	struct slice words;
};

enum { VERDICT_MARKS_MAX = 64 };

struct verdict {
	enum action action;
	double score;
	double by_class[EVIDENCE_COUNT]; /* after caps */
	struct slice generation;         /* name of the rule generation (content hash) */
	struct facts facts;
	const struct hit *hits;
	size_t hit_count;
	const struct mark *marks;        /* at most VERDICT_MARKS_MAX */
	size_t mark_count;
	const struct guard *guards;
	size_t guard_count;
	struct slice note;               /* what the asker may be told, from the weightiest rule that has a note; or "" */
	bool harm;                       /* moderators are to be alerted */
	bool flagged;                    /* a helper's line that moderators should see */
};

/* {"score","action","generation","facts":{},"hits":[{"rule","score","count","class","where","text",...}],"guards":[]}:
 * what `rules explain --json` prints and the database keeps. NULL when out of memory. */
struct jv *verdict_json(const struct verdict *v) MUST_CHECK;
/* The reverse; *out and all it points to live in the arena. ERR_CORRUPT when it is no verdict. */
enum err verdict_read(struct arena *a, const struct jv *v, struct verdict **out, struct error *e) MUST_CHECK;

#endif
