/*
 * ranged_keys.c
 *		Session keys, each with a number and some times, as rows that a query can join with.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "spi/sql_rows.h"
#include "spi/statement.h"
#include "window/ranged_keys.h"

/* The most columns of a row. */
#define MAX_COLUMNS 10

struct RangedKeys
{
	NamedRows rows;
};

/*
 * ranged_keys_create makes a relation without rows.
 */
RangedKeys *
ranged_keys_create(Oid key_type, const char *name, const char *const *times, int ntimes)
{
	RangedKeys *keys = palloc(sizeof(RangedKeys));
	TupleDesc desc = CreateTemplateTupleDesc(2 + ntimes);

	Assert(desc->natts <= MAX_COLUMNS);
	TupleDescInitEntry(desc, 1, "n", INT4OID, -1, 0);
	TupleDescInitEntry(desc, 2, "session_key", key_type, -1, 0);
	if (OidIsValid(get_typcollation(key_type)))
		TupleDescInitEntryCollation(desc, 2, C_COLLATION_OID);
	for (int i = 0; i < ntimes; i++)
		TupleDescInitEntry(desc, (AttrNumber) (i + 3), times[i], TIMESTAMPTZOID, -1, 0);
	sz_finish_tuple_desc(desc);
	keys->rows = (NamedRows){name, desc, tuplestore_begin_heap(true, false, work_mem)};
	return keys;
}

/*
 * ranged_keys_add adds a row.
 */
void
ranged_keys_add(RangedKeys *keys, int n, Datum key, const TimestampTz *times)
{
	TupleDesc desc = keys->rows.desc;
	Datum values[MAX_COLUMNS];
	bool isnull[MAX_COLUMNS] = {false};

	values[0] = Int32GetDatum(n);
	values[1] = key;
	for (int i = 2; i < desc->natts; i++)
		values[i] = TimestampTzGetDatum(times[i - 2]);
	tuplestore_putvalues(keys->rows.rows, desc, values, isnull);
}

/*
 * ranged_keys_query runs a query that may join with the rows.
 */
void
ranged_keys_query(RangedKeys *keys, const char *sql, RowVisitor visitor, void *arg)
{
	SPI_connect();
	sql_register_rows(&keys->rows);
	row_query_connected(sql, SQL_NO_VALUES, visitor, arg);
	SPI_finish();
	tuplestore_end(keys->rows.rows);
	pfree(keys);
}
