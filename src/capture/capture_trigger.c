/*
 * capture_trigger.c
 *		The triggers on a raw table that log what changes.
 *
 * They are made as the extension, for whoever has the privilege TRIGGER on the raw table: by SQL it would take that
 * on each partition, and ENABLE ALWAYS is for owners.  A trigger is known by its function and argument, whatever its name.
 *
 * For rows it is one trigger, or two where inserted rows are captured in a condition (capture.c).
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

/* What row triggers have to fire for. */
#define ALL_EVENTS (TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE)

/*
 * is_ours tells whether a trigger is a pipeline's, of this function.
 */
static bool
is_ours(const Trigger *trigger, Oid function, int32 pipeline)
{
	return trigger->tgfoid == function && capture_pipeline_id(trigger) == pipeline;
}

/*
 * find_trigger returns a pipeline's trigger on a relation, NULL where there is none.
 */
static Trigger *
find_trigger(Relation relation, Oid function, int32 pipeline)
{
	TriggerDesc *triggers = relation->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		if (is_ours(&triggers->triggers[i], function, pipeline))
			return &triggers->triggers[i];
	return NULL;
}

/*
 * create_trigger makes a trigger that always fires, on partitions as well if it is for rows.
 */
static void
create_trigger(Oid relation, const char *name, const char *function, int16 timing, int16 events, Node *when,
			   int32 pipeline)
{
	CreateTrigStmt *statement = makeNode(CreateTrigStmt);
	OwnerScope scope;

	statement->trigname = psprintf("sessionize_%s_%d", name, pipeline);
	statement->funcname = list_make2(makeString("sessionize"), makeString(pstrdup(function)));
	statement->args = list_make1(makeString(psprintf("%d", pipeline)));
	statement->row = (events & TRIGGER_TYPE_TRUNCATE) == 0;
	statement->timing = timing;
	statement->events = events;
	statement->whenClause = when;
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
find_on(Oid table, LOCKMODE lock, Oid function, int32 pipeline, Relation *relation)
{
	*relation = table_open(table, lock);
	return find_trigger(*relation, function, pipeline);
}

/*
 * capture_trigger_add_truncate makes the trigger for TRUNCATE on a table that has rows of its own.
 */
void
capture_trigger_add_truncate(int32 pipeline, Oid table)
{
	Relation relation;
	bool wanted =
		find_on(table, AccessShareLock, capture_functions().truncate, pipeline, &relation) == NULL &&
		RELKIND_HAS_TABLE_AM(relation->rd_rel->relkind);

	table_close(relation, NoLock);
	if (wanted)
		create_trigger(table, TRUNCATE_FUNCTION, TRUNCATE_FUNCTION, TRIGGER_TYPE_BEFORE,
					   TRIGGER_TYPE_TRUNCATE, NULL, pipeline);
}

/*
 * insert_condition returns the condition in which an inserted row is captured, NULL where its key or its times are more than columns.
 */
static Node *
insert_condition(int32 pipeline, Relation raw)
{
	CaptureSource *source = capture_source_of(raw, pipeline, true);

	return source == NULL ? NULL : capture_condition_make(pipeline, raw, capture_source_attributes(source));
}

/*
 * create_row_triggers makes the triggers for rows.
 */
static void
create_row_triggers(int32 pipeline, Relation raw)
{
	Oid table = RelationGetRelid(raw);
	Node *when = insert_condition(pipeline, raw);

	if (when != NULL)
		create_trigger(table, CAPTURE_FUNCTION "_insert", CAPTURE_FUNCTION, TRIGGER_TYPE_AFTER,
					   TRIGGER_TYPE_INSERT, when, pipeline);
	create_trigger(table, CAPTURE_FUNCTION, CAPTURE_FUNCTION, TRIGGER_TYPE_AFTER,
				   when == NULL ? ALL_EVENTS : ALL_EVENTS & ~TRIGGER_TYPE_INSERT, NULL, pipeline);
}

/*
 * capture_trigger_create makes a pipeline's triggers, and has capture watch the tables that they are on.
 */
void
capture_trigger_create(int32 pipeline, Relation raw)
{
	List *members;
	ListCell *cell;

	/* once these are there, no partition comes or goes until the transaction ends */
	create_row_triggers(pipeline, raw);
	members = raw_tree_members(RelationGetRelid(raw), NULL);
	raw_members_check(members, NULL);
	foreach (cell, members)
		capture_trigger_add_truncate(pipeline, ((const RawMember *) lfirst(cell))->relid);
	captured_tables_add(pipeline, members);
}

/*
 * drop_triggers drops a pipeline's triggers of a function on a table, with those of the partitions that depend on them.
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
		/* internal: the event trigger for dropped triggers needn't know */
		performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
		CommandCounterIncrement();
		trigger = find_trigger(relation, function, pipeline);
	}
	table_close(relation, NoLock);
}

/*
 * capture_trigger_drop_truncate drops the trigger for TRUNCATE of a table.
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
	foreach (cell, raw_tree_members(raw, NULL))
		capture_trigger_drop_truncate(pipeline, ((const RawMember *) lfirst(cell))->relid);
}
