/*
 * key_type.h
 *		The type of session keys or of row ids, which is known only at run time: how its values
 *		are hashed, compared, stored and printed.
 *
 * For most types, values are equal if and only if their bytes are: the btree operator class says so
 * by its "equalimage" function. Such values are compared here, without a function call. Values of
 * the integer types, of uuid, bytea and of text in the collation C are also hashed, ordered and
 * printed here. All else calls the type's own functions.
 *
 * A key has two hashes. The hash of key_type_hash is for tables in memory: its seed is random and
 * it is PostgreSQL's hash of bytes, so that nobody can choose keys that collide. The hash of
 * key_type_stable_hash decides what is stored (the lane and the piece of a key): its values never
 * change, but with the knowledge of core/hash.h one can make strings that collide, whatever the
 * seed.
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
	KEY_IMAGE,  /* any other type whose values are equal if their bytes are */
	KEY_GENERIC /* equal if the type's operator says so */
} KeyKind;

typedef struct KeyType
{
	KeyKind kind;
	int16 typlen;
	bool typbyval;
	bool is_word;         /* passed by value, and equal if the bits are */
	bool hash_takes_seed; /* the type has an extended hash function */
	bool calls_functions; /* avoid short headers, which functions would copy at each call */
	Oid oid;
	Oid collation;
	uint64 seed;      /* of key_type_hash */
	FmgrInfo hash;    /* of KEY_GENERIC, and of ids that are KEY_IMAGE */
	FmgrInfo equal;   /* of KEY_GENERIC */
	FmgrInfo compare; /* of ids of KEY_IMAGE and KEY_GENERIC */
	FmgrInfo output;  /* of ids of KEY_IMAGE and KEY_GENERIC, and of bytea */
	Oid less;         /* of ids: the operator < */
} KeyType;

/* Whether values of a type can be keys of the functions that need no pipeline. */
extern bool key_type_exists(Oid typid, Oid collation);

/*
 * key_type_init looks up what is needed to hash, compare and store keys of a type, in cxt. Equality
 * is as for GROUP BY, under the collation. Error if the type has no hash function; the message
 * calls the key "column".
 */
extern void
key_type_init(KeyType *type, Oid typid, Oid collation, const char *column, MemoryContext cxt);

/*
 * key_type_init_id looks up what is needed for a pipeline's session keys or row ids, for which all
 * functions below can be called, in CurrentMemoryContext. Text is in the collation C. Error if the
 * type has no default btree and hash operator classes.
 */
extern void key_type_init_id(KeyType *type, Oid typid);

/*
 * Whether ids of a type that are equal have equal bytes, and so the same text form. This is not so
 * for numeric, for example, where 1.0 and 1.00 are equal. False if it is not known.
 */
extern bool key_type_is_image(Oid typid);

/*
 * key_type_pack converts a value to the form that the functions below expect: detoasted, in
 * CurrentMemoryContext if a copy is needed.
 */
extern Datum key_type_pack(const KeyType *type, Datum value);

/* The length of a value's contents, before it is packed; 0 for types of fixed length. */
extern Size key_type_content_length(const KeyType *type, Datum value);

/* The size of a packed value as it is stored; 0 if it is passed by value. */
extern Size key_type_size(const KeyType *type, Datum packed);

/*
 * key_type_store writes a packed value to key_type_room() bytes of maximally aligned memory; if it
 * is not passed by value, key_type_size() bytes suffice. An id's stored bytes do not depend on the
 * form of the header that the value had.
 */
extern void key_type_store(const KeyType *type, Datum packed, char *to);

/*
 * key_type_copy returns a packed copy, in CurrentMemoryContext, of a value that is not passed by
 * value, and sets *size to the copy's size.
 */
extern Datum key_type_copy(const KeyType *type, Datum value, Size *size);

/*
 * The stable hash of a packed value. For integers, uuid and KEY_BYTES it is the same on every
 * machine and in every release, for other types within a major release.
 */
extern uint64 key_type_stable_hash(const KeyType *type, Datum packed, uint64 seed);

/*
 * The stable hash, with seed 0, of a value that need not be packed; slower, as it needs no KeyType.
 */
extern uint64 key_stable_hash(Oid typid, Datum value);

/* Whether a parallel worker may compute stable hashes. */
extern bool key_type_stable_hash_is_parallel_safe(const KeyType *type);

/* Order two packed values as the type's btree operator class does. */
extern int key_type_compare(const KeyType *type, Datum a, Datum b);

/* Append the text form of a packed value. */
extern void key_type_append_text(const KeyType *type, Datum packed, StringInfo out);

/* The parts of the inline functions below for values for which is_word is not set. */
extern uint64 key_type_hash_bytes(const KeyType *type, Datum packed);
extern bool key_type_equal_bytes(const KeyType *type, Datum a, Datum b);

/*
 * key_type_as_stored returns a value that is passed by value with the bits that it has when it
 * comes from a tuple. If the type is smaller than a Datum, an expression may set the upper bits
 * differently: a stored oid is sign-extended, a computed one is not.
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
 * key_type_room returns the size of the aligned memory that key_type_store needs.
 */
static inline Size
key_type_room(const KeyType *type, Datum packed)
{
	return type->typbyval ? sizeof(Datum) : MAXALIGN(key_type_size(type, packed));
}

/*
 * key_type_fetch returns a packed value that key_type_store has written.
 */
static inline Datum
key_type_fetch(const KeyType *type, const char *from)
{
	return type->typbyval ? *(const Datum *) from : PointerGetDatum(from);
}

/*
 * key_type_hash hashes a packed value to 64 well-mixed bits.
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
 * key_type_stable_hash_is_exact tells whether different values of the type always have different
 * stable hashes.
 */
static inline bool
key_type_stable_hash_is_exact(const KeyType *type)
{
	return type->kind <= KEY_INT8;
}

#endif /* SESSIONIZE_KEY_TYPE_H */
