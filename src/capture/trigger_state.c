/*
 * trigger_state.c
 *		Which of a pipeline's triggers a table has, and whether they always fire.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "capture/capture_condition.h"
#include "capture/trigger_state.h"

/* What is searched for in pg_trigger, and what was found. */
typedef struct TriggerSearch
{
	int32 pipeline;
	CaptureFunctions functions;
	int16 events; /* the events whose rows are captured */
	TriggerState state;
} TriggerSearch;

/*
 * trigger_function returns the trigger function of this name; InvalidOid if it is missing.
 */
static Oid
trigger_function(const char *name)
{
	return LookupFuncName(list_make2(makeString("sessionize"), makeString(pstrdup(name))), 0, NULL,
						  true);
}

/*
 * capture_functions returns the trigger functions of capture.
 */
CaptureFunctions
capture_functions(void)
{
	return (CaptureFunctions){.capture = trigger_function("capture"),
							  .truncate = trigger_function("capture_truncate"),
							  .reject = trigger_function("reject")};
}

/*
 * text_column returns a column of a row of pg_trigger as a string; NULL if it is NULL.
 */
static char *
text_column(Relation catalog, HeapTuple tuple, AttrNumber column)
{
	bool isnull;
	Datum value = heap_getattr(tuple, column, RelationGetDescr(catalog), &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * has_our_argument tells whether a trigger's only argument is the pipeline's id.
 */
static bool
has_our_argument(Relation catalog, HeapTuple tuple, int32 pipeline)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

	/* tgargs is a bytea in which each argument ends with a null byte */
	return form->tgnargs == 1 && strcmp(text_column(catalog, tuple, Anum_pg_trigger_tgargs),
										psprintf("%d", pipeline)) == 0;
}

/*
 * captured_events returns the events whose rows a trigger captures: none if its condition is not
 * ours.
 */
static int16
captured_events(Relation catalog, HeapTuple tuple, int32 pipeline)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
	const char *condition = text_column(catalog, tuple, Anum_pg_trigger_tgqual);

	if (!TRIGGER_FOR_ROW(form->tgtype) || !TRIGGER_FOR_AFTER(form->tgtype) || form->tgattr.dim1 > 0)
		return 0;
	if (condition == NULL)
		return form->tgtype & ALL_ROW_EVENTS;
	return capture_condition_is_ours(condition, pipeline) ? form->tgtype & TRIGGER_TYPE_INSERT : 0;
}

/*
 * look_at_row_trigger adds a row trigger to the state.
 */
static void
look_at_row_trigger(TriggerSearch *search, Relation catalog, HeapTuple tuple)
{
	Oid trigger = ((Form_pg_trigger) GETSTRUCT(tuple))->oid;
	int16 events = captured_events(catalog, tuple, search->pipeline);

	search->events |= events;
	if ((events & TRIGGER_TYPE_DELETE) != 0 &&
		(!OidIsValid(search->state.row_trigger) || trigger < search->state.row_trigger))
		search->state.row_trigger = trigger;
}

/*
 * look_at_trigger adds a trigger to the state, if it is the pipeline's and always fires.
 */
static void
look_at_trigger(TriggerSearch *search, Relation catalog, HeapTuple tuple)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

	if (form->tgenabled != TRIGGER_FIRES_ALWAYS ||
		!has_our_argument(catalog, tuple, search->pipeline))
		return;
	if (form->tgfoid == search->functions.capture)
		look_at_row_trigger(search, catalog, tuple);
	else if (form->tgfoid == search->functions.truncate)
		search->state.for_truncate |= TRIGGER_FOR_TRUNCATE(form->tgtype) &&
									  TRIGGER_FOR_BEFORE(form->tgtype) &&
									  text_column(catalog, tuple, Anum_pg_trigger_tgqual) == NULL;
}

/*
 * trigger_state returns the state of a pipeline's triggers on a table.
 */
TriggerState
trigger_state(int32 pipeline, Oid table, Snapshot snapshot)
{
	TriggerSearch search = {.pipeline = pipeline, .functions = capture_functions()};
	Relation catalog = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(table));
	scan = systable_beginscan(catalog, TriggerRelidNameIndexId, true, snapshot, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		look_at_trigger(&search, catalog, tuple);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	search.state.for_rows = search.events == ALL_ROW_EVENTS;
	return search.state;
}

/*
 * trigger_state_is_complete tells whether a table has all triggers that it needs.
 */
bool
trigger_state_is_complete(const TriggerState *state, const RawMember *table)
{
	return state->for_rows && (state->for_truncate || !raw_member_has_rows(table));
}

/*
 * trigger_state_has_all tells whether a table has all triggers that it needs now.
 */
bool
trigger_state_has_all(int32 pipeline, const RawMember *table)
{
	TriggerState state = trigger_state(pipeline, table->relid, NULL);

	return trigger_state_is_complete(&state, table);
}
