/*
 * capture_trigger.c
 *		The triggers on a raw table that log changes.
 *
 * They are created as the extension's owner, for any role with the privilege TRIGGER on the raw
 * table: the SQL command would need this privilege on each partition as well, and ENABLE ALWAYS is
 * reserved to the table's owner. A trigger is identified by its function and argument, whatever its
 * name is.
 *
 * There is one trigger for rows, or there are two if inserted rows are captured in a condition
 * (capture.c).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "utils/reltrigger.h"

#include "capture/capture_condition.h"
#include "capture/capture_source.h"
#include "capture/capture_trigger.h"
#include "capture/captured_tables.h"
#include "capture/trigger_state.h"
#include "catalog/owner_scope.h"
#include "spi/scope.h"

#define CAPTURE_FUNCTION  "capture"
#define TRUNCATE_FUNCTION "capture_truncate"

/*
 * find_trigger returns a pipeline's trigger on a relation; NULL if there is none.
 */
static Trigger *
find_trigger(Relation relation, Oid function, int32 pipeline)
{
	TriggerDesc *triggers = relation->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger *trigger = &triggers->triggers[i];

		if (trigger->tgfoid == function && capture_pipeline_id(trigger) == pipeline)
			return trigger;
	}
	return NULL;
}

/*
 * capture_trigger_name returns the name of one of a pipeline's triggers.
 */
char *
capture_trigger_name(const char *name, int32 pipeline)
{
	return psprintf("sessionize_%s_%d", name, pipeline);
}

/*
 * capture_trigger_make creates a trigger, or replaces the one of this name.
 */
void
capture_trigger_make(int32 pipeline, Oid table, const CaptureTrigger *trigger)
{
	CreateTrigStmt *statement = makeNode(CreateTrigStmt);
	OwnerScope scope;

	statement->trigname = capture_trigger_name(trigger->name, pipeline);
	statement->funcname =
		list_make2(makeString("sessionize"), makeString(pstrdup(trigger->function)));
	statement->args = list_make1(makeString(psprintf("%d", pipeline)));
	statement->replace = trigger->replace;
	statement->row = (trigger->events & TRIGGER_TYPE_TRUNCATE) == 0;
	statement->timing = trigger->timing;
	statement->events = trigger->events;
	statement->whenClause = trigger->when;
	extension_scope_enter(&scope);
	(void) CreateTriggerFiringOn(statement, "", table, InvalidOid, InvalidOid, InvalidOid,
								 InvalidOid, InvalidOid, NULL, false, false, trigger->fires);
	owner_scope_leave(&scope);
	CommandCounterIncrement();
}

/*
 * find_on opens a table, which the caller must close, and returns a pipeline's trigger on it; NULL
 * if there is none.
 */
static Trigger *
find_on(Oid table, LOCKMODE lock, Oid function, int32 pipeline, Relation *relation)
{
	*relation = table_open(table, lock);
	return find_trigger(*relation, function, pipeline);
}

/*
 * capture_trigger_add_truncate creates the trigger for TRUNCATE on a table that stores rows itself.
 */
void
capture_trigger_add_truncate(int32 pipeline, Oid table)
{
	Relation relation;
	bool wanted = find_on(table, AccessShareLock, capture_functions().truncate, pipeline,
						  &relation) == NULL &&
				  RELKIND_HAS_TABLE_AM(relation->rd_rel->relkind);

	table_close(relation, NoLock);
	if (wanted)
		capture_trigger_make(pipeline, table,
							 &(CaptureTrigger){.name = TRUNCATE_FUNCTION,
											   .function = TRUNCATE_FUNCTION,
											   .timing = TRIGGER_TYPE_BEFORE,
											   .events = TRIGGER_TYPE_TRUNCATE,
											   .fires = TRIGGER_FIRES_ALWAYS});
}

/*
 * insert_condition returns the WHEN condition that captures an inserted row; NULL if its key or a
 * time is computed by an expression.
 */
static Node *
insert_condition(int32 pipeline, Relation raw)
{
	CaptureSource *source = capture_source_of(raw, pipeline, true);

	return source == NULL
			   ? NULL
			   : capture_condition_make(pipeline, raw, capture_source_attributes(source));
}

/*
 * has_insert_trigger tells whether inserted rows have a trigger of their own.
 */
static bool
has_insert_trigger(int32 pipeline, Relation raw)
{
	return OidIsValid(get_trigger_oid(
		RelationGetRelid(raw), capture_trigger_name(CAPTURE_FUNCTION "_insert", pipeline), true));
}

/*
 * create_row_trigger creates a row trigger.
 */
static void
create_row_trigger(int32 pipeline, Oid table, const char *name, int16 events, Node *when,
				   bool replace)
{
	capture_trigger_make(pipeline, table,
						 &(CaptureTrigger){.name = name,
										   .function = CAPTURE_FUNCTION,
										   .timing = TRIGGER_TYPE_AFTER,
										   .events = events,
										   .fires = TRIGGER_FIRES_ALWAYS,
										   .when = when,
										   .replace = replace});
}

/*
 * create_row_triggers creates the row triggers, or replaces them, so that their OIDs stay. A
 * trigger for inserted rows then stays even if it has no condition any longer: to drop it would
 * lock out readers.
 */
static void
create_row_triggers(int32 pipeline, Relation raw, bool replace)
{
	Oid table = RelationGetRelid(raw);
	Node *when = insert_condition(pipeline, raw);
	bool apart = when != NULL || (replace && has_insert_trigger(pipeline, raw));

	if (apart)
		create_row_trigger(pipeline, table, CAPTURE_FUNCTION "_insert", TRIGGER_TYPE_INSERT, when,
						   replace);
	create_row_trigger(pipeline, table, CAPTURE_FUNCTION,
					   apart ? ALL_ROW_EVENTS & ~TRIGGER_TYPE_INSERT : ALL_ROW_EVENTS, NULL,
					   replace);
}

/*
 * capture_trigger_adapt replaces the row triggers.
 */
void
capture_trigger_adapt(int32 pipeline, Relation raw)
{
	create_row_triggers(pipeline, raw, true);
}

/*
 * capture_trigger_create creates a pipeline's triggers, and has capture watch their tables.
 */
void
capture_trigger_create(int32 pipeline, Relation raw)
{
	List *members;
	ListCell *cell;

	/* once the row triggers exist, no partition comes or goes until the transaction ends */
	create_row_triggers(pipeline, raw, false);
	members = raw_tree_members(RelationGetRelid(raw), NULL);
	raw_members_check(members, NULL);
	foreach (cell, members)
		capture_trigger_add_truncate(pipeline, ((const RawMember *) lfirst(cell))->relid);
	captured_tables_add(pipeline, members);
}

/*
 * drop_triggers drops a pipeline's triggers with this function on a table. Dependent triggers on
 * partitions are dropped with them.
 */
static void
drop_triggers(Oid table, Oid function, int32 pipeline)
{
	Relation relation;
	Trigger *trigger = find_on(table, AccessExclusiveLock, function, pipeline, &relation);

	while (trigger != NULL)
	{
		ObjectAddress address;

		ObjectAddressSet(address, TriggerRelationId, trigger->tgoid);
		/* an internal deletion does not fire the event trigger for dropped objects */
		performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
		CommandCounterIncrement();
		trigger = find_trigger(relation, function, pipeline);
	}
	table_close(relation, NoLock);
}

/*
 * capture_trigger_drop_truncate drops a table's trigger for TRUNCATE.
 */
void
capture_trigger_drop_truncate(int32 pipeline, Oid table)
{
	drop_triggers(table, capture_functions().truncate, pipeline);
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
	drop_triggers(raw, capture_functions().capture, pipeline);
	drop_triggers(raw, capture_functions().reject, pipeline);
	foreach (cell, raw_tree_members(raw, NULL))
		capture_trigger_drop_truncate(pipeline, ((const RawMember *) lfirst(cell))->relid);
}
