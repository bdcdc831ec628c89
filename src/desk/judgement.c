#include "desk/judgement.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/audit.h"
#include "desk/learning.h"
#include "desk/proof.h"
#include "desk/repeat.h"
#include "desk/report.h"
#include "desk/sameness.h"
#include "desk/rule_figures.h"
#include "desk/talk.h"
#include "desk/ticket.h"
#include "desk/trial.h"
#include "spam/verdict.h"

enum {
	PAGE_DEFAULT = 50,
	PAGE_MAX = 100,
	FOLD_WINDOW = 500, /* rows looked at for one folded page */
	NEAR_MAX = 200,    /* near copies named in one row */
	REASONS_MAX = 6,
	CHUNK = 50,        /* items of one command: a bulk decision must not keep the writer from others */
	GROUP_BYTES = 12
};

static const char *const list_names[HELD_LISTS] = { "held", "challenged", "rejected", "appeals", "reports", "trial" };

bool held_list_read(struct slice name, enum held_list *out)
{
	for (int i = 0; name.ptr && i < HELD_LISTS; i++)
		if (slice_is(name, list_names[i])) {
			*out = (enum held_list)i;
			return true;
		}
	return false;
}

/* --- lists ------------------------------------------------------------------------------------------------------------ */

static int by_start(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

static size_t char_start(struct slice s, size_t at)
{
	while (at > 0 && at < s.len && ((unsigned char)s.ptr[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static size_t char_end(struct slice s, size_t at)
{
	while (at < s.len && ((unsigned char)s.ptr[at] & 0xc0) == 0x80)
		at++;
	return at;
}

/* `text` cut at the words that hits of that field saw. Overlapping marks become one, named after the first. */
static struct jv *parts_json(struct arena *a, struct slice text, const struct verdict *v, const char *field)
{
	struct jv *list = jv_array();
	size_t n = 0, at = 0;
	struct mark *marks = arena_array(a, VERDICT_MARKS_MAX, sizeof(*marks));

	if (!marks) {
		jv_free(&list);
		return NULL;
	}
	for (size_t i = 0; v && i < v->mark_count; i++)
		if (strcmp(v->marks[i].field, field) == 0 && v->marks[i].end > v->marks[i].start && v->marks[i].end <= text.len)
			marks[n++] = v->marks[i];
	qsort(marks, n, sizeof(*marks), by_start);
	for (size_t i = 0; i < n;) {
		size_t from = char_start(text, marks[i].start), to = marks[i].end;
		struct slice rule = marks[i].rule;
		for (i++; i < n && marks[i].start <= to; i++)
			if (marks[i].end > to)
				to = marks[i].end;
		to = char_end(text, to);
		if (from < at)
			from = at;
		if (from > at)
			jv_push(list, jv_set_text(jv_object(), "text", slice_make(text.ptr + at, from - at)));
		if (to > from) {
			struct jv *part = jv_set_text(jv_object(), "text", slice_make(text.ptr + from, to - from));
			jv_push(list, jv_set_text(jv_set_bool(part, "mark", true), "rule", rule));
		}
		at = to > at ? to : at;
	}
	if (at < text.len)
		jv_push(list, jv_set_text(jv_object(), "text", slice_from(text, at)));
	return list;
}

/* In words, the weightiest first. */
static struct jv *reasons_json(const struct verdict *v)
{
	struct jv *list = jv_array();
	double below = 1e9;

	for (int k = 0; k < REASONS_MAX; k++) {
		double best = 0;
		for (size_t i = 0; i < v->hit_count; i++)
			if (v->hits[i].score < below && v->hits[i].score > best)
				best = v->hits[i].score;
		if (best <= 0)
			break;
		for (size_t i = 0; i < v->hit_count; i++)
			if (v->hits[i].score >= best && v->hits[i].score <= best)
				jv_push(list, jv_text(v->hits[i].describe.len ? v->hits[i].describe : v->hits[i].rule));
		below = best;
	}
	for (size_t i = 0; i < v->guard_count; i++)
		jv_push(list, jv_text(v->guards[i].words));
	return list;
}

static struct jv *guards_json(const struct verdict *v)
{
	struct jv *list = jv_array();

	for (size_t i = 0; i < v->guard_count; i++)
		jv_push(list, jv_set_text(jv_set_text(jv_object(), "name", v->guards[i].name), "words", v->guards[i].words));
	return list;
}

static struct jv *hits_json(const struct verdict *v)
{
	struct jv *list = jv_array();

	for (size_t i = 0; i < v->hit_count; i++) {
		const struct hit *h = &v->hits[i];
		struct jv *x = jv_set_text(jv_object(), "rule", h->rule);
		jv_set(x, "score", jv_real(h->score));
		jv_set(x, "weight", jv_real(h->weight));
		jv_set_int(x, "count", h->count);
		jv_set_string(x, "class", evidence_name(h->evidence));
		jv_set_text(x, "where", h->where);
		jv_set_text(x, "text", h->text);
		jv_set_text(x, "describe", h->describe);
		if (h->printed.len)
			jv_set_text(x, "printed", h->printed);
		jv_push(list, x);
	}
	return list;
}

static struct jv *id_json(int64_t id)
{
	char text[24];
	return jv_text(slice_make(text, (size_t)snprintf(text, sizeof(text), "%" PRId64, id)));
}

struct item {
	int64_t ticket, n, at, masked;
	bool known; /* can be known again */
	uint16_t minhash[TWIN_HASHES];
	size_t near_of; /* index of the row it is folded into, or its own */
};

/* Who reported it and in which words; also among the reasons. */
static enum err add_reports(struct db *db, struct arena *a, const struct item *it, struct jv *v, struct error *e)
{
	struct jv *list = jv_array();
	struct rows r;
	enum err err = rows_open(db, &r, SQL_REPORT_OF, BINDS(b_int(it->ticket), b_int(it->n)), e);

	while (!err && rows_next(&r)) {
		struct slice name = rows_text(&r, 1), words = rows_text(&r, 2);
		bool asker = rows_int(&r, 0) == 0, desk = rows_int(&r, 0) == REPORT_BY_DESK;
		struct jv *x = jv_set_string(jv_object(), "by", asker ? "asker" : desk ? "desk" : "helper");
		if (!asker && !desk)
			jv_set_text(x, "name", name);
		jv_set_text(x, "reason", words);
		jv_push(list, jv_set_time(x, "at", rows_int(&r, 3)));
		char *said = desk ? arena_printf(a, "Noticed by the desk: %.*s", SLICE_ARG(words))
			     : asker ? arena_printf(a, "Reported by the asker: %.*s", SLICE_ARG(words))
				   : arena_printf(a, "Reported by %.*s: %.*s", SLICE_ARG(name), SLICE_ARG(words));
		jv_push(jv_get(v, "reasons"), jv_string(said));
	}
	jv_set(v, "reports", list);
	return err ? err : rows_close(&r);
}

/* Who was on trial, and why it is on the list. */
static enum err add_trial(struct db *db, int64_t ticket, struct jv *v, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_TRIAL_OF, BINDS(b_int(ticket)), e);

	if (err)
		return err;
	if (rows_next(&r)) {
		struct jv *by = jv_set_text(jv_set(jv_object(), "id", id_json(rows_int(&r, 0))), "name", rows_text(&r, 1));
		struct jv *x = jv_set(jv_object(), "by", by);
		jv_set(v, "trial", jv_set_string(x, "why", trial_why_name((enum trial_why)rows_int(&r, 2))));
	}
	return rows_close(&r);
}

static enum err read_verdict(struct arena *a, struct slice text, struct verdict **out)
{
	struct jv *v = NULL;
	enum err err;

	*out = NULL;
	if (!text.ptr)
		return ERR_OK;
	err = jv_parse(text, 16, &v, NULL);
	if (!err)
		err = verdict_read(a, v, out, NULL);
	jv_free(&v);
	/* A verdict that cannot be read must not hide the text from its moderators. */
	return err == ERR_NOMEM ? ERR_NOMEM : ERR_OK;
}

/* The words of the appeal, and what they gave rise to themselves. */
static enum err add_appeal(struct db *db, struct arena *a, int64_t ticket, struct jv *x, struct error *e)
{
	struct verdict *v = NULL;
	struct rows r;
	enum err err = rows_open(db, &r, SQL_JUDGEMENT_APPEAL, BINDS(b_int(ticket)), e), end;

	if (err)
		return err;
	if (rows_next(&r)) {
		jv_set_text(x, "appeal", rows_text(&r, 0));
		err = read_verdict(a, rows_text(&r, 1), &v);
	}
	for (size_t i = 0; v && i < v->hit_count; i++) {
		const struct slice words = v->hits[i].describe.len ? v->hits[i].describe : v->hits[i].rule;
		const char *said = arena_printf(a, "In the appeal: %.*s", SLICE_ARG(words));

		if (said && !v->hits[i].quiet)
			jv_push(jv_get(x, "reasons"), jv_string(said));
	}
	if (v && v->harm)
		jv_set_bool(x, "harm", true);
	end = rows_close(&r);
	return err == ERR_NOMEM ? err_nomem(e) : end;
}

/* What follows from the reports by itself. */
static enum err add_pause(struct db *db, int64_t account, struct jv *v, struct error *e)
{
	bool paused = false;
	enum err err = account ? report_paused(db, account, &paused, e) : ERR_OK;

	if (paused) {
		jv_set_bool(v, "paused", true);
		jv_push(jv_get(v, "reasons"), jv_string("Several people reported this helper, who is given nobody new until enough of the reports are judged."));
	}
	return err;
}

static enum err item_json(struct db *db, struct arena *a, const struct item *it, enum held_list list, struct jv **out, struct error *e)
{
	struct verdict *v = NULL;
	struct jv *x = NULL;
	struct rows r;
	int64_t author = 0;
	enum err err = rows_open(db, &r, SQL_JUDGEMENT_ITEM, BINDS(b_int(it->ticket), b_int(it->n)), e), end;

	*out = NULL;
	if (err)
		return err;
	if (rows_next(&r)) {
		struct slice body = rows_text(&r, 7), title = it->n == 1 ? rows_text(&r, 2) : SLICE_NONE;
		err = read_verdict(a, rows_text(&r, 11), &v);
		author = rows_int(&r, 13);
		x = jv_set(jv_object(), "ticket", id_json(it->ticket));
		jv_set_int(x, "n", it->n);
		jv_set_text(x, "state", rows_text(&r, 0));
		jv_set_text(x, "why", rows_text(&r, 1));
		jv_set_text(x, "title", rows_text(&r, 2));
		jv_set_text(x, "lang", rows_text(&r, 3));
		jv_set_text(x, "topic", rows_text(&r, 4));
		jv_set_text(x, "name", it->n == 1 || slice_is(rows_text(&r, 9), "asker") ? rows_text(&r, 5) : rows_text(&r, 10));
		jv_set_text(x, "page", rows_text(&r, 6));
		jv_set_text(x, "author", rows_text(&r, 9));
		jv_set_time(x, "at", rows_int(&r, 8));
		if (it->n == 1 && rows_int(&r, 12))
			jv_set_bool(x, "overdue", true);
		jv_set_text(x, "body", body);
		if (body.ptr)
			jv_set(x, "parts", parts_json(a, body, v, "body"));
		if (title.ptr)
			jv_set(x, "title_parts", parts_json(a, title, v, "title"));
		if (v) {
			jv_set(x, "score", jv_real(v->score));
			jv_set_string(x, "action", action_name(v->action));
			jv_set(x, "reasons", reasons_json(v));
			jv_set(x, "hits", hits_json(v));
			jv_set(x, "guards", guards_json(v));
			if (v->harm)
				jv_set_bool(x, "harm", true);
		} else {
			jv_set(jv_set(x, "reasons", jv_array()), "hits", jv_array());
		}
	}
	end = rows_close(&r);
	if (!err)
		err = end;
	if (!err && x && (list == HELD_APPEALS || list == HELD_CHALLENGED))
		err = add_appeal(db, a, it->ticket, x, e);
	if (!err && x && list == HELD_REPORTS)
		err = add_reports(db, a, it, x, e);
	if (!err && x && list == HELD_REPORTS)
		err = add_pause(db, author, x, e);
	if (!err && x && list == HELD_TRIAL)
		err = add_trial(db, it->ticket, x, e);
	if (err)
		jv_free(&x);
	*out = x;
	return err == ERR_NOMEM ? err_nomem(e) : err;
}

static bool read_cursor(struct slice s, struct item *at)
{
	char text[80];

	if (s.len >= sizeof(text))
		return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = 0;
	int used = 0;
	return sscanf(text, "%20" SCNd64 ".%20" SCNd64 ".%20" SCNd64 "%n", &at->at, &at->ticket, &at->n, &used) == 3 && (size_t)used == s.len;
}

static int class_of(struct slice reason)
{
	for (int c = 0; c < EVIDENCE_COUNT; c++)
		if (slice_is(reason, evidence_name((enum evidence)c)))
			return c;
	return EVIDENCE_COUNT;
}

static enum err read_page(struct db *db, const struct held_query *q, size_t max, struct item *items, size_t *count, struct error *e)
{
	bool newest = q->list == HELD_REJECTED;
	struct item at = { 0 };
	int class = q->reason.len ? class_of(q->reason) : -1;
	struct rows r;
	enum err err;

	at.at = INT64_MIN;
	if (newest)
		at.at = at.ticket = at.n = INT64_MAX;
	if (class == EVIDENCE_COUNT)
		return err_field(e, ERR_INVALID, "reason", "The reasons are rule, url, shape, sameness, behaviour, learned and opinion.");
	if (q->cursor.len && !read_cursor(q->cursor, &at))
		return err_field(e, ERR_INVALID, "cursor", "That is not a cursor of this list.");
	err = rows_open(db, &r, newest ? SQL_JUDGEMENT_NEWEST : SQL_JUDGEMENT_OLDEST,
		BINDS(b_int(q->list), b_text(q->rule.len ? q->rule : SLICE("")), b_int(class), b_int(at.at), b_int(at.ticket), b_int(at.n), b_int((int64_t)max)), e);
	if (err)
		return err;
	*count = 0;
	while (*count < max && rows_next(&r)) {
		struct item *it = &items[*count];
		*it = (struct item){ .ticket = rows_int(&r, 0), .n = rows_int(&r, 1), .at = rows_int(&r, 2), .masked = rows_int(&r, 3),
			.near_of = *count };
		it->known = twin_sign_read(rows_blob(&r, 4), it->minhash);
		++*count;
	}
	return rows_close(&r);
}

enum err judgement_counts(struct db *db, struct jv **out, struct error *e)
{
	struct jv *v = jv_object();
	struct rows r;
	int64_t harm = 0;
	enum err err = rows_open(db, &r, SQL_JUDGEMENT_COUNTS, NO_BINDS, e);

	for (int i = 0; i < HELD_LISTS; i++)
		jv_set_int(v, list_names[i], 0);
	if (!err) {
		while (rows_next(&r)) {
			int64_t list = rows_int(&r, 0);
			int64_t urgent = rows_int(&r, 2);
			if (list < 0 || list >= HELD_LISTS)
				continue;
			jv_set_int(v, list_names[list], rows_int(&r, 1));
			if (urgent && !harm)
				jv_set_string(v, "harm_list", list_names[list]);
			harm += urgent;
		}
		jv_set_int(v, "harm", harm);
		err = rows_close(&r);
	}
	if (!err && !v)
		err = err_nomem(e);
	if (err)
		jv_free(&v);
	*out = v;
	return err;
}

enum err judgement_held(struct db *db, struct arena *a, const struct held_query *q, struct jv **out, struct error *e)
{
	size_t limit = q->limit > 0 && q->limit <= PAGE_MAX ? (size_t)q->limit : PAGE_DEFAULT, count = 0, heads = 0, used = 0;
	bool fold = q->fold && q->list != HELD_TRIAL; /* conversations on alike questions are not alike */
	size_t window = fold ? FOLD_WINDOW : limit + 1;
	struct item *items = arena_array(a, window, sizeof(*items));
	struct jv *v = jv_object(), *list = jv_array(), *counts = NULL;
	struct jv **rows_of;
	enum err err;

	rows_of = arena_array(a, window, sizeof(struct jv *));
	err = items && rows_of ? read_page(db, q, window, items, &count, e) : err_nomem(e);
	/* One row for each cluster of near copies; the page ends where another row would begin. A text is compared with heads only, so that
	 * a chain of small changes does not fold what is not alike. */
	for (; !err && used < count; used++) {
		struct item *it = &items[used];
		for (size_t k = 0; fold && it->known && k < used; k++)
			if (items[k].near_of == k && items[k].known &&
				(items[k].masked == it->masked || twin_near(items[k].minhash, it->minhash))) {
				it->near_of = k;
				break;
			}
		if (it->near_of != used)
			continue;
		if (heads == limit)
			break;
		heads++;
		err = item_json(db, a, it, q->list, &rows_of[used], e);
	}
	for (size_t i = 0; !err && i < used; i++) {
		struct jv *head = rows_of[items[i].near_of];
		if (items[i].near_of == i || !head)
			continue;
		if (!jv_get(head, "near"))
			jv_set(head, "near", jv_array());
		if (jv_size(jv_get(head, "near")) < NEAR_MAX)
			jv_push(jv_get(head, "near"), jv_set_int(jv_set(jv_object(), "ticket", id_json(items[i].ticket)), "n", items[i].n));
	}
	for (size_t i = 0; rows_of && i < used && i < count; i++)
		if (rows_of[i])
			jv_push(list, rows_of[i]);
	if (!err)
		err = judgement_counts(db, &counts, e);
	jv_set(v, "items", list);
	jv_set(v, "counts", counts);
	if (!err && used > 0 && (used < count || count == window)) {
		char cursor[80];
		const struct item *last = &items[used - 1];
		snprintf(cursor, sizeof(cursor), "%" PRId64 ".%" PRId64 ".%" PRId64, last->at, last->ticket, last->n);
		jv_set_string(v, "cursor", cursor);
	}
	if (!err && !v)
		err = err_nomem(e);
	if (err)
		jv_free(&v);
	*out = v;
	return err;
}

/* --- deciding ---------------------------------------------------------------------------------------------------------- */

struct giving {
	struct desk *desk;
	const struct actor *who;
	struct repeat *repeat;
	const struct judgement_item *items;
	size_t count, next;         /* next: the first that is not judged yet */
	enum label label;
	bool trust;
	char undo[32];
	int64_t changed, kept, own; /* own: of the kept ones, appeals against the judge's own decision */
	char from[REPEAT_ANSWER_BYTES]; /* undo, next and the counts at the beginning of a chunk */
};

static enum err count_rules(struct db *db, int64_t ticket, int64_t n, enum stored_label label, int64_t sign, struct error *e)
{
	int64_t spam = label == STORED_SPAM ? sign : 0, ham = label == STORED_HAM ? sign : 0;
	enum err err = db_run(db, SQL_JUDGEMENT_COUNT_RULES, BINDS(b_int(ticket), b_int(n), b_int(spam), b_int(ham)), NULL, e);

	return err ? err : rule_figures_judged(db, ticket, n, spam, ham, clock_wall_ms(), e);
}

static enum err last_label(struct db *db, int64_t ticket, int64_t n, enum stored_label *label, int64_t *account, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_JUDGEMENT_LAST, BINDS(b_int(ticket), b_int(n)), e);

	*label = STORED_NONE;
	*account = 0;
	if (err)
		return err;
	if (rows_next(&r)) {
		*label = (enum stored_label)rows_int(&r, 0);
		*account = rows_int(&r, 1);
	}
	return rows_close(&r);
}

/* An appeal is judged by somebody else than the one it is about, where there is somebody else. */
static enum err may_judge(struct db *db, const struct actor *who, int64_t ticket, bool appeal, bool *may, struct error *e)
{
	enum stored_label label;
	int64_t account, others = 0;
	enum err err = last_label(db, ticket, 1, &label, &account, e);

	*may = true;
	if (err || !appeal || label != STORED_SPAM || account != who->account)
		return err;
	err = db_int(db, SQL_JUDGEMENT_OTHERS, BINDS(b_int(who->account)), &others, e);
	*may = others == 0;
	return err;
}

/* Is there an open report about it? */
static enum err reported(struct db *db, int64_t ticket, int64_t n, bool *yes, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_REPORT_OF, BINDS(b_int(ticket), b_int(n)), e);

	if (err)
		return err;
	*yes = rows_next(&r);
	return rows_close(&r);
}

/* *entry: what was written, 0 for nothing. *done: the decision stands. */
static enum err judge_question(struct db *db, struct giving *g, int64_t ticket, int64_t now, int64_t *entry, bool *done, struct error *e)
{
	struct move m = { .ticket = ticket, .event = g->label == LABEL_SPAM ? EVENT_SPAM : EVENT_RELEASE, .by = BY_MODERATOR, .who = *g->who, .now = now };
	struct acted acted = { 0 };
	struct rows r;
	bool appeal = false, found, may = false;
	enum err err = rows_open(db, &r, SQL_JUDGEMENT_STATE, BINDS(b_int(ticket)), e);

	*done = false;
	*entry = 0;
	if (err)
		return err;
	found = rows_next(&r);
	if (found)
		appeal = rows_int(&r, 0) != 0;
	if ((err = rows_close(&r)))
		return err;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "There is no such conversation.");
	if ((err = may_judge(db, g->who, ticket, appeal, &may, e)))
		return err;
	if (!may) {
		g->own++;
		return ERR_OK;
	}
	err = ticket_move(db, &m, &acted, e);
	if (err == ERR_CONFLICT) /* nothing was written: its state allows no such step. A report is settled all the same */
		return g->label == LABEL_NONE ? ERR_OK : reported(db, ticket, 1, done, e);
	if (!err && g->label == LABEL_HAM)
		err = proof_mark(db, ticket, e);
	if (err)
		return err;
	*entry = acted.n;
	*done = true;
	return ERR_OK;
}

static enum err judge_line(struct db *db, const struct giving *g, int64_t ticket, int64_t n, int64_t now, int64_t *entry, bool *done, struct error *e)
{
	bool waiting = false, held = false;
	struct rows r;
	enum err err = rows_open(db, &r, SQL_JUDGEMENT_LINE, BINDS(b_int(ticket), b_int(n)), e);

	*done = false;
	*entry = 0;
	if (err)
		return err;
	if (rows_next(&r)) {
		waiting = rows_int(&r, 0);
		held = rows_text(&r, 2).ptr && slice_is(rows_text(&r, 2), "held");
	}
	if ((err = rows_close(&r)))
		return err;
	if (!waiting)
		return g->label == LABEL_NONE ? ERR_OK : reported(db, ticket, n, done, e);
	if (g->label != LABEL_SPAM && held) {
		if ((err = talk_release(db, ticket, n, now, e)))
			return err;
		*entry = 1;
	}
	*done = true;
	return ERR_OK;
}

static enum err teach(struct db *db, const struct giving *g, int64_t ticket, int64_t n, enum stored_label label, struct error *e)
{
	enum err err = label == STORED_NONE ? ERR_OK : sameness_teach(db, ticket, n, label, e);

	if (!err && label != STORED_NONE)
		err = learning_teach(g->desk, db, ticket, n, label, e);
	return err || label == STORED_NONE ? err : count_rules(db, ticket, n, label, 1, e);
}

static enum err judge_one(struct db *db, struct giving *g, const struct judgement_item *it, int64_t now, struct error *e)
{
	static const enum stored_label stored[] = { [LABEL_SPAM] = STORED_SPAM, [LABEL_HAM] = STORED_HAM, [LABEL_NONE] = STORED_NONE };
	static const char *const acts[] = { [STORED_NONE] = "judgement.let-in", [STORED_SPAM] = "judgement.spam", [STORED_HAM] = "judgement.ham" };
	enum stored_label label = stored[g->label];
	int64_t n = it->n ? it->n : 1, entry = 0;
	bool done = false;
	enum err err;

	err = n == 1 ? judge_question(db, g, it->ticket, now, &entry, &done, e) : judge_line(db, g, it->ticket, n, now, &entry, &done, e);
	if (err)
		return err;
	if (!done) {
		g->kept++;
		return ERR_OK;
	}
	if ((err = db_run(db, SQL_JUDGEMENT_ADD,
		BINDS(b_str(g->undo), b_int(it->ticket), b_int(n), b_int(label), b_int(g->who->account), b_int(now), b_int(entry > 0 && n == 1), b_int(entry),
			b_int(g->trust && label == STORED_HAM)),
		NULL, e)))
		return err;
	if ((err = teach(db, g, it->ticket, n, label, e)))
		return err;
	if ((err = db_run(db, SQL_JUDGEMENT_SETTLE, BINDS(b_int(it->ticket), b_int(n), b_int(label == STORED_SPAM), b_int(0)), NULL, e)))
		return err;
	if ((err = db_run(db, SQL_REPORT_SETTLE, BINDS(b_int(it->ticket), b_int(n), b_str(g->undo)), NULL, e)))
		return err;
	g->changed++;
	return audit_add(db, g->who, acts[label], "ticket", it->ticket, NULL, e);
}

/* What has been done of all that was named, in the words of desk/repeat's answer. */
static bool progress_read(const char *text, struct giving *g)
{
	return sscanf(text, "%31s %zu %20" SCNd64 " %20" SCNd64 " %20" SCNd64, g->undo, &g->next, &g->changed, &g->kept, &g->own) == 5 &&
		g->next <= g->count;
}

static void progress_write(const struct giving *g, char *text, size_t size)
{
	snprintf(text, size, "%s %zu %" PRId64 " %" PRId64 " %" PRId64, g->undo, g->next, g->changed, g->kept, g->own);
}

/* One chunk. A run that failed, or came before this one, left nothing but g->from. */
static enum err give_run(struct db *db, void *self, struct error *e)
{
	struct giving *g = self;
	int64_t now = clock_wall_ms();
	enum err err = repeat_find(db, g->repeat, e);

	if (err)
		return err;
	if (!progress_read(g->repeat && g->repeat->found ? g->repeat->answer : g->from, g))
		return err_set(e, ERR_CORRUPT, "What was answered to this client_id cannot be read.");
	if (g->next == g->count)
		return ERR_OK;
	for (size_t end = g->count - g->next < CHUNK ? g->count : g->next + CHUNK; g->next < end; g->next++) {
		err = judge_one(db, g, &g->items[g->next], now, e);
		if (err)
			return err;
	}
	if (g->repeat)
		progress_write(g, g->repeat->answer, sizeof(g->repeat->answer));
	return repeat_keep(db, g->repeat, e);
}

enum err judgement_give(struct desk *d, const struct actor *who, const struct judgement_item *items, size_t count, enum label label, bool trust,
	struct repeat *repeat, struct judgement_done *out, struct error *e)
{
	struct giving g = { .desk = d, .who = who, .repeat = repeat, .items = items, .count = count, .label = label, .trust = trust };
	unsigned char group[GROUP_BYTES];
	int64_t own = 0;

	*out = (struct judgement_done){ "", 0, 0 };
	size_t most = label == LABEL_NONE ? JUDGEMENT_LET_IN_MAX : JUDGEMENT_ITEMS_MAX;
	if (count == 0 || count > most)
		return err_field(e, ERR_INVALID, "items", "Give 1 to %zu items.", most);
	crypt_random(group, sizeof(group));
	crypt_base64(group, sizeof(group), g.undo);
	do {
		progress_write(&g, g.from, sizeof(g.from));
		enum err err = writer_do(d->writer, LANE_TALK, give_run, &g, e);
		/* What earlier chunks did stands and can be undone; the caller is told of it. */
		if (err && out->changed == 0)
			return err;
		if (err)
			break;
		out->changed = g.changed;
		out->kept = g.kept;
		own = g.own;
		snprintf(out->undo, sizeof(out->undo), "%s", g.undo);
	} while (g.next < count);
	if (own && own == out->kept && !out->changed)
		return err_set(e, ERR_CONFLICT, "This appeal is about your own decision: another moderator has to judge it.");
	if (!out->changed)
		out->undo[0] = '\0';
	return ERR_OK;
}

/* --- undoing ----------------------------------------------------------------------------------------------------------- */

struct undoing {
	struct desk *desk;
	const struct actor *who;
	struct slice undo;
	int64_t changed, kept;
	bool more;
};

struct given {
	int64_t id, ticket, n, moved, entry;
	enum stored_label label;
};

static enum err undo_one(struct db *db, struct undoing *u, const struct given *was, int64_t now, struct error *e)
{
	enum stored_label before;
	int64_t account, reports = 0;
	bool back = true;
	enum err err;

	if (was->n == 1) {
		struct move m = { .ticket = was->ticket, .event = EVENT_UNDO, .by = BY_MODERATOR, .who = *u->who, .now = now };
		struct acted acted = { 0 };
		err = was->moved ? ticket_move(db, &m, &acted, e) : ERR_OK;
		if (err && err != ERR_CONFLICT)
			return err;
		back = err == ERR_OK;
	} else {
		back = was->entry == 0; /* words that were shown stay shown */
	}
	if ((err = db_run(db, SQL_JUDGEMENT_UNDONE, BINDS(b_int(was->id), b_int(now)), NULL, e)) ||
		(err = last_label(db, was->ticket, was->n, &before, &account, e)))
		return err;
	if (!back) {
		u->kept++;
	} else {
		u->changed++;
		err = db_run(db, SQL_REPORT_UNSETTLE, BINDS(b_int(was->ticket), b_int(was->n), b_text(u->undo)), &reports, e);
		if (err)
			return err;
		/* A line that was reported is on the list because of that; because of its screening only where that held it and nobody let it in. */
		int waiting = was->n == 1 ? 0 : reports == 0 ? 1 : before == STORED_NONE ? -1 : 0;
		err = db_run(db, SQL_JUDGEMENT_SETTLE, BINDS(b_int(was->ticket), b_int(was->n), b_int(-1), b_int(waiting)), NULL, e);
		if (err)
			return err;
	}
	/* What it taught is taken back in any case. */
	if ((err = sameness_teach(db, was->ticket, was->n, before, e)) ||
		(err = learning_teach(u->desk, db, was->ticket, was->n, before, e)) ||
		(err = count_rules(db, was->ticket, was->n, was->label, -1, e)))
		return err;
	return audit_add(db, u->who, "judgement.undo", "ticket", was->ticket, NULL, e);
}

static enum err undo_run(struct db *db, void *self, struct error *e)
{
	struct undoing *u = self;
	struct given list[CHUNK];
	size_t n = 0;
	int64_t now = clock_wall_ms();
	struct rows r;
	enum err err = rows_open(db, &r, SQL_JUDGEMENT_GROUP, BINDS(b_text(u->undo)), e);

	u->changed = u->kept = 0;
	u->more = false;
	if (err)
		return err;
	while (rows_next(&r)) {
		if (n == CHUNK) {
			u->more = true;
			break;
		}
		list[n++] = (struct given){ .id = rows_int(&r, 0), .ticket = rows_int(&r, 1), .n = rows_int(&r, 2), .label = (enum stored_label)rows_int(&r, 3),
			.moved = rows_int(&r, 4), .entry = rows_int(&r, 5) };
	}
	if ((err = rows_close(&r)))
		return err;
	for (size_t i = 0; i < n && !err; i++)
		err = undo_one(db, u, &list[i], now, e);
	return err;
}

enum err judgement_undo(struct desk *d, const struct actor *who, struct slice undo, struct judgement_done *out, struct error *e)
{
	struct undoing u = { .desk = d, .who = who };
	char group[sizeof(out->undo)];

	if (!undo.len || undo.len >= sizeof(group))
		return err_set(e, ERR_NOT_FOUND, "There is nothing to undo under that name.");
	/* The name may be the one in *out. */
	memcpy(group, undo.ptr, undo.len);
	u.undo = slice_make(group, undo.len);
	*out = (struct judgement_done){ "", 0, 0 };
	do {
		enum err err = writer_do(d->writer, LANE_TALK, undo_run, &u, e);
		if (err)
			return err;
		out->changed += u.changed;
		out->kept += u.kept;
	} while (u.more);
	if (out->changed + out->kept == 0)
		return err_set(e, ERR_NOT_FOUND, "There is nothing to undo under that name.");
	return ERR_OK;
}
