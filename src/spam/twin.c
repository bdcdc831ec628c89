#include "spam/twin.h"

#include <string.h>

enum { SHINGLE = 4, TEXT_MAX = 64 * 1024, WORD_MAX = 2048 };

/* A 64-bit mixer (the finaliser of MurmurHash3, public domain by its author): every input bit reaches every output bit. */
static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53ULL;
	h ^= h >> 33;
	return h;
}

struct hashing {
	uint64_t h;
	size_t bytes;
};

static void hash_byte(struct hashing *x, unsigned char c)
{
	x->h = (x->h ^ c) * 0x100000001b3ULL; /* FNV-1a */
	x->bytes++;
}

static bool is_space(unsigned char c)
{
	return c <= ' ';
}

static void hash_word(struct hashing *x, const char *word, size_t len)
{
	if (x->bytes)
		hash_byte(x, ' ');
	for (size_t i = 0; i < len; i++)
		hash_byte(x, (unsigned char)word[i]);
}

static int64_t finish(uint64_t h)
{
	int64_t key = (int64_t)mix(h);
	return key ? key : 1;
}

int64_t twin_key(struct slice value)
{
	struct hashing x = { .h = 0xcbf29ce484222325ULL };

	for (size_t i = 0; i < value.len; i++)
		hash_byte(&x, (unsigned char)value.ptr[i]);
	return finish(x.h);
}

/* An address: has "://", begins with "www.", holds "@", or a dot or slash between two other bytes ("example.org", "a/b"). */
static bool is_address(const char *word, size_t len)
{
	if (len >= 4 && memcmp(word, "www.", 4) == 0)
		return true;
	for (size_t i = 1; i + 1 < len; i++) {
		if (word[i] == '@' || (word[i] == ':' && word[i + 1] == '/'))
			return true;
		if ((word[i] == '.' || word[i] == '/') && word[i - 1] != '.' && word[i + 1] != '.')
			return true;
	}
	return false;
}

/* The word without addresses, and with each run of digits as one: what stays the same when a text is sent with other numbers and links. */
static void mask_word(struct hashing *x, const char *word, size_t len)
{
	char out[WORD_MAX];
	size_t n = 0;
	bool digit = false;

	if (is_address(word, len)) {
		hash_word(x, "\001", 1);
		return;
	}
	for (size_t i = 0; i < len && n < sizeof(out); i++) {
		bool d = word[i] >= '0' && word[i] <= '9';
		if (!(d && digit))
			out[n++] = d ? '0' : word[i];
		digit = d;
	}
	hash_word(x, out, n);
}

static size_t next_char(struct slice s, size_t at)
{
	at++;
	while (at < s.len && ((unsigned char)s.ptr[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static void read_shingles(struct slice s, uint32_t minhash[TWIN_HASHES])
{
	size_t starts[SHINGLE + 1] = { 0 };

	for (int i = 0; i < TWIN_HASHES; i++)
		minhash[i] = UINT32_MAX;
	for (int i = 1; i <= SHINGLE; i++)
		starts[i] = next_char(s, starts[i - 1]);
	while (starts[SHINGLE - 1] < s.len) {
		struct hashing x = { .h = 0xcbf29ce484222325ULL };
		size_t end = starts[SHINGLE] < s.len ? starts[SHINGLE] : s.len;
		for (size_t i = starts[0]; i < end; i++)
			hash_byte(&x, is_space((unsigned char)s.ptr[i]) ? ' ' : (unsigned char)s.ptr[i]);
		for (int i = 0; i < TWIN_HASHES / 2; i++) {
			uint64_t m = mix(x.h + (uint64_t)(i + 1) * 0x9e3779b97f4a7c15ULL);
			uint32_t high = (uint32_t)(m >> 32), low = (uint32_t)m;
			if (high < minhash[i])
				minhash[i] = high;
			if (low < minhash[i + TWIN_HASHES / 2])
				minhash[i + TWIN_HASHES / 2] = low;
		}
		memmove(starts, starts + 1, SHINGLE * sizeof(starts[0]));
		starts[SHINGLE] = next_char(s, starts[SHINGLE - 1]);
	}
}

void twin_read(struct slice text, struct twin_keys *out)
{
	struct hashing exact = { .h = 0xcbf29ce484222325ULL }, masked = exact;
	uint32_t minhash[TWIN_HASHES];
	size_t at = 0;

	memset(out, 0, sizeof(*out));
	if (text.len > TEXT_MAX)
		text.len = TEXT_MAX;
	while (at < text.len) {
		while (at < text.len && is_space((unsigned char)text.ptr[at]))
			at++;
		size_t start = at;
		while (at < text.len && !is_space((unsigned char)text.ptr[at]))
			at++;
		if (at > start) {
			hash_word(&exact, text.ptr + start, at - start);
			mask_word(&masked, text.ptr + start, at - start);
		}
	}
	if (exact.bytes < TWIN_SHORTEST_BYTES)
		return;
	out->any = true;
	out->convicts = exact.bytes >= TWIN_CONVICTS_BYTES;
	out->exact = finish(exact.h);
	out->masked = finish(masked.h ^ 0x5bd1e995);
	read_shingles(text, minhash);
	for (int b = 0; b < TWIN_BANDS; b++) {
		uint64_t h = (uint64_t)b + 1;
		for (int r = 0; r < TWIN_ROWS; r++)
			h = mix(h * 31 + minhash[b * TWIN_ROWS + r]);
		out->bands[b] = finish(h);
	}
	for (int i = 0; i < TWIN_HASHES; i++)
		out->minhash[i] = (uint16_t)minhash[i];
}

void twin_sign(const struct twin_keys *k, unsigned char out[TWIN_SIGN_BYTES])
{
	for (int i = 0; i < TWIN_HASHES; i++) {
		out[2 * i] = (unsigned char)(k->minhash[i] >> 8);
		out[2 * i + 1] = (unsigned char)k->minhash[i];
	}
}

bool twin_sign_read(struct slice sign, uint16_t out[TWIN_HASHES])
{
	const unsigned char *b = (const unsigned char *)sign.ptr;

	memset(out, 0, TWIN_HASHES * sizeof(out[0]));
	if (!sign.ptr || sign.len != TWIN_SIGN_BYTES)
		return false;
	for (int i = 0; i < TWIN_HASHES; i++)
		out[i] = (uint16_t)(b[2 * i] << 8 | b[2 * i + 1]);
	return true;
}

static int shared(const uint16_t a[TWIN_HASHES], const uint16_t b[TWIN_HASHES])
{
	int same = 0;

	for (int i = 0; i < TWIN_HASHES; i++)
		same += a[i] == b[i];
	return same;
}

bool twin_near(const uint16_t a[TWIN_HASHES], const uint16_t b[TWIN_HASHES])
{
	return shared(a, b) >= TWIN_NEAR;
}
