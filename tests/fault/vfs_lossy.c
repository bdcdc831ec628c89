/*
 * vfs_lossy: a disk that forgets. Linked into a test build of the binary, it becomes SQLite's default VFS.
 *
 * A file's bytes live in the memory of the process; only xSync brings what was written to the real file. So kill -9 is a
 * power cut: everything that was not synced is gone. Locks and shared memory are the real ones.
 *
 * Where LOSSY_FAULT names a file, its first letter is a fault that holds as long as it stands there:
 *
 *     f  the disk is full              s  fsync fails
 *     r  the database is read-only     w  writing fails
 */
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEP = 65536 }; /* SQLite's own VFS moves less than 128 KiB at once */

/* One for each file name that was ever opened; never freed, because a closed file keeps what was written to it. */
struct image {
	struct image *next;
	char *path;
	pthread_mutex_t lock;
	unsigned char *bytes;
	sqlite3_int64 size, cap;
	sqlite3_int64 dirty_from, dirty_to; /* not yet synced; dirty_to 0: nothing */
	bool loaded, resized;
};

struct file {
	sqlite3_file base;
	struct image *image; /* NULL: a temporary file, passed through */
	sqlite3_file *real;  /* behind this struct */
};

static sqlite3_vfs *unix_vfs;
static struct image *images;
static pthread_mutex_t images_lock = PTHREAD_MUTEX_INITIALIZER;

static char fault(void)
{
	const char *path = getenv("LOSSY_FAULT");
	char c = 0;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		if (read(fd, &c, 1) != 1)
			c = 0;
		close(fd);
	}
	return c;
}

static int write_fault(void)
{
	switch (fault()) {
	case 'f':
		return SQLITE_FULL;
	case 'r':
		return SQLITE_READONLY;
	case 'w':
		return SQLITE_IOERR_WRITE;
	default:
		return SQLITE_OK;
	}
}

static struct image *image_of(const char *path)
{
	pthread_mutex_lock(&images_lock);
	struct image *i = images;
	while (i && strcmp(i->path, path))
		i = i->next;
	if (!i && (i = calloc(1, sizeof(*i)))) {
		i->path = strdup(path);
		pthread_mutex_init(&i->lock, NULL);
		i->next = images;
		images = i;
	}
	pthread_mutex_unlock(&images_lock);
	return i;
}

/* The lock is held. */
static int grow(struct image *i, sqlite3_int64 size)
{
	if (size > i->cap) {
		sqlite3_int64 cap = i->cap ? i->cap : 65536;
		while (cap < size)
			cap *= 2;
		unsigned char *more = realloc(i->bytes, (size_t)cap);
		if (!more)
			return SQLITE_IOERR_NOMEM;
		memset(more + i->cap, 0, (size_t)(cap - i->cap));
		i->bytes = more;
		i->cap = cap;
	}
	if (size > i->size)
		i->size = size;
	return SQLITE_OK;
}

static int load(struct file *f)
{
	struct image *i = f->image;
	sqlite3_int64 size;
	if (i->loaded)
		return SQLITE_OK;
	int rc = f->real->pMethods->xFileSize(f->real, &size);
	if (rc == SQLITE_OK)
		rc = grow(i, size);
	for (sqlite3_int64 at = 0; rc == SQLITE_OK && at < size; at += STEP) {
		int n = size - at < STEP ? (int)(size - at) : STEP;
		rc = f->real->pMethods->xRead(f->real, i->bytes + at, n, at);
	}
	i->loaded = rc == SQLITE_OK;
	return rc;
}

static int f_close(sqlite3_file *p)
{
	struct file *f = (struct file *)p;
	return f->real->pMethods->xClose(f->real);
}

static int f_read(sqlite3_file *p, void *out, int n, sqlite3_int64 at)
{
	struct file *f = (struct file *)p;
	int rc = SQLITE_OK;
	pthread_mutex_lock(&f->image->lock);
	sqlite3_int64 have = f->image->size - at;
	if (have < n) {
		memset(out, 0, (size_t)n);
		rc = SQLITE_IOERR_SHORT_READ;
	}
	if (have > 0)
		memcpy(out, f->image->bytes + at, (size_t)(have < n ? have : n));
	pthread_mutex_unlock(&f->image->lock);
	return rc;
}

static int f_write(sqlite3_file *p, const void *bytes, int n, sqlite3_int64 at)
{
	struct image *i = ((struct file *)p)->image;
	int rc = write_fault();
	if (rc)
		return rc;
	pthread_mutex_lock(&i->lock);
	rc = grow(i, at + n);
	if (rc == SQLITE_OK) {
		memcpy(i->bytes + at, bytes, (size_t)n);
		if (i->dirty_to == 0 || at < i->dirty_from)
			i->dirty_from = at;
		if (at + n > i->dirty_to)
			i->dirty_to = at + n;
	}
	pthread_mutex_unlock(&i->lock);
	return rc;
}

static int f_truncate(sqlite3_file *p, sqlite3_int64 size)
{
	struct image *i = ((struct file *)p)->image;
	int rc = write_fault();
	if (rc)
		return rc;
	pthread_mutex_lock(&i->lock);
	if (size < i->size) {
		memset(i->bytes + size, 0, (size_t)(i->size - size));
		i->size = size;
		i->resized = true;
	}
	pthread_mutex_unlock(&i->lock);
	return SQLITE_OK;
}

static int f_sync(sqlite3_file *p, int flags)
{
	struct file *f = (struct file *)p;
	struct image *i = f->image;
	int rc = SQLITE_OK;
	(void)flags;
	if (fault() == 's')
		return SQLITE_IOERR_FSYNC;
	pthread_mutex_lock(&i->lock);
	if (i->dirty_to > i->size)
		i->dirty_to = i->size;
	for (sqlite3_int64 at = i->dirty_from; rc == SQLITE_OK && at < i->dirty_to; at += STEP) {
		int n = i->dirty_to - at < STEP ? (int)(i->dirty_to - at) : STEP;
		rc = f->real->pMethods->xWrite(f->real, i->bytes + at, n, at);
	}
	if (rc == SQLITE_OK && i->resized)
		rc = f->real->pMethods->xTruncate(f->real, i->size);
	/* The real fsync is left out: the machine stays up, only the process dies. */
	if (rc == SQLITE_OK) {
		i->dirty_from = i->dirty_to = 0;
		i->resized = false;
	}
	pthread_mutex_unlock(&i->lock);
	return rc;
}

static int f_size(sqlite3_file *p, sqlite3_int64 *size)
{
	struct image *i = ((struct file *)p)->image;
	pthread_mutex_lock(&i->lock);
	*size = i->size;
	pthread_mutex_unlock(&i->lock);
	return SQLITE_OK;
}

#define REAL(p) (((struct file *)(p))->real)

static int f_lock(sqlite3_file *p, int level)
{
	return REAL(p)->pMethods->xLock(REAL(p), level);
}

static int f_unlock(sqlite3_file *p, int level)
{
	return REAL(p)->pMethods->xUnlock(REAL(p), level);
}

static int f_check_lock(sqlite3_file *p, int *out)
{
	return REAL(p)->pMethods->xCheckReservedLock(REAL(p), out);
}

static int f_control(sqlite3_file *p, int op, void *arg)
{
	return op == SQLITE_FCNTL_SIZE_HINT ? SQLITE_OK : REAL(p)->pMethods->xFileControl(REAL(p), op, arg);
}

static int f_sector(sqlite3_file *p)
{
	return REAL(p)->pMethods->xSectorSize(REAL(p));
}

static int f_traits(sqlite3_file *p)
{
	return REAL(p)->pMethods->xDeviceCharacteristics(REAL(p));
}

static int f_shm_map(sqlite3_file *p, int page, int size, int extend, void volatile **out)
{
	return REAL(p)->pMethods->xShmMap(REAL(p), page, size, extend, out);
}

static int f_shm_lock(sqlite3_file *p, int at, int n, int flags)
{
	return REAL(p)->pMethods->xShmLock(REAL(p), at, n, flags);
}

static void f_shm_barrier(sqlite3_file *p)
{
	REAL(p)->pMethods->xShmBarrier(REAL(p));
}

static int f_shm_unmap(sqlite3_file *p, int gone)
{
	return REAL(p)->pMethods->xShmUnmap(REAL(p), gone);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = f_close,
	.xRead = f_read,
	.xWrite = f_write,
	.xTruncate = f_truncate,
	.xSync = f_sync,
	.xFileSize = f_size,
	.xLock = f_lock,
	.xUnlock = f_unlock,
	.xCheckReservedLock = f_check_lock,
	.xFileControl = f_control,
	.xSectorSize = f_sector,
	.xDeviceCharacteristics = f_traits,
	.xShmMap = f_shm_map,
	.xShmLock = f_shm_lock,
	.xShmBarrier = f_shm_barrier,
	.xShmUnmap = f_shm_unmap,
};

static int v_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *p, int flags, int *out_flags)
{
	(void)vfs;
	if (!(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) || !path)
		return unix_vfs->xOpen(unix_vfs, path, p, flags, out_flags);
	struct file *f = (struct file *)p;
	f->base.pMethods = NULL;
	f->real = (sqlite3_file *)(f + 1);
	f->image = image_of(path);
	if (!f->image)
		return SQLITE_NOMEM;
	int rc = unix_vfs->xOpen(unix_vfs, path, f->real, flags, out_flags);
	if (rc)
		return rc;
	pthread_mutex_lock(&f->image->lock);
	rc = load(f);
	pthread_mutex_unlock(&f->image->lock);
	if (rc)
		f->real->pMethods->xClose(f->real);
	else
		f->base.pMethods = &methods;
	return rc;
}

static int v_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	(void)vfs;
	struct image *i = image_of(path);
	if (!i)
		return SQLITE_NOMEM;
	pthread_mutex_lock(&i->lock);
	i->size = i->dirty_from = i->dirty_to = 0;
	i->resized = i->loaded = false;
	if (i->bytes)
		memset(i->bytes, 0, (size_t)i->cap);
	pthread_mutex_unlock(&i->lock);
	return unix_vfs->xDelete(unix_vfs, path, sync);
}

__attribute__((constructor)) static void become_the_disk(void)
{
	static sqlite3_vfs lossy;
	unix_vfs = sqlite3_vfs_find(NULL);
	lossy = *unix_vfs;
	lossy.pNext = NULL;
	lossy.zName = "lossy";
	lossy.szOsFile = (int)sizeof(struct file) + unix_vfs->szOsFile;
	lossy.xOpen = v_open;
	lossy.xDelete = v_delete;
	if (sqlite3_vfs_register(&lossy, 1)) {
		fputs("the lossy disk could not be made\n", stderr);
		abort();
	}
}
