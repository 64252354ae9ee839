/*
 * direct_read.c
 *		Reading all raw rows of a pipeline directly from the tables.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "optimizer/paths.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/rls.h"

#include "catalog/pipeline.h"
#include "compat.h"
#include "source/direct_read.h"
#include "source/parallel_read.h"
#include "source/raw_scan.h"
#include "source/source_mapping.h"
#include "spi/sql.h"

/*
 * may_read tells whether the current user owns the view, and may read it and the whole raw table.
 */
static bool
may_read(const Pipeline *pipeline)
{
	Oid user = GetUserId();

	return sql_relation_owner(pipeline->source_view) == user &&
		   pg_class_aclcheck(pipeline->source_view, user, ACL_SELECT) == ACLCHECK_OK &&
		   pg_class_aclcheck(pipeline->source, user, ACL_SELECT) == ACLCHECK_OK &&
		   check_enable_rls(pipeline->source, InvalidOid, true) != RLS_ENABLED;
}

/*
 * has_plain_columns tells whether all columns of a table are stored, so that none is virtual.
 */
static bool
has_plain_columns(Relation table)
{
	TupleDesc desc = RelationGetDescr(table);
	int i;

	for (i = 0; i < desc->natts; i++)
	{
		if (sz_is_virtual(TupleDescAttr(desc, i)))
			return false;
	}
	return true;
}

/*
 * find_tables finds and locks the tables that have the raw rows, and adds up their pages. It
 * returns false if one of them is not a plain table.
 */
static bool
find_tables(const Pipeline *pipeline, List **tables, double *pages)
{
	bool all_plain = true;
	List *members;
	ListCell *cell;

	/* lock the table before its partitions, as DDL does */
	LockRelationOid(pipeline->source, AccessShareLock);
	members = find_all_inheritors(pipeline->source, AccessShareLock, NULL);
	*tables = NIL;
	*pages = 0;
	foreach (cell, members)
	{
		Relation table = table_open(lfirst_oid(cell), NoLock);

		all_plain &= has_plain_columns(table);
		if (RELKIND_HAS_TABLE_AM(table->rd_rel->relkind) && !RELATION_IS_OTHER_TEMP(table))
		{
			*tables = lappend_oid(*tables, lfirst_oid(cell));
			*pages += RelationGetNumberOfBlocks(table);
		}
		else if (table->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
			all_plain = false;
		table_close(table, NoLock);
	}
	list_free(members);
	return all_plain;
}

/*
 * read_table reads all rows of one table.
 */
static void
read_table(const Pipeline *pipeline, const SourceMapping *mapping, Oid table, const RowTaker *taker)
{
	RawScan *scan = raw_scan_open(mapping, pipeline->source, table);
	MemoryContext caller = MemoryContextSwitchTo(raw_scan_row_context(scan));
	const SourceRow *row;

	raw_scan_begin(scan, NULL);
	while ((row = raw_scan_next(scan)) != NULL)
		taker->row(taker->arg, row);
	MemoryContextSwitchTo(caller);
	raw_scan_close(scan);
}

/*
 * workers_for returns the number of parallel workers for so many pages.
 */
static int
workers_for(const SourceMapping *mapping, const RecordFormat *format, double pages)
{
	if (pages < min_parallel_table_scan_size || IsInParallelMode() || !mapping->is_parallel_safe ||
		!key_type_stable_hash_is_parallel_safe(&format->key))
		return 0;
	return Min(max_parallel_maintenance_workers, PARALLEL_READ_MAX_WORKERS);
}

/*
 * direct_read reads all raw rows, if this is possible.
 */
bool
direct_read(const Pipeline *pipeline, const SourceMapping *mapping, const RecordFormat *format,
			const RowTaker *taker)
{
	List *tables;
	double pages;
	int workers;
	ListCell *cell;

	if (!may_read(pipeline) || !find_tables(pipeline, &tables, &pages))
		return false;
	workers = workers_for(mapping, format, pages);
	if (workers > 0 && parallel_read(pipeline, mapping, tables, workers, taker))
		return true;
	foreach (cell, tables)
		read_table(pipeline, mapping, lfirst_oid(cell), taker);
	return true;
}
