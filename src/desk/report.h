/*
 * report: one side of a conversation tells the moderators about the other.
 *
 * A report names an entry of the other side and says why. It stands on the moderators' list `reports` until somebody judges that entry
 * (desk/judgement), and a person decides (P12). By itself only one thing follows: a helper whom so many different people report as
 * `helper_reports` (configuration) says is paused. They finish what they have and are given nobody new, until so many of the reports are judged,
 * either way, that fewer are left. That is counted from the open reports each time, so there is nothing to forget or to lift. Askers who share
 * a network count once, so that nobody can pause a helper by asking three times; moderators are never paused, or reporting could keep them from judging. A helper's report is also a staff entry of
 * the log (fact, data.what "report", without the words), so that colleagues know. An asker's report leaves no entry: the log
 * is what the reported helper reads, and nobody shall have to fear their anger. Words of reports are for moderators and go with the ticket's.
 *
 * The desk reports by itself a text whose screening says that somebody may be in danger (desk/gate), held or not: moderators have to see it first.
 *
 * Retries are harmless: the same client_id, or without one the same words about the same entry, is the first report again.
 */
#ifndef DESK_REPORT_H
#define DESK_REPORT_H

#include "desk/ticket.h"

enum {
	REPORT_DAYS = 90,        /* older ones pause nobody: by then it is not known any more which askers were one */
	REPORT_BY_DESK = -1, /* for the account of who reports */
	REPORT_OPEN_MAX = 5, /* of one reporter in one conversation; past that ERR_LIMITED until some are judged */
};

struct report {
	int64_t ticket;
	const struct actor *who; /* NULL: the asker */
	int64_t n;               /* 0: the last answer (asker), the question (staff) */
	struct slice reason;     /* 1 to TICKET_REASON_MAX_BYTES bytes */
	struct slice client_id;  /* absent: none */
};
struct reported {
	int64_t n, at;           /* the entry it is about; when it was first reported */
	bool repeat;
};
/* Who may read the ticket was settled before. ERR_INVALID with the field: an entry that is not the other side's, or no reason.
 * ERR_CONFLICT: nobody has answered yet, the words are gone, or the client_id was used for another report. `db` reads. */
enum err report_add(struct desk *d, struct db *db, struct arena *a, const struct report *in, struct reported *out, struct error *e) MUST_CHECK;

/* Is this account paused? Any connection. */
enum err report_paused(struct db *db, int64_t account, bool *paused, struct error *e) MUST_CHECK;

#endif
