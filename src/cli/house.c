#include "cli/house.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "desk/erase.h"
#include "desk/keys.h"
#include "desk/lease.h"
#include "desk/presence.h"
#include "desk/publish.h"
#include "desk/rulebook.h"
#include "net/opinion.h"
#include "store/migrate.h"

enum err house_lock(const char *folder, int *lock, struct error *e)
{
	char path[PATH_MAX];
	if ((size_t)snprintf(path, sizeof(path), "%s/lock", folder) >= sizeof(path))
		return err_set(e, ERR_INVALID, "The name of the data folder is too long.");
	if (mkdir(folder, 0700) && errno != EEXIST)
		return err_set(e, ERR_IO, "The data folder cannot be made: %s.", strerror(errno));
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(e, ERR_IO, "The data folder cannot be written: %s.", strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int why = errno;
		close(fd);
		if (why == EWOULDBLOCK)
			return err_set(e, ERR_CONFLICT, "The data folder is in use by another Porchlight (serve, migrate or restore); stop it first.");
		return err_set(e, ERR_IO, "The data folder cannot be locked: %s.", strerror(why));
	}
	*lock = fd;
	return ERR_OK;
}

void house_unlock(int *lock)
{
	if (*lock >= 0)
		close(*lock);
	*lock = -1;
}

static enum err schema_stands(const char *folder, struct error *e)
{
	struct migrate_state state;
	enum err rc = migrate_check(folder, &state, e);
	if (rc)
		return rc;
	if (state.applied == 0)
		return migrate_run(folder, NULL, NULL, e);
	if (state.pending > 0)
		return err_set(e, ERR_CONFLICT, "The database lacks %d migration%s (next: %s); make a backup, then run `porchlight migrate`.",
			state.pending, state.pending == 1 ? "" : "s", state.next);
	return ERR_OK;
}

/* Erasures that a restored database does not know of are done again before anybody can read. */
static enum err replay_erasures(struct db *db, const char *folder, struct error *e)
{
	int64_t erased = 0;
	enum err rc = erase_replay(db, folder, &erased, e);
	if (rc == ERR_OK && erased)
		log_info("cli/house", "%lld erased conversations were erased again", (long long)erased);
	return rc;
}

enum err house_open(struct house *h, const char *folder, bool watch, struct error *e)
{
	*h = (struct house){ .desk = { .folder = folder }, .lock = -1 };
	struct desk *d = &h->desk;
	struct db *db = NULL;
	enum err rc = house_lock(folder, &h->lock, e);
	if (rc == ERR_OK)
		rc = schema_stands(folder, e);
	if (rc == ERR_OK)
		rc = keys_open(folder, &d->keys, e);
	if (rc == ERR_OK)
		rc = db_open(folder, DB_WRITE, &db, e);
	if (rc == ERR_OK)
		rc = replay_erasures(db, folder, e);
	if (rc == ERR_OK)
		rc = writer_take(folder, &db, &d->writer, e);
	db_close(&db);
	if (rc == ERR_OK && !(d->hub = hub_new()))
		rc = err_nomem(e);
	if (rc == ERR_OK && !(d->presence = presence_new(d->hub)))
		rc = err_nomem(e);
	if (rc == ERR_OK && !(d->opinions = opinions_new(e)))
		rc = ERR_NOMEM;
	if (rc == ERR_OK)
		rc = publish_start(d, &h->publish, e);
	if (rc == ERR_OK)
		rc = db_open(folder, DB_READ, &db, e);
	if (rc == ERR_OK)
		rc = rulebook_open(d, db, watch, &d->rulebook, e);
	db_close(&db);
	if (rc == ERR_OK)
		rc = lease_restart(d, e);
	if (rc)
		house_close(h);
	return rc;
}

void house_close(struct house *h)
{
	struct desk *d = &h->desk;
	if (d->rulebook)
		rulebook_close(&d->rulebook);
	writer_free(&d->writer);
	if (h->publish)
		publish_stop(&h->publish);
	if (d->presence)
		presence_free(&d->presence);
	if (d->hub)
		hub_free(&d->hub);
	opinions_free(&d->opinions);
	keys_free(&d->keys);
	house_unlock(&h->lock);
}
