#include "desk/erase.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "desk/bans.h"
#include "desk/gate.h"
#include "desk/talk.h"

/* Where words live. A room that starts to keep words of a ticket adds its row (or its call in erase_words) here. */
static const struct place {
	const char *what;
	enum sql_id statement; /* ?1 is the ticket */
} places[] = {
	{ "the search index", SQL_TICKET_UNINDEX }, /* before the bodies: the index is told what to forget */
	{ "marks of the search index", SQL_TICKET_UNINDEXED },
	{ "bodies of the log", SQL_ERASE_BODIES },
	{ "title, names, page, mail address", SQL_ERASE_NAMES },
	{ "helpers' drafts", SQL_ERASE_DRAFTS },
	{ "reports", SQL_REPORT_FORGET },
	/* by bans_forget: where it came from */
	/* and by gate_forget: verdicts with their words and facts, labels, twins, payloads */
};

/* How long each class of data is kept. days: from the configuration, or fixed. */
enum { DRAFT_DAYS = 30, REPEAT_HOURS = 24, CHUNK = 50, MERGE_PAGES = 500, MERGE_ROUNDS = 400, TRUNCATE_ROUNDS = 20, LINE_MAX_BYTES = 80 };
#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS (24 * HOUR_MS)
#define DIRTY "erase.dirty" /* rounds of index merging still to do */

/* ---- inside commands ---- */

static enum err set_dirty(struct db *db, int64_t rounds, struct error *e)
{
	char value[24];

	snprintf(value, sizeof(value), "%" PRId64, rounds);
	return db_run(db, SQL_ERASE_SETTING_PUT, BINDS(b_str(DIRTY), b_str(value)), NULL, e);
}

enum err erase_words(struct db *db, int64_t ticket, struct error *e)
{
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && i < sizeof(places) / sizeof(places[0]); i++)
		rc = db_run(db, places[i].statement, BINDS(b_int(ticket)), NULL, e);
	if (!rc)
		rc = gate_forget(db, ticket, e);
	if (!rc)
		rc = bans_forget(db, ticket, e);
	if (!rc)
		rc = db_run(db, SQL_ERASE_DONE, BINDS(b_int(ticket)), NULL, e);
	return rc ? rc : set_dirty(db, MERGE_ROUNDS, e);
}

enum err erase_entry(struct db *db, int64_t ticket, int64_t n, struct error *e)
{
	enum err rc = talk_unindex(db, ticket, n, e);

	if (!rc)
		rc = db_run(db, SQL_ERASE_BODY, BINDS(b_int(ticket), b_int(n)), NULL, e);
	if (!rc && n == 1) /* the title may be the question's first line */
		rc = db_run(db, SQL_ERASE_TITLE, BINDS(b_int(ticket)), NULL, e);
	if (!rc) /* verdicts quote what they saw, and a text can be quoted in the verdicts of its neighbours */
		rc = gate_forget(db, ticket, e);
	return rc ? rc : set_dirty(db, MERGE_ROUNDS, e);
}

/* ---- the file beside the database ---- */

static enum err append_line(const char *folder, int64_t ticket, int64_t asked, int64_t at, struct error *e)
{
	char path[4096], line[LINE_MAX_BYTES], end = '\n';
	int fd, len;
	bool good;

	if (snprintf(path, sizeof(path), "%s/erasures", folder) >= (int)sizeof(path))
		return err_set(e, ERR_IO, "The name of the data folder is too long.");
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(e, ERR_IO, "The list of erasures cannot be opened.");
	/* A line that a crash or a full disk cut short must not swallow the beginning of this one. */
	if (lseek(fd, -1, SEEK_END) >= 0 && read(fd, &end, 1) != 1)
		end = '\0';
	len = snprintf(line, sizeof(line), "%s%" PRId64 " %" PRId64 " %" PRId64 "\n", end == '\n' ? "" : "\n", ticket, asked, at);
	good = write(fd, line, (size_t)len) == len && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	return good ? ERR_OK : err_set(e, ERR_IO, "The list of erasures cannot be written.");
}

/* ---- by the asker ---- */

struct erasing {
	int64_t ticket, asked, at;
	bool sealed;
};

static enum err erase(struct db *db, void *self, struct error *e)
{
	struct erasing *x = self;
	struct ticket t;
	struct acted acted;
	int64_t reports = 0;
	enum err rc = ticket_row(db, x->ticket, &t, e);

	if (rc)
		return rc;
	x->at = clock_wall_ms();
	x->asked = t.asked;
	rc = db_int(db, SQL_REPORT_ANY_OPEN, BINDS(b_int(t.id)), &reports, e);
	if (rc)
		return rc;
	x->sealed = t.urgent || reports > 0;
	rc = ticket_move(db, &(struct move){ .ticket = t.id, .event = EVENT_ERASE, .by = BY_ASKER, .now = x->at }, &acted, e);
	if (!rc && !x->sealed)
		rc = erase_words(db, t.id, e);
	if (!rc && x->sealed) {
		rc = db_run(db, SQL_ERASE_NAMES, BINDS(b_int(t.id)), NULL, e);
		if (!rc)
			rc = db_run(db, SQL_ERASE_HIDE_ALL, BINDS(b_int(t.id)), NULL, e);
		if (!rc)
			rc = db_run(db, SQL_ERASE_SEAL, BINDS(b_int(t.id), b_int(x->at + TICKET_SEALED_DAYS * DAY_MS)), NULL, e);
	}
	return rc ? rc : db_run(db, SQL_ERASE_RECORD, BINDS(b_int(t.id), b_int(x->asked), b_int(x->at)), NULL, e);
}

enum err erase_ticket(struct desk *d, int64_t ticket, bool *sealed, struct error *e)
{
	struct erasing x = { .ticket = ticket };
	struct error trouble = { 0 };
	enum err rc = writer_do(d->writer, LANE_TALK, erase, &x, e);

	if (rc)
		return rc;
	*sealed = x.sealed;
	/* The words are gone; the next start adds the line where this fails. */
	if (append_line(d->folder, x.ticket, x.asked, x.at, &trouble))
		log_warn("desk/erase", "%s", trouble.message);
	return ERR_OK;
}

/* ---- by the clock ---- */

enum what_goes { GOES_UNSEALED, GOES_REFUSED, GOES_CLOSED, GOES_KINDS };

struct round {
	enum what_goes what;
	int64_t moved;
};

static enum err purge(struct db *db, void *self, struct error *e)
{
	static const enum sql_id lists[GOES_KINDS] = { SQL_ERASE_UNSEALED, SQL_ERASE_OLD_REFUSED, SQL_ERASE_OLD_CLOSED };
	struct round *round = self;
	int64_t now = clock_wall_ms(), ids[CHUNK], before = now;
	struct acted acted;
	struct rows r;
	size_t count = 0;
	enum err rc;

	round->moved = 0;
	if (round->what == GOES_REFUSED)
		before = now - conf()->refused_days * DAY_MS;
	if (round->what == GOES_CLOSED)
		before = now - conf()->retention_days * DAY_MS;
	rc = rows_open(db, &r, lists[round->what], BINDS(b_int(before), b_int(CHUNK)), e);
	if (rc)
		return rc;
	while (count < CHUNK && rows_next(&r))
		ids[count++] = rows_int(&r, 0);
	rc = rows_close(&r);
	for (size_t i = 0; !rc && i < count; i++, round->moved++) {
		if (round->what != GOES_UNSEALED)
			rc = ticket_move(db, &(struct move){ .ticket = ids[i], .event = EVENT_RETENTION, .by = BY_SYSTEM, .now = now }, &acted, e);
		if (!rc)
			rc = erase_words(db, ids[i], e);
	}
	return rc;
}

static enum err small_things(struct db *db, void *self, struct error *e)
{
	int64_t now = clock_wall_ms();
	enum err rc;

	(void)self;
	rc = db_run(db, SQL_ERASE_OLD_DRAFTS, BINDS(b_int(now - DRAFT_DAYS * DAY_MS)), NULL, e);
	if (!rc)
		rc = db_run(db, SQL_TICKET_ASKS_SWEEP, BINDS(b_int(now - REPEAT_HOURS * HOUR_MS)), NULL, e);
	return rc;
}

/* A deleted word stays in the index's old segments until they are merged; secure_delete then overwrites their pages. */
static enum err merge(struct db *db, void *self, struct error *e)
{
	int64_t *rounds = self;
	enum err rc = db_run(db, SQL_ERASE_INDEX_MERGE, BINDS(b_int(-MERGE_PAGES)), NULL, e);

	return rc ? rc : set_dirty(db, *rounds - 1, e);
}

static enum err read_dirty(struct db *db, int64_t *rounds, struct error *e)
{
	struct rows r;
	enum err rc = rows_open(db, &r, SQL_ERASE_SETTING, BINDS(b_str(DIRTY)), e);

	*rounds = 0;
	if (rc)
		return rc;
	if (rows_next(&r))
		*rounds = strtoll(rows_text(&r, 0).ptr, NULL, 10);
	return rows_close(&r);
}

/* The write-ahead log still holds the pages as they were. Readers may be in the way: the next round tries again. */
static void truncate_log(const char *folder)
{
	struct db *db = NULL;
	struct error e = { 0 };

	if (db_open_bare(folder, DB_WRITE, &db, &e) || db_truncate_log(db, &e))
		log_info("desk/erase", "erased words are still in the log: %s", e.message);
	db_close(&db);
}

enum err erase_sweep(struct desk *d, struct db *db, struct error *e)
{
	int64_t rounds;
	enum err rc = ERR_OK;

	for (int what = 0; !rc && what < GOES_KINDS; what++) {
		struct round round = { .what = (enum what_goes)what };

		if (what == GOES_CLOSED && conf()->retention_days == 0)
			continue;
		do
			rc = writer_do(d->writer, LANE_TALK, purge, &round, e);
		while (!rc && round.moved == CHUNK);
	}
	if (!rc)
		rc = writer_do(d->writer, LANE_TALK, small_things, NULL, e);
	if (!rc)
		rc = read_dirty(db, &rounds, e);
	if (!rc && rounds > 0)
		rc = writer_do(d->writer, LANE_TALK, merge, &rounds, e);
	if (!rc && rounds % TRUNCATE_ROUNDS == 0 && rounds > 0)
		truncate_log(d->folder);
	return rc;
}

/* ---- after a restore ---- */

struct replay {
	int64_t ticket, asked, at;
	bool erased;
};

static enum err replay_one(struct db *db, void *self, struct error *e)
{
	struct replay *x = self;
	struct rows r;
	bool there = false;
	enum err rc = rows_open(db, &r, SQL_ERASE_ASKED, BINDS(b_int(x->ticket)), e);

	x->erased = false;
	if (rc)
		return rc;
	if (rows_next(&r)) /* the same number may be another question in a database from elsewhere */
		there = rows_int(&r, 0) == x->asked && rows_int(&r, 1) != 0;
	rc = rows_close(&r);
	if (rc || !there)
		return rc;
	struct ticket t;
	struct acted acted;

	rc = ticket_row(db, x->ticket, &t, e);
	if (!rc && t.sealed_until > clock_wall_ms())
		return ERR_OK; /* sealed: its words go when the seal ends */
	if (!rc && state_arrow(t.state, EVENT_ERASE))
		rc = ticket_move(db, &(struct move){ .ticket = x->ticket, .event = EVENT_ERASE, .by = BY_ASKER, .now = clock_wall_ms() }, &acted, e);
	if (!rc)
		rc = erase_words(db, x->ticket, e);
	if (!rc)
		rc = db_run(db, SQL_ERASE_RECORD, BINDS(b_int(x->ticket), b_int(x->asked), b_int(x->at)), NULL, e);
	x->erased = !rc;
	return rc;
}

static int by_number(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

/* Rows that a crash kept from the file. */
static enum err complete_file(struct db *db, const char *folder, int64_t *known, size_t count, struct error *e)
{
	struct replay missing[CHUNK];
	int64_t after = 0;
	size_t n;
	enum err rc;

	if (count)
		qsort(known, count, sizeof(known[0]), by_number);
	do {
		struct rows r;

		n = 0;
		rc = rows_open(db, &r, SQL_ERASE_LIST, BINDS(b_int(after), b_int(CHUNK)), e);
		if (rc)
			return rc;
		while (n < CHUNK && rows_next(&r)) {
			missing[n] = (struct replay){ rows_int(&r, 0), rows_int(&r, 1), rows_int(&r, 2), false };
			after = missing[n++].ticket;
		}
		rc = rows_close(&r);
		for (size_t i = 0; !rc && i < n; i++)
			if (!count || !bsearch(&missing[i].ticket, known, count, sizeof(known[0]), by_number))
				rc = append_line(folder, missing[i].ticket, missing[i].asked, missing[i].at, e);
	} while (!rc && n == CHUNK);
	return rc;
}

/* Of a copy that comes back all at once: what the sweeps of a running desk do little by little is done before it serves. */
static enum err forget_index(struct db *db, void *self, struct error *e)
{
	(void)self;
	return db_run(db, SQL_ERASE_INDEX_OPTIMISE, NO_BINDS, NULL, e);
}

enum err erase_replay(struct db *db, const char *folder, int64_t *erased, struct error *e)
{
	char path[4096], line[LINE_MAX_BYTES];
	int64_t *known = NULL, total = 0;
	size_t count = 0, cap = 0;
	enum err rc = ERR_OK;
	FILE *f = NULL;

	if (snprintf(path, sizeof(path), "%s/erasures", folder) >= (int)sizeof(path))
		return err_set(e, ERR_IO, "The name of the data folder is too long.");
	f = fopen(path, "re");
	if (!f && errno != ENOENT)
		return err_set(e, ERR_IO, "The list of erasures cannot be read.");
	while (f && !rc && fgets(line, sizeof(line), f)) {
		struct replay x = { 0 };

		if (sscanf(line, "%" SCNd64 " %" SCNd64 " %" SCNd64, &x.ticket, &x.asked, &x.at) != 3)
			continue; /* a line cut short by a crash: its row is added again below */
		if (count == cap) {
			int64_t *more = realloc(known, (cap = cap ? cap * 2 : 256) * sizeof(*known));

			if (!more) {
				rc = err_nomem(e);
				break;
			}
			known = more;
		}
		known[count++] = x.ticket;
		rc = db_transact(db, replay_one, &x, e);
		total += !rc && x.erased;
	}
	if (f)
		fclose(f);
	if (!rc && total)
		rc = db_transact(db, forget_index, NULL, e);
	if (!rc)
		rc = complete_file(db, folder, known, count, e);
	free(known);
	if (erased)
		*erased = total;
	return rc;
}
