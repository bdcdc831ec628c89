/*
 * canned: replies that helpers keep ready, to be edited before they are sent as the person's own words.
 *
 * Shared by the desk; a helper may change what they made, a moderator anything. Any thread.
 */
#ifndef DESK_CANNED_H
#define DESK_CANNED_H

#include "desk/desk.h"

enum { CANNED_TITLE_MAX_BYTES = 120, CANNED_BODY_MAX_BYTES = 16384, CANNED_MAX = 1000 };

struct repeat;

struct canned {
	int64_t id, by;
	struct slice title, body, lang, topic; /* lang, topic: "" for any */
	int64_t changed_ms;
};

/* By title; absent lang: all of them, otherwise that language's and those for any. */
enum err canned_list(struct db *db, struct arena *a, struct slice lang, struct canned **out, size_t *count,
	struct error *e) MUST_CHECK;
enum err canned_get(struct db *db, struct arena *a, int64_t id, struct canned *out, struct error *e) MUST_CHECK;
/* c->id 0: a new one, whose id is filled in; the same of the same maker again is the first one. ERR_INVALID names the field, ERR_FORBIDDEN: another's, ERR_NOT_FOUND.
 * `repeat`, for a new one, may be NULL: desk/repeat. */
enum err canned_put(struct desk *d, const struct actor *by, struct canned *c, struct repeat *repeat, struct error *e) MUST_CHECK;
enum err canned_end(struct desk *d, const struct actor *by, int64_t id, struct error *e) MUST_CHECK;

#endif
