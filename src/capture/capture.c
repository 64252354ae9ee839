/*
 * capture.c
 *		The triggers that log which keys' raw rows change.
 *
 * For an inserted row whose key and times are columns, that is done in the trigger's condition, as soon as the row is in the table: then
 * the server need not queue the row and fetch it again when the statement ends, which costs more than all the rest.  The condition
 * is evaluated with the rights of whoever inserts, and so could be called by anybody: who has no right to insert into
 * the raw table only leaves the row to the trigger.
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

/* What a condition knows, as long as a statement lasts. */
typedef struct Condition
{
	bool is_begun;
	int32 pipeline;
	Oid user;
	CaptureSource *source; /* NULL: rows are left to the trigger */
	uint64 version;
	int nvalues;
	TupleTableSlot *slot; /* of the values */
} Condition;

PG_FUNCTION_INFO_V1(sessionize_capture);
PG_FUNCTION_INFO_V1(sessionize_not_captured);

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

	capture_source_add(source, capture_source_read(source, slot, &dirty), &dirty);
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

/*
 * has_types tells whether the condition's values have the types of the source's.
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
 * make_slot makes a slot for the values.
 */
static TupleTableSlot *
make_slot(FunctionCallInfo fcinfo, int nvalues)
{
	MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	TupleDesc desc = CreateTemplateTupleDesc(nvalues);
	TupleTableSlot *slot;

	for (int i = 0; i < nvalues; i++)
		TupleDescInitEntry(desc, (AttrNumber) (i + 1), NULL, get_fn_expr_argtype(fcinfo->flinfo, i + 1), -1,
						   0);
	sz_finish_tuple_desc(desc);
	slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	MemoryContextSwitchTo(caller);
	return slot;
}

/*
 * begin_condition finds out what a condition has to know.  Who may not insert as he likes learns and locks nothing.
 */
static void
begin_condition(FunctionCallInfo fcinfo, Condition *condition, int32 pipeline)
{
	CaptureSource *source;

	*condition = (Condition){.is_begun = true, .pipeline = pipeline, .user = GetUserId()};
	if (XactReadOnly || !capture_source_may_insert(pipeline, condition->user))
		return;
	source = capture_source_of_values(pipeline, &condition->version);
	if (source == NULL || condition->version == 0 || !has_types(fcinfo, source, &condition->nvalues))
		return;
	condition->slot = make_slot(fcinfo, condition->nvalues);
	condition->source = source;
}

/*
 * find_condition returns what a condition has to know, which is found out once for many rows.  Rows that are left to the trigger once
 * are until the statement ends: that is never wrong.
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
		(condition->source != NULL && !capture_source_is_current(condition->source, condition->version)))
		begin_condition(fcinfo, condition, pipeline);
	return condition;
}

/*
 * sessionize_not_captured notes what an inserted row makes dirty, of which it gets the columns that this depends on, and returns false; or
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
	capture_row(condition->source, ExecStoreVirtualTuple(slot));
	PG_RETURN_BOOL(false);
}
