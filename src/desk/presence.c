#include "desk/presence.h"

#include <pthread.h>
#include <stdlib.h>

#include "live/sse.h"

enum { DUTY_MS = 90 * 1000, TYPING_MS = 2000, PEOPLE_MAX = 1000, SEATS_MAX = 100000, BUCKETS = 4096, CHANGED_MAX = 1024 };

struct person {
	int64_t account, until;
	enum role role;
	enum duty duty;
};

/* Somebody with a ticket's page open; account 0 is its asker. */
struct seat {
	struct seat *next;
	struct presence *presence;
	int64_t ticket, account, typed;
	size_t streams;
};

struct presence {
	struct hub *hub;
	pthread_mutex_t lock;
	struct person people[PEOPLE_MAX];
	size_t person_count, seat_count;
	struct seat *seats[BUCKETS];
	int64_t changed[CHANGED_MAX]; /* tickets; more at once than fit are not told */
	size_t changed_count;
};

struct presence *presence_new(struct hub *h)
{
	struct presence *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->hub = h;
	if (pthread_mutex_init(&p->lock, NULL)) {
		free(p);
		return NULL;
	}
	return p;
}

void presence_free(struct presence **p)
{
	if (!*p)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while ((*p)->seats[i]) {
			struct seat *s = (*p)->seats[i];

			(*p)->seats[i] = s->next;
			free(s);
		}
	pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
}

/* ---- on duty ---- */

static const char *const duty_names[] = { [DUTY_OFF] = "off", [DUTY_AWAY] = "away", [DUTY_ON] = "on", [DUTY_FINISHING] = "finishing", [DUTY_PAUSED] = "paused" };

const char *presence_duty_name(enum duty duty)
{
	return duty_names[duty];
}

bool presence_duty_read(struct slice name, enum duty *out)
{
	for (size_t i = 0; i <= DUTY_FINISHING; i++)
		if (slice_is(name, duty_names[i])) {
			*out = (enum duty)i;
			return true;
		}
	return false;
}

static void set_duty(struct presence *p, const struct actor *who, enum duty duty, bool renew, int64_t now)
{
	size_t i = 0, ended = PEOPLE_MAX;

	pthread_mutex_lock(&p->lock);
	while (i < p->person_count && p->people[i].account != who->account) {
		if (p->people[i].until <= now)
			ended = i;
		i++;
	}
	bool said = renew && i < p->person_count && p->people[i].duty != duty;
	if (i == p->person_count && ended < PEOPLE_MAX)
		i = ended; /* the place of one who has gone */
	else if (i == p->person_count && i < PEOPLE_MAX)
		p->person_count++;
	if (i < PEOPLE_MAX && !said)
		p->people[i] = (struct person){ who->account, duty == DUTY_OFF ? 0 : now + DUTY_MS, who->role, duty };
	pthread_mutex_unlock(&p->lock);
}

void presence_duty(struct presence *p, const struct actor *who, enum duty duty, int64_t now)
{
	set_duty(p, who, duty, false, now);
}

void presence_renew(struct presence *p, const struct actor *who, enum duty duty, int64_t now)
{
	set_duty(p, who, duty, true, now);
}

enum duty presence_duty_of(struct presence *p, int64_t account, int64_t now)
{
	enum duty duty = DUTY_OFF;

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->person_count; i++)
		if (p->people[i].account == account && p->people[i].until > now)
			duty = p->people[i].duty;
	pthread_mutex_unlock(&p->lock);
	return duty;
}

size_t presence_on_duty(struct presence *p, int64_t now)
{
	size_t count = 0;

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->person_count; i++)
		count += p->people[i].until > now && p->people[i].duty == DUTY_ON && p->people[i].role >= ROLE_HELPER;
	pthread_mutex_unlock(&p->lock);
	return count;
}

/* ---- with a ticket open ---- */

static struct seat **find_seat(struct presence *p, int64_t ticket, int64_t account)
{
	struct seat **at = &p->seats[(uint64_t)ticket % BUCKETS];

	while (*at && ((*at)->ticket != ticket || (*at)->account != account))
		at = &(*at)->next;
	return at;
}

static struct here count_here(struct presence *p, int64_t ticket)
{
	struct here here = { 0, false };

	for (const struct seat *s = p->seats[(uint64_t)ticket % BUCKETS]; s; s = s->next) {
		if (s->ticket != ticket)
			continue;
		if (s->account)
			here.helpers++;
		else
			here.asker = true;
	}
	return here;
}

static void publish(struct presence *p, struct topic to, const char *event, struct jv *data)
{
	struct str text;
	struct frame *f = NULL;

	str_init(&text, 2048);
	if (!jv_dump(data, &text))
		f = sse_frame(0, event, str_slice(&text));
	if (f)
		hub_publish(p->hub, to, f);
	frame_unref(&f);
	str_fini(&text);
	jv_free(&data);
}

static void note_change(struct presence *p, int64_t ticket)
{
	for (size_t i = 0; i < p->changed_count; i++)
		if (p->changed[i] == ticket)
			return;
	if (p->changed_count < CHANGED_MAX)
		p->changed[p->changed_count++] = ticket;
}

struct seat *presence_sit(struct presence *p, int64_t ticket, int64_t account)
{
	struct seat **at, *s;

	pthread_mutex_lock(&p->lock);
	at = find_seat(p, ticket, account);
	s = *at;
	if (s) {
		s->streams++;
	} else if (p->seat_count < SEATS_MAX && (s = calloc(1, sizeof(*s)))) {
		*s = (struct seat){ .presence = p, .ticket = ticket, .account = account, .streams = 1 };
		*at = s;
		p->seat_count++;
	}
	note_change(p, ticket); /* also for a second tab, which has not been told yet */
	pthread_mutex_unlock(&p->lock);
	return s;
}

void presence_left(void *seat)
{
	struct seat *s = seat, **at;
	struct presence *p;

	if (!s)
		return;
	p = s->presence;
	pthread_mutex_lock(&p->lock);
	if (--s->streams == 0) {
		note_change(p, s->ticket);
		at = find_seat(p, s->ticket, s->account);
		*at = s->next;
		free(s);
		p->seat_count--;
	}
	pthread_mutex_unlock(&p->lock);
}

void presence_tell(struct presence *p)
{
	int64_t changed[CHANGED_MAX];
	size_t count;

	pthread_mutex_lock(&p->lock);
	count = p->changed_count;
	p->changed_count = 0;
	if (count)
		memcpy(changed, p->changed, count * sizeof(changed[0]));
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < count; i++) {
		struct here here = presence_here(p, changed[i]);
		struct jv *helpers = jv_set_int(jv_object(), "helpers", (int64_t)here.helpers);

		publish(p, (struct topic){ TOPIC_ASKER, changed[i] }, "presence", helpers);
		helpers = jv_set_int(jv_object(), "helpers", (int64_t)here.helpers);
		publish(p, (struct topic){ TOPIC_STAFF, changed[i] }, "presence", jv_set_bool(helpers, "asker", here.asker));
	}
}

struct here presence_here(struct presence *p, int64_t ticket)
{
	struct here here;

	pthread_mutex_lock(&p->lock);
	here = count_here(p, ticket);
	pthread_mutex_unlock(&p->lock);
	return here;
}

void presence_typing(struct presence *p, int64_t ticket, int64_t account, struct slice name, int64_t now)
{
	struct seat **at;
	bool pass = true;

	pthread_mutex_lock(&p->lock);
	at = find_seat(p, ticket, account);
	if (*at) {
		pass = now - (*at)->typed >= TYPING_MS;
		if (pass)
			(*at)->typed = now;
	}
	pthread_mutex_unlock(&p->lock);
	if (!pass)
		return;
	if (account)
		publish(p, (struct topic){ TOPIC_ASKER, ticket }, "typing",
			jv_set_text(jv_set_string(jv_object(), "who", "helper"), "name", name));
	else
		publish(p, (struct topic){ TOPIC_STAFF, ticket }, "typing", jv_set_string(jv_object(), "who", "asker"));
}

void presence_read(struct presence *p, int64_t ticket, bool helper, int64_t n)
{
	struct topic to = { helper ? TOPIC_ASKER : TOPIC_STAFF, ticket };

	publish(p, to, "read", jv_set_int(jv_set_string(jv_object(), "who", helper ? "helper" : "asker"), "n", n));
}
