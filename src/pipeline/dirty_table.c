/*
 * dirty_table.c
 *		The table of a dirty log: its columns and where they lie.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "pipeline/dirty_table.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/rel.h"

static const struct
{
	const char *name;
	Oid type; /* InvalidOid: the key's */
} columns[DIRTY_NCOLUMNS] = {
	[DIRTY_LANE] = {"lane", INT2OID},
	[DIRTY_SESSION_KEY] = {"session_key", InvalidOid},
	[DIRTY_LO] = {"lo", TIMESTAMPTZOID},
	[DIRTY_HI] = {"hi", TIMESTAMPTZOID},
	[DIRTY_LOGGED_AT] = {"logged_at", TIMESTAMPTZOID},
};

/*
 * find_column returns where a column lies, -1 where it does not.
 */
static int
find_column(TupleDesc desc, const char *name, Oid type)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0)
			return attribute->atttypid == type ? i : -1;
	}
	return -1;
}

/*
 * find_columns finds all columns of the log.
 */
static bool
find_columns(DirtyTable *table, Oid key_type)
{
	TupleDesc desc = RelationGetDescr(table->relation);

	for (int i = 0; i < DIRTY_NCOLUMNS; i++)
	{
		Oid type = OidIsValid(columns[i].type) ? columns[i].type : key_type;

		table->attributes[i] = find_column(desc, columns[i].name, type);
		if (table->attributes[i] < 0)
			return false;
	}
	return true;
}

/*
 * dirty_table_open opens the table if it is there and fit.
 */
bool
dirty_table_open(DirtyTable *table, Oid relid, Oid key_type, LOCKMODE lock)
{
	table->relation = OidIsValid(relid) ? try_relation_open(relid, lock) : NULL;
	if (table->relation == NULL)
		return false;
	if (table->relation->rd_rel->relkind == RELKIND_RELATION && find_columns(table, key_type))
		return true;
	table_close(table->relation, lock);
	return false;
}
