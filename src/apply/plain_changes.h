/*
 * plain_changes.h
 *		The rows of a tuplestore inserted into a plain table, updated or deleted there, past the executor.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PLAIN_CHANGES_H
#define SESSIONIZE_PLAIN_CHANGES_H

#include "utils/tuplestore.h"

#include "apply/plain_table.h"

/* Rows in the shape of a star table (star.h). */
typedef struct PlainChanges
{
	PlainTable *plain;
	Relation relation;
	const StarTable *table;
	const RowShape *shape;
	Tuplestorestate *rows;
} PlainChanges;

/* Insert them all; one that meets another under a unique key is an error. */
extern void plain_changes_insert(const PlainChanges *changes);

/*
 * Update, or delete, the rows that lie where these say; each in the snapshot and with the effects of a statement of its own.
 * Returns how many were still there in the version that was meant.
 */
extern int64 plain_changes_update(const PlainChanges *changes);
extern int64 plain_changes_delete(const PlainChanges *changes);

#endif /* SESSIONIZE_PLAIN_CHANGES_H */
