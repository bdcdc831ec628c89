/*
 * live_bench: what a crowd of readers and writers sees, over real sockets.
 *
 *     live_bench latency PORT FILE SECONDS     posts one message a second into each talk of FILE and times POST -> stream
 *     live_bench fanout PORT PATH COUNT        opens COUNT streams, prints READY when all of them are there and idle, and times one
 *                                              mark from its own nanosecond until the last stream has heard it
 *
 * FILE has one talk a line: STREAM-PATH POST-PATH FENCE BEARER. A message's text is "bench NANOSECONDS", so that a reader can tell how old it
 * is. One thread, one epoll set; the server under test runs in another process on the same machine.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * A crowd comes in as fast as the server answers it: more at once than its queue has places for would be refused with 503, as it
 * should be, and be missing in the figure. Memory is read a while after the last has had its first bytes.
 */
enum { COMING_MAX = 256, CROWD_S = 40, SETTLE_S = 5 };

/* In nanoseconds. */
enum { MS = 1000000 };

struct conn {
	int fd;
	bool writer, busy, met;
	size_t held;
	char tail[2048]; /* the unfinished last line of a stream */
};

struct talk {
	char stream[128], post[128], bearer[128];
	long fence;
};

static int port;
static int ep;
static int64_t *samples;
static size_t sample_count, sample_max;
static size_t bad_answers, posted, met;

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int dial(unsigned i)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		die("socket");
	/* Several loopback source addresses, so that ports do not run out. */
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001u + i / 20000) };
	/* The port is chosen with the destination in view: ports that wait after an earlier crowd on another server do not count. */
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){ 1 }, sizeof(int));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0)
		die("bind");
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(0x7f000001u) };
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	int one = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void send_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);
		if (n < 0)
			die("send");
		buf += n;
		len -= (size_t)n;
	}
}

static struct conn *open_stream(unsigned i, const char *path)
{
	struct conn *c = calloc(1, sizeof(*c));
	if (!c)
		die("calloc");
	c->fd = dial(i);
	char head[512];
	int n = snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n\r\n", path, port);
	send_all(c->fd, head, (size_t)n);
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev) < 0)
		die("epoll_ctl");
	return c;
}

/* Looks for whole "bench NANOSECONDS" marks in what arrived, keeping an unfinished one for the next read. */
static void stream_bytes(struct conn *c, const char *buf, size_t len, int64_t at)
{
	char text[sizeof(c->tail) + 65536];
	memcpy(text, c->tail, c->held);
	memcpy(text + c->held, buf, len);
	size_t all = c->held + len, from = 0;
	for (;;) {
		char *mark = memmem(text + from, all - from, "bench ", 6);
		if (!mark)
			break;
		char *end = memchr(mark, '"', all - (size_t)(mark - text));
		if (!end)
			break;
		int64_t sent = strtoll(mark + 6, NULL, 10);
		if (sent > 0 && sample_count < sample_max)
			samples[sample_count++] = at - sent;
		/* An entry carries its text twice (body and html): one sample each line. */
		char *line = memchr(end, '\n', all - (size_t)(end - text));
		if (!line)
			break;
		from = (size_t)(line - text);
	}
	size_t keep = all - from > sizeof(c->tail) ? sizeof(c->tail) : all - from;
	/* Start over at the last line's beginning where it fits. */
	char *last = memrchr(text + from, '\n', all - from);
	if (last && (size_t)(text + all - last) <= sizeof(c->tail))
		keep = (size_t)(text + all - last);
	memmove(c->tail, text + all - keep, keep);
	c->held = keep;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static double percentile_ms(double p)
{
	if (!sample_count)
		return -1;
	size_t i = (size_t)((double)(sample_count - 1) * p);
	return (double)samples[i] / 1e6;
}

static void read_conn(struct conn *c)
{
	char buf[65536];
	for (;;) {
		ssize_t n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			epoll_ctl(ep, EPOLL_CTL_DEL, c->fd, NULL);
			c->busy = true;
			bad_answers++;
			return;
		}
		if (!c->met) {
			met++;
			bad_answers += !c->writer && (n < 12 || memcmp(buf, "HTTP/1.1 200", 12) != 0);
		}
		c->met = true;
		if (!c->writer) {
			stream_bytes(c, buf, (size_t)n, now_ns());
		} else {
			if (n < 12 || memcmp(buf, "HTTP/1.1 201", 12) != 0)
				bad_answers++;
			c->busy = false;
		}
	}
}

/* Reads what comes, asleep until then: a driver that spins would take one of the server's cores. */
static void pump(int64_t wait_ns)
{
	struct epoll_event ev[512];
	struct timespec wait = { .tv_sec = wait_ns / 1000000000, .tv_nsec = wait_ns % 1000000000 };
	int n = epoll_pwait2(ep, ev, 512, &wait, NULL);
	for (int i = 0; i < n; i++)
		read_conn(ev[i].data.ptr);
}

static int latency(const char *file, int seconds)
{
	FILE *f = fopen(file, "r");
	if (!f)
		die(file);
	size_t count = 0;
	struct talk *talks = calloc(20000, sizeof(*talks));
	while (talks && count < 20000 &&
	       fscanf(f, "%127s %127s %ld %127s", talks[count].stream, talks[count].post, &talks[count].fence, talks[count].bearer) == 4)
		count++;
	fclose(f);
	if (!count)
		return fprintf(stderr, "no talks in %s\n", file), 1;
	sample_max = count * (size_t)seconds + 1;
	samples = calloc(sample_max, sizeof(*samples));
	for (size_t i = 0; i < count; i++) {
		open_stream((unsigned)i, talks[i].stream);
		if (i % 64 == 0)
			pump(0);
	}
	enum { WRITERS = 64 };
	struct conn *writers[WRITERS];
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = calloc(1, sizeof(struct conn));
		if (!writers[i])
			die("calloc");
		writers[i]->writer = true;
		writers[i]->fd = dial(0);
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = writers[i] };
		epoll_ctl(ep, EPOLL_CTL_ADD, writers[i]->fd, &ev);
	}
	for (int i = 0; i < 200; i++)
		pump(10 * MS);
	sample_count = 0;
	bad_answers = 0;
	int64_t start = now_ns(), gap = 1000000000 / (int64_t)count;
	size_t total = count * (size_t)seconds, late = 0;
	for (size_t k = 0; k < total;) {
		int64_t due = start + (int64_t)k * gap, now = now_ns();
		if (now < due) {
			pump(due - now);
			continue;
		}
		struct conn *w = NULL;
		for (int i = 0; i < WRITERS && !w; i++)
			if (!writers[i]->busy)
				w = writers[i];
		if (!w) {
			late++;
			pump(MS);
			continue;
		}
		struct talk *t = &talks[k % count];
		char body[256], head[1024];
		int bn = snprintf(body, sizeof(body), "{\"fence\":%ld,\"body\":\"bench %" PRId64 "\"}", t->fence, now_ns());
		int hn = snprintf(head, sizeof(head),
			"POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			t->post, port, t->bearer, bn, body);
		w->busy = true;
		send_all(w->fd, head, (size_t)hn);
		posted++;
		k++;
	}
	for (int i = 0; i < 200 && sample_count < posted; i++)
		pump(10 * MS);
	qsort(samples, sample_count, sizeof(*samples), by_value);
	printf("{\"talks\":%zu,\"posted\":%zu,\"heard\":%zu,\"bad\":%zu,\"waited_for_a_writer\":%zu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n", count, posted,
		sample_count, bad_answers, late, percentile_ms(0.5), percentile_ms(0.99), percentile_ms(1));
	return bad_answers || sample_count < posted ? 1 : 0;
}

/* Until so many have had their first bytes, within `seconds`. A pump ends early when something arrives. */
static void pump_for(int64_t seconds, size_t until_met)
{
	int64_t until = now_ns() + seconds * 1000000000;

	while (now_ns() < until && met < until_met)
		pump(10 * MS);
}

static int fanout(const char *path, int count)
{
	struct conn **all = calloc((size_t)count, sizeof(*all));
	samples = calloc((size_t)count, sizeof(*samples));
	sample_max = (size_t)count;
	for (int i = 0; all && i < count; i++) {
		all[i] = open_stream((unsigned)i, path);
		if (i % 64 == 63 && i >= COMING_MAX)
			pump_for(CROWD_S, (size_t)(i - COMING_MAX));
	}
	pump_for(CROWD_S, (size_t)count);
	pump_for(SETTLE_S, SIZE_MAX);
	sample_count = 0;
	printf("READY\n");
	fflush(stdout);
	/* The publisher's mark is "bench NANOSECONDS" with its own reading of the monotonic clock. */
	int64_t until = now_ns() + 30000000000;
	while (sample_count < (size_t)count && now_ns() < until)
		pump(100 * MS);
	qsort(samples, sample_count, sizeof(*samples), by_value);
	printf("{\"streams\":%d,\"heard\":%zu,\"lost\":%zu,\"p50_ms\":%.1f,\"last_ms\":%.1f}\n", count, sample_count, bad_answers, percentile_ms(0.5), percentile_ms(1));
	return sample_count < (size_t)count ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct rlimit files;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	ep = epoll_create1(EPOLL_CLOEXEC);
	if (argc >= 5) {
		port = (int)strtol(argv[2], NULL, 10);
		if (!strcmp(argv[1], "latency"))
			return latency(argv[3], (int)strtol(argv[4], NULL, 10));
		if (!strcmp(argv[1], "fanout"))
			return fanout(argv[3], (int)strtol(argv[4], NULL, 10));
	}
	fprintf(stderr, "usage: live_bench latency PORT FILE SECONDS | fanout PORT PATH COUNT\n");
	return 2;
}
