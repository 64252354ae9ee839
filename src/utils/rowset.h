/*
 * rowset.h
 *		A multiset of rows in memory, with a search for an equal row or one with the same
 *		identity.
 *
 * The first columns of a row are its identity; the columns after them are compared; the other
 * columns are not. Columns are equal if their bytes are: both sides of a comparison are derived
 * from the same raw rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROWSET_H
#define SESSIONIZE_ROWSET_H

#include "postgres.h"

#include "executor/tuptable.h"

/*
 * How the columns of a row are used: [0, identity) identify the row, [identity, compared) are
 * compared, too.
 */
typedef struct RowShape
{
	TupleDesc desc;
	int identity;
	int compared;
} RowShape;

typedef enum RowMatch
{
	ROW_MISSING,  /* no row with this identity is left */
	ROW_SAME,     /* an equal row */
	ROW_DIFFERENT /* a row with this identity and other contents */
} RowMatch;

typedef struct RowSet RowSet;

/* An empty set with room for so many rows, in a child of parent. shape must outlive the set. */
extern RowSet *rowset_create(MemoryContext parent, const RowShape *shape, int64 rows);
extern void rowset_add(RowSet *set, TupleTableSlot *row);
extern void rowset_free(RowSet *set);

/* The hash of a row's identity. */
extern uint32 rowset_hash(const RowShape *shape, const Datum *values, const bool *isnull);

/*
 * rowset_match searches the rows that are not matched yet for the given row, and marks the row that
 * it finds as matched. *found is this row, deformed, valid until the next call. Two multisets are
 * equal if and only if each row of one matches a row of the other as ROW_SAME, and no row of the
 * other is left unmatched.
 */
extern RowMatch
rowset_match(RowSet *set, const Datum *values, const bool *isnull, TupleTableSlot **found);

/* The next row that was not matched, from *position on (initially 0); NULL after the last one. */
extern TupleTableSlot *rowset_unmatched(RowSet *set, int64 *position);

#endif /* SESSIONIZE_ROWSET_H */
