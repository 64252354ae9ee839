/*
 * pipeline_objects.c
 *		A pipeline's objects: its schema, views and tables, known by OID and not by name.
 *
 * sessionize.pipeline has the OIDs of the view "source" and of the dirty log; the pipeline's schema
 * is theirs. The other tables and views are looked up in this schema by name. All of them and the
 * schema must have one owner: then no other role can have created them, and work that is done as
 * the owner runs no trigger, rule or policy of another role.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_objects.h"
#include "catalog/star_relation.h"
#include "spi/sql.h"

/*
 * has_name tells whether a relation has this name.
 */
static bool
has_name(Oid relation, const char *name)
{
	const char *actual = get_rel_name(relation);

	return actual != NULL && strcmp(actual, name) == 0;
}

/*
 * schema_has_name tells whether a schema has this name.
 */
static bool
schema_has_name(Oid schema, const char *name)
{
	const char *actual = get_namespace_name(schema);

	return actual != NULL && strcmp(actual, name) == 0;
}

/*
 * pipeline_relations returns the pipeline's views and tables.
 */
List *
pipeline_relations(const Pipeline *pipeline)
{
	List *relations = NIL;

	if (!OidIsValid(pipeline->schema))
		return NIL;
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
	{
		Oid relation = star_relation_oid(pipeline, i);

		if (OidIsValid(relation))
			relations = lappend_oid(relations, relation);
	}
	return relations;
}

/*
 * pipeline_owners returns the roles that own the pipeline's objects.
 */
List *
pipeline_owners(const Pipeline *pipeline)
{
	List *owners = list_make1_oid(pipeline->owner);
	ListCell *cell;

	if (OidIsValid(pipeline->schema))
		owners = list_append_unique_oid(owners, sql_schema_owner(pipeline->schema));
	foreach (cell, pipeline_relations(pipeline))
		owners = list_append_unique_oid(owners, sql_relation_owner(lfirst_oid(cell)));
	return owners;
}

/*
 * find_schema finds the schema of the view and of the dirty log. A dirty log that was renamed, or
 * moved out of this schema, counts as lost.
 */
static void
find_schema(Pipeline *pipeline)
{
	Oid dirty_schema = get_rel_namespace(pipeline->dirty_log);

	if (OidIsValid(pipeline->dirty_log) &&
		!has_name(pipeline->dirty_log, star_relations[STAR_DIRTY].name))
		pipeline->dirty_log = InvalidOid;
	if (!OidIsValid(pipeline->source_view))
		pipeline->schema = dirty_schema;
	else
	{
		pipeline->schema = get_rel_namespace(pipeline->source_view);
		/* if the view or the log was moved, the schema with the pipeline's name is the right one */
		if (OidIsValid(dirty_schema) && !schema_has_name(pipeline->schema, pipeline->name))
			pipeline->schema = dirty_schema;
	}
	if (dirty_schema != pipeline->schema)
		pipeline->dirty_log = InvalidOid;
}

/*
 * adopt_view takes a view "source" that was created again, for example to change a column's type.
 * The view lies in the dirty log's schema and has the dirty log's owner, so no other role has
 * created it.
 */
static void
adopt_view(Pipeline *pipeline)
{
	Oid view;

	if (OidIsValid(pipeline->source_view) || !OidIsValid(pipeline->dirty_log) ||
		!schema_has_name(pipeline->schema, pipeline->name))
		return;
	view = star_relation_oid(pipeline, STAR_SOURCE);
	if (get_rel_relkind(view) == RELKIND_VIEW &&
		sql_relation_owner(view) == sql_relation_owner(pipeline->dirty_log))
		pipeline->source_view = view;
}

/*
 * find_fault returns what is wrong with the pipeline's schema, views and tables.
 */
static PipelineFault
find_fault(const Pipeline *pipeline)
{
	if (!OidIsValid(pipeline->source_view))
		return PIPELINE_VIEW_LOST;
	if (get_rel_namespace(pipeline->source_view) != pipeline->schema ||
		!has_name(pipeline->source_view, star_relations[STAR_SOURCE].name))
		return PIPELINE_VIEW_MOVED;
	if (!schema_has_name(pipeline->schema, pipeline->name))
		return PIPELINE_SCHEMA_RENAMED;
	if (list_length(pipeline_owners(pipeline)) > 1)
		return PIPELINE_OWNERS_DIFFER;
	if (pipeline->is_detached)
		return PIPELINE_DETACHED;
	return pipeline->unknown_zone != NULL ? PIPELINE_ZONE_UNKNOWN : PIPELINE_WHOLE;
}

/*
 * pipeline_find_objects finds out which of a pipeline's objects still exist.
 */
void
pipeline_find_objects(Pipeline *pipeline)
{
	Oid owner;

	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(pipeline->source)))
		pipeline->source = InvalidOid;
	if (get_rel_relkind(pipeline->source_view) != RELKIND_VIEW)
		pipeline->source_view = InvalidOid;
	if (get_rel_relkind(pipeline->dirty_log) != RELKIND_RELATION)
		pipeline->dirty_log = InvalidOid;
	find_schema(pipeline);
	adopt_view(pipeline);
	owner = sql_relation_owner(OidIsValid(pipeline->source_view) ? pipeline->source_view
																 : pipeline->dirty_log);
	pipeline->owner = OidIsValid(owner) ? owner : pipeline->recorded_owner;
	pipeline->fault = find_fault(pipeline);
}

/*
 * owners_text names an object whose owner is not the owner of the view "source".
 */
static char *
owners_text(const Pipeline *pipeline)
{
	char *ours = GetUserNameFromId(pipeline->owner, true);
	Oid other = sql_schema_owner(pipeline->schema);
	char *object = psprintf("Schema %s", quote_identifier(pipeline->name));
	ListCell *cell;

	foreach (cell, pipeline_relations(pipeline))
	{
		if (other != pipeline->owner)
			break;
		other = sql_relation_owner(lfirst_oid(cell));
		object =
			psprintf("%s %s", get_rel_relkind(lfirst_oid(cell)) == RELKIND_VIEW ? "View" : "Table",
					 sql_qualified_name(lfirst_oid(cell)));
	}
	return psprintf("%s belongs to role \"%s\", view %s to role \"%s\".", object,
					GetUserNameFromId(other, true), sql_qualified_name(pipeline->source_view),
					ours);
}

/*
 * pipeline_fault_text describes the pipeline's fault.
 */
char *
pipeline_fault_text(const Pipeline *pipeline)
{
	switch (pipeline->fault)
	{
		case PIPELINE_WHOLE:
			break;
		case PIPELINE_VIEW_LOST:
			return pstrdup(
				"The raw table, the schema or the view was dropped, or something that they need.");
		case PIPELINE_VIEW_MOVED:
			return psprintf("The view is now called %s.",
							sql_qualified_name(pipeline->source_view));
		case PIPELINE_SCHEMA_RENAMED:
			return psprintf("The schema is now called %s.", sql_schema_name(pipeline->schema));
		case PIPELINE_OWNERS_DIFFER:
			return owners_text(pipeline);
		case PIPELINE_DETACHED:
			return psprintf("detach_source() has taken %s away from it.", pipeline->source_name);
		case PIPELINE_ZONE_UNKNOWN:
			return psprintf("The server does not know time zone \"%s\" any more.",
							pipeline->unknown_zone);
	}
	return NULL;
}

/*
 * lost_hint returns a hint for a pipeline that has lost its view "source".
 */
static char *
lost_hint(const Pipeline *pipeline)
{
	const char *name = quote_literal_cstr(pipeline->name);

	if (!OidIsValid(pipeline->dirty_log))
		return psprintf("SELECT sessionize.drop_pipeline(%s, cascade => true) removes what is "
						"left; then create the pipeline again.",
						name);
	return psprintf("SELECT sessionize.attach_source(%s, %s); has the pipeline go on with a table "
					"of that name.  SELECT sessionize.drop_pipeline(%s, cascade => true) removes "
					"what is left of it.",
					name, quote_literal_cstr(pipeline->source_name), name);
}

/*
 * pipeline_fault_hint returns a hint that mends the pipeline's fault.
 */
char *
pipeline_fault_hint(const Pipeline *pipeline)
{
	const char *schema = quote_identifier(pipeline->name);

	switch (pipeline->fault)
	{
		case PIPELINE_WHOLE:
			break;
		case PIPELINE_VIEW_LOST:
			return lost_hint(pipeline);
		case PIPELINE_VIEW_MOVED:
			if (get_rel_namespace(pipeline->source_view) != pipeline->schema)
				return psprintf("ALTER VIEW %s SET SCHEMA %s;",
								sql_qualified_name(pipeline->source_view), schema);
			return psprintf("ALTER VIEW %s RENAME TO source;",
							sql_qualified_name(pipeline->source_view));
		case PIPELINE_SCHEMA_RENAMED:
			return psprintf("ALTER SCHEMA %s RENAME TO %s;", sql_schema_name(pipeline->schema),
							schema);
		case PIPELINE_OWNERS_DIFFER:
			return psprintf(
				"SELECT sessionize.alter_pipeline_owner(%s, 'role'); gives all of it to one role.",
				quote_literal_cstr(pipeline->name));
		case PIPELINE_DETACHED:
			return psprintf("SELECT sessionize.attach_source(%s, %s); has it read that table, or "
							"another one.",
							quote_literal_cstr(pipeline->name),
							quote_literal_cstr(pipeline->source_name));
		case PIPELINE_ZONE_UNKNOWN:
			return pstrdup("Have the server's time zone data brought up to date, or drop the "
						   "pipeline and create it "
						   "again with another zone.");
	}
	return NULL;
}

/*
 * fault_message returns the error message for the pipeline's fault.
 */
static char *
fault_message(const Pipeline *pipeline)
{
	switch (pipeline->fault)
	{
		case PIPELINE_SCHEMA_RENAMED:
			return psprintf("the schema of pipeline \"%s\" was renamed", pipeline->name);
		case PIPELINE_OWNERS_DIFFER:
			return psprintf("what belongs to pipeline \"%s\" has different owners", pipeline->name);
		case PIPELINE_DETACHED:
			return psprintf("pipeline \"%s\" has no raw table", pipeline->name);
		case PIPELINE_ZONE_UNKNOWN:
			return psprintf("time zone \"%s\" of pipeline \"%s\" is not known",
							pipeline->unknown_zone, pipeline->name);
		default:
			return psprintf("pipeline \"%s\" has lost its view %s", pipeline->name,
							star_relation(pipeline, STAR_SOURCE));
	}
}

/*
 * pipeline_check_objects reports the pipeline's fault.
 */
void
pipeline_check_objects(const Pipeline *pipeline)
{
	if (pipeline->fault != PIPELINE_WHOLE)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg_internal("%s", fault_message(pipeline)),
						errdetail_internal("%s", pipeline_fault_text(pipeline)),
						errhint("%s", pipeline_fault_hint(pipeline))));
}
