/*
 * reject.c
 *		The trigger that has an insert or update fail whose row violates a contract of mode
 *		"reject".
 *
 * A row is judged in the trigger's WHEN condition, as it is captured in one (capture.c): then a
 * COPY still knows which line the row was on, and nothing is queued. For a role that may not insert
 * into the raw table, the function only leaves the row to the trigger, so that nobody learns by
 * calling it what a contract says.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "capture/capture_source.h"
#include "capture/reject_gate.h"

/* What the condition's function keeps for the duration of a statement. */
typedef struct Condition
{
	bool is_begun;
	bool may_insert;
	int32 pipeline;
	Oid user;
	RejectGate *gate; /* NULL: no row is rejected */
	uint64 version;
} Condition;

PG_FUNCTION_INFO_V1(sessionize_reject);
PG_FUNCTION_INFO_V1(sessionize_not_accepted);

/*
 * find_condition returns what the condition's function needs, looked up once for many rows.
 */
static Condition *
find_condition(FunctionCallInfo fcinfo, int32 pipeline)
{
	Condition *condition = fcinfo->flinfo->fn_extra;

	if (condition == NULL)
		condition = fcinfo->flinfo->fn_extra =
			MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Condition));
	if (condition->is_begun && condition->pipeline == pipeline && condition->user == GetUserId() &&
		condition->gate != NULL && reject_gate_is_current(condition->gate, condition->version))
		return condition;
	*condition = (Condition){.is_begun = true, .pipeline = pipeline, .user = GetUserId()};
	condition->may_insert = capture_source_may_insert(pipeline, condition->user);
	if (condition->may_insert)
		condition->gate = reject_gate(pipeline, &condition->version);
	return condition;
}

/*
 * sessionize_not_accepted is the function of the trigger's WHEN condition. It raises an error about
 * a row that is rejected and returns false for others, or leaves the row to the trigger and returns
 * true.
 */
Datum
sessionize_not_accepted(PG_FUNCTION_ARGS)
{
	Condition *condition;
	HeapTupleHeader header;
	HeapTupleData row = {0};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(true);
	condition = find_condition(fcinfo, PG_GETARG_INT32(0));
	if (!condition->may_insert)
		PG_RETURN_BOOL(true);
	if (condition->gate == NULL)
		PG_RETURN_BOOL(false);
	header = PG_GETARG_HEAPTUPLEHEADER(1);
	if (!reject_gate_takes(condition->gate, HeapTupleHeaderGetTypeId(header)))
		PG_RETURN_BOOL(true);
	row.t_data = header;
	row.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&row.t_self);
	reject_gate_judge(condition->gate, &row);
	PG_RETURN_BOOL(false);
}

/*
 * check_call reports a call by any other trigger than contracts of mode "reject" create.
 */
static void
check_call(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event) || TRIGGER_FIRED_BY_DELETE(data->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("sessionize.reject() can only be a trigger AFTER INSERT OR UPDATE "
							   "... FOR EACH ROW"),
						errhint("A contract of mode 'reject' makes it on the raw table.")));
}

/*
 * sessionize_reject judges a row that the condition has left to it.
 */
Datum
sessionize_reject(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	RejectGate *gate;
	uint64 version;
	HeapTuple tuple;
	HeapTuple row;
	bool is_copy;

	check_call(fcinfo);
	gate = reject_gate(capture_pipeline_id(data->tg_trigger), &version);
	if (gate == NULL)
		return PointerGetDatum(NULL);
	tuple = ExecFetchSlotHeapTuple(TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newslot
																		   : data->tg_trigslot,
								   false, &is_copy);
	row = reject_gate_convert(gate, data->tg_relation, tuple);
	if (row != NULL)
		reject_gate_judge(gate, row);
	return PointerGetDatum(NULL);
}
