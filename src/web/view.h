/*
 * view: what all pages share: the reader's language, the frame around a page, times, waits and entries as templates want them.
 *
 * Trees made here hold strings from anybody; they become HTML only through web/page, which escapes. Functions that make trees
 * return NULL when out of memory, which the last step (view_send) turns into ERR_NOMEM. Every member a template asks for
 * inside a list is set, null if need be, because Mustache would otherwise find the page's own member of that name.
 *
 * Any thread; all of it lives as long as the request.
 */
#ifndef WEB_VIEW_H
#define WEB_VIEW_H

#include "desk/queue.h"
#include "desk/talk.h"
#include "web/i18n.h"
#include "web/request.h"

/* `?uselang=` (which a cookie then remembers), that cookie, Accept-Language, English. */
const char *view_lang(struct request *rq, struct response *rs);
/* What every page's addresses need: `carry` and `carry_too`, "?uselang=de" and "&uselang=de" while no cookie has kept that choice (P10), else
 * empty; `static`, where the files of the pages are. */
void view_carry(struct request *rq, struct jv *page);
/* response_redirect with that choice. */
enum err view_redirect(struct request *rq, struct response *rs, const char *path, struct error *e) MUST_CHECK;

/* A message of the catalogue as a string value. */
struct jv *view_say(struct request *rq, const char *lang, const char *key, const struct i18n_arg *args, size_t n);
/* The same without arguments; null for no key. */
struct jv *view_maybe(struct request *rq, const char *lang, const char *key);
/* Sets obj[key] to the message `message`. */
void view_put(struct request *rq, struct jv *obj, const char *lang, const char *key, const char *message, const struct i18n_arg *args,
	      size_t n);
/* Sets obj[key] to the time as RFC 3339 and obj[key_time] as people read it (in the desk's time zone, naming
 * it; scripts show the reader's own). Both null for 0. */
void view_time(struct jv *obj, const char *key, int64_t wall_ms);
/* "4 minutes": rounded up, never finer than minutes. */
struct slice view_duration(struct request *rq, const char *lang, int64_t seconds);
/* The words for `lang` in `en: words | de: words | words for all others`; nearest first: the language, its base, words without a code,
 * English, the first. A view into `all`; empty when it holds no words. */
struct slice view_by_language(struct slice all, const char *lang);
/* The site question (configuration) for a reader of `lang`, without its answers; empty when there is none. */
struct slice view_site_question(const char *lang);
/* "18:00–21:00": from that hour of the week on, for so many; midnight as an end is 24:00. */
struct slice view_hours(struct request *rq, int start, int length);
/* The message that names a day of the week, 0: Monday. */
const char *view_weekday(int day);
/* The name of a language by its code, as `lang` writes it; the code itself when there is none, words for that without a code. */
struct slice view_language(struct request *rq, const char *lang, struct slice code);
/* The desk's time zone, as `lang` calls it: "Central European Time". */
struct slice view_zone(struct request *rq, const char *lang);

/* The frame of a public page. `title` is a message whose $1 is the desk's name and $2 `arg`. Owned by the caller. */
struct jv *view_frame(struct request *rq, const char *lang, const char *title, struct slice arg);
/* The frame of a staff page: also who is logged in, the counts in the navigation and the keys. `at` names the current part. */
enum err view_staff_frame(struct request *rq, const char *lang, const char *at, struct jv **out, struct error *e) MUST_CHECK;
/* {open, headline, text, waits?} under `status`. */
void view_wait(struct request *rq, struct jv *page, const char *lang, const struct wait *w);

/* The answer is HTML in this language, and not to be stored. */
void view_head(struct response *rs, const char *lang);
/* Renders `name` and frees `page`; view_head. */
enum err view_send(struct request *rq, struct response *rs, const char *name, const char *lang, struct jv *page, struct error *e) MUST_CHECK;
/* Part of a form's text that is good UTF-8 and absent when empty after trimming. */
struct slice view_field(struct request *rq, const char *name);
/* Text of several lines: forms send CR LF, everything else here has LF. Empty when absent. */
enum err view_field_lines(struct request *rq, const char *name, struct slice *out, struct error *e) MUST_CHECK;
/* A whole number in a form; 0 when absent. ERR_MALFORMED otherwise. */
enum err view_field_int(struct request *rq, const char *name, int64_t *out, struct error *e) MUST_CHECK;
/* A ":id" of the path. ERR_NOT_FOUND when it is no number. */
enum err view_param_id(struct request *rq, int i, int64_t *out, struct error *e) MUST_CHECK;

/* Why an act was not done, as a message for the page that is shown again; NULL: it belongs on an error page. */
const char *view_trouble(const struct error *why);
/* Says when to try again, where waiting helps. Returns these seconds; 0 where it does not. */
int view_retry_after(struct response *rs, const struct error *why);

/* Calls fn for each trimmed part of a comma-separated configuration value. */
void view_each_part(const char *list, void (*fn)(void *ctx, struct slice part), void *ctx);
/* Where a page of the wiki is read; null when the desk knows no wiki. */
struct jv *view_wiki_link(struct slice page);
/* Parts of a tree from below, as templates want them. A text; null when it is missing or empty. */
struct jv *view_text_of(const struct jv *from, const char *key);
/* A number as text, so that a zero is shown: Mustache takes the number 0 for nothing. */
struct jv *view_number(struct request *rq, int64_t n);
/* A score or a weight with one decimal. */
struct jv *view_score_of(const struct jv *from);
/* Sets obj[at] and obj[time] from an RFC 3339 time in UTC. */
void view_at(struct request *rq, struct jv *obj, struct slice at);

/* Why a rule or a check weighed, in words. Rules speak as their files do, in every language; the desk's own checks, and its guards (by name
 * and words), speak the reader's. */
struct jv *view_reason(struct request *rq, const char *lang, const struct jv *hit);
struct jv *view_guard(struct request *rq, const char *lang, const struct jv *guard);
/* Under `verdict`: what the filter saw in the question, for moderators; null for others and where there is no verdict. */
void view_verdict(struct request *rq, const char *lang, int64_t ticket, struct jv *page);

struct view_log {
	const struct ticket *ticket;
	enum view view;
	int64_t me;            /* staff: the account that reads */
	bool moderator;
	int64_t unread_after;  /* a line "new" before the first entry of others past this number; 0: none */
	int64_t seen;          /* the other side has read up to here: the last message of this side up to it says so */
	const char *reply;     /* link for "reply", to which the number is added; NULL: no such tool */
	const char *hide;      /* link to the question before hiding a message, to which the number is added; NULL: no such tool */
	const char *show;      /* where a form that shows a hidden message again goes; NULL: no such tool */
};
/* The entries as the template _entry wants them, with edits, releases and hidings applied. */
struct jv *view_log(struct request *rq, const char *lang, const struct page *p, const struct view_log *o);
/* What stood in entry n, for a quotation: at most 120 characters in one line; "" when it is not to be seen. */
struct slice view_quote(struct request *rq, const struct page *p, int64_t n);

#endif
