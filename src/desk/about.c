#include "desk/about.h"

#include <pthread.h>
#include <string.h>

#include "base/conf.h"
#include "desk/figures.h"

static struct {
	pthread_mutex_t lock;
	bool busy;
	const char *zone; /* the hours' time zone; NULL: not made yet */
	int64_t until;    /* monotonic */
	struct about about;
} kept = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct about_share share_of(const struct jv *from, const char *key)
{
	const struct jv *v = jv_get(from, key);
	return (struct about_share){ v != NULL, v ? jv_real_of(v) : 0 };
}

static enum err make(struct desk *d, struct db *db, struct about *out, struct error *e)
{
	struct jv *f = NULL;
	enum err err = figures_json(d, db, ABOUT_DAYS, &f, e);
	if (err)
		return err;
	const struct jv *week = jv_get(jv_get(f, "hours"), "week");
	int64_t good = jv_int_of(jv_get(f, "good"));
	*out = (struct about){
		.good = good >= CELL_MIN ? good : 0,
		.staffed_median_s = jv_int_of(jv_get(f, "staffed_median_s")),
		.answered_24h = share_of(f, "answered_24h"),
		.late = share_of(jv_get(f, "open"), "late_share"),
		.same_language = share_of(jv_get(f, "replies"), "same_share"),
		.false_held = share_of(f, "false_hold_share"),
	};
	for (size_t i = 0; i < WEEK_HOURS; i++)
		out->usual[i] = jv_int_of(jv_at(week, i)) * 2 >= ABOUT_WEEKS;
	jv_free(&f);
	return ERR_OK;
}

enum err about_read(struct desk *d, struct db *db, struct about *out, struct error *e)
{
	int64_t now = clock_mono_ms();
	const char *zone = conf()->time_zone;
	pthread_mutex_lock(&kept.lock);
	bool due = !kept.busy && (!kept.zone || strcmp(kept.zone, zone) || now >= kept.until);
	kept.busy |= due;
	*out = kept.about;
	pthread_mutex_unlock(&kept.lock);
	if (!due)
		return ERR_OK;
	enum err err = make(d, db, out, e);
	pthread_mutex_lock(&kept.lock);
	kept.busy = false;
	if (!err) {
		kept.zone = zone;
		kept.until = now + ABOUT_KEPT_MS;
		kept.about = *out;
	}
	pthread_mutex_unlock(&kept.lock);
	return err;
}
