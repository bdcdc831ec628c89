/* practice: files of the practice corpora, in the folder that PORCHLIGHT_SHARED names. */
#ifndef TESTS_UNIT_PRACTICE_H
#define TESTS_UNIT_PRACTICE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PRACTICE_PATH_BYTES = 4096 };

/* False where the data is absent: the test says so (the words tests/run.mjs allows) and is to pass over it. */
static inline bool practice_path(char out[PRACTICE_PATH_BYTES], const char *name)
{
	const char *folder = getenv("PORCHLIGHT_SHARED");

	if (folder && snprintf(out, PRACTICE_PATH_BYTES, "%s/%s", folder, name) < PRACTICE_PATH_BYTES && access(out, R_OK) == 0)
		return true;
	printf("# SKIP shared data absent\n");
	return false;
}

#endif
