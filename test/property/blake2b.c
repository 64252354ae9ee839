/*
 * blake2b.c
 *		Property: BLAKE2b gives the digests that other implementations of RFC 7693 give, wherever its input lies.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/blake2b.h"
#include "property.h"

enum
{
	P_CASE,
	P_OFFSET
};

/* The input of length n is the bytes (7 * i + n) mod 256; the digests are those of Python's hashlib. */
static const struct
{
	size_t len;
	size_t digest_len;
	const char *digest;
} cases[] = {
	{0, 16, "cae66941d9efbd404e4d88758ea67670"},
	{0, 64,
	 "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419d25e1031afee585313896444934eb"
	 "04b903a685"
	 "b1448b755d56f701afe9be2ce"},
	{1, 16, "4a9e6f9b8d43f6ad008f8c291929dee2"},
	{3, 16, "09e03a807474593d5cb98909e5d502cd"},
	{3, 20, "8f148bd4c242f537b55ee7b7ba68153d17c49871"},
	{127, 16, "4bdfe90a02a9650321e48e485acc8498"},
	{128, 16, "117ca2028a4b08156b399fd29adea911"},
	{128, 64,
	 "a7b57dba995e20f757a9793ebc8e7cba952c60edddb5bd5e7ffeeb9aa4f36f2cefd66df22deecb664428c45f5cde5"
	 "756a944f24"
	 "78efaac33c5faae5683b08f04"},
	{129, 16, "bf505197d50347255a4f8bc3a3c4e184"},
	{255, 16, "67aebb0a5aae8eab2b88ce6bd9b54eb4"},
	{256, 16, "dbb08d79105462394550aa4d4e10133f"},
	{257, 16, "1aad2e646e9ff664e7294e2b30abef52"},
	{257, 64,
	 "96c2a19c97e794ed78b8f11569aca4d07496bd5aefcc7384b32bb2a0e1e328c6cc4bab5b8a9078f42e1a0b2a66063"
	 "6d39cf1214"
	 "dda59b1eff0236a4ff443792e"},
	{1000, 16, "81c26b9c7a14e1ff952a2e90155aaead"},
};

#define NCASES (sizeof(cases) / sizeof(cases[0]))

/*
 * make_history chooses a case, and where its input lies.
 */
static void
make_history(Random *random, History *history)
{
	history->nsteps = 0;
	history->params[P_CASE] = random_below(random, NCASES);
	history->params[P_OFFSET] = random_below(random, 8);
}

/*
 * check compares the digest with the known one.
 */
static const char *
check(const History *history)
{
	size_t number = history->params[P_CASE] % NCASES;
	size_t len = cases[number].len;
	size_t offset = history->params[P_OFFSET];
	unsigned char *memory = must_malloc(len + offset + 1);
	unsigned char digest[SZ_BLAKE2B_MAX_DIGEST];
	char text[2 * SZ_BLAKE2B_MAX_DIGEST + 1] = "";

	for (size_t i = 0; i < len; i++)
		memory[offset + i] = (unsigned char) (7 * i + len);
	sz_blake2b(memory + offset, len, digest, cases[number].digest_len);
	free(memory);
	for (size_t i = 0; i < cases[number].digest_len; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
	return strcmp(text, cases[number].digest) == 0 ? NULL : "the digest is wrong";
}

const Property blake2b_property = {
	"blake2b", {"case", "offset", NULL}, 500, make_history, check,
};
