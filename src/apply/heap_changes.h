/*
 * heap_changes.h
 *		The rows of a tuplestore inserted into a plain table, updated or deleted there, past the executor.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_HEAP_CHANGES_H
#define SESSIONIZE_HEAP_CHANGES_H

#include "utils/tuplestore.h"

#include "apply/heap_table.h"
#include "star/star.h"

/* Rows in the shape of a star table (star.h). */
typedef struct HeapChanges
{
	HeapTable *plain;
	Relation relation;
	const StarTable *table;
	const RowShape *shape;
	Tuplestorestate *rows;
} HeapChanges;

/* Insert them all; one that meets another under a unique key is an error. */
extern void heap_changes_insert(const HeapChanges *changes);

/*
 * Update, or delete, the rows that lie where these say; each in the snapshot and with the effects of a statement of its own.
 * Returns how many were still there in the version that was meant.
 */
extern int64 heap_changes_update(const HeapChanges *changes);
extern int64 heap_changes_delete(const HeapChanges *changes);

#endif /* SESSIONIZE_HEAP_CHANGES_H */
