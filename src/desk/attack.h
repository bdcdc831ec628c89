/*
 * attack: when the desk is flooded, asking costs more work, in steps, and falls back by itself.
 *
 *     step 1   every question has to prove itself, not the doubtful ones alone
 *     step 2   proving takes four times the work
 *     step 3   ten times, and what is nearly doubtful is held
 *
 * In any of them `next` alternates between questions that were proven and ones that were not. The form stays open and nothing is
 * refused for it (P10); with challenge=off only the alternation is left.
 *
 * Signs of an attack: within ten minutes ten questions or more, and half of all, held or refused (of one known network three count);
 * within an hour thirty or more and three times the usual; within half an hour three closed as "not a real question". What is usual
 * is the larger of the mean hour and the mean of this hour of the day within two weeks; in a desk's first day it is unknown and
 * no sign (P12). A step is raised when a sign is still there after five minutes, and lowered after ten minutes without one.
 *
 * A moderator may set a least step for some hours, or end it, after which signs are not heeded for an hour.
 *
 * State is one row, written with its audit row; nothing is kept in memory. attack_tick runs on the clockwork's thread, everything
 * else on any.
 */
#ifndef DESK_ATTACK_H
#define DESK_ATTACK_H

#include "desk/desk.h"

enum { ATTACK_STEPS = 3, ATTACK_HAND_S_DEFAULT = 4 * 3600, ATTACK_HAND_S_MAX = 24 * 3600 };

enum attack_why { ATTACK_CALM, ATTACK_HAND, ATTACK_STOPPED, ATTACK_ARRIVALS, ATTACK_NOT_REAL };
const char *attack_why_name(enum attack_why w); /* "calm", "hand", "stopped", "arrivals", "notreal" */

struct attack {
	int64_t step;
	enum attack_why why;
	int64_t since, changed, signed_at;
	int64_t hand, hand_until, quiet_until;
};
enum err attack_read(struct db *db, struct attack *out, struct error *e) MUST_CHECK;
/* {step, why, since?, until?} */
struct jv *attack_json(const struct attack *a);

/* What is seen, and which sign it is (ATTACK_CALM: none). */
struct attack_seen {
	int64_t asked, stopped;   /* within ten minutes */
	int64_t hour, usual_hour; /* within an hour; usual -1: unknown */
	int64_t not_real;         /* within half an hour */
};
enum attack_why attack_sign(const struct attack_seen *seen);
/* Time goes by: false when nothing changes. */
bool attack_next(struct attack *a, enum attack_why sign, int64_t now_ms);

/* Inside the command that writes a question: one more came. */
enum err attack_count(struct db *db, int64_t now_ms, struct error *e) MUST_CHECK;
/* Looks for signs, and raises or lowers. Every few seconds. */
enum err attack_tick(struct desk *d, struct db *db, struct error *e) MUST_CHECK;
/* By a moderator: at least `step` for so many seconds; 0 ends it. ERR_INVALID with the field. */
enum err attack_set(struct desk *d, const struct actor *who, int64_t step, int64_t for_s, struct attack *out, struct error *e) MUST_CHECK;

/* Inside the command of `next`: whose turn it is. ATTACK_ANY while there is no attack. */
enum attack_turn { ATTACK_ANY = -1, ATTACK_PROVEN, ATTACK_UNPROVEN };
enum err attack_turn(struct db *db, enum attack_turn *out, struct error *e) MUST_CHECK;
/* It was used up: now it is the others'. */
enum err attack_turned(struct db *db, enum attack_turn used, struct error *e) MUST_CHECK;

#endif
