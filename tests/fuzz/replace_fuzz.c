/* Lines "tag NAME text", "pre ...", "post ...", "inter ..."; the last line is the pattern they are put into. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spam/pattern.h"
#include "spam/replace.h"

enum { ENTRIES_MAX = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		const char *word;
		enum replace_kind kind;
	} kinds[] = { { "tag ", REPLACE_TAG }, { "pre ", REPLACE_PRE }, { "post ", REPLACE_POST }, { "inter ", REPLACE_INTER } };
	struct replace_entry entries[ENTRIES_MAX];
	struct slice rest = slice_make((const char *)data, size), out, braces;
	struct arena *a = arena_new(64 << 20);
	size_t count = 0;
	struct error e;

	while (a != NULL && size <= 4096) {
		const char *nl = rest.len > 0 ? memchr(rest.ptr, '\n', rest.len) : NULL;
		struct slice line = slice_make(rest.ptr, nl != NULL ? (size_t)(nl - rest.ptr) : rest.len);

		if (nl == NULL) {
			enum err err = replace_tags(a, line, entries, count, &out, &e);

			if (err == ERR_OK && out.len > PATTERN_BYTES_MAX && out.len > line.len)
				abort();
			if (err == ERR_OK && pattern_perl_braces(a, out, &braces, &e) == ERR_OK && braces.len > out.len * 2)
				abort();
			break;
		}
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && count < ENTRIES_MAX; i++) {
			struct slice value = slice_from(line, strlen(kinds[i].word));
			const char *space = value.len > 0 ? memchr(value.ptr, ' ', value.len) : NULL;

			if (slice_starts(line, slice_of(kinds[i].word)) && space != NULL)
				entries[count++] = (struct replace_entry){ kinds[i].kind, slice_make(value.ptr, (size_t)(space - value.ptr)),
									   slice_from(value, (size_t)(space - value.ptr) + 1) };
		}
		rest = slice_from(rest, line.len + 1);
	}
	arena_free(&a);
	return 0;
}
