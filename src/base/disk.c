#include "base/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, struct slice bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);
		if (n < 0 && errno != EINTR)
			return false;
		bytes = slice_from(bytes, n > 0 ? (size_t)n : 0);
	}
	return true;
}

bool disk_sync_folder_of(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) + 1 : 0;

	if (n >= sizeof folder) {
		errno = ENAMETOOLONG;
		return false;
	}
	snprintf(folder, sizeof folder, "%.*s", n ? (int)n : 1, n ? path : ".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	/* Some file systems know no such thing as syncing a folder. */
	bool good = fsync(fd) == 0 || errno == EINVAL;
	int why = errno;
	close(fd);
	errno = why;
	return good;
}

bool disk_replace(const char *path, mode_t mode, struct slice bytes)
{
	char part[PATH_MAX];

	if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (unlink(part) && errno != ENOENT)
		return false;
	int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return false;
	bool good = write_all(fd, bytes) && fsync(fd) == 0;
	int why = errno;
	if (close(fd) && good) {
		good = false;
		why = errno;
	}
	if (good && rename(part, path)) {
		good = false;
		why = errno;
	}
	if (good)
		return disk_sync_folder_of(path);
	(void)unlink(part);
	errno = why;
	return false;
}
