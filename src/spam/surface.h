/*
 * surface: from a message as Porchlight has it to the texts that rules are matched against, with SpamAssassin's cuts.
 *
 * A surface is a list of elements; each element is matched alone.
 *
 *   body     element 1 is the title and a newline, also when the title is empty. Then the text: runs of blank lines
 *            become one newline, any other white space (Unicode's, where the text is valid UTF-8) one space, so that an
 *            element is a paragraph ending in a newline; the text's own last newline becomes a space. Elements longer
 *            than 2,048 bytes are cut behind the last space up to there. Text past some 50,000 characters is not looked
 *            at.
 *   rawbody  the text as written, cut into 2-4 kB at line ends, else behind '>', else at spaces.
 *   full     fields, an empty line, the text: one element.
 *   uri      one element each: the spellings that SpamAssassin sees of the addresses in body (text/spellings), then the
 *            caller's own (`uris`), marked `wide`: only lists and rules with `tflags wide` look at those; then what might be addresses, for
 *            lists alone.
 *   norm, skel  cut as body, without a title element; the caller gives the texts (text/views).
 *   header   one element for each name: its values, each with a newline. `Subject` is the title. A field that was not
 *            given, or was given with a NULL pointer, is undefined. Names are compared without regard to ASCII case.
 *            `ALL` is all fields as "Name: value" lines. Field:first and Field:last are elements of their own where a
 *            name occurs more than once, Field:raw where the caller gives raw values.
 *
 * Line ends are made LF first (CRLF and CR), and a text that does not end in one is given one, as mail would have it.
 * Offsets of body and rawbody elements are kept mapped to the title or text as given, so that hits can be marked.
 *
 * Memory: all in the caller's arena (about 12 bytes a byte of text). Threads: none; a finished struct surfaces is read
 * only.
 */
#ifndef SPAM_SURFACE_H
#define SPAM_SURFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "spam/cf.h"

struct guess;

enum { SURFACE_TEXT_BYTES_MAX = 256 << 10, SURFACE_PARTS_BYTES_MAX = 16 << 20, SURFACE_FIELDS_MAX = 600, SURFACE_URIS_MAX = 65536 };

/* ptr NULL in `value`: the field is undefined. */
struct surface_field {
	struct slice name, value;
};

/* More about a field of a mail. */
struct surface_mail_field {
	struct slice raw; /* for :raw, with its line end */
	bool derived;     /* made of others: not in ALL */
};

/* A part of a mail. */
struct surface_part {
	struct slice rendered; /* for body; ptr NULL: not shown */
	struct slice raw;      /* for rawbody; ptr NULL: no text */
};

/* A number that `eval:NAME(min[, max])` rules look at: shape features and the like. */
struct surface_fact {
	struct slice name;
	double value;
};

struct surface_input {
	struct slice title; /* also the field Subject, when ptr is not NULL */
	struct slice body;
	const struct surface_part *parts; /* a mail's, in place of `body` */
	size_t part_count;
	struct slice norm, skel;
	const struct slice *uris; /* beside those that are found in body */
	size_t uri_count;
	const struct guess *guesses; /* names that only lists look at (text/guess) */
	size_t guess_count;
	bool guesses_more; /* there were more than these: what lists would say of them is unknown */
	const struct slice *links; /* targets of links in HTML */
	size_t link_count;
	const struct surface_field *fields;
	size_t field_count;
	const struct surface_mail_field *mail_fields; /* one for each of them, or NULL */
	const struct surface_fact *facts;
	size_t fact_count;
	struct slice full; /* ptr NULL: made from the fields and the text */
	struct slice head; /* a mail's header as it stood, for ALL:raw; ptr NULL: made from the fields */
};

/* Where a byte of a surface came from. */
enum surface_source { SOURCE_NONE, SOURCE_TITLE, SOURCE_BODY, SOURCE_NORM, SOURCE_SKEL, SOURCE_URI, SOURCE_FIELD };

struct surface_element {
	struct slice text;
	const uint32_t *map; /* source offset of each byte and of the end (len + 1 entries); NULL: offsets are equal */
	enum surface_source source;
	/* header only: the field's name, and which of its values, in what form (CF_FIELD_) */
	struct slice field;
	unsigned form;
	bool wide;  /* uri only: what SpamAssassin would not see */
	bool guess; /* uri only: for lists alone; a match counts where it starts before must_from and ends at must_to or behind it */
	size_t must_from, must_to;
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
	bool guesses_more; /* of the input */
};

/* ERR_TOO_LARGE past the limits above, ERR_NOMEM when the arena is too small. */
enum err surface_build(struct arena *a, const struct surface_input *in, struct surfaces *out,
		       struct error *e) MUST_CHECK;

/* The element of `header` that a rule about a field in this form (CF_FIELD_) looks at; NULL when it is undefined. */
const struct surface_element *surface_header(const struct surfaces *s, struct slice field, unsigned form);

#endif
