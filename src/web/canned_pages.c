/*
 * canned_pages: the replies that helpers keep ready: reading, adding, changing, removing.
 *
 * Everybody on staff reads them; helpers add; who made one and moderators change it (desk/canned decides). A form that cannot be taken comes
 * back with everything typed. Sent twice, the same reply stands once; removing what is gone already is what was wanted.
 */
#include "base/conf.h"
#include "desk/canned.h"
#include "web/handlers.h"
#include "web/problem.h"
#include "web/view.h"

enum { PAGE_ITEMS = 50 };

struct shown {
	int status;
	const char *problem;      /* a message; NULL: none */
	const char *wrong, *says; /* the field at fault and what to say there */
	const struct canned *form; /* what was typed; NULL: by the address */
};

struct choices {
	struct request *rq;
	const char *lang;
	struct jv *list;
	struct slice chosen;
	bool found;
};

static void add_choice(struct choices *c, struct slice value, struct jv *label)
{
	struct jv *x = jv_object();
	bool chosen = !c->found && slice_eq(c->chosen, value);
	c->found |= chosen;
	jv_set(x, "value", jv_text(value));
	jv_set(x, "label", label);
	jv_set_bool(x, "chosen", chosen);
	jv_push(c->list, x);
}

static void add_lang(void *ctx, struct slice code)
{
	struct choices *c = ctx;
	add_choice(c, code, jv_text(view_language(c->rq, c->lang, code)));
}

static void add_topic(void *ctx, struct slice name)
{
	add_choice(ctx, name, jv_text(name));
}

/* The configured values, "any" before them, and behind them what a reply has from an earlier configuration. */
static struct jv *choices(struct request *rq, const char *lang, const char *all, struct slice chosen, void (*add)(void *ctx, struct slice part))
{
	struct choices c = { .rq = rq, .lang = lang, .list = jv_array(), .chosen = chosen.ptr ? chosen : SLICE("") };
	add_choice(&c, SLICE(""), view_say(rq, lang, "canned-any", I18N_NONE));
	view_each_part(all, add, &c);
	if (!c.found)
		add(&c, c.chosen);
	return c.list;
}

static bool may_change(const struct request *rq, const struct canned *c)
{
	return rq->who.role >= ROLE_MODERATOR || (rq->who.role >= ROLE_HELPER && c->by == rq->who.account);
}

static struct jv *item(struct request *rq, const char *lang, const struct canned *c)
{
	struct jv *x = jv_object();
	jv_set_int(x, "id", c->id);
	jv_set(x, "title", jv_text(c->title));
	jv_set(x, "body", jv_text(c->body));
	jv_set(x, "lang", c->lang.len ? jv_text(view_language(rq, lang, c->lang)) : jv_null());
	jv_set(x, "topic", c->topic.len ? jv_text(c->topic) : jv_null());
	jv_set_bool(x, "mine", c->by == rq->who.account);
	jv_set_bool(x, "may_change", may_change(rq, c));
	view_put(rq, x, lang, "edit_label", "canned-edit-whom", I18N(i18n_slice(c->title)));
	view_put(rq, x, lang, "remove_label", "canned-remove-whom", I18N(i18n_slice(c->title)));
	view_time(x, "changed", c->changed_ms);
	return x;
}

static struct jv *form_of(struct request *rq, const char *lang, const struct canned *c)
{
	struct jv *f = jv_object();
	jv_set(f, "id", c->id ? view_number(rq, c->id) : jv_null());
	jv_set(f, "title", jv_text(c->title));
	jv_set(f, "body", jv_text(c->body));
	view_put(rq, f, lang, "heading", c->id ? "canned-edit" : "canned-add", I18N_NONE);
	struct jv *topics = choices(rq, lang, conf()->topics, c->topic, add_topic);
	jv_set_bool(f, "has_topics", jv_size(topics) > 1);
	jv_set(f, "topics", topics);
	jv_set(f, "langs", choices(rq, lang, conf()->languages, c->lang, add_lang));
	return f;
}

/* The reply that ?edit= or ?remove= names. One that is gone, or another's, is none: the list tells the rest. */
static enum err named(struct request *rq, const char *query, struct canned *c, bool *found, struct error *e)
{
	int64_t id = 0;
	enum err rc = request_query_int(rq, query, &id, e);
	*found = false;
	if (rc != ERR_OK || id <= 0 || rq->method != METHOD_GET)
		return rc;
	rc = canned_get(rq->db, rq->arena, id, c, e);
	if (rc == ERR_OK)
		*found = may_change(rq, c);
	return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

static enum err show(struct request *rq, struct response *rs, const struct shown *s, struct error *e)
{
	const char *lang = view_lang(rq, rs);
	struct canned *all = NULL, one = { .title = SLICE("") };
	size_t count = 0;
	int64_t from = 0;
	bool edit = false, remove = false;
	struct jv *page = NULL;
	enum err rc = canned_list(rq->db, rq->arena, SLICE_NONE, &all, &count, e);
	if (rc == ERR_OK)
		rc = request_query_int(rq, "from", &from, e);
	if (rc == ERR_OK)
		rc = named(rq, "remove", &one, &remove, e);
	if (rc == ERR_OK && !remove)
		rc = named(rq, "edit", &one, &edit, e);
	if (rc == ERR_OK)
		rc = view_staff_frame(rq, lang, "canned", &page, e);
	if (rc != ERR_OK)
		return rc;
	struct jv *items = jv_array(), *wrong = jv_object();
	size_t first = from > 0 && (size_t)from < count ? (size_t)from : 0, end = first + PAGE_ITEMS < count ? first + PAGE_ITEMS : count;
	for (size_t i = first; i < end; i++)
		jv_push(items, item(rq, lang, &all[i]));
	jv_set_bool(page, "has_items", count > 0);
	jv_set(page, "items", items);
	char *more = end < count ? arena_printf(rq->arena, "%s/desk/canned?from=%zu", request_base(), end) : NULL;
	jv_set(page, "more", more ? jv_string(more) : jv_null());
	jv_set_bool(page, "further", first > 0);
	jv_set(page, "problem", view_maybe(rq, lang, s->problem));
	struct slice done = request_query(rq, "done");
	jv_set(page, "done", view_maybe(rq, lang, slice_is(done, "saved") ? "canned-saved" : slice_is(done, "removed") ? "canned-removed" : NULL));
	if (s->wrong)
		view_put(rq, wrong, lang, s->wrong, s->says, I18N_NONE);
	jv_set(page, "wrong", wrong);
	jv_set(page, "remove", jv_null());
	if (remove) {
		struct jv *r = jv_set_int(jv_object(), "id", one.id);
		view_put(rq, r, lang, "heading", "canned-remove-sure", I18N(i18n_slice(one.title)));
		jv_set(page, "remove", r);
	}
	static const struct canned nothing = { .title = { "", 0 }, .body = { "", 0 } };
	bool may_add = rq->who.role >= ROLE_HELPER;
	jv_set(page, "form", may_add ? form_of(rq, lang, s->form ? s->form : edit ? &one : &nothing) : jv_null());
	if (s->status)
		response_status(rs, s->status);
	return view_send(rq, rs, "canned", lang, page, e);
}

HANDLER(page_canned)
{
	return show(rq, rs, &(struct shown){ 0 }, e);
}

HANDLER(page_canned_save)
{
	struct canned c = { 0 };
	struct slice body = SLICE("");
	enum err rc = request_form(rq, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "id", &c.id, e);
	if (rc == ERR_OK)
		rc = view_field_lines(rq, "body", &body, e);
	if (rc != ERR_OK)
		return rc;
	struct error why = { 0 };
	c.title = view_field(rq, "title");
	c.body = body;
	c.lang = view_field(rq, "lang");
	c.topic = view_field(rq, "topic");
	struct canned typed = c;
	rc = canned_put(rq->desk, &rq->who, &c, NULL, &why);
	if (rc == ERR_OK) {
		response_redirect(rs, rq, "/desk/canned?done=saved");
		return ERR_OK;
	}
	if (rc == ERR_INVALID) {
		bool title = strcmp(why.field, "title") == 0, text = strcmp(why.field, "body") == 0;
		return show(rq, rs, &(struct shown){ .status = 422, .problem = "canned-not-saved", .wrong = title ? "title" : text ? "body" : NULL,
						     .says = title ? "canned-wrong-title" : text ? "canned-wrong-body" : NULL, .form = &typed }, e);
	}
	why.code = rc;
	const char *problem = rc == ERR_CONFLICT ? "canned-full" : view_trouble(&why);
	if (problem)
		return show(rq, rs, &(struct shown){ .status = problem_status(rc), .problem = problem, .form = &typed }, e);
	*e = why;
	return rc;
}

HANDLER(page_canned_remove)
{
	int64_t id;
	enum err rc = view_param_id(rq, 0, &id, e);
	if (rc == ERR_OK)
		rc = canned_end(rq->desk, &rq->who, id, e);
	if (rc != ERR_OK && rc != ERR_NOT_FOUND)
		return rc;
	response_redirect(rs, rq, "/desk/canned?done=removed");
	return ERR_OK;
}
