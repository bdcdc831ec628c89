#include "store/sql.h"

#include <assert.h>

static const struct sql table[] = {
#define SQL(name, rooms, text) { #name, rooms, text },
#include "store/sql.def"
#undef SQL
};

const struct sql *sql_of(enum sql_id id)
{
	assert((int)id < SQL_COUNT);
	return &table[id];
}
