/*
 * keys: what the desk must know and its database must not.
 *
 * DATA/keys holds, mode 0600 in a folder of mode 0700, made at first start:
 *
 *     link.key     turns a ticket's random seed into its link's token; never changes, or every link dies
 *     session.key  signs what staff browsers carry
 *     form.key     signs the ask form's nonces and challenges; also keys the hashes of learnt words
 *     rate.key     hashes senders for counting; a new one each UTC day, the one before is kept a day longer
 *     ban.key      hashes senders for bans; a new epoch every 90 days, the one before is kept 90 days longer
 *
 * So a copy of the database alone opens no link and names no address (P8), a counted sender is forgotten after two
 * days and a banned one after 180. A file others may read is refused. Any thread after keys_open.
 */
#ifndef DESK_KEYS_H
#define DESK_KEYS_H

#include <stdint.h>

#include "base/crypt.h"
#include "desk/desk.h"

enum {
	KEYS_SEED_BYTES = 16,
	KEYS_TOKEN_CHARS = 24, /* base64url of 18 bytes: 144 bits */
	KEYS_TOKEN_BYTES = KEYS_TOKEN_CHARS + 1,
	KEYS_BAN_DAYS_MAX = 90, /* a ban of at most so many days is found for its whole life */
};

/* Reads DATA/keys, making what is missing. */
enum err keys_open(const char *folder, struct keys **out, struct error *e) MUST_CHECK;
void keys_free(struct keys **k); /* NULL-safe, clears, wipes */

/* A ticket's link. The seed (KEYS_SEED_BYTES, stored as a blob) is random; token = keyed hash(link key, seed). */
void keys_seed(unsigned char seed[KEYS_SEED_BYTES]);
/* Fills the NUL-terminated token of that seed. Returns `token`. */
char *keys_token(const struct keys *k, const unsigned char seed[KEYS_SEED_BYTES], char token[KEYS_TOKEN_BYTES]);
/* What the database stores and looks a token up by. Any text is accepted: one that is no token is simply unknown. */
struct crypt_hash keys_token_hash(struct slice token);

/* The sender behind an IPv4 address or an IPv6 address's /64 (IPv4-mapped is IPv4). Text that is no address gives
 * `known` false. Turns the keys over when their day has come. */
struct sender keys_sender(struct keys *k, struct slice address);

/* For signing and keyed hashes; crypt_keyed's `purpose` separates the uses. Valid as long as `k`. */
const struct crypt_key *keys_session(const struct keys *k);
const struct crypt_key *keys_form(const struct keys *k);

#endif
