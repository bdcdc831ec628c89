/*
 * talk: writing into a ticket's log, and reading it from any number on.
 *
 * P3: a ticket is one numbered log; any reader resumes from any number and sees each entry once, in order. Retries are
 * harmless: (ticket, author, client_id) is unique and is looked up before fence and state; the same again is the
 * first result with `repeat`, another request under the same client_id is ERR_CONFLICT.
 *
 * Asker's lines are screened before they are written (desk/gate), and so is what staff write to an asker: what seems to ask for
 * money or to move the talk elsewhere waits for a moderator when a trial helper wrote it. Of others it is ERR_INVALID (field
 * "confirm") until they say that they mean it; then the asker sees a warning with it, and moderators are told.
 *
 * Before the first human reply an asker may add five
 * texts and 32 KiB in all: past that ERR_LIMITED, refused before it was accepted (P4).
 */
#ifndef DESK_TALK_H
#define DESK_TALK_H

#include "desk/ticket.h"

enum {
	TALK_PAGE = 500,                  /* entries a read gives at most */
	TALK_ADDITIONS_MAX = 5,           /* before the first human reply */
	TALK_ADDITIONS_BYTES = 32 * 1024, /* with the question */
	TALK_DRAFT_MAX_BYTES = TICKET_TEXT_MAX_BYTES,
};

struct post {
	struct act act;          /* ticket, by, who, fence, client_id. BY_ASKER: no fence */
	struct slice body;       /* 1..16384 bytes, valid UTF-8 */
	int64_t reply_to;        /* an entry the writer can see; 0: none */
	bool note;               /* staff only */
	bool confirmed;          /* a helper who was asked means what looks like an offer of payment or of contact elsewhere */
	struct slice form;       /* asker's page: the nonce, serves as client_id when there is none; absent: none */
	struct slice agent;
	struct sender sender;    /* asker */
};
struct posted {
	int64_t n, at;
	bool repeat;
	bool held;               /* screening holds the line */
	int64_t fence, expires;  /* writing extends the holder's lease */
};
enum err talk_post(struct desk *d, struct db *db, struct arena *a, const struct post *in, struct posted *out,
		   struct error *e) MUST_CHECK;

/* The writer of a message corrects it (staff: with fence). */
enum err talk_edit(struct desk *d, struct db *db, struct arena *a, const struct post *in, int64_t of, struct posted *out,
		   struct error *e) MUST_CHECK;

struct page {
	struct entry *entries; /* in order */
	size_t count;
	bool more;             /* there are others after the last one */
};
/* Up to `limit` (at most TALK_PAGE) visible entries after number `after`. */
enum err talk_read(struct db *db, struct arena *a, int64_t ticket, int64_t after, size_t limit, struct reader who, struct page *out,
		   struct error *e) MUST_CHECK;
/* One entry. ERR_NOT_FOUND. */
enum err talk_entry(struct db *db, struct arena *a, int64_t ticket, int64_t n, struct entry *out, struct error *e) MUST_CHECK;
/* A row of TALK_COLUMNS. A body that is not for `who` is absent. */
enum err talk_read_row(struct rows *r, struct arena *a, struct reader who, struct entry *out) MUST_CHECK;
/* As a JSON array, as each side sees it. */
struct jv *talk_json(struct arena *a, const struct ticket *t, const struct page *p, enum view v);

/* Drafts: one for each helper and ticket; a lost lease keeps it. An empty body removes it. ERR_CONFLICT: the words are gone. */
enum err talk_draft_put(struct desk *d, int64_t ticket, const struct actor *who, struct slice body, struct error *e) MUST_CHECK;
enum err talk_draft(struct db *db, struct arena *a, int64_t ticket, int64_t account, struct slice *body, struct error *e) MUST_CHECK;

/* ---- inside the writer's commands ---- */
struct append {
	int64_t ticket;
	int64_t now;
	enum entry_kind kind;
	enum author author;
	enum audience audience;
	int64_t account;
	struct slice author_name, body;
	int64_t reply_to;
	struct slice data;       /* a JSON object, or absent */
	struct slice client_id;  /* absent: none */
	struct slice what;       /* tells requests of one kind apart under a client_id: the event's name; absent: none */
	bool index;              /* the body may be found by search, once the ticket is in the open */
};
/* Whether the asker may still add so much before somebody has answered, lines and comments alike (ERR_LIMITED); in a write command,
 * counts it. */
enum err talk_asker_room(const struct ticket *t, size_t bytes, struct error *e) MUST_CHECK;
enum err talk_asker_added(struct db *db, const struct ticket *t, size_t bytes, struct error *e) MUST_CHECK;
/* Adds one entry with the next number. Checks nothing but the log's own invariants. */
enum err talk_append(struct db *db, const struct append *in, int64_t *n, struct error *e) MUST_CHECK;
/* What an earlier request of this client_id did. `in` needs ticket, kind, account, body, reply_to, what, client_id. *found false: nothing.
 * ERR_CONFLICT: it was another request. On any connection. */
enum err talk_repeat(struct db *db, const struct append *in, bool *found, struct posted *out, struct error *e) MUST_CHECK;
/* Takes one entry out of the search index. */
enum err talk_unindex(struct db *db, int64_t ticket, int64_t n, struct error *e) MUST_CHECK;
/* A moderator lets a held line through: a `release` entry that carries the words for those who could not see them. */
enum err talk_release(struct db *db, int64_t ticket, int64_t n, int64_t now, struct error *e) MUST_CHECK;

#endif
