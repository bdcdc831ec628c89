/*
 * judge: features and facts in, verdict out. Pure: the same input gives the same verdict.
 *
 * Score bands (configurable): below 3 accept, 3 to 6 challenge, 6 to 15 hold, 15 and more reject. Then the guards:
 *  1. Reject needs two independent evidence classes of weight (rule, URL, sameness with confirmed spam, behaviour, learned,
 *     opinion; never shape), or a rule marked `action reject`. Otherwise hold.
 *  2. Language, script, learned, sameness and opinion alone never go beyond hold.
 *  3. Each class is capped (judge_cap); what is over the cap is taken off its hits in proportion.
 *  4. Behaviour is at most 1 point together; honeypot and haste count only where the page's script vouched for the form.
 *  5. What could not be checked is unknown: never a point, never a refusal. A rule that ran into its limit holds the
 *     text if that rule could have refused or held it.
 *     A rule that is capped (it suspended itself, desk/rule_life) holds at most: it is no evidence for a refusal.
 *  6. A text tagged `harm` is never refused and alerts moderators.
 *  7. A challenge is offered to questions only, where the score without behaviour is below the first band and challenges are on;
 *     otherwise that band is held. Where one was solved (facts.proven) behaviour and rates that ask for a challenge weigh
 *     nothing any more, and what is still doubtful is held.
 *  8. An appeal is never refused; a helper's line is flagged, never held.
 *  9. A ban holds. Rates raise accept to challenge (or hold), never to reject.
 * 10. In attack mode (facts.attack) every question that was not proven is challenged; from its last step on one within a point of
 *     the doubtful band is held. Nothing is refused for it, and where no challenges are offered it changes nothing.
 */
#ifndef SPAM_JUDGE_H
#define SPAM_JUDGE_H

#include "spam/features.h"
#include "spam/verdict.h"

/* Of what a helper writes, rules whose names begin so count, and those that ask for a refusal. */
#define JUDGE_HELPER_RULES "HELPER_"

struct judge_options {
	double challenge, hold, reject; /* where the bands begin */
	bool challenges;                /* challenges are offered; false: that band is held */
	int64_t sender_hour_max;        /* more from one network within the hour: challenge */
	int64_t sender_day_max;         /* within the day: hold */
	int64_t sender_open_max;        /* open questions of one network before a challenge */
	int64_t talk_minute_max;        /* messages in one talk within a minute: as a challenge */
};

/* 3, 6, 15, no challenges, 20 an hour, 100 a day, 5 open, 20 a minute. */
struct judge_options judge_defaults(void);
double judge_cap(enum evidence c);

/* *out lives in the arena, as do the features it quotes. */
enum err spam_judge(struct arena *a, const struct features *f, const struct facts *facts, const struct judge_options *o,
	struct verdict **out, struct error *e) MUST_CHECK;

#endif
