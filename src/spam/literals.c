#include "spam/literals.h"

#include <ctype.h>
#include <string.h>

#include "base/utf8.h"
#include "spam/fold.h"
#include "spam/pattern.h"
#include "spam/strings.h"

/* What is certain about a part of a pattern. */
struct part {
	struct strings exact;    /* it matches just these */
	struct strings required; /* every match contains one of these */
	struct strings prefix;   /* every match begins with one of these */
	struct strings suffix;   /* every match ends with one of these */
};

struct reader {
	struct arena *arena;
	struct slice text;
	size_t at;
	unsigned flags;
	bool utf;
	bool outline;  /* read what outlines of texts must hold */
	bool extended; /* x, as it stands at `at` */
	bool quoted;   /* between \Q and \E */
	bool lost;     /* something was not understood: no claim at all */
	int depth;
};

/* ---- worth ----------------------------------------------------------------------------------------------------- */

/* Letters and blanks: what outlines are full of. */
static bool is_common(char c)
{
	return c == OUTLINE_LETTER || c == OUTLINE_BLANK;
}

/* How many bytes of an outline's string tell something, of the one that tells least. */
static size_t telling(const struct strings *s)
{
	size_t least = LITERAL_BYTES_MAX;

	for (size_t i = 0; i < s->count; i++) {
		size_t n = 0;

		for (size_t k = 0; k < s->list[i].len; k++)
			n += !is_common(s->list[i].ptr[k]);
		least = n < least ? n : least;
	}
	return s->count == 0 ? 0 : least;
}

/* How much a set is worth as a filter: 0 for nothing. Long beats few. */
static size_t worth(const struct reader *r, const struct strings *s)
{
	size_t n = s->some ? strings_shortest(s) : 0, tells = r->outline && n > 0 ? telling(s) : n;

	return tells == 0 ? 0
			  : (tells > 6 ? 6 : tells) * (LITERALS_MAX + 1) * 2 + (n > 12 ? 12 : n) * 8 + (LITERALS_MAX - s->count);
}

static struct strings better(const struct reader *r, struct strings a, struct strings b)
{
	return worth(r, &b) > worth(r, &a) ? b : a;
}

/* ---- parts ----------------------------------------------------------------------------------------------------- */

static struct part part_exact(struct strings s)
{
	struct part p = { .exact = s, .prefix = s, .suffix = s };

	if (strings_shortest(&s) > 0)
		p.required = s;
	return p;
}

static struct part part_empty(void)
{
	return part_exact(strings_empty());
}

static struct part part_unknown(void)
{
	return (struct part){ .exact = STRINGS_UNKNOWN };
}

/* A character as texts hold it once they are folded: its bytes. */
static size_t folded(struct reader *r, unsigned c, char bytes[4])
{
	char raw = (char)(unsigned char)c;

	if (r->utf)
		return fold_encode(fold_char(c), bytes);
	if (c > 255)
		r->lost = true;
	fold_bytes(slice_make(&raw, 1), bytes);
	if (r->outline)
		fold_outline(slice_make(bytes, 1), bytes);
	return 1;
}

static struct part part_char(struct reader *r, unsigned c)
{
	char bytes[4];
	size_t n = folded(r, c, bytes);

	return part_exact(strings_of(r->arena, bytes, n));
}

/* max < 0: without end. */
static struct part part_repeat(struct reader *r, struct part x, long min, long max)
{
	struct part out = part_unknown();
	struct strings run = x.exact;

	if (max == 0)
		return part_empty();
	if (min == 0) {
		struct part empty = part_empty();

		if (max == 1)
			out.exact = strings_union(r->arena, x.exact, empty.exact);
		if (out.exact.some)
			out.prefix = out.suffix = out.exact;
		return out;
	}
	for (long i = 1; i < min && i < LITERAL_BYTES_MAX && run.some; i++) {
		struct strings longer = strings_cross(r->arena, run, x.exact);

		if (!longer.some) {
			/* At least this much of it. */
			out.required = better(r, x.required, strings_shortest(&run) > 0 ? run : STRINGS_UNKNOWN);
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
		if (strings_shortest(&run) > 0)
			out.required = better(r, out.required, run);
	}
	return out;
}

/* A sequence under construction: `run`, each string with `tail` behind it, is the exact set since the last break. */
struct sequence {
	struct part whole;
	struct strings run;
	bool first; /* no break yet: run is also the prefix */
	char tail[LITERAL_BYTES_MAX];
	size_t tail_len;
};

static void sequence_settle(struct reader *r, struct sequence *s)
{
	if (s->tail_len > 0)
		s->run = strings_cross(r->arena, s->run, strings_of(r->arena, s->tail, s->tail_len));
	s->tail_len = 0;
}

static void sequence_break(struct reader *r, struct sequence *s, struct part next)
{
	struct strings joined = strings_cross(r->arena, s->run, next.prefix);
	struct strings end = joined.some ? joined : s->run;

	s->whole.required = better(r, s->whole.required, strings_shortest(&end) > 0 ? end : STRINGS_UNKNOWN);
	s->whole.required = better(r, s->whole.required, next.required);
	if (s->first)
		s->whole.prefix = end;
	s->first = false;
	s->whole.exact = STRINGS_UNKNOWN;
	s->run = next.suffix.some ? next.suffix : strings_empty();
}

static void sequence_add(struct reader *r, struct sequence *s, struct part next)
{
	sequence_settle(r, s);

	struct strings joined = strings_cross(r->arena, s->run, next.exact);

	if (joined.some)
		s->run = joined;
	else
		sequence_break(r, s, next);
}

static struct part sequence_end(struct reader *r, struct sequence *s)
{
	sequence_settle(r, s);
	if (s->first)
		return part_exact(s->run);
	s->whole.required = better(r, s->whole.required, strings_shortest(&s->run) > 0 ? s->run : STRINGS_UNKNOWN);
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

		if (c != '\\' && c != '(' && !r->extended)
			return;
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

/* What a class holds, while that is little. */
struct members {
	unsigned list[LITERALS_CLASS_MAX];
	size_t count;
	bool some; /* false: too much, or not known */
};

static void members_add(const struct reader *r, struct members *m, unsigned from, unsigned to)
{
	for (unsigned c = from; m->some && c <= to; c++) {
		unsigned x = r->outline ? (unsigned char)outline_of((unsigned char)c) : c;
		bool seen = false;

		for (size_t i = 0; i < m->count && !seen; i++)
			seen = m->list[i] == x;
		if (!seen && m->count == LITERALS_CLASS_MAX)
			m->some = false;
		else if (!seen)
			m->list[m->count++] = x;
	}
}

static struct part members_part(struct reader *r, const struct members *m)
{
	struct part out;

	if (!m->some || m->count == 0)
		return part_unknown();
	out = part_char(r, m->list[0]);
	for (size_t i = 1; i < m->count; i++)
		out = part_exact(strings_union(r->arena, out.exact, part_char(r, m->list[i]).exact));
	return out;
}

/* \d and its kin. */
static bool is_type(int c)
{
	return c > 0 && c < 0x80 && strchr("dDsSwWhHvV", c) != NULL;
}

/* In an outline some of them are few. */
static void members_add_type(const struct reader *r, struct members *m, int type)
{
	static const struct {
		char type;
		const char *holds;
	} few[] = { { 'd', "0" }, { 's', " " }, { 'w', "a0_" }, { 'h', " \xa0" }, { 'v', "\n\x85" } };
	const char *holds = NULL;

	for (size_t i = 0; r->outline && i < sizeof(few) / sizeof(*few) && holds == NULL; i++)
		holds = few[i].type == type ? few[i].holds : NULL;
	m->some = m->some && holds != NULL;
	for (; holds != NULL && *holds != '\0'; holds++)
		members_add(r, m, (unsigned char)*holds, (unsigned char)*holds);
}

/* One character of a class, escaped or not. False: not understood. */
static bool read_member(struct reader *r, unsigned *out)
{
	int c = look(r, 0);

	if (c == '\\') {
		r->at++;
		if (look(r, 0) != 'b')
			return read_plain_escape(r, out);
		r->at++;
		*out = '\b';
		return true;
	}
	if (c >= 0x80 && r->utf) {
		r->at += utf8_next(r->text, r->at, out);
		return *out != UTF8_BAD;
	}
	r->at++;
	*out = (unsigned)c;
	return c >= 0;
}

/* [:alpha:] and its like at `at`: its length, else 0. */
static size_t named_class(const struct reader *r)
{
	size_t k = 2;

	if (look(r, 0) != '[' || (look(r, 1) != ':' && look(r, 1) != '.' && look(r, 1) != '='))
		return 0;
	while (look(r, k) == '^' || (look(r, k) >= 0 && look(r, k) < 128 && isalpha(look(r, k))))
		k++;
	return look(r, k) == look(r, 1) && look(r, k + 1) == ']' ? k + 2 : 0;
}

/* The class that opens at `at` ('['), spelled out when it is small. */
static struct part read_class(struct reader *r)
{
	struct members m = { .some = true };

	if (r->flags & PATTERN_EXTENDED2)
		return lost(r);
	r->at++;
	if (take(r, "^"))
		m.some = false;
	for (bool first = true; first || look(r, 0) != ']'; first = false) {
		int escaped = look(r, 0) == '\\' ? look(r, 1) : 0;
		size_t named = named_class(r);
		unsigned from, to;

		if (named > 0) {
			r->at += named;
			m.some = false;
			continue;
		}
		if (is_type(escaped)) {
			r->at += 2;
			members_add_type(r, &m, escaped);
			continue;
		}
		if (escaped == 'p' || escaped == 'P') {
			r->at += 2;
			if (look(r, 0) == '{')
				skip_past(r, '}');
			else
				r->at++;
			m.some = false;
			continue;
		}
		if (!read_member(r, &from))
			return lost(r);
		to = from;
		if (look(r, 0) == '-' && look(r, 1) != ']' && look(r, 1) >= 0) {
			r->at++;
			if (!read_member(r, &to))
				return lost(r);
		}
		members_add(r, &m, from, to);
	}
	r->at++;
	return members_part(r, &m);
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
		return part_empty();
	}
	if (is_type(k)) {
		struct members m = { .some = true };

		r->at++;
		members_add_type(r, &m, k);
		return members_part(r, &m);
	}
	if (k == 'R' || k == 'X' || (k == 'N' && look(r, 1) != '{')) {
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
		return part_empty(); /* they hold until the group around ends */
	r->depth++;
	out = read_alternatives(r);
	r->depth--;
	if (!take(r, ")"))
		return lost(r);
	r->extended = outer;
	return nothing ? part_empty() : out;
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
		return part_empty();
	} else if (c == '\\') {
		x = read_escape(r);
	} else if (c == '[') {
		x = read_class(r);
	} else if (c == '(') {
		x = read_group(r);
	} else {
		r->at++;
		x = c == '.' ? part_unknown() : part_empty();
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

/* The plain characters that come next, as far as nothing repeats them and the run takes them: most of most patterns. */
static void read_plain(struct reader *r, struct sequence *s)
{
	enum { ITEM = 1, AFTER = 2 };
	static const unsigned char special[256] = { ['\\'] = ITEM | AFTER, ['('] = ITEM | AFTER, ['['] = ITEM, ['.'] = ITEM, ['^'] = ITEM, ['$'] = ITEM,
						    ['|'] = ITEM, [')'] = ITEM, ['*'] = ITEM | AFTER, ['+'] = ITEM | AFTER, ['?'] = ITEM | AFTER, ['{'] = ITEM | AFTER };
	size_t longest = 0;

	if (r->quoted || r->extended || s->run.count > LITERALS_CROSS_MAX)
		return;
	for (size_t i = 0; i < s->run.count; i++)
		longest = s->run.list[i].len > longest ? s->run.list[i].len : longest;
	while (longest + s->tail_len < LITERAL_BYTES_MAX) {
		int c = look(r, 0), next;
		unsigned u = (unsigned)c;
		size_t len = 1, n;
		char bytes[4];

		if (c >= 0x80 && r->utf)
			len = utf8_next(r->text, r->at, &u);
		next = look(r, len);
		/* What comes next could be a quantifier, or be none and have one behind it. */
		if (c <= 0 || special[c] || u == UTF8_BAD || (next >= 0 && (special[next] & AFTER)))
			return;
		n = folded(r, u, bytes);
		if (longest + s->tail_len + n > LITERAL_BYTES_MAX)
			return;
		memcpy(s->tail + s->tail_len, bytes, n);
		s->tail_len += n;
		r->at += len;
	}
}

static struct part read_sequence(struct reader *r)
{
	struct sequence s = { .whole = part_unknown(), .run = strings_empty(), .first = true };

	for (;;) {
		read_plain(r, &s);
		skip_nothing(r);
		if (r->lost || r->at >= r->text.len || (!r->quoted && (look(r, 0) == '|' || look(r, 0) == ')')))
			return sequence_end(r, &s);
		sequence_add(r, &s, read_item(r));
	}
}

static struct part read_alternatives(struct reader *r)
{
	struct part first = read_sequence(r);
	struct strings_growing exact = { .set = first.exact }, needed = { .set = first.required }, prefix = { .set = first.prefix }, suffix = { .set = first.suffix };
	bool just = first.exact.some; /* what is known of each so far is just what it matches */

	while (!r->lost && take(r, "|")) {
		struct part next = read_sequence(r);

		if (just && !next.exact.some) {
			struct part so_far = part_exact(exact.set);

			needed.set = so_far.required;
			prefix.set = suffix.set = so_far.exact;
			just = false;
		}
		strings_join(r->arena, &exact, next.exact);
		if (just)
			continue;
		strings_join(r->arena, &needed, next.required);
		strings_join(r->arena, &prefix, next.prefix);
		strings_join(r->arena, &suffix, next.suffix);
	}
	return just ? part_exact(exact.set) : (struct part){ .exact = exact.set, .required = needed.set, .prefix = prefix.set, .suffix = suffix.set };
}

static struct strings required(struct reader *r)
{
	struct part p = read_alternatives(r);

	return r->lost || r->at != r->text.len || arena_failed(r->arena) || worth(r, &p.required) == 0 ? STRINGS_UNKNOWN : p.required;
}

struct literals literals_derive(struct arena *a, struct slice pattern, unsigned flags)
{
	struct reader r = { .arena = a,
			    .text = pattern,
			    .flags = flags,
			    .utf = (flags & PATTERN_UTF) != 0,
			    .extended = (flags & (PATTERN_EXTENDED | PATTERN_EXTENDED2)) != 0 };
	struct strings found = required(&r);

	return (struct literals){ found.list, found.count };
}

/* Without most of the letters and blanks at its ends: the index would file it under these. */
static struct slice trimmed(struct slice s)
{
	while (s.len > OUTLINE_EDGE && is_common(s.ptr[OUTLINE_EDGE]) && is_common(s.ptr[0]))
		s = slice_from(s, 1);
	while (s.len > OUTLINE_EDGE && is_common(s.ptr[s.len - 1 - OUTLINE_EDGE]) && is_common(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

struct literals literals_outline(struct arena *a, struct slice pattern, unsigned flags)
{
	struct reader r = { .arena = a,
			    .text = pattern,
			    .flags = flags,
			    .outline = true,
			    .extended = (flags & (PATTERN_EXTENDED | PATTERN_EXTENDED2)) != 0 };
	struct strings found = flags & PATTERN_UTF ? STRINGS_UNKNOWN : required(&r), out = { true, NULL, 0 };

	for (size_t i = 0; i < found.count; i++) {
		struct slice s = trimmed(found.list[i]);

		out = strings_union(r.arena, out, (struct strings){ true, &s, 1 });
	}
	return r.lost || arena_failed(a) ? (struct literals){ NULL, 0 } : (struct literals){ out.list, out.count };
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
