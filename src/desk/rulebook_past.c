#include "desk/rulebook_past.h"

#include <stdio.h>

#include "desk/audit.h"

static enum err save_run(struct db *db, void *self, struct error *e)
{
	struct rulebook_save *s = self;
	struct rows r;
	bool same = false;
	enum err err = rows_open(db, &r, SQL_RULEBOOK_LATEST, NO_BINDS, e);

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
