#include "live/hub.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"

/* A frame is one allocation: the bytes follow the struct. */
struct frame {
	atomic_int refs;
	size_t len;
	int64_t n;
	char bytes[];
};

/* Topics and owners are both groups of subscribers, in one hash table. */
enum { GROUP_OWNER = 1000, LINK_TOPIC = 0, LINK_TOPIC2 = 1, LINK_OWNER = 2, LINKS = 3 };

struct group {
	struct group *next; /* in its bucket */
	int kind;
	int64_t id;
	struct sub *first, *last; /* oldest first */
};

struct link {
	struct group *group;
	struct sub *prev, *next;
};

/* Most streams are idle: a few places inside, more only while they are needed. */
enum { PLACES = 4 };

struct sub {
	/* Under the hub's lock. */
	struct link links[LINKS];
	struct sub *all_prev, *all_next;
	/* Fixed. */
	void (*wake)(void *ctx);
	void *ctx;
	void (*gone)(void *ctx);
	void *gone_ctx;
	/* Under the subscriber's lock. */
	pthread_mutex_t lock;
	bool sleeping, cut;
	unsigned head, count, cap; /* a ring */
	struct frame **ring;       /* `inside` or heap */
	struct frame *inside[PLACES];
	size_t offset;             /* read so far of the frame at the head */
	size_t bytes;              /* queued */
	int64_t after;             /* numbered frames up to here are not for this reader */
	int64_t heard_ms;
};

struct hub {
	pthread_mutex_t lock;
	struct group **buckets;
	size_t bucket_count, group_count, topic_count;
	struct sub *all;
	size_t subscribers;
	atomic_size_t frames_out, cut;
};

struct hub *hub_new(void)
{
	struct hub *h = calloc(1, sizeof *h);
	if (h == NULL)
		return NULL;
	h->bucket_count = 256;
	h->buckets = calloc(h->bucket_count, sizeof *h->buckets);
	if (h->buckets == NULL) {
		free(h);
		return NULL;
	}
	pthread_mutex_init(&h->lock, NULL);
	return h;
}

void hub_free(struct hub **h)
{
	if (h == NULL || *h == NULL)
		return;
	assert((*h)->all == NULL);
	pthread_mutex_destroy(&(*h)->lock);
	free((*h)->buckets);
	free(*h);
	*h = NULL;
}

struct frame *frame_new(struct slice bytes, int64_t n)
{
	struct frame *f = malloc(sizeof *f + bytes.len);
	if (f == NULL)
		return NULL;
	atomic_init(&f->refs, 1);
	f->len = bytes.len;
	f->n = n;
	if (bytes.len != 0)
		memcpy(f->bytes, bytes.ptr, bytes.len);
	return f;
}

void frame_unref(struct frame **f)
{
	if (f == NULL || *f == NULL)
		return;
	if (atomic_fetch_sub_explicit(&(*f)->refs, 1, memory_order_acq_rel) == 1)
		free(*f);
	*f = NULL;
}

/* --- groups, under the hub's lock --------------------------------------------------------------------------------- */

static size_t bucket_of(const struct hub *h, int kind, int64_t id)
{
	uint64_t x = ((uint64_t)id + (uint64_t)kind * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
	return (size_t)(x >> 32) & (h->bucket_count - 1);
}

static struct group *group_find(const struct hub *h, int kind, int64_t id)
{
	for (struct group *g = h->buckets[bucket_of(h, kind, id)]; g != NULL; g = g->next)
		if (g->kind == kind && g->id == id)
			return g;
	return NULL;
}

/* A table that cannot grow only gets slower. */
static void buckets_grow(struct hub *h)
{
	size_t old_count = h->bucket_count;
	struct group **old = h->buckets, **fresh = calloc(old_count * 2, sizeof *fresh);
	if (fresh == NULL)
		return;
	h->buckets = fresh;
	h->bucket_count = old_count * 2;
	for (size_t i = 0; i < old_count; i++) {
		for (struct group *g = old[i], *next; g != NULL; g = next) {
			size_t b = bucket_of(h, g->kind, g->id);
			next = g->next;
			g->next = fresh[b];
			fresh[b] = g;
		}
	}
	free(old);
}

static struct group *group_get(struct hub *h, int kind, int64_t id)
{
	struct group *g = group_find(h, kind, id);
	if (g != NULL)
		return g;
	g = calloc(1, sizeof *g);
	if (g == NULL)
		return NULL;
	if (h->group_count >= h->bucket_count)
		buckets_grow(h);
	g->kind = kind;
	g->id = id;
	size_t b = bucket_of(h, kind, id);
	g->next = h->buckets[b];
	h->buckets[b] = g;
	h->group_count++;
	h->topic_count += kind != GROUP_OWNER;
	return g;
}

static void group_drop_empty(struct hub *h, struct group *g)
{
	if (g->first != NULL)
		return;
	struct group **at = &h->buckets[bucket_of(h, g->kind, g->id)];
	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	h->group_count--;
	h->topic_count -= g->kind != GROUP_OWNER;
	free(g);
}

/* Which of the subscriber's links leads through this group. */
static struct link *link_of(struct sub *s, const struct group *g)
{
	for (int i = 0; i < LINKS; i++)
		if (s->links[i].group == g)
			return &s->links[i];
	assert(!"a subscriber in a group it has no link to");
	return NULL;
}

static void group_add(struct group *g, struct sub *s, int slot)
{
	struct link *l = &s->links[slot];
	l->group = g;
	l->prev = g->last;
	l->next = NULL;
	if (g->last != NULL)
		link_of(g->last, g)->next = s;
	else
		g->first = s;
	g->last = s;
}

static void group_remove(struct hub *h, struct sub *s, int slot)
{
	struct link *l = &s->links[slot];
	struct group *g = l->group;
	if (g == NULL)
		return;
	if (l->prev != NULL)
		link_of(l->prev, g)->next = l->next;
	else
		g->first = l->next;
	if (l->next != NULL)
		link_of(l->next, g)->prev = l->prev;
	else
		g->last = l->prev;
	l->group = NULL;
	group_drop_empty(h, g);
}

/* --- subscribers, under their own lock ------------------------------------------------------------------------------ */

static void wake_sleeper(struct sub *s)
{
	if (!s->sleeping)
		return;
	s->sleeping = false;
	if (s->wake != NULL)
		s->wake(s->ctx);
}

static bool cut_locked(struct sub *s)
{
	if (s->cut)
		return false;
	s->cut = true;
	wake_sleeper(s);
	return true;
}

static bool ring_grow(struct sub *s)
{
	unsigned cap = s->cap * 4;
	struct frame **ring = malloc(cap * sizeof(struct frame *));
	if (ring == NULL)
		return false;
	for (unsigned i = 0; i < s->count; i++)
		ring[i] = s->ring[(s->head + i) % s->cap];
	if (s->ring != s->inside)
		free(s->ring);
	s->ring = ring;
	s->cap = cap;
	s->head = 0;
	return true;
}

/* True when the frame was linked; *cut when the subscriber had to be given up instead. */
static bool push(struct sub *s, struct frame *f, int64_t now_ms, bool *cut)
{
	if (s->cut || (f->n != 0 && f->n <= s->after))
		return false;
	if (s->count >= SUB_FRAMES_MAX || s->bytes + f->len > SUB_BYTES_MAX || (s->count == s->cap && !ring_grow(s))) {
		*cut = cut_locked(s);
		return false;
	}
	atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
	s->ring[(s->head + s->count) % s->cap] = f;
	s->count++;
	s->bytes += f->len;
	s->heard_ms = now_ms;
	wake_sleeper(s);
	return true;
}

static void pop(struct sub *s)
{
	struct frame *f = s->ring[s->head];
	s->bytes -= f->len;
	frame_unref(&f);
	s->head = (s->head + 1) % s->cap;
	s->count--;
	s->offset = 0;
	if (s->count == 0 && s->ring != s->inside) {
		free(s->ring);
		s->ring = s->inside;
		s->cap = PLACES;
		s->head = 0;
	}
}

struct sub *hub_subscribe(struct hub *h, struct topic t, const struct sub_options *o)
{
	struct sub *s = calloc(1, sizeof *s);
	if (s == NULL)
		return NULL;
	s->wake = o->wake;
	s->ctx = o->ctx;
	s->gone = o->gone;
	s->gone_ctx = o->gone_ctx;
	s->after = o->after;
	s->ring = s->inside;
	s->cap = PLACES;
	s->heard_ms = clock_mono_ms();
	pthread_mutex_init(&s->lock, NULL);

	pthread_mutex_lock(&h->lock);
	struct group *topic = group_get(h, (int)t.kind, t.id);
	struct group *owner = topic != NULL && o->owner != 0 ? group_get(h, GROUP_OWNER, o->owner) : NULL;
	if (topic == NULL || (o->owner != 0 && owner == NULL)) {
		if (topic != NULL)
			group_drop_empty(h, topic);
		pthread_mutex_unlock(&h->lock);
		pthread_mutex_destroy(&s->lock);
		free(s);
		return NULL;
	}
	group_add(topic, s, LINK_TOPIC);
	if (owner != NULL) {
		int others = 0;
		for (struct sub *at = owner->last; at != NULL; at = link_of(at, owner)->prev) {
			pthread_mutex_lock(&at->lock);
			/* From the newest back: whoever is beyond the owner's share was there longest. */
			if (!at->cut && ++others >= o->owner_max && o->owner_max > 0 && cut_locked(at))
				atomic_fetch_add(&h->cut, 1);
			pthread_mutex_unlock(&at->lock);
		}
		group_add(owner, s, LINK_OWNER);
	}
	s->all_next = h->all;
	if (h->all != NULL)
		h->all->all_prev = s;
	h->all = s;
	h->subscribers++;
	pthread_mutex_unlock(&h->lock);
	return s;
}

bool hub_join(struct hub *h, struct sub *s, struct topic t)
{
	bool ok = false;
	pthread_mutex_lock(&h->lock);
	if (s->links[LINK_TOPIC2].group == NULL) {
		struct group *g = group_get(h, (int)t.kind, t.id);
		if (g != NULL && g != s->links[LINK_TOPIC].group) {
			group_add(g, s, LINK_TOPIC2);
			ok = true;
		}
	}
	pthread_mutex_unlock(&h->lock);
	return ok;
}

void hub_unsubscribe(struct hub *h, struct sub **sp)
{
	if (sp == NULL || *sp == NULL)
		return;
	struct sub *s = *sp;
	*sp = NULL;
	pthread_mutex_lock(&h->lock);
	for (int i = 0; i < LINKS; i++)
		group_remove(h, s, i);
	if (s->all_prev != NULL)
		s->all_prev->all_next = s->all_next;
	else
		h->all = s->all_next;
	if (s->all_next != NULL)
		s->all_next->all_prev = s->all_prev;
	h->subscribers--;
	pthread_mutex_unlock(&h->lock);
	/* Publishers reach a subscriber only under the hub's lock, so nobody holds it any more. */
	while (s->count > 0)
		pop(s);
	pthread_mutex_destroy(&s->lock);
	if (s->gone != NULL)
		s->gone(s->gone_ctx);
	free(s);
}

/* `owner` 0: everybody in the topic. */
static size_t publish_to(struct hub *h, struct topic t, int64_t owner, struct frame *f)
{
	size_t heard = 0;
	int64_t now_ms = clock_mono_ms();
	pthread_mutex_lock(&h->lock);
	struct group *g = group_find(h, (int)t.kind, t.id), *own = owner != 0 ? group_find(h, GROUP_OWNER, owner) : NULL;
	if (owner != 0 && own == NULL)
		g = NULL;
	for (struct sub *s = g != NULL ? g->first : NULL; s != NULL; s = link_of(s, g)->next) {
		bool cut = false;
		if (own != NULL && s->links[LINK_OWNER].group != own)
			continue;
		pthread_mutex_lock(&s->lock);
		heard += push(s, f, now_ms, &cut);
		pthread_mutex_unlock(&s->lock);
		if (cut)
			atomic_fetch_add(&h->cut, 1);
	}
	pthread_mutex_unlock(&h->lock);
	atomic_fetch_add(&h->frames_out, heard);
	return heard;
}

size_t hub_publish(struct hub *h, struct topic t, struct frame *f)
{
	return publish_to(h, t, 0, f);
}

size_t hub_publish_owner(struct hub *h, struct topic t, int64_t owner, struct frame *f)
{
	return owner != 0 ? publish_to(h, t, owner, f) : 0;
}

void hub_beat(struct hub *h, struct frame *f, int64_t idle_ms)
{
	int64_t now_ms = clock_mono_ms();
	pthread_mutex_lock(&h->lock);
	for (struct sub *s = h->all; s != NULL; s = s->all_next) {
		bool cut = false;
		pthread_mutex_lock(&s->lock);
		if (now_ms - s->heard_ms >= idle_ms)
			(void)push(s, f, now_ms, &cut);
		pthread_mutex_unlock(&s->lock);
		if (cut)
			atomic_fetch_add(&h->cut, 1);
	}
	pthread_mutex_unlock(&h->lock);
}

void sub_passed(struct sub *s, int64_t n)
{
	pthread_mutex_lock(&s->lock);
	if (n > s->after)
		s->after = n;
	pthread_mutex_unlock(&s->lock);
}

void sub_cut(struct sub *s)
{
	pthread_mutex_lock(&s->lock);
	(void)cut_locked(s);
	pthread_mutex_unlock(&s->lock);
}

enum sub_state sub_read(struct sub *s, char *out, size_t max, size_t *written, void (*before_sleep)(void *ctx), void *ctx)
{
	enum sub_state state = SUB_BYTES;
	*written = 0;
	pthread_mutex_lock(&s->lock);
	while (s->count > 0 && *written < max) {
		struct frame *f = s->ring[s->head];
		if (s->offset == 0 && f->n != 0) {
			if (f->n <= s->after) {
				pop(s);
				continue;
			}
			s->after = f->n;
		}
		size_t take = f->len - s->offset;
		if (take > max - *written)
			take = max - *written;
		memcpy(out + *written, f->bytes + s->offset, take);
		*written += take;
		s->offset += take;
		if (s->offset == f->len)
			pop(s);
	}
	if (*written == 0) {
		if (s->cut) {
			state = SUB_CUT;
		} else if (s->count == 0) {
			state = SUB_EMPTY;
			if (before_sleep != NULL)
				before_sleep(ctx);
			s->sleeping = true;
		}
	}
	pthread_mutex_unlock(&s->lock);
	return state;
}

static void cut_group(struct hub *h, int kind, int64_t id)
{
	pthread_mutex_lock(&h->lock);
	struct group *g = group_find(h, kind, id);
	for (struct sub *s = g != NULL ? g->first : NULL; s != NULL; s = link_of(s, g)->next) {
		pthread_mutex_lock(&s->lock);
		bool cut = cut_locked(s);
		pthread_mutex_unlock(&s->lock);
		if (cut)
			atomic_fetch_add(&h->cut, 1);
	}
	pthread_mutex_unlock(&h->lock);
}

void hub_cut_topic(struct hub *h, struct topic t)
{
	cut_group(h, (int)t.kind, t.id);
}

void hub_cut_owner(struct hub *h, int64_t owner)
{
	if (owner != 0)
		cut_group(h, GROUP_OWNER, owner);
}

struct hub_figures hub_figures(struct hub *h)
{
	pthread_mutex_lock(&h->lock);
	struct hub_figures f = { .subscribers = h->subscribers, .topics = h->topic_count };
	pthread_mutex_unlock(&h->lock);
	f.frames_out = atomic_load(&h->frames_out);
	f.cut = atomic_load(&h->cut);
	return f;
}
