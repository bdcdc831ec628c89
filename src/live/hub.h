/*
 * hub: who hears what, now.
 *
 * Knows topics (a kind and a number), frames (immutable, reference-counted bytes) and subscribers (a bounded list of frames
 * and a wake function). It knows no store, no web and no words: publishers render a frame once, the hub links it to each
 * subscriber of the topic. A subscriber that falls more than its limit behind is *cut*: it gets what it has, then
 * sub_read says SUB_CUT and the reader resumes from the log. Any thread.
 *
 * Lock order: hub -> subscriber. The wake function is called under the subscriber's lock, after its flag was taken, and
 * must not call back into the hub.
 */
#ifndef LIVE_HUB_H
#define LIVE_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct hub;
struct frame;
struct sub;

enum topic_kind {
	TOPIC_ASKER, /* id = ticket: what its asker may see */
	TOPIC_STAFF, /* id = ticket: what its helpers may see */
	TOPIC_DESK,  /* id = 0: the queue and the desk's news */
	TOPIC_MODERATION, /* id = 0: held and refused, for moderators; id = ticket: what of it is theirs */
};
struct topic {
	enum topic_kind kind;
	int64_t id;
};

struct hub *hub_new(void) MUST_CHECK;
void hub_free(struct hub **h); /* every sub must be gone */

/* Bytes are copied. `n` is the entry's number (0: without one); a subscriber skips frames with n <= where it already is.
 * NULL when out of memory. */
struct frame *frame_new(struct slice bytes, int64_t n) MUST_CHECK;
void frame_unref(struct frame **f);

/* Links the frame to each subscriber of the topic. The caller keeps its reference. Returns how many heard it. */
size_t hub_publish(struct hub *h, struct topic t, struct frame *f);
/* The same for the topic's subscribers with this owner only. They skip what is published to the topic under the same number after it. */
size_t hub_publish_owner(struct hub *h, struct topic t, int64_t owner, struct frame *f);

/* Behind by more than this many frames or bytes: cut. */
enum { SUB_FRAMES_MAX = 256, SUB_BYTES_MAX = 1 << 20 };

struct sub_options {
	int64_t after;        /* numbered frames up to this one are skipped */
	int64_t owner;        /* streams with the same owner (a link, an account) count together; 0: none */
	int owner_max;        /* more than this many: the owner's oldest is cut */
	void (*wake)(void *ctx); /* something is there for a reader that went to sleep */
	void *ctx;
	void (*gone)(void *gone_ctx); /* may be NULL: called once, at the end of hub_unsubscribe, under no lock */
	void *gone_ctx;
};
/* NULL when out of memory. The subscriber hears what is published from now on. */
struct sub *hub_subscribe(struct hub *h, struct topic t, const struct sub_options *o) MUST_CHECK;
/* The subscriber hears this topic too (a moderator's streams). False when out of memory or when it has two already. */
bool hub_join(struct hub *h, struct sub *s, struct topic t) MUST_CHECK;
void hub_unsubscribe(struct hub *h, struct sub **s); /* NULL-safe, clears; the wake function is not called afterwards */

/* The reader has had everything up to entry n by other means (the log, read after subscribing): frames up to it are skipped. */
void sub_passed(struct sub *s, int64_t n);
/* Ends this one stream: its reader gets what is queued, then SUB_CUT. Wakes it. */
void sub_cut(struct sub *s);

enum sub_state {
	SUB_BYTES, /* *written bytes were copied */
	SUB_EMPTY, /* nothing now: the sleeping flag is set and wake will be called once */
	SUB_CUT,   /* fell behind or was closed: end the stream */
};
/* Copies up to `max` bytes. `before_sleep` (may be NULL) is called under the subscriber's lock when it is empty, before
 * the flag can be seen: the place to suspend a connection. */
enum sub_state sub_read(struct sub *s, char *out, size_t max, size_t *written, void (*before_sleep)(void *ctx), void *ctx);

/* Cuts every stream of a topic, or of an owner: for links, sessions and keys that end. */
void hub_cut_topic(struct hub *h, struct topic t);
void hub_cut_owner(struct hub *h, int64_t owner);

/* Links the frame (a comment) to every subscriber that has been silent for `idle_ms`. Call about once a second. */
void hub_beat(struct hub *h, struct frame *f, int64_t idle_ms);

struct hub_figures {
	size_t subscribers, topics, frames_out, cut;
};
struct hub_figures hub_figures(struct hub *h);

#endif
