/*
 * live_rollup.c
 *		sessionize.live_rollup(): what a rollup lacks because keys are not refreshed yet.
 *
 * In any snapshot a rollup is the sum over the facts.  So what it would be after a refresh is what
 * it is, less the facts of the keys that have to be derived, and what is derived of these keys.
 * This is how a session counts once that is in the star and goes on.
 *
 * The keys are derived in batches, so that their number does not matter for the memory.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "capture/behind_keys.h"
#include "catalog/definition.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/star_relation.h"
#include "derive/derive.h"
#include "live/live_access.h"
#include "live/live_rows.h"
#include "rollup/rollup.h"
#include "rollup/rollup_sql.h"
#include "spi/key_index.h"
#include "spi/key_relation.h"
#include "spi/row_query.h"
#include "spi/sql_rows.h"
#include "utils/key_hash.h"

#define DERIVED_ROWS "derived_rows"

/* The most keys derived at a time. */
#define MAX_BATCH_KEYS 8192

typedef struct LiveRollup
{
	const Pipeline *pipeline;
	Tuplestorestate *result;
	StarViewId view;
	char *query; /* of a batch's rows in the result */
	TupleDesc desc;
	KeyType key_type;
	MemoryContext batch_context; /* reset with each batch */

	/* Of the batch: the keys, each with whether it failed, and the rows derived of them. */
	KeyHash keys;
	Tuplestorestate *derived;
} LiveRollup;

PG_FUNCTION_INFO_V1(sessionize_live_rollup);

/*
 * begin_batch forgets the last batch.
 */
static void
begin_batch(LiveRollup *live)
{
	MemoryContextReset(live->batch_context);
	key_hash_init(&live->keys, &live->key_type, sizeof(bool), live->batch_context);
}

/*
 * take_row keeps a derived row.
 */
static void
take_row(void *arg, Datum session_key pg_attribute_unused(), Datum *values, bool *isnull)
{
	LiveRollup *live = arg;

	tuplestore_putvalues(live->derived, live->desc, values, isnull);
}

/*
 * take_failed notes a key that can't be derived, whose facts a refresh would leave as they are.
 */
static void
take_failed(void *arg, Datum session_key)
{
	LiveRollup *live = arg;
	bool *failed = key_hash_lookup(&live->keys, key_type_pack(&live->key_type, session_key));

	if (failed != NULL)
		*failed = true;
}

/*
 * list_keys returns the keys of the batch that have not failed.
 */
static KeyRelation *
list_keys(const LiveRollup *live)
{
	KeyRelation *keys = key_relation_create(live->pipeline->types[SRC_SESSION_KEY]);

	key_relation_keep_lists(keys);
	for (uint32 i = 0; i < live->keys.count; i++)
	{
		KeyEntry *entry = key_hash_entry(&live->keys, i);

		if (!*(bool *) key_hash_payload(entry))
			key_relation_add(keys, entry->key, false);
	}
	return keys;
}

/*
 * derive_batch derives the keys of the batch.
 */
static void
derive_batch(LiveRollup *live)
{
	KeyRelation *keys = list_keys(live);
	LiveRows *rows =
		live_rows_create(live->batch_context, live->pipeline, live->view, take_row, live);
	DeriveSink sink = live_rows_sink(rows);
	Derivation *derivation =
		derive_begin(live->pipeline, live->batch_context, 1, (Size) work_mem * 1024);
	DeriveCounts counts;

	live_rows_tell_failed(rows, take_failed);
	derive_read_keys(derivation, GetActiveSnapshot(), keys);
	derive_quarantine_end(derivation);
	derive_piece(derivation, 0, &sink, &counts);
	derive_end(derivation);
	key_relation_free(keys);
}

/*
 * put_row adds a row to the result.
 */
static void
put_row(void *arg, TupleTableSlot *slot)
{
	tuplestore_puttupleslot(arg, slot);
}

/*
 * add_batch adds to the result what the rollup lacks of the batch.
 */
static void
add_batch(LiveRollup *live)
{
	NamedRows derived = {DERIVED_ROWS, live->desc, live->derived};
	KeyRelation *keys = list_keys(live);

	SPI_connect();
	key_relation_register(keys);
	sql_register_rows(&derived);
	row_query_connected(live->query, SQL_NO_VALUES, put_row, live->result);
	SPI_finish();
	key_relation_free(keys);
}

/*
 * end_batch derives the batch, adds it to the result, and begins the next one.
 */
static void
end_batch(LiveRollup *live)
{
	MemoryContext caller = MemoryContextSwitchTo(live->batch_context);

	live_check_built(live->pipeline);
	live->derived = tuplestore_begin_heap(true, false, work_mem);
	derive_batch(live);
	add_batch(live);
	tuplestore_end(live->derived);
	MemoryContextSwitchTo(caller);
	begin_batch(live);
}

/*
 * add_key adds a key that has to be derived to the batch.
 */
static void
add_key(void *arg, TupleTableSlot *slot)
{
	LiveRollup *live = arg;
	bool isnull;
	Datum key = slot_getattr(slot, 1, &isnull);
	bool found;
	bool *failed;

	if (isnull)
		return;
	failed = key_hash_add(&live->keys, key_type_pack(&live->key_type, key), false, &found);
	*failed = false;
	if (live->keys.count >= MAX_BATCH_KEYS)
		end_batch(live);
}

/*
 * show_all gives the views the columns that are hidden until the star is built: a rollup may be
 * made of them.
 */
static void
show_all(const Pipeline *pipeline)
{
	Definition *definition = unconstify(Definition *, pipeline->definition);

	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
		definition->measures[i].is_visible = true;
	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
		definition->dimensions[i].is_visible = true;
}

/*
 * find_place returns the place of a rollup among those of the pipeline.
 */
static int
find_place(const Pipeline *pipeline, int number)
{
	for (int i = 0; pipeline->rollups != NULL && i < pipeline->rollups->count; i++)
		if (pipeline->rollups->rollups[i].number == number)
			return i;
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
					errmsg("pipeline \"%s\" has no rollup %d", pipeline->name, number),
					errhint("Query the view of a rollup whose name ends in _live instead.")));
}

/*
 * load_pipeline returns the pipeline, if the user may read the live view of the rollup.
 */
static Pipeline *
load_pipeline(int32 id, int number, int *place)
{
	Pipeline *pipeline = pipeline_find_by_id(id);

	live_check_pipeline(pipeline, id);
	*place = find_place(pipeline, number);
	live_check_access(pipeline, STAR_ROLLUP_LIVE + *place);
	(void) pipeline_load_types(pipeline);
	show_all(pipeline);
	return pipeline;
}

/*
 * add_lacking adds to the result what a rollup lacks.
 */
static void
add_lacking(Tuplestorestate *result, const Rollup *rollup)
{
	const Pipeline *pipeline = rollup->pipeline;
	LiveRollup live = {.pipeline = pipeline,
					   .result = result,
					   .view = rollup->definition->of_events ? VIEW_EVENTS : VIEW_SESSIONS,
					   .query = rollup_live_sql(rollup, DERIVED_ROWS)};

	live.desc = live_rows_desc(pipeline, live.view);
	live.batch_context = AllocSetContextCreate(CurrentMemoryContext, "sessionize live rollup",
											   ALLOCSET_DEFAULT_SIZES);
	key_type_init_id(&live.key_type, pipeline->types[SRC_SESSION_KEY]);
	begin_batch(&live);
	row_query(psprintf("SELECT DISTINCT d.session_key FROM (%s) AS d", behind_keys_sql(pipeline)),
			  add_key, &live);
	if (live.keys.count > 0)
		end_batch(&live);
	MemoryContextDelete(live.batch_context);
}

/*
 * sessionize_live_rollup returns what a rollup lacks.
 */
Datum
sessionize_live_rollup(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *info = (ReturnSetInfo *) fcinfo->resultinfo;
	int place;
	const Pipeline *pipeline;
	const Rollup *rollup;
	MemoryContext caller;
	OwnerScope scope;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	pipeline = load_pipeline(PG_GETARG_INT32(0), PG_GETARG_INT32(1), &place);
	rollup = rollup_resolve(pipeline, place);
	/* the executor compares this with the column definition list of the call */
	caller = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
	info->setDesc = rollup_view_desc(rollup);
	MemoryContextSwitchTo(caller);
	owner_scope_enter(&scope, pipeline);
	key_index_prefer();
	add_lacking(info->setResult, rollup);
	owner_scope_leave(&scope);
	return (Datum) 0;
}
