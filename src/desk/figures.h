/*
 * figures: is help fair? The basic measures of the desk, read from tickets, verdicts and the log.
 *
 * A cell (a language) is reported from FIGURES_CELL_MIN tickets on; smaller ones are merged into "other", and shares and waits
 * are left out where even that has fewer: a share of three people is gossip. Held and refused questions that turned out good stay in
 * the denominators, so that the gate cannot flatter the figures. Runs for a while on a large desk: call it on the slow pool.
 */
#ifndef DESK_FIGURES_H
#define DESK_FIGURES_H

#include "desk/desk.h"

enum { FIGURES_CELL_MIN = 20, FIGURES_DAYS_MAX = 366, FIGURES_TICKETS_MAX = 100000, FIGURES_LANGS_MAX = 64 };

/* The last `days` days. *out is the caller's:
 * {days, asked, good, answered, answered_24h?, median_s?, p90_s?, held, held_share?, false_holds, false_hold_share?, refused, spam,
 *  oldest_s?, claims, picks, pick_share?, helpers, top_tenth_share?,
 *  by_lang: [{lang, asked, good, answered, answered_24h?, median_s?, p90_s?, parity?, held, held_share?, false_holds, false_hold_share?}]}
 * good: asked and not (confirmed) spam. answered_24h: share of good ones with a human reply within a day, of those a day old or
 * answered. parity: the cell's median wait by the overall one. oldest_s: age of the oldest unclaimed question. */
enum err figures_json(struct desk *d, struct db *db, int days, struct jv **out, struct error *e) MUST_CHECK;

#endif
