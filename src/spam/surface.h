/*
 * surface: from a message as Porchlight has it to the texts that rules are matched against, with SpamAssassin's cuts.
 *
 * A surface is a list of elements; each element is matched alone.
 *
 *   body     element 1 is the title and a newline, also when the title is empty. Then the text: runs of blank lines
 *            become one newline, any other white space (Unicode's, where the text is valid UTF-8) one space, so that an
 *            element is a paragraph ending in a newline; the text's own last newline becomes a space. Elements longer
 * than 2,048 bytes are cut behind the last space up to there. Text past some 50,000 bytes is not looked at. rawbody the
 * text as written, cut into 2-4 kB at line ends, else behind '>', else at spaces. full     fields, an empty line, the
 * text: one element. uri      one element each; the caller gives the set of canonical variants (text/uri). norm, skel
 * cut as body, without a title element; the caller gives the texts (text/views). header   one element for each field:
 * its value and a newline. `Subject` is the title. A field that was not given, or was given with a NULL pointer, is
 * undefined. Names are compared without regard to ASCII case. `ALL` is all fields as "Name: value" lines.
 *
 * Line ends are made LF first (CRLF and CR), and a text that does not end in one is given one, as mail would have it.
 * Offsets of body and rawbody elements are kept mapped to the title or text as given, so that hits can be marked.
 *
 * Memory: all in the caller's arena (about 12 bytes a byte of text). Threads: none; a finished struct surfaces is read
 * only.
 */
#ifndef SPAM_SURFACE_H
#define SPAM_SURFACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "spam/cf.h"

enum { SURFACE_TEXT_BYTES_MAX = 256 << 10, SURFACE_FIELDS_MAX = 128, SURFACE_URIS_MAX = 65536 };

/* ptr NULL in `value`: the field is undefined. */
struct surface_field {
	struct slice name, value;
};

/* A number that `eval:NAME(min[, max])` rules look at: shape features and the like. */
struct surface_fact {
	struct slice name;
	double value;
};

struct surface_input {
	struct slice title; /* also the field Subject, when ptr is not NULL */
	struct slice body;
	struct slice norm, skel;
	const struct slice *uris;
	size_t uri_count;
	const struct surface_field *fields;
	size_t field_count;
	const struct surface_fact *facts;
	size_t fact_count;
	struct slice full; /* ptr NULL: made from the fields and the text */
};

/* Where a byte of a surface came from. */
enum surface_source { SOURCE_NONE, SOURCE_TITLE, SOURCE_BODY, SOURCE_NORM, SOURCE_SKEL, SOURCE_URI, SOURCE_FIELD };

struct surface_element {
	struct slice text;
	const uint32_t *map; /* source offset of each byte and of the end (len + 1 entries); NULL: offsets are equal */
	enum surface_source source;
	struct slice field; /* header only: the field's name */
};

struct surface_elements {
	struct surface_element *list;
	size_t count;
};

struct surfaces {
	struct surface_elements of[SURFACE_COUNT];
	const struct surface_fact
	    *facts; /* the caller's, as are uris and field names: they must outlive the surfaces */
	size_t fact_count;
};

/* ERR_TOO_LARGE past the limits above, ERR_NOMEM when the arena is too small. */
enum err surface_build(struct arena *a, const struct surface_input *in, struct surfaces *out,
		       struct error *e) MUST_CHECK;

/* The value of a field as rules see it (with its newline); ptr NULL when undefined. */
struct slice surface_header(const struct surfaces *s, struct slice field);

#endif
