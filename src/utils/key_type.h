/*
 * key_type.h
 *		How the values of a key column are hashed, compared and kept, whatever their type.
 *
 * Most types compare by their bytes: the btree operator class says so (its "equalimage" function).
 * Those are hashed and compared here, without a function call.  The rest goes through the type's own
 * functions.  Equality is that of GROUP BY, under the column's collation.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_TYPE_H
#define SESSIONIZE_KEY_TYPE_H

#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"

typedef enum KeyKind
{
	KEY_WORD,    /* passed by value, equal when the bits are */
	KEY_FIXED,   /* of a fixed length, equal when the bytes are */
	KEY_VARLENA, /* of any length, equal when the detoasted bytes are */
	KEY_GENERIC  /* equal when the type's operator says so */
} KeyKind;

typedef struct KeyType
{
	KeyKind kind;
	int16 typlen;
	bool typbyval;
	bool hash_takes_seed; /* the type has an extended hash function */
	Oid collation;
	uint64 seed; /* random, so that nobody can choose keys that collide */
	FmgrInfo equal;
	FmgrInfo hash;
} KeyType;

/* Whether values of a type can be keys at all. */
extern bool key_type_exists(Oid typid, Oid collation);

/*
 * key_type_init looks up everything that is needed for keys of a type, which stays in cxt.  A type that
 * has no hash function is the user's error.  column is its name for the message.
 */
extern void key_type_init(KeyType *type, Oid typid, Oid collation, const char *column, MemoryContext cxt);

/*
 * key_type_pack gives a value as the functions below expect it: detoasted, in CurrentMemoryContext
 * where it is not in place already.
 */
extern Datum key_type_pack(const KeyType *type, Datum value);

/* The bytes a packed value points to; 0 for one passed by value. */
extern Size key_type_size(const KeyType *type, Datum packed);

/*
 * key_type_as_stored gives a value that is passed by value the bits it has when it comes from a tuple.
 * Where they are fewer than a Datum's, an expression may have the others otherwise: a stored oid has its
 * sign extended, a computed one doesn't.
 */
static inline Datum
key_type_as_stored(const KeyType *type, Datum value)
{
	switch (type->typlen)
	{
		case sizeof(char):
			return CharGetDatum(DatumGetChar(value));
		case sizeof(int16):
			return Int16GetDatum(DatumGetInt16(value));
		case sizeof(int32):
			return Int32GetDatum(DatumGetInt32(value));
		default:
			return value;
	}
}

/* What the inline functions below leave to the slower kinds. */
extern uint64 key_type_hash_bytes(const KeyType *type, Datum packed);
extern bool key_type_equal_bytes(const KeyType *type, Datum a, Datum b);

/*
 * key_type_hash hashes a packed value to 64 good bits.
 */
static inline uint64
key_type_hash(const KeyType *type, Datum packed)
{
	uint64 h;

	if (type->kind != KEY_WORD)
		return key_type_hash_bytes(type, packed);
	h = (uint64) packed ^ type->seed;
	h ^= h >> 33;
	h *= UINT64CONST(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64CONST(0xc4ceb9fe1a85ec53);
	return h ^ (h >> 33);
}

/*
 * key_type_equal compares two packed values.
 */
static inline bool
key_type_equal(const KeyType *type, Datum a, Datum b)
{
	if (type->kind == KEY_WORD)
		return a == b;
	return key_type_equal_bytes(type, a, b);
}

#endif /* SESSIONIZE_KEY_TYPE_H */
