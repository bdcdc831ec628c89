/*
 * A pattern and a text, divided by the first line end; the first byte chooses flags. Whatever PCRE2 matches must hold a
 * literal that was derived from the pattern, and its outline a string that was.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spam/fold.h"
#include "spam/literals.h"
#include "spam/pattern.h"

static bool holds(struct slice text, const struct literals *l)
{
	bool found = false;

	for (size_t i = 0; i < l->count && !found; i++)
		found = memmem(text.ptr, text.len, l->list[i].ptr, l->list[i].len) != NULL;
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nl = size > 1 ? memchr(data + 1, '\n', size - 1) : NULL;
	struct slice pattern, text;
	struct pattern *p;
	struct error e;
	struct arena *a;
	struct literals l;
	unsigned flags;
	size_t at;

	if (nl == NULL || size > 4096)
		return 0;
	flags = data[0] & 127;
	pattern = slice_make((const char *)data + 1, (size_t)(nl - data) - 1);
	text = slice_make((const char *)nl + 1, size - (size_t)(nl - data) - 1);
	if (pattern_compile(pattern, flags, &p, &at, &e) != ERR_OK) {
		if (at > pattern.len)
			abort();
		return 0;
	}
	a = arena_new(4 << 20);
	if (a != NULL) {
		struct pattern_meter m;
		struct pattern_match match;
		int64_t cpu_us = 0;
		char *folded = malloc(text.len + 1);
		size_t n = text.len;
		struct literals outline = literals_outline(a, pattern, flags);

		l = literals_derive(a, pattern, flags);
		pattern_meter_start(&m, 20000, 20000);
		if (folded != NULL && l.count + outline.count > 0 &&
		    pattern_run(p, text, 0, false, &m, &cpu_us, &match) == PATTERN_HIT) {
			if (match.start > match.end || match.end > text.len)
				abort();
			if (flags & PATTERN_UTF)
				n = fold_utf(text, folded);
			else
				fold_bytes(text, folded);
			if (l.count > 0 && !holds(slice_make(folded, n), &l)) {
				fprintf(stderr, "lost: /%.*s/ flags %u\n", SLICE_ARG(pattern), flags);
				abort();
			}
			fold_outline(text, folded);
			if (outline.count > 0 && !holds(slice_make(folded, text.len), &outline)) {
				fprintf(stderr, "outline lost: /%.*s/ flags %u\n", SLICE_ARG(pattern), flags);
				abort();
			}
			if (!(flags & PATTERN_UTF)) {
				struct slice plain = literals_plain(a, pattern, flags);

				if (plain.ptr != NULL && match.end - match.start != plain.len)
					abort();
			}
		}
		free(folded);
		arena_free(&a);
	}
	pattern_unref(&p);
	return 0;
}
