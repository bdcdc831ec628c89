/*
 * request: one HTTP request as a handler sees it, and the answer it fills. Knows nothing of libmicrohttpd.
 *
 * A handler runs on a worker, with the worker's read-only connection and an arena that ends with the request. It returns
 * ERR_OK after filling the response, or an error that `web` answers: a problem document (RFC 9457) below /api/, a page
 * elsewhere. All slices of a request are valid UTF-8 without NUL (the server answers 400 otherwise) and live as
 * long as the request.
 */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/slice.h"
#include "base/str.h"
#include "desk/desk.h"

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_OTHER }; /* HEAD is METHOD_GET; no route is METHOD_OTHER */

struct route;
struct exchange; /* the server's side of a request */

enum { REQUEST_PARAMS_MAX = 4, REQUEST_BODY_MAX_BYTES = 65536 };

struct request {
	enum method method;                /* HEAD is answered as GET without a body */
	const struct route *route;
	struct slice params[REQUEST_PARAMS_MAX]; /* the route's `:name` segments, percent-decoded, in order */
	struct slice path;                 /* without query, not decoded; never logged */
	struct slice body;                 /* at most route_body_max() */
	struct desk *desk;
	struct db *db;                     /* read-only */
	struct arena *arena;
	struct actor who;                  /* filled before the handler runs */
	struct sender sender;
	struct slice csrf;                 /* the session's CSRF token, for forms; absent without a session */
	bool cross_site;                   /* by Sec-Fetch-Site or Origin: a state-changing form must be shown again, unwritten */
	bool secure;                       /* public_url is https: cookies get __Host- and Secure */
	struct exchange *exchange;
};

/* Absent slice when there is none. Names are case-insensitive for headers. Query values are percent-decoded. */
struct slice request_header(const struct request *rq, const char *name);
struct slice request_query(const struct request *rq, const char *name);
struct slice request_cookie(const struct request *rq, const char *name);
/* A whole number in the query; absent leaves *out. ERR_MALFORMED otherwise. */
enum err request_query_int(const struct request *rq, const char *name, int64_t *out, struct error *e) MUST_CHECK;
/* The body as a JSON object (415 without application/json; an empty body is {}). Freed with the request. */
enum err request_json(struct request *rq, struct jv **out, struct error *e) MUST_CHECK;
/* The body as application/x-www-form-urlencoded. Read fields with request_field. */
enum err request_form(struct request *rq, struct error *e) MUST_CHECK;
struct slice request_field(const struct request *rq, const char *name);

struct response;

/* 200 unless set. */
void response_status(struct response *rs, int status);
/* The value is copied; a CR or LF in it drops the header and fails the request. */
void response_header(struct response *rs, const char *name, const char *value);
void response_type(struct response *rs, const char *content_type);
/* The body under construction (at most 8 MiB). */
struct str *response_body(struct response *rs);
/* Dumps and frees `v`, sets application/json. ERR_NOMEM when v is NULL. */
enum err response_json(struct response *rs, int status, struct jv *v, struct error *e) MUST_CHECK;
/* 303 with Location: public base + path. `path` starts with "/" and is not percent-encoded further. */
void response_redirect(struct response *rs, const struct request *rq, const char *path);
/* Cookie attributes: HttpOnly, SameSite=Lax, Path=/, Secure and the __Host- prefix where rq->secure. max_age_s 0 deletes. */
void response_cookie(struct response *rs, const struct request *rq, const char *name, const char *value, int64_t max_age_s);
/* Turns the answer into an event stream (text/event-stream): first `prefix` (bytes of ready frames), then what the
 * subscription brings. Takes the subscription, made before the prefix was read from the log. */
void response_stream(struct response *rs, struct sub *s, struct slice prefix);
/* To be given to hub_subscribe as `wake` and `ctx` for that stream. */
void (*response_wake(struct response *rs, void **ctx))(void *ctx);

/* An absolute link below public_url (or the listening address): request_url(arena, "/q/%s", token). NULL: out of memory. */
char *request_url(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_CHECK;
/* The path part of public_url, "" or "/desk": every link in a page starts with it. */
const char *request_base(void);

#endif
