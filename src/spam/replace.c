#include "spam/replace.h"

#include "base/str.h"
#include "spam/pattern.h"

enum { ROUNDS = 6 };

static struct slice look_up(const struct replace_entry *entries, size_t count, enum replace_kind kind,
			    struct slice name)
{
	for (size_t i = count; i > 0; i--)
		if (entries[i - 1].kind == kind && slice_eq(entries[i - 1].name, name))
			return entries[i - 1].text;
	return SLICE_NONE;
}

/* The next <...> without angles in it, from `at` on: false when there is none. `end` is behind the >. */
static bool next_tag(struct slice text, size_t at, size_t *start, size_t *end)
{
	*start = text.len;
	for (size_t i = at; i < text.len; i++) {
		if (text.ptr[i] == '<') {
			*start = i;
		} else if (text.ptr[i] == '>' && *start + 1 < i) {
			*end = i + 1;
			return true;
		} else if (text.ptr[i] == '>') {
			*start = text.len;
		}
	}
	return false;
}

/* Cuts the first "<word NAME>" out of the pattern; what it stands for, or ptr NULL. */
static enum err take_modifier(struct arena *a, struct slice *text, const char *opening,
			      const struct replace_entry *entries, size_t count, enum replace_kind kind,
			      struct slice *out, struct error *e)
{
	struct slice open = slice_of(opening);

	*out = SLICE_NONE;
	for (size_t i = 0; i < text->len; i++) {
		size_t end = i + open.len;
		struct str rest;

		if (!slice_starts(slice_from(*text, i), open))
			continue;
		while (end < text->len && text->ptr[end] != '>')
			end++;
		if (end == text->len || end == i + open.len)
			continue;
		*out = look_up(entries, count, kind, slice_make(text->ptr + i + open.len, end - i - open.len));
		str_init(&rest, PATTERN_BYTES_MAX);
		str_add(&rest, slice_make(text->ptr, i));
		str_add(&rest, slice_from(*text, end + 1));
		*text = str_dup(&rest, a);
		str_fini(&rest);
		return text->ptr != NULL ? ERR_OK : err_nomem(e);
	}
	return ERR_OK;
}

/* One round over the whole pattern; *again when something was put in that may hold tags. */
static enum err one_round(struct arena *a, struct slice *text, const struct replace_entry *entries, size_t count,
			  bool *again, struct error *e)
{
	struct slice pre, post, inter;
	struct str out;
	size_t at = 0, start, end;
	enum err err = take_modifier(a, text, "<pre ", entries, count, REPLACE_PRE, &pre, e);

	*again = false;
	if (err == ERR_OK)
		err = take_modifier(a, text, "<post ", entries, count, REPLACE_POST, &post, e);
	if (err == ERR_OK)
		err = take_modifier(a, text, "<inter ", entries, count, REPLACE_INTER, &inter, e);
	if (err != ERR_OK)
		return err;
	str_init(&out, PATTERN_BYTES_MAX);
	while (next_tag(*text, at, &start, &end)) {
		struct slice put =
		    look_up(entries, count, REPLACE_TAG, slice_make(text->ptr + start + 1, end - start - 2));
		size_t from, to;

		/* Nothing between this tag and the one before (or the beginning): Perl's split gives an empty piece. */
		if (start == at)
			str_add(&out, inter);
		str_add(&out, slice_make(text->ptr + at, start - at));
		str_add(&out, pre);
		str_add(&out, put.len > 0 ? put : slice_make(text->ptr + start, end - start));
		str_add(&out, post);
		*again = *again || (put.len > 0 && next_tag(put, 0, &from, &to));
		at = end;
	}
	str_add(&out, slice_from(*text, at));
	if (str_failed(&out))
		err = err_set(e, ERR_INVALID, "with its tags replaced the pattern is longer than %d bytes",
			      PATTERN_BYTES_MAX);
	else if ((*text = str_dup(&out, a)).ptr == NULL)
		err = err_nomem(e);
	str_fini(&out);
	return err;
}

enum err replace_tags(struct arena *a, struct slice pattern, const struct replace_entry *entries, size_t count,
		      struct slice *out, struct error *e)
{
	bool again = true;
	enum err err = ERR_OK;

	*out = pattern;
	for (int i = 0; i < ROUNDS && again && err == ERR_OK; i++)
		err = one_round(a, out, entries, count, &again, e);
	return err;
}
