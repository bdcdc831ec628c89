/*
 * stream_server: our server, hub and streams with two routes of their own, to be measured beside nginx + nchan.
 *
 *     stream_server DATA      DATA is a migrated data folder; prints "listening on http://ADDR:PORT"; ends on SIGTERM
 *
 * GET /sub is a stream of everything, POST /pub publishes its body as one event. (The product has no stream that 10,000 readers share
 * without an account each, so it cannot be asked itself.) The table of routes is this file's in place of web/route.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "base/conf.h"
#include "base/crypt.h"
#include "live/sse.h"
#include "web/i18n.h"
#include "web/page.h"
#include "web/route.h"
#include "web/server.h"

static const struct topic everybody = { TOPIC_DESK, 0 };

static enum err sub(struct request *rq, struct response *rs, struct error *e)
{
	void *ctx;
	struct sub_options o = { .wake = response_wake(rs, &ctx) };
	o.ctx = ctx;
	struct sub *s = hub_subscribe(rq->desk->hub, everybody, &o);
	if (s == NULL)
		return err_nomem(e);
	response_stream(rs, s, SLICE_NONE);
	return ERR_OK;
}

static enum err pub(struct request *rq, struct response *rs, struct error *e)
{
	struct frame *f = sse_frame(0, "entry", rq->body);
	if (f == NULL)
		return err_nomem(e);
	hub_publish(rq->desk->hub, everybody, f);
	frame_unref(&f);
	response_status(rs, 204);
	return ERR_OK;
}

const struct route routes[] = {
	{ METHOD_GET, "/sub", WHO_ANYBODY, ROUTE_API | ROUTE_STREAM, sub, "sub", "Everything." },
	{ METHOD_POST, "/pub", WHO_ANYBODY, ROUTE_API, pub, "pub", "Say it to all." },
};
const size_t routes_count = 2;

const struct route *route_find(enum method m, struct slice path, struct slice params[REQUEST_PARAMS_MAX], struct arena *a, struct address *at)
{
	(void)a;
	*at = (struct address){ 0 };
	for (int i = 0; i < REQUEST_PARAMS_MAX; i++)
		params[i] = SLICE_NONE;
	for (size_t i = 0; i < routes_count; i++)
		if (routes[i].method == m && slice_is(path, routes[i].path))
			return &routes[i];
	return NULL;
}

size_t route_body_max(const struct route *r, bool staff)
{
	(void)r;
	(void)staff;
	return REQUEST_BODY_MAX_BYTES;
}

bool route_decode(struct slice params[REQUEST_PARAMS_MAX], struct arena *a)
{
	(void)params;
	(void)a;
	return true;
}

int main(int argc, char **argv)
{
	struct error e = { 0 };
	struct desk desk = { .folder = argc > 1 ? argv[1] : ".", .hub = hub_new() };
	struct web_options o = { .listen = "127.0.0.1:0" };
	struct web *web = NULL;
	sigset_t end;
	int which;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &end, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (desk.hub == NULL || conf_load(NULL, &e) != ERR_OK || crypt_init(&e) != ERR_OK || i18n_start("", &e) != ERR_OK || page_start("", &e) != ERR_OK ||
		web_start(&desk, &o, &web, &e) != ERR_OK) {
		fprintf(stderr, "stream_server: %s\n", e.message);
		return 1;
	}
	printf("listening on http://%s\n", web_address(web));
	fflush(stdout);
	sigwait(&end, &which);
	web_stop(&web);
	hub_free(&desk.hub);
	page_stop();
	i18n_stop();
	return 0;
}
