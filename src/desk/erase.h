/*
 * erase: words that go, and the list of places they go from.
 *
 * Unreadable at once, off the disk within 24 h, recorded in DATA/erasures (one line `ID ASKED AT`), which a restore applies before
 * serving. The table of places stands at the head of erase.c: a room that starts to keep words adds its row there. Retention is the
 * same act by the clock: one row per class of data.
 */
#ifndef DESK_ERASE_H
#define DESK_ERASE_H

#include "desk/ticket.h"

/* By the asker (EVENT_ERASE). A reported or urgent ticket is hidden at once and sealed to moderators for 7 days; *sealed says so. The link goes on
 * working and shows that the words are gone. */
enum err erase_ticket(struct desk *d, int64_t ticket, bool *sealed, struct error *e) MUST_CHECK;

/* One round: purges what retention says, erases what is no longer sealed, takes dead words off the disk. In chunks. Call every minute. */
enum err erase_sweep(struct desk *d, struct db *db, struct error *e) MUST_CHECK;

/* After a restore and at start-up: everything named in DATA/erasures is erased again, and rows the file lacks are added to it.
 * *erased may be NULL. */
enum err erase_replay(struct db *db, const char *folder, int64_t *erased, struct error *e) MUST_CHECK;

/* Inside commands: removes the words of one ticket from every place. */
enum err erase_words(struct db *db, int64_t ticket, struct error *e) MUST_CHECK;
/* Inside commands: removes the words of one entry (suppression). */
enum err erase_entry(struct db *db, int64_t ticket, int64_t n, struct error *e) MUST_CHECK;

#endif
