#include "web/api.h"

#include <stdio.h>

#include "desk/people.h"
#include "desk/presence.h"
#include "desk/publish.h"
#include "desk/report.h"
#include "desk/transcript.h"
#include "live/sse.h"
#include "web/problem.h"

/* Streams of one link. */
enum { STREAMS_OF_A_LINK = 3, BACKLOG_MAX_BYTES = 4 << 20 };

static struct slice bearer(struct request *rq)
{
	struct slice h = request_header(rq, "authorization");
	static const char scheme[] = "bearer ";
	if (h.len < sizeof(scheme) - 1)
		return SLICE_NONE;
	for (size_t i = 0; i < sizeof(scheme) - 1; i++) {
		char c = h.ptr[i];
		if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != scheme[i])
			return SLICE_NONE;
	}
	struct slice token = slice_from(h, sizeof(scheme) - 1);
	while (token.len && token.ptr[0] == ' ')
		token = slice_from(token, 1);
	return token;
}

enum err api_token(struct request *rq, struct slice *token, struct error *e)
{
	*token = rq->params[0];
	if (slice_is(*token, "-"))
		*token = bearer(rq);
	return token->ptr ? ERR_OK : err_set(e, ERR_UNAUTHENTICATED, "The link's token is missing from the Authorization header.");
}

enum err api_link(struct request *rq, struct ticket *t, struct error *e)
{
	struct slice token;
	enum err err = api_token(rq, &token, e);
	return err ? err : ticket_by_token(rq->db, rq->arena, token, t, e);
}

/* Decimal digits without a sign or leading zero, above 0. */
static bool id_read(struct slice text, int64_t *id)
{
	int64_t v = 0;
	if (!text.len || text.ptr[0] == '0')
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, text.ptr[i] - '0', &v))
			return false;
	}
	*id = v;
	return true;
}

enum err api_id(struct slice text, int64_t *id, struct error *e)
{
	return id_read(text, id) ? ERR_OK : err_set(e, ERR_NOT_FOUND, "There is no such thing here.");
}

enum err api_named_id(struct request *rq, const struct jv *body, int64_t *id, struct error *e)
{
	struct slice text = rq->params[0].ptr ? rq->params[0] : request_query(rq, "id");
	if (text.ptr)
		return api_id(text, id, e);
	*id = 0;
	enum err err = api_want_id(body, "id", id, e);
	return err || *id ? err : err_field(e, ERR_INVALID, "id", "The id is missing.");
}

enum err api_staff_ticket(struct request *rq, struct ticket *t, struct error *e)
{
	int64_t id;
	enum err err = api_id(rq->params[0], &id, e);
	return err ? err : ticket_for_staff(rq->desk, rq->db, rq->arena, &rq->who, id, t, e);
}

enum err api_want_id(const struct jv *body, const char *key, int64_t *out, struct error *e)
{
	const struct jv *v = jv_get(body, key);
	if (!v || jv_type(v) == JV_NULL)
		return ERR_OK;
	if (jv_type(v) == JV_INT && jv_int_of(v) > 0) {
		*out = jv_int_of(v);
		return ERR_OK;
	}
	if (jv_type(v) == JV_INT)
		return err_field(e, ERR_INVALID, key, "This is no id.");
	if (jv_type(v) != JV_STRING)
		return err_field(e, ERR_MALFORMED, key, "An id is a text of digits.");
	return id_read(jv_text_of(v), out) ? ERR_OK : err_field(e, ERR_INVALID, key, "This is no id.");
}

/* Days since 1970-01-01 of a date in the Gregorian calendar. */
static int64_t days_of(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400, year = y - era * 400;
	int64_t day = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + year * 365 + year / 4 - year / 100 + day - 719468;
}

static bool digits(const char **at, const char *end, int n, int *out)
{
	*out = 0;
	if (end - *at < n)
		return false;
	for (int i = 0; i < n; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		*out = *out * 10 + (**at - '0');
	}
	return true;
}

static bool literal(const char **at, const char *end, const char *any)
{
	if (*at == end || !strchr(any, **at) || !**at)
		return false;
	(*at)++;
	return true;
}

static enum err read_time(struct slice text, int64_t *wall_ms)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const char *at = text.ptr, *end = text.ptr + text.len;
	int y, mo, d, h, mi, s, ms = 0, zh = 0, zm = 0, sign = 0;
	if (!text.ptr || !digits(&at, end, 4, &y) || !literal(&at, end, "-") || !digits(&at, end, 2, &mo) ||
		!literal(&at, end, "-") || !digits(&at, end, 2, &d) || !literal(&at, end, "Tt ") || !digits(&at, end, 2, &h) ||
		!literal(&at, end, ":") || !digits(&at, end, 2, &mi) || !literal(&at, end, ":") || !digits(&at, end, 2, &s))
		return ERR_INVALID;
	if (literal(&at, end, ".")) {
		int scale = 100, one;
		if (!digits(&at, end, 1, &one))
			return ERR_INVALID;
		do {
			ms += one * scale;
			scale /= 10;
		} while (digits(&at, end, 1, &one));
	}
	if (!literal(&at, end, "Zz")) {
		sign = at < end && *at == '-' ? -1 : 1;
		if (!literal(&at, end, "+-") || !digits(&at, end, 2, &zh) || !literal(&at, end, ":") || !digits(&at, end, 2, &zm))
			return ERR_INVALID;
	}
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (at != end || y < 1970 || mo < 1 || mo > 12 || d < 1 || d > month_days[mo - 1] + (mo == 2 && leap) || h > 23 || mi > 59 ||
		s > 60 || zh > 23 || zm > 59)
		return ERR_INVALID;
	int64_t minutes = (days_of(y, mo, d) * 24 + h) * 60 + mi - sign * (zh * 60 + zm);
	*wall_ms = (minutes * 60 + s) * 1000 + ms;
	return ERR_OK;
}

enum err api_want_time(const struct jv *body, const char *key, int64_t *out, struct error *e)
{
	struct slice text = SLICE_NONE;
	enum err err = jv_want_text(body, key, &text, e);
	if (err || !text.ptr)
		return err;
	return read_time(text, out) ? err_field(e, ERR_INVALID, key, "Write the time as 2026-01-31T12:00:00Z.") : ERR_OK;
}

enum err api_need_text(const struct jv *body, const char *key, struct slice *out, struct error *e)
{
	*out = SLICE_NONE;
	enum err err = jv_want_text(body, key, out, e);
	if (!err && !out->len)
		return err_field(e, ERR_INVALID, key, "The field %s is missing or empty.", key);
	return err;
}

enum err api_after(struct request *rq, bool stream, int64_t *after, struct error *e)
{
	struct slice last = stream ? request_header(rq, "last-event-id") : SLICE_NONE;
	*after = 0;
	if (last.len) {
		if (slice_is(last, "0"))
			return ERR_OK;
		return id_read(last, after) ? ERR_OK : err_field(e, ERR_MALFORMED, "Last-Event-ID", "This is no entry's number.");
	}
	enum err err = request_query_int(rq, "after", after, e);
	if (!err && *after < 0)
		return err_field(e, ERR_MALFORMED, "after", "This is no entry's number.");
	return err;
}

enum err api_act(struct request *rq, const struct jv *body, int64_t id, struct act *out, struct error *e)
{
	enum err err;
	const struct jv *fence = jv_get(body, "fence");
	*out = (struct act){ .ticket = id, .by = BY_HELPER, .who = rq->who };
	if ((err = jv_want_int(body, "fence", &out->fence, e)) || (err = jv_want_int(body, "seen", &out->seen, e)) ||
		(err = jv_want_text(body, "client_id", &out->client_id, e)) || (err = jv_want_text(body, "reason", &out->reason, e)))
		return err;
	out->fenced = fence && jv_type(fence) != JV_NULL;
	if (out->seen < 0)
		return err_field(e, ERR_INVALID, "seen", "This is no entry's number.");
	if (!out->fenced && rq->who.role >= ROLE_MODERATOR && out->seen)
		out->by = BY_MODERATOR;
	if (out->client_id.ptr && (!out->client_id.len || out->client_id.len > TICKET_CLIENT_ID_MAX_BYTES))
		return err_field(e, ERR_INVALID, "client_id", "A client_id has 1 to %d bytes.", TICKET_CLIENT_ID_MAX_BYTES);
	return ERR_OK;
}

enum err api_repeat(struct request *rq, const struct jv *body, struct repeat *store, struct repeat **out, struct error *e)
{
	struct slice client_id = SLICE_NONE;
	*out = NULL;
	enum err err = jv_want_text(body, "client_id", &client_id, e);
	if (err || !client_id.ptr)
		return err;
	*out = store;
	return repeat_start(rq->desk, store, rq->who.account, client_id, rq->path, rq->body, e);
}

int api_made(const struct repeat *r)
{
	return r && r->found ? 200 : 201;
}

struct jv *api_id_json(struct request *rq, int64_t id)
{
	return jv_string(arena_printf(rq->arena, "%lld", (long long)id));
}

enum err api_answer(struct response *rs, int status, struct jv *v, struct error *e)
{
	response_header(rs, "Cache-Control", "no-store");
	return response_json(rs, status, v, e);
}

enum err api_done(struct response *rs)
{
	response_header(rs, "Cache-Control", "no-store");
	response_status(rs, 204);
	return ERR_OK;
}

struct jv *api_lease(int64_t fence, int64_t expires)
{
	return jv_set_time(jv_set_int(jv_object(), "fence", fence), "expires", expires);
}

enum err api_acted(struct response *rs, const struct acted *done, struct error *e)
{
	struct jv *v = jv_object();
	jv_set_int(v, "n", done->n);
	jv_set_time(v, "at", done->at);
	jv_set_string(v, "state", state_name(done->state));
	if (done->expires)
		jv_set(v, "lease", api_lease(done->fence, done->expires));
	return api_answer(rs, 200, v, e);
}

enum err api_report(struct request *rq, struct response *rs, int64_t ticket, const struct actor *who, struct error *e)
{
	struct jv *body;
	struct report in = { .ticket = ticket, .who = who };
	struct reported done = { 0 };
	enum err err = request_json(rq, &body, e);
	if (err || (err = jv_want_int(body, "n", &in.n, e)) || (err = jv_want_text(body, "reason", &in.reason, e)) ||
		(err = jv_want_text(body, "client_id", &in.client_id, e)) || (err = report_add(rq->desk, rq->db, rq->arena, &in, &done, e)))
		return err;
	return api_answer(rs, done.repeat ? 200 : 201, jv_set_time(jv_set_int(jv_object(), "n", done.n), "at", done.at), e);
}

enum err api_read(struct request *rq, struct response *rs, const struct ticket *t, int64_t account, struct error *e)
{
	struct jv *body;
	int64_t n = t->last_n; /* unless said otherwise, all there is */
	enum err err = request_json(rq, &body, e);
	if (err || (err = jv_want_int(body, "n", &n, e)))
		return err;
	if (n < 0)
		return err_field(e, ERR_INVALID, "n", "This is no entry's number.");
	err = ticket_read(rq->desk, t, account, n, e);
	return err ? err : api_done(rs);
}

enum err api_posted(struct response *rs, const struct posted *p, bool staff, struct error *e)
{
	struct jv *v = jv_set_time(jv_set_int(jv_object(), "n", p->n), "at", p->at);
	if (staff && p->held)
		jv_set_bool(v, "held", true);
	if (staff && p->expires)
		jv_set(v, "lease", api_lease(p->fence, p->expires));
	return api_answer(rs, p->repeat ? 200 : 201, v, e);
}

enum err api_problem(struct response *rs, int status, const struct error *why, struct jv *more, struct error *e)
{
	struct jv *v = problem_tree(status, why), *value;
	struct slice key;
	void *iter = NULL;
	while (jv_next(more, &iter, &key, &value)) {
		char name[32];
		snprintf(name, sizeof(name), "%.*s", SLICE_ARG(key));
		jv_set(v, name, jv_ref(value));
	}
	jv_free(&more);
	enum err err = api_answer(rs, status, v, e);
	response_type(rs, "application/problem+json");
	return err;
}

enum err api_stream(struct request *rq, struct response *rs, const struct api_stream *in, struct error *e)
{
	bool reset = false;
	int64_t last = 0;
	void *ctx;
	struct str out;
	struct sub *s = NULL;
	struct sub_options o = { .after = in->after, .owner = in->owner, .owner_max = in->owner_max, .wake = response_wake(rs, &ctx),
		.gone = in->gone, .gone_ctx = in->gone_ctx };
	str_init(&out, in->backlog_max_bytes);
	o.ctx = ctx;
	/* First listen, then read: what is written in between is heard, and what both carry is passed over. */
	if (o.wake)
		s = hub_subscribe(rq->desk->hub, in->topic, &o);
	if (!s && in->gone)
		in->gone(in->gone_ctx);
	enum err err = s && (!in->also || hub_join(rq->desk->hub, s, *in->also)) ? ERR_OK : err_nomem(e);
	if (err || (err = in->backlog(rq, in, &out, &last, &reset, e)))
		goto out;
	if (str_failed(&out)) {
		err = err_nomem(e);
		goto out;
	}
	response_header(rs, "Cache-Control", "no-store");
	if (reset) {
		/* "Load the page again", and the end. */
		response_type(rs, "text/event-stream");
		sse_event(response_body(rs), 0, "reset", SLICE("{}"));
	} else {
		sub_passed(s, last);
		response_stream(rs, s, str_slice(&out));
		s = NULL;
	}
out:
	if (s)
		hub_unsubscribe(rq->desk->hub, &s);
	str_fini(&out);
	return err;
}

static enum err ticket_backlog(struct request *rq, const struct api_stream *in, struct str *out, int64_t *last, bool *reset, struct error *e)
{
	/* A link that died in between has cut its streams already, and would not see this one. */
	struct ticket still;
	struct reader who = { VIEW_ASKER, 0 };
	enum err err = in->topic.kind == TOPIC_ASKER ? api_link(rq, &still, e) : ticket_reader(rq->db, &rq->who, in->ctx, &who, e);
	return err ? err : publish_backlog(rq->db, rq->arena, in->ctx, in->after, who, out, last, reset, e);
}

enum err api_stream_ticket(struct request *rq, struct response *rs, const struct ticket *t, enum view v, struct error *e)
{
	bool asker = v == VIEW_ASKER;
	struct topic moderators = { TOPIC_MODERATION, t->id };
	struct api_stream in = { .also = !asker && rq->who.role >= ROLE_MODERATOR ? &moderators : NULL, .topic = { asker ? TOPIC_ASKER : TOPIC_STAFF, t->id }, .backlog = ticket_backlog, .ctx = t,
		.owner = asker ? t->id : people_stream_owner(rq->who.account), .owner_max = asker ? STREAMS_OF_A_LINK : API_STREAMS_OF_AN_ACCOUNT,
		.backlog_max_bytes = BACKLOG_MAX_BYTES };
	enum err err = api_after(rq, true, &in.after, e);
	if (err)
		return err;
	if (rq->desk->presence)
		in.gone_ctx = presence_sit(rq->desk->presence, t->id, asker ? 0 : rq->who.account);
	in.gone = presence_left;
	return api_stream(rq, rs, &in, e);
}

enum err api_reader(struct request *rq, const struct ticket *t, struct reader *out, struct error *e)
{
	enum err err = ticket_reader(rq->db, &rq->who, t, out, e);
	if (!err && rq->who.role >= ROLE_MODERATOR)
		out->view = VIEW_MODERATOR;
	return err;
}

enum err api_transcript(struct request *rq, struct response *rs, const struct ticket *t, enum view v, struct error *e)
{
	enum transcript_format f = TRANSCRIPT_JSON;
	struct slice name = request_query(rq, "format");
	if (name.ptr && !transcript_format_read(name, &f))
		return err_field(e, ERR_INVALID, "format", "A transcript is json, txt, html or wikitext.");
	str_reset(response_body(rs));
	enum err err = transcript_render(rq->db, rq->arena, t, v, f, response_body(rs), e);
	if (err)
		return err;
	if (str_failed(response_body(rs)))
		return err_nomem(e);
	/* The number of a ticket is the staff's word for it; the asker's file does without. */
	char *file = v == VIEW_ASKER
		? arena_printf(rq->arena, "attachment; filename=\"porchlight.%s\"", transcript_extension(f))
		: arena_printf(rq->arena, "attachment; filename=\"porchlight-%lld.%s\"", (long long)t->id, transcript_extension(f));
	if (!file)
		return err_nomem(e);
	response_header(rs, "Cache-Control", "no-store");
	response_header(rs, "Content-Disposition", file);
	response_type(rs, transcript_type(f));
	return ERR_OK;
}
