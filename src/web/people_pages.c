/*
 * people_pages: logging in and out, reset codes, and the admins' pages: people, the record.
 *
 * A reset code is shown once, in the answer to the request that made it, and nowhere else.
 */
#include "web/people_pages.h"

#include <stdio.h>

#include "desk/audit.h"
#include "desk/people.h"
#include "text/utf.h"
#include "web/handlers.h"
#include "web/problem.h"
#include "web/session.h"
#include "web/view.h"

/* KEPT_MAX_BYTES: percent-encoded it still fits into the login's own form. */
enum { AUDIT_PAGE = 100, KEPT_MAX_BYTES = 20000 };

/* ---- logging in ---- */

struct login_page {
	int status;
	bool reset;
	bool resume;        /* logged in, but what the form was to do has not been done */
	int64_t reply;      /* `kept` was a reply in this conversation, whose draft it becomes */
	struct slice name, to, code;
	struct slice kept;  /* what was typed when the session had ended */
	struct jv *problem; /* taken; NULL: none */
	const char *done;
};

static enum err show_login(struct request *rq, struct response *rs, const char *lang, const struct login_page *l, struct error *e)
{
	struct jv *page = view_frame(rq, lang, "title-login", SLICE(""));
	jv_set_bool(page, "reset", l->reset);
	jv_set(page, "name", jv_text(l->name));
	jv_set(page, "to", jv_text(l->to));
	jv_set(page, "code", jv_text(l->code));
	jv_set_bool(page, "resume", l->resume);
	jv_set(page, "reply", l->reply ? jv_int(l->reply) : jv_null());
	jv_set(page, "kept", l->kept.len ? jv_text(l->kept) : jv_null());
	jv_set_bool(page, "kept_long", l->kept.len > KEPT_MAX_BYTES);
	jv_set(page, "problem", l->problem ? l->problem : jv_null());
	jv_set(page, "done", l->done ? view_say(rq, lang, l->done, I18N_NONE) : jv_null());
	if (l->status)
		response_status(rs, l->status);
	return view_send(rq, rs, "login", lang, page, e);
}

/* Where to go after logging in: a page of the desk, or the desk. Never another site. */
static struct slice safe_target(struct slice to)
{
	if (!slice_starts(to, SLICE("/desk")) || to.len > 200)
		return SLICE("/desk");
	for (size_t i = 0; i < to.len; i++) {
		unsigned char c = (unsigned char)to.ptr[i];
		if (c <= ' ' || c >= 0x7f || c == '\\' || c == '"' || c == '<')
			return SLICE("/desk");
	}
	return to.len == 5 || to.ptr[5] == '/' || to.ptr[5] == '?' ? to : SLICE("/desk");
}

/* ---- a form whose session has ended ---- */

static const char TALK_WRITE[] = "/desk/t/:id/messages", TALK_CLOSE[] = "/desk/t/:id/close";

/* What somebody typed into a form of the staff's pages, its parts apart by an empty line. Empty: nothing. */
static enum err typed_words(struct request *rq, struct slice *out, struct error *e)
{
	static const char *const fields[] = { "title", "body", "text", "comment", "reason", "note" };
	/* What a conversation's form calls a reason, or a note, may be a choice. */
	bool chosen = strcmp(rq->route->path, TALK_CLOSE) == 0 || strcmp(rq->route->path, TALK_WRITE) == 0;
	struct str all;
	str_init(&all, ROUTE_FILE_BODY_MAX_BYTES);
	enum err rc = ERR_OK;
	for (size_t i = 0; i < (chosen ? 4 : sizeof fields / sizeof *fields) && rc == ERR_OK; i++) {
		struct slice one;
		rc = view_field_lines(rq, fields[i], &one, e);
		if (rc != ERR_OK || utf_blank(one))
			continue;
		if (str_slice(&all).len)
			str_adds(&all, "\n\n");
		str_add(&all, one);
	}
	*out = arena_slice(rq->arena, str_slice(&all));
	if (rc == ERR_OK && (str_failed(&all) || !out->ptr))
		rc = err_nomem(e);
	str_fini(&all);
	return rc;
}

/* The page on which that form stood: the nearest above its address that whoever may send the form may read. */
static struct slice stood_on(struct request *rq)
{
	struct slice path = rq->path, params[REQUEST_PARAMS_MAX];
	for (; path.len > 1; path.len--) {
		struct address at;
		if (path.len < rq->path.len && path.ptr[path.len] != '/')
			continue;
		const struct route *page = route_find(METHOD_GET, path, params, NULL, &at);
		if (page && page->who <= rq->route->who)
			break;
	}
	struct slice file = request_field(rq, "file");
	char *to = file.ptr ? arena_printf(rq->arena, "%.*s?file=%.*s", SLICE_ARG(path), SLICE_ARG(file))
			    : arena_printf(rq->arena, "%.*s", SLICE_ARG(path));
	return safe_target(to ? slice_of(to) : SLICE_NONE);
}

enum err people_pages_log_in_again(struct request *rq, struct response *rs, struct error *e)
{
	struct login_page l = { .status = rq->who.account ? 403 : 401, .resume = rq->who.account != 0 };
	enum err rc = request_form(rq, e);
	if (rc == ERR_OK)
		rc = typed_words(rq, &l.kept, e);
	if (rc != ERR_OK)
		return rc;
	const char *lang = view_lang(rq, rs);
	l.to = stood_on(rq);
	if (strcmp(rq->route->path, TALK_WRITE) == 0 && !request_field(rq, "note").len && (rc = view_param_id(rq, 0, &l.reply, e)) != ERR_OK)
		return rc;
	l.problem = l.resume ? NULL : view_say(rq, lang, "login-again", I18N_NONE);
	return show_login(rq, rs, lang, &l, e);
}

/* Makes the kept reply the draft of its conversation. False where it has another draft already, or is gone, or another account is logged in that
 * cannot open it. */
static bool kept_as_draft(struct request *rq, const struct actor *who, const struct login_page *l)
{
	struct slice before;
	struct ticket t;
	struct error ignored;
	return l->reply && ticket_for_staff(rq->desk, rq->db, rq->arena, who, l->reply, &t, &ignored) == ERR_OK &&
	       talk_draft(rq->db, rq->arena, l->reply, who->account, &before, &ignored) == ERR_OK && (!before.len || slice_eq(before, l->kept)) &&
	       talk_draft_put(rq->desk, l->reply, who, l->kept, &ignored) == ERR_OK;
}

/* ---- the login itself ---- */

HANDLER(page_login)
{
	struct slice done = request_query(rq, "done");
	if (rq->who.account) {
		response_redirect(rs, rq, "/desk");
		return ERR_OK;
	}
	struct login_page l = { .to = request_query(rq, "next"),
				.done = slice_is(done, "bye") ? "login-bye" : slice_is(done, "reset") ? "reset-done" : NULL };
	return show_login(rq, rs, view_lang(rq, rs), &l, e);
}

HANDLER(page_login_send)
{
	const char *lang = view_lang(rq, rs);
	enum err rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct login_page l = { .name = request_field(rq, "name"), .to = request_field(rq, "to") };
	struct error why = { 0 };
	rc = view_field_lines(rq, "kept", &l.kept, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "reply", &l.reply, e);
	if (rc != ERR_OK)
		return rc;
	if (rq->cross_site) {
		l.status = 403;
		l.problem = view_say(rq, lang, "login-again", I18N_NONE);
		return show_login(rq, rs, lang, &l, e);
	}
	char secret[PEOPLE_SECRET_BYTES];
	struct people_session session;
	struct slice password = request_field(rq, "password");
	rc = people_login(rq->desk, rq->db, rq->arena, &rq->sender, l.name.ptr ? l.name : SLICE(""), password.ptr ? password : SLICE(""), secret,
			  &session, &why);
	if (rc == ERR_UNAUTHENTICATED || rc == ERR_INVALID) {
		l.status = 401;
		l.problem = view_say(rq, lang, "login-wrong", I18N_NONE);
		return show_login(rq, rs, lang, &l, e);
	}
	if (rc == ERR_LIMITED) {
		l.status = 429;
		l.problem = view_say(rq, lang, "login-slow", I18N(i18n_int(view_retry_after(rs, &why))));
		return show_login(rq, rs, lang, &l, e);
	}
	if (rc != ERR_OK) {
		*e = why;
		return rc;
	}
	l.to = safe_target(l.to);
	char *path = arena_printf(rq->arena, "%.*s", SLICE_ARG(l.to));
	if (!path)
		return err_nomem(e);
	response_cookie(rs, rq, SESSION_COOKIE, secret, (session.expires_ms - clock_wall_ms()) / 1000);
	if (l.kept.len && !kept_as_draft(rq, &session.who, &l)) {
		l.resume = true;
		return show_login(rq, rs, lang, &l, e);
	}
	response_redirect(rs, rq, path);
	return ERR_OK;
}

HANDLER(page_logout)
{
	enum err rc = people_logout(rq->desk, &rq->who, e);
	if (rc != ERR_OK)
		return rc;
	response_cookie(rs, rq, SESSION_COOKIE, "", 0);
	response_redirect(rs, rq, "/login?done=bye");
	return ERR_OK;
}

HANDLER(page_reset)
{
	return show_login(rq, rs, view_lang(rq, rs), &(struct login_page){ .reset = true }, e);
}

HANDLER(page_reset_send)
{
	const char *lang = view_lang(rq, rs);
	enum err rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct login_page l = { .reset = true, .code = view_field(rq, "code") };
	struct slice password = request_field(rq, "password");
	struct error why = { 0 };
	rc = rq->cross_site ? ERR_FORBIDDEN
			    : people_reset_finish(rq->desk, rq->db, &rq->sender, l.code.ptr ? l.code : SLICE(""), password.ptr ? password : SLICE(""), &why);
	if (rc == ERR_OK) {
		response_redirect(rs, rq, "/login?done=reset");
		return ERR_OK;
	}
	why.code = rc;
	l.status = problem_status(rc);
	if (rc == ERR_LIMITED)
		l.problem = view_say(rq, lang, "login-slow", I18N(i18n_int(view_retry_after(rs, &why))));
	else if (rc == ERR_INVALID)
		l.problem = view_say(rq, lang, "password-short", I18N_NONE);
	else if (rc == ERR_NOT_FOUND || rc == ERR_FORBIDDEN)
		l.problem = view_say(rq, lang, "reset-unknown", I18N_NONE);
	else {
		*e = why;
		return rc;
	}
	return show_login(rq, rs, lang, &l, e);
}

/* ---- people ---- */

struct people_page {
	int status;
	const char *problem, *wrong_field, *wrong;
	struct slice added;        /* display name of who was added */
	const char *code;          /* a reset code just made; NULL: none */
	struct slice code_for;
};

static struct jv *roles(struct request *rq, const char *lang, enum role chosen)
{
	struct jv *list = jv_array();
	for (int r = ROLE_TRIAL; r <= ROLE_ADMIN; r++) {
		char key[24];
		struct jv *x = jv_object();
		snprintf(key, sizeof(key), "role-%s", people_role_name((enum role)r));
		jv_set_string(x, "code", people_role_name((enum role)r));
		view_put(rq, x, lang, "label", key, I18N_NONE);
		jv_set_bool(x, "chosen", (int)chosen == r);
		jv_push(list, x);
	}
	return list;
}

static struct jv *person(struct request *rq, const char *lang, const struct account *a)
{
	struct jv *x = jv_object();
	jv_set_int(x, "id", a->id);
	jv_set(x, "login", jv_text(a->login));
	jv_set(x, "name", jv_text(a->name));
	jv_set(x, "roles", roles(rq, lang, a->role));
	jv_set_bool(x, "disabled", a->disabled);
	jv_set_bool(x, "has_password", a->has_password);
	view_time(x, "seen", a->seen_ms);
	view_put(rq, x, lang, "role_label", "role-of", I18N(i18n_slice(a->name)));
	view_put(rq, x, lang, "toggle_label", a->disabled ? "enable-whom" : "disable-whom", I18N(i18n_slice(a->name)));
	view_put(rq, x, lang, "reset_label", "reset-whom", I18N(i18n_slice(a->name)));
	view_put(rq, x, lang, "keys_label", "keys-of", I18N(i18n_slice(a->name)));
	return x;
}

static enum err show_people(struct request *rq, struct response *rs, const struct people_page *p, struct error *e)
{
	const char *lang = view_lang(rq, rs);
	struct account *all = NULL;
	size_t count = 0;
	struct jv *page = NULL;
	enum err rc = people_list(rq->db, rq->arena, &all, &count, e);
	if (rc == ERR_OK)
		rc = view_staff_frame(rq, lang, "people", &page, e);
	if (rc != ERR_OK)
		return rc;
	struct jv *list = jv_array(), *wrong = jv_object(), *new = jv_object();
	for (size_t i = 0; i < count; i++)
		jv_push(list, person(rq, lang, &all[i]));
	jv_set(page, "people", list);
	jv_set(page, "roles", roles(rq, lang, ROLE_HELPER));
	jv_set(page, "problem", p->problem ? view_say(rq, lang, p->problem, I18N_NONE) : jv_null());
	jv_set(page, "done", jv_null());
	if (p->added.len)
		view_put(rq, page, lang, "done", "people-added", I18N(i18n_slice(p->added)));
	else if (slice_is(request_query(rq, "done"), "changed"))
		view_put(rq, page, lang, "done", "people-changed", I18N_NONE);
	if (p->wrong)
		view_put(rq, wrong, lang, p->wrong_field, p->wrong, I18N_NONE);
	jv_set(page, "wrong", wrong);
	if (p->status >= 400) {
		jv_set(new, "login", jv_text(request_field(rq, "login")));
		jv_set(new, "name", jv_text(request_field(rq, "name")));
	}
	jv_set(page, "new", new);
	jv_set(page, "secret", jv_null());
	if (p->code) {
		struct jv *s = jv_object();
		char *where = request_url(rq->arena, "/reset");
		view_put(rq, s, lang, "heading", "people-reset", I18N(i18n_slice(p->code_for)));
		view_put(rq, s, lang, "text", "people-reset-text", I18N(i18n_str(where ? where : "/reset")));
		jv_set_string(s, "value", p->code);
		jv_set(page, "secret", s);
	}
	if (p->status)
		response_status(rs, p->status);
	return view_send(rq, rs, "people", lang, page, e);
}

HANDLER(page_people)
{
	return show_people(rq, rs, &(struct people_page){ 0 }, e);
}

HANDLER(page_people_add)
{
	enum err rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct people_new in = { .login = view_field(rq, "login"), .name = view_field(rq, "name"), .role = ROLE_HELPER };
	struct error why = { 0 };
	int64_t id = 0;
	if (!in.login.ptr)
		in.login = SLICE("");
	if (!people_role_read(request_field(rq, "role"), &in.role))
		return err_field(e, ERR_INVALID, "role", "There is no such role.");
	rc = people_add(rq->desk, rq->db, &rq->who, &in, NULL, &id, &why);
	if (rc == ERR_CONFLICT)
		return show_people(rq, rs, &(struct people_page){ .status = 409, .wrong_field = "login", .wrong = "people-taken" }, e);
	if (rc == ERR_INVALID) {
		bool display = strcmp(why.field, "display") == 0;
		return show_people(rq, rs, &(struct people_page){ .status = 422, .wrong_field = display ? "name" : "login",
								  .wrong = display ? "people-bad-display" : "people-bad-login" }, e);
	}
	char code[PEOPLE_RESET_BYTES];
	struct account added;
	if (rc == ERR_OK)
		rc = people_reset_start(rq->desk, rq->db, &rq->who, id, code, &why);
	if (rc == ERR_OK)
		rc = people_get(rq->db, rq->arena, id, &added, &why);
	if (rc != ERR_OK) {
		*e = why;
		return rc;
	}
	return show_people(rq, rs, &(struct people_page){ .added = added.name, .code = code, .code_for = added.name }, e);
}

HANDLER(page_people_change)
{
	int64_t id;
	enum err rc = view_param_id(rq, 0, &id, e);
	if (rc == ERR_OK)
		rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct people_change c = { .role = ROLE_NOBODY, .disabled = -1 };
	struct slice role = request_field(rq, "role"), disabled = request_field(rq, "disabled");
	if (role.len && !people_role_read(role, &c.role))
		return err_field(e, ERR_INVALID, "role", "There is no such role.");
	if (disabled.len)
		c.disabled = slice_is(disabled, "1");
	struct error why = { 0 };
	rc = people_change(rq->desk, rq->db, &rq->who, id, &c, &why);
	if (rc == ERR_CONFLICT)
		return show_people(rq, rs, &(struct people_page){ .status = 409, .problem = "people-last-admin" }, e);
	if (rc != ERR_OK) {
		*e = why;
		return rc;
	}
	response_redirect(rs, rq, "/desk/people?done=changed");
	return ERR_OK;
}

HANDLER(page_people_reset)
{
	int64_t id;
	char code[PEOPLE_RESET_BYTES];
	struct account a;
	enum err rc = view_param_id(rq, 0, &id, e);
	if (rc == ERR_OK)
		rc = people_get(rq->db, rq->arena, id, &a, e);
	if (rc == ERR_OK)
		rc = people_reset_start(rq->desk, rq->db, &rq->who, id, code, e);
	return rc == ERR_OK ? show_people(rq, rs, &(struct people_page){ .code = code, .code_for = a.name }, e) : rc;
}

/* ---- the record ---- */

/* What the record's codes say in words, or the code itself where there are none: rows outlive the program that wrote them. */
static struct jv *words_of(struct request *rq, const char *lang, const char *kind, struct slice code)
{
	char key[64];

	snprintf(key, sizeof(key), "%s-%.*s", kind, SLICE_ARG(code));
	for (char *dot = strchr(key, '.'); dot; dot = strchr(dot, '.'))
		*dot = '-';
	return i18n_has(key) ? view_say(rq, lang, key, I18N_NONE) : jv_text(code);
}

HANDLER(page_audit)
{
	const char *lang = view_lang(rq, rs);
	struct audit_filter f = { .limit = AUDIT_PAGE, .action = request_query(rq, "action") };
	struct audit_row *rows = NULL;
	size_t count = 0;
	int64_t checked = 0, broken = 0;
	struct jv *page = NULL;
	enum err rc = request_query_int(rq, "before", &f.before, e);
	if (rc == ERR_OK)
		rc = audit_list(rq->db, rq->arena, &f, &rows, &count, e);
	if (rc == ERR_OK)
		rc = audit_verify(rq->db, &checked, &broken, e);
	if (rc == ERR_OK)
		rc = view_staff_frame(rq, lang, "audit", &page, e);
	if (rc != ERR_OK)
		return rc;
	struct jv *list = jv_array();
	for (size_t i = 0; i < count; i++) {
		const struct audit_row *r = &rows[i];
		struct jv *x = jv_object();
		jv_set_int(x, "seq", r->seq);
		view_time(x, "at", r->at_ms);
		jv_set(x, "time", jv_text(jv_get_text(x, "at_time")));
		jv_set(x, "who", r->account_name.len ? jv_text(r->account_name) : view_say(rq, lang, "audit-desk", I18N_NONE));
		jv_set(x, "action", words_of(rq, lang, "act", r->action));
		jv_set(x, "object", words_of(rq, lang, "object", r->object));
		char *id = arena_printf(rq->arena, "%lld", (long long)r->id);
		jv_set(x, "id", id && r->id ? jv_string(id) : jv_string(""));
		jv_set(x, "ticket", slice_is(r->object, "ticket") && id ? jv_string(id) : jv_null());
		jv_set(x, "detail", jv_text(r->detail));
		jv_push(list, x);
	}
	jv_set_bool(page, "has_rows", count > 0);
	jv_set(page, "rows", list);
	jv_set_string(page, "chain_class", broken ? "bad" : "good");
	view_put(rq, page, lang, "chain", broken ? "audit-broken" : "audit-good", I18N(i18n_int(broken ? broken : checked)));
	char *more = count == AUDIT_PAGE ? arena_printf(rq->arena, "%s/desk/audit?before=%lld", request_base(), (long long)rows[count - 1].seq) : NULL;
	jv_set(page, "more", more ? jv_string(more) : jv_null());
	return view_send(rq, rs, "audit", lang, page, e);
}
