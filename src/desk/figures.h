/*
 * figures: is help fair? The measures of the desk, read from tickets, verdicts and the log.
 *
 * Groups are those of desk/cells: too small ones are merged, and shares and waits are left out where too few would speak. Held and
 * refused questions that turned out good stay in the denominators, so that the gate cannot flatter the figures. No helper is named.
 * Runs for a while on a large desk: call it on the slow pool.
 */
#ifndef DESK_FIGURES_H
#define DESK_FIGURES_H

#include "desk/cells.h"
#include "desk/desk.h"

enum {
	FIGURES_DAYS_MAX = 366,
	FIGURES_TICKETS_MAX = 100000,
	FIGURES_REPLIES_MAX = 1000,            /* answers whose language is looked at, the newest */
	FIGURES_PROMPT_MS = 15 * 60 * 1000,    /* who asks while the desk is open is answered within this */
};

/* The last `days` days. *out is the caller's. What cell_measure says of all tickets, and
 * days, refused, false_refused_share?, spam, accepted, spam_reached, spam_reached_share? (accepted by the gate, spam to a person),
 * staffed_median_s? (of what came while a helper was at work), oldest_s? (the oldest question that nobody has taken),
 * claims, picks, pick_share?, passed, next_passed_share?, pick_passed_share? (claims that left somebody who had waited longer),
 * helpers, top_tenth_share?, live_most (conversations of one helper, now),
 * open: {asked, late, late_share?} (asked while the desk said that helpers are here; not answered within FIGURES_PROMPT_MS),
 * hours: {week: [weeks in which a helper was at work in that hour of the week], weeks, staffed, staffed_share?},
 * replies: {looked, same, same_share?} (answers in the asker's language, of those whose language can be told),
 * cells, by_lang, by_script, by_way: lists of groups. */
enum err figures_json(struct desk *d, struct db *db, int days, struct jv **out, struct error *e) MUST_CHECK;

#endif
