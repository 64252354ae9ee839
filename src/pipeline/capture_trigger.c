/*
 * capture_trigger.c
 *		The triggers on a raw table that log what changes.
 *
 * They are made past ALTER TABLE ... ENABLE ALWAYS TRIGGER, which is for the table's owner: the privilege
 * TRIGGER suffices.  A trigger is known by its function and argument, whatever its name.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_func.h"
#include "pipeline/capture_source.h"
#include "pipeline/capture_trigger.h"
#include "utils/reltrigger.h"

/*
 * trigger_function returns the trigger function of this name; InvalidOid where there is none.
 */
static Oid
trigger_function(const char *name)
{
	return LookupFuncName(list_make2(makeString("sessionize"), makeString(pstrdup(name))), 0, NULL, true);
}

/*
 * find_trigger returns a pipeline's trigger on a relation, NULL where there is none.
 */
static Trigger *
find_trigger(Relation relation, Oid function, int32 pipeline)
{
	TriggerDesc *triggers = relation->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		if (triggers->triggers[i].tgfoid == function &&
			capture_pipeline_id(&triggers->triggers[i]) == pipeline)
			return &triggers->triggers[i];
	return NULL;
}

/*
 * create_trigger makes a trigger AFTER something that always fires, on partitions as well if it is for rows.
 */
static void
create_trigger(Relation relation, const char *function, bool for_row, int16 events, int32 pipeline)
{
	CreateTrigStmt *statement = makeNode(CreateTrigStmt);

	statement->trigname = psprintf("sessionize_%s_%d", function, pipeline);
	statement->funcname = list_make2(makeString("sessionize"), makeString(pstrdup(function)));
	statement->args = list_make1(makeString(psprintf("%d", pipeline)));
	statement->row = for_row;
	statement->timing = TRIGGER_TYPE_AFTER;
	statement->events = events;
	(void) CreateTriggerFiringOn(statement, "", RelationGetRelid(relation), InvalidOid, InvalidOid,
								 InvalidOid, InvalidOid, InvalidOid, NULL, false, false,
								 TRIGGER_FIRES_ALWAYS);
}

/*
 * capture_trigger_create makes a pipeline's triggers.
 */
void
capture_trigger_create(int32 pipeline, Relation raw)
{
	create_trigger(raw, "capture", true, TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE,
				   pipeline);
	CommandCounterIncrement();
}

/*
 * drop_trigger drops a trigger, those of the partitions included.
 */
static void
drop_trigger(Trigger *trigger)
{
	ObjectAddress address;

	ObjectAddressSet(address, TriggerRelationId, trigger->tgoid);
	performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
}

/*
 * capture_trigger_drop drops a pipeline's triggers.
 */
void
capture_trigger_drop(int32 pipeline, Oid raw)
{
	Relation relation = OidIsValid(raw) ? try_table_open(raw, AccessExclusiveLock) : NULL;
	Trigger *trigger;

	if (relation == NULL)
		return;
	trigger = find_trigger(relation, trigger_function("capture"), pipeline);
	if (trigger != NULL)
		drop_trigger(trigger);
	table_close(relation, NoLock);
	CommandCounterIncrement();
}
