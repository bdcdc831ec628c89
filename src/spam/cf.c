#include "spam/cf.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spam/expr.h"

/* The SpamAssassin whose language this is, for `if (version ...)`. */
static const double SPAMASSASSIN_VERSION = 4.000001;

/* ---- findings -------------------------------------------------------------------------------------------------- */

void cf_errors_init(struct cf_errors *e)
{
	memset(e, 0, sizeof(*e));
}

void cf_errors_fini(struct cf_errors *e)
{
	free(e->list);
	memset(e, 0, sizeof(*e));
}

void cf_errors_add(struct cf_errors *e, bool notice, const char *file, unsigned line, unsigned column, const char *fmt,
		   ...)
{
	struct cf_error *x;
	va_list ap;

	if (e == NULL)
		return;
	*(notice ? &e->notices : &e->errors) += 1;
	if (e->list == NULL)
		e->list = calloc(CF_ERRORS_MAX, sizeof(*e->list));
	if (e->list == NULL)
		return;
	if (e->count == CF_ERRORS_MAX) {
		/* An error is never crowded out by a notice. */
		size_t i = CF_ERRORS_MAX;

		while (!notice && i > 0 && !e->list[i - 1].notice)
			i--;
		if (notice || i == 0)
			return;
		memmove(e->list + i - 1, e->list + i, (CF_ERRORS_MAX - i) * sizeof(*e->list));
		e->count--;
	}
	x = &e->list[e->count++];
	*x = (struct cf_error){ .line = line, .column = column, .notice = notice };
	snprintf(x->file, sizeof(x->file), "%s", file);
	va_start(ap, fmt);
	vsnprintf(x->message, sizeof(x->message), fmt, ap);
	va_end(ap);
}

const char *surface_name(enum surface s)
{
	static const char *const names[] = { "body", "rawbody", "full", "uri", "norm", "skel", "header" };

	return s < SURFACE_COUNT ? names[s] : "";
}

/* ---- the reader ------------------------------------------------------------------------------------------------ */

struct condition {
	unsigned line;
	bool outer_skips; /* the block around is skipped, so both branches are */
	bool holds;
	bool in_else;
};

struct source_state {
	char *name;
	bool included; /* by another file: */
	size_t includer;
	bool open;     /* being read now */
	bool done;
};

struct reader {
	struct arena *arena;
	const struct cf_source *sources;
	struct source_state *state;
	size_t count;
	struct cf_errors *errs;
	struct cf_tree *tree;
	size_t cap;
	bool nomem;
	/* where we are */
	size_t source;
	unsigned line;
	unsigned indent;   /* bytes before `text` in the line */
	struct slice text; /* the line as it takes effect */
	int depth;
	struct condition conditions[CF_IF_DEPTH_MAX];
	size_t condition_count;
};

/* The column of a place inside r->text. Each # there was written \#, which is one byte more. */
static unsigned column_of(const struct reader *r, const char *at)
{
	unsigned column = r->indent + 1;

	for (const char *p = r->text.ptr; p < at; p++)
		column += *p == '#' ? 2 : 1;
	return column;
}

static void report(struct reader *r, bool notice, const char *at, const char *fmt, ...) PRINTF_LIKE(4, 5);
static void report(struct reader *r, bool notice, const char *at, const char *fmt, ...)
{
	char words[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	cf_errors_add(r->errs, notice, r->state[r->source].name, r->line, at != NULL ? column_of(r, at) : 0, "%s", words);
}

static struct cf_item *add(struct reader *r, enum cf_verb verb, struct slice name, const char *value)
{
	struct cf_tree *t = r->tree;
	struct cf_item *x;

	if (t->count == r->cap) {
		size_t to = r->cap == 0 ? 256 : r->cap * 2;
		struct cf_item *bigger = arena_array(r->arena, to, sizeof(*bigger));

		if (bigger == NULL) {
			r->nomem = true;
			return NULL;
		}
		if (t->count > 0)
			memcpy(bigger, t->items, t->count * sizeof(*bigger));
		t->items = bigger;
		r->cap = to;
	}
	x = &t->items[t->count++];
	*x = (struct cf_item){ .verb = verb,
			       .file = r->state[r->source].name,
			       .line = r->line,
			       .column = value != NULL ? column_of(r, value) : 1,
			       .name_column = name.ptr >= r->text.ptr && name.ptr <= r->text.ptr + r->text.len ?
						      column_of(r, name.ptr) :
						      1,
			       .name = name,
			       .text = r->text };
	return x;
}

/* ---- words ----------------------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct slice trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

/* Cuts the first word off `rest`, and the blanks behind it. */
static struct slice word(struct slice *rest)
{
	size_t n = 0;
	struct slice w;

	while (n < rest->len && !is_blank(rest->ptr[n]))
		n++;
	w = slice_make(rest->ptr, n);
	*rest = slice_from(*rest, n);
	while (rest->len > 0 && is_blank(rest->ptr[0]))
		*rest = slice_from(*rest, 1);
	return w;
}

bool cf_is_rule_name(struct slice s)
{
	if (s.len == 0 || s.len > CF_NAME_BYTES_MAX || isdigit((unsigned char)s.ptr[0]))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != '_' && ((unsigned char)s.ptr[i] >= 0x80 || !isalnum((unsigned char)s.ptr[i])))
			return false;
	return true;
}

/* The rule name a directive begins with; false (reported) when there is none or nothing behind it. */
static bool rule_name(struct reader *r, const char *verb, struct slice *value, struct slice *name)
{
	*name = word(value);
	if (name->len == 0) {
		report(r, false, name->ptr, "%s needs a rule name", verb);
		return false;
	}
	if (!cf_is_rule_name(*name)) {
		report(r, false, name->ptr,
		       "\"%.*s\" is not a rule name: letters, digits and _ (at most %d), not beginning with a digit",
		       name->len > 60 ? 60 : (int)name->len, name->ptr, CF_NAME_BYTES_MAX);
		return false;
	}
	if (value->len == 0) {
		report(r, false, value->ptr, "%s %.*s needs something behind the name", verb, SLICE_ARG(*name));
		return false;
	}
	return true;
}

/* -?digits(.digits)? */
static bool number(struct slice s, double *out)
{
	bool negative = s.len > 0 && s.ptr[0] == '-', dot = false;
	double v = 0, unit = 1;
	size_t digits = 0, after = 0;

	for (size_t i = negative; i < s.len; i++) {
		if (s.ptr[i] == '.' && !dot && digits > 0) {
			dot = true;
		} else if (isdigit((unsigned char)s.ptr[i])) {
			digits++;
			if (dot) {
				after++;
				v += (unit /= 10) * (s.ptr[i] - '0');
			} else {
				v = v * 10 + (s.ptr[i] - '0');
			}
		} else {
			return false;
		}
	}
	if (digits == 0 || digits > 20 || (dot && after == 0))
		return false;
	*out = negative ? -v : v;
	return true;
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

/* /re/flags, m{re}flags, m!re!flags ... as SpamAssassin's compile_regexp takes it apart. */
static bool delimited(struct reader *r, struct slice value, struct slice *pattern, unsigned *flags)
{
	struct slice re = value, mods;
	char open, close;
	size_t end, xs = 0;
	const char *pair;

	if (slice_starts(re, SLICE("qr")))
		re = slice_from(re, 2);
	else if (slice_starts(re, SLICE("m")))
		re = slice_from(re, 1);
	else if (!slice_starts(re, SLICE("/"))) {
		report(r, false, value.ptr, "a pattern is expected here, as /words/ or m{words}");
		return false;
	}
	open = re.len > 0 ? re.ptr[0] : 'a';
	if (isalnum((unsigned char)open) || open == '_' || open == '\\' || is_blank(open) || (unsigned char)open >= 0x80) {
		report(r, false, re.ptr, "the pattern has no delimiter: write /words/ or m{words}");
		return false;
	}
	pair = strchr("{}()<>[]", open);
	close = pair != NULL && (pair - "{}()<>[]") % 2 == 0 ? pair[1] : open;
	re = slice_from(re, 1);
	for (end = re.len; end > 0 && re.ptr[end - 1] != close;)
		end--;
	if (end == 0) {
		report(r, false, value.ptr, "the pattern has no end: %c is missing", close);
		return false;
	}
	mods = slice_from(re, end);
	*pattern = slice_make(re.ptr, end - 1);
	*flags = 0;
	for (size_t i = 0; i < mods.len; i++) {
		switch (mods.ptr[i]) {
		case 'i': *flags |= CF_RE_CASELESS; break;
		case 'm': *flags |= CF_RE_MULTILINE; break;
		case 's': *flags |= CF_RE_DOTALL; break;
		case 'n': *flags |= CF_RE_NO_CAPTURE; break;
		case 'x':
			*flags |= ++xs > 1 ? CF_RE_EXTENDED2 : CF_RE_EXTENDED;
			break;
		case 'a': /* what bytes have anyway */
		case 'd':
		case 'p':
			break;
		case 'u':
		case 'l':
			report(r, false, mods.ptr + i, "the flag %c is not known here; `tflags NAME utf` makes a rule see "
						       "characters instead of bytes", mods.ptr[i]);
			return false;
		default:
			if (isalpha((unsigned char)mods.ptr[i]))
				report(r, false, mods.ptr + i, "\"%c\" is not a pattern flag: i m s x n are", mods.ptr[i]);
			else
				report(r, false, mods.ptr, "only flags may follow the end of the pattern (%c)", close);
			return false;
		}
	}
	if (close != '}' && close != ')' && close != ']')
		for (size_t i = 0; i < pattern->len; i++) {
			if (pattern->ptr[i] == '\\')
				i++;
			else if (pattern->ptr[i] == close) {
				report(r, false, pattern->ptr + i, "a %c inside the pattern must be written \\%c", close, close);
				return false;
			}
		}
	return true;
}

/* function(argument, 'argument', ...) */
static void eval_rule(struct reader *r, enum surface surface, struct slice name, struct slice call)
{
	struct cf_item *x;
	size_t n = 0;

	while (n < call.len && (call.ptr[n] == '_' || isalnum((unsigned char)call.ptr[n])))
		n++;
	if (n == 0 || n == call.len || call.ptr[n] != '(' || call.ptr[call.len - 1] != ')') {
		report(r, false, call.ptr, "eval: needs a function and its arguments, as eval:links(3)");
		return;
	}
	x = add(r, CF_EVAL, name, call.ptr);
	if (x == NULL)
		return;
	x->eval.surface = surface;
	x->eval.function = slice_make(call.ptr, n);
	call = trim(slice_make(call.ptr + n + 1, call.len - n - 2));
	while (call.len > 0) {
		char quote = call.ptr[0];
		size_t end = 0;
		struct slice arg;

		if (quote == '\'' || quote == '"') {
			for (end = 1; end < call.len && call.ptr[end] != quote;)
				end++;
			arg = slice_make(call.ptr + 1, end - 1);
			end += end < call.len;
		} else {
			while (end < call.len && call.ptr[end] != ',')
				end++;
			arg = trim(slice_make(call.ptr, end));
		}
		if (x->eval.args == CF_EVAL_ARGS_MAX || (arg.len == 0 && quote != '\'' && quote != '"')) {
			report(r, false, call.ptr, "these arguments cannot be read");
			r->tree->count--;
			return;
		}
		x->eval.arg[x->eval.args++] = arg;
		call = trim(slice_from(call, end));
		if (call.len > 0 && call.ptr[0] != ',') {
			report(r, false, call.ptr, "a comma is missing between the arguments");
			r->tree->count--;
			return;
		}
		call = call.len > 0 ? trim(slice_from(call, 1)) : call;
	}
}

static void pattern_rule(struct reader *r, enum surface surface, struct slice value)
{
	struct slice name, pattern;
	unsigned flags;
	struct cf_item *x;

	if (!rule_name(r, surface_name(surface), &value, &name))
		return;
	if (slice_starts(value, SLICE("eval:"))) {
		eval_rule(r, surface, name, slice_from(value, 5));
		return;
	}
	if (!delimited(r, value, &pattern, &flags))
		return;
	x = add(r, CF_PATTERN, name, pattern.ptr);
	if (x == NULL)
		return;
	x->pattern.surface = surface;
	x->pattern.pattern = pattern;
	x->pattern.flags = flags;
}

/* Field[:modifier...]; at most two modifiers. Returns how long it is, 0 when there is none. */
static size_t field_name(struct slice s, size_t *bare)
{
	size_t n = 0;

	while (n < s.len && (isalnum((unsigned char)s.ptr[n]) || (s.ptr[n] != 0 && strchr("_.-", s.ptr[n]) != NULL)))
		n++;
	*bare = n;
	for (int i = 0; n > 0 && i < 2 && n < s.len && s.ptr[n] == ':'; i++)
		for (n++; n < s.len && islower((unsigned char)s.ptr[n]);)
			n++;
	return n;
}

static bool field_modifiers(struct reader *r, struct slice mods, bool *mail_only)
{
	static const char *const here[] = { "raw", "first", "last" };
	static const char *const mail[] = { "addr", "name", "host", "domain", "ip", "revip" };

	*mail_only = false;
	while (mods.len > 1) {
		size_t n = 1;
		struct slice m;
		bool known = false;

		while (n < mods.len && mods.ptr[n] != ':')
			n++;
		m = slice_make(mods.ptr + 1, n - 1);
		for (size_t i = 0; i < sizeof(here) / sizeof(*here); i++)
			known = known || slice_is(m, here[i]);
		for (size_t i = 0; i < sizeof(mail) / sizeof(*mail); i++)
			if (slice_is(m, mail[i]))
				known = *mail_only = true;
		if (!known) {
			report(r, false, m.ptr, "\":%.*s\" is not a field modifier", SLICE_ARG(m));
			return false;
		}
		mods = slice_from(mods, n);
	}
	if (*mail_only)
		report(r, true, mods.ptr, "this modifier only has a meaning for mail; the rule is off");
	return true;
}

static void header_rule(struct reader *r, struct slice value)
{
	struct slice name, field, mods, rest, pattern, unset = SLICE_NONE;
	size_t n, bare;
	unsigned flags;
	bool negated, mail_only;
	struct cf_item *x;

	if (!rule_name(r, "header", &value, &name))
		return;
	if (slice_starts(value, SLICE("eval:"))) {
		eval_rule(r, SURFACE_HEADER, name, slice_from(value, 5));
		return;
	}
	if (slice_starts(value, SLICE("exists:"))) {
		field = slice_from(value, 7);
		n = field_name(field, &bare);
		if (bare == 0 || (n != field.len) || n > bare + 1) {
			report(r, false, field.ptr, "exists: needs the name of a field");
			return;
		}
		x = add(r, CF_EXISTS, name, field.ptr);
		if (x != NULL) {
			x->pattern.surface = SURFACE_HEADER;
			x->pattern.field = slice_make(field.ptr, bare);
		}
		return;
	}
	n = field_name(value, &bare);
	if (bare == 0) {
		report(r, false, value.ptr, "a field name is expected here, as Subject =~ /words/");
		return;
	}
	field = slice_make(value.ptr, bare);
	mods = slice_make(value.ptr + bare, n - bare);
	rest = trim(slice_from(value, n));
	negated = slice_starts(rest, SLICE("!~"));
	if (!negated && !slice_starts(rest, SLICE("=~"))) {
		report(r, false, rest.ptr, "=~ or !~ is expected behind the field's name");
		return;
	}
	if (!field_modifiers(r, mods, &mail_only))
		return;
	rest = trim(slice_from(rest, 2));
	/* \s+\[if-unset:\s+(.+)\]$ */
	for (size_t i = 1; rest.len > 0 && rest.ptr[rest.len - 1] == ']' && i + 11 < rest.len; i++) {
		struct slice here = slice_from(rest, i);
		struct slice text = slice_from(here, 10);

		if (!is_blank(rest.ptr[i - 1]) || !slice_starts(here, SLICE("[if-unset:")) || !is_blank(text.ptr[0]))
			continue;
		text = slice_make(text.ptr, text.len - 1);
		while (text.len > 0 && is_blank(text.ptr[0]))
			text = slice_from(text, 1);
		if (text.len == 0)
			continue;
		unset = text;
		rest = trim(slice_make(rest.ptr, i));
		break;
	}
	if (!delimited(r, rest, &pattern, &flags))
		return;
	x = add(r, CF_PATTERN, name, pattern.ptr);
	if (x == NULL)
		return;
	x->pattern.surface = SURFACE_HEADER;
	x->pattern.pattern = pattern;
	x->pattern.flags = flags;
	x->pattern.negated = negated;
	x->pattern.field = field;
	x->pattern.if_unset = unset;
	x->pattern.mail_only = mail_only;
}

static void meta_rule(struct reader *r, struct slice value)
{
	struct slice name;
	struct cf_item *x;

	if (!rule_name(r, "meta", &value, &name))
		return;
	x = add(r, CF_META, name, value.ptr);
	if (x != NULL)
		x->expression = value;
}

/* ---- properties ------------------------------------------------------------------------------------------------ */

static void score(struct reader *r, struct slice value)
{
	struct slice name;
	double v[4];
	bool relative[4];
	size_t n = 0;
	struct cf_item *x;

	if (!rule_name(r, "score", &value, &name))
		return;
	while (value.len > 0) {
		struct slice w = word(&value);
		bool paren = w.len > 2 && w.ptr[0] == '(' && w.ptr[w.len - 1] == ')';

		if (n == 4) {
			report(r, false, w.ptr, "a score is one number, or four");
			return;
		}
		relative[n] = paren;
		if (!number(paren ? slice_make(w.ptr + 1, w.len - 2) : w, &v[n])) {
			report(r, false, w.ptr, "\"%.*s\" is not a number", w.len > 40 ? 40 : (int)w.len, w.ptr);
			return;
		}
		n++;
	}
	if (n != 1 && n != 4) {
		report(r, false, name.ptr, "a score is one number, or four");
		return;
	}
	x = add(r, CF_SCORE, name, NULL);
	for (size_t i = 0; x != NULL && i < 4; i++) {
		x->score.value[i] = v[n == 1 ? 0 : i];
		/* SpamAssassin: parentheses around one of them make all of them relative. */
		x->score.relative[i] = relative[0] || (n == 4 && (relative[1] || relative[2] || relative[3]));
	}
}

static void words(struct reader *r, enum cf_verb verb, struct slice lang, struct slice value)
{
	struct slice name;
	struct cf_item *x;

	if (!rule_name(r, verb == CF_NOTE ? "note" : "describe", &value, &name))
		return;
	x = add(r, verb, name, value.ptr);
	if (x != NULL) {
		x->words.lang = lang;
		x->words.text = value;
	}
}

static void tflags(struct reader *r, struct slice value)
{
	static const struct {
		const char *word;
		unsigned flag;
	} known[] = {
		{ "multiple", CF_TF_MULTIPLE },
		{ "nice", CF_TF_NICE },
		{ "nosubject", CF_TF_NOSUBJECT },
		{ "noautolearn", CF_TF_NOAUTOLEARN },
		{ "nolog", CF_TF_NOLOG },
		{ "utf", CF_TF_UTF },
		/* SpamAssassin's, which say nothing here */
		{ "net", 0 },
		{ "userconf", 0 },
		{ "learn", 0 },
		{ "publish", 0 },
		{ "autolearn_force", 0 },
		{ "autolearn_header", 0 },
		{ "autolearn_body", 0 },
		{ "noawl", 0 },
		{ "dnsbl", 0 },
		{ "a", 0 },
		{ "notrim", 0 },
		{ "domains_only", 0 },
		{ "ips_only", 0 },
		{ "ns", 0 },
	};
	struct slice name;
	unsigned flags = 0, maxhits = 0;
	struct cf_item *x;

	if (!rule_name(r, "tflags", &value, &name))
		return;
	while (value.len > 0) {
		struct slice w = word(&value);
		bool found = false;

		if (slice_starts(w, SLICE("maxhits="))) {
			double v;

			if (!number(slice_from(w, 8), &v) || v < 1 || v > 1000000 || v != (double)(unsigned)v) {
				report(r, false, w.ptr, "maxhits= needs a whole number from 1");
				return;
			}
			maxhits = (unsigned)v;
			continue;
		}
		for (size_t i = 0; i < sizeof(known) / sizeof(*known) && !found; i++)
			if (slice_is(w, known[i].word)) {
				found = true;
				flags |= known[i].flag;
			}
		if (!found) {
			report(r, false, w.ptr, "\"%.*s\" is not a flag: multiple, maxhits=N, nice, nosubject, noautolearn, nolog, utf are",
			       w.len > 40 ? 40 : (int)w.len, w.ptr);
			return;
		}
	}
	x = add(r, CF_TFLAGS, name, NULL);
	if (x != NULL) {
		x->tflags.flags = flags;
		x->tflags.maxhits = maxhits;
	}
}

static void priority(struct reader *r, struct slice value)
{
	struct slice name;
	double v;
	struct cf_item *x;

	if (!rule_name(r, "priority", &value, &name))
		return;
	if (!number(value, &v) || v < -1e9 || v > 1e9 || v != (double)(int)v) {
		report(r, false, value.ptr, "a priority is a whole number");
		return;
	}
	x = add(r, CF_PRIORITY, name, NULL);
	if (x != NULL)
		x->priority = (int)v;
}

static void test_line(struct reader *r, struct slice value)
{
	struct slice name, how;
	struct cf_item *x;

	if (!rule_name(r, "test", &value, &name))
		return;
	how = word(&value);
	if (!slice_is(how, "ok") && !slice_is(how, "fail")) {
		report(r, false, how.ptr, "a test says ok (must hit) or fail (must not), and then a text");
		return;
	}
	x = add(r, CF_TEST, name, value.ptr);
	if (x != NULL) {
		x->test.ok = slice_is(how, "ok");
		x->test.text = value;
	}
}

/* One of a few words; its index, or -1 (reported). */
static int choice(struct reader *r, const char *verb, struct slice *value, struct slice *name, const char *const *from,
		  int count)
{
	if (!rule_name(r, verb, value, name))
		return -1;
	for (int i = 0; i < count; i++)
		if (slice_is(*value, from[i]))
			return i;
	report(r, false, value->ptr, "%s is %s, %s or %s", verb, from[0], from[1], from[2]);
	return -1;
}

static void mode(struct reader *r, struct slice value)
{
	static const char *const words[] = { "active", "watch", "dormant" };
	struct slice name;
	int i = choice(r, "mode", &value, &name, words, 3);
	struct cf_item *x = i >= 0 ? add(r, CF_MODE, name, NULL) : NULL;

	if (x != NULL)
		x->mode = (enum cf_mode)i;
}

static void action(struct reader *r, struct slice value)
{
	static const char *const words[] = { "challenge", "hold", "reject" };
	struct slice name;
	int i = choice(r, "action", &value, &name, words, 3);
	struct cf_item *x = i >= 0 ? add(r, CF_ACTION, name, NULL) : NULL;

	if (x != NULL)
		x->action = (enum cf_action)(i + 1);
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

static void expires(struct reader *r, struct slice value)
{
	struct slice name;
	int part[3] = { 0, 0, 0 };
	bool good;
	int64_t days = 0;
	struct cf_item *x;

	if (!rule_name(r, "expires", &value, &name))
		return;
	good = value.len == 10 && value.ptr[4] == '-' && value.ptr[7] == '-';
	for (size_t i = 0; good && i < 10; i++) {
		if (i == 4 || i == 7)
			continue;
		good = isdigit((unsigned char)value.ptr[i]);
		part[(i > 4) + (i > 7)] = part[(i > 4) + (i > 7)] * 10 + (value.ptr[i] - '0');
	}
	if (!good || part[0] < 1970 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > days_in(part[0], part[1])) {
		report(r, false, value.ptr, "a date is written YYYY-MM-DD");
		return;
	}
	for (int y = 1970; y < part[0]; y++)
		days += 337 + days_in(y, 2);
	for (int m = 1; m < part[1]; m++)
		days += days_in(part[0], m);
	x = add(r, CF_EXPIRES, name, NULL);
	if (x != NULL)
		x->expires_ms = (days + part[2]) * 86400000;
}

/* ---- conditions ------------------------------------------------------------------------------------------------ */

static bool condition_name(void *ctx, struct slice name, struct slice argument, struct expr_value *out, struct error *e)
{
	static const char *const plugins[] = { "Mail::SpamAssassin::Plugin::Check", "Porchlight" };
	static const char *const features[] = { "Mail::SpamAssassin::Conf::perl_min_version_5010000",
						"Mail::SpamAssassin::Conf::feature_bug6558_free" };

	(void)ctx;
	*out = (struct expr_value){ 0 };
	if (slice_is(name, "version") && argument.ptr == NULL) {
		out->number = SPAMASSASSIN_VERSION;
	} else if (slice_is(name, "perl_version") && argument.ptr == NULL) {
		out->number = 5.036;
	} else if (slice_is(name, "local_tests_only") && argument.ptr == NULL) {
		out->number = 1;
	} else if (slice_is(name, "plugin") && argument.ptr != NULL) {
		for (size_t i = 0; i < sizeof(plugins) / sizeof(*plugins); i++)
			out->number = slice_is(argument, plugins[i]) ? 1 : out->number;
	} else if ((slice_is(name, "can") || slice_is(name, "has")) && argument.ptr != NULL) {
		for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++)
			out->number = slice_is(argument, features[i]) ? 1 : out->number;
	} else {
		err_set(e, ERR_INVALID, "a condition knows version, plugin(NAME), has(NAME) and can(NAME)");
		return false;
	}
	return true;
}

static bool skipping(const struct reader *r)
{
	const struct condition *c;

	if (r->condition_count == 0)
		return false;
	c = &r->conditions[r->condition_count - 1];
	return c->outer_skips || c->holds == c->in_else;
}

static void condition_begin(struct reader *r, struct slice value, bool plugin)
{
	struct condition c = { .line = r->line, .outer_skips = skipping(r) };
	struct expr_names names = { condition_name, NULL };
	struct error e;
	struct expr *x;
	size_t at;
	double v = 0;

	if (r->condition_count == CF_IF_DEPTH_MAX) {
		report(r, false, r->text.ptr, "too many conditions inside each other (at most %d)", CF_IF_DEPTH_MAX);
		return;
	}
	if (value.len == 0) {
		report(r, false, r->text.ptr + r->text.len, "a condition is missing here");
	} else if (plugin) {
		struct expr_value known;

		condition_name(NULL, SLICE("plugin"), value, &known, &e);
		v = known.number;
	} else {
		enum err err = expr_parse(r->arena, value, &names, &x, &at, &e);

		if (err == ERR_NOMEM)
			r->nomem = true;
		else if (err != ERR_OK)
			report(r, false, value.ptr + at, "%s", e.message);
		else if (!expr_eval(x, NULL, &v))
			report(r, false, value.ptr, "this condition divides by zero");
	}
	c.holds = v != 0;
	r->conditions[r->condition_count++] = c;
}

static void condition_else(struct reader *r)
{
	struct condition *c = r->condition_count > 0 ? &r->conditions[r->condition_count - 1] : NULL;

	if (c == NULL)
		report(r, false, r->text.ptr, "else without an if before it");
	else if (c->in_else)
		report(r, false, r->text.ptr, "a second else for the if of line %u", c->line);
	else
		c->in_else = true;
}

/* ---- lines and files ------------------------------------------------------------------------------------------- */

static void read_source(struct reader *r, size_t index);

/* The source that `include NAME` in the current file means: relative to its folder. */
static size_t included_source(struct reader *r, size_t from, struct slice name)
{
	const char *here = r->state[from].name, *slash = strrchr(here, '/');
	size_t folder = slash != NULL ? (size_t)(slash - here) + 1 : 0;

	for (size_t i = 0; i < r->count; i++) {
		struct slice s = slice_of(r->state[i].name);

		if (s.len == folder + name.len && memcmp(s.ptr, here, folder) == 0 &&
		    slice_eq(slice_from(s, folder), name))
			return i;
	}
	return r->count;
}

static void include(struct reader *r, struct slice value)
{
	struct reader outer = *r;
	size_t index = included_source(r, r->source, value);

	if (value.len == 0) {
		report(r, false, r->text.ptr + r->text.len, "include needs the name of a file");
	} else if (index == r->count) {
		report(r, false, value.ptr, "there is no such file in the rules folder");
	} else if (r->state[index].open) {
		report(r, false, value.ptr, "this file is being read already: files include each other in a circle");
	} else if (r->depth == CF_INCLUDE_DEPTH_MAX) {
		report(r, false, value.ptr, "too many files inside each other (at most %d)", CF_INCLUDE_DEPTH_MAX);
	} else {
		r->depth++;
		r->condition_count = 0;
		read_source(r, index);
		r->depth--;
		r->source = outer.source;
		r->line = outer.line;
		r->indent = outer.indent;
		r->text = outer.text;
		r->condition_count = outer.condition_count;
		memcpy(r->conditions, outer.conditions, sizeof(r->conditions));
	}
}

/* Directives of SpamAssassin that have no meaning for a desk: accepted, by their beginnings. */
static bool is_mail_matter(struct slice key)
{
	static const char *const known[] = {
		"reuse",	 "util_rb_",	"clear_",	"redirector_pattern", "uridns",	    "urirhs",	   "urins",
		"urifull",	 "dns_",	"dkim_",	"adsp_",	      "def_",	    "whitelist_",  "welcomelist_",
		"unwhitelist_",	 "blacklist_",	"blocklist_",	"unblacklist_",	      "more_spam_", "all_spam_",   "loadplugin",
		"tryplugin",	 "required_",	"report",	"bayes_",	      "use_",	    "skip_",	   "trusted_networks",
		"internal_networks", "msa_networks", "add_header", "remove_header",   "rewrite_header", "ok_locales", "ok_languages",
		"lock_method",	 "askdns",	"enlist_",	"delist_",	      "spf_",	    "razor_",	   "pyzor_",
		"dcc_",		 "txrep_",	"auto_",	"awl_",		      "fold_headers", "unsafe_report", "subjprefix",
		"normalize_charset", "body_part_scan_size", "rawbody_part_scan_size", "envelope_sender_header", "originating_ip_headers",
		"allow_user_rules", "hashbl_", "geodb_", "country_db", "freemail_", "phishing_", "vbounce_", "asn_", "version_tag",
		"uri_block_", "parse_dkim_uris", "score_set", "include_hidden"
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (slice_starts(key, slice_of(known[i])))
			return true;
	return false;
}

static void read_directive(struct reader *r)
{
	struct slice value = r->text, key, lang = SLICE("");
	char *lower;
	static const enum surface surfaces[] = { SURFACE_BODY, SURFACE_RAWBODY, SURFACE_FULL,
						 SURFACE_URI,  SURFACE_NORM,	SURFACE_SKEL };

	key = word(&value);
	if (slice_is(key, "lang") && value.len > 0) {
		lang = word(&value);
		key = word(&value);
	}
	lower = arena_alloc(r->arena, key.len + 1);
	if (lower == NULL) {
		r->nomem = true;
		return;
	}
	for (size_t i = 0; i < key.len; i++)
		lower[i] = key.ptr[i] == '-' ? '_' : (char)tolower((unsigned char)key.ptr[i]);
	if (strcmp(lower, "if") == 0 || strcmp(lower, "ifplugin") == 0) {
		condition_begin(r, value, lower[2] != '\0');
		return;
	}
	if (strcmp(lower, "else") == 0 || strcmp(lower, "endif") == 0) {
		if (value.len > 0)
			report(r, false, value.ptr, "%s stands alone on its line", lower);
		if (lower[1] == 'l')
			condition_else(r);
		else if (r->condition_count > 0)
			r->condition_count--;
		else
			report(r, false, r->text.ptr, "endif without an if before it");
		return;
	}
	if (skipping(r))
		return;
	if (lang.len > 0 && strcmp(lower, "describe") != 0 && strcmp(lower, "note") != 0) {
		report(r, false, key.ptr, "lang goes with describe or note");
		return;
	}
	for (size_t i = 0; i < sizeof(surfaces) / sizeof(*surfaces); i++)
		if (strcmp(lower, surface_name(surfaces[i])) == 0) {
			pattern_rule(r, surfaces[i], value);
			return;
		}
	if (strcmp(lower, "header") == 0)
		header_rule(r, value);
	else if (strcmp(lower, "meta") == 0)
		meta_rule(r, value);
	else if (strcmp(lower, "score") == 0)
		score(r, value);
	else if (strcmp(lower, "describe") == 0)
		words(r, CF_DESCRIBE, lang, value);
	else if (strcmp(lower, "note") == 0)
		words(r, CF_NOTE, lang, value);
	else if (strcmp(lower, "tflags") == 0)
		tflags(r, value);
	else if (strcmp(lower, "priority") == 0)
		priority(r, value);
	else if (strcmp(lower, "test") == 0)
		test_line(r, value);
	else if (strcmp(lower, "mode") == 0)
		mode(r, value);
	else if (strcmp(lower, "action") == 0)
		action(r, value);
	else if (strcmp(lower, "expires") == 0)
		expires(r, value);
	else if (strcmp(lower, "include") == 0)
		include(r, value);
	else if (slice_starts(slice_of(lower), SLICE("replace_")) || strcmp(lower, "shortcircuit") == 0)
		report(r, false, key.ptr, "%s is not supported yet", lower);
	else if (is_mail_matter(slice_of(lower)))
		report(r, true, key.ptr, "%s has no effect here", lower);
	else
		report(r, false, key.ptr, "\"%.*s\" is not a directive", key.len > 40 ? 40 : (int)key.len, key.ptr);
}

/* The line without its comment; \# is #. As SpamAssassin: s/(?<!\\)#.*$//; s/\\#/#/g. */
static struct slice without_comment(struct reader *r, struct slice line)
{
	char *out;
	size_t n = 0;

	if (line.len == 0 || memchr(line.ptr, '#', line.len) == NULL)
		return line;
	out = arena_alloc(r->arena, line.len);
	if (out == NULL) {
		r->nomem = true;
		return slice_make(line.ptr, 0);
	}
	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == '#' && (i == 0 || line.ptr[i - 1] != '\\'))
			break;
		if (line.ptr[i] == '\\' && i + 1 < line.len && line.ptr[i + 1] == '#')
			continue;
		out[n++] = line.ptr[i];
	}
	return slice_make(out, n);
}

static bool is_domain(struct slice s)
{
	bool dot = false;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c == '.') {
			if (i == 0 || s.ptr[i - 1] == '.')
				return false;
			dot = true;
		} else if (c >= 0x80 || !(isalnum(c) || c == '-')) {
			return false;
		}
	}
	return dot && s.len < 254 && isalpha((unsigned char)s.ptr[s.len - 1]);
}

static void read_list_line(struct reader *r, struct slice name, bool allow)
{
	struct slice line = r->text, bare = line;
	struct cf_item *x;

	if (bare.len > 1 && bare.ptr[0] == '.')
		bare = slice_from(bare, 1);
	if (bare.len > 1 && bare.ptr[bare.len - 1] == '.')
		bare.len--;
	if (is_domain(bare)) {
		char *lower = arena_alloc(r->arena, bare.len + 1);

		x = add(r, CF_LIST_DOMAIN, name, line.ptr);
		if (x == NULL || lower == NULL) {
			r->nomem = true;
			return;
		}
		for (size_t i = 0; i < bare.len; i++)
			lower[i] = (char)tolower((unsigned char)bare.ptr[i]);
		x->domain.domain = slice_make(lower, bare.len);
		x->domain.allow = allow;
		x->allow = allow;
		return;
	}
	x = add(r, CF_LIST_PATTERN, name, line.ptr);
	if (x == NULL)
		return;
	x->pattern.surface = SURFACE_URI;
	x->pattern.flags = CF_RE_CASELESS | CF_RE_MULTILINE;
	x->pattern.pattern =
		slice_of(arena_printf(r->arena, "(?:https?:)?//+[a-z0-9_.-]*(?:%.*s)", SLICE_ARG(line)));
	x->allow = allow;
	r->nomem = r->nomem || x->pattern.pattern.ptr == NULL;
}

/* lists/some-name.list -> LIST_SOME_NAME */
static struct slice list_rule_name(struct reader *r, const char *file)
{
	const char *slash = strrchr(file, '/'), *stem = slash != NULL ? slash + 1 : file;
	char *name = arena_printf(r->arena, "LIST_%.*s", (int)(strlen(stem) - strlen(".list")), stem);

	if (name == NULL) {
		r->nomem = true;
		return SLICE("");
	}
	for (char *p = name; *p != '\0'; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	return slice_of(name);
}

static bool ends_with(const char *s, const char *end)
{
	return strlen(s) > strlen(end) && strcmp(s + strlen(s) - strlen(end), end) == 0;
}

static void read_source(struct reader *r, size_t index)
{
	struct source_state *state = &r->state[index];
	struct slice text = r->sources[index].text, list = SLICE("");
	bool is_list = ends_with(state->name, ".list"), allow = false;

	state->open = state->done = true;
	r->source = index;
	if (is_list) {
		const char *slash = strrchr(state->name, '/');

		list = list_rule_name(r, state->name);
		allow = strncmp(slash != NULL ? slash + 1 : state->name, "allow", 5) == 0;
		if (!cf_is_rule_name(list))
			cf_errors_add(r->errs, false, state->name, 0, 0, "the file's name is too long for a rule name");
	}
	r->line = 0;
	while (text.len > 0 && !r->nomem) {
		const char *nl = memchr(text.ptr, '\n', text.len);
		struct slice raw = slice_make(text.ptr, nl != NULL ? (size_t)(nl - text.ptr) : text.len), line;

		text = slice_from(text, raw.len + (nl != NULL));
		r->line++;
		if (raw.len > CF_LINE_BYTES_MAX) {
			cf_errors_add(r->errs, false, state->name, r->line, 1, "the line is longer than %d bytes",
				      CF_LINE_BYTES_MAX);
			continue;
		}
		if (raw.len > 0 && memchr(raw.ptr, '\0', raw.len) != NULL) {
			cf_errors_add(r->errs, false, state->name, r->line, 1, "the line holds a NUL byte");
			continue;
		}
		line = without_comment(r, raw);
		r->text = trim(line);
		r->indent = (unsigned)(r->text.ptr - line.ptr);
		if (r->text.len == 0)
			continue;
		if (is_list)
			read_list_line(r, list, allow);
		else
			read_directive(r);
	}
	while (r->condition_count > 0) {
		struct condition *c = &r->conditions[--r->condition_count];

		cf_errors_add(r->errs, false, state->name, c->line, 1, "this if has no endif");
	}
	state->open = false;
}

/* Which files others include, so that those are not read a second time by their own place in the order. */
static void find_includes(struct reader *r, size_t index)
{
	struct slice text = r->sources[index].text;

	while (text.len > 0) {
		const char *nl = memchr(text.ptr, '\n', text.len);
		struct slice line = slice_make(text.ptr, nl != NULL ? (size_t)(nl - text.ptr) : text.len);
		const char *hash = line.len > 0 ? memchr(line.ptr, '#', line.len) : NULL;
		size_t found;

		text = slice_from(text, line.len + (nl != NULL));
		if (hash != NULL)
			line.len = (size_t)(hash - line.ptr);
		line = trim(line);
		if (!slice_is(word(&line), "include"))
			continue;
		found = included_source(r, index, line);
		if (found < r->count && found != index)
			r->state[found] = (struct source_state){ .name = r->state[found].name, .included = true, .includer = index };
	}
}

/* Files without a folder first, then by name. */
static int by_name(const void *a, const void *b)
{
	const struct cf_source *x = a, *y = b;
	bool in_x = x->name.len > 0 && memchr(x->name.ptr, '/', x->name.len) != NULL;
	bool in_y = y->name.len > 0 && memchr(y->name.ptr, '/', y->name.len) != NULL;
	size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
	int c = n > 0 ? memcmp(x->name.ptr, y->name.ptr, n) : 0;

	if (in_x != in_y)
		return in_x ? 1 : -1;
	return c != 0 ? c : x->name.len < y->name.len ? -1 : x->name.len > y->name.len;
}

enum err cf_parse(struct arena *a, const struct cf_source *sources, size_t count, struct cf_tree *out,
		  struct cf_errors *errs, struct error *e)
{
	struct reader *r = ARENA_NEW(a, struct reader);
	struct cf_source *sorted;

	*out = (struct cf_tree){ 0 };
	if (count > CF_FILES_MAX)
		return err_set(e, ERR_TOO_LARGE, "there are more than %d rule files", CF_FILES_MAX);
	sorted = arena_array(a, count + 1, sizeof(*sorted));
	if (r == NULL || sorted == NULL)
		return err_nomem(e);
	*r = (struct reader){ .arena = a, .sources = sorted, .errs = errs, .tree = out };
	r->state = arena_array(a, count + 1, sizeof(*r->state));
	if (r->state == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < count; i++) {
		char *name = arena_slice(a, sources[i].name.ptr != NULL ? sources[i].name : SLICE("")).ptr != NULL ?
				     arena_printf(a, "%.*s", SLICE_ARG(sources[i].name)) :
				     NULL;

		if (name == NULL)
			return err_nomem(e);
		if (!ends_with(name, ".cf") && !ends_with(name, ".list"))
			continue;
		if (sources[i].text.len > CF_FILE_BYTES_MAX)
			return err_set(e, ERR_TOO_LARGE, "the rule file %s is longer than %d MiB", name,
				       CF_FILE_BYTES_MAX >> 20);
		/* The tree points into the text: keep our own. */
		sorted[r->count] = (struct cf_source){ slice_of(name), arena_slice(a, sources[i].text.ptr != NULL ?
												 sources[i].text :
												 SLICE("")) };
		if (sorted[r->count++].text.ptr == NULL)
			return err_nomem(e);
	}
	qsort(sorted, r->count, sizeof(*sorted), by_name);
	for (size_t i = 0; i < r->count; i++)
		r->state[i].name = (char *)sorted[i].name.ptr;
	for (size_t i = 0; i < r->count; i++)
		find_includes(r, i);
	for (size_t i = 0; i < r->count && !r->nomem; i++)
		if (!r->state[i].included)
			read_source(r, i);
	for (size_t i = 0; i < r->count && !r->nomem; i++) {
		size_t top = i;

		if (r->state[i].done)
			continue;
		for (size_t k = 0; k < r->count && !r->state[top].done; k++)
			top = r->state[top].includer;
		if (r->state[top].done)
			cf_errors_add(errs, true, r->state[i].name, 0, 0,
				      "another file includes this one, but not as its conditions are; it is not read");
		else
			read_source(r, i); /* a circle without an entrance: its include reports it */
	}
	return r->nomem || arena_failed(a) ? err_nomem(e) : ERR_OK;
}
