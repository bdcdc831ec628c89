/*
 * entry: one line of a ticket's log, and how it looks to each side.
 *
 * Entries never change (P3): an edit, a release, a hiding or an erasure is a new entry that names the old one in
 * `data.of` and carries what the reader needs. A number is never reused and an audience never widens.
 */
#ifndef DESK_ENTRY_H
#define DESK_ENTRY_H

#include "desk/desk.h"

enum entry_kind {
	ENTRY_MESSAGE,
	ENTRY_NOTE,    /* staff only */
	ENTRY_STATE,   /* data.from, data.to, data.event, data.reason? */
	ENTRY_EDIT,    /* data.of; body is the new text */
	ENTRY_RELEASE, /* data.of; body is the text of the held line, for those who had not seen it */
	ENTRY_HIDE,    /* data.of, data.level: "hide" (moderators still read it) or "suppress" (nobody does) */
	ENTRY_ERASE,   /* the words are gone */
	ENTRY_FACT,    /* data.what: "topic", "urgent", "invite", "rating", "link", "overdue", "report": something about the ticket was set */
	ENTRY_KINDS
};
const char *entry_kind_name(enum entry_kind k);
enum entry_kind entry_kind_read(struct slice name); /* ENTRY_KINDS when unknown */

enum author { AUTHOR_SYSTEM, AUTHOR_ASKER, AUTHOR_HELPER };
const char *entry_author_name(enum author a); /* "system", "asker", "helper" */
enum author entry_author_read(struct slice name);

enum audience {
	AUDIENCE_ALL,
	AUDIENCE_STAFF,
	AUDIENCE_HELD, /* screening holds it: its writer, the ticket's holder and moderators read it, nobody else; never indexed */
};

const char *entry_audience_name(enum audience a); /* "all", "staff", "held" */
enum audience entry_audience_read(struct slice name);

/* Who reads. The asker's view leaves out staff entries and held lines of others; a moderator's also shows what was hidden. */
enum view {
	VIEW_ASKER,
	VIEW_STAFF,     /* sees that a line is held, not its words, unless they are their own */
	VIEW_HOLDER,    /* holds the ticket, or was invited */
	VIEW_MODERATOR,
};
struct reader {
	enum view view;
	int64_t account; /* of staff: their own held lines they read in any case; 0: none */
};

struct entry {
	int64_t seq;              /* desk-wide */
	int64_t ticket, n;        /* n: 1, 2, 3 ... without gaps in a ticket */
	int64_t at;
	enum entry_kind kind;
	enum author author;
	enum audience audience;
	int64_t account;          /* of a helper, or 0 */
	struct slice author_name; /* of a helper, as it was then; the asker's name is the ticket's */
	struct slice body;        /* absent when it has none, when the words are gone, or when they are not for this reader */
	int64_t reply_to;         /* 0: none. Edits and releases: the entry they are of */
	struct slice data;        /* a JSON object, or absent */
	bool hidden;              /* the body is for moderators alone: absent for others */
};

bool entry_visible(const struct entry *x, enum view v);
/* Are its words for them? Asks after `audience` and `hidden`; entry_visible is another question. */
bool entry_readable(const struct entry *x, struct reader who);

/* How an entry's body is to be shown. */
struct entry_look {
	enum view view;
	bool links;               /* a helper has answered: the asker's links are live */
	struct slice asker_name;  /* absent: none */
	bool plain;               /* leave `html` out */
};
/* API.md's Entry: {n, kind, at, author:{kind,name?}, body?, html?, reply_to?, data?}. The account's number is never shown to
 * the asker; staff get author.id. A state entry's reason is data.reason. The caller owns the tree. NULL when out of memory. */
struct jv *entry_json(struct arena *a, const struct entry *x, const struct entry_look *look);

#endif
