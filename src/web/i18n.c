#include "web/i18n.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/embed.h"
#include "text/unicode.h"

enum {
	FILE_MAX_BYTES = 1 << 20,
	LANGUAGES_MAX = 64,
	CODE_BYTES = 16,
	RANGES_MAX = 20, /* of an Accept-Language header */
	NESTING_MAX = 4, /* of {{...}} in a message */
	FORMS_MAX = 16,
	TEXT_MAX_BYTES = 64 * 1024,
	NAMES_SLOTS = 1024,
	NAMES_MAX = 768, /* of these slots */
};

struct language {
	char code[CODE_BYTES];
	struct jv *messages; /* read by all threads at once: no reference is taken, so no count changes */
	bool rtl;
};

static struct language languages[LANGUAGES_MAX];
static const char *codes[LANGUAGES_MAX];
static size_t language_count;
static struct jv *documentation; /* qqq.json */

static bool code_of(struct slice text, char out[CODE_BYTES])
{
	if (!text.len || text.len >= CODE_BYTES)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = (char)tolower((unsigned char)text.ptr[i]);

		if (c == '_')
			c = '-';
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
		out[i] = c;
	}
	out[text.len] = '\0';
	return true;
}

static struct language *find(const char *code)
{
	for (size_t i = 0; i < language_count; i++)
		if (strcmp(languages[i].code, code) == 0)
			return &languages[i];
	return NULL;
}

/* The language of a code, or of what is left when its last subtags go, one by one (RFC 4647, section 3.4). */
static struct language *look_up(struct slice text)
{
	char code[CODE_BYTES];

	if (!code_of(text, code))
		return NULL;
	for (;;) {
		struct language *l = find(code);
		char *dash = strrchr(code, '-');

		if (l || !dash)
			return l;
		*dash = '\0';
		if (dash - code >= 2 && dash[-2] == '-')
			dash[-2] = '\0';
	}
}

/* Takes the messages. */
static enum err add_language(struct slice code, struct jv *messages, struct error *e)
{
	char name[CODE_BYTES];

	if (slice_is(code, "qqq")) {
		jv_free(&documentation);
		documentation = messages;
		return ERR_OK;
	}
	if (!code_of(code, name) || language_count == LANGUAGES_MAX) {
		jv_free(&messages);
		return err_set(e, ERR_INVALID,
			       "templates/i18n holds a file that is not named after a language, or too many.");
	}
	struct language *l = find(name);
	if (l) {
		jv_free(&l->messages);
	} else {
		l = &languages[language_count++];
		memcpy(l->code, name, sizeof l->code);
		l->rtl = unicode_rtl(name);
	}
	l->messages = messages;
	return ERR_OK;
}

static enum err add_file(struct slice file_name, struct slice text, struct error *e)
{
	struct jv *messages = NULL, *value;
	struct slice code = slice_make(file_name.ptr, file_name.len - strlen(".json")), key;
	struct error why;
	void *iter = NULL;

	enum err rc = jv_parse(text, 3, &messages, &why);
	if (rc != ERR_OK)
		return err_set(e, rc, "templates/i18n/%.*s: %s", SLICE_ARG(file_name), why.message);
	if (jv_type(messages) != JV_OBJECT)
		rc = err_set(e, ERR_INVALID, "templates/i18n/%.*s is not a JSON object.", SLICE_ARG(file_name));
	jv_unset(messages, "@metadata");
	while (rc == ERR_OK && jv_next(messages, &iter, &key, &value))
		if (jv_type(value) != JV_STRING)
			rc = err_set(e, ERR_INVALID, "templates/i18n/%.*s: \"%.*s\" is not a string.",
				     SLICE_ARG(file_name), key.len > 64 ? 64 : (int)key.len, key.ptr);
	if (rc != ERR_OK) {
		jv_free(&messages);
		return rc;
	}
	return add_language(code, messages, e);
}

static bool is_json(struct slice name)
{
	return name.len > 5 && slice_is(slice_from(name, name.len - 5), ".json") && name.ptr[0] != '.';
}

static enum err read_file(int folder, const char *name, struct str *out, struct error *e)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	bool read_whole = fd >= 0 && str_add_fd(out, fd) && !str_failed(out);

	if (fd >= 0)
		close(fd);
	if (!read_whole)
		return err_set(e, ERR_IO, "templates/i18n/%.64s cannot be read, or is larger than 1 MiB.", name);
	return ERR_OK;
}

static enum err read_folder(const char *folder, struct error *e)
{
	char path[4096];
	struct str text;
	enum err rc = ERR_OK;

	snprintf(path, sizeof path, "%s/i18n", folder);
	DIR *d = opendir(path);
	if (!d)
		return errno == ENOENT
			   ? ERR_OK
			   : err_set(e, ERR_IO, "The folder of messages cannot be read: %s.", strerror(errno));
	str_init(&text, FILE_MAX_BYTES);
	for (struct dirent *f; rc == ERR_OK && (f = readdir(d));) {
		if (!is_json(slice_of(f->d_name)))
			continue;
		str_reset(&text);
		rc = read_file(dirfd(d), f->d_name, &text, e);
		if (rc == ERR_OK)
			rc = add_file(slice_of(f->d_name), str_slice(&text), e);
	}
	str_fini(&text);
	closedir(d);
	return rc;
}

static int by_code(const void *a, const void *b)
{
	return strcmp(((const struct language *)a)->code, ((const struct language *)b)->code);
}

enum err i18n_start(const char *folder, struct error *e)
{
	const char *name;
	struct slice text;
	size_t at = 0;
	enum err rc = ERR_OK;

	i18n_stop();
	while (rc == ERR_OK && embed_next("templates/i18n/", &at, &name, &text)) {
		struct slice file = slice_of(name + strlen("templates/i18n/"));

		if (is_json(file))
			rc = add_file(file, text, e);
	}
	if (rc == ERR_OK && folder && *folder)
		rc = read_folder(folder, e);
	if (rc == ERR_OK && !find("en"))
		rc = add_language(SLICE("en"), jv_object(), e);
	if (rc != ERR_OK) {
		i18n_stop();
		return rc;
	}
	qsort(languages, language_count, sizeof languages[0], by_code);
	for (size_t i = 0; i < language_count; i++)
		codes[i] = languages[i].code;
	return ERR_OK;
}

struct slice i18n_script_name(struct arena *a, struct slice code, const char *in)
{
	struct str name;
	const char *c = arena_slice(a, code).ptr;
	str_init(&name, 256);
	bool known = c && unicode_script_name(c, in, &name);
	struct slice out = known ? arena_slice(a, str_slice(&name)) : arena_slice(a, code);
	str_fini(&name);
	return out;
}

static void forget_names(void);

void i18n_stop(void)
{
	forget_names();
	for (size_t i = 0; i < language_count; i++)
		jv_free(&languages[i].messages);
	language_count = 0;
	jv_free(&documentation);
}

const char *i18n_language(struct slice code)
{
	const struct language *l = look_up(code);

	return l ? l->code : NULL;
}

const char *const *i18n_languages(size_t *count)
{
	*count = language_count;
	return codes;
}

static struct slice trim(struct slice s)
{
	while (s.len && (*s.ptr == ' ' || *s.ptr == '\t'))
		s = slice_from(s, 1);
	while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* "q=0.5" in thousandths; what cannot be read counts as 0. */
static int quality(struct slice params)
{
	params = trim(params);
	if (params.len < 3 || (params.ptr[0] | 0x20) != 'q' || params.ptr[1] != '=')
		return params.len ? 0 : 1000;
	params = slice_from(params, 2);
	int q = params.ptr[0] == '1' ? 1000 : 0, scale = 100;
	if (q == 1000 || params.ptr[0] != '0')
		return q;
	for (size_t i = 2; i < params.len && i < 5 && isdigit((unsigned char)params.ptr[i]); i++, scale /= 10)
		q += (params.ptr[i] - '0') * scale;
	return q;
}

static const struct language *accepted(struct slice header)
{
	const struct language *best = NULL;
	int best_q = 0;

	for (int i = 0; i < RANGES_MAX && header.len; i++) {
		const char *comma = memchr(header.ptr, ',', header.len);
		struct slice range = slice_make(header.ptr, comma ? (size_t)(comma - header.ptr) : header.len);

		header = comma ? slice_from(header, range.len + 1) : SLICE("");
		const char *semi = memchr(range.ptr, ';', range.len);
		size_t len = semi ? (size_t)(semi - range.ptr) : range.len;
		int q = semi ? quality(slice_from(range, len + 1)) : 1000;
		const struct language *l = look_up(trim(slice_make(range.ptr, len)));
		if (l && q > best_q) {
			best = l;
			best_q = q;
		}
	}
	return best;
}

const char *i18n_choose(struct slice asked, struct slice cookie, struct slice accept_language)
{
	const struct language *l = look_up(asked);

	if (!l)
		l = look_up(cookie);
	if (!l && accept_language.ptr)
		l = accepted(accept_language);
	if (!l)
		l = find("en");
	return l ? l->code : "en";
}

const char *i18n_dir(const char *lang)
{
	const struct language *l = look_up(slice_of(lang));

	return l && l->rtl ? "rtl" : "ltr";
}

/* ---- names of languages ---- */

/* ICU takes some 10 us for a name, and a page shows dozens of them, so names are kept: a hash table with open addressing, in
 * which nothing changes once it stands. When it is full, further names are looked up each time. */
struct language_name {
	char code[CODE_BYTES], in[CODE_BYTES];
	char *name; /* NULL: a free slot */
};
static struct language_name names[NAMES_SLOTS];
static size_t name_count;
static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER; /* of both */

/* The name's slot, or the free one where it belongs. Under names_lock. */
static struct language_name *name_slot(const char *code, const char *in)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (const char *p = code; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	for (const char *p = in; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	for (;; h++) {
		struct language_name *n = &names[h % NAMES_SLOTS];
		if (!n->name || (!strcmp(n->code, code) && !strcmp(n->in, in)))
			return n;
	}
}

static struct slice look_up_name(struct arena *a, const char *code, const char *in)
{
	struct str name;

	str_init(&name, 512);
	if (!unicode_language_name(code, in, &name))
		str_adds(&name, code);
	struct slice s = str_dup(&name, a);
	str_fini(&name);
	return s;
}

struct slice i18n_language_name(struct arena *a, const char *code, const char *in)
{
	if (strlen(code) >= CODE_BYTES || strlen(in) >= CODE_BYTES)
		return look_up_name(a, code, in);
	pthread_mutex_lock(&names_lock);
	const char *kept = name_slot(code, in)->name;
	pthread_mutex_unlock(&names_lock);
	if (kept)
		return arena_slice(a, slice_of(kept));
	struct slice s = look_up_name(a, code, in);
	pthread_mutex_lock(&names_lock);
	struct language_name *n = name_slot(code, in);
	if (s.ptr && !n->name && name_count < NAMES_MAX && (n->name = strndup(s.ptr, s.len))) {
		memcpy(n->code, code, strlen(code) + 1);
		memcpy(n->in, in, strlen(in) + 1);
		name_count++;
	}
	pthread_mutex_unlock(&names_lock);
	return s;
}

static void forget_names(void)
{
	for (size_t i = 0; i < NAMES_SLOTS; i++) {
		free(names[i].name);
		names[i].name = NULL;
	}
	name_count = 0;
}

/* The message as written, and the language that had it. Absent when nobody has it. */
static struct slice written(const char *lang, struct slice key, const char **whose)
{
	const struct language *l = look_up(slice_of(lang));

	for (int i = 0; i < CODE_BYTES && l; i++) {
		struct slice text = jv_text_of(jv_get_slice(l->messages, key));
		const char *dash = strrchr(l->code, '-');

		if (text.ptr) {
			*whose = l->code;
			return text;
		}
		l = dash ? look_up(slice_make(l->code, (size_t)(dash - l->code))) : NULL;
	}
	const struct language *en = find("en");
	*whose = "en";
	return en ? jv_text_of(jv_get_slice(en->messages, key)) : SLICE_NONE;
}

struct speaker {
	const char *lang;
	const struct i18n_arg *args;
	size_t n;
	struct str *out;
};

/* "$2" at text[at] is argument 2 (from 1); 0 when there is none such. */
static size_t argument(struct slice text, size_t at)
{
	if (at + 1 < text.len && text.ptr[at] == '$' && text.ptr[at + 1] >= '1' && text.ptr[at + 1] <= '9')
		return (size_t)(text.ptr[at + 1] - '0');
	return 0;
}

static void say_argument(const struct speaker *s, size_t number)
{
	const struct i18n_arg *a = &s->args[number - 1];

	if (a->is_number)
		unicode_number(s->lang, a->number, s->out);
	else
		str_add(s->out, a->text);
}

/* Where the "}}" stands that closes the "{{" before `at`; text.len without one. */
static size_t closing(struct slice text, size_t at)
{
	int depth = 1;

	for (size_t i = at; i + 1 < text.len; i++) {
		if (text.ptr[i] == '{' && text.ptr[i + 1] == '{') {
			depth++;
			i++;
		} else if (text.ptr[i] == '}' && text.ptr[i + 1] == '}') {
			if (--depth == 0)
				return i;
			i++;
		}
	}
	return text.len;
}

/* Splits at "|" outside of inner braces. */
static size_t split(struct slice text, struct slice *parts, size_t max)
{
	size_t n = 0, start = 0;
	int depth = 0;

	for (size_t i = 0; i <= text.len; i++) {
		if (i == text.len || (text.ptr[i] == '|' && depth == 0)) {
			if (n < max)
				parts[n++] = slice_make(text.ptr + start, i - start);
			start = i + 1;
		} else if (i + 1 < text.len && text.ptr[i] == '{' && text.ptr[i + 1] == '{') {
			depth++;
			i++;
		} else if (i + 1 < text.len && text.ptr[i] == '}' && text.ptr[i + 1] == '}') {
			depth--;
			i++;
		}
	}
	return n;
}

/* The place of a category among the language's own, in CLDR's order. */
static size_t category_place(const char *lang, enum plural which)
{
	unsigned set = unicode_plurals(lang);
	size_t place = 0;

	for (int i = 0; i < (int)which; i++)
		place += set >> i & 1;
	return place;
}

/* A form like "0=nobody": the exact number, and the words behind "=". */
static bool exact_form(struct slice form, int64_t *number, struct slice *words)
{
	size_t i = 0;

	*number = 0;
	while (i < form.len && i < 9 && isdigit((unsigned char)form.ptr[i]))
		*number = *number * 10 + (form.ptr[i++] - '0');
	if (i == 0 || i == form.len || form.ptr[i] != '=')
		return false;
	*words = slice_from(form, i + 1);
	return true;
}

static struct slice choose_form(const char *lang, int64_t n, const struct slice *forms, size_t count)
{
	struct slice plain[FORMS_MAX], words;
	size_t plain_count = 0;
	int64_t exact;

	for (size_t i = 0; i < count; i++) {
		if (!exact_form(forms[i], &exact, &words))
			plain[plain_count++] = forms[i];
		else if (exact == n)
			return words;
	}
	if (!plain_count)
		return SLICE("");
	size_t place = category_place(lang, unicode_plural(lang, n));
	return plain[place < plain_count ? place : plain_count - 1];
}

static void say(const struct speaker *s, struct slice text, int depth);

/* "PLURAL:$1|..." or "BIDI:$1", without its braces. False: it is neither and stays as it is. */
static bool say_magic(const struct speaker *s, struct slice magic, int depth)
{
	struct slice parts[FORMS_MAX + 1];

	if (slice_starts(magic, SLICE("BIDI:"))) {
		str_addu(s->out, 0x2068); /* FIRST STRONG ISOLATE */
		say(s, slice_from(magic, 5), depth + 1);
		str_addu(s->out, 0x2069); /* POP DIRECTIONAL ISOLATE */
		return true;
	}
	if (!slice_starts(magic, SLICE("PLURAL:")))
		return false;
	size_t n = split(slice_from(magic, 7), parts, FORMS_MAX + 1);
	size_t number = argument(parts[0], 0);
	if (!number || number > s->n || !s->args[number - 1].is_number)
		return false;
	say(s, choose_form(s->lang, s->args[number - 1].number, parts + 1, n - 1), depth + 1);
	return true;
}

/* What a stranger's name put into an argument is never read as message text: arguments are added, not replaced. */
static void say(const struct speaker *s, struct slice text, int depth)
{
	size_t done = 0;

	for (size_t i = 0; i < text.len; i++) {
		size_t number = argument(text, i), skip = 0;

		if (number && number <= s->n) {
			str_add(s->out, slice_make(text.ptr + done, i - done));
			say_argument(s, number);
			skip = 2;
		} else if (depth < NESTING_MAX && i + 1 < text.len && text.ptr[i] == '{' && text.ptr[i + 1] == '{') {
			size_t end = closing(text, i + 2);
			size_t had = s->out->len;

			if (end == text.len)
				continue;
			str_add(s->out, slice_make(text.ptr + done, i - done));
			if (say_magic(s, slice_make(text.ptr + i + 2, end - i - 2), depth))
				skip = end + 2 - i;
			else if (!s->out->failed) /* as it was: the text before it is added with the rest */
				s->out->len = had;
		}
		if (skip) {
			i += skip - 1;
			done = i + 1;
		}
	}
	str_add(s->out, slice_from(text, done));
}

void i18n_add(struct str *out, const char *lang, struct slice key, const struct i18n_arg *args, size_t n)
{
	struct speaker s = { .args = args, .n = n, .out = out };
	struct slice text = written(lang, key, &s.lang);

	if (text.ptr) {
		say(&s, text, 0);
	} else {
		str_addu(out, 0x29FC);
		str_add(out, key);
		str_addu(out, 0x29FD);
	}
}

struct slice i18n_text(struct arena *a, const char *lang, const char *key, const struct i18n_arg *args, size_t n)
{
	struct str out;

	str_init(&out, TEXT_MAX_BYTES);
	i18n_add(&out, lang, slice_of(key), args, n);
	struct slice s = str_dup(&out, a);
	str_fini(&out);
	return s;
}

bool i18n_has(const char *key)
{
	const struct language *en = find("en");

	return en && jv_get(en->messages, key);
}

/* Bits 1 << n for each "$n". */
static unsigned arguments_of(struct slice text)
{
	unsigned set = 0;

	for (size_t i = 0; i < text.len; i++)
		if (argument(text, i))
			set |= 1u << argument(text, i);
	return set;
}

static size_t lint_plurals(const char *lang, struct slice key, struct slice text, struct str *report)
{
	unsigned categories = (unsigned)__builtin_popcount(unicode_plurals(lang));
	size_t faults = 0;

	for (size_t i = 0; i + 9 < text.len; i++) {
		struct slice parts[FORMS_MAX + 1], words;
		size_t plain = 0;
		int64_t exact;

		if (!slice_starts(slice_from(text, i), SLICE("{{PLURAL:")))
			continue;
		size_t end = closing(text, i + 2);
		size_t n = split(slice_make(text.ptr + i + 9, end - i - 9), parts, FORMS_MAX + 1);
		for (size_t p = 1; p < n; p++)
			plain += !exact_form(parts[p], &exact, &words);
		if (end < text.len && plain && plain <= categories && argument(parts[0], 0))
			continue;
		str_addf(report, "%s: %.*s: PLURAL with %zu forms, the language has %u\n", lang, SLICE_ARG(key), plain,
			 categories);
		faults++;
	}
	return faults;
}

static size_t lint_language(const struct language *l, const struct language *en, struct str *report)
{
	size_t faults = 0;
	struct slice key;
	struct jv *value;
	void *iter = NULL;

	while (jv_next(l->messages, &iter, &key, &value)) {
		const struct jv *english = jv_get_slice(en->messages, key);

		faults += lint_plurals(l->code, key, jv_text_of(value), report);
		if (english && arguments_of(jv_text_of(english)) == arguments_of(jv_text_of(value)))
			continue;
		str_addf(report, "%s: %.*s: %s\n", l->code, SLICE_ARG(key),
			 english ? "the arguments are not those of the English message" : "English has no such key");
		faults++;
	}
	for (iter = NULL; jv_next(en->messages, &iter, &key, &value);) {
		if (jv_get_slice(l->messages, key))
			continue;
		str_addf(report, "%s: %.*s: missing\n", l->code, SLICE_ARG(key));
		faults++;
	}
	return faults;
}

size_t i18n_lint(struct str *report)
{
	const struct language *en = find("en");
	struct slice key;
	struct jv *value;
	void *iter = NULL;
	size_t faults = 0;

	if (!en)
		return 0;
	while (jv_next(en->messages, &iter, &key, &value)) {
		if (jv_get_slice(documentation, key))
			continue;
		str_addf(report, "qqq: %.*s: not documented\n", SLICE_ARG(key));
		faults++;
	}
	for (iter = NULL; jv_next(documentation, &iter, &key, &value);) {
		if (jv_get_slice(en->messages, key))
			continue;
		str_addf(report, "qqq: %.*s: English has no such key\n", SLICE_ARG(key));
		faults++;
	}
	for (size_t i = 0; i < language_count; i++)
		faults += lint_language(&languages[i], en, report);
	return faults;
}
