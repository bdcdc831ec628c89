/*
 * route: the one table of what can be asked for, and by whom. Rows live in the .def files of src/web/routes:
 *
 *     ROUTE(METHOD, "/api/v1/tickets/:id/claim", WHO_HELPER, FLAGS, handler, "One sentence for the documentation.")
 *
 * The default is nobody: a row without a known `who` does not compile.
 */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "web/request.h"

enum who {
	WHO_ANYBODY,   /* no credential needed */
	WHO_LINK,      /* the handler proves the link token in params[0] (or the bearer token for "-") */
	WHO_LOOPBACK,  /* peers on loopback without forwarding headers, or an admin's key */
	WHO_TRIAL,     /* any staff account */
	WHO_HELPER,
	WHO_MODERATOR,
	WHO_ADMIN,
};

enum route_flags {
	ROUTE_API = 1,      /* errors are problem documents; staff writes need X-CSRF-Token or a bearer key */
	ROUTE_PAGE = 2,     /* errors are pages; staff writes need the `csrf` field */
	ROUTE_STREAM = 4,   /* answers with an event stream */
	ROUTE_INLINE = 8,   /* answered on the polling thread: must not block and gets no db */
	ROUTE_PASSWORD = 16, /* runs on the password pool */
	ROUTE_SLOW = 32,    /* runs on the low-priority pool (exports, replay) */
	ROUTE_ASK = 64,     /* runs on the screening pool */
	ROUTE_FILE = 128,   /* takes a whole rule file: ROUTE_FILE_BODY_MAX_BYTES, from whoever claims to be staff */
};

/* A rule file as it is, or in a form or JSON that spells some of its bytes longer. */
enum { ROUTE_FILE_BODY_MAX_BYTES = 6 << 20 };

typedef enum err (*route_handler)(struct request *rq, struct response *rs, struct error *e);

struct route {
	enum method method;
	const char *path; /* ":name" matches one non-empty segment */
	enum who who;
	unsigned flags;
	route_handler handler;
	const char *handler_name, *doc;
};

extern const struct route routes[];
extern const size_t routes_count;

/* What an address takes instead of a method that it does not. */
struct address {
	unsigned methods; /* bit 1 << method; 0: there is no such address */
	unsigned flags;   /* of its rows */
};

/* NULL with at->methods == 0: unknown path (404), or `a` is full. NULL otherwise: only other methods (405).
 * Literal segments win over ":name", whatever the method. With `a` NULL the params stay as they stand in `path`; route_decode does
 * the rest later. */
const struct route *route_find(enum method m, struct slice path, struct slice params[REQUEST_PARAMS_MAX], struct arena *a, struct address *at);
/* How long a body this route takes; NULL: one that is none. */
size_t route_body_max(const struct route *r, bool staff);
/* Percent-decodes into the arena (NUL-terminated). False when it is full. */
bool route_decode(struct slice params[REQUEST_PARAMS_MAX], struct arena *a);

#endif
