#include "cli/rules_learn.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/rules_lines.h"
#include "desk/keys.h"
#include "desk/learning.h"

enum { NAME_BYTES = 9, CHUNK_ARENA_BYTES = 256 << 20 };

struct learning {
	struct desk desk; /* its folder and keys only */
	struct db *db;
	struct arena *a;  /* of one chunk */
	const struct ruleset *rules;
	struct {
		struct features *f;
		struct submission in;
		bool spam;
	} chunk[LEARNING_CHUNK];
	size_t count;
	char undo[24];
	int64_t lines, learned, now;
};

static enum err open_desk(struct learning *l, struct error *e)
{
	enum err err;

	l->desk.folder = conf()->data;
	err = db_open(l->desk.folder, DB_WRITE, &l->db, e);
	return err ? err : keys_open(l->desk.folder, &l->desk.keys, e);
}

static void close_desk(struct learning *l)
{
	arena_free(&l->a);
	keys_free(&l->desk.keys);
	db_close(&l->db);
}

static enum err write_chunk(struct db *db, void *self, struct error *e)
{
	struct learning *l = self;

	l->now = 0;
	for (size_t i = 0; i < l->count; i++) {
		bool learned;
		enum err err = learning_import(&l->desk, db, l->a, l->chunk[i].f, l->chunk[i].spam ? STORED_SPAM : STORED_HAM, slice_of(l->undo), &learned, e);
		if (err)
			return err;
		l->now += learned;
	}
	return ERR_OK;
}

static enum err flush(struct learning *l, struct error *e)
{
	enum err err = l->count ? db_transact(l->db, write_chunk, l, e) : ERR_OK;

	l->learned += err ? 0 : l->now;
	l->lines += err ? 0 : (int64_t)l->count;
	l->count = 0;
	arena_reset(l->a);
	return err;
}

static enum err check_line(void *ctx, const struct labelled *line, struct error *e)
{
	(void)ctx;
	(void)line;
	(void)e;
	return ERR_OK;
}

static enum err learn_line(void *ctx, const struct labelled *line, struct error *e)
{
	struct learning *l = ctx;
	struct submission *in = &l->chunk[l->count].in;
	enum err err;

	*in = line->in;
	in->title = arena_slice(l->a, in->title);
	in->body = arena_slice(l->a, in->body);
	in->language = arena_slice(l->a, in->language);
	l->chunk[l->count].spam = line->spam;
	if (arena_failed(l->a))
		return err_nomem(e);
	if ((err = spam_features(l->a, l->rules, in, NULL, &l->chunk[l->count].f, e)))
		return err;
	return ++l->count == LEARNING_CHUNK ? flush(l, e) : ERR_OK;
}

struct undoing {
	struct slice undo;
	int64_t changed, all;
	bool left;
};

static enum err undo_chunk(struct db *db, void *self, struct error *e)
{
	struct undoing *u = self;
	return learning_import_undo(db, u->undo, &u->changed, &u->left, e);
}

static enum err take_back(struct db *db, struct undoing *u, struct error *e)
{
	do {
		enum err err = db_transact(db, undo_chunk, u, e);
		if (err)
			return err;
		u->all += u->changed;
	} while (u->left);
	return ERR_OK;
}

enum err rules_learn(const struct ruleset *rules, struct slice jsonl, struct jv **out, struct error *e)
{
	struct learning *l = calloc(1, sizeof(*l));
	unsigned char name[NAME_BYTES];
	enum err err;

	if (!l)
		return err_nomem(e);
	l->rules = rules;
	l->a = arena_new(CHUNK_ARENA_BYTES);
	crypt_random(name, sizeof(name));
	crypt_base64(name, sizeof(name), l->undo);
	for (char *c = l->undo; *c; c++) /* a name that begins with a dash would be an option */
		if (*c == '-')
			*c = 'x';
	err = l->a ? open_desk(l, e) : err_nomem(e);
	if (!err)
		err = rules_lines(jsonl, check_line, NULL, NULL, e);
	if (!err)
		err = rules_lines(jsonl, learn_line, l, rules_lines_bar(), e);
	if (!err)
		err = flush(l, e);
	if (err && l->db && l->lines) {
		struct undoing u = { .undo = slice_of(l->undo) };
		if (take_back(l->db, &u, NULL))
			fprintf(stderr, "porchlight: what was learned before the error stands; take it back with: porchlight rules learn --undo %s\n", l->undo);
	}
	if (!err) {
		*out = jv_set_int(jv_set_int(jv_object(), "lines", l->lines), "learned", l->learned);
		jv_set_string(*out, "undo", l->undo);
		err = *out ? ERR_OK : err_nomem(e);
	}
	close_desk(l);
	free(l);
	return err;
}

enum err rules_learn_undo(struct slice undo, struct jv **out, struct error *e)
{
	struct learning l = { .db = NULL };
	struct undoing u = { .undo = undo };
	enum err err = open_desk(&l, e);

	if (!err)
		err = take_back(l.db, &u, e);
	if (!err && !u.all)
		err = err_set(e, ERR_NOT_FOUND, "Nothing was learned under that name, or it was taken back before.");
	if (!err) {
		*out = jv_set_int(jv_object(), "undone", u.all);
		err = *out ? ERR_OK : err_nomem(e);
	}
	close_desk(&l);
	return err;
}
