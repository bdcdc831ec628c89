/* The pure parts of the HTTP side: forms, cookies, routes, heads, peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "web/cookie.h"
#include "web/form.h"
#include "web/heads.h"
#include "web/peer.h"
#include "web/route.h"

#define assert_slice(s, text) assert_true(slice_is((s), (text)))

static void forms_are_read_as_browsers_write_them(void **unused)
{
	(void)unused;
	struct arena *a = arena_new(1 << 20);
	struct form f;
	struct error e;
	assert_int_equal(form_parse(a, SLICE("body=a+b%26c%3D%C3%A4&empty=&bare&&x=1&x=2&=no-name&p%61th=%zz%4"), &f, &e), ERR_OK);
	assert_slice(form_get(&f, SLICE("body")), "a b&c=\xc3\xa4");
	assert_slice(form_get(&f, SLICE("empty")), "");
	assert_non_null(form_get(&f, SLICE("empty")).ptr);
	assert_slice(form_get(&f, SLICE("bare")), "");
	assert_slice(form_get(&f, SLICE("x")), "1");
	assert_slice(form_get(&f, SLICE("")), "no-name");
	assert_slice(form_get(&f, SLICE("path")), "%zz%4");
	assert_null(form_get(&f, SLICE("absent")).ptr);
	assert_int_equal(f.count, 7);
	assert_int_equal(form_parse(a, SLICE(""), &f, &e), ERR_OK);
	assert_int_equal(f.count, 0);
	assert_int_equal(form_parse(a, SLICE("a=%00"), &f, &e), ERR_MALFORMED);
	assert_int_equal(form_parse(a, SLICE("%ff=1"), &f, &e), ERR_MALFORMED);
	assert_int_equal(form_parse(a, SLICE("a=%ed%a0%80"), &f, &e), ERR_MALFORMED);
	char many[2 * FORM_FIELDS_MAX + 2];
	for (size_t i = 0; i < sizeof many; i++)
		many[i] = i % 2 ? '&' : 'a';
	assert_int_equal(form_parse(a, slice_make(many, 2 * FORM_FIELDS_MAX - 1), &f, &e), ERR_OK);
	assert_int_equal(form_parse(a, slice_make(many, 2 * FORM_FIELDS_MAX + 1), &f, &e), ERR_MALFORMED);
	arena_free(&a);
	a = arena_new(64);
	assert_int_equal(form_parse(a, SLICE("a=1&b=2&c=3&d=4"), &f, &e), ERR_NOMEM);
	arena_free(&a);
	char out[16];
	assert_int_equal(form_percent(SLICE("a+%2Bb%2"), out), 6);
	assert_string_equal(out, "a++b%2");
}

static void cookies_are_found_by_their_whole_name(void **unused)
{
	(void)unused;
	struct slice h = SLICE("a=1; porchlight_session=abc-_~; xa=2;  q=\"quoted\" ;b=;c; bad=x y; bad=good; a=3");
	assert_slice(cookie_find(h, SLICE("a")), "1");
	assert_slice(cookie_find(h, SLICE("porchlight_session")), "abc-_~");
	assert_slice(cookie_find(h, SLICE("xa")), "2");
	assert_slice(cookie_find(h, SLICE("q")), "quoted");
	assert_slice(cookie_find(h, SLICE("b")), "");
	assert_slice(cookie_find(h, SLICE("bad")), "good");
	assert_null(cookie_find(h, SLICE("c")).ptr);
	assert_null(cookie_find(h, SLICE("session")).ptr);
	assert_null(cookie_find(SLICE(""), SLICE("a")).ptr);
	assert_null(cookie_find(SLICE_NONE, SLICE("a")).ptr);
}

static void each_route_finds_itself(void **unused)
{
	(void)unused;
	struct slice params[REQUEST_PARAMS_MAX];
	struct address at;
	assert_true(routes_count > 10);
	for (size_t i = 0; i < routes_count; i++) {
		/* ":name" stands for a segment that no literal has. */
		char path[256];
		size_t n = 0, names = 0;
		for (const char *p = routes[i].path; *p; p++) {
			if (*p != ':') {
				path[n++] = *p;
				continue;
			}
			path[n++] = 'Z';
			names++;
			while (p[1] && p[1] != '/')
				p++;
		}
		path[n] = '\0';
		const struct route *r = route_find(routes[i].method, slice_of(path), params, NULL, &at);
		assert_ptr_equal(r, &routes[i]);
		assert_true(names <= REQUEST_PARAMS_MAX);
		for (size_t k = 0; k < names; k++)
			assert_slice(params[k], "Z");
	}
}

static void routes_miss_what_is_not_theirs(void **unused)
{
	(void)unused;
	struct slice params[REQUEST_PARAMS_MAX];
	struct address at;
	static const char *const unknown[] = { "", "x", "//", "/healthz/", "/healthzz", "/health", "/static/", "/static//x", "/static/a/b/c", "/%68ealthz" };
	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
		assert_null(route_find(METHOD_GET, slice_of(unknown[i]), params, NULL, &at));
		assert_int_equal(at.methods, 0);
	}
	assert_null(route_find(METHOD_DELETE, SLICE("/healthz"), params, NULL, &at));
	assert_int_equal(at.methods, 1u << METHOD_GET);
	assert_true(at.flags & ROUTE_API);
	/* A literal goes before a name at the same place, whatever the method. */
	const struct route *r = route_find(METHOD_GET, SLICE("/api/v1/questions/form"), params, NULL, &at);
	assert_string_equal(r->path, "/api/v1/questions/form");
	assert_null(route_find(METHOD_DELETE, SLICE("/api/v1/questions/form"), params, NULL, &at));
	assert_int_equal(at.methods, 1u << METHOD_GET);
	struct arena *a = arena_new(4096);
	r = route_find(METHOD_GET, SLICE("/static/a%2Fb"), params, a, &at);
	assert_non_null(r);
	assert_slice(params[0], "a/b");
	arena_free(&a);
}

/* Cuts a head the way libmicrohttpd does: line ends become NULs, values are pointed at. */
static const char *judged(const char *text)
{
	static char buf[1024];
	static struct head heads[16];
	int count = 0;
	size_t len = strlen(text);
	memcpy(buf, text, len + 1);
	char *line_end = strchr(buf, '\n');
	char *version = strstr(buf, "HTTP/");
	for (char *at = line_end + 1; *at != '\r' && *at != '\n';) {
		char *end = strchr(at, '\n'), *colon = memchr(at, ':', (size_t)(end - at));
		char *value = colon + 1, *stop = end[-1] == '\r' ? end - 1 : end;
		while (*value == ' ' || *value == '\t')
			value++;
		heads[count++] = (struct head){ { at, (size_t)(colon - at) }, { value, (size_t)(stop - value) } };
		at = end + 1;
	}
	for (size_t i = 0; i < len; i++)
		if (buf[i] == '\r' || buf[i] == '\n')
			buf[i] = '\0';
	return heads_wrong(heads, count, version, &(struct head_layout){ buf, version, len });
}

static void heads_are_judged(void **unused)
{
	(void)unused;
	static const char *const good[] = {
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.1\r\nhost:x\r\nAccept: \t a, b \r\nX-Empty:\r\nAccept: c\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n",
	};
	static const char *const bad[] = {
		"GET / HTTP/1.1\r\nA: b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: \r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nHOST: x\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\ncontent-length: 3\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
		"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\nCookie: b=1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nauthorization: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nA : c\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\n: c\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nA: \x7f\r\n\r\n",
		"GET / HTTP/1.1\nHost: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nA: b\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\n",
		"GET / HTTP/1.1\nHost: x\n\n",
	};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_null(judged(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (judged(bad[i]) == NULL)
			fail_msg("let through: %s", bad[i]);
	}
}

static const char *sender(const char *socket, const char *chain, bool any, const char *trusted)
{
	static char buf[INET6_ADDRSTRLEN];
	struct peer p = peer_read(slice_of(socket));
	struct forwarding f = { slice_of(chain), any };
	struct peer s = peer_sender(&p, &f, trusted);
	return peer_text(&s, buf);
}

static void senders_are_told_by_declared_proxies_only(void **unused)
{
	(void)unused;
	/* Nobody in between. */
	assert_string_equal(sender("203.0.113.9", NULL, false, ""), "203.0.113.9");
	assert_string_equal(sender("127.0.0.1", NULL, false, ""), "127.0.0.1");
	assert_string_equal(sender("2001:db8::1", NULL, false, ""), "2001:db8::1");
	/* A claim of one's own changes nothing. */
	assert_string_equal(sender("203.0.113.9", "1.2.3.4", true, ""), "203.0.113.9");
	assert_string_equal(sender("203.0.113.9", "1.2.3.4", true, "10.0.0.0/8"), "203.0.113.9");
	/* A proxy nobody declared. */
	assert_string_equal(sender("127.0.0.1", "1.2.3.4", true, ""), "");
	assert_string_equal(sender("::1", NULL, true, ""), "");
	assert_string_equal(sender("10.1.2.3", "1.2.3.4", true, ""), "");
	assert_string_equal(sender("172.16.0.1", "1.2.3.4", true, ""), "");
	assert_string_equal(sender("172.32.0.1", "1.2.3.4", true, ""), "172.32.0.1");
	assert_string_equal(sender("fd00::1", "1.2.3.4", true, ""), "");
	/* Declared ones. */
	assert_string_equal(sender("127.0.0.1", "1.2.3.4", true, "127.0.0.1"), "1.2.3.4");
	assert_string_equal(sender("127.0.0.1", " 6.6.6.6 , 1.2.3.4 ", true, " 10.0.0.0/8, 127.0.0.1"), "1.2.3.4");
	assert_string_equal(sender("127.0.0.1", "6.6.6.6, 1.2.3.4, 10.9.9.9", true, "127.0.0.1,10.0.0.0/8"), "1.2.3.4");
	assert_string_equal(sender("127.0.0.1", "10.1.1.1, 10.9.9.9", true, "127.0.0.1,10.0.0.0/8"), "10.1.1.1");
	assert_string_equal(sender("127.0.0.1", "6.6.6.6, unknown", true, "127.0.0.1"), "");
	assert_string_equal(sender("127.0.0.1", "", true, "127.0.0.1"), "");
	assert_string_equal(sender("127.0.0.1", NULL, true, "127.0.0.1"), "");
	assert_string_equal(sender("127.0.0.1", NULL, false, "127.0.0.1"), "127.0.0.1");
	assert_string_equal(sender("127.0.0.1", "[2001:db8::7]:443", true, "127.0.0.0/8"), "2001:db8::7");
	assert_string_equal(sender("::ffff:127.0.0.1", "1.2.3.4:5678", true, "127.0.0.1"), "1.2.3.4");
	assert_string_equal(sender("2001:db8:1::9", "1.2.3.4", true, "2001:db8::/32"), "1.2.3.4");
	assert_string_equal(sender("2001:db9:1::9", "1.2.3.4", true, "2001:db8::/32"), "2001:db9:1::9");
	struct slice wrong;
	assert_true(peer_list_ok("", &wrong));
	assert_true(peer_list_ok("10.0.0.0/8,::1, 192.0.2.1", &wrong));
	assert_false(peer_list_ok("10.0.0.0/8, nonsense", &wrong));
	assert_slice(wrong, "nonsense");
	assert_false(peer_list_ok("10.0.0.0/33", &wrong));
	assert_false(peer_list_ok("::/129", &wrong));
	assert_false(peer_list_ok("10.0.0.0/", &wrong));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_are_read_as_browsers_write_them),
		cmocka_unit_test(cookies_are_found_by_their_whole_name),
		cmocka_unit_test(each_route_finds_itself),
		cmocka_unit_test(routes_miss_what_is_not_theirs),
		cmocka_unit_test(heads_are_judged),
		cmocka_unit_test(senders_are_told_by_declared_proxies_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
