#include "desk/figures.h"

#include <stdlib.h>

#include "desk/state.h"
#include "spam/verdict.h"

static const int64_t DAY_MS = 86400 * 1000LL;

struct cell {
	char lang[36];
	int64_t asked, good, answered, due, in_time, held, false_holds, refused, spam;
	int64_t *waits; /* heap; in ms */
	size_t wait_count, wait_cap;
};

static bool wait_add(struct cell *c, int64_t ms)
{
	if (c->wait_count == c->wait_cap) {
		size_t cap = c->wait_cap ? c->wait_cap * 2 : 64;
		int64_t *more = reallocarray(c->waits, cap, sizeof(*more));
		if (!more)
			return false;
		c->waits = more;
		c->wait_cap = cap;
	}
	c->waits[c->wait_count++] = ms;
	return true;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* The p-th part of a hundred of sorted waits, by nearest rank. */
static int64_t rank_of(const struct cell *c, size_t p)
{
	size_t at = (c->wait_count * p + 99) / 100;
	return c->waits[at ? at - 1 : 0];
}

static void share(struct jv *v, const char *key, int64_t part, int64_t whole)
{
	if (whole >= FIGURES_CELL_MIN)
		jv_set(v, key, jv_real((double)part / (double)whole));
}

struct ticket_row {
	enum ticket_state state;
	bool judged_hold, judged_reject, answered;
	int64_t asked, wait, now;
};

static bool count_in(struct cell *c, const struct ticket_row *t)
{
	bool refused = t->state == TICKET_REJECTED || t->state == TICKET_SPAM;
	bool open = t->state == TICKET_QUEUED || t->state == TICKET_LIVE || t->state == TICKET_SNOOZED || t->state == TICKET_CLOSED;
	c->asked++;
	c->spam += t->state == TICKET_SPAM;
	c->refused += t->judged_reject;
	c->held += t->judged_hold;
	c->good += !refused;
	/* Held or refused by the machine, and yet in the open: a person saw that it was good. */
	c->false_holds += (t->judged_hold || t->judged_reject) && open;
	if (refused)
		return true;
	c->answered += t->answered;
	if (t->answered || t->now - t->asked >= DAY_MS) {
		c->due++;
		c->in_time += t->answered && t->wait <= DAY_MS;
	}
	return !t->answered || wait_add(c, t->wait);
}

static void cell_json(struct jv *v, struct cell *c, int64_t overall_median)
{
	jv_set_int(v, "asked", c->asked);
	jv_set_int(v, "good", c->good);
	jv_set_int(v, "answered", c->answered);
	share(v, "answered_24h", c->in_time, c->due);
	if (c->wait_count >= FIGURES_CELL_MIN) {
		qsort(c->waits, c->wait_count, sizeof(*c->waits), by_size);
		jv_set_int(v, "median_s", rank_of(c, 50) / 1000);
		jv_set_int(v, "p90_s", rank_of(c, 90) / 1000);
		if (overall_median > 0)
			jv_set(v, "parity", jv_real((double)rank_of(c, 50) / (double)overall_median));
	}
	jv_set_int(v, "held", c->held);
	share(v, "held_share", c->held, c->asked);
	jv_set_int(v, "false_holds", c->false_holds);
	share(v, "false_hold_share", c->false_holds, c->good);
}

/* The cell of a language; the last place takes whatever finds no room. */
static struct cell *cell_of(struct cell *cells, size_t *count, struct slice lang)
{
	if (!lang.len || lang.len >= sizeof(cells->lang))
		lang = SLICE("und");
	for (size_t i = 0; i < *count; i++) {
		if (slice_is(lang, cells[i].lang))
			return &cells[i];
	}
	if (*count == FIGURES_LANGS_MAX)
		return &cells[FIGURES_LANGS_MAX - 1];
	struct cell *c = &cells[(*count)++];
	memcpy(c->lang, lang.ptr, lang.len);
	return c;
}

static bool merge(struct cell *into, const struct cell *c)
{
	into->asked += c->asked;
	into->good += c->good;
	into->answered += c->answered;
	into->due += c->due;
	into->in_time += c->in_time;
	into->held += c->held;
	into->false_holds += c->false_holds;
	for (size_t i = 0; i < c->wait_count; i++) {
		if (!wait_add(into, c->waits[i]))
			return false;
	}
	return true;
}

static int larger_first(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x < y) - (x > y);
}

/* Claims, how many were free picks, and how evenly they fall on people. */
static enum err load_json(struct db *db, int64_t since, struct jv *v, struct error *e)
{
	enum { HELPERS_MAX = 4096 };
	int64_t *claims = calloc(HELPERS_MAX, sizeof(*claims)), total = 0, picks = 0, top = 0;
	size_t helpers = 0;
	struct rows r;
	if (!claims)
		return err_nomem(e);
	enum err err = rows_open(db, &r, SQL_FIGURES_CLAIMS, BINDS(b_int(since)), e);
	if (!err) {
		while (helpers < HELPERS_MAX && rows_next(&r)) {
			claims[helpers++] = rows_int(&r, 0);
			total += rows_int(&r, 0);
			picks += rows_int(&r, 1);
		}
		err = rows_close(&r);
	}
	qsort(claims, helpers, sizeof(*claims), larger_first);
	for (size_t i = 0; i < (helpers + 9) / 10; i++)
		top += claims[i];
	free(claims);
	jv_set_int(v, "claims", total);
	jv_set_int(v, "picks", picks);
	share(v, "pick_share", picks, total);
	jv_set_int(v, "helpers", (int64_t)helpers);
	share(v, "top_tenth_share", top, total);
	return err;
}

enum err figures_json(struct desk *d, struct db *db, int days, struct jv **out, struct error *e)
{
	(void)d;
	int64_t now = clock_wall_ms(), since = now - days * DAY_MS, oldest = 0;
	struct cell *cells = calloc(FIGURES_LANGS_MAX + 2, sizeof(*cells));
	struct jv *v = jv_object(), *list = jv_array();
	size_t count = 0;
	bool fits = true;
	struct rows r;
	*out = NULL;
	enum err err = cells ? ERR_OK : err_nomem(e);
	if (err)
		goto out;
	struct cell *all = &cells[FIGURES_LANGS_MAX], *other = &cells[FIGURES_LANGS_MAX + 1];
	if ((err = rows_open(db, &r, SQL_FIGURES_TICKETS, BINDS(b_int(since), b_int(FIGURES_TICKETS_MAX)), e)))
		goto out;
	while (fits && rows_next(&r)) {
		enum action judged = (enum action)rows_int(&r, 4);
		struct ticket_row t = { .state = state_read(rows_text(&r, 1)), .asked = rows_int(&r, 2), .now = now,
			.answered = !rows_null(&r, 3), .wait = rows_int(&r, 3) - rows_int(&r, 2),
			.judged_hold = judged == ACTION_HOLD || judged == ACTION_CHALLENGE, .judged_reject = judged == ACTION_REJECT };
		fits = count_in(cell_of(cells, &count, rows_text(&r, 0)), &t) && count_in(all, &t);
	}
	if ((err = rows_close(&r)))
		goto out;
	jv_set_int(v, "days", days);
	cell_json(v, all, 0);
	jv_set_int(v, "refused", all->refused);
	jv_set_int(v, "spam", all->spam);
	int64_t median = all->wait_count >= FIGURES_CELL_MIN ? rank_of(all, 50) : 0;
	for (size_t i = 0; fits && i < count; i++) {
		if (cells[i].asked >= FIGURES_CELL_MIN) {
			struct jv *one = jv_set_string(jv_object(), "lang", cells[i].lang);
			cell_json(one, &cells[i], median);
			jv_push(list, one);
		} else {
			fits = merge(other, &cells[i]);
		}
	}
	if (other->asked) {
		struct jv *one = jv_set_string(jv_object(), "lang", "other");
		cell_json(one, other, median);
		jv_push(list, one);
	}
	jv_set(v, "by_lang", list);
	list = NULL;
	err = db_int(db, SQL_FIGURES_OLDEST, NO_BINDS, &oldest, e);
	if (!err && oldest)
		jv_set_int(v, "oldest_s", (now - oldest) / 1000);
	if (err == ERR_NOT_FOUND)
		err = ERR_OK;
	if (!err)
		err = load_json(db, since, v, e);
	if (!err && !fits)
		err = err_nomem(e);
	if (!err) {
		*out = v;
		v = NULL;
	}
out:
	for (size_t i = 0; cells && i < FIGURES_LANGS_MAX + 2; i++)
		free(cells[i].waits);
	free(cells);
	jv_free(&v);
	jv_free(&list);
	return err;
}
