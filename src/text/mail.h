/*
 * mail: an Internet message (RFC 5322, MIME) taken apart as SpamAssassin 4.0.1 does it, for rules that are tried on
 * mail: decoded header fields, the text of its parts, the links in its HTML. The desk itself receives no mail.
 *
 * Read are nested multiparts, quoted-printable and base64, encoded words, any character set ICU knows; text without a
 * right one is read as Windows-1252, as there. Attached messages are not opened, and multiparts deeper than
 * MAIL_DEPTH_MAX are passed over. Memory: the arena; slices may point into the message. Any thread.
 */
#ifndef TEXT_MAIL_H
#define TEXT_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/mail_html.h"

enum { MAIL_BYTES_MAX = 4 << 20, MAIL_FIELDS_MAX = 512, MAIL_PARTS_MAX = 256, MAIL_DEPTH_MAX = 16 };

struct mail_field {
	struct slice name;  /* as written */
	struct slice value; /* unfolded, encoded words decoded, UTF-8 */
	struct slice raw;   /* behind the colon as it stands, with its line end */
};

struct mail_part {
	struct slice rendered; /* UTF-8, as `body` rules want it; ptr NULL: not shown */
	struct slice raw;      /* transfer encoding undone, as `rawbody` rules want it; ptr NULL: no text */
};

struct mail {
	struct slice whole, head; /* the message as it came, and its header with the fields as they were */
	struct mail_field *fields;
	size_t field_count;
	struct mail_part *parts; /* leaves, in their order */
	size_t part_count;
	struct mail_links links;
};

/* ERR_TOO_LARGE past MAIL_BYTES_MAX, ERR_NOMEM. Anything else is some mail. */
enum err mail_read(struct arena *a, struct slice bytes, struct mail *out, struct error *e) MUST_CHECK;

/* The last field of that name, decoded; ptr NULL when there is none. */
struct slice mail_field(const struct mail *m, const char *name);

#endif
