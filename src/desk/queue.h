/*
 * queue: who waits, how long, and who is next.
 *
 * "Next" gives the oldest eligible question, first those the helper snoozed and those whose askers want this helper again; in attack mode (desk/attack) in turns one of a proven
 * asker and one of an unproven; a free pick is allowed and recorded in the log (data.pick), as is a claim that leaves a question of the
 * same language waiting which had waited QUEUE_OLDER_MS longer (data.older). Positions and waits shown to people come from the log and
 * are absent below 20 samples.
 */
#ifndef DESK_QUEUE_H
#define DESK_QUEUE_H

#include "desk/ticket.h"

enum { QUEUE_PAGE = 50, QUEUE_SAMPLES_MIN = 20, QUEUE_SAMPLES = 200, QUEUE_OLDER_MS = 2 * 60 * 1000, QUEUE_LONG_S = 30 * 60 };

enum queue_view {
	QUEUE_UNASSIGNED, /* queued, oldest first */
	QUEUE_MINE,       /* what I hold or snoozed, or was invited into */
	QUEUE_ALL,        /* queued, live and snoozed: a trial helper sees no words of what is not theirs */
	QUEUE_WAITING,    /* waits on us: mine, where the asker wrote last; also closed ones the asker wrote into */
};
/* False: unknown name. Absent is QUEUE_UNASSIGNED. */
bool queue_view_read(struct slice name, enum queue_view *out);

struct queue_filter {
	enum queue_view view;
	struct slice lang, topic; /* absent: any */
	struct slice cursor;      /* of the page before; absent: from the start */
};
struct queue_page {
	struct ticket *tickets;
	enum access *access;      /* of each */
	size_t count;
	struct slice cursor;      /* absent: that was all */
};
enum err queue_list(struct db *db, struct arena *a, const struct actor *who, const struct queue_filter *f,
		    struct queue_page *out, struct error *e) MUST_CHECK;

/* Counts for the desk's page. */
struct queue_counts {
	int64_t unassigned, mine, live, waiting;
};
enum err queue_count(struct db *db, const struct actor *who, struct queue_counts *out, struct error *e) MUST_CHECK;

/* Claims one. By its holder: the same fence with `repeat`. Held by another: ERR_CONFLICT with out->holder and holder_name.
 * Over the cap that the helper set (desk/care): ERR_CONFLICT, field claim_cap. */
enum err queue_claim(struct desk *d, const struct act *in, struct acted *out, struct error *e) MUST_CHECK;
/* Claims the oldest eligible one (filters as wished). *ticket 0: nobody waits. ERR_CONFLICT: over the desk's claim_cap too (field claim_cap),
 * or the helper wants to stop (field duty). */
enum err queue_next(struct desk *d, const struct actor *who, struct slice client_id, struct slice lang, struct slice topic,
		    int64_t *ticket, struct acted *out, struct error *e) MUST_CHECK;

/* What is honestly said about waiting. */
enum desk_status {
	DESK_OPEN,   /* somebody is on duty */
	DESK_RETURN, /* ask and return: nobody is */
	DESK_FULL,   /* on duty, but more wait than they can take soon */
};
const char *desk_status_name(enum desk_status s); /* "open", "return", "full" */

struct wait {
	enum desk_status status;
	bool known;               /* at least 20 samples in the last 28 days */
	int64_t median_s, p90_s;  /* from asking to the first human reply */
};
enum err queue_status(struct desk *d, struct db *db, enum desk_status *out, struct error *e) MUST_CHECK;
enum err queue_wait(struct desk *d, struct db *db, struct wait *out, struct error *e) MUST_CHECK;
/* The same for decisions about held questions; status says nothing. */
enum err queue_hold_wait(struct db *db, struct wait *out, struct error *e) MUST_CHECK;
/* For how long the one has waited who has waited longest, in seconds; 0 when nobody waits. */
enum err queue_oldest(struct db *db, int64_t *out_s, struct error *e) MUST_CHECK;
/* {status, median_s?, p90_s?} */
struct jv *queue_wait_json(const struct wait *w);
/* 1: the next one. 0 when it is not queued. */
enum err queue_position(struct db *db, const struct ticket *t, int64_t *out, struct error *e) MUST_CHECK;

#endif
