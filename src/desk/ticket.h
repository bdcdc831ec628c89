/*
 * ticket: a question and what can be done with it, except writing (desk/talk) and holding (desk/queue, desk/lease).
 *
 * The row in `tickets` is the projection of the ticket's log; each arrow of desk/state is one log entry written with the
 * row in one transaction, by ticket_move. Writing functions block until the commit is durable (P1).
 *
 * Errors: ERR_NOT_FOUND (unknown, or another's), ERR_CONFLICT (the state table says no, stale fence, something new was
 * written since, the same client_id with another request), ERR_INVALID with the field, ERR_LIMITED, ERR_BUSY.
 */
#ifndef DESK_TICKET_H
#define DESK_TICKET_H

#include "desk/desk.h"
#include "desk/entry.h"
#include "desk/state.h"

enum {
	TICKET_TEXT_MAX_BYTES = 16384, /* a body */
	TICKET_TITLE_MAX_BYTES = 255,
	TICKET_NAME_MAX_BYTES = 100,
	TICKET_EMAIL_MAX_BYTES = 254,
	TICKET_PAGE_MAX_BYTES = 1024,
	TICKET_REASON_MAX_BYTES = 500,
	TICKET_CLIENT_ID_MAX_BYTES = 128,
	TICKET_SECRET_MIN_BYTES = 22,  /* a client_id of a question */
	TICKET_TOKEN_BYTES = 64,       /* room for a link token and its NUL */
	TICKET_SEALED_DAYS = 7,
	TICKET_ASKER_STEPS_MAX = 20,   /* a day: what an asker's buttons write into the log */
};

struct lease {
	int64_t fence, expires; /* expires: wall ms; 0: nobody holds it */
};

/* Why a ticket is in the held state: which of the moderators' lists it is on. */
enum held_why { HELD_NOT, HELD_SCREEN, HELD_UNSOLVED, HELD_APPEAL, HELD_NOT_REAL };

struct ticket {
	int64_t id;
	enum ticket_state state, before; /* before: where EVENT_UNDO leads */
	enum held_why why;
	struct slice title, name, lang, topic, page; /* absent: none. title is never absent while there are words */
	bool email;                      /* an address is kept; nobody sees it */
	int64_t asked;                   /* when it came */
	int64_t anchor;                  /* its age in the queue; reopening sets a new one */
	int64_t changed;                 /* the last entry */
	int64_t answered;                /* the first message of a helper; 0: none yet */
	int64_t decided, closed;         /* the last moderators' decision, the last closing; 0: none */
	int64_t deadline;                /* challenged: when it is held unsolved; snoozed: when it wakes; else 0 */
	int64_t holder;                  /* account, or 0 */
	struct slice holder_name;
	struct lease lease;
	int64_t snoozed_by;              /* offered to them first */
	int64_t last_n;
	int64_t asker_read, helper_read; /* the asker, and whoever held it, have read up to here */
	int64_t additions, added_bytes;  /* the asker's texts before a helper's first (budget) */
	enum author last_by;             /* who wrote the last message: AUTHOR_ASKER means it waits for us */
	bool urgent, hidden, appealed;
	bool overdue;                    /* held for a day without a decision */
	int64_t sealed_until;            /* erased, but moderators still need it; 0: not */
};

/* ERR_NOT_FOUND when there is none. Slices live in the arena. */
enum err ticket_load(struct db *db, struct arena *a, int64_t id, struct ticket *out, struct error *e) MUST_CHECK;
/* By the asker's link. ERR_NOT_FOUND for any token that opens nothing. */
enum err ticket_by_token(struct db *db, struct arena *a, struct slice token, struct ticket *out,
			 struct error *e) MUST_CHECK;
/* The link's token again, for a retry. ERR_CONFLICT where the link key is not the one it was made with. */
enum err ticket_token(struct desk *d, struct db *db, int64_t ticket, char out[TICKET_TOKEN_BYTES], struct error *e) MUST_CHECK;

/* ---- who may read (DESIGN section 7) ---- */
enum access {
	ACCESS_NONE,    /* answer 404 */
	ACCESS_LIST,    /* its place in the queue, no words: a trial helper and a ticket it has not claimed */
	ACCESS_READ,
	ACCESS_AUDITED, /* another's ticket, running or closed: each view is written down and capped */
};
enum err ticket_may_read(struct db *db, const struct actor *who, const struct ticket *t, enum access *out,
			 struct error *e) MUST_CHECK;
/* Loads and proves; writes the audit row where one is due. Anything less than reading is ERR_NOT_FOUND, a spent hourly cap
 * ERR_LIMITED. What staff reading goes through: ticket page, GET tickets/ID, transcript, event stream. */
enum err ticket_for_staff(struct desk *d, struct db *db, struct arena *a, const struct actor *who, int64_t id,
			  struct ticket *out, struct error *e) MUST_CHECK;

/* As whom staff reads its log: the words of a held line are for its writer, the ticket's holder (or who put it aside), an invited
 * helper, and moderators. A moderator reads as a holder here; what was hidden takes VIEW_MODERATOR. */
enum err ticket_reader(struct db *db, const struct actor *who, const struct ticket *t, struct reader *out, struct error *e) MUST_CHECK;

/* A ticket in the API's lists: {id, state, title?, name?, lang, topic?, page?, asked, since, answered?, changed, n, waiting,
 * holder?:{id,name}, expires?, until?, urgent?, hidden?}. `access` ACCESS_LIST leaves the words out. */
struct jv *ticket_json(const struct ticket *t, enum access access);

/* ---- acting ---- */
struct act {
	int64_t ticket;
	unsigned by;              /* one of enum by */
	struct actor who;         /* staff; zero for the asker and the system */
	bool fenced;              /* `fence` was given. Helpers must on what is held; ERR_MALFORMED without */
	int64_t fence;
	int64_t seen;             /* moderators: the last entry they saw; something newer is ERR_CONFLICT. 0: not said */
	struct slice client_id;   /* absent: none */
	struct slice reason;      /* goes into data.reason; absent: none */
	bool again;               /* the asker reopens it, and wants the helper of ticket_again */
};
struct acted {
	int64_t n, at;            /* the entry */
	int64_t fence, expires;   /* as they are now; expires 0 when nobody holds it */
	enum ticket_state state;
	int64_t holder;           /* also when somebody else's claim was the conflict */
	char holder_name[128];
	bool repeat;
};

/* ---- inside the writer's commands ---- */
/* The row as it is in this transaction, without words: all slices absent. */
enum err ticket_row(struct db *db, int64_t id, struct ticket *out, struct error *e) MUST_CHECK;
/* The query room's and search's rows: TICKET_COLUMNS starting at `first`. Slices are copied to the arena; NULL: left absent. */
enum err ticket_read_row(struct rows *r, int first, struct arena *a, struct ticket *out) MUST_CHECK;
/* Settles in which right staff acts on the ticket as it is: the holder (or an invited helper) with a good fence, else a moderator who
 * names what they saw. Sets act->by. What nobody holds needs neither. */
enum err ticket_right(struct db *db, const struct ticket *t, struct act *act, int64_t now, struct error *e) MUST_CHECK;
/* ERR_CONFLICT when the other side wrote something after entry `seen` (0: not asked). A moderator's own right to write is what they saw. */
enum err ticket_seen(struct db *db, const struct ticket *t, const struct actor *who, int64_t seen, struct error *e) MUST_CHECK;
/* ERR_LIMITED when the asker has pressed buttons often enough for a day: every press is an entry. Closing is never refused. */
enum err ticket_asker_steps(struct db *db, int64_t ticket, int64_t now, struct error *e) MUST_CHECK;
/* May its words be in the search index in this state? */
bool ticket_open(const struct ticket *t);
struct move {
	int64_t ticket;
	enum ticket_event event;
	unsigned by;              /* one of enum by */
	struct actor who;         /* zero for the asker and the system */
	int64_t now;
	bool check_fence;
	int64_t fence;
	int64_t seen;             /* 0: not checked */
	struct slice client_id, reason;
	bool pick;                /* CLAIM: a free pick, not the next one */
	bool older;               /* CLAIM: somebody who had waited longer goes on waiting */
	int64_t holder;           /* CLAIM, TRANSFER: who holds it now. REOPEN: whom it is offered to first */
	struct slice holder_name;
	int64_t expires;          /* CLAIM, TRANSFER */
	int64_t deadline;         /* SNOOZE */
	struct slice topic;       /* TRANSFER_TOPIC */
	enum held_why why;        /* events that lead to held */
};
/* Takes one arrow: compares fence and `seen`, asks the state table, writes the row and one `state` entry, keeps the search
 * index in step. ERR_CONFLICT writes nothing. May be used by any room of the desk inside its own command. */
enum err ticket_move(struct db *db, const struct move *m, struct acted *out, struct error *e) MUST_CHECK;

/* Fills what `out` says about the ticket as it now is. */
void ticket_acted(const struct ticket *t, struct slice holder_name, struct acted *out);
/* Is it one of the topics the desk offers (configuration `topics`)? */
bool ticket_topic_known(struct slice topic);

#include "desk/ticket_act.h"
#include "desk/ticket_ask.h"

#endif
