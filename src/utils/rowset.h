/*
 * rowset.h
 *		A multiset of rows in memory, in which an equal row, or one with the same identity, is found.
 *
 * The first columns of a row are its identity, those after them are compared, the rest is carried.
 * Columns are equal when their bytes are: what is compared is derived twice from the same raw rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROWSET_H
#define SESSIONIZE_ROWSET_H

#include "postgres.h"

#include "executor/tuptable.h"

/* How the columns of a row are used: [0, identity) identify it, [identity, compared) are compared too. */
typedef struct RowShape
{
	TupleDesc desc;
	int identity;
	int compared;
} RowShape;

typedef enum RowMatch
{
	ROW_MISSING,  /* no row of this identity is left */
	ROW_SAME,     /* one that is equal */
	ROW_DIFFERENT /* one of this identity whose other columns differ */
} RowMatch;

typedef struct RowSet RowSet;

/* Room for so many rows, in a child of parent.  shape must outlive the set. */
extern RowSet *rowset_create(MemoryContext parent, const RowShape *shape, int64 rows);
extern void rowset_add(RowSet *set, TupleTableSlot *row);
extern void rowset_free(RowSet *set);

/* The hash of a row's identity. */
extern uint32 rowset_hash(const RowShape *shape, const Datum *values, const bool *isnull);

/*
 * rowset_match finds a row for this one among those not matched yet and takes it; *found is that row,
 * deformed, until the next call.  Put through all rows of a multiset, everything is ROW_SAME and nothing
 * is left unmatched exactly when the two are equal.
 */
extern RowMatch rowset_match(RowSet *set, const Datum *values, const bool *isnull, TupleTableSlot **found);

/* The next row that was never matched, from *position (start at 0), or NULL. */
extern TupleTableSlot *rowset_unmatched(RowSet *set, int64 *position);

#endif /* SESSIONIZE_ROWSET_H */
