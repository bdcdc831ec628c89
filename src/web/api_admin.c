/* The admins' side of the JSON API: rule files, accounts, the audit, figures. */
#include "web/api.h"

#include "desk/audit.h"
#include "desk/figures.h"
#include "desk/people.h"
#include "desk/rulebook.h"
#include "web/handlers.h"

enum { AUDIT_PAGE = 100, STATS_DAYS = 28, STATS_DAYS_MAX = 366 };

/* ---- rules ---- */

enum err api_rules(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *v = NULL;
	enum err err = rulebook_json(rq->desk->rulebook, rq->db, &v, e);
	return err ? err : api_answer(rs, 200, v, e);
}

enum err api_rule_stats(struct request *rq, struct response *rs, struct error *e)
{
	int64_t days = STATS_DAYS;
	struct jv *v = NULL;
	enum err err = request_query_int(rq, "days", &days, e);
	if (err)
		return err;
	if (days < 1 || days > STATS_DAYS_MAX)
		return err_field(e, ERR_INVALID, "days", "Name 1 to %d days.", STATS_DAYS_MAX);
	if ((err = rulebook_stats(rq->desk->rulebook, rq->db, days, &v, e)))
		return err;
	return api_answer(rs, 200, jv_set(jv_object(), "items", v), e);
}

/* RFC 9110 section 8.8.3: the tag between its quotes. A weak one is compared like the strong one; "*" is returned as it is. */
static struct slice tag_of(struct slice header)
{
	if (header.len >= 2 && header.ptr[0] == 'W' && header.ptr[1] == '/')
		header = slice_from(header, 2);
	if (header.len >= 2 && header.ptr[0] == '"' && header.ptr[header.len - 1] == '"')
		return slice_make(header.ptr + 1, header.len - 2);
	return header;
}

static enum err tagged(struct request *rq, struct response *rs, const char *etag, struct error *e)
{
	char *quoted = arena_printf(rq->arena, "\"%s\"", etag);
	if (!quoted)
		return err_nomem(e);
	response_header(rs, "ETag", quoted);
	return ERR_OK;
}

enum err api_rule_file(struct request *rq, struct response *rs, struct error *e)
{
	struct slice text;
	char etag[RULE_ETAG_BYTES];
	enum err err = rulebook_file(rq->desk->rulebook, rq->arena, rq->params[0], &text, etag, e);
	if (err || (err = tagged(rq, rs, etag, e)))
		return err;
	response_header(rs, "Cache-Control", "no-store");
	response_type(rs, "text/plain; charset=utf-8");
	str_add(response_body(rs), text);
	return ERR_OK;
}

/* 422 with the places at fault; nothing has changed. */
static enum err broken(struct response *rs, enum err err, const struct error *why, struct jv *errors, struct error *e)
{
	if (err == ERR_INVALID && errors)
		return api_problem(rs, 422, why, jv_set(jv_object(), "errors", errors), e);
	jv_free(&errors);
	if (e)
		*e = *why;
	return err;
}

static bool media_is(struct slice type, const char *want)
{
	struct slice w = slice_of(want);
	return slice_starts(type, w) && (type.len == w.len || type.ptr[w.len] == ';' || type.ptr[w.len] == ' ');
}

/* Which file, and which text: the body as it is, or {text, comment?, override?}. */
static enum err edit_read(struct request *rq, struct rule_edit *edit, struct error *e)
{
	struct slice type = request_header(rq, "content-type");
	if (!type.ptr || media_is(type, "text/plain")) {
		edit->text = rq->body.ptr ? rq->body : SLICE("");
		edit->comment = request_query(rq, "comment");
		edit->override = slice_is(request_query(rq, "override"), "1");
		return ERR_OK;
	}
	struct jv *body;
	enum err err = request_json(rq, &body, e);
	if (err || (err = jv_want_text(body, "text", &edit->text, e)) || (err = jv_want_text(body, "comment", &edit->comment, e)) ||
		(err = jv_want_bool(body, "override", &edit->override, e)) || (err = jv_want_text(body, "file", &edit->file, e)))
		return err;
	if (!edit->text.ptr)
		return err_field(e, ERR_INVALID, "text", "The text of the file is missing.");
	return ERR_OK;
}

enum err api_rule_put(struct request *rq, struct response *rs, struct error *e)
{
	struct rule_edit edit = { 0 };
	struct jv *errors = NULL;
	struct error why = { 0 };
	char etag[RULE_ETAG_BYTES] = "";
	struct slice match = request_header(rq, "if-match"), none = request_header(rq, "if-none-match"), text;
	enum err err = edit_read(rq, &edit, e);
	if (err)
		return err;
	edit.file = rq->params[0];
	edit.db = rq->db;
	if (match.ptr) {
		edit.if_match = tag_of(match);
		if (slice_is(edit.if_match, "*")) {
			if ((err = rulebook_file(rq->desk->rulebook, rq->arena, edit.file, &text, etag, e)))
				return err == ERR_NOT_FOUND ? err_set(e, ERR_PRECONDITION, "There is no such file yet.") : err;
			edit.if_match = arena_slice(rq->arena, slice_of(etag));
		}
	} else if (slice_is(none, "*")) {
		edit.if_match = SLICE(""); /* only if there is none yet */
	}
	err = rulebook_put(rq->desk->rulebook, &rq->who, &edit, etag, &errors, &why);
	if (err)
		return broken(rs, err, &why, errors, e);
	if ((err = tagged(rq, rs, etag, e))) {
		jv_free(&errors);
		return err;
	}
	return api_answer(rs, 200, jv_set(jv_set_string(jv_set_text(jv_object(), "file", edit.file), "etag", etag), "warnings", errors), e);
}

enum err api_rules_check(struct request *rq, struct response *rs, struct error *e)
{
	struct rule_edit edit = { .file = request_query(rq, "file"), .db = rq->db };
	struct jv *v = NULL;
	enum err err = edit_read(rq, &edit, e);
	if (err)
		return err;
	if (!edit.file.len)
		return err_field(e, ERR_INVALID, "file", "The name of the file is missing.");
	if ((err = rulebook_check(rq->desk->rulebook, &edit, &v, e)))
		return err;
	return api_answer(rs, 200, v, e);
}

enum err api_rule_history(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *v = NULL;
	enum err err = rulebook_history(rq->desk->rulebook, rq->db, rq->params[0], &v, e);
	return err ? err : api_answer(rs, 200, jv_set(jv_object(), "items", v), e);
}

enum err api_rule_rollback(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body, *errors = NULL;
	int64_t revision = 0;
	struct error why = { 0 };
	char etag[RULE_ETAG_BYTES] = "";
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_want_id(body, "revision", &revision, e)))
		return err;
	if (!revision)
		return err_field(e, ERR_INVALID, "revision", "Which revision?");
	err = rulebook_rollback(rq->desk->rulebook, rq->db, &rq->who, rq->params[0], revision, etag, &errors, &why);
	if (err)
		return broken(rs, err, &why, errors, e);
	jv_free(&errors);
	if ((err = tagged(rq, rs, etag, e)))
		return err;
	return api_answer(rs, 200, jv_set_string(jv_set_text(jv_object(), "file", rq->params[0]), "etag", etag), e);
}

enum err api_rule_mode(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct slice mode;
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_need_text(body, "mode", &mode, e)))
		return err;
	if (!slice_is(mode, "watch") && !slice_is(mode, "active") && !slice_is(mode, "dormant"))
		return err_field(e, ERR_INVALID, "mode", "A mode is watch, active or dormant.");
	if ((err = rulebook_mode(rq->desk->rulebook, &rq->who, rq->params[0], mode, e)))
		return err;
	return api_answer(rs, 200, jv_set_text(jv_set_text(jv_object(), "rule", rq->params[0]), "mode", mode), e);
}

/* ---- accounts ---- */

static struct jv *account_json(struct request *rq, const struct account *a)
{
	struct jv *v = jv_set(jv_object(), "id", api_id_json(rq, a->id));
	jv_set_text(v, "name", a->login);
	jv_set_text(v, "display", a->name);
	jv_set_string(v, "role", people_role_name(a->role));
	jv_set_bool(v, "disabled", a->disabled);
	jv_set_bool(v, "password", a->has_password);
	jv_set_time(v, "created", a->created_ms);
	return jv_set_time(v, "seen", a->seen_ms);
}

enum err api_accounts(struct request *rq, struct response *rs, struct error *e)
{
	struct account *list;
	size_t count;
	enum err err = people_list(rq->db, rq->arena, &list, &count, e);
	if (err)
		return err;
	struct jv *items = jv_array();
	for (size_t i = 0; i < count; i++)
		jv_push(items, account_json(rq, &list[i]));
	return api_answer(rs, 200, jv_set(jv_object(), "items", items), e);
}

/* The account as it is now, with a reset code where one was made. */
static enum err account_answer(struct request *rq, struct response *rs, int status, int64_t id, const char *code, struct error *e)
{
	struct account a;
	enum err err = people_get(rq->db, rq->arena, id, &a, e);
	if (err)
		return err;
	return api_answer(rs, status, jv_set_string(account_json(rq, &a), "code", code), e);
}

static enum err role_read(const struct jv *body, enum role *out, struct error *e)
{
	struct slice text = SLICE_NONE;
	enum err err = jv_want_text(body, "role", &text, e);
	if (!err && text.ptr && !people_role_read(text, out))
		return err_field(e, ERR_INVALID, "role", "A role is trial, helper, moderator or admin.");
	return err;
}

enum err api_account_add(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct people_new n = { .role = ROLE_HELPER };
	struct repeat store, *repeat;
	int64_t id;
	char code[PEOPLE_RESET_BYTES] = "";
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_need_text(body, "name", &n.login, e)) || (err = jv_want_text(body, "display", &n.name, e)) ||
		(err = jv_want_text(body, "password", &n.password, e)) || (err = role_read(body, &n.role, e)) ||
		(err = api_repeat(rq, body, &store, &repeat, e)) ||
		(err = people_add(rq->desk, rq->db, &rq->who, &n, repeat, &id, e)))
		return err;
	/* A repeat does not make the code that may have arrived useless. */
	if (!n.password.ptr && !(repeat && repeat->found) && (err = people_reset_start(rq->desk, rq->db, &rq->who, id, code, e)))
		return err;
	return account_answer(rq, rs, api_made(repeat), id, code[0] ? code : NULL, e);
}

enum err api_account_change(struct request *rq, struct response *rs, struct error *e)
{
	struct jv *body;
	struct people_change c = { .disabled = -1 };
	struct slice password = SLICE_NONE;
	bool disabled = false;
	int64_t id;
	enum err err = request_json(rq, &body, e);
	if (err || (err = api_named_id(rq, body, &id, e)) || (err = jv_want_text(body, "display", &c.name, e)) ||
		(err = jv_want_text(body, "password", &password, e)) || (err = jv_want_bool(body, "disabled", &disabled, e)) ||
		(err = role_read(body, &c.role, e)))
		return err;
	if (jv_type(jv_get(body, "disabled")) != JV_NULL)
		c.disabled = disabled;
	/* All of it is looked at before any of it is done. */
	if (password.ptr && (err = people_password_fits(password, e)))
		return err;
	if (c.name.ptr || c.role != ROLE_NOBODY || c.disabled >= 0) {
		if ((err = people_change(rq->desk, rq->db, &rq->who, id, &c, e)))
			return err;
	}
	if (password.ptr && (err = people_password(rq->desk, rq->db, &rq->who, id, password,
			id == rq->who.account ? rq->who.session : 0, e)))
		return err;
	return account_answer(rq, rs, 200, id, NULL, e);
}

enum err api_account_reset(struct request *rq, struct response *rs, struct error *e)
{
	int64_t id;
	char code[PEOPLE_RESET_BYTES];
	enum err err = api_id(rq->params[0], &id, e);
	if (err || (err = people_reset_start(rq->desk, rq->db, &rq->who, id, code, e)))
		return err;
	return account_answer(rq, rs, 200, id, code, e);
}

/* ---- audit and figures ---- */

enum err api_audit(struct request *rq, struct response *rs, struct error *e)
{
	struct audit_filter f = { .action = request_query(rq, "action"), .limit = AUDIT_PAGE };
	struct audit_row *list;
	size_t count;
	int64_t limit = AUDIT_PAGE;
	enum err err = request_query_int(rq, "cursor", &f.before, e);
	if (err || (err = request_query_int(rq, "account", &f.account, e)) || (err = request_query_int(rq, "limit", &limit, e)))
		return err;
	if (limit < 1 || limit > 500)
		return err_field(e, ERR_INVALID, "limit", "A page has 1 to 500 rows.");
	f.limit = (int)limit;
	if (!f.action.len)
		f.action = SLICE_NONE;
	if ((err = audit_list(rq->db, rq->arena, &f, &list, &count, e)))
		return err;
	struct jv *items = jv_array();
	for (size_t i = 0; i < count; i++) {
		const struct audit_row *a = &list[i];
		struct jv *v = jv_set(jv_object(), "seq", api_id_json(rq, a->seq));
		jv_set_time(v, "at", a->at_ms);
		if (a->account) {
			struct jv *who = jv_set(jv_object(), "id", api_id_json(rq, a->account));
			jv_set(v, "account", jv_set_text(who, "name", a->account_name));
		}
		jv_set_text(v, "action", a->action);
		jv_set_text(v, "object", a->object);
		jv_set(v, "id", api_id_json(rq, a->id));
		if (a->detail.len)
			jv_set_text(v, "detail", a->detail);
		jv_push(items, v);
	}
	struct jv *v = jv_set(jv_object(), "items", items);
	if (count == (size_t)f.limit && list[count - 1].seq > 1)
		jv_set(v, "cursor", api_id_json(rq, list[count - 1].seq));
	return api_answer(rs, 200, v, e);
}

enum err api_figures(struct request *rq, struct response *rs, struct error *e)
{
	int64_t days = 28;
	struct jv *v = NULL;
	enum err err = request_query_int(rq, "days", &days, e);
	if (err)
		return err;
	if (days < 1 || days > FIGURES_DAYS_MAX)
		return err_field(e, ERR_INVALID, "days", "Name 1 to %d days.", FIGURES_DAYS_MAX);
	if ((err = figures_json(rq->desk, rq->db, (int)days, &v, e)))
		return err;
	return api_answer(rs, 200, v, e);
}
