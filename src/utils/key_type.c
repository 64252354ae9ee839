/*
 * key_type.c
 *		How the values of a key column are hashed, compared and kept, whatever their type.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "utils/key_type.h"

/*
 * compares_by_image tells whether two values of the type are equal just when their bytes are.
 */
static bool
compares_by_image(TypeCacheEntry *entry, Oid collation)
{
	Oid proc;

	/* some releases say yes of character, but 'a' = 'a ' where one comes without a length */
	if (!OidIsValid(entry->btree_opf) || entry->type_id == BPCHAROID || entry->typlen == -2)
		return false;
	proc =
		get_opfamily_proc(entry->btree_opf, entry->btree_opintype, entry->btree_opintype, BTEQUALIMAGE_PROC);
	if (!OidIsValid(proc))
		return false;
	return DatumGetBool(OidFunctionCall1Coll(proc, collation, ObjectIdGetDatum(entry->btree_opintype)));
}

/*
 * look_up finds what the server knows of a type, or of the one a domain is over.
 */
static TypeCacheEntry *
look_up(Oid typid)
{
	return lookup_type_cache(getBaseType(typid), TYPECACHE_EQ_OPR | TYPECACHE_HASH_PROC |
													 TYPECACHE_HASH_EXTENDED_PROC | TYPECACHE_BTREE_OPFAMILY);
}

/*
 * hash_function_of returns a type's hash function, the one with a seed where there are two, or InvalidOid
 * where the type can't be hashed and compared by its own functions.
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
 * use_type_functions sets the type up to be hashed and compared by its own functions.
 */
static void
use_type_functions(KeyType *type, TypeCacheEntry *entry, const char *column, MemoryContext cxt)
{
	Oid hash = hash_function_of(entry);

	if (!OidIsValid(hash))
		ereport(
			ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION), errmsg("column \"%s\" cannot be a session key", column),
			 errdetail("Its type %s has no hash operator class.", format_type_be(entry->type_id)),
			 errhint(
				 "Give a view as the source, with the column cast to a type that has one, such as text.")));
	type->kind = KEY_GENERIC;
	type->hash_takes_seed = OidIsValid(entry->hash_extended_proc);
	fmgr_info_cxt(hash, &type->hash, cxt);
	fmgr_info_cxt(get_opcode(entry->eq_opr), &type->equal, cxt);
}

/*
 * key_type_init looks up everything that is needed for keys of a type.
 */
void
key_type_init(KeyType *type, Oid typid, Oid collation, const char *column, MemoryContext cxt)
{
	TypeCacheEntry *entry = look_up(typid);

	memset(type, 0, sizeof(KeyType));
	type->typlen = entry->typlen;
	type->typbyval = entry->typbyval;
	type->collation = collation;
	type->seed = pg_prng_uint64(&pg_global_prng_state);
	if (!compares_by_image(entry, collation))
		use_type_functions(type, entry, column, cxt);
	else if (entry->typbyval)
		type->kind = KEY_WORD;
	else if (entry->typlen == -1)
		type->kind = KEY_VARLENA;
	else
		type->kind = KEY_FIXED;
}

/*
 * key_type_pack gives a value detoasted.
 */
Datum
key_type_pack(const KeyType *type, Datum value)
{
	if (type->typlen != -1)
		return value;
	/* the type's own functions would detoast a short header at each call, and leak it */
	if (type->kind == KEY_GENERIC)
		return PointerGetDatum(PG_DETOAST_DATUM(value));
	return PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
}

/*
 * key_type_size returns the bytes a packed value points to.
 */
Size
key_type_size(const KeyType *type, Datum packed)
{
	if (type->typbyval)
		return 0;
	if (type->typlen > 0)
		return type->typlen;
	if (type->typlen == -1)
		return VARSIZE_ANY(DatumGetPointer(packed));
	return strlen(DatumGetCString(packed)) + 1;
}

/*
 * hash_generic hashes a value with its type's function.
 */
static uint64
hash_generic(const KeyType *type, Datum packed)
{
	FmgrInfo *hash = unconstify(FmgrInfo *, &type->hash);

	if (type->hash_takes_seed)
		return DatumGetUInt64(FunctionCall2Coll(hash, type->collation, packed, UInt64GetDatum(type->seed)));
	return hash_combine64(type->seed,
						  murmurhash32(DatumGetUInt32(FunctionCall1Coll(hash, type->collation, packed)))) *
		   UINT64CONST(0x9e3779b97f4a7c15);
}

/*
 * key_type_hash_bytes hashes a value that is not one word.
 */
uint64
key_type_hash_bytes(const KeyType *type, Datum packed)
{
	void *p = DatumGetPointer(packed);

	if (type->kind == KEY_VARLENA)
		return hash_bytes_extended((unsigned char *) VARDATA_ANY(p), VARSIZE_ANY_EXHDR(p), type->seed);
	if (type->kind == KEY_FIXED)
		return hash_bytes_extended((unsigned char *) p, (int) key_type_size(type, packed), type->seed);
	return hash_generic(type, packed);
}

/*
 * key_type_equal_bytes compares two values that are not one word.
 */
bool
key_type_equal_bytes(const KeyType *type, Datum a, Datum b)
{
	void *p = DatumGetPointer(a);
	void *q = DatumGetPointer(b);

	if (type->kind == KEY_VARLENA)
		return VARSIZE_ANY_EXHDR(p) == VARSIZE_ANY_EXHDR(q) &&
			   memcmp(VARDATA_ANY(p), VARDATA_ANY(q), VARSIZE_ANY_EXHDR(p)) == 0;
	if (type->kind == KEY_FIXED)
		return memcmp(p, q, type->typlen) == 0;
	return DatumGetBool(FunctionCall2Coll(unconstify(FmgrInfo *, &type->equal), type->collation, a, b));
}
