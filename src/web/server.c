#include "web/server.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/timer.h"
#include "desk/keys.h"
#include "live/sse.h"
#include "web/exchange.h"
#include "web/problem.h"
#include "web/session.h"
#include "web/static.h"

#define ROOM "web/server"

enum {
	POLLING_THREADS = 2,
	REQUEST_MEMORY_BYTES = 8192,
	/* A head this long leaves libmicrohttpd no room for ours in the same memory; what it cannot even read it refuses itself. */
	HEAD_MAX_BYTES = 5500,
	DRAIN_MAX_BYTES = 1 << 20,
	JOB_ARENA_BYTES = 16 << 20,
	INLINE_ARENA_BYTES = 4 << 20,
	HEAD_LIMIT_MS = 30000,
	BODY_LIMIT_MS = 60000,
	IDLE_LIMIT_S = 75,
	CROWDED_IDLE_MS = 5000, /* patience with idle connections while there is little room */
	BEAT_MS = 15000,
	STOP_WAIT_MS = 2000,
	BUCKETS = 4096,
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
	struct slice params[REQUEST_PARAMS_MAX];
	bool head;               /* HEAD: the answer of GET without its body */
	int refuse;              /* a status decided on the polling thread; 0: go on */
	struct error refusal;
	char *body;
	size_t body_len, body_cap, drained;
	int64_t started_us;
	int share;               /* bucket of ask_shares that was taken, or -1 */
	struct MHD_Response *answer;
	struct stream *stream;   /* the answer is this stream */
	int status;
	char query[];
};

struct stream {
	enum ctx_kind kind;
	struct web *web;
	struct MHD_Connection *c;
	struct sub *sub;
	struct stream *prev, *next; /* in web->streams, while started */
	char *prefix;
	size_t prefix_len, prefix_at;
	int fd;
	uint32_t generation;
	int bucket;               /* of network_streams that was taken, or -1 */
	bool started;
};

struct watched {
	struct stream *stream;
	uint32_t generation;
};

struct worker {
	struct web *web;
	struct db *db;           /* opened with the first job */
	struct arena *arena;
};

struct route_count {
	_Atomic int64_t answers[5], sum_us;
};

struct web {
	struct desk *desk;
	struct MHD_Daemon *daemon;
	int listen_fd;
	char address[128];
	int64_t connections_max;
	int64_t started_us;

	struct pool *workers, *ask, *password, *slow;
	int64_t ask_share_max;
	pthread_rwlock_t pools_lock; /* read: offering a job; write: closing */
	bool closing;

	pthread_mutex_t conns_lock;
	struct conn *conns;
	_Atomic int64_t connections;

	/* Streams and the descriptors the watcher looks at. Lock order: watch_lock -> subscriber. */
	pthread_mutex_t watch_lock;
	struct stream *streams;
	struct watched *watched;    /* by descriptor */
	size_t watched_max;
	uint32_t generation;
	bool streams_closing;
	int epoll_fd, wake_fd;
	pthread_t watcher;
	bool watcher_runs;

	struct timers *timers;
	struct frame *beat;

	pthread_mutex_t end_lock;   /* for end_changed */
	pthread_cond_t end_changed;
	_Atomic int64_t calls;      /* struct call and struct stream that libmicrohttpd holds */
	_Atomic int64_t stream_count, in_flight, refused_heads, refused_busy;
	uint64_t seed;
	atomic_int ask_shares[BUCKETS], network_streams[BUCKETS];
	struct route_count *routes;
};

/* --- figures ------------------------------------------------------------------------------------------------------ */

static void count_answer(struct web *w, const struct route *route, int status, int64_t us)
{
	if (route == NULL)
		return;
	struct route_count *c = &w->routes[route - routes];
	int class = status / 100 - 1;
	atomic_fetch_add_explicit(&c->answers[class < 0 || class > 4 ? 4 : class], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&c->sum_us, us, memory_order_relaxed);
}

struct web_figures web_figures(struct web *w)
{
	return (struct web_figures){
		.up_us = clock_mono_us() - w->started_us,
		.connections = atomic_load(&w->connections),
		.connections_max = w->connections_max,
		.streams = atomic_load(&w->stream_count),
		.refused_heads = atomic_load(&w->refused_heads),
		.refused_busy = atomic_load(&w->refused_busy),
		.in_flight = atomic_load(&w->in_flight),
		.queued_workers = pool_load(w->workers).queued,
		.queued_ask = pool_load(w->ask).queued,
		.queued_password = pool_load(w->password).queued,
		.queued_slow = pool_load(w->slow).queued,
	};
}

struct web_route_figures web_route_figures(struct web *w, size_t i)
{
	struct web_route_figures f = { .sum_us = atomic_load(&w->routes[i].sum_us) };
	for (int k = 0; k < 5; k++)
		f.answers[k] = atomic_load(&w->routes[i].answers[k]);
	return f;
}

/* A sender's bucket. Two senders may share one: then they share a limit, too; the seed keeps that from being arranged. */
static int bucket_of(const struct web *w, const struct peer *p)
{
	uint64_t h = w->seed;
	size_t bytes = IN6_IS_ADDR_V4MAPPED(&p->address) ? 16 : 8;
	for (size_t i = 0; i < bytes; i++)
		h = (h ^ p->address.s6_addr[i]) * 0x100000001b3u;
	return (int)((h ^ (h >> 32)) % BUCKETS);
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

static struct stream *stream_new(struct exchange *x)
{
	struct call *k = (struct call *)((char *)x - offsetof(struct call, x));
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
	if (s->bucket >= 0)
		atomic_fetch_sub(&s->web->network_streams[s->bucket], 1);
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

static ssize_t stream_read(void *ctx, uint64_t pos, char *buf, size_t max)
{
	struct stream *s = ctx;
	size_t n = 0;
	(void)pos;
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

/* The connection is a stream from now on. On the polling thread, before the answer is queued. */
static void stream_start(struct stream *s)
{
	struct web *w = s->web;
	struct epoll_event ev = { .events = EPOLLRDHUP | EPOLLONESHOT };
	pthread_mutex_lock(&w->watch_lock);
	s->next = w->streams;
	if (s->next != NULL)
		s->next->prev = s;
	w->streams = s;
	s->started = true;
	if (w->streams_closing)
		sub_cut(s->sub);
	if ((size_t)s->fd < w->watched_max) {
		s->generation = ++w->generation;
		ev.data.u64 = (uint64_t)s->generation << 32 | (uint32_t)s->fd;
		w->watched[s->fd] = (struct watched){ s, s->generation };
		/* Should it fail, heartbeats still find out. */
		if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, s->fd, &ev) != 0)
			log_debug(ROOM, "a stream is not watched: %s", strerror(errno));
	}
	pthread_mutex_unlock(&w->watch_lock);
	atomic_fetch_add(&w->stream_count, 1);
}

static void stream_end(struct stream *s)
{
	struct web *w = s->web;
	pthread_mutex_lock(&w->watch_lock);
	if (s->next != NULL)
		s->next->prev = s->prev;
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		w->streams = s->next;
	if ((size_t)s->fd < w->watched_max && w->watched[s->fd].stream == s) {
		w->watched[s->fd].stream = NULL;
		(void)epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
	}
	pthread_mutex_unlock(&w->watch_lock);
	atomic_fetch_sub(&w->stream_count, 1);
	stream_free(s);
	call_left(w);
}

/* Sees that clients of sleeping connections have gone. An event names a descriptor and a generation: the stream may
 * have ended, and the descriptor be another's, since the kernel said so. */
static void *watch(void *arg)
{
	struct web *w = arg;
	struct epoll_event events[64];
	pthread_setname_np(pthread_self(), "stream-watch");
	for (;;) {
		int n = epoll_wait(w->epoll_fd, events, 64, -1);
		if (n < 0 && errno != EINTR) {
			log_error(ROOM, "the stream watcher cannot go on: %s", strerror(errno));
			return NULL;
		}
		for (int i = 0; i < n; i++) {
			uint32_t fd = (uint32_t)events[i].data.u64, generation = (uint32_t)(events[i].data.u64 >> 32);
			if (generation == 0)
				return NULL; /* wake_fd: the end */
			pthread_mutex_lock(&w->watch_lock);
			struct watched *at = &w->watched[fd];
			if (at->stream != NULL && at->generation == generation)
				sub_cut(at->stream->sub);
			pthread_mutex_unlock(&w->watch_lock);
		}
	}
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

/* Turns the response into libmicrohttpd's. False when memory is short: the connection is closed. */
static bool build(struct call *k)
{
	struct response *rs = &k->x.rs;
	struct MHD_Response *r = NULL;
	bool ok = true;
	if (rs->streaming && k->head) {
		response_reset(rs);
		rs->type = "text/event-stream";
	}
	if (rs->streaming) {
		struct stream *s = rs->stream;
		/* A comment first: the reader gets the head at once, and a proxy sees that it flows. */
		s->prefix_len = rs->prefix.len + 3;
		s->prefix = malloc(s->prefix_len);
		if (s->prefix == NULL)
			return false;
		memcpy(s->prefix, ":\n\n", 3);
		memcpy(s->prefix + 3, rs->prefix.ptr, rs->prefix.len);
		/* Chunks are made in the connection's memory; only HTTP/1.0 readers need a block of their own. */
		bool old = k->x.http10;
		r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, old ? 2048 : 16, stream_read, s, NULL);
		if (r == NULL)
			return false;
		s->sub = rs->sub;
		rs->sub = NULL;
		k->stream = s;
		rs->stream = NULL;
	} else if (rs->fixed.ptr != NULL) {
		r = MHD_create_response_from_buffer(rs->fixed.len, (void *)rs->fixed.ptr, MHD_RESPMEM_PERSISTENT);
	} else {
		size_t len = 0;
		char *bytes = rs->body.len > 0 ? str_take(&rs->body, &len) : NULL;
		r = bytes != NULL ? MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE) :
			MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
		if (r == NULL)
			free(bytes);
	}
	if (r == NULL)
		return false;
	add_heads(k, r, &ok);
	if (!ok) {
		MHD_destroy_response(r);
		return false;
	}
	k->answer = r;
	k->status = rs->status;
	return true;
}

static void say_error(const struct call *k, const struct error *e, int status)
{
	const char *route = k->x.rq.route != NULL ? k->x.rq.route->path : "(no route)";
	if (status == 500)
		log_error(ROOM, "%s: %s: %s", route, err_name(e->code), e->message);
	else if (status == 503 && e->code != ERR_BUSY)
		log_warn(ROOM, "%s: %s: %s", route, err_name(e->code), e->message);
}

/* Fills the exchange's response with the error and makes the answer. */
static void refuse(struct call *k, int status, const struct error *e)
{
	problem_answer(&k->x.rq, &k->x.rs, status, e);
	if (!build(k))
		k->answer = NULL;
	say_error(k, e, k->x.rs.status);
}

static enum err stream_room(struct call *k, const struct peer *sender, struct error *e)
{
	struct web *w = k->web;
	if (!sender->known || !conf()->rate_limits)
		return ERR_OK;
	int b = bucket_of(w, sender);
	if (atomic_fetch_add(&w->network_streams[b], 1) >= conf()->streams_per_network) {
		atomic_fetch_sub(&w->network_streams[b], 1);
		err_set(e, ERR_LIMITED, "Too many streams are open from your network. Load the page now and then instead.");
		e->retry_after_s = 30;
		return ERR_LIMITED;
	}
	k->x.network_bucket = b;
	return ERR_OK;
}

/* Everything from the complete request to the answer. With a worker's connection, or on the polling thread without one. */
static void perform(struct call *k, struct db **db, struct arena *arena)
{
	struct web *w = k->web;
	struct exchange *x = &k->x;
	struct request *rq = &x->rq;
	struct error e = { 0 };
	enum err r = ERR_OK;
	bool answered = false;
	char text[INET6_ADDRSTRLEN];

	rq->arena = arena;
	response_init(&x->rs, x, arena);
	x->rs.close = x->close;
	x->network_bucket = -1;
	if (k->refuse != 0) {
		x->error_status = k->refuse;
		r = k->refusal.code;
		e = k->refusal;
	}
	if (r == ERR_OK && db != NULL) {
		if (*db == NULL && db_open(w->desk->folder, DB_READ, db, &e) != ERR_OK)
			r = e.code = ERR_IO; /* whatever it is, nothing can be answered from the store now */
		rq->db = *db;
	}
	if (r == ERR_OK) {
		memcpy(rq->params, k->params, sizeof rq->params);
		if (!route_decode(rq->params, arena))
			r = err_nomem(&e);
	}
	if (r == ERR_OK && db != NULL) {
		if (w->desk->keys != NULL)
			rq->sender = keys_sender(w->desk->keys, slice_of(peer_text(&x->sender, text)));
		r = session_prove(rq, &x->rs, &answered, &e);
		if (r == ERR_OK && !answered && (rq->route->flags & ROUTE_STREAM))
			r = stream_room(k, &x->sender, &e);
	}
	if (r == ERR_OK && !answered)
		r = rq->route->handler(rq, &x->rs, &e);
	if (r == ERR_OK && (x->rs.failed || (!x->rs.streaming && str_failed(&x->rs.body))))
		r = err_nomem(&e);
	if (x->network_bucket >= 0 && (r != ERR_OK || !x->rs.streaming || x->rs.stream == NULL || k->head)) {
		atomic_fetch_sub(&w->network_streams[x->network_bucket], 1);
		x->network_bucket = -1;
	}
	if (r != ERR_OK) {
		if (e.code == ERR_OK)
			err_set(&e, r, "%s", "");
		refuse(k, x->error_status, &e);
	} else {
		if (x->rs.streaming && x->rs.stream != NULL)
			x->rs.stream->bucket = x->network_bucket;
		if (!build(k))
			k->answer = NULL;
	}
	if (r == ERR_IO && db != NULL)
		db_close(db); /* perhaps a new connection fares better */
	exchange_fini(x);
	x->form_parsed = false;
	count_answer(w, rq->route, k->answer != NULL ? k->status : 500, clock_mono_us() - k->started_us);
}

static void job(void *arg, void *state)
{
	struct call *k = arg;
	struct worker *wk = state;
	struct web *w = k->web;
	if (wk != NULL) {
		perform(k, &wk->db, wk->arena);
		arena_reset(wk->arena);
	}
	if (k->share >= 0)
		atomic_fetch_sub(&w->ask_shares[k->share], 1);
	k->state = CALL_ANSWERED;
	atomic_fetch_sub(&w->in_flight, 1);
	/* From here on the call belongs to the polling thread, which may end it at once. */
	MHD_resume_connection(k->c);
}

static void *worker_new(void *ctx)
{
	struct worker *wk = calloc(1, sizeof *wk);
	if (wk == NULL)
		return NULL;
	wk->web = ctx;
	wk->arena = arena_new(JOB_ARENA_BYTES);
	if (wk->arena == NULL) {
		free(wk);
		return NULL;
	}
	return wk;
}

static void worker_free(void *state, void *ctx)
{
	struct worker *wk = state;
	(void)ctx;
	if (wk == NULL)
		return;
	db_close(&wk->db);
	arena_free(&wk->arena);
	free(wk);
}

/* --- the polling threads -------------------------------------------------------------------------------------------- */

static void refuse_later(struct call *k, int status, enum err code, const char *message)
{
	if (k->refuse != 0)
		return;
	k->refuse = status;
	err_set(&k->refusal, code, "%s", message);
}

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value, size_t value_len)
{
	struct call *k = cls;
	(void)kind;
	if (k->x.head_count == EXCHANGE_HEADS_MAX) {
		refuse_later(k, 431, ERR_MALFORMED, "There are too many header lines.");
		return MHD_NO;
	}
	k->x.heads[k->x.head_count++] = (struct head){ { name, name_len }, { value != NULL ? value : "", value_len } };
	return MHD_YES;
}

/* Percent-decoded, is it text? */
static bool text_ok(struct slice raw)
{
	char decoded[REQUEST_MEMORY_BYTES + 1];
	if (raw.len > REQUEST_MEMORY_BYTES)
		return false;
	return form_text_ok(slice_make(decoded, form_percent(raw, decoded)));
}

static bool read_method(const char *text, enum method *m, bool *head)
{
	static const char *const names[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
	*head = strcmp(text, "HEAD") == 0;
	*m = METHOD_GET;
	for (int i = 0; i < 5; i++) {
		if (strcmp(text, names[i]) == 0) {
			*m = (enum method)i;
			return true;
		}
	}
	return *head;
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

static void find_route(struct call *k, bool known_method)
{
	struct request *rq = &k->x.rq;
	unsigned allow;
	rq->route = route_find(rq->method, rq->path, k->params, NULL, &allow);
	if (!known_method && rq->route != NULL) {
		allow |= 1u << rq->route->method;
		rq->route = NULL;
	}
	if (rq->route != NULL)
		return;
	k->x.allow = allow;
	if (allow != 0)
		refuse_later(k, 405, ERR_MALFORMED, "This address does not take that method.");
	else
		refuse_later(k, 404, ERR_NOT_FOUND, "");
}

static void read_way(struct call *k)
{
	struct forwarding f = { .chain = SLICE_NONE };
	for (int i = 0; i < k->x.head_count; i++) {
		const struct head *h = &k->x.heads[i];
		/* Of several, the last was written by the nearest proxy. */
		if (h->name.len == 15 && strncasecmp(h->name.ptr, "x-forwarded-for", 15) == 0)
			f.chain = h->value;
		f.any |= (h->name.len > 12 && strncasecmp(h->name.ptr, "x-forwarded-", 12) == 0) ||
			(h->name.len == 9 && strncasecmp(h->name.ptr, "forwarded", 9) == 0) ||
			(h->name.len == 9 && strncasecmp(h->name.ptr, "x-real-ip", 9) == 0) || (h->name.len == 3 && strncasecmp(h->name.ptr, "via", 3) == 0);
	}
	k->x.peer = k->conn->peer;
	k->x.forwarded = f.any;
	k->x.sender = peer_sender(&k->conn->peer, &f, conf()->trusted_proxies);
}

/* The head is there: decide what can be decided without the store. Returns true when the answer must go now. */
static bool begin(struct call *k, const char *url, const char *method, const char *version)
{
	struct web *w = k->web;
	struct request *rq = &k->x.rq;
	struct slice path = slice_of(url);
	const union MHD_ConnectionInfo *size = MHD_get_connection_info(k->c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct head_layout layout = { method, version, size != NULL ? size->header_size : 0 };

	MHD_get_connection_values_n(k->c, MHD_HEADER_KIND, collect, k);
	k->x.http10 = strcmp(version, "HTTP/1.0") == 0;
	rq->desk = w->desk;
	rq->secure = strncmp(request_origin(), "https:", 6) == 0;
	bool known_method = read_method(method, &rq->method, &k->head);
	if (!slice_starts(path, SLICE("/"))) {
		/* "GET http://host/path": RFC 9112 section 3.2.2 has servers take it. */
		const char *host = strstr(url, "://"), *at = host != NULL ? strchr(host + 3, '/') : NULL;
		path = at != NULL ? slice_of(at) : SLICE("/");
		if (host == NULL)
			refuse_later(k, 400, ERR_MALFORMED, "The address does not begin with a slash.");
	}
	rq->path = without_base(path);

	if (!k->x.http10 && strcmp(version, "HTTP/1.1") != 0)
		refuse_later(k, 505, ERR_MALFORMED, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
	if (layout.bytes > HEAD_MAX_BYTES)
		refuse_later(k, 431, ERR_MALFORMED, "The head of this request is too long.");
	const char *wrong = k->refuse == 0 ? heads_wrong(k->x.heads, k->x.head_count, version, &layout) : NULL;
	if (wrong != NULL)
		refuse_later(k, 400, ERR_MALFORMED, wrong);
	if (k->refuse != 0) {
		atomic_fetch_add(&w->refused_heads, 1);
		k->x.close = true;
		return true;
	}

	read_way(k);
	int64_t open = atomic_load(&w->connections), room = w->connections_max;
	if (open > room || (open > room - room / 10 && !session_claims_staff(rq))) {
		refuse_later(k, 503, ERR_BUSY, "Too many people are here at once. Please come back in a moment.");
		k->refusal.retry_after_s = 5;
		atomic_fetch_add(&w->refused_busy, 1);
		k->x.close = true;
		return true;
	}
	k->x.staff_only = open > room - room / 10;

	if (!text_ok(path) || !text_ok(k->x.query))
		refuse_later(k, 400, ERR_MALFORMED, "The address holds bytes that are not valid UTF-8 text.");
	size_t fields = 0;
	for (size_t i = 0; i < k->x.query.len; i++)
		fields += k->x.query.ptr[i] == '&';
	if (fields >= FORM_FIELDS_MAX)
		refuse_later(k, 400, ERR_MALFORMED, "The address has too many fields.");
	find_route(k, known_method);

	struct slice length = request_header(rq, "content-length");
	if (length.ptr != NULL && strtoull(length.ptr, NULL, 10) > REQUEST_BODY_MAX_BYTES) {
		refuse_later(k, 413, ERR_TOO_LARGE, "The body is over 64 KiB.");
		k->x.close = true;
		/* More than we would drain: say so now, and let the client stop. */
		return strtoull(length.ptr, NULL, 10) > DRAIN_MAX_BYTES;
	}
	return false;
}

/* False: the connection is closed. */
static bool take_body(struct call *k, const char *data, size_t len)
{
	if (clock_mono_ms() - atomic_load(&k->conn->since_ms) > BODY_LIMIT_MS)
		return false;
	if (k->refuse == 0 && k->body_len + len > REQUEST_BODY_MAX_BYTES) {
		refuse_later(k, 413, ERR_TOO_LARGE, "The body is over 64 KiB.");
		k->x.close = true;
	}
	if (k->refuse != 0) {
		k->drained += len;
		return k->drained + k->body_len <= DRAIN_MAX_BYTES;
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

static void perform_here(struct call *k)
{
	struct arena *arena = arena_new(INLINE_ARENA_BYTES);
	if (arena != NULL) {
		perform(k, NULL, arena);
		arena_free(&arena);
	}
	k->state = CALL_ANSWERED;
}

/* Suspends, then queues: the other way round the worker could be done before the connection sleeps. False: the answer is there
 * already and the connection does not sleep. When true the call may be a worker's. */
static bool send_to_pool(struct call *k)
{
	struct web *w = k->web;
	unsigned flags = k->x.rq.route->flags;
	bool taken = false;
	k->share = -1;
	if ((flags & ROUTE_ASK) && k->x.sender.known && conf()->rate_limits) {
		int b = bucket_of(w, &k->x.sender);
		if (atomic_fetch_add(&w->ask_shares[b], 1) >= w->ask_share_max)
			atomic_fetch_sub(&w->ask_shares[b], 1);
		else
			k->share = b;
		if (k->share < 0) {
			atomic_fetch_add(&w->refused_busy, 1);
			refuse_later(k, 503, ERR_BUSY, "Your network has many questions waiting already. Please try again in a moment.");
			k->refusal.retry_after_s = 2;
			perform_here(k);
			return false;
		}
	}
	k->state = CALL_WORKING;
	atomic_fetch_add(&w->in_flight, 1);
	MHD_suspend_connection(k->c);
	pthread_rwlock_rdlock(&w->pools_lock);
	if (!w->closing) {
		struct pool *p = flags & ROUTE_PASSWORD ? w->password : flags & ROUTE_SLOW ? w->slow : flags & ROUTE_ASK ? w->ask : w->workers;
		taken = pool_offer(p, job, k);
	}
	bool closing = w->closing;
	pthread_rwlock_unlock(&w->pools_lock);
	if (taken)
		return true;
	atomic_fetch_sub(&w->in_flight, 1);
	atomic_fetch_add(&w->refused_busy, 1);
	if (k->share >= 0)
		atomic_fetch_sub(&w->ask_shares[k->share], 1);
	k->x.close |= closing;
	refuse_later(k, 503, ERR_BUSY, closing ? "The desk is being restarted. Please try again in a moment." :
		"We are busy right now and nothing was taken. Please try again in a moment.");
	k->refusal.retry_after_s = 2;
	perform_here(k);
	MHD_resume_connection(k->c);
	return true;
}

static enum MHD_Result queue_answer(struct call *k, void **ctx)
{
	struct MHD_Response *r = k->answer;
	if (r == NULL)
		return MHD_NO;
	k->answer = NULL;
	atomic_store(&k->conn->phase, PHASE_BUSY);
	if (k->stream == NULL) {
		enum MHD_Result done = MHD_queue_response(k->c, (unsigned)k->status, r);
		MHD_destroy_response(r);
		return done;
	}
	/* The call has done its work; the connection carries the stream from here on. */
	struct stream *s = k->stream;
	unsigned status = (unsigned)k->status;
	k->stream = NULL;
	stream_start(s);
	*ctx = s;
	free(k->body);
	free(k);
	enum MHD_Result done = MHD_queue_response(s->c, status, r);
	MHD_destroy_response(r);
	return done;
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
		k->started_us = clock_mono_us();
		perform_here(k);
		return queue_answer(k, ctx);
	case CALL_BODY:
		if (*data_len > 0) {
			bool ok = take_body(k, data, *data_len);
			*data_len = 0;
			return ok ? MHD_YES : MHD_NO;
		}
		k->started_us = clock_mono_us();
		k->x.rq.body = slice_make(k->body != NULL ? k->body : "", k->body_len);
		atomic_store(&k->conn->phase, PHASE_BUSY);
		if (k->refuse == 0 && !(k->x.rq.route->flags & ROUTE_INLINE)) {
			return send_to_pool(k) ? MHD_YES : queue_answer(k, ctx);
		}
		perform_here(k);
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
	k->share = -1;
	k->x.web = w;
	k->x.rq.exchange = &k->x;
	k->x.query = slice_make(k->query, len);
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
	if (k->answer != NULL)
		MHD_destroy_response(k->answer);
	if (k->stream != NULL)
		stream_free(k->stream);
	free(k->body);
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

static enum err listen_on(const char *where, int *out, char address[128], struct error *e)
{
	char host[96];
	const char *colon = strrchr(where, ':');
	size_t len = colon != NULL ? (size_t)(colon - where) : 0;
	if (colon == NULL || len >= sizeof host || colon[1] == '\0')
		return err_field(e, ERR_INVALID, "listen", "The address to listen on must be ADDRESS:PORT.");
	memcpy(host, where, len);
	host[len] = '\0';
	char *name = host;
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		name = host + 1;
	}
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found = NULL;
	int bad = getaddrinfo(name[0] != '\0' ? name : NULL, colon + 1, &hints, &found);
	if (bad != 0)
		return err_field(e, ERR_INVALID, "listen", "%s is no address to listen on: %s.", where, gai_strerror(bad));
	int one = 1, fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enum err r = ERR_OK;
	struct sockaddr_storage bound;
	socklen_t bytes = sizeof bound;
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 4096) != 0 ||
		getsockname(fd, (struct sockaddr *)&bound, &bytes) != 0)
		r = err_set(e, ERR_IO, "Cannot listen on %s: %s.", where, strerror(errno));
	freeaddrinfo(found);
	if (r != ERR_OK) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	char ip[INET6_ADDRSTRLEN + 16], port[8];
	if (getnameinfo((struct sockaddr *)&bound, bytes, ip, sizeof ip, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		ip[0] = port[0] = '\0';
	snprintf(address, 128, bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", ip, port);
	*out = fd;
	return ERR_OK;
}

/* As many files as we may have. Returns how many that is. */
static int64_t raise_file_limit(void)
{
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return 1024;
	if (l.rlim_max == RLIM_INFINITY || l.rlim_max > 1 << 20)
		l.rlim_cur = l.rlim_max == RLIM_INFINITY ? 1 << 20 : l.rlim_max < 1 << 20 ? l.rlim_max : 1 << 20;
	else
		l.rlim_cur = l.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &l) != 0)
		(void)getrlimit(RLIMIT_NOFILE, &l);
	return (int64_t)l.rlim_cur;
}

static struct pool *pool_of(struct web *w, const char *name, int threads, size_t queue, int nice, struct error *e)
{
	struct pool_options o = { .name = name, .threads = threads, .queue_max = queue, .nice = nice, .thread_init = worker_new,
		.thread_fini = worker_free, .ctx = w };
	return pool_new(&o, e);
}

static void web_free(struct web **wp)
{
	struct web *w = *wp;
	pool_free(&w->ask);
	pool_free(&w->workers);
	pool_free(&w->password);
	pool_free(&w->slow);
	if (w->timers != NULL)
		timers_free(&w->timers);
	if (w->daemon != NULL)
		MHD_stop_daemon(w->daemon);
	if (w->watcher_runs) {
		uint64_t one = 1;
		if (write(w->wake_fd, &one, sizeof one) == (ssize_t)sizeof one)
			pthread_join(w->watcher, NULL);
	}
	if (w->listen_fd >= 0)
		close(w->listen_fd);
	if (w->epoll_fd >= 0)
		close(w->epoll_fd);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	frame_unref(&w->beat);
	free(w->watched);
	free(w->routes);
	pthread_rwlock_destroy(&w->pools_lock);
	pthread_mutex_destroy(&w->conns_lock);
	pthread_mutex_destroy(&w->watch_lock);
	pthread_mutex_destroy(&w->end_lock);
	pthread_cond_destroy(&w->end_changed);
	free(w);
	*wp = NULL;
}

static enum err start_threads(struct web *w, const struct web_options *o, int64_t files, struct error *e)
{
	int workers = o->workers > 0 ? o->workers : (int)conf()->workers;
	size_t queue = o->worker_queue_max > 0 ? o->worker_queue_max : 1024, ask = o->ask_queue_max > 0 ? o->ask_queue_max : 512;
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 0 };

	w->ask_share_max = (int64_t)ask / 8 > 8 ? (int64_t)ask / 8 : 8;
	w->workers = pool_of(w, "worker", workers, queue, 0, e);
	w->ask = w->workers != NULL ? pool_of(w, "screening", workers, ask, 0, e) : NULL;
	w->password = w->ask != NULL ? pool_of(w, "password", 2, 128, 5, e) : NULL;
	w->slow = w->password != NULL ? pool_of(w, "slow", 1, 32, 10, e) : NULL;
	if (w->slow == NULL)
		return e->code;
	w->watched_max = (size_t)files;
	w->watched = calloc(w->watched_max, sizeof *w->watched);
	w->timers = timers_new();
	if (w->watched == NULL || w->timers == NULL || w->beat == NULL)
		return err_nomem(e);
	if (w->epoll_fd < 0 || w->wake_fd < 0 || epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, &ev) != 0)
		return err_set(e, ERR_IO, "The stream watcher cannot be set up: %s.", strerror(errno));
	int bad = pthread_create(&w->watcher, NULL, watch, w);
	if (bad != 0)
		return err_set(e, ERR_IO, "A thread cannot be started: %s.", strerror(bad));
	w->watcher_runs = true;
	return timers_every(w->timers, 1000, tick, w);
}

static enum err start_daemon(struct web *w, struct error *e)
{
	/* Above our own limit, so that the clients beyond it hear 503 in place of silence; it is shared out among the threads. */
	unsigned limit = (unsigned)(w->connections_max + 512) * POLLING_THREADS;
	w->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle, w,
		MHD_OPTION_EXTERNAL_LOGGER, said, NULL,
		MHD_OPTION_LISTEN_SOCKET, w->listen_fd,
		MHD_OPTION_THREAD_POOL_SIZE, (unsigned)POLLING_THREADS,
		MHD_OPTION_CONNECTION_LIMIT, limit,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MEMORY_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_LIMIT_S,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
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
	pthread_rwlock_init(&w->pools_lock, NULL);
	pthread_mutex_init(&w->conns_lock, NULL);
	pthread_mutex_init(&w->watch_lock, NULL);
	pthread_mutex_init(&w->end_lock, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->end_changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->wake_fd = eventfd(0, EFD_CLOEXEC);
	w->beat = frame_new(SLICE(":\n\n"), 0);
	w->routes = calloc(routes_count, sizeof *w->routes);
	crypt_random(&w->seed, sizeof w->seed);

	int64_t files = raise_file_limit();
	w->connections_max = o->connections > 0 ? o->connections : conf()->connections;
	if (w->connections_max > files - FILES_FOR_OURSELVES) {
		w->connections_max = files > 2 * FILES_FOR_OURSELVES ? files - FILES_FOR_OURSELVES : files / 2;
		log_warn(ROOM, "the file limit of %lld allows only %lld connections", (long long)files, (long long)w->connections_max);
	}
	log_info(ROOM, "file limit %lld, connections up to %lld", (long long)files, (long long)w->connections_max);

	enum err r = w->routes != NULL ? ERR_OK : err_nomem(e);
	struct slice wrong;
	if (r == ERR_OK && !peer_list_ok(conf()->trusted_proxies, &wrong))
		r = err_field(e, ERR_INVALID, "trusted_proxies", "%.*s is neither an address nor a block of addresses.", SLICE_ARG(wrong));
	if (r == ERR_OK)
		r = static_start(e);
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

	/* The listening socket is closed only at the end: the polling threads still have it in their epoll sets. */
	(void)MHD_quiesce_daemon(w->daemon);
	pthread_rwlock_wrlock(&w->pools_lock);
	w->closing = true;
	pthread_rwlock_unlock(&w->pools_lock);
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_WAIT_MS / 1000;

	pthread_mutex_lock(&w->watch_lock);
	w->streams_closing = true;
	for (struct stream *s = w->streams; s != NULL; s = s->next)
		sub_cut(s->sub);
	pthread_mutex_unlock(&w->watch_lock);

	/* The workers first: /metrics runs there and looks at the others. */
	pool_free(&w->workers);
	pool_free(&w->ask);
	pool_free(&w->password);
	pool_free(&w->slow);

	/* Now nothing sleeps: what was suspended has been resumed. Let the answers go out. */
	pthread_mutex_lock(&w->end_lock);
	while (atomic_load(&w->calls) > 0 && pthread_cond_timedwait(&w->end_changed, &w->end_lock, &until) == 0)
		;
	pthread_mutex_unlock(&w->end_lock);
	web_free(&w);
}
