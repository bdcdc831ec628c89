/*
 * replay: a draft of the rules beside those that serve, over texts that the desk keeps.
 *
 * Each text is read and judged twice with the facts of its own verdict (but for what an earlier copy's verdict handed down), so that
 * the rules are all that differs: what the draft would
 * catch more, whom it would hurt, what it would let go, what it costs. Good texts (ham) are those that a moderator called good, and
 * those that a helper answered and nobody called spam. The newest texts come first.
 *
 * The ham budget: a draft may be stricter with at most 5 in 1,000 of the good texts, rounded down, than the rules that serve.
 *
 * What the desk laid on rules (desk/rule_life) plays no part: files are compared with files.
 *
 * Threads: any; one that may be slow. Memory: one page of texts and one text's judging at a time. Nothing is written.
 */
#ifndef DESK_REPLAY_H
#define DESK_REPLAY_H

#include "desk/desk.h"

struct cf_errors;
struct rule_edit;
struct ruleset;
struct str;

enum { REPLAY_TEXTS_MAX = 20000, REPLAY_BUDGET_PER_MILLE = 5, REPLAY_BEFORE_SAVING = 2000, REPLAY_ONLINE_MS = 10000, REPLAY_AFTERWARDS_MS = 2000 };

struct replay_options {
	int64_t since_ms;  /* texts from then on; 0: all */
	int64_t texts_max; /* 0: REPLAY_TEXTS_MAX */
	int64_t ms_max;    /* 0: as long as it takes */
	bool ham_only;
	void (*share)(double done); /* called now and then with how far it is, 0 to 1; may be NULL */
};

/* {"texts","ham","spam","caught","victims","unsure","freed","budget","within":bool,"more":bool,
 *  "by_lang":{"en":{"texts","ham","spam","caught","victims"}},
 *  "items":[{"ticket","n","lang","title"?,"label"?,"from","to","rules":["..."]}],
 *  "rules":[{"rule","hits","spam","ham","limits"}], of those that the draft adds or changes
 *  "us":{"live","draft"}}
 * caught, victims, unsure: what the draft is stricter with, of spam, of ham, of what nobody judged; freed: what it is milder with. `more`: there
 * were more texts than texts_max, or than ms_max was enough for. *out is the caller's. */
enum err replay_run(struct db *db, const struct ruleset *live, const struct ruleset *draft, const struct replay_options *o, struct jv **out,
	struct error *e) MUST_CHECK;

/* Whether the draft adds or changes a rule at all: a draft that only removes some hurts nobody. */
bool replay_is_due(const struct ruleset *live, const struct ruleset *draft);

/* What an admin should know of the draft before it is saved: adds a notice for each rule that it adds or changes and that hits more of the newest good
 * texts than the budget is wide; and, with a `file` to name, one where the whole is over the budget. `db` NULL: there are no texts to try it on. */
enum err replay_doubts(struct db *db, const struct ruleset *live, const struct ruleset *draft, const char *file, struct cf_errors *errs,
	struct error *e) MUST_CHECK;

/* The same for files that were changed in the folder and serve already, and no file to name; for REPLAY_AFTERWARDS_MS, because the server may be about
 * to stop. */
enum err replay_afterwards(struct db *db, const struct ruleset *before, const struct ruleset *live, struct cf_errors *errs, struct error *e) MUST_CHECK;

/* Before `edit` is saved: the newest good texts of edit->db (NULL: none) are tried. Adds notices as replay_doubts does. Over the budget: ERR_INVALID
 * with a warning in `errs`, the first; with edit->override and a reason in its comment, ERR_OK and what history is to say before the reason in `comment`. */
enum err replay_budget(const struct rule_edit *edit, const struct ruleset *live, const struct ruleset *draft, struct cf_errors *errs, struct str *comment,
	struct error *e) MUST_CHECK;

struct judgement_item;

/* The newest texts that `rule` holds or refuses alone: nobody has decided them, and judged again with `life` (as rule_life_flags; not NULL), in which the
 * rule is watched, they would go in. Learned words (rule_life_words) are watched without it. At most `max` into `items`; *more: there may be others. */
enum err replay_held_by(struct db *db, const struct ruleset *rules, const unsigned char *life, struct slice rule, struct judgement_item *items, size_t max,
	size_t *count, bool *more, struct error *e) MUST_CHECK;

#endif
