/*
 * blake2b.c
 *		The cryptographic hash BLAKE2b.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/blake2b.h"
#include "core/hash.h"

#define BLOCK  128
#define ROUNDS 12

/* The fractional parts of the square roots of the first eight primes. */
static const uint64_t initial[8] = {
	UINT64_C(0x6A09E667F3BCC908), UINT64_C(0xBB67AE8584CAA73B), UINT64_C(0x3C6EF372FE94F82B),
	UINT64_C(0xA54FF53A5F1D36F1), UINT64_C(0x510E527FADE682D1), UINT64_C(0x9B05688C2B3E6C1F),
	UINT64_C(0x1F83D9ABFB41BD6B), UINT64_C(0x5BE0CD19137E2179),
};

/*
 * The order in which each round takes the words of a block; the last two rounds repeat the first
 * two.
 */
static const unsigned char order[ROUNDS][16] = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
};

/*
 * rotate_right rotates the bits of a word.
 */
static inline uint64_t
rotate_right(uint64_t word, int bits)
{
	return word >> bits | word << (64 - bits);
}

/*
 * quarter mixes two words of a block into four words of the state.
 */
static inline void
quarter(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, uint64_t x, uint64_t y)
{
	*a += *b + x;
	*d = rotate_right(*d ^ *a, 32);
	*c += *d;
	*b = rotate_right(*b ^ *c, 24);
	*a += *b + y;
	*d = rotate_right(*d ^ *a, 16);
	*c += *d;
	*b = rotate_right(*b ^ *c, 63);
}

/*
 * compress adds a block to the state; total is the number of bytes up to the block's end.
 */
static void
compress(uint64_t state[8], const unsigned char *block, uint64_t total, bool last)
{
	uint64_t words[16];
	uint64_t v[16];

	for (int i = 0; i < 16; i++)
		words[i] = sz_load_word(block + 8 * i);
	for (int i = 0; i < 8; i++)
	{
		v[i] = state[i];
		v[i + 8] = initial[i];
	}
	v[12] ^= total;
	v[14] ^= last ? UINT64_MAX : 0;
	/*
	 * unrolled, so that the order of the words is a compile-time constant and the state stays in
	 * registers
	 */
#pragma GCC unroll 12
	for (int i = 0; i < ROUNDS; i++)
	{
		const unsigned char *o = order[i];

		quarter(&v[0], &v[4], &v[8], &v[12], words[o[0]], words[o[1]]);
		quarter(&v[1], &v[5], &v[9], &v[13], words[o[2]], words[o[3]]);
		quarter(&v[2], &v[6], &v[10], &v[14], words[o[4]], words[o[5]]);
		quarter(&v[3], &v[7], &v[11], &v[15], words[o[6]], words[o[7]]);
		quarter(&v[0], &v[5], &v[10], &v[15], words[o[8]], words[o[9]]);
		quarter(&v[1], &v[6], &v[11], &v[12], words[o[10]], words[o[11]]);
		quarter(&v[2], &v[7], &v[8], &v[13], words[o[12]], words[o[13]]);
		quarter(&v[3], &v[4], &v[9], &v[14], words[o[14]], words[o[15]]);
	}
	for (int i = 0; i < 8; i++)
		state[i] ^= v[i] ^ v[i + 8];
}

/*
 * sz_blake2b writes a digest of len bytes of data.
 */
void
sz_blake2b(const void *data, size_t len, unsigned char *digest, size_t digest_len)
{
	const unsigned char *in = (const unsigned char *) data;
	unsigned char block[BLOCK] = {0};
	uint64_t state[8];
	size_t done = 0;

	memcpy(state, initial, sizeof(state));
	state[0] ^= UINT64_C(0x01010000) ^ digest_len;
	for (; len - done > BLOCK; done += BLOCK)
		compress(state, in + done, done + BLOCK, false);
	if (len > done)
		memcpy(block, in + done, len - done);
	compress(state, block, len, true);
	for (size_t i = 0; i < digest_len; i++)
		digest[i] = (unsigned char) (state[i / 8] >> (8 * (i % 8)));
}
