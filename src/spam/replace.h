/*
 * replace: SpamAssassin's replace_tag: names for pieces of patterns. `replace_tag A [a4@]`, `replace_rules MED` and
 * `body MED /v<I><A>gra/` make the pattern /v[i1][a4@]gra/.
 *
 *   <NAME>       becomes replace_tag NAME, when there is one; otherwise it stays
 *   <pre NAME>   anywhere in a pattern: replace_pre NAME stands before each tag
 *   <post NAME>  likewise replace_post NAME behind each tag
 *   <inter NAME> likewise replace_inter NAME between two tags that touch
 *
 * What a tag stands for may hold tags; six rounds are made. Exactly as the plugin ReplaceTags of SpamAssassin 4.0.1.
 * Memory: the arena. Threads: none. A result longer than PATTERN_BYTES_MAX is refused.
 */
#ifndef SPAM_REPLACE_H
#define SPAM_REPLACE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum replace_kind { REPLACE_TAG, REPLACE_PRE, REPLACE_INTER, REPLACE_POST };

struct replace_entry {
	enum replace_kind kind;
	struct slice name, text;
};

/* Of several entries with one kind and name the last counts. *out is `pattern` itself when there is nothing to do. */
enum err replace_tags(struct arena *a, struct slice pattern, const struct replace_entry *entries, size_t count,
		      struct slice *out, struct error *e) MUST_CHECK;

#endif
