/*
 * create_drop.c
 *		create_pipeline and drop_pipeline.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "capture/capture_trigger.h"
#include "catalog/lock.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/pipeline_row.h"
#include "catalog/rules.h"
#include "commands/create_drop.h"
#include "commands/mapping.h"
#include "commands/raw_table.h"
#include "derive/bounce.h"
#include "live/star_views.h"
#include "spi/privileges.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "star/star_ddl.h"
#include "worker/hold.h"
#include "worker/schedule.h"

/* The positions of create_pipeline's arguments. */
enum
{
	ARG_NAME,
	ARG_SOURCE,
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
	ARG_GAP,
	ARG_MAX_DURATION,
	ARG_MAX_EVENTS,
	ARG_MIDNIGHT,
	ARG_TIME_ZONE,
	ARG_DEDUP_WINDOW,
	ARG_SKEW_THRESHOLD,
	ARG_MAX_LEAD,
	ARG_STORE_EVENTS,
	ARG_CAPTURE,
	ARG_FILTER,
	ARG_OLDEST,
	ARG_TOO_OLD,
	ARG_RESTART_ON_CHANGE,
	ARG_BOUNCE,
	ARG_LOADED_AT,
	ARG_ID_NAME
};

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

/*
 * text_argument returns a text argument as a string, NULL for SQL's NULL.
 */
static char *
text_argument(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/*
 * required_argument returns a text argument as a string, and reports NULL.
 */
static char *
required_argument(FunctionCallInfo fcinfo, int argno, const char *argname, const char *hint)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("%s must not be null", argname), errhint("%s", hint)));
	return text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/*
 * interval_argument returns an interval argument, NULL for SQL's NULL.
 */
static const Interval *
interval_argument(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL : PG_GETARG_INTERVAL_P(argno);
}

/*
 * report_name_taken reports that a pipeline of this name exists.
 */
static void
report_name_taken(const char *name)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_DUPLICATE_OBJECT), errmsg("pipeline \"%s\" already exists", name),
		 errhint("SELECT sessionize.drop_pipeline(%s); removes it with all it has derived. The raw "
				 "table stays.",
				 quote_literal_cstr(name))));
}

/*
 * check_name reports a name that no new pipeline can have.
 */
static void
check_name(const char *name)
{
	if (name[0] == '\0' || strlen(name) >= NAMEDATALEN)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_NAME), errmsg("\"%s\" can't be the name of a pipeline", name),
			 errdetail("The name is also the name of a schema: 1 to %d bytes.", NAMEDATALEN - 1),
			 errhint("Choose a short name, such as 'web'.")));
	if (IsReservedName(name) || strcmp(name, "sessionize") == 0 ||
		strcmp(name, "information_schema") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_RESERVED_NAME),
				 errmsg("\"%s\" can't be the name of a pipeline", name),
				 errdetail("The name is also the name of a schema, and this one is reserved."),
				 errhint("Choose another name, such as 'web'.")));
	if (pipeline_find(name) != NULL)
		report_name_taken(name);
	if (OidIsValid(get_namespace_oid(name, true)))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_SCHEMA), errmsg("schema \"%s\" already exists", name),
				 errdetail("A pipeline makes a schema of its own name for its tables."),
				 errhint("Choose another name, or drop or rename the schema.")));
}

/*
 * check_id_name reports a name that ids can't be made with.
 */
static void
check_id_name(const char *id_name)
{
	if (id_name != NULL && (id_name[0] == '\0' || strlen(id_name) >= NAMEDATALEN))
		ereport(ERROR, (errcode(ERRCODE_INVALID_NAME),
						errmsg("\"%s\" can't be the id_name of a pipeline", id_name),
						errdetail("It is the name of another pipeline, whose session ids this one "
								  "is to have: 1 to %d bytes.",
								  NAMEDATALEN - 1),
						errhint("Leave id_name out: ids are made with the pipeline's own name "
								"then.")));
}

/*
 * create_read_rules copies the rules among create_pipeline's arguments to a catalog row.
 */
void
create_read_rules(FunctionCallInfo fcinfo, PipelineRow *row)
{
	row->gap = interval_argument(fcinfo, ARG_GAP);
	row->max_duration = interval_argument(fcinfo, ARG_MAX_DURATION);
	if (!PG_ARGISNULL(ARG_MAX_EVENTS))
		row->max_events = rules_max_events(PG_GETARG_INT64(ARG_MAX_EVENTS));
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		rules_read_zone(row, rule, text_argument(fcinfo, mapping_arguments[zone_column(rule)]));
	row->dedup_window = interval_argument(fcinfo, ARG_DEDUP_WINDOW);
	row->skew_threshold = interval_argument(fcinfo, ARG_SKEW_THRESHOLD);
	row->max_lead = interval_argument(fcinfo, ARG_MAX_LEAD);
	row->oldest = interval_argument(fcinfo, ARG_OLDEST);
	row->too_old = text_argument(fcinfo, ARG_TOO_OLD);
	if (row->too_old == NULL)
		row->too_old = RULES_CLAMP;
	row->bounce = text_argument(fcinfo, ARG_BOUNCE);
	row->id_name = text_argument(fcinfo, ARG_ID_NAME);
	row->store_events = PG_ARGISNULL(ARG_STORE_EVENTS) || PG_GETARG_BOOL(ARG_STORE_EVENTS);
	row->loaded_at = !PG_ARGISNULL(ARG_LOADED_AT) && PG_GETARG_BOOL(ARG_LOADED_AT);
	row->capture = PG_ARGISNULL(ARG_CAPTURE) || PG_GETARG_BOOL(ARG_CAPTURE);
}

/*
 * create_read_texts copies the texts of the mapping.
 */
void
create_read_texts(FunctionCallInfo fcinfo, const char *texts[SRC_NCOLUMNS])
{
	PipelineRow row = {0};

	for (int i = 0; i < SRC_NCOLUMNS; i++)
		texts[i] = text_argument(fcinfo, mapping_arguments[i]);
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
	{
		SourceColumn column = zone_column(rule);

		rules_read_zone(&row, rule, texts[column]);
		texts[column] = row.given[column];
	}
}

/*
 * read_mapping makes the mapping that create_pipeline's arguments describe, and checks that the raw
 * table has an index that begins with the key.
 */
static Mapping *
read_mapping(FunctionCallInfo fcinfo, const PipelineRow *row, Relation raw)
{
	const char *texts[SRC_NCOLUMNS];
	Mapping *mapping;

	create_read_texts(fcinfo, texts);
	mapping = mapping_build(raw, texts);
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		mapping_note_zone(raw, zone_column(rule), row->zones[rule]);
	raw_table_check_index(raw, mapping->columns[SRC_SESSION_KEY].expression,
						  mapping->columns[SRC_OCCURRED_AT].expression,
						  mapping->columns[SRC_EVENT_ID].expression);
	return mapping;
}

/*
 * make_pipeline writes the catalog row and creates the schema, as the current user.
 */
static void
make_pipeline(PipelineRow *row, Pipeline *pipeline, const Mapping *mapping, Relation raw)
{
	int guc_level;

	row->source = RelationGetRelid(raw);
	row->owner = GetUserId();
	for (int i = 0; i < SRC_NCOLUMNS; i++)
	{
		row->given[i] = mapping->columns[i].text;
		pipeline->types[i] = mapping->columns[i].type;
	}
	pipeline->has_loaded_at = row->loaded_at;
	pipeline->capture = row->capture;
	pipeline->owner = row->owner;
	pipeline->id = catalog_insert(row);
	if (pipeline->id == 0)
		report_name_taken(row->name);
	guc_level = pinned_settings_enter();
	star_create(pipeline, mapping_view_query(mapping, raw));
	star_create_views(pipeline);
	star_comment(pipeline, row->given);
	pinned_settings_leave(guc_level);
	catalog_set_objects(pipeline);
	if (row->capture)
		capture_trigger_create(pipeline->id, raw);
}

/*
 * sessionize_create_pipeline creates a pipeline; see its SQL declaration for the arguments.
 */
PIPELINE_FUNCTION(sessionize_create_pipeline)
{
	Pipeline pipeline = {.ncolumns = SRC_NCOLUMNS};
	PipelineRow row = {0};
	Relation raw;
	Mapping *mapping;

	PreventCommandIfReadOnly("sessionize.create_pipeline()");
	pipeline.name =
		required_argument(fcinfo, ARG_NAME, "name", "Choose a short name, such as 'web'.");
	row.name = pipeline.name;
	check_name(pipeline.name);
	check_may_create_schema("A pipeline makes a schema for its tables.");
	create_read_rules(fcinfo, &row);
	check_id_name(row.id_name);
	pipeline.id_name = row.id_name == NULL ? pipeline.name : pstrdup(row.id_name);
	pipeline_set_rules(&pipeline, &row);
	row.bounce = pipeline.bounce;
	bounce_check(&pipeline);
	raw = raw_table_open(
		required_argument(fcinfo, ARG_SOURCE, "source", "Name the raw events table."));
	if (row.capture)
		check_may_add_triggers(RelationGetRelid(raw));
	mapping = read_mapping(fcinfo, &row, raw);
	make_pipeline(&row, &pipeline, mapping, raw);
	table_close(raw, NoLock);
	PG_RETURN_TEXT_P(cstring_to_text(pipeline.name));
}

/*
 * hint_drop replaces the hint of an error about dependent objects, as an error context callback.
 */
static void
hint_drop(void *arg)
{
	const Pipeline *pipeline = arg;

	if (geterrcode() == ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST)
		errhint("Drop or move them first, or drop them too by SELECT sessionize.drop_pipeline(%s, "
				"cascade => true);",
				quote_literal_cstr(pipeline->name));
}

/*
 * check_schema reports a schema that may not be the pipeline's: it has another name, and the dirty
 * log or the view "source", which identify it, is gone or lies elsewhere.
 */
static void
check_schema(const Pipeline *pipeline)
{
	if (strcmp(get_namespace_name(pipeline->schema), pipeline->name) == 0 ||
		(OidIsValid(pipeline->dirty_log) &&
		 get_rel_namespace(pipeline->source_view) == pipeline->schema))
		return;
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("the schema of pipeline \"%s\" was renamed", pipeline->name),
					errdetail("What is left of the pipeline is in schema %s.",
							  quote_identifier(get_namespace_name(pipeline->schema))),
					errhint("Give the schema its name back: ALTER SCHEMA %s RENAME TO %s;",
							quote_identifier(get_namespace_name(pipeline->schema)),
							quote_identifier(pipeline->name))));
}

/*
 * drop_schema drops what is left of the pipeline's schema, as the schema's owner.  A schema that
 * merely has the pipeline's name is left alone.
 */
static void
drop_schema(Pipeline *pipeline, bool cascade)
{
	ErrorContextCallback callback = {error_context_stack, hint_drop, pipeline};
	OwnerScope scope;

	if (!OidIsValid(pipeline->schema))
	{
		if (OidIsValid(get_namespace_oid(pipeline->name, true)))
			ereport(NOTICE, (errmsg("schema %s is not the pipeline's and is left as it is",
									quote_identifier(pipeline->name))));
		return;
	}
	check_schema(pipeline);
	role_scope_enter(&scope, sql_schema_owner(pipeline->schema));
	error_context_stack = &callback;
	star_drop(pipeline, cascade);
	error_context_stack = callback.previous;
	owner_scope_leave(&scope);
}

/*
 * sessionize_drop_pipeline drops a pipeline, or what is left of it, and its star.
 */
PIPELINE_FUNCTION(sessionize_drop_pipeline)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool cascade = PG_GETARG_BOOL(1);
	Pipeline *pipeline;

	PreventCommandIfReadOnly("sessionize.drop_pipeline()");
	pipeline = pipeline_get(name);
	pipeline_check_owner(pipeline);
	hold_pipeline(pipeline->id);
	pipeline_lock_transaction(pipeline);
	/* the pipeline may have been dropped before it was locked */
	pipeline = pipeline_get(name);
	pipeline_check_owner(pipeline);
	capture_trigger_drop(pipeline->id, pipeline->source);
	(void) schedule_forget(pipeline);
	/* before the schema, so that our event triggers don't warn about the pipeline */
	catalog_delete(pipeline->id);
	drop_schema(pipeline, cascade);
	PG_RETURN_VOID();
}
