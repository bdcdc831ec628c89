/*
 * state: the life of a question as one table. Pure: no database, no clock, no memory.
 *
 * The table is the only place that knows which arrow exists and who may take it; `ticket_move` (desk/ticket) is the
 * only place that takes one. A cell that is not there is ERR_CONFLICT. Tests walk every cell.
 */
#ifndef DESK_STATE_H
#define DESK_STATE_H

#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

enum ticket_state {
	TICKET_ASKED,      /* not stored: the row "(ask)" of the table, before the first entry */
	TICKET_CHALLENGED, /* may prove itself, 30 minutes */
	TICKET_HELD,       /* a moderator looks at it */
	TICKET_REJECTED,   /* refused by rule; kept, may appeal once */
	TICKET_SPAM,       /* a moderator said so; kept, may appeal once */
	TICKET_QUEUED,
	TICKET_LIVE,       /* somebody holds it */
	TICKET_SNOOZED,
	TICKET_CLOSED,
	TICKET_ERASED,     /* no words left, by the asker's wish */
	TICKET_PURGED,     /* no words left, by retention */
	TICKET_STATES,
	TICKET_BEFORE      /* only in the table: back to where it was before the last decision */
};

enum ticket_event {
	EVENT_ACCEPT,        /* the judge's four answers to a question */
	EVENT_CHALLENGE,
	EVENT_HOLD,
	EVENT_REJECT,
	EVENT_SOLVED,        /* challenge solved and judged good */
	EVENT_SOLVED_HOLD,   /* challenge solved, judged doubtful again */
	EVENT_UNSOLVED,      /* 30 minutes have passed */
	EVENT_WITHDRAW,
	EVENT_RELEASE,       /* a moderator lets a held or refused question in */
	EVENT_SPAM,
	EVENT_APPEAL,
	EVENT_UNDO,          /* takes a decision (spam, or a release nobody has claimed yet) back */
	EVENT_CLAIM,
	EVENT_NOT_REAL,      /* "not a real question": a moderator looks, nothing is learned */
	EVENT_RETURN,        /* the holder gives it back */
	EVENT_LAPSE,         /* the lease was lost */
	EVENT_TRANSFER,      /* to another person; to a moderator's own hands: taken over */
	EVENT_TRANSFER_TOPIC,
	EVENT_SNOOZE,
	EVENT_WAKE,          /* the time has come */
	EVENT_REPLY,         /* the asker wrote into a snoozed conversation */
	EVENT_CLOSE,
	EVENT_REOPEN,
	EVENT_REOPEN_HELD,   /* reopening what was withdrawn before anybody had judged it */
	EVENT_RETENTION,
	EVENT_ERASE,
	TICKET_EVENTS
};

/* In which right somebody acts: bits. */
enum by { BY_ASKER = 1, BY_HELPER = 2, BY_MODERATOR = 4, BY_SYSTEM = 8 };

struct arrow {
	enum ticket_state from;
	enum ticket_event event;
	enum ticket_state to;
	unsigned by; /* who may take it: enum by */
};

/* The whole table, for walks and documentation. */
extern const struct arrow state_arrows[];
extern const size_t state_arrows_count;

/* NULL: the cell is not there. */
const struct arrow *state_arrow(enum ticket_state from, enum ticket_event event);
/* The same with its reasons: ERR_CONFLICT when the cell is not there or not theirs. *to may be TICKET_BEFORE. */
enum err state_next(enum ticket_state from, enum ticket_event event, unsigned by, enum ticket_state *to,
		    struct error *e) MUST_CHECK;

const char *state_name(enum ticket_state s);  /* "queued"; never NULL */
const char *event_name(enum ticket_event ev); /* "claim"; never NULL */
/* TICKET_STATES when there is no such name. */
enum ticket_state state_read(struct slice name);

#endif
