/*
 * session: turns what a request carries into who acts, and holds that against the route's `who`.
 *
 * A staff browser has a cookie, porchlight_session (__Host-porchlight_session where public_url is https) and proves each change by the
 * session's CSRF token: the header X-CSRF-Token for the API, the field `csrf` for pages. A program has Authorization: Bearer plk_... and
 * nothing else. Cookie and bearer together are refused (400): it would not be clear who acts. The bearer of an asker's link is the
 * handler's matter (WHO_LINK); on such routes a staff cookie beside it is not looked at.
 */
#ifndef WEB_SESSION_H
#define WEB_SESSION_H

#include "web/request.h"

#define SESSION_COOKIE "porchlight_session"

/* Fills rq->who, rq->csrf and rq->cross_site and decides. Runs on a pool thread, with rq->db and rq->arena.
 * ERR_OK: the handler may run, or (*answered) the answer is there: the way to /login. ERR_UNAUTHENTICATED, ERR_FORBIDDEN, ERR_MALFORMED,
 * or the store's errors otherwise. ERR_NOT_FOUND for WHO_LOOPBACK from elsewhere. */
enum err session_prove(struct request *rq, struct response *rs, bool *answered, struct error *e) MUST_CHECK;

/* True when the request carries something that looks like a staff credential: only for keeping headroom, proves nothing. */
bool session_claims_staff(const struct request *rq);

#endif
