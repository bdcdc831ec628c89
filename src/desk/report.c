#include "desk/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "desk/audit.h"
#include "desk/talk.h"
#include "desk/trial.h"
#include "text/utf.h"

enum { RETRY_S = 3600 };
static const int64_t DAY_MS = 24 * 3600 * (int64_t)1000;

enum err report_paused(struct db *db, int64_t account, bool *paused, struct error *e)
{
	int64_t reporters = 0;
	enum err rc = ERR_OK;

	if (conf()->helper_reports > 0)
		rc = db_int(db, SQL_REPORT_AGAINST, BINDS(b_int(account), b_int(clock_wall_ms() - REPORT_DAYS * DAY_MS), b_int(ROLE_MODERATOR)), &reporters, e);
	*paused = reporters > 0 && reporters >= conf()->helper_reports;
	return rc;
}

struct adding {
	const struct report *in;
	int64_t account, n;
	struct reported *out;
};

static enum err find(struct rows *r, const struct adding *x, bool *found, struct error *e)
{
	enum err rc = ERR_OK, closed;

	*found = rows_next(r);
	if (*found) {
		*x->out = (struct reported){ .n = rows_int(r, 0), .at = rows_int(r, 2), .repeat = true };
		if (x->out->n != x->n || !slice_eq(rows_text(r, 1), x->in->reason))
			rc = err_field(e, ERR_CONFLICT, "client_id", "This client_id was used for something else.");
	}
	closed = rows_close(r);
	return closed ? closed : rc;
}

static enum err find_repeat(struct db *db, const struct adding *x, bool *found, struct error *e)
{
	const struct report *in = x->in;
	struct rows r;
	enum err rc;

	if (in->client_id.ptr)
		rc = rows_open(db, &r, SQL_REPORT_BY_CLIENT, BINDS(b_int(in->ticket), b_int(x->account), b_text(in->client_id)), e);
	else
		rc = rows_open(db, &r, SQL_REPORT_SAME, BINDS(b_int(in->ticket), b_int(x->account), b_int(x->n), b_text(in->reason)), e);
	return rc ? rc : find(&r, x, found, e);
}

static enum err add_run(struct db *db, void *self, struct error *e)
{
	struct adding *x = self;
	const struct report *in = x->in;
	int64_t now = clock_wall_ms(), open = 0, entry, author = 0;
	struct ticket t;
	bool found, was = false, is = false;
	char text[64];
	enum err rc = ticket_row(db, in->ticket, &t, e);

	if (!rc)
		rc = find_repeat(db, x, &found, e);
	if (rc || found)
		return rc;
	if (t.state == TICKET_ERASED || t.state == TICKET_PURGED)
		return err_set(e, ERR_CONFLICT, "The words of this conversation are gone.");
	rc = db_int(db, SQL_REPORT_OPEN, BINDS(b_int(in->ticket), b_int(x->account)), &open, e);
	if (rc)
		return rc;
	if (open >= REPORT_OPEN_MAX) {
		rc = err_set(e, ERR_LIMITED, "The moderators have your reports and will look at them.");
		if (e)
			e->retry_after_s = RETRY_S;
		return rc;
	}
	rc = db_int(db, SQL_REPORT_AUTHOR, BINDS(b_int(in->ticket), b_int(x->n)), &author, e);
	if (!rc && author)
		rc = report_paused(db, author, &was, e);
	if (rc)
		return rc;
	rc = db_run(db, SQL_REPORT_ADD,
		    BINDS(b_int(in->ticket), b_int(x->n), b_int(x->account), b_int(now), b_text(in->reason), b_text(in->client_id)), NULL, e);
	if (!rc) {
		snprintf(text, sizeof(text), "%s, entry %" PRId64, in->who ? "staff" : "asker", x->n);
		rc = audit_add(db, in->who, "ticket.report", "ticket", in->ticket, text, e);
	}
	if (!rc)
		rc = trial_look(db, in->ticket, false, now, e);
	if (!rc && author)
		rc = report_paused(db, author, &is, e);
	if (!rc && is && !was)
		rc = audit_add(db, NULL, "account.pause", "account", author, "reports", e);
	if (!rc && in->who) {
		snprintf(text, sizeof(text), "{\"what\":\"report\",\"of\":%" PRId64 "}", x->n);
		rc = talk_append(db,
				 &(struct append){ .ticket = in->ticket, .now = now, .kind = ENTRY_FACT, .author = AUTHOR_HELPER,
						   .audience = AUDIENCE_STAFF, .account = in->who->account, .author_name = in->who->name,
						   .data = slice_of(text) },
				 &entry, e);
	}
	if (!rc)
		*x->out = (struct reported){ .n = x->n, .at = now };
	return rc;
}

/* Settles which entry it is about; entries never change, so this needs no transaction. */
static enum err choose(struct db *db, struct arena *a, const struct report *in, int64_t *n, struct error *e)
{
	struct entry x;
	enum err rc;

	*n = in->n;
	if (!*n && in->who)
		*n = 1;
	if (!*n) {
		rc = db_int(db, SQL_REPORT_LAST_ANSWER, BINDS(b_int(in->ticket)), n, e);
		if (!rc && !*n)
			rc = err_set(e, ERR_CONFLICT, "Nobody has answered yet, so there is nobody to report.");
		return rc;
	}
	rc = talk_entry(db, a, in->ticket, *n, &x, NULL);
	if (rc && rc != ERR_NOT_FOUND)
		return err_set(e, rc, "The conversation cannot be read now.");
	if (rc || !entry_visible(&x, in->who ? VIEW_STAFF : VIEW_ASKER) ||
	    (x.kind != ENTRY_MESSAGE && x.kind != ENTRY_EDIT && x.kind != ENTRY_RELEASE && x.kind != ENTRY_NOTE))
		return err_field(e, ERR_INVALID, "n", "There is no such message.");
	if (in->who ? x.account == in->who->account : x.author != AUTHOR_HELPER)
		return err_field(e, ERR_INVALID, "n", "You wrote this yourself.");
	return ERR_OK;
}

enum err report_add(struct desk *d, struct db *db, struct arena *a, const struct report *in, struct reported *out, struct error *e)
{
	struct adding x = { .in = in, .account = in->who ? in->who->account : 0, .out = out };
	enum err rc;

	*out = (struct reported){ 0 };
	if (!in->reason.ptr || utf_blank(in->reason))
		return err_field(e, ERR_INVALID, "reason", "Please say what is wrong.");
	if (in->reason.len > TICKET_REASON_MAX_BYTES)
		return err_field(e, ERR_INVALID, "reason", "A reason has at most %d bytes.", TICKET_REASON_MAX_BYTES);
	if (!utf_acceptable(in->reason))
		return err_field(e, ERR_MALFORMED, "reason", "The text is not valid UTF-8.");
	if (in->client_id.ptr && (in->client_id.len < 1 || in->client_id.len > TICKET_CLIENT_ID_MAX_BYTES))
		return err_field(e, ERR_INVALID, "client_id", "A client_id has 1 to %d bytes.", TICKET_CLIENT_ID_MAX_BYTES);
	if (in->n < 0)
		return err_field(e, ERR_INVALID, "n", "This is no entry's number.");
	rc = choose(db, a, in, &x.n, e);
	return rc ? rc : writer_do(d->writer, LANE_TALK, add_run, &x, e);
}
