/*
 * server: the only room that speaks with libmicrohttpd: sockets, polling threads, pools, suspension, streams, the end.
 *
 * Two polling threads parse heads, refuse suspicious ones, route, and answer what is ROUTE_INLINE. Everything else is
 * suspended *before* it is queued on a pool (workers; screening for ROUTE_ASK; passwords; slow), worked off there with the
 * thread's own read-only connection and arena, and resumed. A full queue is 503 with Retry-After. Event streams sleep
 * suspended; a watcher thread sees their clients vanish, a timer beats every 15 s.
 *
 * Limits: 8 KiB request memory a connection (a larger head is 431); bodies of REQUEST_BODY_MAX_BYTES (drained up to 16 MiB, then
 * 413), of a rule file ROUTE_FILE_BODY_MAX_BYTES, four such at once; conf `connections` with a tenth of them kept for staff; 30 s for a
 * head, 60 s for a body, 75 s idle.
 *
 * Not in our hands: what libmicrohttpd refuses itself (no request line at all, a head that does not fit into its memory) it answers with
 * fixed words of its own, without our security heads; nothing of the request is in them. A head of some 7.9 to 8.1 KiB fits in but leaves
 * no memory for an answer: the connection is closed without one. Behind a proxy, whose own limit is lower, neither is seen.
 *
 * Lock order: hub -> subscriber -> libmicrohttpd's own; the server's connection lock is never held while any of these is taken,
 * except by the stop sequence (connection lock -> subscriber).
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include <stdint.h>

#include "base/err.h"
#include "desk/desk.h"

struct web;

struct web_options {
	const char *listen;         /* "ADDR:PORT", "[ADDR]:PORT"; port 0 picks a free one. NULL: conf()->listen */
	int workers;                /* threads of the worker pool; 0: conf()->workers */
	size_t worker_queue_max;    /* waiting requests before 503; 0: 1024 */
	size_t ask_queue_max;       /* the same for ROUTE_ASK; 0: 512 */
	int64_t connections;        /* 0: conf()->connections, lowered to what the file limit allows */
};

/* Binds, raises the file limit, starts every thread and serves. `desk` must outlive the web. ERR_IO when the address cannot be bound
 * (in use, no permission): the message names the address. On ERR_OK the caller ends it with web_stop. */
enum err web_start(struct desk *desk, const struct web_options *o, struct web **out, struct error *e) MUST_CHECK;

/* Takes no new connection, ends streams, lets running requests answer, joins every thread. NULL-safe, clears. The writer must
 * still run. Handlers are waited for; everything else takes at most 2 s. */
void web_stop(struct web **w);

/* "127.0.0.1:41234" or "[::1]:8080": where it listens, with the real port. As long as the web. */
const char *web_address(const struct web *w);

/* What the metrics show. */
struct web_figures {
	int64_t up_us, connections, connections_max, streams, refused_heads, refused_busy, in_flight;
	size_t queued_workers, queued_ask, queued_password, queued_slow;
};
struct web_figures web_figures(struct web *w);

/* Of routes[i]: answers by class of status (1xx to 5xx), and the time they took from the request's end to the answer. */
struct web_route_figures {
	int64_t answers[5], sum_us;
};
struct web_route_figures web_route_figures(struct web *w, size_t i);

#endif
