/*
 * fetch: HTTP requests that leave the house. The only room that knows libcurl.
 *
 * One thread drives all transfers. A caller asks for several at once and waits at most as long as it says; what has not
 * come by then is "no answer" to it, while the transfer itself may go on for FETCH_LIFE_MS, so that a connection that was
 * slow to open is warm for the next caller.
 *
 * What is refused: redirects (they are answers like any other), schemes other than http and https, proxies from the
 * environment, and addresses of private networks (loopback, link-local, RFC 1918, ULA, carrier NAT, multicast and what
 * embeds them), unless the URL itself names such an address (a literal, or "localhost") and the caller says that it comes
 * from the configuration. A name that merely resolves to a private address is refused whoever wrote it. No address may
 * ever be taken from a visitor's text.
 *
 * Owns: its thread and connections. Threads: any may ask. Limits: FETCH_RUNNING_MAX transfers at once, past which the
 * answer is "no answer" at once; FETCH_ANSWER_MAX bytes of an answer.
 */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { FETCH_RUNNING_MAX = 128, FETCH_ANSWER_MAX = 256 * 1024, FETCH_LIFE_MS = 5000, FETCH_HEADERS_MAX = 8 };

struct fetcher;

struct fetcher *fetcher_new(struct error *e) MUST_CHECK; /* NULL: an error */
/* Ends what is under way. Nobody may ask any more. NULL-safe, clears. */
void fetcher_free(struct fetcher **f);

struct fetch_request {
	const char *url;
	const char *headers[FETCH_HEADERS_MAX]; /* "Name: value"; NULL ends them */
	struct slice body;                      /* sent by POST; absent: GET */
	bool from_conf;                         /* the URL is the admin's: a private address it names is meant */
};

struct fetch_answer {
	int status;        /* of HTTP; 0: no answer came */
	struct slice body; /* of at most FETCH_ANSWER_MAX bytes; in the caller's arena */
	const char *why;   /* without an answer: a few words for the log, no address in them; in the arena */
};

/* Asks all n at once and waits up to budget_ms. ERR_NOMEM when the arena is full; trouble on the way is in the answers. */
enum err fetch_all(struct fetcher *f, struct arena *a, const struct fetch_request *requests, size_t n, int64_t budget_ms,
	struct fetch_answer *answers, struct error *e) MUST_CHECK;

#endif
