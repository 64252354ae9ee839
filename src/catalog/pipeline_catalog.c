/*
 * pipeline_catalog.c
 *		The extension's own table of pipelines: the only file that names it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "catalog/definition.h"
#include "catalog/definition_table.h"
#include "catalog/extension_sql.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_contracts.h"
#include "catalog/pipeline_objects.h"
#include "catalog/pipeline_row.h"
#include "catalog/quarantine_rules.h"
#include "catalog/rollup_table.h"
#include "catalog/rules.h"
#include "compat.h"
#include "spi/privileges.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "utils/subtransaction.h"

/*
 * The columns of ROW_QUERY, from 1. The columns of COLUMN_LIST, which are also written, come first.
 */
enum
{
	COL_NAME = 1,
	COL_SOURCE,
	COL_OWNER,
	COL_GAP,
	COL_MAX_DURATION,
	COL_MAX_EVENTS,
	COL_ZONES, /* the first of ZONE_RULES columns */
	COL_LAST_ZONE = COL_ZONES + ZONE_RULES - 1,
	COL_DEDUP_WINDOW,
	COL_SKEW_THRESHOLD,
	COL_MAX_LEAD,
	COL_OLDEST,
	COL_TOO_OLD,
	COL_STORE_EVENTS,
	COL_LOADED_AT,
	COL_CAPTURE,
	COL_BOUNCE,
	COL_ID_NAME,
	COL_GIVEN, /* the first of SRC_NCOLUMNS columns */
	COL_ID = COL_GIVEN + SRC_NCOLUMNS,
	COL_BUILT,
	COL_FILLING,
	COL_SEALED_BEFORE,
	COL_SEALED_BEYOND,
	COL_SOURCE_VIEW,
	COL_DIRTY_LOG,
	COL_HAS_DEFINITION,
	COL_HAS_ROLLUPS,
	COL_HAS_EXPORTS,
	COL_SOURCE_NAME,
	COL_HAS_CONTRACTS,
	COL_HAS_IDENTITY,
	COL_MAX_USERS_PER_KEY,
	COL_MAX_KEYS_PER_USER,
	COL_PRODUCER,
	COL_COPIES,
	COL_COPIES_KEPT
};

#define COLUMN_LIST_LENGTH (COL_ID - 1)

/* What the columns are taken from, in the order of SourceColumn. */
#define GIVEN_LIST                                                                                 \
	"key, event_id, raw_id, event_name, user_id, page, event_time, sent_at, received_at, "         \
	"restart, page_view, filter, restart_on_change, midnight_expression, time_zone_expression"

#define COLUMN_LIST                                                                                \
	"pipeline_name, source, owner, gap, max_duration, max_events, midnight, time_zone, "           \
	"dedup_window, "                                                                               \
	"skew_threshold, max_lead, oldest, too_old, store_events, loaded_at, capture, "                \
	"bounce, id_name, " GIVEN_LIST

#define ROW_QUERY                                                                                  \
	"SELECT " COLUMN_LIST ", pipeline_id, coalesce(l.built, false), coalesce(l.filling, false), "  \
	"sealed_before, sealed_beyond, source_view, "                                                  \
	"dirty_log, EXISTS (SELECT FROM sessionize.attribute AS a "                                    \
	"WHERE a.pipeline_id = p.pipeline_id) OR EXISTS (SELECT FROM sessionize.measure AS m "         \
	"WHERE m.pipeline_id = p.pipeline_id), EXISTS (SELECT FROM sessionize.rollup AS r "            \
	"WHERE r.pipeline_id = p.pipeline_id), EXISTS (SELECT FROM sessionize.export AS e "            \
	"WHERE e.pipeline_id = p.pipeline_id), p.source_name, EXISTS (SELECT FROM "                    \
	"sessionize.contract AS c WHERE c.pipeline_id = p.pipeline_id), i.pipeline_id IS NOT NULL, "   \
	"i.max_users_per_key, i.max_keys_per_user, q.producer, q.copies, q.copies_kept "               \
	"FROM sessionize.pipeline AS p "                                                               \
	"LEFT JOIN sessionize.ledger AS l USING (pipeline_id) "                                        \
	"LEFT JOIN sessionize.identity AS i USING (pipeline_id) "                                      \
	"LEFT JOIN sessionize.quarantine_rule AS q USING (pipeline_id) "

/*
 * row_interval returns a copy of a column that is an interval; NULL for SQL's NULL.
 */
static const Interval *
row_interval(const SqlRow *row, int column)
{
	bool isnull;
	Datum value = sql_row_datum(row, column, &isnull);

	return isnull ? NULL
				  : memcpy(palloc(sizeof(Interval)), DatumGetIntervalP(value), sizeof(Interval));
}

/*
 * read_rules takes the rules out of a row of ROW_QUERY.
 */
static void
read_rules(void *arg, const SqlRow *row)
{
	PipelineRow *rules = arg;

	rules->gap = row_interval(row, COL_GAP);
	rules->max_duration = row_interval(row, COL_MAX_DURATION);
	rules->max_events = sql_row_int8(row, COL_MAX_EVENTS);
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		rules->zones[rule] = sql_row_text(row, COL_ZONES + rule);
	rules->dedup_window = row_interval(row, COL_DEDUP_WINDOW);
	rules->skew_threshold = row_interval(row, COL_SKEW_THRESHOLD);
	rules->max_lead = row_interval(row, COL_MAX_LEAD);
	rules->oldest = row_interval(row, COL_OLDEST);
	rules->too_old = sql_row_text(row, COL_TOO_OLD);
	rules->bounce = sql_row_text(row, COL_BOUNCE);
	for (int i = 0; i < SRC_NCOLUMNS; i++)
		rules->given[i] = sql_row_text(row, COL_GIVEN + i);
	rules->store_events = sql_row_bool(row, COL_STORE_EVENTS);
	rules->loaded_at = sql_row_bool(row, COL_LOADED_AT);
}

/*
 * set_seal takes the seal out of two columns of a row.
 */
static void
set_seal(Pipeline *pipeline, const SqlRow *row, int column)
{
	bool isnull;
	Datum value = sql_row_datum(row, column, &isnull);

	pipeline->has_seal = !isnull;
	pipeline->sealed_before = isnull ? DT_NOBEGIN : DatumGetTimestampTz(value);
	pipeline->judged_since = pipeline->sealed_before;
	pipeline->sealed_beyond = sql_row_bool(row, column + 1);
}

/*
 * read_quarantine takes the rules of the quarantine out of a row of ROW_QUERY; NULL if it has none.
 */
static QuarantineRules *
read_quarantine(const SqlRow *row)
{
	bool none;
	bool no_producer;
	Datum copies = sql_row_datum(row, COL_COPIES, &none);
	Datum producer = sql_row_datum(row, COL_PRODUCER, &no_producer);

	if (none)
		return NULL;
	return quarantine_rules_make(no_producer ? NULL : DatumGetJsonPathPCopy(producer),
								 DatumGetFloat8(copies), row_interval(row, COL_COPIES_KEPT));
}

/* What is read of a row of ROW_QUERY. */
typedef struct RowReading
{
	Pipeline *pipeline;
	bool has_definition; /* the user has added attributes or measures */
	bool has_rollups;
	bool has_contracts;
} RowReading;

/*
 * read_row makes a pipeline's rules and identity out of a row of ROW_QUERY.
 */
static void
read_row(void *arg, const SqlRow *row)
{
	RowReading *reading = arg;
	Pipeline *pipeline = reading->pipeline;
	PipelineRow rules = {0};

	pipeline->name = sql_row_text(row, COL_NAME);
	pipeline->id_name = sql_row_text(row, COL_ID_NAME);
	if (pipeline->id_name == NULL)
		pipeline->id_name = pipeline->name;
	pipeline->source = sql_row_oid(row, COL_SOURCE);
	pipeline->is_detached = !OidIsValid(pipeline->source);
	pipeline->source_name = sql_row_text(row, COL_SOURCE_NAME);
	pipeline->recorded_owner = sql_row_oid(row, COL_OWNER);
	read_rules(&rules, row);
	set_seal(pipeline, row, COL_SEALED_BEFORE);
	pipeline_forget_unknown_zones(pipeline, &rules);
	pipeline_set_rules(pipeline, &rules);
	pipeline->has_loaded_at = rules.loaded_at;
	pipeline->capture = sql_row_bool(row, COL_CAPTURE);
	pipeline->id = sql_row_int4(row, COL_ID);
	pipeline->built = sql_row_bool(row, COL_BUILT);
	pipeline->filling = sql_row_bool(row, COL_FILLING);
	pipeline->source_view = pipeline->recorded_view = sql_row_oid(row, COL_SOURCE_VIEW);
	pipeline->dirty_log = sql_row_oid(row, COL_DIRTY_LOG);
	pipeline->ncolumns = SRC_NCOLUMNS;
	pipeline->has_identity = sql_row_bool(row, COL_HAS_IDENTITY);
	pipeline->max_users_per_key = sql_row_int4(row, COL_MAX_USERS_PER_KEY);
	pipeline->max_keys_per_user = sql_row_int4(row, COL_MAX_KEYS_PER_USER);
	pipeline->quarantine = read_quarantine(row);
	reading->has_definition = sql_row_bool(row, COL_HAS_DEFINITION);
	reading->has_rollups = sql_row_bool(row, COL_HAS_ROLLUPS);
	pipeline->has_exports = sql_row_bool(row, COL_HAS_EXPORTS);
	reading->has_contracts = sql_row_bool(row, COL_HAS_CONTRACTS);
}

/*
 * load_where loads the pipeline whose row fulfils a condition on $1; NULL if there is none.
 */
static Pipeline *
load_where(const char *condition, SqlAccess access, SqlValue value)
{
	Pipeline *pipeline = palloc0(sizeof(Pipeline));
	RowReading reading = {.pipeline = pipeline};

	if (extension_visit(psprintf(ROW_QUERY "WHERE %s", condition), access, SQL_VALUES(value),
						read_row, &reading) != 1)
		return NULL;
	if (reading.has_definition)
	{
		pipeline->definition = definition_load(pipeline->id, access);
		pipeline->ncolumns += pipeline->definition->nattributes;
	}
	if (reading.has_rollups)
		pipeline->rollups = rollups_load(pipeline->id, access);
	if (reading.has_contracts)
		pipeline->contracts = pipeline_contracts_load(pipeline->id, pipeline->definition, access);
	pipeline_find_objects(pipeline);
	return pipeline;
}

/*
 * pipeline_find loads a pipeline by name, even if parts of it are gone; NULL if there is none.
 */
Pipeline *
pipeline_find(const char *name)
{
	return strlen(name) >= NAMEDATALEN
			   ? NULL
			   : load_where("pipeline_name = $1", SQL_READ_WRITE, SQL_TEXT(name));
}

/*
 * pipeline_get loads a pipeline by name, even if parts of it are gone.
 */
Pipeline *
pipeline_get(const char *name)
{
	Pipeline *pipeline = pipeline_find(name);

	if (pipeline == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("pipeline \"%s\" does not exist", name),
				 errhint("SELECT * FROM sessionize.pipelines shows the pipelines there are.")));
	return pipeline;
}

/*
 * pipeline_find_by_id loads a pipeline by id, in the active snapshot.
 */
Pipeline *
pipeline_find_by_id(int32 id)
{
	return load_where("pipeline_id = $1", SQL_READ_ONLY, SQL_INT4(id));
}

/*
 * pipeline_find_now loads a pipeline by id, in the latest snapshot.
 */
Pipeline *
pipeline_find_now(int32 id)
{
	Pipeline *pipeline;

	PushActiveSnapshot(GetLatestSnapshot());
	pipeline = pipeline_find_by_id(id);
	PopActiveSnapshot();
	return pipeline;
}

/* A question for what users may see of a pipeline. */
typedef struct Question
{
	int32 id;
	PipelineAnswer answer;
	const char *text; /* NULL: unknown, or the user may not know */
} Question;

/*
 * ask answers a question, if the user may know the answer.
 */
static void
ask(void *arg)
{
	Question *question = arg;
	Pipeline *pipeline = pipeline_find_now(question->id);

	if (pipeline != NULL && may_see_state(pipeline->owner))
		question->text = question->answer(pipeline);
}

/*
 * pipeline_ask returns the answer to a question about a pipeline, as a text or NULL.
 */
Datum
pipeline_ask(FunctionCallInfo fcinfo, PipelineAnswer answer)
{
	Question question = {PG_GETARG_INT32(0), answer, NULL};

	if (!try_whatever_fails(ask, &question, NULL) || question.text == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(question.text));
}

/*
 * pipeline_load_types takes the types of the pipeline's columns from its view.
 */
bool
pipeline_load_types(Pipeline *pipeline)
{
	for (int i = 0; i < pipeline->ncolumns; i++)
	{
		/* raw_table and raw_ctid come before the attributes that were added */
		int position = i < SRC_NCOLUMNS ? i : i + 2;

		pipeline->types[i] = get_atttype(pipeline->source_view, (AttrNumber) (position + 1));
		if (!OidIsValid(pipeline->types[i]))
			return false;
	}
	return true;
}

/*
 * pipeline_load loads a whole pipeline by name.
 */
Pipeline *
pipeline_load(const char *name)
{
	Pipeline *pipeline = pipeline_get(name);

	if (pipeline->fault == PIPELINE_WHOLE && !pipeline_load_types(pipeline))
		pipeline->fault = PIPELINE_VIEW_LOST;
	pipeline_check_objects(pipeline);
	return pipeline;
}

/*
 * pipeline_load_detached loads a pipeline that is whole but for its raw table.
 */
Pipeline *
pipeline_load_detached(const char *name)
{
	Pipeline *pipeline = pipeline_get(name);

	return pipeline->fault == PIPELINE_DETACHED && pipeline_load_types(pipeline)
			   ? pipeline
			   : pipeline_load(name);
}

/*
 * pipeline_load_locked loads a pipeline again under a lock: what was read before the lock may
 * belong to a pipeline that has been dropped.
 */
Pipeline *
pipeline_load_locked(const Pipeline *seen)
{
	Pipeline *pipeline = pipeline_load(seen->name);

	if (pipeline->id != seen->id)
		ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
						errmsg("pipeline \"%s\" was created anew meanwhile", seen->name),
						errhint("Try again.")));
	return pipeline;
}

/*
 * pipeline_as_seen returns a pipeline as the active snapshot sees it, or else as it was given.
 */
Pipeline *
pipeline_as_seen(Pipeline *pipeline)
{
	Pipeline *seen = pipeline_find_by_id(pipeline->id);

	return seen != NULL && seen->fault == PIPELINE_WHOLE && pipeline_load_types(seen) ? seen
																					  : pipeline;
}

/*
 * pipeline_check_owner reports a user who lacks the privileges of any role that owns a part of the
 * pipeline.
 */
void
pipeline_check_owner(const Pipeline *pipeline)
{
	ListCell *cell;

	foreach (cell, pipeline_owners(pipeline))
		if (!has_privs_of_role(GetUserId(), lfirst_oid(cell)))
			ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
							errmsg("must be owner of pipeline \"%s\"", pipeline->name)));
}

/*
 * pipeline_load_for_change loads a pipeline whose settings are to be changed.
 */
Pipeline *
pipeline_load_for_change(const char *name, const char *call)
{
	Pipeline *pipeline;

	PreventCommandIfReadOnly(call);
	pipeline = pipeline_load_detached(name);
	pipeline_check_owner(pipeline);
	return pipeline;
}

/*
 * pipeline_load_owned loads and locks a pipeline.
 */
Pipeline *
pipeline_load_owned(const char *name, void (*lock)(const Pipeline *pipeline))
{
	Pipeline *seen = pipeline_load(name);
	Pipeline *pipeline;

	pipeline_check_owner(seen);
	lock(seen);
	/* the pipeline may have changed before it was locked */
	pipeline = pipeline_load_locked(seen);
	pipeline_check_owner(pipeline);
	return pipeline;
}

/*
 * max_events_value returns the value of column max_events: NULL for 0, which means no limit.
 */
static SqlValue
max_events_value(const PipelineRow *row)
{
	return SQL_DATUM(INT8OID, Int64GetDatum(row->max_events), row->max_events == 0);
}

/*
 * set_values turns a row into a statement's parameters, in the order of COLUMN_LIST. values[0] is
 * not used.
 */
static void
set_values(const PipelineRow *row, SqlValue *values)
{
	values[COL_NAME] =
		SQL_DATUM(NAMEOID, DirectFunctionCall1(namein, CStringGetDatum(row->name)), false);
	values[COL_SOURCE] = SQL_DATUM(REGCLASSOID, ObjectIdGetDatum(row->source), false);
	values[COL_OWNER] = SQL_DATUM(REGROLEOID, ObjectIdGetDatum(row->owner), false);
	values[COL_GAP] = SQL_INTERVAL(row->gap);
	values[COL_MAX_DURATION] = SQL_INTERVAL(row->max_duration);
	values[COL_MAX_EVENTS] = max_events_value(row);
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		values[COL_ZONES + rule] = SQL_TEXT(row->zones[rule]);
	values[COL_DEDUP_WINDOW] = SQL_INTERVAL(row->dedup_window);
	values[COL_SKEW_THRESHOLD] = SQL_INTERVAL(row->skew_threshold);
	values[COL_MAX_LEAD] = SQL_INTERVAL(row->max_lead);
	values[COL_OLDEST] = SQL_INTERVAL(row->oldest);
	values[COL_TOO_OLD] = SQL_TEXT(row->too_old);
	values[COL_STORE_EVENTS] = SQL_BOOL(row->store_events);
	values[COL_LOADED_AT] = SQL_BOOL(row->loaded_at);
	values[COL_CAPTURE] = SQL_BOOL(row->capture);
	values[COL_BOUNCE] = SQL_TEXT(row->bounce);
	values[COL_ID_NAME] = SQL_TEXT(row->id_name);
	for (int i = 0; i < SRC_NCOLUMNS; i++)
		values[COL_GIVEN + i] = SQL_TEXT(row->given[i]);
}

/*
 * catalog_insert adds a pipeline and returns its id. It returns 0 if the name is taken, even by a
 * transaction that was still in progress when catalog_insert was called.
 */
int32
catalog_insert(const PipelineRow *row)
{
	SqlValue values[1 + COLUMN_LIST_LENGTH];
	StringInfoData sql;
	bool isnull;

	set_values(row, values);
	initStringInfo(&sql);
	appendStringInfoString(&sql, "INSERT INTO sessionize.pipeline (" COLUMN_LIST
								 ", source_name) VALUES ($1");
	for (int i = 2; i <= COLUMN_LIST_LENGTH; i++)
		appendStringInfo(&sql, ", $%d", i);
	appendStringInfo(&sql, ", %s) ON CONFLICT (pipeline_name) DO NOTHING RETURNING pipeline_id",
					 quote_literal_cstr(sql_qualified_name(row->source)));
	return DatumGetInt32(extension_value(
		sql.data, SQL_READ_WRITE, (SqlValues){COLUMN_LIST_LENGTH, &values[COL_NAME]}, &isnull));
}

/*
 * catalog_set_objects records the pipeline's view, dirty log and owner.
 */
void
catalog_set_objects(const Pipeline *pipeline)
{
	extension_run("UPDATE sessionize.pipeline SET source_view = nullif($2, 0::oid)::regclass, "
				  "dirty_log = nullif($3, 0::oid)::regclass, owner = $4 WHERE pipeline_id = $1",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline->id), SQL_OID(pipeline->source_view),
							 SQL_OID(pipeline->dirty_log), SQL_OID(pipeline->owner)));
}

/*
 * catalog_sync_objects records changes that were made without the extension: REASSIGN OWNED changes
 * the owner, and the view may have been created again.
 */
void
catalog_sync_objects(const Pipeline *pipeline)
{
	if (pipeline->owner != pipeline->recorded_owner ||
		pipeline->source_view != pipeline->recorded_view)
		catalog_set_objects(pipeline);
}

/*
 * catalog_delete removes a pipeline's row, and its rows in the extension's other tables.
 *
 * The tables that pg_dump dumps have no foreign keys that would do this, because pg_restore fills
 * tables in any order.
 */
void
catalog_delete(int32 id)
{
	extension_run(
		"WITH needs AS (DELETE FROM sessionize.rebuild_need WHERE pipeline_id = $1), "
		"attributes AS (DELETE FROM sessionize.attribute WHERE pipeline_id = $1), "
		"measures AS (DELETE FROM sessionize.measure WHERE pipeline_id = $1), "
		"rollups AS (DELETE FROM sessionize.rollup WHERE pipeline_id = $1), "
		"identities AS (DELETE FROM sessionize.identity WHERE pipeline_id = $1), "
		"dimensions AS (DELETE FROM sessionize.dimension WHERE pipeline_id = $1), "
		"members AS (DELETE FROM sessionize.dimension_attribute WHERE pipeline_id = $1), "
		"contracts AS (DELETE FROM sessionize.contract WHERE pipeline_id = $1), "
		"documents AS (DELETE FROM sessionize.contract_document WHERE pipeline_id = $1), "
		"referred AS (DELETE FROM sessionize.contract_reference WHERE pipeline_id = $1), "
		"rules AS (DELETE FROM sessionize.naming_rule WHERE pipeline_id = $1), "
		"planning AS (DELETE FROM sessionize.contract_rule WHERE pipeline_id = $1), "
		"kept AS (DELETE FROM sessionize.quarantine_rule WHERE pipeline_id = $1), "
		"captured AS (DELETE FROM sessionize.captured_table WHERE pipeline_id = $1), "
		"errors AS (DELETE FROM sessionize.run_error WHERE pipeline_id = $1), "
		"checks AS (DELETE FROM sessionize.data_check WHERE pipeline_id = $1), "
		"states AS (DELETE FROM sessionize.check_state WHERE pipeline_id = $1), "
		"results AS (DELETE FROM sessionize.check_result WHERE pipeline_id = $1), "
		"incidents AS (DELETE FROM sessionize.incident WHERE pipeline_id = $1 "
		"RETURNING incident_id), "
		"incident_checks AS (DELETE FROM sessionize.incident_check AS k USING incidents AS i "
		"WHERE k.incident_id = i.incident_id), "
		"incident_events AS (DELETE FROM sessionize.incident_event AS k USING incidents AS i "
		"WHERE k.incident_id = i.incident_id), "
		"forgotten AS (DELETE FROM sessionize.incident_forgotten WHERE pipeline_id = $1), "
		"account AS (DELETE FROM sessionize.ledger WHERE pipeline_id = $1), "
		"fuses AS (DELETE FROM sessionize.fuse WHERE pipeline_id = $1), "
		"holds AS (DELETE FROM sessionize.fuse_hold WHERE pipeline_id = $1), "
		"changes AS (DELETE FROM sessionize.changed_rows WHERE pipeline_id = $1), "
		"exports AS (DELETE FROM sessionize.export WHERE pipeline_id = $1), "
		"noted AS (DELETE FROM sessionize.export_note WHERE pipeline_id = $1), "
		"erased AS (DELETE FROM sessionize.export_erasure WHERE pipeline_id = $1), "
		"schedule AS (DELETE FROM sessionize.schedule WHERE pipeline_id = $1) "
		"DELETE FROM sessionize.pipeline WHERE pipeline_id = $1",
		SQL_READ_WRITE, SQL_VALUES(SQL_INT4(id)));
}

/*
 * catalog_set_identity records that a pipeline links keys and users to persons, and the limits.
 */
void
catalog_set_identity(const Pipeline *pipeline)
{
	extension_run("INSERT INTO sessionize.identity AS i (pipeline_id, max_users_per_key, "
				  "max_keys_per_user) VALUES ($1, $2, $3) ON CONFLICT (pipeline_id) DO UPDATE SET "
				  "max_users_per_key = excluded.max_users_per_key, "
				  "max_keys_per_user = excluded.max_keys_per_user",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline->id), SQL_INT4(pipeline->max_users_per_key),
							 SQL_INT4(pipeline->max_keys_per_user)));
}

/*
 * catalog_forget_identity records that a pipeline no longer links keys and users to persons.
 */
void
catalog_forget_identity(const Pipeline *pipeline)
{
	extension_run("DELETE FROM sessionize.identity WHERE pipeline_id = $1", SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline->id)));
}

/*
 * add_ref adds a row of query_refs to a list of PipelineRef.
 */
static void
add_ref(void *arg, const SqlRow *row)
{
	List **refs = arg;
	PipelineRef *ref = palloc(sizeof(PipelineRef));

	ref->id = sql_row_int4(row, 1);
	ref->name = sql_row_text(row, 2);
	ref->has_raw_id = sql_row_bool(row, 3);
	ref->source = sql_row_oid(row, 4);
	*refs = lappend(*refs, ref);
}

/*
 * query_refs returns the pipelines that meet a condition with one parameter, as of now.
 */
static List *
query_refs(const char *condition, SqlValue value)
{
	char *sql = psprintf("SELECT pipeline_id, pipeline_name, raw_id IS NOT NULL, source::oid "
						 "FROM sessionize.pipeline WHERE %s ORDER BY pipeline_id",
						 condition);
	List *refs = NIL;

	PushActiveSnapshot(GetLatestSnapshot());
	extension_visit(sql, SQL_READ_ONLY, SQL_VALUES(value), add_ref, &refs);
	PopActiveSnapshot();
	return refs;
}

/*
 * catalog_pipelines_on returns the pipelines that capture changes of any of the tables.
 */
List *
catalog_pipelines_on(List *tables)
{
	return query_refs("capture AND source::oid = ANY ($1)", SQL_OIDS(tables));
}

/*
 * catalog_pipeline_ref returns the pipeline with this id.
 */
PipelineRef *
catalog_pipeline_ref(int32 id)
{
	List *refs = query_refs("pipeline_id = $1", SQL_INT4(id));

	return refs == NIL ? NULL : linitial(refs);
}

/*
 * catalog_set_capture records that changes of a pipeline's raw rows are logged, and the raw table's
 * name.
 */
void
catalog_set_capture(int32 id, const char *source_name)
{
	extension_run(
		"UPDATE sessionize.pipeline SET (capture, source_name) = (true, $2) WHERE pipeline_id = $1 "
		"AND (NOT capture OR source_name <> $2)",
		SQL_READ_WRITE, SQL_VALUES(SQL_INT4(id), SQL_TEXT(source_name)));
}

/*
 * catalog_set_source records a pipeline's raw table, or that it has none.
 */
void
catalog_set_source(int32 id, Oid source, const char *source_name)
{
	extension_run("UPDATE sessionize.pipeline SET (source, source_name) = ($2, coalesce($3, "
				  "source_name)) WHERE pipeline_id = $1",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(id), SQL_DATUM(REGCLASSOID, ObjectIdGetDatum(source), false),
							 SQL_TEXT(source_name)));
}

/*
 * catalog_source_name returns the recorded name of a pipeline's raw table.
 */
char *
catalog_source_name(int32 id)
{
	bool isnull;
	Datum name =
		extension_value("SELECT source_name FROM sessionize.pipeline WHERE pipeline_id = $1",
						SQL_READ_WRITE, SQL_VALUES(SQL_INT4(id)), &isnull);

	return isnull ? NULL : TextDatumGetCString(name);
}

/*
 * catalog_pipelines_named returns the pipelines whose raw table has this recorded name.
 */
List *
catalog_pipelines_named(const char *source_name)
{
	return query_refs("source_name = $1", SQL_TEXT(source_name));
}

/*
 * read_seal takes the seal out of a row that has no other columns.
 */
static void
read_seal(void *arg, const SqlRow *row)
{
	set_seal((Pipeline *) arg, row, 1);
}

/*
 * catalog_read_seal reads a pipeline's seal as the active snapshot sees it.
 */
void
catalog_read_seal(Pipeline *pipeline)
{
	extension_visit(
		"SELECT sealed_before, sealed_beyond FROM sessionize.pipeline WHERE pipeline_id = $1",
		SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline->id)), read_seal, pipeline);
}

/*
 * write_seal sets a pipeline's seal; sealed_before is NULL for no seal.
 */
static void
write_seal(int32 id, SqlValue sealed_before, bool sealed_beyond)
{
	extension_run("UPDATE sessionize.pipeline SET (sealed_before, sealed_beyond) = ($2, $3) WHERE "
				  "pipeline_id = $1",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(id), sealed_before, SQL_BOOL(sealed_beyond)));
}

/*
 * catalog_write_seal records a pipeline's horizon.
 */
void
catalog_write_seal(int32 id, TimestampTz sealed_before, bool sealed_beyond)
{
	write_seal(id, SQL_TIMESTAMPTZ(sealed_before), sealed_beyond);
}

/*
 * catalog_remove_seal records that a pipeline has no seal.
 */
void
catalog_remove_seal(int32 id)
{
	write_seal(id, SQL_NULL(TIMESTAMPTZOID), false);
}

/*
 * catalog_read_rules reads a pipeline's rules as they are in its row.
 */
void
catalog_read_rules(int32 id, PipelineRow *row)
{
	if (extension_visit(ROW_QUERY "WHERE pipeline_id = $1", SQL_READ_WRITE,
						SQL_VALUES(SQL_INT4(id)), read_rules, row) != 1)
		elog(ERROR, "could not read the rules of pipeline %d", id);
}

/*
 * catalog_write_rules writes a pipeline's rules, and its filter for display.  Zones are written
 * together with the expressions that may be in their place.  If the rules for device clocks change,
 * it sets sealed_beyond, since sealed rows may have event times beyond the horizon then.
 */
void
catalog_write_rules(int32 id, const PipelineRow *row)
{
	extension_run(
		"UPDATE sessionize.pipeline SET (gap, max_duration, max_events, midnight, time_zone, "
		"dedup_window, skew_threshold, max_lead, oldest, too_old, filter, bounce, "
		"midnight_expression, time_zone_expression, sealed_beyond) = "
		"($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, sealed_beyond OR "
		"(sealed_before IS NOT NULL AND (skew_threshold, max_lead, oldest, too_old) IS DISTINCT "
		"FROM ($8, $9, $10, $11))) "
		"WHERE pipeline_id = $1",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(id), SQL_INTERVAL(row->gap), SQL_INTERVAL(row->max_duration),
				   max_events_value(row), SQL_TEXT(row->zones[ZONE_OF_MIDNIGHT]),
				   SQL_TEXT(row->zones[ZONE_OF_DAYS]), SQL_INTERVAL(row->dedup_window),
				   SQL_INTERVAL(row->skew_threshold), SQL_INTERVAL(row->max_lead),
				   SQL_INTERVAL(row->oldest), SQL_TEXT(row->too_old),
				   SQL_TEXT(row->given[SRC_FILTER]), SQL_TEXT(row->bounce),
				   SQL_TEXT(row->given[SRC_MIDNIGHT]), SQL_TEXT(row->given[SRC_TIME_ZONE])));
}

/*
 * catalog_set_loaded_at records whether a pipeline's facts say when a row was written.
 */
void
catalog_set_loaded_at(int32 id, bool loaded_at)
{
	extension_run("UPDATE sessionize.pipeline SET loaded_at = $2 WHERE pipeline_id = $1",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(id), SQL_BOOL(loaded_at)));
}

/*
 * catalog_write_given writes what a pipeline's columns are taken from.
 */
void
catalog_write_given(int32 id, const char *const given[SRC_NCOLUMNS])
{
	SqlValue values[SRC_NCOLUMNS + 1];
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "UPDATE sessionize.pipeline SET (" GIVEN_LIST ") = (");
	for (int i = 0; i < SRC_NCOLUMNS; i++)
	{
		appendStringInfo(&sql, "%s$%d", i > 0 ? ", " : "", i + 2);
		values[i + 1] = SQL_TEXT(given[i]);
	}
	appendStringInfoString(&sql, ") WHERE pipeline_id = $1");
	values[0] = SQL_INT4(id);
	extension_run(sql.data, SQL_READ_WRITE, (SqlValues){SRC_NCOLUMNS + 1, values});
}

/*
 * catalog_gap returns a pipeline's gap as the active snapshot sees it; NULL if there is no such
 * pipeline.
 *
 * It scans the table without a query, because a parallel worker can't change settings, which the
 * functions of extension_sql.h do.
 */
Interval *
catalog_gap(int32 id)
{
	Oid oid = get_relname_relid("pipeline", get_namespace_oid("sessionize", false));
	Relation table = table_open(oid, AccessShareLock);
	AttrNumber id_column = get_attnum(oid, "pipeline_id");
	AttrNumber gap_column = get_attnum(oid, "gap");
	TableScanDesc scan = sz_table_beginscan(table, GetActiveSnapshot());
	TupleTableSlot *slot = table_slot_create(table, NULL);
	Interval *gap = NULL;
	bool isnull;

	while (gap == NULL && table_scan_getnextslot(scan, ForwardScanDirection, slot))
		if (DatumGetInt32(slot_getattr(slot, id_column, &isnull)) == id)
			gap = memcpy(palloc(sizeof(Interval)),
						 DatumGetIntervalP(slot_getattr(slot, gap_column, &isnull)),
						 sizeof(Interval));
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	table_close(table, AccessShareLock);
	return gap;
}
