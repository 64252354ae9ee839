/*
 * group_retention.c
 *		Computes retention for each key of the node SessionGroup.
 *
 * A key's state is one number: the conditions that any of its rows satisfies, and in bit
 * SZ_MAX_STEPS whether there was a row.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "functions/group_aggregate.h"
#include "functions/retention.h"
#include "functions/step_state.h"

#define ANY_ROW (INT64CONST(1) << SZ_MAX_STEPS)

typedef struct GroupRetention
{
	const KeyType *type;
	StepReader *steps;
	int nsteps;
	KeyTable keys;
	bool in_part;  /* a part of the keys is being returned */
	uint32 entry;  /* the next key of the part */
	int64 current; /* the state of the current key */
} GroupRetention;

/*
 * number_of returns the state of a key.
 */
static inline int64 *
number_of(KeyEntry *entry)
{
	return key_hash_payload(entry);
}

/*
 * start_keys does nothing: the table needs no preparation.
 */
static void
start_keys(KeyTable *keys)
{
	(void) keys;
}

/*
 * take_rows adds the rows of a batch.
 */
static void
take_rows(KeyTable *keys, const EventBatch *batch)
{
	for (int i = 0; i < batch->count; i++)
	{
		bool found;
		int64 *number = number_of(key_hash_insert(&keys->hash, batch->keys[i], batch->nulls[i],
												  batch->hashes[i], &found));

		*number = (found ? *number : 0) | batch->islands[i].events;
	}
}

/*
 * spill_key writes the state of a key.
 */
static void
spill_key(KeyTable *keys, KeyEntry *entry)
{
	SzInterval row = {0, 0, *number_of(entry)};

	island_spill_write(keys->spill, entry, row);
}

static const KeyTableMethods key_methods = {
	.payload_size = sizeof(int64),
	.start = start_keys,
	.take = take_rows,
	.spill = spill_key,
};

/*
 * create prepares the conditions.
 */
static void *
create(const GroupInput *input)
{
	GroupRetention *retention = palloc0(sizeof(*retention));
	List *steps = linitial(input->arguments);

	retention->type = input->type;
	retention->nsteps = list_length(steps);
	retention->steps = step_reader_for_node(steps, input->node);
	return retention;
}

/*
 * start begins with an empty table.
 */
static KeyTable *
start(void *agg, MemoryContext cxt)
{
	GroupRetention *retention = agg;

	retention->in_part = false;
	step_reader_forget(retention->steps);
	key_table_init(&retention->keys, retention->type, &key_methods, retention, cxt);
	return &retention->keys;
}

/*
 * set_slot says in which slot the next rows come.
 */
static void
set_slot(void *agg, TupleTableSlot *slot)
{
	GroupRetention *retention = agg;

	step_reader_set_slot(retention->steps, slot);
}

/*
 * row returns the conditions that a row satisfies.
 */
static SzInterval
row(void *agg)
{
	GroupRetention *retention = agg;
	SzInterval met = {0, 0, ANY_ROW | step_reader_mask(retention->steps)};

	return met;
}

/*
 * next gets the next key.
 */
static const KeyEntry *
next(void *agg)
{
	GroupRetention *retention = agg;
	KeyHash *keys = &retention->keys.hash;
	KeyEntry *entry;

	while (!retention->in_part || retention->entry == keys->count)
	{
		retention->in_part = key_table_next_part(&retention->keys);
		if (!retention->in_part)
			return NULL;
		retention->entry = 0;
	}
	if (retention->entry % EVENT_BATCH_SIZE == 0)
		CHECK_FOR_INTERRUPTS();
	entry = key_hash_entry(keys, retention->entry++);
	retention->current = *number_of(entry);
	return entry;
}

/*
 * result returns the array of the current key; NULL if it has no row.
 */
static Datum
result(void *agg, int number, bool *isnull)
{
	GroupRetention *retention = agg;

	(void) number;
	*isnull = (retention->current & ANY_ROW) == 0;
	return *isnull ? (Datum) 0 : retention_array(retention->nsteps, (uint32) retention->current);
}

/*
 * rewind_table starts over with the first key.
 */
static void
rewind_table(void *agg)
{
	GroupRetention *retention = agg;

	retention->in_part = false;
	key_table_rewind(&retention->keys);
}

const GroupAggregate group_retention = {
	.transition = sz_retention_transition,
	.finals = {sz_retention_final},
	.narguments = 1,
	.arguments = {{ARGUMENT_STEPS, "Steps"}},
	.key_bytes = 40,
	.create = create,
	.start = start,
	.set_slot = set_slot,
	.row = row,
	.next = next,
	.result = result,
	.rewind = rewind_table,
};
