/*
 * source_name.c
 *		What a pipeline's raw table was called when the pipeline was made, and is called now.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "pipeline/source_name.h"

#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pipeline/catalog.h"
#include "pipeline/sql.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(sessionize_source_renamed);

/*
 * describe returns what has become of a name that the raw table had, NULL where the table still has it.
 */
static char *
describe(const Pipeline *pipeline, const char *name)
{
	const char *now = OidIsValid(pipeline->source) ? sql_qualified_name(pipeline->source) : NULL;
	const RangeVar *range = sql_parse_table_name(name, "source");

	if (now == NULL)
		return psprintf("%s was dropped", name);
	if (strcmp(name, now) == 0)
		return NULL;
	if (OidIsValid(get_relname_relid(range->relname, get_namespace_oid(range->schemaname, true))))
		return psprintf("%s is another table now: the pipeline reads %s", name, now);
	return psprintf("%s is called %s now", name, now);
}

/*
 * sessionize_source_renamed tells what has become of the name of a pipeline's raw table, if the user may know.
 */
Datum
sessionize_source_renamed(PG_FUNCTION_ARGS)
{
	int32 id = PG_GETARG_INT32(0);
	Pipeline *pipeline = pipeline_find_now(id);
	char *text;

	if (pipeline == NULL || (!has_privs_of_role(GetUserId(), pipeline->owner) &&
							 !has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS)))
		PG_RETURN_NULL();
	text = describe(pipeline, catalog_source_name(id));
	if (text == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

/*
 * note_renamed tells who has renamed a raw table that the pipeline goes with it.
 */
static void
note_renamed(const PipelineRef *pipeline)
{
	const char *name = catalog_source_name(pipeline->id);
	const char *now = sql_qualified_name(pipeline->source);

	if (name != NULL && strcmp(name, now) != 0)
		ereport(
			NOTICE,
			(errmsg("pipeline \"%s\" goes on with the table that is called %s now", pipeline->name, now),
			 errdetail("It was called %s when the pipeline was made.", name),
			 errhint("A new table of the old name is none of the pipeline's. If there will be none, SELECT "
					 "sessionize.enable_capture(%s) takes the new name over.",
					 quote_literal_cstr(pipeline->name))));
}

/*
 * note_taken tells who has given a raw table's former name to another table, if the pipeline is his, that the
 * pipeline does not read it.
 */
static void
note_taken(const PipelineRef *ref, Oid table)
{
	const Pipeline *pipeline = pipeline_find_now(ref->id);

	if (pipeline == NULL || pipeline->source == table || !OidIsValid(pipeline->source) ||
		!has_privs_of_role(GetUserId(), pipeline->owner))
		return;
	ereport(NOTICE, (errmsg("pipeline \"%s\" does not read table %s", ref->name, sql_qualified_name(table)),
					 errdetail("It reads %s, which had that name when the pipeline was made.",
							   sql_qualified_name(pipeline->source)),
					 errhint("Move rows into the table that the pipeline reads, or drop the pipeline and "
							 "create it again.")));
}

/*
 * source_name_changed looks at tables that have got other names.
 */
void
source_name_changed(List *tables)
{
	ListCell *cell;

	foreach (cell, tables)
	{
		Oid table = lfirst_oid(cell);
		ListCell *pipeline;

		foreach (pipeline, catalog_pipelines_on(list_make1_oid(table)))
			note_renamed(lfirst(pipeline));
		foreach (pipeline, catalog_pipelines_named(sql_qualified_name(table)))
			note_taken(lfirst(pipeline), table);
	}
}
