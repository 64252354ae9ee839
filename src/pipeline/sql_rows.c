/*
 * sql_rows.c
 *		A statement over rows that lie in a tuplestore.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/spi.h"
#include "pipeline/sql_rows.h"
#include "utils/queryenvironment.h"

/*
 * sql_execute_with_rows runs a statement that finds the rows under a name, as a trigger finds its
 * transition tables.
 */
uint64
sql_execute_with_rows(const char *sql, const char *name, TupleDesc desc, Tuplestorestate *rows)
{
	EphemeralNamedRelationData relation = {
		.md = {.name = pstrdup(name),
			   .reliddesc = InvalidOid,
			   .tupdesc = desc,
			   .enrtype = ENR_NAMED_TUPLESTORE,
			   .enrtuples = (double) tuplestore_tuple_count(rows)},
		.reldata = rows,
	};
	uint64 processed;
	int result;

	SPI_connect();
	result = SPI_register_relation(&relation);
	if (result != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed: %s", SPI_result_code_string(result));
	result = SPI_execute(sql, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	processed = SPI_processed;
	SPI_finish();
	return processed;
}
