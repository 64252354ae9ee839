/*
 * row_array.h
 *		Arrays of a composite type whose columns are eight bytes each and never NULL.
 *
 * All values of such a type have the same header, so an array of them is the header of the first copied
 * over and over, with the columns behind it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROW_ARRAY_H
#define SESSIONIZE_ROW_ARRAY_H

#include "postgres.h"

#include "access/htup_details.h"
#include "utils/array.h"

/* What values of the type begin with, and how long they are. */
typedef struct RowTemplate
{
	Oid type;
	Size length;
	Size data; /* offset of the columns */
	HeapTupleHeader header;
} RowTemplate;

/* Prepare to make values of this composite type, which must have columns of these types, in cxt. */
extern RowTemplate *row_template_create(Oid type, const Oid *column_types, int ncolumns, MemoryContext cxt);

/* How many rows there can be in an array. */
extern uint64 row_array_limit(const RowTemplate *template);

/* An array of so many rows, whose columns are still to be set. */
extern ArrayType *row_array_create(const RowTemplate *template, uint64 count);

/*
 * row_array_columns returns where the columns of a row lie, which counts from 0.
 */
static inline int64 *
row_array_columns(const RowTemplate *template, ArrayType *array, uint64 row)
{
	return (int64 *) (ARR_DATA_PTR(array) + row * template->length + template->data);
}

#endif /* SESSIONIZE_ROW_ARRAY_H */
