/*
 * crc32c.c
 *		CRC-32C by the processor's instruction where there is one, else eight bytes at a time by
 *		tables.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "crc32c.h"

#define POLYNOMIAL UINT32_C(0x82F63B78) /* reflected */

static uint32_t tables[8][256];
static bool has_instruction;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/*
 * prepare computes the tables and asks the processor what it can do.
 */
static void
prepare(void)
{
	for (uint32_t i = 0; i < 256; i++)
	{
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		tables[0][i] = crc;
	}
	for (int i = 0; i < 256; i++)
		for (int t = 1; t < 8; t++)
			tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][tables[t - 1][i] & 0xFF];
#if defined(__x86_64__)
	has_instruction = __builtin_cpu_supports("sse4.2") != 0;
#endif
}

/*
 * extend_by_tables adds bytes to a checksum in its inner form.
 */
static uint32_t
extend_by_tables(uint32_t crc, const unsigned char *bytes, size_t length)
{
	for (; length >= 8; bytes += 8, length -= 8)
	{
		uint64_t word = load_u64(bytes) ^ crc;

		crc = 0;
		for (int i = 0; i < 8; i++)
			crc ^= tables[7 - i][word >> (8 * i) & 0xFF];
	}
	for (; length > 0; bytes++, length--)
		crc = crc >> 8 ^ tables[0][(crc ^ *bytes) & 0xFF];
	return crc;
}

#if defined(__x86_64__)
/*
 * extend_by_instruction does the same by SSE 4.2.
 */
__attribute__((target("sse4.2"))) static uint32_t
extend_by_instruction(uint32_t crc, const unsigned char *bytes, size_t length)
{
	uint64_t wide = crc;

	for (; length >= 8; bytes += 8, length -= 8)
		wide = __builtin_ia32_crc32di(wide, load_u64(bytes));
	crc = (uint32_t) wide;
	for (; length > 0; bytes++, length--)
		crc = __builtin_ia32_crc32qi(crc, *bytes);
	return crc;
}
#endif

/*
 * crc32c_extend_by_tables adds bytes to a checksum without the instruction.
 */
uint32_t
crc32c_extend_by_tables(uint32_t crc, const void *bytes, size_t length)
{
	pthread_once(&once, prepare);
	return ~extend_by_tables(~crc, bytes, length);
}

/*
 * crc32c_extend adds bytes to a checksum.
 */
uint32_t
crc32c_extend(uint32_t crc, const void *bytes, size_t length)
{
	pthread_once(&once, prepare);
#if defined(__x86_64__)
	if (has_instruction)
		return ~extend_by_instruction(~crc, bytes, length);
#endif
	return ~extend_by_tables(~crc, bytes, length);
}

/*
 * crc32c returns the checksum of length bytes.
 */
uint32_t
crc32c(const void *bytes, size_t length)
{
	return crc32c_extend(0, bytes, length);
}
