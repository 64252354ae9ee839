/*
 * value.h
 *		Values of a type that is known only at run time: hash, order, store and print them, fast for
 *		the types that keys and ids usually have.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_VALUE_H
#define SESSIONIZE_VALUE_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"

typedef enum ValueKind
{
	VALUE_INT2,
	VALUE_INT4,
	VALUE_INT8,
	VALUE_UUID,
	VALUE_BYTES, /* bytea, and text in the C collation */
	VALUE_OTHER  /* through the type's operator classes */
} ValueKind;

typedef struct ValueType
{
	ValueKind kind;
	Oid type;
	Oid collation;
	int16 length;
	bool byval;
	bool has_parts;    /* an array or a composite type */
	Oid less;          /* its operator < */
	FmgrInfo *compare; /* of its btree operator class; VALUE_OTHER only, as is the next */
	FmgrInfo *hash;
	FmgrInfo output;
} ValueType;

/* A text that is not NULL-terminated; data == NULL is SQL's NULL. */
typedef struct TextView
{
	const char *data;
	uint32 len;
} TextView;

/*
 * value_type_init looks a type up; the lookups live in CurrentMemoryContext.  An error where the type has
 * no default btree and hash operator class.  Text is in the C collation.
 */
extern void value_type_init(ValueType *type, Oid oid);

/* Hash, in accord with equality; the same everywhere but for VALUE_OTHER (in one major release). */
extern uint64 value_hash(const ValueType *type, Datum value, uint64 seed);

/* The same with seed 0 for a flat or other value of any type, slower. */
extern uint64 value_hash_by_oid(Oid oid, Datum value);

/* Order two stored values as the type's btree operator class does. */
extern int value_compare(const ValueType *type, Datum a, Datum b);

/* Whether the type's hash tells all of its values apart. */
static inline bool
value_hash_is_exact(const ValueType *type)
{
	return type->kind <= VALUE_INT8;
}

/* Whether a parallel worker may hash values of the type. */
extern bool value_hash_is_parallel_safe(const ValueType *type);

/*
 * value_flatten returns the value without compression or external storage, perhaps in new memory of
 * CurrentMemoryContext.  Only flat values may be hashed, compared, measured, stored.
 */
extern Datum value_flatten(const ValueType *type, Datum value);

/*
 * value_made_anew returns a value that has the text form of the given one, and the same bytes as
 * any other value made of one with this text form: arrays and composite values may have one text
 * form and differ in how they are stored. Others are returned as they are.
 */
extern Datum value_made_anew(const ValueType *type, Datum value);

/* The length of a value's contents, before flattening; 0 for types of fixed length. */
extern Size value_content_length(const ValueType *type, Datum value);

/* Write a value to 8-byte aligned memory of value_stored_size() bytes that is zeroed; read it back. */
extern Size value_stored_size(const ValueType *type, Datum value);
extern void value_store(const ValueType *type, Datum value, char *to);

static inline Datum
value_fetch(const ValueType *type, const char *from)
{
	return type->byval ? *(const Datum *) from : PointerGetDatum(from);
}

/*
 * Whether values of the type that are equal are the same in every byte, and so in their text form:
 * not those of numeric, say, of which 1.0 and 1.00 are equal. False where that is not known.
 */
extern bool value_type_looks_one_way(Oid oid);

/* Append the value's text form. */
extern void value_append_text(const ValueType *type, Datum value, StringInfo out);

#endif /* SESSIONIZE_VALUE_H */
