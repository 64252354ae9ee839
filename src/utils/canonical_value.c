/*
 * canonical_value.c
 *		One form in memory for all values with the same text form.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "utils/canonical_value.h"

/*
 * has_canonical_values tells whether a type is an array or a row type.
 */
bool
has_canonical_values(Oid type)
{
	return OidIsValid(get_element_type(type)) || type_is_rowtype(type);
}

static Datum canonical_part(Oid type, int16 length, Datum value);

/*
 * canonical_array builds an array again from its elements in canonical form.
 */
static Datum
canonical_array(Oid element, Datum value)
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
			elements[i] = canonical_part(element, length, elements[i]);
	return PointerGetDatum(construct_md_array(elements, nulls, ARR_NDIM(array), ARR_DIMS(array),
											  ARR_LBOUND(array), element, length, byval, align));
}

/*
 * canonical_row builds a row again from its fields in canonical form.
 */
static Datum
canonical_row(Datum value)
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
			values[i] = canonical_part(field->atttypid, field->attlen, values[i]);
	}
	result = HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
	ReleaseTupleDesc(desc);
	return result;
}

/*
 * canonical_part returns the canonical form of an array, a row or any other value.
 */
static Datum
canonical_part(Oid type, int16 length, Datum value)
{
	Oid base = getBaseType(type);
	Oid element = get_element_type(base);

	check_stack_depth();
	if (OidIsValid(element))
		return canonical_array(element, value);
	if (type_is_rowtype(base))
		return canonical_row(value);
	return length == -1 ? PointerGetDatum(PG_DETOAST_DATUM(value)) : value;
}

/*
 * canonical_value returns the canonical form of an array or a row.
 */
Datum
canonical_value(Oid type, Datum value)
{
	return canonical_part(type, -1, value);
}
