/*
 * hmac.c
 *		HMAC with SHA-256.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "hmac.h"

#define INNER_PAD 0x36
#define OUTER_PAD 0x5c

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/*
 * rotate turns a word to the right.
 */
static uint32_t
rotate(uint32_t word, int bits)
{
	return word >> bits | word << (32 - bits);
}

/*
 * schedule makes the words of a block.
 */
static void
schedule(const uint8_t *block, uint32_t *words)
{
	for (int i = 0; i < 16; i++)
		words[i] = (uint32_t) block[4 * i] << 24 | (uint32_t) block[4 * i + 1] << 16 |
				   (uint32_t) block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 64; i++)
	{
		uint32_t a = words[i - 15];
		uint32_t b = words[i - 2];

		words[i] = words[i - 16] + words[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
				   (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

/*
 * take_block takes a block into the state.
 */
static void
take_block(uint32_t *state, const uint8_t *block)
{
	uint32_t words[64];
	uint32_t v[8];

	schedule(block, words);
	memcpy(v, state, sizeof(v));
	for (int i = 0; i < 64; i++)
	{
		uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
		uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
		uint32_t first = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + choice +
						 constants[i] + words[i];
		uint32_t second = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + majority;

		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += first;
		v[0] = first + second;
	}
	for (int i = 0; i < 8; i++)
		state[i] += v[i];
}

/*
 * sha256_begin begins a hash.
 */
void
sha256_begin(Sha256 *hash)
{
	static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
										0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

	memcpy(hash->state, initial, sizeof(initial));
	hash->length = 0;
}

/*
 * sha256_add adds bytes.
 */
void
sha256_add(Sha256 *hash, const void *bytes, size_t length)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < length; i++)
	{
		hash->block[hash->length++ % SHA256_BLOCK] = byte[i];
		if (hash->length % SHA256_BLOCK == 0)
			take_block(hash->state, hash->block);
	}
}

/*
 * sha256_end ends it: a bit 1, zeros, and the length in bits fill the last block.
 */
void
sha256_end(Sha256 *hash, uint8_t *digest)
{
	uint64_t bits = hash->length * 8;
	uint8_t length[8];

	sha256_add(hash, "\x80", 1);
	while (hash->length % SHA256_BLOCK != SHA256_BLOCK - sizeof(length))
		sha256_add(hash, "", 1);
	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t) (bits >> (56 - 8 * i));
	sha256_add(hash, length, sizeof(length));
	for (int i = 0; i < SHA256_SIZE; i++)
		digest[i] = (uint8_t) (hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

/*
 * add_key adds the key, as long as a block and changed by a byte.
 */
static void
add_key(Sha256 *hash, const void *key, size_t length, uint8_t pad)
{
	uint8_t block[SHA256_BLOCK] = {0};

	if (length <= sizeof(block))
		memcpy(block, key, length);
	else
	{
		Sha256 of_key;

		sha256_begin(&of_key);
		sha256_add(&of_key, key, length);
		sha256_end(&of_key, block);
	}
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] ^= pad;
	sha256_add(hash, block, sizeof(block));
}

/*
 * hmac_begin begins an HMAC.
 */
void
hmac_begin(Sha256 *hash, const void *key, size_t key_length)
{
	sha256_begin(hash);
	add_key(hash, key, key_length, INNER_PAD);
}

/*
 * hmac_end ends it.
 */
void
hmac_end(Sha256 *hash, const void *key, size_t key_length, uint8_t *digest)
{
	uint8_t inner[SHA256_SIZE];

	sha256_end(hash, inner);
	sha256_begin(hash);
	add_key(hash, key, key_length, OUTER_PAD);
	sha256_add(hash, inner, sizeof(inner));
	sha256_end(hash, digest);
}
