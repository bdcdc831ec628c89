#include "web/proof_pages.h"

#include <stdio.h>

#include "desk/attack.h"
#include "desk/proof.h"
#include "web/handlers.h"
#include "web/view.h"

/* ---- the asker's side ---- */

enum err proof_view(struct request *rq, const char *lang, const struct ticket *t, struct jv *page, struct error *e)
{
	bool appeal = (t->state == TICKET_REJECTED || t->state == TICKET_SPAM) && !t->appealed;
	struct jv *offer, *v = jv_null();
	struct str text;
	enum err rc;

	jv_set(page, "prove", jv_null());
	jv_set(page, "appeal_prove", jv_null());
	if (t->state == TICKET_CHALLENGED || (appeal && proof_on())) {
		rc = proof_offer(rq->desk, rq->db, &(struct proof_for){ .kind = appeal ? PROOF_APPEAL : PROOF_QUESTION, .ticket = t->id }, &offer, e);
		if (rc) {
			jv_free(&v);
			return rc;
		}
		jv_free(&v);
		str_init(&text, 4096);
		rc = jv_dump(offer, &text);
		jv_free(&offer);
		v = jv_object();
		jv_set(v, "challenge", rc ? NULL : jv_text(str_slice(&text)));
		str_fini(&text);
		if (rc) {
			jv_free(&v);
			return err_nomem(e);
		}
		struct slice question = view_site_question(lang);
		jv_set(v, "question", question.len ? jv_text(question) : jv_null());
		jv_set(v, "wrong", slice_is(request_query(rq, "answer"), "wrong") ? view_say(rq, lang, "prove-wrong", I18N_NONE) : jv_null());
		jv_push(jv_get(page, "scripts"), jv_string("prove.js"));
	}
	jv_set(page, appeal ? "appeal_prove" : "prove", v);
	return ERR_OK;
}

HANDLER(page_question_challenge)
{
	struct ticket t;
	struct error why = { 0 };
	struct acted out;
	enum err rc = request_form(rq, e);
	if (rc == ERR_OK)
		rc = ticket_by_token(rq->db, rq->arena, rq->params[0], &t, e);
	if (rc != ERR_OK)
		return rc;
	struct solving in = { .answer = view_field(rq, "answer"), .skip = request_field(rq, "skip").len > 0, .sender = rq->sender,
			      .agent = request_header(rq, "User-Agent") };
	/* Nothing is done for another site; the page says how things stand. What is no longer asked was answered in another tab. */
	if (!rq->cross_site)
		rc = proof_solve(rq->desk, rq->db, rq->arena, &t, &in, &out, &why);
	if (rc != ERR_OK && rc != ERR_INVALID && rc != ERR_CONFLICT) {
		*e = why;
		return rc;
	}
	char *path = arena_printf(rq->arena, "/q/%.*s%s", SLICE_ARG(rq->params[0]), rc == ERR_INVALID ? "?answer=wrong#prove" : "");
	if (!path)
		return err_nomem(e);
	response_redirect(rs, rq, path);
	return ERR_OK;
}

/* ---- the staff's side ---- */

static struct jv *step_button(struct request *rq, const char *lang, int64_t step, const char *message)
{
	char text[24];
	struct jv *x = jv_object();
	snprintf(text, sizeof(text), "%lld", (long long)step);
	jv_set_string(x, "step", text);
	view_put(rq, x, lang, "label", message, I18N_NONE);
	return x;
}

enum err proof_attack_view(struct request *rq, const char *lang, struct jv *page, struct error *e)
{
	struct attack a;
	char key[32];
	bool moderator = rq->who.role >= ROLE_MODERATOR;
	enum err rc = attack_read(rq->db, &a, e);

	if (rc)
		return rc;
	jv_set(page, "attack", jv_null());
	if (!a.step && !moderator)
		return ERR_OK;
	struct jv *v = jv_object(), *steps = jv_array();
	jv_set_bool(v, "on", a.step > 0);
	view_put(rq, v, lang, "heading", "attack-heading", I18N(i18n_int(a.step), i18n_int(ATTACK_STEPS)));
	snprintf(key, sizeof(key), proof_on() ? "attack-step-%d" : "attack-step-off", (int)(a.step > ATTACK_STEPS ? ATTACK_STEPS : a.step));
	jv_set(v, "text", a.step ? view_say(rq, lang, key, I18N_NONE) : jv_null());
	snprintf(key, sizeof(key), "attack-why-%s", attack_why_name(a.why));
	jv_set(v, "why", a.step ? view_say(rq, lang, key, I18N_NONE) : jv_null());
	view_time(v, "since", a.since);
	view_time(v, "until", a.hand_until);
	if (moderator && a.step < ATTACK_STEPS)
		jv_push(steps, step_button(rq, lang, a.step + 1, a.step ? "attack-more" : "attack-start"));
	if (moderator && a.step > 1)
		jv_push(steps, step_button(rq, lang, a.step - 1, "attack-less"));
	if (moderator && a.step > 0)
		jv_push(steps, step_button(rq, lang, 0, "attack-end"));
	jv_set_bool(v, "has_steps", jv_size(steps) > 0);
	jv_set(v, "steps", steps);
	jv_set(page, "attack", v);
	return ERR_OK;
}

HANDLER(page_attack)
{
	int64_t step = -1;
	struct attack a;
	enum err rc = request_form(rq, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "step", &step, e);
	if (rc == ERR_OK)
		rc = attack_set(rq->desk, &rq->who, step, ATTACK_HAND_S_DEFAULT, &a, e);
	if (rc != ERR_OK)
		return rc;
	response_redirect(rs, rq, "/desk/moderation");
	return ERR_OK;
}
