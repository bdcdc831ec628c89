/*
 * sql: the named statements as a table, for the drivers and for the lint. The only text of SQL outside migrations/.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include "store/db.h"

struct sql {
	const char *name;  /* "TICKET_BY_ID" */
	const char *rooms; /* who may use it: "desk/ticket desk/queue" */
	const char *text;
};

/* Static, never NULL; `id` below SQL_COUNT. */
const struct sql *sql_of(enum sql_id id);

#endif
