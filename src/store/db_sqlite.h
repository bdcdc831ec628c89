/*
 * db_sqlite: the driver for SQLite 3.40, the only room that includes sqlite3.h.
 *
 * Numbered invariants:
 *  1. The database is in WAL mode; a DB_WRITE connection has synchronous=FULL, so a commit that returned is on disk (P1).
 *  2. A DB_READ connection cannot write: opened read-only, query_only, and its authorizer refuses to prepare a write.
 *  3. After opening, no connection but a bare one may change the schema, attach or detach, or run a pragma (authorizer).
 *  4. Values are bound, never spliced. Every statement is named in sql.def.
 *  5. Foreign keys are enforced, except in a bare connection, where db_script checks them after the script.
 *  6. Nothing is mapped into memory: a disk error is an error code, not a signal, and idle memory stays small.
 *
 * Deleted content is overwritten (secure_delete), which erasure relies on.
 */
#ifndef STORE_DB_SQLITE_H
#define STORE_DB_SQLITE_H

#include "store/db_driver.h"

extern const struct db_driver db_sqlite;

#endif
