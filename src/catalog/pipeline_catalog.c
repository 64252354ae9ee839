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
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_objects.h"
#include "catalog/pipeline_row.h"
#include "catalog/rules.h"
#include "compat.h"
#include "spi/scope.h"
#include "spi/sql.h"

/* The catalog's columns, as the statements below list them. */
enum
{
	COL_NAME,
	COL_SOURCE,
	COL_OWNER,
	COL_GAP,
	COL_MAX_DURATION,
	COL_MAX_EVENTS,
	COL_MIDNIGHT,
	COL_TIME_ZONE,
	COL_DEDUP_WINDOW,
	COL_SKEW_THRESHOLD,
	COL_MAX_LEAD,
	COL_STORE_EVENTS,
	COL_CAPTURE,
	COL_GIVEN, /* the first of SRC_NCOLUMNS */
	COL_COUNT = COL_GIVEN + SRC_NCOLUMNS
};

#define COLUMN_LIST                                                                                          \
	"pipeline_name, source, owner, gap, max_duration, max_events, midnight, time_zone, dedup_window, "       \
	"skew_threshold, max_lead, store_events, capture, key, event_id, raw_id, event_name, user_id, page, "    \
	"event_time, sent_at, received_at, restart, page_view"

#define ROW_QUERY                                                                                            \
	"SELECT " COLUMN_LIST ", pipeline_id, coalesce((SELECT l.built FROM sessionize.ledger AS l "             \
	"WHERE l.pipeline_id = p.pipeline_id), false), sealed_before, sealed_beyond, source_view, dirty_log "    \
	"FROM sessionize.pipeline AS p "

static const Oid column_types[COL_COUNT] = {
	NAMEOID,     REGCLASSOID, REGROLEOID,  INTERVALOID, INTERVALOID, INT8OID, TEXTOID, TEXTOID,
	INTERVALOID, INTERVALOID, INTERVALOID, BOOLOID,     BOOLOID,     TEXTOID, TEXTOID, TEXTOID,
	TEXTOID,     TEXTOID,     TEXTOID,     TEXTOID,     TEXTOID,     TEXTOID, TEXTOID, TEXTOID};

/*
 * row_value returns a column of the only row an SPI query found, in SPI's memory.
 */
static Datum
row_value(int col, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, col + 1, isnull);
}

/*
 * row_oid returns a column of that row that is an OID; InvalidOid for NULL.
 */
static Oid
row_oid(int col)
{
	bool isnull;
	Datum value = row_value(col, &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(value);
}

/*
 * row_interval returns a column of that row that is an interval; NULL for SQL's NULL.
 */
static const Interval *
row_interval(int col)
{
	bool isnull;
	Datum value = row_value(col, &isnull);

	return isnull ? NULL : DatumGetIntervalP(value);
}

/*
 * row_text returns the text form of a column of that row; NULL for SQL's NULL.
 */
static char *
row_text(int col)
{
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, col + 1);
}

/*
 * read_rules takes the rules out of the row an SPI query found, in SPI's memory.
 */
static void
read_rules(PipelineRow *row)
{
	bool isnull;
	Datum value;

	row->gap = row_interval(COL_GAP);
	row->max_duration = row_interval(COL_MAX_DURATION);
	value = row_value(COL_MAX_EVENTS, &isnull);
	row->max_events = isnull ? 0 : DatumGetInt64(value);
	row->midnight = row_text(COL_MIDNIGHT);
	row->time_zone = row_text(COL_TIME_ZONE);
	row->dedup_window = row_interval(COL_DEDUP_WINDOW);
	row->skew_threshold = row_interval(COL_SKEW_THRESHOLD);
	row->max_lead = row_interval(COL_MAX_LEAD);
	row->store_events = DatumGetBool(row_value(COL_STORE_EVENTS, &isnull));
}

/*
 * read_seal takes the seal out of the row an SPI query found, from two columns on.
 */
static void
read_seal(Pipeline *pipeline, int col)
{
	bool isnull;
	Datum value = row_value(col, &isnull);

	pipeline->has_seal = !isnull;
	pipeline->sealed_before = isnull ? DT_NOBEGIN : DatumGetTimestampTz(value);
	pipeline->sealed_beyond = DatumGetBool(row_value(col + 1, &isnull));
}

/*
 * read_row makes a pipeline's rules and identity out of the row an SPI query found.
 */
static void
read_row(Pipeline *pipeline)
{
	PipelineRow row = {0};
	bool isnull;

	pipeline->name = MemoryContextStrdup(GetMemoryChunkContext(pipeline), row_text(COL_NAME));
	pipeline->source = row_oid(COL_SOURCE);
	pipeline->recorded_owner = row_oid(COL_OWNER);
	read_rules(&row);
	pipeline_forget_unknown_zones(pipeline, &row);
	pipeline_set_rules(pipeline, &row);
	pipeline->capture = DatumGetBool(row_value(COL_CAPTURE, &isnull));
	pipeline->id = DatumGetInt32(row_value(COL_COUNT, &isnull));
	pipeline->built = DatumGetBool(row_value(COL_COUNT + 1, &isnull));
	read_seal(pipeline, COL_COUNT + 2);
	pipeline->source_view = pipeline->recorded_view = row_oid(COL_COUNT + 4);
	pipeline->dirty_log = row_oid(COL_COUNT + 5);
}

/*
 * query_row runs a query for one pipeline's row, with one parameter, and reads it; false where there is none.
 */
static bool
query_row(const char *sql, Oid argtype, Datum arg, bool read_only, Pipeline *pipeline)
{
	OwnerScope scope;
	bool found;

	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute_with_args(sql, 1, &argtype, &arg, NULL, read_only, 2) != SPI_OK_SELECT)
		elog(ERROR, "could not read sessionize.pipeline");
	found = SPI_processed == 1;
	if (found)
		read_row(pipeline);
	SPI_finish();
	owner_scope_leave(&scope);
	return found;
}

/*
 * pipeline_find loads a pipeline of which parts may be gone; NULL where there is none of this name.
 */
Pipeline *
pipeline_find(const char *name)
{
	Pipeline *pipeline;

	pipeline = palloc0(sizeof(Pipeline));
	if (strlen(name) >= NAMEDATALEN ||
		!query_row(ROW_QUERY "WHERE pipeline_name = $1", TEXTOID, CStringGetTextDatum(name), false, pipeline))
		return NULL;
	pipeline_find_objects(pipeline);
	return pipeline;
}

/*
 * pipeline_find_by_id does the same by id.
 */
Pipeline *
pipeline_find_by_id(int32 id)
{
	Pipeline *pipeline = palloc0(sizeof(Pipeline));

	/* read_only, so that SPI takes no other snapshot than the active one */
	if (!query_row(ROW_QUERY "WHERE pipeline_id = $1", INT4OID, Int32GetDatum(id), true, pipeline))
		return NULL;
	pipeline_find_objects(pipeline);
	return pipeline;
}

/*
 * pipeline_find_now does the same in a snapshot of its own.
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

/*
 * pipeline_load_types takes the types of the pipeline's columns from its view.
 */
bool
pipeline_load_types(Pipeline *pipeline)
{
	for (int i = 0; i < SRC_NCOLUMNS; i++)
	{
		pipeline->types[i] = get_atttype(pipeline->source_view, (AttrNumber) (i + 1));
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
	Pipeline *pipeline = pipeline_find(name);

	if (pipeline == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("pipeline \"%s\" does not exist", name),
						errhint("SELECT * FROM sessionize.pipelines shows the pipelines there are.")));
	if (pipeline->fault == PIPELINE_WHOLE && !pipeline_load_types(pipeline))
		pipeline->fault = PIPELINE_VIEW_LOST;
	pipeline_check_objects(pipeline);
	return pipeline;
}

/*
 * pipeline_as_seen returns a pipeline as the active snapshot sees it.
 */
Pipeline *
pipeline_as_seen(Pipeline *pipeline)
{
	Pipeline *seen = pipeline_find_by_id(pipeline->id);

	return seen != NULL && seen->fault == PIPELINE_WHOLE && pipeline_load_types(seen) ? seen : pipeline;
}

/*
 * pipeline_check_owner reports a user who does not have the privileges of all who own a part of the pipeline.
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
 * set_text puts a text that may be NULL into a statement's parameters.
 */
static void
set_text(Datum *values, char *nulls, int col, const char *value)
{
	nulls[col] = value == NULL ? 'n' : ' ';
	values[col] = value == NULL ? (Datum) 0 : CStringGetTextDatum(value);
}

/*
 * set_interval puts an interval that may be NULL into a statement's parameters.
 */
static void
set_interval(Datum *values, char *nulls, int col, const Interval *value)
{
	nulls[col] = value == NULL ? 'n' : ' ';
	values[col] = PointerGetDatum(value);
}

/*
 * fill_parameters turns a row into a statement's parameters.
 */
static void
fill_parameters(const PipelineRow *row, Datum *values, char *nulls)
{
	memset(nulls, ' ', COL_COUNT);
	values[COL_NAME] = DirectFunctionCall1(namein, CStringGetDatum(row->name));
	values[COL_SOURCE] = ObjectIdGetDatum(row->source);
	values[COL_OWNER] = ObjectIdGetDatum(row->owner);
	set_interval(values, nulls, COL_GAP, row->gap);
	set_interval(values, nulls, COL_MAX_DURATION, row->max_duration);
	values[COL_MAX_EVENTS] = Int64GetDatum(row->max_events);
	nulls[COL_MAX_EVENTS] = row->max_events == 0 ? 'n' : ' ';
	set_text(values, nulls, COL_MIDNIGHT, row->midnight);
	set_text(values, nulls, COL_TIME_ZONE, row->time_zone);
	set_interval(values, nulls, COL_DEDUP_WINDOW, row->dedup_window);
	set_interval(values, nulls, COL_SKEW_THRESHOLD, row->skew_threshold);
	set_interval(values, nulls, COL_MAX_LEAD, row->max_lead);
	values[COL_STORE_EVENTS] = BoolGetDatum(row->store_events);
	values[COL_CAPTURE] = BoolGetDatum(row->capture);
	for (int i = 0; i < SRC_NCOLUMNS; i++)
		set_text(values, nulls, COL_GIVEN + i, row->given[i]);
}

/*
 * catalog_insert adds a pipeline and returns its id, or 0 where another has the name, even one that a
 * transaction still open at the call was making.
 */
int32
catalog_insert(const PipelineRow *row)
{
	Datum values[COL_COUNT];
	char nulls[COL_COUNT];
	StringInfoData sql;
	OwnerScope scope;
	bool isnull;
	int32 id = 0;

	fill_parameters(row, values, nulls);
	initStringInfo(&sql);
	appendStringInfoString(&sql, "INSERT INTO sessionize.pipeline (" COLUMN_LIST ", source_name) VALUES ($1");
	for (int i = 2; i <= COL_COUNT; i++)
		appendStringInfo(&sql, ", $%d", i);
	appendStringInfo(&sql, ", %s) ON CONFLICT (pipeline_name) DO NOTHING RETURNING pipeline_id",
					 quote_literal_cstr(sql_qualified_name(row->source)));

	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute_with_args(sql.data, COL_COUNT, unconstify(Oid *, &column_types[0]), values, nulls, false,
							  0) != SPI_OK_INSERT_RETURNING)
		elog(ERROR, "could not write sessionize.pipeline");
	if (SPI_processed == 1)
		id = DatumGetInt32(row_value(0, &isnull));
	SPI_finish();
	owner_scope_leave(&scope);
	return id;
}

/*
 * catalog_set_objects notes what a pipeline has.
 */
void
catalog_set_objects(const Pipeline *pipeline)
{
	OwnerScope scope;

	extension_scope_enter(&scope);
	sql_executef("UPDATE sessionize.pipeline SET source_view = nullif(%u::oid, 0::oid)::regclass, "
				 "dirty_log = nullif(%u::oid, 0::oid)::regclass, owner = %u WHERE pipeline_id = %d",
				 pipeline->source_view, pipeline->dirty_log, pipeline->owner, pipeline->id);
	owner_scope_leave(&scope);
}

/*
 * catalog_sync_objects notes what is not as it was noted before: REASSIGN OWNED changes the owner, and the view may have
 * been made anew.
 */
void
catalog_sync_objects(const Pipeline *pipeline)
{
	if (pipeline->owner != pipeline->recorded_owner || pipeline->source_view != pipeline->recorded_view)
		catalog_set_objects(pipeline);
}

/*
 * catalog_delete removes a pipeline's row, and those that belong to it.
 *
 * Tables that are dumped have no foreign key to it that would do this: pg_restore fills them in any order.
 */
void
catalog_delete(int32 id)
{
	OwnerScope scope;
	Oid argtype = INT4OID;
	Datum arg = Int32GetDatum(id);

	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute_with_args("WITH needs AS (DELETE FROM sessionize.rebuild_need WHERE pipeline_id = $1), "
							  "captured AS (DELETE FROM sessionize.captured_table WHERE pipeline_id = $1), "
							  "errors AS (DELETE FROM sessionize.run_error WHERE pipeline_id = $1), "
							  "account AS (DELETE FROM sessionize.ledger WHERE pipeline_id = $1), "
							  "schedule AS (DELETE FROM sessionize.schedule WHERE pipeline_id = $1) "
							  "DELETE FROM sessionize.pipeline WHERE pipeline_id = $1",
							  1, &argtype, &arg, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "could not write sessionize.pipeline");
	SPI_finish();
	owner_scope_leave(&scope);
}

/*
 * query_refs returns what a condition with one parameter finds, as it is now.
 */
static List *
query_refs(const char *condition, Oid argtype, Datum arg)
{
	MemoryContext context = CurrentMemoryContext;
	char *sql = psprintf("SELECT pipeline_id, pipeline_name, raw_id IS NOT NULL, source::oid "
						 "FROM sessionize.pipeline WHERE %s ORDER BY pipeline_id",
						 condition);
	List *refs = NIL;
	OwnerScope scope;

	extension_scope_enter(&scope);
	PushActiveSnapshot(GetLatestSnapshot());
	SPI_connect();
	if (SPI_execute_with_args(sql, 1, &argtype, &arg, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read sessionize.pipeline");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		MemoryContext caller = MemoryContextSwitchTo(context);
		PipelineRef *ref = palloc(sizeof(PipelineRef));
		bool isnull;

		ref->id = DatumGetInt32(SPI_getbinval(row, desc, 1, &isnull));
		ref->name = pstrdup(NameStr(*DatumGetName(SPI_getbinval(row, desc, 2, &isnull))));
		ref->has_raw_id = DatumGetBool(SPI_getbinval(row, desc, 3, &isnull));
		ref->source = DatumGetObjectId(SPI_getbinval(row, desc, 4, &isnull));
		refs = lappend(refs, ref);
		MemoryContextSwitchTo(caller);
	}
	SPI_finish();
	PopActiveSnapshot();
	owner_scope_leave(&scope);
	return refs;
}

/*
 * catalog_pipelines_on returns the pipelines that capture what changes in any of the tables.
 */
List *
catalog_pipelines_on(List *tables)
{
	Datum *values = palloc(list_length(tables) * sizeof(Datum));
	ArrayType *array;
	int n = 0;
	ListCell *cell;

	foreach (cell, tables)
		values[n++] = ObjectIdGetDatum(lfirst_oid(cell));
	array = construct_array(values, n, OIDOID, sizeof(Oid), true, TYPALIGN_INT);
	return query_refs("capture AND source::oid = ANY ($1)", OIDARRAYOID, PointerGetDatum(array));
}

/*
 * catalog_pipeline_ref returns the pipeline of this id.
 */
PipelineRef *
catalog_pipeline_ref(int32 id)
{
	List *refs = query_refs("pipeline_id = $1", INT4OID, Int32GetDatum(id));

	return refs == NIL ? NULL : linitial(refs);
}

/*
 * catalog_set_capture notes that changes of a pipeline's raw rows are logged, from the table that has this name.
 */
void
catalog_set_capture(int32 id, const char *source_name)
{
	OwnerScope scope;

	extension_scope_enter(&scope);
	sql_executef("UPDATE sessionize.pipeline SET (capture, source_name) = (true, %s) WHERE pipeline_id = %d "
				 "AND (NOT capture OR source_name <> %s)",
				 quote_literal_cstr(source_name), id, quote_literal_cstr(source_name));
	owner_scope_leave(&scope);
}

/*
 * catalog_source_name returns the name of a pipeline's raw table, as it was noted.
 */
char *
catalog_source_name(int32 id)
{
	MemoryContext context = CurrentMemoryContext;
	char *name = NULL;
	OwnerScope scope;

	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute(psprintf("SELECT source_name FROM sessionize.pipeline WHERE pipeline_id = %d", id), false,
					1) != SPI_OK_SELECT)
		elog(ERROR, "could not read sessionize.pipeline");
	if (SPI_processed == 1)
		name = row_text(0);
	if (name != NULL)
		name = MemoryContextStrdup(context, name);
	SPI_finish();
	owner_scope_leave(&scope);
	return name;
}

/*
 * catalog_pipelines_named returns the pipelines whose raw table had this name when it was noted.
 */
List *
catalog_pipelines_named(const char *source_name)
{
	return query_refs("source_name = $1", TEXTOID, CStringGetTextDatum(source_name));
}

/*
 * catalog_read_seal reads a pipeline's seal as the active snapshot sees it.
 */
void
catalog_read_seal(Pipeline *pipeline)
{
	Oid argtype = INT4OID;
	Datum arg = Int32GetDatum(pipeline->id);
	OwnerScope scope;

	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute_with_args(
			"SELECT sealed_before, sealed_beyond FROM sessionize.pipeline WHERE pipeline_id = $1", 1,
			&argtype, &arg, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read sessionize.pipeline");
	if (SPI_processed == 1)
		read_seal(pipeline, 0);
	SPI_finish();
	owner_scope_leave(&scope);
}

/*
 * write_seal sets a pipeline's seal; nulls as SPI has them.
 */
static void
write_seal(int32 id, TimestampTz sealed_before, bool sealed_beyond, const char *nulls)
{
	Oid types[] = {TIMESTAMPTZOID, BOOLOID, INT4OID};
	Datum values[] = {TimestampTzGetDatum(sealed_before), BoolGetDatum(sealed_beyond), Int32GetDatum(id)};
	OwnerScope scope;

	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute_with_args(
			"UPDATE sessionize.pipeline SET (sealed_before, sealed_beyond) = ($1, $2) WHERE pipeline_id = $3",
			lengthof(types), types, values, nulls, false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "could not write sessionize.pipeline");
	SPI_finish();
	owner_scope_leave(&scope);
}

/*
 * catalog_write_seal notes where a pipeline is sealed.
 */
void
catalog_write_seal(int32 id, TimestampTz sealed_before, bool sealed_beyond)
{
	write_seal(id, sealed_before, sealed_beyond, NULL);
}

/*
 * catalog_remove_seal notes that a pipeline has no seal.
 */
void
catalog_remove_seal(int32 id)
{
	write_seal(id, DT_NOBEGIN, false, "n  ");
}

/*
 * copy_interval copies an interval that may be NULL.
 */
static const Interval *
copy_interval(const Interval *value)
{
	return value == NULL ? NULL : memcpy(palloc(sizeof(Interval)), value, sizeof(Interval));
}

/*
 * catalog_read_rules reads a pipeline's rules as they are written down.
 */
void
catalog_read_rules(int32 id, PipelineRow *row)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid argtype = INT4OID;
	Datum arg = Int32GetDatum(id);
	OwnerScope scope;

	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute_with_args(ROW_QUERY "WHERE pipeline_id = $1", 1, &argtype, &arg, NULL, false, 1) !=
			SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "could not read the rules of pipeline %d", id);
	read_rules(row);
	MemoryContextSwitchTo(caller);
	row->gap = copy_interval(row->gap);
	row->max_duration = copy_interval(row->max_duration);
	row->midnight = row->midnight == NULL ? NULL : pstrdup(row->midnight);
	row->time_zone = pstrdup(row->time_zone);
	row->dedup_window = copy_interval(row->dedup_window);
	row->skew_threshold = copy_interval(row->skew_threshold);
	row->max_lead = copy_interval(row->max_lead);
	SPI_finish();
	owner_scope_leave(&scope);
}

/*
 * catalog_write_rules writes a pipeline's rules down.
 */
void
catalog_write_rules(int32 id, const PipelineRow *row)
{
	static Oid types[] = {INTERVALOID, INTERVALOID, INT8OID,     TEXTOID, TEXTOID,
						  INTERVALOID, INTERVALOID, INTERVALOID, INT4OID};
	Datum values[lengthof(types)];
	char nulls[lengthof(types)];
	OwnerScope scope;

	set_interval(values, nulls, 0, row->gap);
	set_interval(values, nulls, 1, row->max_duration);
	values[2] = Int64GetDatum(row->max_events);
	nulls[2] = row->max_events == 0 ? 'n' : ' ';
	set_text(values, nulls, 3, row->midnight);
	set_text(values, nulls, 4, row->time_zone);
	set_interval(values, nulls, 5, row->dedup_window);
	set_interval(values, nulls, 6, row->skew_threshold);
	set_interval(values, nulls, 7, row->max_lead);
	values[8] = Int32GetDatum(id);
	nulls[8] = ' ';
	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute_with_args(
			"UPDATE sessionize.pipeline SET (gap, max_duration, max_events, midnight, time_zone, "
			"dedup_window, skew_threshold, max_lead, sealed_beyond) = ($1, $2, $3, $4, $5, $6, $7, $8, "
			"sealed_beyond OR (sealed_before IS NOT NULL "
			"AND (skew_threshold, max_lead) IS DISTINCT FROM ($7, $8))) WHERE pipeline_id = $9",
			lengthof(types), types, values, nulls, false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "could not write sessionize.pipeline");
	SPI_finish();
	owner_scope_leave(&scope);
}

/*
 * catalog_gap returns a pipeline's gap as the active snapshot sees it; NULL where there is no such
 * pipeline. Not by a query: that could not be run in a parallel worker, whose settings nobody may
 * change.
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
			gap = memcpy(palloc(sizeof(Interval)), DatumGetIntervalP(slot_getattr(slot, gap_column, &isnull)),
						 sizeof(Interval));
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	table_close(table, AccessShareLock);
	return gap;
}
