/*
 * value_digest.h
 *		A hash of a value's bytes that stands for the value where the value itself is not kept.
 *
 * Different values have different hashes, whoever chooses them: the hash is BLAKE2b with 16 bytes.
 * It is the same on every machine, so it can be stored.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_VALUE_DIGEST_H
#define SESSIONIZE_VALUE_DIGEST_H

#include "postgres.h"

#include "utils/text_view.h"

#define VALUE_DIGEST_SIZE 16

typedef struct ValueDigest
{
	bool is_set; /* false: there is no value */
	unsigned char bytes[VALUE_DIGEST_SIZE];
} ValueDigest;

/* A digest as a bytea, which is empty where there is no value. */
typedef union ValueDigestBytea
{
	int32 header; /* of a varlena */
	char data[VARHDRSZ + VALUE_DIGEST_SIZE];
} ValueDigestBytea;

/* The digest of a value; a text without data is no value. */
extern ValueDigest value_digest(TextView value);

extern bool value_digest_equal(const ValueDigest *a, const ValueDigest *b);

/* The digest as a bytea in *bytea; the digest of such a bytea. */
extern Datum value_digest_to_bytea(const ValueDigest *digest, ValueDigestBytea *bytea);
extern ValueDigest value_digest_of_bytea(Datum bytea);

#endif /* SESSIONIZE_VALUE_DIGEST_H */
