/*
 * heap_changes.h
 *		Inserts, updates or deletes the rows of a tuplestore in a plain table (heap_table.h), past
 *		the executor.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_HEAP_CHANGES_H
#define SESSIONIZE_HEAP_CHANGES_H

#include "utils/tuplestore.h"

#include "apply/heap_table.h"
#include "star/star.h"

/* Rows to change, in the shape of a star table (star.h). */
typedef struct HeapChanges
{
	HeapTable *plain;
	Relation relation;
	const StarTable *table;
	const RowShape *shape;
	Tuplestorestate *rows;
} HeapChanges;

/* Insert all rows.  A violation of a unique index is an error. */
extern void heap_changes_insert(const HeapChanges *changes);

/*
 * Update or delete the stored rows by their ctid and xmin.  Each function has a snapshot of its own
 * and makes its changes visible, as a statement does.  Returns how many of the rows were still
 * there with this xmin.
 */
extern int64 heap_changes_update(const HeapChanges *changes);
extern int64 heap_changes_delete(const HeapChanges *changes);

#endif /* SESSIONIZE_HEAP_CHANGES_H */
