/*
 * hash.c
 *		Property: the hashes are what they were in the first release, whatever the machine; numbers never
 *		collide; where bytes lie in memory does not matter, what they are does.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/hash.h"
#include "property.h"

enum
{
	P_SEED,
	P_FLIP
};

#define MAX_BYTES 64

/* Session keys stay in the pieces they were in only as long as these hold. */
static const struct
{
	const char *bytes;
	uint64_t seed;
	uint64_t hash;
	SzHash128 wide;
} known[] = {
	{"",
	 0,
	 UINT64_C(0x0000000000000000),
	 {{UINT64_C(0x0000000000000000), UINT64_C(0xe39b5998e7625f38)}}},
	{"a",
	 0,
	 UINT64_C(0x2b5107104309ba8c),
	 {{UINT64_C(0x2b5107104309ba8c), UINT64_C(0x29549141351d2a4d)}}},
	{"session",
	 1,
	 UINT64_C(0x4b6c445eaf91ffe4),
	 {{UINT64_C(0xfa4be1db446da866), UINT64_C(0x7037be160d8a10d8)}}},
	{"sessions",
	 1,
	 UINT64_C(0x8c6f2e0aba0c98fd),
	 {{UINT64_C(0x69de9f0300352f39), UINT64_C(0x476e59945be1216e)}}},
	{"the session key of a user",
	 42,
	 UINT64_C(0x9e1a32f7092663bb),
	 {{UINT64_C(0x3b57fb7f7bfb277a), UINT64_C(0xec35c741d3b16f97)}}},
};

/*
 * make_history makes a string, one byte to a step, and what is done to it.
 */
static void
make_history(Random *random, History *history)
{
	history->nsteps = 1 + (int) random_below(random, MAX_BYTES);
	history->params[P_SEED] = random_bits(random);
	history->params[P_FLIP] = random_below(random, (uint64_t) history->nsteps * 8);
	for (int i = 0; i < history->nsteps; i++)
	{
		history->steps[i].ts = random_time(random, random_time_style(random, 100));
		history->steps[i].extra = random_one_in(random, 3) ? 0 : random_below(random, 256);
	}
}

/*
 * unshift undoes x ^= x >> bits.
 */
static uint64_t
unshift(uint64_t x, int bits)
{
	uint64_t result = x;

	for (int done = bits; done < 64; done += bits)
		result = x ^ (result >> bits);
	return result;
}

/*
 * inverse returns what an odd number must be multiplied with to give 1.
 */
static uint64_t
inverse(uint64_t odd)
{
	uint64_t result = odd;

	for (int i = 0; i < 6; i++)
		result *= 2 - odd * result;
	return result;
}

/*
 * unmix undoes sz_hash_mix.
 */
static uint64_t
unmix(uint64_t x)
{
	x = unshift(x, 31) * inverse(UINT64_C(0x94D049BB133111EB));
	x = unshift(x, 27) * inverse(UINT64_C(0xBF58476D1CE4E5B9));
	return unshift(x, 30);
}

/*
 * same_wide tells whether two wide hashes are equal in both halves.
 */
static bool
same_wide(SzHash128 a, SzHash128 b)
{
	return a.half[0] == b.half[0] && a.half[1] == b.half[1];
}

/*
 * check_known compares with the answers of the first release.
 */
static const char *
check_known(void)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		size_t len = strlen(known[i].bytes);

		if (sz_hash_bytes(known[i].bytes, len, known[i].seed) != known[i].hash)
			return "a hash is not what it was";
		if (!same_wide(sz_hash_bytes_wide(known[i].bytes, len), known[i].wide))
			return "a wide hash is not what it was";
	}
	if (sz_hash_int(0, 0) != UINT64_C(0xe220a8397b1dcdaf) ||
		sz_hash_int(-1, 7) != UINT64_C(0xbd64a5d9adefe000))
		return "the hash of a number is not what it was";
	return NULL;
}

/*
 * check compares hashes of a string with those of the same elsewhere, one bit different, and a zero byte longer.
 */
static const char *
check(const History *history)
{
	unsigned char here[MAX_BYTES + 1] = {0};
	unsigned char there[MAX_BYTES + 2] = {0};
	uint64_t seed = history->params[P_SEED];
	size_t len = (size_t) history->nsteps;
	size_t flip = len == 0 ? 0 : history->params[P_FLIP] % (len * 8);
	uint64_t hash;
	SzHash128 wide;

	for (size_t i = 0; i < len; i++)
	{
		uint64_t number = (uint64_t) history->steps[i].ts;

		here[i] = there[i + 1] = (unsigned char) history->steps[i].extra;
		if (unmix(sz_hash_mix(number)) != number)
			return "mixing lost something";
	}
	hash = sz_hash_bytes(here, len, seed);
	wide = sz_hash_bytes_wide(here, len);
	if (hash != sz_hash_bytes(there + 1, len, seed) ||
		!same_wide(wide, sz_hash_bytes_wide(there + 1, len)))
		return "the place in memory matters";
	if (hash == sz_hash_bytes(here, len + 1, seed) ||
		same_wide(wide, sz_hash_bytes_wide(here, len + 1)))
		return "a zero byte more does not matter";
	if (hash == sz_hash_bytes(here, len, seed + 1))
		return "the seed does not matter";
	if (len > 0)
	{
		here[flip / 8] ^= (unsigned char) (1 << flip % 8);
		if (hash == sz_hash_bytes(here, len, seed) ||
			same_wide(wide, sz_hash_bytes_wide(here, len)))
			return "a bit does not matter";
	}
	return check_known();
}

const Property hash_property = {
	"hash", {"seed", "flip", NULL}, 500, make_history, check,
};
