/*
 * key_table.c
 *		Session keys as rows that queries join with.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pipeline/key_table.h"
#include "pipeline/sql.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/queryenvironment.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/*
 * key_table_create makes an empty table.
 */
KeyTable *
key_table_create(Oid type)
{
	KeyTable *table = palloc0(sizeof(KeyTable));

	table->type = type;
	table->desc = CreateTemplateTupleDesc(1);
	TupleDescInitEntry(table->desc, 1, "session_key", type, -1, 0);
	if (OidIsValid(get_typcollation(type)))
		TupleDescInitEntryCollation(table->desc, 1, C_COLLATION_OID);
	table->rows = tuplestore_begin_heap(true, false, work_mem);
	return table;
}

/*
 * key_table_add adds a key, or the rows without one.
 */
void
key_table_add(KeyTable *table, Datum key, bool isnull)
{
	if (isnull)
		table->has_null = true;
	else
	{
		tuplestore_putvalues(table->rows, table->desc, &key, &isnull);
		table->count++;
	}
}

/*
 * key_table_free frees the rows.
 */
void
key_table_free(KeyTable *table)
{
	tuplestore_end(table->rows);
	pfree(table);
}

/*
 * key_table_register makes the rows visible to queries.
 */
void
key_table_register(const KeyTable *table)
{
	EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));

	relation->md.name = KEY_ROWS;
	relation->md.tupdesc = table->desc;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = (double) table->count;
	relation->reldata = table->rows;
	if (SPI_register_relation(relation) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register session keys");
}

/*
 * key_table_query_bigints runs a query over the keys for one row of bigints.
 */
bool
key_table_query_bigints(const KeyTable *keys, const char *sql, int64 *numbers, int count)
{
	bool found;

	SPI_connect();
	key_table_register(keys);
	found = sql_fetch_bigints(sql, numbers, count);
	SPI_finish();
	return found;
}

/*
 * key_table_execute runs a statement over the keys.
 */
int64
key_table_execute(const KeyTable *keys, const char *sql)
{
	int64 processed;
	int result;

	SPI_connect();
	key_table_register(keys);
	result = SPI_execute(sql, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	processed = (int64) SPI_processed;
	SPI_finish();
	return processed;
}

/*
 * key_equals_sql returns the type's operator of equality.
 */
char *
key_equals_sql(Oid type)
{
	Oid equals = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
	HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(equals));
	Form_pg_operator form;
	char *sql;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "type %u has no operator of equality", type);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	sql = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)),
				   NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return sql;
}
