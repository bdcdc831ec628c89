/*
 * input: a file that was named on the command line. Threads: none.
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "base/str.h"

/* Adds the whole file; "-" is standard input. ERR_TOO_LARGE past the builder's maximum. */
enum err input_read(const char *path, struct str *out, struct error *e) MUST_CHECK;

#endif
