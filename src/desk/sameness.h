/*
 * sameness: what the desk remembers of texts, so that it knows them again: keys and signatures (spam/twin), where they lead
 * (payloads of spam/shape), who sent them (a hash that goes after two days), and what moderators said of them.
 *
 * What counts as good: a text that a moderator called good, and one that a helper answered and nobody called spam. So a newcomer's
 * template that a spammer copies convicts no newcomer.
 *
 *  - Exact copy, payload, near copies: counted as confirmed spam and as good, for the judge to weigh.
 *  - A site convicts only while more texts that name it were confirmed as spam than were let in: a place that many people
 *    link to is not a spammer's because one of them was. The site's own wiki and trusted hosts are no payloads at all.
 *  - Near copies share a band and half of their signature.
 *
 * Forgetting: unlabelled texts after 30 days, others after `twin_days`; never later than they are erased. Bounds: of each key the 60
 * to 500 most telling rows (labelled first) are looked at. Threads: any; those that change something run in a write command.
 */
#ifndef DESK_SAMENESS_H
#define DESK_SAMENESS_H

#include "desk/desk.h"
#include "spam/facts.h"
#include "spam/shape.h"
#include "spam/twin.h"

struct sameness_text {
	const struct twin_keys *keys;
	const struct payload *payloads;
	size_t payload_count;
	const struct sender *sender;
	int64_t now_ms;
};

/* As stored in the columns `label`. */
enum stored_label { STORED_NONE, STORED_SPAM, STORED_HAM };

/* Fills the facts of sameness anew. */
enum err sameness_facts(struct db *db, const struct sameness_text *t, struct facts *f, struct error *e) MUST_CHECK;

/* Did a near copy of this entry, or the entry itself, teach words (desk/learning)? */
enum err sameness_near_taught(struct db *db, int64_t ticket, int64_t n, bool *near, struct error *e) MUST_CHECK;

/* In a write command. `action`: enum action of its verdict. */
enum err sameness_record(struct db *db, const struct sameness_text *t, int64_t ticket, int64_t n, int64_t action, struct error *e) MUST_CHECK;
enum err sameness_teach(struct db *db, int64_t ticket, int64_t n, enum stored_label label, struct error *e) MUST_CHECK;
/* n 0: all of the ticket. That its network sent something still counts in the rates until that, too, is forgotten. */
enum err sameness_forget(struct db *db, int64_t ticket, int64_t n, struct error *e) MUST_CHECK;
/* Of a text that was imported (ticket below 0): all. */
enum err sameness_remove(struct db *db, int64_t ticket, struct error *e) MUST_CHECK;
/* A chunk of what is past its time; *changed grows by the rows. */
enum err sameness_sweep(struct db *db, int64_t now_ms, int64_t *changed, struct error *e) MUST_CHECK;

#endif
