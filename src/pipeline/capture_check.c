/*
 * capture_check.c
 *		Whether every change of a pipeline's raw rows is logged.
 *
 * ALTER TABLE ... DISABLE and ENABLE TRIGGER ALL leave a trigger that fires in ordinary sessions only, so this is
 * looked at again and again, as cheaply as can be.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "pipeline/capture_trigger.h"
#include "pipeline/sql.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* The last pipeline that was found intact, and the tables looked at. */
static struct
{
	int32 pipeline; /* 0: none */
	List *tables;   /* in TopMemoryContext */
} intact = {0, NIL};

/*
 * at_relation_change forgets what was found, when one of its tables changes (InvalidOid: any).
 */
static void
at_relation_change(Datum arg pg_attribute_unused(), Oid relation)
{
	if (intact.pipeline != 0 && (!OidIsValid(relation) || list_member_oid(intact.tables, relation)))
		intact.pipeline = 0;
}

/*
 * remember keeps in mind that a pipeline is intact.
 */
static void
remember(const Pipeline *pipeline, List *tables)
{
	static bool registered = false;
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	if (!registered)
		CacheRegisterRelcacheCallback(at_relation_change, (Datum) 0);
	registered = true;
	intact.pipeline = 0;
	list_free(intact.tables);
	intact.tables = list_copy(tables);
	intact.pipeline = pipeline->id;
	MemoryContextSwitchTo(caller);
}

/*
 * has_children tells whether other tables inherit from a table that is not partitioned: their rows are read with its own,
 * but no trigger of its own sees them.
 */
static bool
has_children(const Pipeline *pipeline, List *tables)
{
	return list_length(tables) > 1 && get_rel_relkind(pipeline->source) != RELKIND_PARTITIONED_TABLE;
}

/*
 * find_fault returns the first table whose changes are not all logged, InvalidOid where there is none.
 */
static Oid
find_fault(const Pipeline *pipeline, List *tables)
{
	ListCell *cell;

	foreach (cell, tables)
		if (!capture_trigger_fires(pipeline->id, lfirst_oid(cell)))
			return lfirst_oid(cell);
	return has_children(pipeline, tables) ? llast_oid(tables) : InvalidOid;
}

/*
 * look looks at the triggers, unless it is known that they are as they should be.
 */
static Oid
look(const Pipeline *pipeline)
{
	List *tables;
	Oid fault;

	if (intact.pipeline == pipeline->id)
		return InvalidOid;
	/* as DDL does: the table before its partitions */
	LockRelationOid(pipeline->source, AccessShareLock);
	tables = find_all_inheritors(pipeline->source, AccessShareLock, NULL);
	fault = find_fault(pipeline, tables);
	if (!OidIsValid(fault))
		remember(pipeline, tables);
	return fault;
}

/*
 * capture_is_intact tells whether every change is logged.
 */
bool
capture_is_intact(const Pipeline *pipeline)
{
	return pipeline->capture && !OidIsValid(look(pipeline));
}

/*
 * capture_check reports that not every change is logged.
 */
void
capture_check(const Pipeline *pipeline)
{
	const char *name = quote_literal_cstr(pipeline->name);
	Oid fault;

	if (!pipeline->capture)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("changes of the raw rows of pipeline \"%s\" are not logged", pipeline->name),
						errdetail("It was created with capture => false."),
						errhint("CALL sessionize.rebuild(%s); or SELECT sessionize.enable_capture(%s);", name,
								name)));
	fault = look(pipeline);
	if (OidIsValid(fault))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("changes of table %s are not logged for pipeline \"%s\"",
							   sql_qualified_name(fault), pipeline->name),
						errdetail("Its trigger on sessionize.capture() is gone or does not always fire."),
						errhint("SELECT sessionize.enable_capture(%s); and CALL sessionize.rebuild(%s);",
								name, name)));
}
