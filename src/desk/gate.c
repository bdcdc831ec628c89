#include "desk/gate.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/attack.h"
#include "desk/bans.h"
#include "desk/keys.h"
#include "desk/learning.h"
#include "desk/rule_figures.h"
#include "desk/rule_life.h"
#include "desk/rulebook.h"
#include "desk/sameness.h"
#include "net/opinion.h"
#include "spam/features.h"
#include "spam/judge.h"
#include "text/uri.h"
#include "text/utf.h"

#define MINUTE_MS (60 * 1000LL)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

enum {
	NONCE_HEAD = 16, /* time (6), flags (1), random (9) */
	NONCE_MAC = 16,
	NONCE_BYTES = NONCE_HEAD + NONCE_MAC,
	NONCE_AGAIN = 1,
	BEFORE_MAX_BYTES = 1024,   /* half of what a body element holds, so that the seam is inside one */
	BEFORE_LINES = GATE_BRIEF_AFTER + 1, /* the question and all lines of a sender that are judged in full */
	VERDICT_MAX_BYTES = 1 << 20,
	SENDER_SHARE = 16,         /* of the room for held and refused text one sender may fill a sixteenth */
	FIGURE_DAYS = 400
};

struct screening {
	struct arena *arena;
	const struct submission *in;
	struct sender sender;
	struct features *features;
	struct judge_options options;
	struct facts facts;
	struct verdict *verdict;
	bool spends; /* its form's nonce is ours and fresh to us: used up with the question, whatever it weighs */
	int64_t ban, now_ms, bytes;
};

static atomic_llong screened[ACTION_COUNT], screen_us_total, screen_us_max, screen_errors;

struct gate_figures gate_figures(void)
{
	struct gate_figures f = { .screen_us_total = screen_us_total, .screen_us_max = screen_us_max, .errors = screen_errors };
	for (int i = 0; i < ACTION_COUNT; i++)
		f.screened[i] = screened[i];
	return f;
}

/* --- form nonces ------------------------------------------------------------------------------------------------ */

static void nonce_mac(const struct keys *k, const unsigned char head[NONCE_HEAD], unsigned char mac[NONCE_MAC])
{
	struct crypt_hash h = crypt_keyed(keys_form(k), "form", slice_make((const char *)head, NONCE_HEAD));
	memcpy(mac, h.bytes, NONCE_MAC);
}

void gate_form_new(struct desk *d, bool again, char out[GATE_FORM_BYTES])
{
	unsigned char b[NONCE_BYTES];
	uint64_t now = (uint64_t)clock_wall_ms();

	_Static_assert(CRYPT_BASE64_BYTES(NONCE_BYTES) + 1 <= GATE_FORM_BYTES, "a nonce fits");
	for (int i = 0; i < 6; i++)
		b[i] = (unsigned char)(now >> (8 * (5 - i)));
	b[6] = again ? NONCE_AGAIN : 0;
	crypt_random(b + 7, NONCE_HEAD - 7);
	nonce_mac(d->keys, b, b + NONCE_HEAD);
	crypt_base64(b, sizeof(b), out);
}

/* Without the mark of the page's script. */
static struct slice bare_form(struct slice form, bool *script)
{
	*script = form.len && form.ptr[form.len - 1] == '~';
	if (*script)
		form.len--;
	return form;
}

static struct crypt_hash form_hash(struct slice bare)
{
	return crypt_sha256(bare);
}

enum err gate_form_check(struct desk *d, struct db *db, struct slice form, struct gate_form *out, struct error *e)
{
	unsigned char b[NONCE_BYTES], mac[NONCE_MAC];
	struct crypt_hash hash;
	struct slice bare = bare_form(form, &out->script);
	int64_t now = clock_wall_ms(), made = 0;
	struct rows r;
	enum err err;

	*out = (struct gate_form){ .state = FORM_MISSING, .script = out->script, .age_ms = -1 };
	if (!bare.len)
		return ERR_OK;
	out->state = FORM_FORGED;
	if (!crypt_base64_read(bare, b, sizeof(b)))
		return ERR_OK;
	nonce_mac(d->keys, b, mac);
	if (!crypt_equal(mac, b + NONCE_HEAD, NONCE_MAC))
		return ERR_OK;
	for (int i = 0; i < 6; i++)
		made = made << 8 | b[i];
	out->again = b[6] & NONCE_AGAIN;
	out->age_ms = now > made ? now - made : 0;
	out->state = out->age_ms > GATE_FORM_LIFE_MS ? FORM_EXPIRED : FORM_GOOD;
	hash = form_hash(bare);
	if ((err = rows_open(db, &r, SQL_GATE_TOKEN_FIND, BINDS(b_blob(hash.bytes, sizeof(hash.bytes))), e)))
		return err;
	if (rows_next(&r)) {
		out->state = FORM_SPENT;
		out->ticket = rows_int(&r, 0);
		out->spent_ms = now - rows_int(&r, 1);
	}
	return rows_close(&r);
}

enum err gate_form_spend(struct db *db, struct slice form, int64_t ticket, int64_t now_ms, struct error *e)
{
	bool script;
	struct slice bare = bare_form(form, &script);
	struct crypt_hash hash;
	enum err err;

	if (!bare.len)
		return ERR_OK;
	hash = form_hash(bare);
	err = db_run(db, SQL_GATE_TOKEN_SPEND,
		BINDS(b_blob(hash.bytes, sizeof(hash.bytes)), b_int(ticket), b_int(now_ms), b_int(now_ms + 2 * (int64_t)GATE_FORM_LIFE_MS)), NULL, e);
	return err == ERR_CONFLICT ? err_field(e, ERR_CONFLICT, "form", "This form was sent before.") : err;
}

/* --- facts -------------------------------------------------------------------------------------------------------- */

static struct bind sender_bind(const struct screening *s, bool before)
{
	const struct crypt_hash *h = before ? &s->sender.rate_before : &s->sender.rate;
	return b_blob(h->bytes, sizeof(h->bytes));
}

static struct sameness_text text_of(const struct screening *s)
{
	const struct features *f = s->features;

	return (struct sameness_text){ &f->twin, f->shape.payloads, f->shape.payload_count, &s->sender, s->now_ms };
}

static enum err fetch_rates(struct db *db, const struct screening *s, struct facts *f, struct error *e)
{
	const struct bind now = sender_bind(s, false), before = sender_bind(s, true);
	enum err err;

	f->limits = conf()->rate_limits;
	if (!f->limits)
		return ERR_OK;
	if (s->in->ticket)
		return db_int(db, SQL_GATE_TALK_MINUTE, BINDS(b_int(s->in->ticket), b_int(s->now_ms - MINUTE_MS)), &f->talk_minute, e);
	if (!s->sender.known)
		return ERR_OK;
	if ((err = db_int(db, SQL_GATE_RATE, BINDS(now, before, b_int(s->now_ms - HOUR_MS)), &f->sender_hour, e)))
		return err;
	if ((err = db_int(db, SQL_GATE_RATE, BINDS(now, before, b_int(s->now_ms - DAY_MS)), &f->sender_day, e)))
		return err;
	return db_int(db, SQL_GATE_OPEN, BINDS(now, before, b_int(s->now_ms - DAY_MS)), &f->sender_open, e);
}

/* The facts that other texts may have changed since: looked up again inside the write. */
static enum err fetch_moving(struct db *db, struct screening *s, struct facts *f, struct error *e)
{
	const struct sameness_text text = text_of(s);
	enum err err = sameness_facts(db, &text, f, e);

	if (!err)
		err = fetch_rates(db, s, f, e);
	if (err || !s->sender.known)
		return err;
	if ((err = bans_find(db, &s->sender, &s->ban, e)))
		return err;
	f->banned = s->ban ? YES : NO;
	return ERR_OK;
}

bool gate_asks_others(void)
{
	return opinions_wanted();
}

/* What outside services say, where the configuration names some. Lines of a sender that the talk knows are nobody's business. */
static enum err fetch_opinions(struct desk *d, struct screening *s, struct error *e)
{
	const struct submission *in = s->in;
	struct opinion_answer answers[OPINION_SERVICES];
	size_t n = 0;
	enum err err;

	_Static_assert((int)FACTS_OPINIONS == OPINION_SERVICES, "every service has its place among the facts");
	if (!opinions_wanted() || in->brief)
		return ERR_OK;
	err = opinions_ask(d->opinions, s->arena,
		&(struct opinion_question){ .title = in->title, .body = in->body, .email = in->email, .in_talk = in->ticket != 0 },
		answers, &n, e);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		struct opinion *o = &s->facts.opinions[i];
		snprintf(o->service, sizeof(o->service), "%s", answers[i].service);
		snprintf(o->words, sizeof(o->words), "%s", answers[i].words);
		o->known = answers[i].known ? YES : UNKNOWN;
		o->score = answers[i].score;
	}
	return ERR_OK;
}

/* --- screening --------------------------------------------------------------------------------------------------- */

bool gate_bands_read(const char *text, double b[3])
{
	for (int i = 0; i < 3; i++) {
		char *end;

		b[i] = strtod(text, &end);
		if (end == text || !(b[i] > 0 && b[i] <= 1000) || (i > 0 && b[i] < b[i - 1]) || *end != (i == 2 ? 0 : ','))
			return false;
		text = end + 1;
	}
	return true;
}

struct judge_options gate_judging(void)
{
	struct judge_options o = judge_defaults();
	double b[3];

	if (gate_bands_read(conf()->bands, b)) {
		o.challenge = b[0];
		o.hold = b[1];
		o.reject = b[2];
	}
	o.challenges = strcmp(conf()->challenge, "auto") == 0;
	return o;
}

/* The end of a text, in whole characters. */
static struct slice last_bytes(struct slice s, size_t max)
{
	size_t from = s.len > max ? s.len - max : 0;

	while (from && from < s.len && ((unsigned char)s.ptr[from] & 0xC0) == 0x80)
		from++;
	return slice_from(s, from);
}

/* The first `count` of lines that came newest first, as they are read. */
static struct slice lines_in_order(struct arena *a, const struct slice *lines, size_t count)
{
	struct slice out;
	struct str s;

	str_init(&s, BEFORE_MAX_BYTES * 2);
	for (size_t i = count; i-- > 0;) {
		str_add(&s, lines[i]);
		if (i)
			str_addc(&s, '\n');
	}
	out = str_dup(&s, a);
	str_fini(&s);
	return out;
}

/* What stands above an asker's words: the title, where it is not their beginning, and the name. They may hold half of what the lines go on with. */
static enum err fetch_head(struct db *db, struct arena *a, const struct submission *in, struct slice question, struct slice *out, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_GATE_TALK_HEAD, BINDS(b_int(in->ticket)), e), end;
	const struct slice cut_mark = SLICE("…");
	const char *head = "";

	if (err)
		return err;
	if (rows_next(&r)) {
		struct slice title = rows_text(&r, 0), name = rows_text(&r, 1), cut = title;
		if (cut.len > cut_mark.len && slice_eq(slice_from(cut, cut.len - cut_mark.len), cut_mark))
			cut.len -= cut_mark.len;
		if (slice_starts(utf_trim(question), cut))
			title = SLICE_NONE;
		head = arena_printf(a, "%.*s%s%.*s%s", SLICE_ARG(name), name.len ? "\n" : "", SLICE_ARG(title), title.len ? "\n" : "");
		err = head ? ERR_OK : err_nomem(e);
	}
	end = rows_close(&r);
	*out = slice_of(head);
	return err ? err : end;
}

/* The last words of this talk's asker, the question, corrections and what was said with a rating among them, or those of the helper who
 * writes; oldest first, so that a text cut into pieces is seen whole; of a long piece its end, which is where the next one goes on. A
 * correction is also read with what follows its place. */
static enum err fetch_before(struct db *db, struct arena *a, struct submission *in, struct error *e)
{
	struct slice lines[BEFORE_LINES + 1];
	size_t n = 0, following = 0, bytes = 0;
	bool whole = false; /* the first of all is there to its beginning */
	struct rows r;
	enum err err = in->account ? rows_open(db, &r, SQL_GATE_TALK_BEFORE_HELPER, BINDS(b_int(in->ticket), b_int(in->account), b_int(BEFORE_LINES)), e)
				   : rows_open(db, &r, SQL_GATE_TALK_BEFORE, BINDS(b_int(in->ticket), b_int(BEFORE_LINES)), e);

	in->before = in->after = SLICE_NONE;
	if (err)
		return err;
	while (n < BEFORE_LINES && rows_next(&r)) {
		struct slice body = rows_text(&r, 1), end = last_bytes(body, BEFORE_MAX_BYTES - bytes);
		bool cut = end.len < body.len;
		lines[n++] = arena_slice(a, end);
		bytes += end.len + 1;
		if (in->corrects && rows_int(&r, 0) > in->corrects && !cut)
			following = n;
		whole = !cut && !in->account && rows_int(&r, 0) == 1;
		if (cut || bytes >= BEFORE_MAX_BYTES)
			break;
	}
	if ((err = rows_close(&r)) || n == 0)
		return err;
	if (following)
		in->after = lines_in_order(a, lines, following);
	if (whole) {
		struct slice head;
		if ((err = fetch_head(db, a, in, lines[n - 1], &head, e)))
			return err;
		if (head.len) {
			head.len--;
			lines[n++] = head;
		}
	}
	in->before = lines_in_order(a, lines, n);
	return in->before.ptr && (!following || in->after.ptr) ? ERR_OK : err_nomem(e);
}

static enum err fetch_talk(struct db *db, struct arena *a, struct submission *in, struct facts *f, struct error *e)
{
	int64_t trusted = 0;
	enum err err = db_int(db, SQL_GATE_TALK_LINES, BINDS(b_int(in->ticket), b_int(SUBMIT_LINE)), &f->talk_lines, e);

	if (!err)
		err = db_int(db, SQL_GATE_TALK_TRUST, BINDS(b_int(in->ticket)), &trusted, e);
	if (!err)
		err = fetch_before(db, a, in, e);
	if (err)
		return err;
	in->brief = trusted > 0 || f->talk_lines >= GATE_BRIEF_AFTER;
	in->trust = trusted > 0 ? "trusted" : in->brief ? "known" : "new";
	return ERR_OK;
}

/* Hits quote the pinned generation; the screening outlives the pin. */
static enum err keep_hits(struct arena *a, struct features *f, struct error *e)
{
	struct hit *copy = arena_array(a, f->hit_count ? f->hit_count : 1, sizeof(*copy));

	if (!copy)
		return err_nomem(e);
	for (size_t i = 0; i < f->hit_count; i++) {
		copy[i] = f->hits[i];
		copy[i].rule = arena_slice(a, copy[i].rule);
		copy[i].describe = arena_slice(a, copy[i].describe);
		copy[i].printed = arena_slice(a, copy[i].printed);
		copy[i].note = arena_slice(a, copy[i].note);
	}
	f->hits = copy;
	struct mark *marks = arena_array(a, f->mark_count ? f->mark_count : 1, sizeof(*marks));
	if (!marks)
		return err_nomem(e);
	for (size_t i = 0; i < f->mark_count; i++) {
		marks[i] = f->marks[i];
		marks[i].rule = arena_slice(a, marks[i].rule);
	}
	f->marks = marks;
	struct rule_trouble *troubles = arena_array(a, f->trouble_count ? f->trouble_count : 1, sizeof(*troubles));
	if (!troubles)
		return err_nomem(e);
	for (size_t i = 0; i < f->trouble_count; i++)
		troubles[i] = (struct rule_trouble){ arena_slice(a, f->troubles[i].rule), f->troubles[i].version };
	f->troubles = troubles;
	f->generation = arena_slice(a, f->generation);
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

static int64_t bytes_of(const struct submission *in)
{
	return (int64_t)(in->title.len + in->body.len + in->name.len + in->page.len);
}

static enum err no_room(struct error *e, enum err code, const char *words)
{
	err_field(e, code, "body", "%s", words);
	if (e)
		e->retry_after_s = 3600;
	return code;
}

/* So that nobody alone can fill the room, and then everybody's doubtful questions would be turned away: what waits from one sender, and in
 * one conversation, has a share of it. Senders who are not known share nothing with each other. */
static enum err check_share(struct db *db, const struct screening *s, int64_t share, struct error *e)
{
	const struct sender *from = &s->sender;
	int64_t kept = 0;
	enum err err;

	if (!from->known && !s->in->ticket)
		return ERR_OK;
	err = db_int(db, SQL_GATE_ROOM_SENDER,
		BINDS(from->known ? b_blob(from->ban.bytes, sizeof(from->ban.bytes)) : b_null(),
			from->known ? b_blob(from->ban_before.bytes, sizeof(from->ban_before.bytes)) : b_null(), b_int(s->in->ticket)),
		&kept, e);
	if (err || kept + s->bytes <= share)
		return err;
	return no_room(e, ERR_LIMITED, "A person would have to look at this text first, and as much as we can keep from you already waits for one. "
		"It was not taken: please keep your words and try again later.");
}

/* P4: what would have to be kept and cannot be is refused before it is accepted. */
static enum err check_room(struct db *db, const struct screening *s, struct error *e)
{
	int64_t kept = 0, room = conf()->refused_mib * 1024 * 1024;
	enum err err;

	if (s->verdict->action == ACTION_ACCEPT)
		return ERR_OK;
	if ((err = db_int(db, SQL_GATE_ROOM, NO_BINDS, &kept, e)))
		return err;
	if (kept + s->bytes <= room)
		return check_share(db, s, room / SENDER_SHARE, e);
	return no_room(e, ERR_BUSY, "A person would have to look at this text first, and there is no room to keep it until then. "
		"It was not taken: please keep your words and try again later.");
}

static enum err judge_form(struct desk *d, struct db *db, struct screening *s, struct submission *in, struct error *e)
{
	struct gate_form form;
	enum err err = gate_form_check(d, db, in->form, &form, e);

	if (err)
		return err;
	s->facts.script = form.script;
	in->form_age_ms = form.age_ms;
	s->spends = in->kind == SUBMIT_QUESTION && (form.state == FORM_GOOD || form.state == FORM_EXPIRED);
	s->facts.proven = in->proven ? YES : UNKNOWN;
	/* A talk's lines come from people who hold its link. What is judged again left its form behind. */
	if (in->kind != SUBMIT_QUESTION || (in->proven && !in->form.len) || strcmp(conf()->form_token, "off") == 0)
		return ERR_OK;
	s->facts.form = form.state;
	s->facts.form_again = form.again;
	s->facts.form_age_ms = form.age_ms;
	s->facts.honeypot = in->honeypot.len ? YES : NO;
	s->facts.api = in->api;
	if (strcmp(conf()->form_token, "required") == 0 && (form.state == FORM_MISSING || form.state == FORM_FORGED))
		return err_field(e, ERR_INVALID, "form", "This desk takes questions from its own form only: load it again, and send your words from there.");
	return ERR_OK;
}

/* The wiki's own domain, and where the desk is. */
static size_t own_hosts(struct arena *a, struct slice out[2])
{
	const char *const urls[] = { conf()->wiki_url, conf()->public_url };
	struct uri u;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (urls[i][0] && uri_parse(a, slice_of(urls[i]), &u, NULL) == ERR_OK)
			out[n++] = u.domain;
	return n;
}

/* One text a second is timed: enough to know what rules cost, and too few to be felt. */
static bool is_timed(int64_t now_ms)
{
	static atomic_llong last;
	long long second = now_ms / 1000, before = last;

	return second != before && atomic_compare_exchange_strong(&last, &before, second);
}

static enum err screen(struct desk *d, struct db *db, struct screening *s, struct submission *in, struct error *e)
{
	struct slice own[2];
	struct features_options fo = { .now_ms = s->now_ms, .own = own, .own_count = own_hosts(s->arena, own) };
	const struct ruleset *rules;
	enum err err;

	if ((err = judge_form(d, db, s, in, e)))
		return err;
	if (in->kind == SUBMIT_QUESTION) {
		struct attack attack;
		if ((err = attack_read(db, &attack, e)))
			return err;
		s->facts.attack = attack.step;
	}
	if (in->kind == SUBMIT_HELPER) {
		in->trust = "helper";
		if ((err = fetch_before(db, s->arena, in, e)))
			return err;
	} else if (in->ticket && (err = fetch_talk(db, s->arena, in, &s->facts, e)))
		return err;
	rules = rulebook_pin(d->rulebook);
	fo.timed = is_timed(s->now_ms);
	err = rule_life_flags(db, s->arena, rules, &fo.life, e);
	if (!err)
		err = spam_features(s->arena, rules, in, &fo, &s->features, e);
	if (!err)
		err = keep_hits(s->arena, s->features, e);
	rulebook_unpin(d->rulebook, &rules);
	if (err)
		return err;
	if (in->kind != SUBMIT_HELPER && (err = fetch_moving(db, s, &s->facts, e)))
		return err;
	if (in->kind != SUBMIT_HELPER && !in->brief && (err = learning_facts(d, db, s->arena, s->features, &s->facts, e)))
		return err;
	if (in->kind != SUBMIT_HELPER && (err = fetch_opinions(d, s, e)))
		return err;
	if ((err = spam_judge(s->arena, s->features, &s->facts, &s->options, &s->verdict, e)))
		return err;
	return check_room(db, s, e);
}

enum err gate_screen(struct desk *d, struct db *db, struct arena *a, const struct submission *in, const struct sender *who, struct screening **out,
	struct error *e)
{
	struct screening *s = ARENA_NEW(a, struct screening);
	struct submission *own = ARENA_NEW(a, struct submission);
	int64_t from = clock_mono_us(), us;
	enum err err;

	if (!s || !own)
		return err_nomem(e);
	*own = *in;
	own->form_age_ms = -1;
	s->arena = a;
	s->in = own;
	if (who)
		s->sender = *who;
	s->now_ms = clock_wall_ms();
	s->options = gate_judging();
	s->bytes = bytes_of(in);
	facts_init(&s->facts);
	err = screen(d, db, s, own, e);
	us = clock_mono_us() - from;
	screen_us_total += us;
	long long max = screen_us_max;
	while (us > max && !atomic_compare_exchange_weak(&screen_us_max, &max, us))
		;
	if (err) {
		screen_errors++;
		return err;
	}
	screened[s->verdict->action]++;
	*out = s;
	return ERR_OK;
}

const struct verdict *gate_verdict(const struct screening *s)
{
	return s->verdict;
}

struct slice gate_note(const struct screening *s)
{
	return s->verdict->action == ACTION_ACCEPT ? SLICE("") : s->verdict->note;
}

/* --- recording ----------------------------------------------------------------------------------------------------- */

static enum err store_verdict(struct db *db, const struct screening *s, const struct verdict *v, int64_t ticket, int64_t n, struct error *e)
{
	struct jv *j = verdict_json(v);
	bool doubtful = v->action > ACTION_ACCEPT;
	struct str text;
	enum err err;

	str_init(&text, VERDICT_MAX_BYTES);
	if (!j || jv_dump(j, &text)) {
		err = err_nomem(e);
		goto out;
	}
	err = db_run(db, SQL_GATE_VERDICT_ADD,
		BINDS(b_int(ticket), b_int(n), b_int(s->now_ms), b_int(s->in->kind), b_int(v->action), b_real(v->score), b_text(v->generation),
			b_text(str_slice(&text)), b_int(s->bytes), b_int(doubtful), b_int((doubtful && (s->in->kind == SUBMIT_LINE || s->in->kind == SUBMIT_COMMENT)) || v->flagged)),
		NULL, e);
out:
	str_fini(&text);
	jv_free(&j);
	return err;
}

static enum err store_hits(struct db *db, const struct screening *s, const struct verdict *v, int64_t ticket, int64_t n, bool count, struct error *e)
{
	for (size_t i = 0; i < v->hit_count; i++) {
		const struct hit *h = &v->hits[i];
		enum err err = db_run(db, SQL_GATE_HIT_ADD, BINDS(b_int(ticket), b_int(n), b_text(h->rule), b_int(h->evidence), b_real(h->score)), NULL, e);
		if (!err && count)
			err = db_run(db, SQL_GATE_DAY_ADD,
				BINDS(b_int(s->now_ms / DAY_MS), b_text(h->rule), b_int(v->action == ACTION_ACCEPT),
					b_int(v->action == ACTION_HOLD || v->action == ACTION_CHALLENGE), b_int(v->action == ACTION_REJECT), b_int(s->now_ms)),
				NULL, e);
		if (!err && count)
			err = rule_figures_hit(db, ticket, h->rule, s->now_ms, e);
		if (err)
			return err;
	}
	return ERR_OK;
}

static enum err store_troubles(struct db *db, const struct screening *s, struct error *e)
{
	const struct features *f = s->features;
	enum err err = ERR_OK;

	for (size_t i = 0; i < f->trouble_count && !err; i++)
		err = rule_life_trouble(db, &f->troubles[i], &s->sender, f->twin.any ? f->twin.masked : twin_key(s->in->body), s->now_ms, e);
	return err;
}

/* Somebody may be in danger, whatever becomes of the text: moderators are told, by a report in the words of the rule. */
static enum err store_harm(struct db *db, const struct screening *s, const struct verdict *v, int64_t ticket, int64_t n, struct error *e)
{
	struct slice words = SLICE("");

	if (!v->harm)
		return ERR_OK;
	for (size_t i = 0; i < v->hit_count && !words.len; i++)
		if (v->hits[i].harm)
			words = v->hits[i].describe.len ? v->hits[i].describe : v->hits[i].rule;
	return db_run(db, SQL_GATE_HARM_ADD, BINDS(b_int(ticket), b_int(n), b_int(s->now_ms), b_text(words)), NULL, e);
}

enum err gate_record(struct db *db, const struct screening *s, int64_t ticket, int64_t n, enum action *action, struct error *e)
{
	struct screening again = *s;
	const struct verdict *v = s->verdict;
	enum err err;

	if (s->in->kind != SUBMIT_HELPER) {
		struct verdict *later;
		struct facts *f = &again.facts;
		if (s->spends && (err = gate_form_spend(db, s->in->form, ticket, s->now_ms, e)))
			return err;
		if ((err = fetch_moving(db, &again, f, e)) || (err = spam_judge(s->arena, s->features, f, &s->options, &later, e)))
			return err;
		if (later->action >= v->action)
			v = later;
		if (again.ban && (err = bans_count(db, again.ban, e)))
			return err;
		const struct sameness_text text = text_of(s);
		if ((err = sameness_record(db, &text, ticket, n, v->action, e)))
			return err;
	}
	if ((err = store_verdict(db, s, v, ticket, n, e)) || (err = store_hits(db, s, v, ticket, n, true, e)) || (err = store_harm(db, s, v, ticket, n, e)) ||
		(err = store_troubles(db, s, e)))
		return err;
	if (s->in->kind == SUBMIT_QUESTION && (err = attack_count(db, s->now_ms, e)))
		return err;
	*action = v->action;
	return ERR_OK;
}

enum err gate_record_again(struct db *db, const struct screening *s, int64_t ticket, int64_t n, enum action *action, struct error *e)
{
	const struct verdict *v = s->verdict;
	const struct bind which[] = { b_int(ticket), b_int(n), b_int(n) };
	enum err err;

	if ((err = db_run(db, SQL_GATE_VERDICT_FORGET, which, 3, NULL, e)) || (err = db_run(db, SQL_GATE_HIT_FORGET, which, 3, NULL, e)) ||
		(err = store_verdict(db, s, v, ticket, n, e)) || (err = store_hits(db, s, v, ticket, n, false, e)) || (err = store_harm(db, s, v, ticket, n, e)))
		return err;
	*action = v->action;
	return db_run(db, SQL_GATE_TWIN_AGAIN, BINDS(b_int(ticket), b_int(n), b_int(v->action)), NULL, e);
}

enum err gate_sweep(struct db *db, int64_t now_ms, int64_t *changed, struct error *e)
{
	const struct {
		enum sql_id id;
		int64_t before;
	} steps[] = {
		{ SQL_GATE_TOKEN_SWEEP, now_ms },
		{ SQL_GATE_DAY_SWEEP, now_ms / DAY_MS - FIGURE_DAYS },
	};

	*changed = 0;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int64_t n = 0;
		enum err err = db_run(db, steps[i].id, BINDS(b_int(steps[i].before)), &n, e);
		if (err)
			return err;
		*changed += n;
	}
	enum err err = rule_figures_sweep(db, now_ms / DAY_MS - FIGURE_DAYS, changed, e);
	if (!err)
		err = sameness_sweep(db, now_ms, changed, e);
	return err ? err : learning_sweep(db, now_ms, changed, e);
}

static enum err forget(struct db *db, int64_t ticket, int64_t n, struct error *e)
{
	const enum sql_id ids[] = { SQL_GATE_VERDICT_FORGET, SQL_GATE_HIT_FORGET };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		enum err err = db_run(db, ids[i], BINDS(b_int(ticket), b_int(n), b_int(n)), NULL, e);
		if (err)
			return err;
	}
	enum err err = sameness_forget(db, ticket, n, e);
	return err ? err : learning_forget(db, ticket, n, e);
}

enum err gate_forget(struct db *db, int64_t ticket, struct error *e)
{
	return forget(db, ticket, 0, e);
}

enum err gate_verdict_of(struct db *db, int64_t ticket, int64_t n, struct jv **out, struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_GATE_VERDICT, BINDS(b_int(ticket), b_int(n)), e), end;

	if (err)
		return err;
	err = rows_next(&r) ? jv_parse(rows_text(&r, 0), 16, out, e) : ERR_NOT_FOUND;
	if (err == ERR_MALFORMED)
		err = err_set(e, ERR_CORRUPT, "A stored verdict cannot be read.");
	end = rows_close(&r);
	return err ? err : end;
}
