/*
 * directive: reads one line of a .cf file that says something about a rule: its test (header, body, meta, ...) or a
 * property of it (score, describe, tflags, mode, ...). Part of cf, which reads the files, comments, conditions and
 * includes around it.
 *
 * A line that is right becomes an item of the tree; one that is not is reported with its column, in an admin's words,
 * and becomes nothing. Threads: none. Memory: the arena.
 */
#ifndef SPAM_DIRECTIVE_H
#define SPAM_DIRECTIVE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "spam/cf.h"

/* A line as it takes effect, and where its items and findings go. */
struct cf_line {
	struct arena *arena;
	struct cf_tree *tree;
	size_t cap; /* items the tree has room for */
	struct cf_errors *errs;
	bool nomem; /* sticky */
	const char *file;
	unsigned number;   /* from 1 */
	unsigned indent;   /* bytes before `text` */
	struct slice text; /* without comment and outer blanks; each # in it was written \# */
	bool cut;          /* a comment was taken off it */
	struct slice lang; /* of `lang xx` before the directive, else "" */
};

/* `verb` in lower case with _ for -. False when it is none of ours. */
bool directive_read(struct cf_line *l, const char *verb, struct slice value);

/* Adds a finding; `at` points into l->text, or is NULL. */
void directive_report(struct cf_line *l, bool notice, const char *at, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Adds an item with its place; `value` points into l->text, or is NULL. NULL: no memory (l->nomem). */
struct cf_item *directive_add(struct cf_line *l, enum cf_verb verb, struct slice name, const char *value);

/* Without blanks around. */
struct slice directive_trim(struct slice s);
/* Cuts the first word off `rest`, and the blanks behind it. */
struct slice directive_word(struct slice *rest);

#endif
