/*
 * jsonb_draw.c
 *		The SQL function jsonb_draw(): values at many paths of a JSON document as an array.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"

#include "compat.h"
#include "web/draw_walk.h"

PG_FUNCTION_INFO_V1(sz_jsonb_draw);

/* So many values have room on the stack. */
#define FEW_VALUES 32

/* What a call site keeps between its calls: an array of paths, and the tree that was made of it. */
typedef struct CallSite
{
	ArrayType *array;
	DrawPaths *paths;
} CallSite;

/*
 * require_paths reports an error for an array that is no list of paths.
 */
static void
require_paths(const ArrayType *array)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("paths must be a one-dimensional array"),
						errdetail("It has %d dimensions.", ARR_NDIM(array)),
						errhint("Give one text for each path, such as "
								"'{userId,context.page.url}'.")));
}

/*
 * compile compiles the paths of an array, and keeps them.
 */
static void
compile(CallSite *site, ArrayType *array, MemoryContext memory)
{
	Datum *texts;
	bool *nulls;
	int count;
	DrawPaths *paths;

	require_paths(array);
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &count);
	paths = draw_paths_compile(texts, nulls, count, memory);
	if (site->paths != NULL)
		MemoryContextDelete(site->paths->memory);
	site->paths = paths;
	site->array = memcpy(MemoryContextAlloc(paths->memory, VARSIZE(array)), array, VARSIZE(array));
}

/*
 * paths_argument returns the compiled paths of a call: those of the call site's latest call if the
 * array is the same.
 */
static DrawPaths *
paths_argument(FunctionCallInfo fcinfo)
{
	FmgrInfo *flinfo = fcinfo->flinfo;
	CallSite *site = flinfo->fn_extra;
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(1);

	if (site == NULL)
		flinfo->fn_extra = site = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallSite));
	if (site->paths == NULL || VARSIZE(site->array) != VARSIZE(array) ||
		memcmp(site->array, array, VARSIZE(array)) != 0)
		compile(site, array, flinfo->fn_mcxt);
	return site->paths;
}

/*
 * put_values writes the values into an array that has room for them.
 */
static void
put_values(ArrayType *array, const TextView *values, int nvalues)
{
	char *out = ARR_DATA_PTR(array);
	bits8 *not_null = ARR_NULLBITMAP(array);

	for (int i = 0; i < nvalues; i++)
	{
		TextView value = values[i];
		Size size;

		if (value.data == NULL)
			continue;
		if (not_null != NULL)
			not_null[i / 8] |= (bits8) (1 << i % 8);
		size = VARHDRSZ + (Size) value.len;
		SET_VARSIZE(out, size);
		memcpy(VARDATA(out), value.data, value.len);
		memset(out + size, 0, INTALIGN(size) - size);
		out += INTALIGN(size);
	}
}

/*
 * array_size returns the size of the array of the values, and whether a value is NULL.
 */
static Size
array_size(const TextView *values, int nvalues, bool *has_nulls)
{
	Size size = 0;

	*has_nulls = false;
	for (int i = 0; i < nvalues; i++)
	{
		if (values[i].data == NULL)
			*has_nulls = true;
		else
			size += INTALIGN(VARHDRSZ + (Size) values[i].len);
		if (!AllocSizeIsValid(size))
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
							errmsg("the drawn values are too large for an array"),
							errhint("Draw fewer objects and arrays at once.")));
	}
	return size + (*has_nulls ? ARR_OVERHEAD_WITHNULLS(1, nvalues) : ARR_OVERHEAD_NONULLS(1));
}

/*
 * make_array returns the array of the values.
 */
static ArrayType *
make_array(const TextView *values, int nvalues)
{
	bool has_nulls;
	Size size = array_size(values, nvalues, &has_nulls);
	int overhead = has_nulls ? ARR_OVERHEAD_WITHNULLS(1, nvalues) : ARR_OVERHEAD_NONULLS(1);
	ArrayType *array = palloc(size);

	memset(array, 0, overhead);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = has_nulls ? overhead : 0;
	array->elemtype = TEXTOID;
	ARR_DIMS(array)[0] = nvalues;
	ARR_LBOUND(array)[0] = 1;
	put_values(array, values, nvalues);
	return array;
}

/*
 * sz_jsonb_draw returns the values at many paths of a document.
 */
Datum
sz_jsonb_draw(PG_FUNCTION_ARGS)
{
	const Jsonb *document = PG_GETARG_JSONB_P(0);
	DrawPaths *paths = paths_argument(fcinfo);
	DrawnValue few[FEW_VALUES];
	TextView few_texts[FEW_VALUES];
	DrawnValue *values = few;
	TextView *texts = few_texts;

	if (paths->npaths == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));
	if (paths->npaths > FEW_VALUES)
	{
		values = palloc(paths->npaths * sizeof(DrawnValue));
		texts = palloc(paths->npaths * sizeof(TextView));
	}
	draw_walk(document, paths, values);
	for (int i = 0; i < paths->npaths; i++)
		texts[i] = drawn_text(&values[i]);
	PG_RETURN_ARRAYTYPE_P(make_array(texts, paths->npaths));
}
