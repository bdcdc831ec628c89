#include "store/db.h"

#include <assert.h>
#include <stdlib.h>

#include "store/db_driver.h"
#include "store/db_sqlite.h"

struct db {
	const struct db_driver *driver;
	void *conn;
};

static enum err open_with(const char *folder, enum db_mode mode, bool bare, struct db **out, struct error *e)
{
	struct db *db = calloc(1, sizeof(*db));
	if (!db)
		return err_nomem(e);
	db->driver = &db_sqlite;
	enum err rc = db->driver->open(folder, mode, bare, &db->conn, e);
	if (rc) {
		free(db);
		return rc;
	}
	*out = db;
	return ERR_OK;
}

enum err db_open(const char *folder, enum db_mode mode, struct db **out, struct error *e)
{
	return open_with(folder, mode, false, out, e);
}

enum err db_open_bare(const char *folder, enum db_mode mode, struct db **out, struct error *e)
{
	return open_with(folder, mode, true, out, e);
}

void db_close(struct db **db)
{
	if (!*db)
		return;
	(*db)->driver->close((*db)->conn);
	free(*db);
	*db = NULL;
}

enum err db_run(struct db *db, enum sql_id id, const struct bind *binds, size_t n, int64_t *changed, struct error *e)
{
	void *stmt;
	enum err rc = db->driver->start(db->conn, id, binds, n, &stmt, e);
	if (rc)
		return rc;
	bool row;
	do
		rc = db->driver->step(db->conn, stmt, &row, e);
	while (rc == ERR_OK && row);
	if (rc == ERR_OK && changed)
		*changed = db->driver->changed(db->conn);
	db->driver->finish(db->conn, stmt);
	return rc;
}

enum err rows_open(struct db *db, struct rows *r, enum sql_id id, const struct bind *binds, size_t n, struct error *e)
{
	*r = (struct rows){ .db = db, .e = e };
	r->failed = db->driver->start(db->conn, id, binds, n, &r->stmt, e);
	return r->failed;
}

bool rows_next(struct rows *r)
{
	bool row = false;
	if (!r->stmt || r->failed)
		return false;
	r->failed = r->db->driver->step(r->db->conn, r->stmt, &row, r->e);
	return r->failed == ERR_OK && row;
}

enum err rows_close(struct rows *r)
{
	if (r->stmt)
		r->db->driver->finish(r->db->conn, r->stmt);
	r->stmt = NULL;
	return r->failed;
}

int64_t rows_int(struct rows *r, int column)
{
	return r->db->driver->column_int(r->stmt, column);
}

bool rows_null(struct rows *r, int column)
{
	return r->db->driver->column_null(r->stmt, column);
}

struct slice rows_text(struct rows *r, int column)
{
	return r->db->driver->column_text(r->stmt, column);
}

struct slice rows_blob(struct rows *r, int column)
{
	return r->db->driver->column_blob(r->stmt, column);
}

enum err db_int(struct db *db, enum sql_id id, const struct bind *binds, size_t n, int64_t *out, struct error *e)
{
	struct rows r;
	enum err rc = rows_open(db, &r, id, binds, n, e);
	if (rc)
		return rc;
	bool found = rows_next(&r);
	if (found)
		*out = rows_int(&r, 0);
	/* To the end: a statement that writes (RETURNING) is only done when it says so. */
	while (rows_next(&r))
		;
	rc = rows_close(&r);
	if (rc == ERR_OK && !found)
		return err_set(e, ERR_NOT_FOUND, "There is no such thing.");
	return rc;
}

enum err db_snapshot_begin(struct db *db, struct error *e)
{
	return db->driver->begin(db->conn, false, e);
}

void db_snapshot_end(struct db *db)
{
	db->driver->undo_all(db->conn);
}

enum err db_begin(struct db *db, struct error *e)
{
	return db->driver->begin(db->conn, true, e);
}

enum err db_commit(struct db *db, struct error *e)
{
	return db->driver->commit(db->conn, e);
}

void db_undo_all(struct db *db)
{
	db->driver->undo_all(db->conn);
}

bool db_in_transaction(const struct db *db)
{
	return db->driver->in_transaction(db->conn);
}

enum err db_mark(struct db *db, struct error *e)
{
	return db->driver->mark(db->conn, e);
}

enum err db_mark_keep(struct db *db, struct error *e)
{
	return db->driver->mark_keep(db->conn, e);
}

enum err db_mark_undo(struct db *db, struct error *e)
{
	return db->driver->mark_undo(db->conn, e);
}

enum err db_transact(struct db *db, enum err (*run)(struct db *db, void *self, struct error *e), void *self, struct error *e)
{
	assert(!db_in_transaction(db));
	/* A busy server lets go of the lock only for moments: wait for it more than once. */
	enum { TRIES = 5 };
	enum err rc = ERR_BUSY;
	for (int i = 0; i < TRIES && rc == ERR_BUSY; i++)
		rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = run(db, self, e);
	if (rc == ERR_OK)
		rc = db_commit(db, e);
	if (rc)
		db_undo_all(db);
	return rc;
}

bool db_has_table(struct db *db, const char *name)
{
	return db->driver->has_table(db->conn, name);
}

enum err db_script(struct db *db, const char *text, struct error *e)
{
	return db->driver->script(db->conn, text, e);
}

enum err db_version(struct db *db, int64_t *out, struct error *e)
{
	return db->driver->version(db->conn, out, e);
}

enum err db_copy(struct db *db, const char *path, struct error *e)
{
	return db->driver->copy(db->conn, path, e);
}

enum err db_check(struct db *db, struct error *e)
{
	return db->driver->check(db->conn, e);
}

void db_leave_log(struct db *db)
{
	db->driver->leave_log(db->conn);
}

enum db_log db_log_due(struct db *db)
{
	return db->driver->log_due(db->conn);
}

enum err db_write_back(struct db *db, bool *all, struct error *e)
{
	return db->driver->write_back(db->conn, all, e);
}

enum err db_truncate_log(struct db *db, struct error *e)
{
	return db->driver->truncate_log(db->conn, e);
}
