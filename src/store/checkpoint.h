/*
 * checkpoint: the thread that writes the log back into the database file, so that the writer does not wait for that file.
 *
 * It has a connection of its own and is woken when a commit left the log long (checkpoint_wake). A pass waits for nobody and
 * keeps nobody waiting: readers and the writer go on meanwhile, and what they still need stays in the log for the next pass.
 * The log begins anew only when a pass has caught up with the writer, so a few short passes follow the long one.
 *
 * Promise P1 does not rest on it: what is committed is in the synced log, written back or not. A pass that fails is told to the
 * log once and tried again at the next wake.
 */
#ifndef STORE_CHECKPOINT_H
#define STORE_CHECKPOINT_H

#include "store/db.h"

struct checkpoint;

/* Opens its connection on `folder` and starts the thread. */
enum err checkpoint_new(const char *folder, struct checkpoint **out, struct error *e) MUST_CHECK;
/* Ends the pass that runs, then the thread. */
void checkpoint_free(struct checkpoint **c);

/* Asks for a pass; returns at once. Asking during a pass asks for another one. */
void checkpoint_wake(struct checkpoint *c);

#endif
