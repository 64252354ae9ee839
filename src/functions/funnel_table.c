/*
 * funnel_table.c
 *		The set-returning function funnel_table: the funnel of each key of a table, in one pass
 *		without sorting.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "core/funnel.h"
#include "functions/funnel.h"
#include "functions/funnel_mode.h"
#include "functions/key_output.h"
#include "functions/session_source.h"
#include "functions/step_table.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(sz_funnel_table);

/* The function's arguments. */
typedef enum FunnelTableArg
{
	ARG_SOURCE,
	ARG_KEY,
	ARG_TS,
	ARG_WITHIN,
	ARG_STEPS,
	ARG_LAST /* mode; or key_type, of which only the type matters, followed by mode */
} FunnelTableArg;

#define SHORT_NARGS (ARG_LAST + 1)

typedef enum FunnelTableColumn
{
	COLUMN_KEY,
	COLUMN_DEPTH,
	COLUMN_TIMES,
	NCOLUMNS
} FunnelTableColumn;

typedef struct FunnelTable
{
	SzFunnel funnel;
	SessionSource source;
	KeyType type;
	StepTable keys;
	KeyOutput key_output;
	MemoryContext row_cxt; /* reset after each row of the result */
	FunnelMode mode;       /* has what funnel excludes */
} FunnelTable;

/*
 * put_row adds a key's row to the result, unless its depth is 0.
 */
static void
put_row(FunnelTable *table, const KeyEntry *entry, ReturnSetInfo *result)
{
	Datum values[NCOLUMNS];
	bool nulls[NCOLUMNS] = {false};
	int64 times[SZ_MAX_STEPS];
	MemoryContext old = MemoryContextSwitchTo(table->row_cxt);
	const StepList *events = table->keys.events;
	int depth = sz_funnel_depth(&table->funnel, events->items, events->count, times);

	if (depth > 0)
	{
		nulls[COLUMN_KEY] = entry->isnull;
		values[COLUMN_KEY] =
			entry->isnull ? (Datum) 0 : key_output_value(&table->key_output, entry);
		values[COLUMN_DEPTH] = Int32GetDatum(depth);
		values[COLUMN_TIMES] = funnel_times_array(times, depth);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(table->row_cxt);
}

/*
 * check_present raises an error for an argument that is NULL.
 */
static void
check_present(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name),
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
	funnel_mode_parse(PG_GETARG_TEXT_PP(mode), &table->mode);
	session_source_open(&table->source, PG_GETARG_OID(ARG_SOURCE),
						text_to_cstring(PG_GETARG_TEXT_PP(ARG_KEY)),
						text_to_cstring(PG_GETARG_TEXT_PP(ARG_TS)));
	session_source_set_steps(&table->source, steps, NULL, sz_funnel_needs_all(table->mode.mode));
	funnel_mode_apply(&table->mode, table->source.steps->nsteps, &table->funnel);
	key_output_init(&table->key_output, &table->source,
					is_short ? TEXTOID : get_fn_expr_argtype(fcinfo->flinfo, ARG_LAST),
					CurrentMemoryContext);
	key_type_init(&table->type, table->source.key_type, table->source.key_collation,
				  table->source.key, CurrentMemoryContext);
	step_table_init(&table->keys, &table->type, CurrentMemoryContext);
	table->row_cxt =
		AllocSetContextCreate(CurrentMemoryContext, "funnel table row", ALLOCSET_DEFAULT_SIZES);
	return table;
}

/*
 * sz_funnel_table returns each key's depth, and the times of its steps.
 */
Datum
sz_funnel_table(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	FunnelTable *table;
	const KeyEntry *key;

	InitMaterializedSRF(fcinfo, 0);
	table = open_table(fcinfo);
	session_source_read(&table->source, &table->type, GetActiveSnapshot(), &table->keys.keys.batch,
						key_table_take, &table->keys.keys);
	while (key = step_table_next(&table->keys), key != NULL)
		put_row(table, key, result);
	key_table_end(&table->keys.keys);
	return (Datum) 0;
}
