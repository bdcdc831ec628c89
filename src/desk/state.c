#include "desk/state.h"

/* DESIGN.md section 2, row by row. Three cells are more than its words: a release that nobody has claimed yet can be undone; what was
 * withdrawn before it was judged is reopened into the moderators' hands, or the gate could be walked round by
 * withdrawing and reopening; and a snoozed conversation, like a live one, is closed by either side. */
#define STAFF (BY_HELPER | BY_MODERATOR)
#define EITHER (BY_ASKER | STAFF)
const struct arrow state_arrows[] = {
	{ TICKET_ASKED, EVENT_ACCEPT, TICKET_QUEUED, BY_SYSTEM },
	{ TICKET_ASKED, EVENT_CHALLENGE, TICKET_CHALLENGED, BY_SYSTEM },
	{ TICKET_ASKED, EVENT_HOLD, TICKET_HELD, BY_SYSTEM },
	{ TICKET_ASKED, EVENT_REJECT, TICKET_REJECTED, BY_SYSTEM },

	{ TICKET_CHALLENGED, EVENT_SOLVED, TICKET_QUEUED, BY_SYSTEM },
	{ TICKET_CHALLENGED, EVENT_SOLVED_HOLD, TICKET_HELD, BY_SYSTEM },
	{ TICKET_CHALLENGED, EVENT_UNSOLVED, TICKET_HELD, BY_SYSTEM },
	{ TICKET_CHALLENGED, EVENT_WITHDRAW, TICKET_CLOSED, BY_ASKER },

	{ TICKET_HELD, EVENT_RELEASE, TICKET_QUEUED, BY_MODERATOR },
	{ TICKET_HELD, EVENT_SPAM, TICKET_SPAM, BY_MODERATOR },
	{ TICKET_HELD, EVENT_WITHDRAW, TICKET_CLOSED, BY_ASKER },

	{ TICKET_REJECTED, EVENT_APPEAL, TICKET_HELD, BY_ASKER },
	{ TICKET_REJECTED, EVENT_RELEASE, TICKET_QUEUED, BY_MODERATOR },
	{ TICKET_REJECTED, EVENT_SPAM, TICKET_SPAM, BY_MODERATOR },
	{ TICKET_REJECTED, EVENT_RETENTION, TICKET_PURGED, BY_SYSTEM },

	{ TICKET_SPAM, EVENT_APPEAL, TICKET_HELD, BY_ASKER },
	{ TICKET_SPAM, EVENT_UNDO, TICKET_BEFORE, BY_MODERATOR },
	{ TICKET_SPAM, EVENT_RETENTION, TICKET_PURGED, BY_SYSTEM },

	{ TICKET_QUEUED, EVENT_CLAIM, TICKET_LIVE, STAFF },
	{ TICKET_QUEUED, EVENT_NOT_REAL, TICKET_HELD, STAFF },
	{ TICKET_QUEUED, EVENT_SPAM, TICKET_SPAM, BY_MODERATOR },
	{ TICKET_QUEUED, EVENT_UNDO, TICKET_BEFORE, BY_MODERATOR },
	{ TICKET_QUEUED, EVENT_WITHDRAW, TICKET_CLOSED, BY_ASKER },

	{ TICKET_LIVE, EVENT_RETURN, TICKET_QUEUED, STAFF },
	{ TICKET_LIVE, EVENT_LAPSE, TICKET_QUEUED, BY_SYSTEM },
	{ TICKET_LIVE, EVENT_TRANSFER, TICKET_LIVE, STAFF },
	{ TICKET_LIVE, EVENT_TRANSFER_TOPIC, TICKET_QUEUED, STAFF },
	{ TICKET_LIVE, EVENT_SNOOZE, TICKET_SNOOZED, STAFF },
	{ TICKET_LIVE, EVENT_CLOSE, TICKET_CLOSED, EITHER },
	{ TICKET_LIVE, EVENT_SPAM, TICKET_SPAM, BY_MODERATOR },

	{ TICKET_SNOOZED, EVENT_WAKE, TICKET_QUEUED, BY_SYSTEM },
	{ TICKET_SNOOZED, EVENT_REPLY, TICKET_QUEUED, BY_ASKER },
	{ TICKET_SNOOZED, EVENT_CLOSE, TICKET_CLOSED, EITHER },

	{ TICKET_CLOSED, EVENT_REOPEN, TICKET_QUEUED, EITHER },
	{ TICKET_CLOSED, EVENT_REOPEN_HELD, TICKET_HELD, EITHER },
	{ TICKET_CLOSED, EVENT_RETENTION, TICKET_PURGED, BY_SYSTEM },

	{ TICKET_CHALLENGED, EVENT_ERASE, TICKET_ERASED, BY_ASKER },
	{ TICKET_HELD, EVENT_ERASE, TICKET_ERASED, BY_ASKER },
	{ TICKET_REJECTED, EVENT_ERASE, TICKET_ERASED, BY_ASKER },
	{ TICKET_SPAM, EVENT_ERASE, TICKET_ERASED, BY_ASKER },
	{ TICKET_QUEUED, EVENT_ERASE, TICKET_ERASED, BY_ASKER },
	{ TICKET_LIVE, EVENT_ERASE, TICKET_ERASED, BY_ASKER },
	{ TICKET_SNOOZED, EVENT_ERASE, TICKET_ERASED, BY_ASKER },
	{ TICKET_CLOSED, EVENT_ERASE, TICKET_ERASED, BY_ASKER },
};
const size_t state_arrows_count = sizeof(state_arrows) / sizeof(state_arrows[0]);

static const char *const state_names[TICKET_STATES] = { "asked", "challenged", "held", "rejected", "spam", "queued",
							 "live", "snoozed", "closed", "erased", "purged" };

static const char *const event_names[TICKET_EVENTS] = {
	"accept", "challenge", "hold", "reject", "solved", "solved-hold", "unsolved", "withdraw", "release",
	"spam", "appeal", "undo", "claim", "not-real", "return", "lapse", "transfer", "transfer-topic",
	"snooze", "wake", "reply", "close", "reopen", "reopen-held", "retention", "erase",
};

const struct arrow *state_arrow(enum ticket_state from, enum ticket_event event)
{
	for (size_t i = 0; i < state_arrows_count; i++)
		if (state_arrows[i].from == from && state_arrows[i].event == event)
			return &state_arrows[i];
	return NULL;
}

enum err state_next(enum ticket_state from, enum ticket_event event, unsigned by, enum ticket_state *to,
		    struct error *e)
{
	const struct arrow *arrow = state_arrow(from, event);

	if (!arrow)
		return err_set(e, ERR_CONFLICT, "A conversation that is %s cannot take this step.", state_name(from));
	if (!(arrow->by & by))
		return err_set(e, ERR_CONFLICT, "This step is somebody else's to take.");
	*to = arrow->to;
	return ERR_OK;
}

const char *state_name(enum ticket_state s)
{
	return s < TICKET_STATES ? state_names[s] : "unknown";
}

const char *event_name(enum ticket_event ev)
{
	return ev < TICKET_EVENTS ? event_names[ev] : "unknown";
}

enum ticket_state state_read(struct slice name)
{
	for (int s = 0; s < TICKET_STATES; s++)
		if (slice_is(name, state_names[s]))
			return (enum ticket_state)s;
	return TICKET_STATES;
}
