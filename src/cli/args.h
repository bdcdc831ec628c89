/*
 * args: the options of one command. Known options are taken out one by one, wherever they stand before "--"; what is left are
 * the operands. A mistake is said on standard error and remembered, so a command asks once, at the end (args_done).
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>

struct args {
	int argc;
	char **argv; /* changed by the functions below */
	bool wrong;
};

/* "--name" */
bool args_flag(struct args *a, const char *name);
/* "--name VALUE" or "--name=VALUE"; NULL when it is not there. The last one wins. */
const char *args_value(struct args *a, const char *name);
/* True when there are between `min` and `max` operands and no unknown option; drops a "--". */
bool args_done(struct args *a, int min, int max);

#endif
