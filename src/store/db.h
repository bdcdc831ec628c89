/*
 * db: a connection to the desk's database, behind a table of driver functions.
 *
 * Nothing above `store` sees SQL text or an engine's types: statements are named in sql.def, prepared when the
 * connection opens (schema drift stops the boot), and run with bound values only. The one driver is db_sqlite; a
 * PostgreSQL driver fills the same table. A connection belongs to one thread at a time.
 *
 * Errors: ERR_BUSY (locked, read-only, disk full: nothing was written), ERR_IO, ERR_CORRUPT, ERR_CONFLICT (a unique or
 * check constraint said no), ERR_NOMEM. Messages never quote SQL.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define DB_FILE "porchlight.db"

/* SQL(name, rooms, text): `rooms` lists who may use the statement ("desk/ticket desk/queue"); make lint compares. */
enum sql_id {
#define SQL(name, rooms, text) SQL_##name,
#include "store/sql.def"
#undef SQL
	SQL_COUNT
};

struct db;

enum db_mode {
	DB_READ,  /* sees committed data only; a write fails */
	DB_WRITE, /* the writer's, a migration's or a command's */
};

struct bind {
	enum { BIND_NULL, BIND_INT, BIND_REAL, BIND_TEXT, BIND_BLOB } type;
	int64_t i;
	double d;
	struct slice s; /* must live until the statement ends */
};

static inline struct bind b_null(void) { return (struct bind){ .type = BIND_NULL }; }
static inline struct bind b_int(int64_t i) { return (struct bind){ .type = BIND_INT, .i = i }; }
static inline struct bind b_real(double d) { return (struct bind){ .type = BIND_REAL, .d = d }; }
/* An absent slice (ptr NULL) is bound as NULL. */
static inline struct bind b_text(struct slice s) { return (struct bind){ .type = s.ptr ? BIND_TEXT : BIND_NULL, .s = s }; }
static inline struct bind b_str(const char *s) { return b_text(slice_of(s)); }
static inline struct bind b_blob(const void *p, size_t n)
{
	return (struct bind){ .type = p ? BIND_BLOB : BIND_NULL, .s = { p, n } };
}
/* 0 becomes NULL: for optional times and ids. */
static inline struct bind b_id(int64_t i) { return i ? b_int(i) : b_null(); }

/* db_run(db, SQL_X, BINDS(b_int(1), b_text(s)), NULL, e); without values: NO_BINDS */
#define BINDS(...) (const struct bind[]){ __VA_ARGS__ }, sizeof((const struct bind[]){ __VA_ARGS__ }) / sizeof(struct bind)
#define NO_BINDS NULL, 0

/* Cuts `text` into words for the full text index and calls word() for each, in order: its folded form, and where it
 * begins and ends in `text`. Stops when word() returns false. Returns false when it stopped or failed. */
typedef bool (*db_word_fn)(void *ctx, struct slice folded, size_t begin, size_t end);
typedef bool (*db_words_fn)(struct slice text, db_word_fn word, void *ctx);
/* Full text tables say `tokenize = 'porchlight'`; this is that tokenizer. Set once, before the first db_open, in every
 * process that writes or reads such a table (desk/words does); without it words are cut at ASCII punctuation only. */
void db_set_tokenizer(db_words_fn words);

/* Opens DATA/porchlight.db; `folder` is the data folder. Neither mode creates or migrates it: ERR_NOT_FOUND where there is
 * none. DB_WRITE prepares every named statement at once (ERR_CONFLICT when the schema does not fit this binary), DB_READ each
 * at its first use: a server opens its writer first. */
enum err db_open(const char *folder, enum db_mode mode, struct db **out, struct error *e) MUST_CHECK;
/* The same without preparing, and free to change the schema; DB_WRITE makes the file. For migrations and checks. */
enum err db_open_bare(const char *folder, enum db_mode mode, struct db **out, struct error *e) MUST_CHECK;
void db_close(struct db **db);

/* Runs a statement to its end. *changed (may be NULL) is the number of rows changed. */
enum err db_run(struct db *db, enum sql_id id, const struct bind *binds, size_t n, int64_t *changed, struct error *e) MUST_CHECK;

/* Rows: rows_open, then `while (rows_next(&r))`, then always rows_close, whose result is the error if there was one.
 * A statement has one reader at a time per connection. Values live until the next rows_next or rows_close. */
struct rows {
	struct db *db;
	void *stmt;
	enum err failed;
	struct error *e;
};
enum err rows_open(struct db *db, struct rows *r, enum sql_id id, const struct bind *binds, size_t n, struct error *e) MUST_CHECK;
bool rows_next(struct rows *r);
enum err rows_close(struct rows *r) MUST_CHECK;
int64_t rows_int(struct rows *r, int column);      /* 0 for NULL */
bool rows_null(struct rows *r, int column);
struct slice rows_text(struct rows *r, int column); /* absent for NULL; NUL-terminated */
struct slice rows_blob(struct rows *r, int column);

/* The first column of the first row. ERR_NOT_FOUND without one (no message). */
enum err db_int(struct db *db, enum sql_id id, const struct bind *binds, size_t n, int64_t *out, struct error *e) MUST_CHECK;

/* One consistent picture for several reads. */
enum err db_snapshot_begin(struct db *db, struct error *e) MUST_CHECK;
void db_snapshot_end(struct db *db);

/* A short write outside the server's writer, for the command line beside a running server: BEGIN IMMEDIATE, run, COMMIT. */
enum err db_transact(struct db *db, enum err (*run)(struct db *db, void *self, struct error *e), void *self, struct error *e) MUST_CHECK;

/* Transactions, for writer and migrate. db_undo_all also clears what a failure left half open. */
enum err db_begin(struct db *db, struct error *e) MUST_CHECK; /* takes the write lock at once */
enum err db_commit(struct db *db, struct error *e) MUST_CHECK; /* durable when it returns ERR_OK */
void db_undo_all(struct db *db);
bool db_in_transaction(const struct db *db);
enum err db_mark(struct db *db, struct error *e) MUST_CHECK;      /* a savepoint; they do not nest */
enum err db_mark_keep(struct db *db, struct error *e) MUST_CHECK;
enum err db_mark_undo(struct db *db, struct error *e) MUST_CHECK;

bool db_has_table(struct db *db, const char *name);

/* Runs a migration's text inside a transaction. It may neither begin, end nor leave it, nor attach anything; the foreign
 * keys must hold afterwards. The message names the migration's fault in the engine's words: for an admin's terminal. */
enum err db_script(struct db *db, const char *text, struct error *e) MUST_CHECK;

/* A number that changes when another connection has committed (SQLite: PRAGMA data_version). */
enum err db_version(struct db *db, int64_t *out, struct error *e) MUST_CHECK;

/* Copies the whole database, as one committed picture, into a new file of mode 0600, checks the copy and only then gives it
 * its name. ERR_CONFLICT when `path` exists. */
enum err db_copy(struct db *db, const char *path, struct error *e) MUST_CHECK;
/* Reads everything once: ERR_CORRUPT with the first contradiction. Slow on a large database. */
enum err db_check(struct db *db, struct error *e) MUST_CHECK;
enum db_log {
	DB_LOG_SHORT,
	DB_LOG_LONG,     /* it is time to write it back */
	DB_LOG_TOO_LONG, /* whoever writes must wait for that, or it grows without end */
};
/* From now on commits of this connection leave the log as long as it is, and db_log_due says when to do something about it: for a
 * writer that has the log written back by another thread. Other DB_WRITE connections do so themselves when they find it long. */
void db_leave_log(struct db *db);
/* By the last commit of this connection. What is not DB_LOG_SHORT is said once, and again when the log has grown further. */
enum db_log db_log_due(struct db *db);
/* Writes into the database file what no reader needs in the log any more, and syncs it; waits for nobody. *all: nothing was
 * left, so the next write begins the log anew if no reader is in it. ERR_BUSY: another connection is doing it. Only on a
 * DB_WRITE connection, outside a transaction. */
enum err db_write_back(struct db *db, bool *all, struct error *e) MUST_CHECK;
/* Writes the log back into the database file and empties it, so that what was deleted is gone from the disk. ERR_BUSY while
 * readers are in the way: try again later. Only on a DB_WRITE connection, outside a transaction. */
enum err db_truncate_log(struct db *db, struct error *e) MUST_CHECK;

#endif
