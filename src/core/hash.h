/*
 * hash.h
 *		Hashes that are the same on every machine and in every release.
 *
 * They decide which piece a key belongs to, and tell whether rows have changed.  They are not
 * cryptographic: collisions can be constructed, so code that relies on a hash's value alone must
 * tolerate them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_HASH_H
#define SESSIONIZE_HASH_H

#include "core/core.h"

/* The odd constants are the golden ratio's and two primes near random 64-bit values. */
#define SZ_HASH_A UINT64_C(0x9E3779B97F4A7C15)
#define SZ_HASH_B UINT64_C(0xC2B2AE3D27D4EB4F)
#define SZ_HASH_C UINT64_C(0x165667B19E3779F9)

typedef struct SzHash128
{
	uint64_t half[2];
} SzHash128;

/*
 * sz_hash_mix spreads every bit of x over all bits.  It is a bijection, so different numbers never
 * collide.
 */
static inline uint64_t
sz_hash_mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xBF58476D1CE4E5B9);
	x ^= x >> 27;
	x *= UINT64_C(0x94D049BB133111EB);
	x ^= x >> 31;
	return x;
}

/*
 * sz_hash_int hashes a number, without collisions for one seed.
 */
static inline uint64_t
sz_hash_int(int64_t value, uint64_t seed)
{
	return sz_hash_mix((uint64_t) value + SZ_HASH_A + seed);
}

/*
 * sz_load_word reads eight bytes as a little-endian number.
 */
static inline uint64_t
sz_load_word(const unsigned char *p)
{
	return (uint64_t) p[0] | (uint64_t) p[1] << 8 | (uint64_t) p[2] << 16 | (uint64_t) p[3] << 24 |
		   (uint64_t) p[4] << 32 | (uint64_t) p[5] << 40 | (uint64_t) p[6] << 48 |
		   (uint64_t) p[7] << 56;
}

/*
 * sz_load_tail reads len < 8 bytes, as if zeros followed.
 */
static inline uint64_t
sz_load_tail(const unsigned char *p, size_t len)
{
	uint64_t word = 0;
	size_t i;

	for (i = 0; i < len; i++)
		word |= (uint64_t) p[i] << (8 * i);
	return word;
}

/*
 * sz_hash_absorb adds one more word to a running hash.
 */
static inline uint64_t
sz_hash_absorb(uint64_t state, uint64_t word, uint64_t multiplier)
{
	state = (state ^ word) * multiplier;
	return state ^ (state >> 32);
}

/*
 * sz_hash_bytes hashes a string of bytes.
 */
static inline uint64_t
sz_hash_bytes(const void *data, size_t len, uint64_t seed)
{
	const unsigned char *p = (const unsigned char *) data;
	uint64_t state = seed ^ (len * SZ_HASH_A);

	for (; len >= 8; p += 8, len -= 8)
		state = sz_hash_absorb(state, sz_load_word(p), SZ_HASH_B);
	if (len > 0)
		state = sz_hash_absorb(state, sz_load_tail(p, len), SZ_HASH_B);
	return sz_hash_mix(state);
}

/*
 * sz_hash_bytes_wide hashes a string of bytes into two halves that are practically independent.
 */
static inline SzHash128
sz_hash_bytes_wide(const void *data, size_t len)
{
	const unsigned char *p = (const unsigned char *) data;
	SzHash128 hash = {{len * SZ_HASH_A, ~(len * SZ_HASH_C)}};

	while (len > 0)
	{
		size_t step = len < 8 ? len : 8;
		uint64_t word = step == 8 ? sz_load_word(p) : sz_load_tail(p, step);

		hash.half[0] = sz_hash_absorb(hash.half[0], word, SZ_HASH_B);
		hash.half[1] = sz_hash_absorb(hash.half[1], word + SZ_HASH_C, SZ_HASH_A);
		p += step;
		len -= step;
	}
	hash.half[0] = sz_hash_mix(hash.half[0]);
	hash.half[1] = sz_hash_mix(hash.half[1] + SZ_HASH_B);
	return hash;
}

#endif /* SESSIONIZE_HASH_H */
