/*
 * writer: the one thread that writes, with group commit.
 *
 * A command is a function and its argument. The function runs inside the writer's transaction, in a savepoint of its
 * own; it may run twice (a batch that failed as a whole is rerun one by one), so it has no effects outside the database
 * except in *self, which it overwrites entirely. An error it returns undoes its savepoint and becomes writer_do's
 * result; the others in the batch stand. An answer, good or bad, is given only after the commit is on disk.
 *
 * Two bounded lanes: LANE_TALK (staff, running talks) goes before LANE_ASK (new questions). A batch is up to 256 commands or
 * 20 ms of them. Where the last batch was a crowd and commits are slow, a batch waits up to half a commit for those who were
 * just answered: they come back at once, and one commit serves them all.
 *
 * The writer syncs the log at each commit; writing the log back into the database file is store/checkpoint's, on a thread of its
 * own. Only when the log outgrows that (DB_LOG_TOO_LONG, under a load without a pause) the writer writes the rest itself, after
 * the batch's answers.
 *
 * Promise P1: what writer_do has answered with ERR_OK survives kill -9 and power loss.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store/db.h"

struct writer;

enum { WRITER_BATCH_MAX = 256, WRITER_TALK_MAX = 1024, WRITER_ASK_MAX = 512 };

enum writer_lane { LANE_TALK, LANE_ASK };

typedef enum err (*writer_fn)(struct db *db, void *self, struct error *e);

/* Opens its own DB_WRITE connection on `folder` and starts the threads. */
enum err writer_new(const char *folder, struct writer **out, struct error *e) MUST_CHECK;
/* The same with a DB_WRITE connection on `folder` that is open already; it is the writer's from here on, also after an error, and *db is cleared. */
enum err writer_take(const char *folder, struct db **db, struct writer **out, struct error *e) MUST_CHECK;
/* Commits what is queued, then ends. No command may be given any more. */
void writer_free(struct writer **w);

/* Blocks until the command's commit is durable. ERR_BUSY: the lane is full, or the database cannot be written; nothing
 * was taken and e->retry_after_s is set. */
enum err writer_do(struct writer *w, enum writer_lane lane, writer_fn run, void *self, struct error *e) MUST_CHECK;

/* Called on the writer's thread after each durable commit, before the answers go. Must be short (raise a flag).
 * Register before the first command. */
void writer_on_commit(struct writer *w, void (*fn)(void *ctx), void *ctx);

struct writer_figures {
	int64_t commits, commands, failed_commits, reruns;
	int64_t queued[2];
	int64_t last_commit_us, max_batch;
};
struct writer_figures writer_figures(struct writer *w);

#endif
