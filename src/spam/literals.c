#include "spam/literals.h"

#include <ctype.h>
#include <string.h>

#include "base/utf8.h"
#include "spam/fold.h"
#include "spam/pattern.h"

/* A set of strings; `some` false: nothing is known. */
struct set {
	bool some;
	struct slice *list;
	size_t count;
};

/* What is certain about a part of a pattern. */
struct part {
	struct set exact;    /* it matches just these */
	struct set required; /* every match contains one of these */
	struct set prefix;   /* every match begins with one of these */
	struct set suffix;   /* every match ends with one of these */
};

struct reader {
	struct arena *arena;
	struct slice text;
	size_t at;
	unsigned flags;
	bool utf;
	bool extended; /* x, as it stands at `at` */
	bool quoted;   /* between \Q and \E */
	bool lost;     /* something was not understood: no claim at all */
	int depth;
};

static const struct set UNKNOWN = { false, NULL, 0 };

/* ---- sets ------------------------------------------------------------------------------------------------------ */

static struct set set_of(struct reader *r, const char *text, size_t len)
{
	struct slice *s = ARENA_NEW(r->arena, struct slice);

	if (s == NULL) {
		r->lost = true;
		return UNKNOWN;
	}
	*s = arena_slice(r->arena, slice_make(text, len));
	r->lost = r->lost || s->ptr == NULL;
	return (struct set){ true, s, 1 };
}

static size_t shortest(const struct set *s)
{
	size_t n = LITERAL_BYTES_MAX + 1;

	for (size_t i = 0; i < s->count; i++)
		n = s->list[i].len < n ? s->list[i].len : n;
	return s->count == 0 ? 0 : n;
}

/* Every string of a followed by every string of b; unknown when that is too much. */
static struct set set_cross(struct reader *r, struct set a, struct set b)
{
	struct set out = { true, NULL, 0 };

	if (!a.some || !b.some || a.count * b.count > LITERALS_CROSS_MAX)
		return UNKNOWN;
	for (size_t i = 0; i < a.count; i++)
		for (size_t k = 0; k < b.count; k++)
			if (a.list[i].len + b.list[k].len > LITERAL_BYTES_MAX)
				return UNKNOWN;
	out.list = arena_array(r->arena, a.count * b.count, sizeof(*out.list));
	for (size_t i = 0; out.list != NULL && i < a.count; i++)
		for (size_t k = 0; k < b.count; k++) {
			char joined[LITERAL_BYTES_MAX];
			struct slice s = slice_make(joined, a.list[i].len + b.list[k].len);

			memcpy(joined, a.list[i].ptr, a.list[i].len);
			memcpy(joined + a.list[i].len, b.list[k].ptr, b.list[k].len);
			out.list[out.count] = arena_slice(r->arena, s);
			if (out.list[out.count++].ptr == NULL)
				r->lost = true;
		}
	r->lost = r->lost || out.list == NULL;
	return out;
}

static struct set set_union(struct reader *r, struct set a, struct set b)
{
	struct set out = { true, NULL, 0 };

	if (!a.some || !b.some || a.count + b.count > LITERALS_MAX)
		return UNKNOWN;
	out.list = arena_array(r->arena, a.count + b.count, sizeof(*out.list));
	if (out.list == NULL) {
		r->lost = true;
		return UNKNOWN;
	}
	if (a.count > 0)
		memcpy(out.list, a.list, a.count * sizeof(*a.list));
	out.count = a.count;
	for (size_t k = 0; k < b.count; k++) {
		bool seen = false;

		for (size_t i = 0; i < a.count && !seen; i++)
			seen = slice_eq(a.list[i], b.list[k]);
		if (!seen)
			out.list[out.count++] = b.list[k];
	}
	return out;
}

/* How much a set is worth as a filter: 0 for nothing. Long beats few. */
static size_t worth(const struct set *s)
{
	size_t n = s->some ? shortest(s) : 0;

	return n == 0 ? 0
		      : (n > 6 ? 6 : n) * (LITERALS_MAX + 1) * 2 + (n > 12 ? 12 : n) * 8 + (LITERALS_MAX - s->count);
}

static struct set better(struct set a, struct set b)
{
	return worth(&b) > worth(&a) ? b : a;
}

/* ---- parts ----------------------------------------------------------------------------------------------------- */

static struct part part_exact(struct set s)
{
	struct part p = { .exact = s, .prefix = s, .suffix = s };

	if (shortest(&s) > 0)
		p.required = s;
	return p;
}

static struct part part_empty(struct reader *r)
{
	return part_exact(set_of(r, "", 0));
}

static struct part part_unknown(void)
{
	return (struct part){ .exact = UNKNOWN };
}

static struct part part_char(struct reader *r, unsigned c)
{
	char bytes[4];
	size_t n = 1;

	if (r->utf) {
		n = fold_encode(fold_char(c), bytes);
	} else {
		char raw = (char)(unsigned char)c;

		if (c > 255)
			r->lost = true;
		fold_bytes(slice_make(&raw, 1), bytes);
	}
	return part_exact(set_of(r, bytes, n));
}

static struct part part_alternative(struct reader *r, struct part a, struct part b)
{
	return (struct part){ .exact = set_union(r, a.exact, b.exact),
			      .required = set_union(r, a.required, b.required),
			      .prefix = set_union(r, a.prefix, b.prefix),
			      .suffix = set_union(r, a.suffix, b.suffix) };
}

/* max < 0: without end. */
static struct part part_repeat(struct reader *r, struct part x, long min, long max)
{
	struct part out = part_unknown();
	struct set run = x.exact;

	if (max == 0)
		return part_empty(r);
	if (min == 0) {
		struct part empty = part_empty(r);

		if (max == 1)
			out.exact = set_union(r, x.exact, empty.exact);
		if (out.exact.some)
			out.prefix = out.suffix = out.exact;
		return out;
	}
	for (long i = 1; i < min && i < LITERAL_BYTES_MAX && run.some; i++) {
		struct set longer = set_cross(r, run, x.exact);

		if (!longer.some) {
			/* At least this much of it. */
			out.required = better(x.required, shortest(&run) > 0 ? run : UNKNOWN);
			out.prefix = out.suffix = run;
			return out;
		}
		run = longer;
	}
	if (run.some && min == max && min <= LITERAL_BYTES_MAX)
		return part_exact(run);
	out.required = x.required;
	out.prefix = x.prefix;
	out.suffix = x.suffix;
	if (run.some) {
		out.prefix = out.suffix = run;
		if (shortest(&run) > 0)
			out.required = better(out.required, run);
	}
	return out;
}

/* A sequence under construction: `run` is the exact set since the last break. */
struct sequence {
	struct part whole;
	struct set run;
	bool first; /* no break yet: run is also the prefix */
};

static void sequence_break(struct reader *r, struct sequence *s, struct part next)
{
	struct set joined = set_cross(r, s->run, next.prefix);
	struct set end = joined.some ? joined : s->run;

	s->whole.required = better(s->whole.required, shortest(&end) > 0 ? end : UNKNOWN);
	s->whole.required = better(s->whole.required, next.required);
	if (s->first)
		s->whole.prefix = end;
	s->first = false;
	s->whole.exact = UNKNOWN;
	s->run = next.suffix.some ? next.suffix : set_of(r, "", 0);
}

static void sequence_add(struct reader *r, struct sequence *s, struct part next)
{
	struct set joined = set_cross(r, s->run, next.exact);

	if (joined.some)
		s->run = joined;
	else
		sequence_break(r, s, next);
}

static struct part sequence_end(struct sequence *s)
{
	if (s->first)
		return part_exact(s->run);
	s->whole.required = better(s->whole.required, shortest(&s->run) > 0 ? s->run : UNKNOWN);
	s->whole.suffix = s->run;
	return s->whole;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static struct part read_alternatives(struct reader *r);

static int look(const struct reader *r, size_t ahead)
{
	return r->at + ahead < r->text.len ? (unsigned char)r->text.ptr[r->at + ahead] : -1;
}

static bool take(struct reader *r, const char *token)
{
	struct slice t = slice_of(token);

	if (!slice_starts(slice_from(r->text, r->at), t))
		return false;
	r->at += t.len;
	return true;
}

static struct part lost(struct reader *r)
{
	r->lost = true;
	r->at = r->text.len;
	return part_unknown();
}

/* Goes behind the next `end`. */
static void skip_past(struct reader *r, char end)
{
	const char *found = r->at < r->text.len ? memchr(r->text.ptr + r->at, end, r->text.len - r->at) : NULL;

	if (found == NULL)
		lost(r);
	else
		r->at = (size_t)(found - r->text.ptr) + 1;
}

/* What stands between items and means nothing: comments, blanks with x, a closing \E. */
static void skip_nothing(struct reader *r)
{
	while (!r->lost) {
		int c = look(r, 0);

		if (slice_starts(slice_from(r->text, r->at), SLICE("\\Q\\E")))
			lost(r); /* whether a quantifier may follow it is not worth knowing */
		else if (take(r, "\\E"))
			r->quoted = false;
		else if (r->quoted)
			return;
		else if (take(r, "(?#"))
			skip_past(r, ')');
		else if (r->extended && c >= 0x80)
			lost(r); /* some of these are blanks to PCRE2 */
		else if (r->extended && (c == ' ' || (c >= '\t' && c <= '\r')))
			r->at++;
		else if (r->extended && c == '#') {
			const char *end = memchr(r->text.ptr + r->at, '\n', r->text.len - r->at);

			r->at = end != NULL ? (size_t)(end - r->text.ptr) + 1 : r->text.len;
		} else
			return;
	}
}

static int hex(int c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* The character behind \x, \o or \0; at stands behind that letter. False: not understood. */
static bool read_code(struct reader *r, int letter, unsigned *out)
{
	unsigned v = 0, base = letter == 'x' ? 16 : 8;
	bool braced = letter != '0' && look(r, 0) == '{';
	size_t digits = 0, most = braced ? 8 : 2;

	if (letter == 'o' && !braced)
		return false;
	r->at += braced;
	for (; digits < most && hex(look(r, 0)) >= 0 && hex(look(r, 0)) < (int)base; digits++, r->at++)
		v = v * base + (unsigned)hex(look(r, 0));
	if (braced && (digits == 0 || look(r, 0) != '}'))
		return false;
	r->at += braced;
	*out = v;
	return r->utf ? v <= 0x10ffff : v <= 255;
}

/* An escape that stands for one character, both in and outside classes; `at` stands behind the backslash. */
static bool read_plain_escape(struct reader *r, unsigned *out)
{
	static const char letters[] = "aefnrt", meaning[] = "\a\x1b\f\n\r\t";
	int c = look(r, 0);
	const char *k;

	if (c < 0)
		return false;
	if (c >= 0x80 && r->utf) {
		r->at += utf8_next(r->text, r->at, out);
		return *out != UTF8_BAD;
	}
	if (c >= 0x80 || !isalnum(c)) {
		r->at++;
		*out = (unsigned)c;
		return true;
	}
	k = strchr(letters, c);
	if (k != NULL) {
		r->at++;
		*out = (unsigned char)meaning[k - letters];
		return true;
	}
	if (c == 'x' || c == 'o' || c == '0') {
		r->at++;
		return read_code(r, c, out);
	}
	return false;
}

/* The class that opens at `at` ('['), spelled out when it is small. */
static struct part read_class(struct reader *r)
{
	unsigned member[LITERALS_CLASS_MAX];
	size_t count = 0;
	bool small = true, negated;
	struct part out;

	if (r->flags & PATTERN_EXTENDED2)
		return lost(r);
	r->at++;
	negated = take(r, "^");
	for (bool first = true;; first = false) {
		unsigned from, to;
		int c = look(r, 0);

		if (c < 0)
			return lost(r);
		if (c == ']' && !first) {
			r->at++;
			break;
		}
		if (c == '[' && (look(r, 1) == ':' || look(r, 1) == '.' || look(r, 1) == '=')) {
			size_t k = 2;

			while (look(r, k) == '^' || (look(r, k) >= 0 && look(r, k) < 128 && isalpha(look(r, k))))
				k++;
			if (look(r, k) == look(r, 1) && look(r, k + 1) == ']') {
				r->at += k + 2;
				small = false;
				continue;
			}
		}
		if (c == '\\') {
			r->at++;
			c = look(r, 0);
			if (c == 'Q' || c == 'E' || c == 'N' || c == 'c')
				return lost(r);
			if (c >= 0 && strchr("dDsSwWhHvV", c) != NULL) {
				r->at++;
				small = false;
				continue;
			}
			if (c == 'p' || c == 'P') {
				r->at++;
				if (look(r, 0) == '{')
					skip_past(r, '}');
				else
					r->at++;
				small = false;
				continue;
			}
			if (c == 'b') {
				r->at++;
				from = '\b';
			} else if (!read_plain_escape(r, &from)) {
				return lost(r);
			}
		} else if (c >= 0x80 && r->utf) {
			r->at += utf8_next(r->text, r->at, &from);
			if (from == UTF8_BAD)
				return lost(r);
		} else {
			r->at++;
			from = (unsigned)c;
		}
		to = from;
		if (look(r, 0) == '-' && look(r, 1) != ']' && look(r, 1) >= 0) {
			/* A range; its end may be any of the above. Only the simple ones are worth it. */
			r->at++;
			c = look(r, 0);
			if (c >= 0x80 || c == '\\' || c == '[')
				small = false; /* the end is read as a member of its own: harmless now */
			else {
				r->at++;
				to = (unsigned)c;
			}
		}
		if (to < from || to - from >= LITERALS_CLASS_MAX)
			small = false;
		for (unsigned m = from; small && m <= to; m++) {
			bool seen = false;

			for (size_t i = 0; i < count; i++)
				seen = seen || member[i] == m;
			if (seen)
				continue;
			if (count == LITERALS_CLASS_MAX)
				small = false;
			else
				member[count++] = m;
		}
	}
	if (negated || !small || count == 0)
		return part_unknown();
	out = part_char(r, member[0]);
	for (size_t i = 1; i < count; i++)
		out = part_exact(set_union(r, out.exact, part_char(r, member[i]).exact));
	return out;
}

static struct part read_escape(struct reader *r)
{
	unsigned c;
	int k;

	r->at++;
	if (read_plain_escape(r, &c))
		return part_char(r, c);
	k = look(r, 0);
	if (k < 0)
		return lost(r);
	if (k < 128 && strchr("bBAZzGK", k) != NULL) {
		r->at++;
		return part_empty(r);
	}
	if (k < 128 && strchr("dDsSwWhHvVRX", k) != NULL) {
		r->at++;
		return part_unknown();
	}
	if (k == 'N' && look(r, 1) != '{') {
		r->at++;
		return part_unknown();
	}
	if (k == 'p' || k == 'P') {
		r->at++;
		if (look(r, 0) == '{')
			skip_past(r, '}');
		else
			r->at++;
		return part_unknown();
	}
	if (k >= '1' && k <= '9') {
		/* A back reference or an octal code, and then perhaps digits: all of it unknown. */
		while (look(r, 0) >= '0' && look(r, 0) <= '9')
			r->at++;
		return part_unknown();
	}
	return lost(r);
}

/* (? and what follows, up to the end of the group; `at` stands on the parenthesis. */
static struct part read_group(struct reader *r)
{
	static const char *const plain[] = { "(?:", "(?|", "(?>" };
	static const char *const zero_width[] = { "(?=", "(?!", "(?<=", "(?<!", "(?*", "(?<*" };
	bool outer = r->extended, nothing = false, flags_only = false;
	struct part out;

	if (r->depth >= LITERALS_DEPTH_MAX || look(r, 1) == '*')
		return lost(r);
	if (look(r, 1) != '?') {
		r->at++;
	} else {
		bool known = false;

		for (size_t i = 0; i < sizeof(plain) / sizeof(*plain) && !known; i++)
			known = take(r, plain[i]);
		for (size_t i = 0; i < sizeof(zero_width) / sizeof(*zero_width) && !known; i++)
			known = nothing = take(r, zero_width[i]);
		if (!known && (take(r, "(?<") || take(r, "(?P<"))) {
			skip_past(r, '>');
			known = true;
		}
		if (!known && take(r, "(?'")) {
			skip_past(r, '\'');
			known = true;
		}
		if (!known) {
			bool on = true;

			r->at += 2;
			for (;; r->at++) {
				int c = look(r, 0);

				if (c == '^')
					r->extended = false;
				else if (c == '-')
					on = false;
				else if (c == 'x' && look(r, 1) == 'x')
					return lost(r);
				else if (c == 'x')
					r->extended = on;
				else if (c < 0 || c >= 128 || strchr("imsnJU", c) == NULL)
					break;
			}
			flags_only = take(r, ")");
			if (!flags_only && !take(r, ":"))
				return lost(r); /* conditions, recursion, calls */
		}
	}
	if (flags_only)
		return part_empty(r); /* they hold until the group around ends */
	r->depth++;
	out = read_alternatives(r);
	r->depth--;
	if (!take(r, ")"))
		return lost(r);
	r->extended = outer;
	return nothing ? part_empty(r) : out;
}

/* {n}, {n,} or {n,m} at `at`; false when it is something else. */
static bool read_braces(struct reader *r, long *min, long *max)
{
	size_t k = 1;
	long v[2] = { 0, -1 };
	bool comma = false;

	if (look(r, 1) == ',' || look(r, 1) == ' ') {
		lost(r); /* newer versions of PCRE2 read these as quantifiers */
		return false;
	}
	for (; look(r, k) >= 0; k++) {
		int c = look(r, k);

		if (c >= '0' && c <= '9')
			v[comma] = (v[comma] < 0 ? 0 : v[comma]) * 10 + (c - '0');
		else if (c == ',' && !comma && k > 1)
			comma = true;
		else
			break;
		if (v[comma] > 100000)
			return false;
	}
	if (k == 1 || look(r, k) != '}') {
		if (k > 1)
			lost(r);
		return false;
	}
	*min = v[0];
	*max = comma ? v[1] : v[0];
	r->at += k + 1;
	return true;
}

/* One item with its quantifier. */
static struct part read_item(struct reader *r)
{
	int c = look(r, 0);
	struct part x;
	long min, max;
	bool again;

	if (r->quoted || (c >= 0 && strchr("\\[(.^$", c) == NULL) || c == 0) {
		if (c >= 0x80 && r->utf) {
			unsigned u;

			r->at += utf8_next(r->text, r->at, &u);
			x = u == UTF8_BAD ? lost(r) : part_char(r, u);
		} else {
			r->at++;
			x = part_char(r, (unsigned)c);
		}
	} else if (c == '\\' && take(r, "\\Q")) {
		r->quoted = true;
		return part_empty(r);
	} else if (c == '\\') {
		x = read_escape(r);
	} else if (c == '[') {
		x = read_class(r);
	} else if (c == '(') {
		x = read_group(r);
	} else {
		r->at++;
		x = c == '.' ? part_unknown() : part_empty(r);
	}
	do {
		skip_nothing(r);
		if (r->lost || r->quoted)
			return x;
		c = look(r, 0);
		min = c == '+';
		max = c == '?' ? 1 : -1;
		again = c == '*' || c == '+' || c == '?' ? (r->at++, true) : c == '{' && read_braces(r, &min, &max);
		if (again) {
			x = part_repeat(r, x, min, max);
			/* lazy, possessive; "a+ +" with x is also possessive, or else another repeat: both only narrow
			 * it */
			if (look(r, 0) == '?' || look(r, 0) == '+')
				r->at++;
		}
	} while (again);
	return x;
}

static struct part read_sequence(struct reader *r)
{
	struct sequence s = { .whole = part_unknown(), .run = set_of(r, "", 0), .first = true };

	for (;;) {
		skip_nothing(r);
		if (r->lost || r->at >= r->text.len || (!r->quoted && (look(r, 0) == '|' || look(r, 0) == ')')))
			return sequence_end(&s);
		sequence_add(r, &s, read_item(r));
	}
}

static struct part read_alternatives(struct reader *r)
{
	struct part out = read_sequence(r);

	while (!r->lost && take(r, "|"))
		out = part_alternative(r, out, read_sequence(r));
	return out;
}

struct literals literals_derive(struct arena *a, struct slice pattern, unsigned flags)
{
	struct reader r = { .arena = a,
			    .text = pattern,
			    .flags = flags,
			    .utf = (flags & PATTERN_UTF) != 0,
			    .extended = (flags & (PATTERN_EXTENDED | PATTERN_EXTENDED2)) != 0 };
	struct part p = read_alternatives(&r);

	if (r.lost || r.at != pattern.len || arena_failed(a) || !p.required.some || worth(&p.required) == 0)
		return (struct literals){ NULL, 0 };
	return (struct literals){ p.required.list, p.required.count };
}

struct slice literals_plain(struct arena *a, struct slice pattern, unsigned flags)
{
	char *out;
	size_t n = 0;

	if (flags & (PATTERN_UTF | PATTERN_EXTENDED | PATTERN_EXTENDED2) || pattern.len == 0)
		return SLICE_NONE;
	out = arena_alloc(a, pattern.len);
	if (out == NULL)
		return SLICE_NONE;
	for (size_t i = 0; i < pattern.len; i++) {
		unsigned char c = (unsigned char)pattern.ptr[i];

		if (c == '\\') {
			if (++i == pattern.len)
				return SLICE_NONE;
			c = (unsigned char)pattern.ptr[i];
			if (c >= 0x80 || isalnum(c))
				return SLICE_NONE;
		} else if (c == 0 || strchr("^$.[|()?*+{", c) != NULL) {
			return SLICE_NONE;
		}
		out[n++] = (char)c;
	}
	return slice_make(out, n);
}
