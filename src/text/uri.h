/*
 * uri: the web and mail addresses in a text. The only room that includes libpsl.h.
 *
 * Found are http://, https:// and ftp:// addresses (also as hxxp, with [.] or (dot), and with what a browser passes over in a name), www. names, bare names that
 * end in a public suffix, mailto: and mail addresses, and addresses nested in another's query or path. Whether two
 * addresses belong together is only ever decided by the parsed host, never by a substring. Everything lives in the
 * arena. Any thread.
 */
#ifndef TEXT_URI_H
#define TEXT_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { URIS_MAX = 256, URI_NESTED_MAX = 3, URI_LENGTH_MAX = 4096 };

enum {
	URI_SCHEME = 1,      /* with http://, https:// or ftp:// */
	URI_WWW = 2,         /* www. without a scheme */
	URI_BARE = 4,        /* a name alone */
	URI_MAIL = 8,        /* host is the mail domain */
	URI_NESTED = 16,     /* stood inside another address */
	URI_OBFUSCATED = 32, /* hxxp, [.], (dot) and the like */
	URI_IP = 64,         /* an address in place of a name; also as one number or in octal or hexadecimal */
	URI_MIXED = 128,     /* a label of mixed scripts */
	URI_USERINFO = 256,  /* http://bank.example@evil.example/ */
	URI_PORT = 512,      /* another port than the scheme's own */
	URI_IDN = 1024,      /* a name beyond ASCII */
};

struct uri {
	size_t at, len; /* where it stands in the text */
	unsigned flags;
	struct slice raw; /* as it stands, without punctuation behind it */
	struct slice
	    url; /* mended: scheme added, obfuscation undone, host in lower-case ASCII; "mailto:..." for mail */
	struct slice host; /* ASCII (IDNA), lower case, no dot at the end; an IP address in plain form */
	struct slice
	    domain; /* the registrable domain (public suffix list, private rows too), or the host where there is none */
	struct slice shown; /* the host as people may see it: Unicode, but ASCII for mixed scripts */
	struct slice local; /* of a mail address, else absent */
	struct slice path;  /* with query and fragment; "" or starts with / ? # */
};

struct uris {
	struct uri *list; /* in the order of the text; nested ones behind the one that holds them */
	size_t count;
	bool more; /* there were more than URIS_MAX */
};

enum err uris_find(struct arena *a, struct slice text, struct uris *out, struct error *e) MUST_CHECK;

/* Reads one address that is nothing else (http or https). ERR_INVALID when it is none. */
enum err uri_parse(struct arena *a, struct slice text, struct uri *out, struct error *e) MUST_CHECK;

/* The registrable domain of an ASCII host ("a.b.co.uk" -> "b.co.uk"): a part of `host`, or all of it. */
struct slice uri_registrable(struct slice host);
/* Whether a label (com, xn--p1ai) is a top level domain that somebody runs. ASCII, either case. */
bool uri_tld_known(struct slice label);
/* Whether a name of two labels is more likely a file's: main.py, readme.md. */
bool uri_file_name(struct slice name);
/* True when `host` is `domain` or ends in "." and `domain`. Both ASCII, lower case. */
bool uri_below(struct slice host, struct slice domain);
/* Whether a run without blanks, in lower case, is meant as an address of the web or of mail; a quick look, for who reads words. */
bool uri_meant(struct slice run);

#endif
