#include "web/session.h"

#include <strings.h>

#include "base/crypt.h"
#include "desk/people.h"
#include "web/exchange.h"
#include "web/people_pages.h"

static struct slice bearer(const struct request *rq)
{
	struct slice h = request_header(rq, "authorization");
	if (h.len < 7 || strncasecmp(h.ptr, "bearer ", 7) != 0)
		return SLICE_NONE;
	h = slice_from(h, 7);
	while (h.len > 0 && h.ptr[0] == ' ')
		h = slice_from(h, 1);
	return h;
}

static struct slice session_cookie(const struct request *rq)
{
	return request_cookie(rq, rq->secure ? "__Host-" SESSION_COOKIE : SESSION_COOKIE);
}

bool session_claims_staff(const struct request *rq)
{
	return session_cookie(rq).ptr != NULL || slice_starts(bearer(rq), SLICE("plk_"));
}

/* By Sec-Fetch-Site, else by Origin. */
static bool is_cross_site(const struct request *rq)
{
	struct slice site = request_header(rq, "sec-fetch-site");
	if (site.ptr != NULL)
		return !slice_is(site, "same-origin") && !slice_is(site, "none");
	struct slice origin = request_header(rq, "origin");
	/* Older browsers say nothing, or "null" because our own pages ask for no referrer: they must still be able to ask. */
	if (origin.ptr == NULL || slice_is(origin, "null") || slice_is(origin, request_origin()))
		return false;
	/* Without a public_url people may come by any name of this machine. */
	struct slice host = request_header(rq, "host"), at = slice_starts(origin, SLICE("http://")) ? slice_from(origin, 7) : SLICE_NONE;
	return conf()->public_url[0] != '\0' || at.ptr == NULL || host.len != at.len || strncasecmp(host.ptr, at.ptr, host.len) != 0;
}

static enum role least(enum who who)
{
	switch (who) {
	case WHO_TRIAL: return ROLE_TRIAL;
	case WHO_HELPER: return ROLE_HELPER;
	case WHO_MODERATOR: return ROLE_MODERATOR;
	case WHO_ADMIN: return ROLE_ADMIN;
	default: return ROLE_NOBODY;
	}
}

/* In a query; slashes and dots as they are, for whoever reads the address. */
static const char in_query[] = "/-_.~";

/* A page for staff without a session: to the login and back. A form of ours takes its words along. */
static enum err to_login(struct request *rq, struct response *rs, bool *answered, struct error *e)
{
	struct str to;
	if (rq->method != METHOD_GET && !rq->cross_site) {
		*answered = true;
		return people_pages_log_in_again(rq, rs, e);
	}
	str_init(&to, 8192);
	str_adds(&to, "/login");
	if (rq->method == METHOD_GET && !slice_is(rq->path, "/desk")) {
		str_adds(&to, "?next=");
		str_add_encoded(&to, rq->path, in_query);
		if (rq->exchange->query.len > 0) {
			str_adds(&to, "%3F");
			str_add_encoded(&to, rq->exchange->query, in_query);
		}
	}
	if (str_failed(&to)) {
		str_fini(&to);
		return err_nomem(e);
	}
	response_redirect(rs, rq, str_c(&to));
	str_fini(&to);
	*answered = true;
	return ERR_OK;
}

static enum err prove_csrf(struct request *rq, struct error *e)
{
	struct slice given;
	if (rq->route->flags & ROUTE_PAGE) {
		enum err r = request_form(rq, e);
		if (r != ERR_OK)
			return r;
		given = request_field(rq, "csrf");
	} else {
		given = request_header(rq, "x-csrf-token");
	}
	if (given.ptr == NULL || given.len != rq->csrf.len || !crypt_equal(given.ptr, rq->csrf.ptr, given.len))
		return err_set(e, ERR_FORBIDDEN, "This request does not carry the session's CSRF token. Load the page again.");
	return ERR_OK;
}

enum err session_prove(struct request *rq, struct response *rs, bool *answered, struct error *e)
{
	const struct route *route = rq->route;
	struct exchange *x = rq->exchange;
	enum role need = least(route->who);
	bool staff = need != ROLE_NOBODY;
	struct slice cookie = session_cookie(rq), token = bearer(rq);
	bool key = slice_starts(token, SLICE("plk_"));
	unsigned scopes = 0;
	enum err r = ERR_OK;

	*answered = false;
	rq->cross_site = is_cross_site(rq);
	if (cookie.ptr != NULL && token.ptr != NULL && (staff || key))
		return err_set(e, ERR_MALFORMED, "Send the session cookie or an Authorization header, not both.");
	if (route->who == WHO_LINK && token.ptr != NULL)
		cookie = SLICE_NONE;
	if (key) {
		r = people_key_find(rq->desk, rq->db, rq->arena, token, &rq->who, &scopes, e);
	} else if (cookie.ptr != NULL && cookie.len > 0) {
		struct people_session s;
		r = people_session_find(rq->desk, rq->db, rq->arena, cookie, &s, e);
		if (r == ERR_OK) {
			rq->who = s.who;
			rq->csrf = arena_slice(rq->arena, slice_of(s.csrf));
			if (rq->csrf.ptr == NULL)
				return err_nomem(e);
		}
	}
	if (r == ERR_UNAUTHENTICATED && !staff && !key)
		r = ERR_OK; /* an old cookie does not keep anybody from asking */
	if (x->staff_only && rq->who.role == ROLE_NOBODY) {
		rs->close = true;
		if (r == ERR_OK || r == ERR_UNAUTHENTICATED) {
			r = err_set(e, ERR_BUSY, "Too many people are here at once. Please come back in a moment.");
			e->retry_after_s = 5;
		}
	}
	if (r == ERR_UNAUTHENTICATED && staff && !key && (route->flags & ROUTE_PAGE))
		return to_login(rq, rs, answered, e);
	if (r != ERR_OK)
		return r;

	if (route->who == WHO_LOOPBACK) {
		if ((scopes & SCOPE_METRICS) || rq->who.role == ROLE_ADMIN)
			return ERR_OK;
		/* A proxy that forwards strangers to us also comes from loopback. */
		if (peer_loopback(&x->peer) && !x->forwarded)
			return ERR_OK;
		return key ? err_set(e, ERR_FORBIDDEN, "This key may not do that.") : err_set(e, ERR_NOT_FOUND, "There is nothing at this address.");
	}
	if (!staff)
		return ERR_OK;
	if (rq->who.account == 0) {
		if (route->flags & ROUTE_PAGE)
			return to_login(rq, rs, answered, e);
		return err_set(e, ERR_UNAUTHENTICATED, "This needs a session or an API key.");
	}
	if (rq->who.role < need)
		return err_set(e, ERR_FORBIDDEN, "Your account may not do that.");
	if (rq->method != METHOD_GET) {
		if (key && !(scopes & SCOPE_WRITE))
			return err_set(e, ERR_FORBIDDEN, "This key may only read.");
		if (!key) {
			r = prove_csrf(rq, e);
			if (r == ERR_FORBIDDEN && (route->flags & ROUTE_PAGE) && !rq->cross_site) {
				*answered = true;
				return people_pages_log_in_again(rq, rs, e);
			}
			return r;
		}
	}
	return ERR_OK;
}
