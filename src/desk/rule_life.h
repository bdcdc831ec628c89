/*
 * rule_life: what the desk lays on a rule beside its files, and why: quarantine, caps, stops.
 *
 * Rules are files, and files are admins'. What happens to a rule between two edits is here: rows of rule_states, read with each
 * screening (there are few), so that a restart, another process or a new generation changes nothing.
 *
 *  quarantined  ran into its limit (match limit, CPU time) on texts of three networks within a day, each network and each text
 *               counted once, so neither one network nor one text can do it. It is not run any more; texts that hold its literals
 *               are unknown, and held where the rule could hold or refuse (P12): nothing passes because of it.
 *  capped       holds, refuses nothing (desk/rule_doubt says when).
 *  overturned   as in mode watch (likewise).
 *  stopped      as in mode watch, by a moderator; only an admin releases it.
 *  ageing       acts as ever; it will be dormant soon (desk/rule_age says when).
 *  dormant      as in mode dormant: not run (likewise).
 *  pinned       acts as ever, and does not age: an admin's word, which only an admin takes back.
 *
 * All but `stopped` and `pinned` hold for one version of the rule: an edit lifts them. A network that is not known is no network:
 * its limit errors are counted in the figures only.
 *
 * The words learned of a language (desk/learning) are overturned, stopped and released like a rule named "learned/" and its code. No edit lifts that.
 *
 * Threads: any. Errors: as the store's.
 */
#ifndef DESK_RULE_LIFE_H
#define DESK_RULE_LIFE_H

#include "desk/desk.h"
#include "spam/features.h"

struct ruleset;

/* Stored: never renumber. */
enum rule_state { RULE_QUARANTINED = 1, RULE_CAPPED, RULE_OVERTURNED, RULE_STOPPED, RULE_AGEING, RULE_DORMANT, RULE_PINNED };
#define RULE_STATE_COUNT 8
enum { RULE_REASON_MAX_BYTES = 300 };
/* A rule in it does less than its file says. */
bool rule_state_holds_back(enum rule_state s);
const char *rule_state_name(enum rule_state s); /* "quarantined", ... */

enum { RULE_TROUBLE_NETWORKS = 3, RULE_TROUBLE_WINDOW_MS = 24 * 3600 * 1000 };

/* The language whose learned words a name such as "learned/en" stands for; absent for another name. */
struct slice rule_life_words(struct slice rule);
/* Whether they are as in mode watch. */
enum err rule_life_words_watched(struct db *db, struct slice lang, bool *out, struct error *e) MUST_CHECK;

/* *out: enum rule_life, one byte for each rule of the generation, in the arena; NULL where nothing is laid on any. */
enum err rule_life_flags(struct db *db, struct arena *a, const struct ruleset *rules, const unsigned char **out, struct error *e) MUST_CHECK;

/* --- inside a write command -------------------------------------------------------------------------------------------- */

/* A rule could not be run to its end on this text; `text` is what the text is known by. Quarantines the rule where that was enough. */
enum err rule_life_trouble(struct db *db, const struct rule_trouble *t, const struct sender *who, int64_t text, int64_t now_ms,
	struct error *e) MUST_CHECK;
/* Lays it on the rule, unless it lies there for this version (0: for any). `by` NULL: the desk itself. Says so in the audit. */
enum err rule_life_set(struct db *db, struct slice rule, enum rule_state s, int64_t version, const struct actor *by, const char *reason,
	struct error *e) MUST_CHECK;

/* --- for people ------------------------------------------------------------------------------------------------------------ */

/* Any moderator stops a rule: from this commit on it weighs nothing. ERR_NOT_FOUND: neither such a rule nor learned words. ERR_INVALID (reason): too long. */
enum err rule_life_stop(struct desk *d, const struct actor *who, struct slice rule, struct slice reason, struct error *e) MUST_CHECK;
/* An admin takes everything off a rule but a pin. ERR_NOT_FOUND where nothing lies on it. */
enum err rule_life_release(struct desk *d, const struct actor *who, struct slice rule, struct error *e) MUST_CHECK;

/* An admin keeps a rule from ageing (`pin`), and wakes it where it is dormant, or lets it age again. ERR_NOT_FOUND: no such rule, or it is not pinned. */
enum err rule_life_pin(struct desk *d, const struct actor *who, struct slice rule, bool pin, struct error *e) MUST_CHECK;

/* [{"rule","state","held_back":bool,"since","until"?,"by"?,"reason"}], newest first, of what holds for this generation; until: when it is dormant. */
enum err rule_life_json(struct db *db, const struct ruleset *rules, struct jv **out, struct error *e) MUST_CHECK;
/* On how many rules, and on the learned words of how many languages, each state lies. */
enum err rule_life_counts(struct db *db, int64_t rules[RULE_STATE_COUNT], int64_t words[RULE_STATE_COUNT], struct error *e) MUST_CHECK;

/* Each second: says in the log, once, what was laid on rules since. */
enum err rule_life_tell(struct desk *d, struct db *db, struct error *e) MUST_CHECK;
/* Each minute: forgets limit errors of yesterday, and what an edit has lifted. */
enum err rule_life_sweep(struct desk *d, struct db *db, struct error *e) MUST_CHECK;

#endif
