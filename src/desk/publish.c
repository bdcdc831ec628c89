#include "desk/publish.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "desk/people.h"
#include "desk/presence.h"
#include "desk/queue.h"
#include "live/sse.h"

enum {
	BATCH = 64,               /* rows read at once */
	ARENA_BYTES = 8 << 20,
	RESET_PAGES = 20,         /* a reader further behind than so many pages loads the page again */
	POSITIONS_MAX = 200,      /* waiting askers who are told their place */
	POSITIONS_MS = 2000,      /* at most so often */
	LOOK_MS = 1000,           /* for what other processes wrote */
};

struct publish {
	struct desk *desk;
	struct db *db;
	struct arena *arena;
	pthread_t thread;
	int raised;               /* an eventfd: something was committed */
	pthread_mutex_t lock;     /* for the four below */
	pthread_cond_t idle;
	bool flag, stop;
	int64_t rounds;           /* flags that were followed to their end */
	/* the thread's own */
	int64_t seq, version, positions_at;
	bool queue_moved;
};

/* ---- one entry as bytes ---- */

struct news {
	struct entry entry;
	enum ticket_state state;
	struct slice lang, topic, holder_name, asker_name;
	int64_t holder, answered;
	bool harm; /* screening says that somebody may be in danger */
};

static void read_news(struct rows *r, struct arena *a, struct news *out)
{
	int c = 13;

	memset(out, 0, sizeof(*out));
	if (talk_read_row(r, a, (struct reader){ VIEW_HOLDER, 0 }, &out->entry))
		out->entry.kind = ENTRY_KINDS;
	out->state = state_read(rows_text(r, c++));
	out->lang = arena_slice(a, rows_text(r, c++));
	out->topic = arena_slice(a, rows_text(r, c++));
	out->holder = rows_int(r, c++);
	out->holder_name = arena_slice(a, rows_text(r, c++));
	out->answered = rows_int(r, c++);
	out->asker_name = arena_slice(a, rows_text(r, c++));
	out->harm = rows_int(r, c++) != 0;
}

/* `moderation`: for moderators. That somebody may be in danger is for them to look at first, and for nobody else. */
static struct jv *desk_json(const struct news *x, bool moderation)
{
	struct jv *o = jv_object(), *data = NULL;
	char id[24];

	o = jv_set_int(o, "seq", x->entry.seq);
	snprintf(id, sizeof(id), "%lld", (long long)x->entry.ticket);
	o = jv_set_string(o, "id", id);
	o = jv_set_int(o, "n", x->entry.n);
	o = jv_set_string(o, "kind", entry_kind_name(x->entry.kind));
	o = jv_set_time(o, "at", x->entry.at);
	o = jv_set_string(o, "by", entry_author_name(x->entry.author));
	o = jv_set_string(o, "state", state_name(x->state));
	if (x->entry.kind == ENTRY_STATE && x->entry.data.ptr && !jv_parse(x->entry.data, 8, &data, NULL)) {
		o = jv_set_text(o, "from", jv_get_text(data, "from"));
		o = jv_set_text(o, "to", jv_get_text(data, "to"));
		o = jv_set_text(o, "event", jv_get_text(data, "event"));
		jv_free(&data);
	}
	o = jv_set_text(o, "lang", x->lang);
	o = jv_set_text(o, "topic", x->topic);
	if (x->holder) {
		struct jv *holder = jv_object();

		snprintf(id, sizeof(id), "%lld", (long long)x->holder);
		holder = jv_set_string(holder, "id", id);
		o = jv_set(o, "holder", jv_set_text(holder, "name", x->holder_name));
	}
	if (x->harm && moderation)
		o = jv_set_bool(o, "harm", true);
	return o;
}

/* What is held or refused is the moderators' alone; its coming into the open is everybody's. */
static bool in_the_open(const struct news *x)
{
	bool open = x->state == TICKET_QUEUED || x->state == TICKET_LIVE || x->state == TICKET_SNOOZED || x->state == TICKET_CLOSED;

	if (open || x->entry.kind != ENTRY_STATE)
		return open;
	/* it has just left the open */
	struct jv *data = NULL;
	bool left = false;

	if (x->entry.data.ptr && !jv_parse(x->entry.data, 8, &data, NULL)) {
		enum ticket_state from = state_read(jv_get_text(data, "from"));

		left = from == TICKET_QUEUED || from == TICKET_LIVE || from == TICKET_SNOOZED || from == TICKET_CLOSED;
	}
	jv_free(&data);
	return left;
}

static struct frame *frame_of(int64_t id, const char *event, struct jv *data)
{
	struct str text;
	struct frame *f = NULL;

	str_init(&text, SUB_BYTES_MAX);
	if (!jv_dump(data, &text))
		f = sse_frame(id, event, str_slice(&text));
	str_fini(&text);
	jv_free(&data);
	return f;
}

/* A frame that cannot be made would leave a hole in the stream: the streams of that topic are cut and resume from the log. */
static void hand_out(struct publish *p, struct topic to, struct frame *f)
{
	if (f)
		hub_publish(p->desk->hub, to, f);
	else
		hub_cut_topic(p->desk->hub, to);
	frame_unref(&f);
}

/* Who may not read on hears this entry as the last one: helpers when a ticket leaves the open, its asker when it is refused (API.md: no
 * streams there) or its words are gone. Moderators come back and are let in. */
static void end_streams(struct publish *p, const struct news *x)
{
	switch (x->state) {
	case TICKET_ERASED:
	case TICKET_PURGED:
	case TICKET_REJECTED:
	case TICKET_SPAM:
		hub_cut_topic(p->desk->hub, (struct topic){ TOPIC_ASKER, x->entry.ticket });
		hub_cut_topic(p->desk->hub, (struct topic){ TOPIC_STAFF, x->entry.ticket });
		break;
	case TICKET_HELD:
		hub_cut_topic(p->desk->hub, (struct topic){ TOPIC_STAFF, x->entry.ticket });
		break;
	default:
		break;
	}
	/* hidden as a whole: the entry names no other */
	if (x->entry.kind == ENTRY_HIDE && !memmem(x->entry.data.ptr, x->entry.data.len, "\"of\"", 4))
		hub_cut_topic(p->desk->hub, (struct topic){ TOPIC_STAFF, x->entry.ticket });
}

/* The words of a held line, to those of its staff who may read them. All others then hear of the same number without words. */
static void hand_out_held(struct publish *p, const struct news *x, const struct entry_look *look)
{
	struct topic staff = { TOPIC_STAFF, x->entry.ticket };
	struct frame *f = frame_of(x->entry.n, "entry", entry_json(p->arena, &x->entry, look));
	struct rows r;
	enum err rc;

	if (!f) {
		hub_cut_topic(p->desk->hub, staff);
		return;
	}
	hub_publish(p->desk->hub, (struct topic){ TOPIC_MODERATION, x->entry.ticket }, f);
	if (x->entry.account)
		hub_publish_owner(p->desk->hub, staff, people_stream_owner(x->entry.account), f);
	rc = rows_open(p->db, &r, SQL_PUBLISH_HOLDERS, BINDS(b_int(x->entry.ticket)), NULL);
	if (!rc) {
		while (rows_next(&r))
			hub_publish_owner(p->desk->hub, staff, people_stream_owner(rows_int(&r, 0)), f);
		rc = rows_close(&r);
	}
	if (rc) /* whoever holds it reads it from the log */
		hub_cut_topic(p->desk->hub, staff);
	frame_unref(&f);
}

static void publish_one(struct publish *p, const struct news *x)
{
	struct entry_look look = { .links = x->answered != 0, .asker_name = x->asker_name };
	struct topic asker = { TOPIC_ASKER, x->entry.ticket }, staff = { TOPIC_STAFF, x->entry.ticket };
	struct entry seen = x->entry;

	if (entry_visible(&x->entry, VIEW_ASKER)) {
		look.view = VIEW_ASKER;
		hand_out(p, asker, frame_of(seen.n, "entry", entry_json(p->arena, &seen, &look)));
	}
	look.view = VIEW_STAFF;
	if (x->entry.audience == AUDIENCE_HELD) {
		hand_out_held(p, x, &look);
		seen = x->entry;
		seen.body = SLICE_NONE;
	}
	hand_out(p, staff, frame_of(seen.n, "entry", entry_json(p->arena, &seen, &look)));

	/* Moderators listen to both topics; what comes first under a number is what they hear. */
	hand_out(p, (struct topic){ TOPIC_MODERATION, 0 }, frame_of(x->entry.seq, "ticket", desk_json(x, true)));
	if (in_the_open(x))
		hand_out(p, (struct topic){ TOPIC_DESK, 0 }, frame_of(x->entry.seq, "ticket", desk_json(x, false)));
	if (x->entry.kind == ENTRY_STATE)
		p->queue_moved = true;
	if (x->entry.kind == ENTRY_STATE || x->entry.kind == ENTRY_HIDE)
		end_streams(p, x);
}

/* ---- the thread ---- */

static enum err publish_batch(struct publish *p, size_t *count, struct error *e)
{
	struct news *list = arena_array(p->arena, BATCH, sizeof(*list));
	struct rows r;
	enum err rc;

	*count = 0;
	if (!list)
		return err_nomem(e);
	rc = rows_open(p->db, &r, SQL_PUBLISH_NEW, BINDS(b_int(p->seq), b_int(BATCH)), e);
	if (rc)
		return rc;
	while (*count < BATCH && rows_next(&r))
		read_news(&r, p->arena, &list[(*count)++]);
	rc = rows_close(&r);
	if (rc)
		return rc;
	if (arena_failed(p->arena))
		return err_nomem(e);
	for (size_t i = 0; i < *count; i++) {
		publish_one(p, &list[i]);
		p->seq = list[i].entry.seq;
	}
	return ERR_OK;
}

static enum err publish_positions(struct publish *p, struct error *e)
{
	int64_t ids[POSITIONS_MAX];
	size_t count = 0;
	struct wait wait;
	struct rows r;
	enum err rc = queue_wait(p->desk, p->db, &wait, e);

	if (!rc)
		rc = rows_open(p->db, &r, SQL_PUBLISH_QUEUED, BINDS(b_int(POSITIONS_MAX)), e);
	if (rc)
		return rc;
	while (count < POSITIONS_MAX && rows_next(&r))
		ids[count++] = rows_int(&r, 0);
	rc = rows_close(&r);
	for (size_t i = 0; !rc && i < count; i++) {
		struct jv *o = jv_set_int(jv_object(), "position", (int64_t)i + 1);
		struct frame *f = frame_of(0, "queue", jv_set(o, "wait", queue_wait_json(&wait)));

		if (f)
			hub_publish(p->desk->hub, (struct topic){ TOPIC_ASKER, ids[i] }, f);
		frame_unref(&f);
	}
	return rc;
}

static void work(struct publish *p)
{
	struct error e = { 0 };
	size_t count;
	enum err rc;
	int64_t now;

	do {
		arena_reset(p->arena);
		rc = publish_batch(p, &count, &e);
	} while (!rc && count == BATCH);
	now = clock_mono_ms();
	if (!rc && p->queue_moved && now - p->positions_at >= POSITIONS_MS) {
		p->queue_moved = false;
		p->positions_at = now;
		rc = publish_positions(p, &e);
	}
	if (rc)
		log_warn("desk/publish", "cannot read what is new: %s", e.message);
}

/* Has another process written? */
static bool others_wrote(struct publish *p)
{
	int64_t version = p->version;

	if (db_version(p->db, &version, NULL) || version == p->version)
		return false;
	p->version = version;
	return true;
}

/* Waits for a commit, or until it is time to look by oneself. True: stop. */
static bool wait_for_news(struct publish *p, bool *flag)
{
	struct pollfd fd = { .fd = p->raised, .events = POLLIN };
	uint64_t count;
	bool stop;

	if (poll(&fd, 1, LOOK_MS) > 0 && read(p->raised, &count, sizeof(count)) < 0)
		log_debug("desk/publish", "woken without a commit");
	pthread_mutex_lock(&p->lock);
	*flag = p->flag;
	p->flag = false;
	stop = p->stop;
	pthread_mutex_unlock(&p->lock);
	return stop;
}

static void *run(void *ctx)
{
	struct publish *p = ctx;
	bool flag;

	while (!wait_for_news(p, &flag)) {
		if (flag || others_wrote(p) || p->queue_moved)
			work(p);
		if (p->desk->presence)
			presence_tell(p->desk->presence);
		pthread_mutex_lock(&p->lock);
		p->rounds += flag;
		pthread_cond_broadcast(&p->idle);
		pthread_mutex_unlock(&p->lock);
	}
	return NULL;
}

static void raise_flag(void *ctx)
{
	static const uint64_t one = 1;
	struct publish *p = ctx;
	bool first;

	pthread_mutex_lock(&p->lock);
	first = !p->flag;
	p->flag = true;
	pthread_mutex_unlock(&p->lock);
	if (first && write(p->raised, &one, sizeof(one)) < 0)
		log_warn("desk/publish", "the thread cannot be woken");
}

enum err publish_start(struct desk *d, struct publish **out, struct error *e)
{
	struct publish *p = calloc(1, sizeof(*p));
	enum err rc;

	*out = NULL;
	if (!p)
		return err_nomem(e);
	p->desk = d;
	p->arena = arena_new(ARENA_BYTES);
	if (!p->arena) {
		rc = err_nomem(e);
		goto out;
	}
	rc = db_open(d->folder, DB_READ, &p->db, e);
	if (!rc)
		rc = db_int(p->db, SQL_PUBLISH_LAST, NO_BINDS, &p->seq, e);
	if (!rc)
		rc = db_version(p->db, &p->version, e);
	if (rc)
		goto out;
	p->raised = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->raised < 0) {
		rc = err_set(e, ERR_BUSY, "No file descriptor is left.");
		goto out;
	}
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->idle, NULL);
	if (pthread_create(&p->thread, NULL, run, p)) {
		rc = err_set(e, ERR_BUSY, "No thread can be started.");
		goto out;
	}
	writer_on_commit(d->writer, raise_flag, p);
	*out = p;
	p = NULL;
out:
	if (p) {
		if (p->raised > 0)
			close(p->raised);
		db_close(&p->db);
		arena_free(&p->arena);
		free(p);
	}
	return rc;
}

void publish_stop(struct publish **pp)
{
	struct publish *p = *pp;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_mutex_unlock(&p->lock);
	raise_flag(p);
	pthread_join(p->thread, NULL);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->idle);
	close(p->raised);
	db_close(&p->db);
	arena_free(&p->arena);
	free(p);
	*pp = NULL;
}

void publish_drain(struct publish *p)
{
	int64_t target;

	/* The round under way may have begun before the last commit: two more ends include it. */
	for (int i = 0; i < 2; i++) {
		pthread_mutex_lock(&p->lock);
		target = p->rounds + 1;
		pthread_mutex_unlock(&p->lock);
		raise_flag(p);
		pthread_mutex_lock(&p->lock);
		while (p->rounds < target)
			pthread_cond_wait(&p->idle, &p->lock);
		pthread_mutex_unlock(&p->lock);
	}
}

/* ---- what a stream starts with ---- */

static enum err add_event(struct str *out, int64_t id, const char *event, struct jv *data)
{
	struct str text;
	enum err rc;

	str_init(&text, SUB_BYTES_MAX);
	rc = jv_dump(data, &text);
	if (!rc)
		sse_event(out, id, event, str_slice(&text));
	str_fini(&text);
	jv_free(&data);
	return rc || str_failed(out) ? ERR_NOMEM : ERR_OK;
}

enum err publish_backlog(struct db *db, struct arena *a, const struct ticket *t, int64_t after, struct reader who, struct str *out,
			 int64_t *last, bool *reset, struct error *e)
{
	struct entry_look look = { .view = who.view, .links = t->answered != 0, .asker_name = t->name };
	struct page page;
	enum err rc;

	*last = after;
	*reset = after > t->last_n || after < 0 || t->last_n - after > RESET_PAGES * TALK_PAGE;
	if (*reset)
		return ERR_OK;
	do {
		rc = talk_read(db, a, t->id, *last, TALK_PAGE, who, &page, e);
		for (size_t i = 0; !rc && i < page.count; i++) {
			rc = add_event(out, page.entries[i].n, "entry", entry_json(a, &page.entries[i], &look));
			*last = page.entries[i].n;
		}
	} while (!rc && page.more);
	return rc ? err_set(e, rc, "The conversation cannot be read now.") : ERR_OK;
}

enum err publish_desk_last(struct db *db, int64_t *out, struct error *e)
{
	return db_int(db, SQL_PUBLISH_LAST, NO_BINDS, out, e);
}

enum err publish_desk_backlog(struct db *db, struct arena *a, int64_t after, bool moderation, struct str *out, int64_t *last,
			      bool *reset, struct error *e)
{
	struct rows r;
	struct news x;
	size_t count = 0;
	int64_t newest = 0;
	enum err rc, closed;

	*last = after;
	*reset = false;
	rc = publish_desk_last(db, &newest, e);
	if (rc)
		return rc;
	if (after > newest || after < 0 || newest - after > TALK_PAGE) {
		*reset = true;
		*last = newest;
		return ERR_OK;
	}
	rc = rows_open(db, &r, SQL_PUBLISH_NEW, BINDS(b_int(after), b_int(TALK_PAGE)), e);
	if (rc)
		return rc;
	while (!rc && count++ < TALK_PAGE && rows_next(&r)) {
		read_news(&r, a, &x);
		if (moderation || in_the_open(&x))
			rc = add_event(out, x.entry.seq, "ticket", desk_json(&x, moderation));
		*last = x.entry.seq;
	}
	closed = rows_close(&r);
	if (closed)
		return closed;
	return rc ? err_set(e, rc, "The desk's news cannot be read now.") : ERR_OK;
}
