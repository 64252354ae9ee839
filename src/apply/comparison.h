/*
 * comparison.h
 *		Stored rows against expected rows: which are missing, which are different, which are unexpected.
 *
 * Expected rows are put one after the other in any order; what is stored is held in memory, or, where
 * it is larger than the budget, split by a hash of the identity and compared part by part at the end.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_COMPARISON_H
#define SESSIONIZE_COMPARISON_H

#include "star/stored_rows.h"
#include "utils/rowset.h"

/* Where the differences go.  A row has all columns of the shape. */
typedef struct ComparisonSink
{
	void (*missing)(void *arg, const Datum *values, const bool *isnull);
	void (*different)(void *arg, const Datum *values, const bool *isnull, TupleTableSlot *stored);
	void (*unexpected)(void *arg, TupleTableSlot *stored);
	void *arg;
} ComparisonSink;

typedef struct Comparison Comparison;

/* What is compared. */
typedef struct ComparisonRequest
{
	StoredRows *stored; /* a piece of them, which is taken */
	int piece;
	const RowShape *shape;
	Size budget;
	bool at_once; /* all in memory whatever its size, so that comparison_put can say at once what it found */
	ComparisonSink sink;
} ComparisonRequest;

/* Make ready to compare, in a child of parent. */
extern Comparison *comparison_begin(MemoryContext parent, const ComparisonRequest *request);

/*
 * Put an expected row.  Returns the stored row of the same identity, deformed and valid until the next
 * call, or NULL where there is none or where the comparison is not made at once.
 */
extern TupleTableSlot *comparison_put(Comparison *comparison, const Datum *values, const bool *isnull);

/* Report what is left and free everything. */
extern void comparison_end(Comparison *comparison);

#endif /* SESSIONIZE_COMPARISON_H */
