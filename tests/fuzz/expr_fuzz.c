/* Any bytes as an expression: read without harm, and evaluated the same way twice. */
#include <stdint.h>
#include <stdlib.h>

#include "spam/expr.h"

static bool resolve(void *ctx, struct slice name, struct slice argument, struct expr_value *out, struct error *e)
{
	static const size_t index[] = { 0, 1, 2, 3 };

	(void)ctx;
	(void)e;
	*out = (struct expr_value){ .number = (double)argument.len };
	if (name.len > 1)
		*out = (struct expr_value){ .variable = index, .count = name.len % 4 + 1 };
	return name.len < 40;
}

static void visit(size_t variable, void *ctx)
{
	(void)ctx;
	if (variable > 3)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const double v[] = { 0, 1, -2, 1e18 };
	struct arena *a = arena_new(1 << 20);
	struct expr_names names = { resolve, NULL };
	struct error e;
	struct expr *x;
	size_t at;

	if (a == NULL)
		return 0;
	if (expr_parse(a, slice_make((const char *)data, size), &names, &x, &at, &e) == ERR_OK) {
		double one, two;

		if (expr_eval(x, v, &one) != expr_eval(x, v, &two) || one != two)
			abort();
		expr_variables(x, visit, NULL);
	}
	if (at > size)
		abort();
	arena_free(&a);
	return 0;
}
