/*
 * challenge: proof of work in the shape of the ALTCHA protocol (its first version, which every ALTCHA client speaks).
 *
 * A challenge is {algorithm: "SHA-256", challenge, maxnumber, salt, signature}. The client looks for the number up to maxnumber for
 * which SHA-256(salt + number) is the challenge, and sends base64 of JSON {algorithm, challenge, number, salt, signature}. Nothing is
 * stored until an answer comes back.
 *
 * The signature is a keyed hash over what the challenge is for (a form's nonce, a ticket), the salt with its expiry, and the
 * challenge, so an answer cannot be made before its challenge was given out, used for something else, or live longer. Clients
 * hand it back unread. The salt ends in "&": where it ends and the number begins cannot be read in two ways.
 *
 * An answer is looked at in this order, the cheapest first: challenge_read (its shape), challenge_check (the signature, then the
 * expiry), the caller's look whether challenge_id was spent before, challenge_solved (one hash). What is no answer of ours costs at
 * most one keyed hash.
 *
 * Pure: no clock, no randomness, no database. Any thread.
 */
#ifndef SPAM_CHALLENGE_H
#define SPAM_CHALLENGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/crypt.h"
#include "base/json.h"
#include "base/slice.h"

enum {
	CHALLENGE_RANDOM_BYTES = 12,          /* so that salt and number fit into one block of SHA-256 */
	CHALLENGE_SALT_BYTES = 64,            /* hex, "?expires=", seconds, "&", NUL */
	CHALLENGE_PAYLOAD_MAX_BYTES = 2048,
	CHALLENGE_NUMBER_MAX = 10 * 1000 * 1000,
};

struct challenge {
	char salt[CHALLENGE_SALT_BYTES];
	char hash[CRYPT_HEX_BYTES(CRYPT_HASH_BYTES)];
	char signature[CRYPT_HEX_BYTES(CRYPT_HASH_BYTES)];
	int64_t maxnumber;
};

/* `purpose` says what it is for, in bytes of the caller's own; 0 <= number <= maxnumber <= CHALLENGE_NUMBER_MAX is the answer. */
void challenge_make(const struct crypt_key *key, struct slice purpose, int64_t maxnumber, int64_t number, int64_t expires_s,
	const unsigned char random[CHALLENGE_RANDOM_BYTES], struct challenge *out);
/* As the protocol writes it. */
struct jv *challenge_json(const struct challenge *c);

/* What came back. Slices live in the arena. */
struct challenge_answer {
	struct slice salt, hash, signature;
	int64_t number, expires_s;
};
enum challenge_found {
	CHALLENGE_GOOD,
	CHALLENGE_MALFORMED, /* no answer in the protocol's shape */
	CHALLENGE_FORGED,    /* not given out by us, or not for this */
	CHALLENGE_EXPIRED,
	CHALLENGE_WRONG,     /* the number is not the one */
};

/* CHALLENGE_GOOD, or CHALLENGE_MALFORMED (also where memory ran out). */
enum challenge_found challenge_read(struct arena *a, struct slice payload, struct challenge_answer *out);
/* CHALLENGE_GOOD, CHALLENGE_FORGED or CHALLENGE_EXPIRED. Says nothing about the number. */
enum challenge_found challenge_check(const struct crypt_key *key, struct slice purpose, int64_t now_s, const struct challenge_answer *answer);
/* By which a spent one is remembered: the same for every answer to the same challenge. */
struct crypt_hash challenge_id(const struct challenge_answer *answer);
bool challenge_solved(const struct challenge_answer *answer);

#endif
