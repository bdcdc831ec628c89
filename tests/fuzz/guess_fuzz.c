/* Any bytes as a text and as an address: guessed names stand in the text, are addresses as a browser would have them, and are said once. */
#include <stdint.h>
#include <stdlib.h>

#include "text/guess_broken.h"
#include "text/guess_nested.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct arena *a, const struct guesses *all, size_t at, size_t len)
{
	if (all->count > GUESSES_MAX)
		abort();
	for (size_t i = 0; i < all->count; i++) {
		const struct guess *g = &all->list[i];
		struct uri u;

		if (g->at < at || g->at - at > len || g->len > len - (g->at - at))
			abort();
		if (uri_parse(a, g->url, &u, NULL) != ERR_OK || !slice_eq(u.url, g->url) || !slice_starts(u.url, SLICE("http://")) || u.flags & (URI_IP | URI_USERINFO))
			abort();
		if (g->must_from > sizeof("http://") - 1 + u.host.len || (g->must_to && g->must_to != g->must_from + 1 && g->must_to != g->must_from + 2))
			abort();
		for (size_t k = 0; k < i; k++)
			if (slice_eq(all->list[k].url, g->url))
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(256 << 20);
	struct slice text = slice_make((const char *)data, size), query = SLICE("https://a.example/?");

	if (size > 65536 || !a) {
		arena_free(&a);
		return 0;
	}
	for (int sentences = 0; sentences < 2; sentences++) {
		struct guesses guessed = { .count = 0 };

		if (guess_names(a, text, sentences, &guessed, NULL) != ERR_OK)
			abort();
		check(a, &guessed, 0, size);
		if (guess_data(a, text, &guessed, NULL) != ERR_OK)
			abort();
		check(a, &guessed, 0, size);
		if (guess_spelled(a, text, &guessed, NULL) != ERR_OK)
			abort();
		check(a, &guessed, 0, size);
		if (guess_broken(a, text, &guessed, NULL) != ERR_OK)
			abort();
		check(a, &guessed, 0, size);
	}
	struct guesses dressed = { .count = 0 };
	struct views v;
	if (views_make(a, text, &v, NULL) != ERR_OK || guess_folded(a, &v, &dressed, NULL) != ERR_OK)
		abort();
	check(a, &dressed, 0, v.text[VIEW_NORM].len);
	char *address = arena_printf(a, "%.*s%.*s", SLICE_ARG(query), SLICE_ARG(text));
	struct guesses nested = { .count = 0 };
	struct uri outer;
	if (!address)
		abort();
	if (uri_parse(a, slice_of(address), &outer, NULL) == ERR_OK) {
		if (guess_nested(a, &outer, &nested, NULL) != ERR_OK)
			abort();
		check(a, &nested, outer.at, outer.len);
	}
	arena_free(&a);
	return 0;
}
