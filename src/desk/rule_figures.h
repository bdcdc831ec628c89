/*
 * rule_figures: what rules did, by language: hits, confirmed right and wrong, the last good hit, runs into the limit; and the texts that one
 * rule held or refused and a moderator called good.
 *
 * The language is the conversation's, "und" where none was chosen. Figures are kept by UTC day, for 400 days. A hit is good when a moderator
 * called its text spam.
 *
 * Threads: any; the first three in a write command.
 */
#ifndef DESK_RULE_FIGURES_H
#define DESK_RULE_FIGURES_H

#include "desk/desk.h"

enum err rule_figures_hit(struct db *db, int64_t ticket, struct slice rule, int64_t now_ms, struct error *e) MUST_CHECK;
/* Counts the decision for every rule that hit entry n; -1 takes one back. */
enum err rule_figures_judged(struct db *db, int64_t ticket, int64_t n, int64_t spam, int64_t ham, int64_t now_ms, struct error *e) MUST_CHECK;
enum err rule_figures_sweep(struct db *db, int64_t before_day, int64_t *changed, struct error *e) MUST_CHECK;

/* Adds to each {"rule",...} of `list`: "limits", "last_good"?, "langs":{"en":{"hits","spam","ham"}}, over the last `days`. */
enum err rule_figures_add(struct db *db, struct jv *list, int64_t days, struct error *e) MUST_CHECK;
/* [{"ticket","n","at","lang","title"?,"action"}], the last decided first, at most 100: texts that the rule weighed on, were held or refused, and
 * are called good. */
enum err rule_figures_wrong(struct db *db, struct slice rule, struct jv **out, struct error *e) MUST_CHECK;

#endif
