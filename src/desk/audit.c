#include "desk/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/disk.h"

/* What a row's hash covers: the hash before it, then the fields in this order, separated by a byte no field holds. */
static struct crypt_hash chain(const struct crypt_hash *before, int64_t seq, int64_t at_ms, int64_t account,
	struct slice action, struct slice object, int64_t id, struct slice detail)
{
	char text[1024];
	memcpy(text, before->bytes, CRYPT_HASH_BYTES);
	int n = snprintf(text + CRYPT_HASH_BYTES, sizeof(text) - CRYPT_HASH_BYTES,
		"%" PRId64 "\n%" PRId64 "\n%" PRId64 "\n%.*s\n%.*s\n%" PRId64 "\n%.*s", seq, at_ms, account, SLICE_ARG(action),
		SLICE_ARG(object), id, SLICE_ARG(detail));
	size_t len = n < 0 ? 0 : (size_t)n;
	if (len > sizeof(text) - CRYPT_HASH_BYTES - 1)
		len = sizeof(text) - CRYPT_HASH_BYTES - 1;
	return crypt_sha256(slice_make(text, CRYPT_HASH_BYTES + len));
}

static void hash_read(struct slice blob, struct crypt_hash *out)
{
	memset(out, 0, sizeof(*out));
	if (blob.len == CRYPT_HASH_BYTES)
		memcpy(out->bytes, blob.ptr, CRYPT_HASH_BYTES);
}

enum err audit_add(struct db *db, const struct actor *by, const char *action, const char *object, int64_t id,
	const char *detail, struct error *e)
{
	struct slice det = slice_of(detail ? detail : "");
	if (det.len > AUDIT_DETAIL_MAX_BYTES)
		det.len = AUDIT_DETAIL_MAX_BYTES;
	struct crypt_hash before = { { 0 } };
	int64_t seq = 0;
	struct rows r;
	enum err err = rows_open(db, &r, SQL_AUDIT_LAST, NO_BINDS, e);
	if (err)
		return err;
	if (rows_next(&r)) {
		seq = rows_int(&r, 0);
		hash_read(rows_blob(&r, 1), &before);
	}
	if ((err = rows_close(&r)))
		return err;
	seq++;
	int64_t at = clock_wall_ms(), account = by ? by->account : 0;
	struct crypt_hash hash = chain(&before, seq, at, account, slice_of(action), slice_of(object), id, det);
	return db_run(db, SQL_AUDIT_ADD,
		BINDS(b_int(seq), b_int(at), b_id(account), b_str(action), b_str(object), b_int(id), b_text(det),
			b_blob(hash.bytes, sizeof(hash.bytes))),
		NULL, e);
}

enum err audit_list(struct db *db, struct arena *a, const struct audit_filter *f, struct audit_row **out, size_t *count,
	struct error *e)
{
	int limit = f->limit < 1 ? 1 : f->limit > 500 ? 500 : f->limit;
	*count = 0;
	*out = arena_array(a, (size_t)limit, sizeof(**out));
	if (!*out)
		return err_nomem(e);
	/* A prefix "rules." is everything up to "rules/", the byte after the dot; a whole action is itself up to itself + "!". */
	struct slice from = f->action, below = SLICE_NONE;
	if (from.ptr) {
		bool prefix = from.len > 0 && from.ptr[from.len - 1] == '.';
		char *end = arena_printf(a, "%.*s%s", (int)(prefix ? from.len - 1 : from.len), from.ptr, prefix ? "/" : "!");
		if (!end)
			return err_nomem(e);
		below = slice_of(end);
	}
	struct rows r;
	enum err err = rows_open(db, &r, SQL_AUDIT_LIST,
		BINDS(b_int(f->before ? f->before : INT64_MAX), b_id(f->account), b_text(from), b_text(below), b_int(limit)), e);
	if (err)
		return err;
	while (*count < (size_t)limit && rows_next(&r)) {
		struct audit_row *row = &(*out)[(*count)++];
		row->seq = rows_int(&r, 0);
		row->at_ms = rows_int(&r, 1);
		row->account = rows_int(&r, 2);
		row->account_name = arena_slice(a, rows_text(&r, 3));
		row->action = arena_slice(a, rows_text(&r, 4));
		row->object = arena_slice(a, rows_text(&r, 5));
		row->id = rows_int(&r, 6);
		row->detail = arena_slice(a, rows_text(&r, 7));
	}
	if ((err = rows_close(&r)))
		return err;
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

enum err audit_verify(struct db *db, int64_t *rows, int64_t *broken, struct error *e)
{
	struct crypt_hash before = { { 0 } };
	*rows = *broken = 0;
	struct rows r;
	enum err err = rows_open(db, &r, SQL_AUDIT_ALL, NO_BINDS, e);
	if (err)
		return err;
	while (rows_next(&r)) {
		(*rows)++;
		int64_t seq = rows_int(&r, 0);
		struct crypt_hash is, must = chain(&before, seq, rows_int(&r, 1), rows_int(&r, 2), rows_text(&r, 3),
			rows_text(&r, 4), rows_int(&r, 5), rows_text(&r, 6));
		hash_read(rows_blob(&r, 7), &is);
		if (!*broken && !crypt_equal(is.bytes, must.bytes, sizeof(is.bytes)))
			*broken = seq;
		before = is;
	}
	return rows_close(&r);
}

/* ---- the head ---- */

enum { PATH_BYTES = 4096, HEX_BYTES = 2 * CRYPT_HASH_BYTES + 1, HEAD_LINE_BYTES = HEX_BYTES + 24 };

struct audit_head {
	int64_t seq; /* 0: none */
	char hash[HEX_BYTES];
};

static bool path_of(char out[PATH_BYTES], const char *folder)
{
	return (size_t)snprintf(out, PATH_BYTES, "%s/" AUDIT_HEAD_FILE, folder) < PATH_BYTES;
}

static enum err row_head(struct db *db, enum sql_id id, const struct bind *binds, size_t n, struct audit_head *out, struct error *e)
{
	struct crypt_hash hash;
	struct rows r;
	enum err err = rows_open(db, &r, id, binds, n, e);
	*out = (struct audit_head){ 0 };
	if (err)
		return err;
	if (rows_next(&r)) {
		out->seq = rows_int(&r, 0);
		hash_read(rows_blob(&r, 1), &hash);
		crypt_hex(hash.bytes, sizeof(hash.bytes), out->hash);
	}
	return rows_close(&r);
}

static enum err read_head(const char *folder, struct audit_head *out, struct error *e)
{
	char path[PATH_BYTES];
	FILE *f = path_of(path, folder) ? fopen(path, "re") : NULL;
	*out = (struct audit_head){ 0 };
	if (!f)
		return errno == ENOENT ? ERR_OK : err_set(e, ERR_IO, "The head of the audit cannot be read.");
	if (fscanf(f, "%20" SCNd64 " %64s", &out->seq, out->hash) != 2)
		*out = (struct audit_head){ .seq = -1 }; /* damaged: no row is this one */
	fclose(f);
	return ERR_OK;
}

static enum err write_head(const char *folder, const struct audit_head *h, struct error *e)
{
	char path[PATH_BYTES], line[HEAD_LINE_BYTES];
	snprintf(line, sizeof(line), "%" PRId64 " %s\n", h->seq, h->hash);
	if (!path_of(path, folder) || !disk_replace(path, 0600, slice_of(line)))
		return err_set(e, ERR_IO, "The head of the audit cannot be written.");
	return ERR_OK;
}

enum err audit_check_head(struct db *db, const char *folder, int64_t *cut, struct error *e)
{
	struct audit_head kept, is;
	enum err err = read_head(folder, &kept, e);
	*cut = 0;
	if (err || !kept.seq)
		return err;
	err = row_head(db, SQL_AUDIT_ONE, BINDS(b_int(kept.seq)), &is, e);
	if (!err && (is.seq != kept.seq || strcmp(is.hash, kept.hash) != 0))
		*cut = kept.seq;
	return err;
}

enum err audit_keep_head(struct db *db, const char *folder, struct error *e)
{
	struct audit_head kept, last;
	int64_t cut = 0;
	enum err err = audit_check_head(db, folder, &cut, e);
	if (err)
		return err;
	if (cut)
		return err_set(e, ERR_CORRUPT, "The audit was tampered with: row %" PRId64 " was there and is not any more.", cut);
	if ((err = read_head(folder, &kept, e)) || (err = row_head(db, SQL_AUDIT_LAST, NO_BINDS, &last, e)))
		return err;
	return last.seq == kept.seq ? ERR_OK : write_head(folder, &last, e);
}
