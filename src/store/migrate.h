/*
 * migrate: brings the database's schema to what this binary was built with.
 *
 * Migrations are the embedded files migrations/NNNN_name.sql, numbered from 0001 without gaps, forward-only. What was
 * applied is remembered with its SHA-256 in the table `migrations`. Each runs in one transaction together with its
 * row there: it is applied or it is not. A database that knows a migration this binary does not (a newer Porchlight),
 * or one whose text has changed since it was applied, is refused with ERR_CONFLICT and words for the admin.
 *
 * Only while nobody else uses the database: the caller holds the lock on the data folder.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "base/err.h"
#include "base/slice.h"

struct migration {
	int number;
	char name[64]; /* "0001_tickets" */
	struct slice text;
};

struct migrate_state {
	int applied;  /* how many the database has */
	int pending;  /* how many it lacks */
	int known;    /* how many this binary has */
	char next[64]; /* the first pending one's name, or "" */
};

/* Looks without changing anything; a missing or empty database has everything pending. */
enum err migrate_check(const char *folder, struct migrate_state *out, struct error *e) MUST_CHECK;
/* Applies what is pending, in order. `done` (may be NULL) is told of each one after its commit. */
enum err migrate_run(const char *folder, void (*done)(const char *name, void *ctx), void *ctx, struct error *e) MUST_CHECK;

/* The same with a given list instead of the embedded one: for tests. */
enum err migrate_run_list(const char *folder, const struct migration *list, size_t n,
	void (*done)(const char *name, void *ctx), void *ctx, struct error *e) MUST_CHECK;
enum err migrate_check_list(const char *folder, const struct migration *list, size_t n, struct migrate_state *out,
	struct error *e) MUST_CHECK;

#endif
