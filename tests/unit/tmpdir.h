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

/* A file of this text below the folder. */
static inline void tmpdir_put(const char *folder, const char *name, const char *text)
{
	char path[300];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
}

#endif
