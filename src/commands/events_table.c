/*
 * events_table.c
 *		create_events_table: creates a raw events table for users who have none.
 *
 * The table is partitioned by arrival (received_at), not by event time.  So a device whose clock is
 * wrong can't scatter its rows over partitions, rows are written to the current partition only, and
 * old rows are removed by dropping a partition.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "partitions/events_partitions.h"
#include "partitions/partitions_ahead.h"
#include "spi/privileges.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "spi/statement.h"

PG_FUNCTION_INFO_V1(sessionize_create_events_table);

/* Eight-byte columns come first, so that no space is lost to alignment. */
#define COLUMNS                                                                                    \
	"occurred_at timestamptz, sent_at timestamptz, received_at timestamptz NOT NULL DEFAULT "      \
	"clock_timestamp(), event_id text COLLATE \"C\", event_name text COLLATE \"C\", user_id text " \
	"COLLATE "                                                                                     \
	"\"C\", anonymous_id text COLLATE \"C\", device_id text COLLATE \"C\", source text COLLATE "   \
	"\"C\", "                                                                                      \
	"properties jsonb, context jsonb"

/* The columns of a table for a preset. */
#define PRESET_COLUMNS                                                                             \
	"sent_at timestamptz, received_at timestamptz NOT NULL DEFAULT clock_timestamp(), user_agent " \
	"text COLLATE \"C\", payload jsonb NOT NULL"

/* Of these columns a table has some. */
static const struct
{
	const char *column;
	const char *comment;
} column_comments[] = {
	{"raw_id", "the row's own number, in order of arrival as near as a sequence gives it"},
	{"occurred_at", "when it happened, by the device's clock"},
	{"sent_at", "when it was sent, by the same clock: what corrects that clock"},
	{"received_at", "when it arrived, by the server's clock; the partition key"},
	{"event_id",
	 "the sender's id: rows with the same are copies of one event; NULL is never a copy"},
	{"event_name", "what happened, such as page_view"},
	{"user_id", "who, when known"},
	{"anonymous_id", "who, as a cookie or an installation"},
	{"device_id", "on which device"},
	{"source", "which collector or library sent it"},
	{"properties", "what is particular to the event; \"page\" is the page"},
	{"context", "what surrounds it: browser, campaign, locale, ..."},
	{"user_agent", "the header User-Agent of the request, for events that do not have it"},
	{"payload", "the event as the tracker sent it"},
};

/*
 * creation_schema returns the schema to create the table in.  It creates a schema that does not
 * exist.
 */
static Oid
creation_schema(RangeVar *range)
{
	Oid schema;

	if (range->schemaname != NULL && !OidIsValid(get_namespace_oid(range->schemaname, true)) &&
		strcmp(range->schemaname, "pg_temp") != 0)
	{
		int guc_level;

		check_may_create_schema("The schema of the events table is not there yet.");
		guc_level = pinned_settings_enter();
		sql_executef("CREATE SCHEMA %s", quote_identifier(range->schemaname));
		pinned_settings_leave(guc_level);
		ereport(NOTICE, (errmsg("created schema %s", quote_identifier(range->schemaname))));
	}
	schema = RangeVarGetCreationNamespace(range);
	if (isTempNamespace(schema))
		ereport(ERROR, (errcode(ERRCODE_INVALID_TABLE_DEFINITION),
						errmsg("an events table can't be a temporary table"),
						errhint("Name another schema, such as 'raw.events'.")));
	check_may_create_in(schema);
	return schema;
}

/*
 * check_table_name reports a name that is taken, or too long for the names of partitions.
 */
static void
check_table_name(Oid schema, const char *name, Period period)
{
	char *qualified = quote_qualified_identifier(get_namespace_name(schema), name);

	if (OidIsValid(get_relname_relid(name, schema)))
		ereport(
			ERROR,
			(errcode(ERRCODE_DUPLICATE_TABLE), errmsg("relation %s already exists", qualified),
			 errhint("To use it as it is: SELECT sessionize.create_pipeline('web', source => %s);",
					 quote_literal_cstr(qualified))));
	if (period != PERIOD_NONE)
		events_partitions_check_name(name);
}

/*
 * preset_index returns the columns of the index that a preset needs; NULL is the table for none, to
 * see whether there is such a preset.
 */
static char *
preset_index(const char *preset, Oid table)
{
	bool isnull;
	Datum columns =
		sql_value("SELECT pg_catalog.format('(%s), (%s), (%s)', d ->> 'key', "
				  "d ->> 'event_time', d ->> 'event_id') "
				  "FROM sessionize.preset($1, $2) AS d",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_TEXT(preset), SQL_DATUM(REGCLASSOID, table, table == 0)), &isnull);

	return TextDatumGetCString(columns);
}

/*
 * comment_columns writes the comments on a table's columns.
 */
static void
comment_columns(Oid table)
{
	for (size_t i = 0; i < lengthof(column_comments); i++)
		if (get_attnum(table, column_comments[i].column) != InvalidAttrNumber)
			sql_executef("COMMENT ON COLUMN %s.%s IS %s", sql_qualified_name(table),
						 column_comments[i].column, quote_literal_cstr(column_comments[i].comment));
}

/*
 * share_numbers lets everybody who may insert draw the numbers of the rows, as an identity column
 * does by itself.  From a sequence that may be used, but not read, nothing is learned but numbers.
 */
static void
share_numbers(Oid table)
{
	bool isnull;
	Datum sequence =
		sql_value("SELECT pg_catalog.pg_get_serial_sequence($1, 'raw_id')", SQL_READ_WRITE,
				  SQL_VALUES(SQL_TEXT(sql_qualified_name(table))), &isnull);

	sql_executef("GRANT USAGE ON SEQUENCE %s TO PUBLIC", TextDatumGetCString(sequence));
}

/*
 * create_table creates the table, its default partition and its index, and returns its OID.
 */
static Oid
create_table(Oid schema, const char *name, Period period, const char *preset)
{
	const char *schema_name = get_namespace_name(schema);
	char *qualified = quote_qualified_identifier(schema_name, name);
	bool identity = period == PERIOD_NONE || SZ_PARTITIONED_IDENTITY;
	Oid table;

	sql_executef("CREATE TABLE %s (raw_id %s, %s)%s", qualified,
				 identity ? "bigint GENERATED ALWAYS AS IDENTITY" : "bigserial",
				 preset == NULL ? COLUMNS : PRESET_COLUMNS,
				 period == PERIOD_NONE ? "" : " PARTITION BY RANGE (received_at)");
	if (period != PERIOD_NONE)
		sql_executef("CREATE TABLE %s PARTITION OF %s DEFAULT",
					 quote_qualified_identifier(schema_name, psprintf("%s_default", name)),
					 qualified);
	table = get_relname_relid(name, schema);
	if (!identity)
		share_numbers(table);
	sql_executef("CREATE INDEX ON %s (%s)", qualified,
				 preset == NULL ? "(coalesce(anonymous_id, user_id)), occurred_at, event_id"
								: preset_index(preset, table));
	sql_executef("COMMENT ON TABLE %s IS 'raw events, one row for each that arrived'", qualified);
	comment_columns(table);
	return table;
}

/*
 * sessionize_create_events_table creates a raw events table, with partitions for the near future.
 */
Datum
sessionize_create_events_table(PG_FUNCTION_ARGS)
{
	RangeVar *range;
	Period period;
	Oid schema;
	Oid table;
	char *preset = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	int guc_level;

	PreventCommandIfReadOnly("sessionize.create_events_table()");
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("name must not be null"),
						errhint("Name the table to make, such as 'raw.events'.")));
	range = sql_parse_table_name(text_to_cstring(PG_GETARG_TEXT_PP(0)), "name");
	period = period_by_name(PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)));
	schema = creation_schema(range);
	check_table_name(schema, range->relname, period);
	guc_level = pinned_settings_enter();
	if (preset != NULL)
		(void) preset_index(preset, InvalidOid);
	table = create_table(schema, range->relname, period, preset);
	if (period != PERIOD_NONE)
		(void) events_partitions_make(table, period, events_partitions_ahead(period));
	pinned_settings_leave(guc_level);
	if (period != PERIOD_NONE)
		partitions_ahead_register(table);
	PG_RETURN_OID(table);
}
