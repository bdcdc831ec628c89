#include "cli/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/crypt.h"
#include "cli/house.h"
#include "desk/audit.h"
#include "desk/erase.h"
#include "store/migrate.h"

enum { USAGE = 2 };

static const char kept_db[] = DB_FILE ".before-restore", kept_log[] = DB_FILE ".before-restore-wal";
static const char kept_keys[] = "keys.before-restore";

static int ended(enum err rc, const struct error *e)
{
	if (rc)
		fprintf(stderr, "porchlight: %s\n", e->message);
	return rc ? 1 : 0;
}

static enum err path_of(char out[PATH_MAX], const char *folder, const char *name, struct error *e)
{
	if ((size_t)snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
		return err_set(e, ERR_INVALID, "A file name is too long.");
	return ERR_OK;
}

static enum err sync_path(const char *path, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);
	if (fd >= 0)
		close(fd);
	return rc ? err_set(e, ERR_IO, "A file could not be written to the disk: %s.", strerror(errno)) : ERR_OK;
}

/* A new file of mode 0600 with the same bytes, on the disk when this returns. */
static enum err copy_file(const char *from, const char *to, struct error *e)
{
	char buf[65536];
	ssize_t n = 0;
	int in = open(from, O_RDONLY | O_CLOEXEC), out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good = in >= 0 && out >= 0;
	while (good && (n = read(in, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0; good && at < n;) {
			ssize_t done = write(out, buf + at, (size_t)(n - at));
			good = done > 0;
			at += done;
		}
	good = good && n == 0 && fsync(out) == 0;
	int why = errno;
	if (in >= 0)
		close(in);
	if (out >= 0 && close(out) && good) {
		good = false;
		why = errno;
	}
	crypt_wipe(buf, sizeof(buf));
	return good ? ERR_OK : err_set(e, ERR_IO, "%s could not be copied: %s.", strrchr(from, '/') ? strrchr(from, '/') + 1 : from, strerror(why));
}

static bool is_key(const char *name)
{
	size_t len = strlen(name);
	return name[0] != '.' && len > 4 && strcmp(name + len - 4, ".key") == 0;
}

/* The *.key files of one folder into another, which must be new. */
static enum err copy_keys(const char *from, const char *to, struct error *e)
{
	char source[PATH_MAX], target[PATH_MAX];
	if (mkdir(to, 0700))
		return err_set(e, ERR_IO, "The folder for the keys cannot be made: %s.", strerror(errno));
	DIR *dir = opendir(from);
	if (!dir)
		return err_set(e, ERR_IO, "The keys cannot be read: %s.", strerror(errno));
	enum err rc = ERR_OK;
	for (struct dirent *d; rc == ERR_OK && (errno = 0, d = readdir(dir));) {
		if (!is_key(d->d_name))
			continue;
		rc = path_of(source, from, d->d_name, e);
		if (rc == ERR_OK)
			rc = path_of(target, to, d->d_name, e);
		if (rc == ERR_OK)
			rc = copy_file(source, target, e);
	}
	if (rc == ERR_OK && errno)
		rc = err_set(e, ERR_IO, "The keys cannot be read: %s.", strerror(errno));
	closedir(dir);
	return rc ? rc : sync_path(to, e);
}

int command_backup(struct args *a)
{
	bool with_keys = args_flag(a, "--with-keys");
	if (!args_done(a, 1, 1)) {
		fprintf(stderr, "usage: porchlight backup FILE [--with-keys]\n");
		return USAGE;
	}
	const char *folder = conf()->data, *file = a->argv[0];
	struct error e = { 0 };
	struct db *db = NULL;
	char keys[PATH_MAX], beside[PATH_MAX];
	enum err rc = path_of(keys, folder, "keys", &e);
	if (rc == ERR_OK && (size_t)snprintf(beside, sizeof(beside), "%s.keys", file) >= sizeof(beside))
		rc = err_set(&e, ERR_INVALID, "A file name is too long.");
	if (rc == ERR_OK && with_keys && !access(beside, F_OK))
		rc = err_set(&e, ERR_CONFLICT, "The folder for the keys beside the copy exists already; it is not overwritten.");
	if (rc == ERR_OK)
		rc = db_open_bare(folder, DB_READ, &db, &e);
	if (rc == ERR_OK)
		rc = db_copy(db, file, &e);
	if (rc == ERR_OK && with_keys)
		rc = copy_keys(keys, beside, &e);
	db_close(&db);
	if (rc == ERR_OK)
		printf("copied and checked: %s%s\n", file, with_keys ? " and its .keys folder (guard it: it opens every link)" : " (without keys)");
	return ended(rc, &e);
}

/* ---- restore ---- */

/* Moves what is there out of the way; an older one that stood there is gone. What is not there is fine. */
static enum err set_aside(const char *folder, const char *name, const char *kept, struct error *e)
{
	char from[PATH_MAX], to[PATH_MAX];
	enum err rc = path_of(from, folder, name, e);
	if (rc == ERR_OK)
		rc = path_of(to, folder, kept, e);
	if (rc == ERR_OK && rename(from, to) && errno != ENOENT)
		rc = err_set(e, ERR_IO, "%s could not be set aside: %s.", name, strerror(errno));
	return rc;
}

/* In a folder of its own below DATA: the copy, whole, brought up to date, with the erasures applied. */
static enum err prepare(const char *file, const char *stage, const char *folder, struct error *e)
{
	struct db *db = NULL;
	char staged[PATH_MAX];
	enum err rc = path_of(staged, stage, DB_FILE, e);
	if (rc == ERR_OK)
		rc = copy_file(file, staged, e);
	if (rc == ERR_OK)
		rc = db_open_bare(stage, DB_READ, &db, e);
	if (rc == ERR_OK)
		rc = db_check(db, e);
	if (rc == ERR_OK && !db_has_table(db, "migrations"))
		rc = err_set(e, ERR_CONFLICT, "This is not a Porchlight database.");
	db_close(&db);
	if (rc == ERR_OK)
		rc = migrate_run(stage, NULL, NULL, e);
	if (rc == ERR_OK)
		rc = db_open(stage, DB_WRITE, &db, e);
	if (rc == ERR_OK)
		rc = erase_replay(db, folder, NULL, e);
	if (rc == ERR_OK)
		rc = db_truncate_log(db, e);
	db_close(&db);
	return rc ? rc : sync_path(staged, e);
}

static void clear_keys(const char *folder)
{
	char path[PATH_MAX];
	DIR *dir = opendir(folder);
	for (struct dirent *d; dir && (d = readdir(dir));)
		if (is_key(d->d_name) && path_of(path, folder, d->d_name, NULL) == ERR_OK)
			unlink(path);
	if (dir)
		closedir(dir);
	rmdir(folder);
}

static void clear_stage(const char *stage)
{
	static const char *const names[] = { DB_FILE, DB_FILE "-wal", DB_FILE "-shm", DB_FILE "-journal" };
	char path[PATH_MAX];
	if (path_of(path, stage, "keys", NULL) == ERR_OK)
		clear_keys(path);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (path_of(path, stage, names[i], NULL) == ERR_OK)
			unlink(path);
	rmdir(stage);
}

static enum err put_in_place(const char *stage, const char *folder, struct error *e)
{
	char from[PATH_MAX], to[PATH_MAX], stale[PATH_MAX];
	enum err rc = set_aside(folder, DB_FILE, kept_db, e);
	if (rc == ERR_OK)
		rc = set_aside(folder, DB_FILE "-wal", kept_log, e);
	/* The copy's audit ends earlier, and that is no wonder. */
	if (rc == ERR_OK)
		rc = set_aside(folder, AUDIT_HEAD_FILE, AUDIT_HEAD_FILE ".before-restore", e);
	if (rc == ERR_OK)
		rc = path_of(stale, folder, DB_FILE "-shm", e);
	if (rc == ERR_OK && unlink(stale) && errno != ENOENT)
		rc = err_set(e, ERR_IO, "The old database could not be set aside: %s.", strerror(errno));
	if (rc == ERR_OK)
		rc = path_of(from, stage, DB_FILE, e);
	if (rc == ERR_OK)
		rc = path_of(to, folder, DB_FILE, e);
	if (rc == ERR_OK && rename(from, to))
		rc = err_set(e, ERR_IO, "The restored database could not be put in its place: %s.", strerror(errno));
	return rc ? rc : sync_path(folder, e);
}

/* Copied beside the copy of the database first: a key that cannot be read must not leave half of them in the place of the old ones. */
static enum err restore_keys(const char *file, const char *stage, const char *folder, bool asked, const char **told, struct error *e)
{
	char keys[PATH_MAX], aside[PATH_MAX], beside[PATH_MAX], staged[PATH_MAX];
	enum err rc = path_of(keys, folder, "keys", e);
	if (rc == ERR_OK)
		rc = path_of(aside, folder, kept_keys, e);
	if (rc == ERR_OK)
		rc = path_of(staged, stage, "keys", e);
	if (rc == ERR_OK && (size_t)snprintf(beside, sizeof(beside), "%s.keys", file) >= sizeof(beside))
		rc = err_set(e, ERR_INVALID, "A file name is too long.");
	if (rc)
		return rc;
	bool have = !access(keys, F_OK), offered = !access(beside, F_OK);
	if (asked && !offered)
		return err_set(e, ERR_NOT_FOUND, "There is no .keys folder beside the copy.");
	if (have && !asked) {
		*told = "the keys in the data folder stay";
		return ERR_OK;
	}
	if (!offered) {
		*told = "there are no keys: new ones are made, and links given out before do not open";
		return ERR_OK;
	}
	if (have && !access(aside, F_OK))
		return err_set(e, ERR_CONFLICT, "The data folder still holds %s of an earlier restore; remove it first.", kept_keys);
	if ((rc = copy_keys(beside, staged, e)))
		return rc;
	if (have && rename(keys, aside))
		return err_set(e, ERR_IO, "The old keys could not be set aside: %s.", strerror(errno));
	*told = "the keys were restored";
	return rename(staged, keys) ? err_set(e, ERR_IO, "The keys could not be put in their place: %s.", strerror(errno)) : ERR_OK;
}

int command_restore(struct args *a)
{
	bool with_keys = args_flag(a, "--with-keys");
	if (!args_done(a, 1, 1)) {
		fprintf(stderr, "usage: porchlight restore FILE [--with-keys]\n");
		return USAGE;
	}
	const char *folder = conf()->data, *file = a->argv[0], *told = "";
	struct error e = { 0 };
	char stage[PATH_MAX];
	int lock = -1;
	enum err rc = house_lock(folder, &lock, &e);
	if (rc == ERR_OK)
		rc = path_of(stage, folder, "restoring", &e);
	if (rc == ERR_OK) {
		clear_stage(stage); /* of an attempt that was killed */
		if (mkdir(stage, 0700))
			rc = err_set(&e, ERR_IO, "The data folder cannot be written: %s.", strerror(errno));
		if (rc == ERR_OK)
			rc = prepare(file, stage, folder, &e);
		if (rc == ERR_OK)
			rc = restore_keys(file, stage, folder, with_keys, &told, &e);
		if (rc == ERR_OK)
			rc = put_in_place(stage, folder, &e);
		clear_stage(stage);
	}
	house_unlock(&lock);
	if (rc == ERR_OK)
		printf("restored; %s\nwhat was there before is kept in files named *.before-restore*: remove them when all is well\n", told);
	return ended(rc, &e);
}
