/* What is laid on rules beside their files, as moderators and admins see and change it. */
#include "web/api.h"

#include "desk/rule_life.h"
#include "desk/rulebook.h"
#include "web/handlers.h"

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
