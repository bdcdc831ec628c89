#include "spam/strings.h"

#include <string.h>

#include "spam/literals.h"

struct strings strings_of(struct arena *a, const char *text, size_t len)
{
	struct slice *s = arena_alloc(a, sizeof(*s) + len);

	if (s == NULL)
		return STRINGS_UNKNOWN;
	*s = slice_make((char *)(s + 1), len);
	memcpy(s + 1, text, len);
	return (struct strings){ true, s, 1 };
}

struct strings strings_empty(void)
{
	static struct slice empty = { "", 0 };

	return (struct strings){ true, &empty, 1 };
}

size_t strings_shortest(const struct strings *s)
{
	size_t n = LITERAL_BYTES_MAX + 1;

	for (size_t i = 0; i < s->count; i++)
		n = s->list[i].len < n ? s->list[i].len : n;
	return s->count == 0 ? 0 : n;
}

struct strings strings_cross(struct arena *a, struct strings x, struct strings y)
{
	struct strings out = { true, NULL, 0 };
	size_t bytes = 0;
	char *to;

	if (!x.some || !y.some || x.count * y.count > LITERALS_CROSS_MAX)
		return STRINGS_UNKNOWN;
	for (size_t i = 0; i < x.count; i++)
		for (size_t k = 0; k < y.count; k++) {
			if (x.list[i].len + y.list[k].len > LITERAL_BYTES_MAX)
				return STRINGS_UNKNOWN;
			bytes += x.list[i].len + y.list[k].len;
		}
	out.list = arena_alloc(a, x.count * y.count * sizeof(*out.list) + bytes);
	if (out.list == NULL)
		return STRINGS_UNKNOWN;
	to = (char *)&out.list[x.count * y.count];
	for (size_t i = 0; i < x.count; i++)
		for (size_t k = 0; k < y.count; k++) {
			struct slice *s = &out.list[out.count++];

			*s = slice_make(to, x.list[i].len + y.list[k].len);
			memcpy(to, x.list[i].ptr, x.list[i].len);
			memcpy(to + x.list[i].len, y.list[k].ptr, y.list[k].len);
			to += s->len;
		}
	return out;
}

static uint32_t mark_of(struct slice s)
{
	uint32_t begin = 0, end = 0;
	size_t n = s.len < sizeof(begin) ? s.len : sizeof(begin);

	for (size_t i = 0; i < n; i++) {
		begin = begin << 8 | (unsigned char)s.ptr[i];
		end = end << 8 | (unsigned char)s.ptr[s.len - n + i];
	}
	return ((begin * 0x9e3779b1u ^ end) + (uint32_t)s.len) * 0x85ebca6bu >> (32 - STRINGS_MARKS_LOG2);
}

static void mark(struct strings_growing *g, uint32_t m)
{
	g->marks[m / 64] |= (uint64_t)1 << m % 64;
	g->marked++;
}

void strings_join(struct arena *a, struct strings_growing *to, struct strings more)
{
	struct strings *s = &to->set;
	size_t all = s->count + more.count, before = s->count;

	if (!s->some || !more.some || all > LITERALS_MAX) {
		*to = (struct strings_growing){ .set = STRINGS_UNKNOWN };
		return;
	}
	if (to->room < all) {
		struct slice *list = arena_array(a, 2 * all, sizeof(*list));

		if (list == NULL) {
			*to = (struct strings_growing){ .set = STRINGS_UNKNOWN };
			return;
		}
		if (before > 0)
			memcpy(list, s->list, before * sizeof(*list));
		s->list = list;
		to->room = 2 * all;
	}
	while (to->marked < before)
		mark(to, mark_of(s->list[to->marked]));
	for (size_t k = 0; k < more.count; k++) {
		uint32_t m = mark_of(more.list[k]);
		bool seen = false;

		for (size_t i = 0; to->marks[m / 64] >> m % 64 & 1 && i < before && !seen; i++)
			seen = slice_eq(s->list[i], more.list[k]);
		if (!seen) {
			s->list[s->count++] = more.list[k];
			mark(to, m);
		}
	}
}

struct strings strings_union(struct arena *a, struct strings x, struct strings y)
{
	struct strings_growing g = { .set = x };

	strings_join(a, &g, y);
	return g.set;
}
