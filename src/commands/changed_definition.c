/*
 * changed_definition.c
 *		A pipeline with another definition.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_contracts.h"
#include "catalog/rules.h"
#include "commands/changed_definition.h"
#include "commands/contract_columns.h"
#include "commands/create_drop.h"
#include "commands/dimensions.h"
#include "commands/measures.h"
#include "commands/rollups.h"
#include "commands/source_change.h"
#include "compat.h"
#include "rollup/rollup.h"
#include "source/source_mapping.h"
#include "spi/scope.h"
#include "spi/sql.h"

/*
 * check_fixed reports a difference in what can't be changed in this way.
 */
static void
check_fixed(const Pipeline *pipeline, const PipelineRow *row)
{
	const char *name = quote_literal_cstr(pipeline->name);

	if (row->store_events != pipeline->store_events)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("store_events of pipeline \"%s\" is %s, and can't be changed",
							   pipeline->name, pipeline->store_events ? "true" : "false"),
						errhint("Drop the pipeline, and create it again by the definition.")));
	if (row->id_name != NULL && strcmp(row->id_name, pipeline->id_name) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("id_name of pipeline \"%s\" is \"%s\", and can't be changed",
						pipeline->name, pipeline->id_name),
				 errdetail("All session ids would change."),
				 errhint("Leave id_name out of the definition, or drop the pipeline and create it "
						 "again.")));
	if (row->capture != pipeline->capture)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("capture of pipeline \"%s\" is %s, and is not changed by a definition",
						pipeline->name, pipeline->capture ? "true" : "false"),
				 pipeline->capture
					 ? errhint("Leave capture out of the definition, or drop the pipeline and "
							   "create it again.")
					 : errhint("SELECT sessionize.enable_capture(%s); turns it on; or say "
							   "\"capture\": false in the definition.",
							   name)));
}

/*
 * changed_definition returns the pipeline with another definition.
 */
ChangedPipeline *
changed_definition(const Pipeline *pipeline, const Document *document)
{
	ChangedPipeline *changed = palloc0(sizeof(ChangedPipeline));
	FunctionCallInfo call = document_call(&document_pipeline, document->arguments);
	Relation raw = table_open(pipeline->source, AccessShareLock);
	PipelineRow present = {0};
	const char *texts[SRC_NCOLUMNS];

	create_read_rules(call, &changed->row);
	create_read_texts(call, texts);
	check_fixed(pipeline, &changed->row);
	changed->pipeline = palloc(sizeof(Pipeline));
	*changed->pipeline = *pipeline;
	catalog_read_rules(pipeline->id, &present);
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		if (changed->row.given[zone_column(rule)] != NULL)
			changed->row.zones[rule] = present.zones[rule];
	pipeline_set_rules(changed->pipeline, &changed->row);
	changed->row.bounce = changed->pipeline->bounce;
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		if (changed->row.given[zone_column(rule)] == NULL)
			mapping_note_zone(raw, zone_column(rule), changed->row.zones[rule]);
	changed->mapping.present = mapping_present(pipeline, raw, present.given);
	changed_mapping_compare(&changed->mapping, pipeline, raw, mapping_build(raw, texts));
	for (int i = 0; i < SRC_NCOLUMNS; i++)
		changed->row.given[i] = changed->mapping.changed->columns[i].text;
	changed_rules_try_mapping(changed, pipeline);
	table_close(raw, NoLock);
	return changed;
}

/* What a document has of the user's own. */
typedef struct OwnParts
{
	List *measures;   /* MeasureDefinition * */
	List *dimensions; /* DimensionDefinition * */
	List *rollups;    /* RollupDefinition * */
} OwnParts;

/*
 * report_twice reports a name that two elements of a list have.
 */
pg_noreturn static void
report_twice(const char *what, const char *name)
{
	ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
					errmsg("the definition has two %ss \"%s\"", what, name),
					errhint("Remove one of them, or give it another name.")));
}

/*
 * find_measure returns the measure of a name in a list; NULL if there is none.
 */
static const MeasureDefinition *
find_measure(const List *measures, const char *name)
{
	ListCell *cell;

	foreach (cell, measures)
	{
		const MeasureDefinition *measure = lfirst(cell);

		if (measure->name != NULL && strcmp(measure->name, name) == 0)
			return measure;
	}
	return NULL;
}

/*
 * find_dimension returns the dimension of a name in a list; NULL if there is none.
 */
static const DimensionDefinition *
find_dimension(const List *dimensions, const char *name)
{
	ListCell *cell;

	foreach (cell, dimensions)
		if (strcmp(((const DimensionDefinition *) lfirst(cell))->name, name) == 0)
			return lfirst(cell);
	return NULL;
}

/*
 * find_rollup returns the rollup of a name in a list; NULL if there is none.
 */
static const RollupDefinition *
find_rollup(const List *rollups, const char *name)
{
	ListCell *cell;

	foreach (cell, rollups)
		if (strcmp(((const RollupDefinition *) lfirst(cell))->name, name) == 0)
			return lfirst(cell);
	return NULL;
}

/*
 * read_rollups returns the rollups of a document.
 */
static List *
read_rollups(const Pipeline *pipeline, const Document *document)
{
	List *rollups = NIL;
	ListCell *cell;

	foreach (cell, document->lists[DOCUMENT_ROLLUPS])
	{
		RollupDefinition *rollup = palloc(sizeof(RollupDefinition));

		*rollup =
			rollup_read(document_call(&document_kinds[DOCUMENT_ROLLUPS], lfirst(cell)), pipeline);
		if (find_rollup(rollups, rollup->name) != NULL)
			report_twice("rollup", rollup->name);
		rollups = lappend(rollups, rollup);
	}
	return rollups;
}

/*
 * read_parts returns the measures, dimensions and rollups of a document.
 */
static OwnParts
read_parts(const Pipeline *pipeline, const Document *document)
{
	OwnParts parts = {NIL, NIL, NIL};
	ListCell *cell;

	foreach (cell, document->lists[DOCUMENT_MEASURES])
	{
		MeasureDefinition *measure = palloc(sizeof(MeasureDefinition));

		*measure =
			measure_read(document_call(&document_kinds[DOCUMENT_MEASURES], lfirst(cell)), pipeline);
		if (measure->name != NULL && find_measure(parts.measures, measure->name) != NULL)
			report_twice("measure", measure->name);
		parts.measures = lappend(parts.measures, measure);
	}
	foreach (cell, document->lists[DOCUMENT_DIMENSIONS])
	{
		DimensionDefinition *dimension = palloc(sizeof(DimensionDefinition));

		*dimension = dimension_read(
			document_call(&document_kinds[DOCUMENT_DIMENSIONS], lfirst(cell)), pipeline);
		if (find_dimension(parts.dimensions, dimension->name) != NULL)
			report_twice("dimension", dimension->name);
		parts.dimensions = lappend(parts.dimensions, dimension);
	}
	parts.rollups = read_rollups(pipeline, document);
	return parts;
}

/*
 * unwanted_measure returns a measure of the pipeline that is not in a list; NULL if there is none.
 */
static const MeasureDefinition *
unwanted_measure(const Pipeline *pipeline, const List *measures)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
		if (find_measure(measures, definition->measures[i].name) == NULL)
			return &definition->measures[i];
	return NULL;
}

/*
 * unwanted_dimension returns a dimension of the pipeline that is not in a list; NULL if there is
 * none.
 */
static const DimensionDefinition *
unwanted_dimension(const Pipeline *pipeline, const List *dimensions)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
		if (find_dimension(dimensions, definition->dimensions[i].name) == NULL)
			return &definition->dimensions[i];
	return NULL;
}

/*
 * have_measure adds or changes a measure.  It returns the pipeline as it is then, the same one if
 * it has the measure already.
 */
static Pipeline *
have_measure(Pipeline *pipeline, Relation raw, const MeasureDefinition *wanted)
{
	const MeasureDefinition *present = measure_find(pipeline, wanted->name);

	if (present == NULL)
		return measure_add(pipeline, raw, *wanted);
	if (!measure_is_same(pipeline, raw, present, wanted))
		return measure_change(pipeline, raw, present, *wanted);
	measure_note(pipeline, present, wanted);
	return pipeline;
}

/*
 * have_dimension does the same for a dimension.
 */
static Pipeline *
have_dimension(Pipeline *pipeline, Relation raw, const DimensionDefinition *wanted)
{
	const DimensionDefinition *present = dimension_find(pipeline, wanted->name);

	if (present == NULL)
		return dimension_add(pipeline, raw, *wanted);
	if (!dimension_is_same(pipeline, raw, present, wanted))
		return dimension_change(pipeline, raw, present, *wanted);
	dimension_note(pipeline, present, wanted);
	return pipeline;
}

/*
 * changes_column tells whether a measure or dimension that a rollup is made of goes, or becomes
 * another one.  raw is NULL if the pipeline is detached from its raw table.
 */
static bool
changes_column(const Pipeline *pipeline, Relation raw, const OwnParts *parts, const Rollup *rollup)
{
	const Definition *definition = pipeline->definition;
	bool of_events = rollup->definition->of_events;

	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
	{
		const MeasureDefinition *present = &definition->measures[i];
		const MeasureDefinition *wanted = find_measure(parts->measures, present->name);

		if (present->of_events == of_events && rollup_uses(rollup, present->name) &&
			(wanted == NULL || !measure_has_form(present, wanted) ||
			 (raw != NULL && !measure_is_same(pipeline, raw, present, wanted))))
			return true;
	}
	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
	{
		const DimensionDefinition *present = &definition->dimensions[i];
		const DimensionDefinition *wanted = find_dimension(parts->dimensions, present->name);

		if (present->of_events == of_events && rollup_uses(rollup, present->key) &&
			(wanted == NULL || !dimension_has_form(present, wanted) ||
			 (raw != NULL && !dimension_is_same(pipeline, raw, present, wanted))))
			return true;
	}
	return false;
}

/*
 * drop_rollups drops the rollups that the document does not have, or has otherwise, and those that
 * have to be made anew because they are made of something that changes.
 */
static Pipeline *
drop_rollups(Pipeline *pipeline, Relation raw, const OwnParts *parts)
{
	for (int i = 0; pipeline->rollups != NULL && i < pipeline->rollups->count;)
	{
		const RollupDefinition *present = &pipeline->rollups->rollups[i];
		const RollupDefinition *wanted = find_rollup(parts->rollups, present->name);

		if (wanted == NULL || !rollup_is_same(present, wanted) ||
			changes_column(pipeline, raw, parts, rollup_resolve(pipeline, i)))
			pipeline = rollup_drop(pipeline, present);
		else
			i++;
	}
	return pipeline;
}

/*
 * create_rollups creates the rollups that the pipeline does not have.
 */
static Pipeline *
create_rollups(Pipeline *pipeline, const OwnParts *parts)
{
	ListCell *cell;

	foreach (cell, parts->rollups)
	{
		const RollupDefinition *wanted = lfirst(cell);

		if (rollup_find(pipeline, wanted->name) == NULL)
			pipeline = rollup_create(pipeline, *wanted);
	}
	return pipeline;
}

/*
 * changed_definition_parts gives the pipeline the measures, dimensions and rollups of a
 * document.
 */
bool
changed_definition_parts(Pipeline *pipeline, const Document *document)
{
	Relation raw = table_open(pipeline->source, AccessShareLock);
	OwnParts parts = read_parts(pipeline, document);
	const Pipeline *before = pipeline;
	const MeasureDefinition *measure;
	const DimensionDefinition *dimension;
	ListCell *cell;

	pipeline = drop_rollups(pipeline, raw, &parts);
	while ((measure = unwanted_measure(pipeline, parts.measures)) != NULL)
		pipeline = measure_drop(pipeline, raw, measure);
	while ((dimension = unwanted_dimension(pipeline, parts.dimensions)) != NULL)
		pipeline = dimension_drop(pipeline, raw, dimension);
	foreach (cell, parts.measures)
		pipeline = have_measure(pipeline, raw, lfirst(cell));
	foreach (cell, parts.dimensions)
		pipeline = have_dimension(pipeline, raw, lfirst(cell));
	pipeline = create_rollups(pipeline, &parts);
	table_close(raw, NoLock);
	return pipeline != before;
}

/*
 * prepare_measures takes over the texts of a document's measures, or drops measures.
 */
static Pipeline *
prepare_measures(Pipeline *pipeline, const List *measures)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
	{
		const MeasureDefinition *present = &definition->measures[i];
		const MeasureDefinition *wanted = find_measure(measures, present->name);

		if (wanted == NULL || !measure_has_form(present, wanted))
			pipeline = measure_drop(pipeline, NULL, present);
		else
			measure_note(pipeline, present, wanted);
	}
	return pipeline;
}

/*
 * prepare_dimensions does the same for dimensions.
 */
static Pipeline *
prepare_dimensions(Pipeline *pipeline, const List *dimensions)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
	{
		const DimensionDefinition *present = &definition->dimensions[i];
		const DimensionDefinition *wanted = find_dimension(dimensions, present->name);

		if (wanted == NULL || !dimension_has_form(present, wanted))
			pipeline = dimension_drop(pipeline, NULL, present);
		else
			dimension_note(pipeline, present, wanted);
	}
	return pipeline;
}

/*
 * changed_definition_detached prepares a detached pipeline for a document.
 */
Pipeline *
changed_definition_detached(Pipeline *pipeline, const Document *document)
{
	OwnParts parts = read_parts(pipeline, document);

	pipeline = drop_rollups(pipeline, NULL, &parts);
	pipeline = prepare_measures(pipeline, parts.measures);
	return prepare_dimensions(pipeline, parts.dimensions);
}

/* Measures that are tried: the definition, and the columns that they add to a row of the source. */
typedef struct TriedMeasures
{
	const Pipeline *present;
	Pipeline *pipeline;
	Relation raw;
	Definition *definition;
	TriedSource *tried;
	StringInfoData targets;
} TriedMeasures;

/*
 * sealed_sql returns the SQL of an attribute's value in a row "s" of the table "sealed": that of
 * the attribute which it would take over, if there is one.
 */
static const char *
sealed_sql(const Pipeline *present, int attribute, const char *name, Oid type)
{
	const Definition *definition = present->definition;

	for (int i = 0; attribute < 0 && definition != NULL && i < definition->nattributes; i++)
		if (strcmp(definition->attributes[i].name, name) == 0)
			attribute = ATTRIBUTE_COUNT + i;
	if (attribute < 0 || present->types[attribute_column(attribute)] != type)
		return psprintf("NULL::%s", sql_column_type(type));
	return psprintf("s.%s",
					quote_identifier(source_column_name(present, attribute_column(attribute))));
}

/*
 * try_attribute adds an attribute, and returns its number; -1 for none.
 */
static int
try_attribute(TriedMeasures *measures, int attribute, const char *name, Oid type, const char *sql)
{
	int number = measures->definition->nattributes;

	if (sql == NULL)
		return -1;
	if (number == ATTRIBUTES_MAX - ATTRIBUTE_COUNT)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the definition has too many measures"),
						errdetail("All measures together can have %d expressions and filters.",
								  ATTRIBUTES_MAX - ATTRIBUTE_COUNT)));
	/* no column of the source has such a name */
	measures->definition->attributes[measures->definition->nattributes++] =
		(AttributeDefinition){.name = psprintf("attribute %d", number), .given = sql};
	measures->pipeline->types[SRC_NCOLUMNS + number] = type;
	measures->tried->sealed[SRC_NCOLUMNS + number] =
		sealed_sql(measures->present, attribute, name, type);
	appendStringInfo(&measures->targets, ", %s", sql);
	return ATTRIBUTE_COUNT + number;
}

/*
 * try_measure adds a measure.
 */
static void
try_measure(TriedMeasures *measures, const MeasureDefinition *wanted)
{
	const MeasureDefinition *present = measure_find(measures->present, wanted->name);
	MeasureDefinition measure = *wanted;
	Oid type = InvalidOid;
	const char *value = measure_value_sql(measures->raw, wanted, &type);

	measure.number = measures->definition->nmeasures;
	measure.index = 0;
	for (int i = 0; i < measures->definition->nmeasures; i++)
		measure.index += measures->definition->measures[i].of_events == measure.of_events;
	measure.value =
		try_attribute(measures, present == NULL ? -1 : present->value, measure.name, type, value);
	measure.filter = try_attribute(measures, present == NULL ? -1 : present->filter,
								   makeObjectName(measure.name, NULL, "filter"), BOOLOID,
								   measure_filter_sql(measures->raw, wanted));
	measures->definition->measures[measures->definition->nmeasures++] = measure;
}

/*
 * try_contracts adds the columns that contracts judge, which a document does not say anything of.
 */
static void
try_contracts(TriedMeasures *measures)
{
	const Pipeline *present = measures->present;
	const Definition *definition = present->definition;
	SourceColumn columns[SRC_MAX_COLUMNS] = {0};

	if (present->contracts == NULL)
		return;
	for (int i = 0; i < definition->nattributes; i++)
	{
		const AttributeDefinition *attribute = &definition->attributes[i];

		if (attribute->given == NULL || !attribute_is_judged(present->types[SRC_NCOLUMNS + i]))
			continue;
		columns[SRC_NCOLUMNS + i] = attribute_column(
			try_attribute(measures, -1, attribute->name, JSONBOID,
						  contract_column_sql(measures->raw, attribute->name, attribute->given)));
	}
	measures->pipeline->contracts = pipeline_contracts_moved(present->contracts, columns);
}

/*
 * tried_targets returns the targets of a view with the changed mapping and the measures.
 */
static List *
tried_targets(const TriedMeasures *measures, const Mapping *mapping)
{
	int level = pinned_settings_enter();
	List *targets = source_targets(mapping_view_query(mapping, measures->raw));
	List *more =
		source_targets(psprintf("SELECT NULL%s FROM %s AS " MAPPING_ALIAS, measures->targets.data,
								sql_qualified_name(RelationGetRelid(measures->raw))));

	pinned_settings_leave(level);
	return list_concat(targets, list_delete_first(more));
}

/*
 * changed_definition_try_measures has the pipeline derived with the measures of a document.
 */
void
changed_definition_try_measures(ChangedPipeline *changed, const Pipeline *present,
								const Document *document)
{
	List *wanted = read_parts(present, document).measures;
	Definition *definition = palloc0(sizeof(Definition));
	TriedMeasures measures = {.present = present,
							  .pipeline = changed->pipeline,
							  .raw = table_open(present->source, AccessShareLock),
							  .definition = definition,
							  .tried = changed_rules_tried(changed, present)};
	ListCell *cell;

	initStringInfo(&measures.targets);
	definition->attributes = palloc0(ATTRIBUTES_MAX * sizeof(AttributeDefinition));
	definition->measures = palloc0(list_length(wanted) * sizeof(MeasureDefinition));
	foreach (cell, wanted)
		try_measure(&measures, lfirst(cell));
	try_contracts(&measures);
	measures.tried->targets = tried_targets(&measures, changed->mapping.changed);
	changed->pipeline->definition = definition;
	changed->pipeline->star = NULL;
	changed->pipeline->ncolumns = SRC_NCOLUMNS + definition->nattributes;
	changed->pipeline->tried = measures.tried;
	table_close(measures.raw, NoLock);
}
