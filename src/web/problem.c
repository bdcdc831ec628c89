#include "web/problem.h"

#include <stdio.h>

#include "base/conf.h"
#include "web/exchange.h"
#include "web/i18n.h"
#include "web/page.h"
#include "web/view.h"

int problem_status(enum err code)
{
	switch (code) {
	case ERR_OK: return 200;
	case ERR_MALFORMED: return 400;
	case ERR_UNAUTHENTICATED: return 401;
	case ERR_FORBIDDEN: return 403;
	case ERR_NOT_FOUND: return 404;
	case ERR_CONFLICT: return 409;
	case ERR_PRECONDITION: return 412;
	case ERR_TOO_LARGE: return 413;
	case ERR_INVALID: return 422;
	case ERR_NO_PRECONDITION: return 428;
	case ERR_LIMITED: return 429;
	case ERR_BUSY:
	case ERR_NOMEM:
	case ERR_IO: return 503;
	case ERR_CORRUPT:
	case ERR_INTERNAL: return 500;
	}
	return 500;
}

/* "Not Found"; "Error" for unknown ones. */
static const char *phrase(int status)
{
	switch (status) {
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 409: return "Conflict";
	case 412: return "Precondition Failed";
	case 413: return "Content Too Large";
	case 415: return "Unsupported Media Type";
	case 422: return "Unprocessable Content";
	case 428: return "Precondition Required";
	case 429: return "Too Many Requests";
	case 431: return "Request Header Fields Too Large";
	case 500: return "Internal Server Error";
	case 503: return "Service Unavailable";
	case 505: return "HTTP Version Not Supported";
	default: return "Error";
	}
}

struct jv *problem_tree(int status, const struct error *e)
{
	struct jv *v = jv_object();
	v = jv_set_string(v, "type", "about:blank");
	v = jv_set_string(v, "title", phrase(status));
	v = jv_set_int(v, "status", status);
	v = jv_set_string(v, "detail", e->message[0] != '\0' ? e->message : phrase(status));
	if (e->field[0] != '\0')
		v = jv_set_string(v, "field", e->field);
	if (e->retry_after_s > 0)
		v = jv_set_int(v, "retry_after", e->retry_after_s);
	return v;
}

static void answer_document(struct response *rs, int status, const struct error *e)
{
	struct error ignored;
	if (response_json(rs, status, problem_tree(status, e), &ignored) != ERR_OK)
		str_reset(response_body(rs));
	response_type(rs, "application/problem+json");
}

/* What a reader is told where no error has words of its own. */
static const char *words(int status)
{
	switch (status) {
	case 404: return "There is nothing at this address. If you followed a link, it may have been cut off on the way.";
	case 405: return "This address does not do that.";
	case 500: return "Something went wrong on our side. Nothing you wrote was taken; please try again in a moment.";
	case 503: return "We are busy right now and nothing was taken. Please try again in a moment.";
	default: return phrase(status);
	}
}

/* "error-404" and "error-404-text" where the catalogue has them, else ours. */
static struct slice said(struct request *rq, const char *lang, int status, const char *tail, const char *otherwise)
{
	char key[32];
	snprintf(key, sizeof key, "error-%d%s", status, tail);
	struct slice text = i18n_has(key) ? i18n_text(rq->arena, lang, key, I18N_NONE) : SLICE_NONE;
	return text.ptr != NULL ? text : slice_of(otherwise);
}

static void answer_page(struct request *rq, struct response *rs, int status, const struct error *e)
{
	struct slice asked = request_query(rq, "uselang");
	const char *lang = i18n_choose(asked, request_cookie(rq, rq->secure ? "__Host-uselang" : "uselang"), request_header(rq, "accept-language"));
	struct error trouble;
	struct slice heading = said(rq, lang, status, "", phrase(status));
	/* The catalogue speaks the reader's language; an error's own message is English and meant for programs and logs. */
	struct slice text = said(rq, lang, status, "-text", e->message[0] != '\0' ? e->message : words(status));
	struct jv *c = jv_object();
	c = jv_set_string(c, "base", request_base());
	c = jv_set_string(c, "lang", lang);
	c = jv_set_string(c, "dir", i18n_dir(lang));
	c = jv_set_string(c, "desk", conf()->desk_name);
	view_carry(rq, c);
	c = jv_set_text(c, "title", heading);
	c = jv_set_text(c, "heading", heading);
	c = jv_set_text(c, "text", text);
	if (status == 404 && slice_starts(rq->path, SLICE("/q/")))
		c = jv_set_text(c, "advice", said(rq, lang, status, "-advice", ""));
	c = jv_set_bool(c, "staff", rq->who.account != 0);
	struct str *body = response_body(rs);
	str_reset(body);
	response_type(rs, "text/html; charset=utf-8");
	if (c == NULL || page_render("error", lang, c, body, &trouble) != ERR_OK) {
		/* A broken template on disk must not take the reason with it. */
		str_reset(body);
		str_adds(body, "<!doctype html><meta charset=\"utf-8\"><title>");
		str_add_html(body, heading);
		str_adds(body, "</title><h1>");
		str_add_html(body, heading);
		str_adds(body, "</h1><p>");
		str_add_html(body, text);
		str_adds(body, "</p>\n");
	}
	if (str_failed(body))
		str_reset(body);
	jv_free(&c);
}

void problem_answer(struct request *rq, struct response *rs, int status, const struct error *e)
{
	struct exchange *x = rq->exchange;
	unsigned flags = rq->route != NULL ? rq->route->flags : x->address.flags;
	bool api = flags != 0 ? (flags & ROUTE_API) != 0 : slice_starts(rq->path, SLICE("/api/"));
	if (status == 0)
		status = problem_status(e->code);
	response_reset(rs);
	response_status(rs, status);
	if (api)
		answer_document(rs, status, e);
	else
		answer_page(rq, rs, status, e);
	response_status(rs, status);
	if (e->retry_after_s > 0 || status == 503 || status == 429) {
		char seconds[16];
		snprintf(seconds, sizeof seconds, "%d", e->retry_after_s > 0 ? e->retry_after_s : 2);
		response_header(rs, "Retry-After", seconds);
	}
	if (status == 401 && api)
		response_header(rs, "WWW-Authenticate", "Bearer");
	if (status == 405) {
		static const char *const names[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
		char allow[64] = "";
		size_t at = 0;
		for (int m = METHOD_GET; m <= METHOD_DELETE; m++)
			if (x->address.methods >> m & 1)
				at += (size_t)snprintf(allow + at, sizeof allow - at, "%s%s%s", at > 0 ? ", " : "", names[m], m == METHOD_GET ? ", HEAD" : "");
		response_header(rs, "Allow", allow);
	}
}
