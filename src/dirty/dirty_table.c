/*
 * dirty_table.c
 *		The table of a dirty log, and the positions of its columns.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "dirty/dirty_table.h"

static const struct
{
	const char *name;
	Oid type; /* InvalidOid: the session key's type */
} columns[DIRTY_NCOLUMNS] = {
	[DIRTY_LANE] = {"lane", INT2OID},
	[DIRTY_SESSION_KEY] = {"session_key", InvalidOid},
	[DIRTY_LO] = {"lo", TIMESTAMPTZOID},
	[DIRTY_HI] = {"hi", TIMESTAMPTZOID},
	[DIRTY_LOGGED_AT] = {"logged_at", TIMESTAMPTZOID},
};

/*
 * find_column returns the position of a column with this type (InvalidOid: any type); -1 if there
 * is none.
 */
static int
find_column(TupleDesc desc, const char *name, Oid type)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0)
			return !OidIsValid(type) || attribute->atttypid == type ? i : -1;
	}
	return -1;
}

/*
 * find_columns finds all columns of the log; false if one is missing.
 */
static bool
find_columns(DirtyTable *table, Oid key_type)
{
	TupleDesc desc = RelationGetDescr(table->relation);

	for (int i = 0; i < DIRTY_NCOLUMNS; i++)
	{
		table->attributes[i] =
			find_column(desc, columns[i].name, i == DIRTY_SESSION_KEY ? key_type : columns[i].type);
		if (table->attributes[i] < 0)
			return false;
	}
	return true;
}

/*
 * is_ours tells whether a column is one of the log's own.
 */
static bool
is_ours(const DirtyTable *table, int attribute)
{
	for (int i = 0; i < DIRTY_NCOLUMNS; i++)
		if (table->attributes[i] == attribute)
			return true;
	return false;
}

/*
 * takes_nulls tells whether the key and all columns that somebody has added may be NULL, as they
 * are in rows of the log. The executor, which would check this, does not insert the rows.
 */
static bool
takes_nulls(const DirtyTable *table)
{
	TupleDesc desc = RelationGetDescr(table->relation);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attnotnull && !attribute->attisdropped &&
			(i == table->attributes[DIRTY_SESSION_KEY] || !is_ours(table, i)))
			return false;
	}
	return true;
}

/*
 * is_fit tells whether a relation is fit to be the log's table. It must be permanent, as a crash
 * empties an unlogged table.
 */
static bool
is_fit(DirtyTable *table, Oid key_type)
{
	const FormData_pg_class *form = table->relation->rd_rel;

	return form->relkind == RELKIND_RELATION && form->relpersistence == RELPERSISTENCE_PERMANENT &&
		   find_columns(table, key_type) && takes_nulls(table);
}

/*
 * dirty_table_may_refuse tells whether the table may refuse a row of the log.
 */
bool
dirty_table_may_refuse(const DirtyTable *table)
{
	TupleDesc desc = RelationGetDescr(table->relation);

	if (table->relation->rd_rel->relhasindex)
		return true;
	for (int i = 0; i < DIRTY_NCOLUMNS; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, table->attributes[i]);

		if (attribute->attstorage != get_typstorage(attribute->atttypid))
			return true;
	}
	return false;
}

/*
 * dirty_table_open opens the table if it exists and is fit.
 */
bool
dirty_table_open(DirtyTable *table, Oid relid, Oid key_type, LOCKMODE lock)
{
	table->relation = OidIsValid(relid) ? try_relation_open(relid, lock) : NULL;
	if (table->relation == NULL)
		return false;
	if (is_fit(table, key_type))
		return true;
	relation_close(table->relation, lock);
	return false;
}

/*
 * dirty_table_scan begins a scan of the log's rows from a block on.
 */
TableScanDesc
dirty_table_scan(const DirtyTable *table, Snapshot snapshot, BlockNumber first)
{
	Relation relation = table->relation;
	BlockNumber blocks = RelationGetNumberOfBlocks(relation);
	TableScanDesc scan;

	if (first >= blocks && first > 0)
		return NULL;
	scan = table_beginscan_strat(relation, snapshot, 0, NULL, true, first == 0);
	if (first > 0)
		heap_setscanlimits(scan, first, blocks - first);
	return scan;
}
