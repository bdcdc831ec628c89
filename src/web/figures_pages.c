/*
 * figures_pages: how the desk is doing, and whether help is fair, in words and tables (desk/figures). Each measure stands beside its aim,
 * and says when too few have asked for it to mean something. And what the desk tells everybody about itself (desk/about): numbers, no names.
 */
#include <stdio.h>

#include "desk/about.h"
#include "desk/figures.h"
#include "desk/gate.h"
#include "desk/hours.h"
#include "desk/judgement.h"
#include "desk/presence.h"
#include "web/handlers.h"
#include "web/view.h"

enum { FIGURES_DAYS = 28, CELLS_SHOWN = 200, STARVED_S = 72 * 3600 };

struct words {
	struct request *rq;
	const char *lang;
};

/* ---- numbers as people read them ---- */

static struct slice count_text(struct words *w, int64_t n)
{
	return slice_of(arena_printf(w->rq->arena, "%lld", (long long)n));
}

/* With one decimal, as the language writes it. */
static struct slice decimal(struct words *w, double n)
{
	long tenths = (long)(n * 10 + 0.5);
	struct slice sign = i18n_text(w->rq->arena, w->lang, "decimal", I18N_NONE);
	return slice_of(arena_printf(w->rq->arena, "%ld%.*s%ld", tenths / 10, SLICE_ARG(sign), tenths % 10));
}

/* With a decimal where there is less than ten in a hundred and it says something. */
static struct slice percent(struct words *w, double share)
{
	bool fine = share < 0.0995 && (long)(share * 1000 + 0.5) % 10 != 0;
	struct slice n = fine ? decimal(w, share * 100) : count_text(w, (int64_t)(share * 100 + 0.5));
	return i18n_text(w->rq->arena, w->lang, "percent", I18N(i18n_slice(n)));
}

static struct slice times(struct words *w, double factor)
{
	return i18n_text(w->rq->arena, w->lang, "times", I18N(i18n_slice(decimal(w, factor))));
}

enum unit { PERCENT, TIMES, DURATION, COUNT };

static struct slice in_unit(struct words *w, enum unit unit, double value)
{
	switch (unit) {
	case PERCENT:
		return percent(w, value);
	case TIMES:
		return times(w, value);
	case DURATION:
		return value > 0 ? view_duration(w->rq, w->lang, (int64_t)value) : i18n_text(w->rq->arena, w->lang, "figure-nobody", I18N_NONE);
	case COUNT:
		break;
	}
	return count_text(w, (int64_t)value);
}

/* ---- now, and the filter ---- */

static void add_figure(struct words *w, struct jv *list, const char *label, struct slice value)
{
	struct jv *x = jv_object();
	view_put(w->rq, x, w->lang, "label", label, I18N_NONE);
	jv_set(x, "value", value.ptr ? jv_text(value) : view_say(w->rq, w->lang, "figure-unknown", I18N_NONE));
	jv_set_bool(x, "unknown", !value.ptr);
	jv_push(list, x);
}

static void add_group(struct words *w, struct jv *groups, const char *heading, struct jv *figures)
{
	struct jv *g = jv_object();
	view_put(w->rq, g, w->lang, "heading", heading, I18N_NONE);
	jv_set(g, "figures", figures);
	jv_push(groups, g);
}

static enum err add_now(struct words *w, struct jv *page, const struct jv *f, struct error *e)
{
	struct request *rq = w->rq;
	struct queue_counts counts;
	struct jv *held = NULL, *groups = jv_array(), *now = jv_array();
	const struct jv *oldest = jv_get(f, "oldest_s");
	enum err rc = queue_count(rq->db, &rq->who, &counts, e);
	if (!rc)
		rc = judgement_counts(rq->db, &held, e);
	if (!rc) {
		add_figure(w, now, "figure-unassigned", count_text(w, counts.unassigned));
		add_figure(w, now, "figure-oldest", in_unit(w, DURATION, jv_real_of(oldest)));
		add_figure(w, now, "figure-live", count_text(w, counts.live));
		add_figure(w, now, "figure-on-duty", count_text(w, (int64_t)presence_on_duty(rq->desk->presence, clock_wall_ms())));
		add_figure(w, now, "figure-held", count_text(w, jv_int_of(jv_get(held, "held"))));
		add_figure(w, now, "figure-appeals", count_text(w, jv_int_of(jv_get(held, "appeals"))));
	}
	add_group(w, groups, "figures-now", now);
	jv_set(page, "now", groups);
	jv_free(&held);
	return rc;
}

static void add_filter(struct words *w, struct jv *page)
{
	struct gate_figures gate = gate_figures();
	struct jv *groups = jv_array(), *filter = jv_array();
	int64_t screened = 0;

	for (int i = 0; i < ACTION_COUNT; i++)
		screened += gate.screened[i];
	add_figure(w, filter, "figure-screened", count_text(w, screened));
	add_figure(w, filter, "figure-accepted", count_text(w, gate.screened[ACTION_ACCEPT]));
	add_figure(w, filter, "figure-doubt", count_text(w, gate.screened[ACTION_HOLD] + gate.screened[ACTION_CHALLENGE]));
	add_figure(w, filter, "figure-refused", count_text(w, gate.screened[ACTION_REJECT]));
	add_group(w, groups, "figures-gate", filter);
	jv_set(page, "filter", groups);
}

/* ---- measures ---- */

/* NULL: nothing to measure, or too few. */
struct value {
	bool known;
	double is;
};

static struct value value_of(const struct jv *v)
{
	return (struct value){ v != NULL, jv_real_of(v) };
}

/* The smallest or largest `key` of a list's groups. */
static struct value extreme(const struct jv *list, const char *key, bool largest)
{
	struct value out = { 0 };
	for (size_t i = 0; i < jv_size(list); i++) {
		struct value v = value_of(jv_get(jv_at(list, i), key));
		if (v.known && (!out.known || (largest ? v.is > out.is : v.is < out.is)))
			out = v;
	}
	return out;
}

static struct value ratio(struct value part, struct value whole)
{
	return (struct value){ part.known && whole.known && whole.is > 0, whole.is > 0 ? part.is / whole.is : 0 };
}

/* The worst share of good questions that the machine held, among languages, scripts and ways of asking, by the overall one. */
static struct value spam_parity(const struct jv *f)
{
	static const char *const lists[] = { "by_lang", "by_script", "by_way" };
	struct value worst = { 0 };
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct value v = ratio(extreme(jv_get(f, lists[i]), "false_hold_share", true), value_of(jv_get(f, "false_hold_share")));
		if (v.known && (!worst.known || v.is > worst.is))
			worst = v;
	}
	return worst;
}

static void add_measure(struct words *w, struct jv *list, const char *name, struct value v, enum unit unit, bool at_least, double aim)
{
	bool met = v.known && (at_least ? v.is >= aim : v.is <= aim);
	struct jv *m = jv_object();
	view_put(w->rq, m, w->lang, "name", name, I18N_NONE);
	jv_set(m, "value", v.known ? jv_text(in_unit(w, unit, v.is)) : view_say(w->rq, w->lang, "figure-unknown", I18N_NONE));
	view_put(w->rq, m, w->lang, "aim", at_least ? "aim-at-least" : "aim-at-most", I18N(i18n_slice(in_unit(w, unit, aim))));
	view_put(w->rq, m, w->lang, "verdict", !v.known ? "aim-unknown" : met ? "aim-met" : "aim-missed", I18N_NONE);
	jv_set_string(m, "class", !v.known ? "" : met ? "good" : "warn");
	jv_push(list, m);
}

static void add_measures(struct words *w, struct jv *page, const struct jv *f)
{
	const struct jv *cells = jv_get(f, "cells"), *oldest = jv_get(f, "oldest_s");
	bool staffed = presence_on_duty(w->rq->desk->presence, clock_wall_ms()) > 0;
	struct jv *l = jv_array();

	add_measure(w, l, "measure-answered", value_of(jv_get(f, "answered_24h")), PERCENT, true, 0.95);
	add_measure(w, l, "measure-chance", ratio(extreme(cells, "answered_24h", false), extreme(cells, "answered_24h", true)), PERCENT, true, 0.8);
	add_measure(w, l, "measure-staffed-median", value_of(jv_get(f, "staffed_median_s")), DURATION, false, 300);
	add_measure(w, l, "measure-parity", extreme(cells, "parity", true), TIMES, false, 2);
	add_measure(w, l, "measure-next", value_of(jv_get(f, "next_passed_share")), PERCENT, false, 0);
	add_measure(w, l, "measure-pick", value_of(jv_get(f, "pick_passed_share")), PERCENT, false, 0.1);
	add_measure(w, l, "measure-oldest", (struct value){ true, jv_real_of(oldest) }, DURATION, false, staffed ? QUEUE_LONG_S : STARVED_S);
	add_measure(w, l, "measure-hours", value_of(jv_get(jv_get(f, "hours"), "staffed_share")), PERCENT, true, 0.7);
	add_measure(w, l, "measure-language", value_of(jv_get(jv_get(f, "replies"), "same_share")), PERCENT, true, 0.9);
	add_measure(w, l, "measure-honesty", value_of(jv_get(jv_get(f, "open"), "late_share")), PERCENT, false, 0.1);
	add_measure(w, l, "measure-load", value_of(jv_get(f, "top_tenth_share")), PERCENT, false, 0.5);
	add_measure(w, l, "measure-live", (struct value){ true, jv_real_of(jv_get(f, "live_most")) }, COUNT, false, (double)conf()->claim_cap);
	add_measure(w, l, "measure-spam", value_of(jv_get(f, "spam_reached_share")), PERCENT, false, 0.02);
	add_measure(w, l, "measure-held", value_of(jv_get(f, "false_hold_share")), PERCENT, false, 0.02);
	add_measure(w, l, "measure-refused", value_of(jv_get(f, "false_refused_share")), PERCENT, false, 0.001);
	add_measure(w, l, "measure-spam-parity", spam_parity(f), TIMES, false, 2);
	jv_set(page, "measures", l);
}

/* ---- groups ---- */

/* The name of a group's part in words; of one that was merged, or not said, in words too. */
static struct slice part_name(struct words *w, const struct jv *cell, const char *part)
{
	const struct jv *v = jv_get(cell, part);
	struct slice name = jv_text_of(v);
	char key[64];

	if (!v)
		return i18n_text(w->rq->arena, w->lang, "cell-merged", I18N_NONE);
	if (!name.len || slice_is(name, "und"))
		return i18n_text(w->rq->arena, w->lang, "cell-none", I18N_NONE);
	if (slice_is(slice_of(part), "lang"))
		return view_language(w->rq, w->lang, name);
	if (slice_is(slice_of(part), "script"))
		return i18n_script_name(w->rq->arena, name, w->lang);
	snprintf(key, sizeof(key), "%s-%.*s", part, SLICE_ARG(name));
	return slice_is(slice_of(part), "topic") ? name : i18n_text(w->rq->arena, w->lang, key, I18N_NONE);
}

static void set_part(struct words *w, struct jv *row, const struct jv *cell, const char *part)
{
	jv_set(row, part, jv_text(part_name(w, cell, part)));
}

/* row[key] as people read it; a dash where too few would speak. */
static void set_value(struct words *w, struct jv *row, const struct jv *cell, const char *key, enum unit unit)
{
	struct value v = value_of(jv_get(cell, key));
	jv_set(row, key, v.known ? jv_text(in_unit(w, unit, v.is)) : view_say(w->rq, w->lang, "figure-few", I18N_NONE));
}

static void add_cells(struct words *w, struct jv *page, const struct jv *f)
{
	const struct jv *cells = jv_get(f, "cells");
	struct jv *rows = jv_array();
	size_t n = jv_size(cells);

	for (size_t i = 0; i < n && i < CELLS_SHOWN; i++) {
		const struct jv *c = jv_at(cells, i);
		struct jv *row = jv_object();
		set_part(w, row, c, "lang");
		set_part(w, row, c, "topic");
		set_part(w, row, c, "when");
		set_part(w, row, c, "way");
		set_value(w, row, c, "asked", COUNT);
		set_value(w, row, c, "answered_24h", PERCENT);
		set_value(w, row, c, "median_s", DURATION);
		set_value(w, row, c, "parity", TIMES);
		jv_push(rows, row);
	}
	jv_set_bool(page, "has_cells", n > 0);
	jv_set(page, "cells", rows);
}

static void add_parity(struct words *w, struct jv *page, const struct jv *f)
{
	static const struct {
		const char *list, *part, *heading;
	} tables[] = { { "by_lang", "lang", "fact-lang" }, { "by_script", "script", "cell-script" }, { "by_way", "way", "cell-way" } };
	struct jv *out = jv_array();

	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++) {
		const struct jv *list = jv_get(f, tables[t].list);
		struct jv *table = jv_object(), *rows = jv_array();
		for (size_t i = 0; i < jv_size(list); i++) {
			const struct jv *c = jv_at(list, i);
			struct jv *row = jv_object();
			jv_set(row, "name", jv_text(part_name(w, c, tables[t].part)));
			set_value(w, row, c, "good", COUNT);
			set_value(w, row, c, "false_holds", COUNT);
			set_value(w, row, c, "false_hold_share", PERCENT);
			set_value(w, row, c, "answered_24h", PERCENT);
			jv_push(rows, row);
		}
		view_put(w->rq, table, w->lang, "heading", tables[t].heading, I18N_NONE);
		jv_set(table, "rows", rows);
		jv_push(out, table);
	}
	jv_set(page, "parity", out);
}

/* ---- hours ---- */

/* "8:00–12:00, 18:00–21:00": the hours of a day in which somebody was there; `counted`: and how many. Absent: never. */
static struct slice hours_of(struct words *w, const int day[24], bool counted)
{
	char *text = NULL;
	for (int from = 0, to; from < 24; from = to) {
		for (to = from + 1; to < 24 && (counted ? day[to] == day[from] : !day[to] == !day[from]); to++)
			;
		if (!day[from])
			continue;
		struct slice hours = view_hours(w->rq, from, to - from);
		if (counted)
			hours = i18n_text(w->rq->arena, w->lang, "about-planned-hours", I18N(i18n_slice(hours), i18n_int(day[from])));
		text = arena_printf(w->rq->arena, "%s%s%.*s", text ? text : "", text ? ", " : "", SLICE_ARG(hours));
	}
	return slice_of(text);
}

/* {day, hours} for each day of the week; NULL: there is nothing on any. */
static struct jv *days_of(struct words *w, const int week[WEEK_HOURS], bool counted)
{
	struct jv *days = jv_array();
	bool any = false;
	for (int day = 0; day < 7; day++) {
		struct jv *row = jv_object();
		struct slice when = hours_of(w, week + (size_t)day * 24, counted);
		any |= when.ptr != NULL;
		view_put(w->rq, row, w->lang, "day", view_weekday(day), I18N_NONE);
		jv_set(row, "hours", when.ptr ? jv_text(when) : view_say(w->rq, w->lang, "figure-nobody", I18N_NONE));
		jv_push(days, row);
	}
	if (!any)
		jv_free(&days);
	return days;
}

static void add_hours(struct words *w, struct jv *page, const struct jv *f)
{
	const struct jv *list = jv_get(jv_get(f, "hours"), "week");
	int week[WEEK_HOURS];
	int64_t hours = 0;

	for (size_t i = 0; i < WEEK_HOURS; i++) {
		week[i] = (int)jv_int_of(jv_at(list, i));
		hours += week[i] > 0;
	}
	struct jv *days = days_of(w, week, false);
	jv_set(page, "days", days ? days : jv_array());
	view_put(w->rq, page, w->lang, "hours", "figures-hours-text", I18N(i18n_int(hours), i18n_slice(view_zone(w->rq, w->lang))));
}

HANDLER(page_figures)
{
	struct words w = { rq, view_lang(rq, rs) };
	struct jv *f = NULL, *page = NULL;
	enum err rc = figures_json(rq->desk, rq->db, FIGURES_DAYS, &f, e);
	if (!rc)
		rc = view_staff_frame(rq, w.lang, "figures", &page, e);
	if (!rc)
		rc = add_now(&w, page, f, e);
	if (rc) {
		jv_free(&f);
		jv_free(&page);
		return rc;
	}
	add_measures(&w, page, f);
	add_cells(&w, page, f);
	add_parity(&w, page, f);
	add_hours(&w, page, f);
	add_filter(&w, page);
	view_put(rq, page, w.lang, "lead", "figures-lead", I18N(i18n_int(FIGURES_DAYS)));
	view_put(rq, page, w.lang, "small", "figures-small", I18N(i18n_int(CELL_MIN)));
	jv_free(&f);
	return view_send(rq, rs, "figures", w.lang, page, e);
}

/* ---- in public ---- */

static void add_share(struct words *w, struct jv *list, const char *label, struct about_share share)
{
	if (share.known)
		add_figure(w, list, label, percent(w, share.is));
}

static void add_wait(struct words *w, struct jv *list, const char *label, int64_t seconds)
{
	if (seconds > 0)
		add_figure(w, list, label, view_duration(w->rq, w->lang, seconds));
}

/* What is known; what too few stand behind is not there. */
static void add_public(struct words *w, struct jv *page, const struct about *a, const struct wait *wait)
{
	struct jv *list = jv_array();
	if (a->good)
		add_figure(w, list, "about-asked", count_text(w, a->good));
	add_share(w, list, "about-answered", a->answered_24h);
	if (wait->known) {
		add_wait(w, list, "figure-median", wait->median_s);
		add_wait(w, list, "figure-p90", wait->p90_s);
	}
	add_wait(w, list, "about-staffed-median", a->staffed_median_s);
	add_share(w, list, "about-late", a->late);
	add_share(w, list, "about-language", a->same_language);
	add_share(w, list, "about-held", a->false_held);
	jv_set_bool(page, "has_figures", jv_size(list) > 0);
	jv_set(page, "figures", list);
}

static enum err add_usual(struct words *w, struct jv *page, const struct about *a, struct error *e)
{
	struct hours_span *spans;
	size_t count;
	int planned[WEEK_HOURS], usual[WEEK_HOURS];
	enum err rc = hours_list(w->rq->db, w->rq->arena, &spans, &count, e);
	if (rc != ERR_OK)
		return rc;
	hours_by_hour(spans, count, planned);
	for (size_t i = 0; i < WEEK_HOURS; i++)
		usual[i] = a->usual[i];
	struct jv *were = days_of(w, usual, false), *plan = days_of(w, planned, true);
	jv_set_bool(page, "has_usual", were != NULL);
	jv_set(page, "usual", were ? were : jv_array());
	jv_set_bool(page, "has_plan", plan != NULL);
	jv_set(page, "plan", plan ? plan : jv_array());
	view_put(w->rq, page, w->lang, "zone", "hours-zone", I18N(i18n_slice(view_zone(w->rq, w->lang))));
	return ERR_OK;
}

HANDLER(page_about)
{
	struct words w = { rq, view_lang(rq, rs) };
	struct about a;
	struct wait wait;
	enum err rc = queue_wait(rq->desk, rq->db, &wait, e);
	if (rc == ERR_OK)
		rc = about_read(rq->desk, rq->db, &a, e);
	if (rc != ERR_OK)
		return rc;
	struct jv *page = view_frame(rq, w.lang, "title-about", SLICE(""));
	rc = add_usual(&w, page, &a, e);
	if (rc != ERR_OK) {
		jv_free(&page);
		return rc;
	}
	view_wait(rq, page, w.lang, &wait);
	jv_set_bool(page, "index", true);
	jv_set_bool(page, "asks_others", gate_asks_others());
	add_public(&w, page, &a, &wait);
	view_put(rq, page, w.lang, "small", "about-figures-text", I18N(i18n_int(CELL_MIN)));
	return view_send(rq, rs, "about", w.lang, page, e);
}
