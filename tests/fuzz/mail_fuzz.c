/* Any bytes as a mail: read, rendered, made into surfaces; every spelling within its limits. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "spam/surface_mail.h"
#include "text/spellings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(256 << 20);
	struct surface_input in = { 0 };
	struct surfaces s;
	struct mail m;
	struct error e;

	if (a == NULL || size > 65536) {
		arena_free(&a);
		return 0;
	}
	if (mail_read(a, slice_make((const char *)data, size), &m, &e) == ERR_OK) {
		for (size_t i = 0; i < m.part_count; i++)
			if (m.parts[i].rendered.ptr != NULL && !utf8_valid(m.parts[i].rendered))
				abort();
		if (surface_mail(a, &m, &in, &e) != ERR_OK || surface_build(a, &in, &s, &e) != ERR_OK)
			abort();
		if (s.of[SURFACE_URI].count > SPELLINGS_MAX)
			abort();
		for (size_t i = 0; i < s.of[SURFACE_URI].count; i++)
			if (s.of[SURFACE_URI].list[i].text.len > SPELLINGS_LENGTH_MAX)
				abort();
		if (!utf8_valid(surface_mail_text(a, &m)))
			abort();
	}
	arena_free(&a);
	return 0;
}
