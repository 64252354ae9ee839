/*
 * row_array.c
 *		Arrays of a composite type all of whose columns have eight bytes and are never NULL.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/typcache.h"

#include "compat.h"
#include "functions/row_array.h"

#define MAX_COLUMNS 8

/*
 * row_template_create prepares to make values of a composite type.
 */
RowTemplate *
row_template_create(Oid type, const Oid *column_types, int ncolumns, MemoryContext cxt)
{
	RowTemplate *template;
	MemoryContext old = MemoryContextSwitchTo(cxt);
	TupleDesc desc = lookup_rowtype_tupdesc(type, -1);
	Datum values[MAX_COLUMNS] = {0};
	bool nulls[MAX_COLUMNS] = {false};
	HeapTuple tuple;

	if (desc->natts != ncolumns || ncolumns > MAX_COLUMNS)
		elog(ERROR, "type %u has %d columns", type, desc->natts);
	for (int i = 0; i < ncolumns; i++)
	{
		if (TupleDescAttr(desc, i)->atttypid != column_types[i] ||
			TupleDescAttr(desc, i)->attlen != 8)
			elog(ERROR, "column %d of type %u has an unexpected type", i + 1, type);
	}
	tuple = heap_form_tuple(desc, values, nulls);
	ReleaseTupleDesc(desc);

	template = palloc(sizeof(*template));
	template->type = type;
	template->length = tuple->t_len;
	template->data = tuple->t_data->t_hoff;
	template->header = tuple->t_data;
	if (template->length != template->data + ncolumns * sizeof(int64) ||
		template->length != MAXALIGN(template->length))
		elog(ERROR, "a value of type %u has an unexpected size", type);
	MemoryContextSwitchTo(old);
	return template;
}

/*
 * row_array_limit returns the most rows that an array can have.
 */
uint64
row_array_limit(const RowTemplate *template)
{
	return (MaxAllocSize - ARR_OVERHEAD_NONULLS(1)) / template->length;
}

/*
 * row_array_create returns an array of count rows, whose columns are not set yet.
 */
ArrayType *
row_array_create(const RowTemplate *template, uint64 count)
{
	Size size = ARR_OVERHEAD_NONULLS(1) + count * template->length;
	ArrayType *array;
	char *out;

	Assert(count <= row_array_limit(template));
	array = palloc(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = template->type;
	ARR_DIMS(array)[0] = (int) count;
	ARR_LBOUND(array)[0] = 1;
	out = ARR_DATA_PTR(array);
	for (uint64 i = 0; i < count; i++, out += template->length)
		memcpy(out, template->header, template->data);
	return array;
}
