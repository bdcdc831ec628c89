#include "desk/rulebook_past.h"

#include <stdio.h>

#include "base/program.h"
#include "desk/audit.h"

/* A set that serves has passed its tests. */
static enum err prove(struct db *db, const struct rulebook_save *s, struct error *e)
{
	char proof[RULESET_NAME_BYTES + PROGRAM_ID_BYTES];

	if (!s->program[0])
		return ERR_OK;
	snprintf(proof, sizeof(proof), "%s %s", s->generation, s->program);
	return db_run(db, SQL_RULEBOOK_PROVE, BINDS(b_str(proof)), NULL, e);
}

static enum err save_run(struct db *db, void *self, struct error *e)
{
	struct rulebook_save *s = self;
	struct rows r;
	bool same = false;
	enum err err = prove(db, s, e);

	if (!err)
		err = rows_open(db, &r, SQL_RULEBOOK_LATEST, NO_BINDS, e);
	if (err)
		return err;
	if (rows_next(&r))
		same = slice_is(rows_text(&r, 1), s->generation);
	if ((err = rows_close(&r)) || (same && s->changed_only))
		return err;
	err = db_int(db, SQL_RULEBOOK_ADD,
		BINDS(b_int(clock_wall_ms()), b_id(s->who ? s->who->account : 0), b_str(s->author), b_text(s->comment), b_str(s->generation)), &s->id, e);
	for (size_t i = 0; !err && i < s->set->count; i++) {
		const struct rule_file *f = &s->set->list[i];
		err = db_run(db, SQL_RULEBOOK_ADD_TEXT, BINDS(b_str(f->hash), b_blob(f->text, f->len)), NULL, e);
		if (!err)
			err = db_run(db, SQL_RULEBOOK_ADD_FILE, BINDS(b_int(s->id), b_str(f->name), b_str(f->hash)), NULL, e);
	}
	if (!err && s->who)
		err = audit_add(db, s->who, "rules.put", "rules", s->id, s->file, e);
	return err;
}

enum err rulebook_past_add(struct desk *d, struct rulebook_save *s, struct error *e)
{
	return d->writer ? writer_do(d->writer, LANE_TALK, save_run, s, e) : ERR_OK;
}

enum err rulebook_past_proven(struct db *db, const char *program, char generation[RULESET_NAME_BYTES], struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULEBOOK_PROVEN, NO_BINDS, e);

	generation[0] = 0;
	if (err)
		return err;
	if (rows_next(&r)) {
		struct slice proof = rows_text(&r, 0);
		size_t name = RULESET_NAME_BYTES - 1;

		if (program[0] && proof.len > name && proof.ptr[name] == ' ' && slice_is(slice_from(proof, name + 1), program))
			snprintf(generation, RULESET_NAME_BYTES, "%.*s", (int)name, proof.ptr);
	}
	return rows_close(&r);
}

enum err rulebook_past_read(struct db *db, int64_t revision, struct rule_set *out, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULEBOOK_SET, BINDS(b_int(revision)), e), end;

	*out = (struct rule_set){ .count = 0 };
	if (err)
		return err;
	while (!err && rows_next(&r)) {
		struct slice name = rows_text(&r, 0), text = rows_blob(&r, 1);
		/* An empty blob may come back as absent. */
		err = rule_set_put(out, name, text.ptr ? text : SLICE(""), e);
	}
	end = rows_close(&r);
	if (!err)
		err = end;
	if (err)
		rule_set_fini(out);
	return err;
}

enum err rulebook_past_latest(struct db *db, int64_t *id, char generation[RULESET_NAME_BYTES], struct rule_set *out, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULEBOOK_LATEST, NO_BINDS, e);

	*id = 0;
	if (out)
		*out = (struct rule_set){ .count = 0 };
	if (err)
		return err;
	if (rows_next(&r)) {
		*id = rows_int(&r, 0);
		if (generation)
			snprintf(generation, RULESET_NAME_BYTES, "%.*s", SLICE_ARG(rows_text(&r, 1)));
	}
	err = rows_close(&r);
	return err || !*id || !out ? err : rulebook_past_read(db, *id, out, e);
}
