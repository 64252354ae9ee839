/*
 * claimed_keys.c
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
#include "pipeline/claimed_keys.h"
#include "pipeline/sql.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/queryenvironment.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/*
 * claimed_keys_create makes an empty table.
 */
ClaimedKeys *
claimed_keys_create(Oid type)
{
	ClaimedKeys *table = palloc0(sizeof(ClaimedKeys));

	table->type = type;
	table->desc = CreateTemplateTupleDesc(1);
	TupleDescInitEntry(table->desc, 1, "session_key", type, -1, 0);
	if (OidIsValid(get_typcollation(type)))
		TupleDescInitEntryCollation(table->desc, 1, C_COLLATION_OID);
	table->rows = tuplestore_begin_heap(true, false, work_mem);
	return table;
}

/*
 * claimed_keys_add adds a key, or the rows without one.
 */
void
claimed_keys_add(ClaimedKeys *table, Datum key, bool isnull)
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
 * claimed_keys_free frees the rows.
 */
void
claimed_keys_free(ClaimedKeys *table)
{
	tuplestore_end(table->rows);
	pfree(table);
}

/*
 * claimed_keys_register makes the rows visible to queries.
 */
void
claimed_keys_register(const ClaimedKeys *table)
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
 * claimed_keys_query_bigints runs a query over the keys for one row of bigints.
 */
bool
claimed_keys_query_bigints(const ClaimedKeys *keys, const char *sql, int64 *numbers, int count)
{
	bool found;

	SPI_connect();
	claimed_keys_register(keys);
	found = sql_fetch_bigints(sql, numbers, count);
	SPI_finish();
	return found;
}

/*
 * claimed_keys_execute runs a statement over the keys.
 */
int64
claimed_keys_execute(const ClaimedKeys *keys, const char *sql)
{
	int64 processed;
	int result;

	SPI_connect();
	claimed_keys_register(keys);
	result = SPI_execute(sql, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	processed = (int64) SPI_processed;
	SPI_finish();
	return processed;
}

/*
 * operator_sql returns an operator as it is written under any search_path.
 */
static char *
operator_sql(Oid operator)
{
	HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;
	char *sql;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	sql = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)),
				   NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return sql;
}

/*
 * key_equals_sql returns the type's operator of equality.
 */
char *
key_equals_sql(Oid type)
{
	return operator_sql(lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr);
}

/*
 * key_less_sql returns the type's operator <.
 */
char *
key_less_sql(Oid type)
{
	return operator_sql(lookup_type_cache(type, TYPECACHE_LT_OPR)->lt_opr);
}
