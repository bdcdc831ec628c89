#include "spam/facts.h"

#include <stdio.h>
#include <string.h>

static const char *const form_names[] = { "unknown", "good", "missing", "expired", "spent", "forged" };

void facts_init(struct facts *f)
{
	memset(f, 0, sizeof(*f));
	f->form_age_ms = f->sender_hour = f->sender_day = f->sender_open = f->talk_minute = -1;
}

static const char *known_name(enum known k)
{
	return k == YES ? "yes" : k == NO ? "no" : "unknown";
}

static enum known known_read(const struct jv *v, const char *key)
{
	struct slice s = jv_get_text(v, key);
	return s.ptr && slice_is(s, "yes") ? YES : s.ptr && slice_is(s, "no") ? NO : UNKNOWN;
}

/* Members that hold whole numbers, with the value that means "nothing is known". */
#define FACT_NUMBERS(X) \
	X(exact_spam, 0) X(exact_ham, 0) X(payload_spam, 0) X(near_spam, 0) X(near_senders, 0) X(near_ham, 0) X(burst, 0) X(burst_senders, 0) \
	X(inherits_action, 0) X(form_age_ms, -1) X(sender_hour, -1) X(sender_day, -1) X(sender_open, -1) X(talk_lines, 0) X(talk_minute, -1) X(attack, 0)
#define FACT_KNOWNS(X) X(twins) X(inherits) X(honeypot) X(banned) X(proven) X(learned)
#define FACT_FLAGS(X) X(form_again) X(script) X(api) X(limits) X(learned_quiet)
#define FACT_WORDS(X) X(payload) X(learned_lang) X(learned_words)
#define FACT_SCORES(X) X(learned_score)

static struct jv *opinions_json(const struct facts *f)
{
	struct jv *all = jv_array();

	for (size_t i = 0; i < FACTS_OPINIONS && f->opinions[i].service[0]; i++) {
		const struct opinion *o = &f->opinions[i];
		struct jv *one = jv_object();
		jv_set_string(one, "service", o->service);
		jv_set_string(one, "known", known_name(o->known));
		jv_set(one, "score", jv_real(o->score));
		jv_set_string(one, "words", o->words);
		jv_push(all, one);
	}
	return all;
}

static void opinions_read(const struct jv *all, struct facts *out)
{
	for (size_t i = 0; i < FACTS_OPINIONS && i < jv_size(all); i++) {
		const struct jv *one = jv_at(all, i);
		struct opinion *o = &out->opinions[i];
		snprintf(o->service, sizeof(o->service), "%.*s", SLICE_ARG(jv_get_text(one, "service")));
		snprintf(o->words, sizeof(o->words), "%.*s", SLICE_ARG(jv_get_text(one, "words")));
		o->known = known_read(one, "known");
		o->score = jv_real_of(jv_get(one, "score"));
	}
}

struct jv *facts_json(const struct facts *f)
{
	struct jv *v = jv_object();

	jv_set_string(v, "form", form_names[f->form]);
#define X(name) jv_set_string(v, #name, known_name(f->name));
	FACT_KNOWNS(X)
#undef X
#define X(name, nothing) \
	if (f->name != (nothing)) \
		jv_set_int(v, #name, f->name);
	FACT_NUMBERS(X)
#undef X
#define X(name) \
	if (f->name) \
		jv_set_bool(v, #name, true);
	FACT_FLAGS(X)
#undef X
#define X(name) \
	if (f->name < 0 || f->name > 0) \
		jv_set(v, #name, jv_real(f->name));
	FACT_SCORES(X)
#undef X
#define X(name) \
	if (f->name[0]) \
		jv_set_string(v, #name, f->name);
	FACT_WORDS(X)
#undef X
	if (f->opinions[0].service[0])
		jv_set(v, "opinions", opinions_json(f));
	return v;
}

void facts_read(const struct jv *v, struct facts *out)
{
	struct slice form = jv_get_text(v, "form");

	facts_init(out);
	for (size_t i = 0; form.ptr && i < sizeof(form_names) / sizeof(form_names[0]); i++)
		if (slice_is(form, form_names[i]))
			out->form = (enum form_state)i;
#define X(name) out->name = known_read(v, #name);
	FACT_KNOWNS(X)
#undef X
#define X(name, nothing) \
	if (jv_get(v, #name)) \
		out->name = jv_int_of(jv_get(v, #name));
	FACT_NUMBERS(X)
#undef X
#define X(name) out->name = jv_type(jv_get(v, #name)) == JV_TRUE;
	FACT_FLAGS(X)
#undef X
#define X(name) out->name = jv_real_of(jv_get(v, #name));
	FACT_SCORES(X)
#undef X
#define X(name) snprintf(out->name, sizeof(out->name), "%.*s", SLICE_ARG(jv_get_text(v, #name)));
	FACT_WORDS(X)
#undef X
	opinions_read(jv_get(v, "opinions"), out);
}
