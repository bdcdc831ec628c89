#include "desk/proof.h"

#include <stdatomic.h>
#include <stdio.h>

#include "desk/attack.h"
#include "desk/gate.h"
#include "desk/keys.h"
#include "spam/challenge.h"
#include "text/unicode.h"
#include "text/utf.h"

/* At most so many hashes, half of them as a rule: well under a second on a slow phone, at step 0 and 1 of attack mode. */
static const int64_t work_of_step[ATTACK_STEPS + 1] = { 50000, 50000, 200000, 500000 };

enum { ANSWER_MAX_BYTES = 200, PURPOSE_MAX_BYTES = GATE_FORM_BYTES + 32 };

static atomic_llong offered, solved, answered, skipped, wrong;

struct proof_figures proof_figures(void)
{
	return (struct proof_figures){ offered, solved, answered, skipped, wrong };
}

bool proof_on(void)
{
	return strcmp(conf()->challenge, "auto") == 0;
}

/* What the signature covers beside the challenge. Empty: there is nothing it could be for. */
static struct slice purpose_of(const struct proof_for *what, char text[PURPOSE_MAX_BYTES])
{
	struct slice form = what->form;
	int n = 0;

	if (what->kind != PROOF_FORM) {
		n = snprintf(text, PURPOSE_MAX_BYTES, "%s:%lld", what->kind == PROOF_APPEAL ? "appeal" : "question", (long long)what->ticket);
	} else if (form.len && form.len < GATE_FORM_BYTES) {
		form.len -= form.ptr[form.len - 1] == '~';
		n = snprintf(text, PURPOSE_MAX_BYTES, "form:%.*s", SLICE_ARG(form));
	}
	return slice_make(text, (size_t)n);
}

enum err proof_offer(struct desk *d, struct db *db, const struct proof_for *what, struct jv **out, struct error *e)
{
	unsigned char random[CHALLENGE_RANDOM_BYTES];
	char text[PURPOSE_MAX_BYTES];
	struct challenge c;
	struct attack attack;
	int64_t most;
	enum err rc = attack_read(db, &attack, e);

	*out = NULL;
	if (rc)
		return rc;
	most = work_of_step[attack.step < 0 ? 0 : attack.step > ATTACK_STEPS ? ATTACK_STEPS : attack.step];
	crypt_random(random, sizeof(random));
	challenge_make(keys_form(d->keys), purpose_of(what, text), most, crypt_random_below((uint32_t)most), clock_wall_ms() / 1000 + PROOF_LIFE_S,
		       random, &c);
	offered++;
	*out = challenge_json(&c);
	return *out ? ERR_OK : err_nomem(e);
}

enum err proof_check(struct desk *d, struct db *db, struct arena *a, const struct proof_for *what, struct slice pow, struct proof *out,
		     struct error *e)
{
	char text[PURPOSE_MAX_BYTES];
	struct slice purpose = purpose_of(what, text);
	struct challenge_answer answer;
	int64_t spent = 0;
	enum err rc = ERR_OK;

	memset(out, 0, sizeof(*out));
	if (!pow.len || !purpose.len || challenge_read(a, pow, &answer) != CHALLENGE_GOOD ||
	    challenge_check(keys_form(d->keys), purpose, clock_wall_ms() / 1000, &answer) != CHALLENGE_GOOD) {
		wrong += pow.len > 0;
		return ERR_OK;
	}
	out->id = challenge_id(&answer);
	out->expires_ms = answer.expires_s * 1000;
	rc = db_int(db, SQL_PROOF_SPENT, BINDS(b_blob(out->id.bytes, sizeof(out->id.bytes))), &spent, e);
	out->good = !rc && !spent && challenge_solved(&answer);
	wrong += !rc && !out->good;
	return rc;
}

enum err proof_mark(struct db *db, int64_t ticket, struct error *e)
{
	return db_run(db, SQL_PROOF_MARK, BINDS(b_int(ticket)), NULL, e);
}

enum err proof_spend(struct db *db, const struct proof *p, int64_t ticket, int64_t now_ms, struct error *e)
{
	enum err rc = db_run(db, SQL_PROOF_SPEND, BINDS(b_blob(p->id.bytes, sizeof(p->id.bytes)), b_int(ticket), b_int(now_ms), b_int(p->expires_ms)),
			     NULL, e);

	if (rc == ERR_CONFLICT)
		return err_field(e, ERR_CONFLICT, "pow", "This answer was used before.");
	return rc ? rc : proof_mark(db, ticket, e);
}

/* ---- the site question ---- */

/* As people write the same answer in different ways: case, width and what is around it do not matter. */
static bool same_words(struct slice x, struct slice y)
{
	struct str a, b;
	bool same;

	str_init(&a, 16 * ANSWER_MAX_BYTES);
	str_init(&b, 16 * ANSWER_MAX_BYTES);
	unicode_nfkc_fold(x, &a);
	unicode_nfkc_fold(y, &b);
	same = !str_failed(&a) && !str_failed(&b) && slice_eq(utf_trim(str_slice(&a)), utf_trim(str_slice(&b)));
	str_fini(&a);
	str_fini(&b);
	return same;
}

static struct slice cut(struct slice *rest, char at)
{
	const char *end = rest->len ? memchr(rest->ptr, at, rest->len) : NULL;
	struct slice part = { rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len };

	*rest = slice_from(*rest, part.len + (end != NULL));
	return part;
}

/* `en: question = answer, answer | de: ...`: the answers stand behind the last "=". */
bool proof_answers(struct slice answer)
{
	struct slice all = slice_of(conf()->site_question);

	answer = utf_trim(answer);
	if (!answer.len || answer.len > ANSWER_MAX_BYTES)
		return false;
	while (all.len) {
		struct slice one = cut(&all, '|');
		const char *eq = one.len ? memrchr(one.ptr, '=', one.len) : NULL;
		struct slice answers = eq ? slice_from(one, (size_t)(eq - one.ptr) + 1) : SLICE_NONE;

		while (answers.len) {
			struct slice good = utf_trim(cut(&answers, ','));
			if (good.len && good.len <= ANSWER_MAX_BYTES && same_words(good, answer))
				return true;
		}
	}
	return false;
}

bool proof_site_question_good(struct slice all, struct slice *bad)
{
	while (all.len) {
		struct slice whole = utf_trim(cut(&all, '|')), one = whole;
		utf_lang_code(&one);
		const char *eq = one.len ? memrchr(one.ptr, '=', one.len) : NULL;
		struct slice answers = eq ? slice_from(one, (size_t)(eq - one.ptr) + 1) : SLICE_NONE;
		bool answerable = !whole.len;

		while (answers.len) {
			struct slice answer = utf_trim(cut(&answers, ','));
			answerable = answerable || (answer.len && answer.len <= ANSWER_MAX_BYTES);
		}
		if (!answerable || (eq && !utf_trim(slice_make(one.ptr, (size_t)(eq - one.ptr))).len)) {
			*bad = whole;
			return false;
		}
	}
	return true;
}

/* ---- a challenged question ---- */

struct step {
	int64_t ticket;
	struct proof proof;            /* good: a solved challenge; else the site question was answered */
	struct screening *screening;   /* NULL: not solved */
	bool skip;
	bool fell;                     /* out: the wrong answer was the last one */
	struct acted *out;
};

static enum err still_challenged(struct db *db, int64_t id, struct error *e)
{
	struct ticket t;
	enum err rc = ticket_row(db, id, &t, e);

	return rc || t.state == TICKET_CHALLENGED ? rc : err_set(e, ERR_CONFLICT, "There is nothing to solve here.");
}

static enum err take_step(struct db *db, void *self, struct error *e)
{
	struct step *s = self;
	int64_t now = clock_wall_ms(), tries = 0;
	struct move m = { .ticket = s->ticket, .by = BY_SYSTEM, .now = now, .event = EVENT_UNSOLVED, .why = HELD_UNSOLVED };
	enum action action = ACTION_HOLD;
	enum err rc = still_challenged(db, s->ticket, e);

	memset(s->out, 0, sizeof(*s->out));
	s->fell = false;
	if (rc)
		return rc;
	if (s->screening) {
		rc = s->proof.good ? proof_spend(db, &s->proof, s->ticket, now, e) : proof_mark(db, s->ticket, e);
		if (!rc)
			rc = gate_record_again(db, s->screening, s->ticket, 1, &action, e);
		m.event = action == ACTION_ACCEPT ? EVENT_SOLVED : EVENT_SOLVED_HOLD;
		m.why = HELD_SCREEN;
	} else if (!s->skip) {
		rc = db_int(db, SQL_PROOF_TRY, BINDS(b_int(s->ticket)), &tries, e);
		s->fell = tries >= PROOF_TRIES_MAX;
		if (rc || !s->fell)
			return rc;
	}
	return rc ? rc : ticket_move(db, &m, s->out, e);
}

enum err proof_solve(struct desk *d, struct db *db, struct arena *a, const struct ticket *t, const struct solving *in, struct acted *out,
		     struct error *e)
{
	struct step s = { .ticket = t->id, .skip = in->skip, .out = out };
	const char *field = in->pow.len ? "pow" : "answer";
	bool good = false;
	enum err rc;

	memset(out, 0, sizeof(*out));
	if (!in->pow.len && !in->answer.len && !in->skip)
		return err_field(e, ERR_INVALID, "answer", "The answer is missing.");
	rc = still_challenged(db, t->id, e);
	if (!rc && !in->skip && in->pow.len) {
		rc = proof_check(d, db, a, &(struct proof_for){ .kind = PROOF_QUESTION, .ticket = t->id }, in->pow, &s.proof, e);
		good = s.proof.good;
	} else if (!in->skip) {
		good = proof_answers(in->answer);
	}
	/* A number costs one look; only answers that people could guess are counted. */
	if (!rc && !good && !in->skip && in->pow.len)
		return err_field(e, ERR_INVALID, field, "This is not the answer.");
	if (!rc && good)
		rc = ticket_judge_again(d, db, a, t->id, in->agent, &in->sender, &s.screening, e);
	if (!rc)
		rc = writer_do(d->writer, LANE_ASK, take_step, &s, e);
	if (rc)
		return rc;
	solved += good && in->pow.len > 0;
	answered += good && !in->pow.len;
	skipped += in->skip;
	wrong += !good && !in->skip;
	return good || in->skip || s.fell ? ERR_OK : err_field(e, ERR_INVALID, field, "This is not the answer.");
}
