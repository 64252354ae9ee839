/*
 * reject_trigger.c
 *		The trigger on a raw table that rejects rows.
 *
 * A raw table has it only once a contract of mode "reject" has been active, so that other pipelines
 * pay nothing for it. When no such contract is left, the trigger is disabled and not dropped: to
 * drop it would lock out readers.
 *
 * It does not fire where rows are replicated or a dump is restored (session_replication_role =
 * replica): the rows have been accepted where they come from, and an error would stop the
 * replication. A violation among them is quarantined.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "utils/rel.h"

#include "capture/capture_trigger.h"
#include "capture/reject_trigger.h"
#include "catalog/pipeline_contracts.h"
#include "spi/privileges.h"

#define REJECT_TRIGGER     "reject"
#define CONDITION_FUNCTION "not_accepted"

/*
 * condition returns the trigger's condition, which judges the new row.
 */
static Node *
condition(int32 pipeline)
{
	A_Const *id = makeNode(A_Const);
	ColumnRef *row = makeNode(ColumnRef);

	id->val.ival = *makeInteger(pipeline);
	id->location = -1;
	row->fields = list_make2(makeString("new"), makeNode(A_Star));
	row->location = -1;
	return (Node *) makeFuncCall(
		list_make2(makeString("sessionize"), makeString(CONDITION_FUNCTION)), list_make2(id, row),
		COERCE_EXPLICIT_CALL, -1);
}

/*
 * has_trigger tells whether the raw table has the trigger.
 */
static bool
has_trigger(const Pipeline *pipeline)
{
	return OidIsValid(get_trigger_oid(pipeline->source,
									  capture_trigger_name(REJECT_TRIGGER, pipeline->id), true));
}

/*
 * reject_trigger_check reports that the current user may not have a trigger created.
 */
void
reject_trigger_check(const Pipeline *after)
{
	if (pipeline_contracts_reject(after->contracts) && !has_trigger(after))
		check_may_add_triggers(after->source);
}

/*
 * make_trigger creates the trigger, or replaces it.  Either locks the table and its partitions
 * against writers, and tells all sessions that the table has changed, so that their gates are made
 * anew (reject_gate.c).
 */
static void
make_trigger(const Pipeline *pipeline, char fires)
{
	capture_trigger_make(pipeline->id, pipeline->source,
						 &(CaptureTrigger){.name = REJECT_TRIGGER,
										   .function = REJECT_TRIGGER,
										   .timing = TRIGGER_TYPE_AFTER,
										   .events = TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE,
										   .fires = fires,
										   .when = condition(pipeline->id),
										   .replace = has_trigger(pipeline)});
}

/*
 * rejection_text says what the rejection of rows depends on.
 */
static char *
rejection_text(const PipelineContracts *contracts)
{
	StringInfoData text;

	initStringInfo(&text);
	if (!pipeline_contracts_reject(contracts))
		return text.data;
	pipeline_contracts_append_text(contracts, &text);
	for (int i = 0; i < contracts->count; i++)
		appendStringInfo(&text, " %s", contract_mode_name(contracts->list[i].mode));
	return text.data;
}

/*
 * reject_trigger_change has the raw table reject what the changed contracts say.
 */
void
reject_trigger_change(const Pipeline *before, const Pipeline *after)
{
	bool rejects = pipeline_contracts_reject(after->contracts);

	if (strcmp(rejection_text(before->contracts), rejection_text(after->contracts)) == 0 ||
		(!rejects && !has_trigger(after)))
		return;
	reject_trigger_check(after);
	make_trigger(after, rejects ? TRIGGER_FIRES_ON_ORIGIN : TRIGGER_DISABLED);
}

/*
 * reject_trigger_ensure has the raw table reject what the contracts say.
 */
void
reject_trigger_ensure(const Pipeline *pipeline)
{
	if (!pipeline_contracts_reject(pipeline->contracts))
		return;
	reject_trigger_check(pipeline);
	make_trigger(pipeline, TRIGGER_FIRES_ON_ORIGIN);
}
