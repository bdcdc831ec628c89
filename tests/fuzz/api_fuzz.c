/* Every route of the JSON API with any path, query, header and body, on a real desk in a folder of its own: handlers answer
 * or refuse, they never say it was our own fault, and what they call JSON is JSON.
 *
 *     byte 0: the route, byte 1: the caller's role, then lines:
 *     first segment, second segment, query, If-Match, Last-Event-ID; the rest is the body.
 *     "T" as a first segment is the link of a question that account 2 holds with fence 1, "1" is its ticket. When an input has
 *     moved it on, the next one finds another.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <ftw.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/log.h"
#include "desk/keys.h"
#include "desk/lease.h"
#include "desk/people.h"
#include "desk/presence.h"
#include "desk/queue.h"
#include "desk/rulebook.h"
#include "desk/ticket.h"
#include "store/migrate.h"
#include "web/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct desk desk;
static struct db *db;
static struct arena *arena;
static char folder[64];
static char token[TICKET_TOKEN_BYTES], ticket[24];
static int64_t ticket_id;
static char secret; /* stands for a stream */

static int gone(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void end(void)
{
	db_close(&db);
	rulebook_close(&desk.rulebook);
	writer_free(&desk.writer);
	presence_free(&desk.presence);
	hub_free(&desk.hub);
	keys_free(&desk.keys);
	arena_free(&arena);
	nftw(folder, gone, 16, FTW_DEPTH | FTW_PHYS);
}

static void must(enum err err, const struct error *e)
{
	if (err) {
		fprintf(stderr, "set-up: %s\n", e->message);
		abort();
	}
}

static enum err add_people(struct db *w, void *self, struct error *e)
{
	(void)self;
	enum err err = ERR_OK;
	for (int role = ROLE_TRIAL; !err && role <= ROLE_ADMIN; role++) {
		char name[16];
		int64_t id;
		snprintf(name, sizeof(name), "p%d", role);
		err = db_int(w, SQL_PEOPLE_ADD, BINDS(b_str(name), b_str(name), b_int(role), b_null(), b_int(1)), &id, e);
	}
	return err;
}

static void begin(void)
{
	struct error e = { 0 };
	log_set_level(LOG_ERROR);
	setenv("PORCHLIGHT_RATE_LIMITS", "off", 1);
	setenv("PORCHLIGHT_CLAIM_CAP", "100", 1);
	setenv("PORCHLIGHT_TOPICS", "editing,images", 1);
	snprintf(folder, sizeof(folder), "%s/porchlight-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(folder))
		abort();
	atexit(end);
	must(crypt_init(&e), &e);
	must(conf_load(NULL, &e), &e);
	must(migrate_run(folder, NULL, NULL, &e), &e);
	must(writer_new(folder, &desk.writer, &e), &e);
	must(keys_open(folder, &desk.keys, &e), &e);
	must(db_open(folder, DB_READ, &db, &e), &e);
	desk.folder = folder;
	desk.hub = hub_new();
	desk.presence = presence_new(desk.hub);
	must(rulebook_open(&desk, db, false, &desk.rulebook, &e), &e);
	request_listening("127.0.0.1:1");
	arena = arena_new(64 << 20);
	must(writer_do(desk.writer, LANE_TALK, add_people, NULL, &e), &e);
	arena_reset(arena);
}

/* A question that account 2 holds. */
static void seed(void)
{
	struct error e = { 0 };
	struct asked asked;
	struct acted acted;
	struct ticket t;
	if (ticket_id && ticket_load(db, arena, ticket_id, &t, &e) == ERR_OK && t.state == TICKET_LIVE)
		return;
	struct ask ask = { .body = SLICE("How do I upload a photo?"), .lang = SLICE("en") };
	must(ticket_ask(&desk, db, arena, &ask, &asked, &e), &e);
	memcpy(token, asked.token, sizeof(token));
	ticket_id = asked.ticket;
	snprintf(ticket, sizeof(ticket), "%lld", (long long)ticket_id);
	/* Held by an edited rule, perhaps: then the input finds it so. */
	struct act act = { .ticket = asked.ticket, .by = BY_HELPER, .who = { .role = ROLE_HELPER, .account = 2, .name = SLICE("p2") } };
	if (queue_claim(&desk, &act, &acted, &e))
		return;
}

static struct stream *stream_new(struct exchange *x)
{
	(void)x;
	return (struct stream *)(void *)&secret;
}

static void nothing(void *ctx)
{
	(void)ctx;
}

static void drop(struct exchange *x)
{
	(void)x;
}

static struct slice line(struct slice *rest)
{
	const char *nl = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
	struct slice s = { rest->ptr, nl ? (size_t)(nl - rest->ptr) : rest->len };
	*rest = slice_from(*rest, s.len + (nl != NULL));
	return s;
}

/* The n-th API route that can run without hashing a password, which would take all the time there is. */
static const struct route *pick(unsigned n)
{
	static const struct route *list[256];
	static unsigned count;
	if (count == 0)
		for (size_t i = 0; i < routes_count; i++)
			if ((routes[i].flags & ROUTE_API) && !(routes[i].flags & (ROUTE_PASSWORD | ROUTE_INLINE)) && strncmp(routes[i].path, "/api/", 5) == 0)
				list[count++] = &routes[i];
	return list[n % count];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!desk.writer)
		begin();
	seed();
	if (size < 2)
		return 0;
	const struct route *route = pick(data[0]);
	struct slice rest = { (const char *)data + 2, size - 2 };
	struct exchange *x = calloc(1, sizeof(*x));
	if (!x)
		return 0;
	struct request *rq = &x->rq;
	rq->arena = arena;
	rq->exchange = x;
	rq->desk = &desk;
	rq->db = db;
	rq->route = route;
	rq->method = route->method;
	rq->path = slice_of(route->path);
	enum role role = (enum role)(data[1] % 5);
	if (route->who >= WHO_TRIAL && (int)role < (int)(route->who - WHO_TRIAL) + ROLE_TRIAL)
		role = ROLE_ADMIN;
	if (route->who >= WHO_TRIAL)
		rq->who = (struct actor){ .role = role, .account = role, .session = 1000, .name = SLICE("somebody") };
	for (int i = 0; i < 2; i++) {
		struct slice s = line(&rest);
		if (slice_is(s, "T"))
			s = slice_of(token);
		if (slice_is(s, "1") && i == 0)
			s = slice_of(ticket);
		if (s.len)
			rq->params[i] = arena_slice(arena, s);
	}
	if (!rq->params[0].ptr && strchr(route->path, ':'))
		rq->params[0] = slice_of(ticket);
	x->query = line(&rest);
	struct slice match = line(&rest), last = line(&rest);
	rq->body = rest.len > REQUEST_BODY_MAX_BYTES ? slice_make(rest.ptr, REQUEST_BODY_MAX_BYTES) : rest;
	x->heads[x->head_count++] = (struct head){ SLICE("Content-Type"), data[1] & 128 ? SLICE("text/plain") : SLICE("application/json") };
	if (match.len)
		x->heads[x->head_count++] = (struct head){ SLICE("If-Match"), match };
	if (last.len)
		x->heads[x->head_count++] = (struct head){ SLICE("Last-Event-ID"), last };
	x->stream_new = stream_new;
	x->stream_wake = nothing;
	x->stream_drop = drop;
	response_init(&x->rs, x, arena);
	/* What the server refuses before a handler sees it. */
	bool fit = form_text_ok(rq->body) && form_text_ok(x->query) && form_text_ok(match) && form_text_ok(last);
	for (int i = 0; i < 2; i++)
		fit = fit && (!rq->params[i].ptr || form_text_ok(rq->params[i]));
	struct form query;
	fit = fit && form_parse(arena, x->query, &query, NULL) == ERR_OK;
	if (fit) {
		struct error e = { 0 };
		enum err err = route->handler(rq, &x->rs, &e);
		if (err == ERR_INTERNAL || err == ERR_CORRUPT || err == ERR_IO || (err && !e.message[0])) {
			fprintf(stderr, "%s: %s: %s\n", route->handler_name, err_name(err), e.message);
			abort();
		}
		struct jv *v = NULL;
		if (!err && x->rs.body.len && x->rs.type && strstr(x->rs.type, "json")) {
			if (jv_parse(str_slice(&x->rs.body), 32, &v, &e)) {
				fprintf(stderr, "%s: %s\n", route->handler_name, e.message);
				abort();
			}
			jv_free(&v);
		}
	}
	exchange_fini(x);
	free(x);
	arena_reset(arena);
	return 0;
}
