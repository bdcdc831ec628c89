/*
 * rule_doubt: when the desk stops trusting a rule as it stands, by what it did since it was edited.
 *
 *  - Self-suspension. Within a day of an edit, a rule that hits more than 5 % of the submissions, and at least 20, alone, is capped at
 *    hold (desk/rule_life). Near copies count once on both sides; hits with a second class of evidence, and confirmed spam, do not
 *    count; of one network a third of the 20 counts at most. So a spammer cannot get a good rule capped by feeding it, and a capped
 *    rule still holds.
 *  - Overturned. Of the last `rule_decisions` decisions of moderators about texts that were held or refused mainly because of the
 *    rule, near copies once, `rule_overturned` said that the text was good: the rule goes back to watch. Only moderators bring
 *    that about. So do the words learned of a language, of the texts that were let in but for them. What would have been let in but
 *    for a ban, rates or attack mode is no rule's doing.
 *
 * An edit is a change of what a rule does (rule->version), seen when a generation is published. Shipped rules at first start are none.
 *
 * Threads: any. Errors: as the store's. Bounds: 50 rules and 400 hits of each a sweep.
 */
#ifndef DESK_RULE_DOUBT_H
#define DESK_RULE_DOUBT_H

#include "desk/desk.h"

struct ruleset;

enum { DOUBT_DAY_MS = 24 * 3600 * 1000, DOUBT_HITS = 20, DOUBT_PERCENT = 5, DOUBT_NETWORKS = 3 };

/* After `next` took the place of `old`: remembers which rules were edited. Nothing without a writer. */
enum err rule_doubt_edited(struct desk *d, const struct ruleset *old, const struct ruleset *next, struct error *e) MUST_CHECK;

/* Each minute. */
enum err rule_doubt_sweep(struct desk *d, struct db *db, struct error *e) MUST_CHECK;

#endif
