#include "web/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "desk/gate.h"
#include "desk/judgement.h"
#include "desk/people.h"
#include "desk/presence.h"
#include "desk/publish.h"
#include "text/markup.h"
#include "text/unicode.h"
#include "text/utf.h"
#include "web/page.h"
#include "web/static.h"

enum { QUOTE_CHARS = 120, QUOTED_MAX_BYTES = 4096, LANG_COOKIE_S = 365 * 86400 };

const char *view_lang(struct request *rq, struct response *rs)
{
	struct slice asked = request_query(rq, "uselang");
	const char *known = asked.ptr ? i18n_language(asked) : NULL;
	if (known && rs)
		response_cookie(rs, rq, "uselang", known, LANG_COOKIE_S);
	return i18n_choose(asked, request_cookie(rq, rq->secure ? "__Host-uselang" : "uselang"), request_header(rq, "Accept-Language"));
}

/* The language that the address asks for, while no cookie says the same: without cookies it has to travel on. */
static const char *carried(struct request *rq)
{
	struct slice asked = request_query(rq, "uselang"), kept = request_cookie(rq, rq->secure ? "__Host-uselang" : "uselang");
	const char *known = asked.ptr ? i18n_language(asked) : NULL;
	return known && !slice_is(kept, known) ? known : NULL;
}

void view_carry(struct request *rq, struct jv *page)
{
	const char *lang = carried(rq);
	const char *first = lang ? arena_printf(rq->arena, "?uselang=%s", lang) : "", *more = lang ? arena_printf(rq->arena, "&uselang=%s", lang) : "";
	jv_set(page, "carry", first ? jv_string(first) : NULL);
	jv_set(page, "carry_too", more ? jv_string(more) : NULL);
	const char *files = static_base(rq->arena);
	jv_set(page, "static", files ? jv_string(files) : NULL);
}

enum err view_redirect(struct request *rq, struct response *rs, const char *path, struct error *e)
{
	const char *lang = carried(rq), *anchor = path + strcspn(path, "#");
	const char *join = memchr(path, '?', (size_t)(anchor - path)) ? "&" : "?";
	const char *to = lang ? arena_printf(rq->arena, "%.*s%suselang=%s%s", (int)(anchor - path), path, join, lang, anchor) : path;
	if (!to)
		return err_nomem(e);
	response_redirect(rs, rq, to);
	return ERR_OK;
}

struct jv *view_say(struct request *rq, const char *lang, const char *key, const struct i18n_arg *args, size_t n)
{
	struct slice s = i18n_text(rq->arena, lang, key, args, n);
	return s.ptr ? jv_text(s) : NULL;
}

struct jv *view_maybe(struct request *rq, const char *lang, const char *key)
{
	return key ? view_say(rq, lang, key, I18N_NONE) : jv_null();
}

void view_put(struct request *rq, struct jv *obj, const char *lang, const char *key, const char *message, const struct i18n_arg *args,
	      size_t n)
{
	jv_set(obj, key, view_say(rq, lang, message, args, n));
}

void view_time(struct jv *obj, const char *key, int64_t wall_ms)
{
	char name[40], text[RFC3339_BYTES], shown[32];
	snprintf(name, sizeof(name), "%s_time", key);
	if (wall_ms <= 0) {
		jv_set(obj, key, jv_null());
		jv_set(obj, name, jv_null());
		return;
	}
	jv_set(obj, key, jv_string(clock_rfc3339(wall_ms, text)));
	int ahead = unicode_zone_minutes(conf()->time_zone, wall_ms);
	clock_rfc3339(wall_ms + ahead * (int64_t)60000, text);
	snprintf(shown, sizeof(shown), "%.10s %.5s UTC", text, text + 11);
	if (ahead)
		snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), "%c%d", ahead < 0 ? '-' : '+', abs(ahead) / 60);
	if (ahead % 60)
		snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), ":%02d", abs(ahead) % 60);
	jv_set(obj, name, jv_string(shown));
}

struct slice view_duration(struct request *rq, const char *lang, int64_t seconds)
{
	if (seconds <= 60)
		return i18n_text(rq->arena, lang, "duration-less", I18N_NONE);
	if (seconds <= 90 * 60)
		return i18n_text(rq->arena, lang, "duration-minutes", I18N(i18n_int((seconds + 59) / 60)));
	if (seconds <= 36 * 3600)
		return i18n_text(rq->arena, lang, "duration-hours", I18N(i18n_int((seconds + 3599) / 3600)));
	return i18n_text(rq->arena, lang, "duration-days", I18N(i18n_int((seconds + 86399) / 86400)));
}

struct slice view_hours(struct request *rq, int start, int length)
{
	int until = (start + length) % 24;
	return slice_of(arena_printf(rq->arena, "%d:00–%d:00", start % 24, until ? until : 24));
}

const char *view_weekday(int day)
{
	static const char *const names[] = { "weekday-1", "weekday-2", "weekday-3", "weekday-4", "weekday-5", "weekday-6", "weekday-7" };
	return names[day];
}

struct slice view_language(struct request *rq, const char *lang, struct slice code)
{
	struct slice c = arena_slice(rq->arena, code);
	if (!code.len)
		return i18n_text(rq->arena, lang, "cell-none", I18N_NONE);
	return c.ptr ? i18n_language_name(rq->arena, c.ptr, lang) : SLICE_NONE;
}

struct slice view_zone(struct request *rq, const char *lang)
{
	struct str name;
	struct slice s;

	str_init(&name, 256);
	if (!unicode_zone_name(conf()->time_zone, lang, &name))
		str_add(&name, slice_of(conf()->time_zone));
	s = arena_slice(rq->arena, str_slice(&name));
	str_fini(&name);
	return s;
}

/* ---- frames ---- */

static struct jv *languages(struct request *rq, const char *lang)
{
	struct jv *list = jv_array();
	size_t count;
	const char *const *all = i18n_languages(&count);
	struct slice page = request_query(rq, "page");
	for (size_t i = 0; i < count; i++) {
		struct str url;
		str_init(&url, 8192);
		str_adds(&url, request_base());
		str_add(&url, rq->path);
		str_addf(&url, "?uselang=%s", all[i]);
		if (page.ptr && slice_is(rq->path, "/")) {
			str_adds(&url, "&page=");
			str_add_encoded(&url, page, "");
		}
		struct jv *x = jv_object();
		jv_set_string(x, "code", all[i]);
		jv_set(x, "label", jv_text(i18n_language_name(rq->arena, all[i], all[i])));
		jv_set(x, "current", jv_bool(strcmp(all[i], lang) == 0));
		jv_set(x, "url", str_failed(&url) ? jv_null() : jv_text(str_slice(&url)));
		jv_push(list, x);
		str_fini(&url);
	}
	return list;
}

struct slice view_by_language(struct slice all, const char *lang)
{
	struct slice best = SLICE(""), base = slice_make(lang, strcspn(lang, "-")), words;
	int rank = 0;
	while (utf_part(&all, '|', &words)) {
		struct slice code = utf_lang_code(&words);
		int fit = utf_equal_nocase(code, slice_of(lang)) ? 5 : code.len && slice_eq(code, base) ? 4 : !code.len ? 3 : slice_is(code, "en") ? 2 : 1;
		if (words.len && fit > rank)
			best = words, rank = fit;
	}
	return best;
}

struct slice view_site_question(const char *lang)
{
	struct slice all = view_by_language(slice_of(conf()->site_question), lang);
	const char *eq = all.len ? memrchr(all.ptr, '=', all.len) : NULL;

	return eq ? utf_trim(slice_make(all.ptr, (size_t)(eq - all.ptr))) : SLICE("");
}

struct jv *view_frame(struct request *rq, const char *lang, const char *title, struct slice arg)
{
	struct jv *page = jv_object();
	jv_set_string(page, "lang", lang);
	jv_set_string(page, "dir", i18n_dir(lang));
	jv_set_string(page, "base", request_base());
	jv_set_string(page, "desk", conf()->desk_name);
	view_carry(rq, page);
	view_put(rq, page, lang, "title", title, I18N(i18n_str(conf()->desk_name), i18n_slice(arg)));
	struct slice emergency = view_by_language(slice_of(conf()->emergency_text), lang);
	jv_set(page, "emergency", emergency.len ? jv_text(emergency) : jv_null());
	jv_set(page, "csrf", jv_text(rq->csrf));
	struct jv *langs = languages(rq, lang);
	jv_set_bool(page, "has_langs", jv_size(langs) > 1);
	jv_set(page, "langs", langs);
	return page;
}

static struct jv *keys(struct request *rq, const char *lang)
{
	static const char *const rows[][2] = {
		{ "?", "key-help" }, { "/", "key-search" }, { "j k", "key-move" }, { "Enter", "key-open" }, { "r", "key-reply" },
		{ "n", "key-note" }, { "a", "key-claim" }, { "g", "key-next" }, { "z", "key-snooze" }, { "Shift+C", "key-close" },
		{ "s", "key-spam" }, { "t", "key-trust" }, { "u", "key-undo" }, { "Ctrl+K", "key-palette" },
	};
	struct jv *list = jv_array();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct jv *x = jv_object();
		jv_set_string(x, "key", rows[i][0]);
		view_put(rq, x, lang, "what", rows[i][1], I18N_NONE);
		jv_push(list, x);
	}
	return list;
}

enum err view_staff_frame(struct request *rq, const char *lang, const char *at, struct jv **out, struct error *e)
{
	char message[32];
	struct queue_counts counts;
	struct jv *held = NULL;
	int64_t news = 0;
	/* Before anything that the page shows: its stream goes on from here. */
	enum err rc = publish_desk_last(rq->db, &news, e);
	if (rc == ERR_OK)
		rc = queue_count(rq->db, &rq->who, &counts, e);
	if (rc == ERR_OK && rq->who.role >= ROLE_MODERATOR)
		rc = judgement_counts(rq->db, &held, e);
	if (rc != ERR_OK)
		return rc;
	snprintf(message, sizeof(message), "nav-%s", at);
	struct slice part = i18n_text(rq->arena, lang, message, I18N_NONE);
	struct jv *page = view_frame(rq, lang, "title-staff", part);
	jv_set(page, "at", jv_set_bool(jv_object(), at, true));
	struct jv *me = jv_object();
	jv_set_int(me, "id", rq->who.account);
	jv_set_text(me, "name", rq->who.name);
	snprintf(message, sizeof(message), "role-%s", people_role_name(rq->who.role));
	view_put(rq, me, lang, "role", message, I18N_NONE);
	jv_set_bool(me, "moderator", rq->who.role >= ROLE_MODERATOR);
	jv_set_bool(me, "admin", rq->who.role >= ROLE_ADMIN);
	jv_set(page, "me", me);
	struct jv *c = jv_object();
	jv_set(c, "unassigned", view_number(rq, counts.unassigned));
	jv_set(c, "held", view_number(rq, jv_int_of(jv_get(held, "held")) + jv_int_of(jv_get(held, "appeals")) + jv_int_of(jv_get(held, "reports"))));
	jv_set(page, "counts", c);
	jv_set_int(page, "news", news);
	jv_set_string(page, "on_duty", presence_duty_of(rq->desk->presence, rq->who.account, clock_wall_ms()) == DUTY_ON ? "on" : "off");
	int64_t harm = jv_int_of(jv_get(held, "harm"));
	if (harm) {
		struct jv *x = jv_set_int(jv_object(), "count", harm);
		jv_set_text(x, "list", jv_get_text(held, "harm_list"));
		view_put(rq, x, lang, "text", "harm-alert", I18N(i18n_int(harm)));
		jv_set(page, "harm", x);
	} else {
		jv_set(page, "harm", jv_null());
	}
	jv_set(page, "keys", keys(rq, lang));
	jv_set(page, "scripts", jv_push(jv_array(), jv_string("desk.js")));
	jv_free(&held);
	*out = page;
	return ERR_OK;
}

void view_wait(struct request *rq, struct jv *page, const char *lang, const struct wait *w)
{
	char key[40];
	struct jv *s = jv_object();
	jv_set_bool(s, "open", w->status == DESK_OPEN);
	snprintf(key, sizeof(key), "status-%s", desk_status_name(w->status));
	view_put(rq, s, lang, "headline", key, I18N_NONE);
	snprintf(key, sizeof(key), "status-%s-text", desk_status_name(w->status));
	view_put(rq, s, lang, "text", key, I18N_NONE);
	if (w->known)
		view_put(rq, s, lang, "waits", "waits",
			 I18N(i18n_slice(view_duration(rq, lang, w->median_s)), i18n_slice(view_duration(rq, lang, w->p90_s))));
	else
		jv_set(s, "waits", jv_null());
	jv_set(page, "status", s);
}

/* ---- answers ---- */

void view_head(struct response *rs, const char *lang)
{
	response_type(rs, "text/html; charset=utf-8");
	response_header(rs, "Cache-Control", "no-store");
	response_header(rs, "Content-Language", lang);
}

enum err view_send(struct request *rq, struct response *rs, const char *name, const char *lang, struct jv *page, struct error *e)
{
	(void)rq;
	enum err rc = page ? page_render(name, lang, page, response_body(rs), e) : err_nomem(e);
	jv_free(&page);
	if (rc != ERR_OK)
		return rc;
	view_head(rs, lang);
	return ERR_OK;
}

/* ---- forms and paths ---- */

struct slice view_field(struct request *rq, const char *name)
{
	struct slice s = request_field(rq, name);
	return s.ptr && !utf_blank(s) ? s : SLICE_NONE;
}

enum err view_field_lines(struct request *rq, const char *name, struct slice *out, struct error *e)
{
	struct slice text = request_field(rq, name);
	char *lines = arena_array(rq->arena, text.len + 1, 1);
	size_t n = 0;
	*out = SLICE("");
	if (!lines)
		return err_nomem(e);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\r' || i + 1 == text.len || text.ptr[i + 1] != '\n')
			lines[n++] = text.ptr[i];
	*out = slice_make(lines, n);
	return ERR_OK;
}

static enum err number(struct slice s, int64_t *out)
{
	if (!s.len || s.len > 18)
		return ERR_MALFORMED;
	int64_t n = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return ERR_MALFORMED;
		n = n * 10 + (s.ptr[i] - '0');
	}
	*out = n;
	return ERR_OK;
}

enum err view_field_int(struct request *rq, const char *name, int64_t *out, struct error *e)
{
	struct slice s = request_field(rq, name);
	*out = 0;
	if (!s.len)
		return ERR_OK;
	if (number(s, out) != ERR_OK)
		return err_field(e, ERR_MALFORMED, name, "This is not a whole number.");
	return ERR_OK;
}

enum err view_param_id(struct request *rq, int i, int64_t *out, struct error *e)
{
	if (number(rq->params[i], out) != ERR_OK || *out <= 0)
		return err_set(e, ERR_NOT_FOUND, "There is no such thing.");
	return ERR_OK;
}

const char *view_trouble(const struct error *why)
{
	switch (why->code) {
	case ERR_CONFLICT:
		return strcmp(why->field, "form") == 0 ? "problem-form-old" : strcmp(why->field, "claim_cap") == 0 ? "claim-cap" :
		       strcmp(why->field, "duty") == 0 ? "claim-stopping" : strcmp(why->field, "reports") == 0 ? "claim-paused" :
		       strcmp(why->field, "to") == 0 ? "problem-away" : "problem-state";
	case ERR_LIMITED: return strcmp(why->field, "body") == 0 ? "problem-wait" : "problem-limited";
	case ERR_BUSY:
	case ERR_IO:
	case ERR_NOMEM: return "problem-busy";
	default: return NULL;
	}
}

int view_retry_after(struct response *rs, const struct error *why)
{
	char text[16];
	if (why->code != ERR_LIMITED && why->code != ERR_BUSY && why->code != ERR_IO && why->code != ERR_NOMEM)
		return 0;
	int seconds = why->retry_after_s > 0 ? why->retry_after_s : 5;
	snprintf(text, sizeof(text), "%d", seconds);
	response_header(rs, "Retry-After", text);
	return seconds;
}

/* ---- parts of pages ---- */

void view_each_part(const char *list, void (*fn)(void *ctx, struct slice part), void *ctx)
{
	for (struct slice rest = slice_of(list), part; utf_part(&rest, ',', &part);)
		fn(ctx, part);
}

struct jv *view_wiki_link(struct slice page)
{
	struct str url;
	str_init(&url, 8192);
	bool link = page.len && markup_wiki_link(conf()->wiki_url, page, &url) && !str_failed(&url);
	struct jv *v = link ? jv_text(str_slice(&url)) : jv_null();
	str_fini(&url);
	return v;
}

struct jv *view_text_of(const struct jv *from, const char *key)
{
	struct slice s = jv_get_text(from, key);
	return s.len ? jv_text(s) : jv_null();
}

struct jv *view_number(struct request *rq, int64_t n)
{
	char *text = arena_printf(rq->arena, "%lld", (long long)n);
	return text ? jv_string(text) : NULL;
}

struct jv *view_score_of(const struct jv *from)
{
	char text[32];
	snprintf(text, sizeof(text), "%.1f", jv_real_of(jv_get(from, "score")));
	return jv_string(text);
}

void view_at(struct request *rq, struct jv *obj, struct slice at)
{
	char *shown = at.len >= 16 ? arena_printf(rq->arena, "%.10s %.5s UTC", at.ptr, at.ptr + 11) : NULL;
	jv_set(obj, "at", jv_text(at));
	jv_set(obj, "time", shown ? jv_string(shown) : jv_text(at));
}

/* ---- verdicts ---- */

/* "reason-" and the check's name, with what it found for $1, and $2 its words from the text; `words` where there is no such message. */
static struct jv *own_words(struct request *rq, const char *lang, const char *kind, struct slice name, const struct jv *hit, struct slice words)
{
	char key[64];
	snprintf(key, sizeof(key), "%s-%.*s", kind, (int)(name.len < 40 ? name.len : 0), name.ptr ? name.ptr : "");
	for (char *c = key; *c; c++)
		if (*c == '/')
			*c = '-';
	if (!i18n_has(key))
		return jv_text(words);
	return view_say(rq, lang, key, I18N(i18n_int(jv_int_of(jv_get(hit, "count"))), i18n_slice(jv_get_text(hit, "text"))));
}

struct jv *view_reason(struct request *rq, const char *lang, const struct jv *hit)
{
	struct slice rule = jv_get_text(hit, "rule"), words = jv_get_text(hit, "describe");
	struct slice service = slice_starts(rule, SLICE("opinion/")) ? slice_from(rule, 8) : SLICE_NONE;
	if (service.len)
		return view_say(rq, lang, "reason-opinion", I18N(i18n_slice(service)));
	if (slice_is(jv_get_text(hit, "class"), "learned"))
		return view_say(rq, lang, jv_real_of(jv_get(hit, jv_get(hit, "weight") ? "weight" : "score")) > 0 ? "reason-learned-spam" : "reason-learned-good", I18N_NONE);
	return own_words(rq, lang, "reason", rule, hit, words.len ? words : rule);
}

struct jv *view_guard(struct request *rq, const char *lang, const struct jv *guard)
{
	return own_words(rq, lang, "guard", jv_get_text(guard, "name"), NULL, jv_get_text(guard, "words"));
}

void view_verdict(struct request *rq, const char *lang, int64_t ticket, struct jv *page)
{
	struct jv *v = NULL;
	struct error ignored;
	jv_set(page, "verdict", jv_null());
	if (rq->who.role < ROLE_MODERATOR || gate_verdict_of(rq->db, ticket, 1, &v, &ignored) != ERR_OK)
		return;
	char score[32], key[32];
	struct jv *out = jv_object(), *hits = jv_array();
	snprintf(score, sizeof(score), "%.1f", jv_real_of(jv_get(v, "score")));
	snprintf(key, sizeof(key), "action-%.12s", jv_get_text(v, "action").ptr ? arena_slice(rq->arena, jv_get_text(v, "action")).ptr : "accept");
	struct slice action = i18n_text(rq->arena, lang, key, I18N_NONE);
	view_put(rq, out, lang, "text", "verdict-text", I18N(i18n_slice(action), i18n_str(score)));
	for (size_t i = 0; i < jv_size(jv_get(v, "hits")); i++) {
		struct jv *h = jv_at(jv_get(v, "hits"), i), *x = jv_object();
		jv_set(x, "score", view_score_of(h));
		jv_set(x, "describe", view_reason(rq, lang, h));
		jv_set(x, "rule", jv_text(jv_get_text(h, "rule")));
		jv_push(hits, x);
	}
	jv_set(out, "hits", hits);
	jv_set(page, "verdict", out);
	jv_free(&v);
}

/* ---- entries ---- */

/* What later entries of the same page did to one. */
struct fate {
	bool hidden, suppressed, released, edited, warned;
	struct slice words; /* of its release, for those who could not read it before */
	bool edit_held;    /* the words shown are a correction that a person has yet to look at */
	struct slice body; /* of the edit */
};

static int64_t data_int(const struct jv *data, const char *key)
{
	return jv_int_of(jv_get(data, key));
}

static const struct entry *entry_at(const struct page *p, int64_t n)
{
	size_t low = 0, high = p->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (p->entries[mid].n < n)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->count && p->entries[low].n == n ? &p->entries[low] : NULL;
}

static struct jv *data_of(const struct entry *x)
{
	struct jv *data = NULL;
	if (!x->data.ptr || jv_parse(x->data, 8, &data, NULL) != ERR_OK)
		return NULL;
	return data;
}

static bool is_words(const struct entry *x)
{
	return x->kind == ENTRY_MESSAGE || x->kind == ENTRY_NOTE;
}

/* The words of an `event` line; NULL where it says nothing to this side. */
static struct jv *event_words(struct request *rq, const char *lang, const struct entry *x, const struct jv *data, const struct view_log *o)
{
	bool staff = o->view == VIEW_STAFF;
	struct slice ev = x->kind == ENTRY_FACT ? jv_get_text(data, "what") : jv_get_text(data, "event"), to = jv_get_text(data, "to");
	struct slice by = x->author == AUTHOR_HELPER && x->author_name.len ? x->author_name : slice_of(conf()->desk_name);
	struct slice holder = jv_get_text(data, "helper");
	if (!holder.ptr)
		holder = o->ticket->holder_name.ptr ? o->ticket->holder_name : by;
	const char *asker_key = NULL, *staff_key = NULL;
	struct slice who = by;
	if (x->kind == ENTRY_ERASE) {
		asker_key = "event-erased", staff_key = "staff-event-erased";
	} else if (x->kind == ENTRY_FACT) {
		static const struct {
			const char *what, *asker, *staff;
		} facts[] = {
			{ "rating", "event-rated", "staff-event-rated" }, { "link", "event-link", "staff-event-link" },
			{ "invite", "event-invited", "staff-event-invited" }, { "topic", NULL, "staff-event-topic" },
			{ "urgent", NULL, "staff-event-urgent" }, { "report", NULL, "staff-event-report" },
			{ "overdue", NULL, "overdue" },
		};
		for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
			if (slice_is(ev, facts[i].what))
				asker_key = facts[i].asker, staff_key = facts[i].staff;
		if (slice_is(ev, "invite"))
			who = jv_get_text(data, "name").ptr ? jv_get_text(data, "name") : who;
	} else {
		static const struct {
			const char *event, *asker, *staff;
		} events[] = {
			{ "accept", NULL, "staff-event-asked" },
			{ "challenge", NULL, "staff-event-held" },
			{ "hold", NULL, "staff-event-held" },
			{ "solved", NULL, "staff-event-asked" },
			{ "solved-hold", NULL, "staff-event-held" },
			{ "unsolved", NULL, "staff-event-held" },
			{ "reject", NULL, "staff-event-rejected" },
			{ "claim", "event-live", "staff-event-live" },
			{ "return", "event-returned", "staff-event-returned" },
			{ "lapse", "event-lapsed", "staff-event-lapsed" },
			{ "transfer", "event-transferred", "staff-event-transferred" },
			{ "transfer-topic", "event-returned", "staff-event-transferred-topic" },
			{ "snooze", "event-snoozed", "staff-event-snoozed" },
			{ "wake", "event-queued", "staff-event-woken" },
			{ "reply", "event-queued", "staff-event-woken" },
			{ "not-real", "event-held", "staff-event-notreal" },
			{ "release", "event-released", "staff-event-released" },
			{ "spam", "event-spam", "staff-event-spam" },
			{ "appeal", "event-appealed", "staff-event-appealed" },
			{ "undo", NULL, "staff-event-undone" },
			{ "reopen", "event-reopened", "staff-event-reopened" },
			{ "reopen-held", "event-held", "staff-event-held" },
			{ "withdraw", "event-withdrawn", "staff-event-closed-asker" },
			{ "erase", "event-erased", "staff-event-erased" },
			{ "retention", "event-erased", "staff-event-erased" },
		};
		for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
			if (slice_is(ev, events[i].event))
				asker_key = events[i].asker, staff_key = events[i].staff;
		if (slice_is(ev, "transfer"))
			who = holder;
		if (slice_is(ev, "reopen") && jv_get_text(data, "helper").len)
			asker_key = "event-reopened-again", staff_key = "staff-event-reopened-again", who = holder;
		if (slice_is(ev, "close")) {
			bool asker = x->author == AUTHOR_ASKER;
			asker_key = asker ? "event-closed-you" : x->author == AUTHOR_HELPER ? "event-closed" : "event-closed-desk";
			staff_key = asker ? "staff-event-closed-asker" : "staff-event-closed";
		}
		if (!staff_key)
			staff_key = to.ptr ? "staff-event-other" : NULL;
	}
	const char *key = staff ? staff_key : asker_key;
	return key ? view_say(rq, lang, key, I18N(i18n_slice(who))) : NULL;
}

static struct jv *quote(struct request *rq, const char *lang, const struct page *p, const struct entry *x, const struct view_log *o)
{
	const struct entry *q = x->reply_to ? entry_at(p, x->reply_to) : NULL;
	if (!q || !is_words(q))
		return jv_null();
	struct jv *out = jv_object();
	jv_set_int(out, "n", q->n);
	if (q->author == AUTHOR_HELPER)
		jv_set(out, "who", q->author_name.len ? jv_text(q->author_name) : view_say(rq, lang, "helper", I18N_NONE));
	else if (o->view == VIEW_ASKER)
		view_put(rq, out, lang, "who", "you", I18N_NONE);
	else
		jv_set(out, "who", o->ticket->name.len ? jv_text(o->ticket->name) : view_say(rq, lang, "asker-nameless", I18N_NONE));
	jv_set(out, "text", jv_text(view_quote(rq, p, q->n)));
	return out;
}

struct slice view_quote(struct request *rq, const struct page *p, int64_t n)
{
	const struct entry *q = entry_at(p, n);
	if (!q || !is_words(q) || !q->body.ptr || q->hidden)
		return SLICE("");
	for (size_t i = 0; i < p->count; i++) {
		const struct entry *x = &p->entries[i];
		if (x->kind != ENTRY_ERASE && x->kind != ENTRY_EDIT)
			continue;
		struct jv *data = data_of(x);
		bool mine = data_int(data, "of") == n;
		jv_free(&data);
		if (mine)
			return SLICE("");
	}
	struct str words;
	struct error ignored;
	str_init(&words, QUOTED_MAX_BYTES);
	struct slice from = utf_cut_bytes(q->body, QUOTED_MAX_BYTES / 2);
	if (markup_words(from, &words, &ignored) == ERR_OK)
		from = str_slice(&words);
	struct slice s = utf_one_line(rq->arena, from, QUOTE_CHARS), longer = utf_one_line(rq->arena, from, 2 * QUOTE_CHARS);
	str_fini(&words);
	if (!s.ptr || longer.len <= s.len)
		return s.ptr ? s : SLICE("");
	char *cut = arena_printf(rq->arena, "%.*s \xe2\x80\xa6", SLICE_ARG(s));
	return cut ? slice_of(cut) : s;
}

static struct jv *tool(struct request *rq, const char *lang, const char *href, int64_t n, const char *act, const char *label, const struct jv *who)
{
	struct jv *x = jv_object();
	/* The question before hiding stands above the log, the reader mostly at its end. */
	char *link = arena_printf(rq->arena, "%s%lld%s", href, (long long)n, strcmp(act, "hide") == 0 ? "#hide" : "");
	jv_set(x, "href", link ? jv_string(link) : NULL);
	jv_set_string(x, "do", act);
	jv_set(x, "post", jv_null());
	view_put(rq, x, lang, "text", label, I18N_NONE);
	char *key = arena_printf(rq->arena, "%s-label", label);
	view_put(rq, x, lang, "label", key ? key : label, I18N(i18n_slice(jv_text_of(who))));
	return x;
}

/* The last message of the reader's side that the other side has read; 0: none. */
static int64_t last_seen(const struct page *p, const struct view_log *o)
{
	enum author own = o->view == VIEW_ASKER ? AUTHOR_ASKER : AUTHOR_HELPER;
	for (size_t i = p->count; i-- > 0;)
		if (p->entries[i].kind == ENTRY_MESSAGE && p->entries[i].author == own && p->entries[i].n <= o->seen)
			return p->entries[i].n;
	return 0;
}

static struct jv *message(struct request *rq, const char *lang, const struct page *p, const struct entry *x, const struct fate *f,
			  const struct view_log *o)
{
	bool staff = o->view == VIEW_STAFF, by_helper = x->author == AUTHOR_HELPER;
	bool held = (x->audience == AUDIENCE_HELD && !f->released) || f->edit_held;
	bool gone = f->suppressed || (f->hidden && !(staff && o->moderator)) || (!x->body.ptr && !f->words.ptr);
	struct jv *m = jv_object();
	jv_set_int(m, "n", x->n);
	view_time(m, "at", x->at);
	jv_set(m, "time", jv_text(jv_get_text(m, "at_time")));
	bool note = x->kind == ENTRY_NOTE, own = staff ? by_helper && !note : !by_helper;
	char *class = arena_printf(rq->arena, "%s%s%s", note ? "note" : own ? "own" : "other", gone ? " gone" : "", held ? " held" : "");
	jv_set(m, "class", class ? jv_string(class) : NULL);
	struct jv *who = by_helper ? (x->author_name.len ? jv_text(x->author_name) : view_say(rq, lang, "helper", I18N_NONE))
			 : !staff  ? view_say(rq, lang, "you", I18N_NONE)
			 : o->ticket->name.len ? jv_text(o->ticket->name) : view_say(rq, lang, "asker-nameless", I18N_NONE);
	const char *badge = f->hidden && !gone ? "hidden-from-others"
			    : note	       ? "note-label"
			    : held	       ? (staff ? "line-held" : "line-held-asker")
			    : by_helper	       ? (staff ? NULL : "helper-badge")
			    : staff	       ? "asker-badge"
			    : !o->ticket->answered ? "visitor" : NULL;
	jv_set(m, "badge", badge ? view_say(rq, lang, badge, I18N_NONE) : jv_null());
	jv_set_string(m, "badge_class", by_helper && !note ? "verified" : "badge");
	jv_set_bool(m, "edited", f->edited);
	jv_set(m, "seen", x->n == last_seen(p, o) ? view_say(rq, lang, staff ? "read-by-asker" : "read-by-helper", I18N_NONE) : jv_null());
	jv_set(m, "warning", f->warned && !gone ? view_say(rq, lang, "careful-contact", I18N_NONE) : jv_null());
	jv_set(m, "quote", gone ? jv_null() : quote(rq, lang, p, x, o));
	jv_set(m, "html", jv_null());
	jv_set(m, "plain", jv_null());
	jv_set(m, "gone", jv_null());
	bool reply = false;
	if (gone) {
		bool unread = held && !f->hidden && !f->suppressed;
		view_put(rq, m, lang, "gone", unread ? "gone-held" : f->hidden && !f->suppressed ? "gone-hidden" : "gone-erased", I18N_NONE);
	} else {
		struct entry shown = *x;
		if (!shown.body.ptr)
			shown.body = f->words;
		if (f->edited)
			shown.body = f->body;
		if (f->edit_held)
			shown.audience = AUDIENCE_HELD;
		struct entry_look look = { .view = o->view, .links = o->ticket->answered != 0, .asker_name = o->ticket->name };
		struct jv *json = entry_json(rq->arena, &shown, &look);
		struct slice html = jv_get_text(json, "html");
		/* entry_json's html is text/markup's own output, never a stranger's. */
		if (html.ptr)
			jv_set(m, "html", page_raw(html));
		else
			jv_set(m, "plain", jv_text(shown.body));
		jv_free(&json);
		reply = o->reply && !note && !held;
	}
	struct jv *tools = jv_array();
	if (reply)
		jv_push(tools, tool(rq, lang, o->reply, x->n, "reply-to", "reply", who));
	if (o->hide && !gone && !f->hidden)
		jv_push(tools, tool(rq, lang, o->hide, x->n, "hide", "hide", who));
	if (o->show && f->hidden && !gone)
		jv_push(tools, jv_set_string(tool(rq, lang, "#n", x->n, "show", "show-again", who), "post", o->show));
	jv_set_bool(m, "has_tools", jv_size(tools) > 0);
	jv_set(m, "tools", tools);
	jv_set(m, "who", who);
	return m;
}

/* What a correction makes of its message. A held one stays marked as such until it is released. */
static void find_edit(const struct entry *x, bool released, struct slice words, struct fate *f)
{
	f->edited = true;
	f->body = x->body.ptr ? x->body : words;
	f->edit_held = x->audience == AUDIENCE_HELD && !released;
}

static void find_fates(const struct page *p, struct fate *fates)
{
	/* From the end: a release comes behind what it releases, and of several corrections the last one counts. */
	for (size_t i = p->count; i-- > 0;) {
		const struct entry *x = &p->entries[i];
		if (x->kind != ENTRY_EDIT && x->kind != ENTRY_RELEASE && x->kind != ENTRY_ERASE && !is_words(x))
			continue;
		struct jv *data = data_of(x);
		/* A hidden line says so itself: the hiding may lie beyond this page, or have been taken back. */
		if (is_words(x))
			fates[i].hidden = x->hidden;
		const struct entry *of = is_words(x) ? NULL : entry_at(p, data_int(data, "of"));
		struct fate *f = of ? &fates[of - p->entries] : &fates[i];
		f->warned |= jv_type(jv_get(data, "warn")) == JV_TRUE;
		/* A held correction that is not for this reader leaves the words as they were. */
		if (of && x->kind == ENTRY_EDIT && !f->edited && (x->body.ptr || x->audience != AUDIENCE_HELD || fates[i].released))
			find_edit(x, fates[i].released, fates[i].words, f);
		else if (of && x->kind == ENTRY_RELEASE)
			f->released = true, f->words = x->body;
		else if (of && x->kind == ENTRY_ERASE)
			f->suppressed = true;
		jv_free(&data);
	}
}

struct jv *view_log(struct request *rq, const char *lang, const struct page *p, const struct view_log *o)
{
	struct fate *fates = arena_array(rq->arena, p->count ? p->count : 1, sizeof(*fates));
	if (!fates)
		return NULL;
	find_fates(p, fates);
	struct jv *list = jv_array();
	bool marked = o->unread_after == 0;
	for (size_t i = 0; i < p->count; i++) {
		const struct entry *x = &p->entries[i];
		if (!entry_visible(x, o->view))
			continue;
		struct jv *line = jv_object(), *event = NULL, *words = NULL;
		struct jv *data = data_of(x);
		if (is_words(x))
			words = message(rq, lang, p, x, &fates[i], o);
		else if (x->kind == ENTRY_RELEASE && !entry_at(p, data_int(data, "of")))
			words = message(rq, lang, p, x, &(struct fate){ .released = true }, o);
		else if (x->kind == ENTRY_STATE || x->kind == ENTRY_FACT || x->kind == ENTRY_ERASE)
			event = event_words(rq, lang, x, data, o);
		int64_t reported = slice_is(jv_get_text(data, "what"), "report") ? data_int(data, "of") : 0;
		jv_free(&data);
		if (!words && !event) {
			jv_free(&line);
			continue;
		}
		bool others = o->view == VIEW_ASKER ? x->author != AUTHOR_ASKER : x->account != o->me;
		bool fresh = !marked && x->n > o->unread_after && others;
		marked |= fresh;
		jv_set_bool(line, "unread", fresh);
		jv_set_int(line, "n", x->n);
		view_time(line, "at", x->at);
		jv_set(line, "time", jv_text(jv_get_text(line, "at_time")));
		jv_set(line, "event", event ? event : jv_null());
		/* What a colleague reported is one step away. */
		const struct entry *about = event && o->view == VIEW_STAFF && x->kind == ENTRY_FACT ? entry_at(p, reported) : NULL;
		jv_set(line, "about", about ? view_number(rq, about->n) : jv_null());
		jv_set(line, "message", words ? words : jv_null());
		jv_push(list, line);
	}
	return list;
}
