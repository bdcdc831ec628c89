/*
 * own_pages: one's own account: the name visitors see, the password, choices kept on the device; and the keys that programs use.
 *
 * Keys are made for oneself only; an admin sees and ends anybody's. A key is shown once, in the answer to the request that made it. The same
 * label twice is refused, so that a second click leaves no key behind that nobody has seen.
 */
#include "base/conf.h"
#include "desk/care.h"
#include "desk/people.h"
#include "web/handlers.h"
#include "web/problem.h"
#include "web/view.h"

enum { DAYS_MAX = 3650 };
static const int64_t day_ms = 86400 * 1000LL;

/* ---- the account ---- */

struct me_page {
	int status;
	const char *problem, *wrong, *says; /* of the page; the field at fault and what to say there */
	struct slice name;                  /* as typed; absent: as it is */
};

struct langs {
	struct request *rq;
	const char *lang;
	struct slice chosen;
	struct jv *list;
};

static void add_lang(void *ctx, struct slice code)
{
	struct langs *l = ctx;
	struct jv *x = jv_set_text(jv_object(), "code", code);
	jv_set(x, "label", jv_text(view_language(l->rq, l->lang, code)));
	jv_set_bool(x, "chosen", care_helps_in(l->chosen, code));
	jv_push(l->list, x);
}

static struct jv *care_form(struct request *rq, const char *lang, const struct care *care)
{
	struct langs langs = { .rq = rq, .lang = lang, .chosen = care->langs, .list = jv_array() };
	struct jv *f = jv_object(), *caps = jv_array();
	for (int64_t n = 0; n <= conf()->claim_cap; n++) {
		struct jv *x = jv_set(jv_object(), "value", view_number(rq, n));
		jv_set(x, "label", n ? view_say(rq, lang, "care-cap-some", I18N(i18n_int(n)))
				     : view_say(rq, lang, "care-cap-none", I18N(i18n_int(conf()->claim_cap))));
		jv_set_bool(x, "chosen", n == (care->cap > conf()->claim_cap ? 0 : care->cap));
		jv_push(caps, x);
	}
	view_each_part(conf()->languages, add_lang, &langs);
	jv_set(f, "caps", caps);
	jv_set(f, "langs", langs.list);
	return f;
}

static enum err show_me(struct request *rq, struct response *rs, const struct me_page *p, struct error *e)
{
	const char *lang = view_lang(rq, rs);
	struct account a;
	struct care care;
	struct jv *page = NULL;
	enum err rc = people_get(rq->db, rq->arena, rq->who.account, &a, e);
	if (rc == ERR_OK)
		rc = care_get(rq->db, rq->arena, rq->who.account, &care, e);
	if (rc == ERR_OK)
		rc = view_staff_frame(rq, lang, "me", &page, e);
	if (rc != ERR_OK)
		return rc;
	struct slice done = request_query(rq, "done");
	struct jv *wrong = jv_object();
	jv_set(page, "display", jv_text(p->name.ptr ? p->name : a.name));
	view_put(rq, page, lang, "login_text", "me-login", I18N(i18n_slice(a.login)));
	jv_set(page, "problem", view_maybe(rq, lang, p->problem));
	jv_set(page, "done", view_maybe(rq, lang, slice_is(done, "name") ? "me-name-saved" : slice_is(done, "password") ? "password-changed" :
					      slice_is(done, "care") ? "care-saved" : NULL));
	jv_set(page, "care", care_form(rq, lang, &care));
	if (p->wrong)
		view_put(rq, wrong, lang, p->wrong, p->says, I18N_NONE);
	jv_set(page, "wrong", wrong);
	jv_push(jv_get(page, "scripts"), jv_string("me.js"));
	if (p->status)
		response_status(rs, p->status);
	return view_send(rq, rs, "me", lang, page, e);
}

HANDLER(page_me)
{
	return show_me(rq, rs, &(struct me_page){ 0 }, e);
}

HANDLER(page_me_name)
{
	enum err rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct slice typed = request_field(rq, "name");
	struct people_change c = { .disabled = -1, .name = typed.ptr ? typed : SLICE("") };
	struct error why = { 0 };
	rc = people_change(rq->desk, rq->db, &rq->who, rq->who.account, &c, &why);
	if (rc == ERR_OK) {
		response_redirect(rs, rq, "/desk/me?done=name");
		return ERR_OK;
	}
	if (rc == ERR_INVALID)
		return show_me(rq, rs, &(struct me_page){ .status = 422, .wrong = "name", .says = "people-bad-display", .name = c.name }, e);
	*e = why;
	return rc;
}

struct ticked {
	struct request *rq;
	struct slice langs;
};

static void add_ticked(void *ctx, struct slice code)
{
	struct ticked *t = ctx;
	const char *field = arena_printf(t->rq->arena, "lang-%.*s", SLICE_ARG(code));
	if (field && request_field(t->rq, field).len)
		t->langs = slice_of(arena_printf(t->rq->arena, "%.*s,%.*s", SLICE_ARG(t->langs), SLICE_ARG(code)));
}

HANDLER(page_me_care)
{
	struct ticked t = { .rq = rq, .langs = SLICE("") };
	int64_t cap = 0;
	enum err rc = request_form(rq, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "cap", &cap, e);
	if (rc != ERR_OK)
		return rc;
	view_each_part(conf()->languages, add_ticked, &t);
	rc = care_put(rq->desk, &rq->who, cap > 0 ? cap : 0, t.langs.ptr ? t.langs : SLICE(""), e);
	if (rc == ERR_OK)
		response_redirect(rs, rq, "/desk/me?done=care");
	return rc;
}

HANDLER(page_me_password)
{
	enum err rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct slice old = request_field(rq, "old"), new = request_field(rq, "new");
	struct error why = { 0 };
	rc = people_password_check(rq->desk, rq->db, rq->who.account, old.ptr ? old : SLICE(""), &why);
	if (rc == ERR_LIMITED) {
		view_retry_after(rs, &why);
		return show_me(rq, rs, &(struct me_page){ .status = 429, .problem = "problem-limited" }, e);
	}
	if (rc == ERR_FORBIDDEN)
		return show_me(rq, rs, &(struct me_page){ .status = 403, .wrong = "old", .says = "password-old-wrong" }, e);
	if (rc == ERR_OK)
		rc = people_password(rq->desk, rq->db, &rq->who, rq->who.account, new.ptr ? new : SLICE(""), rq->who.session, &why);
	if (rc == ERR_INVALID)
		return show_me(rq, rs, &(struct me_page){ .status = 422, .wrong = "new", .says = "password-short" }, e);
	if (rc != ERR_OK) {
		*e = why;
		return rc;
	}
	response_redirect(rs, rq, "/desk/me?done=password");
	return ERR_OK;
}

/* ---- keys ---- */

static const struct {
	const char *name, *label;
	unsigned bit;
	enum role least; /* whom the scope is of any use to */
} scopes[] = {
	{ "read", "scope-read", SCOPE_READ, ROLE_TRIAL },
	{ "write", "scope-write", SCOPE_WRITE, ROLE_TRIAL },
	{ "moderate", "scope-moderate", SCOPE_MODERATE, ROLE_MODERATOR },
	{ "admin", "scope-admin", SCOPE_ADMIN, ROLE_ADMIN },
	{ "metrics", "scope-metrics", SCOPE_METRICS, ROLE_ADMIN },
};
enum { SCOPES = sizeof(scopes) / sizeof(*scopes) };

struct keys_page {
	int status;
	const char *problem, *wrong, *says;
	const char *key;     /* just made; NULL: none */
	struct slice label;  /* of the form, as typed */
	unsigned chosen;
	int64_t days;
};

static struct jv *key_row(struct request *rq, const char *lang, const struct people_key *k)
{
	struct jv *x = jv_object(), *list = jv_array();
	jv_set_int(x, "id", k->id);
	jv_set(x, "label", jv_text(k->label));
	for (size_t i = 0; i < SCOPES; i++)
		if (k->scopes & scopes[i].bit)
			jv_push(list, view_say(rq, lang, scopes[i].label, I18N_NONE));
	jv_set(x, "scopes", list);
	view_time(x, "made", k->created_ms);
	view_time(x, "used", k->used_ms);
	view_time(x, "until", k->expires_ms);
	view_put(rq, x, lang, "end_label", "keys-end-whom", I18N(i18n_slice(k->label)));
	return x;
}

static struct jv *key_form(struct request *rq, const char *lang, const struct keys_page *p)
{
	static const int spans[] = { 0, 30, 90, 365 };
	struct jv *f = jv_object(), *list = jv_array(), *days = jv_array();
	for (size_t i = 0; i < SCOPES; i++) {
		if (rq->who.role < scopes[i].least)
			continue;
		struct jv *x = jv_set_string(jv_object(), "name", scopes[i].name);
		view_put(rq, x, lang, "label", scopes[i].label, I18N_NONE);
		jv_set_bool(x, "chosen", p->chosen & scopes[i].bit);
		jv_push(list, x);
	}
	for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++) {
		struct jv *x = jv_set(jv_object(), "value", view_number(rq, spans[i]));
		jv_set(x, "label", spans[i] ? view_say(rq, lang, "duration-days", I18N(i18n_int(spans[i]))) : view_say(rq, lang, "keys-forever", I18N_NONE));
		jv_set_bool(x, "chosen", spans[i] == p->days);
		jv_push(days, x);
	}
	jv_set(f, "scopes", list);
	jv_set(f, "days", days);
	jv_set(f, "label", jv_text(p->label));
	return f;
}

/* The account that the address names: one's own, or for an admin anybody's. */
static enum err whose(struct request *rq, struct account *a, struct error *e)
{
	int64_t id;
	enum err rc = view_param_id(rq, 0, &id, e);
	if (rc == ERR_OK && id != rq->who.account && rq->who.role < ROLE_ADMIN)
		return err_set(e, ERR_FORBIDDEN, "These keys are somebody else's.");
	return rc == ERR_OK ? people_get(rq->db, rq->arena, id, a, e) : rc;
}

static enum err show_keys(struct request *rq, struct response *rs, const struct account *a, const struct keys_page *p, struct error *e)
{
	const char *lang = view_lang(rq, rs);
	struct people_key *all = NULL;
	size_t count = 0;
	struct jv *page = NULL;
	enum err rc = people_key_list(rq->db, rq->arena, a->id, &all, &count, e);
	if (rc == ERR_OK)
		rc = view_staff_frame(rq, lang, "keys", &page, e);
	if (rc != ERR_OK)
		return rc;
	bool own = a->id == rq->who.account;
	struct jv *rows = jv_array(), *wrong = jv_object();
	for (size_t i = 0; i < count; i++)
		jv_push(rows, key_row(rq, lang, &all[i]));
	jv_set_int(page, "account", a->id);
	view_put(rq, page, lang, "heading", "keys-of", I18N(i18n_slice(a->name)));
	jv_set_bool(page, "has_rows", count > 0);
	jv_set(page, "rows", rows);
	jv_set(page, "form", own ? key_form(rq, lang, p) : jv_null());
	jv_set(page, "secret", p->key ? jv_string(p->key) : jv_null());
	jv_set(page, "problem", view_maybe(rq, lang, p->problem));
	jv_set(page, "done", view_maybe(rq, lang, slice_is(request_query(rq, "done"), "ended") ? "keys-ended" : NULL));
	if (p->wrong)
		view_put(rq, wrong, lang, p->wrong, p->says, I18N_NONE);
	jv_set(page, "wrong", wrong);
	if (p->status)
		response_status(rs, p->status);
	return view_send(rq, rs, "keys", lang, page, e);
}

HANDLER(page_keys)
{
	struct account a;
	enum err rc = whose(rq, &a, e);
	return rc == ERR_OK ? show_keys(rq, rs, &a, &(struct keys_page){ .chosen = SCOPE_READ, .label = SLICE("") }, e) : rc;
}

HANDLER(page_key_add)
{
	struct account a;
	struct keys_page p = { 0 };
	char key[PEOPLE_KEY_BYTES];
	struct error why = { 0 };
	int64_t id;
	enum err rc = whose(rq, &a, e);
	if (rc == ERR_OK)
		rc = request_form(rq, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "days", &p.days, e);
	if (rc != ERR_OK)
		return rc;
	/* A key that could make keys with more scopes than its own would have them all. */
	if (a.id != rq->who.account || !rq->who.session)
		return err_set(e, ERR_FORBIDDEN, "Keys are made by the person they act for, who is logged in.");
	if (p.days > DAYS_MAX)
		return err_field(e, ERR_INVALID, "days", "A key that ends does so within ten years.");
	for (size_t i = 0; i < SCOPES; i++)
		if (rq->who.role >= scopes[i].least && request_field(rq, scopes[i].name).len)
			p.chosen |= scopes[i].bit;
	struct slice label = view_field(rq, "label");
	p.label = label.ptr ? label : SLICE("");
	p.status = 422;
	p.problem = "canned-not-saved";
	if (!p.chosen) {
		p.wrong = "scopes", p.says = "keys-wrong-scopes";
		return show_keys(rq, rs, &a, &p, e);
	}
	rc = people_key_add(rq->desk, rq->db, &rq->who, label, p.chosen, p.days ? clock_wall_ms() + p.days * day_ms : 0, NULL, key, &id, &why);
	if (rc == ERR_OK) {
		rc = show_keys(rq, rs, &a, &(struct keys_page){ .key = key, .chosen = SCOPE_READ, .label = SLICE("") }, e);
		crypt_wipe(key, sizeof(key));
		return rc;
	}
	if (rc != ERR_INVALID && rc != ERR_CONFLICT) {
		*e = why;
		return rc;
	}
	p.status = problem_status(rc);
	if (rc == ERR_CONFLICT && !why.field[0])
		p.problem = "keys-full";
	else
		p.wrong = "label", p.says = rc == ERR_CONFLICT ? "keys-taken" : "keys-wrong-label";
	return show_keys(rq, rs, &a, &p, e);
}

HANDLER(page_key_end)
{
	struct account a;
	int64_t id;
	enum err rc = whose(rq, &a, e);
	if (rc == ERR_OK)
		rc = view_param_id(rq, 1, &id, e);
	if (rc == ERR_OK)
		rc = people_key_end(rq->desk, rq->db, &rq->who, id, e);
	if (rc != ERR_OK && rc != ERR_NOT_FOUND)
		return rc;
	char *path = arena_printf(rq->arena, "/desk/people/%lld/keys?done=ended", (long long)a.id);
	if (!path)
		return err_nomem(e);
	response_redirect(rs, rq, path);
	return ERR_OK;
}
