#include "web/request.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/conf.h"
#include "web/cookie.h"
#include "web/exchange.h"

/* --- what was asked ------------------------------------------------------------------------------------------------- */

struct slice request_header(const struct request *rq, const char *name)
{
	const struct exchange *x = rq->exchange;
	size_t len = strlen(name);
	for (int i = 0; i < x->head_count; i++)
		if (x->heads[i].name.len == len && strncasecmp(x->heads[i].name.ptr, name, len) == 0)
			return x->heads[i].value;
	return SLICE_NONE;
}

struct slice request_query(const struct request *rq, const char *name)
{
	struct exchange *x = rq->exchange;
	if (!x->query_parsed) {
		x->query_parsed = true;
		/* The server has refused what would not parse; only memory can be short here. */
		x->query_failed = form_parse(rq->arena, x->query, &x->query_form, NULL) != ERR_OK;
	}
	return x->query_failed ? SLICE_NONE : form_get(&x->query_form, slice_of(name));
}

struct slice request_cookie(const struct request *rq, const char *name)
{
	return cookie_find(request_header(rq, "cookie"), slice_of(name));
}

enum err request_query_int(const struct request *rq, const char *name, int64_t *out, struct error *e)
{
	struct slice s = request_query(rq, name);
	if (s.ptr == NULL)
		return ERR_OK;
	size_t i = s.len > 0 && s.ptr[0] == '-';
	int64_t value = 0;
	if (i == s.len)
		return err_field(e, ERR_MALFORMED, name, "This is not a whole number.");
	for (size_t at = i; at < s.len; at++) {
		if (s.ptr[at] < '0' || s.ptr[at] > '9' || __builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, s.ptr[at] - '0', &value))
			return err_field(e, ERR_MALFORMED, name, "This is not a whole number.");
	}
	*out = i ? -value : value;
	return ERR_OK;
}

/* Compares a media type without its parameters. */
static bool media_is(struct slice type, const char *want)
{
	size_t len = strlen(want);
	if (type.len < len || strncasecmp(type.ptr, want, len) != 0)
		return false;
	return type.len == len || type.ptr[len] == ';' || type.ptr[len] == ' ' || type.ptr[len] == '\t';
}

/* An answer that no enum err stands for. */
static enum err refuse(struct exchange *x, int status, struct error *e, const char *message)
{
	x->error_status = status;
	return err_set(e, ERR_MALFORMED, "%s", message);
}

void exchange_refuse_later(struct exchange *x, int status, enum err code, const char *message)
{
	if (x->refuse != 0)
		return;
	x->refuse = status;
	err_set(&x->refusal, code, "%s", message);
}

enum err request_json(struct request *rq, struct jv **out, struct error *e)
{
	enum { JSON_DEPTH_MAX = 16 };
	struct exchange *x = rq->exchange;
	if (x->json == NULL) {
		struct slice type = request_header(rq, "content-type");
		if (rq->body.len == 0) {
			x->json = jv_object();
			if (x->json == NULL)
				return err_nomem(e);
		} else if (!media_is(type, "application/json")) {
			return refuse(x, 415, e, "The body must be application/json.");
		} else {
			struct jv *v = NULL;
			enum err r = jv_parse(rq->body, JSON_DEPTH_MAX, &v, e);
			if (r != ERR_OK)
				return r;
			if (jv_type(v) != JV_OBJECT) {
				jv_free(&v);
				return err_set(e, ERR_MALFORMED, "The body must be a JSON object.");
			}
			x->json = v;
		}
	}
	*out = x->json;
	return ERR_OK;
}

enum err request_form(struct request *rq, struct error *e)
{
	struct exchange *x = rq->exchange;
	if (x->form_parsed)
		return ERR_OK;
	if (rq->body.len != 0 && !media_is(request_header(rq, "content-type"), "application/x-www-form-urlencoded"))
		return refuse(x, 415, e, "The form must be sent as application/x-www-form-urlencoded.");
	enum err r = form_parse(rq->arena, rq->body, &x->form, e);
	x->form_parsed = r == ERR_OK;
	return r;
}

struct slice request_field(const struct request *rq, const char *name)
{
	return form_get(&rq->exchange->form, slice_of(name));
}

static void response_fini(struct response *rs)
{
	str_fini(&rs->body);
	if (rs->sub != NULL)
		hub_unsubscribe(rs->exchange->rq.desk->hub, &rs->sub);
	if (rs->stream != NULL)
		rs->exchange->stream_drop(rs->exchange);
	rs->stream = NULL;
}

void exchange_fini(struct exchange *x)
{
	jv_free(&x->json);
	response_fini(&x->rs);
}

/* --- what is answered ------------------------------------------------------------------------------------------------ */

void response_init(struct response *rs, struct exchange *x, struct arena *a)
{
	memset(rs, 0, sizeof *rs);
	rs->status = 200;
	rs->arena = a;
	rs->exchange = x;
	str_init(&rs->body, RESPONSE_BODY_MAX_BYTES);
}

void response_reset(struct response *rs)
{
	struct exchange *x = rs->exchange;
	struct arena *a = rs->arena;
	bool closing = rs->close;
	response_fini(rs);
	response_init(rs, x, a);
	rs->close = closing;
}

void response_status(struct response *rs, int status)
{
	rs->status = status;
}

void response_header(struct response *rs, const char *name, const char *value)
{
	struct slice n = arena_slice(rs->arena, slice_of(name)), v = arena_slice(rs->arena, slice_of(value));
	if (rs->head_count == RESPONSE_HEADS_MAX || n.ptr == NULL || v.ptr == NULL || strpbrk(value, "\r\n") != NULL) {
		rs->failed = true;
		return;
	}
	rs->heads[rs->head_count++] = (struct head){ n, v };
}

struct slice response_head(const struct response *rs, const char *name)
{
	for (int i = 0; i < rs->head_count; i++)
		if (strcasecmp(rs->heads[i].name.ptr, name) == 0)
			return rs->heads[i].value;
	return SLICE_NONE;
}

void response_type(struct response *rs, const char *content_type)
{
	rs->type = arena_strdup(rs->arena, content_type);
	if (rs->type == NULL || strpbrk(content_type, "\r\n") != NULL)
		rs->failed = true;
}

struct str *response_body(struct response *rs)
{
	return &rs->body;
}

void response_fixed(struct response *rs, struct slice bytes, struct kept *kept)
{
	rs->fixed = bytes;
	rs->kept = kept;
}

enum err response_json(struct response *rs, int status, struct jv *v, struct error *e)
{
	str_reset(&rs->body);
	enum err r = jv_dump(v, &rs->body);
	jv_free(&v);
	if (r != ERR_OK)
		return err_nomem(e);
	rs->status = status;
	rs->type = "application/json";
	return ERR_OK;
}

void response_redirect(struct response *rs, const struct request *rq, const char *path)
{
	(void)rq;
	assert(path[0] == '/');
	char *to = arena_printf(rs->arena, "%s%s", request_base(), path);
	str_reset(&rs->body);
	rs->status = 303;
	if (to == NULL)
		rs->failed = true;
	else
		response_header(rs, "Location", to);
}

void response_cookie(struct response *rs, const struct request *rq, const char *name, const char *value, int64_t max_age_s)
{
	char *line = arena_printf(rs->arena, "%s%s=%s; Path=/; HttpOnly; SameSite=Lax%s; Max-Age=%lld", rq->secure ? "__Host-" : "", name,
		value, rq->secure ? "; Secure" : "", (long long)max_age_s);
	if (line == NULL || strpbrk(value, ";, \t\"\\") != NULL)
		rs->failed = true;
	else
		response_header(rs, "Set-Cookie", line);
}

void (*response_wake(struct response *rs, void **ctx))(void *ctx)
{
	if (rs->stream == NULL)
		rs->stream = rs->exchange->stream_new(rs->exchange);
	*ctx = rs->stream;
	return rs->stream != NULL ? rs->exchange->stream_wake : NULL;
}

void response_stream(struct response *rs, struct sub *s, struct slice prefix)
{
	rs->sub = s;
	rs->prefix = arena_slice(rs->arena, prefix.ptr != NULL ? prefix : SLICE(""));
	if (rs->stream == NULL || rs->prefix.ptr == NULL)
		rs->failed = true;
	rs->status = 200;
	rs->type = "text/event-stream";
	rs->streaming = true;
}

/* --- links --------------------------------------------------------------------------------------------------------- */

/* What public_url says, cut into its parts. A new one for each configuration; the old ones stay, handlers may hold them. */
struct place {
	const struct conf *of;
	struct place *older;
	const char *origin, *base;
	char text[];
};

static pthread_mutex_t place_lock = PTHREAD_MUTEX_INITIALIZER;
static struct place *place_now;
static char listening[128];

void request_listening(const char *address)
{
	pthread_mutex_lock(&place_lock);
	snprintf(listening, sizeof listening, "http://%s", address);
	while (place_now != NULL) {
		struct place *older = place_now->older;
		free(place_now);
		place_now = older;
	}
	pthread_mutex_unlock(&place_lock);
}

static const struct place *place(void)
{
	static struct place nowhere = { .origin = "", .base = "" };
	const struct conf *c = conf();
	pthread_mutex_lock(&place_lock);
	if (place_now == NULL || place_now->of != c) {
		const char *url = c != NULL && c->public_url[0] != '\0' ? c->public_url : listening;
		size_t len = strlen(url);
		struct place *p = calloc(1, sizeof *p + 2 * len + 2);
		if (p == NULL) {
			/* Keep what was: links may be an old configuration's for a moment. */
			p = place_now != NULL ? place_now : &nowhere;
			pthread_mutex_unlock(&place_lock);
			return p;
		}
		const char *host = strstr(url, "://");
		const char *path = strchr(host != NULL ? host + 3 : url, '/');
		size_t origin = path != NULL ? (size_t)(path - url) : len, base = len - origin;
		while (base > 0 && url[origin + base - 1] == '/')
			base--;
		memcpy(p->text, url, origin);
		memcpy(p->text + len + 1, url + origin, base);
		p->origin = p->text;
		p->base = p->text + len + 1;
		p->of = c;
		p->older = place_now;
		place_now = p;
	}
	const struct place *p = place_now;
	pthread_mutex_unlock(&place_lock);
	return p;
}

const char *request_base(void)
{
	return place()->base;
}

const char *request_origin(void)
{
	return place()->origin;
}

char *request_url(struct arena *a, const char *fmt, ...)
{
	struct str s;
	va_list ap;
	const struct place *p = place();
	str_init(&s, 4096);
	str_adds(&s, p->origin);
	str_adds(&s, p->base);
	va_start(ap, fmt);
	str_addv(&s, fmt, ap);
	va_end(ap);
	struct slice out = str_dup(&s, a);
	str_fini(&s);
	return (char *)out.ptr;
}
