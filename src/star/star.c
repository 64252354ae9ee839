/*
 * star.c
 *		The star's tables as the code that writes and compares them sees them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog/pipeline.h"
#include "compat.h"
#include "dirty/backfill.h"
#include "dirty/refreshed_keys.h"
#include "source/sealed_rows.h"
#include "source/source_mapping.h"
#include "spi/key_index.h"
#include "spi/sql.h"
#include "star/star.h"

static const StarColumn user_columns[] = {
	[USER_SESSION_KEY] = STAR_TYPED("session_key", SRC_SESSION_KEY),
	[USER_VALID_FROM] = STAR_FIXED("valid_from", TIMESTAMPTZOID),
	[USER_USER_ID] = STAR_FIXED("user_id", TEXTOID),
	[USER_VALID_TO] = STAR_FIXED("valid_to", TIMESTAMPTZOID),
	[USER_IS_CURRENT] = STAR_FIXED("is_current", BOOLOID),
};

static const StarColumn session_columns[] = {
	[SESSION_ID] = STAR_FIXED("session_id", UUIDOID),
	[SESSION_SESSION_KEY] = STAR_TYPED("session_key", SRC_SESSION_KEY),
	[SESSION_USER] = STAR_FIXED("user_key", INT4OID),
	[SESSION_DATE_KEY] = STAR_FIXED("date_key", INT4OID),
	[SESSION_STARTED_AT] = STAR_FIXED("started_at", TIMESTAMPTZOID),
	[SESSION_ENDED_AT] = STAR_FIXED("ended_at", TIMESTAMPTZOID),
	[SESSION_EVENTS] = STAR_FIXED("events", INT8OID),
	[SESSION_PAGE_VIEWS] = STAR_FIXED("page_views", INT8OID),
	[SESSION_DISTINCT_PAGES] = STAR_FIXED("distinct_pages", INT8OID),
	[SESSION_ENTRY_PAGE] = STAR_FIXED("entry_page_key", INT4OID),
	[SESSION_EXIT_PAGE] = STAR_FIXED("exit_page_key", INT4OID),
	[SESSION_IS_BOUNCE] = STAR_FIXED("is_bounce", BOOLOID),
	[SESSION_DUPLICATES] = STAR_FIXED("duplicates", INT8OID),
	[SESSION_CONFLICTS] = STAR_FIXED("conflicts", INT8OID),
	[SESSION_SHIFTED] = STAR_FIXED("shifted", INT8OID),
	[SESSION_COPIES_UNTIL] = STAR_FIXED("copies_until", TIMESTAMPTZOID),
};

static const StarColumn event_columns[] = {
	[EVENT_SESSION_KEY] = STAR_TYPED("session_key", SRC_SESSION_KEY),
	[EVENT_TIME] = STAR_FIXED("event_time", TIMESTAMPTZOID),
	[EVENT_ID] = STAR_TYPED("event_id", SRC_EVENT_ID),
	[EVENT_RAW_ID] = STAR_TYPED("raw_id", SRC_RAW_ID),
	[EVENT_SESSION_ID] = STAR_FIXED("session_id", UUIDOID),
	[EVENT_USER] = STAR_FIXED("user_key", INT4OID),
	[EVENT_EVENT] = STAR_FIXED("event_key", INT4OID),
	[EVENT_PAGE] = STAR_FIXED("page_key", INT4OID),
	[EVENT_DATE_KEY] = STAR_FIXED("date_key", INT4OID),
	[EVENT_PAGE_VIEW] = STAR_FIXED("page_view", BOOLOID),
};

static const StarColumn quarantine_columns[] = {
	[QUARANTINE_RAW_ID] = STAR_FIXED("raw_id", TEXTOID),
	[QUARANTINE_SESSION_KEY] = STAR_TYPED("session_key", SRC_SESSION_KEY),
	[QUARANTINE_REASON] = STAR_FIXED("reason", TEXTOID),
	[QUARANTINE_DETAIL] = STAR_FIXED("detail", TEXTOID),
	[QUARANTINE_RECEIVED_AT] = STAR_FIXED("received_at", TIMESTAMPTZOID),
	[QUARANTINE_RAW_ROW] = STAR_FIXED("raw_row", JSONBOID),
};

static const StarColumn late_columns[] = {
	[LATE_SESSION_KEY] = STAR_TYPED("session_key", SRC_SESSION_KEY),
	[LATE_EVENT_TIME] = STAR_FIXED("event_time", TIMESTAMPTZOID),
	[LATE_EVENT_ID] = STAR_TYPED("event_id", SRC_EVENT_ID),
	[LATE_RAW_ID] = STAR_TYPED("raw_id", SRC_RAW_ID),
	[LATE_RECEIVED_AT] = STAR_FIXED("received_at", TIMESTAMPTZOID),
	[LATE_RAW_TABLE] = STAR_FIXED("raw_table", REGCLASSOID),
};

const StarTable star_dim_user = {
	.name = "dim_user",
	.surrogate = "user_key",
	.columns = user_columns,
	.ncolumns = lengthof(user_columns),
	.identity = 2,
	.key_column = USER_SESSION_KEY,
	.time = "valid_from",
	.since = "users_since",
	.extra = "f.user_key::bigint",
	.joins = "",
	.where = "f.user_key <> 0",
};

const StarTable star_fact_session = {
	.name = "fact_session",
	.columns = session_columns,
	.ncolumns = lengthof(session_columns),
	.identity = 1,
	.key_column = SESSION_SESSION_KEY,
	.time = "started_at",
	.since = "since",
	.extra = "f.events + f.duplicates",
	.joins = "",
	.where = "true",
	.has_aliases = true,
};

const StarTable star_fact_event = {
	.name = "fact_event",
	.columns = event_columns,
	.ncolumns = lengthof(event_columns),
	.identity = 4,
	.key_column = EVENT_SESSION_KEY,
	.time = "event_time",
	.since = "since",
	.extra = "0::bigint",
	.joins = "",
	.where = "true",
};

/* Nothing identifies a row: its raw id may be NULL. */
const StarTable star_quarantine = {
	.name = "quarantine",
	.columns = quarantine_columns,
	.ncolumns = lengthof(quarantine_columns),
	.identity = lengthof(quarantine_columns),
	.key_column = -1,
	.extra = "0::bigint",
	.joins = "",
	.where = "true",
};

const StarTable star_late = {
	.name = "late",
	.columns = late_columns,
	.ncolumns = lengthof(late_columns),
	.identity = 4,
	.key_column = LATE_SESSION_KEY,
	.extra = "0::bigint",
	.joins = "",
	.where = "true",
};

/*
 * star_late_row sets a row of the table late.
 */
void
star_late_row(const DerivedRow *row, Datum *values, bool *isnull)
{
	memset(isnull, false, ROW_MAX_WIDTH * sizeof(bool));
	values[LATE_SESSION_KEY] = row->session_key;
	values[LATE_EVENT_TIME] = TimestampTzGetDatum(row->event_time);
	values[LATE_EVENT_ID] = row->event_id;
	isnull[LATE_EVENT_ID] = row->event_id_isnull;
	values[LATE_RAW_ID] = row->raw_id;
	values[LATE_RECEIVED_AT] = TimestampTzGetDatum(row->received_at);
	isnull[LATE_RECEIVED_AT] = TIMESTAMP_IS_NOBEGIN(row->received_at);
	values[LATE_RAW_TABLE] = ObjectIdGetDatum(row->table);
}

/*
 * column_type returns the type of a column.
 */
static Oid
column_type(const StarColumn *column, const Pipeline *pipeline)
{
	return OidIsValid(column->type) ? column->type : pipeline->types[column->source];
}

/*
 * star_table_name returns the table's name as SQL text.
 */
char *
star_table_name(const StarTable *table, const Pipeline *pipeline)
{
	return quote_qualified_identifier(pipeline->name, table->name);
}

/*
 * star_row_shape describes the table's rows.
 */
RowShape *
star_row_shape(const StarTable *table, const Pipeline *pipeline)
{
	RowShape *shape = palloc(sizeof(RowShape));

	Assert(ROW_WIDTH(table) <= ROW_MAX_WIDTH);
	shape->identity = table->identity;
	shape->compared = table->ncolumns;
	shape->desc = CreateTemplateTupleDesc(ROW_WIDTH(table));
	for (int i = 0; i < table->ncolumns; i++)
		TupleDescInitEntry(shape->desc, i + 1, table->columns[i].name,
						   column_type(&table->columns[i], pipeline), -1, 0);
	TupleDescInitEntry(shape->desc, ROW_EXTRA(table) + 1, "row_extra", INT8OID, -1, 0);
	TupleDescInitEntry(shape->desc, ROW_AT(table) + 1, "row_at", TIDOID, -1, 0);
	TupleDescInitEntry(shape->desc, ROW_XMIN(table) + 1, "row_xmin", XIDOID, -1, 0);
	sz_finish_tuple_desc(shape->desc);
	return shape;
}

/*
 * table_missing reports a table of the star that is gone or changed.
 */
static void
table_missing(const Pipeline *pipeline, const char *name, const char *column)
{
	char *table = quote_qualified_identifier(pipeline->name, name);

	ereport(
		ERROR,
		(errcode(column ? ERRCODE_UNDEFINED_COLUMN : ERRCODE_UNDEFINED_TABLE),
		 column
			 ? errmsg("table %s of pipeline \"%s\" has lost its column \"%s\"", table, pipeline->name, column)
			 : errmsg("table %s of pipeline \"%s\" is gone", table, pipeline->name),
		 errdetail(
			 "A pipeline's tables are changed by its pipeline alone; columns may be added, not taken away "
			 "or given another type."),
		 errhint("Drop the pipeline with sessionize.drop_pipeline(%s) and create it again.",
				 quote_literal_cstr(pipeline->name))));
}

/*
 * check_column reports a column that is gone or has another type.
 */
static void
check_column(const Pipeline *pipeline, Oid relation, const char *table, const char *column, Oid type)
{
	AttrNumber number = get_attnum(relation, column);

	if (number == InvalidAttrNumber || get_atttype(relation, number) != type)
		table_missing(pipeline, table, column);
}

/*
 * check_table reports a table that is gone.
 */
static Oid
check_table(const Pipeline *pipeline, const char *name, LOCKMODE lockmode)
{
	Oid relation = RangeVarGetRelid(makeRangeVar(pipeline->name, pstrdup(name), -1), lockmode, true);

	if (!OidIsValid(relation) || get_rel_relkind(relation) != RELKIND_RELATION)
		table_missing(pipeline, name, NULL);
	return relation;
}

/*
 * check_identity reports a column that does not number new rows any more.
 */
static void
check_identity(const Pipeline *pipeline, Oid relation, const char *table, const char *column)
{
	HeapTuple tuple = SearchSysCacheAttName(relation, column);
	bool is_identity = HeapTupleIsValid(tuple) && ((Form_pg_attribute) GETSTRUCT(tuple))->attidentity != '\0';
	char *name = quote_qualified_identifier(pipeline->name, table);

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	if (!is_identity)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("column \"%s\" of table %s is no identity column any more", column, name),
			 errhint(
				 "ALTER TABLE %s ALTER %s ADD GENERATED BY DEFAULT AS IDENTITY (START WITH n), where n is "
				 "greater than any of its values.",
				 name, column)));
}

/*
 * star_check_sealed reports that the table of sealed rows is not as it was made.
 */
void
star_check_sealed(const Pipeline *pipeline, LOCKMODE lockmode)
{
	Oid relation = check_table(pipeline, SEALED_TABLE, lockmode);

	for (int column = 0; column < SRC_NCOLUMNS; column++)
		check_column(pipeline, relation, SEALED_TABLE, source_column_name(column), pipeline->types[column]);
}

/*
 * check_star locks the star's tables and reports the first that is not as it was made.
 */
static void
check_star(const Pipeline *pipeline, LOCKMODE lockmode)
{
	const StarTable *const tables[] = {&star_dim_user, &star_fact_session, &star_quarantine,
									   pipeline->store_events ? &star_fact_event : NULL,
									   pipeline->has_seal ? &star_late : NULL};
	static const struct
	{
		const char *table;
		const char *key;
		const char *member;
		Oid type;
		bool is_numbered;
	} dimensions[] = {{"dim_date", "date_key", "date", DATEOID, false},
					  {"dim_page", "page_key", "page", TEXTOID, true},
					  {"dim_event", "event_key", "event_name", TEXTOID, true},
					  {"dim_user", "user_key", "user_id", TEXTOID, true}};

	for (size_t i = 0; i < lengthof(tables); i++)
	{
		Oid relation;

		if (tables[i] == NULL)
			continue;
		relation = check_table(pipeline, tables[i]->name, lockmode);
		for (int c = 0; c < tables[i]->ncolumns; c++)
			check_column(pipeline, relation, tables[i]->name, tables[i]->columns[c].name,
						 column_type(&tables[i]->columns[c], pipeline));
	}
	for (size_t i = 0; i < lengthof(dimensions); i++)
	{
		Oid relation = check_table(pipeline, dimensions[i].table, lockmode);

		check_column(pipeline, relation, dimensions[i].table, dimensions[i].key, INT4OID);
		check_column(pipeline, relation, dimensions[i].table, dimensions[i].member, dimensions[i].type);
		if (dimensions[i].is_numbered)
			check_identity(pipeline, relation, dimensions[i].table, dimensions[i].key);
	}
	check_column(pipeline, check_table(pipeline, REFRESHED_TABLE, lockmode), REFRESHED_TABLE, "session_key",
				 pipeline->types[SRC_SESSION_KEY]);
	check_column(pipeline, check_table(pipeline, BACKFILL_TABLE, lockmode), BACKFILL_TABLE, "session_key",
				 pipeline->types[SRC_SESSION_KEY]);
	if (pipeline->has_seal)
		star_check_sealed(pipeline, lockmode);
}

/*
 * star_check reports the first of the star's tables that is not as it was made.
 */
void
star_check(const Pipeline *pipeline)
{
	check_star(pipeline, NoLock);
}

/*
 * star_lock does the same, and sees to it that they stay as they are until the transaction's end.
 */
void
star_lock(const Pipeline *pipeline)
{
	check_star(pipeline, AccessShareLock);
}
