/*
 * sql.c
 *		One-line ways to run SQL and to find names in the catalogs.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "pipeline/sql.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/*
 * sql_execute runs the statements of a text and returns the number of rows the last one processed.
 */
uint64
sql_execute(const char *sql)
{
	uint64 processed;
	int result;

	SPI_connect();
	result = SPI_execute(sql, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	processed = SPI_processed;
	SPI_finish();
	return processed;
}

/*
 * sql_executef runs the statements of a formatted text.
 */
uint64
sql_executef(const char *format, ...)
{
	StringInfoData sql;
	uint64 processed;

	initStringInfo(&sql);
	for (;;)
	{
		va_list args;
		int needed;

		va_start(args, format);
		needed = appendStringInfoVA(&sql, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&sql, needed);
	}
	processed = sql_execute(sql.data);
	pfree(sql.data);
	return processed;
}

/*
 * sql_qualified_name returns the relation's name as SQL text that means it under any search_path.
 */
char *
sql_qualified_name(Oid relation)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
									  get_rel_name(relation));
}

/*
 * sql_relation_owner returns a relation's owner, InvalidOid where there is no such relation.
 */
Oid
sql_relation_owner(Oid relation)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}
