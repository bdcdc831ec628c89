#include "desk/trial.h"

#include "desk/audit.h"

const char *trial_why_name(enum trial_why why)
{
	return why == TRIAL_REPORT ? "report" : why == TRIAL_RATING ? "rating" : "sample";
}

/* Random, not counted: whoever is on trial must not know which of their conversations is read. */
static bool sampled(void)
{
	uint32_t dice;
	int64_t one_in = conf()->trial_sample;

	crypt_random(&dice, sizeof(dice));
	return one_in > 0 && dice % (uint32_t)one_in == 0;
}

enum err trial_look(struct db *db, int64_t ticket, bool closing, int64_t now, struct error *e)
{
	return db_run(db, SQL_TRIAL_LOOK, BINDS(b_int(ticket), b_int(closing && sampled()), b_int(now), b_int(ROLE_TRIAL)), NULL, e);
}

struct looked {
	const struct actor *who;
	int64_t ticket;
};

static enum err looked_run(struct db *db, void *self, struct error *e)
{
	struct looked *l = self;
	int64_t changed = 0;
	enum err err = db_run(db, SQL_TRIAL_LOOKED, BINDS(b_int(l->ticket)), &changed, e);

	if (!err && !changed)
		return err_set(e, ERR_NOT_FOUND, "This conversation does not wait to be looked at.");
	return err ? err : audit_add(db, l->who, "trial.looked", "ticket", l->ticket, NULL, e);
}

enum err trial_looked(struct desk *d, const struct actor *who, int64_t ticket, struct error *e)
{
	struct looked l = { who, ticket };
	return writer_do(d->writer, LANE_TALK, looked_run, &l, e);
}

static enum err sweep_run(struct db *db, void *self, struct error *e)
{
	(void)self;
	return db_run(db, SQL_TRIAL_SWEEP, BINDS(b_int(clock_wall_ms() - TRIAL_DAYS * 86400 * 1000LL)), NULL, e);
}

enum err trial_sweep(struct desk *d, struct error *e)
{
	return writer_do(d->writer, LANE_TALK, sweep_run, NULL, e);
}
