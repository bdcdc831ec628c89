#include "net/fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/str.h"

enum { CONNECT_MS = 2000, POLL_MS = 1000, IDLE_CONNECTIONS = 8 };

struct transfer {
	struct group *group;
	CURL *easy;
	struct curl_slist *headers;
	struct str answer;
	bool private_ok, refused_private;
	/* Set by the fetcher's thread under its lock, then only read. */
	bool done;
	int status;
	const char *why;
};

/* What one caller asked for together. Freed by whoever lets go last: the caller, or the thread when all have ended. */
struct group {
	struct group *next;
	int refs;    /* under the fetcher's lock */
	size_t left; /* likewise; the thread alone counts it down */
	pthread_cond_t changed;
	size_t n;
	struct transfer transfers[];
};

struct fetcher {
	pthread_mutex_t lock;
	pthread_t thread;
	CURLM *multi;
	struct group *inbox;
	size_t running;       /* transfers handed over and not ended */
	struct group *driven; /* the thread's own: groups with transfers under way */
	bool stop;
};

/* ---- which addresses may be asked ---- */

static bool private4(uint32_t a)
{
	static const struct {
		uint32_t net;
		int bits;
	} blocks[] = { /* RFC 6890 */
		{ 0x00000000, 8 }, { 0x0a000000, 8 }, { 0x64400000, 10 }, { 0x7f000000, 8 }, { 0xa9fe0000, 16 }, { 0xac100000, 12 }, { 0xc0000000, 24 },
		{ 0xc0a80000, 16 }, { 0xc6120000, 15 }, { 0xe0000000, 3 }
	};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if ((a ^ blocks[i].net) >> (32 - blocks[i].bits) == 0)
			return true;
	return false;
}

static uint32_t word_at(const unsigned char *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool private6(const struct in6_addr *in)
{
	static const unsigned char nat64[12] = { 0, 0x64, 0xff, 0x9b };
	const unsigned char *b = in->s6_addr;

	if (IN6_IS_ADDR_V4MAPPED(in) || IN6_IS_ADDR_V4COMPAT(in) || memcmp(b, nat64, sizeof(nat64)) == 0)
		return private4(word_at(b + 12));
	if (b[0] == 0x20 && b[1] == 0x02) /* 6to4 */
		return private4(word_at(b + 2));
	return IN6_IS_ADDR_UNSPECIFIED(in) || IN6_IS_ADDR_LOOPBACK(in) || (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && b[1] >= 0x80) || b[0] == 0xff;
}

static bool private_address(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return private4(ntohl(((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr));
	if (sa->sa_family == AF_INET6)
		return private6(&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
	return true;
}

/* The URL's host is an address, or "localhost": nobody else decides where it leads. */
static bool names_address(const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL;
	unsigned char b[16];
	bool yes = false;

	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK && curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		yes = host[0] == '[' || inet_pton(AF_INET, host, b) == 1 || strcmp(host, "localhost") == 0;
	curl_free(host);
	curl_url_cleanup(u);
	return yes;
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = ctx;

	(void)purpose;
	if (!t->private_ok && private_address(&address->addr)) {
		t->refused_private = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- one transfer ---- */

static size_t take(char *data, size_t one, size_t n, void *ctx)
{
	struct transfer *t = ctx;

	str_add(&t->answer, slice_make(data, one * n));
	return str_failed(&t->answer) ? 0 : n;
}

static bool transfer_init(struct transfer *t, struct group *g, const struct fetch_request *rq)
{
	CURL *c = curl_easy_init();
	bool ok = c != NULL;

	t->group = g;
	t->easy = c;
	t->why = "no answer in time";
	t->private_ok = rq->from_conf && names_address(rq->url);
	str_init(&t->answer, FETCH_ANSWER_MAX);
	for (size_t i = 0; ok && i < FETCH_HEADERS_MAX && rq->headers[i]; i++) {
		struct curl_slist *longer = curl_slist_append(t->headers, rq->headers[i]);
		ok = longer != NULL;
		if (ok)
			t->headers = longer;
	}
#define SET(option, value) (ok = ok && curl_easy_setopt(c, option, value) == CURLE_OK)
	SET(CURLOPT_URL, rq->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L); /* a name server that is slow must not keep the thread */
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	SET(CURLOPT_TIMEOUT_MS, (long)FETCH_LIFE_MS);
	SET(CURLOPT_USERAGENT, "Porchlight");
	SET(CURLOPT_ACCEPT_ENCODING, NULL); /* as it is: nothing that unpacks to more than was sent */
	SET(CURLOPT_HTTPHEADER, t->headers);
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, t);
	SET(CURLOPT_WRITEFUNCTION, take);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_PRIVATE, t);
	if (ok && rq->body.ptr) {
		SET(CURLOPT_POSTFIELDSIZE, (long)rq->body.len);
		SET(CURLOPT_COPYPOSTFIELDS, rq->body.ptr);
	}
#undef SET
	return ok;
}

static void group_free(struct group *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct transfer *t = &g->transfers[i];
		curl_easy_cleanup(t->easy);
		curl_slist_free_all(t->headers);
		str_fini(&t->answer);
	}
	pthread_cond_destroy(&g->changed);
	free(g);
}

static struct group *group_new(const struct fetch_request *requests, size_t n)
{
	struct group *g = calloc(1, sizeof(*g) + n * sizeof(g->transfers[0]));
	pthread_condattr_t attr;

	if (!g)
		return NULL;
	g->n = g->left = n;
	g->refs = 2;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->changed, &attr);
	pthread_condattr_destroy(&attr);
	for (size_t i = 0; i < n; i++)
		if (!transfer_init(&g->transfers[i], g, &requests[i])) {
			g->n = i + 1;
			group_free(g);
			return NULL;
		}
	return g;
}

/* ---- the thread ---- */

static const char *words_of(const struct transfer *t, CURLcode code)
{
	if (t->refused_private)
		return "its name leads to a private address that the configuration does not name";
	if (str_failed(&t->answer))
		return "its answer is too long";
	return curl_easy_strerror(code);
}

/* Under the lock. Returns the group when nobody needs it any more. */
static struct group *end_transfer(struct fetcher *f, struct transfer *t, CURLcode code)
{
	struct group *g = t->group;
	long status = 0;

	if (code == CURLE_OK)
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	else
		t->why = words_of(t, code);
	t->status = (int)status;
	t->done = true;
	f->running--;
	pthread_cond_signal(&g->changed);
	return --g->left == 0 && --g->refs == 0 ? g : NULL;
}

/* Not under the lock. Past this call the group may be gone, when this was its last transfer. */
static void finish(struct fetcher *f, struct transfer *t, CURLcode code)
{
	struct group *g = t->group, *over;

	if (g->left == 1) /* only this thread counts it down */
		for (struct group **at = &f->driven; *at; at = &(*at)->next)
			if (*at == g) {
				*at = g->next;
				break;
			}
	pthread_mutex_lock(&f->lock);
	over = end_transfer(f, t, code);
	pthread_mutex_unlock(&f->lock);
	if (over)
		group_free(over);
}

static void start_group(struct fetcher *f, struct group *g)
{
	size_t n = g->n;

	g->next = f->driven;
	f->driven = g;
	for (size_t i = 0; i < n; i++)
		if (curl_multi_add_handle(f->multi, g->transfers[i].easy) != CURLM_OK)
			finish(f, &g->transfers[i], CURLE_OUT_OF_MEMORY);
}

static void abandon_all(struct fetcher *f)
{
	while (f->driven) {
		struct group *g = f->driven;
		size_t n = g->n;
		for (size_t i = 0; i < n && f->driven == g; i++) {
			if (g->transfers[i].done)
				continue;
			curl_multi_remove_handle(f->multi, g->transfers[i].easy);
			finish(f, &g->transfers[i], CURLE_ABORTED_BY_CALLBACK);
		}
	}
}

static void reap(struct fetcher *f)
{
	CURLMsg *m;
	int more;

	while ((m = curl_multi_info_read(f->multi, &more))) {
		if (m->msg != CURLMSG_DONE)
			continue;
		CURLcode code = m->data.result;
		CURL *easy = m->easy_handle;
		struct transfer *t = NULL;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
		curl_multi_remove_handle(f->multi, easy);
		finish(f, t, code);
	}
}

static void *work(void *ctx)
{
	struct fetcher *f = ctx;

	pthread_setname_np(pthread_self(), "fetch");
	for (;;) {
		int running = 0;
		pthread_mutex_lock(&f->lock);
		struct group *g = f->inbox;
		bool stop = f->stop;
		f->inbox = NULL;
		pthread_mutex_unlock(&f->lock);
		while (g) {
			struct group *next = g->next;
			start_group(f, g);
			g = next;
		}
		if (stop) {
			abandon_all(f);
			return NULL;
		}
		curl_multi_perform(f->multi, &running);
		reap(f);
		curl_multi_poll(f->multi, NULL, 0, POLL_MS, NULL);
	}
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void curl_begin(void)
{
	curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct fetcher *fetcher_new(struct error *e)
{
	struct fetcher *f = calloc(1, sizeof(*f));
	int bad;

	pthread_once(&curl_once, curl_begin);
	if (!f || curl_ready != CURLE_OK || !(f->multi = curl_multi_init())) {
		free(f);
		err_nomem(e);
		return NULL;
	}
	curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
	pthread_mutex_init(&f->lock, NULL);
	if ((bad = pthread_create(&f->thread, NULL, work, f))) {
		err_set(e, ERR_IO, "A thread cannot be started: %s.", strerror(bad));
		pthread_mutex_destroy(&f->lock);
		curl_multi_cleanup(f->multi);
		free(f);
		return NULL;
	}
	return f;
}

void fetcher_free(struct fetcher **ff)
{
	struct fetcher *f = *ff;

	*ff = NULL;
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_mutex_unlock(&f->lock);
	curl_multi_wakeup(f->multi);
	pthread_join(f->thread, NULL);
	pthread_mutex_destroy(&f->lock);
	curl_multi_cleanup(f->multi);
	free(f);
}

/* ---- callers ---- */

static bool hand_over(struct fetcher *f, struct group *g)
{
	bool taken;

	pthread_mutex_lock(&f->lock);
	taken = f->running + g->n <= FETCH_RUNNING_MAX;
	if (taken) {
		f->running += g->n;
		g->next = f->inbox;
		f->inbox = g;
	}
	pthread_mutex_unlock(&f->lock);
	if (taken)
		curl_multi_wakeup(f->multi);
	return taken;
}

static enum err copy_answers(const struct group *g, struct arena *a, struct fetch_answer *answers, struct error *e)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct transfer *t = &g->transfers[i];
		answers[i] = (struct fetch_answer){ .why = t->done ? t->why : "no answer in time" };
		if (!t->done || !t->status)
			continue;
		answers[i].status = t->status;
		answers[i].body = arena_slice(a, str_slice(&t->answer));
	}
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

enum err fetch_all(struct fetcher *f, struct arena *a, const struct fetch_request *requests, size_t n, int64_t budget_ms,
	struct fetch_answer *answers, struct error *e)
{
	struct group *g = group_new(requests, n);
	struct timespec until;
	enum err rc;

	if (!g)
		return err_nomem(e);
	if (!hand_over(f, g)) {
		group_free(g);
		for (size_t i = 0; i < n; i++)
			answers[i] = (struct fetch_answer){ .why = "too many are being asked already" };
		return ERR_OK;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(budget_ms / 1000);
	until.tv_nsec += (long)(budget_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&f->lock);
	while (g->left)
		if (pthread_cond_timedwait(&g->changed, &f->lock, &until) == ETIMEDOUT)
			break;
	rc = copy_answers(g, a, answers, e);
	bool over = --g->refs == 0;
	pthread_mutex_unlock(&f->lock);
	if (over)
		group_free(g);
	return rc;
}
