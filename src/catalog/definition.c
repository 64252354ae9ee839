/*
 * definition.c
 *		What a user has added to a pipeline, in words and names.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "catalog/definition.h"

/* The kinds of measures, and whether each measures an expression. */
static const struct
{
	const char *name;
	bool has_value;
	Oid type;         /* of the results; InvalidOid: that of the expression */
	const char *text; /* what it is, in words; the expression follows */
} kinds[MEASURE_KINDS] = {
	[MEASURE_COUNT] = {"count", false, INT8OID, "number of events"},
	[MEASURE_SUM] = {"sum", true, InvalidOid, "sum of "},
	[MEASURE_MIN] = {"min", true, InvalidOid, "least value of "},
	[MEASURE_MAX] = {"max", true, InvalidOid, "greatest value of "},
	[MEASURE_FIRST] = {"first", true, InvalidOid, "first value of "},
	[MEASURE_LAST] = {"last", true, InvalidOid, "last value of "},
	[MEASURE_COUNT_DISTINCT] = {"count_distinct", true, INT8OID, "number of distinct values of "},
	[MEASURE_ANY] = {"any", false, BOOLOID, "whether there is an event"},
	[MEASURE_ACTIVE_TIME] = {"active_time", false, INTERVALOID,
							 "sum of the pauses between the events"},
	[MEASURE_DUPLICATES] = {"duplicates", false, INT8OID, "number of further copies of the events"},
	[MEASURE_CONFLICTS] = {"conflicts", false, INT8OID,
						   "number of copies that differ from the events"},
	[MEASURE_CORRECTED] = {"corrected", false, INT8OID,
						   "number of events whose device clock was off and is corrected"},
	[MEASURE_CLAMPED] = {"clamped", false, INT8OID,
						 "number of events that would come too long after their arrival, or before "
						 "it, and are moved"},
};

/* The names of the picks, and what each is, in words. */
static const struct
{
	const char *name;
	const char *text;
} picks[DIMENSION_PICKS] = {
	[PICK_ITSELF] = {"", ""},
	[PICK_FIRST] = {"first", " of the session's first event"},
	[PICK_LAST] = {"last", " of the session's last event"},
	[PICK_FIRST_NOT_NULL] = {"first_not_null", " of the session's first event that has any"},
	[PICK_LAST_NOT_NULL] = {"last_not_null", " of the session's last event that has any"},
	[PICK_ENTRY] = {"entry", " of the session's first page view"},
	[PICK_EXIT] = {"exit", " of the session's last page view"},
	[PICK_LAST_KNOWN] = {"last_known", " as it was last known of the session key"},
};

/*
 * measure_kind_name returns the name of a kind.
 */
const char *
measure_kind_name(MeasureKind kind)
{
	return kinds[kind].name;
}

/*
 * measure_kind_find returns the kind of a name.
 */
MeasureKind
measure_kind_find(const char *name)
{
	MeasureKind kind = 0;

	while (kind < MEASURE_KINDS && strcmp(kinds[kind].name, name) != 0)
		kind++;
	return kind;
}

/*
 * measure_kind_has_value tells whether a measure of this kind needs an expression.
 */
bool
measure_kind_has_value(MeasureKind kind)
{
	return kinds[kind].has_value;
}

/*
 * measure_comment says what a measure is.
 */
char *
measure_comment(const MeasureDefinition *measure)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, kinds[measure->kind].text);
	if (measure->given != NULL)
		appendStringInfoString(&text, measure->given);
	if (measure->given_filter != NULL)
		appendStringInfo(&text, " where %s", measure->given_filter);
	if (measure->cap != NULL)
	{
		char cap[MAXDATELEN + 1];
		struct pg_itm parts;

		/* in one form, whatever IntervalStyle is */
		interval2itm(*measure->cap, &parts);
		EncodeInterval(&parts, INTSTYLE_POSTGRES, cap);
		appendStringInfo(&text, ", of each at most %s", cap);
	}
	return text.data;
}

/*
 * attribute_comment says what an attribute is.
 */
char *
attribute_comment(const AttributeDefinition *attribute)
{
	return attribute->given == NULL
			   ? pstrdup("of a measure or dimension that was dropped; no longer used")
			   : psprintf("needed by a measure or dimension: %s", attribute->given);
}

/*
 * measure_kind_type returns the type of the values of a measure of a kind.
 */
Oid
measure_kind_type(MeasureKind kind, Oid value)
{
	return OidIsValid(kinds[kind].type) ? kinds[kind].type : value;
}

/*
 * measure_type returns the type of a measure's values.
 */
Oid
measure_type(const Pipeline *pipeline, const MeasureDefinition *measure)
{
	return measure_kind_type(
		measure->kind,
		measure->value < 0 ? InvalidOid : pipeline->types[attribute_column(measure->value)]);
}

/*
 * dimension_pick_name returns the name of a pick.
 */
const char *
dimension_pick_name(DimensionPick pick)
{
	return picks[pick].name;
}

/*
 * dimension_pick_find returns the pick of a name.
 */
DimensionPick
dimension_pick_find(const char *name)
{
	DimensionPick pick = PICK_FIRST;

	while (pick < DIMENSION_PICKS && strcmp(picks[pick].name, name) != 0)
		pick++;
	return pick;
}

/*
 * dimension_comment says what a dimension is.
 */
char *
dimension_comment(const DimensionDefinition *dimension)
{
	return psprintf("members of the dimension %s%s; member 0 is unknown", dimension->name,
					picks[dimension->pick].text);
}

/*
 * dimension_key_comment says what a fact's column with the keys of a dimension is.
 */
char *
dimension_key_comment(const DimensionDefinition *dimension)
{
	return psprintf("key in %s: %s%s; 0 where all its attributes are NULL", dimension->table,
					dimension->name, picks[dimension->pick].text);
}

/*
 * dimension_versions_comment says what the view of the versions of a dimension is.
 */
char *
dimension_versions_comment(const DimensionDefinition *dimension)
{
	return psprintf("which member of the dimension %s a session key had, and when (slowly "
					"changing, type 2)",
					dimension->name);
}

/*
 * definition_measures returns how many measures sessions, or events, have.
 */
int
definition_measures(const Pipeline *pipeline, bool of_events)
{
	const Definition *definition = pipeline->definition;
	int count = 0;

	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
		count += definition->measures[i].of_events == of_events;
	return count;
}

/*
 * definition_is_hidden tells whether there is anything that the views don't have yet.
 */
bool
definition_is_hidden(const Definition *definition)
{
	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
		if (!definition->measures[i].is_visible)
			return true;
	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
		if (!definition->dimensions[i].is_visible)
			return true;
	return false;
}

/*
 * definition_members returns how many dimensions have their keys in a fact.
 */
int
definition_members(const Pipeline *pipeline, bool of_events)
{
	const Definition *definition = pipeline->definition;
	int count = 0;

	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
		count += definition->dimensions[i].of_events == of_events;
	return count;
}

/*
 * definition_looks_back tells whether earlier sessions of the key are part of a session.
 */
bool
definition_looks_back(const Definition *definition)
{
	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
		if (definition->dimensions[i].pick == PICK_LAST_KNOWN)
			return true;
	return false;
}

/*
 * definition_next_number returns the number of a new measure or dimension.
 */
int
definition_next_number(const Pipeline *pipeline)
{
	const Definition *definition = pipeline->definition;
	int number = 0;

	if (definition == NULL)
		return 0;
	if (definition->nmeasures > 0)
		number = definition->measures[definition->nmeasures - 1].number + 1;
	if (definition->ndimensions > 0)
		number = Max(number, definition->dimensions[definition->ndimensions - 1].number + 1);
	return number;
}

/*
 * dimension_set_name sets a dimension's name, and those of its table, its key and its view.
 */
void
dimension_set_name(DimensionDefinition *dimension, const char *name)
{
	dimension->name = name;
	dimension->table = psprintf("dim_%s", name);
	dimension->key = psprintf("%s_key", name);
	if (dimension->of_events && dimension->pick == PICK_LAST_KNOWN)
		dimension->versions = psprintf("%s_versions", dimension->table);
}

/*
 * dimension_name_columns names the columns of views that show a dimension's attributes.
 */
void
dimension_name_columns(DimensionDefinition *dimension)
{
	bool is_only =
		dimension->nattributes == 1 && strcmp(dimension->attributes[0].name, dimension->name) == 0;

	for (int i = 0; i < dimension->nattributes; i++)
		dimension->attributes[i].column =
			is_only ? dimension->name
					: psprintf("%s_%s", dimension->name, dimension->attributes[i].name);
}

/*
 * append_dimension appends all that the members of a dimension depend on.
 */
static void
append_dimension(StringInfo text, const DimensionDefinition *dimension)
{
	appendStringInfo(text, " dimension %s %s%s", dimension->name,
					 dimension->of_events ? "of events " : "",
					 dimension_pick_name(dimension->pick));
	for (int i = 0; i < dimension->nattributes; i++)
		appendStringInfo(text, " %s %d", dimension->attributes[i].name,
						 dimension->attributes[i].attribute);
}

/*
 * definition_append_text appends all that a derivation depends on.  The expressions of attributes
 * are in the definition of the view "source".
 */
void
definition_append_text(const Pipeline *pipeline, StringInfo text)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
	{
		const MeasureDefinition *measure = &definition->measures[i];

		appendStringInfo(text, " measure %s %s %d %d", measure->name,
						 measure_kind_name(measure->kind), measure->value, measure->filter);
		if (measure->of_events)
			appendStringInfoString(text, " of events");
		if (measure->cap != NULL)
			appendStringInfo(text, " cap " INT64_FORMAT " %d %d", measure->cap->time,
							 measure->cap->day, measure->cap->month);
	}
	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
		append_dimension(text, &definition->dimensions[i]);
}
