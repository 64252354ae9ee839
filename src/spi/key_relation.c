/*
 * key_relation.c
 *		Session keys as a relation that queries join with.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "spi/key_relation.h"
#include "spi/sql_rows.h"
#include "spi/statement.h"
#include "utils/array_reserve.h"

/*
 * key_relation_create returns an empty relation.
 */
KeyRelation *
key_relation_create(Oid type)
{
	KeyRelation *table = palloc0(sizeof(KeyRelation));

	table->type = type;
	table->desc = CreateTemplateTupleDesc(1);
	TupleDescInitEntry(table->desc, 1, "session_key", type, -1, 0);
	if (OidIsValid(get_typcollation(type)))
		TupleDescInitEntryCollation(table->desc, 1, C_COLLATION_OID);
	sz_finish_tuple_desc(table->desc);
	table->rows = tuplestore_begin_heap(true, false, work_mem);
	return table;
}

/*
 * key_relation_keep_lists has lists kept of the keys and windows.
 */
void
key_relation_keep_lists(KeyRelation *table)
{
	table->has_lists = true;
}

/*
 * key_list_append adds a key to a list.
 */
void
key_list_append(KeyList *list, Datum key)
{
	array_reserve(list->keys, list->count, list->capacity, 64);
	list->keys[list->count++] = key;
}

/*
 * list_window adds a window to the list that it belongs to.
 */
static void
list_window(KeyRelation *table, Datum key, const KeyWindow *window)
{
	WindowList *list = &table->window_list;

	if (TIMESTAMP_IS_NOBEGIN(window->read_since))
	{
		key_list_append(&table->all_list, key);
		return;
	}
	array_reserve(list->windows, list->count, list->capacity, 64);
	list->windows[list->count++] =
		(ListedWindow){key, window->read_since, window->read_until, window->changed_until};
}

/*
 * key_relation_array returns a list of keys as an array.
 */
Datum
key_relation_array(const KeyRelation *table, const KeyList *list)
{
	int16 typlen;
	bool typbyval;
	char typalign;

	get_typlenbyvalalign(table->type, &typlen, &typbyval, &typalign);
	return PointerGetDatum(
		construct_array(list->keys, (int) list->count, table->type, typlen, typbyval, typalign));
}

/*
 * key_relation_add adds a key, or for NULL the rows without a key.
 */
void
key_relation_add(KeyRelation *table, Datum key, bool isnull)
{
	if (isnull)
		table->has_null = true;
	else
	{
		tuplestore_putvalues(table->rows, table->desc, &key, &isnull);
		table->count++;
		if (table->has_lists)
			key_list_append(&table->all_list, key);
	}
}

/*
 * begin_windows creates the relation of windows.
 */
static void
begin_windows(KeyRelation *table)
{
	static const char *const times[] = {"since", "until", "read_since", "read_until",
										"users_since"};

	table->window_desc = CreateTemplateTupleDesc(1 + lengthof(times));
	TupleDescCopyEntry(table->window_desc, 1, table->desc, 1);
	for (size_t i = 0; i < lengthof(times); i++)
		TupleDescInitEntry(table->window_desc, (AttrNumber) (i + 2), times[i], TIMESTAMPTZOID, -1,
						   0);
	sz_finish_tuple_desc(table->window_desc);
	table->windows = tuplestore_begin_heap(true, false, work_mem);
}

/*
 * key_relation_add_window adds a window of a key.
 */
void
key_relation_add_window(KeyRelation *table, Datum key, const KeyWindow *window)
{
	Datum values[] = {key,
					  TimestampTzGetDatum(window->since),
					  TimestampTzGetDatum(window->until),
					  TimestampTzGetDatum(window->read_since),
					  TimestampTzGetDatum(window->read_until),
					  TimestampTzGetDatum(window->users_since)};
	bool isnull[lengthof(values)] = {false};

	if (table->windows == NULL)
		begin_windows(table);
	tuplestore_putvalues(table->windows, table->window_desc, values, isnull);
	table->nwindows++;
	if (table->has_lists)
		list_window(table, key, window);
}

/*
 * key_relation_free frees the relation.
 */
void
key_relation_free(KeyRelation *table)
{
	tuplestore_end(table->rows);
	if (table->windows != NULL)
		tuplestore_end(table->windows);
	pfree(table);
}

/*
 * key_relation_register makes the keys and windows visible to queries.
 */
void
key_relation_register(const KeyRelation *table)
{
	NamedRows keys = {KEY_ROWS, table->desc, table->rows};
	NamedRows windows = {KEY_WINDOWS, table->window_desc, table->windows};

	sql_register_rows(&keys);
	if (table->windows != NULL)
		sql_register_rows(&windows);
}

/*
 * key_relation_query_bigint runs a query over the keys that returns one bigint.
 */
int64
key_relation_query_bigint(const KeyRelation *keys, const char *sql)
{
	int64 number = 0;

	SPI_connect();
	key_relation_register(keys);
	(void) sql_bigints_connected(sql, SQL_READ_ONLY, &number, 1);
	SPI_finish();
	return number;
}

/*
 * key_relation_visit runs a query over the keys.
 */
void
key_relation_visit(const KeyRelation *keys, const char *sql, SqlRowVisitor visitor, void *arg)
{
	MemoryContext caller = CurrentMemoryContext;

	SPI_connect();
	key_relation_register(keys);
	(void) sql_visit_connected(sql, SQL_READ_WRITE, SQL_NO_VALUES, visitor, arg, caller);
	SPI_finish();
}

/*
 * key_relation_execute runs a statement over the keys.
 */
int64
key_relation_execute(const KeyRelation *keys, const char *sql)
{
	uint64 processed;

	SPI_connect();
	key_relation_register(keys);
	processed = sql_run_connected(sql, SQL_REPLACEABLE, SQL_NO_VALUES, 0);
	SPI_finish();
	return (int64) processed;
}

/*
 * operator_sql returns an operator in a form that is valid under any search_path.
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
 * key_equals_sql returns the type's equality operator.
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
