/*
 * capture_enable.c
 *		enable_capture: the triggers of a pipeline made anew.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pipeline/capture_trigger.h"
#include "pipeline/catalog.h"
#include "pipeline/privileges.h"
#include "pipeline/rebuild_need.h"
#include "utils/builtins.h"
#include "worker/notify.h"

PG_FUNCTION_INFO_V1(sessionize_enable_capture);

/*
 * sessionize_enable_capture has the changes of a pipeline's raw rows logged from now on.
 */
Datum
sessionize_enable_capture(PG_FUNCTION_ARGS)
{
	Pipeline *pipeline = pipeline_load(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PipelineRef ref = {.id = pipeline->id, .name = pipeline->name};
	Relation raw;

	PreventCommandIfReadOnly("sessionize.enable_capture()");
	pipeline_check_owner(pipeline);
	check_may_add_triggers(pipeline->source);
	if (capture_is_intact(pipeline))
		PG_RETURN_VOID();
	raw = table_open(pipeline->source, ShareRowExclusiveLock);
	capture_trigger_drop(pipeline->id, pipeline->source);
	capture_trigger_create(pipeline->id, raw);
	table_close(raw, NoLock);
	catalog_set_capture(pipeline->id);
	rebuild_need_note(&ref, NEED_NOT_CAPTURED, "Changes were not logged before enable_capture.");
	/* a star that was never built could not be built by refreshes until now */
	worker_notify_at_commit(pipeline->id);
	PG_RETURN_VOID();
}
