/* Any bytes as a list of domains and address patterns, and as an allow list; "\n@\n" divides the two. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spam/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = slice_make((const char *)data, size);
	const char *cut = size > 2 ? memmem(data, size, "\n@\n", 3) : NULL;
	size_t at = cut != NULL ? (size_t)(cut - all.ptr) : size;
	struct cf_source sources[] = { { SLICE("lists/wiki.list"), slice_make(all.ptr, at) },
				       { SLICE("lists/allow.list"), slice_from(all, at + 3) },
				       { SLICE("a.cf"), SLICE("score LIST_WIKI 3\n") } };
	struct cf_errors errs;
	struct ruleset *r;
	struct error e;

	if (size > 8192)
		return 0;
	cf_errors_init(&errs);
	if (ruleset_build(sources, 3, NULL, &r, &errs, &e) == ERR_OK) {
		struct arena *a = arena_new(16 << 20);
		struct slice uris[] = { SLICE("http://user@www.Example.com/%41b?x=1"), SLICE("https://en.wikipedia.org/wiki/X") };
		struct surface_input in = { .uris = uris, .uri_count = 2 };
		struct surfaces s;
		struct scan_result out;

		if (a != NULL && surface_build(a, &in, &s, &e) == ERR_OK &&
		    scan_run(r, &s, &(struct scan_options){ .budget_us = 20000 }, a, &out, &e) != ERR_OK && e.code != ERR_NOMEM)
			abort();
		arena_free(&a);
		ruleset_unref(&r);
	} else if (errs.errors == 0 && e.code == ERR_INVALID) {
		abort(); /* refused, and nobody says why */
	}
	cf_errors_fini(&errs);
	return 0;
}
