#include "web/route.h"

#include <pthread.h>

#include "web/form.h"
#include "web/handlers.h"

const struct route routes[] = {
#define ROUTE(m, path_, who_, flags_, handler_, doc_) \
	{ .method = METHOD_##m, .path = path_, .who = who_, .flags = flags_, .handler = handler_, .handler_name = #handler_, .doc = doc_ },
#include "web/routes.def"
#undef ROUTE
};
const size_t routes_count = sizeof routes / sizeof routes[0];

/* Routes in the order in which they are tried, by the number of their segments: a path is compared only with patterns that are as
 * long. Among these a literal segment goes before a ":name" at the same place. */
enum { SEGMENTS_MAX = 8, ROUTES_MAX = sizeof routes / sizeof routes[0] };
static unsigned short order[ROUTES_MAX];
static unsigned short first[SEGMENTS_MAX + 2]; /* order[first[n]] to order[first[n + 1]] have n segments */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static size_t segments(struct slice path)
{
	size_t n = 0;
	for (size_t i = 0; i < path.len; i++)
		n += path.ptr[i] == '/';
	return n;
}

/* Which of two patterns of one length is tried first. */
static bool before(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++)
		if (*a != *b)
			return *a == ':' ? false : *b == ':' ? true : *a < *b;
	return *a == '\0' && *b != '\0';
}

static void put_in_order(void)
{
	size_t n = 0;
	for (size_t count = 0; count <= SEGMENTS_MAX; count++) {
		first[count] = (unsigned short)n;
		for (size_t i = 0; i < routes_count; i++) {
			if (segments(slice_of(routes[i].path)) != count)
				continue;
			size_t at = n++;
			for (; at > first[count] && before(routes[i].path, routes[order[at - 1]].path); at--)
				order[at] = order[at - 1];
			order[at] = (unsigned short)i;
		}
	}
	first[SEGMENTS_MAX + 1] = (unsigned short)n;
}

static bool matches(const char *pattern, struct slice path, struct slice params[REQUEST_PARAMS_MAX])
{
	size_t i = 0, count = 0;
	while (*pattern != '\0') {
		if (*pattern != ':') {
			if (i >= path.len || path.ptr[i] != *pattern)
				return false;
			i++;
			pattern++;
			continue;
		}
		size_t start = i;
		while (i < path.len && path.ptr[i] != '/')
			i++;
		if (i == start)
			return false;
		if (count < REQUEST_PARAMS_MAX)
			params[count++] = slice_make(path.ptr + start, i - start);
		while (*pattern != '\0' && *pattern != '/')
			pattern++;
	}
	return i == path.len;
}

const struct route *route_find(enum method m, struct slice path, struct slice params[REQUEST_PARAMS_MAX], struct arena *a, struct address *at)
{
	size_t count = segments(path);
	const char *address = NULL;
	*at = (struct address){ 0 };
	pthread_once(&once, put_in_order);
	if (count > SEGMENTS_MAX)
		return NULL;
	for (size_t k = first[count]; k < first[count + 1]; k++) {
		const struct route *r = &routes[order[k]];
		for (int i = 0; i < REQUEST_PARAMS_MAX; i++)
			params[i] = SLICE_NONE;
		/* The first pattern that matches is the address; one behind it, with a ":name" there, is another. */
		if (!matches(r->path, path, params) || (address != NULL && strcmp(address, r->path) != 0))
			continue;
		address = r->path;
		if (r->method != m) {
			at->methods |= 1u << r->method;
			at->flags |= r->flags;
			continue;
		}
		return a == NULL || route_decode(params, a) ? r : NULL;
	}
	return NULL;
}

bool route_decode(struct slice params[REQUEST_PARAMS_MAX], struct arena *a)
{
	for (int i = 0; i < REQUEST_PARAMS_MAX && params[i].ptr != NULL; i++) {
		char *text = arena_alloc(a, params[i].len + 1);
		if (text == NULL)
			return false;
		params[i] = slice_make(text, form_percent(params[i], text));
	}
	return true;
}

size_t route_body_max(const struct route *r, bool staff)
{
	return r != NULL && staff && (r->flags & ROUTE_FILE) != 0 ? ROUTE_FILE_BODY_MAX_BYTES : REQUEST_BODY_MAX_BYTES;
}
