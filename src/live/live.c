/*
 * live.c
 *		sessionize.live_sessions() and live_events(): a session key's part of the star, derived from
 *		its raw rows as they are now.
 *
 * The live views call these functions for each key that has to be derived (star_views.c), in the
 * order of the keys.  To derive keys one by one is slower than to derive them together.  So the
 * first call derives only its own key, and each later call that finds its key underived also
 * derives keys that come after it, for which calls will follow, in batches of growing size.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/nodeHash.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "capture/behind_keys.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/star_relation.h"
#include "compat.h"
#include "derive/derive.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"
#include "live/live_access.h"
#include "live/live_rows.h"
#include "spi/key_index.h"
#include "spi/key_relation.h"
#include "spi/row_query.h"
#include "spi/scope.h"
#include "spi/statement.h"
#include "utils/key_hash.h"

/*
 * The most keys derived at a time, and the factor by which a batch may be larger than the last one.
 */
#define MAX_BATCH_KEYS 8192
#define BATCH_GROWTH   8

typedef struct LiveRow
{
	struct LiveRow *next;
	MinimalTuple tuple;
} LiveRow;

/* A key that was derived. */
typedef struct LiveKey
{
	LiveRow *first;
	LiveRow *last;
	bool complete; /* all of its rows are in the list */
} LiveKey;

/* What is kept between the calls of a query; in fn_extra. */
typedef struct LiveCache
{
	MemoryContext context;
	MemoryContext batch_context; /* the keys of the last batch, and their rows */
	MemoryContext work_context;  /* reset after each derivation */
	Pipeline *pipeline;
	TupleDesc desc;
	LiveRows *rows;
	KeyType key_type;
	KeyHash keys;
	int64 batch_keys; /* the number of keys to derive next time */
	Size limit;       /* in bytes, of batch_context */
	bool full;

	/* Valid while a batch is derived. */
	Datum asked;
	Tuplestorestate *result;
	KeyRelation *batch;
} LiveCache;

PG_FUNCTION_INFO_V1(sessionize_live_sessions);
PG_FUNCTION_INFO_V1(sessionize_live_events);
PG_FUNCTION_INFO_V1(sessionize_pipeline_gap);

/*
 * take_row adds a row to its key's list, and to the result if it is of the key asked for.
 */
static void
take_row(void *arg, Datum session_key, Datum *values, bool *isnull)
{
	LiveCache *cache = arg;
	Datum key = key_type_pack(&cache->key_type, session_key);
	LiveKey *live = key_hash_lookup(&cache->keys, key);
	MemoryContext caller;
	LiveRow *row;

	if (key_type_equal(&cache->key_type, key, cache->asked))
		tuplestore_putvalues(cache->result, cache->desc, values, isnull);
	if (live == NULL)
		elog(ERROR, "a session key was derived that was not asked for");
	if (!cache->full)
		cache->full = MemoryContextMemAllocated(cache->batch_context, false) > cache->limit;
	if (cache->full)
	{
		live->complete = false;
		return;
	}
	caller = MemoryContextSwitchTo(cache->batch_context);
	row = palloc(sizeof(LiveRow));
	row->next = NULL;
	row->tuple = sz_form_minimal_tuple(cache->desc, values, isnull);
	if (live->first == NULL)
		live->first = row;
	else
		live->last->next = row;
	live->last = row;
	MemoryContextSwitchTo(caller);
}

/*
 * add_key adds a key to the batch to derive.
 */
static void
add_key(LiveCache *cache, Datum key)
{
	LiveKey *live;
	bool found;

	live = key_hash_add(&cache->keys, key, false, &found);
	if (found)
		return;
	*live = (LiveKey){NULL, NULL, true};
	key_relation_add(cache->batch, key, false);
}

/*
 * add_next_key adds the key of a query's row to the batch.
 */
static void
add_next_key(void *arg, TupleTableSlot *slot)
{
	LiveCache *cache = arg;
	bool isnull;
	Datum key = slot_getattr(slot, 1, &isnull);

	if (!isnull)
		add_key(cache, key_type_pack(&cache->key_type, key));
}

/*
 * add_next_keys adds keys that have to be derived, and are not less than the key asked for, to the
 * batch.
 */
static void
add_next_keys(LiveCache *cache)
{
	KeyRelation *asked = key_relation_create(cache->pipeline->types[SRC_SESSION_KEY]);

	key_relation_add(asked, cache->asked, false);
	SPI_connect();
	key_relation_register(asked);
	row_query_connected(
		psprintf("SELECT DISTINCT d.session_key FROM (%s) AS d, " KEY_ROWS " AS k "
				 "WHERE NOT d.session_key %s k.session_key ORDER BY 1 LIMIT " INT64_FORMAT,
				 behind_keys_sql(cache->pipeline),
				 key_less_sql(cache->pipeline->types[SRC_SESSION_KEY]), cache->batch_keys),
		SQL_NO_VALUES, add_next_key, cache);
	SPI_finish();
	key_relation_free(asked);
}

/*
 * begin_batch forgets the last batch and chooses the keys of the next one.
 */
static void
begin_batch(LiveCache *cache, Datum key)
{
	MemoryContextReset(cache->batch_context);
	key_hash_init(&cache->keys, &cache->key_type, sizeof(LiveKey), cache->batch_context);
	cache->full = false;
	cache->asked = key;
	cache->batch = key_relation_create(cache->pipeline->types[SRC_SESSION_KEY]);
	add_key(cache, key);
	if (cache->batch_keys > 1)
		add_next_keys(cache);
}

/*
 * derive_key derives a batch of keys, and puts the rows of the key asked for into the result.
 */
static void
derive_key(LiveCache *cache, Datum key, Tuplestorestate *result)
{
	MemoryContext caller = MemoryContextSwitchTo(cache->work_context);
	DeriveSink sink = live_rows_sink(cache->rows);
	Derivation *derivation;
	DeriveCounts counts;
	OwnerScope scope;

	cache->result = result;
	owner_scope_enter(&scope, cache->pipeline);
	key_index_prefer();
	begin_batch(cache, key);
	derivation = derive_begin(cache->pipeline, cache->work_context, 1, (Size) work_mem * 1024);
	derive_read_keys(derivation, GetActiveSnapshot(), cache->batch);
	derive_quarantine_end(derivation);
	derive_piece(derivation, 0, &sink, &counts);
	derive_end(derivation);
	key_relation_free(cache->batch);
	owner_scope_leave(&scope);
	cache->batch_keys = cache->full ? Max(cache->batch_keys / 2, 1)
									: Min(cache->batch_keys * BATCH_GROWTH, MAX_BATCH_KEYS);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(cache->work_context);
}

/*
 * copy_rows puts the rows of a key that is derived already into the result.
 */
static void
copy_rows(const LiveCache *cache, const LiveKey *live, Tuplestorestate *result)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(cache->desc, &TTSOpsMinimalTuple);

	for (const LiveRow *row = live->first; row != NULL; row = row->next)
		tuplestore_puttupleslot(result, ExecStoreMinimalTuple(row->tuple, slot, false));
	ExecDropSingleTupleTableSlot(slot);
}

/*
 * create_cache makes what is kept between the calls of a query.
 */
static LiveCache *
create_cache(FunctionCallInfo fcinfo, int32 id, StarViewId view)
{
	MemoryContext context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "sessionize live keys",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	LiveCache *cache = palloc0(sizeof(LiveCache));
	Pipeline *pipeline = pipeline_find_by_id(id);
	bool has_types;

	live_check_pipeline(pipeline, id);
	has_types = pipeline_load_types(pipeline);
	live_check_access(pipeline, star_view(pipeline, view)->live);
	live_check_built(pipeline);
	if (!has_types || get_fn_expr_argtype(fcinfo->flinfo, 1) != pipeline->types[SRC_SESSION_KEY])
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("that is not the type of session keys of pipeline \"%s\"", pipeline->name),
				 errhint("Query the view %s instead.",
						 star_relation(pipeline, star_view(pipeline, view)->live))));
	cache->context = context;
	cache->batch_context =
		AllocSetContextCreate(context, "sessionize live batch", ALLOCSET_DEFAULT_SIZES);
	cache->work_context =
		AllocSetContextCreate(context, "sessionize live work", ALLOCSET_DEFAULT_SIZES);
	cache->pipeline = pipeline;
	cache->desc = live_rows_desc(pipeline, view);
	cache->rows = live_rows_create(context, pipeline, view, take_row, cache);
	key_type_init_id(&cache->key_type, pipeline->types[SRC_SESSION_KEY]);
	key_hash_init(&cache->keys, &cache->key_type, sizeof(LiveKey), cache->batch_context);
	cache->batch_keys = 1;
	cache->limit = get_hash_memory_limit();
	MemoryContextSwitchTo(caller);
	return cache;
}

/*
 * live returns a key's rows as the function's result.
 */
static Datum
live(FunctionCallInfo fcinfo, StarViewId view)
{
	ReturnSetInfo *info = (ReturnSetInfo *) fcinfo->resultinfo;
	int32 id = PG_GETARG_INT32(0);
	LiveCache *cache = fcinfo->flinfo->fn_extra;
	MemoryContext caller;
	LiveKey *live;
	Datum key;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (cache == NULL || cache->pipeline->id != id)
		fcinfo->flinfo->fn_extra = cache = create_cache(fcinfo, id, view);
	/* the executor compares this with the column definition list of the call */
	caller = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
	info->setDesc = CreateTupleDescCopy(cache->desc);
	MemoryContextSwitchTo(caller);
	key = key_type_pack(&cache->key_type, PG_GETARG_DATUM(1));
	live = key_hash_lookup(&cache->keys, key);
	if (live != NULL && live->complete)
		copy_rows(cache, live, info->setResult);
	else
		derive_key(cache, key, info->setResult);
	return (Datum) 0;
}

/*
 * sessionize_live_sessions returns a key's sessions.
 */
Datum
sessionize_live_sessions(PG_FUNCTION_ARGS)
{
	return live(fcinfo, VIEW_SESSIONS);
}

/*
 * sessionize_live_events returns a key's events.
 */
Datum
sessionize_live_events(PG_FUNCTION_ARGS)
{
	return live(fcinfo, VIEW_EVENTS);
}

/*
 * sessionize_pipeline_gap returns a pipeline's gap, NULL if there is no such pipeline.
 */
Datum
sessionize_pipeline_gap(PG_FUNCTION_ARGS)
{
	Interval *gap = catalog_gap(PG_GETARG_INT32(0));

	if (gap == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INTERVAL_P(gap);
}
