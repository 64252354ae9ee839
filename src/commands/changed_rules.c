/*
 * changed_rules.c
 *		A pipeline's rules with the changes that the arguments of alter_pipeline and
 *		preview_pipeline ask for.
 *
 * An argument that is NULL leaves its rule unchanged.  Rules to remove are named in the argument
 * "unset".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "rewrite/rewriteManip.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_row.h"
#include "catalog/rules.h"
#include "commands/changed_rules.h"
#include "commands/mapping.h"
#include "derive/bounce.h"
#include "source/source_mapping.h"

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
	ARG_COUNT
};

/* The rules that can be removed. */
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
 * find_removable returns the number of the argument of a rule that can be removed, by its name.
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
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a pipeline can't be without \"%s\"", name),
			 errhint("unset is a list out of max_duration, max_events, midnight, dedup_window, "
					 "skew_threshold, max_lead, oldest, filter and bounce, such as unset => "
					 "'{max_duration}'.")));
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
			row->midnight = NULL;
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
		case ARG_FILTER:
			row->given[SRC_FILTER] = NULL;
			break;
		case ARG_BOUNCE:
			row->bounce = NULL;
			break;
		default:
			elog(ERROR, "argument %d is no rule that can be removed", argno);
	}
}

/*
 * remove_rules removes the rules named in the argument "unset".
 */
static void
remove_rules(FunctionCallInfo fcinfo, PipelineRow *row)
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
		if (!isnull[i])
			remove_rule(row, find_removable(fcinfo, TextDatumGetCString(names[i])));
	}
}

/*
 * changed_filter returns the expression of the filter in text; NULL if it is the one that the
 * pipeline has.  An empty text becomes NULL.
 */
static Node *
changed_filter(const Pipeline *pipeline, const char **text)
{
	SourceMapping *mapping = source_mapping(pipeline);
	Node *present = copyObject(source_expression(mapping, SRC_FILTER));
	Relation raw = table_open(pipeline->source, AccessShareLock);
	Node *filter;

	if (*text != NULL && (*text)[0] == '\0')
		*text = NULL;
	filter = mapping_filter(raw, *text);
	table_close(raw, NoLock);
	ChangeVarNodes(present, (int) mapping->varno, 1, 0);
	return equal(filter, present) ? NULL : filter;
}

/*
 * changed_rules returns the pipeline with the changes.
 */
Pipeline *
changed_rules(FunctionCallInfo fcinfo, const Pipeline *pipeline, PipelineRow *row)
{
	Pipeline *changed = palloc(sizeof(Pipeline));
	bool has_filter;

	memset(row, 0, sizeof(*row));
	catalog_read_rules(pipeline->id, row);
	set_interval(fcinfo, ARG_GAP, &row->gap);
	set_interval(fcinfo, ARG_MAX_DURATION, &row->max_duration);
	if (!PG_ARGISNULL(ARG_MAX_EVENTS))
		row->max_events = rules_max_events(PG_GETARG_INT64(ARG_MAX_EVENTS));
	set_text(fcinfo, ARG_MIDNIGHT, &row->midnight);
	set_text(fcinfo, ARG_TIME_ZONE, &row->time_zone);
	set_interval(fcinfo, ARG_DEDUP_WINDOW, &row->dedup_window);
	set_interval(fcinfo, ARG_SKEW_THRESHOLD, &row->skew_threshold);
	set_interval(fcinfo, ARG_MAX_LEAD, &row->max_lead);
	set_interval(fcinfo, ARG_OLDEST, &row->oldest);
	set_text(fcinfo, ARG_TOO_OLD, &row->too_old);
	has_filter = row->given[SRC_FILTER] != NULL;
	set_text(fcinfo, ARG_FILTER, &row->given[SRC_FILTER]);
	set_text(fcinfo, ARG_BOUNCE, &row->bounce);
	remove_rules(fcinfo, row);
	*changed = *pipeline;
	if (!PG_ARGISNULL(ARG_FILTER) || (has_filter && row->given[SRC_FILTER] == NULL))
		changed->tried_filter = changed_filter(pipeline, &row->given[SRC_FILTER]);
	pipeline_set_rules(changed, row);
	row->bounce = changed->bounce;
	bounce_check(changed);
	return changed;
}
