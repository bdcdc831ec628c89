/*
 * presence: who is here, now. Messages, not facts: in memory only, gone with the process, decides nothing but what people are told.
 *
 * Any thread; one lock, taken last. Publishes `presence`, `typing` and `read` events (without id) to the ticket's topics.
 */
#ifndef DESK_PRESENCE_H
#define DESK_PRESENCE_H

#include "desk/desk.h"

struct presence;

struct presence *presence_new(struct hub *h) MUST_CHECK;
void presence_free(struct presence **p);

/* On duty: explicit and opt-in, renewed by the open desk page (a heartbeat each 30 s keeps it; it ends after 90 s without).
 * `away` takes nothing new and does not count. Trial helpers do not count as staffing.
 * DUTY_FINISHING and DUTY_PAUSED are desk/care's words: here such a person is away. */
enum duty { DUTY_OFF, DUTY_AWAY, DUTY_ON, DUTY_FINISHING, DUTY_PAUSED };
const char *presence_duty_name(enum duty duty); /* "off", "away", "on", "finishing", "paused" */
/* False: unknown, or nothing that somebody can say of themselves. */
bool presence_duty_read(struct slice name, enum duty *out);
void presence_duty(struct presence *p, const struct actor *who, enum duty duty, int64_t now);
/* The heartbeat: as presence_duty, but what somebody said in another tab since, off or away, stands. */
void presence_renew(struct presence *p, const struct actor *who, enum duty duty, int64_t now);
enum duty presence_duty_of(struct presence *p, int64_t account, int64_t now);
size_t presence_on_duty(struct presence *p, int64_t now); /* helpers and above, without trial */

/* A stream on a ticket opened (account 0: its asker's). Counted, so that two tabs are one person. The result is given to presence_left
 * when the stream ends (hub_subscribe's `gone` and `gone_ctx`), before presence_free. NULL when there is no room: nothing is told then. */
struct seat *presence_sit(struct presence *p, int64_t ticket, int64_t account) MUST_CHECK;
void presence_left(void *seat); /* NULL-safe */
/* Tells both sides what has changed since. The publisher calls it each second, so that who opens or ends a stream waits for nobody. */
void presence_tell(struct presence *p);
/* Helpers with the ticket open, and whether the asker has it open. */
struct here {
	size_t helpers;
	bool asker;
};
struct here presence_here(struct presence *p, int64_t ticket);

/* Somebody writes: passed on to the other side at most once in two seconds. account 0: the asker. */
void presence_typing(struct presence *p, int64_t ticket, int64_t account, struct slice name, int64_t now);
/* One side has read up to n (which ticket_read has stored): the other side is told. */
void presence_read(struct presence *p, int64_t ticket, bool helper, int64_t n);

#endif
