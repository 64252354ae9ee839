/*
 * group_funnel.c
 *		Computes funnel and funnel_times for each key of the node SessionGroup.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "core/funnel.h"
#include "functions/funnel.h"
#include "functions/funnel_mode.h"
#include "functions/group_aggregate.h"
#include "functions/step_table.h"
#include "utils/arguments.h"

enum
{
	RESULT_DEPTH,
	RESULT_TIMES
};

typedef struct GroupFunnel
{
	const KeyType *type;
	RowValue ts;
	RowValue within;
	RowValue mode; /* not initialized unless has_mode */
	bool has_mode;
	StepReader *steps;

	int nconditions; /* steps, and what is excluded */

	bool known; /* funnel is set, which the first row does, as in the aggregate */
	SzFunnel funnel;
	StepTable table;
	FunnelMode parsed; /* has what funnel excludes */
} GroupFunnel;

/*
 * create prepares the arguments.
 */
static void *
create(const GroupInput *input)
{
	GroupFunnel *funnel = palloc0(sizeof(*funnel));
	List *steps = llast(input->arguments);

	funnel->type = input->type;
	row_value_init(&funnel->ts, linitial(input->arguments), input->econtext, input->node);
	row_value_init(&funnel->within, lsecond(input->arguments), input->econtext, input->node);
	funnel->has_mode = list_length(input->arguments) > 3;
	if (funnel->has_mode)
		row_value_init(&funnel->mode, lthird(input->arguments), input->econtext, input->node);
	funnel->steps = step_reader_for_node(steps, input->node);
	funnel->nconditions = list_length(steps);
	return funnel;
}

/*
 * start begins with an empty table.
 */
static KeyTable *
start(void *agg, MemoryContext cxt)
{
	GroupFunnel *funnel = agg;

	funnel->known = false;
	step_reader_forget(funnel->steps);
	step_table_init(&funnel->table, funnel->type, cxt);
	return &funnel->table.keys;
}

/*
 * set_slot says in which slot the next rows come.
 */
static void
set_slot(void *agg, TupleTableSlot *slot)
{
	GroupFunnel *funnel = agg;

	row_value_set_slot(&funnel->ts, slot);
	step_reader_set_slot(funnel->steps, slot);
}

/*
 * read_parameters evaluates the arguments that are the same for all rows.
 */
static void
read_parameters(GroupFunnel *funnel)
{
	bool within_isnull;
	bool mode_isnull = true;
	Datum within = row_value_get(&funnel->within, &within_isnull);
	Datum mode = funnel->has_mode ? row_value_get(&funnel->mode, &mode_isnull) : (Datum) 0;

	if (funnel->has_mode && mode_isnull)
		funnel_report_null_mode();
	funnel->funnel.within =
		sz_interval_usecs(within_isnull ? NULL : DatumGetIntervalP(within), "within");
	memset(&funnel->parsed, 0, sizeof(funnel->parsed));
	if (!mode_isnull)
		funnel_mode_parse(DatumGetTextPP(mode), &funnel->parsed);
	funnel_mode_apply(&funnel->parsed, funnel->nconditions, &funnel->funnel);
	funnel->known = true;
}

/*
 * row returns a row's event, or STEP_NO_EVENT.
 */
static SzInterval
row(void *agg)
{
	GroupFunnel *funnel = agg;
	bool isnull;
	TimestampTz ts = DatumGetTimestampTz(row_value_get(&funnel->ts, &isnull));
	uint32 mask = step_reader_mask(funnel->steps);

	if (unlikely(!funnel->known))
		read_parameters(funnel);
	if (isnull)
		return STEP_NO_EVENT;
	sz_require_finite(ts);
	return mask != 0 || sz_funnel_needs_all(funnel->funnel.mode) ? STEP_EVENT(ts, mask)
																 : STEP_NO_EVENT;
}

/*
 * next gets the next key.
 */
static const KeyEntry *
next(void *agg)
{
	GroupFunnel *funnel = agg;

	return step_table_next(&funnel->table);
}

/*
 * result returns the key's depth, or the times of its steps.
 */
static Datum
result(void *agg, int number, bool *isnull)
{
	GroupFunnel *funnel = agg;
	const StepList *events = funnel->table.events;
	TimestampTz times[SZ_MAX_STEPS];
	int depth = sz_funnel_depth(&funnel->funnel, events->items, events->count,
								number == RESULT_TIMES ? times : NULL);

	*isnull = false;
	return number == RESULT_DEPTH ? Int32GetDatum(depth) : funnel_times_array(times, depth);
}

/*
 * rewind_table starts over with the first key.
 */
static void
rewind_table(void *agg)
{
	GroupFunnel *funnel = agg;

	step_table_rewind(&funnel->table);
}

#define GROUP_FUNNEL_METHODS                                                                       \
	.finals = {sz_funnel_final, sz_funnel_times_final}, .key_bytes = 120, .row_bytes = 16,         \
	.create = create, .start = start, .set_slot = set_slot, .row = row,                            \
	.no_row = {PG_INT64_MAX, PG_INT64_MIN, 0}, .next = next, .result = result,                     \
	.rewind = rewind_table

const GroupAggregate group_funnel = {
	GROUP_FUNNEL_METHODS,
	.transition = sz_funnel_transition,
	.narguments = 3,
	.arguments = {{ARGUMENT_ROW, "Event Time"},
				  {ARGUMENT_CONSTANT, "Within"},
				  {ARGUMENT_STEPS, "Steps"}},
};

const GroupAggregate group_funnel_mode = {
	GROUP_FUNNEL_METHODS,
	.transition = sz_funnel_mode_transition,
	.narguments = 4,
	.arguments = {{ARGUMENT_ROW, "Event Time"},
				  {ARGUMENT_CONSTANT, "Within"},
				  {ARGUMENT_CONSTANT, "Mode"},
				  {ARGUMENT_STEPS, "Steps"}},
};
