#include "cli/input.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum err input_read(const char *path, struct str *out, struct error *e)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && str_add_fd(out, fd);

	if (fd > STDIN_FILENO)
		close(fd);
	if (!good)
		return err_set(e, ERR_IO, "%s cannot be read.", path);
	return str_failed(out) ? err_set(e, ERR_TOO_LARGE, "%s is too large.", path) : ERR_OK;
}
