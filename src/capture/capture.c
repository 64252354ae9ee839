/*
 * capture.c
 *		The triggers that log which keys' raw rows change.
 *
 * If the key and the times of an inserted row are plain columns, the row is logged in the trigger's
 * WHEN condition, as soon as the row is in the table. Then the server need not queue an event for
 * the trigger and fetch the row again at the end of the statement, which costs more than all other
 * work. The condition is evaluated with the rights of the role that inserts, so any role may call
 * its function. For a role that may not insert into the raw table, the function only leaves the row
 * to the trigger.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "capture/capture_source.h"
#include "compat.h"
#include "dirty/dirty_key.h"

/* What the condition's function keeps for the duration of a statement. */
typedef struct Condition
{
	bool is_begun;
	int32 pipeline;
	Oid user;
	CaptureSource *source; /* NULL: rows are left to the trigger */
	uint64 version;
	int nvalues;
	TupleTableSlot *slot; /* for the function's arguments */
} Condition;

PG_FUNCTION_INFO_V1(sessionize_capture);
PG_FUNCTION_INFO_V1(sessionize_not_captured);

/*
 * check_call reports a call by any other trigger than create_pipeline creates.
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
 * is_same_row tells whether an update has left every column as it was, so that nothing need be
 * logged.
 */
static bool
is_same_row(TupleTableSlot *old, TupleTableSlot *new)
{
	bool free_old;
	bool free_new;
	HeapTuple a = ExecFetchSlotHeapTuple(old, false, &free_old);
	HeapTuple b = ExecFetchSlotHeapTuple(new, false, &free_new);
	Size header = offsetof(HeapTupleHeaderData, t_bits);

	/* compare the null bitmap and all that follows; flags in the header may differ */
	return a->t_len == b->t_len && a->t_data->t_hoff == b->t_data->t_hoff &&
		   HeapTupleHeaderGetNatts(a->t_data) == HeapTupleHeaderGetNatts(b->t_data) &&
		   HeapTupleHasNulls(a) == HeapTupleHasNulls(b) &&
		   memcmp((char *) a->t_data + header, (char *) b->t_data + header, a->t_len - header) == 0;
}

/*
 * capture_row logs the key and the event time of a row, and returns them.
 */
static DirtyKey
capture_row(CaptureSource *source, TupleTableSlot *slot)
{
	DirtyKey dirty;

	capture_source_add(source, capture_source_read(source, slot, &dirty), &dirty);
	return dirty;
}

/*
 * capture_change logs a row that was updated or, if "now" is NULL, deleted, and counts it.
 */
static void
capture_change(CaptureSource *source, TupleTableSlot *former, TupleTableSlot *now)
{
	DirtyKey before = capture_row(source, former);
	DirtyKey after;

	if (now != NULL)
		after = capture_row(source, now);
	capture_source_count(source, &before, now == NULL ? NULL : &after);
}

/*
 * sessionize_capture logs a changed row: for an update both its former and its new key and time.
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
	if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
		(void) capture_row(source, data->tg_trigslot);
	else if (TRIGGER_FIRED_BY_DELETE(data->tg_event))
		capture_change(source, data->tg_trigslot, NULL);
	else if (!is_same_row(data->tg_trigslot, data->tg_newslot))
		capture_change(source, data->tg_trigslot, data->tg_newslot);
	return PointerGetDatum(NULL);
}

/*
 * has_types tells whether the function's arguments have the types that the source expects.
 */
static bool
has_types(FunctionCallInfo fcinfo, const CaptureSource *source, int *nvalues)
{
	const Oid *types = capture_source_types(source, nvalues);

	if (get_fn_expr_variadic(fcinfo->flinfo) || PG_NARGS() != *nvalues + 1)
		return false;
	for (int i = 0; i < *nvalues; i++)
		if (get_fn_expr_argtype(fcinfo->flinfo, i + 1) != types[i])
			return false;
	return true;
}

/*
 * make_slot creates a slot for the function's arguments.
 */
static TupleTableSlot *
make_slot(FunctionCallInfo fcinfo, int nvalues)
{
	MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	TupleDesc desc = CreateTemplateTupleDesc(nvalues);
	TupleTableSlot *slot;

	for (int i = 0; i < nvalues; i++)
		TupleDescInitEntry(desc, (AttrNumber) (i + 1), NULL,
						   get_fn_expr_argtype(fcinfo->flinfo, i + 1), -1, 0);
	sz_finish_tuple_desc(desc);
	slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	MemoryContextSwitchTo(caller);
	return slot;
}

/*
 * begin_condition looks up what the condition's function needs. For a role that may not insert any
 * row it takes no lock.
 */
static void
begin_condition(FunctionCallInfo fcinfo, Condition *condition, int32 pipeline)
{
	CaptureSource *source;

	*condition = (Condition){.is_begun = true, .pipeline = pipeline, .user = GetUserId()};
	if (XactReadOnly || !capture_source_may_insert(pipeline, condition->user))
		return;
	source = capture_source_of_values(pipeline, &condition->version);
	if (source == NULL || condition->version == 0 ||
		!has_types(fcinfo, source, &condition->nvalues))
		return;
	condition->slot = make_slot(fcinfo, condition->nvalues);
	condition->source = source;
}

/*
 * find_condition returns what the condition's function needs, looked up once for many rows. If rows
 * are left to the trigger once, they are until the statement's end, which is always correct.
 */
static Condition *
find_condition(FunctionCallInfo fcinfo)
{
	Condition *condition = fcinfo->flinfo->fn_extra;
	int32 pipeline = PG_GETARG_INT32(0);

	if (condition == NULL)
		condition = fcinfo->flinfo->fn_extra =
			MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Condition));
	if (!condition->is_begun || condition->pipeline != pipeline || condition->user != GetUserId() ||
		(condition->source != NULL &&
		 !capture_source_is_current(condition->source, condition->version)))
		begin_condition(fcinfo, condition, pipeline);
	return condition;
}

/*
 * sessionize_not_captured is the function of the triggers' WHEN condition. It gets the columns of
 * an inserted row that the key and the times consist of. It logs the row and returns false, or
 * leaves the row to the trigger and returns true.
 */
Datum
sessionize_not_captured(PG_FUNCTION_ARGS)
{
	Condition *condition;
	TupleTableSlot *slot;

	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(true);
	condition = find_condition(fcinfo);
	if (condition->source == NULL)
		PG_RETURN_BOOL(true);
	slot = ExecClearTuple(condition->slot);
	for (int i = 0; i < condition->nvalues; i++)
	{
		slot->tts_values[i] = PG_GETARG_DATUM(i + 1);
		slot->tts_isnull[i] = PG_ARGISNULL(i + 1);
	}
	(void) capture_row(condition->source, ExecStoreVirtualTuple(slot));
	PG_RETURN_BOOL(false);
}
