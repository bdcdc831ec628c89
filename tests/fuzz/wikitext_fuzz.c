/* Whatever somebody wrote, the wikitext export holds nothing that wikitext would run. */
#include <stdint.h>
#include <stdlib.h>

#include "desk/transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str out;

	str_init(&out, 1 << 20);
	transcript_wikitext(&out, slice_make((const char *)data, size), size % 2);
	for (const char *p = str_c(&out); !str_failed(&out) && *p; p++) {
		if (strncmp(p, "<br />\n", 7) == 0)
			p += 6;
		else if (strncmp(p, "&#", 2) == 0 && strchr(p, ';'))
			p = strchr(p, ';');
		else if (strchr("<>&[]{}|'~_=#*:;-/\n", *p) || (unsigned char)*p == 0x7f)
			abort();
	}
	str_fini(&out);
	return 0;
}
