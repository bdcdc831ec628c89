#include "desk/care.h"

#include "desk/report.h"
#include "desk/ticket.h"
#include "text/utf.h"

enum { CAP_MAX = 100, HELD_MAX = 256 };

enum err care_get(struct db *db, struct arena *a, int64_t account, struct care *out, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_CARE_GET, BINDS(b_int(account)), e);
	*out = (struct care){ .langs = SLICE("") };
	if (err)
		return err;
	if (rows_next(&r)) {
		out->langs = arena_slice(a, rows_text(&r, 0));
		out->cap = rows_int(&r, 1);
		out->stopping = rows_int(&r, 2);
	}
	err = rows_close(&r);
	return err ? err : arena_failed(a) ? err_nomem(e) : ERR_OK;
}

/* ---- what is set ---- */

bool care_helps_in(struct slice langs, struct slice lang)
{
	struct slice part;
	while (utf_part(&langs, ',', &part))
		if (slice_eq(part, lang))
			return true;
	return false;
}

struct put {
	int64_t account, cap;
	struct slice langs;
};

static enum err put_run(struct db *db, void *self, struct error *e)
{
	struct put *p = self;
	return db_run(db, SQL_CARE_PUT, BINDS(b_int(p->account), b_text(p->langs), b_int(p->cap)), NULL, e);
}

enum err care_check(int64_t cap, struct slice langs, struct error *e)
{
	struct slice offered = slice_of(conf()->languages), part;

	if (cap > CAP_MAX)
		return err_field(e, ERR_INVALID, "claim_cap", "Choose a number up to %d, or none.", CAP_MAX);
	while (utf_part(&langs, ',', &part))
		if (!care_helps_in(offered, part))
			return err_field(e, ERR_INVALID, "langs", "The desk does not offer help in one of these languages.");
	return ERR_OK;
}

enum err care_put(struct desk *d, const struct actor *who, int64_t cap, struct slice langs, struct error *e)
{
	struct slice rest, part;
	struct str kept;
	enum err err = care_check(cap, langs, e);

	if (err)
		return err;
	str_init(&kept, CARE_LANGS_MAX_BYTES);
	for (rest = slice_of(conf()->languages); langs.ptr && utf_part(&rest, ',', &part);)
		if (care_helps_in(langs, part)) {
			str_adds(&kept, str_slice(&kept).len ? "," : "");
			str_add(&kept, part);
		}
	if (str_failed(&kept))
		err = err_nomem(e);
	struct put p = { .account = who->account, .cap = cap, .langs = langs.ptr ? str_slice(&kept) : SLICE_NONE };
	if (langs.ptr && !p.langs.ptr)
		p.langs = SLICE("");
	if (!err)
		err = writer_do(d->writer, LANE_TALK, put_run, &p, e);
	str_fini(&kept);
	return err;
}

enum err care_forget(struct db *db, int64_t account, struct error *e)
{
	return db_run(db, SQL_CARE_FORGET, BINDS(b_int(account)), NULL, e);
}

enum err care_begin(struct db *db, int64_t account, struct error *e)
{
	return db_run(db, SQL_CARE_BEGIN, BINDS(b_int(account)), NULL, e);
}

/* ---- stopping ---- */

struct held {
	int64_t count, cap; /* cap: their own, where that is not above the desk's */
	bool own, stopping, paused;
};

static enum err read_held(struct db *db, int64_t account, struct held *out, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_CARE_HELD, BINDS(b_int(account)), e);
	*out = (struct held){ .cap = conf()->claim_cap };
	if (err)
		return err;
	if (rows_next(&r)) {
		out->count = rows_int(&r, 0);
		out->stopping = rows_int(&r, 1);
		out->own = rows_int(&r, 2) && rows_int(&r, 2) <= out->cap;
		if (out->own)
			out->cap = rows_int(&r, 2);
	}
	err = rows_close(&r);
	return err ? err : report_paused(db, account, &out->paused, e);
}

enum err care_given_nothing(struct db *db, int64_t account, bool *out, struct error *e)
{
	struct held held;
	enum err err = read_held(db, account, &held, e);
	*out = held.stopping || held.paused;
	return err;
}

enum err care_may_take(struct db *db, int64_t account, bool next, struct error *e)
{
	struct held held;
	enum err err = read_held(db, account, &held, e);
	if (err)
		return err;
	if (held.paused)
		return err_field(e, ERR_CONFLICT, "reports", "Several people reported what you wrote. You can finish what you have; a moderator looks at the reports before you take somebody new.");
	if (next && held.stopping)
		return err_field(e, ERR_CONFLICT, "duty", "You said that you finish what you have, then stop. Go on duty to take the next.");
	/* What the desk wants bounds what it gives; who takes more by hand knows why. Their own word holds for both. */
	if (held.count >= held.cap && (next || held.own))
		return err_field(e, ERR_CONFLICT, "claim_cap", "You hold %lld conversations. Close or release one before you take the next.", (long long)held.count);
	return ERR_OK;
}

enum err care_duty(struct desk *d, struct db *db, int64_t account, enum duty *out, struct error *e)
{
	struct held held;
	enum err err = read_held(db, account, &held, e);
	*out = held.paused ? DUTY_PAUSED : held.stopping && held.count ? DUTY_FINISHING : held.stopping ? DUTY_AWAY : presence_duty_of(d->presence, account, clock_wall_ms());
	return err;
}

struct stop {
	int64_t account;
	bool stopping;
};

static enum err stop_run(struct db *db, void *self, struct error *e)
{
	struct stop *s = self;
	return db_run(db, SQL_CARE_STOP, BINDS(b_int(s->account), b_int(s->stopping)), NULL, e);
}

enum err care_set_duty(struct desk *d, struct db *db, const struct actor *who, enum duty duty, bool renew, struct error *e)
{
	struct stop s = { .account = who->account, .stopping = duty == DUTY_FINISHING };
	struct held held;
	enum err err = read_held(db, who->account, &held, e);
	if (!err && held.paused && duty == DUTY_ON)
		duty = DUTY_AWAY, renew = false;
	if (err || (renew && held.stopping))
		return err;
	if (held.stopping != s.stopping && (err = writer_do(d->writer, LANE_TALK, stop_run, &s, e)))
		return err;
	if (renew)
		presence_renew(d->presence, who, duty, clock_wall_ms());
	else
		presence_duty(d->presence, who, s.stopping ? DUTY_AWAY : duty, clock_wall_ms());
	return ERR_OK;
}

/* ---- handing back ---- */

struct hand_back {
	const struct actor *who;
	int64_t count;
};

static enum err hand_back(struct db *db, void *self, struct error *e)
{
	struct hand_back *h = self;
	int64_t ids[HELD_MAX];
	size_t count = 0;
	struct rows r;
	struct acted acted;
	enum err err = rows_open(db, &r, SQL_CARE_HOLDS, BINDS(b_int(h->who->account), b_int(HELD_MAX)), e);
	if (err)
		return err;
	while (count < HELD_MAX && rows_next(&r))
		ids[count++] = rows_int(&r, 0);
	err = rows_close(&r);
	h->count = 0;
	for (size_t i = 0; !err && i < count; i++, h->count++)
		err = ticket_move(db, &(struct move){ .ticket = ids[i], .event = EVENT_RETURN, .by = BY_HELPER, .who = *h->who, .now = clock_wall_ms() },
				  &acted, e);
	return err;
}

enum err care_hand_back(struct desk *d, const struct actor *who, int64_t *count, struct error *e)
{
	struct hand_back h = { .who = who };
	enum err err = writer_do(d->writer, LANE_TALK, hand_back, &h, e);
	*count = h.count;
	return err;
}
