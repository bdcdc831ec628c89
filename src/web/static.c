#include "web/static.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/crypt.h"
#include "base/embed.h"
#include "web/exchange.h"
#include "web/handlers.h"

#define FOLDER "templates/static/"

struct file {
	const char *name; /* below FOLDER */
	struct slice bytes, gzip;
	char tag[STATIC_TAG_BYTES];
	struct kept *kept; /* two by two: packed, and for ever */
};

/* Written once by static_start, before any thread serves. */
static struct file files[STATIC_FILES_MAX];
static struct kept kept[STATIC_FILES_MAX][4];
static size_t file_count;
static char version[STATIC_TAG_BYTES + 1]; /* "v" and the tag of all files together */

static void tag_of(struct slice bytes, char tag[STATIC_TAG_BYTES])
{
	struct crypt_hash h = crypt_sha256(bytes);
	crypt_hex(h.bytes, (STATIC_TAG_BYTES - 1) / 2, tag);
}

static bool ends(const char *name, const char *tail)
{
	size_t n = strlen(name), t = strlen(tail);
	return n >= t && strcmp(name + n - t, tail) == 0;
}

enum err static_start(struct error *e)
{
	size_t at = 0;
	const char *name;
	struct slice bytes;
	file_count = 0;
	while (embed_next(FOLDER, &at, &name, &bytes)) {
		if (ends(name, ".gz"))
			continue;
		if (file_count == STATIC_FILES_MAX)
			return err_set(e, ERR_INTERNAL, "There are more than %d static files.", STATIC_FILES_MAX);
		struct file *f = &files[file_count++];
		char packed[256];
		*f = (struct file){ .name = name + strlen(FOLDER), .bytes = bytes, .kept = kept[f - files] };
		snprintf(packed, sizeof packed, "%s.gz", name);
		if (!embed_find(packed, &f->gzip) || f->gzip.len >= bytes.len)
			f->gzip = SLICE_NONE;
		tag_of(bytes, f->tag);
	}
	char all[STATIC_FILES_MAX * STATIC_TAG_BYTES];
	for (size_t i = 0; i < file_count; i++)
		memcpy(all + i * STATIC_TAG_BYTES, files[i].tag, STATIC_TAG_BYTES);
	version[0] = 'v';
	tag_of(slice_make(all, file_count * STATIC_TAG_BYTES), version + 1);
	return ERR_OK;
}

static const struct file *find(const char *name)
{
	for (size_t i = 0; i < file_count; i++)
		if (strcmp(files[i].name, name) == 0)
			return &files[i];
	return NULL;
}

const char *static_base(struct arena *a)
{
	bool disk = conf()->templates[0] != '\0';
	return arena_printf(a, "%s/static%s%s", request_base(), disk ? "" : "/", disk ? "" : version);
}

/* "v" and hexadecimal digits: a version, ours or one of another day. */
static bool is_version(struct slice s)
{
	bool is = s.len == STATIC_TAG_BYTES && s.ptr[0] == 'v';
	for (size_t i = 1; i < s.len && is; i++)
		is = (s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] >= 'a' && s.ptr[i] <= 'f');
	return is;
}

static const char *type_of(const char *name)
{
	static const char *const types[][2] = {
		{ ".css", "text/css; charset=utf-8" },        { ".js", "text/javascript; charset=utf-8" }, { ".mjs", "text/javascript; charset=utf-8" },
		{ ".svg", "image/svg+xml" },                  { ".png", "image/png" },                     { ".ico", "image/vnd.microsoft.icon" },
		{ ".ogg", "audio/ogg" },                      { ".mp3", "audio/mpeg" },                    { ".wav", "audio/wav" },
		{ ".json", "application/json" },              { ".txt", "text/plain; charset=utf-8" },     { ".webmanifest", "application/manifest+json" },
		{ ".woff2", "font/woff2" },
	};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (ends(name, types[i][0]))
			return types[i][1];
	return "application/octet-stream";
}

/* "gzip" among the codings and not at q=0 (RFC 9110 section 12.5.3). */
static bool takes_gzip(struct slice accept)
{
	while (accept.len > 0) {
		const char *comma = memchr(accept.ptr, ',', accept.len);
		struct slice one = slice_make(accept.ptr, comma != NULL ? (size_t)(comma - accept.ptr) : accept.len);
		accept = slice_from(accept, one.len + 1);
		while (one.len > 0 && (one.ptr[0] == ' ' || one.ptr[0] == '\t'))
			one = slice_from(one, 1);
		if (one.len < 4 || strncasecmp(one.ptr, "gzip", 4) != 0)
			continue;
		struct slice rest = slice_from(one, 4);
		const char *q = rest.len > 0 ? memmem(rest.ptr, rest.len, "q=", 2) : NULL;
		if (q == NULL)
			return true;
		for (const char *c = q + 2; c < rest.ptr + rest.len; c++)
			if (*c >= '1' && *c <= '9')
				return true;
		return false;
	}
	return false;
}

static bool plain_name(struct slice s)
{
	if (s.len == 0 || s.ptr[0] == '.')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
			return false;
	}
	return true;
}

/* A file of the folder on disk. ERR_NOT_FOUND without one. */
static enum err from_disk(struct request *rq, const char *name, struct slice *out, struct error *e)
{
	enum err r = ERR_NOT_FOUND;
	struct stat st;
	char *path = arena_printf(rq->arena, "%s/static/%s", conf()->templates, name);
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= STATIC_FILE_MAX_BYTES) {
		char *bytes = arena_alloc(rq->arena, (size_t)st.st_size + 1);
		ssize_t got = bytes != NULL ? read(fd, bytes, (size_t)st.st_size) : -1;
		if (got >= 0) {
			*out = slice_make(bytes, (size_t)got);
			r = ERR_OK;
		} else {
			r = err_set(e, ERR_IO, "The file cannot be read.");
		}
	}
	if (fd >= 0)
		close(fd);
	return r;
}

enum err static_file(struct request *rq, struct response *rs, struct error *e)
{
	bool below = rq->params[1].ptr != NULL;
	struct slice folder = rq->params[0], plain = rq->params[below ? 1 : 0];
	char name[128], tag[STATIC_TAG_BYTES], etag[STATIC_TAG_BYTES + 8];
	if ((below && !is_version(folder)) || !plain_name(plain) || plain.len >= sizeof name)
		return err_set(e, ERR_NOT_FOUND, "There is no such file.");
	snprintf(name, sizeof name, "%.*s", SLICE_ARG(plain));

	struct slice bytes = SLICE_NONE, gzip = SLICE_NONE;
	const struct file *f = find(name);
	enum err r = conf()->templates[0] != '\0' ? from_disk(rq, name, &bytes, e) : ERR_NOT_FOUND;
	bool disk = r == ERR_OK;
	if (r == ERR_NOT_FOUND && f != NULL) {
		bytes = f->bytes;
		gzip = f->gzip;
		memcpy(tag, f->tag, sizeof tag);
	} else if (disk) {
		tag_of(bytes, tag);
	} else {
		return r == ERR_NOT_FOUND ? err_set(e, ERR_NOT_FOUND, "There is no such file.") : r;
	}

	bool forever = !disk && below && slice_is(folder, version), packed = gzip.ptr != NULL && takes_gzip(request_header(rq, "accept-encoding"));
	/* Another coding is another representation (RFC 9110 section 8.8.3). */
	snprintf(etag, sizeof etag, "\"%s%s\"", tag, packed ? "-gz" : "");
	response_header(rs, "ETag", etag);
	response_header(rs, "Cache-Control", forever ? "public, max-age=31536000, immutable" : "no-cache");
	if (gzip.ptr != NULL)
		response_header(rs, "Vary", "Accept-Encoding");
	struct slice match = request_header(rq, "if-none-match");
	if (match.len > 0 && memmem(match.ptr, match.len, etag, strlen(etag)) != NULL) {
		response_status(rs, 304);
		return ERR_OK;
	}
	rs->type = type_of(name);
	if (packed)
		response_header(rs, "Content-Encoding", "gzip");
	if (disk)
		str_add(response_body(rs), bytes);
	else
		response_fixed(rs, packed ? gzip : bytes, &f->kept[packed * 2 + forever]);
	return ERR_OK;
}
