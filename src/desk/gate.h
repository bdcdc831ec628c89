/*
 * gate: everything between words that came in and the log: form nonces, facts, the verdict, and what is remembered.
 *
 * A handler screens before it writes, outside any transaction (gate_screen, on a DB_READ connection); the write command then
 * calls gate_record in its own transaction, which counts the sighting and stores the verdict, and may make the action
 * stricter but never milder. Rooms that put a text into the log do both; nothing an asker writes goes round it.
 *
 * Nobody but moderators sees scores or rules. An asker is told the state and gate_note().
 *
 * With challenge=auto a doubtful question may prove itself (desk/proof); the gate judges it again then (gate_screen with
 * submission.proven, gate_record_again). With challenge=off that band is held.
 *
 * Threads: any; a screening belongs to its arena.
 */
#ifndef DESK_GATE_H
#define DESK_GATE_H

#include "desk/desk.h"
#include "spam/verdict.h"

/* --- form nonces ------------------------------------------------------------------------------------------------ */

enum { GATE_FORM_BYTES = 64, GATE_FORM_LIFE_MS = 24 * 3600 * 1000, GATE_FORM_REPEAT_MS = 600 * 1000 };

/* A page's own script vouches for the form by adding "~" behind the nonce: honeypot and haste count only then, so never without
 * JavaScript. The functions below take a nonce with or without it; both are the same nonce.
 *
 * A new nonce, NUL-terminated. Nothing is stored until it is spent. `again`: the page shows what was typed before, so its
 * age will say nothing about the writer. */
void gate_form_new(struct desk *d, bool again, char out[GATE_FORM_BYTES]);

struct gate_form {
	enum form_state state;  /* FORM_MISSING for an absent or empty nonce */
	bool again, script;
	int64_t age_ms;         /* -1: unknown */
	int64_t ticket;         /* FORM_SPENT: what it was spent on */
	int64_t spent_ms;       /* FORM_SPENT: how long ago. Within GATE_FORM_REPEAT_MS the answer is the same place again;
	                         * later the form is shown again, filled, with a new nonce. */
};
enum err gate_form_check(struct desk *d, struct db *db, struct slice form, struct gate_form *out, struct error *e) MUST_CHECK;
/* In a write command: marks it spent on this ticket. ERR_CONFLICT when it was spent before. Absent: does nothing.
 * gate_record does this for the form of its screening. */
enum err gate_form_spend(struct db *db, struct slice form, int64_t ticket, int64_t now_ms, struct error *e) MUST_CHECK;

/* --- screening --------------------------------------------------------------------------------------------------- */

/* Accepted messages after which a sender is known to a talk: their lines are judged by addresses, sameness, rate and refusing rules. */
enum { GATE_BRIEF_AFTER = 5 };

struct screening;

/* `in` and its slices must live as long as the screening, which lives in the arena. ERR_LIMITED or ERR_BUSY with words for the
 * writer where there is no room to keep a doubtful text (P4): nothing was taken. ERR_INVALID (field "form") where the
 * configuration requires a nonce and none that is ours came. A missing or broken rule set is no error: the last good
 * one judges. */
enum err gate_screen(struct desk *d, struct db *db, struct arena *a, const struct submission *in, const struct sender *who,
	struct screening **out, struct error *e) MUST_CHECK;

const struct verdict *gate_verdict(const struct screening *s);
/* What the asker may be told beside the state; "" when there is nothing. */
struct slice gate_note(const struct screening *s);

/* How the configuration wants texts to be judged. */
struct judge_options gate_judging(void);
/* The bands as the configuration writes them: three rising numbers above 0, separated by commas. */
bool gate_bands_read(const char *text, double b[3]);

/* Outside services are shown what visitors write (net/opinion): their page about privacy says so. */
bool gate_asks_others(void);

/* Inside the write command, once the entry's number is known: stores the verdict of entry n, spends the form nonce, counts the
 * sighting and the sender's rate. *action is what is to be done, possibly stricter than the verdict was. ERR_CONFLICT: the
 * nonce was spent meanwhile by a racing request; look for the ticket of its client_id. May run twice. */
enum err gate_record(struct db *db, const struct screening *s, int64_t ticket, int64_t n, enum action *action, struct error *e) MUST_CHECK;

/* The same for an entry that was judged before: the new verdict takes the old one's place, and nothing is counted twice. */
enum err gate_record_again(struct db *db, const struct screening *s, int64_t ticket, int64_t n, enum action *action, struct error *e) MUST_CHECK;

/* Once a minute or so, on the writer (a chunk at a time): forgets spent nonces, rates and sightings past their time. */
enum err gate_sweep(struct db *db, int64_t now_ms, int64_t *changed, struct error *e) MUST_CHECK;
/* Inside the erase or purge command: forgets verdicts, labels and what was remembered of a ticket's texts. That its network sent
 * something then still counts in the rates until that, too, is forgotten: erasing must not buy new room. */
enum err gate_forget(struct db *db, int64_t ticket, struct error *e) MUST_CHECK;

/* The stored verdict of an entry, as verdict_json wrote it. ERR_NOT_FOUND without one. *out is the caller's. */
enum err gate_verdict_of(struct db *db, int64_t ticket, int64_t n, struct jv **out, struct error *e) MUST_CHECK;

/* For metrics. */
struct gate_figures {
	int64_t screened[ACTION_COUNT];
	int64_t screen_us_total, screen_us_max;
	int64_t errors;
};
struct gate_figures gate_figures(void);

#endif
