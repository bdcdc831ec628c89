/* Any bytes as a text: what is found stands in the text, and its parts agree with each other. */
#include <stdint.h>
#include <stdlib.h>

#include "text/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(256 << 20);
	struct slice text = slice_make((const char *)data, size);
	struct uris found;
	struct uri one;

	if (size > 65536 || !a || uris_find(a, text, &found, NULL) != ERR_OK)
		abort();
	for (size_t i = 0; i < found.count; i++) {
		const struct uri *u = &found.list[i];

		if (u->at > size || u->len > size - u->at || u->raw.ptr != text.ptr + u->at || u->raw.len != u->len)
			abort();
		if (!u->host.len || !uri_below(u->host, u->domain) || !u->shown.len)
			abort();
		for (size_t k = 0; k < u->host.len; k++)
			if ((unsigned char)u->host.ptr[k] >= 0x80 || (u->host.ptr[k] >= 'A' && u->host.ptr[k] <= 'Z'))
				abort();
	}
	if (uri_parse(a, text, &one, NULL) == ERR_OK && (!one.host.len || !one.url.len))
		abort();
	arena_free(&a);
	return 0;
}
