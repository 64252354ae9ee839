/*
 * rollup_changes.h
 *		The rows of a fact that come and go, for the rollups of the fact.
 *
 * They are added up as they are noted, and the sums are written in the subtransaction that writes
 * the rows of the fact, so one is never without the other.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROLLUP_CHANGES_H
#define SESSIONIZE_ROLLUP_CHANGES_H

#include "executor/tuptable.h"

#include "catalog/pipeline.h"
#include "star/star.h"

typedef struct RollupChanges RollupChanges;

/* No rows, in a child of parent; NULL if the fact has no rollups. */
extern RollupChanges *
rollup_changes_create(MemoryContext parent, const Pipeline *pipeline, StarRelationId fact);

/*
 * Note that a row comes (values, in the table's columns), goes (stored), or changes (both).  It has
 * the form of a RowListener (table_writer.h).
 */
extern void rollup_changes_note(void *arg, const Datum *values, const bool *isnull,
								const TupleTableSlot *stored);

/* Write the differences that the rows make, and forget the rows.  changes may be NULL. */
extern void rollup_changes_write(RollupChanges *changes);

#endif /* SESSIONIZE_ROLLUP_CHANGES_H */
