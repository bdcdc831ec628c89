/*
 * demo: a desk full of examples, so that a visitor or a developer sees every page with something on it.
 *
 * Everything goes through the same functions as real requests: questions are screened, claims are leases, words are logged.
 */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include "desk/desk.h"

/* Makes people, questions in several languages, a running talk, a closed one, held and refused ones. Does nothing where
 * there are accounts already. `db` is any connection. *password (in the arena) is the one all demo accounts share; NULL
 * when nothing was done. */
enum err demo_seed(struct desk *d, struct db *db, struct arena *a, char **password, struct error *e) MUST_CHECK;

#endif
