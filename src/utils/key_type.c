/*
 * key_type.c
 *		The type of session keys or of row ids: how its values are hashed, compared, stored and
 *		printed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/nbtree.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "compat.h"
#include "core/hash.h"
#include "utils/key_type.h"

/*
 * compares_by_image tells whether values of the type are equal if and only if their bytes are.
 */
static bool
compares_by_image(const TypeCacheEntry *entry, Oid collation)
{
	Oid proc;

	/* some releases report bpchar as equalimage, but 'a' = 'a ' if one of them has no length */
	if (!OidIsValid(entry->btree_opf) || entry->type_id == BPCHAROID || entry->typlen == -2)
		return false;
	proc = get_opfamily_proc(entry->btree_opf, entry->btree_opintype, entry->btree_opintype,
							 BTEQUALIMAGE_PROC);
	if (!OidIsValid(proc))
		return false;
	return DatumGetBool(
		OidFunctionCall1Coll(proc, collation, ObjectIdGetDatum(entry->btree_opintype)));
}

/*
 * look_up returns the type cache's entry of a type, or of a domain's base type.
 */
static TypeCacheEntry *
look_up(Oid typid)
{
	return lookup_type_cache(getBaseType(typid), TYPECACHE_EQ_OPR | TYPECACHE_HASH_PROC |
													 TYPECACHE_HASH_EXTENDED_PROC |
													 TYPECACHE_BTREE_OPFAMILY);
}

/*
 * hash_function_of returns a type's hash function, preferably the one with a seed; InvalidOid if
 * the type can't be hashed, or has no equality operator.
 */
static Oid
hash_function_of(const TypeCacheEntry *entry)
{
	if (!OidIsValid(entry->eq_opr))
		return InvalidOid;
	return OidIsValid(entry->hash_extended_proc) ? entry->hash_extended_proc : entry->hash_proc;
}

/*
 * key_type_exists tells whether values of a type can be keys at all.
 */
bool
key_type_exists(Oid typid, Oid collation)
{
	TypeCacheEntry *entry = look_up(typid);

	return compares_by_image(entry, collation) || OidIsValid(hash_function_of(entry));
}

/*
 * known_kind returns the kind of a type that this file implements itself; KEY_GENERIC for all
 * others.
 */
static KeyKind
known_kind(Oid typid, Oid collation)
{
	switch (typid)
	{
		case INT2OID:
			return KEY_INT2;
		case INT4OID:
			return KEY_INT4;
		case INT8OID:
			return KEY_INT8;
		case UUIDOID:
			return KEY_UUID;
		case BYTEAOID:
			return KEY_BYTES;
		case TEXTOID:
			return collation == C_COLLATION_OID ? KEY_BYTES : KEY_GENERIC;
		default:
			return KEY_GENERIC;
	}
}

/*
 * set_kind initializes a KeyType with the type's properties and kind.
 */
static void
set_kind(KeyType *type, const TypeCacheEntry *entry, Oid collation)
{
	memset(type, 0, sizeof(KeyType));
	type->oid = entry->type_id;
	type->typlen = entry->typlen;
	type->typbyval = entry->typbyval;
	type->collation = collation;
	type->seed = pg_prng_uint64(&pg_global_prng_state);
	type->kind = known_kind(entry->type_id, collation);
	if (type->kind == KEY_GENERIC && compares_by_image(entry, collation))
		type->kind = KEY_IMAGE;
	type->is_word = type->kind != KEY_GENERIC && type->typbyval;
}

/*
 * use_type_functions has values hashed by their type's function and, unless their bytes are
 * compared, compared by the type's function as well.
 */
static void
use_type_functions(KeyType *type, const TypeCacheEntry *entry, MemoryContext cxt)
{
	type->calls_functions = true;
	type->hash_takes_seed = OidIsValid(entry->hash_extended_proc);
	fmgr_info_cxt(hash_function_of(entry), &type->hash, cxt);
	if (type->kind == KEY_GENERIC)
		fmgr_info_cxt(get_opcode(entry->eq_opr), &type->equal, cxt);
}

/*
 * key_type_init looks up what is needed for the keys of a function that needs no pipeline.
 */
void
key_type_init(KeyType *type, Oid typid, Oid collation, const char *column, MemoryContext cxt)
{
	TypeCacheEntry *entry = look_up(typid);

	set_kind(type, entry, collation);
	if (type->kind != KEY_GENERIC)
		return;
	if (!OidIsValid(hash_function_of(entry)))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
						errmsg("column \"%s\" cannot be a session key", column),
						errdetail("Its type %s has no hash operator class.",
								  format_type_be(entry->type_id)),
						errhint("Give a view as the source, with the column cast to a type that "
								"has one, such as text.")));
	use_type_functions(type, entry, cxt);
}

/*
 * id_collation returns the collation for keys and ids of a type.
 */
static Oid
id_collation(const TypeCacheEntry *entry)
{
	return entry->type_id == TEXTOID ? C_COLLATION_OID : entry->typcollation;
}

/*
 * look_up_id returns the type cache's entry of the type of a pipeline's keys or ids.
 */
static TypeCacheEntry *
look_up_id(Oid typid)
{
	TypeCacheEntry *entry =
		lookup_type_cache(typid, TYPECACHE_LT_OPR | TYPECACHE_CMP_PROC | TYPECACHE_EQ_OPR |
									 TYPECACHE_HASH_EXTENDED_PROC | TYPECACHE_BTREE_OPFAMILY);

	if (!OidIsValid(entry->lt_opr) || !OidIsValid(entry->cmp_proc) ||
		!OidIsValid(entry->hash_extended_proc) || entry->typlen == -2)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
						errmsg("values of type %s can't be keys or ids", format_type_be(typid)),
						errdetail("The type has no default btree and hash operator classes."),
						errhint("Cast the expression to text in the pipeline's definition.")));
	return entry;
}

/*
 * key_type_init_id looks up what is needed for a pipeline's keys or ids.
 */
void
key_type_init_id(KeyType *type, Oid typid)
{
	TypeCacheEntry *entry = look_up_id(typid);
	Oid output;
	bool is_varlena;

	set_kind(type, entry, id_collation(entry));
	type->less = entry->lt_opr;
	if (type->kind >= KEY_IMAGE)
	{
		use_type_functions(type, entry, CurrentMemoryContext);
		fmgr_info(entry->cmp_proc, &type->compare);
	}
	if (type->kind >= KEY_IMAGE || typid == BYTEAOID)
	{
		getTypeOutputInfo(typid, &output, &is_varlena);
		fmgr_info(output, &type->output);
	}
}

/*
 * key_type_is_image tells whether equal ids of a type have equal bytes.
 */
bool
key_type_is_image(Oid typid)
{
	TypeCacheEntry *entry = lookup_type_cache(typid, TYPECACHE_BTREE_OPFAMILY);

	return compares_by_image(entry, id_collation(entry));
}

/*
 * key_type_pack detoasts a value.
 */
Datum
key_type_pack(const KeyType *type, Datum value)
{
	if (type->typlen != -1)
		return value;
	if (type->calls_functions)
		return PointerGetDatum(PG_DETOAST_DATUM(value));
	return PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
}

/*
 * key_type_content_length returns the length of a value's contents.
 */
Size
key_type_content_length(const KeyType *type, Datum value)
{
	struct varlena *pointer;

	if (type->typlen != -1)
		return 0;
	pointer = (struct varlena *) DatumGetPointer(value);
	if (VARATT_IS_SHORT(pointer))
		return VARSIZE_SHORT(pointer) - VARHDRSZ_SHORT;
	return toast_raw_datum_size(value) - VARHDRSZ;
}

/*
 * gets_short_header tells whether text or bytea is stored with a header of one byte.
 */
static inline bool
gets_short_header(Datum packed)
{
	return VARSIZE_ANY_EXHDR(DatumGetPointer(packed)) + VARHDRSZ_SHORT <= VARATT_SHORT_MAX;
}

/*
 * key_type_size returns the size of a value as it is stored.
 */
Size
key_type_size(const KeyType *type, Datum packed)
{
	void *p = DatumGetPointer(packed);

	if (type->typbyval)
		return 0;
	if (type->typlen > 0)
		return type->typlen;
	if (type->typlen == -2)
		return strlen(DatumGetCString(packed)) + 1;
	if (type->kind == KEY_BYTES && gets_short_header(packed))
		return VARSIZE_ANY_EXHDR(p) + VARHDRSZ_SHORT;
	return type->kind == KEY_BYTES ? VARSIZE_ANY_EXHDR(p) + VARHDRSZ : VARSIZE_ANY(p);
}

/*
 * write_bytes writes a value, which is not passed by value, in its stored form of this size.
 */
static inline void
write_bytes(const KeyType *type, Datum packed, Size size, char *to)
{
	void *p = DatumGetPointer(packed);

	if (type->kind != KEY_BYTES)
		memcpy(to, p, size);
	else if (gets_short_header(packed))
	{
		SET_VARSIZE_SHORT(to, size);
		memcpy(to + VARHDRSZ_SHORT, VARDATA_ANY(p), size - VARHDRSZ_SHORT);
	}
	else
	{
		SET_VARSIZE(to, size);
		memcpy(to + VARHDRSZ, VARDATA_ANY(p), size - VARHDRSZ);
	}
}

/*
 * key_type_store writes a value for key_type_fetch.
 */
void
key_type_store(const KeyType *type, Datum packed, char *to)
{
	if (type->typbyval)
		*(Datum *) to = packed;
	else
		write_bytes(type, packed, key_type_size(type, packed), to);
}

/*
 * key_type_copy copies a value that is not passed by value.
 */
Datum
key_type_copy(const KeyType *type, Datum value, Size *size)
{
	Datum packed = key_type_pack(type, value);
	char *copy;

	*size = key_type_size(type, packed);
	if (packed != value)
		return packed;
	copy = palloc(*size);
	write_bytes(type, packed, *size, copy);
	return PointerGetDatum(copy);
}

/*
 * hash_generic hashes a value with its type's function.
 */
static uint64
hash_generic(const KeyType *type, Datum packed)
{
	FmgrInfo *hash = unconstify(FmgrInfo *, &type->hash);

	if (type->hash_takes_seed)
		return DatumGetUInt64(
			FunctionCall2Coll(hash, type->collation, packed, UInt64GetDatum(type->seed)));
	return hash_combine64(type->seed, murmurhash32(DatumGetUInt32(
										  FunctionCall1Coll(hash, type->collation, packed)))) *
		   UINT64CONST(0x9e3779b97f4a7c15);
}

/*
 * key_type_hash_bytes hashes a value for which is_word is not set.
 */
uint64
key_type_hash_bytes(const KeyType *type, Datum packed)
{
	void *p = DatumGetPointer(packed);

	if (type->kind == KEY_GENERIC)
		return hash_generic(type, packed);
	if (type->typlen == -1)
		return hash_bytes_extended((unsigned char *) VARDATA_ANY(p), VARSIZE_ANY_EXHDR(p),
								   type->seed);
	return hash_bytes_extended((unsigned char *) p, type->typlen, type->seed);
}

/*
 * key_type_equal_bytes compares two values for which is_word is not set.
 */
bool
key_type_equal_bytes(const KeyType *type, Datum a, Datum b)
{
	void *p = DatumGetPointer(a);
	void *q = DatumGetPointer(b);

	if (type->kind == KEY_GENERIC)
		return DatumGetBool(
			FunctionCall2Coll(unconstify(FmgrInfo *, &type->equal), type->collation, a, b));
	if (type->typlen == -1)
		return VARSIZE_ANY_EXHDR(p) == VARSIZE_ANY_EXHDR(q) &&
			   memcmp(VARDATA_ANY(p), VARDATA_ANY(q), VARSIZE_ANY_EXHDR(p)) == 0;
	return memcmp(p, q, type->typlen) == 0;
}

/*
 * int_value returns a value of one of the integer types.
 */
static inline int64
int_value(KeyKind kind, Datum value)
{
	if (kind == KEY_INT8)
		return DatumGetInt64(value);
	return kind == KEY_INT4 ? DatumGetInt32(value) : DatumGetInt16(value);
}

/*
 * stable_hash_by_function computes a stable hash by the type's own function.
 */
static uint64
stable_hash_by_function(FmgrInfo *hash, Oid collation, Datum packed, uint64 seed)
{
	return sz_hash_mix(
		DatumGetUInt64(FunctionCall2Coll(hash, collation, packed, UInt64GetDatum(seed))));
}

/*
 * known_stable_hash computes the stable hash of a packed value of a kind that this file hashes.
 */
static inline uint64
known_stable_hash(KeyKind kind, Datum packed, uint64 seed)
{
	void *p = DatumGetPointer(packed);

	if (kind == KEY_BYTES)
		return sz_hash_bytes(VARDATA_ANY(p), VARSIZE_ANY_EXHDR(p), seed);
	if (kind == KEY_UUID)
		return sz_hash_bytes(p, UUID_LEN, seed);
	return sz_hash_int(int_value(kind, packed), seed);
}

/*
 * key_type_stable_hash computes a value's stable hash.
 */
uint64
key_type_stable_hash(const KeyType *type, Datum packed, uint64 seed)
{
	if (type->kind < KEY_IMAGE)
		return known_stable_hash(type->kind, packed, seed);
	Assert(type->hash_takes_seed);
	return stable_hash_by_function(unconstify(FmgrInfo *, &type->hash), type->collation, packed,
								   seed);
}

/*
 * key_stable_hash computes a value's stable hash without a KeyType.
 */
uint64
key_stable_hash(Oid typid, Datum value)
{
	KeyKind kind = known_kind(typid, C_COLLATION_OID);
	TypeCacheEntry *entry;

	if (kind == KEY_BYTES)
		value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
	if (kind < KEY_IMAGE)
		return known_stable_hash(kind, value, 0);
	entry = lookup_type_cache(typid, TYPECACHE_HASH_EXTENDED_PROC_FINFO);
	if (entry->typlen == -1)
		value = PointerGetDatum(PG_DETOAST_DATUM(value));
	return stable_hash_by_function(&entry->hash_extended_proc_finfo, entry->typcollation, value, 0);
}

/*
 * key_type_stable_hash_is_parallel_safe tells whether a parallel worker may compute stable hashes.
 */
bool
key_type_stable_hash_is_parallel_safe(const KeyType *type)
{
	return type->kind < KEY_IMAGE || func_parallel(type->hash.fn_oid) == PROPARALLEL_SAFE;
}

/*
 * compare_bytes orders two strings of bytes.
 */
static int
compare_bytes(Datum a, Datum b)
{
	Size alen = VARSIZE_ANY_EXHDR(DatumGetPointer(a));
	Size blen = VARSIZE_ANY_EXHDR(DatumGetPointer(b));
	int order =
		memcmp(VARDATA_ANY(DatumGetPointer(a)), VARDATA_ANY(DatumGetPointer(b)), Min(alen, blen));

	if (order != 0)
		return order;
	return alen < blen ? -1 : alen > blen;
}

/*
 * key_type_compare orders two values.
 */
int
key_type_compare(const KeyType *type, Datum a, Datum b)
{
	switch (type->kind)
	{
		case KEY_INT2:
		case KEY_INT4:
		case KEY_INT8:
		{
			int64 x = int_value(type->kind, a);
			int64 y = int_value(type->kind, b);

			return x < y ? -1 : x > y;
		}
		case KEY_UUID:
			return memcmp(DatumGetPointer(a), DatumGetPointer(b), UUID_LEN);
		case KEY_BYTES:
			return compare_bytes(a, b);
		case KEY_IMAGE:
		case KEY_GENERIC:
			break;
	}
	return DatumGetInt32(
		FunctionCall2Coll(unconstify(FmgrInfo *, &type->compare), type->collation, a, b));
}

/*
 * append_uuid appends a uuid's text form.
 */
static void
append_uuid(const unsigned char *bytes, StringInfo out)
{
	static const char digits[] = "0123456789abcdef";
	char *to;
	int i;

	enlargeStringInfo(out, 2 * UUID_LEN + 4);
	to = out->data + out->len;
	for (i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digits[bytes[i] >> 4];
		*to++ = digits[bytes[i] & 15];
	}
	*to = '\0';
	out->len = to - out->data;
}

/*
 * key_type_append_text appends a value's text form.
 */
void
key_type_append_text(const KeyType *type, Datum packed, StringInfo out)
{
	char number[MAXINT8LEN + 1];
	char *text;

	switch (type->kind)
	{
		case KEY_INT2:
		case KEY_INT4:
		case KEY_INT8:
			appendBinaryStringInfo(out, number, pg_lltoa(int_value(type->kind, packed), number));
			return;
		case KEY_UUID:
			append_uuid((const unsigned char *) DatumGetPointer(packed), out);
			return;
		case KEY_BYTES:
			if (type->oid == BYTEAOID)
				break;
			appendBinaryStringInfo(out, VARDATA_ANY(DatumGetPointer(packed)),
								   VARSIZE_ANY_EXHDR(DatumGetPointer(packed)));
			return;
		case KEY_IMAGE:
		case KEY_GENERIC:
			break;
	}
	text = OutputFunctionCall(unconstify(FmgrInfo *, &type->output), packed);
	appendStringInfoString(out, text);
	pfree(text);
}
