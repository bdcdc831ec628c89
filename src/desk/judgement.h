/*
 * judgement: moderators' decisions about held, challenged, refused and appealed texts, and their undoing.
 *
 * A decision labels an entry spam or ham. The label moves the ticket by the state table (release, spam), teaches sameness, and counts for the
 * rules that hit. Decisions made at once are one undo group; undo takes all of it back: state, label, what was taught. A
 * released question is queued at its original age; a released chat line is a new `release` entry that names the old one.
 * Near copies are folded: items of the same mask, or of half the signature (spam/twin), are one row with a count.
 */
#ifndef DESK_JUDGEMENT_H
#define DESK_JUDGEMENT_H

#include "desk/desk.h"

enum held_list { HELD_HELD, HELD_CHALLENGED, HELD_REJECTED, HELD_APPEALS, HELD_REPORTS, HELD_TRIAL, HELD_LISTS };
/* "held", "challenged", "rejected", "appeals", "reports", "trial" (desk/trial: to be looked at, not decided). */
bool held_list_read(struct slice name, enum held_list *out);

struct held_query {
	enum held_list list;
	struct slice reason; /* an evidence class ("rule", "url", "sameness", ...), absent: all */
	struct slice rule;   /* a rule's name, absent: all */
	struct slice cursor; /* from the page before */
	int limit;           /* 1 to 100; 0: 50 */
	bool fold;           /* near copies as one row with `near` */
};
/* {"items":[{"ticket","n","state","title","lang","topic","name"?,"at","body","parts":[{"text","mark"?,"rule"?}],"score","action",
 *   "reasons":["..."],"hits":[{"rule","score","class","where","text","describe"}],"near":[{"ticket","n"}],"appeal"?,
 *   "harm"?:true,"overdue"?:true (a day without a decision),"reports"?:[{"by","name"?,"reason","at"}],
 *   "trial"?:{"by":{"id","name"},"why"}}],"cursor"?,"counts":{...}}
 * `parts` is the body cut at the marked words: {"text":"...", "mark":true}. *out is the caller's. */
enum err judgement_held(struct db *db, struct arena *a, const struct held_query *q, struct jv **out, struct error *e) MUST_CHECK;
/* {"held":n,"challenged":n,"rejected":n,"appeals":n,"reports":n,"trial":n,"harm":n,"harm_list"?:"..."}: `harm` of these tell of danger and nobody has looked yet;
 * `harm_list` is the list to look into first, where they stand before all others. */
enum err judgement_counts(struct db *db, struct jv **out, struct error *e) MUST_CHECK;

struct judgement_item {
	int64_t ticket;
	int64_t n; /* 0: the question itself */
};
/* LABEL_NONE lets the text in and says nothing about it: nothing is taught, nobody is vouched for. */
enum label { LABEL_SPAM, LABEL_HAM, LABEL_NONE };
enum { JUDGEMENT_ITEMS_MAX = 500, JUDGEMENT_LET_IN_MAX = 5000 };

struct repeat;

struct judgement_done {
	char undo[32];       /* the undo group's name; "" when nothing changed */
	int64_t changed, kept; /* kept: already decided so, or its state allows no such step */
};
/* An appeal is judged by another moderator than the one it is about, where there is one who is not disabled: such an item is kept, and where
 * there was no other kind of item the answer is ERR_CONFLICT. `trust`: with ham, the sender's later texts in this talk are screened briefly. At most JUDGEMENT_ITEMS_MAX items,
 * JUDGEMENT_LET_IN_MAX with LABEL_NONE.
 * `repeat` may be NULL (desk/repeat); with it, decisions that were broken off half way go on where they were, in the same undo group. */
enum err judgement_give(struct desk *d, const struct actor *who, const struct judgement_item *items, size_t count, enum label label,
	bool trust, struct repeat *repeat, struct judgement_done *out, struct error *e) MUST_CHECK;
/* ERR_NOT_FOUND: no such group, or undone before. Items that went on since are kept. */
enum err judgement_undo(struct desk *d, const struct actor *who, struct slice undo, struct judgement_done *out, struct error *e) MUST_CHECK;

#endif
