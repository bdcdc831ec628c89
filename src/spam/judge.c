#include "spam/judge.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>

enum { OWN_HITS_MAX = SHAPE_FINDINGS_MAX + 12, GUARDS_MAX = 16 };

/* A class weighs in towards a refusal from this many points on. */
#define WEIGHTY 1.0
/* What rules with negative scores may take off together: kind words must not buy a way in. */
#define NICE_FLOOR -3.0
#define COPY_OF_SPAM 12.0
#define SAME_PAYLOAD 6.0
#define NEAR_COPIES 6.0
#define BURST 1.0
#define BURST_COUNT 5
#define NEAR_CONFIRMATIONS 3
#define HASTE_MS 2000
#define LEARNED_MIN -1.0
/* From this step of attack mode on, what is within so many points of the doubtful band is held. */
#define ATTACK_STRICT 3
#define ATTACK_MARGIN 1.0

struct judging {
	struct arena *a;
	const struct features *f;
	const struct facts *facts;
	const struct judge_options *o;
	struct hit *hits;
	size_t hit_count, hit_max;
	struct guard *guards;
	size_t guard_count;
};

struct judge_options judge_defaults(void)
{
	return (struct judge_options){ .challenge = 3, .hold = 6, .reject = 15, .challenges = false, .sender_hour_max = 20, .sender_day_max = 100,
		.sender_open_max = 5, .talk_minute_max = 20 };
}

double judge_cap(enum evidence c)
{
	static const double caps[EVIDENCE_COUNT] = {
		[EVIDENCE_RULE] = 20,
		[EVIDENCE_URL] = 12,
		[EVIDENCE_SHAPE] = 4,
		[EVIDENCE_TWIN] = 14,
		[EVIDENCE_BEHAVIOUR] = 1,
		[EVIDENCE_LEARNED] = 3.5,
		[EVIDENCE_OPINION] = 6,
	};
	return caps[c];
}

static void say(struct judging *j, const char *name, const char *words)
{
	for (size_t i = 0; i < j->guard_count; i++)
		if (slice_is(j->guards[i].name, name))
			return;
	if (j->guard_count < GUARDS_MAX)
		j->guards[j->guard_count++] = (struct guard){ slice_of(name), slice_of(words) };
}

/* A reason of the judge's own; `count` is the number that its words name. `fmt` is filled into the arena; a full arena is seen at the end.
 * NULL where there is no room for it. */
static struct hit *PRINTF_LIKE(7, 8)
	add(struct judging *j, const char *name, enum evidence c, double weight, int64_t count, struct slice text, const char *fmt, ...)
{
	va_list ap;
	char words[200];

	if (j->hit_count == j->hit_max)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	struct hit *h = &j->hits[j->hit_count++];
	*h = (struct hit){
		.rule = slice_of(name),
		.evidence = c,
		.weight = weight,
		.score = weight,
		.count = (int)(count < INT_MAX ? count : INT_MAX),
		.where = SLICE("facts"),
		.text = text,
		.describe = arena_slice(j->a, slice_of(words)),
		.field = "",
	};
	return h;
}

static void weigh_sameness(struct judging *j)
{
	const struct facts *f = j->facts;

	if (f->twins != YES)
		return;
	if (f->exact_spam > 0 && f->exact_ham == 0 && j->f->twin.convicts)
		add(j, "twin/copy", EVIDENCE_TWIN, COPY_OF_SPAM, f->exact_spam, SLICE_NONE, "The same text was confirmed as spam (%lld times).", (long long)f->exact_spam);
	if (f->payload_spam > 0)
		add(j, "twin/payload", EVIDENCE_TWIN, SAME_PAYLOAD, f->payload_spam, arena_slice(j->a, slice_of(f->payload)),
			"It leads where confirmed spam led (%lld times).", (long long)f->payload_spam);
	if (f->near_spam >= NEAR_CONFIRMATIONS && f->near_ham == 0)
		add(j, "twin/near", EVIDENCE_TWIN, NEAR_COPIES, f->near_spam, SLICE_NONE, "Near copies were confirmed as spam %lld times (networks still known: %lld), and none was found good.",
			(long long)f->near_spam, (long long)f->near_senders);
	if (f->burst >= BURST_COUNT)
		add(j, "twin/burst", EVIDENCE_TWIN, BURST, f->burst, SLICE_NONE, "%lld texts like this one came within an hour.", (long long)f->burst);
}

static void weigh_behaviour(struct judging *j)
{
	const struct facts *f = j->facts;

	if (f->proven == YES)
		return;
	if (f->form == FORM_MISSING)
		add(j, "form/missing", EVIDENCE_BEHAVIOUR, 1, 1, SLICE_NONE, "It did not come from our form.");
	if (f->form == FORM_FORGED)
		add(j, "form/forged", EVIDENCE_BEHAVIOUR, 1, 1, SLICE_NONE, "Its form number is not one of ours.");
	if (!f->script)
		return;
	if (f->honeypot == YES)
		add(j, "form/honeypot", EVIDENCE_BEHAVIOUR, 1, 1, SLICE_NONE, "A field that people do not see was filled in.");
	if (f->form == FORM_GOOD && !f->form_again && f->form_age_ms >= 0 && f->form_age_ms < HASTE_MS)
		add(j, "form/haste", EVIDENCE_BEHAVIOUR, 0.5, f->form_age_ms, SLICE_NONE, "It was sent %lld ms after the page was asked for.", (long long)f->form_age_ms);
}

static void weigh_shape(struct judging *j)
{
	const struct shape *s = &j->f->shape;

	for (size_t i = 0; i < s->finding_count && j->hit_count < j->hit_max; i++) {
		const struct shape_finding *f = &s->findings[i];
		j->hits[j->hit_count++] = (struct hit){ .rule = slice_of(f->name), .evidence = EVIDENCE_SHAPE, .weight = f->weight, .score = f->weight,
			.count = f->count, .where = SLICE("shape"), .text = f->text, .describe = f->words, .field = "" };
	}
}

static void weigh_learned(struct judging *j)
{
	const struct facts *f = j->facts;
	const char *name = f->learned == YES ? arena_printf(j->a, "learned/%s", f->learned_lang) : NULL;
	struct hit *h = name ? add(j, name, EVIDENCE_LEARNED, fmin(fmax(f->learned_score, LEARNED_MIN), judge_cap(EVIDENCE_LEARNED)), 1,
		arena_slice(j->a, slice_of(f->learned_words)), "Its words are like those of texts (%s) that moderators found to be %s.", f->learned_lang,
		f->learned_score > 0 ? "spam" : "good") : NULL;

	if (h)
		h->quiet = f->learned_quiet;
}

/* One that finds nothing takes nothing off: whoever runs it could be made to say so. */
static void weigh_opinions(struct judging *j)
{
	for (size_t i = 0; i < FACTS_OPINIONS && j->facts->opinions[i].service[0]; i++) {
		const struct opinion *o = &j->facts->opinions[i];
		const char *name = arena_printf(j->a, "opinion/%s", o->service);
		if (o->known == YES && o->score > 0 && name)
			add(j, name, EVIDENCE_OPINION, o->score, 1, SLICE_NONE, "%s", o->words);
	}
}

static bool counts(const struct hit *h)
{
	return !h->error && !h->quiet;
}

/* Lines of somebody the talk already knows: words alone do not weigh. */
static void hush_brief(struct judging *j)
{
	for (size_t i = 0; i < j->hit_count; i++) {
		struct hit *h = &j->hits[i];
		bool stays = h->evidence == EVIDENCE_URL || h->evidence == EVIDENCE_TWIN || h->evidence == EVIDENCE_BEHAVIOUR ||
			h->at_least == ACTION_REJECT || h->harm || h->error;
		if (!stays)
			h->quiet = true;
	}
}

/* Who helps quotes spam, sends links and warns of tricks: of their words count rules made for helpers, and what nobody may write. */
static void hush_helper(struct judging *j)
{
	for (size_t i = 0; i < j->hit_count; i++) {
		struct hit *h = &j->hits[i];
		if (!slice_starts(h->rule, SLICE(JUDGE_HELPER_RULES)) && h->at_least != ACTION_REJECT && !h->harm)
			h->quiet = true;
	}
}

/* Sums each class, and takes what is over its cap off its hits in proportion. */
static double settle_caps(struct judging *j, double by_class[EVIDENCE_COUNT])
{
	double up[EVIDENCE_COUNT] = { 0 }, down = 0, total = 0;

	for (size_t i = 0; i < j->hit_count; i++) {
		struct hit *h = &j->hits[i];
		h->score = counts(h) ? h->weight : 0;
		if (h->score > 0)
			up[h->evidence] += h->score;
		else
			down += h->score;
	}
	for (size_t i = 0; i < j->hit_count; i++) {
		struct hit *h = &j->hits[i];
		double cap = judge_cap(h->evidence);
		if (j->f->builtin && h->score > 0 && up[h->evidence] > cap)
			h->score *= cap / up[h->evidence];
		if (j->f->builtin && h->score < 0 && down < NICE_FLOOR)
			h->score *= NICE_FLOOR / down;
		by_class[h->evidence] += h->score;
		total += h->score;
	}
	return total;
}

static enum action band(const struct judge_options *o, double score)
{
	/* Scores are sums of decimal fractions: 2.9999999 is meant to be 3. */
	double s = score + 1e-9;
	return s >= o->reject ? ACTION_REJECT : s >= o->hold ? ACTION_HOLD : s >= o->challenge ? ACTION_CHALLENGE : ACTION_ACCEPT;
}

static enum action stricter(enum action a, enum action b)
{
	return a > b ? a : b;
}

/* Guards 1 and 2: two classes that weigh, at least one of them words or addresses that a person wrote a rule about. Language and
 * script say who writes, not what: they are left out. */
static bool may_refuse(const struct judging *j)
{
	double firm[EVIDENCE_COUNT] = { 0 };
	int classes = 0;

	for (size_t i = 0; i < j->hit_count; i++)
		if (counts(&j->hits[i]) && !j->hits[i].weak && !j->hits[i].capped)
			firm[j->hits[i].evidence] += j->hits[i].score;
	for (int c = 0; c < EVIDENCE_COUNT; c++)
		if (c != EVIDENCE_SHAPE && firm[c] >= WEIGHTY - 1e-9)
			classes++;
	return classes >= 2 && (firm[EVIDENCE_RULE] >= WEIGHTY || firm[EVIDENCE_URL] >= WEIGHTY);
}

/* What rules weigh that are capped: they may hold, and refuse nothing. */
static double capped_score(const struct judging *j)
{
	double sum = 0;

	for (size_t i = 0; i < j->hit_count; i++)
		if (counts(&j->hits[i]) && j->hits[i].capped && j->hits[i].score > 0)
			sum += j->hits[i].score;
	return sum;
}

static enum action floor_of_rates(struct judging *j)
{
	const struct facts *f = j->facts;
	enum action least = ACTION_ACCEPT;

	if (!f->limits)
		return least;
	if (f->sender_hour >= j->o->sender_hour_max) {
		say(j, "rate-hour", "Its network has sent much within the hour.");
		least = ACTION_CHALLENGE;
	}
	/* Many open questions are a school or an edit-a-thon more often than not: only a challenge answers them. */
	if (j->o->challenges && f->sender_open >= j->o->sender_open_max) {
		say(j, "rate-open", "Its network has several open questions.");
		least = ACTION_CHALLENGE;
	}
	if (f->talk_minute >= j->o->talk_minute_max) {
		say(j, "rate-talk", "Very many messages came within a minute.");
		least = ACTION_CHALLENGE;
	}
	if (f->sender_day >= j->o->sender_day_max) {
		say(j, "rate-day", "Its network has sent very much within the day.");
		least = ACTION_HOLD;
	}
	return least;
}

/* What a challenge can settle. `words`: the score without behaviour. */
static enum action settle_challenge(struct judging *j, enum action act, double words)
{
	const struct facts *f = j->facts;
	bool doubtful = words >= j->o->challenge - 1e-9, question = j->f->in->kind == SUBMIT_QUESTION;
	bool attacked = f->attack > 0 && j->o->challenges && question && f->proven != YES;

	if (attacked && act < ACTION_HOLD && f->attack >= ATTACK_STRICT && words >= j->o->challenge - ATTACK_MARGIN) {
		say(j, "attack-strict", "The attack goes on: a person decides about what is nearly doubtful.");
		return ACTION_HOLD;
	}
	if (attacked && act == ACTION_ACCEPT) {
		act = ACTION_CHALLENGE;
		say(j, "attack", "The desk is in attack mode: every question has to prove itself.");
	}
	if (act != ACTION_CHALLENGE)
		return act;
	if (doubtful) {
		say(j, j->o->challenges ? "words-hold" : "challenge-off",
			j->o->challenges ? "What it says is doubtful, and solving a challenge proves nothing about that."
					 : "No challenges are offered, so a person decides.");
		return ACTION_HOLD;
	}
	if (f->proven == YES) {
		say(j, "proven", "Its asker solved a challenge.");
		return ACTION_ACCEPT;
	}
	if (!j->o->challenges || !question) {
		say(j, "challenge-off", "No challenges are offered, so a person decides.");
		return ACTION_HOLD;
	}
	return act;
}

static enum action decide(struct judging *j, struct verdict *v)
{
	const struct facts *f = j->facts;
	double told = v->score - v->by_class[EVIDENCE_LEARNED], words = v->score - v->by_class[EVIDENCE_BEHAVIOUR];
	enum action act = band(j->o, v->score);
	bool refuses = false, unsure = j->f->out_of_time, helps = j->f->in->kind == SUBMIT_HELPER;

	/* What is learned never crosses a band that a rule, an address or sameness has set. */
	if (v->by_class[EVIDENCE_RULE] + v->by_class[EVIDENCE_URL] + v->by_class[EVIDENCE_TWIN] >= j->o->challenge - 1e-9 && band(j->o, told) != act) {
		act = band(j->o, told);
		words = told - v->by_class[EVIDENCE_BEHAVIOUR];
		say(j, "learned-yields", "What was learned does not move a decision that rules, addresses or sameness made.");
	}
	for (size_t i = 0; i < j->hit_count; i++) {
		const struct hit *h = &j->hits[i];
		if (h->harm && !h->quiet)
			v->harm = true;
		if (h->error && !(helps && h->quiet) && (h->at_least >= ACTION_HOLD || band(j->o, v->score + fmax(h->weight, 0)) > act))
			unsure = true;
		if (!counts(h) || h->at_least <= act)
			continue;
		act = h->at_least;
		say(j, "rule-action", "A rule asks for at least this.");
	}
	for (size_t i = 0; i < j->hit_count; i++)
		refuses = refuses || (counts(&j->hits[i]) && j->hits[i].at_least == ACTION_REJECT);
	if (f->inherits == YES && f->inherits_action > (int64_t)act && f->inherits_action <= ACTION_REJECT) {
		act = (enum action)f->inherits_action;
		refuses = refuses || act == ACTION_REJECT;
		say(j, "twin-inherits", "A near copy from the same network was refused within a day: the same again.");
	}
	if (unsure && act < ACTION_HOLD) {
		act = ACTION_HOLD;
		say(j, "unknown-holds", "A check could not be run to its end, so a person decides.");
	}
	if (f->banned == YES && act < ACTION_HOLD) {
		act = ACTION_HOLD;
		say(j, "ban", "A moderator has asked to look at everything from this sender.");
	}
	act = stricter(act, floor_of_rates(j));
	if (act == ACTION_REJECT && !refuses && !may_refuse(j)) {
		act = ACTION_HOLD;
		say(j, "one-class", "Refusing needs two independent kinds of evidence; this is one.");
	}
	if (act == ACTION_REJECT && !refuses && band(j->o, v->score - capped_score(j)) < ACTION_REJECT) {
		act = ACTION_HOLD;
		say(j, "suspended", "One of its rules hits unusually much since it was changed: until an admin has looked, it refuses nothing.");
	}
	if (act == ACTION_REJECT && v->harm) {
		act = ACTION_HOLD;
		say(j, "harm", "Somebody may be in danger: never refused, moderators are told.");
	}
	if (act == ACTION_REJECT && j->f->in->kind == SUBMIT_APPEAL) {
		act = ACTION_HOLD;
		say(j, "appeal", "An appeal is read by a person.");
	}
	act = settle_challenge(j, act, words);
	if (helps) {
		v->flagged = act > ACTION_ACCEPT;
		act = ACTION_ACCEPT;
	}
	return act;
}

enum err spam_judge(struct arena *a, const struct features *f, const struct facts *facts, const struct judge_options *o, struct verdict **out,
	struct error *e)
{
	struct judging j = { .a = a, .f = f, .facts = facts, .o = o, .hit_max = f->hit_count + OWN_HITS_MAX };
	struct verdict *v = ARENA_NEW(a, struct verdict);
	const struct hit *told = NULL;

	j.hits = arena_array(a, j.hit_max, sizeof(*j.hits));
	j.guards = arena_array(a, GUARDS_MAX, sizeof(*j.guards));
	if (!v || !j.hits || !j.guards)
		return err_nomem(e);
	for (size_t i = 0; i < f->hit_count; i++)
		j.hits[j.hit_count++] = f->hits[i];
	if (f->builtin) {
		weigh_shape(&j);
		weigh_sameness(&j);
		weigh_behaviour(&j);
		weigh_learned(&j);
		weigh_opinions(&j);
	}
	if (f->in->kind == SUBMIT_HELPER)
		hush_helper(&j);
	else if (f->in->brief)
		hush_brief(&j);
	v->score = settle_caps(&j, v->by_class);
	v->facts = *facts;
	v->action = decide(&j, v);
	v->hits = j.hits;
	v->hit_count = j.hit_count;
	v->guards = j.guards;
	v->guard_count = j.guard_count;
	v->marks = f->marks;
	v->mark_count = f->mark_count;
	v->generation = f->generation;
	for (size_t i = 0; i < j.hit_count; i++) {
		const struct hit *h = &j.hits[i];
		bool heavier = !told || h->at_least > told->at_least || (h->at_least == told->at_least && h->score > told->score);
		if (counts(h) && h->note.len && (h->score > 0 || h->at_least > ACTION_ACCEPT) && heavier)
			told = h;
	}
	v->note = told ? told->note : SLICE("");
	if (arena_failed(a))
		return err_nomem(e);
	*out = v;
	return ERR_OK;
}
