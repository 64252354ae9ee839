/*
 * exports.c
 *		sessionize.create_export() and drop_export(), and what the program calls that exports:
 *		export_begin, export_tables, export_notes, export_changes, export_query, export_intend,
 *		export_finish, export_fail.
 *
 * An export is exact by the order of these calls.  The program reads the days that have changed, and
 * their rows, in one snapshot.  Then, in another session, it intends: the token of the export and
 * the notes of that snapshot are committed.  Then it writes files and their log, which has the
 * token, and finishes: the notes are forgotten.  Wherever it is cut off, the next export finds the
 * notes, or finds in the log the token that was intended, and finishes.  A database that was
 * restored to a moment before has not intended the token of the log: then nothing that it knows of
 * the files can be trusted, and all days are written again.
 *
 * Like a rollup, an export is created under the lock that keeps refreshes away, so that each refresh
 * which writes the star afterwards knows of it, and each one before has committed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "catalog/lock.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/star_relation.h"
#include "commands/own_columns.h"
#include "lake/lake_export.h"
#include "lake/lake_table.h"
#include "spi/key_relation.h"
#include "spi/scope.h"
#include "spi/statement.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_export_decimal);

/* The positions of the arguments of create_export; the others begin with the first two as well. */
enum
{
	ARG_PIPELINE,
	ARG_NAME,
	ARG_LOCATION,
	ARG_TABLES,
	ARG_DECIMALS
};

/* The columns of the results. */
enum
{
	BEGIN_LOCATION,
	BEGIN_TOKEN,
	BEGIN_INTENDED,
	BEGIN_ERASURES,
	BEGIN_SUMMARY,
	BEGIN_COLUMNS
};

enum
{
	TABLE_NAME,
	TABLE_PARTITION_COLUMN,
	TABLE_COLUMNS,
	TABLE_WIDTH
};

enum
{
	NOTES_IDS,
	NOTES_ERASURES,
	NOTES_SNAPSHOT_AT,
	NOTES_COLUMNS
};

enum
{
	CHANGE_TABLE,
	CHANGE_DAY,
	CHANGE_ROWS,
	CHANGE_FINGERPRINT,
	CHANGE_WIDTH
};

/*
 * report_no_tables reports that no tables, or a null, were named.
 */
pg_noreturn static void
report_no_tables(void)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("an export must have tables, and the name of none may be null"),
					errhint("Say tables => '{sessions,events}'.")));
}

/*
 * tables_argument returns the names of the tables to export.
 */
static List *
tables_argument(FunctionCallInfo fcinfo)
{
	Datum *elements;
	bool *isnull;
	int count;
	List *names = NIL;

	if (PG_ARGISNULL(ARG_TABLES))
		report_no_tables();
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(ARG_TABLES), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &isnull, &count);
	for (int i = 0; i < count; i++)
	{
		char *name = isnull[i] ? NULL : TextDatumGetCString(elements[i]);

		if (name == NULL)
			report_no_tables();
		for (ListCell *cell = list_head(names); cell != NULL; cell = lnext(names, cell))
			if (strcmp(lfirst(cell), name) == 0)
				ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
								errmsg("table \"%s\" is named twice", name),
								errhint("Name each table once.")));
		names = lappend(names, name);
	}
	if (names == NIL)
		report_no_tables();
	return names;
}

/*
 * decimals_argument returns how many decimals a number without a scale of its own keeps.
 */
static int
decimals_argument(FunctionCallInfo fcinfo)
{
	int decimals = PG_ARGISNULL(ARG_DECIMALS) ? -1 : PG_GETARG_INT32(ARG_DECIMALS);

	if (decimals < 0 || decimals > LAKE_DECIMAL_DIGITS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("decimals must be 0 to %d", LAKE_DECIMAL_DIGITS),
						errdetail("Numbers without a scale are exported as decimal(%d, decimals).",
								  LAKE_DECIMAL_DIGITS),
						errhint("Say decimals => 9.")));
	return decimals;
}

/*
 * name_argument returns the name of an export.
 */
static char *
name_argument(FunctionCallInfo fcinfo)
{
	char *name = own_text_argument(fcinfo, ARG_NAME);

	if (name == NULL)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("the name of an export must not be null or empty"),
						errhint("Choose a short name, such as name => 'lake'.")));
	return name;
}

/*
 * check_free reports a name or a location that is taken.
 */
static void
check_free(const Pipeline *pipeline, const LakeExport *export)
{
	const char *user = lake_location_user(export->location);

	if (user != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("pipeline \"%s\" is exported to \"%s\" already", user, export->location),
				 errdetail("Two exports to one place would replace each other's tables."),
				 errhint("Choose another location, or drop that export: SELECT * FROM "
						 "sessionize.export_status.")));
	if (sql_run("SELECT FROM sessionize.export_status AS s WHERE s.pipeline_name = $1 "
				"AND s.export_name = $2",
				SQL_READ_WRITE, SQL_VALUES(SQL_TEXT(pipeline->name), SQL_TEXT(export->name))) > 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("pipeline \"%s\" has an export \"%s\" already", pipeline->name, export->name),
			 errhint("Choose another name, or drop it: SELECT "
					 "sessionize.drop_export(%s, %s);",
					 quote_literal_cstr(pipeline->name), quote_literal_cstr(export->name))));
}

/*
 * sessionize_create_export creates an export.
 */
PIPELINE_FUNCTION(sessionize_create_export)
{
	LakeExport export = {0};
	Pipeline *pipeline;
	OwnerScope scope;

	PreventCommandIfReadOnly("sessionize.create_export()");
	pipeline = own_lock_pipeline(fcinfo);
	export.name = name_argument(fcinfo);
	export.location = own_text_argument(fcinfo, ARG_LOCATION);
	if (export.location == NULL)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("the location of an export must not be null or empty"),
						errhint("Name a directory of the machine on which the exporting program "
								"runs, or a place in a bucket, as in location => "
								"'/srv/lake/web' or 's3://bucket/web'.")));
	export.tables = tables_argument(fcinfo);
	export.decimals = decimals_argument(fcinfo);
	check_free(pipeline, &export);
	owner_scope_enter(&scope, pipeline);
	for (ListCell *cell = list_head(export.tables); cell != NULL; cell = lnext(export.tables, cell))
		(void) lake_table_resolve(pipeline, lfirst(cell), export.decimals);
	owner_scope_leave(&scope);
	lake_export_add(pipeline, &export);
	PG_RETURN_VOID();
}

/*
 * sessionize_drop_export drops an export.
 */
PIPELINE_FUNCTION(sessionize_drop_export)
{
	Pipeline *pipeline;
	char *name;

	PreventCommandIfReadOnly("sessionize.drop_export()");
	pipeline = pipeline_load_for_change(argument_pipeline(fcinfo), "sessionize.drop_export()");
	name = name_argument(fcinfo);
	(void) lake_export_get(pipeline, name, SQL_READ_WRITE);
	lake_export_remove(pipeline, name);
	PG_RETURN_VOID();
}

/*
 * load returns the pipeline of a call, which the current user must own, and the export.
 */
static Pipeline *
load(FunctionCallInfo fcinfo, LakeExport **export)
{
	Pipeline *pipeline = pipeline_load(argument_pipeline(fcinfo));

	pipeline_check_owner(pipeline);
	*export = lake_export_get(pipeline, name_argument(fcinfo), SQL_READ_ONLY);
	return pipeline;
}

/*
 * sessionize_export_begin begins an export.
 */
PIPELINE_FUNCTION(sessionize_export_begin)
{
	LakeExport *export;
	const Pipeline *pipeline = load(fcinfo, &export);
	Datum values[BEGIN_COLUMNS];
	bool isnull[BEGIN_COLUMNS] = {false};

	if (!pipeline_try_lock_export(
			pipeline, hash_bytes((const unsigned char *) export->name, (int) strlen(export->name))))
		ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
						errmsg("another session is exporting pipeline \"%s\" to \"%s\"",
							   pipeline->name, export->location),
						errhint("Try again when it has finished; SELECT * FROM "
								"sessionize.export_status shows the exports.")));
	/* as of now: whoever had the lock before has committed */
	export = lake_export_get(pipeline, export->name, SQL_READ_WRITE);
	values[BEGIN_LOCATION] = CStringGetTextDatum(export->location);
	values[BEGIN_TOKEN] = export->token;
	isnull[BEGIN_TOKEN] = export->token == 0;
	values[BEGIN_INTENDED] = export->intended;
	isnull[BEGIN_INTENDED] = export->intended == 0;
	values[BEGIN_ERASURES] = Int64GetDatum(export->erasures);
	values[BEGIN_SUMMARY] = export->summary;
	return result_row(fcinfo, values, isnull);
}

/*
 * append_pair appends a pair of a JSON object; nothing for a value that is NULL.
 */
static void
append_pair(StringInfo json, const char *key, const char *value)
{
	if (value == NULL)
		return;
	if (json->data[json->len - 1] != '{')
		appendStringInfoString(json, ", ");
	escape_json(json, key);
	appendStringInfoString(json, ": ");
	escape_json(json, value);
}

/*
 * columns_document returns the columns of a table as jsonb.
 */
static Datum
columns_document(const LakeTable *table)
{
	StringInfoData json;
	ListCell *cell;

	initStringInfo(&json);
	foreach (cell, table->columns)
	{
		const LakeColumn *column = lfirst(cell);

		appendStringInfoString(&json, json.len == 0 ? "[{" : "}, {");
		append_pair(&json, "name", column->name);
		append_pair(&json, "type", column->type);
		append_pair(&json, "comment", column->comment);
	}
	appendStringInfoString(&json, json.len == 0 ? "[]" : "}]");
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/*
 * sessionize_export_tables returns the tables of an export.
 */
PIPELINE_FUNCTION(sessionize_export_tables)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	LakeExport *export;
	const Pipeline *pipeline;
	OwnerScope scope;
	ListCell *cell;

	InitMaterializedSRF(fcinfo, 0);
	pipeline = load(fcinfo, &export);
	owner_scope_enter(&scope, pipeline);
	foreach (cell, export->tables)
	{
		const LakeTable *table = lake_table_resolve(pipeline, lfirst(cell), export->decimals);
		Datum values[TABLE_WIDTH];
		bool isnull[TABLE_WIDTH] = {false};

		values[TABLE_NAME] = CStringGetTextDatum(table->name);
		isnull[TABLE_PARTITION_COLUMN] = table->partition_column == NULL;
		values[TABLE_PARTITION_COLUMN] =
			isnull[TABLE_PARTITION_COLUMN] ? 0 : CStringGetTextDatum(table->partition_column);
		values[TABLE_COLUMNS] = columns_document(table);
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	owner_scope_leave(&scope);
	return (Datum) 0;
}

/* A day with its rows. */
typedef struct LakeDay
{
	int32 date_key;
	int64 sessions;
	int64 events;
} LakeDay;

/*
 * add_day adds a day to a list.
 */
static void
add_day(void *arg, const SqlRow *row)
{
	List **list = arg;
	LakeDay *day = palloc(sizeof(LakeDay));

	*day = (LakeDay){sql_row_int4(row, 1), sql_row_int8(row, 2), sql_row_int8(row, 3)};
	*list = lappend(*list, day);
}

/*
 * The days of notes: those that are noted, and those of the facts that refer to rows of dim_user.
 */
#define NOTED_DAYS                                                                                 \
	"SELECT unnest($1::int[]) AS date_key "                                                        \
	"UNION SELECT f.date_key FROM ONLY @dim_user AS u JOIN ONLY @fact_session AS f "               \
	"ON f.session_key %1$s u.session_key AND f.user_key = u.user_key "                             \
	"WHERE u.user_key = ANY ($2) "
#define NOTED_DAYS_OF_EVENTS                                                                       \
	"UNION SELECT s.date_key FROM ONLY @dim_user AS u JOIN ONLY @fact_event AS f "                 \
	"ON f.session_key %1$s u.session_key AND f.user_key = u.user_key JOIN ONLY @fact_session "     \
	"AS s ON s.session_id = f.session_id WHERE u.user_key = ANY ($2) "

/*
 * days_of returns the days of the notes, or all days, with the rows that they have now.
 */
static List *
days_of(const Pipeline *pipeline, const LakeNotes *notes, bool whole)
{
	List *days = NIL;
	const char *equals = key_equals_sql(pipeline->types[SRC_SESSION_KEY]);

	if (whole)
		(void) sql_visit(star_sql(pipeline, "SELECT f.date_key, count(*), sum(f.events)::bigint "
											"FROM ONLY @fact_session AS f GROUP BY f.date_key "
											"ORDER BY f.date_key"),
						 SQL_READ_ONLY, SQL_NO_VALUES, add_day, &days);
	else
		(void) sql_visit(
			psprintf("WITH d AS (%s%s) SELECT d.date_key, count(f.session_id), "
					 "coalesce(sum(f.events), 0)::bigint FROM d LEFT JOIN ONLY %s AS f ON "
					 "f.date_key = d.date_key GROUP BY d.date_key ORDER BY d.date_key",
					 star_sql(pipeline, NOTED_DAYS, equals),
					 pipeline->store_events ? star_sql(pipeline, NOTED_DAYS_OF_EVENTS, equals) : "",
					 star_relation(pipeline, STAR_FACT_SESSION)),
			SQL_READ_ONLY,
			SQL_VALUES(SQL_DATUM(INT4ARRAYOID, notes->date_keys, false),
					   SQL_DATUM(INT4ARRAYOID, notes->user_keys, false)),
			add_day, &days);
	return days;
}

/*
 * day_value returns the day of a date key.
 */
static Datum
day_value(int32 date_key, bool *isnull)
{
	*isnull = date_key == NO_DATE_KEY;
	return *isnull ? 0
				   : DirectFunctionCall3(make_date, Int32GetDatum(date_key / 10000),
										 Int32GetDatum(date_key / 100 % 100),
										 Int32GetDatum(date_key % 100));
}

/*
 * put_days returns the days of a table.
 */
static void
put_days(ReturnSetInfo *result, const LakeTable *table, const List *days)
{
	bool of_events = strcmp(table->name, star_relations[STAR_EVENTS].name) == 0;
	ListCell *cell;

	foreach (cell, days)
	{
		const LakeDay *day = lfirst(cell);
		Datum values[CHANGE_WIDTH];
		bool isnull[CHANGE_WIDTH] = {false};

		values[CHANGE_TABLE] = CStringGetTextDatum(table->name);
		values[CHANGE_DAY] = day_value(day->date_key, &isnull[CHANGE_DAY]);
		values[CHANGE_ROWS] = Int64GetDatum(of_events ? day->events : day->sessions);
		values[CHANGE_FINGERPRINT] = 0;
		isnull[CHANGE_FINGERPRINT] = true;
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
}

/* The digest of a table without days. */
typedef struct LakeDigest
{
	int64 rows;
	char *text;
} LakeDigest;

/*
 * take_digest takes the digest out of a row.
 */
static void
take_digest(void *arg, const SqlRow *row)
{
	*(LakeDigest *) arg = (LakeDigest){sql_row_int8(row, 1), sql_row_text(row, 2)};
}

/*
 * exported_digest returns the digest of a table when it was exported last; NULL if it was not.
 */
static const char *
exported_digest(const LakeExport *export, const char *table)
{
	bool isnull;
	Datum digest = sql_value(
		"SELECT $1 -> $2 ->> 'fingerprint'", SQL_READ_ONLY,
		SQL_VALUES(SQL_DATUM(JSONBOID, export->summary, false), SQL_TEXT(table)), &isnull);

	return isnull ? NULL : TextDatumGetCString(digest);
}

/*
 * put_table returns a table without days, if it differs from what was exported last.
 */
static void
put_table(ReturnSetInfo *result, const LakeExport *export, const LakeTable *table, bool whole)
{
	const char *exported = exported_digest(export, table->name);
	LakeDigest digest;
	Datum values[CHANGE_WIDTH];
	bool isnull[CHANGE_WIDTH] = {false};

	(void) sql_visit(lake_table_digest_query(table), SQL_READ_ONLY, SQL_NO_VALUES, take_digest,
					 &digest);
	if (!whole && exported != NULL && strcmp(exported, digest.text) == 0)
		return;
	values[CHANGE_TABLE] = CStringGetTextDatum(table->name);
	values[CHANGE_DAY] = 0;
	isnull[CHANGE_DAY] = true;
	values[CHANGE_ROWS] = Int64GetDatum(digest.rows);
	values[CHANGE_FINGERPRINT] = CStringGetTextDatum(digest.text);
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
}

/*
 * sessionize_export_changes returns what differs from what was exported last.
 */
PIPELINE_FUNCTION(sessionize_export_changes)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool whole = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	LakeExport *export;
	const Pipeline *pipeline;
	LakeNotes notes;
	OwnerScope scope;
	List *days;
	ListCell *cell;

	InitMaterializedSRF(fcinfo, 0);
	pipeline = load(fcinfo, &export);
	notes = lake_notes_read(pipeline, export->name);
	owner_scope_enter(&scope, pipeline);
	days = days_of(pipeline, &notes, whole);
	foreach (cell, export->tables)
	{
		const LakeTable *table = lake_table_resolve(pipeline, lfirst(cell), export->decimals);

		if (table->partition_column != NULL)
			put_days(result, table, days);
		else
			put_table(result, export, table, whole);
	}
	owner_scope_leave(&scope);
	return (Datum) 0;
}

/*
 * sessionize_export_notes returns the notes of an export.  A transaction begins before its snapshot
 * is taken.
 */
PIPELINE_FUNCTION(sessionize_export_notes)
{
	LakeExport *export;
	const Pipeline *pipeline = load(fcinfo, &export);
	LakeNotes notes = lake_notes_read(pipeline, export->name);
	Datum values[NOTES_COLUMNS];
	bool isnull[NOTES_COLUMNS] = {false};

	values[NOTES_IDS] = notes.ids;
	values[NOTES_ERASURES] = Int64GetDatum(notes.erasures);
	values[NOTES_SNAPSHOT_AT] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	return result_row(fcinfo, values, isnull);
}

/*
 * date_keys_argument returns the date keys of an argument of type date[]; NIL for NULL.
 */
static List *
date_keys_argument(FunctionCallInfo fcinfo, int argno)
{
	Datum *elements;
	bool *isnull;
	int count;
	List *keys = NIL;

	if (PG_ARGISNULL(argno))
		return NIL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argno), DATEOID, sizeof(DateADT), true, TYPALIGN_INT,
					  &elements, &isnull, &count);
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there are no days in the array"),
				 errhint("Say days => NULL for all days.")));
	for (int i = 0; i < count; i++)
	{
		DateADT date = isnull[i] ? 0 : DatumGetDateADT(elements[i]);
		int year;
		int month;
		int day;

		if (!isnull[i] && DATE_NOT_FINITE(date))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a day must be finite"),
					 errhint("NULL stands for days before year 1 and after 9999.")));
		j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
		keys = lappend_int(keys, isnull[i] ? NO_DATE_KEY : year * 10000 + month * 100 + day);
	}
	return keys;
}

/*
 * sessionize_export_query returns the query of a table's rows.
 */
PIPELINE_FUNCTION(sessionize_export_query)
{
	LakeExport *export;
	const Pipeline *pipeline = load(fcinfo, &export);
	const char *name = own_text_argument(fcinfo, 2);
	List *keys = date_keys_argument(fcinfo, 3);
	OwnerScope scope;
	char *sql = NULL;
	ListCell *cell;

	owner_scope_enter(&scope, pipeline);
	foreach (cell, export->tables)
		if (name != NULL && strcmp(name, lfirst(cell)) == 0)
			sql = lake_table_query(lake_table_resolve(pipeline, name, export->decimals), keys);
	owner_scope_leave(&scope);
	if (sql == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 name == NULL ? errmsg("the name of a table must not be null")
							  : errmsg("export \"%s\" of pipeline \"%s\" has no table \"%s\"",
									   export->name, pipeline->name, name),
				 errhint("SELECT * FROM sessionize.export_tables(%s, %s);",
						 quote_literal_cstr(pipeline->name), quote_literal_cstr(export->name))));
	PG_RETURN_TEXT_P(cstring_to_text(sql));
}

/*
 * require_argument reports an argument that is NULL.
 */
static void
require_argument(FunctionCallInfo fcinfo, int argno, const char *argument)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument %s must not be null", argument),
						errhint("Pass what the functions that were called before have returned.")));
}

/*
 * sessionize_export_intend notes that an export is about to write.
 */
PIPELINE_FUNCTION(sessionize_export_intend)
{
	LakeExport *export;
	const Pipeline *pipeline;

	PreventCommandIfReadOnly("sessionize.export_intend()");
	pipeline = load(fcinfo, &export);
	require_argument(fcinfo, 2, "token");
	require_argument(fcinfo, 3, "note_ids");
	require_argument(fcinfo, 4, "snapshot_at");
	lake_export_intend(pipeline, export->name, PG_GETARG_DATUM(2), PG_GETARG_DATUM(3),
					   PG_GETARG_TIMESTAMPTZ(4));
	PG_RETURN_VOID();
}

/*
 * sessionize_export_finish notes that an export has written all.
 */
PIPELINE_FUNCTION(sessionize_export_finish)
{
	LakeExport *export;
	const Pipeline *pipeline;

	PreventCommandIfReadOnly("sessionize.export_finish()");
	pipeline = load(fcinfo, &export);
	require_argument(fcinfo, 2, "token");
	require_argument(fcinfo, 3, "summary");
	if (export->intended == 0 ||
		!DatumGetBool(DirectFunctionCall2(uuid_eq, PG_GETARG_DATUM(2), export->intended)))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("export \"%s\" of pipeline \"%s\" has not intended this token",
							   export->name, pipeline->name),
						errdetail("Only the export that was intended last can finish."),
						errhint("Begin with sessionize.export_begin() again.")));
	lake_export_finish(pipeline, export->name, PG_GETARG_DATUM(3));
	PG_RETURN_VOID();
}

/*
 * sessionize_export_fail notes that an export has failed.
 */
PIPELINE_FUNCTION(sessionize_export_fail)
{
	LakeExport *export;
	const Pipeline *pipeline;

	PreventCommandIfReadOnly("sessionize.export_fail()");
	pipeline = load(fcinfo, &export);
	require_argument(fcinfo, 2, "error");
	lake_export_fail(pipeline, export->name, text_to_cstring(PG_GETARG_TEXT_PP(2)));
	PG_RETURN_VOID();
}

/*
 * sessionize_export_decimal returns a number as the text of a decimal of 38 digits.
 */
Datum
sessionize_export_decimal(PG_FUNCTION_ARGS)
{
	Numeric value = PG_GETARG_NUMERIC(0);
	int decimals = PG_GETARG_INT32(1);
	Datum rounded;
	char *digits;
	int whole;

	if (numeric_is_nan(value) || numeric_is_inf(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("column \"%s\" has the value %s, which a decimal can't have",
						text_to_cstring(PG_GETARG_TEXT_PP(2)),
						DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value)))),
				 errhint("Have the measure or mapping make NULL of it.")));
	rounded = DirectFunctionCall2(numeric_round, NumericGetDatum(value), Int32GetDatum(decimals));
	digits = DatumGetCString(DirectFunctionCall1(numeric_out, rounded));
	whole = (int) strcspn(digits, ".") - (digits[0] == '-') - (digits[digits[0] == '-'] == '0');
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, rounded, NumericGetDatum(value))) ||
		whole > LAKE_DECIMAL_DIGITS - decimals)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("column \"%s\" has a value that does not fit into decimal(%d, %d)",
						text_to_cstring(PG_GETARG_TEXT_PP(2)), LAKE_DECIMAL_DIGITS, decimals),
				 errdetail("The value is %s.", DatumGetCString(DirectFunctionCall1(
												   numeric_out, NumericGetDatum(value)))),
				 errhint("Create the export with other decimals, or round the value in the measure "
						 "or mapping.")));
	PG_RETURN_TEXT_P(cstring_to_text(digits));
}
