/* The life of rules: what is laid on them beside their files, as moderators and admins see and change it; replays of drafts. */
#include "web/api.h"

#include "base/clock.h"
#include "desk/rule_figures.h"
#include "desk/rule_life.h"
#include "desk/rule_undo.h"
#include "desk/rulebook.h"
#include "web/handlers.h"

#define DAY_MS (24 * 3600 * 1000LL)

enum { REPLAY_DAYS = 30, REPLAY_DAYS_MAX = 3650 };

/* What lies on rules now. */
static enum err states(struct request *rq, struct response *rs, struct error *e)
{
	const struct ruleset *rules = rulebook_pin(rq->desk->rulebook);
	struct jv *list = NULL;
	enum err err = rule_life_json(rq->db, rules, &list, e);

	rulebook_unpin(rq->desk->rulebook, &rules);
	return err ? err : api_answer(rs, 200, jv_set(jv_object(), "items", list), e);
}

enum err api_rule_states(struct request *rq, struct response *rs, struct error *e)
{
	return states(rq, rs, e);
}

enum err api_rule_stop(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct slice reason = SLICE("");
	enum err err = request_json(rq, &body, e);
	if (err || (err = jv_want_text(body, "reason", &reason, e)) ||
		(err = rule_life_stop(rq->desk, &rq->who, rq->params[0], reason.ptr ? reason : SLICE(""), e)))
		return err;
	return states(rq, rs, e);
}

enum err api_rule_release(struct request *rq, struct response *rs, struct error *e)
{
	enum err err = rule_life_release(rq->desk, &rq->who, rq->params[0], e);
	return err ? err : states(rq, rs, e);
}

enum err api_rule_pin(struct request *rq, struct response *rs, struct error *e)
{
	enum err err = rule_life_pin(rq->desk, &rq->who, rq->params[0], true, e);
	return err ? err : states(rq, rs, e);
}

enum err api_rule_unpin(struct request *rq, struct response *rs, struct error *e)
{
	enum err err = rule_life_pin(rq->desk, &rq->who, rq->params[0], false, e);
	return err ? err : states(rq, rs, e);
}

enum err api_rule_wrong(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *list = NULL;
	enum err err = rule_figures_wrong(rq->db, rq->params[0], &list, e);
	return err ? err : api_answer(rs, 200, jv_set(jv_object(), "items", list), e);
}

enum err api_rule_undo(struct request *rq, struct response *rs, struct error *e)
{
	struct judgement_done done;
	bool more = false;
	enum err err = rule_undo(rq->desk, rq->db, rq->arena, &rq->who, rq->params[0], &done, &more, e);
	if (err)
		return err;
	struct jv *v = jv_set_int(jv_set_int(jv_set_string(jv_object(), "undo", done.undo), "changed", done.changed), "kept", done.kept);
	return api_answer(rs, 200, jv_set_bool(v, "more", more), e);
}

/* ---- replay ---- */

enum err api_rules_replay(struct request *rq, struct response *rs, struct error *e)
{
	struct rule_edit edit = { .db = rq->db };
	struct jv *body, *v = NULL, *errors = NULL;
	struct error why = { 0 };
	int64_t days = REPLAY_DAYS;
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_need_text(body, "file", &edit.file, e)) || (err = jv_want_text(body, "text", &edit.text, e)) ||
		(err = jv_want_int(body, "days", &days, e)))
		return err;
	if (!edit.text.ptr)
		return err_field(e, ERR_INVALID, "text", "The text of the file is missing.");
	if (days < 1 || days > REPLAY_DAYS_MAX)
		return err_field(e, ERR_INVALID, "days", "Name 1 to %d days.", REPLAY_DAYS_MAX);
	err = rulebook_replay(rq->desk->rulebook, &edit, clock_wall_ms() - days * DAY_MS, &v, &errors, &why);
	if (err == ERR_OK)
		return api_answer(rs, 200, v, e);
	if (err == ERR_INVALID && errors)
		return api_problem(rs, 422, &why, jv_set(jv_object(), "errors", errors), e);
	jv_free(&errors);
	*e = why;
	return err;
}
