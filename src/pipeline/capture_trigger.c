/*
 * capture_trigger.c
 *		The triggers on a raw table that log what changes.
 *
 * They are made as the extension, for whoever has the privilege TRIGGER on the raw table: by SQL it would take that
 * on each partition, and ENABLE ALWAYS is for owners.  A trigger is known by its function and argument, whatever its name.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_func.h"
#include "pipeline/capture_source.h"
#include "pipeline/capture_trigger.h"
#include "pipeline/catalog.h"
#include "utils/reltrigger.h"

#define CAPTURE_FUNCTION  "capture"
#define TRUNCATE_FUNCTION "capture_truncate"

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
 * create_trigger makes a trigger that always fires, on partitions as well if it is for rows.
 */
static void
create_trigger(Oid relation, const char *function, bool for_row, int16 timing, int16 events, int32 pipeline)
{
	CreateTrigStmt *statement = makeNode(CreateTrigStmt);
	OwnerScope scope;

	statement->trigname = psprintf("sessionize_%s_%d", function, pipeline);
	statement->funcname = list_make2(makeString("sessionize"), makeString(pstrdup(function)));
	statement->args = list_make1(makeString(psprintf("%d", pipeline)));
	statement->row = for_row;
	statement->timing = timing;
	statement->events = events;
	extension_scope_enter(&scope);
	(void) CreateTriggerFiringOn(statement, "", relation, InvalidOid, InvalidOid, InvalidOid, InvalidOid,
								 InvalidOid, NULL, false, false, TRIGGER_FIRES_ALWAYS);
	owner_scope_leave(&scope);
	CommandCounterIncrement();
}

/*
 * find_on opens a table and returns a pipeline's trigger on it, NULL where there is none; the caller closes.
 */
static Trigger *
find_on(Oid table, LOCKMODE lock, const char *function, int32 pipeline, Relation *relation)
{
	*relation = table_open(table, lock);
	return find_trigger(*relation, trigger_function(function), pipeline);
}

/*
 * capture_trigger_add_truncate makes the trigger for TRUNCATE on a table that has rows of its own.
 */
void
capture_trigger_add_truncate(int32 pipeline, Oid table)
{
	Relation relation;
	bool wanted = find_on(table, AccessShareLock, TRUNCATE_FUNCTION, pipeline, &relation) == NULL &&
				  RELKIND_HAS_TABLE_AM(relation->rd_rel->relkind);

	table_close(relation, NoLock);
	if (wanted)
		create_trigger(table, TRUNCATE_FUNCTION, false, TRIGGER_TYPE_BEFORE, TRIGGER_TYPE_TRUNCATE, pipeline);
}

/*
 * capture_trigger_create makes a pipeline's triggers.
 */
void
capture_trigger_create(int32 pipeline, Relation raw)
{
	ListCell *cell;

	create_trigger(RelationGetRelid(raw), CAPTURE_FUNCTION, true, TRIGGER_TYPE_AFTER,
				   TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE, pipeline);
	foreach (cell, find_all_inheritors(RelationGetRelid(raw), AccessShareLock, NULL))
		capture_trigger_add_truncate(pipeline, lfirst_oid(cell));
}

/*
 * drop_trigger drops a pipeline's trigger on a table, if it is there, with those of the partitions that depend on it.
 */
static void
drop_trigger(Oid table, const char *function, int32 pipeline)
{
	Relation relation;
	Trigger *trigger = find_on(table, AccessExclusiveLock, function, pipeline, &relation);

	if (trigger != NULL)
	{
		ObjectAddress address;

		ObjectAddressSet(address, TriggerRelationId, trigger->tgoid);
		/* internal: the event trigger for dropped triggers needn't know */
		performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
		CommandCounterIncrement();
	}
	table_close(relation, NoLock);
}

/*
 * capture_trigger_drop_truncate drops the trigger for TRUNCATE of a table.
 */
void
capture_trigger_drop_truncate(int32 pipeline, Oid table)
{
	drop_trigger(table, TRUNCATE_FUNCTION, pipeline);
}

/*
 * capture_trigger_drop drops a pipeline's triggers.
 */
void
capture_trigger_drop(int32 pipeline, Oid raw)
{
	ListCell *cell;

	if (!OidIsValid(raw))
		return;
	drop_trigger(raw, CAPTURE_FUNCTION, pipeline);
	foreach (cell, find_all_inheritors(raw, AccessExclusiveLock, NULL))
		drop_trigger(lfirst_oid(cell), TRUNCATE_FUNCTION, pipeline);
}

/*
 * capture_trigger_fires tells whether the row trigger is there and always fires.
 */
bool
capture_trigger_fires(int32 pipeline, Oid table)
{
	Relation relation;
	Trigger *trigger = find_on(table, AccessShareLock, CAPTURE_FUNCTION, pipeline, &relation);
	bool fires = trigger != NULL && trigger->tgenabled == TRIGGER_FIRES_ALWAYS;

	table_close(relation, NoLock);
	return fires;
}
