/*
 * db_driver: what an engine must do to serve as the store: one row of functions. db.c calls them and nothing else.
 *
 * `conn` is the driver's own connection. A driver maps its engine's errors to the codes db.h promises, keeps one
 * prepared statement per name and connection, and gives rows as they come. See db.h for what each function means.
 */
#ifndef STORE_DB_DRIVER_H
#define STORE_DB_DRIVER_H

#include "store/db.h"

struct db_driver {
	const char *name;
	enum err (*open)(const char *folder, enum db_mode mode, bool bare, void **conn, struct error *e);
	void (*close)(void *conn);

	/* Binds and hands out a statement that is ready to step. ERR_INTERNAL when it is already being read. */
	enum err (*start)(void *conn, enum sql_id id, const struct bind *binds, size_t n, void **stmt, struct error *e);
	enum err (*step)(void *conn, void *stmt, bool *row, struct error *e);
	void (*finish)(void *conn, void *stmt);
	int64_t (*changed)(void *conn);

	int64_t (*column_int)(void *stmt, int column);
	bool (*column_null)(void *stmt, int column);
	struct slice (*column_text)(void *stmt, int column);
	struct slice (*column_blob)(void *stmt, int column);

	enum err (*begin)(void *conn, bool write, struct error *e);
	enum err (*commit)(void *conn, struct error *e);
	void (*undo_all)(void *conn);
	bool (*in_transaction)(void *conn);
	enum err (*mark)(void *conn, struct error *e);
	enum err (*mark_keep)(void *conn, struct error *e);
	enum err (*mark_undo)(void *conn, struct error *e);

	bool (*has_table)(void *conn, const char *name);
	enum err (*script)(void *conn, const char *text, struct error *e);
	enum err (*version)(void *conn, int64_t *out, struct error *e);
	enum err (*copy)(void *conn, const char *path, struct error *e);
	enum err (*check)(void *conn, struct error *e);
	void (*leave_log)(void *conn);
	enum db_log (*log_due)(void *conn);
	enum err (*write_back)(void *conn, bool *all, struct error *e);
	enum err (*truncate_log)(void *conn, struct error *e);
};

#endif
