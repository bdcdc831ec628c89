#include "spam/directive.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The column of a place inside l->text. Each # there was written \#, which is one byte more. */
static unsigned column_of(const struct cf_line *l, const char *at)
{
	unsigned column = l->indent + 1;

	for (const char *p = l->text.ptr; p < at; p++)
		column += *p == '#' ? 2 : 1;
	return column;
}

void directive_report(struct cf_line *l, bool notice, const char *at, const char *fmt, ...)
{
	char words[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	cf_errors_add(l->errs, notice, l->file, l->number, at != NULL ? column_of(l, at) : 0, "%s", words);
}

/* What may have taken the end of a pattern away. */
static const char *cut_hint(const struct cf_line *l)
{
	return l->cut ? "; the # on this line begins a comment: write \\# for the character" : "";
}

struct cf_item *directive_add(struct cf_line *l, enum cf_verb verb, struct slice name, const char *value)
{
	struct cf_tree *t = l->tree;
	struct cf_item *x;

	if (t->count == l->cap) {
		size_t to = l->cap == 0 ? 256 : l->cap * 2;
		struct cf_item *bigger = reallocarray(t->items, to, sizeof(*bigger));

		if (bigger == NULL) {
			l->nomem = true;
			return NULL;
		}
		t->items = bigger;
		l->cap = to;
	}
	x = &t->items[t->count++];
	*x = (struct cf_item){ .verb = verb,
			       .file = l->file,
			       .line = l->number,
			       .column = value != NULL ? column_of(l, value) : 1,
			       .name_column = name.ptr >= l->text.ptr && name.ptr <= l->text.ptr + l->text.len
						  ? column_of(l, name.ptr)
						  : 1,
			       .name = name,
			       .text = l->text };
	return x;
}

/* ---- words ----------------------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice directive_trim(struct slice s)
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
struct slice directive_word(struct slice *rest)
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

/* The rule name a directive begins with; false (reported) when there is none or nothing behind it. */
static bool rule_name(struct cf_line *l, const char *verb, struct slice *value, struct slice *name)
{
	*name = directive_word(value);
	if (name->len == 0) {
		directive_report(l, false, name->ptr, "%s needs a rule name", verb);
		return false;
	}
	if (!cf_is_rule_name(*name)) {
		directive_report(
		    l, false, name->ptr,
		    "\"%.*s\" is not a rule name: letters, digits and _ (at most %d), not beginning with a digit",
		    name->len > 60 ? 60 : (int)name->len, name->ptr, CF_NAME_BYTES_MAX);
		return false;
	}
	if (value->len == 0) {
		directive_report(l, false, value->ptr, "%s %.*s needs something behind the name", verb,
				 SLICE_ARG(*name));
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
static bool delimited(struct cf_line *l, struct slice value, struct slice *pattern, unsigned *flags)
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
		directive_report(l, false, value.ptr, "a pattern is expected here, as /words/ or m{words}%s", cut_hint(l));
		return false;
	}
	open = re.len > 0 ? re.ptr[0] : 'a';
	if (isalnum((unsigned char)open) || open == '_' || open == '\\' || is_blank(open) ||
	    (unsigned char)open >= 0x80) {
		directive_report(l, false, re.ptr, "the pattern has no delimiter: write /words/ or m{words}%s", cut_hint(l));
		return false;
	}
	pair = strchr("{}()<>[]", open);
	close = pair != NULL && (pair - "{}()<>[]") % 2 == 0 ? pair[1] : open;
	re = slice_from(re, 1);
	for (end = re.len; end > 0 && re.ptr[end - 1] != close;)
		end--;
	if (end == 0) {
		directive_report(l, false, value.ptr, "the pattern has no end: %c is missing%s", close, cut_hint(l));
		return false;
	}
	mods = slice_from(re, end);
	*pattern = slice_make(re.ptr, end - 1);
	*flags = 0;
	for (size_t i = 0; i < mods.len; i++) {
		switch (mods.ptr[i]) {
		case 'i':
			*flags |= CF_RE_CASELESS;
			break;
		case 'm':
			*flags |= CF_RE_MULTILINE;
			break;
		case 's':
			*flags |= CF_RE_DOTALL;
			break;
		case 'n':
			*flags |= CF_RE_NO_CAPTURE;
			break;
		case 'x':
			*flags |= ++xs > 1 ? CF_RE_EXTENDED2 : CF_RE_EXTENDED;
			break;
		case 'a': /* what bytes have anyway */
		case 'd':
		case 'p':
			break;
		case 'u':
		case 'l':
			directive_report(l, false, mods.ptr + i,
					 "the flag %c is not known here; `tflags NAME utf` makes a rule see "
					 "characters instead of bytes",
					 mods.ptr[i]);
			return false;
		default:
			if (isalpha((unsigned char)mods.ptr[i]))
				directive_report(l, false, mods.ptr + i, "\"%c\" is not a pattern flag: i m s x n are",
						 mods.ptr[i]);
			else
				directive_report(l, false, mods.ptr,
						 "only flags may follow the end of the pattern (%c)", close);
			return false;
		}
	}
	if (close != '}' && close != ')' && close != ']')
		for (size_t i = 0; i < pattern->len; i++) {
			if (pattern->ptr[i] == '\\')
				i++;
			else if (pattern->ptr[i] == close) {
				directive_report(l, false, pattern->ptr + i,
						 "a %c inside the pattern must be written \\%c", close, close);
				return false;
			}
		}
	return true;
}

/* function(argument, 'argument', ...) */
static void eval_rule(struct cf_line *l, enum surface surface, struct slice name, struct slice call)
{
	struct cf_item *x;
	size_t n = 0;

	while (n < call.len && (call.ptr[n] == '_' || isalnum((unsigned char)call.ptr[n])))
		n++;
	if (n == 0 || n == call.len || call.ptr[n] != '(' || call.ptr[call.len - 1] != ')') {
		directive_report(l, false, call.ptr, "eval: needs a function and its arguments, as eval:links(3)");
		return;
	}
	x = directive_add(l, CF_EVAL, name, call.ptr);
	if (x == NULL)
		return;
	x->eval.surface = surface;
	x->eval.function = slice_make(call.ptr, n);
	call = directive_trim(slice_make(call.ptr + n + 1, call.len - n - 2));
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
			arg = directive_trim(slice_make(call.ptr, end));
		}
		for (size_t i = 0; quote != '\'' && quote != '"' && i < arg.len; i++)
			if (!isalnum((unsigned char)arg.ptr[i]) &&
			    (arg.ptr[i] == '\0' || strchr(".:-", arg.ptr[i]) == NULL))
				arg.len = 0; /* SpamAssassin wants anything else quoted */
		if (x->eval.args == CF_EVAL_ARGS_MAX || (arg.len == 0 && quote != '\'' && quote != '"')) {
			directive_report(l, false, call.ptr, "these arguments cannot be read");
			l->tree->count--;
			return;
		}
		x->eval.arg[x->eval.args++] = arg;
		call = directive_trim(slice_from(call, end));
		if (call.len > 0 && call.ptr[0] != ',') {
			directive_report(l, false, call.ptr, "a comma is missing between the arguments");
			l->tree->count--;
			return;
		}
		call = call.len > 0 ? directive_trim(slice_from(call, 1)) : call;
	}
}

static void pattern_rule(struct cf_line *l, enum surface surface, struct slice value)
{
	struct slice name, pattern;
	unsigned flags;
	struct cf_item *x;

	if (!rule_name(l, surface_name(surface), &value, &name))
		return;
	if (slice_starts(value, SLICE("eval:"))) {
		eval_rule(l, surface, name, slice_from(value, 5));
		return;
	}
	if (!delimited(l, value, &pattern, &flags))
		return;
	x = directive_add(l, CF_PATTERN, name, pattern.ptr);
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

static bool field_modifiers(struct cf_line *l, struct slice mods, unsigned *form, bool *mail_only)
{
	static const char *const here[] = { "first", "last", "raw" }; /* CF_FIELD_, in their order */
	static const char *const mail[] = { "addr", "name", "host", "domain", "ip", "revip" };

	*mail_only = false;
	*form = 0;
	while (mods.len > 1) {
		size_t n = 1;
		struct slice m;
		bool known = false;

		while (n < mods.len && mods.ptr[n] != ':')
			n++;
		m = slice_make(mods.ptr + 1, n - 1);
		for (size_t i = 0; i < sizeof(here) / sizeof(*here); i++)
			if (slice_is(m, here[i])) {
				known = true;
				*form |= 1u << i;
			}
		for (size_t i = 0; i < sizeof(mail) / sizeof(*mail); i++)
			if (slice_is(m, mail[i]))
				known = *mail_only = true;
		if (!known) {
			directive_report(l, false, m.ptr, "\":%.*s\" is not a field modifier", SLICE_ARG(m));
			return false;
		}
		mods = slice_from(mods, n);
	}
	if (*mail_only)
		directive_report(l, true, mods.ptr, "this modifier only has a meaning for mail; the rule is off");
	return true;
}

/* Whether an if-unset stands behind the pattern, however it is written: "/x/ [if-unset foo]", "/x/ if-unset: foo". */
static bool ends_as_unset(struct slice rest)
{
	size_t from = 0;
	char close;

	while (from < rest.len && isalnum((unsigned char)rest.ptr[from]))
		from++;
	close = from < rest.len ? rest.ptr[from] : '/';
	close = close == '{' ? '}' : close == '(' ? ')' : close == '<' ? '>' : close;
	for (size_t i = from + 1; i < rest.len; i++)
		if (is_blank(rest.ptr[i - 1]) && (slice_starts(slice_from(rest, i), SLICE("[if-unset")) || slice_starts(slice_from(rest, i), SLICE("if-unset"))))
			return memchr(rest.ptr + i, close, rest.len - i) == NULL;
	return false;
}

static void header_rule(struct cf_line *l, struct slice value)
{
	struct slice name, field, mods, rest, pattern, unset = SLICE_NONE;
	size_t n, bare;
	unsigned flags, form;
	bool negated, mail_only;
	struct cf_item *x;

	if (!rule_name(l, "header", &value, &name))
		return;
	if (slice_starts(value, SLICE("eval:"))) {
		eval_rule(l, SURFACE_HEADER, name, slice_from(value, 5));
		return;
	}
	if (slice_starts(value, SLICE("exists:"))) {
		field = slice_from(value, 7);
		n = field_name(field, &bare);
		if (bare == 0 || (n != field.len) || n > bare + 1) {
			directive_report(l, false, field.ptr, "exists: needs the name of a field");
			return;
		}
		x = directive_add(l, CF_EXISTS, name, field.ptr);
		if (x != NULL) {
			x->pattern.surface = SURFACE_HEADER;
			x->pattern.field = slice_make(field.ptr, bare);
		}
		return;
	}
	n = field_name(value, &bare);
	if (bare == 0) {
		directive_report(l, false, value.ptr, "a field name is expected here, as Subject =~ /words/");
		return;
	}
	field = slice_make(value.ptr, bare);
	mods = slice_make(value.ptr + bare, n - bare);
	rest = directive_trim(slice_from(value, n));
	negated = slice_starts(rest, SLICE("!~"));
	if (!negated && !slice_starts(rest, SLICE("=~"))) {
		directive_report(l, false, rest.ptr, "=~ or !~ is expected behind the field's name");
		return;
	}
	if (!field_modifiers(l, mods, &form, &mail_only))
		return;
	rest = directive_trim(slice_from(rest, 2));
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
		rest = directive_trim(slice_make(rest.ptr, i));
		break;
	}
	if (unset.ptr == NULL && ends_as_unset(rest)) {
		directive_report(l, false, rest.ptr, "if-unset is written [if-unset: some text] behind the pattern");
		return;
	}
	if (!delimited(l, rest, &pattern, &flags))
		return;
	x = directive_add(l, CF_PATTERN, name, pattern.ptr);
	if (x == NULL)
		return;
	x->pattern.surface = SURFACE_HEADER;
	x->pattern.pattern = pattern;
	x->pattern.flags = flags;
	x->pattern.negated = negated;
	x->pattern.field = field;
	/* As there: the first of them when both are asked for. */
	x->pattern.form = form & CF_FIELD_FIRST ? form & ~(unsigned)CF_FIELD_LAST : form;
	x->pattern.if_unset = unset;
	x->pattern.mail_only = mail_only;
}

static void meta_rule(struct cf_line *l, struct slice value)
{
	struct slice name;
	struct cf_item *x;

	if (!rule_name(l, "meta", &value, &name))
		return;
	x = directive_add(l, CF_META, name, value.ptr);
	if (x != NULL)
		x->expression = value;
}

/* ---- properties ------------------------------------------------------------------------------------------------ */

static void score(struct cf_line *l, struct slice value)
{
	struct slice name;
	double v[4];
	bool relative[4];
	size_t n = 0;
	struct cf_item *x;

	if (!rule_name(l, "score", &value, &name))
		return;
	while (value.len > 0) {
		struct slice w = directive_word(&value);
		bool paren = w.len > 2 && w.ptr[0] == '(' && w.ptr[w.len - 1] == ')';

		if (n == 4) {
			directive_report(l, false, w.ptr, "a score is one number, or four");
			return;
		}
		relative[n] = paren;
		if (!number(paren ? slice_make(w.ptr + 1, w.len - 2) : w, &v[n])) {
			directive_report(l, false, w.ptr, "\"%.*s\" is not a number", w.len > 40 ? 40 : (int)w.len,
					 w.ptr);
			return;
		}
		n++;
	}
	if (n != 1 && n != 4) {
		directive_report(l, false, name.ptr, "a score is one number, or four");
		return;
	}
	x = directive_add(l, CF_SCORE, name, NULL);
	for (size_t i = 0; x != NULL && i < 4; i++) {
		x->score.value[i] = v[n == 1 ? 0 : i];
		/* SpamAssassin: parentheses around one of them make all of them relative. */
		x->score.relative[i] = relative[0] || (n == 4 && (relative[1] || relative[2] || relative[3]));
	}
}

static void words(struct cf_line *l, enum cf_verb verb, struct slice value)
{
	struct slice name;
	struct cf_item *x;

	if (!rule_name(l, verb == CF_NOTE ? "note" : "describe", &value, &name))
		return;
	x = directive_add(l, verb, name, value.ptr);
	if (x != NULL) {
		x->words.lang = l->lang;
		x->words.text = value;
	}
}

static void tflags(struct cf_line *l, struct slice value)
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
		{ "harm", CF_TF_HARM },
		{ "wide", CF_TF_WIDE },
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

	if (!rule_name(l, "tflags", &value, &name))
		return;
	while (value.len > 0) {
		struct slice w = directive_word(&value);
		bool found = false;

		if (slice_starts(w, SLICE("maxhits="))) {
			double v;

			if (!number(slice_from(w, 8), &v) || v < 1 || v > 1000000 || v != (double)(unsigned)v) {
				directive_report(l, false, w.ptr, "maxhits= needs a whole number from 1");
				return;
			}
			maxhits = (unsigned)v;
			continue;
		}
		for (size_t i = 0; i < sizeof(known) / sizeof(*known) && !found; i++)
			if (slice_is(w, known[i].word)) {
				found = true;
				flags |= known[i].flag;
				/* "publish" is for those who put SpamAssassin's rules together: it says nothing there, either. */
				if (known[i].flag == 0 && strcmp(known[i].word, "publish") != 0)
					directive_report(l, true, w.ptr, "the flag %s has no effect here", known[i].word);
			}
		if (!found) {
			directive_report(l, false, w.ptr,
					 "\"%.*s\" is not a flag: multiple, maxhits=N, nice, nosubject, noautolearn, "
					 "nolog, utf, harm, wide are",
					 w.len > 40 ? 40 : (int)w.len, w.ptr);
			return;
		}
	}
	x = directive_add(l, CF_TFLAGS, name, NULL);
	if (x != NULL) {
		x->tflags.flags = flags;
		x->tflags.maxhits = maxhits;
	}
}

static void priority(struct cf_line *l, struct slice value)
{
	struct slice name;
	double v;
	struct cf_item *x;

	if (!rule_name(l, "priority", &value, &name))
		return;
	if (!number(value, &v) || v < -1e9 || v > 1e9 || v != (double)(int)v) {
		directive_report(l, false, value.ptr, "a priority is a whole number");
		return;
	}
	x = directive_add(l, CF_PRIORITY, name, NULL);
	if (x != NULL)
		x->priority = (int)v;
}

static void test_line(struct cf_line *l, struct slice value)
{
	struct slice name, how;
	struct cf_item *x;

	if (!rule_name(l, "test", &value, &name))
		return;
	how = directive_word(&value);
	if (!slice_is(how, "ok") && !slice_is(how, "fail")) {
		directive_report(l, false, how.ptr, "a test says ok (must hit) or fail (must not), and then a text");
		return;
	}
	if (value.len == 0) {
		directive_report(l, false, value.ptr, "a text is missing behind %.*s", SLICE_ARG(how));
		return;
	}
	x = directive_add(l, CF_TEST, name, value.ptr);
	if (x != NULL) {
		x->test.ok = slice_is(how, "ok");
		x->test.text = value;
	}
}

/* One of a few words; its index, or -1 (reported). */
static int choice(struct cf_line *l, const char *verb, struct slice *value, struct slice *name, const char *const *from,
		  int count)
{
	if (!rule_name(l, verb, value, name))
		return -1;
	for (int i = 0; i < count; i++)
		if (slice_is(*value, from[i]))
			return i;
	directive_report(l, false, value->ptr, "%s is %s, %s or %s, not \"%.*s\"", verb, from[0], from[1], from[2],
			 value->len > 40 ? 40 : (int)value->len, value->ptr);
	return -1;
}

static void mode(struct cf_line *l, struct slice value)
{
	static const char *const words[] = { "active", "watch", "dormant" };
	struct slice name;
	int i = choice(l, "mode", &value, &name, words, 3);
	struct cf_item *x = i >= 0 ? directive_add(l, CF_MODE, name, NULL) : NULL;

	if (x != NULL)
		x->mode = (enum cf_mode)i;
}

static void action(struct cf_line *l, struct slice value)
{
	static const char *const words[] = { "challenge", "hold", "reject" };
	struct slice name;
	int i = choice(l, "action", &value, &name, words, 3);
	struct cf_item *x = i >= 0 ? directive_add(l, CF_ACTION, name, NULL) : NULL;

	if (x != NULL)
		x->action = (enum cf_action)(i + 1);
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

static void expires(struct cf_line *l, struct slice value)
{
	struct slice name;
	int part[3] = { 0, 0, 0 };
	bool good;
	int64_t days = 0;
	struct cf_item *x;

	if (!rule_name(l, "expires", &value, &name))
		return;
	good = value.len == 10 && value.ptr[4] == '-' && value.ptr[7] == '-';
	for (size_t i = 0; good && i < 10; i++) {
		if (i == 4 || i == 7)
			continue;
		good = isdigit((unsigned char)value.ptr[i]);
		part[(i > 4) + (i > 7)] = part[(i > 4) + (i > 7)] * 10 + (value.ptr[i] - '0');
	}
	if (!good) {
		directive_report(l, false, value.ptr, "a date is written YYYY-MM-DD");
		return;
	}
	if (part[0] < 1970 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > days_in(part[0], part[1])) {
		directive_report(l, false, value.ptr, "there is no day %.10s (YYYY-MM-DD)", value.ptr);
		return;
	}
	for (int y = 1970; y < part[0]; y++)
		days += 337 + days_in(y, 2);
	for (int m = 1; m < part[1]; m++)
		days += days_in(part[0], m);
	x = directive_add(l, CF_EXPIRES, name, NULL);
	if (x != NULL)
		x->expires_ms = (days + part[2]) * 86400000;
}

/* replace_tag NAME regex, and its kin: read by spam/replace. */
static bool replace(struct cf_line *l, const char *verb, struct slice value)
{
	static const char *const verbs[] = { "replace_tag", "replace_pre", "replace_inter", "replace_post" };
	struct slice name;
	struct cf_item *x;
	unsigned kind = 0;

	while (kind < 4 && strcmp(verb, verbs[kind]) != 0)
		kind++;
	if (kind == 4)
		return false;
	name = directive_word(&value);
	if (name.len == 0 || value.len == 0) {
		directive_report(l, false, name.ptr, "%s needs a name and what it stands for", verb);
		return true;
	}
	x = directive_add(l, CF_REPLACE, name, value.ptr);
	if (x != NULL) {
		x->replace.kind = (enum replace_kind)kind;
		x->replace.text = value;
	}
	return true;
}

static void replace_rules(struct cf_line *l, struct slice value)
{
	if (value.len == 0)
		directive_report(l, false, value.ptr, "replace_rules needs names of rules");
	while (value.len > 0) {
		struct slice name = directive_word(&value);

		if (cf_is_rule_name(name))
			directive_add(l, CF_REPLACE_RULES, name, NULL);
		else
			directive_report(l, false, name.ptr, "\"%.*s\" is not a rule name",
					 name.len > 60 ? 60 : (int)name.len, name.ptr);
	}
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

static void describe(struct cf_line *l, struct slice value)
{
	words(l, CF_DESCRIBE, value);
}

static void note(struct cf_line *l, struct slice value)
{
	words(l, CF_NOTE, value);
}

bool directive_read(struct cf_line *l, const char *verb, struct slice value)
{
	static const struct {
		const char *verb;
		void (*read)(struct cf_line *l, struct slice value);
	} table[] = {
		{ "header", header_rule }, { "meta", meta_rule },  { "score", score },
		{ "describe", describe },  { "note", note },       { "tflags", tflags },
		{ "priority", priority },  { "test", test_line },  { "mode", mode },
		{ "action", action },      { "expires", expires }, { "replace_rules", replace_rules },
	};

	for (enum surface s = 0; s < SURFACE_HEADER; s++)
		if (strcmp(verb, surface_name(s)) == 0) {
			pattern_rule(l, s, value);
			return true;
		}
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(verb, table[i].verb) == 0) {
			table[i].read(l, value);
			return true;
		}
	return replace(l, verb, value);
}
