#include "desk/entry.h"

#include <stdio.h>

#include "text/markup.h"

static const char *const kind_names[ENTRY_KINDS] = { "message", "note", "state", "edit", "release", "hide", "erase", "fact" };
static const char *const author_names[] = { "system", "asker", "helper" };
static const char *const audience_names[] = { "all", "staff", "held" };

const char *entry_kind_name(enum entry_kind k)
{
	return k < ENTRY_KINDS ? kind_names[k] : "unknown";
}

enum entry_kind entry_kind_read(struct slice name)
{
	int k = 0;

	while (k < ENTRY_KINDS && !slice_is(name, kind_names[k]))
		k++;
	return (enum entry_kind)k;
}

const char *entry_author_name(enum author a)
{
	return author_names[a];
}

enum author entry_author_read(struct slice name)
{
	return slice_is(name, "asker") ? AUTHOR_ASKER : slice_is(name, "helper") ? AUTHOR_HELPER : AUTHOR_SYSTEM;
}

const char *entry_audience_name(enum audience a)
{
	return audience_names[a];
}

enum audience entry_audience_read(struct slice name)
{
	/* What is in no known audience is shown to the fewest. */
	return slice_is(name, "all") ? AUDIENCE_ALL : slice_is(name, "held") ? AUDIENCE_HELD : AUDIENCE_STAFF;
}

bool entry_visible(const struct entry *x, enum view v)
{
	if (v != VIEW_ASKER)
		return true;
	return x->audience == AUDIENCE_ALL || (x->audience == AUDIENCE_HELD && x->author == AUTHOR_ASKER);
}

bool entry_readable(const struct entry *x, struct reader who)
{
	if (x->hidden && who.view != VIEW_MODERATOR)
		return false;
	return x->audience != AUDIENCE_HELD || who.view != VIEW_STAFF || (x->account && x->account == who.account);
}

/* Decisions of the moderators reach the asker without a name: nobody is made a target for keeping the house. */
static bool names_author(const struct entry *x, enum view v, const struct jv *data)
{
	struct slice event;

	if (x->author != AUTHOR_HELPER)
		return false;
	if (v != VIEW_ASKER || x->kind == ENTRY_MESSAGE || x->kind == ENTRY_EDIT || x->kind == ENTRY_RELEASE)
		return true;
	if (x->kind != ENTRY_STATE)
		return false;
	event = jv_get_text(data, "event");
	return !slice_is(event, "release") && !slice_is(event, "spam") && !slice_is(event, "undo") && !slice_is(event, "not-real");
}

static struct jv *author_json(const struct entry *x, const struct entry_look *look, const struct jv *data)
{
	struct jv *o = jv_set_string(jv_object(), "kind", author_names[x->author]);

	if (x->author == AUTHOR_ASKER)
		return jv_set_text(o, "name", look->asker_name);
	if (names_author(x, look->view, data))
		o = jv_set_text(o, "name", x->author_name);
	if (look->view != VIEW_ASKER && x->account) {
		char id[24];

		snprintf(id, sizeof(id), "%lld", (long long)x->account);
		o = jv_set_string(o, "id", id);
	}
	return o;
}

static struct jv *add_html(struct jv *o, const struct entry *x, const struct entry_look *look)
{
	struct markup_options how = { .links = x->author != AUTHOR_ASKER || look->links, .wiki_url = conf()->wiki_url };
	struct str html;

	if (x->audience == AUDIENCE_HELD)
		how.links = false;
	str_init(&html, MARKUP_MAX_BYTES + 64);
	if (markup_html(x->body, &how, &html, NULL))
		o = jv_set(o, "html", NULL);
	else
		o = jv_set_text(o, "html", str_slice(&html));
	str_fini(&html);
	return o;
}

struct jv *entry_json(struct arena *a, const struct entry *x, const struct entry_look *look)
{
	struct jv *data = NULL, *o = jv_object();

	(void)a;
	if (x->data.ptr && jv_parse(x->data, 8, &data, NULL))
		data = NULL;
	o = jv_set_int(o, "n", x->n);
	o = jv_set_string(o, "kind", entry_kind_name(x->kind));
	o = jv_set_time(o, "at", x->at);
	o = jv_set(o, "author", author_json(x, look, data));
	if (x->body.ptr && x->kind == ENTRY_STATE) {
		if (!data)
			data = jv_object();
		data = jv_set_text(data, "reason", x->body);
	} else if (x->body.ptr) {
		o = jv_set_text(o, "body", x->body);
		if (!look->plain)
			o = add_html(o, x, look);
	}
	if (x->reply_to && (x->kind == ENTRY_MESSAGE || x->kind == ENTRY_NOTE))
		o = jv_set_int(o, "reply_to", x->reply_to);
	if (x->audience == AUDIENCE_HELD || x->hidden) {
		if (!data)
			data = jv_object();
		data = jv_set_bool(data, x->hidden ? "hidden" : "held", true);
	}
	if (data)
		o = jv_set(o, "data", data);
	return o;
}
