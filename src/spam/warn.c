#include "spam/warn.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "spam/pattern.h"
#include "spam/scan.h"

enum {
	HOSTILE_BYTES = 2000, /* an element of a body is cut at 2,048 */
	OWN_BYTES = 160,      /* of the pattern's own letters, at both ends */
	RUNS_MAX = 12,
	SHOWN_BYTES = 60,
	TRIES = 3,
	TRIED_US = 2000000
};
enum { SAID_EVERY = 1, SAID_COST = 2 };

/* Addresses that nobody would call spam, and that have little in common. */
static const char *const ordinary[] = { "https://en.wikipedia.org/wiki/Help:Contents", "http://www.example.com/", "https://example.org/a/page.html?id=3&lang=de#top",
	"https://museum.example.net:8443/", "http://192.0.2.7/index.php", "https://xn--mnchen-3ya.example/karte" };

struct warning {
	const struct ruleset *rules;
	struct cf_errors *errs;
	unsigned char *said; /* for each rule: what its admin was told; SAID_ */
	const bool *due;
	int64_t started_us;
	bool late;
};

static void tell(struct warning *w, const struct probe *p, unsigned char what, const char *words)
{
	const struct rule *r = ruleset_rule(w->rules, p->rule);
	struct slice text = p->list ? p->line : pattern_text(p->pattern);
	bool long_one = text.len > SHOWN_BYTES;

	if (w->said[p->rule] & what)
		return;
	w->said[p->rule] |= what;
	if (long_one)
		for (text.len = SHOWN_BYTES; text.len > 0 && ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80;)
			text.len--;
	cf_errors_add(w->errs, true, r->file, r->line, 0, "%s (%.*s%s) %s", r->name, SLICE_ARG(text), long_one ? "..." : "", words);
}

static enum pattern_result try_on(const struct probe *p, struct slice subject)
{
	struct pattern_meter meter;
	struct pattern_match match;
	int64_t us = 0;

	pattern_meter_start(&meter, SCAN_RULE_BUDGET_US, SCAN_RULE_BUDGET_US);
	return pattern_run(p->pattern, subject, 0, false, &meter, &us, &match);
}

/* A machine that is busy elsewhere may be slow once; what is always too slow is the pattern. */
static bool runs_into_its_limit(const struct probe *p, struct slice subject)
{
	for (int i = 0; i < TRIES; i++)
		if (try_on(p, subject) != PATTERN_ERROR)
			return false;
	return true;
}

static bool meets_every_address(const struct probe *p)
{
	for (size_t i = 0; i < sizeof(ordinary) / sizeof(*ordinary); i++)
		if (try_on(p, slice_of(ordinary[i])) != PATTERN_HIT)
			return false;
	return true;
}

static void every_address(struct warning *w, const struct probe *p)
{
	if (p->kind != PROBE_PATTERN || !ruleset_rule(w->rules, p->rule)->listed)
		return;
	if (meets_every_address(p))
		tell(w, p, SAID_EVERY, "matches every web address, also those of good questions.");
}

/* The pattern's letters as a text that may pass its fixed parts; of a class the first one, of an escape a member. */
static size_t own_letters(struct slice text, char own[OWN_BYTES])
{
	size_t n = 0;

	for (size_t i = 0; i < text.len && n < OWN_BYTES; i++) {
		char c = text.ptr[i];
		if (c == '\\' && i + 1 < text.len) {
			c = text.ptr[++i];
			if (!strchr("bBAzZQEK", c))
				own[n++] = c == 's' ? ' ' : c == 'd' ? '1' : c;
		} else if (c == '(' && i + 1 < text.len && text.ptr[i + 1] == '?') {
			while (i + 1 < text.len && !strchr(":=!>)", text.ptr[i]))
				i++;
		} else if (c == '{' || (c == '[' && i + 1 < text.len)) {
			if (c == '[' && !strchr("^\\", text.ptr[i + 1]))
				own[n++] = text.ptr[i + 1];
			while (i + 1 < text.len && text.ptr[i] != (c == '[' ? ']' : '}'))
				i++;
		} else if (!strchr("()]}|^$*+?", c)) {
			own[n++] = c;
		}
	}
	return n;
}

/* One text for each of these, many times over, between the pattern's own letters. */
static size_t runs_of(struct slice own, const char *runs[RUNS_MAX], char letters[RUNS_MAX][2])
{
	static const char *const always[] = { "a", "1", " ", "a ", "a.b/", "aB1-" };
	size_t n = 0;

	for (; n < sizeof(always) / sizeof(*always); n++)
		runs[n] = always[n];
	for (size_t i = 0; i < own.len && n < RUNS_MAX; i++) {
		bool there = false;
		for (size_t k = 0; k < n; k++)
			there = there || (runs[k][0] == own.ptr[i] && !runs[k][1]);
		if (there || !isgraph((unsigned char)own.ptr[i]))
			continue;
		letters[n][0] = own.ptr[i];
		letters[n][1] = 0;
		runs[n] = letters[n];
		n++;
	}
	return n;
}

static void worst_cost(struct warning *w, const struct probe *p)
{
	char subject[HOSTILE_BYTES], own[OWN_BYTES], letters[RUNS_MAX][2];
	const char *runs[RUNS_MAX];
	size_t len = own_letters(pattern_text(p->pattern), own), count = runs_of(slice_make(own, len), runs, letters);

	/* The whole of them in front would be a match, and quick. */
	for (size_t i = 0; i < 2 * count; i++) {
		const char *run = runs[i / 2];
		size_t front = i % 2 && len ? len - 1 : 0, back = HOSTILE_BYTES - len;
		memcpy(subject, own, front);
		for (size_t k = front; k < back; k++)
			subject[k] = run[(k - front) % strlen(run)];
		subject[back - 1] = '!';
		memcpy(subject + back, own, len);
		if (!runs_into_its_limit(p, slice_make(subject, sizeof(subject))))
			continue;
		tell(w, p, SAID_COST, "is so slow on some texts that it runs into its limit: they are held for a moderator, and after three such senders the rule "
			"is not run any more. Fewer repeats within repeats help.");
		return;
	}
}

static void try_set(struct warning *w, const struct probe_set *set, bool addresses)
{
	for (size_t i = 0; i < set->count && !w->late; i++) {
		const struct probe *p = &set->list[i];
		if (p->kind != PROBE_PATTERN || !w->due[p->rule])
			continue;
		if (addresses)
			every_address(w, p);
		if (pattern_is_risky(p->pattern))
			worst_cost(w, p);
		w->late = clock_thread_us() - w->started_us > TRIED_US;
	}
}

void warn_rules(const struct ruleset *next, const struct ruleset *before, struct cf_errors *errs)
{
	const struct probe_set *allow = ruleset_allow_probes(next);
	size_t n = ruleset_count(next);
	bool *due = calloc(n + 1, sizeof(*due));
	struct warning w = { .rules = next, .errs = errs, .said = calloc(n + 1, 1), .due = due, .started_us = clock_thread_us() };

	for (size_t i = 0; due && i < n; i++) {
		const struct rule *r = ruleset_rule(next, i);
		long at = before ? ruleset_find(before, slice_of(r->name)) : -1;
		due[i] = at < 0 || ruleset_rule(before, (size_t)at)->version != r->version;
		if (due[i] && r->expires_ms != 0 && clock_wall_ms() >= r->expires_ms)
			cf_errors_add(errs, true, r->file, r->line, 0, "%s is off: the date of its expires has passed", r->name);
	}
	for (int s = 0; due && w.said && s < SURFACE_COUNT; s++)
		try_set(&w, ruleset_probes(next, (enum surface)s), s == SURFACE_URI);
	for (size_t i = 0; i < allow->count; i++)
		if (meets_every_address(&allow->list[i])) {
			struct slice line = allow->list[i].line;
			cf_errors_add(errs, true, "", 0, 0, "An allow list holds \"%.*s\", which speaks for every web address: no list sees any.",
				line.len < SHOWN_BYTES ? (int)line.len : SHOWN_BYTES, line.ptr);
		}
	if (w.late || !due || !w.said)
		cf_errors_add(errs, true, "", 0, 0, "There was no time to try all of these patterns on texts made to slow them down.");
	free(due);
	free(w.said);
}
