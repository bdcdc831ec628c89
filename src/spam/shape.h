/*
 * shape: how a text is built, whatever it says: links, contact handles, phone numbers, money, capitals, digits, emoji,
 * words that mix scripts or wear letters in a dress, invisible characters by script. Each finding explains itself in words and weighs little;
 * shape never counts towards a refusal. Joiners are normal in Persian and Indic text; a trailing BOM is normal.
 *
 * Phone numbers are read in every script's digits and in the ways several countries write them without + or 0; wallets are those of digital
 * money and bank accounts by their international number.
 *
 * It also names the payloads: what a text wants its reader to go to. A trusted host, the site's own wiki and a registry that lends
 * its names to everybody are none; of a messenger or a link shortener it is the whole address. Pure; results live in the arena.
 */
#ifndef SPAM_SHAPE_H
#define SPAM_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

struct uris;
struct guesses;

enum { SHAPE_FINDINGS_MAX = 16, SHAPE_PAYLOADS_MAX = 16 };

struct shape_finding {
	const char *name;   /* "shape/links" */
	double weight;
	int count;
	struct slice text;  /* one example of what was seen */
	struct slice words; /* one sentence */
};

enum payload_kind { PAYLOAD_HANDLE, PAYLOAD_PHONE, PAYLOAD_WALLET, PAYLOAD_EMAIL, PAYLOAD_DOMAIN };
struct payload {
	enum payload_kind kind;
	struct slice value; /* as it is compared: lower-case handle, digits of a phone, registrable domain ... */
};

struct shape {
	/* Counts; rules read them as eval:links(3) and so on, see features. */
	int64_t bytes, letters, words, cased, capitals, digits, emoji, mixed_words, styled_words, invisible, spelled, lines;
	int64_t links, hosts, repeated_links, messenger_links, emails, handles, phones, money, wallets;
	int64_t link_percent; /* of the text's bytes */
	struct shape_finding findings[SHAPE_FINDINGS_MAX];
	size_t finding_count;
	struct payload payloads[SHAPE_PAYLOADS_MAX];
	size_t payload_count;
};

struct shape_input {
	struct slice text;        /* title and body, rendered */
	const struct uris *uris;  /* found in that text */
	const struct guesses *guesses; /* NULL, or names that hide in it: those that are sure are payloads, and nothing else */
	int64_t mixed_words, spelled, spelled_letters; /* of the views */
	bool chat;                /* links are normal there */
	/* Hosts the desk trusts are no links to count; NULL: none is. */
	bool (*allowed)(const void *ctx, struct slice host);
	const void *ctx;
	/* Hosts of the site itself (its wiki, this desk), and what is below them: links there are links, but nobody's payload. */
	const struct slice *own;
	size_t own_count;
};

enum err shape_read(struct arena *a, const struct shape_input *in, struct shape *out, struct error *e) MUST_CHECK;

#endif
