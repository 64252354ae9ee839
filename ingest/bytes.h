/*
 * bytes.h
 *		Integers in the order of bytes that frames and files have: little-endian, not aligned.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_BYTES_H
#define INGEST_BYTES_H

#include <stdint.h>

/*
 * load_u32 reads four bytes.
 */
static inline uint32_t
load_u32(const unsigned char *bytes)
{
	return (uint32_t) bytes[0] | (uint32_t) bytes[1] << 8 | (uint32_t) bytes[2] << 16 |
		   (uint32_t) bytes[3] << 24;
}

/*
 * load_u64 reads eight bytes.
 */
static inline uint64_t
load_u64(const unsigned char *bytes)
{
	return load_u32(bytes) | (uint64_t) load_u32(bytes + 4) << 32;
}

/*
 * store_u32 writes four bytes.
 */
static inline void
store_u32(unsigned char *bytes, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char) (value >> (8 * i));
}

/*
 * store_u64 writes eight bytes.
 */
static inline void
store_u64(unsigned char *bytes, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char) (value >> (8 * i));
}

#endif /* INGEST_BYTES_H */
