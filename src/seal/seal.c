/*
 * seal.c
 *		sessionize.seal(name, before): what came before counts from now on as it is, whatever
 *		becomes of its raw rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "capture/capture_check.h"
#include "catalog/lock.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "dirty/rebuild_need.h"
#include "run/fuse.h"
#include "run/progress.h"
#include "seal/seal_move.h"
#include "utils/arguments.h"

/*
 * check_arguments reports NULL, a time in the future, and a transaction whose snapshot may miss
 * rows that have to be sealed.
 */
static void
check_arguments(FunctionCallInfo fcinfo)
{
	(void) argument_pipeline(fcinfo);
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("before must not be NULL"),
				 errhint("Such as before => now() - interval '30 days'; '-infinity' takes the seal "
						 "back.")));
	if (PG_GETARG_TIMESTAMPTZ(1) > GetCurrentTimestamp())
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("before must not be in the future"),
						errdetail("Every event until then would come too late."),
						errhint("Such as before => now() - interval '30 days': longer ago than "
								"events are late.")));
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("sessionize.seal() needs the isolation level READ COMMITTED"),
				 errdetail("Rows committed after this transaction's snapshot would be late."),
				 errhint("BEGIN ISOLATION LEVEL READ COMMITTED;")));
}

/*
 * check_needs reports a pipeline whose star is not, or may not be, what its raw rows say.
 */
static void
check_needs(const Pipeline *pipeline)
{
	bool any;

	if (pipeline->capture)
		capture_check(pipeline);
	PushActiveSnapshot(GetLatestSnapshot());
	any = rebuild_need_any(pipeline);
	PopActiveSnapshot();
	if (any)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pipeline \"%s\" needs a rebuild before it can be sealed", pipeline->name),
				 errdetail("Raw rows have come or gone that its sessions don't tell of yet."),
				 errhint("CALL sessionize.rebuild(%s);", quote_literal_cstr(pipeline->name))));
}

/*
 * check_raw_id reports a pipeline without a raw id, whose raw rows can't be matched with sealed
 * ones.
 */
static void
check_raw_id(const Pipeline *pipeline)
{
	if (!catalog_pipeline_ref(pipeline->id)->has_raw_id)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("pipeline \"%s\" can't be sealed: its raw rows have no id", pipeline->name),
			 errdetail("A digest of all columns stands for it, which another column would change."),
			 errhint(
				 "Give the table a primary key, or create the pipeline with raw_id => 'column'.")));
}

/*
 * let_refreshes_go_on lets refreshes go on if they keep the star up to date, that is, if it is
 * built and changes are captured; otherwise it locks them out.  It tells whether they go on.
 */
static bool
let_refreshes_go_on(const Pipeline *pipeline)
{
	bool concurrent = pipeline->built && pipeline->capture;

	if (concurrent)
		pipeline_lock_concurrent(pipeline);
	else
		pipeline_lock_transaction(pipeline);
	return concurrent;
}

/*
 * move_watched moves the seal, and lets other sessions see its progress meanwhile.
 */
static void
move_watched(const SealRequest *request, SealResult *result)
{
	Pipeline *pipeline = request->pipeline;
	uint32 handle = progress_begin();

	progress_set_run(-(int64) pipeline->id);
	pipeline_show_progress(pipeline, handle);
	PG_TRY();
	{
		*result = seal_move(request);
	}
	PG_FINALLY();
	{
		progress_end();
	}
	PG_END_TRY();
	pipeline_hide_progress(pipeline, handle);
}

/*
 * sessionize_seal moves a pipeline's seal and returns how many rows were sealed and unsealed.
 */
PIPELINE_FUNCTION(sessionize_seal)
{
	SealRequest request = {.take_late = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2)};
	SealResult result;
	TupleDesc desc;
	Datum values[2];
	bool isnull[2] = {false, false};

	PreventCommandIfReadOnly("sessionize.seal()");
	check_arguments(fcinfo);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	request.pipeline =
		pipeline_load_owned(text_to_cstring(PG_GETARG_TEXT_PP(0)), pipeline_lock_change);
	request.to = PG_GETARG_TIMESTAMPTZ(1);
	check_raw_id(request.pipeline);
	request.concurrent = let_refreshes_go_on(request.pipeline);
	check_needs(request.pipeline);
	fuse_check_whole(request.pipeline, "can't be sealed");
	move_watched(&request, &result);
	/* what was read may be a burst that was committed meanwhile */
	fuse_check_whole(request.pipeline, "can't be sealed");
	values[0] = Int64GetDatum(result.sealed);
	values[1] = Int64GetDatum(result.unsealed);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull)));
}
