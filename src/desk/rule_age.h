/*
 * rule_age: rules that are of no use any more become dormant, announced before and with the evidence said.
 *
 * A hit is good when a moderator called its text spam, or when the text was refused and that stood. A rule that has had no good hit for
 * `rule_dormant_days` is dormant, after it was `ageing` for RULE_AGE_NOTICE_DAYS (states of desk/rule_life, so that the log, the audit, the
 * doctor and the page of rules say it). A good hit meanwhile, an edit, a release and a pin end that; the days begin anew with an edit or a release,
 * and with the desk's first rules. For want of evidence nobody ages: moderators have to have called something spam RULE_AGE_DECISIONS times
 * within these days, each act once.
 *
 * Left alone: rules on watch and at rest, rules that something else is laid on, rules for people in danger (harm), with a score of
 * less than 0 (a good hit says nothing about them), and those of which a meta speaks, which would change without them.
 *
 * Threads: any. Errors: as the store's. Bounds: 500 rules a sweep; the others an hour later.
 */
#ifndef DESK_RULE_AGE_H
#define DESK_RULE_AGE_H

#include "desk/desk.h"

enum { RULE_AGE_NOTICE_DAYS = 14, RULE_AGE_DECISIONS = 50 };

/* Each hour. */
enum err rule_age_sweep(struct desk *d, struct db *db, struct error *e) MUST_CHECK;

#endif
