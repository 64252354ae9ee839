/*
 * source_name.c
 *		The raw table's name when the pipeline was created, and now.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "capture/source_name.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "spi/sql.h"

PG_FUNCTION_INFO_V1(sessionize_source_renamed);

/*
 * describe returns what has become of the raw table's recorded name; NULL if the table still has
 * it.
 */
static const char *
describe(const Pipeline *pipeline)
{
	const char *name = catalog_source_name(pipeline->id);
	const char *now = OidIsValid(pipeline->source) ? sql_qualified_name(pipeline->source) : NULL;
	const RangeVar *range;

	/* without a name the pipeline has been dropped meanwhile */
	if (name == NULL || pipeline->is_detached || (now != NULL && strcmp(name, now) == 0))
		return NULL;
	if (now == NULL)
		return psprintf("%s was dropped", name);
	range = sql_parse_table_name(name, "source");
	if (OidIsValid(get_relname_relid(range->relname, get_namespace_oid(range->schemaname, true))))
		return psprintf("%s is another table now: the pipeline reads %s", name, now);
	return psprintf("%s is called %s now", name, now);
}

/*
 * sessionize_source_renamed tells what has become of a raw table's name.
 */
Datum
sessionize_source_renamed(PG_FUNCTION_ARGS)
{
	return pipeline_ask(fcinfo, describe);
}

/*
 * note_renamed tells a user who has renamed a raw table that the pipeline still reads this table.
 */
static void
note_renamed(const PipelineRef *pipeline)
{
	const char *name = catalog_source_name(pipeline->id);
	const char *now = sql_qualified_name(pipeline->source);

	if (name != NULL && strcmp(name, now) != 0)
		ereport(NOTICE, (errmsg("pipeline \"%s\" goes on with the table that is called %s now",
								pipeline->name, now),
						 errdetail("It was called %s when the pipeline was made.", name),
						 errhint("SELECT sessionize.attach_source(%s, %s); has it read a new table "
								 "of the old name. If there will be none, SELECT "
								 "sessionize.enable_capture(%s) takes the new name over.",
								 quote_literal_cstr(pipeline->name), quote_literal_cstr(name),
								 quote_literal_cstr(pipeline->name))));
}

/*
 * note_taken tells the pipeline's owner, who has given the raw table's former name to another
 * table, that the pipeline does not read this table.
 */
static void
note_taken(const PipelineRef *ref, Oid table)
{
	const Pipeline *pipeline = pipeline_find_now(ref->id);

	if (pipeline == NULL || pipeline->source == table || !OidIsValid(pipeline->source) ||
		!has_privs_of_role(GetUserId(), pipeline->owner))
		return;
	ereport(
		NOTICE,
		(errmsg("pipeline \"%s\" does not read table %s", ref->name, sql_qualified_name(table)),
		 errdetail("It reads %s, which had that name when the pipeline was made.",
				   sql_qualified_name(pipeline->source)),
		 errhint("SELECT sessionize.attach_source(%s, %s); has it read this table.",
				 quote_literal_cstr(ref->name), quote_literal_cstr(sql_qualified_name(table)))));
}

/*
 * source_name_changed handles tables that have a new name.
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
