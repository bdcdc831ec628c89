#include "web/server.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/timer.h"
#include "web/exchange.h"
#include "web/intake.h"
#include "web/listen.h"
#include "web/static.h"
#include "web/watch.h"
#include "web/work.h"

#define ROOM "web/server"

enum {
	POLLING_THREADS = 2,
	REQUEST_MEMORY_BYTES = 8192,
	ROOMY_HEAD_BYTES = 6400, /* behind a longer one a refusal goes without our usual heads */
	HEAD_LIMIT_MS = 30000,
	BODY_LIMIT_MS = 60000,
	BIG_BODIES_MAX = 4,
	IDLE_LIMIT_S = 75,
	CROWDED_IDLE_MS = 5000, /* patience with idle connections while there is little room */
	BEAT_MS = 15000,
	STOP_WAIT_MS = 2000,
};

enum phase { PHASE_IDLE, PHASE_HEAD, PHASE_BODY, PHASE_BUSY };

/* One TCP connection, from accept to close. */
struct conn {
	struct conn *prev, *next;
	int fd;
	atomic_int phase;
	_Atomic int64_t since_ms;
	struct peer peer;
};

/* What libmicrohttpd carries for us with a request: first a call, then perhaps a stream. */
enum ctx_kind { CTX_CALL, CTX_STREAM };

enum call_state { CALL_HEAD, CALL_BODY, CALL_WORKING, CALL_ANSWERED };

struct call {
	enum ctx_kind kind;
	enum call_state state;
	struct web *web;
	struct MHD_Connection *c;
	struct conn *conn;
	struct exchange x;
	char *body;
	size_t body_len, body_cap, drained;
	bool big; /* its body counts in big_bodies */
	struct MHD_Response *answer;
	bool shared;               /* the answer is kept for others too */
	struct stream *stream;   /* the answer is this stream */
	unsigned status;
	char query[];
};

struct stream {
	enum ctx_kind kind;
	struct web *web;
	struct MHD_Connection *c;
	struct MHD_Response *head; /* until its heads have gone */
	struct sub *sub;
	char *prefix;
	size_t prefix_len, prefix_at;
	int fd;
	int bucket;              /* see work_stream_left */
};

struct web {
	struct desk *desk;
	struct MHD_Daemon *daemon;
	struct work *work;
	struct watch *watch;
	struct timers *timers;
	struct frame *beat;
	int listen_fd;
	atomic_bool stopping;
	char address[LISTEN_ADDRESS_BYTES];
	int64_t connections_max, started_us;

	pthread_mutex_t conns_lock;
	struct conn *conns;

	pthread_mutex_t end_lock;   /* for end_changed */
	pthread_cond_t end_changed;
	_Atomic int64_t calls;      /* struct call and struct stream that libmicrohttpd holds */
	_Atomic int64_t connections, big_bodies, stream_count, refused_heads, refused_room;
};

/* --- figures ------------------------------------------------------------------------------------------------------ */

struct web_figures web_figures(struct web *w)
{
	struct work_figures f = work_figures(w->work);
	return (struct web_figures){
		.up_us = clock_mono_us() - w->started_us,
		.connections = atomic_load(&w->connections),
		.connections_max = w->connections_max,
		.streams = atomic_load(&w->stream_count),
		.refused_heads = atomic_load(&w->refused_heads),
		.refused_busy = atomic_load(&w->refused_room) + f.refused,
		.in_flight = f.in_flight,
		.queued_workers = f.queued_workers,
		.queued_ask = f.queued_ask,
		.queued_password = f.queued_password,
		.queued_slow = f.queued_slow,
	};
}

struct web_route_figures web_route_figures(struct web *w, size_t i)
{
	struct work_route_figures f = work_route_figures(w->work, i);
	struct web_route_figures out = { .sum_us = f.sum_us };
	memcpy(out.answers, f.answers, sizeof out.answers);
	return out;
}

static void call_left(struct web *w)
{
	if (atomic_fetch_sub(&w->calls, 1) == 1) {
		pthread_mutex_lock(&w->end_lock);
		pthread_cond_broadcast(&w->end_changed);
		pthread_mutex_unlock(&w->end_lock);
	}
}

/* --- streams ------------------------------------------------------------------------------------------------------ */

static struct call *call_of(struct exchange *x)
{
	return (struct call *)(void *)((char *)x - offsetof(struct call, x));
}

static struct stream *stream_new(struct exchange *x)
{
	struct call *k = call_of(x);
	struct stream *s = calloc(1, sizeof *s);
	if (s == NULL)
		return NULL;
	s->kind = CTX_STREAM;
	s->web = k->web;
	s->c = k->c;
	s->bucket = -1;
	s->fd = k->conn->fd;
	return s;
}

static void stream_free(struct stream *s)
{
	work_stream_left(s->web->work, s->bucket);
	hub_unsubscribe(s->web->desk->hub, &s->sub);
	free(s->prefix);
	free(s);
}

static void stream_drop(struct exchange *x)
{
	stream_free(x->rs.stream);
	x->rs.stream = NULL;
}

/* Under the subscriber's lock, and only while the connection sleeps. */
static void stream_wake(void *ctx)
{
	struct stream *s = ctx;
	MHD_resume_connection(s->c);
}

static void stream_sleep(void *ctx)
{
	struct stream *s = ctx;
	MHD_suspend_connection(s->c);
}

/* Heads that have gone are not needed again: libmicrohttpd would keep a kilobyte of them as long as the stream lasts. */
static enum MHD_Result forget_head(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	const char **first = cls;
	(void)kind;
	first[0] = name;
	first[1] = value;
	return MHD_NO;
}

static void forget_heads(struct MHD_Response *r)
{
	const char *first[2];
	while (MHD_get_response_headers(r, forget_head, first) > 0 && MHD_del_response_header(r, first[0], first[1]) == MHD_YES)
		;
}

static ssize_t stream_read(void *ctx, uint64_t pos, char *buf, size_t max)
{
	struct stream *s = ctx;
	size_t n = 0;
	(void)pos;
	if (s->head != NULL) {
		forget_heads(s->head);
		s->head = NULL;
	}
	if (s->prefix != NULL) {
		n = s->prefix_len - s->prefix_at;
		if (n > max)
			n = max;
		memcpy(buf, s->prefix + s->prefix_at, n);
		s->prefix_at += n;
		if (s->prefix_at == s->prefix_len) {
			free(s->prefix);
			s->prefix = NULL;
		}
		return (ssize_t)n;
	}
	switch (sub_read(s->sub, buf, max, &n, stream_sleep, s)) {
	case SUB_BYTES: return (ssize_t)n;
	case SUB_EMPTY: return 0;
	case SUB_CUT: break;
	}
	return MHD_CONTENT_READER_END_OF_STREAM;
}

/* Under the watch's lock: the client has gone, or the server stops. */
static void stream_gone(void *ctx)
{
	struct stream *s = ctx;
	sub_cut(s->sub);
}

/* The connection is a stream from now on. On the polling thread, before the answer is queued. */
static void stream_start(struct stream *s)
{
	atomic_fetch_add(&s->web->stream_count, 1);
	watch_add(s->web->watch, s->fd, stream_gone, s);
}

static void stream_end(struct stream *s)
{
	struct web *w = s->web;
	watch_remove(w->watch, s->fd);
	atomic_fetch_sub(&w->stream_count, 1);
	stream_free(s);
	call_left(w);
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static void add_head(struct MHD_Response *r, const char *name, const char *value, bool *ok)
{
	if (MHD_add_response_header(r, name, value) != MHD_YES)
		*ok = false;
}

static void add_heads(struct call *k, struct MHD_Response *r, bool *ok)
{
	struct response *rs = &k->x.rs;
	if (rs->type != NULL)
		add_head(r, "Content-Type", rs->type, ok);
	const union MHD_ConnectionInfo *size = MHD_get_connection_info(k->c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	if (rs->status == 431 && (size == NULL || size->header_size > ROOMY_HEAD_BYTES)) {
		/* The request has left hardly any memory for an answer's head. */
		add_head(r, "Connection", "close", ok);
		return;
	}
	add_head(r, "Content-Security-Policy",
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
		"frame-ancestors 'none'", ok);
	add_head(r, "Referrer-Policy", "no-referrer", ok);
	add_head(r, "X-Content-Type-Options", "nosniff", ok);
	add_head(r, "Cross-Origin-Resource-Policy", "same-origin", ok);
	add_head(r, "Cross-Origin-Opener-Policy", "same-origin", ok);
	if (response_head(rs, "Cache-Control").ptr == NULL)
		add_head(r, "Cache-Control", "no-store", ok);
	if (k->x.rq.route != NULL && k->x.rq.route->who == WHO_LINK)
		add_head(r, "X-Robots-Tag", "noindex, nofollow", ok);
	if (rs->streaming)
		add_head(r, "X-Accel-Buffering", "no", ok);
	for (int i = 0; i < rs->head_count; i++)
		add_head(r, rs->heads[i].name.ptr, rs->heads[i].value.ptr, ok);
	if (rs->close)
		add_head(r, "Connection", "close", ok);
}

static struct MHD_Response *stream_response(struct call *k)
{
	struct response *rs = &k->x.rs;
	struct stream *s = rs->stream;
	/* A comment first: the reader gets the head at once, and a proxy sees that it flows. */
	s->prefix_len = rs->prefix.len + 3;
	s->prefix = malloc(s->prefix_len);
	if (s->prefix == NULL)
		return NULL;
	memcpy(s->prefix, ":\n\n", 3);
	if (rs->prefix.len > 0)
		memcpy(s->prefix + 3, rs->prefix.ptr, rs->prefix.len);
	/* Chunks are made in the connection's memory; only HTTP/1.0 readers need a block of their own. */
	struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, k->x.http10 ? 2048 : 16, stream_read, s, NULL);
	if (r == NULL)
		return NULL;
	s->head = r;
	s->sub = rs->sub;
	s->bucket = k->x.network_bucket;
	rs->sub = NULL;
	rs->stream = NULL;
	k->x.network_bucket = -1;
	k->stream = s;
	return r;
}

static struct MHD_Response *bytes_response(struct response *rs)
{
	size_t len = 0;
	if (rs->fixed.ptr != NULL)
		return MHD_create_response_from_buffer(rs->fixed.len, (void *)rs->fixed.ptr, MHD_RESPMEM_PERSISTENT);
	char *bytes = rs->body.len > 0 ? str_take(&rs->body, &len) : NULL;
	struct MHD_Response *r = bytes != NULL ? MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE) :
		MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	if (r == NULL)
		free(bytes);
	return r;
}

static struct MHD_Response *make_response(struct call *k)
{
	bool ok = true;
	struct MHD_Response *r = k->x.rs.streaming ? stream_response(k) : bytes_response(&k->x.rs);
	if (r == NULL) {
		work_stream_left(k->web->work, k->x.network_bucket);
		return NULL;
	}
	add_heads(k, r, &ok);
	if (ok)
		return r;
	MHD_destroy_response(r); /* a stream is given back by ended() */
	return NULL;
}

/* A fifth of a small answer's CPU goes into its heads: what is the same for everybody is made once, by whoever comes first. */
static struct MHD_Response *kept_response(struct call *k, struct kept *kept)
{
	struct MHD_Response *r = atomic_load(&kept->answer), *none = NULL;
	if (r != NULL)
		return r;
	r = make_response(k);
	if (r == NULL || atomic_compare_exchange_strong(&kept->answer, &none, r))
		return r;
	MHD_destroy_response(r);
	return none; /* another thread's, meanwhile */
}

/* Turns the response into libmicrohttpd's. Without x->built the connection is closed: memory was short. */
static void build(struct exchange *x)
{
	struct call *k = call_of(x);
	k->shared = x->rs.kept != NULL && !x->rs.close;
	k->answer = k->shared ? kept_response(k, x->rs.kept) : make_response(k);
	k->status = (unsigned)x->rs.status;
	x->built = k->answer != NULL;
}

/* Gives back what build made. */
static void drop_answer(struct call *k)
{
	if (k->answer != NULL && !k->shared)
		MHD_destroy_response(k->answer);
	k->answer = NULL;
}

/* A worker lets go. From here on the call belongs to the polling thread, which may end it at once. */
static void done(struct exchange *x)
{
	struct call *k = call_of(x);
	k->state = CALL_ANSWERED;
	MHD_resume_connection(k->c);
}

/* --- the polling threads -------------------------------------------------------------------------------------------- */

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value, size_t value_len)
{
	struct call *k = cls;
	(void)kind;
	if (k->x.head_count == EXCHANGE_HEADS_MAX) {
		exchange_refuse_later(&k->x, 431, ERR_MALFORMED, "There are too many header lines.");
		return MHD_NO;
	}
	k->x.heads[k->x.head_count++] = (struct head){ { name, name_len }, { value != NULL ? value : "", value_len } };
	return MHD_YES;
}

static bool begin(struct call *k, const char *url, const char *method, const char *version)
{
	struct web *w = k->web;
	const union MHD_ConnectionInfo *size = MHD_get_connection_info(k->c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct intake in = { .url = url, .method = method, .version = version, .head_bytes = size != NULL ? size->header_size : 0,
		.open = atomic_load(&w->connections), .room = w->connections_max };
	MHD_get_connection_values_n(k->c, MHD_HEADER_KIND, collect, k);
	k->x.rq.desk = w->desk;
	k->x.peer = k->conn->peer;
	bool now = intake_head(&k->x, &in);
	if (now)
		atomic_fetch_add(k->x.refuse == 503 ? &w->refused_room : &w->refused_heads, 1);
	return now;
}

static void drop_body(struct call *k)
{
	if (k->big)
		atomic_fetch_sub(&k->web->big_bodies, 1);
	free(k->body);
}

/* False: the connection is closed. */
static bool take_body(struct call *k, const char *data, size_t len)
{
	if (clock_mono_ms() - atomic_load(&k->conn->since_ms) > BODY_LIMIT_MS)
		return false;
	if (k->x.refuse == 0 && k->body_len + len > k->x.body_max) {
		exchange_refuse_later(&k->x, 413, ERR_TOO_LARGE, "The body is longer than this address takes.");
		k->x.close = true;
	}
	if (k->x.refuse == 0 && !k->big && k->body_len + len > REQUEST_BODY_MAX_BYTES) {
		/* Whoever claims to be staff has not been asked yet: only a few at once may make us keep so much. */
		k->big = true;
		if (atomic_fetch_add(&k->web->big_bodies, 1) >= BIG_BODIES_MAX) {
			exchange_refuse_later(&k->x, 503, ERR_BUSY, "Too many large files are being sent at once. Please try again in a moment.");
			k->x.refusal.retry_after_s = 5;
			k->x.close = true;
		}
	}
	if (k->x.refuse != 0) {
		k->drained += len;
		return k->drained <= INTAKE_DRAIN_MAX_BYTES;
	}
	if (k->body_len + len > k->body_cap) {
		size_t cap = k->body_cap > 0 ? k->body_cap * 2 : 1024;
		while (cap < k->body_len + len)
			cap *= 2;
		char *bigger = realloc(k->body, cap);
		if (bigger == NULL)
			return false;
		k->body = bigger;
		k->body_cap = cap;
	}
	memcpy(k->body + k->body_len, data, len);
	k->body_len += len;
	return true;
}

/* Suspends, then queues: the other way round the worker could be done before the connection sleeps. True: the connection sleeps, or
 * has just been woken again; the call may be a worker's. False: answer now. */
static bool send_to_pool(struct call *k)
{
	struct work *work = k->web->work;
	if (!work_admit(work, &k->x))
		return false;
	k->state = CALL_WORKING;
	MHD_suspend_connection(k->c);
	if (!work_offer(work, &k->x)) {
		work_here(work, &k->x);
		done(&k->x);
	}
	return true;
}

static enum MHD_Result queue_answer(struct call *k, void **ctx)
{
	struct MHD_Response *r = k->answer;
	if (r == NULL)
		return MHD_NO;
	atomic_store(&k->conn->phase, PHASE_BUSY);
	if (k->stream == NULL) {
		enum MHD_Result queued = MHD_queue_response(k->c, k->status, r);
		drop_answer(k);
		return queued;
	}
	/* The call has done its work; the connection carries the stream from here on. */
	struct stream *s = k->stream;
	unsigned status = k->status;
	k->stream = NULL;
	stream_start(s);
	*ctx = s;
	drop_body(k);
	free(k);
	enum MHD_Result queued = MHD_queue_response(s->c, status, r);
	MHD_destroy_response(r);
	return queued;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *c, const char *url, const char *method, const char *version, const char *data,
	size_t *data_len, void **ctx)
{
	struct call *k = *ctx;
	(void)cls;
	(void)c;
	if (k == NULL)
		return MHD_NO;
	assert(k->kind == CTX_CALL);
	switch (k->state) {
	case CALL_HEAD:
		k->state = CALL_BODY;
		atomic_store(&k->conn->phase, PHASE_BODY);
		atomic_store(&k->conn->since_ms, clock_mono_ms());
		if (!begin(k, url, method, version))
			return MHD_YES; /* an answer at this point would close the connection */
		k->x.started_us = clock_mono_us();
		k->state = CALL_ANSWERED;
		work_here(k->web->work, &k->x);
		return queue_answer(k, ctx);
	case CALL_BODY:
		if (*data_len > 0) {
			bool ok = take_body(k, data, *data_len);
			*data_len = 0;
			return ok ? MHD_YES : MHD_NO;
		}
		k->x.started_us = clock_mono_us();
		k->x.rq.body = slice_make(k->body != NULL ? k->body : "", k->body_len);
		atomic_store(&k->conn->phase, PHASE_BUSY);
		if (k->x.refuse == 0 && !(k->x.rq.route->flags & ROUTE_INLINE) && send_to_pool(k))
			return MHD_YES;
		k->state = CALL_ANSWERED;
		work_here(k->web->work, &k->x);
		return queue_answer(k, ctx);
	case CALL_WORKING:
		return MHD_YES;
	case CALL_ANSWERED:
		return queue_answer(k, ctx);
	}
	return MHD_NO;
}

/* The request line is there. What is made here is given back by ended(), also when the rest of the head is refused. */
static void *opened(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct web *w = cls;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct conn *conn = info != NULL ? info->socket_context : NULL;
	const char *query = uri != NULL ? strchr(uri, '?') : NULL;
	size_t len = query != NULL ? strlen(query + 1) : 0;
	struct call *k = conn != NULL ? calloc(1, sizeof *k + len + 1) : NULL;
	if (k == NULL)
		return NULL;
	/* A copy: libmicrohttpd cuts the original up. */
	if (len > 0)
		memcpy(k->query, query + 1, len);
	k->kind = CTX_CALL;
	k->web = w;
	k->c = c;
	k->conn = conn;
	k->x.web = w;
	k->x.rq.exchange = &k->x;
	k->x.query = slice_make(k->query, len);
	k->x.share = -1;
	k->x.network_bucket = -1;
	k->x.build = build;
	k->x.done = done;
	k->x.stream_new = stream_new;
	k->x.stream_wake = stream_wake;
	k->x.stream_drop = stream_drop;
	atomic_fetch_add(&w->calls, 1);
	if (atomic_load(&conn->phase) == PHASE_IDLE)
		atomic_store(&conn->since_ms, clock_mono_ms());
	atomic_store(&conn->phase, PHASE_HEAD);
	return k;
}

static void ended(void *cls, struct MHD_Connection *c, void **ctx, enum MHD_RequestTerminationCode why)
{
	struct call *k = *ctx;
	(void)cls;
	(void)c;
	(void)why;
	if (k == NULL)
		return;
	*ctx = NULL;
	if (k->kind == CTX_STREAM) {
		stream_end((struct stream *)(void *)k);
		return;
	}
	struct web *w = k->web;
	atomic_store(&k->conn->since_ms, clock_mono_ms());
	atomic_store(&k->conn->phase, PHASE_IDLE);
	drop_answer(k);
	if (k->stream != NULL)
		stream_free(k->stream);
	drop_body(k);
	free(k);
	call_left(w);
}

static void connected(void *cls, struct MHD_Connection *c, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	struct web *w = cls;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		struct conn *n = calloc(1, sizeof *n);
		const union MHD_ConnectionInfo *fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
		const union MHD_ConnectionInfo *from = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
		*socket_context = n;
		if (n == NULL)
			return; /* opened() and handle() close it */
		n->fd = fd != NULL ? fd->connect_fd : -1;
		n->peer = peer_from(from != NULL ? from->client_addr : NULL);
		atomic_init(&n->phase, PHASE_IDLE);
		atomic_init(&n->since_ms, clock_mono_ms());
		pthread_mutex_lock(&w->conns_lock);
		n->next = w->conns;
		if (n->next != NULL)
			n->next->prev = n;
		w->conns = n;
		pthread_mutex_unlock(&w->conns_lock);
		atomic_fetch_add(&w->connections, 1);
		return;
	}
	struct conn *n = *socket_context;
	if (n == NULL)
		return;
	/* The descriptor is closed after this: whoever holds conns_lock may use it. */
	pthread_mutex_lock(&w->conns_lock);
	if (n->next != NULL)
		n->next->prev = n->prev;
	if (n->prev != NULL)
		n->prev->next = n->next;
	else
		w->conns = n->next;
	pthread_mutex_unlock(&w->conns_lock);
	atomic_fetch_sub(&w->connections, 1);
	free(n);
	*socket_context = NULL;
}

/* Each second: ends connections that dawdle over a head or a body (libmicrohttpd only knows silence), lets streams beat. */
static void tick(void *ctx)
{
	struct web *w = ctx;
	int64_t now = clock_mono_ms();
	bool crowded = atomic_load(&w->connections) > w->connections_max - w->connections_max / 10;
	pthread_mutex_lock(&w->conns_lock);
	for (struct conn *n = w->conns; n != NULL; n = n->next) {
		int64_t age = now - atomic_load(&n->since_ms);
		int phase = atomic_load(&n->phase);
		bool late = phase == PHASE_HEAD ? age > HEAD_LIMIT_MS : phase == PHASE_BODY ? age > BODY_LIMIT_MS :
			phase == PHASE_IDLE && crowded && age > CROWDED_IDLE_MS;
		if (late)
			(void)shutdown(n->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&w->conns_lock);
	hub_beat(w->desk->hub, w->beat, BEAT_MS);
}

/* --- from start to stop --------------------------------------------------------------------------------------------- */

/* Paths and queries stay as they came: they are decoded where the text is looked at. */
static size_t leave(void *cls, struct MHD_Connection *c, char *text)
{
	(void)cls;
	(void)c;
	return strlen(text);
}

/* libmicrohttpd's own words may hold pieces of requests: only the pattern is logged. */
static void said(void *cls, const char *fmt, va_list ap)
{
	(void)cls;
	(void)ap;
	log_debug(ROOM, "libmicrohttpd: %s", fmt);
}

static void web_free(struct web **wp)
{
	struct web *w = *wp;
	if (w->work != NULL)
		work_drain(w->work);
	if (w->timers != NULL)
		timers_free(&w->timers);
	if (w->daemon != NULL) {
		MHD_stop_daemon(w->daemon);
		w->listen_fd = -1; /* closed with it */
	}
	watch_free(&w->watch);
	work_free(&w->work);
	if (w->listen_fd >= 0)
		close(w->listen_fd);
	frame_unref(&w->beat);
	pthread_mutex_destroy(&w->conns_lock);
	pthread_mutex_destroy(&w->end_lock);
	pthread_cond_destroy(&w->end_changed);
	free(w);
	*wp = NULL;
}

static enum err start_threads(struct web *w, const struct web_options *o, int64_t files, struct error *e)
{
	struct work_options work = { .workers = o->workers > 0 ? o->workers : (int)conf()->workers,
		.queue_max = o->worker_queue_max > 0 ? o->worker_queue_max : 1024, .ask_queue_max = o->ask_queue_max > 0 ? o->ask_queue_max : 512 };
	enum err r = work_new(w->desk, &work, &w->work, e);
	if (r == ERR_OK)
		r = watch_new((size_t)files, &w->watch, e);
	if (r != ERR_OK)
		return r;
	w->timers = timers_new();
	if (w->timers == NULL || w->beat == NULL)
		return err_nomem(e);
	return timers_every(w->timers, 1000, 1000, tick, w);
}

/*
 * Nobody new is let in while we stop. (MHD_quiesce_daemon would leave them waiting, but it and the polling threads may both take the
 * listening socket out of an epoll set, and whoever comes second ends the process.)
 */
static enum MHD_Result admit(void *cls, const struct sockaddr *from, socklen_t len)
{
	struct web *w = cls;
	(void)from;
	(void)len;
	return atomic_load(&w->stopping) ? MHD_NO : MHD_YES;
}

static enum err start_daemon(struct web *w, struct error *e)
{
	/* Above our own limit, so that the clients beyond it hear 503 in place of silence; it is shared out among the threads. */
	unsigned limit = (unsigned)(w->connections_max + 512) * POLLING_THREADS;
	w->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, admit, w, handle, w,
		MHD_OPTION_EXTERNAL_LOGGER, said, NULL,
		MHD_OPTION_LISTEN_SOCKET, w->listen_fd,
		MHD_OPTION_THREAD_POOL_SIZE, (unsigned)POLLING_THREADS,
		MHD_OPTION_CONNECTION_LIMIT, limit,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MEMORY_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_LIMIT_S,
		MHD_OPTION_URI_LOG_CALLBACK, opened, w,
		MHD_OPTION_UNESCAPE_CALLBACK, leave, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, ended, w,
		MHD_OPTION_NOTIFY_CONNECTION, connected, w,
		MHD_OPTION_END);
	return w->daemon != NULL ? ERR_OK : err_set(e, ERR_IO, "The polling threads cannot be started: %s.", strerror(errno));
}

enum err web_start(struct desk *desk, const struct web_options *o, struct web **out, struct error *e)
{
	static const struct web_options defaults;
	enum { FILES_FOR_OURSELVES = 256 };
	struct web *w = calloc(1, sizeof *w);
	*out = NULL;
	if (o == NULL)
		o = &defaults;
	if (w == NULL)
		return err_nomem(e);
	w->desk = desk;
	w->listen_fd = -1;
	w->started_us = clock_mono_us();
	pthread_mutex_init(&w->conns_lock, NULL);
	pthread_mutex_init(&w->end_lock, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->end_changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	w->beat = frame_new(SLICE(":\n\n"), 0);

	int64_t files = listen_raise_file_limit();
	w->connections_max = o->connections > 0 ? o->connections : conf()->connections;
	if (w->connections_max > files - FILES_FOR_OURSELVES) {
		w->connections_max = files > 2 * FILES_FOR_OURSELVES ? files - FILES_FOR_OURSELVES : files / 2;
		log_warn(ROOM, "the file limit of %lld allows only %lld connections", (long long)files, (long long)w->connections_max);
	}
	log_info(ROOM, "file limit %lld, connections up to %lld", (long long)files, (long long)w->connections_max);

	enum err r = static_start(e);
	if (r == ERR_OK)
		r = listen_on(o->listen != NULL ? o->listen : conf()->listen, &w->listen_fd, w->address, e);
	if (r == ERR_OK) {
		request_listening(w->address);
		r = start_threads(w, o, files, e);
	}
	if (r == ERR_OK)
		r = start_daemon(w, e);
	if (r == ERR_OK)
		*out = w;
	else
		web_free(&w);
	return r;
}

const char *web_address(const struct web *w)
{
	return w->address;
}

void web_stop(struct web **wp)
{
	if (wp == NULL || *wp == NULL)
		return;
	struct web *w = *wp;
	*wp = NULL;

	atomic_store(&w->stopping, true);
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_WAIT_MS / 1000;
	work_close(w->work);
	watch_close(w->watch);
	work_drain(w->work);

	/* Whoever has not asked yet will not be answered. */
	pthread_mutex_lock(&w->conns_lock);
	for (struct conn *n = w->conns; n != NULL; n = n->next)
		if (atomic_load(&n->phase) != PHASE_BUSY)
			(void)shutdown(n->fd, SHUT_RDWR);
	pthread_mutex_unlock(&w->conns_lock);

	/* Now nothing sleeps: what was suspended has been resumed. Let the answers go out. */
	pthread_mutex_lock(&w->end_lock);
	while (atomic_load(&w->calls) > 0 && pthread_cond_timedwait(&w->end_changed, &w->end_lock, &until) == 0)
		;
	pthread_mutex_unlock(&w->end_lock);
	web_free(&w);
}
