/* Any bytes as a Cookie header: a value that is found lies inside it and holds nothing that could end a header. */
#include <stdint.h>
#include <stdlib.h>

#include "web/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice h = { (const char *)data, size };
	static const char *const names[] = { "porchlight_session", "a", "" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct slice v = cookie_find(h, slice_of(names[i]));
		if (v.ptr == NULL)
			continue;
		if (v.ptr < h.ptr || v.ptr + v.len > h.ptr + h.len)
			abort();
		for (size_t k = 0; k < v.len; k++)
			if ((unsigned char)v.ptr[k] <= 0x20 || v.ptr[k] == ';' || v.ptr[k] == '"')
				abort();
	}
	return 0;
}
