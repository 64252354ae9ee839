/*
 * capture.c
 *		The trigger that logs which keys' raw rows change.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "pipeline/capture_source.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(sessionize_capture);

/*
 * check_call reports a call that is not of the trigger create_pipeline makes.
 */
static void
check_call(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("sessionize.capture() can only be a trigger AFTER ... FOR EACH ROW"),
						errhint("create_pipeline() makes it on the raw table.")));
}

/*
 * is_same_row tells whether an update has left every column as it was, so that nothing can follow from it.
 */
static bool
is_same_row(TupleTableSlot *old, TupleTableSlot *new)
{
	bool free_old;
	bool free_new;
	HeapTuple a = ExecFetchSlotHeapTuple(old, false, &free_old);
	HeapTuple b = ExecFetchSlotHeapTuple(new, false, &free_new);
	Size header = offsetof(HeapTupleHeaderData, t_bits);

	/* the bits of the null bitmap and all that follows; flags may differ that say where the row came from */
	return a->t_len == b->t_len && a->t_data->t_hoff == b->t_data->t_hoff &&
		   HeapTupleHeaderGetNatts(a->t_data) == HeapTupleHeaderGetNatts(b->t_data) &&
		   HeapTupleHasNulls(a) == HeapTupleHasNulls(b) &&
		   memcmp((char *) a->t_data + header, (char *) b->t_data + header, a->t_len - header) == 0;
}

/*
 * capture_row notes what a row makes dirty.
 */
static void
capture_row(CaptureSource *source, TupleTableSlot *slot)
{
	DirtyKey dirty;

	if (!capture_source_read(source, slot, &dirty))
		dirty_widen(&dirty);
	pending_add(capture_source_log(source), &dirty);
}

/*
 * sessionize_capture notes what a changed row makes dirty: the key it has, and the key it had.
 */
Datum
sessionize_capture(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	CaptureSource *source;

	check_call(fcinfo);
	source = capture_source(data->tg_relation, data->tg_trigger);
	if (source == NULL)
		return PointerGetDatum(NULL);
	if (!TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		capture_row(source, data->tg_trigslot);
	else if (!is_same_row(data->tg_trigslot, data->tg_newslot))
	{
		capture_row(source, data->tg_trigslot);
		capture_row(source, data->tg_newslot);
	}
	return PointerGetDatum(NULL);
}
