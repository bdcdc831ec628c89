/* Any bytes as rule files: read, composed and, when they are good, scanned with. A line "@name" begins another file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spam/scan.h"

enum { FILES_MAX = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cf_source sources[FILES_MAX] = { { SLICE("a.cf"), { (const char *)data, 0 } } };
	size_t count = 1;
	struct cf_errors errs;
	struct ruleset *r;
	struct error e;

	if (size > 8192)
		return 0;
	for (size_t i = 0; i < size; i++) {
		struct cf_source *s = &sources[count - 1];

		if (data[i] == '@' && (i == 0 || data[i - 1] == '\n') && count < FILES_MAX) {
			size_t end = i + 1;

			while (end < size && data[end] != '\n')
				end++;
			sources[count++] =
			    (struct cf_source){ slice_make((const char *)data + i + 1, end - i - 1),
						slice_make((const char *)data + (end < size ? end + 1 : size), 0) };
			i = end;
			continue;
		}
		s->text.len++;
	}
	cf_errors_init(&errs);
	if (ruleset_build(sources, count, NULL, &r, &errs, &e) == ERR_OK) {
		struct arena *a = arena_new(16 << 20);
		struct slice uri = SLICE("http://user@www.Example.com/%41b?x=1");
		struct surface_field field = { SLICE("X-Foo"), SLICE("bar") };
		struct surface_input in = { .title = SLICE("hello zebra"),
					    .body = slice_make((const char *)data, size),
					    .norm = SLICE("cheap pills"),
					    .uris = &uri,
					    .uri_count = 1,
					    .fields = &field,
					    .field_count = 1 };
		struct surfaces s;
		struct scan_result out;

		if (a != NULL && surface_build(a, &in, &s, &e) == ERR_OK &&
		    scan_run(r, &s, &(struct scan_options){ .budget_us = 20000 }, a, &out, &e) == ERR_OK)
			for (size_t i = 0; i < out.hit_count; i++)
				if (out.hits[i].rule >= ruleset_count(r) || out.hits[i].count == 0)
					abort();
		arena_free(&a);
		if (errs.errors != 0)
			abort();
		ruleset_unref(&r);
	} else if (errs.errors == 0 && e.code == ERR_INVALID) {
		abort(); /* refused, and nobody says why */
	}
	cf_errors_fini(&errs);
	return 0;
}
