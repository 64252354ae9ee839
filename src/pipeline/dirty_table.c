/*
 * dirty_table.c
 *		The table of a dirty log: its columns and where they lie.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "pipeline/dirty_table.h"

#include "access/heapam.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

static const struct
{
	const char *name;
	Oid type; /* InvalidOid: the key's, which the caller says */
} columns[DIRTY_NCOLUMNS] = {
	[DIRTY_LANE] = {"lane", INT2OID},
	[DIRTY_SESSION_KEY] = {"session_key", InvalidOid},
	[DIRTY_LO] = {"lo", TIMESTAMPTZOID},
	[DIRTY_HI] = {"hi", TIMESTAMPTZOID},
	[DIRTY_LOGGED_AT] = {"logged_at", TIMESTAMPTZOID},
};

/*
 * find_column returns where a column of a type, of any where that is InvalidOid, lies; -1 where
 * there is none.
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
 * find_columns finds all columns of the log.
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
