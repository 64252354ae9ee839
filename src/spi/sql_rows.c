/*
 * sql_rows.c
 *		Statements over rows in a tuplestore.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/queryenvironment.h"

#include "spi/sql_rows.h"
#include "spi/statement.h"

/*
 * sql_register_rows lets the statements of the current SPI connection find rows by a name, as
 * triggers find their transition tables.
 */
void
sql_register_rows(const NamedRows *named)
{
	EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));
	int result;

	relation->md.name = pstrdup(named->name);
	relation->md.reliddesc = InvalidOid;
	relation->md.tupdesc = named->desc;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = (double) tuplestore_tuple_count(named->rows);
	relation->reldata = named->rows;
	result = SPI_register_relation(relation);
	if (result != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed: %s", SPI_result_code_string(result));
}

/*
 * sql_execute_with_named_rows runs a statement over several tuplestores.
 */
uint64
sql_execute_with_named_rows(const char *sql, const NamedRows *named, int count)
{
	uint64 processed;

	SPI_connect();
	for (int i = 0; i < count; i++)
		sql_register_rows(&named[i]);
	processed = sql_run_connected(sql, SQL_REPLACEABLE, SQL_NO_VALUES, 0);
	SPI_finish();
	return processed;
}

/*
 * sql_visit_with_named_rows runs a statement over several tuplestores, and passes the rows that it
 * returns to a visitor.
 */
uint64
sql_visit_with_named_rows(const char *sql, const NamedRows *named, int count, SqlRowVisitor visitor,
						  void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	uint64 processed;

	SPI_connect();
	for (int i = 0; i < count; i++)
		sql_register_rows(&named[i]);
	processed = sql_visit_connected(sql, SQL_READ_WRITE, SQL_NO_VALUES, visitor, arg, caller);
	SPI_finish();
	return processed;
}

/*
 * sql_execute_with_rows runs a statement over one tuplestore.
 */
uint64
sql_execute_with_rows(const char *sql, const char *name, TupleDesc desc, Tuplestorestate *rows)
{
	NamedRows named = {name, desc, rows};

	return sql_execute_with_named_rows(sql, &named, 1);
}
