#include "spam/expr.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>

enum op {
	OP_NUMBER,
	OP_SUM,
	OP_NOT,
	OP_NEGATE,
	OP_MUL,
	OP_DIV,
	OP_ADD,
	OP_SUB,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_EQ,
	OP_NE,
	OP_XOR,
	OP_AND,
	OP_OR,
	OP_CHOOSE
};

struct expr {
	enum op op;
	bool chained; /* a comparison whose left side is the right side of the comparison `a` */
	struct expr_value value; /* OP_NUMBER, OP_SUM */
	const struct expr *a, *b, *c;
};

struct parser {
	struct arena *arena;
	struct slice text;
	size_t at;
	size_t nodes;
	int depth;
	const struct expr_names *names;
	struct error *e;
	enum err err; /* the first failure; parsing unwinds */
};

static struct expr *fail(struct parser *p, const char *what)
{
	if (p->err == ERR_OK)
		p->err = err_set(p->e, ERR_INVALID, "%s", what);
	return NULL;
}

static struct expr *node(struct parser *p, enum op op, const struct expr *a, const struct expr *b, const struct expr *c)
{
	struct expr *x;

	if (p->err != ERR_OK)
		return NULL;
	if (++p->nodes > EXPR_NODES_MAX)
		return fail(p, "the expression is too long");
	x = ARENA_NEW(p->arena, struct expr);
	if (x == NULL) {
		p->err = err_nomem(p->e);
		return NULL;
	}
	*x = (struct expr){ .op = op, .a = a, .b = b, .c = c };
	return x;
}

static int peek(struct parser *p)
{
	while (p->at < p->text.len && isspace((unsigned char)p->text.ptr[p->at]))
		p->at++;
	return p->at < p->text.len ? (unsigned char)p->text.ptr[p->at] : -1;
}

static bool take(struct parser *p, const char *token)
{
	struct slice t = slice_of(token);

	peek(p);
	if (!slice_starts(slice_from(p->text, p->at), t))
		return false;
	p->at += t.len;
	return true;
}

static bool is_name(int c)
{
	return c == '_' || (c < 128 && isalnum(c));
}

static struct expr *parse_choose(struct parser *p);

static struct expr *parse_number(struct parser *p)
{
	struct expr *x = node(p, OP_NUMBER, NULL, NULL, NULL);
	double v = 0, unit = 1;
	size_t digits = 0;

	if (p->at + 1 < p->text.len && p->text.ptr[p->at] == '0' && isdigit((unsigned char)p->text.ptr[p->at + 1]))
		return fail(p, "write this number without the 0 before it: Perl would read it by eights");
	for (; p->at < p->text.len && isdigit((unsigned char)p->text.ptr[p->at]); p->at++, digits++)
		v = v * 10 + (p->text.ptr[p->at] - '0');
	if (p->at < p->text.len && p->text.ptr[p->at] == '.')
		for (p->at++; p->at < p->text.len && isdigit((unsigned char)p->text.ptr[p->at]); p->at++, digits++)
			v += (unit /= 10) * (p->text.ptr[p->at] - '0');
	if (digits == 0 || digits > 300)
		return fail(p, "a number is expected here");
	if (p->at < p->text.len && is_name((unsigned char)p->text.ptr[p->at]))
		return fail(p, "a name cannot begin with a digit");
	if (x != NULL)
		x->value.number = v;
	return x;
}

static struct expr *parse_name(struct parser *p)
{
	size_t from = p->at;
	struct slice name, argument = SLICE_NONE;
	struct expr *x;

	while (p->at < p->text.len && is_name((unsigned char)p->text.ptr[p->at]))
		p->at++;
	name = slice_make(p->text.ptr + from, p->at - from);
	if (peek(p) == '(') {
		size_t end;

		p->at++;
		peek(p);
		argument = slice_make(p->text.ptr + p->at, 0);
		while (p->at < p->text.len && p->text.ptr[p->at] != ')' && p->text.ptr[p->at] != '(')
			p->at++;
		if (p->at == p->text.len || p->text.ptr[p->at] != ')')
			return fail(p, "a closing parenthesis is missing behind this name");
		for (end = p->at; end > 0 && isspace((unsigned char)p->text.ptr[end - 1]);)
			end--;
		argument.len =
		    end > (size_t)(argument.ptr - p->text.ptr) ? end - (size_t)(argument.ptr - p->text.ptr) : 0;
		p->at++;
	}
	x = node(p, OP_SUM, NULL, NULL, NULL);
	if (x == NULL)
		return NULL;
	if (!p->names->resolve(p->names->ctx, name, argument, &x->value, p->e)) {
		p->at = from;
		p->err = ERR_INVALID;
		return NULL;
	}
	if (x->value.count == 0)
		x->op = OP_NUMBER;
	return x;
}

static struct expr *parse_unary(struct parser *p)
{
	struct expr *x;
	int c = peek(p);

	if (p->err != ERR_OK)
		return NULL;
	if (p->depth >= EXPR_DEPTH_MAX)
		return fail(p, "the expression is nested too deeply");
	p->depth++;
	if (c == '!' && !slice_starts(slice_from(p->text, p->at), SLICE("!="))) {
		p->at++;
		x = parse_unary(p);
		x = node(p, OP_NOT, x, NULL, NULL);
	} else if (c == '-') {
		p->at++;
		x = parse_unary(p);
		x = node(p, OP_NEGATE, x, NULL, NULL);
	} else if (c == '+') {
		p->at++;
		x = parse_unary(p);
	} else if (c == '(') {
		p->at++;
		if (take(p, ")")) {
			x = node(p, OP_NUMBER, NULL, NULL, NULL);
		} else {
			x = parse_choose(p);
			if (p->err == ERR_OK && !take(p, ")"))
				x = fail(p, "a closing parenthesis is missing");
		}
	} else if (c == '.' || (c >= '0' && c <= '9')) {
		x = parse_number(p);
	} else if (c >= 0 && is_name(c)) {
		x = parse_name(p);
	} else {
		x = fail(p, c < 0 ? "the expression ends too early"
				  : "a name, a number or a parenthesis is expected here");
	}
	p->depth--;
	return x;
}

/* The binary operators by precedence level, weakest first; within a level longer spellings first. */
static const struct {
	int level;
	const char *spelling;
	enum op op;
} binary[] = {
	{ 0, "||", OP_OR }, { 1, "&&", OP_AND }, { 2, "^", OP_XOR }, { 3, "==", OP_EQ }, { 3, "!=", OP_NE },
	{ 4, "<=", OP_LE }, { 4, ">=", OP_GE },  { 4, "<", OP_LT },  { 4, ">", OP_GT },  { 5, "+", OP_ADD },
	{ 5, "-", OP_SUB }, { 6, "*", OP_MUL },  { 6, "/", OP_DIV },
};
enum { LEVEL_EQUAL = 3, LEVEL_ORDER, LEVELS = 7 };

static bool take_binary(struct parser *p, int level, enum op *op)
{
	for (size_t i = 0; i < sizeof(binary) / sizeof(*binary); i++)
		if (binary[i].level == level && take(p, binary[i].spelling)) {
			*op = binary[i].op;
			return true;
		}
	return false;
}

static struct expr *parse_binary(struct parser *p, int level)
{
	struct expr *x = level == LEVELS ? parse_unary(p) : parse_binary(p, level + 1);
	bool chained = false;
	enum op op;

	while (level < LEVELS && p->err == ERR_OK && take_binary(p, level, &op)) {
		struct expr *y = parse_binary(p, level + 1);

		x = node(p, op, x, y, NULL);
		if (x != NULL)
			x->chained = chained;
		chained = level == LEVEL_EQUAL || level == LEVEL_ORDER;
	}
	return x;
}

static struct expr *parse_choose(struct parser *p)
{
	struct expr *a = parse_binary(p, 0), *b, *c;

	if (p->err != ERR_OK || !take(p, "?"))
		return a;
	if (p->depth >= EXPR_DEPTH_MAX)
		return fail(p, "the expression is nested too deeply");
	p->depth++;
	b = parse_choose(p);
	if (p->err == ERR_OK && !take(p, ":"))
		return fail(p, "a : is missing behind this ?");
	c = parse_choose(p);
	p->depth--;
	return node(p, OP_CHOOSE, a, b, c);
}

enum err expr_parse(struct arena *a, struct slice text, const struct expr_names *names, struct expr **out, size_t *at,
		    struct error *e)
{
	struct parser p = { .arena = a, .text = text, .names = names, .e = e };

	*out = parse_choose(&p);
	if (p.err == ERR_OK && peek(&p) >= 0)
		fail(&p, "an operator is expected here: && || ^ + - * / < <= > >= == != or ? :");
	*at = p.at;
	if (p.err != ERR_OK)
		*out = NULL;
	return p.err;
}

/* The bits of a whole number, as Perl takes them for ^. */
static uint64_t bits(double v)
{
	if (v >= 18446744073709551615.0)
		return UINT64_MAX;
	if (v >= 0)
		return (uint64_t)v;
	return v <= -9223372036854775808.0 ? (uint64_t)INT64_MIN : (uint64_t)(int64_t)v;
}

static bool eval(const struct expr *x, const double *variables, double *out);

static bool compare(enum op op, double a, double b)
{
	switch (op) {
	case OP_LT:
		return a < b;
	case OP_LE:
		return a <= b;
	case OP_GT:
		return a > b;
	case OP_GE:
		return a >= b;
	case OP_EQ:
		return a == b;
	default:
		return a != b;
	}
}

/* Stops at the first comparison of a chain that is false, as Perl does; *right is what the next one compares with. */
static bool eval_comparison(const struct expr *x, const double *variables, double *out, double *right)
{
	double left = 0;

	if (!x->chained) {
		if (!eval(x->a, variables, &left))
			return false;
	} else if (!eval_comparison(x->a, variables, out, &left)) {
		return false;
	} else if (*out == 0) {
		return true;
	}
	if (!eval(x->b, variables, right))
		return false;
	*out = compare(x->op, left, *right);
	return true;
}

static bool eval(const struct expr *x, const double *variables, double *out)
{
	double a = 0, b = 0;

	switch (x->op) {
	case OP_NUMBER:
		*out = x->value.number;
		return true;
	case OP_SUM:
		for (size_t i = 0; i < x->value.count; i++)
			a += variables[x->value.variable[i]];
		*out = a;
		return true;
	case OP_AND:
	case OP_OR:
		if (!eval(x->a, variables, out))
			return false;
		return (*out != 0) == (x->op == OP_OR) ? true : eval(x->b, variables, out);
	case OP_CHOOSE:
		if (!eval(x->a, variables, &a))
			return false;
		return eval(a != 0 ? x->b : x->c, variables, out);
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
	case OP_EQ:
	case OP_NE:
		return eval_comparison(x, variables, out, &b);
	default:
		break;
	}
	if (!eval(x->a, variables, &a) || (x->b != NULL && !eval(x->b, variables, &b)))
		return false;
	switch (x->op) {
	case OP_NOT:
		*out = a == 0;
		break;
	case OP_NEGATE:
		*out = -a;
		break;
	case OP_MUL:
		*out = a * b;
		break;
	case OP_DIV:
		if (b == 0)
			return false;
		*out = a / b;
		break;
	case OP_ADD:
		*out = a + b;
		break;
	case OP_SUB:
		*out = a - b;
		break;
	case OP_XOR:
		*out = (double)(bits(a) ^ bits(b));
		break;
	default:
		return false;
	}
	return isfinite(*out);
}

bool expr_eval(const struct expr *x, const double *variables, double *out)
{
	if (eval(x, variables, out))
		return true;
	*out = 0;
	return false;
}

void expr_variables(const struct expr *x, void (*visit)(size_t variable, void *ctx), void *ctx)
{
	if (x == NULL)
		return;
	if (x->op == OP_SUM)
		for (size_t i = 0; i < x->value.count; i++)
			visit(x->value.variable[i], ctx);
	expr_variables(x->a, visit, ctx);
	expr_variables(x->b, visit, ctx);
	expr_variables(x->c, visit, ctx);
}
