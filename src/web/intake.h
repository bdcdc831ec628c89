/*
 * intake: what is decided about a request from its head alone, before the store is asked: suspicious heads, addresses that are no text,
 * the route, the sender, whether there is room. Runs on the polling thread and never blocks. Any thread; touches nothing but the exchange.
 */
#ifndef WEB_INTAKE_H
#define WEB_INTAKE_H

#include "web/exchange.h"

struct intake {
	const char *url, *method, *version; /* as they came, not decoded */
	size_t head_bytes;                  /* 0: not known */
	int64_t open, room;                 /* connections now and at most; a tenth of the room is kept for staff */
};

/* Longer heads are 431: libmicrohttpd builds the answer's head in what the request's left of its memory. A body that is not taken is read
 * to its end and forgotten up to INTAKE_DRAIN_MAX_BYTES: an answer in the middle of it ends the connection, and a client that is still
 * writing mostly sees a broken pipe in place of the 413. The bound leaves room for the largest rule file that somebody may try; reading
 * costs no memory, and the time for a body ends it. */
enum { INTAKE_HEAD_MAX_BYTES = 5500, INTAKE_DRAIN_MAX_BYTES = 16 << 20 };

/* With x->heads and x->query there: fills x->rq, x->raw_params, x->peer's sender, x->refuse. True: the answer must go now and the
 * connection end, without waiting for the body (a suspicious head, no room, a body too long to be drained). */
bool intake_head(struct exchange *x, const struct intake *in);

#endif
