/* Any bytes as a text: the views are valid UTF-8 and each byte of them has a place in the original. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "text/views.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct views *v, enum view which, struct slice text)
{
	if (!utf8_valid(v->text[which]))
		abort();
	for (size_t i = 0; i < v->text[which].len; i += 1 + i / 16) {
		struct slice o = views_origin(v, which, i, i + 1);

		if (o.ptr < text.ptr || o.ptr + o.len > text.ptr + text.len)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(256 << 20);
	struct slice text = slice_make((const char *)data, size);
	struct views v;

	if (size > 65536 || !a) {
		arena_free(&a);
		return 0;
	}
	if (views_make(a, text, &v, NULL) != ERR_OK)
		abort();
	for (int w = VIEW_RENDERED; w < VIEW_COUNT; w++)
		check(&v, (enum view)w, v.text[VIEW_BYTES]);
	arena_free(&a);
	return 0;
}
