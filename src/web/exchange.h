/*
 * exchange: one request and its answer between the rooms of `web`: what struct request keeps behind its back.
 *
 * Made by the server when a request line is there, ended when its answer has gone. Header names, values and the raw
 * query are views into the connection's memory and live as long. One thread at a time: the polling thread until the request
 * is queued, then one pool thread, then the polling thread again.
 *
 * Only server, request, session, problem, static and their tests include this.
 */
#ifndef WEB_EXCHANGE_H
#define WEB_EXCHANGE_H

#include "web/form.h"
#include "web/heads.h"
#include "web/peer.h"
#include "web/route.h"

enum { EXCHANGE_HEADS_MAX = 64, RESPONSE_HEADS_MAX = 24, RESPONSE_BODY_MAX_BYTES = 8 << 20 };

struct web;
struct work;
struct stream; /* the server's: a connection that became an event stream */

/* Where the server keeps an answer that is the same for everybody. Static storage, zero at first; the server's own. */
struct kept {
	_Atomic(struct MHD_Response *) answer;
};

struct response {
	int status;
	struct arena *arena;
	struct exchange *exchange;
	const char *type;           /* Content-Type; NULL: none set */
	struct head heads[RESPONSE_HEADS_MAX]; /* NUL-terminated copies in the arena */
	int head_count;
	struct str body;
	struct slice fixed;         /* instead of `body`: bytes that live as long as the process */
	struct kept *kept;          /* of `fixed`: all of the answer is made once */
	struct stream *stream;      /* made by response_wake */
	struct sub *sub;            /* given to response_stream */
	struct slice prefix;
	bool streaming;
	bool failed;                /* a header with a line break, too many of them, or out of memory: answers 500 */
	bool close;                 /* the connection ends with this answer */
};

struct exchange {
	struct web *web;
	struct request rq;
	struct response rs;
	struct head heads[EXCHANGE_HEADS_MAX];
	int head_count;
	struct slice query;          /* raw, without "?" */
	struct form query_form;
	bool query_parsed, query_failed;
	struct form form;
	bool form_parsed;
	struct jv *json;
	int error_status;            /* a status that no enum err has (405, 415, 431); 0: by the error */
	struct address address;      /* for 405 */
	struct peer peer;            /* of the socket, not the sender */
	bool forwarded;              /* some forwarding header was there */
	struct peer sender;          /* who asks, by what is to be believed */
	bool http10;
	bool close;                  /* the connection ends with the answer */
	size_t body_max;             /* a longer body is 413 */
	int network_bucket;          /* the server's count of streams by network that was raised, or -1 */
	bool staff_only;             /* near the connection limit: whoever proves to be no staff is turned away */
	bool head;                   /* HEAD: the answer of GET without its body */
	struct slice raw_params[REQUEST_PARAMS_MAX];
	int refuse;                  /* a status that was decided before the handler could run; 0: go on */
	struct error refusal;
	int64_t started_us;          /* when the request was complete */
	struct work *work;
	int share;                   /* work's: its sender's bucket, or -1 */
	bool built;                  /* build has made the answer */
	void (*build)(struct exchange *x); /* turns rs into the server's answer, while the arena lasts */
	void (*done)(struct exchange *x);  /* the worker lets go; the exchange may end before this returns */
	/* Makes the stream for response_wake; NULL when out of memory. The server's; a test may put its own here. */
	struct stream *(*stream_new)(struct exchange *x);
	void (*stream_wake)(void *stream);
	void (*stream_drop)(struct exchange *x); /* the answer became something else */
};

/* Empty answers over the arena. */
void response_init(struct response *rs, struct exchange *x, struct arena *a);
/* Drops everything (also a subscription that was taken) and starts anew, for an error in place of a half-made answer. */
void response_reset(struct response *rs);
/* A header the handler set, or absent. */
struct slice response_head(const struct response *rs, const char *name);
/* Bytes that live as long as the process, not copied. Who names the same `kept` gives the same status, heads and bytes each time. */
void response_fixed(struct response *rs, struct slice bytes, struct kept *kept);
/* Decides on an error answer before the handler could run. The first one counts. */
void exchange_refuse_later(struct exchange *x, int status, enum err code, const char *message);
/* Ends what request_* made (the JSON tree). */
void exchange_fini(struct exchange *x);

/* Where the server really listens ("127.0.0.1:41234"), for links while public_url is empty. Once, before serving. */
void request_listening(const char *address);
/* "https://help.example.org" without the path, never NULL. */
const char *request_origin(void);

#endif
