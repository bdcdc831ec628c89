#include "cli/args.h"

#include <stdio.h>
#include <string.h>

static void drop(struct args *a, int at, int count)
{
	memmove(a->argv + at, a->argv + at + count, (size_t)(a->argc - at - count) * sizeof(*a->argv));
	a->argc -= count;
}

bool args_flag(struct args *a, const char *name)
{
	bool found = false;
	for (int i = 0; i < a->argc && strcmp(a->argv[i], "--");)
		if (!strcmp(a->argv[i], name)) {
			drop(a, i, 1);
			found = true;
		} else {
			i++;
		}
	return found;
}

const char *args_value(struct args *a, const char *name)
{
	const char *value = NULL;
	size_t len = strlen(name);
	for (int i = 0; i < a->argc && strcmp(a->argv[i], "--");) {
		if (!strncmp(a->argv[i], name, len) && a->argv[i][len] == '=') {
			value = a->argv[i] + len + 1;
			drop(a, i, 1);
		} else if (!strcmp(a->argv[i], name)) {
			if (i + 1 >= a->argc) {
				fprintf(stderr, "porchlight: %s needs a value\n", name);
				a->wrong = true;
				drop(a, i, 1);
			} else {
				value = a->argv[i + 1];
				drop(a, i, 2);
			}
		} else {
			i++;
		}
	}
	return value;
}

bool args_done(struct args *a, int min, int max)
{
	int at = 0;
	while (at < a->argc && strcmp(a->argv[at], "--")) {
		if (a->argv[at][0] == '-' && a->argv[at][1]) {
			fprintf(stderr, "porchlight: unknown option %s\n", a->argv[at]);
			a->wrong = true;
		}
		at++;
	}
	if (at < a->argc)
		drop(a, at, 1);
	if (!a->wrong && (a->argc < min || a->argc > max)) {
		fprintf(stderr, "porchlight: too %s arguments\n", a->argc < min ? "few" : "many");
		a->wrong = true;
	}
	return !a->wrong;
}
