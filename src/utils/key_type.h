/*
 * key_type.h
 *		The type of session keys, or of the ids of rows: how its values are hashed, compared, kept and
 *		printed.  It is known only at run time.
 *
 * Values of most types are equal when their bytes are: the btree operator class says so (its
 * "equalimage" function).  Such values are compared here, without a function call; those of integer
 * types, uuid, bytea and of text in the collation C are hashed, ordered and printed here as well.
 * All else goes through the type's own functions.
 *
 * A key has two hashes.  That of key_type_hash is for tables in memory: its seed is random and it is
 * made of PostgreSQL's hash of bytes, so that nobody can choose keys that collide.  That of
 * key_type_stable_hash decides what is stored (the lane and the piece of a key): its values never change,
 * but who knows core/hash.h can make strings that collide whatever the seed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_TYPE_H
#define SESSIONIZE_KEY_TYPE_H

#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "lib/stringinfo.h"

typedef enum KeyKind
{
	KEY_INT2,
	KEY_INT4,
	KEY_INT8,
	KEY_UUID,
	KEY_BYTES,  /* bytea, and text in the collation C */
	KEY_IMAGE,  /* of another type whose values are equal when their bytes are */
	KEY_GENERIC /* equal when the type's operator says so */
} KeyKind;

typedef struct KeyType
{
	KeyKind kind;
	int16 typlen;
	bool typbyval;
	bool is_word;         /* passed by value, and equal when the bits are */
	bool hash_takes_seed; /* the type has an extended hash function */
	bool calls_functions; /* which would copy a value with a short header at each call */
	Oid oid;
	Oid collation;
	uint64 seed;      /* of key_type_hash */
	FmgrInfo hash;    /* of KEY_GENERIC, and of ids that are KEY_IMAGE */
	FmgrInfo equal;   /* of KEY_GENERIC */
	FmgrInfo compare; /* of ids that are KEY_IMAGE or KEY_GENERIC */
	FmgrInfo output;  /* of those, and of ids of type bytea */
	Oid less;         /* the operator <, of ids */
} KeyType;

/* Whether values of a type can be keys of the functions that need no pipeline. */
extern bool key_type_exists(Oid typid, Oid collation);

/*
 * key_type_init looks up what is needed to hash, compare and store keys of a type, which stays in cxt.
 * Equality is that of GROUP BY, under the collation.  A type that has no hash function is the user's
 * error.  column is the key's name for the message.
 */
extern void key_type_init(KeyType *type, Oid typid, Oid collation, const char *column, MemoryContext cxt);

/*
 * key_type_init_id does so for a pipeline's session keys or ids of rows, of which all functions below
 * can be called; what is looked up stays in CurrentMemoryContext.  Text is in the collation C.  A type
 * that has no default btree and hash operator classes is the user's error.
 */
extern void key_type_init_id(KeyType *type, Oid typid);

/*
 * Whether values of a type of ids that are equal are the same in every byte, and so in their text
 * form: not those of numeric, say, of which 1.0 and 1.00 are equal.  False where that is not known.
 */
extern bool key_type_is_image(Oid typid);

/*
 * key_type_pack gives a value as the functions below expect it: detoasted, in CurrentMemoryContext
 * where it is not in place already.
 */
extern Datum key_type_pack(const KeyType *type, Datum value);

/* The length of a value's contents, before it is packed; 0 for types of fixed length. */
extern Size key_type_content_length(const KeyType *type, Datum value);

/* The bytes a packed value points to when it is stored; 0 for one passed by value. */
extern Size key_type_size(const KeyType *type, Datum packed);

/*
 * key_type_store writes a packed value to key_type_room() bytes of memory that is aligned as palloc's,
 * or to key_type_size() bytes unless it is passed by value.  An id's bytes do not depend on the form of
 * the header that the value came with.
 */
extern void key_type_store(const KeyType *type, Datum packed, char *to);

/*
 * key_type_copy returns a packed copy, in CurrentMemoryContext, of a value that is not passed by value,
 * and the copy's size.
 */
extern Datum key_type_copy(const KeyType *type, Datum value, Size *size);

/*
 * The stable hash of a packed value: for integers, uuid and KEY_BYTES the same on every machine and in
 * every release, for other types in one major release.
 */
extern uint64 key_type_stable_hash(const KeyType *type, Datum packed, uint64 seed);

/* The stable hash with seed 0 of any value of a type that is not prepared for; slower. */
extern uint64 key_stable_hash(Oid typid, Datum value);

/* Whether a parallel worker may make stable hashes. */
extern bool key_type_stable_hash_is_parallel_safe(const KeyType *type);

/* Order two packed values as the type's btree operator class does. */
extern int key_type_compare(const KeyType *type, Datum a, Datum b);

/* Append the text form of a packed value. */
extern void key_type_append_text(const KeyType *type, Datum packed, StringInfo out);

/* What the inline functions below leave to the slower kinds. */
extern uint64 key_type_hash_bytes(const KeyType *type, Datum packed);
extern bool key_type_equal_bytes(const KeyType *type, Datum a, Datum b);

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

/*
 * key_type_room returns the aligned memory that key_type_store needs.
 */
static inline Size
key_type_room(const KeyType *type, Datum packed)
{
	return type->typbyval ? sizeof(Datum) : MAXALIGN(key_type_size(type, packed));
}

/*
 * key_type_fetch returns a packed value that was stored.
 */
static inline Datum
key_type_fetch(const KeyType *type, const char *from)
{
	return type->typbyval ? *(const Datum *) from : PointerGetDatum(from);
}

/*
 * key_type_hash hashes a packed value to 64 good bits.
 */
static inline uint64
key_type_hash(const KeyType *type, Datum packed)
{
	uint64 h;

	if (!type->is_word)
		return key_type_hash_bytes(type, packed);
	h = (uint64) packed ^ type->seed;
	h ^= h >> 33;
	h *= UINT64CONST(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64CONST(0xc4ceb9fe1a85ec53);
	return h ^ (h >> 33);
}

/*
 * key_type_equal tells whether two packed values are equal.
 */
static inline bool
key_type_equal(const KeyType *type, Datum a, Datum b)
{
	if (type->is_word)
		return a == b;
	return key_type_equal_bytes(type, a, b);
}

/*
 * key_type_stable_hash_is_exact tells whether no two values of the type have one stable hash.
 */
static inline bool
key_type_stable_hash_is_exact(const KeyType *type)
{
	return type->kind <= KEY_INT8;
}

#endif /* SESSIONIZE_KEY_TYPE_H */
