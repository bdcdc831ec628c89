#include "desk/sameness.h"

#include <stdio.h>
#include <string.h>

#include "spam/verdict.h"

#define HOUR_MS (3600 * 1000LL)
#define DAY_MS (24 * HOUR_MS)

enum { SENDER_DAYS = 2, UNLABELLED_DAYS = 30, SENDERS_MAX = 64 };

static struct bind sender_bind(const struct sender *s, bool before)
{
	const struct crypt_hash *h = before ? &s->rate_before : &s->rate;

	return b_blob(h->bytes, sizeof(h->bytes));
}

static enum err find_payloads(struct db *db, const struct sameness_text *t, struct facts *f, struct error *e)
{
	for (size_t i = 0; i < t->payload_count; i++) {
		const struct payload *p = &t->payloads[i];
		int64_t spam = 0, good = 0, let_in = 0;
		struct rows r;
		enum err err = rows_open(db, &r, SQL_SAMENESS_PAYLOAD, BINDS(b_int(twin_key(p->value))), e);
		if (err)
			return err;
		if (rows_next(&r)) {
			spam = rows_int(&r, 0);
			good = rows_int(&r, 1);
			let_in = rows_int(&r, 2);
		}
		if ((err = rows_close(&r)))
			return err;
		if (good || spam <= f->payload_spam || (p->kind == PAYLOAD_DOMAIN && spam <= let_in))
			continue;
		f->payload_spam = spam;
		snprintf(f->payload, sizeof(f->payload), "%.*s", SLICE_ARG(p->value));
	}
	return ERR_OK;
}

static enum err find_copies(struct db *db, const struct twin_keys *k, struct facts *f, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_SAMENESS_EXACT, BINDS(b_int(k->exact)), e);

	if (err)
		return err;
	while (rows_next(&r)) {
		int64_t label = rows_int(&r, 0);
		f->exact_spam += label == STORED_SPAM;
		f->exact_ham += label == STORED_HAM || (label == STORED_NONE && rows_int(&r, 1));
	}
	return rows_close(&r);
}

static enum err open_near(struct db *db, enum sql_id id, const struct twin_keys *k, struct rows *r, struct error *e)
{
	struct bind bands[TWIN_BANDS];

	for (int i = 0; i < TWIN_BANDS; i++)
		bands[i] = b_int(k->bands[i]);
	return rows_open(db, r, id, bands, TWIN_BANDS, e);
}

struct senders {
	unsigned char seen[SENDERS_MAX][8];
	size_t count;
};

static void count_sender(struct senders *s, struct slice hash)
{
	if (hash.len < sizeof(s->seen[0]) || s->count == SENDERS_MAX)
		return;
	for (size_t i = 0; i < s->count; i++)
		if (memcmp(s->seen[i], hash.ptr, sizeof(s->seen[0])) == 0)
			return;
	memcpy(s->seen[s->count++], hash.ptr, sizeof(s->seen[0]));
}

/* A ticket counts once on each side, however many of its texts are alike. */
static enum err find_near(struct db *db, const struct twin_keys *k, struct facts *f, struct error *e)
{
	struct senders senders = { .count = 0 };
	int64_t last_spam = 0, last_good = 0;
	uint16_t minhash[TWIN_HASHES];
	struct rows r;
	enum err err = open_near(db, SQL_SAMENESS_NEAR, k, &r, e);

	if (err)
		return err;
	while (rows_next(&r)) {
		int64_t label = rows_int(&r, 0), ticket = rows_int(&r, 2);
		bool good = label == STORED_HAM || (label == STORED_NONE && rows_int(&r, 1));
		if ((!good && label != STORED_SPAM) || !twin_sign_read(rows_blob(&r, 3), minhash) || !twin_near(minhash, k->minhash))
			continue;
		if (good && ticket != last_good) {
			f->near_ham++;
			last_good = ticket;
		} else if (!good) {
			f->near_spam += ticket != last_spam;
			last_spam = ticket;
			count_sender(&senders, rows_blob(&r, 4));
		}
	}
	f->near_senders = (int64_t)senders.count;
	return rows_close(&r);
}

static enum err find_burst(struct db *db, const struct sameness_text *t, struct facts *f, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_SAMENESS_BURST, BINDS(b_int(t->keys->masked), b_int(t->now_ms - HOUR_MS)), e);

	if (err)
		return err;
	if (rows_next(&r)) {
		f->burst = rows_int(&r, 0);
		f->burst_senders = rows_int(&r, 1);
	}
	return rows_close(&r);
}

static enum err find_refused(struct db *db, const struct sameness_text *t, struct facts *f, struct error *e)
{
	uint16_t minhash[TWIN_HASHES];
	bool refused = false;
	struct rows r;
	enum err err = rows_open(db, &r, SQL_SAMENESS_REFUSED,
		BINDS(sender_bind(t->sender, false), sender_bind(t->sender, true), b_int(t->now_ms - DAY_MS)), e);

	if (err)
		return err;
	while (!refused && rows_next(&r))
		refused = (!rows_null(&r, 0) && rows_int(&r, 0) == t->keys->exact) ||
			(twin_sign_read(rows_blob(&r, 1), minhash) && twin_near(minhash, t->keys->minhash));
	if ((err = rows_close(&r)))
		return err;
	f->inherits = refused ? YES : NO;
	f->inherits_action = refused ? ACTION_REJECT : 0;
	return ERR_OK;
}

enum err sameness_facts(struct db *db, const struct sameness_text *t, struct facts *f, struct error *e)
{
	enum err err;

	f->exact_spam = f->exact_ham = f->payload_spam = f->near_spam = f->near_ham = f->near_senders = f->burst = f->burst_senders = 0;
	f->payload[0] = 0;
	if ((err = find_payloads(db, t, f, e)))
		return err;
	if (t->keys->any &&
		((err = find_copies(db, t->keys, f, e)) || (err = find_near(db, t->keys, f, e)) || (err = find_burst(db, t, f, e))))
		return err;
	f->twins = f->exact_spam || f->exact_ham || f->near_spam || f->near_ham || f->burst || f->payload_spam ? YES : NO;
	return t->sender->known && t->keys->any ? find_refused(db, t, f, e) : ERR_OK;
}

enum err sameness_record(struct db *db, const struct sameness_text *t, int64_t ticket, int64_t n, int64_t action, struct error *e)
{
	const struct twin_keys *k = t->keys;
	unsigned char sign[TWIN_SIGN_BYTES];
	struct bind b[8 + TWIN_BANDS] = { b_int(ticket), b_int(n), b_int(t->now_ms), t->sender->known ? sender_bind(t->sender, false) : b_null(),
		b_int(action) };
	enum err err;

	if (k->any) {
		twin_sign(k, sign);
		b[5] = b_int(k->exact);
		b[6] = b_int(k->masked);
		b[7] = b_blob(sign, sizeof(sign));
		for (int i = 0; i < TWIN_BANDS; i++)
			b[8 + i] = b_int(k->bands[i]);
	}
	err = db_run(db, SQL_SAMENESS_ADD, b, sizeof(b) / sizeof(b[0]), NULL, e);
	for (size_t i = 0; !err && i < t->payload_count; i++)
		err = db_run(db, SQL_SAMENESS_PAYLOAD_ADD, BINDS(b_int(ticket), b_int(n), b_int(twin_key(t->payloads[i].value))), NULL, e);
	return err;
}

enum err sameness_teach(struct db *db, int64_t ticket, int64_t n, enum stored_label label, struct error *e)
{
	enum err err = db_run(db, SQL_SAMENESS_TEACH, BINDS(b_int(ticket), b_int(n), b_int(label)), NULL, e);

	return err ? err : db_run(db, SQL_SAMENESS_TEACH_PAYLOAD, BINDS(b_int(ticket), b_int(n), b_int(label)), NULL, e);
}

enum err sameness_forget(struct db *db, int64_t ticket, int64_t n, struct error *e)
{
	enum err err = db_run(db, SQL_SAMENESS_FORGET, BINDS(b_int(ticket), b_int(n)), NULL, e);

	return err ? err : db_run(db, SQL_SAMENESS_FORGET_PAYLOADS, BINDS(b_int(ticket), b_int(n)), NULL, e);
}

enum err sameness_remove(struct db *db, int64_t ticket, struct error *e)
{
	enum err err = db_run(db, SQL_SAMENESS_REMOVE, BINDS(b_int(ticket)), NULL, e);

	return err ? err : db_run(db, SQL_SAMENESS_REMOVE_PAYLOADS, BINDS(b_int(ticket)), NULL, e);
}

enum err sameness_near_taught(struct db *db, int64_t ticket, int64_t n, bool *near, struct error *e)
{
	struct twin_keys k = { .any = false };
	uint16_t minhash[TWIN_HASHES];
	struct rows r;
	enum err err = rows_open(db, &r, SQL_SAMENESS_KEYS, BINDS(b_int(ticket), b_int(n)), e);

	*near = false;
	if (err)
		return err;
	if (rows_next(&r)) {
		k.any = twin_sign_read(rows_blob(&r, 0), k.minhash);
		for (int i = 0; i < TWIN_BANDS; i++)
			k.bands[i] = rows_int(&r, 1 + i);
	}
	if ((err = rows_close(&r)) || !k.any)
		return err;
	if ((err = open_near(db, SQL_SAMENESS_TAUGHT, &k, &r, e)))
		return err;
	while (!*near && rows_next(&r))
		*near = twin_sign_read(rows_blob(&r, 0), minhash) && twin_near(minhash, k.minhash);
	return rows_close(&r);
}

enum err sameness_sweep(struct db *db, int64_t now_ms, int64_t *changed, struct error *e)
{
	int64_t days = conf()->twin_days < UNLABELLED_DAYS ? conf()->twin_days : UNLABELLED_DAYS, n = 0;
	int64_t unlabelled = now_ms - days * DAY_MS, labelled = now_ms - conf()->twin_days * DAY_MS;
	enum err err = db_run(db, SQL_SAMENESS_UNNAME, BINDS(b_int(now_ms - SENDER_DAYS * DAY_MS)), &n, e);

	*changed += n;
	/* Payloads go by the rows that go after them. */
	if (!err)
		err = db_run(db, SQL_SAMENESS_SWEEP_PAYLOADS, BINDS(b_int(unlabelled), b_int(labelled)), NULL, e);
	if (!err)
		err = db_run(db, SQL_SAMENESS_SWEEP, BINDS(b_int(unlabelled), b_int(labelled)), &n, e);
	if (!err)
		*changed += n;
	return err;
}
