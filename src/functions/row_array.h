/*
 * row_array.h
 *		Arrays of a composite type all of whose columns have eight bytes and are never NULL.
 *
 * All values of such a type have the same header, so an array is made by copying the header for
 * each element and setting the columns after it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROW_ARRAY_H
#define SESSIONIZE_ROW_ARRAY_H

#include "postgres.h"

#include "access/htup_details.h"
#include "utils/array.h"

/* The header and the size of values of a type. */
typedef struct RowTemplate
{
	Oid type;
	Size length;
	Size data; /* offset of the columns in a value */
	HeapTupleHeader header;
} RowTemplate;

/*
 * Prepare to make values of a composite type, which must have columns of the given types; in cxt.
 */
extern RowTemplate *
row_template_create(Oid type, const Oid *column_types, int ncolumns, MemoryContext cxt);

/* The most rows that an array can have. */
extern uint64 row_array_limit(const RowTemplate *template);

/* An array of count rows, whose columns are not set yet. */
extern ArrayType *row_array_create(const RowTemplate *template, uint64 count);

/*
 * row_array_columns returns a pointer to the columns of a row; rows are counted from 0.
 */
static inline int64 *
row_array_columns(const RowTemplate *template, ArrayType *array, uint64 row)
{
	return (int64 *) (ARR_DATA_PTR(array) + row * template->length + template->data);
}

#endif /* SESSIONIZE_ROW_ARRAY_H */
