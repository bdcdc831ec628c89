/* Which addresses are never asked, and that the answers of services are believed only in their documented form. */
#include "net/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/opinion.h"

/* A listener that nobody may reach: a connection would be seen by accept. */
static int listener(int *port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6 };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), both = 0;

	assert_true(fd >= 0);
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &both, sizeof(both));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin6_port);
	return fd;
}

static struct fetch_answer ask(struct fetcher *f, struct arena *a, const char *host, int port, bool from_conf)
{
	struct error e = { 0 };
	struct fetch_answer answer;
	char url[200];

	snprintf(url, sizeof(url), "http://%s:%d/", host, port);
	assert_int_equal(fetch_all(f, a, &(struct fetch_request){ .url = url, .from_conf = from_conf }, 1, 300, &answer, &e), ERR_OK);
	return answer;
}

static void private_addresses(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::]",
		"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "[fe80::1]", "[fd00::1]", "[ff02::1]",
		"[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[::127.0.0.1]" };
	struct error e = { 0 };
	struct fetcher *f = fetcher_new(&e);
	struct arena *a = arena_new(1 << 20);
	int port, fd = listener(&port);

	(void)state;
	assert_non_null(f);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct fetch_answer got = ask(f, a, hosts[i], port, false);
		if (got.status || !strstr(got.why, "private address"))
			fail_msg("%s: %d, %s", hosts[i], got.status, got.why);
	}
	assert_int_equal(accept(fd, NULL, NULL), -1);
	/* Where the configuration names it, it is meant: the connection comes. */
	(void)ask(f, a, "127.0.0.1", port, true);
	int met = accept(fd, NULL, NULL);
	assert_true(met >= 0);
	close(met);
	close(fd);
	arena_free(&a);
	fetcher_free(&f);
}

/* Ending does not wait for a peer that says nothing. */
static void end_under_way(void **state)
{
	struct error e = { 0 };
	struct fetcher *f = fetcher_new(&e);
	struct arena *a = arena_new(1 << 20);
	int port, fd = listener(&port);

	(void)state;
	assert_non_null(f);
	struct fetch_answer got = ask(f, a, "127.0.0.1", port, true);
	assert_int_equal(got.status, 0);
	assert_string_equal(got.why, "no answer in time");
	fetcher_free(&f);
	assert_null(f);
	close(fd);
	arena_free(&a);
}

static void more_than_fit(void **state)
{
	struct error e = { 0 };
	struct fetcher *f = fetcher_new(&e);
	struct arena *a = arena_new(1 << 20);
	int port, fd = listener(&port);
	struct fetch_request rq[FETCH_RUNNING_MAX];
	struct fetch_answer answers[FETCH_RUNNING_MAX];
	char url[100];

	(void)state;
	assert_non_null(f);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
	for (size_t i = 0; i < FETCH_RUNNING_MAX; i++)
		rq[i] = (struct fetch_request){ .url = url, .from_conf = true };
	assert_int_equal(fetch_all(f, a, rq, FETCH_RUNNING_MAX, 1, answers, &e), ERR_OK);
	assert_string_equal(answers[0].why, "no answer in time");
	struct fetch_answer got = ask(f, a, "127.0.0.1", port, true);
	assert_string_equal(got.why, "too many are being asked already");
	fetcher_free(&f);
	close(fd);
	arena_free(&a);
}

static void documented_forms(void **state)
{
	static const struct {
		enum opinion_service service;
		int status;
		const char *body;
		bool known;
		double score;
	} rows[] = {
		{ OPINION_RSPAMD, 200, "{\"score\":1.5,\"action\":\"no action\"}", true, 0 },
		{ OPINION_RSPAMD, 200, "{\"score\":5,\"action\":\"greylist\"}", true, 0 },
		{ OPINION_RSPAMD, 200, "{\"score\":7.5,\"action\":\"add header\"}", true, 2 },
		{ OPINION_RSPAMD, 200, "{\"score\":17.5,\"action\":\"reject\",\"is_skipped\":true}", true, 4 },
		{ OPINION_RSPAMD, 200, "{\"score\":0,\"action\":\"no action\",\"is_skipped\":true}", false, 0 },
		{ OPINION_RSPAMD, 200, "{\"score\":\"17\",\"action\":\"reject\"}", false, 0 },
		{ OPINION_RSPAMD, 200, "{\"score\":17}", false, 0 },
		{ OPINION_RSPAMD, 200, "", false, 0 },
		{ OPINION_RSPAMD, 204, "{\"score\":17.5,\"action\":\"reject\"}", false, 0 },
		{ OPINION_STOPFORUMSPAM, 200, "{\"success\":1,\"emailhash\":{\"appears\":0,\"frequency\":0}}", true, 0 },
		{ OPINION_STOPFORUMSPAM, 200, "{\"success\":1,\"emailhash\":{\"appears\":1,\"confidence\":100}}", true, 3 },
		{ OPINION_STOPFORUMSPAM, 200, "{\"success\":1,\"emailhash\":{\"appears\":1,\"confidence\":20}}", true, 0 },
		{ OPINION_STOPFORUMSPAM, 200, "{\"success\":0,\"error\":\"invalid\"}", false, 0 },
		{ OPINION_STOPFORUMSPAM, 200, "{\"success\":1,\"emailhash\":[]}", false, 0 },
		{ OPINION_STOPFORUMSPAM, 200, "{\"success\":1,\"emailhash\":{\"appears\":1,\"confidence\":-1}}", false, 0 },
		{ OPINION_AKISMET, 200, "true", true, 3 },
		{ OPINION_AKISMET, 200, "false", true, 0 },
		{ OPINION_AKISMET, 200, "invalid", false, 0 },
		{ OPINION_AKISMET, 200, "true ", false, 0 },
		{ OPINION_AKISMET, 0, "true", false, 0 },
	};
	struct arena *a = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double score = -1;
		const char *words = NULL;
		bool known = opinion_read(rows[i].service, a, rows[i].status, slice_of(rows[i].body), &score, &words);
		if (known != rows[i].known || score < rows[i].score - 1e-9 || score > rows[i].score + 1e-9 || (words[0] != 0) != known)
			fail_msg("%s: known %d, score %g, \"%s\"", rows[i].body, known, score, words);
	}
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_addresses),
		cmocka_unit_test(end_under_way),
		cmocka_unit_test(more_than_fit),
		cmocka_unit_test(documented_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
