/*
 * shape: how a text is built, whatever it says: links, contact handles, phone numbers, money, capitals, digits, emoji,
 * words that mix scripts, invisible characters by script. Each finding explains itself in words and weighs little;
 * shape never counts towards a refusal. Joiners are normal in Persian and Indic text; a trailing BOM is normal.
 */
#ifndef SPAM_SHAPE_H
#define SPAM_SHAPE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "spam/verdict.h"

enum { SHAPE_FINDINGS_MAX = 16, SHAPE_PAYLOADS_MAX = 16 };

struct shape_finding {
	const char *name;       /* "shape/links" */
	double weight;
	int count;
	struct slice text;      /* what was seen, in the arena */
	struct slice words;     /* one sentence */
};

/* What a text wants the reader to go to. */
enum payload_kind { PAYLOAD_DOMAIN, PAYLOAD_HANDLE, PAYLOAD_PHONE, PAYLOAD_WALLET, PAYLOAD_EMAIL };
struct payload {
	enum payload_kind kind;
	struct slice value;     /* normalised: registrable domain in lower case, digits of a phone, ... */
};

struct shape {
	int64_t bytes, letters, words, capitals, digits, emoji, mixed_words, invisible, links, hosts, lines;
	struct shape_finding findings[SHAPE_FINDINGS_MAX];
	size_t finding_count;
	struct payload payloads[SHAPE_PAYLOADS_MAX];
	size_t payload_count;
};

enum err shape_read(struct arena *a, const struct submission *in, struct shape *out, struct error *e) MUST_CHECK;

#endif
