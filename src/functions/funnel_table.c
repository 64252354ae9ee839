/*
 * funnel_table.c
 *		The set-returning function funnel_table: the funnel of each key of a table, in one unordered pass.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/funnel.h"
#include "funcapi.h"
#include "functions/arguments.h"
#include "functions/funnel_mode.h"
#include "functions/key_output.h"
#include "functions/key_table.h"
#include "functions/memory.h"
#include "functions/session_source.h"
#include "functions/step_state.h"
#include "guc.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(sz_funnel_table);

/* How many keys ahead of the current one the events are asked for. */
#define AHEAD 8

#define FIRST_CAPACITY 4

/* The function's arguments. */
typedef enum FunnelTableArg
{
	ARG_SOURCE,
	ARG_KEY,
	ARG_TS,
	ARG_WITHIN,
	ARG_STEPS,
	ARG_LAST /* mode; or key_type, of interest for its type alone, and then mode */
} FunnelTableArg;

#define SHORT_NARGS (ARG_LAST + 1)

typedef enum FunnelTableColumn
{
	COLUMN_KEY,
	COLUMN_DEPTH,
	COLUMN_TIMES,
	NCOLUMNS
} FunnelTableColumn;

/* The events of one key. */
typedef struct StepList
{
	SzStepEvent *items;
	uint32 count;
	uint32 capacity;
} StepList;

typedef struct FunnelTable
{
	SzFunnel funnel;
	SessionSource source;
	KeyType type;
	KeyTable keys;
	KeyOutput key_output;
	MemoryContext row_cxt; /* of one row of the result */
} FunnelTable;

/*
 * list_of returns the events of a key.
 */
static inline StepList *
list_of(KeyEntry *entry)
{
	return key_hash_payload(entry);
}

/*
 * grow_list makes room for one more event.
 */
static void
grow_list(StepList *list, MemoryContext cxt)
{
	uint64 capacity = Max(FIRST_CAPACITY, (uint64) list->capacity * 2);

	if (list->count >= (uint32) sz_max_group_events)
		step_report_too_many();
	capacity = Min(capacity, (uint64) sz_max_group_events);
	if (list->items == NULL)
		list->items = MemoryContextAlloc(cxt, capacity * sizeof(SzStepEvent));
	else
		list->items = repalloc_huge(list->items, capacity * sizeof(SzStepEvent));
	list->capacity = (uint32) capacity;
}

/*
 * start has nothing to set up but the table.
 */
static void
start(KeyTable *keys)
{
	(void) keys;
}

/*
 * find_lists returns the lists of a batch's keys, and asks for the memory where their next events go.
 */
static void
find_lists(KeyTable *keys, const EventBatch *batch, StepList **lists)
{
	for (int i = 0; i < batch->count; i++)
	{
		bool found;

		lists[i] =
			list_of(key_hash_insert(&keys->hash, batch->keys[i], batch->nulls[i], batch->hashes[i], &found));
		if (found)
			__builtin_prefetch(&lists[i]->items[lists[i]->count], 1);
		else
			memset(lists[i], 0, sizeof(*lists[i]));
	}
}

/*
 * take_events adds the events of a batch to the lists of their keys.
 */
static void
take_events(KeyTable *keys, const EventBatch *batch)
{
	StepList *lists[EVENT_BATCH_SIZE];

	find_lists(keys, batch, lists);
	for (int i = 0; i < batch->count; i++)
	{
		SzStepEvent event = {batch->islands[i].start, (uint32_t) batch->islands[i].events};

		if (lists[i]->count == lists[i]->capacity)
			grow_list(lists[i], keys->content_cxt);
		lists[i]->items[lists[i]->count++] = event;
	}
}

/*
 * spill_events writes the events of a key: as islands with the steps for the number of their events.
 */
static void
spill_events(KeyTable *keys, KeyEntry *entry)
{
	const StepList *list = list_of(entry);

	for (uint32 i = 0; i < list->count; i++)
	{
		SzInterval row = {list->items[i].ts, list->items[i].ts, list->items[i].mask};

		CHECK_FOR_INTERRUPTS();
		island_spill_write(keys->spill, entry, row);
	}
}

static const KeyTableMethods funnel_methods = {
	.payload_size = sizeof(StepList),
	.start = start,
	.take = take_events,
	.spill = spill_events,
};

/*
 * key_depth returns the depth of a key's events, and the times of its steps.
 */
static int
key_depth(FunnelTable *table, const StepList *list, int64 *times)
{
	SzAllocator alloc = sz_context_allocator(table->row_cxt);

	sz_check_status(sz_step_events_sort(list->items, list->count, &alloc));
	return sz_funnel_depth(&table->funnel, list->items, list->count, times);
}

/*
 * put_row adds a key's row to the result, unless it got nowhere.
 */
static void
put_row(FunnelTable *table, KeyEntry *entry, ReturnSetInfo *result)
{
	Datum values[NCOLUMNS];
	bool nulls[NCOLUMNS] = {false};
	int64 times[SZ_MAX_STEPS];
	Datum elements[SZ_MAX_STEPS];
	MemoryContext old = MemoryContextSwitchTo(table->row_cxt);
	int depth = key_depth(table, list_of(entry), times);

	if (depth > 0)
	{
		for (int i = 0; i < depth; i++)
			elements[i] = TimestampTzGetDatum(times[i]);
		nulls[COLUMN_KEY] = entry->isnull;
		values[COLUMN_KEY] = entry->isnull ? (Datum) 0 : key_output_value(&table->key_output, entry);
		values[COLUMN_DEPTH] = Int32GetDatum(depth);
		values[COLUMN_TIMES] = PointerGetDatum(construct_array(
			elements, depth, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(table->row_cxt);
}

/*
 * put_part adds the rows of all keys in memory to the result.
 */
static void
put_part(FunnelTable *table, ReturnSetInfo *result)
{
	KeyHash *keys = &table->keys.hash;

	for (uint32 i = 0; i < keys->count; i++)
	{
		if (i + AHEAD < keys->count)
			__builtin_prefetch(list_of(key_hash_entry(keys, i + AHEAD))->items);
		if (i % EVENT_BATCH_SIZE == 0)
			CHECK_FOR_INTERRUPTS();
		put_row(table, key_hash_entry(keys, i), result);
	}
}

/*
 * check_present raises an error for an argument that is NULL.
 */
static void
check_present(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name),
						errhint("Write, for example, funnel_table('events', 'user_id', 'ts', '1 hour', "
								"ARRAY['event_name = ''view''', 'event_name = ''purchase''']).")));
}

/*
 * open_table checks the arguments and opens the source.
 */
static FunnelTable *
open_table(FunctionCallInfo fcinfo)
{
	FunnelTable *table = palloc0(sizeof(*table));
	bool is_short = PG_NARGS() == SHORT_NARGS;
	int mode = is_short ? ARG_LAST : ARG_LAST + 1;
	ArrayType *steps;

	check_present(fcinfo, ARG_SOURCE, "source");
	check_present(fcinfo, ARG_KEY, "key");
	check_present(fcinfo, ARG_TS, "ts");
	check_present(fcinfo, ARG_WITHIN, "within");
	check_present(fcinfo, ARG_STEPS, "steps");
	check_present(fcinfo, mode, "mode");
	steps = PG_GETARG_ARRAYTYPE_P(ARG_STEPS);
	table->funnel.within = sz_interval_usecs(PG_GETARG_INTERVAL_P(ARG_WITHIN), "within");
	table->funnel.mode = funnel_mode_parse(PG_GETARG_TEXT_PP(mode));
	session_source_open(&table->source, PG_GETARG_OID(ARG_SOURCE),
						text_to_cstring(PG_GETARG_TEXT_PP(ARG_KEY)),
						text_to_cstring(PG_GETARG_TEXT_PP(ARG_TS)));
	session_source_set_steps(&table->source, steps, sz_funnel_needs_all(table->funnel.mode));
	table->funnel.nsteps = table->source.steps->nsteps;
	key_output_init(&table->key_output, &table->source,
					is_short ? TEXTOID : get_fn_expr_argtype(fcinfo->flinfo, ARG_LAST), CurrentMemoryContext);
	key_type_init(&table->type, table->source.key_type, table->source.key_collation, table->source.key,
				  CurrentMemoryContext);
	key_table_init(&table->keys, &table->type, &funnel_methods, table, CurrentMemoryContext);
	table->row_cxt = AllocSetContextCreate(CurrentMemoryContext, "funnel table row", ALLOCSET_DEFAULT_SIZES);
	return table;
}

/*
 * sz_funnel_table returns how far each key got, and when.
 */
Datum
sz_funnel_table(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	FunnelTable *table;

	InitMaterializedSRF(fcinfo, 0);
	table = open_table(fcinfo);
	session_source_read(&table->source, &table->type, GetActiveSnapshot(), &table->keys.batch, key_table_take,
						&table->keys);
	while (key_table_next_part(&table->keys))
		put_part(table, result);
	key_table_end(&table->keys);
	return (Datum) 0;
}
