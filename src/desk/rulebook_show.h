/*
 * rulebook_show: what pages and the API see of rules, their errors, their history and their figures, as trees.
 *
 * Reads only. The trees are the caller's. Any thread.
 */
#ifndef DESK_RULEBOOK_SHOW_H
#define DESK_RULEBOOK_SHOW_H

#include "desk/rulebook.h"
#include "desk/rulebook_files.h"
#include "spam/ruleset.h"

/* [{"file","line","column","message","warning"?}] */
struct jv *rulebook_show_errors(const struct cf_errors *errs) MUST_CHECK;
/* One list of both. */
struct jv *rulebook_show_both(const struct cf_errors *first, const struct cf_errors *then) MUST_CHECK;
/* {"rule","file","line","score","describe","mode","action"?,"text","note"?} */
struct jv *rulebook_show_rule(const struct rule *r) MUST_CHECK;
/* Sorts what rule_life_json says into v.held_back and v.ageing; pins are left out. */
void rulebook_show_states(struct jv *v, const struct jv *states);
/* Adds v.slowest and v.timed. */
enum err rulebook_show_costs(const struct ruleset *rules, struct jv *v, struct error *e) MUST_CHECK;
/* [{"file","etag","bytes","shipped","changed","rules","errors"}] */
struct jv *rulebook_show_files(const struct rule_set *disk, const struct ruleset *rules, const struct cf_errors *errs) MUST_CHECK;
/* Adds hits, spam, ham and last_hit of the last 30 days to the trees of the generation's rules (NULL where not wanted). */
enum err rulebook_show_figures(struct db *db, const struct ruleset *rules, struct jv **by_rule, struct error *e) MUST_CHECK;

#endif
