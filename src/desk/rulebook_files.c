#include "desk/rulebook_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/crypt.h"
#include "base/disk.h"
#include "base/embed.h"
#include "desk/rulebook.h"
#include "spam/features.h"
#include "spam/own_site.h"

enum { NAME_MAX_BYTES = 64, PATH_BYTES = 4096 };

static const char *const subs[] = { "", "lists/", "local.d/" };
enum { SUBS = sizeof(subs) / sizeof(subs[0]) };

static bool ends_in(struct slice s, const char *tail, size_t *stem)
{
	size_t n = strlen(tail);

	*stem = s.len > n ? s.len - n : 0;
	return s.len > n && memcmp(s.ptr + s.len - n, tail, n) == 0;
}

bool rule_name_ok(struct slice name)
{
	size_t stem;

	if (!name.ptr || name.len > NAME_MAX_BYTES)
		return false;
	for (int i = 1; i < SUBS; i++)
		if (slice_starts(name, slice_of(subs[i]))) {
			name = slice_from(name, strlen(subs[i]));
			break;
		}
	if (!ends_in(name, ".cf", &stem) && !ends_in(name, ".list", &stem))
		return false;
	for (size_t i = 0; i < stem; i++) {
		char c = name.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return stem > 0;
}

void rule_set_fini(struct rule_set *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->list[i].name);
		free(s->list[i].text);
	}
	free(s->list);
	*s = (struct rule_set){ .count = 0 };
}

void rule_set_notices(const struct rule_set *s, struct cf_errors *errs)
{
	if (s->linked[0])
		cf_errors_add(errs, true, s->linked, 1, 1, "this is a link, and links are not followed: put the file itself here");
	if (s->passed_over[0])
		cf_errors_add(errs, true, s->passed_over, 1, 1, "this file was not read: names of rule files are of a-z, 0-9, _ and -, and end in .cf or .list");
}

/* A rule file by its ending, but not by its name; editors' own files begin with a dot. */
static void pass_over(struct rule_set *s, const char *sub, const char *entry)
{
	size_t n = strlen(entry);

	if (entry[0] == '.' || !((n > 3 && strcasecmp(entry + n - 3, ".cf") == 0) || (n > 5 && strcasecmp(entry + n - 5, ".list") == 0)))
		return;
	snprintf(s->passed_over, sizeof(s->passed_over), "%s%.50s", sub, entry);
	for (char *p = s->passed_over; *p; p++)
		if ((unsigned char)*p >= 0x7f || (unsigned char)*p < ' ')
			*p = '?';
}

static size_t place_of(const struct rule_set *s, struct slice name, bool *found)
{
	size_t i = 0;

	for (; i < s->count; i++) {
		struct slice have = slice_of(s->list[i].name);
		size_t n = have.len < name.len ? have.len : name.len;
		int c = memcmp(have.ptr, name.ptr, n);
		if (c == 0)
			c = have.len < name.len ? -1 : have.len > name.len;
		if (c >= 0) {
			*found = c == 0;
			return i;
		}
	}
	*found = false;
	return i;
}

static char *copy(struct slice s)
{
	char *p = malloc(s.len + 1);

	if (p) {
		if (s.len)
			memcpy(p, s.ptr, s.len);
		p[s.len] = 0;
	}
	return p;
}

enum err rule_set_put(struct rule_set *s, struct slice name, struct slice text, struct error *e)
{
	struct crypt_hash h;
	struct rule_file f = { .len = text.len };
	bool found;
	size_t at;

	if (text.len > RULE_FILE_MAX_BYTES)
		return err_set(e, ERR_TOO_LARGE, "The file %.*s is larger than %d bytes.", SLICE_ARG(name), RULE_FILE_MAX_BYTES);
	at = place_of(s, name, &found);
	if (!found && s->count >= RULE_FILES_MAX)
		return err_set(e, ERR_TOO_LARGE, "There are more than %d rule files.", RULE_FILES_MAX);
	f.name = copy(name);
	f.text = copy(text);
	if (!f.name || !f.text) {
		free(f.name);
		free(f.text);
		return err_nomem(e);
	}
	h = crypt_sha256(text);
	crypt_hex(h.bytes, sizeof(h.bytes), f.hash);
	if (found) {
		free(s->list[at].name);
		free(s->list[at].text);
	} else {
		struct rule_file *list = realloc(s->list, (s->count + 1) * sizeof(*list));
		if (!list) {
			free(f.name);
			free(f.text);
			return err_nomem(e);
		}
		memmove(list + at + 1, list + at, (s->count - at) * sizeof(*list));
		s->list = list;
		s->count++;
	}
	s->list[at] = f;
	return ERR_OK;
}

void rule_set_remove(struct rule_set *s, struct slice name)
{
	bool found;
	size_t at = place_of(s, name, &found);

	if (!found)
		return;
	free(s->list[at].name);
	free(s->list[at].text);
	memmove(s->list + at, s->list + at + 1, (s->count - at - 1) * sizeof(*s->list));
	s->count--;
}

const struct rule_file *rule_set_find(const struct rule_set *s, struct slice name)
{
	bool found;
	size_t at = place_of(s, name, &found);

	return found ? &s->list[at] : NULL;
}

enum err rule_set_dup(const struct rule_set *s, struct rule_set *out, struct error *e)
{
	*out = (struct rule_set){ .count = 0 };
	for (size_t i = 0; i < s->count; i++) {
		enum err err = rule_set_put(out, slice_of(s->list[i].name), slice_make(s->list[i].text, s->list[i].len), e);
		if (err) {
			rule_set_fini(out);
			return err;
		}
	}
	return ERR_OK;
}

struct cf_source *rule_set_sources(const struct rule_set *s)
{
	struct cf_source *list = calloc(s->count ? s->count : 1, sizeof(*list));

	for (size_t i = 0; list && i < s->count; i++)
		list[i] = (struct cf_source){ slice_of(s->list[i].name), slice_make(s->list[i].text, s->list[i].len) };
	return list;
}

/* A page below it stands for all of them: patterns of lists may name a path. */
static size_t own_urls(char *const pages[2], size_t bytes, struct slice out[4])
{
	const char *const urls[] = { conf()->wiki_url, conf()->public_url };
	size_t n = 0;

	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(urls[i]);

		if (!len)
			continue;
		out[n++] = slice_of(urls[i]);
		if ((size_t)snprintf(pages[i], bytes, "%s%sHelp:Contents", urls[i], urls[i][len - 1] == '/' ? "" : "/") < bytes)
			out[n++] = slice_of(pages[i]);
	}
	return n;
}

enum err rule_set_rebuild(const struct rule_set *s, const struct ruleset_known *known, struct ruleset **out, struct cf_errors *errs, struct error *e)
{
	struct cf_source *sources = rule_set_sources(s);
	enum err err;

	*out = NULL;
	if (!sources)
		return err_nomem(e);
	err = features_build_rules(sources, s->count, known, out, errs, e);
	free(sources);
	return err;
}

enum err rule_set_build(const struct rule_set *s, const struct ruleset_known *known, struct ruleset **out, struct cf_errors *errs, struct error *e)
{
	char page[PATH_BYTES], other[PATH_BYTES], *const pages[] = { page, other };
	struct slice urls[4];
	struct cf_source *sources;
	size_t before = errs->errors;
	enum err err = rule_set_rebuild(s, known, out, errs, e);

	if (err)
		return err;
	sources = rule_set_sources(s);
	if (!sources)
		err = err_nomem(e);
	/* the page first: what meets it is named once, unless it meets the bare address alone */
	for (size_t n = err ? 0 : own_urls(pages, sizeof(page), urls); !err && n > 0 && errs->errors == before; n--)
		err = own_site_check(*out, sources, s->count, &urls[n - 1], 1, errs, e);
	if (!err && errs->errors > before)
		err = err_set(e, ERR_INVALID, "the rules would block the site itself");
	if (err)
		ruleset_unref(out);
	free(sources);
	return err;
}

enum err rule_set_embedded(struct rule_set *out, struct error *e)
{
	const char *name;
	struct slice text;
	size_t at = 0;

	*out = (struct rule_set){ .count = 0 };
	while (embed_next("rules/", &at, &name, &text)) {
		struct slice short_name = slice_of(name + strlen("rules/"));
		enum err err = rule_name_ok(short_name) ? rule_set_put(out, short_name, text, e) : ERR_OK;
		if (err) {
			rule_set_fini(out);
			return err;
		}
	}
	return ERR_OK;
}

/* --- the folder ----------------------------------------------------------------------------------------------------- */

static bool path_of(char out[PATH_BYTES], const char *folder, const char *sub, struct slice name, const char *suffix)
{
	int n = snprintf(out, PATH_BYTES, "%s/%s%.*s%s", folder, sub, SLICE_ARG(name), suffix);
	return n > 0 && n < PATH_BYTES;
}

static enum err read_file(int dir, const char *entry, const char *sub, struct rule_set *out, struct error *e)
{
	char name[NAME_MAX_BYTES + 1];
	int n = snprintf(name, sizeof(name), "%s%s", sub, entry);
	struct stat st;
	struct str text;
	enum err err = ERR_OK;
	int fd;

	if (n < 0 || (size_t)n >= sizeof(name) || !rule_name_ok(slice_of(name))) {
		pass_over(out, sub, entry);
		return ERR_OK;
	}
	fd = openat(dir, entry, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ELOOP)
		snprintf(out->linked, sizeof(out->linked), "%s", name);
	if (fd < 0)
		/* A link, or gone since the folder was read: not ours to follow. */
		return errno == ELOOP || errno == ENOENT ? ERR_OK : err_set(e, ERR_IO, "The rule file %s cannot be read.", name);
	str_init(&text, RULE_FILE_MAX_BYTES);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		goto out;
	if (!str_add_fd(&text, fd))
		err = err_set(e, ERR_IO, "The rule file %s cannot be read.", name);
	else if (str_failed(&text))
		err = err_set(e, ERR_TOO_LARGE, "The file %s is larger than %d bytes.", name, RULE_FILE_MAX_BYTES);
	else
		err = rule_set_put(out, slice_of(name), str_slice(&text), e);
	if (err)
		snprintf(out->failed, sizeof(out->failed), "%s", name);
out:
	str_fini(&text);
	close(fd);
	return err;
}

/* NULL: errno says why. */
static DIR *open_sub(const char *folder, const char *sub)
{
	char path[PATH_BYTES];
	int fd;
	DIR *d;

	errno = ENAMETOOLONG;
	if (!path_of(path, folder, sub, SLICE(""), ""))
		return NULL;
	/* The folder itself may be a link its admin made; what is in it may not. */
	if (sub[0])
		path[strlen(path) - 1] = 0;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (sub[0] ? O_NOFOLLOW : 0));
	if (fd < 0)
		return NULL;
	d = fdopendir(fd);
	if (!d)
		close(fd);
	return d;
}

static bool is_link(const char *folder, const char *sub)
{
	char path[PATH_BYTES];
	struct stat st;

	if (!path_of(path, folder, sub, SLICE(""), ""))
		return false;
	path[strlen(path) - 1] = 0;
	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/* To go on without what cannot be read would be half a set (P6). */
static enum err read_sub(const char *folder, const char *sub, struct rule_set *out, struct error *e)
{
	DIR *d = open_sub(folder, sub);
	const struct dirent *entry;
	enum err err = ERR_OK;

	if (!d && !sub[0])
		return err_set(e, ERR_NOT_FOUND, "The folder of the rule files is missing or cannot be read.");
	if (!d && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
		if (is_link(folder, sub))
			snprintf(out->linked, sizeof(out->linked), "%s", sub);
		return ERR_OK;
	}
	if (!d)
		return err_set(e, ERR_IO, "The folder %s of the rule files cannot be read.", sub);
	while (!err && (errno = 0, entry = readdir(d)))
		err = read_file(dirfd(d), entry->d_name, sub, out, e);
	if (!err && errno)
		err = err_set(e, ERR_IO, "The folder %s of the rule files cannot be read.", sub);
	closedir(d);
	return err;
}

enum err rule_set_read(const char *folder, struct rule_set *out, struct error *e)
{
	enum err err = ERR_OK;

	*out = (struct rule_set){ .count = 0 };
	for (int i = 0; i < SUBS && !err; i++)
		err = read_sub(folder, subs[i], out, e);
	if (err) {
		struct rule_set failed = *out;

		rule_set_fini(out);
		memcpy(out->failed, failed.failed, sizeof(out->failed));
	}
	return err;
}

static uint64_t stir(uint64_t h, const void *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const unsigned char *)data)[i]) * 0x100000001b3ULL;
	return h;
}

uint64_t rule_folder_mark(const char *folder)
{
	uint64_t sum = 0;

	for (int i = 0; i < SUBS; i++) {
		DIR *d = open_sub(folder, subs[i]);
		const struct dirent *entry;
		if (!d && i == 0)
			return 0;
		while (d && (entry = readdir(d))) {
			struct slice name = slice_of(entry->d_name);
			struct stat st;
			size_t stem;
			if ((!ends_in(name, ".cf", &stem) && !ends_in(name, ".list", &stem)) || fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
				continue;
			uint64_t h = stir(0xcbf29ce484222325ULL + (uint64_t)i, name.ptr, name.len);
			h = stir(h, &st.st_size, sizeof(st.st_size));
			h = stir(h, &st.st_ino, sizeof(st.st_ino));
			h = stir(h, &st.st_mtim, sizeof(st.st_mtim));
			h = stir(h, &st.st_ctim, sizeof(st.st_ctim));
			sum += h; /* the order of a folder means nothing */
		}
		if (d)
			closedir(d);
	}
	return sum ? sum : 1;
}

static enum err cannot_write(struct error *e, struct slice name)
{
	return err_set(e, ERR_IO, "The rule file %.*s cannot be written (%s).", SLICE_ARG(name), strerror(errno));
}

static enum err make_folders(const char *folder, struct slice name, struct error *e)
{
	char path[PATH_BYTES];

	if (mkdir(folder, 0750) && errno != EEXIST)
		return cannot_write(e, name);
	for (int i = 1; i < SUBS; i++) {
		if (!slice_starts(name, slice_of(subs[i])) || !path_of(path, folder, subs[i], SLICE(""), ""))
			continue;
		if (mkdir(path, 0750) && errno != EEXIST)
			return cannot_write(e, name);
	}
	return ERR_OK;
}

static enum err bad_name(struct error *e)
{
	return err_field(e, ERR_INVALID, "file", "Rule files are named like my-rules.cf, lists/name.list or local.d/name.cf.");
}

enum err rule_folder_write(const char *folder, struct slice name, const char *suffix, struct slice text, struct error *e)
{
	char path[PATH_BYTES];
	enum err err;

	if (!rule_name_ok(name) || !path_of(path, folder, "", name, suffix))
		return bad_name(e);
	if ((err = make_folders(folder, name, e)))
		return err;
	return disk_replace(path, 0640, text) ? ERR_OK : cannot_write(e, name);
}

enum err rule_folder_remove(const char *folder, struct slice name, struct error *e)
{
	char path[PATH_BYTES];

	if (!rule_name_ok(name) || !path_of(path, folder, "", name, ""))
		return bad_name(e);
	if ((unlink(path) && errno != ENOENT) || !disk_sync_folder_of(path))
		return cannot_write(e, name);
	return ERR_OK;
}

void rule_modes_edit(struct str *out, struct slice text, struct slice rule, struct slice mode)
{
	if (!text.len)
		str_adds(out, "# Modes set from the desk; later lines win.\n");
	while (text.len) {
		const char *nl = memchr(text.ptr, '\n', text.len);
		size_t n = nl ? (size_t)(nl - text.ptr) + 1 : text.len;
		struct slice line = slice_make(text.ptr, n), rest = slice_from(line, strlen("mode "));
		bool same = slice_starts(line, SLICE("mode ")) && slice_starts(rest, rule) && rest.len > rule.len && rest.ptr[rule.len] == ' ';
		if (!same)
			str_add(out, line);
		text = slice_from(text, n);
	}
	str_addf(out, "%smode %.*s %.*s\n", out->len && out->buf[out->len - 1] != '\n' ? "\n" : "", SLICE_ARG(rule), SLICE_ARG(mode));
}
