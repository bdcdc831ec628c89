/* random: numbers that are the same at each run: xorshift32 (G. Marsaglia, "Xorshift RNGs", 2003). */
#ifndef TESTS_UNIT_RANDOM_H
#define TESTS_UNIT_RANDOM_H

#include <stdint.h>

static uint32_t seed = 2463534242u; /* anything but 0 */

/* 0 to n - 1. */
static inline uint32_t below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % n;
}

#endif
