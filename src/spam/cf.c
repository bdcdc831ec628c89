#include "spam/cf.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "spam/directive.h"
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

/* What a rule file holds may be anything, and an error quotes it on somebody's terminal. */
static void make_printable(char *text)
{
	struct slice s = slice_of(text);
	unsigned c;

	for (size_t at = 0, n; at < s.len; at += n) {
		n = utf8_next(s, at, &c);
		if (c == UTF8_BAD || c < 0x20 || (c >= 0x7F && c <= 0x9F))
			memset(text + at, '?', n);
	}
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
	make_printable(x->message);
}

const char *surface_name(enum surface s)
{
	static const char *const names[] = { "body", "rawbody", "full", "uri", "norm", "skel", "header" };

	return s < SURFACE_COUNT ? names[s] : "";
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
	bool open; /* being read now */
	bool done;
};

struct reader {
	struct cf_line at; /* the line being read */
	const struct cf_source *sources;
	struct source_state *state;
	size_t count;
	size_t source; /* being read */
	int depth;
	struct condition conditions[CF_IF_DEPTH_MAX];
	size_t condition_count;
};

/* ---- conditions ------------------------------------------------------------------------------------------------ */

static bool condition_name(void *ctx, struct slice name, struct slice argument, struct expr_value *out, struct error *e)
{
	static const char *const plugins[] = { "Mail::SpamAssassin::Plugin::Check",
					       "Mail::SpamAssassin::Plugin::ReplaceTags",
					       "Mail::SpamAssassin::Plugin::RaciallyCharged", "Porchlight" };
	/* What 4.0.1 says yes to. */
	static const char *const features[] = {
		"perl_min_version_5010000", "has_tflags_nosubject", "has_tflags_nolog",
		"feature_originating_ip_headers", "feature_dns_local_ports_permit_avoid",
		"feature_bayes_auto_learn_on_error", "feature_uri_host_listed", "feature_yesno_takes_args",
		"feature_bug6558_free", "feature_edns", "feature_dns_query_restriction", "feature_registryboundaries",
		"feature_geodb", "feature_dns_block_rule", "feature_compile_regexp", "feature_meta_rules_matching",
		"feature_subjprefix", "feature_bayes_stopwords", "feature_get_host", "feature_blocklist_welcomelist",
		"feature_welcomelist_blocklist", "feature_header_address_parser", "feature_local_tests_only",
		"feature_header_first_last", "feature_header_match_many", "feature_capture_rules"
	};
	const struct slice conf = SLICE("Mail::SpamAssassin::Conf::");

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
			if (slice_starts(argument, conf) && slice_is(slice_from(argument, conf.len), features[i]))
				out->number = 1;
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
	struct condition c = { .line = r->at.number, .outer_skips = skipping(r) };
	struct expr_names names = { condition_name, NULL };
	struct error e;
	struct expr *x;
	size_t at;
	double v = 0;

	if (r->condition_count == CF_IF_DEPTH_MAX) {
		directive_report(&r->at, false, r->at.text.ptr, "too many conditions inside each other (at most %d)",
				 CF_IF_DEPTH_MAX);
		return;
	}
	if (value.len == 0) {
		directive_report(&r->at, false, r->at.text.ptr + r->at.text.len, "a condition is missing here");
	} else if (plugin) {
		struct expr_value known;

		condition_name(NULL, SLICE("plugin"), value, &known, &e);
		v = known.number;
	} else {
		enum err err = expr_parse(r->at.arena, value, &names, &x, &at, &e);

		if (err == ERR_NOMEM)
			r->at.nomem = true;
		else if (err != ERR_OK)
			directive_report(&r->at, false, value.ptr + at, "%s", e.message);
		else if (!expr_eval(x, NULL, &v))
			directive_report(&r->at, false, value.ptr, "this condition divides by zero");
	}
	c.holds = v != 0;
	r->conditions[r->condition_count++] = c;
}

static void condition_else(struct reader *r)
{
	struct condition *c = r->condition_count > 0 ? &r->conditions[r->condition_count - 1] : NULL;

	if (c == NULL)
		directive_report(&r->at, false, r->at.text.ptr, "else without an if before it");
	else if (c->in_else)
		directive_report(&r->at, false, r->at.text.ptr, "a second else for the if of line %u", c->line);
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
		directive_report(&r->at, false, r->at.text.ptr + r->at.text.len, "include needs the name of a file");
	} else if (index == r->count) {
		directive_report(&r->at, false, value.ptr, "there is no such file beside this one");
	} else if (r->state[index].open) {
		directive_report(&r->at, false, value.ptr,
				 "this file is being read already: files include each other in a circle");
	} else if (r->state[index].done) {
		directive_report(&r->at, true, value.ptr, "this file was read already; it is not read again");
	} else if (r->depth == CF_INCLUDE_DEPTH_MAX) {
		directive_report(&r->at, false, value.ptr, "too many files inside each other (at most %d)",
				 CF_INCLUDE_DEPTH_MAX);
	} else {
		r->depth++;
		r->condition_count = 0;
		read_source(r, index);
		r->depth--;
		r->source = outer.source;
		r->at.file = outer.at.file;
		r->at.number = outer.at.number;
		r->at.indent = outer.at.indent;
		r->at.text = outer.at.text;
		r->condition_count = outer.condition_count;
		memcpy(r->conditions, outer.conditions, sizeof(r->conditions));
	}
}

/* Directives of SpamAssassin that have no meaning for a desk: accepted, by their beginnings. */
static bool is_mail_matter(struct slice key)
{
	static const char known[] =
	    "reuse require_version version_tag loadplugin tryplugin allow_user_rules lock_method score_set "
	    "required_ report unsafe_report add_header remove_header rewrite_header clear_ fold_headers subjprefix "
	    "whitelist_ welcomelist_ unwhitelist_ blacklist_ blocklist_ unblacklist_ more_spam_ all_spam_ def_ enlist_ "
	    "delist_ trusted_networks internal_networks msa_networks envelope_sender_header originating_ip_headers "
	    "util_rb_ redirector_pattern uridns urirhs urins urifull uri_block_ hashbl_ phishing_ freemail_ geodb_ "
	    "country_db asn_ askdns dns_ skip_ dkim_ adsp_ spf_ dcc_ pyzor_ razor_ txrep_ awl_ auto_ vbounce_ bayes_ "
	    "use_ "
	    "ok_locales ok_languages normalize_charset body_part_scan_size rawbody_part_scan_size ";

	for (const char *p = known; *p != '\0'; p = strchr(p, ' ') + 1)
		if (slice_starts(key, slice_make(p, (size_t)(strchr(p, ' ') - p))))
			return true;
	return false;
}

/* A code of two or three letters, and what may follow: pt, pt_br, zh-Hant. */
static bool is_language(struct slice s)
{
	size_t letters = 0;

	while (letters < s.len && isalpha((unsigned char)s.ptr[letters]))
		letters++;
	for (size_t i = letters; i < s.len; i++)
		if (!isalnum((unsigned char)s.ptr[i]) && ((s.ptr[i] != '-' && s.ptr[i] != '_') || i + 1 == s.len))
			return false;
	return (letters == 2 || letters == 3) && (letters == s.len || s.ptr[letters] == '-' || s.ptr[letters] == '_');
}

static void read_directive(struct reader *r)
{
	struct slice value = r->at.text, key, lang = SLICE("");
	char *lower;

	key = directive_word(&value);
	if (slice_is(key, "lang") && value.len > 0) {
		lang = directive_word(&value);
		key = directive_word(&value);
	}
	if (slice_is(key, "lang") || (lang.len > 0 && key.len == 0)) {
		if (!skipping(r))
			directive_report(&r->at, false, value.ptr, "lang needs a language and a directive behind it, as lang de describe");
		return;
	}
	lower = arena_alloc(r->at.arena, key.len + 1);
	if (lower == NULL) {
		r->at.nomem = true;
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
			directive_report(&r->at, false, value.ptr, "%s stands alone on its line", lower);
		if (lower[1] == 'l')
			condition_else(r);
		else if (r->condition_count > 0)
			r->condition_count--;
		else
			directive_report(&r->at, false, r->at.text.ptr, "endif without an if before it");
		return;
	}
	if (skipping(r))
		return;
	if (lang.len > 0 && strcmp(lower, "describe") != 0 && strcmp(lower, "note") != 0 &&
	    !is_mail_matter(slice_of(lower))) {
		directive_report(&r->at, false, key.ptr, "lang goes with describe or note");
		return;
	}
	if (lang.len > 0 && !is_language(lang))
		directive_report(&r->at, false, lang.ptr, "\"%.*s\" is not a language: de and pt_br are", lang.len > 40 ? 40 : (int)lang.len, lang.ptr);
	r->at.lang = lang;
	if (directive_read(&r->at, lower, value))
		return;
	if (strcmp(lower, "include") == 0)
		include(r, value);
	else if (slice_starts(slice_of(lower), SLICE("shortcircuit")))
		directive_report(&r->at, true, key.ptr,
				 "%s has no effect here: every rule is always run, so that a verdict tells all its reasons",
				 lower);
	else if (strcmp(lower, "replace_start") == 0 || strcmp(lower, "replace_end") == 0)
		directive_report(&r->at, false, key.ptr, "tags are always written <NAME> here; %s is not supported", lower);
	else if (is_mail_matter(slice_of(lower)))
		directive_report(&r->at, true, key.ptr, "%s has no effect here", lower);
	else
		directive_report(&r->at, false, key.ptr, "\"%.*s\" is not a directive",
				 key.len > 40 ? 40 : (int)key.len, key.ptr);
}

/* The line without its comment; \# is #. As SpamAssassin: s/(?<!\\)#.*$//; s/\\#/#/g. */
static struct slice without_comment(struct reader *r, struct slice line)
{
	char *out;
	size_t n = 0;

	r->at.cut = false;
	if (line.len == 0 || memchr(line.ptr, '#', line.len) == NULL)
		return line;
	out = arena_alloc(r->at.arena, line.len);
	if (out == NULL) {
		r->at.nomem = true;
		return slice_make(line.ptr, 0);
	}
	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == '#' && (i == 0 || line.ptr[i - 1] != '\\')) {
			r->at.cut = true;
			break;
		}
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

/* Says of a line that it can meet no address: it is looked for behind the "http://", and no address holds a blank. */
static void never_in_address(struct reader *r, struct slice line)
{
	static const char *const starts[] = { "http://", "https://", "https?://", "http:\\/\\/", "https:\\/\\/", "https?:\\/\\/", "//", "^" };
	const char *blank = NULL;

	for (size_t i = 0; i < line.len; i++) {
		if (strchr("|?*{[(", line.ptr[i]) != NULL)
			blank = line.ptr + line.len; /* one of several ways, perhaps: nothing is sure */
		else if (blank == NULL && (line.ptr[i] == ' ' || line.ptr[i] == '\t'))
			blank = line.ptr + i;
	}
	if (memchr(line.ptr, '|', line.len) == NULL)
		for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
			if (slice_starts(line, slice_of(starts[i]))) {
				directive_report(&r->at, true, line.ptr,
						 "this line never hits: entries are looked for behind the http://, so leave \"%s\" out", starts[i]);
				return;
			}
	if (line.ptr[0] == '<')
		directive_report(&r->at, true, line.ptr, "this line never hits: no address holds a tag");
	else if (blank != NULL && blank < line.ptr + line.len)
		directive_report(&r->at, true, blank, "this line never hits: no address holds a blank; each entry has a line of its own");
}

static void read_list_line(struct reader *r, struct slice name, bool allow)
{
	struct slice line = r->at.text, bare = line;
	struct cf_item *x;

	if (bare.len > 1 && bare.ptr[0] == '.')
		bare = slice_from(bare, 1);
	if (bare.len > 1 && bare.ptr[bare.len - 1] == '.')
		bare.len--;
	if (is_domain(bare)) {
		char *lower = arena_alloc(r->at.arena, bare.len + 1);

		x = directive_add(&r->at, CF_LIST_DOMAIN, name, line.ptr);
		if (x == NULL || lower == NULL) {
			r->at.nomem = true;
			return;
		}
		for (size_t i = 0; i < bare.len; i++)
			lower[i] = (char)tolower((unsigned char)bare.ptr[i]);
		x->domain.domain = slice_make(lower, bare.len);
		x->domain.allow = allow;
		x->allow = allow;
		return;
	}
	x = directive_add(&r->at, CF_LIST_PATTERN, name, line.ptr);
	if (x == NULL)
		return;
	x->pattern.surface = SURFACE_URI;
	x->pattern.flags = CF_RE_CASELESS | CF_RE_MULTILINE;
	/*
	 * SpamBlacklist's `https?:\/\/+[a-z0-9_\-.]*(...)`, but that two slashes stand for all: over a text of slashes the rest would be tried from
	 * each to each. What it saw is what the line says: of a guessed name that has to be more than its end.
	 */
	x->pattern.pattern = slice_of(arena_printf(r->at.arena, "//[a-z0-9_.-]*\\K(?:%.*s)", SLICE_ARG(line)));
	x->allow = allow;
	r->at.nomem = r->at.nomem || x->pattern.pattern.ptr == NULL;
	never_in_address(r, line);
}

/* lists/some-name.list -> LIST_SOME_NAME */
static struct slice list_rule_name(struct reader *r, const char *file)
{
	const char *slash = strrchr(file, '/'), *stem = slash != NULL ? slash + 1 : file;
	char *name = arena_printf(r->at.arena, "LIST_%.*s", (int)(strlen(stem) - strlen(".list")), stem);

	if (name == NULL) {
		r->at.nomem = true;
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
	r->at.file = state->name;
	if (is_list) {
		const char *slash = strrchr(state->name, '/');

		list = list_rule_name(r, state->name);
		allow = strncmp(slash != NULL ? slash + 1 : state->name, "allow", 5) == 0;
		if (!cf_is_rule_name(list))
			cf_errors_add(r->at.errs, false, state->name, 0, 0,
				      "the file's name is too long for a rule name");
	}
	r->at.number = 0;
	while (text.len > 0 && !r->at.nomem) {
		const char *nl = memchr(text.ptr, '\n', text.len);
		struct slice raw = slice_make(text.ptr, nl != NULL ? (size_t)(nl - text.ptr) : text.len), line;

		text = slice_from(text, raw.len + (nl != NULL));
		r->at.number++;
		if (raw.len > CF_LINE_BYTES_MAX) {
			cf_errors_add(r->at.errs, false, state->name, r->at.number, 1,
				      "the line is longer than %d bytes", CF_LINE_BYTES_MAX);
			continue;
		}
		if (raw.len > 0 && memchr(raw.ptr, '\0', raw.len) != NULL) {
			cf_errors_add(r->at.errs, false, state->name, r->at.number, 1, "the line holds a NUL byte");
			continue;
		}
		line = without_comment(r, raw);
		r->at.text = directive_trim(line);
		r->at.indent = (unsigned)(r->at.text.ptr - line.ptr);
		if (r->at.text.len == 0)
			continue;
		if (is_list)
			read_list_line(r, list, allow);
		else
			read_directive(r);
	}
	while (r->condition_count > 0) {
		struct condition *c = &r->conditions[--r->condition_count];

		cf_errors_add(r->at.errs, false, state->name, c->line, 1, "this if has no endif");
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
		line = directive_trim(line);
		if (!slice_is(directive_word(&line), "include"))
			continue;
		found = included_source(r, index, line);
		if (found < r->count && found != index)
			r->state[found] =
			    (struct source_state){ .name = r->state[found].name, .included = true, .includer = index };
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
	*r = (struct reader){ .at = { .arena = a, .tree = out, .errs = errs }, .sources = sorted };
	r->state = arena_array(a, count + 1, sizeof(*r->state));
	if (r->state == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < count; i++) {
		char *name = arena_slice(a, sources[i].name.ptr != NULL ? sources[i].name : SLICE("")).ptr != NULL
				 ? arena_printf(a, "%.*s", SLICE_ARG(sources[i].name))
				 : NULL;

		if (name == NULL)
			return err_nomem(e);
		if (!ends_with(name, ".cf") && !ends_with(name, ".list"))
			continue;
		if (sources[i].text.len > CF_FILE_BYTES_MAX)
			return err_set(e, ERR_TOO_LARGE, "the rule file %s is longer than %d MiB", name,
				       CF_FILE_BYTES_MAX >> 20);
		/* The tree points into the text: keep our own, without the mark that some editors put before it. */
		struct slice text = sources[i].text.ptr != NULL ? sources[i].text : SLICE("");
		if (slice_starts(text, SLICE("\xEF\xBB\xBF")))
			text = slice_from(text, 3);
		sorted[r->count] = (struct cf_source){ slice_of(name), arena_slice(a, text) };
		if (sorted[r->count++].text.ptr == NULL)
			return err_nomem(e);
	}
	qsort(sorted, r->count, sizeof(*sorted), by_name);
	for (size_t i = 0; i < r->count; i++)
		r->state[i].name = (char *)sorted[i].name.ptr;
	for (size_t i = 0; i < r->count; i++)
		find_includes(r, i);
	for (size_t i = 0; i < r->count && !r->at.nomem; i++)
		if (!r->state[i].included)
			read_source(r, i);
	for (size_t i = 0; i < r->count && !r->at.nomem; i++) {
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
	return r->at.nomem || arena_failed(a) ? err_nomem(e) : ERR_OK;
}

void cf_tree_fini(struct cf_tree *t)
{
	free(t->items);
	*t = (struct cf_tree){ .count = 0 };
}
