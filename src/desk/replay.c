#include "desk/replay.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "desk/gate.h"
#include "desk/judgement.h"
#include "desk/rule_life.h"
#include "desk/rulebook.h"
#include "spam/features.h"
#include "spam/judge.h"
#include "spam/ruleset.h"

enum {
	PAGE = 50,
	PAGE_BYTES = 64 << 20,
	TEXT_BYTES = 64 << 20,
	ITEMS_MAX = 100,
	LANGS_MAX = 64,
	LANG_BYTES = 36,
};

enum { LABEL_OF_NONE, LABEL_OF_SPAM, LABEL_OF_HAM };

/* What a rule of the draft did, where the draft adds or changes it. */
struct tally {
	bool changed;
	int64_t hits, spam, ham, limits;
};

struct text {
	int64_t ticket, n, label;
	struct submission in;
	struct slice verdict;
};

struct replay {
	const struct ruleset *live, *draft;
	const struct replay_options *o;
	const unsigned char *life; /* NULL: files are compared with files */
	bool without_words;        /* what was learned weighs nothing */
	struct judge_options judging;
	struct arena *page, *scratch;
	struct tally *tally;
	struct jv *by_lang, *items;
	int64_t texts, ham, spam, caught, victims, unsure, freed;
	int64_t live_us, draft_us;
};

/* At most PAGE rows of the columns that both statements have; closes them. */
static enum err take_page(struct replay *r, struct rows *rows, struct text *list, size_t *count, struct error *e)
{
	enum err err;

	while (*count < PAGE && rows_next(rows)) {
		struct text *t = &list[(*count)++];
		struct arena *a = r->page;
		*t = (struct text){ .ticket = rows_int(rows, 0), .n = rows_int(rows, 1), .label = rows_int(rows, 10) };
		t->verdict = arena_slice(a, rows_text(rows, 3));
		t->in = (struct submission){ .kind = (enum submission_kind)rows_int(rows, 2), .form_age_ms = -1, .body = arena_slice(a, rows_text(rows, 4)),
			.title = arena_slice(a, rows_text(rows, 5)), .name = arena_slice(a, rows_text(rows, 6)), .page = arena_slice(a, rows_text(rows, 7)),
			.topic = arena_slice(a, rows_text(rows, 8)), .language = arena_slice(a, rows_text(rows, 9)) };
		t->in.channel = t->in.kind == SUBMIT_LINE ? CHANNEL_CHAT : CHANNEL_FORM;
		t->in.ticket = t->in.kind == SUBMIT_LINE ? t->ticket : 0;
	}
	err = rows_close(rows);
	return err ? err : arena_failed(r->page) ? err_nomem(e) : ERR_OK;
}

static enum err read_page(struct db *db, struct replay *r, const struct text *after, struct text *list, size_t *count, struct error *e)
{
	struct rows rows;
	enum err err;

	arena_reset(r->page);
	*count = 0;
	err = rows_open(db, &rows, SQL_REPLAY_PAGE, BINDS(b_int(after->ticket), b_int(after->n), b_int(r->o->since_ms), b_int(r->o->ham_only), b_int(PAGE)), e);
	return err ? err : take_page(r, &rows, list, count, e);
}

static struct jv *language(struct replay *r, struct slice lang)
{
	char name[LANG_BYTES];
	struct jv *v;

	if (!lang.len || lang.len >= sizeof(name))
		lang = SLICE("und");
	if ((v = jv_get_slice(r->by_lang, lang)) || jv_size(r->by_lang) >= LANGS_MAX)
		return v;
	snprintf(name, sizeof(name), "%.*s", SLICE_ARG(lang));
	v = jv_object();
	jv_set_int(jv_set_int(jv_set_int(jv_set_int(jv_set_int(v, "texts", 0), "ham", 0), "spam", 0), "caught", 0), "victims", 0);
	jv_set(r->by_lang, name, v);
	return jv_get(r->by_lang, name);
}

static void count_in(struct jv *v, const char *key, int64_t *total)
{
	++*total;
	if (v)
		jv_set_int(v, key, jv_int_of(jv_get(v, key)) + 1);
}

static void add_item(struct replay *r, const struct text *t, const struct verdict *was, const struct verdict *now)
{
	struct jv *x = jv_object(), *rules = jv_array();
	char id[24];

	if (jv_size(r->items) >= ITEMS_MAX) {
		jv_free(&x);
		jv_free(&rules);
		return;
	}
	snprintf(id, sizeof(id), "%lld", (long long)t->ticket);
	jv_set_int(jv_set_string(x, "ticket", id), "n", t->n);
	jv_set_text(x, "lang", t->in.language.ptr ? t->in.language : SLICE(""));
	jv_set_text(x, "title", t->in.title);
	jv_set_string(x, "label", t->label == LABEL_OF_SPAM ? "spam" : t->label == LABEL_OF_HAM ? "ham" : NULL);
	jv_set_string(jv_set_string(x, "from", action_name(was->action)), "to", action_name(now->action));
	for (size_t i = 0; i < now->hit_count; i++)
		if (now->hits[i].score > 0)
			jv_push(rules, jv_text(now->hits[i].rule));
	jv_push(r->items, jv_set(x, "rules", rules));
}

static enum err judge_with(struct replay *r, const struct ruleset *rules, const struct text *t, const struct facts *facts, int64_t *us,
	struct features **f, struct verdict **out, struct error *e)
{
	enum err err = spam_features(r->scratch, rules, &t->in, &(struct features_options){ .now_ms = clock_wall_ms(), .life = r->life }, f, e);

	if (err)
		return err;
	*us += (*f)->cpu_us;
	return spam_judge(r->scratch, *f, facts, &r->judging, out, e);
}

static void tally_hits(struct replay *r, const struct text *t, const struct features *f)
{
	for (size_t i = 0; i < f->hit_count; i++) {
		const struct hit *h = &f->hits[i];
		long at = ruleset_find(r->draft, h->rule);
		if (at < 0 || !r->tally[at].changed)
			continue;
		struct tally *x = &r->tally[at];
		x->limits += h->error;
		x->hits += !h->error;
		x->spam += !h->error && t->label == LABEL_OF_SPAM;
		x->ham += !h->error && t->label == LABEL_OF_HAM;
	}
}

static void facts_of(struct text *t, struct facts *facts)
{
	struct jv *stored = NULL;

	facts_init(facts);
	/* A verdict that cannot be read leaves its facts unknown. */
	if (t->verdict.ptr && jv_parse(t->verdict, 16, &stored, NULL) == ERR_OK)
		facts_read(jv_get(stored, "facts"), facts);
	jv_free(&stored);
	/* That a copy was refused before is what rules did, not what the world is like. */
	facts->inherits = UNKNOWN;
	t->in.brief = t->in.kind == SUBMIT_LINE && facts->talk_lines >= GATE_BRIEF_AFTER;
}

static enum err replay_one(struct replay *r, struct text *t, struct error *e)
{
	struct verdict *was, *now;
	struct features *f;
	struct facts facts;
	struct jv *lang;
	enum err err;

	arena_reset(r->scratch);
	facts_of(t, &facts);
	if ((err = judge_with(r, r->live, t, &facts, &r->live_us, &f, &was, e)) || (err = judge_with(r, r->draft, t, &facts, &r->draft_us, &f, &now, e)))
		return err;
	tally_hits(r, t, f);
	lang = language(r, t->in.language);
	count_in(lang, "texts", &r->texts);
	if (t->label)
		count_in(lang, t->label == LABEL_OF_SPAM ? "spam" : "ham", t->label == LABEL_OF_SPAM ? &r->spam : &r->ham);
	if (now->action == was->action)
		return ERR_OK;
	add_item(r, t, was, now);
	if (now->action < was->action)
		r->freed++;
	else if (t->label == LABEL_OF_SPAM)
		count_in(lang, "caught", &r->caught);
	else if (t->label == LABEL_OF_HAM)
		count_in(lang, "victims", &r->victims);
	else
		r->unsure++;
	return ERR_OK;
}

static void find_changed(struct replay *r)
{
	for (size_t i = 0; i < ruleset_count(r->draft); i++) {
		const struct rule *x = ruleset_rule(r->draft, i);
		long at = ruleset_find(r->live, slice_of(x->name));
		r->tally[i].changed = at < 0 || ruleset_rule(r->live, (size_t)at)->version != x->version;
	}
}

bool replay_is_due(const struct ruleset *live, const struct ruleset *draft)
{
	for (size_t i = 0; i < ruleset_count(draft); i++) {
		const struct rule *x = ruleset_rule(draft, i);
		long at = ruleset_find(live, slice_of(x->name));
		if (at < 0 || ruleset_rule(live, (size_t)at)->version != x->version)
			return true;
	}
	return false;
}

static struct jv *tally_json(const struct replay *r)
{
	struct jv *list = jv_array();

	for (size_t i = 0; i < ruleset_count(r->draft); i++) {
		const struct tally *x = &r->tally[i];
		if (!x->changed || !ruleset_rule(r->draft, i)->listed)
			continue;
		struct jv *v = jv_set_string(jv_object(), "rule", ruleset_rule(r->draft, i)->name);
		jv_set_int(jv_set_int(jv_set_int(jv_set_int(v, "hits", x->hits), "spam", x->spam), "ham", x->ham), "limits", x->limits);
		jv_push(list, v);
	}
	return list;
}

static struct jv *result(struct replay *r, bool more)
{
	struct jv *v = jv_object(), *us = jv_object();
	int64_t budget = r->ham * REPLAY_BUDGET_PER_MILLE / 1000;
	double n = r->texts ? (double)r->texts : 1;

	jv_set_int(jv_set_int(jv_set_int(v, "texts", r->texts), "ham", r->ham), "spam", r->spam);
	jv_set_int(jv_set_int(jv_set_int(jv_set_int(v, "caught", r->caught), "victims", r->victims), "unsure", r->unsure), "freed", r->freed);
	jv_set_int(v, "budget", budget);
	jv_set_bool(v, "within", r->victims <= budget);
	jv_set_bool(v, "more", more);
	jv_set(v, "by_lang", jv_ref(r->by_lang));
	jv_set(v, "items", jv_ref(r->items));
	jv_set(v, "rules", tally_json(r));
	jv_set(jv_set(us, "live", jv_real((double)r->live_us / n)), "draft", jv_real((double)r->draft_us / n));
	return jv_set(v, "us", us);
}

enum err replay_run(struct db *db, const struct ruleset *live, const struct ruleset *draft, const struct replay_options *o, struct jv **out,
	struct error *e)
{
	struct replay r = { .live = live, .draft = draft, .o = o, .judging = gate_judging(), .page = arena_new(PAGE_BYTES),
		.scratch = arena_new(TEXT_BYTES), .by_lang = jv_object(), .items = jv_array() };
	int64_t most = o->texts_max > 0 ? o->texts_max : REPLAY_TEXTS_MAX;
	struct text list[PAGE], after = { .ticket = INT64_MAX, .n = INT64_MAX };
	size_t count = PAGE;
	int64_t first = 0, started_ms = clock_mono_ms();
	bool more = false;
	enum err err = ERR_OK;

	r.tally = calloc(ruleset_count(draft) + 1, sizeof(*r.tally));
	if (!r.page || !r.scratch || !r.tally || !r.by_lang || !r.items)
		err = err_nomem(e);
	else
		find_changed(&r);
	while (!err && !more && count == PAGE) {
		err = read_page(db, &r, &after, list, &count, e);
		for (size_t i = 0; !err && !more && i < count; i++) {
			more = r.texts == most || (o->ms_max && clock_mono_ms() - started_ms >= o->ms_max);
			if (!more)
				err = replay_one(&r, &list[i], e);
		}
		if (count)
			after = list[count - 1];
		if (first == 0 && count)
			first = list[0].ticket;
		/* Newest first: how far down the numbers it is, or how many of the most texts it looked at. */
		if (!err && o->share && first && !more && count == PAGE)
			o->share(fmax((double)(first - after.ticket) / (double)first, (double)r.texts / (double)most));
	}
	if (!err && o->share)
		o->share(1);
	if (!err && !(*out = result(&r, more)))
		err = err_nomem(e);
	jv_free(&r.by_lang);
	jv_free(&r.items);
	free(r.tally);
	arena_free(&r.scratch);
	arena_free(&r.page);
	return err;
}

/* Of the rules that the draft adds or changes, those that hit more of the good texts than the budget is wide. */
static void warn_of_shares(const struct jv *v, const struct ruleset *draft, struct cf_errors *errs)
{
	struct jv *list = jv_get(v, "rules");
	long long ham = jv_int_of(jv_get(v, "ham"));

	for (size_t i = 0; i < jv_size(list); i++) {
		long at = ruleset_find(draft, jv_get_text(jv_at(list, i), "rule"));
		long long hit = jv_int_of(jv_get(jv_at(list, i), "ham"));
		const struct rule *r = at < 0 ? NULL : ruleset_rule(draft, (size_t)at);
		if (r && r->score > 0 && hit * 1000 > ham * REPLAY_BUDGET_PER_MILLE)
			cf_errors_add(errs, true, r->file, r->line, 0, "%s hits %lld of the last %lld good texts (%.1f %%). Put it on `mode %s watch` first, or make it narrower.",
				r->name, hit, ham, 100 * (double)hit / (double)ham, r->name);
	}
}

static void warn_of_budget(const struct jv *v, const char *file, struct cf_errors *errs)
{
	cf_errors_add(errs, true, file, 0, 0, "It would hold or refuse %lld of the last %lld good texts more than the rules that serve; %lld may be. A replay "
		"shows which. To save it all the same, say why in the comment.", (long long)jv_int_of(jv_get(v, "victims")), (long long)jv_int_of(jv_get(v, "ham")),
		(long long)jv_int_of(jv_get(v, "budget")));
}

static enum err try_good_texts(struct db *db, const struct ruleset *live, const struct ruleset *draft, int64_t ms_max, struct cf_errors *errs,
	struct jv **out, struct error *e)
{
	struct replay_options o = { .texts_max = REPLAY_BEFORE_SAVING, .ms_max = ms_max, .ham_only = true };
	enum err err;

	*out = NULL;
	if (!db || !replay_is_due(live, draft))
		return ERR_OK;
	err = replay_run(db, live, draft, &o, out, e);
	if (!err)
		warn_of_shares(*out, draft, errs);
	return err;
}

static bool within(const struct jv *v)
{
	return !v || jv_type(jv_get(v, "within")) == JV_TRUE;
}

enum err replay_doubts(struct db *db, const struct ruleset *live, const struct ruleset *draft, const char *file, struct cf_errors *errs, struct error *e)
{
	struct jv *v;
	enum err err = try_good_texts(db, live, draft, 0, errs, &v, e);

	if (!err && file && !within(v))
		warn_of_budget(v, file, errs);
	jv_free(&v);
	return err;
}

enum err replay_afterwards(struct db *db, const struct ruleset *before, const struct ruleset *live, struct cf_errors *errs, struct error *e)
{
	struct jv *v;
	enum err err = try_good_texts(db, before, live, REPLAY_AFTERWARDS_MS, errs, &v, e);

	if (!err && !within(v))
		cf_errors_add(errs, true, "", 0, 0, "Since the files were changed in the folder, the rules hold or refuse %lld of the last %lld good texts more than before; "
			"%lld may be. The history of each file brings an earlier version back.", (long long)jv_int_of(jv_get(v, "victims")),
			(long long)jv_int_of(jv_get(v, "ham")), (long long)jv_int_of(jv_get(v, "budget")));
	jv_free(&v);
	return err;
}

enum err replay_budget(const struct rule_edit *edit, const struct ruleset *live, const struct ruleset *draft, struct cf_errors *errs, struct str *comment,
	struct error *e)
{
	struct cf_errors shares;
	struct jv *v;
	char file[80];
	enum err err;

	cf_errors_init(&shares);
	err = try_good_texts(edit->db, live, draft, 0, &shares, &v, e);
	long long victims = jv_int_of(jv_get(v, "victims")), ham = jv_int_of(jv_get(v, "ham"));
	if (!err && !within(v) && edit->override && edit->comment.len) {
		str_addf(comment, "Over the ham budget (%lld of %lld good texts): ", victims, ham);
	} else if (!err && !within(v)) {
		snprintf(file, sizeof(file), "%.*s", SLICE_ARG(edit->file));
		warn_of_budget(v, file, errs);
		err = err_field(e, ERR_INVALID, edit->override ? "comment" : "override", "It is over the ham budget: %lld of %lld good texts. Nothing was changed.",
			victims, ham);
	}
	for (size_t i = 0; i < shares.count; i++)
		cf_errors_add(errs, true, shares.list[i].file, shares.list[i].line, 0, "%s", shares.list[i].message);
	cf_errors_fini(&shares);
	jv_free(&v);
	return err;
}

/* --- what one rule did ------------------------------------------------------------------------------------------------------ */

static enum err would_go_in(struct replay *r, struct text *t, bool *yes, struct error *e)
{
	struct features *f;
	struct verdict *v;
	struct facts facts;
	enum err err;

	arena_reset(r->scratch);
	facts_of(t, &facts);
	facts.learned_quiet = facts.learned_quiet || r->without_words;
	err = judge_with(r, r->live, t, &facts, &r->live_us, &f, &v, e);
	*yes = !err && v->action == ACTION_ACCEPT;
	return err;
}

enum err replay_held_by(struct db *db, const struct ruleset *rules, const unsigned char *life, struct slice rule, struct judgement_item *items, size_t max,
	size_t *count, bool *more, struct error *e)
{
	struct replay r = { .live = rules, .life = life, .without_words = rule_life_words(rule).ptr, .judging = gate_judging(), .page = arena_new(PAGE_BYTES),
		.scratch = arena_new(TEXT_BYTES) };
	struct text list[PAGE], after = { .ticket = INT64_MAX, .n = INT64_MAX };
	int64_t looked = 0;
	size_t got = PAGE;
	struct rows rows;
	enum err err = r.page && r.scratch ? ERR_OK : err_nomem(e);

	*count = 0;
	*more = false;
	while (!err && !*more && got == PAGE) {
		arena_reset(r.page);
		got = 0;
		if ((err = rows_open(db, &rows, SQL_REPLAY_UNDECIDED, BINDS(b_text(rule), b_int(after.ticket), b_int(after.n), b_int(PAGE)), e)) ||
			(err = take_page(&r, &rows, list, &got, e)))
			break;
		for (size_t i = 0; !err && !*more && i < got; i++) {
			bool yes = false;
			*more = *count == max || looked++ == REPLAY_TEXTS_MAX;
			if (!*more)
				err = would_go_in(&r, &list[i], &yes, e);
			if (yes)
				items[(*count)++] = (struct judgement_item){ list[i].ticket, list[i].n };
		}
		if (got)
			after = list[got - 1];
	}
	arena_free(&r.scratch);
	arena_free(&r.page);
	return err;
}
