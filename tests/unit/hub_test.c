/* hub: order, numbers, cutting, owners, and many threads at once (meant for ThreadSanitizer, too). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "live/hub.h"
#include "live/sse.h"

static const struct topic talk = { TOPIC_ASKER, 7 };

static struct frame *frame(const char *text, int64_t n)
{
	struct frame *f = frame_new(slice_of(text), n);
	assert_non_null(f);
	return f;
}

static size_t publish(struct hub *h, struct topic t, const char *text, int64_t n)
{
	struct frame *f = frame(text, n);
	size_t heard = hub_publish(h, t, f);
	frame_unref(&f);
	return heard;
}

static void count_wake(void *ctx)
{
	atomic_fetch_add((atomic_int *)ctx, 1);
}

static const char *all(struct sub *s, enum sub_state *state, char buf[256])
{
	size_t n = 0, got = 0;
	while ((*state = sub_read(s, buf + n, 255 - n, &got, NULL, NULL)) == SUB_BYTES)
		n += got;
	buf[n] = '\0';
	return buf;
}

static void frames_come_in_order_and_once(void **unused)
{
	(void)unused;
	char buf[256];
	enum sub_state state;
	struct hub *h = hub_new();
	struct sub_options o = { .after = 3 };
	struct sub *s = hub_subscribe(h, talk, &o);
	assert_int_equal(publish(h, talk, "three.", 3), 0);
	assert_int_equal(publish(h, talk, "four.", 4), 1);
	assert_int_equal(publish(h, talk, "typing.", 0), 1);
	assert_int_equal(publish(h, talk, "five.", 5), 1);
	assert_int_equal(publish(h, (struct topic){ TOPIC_STAFF, 7 }, "note.", 6), 0);
	assert_int_equal(publish(h, (struct topic){ TOPIC_ASKER, 8 }, "other.", 6), 0);
	assert_string_equal(all(s, &state, buf), "four.typing.five.");
	assert_int_equal(state, SUB_EMPTY);
	assert_int_equal(publish(h, talk, "five again.", 5), 0);
	assert_string_equal(all(s, &state, buf), "");
	hub_unsubscribe(h, &s);
	assert_null(s);
	hub_unsubscribe(h, &s);
	assert_int_equal(hub_figures(h).subscribers, 0);
	assert_int_equal(hub_figures(h).topics, 0);
	hub_free(&h);
}

static void what_the_log_gave_is_skipped(void **unused)
{
	(void)unused;
	char buf[256];
	enum sub_state state;
	struct hub *h = hub_new();
	struct sub *s = hub_subscribe(h, talk, &(struct sub_options){ 0 });
	publish(h, talk, "1", 1);
	publish(h, talk, "2", 2);
	publish(h, talk, "x", 0);
	publish(h, talk, "3", 3);
	sub_passed(s, 2); /* read from the log meanwhile */
	assert_string_equal(all(s, &state, buf), "x3");
	hub_unsubscribe(h, &s);
	hub_free(&h);
}

static void frames_may_be_read_in_pieces(void **unused)
{
	(void)unused;
	char c[2] = "";
	char text[64] = "";
	size_t got;
	struct hub *h = hub_new();
	struct sub *s = hub_subscribe(h, talk, &(struct sub_options){ 0 });
	publish(h, talk, "hello ", 1);
	publish(h, talk, "world", 2);
	while (sub_read(s, c, 1, &got, NULL, NULL) == SUB_BYTES)
		text[strlen(text)] = c[0];
	assert_string_equal(text, "hello world");
	hub_unsubscribe(h, &s);
	hub_free(&h);
}

static void a_sleeper_is_woken_once(void **unused)
{
	(void)unused;
	char buf[256];
	enum sub_state state;
	atomic_int wakes = 0;
	struct hub *h = hub_new();
	struct sub *s = hub_subscribe(h, talk, &(struct sub_options){ .wake = count_wake, .ctx = &wakes });
	publish(h, talk, "a", 1);
	assert_int_equal(wakes, 0); /* it does not sleep yet */
	all(s, &state, buf);
	publish(h, talk, "b", 2);
	publish(h, talk, "c", 3);
	assert_int_equal(wakes, 1);
	assert_string_equal(all(s, &state, buf), "bc");
	sub_cut(s);
	sub_cut(s);
	assert_int_equal(wakes, 2);
	assert_int_equal(publish(h, talk, "d", 4), 0);
	assert_string_equal(all(s, &state, buf), "");
	assert_int_equal(state, SUB_CUT);
	hub_unsubscribe(h, &s);
	hub_free(&h);
}

static void who_falls_behind_gets_what_is_there_and_is_cut(void **unused)
{
	(void)unused;
	char buf[4096];
	size_t got;
	struct hub *h = hub_new();
	struct sub *s = hub_subscribe(h, talk, &(struct sub_options){ 0 });
	for (int n = 1; n <= SUB_FRAMES_MAX; n++)
		assert_int_equal(publish(h, talk, "x", n), 1);
	assert_int_equal(publish(h, talk, "y", SUB_FRAMES_MAX + 1), 0);
	assert_int_equal(hub_figures(h).cut, 1);
	assert_int_equal(sub_read(s, buf, sizeof buf, &got, NULL, NULL), SUB_BYTES);
	assert_int_equal(got, SUB_FRAMES_MAX);
	assert_int_equal(sub_read(s, buf, sizeof buf, &got, NULL, NULL), SUB_CUT);
	hub_unsubscribe(h, &s);

	/* By bytes, too. */
	char *big = malloc(SUB_BYTES_MAX / 2);
	memset(big, 'b', SUB_BYTES_MAX / 2);
	struct frame *f = frame_new(slice_make(big, SUB_BYTES_MAX / 2), 0);
	s = hub_subscribe(h, talk, &(struct sub_options){ 0 });
	assert_int_equal(hub_publish(h, talk, f), 1);
	assert_int_equal(hub_publish(h, talk, f), 1);
	assert_int_equal(hub_publish(h, talk, f), 0);
	frame_unref(&f);
	free(big);
	hub_unsubscribe(h, &s);
	hub_free(&h);
}

static void an_owner_keeps_the_newest(void **unused)
{
	(void)unused;
	char buf[256];
	enum sub_state state[5];
	struct hub *h = hub_new();
	struct sub *s[5], *other = hub_subscribe(h, talk, &(struct sub_options){ .owner = 43, .owner_max = 3 });
	for (int i = 0; i < 5; i++)
		s[i] = hub_subscribe(h, talk, &(struct sub_options){ .owner = 42, .owner_max = 3 });
	for (int i = 0; i < 5; i++)
		all(s[i], &state[i], buf);
	assert_int_equal(state[0], SUB_CUT);
	assert_int_equal(state[1], SUB_CUT);
	assert_int_equal(state[2], SUB_EMPTY);
	assert_int_equal(state[4], SUB_EMPTY);
	hub_cut_owner(h, 42);
	all(s[4], &state[4], buf);
	assert_int_equal(state[4], SUB_CUT);
	all(other, &state[0], buf);
	assert_int_equal(state[0], SUB_EMPTY);
	hub_cut_topic(h, talk);
	all(other, &state[0], buf);
	assert_int_equal(state[0], SUB_CUT);
	for (int i = 0; i < 5; i++)
		hub_unsubscribe(h, &s[i]);
	hub_unsubscribe(h, &other);
	hub_free(&h);
}

static void two_topics_in_one_stream(void **unused)
{
	(void)unused;
	char buf[256];
	enum sub_state state;
	struct hub *h = hub_new();
	struct sub *s = hub_subscribe(h, (struct topic){ TOPIC_DESK, 0 }, &(struct sub_options){ 0 });
	assert_true(hub_join(h, s, (struct topic){ TOPIC_MODERATION, 0 }));
	assert_false(hub_join(h, s, talk));
	publish(h, (struct topic){ TOPIC_MODERATION, 0 }, "held.", 1);
	publish(h, (struct topic){ TOPIC_DESK, 0 }, "queued.", 2);
	publish(h, talk, "no.", 3);
	assert_string_equal(all(s, &state, buf), "held.queued.");
	hub_unsubscribe(h, &s);
	hub_free(&h);
}

static void only_the_silent_beat(void **unused)
{
	(void)unused;
	char buf[256];
	enum sub_state state;
	struct hub *h = hub_new();
	struct sub *s = hub_subscribe(h, talk, &(struct sub_options){ 0 });
	struct frame *beat = frame(":\n\n", 0);
	hub_beat(h, beat, 1000 * 1000);
	assert_string_equal(all(s, &state, buf), "");
	hub_beat(h, beat, 0);
	assert_string_equal(all(s, &state, buf), ":\n\n");
	frame_unref(&beat);
	hub_unsubscribe(h, &s);
	hub_free(&h);
}

static void many_topics_grow_the_table(void **unused)
{
	(void)unused;
	enum { MANY = 3000 };
	struct hub *h = hub_new();
	struct sub **s = calloc(MANY, sizeof *s);
	for (int i = 0; i < MANY; i++)
		s[i] = hub_subscribe(h, (struct topic){ TOPIC_ASKER, i }, &(struct sub_options){ .owner = i + 1, .owner_max = 3 });
	assert_int_equal(hub_figures(h).topics, MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(publish(h, (struct topic){ TOPIC_ASKER, i }, "x", 1), 1);
	for (int i = 0; i < MANY; i++)
		hub_unsubscribe(h, &s[i]);
	assert_int_equal(hub_figures(h).topics, 0);
	free(s);
	hub_free(&h);
}

/* --- threads ---------------------------------------------------------------------------------------------------------- */

enum { READERS = 4, FRAMES = 2000 };
static atomic_int finished;

struct reader {
	pthread_t thread;
	struct hub *hub;
	struct sub *sub;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	bool awake;
	int64_t last, count;
	bool disorder;
};

static void wake_reader(void *ctx)
{
	struct reader *r = ctx;
	pthread_mutex_lock(&r->lock);
	r->awake = true;
	pthread_cond_signal(&r->woken);
	pthread_mutex_unlock(&r->lock);
}

static void sleep_reader(void *ctx)
{
	struct reader *r = ctx;
	pthread_mutex_lock(&r->lock);
	r->awake = false;
	pthread_mutex_unlock(&r->lock);
}

/* Reads to the end; a frame is its number in 8 digits. Cut: subscribes again from where it was, as a client does. */
static void *read_all(void *arg)
{
	struct reader *r = arg;
	char text[9] = "";
	size_t have = 0, got;
	while (r->last < FRAMES) {
		enum sub_state state = sub_read(r->sub, text + have, 8 - have, &got, sleep_reader, r);
		if (state == SUB_BYTES) {
			have += got;
			if (have == 8) {
				int64_t n = strtoll(text, NULL, 10);
				r->disorder |= n <= r->last;
				r->last = n;
				r->count++;
				have = 0;
			}
		} else if (state == SUB_EMPTY) {
			pthread_mutex_lock(&r->lock);
			while (!r->awake)
				pthread_cond_wait(&r->woken, &r->lock);
			pthread_mutex_unlock(&r->lock);
		} else {
			hub_unsubscribe(r->hub, &r->sub);
			r->sub = hub_subscribe(r->hub, talk, &(struct sub_options){ .after = r->last, .wake = wake_reader, .ctx = r });
		}
	}
	hub_unsubscribe(r->hub, &r->sub);
	atomic_fetch_add(&finished, 1);
	return NULL;
}

static void *come_and_go(void *arg)
{
	struct hub *h = arg;
	for (int i = 0; i < 500; i++) {
		struct sub *s = hub_subscribe(h, talk, &(struct sub_options){ .owner = 9, .owner_max = 2 });
		if (i % 50 == 0)
			hub_cut_owner(h, 9);
		hub_unsubscribe(h, &s);
	}
	return NULL;
}

static void threads_miss_nothing_but_what_they_were_cut_for(void **unused)
{
	(void)unused;
	struct hub *h = hub_new();
	struct reader r[READERS] = { 0 };
	pthread_t visitor;
	for (int i = 0; i < READERS; i++) {
		r[i].hub = h;
		pthread_mutex_init(&r[i].lock, NULL);
		pthread_cond_init(&r[i].woken, NULL);
		r[i].sub = hub_subscribe(h, talk, &(struct sub_options){ .wake = wake_reader, .ctx = &r[i] });
		pthread_create(&r[i].thread, NULL, read_all, &r[i]);
	}
	pthread_create(&visitor, NULL, come_and_go, h);
	for (int n = 1; n <= FRAMES; n++) {
		char text[16];
		snprintf(text, sizeof text, "%08d", n);
		publish(h, talk, text, n);
	}
	/* Who was cut in the last moment waits for one more. */
	while (atomic_load(&finished) < READERS)
		publish(h, talk, "00002000", FRAMES);
	for (int i = 0; i < READERS; i++) {
		pthread_join(r[i].thread, NULL);
		assert_false(r[i].disorder);
		assert_int_equal(r[i].last, FRAMES);
		assert_true(r[i].count <= FRAMES && (r[i].count == FRAMES || hub_figures(h).cut > 0));
	}
	pthread_join(visitor, NULL);
	hub_free(&h);
}

static void events_hold_one_field_a_line(void **unused)
{
	(void)unused;
	static const struct {
		int64_t id;
		const char *event, *data, *want;
	} cases[] = {
		{ 12, "entry", "{}", "id: 12\nevent: entry\ndata: {}\n\n" },
		{ 0, "typing", "{\"who\":\"x\"}", "event: typing\ndata: {\"who\":\"x\"}\n\n" },
		{ 0, NULL, "", "data: \n\n" },
		{ 1, NULL, "a\nb\r\nc\rd", "id: 1\ndata: a\ndata: b\ndata: c\ndata: d\n\n" },
		{ 0, NULL, "a\n", "data: a\ndata: \n\n" },
		{ 0, NULL, "\r\n\r\n", "data: \ndata: \ndata: \n\n" },
		{ 0, NULL, "x\nid: 99\n\nevent: forged", "data: x\ndata: id: 99\ndata: \ndata: event: forged\n\n" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str s;
		str_init(&s, 1024);
		sse_event(&s, cases[i].id, cases[i].event, slice_of(cases[i].data));
		assert_string_equal(str_c(&s), cases[i].want);
		str_fini(&s);
	}
	struct frame *f = sse_frame(3, "entry", SLICE("x"));
	assert_non_null(f);
	frame_unref(&f);
	assert_null(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_in_order_and_once),
		cmocka_unit_test(what_the_log_gave_is_skipped),
		cmocka_unit_test(frames_may_be_read_in_pieces),
		cmocka_unit_test(a_sleeper_is_woken_once),
		cmocka_unit_test(who_falls_behind_gets_what_is_there_and_is_cut),
		cmocka_unit_test(an_owner_keeps_the_newest),
		cmocka_unit_test(two_topics_in_one_stream),
		cmocka_unit_test(only_the_silent_beat),
		cmocka_unit_test(many_topics_grow_the_table),
		cmocka_unit_test(threads_miss_nothing_but_what_they_were_cut_for),
		cmocka_unit_test(events_hold_one_field_a_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
