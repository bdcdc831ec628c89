/*
 * rule_pages: the rule files for admins: what serves, what is wrong on disk and where, editing with a check first, history.
 *
 * Rules can be many thousands: they are shown by the page, and found by a word.
 *
 * A replay shows, before saving, what the file as it was typed would have done to the texts that are kept.
 *
 * A file that does not pass is shown again with its errors and everything that was typed; nothing else changes.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "desk/rule_life.h"
#include "desk/rulebook.h"
#include "text/unicode.h"
#include "web/handlers.h"
#include "web/problem.h"
#include "web/view.h"

enum { GENERATION_CHARS = 12, RULE_NAME_SHOWN = 128, RULES_PAGE = 200, FIND_BYTES = 256, FOLDED_MAX_BYTES = 1 << 16 };

/* Which rules the list shows: of those that hold the words (all, where there are none), RULES_PAGE behind the first so many. */
struct place {
	struct slice find;
	int64_t from;
};

static void place_settle(struct place *p)
{
	if (p->find.len > FIND_BYTES)
		p->find = SLICE_NONE; /* not out of our form */
	p->from = p->from > 0 ? p->from : 0;
}

static struct jv *copy_number(struct request *rq, const struct jv *obj, const char *key)
{
	return view_number(rq, jv_int_of(jv_get(obj, key)));
}

static bool only_warnings(const struct jv *errors)
{
	for (size_t i = 0; i < jv_size(errors); i++)
		if (jv_type(jv_get(jv_at(errors, i), "warning")) != JV_TRUE)
			return false;
	return true;
}

/* With a file, of these only its warnings. */
static struct jv *errors_of(struct request *rq, const struct jv *from, struct slice file)
{
	struct jv *list = jv_array();
	for (size_t i = 0; i < jv_size(from); i++) {
		struct jv *in = jv_at(from, i);
		if (file.ptr && (jv_type(jv_get(in, "warning")) != JV_TRUE || !slice_eq(jv_get_text(in, "file"), file)))
			continue;
		struct jv *x = jv_object();
		jv_set(x, "file", view_text_of(in, "file"));
		jv_set(x, "line", copy_number(rq, in, "line"));
		jv_set(x, "column", copy_number(rq, in, "column"));
		jv_set(x, "message", view_text_of(in, "message"));
		jv_push(list, x);
	}
	return list;
}

static struct jv *files_of(struct request *rq, const char *lang, const struct jv *from)
{
	struct jv *list = jv_array();
	for (size_t i = 0; i < jv_size(from); i++) {
		struct jv *in = jv_at(from, i), *x = jv_object();
		int64_t errors = jv_int_of(jv_get(in, "errors")), bytes = jv_int_of(jv_get(in, "bytes"));
		jv_set(x, "file", view_text_of(in, "file"));
		jv_set(x, "rules", copy_number(rq, in, "rules"));
		char *size = bytes < 1024 ? arena_printf(rq->arena, "%lld B", (long long)bytes)
					  : arena_printf(rq->arena, "%.1f KiB", (double)bytes / 1024);
		jv_set(x, "size", size ? jv_string(size) : NULL);
		jv_set_bool(x, "shipped", jv_type(jv_get(in, "shipped")) == JV_TRUE);
		jv_set_bool(x, "changed", jv_type(jv_get(in, "changed")) == JV_TRUE);
		jv_set(x, "wrong", errors ? view_say(rq, lang, "rule-errors", I18N(i18n_int(errors))) : jv_null());
		jv_push(list, x);
	}
	return list;
}

static const char *const modes[] = { "active", "watch", "dormant" };

static struct jv *modes_of(struct request *rq, const char *lang, struct slice now)
{
	struct jv *list = jv_array();
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		char key[24];
		struct jv *x = jv_set_string(jv_object(), "value", modes[i]);
		snprintf(key, sizeof(key), "mode-%s", modes[i]);
		view_put(rq, x, lang, "label", key, I18N_NONE);
		jv_set_bool(x, "chosen", slice_is(now, modes[i]));
		jv_push(list, x);
	}
	return list;
}

/* What the desk has laid on a rule beside its mode, in words. */
static struct jv *laid_on(struct request *rq, const char *lang, const struct jv *held_back, struct slice rule)
{
	struct jv *list = jv_array();
	for (size_t i = 0; i < jv_size(held_back); i++) {
		const struct jv *x = jv_at(held_back, i);
		char key[48];
		if (!slice_eq(jv_get_text(x, "rule"), rule))
			continue;
		snprintf(key, sizeof(key), "rule-state-%.*s", SLICE_ARG(jv_get_text(x, "state")));
		jv_push(list, view_say(rq, lang, key, I18N_NONE));
	}
	return list;
}

/* In its name, its description or its file; `words` are folded. */
static bool holds(const struct jv *rule, struct slice words, struct str *scratch)
{
	static const char *const keys[] = { "rule", "describe", "file" };
	for (size_t i = 0; words.len && i < sizeof(keys) / sizeof(*keys); i++) {
		str_reset(scratch);
		unicode_nfkc_fold(jv_get_text(rule, keys[i]), scratch);
		if (scratch->len && memmem(scratch->buf, scratch->len, words.ptr, words.len))
			return true;
	}
	return words.len == 0;
}

static bool is_shipped(const struct jv *files, struct slice file)
{
	for (size_t i = 0; i < jv_size(files); i++)
		if (slice_eq(jv_get_text(jv_at(files, i), "file"), file))
			return jv_type(jv_get(jv_at(files, i), "shipped")) == JV_TRUE;
	return false;
}

/* The desk's own rules first. *found: how many hold the words. */
static struct jv *rules_of(struct request *rq, const char *lang, const struct jv *book, const struct place *place, int64_t *found)
{
	const struct jv *from = jv_get(book, "rules"), *files = jv_get(book, "files"), *held_back = jv_get(book, "held_back");
	struct jv *list = jv_array();
	struct str words, scratch;
	str_init(&words, FOLDED_MAX_BYTES);
	str_init(&scratch, FOLDED_MAX_BYTES);
	unicode_nfkc_fold(place->find, &words);
	*found = 0;
	for (size_t i = 0; i < 2 * jv_size(from); i++) {
		struct jv *in = jv_at(from, i % jv_size(from));
		if (is_shipped(files, jv_get_text(in, "file")) != (i >= jv_size(from)) || !holds(in, str_slice(&words), &scratch) ||
			(*found)++ < place->from || *found > place->from + RULES_PAGE)
			continue;
		struct jv *x = jv_object();
		jv_set(x, "rule", view_text_of(in, "rule"));
		jv_set(x, "file", view_text_of(in, "file"));
		jv_set(x, "line", copy_number(rq, in, "line"));
		jv_set(x, "score", view_score_of(in));
		jv_set(x, "describe", view_text_of(in, "describe"));
		jv_set(x, "modes", modes_of(rq, lang, jv_get_text(in, "mode")));
		jv_set(x, "laid_on", laid_on(rq, lang, held_back, jv_get_text(in, "rule")));
		view_put(rq, x, lang, "mode_label", "mode-of", I18N(i18n_slice(jv_get_text(in, "rule"))));
		view_at(rq, x, jv_get_text(in, "last_hit"));
		jv_set(x, "hits", copy_number(rq, in, "hits"));
		jv_set(x, "spam", copy_number(rq, in, "spam"));
		jv_set(x, "ham", copy_number(rq, in, "ham"));
		jv_push(list, x);
	}
	str_fini(&words);
	str_fini(&scratch);
	return list;
}

static struct jv *slowest_of(struct request *rq, const struct jv *from)
{
	struct jv *list = jv_array();
	for (size_t i = 0; i < jv_size(from); i++) {
		struct jv *in = jv_at(from, i), *x = jv_object();
		char us[32];
		snprintf(us, sizeof(us), "%.2f", jv_real_of(jv_get(in, "us")));
		jv_set(x, "rule", view_text_of(in, "rule"));
		jv_set(x, "file", view_text_of(in, "file"));
		jv_set(x, "line", copy_number(rq, in, "line"));
		jv_push(list, jv_set_string(x, "us", us));
	}
	return list;
}

/* On how many rules, or on the learned words of how many languages, something lies that holds them back. */
static int64_t how_many(const struct jv *held_back, bool words)
{
	int64_t n = 0;
	for (size_t i = 0; i < jv_size(held_back); i++) {
		struct slice rule = jv_get_text(jv_at(held_back, i), "rule");
		bool counts = (rule_life_words(rule).ptr != NULL) == words;
		for (size_t k = 0; counts && k < i; k++)
			counts = !slice_eq(rule, jv_get_text(jv_at(held_back, k), "rule"));
		n += counts;
	}
	return n;
}

static void put_rules(struct request *rq, struct jv *page, const char *lang, const struct jv *book, struct place place)
{
	int64_t all = (int64_t)jv_size(jv_get(book, "rules")), found;
	struct jv *list = rules_of(rq, lang, book, &place, &found);
	if (!jv_size(list) && place.from) {
		/* There are fewer by now. */
		place.from = 0;
		jv_free(&list);
		list = rules_of(rq, lang, book, &place, &found);
	}
	int64_t end = place.from + (int64_t)jv_size(list);
	jv_set_bool(page, "has_rules", jv_size(list) > 0);
	jv_set_bool(page, "has_more", end < found);
	jv_set_bool(page, "has_place", place.find.len || place.from);
	jv_set(page, "find", place.find.len ? jv_text(place.find) : jv_null());
	jv_set_int(page, "from", place.from);
	jv_set_int(page, "more", end);
	jv_set(page, "rules", list);
	jv_set(page, "part", jv_null());
	if (place.find.len && !found)
		view_put(rq, page, lang, "part", "rules-none-found", I18N(i18n_slice(place.find)));
	else if (place.find.len)
		view_put(rq, page, lang, "part", "rules-found", I18N(i18n_int(found), i18n_int(all), i18n_slice(place.find)));
	else if (end - place.from < all)
		view_put(rq, page, lang, "part", "rules-part", I18N(i18n_int(place.from + 1), i18n_int(end), i18n_int(all)));
}

static enum err show_rules(struct request *rq, struct response *rs, struct place place, int status, const char *problem, struct error *e)
{
	place_settle(&place);
	const char *lang = view_lang(rq, rs);
	struct jv *book = NULL, *page = NULL;
	enum err rc = rulebook_json(rq->desk->rulebook, rq->db, &book, e);
	if (rc == ERR_OK)
		rc = view_staff_frame(rq, lang, "rules", &page, e);
	if (rc != ERR_OK) {
		jv_free(&book);
		return rc;
	}
	struct slice generation = jv_get_text(book, "generation");
	if (generation.len > GENERATION_CHARS)
		generation.len = GENERATION_CHARS;
	/* What serves may still have something to say, a link in the folder for one. */
	bool good = only_warnings(jv_get(book, "errors"));
	jv_set_bool(page, "good", good);
	jv_set_bool(page, "warned", good && jv_size(jv_get(book, "errors")) > 0);
	view_put(rq, page, lang, "generation_text", "rules-serving", I18N(i18n_int((int64_t)jv_size(jv_get(book, "rules"))), i18n_slice(generation)));
	jv_set(page, "errors", errors_of(rq, jv_get(book, "errors"), SLICE_NONE));
	int64_t held_back = how_many(jv_get(book, "held_back"), false), words = how_many(jv_get(book, "held_back"), true);
	jv_set(page, "held_back", held_back ? view_say(rq, lang, "rules-held-back", I18N(i18n_int(held_back))) : jv_null());
	jv_set(page, "words_held_back", words ? view_say(rq, lang, "rules-words-held-back", I18N(i18n_int(words))) : jv_null());
	int64_t ageing = (int64_t)jv_size(jv_get(book, "ageing"));
	jv_set(page, "ageing", ageing ? view_say(rq, lang, "rules-ageing", I18N(i18n_int(ageing))) : jv_null());
	jv_set(page, "files", files_of(rq, lang, jv_get(book, "files")));
	put_rules(rq, page, lang, book, place);
	jv_set_bool(page, "has_slowest", jv_size(jv_get(book, "slowest")) > 0);
	jv_set(page, "slowest", slowest_of(rq, jv_get(book, "slowest")));
	view_put(rq, page, lang, "slowest_text", "rules-slowest-text", I18N(i18n_int(jv_int_of(jv_get(book, "timed")))));
	jv_free(&book);
	struct slice rule = request_query(rq, "rule"), mode = request_query(rq, "mode");
	jv_set(page, "problem", view_maybe(rq, lang, problem));
	jv_set(page, "done", jv_null());
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes) && rule.len && rule.len <= RULE_NAME_SHOWN; i++)
		if (slice_is(mode, modes[i])) {
			char key[24];
			snprintf(key, sizeof(key), "mode-%s", modes[i]);
			view_put(rq, page, lang, "done", "mode-saved", I18N(i18n_slice(rule), i18n_slice(i18n_text(rq->arena, lang, key, I18N_NONE))));
		}
	if (status)
		response_status(rs, status);
	return view_send(rq, rs, "rules", lang, page, e);
}

HANDLER(page_rules)
{
	struct place place = { .find = request_query(rq, "find") };
	enum err rc = request_query_int(rq, "from", &place.from, e);
	return rc ? rc : show_rules(rq, rs, place, 0, NULL, e);
}

/* The same mode again is a change of nothing. */
HANDLER(page_rule_mode)
{
	enum err rc = request_form(rq, e);
	if (rc != ERR_OK)
		return rc;
	struct slice rule = rq->params[0], mode = request_field(rq, "mode");
	struct place place = { .find = view_field(rq, "find") };
	struct error why = { 0 };
	if ((rc = view_field_int(rq, "from", &place.from, e)))
		return rc;
	place_settle(&place);
	rc = rulebook_mode(rq->desk->rulebook, &rq->who, rule, mode, &why);
	if (rc == ERR_OK) {
		struct str to;
		str_init(&to, 8192);
		str_addf(&to, "/desk/rules?rule=%.*s&mode=%.*s&from=%lld&find=", SLICE_ARG(rule), SLICE_ARG(mode), (long long)place.from);
		str_add_encoded(&to, place.find, "");
		bool failed = str_failed(&to);
		if (!failed)
			response_redirect(rs, rq, str_c(&to));
		str_fini(&to);
		return failed ? err_nomem(e) : ERR_OK;
	}
	why.code = rc;
	const char *problem = rc == ERR_NOT_FOUND ? "mode-gone" : rc == ERR_INVALID && !why.field[0] ? "mode-failed" : view_trouble(&why);
	if (problem)
		return show_rules(rq, rs, place, problem_status(rc), problem, e);
	*e = why;
	return rc;
}

enum { REPLAY_DAYS = 30, REPLAY_DAYS_MAX = 3650 };
#define DAY_MS (24 * 3600 * 1000LL)

struct edit {
	int status;
	int64_t days;      /* of a replay; 0: as offered */
	struct jv *replay; /* NULL: none */
	struct slice file, text, etag, comment;
	const char *done, *problem;
	struct jv *errors; /* borrowed */
};

static struct jv *history_of(struct request *rq, const char *lang, const struct jv *from, struct slice etag)
{
	struct jv *list = jv_array();
	for (size_t i = 0; i < jv_size(from); i++) {
		struct jv *in = jv_at(from, i), *x = jv_object();
		struct slice author = jv_get_text(in, "author");
		view_at(rq, x, jv_get_text(in, "at"));
		jv_set(x, "author", author.len ? jv_text(author) : view_say(rq, lang, "audit-desk", I18N_NONE));
		jv_set(x, "comment", view_text_of(in, "comment"));
		jv_set(x, "revision", copy_number(rq, in, "revision"));
		jv_set_bool(x, "current", etag.len && slice_eq(jv_get_text(in, "etag"), etag));
		jv_push(list, x);
	}
	return list;
}

/* --- a replay ---------------------------------------------------------------------------------------------------------------- */

static struct jv *replayed_langs(struct request *rq, const struct jv *from)
{
	static const char *const keys[] = { "texts", "spam", "caught", "ham", "victims" };
	struct jv *list = jv_array(), *one;
	struct slice lang;
	void *at = NULL;
	while (jv_next(from, &at, &lang, &one)) {
		struct jv *x = jv_set_text(jv_object(), "lang", lang);
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
			jv_set(x, keys[i], copy_number(rq, one, keys[i]));
		jv_push(list, x);
	}
	return list;
}

static struct jv *replayed_rules(struct request *rq, const struct jv *from)
{
	static const char *const keys[] = { "hits", "spam", "ham" };
	struct jv *list = jv_array();
	for (size_t i = 0; i < jv_size(from); i++) {
		struct jv *in = jv_at(from, i), *x = jv_object();
		jv_set(x, "rule", view_text_of(in, "rule"));
		for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++)
			jv_set(x, keys[k], copy_number(rq, in, keys[k]));
		jv_set_bool(x, "limits", jv_int_of(jv_get(in, "limits")) > 0);
		jv_push(list, x);
	}
	return list;
}

static struct jv *replayed_action(struct request *rq, const char *lang, const struct jv *in, const char *key)
{
	return view_maybe(rq, lang, arena_printf(rq->arena, "action-%.*s", SLICE_ARG(jv_get_text(in, key))));
}

static struct jv *replayed_texts(struct request *rq, const char *lang, const struct jv *from)
{
	struct jv *list = jv_array();
	for (size_t i = 0; i < jv_size(from); i++) {
		struct jv *in = jv_at(from, i), *x = jv_object(), *rules = jv_array();
		struct slice label = jv_get_text(in, "label"), title = jv_get_text(in, "title");
		for (size_t k = 0; k < jv_size(jv_get(in, "rules")); k++)
			jv_push(rules, jv_set(jv_object(), "name", jv_text(jv_text_of(jv_at(jv_get(in, "rules"), k)))));
		jv_set(x, "ticket", view_text_of(in, "ticket"));
		jv_set(x, "title", title.len ? jv_text(title) : view_say(rq, lang, "replay-text", I18N(i18n_slice(jv_get_text(in, "ticket")))));
		jv_set(x, "lang", view_text_of(in, "lang"));
		jv_set(x, "label", view_maybe(rq, lang, slice_is(label, "spam") ? "replay-spam" : slice_is(label, "ham") ? "replay-good" : NULL));
		jv_set(x, "from", replayed_action(rq, lang, in, "from"));
		jv_set(x, "to", replayed_action(rq, lang, in, "to"));
		jv_push(list, jv_set(x, "rules", rules));
	}
	return list;
}

static struct jv *replay_of(struct request *rq, const char *lang, const struct edit *ed)
{
	const struct jv *v = ed->replay, *us = jv_get(v, "us");
	struct jv *x = jv_object();
	if (!v) {
		jv_free(&x);
		return jv_null();
	}
	int64_t texts = jv_int_of(jv_get(v, "texts")), freed = jv_int_of(jv_get(v, "freed"));
	char *live = arena_printf(rq->arena, "%.0f", jv_real_of(jv_get(us, "live"))), *draft = arena_printf(rq->arena, "%.0f", jv_real_of(jv_get(us, "draft")));
	view_put(rq, x, lang, "texts", "replay-texts", I18N(i18n_int(texts), i18n_int(ed->days), i18n_int(jv_int_of(jv_get(v, "ham"))), i18n_int(jv_int_of(jv_get(v, "spam")))));
	view_put(rq, x, lang, "stricter", "replay-stricter", I18N(i18n_int(jv_int_of(jv_get(v, "caught"))), i18n_int(jv_int_of(jv_get(v, "victims"))),
		i18n_int(jv_int_of(jv_get(v, "unsure")))));
	view_put(rq, x, lang, "milder", "replay-milder", I18N(i18n_int(freed)));
	view_put(rq, x, lang, "cost", "replay-cost", I18N(i18n_str(live ? live : ""), i18n_str(draft ? draft : "")));
	jv_set(x, "more", view_maybe(rq, lang, jv_type(jv_get(v, "more")) == JV_TRUE ? "replay-more" : NULL));
	jv_set(x, "over", view_maybe(rq, lang, jv_type(jv_get(v, "within")) == JV_TRUE ? NULL : "replay-over"));
	jv_set_bool(x, "any", texts > 0);
	jv_set(x, "langs", replayed_langs(rq, jv_get(v, "by_lang")));
	jv_set_bool(x, "has_rules", jv_size(jv_get(v, "rules")) > 0);
	jv_set(x, "rules", replayed_rules(rq, jv_get(v, "rules")));
	jv_set_bool(x, "has_items", jv_size(jv_get(v, "items")) > 0);
	return jv_set(x, "items", replayed_texts(rq, lang, jv_get(v, "items")));
}

static struct jv *days_of(struct request *rq, const char *lang, int64_t chosen)
{
	static const int days[] = { 7, 30, 90, 365 };
	struct jv *list = jv_array();
	for (size_t i = 0; i < sizeof(days) / sizeof(*days); i++) {
		struct jv *x = jv_set(jv_object(), "value", view_number(rq, days[i]));
		view_put(rq, x, lang, "label", "replay-days", I18N(i18n_int(days[i])));
		jv_push(list, jv_set_bool(x, "chosen", days[i] == (chosen ? chosen : REPLAY_DAYS)));
	}
	return list;
}

static enum err show_file(struct request *rq, struct response *rs, const struct edit *ed, struct error *e)
{
	const char *lang = view_lang(rq, rs);
	struct jv *page = NULL, *history = NULL;
	struct slice now = SLICE("");
	char etag[RULE_ETAG_BYTES] = "";
	struct edit shown = *ed;
	struct jv *found = NULL;
	int64_t line = 0;
	enum err rc = rulebook_file(rq->desk->rulebook, rq->arena, ed->file, &now, etag, e);
	if (rc == ERR_NOT_FOUND) /* a new file */
		rc = ERR_OK;
	if (rc == ERR_OK && !shown.text.ptr) {
		shown.text = now;
		shown.etag = slice_of(etag);
	}
	if (rc == ERR_OK && rq->method == METHOD_GET)
		rc = request_query_int(rq, "line", &line, e);
	if (rc == ERR_OK)
		rc = rulebook_history(rq->desk->rulebook, rq->db, ed->file, &history, e);
	if (rc == ERR_NOT_FOUND)
		rc = ERR_OK;
	if (rc == ERR_OK)
		rc = view_staff_frame(rq, lang, "rules", &page, e);
	if (rc != ERR_OK) {
		jv_free(&history);
		return rc;
	}
	struct slice done = request_query(rq, "done");
	const char *said = ed->done ? ed->done : slice_is(done, "saved") ? "rules-saved" : slice_is(done, "back") ? "rules-rolled-back" : NULL;
	jv_set(page, "file", jv_text(ed->file));
	jv_set(page, "text", jv_text(shown.text));
	jv_set(page, "etag", jv_text(shown.etag));
	jv_set(page, "comment", jv_text(ed->comment));
	jv_set_int(page, "line", line);
	jv_set(page, "done", said ? view_say(rq, lang, said, I18N_NONE) : jv_null());
	jv_set(page, "problem", ed->problem ? view_say(rq, lang, ed->problem, I18N_NONE) : jv_null());
	/* What is doubtful about the last edit stays on show with the file. */
	if (rq->method == METHOD_GET)
		found = rulebook_errors(rq->desk->rulebook);
	struct jv *errors = errors_of(rq, ed->errors ? ed->errors : found, found ? ed->file : SLICE_NONE);
	bool doubts = found || (only_warnings(ed->errors) && !ed->status);
	jv_free(&found);
	jv_set_bool(page, "has_doubts", doubts && jv_size(errors) > 0);
	jv_set_bool(page, "has_errors", !doubts && jv_size(errors) > 0);
	jv_set(page, "errors", errors);
	jv_set_bool(page, "warned", ed->status && jv_size(ed->errors) > 0 && only_warnings(ed->errors));
	jv_set(page, "replay", replay_of(rq, lang, ed));
	jv_set(page, "days", days_of(rq, lang, ed->days));
	jv_set(page, "history", history_of(rq, lang, history, slice_of(etag)));
	jv_push(jv_get(page, "scripts"), jv_string("rules.js"));
	jv_free(&history);
	if (ed->status)
		response_status(rs, ed->status);
	return view_send(rq, rs, "rule_file", lang, page, e);
}

/* Names are checked by the rulebook; here only what a link could do with them is. */
static enum err file_name(struct slice name, struct error *e)
{
	bool good = name.len > 0 && name.len <= 80;
	for (size_t i = 0; i < name.len && good; i++) {
		char c = name.ptr[i];
		good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '/';
	}
	return good ? ERR_OK : err_set(e, ERR_NOT_FOUND, "There is no such file.");
}

HANDLER(page_rule_file)
{
	struct slice name = request_query(rq, "file");
	enum err rc = file_name(name, e);
	return rc == ERR_OK ? show_file(rq, rs, &(struct edit){ .file = name }, e) : rc;
}

static enum err to_file(struct request *rq, struct response *rs, struct slice file, const char *done, struct error *e)
{
	char *path = arena_printf(rq->arena, "/desk/rules/edit?file=%.*s&done=%s", SLICE_ARG(file), done);
	if (!path)
		return err_nomem(e);
	response_redirect(rs, rq, path);
	return ERR_OK;
}

HANDLER(page_rule_save)
{
	enum err rc = request_form(rq, e);
	struct slice name = request_field(rq, "file"), act = request_field(rq, "do"), text = SLICE("");
	if (rc == ERR_OK)
		rc = file_name(name, e);
	if (rc == ERR_OK)
		rc = view_field_lines(rq, "text", &text, e);
	if (rc != ERR_OK)
		return rc;
	struct slice etag = request_field(rq, "etag");
	struct edit ed = { .file = name, .text = text, .etag = etag.ptr ? etag : SLICE(""), .comment = view_field(rq, "comment") };
	struct rule_edit in = { .file = name, .text = ed.text, .if_match = ed.etag, .comment = ed.comment, .override = slice_is(act, "override"), .db = rq->db };
	struct jv *errors = NULL;
	struct error why = { 0 };
	if (slice_is(act, "replay")) {
		rc = view_field_int(rq, "days", &ed.days, e);
		if (rc != ERR_OK || ed.days < 1 || ed.days > REPLAY_DAYS_MAX)
			ed.days = REPLAY_DAYS;
		rc = rulebook_replay(rq->desk->rulebook, &in, clock_wall_ms() - ed.days * DAY_MS, &ed.replay, &errors, &why);
		ed.status = rc == ERR_OK ? 0 : problem_status(rc);
	} else if (slice_is(act, "check")) {
		struct jv *out = NULL;
		rc = rulebook_check(rq->desk->rulebook, &in, &out, &why);
		if (rc == ERR_OK) {
			errors = jv_get(out, "errors") ? jv_ref(jv_get(out, "errors")) : NULL;
			if (jv_type(jv_get(out, "ok")) == JV_TRUE)
				ed.done = "rules-checked";
		}
		jv_free(&out);
	} else {
		char saved[RULE_ETAG_BYTES];
		rc = rulebook_put(rq->desk->rulebook, &rq->who, &in, saved, &errors, &why);
		if (rc == ERR_OK) {
			jv_free(&errors);
			return to_file(rq, rs, name, "saved", e);
		}
		ed.status = problem_status(rc);
		if (rc == ERR_PRECONDITION)
			ed.problem = "rules-stale";
	}
	if (rc != ERR_OK && rc != ERR_INVALID && rc != ERR_PRECONDITION) {
		jv_free(&errors);
		*e = why;
		return rc;
	}
	if (rc == ERR_INVALID && !jv_size(errors)) {
		ed.problem = "wrong-other";
		ed.status = 422;
	}
	ed.errors = errors;
	rc = show_file(rq, rs, &ed, e);
	jv_free(&ed.replay);
	jv_free(&errors);
	return rc;
}

HANDLER(page_rule_rollback)
{
	int64_t revision = 0;
	enum err rc = request_form(rq, e);
	struct slice name = request_field(rq, "file");
	if (rc == ERR_OK)
		rc = file_name(name, e);
	if (rc == ERR_OK)
		rc = view_field_int(rq, "revision", &revision, e);
	if (rc != ERR_OK)
		return rc;
	char etag[RULE_ETAG_BYTES];
	struct jv *errors = NULL;
	struct error why = { 0 };
	rc = rulebook_rollback(rq->desk->rulebook, rq->db, &rq->who, name, revision, etag, &errors, &why);
	if (rc == ERR_OK) {
		jv_free(&errors);
		return to_file(rq, rs, name, "back", e);
	}
	if (rc != ERR_INVALID) {
		jv_free(&errors);
		*e = why;
		return rc;
	}
	rc = show_file(rq, rs, &(struct edit){ .status = 422, .file = name, .errors = errors }, e);
	jv_free(&errors);
	return rc;
}
