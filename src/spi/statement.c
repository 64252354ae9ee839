/*
 * statement.c
 *		Statements with parameters, each in an SPI connection of its own.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/spi.h"
#include "nodes/execnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/tuplestore.h"

#include "spi/statement.h"

/*
 * sql_text_value returns a string as a value of type text.
 */
SqlValue
sql_text_value(const char *string)
{
	return string == NULL ? SQL_NULL(TEXTOID)
						  : SQL_DATUM(TEXTOID, CStringGetTextDatum(string), false);
}

/*
 * sql_pointer_value returns a value of a type that is passed by reference.
 */
SqlValue
sql_pointer_value(Oid type, const void *pointer)
{
	return SQL_DATUM(type, PointerGetDatum(pointer), pointer == NULL);
}

/*
 * sql_oids_value returns a list of OIDs as an array.
 */
SqlValue
sql_oids_value(const List *oids)
{
	Datum *values = palloc(Max(list_length(oids), 1) * sizeof(Datum));
	int n = 0;
	ListCell *cell;

	foreach (cell, oids)
		values[n++] = ObjectIdGetDatum(lfirst_oid(cell));
	return sql_pointer_value(OIDARRAYOID,
							 construct_array(values, n, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
}

/*
 * sql_texts_value returns a list of strings as an array.
 */
SqlValue
sql_texts_value(const List *texts)
{
	Datum *values = palloc(Max(list_length(texts), 1) * sizeof(Datum));
	int n = 0;
	ListCell *cell;

	foreach (cell, texts)
		values[n++] = CStringGetTextDatum((const char *) lfirst(cell));
	return sql_pointer_value(TEXTARRAYOID,
							 construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * sql_run_connected runs a statement inside the caller's SPI connection.
 */
uint64
sql_run_connected(const char *sql, SqlAccess access, SqlValues values, long limit)
{
	Oid *types = palloc(values.count * sizeof(Oid));
	Datum *datums = palloc(values.count * sizeof(Datum));
	char *nulls = palloc(values.count);
	int result;

	for (int i = 0; i < values.count; i++)
	{
		types[i] = values.list[i].type;
		datums[i] = values.list[i].value;
		nulls[i] = values.list[i].isnull ? 'n' : ' ';
	}
	result = SPI_execute_with_args(sql, values.count, types, datums, nulls, access == SQL_READ_ONLY,
								   limit);
	if (result < 0 || (result == SPI_OK_REWRITTEN && access != SQL_REPLACEABLE))
		elog(ERROR, "SPI_execute_with_args failed: %s: %s", SPI_result_code_string(result), sql);
	return SPI_processed;
}

/*
 * sql_run runs a statement.
 */
uint64
sql_run(const char *sql, SqlAccess access, SqlValues values)
{
	uint64 processed;

	SPI_connect();
	processed = sql_run_connected(sql, access, values, 0);
	SPI_finish();
	return processed;
}

/*
 * sql_visit_connected runs a statement inside the caller's SPI connection, and passes the rows that
 * it returns to a visitor, in a memory context.
 */
uint64
sql_visit_connected(const char *sql, SqlAccess access, SqlValues values, SqlRowVisitor visitor,
					void *arg, MemoryContext context)
{
	uint64 processed = sql_run_connected(sql, access, values, 0);
	SPITupleTable *rows = SPI_tuptable;
	MemoryContext connection = MemoryContextSwitchTo(context);

	for (uint64 i = 0; rows != NULL && visitor != NULL && i < rows->numvals; i++)
		visitor(arg, &(SqlRow){rows->vals[i], rows->tupdesc});
	MemoryContextSwitchTo(connection);
	return processed;
}

/*
 * sql_visit runs a statement and passes the rows that it returns to a visitor.
 */
uint64
sql_visit(const char *sql, SqlAccess access, SqlValues values, SqlRowVisitor visitor, void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	uint64 processed;

	SPI_connect();
	processed = sql_visit_connected(sql, access, values, visitor, arg, caller);
	SPI_finish();
	return processed;
}

/*
 * take_bigints takes the columns of the only row that a statement has returned; false if there is
 * none.
 */
static bool
take_bigints(uint64 processed, int64 *numbers, int count)
{
	if (processed != 1 || SPI_tuptable == NULL)
		return false;
	for (int i = 0; i < count; i++)
		numbers[i] = sql_row_int8(&(SqlRow){SPI_tuptable->vals[0], SPI_tuptable->tupdesc}, i + 1);
	return true;
}

/*
 * sql_bigints_connected runs a statement that returns one row of bigints, inside the caller's SPI
 * connection.
 */
bool
sql_bigints_connected(const char *sql, SqlAccess access, int64 *numbers, int count)
{
	return take_bigints(sql_run_connected(sql, access, SQL_NO_VALUES, 1), numbers, count);
}

/*
 * sql_bigints runs a statement that returns one row of bigints.
 */
bool
sql_bigints(const char *sql, SqlAccess access, SqlValues values, int64 *numbers, int count)
{
	bool found;

	SPI_connect();
	found = take_bigints(sql_run_connected(sql, access, values, 1), numbers, count);
	SPI_finish();
	return found;
}

/*
 * copy_value copies a row's first column.
 */
static Datum
copy_value(const SqlRow *row, bool *isnull)
{
	Datum value = sql_row_datum(row, 1, isnull);
	Form_pg_attribute attribute = TupleDescAttr(row->desc, 0);

	if (*isnull)
		return (Datum) 0;
	if (attribute->attlen == -1)
		return PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	return datumCopy(value, attribute->attbyval, attribute->attlen);
}

/*
 * sql_value runs a statement that returns one value.
 */
Datum
sql_value(const char *sql, SqlAccess access, SqlValues values, bool *isnull)
{
	MemoryContext caller = CurrentMemoryContext;
	Datum value = (Datum) 0;

	*isnull = true;
	SPI_connect();
	if (sql_run_connected(sql, access, values, 1) == 1 && SPI_tuptable != NULL)
	{
		MemoryContextSwitchTo(caller);
		value = copy_value(&(SqlRow){SPI_tuptable->vals[0], SPI_tuptable->tupdesc}, isnull);
	}
	SPI_finish();
	return value;
}

/*
 * sql_row_datum returns a column of a row.
 */
Datum
sql_row_datum(const SqlRow *row, int column, bool *isnull)
{
	return SPI_getbinval(row->tuple, row->desc, column, isnull);
}

/*
 * sql_row_text returns a column's text form; NULL for an SQL NULL.
 */
char *
sql_row_text(const SqlRow *row, int column)
{
	return SPI_getvalue(row->tuple, row->desc, column);
}

/*
 * sql_row_texts returns a column of type text[], without NULLs, as a list of strings.
 */
List *
sql_row_texts(const SqlRow *row, int column)
{
	bool isnull;
	Datum *elements;
	int count;
	List *texts = NIL;

	deconstruct_array(DatumGetArrayTypeP(sql_row_datum(row, column, &isnull)), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, NULL, &count);
	for (int i = 0; i < count; i++)
		texts = lappend(texts, TextDatumGetCString(elements[i]));
	return texts;
}

/*
 * sql_row_oid returns a column that is an OID; InvalidOid for NULL.
 */
Oid
sql_row_oid(const SqlRow *row, int column)
{
	bool isnull;
	Datum value = sql_row_datum(row, column, &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(value);
}

/*
 * sql_row_int4 returns a column that is an integer; 0 for NULL.
 */
int32
sql_row_int4(const SqlRow *row, int column)
{
	bool isnull;
	Datum value = sql_row_datum(row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

/*
 * sql_row_int8 returns a column that is a bigint; 0 for NULL.
 */
int64
sql_row_int8(const SqlRow *row, int column)
{
	bool isnull;
	Datum value = sql_row_datum(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/*
 * sql_row_bool returns a column that is a boolean; false for NULL.
 */
bool
sql_row_bool(const SqlRow *row, int column)
{
	bool isnull;
	Datum value = sql_row_datum(row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

/*
 * sql_row_put adds a row to a function's result.
 */
void
sql_row_put(void *arg, const SqlRow *row)
{
	ReturnSetInfo *result = arg;

	tuplestore_puttuple(result->setResult, row->tuple);
}
