/*
 * sql.c
 *		Short ways to run SQL and to look up names in the catalogs.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_namespace.h"
#include "lib/stringinfo.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "spi/sql.h"
#include "spi/statement.h"

/*
 * sql_execute runs one or more statements.
 */
uint64
sql_execute(const char *sql)
{
	return sql_run(sql, SQL_REPLACEABLE, SQL_NO_VALUES);
}

/*
 * sql_executef runs one or more statements, given as a printf format.
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
 * sql_query_bigints runs a query that returns one row of bigints, in the active snapshot.
 */
bool
sql_query_bigints(const char *sql, int64 *numbers, int count)
{
	return sql_bigints(sql, SQL_READ_ONLY, SQL_NO_VALUES, numbers, count);
}

/*
 * sql_qualified_name returns a relation's name in SQL, valid under any search_path.
 */
char *
sql_qualified_name(Oid relation)
{
	Oid schema = get_rel_namespace(relation);
	const char *name = get_rel_name(relation);

	/* without a lock, the relation may have been dropped meanwhile */
	if (name == NULL)
		return psprintf("%u", relation);
	return quote_qualified_identifier(
		isTempNamespace(schema) ? "pg_temp" : get_namespace_name(schema), name);
}

/*
 * sql_schema_name returns a schema's name in SQL.
 */
const char *
sql_schema_name(Oid schema)
{
	const char *name = get_namespace_name(schema);

	return name == NULL ? psprintf("%u", schema) : quote_identifier(name);
}

/*
 * sql_collation_name returns a collation's name in SQL, valid under any search_path.
 */
char *
sql_collation_name(Oid collation)
{
	HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	Form_pg_collation form;
	char *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for collation %u", collation);
	form = (Form_pg_collation) GETSTRUCT(tuple);
	name = quote_qualified_identifier(get_namespace_name(form->collnamespace),
									  NameStr(form->collname));
	ReleaseSysCache(tuple);
	return name;
}

/*
 * sql_parse_table_name parses a table's name as SQL does.
 */
RangeVar *
sql_parse_table_name(const char *name, const char *argname)
{
	List *parts;
	List *strings = NIL;
	ListCell *cell;

	if (!SplitIdentifierString(pstrdup(name), '.', &parts) || parts == NIL)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_NAME),
			 errmsg("argument %s is not the name of a table: \"%s\"", argname, name),
			 errhint("Write it as in SQL, quoted where SQL would quote it, such as 'raw.events' or "
					 "'raw.\"Web Events\"'.")));
	foreach (cell, parts)
		strings = lappend(strings, makeString(pstrdup(lfirst(cell))));
	return makeRangeVarFromNameList(strings);
}

/*
 * sql_relation_owner returns a relation's owner; InvalidOid if there is no such relation.
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

/*
 * sql_schema_owner returns a schema's owner; InvalidOid if there is no such schema.
 */
Oid
sql_schema_owner(Oid schema)
{
	HeapTuple tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Oid owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/*
 * sql_column_type returns a type's name for DDL.
 */
char *
sql_column_type(Oid type)
{
	const char *name = format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY);

	return OidIsValid(get_typcollation(type)) ? psprintf("%s COLLATE pg_catalog.\"C\"", name)
											  : pstrdup(name);
}

/*
 * sql_column_list returns the names of a table's columns.
 */
char *
sql_column_list(Relation table, bool only_stored)
{
	TupleDesc desc = RelationGetDescr(table);
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped && !(only_stored && attribute->attgenerated))
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "",
							 quote_identifier(NameStr(attribute->attname)));
	}
	return list.data;
}
