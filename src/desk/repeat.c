#include "desk/repeat.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "desk/keys.h"

static const int64_t KEPT_MS = 24 * 3600 * 1000LL;

enum err repeat_start(const struct desk *d, struct repeat *r, int64_t account, struct slice client_id, struct slice what, struct slice body,
	struct error *e)
{
	if (!client_id.len || client_id.len > REPEAT_CLIENT_ID_MAX_BYTES)
		return err_field(e, ERR_INVALID, "client_id", "A client_id has 1 to %d bytes.", REPEAT_CLIENT_ID_MAX_BYTES);
	struct str text;
	str_init(&text, what.len + body.len + 1);
	str_add(&text, what);
	str_addc(&text, '\0');
	str_add(&text, body);
	bool good = !str_failed(&text);
	if (good)
		*r = (struct repeat){ .account = account, .client_id = client_id, .same = crypt_keyed(keys_session(d->keys), "repeat", str_slice(&text)) };
	str_fini(&text);
	return good ? ERR_OK : err_nomem(e);
}

enum err repeat_find(struct db *db, struct repeat *r, struct error *e)
{
	if (!r)
		return ERR_OK;
	struct rows rows;
	bool other = false;
	enum err err = rows_open(db, &rows, SQL_REPEAT_FIND, BINDS(b_int(r->account), b_text(r->client_id), b_int(clock_wall_ms() - KEPT_MS)), e);
	if (err)
		return err;
	r->found = rows_next(&rows);
	r->answer[0] = '\0';
	if (r->found) {
		other = !slice_eq(rows_blob(&rows, 0), slice_make((const char *)r->same.bytes, sizeof(r->same.bytes)));
		snprintf(r->answer, sizeof(r->answer), "%.*s", SLICE_ARG(rows_text(&rows, 1)));
	}
	if ((err = rows_close(&rows)))
		return err;
	return other ? err_field(e, ERR_CONFLICT, "client_id", "This client_id was used for something else.") : ERR_OK;
}

enum err repeat_keep(struct db *db, const struct repeat *r, struct error *e)
{
	if (!r)
		return ERR_OK;
	enum err err = db_run(db, SQL_REPEAT_KEEP,
		BINDS(b_int(r->account), b_text(r->client_id), b_blob(r->same.bytes, sizeof(r->same.bytes)), b_str(r->answer), b_int(clock_wall_ms())), NULL, e);
	return err ? err : db_run(db, SQL_REPEAT_BOUND, BINDS(b_int(r->account), b_int(REPEATS_MAX)), NULL, e);
}

enum err repeat_find_id(struct db *db, struct repeat *r, int64_t *id, struct error *e)
{
	*id = 0;
	enum err err = repeat_find(db, r, e);
	if (!err && r && r->found && sscanf(r->answer, "%20" SCNd64, id) != 1)
		return err_set(e, ERR_CORRUPT, "What was answered to this client_id cannot be read.");
	return err;
}

enum err repeat_keep_id(struct db *db, struct repeat *r, int64_t id, struct error *e)
{
	if (r)
		snprintf(r->answer, sizeof(r->answer), "%" PRId64, id);
	return repeat_keep(db, r, e);
}

static enum err sweep_run(struct db *db, void *self, struct error *e)
{
	(void)self;
	return db_run(db, SQL_REPEAT_SWEEP, BINDS(b_int(clock_wall_ms() - KEPT_MS)), NULL, e);
}

enum err repeat_sweep(struct desk *d, struct error *e)
{
	return writer_do(d->writer, LANE_TALK, sweep_run, NULL, e);
}
