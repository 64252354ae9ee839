/*
 * detach.c
 *		sessionize.detach_source(): takes the raw table away from a pipeline.
 *
 * The view "source" stays, as a view of no rows with the columns that it had. So its OID, its
 * privileges and its comments stay, and nothing of the pipeline depends on the raw table any
 * longer.
 *
 * What the columns were taken from is in the catalog, in the user's words.  These may no longer be
 * true, since a column has been renamed, or be true for the search_path of that time only.  So a
 * text that does not give the view's expression under pinned settings is replaced by PostgreSQL's
 * own text of that expression.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "rewrite/rewriteManip.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"

#include "capture/capture_trigger.h"
#include "capture/captured_tables.h"
#include "catalog/definition.h"
#include "catalog/lock.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/rules.h"
#include "catalog/star_relation.h"
#include "commands/detach.h"
#include "commands/dimensions.h"
#include "commands/mapping.h"
#include "commands/measures.h"
#include "commands/source_change.h"
#include "source/source_mapping.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "star/star_ddl.h"
#include "utils/arguments.h"
#include "utils/expression.h"
#include "utils/subtransaction.h"
#include "worker/schedule.h"

/* A text that is tried: whether it gives the expression of a column of the view. */
typedef struct Trial
{
	const Pipeline *pipeline;
	Relation raw;
	SourceColumn column;
	const char *text;
	const MeasureDefinition *measure; /* of an attribute: whose value or filter it is */
	const MemberAttribute *attribute; /* or the attribute of a dimension */
	bool holds;
} Trial;

/*
 * trial_sql returns the expression for the view that the text gives.
 */
static const char *
trial_sql(const Trial *trial)
{
	const MeasureDefinition *measure = trial->measure;
	Mapping mapping = {0};
	Oid type;

	if (trial->attribute != NULL)
		return dimension_value_sql(trial->raw, trial->attribute, &type);
	if (measure == NULL)
	{
		mapping_set_pinned(&mapping, trial->raw, trial->column, trial->text);
		return mapping.columns[trial->column].sql;
	}
	return measure->value >= 0 && attribute_column(measure->value) == trial->column
			   ? measure_value_sql(trial->raw, measure, &type)
			   : measure_filter_sql(trial->raw, measure);
}

/*
 * try_text tries a text; it fails if the text can't be read.
 */
static void
try_text(void *arg)
{
	Trial *trial = arg;
	int level = pinned_settings_enter();

	trial->holds = source_column_is(trial->pipeline, trial->raw, trial->column, trial_sql(trial));
	pinned_settings_leave(level);
}

/*
 * view_text returns PostgreSQL's own text of a column's expression.
 */
static const char *
view_text(const Trial *trial)
{
	SourceMapping *mapping = source_mapping(trial->pipeline);
	Node *expression = copyObject(source_expression(mapping, trial->column));
	int level = pinned_settings_enter();
	const char *text;

	ChangeVarNodes(expression, (int) mapping->varno, 1, 0);
	if (IsA(expression, CollateExpr))
		expression = (Node *) ((CollateExpr *) expression)->arg;
	text = expression_text(trial->raw, expression, NULL);
	pinned_settings_leave(level);
	return text;
}

/*
 * true_text returns a text that gives a column's expression under pinned settings: the user's, if
 * it does.
 */
static const char *
true_text(Trial trial)
{
	return try_whatever_fails(try_text, &trial, NULL) && trial.holds ? trial.text
																	 : view_text(&trial);
}

/*
 * keep_mapping stores what the columns of the mapping are taken from.
 */
static void
keep_mapping(const Pipeline *pipeline, Relation raw)
{
	PipelineRow row = {0};
	Mapping mapping;

	catalog_read_rules(pipeline->id, &row);
	mapping.columns[SRC_PAGE_VIEW].text = row.given[SRC_PAGE_VIEW];
	for (SourceColumn column = 0; column < SRC_NCOLUMNS; column++)
		if (row.given[column] != NULL &&
			!(column == SRC_PAGE_VIEW && mapping_has_default_page_view(&mapping)))
			row.given[column] = true_text((Trial){
				.pipeline = pipeline, .raw = raw, .column = column, .text = row.given[column]});
	/* PostgreSQL's text of a column may be the name of a zone */
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		if (row.given[zone_column(rule)] != NULL)
			row.given[zone_column(rule)] = rules_zone_expression(row.given[zone_column(rule)]);
	catalog_write_given(pipeline->id, row.given);
}

/*
 * keep_measure stores what a measure is computed from.
 */
static void
keep_measure(const Pipeline *pipeline, Relation raw, const MeasureDefinition *measure)
{
	MeasureDefinition kept = *measure;
	Trial trial = {.pipeline = pipeline, .raw = raw, .measure = measure};

	if (measure->value >= 0)
	{
		trial.column = attribute_column(measure->value);
		trial.text = measure->given;
		kept.given = true_text(trial);
	}
	if (measure->filter >= 0)
	{
		trial.column = attribute_column(measure->filter);
		trial.text = measure->given_filter;
		kept.given_filter = true_text(trial);
	}
	measure_note(pipeline, measure, &kept);
}

/*
 * keep_dimension stores what the attributes of a dimension are taken from.
 */
static void
keep_dimension(const Pipeline *pipeline, Relation raw, const DimensionDefinition *dimension)
{
	DimensionDefinition kept = *dimension;

	kept.attributes = palloc(dimension->nattributes * sizeof(MemberAttribute));
	for (int i = 0; i < dimension->nattributes; i++)
	{
		const MemberAttribute *attribute = &dimension->attributes[i];

		kept.attributes[i] = *attribute;
		kept.attributes[i].given =
			true_text((Trial){.pipeline = pipeline,
							  .raw = raw,
							  .column = attribute_column(attribute->attribute),
							  .text = attribute->given,
							  .attribute = attribute});
	}
	dimension_note(pipeline, dimension, &kept);
}

/*
 * keep_texts stores what all columns are taken from.
 */
static void
keep_texts(const Pipeline *pipeline, Relation raw)
{
	const Definition *definition = pipeline->definition;

	keep_mapping(pipeline, raw);
	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
		keep_measure(pipeline, raw, &definition->measures[i]);
	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
		keep_dimension(pipeline, raw, &definition->dimensions[i]);
}

/*
 * empty_source replaces the view "source" by one that has the same columns and no rows.
 */
static void
empty_source(const Pipeline *pipeline)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE OR REPLACE VIEW %s AS SELECT ",
					 star_relation(pipeline, STAR_SOURCE));
	for (int column = 0; column < pipeline->ncolumns; column++)
	{
		appendStringInfo(&sql, "%sNULL::%s AS %s", column > 0 ? ", " : "",
						 sql_column_type(pipeline->types[column]),
						 quote_identifier(source_column_name(pipeline, column)));
		if (column == SRC_NCOLUMNS - 1)
			appendStringInfoString(&sql, ", NULL::oid AS raw_table, NULL::tid AS raw_ctid");
	}
	appendStringInfoString(&sql, " WHERE false");
	(void) sql_execute(sql.data);
}

/*
 * forget_table records that a pipeline has no raw table, and that none is watched.
 */
static void
forget_table(const Pipeline *pipeline)
{
	captured_tables_remove(pipeline->id, captured_tables_oids(captured_tables_now(pipeline->id)));
	catalog_set_source(pipeline->id, InvalidOid, NULL);
}

/*
 * lock_writers_out waits for transactions that write raw rows, and keeps others from writing.
 */
static void
lock_writers_out(Oid source)
{
	LockRelationOid(source, ShareRowExclusiveLock);
	(void) find_all_inheritors(source, ShareRowExclusiveLock, NULL);
}

/*
 * pipeline_detach detaches a pipeline from its raw table.
 */
void
pipeline_detach(const Pipeline *pipeline)
{
	OwnerScope scope;
	Relation raw;

	lock_writers_out(pipeline->source);
	/* the owner's expressions are simplified, so their functions may be called */
	owner_scope_enter(&scope, pipeline);
	raw = table_open(pipeline->source, NoLock);
	keep_texts(pipeline, raw);
	table_close(raw, NoLock);
	empty_source(pipeline);
	owner_scope_leave(&scope);
	capture_trigger_drop(pipeline->id, pipeline->source);
	CacheInvalidateRelcacheByRelid(pipeline->source);
	forget_table(pipeline);
}

/*
 * load_types sets the types of the pipeline's columns as they are in the table "sealed".
 */
static void
load_types(Pipeline *pipeline)
{
	Oid sealed = star_relation_oid(pipeline, STAR_SEALED);

	for (int i = 0; i < pipeline->ncolumns; i++)
	{
		const char *name = source_column_name(pipeline, i);
		AttrNumber column = OidIsValid(sealed) ? get_attnum(sealed, name) : InvalidAttrNumber;

		if (column == InvalidAttrNumber && i >= SRC_NCOLUMNS)
		{
			/* the columns of contracts are not kept there */
			pipeline->types[i] = JSONBOID;
			continue;
		}
		if (column == InvalidAttrNumber)
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							errmsg("table %s has no column \"%s\"",
								   star_relation(pipeline, STAR_SEALED), name),
							errhint("Drop the pipeline, and create it again.")));
		pipeline->types[i] = get_atttype(sealed, column);
	}
}

/*
 * pipeline_detach_lost detaches a pipeline that has lost its view.
 */
void
pipeline_detach_lost(Pipeline *pipeline)
{
	OwnerScope scope;

	load_types(pipeline);
	capture_trigger_drop(pipeline->id, pipeline->source);
	/* the view's owner is the dirty log's, as in pipeline_objects.c */
	role_scope_enter(&scope, pipeline->owner);
	empty_source(pipeline);
	star_comment_relation(pipeline, STAR_SOURCE);
	owner_scope_leave(&scope);
	pipeline->source_view = star_relation_oid(pipeline, STAR_SOURCE);
	catalog_set_objects(pipeline);
	forget_table(pipeline);
}

/*
 * sessionize_detach_source detaches a pipeline from its raw table.
 */
PIPELINE_FUNCTION(sessionize_detach_source)
{
	Pipeline *pipeline;

	PreventCommandIfReadOnly("sessionize.detach_source()");
	pipeline = pipeline_load_owned(argument_pipeline(fcinfo), pipeline_lock_transaction);
	pipeline_detach(pipeline);
	schedule_suspend(pipeline);
	PG_RETURN_VOID();
}
