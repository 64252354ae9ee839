/*
 * hmac.h
 *		HMAC with SHA-256 (RFC 2104, FIPS 180-4).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_HMAC_H
#define INGEST_HMAC_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE  32
#define SHA256_BLOCK 64

typedef struct Sha256
{
	uint32_t state[8];
	uint64_t length; /* in bytes */
	uint8_t block[SHA256_BLOCK];
} Sha256;

extern void sha256_begin(Sha256 *hash);
extern void sha256_add(Sha256 *hash, const void *bytes, size_t length);
extern void sha256_end(Sha256 *hash, uint8_t *digest);

/* The caller adds the message to the hash between the two. */
extern void hmac_begin(Sha256 *hash, const void *key, size_t key_length);
extern void hmac_end(Sha256 *hash, const void *key, size_t key_length, uint8_t *digest);

#endif /* INGEST_HMAC_H */
