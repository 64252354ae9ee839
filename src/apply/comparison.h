/*
 * comparison.h
 *		Compares stored rows with expected rows: which are missing, different or unexpected.
 *
 * Expected rows are put one after the other in any order.  The stored rows are held in memory or,
 * if they are larger than the budget, split by a hash of the identity and compared part by part at
 * the end.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_COMPARISON_H
#define SESSIONIZE_COMPARISON_H

#include "star/stored_rows.h"
#include "utils/rowset.h"

/* The callbacks for differences.  values and isnull are in the columns of the shape. */
typedef struct ComparisonSink
{
	void (*missing)(void *arg, const Datum *values, const bool *isnull);
	void (*different)(void *arg, const Datum *values, const bool *isnull, TupleTableSlot *stored);
	void (*unexpected)(void *arg, TupleTableSlot *stored);
	void *arg;
} ComparisonSink;

typedef struct Comparison Comparison;

/* What to compare. */
typedef struct ComparisonRequest
{
	StoredRows *stored; /* one piece of these is taken */
	int piece;
	const RowShape *shape;
	Size budget;
	/*
	 * keep all rows in memory, whatever their size, so that comparison_put can return the stored
	 * row
	 */
	bool at_once;
	ComparisonSink sink;
} ComparisonRequest;

/* Prepare to compare, in a child of parent. */
extern Comparison *comparison_begin(MemoryContext parent, const ComparisonRequest *request);

/*
 * Put an expected row.  Returns the stored row with the same identity, which is deformed and valid
 * until the next call.  Returns NULL if there is none, or if the rows are compared at the end.
 */
extern TupleTableSlot *
comparison_put(Comparison *comparison, const Datum *values, const bool *isnull);

/* Report the remaining differences and free everything. */
extern void comparison_end(Comparison *comparison);

#endif /* SESSIONIZE_COMPARISON_H */
