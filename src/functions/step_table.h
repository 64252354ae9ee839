/*
 * step_table.h
 *		The events of very many keys, each with the steps that it satisfies, from rows in any order.
 *
 *		step_table_init(table, type, cxt);
 *		while there are rows: fill a batch with STEP_EVENTs; key_table_take(&table->keys, batch);
 *		while ((key = step_table_next(table)) != NULL)
 *			use key and table->events;
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

/* A row of a batch with an event: the field for an island's number of events has the steps. */
#define STEP_EVENT(ts, mask) ((SzInterval){(ts), (ts), (mask)})

/* A row that only says that its key exists: it ends before it starts. */
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
	const StepList *events; /* of the current key, in the order of a step log */

	bool in_part;              /* a part of the keys is being returned */
	uint32 entry;              /* the next key of the part */
	MemoryContext scratch_cxt; /* scratch memory for sorting a key's events */
} StepTable;

/* Initialize an empty table, which the caller allocates.  All its memory is in cxt. */
extern void step_table_init(StepTable *table, const KeyType *type, MemoryContext cxt);

/* Get the next key; NULL: there is none.  It is valid until the next call. */
extern const KeyEntry *step_table_next(StepTable *table);

/* Start over with the first key. */
extern void step_table_rewind(StepTable *table);

#endif /* SESSIONIZE_STEP_TABLE_H */
