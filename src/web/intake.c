#include "web/intake.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <strings.h>

#include "base/conf.h"
#include "base/log.h"
#include "web/heads.h"
#include "web/session.h"

enum { TEXT_MAX_BYTES = 8192 };

/* Percent-decoded, is it text? */
static bool text_ok(struct slice raw)
{
	char decoded[TEXT_MAX_BYTES + 1];
	if (raw.len > TEXT_MAX_BYTES)
		return false;
	return form_text_ok(slice_make(decoded, form_percent(raw, decoded)));
}

static enum method read_method(const char *text, bool *head)
{
	static const char *const names[METHOD_OTHER] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
	*head = strcmp(text, "HEAD") == 0;
	if (*head)
		return METHOD_GET;
	int i = 0;
	while (i < METHOD_OTHER && strcmp(text, names[i]) != 0)
		i++;
	return (enum method)i;
}

/* What public_url holds before the path may be there or have been cut off by the proxy. */
static struct slice without_base(struct slice path)
{
	struct slice base = slice_of(request_base());
	if (base.len == 0 || !slice_starts(path, base))
		return path;
	if (path.len == base.len)
		return SLICE("/");
	return path.ptr[base.len] == '/' ? slice_from(path, base.len) : path;
}

static void find_route(struct exchange *x)
{
	struct request *rq = &x->rq;
	rq->route = route_find(rq->method, rq->path, x->raw_params, NULL, &x->address);
	if (rq->route != NULL)
		return;
	if (x->address.methods != 0)
		exchange_refuse_later(x, 405, ERR_MALFORMED, "This address does not take that method.");
	else
		exchange_refuse_later(x, 404, ERR_NOT_FOUND, "");
}

/* Once: every request comes that way. */
static void say_unknown(void)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;
	if (!atomic_flag_test_and_set(&said))
		log_warn("web/intake", "requests come through a proxy that does not say for whom, or that trusted_proxies does not name: their senders are unknown");
}

static void read_way(struct exchange *x)
{
	struct forwarding f = { .chain = SLICE_NONE };
	for (int i = 0; i < x->head_count; i++) {
		const struct head *h = &x->heads[i];
		/* Of several, the last was written by the nearest proxy. */
		if (h->name.len == 15 && strncasecmp(h->name.ptr, "x-forwarded-for", 15) == 0)
			f.chain = h->value;
		f.any |= (h->name.len > 12 && strncasecmp(h->name.ptr, "x-forwarded-", 12) == 0) ||
			(h->name.len == 9 && strncasecmp(h->name.ptr, "forwarded", 9) == 0) ||
			(h->name.len == 9 && strncasecmp(h->name.ptr, "x-real-ip", 9) == 0) || (h->name.len == 3 && strncasecmp(h->name.ptr, "via", 3) == 0);
	}
	x->forwarded = f.any;
	x->sender = peer_sender(&x->peer, &f, conf()->trusted_proxies);
	if (x->peer.known && !x->sender.known && f.any)
		say_unknown();
}

bool intake_head(struct exchange *x, const struct intake *in)
{
	struct request *rq = &x->rq;
	struct slice path = slice_of(in->url);
	struct head_layout layout = { in->head_bytes != 0 ? in->method : NULL, in->version, in->head_bytes };

	x->http10 = strcmp(in->version, "HTTP/1.0") == 0;
	rq->secure = strncmp(request_origin(), "https:", 6) == 0;
	rq->method = read_method(in->method, &x->head);
	if (!slice_starts(path, SLICE("/"))) {
		/* "GET http://host/path": RFC 9112 section 3.2.2 has servers take it. */
		const char *host = strstr(in->url, "://"), *at = host != NULL ? strchr(host + 3, '/') : NULL;
		path = at != NULL ? slice_of(at) : SLICE("/");
		if (host == NULL)
			exchange_refuse_later(x, 400, ERR_MALFORMED, "The address does not begin with a slash.");
	}
	rq->path = without_base(path);
	if (strpbrk(in->url, " \t") != NULL)
		exchange_refuse_later(x, 400, ERR_MALFORMED, "The address holds a space.");

	if (!x->http10 && strcmp(in->version, "HTTP/1.1") != 0)
		exchange_refuse_later(x, 505, ERR_MALFORMED, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
	if (in->head_bytes > INTAKE_HEAD_MAX_BYTES)
		exchange_refuse_later(x, 431, ERR_MALFORMED, "The head of this request is too long.");
	const char *wrong = x->refuse == 0 ? heads_wrong(x->heads, x->head_count, in->version, &layout) : NULL;
	if (wrong != NULL)
		exchange_refuse_later(x, 400, ERR_MALFORMED, wrong);
	if (x->refuse != 0) {
		x->close = true;
		return true;
	}

	read_way(x);
	bool crowded = in->open > in->room - in->room / 10;
	if (in->open > in->room || (crowded && !session_claims_staff(rq))) {
		exchange_refuse_later(x, 503, ERR_BUSY, "Too many people are here at once. Please come back in a moment.");
		x->refusal.retry_after_s = 5;
		x->close = true;
		return true;
	}
	x->staff_only = crowded;

	if (!text_ok(path) || !text_ok(x->query))
		exchange_refuse_later(x, 400, ERR_MALFORMED, "The address holds bytes that are not valid UTF-8 text.");
	size_t fields = 0;
	for (size_t i = 0; i < x->query.len; i++)
		fields += x->query.ptr[i] == '&';
	if (fields >= FORM_FIELDS_MAX)
		exchange_refuse_later(x, 400, ERR_MALFORMED, "The address has too many fields.");
	find_route(x);

	struct slice length = request_header(rq, "content-length");
	x->body_max = route_body_max(rq->route, session_claims_staff(rq));
	if (length.ptr != NULL && strtoull(length.ptr, NULL, 10) > x->body_max) {
		exchange_refuse_later(x, 413, ERR_TOO_LARGE, "The body is longer than this address takes.");
		x->close = true;
		/* Now, if the client has asked before it sends, or would send more than we read and forget. */
		return request_header(rq, "expect").ptr != NULL || strtoull(length.ptr, NULL, 10) > INTAKE_DRAIN_MAX_BYTES;
	}
	return false;
}
