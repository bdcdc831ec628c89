/* tmpdir: a folder of its own for a test, gone afterwards. */
#ifndef TESTS_UNIT_TMPDIR_H
#define TESTS_UNIT_TMPDIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int tmpdir_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static inline char *tmpdir_make(void)
{
	static const char form[] = "/tmp/porchlight-test-XXXXXX";
	char *path = malloc(sizeof(form));
	snprintf(path, sizeof(form), "%s", form);
	if (!mkdtemp(path))
		abort();
	return path;
}

static inline void tmpdir_remove(char *path)
{
	nftw(path, tmpdir_one, 16, FTW_DEPTH | FTW_PHYS);
	free(path);
}

#endif
