#include "spam/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <assert.h>
#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* PCRE2_INFO_FIRSTCODETYPE of a pattern that begins with .* or a multiline ^. */
enum { FIRST_IS_LINE_START = 2 };

enum { JIT_STACK_START = 32 << 10, JIT_STACK_MAX = 512 << 10 };

/* Below this much wall time a message cannot have used up a budget, and the dearer CPU clock is not asked. */
enum { SLOW_AFTER_US = 2000 };

/*
 * How long a window may take before the next one is made smaller, or larger: with 64 starts of an alternation of 1,500
 * words one window took 100 ms.
 */
enum { WINDOW_FIRST = 4, WINDOW_SHORT_US = 250, WINDOW_LONG_US = 1000 };

/* A step of the matcher can walk all of a long alternation, so a long pattern that may backtrack gets fewer of them. */
enum { LIMIT_PATTERN_BYTES = 1000, LIMIT_LEAST = 2000 };

/* The sum of weights (see weigh) from which a pattern counts as risky. */
enum { WEIGHT_RISKY = 10, WEIGHT_UNBOUNDED = 5, WEIGHT_BOUNDED_LONG = 16 };

struct pattern {
	atomic_size_t refs;
	atomic_bool ready; /* machine code was made, or cannot be */
	pcre2_code *code;
	unsigned flags;
	bool risky, repeats;
	/* Where a match can start at all, as PCRE2 has found out: where the search begins, and there only, or also behind newlines. */
	bool anchored, line_starts;
	size_t len;
	char text[];
};

/* ---- what a thread needs to match ----------------------------------------------------------------------------- */

struct thread_state {
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	pcre2_match_data *data;
};

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_made;
/* Held while machine code is made: pcre2_jit_compile changes the code that others may want to run. */
static pthread_mutex_t jit_lock = PTHREAD_MUTEX_INITIALIZER;

static void thread_state_free(void *p)
{
	struct thread_state *t = p;

	if (t == NULL)
		return;
	pcre2_match_data_free(t->data);
	pcre2_jit_stack_free(t->stack);
	pcre2_match_context_free(t->context);
	free(t);
}

static void make_key(void)
{
	key_made = pthread_key_create(&key, thread_state_free) == 0;
}

static struct thread_state *thread_state(void)
{
	struct thread_state *t;

	pthread_once(&key_once, make_key);
	if (!key_made)
		return NULL;
	t = pthread_getspecific(key);
	if (t != NULL)
		return t;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->context = pcre2_match_context_create(NULL);
	t->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
	t->data = pcre2_match_data_create(1, NULL); /* the whole match is all that is looked at */
	if (t->context == NULL || t->stack == NULL || t->data == NULL || pthread_setspecific(key, t) != 0) {
		thread_state_free(t);
		return NULL;
	}
	pcre2_jit_stack_assign(t->context, NULL, t->stack);
	return t;
}

/* ---- compiling ------------------------------------------------------------------------------------------------- */

/* The end of a character class that opens at text[at] ('['), or the text's end. */
static size_t class_end(struct slice text, size_t at)
{
	size_t i = at + 1;

	if (i < text.len && text.ptr[i] == '^')
		i++;
	if (i < text.len && text.ptr[i] == ']')
		i++;
	for (; i < text.len; i++) {
		if (text.ptr[i] == '\\')
			i++;
		else if (text.ptr[i] == '[' && i + 1 < text.len && strchr(":.=", text.ptr[i + 1]) != NULL) {
			/* [:alpha:] */
			char closing = text.ptr[i + 1];
			size_t j = i + 2;

			while (j < text.len && (isalnum((unsigned char)text.ptr[j]) || text.ptr[j] == '^'))
				j++;
			if (j + 1 < text.len && text.ptr[j] == closing && text.ptr[j + 1] == ']')
				i = j + 1;
		} else if (text.ptr[i] == ']')
			return i;
	}
	return text.len;
}

/* A {n}, {n,} or {n,m} at text[at]: its length, and the bounds (max -1: none). 0 when it is no quantifier. */
static size_t braces(struct slice text, size_t at, long *min, long *max)
{
	size_t i = at + 1;
	bool digits = false;

	*min = 0;
	for (; i < text.len && isdigit((unsigned char)text.ptr[i]) && *min < 100000; i++, digits = true)
		*min = *min * 10 + (text.ptr[i] - '0');
	if (!digits || i >= text.len)
		return 0;
	*max = *min;
	if (text.ptr[i] == ',') {
		i++;
		*max = -1;
		for (digits = false; i < text.len && isdigit((unsigned char)text.ptr[i]) && *max < 100000; i++) {
			*max = (digits ? *max : 0) * 10 + (text.ptr[i] - '0');
			digits = true;
		}
	}
	return i < text.len && text.ptr[i] == '}' ? i + 1 - at : 0;
}

/* A quantifier's braces at text[at], in Perl's looser spelling: its length, 0 when it is none. Its parts without blanks
 * go to `parts`. */
static size_t loose_braces(struct slice text, size_t at, struct slice parts[2], bool *comma)
{
	size_t i = at + 1;

	*comma = false;
	for (int part = 0; part < 2; part++) {
		size_t from;

		while (i < text.len && (text.ptr[i] == ' ' || text.ptr[i] == '\t'))
			i++;
		for (from = i; i < text.len && isdigit((unsigned char)text.ptr[i]);)
			i++;
		parts[part] = slice_make(text.ptr + from, i - from);
		while (i < text.len && (text.ptr[i] == ' ' || text.ptr[i] == '\t'))
			i++;
		if (part == 1 || i == text.len || text.ptr[i] != ',')
			break;
		*comma = true;
		i++;
	}
	if (!*comma)
		parts[1] = SLICE("");
	return i < text.len && text.ptr[i] == '}' && parts[0].len + parts[1].len > 0 ? i + 1 - at : 0;
}

/* Whether there is anything between braces that Perl reads otherwise: most patterns need no second copy. */
static bool loose_somewhere(struct slice text)
{
	const char *end = text.ptr + text.len;

	for (const char *at = text.ptr; (at = memchr(at, '{', (size_t)(end - at))) != NULL;)
		for (at++; at < end && *at != '}' && *at != '{'; at++)
			if (*at == ' ' || *at == '\t' || (*at == ',' && at[-1] == '{'))
				return true;
	return false;
}

enum err pattern_perl_braces(struct arena *a, struct slice text, struct slice *out, struct error *e)
{
	char *to;
	size_t n = 0;
	bool after_item = false;

	*out = text;
	if (text.len == 0 || !loose_somewhere(text))
		return ERR_OK;
	/* Only "{,": a 0 more. */
	to = arena_alloc(a, text.len * 2 + 1);
	if (to == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < text.len;) {
		struct slice parts[2], rest = slice_from(text, i);
		size_t len = 1;
		bool comma;

		if (slice_starts(rest, SLICE("\\Q"))) {
			const char *end = memmem(rest.ptr, rest.len, "\\E", 2);

			len = end != NULL ? (size_t)(end - rest.ptr) + 2 : rest.len;
		} else if (rest.len > 3 && rest.ptr[0] == '\\' && strchr("xogkpPN", rest.ptr[1]) != NULL && rest.ptr[2] == '{') {
			const char *end = memchr(rest.ptr, '}', rest.len);

			len = end != NULL ? (size_t)(end - rest.ptr) + 1 : 2;
			for (size_t k = 0; k < len; k++)
				if (rest.ptr[k] != ' ' && rest.ptr[k] != '\t')
					to[n++] = rest.ptr[k];
			i += len;
			after_item = true;
			continue;
		} else if (rest.ptr[0] == '\\' && rest.len > 1) {
			len = 2;
		} else if (rest.ptr[0] == '[') {
			len = class_end(text, i) + 1 - i;
			len = len > rest.len ? rest.len : len;
		} else if (rest.ptr[0] == '{' && after_item && (len = loose_braces(text, i, parts, &comma)) > 0) {
			to[n++] = '{';
			if (parts[0].len == 0)
				to[n++] = '0';
			memcpy(to + n, parts[0].ptr, parts[0].len);
			n += parts[0].len;
			if (comma)
				to[n++] = ',';
			if (parts[1].len > 0)
				memcpy(to + n, parts[1].ptr, parts[1].len);
			n += parts[1].len;
			to[n++] = '}';
			i += len;
			continue;
		}
		len = len == 0 ? 1 : len;
		memcpy(to + n, rest.ptr, len);
		n += len;
		/* The ? of (?{ and its kin is no item. */
		after_item = rest.ptr[0] != '(' && rest.ptr[0] != '|' &&
			     !(rest.ptr[0] == '?' && i > 0 && text.ptr[i - 1] == '(');
		i += len;
	}
	if (n != text.len || memcmp(to, text.ptr, n) != 0)
		*out = slice_make(to, n);
	return ERR_OK;
}

/* The bytes of what opens a group at text[at], or sets letters ("(?i)", a comment): "(", "(?:", "(?<name>" ... */
static size_t opening(struct slice text, size_t at)
{
	size_t i = at + 1;

	if (i >= text.len || text.ptr[i] != '?')
		return 1;
	if (i + 1 < text.len && text.ptr[i + 1] == '#') {
		const char *end = memchr(text.ptr + i, ')', text.len - i);

		return end != NULL ? (size_t)(end - text.ptr) + 1 - at : text.len - at;
	}
	for (i++; i < text.len; i++) {
		char c = text.ptr[i];
		bool last = strchr(":|>=!)", c) != NULL || (c == '\'' && text.ptr[i - 1] != '?' && text.ptr[i - 1] != 'P');

		if (last || !(isalnum((unsigned char)c) || strchr("<_^-&'+", c) != NULL))
			return i + (last ? 1 : 0) - at;
	}
	return text.len - at;
}

size_t pattern_stray_brace(struct slice text, bool extended)
{
	const char *last = text.len > 0 ? memrchr(text.ptr, '{', text.len) : NULL;
	bool item = false; /* there is something to repeat */

	for (size_t i = 0, len; last != NULL && i <= (size_t)(last - text.ptr); i += len) {
		struct slice parts[2], rest = slice_from(text, i);
		bool comma;
		char c = rest.ptr[0];

		len = 1;
		if (c == '(') {
			len = opening(text, i);
			item = (len > 2 && rest.ptr[len - 1] == ')' && strchr("&0123456789RP+", rest.ptr[2]) != NULL) || (item && slice_starts(rest, SLICE("(?#")));
		} else if (slice_starts(rest, SLICE("\\Q"))) {
			const char *end = memmem(rest.ptr, rest.len, "\\E", 2);

			len = end != NULL ? (size_t)(end - rest.ptr) + 2 : rest.len;
			item = true;
		} else if (c == '\\' && rest.len > 1) {
			const char *end = rest.len > 2 && rest.ptr[2] == '{' && strchr("xogkpPN", rest.ptr[1]) != NULL ? memchr(rest.ptr, '}', rest.len) : NULL;

			len = end != NULL ? (size_t)(end - rest.ptr) + 1 : 2;
			item = true;
		} else if (c == '[') {
			len = class_end(text, i) + 1 - i;
			item = true;
		} else if (c == '{') {
			len = loose_braces(text, i, parts, &comma);
			/* SpamAssassin fills in %{NAME} before Perl sees it. */
			if (item && len == 0 && !(i > 0 && text.ptr[i - 1] == '%' && rest.len > 1 && rest.ptr[1] >= 'A' && rest.ptr[1] <= 'Z'))
				return i;
			item = len == 0;
			len = len == 0 ? 1 : len;
		} else if (extended && (c == ' ' || c == '\t' || c == '\n')) {
			continue;
		} else if (extended && c == '#') {
			const char *end = memchr(rest.ptr, '\n', rest.len);

			len = end != NULL ? (size_t)(end - rest.ptr) : rest.len;
		} else {
			item = strchr("|^*+?", c) == NULL;
		}
		len = len > rest.len ? rest.len : len;
	}
	return SIZE_MAX;
}

/*
 * How much a pattern can backtrack, roughly and on the safe side (comments and \Q..\E are weighed too). A repeated
 * group alone makes it risky, as do two unbounded (or long) repeats, or ten small choices: ? {n,m} |.
 */
static int weigh(struct slice text, bool *repeats)
{
	int weight = 0;
	bool after_group = false, after_item = false;

	*repeats = false;
	for (size_t i = 0; i < text.len;) {
		char c = text.ptr[i];
		long min = 1, max = 1;
		size_t len = 1;

		if (after_item && (c == '*' || c == '+' || c == '?')) {
			min = c == '+';
			max = c == '?' ? 1 : -1;
		} else if (after_item && c == '{') {
			size_t n = braces(text, i, &min, &max);

			if (n > 0)
				len = n;
			else
				min = max = 1;
		}
		if (min != max || max > 1) {
			bool grouped = after_group && (max < 0 || max > 1);

			if (max < 0 || max > 1)
				*repeats = true;
			if (grouped)
				weight += WEIGHT_RISKY;
			else if (max < 0 || max - min >= WEIGHT_BOUNDED_LONG)
				weight += WEIGHT_UNBOUNDED;
			else if (min != max)
				weight += 1;
			i += len;
			if (i < text.len && (text.ptr[i] == '?' || text.ptr[i] == '+'))
				i++; /* lazy, possessive */
			after_group = after_item = false;
			continue;
		}
		after_group = c == ')';
		after_item = c != '(' && c != '|';
		if (c == '\\' && i + 1 < text.len) {
			i += 2;
		} else if (c == '[') {
			i = class_end(text, i) + 1;
		} else {
			if (c == '|')
				weight += 1;
			if (c == '(' && i + 1 < text.len && text.ptr[i + 1] == '?')
				i++; /* the ? of (?: is no quantifier */
			i++;
		}
	}
	return weight;
}

/* What SpamAssassin, the guard or good sense refuses although PCRE2 would take it. NULL when nothing is wrong. */
static const char *refused(struct slice text, bool risky, size_t *at)
{
	for (size_t i = 0; i + 1 < text.len; i++) {
		struct slice rest = slice_from(text, i);

		*at = i;
		if (rest.ptr[0] == '\\') {
			if (rest.ptr[1] == 'G' && risky)
				return "\\G cannot be used together with nested or many repeats";
			i++;
			continue;
		}
		if (rest.ptr[0] != '(')
			continue;
		if (slice_starts(rest, SLICE("(?{")) || slice_starts(rest, SLICE("(??{")))
			return "code in a pattern, (?{ }), is refused";
		if (slice_starts(rest, SLICE("(?C")))
			return "callouts, (?C), are refused";
		if (slice_starts(rest, SLICE("(*"))) {
			static const char *const fine[] = { "(*F)",     "(*FAIL)", "(*ACCEPT)", "(*PRUNE)",
							    "(*PRUNE:", "(*THEN)", "(*THEN:",   "(*pla:",
							    "(*plb:",   "(*nla:",  "(*nlb:",    "(*atomic:" };
			static const char *const safe[] = { "(*COMMIT)", "(*SKIP)" };
			bool known = false;

			for (size_t k = 0; k < sizeof(fine) / sizeof(*fine); k++)
				known = known || slice_starts(rest, slice_of(fine[k]));
			for (size_t k = 0; k < sizeof(safe) / sizeof(*safe); k++)
				if (slice_starts(rest, slice_of(safe[k]))) {
					if (risky)
						return "(*COMMIT) and (*SKIP) cannot be used together with nested or "
						       "many "
						       "repeats";
					known = true;
				}
			if (!known)
				return "this (*VERB) is not allowed";
		}
	}
	return NULL;
}

static uint32_t options_of(unsigned flags)
{
	uint32_t o = PCRE2_USE_OFFSET_LIMIT | PCRE2_NEVER_BACKSLASH_C | PCRE2_DUPNAMES;

	o |= flags & PATTERN_UTF ? PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF : PCRE2_NEVER_UTF | PCRE2_NEVER_UCP;
	o |= flags & PATTERN_CASELESS ? PCRE2_CASELESS : 0;
	o |= flags & PATTERN_MULTILINE ? PCRE2_MULTILINE : 0;
	o |= flags & PATTERN_DOTALL ? PCRE2_DOTALL : 0;
	o |= flags & PATTERN_EXTENDED ? PCRE2_EXTENDED : 0;
	o |= flags & PATTERN_EXTENDED2 ? PCRE2_EXTENDED_MORE : 0;
	o |= flags & PATTERN_NO_CAPTURE ? PCRE2_NO_AUTO_CAPTURE : 0;
	return o;
}

static void learn_starts(struct pattern *p)
{
	uint32_t all = 0, first = 0;

	(void)pcre2_pattern_info(p->code, PCRE2_INFO_ALLOPTIONS, &all);
	(void)pcre2_pattern_info(p->code, PCRE2_INFO_FIRSTCODETYPE, &first);
	p->anchored = (all & PCRE2_ANCHORED) != 0;
	p->line_starts = first == FIRST_IS_LINE_START;
}

enum err pattern_compile(struct slice text, unsigned flags, struct pattern **out, size_t *at, struct error *e)
{
	pcre2_compile_context *context = NULL;
	struct pattern *p = NULL;
	const char *why;
	int code;
	PCRE2_SIZE offset = 0;
	enum err err = ERR_OK;

	*out = NULL;
	*at = 0;
	if (text.len > PATTERN_BYTES_MAX)
		return err_set(e, ERR_INVALID, "the pattern is longer than %d bytes", PATTERN_BYTES_MAX);
	p = calloc(1, sizeof(*p) + text.len + 1);
	context = pcre2_compile_context_create(NULL);
	if (p == NULL || context == NULL) {
		err = err_nomem(e);
		goto out;
	}
	atomic_init(&p->refs, 1);
	atomic_init(&p->ready, false);
	p->flags = flags;
	p->len = text.len;
	if (text.len > 0)
		memcpy(p->text, text.ptr, text.len);
	p->risky = weigh(text, &p->repeats) >= WEIGHT_RISKY;
	why = refused(text, p->risky, at);
	if (why != NULL) {
		err = err_set(e, ERR_INVALID, "%s", why);
		goto out;
	}
	*at = 0;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	p->code = pcre2_compile((PCRE2_SPTR)p->text, p->len, options_of(flags), &code, &offset, context);
	if (p->code == NULL) {
		char words[200];

		*at = offset < text.len ? offset : text.len;
		if (code == PCRE2_ERROR_HEAP_FAILED) {
			err = err_nomem(e);
			goto out;
		}
		pcre2_get_error_message(code, (PCRE2_UCHAR *)words, sizeof(words));
		err = err_set(e, ERR_INVALID, "the pattern is not valid: %s", words);
		goto out;
	}
	learn_starts(p);
out:
	pcre2_compile_context_free(context);
	if (err != ERR_OK)
		pattern_unref(&p);
	*out = p;
	return err;
}

struct pattern *pattern_ref(struct pattern *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

void pattern_unref(struct pattern **pp)
{
	struct pattern *p = *pp;

	*pp = NULL;
	if (p == NULL || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) > 1)
		return;
	pcre2_code_free(p->code);
	free(p);
}

struct slice pattern_text(const struct pattern *p)
{
	return slice_make(p->text, p->len);
}

unsigned pattern_flags(const struct pattern *p)
{
	return p->flags;
}

bool pattern_is_risky(const struct pattern *p)
{
	return p->risky;
}

bool pattern_matches_empty(const struct pattern *p)
{
	static const struct slice texts[] = { { "", 0 }, { "x ", 2 } };
	uint32_t yes = 0;
	bool found = false;

	/* PCRE2 says so of "(?!)" and "(?<=a)", too: that it may match nothing, not that it does. */
	if (pcre2_pattern_info(p->code, PCRE2_INFO_MATCHEMPTY, &yes) != 0 || yes == 0)
		return false;
	/* Few steps tell it of a pattern that does; one that is made to try for ever stalls nobody who loads rules. */
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	if (context != NULL)
		pcre2_set_match_limit(context, LIMIT_LEAST);
	/* It may serve already, and its machine code be under way. */
	pthread_mutex_lock(&jit_lock);
	for (size_t i = 0; data != NULL && context != NULL && i < sizeof(texts) / sizeof(*texts) && !found; i++)
		found = pcre2_match(p->code, (PCRE2_SPTR)texts[i].ptr, texts[i].len, 0, PCRE2_NO_JIT, data, context) >= 0 &&
			pcre2_get_ovector_pointer(data)[0] >= pcre2_get_ovector_pointer(data)[1];
	pthread_mutex_unlock(&jit_lock);
	pcre2_match_context_free(context);
	pcre2_match_data_free(data);
	return found;
}

/* ---- running --------------------------------------------------------------------------------------------------- */

void pattern_meter_start(struct pattern_meter *m, int64_t budget_us, int64_t rule_budget_us)
{
	*m = (struct pattern_meter){ .budget_us = budget_us,
				     .rule_budget_us = rule_budget_us,
				     .wall_start_us = clock_mono_us(),
				     .cpu_start_us = clock_thread_us() };
}

int64_t pattern_meter_cpu_us(const struct pattern_meter *m)
{
	return clock_thread_us() - m->cpu_start_us;
}

bool pattern_meter_check(struct pattern_meter *m)
{
	/* CPU time never runs ahead of wall time, and the wall clock costs a tenth. */
	if (!m->spent && clock_mono_us() - m->wall_start_us > m->budget_us)
		m->spent = pattern_meter_cpu_us(m) > m->budget_us;
	return m->spent;
}

static void make_ready(struct pattern *p)
{
	if (atomic_load_explicit(&p->ready, memory_order_acquire))
		return;
	pthread_mutex_lock(&jit_lock);
	if (!atomic_load_explicit(&p->ready, memory_order_relaxed)) {
		/* A pattern that JIT cannot take is interpreted, under the same limits. */
		(void)pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
		atomic_store_explicit(&p->ready, true, memory_order_release);
	}
	pthread_mutex_unlock(&jit_lock);
}

static enum pattern_result failed(struct pattern_match *out, enum pattern_trouble trouble)
{
	out->trouble = trouble;
	return PATTERN_ERROR;
}

/*
 * The last start offset of the window that begins at `from`. The next one begins right behind it, so that every offset
 * is tried once; in UTF mode it begins at a character.
 */
static size_t window_end(const struct pattern *p, struct slice subject, size_t from, size_t window)
{
	size_t last = from + window - 1;

	if (subject.len - from <= window)
		return subject.len;
	if (p->flags & PATTERN_UTF)
		while (last + 1 < subject.len && ((unsigned char)subject.ptr[last + 1] & 0xc0) == 0x80)
			last++;
	return last + 1 < subject.len ? last : subject.len;
}

/*
 * Where the window behind `last` begins; past the subject's end when no match can start there. What begins with .* is
 * tried by PCRE2 where a search begins and at line starts, and elsewhere another window must not try it either: with
 * (*THEN) or back references it could match there, and every hit counts.
 */
static size_t next_window(const struct pattern *p, struct slice subject, size_t last)
{
	const char *newline;

	if (!p->line_starts)
		return last + 1;
	newline = memchr(subject.ptr + last, '\n', subject.len - last);
	return newline != NULL ? (size_t)(newline - subject.ptr) + 1 : subject.len + 1;
}

static uint32_t match_limit(const struct pattern *p, unsigned strict)
{
	size_t limit = PATTERN_MATCH_LIMIT;

	if (p->risky && p->len > LIMIT_PATTERN_BYTES)
		limit = limit * LIMIT_PATTERN_BYTES / p->len;
	limit = limit < LIMIT_LEAST ? LIMIT_LEAST : limit;
	return (uint32_t)(strict ? limit / strict : limit);
}

enum pattern_result pattern_run(struct pattern *p, struct slice subject, size_t from, bool not_empty,
				struct pattern_meter *m, int64_t *rule_cpu_us, struct pattern_match *out)
{
	struct thread_state *t = thread_state();
	bool windowed = p->risky || (p->repeats && subject.len - from > PATTERN_LONG_SUBJECT);
	bool slow, interpreted;
	size_t window = WINDOW_FIRST;
	int64_t cpu_us, wall_us;

	assert(from <= subject.len);
	*out = (struct pattern_match){ 0, 0, PATTERN_FINE };
	if (t == NULL)
		return failed(out, PATTERN_BROKEN);
	if (m->spent || *rule_cpu_us > m->rule_budget_us)
		return failed(out, PATTERN_TIME);
	/* Where others have it too they may be making its machine code just now, which changes the code. */
	interpreted = m->interpreted && atomic_load_explicit(&p->refs, memory_order_acquire) == 1;
	if (!interpreted)
		make_ready(p);
	m->calls++;
	wall_us = windowed ? clock_mono_us() : 0;
	pcre2_set_match_limit(t->context, match_limit(p, m->strict));
	slow = windowed && wall_us - m->wall_start_us > SLOW_AFTER_US;
	cpu_us = slow ? clock_thread_us() : 0;
	for (;;) {
		size_t last = windowed && !p->anchored ? window_end(p, subject, from, window) : subject.len;
		int rc;

		pcre2_set_offset_limit(t->context, last == subject.len ? PCRE2_UNSET : last);
		rc = pcre2_match(p->code, (PCRE2_SPTR)(subject.ptr != NULL ? subject.ptr : ""), subject.len, from,
				 (not_empty ? PCRE2_NOTEMPTY_ATSTART : 0) | (interpreted ? PCRE2_NO_JIT : 0), t->data, t->context);
		m->windows++;
		if (rc >= 0) {
			PCRE2_SIZE *v = pcre2_get_ovector_pointer(t->data);

			/* \K can put the start behind the end. */
			out->end = v[1];
			out->start = v[0] <= v[1] ? v[0] : v[1];
			return PATTERN_HIT;
		}
		if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_JIT_STACKLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT ||
		    rc == PCRE2_ERROR_HEAPLIMIT)
			return failed(out, PATTERN_LIMIT);
		if (rc != PCRE2_ERROR_NOMATCH)
			return failed(out, PATTERN_BROKEN);
		if (windowed) {
			int64_t took_us = -wall_us;

			wall_us = clock_mono_us();
			took_us += wall_us;
			if (took_us < WINDOW_SHORT_US && window < PATTERN_WINDOW)
				window *= 2;
			else if (took_us > WINDOW_LONG_US && window > 1)
				window /= 2;
		}
		if (windowed && wall_us - m->wall_start_us > SLOW_AFTER_US) {
			int64_t now_us = clock_thread_us();

			if (slow)
				*rule_cpu_us += now_us - cpu_us;
			cpu_us = now_us;
			slow = true;
			if (now_us - m->cpu_start_us > m->budget_us)
				m->spent = true;
			if (m->spent || *rule_cpu_us > m->rule_budget_us)
				return failed(out, PATTERN_TIME);
		}
		if (last == subject.len)
			return PATTERN_MISS;
		from = next_window(p, subject, last);
		if (from > subject.len)
			return PATTERN_MISS;
		not_empty = false;
	}
}
