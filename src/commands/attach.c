/*
 * attach.c
 *		sessionize.attach_source(): has a pipeline read a table.
 *
 * The columns are mapped anew, from the texts that the catalog has, to the columns that the table
 * has by now.  Where they have other types, the star's columns get these types as well.  Nobody
 * knows what has changed while the pipeline was detached, so the next refresh rebuilds the star,
 * which compares all of it and writes what differs.
 *
 * A pipeline that has lost its view "source", since the raw table was dropped with all that depends
 * on it, is taken as well: all that the view was is known.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "capture/capture_trigger.h"
#include "capture/reject_trigger.h"
#include "catalog/definition.h"
#include "catalog/lock.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/pipeline_objects.h"
#include "catalog/star_relation.h"
#include "commands/alter_mapping.h"
#include "commands/alter_pipeline.h"
#include "commands/changed_definition.h"
#include "commands/contract_columns.h"
#include "commands/create_drop.h"
#include "commands/detach.h"
#include "commands/dimensions.h"
#include "commands/measures.h"
#include "commands/outdate.h"
#include "commands/raw_table.h"
#include "commands/source_change.h"
#include "derive/bounce.h"
#include "live/star_views.h"
#include "source/source_mapping.h"
#include "spi/privileges.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "star/star_ddl.h"
#include "utils/arguments.h"
#include "worker/schedule.h"

/*
 * load loads a pipeline that a table can be attached to.
 */
static Pipeline *
load(const char *name)
{
	Pipeline *pipeline = pipeline_get(name);

	if (pipeline->fault != PIPELINE_DETACHED &&
		!(pipeline->fault == PIPELINE_VIEW_LOST && OidIsValid(pipeline->dirty_log)))
		pipeline_check_objects(pipeline);
	pipeline_check_owner(pipeline);
	return pipeline;
}

/*
 * load_locked loads and locks a pipeline.
 */
static Pipeline *
load_locked(const char *name)
{
	Pipeline *seen = load(name);
	Pipeline *pipeline;

	pipeline_lock_transaction(seen);
	/* the pipeline may have changed before it was locked */
	pipeline = load(name);
	if (pipeline->id != seen->id)
		ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
						errmsg("pipeline \"%s\" was created anew meanwhile", name),
						errhint("Try again.")));
	return pipeline;
}

/*
 * check_table reports a table that the pipeline's owner may not read, or on which no triggers can
 * be made.
 */
static void
check_table(const Pipeline *pipeline, Oid table)
{
	OwnerScope scope;

	role_scope_enter(&scope, pipeline->owner);
	check_may_read(table);
	owner_scope_leave(&scope);
	if (pipeline->capture)
		check_may_add_triggers(table);
}

/*
 * add_attribute adds an attribute, -1 for none, to the change of the view.
 */
static void
add_attribute(SourceChange *change, int attribute, const char *given, Oid type, const char *sql)
{
	if (attribute >= 0)
		source_change_replace(change, attribute, given, type, sql);
}

/*
 * map_measures maps what the measures are computed from.
 */
static void
map_measures(SourceChange *change)
{
	const Definition *definition = change->pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
	{
		const MeasureDefinition *measure = &definition->measures[i];
		Oid type = InvalidOid;
		const char *value = measure_value_sql(change->raw, measure, &type);

		add_attribute(change, measure->value, measure->given, type, value);
		add_attribute(change, measure->filter, measure->given_filter, BOOLOID,
					  measure_filter_sql(change->raw, measure));
	}
}

/*
 * map_dimension maps what the members of a dimension are made of.
 */
static void
map_dimension(SourceChange *change, const DimensionDefinition *dimension)
{
	for (int i = 0; i < dimension->nattributes; i++)
	{
		const MemberAttribute *attribute = &dimension->attributes[i];
		Oid type;
		const char *sql = dimension_value_sql(change->raw, attribute, &type);

		add_attribute(change, attribute->attribute, attribute->given, type, sql);
	}
}

/*
 * map_attributes maps all attributes; those that are not used are NULL.
 */
static void
map_attributes(SourceChange *change)
{
	const Definition *definition = change->pipeline->definition;

	map_measures(change);
	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
		map_dimension(change, &definition->dimensions[i]);
	for (int i = 0; definition != NULL && i < definition->nattributes; i++)
		if (definition->attributes[i].given == NULL)
			source_change_remove(change, ATTRIBUTE_COUNT + i);
	contract_columns_map(change);
}

/*
 * with_types returns the pipeline with the types that its columns have after a change.
 */
static Pipeline
with_types(const SourceChange *change)
{
	Pipeline after = *change->pipeline;

	after.star = NULL;
	for (int i = 0; i < SRC_NCOLUMNS; i++)
		after.types[i] = change->mapping->columns[i].type;
	for (int i = 0; i < change->count; i++)
		after.types[attribute_column(change->attributes[i].number)] = change->attributes[i].type;
	return after;
}

/*
 * apply makes the view "source" anew, and gives the star's columns the types that they have then.
 */
static void
apply(const SourceChange *change)
{
	const Pipeline *before = change->pipeline;
	Pipeline after = with_types(change);
	bool keeps_types = memcmp(before->types, after.types, before->ncolumns * sizeof(Oid)) == 0;
	OwnerScope scope;
	List *grants = NIL;

	owner_scope_enter(&scope, before);
	if (!keeps_types)
		grants = star_drop_views(before);
	source_change_apply(change);
	if (!keeps_types)
	{
		alter_mapping_types(before, &after);
		star_restore_views(&after, grants);
	}
	owner_scope_leave(&scope);
}

/*
 * note_source records the raw table, the view, and what the columns are taken from.
 */
static void
note_source(const Pipeline *pipeline, const Mapping *mapping)
{
	const char *given[SRC_NCOLUMNS];
	Pipeline after = *pipeline;
	OwnerScope scope;

	for (int i = 0; i < SRC_NCOLUMNS; i++)
		given[i] = mapping->columns[i].text;
	after.source_view = star_relation_oid(pipeline, STAR_SOURCE);
	catalog_set_source(pipeline->id, pipeline->source, sql_qualified_name(pipeline->source));
	catalog_set_objects(&after);
	catalog_write_given(pipeline->id, given);
	owner_scope_enter(&scope, pipeline);
	star_comment_source(pipeline, given);
	owner_scope_leave(&scope);
	CommandCounterIncrement();
}

/*
 * hint_definition adds a hint to an error about a column that the table does not have, as an error
 * context callback.
 */
static void
hint_definition(void *arg)
{
	const Pipeline *pipeline = arg;

	if (geterrcode() != ERRCODE_UNDEFINED_COLUMN && geterrcode() != ERRCODE_UNDEFINED_FUNCTION)
		return;
	errhint("If the table has other columns by now, say what the pipeline's are taken from: "
			"SELECT sessionize.attach_source(%s, 'table', definition => ...);  SELECT "
			"sessionize.definition(%s); shows what they were taken from.",
			quote_literal_cstr(pipeline->name), quote_literal_cstr(pipeline->name));
}

/*
 * map_by_document maps the columns by the texts of a document, in the user's settings.
 */
static void
map_by_document(SourceChange *change, const Document *document)
{
	const char *texts[SRC_NCOLUMNS];

	create_read_texts(document_call(&document_pipeline, document->arguments), texts);
	change->mapping = mapping_build(change->raw, texts);
	map_attributes(change);
}

/*
 * map_as_before maps the columns by the texts of the catalog, which are the owner's.
 */
static void
map_as_before(SourceChange *change)
{
	PipelineRow row = {0};

	catalog_read_rules(change->pipeline->id, &row);
	change->mapping = mapping_read(change->raw, row.given);
	map_attributes(change);
}

/*
 * check_index reports a table without an index that begins with the key.
 */
static void
check_index(const SourceChange *change)
{
	const MappedColumn *columns = change->mapping->columns;

	raw_table_check_index(change->raw, columns[SRC_SESSION_KEY].expression,
						  columns[SRC_OCCURRED_AT].expression, columns[SRC_EVENT_ID].expression);
}

/*
 * map maps the pipeline's columns to those of the table.  To simplify an expression may call its
 * functions: those of the owner's texts are called as the owner, under pinned settings.
 */
static void
map(SourceChange *change, const Document *document)
{
	ErrorContextCallback callback = {error_context_stack, hint_definition,
									 unconstify(Pipeline *, change->pipeline)};
	OwnerScope scope;

	error_context_stack = &callback;
	if (document != NULL)
	{
		map_by_document(change, document);
		check_index(change);
	}
	else
	{
		owner_scope_enter(&scope, change->pipeline);
		map_as_before(change);
		check_index(change);
		owner_scope_leave(&scope);
	}
	error_context_stack = callback.previous;
}

/*
 * attach has a pipeline read a table, which is locked against writers.
 */
static void
attach(const Pipeline *detached, Relation raw, const Document *document)
{
	Pipeline pipeline = *detached;
	SourceChange change = {.pipeline = &pipeline, .raw = raw};

	pipeline.source = RelationGetRelid(raw);
	pipeline.fault = PIPELINE_WHOLE;
	pipeline.is_detached = false;
	map(&change, document);
	apply(&change);
	note_source(&pipeline, change.mapping);
	if (pipeline.capture)
		capture_trigger_create(pipeline.id, raw);
	reject_trigger_ensure(&pipeline);
	pipeline_outdate(&pipeline);
	schedule_continue(&pipeline);
}

/*
 * detach_first detaches a pipeline from the table that it reads, or that it has lost, and returns
 * it as it is then.
 */
static Pipeline *
detach_first(Pipeline *pipeline)
{
	if (pipeline->fault == PIPELINE_DETACHED)
		return pipeline_load_detached(pipeline->name);
	if (pipeline->fault == PIPELINE_WHOLE)
		pipeline_detach(pipeline_load(pipeline->name));
	else
		pipeline_detach_lost(pipeline);
	CommandCounterIncrement();
	return pipeline_load_detached(pipeline->name);
}

/*
 * attach_to has a pipeline read a table that it does not read yet.
 */
static void
attach_to(Pipeline *pipeline, Relation raw, Jsonb *jsonb)
{
	Document *document = jsonb == NULL ? NULL : document_read(jsonb);

	check_table(pipeline, RelationGetRelid(raw));
	pipeline = detach_first(pipeline);
	if (document != NULL)
		(void) changed_definition_detached(pipeline, document);
	LockRelationOid(RelationGetRelid(raw), ShareRowExclusiveLock);
	(void) find_all_inheritors(RelationGetRelid(raw), ShareRowExclusiveLock, NULL);
	CommandCounterIncrement();
	attach(pipeline_load_detached(pipeline->name), raw, document);
	CommandCounterIncrement();
	if (document == NULL)
		/* a measure in it may have another type */
		bounce_check(pipeline_load(pipeline->name));
	else
		(void) alter_by_document(pipeline_load(pipeline->name), jsonb);
}

/*
 * sessionize_attach_source has a pipeline read a table.
 */
PIPELINE_FUNCTION(sessionize_attach_source)
{
	Pipeline *pipeline;
	Relation raw;

	PreventCommandIfReadOnly("sessionize.attach_source()");
	pipeline = load_locked(argument_pipeline(fcinfo));
	if (PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("source must not be null"),
						errhint("Name the raw events table, such as %s.",
								quote_literal_cstr(pipeline->source_name))));
	raw = raw_table_open(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	if (pipeline->fault == PIPELINE_WHOLE && pipeline->source == RelationGetRelid(raw))
		ereport(NOTICE, (errmsg("pipeline \"%s\" reads table %s already", pipeline->name,
								sql_qualified_name(pipeline->source)),
						 errhint("alter_pipeline() changes what its columns are taken from.")));
	else
		attach_to(pipeline, raw, PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2));
	table_close(raw, NoLock);
	PG_RETURN_VOID();
}
