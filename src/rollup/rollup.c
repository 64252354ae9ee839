/*
 * rollup.c
 *		A rollup with the columns of the fact that it is made of.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "catalog/definition.h"
#include "rollup/rollup.h"
#include "star/star.h"

static const char *const period_names[PERIODS] = {
	[PERIOD_HOUR] = "hour",
	[PERIOD_DAY] = "day",
	[PERIOD_WEEK] = "week",
	[PERIOD_MONTH] = "month",
};

/* The measure that no column of the fact has. */
#define DURATION "duration"

/*
 * rollup_period_name returns the name of a grain of time.
 */
const char *
rollup_period_name(RollupPeriod period)
{
	return period_names[period];
}

/*
 * find_period returns the grain of time of a name; PERIODS if there is none.
 */
static RollupPeriod
find_period(const char *name)
{
	RollupPeriod period = 0;

	while (period < PERIODS && strcmp(period_names[period], name) != 0)
		period++;
	return period;
}

/*
 * find_column returns the column of a name of the fact; NULL if there is none.
 */
static const StarColumn *
find_column(const Rollup *rollup, const char *name)
{
	for (int i = 0; i < rollup->fact->ncolumns; i++)
		if (strcmp(rollup->fact->columns[i].name, name) == 0)
			return &rollup->fact->columns[i];
	return NULL;
}

/*
 * add_key returns the number of a column among the keys, and adds it if it is not one of them.
 */
static int
add_key(Rollup *rollup, const StarColumn *column)
{
	for (int i = 0; i < rollup->nkeys; i++)
		if (rollup->keys[i].column == column)
			return i;
	rollup->keys[rollup->nkeys] = (RollupKey){column};
	return rollup->nkeys++;
}

/*
 * show adds a column to the view.
 */
static void
show(Rollup *rollup, const char *name, const StarColumn *column, const char *part, Oid type)
{
	rollup->shown[rollup->nshown++] = (RollupShown){name, add_key(rollup, column), part, type};
}

/*
 * show_own shows the attribute of a name of a dimension that the user has added, or all attributes
 * of the dimension of this name.  It returns whether there is one.
 */
static bool
show_own(Rollup *rollup, const char *name)
{
	const Definition *definition = rollup->pipeline->definition;
	bool found = false;

	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
	{
		const DimensionDefinition *dimension = &definition->dimensions[i];

		if (dimension->of_events != rollup->definition->of_events)
			continue;
		for (int j = 0; j < dimension->nattributes; j++)
		{
			const MemberAttribute *attribute = &dimension->attributes[j];

			if (strcmp(attribute->column, name) != 0 && strcmp(dimension->name, name) != 0)
				continue;
			show(rollup, attribute->column, find_column(rollup, dimension->key), attribute->name,
				 rollup->pipeline->types[attribute_column(attribute->attribute)]);
			found = true;
		}
	}
	return found;
}

/*
 * show_built_in shows a column that the view over the fact has in each pipeline.  It returns
 * whether there is one that has few values.
 */
static bool
show_built_in(Rollup *rollup, const char *name)
{
	for (int i = 0; i < rollup->view->ncolumns; i++)
	{
		const StarViewColumn *shown = &rollup->view->columns[i];
		const StarColumn *column;

		if (strcmp(shown->name, name) != 0 || shown->column < 0 || shown->part != NULL ||
			shown->keyed != 0)
			continue;
		column = &rollup->fact->columns[shown->column];
		if (column->dimension == DIMENSION_NONE && column->field.kind != FIELD_MEASURE &&
			(column->type == BOOLOID || column->type == TEXTOID))
			show(rollup, name, column, NULL, column->type);
		else if (column->dimension == DIMENSION_PAGE || column->dimension == DIMENSION_EVENT)
			show(rollup, name, column, star_dimension(rollup->pipeline, column->dimension)->member,
				 TEXTOID);
		else
			return false;
		return true;
	}
	return false;
}

/*
 * fact_word returns what the rows of the rollup's fact are.
 */
static const char *
fact_word(const Rollup *rollup)
{
	return rollup->definition->of_events ? "events" : "sessions";
}

/*
 * report_by reports a name by which there can be no rollup.
 */
pg_noreturn static void
report_by(const Rollup *rollup, const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there can be no rollup of %s by \"%s\"", fact_word(rollup), name),
			 errdetail("A rollup has a row for each combination of a time and of members of "
					   "dimensions."),
			 errhint("Name a grain of time (hour, day, week or month) and any of: %s, and the "
					 "dimensions with grain => '%s' in sessionize.dimensions.",
					 rollup->definition->of_events ? "event_name, page, page_view"
												   : "entry_page, exit_page, is_bounce, started_by",
					 rollup->definition->of_events ? "event" : "session")));
}

/*
 * resolve_by finds the grain of time and the keys.
 */
static void
resolve_by(Rollup *rollup)
{
	ListCell *cell;

	rollup->period = PERIODS;
	foreach (cell, rollup->definition->by)
	{
		const char *name = lfirst(cell);
		RollupPeriod period = find_period(name);

		if (period < PERIODS && rollup->period < PERIODS)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("a rollup has one grain of time, not \"%s\" and \"%s\"",
								   period_names[rollup->period], name),
							errhint("Create a rollup for each, or sum up the days of one.")));
		if (period < PERIODS)
			rollup->period = period;
		else if (!show_own(rollup, name) && !show_built_in(rollup, name))
			report_by(rollup, name);
	}
	if (rollup->period == PERIODS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a rollup needs a grain of time"),
				 errhint("Add hour, day, week or month, as in by => '{day}'.")));
}

/*
 * report_measure reports a measure that can't be kept by differences.
 */
pg_noreturn static void
report_measure(const Rollup *rollup, const char *text)
{
	bool is_average = pg_strncasecmp(text, "avg(", 4) == 0;

	ereport(
		ERROR,
		(errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a rollup can't keep \"%s\"", text),
		 errdetail("When a row goes, its part can be taken out of a count or a sum, but not out "
				   "of a minimum, a maximum or a number of distinct values."),
		 is_average
			 ? errhint("Keep the sum, and divide it by the number of %s, or by count(...) of "
					   "the same column.",
					   fact_word(rollup))
			 : errhint("Keep counts and sums: measures => '{revenue, count(revenue)}'; ask the "
					   "view %s for the rest.",
					   fact_word(rollup))));
}

/*
 * read_call returns the argument of a call of a function of this name; NULL if the text is none.
 */
static char *
read_call(const char *text, const char *function)
{
	size_t length = strlen(function);
	size_t end = strlen(text);

	if (pg_strncasecmp(text, function, length) != 0 || text[length] != '(' || text[end - 1] != ')')
		return NULL;
	return pnstrdup(text + length + 1, end - length - 2);
}

/*
 * measured_column finds the column that a measure is of; NULL if there is none with such values.
 */
static bool
measured_column(const Rollup *rollup, const char *name, RollupNumber *number)
{
	if (!rollup->definition->of_events && strcmp(name, DURATION) == 0 &&
		find_column(rollup, name) == NULL)
	{
		number->is_duration = true;
		number->column = find_column(rollup, "ended_at");
		number->value_type = INTERVALOID;
		return true;
	}
	number->column = find_column(rollup, name);
	if (number->column == NULL || number->column->dimension != DIMENSION_NONE)
		return false;
	number->value_type = star_column_type(number->column, rollup->pipeline);
	return number->column->field.kind == FIELD_MEASURE || number->value_type == BOOLOID ||
		   number->value_type == INT8OID;
}

/*
 * report_no_measure reports a name that is no measure.
 */
pg_noreturn static void
report_no_measure(const Rollup *rollup, const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("the %s of pipeline \"%s\" have no measure \"%s\"", fact_word(rollup),
					rollup->pipeline->name, name),
			 errhint("SELECT * FROM sessionize.measures shows those that were added; %s has each "
					 "pipeline.",
					 rollup->definition->of_events
						 ? "page_view"
						 : "events, page_views, distinct_pages, duplicates, conflicts, is_bounce "
						   "and duration")));
}

/*
 * number_type returns the type of a number.
 */
static Oid
number_type(const RollupNumber *number)
{
	if (number->kind != ROLLUP_SUM)
		return INT8OID;
	return number->value_type == INTERVALOID ? INTERVALOID : NUMERICOID;
}

/*
 * resolve_measure adds a measure.
 */
static void
resolve_measure(Rollup *rollup, const char *text)
{
	RollupNumber *number = &rollup->numbers[rollup->nnumbers++];
	char *summed = read_call(text, "sum");
	char *counted = read_call(text, "count");
	const char *name = summed ? summed : counted ? counted : text;

	if (summed == NULL && counted == NULL && strchr(text, '(') != NULL &&
		find_column(rollup, text) == NULL)
		report_measure(rollup, text);
	if (counted != NULL && pg_strncasecmp(counted, "distinct ", 9) == 0)
		report_measure(rollup, text);
	if (!measured_column(rollup, name, number))
		report_no_measure(rollup, name);
	number->kind = counted != NULL                 ? ROLLUP_COUNT
				   : number->value_type == BOOLOID ? ROLLUP_TRUE
												   : ROLLUP_SUM;
	number->name = counted != NULL ? psprintf("%s_count", name) : name;
	if (strlen(number->name) >= NAMEDATALEN)
		ereport(ERROR, (errcode(ERRCODE_NAME_TOO_LONG),
						errmsg("\"%s\" is too long for the name of a column", number->name),
						errhint("Give the measure a shorter name.")));
	if (number->kind == ROLLUP_SUM && number->value_type != INT8OID &&
		number->value_type != NUMERICOID && number->value_type != INTERVALOID)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("a rollup can't sum \"%s\", which is of type %s", name,
							   format_type_be(number->value_type)),
						errhint("count(%s) counts the rows that have a value.", name)));
	number->type = number_type(number);
}

/*
 * check_name reports a name that two columns have.
 */
static void
check_name(const List *names, const char *name)
{
	ListCell *cell;

	foreach (cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
							errmsg("the rollup would have two columns \"%s\"", name),
							errhint("Name each grain of time, dimension and measure once; the "
									"number of rows is always there.")));
}

/*
 * check_names reports a name that two columns of the tables or of the view have.
 */
static void
check_names(const Rollup *rollup)
{
	List *stored = list_make1(unconstify(char *, rollup_period_name(rollup->period)));
	List *shown;

	for (int i = 0; i < rollup->nnumbers; i++)
	{
		check_name(stored, rollup->numbers[i].name);
		stored = lappend(stored, unconstify(char *, rollup->numbers[i].name));
	}
	shown = list_copy(stored);
	for (int i = 0; i < rollup->nkeys; i++)
	{
		check_name(stored, rollup->keys[i].column->name);
		stored = lappend(stored, unconstify(char *, rollup->keys[i].column->name));
	}
	for (int i = 0; i < rollup->nshown; i++)
	{
		check_name(shown, rollup->shown[i].name);
		shown = lappend(shown, unconstify(char *, rollup->shown[i].name));
	}
}

/*
 * rollup_resolve returns a rollup of a pipeline.
 */
Rollup *
rollup_resolve(const Pipeline *pipeline, int place)
{
	const RollupDefinition *definition = &pipeline->rollups->rollups[place];
	Rollup *rollup = palloc0(sizeof(Rollup));
	int most = list_length(definition->by) + ATTRIBUTES_MAX;
	ListCell *cell;

	rollup->pipeline = pipeline;
	rollup->definition = definition;
	rollup->place = place;
	rollup->view = star_view(pipeline, definition->of_events ? VIEW_EVENTS : VIEW_SESSIONS);
	rollup->fact = star_table(pipeline, rollup->view->fact);
	rollup->keys = palloc0(most * sizeof(RollupKey));
	rollup->shown = palloc0(most * sizeof(RollupShown));
	rollup->numbers = palloc0((1 + list_length(definition->measures)) * sizeof(RollupNumber));
	resolve_by(rollup);
	rollup->numbers[rollup->nnumbers++] =
		(RollupNumber){.name = fact_word(rollup), .kind = ROLLUP_EVERY, .type = INT8OID};
	foreach (cell, definition->measures)
		resolve_measure(rollup, lfirst(cell));
	check_names(rollup);
	return rollup;
}

/*
 * rollup_uses tells whether a rollup is made of a column of its fact.
 */
bool
rollup_uses(const Rollup *rollup, const char *column)
{
	for (int i = 0; i < rollup->nkeys; i++)
		if (strcmp(rollup->keys[i].column->name, column) == 0)
			return true;
	for (int i = 0; i < rollup->nnumbers; i++)
		if (rollup->numbers[i].column != NULL &&
			strcmp(rollup->numbers[i].column->name, column) == 0)
			return true;
	return strcmp(column, rollup->period == PERIOD_HOUR ? rollup->fact->time : "date_key") == 0 ||
		   (strcmp(column, rollup->fact->time) == 0);
}
