/* Any bytes as the answer to a challenge: what is read keeps its bounds, none of it is taken for one of ours, and it has one id. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spam/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct crypt_key key = { "nobody out there knows this key." };
	struct challenge_answer answer;
	struct arena *a = arena_new(1 << 20);

	if (!a)
		return 0;
	if (challenge_read(a, slice_make((const char *)data, size), &answer) == CHALLENGE_GOOD) {
		struct crypt_hash one = challenge_id(&answer), two = challenge_id(&answer);

		if (answer.number < 0 || answer.number > CHALLENGE_NUMBER_MAX || answer.expires_s < 0 || answer.salt.len >= CHALLENGE_SALT_BYTES)
			abort();
		if (challenge_check(&key, SLICE("form:x"), 0, &answer) != CHALLENGE_FORGED || memcmp(&one, &two, sizeof(one)) != 0)
			abort();
		(void)challenge_solved(&answer);
	}
	arena_free(&a);
	return 0;
}
