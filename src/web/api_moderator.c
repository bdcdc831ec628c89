/* The moderators' side of the JSON API: what was held and why, decisions and their undoing, bans. */
#include "web/api.h"

#include "desk/attack.h"
#include "desk/bans.h"
#include "desk/gate.h"
#include "desk/judgement.h"
#include "desk/trial.h"
#include "web/handlers.h"

enum err api_held(struct request *rq, struct response *rs, struct error *e)
{
	struct held_query q = { .reason = request_query(rq, "reason"), .rule = request_query(rq, "rule"),
		.cursor = request_query(rq, "cursor") };
	struct slice list = request_query(rq, "list"), fold = request_query(rq, "fold");
	int64_t limit = 0;
	struct jv *v = NULL;
	if (list.len && !held_list_read(list, &q.list))
		return err_field(e, ERR_INVALID, "list", "A list is held, challenged, rejected, appeals, reports or trial.");
	enum err err = request_query_int(rq, "limit", &limit, e);
	if (err)
		return err;
	if (limit < 0 || limit > 100)
		return err_field(e, ERR_INVALID, "limit", "A page has 1 to 100 items.");
	q.limit = (int)limit;
	q.fold = slice_is(fold, "1") || slice_is(fold, "true");
	if (!q.reason.len)
		q.reason = SLICE_NONE;
	if (!q.rule.len)
		q.rule = SLICE_NONE;
	if (!q.cursor.len)
		q.cursor = SLICE_NONE;
	if ((err = judgement_held(rq->db, rq->arena, &q, &v, e)))
		return err;
	return api_answer(rs, 200, v, e);
}

enum err api_ticket_looked(struct request *rq, struct response *rs, struct error *e)
{
	int64_t id;
	enum err err = api_id(rq->params[0], &id, e);
	if (err || (err = trial_looked(rq->desk, &rq->who, id, e)))
		return err;
	return api_done(rs);
}

enum err api_verdict(struct request *rq, struct response *rs, struct error *e)
{
	struct ticket t;
	int64_t n;
	struct jv *v = NULL;
	enum err err = api_staff_ticket(rq, &t, e);
	if (err || (err = api_id(rq->params[1], &n, e)) || (err = gate_verdict_of(rq->db, t.id, n, &v, e)))
		return err;
	return api_answer(rs, 200, v, e);
}

enum err api_ticket_hide(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct act in;
	struct acted done = { 0 };
	int64_t id, of = 0;
	struct slice level = SLICE("hide");
	enum err err = api_id(rq->params[0], &id, e);
	if (err || (err = request_json(rq, &body, e)) || (err = api_act(rq, body, id, &in, e)) ||
		(err = jv_want_int(body, "of", &of, e)) || (err = jv_want_text(body, "level", &level, e)))
		return err;
	if (of < 0)
		return err_field(e, ERR_INVALID, "of", "This is no entry's number.");
	if (!slice_is(level, "hide") && !slice_is(level, "suppress") && !slice_is(level, "show"))
		return err_field(e, ERR_INVALID, "level", "The level is hide, suppress or show.");
	in.by = BY_MODERATOR;
	if (slice_is(level, "show")) {
		if (!of)
			return err_field(e, ERR_INVALID, "of", "Name the message to show again.");
		err = ticket_show(rq->desk, &in, of, &done, e);
		return err ? err : api_acted(rs, &done, e);
	}
	if ((err = ticket_hide(rq->desk, &in, of, slice_is(level, "suppress"), &done, e)))
		return err;
	return api_acted(rs, &done, e);
}

static enum err judged(struct response *rs, const struct judgement_done *done, struct error *e)
{
	struct jv *v = jv_object();
	jv_set_string(v, "undo", done->undo);
	jv_set_int(v, "changed", done->changed);
	jv_set_int(v, "kept", done->kept);
	return api_answer(rs, 200, v, e);
}

enum err api_judge(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct slice label;
	bool trust = false;
	struct repeat store, *repeat;
	struct judgement_done done = { 0 };
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_repeat(rq, body, &store, &repeat, e)))
		return err;
	const struct jv *items = jv_get(body, "items");
	if (items && jv_type(items) != JV_NULL && jv_type(items) != JV_ARRAY)
		return err_field(e, ERR_MALFORMED, "items", "The items are a list.");
	if ((err = api_need_text(body, "label", &label, e)) || (err = jv_want_bool(body, "trust", &trust, e)))
		return err;
	if (!slice_is(label, "spam") && !slice_is(label, "ham"))
		return err_field(e, ERR_INVALID, "label", "The label is spam or ham.");
	size_t count = jv_size(items);
	if (!count || count > JUDGEMENT_ITEMS_MAX)
		return err_field(e, ERR_INVALID, "items", "Name 1 to %d items.", JUDGEMENT_ITEMS_MAX);
	struct judgement_item *list = arena_array(rq->arena, count, sizeof(*list));
	if (!list)
		return err_nomem(e);
	for (size_t i = 0; i < count; i++) {
		const struct jv *item = jv_at(items, i);
		if (jv_type(item) != JV_OBJECT)
			return err_field(e, ERR_MALFORMED, "items", "An item is {ticket, n?}.");
		if ((err = api_want_id(item, "ticket", &list[i].ticket, e)) || (err = jv_want_int(item, "n", &list[i].n, e)))
			return err;
		if (!list[i].ticket || list[i].n < 0)
			return err_field(e, ERR_INVALID, "items", "An item names a ticket.");
	}
	err = judgement_give(rq->desk, &rq->who, list, count, slice_is(label, "spam") ? LABEL_SPAM : LABEL_HAM, trust, repeat, &done, e);
	return err ? err : judged(rs, &done, e);
}

enum err api_judge_undo(struct request *rq, struct response *rs, struct error *e)
{
	struct judgement_done done = { 0 };
	enum err err = judgement_undo(rq->desk, &rq->who, rq->params[0], &done, e);
	return err ? err : judged(rs, &done, e);
}

enum err api_attack(struct request *rq, struct response *rs, struct error *e)
{
	struct attack attack;
	enum err err = attack_read(rq->db, &attack, e);
	return err ? err : api_answer(rs, 200, attack_json(&attack), e);
}

enum err api_attack_set(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct attack attack;
	int64_t step = -1, for_s = ATTACK_HAND_S_DEFAULT;
	enum err err = request_json(rq, &body, e);
	if (err || (err = jv_want_int(body, "step", &step, e)) || (err = jv_want_int(body, "for_s", &for_s, e)) ||
		(err = attack_set(rq->desk, &rq->who, step, for_s, &attack, e)))
		return err;
	return api_answer(rs, 200, attack_json(&attack), e);
}

enum err api_bans(struct request *rq, struct response *rs, struct error *e)
{
	struct ban *list;
	size_t count;
	enum err err = bans_list(rq->db, rq->arena, &list, &count, e);
	if (err)
		return err;
	struct jv *items = jv_array();
	for (size_t i = 0; i < count; i++) {
		struct jv *v = jv_set(jv_object(), "id", api_id_json(rq, list[i].id)), *by = jv_object();
		jv_set(v, "ticket", api_id_json(rq, list[i].ticket));
		jv_set_text(v, "reason", list[i].reason);
		jv_set(by, "id", api_id_json(rq, list[i].by));
		jv_set(v, "by", jv_set_text(by, "name", list[i].by_name));
		jv_set_time(v, "created", list[i].created_ms);
		jv_set_time(v, "expires", list[i].expires_ms);
		jv_push(items, jv_set_int(v, "held", list[i].held));
	}
	return api_answer(rs, 200, jv_set(jv_object(), "items", items), e);
}

enum err api_ban_add(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	int64_t ticket = 0, days = BANS_DAYS_DEFAULT, id;
	struct slice reason = SLICE("");
	struct repeat store, *repeat;
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_repeat(rq, body, &store, &repeat, e)) || (err = api_want_id(body, "ticket", &ticket, e)) || (err = jv_want_int(body, "days", &days, e)) ||
		(err = jv_want_text(body, "reason", &reason, e)))
		return err;
	if (!ticket)
		return err_field(e, ERR_INVALID, "ticket", "Name a ticket of the sender.");
	if (days < 1 || days > BANS_DAYS_MAX)
		return err_field(e, ERR_INVALID, "days", "A ban lasts 1 to %d days.", BANS_DAYS_MAX);
	if ((err = bans_add(rq->desk, &rq->who, ticket, (int)days, reason, repeat, &id, e)))
		return err;
	return api_answer(rs, api_made(repeat), jv_set(jv_object(), "id", api_id_json(rq, id)), e);
}

enum err api_ban_end(struct request *rq, struct response *rs, struct error *e)
{
	int64_t id;
	struct jv *body;
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_named_id(rq, body, &id, e)) || (err = bans_end(rq->desk, &rq->who, id, e)))
		return err;
	return api_done(rs);
}
