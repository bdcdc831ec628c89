#include "base/conf.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"

#define VARIABLES "PORCHLIGHT_"

enum { FILE_MAX_BYTES = 1 << 20, MEMORY_MAX_BYTES = 4 << 20, NAME_MAX_BYTES = 64 };

enum kind { KIND_STR, KIND_INT, KIND_BOOL, KIND_ENUM };

struct key {
	const char *name;
	enum kind kind;
	bool reload;
	const char *def, *values, *doc;
	int64_t min, max;
	size_t offset;
};

#define CONF_STR(key, d, r, text) { #key, KIND_STR, r, d, NULL, text, 0, 0, offsetof(struct conf, key) },
#define CONF_INT(key, d, lo, hi, r, text) { #key, KIND_INT, r, #d, NULL, text, lo, hi, offsetof(struct conf, key) },
#define CONF_BOOL(key, d, r, text) { #key, KIND_BOOL, r, #d, NULL, text, 0, 0, offsetof(struct conf, key) },
#define CONF_ENUM(key, d, v, r, text) { #key, KIND_ENUM, r, d, v, text, 0, 0, offsetof(struct conf, key) },
static const struct key keys[] = {
#include "base/conf.def"
};
#undef CONF_STR
#undef CONF_INT
#undef CONF_BOOL
#undef CONF_ENUM

enum { KEYS = sizeof keys / sizeof keys[0] };

/* What conf() answers before anything was loaded. */
static const struct conf defaults = {
#define CONF_STR(key, d, r, text) .key = d,
#define CONF_INT(key, d, lo, hi, r, text) .key = d,
#define CONF_BOOL(key, d, r, text) .key = d,
#define CONF_ENUM(key, d, v, r, text) .key = d,
#include "base/conf.def"
#undef CONF_STR
#undef CONF_INT
#undef CONF_BOOL
#undef CONF_ENUM
};

/* A loaded configuration and its strings. Retired ones stay on the list, because pointers to them are valid until exit.
 */
struct loaded {
	struct conf values;
	struct arena *memory;
	struct loaded *older;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of everything below but `current` */
static struct loaded *newest;
static char *overrides[KEYS];
static char *file_path;
static enum err (*further_check)(const struct conf *c, struct error *e);
static const struct conf *_Atomic current = &defaults;

static const struct key *find(struct slice name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (slice_is(name, keys[i].name))
			return &keys[i];
	return NULL;
}

static struct slice trim(struct slice s)
{
	while (s.len && isspace((unsigned char)s.ptr[0]))
		s = slice_from(s, 1);
	while (s.len && isspace((unsigned char)s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static bool is_one_of(struct slice value, const char *values)
{
	for (const char *p = values; *p;) {
		size_t n = strcspn(p, "|");

		if (slice_eq(value, slice_make(p, n)))
			return true;
		p += n + (p[n] == '|');
	}
	return false;
}

static bool read_bool(struct slice v, bool *out)
{
	bool yes = slice_is(v, "on") || slice_is(v, "true") || slice_is(v, "yes") || slice_is(v, "1");
	bool no = slice_is(v, "off") || slice_is(v, "false") || slice_is(v, "no") || slice_is(v, "0");

	*out = yes;
	return yes || no;
}

static bool read_int(struct slice v, int64_t *out)
{
	char text[24], *end;

	if (!v.len || v.len >= sizeof text || (!isdigit((unsigned char)v.ptr[0]) && v.ptr[0] != '-'))
		return false;
	memcpy(text, v.ptr, v.len);
	text[v.len] = '\0';
	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && end == text + v.len;
}

/* `where` says whose fault a bad value is: "porchlight.conf:12" or "PORCHLIGHT_LEASE_S". */
static enum err assign(struct loaded *l, const struct key *k, struct slice value, const char *where, struct error *e)
{
	char *at = (char *)&l->values + k->offset;
	int64_t number;
	bool yes;

	value = trim(value);
	if (!utf8_valid(value) || (value.len && memchr(value.ptr, '\0', value.len)))
		return err_field(e, ERR_INVALID, k->name, "%s: %s must be UTF-8 text.", where, k->name);
	switch (k->kind) {
	case KIND_INT:
		if (!read_int(value, &number) || number < k->min || number > k->max)
			return err_field(e, ERR_INVALID, k->name,
					 "%s: %s must be a whole number from %" PRId64 " to %" PRId64 ".", where,
					 k->name, k->min, k->max);
		memcpy(at, &number, sizeof number);
		return ERR_OK;
	case KIND_BOOL:
		if (!read_bool(value, &yes))
			return err_field(e, ERR_INVALID, k->name, "%s: %s must be on or off.", where, k->name);
		memcpy(at, &yes, sizeof yes);
		return ERR_OK;
	case KIND_ENUM:
		if (!is_one_of(value, k->values))
			return err_field(e, ERR_INVALID, k->name, "%s: %s must be one of %s.", where, k->name,
					 k->values);
		break;
	case KIND_STR:
		break;
	}
	const char *copy = arena_slice(l->memory, value.ptr ? value : SLICE("")).ptr;
	if (!copy)
		return err_nomem(e);
	memcpy(at, &copy, sizeof copy);
	return ERR_OK;
}

static enum err read_whole(const char *path, struct str *out, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int bad = fd < 0 || !str_add_fd(out, fd) ? errno : 0;

	if (fd >= 0)
		close(fd);
	if (bad)
		return err_set(e, ERR_IO, "The configuration file %s cannot be read: %s.", path, strerror(bad));
	if (str_failed(out))
		return err_set(e, ERR_INVALID, "The configuration file %s is larger than 1 MiB.", path);
	return ERR_OK;
}

static enum err read_file(struct loaded *l, const char *path, struct error *e)
{
	struct str text;
	char where[128];
	int line = 0;

	str_init(&text, FILE_MAX_BYTES);
	enum err rc = read_whole(path, &text, e);
	struct slice rest = str_slice(&text);
	if (slice_starts(rest, SLICE("\xEF\xBB\xBF")))
		rest = slice_from(rest, 3);
	while (rc == ERR_OK && rest.len) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		struct slice row = trim(slice_make(rest.ptr, end ? (size_t)(end - rest.ptr) : rest.len));

		rest = end ? slice_from(rest, (size_t)(end - rest.ptr) + 1) : SLICE("");
		snprintf(where, sizeof where, "%.100s:%d", path, ++line);
		if (!row.len || row.ptr[0] == '#')
			continue;
		const char *eq = memchr(row.ptr, '=', row.len);
		if (!eq) {
			rc = err_set(e, ERR_INVALID, "%s: expected `key = value`.", where);
			break;
		}
		struct slice name = trim(slice_make(row.ptr, (size_t)(eq - row.ptr)));
		const struct key *k = find(name);
		if (!k)
			rc = err_set(e, ERR_INVALID, "%s: there is no key of this name.", where);
		else
			rc = assign(l, k, slice_from(row, (size_t)(eq - row.ptr) + 1), where, e);
	}
	str_fini(&text);
	return rc;
}

static void variable_of(const struct key *k, char name[NAME_MAX_BYTES])
{
	int n = snprintf(name, NAME_MAX_BYTES, VARIABLES "%s", k->name);

	for (int i = 0; i < n && i < NAME_MAX_BYTES - 1; i++)
		name[i] = (char)toupper((unsigned char)name[i]);
}

static enum err read_environment(struct loaded *l, struct error *e)
{
	for (size_t i = 0; i < KEYS; i++) {
		char name[NAME_MAX_BYTES];

		variable_of(&keys[i], name);
		const char *value = getenv(name);
		if (!value)
			continue;
		enum err rc = assign(l, &keys[i], slice_of(value), name, e);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

static enum err read_overrides(struct loaded *l, struct error *e)
{
	for (size_t i = 0; i < KEYS; i++) {
		char where[NAME_MAX_BYTES];

		if (!overrides[i])
			continue;
		snprintf(where, sizeof where, "--%s", keys[i].name);
		enum err rc = assign(l, &keys[i], slice_of(overrides[i]), where, e);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

static void loaded_free(struct loaded **l)
{
	if (!*l)
		return;
	arena_free(&(*l)->memory);
	free(*l);
	*l = NULL;
}

static enum err read_all(struct loaded **out, struct error *e)
{
	struct loaded *l = calloc(1, sizeof *l);

	*out = NULL;
	if (!l)
		return err_nomem(e);
	l->values = defaults;
	l->memory = arena_new(MEMORY_MAX_BYTES);
	enum err rc = l->memory ? ERR_OK : err_nomem(e);
	if (rc == ERR_OK && file_path)
		rc = read_file(l, file_path, e);
	if (rc == ERR_OK)
		rc = read_environment(l, e);
	if (rc == ERR_OK)
		rc = read_overrides(l, e);
	if (rc == ERR_OK && further_check)
		rc = further_check(&l->values, e);
	if (rc != ERR_OK)
		loaded_free(&l);
	*out = l;
	return rc;
}

static void publish(struct loaded *l)
{
	l->older = newest;
	newest = l;
	atomic_store(&current, &l->values);
}

enum err conf_override(const char *key, const char *value, struct error *e)
{
	const struct key *k = find(slice_of(key));
	char *copy;

	if (!k)
		return err_set(e, ERR_INVALID, "There is no option of this name.");
	copy = strdup(value);
	if (!copy)
		return err_nomem(e);
	pthread_mutex_lock(&lock);
	free(overrides[k - keys]);
	overrides[k - keys] = copy;
	pthread_mutex_unlock(&lock);
	return ERR_OK;
}

void conf_set_check(enum err (*check)(const struct conf *c, struct error *e))
{
	pthread_mutex_lock(&lock);
	further_check = check;
	pthread_mutex_unlock(&lock);
}

enum err conf_load(const char *path, struct error *e)
{
	struct loaded *l = NULL;
	char *copy = path ? strdup(path) : NULL;

	if (path && !copy)
		return err_nomem(e);
	pthread_mutex_lock(&lock);
	free(file_path);
	file_path = copy;
	enum err rc = read_all(&l, e);
	if (rc == ERR_OK)
		publish(l);
	pthread_mutex_unlock(&lock);
	return rc;
}

static bool same(const struct key *k, const char *a, const char *b)
{
	const char *s, *t;

	switch (k->kind) {
	case KIND_INT:
		return memcmp(a, b, sizeof(int64_t)) == 0;
	case KIND_BOOL:
		return memcmp(a, b, sizeof(bool)) == 0;
	case KIND_STR:
	case KIND_ENUM:
		break;
	}
	memcpy(&s, a, sizeof s);
	memcpy(&t, b, sizeof t);
	return strcmp(s, t) == 0;
}

static size_t size_of(const struct key *k)
{
	return k->kind == KIND_INT ? sizeof(int64_t) : k->kind == KIND_BOOL ? sizeof(bool) : sizeof(char *);
}

enum err conf_reload(struct error *e)
{
	struct loaded *l = NULL;

	pthread_mutex_lock(&lock);
	const struct conf *old = atomic_load(&current);
	enum err rc = read_all(&l, e);
	if (rc == ERR_OK) {
		for (size_t i = 0; i < KEYS; i++) {
			const char *was = (const char *)old + keys[i].offset;
			char *now = (char *)&l->values + keys[i].offset;

			if (keys[i].reload || same(&keys[i], was, now))
				continue;
			log_warn("base/conf", "%s changes only with a restart; the running value stays", keys[i].name);
			memcpy(now, was, size_of(&keys[i]));
		}
		publish(l);
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

const struct conf *conf(void)
{
	return atomic_load(&current);
}

void conf_unread_variables(struct str *out)
{
	for (char **v = environ; *v; v++) {
		struct slice name = slice_make(*v, strcspn(*v, "="));
		bool read = !slice_starts(name, SLICE(VARIABLES)) || slice_is(name, CLOCK_OFFSET_VARIABLE);

		for (size_t i = 0; i < KEYS && !read; i++) {
			char known[NAME_MAX_BYTES];

			variable_of(&keys[i], known);
			read = slice_is(name, known);
		}
		if (!read)
			str_addf(out, "%s%.*s", out->len ? ", " : "", SLICE_ARG(name));
	}
}
