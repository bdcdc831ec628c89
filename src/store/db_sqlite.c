#include "store/db_sqlite.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"
#include "store/sql.h"

/* tests/fault builds a copy with "OFF" to prove that its power-loss test can fail. */
#ifndef DB_SQLITE_SYNCHRONOUS
#define DB_SQLITE_SYNCHRONOUS "FULL"
#endif
/* Pages in the log before it is written back. Few, because a pass and its sync hold up the commits beside it: with 16,000 the slowest
 * hundredth of messages took 44 ms, with 4,000 5 to 7, with 250 3 to 5. tests/fault has a smaller one, so that kills hit checkpoints too. */
#ifndef DB_SQLITE_CHECKPOINT_PAGES
#define DB_SQLITE_CHECKPOINT_PAGES 250
#endif

enum {
	BUSY_MS = 2000,
	WRITER_CACHE_KIB = 8192,
	READER_CACHE_KIB = 192, /* there are dozens of readers; the kernel's page cache is behind them */
	LOG_KEEP_BYTES = 64 << 20,
	LOG_TOO_LONG = 64, /* times DB_SQLITE_CHECKPOINT_PAGES */
	PATH_BYTES = PATH_MAX,
};

enum tx { TX_READ, TX_WRITE, TX_COMMIT, TX_ROLLBACK, TX_MARK, TX_KEEP, TX_UNDO, TX_VERSION, TX_COUNT };
static const char *const tx_text[TX_COUNT] = {
	"BEGIN",
	"BEGIN IMMEDIATE",
	"COMMIT",
	"ROLLBACK",
	"SAVEPOINT mark",
	"RELEASE mark",
	"ROLLBACK TO mark",
	"PRAGMA data_version",
};

struct slot {
	sqlite3_stmt *stmt;
	bool busy;
};

struct conn {
	sqlite3 *db;
	bool read, bare, script;
	int log_pages, log_told; /* after the last commit, and when conn_log_due last said so; only with conn_leave_log */
	struct slot named[SQL_COUNT > 0 ? SQL_COUNT : 1];
	sqlite3_stmt *tx[TX_COUNT];
};

/* Until a better one is set: runs of ASCII letters and digits and of whatever is not ASCII, as they are. Enough for the tests of
 * rooms that know nothing of text. */
static bool plain_words(struct slice text, db_word_fn word, void *ctx)
{
	size_t begin = 0;
	for (size_t i = 0; i <= text.len; i++) {
		unsigned char c = i < text.len ? (unsigned char)text.ptr[i] : ' ';
		if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
			continue;
		if (i > begin && !word(ctx, slice_make(text.ptr + begin, i - begin), begin, i))
			return false;
		begin = i + 1;
	}
	return true;
}

static db_words_fn words = plain_words;

void db_set_tokenizer(db_words_fn fn)
{
	words = fn ? fn : plain_words;
}

/* One line of figures on malloc saves a lock all connections would share. Fails harmlessly if SQLite already runs. */
static void configure_once(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static enum err fail(int rc, struct error *e)
{
	enum err code;
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		code = err_set(e, ERR_BUSY, "The database is busy; please try again in a moment.");
		break;
	case SQLITE_FULL:
		code = err_set(e, ERR_BUSY, "The disk is full; nothing was written.");
		break;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		code = err_set(e, ERR_BUSY, "The database cannot be written at the moment; nothing was written.");
		break;
	case SQLITE_NOMEM:
		return err_nomem(e);
	case SQLITE_CONSTRAINT:
		return err_set(e, ERR_CONFLICT, "This contradicts what is already stored.");
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(e, ERR_CORRUPT, "The database is damaged.");
	case SQLITE_TOOBIG:
		return err_set(e, ERR_INVALID, "This is too long to be stored.");
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_PROTOCOL:
	case SQLITE_INTERRUPT:
		if (rc == SQLITE_IOERR_NOMEM)
			return err_nomem(e);
		code = err_set(e, ERR_IO, "The disk does not answer as it should.");
		break;
	default:
		return err_set(e, ERR_INTERNAL, "The database did not understand us.");
	}
	if (e)
		e->retry_after_s = (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED ? 1 : 10;
	return code;
}

/* ---- the tokenizer of the full text tables ---- */

struct token_out {
	void *ctx;
	int (*token)(void *ctx, int flags, const char *text, int bytes, int begin, int end);
	int rc;
};

static int tokenizer_create(void *ctx, const char **args, int n, Fts5Tokenizer **out)
{
	(void)ctx, (void)args, (void)n;
	static char stateless;
	*out = (Fts5Tokenizer *)&stateless;
	return SQLITE_OK;
}

static void tokenizer_delete(Fts5Tokenizer *t)
{
	(void)t;
}

static bool tokenizer_word(void *ctx, struct slice folded, size_t begin, size_t end)
{
	struct token_out *out = ctx;
	if (folded.len == 0)
		return true;
	out->rc = out->token(out->ctx, 0, folded.ptr, (int)folded.len, (int)begin, (int)end);
	return out->rc == SQLITE_OK;
}

static int tokenizer_run(Fts5Tokenizer *t, void *ctx, int flags, const char *text, int bytes,
	int (*token)(void *, int, const char *, int, int, int))
{
	(void)t, (void)flags;
	if (!text || bytes <= 0)
		return SQLITE_OK;
	struct token_out out = { ctx, token, SQLITE_OK };
	if (!words(slice_make(text, (size_t)bytes), tokenizer_word, &out) && out.rc == SQLITE_OK)
		return SQLITE_NOMEM;
	return out.rc;
}

static int add_tokenizer(sqlite3 *db)
{
	fts5_api *api = NULL;
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &stmt, NULL);
	if (rc)
		return rc;
	sqlite3_bind_pointer(stmt, 1, &api, "fts5_api_ptr", NULL);
	sqlite3_step(stmt);
	rc = sqlite3_finalize(stmt);
	if (rc == SQLITE_OK && !api)
		rc = SQLITE_ERROR;
	if (rc == SQLITE_OK) {
		fts5_tokenizer t = { tokenizer_create, tokenizer_delete, tokenizer_run };
		rc = api->xCreateTokenizer(api, "porchlight", NULL, &t, NULL);
	}
	return rc;
}

/* ---- opening ---- */

/* The second line of defence: no statement, however it came to be, gets past this (invariants 2 and 3). */
static int authorize(void *ctx, int action, const char *a, const char *b, const char *c, const char *d)
{
	const struct conn *conn = ctx;
	(void)c, (void)d;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return b && (!strcmp(b, "load_extension") || !strcmp(b, "fts3_tokenizer")) ? SQLITE_DENY : SQLITE_OK;
	case SQLITE_TRANSACTION:
	case SQLITE_SAVEPOINT:
		return conn->script ? SQLITE_DENY : SQLITE_OK;
	case SQLITE_PRAGMA:
		/* The others are the driver's own, and FTS5's; those that change something are only for opening. */
		return a && (!strcmp(a, "data_version") || !strcmp(a, "integrity_check") || !strcmp(a, "foreign_key_check"))
			? SQLITE_OK : SQLITE_DENY;
	case SQLITE_INSERT:
	case SQLITE_UPDATE:
	case SQLITE_DELETE:
		/* Connecting a full text table asks for the schema table, though nothing is written to it; the file is open for
		 * reading only. */
		return conn->read && (!a || strcmp(a, "sqlite_master")) ? SQLITE_DENY : SQLITE_OK;
	case SQLITE_ATTACH:
	case SQLITE_DETACH:
		return SQLITE_DENY;
	default: /* changes of the schema */
		return conn->bare && !conn->read ? SQLITE_OK : SQLITE_DENY;
	}
}

static int settings(struct conn *conn)
{
	sqlite3 *db = conn->db;
	char text[512];
	sqlite3_busy_timeout(db, BUSY_MS);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	/* One plan for each statement. Debian's build (STAT4) would make a new one whenever a value in a WHERE is bound anew. */
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	snprintf(text, sizeof(text), "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-%d;",
		conn->read ? READER_CACHE_KIB : WRITER_CACHE_KIB);
	int rc = sqlite3_exec(db, text, NULL, NULL, NULL);
	if (rc)
		return rc;
	if (conn->read)
		return sqlite3_exec(db, "PRAGMA query_only=ON; PRAGMA foreign_keys=ON;", NULL, NULL, NULL);
	snprintf(text, sizeof(text),
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=" DB_SQLITE_SYNCHRONOUS "; PRAGMA secure_delete=ON; "
		"PRAGMA foreign_keys=%s; PRAGMA wal_autocheckpoint=%d; PRAGMA journal_size_limit=%d;",
		conn->bare ? "OFF" : "ON", DB_SQLITE_CHECKPOINT_PAGES, LOG_KEEP_BYTES);
	return sqlite3_exec(db, text, NULL, NULL, NULL);
}

static enum err prepare(struct conn *conn, enum sql_id id, struct error *e)
{
	const struct sql *sql = sql_of(id);
	int rc = sqlite3_prepare_v3(conn->db, sql->text, -1, SQLITE_PREPARE_PERSISTENT, &conn->named[id].stmt, NULL);
	if (rc == SQLITE_ERROR || rc == SQLITE_AUTH)
		/* The engine's words name tables and columns here, never anybody's text. */
		return err_set(e, ERR_CONFLICT, "The database does not fit this program (%s: %s); run `porchlight migrate`.",
			sql->name, sqlite3_errmsg(conn->db));
	return rc ? fail(rc, e) : ERR_OK;
}

static void conn_close(void *p)
{
	struct conn *conn = p;
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(conn->named[i].stmt);
	for (int i = 0; i < TX_COUNT; i++)
		sqlite3_finalize(conn->tx[i]);
	sqlite3_close(conn->db);
	free(conn);
}

static enum err conn_open(const char *folder, enum db_mode mode, bool bare, void **out, struct error *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, configure_once);

	char path[PATH_BYTES];
	int n = snprintf(path, sizeof(path), "%s/" DB_FILE, folder);
	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(e, ERR_INVALID, "The name of the data folder is too long.");
	if (mode == DB_WRITE && bare) {
		/* Made here for its mode. Only when new: closing another descriptor of a file in use drops SQLite's locks on it. */
		int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0)
			close(fd);
		else if (errno != EEXIST)
			return err_set(e, ERR_IO, "The database cannot be made in the data folder: %s.", strerror(errno));
	} else if (access(path, F_OK)) {
		return err_set(e, ERR_NOT_FOUND, "There is no database in the data folder; run `porchlight migrate`.");
	}

	struct conn *conn = calloc(1, sizeof(*conn));
	if (!conn)
		return err_nomem(e);
	conn->read = mode == DB_READ;
	conn->bare = bare;
	enum err code = ERR_OK;
	int flags = (conn->read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int rc = sqlite3_open_v2(path, &conn->db, flags, NULL);
	if (rc == SQLITE_OK)
		rc = settings(conn);
	if (rc == SQLITE_OK)
		rc = add_tokenizer(conn->db);
	if (rc == SQLITE_OK)
		rc = sqlite3_set_authorizer(conn->db, authorize, conn);
	if (rc) {
		code = fail(rc, e);
		goto out;
	}
	if (!conn->read && !conn->bare)
		for (int i = 0; i < SQL_COUNT && code == ERR_OK; i++)
			code = prepare(conn, (enum sql_id)i, e);
out:
	if (code)
		conn_close(conn);
	else
		*out = conn;
	return code;
}

/* ---- statements ---- */

static enum err bind_all(sqlite3_stmt *stmt, const struct bind *binds, size_t n, struct error *e)
{
	int rc = SQLITE_OK;
	assert((size_t)sqlite3_bind_parameter_count(stmt) == n);
	for (int i = 0; i < (int)n && rc == SQLITE_OK; i++) {
		const struct bind *b = &binds[i];
		switch (b->type) {
		case BIND_NULL:
			rc = sqlite3_bind_null(stmt, i + 1);
			break;
		case BIND_INT:
			rc = sqlite3_bind_int64(stmt, i + 1, b->i);
			break;
		case BIND_REAL:
			rc = sqlite3_bind_double(stmt, i + 1, b->d);
			break;
		case BIND_TEXT:
			rc = sqlite3_bind_text64(stmt, i + 1, b->s.ptr, b->s.len, SQLITE_STATIC, SQLITE_UTF8);
			break;
		case BIND_BLOB:
			rc = sqlite3_bind_blob64(stmt, i + 1, b->s.ptr, b->s.len, SQLITE_STATIC);
			break;
		}
	}
	return rc ? fail(rc, e) : ERR_OK;
}

static enum err conn_start(void *p, enum sql_id id, const struct bind *binds, size_t n, void **stmt, struct error *e)
{
	struct conn *conn = p;
	assert((unsigned)id < SQL_COUNT);
	struct slot *slot = &conn->named[id];
	if (!slot->stmt) {
		enum err code = prepare(conn, id, e);
		if (code)
			return code;
	}
	if (slot->busy)
		return err_set(e, ERR_INTERNAL, "A statement was used twice at once (%s).", sql_of(id)->name);
	enum err code = bind_all(slot->stmt, binds, n, e);
	if (code) {
		sqlite3_clear_bindings(slot->stmt);
		return code;
	}
	slot->busy = true;
	*stmt = slot;
	return ERR_OK;
}

static enum err conn_step(void *p, void *stmt, bool *row, struct error *e)
{
	const struct conn *conn = p;
	struct slot *slot = stmt;
	int rc = sqlite3_step(slot->stmt);
	*row = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return ERR_OK;
	enum err code = fail(rc, e);
	if (code == ERR_INTERNAL) /* without the engine's words: they may quote a searched text */
		log_error("store/db_sqlite", "statement %s failed with code %d", sql_of((enum sql_id)(slot - conn->named))->name, rc);
	return code;
}

static void conn_finish(void *p, void *stmt)
{
	(void)p;
	struct slot *slot = stmt;
	sqlite3_reset(slot->stmt);
	sqlite3_clear_bindings(slot->stmt);
	slot->busy = false;
}

static int64_t conn_changed(void *p)
{
	return sqlite3_changes64(((struct conn *)p)->db);
}

static int64_t column_int(void *stmt, int column)
{
	return sqlite3_column_int64(((struct slot *)stmt)->stmt, column);
}

static bool column_null(void *stmt, int column)
{
	return sqlite3_column_type(((struct slot *)stmt)->stmt, column) == SQLITE_NULL;
}

static struct slice column_text(void *stmt, int column)
{
	sqlite3_stmt *st = ((struct slot *)stmt)->stmt;
	const char *text = (const char *)sqlite3_column_text(st, column);
	return slice_make(text, text ? (size_t)sqlite3_column_bytes(st, column) : 0);
}

static struct slice column_blob(void *stmt, int column)
{
	sqlite3_stmt *st = ((struct slot *)stmt)->stmt;
	if (sqlite3_column_type(st, column) == SQLITE_NULL)
		return SLICE_NONE;
	const char *bytes = sqlite3_column_blob(st, column);
	return slice_make(bytes ? bytes : "", (size_t)sqlite3_column_bytes(st, column));
}

/* ---- transactions ---- */

static enum err tx_run(struct conn *conn, enum tx which, int64_t *out, struct error *e)
{
	sqlite3_stmt **stmt = &conn->tx[which];
	int rc = SQLITE_OK;
	if (!*stmt)
		rc = sqlite3_prepare_v3(conn->db, tx_text[which], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
	if (rc == SQLITE_OK) {
		rc = sqlite3_step(*stmt);
		if (rc == SQLITE_ROW && out)
			*out = sqlite3_column_int64(*stmt, 0);
		sqlite3_reset(*stmt);
	}
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? ERR_OK : fail(rc, e);
}

static enum err conn_begin(void *p, bool write, struct error *e)
{
	return tx_run(p, write ? TX_WRITE : TX_READ, NULL, e);
}

static enum err conn_commit(void *p, struct error *e)
{
	return tx_run(p, TX_COMMIT, NULL, e);
}

static bool conn_in_transaction(void *p)
{
	return !sqlite3_get_autocommit(((struct conn *)p)->db);
}

static void conn_undo_all(void *p)
{
	if (!conn_in_transaction(p))
		return;
	if (tx_run(p, TX_ROLLBACK, NULL, NULL) && conn_in_transaction(p))
		log_error("store/db_sqlite", "a transaction could not be rolled back");
}

static enum err conn_mark(void *p, struct error *e)
{
	return tx_run(p, TX_MARK, NULL, e);
}

static enum err conn_mark_keep(void *p, struct error *e)
{
	return tx_run(p, TX_KEEP, NULL, e);
}

static enum err conn_mark_undo(void *p, struct error *e)
{
	enum err code = tx_run(p, TX_UNDO, NULL, e);
	return code ? code : tx_run(p, TX_KEEP, NULL, e);
}

/* ---- migrations, backup ---- */

/* Runs a pragma that lists what is wrong. ERR_CORRUPT with its first line, unless that is "ok" or missing. */
static enum err complain(sqlite3 *db, const char *pragma, struct error *e)
{
	sqlite3_stmt *stmt = NULL;
	enum err code = ERR_OK;
	int rc = sqlite3_prepare_v2(db, pragma, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(stmt, 0);
		if (!text || strcmp(text, "ok"))
			code = err_set(e, ERR_CORRUPT, "The database contradicts itself (%.120s).", text ? text : "out of memory");
	} else if (rc != SQLITE_DONE) {
		code = fail(rc, e);
	}
	sqlite3_finalize(stmt);
	return code;
}

static bool conn_has_table(void *p, const char *name)
{
	return sqlite3_table_column_metadata(((struct conn *)p)->db, NULL, name, NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

static enum err conn_script(void *p, const char *text, struct error *e)
{
	struct conn *conn = p;
	assert(conn->bare && conn_in_transaction(conn));
	char *words_of_engine = NULL;
	conn->script = true;
	int rc = sqlite3_exec(conn->db, text, NULL, NULL, &words_of_engine);
	conn->script = false;
	enum err code = ERR_OK;
	switch (rc & 0xff) {
	case SQLITE_OK:
		code = complain(conn->db, "PRAGMA foreign_key_check", e);
		break;
	case SQLITE_ERROR:
	case SQLITE_AUTH:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		code = err_set(e, ERR_CONFLICT, "%s", words_of_engine ? words_of_engine : "unknown fault");
		break;
	default:
		code = fail(rc, e);
	}
	sqlite3_free(words_of_engine);
	return code;
}

static enum err conn_version(void *p, int64_t *out, struct error *e)
{
	return tx_run(p, TX_VERSION, out, e);
}

static enum err conn_check(void *p, struct error *e)
{
	struct conn *conn = p;
	enum err code = complain(conn->db, "PRAGMA integrity_check(1)", e);
	return code ? code : complain(conn->db, "PRAGMA foreign_key_check", e);
}

static enum err conn_copy(void *p, const char *path, struct error *e)
{
	struct conn *conn = p;
	sqlite3 *to = NULL;
	char part[PATH_BYTES];
	enum err code = ERR_OK;
	if ((size_t)snprintf(part, sizeof(part), "%s.part", path) >= sizeof(part))
		return err_set(e, ERR_INVALID, "The name of the copy is too long.");
	if (!access(path, F_OK))
		return err_set(e, ERR_CONFLICT, "The copy's file exists already; it is not overwritten.");
	if (unlink(part) && errno != ENOENT)
		return err_set(e, ERR_IO, "The copy cannot be made: %s.", strerror(errno));
	int fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, ERR_IO, "The copy cannot be made: %s.", strerror(errno));
	close(fd);

	int rc = sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_backup *b = sqlite3_backup_init(to, "main", conn->db, "main");
		if (b) {
			sqlite3_backup_step(b, -1); /* all of it at once: one committed picture */
			rc = sqlite3_backup_finish(b);
		} else {
			rc = sqlite3_extended_errcode(to);
		}
	}
	/* The copy is one file: not in WAL mode. */
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(to, "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL;", NULL, NULL, NULL);
	if (rc)
		code = fail(rc, e);
	if (code == ERR_OK)
		code = complain(to, "PRAGMA integrity_check(1)", e);
	sqlite3_close(to);
	if (code == ERR_OK) {
		fd = open(part, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fsync(fd))
			code = err_set(e, ERR_IO, "The copy cannot be written to the disk: %s.", strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	/* What has come to be there meanwhile is not overwritten, where the file system can promise that. */
	if (code == ERR_OK && renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) &&
		(errno != EINVAL || rename(part, path)))
		code = err_set(e, errno == EEXIST ? ERR_CONFLICT : ERR_IO, "The copy cannot be given its name: %s.", strerror(errno));
	if (code)
		unlink(part);
	if (code == ERR_OK && !disk_sync_folder_of(path))
		code = err_set(e, ERR_IO, "The copy cannot be written to the disk: %s.", strerror(errno));
	return code;
}

static int note_pages(void *p, sqlite3 *db, const char *name, int pages)
{
	(void)db, (void)name;
	struct conn *conn = p;
	conn->log_pages = pages;
	if (pages < conn->log_told) /* it was begun anew */
		conn->log_told = 0;
	return SQLITE_OK;
}

/* The hook takes the place of the automatic checkpoint, which is one itself. */
static void conn_leave_log(void *p)
{
	struct conn *conn = p;
	sqlite3_wal_hook(conn->db, note_pages, conn);
}

static enum db_log conn_log_due(void *p)
{
	struct conn *conn = p;
	if (conn->log_pages - conn->log_told < DB_SQLITE_CHECKPOINT_PAGES)
		return DB_LOG_SHORT;
	conn->log_told = conn->log_pages;
	return conn->log_pages < LOG_TOO_LONG * DB_SQLITE_CHECKPOINT_PAGES ? DB_LOG_LONG : DB_LOG_TOO_LONG;
}

static enum err conn_write_back(void *p, bool *all, struct error *e)
{
	int pages = 0, written = 0;
	int rc = sqlite3_wal_checkpoint_v2(((struct conn *)p)->db, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &written);
	*all = rc == SQLITE_OK && written >= pages;
	return rc ? fail(rc, e) : ERR_OK;
}

static enum err conn_truncate_log(void *p, struct error *e)
{
	struct conn *conn = p;
	int rc = sqlite3_wal_checkpoint_v2(conn->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return rc ? fail(rc, e) : ERR_OK;
}

const struct db_driver db_sqlite = {
	.name = "sqlite",
	.open = conn_open,
	.close = conn_close,
	.start = conn_start,
	.step = conn_step,
	.finish = conn_finish,
	.changed = conn_changed,
	.column_int = column_int,
	.column_null = column_null,
	.column_text = column_text,
	.column_blob = column_blob,
	.begin = conn_begin,
	.commit = conn_commit,
	.undo_all = conn_undo_all,
	.in_transaction = conn_in_transaction,
	.mark = conn_mark,
	.mark_keep = conn_mark_keep,
	.mark_undo = conn_mark_undo,
	.has_table = conn_has_table,
	.script = conn_script,
	.version = conn_version,
	.copy = conn_copy,
	.check = conn_check,
	.leave_log = conn_leave_log,
	.log_due = conn_log_due,
	.write_back = conn_write_back,
	.truncate_log = conn_truncate_log,
};
