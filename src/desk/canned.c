#include "desk/canned.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"
#include "desk/audit.h"
#include "desk/repeat.h"
#include "desk/ticket.h"
#include "desk/ticket_ask.h"
#include "text/unicode.h"
#include "text/utf.h"

static void row_read(struct rows *r, struct arena *a, struct canned *c)
{
	c->id = rows_int(r, 0);
	c->by = rows_int(r, 1);
	c->title = arena_slice(a, rows_text(r, 2));
	c->body = arena_slice(a, rows_text(r, 3));
	c->lang = arena_slice(a, rows_text(r, 4));
	c->topic = arena_slice(a, rows_text(r, 5));
	c->changed_ms = rows_int(r, 6);
}

enum err canned_list(struct db *db, struct arena *a, struct slice lang, struct canned **out, size_t *count,
	struct error *e)
{
	*out = NULL;
	*count = 0;
	struct canned *list = arena_array(a, CANNED_MAX, sizeof(*list));
	if (!list)
		return err_nomem(e);
	struct rows r;
	enum err err = rows_open(db, &r, SQL_CANNED_LIST, BINDS(b_text(lang)), e);
	if (err)
		return err;
	while (*count < CANNED_MAX && rows_next(&r))
		row_read(&r, a, &list[(*count)++]);
	if ((err = rows_close(&r)))
		return err;
	*out = list;
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

enum err canned_get(struct db *db, struct arena *a, int64_t id, struct canned *out, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_CANNED_GET, BINDS(b_int(id)), e);
	if (err)
		return err;
	bool found = rows_next(&r);
	if (found)
		row_read(&r, a, out);
	if ((err = rows_close(&r)))
		return err;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "There is no such reply.");
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

/* Whether `by` may change reply `id`: its maker or a moderator. *keeps (NULL: not asked): it has that topic already. */
static enum err may_change(struct db *db, const struct actor *by, int64_t id, struct slice topic, bool *keeps, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_CANNED_GET, BINDS(b_int(id)), e);
	if (err)
		return err;
	bool found = rows_next(&r);
	int64_t maker = found ? rows_int(&r, 1) : 0;
	if (found && keeps)
		*keeps = slice_eq(rows_text(&r, 5), topic);
	if ((err = rows_close(&r)))
		return err;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "There is no such reply.");
	if (maker != by->account && by->role < ROLE_MODERATOR)
		return err_set(e, ERR_FORBIDDEN, "Somebody else made this reply; only they and moderators can change it.");
	return ERR_OK;
}

struct put {
	const struct actor *by;
	const struct canned *c;
	struct repeat *repeat;
	int64_t id, changed_ms; /* of a new one */
};

static enum err keep(struct db *db, const struct put *p, struct error *e)
{
	if (p->repeat)
		snprintf(p->repeat->answer, sizeof(p->repeat->answer), "%" PRId64 " %" PRId64, p->id, p->changed_ms);
	return repeat_keep(db, p->repeat, e);
}

static enum err put_run(struct db *db, void *self, struct error *e)
{
	struct put *p = self;
	const struct canned *c = p->c;
	int64_t count;
	bool keeps = false;
	enum err err = c->id ? may_change(db, p->by, c->id, c->topic, &keeps, e) : ERR_OK;
	if (!err && c->topic.len && !keeps && !ticket_topic_known(c->topic)) /* an earlier configuration's stays */
		err = err_field(e, ERR_INVALID, "topic", "There is no such topic.");
	if (err)
		return err;
	if (c->id) {
		err = db_run(db, SQL_CANNED_CHANGE,
			BINDS(b_int(c->id), b_text(c->title), b_text(c->body), b_text(c->lang), b_text(c->topic),
				b_int(c->changed_ms)),
			NULL, e);
		return err ? err : audit_add(db, p->by, "canned.change", "canned", c->id, NULL, e);
	}
	p->changed_ms = c->changed_ms;
	if ((err = repeat_find(db, p->repeat, e)))
		return err;
	if (p->repeat && p->repeat->found)
		return sscanf(p->repeat->answer, "%20" SCNd64 " %20" SCNd64, &p->id, &p->changed_ms) == 2
			? ERR_OK : err_set(e, ERR_CORRUPT, "What was answered to this client_id cannot be read.");
	/* Sent twice it is the same one. */
	err = db_int(db, SQL_CANNED_SAME, BINDS(b_int(p->by->account), b_text(c->title), b_text(c->body), b_text(c->lang), b_text(c->topic)), &p->id, e);
	if (err != ERR_NOT_FOUND)
		return err ? err : keep(db, p, e);
	if ((err = db_int(db, SQL_CANNED_COUNT, NO_BINDS, &count, e)))
		return err;
	if (count >= CANNED_MAX)
		return err_set(e, ERR_CONFLICT, "There are %d ready replies already; remove one first.", CANNED_MAX);
	err = db_int(db, SQL_CANNED_ADD,
		BINDS(b_int(p->by->account), b_text(c->title), b_text(c->body), b_text(c->lang), b_text(c->topic),
			b_int(c->changed_ms)),
		&p->id, e);
	if (!err)
		err = keep(db, p, e);
	return err ? err : audit_add(db, p->by, "canned.add", "canned", p->id, NULL, e);
}

static enum err need_text(struct slice s, size_t max, const char *field, struct error *e)
{
	if (!s.ptr || utf_blank(s))
		return err_field(e, ERR_INVALID, field, "Please fill in the %s.", field);
	if (s.len > max)
		return err_field(e, ERR_INVALID, field, "The %s is longer than %zu bytes.", field, max);
	return ERR_OK;
}

/* It is listed on one line, and nothing may turn that line around. */
static bool one_line(struct slice s)
{
	for (size_t at = 0; at < s.len;) {
		unsigned cp;
		at += utf8_next(s, at, &cp);
		if (cp == UTF8_BAD || cp == 0x2028 || cp == 0x2029 || (unicode_props(cp) & (UNI_CONTROL | UNI_BIDI)))
			return false;
	}
	return true;
}

enum err canned_put(struct desk *d, const struct actor *by, struct canned *c, struct repeat *repeat, struct error *e)
{
	enum err err;
	if ((err = need_text(c->title, CANNED_TITLE_MAX_BYTES, "title", e)) ||
		(err = need_text(c->body, CANNED_BODY_MAX_BYTES, "body", e)))
		return err;
	if (!c->lang.ptr)
		c->lang = SLICE("");
	if (!c->topic.ptr)
		c->topic = SLICE("");
	if (!one_line(c->title))
		return err_field(e, ERR_INVALID, "title", "A title is one line without control characters.");
	if (c->lang.len && !ticket_lang_shaped(c->lang))
		return err_field(e, ERR_INVALID, "lang", "This is not a language code such as \"en\" or \"pt-BR\".");
	c->changed_ms = clock_wall_ms();
	struct put p = { .by = by, .c = c, .repeat = repeat };
	if ((err = writer_do(d->writer, LANE_TALK, put_run, &p, e)))
		return err;
	if (!c->id) {
		c->id = p.id;
		c->changed_ms = p.changed_ms;
		c->by = by->account;
	}
	return ERR_OK;
}

struct end {
	const struct actor *by;
	int64_t id;
};

static enum err end_run(struct db *db, void *self, struct error *e)
{
	struct end *n = self;
	enum err err = may_change(db, n->by, n->id, SLICE_NONE, NULL, e);
	if (err || (err = db_run(db, SQL_CANNED_END, BINDS(b_int(n->id)), NULL, e)))
		return err;
	return audit_add(db, n->by, "canned.end", "canned", n->id, NULL, e);
}

enum err canned_end(struct desk *d, const struct actor *by, int64_t id, struct error *e)
{
	struct end n = { .by = by, .id = id };
	return writer_do(d->writer, LANE_TALK, end_run, &n, e);
}
