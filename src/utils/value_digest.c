/*
 * value_digest.c
 *		A hash of a value's bytes that stands for the value.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"

#include "compat.h"
#include "core/blake2b.h"
#include "utils/value_digest.h"

/*
 * value_digest returns the digest of a value.
 */
ValueDigest
value_digest(TextView value)
{
	ValueDigest digest = {.is_set = value.data != NULL};

	if (digest.is_set)
		sz_blake2b(value.data, value.len, digest.bytes, VALUE_DIGEST_SIZE);
	return digest;
}

/*
 * value_digest_equal tells whether two digests are of equal values, or both of none.
 */
bool
value_digest_equal(const ValueDigest *a, const ValueDigest *b)
{
	return a->is_set == b->is_set &&
		   (!a->is_set || memcmp(a->bytes, b->bytes, VALUE_DIGEST_SIZE) == 0);
}

/*
 * value_digest_to_bytea returns the digest as a bytea.
 */
Datum
value_digest_to_bytea(const ValueDigest *digest, ValueDigestBytea *bytea)
{
	Size size = digest->is_set ? VALUE_DIGEST_SIZE : 0;

	SET_VARSIZE(bytea->data, VARHDRSZ + size);
	memcpy(bytea->data + VARHDRSZ, digest->bytes, size);
	return PointerGetDatum(bytea);
}

/*
 * value_digest_of_bytea returns the digest that a bytea has.
 */
ValueDigest
value_digest_of_bytea(Datum bytea)
{
	struct varlena *stored = PG_DETOAST_DATUM_PACKED(bytea);
	ValueDigest digest = {.is_set = VARSIZE_ANY_EXHDR(stored) > 0};

	if (digest.is_set && VARSIZE_ANY_EXHDR(stored) != VALUE_DIGEST_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("fact_session.seen_before has a value of %zu bytes",
						(Size) VARSIZE_ANY_EXHDR(stored)),
				 errdetail("It is a hash of %d bytes, or empty.", VALUE_DIGEST_SIZE),
				 errhint("CALL sessionize.rebuild() restores rows that somebody has changed.")));
	memcpy(digest.bytes, VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored));
	return digest;
}
