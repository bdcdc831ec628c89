#include "desk/cells.h"

#include <stdlib.h>
#include <string.h>

static const char *const part_keys[CELL_PARTS] = { "lang", "topic", "when", "way", "script" };

int16_t cell_name(struct cell_names *names, struct slice name)
{
	if (name.len >= CELL_NAME_BYTES)
		return CELL_ANY;
	for (size_t i = 0; i < names->count; i++)
		if (slice_is(name, names->name[i]))
			return (int16_t)i;
	if (names->count == CELL_NAMES_MAX)
		return CELL_ANY;
	if (name.len)
		memcpy(names->name[names->count], name.ptr, name.len);
	names->name[names->count][name.len] = '\0';
	return (int16_t)names->count++;
}

/* ---- measuring ---- */

void cell_share(struct jv *v, const char *key, int64_t part, int64_t whole)
{
	if (whole >= CELL_MIN)
		jv_set(v, key, jv_real((double)part / (double)whole));
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* The p-th part of a hundred of sorted waits, by nearest rank. */
static int64_t rank_of(const int64_t *waits, size_t n, size_t p)
{
	size_t at = (n * p + 99) / 100;
	return waits[at ? at - 1 : 0];
}

/* Sorted; the caller frees them. NULL: out of memory. */
static int64_t *waits_of(const struct cell_row *rows, size_t n, bool staffed_only, size_t *count)
{
	int64_t *waits = calloc(n + 1, sizeof(*waits));
	*count = 0;
	if (!waits)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (rows[i].good && rows[i].answered && (rows[i].staffed || !staffed_only))
			waits[(*count)++] = rows[i].wait;
	qsort(waits, *count, sizeof(*waits), by_size);
	return waits;
}

bool cell_median(const struct cell_row *rows, size_t n, bool staffed_only, int64_t *out_ms)
{
	size_t count;
	int64_t *waits = waits_of(rows, n, staffed_only, &count);
	if (!waits)
		return false;
	*out_ms = count >= CELL_MIN ? rank_of(waits, count, 50) : 0;
	free(waits);
	return true;
}

bool cell_measure(struct jv *v, const struct cell_row *rows, size_t n, int64_t overall_ms)
{
	int64_t good = 0, answered = 0, due = 0, in_time = 0, held = 0, false_holds = 0;
	size_t count;
	int64_t *waits = waits_of(rows, n, false, &count);
	if (!waits)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct cell_row *r = &rows[i];
		held += r->held;
		false_holds += r->false_hold;
		good += r->good;
		answered += r->good && r->answered;
		due += r->good && r->due;
		in_time += r->good && r->due && r->answered && r->wait <= 86400 * 1000LL;
	}
	jv_set_int(v, "asked", (int64_t)n);
	jv_set_int(v, "good", good);
	jv_set_int(v, "answered", answered);
	cell_share(v, "answered_24h", in_time, due);
	if (count >= CELL_MIN) {
		int64_t median = rank_of(waits, count, 50);
		jv_set_int(v, "median_s", median / 1000);
		jv_set_int(v, "p90_s", rank_of(waits, count, 90) / 1000);
		if (overall_ms > 0)
			jv_set(v, "parity", jv_real((double)median / (double)overall_ms));
	}
	jv_set_int(v, "held", held);
	cell_share(v, "held_share", held, (int64_t)n);
	jv_set_int(v, "false_holds", false_holds);
	cell_share(v, "false_hold_share", false_holds, good);
	free(waits);
	return true;
}

/* ---- grouping ---- */

static int by_parts(const void *a, const void *b)
{
	const struct cell_row *x = a, *y = b;
	for (int i = 0; i < CELL_PARTS; i++)
		if (x->part[i] != y->part[i])
			return x->part[i] - y->part[i];
	return 0;
}

/* The end of the run of rows with the same parts that begins at `from`. */
static size_t run_end(const struct cell_row *rows, size_t n, size_t from)
{
	size_t end = from + 1;
	while (end < n && by_parts(&rows[from], &rows[end]) == 0)
		end++;
	return end;
}

static bool push(struct jv *list, const struct cell_row *rows, size_t n, const struct cell_names *names, int64_t overall_ms)
{
	struct jv *one = jv_object();
	for (int i = 0; i < CELL_PARTS; i++)
		if (rows->part[i] != CELL_ANY)
			jv_set_string(one, part_keys[i], names[i].name[rows->part[i]]);
	bool fits = cell_measure(one, rows, n, overall_ms);
	jv_push(list, one);
	return fits;
}

/* A copy that names the parts `from` to `to` alone. NULL: out of memory. */
static struct cell_row *copy_of(const struct cell_row *rows, size_t n, int from, int to)
{
	struct cell_row *copy = calloc(n + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < n; i++) {
		copy[i] = rows[i];
		for (int p = 0; p < CELL_PARTS; p++)
			if (p < from || p > to)
				copy[i].part[p] = CELL_ANY;
	}
	return copy;
}

/* Shows the groups that are large enough; those that are not lose the parts from `first` on, one after the other, until they are, or
 * nothing is left to lose. */
static struct jv *merge(struct cell_row *rows, size_t n, int first, int last, const struct cell_names *names, int64_t overall_ms)
{
	struct jv *list = jv_array();
	bool fits = rows != NULL;
	for (int drop = last; fits && n && drop >= first - 1; drop--) {
		size_t rest = 0;
		qsort(rows, n, sizeof(*rows), by_parts);
		for (size_t at = 0, end; fits && at < n; at = end) {
			end = run_end(rows, n, at);
			if (end - at >= CELL_MIN || drop < first) {
				fits = push(list, &rows[at], end - at, names, overall_ms);
				continue;
			}
			for (size_t i = at; i < end; i++) {
				rows[rest] = rows[i];
				rows[rest++].part[drop] = CELL_ANY;
			}
		}
		n = rest;
	}
	free(rows);
	if (!fits)
		jv_free(&list);
	return list;
}

struct jv *cells_by(const struct cell_row *rows, size_t n, enum cell_part part, const struct cell_names *names, int64_t overall_ms)
{
	return merge(copy_of(rows, n, part, part), n, part, part, names, overall_ms);
}

struct jv *cells_all(const struct cell_row *rows, size_t n, const struct cell_names *names, int64_t overall_ms)
{
	return merge(copy_of(rows, n, 0, CELL_DEPTH - 1), n, 0, CELL_DEPTH - 1, names, overall_ms);
}
