/*
 * capture_truncate.c
 *		The trigger for TRUNCATE, which fires no row trigger.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/rel.h"

#include "capture/capture_source.h"
#include "capture/capture_table.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/raw_tree.h"

PG_FUNCTION_INFO_V1(sessionize_capture_truncate);

/*
 * sessionize_capture_truncate logs the rows that TRUNCATE is about to remove.
 */
Datum
sessionize_capture_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	ListCell *cell;
	Oid table;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) ||
		!TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("sessionize.capture_truncate() can only be a trigger BEFORE TRUNCATE"),
				 errhint("create_pipeline() makes it on the raw table and its partitions.")));
	table = RelationGetRelid(data->tg_relation);
	foreach (cell, catalog_pipelines_on(raw_tree_ancestors(table)))
	{
		PipelineRef *pipeline = lfirst(cell);

		if (pipeline->id == capture_pipeline_id(data->tg_trigger))
			capture_whole_table(table, pipeline, NEED_ROWS_REMOVED, "truncated");
	}
	return PointerGetDatum(NULL);
}
