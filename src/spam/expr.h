/*
 * expr: arithmetic over names, as `meta` rules and `if` conditions use it.
 *
 * Grammar, weakest first, with Perl's precedence and values, because SpamAssassin hands these to Perl:
 *
 *     a ? b : c                      right to left
 *     a || b,  a && b                the operand that decided, not 1: (2 || 3) is 2, (2 && 3) is 3
 *     a ^ b                          exclusive or of whole numbers
 *     a == b  a != b                 1 or 0
 *     a < b   a <= b  a > b  a >= b  1 or 0; a < b < c and a == b == c are chains: (a < b) && (b < c)
 *     a + b   a - b
 *     a * b   a / b
 *     !a  -a  +a                     !a is 1 or 0
 *     ( a )   number   NAME   NAME(ARGUMENT)
 *
 * An empty pair of parentheses, "()", is 0. Division by zero has no value: the whole expression fails. Names are handed
 * to a resolver when parsing and become indexes, so evaluating needs no look-up and no memory. Names with an argument
 * (rules_matching(GLOB), plugin(X), can(X), has(X)) are also the resolver's: it may answer with several names, which
 * are summed.
 *
 * Memory: the tree lives in the caller's arena and refers to no source text. Threads: none. Limits: EXPR_DEPTH_MAX
 * levels of nesting, EXPR_NODES_MAX nodes.
 */
#ifndef SPAM_EXPR_H
#define SPAM_EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { EXPR_DEPTH_MAX = 100, EXPR_NODES_MAX = 4000 };

struct expr;

/* What a name stands for: a number, or the sum of variables. */
struct expr_value {
	double number;          /* when count is 0 */
	const size_t *variable; /* indexes for expr_eval; must live as long as the expression */
	size_t count;
};

struct expr_names {
	/* `argument` has ptr NULL for a plain name. False with `e` filled: the name is an error. */
	bool (*resolve)(void *ctx, struct slice name, struct slice argument, struct expr_value *out, struct error *e);
	void *ctx;
};

/* ERR_INVALID: `e` says what is wrong, *at is the byte offset. ERR_NOMEM: the arena is full. */
enum err expr_parse(struct arena *a, struct slice text, const struct expr_names *names, struct expr **out, size_t *at,
		    struct error *e) MUST_CHECK;

/* False when it has no value (division by zero, or the result is not finite); *out is 0 then. */
bool expr_eval(const struct expr *x, const double *variables, double *out) MUST_CHECK;

/* Calls `visit` for each variable, in the order of writing; a variable may come more than once. */
void expr_variables(const struct expr *x, void (*visit)(size_t variable, void *ctx), void *ctx);

#endif
