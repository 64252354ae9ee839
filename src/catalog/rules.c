/*
 * rules.c
 *		A pipeline's rules, from the user's values to the values that the fold works by.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_contracts.h"
#include "catalog/pipeline_row.h"
#include "catalog/definition.h"
#include "catalog/rules.h"
#include "utils/arguments.h"
#include "utils/row_zones.h"

/*
 * Event times lie in the years 1 to 9999, less a day at both ends, so that in every time zone the
 * day has at most eight digits.
 */
#define PIPELINE_MIN_TIME ((date2j(1, 1, 2) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY)
#define PIPELINE_MAX_TIME ((date2j(9999, 12, 31) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY - 1)

/* The characters of a POSIX specification of a time zone, such as <+0330>-3:30 or CET-1CEST. */
#define POSIX_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789<>+-,./:"

/*
 * limit_usecs converts an interval into microseconds; NULL means no limit.
 */
static uint64
limit_usecs(const Interval *value, const char *argname)
{
	return value == NULL ? SZ_NO_LIMIT : sz_interval_usecs(value, argname);
}

/*
 * is_zone tells whether a text is the name of a time zone, or none at all.  The server takes many
 * an expression with a digit in it, such as zone1 || '', for a POSIX specification.
 */
static bool
is_zone(const char *text)
{
	if (text == NULL || text[0] == '\0')
		return true;
	if (zone_is_posix(text) && text[strspn(text, POSIX_CHARACTERS)] != '\0')
		return false;
	return zone_by_name(text) != NULL;
}

/*
 * rules_read_zone sets the zone of a rule.
 */
void
rules_read_zone(PipelineRow *row, ZoneRule rule, const char *text)
{
	bool is_name = is_zone(text);

	/* with an expression, the zone there was is kept, for rows that were sealed under it */
	if (is_name)
		row->zones[rule] = text;
	row->given[zone_column(rule)] = is_name ? NULL : text;
	if (rule == ZONE_OF_DAYS && (row->zones[rule] == NULL || row->zones[rule][0] == '\0'))
		row->zones[rule] = ZONE_OF_NONE;
}

/*
 * rules_zone_expression returns a text that is not the name of a zone.
 */
const char *
rules_zone_expression(const char *text)
{
	return is_zone(text) ? psprintf("(%s)", text) : text;
}

/*
 * find_zone returns the time zone of a rule; NULL if the rule does not apply.  A zone that the
 * server has forgotten is an error, unless pipeline_forget_unknown_zones has replaced it.
 */
static pg_tz *
find_zone(const PipelineRow *row, ZoneRule rule)
{
	const char *name = row->zones[rule];
	pg_tz *zone;

	if (name == NULL || name[0] == '\0')
	{
		if (rule != ZONE_OF_DAYS && row->given[zone_column(rule)] == NULL)
			return NULL;
		name = ZONE_OF_NONE;
	}
	zone = zone_by_name(name);
	if (zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" is not known", name),
				 errdetail("It was known when the pipeline's rules were given."),
				 errhint("Have the server's time zone data brought up to date, or give another "
						 "zone; SELECT name FROM pg_timezone_names lists them.")));
	return zone;
}

/*
 * check_gap converts the gap, and makes sure that ended_at + gap is a valid time for every session.
 */
static uint64
check_gap(const Interval *gap)
{
	uint64 usecs;

	if (gap == NULL)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("gap must not be null"),
						errhint("Leave the argument out for gap => '30 minutes'.")));
	usecs = sz_interval_usecs(gap, "gap");
	if (usecs >= (uint64) END_TIMESTAMP - (uint64) PIPELINE_MAX_TIME)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("gap is too large"),
			 errhint("A gap is the longest pause inside a session, such as gap => '30 minutes'.")));
	return usecs;
}

/*
 * rejects_old tells from too_old whether events that are too old go to the quarantine; NULL means
 * that they don't.
 */
static bool
rejects_old(const char *too_old)
{
	if (too_old == NULL || strcmp(too_old, RULES_CLAMP) == 0)
		return false;
	if (strcmp(too_old, "quarantine") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("too_old must be 'clamp' or 'quarantine', not \"%s\"", too_old),
				 errhint("'clamp' takes an event that is older than the pipeline's oldest as "
						 "of its arrival; 'quarantine' makes no event of its row.")));
	return true;
}

/*
 * pipeline_forget_unknown_zones replaces each unknown time zone by UTC, and keeps the last one's
 * name in the pipeline.
 */
void
pipeline_forget_unknown_zones(Pipeline *pipeline, PipelineRow *row)
{
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
	{
		if (is_zone(row->zones[rule]))
			continue;
		if (row->given[zone_column(rule)] == NULL || pipeline->has_seal)
			pipeline->unknown_zone =
				MemoryContextStrdup(GetMemoryChunkContext(pipeline), row->zones[rule]);
		row->zones[rule] = ZONE_OF_NONE;
	}
}

/*
 * pipeline_set_rules checks a row's rules and sets the pipeline's rules from them.
 */
void
pipeline_set_rules(Pipeline *pipeline, const PipelineRow *row)
{
	pipeline->rules.gap = check_gap(row->gap);
	pipeline->rules.max_duration = limit_usecs(row->max_duration, "max_duration");
	if (row->max_events < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("max_events must be at least 1"),
				 errhint("Leave the argument out for sessions of any number of events.")));
	pipeline->rules.max_events = row->max_events == 0 ? SZ_NO_LIMIT : (uint64) row->max_events;
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
	{
		pipeline->zones[rule] = find_zone(row, rule);
		pipeline->zone_by_row[rule] = row->given[zone_column(rule)] != NULL;
	}
	pipeline->rules.midnight = pipeline->zones[ZONE_OF_MIDNIGHT] != NULL;
	pipeline->dedup_window = limit_usecs(row->dedup_window, "dedup_window");
	pipeline->clock.skew_threshold = limit_usecs(row->skew_threshold, "skew_threshold");
	pipeline->clock.max_lead = limit_usecs(row->max_lead, "max_lead");
	pipeline->clock.oldest = limit_usecs(row->oldest, "oldest");
	pipeline->clock.rejects_old = rejects_old(row->too_old);
	pipeline->clock.min_time = PIPELINE_MIN_TIME;
	pipeline->clock.max_time = PIPELINE_MAX_TIME;
	pipeline->bounce = row->bounce == NULL || row->bounce[0] == '\0' ? NULL : row->bounce;
	pipeline->store_events = row->store_events;
}

/*
 * append_zone appends the zone of a rule, which may be in the view "source".
 */
static void
append_zone(StringInfo all, const char *name, const Pipeline *pipeline, ZoneRule rule)
{
	pg_tz *zone = pipeline->zones[rule];

	appendStringInfo(all, " %s %s%s", name, pipeline->zone_by_row[rule] ? "of the row or " : "",
					 zone == NULL ? "" : pg_get_timezone_name(zone));
}

/*
 * pipeline_definition_text returns all that a derivation depends on, except for the raw rows.
 */
char *
pipeline_definition_text(const Pipeline *pipeline)
{
	const SzRules *rules = &pipeline->rules;
	const SzClockRules *clock = &pipeline->clock;
	Datum view = DirectFunctionCall1(pg_get_viewdef, ObjectIdGetDatum(pipeline->source_view));
	StringInfoData all;

	initStringInfo(&all);
	appendStringInfo(&all, "name %s", pipeline->id_name);
	appendStringInfo(&all, " gap " UINT64_FORMAT, rules->gap);
	appendStringInfo(&all, " max_duration " UINT64_FORMAT, rules->max_duration);
	appendStringInfo(&all, " max_events " UINT64_FORMAT, rules->max_events);
	append_zone(&all, "midnight", pipeline, ZONE_OF_MIDNIGHT);
	append_zone(&all, "time_zone", pipeline, ZONE_OF_DAYS);
	appendStringInfo(&all, " dedup_window " UINT64_FORMAT, pipeline->dedup_window);
	appendStringInfo(&all, " skew_threshold " UINT64_FORMAT, clock->skew_threshold);
	appendStringInfo(&all, " max_lead " UINT64_FORMAT, clock->max_lead);
	appendStringInfo(&all, " oldest " UINT64_FORMAT " %d", clock->oldest, clock->rejects_old);
	appendStringInfo(&all, " times " INT64_FORMAT " " INT64_FORMAT, clock->min_time,
					 clock->max_time);
	appendStringInfo(&all, " store_events %d", (int) pipeline->store_events);
	if (pipeline->bounce != NULL)
		appendStringInfo(&all, " bounce %s", pipeline->bounce);
	appendStringInfo(&all, " sealed %d " INT64_FORMAT, pipeline->has_seal, pipeline->sealed_before);
	definition_append_text(pipeline, &all);
	pipeline_contracts_append_text(pipeline->contracts, &all);
	appendStringInfo(&all, " source %s", TextDatumGetCString(view));
	return all.data;
}

/*
 * rules_max_events converts a user's max_events to the value in a PipelineRow.
 */
int64
rules_max_events(int64 given)
{
	return given == 0 ? -1 : given;
}
