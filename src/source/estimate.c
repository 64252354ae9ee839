/*
 * estimate.c
 *		Estimates of how many rows a source has.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "optimizer/plancat.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "source/estimate.h"
#include "source/sealed_rows.h"

/*
 * estimate_rows estimates the number of rows of a table and its partitions.
 */
static double
estimate_rows(Oid table)
{
	double sum = 0;
	List *members;
	ListCell *cell;

	/* lock the table before its partitions, as DDL does */
	LockRelationOid(table, AccessShareLock);
	members = find_all_inheritors(table, AccessShareLock, NULL);
	foreach (cell, members)
	{
		Relation relation = table_open(lfirst_oid(cell), NoLock);
		BlockNumber pages;
		double tuples = 0;
		double all_visible;

		if (RELKIND_HAS_STORAGE(relation->rd_rel->relkind))
			estimate_rel_size(relation, NULL, &pages, &tuples, &all_visible);
		sum += tuples;
		table_close(relation, NoLock);
	}
	list_free(members);
	return sum;
}

/*
 * source_estimate estimates the number of rows that will be read.
 */
double
source_estimate(const Pipeline *pipeline)
{
	Oid sealed = pipeline->has_seal ? star_relation_oid(pipeline, STAR_SEALED) : InvalidOid;

	return estimate_rows(pipeline->source) + (OidIsValid(sealed) ? estimate_rows(sealed) : 0);
}

/*
 * raw_table_estimate estimates the number of rows of a table by its statistics.
 */
int64
raw_table_estimate(Oid table)
{
	List *relations = find_all_inheritors(table, NoLock, NULL);
	double rows = 0;
	ListCell *cell;

	foreach (cell, relations)
	{
		HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(lfirst_oid(cell)));
		Form_pg_class form;

		if (!HeapTupleIsValid(tuple))
			continue;
		form = (Form_pg_class) GETSTRUCT(tuple);
		if (form->relkind != RELKIND_PARTITIONED_TABLE)
			rows += form->reltuples;
		ReleaseSysCache(tuple);
		if (rows < 0)
			return -1;
	}
	return (int64) rows;
}
