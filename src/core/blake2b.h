/*
 * blake2b.h
 *		The cryptographic hash BLAKE2b (RFC 7693), without a key.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BLAKE2B_H
#define SESSIONIZE_BLAKE2B_H

#include "core/core.h"

#define SZ_BLAKE2B_MAX_DIGEST 64

/*
 * sz_blake2b writes a digest of digest_len (1 .. 64) bytes for len bytes of data.  A shorter digest
 * is not the beginning of a longer one.
 */
extern void sz_blake2b(const void *data, size_t len, unsigned char *digest, size_t digest_len);

#endif /* SESSIONIZE_BLAKE2B_H */
