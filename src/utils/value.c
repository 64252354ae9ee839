/*
 * value.c
 *		Values of a type that is known only at run time.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/nbtree.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "compat.h"
#include "core/hash.h"
#include "utils/value.h"

/*
 * kind_of returns how values of a type are dealt with.
 */
static ValueKind
kind_of(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return VALUE_INT2;
		case INT4OID:
			return VALUE_INT4;
		case INT8OID:
			return VALUE_INT8;
		case UUIDOID:
			return VALUE_UUID;
		case BYTEAOID:
		case TEXTOID:
			return VALUE_BYTES;
		default:
			return VALUE_OTHER;
	}
}

/*
 * copy_function returns a lasting copy of a function lookup that belongs to the type cache.
 */
static FmgrInfo *
copy_function(FmgrInfo *function)
{
	FmgrInfo *copy = palloc(sizeof(FmgrInfo));

	fmgr_info_copy(copy, function, CurrentMemoryContext);
	return copy;
}

/*
 * has_parts tells whether values of a type are made of others.
 */
static bool
has_parts(Oid oid)
{
	return OidIsValid(get_element_type(oid)) || type_is_rowtype(oid);
}

/*
 * value_type_init looks a type up.
 */
void
value_type_init(ValueType *type, Oid oid)
{
	TypeCacheEntry *entry = lookup_type_cache(oid, TYPECACHE_LT_OPR | TYPECACHE_CMP_PROC_FINFO |
													   TYPECACHE_HASH_EXTENDED_PROC_FINFO);
	Oid output;
	bool is_varlena;

	memset(type, 0, sizeof(*type));
	type->type = oid;
	type->collation = oid == TEXTOID ? C_COLLATION_OID : entry->typcollation;
	type->kind = kind_of(oid);
	type->length = entry->typlen;
	type->byval = entry->typbyval;
	type->has_parts = has_parts(oid);
	type->less = entry->lt_opr;
	if (!OidIsValid(entry->lt_opr) || !OidIsValid(entry->cmp_proc_finfo.fn_oid) ||
		!OidIsValid(entry->hash_extended_proc_finfo.fn_oid) || entry->typlen == -2)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
						errmsg("values of type %s can't be keys or ids", format_type_be(oid)),
						errdetail("The type has no default btree and hash operator classes."),
						errhint("Cast the expression to text in the pipeline's definition.")));
	type->compare = copy_function(&entry->cmp_proc_finfo);
	type->hash = copy_function(&entry->hash_extended_proc_finfo);
	getTypeOutputInfo(oid, &output, &is_varlena);
	fmgr_info(output, &type->output);
}

/*
 * int_value returns a value of one of the integer types.
 */
static inline int64
int_value(const ValueType *type, Datum value)
{
	if (type->kind == VALUE_INT8)
		return DatumGetInt64(value);
	return type->kind == VALUE_INT4 ? DatumGetInt32(value) : DatumGetInt16(value);
}

/*
 * value_type_looks_one_way tells whether equal values of a type are the same in every byte: the
 * type's operator class for btree says so, where it has been asked whether index entries of such
 * values may be merged into one.
 */
bool
value_type_looks_one_way(Oid oid)
{
	TypeCacheEntry *entry = lookup_type_cache(oid, TYPECACHE_BTREE_OPFAMILY);
	Oid collation = OidIsValid(entry->typcollation) ? C_COLLATION_OID : InvalidOid;
	Oid function = InvalidOid;

	if (OidIsValid(entry->btree_opf))
		function = get_opfamily_proc(entry->btree_opf, entry->btree_opintype, entry->btree_opintype,
									 BTEQUALIMAGE_PROC);
	return OidIsValid(function) &&
		   DatumGetBool(OidFunctionCall1Coll(function, collation, ObjectIdGetDatum(entry->btree_opintype)));
}

/*
 * value_hash hashes a value.
 */
uint64
value_hash(const ValueType *type, Datum value, uint64 seed)
{
	switch (type->kind)
	{
		case VALUE_INT2:
		case VALUE_INT4:
		case VALUE_INT8:
			return sz_hash_int(int_value(type, value), seed);
		case VALUE_UUID:
			return sz_hash_bytes(DatumGetPointer(value), UUID_LEN, seed);
		case VALUE_BYTES:
			return sz_hash_bytes(VARDATA_ANY(DatumGetPointer(value)),
								 VARSIZE_ANY_EXHDR(DatumGetPointer(value)), seed);
		case VALUE_OTHER:
			break;
	}
	Assert(OidIsValid(type->hash->fn_oid));
	return sz_hash_mix(
		DatumGetUInt64(FunctionCall2Coll(type->hash, type->collation, value, UInt64GetDatum(seed))));
}

/*
 * value_hash_is_parallel_safe tells whether a parallel worker may hash values of the type.
 */
bool
value_hash_is_parallel_safe(const ValueType *type)
{
	return type->kind != VALUE_OTHER || func_parallel(type->hash->fn_oid) == PROPARALLEL_SAFE;
}

/*
 * value_hash_by_oid hashes a value of a type that is not prepared for.
 */
uint64
value_hash_by_oid(Oid oid, Datum value)
{
	ValueType type = {.kind = kind_of(oid)};
	TypeCacheEntry *entry = lookup_type_cache(oid, TYPECACHE_HASH_EXTENDED_PROC_FINFO);

	type.length = entry->typlen;
	type.collation = entry->typcollation;
	type.hash = &entry->hash_extended_proc_finfo;
	return value_hash(&type, value_flatten(&type, value), 0);
}

/*
 * compare_bytes orders two strings by their bytes.
 */
static int
compare_bytes(Datum a, Datum b)
{
	Size alen = VARSIZE_ANY_EXHDR(DatumGetPointer(a));
	Size blen = VARSIZE_ANY_EXHDR(DatumGetPointer(b));
	int order = memcmp(VARDATA_ANY(DatumGetPointer(a)), VARDATA_ANY(DatumGetPointer(b)), Min(alen, blen));

	if (order != 0)
		return order;
	return alen < blen ? -1 : alen > blen;
}

/*
 * value_compare orders two values.
 */
int
value_compare(const ValueType *type, Datum a, Datum b)
{
	switch (type->kind)
	{
		case VALUE_INT2:
		case VALUE_INT4:
		case VALUE_INT8:
		{
			int64 x = int_value(type, a);
			int64 y = int_value(type, b);

			return x < y ? -1 : x > y;
		}
		case VALUE_UUID:
			return memcmp(DatumGetPointer(a), DatumGetPointer(b), UUID_LEN);
		case VALUE_BYTES:
			return compare_bytes(a, b);
		case VALUE_OTHER:
			break;
	}
	return DatumGetInt32(FunctionCall2Coll(type->compare, type->collation, a, b));
}

/*
 * value_flatten returns the value without compression or external storage.
 */
Datum
value_flatten(const ValueType *type, Datum value)
{
	if (type->length != -1)
		return value;
	if (type->kind == VALUE_BYTES)
		return PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
	return PointerGetDatum(PG_DETOAST_DATUM(value));
}

static Datum made_anew(Oid type, int16 length, Datum value);

/*
 * array_made_anew makes an array of its elements.
 */
static Datum
array_made_anew(Oid element, Datum value)
{
	ArrayType *array = DatumGetArrayTypeP(value);
	int16 length;
	bool byval;
	char align;
	Datum *elements;
	bool *nulls;
	int count;

	get_typlenbyvalalign(element, &length, &byval, &align);
	deconstruct_array(array, element, length, byval, align, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			elements[i] = made_anew(element, length, elements[i]);
	return PointerGetDatum(construct_md_array(elements, nulls, ARR_NDIM(array), ARR_DIMS(array),
											  ARR_LBOUND(array), element, length, byval, align));
}

/*
 * row_made_anew makes a composite value of its fields.
 */
static Datum
row_made_anew(Datum value)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(value);
	TupleDesc desc =
		lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
	Datum *values = palloc(desc->natts * sizeof(Datum));
	bool *nulls = palloc(desc->natts * sizeof(bool));
	Datum result;

	heap_deform_tuple(&tuple, desc, values, nulls);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute field = TupleDescAttr(desc, i);

		nulls[i] |= field->attisdropped;
		if (!nulls[i])
			values[i] = made_anew(field->atttypid, field->attlen, values[i]);
	}
	result = HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
	ReleaseTupleDesc(desc);
	return result;
}

/*
 * made_anew makes a value of its parts, where it has any.
 */
static Datum
made_anew(Oid type, int16 length, Datum value)
{
	Oid base = getBaseType(type);
	Oid element = get_element_type(base);

	check_stack_depth();
	if (OidIsValid(element))
		return array_made_anew(element, value);
	if (type_is_rowtype(base))
		return row_made_anew(value);
	return length == -1 ? PointerGetDatum(PG_DETOAST_DATUM(value)) : value;
}

/*
 * value_made_anew makes an array or a composite value anew.
 */
Datum
value_made_anew(const ValueType *type, Datum value)
{
	return type->has_parts ? made_anew(type->type, type->length, value) : value;
}

/*
 * value_content_length returns the length of a value's contents.
 */
Size
value_content_length(const ValueType *type, Datum value)
{
	struct varlena *pointer;

	if (type->length != -1)
		return 0;
	pointer = (struct varlena *) DatumGetPointer(value);
	if (VARATT_IS_SHORT(pointer))
		return VARSIZE_SHORT(pointer) - VARHDRSZ_SHORT;
	return toast_raw_datum_size(value) - VARHDRSZ;
}

/*
 * value_stored_size returns the room value_store needs.
 */
Size
value_stored_size(const ValueType *type, Datum value)
{
	if (type->byval)
		return sizeof(Datum);
	if (type->length != -1)
		return type->length;
	if (type->kind == VALUE_BYTES)
	{
		Size len = VARSIZE_ANY_EXHDR(DatumGetPointer(value));

		return len + (len + VARHDRSZ_SHORT <= VARATT_SHORT_MAX ? VARHDRSZ_SHORT : VARHDRSZ);
	}
	return VARSIZE(DatumGetPointer(value));
}

/*
 * value_store writes a value so that value_fetch finds it.
 */
void
value_store(const ValueType *type, Datum value, char *to)
{
	if (type->byval)
		*(Datum *) to = value;
	else if (type->length != -1)
		memcpy(to, DatumGetPointer(value), type->length);
	else if (type->kind == VALUE_BYTES)
	{
		Size len = VARSIZE_ANY_EXHDR(DatumGetPointer(value));
		bool is_short = len + VARHDRSZ_SHORT <= VARATT_SHORT_MAX;

		if (is_short)
			SET_VARSIZE_SHORT(to, len + VARHDRSZ_SHORT);
		else
			SET_VARSIZE(to, len + VARHDRSZ);
		memcpy(to + (is_short ? VARHDRSZ_SHORT : VARHDRSZ), VARDATA_ANY(DatumGetPointer(value)), len);
	}
	else
		memcpy(to, DatumGetPointer(value), VARSIZE(DatumGetPointer(value)));
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
 * value_append_text appends the value's text form.
 */
void
value_append_text(const ValueType *type, Datum value, StringInfo out)
{
	char number[MAXINT8LEN + 1];
	char *text;

	switch (type->kind)
	{
		case VALUE_INT2:
		case VALUE_INT4:
		case VALUE_INT8:
			appendBinaryStringInfo(out, number, pg_lltoa(int_value(type, value), number));
			return;
		case VALUE_UUID:
			append_uuid((const unsigned char *) DatumGetPointer(value), out);
			return;
		case VALUE_BYTES:
			if (type->type == BYTEAOID)
				break;
			appendBinaryStringInfo(out, VARDATA_ANY(DatumGetPointer(value)),
								   VARSIZE_ANY_EXHDR(DatumGetPointer(value)));
			return;
		case VALUE_OTHER:
			break;
	}
	text = OutputFunctionCall((FmgrInfo *) &type->output, value);
	appendStringInfoString(out, text);
	pfree(text);
}
