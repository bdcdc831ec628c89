/*
 * api: what the handlers of the JSON API have in common: proving the link, reading ids, times and bodies, writing answers.
 *
 * Handlers live in api_asker, api_staff, api_moderator and api_admin, by who may call them; their rows in routes/api.def and
 * their description in templates/openapi.json, which tests compare. Errors follow base/err; `web` turns them into problem
 * documents. Every answer is `no-store`. Runs on the calling worker.
 */
#ifndef WEB_API_H
#define WEB_API_H

#include "desk/repeat.h"
#include "desk/talk.h"
#include "desk/ticket.h"
#include "live/hub.h"
#include "web/request.h"

/* "-" in place of the token means the bearer token of the Authorization header. */
enum err api_token(struct request *rq, struct slice *token, struct error *e) MUST_CHECK;
/* The ticket of api_token. ERR_NOT_FOUND for any link that opens nothing. */
enum err api_link(struct request *rq, struct ticket *t, struct error *e) MUST_CHECK;
/* A decimal id. ERR_NOT_FOUND for anything else: such a thing cannot exist. */
enum err api_id(struct slice text, int64_t *id, struct error *e) MUST_CHECK;
/* The id that the path, the query or the body names, in this order. `body` may be NULL. ERR_INVALID when none does. */
enum err api_named_id(struct request *rq, const struct jv *body, int64_t *id, struct error *e) MUST_CHECK;
/* params[0] as a ticket this member of staff may read. */
enum err api_staff_ticket(struct request *rq, struct ticket *t, struct error *e) MUST_CHECK;

/* Fields of a body. Ids are written as strings and read as strings or whole numbers; absent leaves *out. Another type is
 * ERR_MALFORMED, a text that is no id ERR_INVALID, both with the field. */
enum err api_want_id(const struct jv *body, const char *key, int64_t *out, struct error *e) MUST_CHECK;
/* RFC 3339 to wall ms. ERR_INVALID for a text that is none. */
enum err api_want_time(const struct jv *body, const char *key, int64_t *out, struct error *e) MUST_CHECK;
/* A text that must be there and not be empty; ERR_INVALID otherwise. */
enum err api_need_text(const struct jv *body, const char *key, struct slice *out, struct error *e) MUST_CHECK;
/* `after` of the query, or with `stream` the Last-Event-ID header, which wins. Negative is ERR_MALFORMED. */
enum err api_after(struct request *rq, bool stream, int64_t *after, struct error *e) MUST_CHECK;

/* Fills ticket (from `id`), who, by, fence, seen, client_id and reason from the request. A moderator who names `seen` and
 * no fence acts as moderator, everybody else as helper. */
enum err api_act(struct request *rq, const struct jv *body, int64_t id, struct act *out, struct error *e) MUST_CHECK;

/* The client_id of a body that creates something, for desk/repeat: *out is NULL without one, else `store`. */
enum err api_repeat(struct request *rq, const struct jv *body, struct repeat *store, struct repeat **out, struct error *e) MUST_CHECK;

/* 201, or 200 where it was made before. `r` may be NULL. */
int api_made(const struct repeat *r);

/* An id as the API writes it: a string. */
struct jv *api_id_json(struct request *rq, int64_t id);

/* Answers. Each takes `v`. */
enum err api_answer(struct response *rs, int status, struct jv *v, struct error *e) MUST_CHECK;
enum err api_done(struct response *rs); /* 204 */
/* POST .../report: {n?, reason, client_id?} -> 201 {n, at}. `who` NULL: the asker. */
enum err api_report(struct request *rq, struct response *rs, int64_t ticket, const struct actor *who, struct error *e) MUST_CHECK;
/* POST .../read: {n?} -> 204. account 0: the asker. */
enum err api_read(struct request *rq, struct response *rs, const struct ticket *t, int64_t account, struct error *e) MUST_CHECK;
/* {n, at, state, lease?: {fence, expires}} with 200. */
enum err api_acted(struct response *rs, const struct acted *done, struct error *e) MUST_CHECK;
/* {fence, expires} */
struct jv *api_lease(int64_t fence, int64_t expires);
/* {n, at, lease?}: 201, or 200 for a repeat. */
enum err api_posted(struct response *rs, const struct posted *p, bool staff, struct error *e) MUST_CHECK;
/* The error as a problem document with further members, for the answers that have some. Takes `more`. Returns ERR_OK. */
enum err api_problem(struct response *rs, int status, const struct error *why, struct jv *more, struct error *e) MUST_CHECK;

/* Streams of one account over all its tabs. */
enum { API_STREAMS_OF_AN_ACCOUNT = 24 };

/* An event stream: what it listens to, and what it starts with. */
struct api_stream {
	struct topic topic;
	const struct topic *also;  /* a second one; NULL: none */
	int64_t after;             /* the number the request names */
	int64_t owner;
	int owner_max;
	void (*gone)(void *gone_ctx); /* may be NULL: called once, also when there will be no stream */
	void *gone_ctx;
	/* Writes what stands in the log already, once the stream listens. *reset: too far back. */
	enum err (*backlog)(struct request *rq, const struct api_stream *in, struct str *out, int64_t *last, bool *reset, struct error *e);
	const void *ctx;           /* for `backlog` */
	size_t backlog_max_bytes;
};
/* Opens it; or, when its start is too far back, answers with the event `reset` ("load the page again") and the end. */
enum err api_stream(struct request *rq, struct response *rs, const struct api_stream *in, struct error *e) MUST_CHECK;
/* The event stream of a ticket's log from the number the request names. */
enum err api_stream_ticket(struct request *rq, struct response *rs, const struct ticket *t, enum view v, struct error *e) MUST_CHECK;
/* As whom this member of staff reads a log; a moderator, also what was hidden. */
enum err api_reader(struct request *rq, const struct ticket *t, struct reader *out, struct error *e) MUST_CHECK;
/* The conversation as a download, in the format the query names (json). */
enum err api_transcript(struct request *rq, struct response *rs, const struct ticket *t, enum view v, struct error *e) MUST_CHECK;

#endif
