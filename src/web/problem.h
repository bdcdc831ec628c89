/*
 * problem: the one place where errors become HTTP: a problem document (RFC 9457) below /api/ and for other ROUTE_API routes, a page elsewhere.
 */
#ifndef WEB_PROBLEM_H
#define WEB_PROBLEM_H

#include "base/json.h"
#include "web/request.h"

/* The status that API.md gives the code. */
int problem_status(enum err code);
/* {type, title, status, detail, field?}, for handlers that add members ("holder", "errors") before response_json; set the type
 * application/problem+json after it. NULL when out of memory. */
struct jv *problem_tree(int status, const struct error *e) MUST_CHECK;
/* Puts the error in place of whatever the answer held: status, body, Retry-After, Allow. `status` 0: by the code. Never fails; out of
 * memory it is a status without a body. */
void problem_answer(struct request *rq, struct response *rs, int status, const struct error *e);

#endif
