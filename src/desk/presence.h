/*
 * presence: who is here, now. Messages, not facts: in memory only, gone with the process, decides nothing but what people are told.
 *
 * Any thread; one lock, taken last. Publishes `presence` and `typing` events (without id) to the ticket's topics.
 */
#ifndef DESK_PRESENCE_H
#define DESK_PRESENCE_H

#include "desk/desk.h"

struct presence;

struct presence *presence_new(struct hub *h) MUST_CHECK;
void presence_free(struct presence **p);

/* On duty: explicit and opt-in, renewed by the open desk page (a heartbeat each 30 s keeps it; it ends after 90 s without).
 * `away` takes nothing new and does not count. Trial helpers do not count as staffing. */
enum duty { DUTY_OFF, DUTY_AWAY, DUTY_ON };
void presence_duty(struct presence *p, const struct actor *who, enum duty duty, int64_t now);
enum duty presence_duty_of(struct presence *p, int64_t account, int64_t now);
size_t presence_on_duty(struct presence *p, int64_t now); /* helpers and above, without trial */

/* A stream on a ticket opened or ended. Staff: account != 0. Counted, so that two tabs are one person. Both sides are told. */
void presence_enter(struct presence *p, int64_t ticket, int64_t account, struct slice name);
void presence_leave(struct presence *p, int64_t ticket, int64_t account);
/* Helpers with the ticket open, and whether the asker has it open. */
struct here {
	size_t helpers;
	bool asker;
};
struct here presence_here(struct presence *p, int64_t ticket);

/* Somebody writes: passed on to the other side at most once in two seconds. account 0: the asker. */
void presence_typing(struct presence *p, int64_t ticket, int64_t account, struct slice name, int64_t now);

#endif
