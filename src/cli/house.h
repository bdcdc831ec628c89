/*
 * house: everything below the web, put together: lock, store, keys, hub, rulebook, publishing. What `serve` and `demo` stand on.
 */
#ifndef CLI_HOUSE_H
#define CLI_HOUSE_H

#include "desk/desk.h"

struct publish;

struct house {
	struct desk desk;
	struct publish *publish;
	int lock; /* descriptor of the locked DATA/lock, or -1 */
};

/* Takes the one lock on the data folder, which serve, migrate and restore need; it ends with the process or house_unlock.
 * ERR_CONFLICT with words when another process has it. Makes the folder (0700) where there is none. */
enum err house_lock(const char *folder, int *lock, struct error *e) MUST_CHECK;
void house_unlock(int *lock);

/* Locks and opens. A new, empty folder gets its database here; one that lacks migrations is ERR_CONFLICT and says what to
 * run. `watch`: the rulebook watches its folder. On an error nothing stays open. */
enum err house_open(struct house *h, const char *folder, bool watch, struct error *e) MUST_CHECK;
/* Commits what is queued and closes. Nobody may use the desk any more. */
void house_close(struct house *h);

#endif
