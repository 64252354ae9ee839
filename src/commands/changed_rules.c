/*
 * changed_rules.c
 *		A pipeline with the changes that the arguments of alter_pipeline and preview_pipeline ask
 *		for.
 *
 * An argument that is NULL leaves its rule, or what a column is mapped to, unchanged.  What is to
 * be removed is named in the argument "unset".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_row.h"
#include "catalog/rules.h"
#include "commands/changed_rules.h"
#include "compat.h"
#include "derive/bounce.h"
#include "star/star_ddl.h"

/* The positions of the arguments. */
enum
{
	ARG_NAME,
	ARG_GAP,
	ARG_MAX_DURATION,
	ARG_MAX_EVENTS,
	ARG_MIDNIGHT,
	ARG_TIME_ZONE,
	ARG_DEDUP_WINDOW,
	ARG_SKEW_THRESHOLD,
	ARG_MAX_LEAD,
	ARG_OLDEST,
	ARG_TOO_OLD,
	ARG_FILTER,
	ARG_UNSET,
	ARG_BOUNCE,
	ARG_KEY,
	ARG_EVENT_TIME,
	ARG_EVENT_ID,
	ARG_EVENT_NAME,
	ARG_USER_ID,
	ARG_PAGE,
	ARG_SENT_AT,
	ARG_RECEIVED_AT,
	ARG_RAW_ID,
	ARG_PAGE_VIEW,
	ARG_RESTART,
	ARG_RESTART_ON_CHANGE,
	ARG_DEFINITION,
	ARG_COUNT
};

/* The arguments that map the columns. */
static const int mapping_arguments[SRC_NCOLUMNS] = {
	[SRC_SESSION_KEY] = ARG_KEY,
	[SRC_EVENT_ID] = ARG_EVENT_ID,
	[SRC_RAW_ID] = ARG_RAW_ID,
	[SRC_EVENT_NAME] = ARG_EVENT_NAME,
	[SRC_USER_ID] = ARG_USER_ID,
	[SRC_PAGE] = ARG_PAGE,
	[SRC_OCCURRED_AT] = ARG_EVENT_TIME,
	[SRC_SENT_AT] = ARG_SENT_AT,
	[SRC_RECEIVED_AT] = ARG_RECEIVED_AT,
	[SRC_RESTART] = ARG_RESTART,
	[SRC_PAGE_VIEW] = ARG_PAGE_VIEW,
	[SRC_FILTER] = ARG_FILTER,
	[SRC_CHANGE] = ARG_RESTART_ON_CHANGE,
	[SRC_MIDNIGHT] = ARG_MIDNIGHT,
	[SRC_TIME_ZONE] = ARG_TIME_ZONE,
};

/* What can be removed. */
static const char *const removable[ARG_COUNT] = {
	[ARG_MAX_DURATION] = "max_duration",
	[ARG_MAX_EVENTS] = "max_events",
	[ARG_MIDNIGHT] = "midnight",
	[ARG_DEDUP_WINDOW] = "dedup_window",
	[ARG_SKEW_THRESHOLD] = "skew_threshold",
	[ARG_MAX_LEAD] = "max_lead",
	[ARG_OLDEST] = "oldest",
	[ARG_FILTER] = "filter",
	[ARG_BOUNCE] = "bounce",
	[ARG_EVENT_ID] = "event_id",
	[ARG_EVENT_NAME] = "event_name",
	[ARG_USER_ID] = "user_id",
	[ARG_PAGE] = "page",
	[ARG_SENT_AT] = "sent_at",
	[ARG_RECEIVED_AT] = "received_at",
	[ARG_RAW_ID] = "raw_id",
	[ARG_PAGE_VIEW] = "page_view",
	[ARG_RESTART] = "restart",
	[ARG_RESTART_ON_CHANGE] = "restart_on_change",
};

/*
 * set_interval sets a rule from an interval argument, unless it is NULL.
 */
static void
set_interval(FunctionCallInfo fcinfo, int argno, const Interval **rule)
{
	if (!PG_ARGISNULL(argno))
		*rule = PG_GETARG_INTERVAL_P(argno);
}

/*
 * set_text sets a rule from a text argument, unless it is NULL.
 */
static void
set_text(FunctionCallInfo fcinfo, int argno, const char **rule)
{
	if (!PG_ARGISNULL(argno))
		*rule = text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/*
 * report_needed reports a name in "unset" of something that can't be removed.
 */
pg_noreturn static void
report_needed(const char *name)
{
	StringInfoData names;
	int last = ARG_COUNT - 1;

	while (removable[last] == NULL)
		last--;
	initStringInfo(&names);
	for (int i = 0; i < ARG_COUNT; i++)
		if (removable[i] != NULL)
			appendStringInfo(&names, "%s%s",
							 names.len == 0 ? ""
							 : i == last    ? " and "
											: ", ",
							 removable[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a pipeline can't be without \"%s\"", name),
			 errhint("unset is a list out of %s, such as unset => '{max_duration}'.", names.data)));
}

/*
 * find_removable returns the number of the argument of something that can be removed, by its name.
 */
static int
find_removable(FunctionCallInfo fcinfo, const char *name)
{
	for (int i = 0; i < ARG_COUNT; i++)
	{
		if (removable[i] == NULL || strcmp(removable[i], name) != 0)
			continue;
		if (!PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("%s is given and named in unset, too", name),
							errhint("Leave out one of both.")));
		return i;
	}
	report_needed(name);
}

/*
 * remove_rule removes a rule.
 */
static void
remove_rule(PipelineRow *row, int argno)
{
	switch (argno)
	{
		case ARG_MAX_DURATION:
			row->max_duration = NULL;
			break;
		case ARG_MAX_EVENTS:
			row->max_events = 0;
			break;
		case ARG_MIDNIGHT:
			row->zones[ZONE_OF_MIDNIGHT] = NULL;
			break;
		case ARG_DEDUP_WINDOW:
			row->dedup_window = NULL;
			break;
		case ARG_SKEW_THRESHOLD:
			row->skew_threshold = NULL;
			break;
		case ARG_MAX_LEAD:
			row->max_lead = NULL;
			break;
		case ARG_OLDEST:
			row->oldest = NULL;
			break;
		case ARG_BOUNCE:
			row->bounce = NULL;
			break;
		default:
			elog(ERROR, "argument %d is no rule that can be removed", argno);
	}
}

/*
 * remove_column has a column mapped to nothing, and page views told by default.  It returns false
 * for an argument that maps no column.
 */
static bool
remove_column(MappingRequest *request, int argno)
{
	for (SourceColumn column = 0; column < SRC_NCOLUMNS; column++)
		if (mapping_arguments[column] == argno)
		{
			if (column == SRC_PAGE_VIEW)
				request->default_page_view = true;
			else
				request->texts[column] = "";
			return true;
		}
	return false;
}

/*
 * remove_named removes what is named in the argument "unset".
 */
static void
remove_named(FunctionCallInfo fcinfo, PipelineRow *row, MappingRequest *request)
{
	Datum *names;
	bool *isnull;
	int count;

	if (PG_ARGISNULL(ARG_UNSET))
		return;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(ARG_UNSET), TEXTOID, -1, false, TYPALIGN_INT, &names,
					  &isnull, &count);
	for (int i = 0; i < count; i++)
	{
		int argno;

		if (isnull[i])
			continue;
		argno = find_removable(fcinfo, TextDatumGetCString(names[i]));
		/* midnight is both: a zone, or a column with the zone of each row */
		if (!remove_column(request, argno) || argno == ARG_MIDNIGHT)
			remove_rule(row, argno);
	}
}

/*
 * changed_rules_tried returns what a pipeline with the changed mapping reads.
 */
TriedSource *
changed_rules_tried(ChangedPipeline *changed, const Pipeline *present)
{
	TriedSource *tried = palloc0(sizeof(TriedSource));

	tried->present = present;
	tried->targets = changed->mapping.targets;
	for (int i = 0; i < SRC_NCOLUMNS; i++)
		changed->pipeline->types[i] = changed->mapping.changed->columns[i].type;
	for (int i = 0; i < present->ncolumns; i++)
		tried->sealed[i] =
			star_converted_sql(psprintf("s.%s", quote_identifier(source_column_name(present, i))),
							   present->types[i], changed->pipeline->types[i]);
	return tried;
}

/*
 * changed_rules_try_mapping has the pipeline derived by the changed mapping.
 */
void
changed_rules_try_mapping(ChangedPipeline *changed, const Pipeline *present)
{
	if (changed->mapping.is_any_changed)
		changed->pipeline->tried = changed_rules_tried(changed, present);
}

/*
 * change_mapping changes the mapping.
 */
static void
change_mapping(ChangedPipeline *changed, const Pipeline *present, const MappingRequest *request)
{
	changed_mapping(&changed->mapping, present, request, changed->row.given);
	for (int i = 0; changed->mapping.changed != NULL && i < SRC_NCOLUMNS; i++)
		changed->row.given[i] = changed->mapping.changed->columns[i].text;
	changed_rules_try_mapping(changed, present);
}

/*
 * read_columns asks for what the arguments say that columns are taken from, and sets the zones of
 * rules.
 */
static void
read_columns(FunctionCallInfo fcinfo, PipelineRow *row, MappingRequest *request)
{
	for (SourceColumn column = 0; column < SRC_NCOLUMNS; column++)
		set_text(fcinfo, mapping_arguments[column], &request->texts[column]);
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
	{
		SourceColumn column = zone_column(rule);
		bool was_mapped = row->given[column] != NULL;

		if (request->texts[column] == NULL)
			continue;
		rules_read_zone(row, rule, request->texts[column]);
		request->texts[column] = row->given[column];
		request->zones[rule] = row->given[column] == NULL ? row->zones[rule] : NULL;
		if (row->given[column] == NULL && was_mapped)
			request->texts[column] = "";
	}
}

/*
 * read_rules sets the rules that the arguments give.
 */
static void
read_rules(FunctionCallInfo fcinfo, PipelineRow *row)
{
	set_interval(fcinfo, ARG_GAP, &row->gap);
	set_interval(fcinfo, ARG_MAX_DURATION, &row->max_duration);
	if (!PG_ARGISNULL(ARG_MAX_EVENTS))
		row->max_events = rules_max_events(PG_GETARG_INT64(ARG_MAX_EVENTS));
	set_interval(fcinfo, ARG_DEDUP_WINDOW, &row->dedup_window);
	set_interval(fcinfo, ARG_SKEW_THRESHOLD, &row->skew_threshold);
	set_interval(fcinfo, ARG_MAX_LEAD, &row->max_lead);
	set_interval(fcinfo, ARG_OLDEST, &row->oldest);
	set_text(fcinfo, ARG_TOO_OLD, &row->too_old);
	set_text(fcinfo, ARG_BOUNCE, &row->bounce);
}

/*
 * changed_rules_arguments returns how many arguments there are.
 */
int
changed_rules_arguments(void)
{
	return ARG_COUNT;
}

/*
 * changed_rules_document returns the document among the arguments.
 */
Jsonb *
changed_rules_document(FunctionCallInfo fcinfo, int nargs)
{
	if (PG_ARGISNULL(ARG_DEFINITION))
		return NULL;
	for (int i = ARG_NAME + 1; i < nargs; i++)
		if (i != ARG_DEFINITION && !PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("a definition is given, and other arguments as well"),
							errdetail("A definition says all of what a pipeline is."),
							errhint("Leave the other arguments out, or put what they say into the "
									"definition.")));
	return PG_GETARG_JSONB_P(ARG_DEFINITION);
}

/*
 * changed_rules returns the pipeline with the changes.
 */
ChangedPipeline *
changed_rules(FunctionCallInfo fcinfo, const Pipeline *pipeline)
{
	ChangedPipeline *changed = palloc0(sizeof(ChangedPipeline));
	MappingRequest request = {0};

	catalog_read_rules(pipeline->id, &changed->row);
	read_rules(fcinfo, &changed->row);
	read_columns(fcinfo, &changed->row, &request);
	remove_named(fcinfo, &changed->row, &request);
	changed->pipeline = palloc(sizeof(Pipeline));
	*changed->pipeline = *pipeline;
	change_mapping(changed, pipeline, &request);
	pipeline_set_rules(changed->pipeline, &changed->row);
	changed->row.bounce = changed->pipeline->bounce;
	bounce_check(changed->pipeline);
	return changed;
}
