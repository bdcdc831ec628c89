#include "desk/learning.h"

#include <stdlib.h>
#include <string.h>

#include "desk/keys.h"
#include "desk/rule_life.h"
#include "desk/rulebook.h"
#include "spam/bayes.h"

#define DAY_MS (24 * 3600 * 1000LL)

enum { LOOKUP = 32, KEY_BYTES = 8, SENDER_DAYS = 2, SCRATCH_BYTES = 16 << 20 };

/* --- reading --------------------------------------------------------------------------------------------------------------- */

static enum err totals_of(struct db *db, const char *lang, struct bayes_totals *out, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_LEARNING_TOTALS, BINDS(b_str(lang)), e);

	*out = (struct bayes_totals){ 0, 0, 0 };
	if (err)
		return err;
	if (rows_next(&r)) {
		out->spam = rows_int(&r, 0);
		out->ham = rows_int(&r, 1);
		out->ham_copies = rows_int(&r, 2);
	}
	return rows_close(&r);
}

static int by_key(const void *a, const void *b)
{
	const struct bayes_token *x = a, *y = b;
	return x->key < y->key ? -1 : x->key > y->key;
}

static enum err look_up(struct db *db, struct bayes_text *t, struct error *e)
{
	for (size_t from = 0; from < t->count; from += LOOKUP) {
		struct bind keys[LOOKUP];
		struct rows r;
		enum err err;
		/* What is left over asks for the last one again. */
		for (size_t i = 0; i < LOOKUP; i++)
			keys[i] = b_int(t->tokens[from + i < t->count ? from + i : t->count - 1].key);
		if ((err = rows_open(db, &r, SQL_LEARNING_WORDS, keys, LOOKUP, e)))
			return err;
		while (rows_next(&r)) {
			struct bayes_token want = { .key = rows_int(&r, 0) }, *found = bsearch(&want, t->tokens, t->count, sizeof(want), by_key);
			if (found) {
				found->spam = rows_int(&r, 1);
				found->ham = rows_int(&r, 2);
			}
		}
		if ((err = rows_close(&r)))
			return err;
	}
	return ERR_OK;
}

enum err learning_facts(struct desk *d, struct db *db, struct arena *a, const struct features *f, struct facts *facts, struct error *e)
{
	struct bayes_totals totals;
	struct bayes_opinion opinion;
	struct bayes_text t;
	enum err err;

	if (!language_of(f->norm, facts->learned_lang))
		return ERR_OK;
	if ((err = totals_of(db, facts->learned_lang, &totals, e)) || !bayes_ready(totals))
		return err;
	if ((err = bayes_read(a, f->norm, &f->shape, keys_form(d->keys), facts->learned_lang, &t, e)) || (err = look_up(db, &t, e)))
		return err;
	bayes_judge(&t, totals, &opinion);
	bayes_tell(&opinion, facts);
	return rule_life_words_watched(db, slice_of(facts->learned_lang), &facts->learned_quiet, e);
}

/* --- counting ------------------------------------------------------------------------------------------------------------ */

/* sign: 1 learns, -1 takes back. STORED_NONE: a near copy of a good text. */
static enum err count_text(struct db *db, const char *lang, enum stored_label label, int64_t sign, struct error *e)
{
	return db_run(db, SQL_LEARNING_TOTALS_ADD,
		BINDS(b_str(lang), b_int(label == STORED_SPAM ? sign : 0), b_int(label == STORED_HAM ? sign : 0), b_int(label == STORED_NONE ? sign : 0)), NULL, e);
}

static enum err count_word(struct db *db, int64_t key, enum stored_label label, int64_t sign, struct error *e)
{
	enum err err = db_run(db, SQL_LEARNING_WORD_ADD,
		BINDS(b_int(key), b_int(label == STORED_SPAM ? sign : 0), b_int(label == STORED_HAM ? sign : 0)), NULL, e);

	return err || sign > 0 ? err : db_run(db, SQL_LEARNING_WORD_DROP, BINDS(b_int(key)), NULL, e);
}

static int64_t key_read(const char *b)
{
	uint64_t v = 0;

	for (int i = 0; i < KEY_BYTES; i++)
		v = v << 8 | (unsigned char)b[i];
	return (int64_t)v;
}

static void key_write(int64_t key, char *b)
{
	for (int i = 0; i < KEY_BYTES; i++)
		b[i] = (char)((uint64_t)key >> (8 * (KEY_BYTES - 1 - i)));
}

/* *stands: the entry taught something, and nobody knows any more what. */
static enum err take_back(struct db *db, struct arena *a, int64_t ticket, int64_t n, bool *stands, struct error *e)
{
	char lang[LANGUAGE_BYTES] = "";
	struct slice words = SLICE_NONE;
	enum stored_label label = STORED_NONE;
	struct rows r;
	enum err err = rows_open(db, &r, SQL_LEARNING_OF, BINDS(b_int(ticket), b_int(n)), e);

	*stands = false;
	if (err)
		return err;
	if (rows_next(&r)) {
		struct slice code = rows_text(&r, 0), blob = rows_blob(&r, 2);
		if (code.len < sizeof(lang))
			memcpy(lang, code.ptr, code.len);
		label = (enum stored_label)rows_int(&r, 1);
		words = arena_slice(a, blob);
	}
	if ((err = rows_close(&r)))
		return err;
	if (arena_failed(a))
		return err_nomem(e);
	*stands = label != STORED_NONE && !words.ptr;
	if (*stands)
		return ERR_OK;
	if (lang[0] && (err = count_text(db, lang, label, -1, e)))
		return err;
	for (size_t i = 0; i + KEY_BYTES <= words.len; i += KEY_BYTES)
		if ((err = count_word(db, key_read(words.ptr + i), label, -1, e)))
			return err;
	return db_run(db, SQL_LEARNING_REMOVE, BINDS(b_int(ticket), b_int(n)), NULL, e);
}

/* A text as a teacher: who wrote it and when. */
struct lesson {
	int64_t ticket, n, at;
	struct slice undo, sender;
	struct slice lang; /* as whoever made an imported file says; else absent */
	enum stored_label label;
};

/* A text that teaches no words, kept so that it is undone with the others: a near copy, counted where it is a good one, or one without a language. */
static enum err keep_wordless(struct db *db, const struct lesson *l, struct slice norm, struct error *e)
{
	char lang[LANGUAGE_BYTES] = "";
	bool counts = l->label == STORED_HAM && language_labelled(norm, l->lang, lang);
	enum err err = counts ? count_text(db, lang, STORED_NONE, 1, e) : ERR_OK;

	return err ? err : db_run(db, SQL_LEARNING_ADD,
		BINDS(b_int(l->ticket), b_int(l->n), b_text(l->undo), b_int(clock_wall_ms()), b_int(0), b_blob("", 0), b_str(counts ? lang : ""), b_int(STORED_NONE),
			b_blob("", 0)), NULL, e);
}

static enum err learn(struct desk *d, struct db *db, struct arena *a, const struct lesson *l, struct slice norm, const struct shape *shape, bool *learned,
	struct error *e)
{
	char lang[LANGUAGE_BYTES];
	struct bayes_text t;
	char *words;
	enum err err;

	*learned = false;
	if (!language_labelled(norm, l->lang, lang))
		return ERR_OK;
	if ((err = bayes_read(a, norm, shape, keys_form(d->keys), lang, &t, e)))
		return err;
	words = arena_alloc(a, t.count * KEY_BYTES + 1);
	if (!words)
		return err_nomem(e);
	if ((err = count_text(db, lang, l->label, 1, e)))
		return err;
	for (size_t i = 0; i < t.count; i++) {
		key_write(t.tokens[i].key, words + i * KEY_BYTES);
		if ((err = count_word(db, t.tokens[i].key, l->label, 1, e)))
			return err;
	}
	*learned = true;
	return db_run(db, SQL_LEARNING_ADD,
		BINDS(b_int(l->ticket), b_int(l->n), b_text(l->undo), b_int(clock_wall_ms()), b_int(l->at / DAY_MS), b_blob(l->sender.ptr ? l->sender.ptr : "", l->sender.len),
			b_str(lang), b_int(l->label), b_blob(words, t.count * KEY_BYTES)),
		NULL, e);
}

/* --- decisions ----------------------------------------------------------------------------------------------------------- */

static enum err read_entry(struct db *db, struct arena *a, struct lesson *l, struct submission *in, bool *asker, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_LEARNING_TEXT, BINDS(b_int(l->ticket), b_int(l->n)), e);

	*in = (struct submission){ .kind = SUBMIT_QUESTION, .form_age_ms = -1 };
	*asker = false;
	if (err)
		return err;
	if (rows_next(&r)) {
		*asker = !rows_null(&r, 0) && !rows_null(&r, 2) && rows_int(&r, 2) != SUBMIT_HELPER && !rows_null(&r, 3);
		in->body = arena_slice(a, rows_text(&r, 0));
		in->title = arena_slice(a, rows_text(&r, 1));
		l->at = rows_int(&r, 3);
		l->sender = arena_slice(a, rows_blob(&r, 4));
	}
	err = rows_close(&r);
	return err ? err : arena_failed(a) ? err_nomem(e) : ERR_OK;
}

/* Whether words spoke against a text that a moderator calls good. Such a text corrects them, also where others like it did before: whoever
 * fills spam with newcomers' words would otherwise have all of them held for ever, since newcomers ask much the same. */
static enum err is_misjudged(struct db *db, const struct lesson *l, bool *out, struct error *e)
{
	int64_t n = 0;
	enum err err = l->label == STORED_HAM ? db_int(db, SQL_LEARNING_AGAINST, BINDS(b_int(l->ticket), b_int(l->n)), &n, e) : ERR_OK;

	*out = n > 0;
	return err;
}

/* *may: its network has not taught enough today. *near: one like it taught before. */
static enum err may_teach(struct db *db, const struct lesson *l, bool *may, bool *near, struct error *e)
{
	int64_t from = 0;
	enum err err = db_int(db, SQL_LEARNING_FROM, BINDS(b_int(l->at / DAY_MS), b_blob(l->sender.ptr ? l->sender.ptr : "", l->sender.len)), &from, e);

	*may = from < LEARNING_PER_NETWORK;
	*near = false;
	bool misjudged = false;
	if (!err && *may)
		err = is_misjudged(db, l, &misjudged, e);
	return err || !*may || misjudged ? err : sameness_near_taught(db, l->ticket, l->n, near, e);
}

enum err learning_teach(struct desk *d, struct db *db, int64_t ticket, int64_t n, enum stored_label label, struct error *e)
{
	struct lesson l = { .ticket = ticket, .n = n, .undo = SLICE(""), .label = label };
	struct arena *a = arena_new(SCRATCH_BYTES);
	const struct ruleset *rules = NULL;
	struct submission in;
	struct shape shape;
	struct slice norm;
	bool asker, may, near, learned, stands = false;
	enum err err = a ? take_back(db, a, ticket, n, &stands, e) : err_nomem(e);

	if (err || label == STORED_NONE || stands)
		goto out;
	if ((err = read_entry(db, a, &l, &in, &asker, e)) || !asker)
		goto out;
	if ((err = may_teach(db, &l, &may, &near, e)) || !may || (near && label == STORED_SPAM))
		goto out;
	rules = rulebook_pin(d->rulebook);
	err = features_text(a, rules, &in, &norm, &shape, e);
	rulebook_unpin(d->rulebook, &rules);
	if (!err)
		err = near ? keep_wordless(db, &l, norm, e) : learn(d, db, a, &l, norm, &shape, &learned, e);
out:
	arena_free(&a);
	return err;
}

enum err learning_forget(struct db *db, int64_t ticket, int64_t n, struct error *e)
{
	return db_run(db, SQL_LEARNING_FORGET, BINDS(b_int(ticket), b_int(n)), NULL, e);
}

enum err learning_sweep(struct db *db, int64_t now_ms, int64_t *changed, struct error *e)
{
	int64_t keep = conf()->twin_days > LEARNING_DAYS ? conf()->twin_days : LEARNING_DAYS, n = 0;
	enum err err = db_run(db, SQL_LEARNING_UNNAME, BINDS(b_int(now_ms / DAY_MS - SENDER_DAYS), b_blob("", 0)), &n, e);

	*changed += n;
	if (!err)
		err = db_run(db, SQL_LEARNING_SWEEP_WORDS, BINDS(b_int(now_ms - LEARNING_DAYS * DAY_MS)), &n, e);
	*changed += err ? 0 : n;
	if (!err)
		err = db_run(db, SQL_LEARNING_SWEEP, BINDS(b_int(now_ms - keep * DAY_MS)), &n, e);
	*changed += err ? 0 : n;
	return err;
}

/* --- imports -------------------------------------------------------------------------------------------------------------- */

enum err learning_import(struct desk *d, struct db *db, struct arena *a, const struct features *f, enum stored_label label, struct slice undo,
	bool *learned, struct error *e)
{
	const struct sender nobody = { .known = false };
	const struct sameness_text t = { &f->twin, f->shape.payloads, f->shape.payload_count, &nobody, clock_wall_ms() };
	struct lesson l = { .n = 1, .at = t.now_ms, .undo = undo, .lang = f->in->language, .label = label };
	bool near = false;
	enum err err = db_int(db, SQL_LEARNING_NEXT_IMPORT, NO_BINDS, &l.ticket, e);

	*learned = false;
	l.ticket--;
	if (err || (err = sameness_record(db, &t, l.ticket, l.n, 0, e)) || (err = sameness_near_taught(db, l.ticket, l.n, &near, e)))
		return err;
	if (!near && (err = learn(d, db, a, &l, f->norm, &f->shape, learned, e)))
		return err;
	if (!*learned && (err = keep_wordless(db, &l, f->norm, e)))
		return err;
	return sameness_teach(db, l.ticket, l.n, label, e);
}

enum err learning_import_undo(struct db *db, struct slice undo, int64_t *changed, bool *left, struct error *e)
{
	int64_t tickets[LEARNING_CHUNK];
	struct arena *a = arena_new(SCRATCH_BYTES);
	size_t n = 0;
	bool old = false;
	struct rows r;
	enum err err = a ? rows_open(db, &r, SQL_LEARNING_IMPORTED, BINDS(b_text(undo), b_int(LEARNING_CHUNK)), e) : err_nomem(e);

	*left = false;
	if (err)
		goto out;
	while (rows_next(&r) && n < LEARNING_CHUNK) {
		old = old || rows_int(&r, 1);
		tickets[n++] = rows_int(&r, 0);
	}
	if ((err = rows_close(&r)))
		goto out;
	if (old) {
		err = err_set(e, ERR_CONFLICT, "That was learned more than %d days ago: which words it taught is no longer known.", LEARNING_DAYS);
		goto out;
	}
	for (size_t i = 0; i < n && !err; i++) {
		err = take_back(db, a, tickets[i], 1, &old, e);
		if (!err)
			err = sameness_remove(db, tickets[i], e);
	}
	*changed = (int64_t)n;
	*left = n == LEARNING_CHUNK;
out:
	arena_free(&a);
	return err;
}
