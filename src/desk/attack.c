#include "desk/attack.h"

#include <stdio.h>

#include "base/log.h"
#include "desk/audit.h"

#define MINUTE_MS (60 * 1000LL)
#define HOUR_MS (60 * MINUTE_MS)

enum {
	STOPPED_MIN = 10,
	STOPPED_OF_ONE = 3,  /* of one network count at most so many */
	ARRIVALS_MIN = 30,
	ARRIVALS_TIMES = 3,
	NOT_REAL_MIN = 3,
	KNOWN_HOURS = 24,    /* before that nobody knows what is usual */
	KEPT_HOURS = 14 * 24,
};
#define RISE_MS (5 * MINUTE_MS)
#define CALM_MS (10 * MINUTE_MS)
#define QUIET_MS HOUR_MS
#define SIGN_MS MINUTE_MS /* a sign that goes on is written down so often */

const char *attack_why_name(enum attack_why w)
{
	static const char *const names[] = { "calm", "hand", "stopped", "arrivals", "notreal" };

	return (size_t)w < sizeof(names) / sizeof(names[0]) ? names[w] : names[0];
}

/* ---- the rules, without a database ---- */

enum attack_why attack_sign(const struct attack_seen *seen)
{
	if (seen->stopped >= STOPPED_MIN && 2 * seen->stopped >= seen->asked)
		return ATTACK_STOPPED;
	if (seen->usual_hour >= 0 && seen->hour >= ARRIVALS_MIN && seen->hour >= ARRIVALS_TIMES * seen->usual_hour)
		return ATTACK_ARRIVALS;
	return seen->not_real >= NOT_REAL_MIN ? ATTACK_NOT_REAL : ATTACK_CALM;
}

static void step_to(struct attack *a, int64_t step, enum attack_why why, int64_t now_ms)
{
	if (a->step == 0)
		a->since = now_ms;
	a->step = step;
	a->changed = now_ms;
	a->why = step ? why : ATTACK_CALM;
	if (!step)
		a->since = 0;
}

bool attack_next(struct attack *a, enum attack_why sign, int64_t now_ms)
{
	bool changed = false;
	int64_t least;

	if (a->hand && now_ms >= a->hand_until) {
		a->hand = a->hand_until = 0;
		changed = true;
	}
	least = a->hand;
	if (now_ms < a->quiet_until)
		sign = ATTACK_CALM;
	if (sign != ATTACK_CALM && now_ms - a->signed_at >= SIGN_MS) {
		a->signed_at = now_ms;
		changed = true;
	}
	if (a->step < least) {
		step_to(a, least, ATTACK_HAND, now_ms);
		return true;
	}
	if (sign != ATTACK_CALM && a->step < ATTACK_STEPS && (a->step == 0 || now_ms - a->changed >= RISE_MS)) {
		step_to(a, a->step + 1, sign, now_ms);
		return true;
	}
	if (sign == ATTACK_CALM && a->step > least && now_ms - a->changed >= CALM_MS && now_ms - a->signed_at >= CALM_MS) {
		step_to(a, a->step - 1, a->step - 1 == least ? ATTACK_HAND : a->why, now_ms);
		return true;
	}
	return changed;
}

/* ---- the row ---- */

enum err attack_read(struct db *db, struct attack *out, struct error *e)
{
	struct rows r;
	enum err rc = rows_open(db, &r, SQL_ATTACK_GET, NO_BINDS, e);

	memset(out, 0, sizeof(*out));
	if (rc)
		return rc;
	if (rows_next(&r))
		*out = (struct attack){ .step = rows_int(&r, 0), .why = (enum attack_why)rows_int(&r, 1), .since = rows_int(&r, 2),
					.changed = rows_int(&r, 3), .signed_at = rows_int(&r, 4), .hand = rows_int(&r, 5),
					.hand_until = rows_int(&r, 6), .quiet_until = rows_int(&r, 7) };
	return rows_close(&r);
}

struct jv *attack_json(const struct attack *a)
{
	struct jv *v = jv_set_int(jv_object(), "step", a->step);

	jv_set_string(v, "why", attack_why_name(a->why));
	jv_set_time(v, "since", a->since);
	return jv_set_time(v, "until", a->hand_until);
}

static enum err write_down(struct db *db, const struct actor *who, const struct attack *was, const struct attack *is, struct error *e)
{
	char detail[AUDIT_DETAIL_MAX_BYTES];
	enum err rc = db_run(db, SQL_ATTACK_PUT,
			     BINDS(b_int(is->step), b_int(is->why), b_int(is->since), b_int(is->changed), b_int(is->signed_at), b_int(is->hand),
				   b_int(is->hand_until), b_int(is->quiet_until)),
			     NULL, e);

	if (rc || (is->step == was->step && !who))
		return rc;
	snprintf(detail, sizeof(detail), "from %lld, %s", (long long)was->step, attack_why_name(who ? ATTACK_HAND : is->why));
	return audit_add(db, who, is->step > was->step ? "attack.raise" : is->step < was->step ? "attack.lower" : "attack.keep", "attack", is->step,
			 detail, e);
}

/* ---- what is seen ---- */

static enum err usual(struct db *db, int64_t hour, int64_t *out, struct error *e)
{
	struct rows r;
	int64_t first = hour, all = 0, same = 0;
	enum err rc = db_int(db, SQL_ATTACK_FIRST, BINDS(b_int(hour)), &first, e);

	*out = -1;
	if (rc || hour - first < KNOWN_HOURS)
		return rc;
	rc = rows_open(db, &r, SQL_ATTACK_USUAL, BINDS(b_int(hour)), e);
	if (rc)
		return rc;
	if (rows_next(&r)) {
		all = rows_int(&r, 0);
		same = rows_int(&r, 1);
	}
	int64_t mean = all / (hour - first), of_day = same / ((hour - first) / 24);

	*out = mean > of_day ? mean : of_day;
	return rows_close(&r);
}

static enum err look(struct db *db, int64_t now, struct attack_seen *seen, struct error *e)
{
	enum err rc = db_int(db, SQL_ATTACK_ASKED, BINDS(b_int(now - 10 * MINUTE_MS)), &seen->asked, e);

	if (!rc)
		rc = db_int(db, SQL_ATTACK_STOPPED, BINDS(b_int(now - 10 * MINUTE_MS), b_int(STOPPED_OF_ONE)), &seen->stopped, e);
	if (!rc)
		rc = db_int(db, SQL_ATTACK_ASKED, BINDS(b_int(now - HOUR_MS)), &seen->hour, e);
	if (!rc)
		rc = db_int(db, SQL_ATTACK_NOT_REAL, BINDS(b_int(now - 30 * MINUTE_MS)), &seen->not_real, e);
	return rc ? rc : usual(db, now / HOUR_MS, &seen->usual_hour, e);
}

enum err attack_count(struct db *db, int64_t now_ms, struct error *e)
{
	enum err rc = db_run(db, SQL_ATTACK_FORGET, BINDS(b_int(now_ms / HOUR_MS - KEPT_HOURS)), NULL, e);

	return rc ? rc : db_run(db, SQL_ATTACK_COUNT, BINDS(b_int(now_ms / HOUR_MS)), NULL, e);
}

/* ---- steps ---- */

struct stepping {
	const struct actor *who; /* NULL: the clock */
	enum attack_why sign;
	int64_t step, for_s;
	struct attack was, is;
};

static enum err take_time(struct db *db, void *self, struct error *e)
{
	struct stepping *s = self;
	int64_t now = clock_wall_ms();
	enum err rc = attack_read(db, &s->was, e);

	s->is = s->was;
	if (rc || !attack_next(&s->is, s->sign, now))
		return rc;
	return write_down(db, NULL, &s->was, &s->is, e);
}

enum err attack_tick(struct desk *d, struct db *db, struct error *e)
{
	struct attack_seen seen = { 0 };
	struct stepping s = { 0 };
	struct attack a;
	int64_t now = clock_wall_ms();
	enum err rc = attack_read(db, &a, e);

	if (!rc)
		rc = look(db, now, &seen, e);
	if (rc)
		return rc;
	s.sign = attack_sign(&seen);
	if (!attack_next(&a, s.sign, now))
		return ERR_OK;
	rc = writer_do(d->writer, LANE_TALK, take_time, &s, e);
	if (!rc && s.is.step != s.was.step)
		log_warn("desk/attack", "attack mode: step %lld, before %lld (%s)", (long long)s.is.step, (long long)s.was.step, attack_why_name(s.is.why));
	return rc;
}

static enum err set_by_hand(struct db *db, void *self, struct error *e)
{
	struct stepping *s = self;
	int64_t now = clock_wall_ms();
	enum err rc = attack_read(db, &s->was, e);

	s->is = s->was;
	if (rc)
		return rc;
	s->is.hand = s->step;
	s->is.hand_until = s->step ? now + s->for_s * 1000 : 0;
	s->is.quiet_until = s->step ? 0 : now + QUIET_MS;
	if (s->is.step != s->step)
		step_to(&s->is, s->step, ATTACK_HAND, now);
	else if (s->step)
		s->is.why = ATTACK_HAND;
	return write_down(db, s->who, &s->was, &s->is, e);
}

enum err attack_set(struct desk *d, const struct actor *who, int64_t step, int64_t for_s, struct attack *out, struct error *e)
{
	struct stepping s = { .who = who, .step = step, .for_s = for_s };
	enum err rc;

	memset(out, 0, sizeof(*out));
	if (step < 0 || step > ATTACK_STEPS)
		return err_field(e, ERR_INVALID, "step", "A step is 0 (calm) to %d.", ATTACK_STEPS);
	if (for_s < 60 || for_s > ATTACK_HAND_S_MAX)
		return err_field(e, ERR_INVALID, "for_s", "Choose 60 to %d seconds.", ATTACK_HAND_S_MAX);
	rc = writer_do(d->writer, LANE_TALK, set_by_hand, &s, e);
	*out = s.is;
	return rc;
}

/* ---- whose turn it is ---- */

enum err attack_turn(struct db *db, enum attack_turn *out, struct error *e)
{
	int64_t turn = 0;
	enum err rc = db_int(db, SQL_ATTACK_TURN, NO_BINDS, &turn, e);

	*out = rc ? ATTACK_ANY : turn ? ATTACK_UNPROVEN : ATTACK_PROVEN;
	return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

enum err attack_turned(struct db *db, enum attack_turn used, struct error *e)
{
	return used == ATTACK_ANY ? ERR_OK : db_run(db, SQL_ATTACK_TURN_PUT, BINDS(b_int(used == ATTACK_PROVEN)), NULL, e);
}
