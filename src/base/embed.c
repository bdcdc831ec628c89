#include "base/embed.h"

#include <stdlib.h>

/* Written by the build (see EMBED in the Makefile), sorted by name. */
extern const struct embed embed_files[];
extern const size_t embed_count;

static int by_name(const void *name, const void *file)
{
	return strcmp(name, ((const struct embed *)file)->name);
}

bool embed_find(const char *name, struct slice *bytes)
{
	const struct embed *f = bsearch(name, embed_files, embed_count, sizeof(*f), by_name);
	if (!f)
		return false;
	*bytes = slice_make(f->start, (size_t)(f->end - f->start));
	return true;
}

bool embed_next(const char *folder, size_t *at, const char **name, struct slice *bytes)
{
	struct slice prefix = slice_of(folder);
	while (*at < embed_count) {
		const struct embed *f = &embed_files[(*at)++];
		if (!slice_starts(slice_of(f->name), prefix))
			continue;
		*name = f->name;
		*bytes = slice_make(f->start, (size_t)(f->end - f->start));
		return true;
	}
	return false;
}
