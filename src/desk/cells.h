/*
 * cells: tickets in groups that are large enough to say something about.
 *
 * A group of fewer than CELL_MIN tickets is merged with others before it is shown, and shares and waits are left out where even then
 * fewer would speak: a share of three people is gossip. Pure: no database, no clock. Any thread; the caller owns everything.
 */
#ifndef DESK_CELLS_H
#define DESK_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

enum { CELL_MIN = 20, CELL_NAMES_MAX = 64, CELL_NAME_BYTES = 101 };

/* What tickets are told apart by. The first four make a cell, and are dropped from the fourth to the first where it is too small. */
enum cell_part { CELL_LANG, CELL_TOPIC, CELL_WHEN, CELL_WAY, CELL_SCRIPT };
#define CELL_PARTS 5
#define CELL_DEPTH 4
/* The part says nothing: several values together. */
#define CELL_ANY INT16_MAX

/* The values of a part, by number. */
struct cell_names {
	char name[CELL_NAMES_MAX][CELL_NAME_BYTES];
	size_t count;
};
/* CELL_ANY when there is no room for one more, or the name is too long. An absent name is "". */
int16_t cell_name(struct cell_names *names, struct slice name);

struct cell_row {
	int16_t part[CELL_PARTS];
	bool good;        /* not (confirmed) spam */
	bool answered;    /* by a person, `wait` after it came */
	bool due;         /* answered, or a day old: it counts for the share that was answered within a day */
	bool held;        /* stopped by the machine, until a person looks */
	bool false_hold;  /* held or refused by the machine, and yet good: a person said so */
	bool staffed;     /* it came in an hour in which a helper was at work */
	int64_t wait;     /* ms */
};

/* Adds what is known of these rows to v: asked, good, answered, answered_24h?, median_s?, p90_s?, parity?, held, held_share?, false_holds,
 * false_hold_share?. parity: the median wait by overall_ms (0: leave it out). False: out of memory. */
bool cell_measure(struct jv *v, const struct cell_row *rows, size_t n, int64_t overall_ms) MUST_CHECK;
/* The median wait, in ms; 0 when too few were answered. staffed_only: of those that came while a helper was at work. False: out of memory. */
bool cell_median(const struct cell_row *rows, size_t n, bool staffed_only, int64_t *out_ms) MUST_CHECK;

/* Groups by one part; those too small together are one without a name, the last. NULL: out of memory. */
struct jv *cells_by(const struct cell_row *rows, size_t n, enum cell_part part, const struct cell_names *names, int64_t overall_ms) MUST_CHECK;
/* The cells: {lang?, topic?, when?, way?} and what cell_measure says. What a cell does not name was merged, because alone it was too
 * small. NULL: out of memory. */
struct jv *cells_all(const struct cell_row *rows, size_t n, const struct cell_names *names, int64_t overall_ms) MUST_CHECK;

/* Sets v[key] to part by whole, where the whole is large enough. */
void cell_share(struct jv *v, const char *key, int64_t part, int64_t whole);

#endif
