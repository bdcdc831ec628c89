/*
 * publish: from the log to the streams.
 *
 * One thread. A commit raises its flag (writer_on_commit); it reads the new rows of the log from a read connection of its own, renders
 * each entry once for each side (live/sse) and hands the bytes to the hub: TOPIC_ASKER and TOPIC_STAFF of the ticket with `id: n`,
 * TOPIC_DESK or TOPIC_MODERATION with `id: seq`. Rows that another process wrote are found by db_version, looked at each second.
 *
 * A reader subscribes first, then reads the log from its number on: it misses nothing, and the hub skips what it has.
 */
#ifndef DESK_PUBLISH_H
#define DESK_PUBLISH_H

#include "desk/talk.h"

struct publish;

/* Opens its connection and starts the thread. `d` must have writer and hub; call before the first command. */
enum err publish_start(struct desk *d, struct publish **out, struct error *e) MUST_CHECK;
/* Ends the thread; after the writer has ended. */
void publish_stop(struct publish **p);
/* Returns when everything committed before the call has been handed to the hub. For tests. */
void publish_drain(struct publish *p);

/* The bytes a stream starts with: every visible entry after `after` as frames. *last is the number the stream has then reached;
 * *reset: more than twenty pages back, or a number that does not exist yet: send the `reset` event and end.
 * Order for callers: subscribe with `after`, then publish_backlog, then stream; the hub drops what both carry. */
enum err publish_backlog(struct db *db, struct arena *a, const struct ticket *t, int64_t after, struct reader who, struct str *out,
			 int64_t *last, bool *reset, struct error *e) MUST_CHECK;
/* The same for desk/events: one event `ticket` an entry, data {seq, id, n, kind, at, by, state, from?, to?, event?, lang, topic?, holder?},
 * no words. `moderation`: also what is held or refused. */
enum err publish_desk_backlog(struct db *db, struct arena *a, int64_t after, bool moderation, struct str *out, int64_t *last,
			      bool *reset, struct error *e) MUST_CHECK;
/* The number of the desk's last news: who reads it, then the lists, and then listens from it misses nothing. */
enum err publish_desk_last(struct db *db, int64_t *out, struct error *e) MUST_CHECK;

#endif
