/*
 * replay: runs a fuzz target over the files of a folder, so that saved corpora are ordinary tests.
 *
 *     NAME_fuzz FOLDER
 *
 * Prints TAP. A crash or a sanitizer's report ends the process, which the test run counts as a failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		return 1;
	}
	size_t len = 0, cap = 1 << 20;
	uint8_t *buf = malloc(cap);
	if (buf)
		len = fread(buf, 1, cap, f);
	fclose(f);
	if (!buf)
		return 1;
	/* An exact-size copy, so that a sanitizer sees a read past the end. */
	uint8_t *exact = malloc(len ? len : 1);
	if (exact) {
		memcpy(exact, buf, len);
		LLVMFuzzerTestOneInput(exact, len);
	}
	int bad = exact == NULL;
	free(exact);
	free(buf);
	return bad;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	struct dirent **names;
	int count = scandir(argv[1], &names, NULL, alphasort);
	if (count < 0) {
		perror(argv[1]);
		return 1;
	}
	int run = 0, bad = 0;
	for (int i = 0; i < count; i++) {
		char path[4096];
		if (names[i]->d_name[0] != '.' && snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]->d_name) < (int)sizeof(path)) {
			run++;
			bad += replay(path);
		}
		free(names[i]);
	}
	free(names);
	printf("%sok 1 - %d saved inputs\n1..1\n", run && !bad ? "" : "not ", run);
	return run && !bad ? 0 : 1;
}
