/*
 * rules_lines: files of labelled texts, for `porchlight rules eval`, `learn` and `bench`. A line is
 * {"label":"spam|ham","lang"?,"subject"?,"body","channel"?:"form|chat"}; empty lines are passed over.
 *
 * Pure. Bounds: 1 MiB a line. Threads: none.
 */
#ifndef CLI_RULES_LINES_H
#define CLI_RULES_LINES_H

#include "spam/verdict.h"

struct labelled {
	int64_t line; /* counted from 1 */
	bool spam;
	struct slice lang;    /* "und" where the line says none */
	struct submission in; /* as a question */
};

/* Calls each() for every line; the slices live until it returns. ERR_MALFORMED and ERR_TOO_LARGE name the line. `share` (may be NULL) is called
 * now and then with how far it is, 0 to 1, for a terminal; less than 0: it ended before that. */
enum err rules_lines(struct slice jsonl, enum err (*each)(void *ctx, const struct labelled *l, struct error *e), void *ctx, void (*share)(double done),
	struct error *e) MUST_CHECK;

/* A bar on standard error where that is a terminal, else NULL: what to hand in as `share`. */
void (*rules_lines_bar(void))(double done);

#endif
