/*
 * step_table.h
 *		The events of very many keys, each with the steps it satisfies, from rows in any order.
 *
 *		step_table_init(table, type, cxt);
 *		while there are rows: fill a batch with STEP_EVENTs; key_table_take(&table->keys, batch);
 *		while ((key = step_table_next(table)) != NULL)
 *			use it and table->events;
 *		key_table_end(&table->keys);
 *
 * A key may have up to sessionize.max_group_events events; one more is an error.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STEP_TABLE_H
#define SESSIONIZE_STEP_TABLE_H

#include "postgres.h"

#include "core/step_log.h"
#include "functions/key_table.h"

/* The row of a batch that stands for an event: the steps lie where an island's events are counted. */
#define STEP_EVENT(ts, mask) ((SzInterval){(ts), (ts), (mask)})

/* The row that only says that its key exists: it ends before it starts. */
#define STEP_NO_EVENT ((SzInterval){PG_INT64_MAX, PG_INT64_MIN, 0})

/* The events of one key. */
typedef struct StepList
{
	SzStepEvent *items;
	uint32 count;
	uint32 capacity;
} StepList;

typedef struct StepTable
{
	KeyTable keys;
	const StepList *events; /* the current key's, in the order of a step log */

	bool in_part;              /* a part of the keys is being walked along */
	uint32 entry;              /* the next key in it */
	MemoryContext scratch_cxt; /* what sorting a key's events takes */
} StepTable;

/* Set up an empty table, which is the caller's to allocate and lives in cxt with all its memory. */
extern void step_table_init(StepTable *table, const KeyType *type, MemoryContext cxt);

/* Get the next key; NULL after the last.  It stays until the next call. */
extern const KeyEntry *step_table_next(StepTable *table);

/* Begin again with the first key. */
extern void step_table_rewind(StepTable *table);

#endif /* SESSIONIZE_STEP_TABLE_H */
