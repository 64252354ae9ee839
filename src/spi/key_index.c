/*
 * key_index.c
 *		Planner settings for queries that look up keys in an index that begins with the key.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "spi/key_index.h"
#include "spi/scope.h"

/*
 * begins_with tells whether an index is valid, has no predicate, and is a btree index that begins
 * with a column, or a hash index on it.
 */
static bool
begins_with(Oid index, AttrNumber column)
{
	Relation relation = index_open(index, AccessShareLock);
	const FormData_pg_index *form = relation->rd_index;
	Oid method = relation->rd_rel->relam;
	bool result = (method == BTREE_AM_OID || method == HASH_AM_OID) && form->indisvalid &&
				  form->indkey.values[0] == column && RelationGetIndexPredicate(relation) == NIL;

	index_close(relation, AccessShareLock);
	return result;
}

/*
 * key_index_exists tells whether the table has an index that begins with the column, or is on it.
 */
bool
key_index_exists(Oid relation, const char *column)
{
	Relation table = table_open(relation, AccessShareLock);
	AttrNumber number = get_attnum(relation, column);
	List *indexes = RelationGetIndexList(table);
	ListCell *cell;
	bool found = false;

	foreach (cell, indexes)
		found = found || (number != InvalidAttrNumber && begins_with(lfirst_oid(cell), number));
	list_free(indexes);
	table_close(table, NoLock);
	return found;
}

/*
 * key_index_enter has the planner join by nested loops.
 */
int
key_index_enter(void)
{
	int level = NewGUCNestLevel();

	setting_pin("enable_hashjoin", "off");
	setting_pin("enable_mergejoin", "off");
	return level;
}

/*
 * key_index_enter_bitmap has the planner use bitmap scans.
 */
int
key_index_enter_bitmap(int kilobytes)
{
	int level = NewGUCNestLevel();
	char memory[16];

	setting_pin("enable_seqscan", "off");
	setting_pin("enable_indexscan", "off");
	setting_pin("enable_bitmapscan", "on");
	snprintf(memory, sizeof(memory), "%dkB", Max(kilobytes, 64));
	setting_pin("work_mem", memory);
	return level;
}

/*
 * key_index_leave restores the settings.
 */
void
key_index_leave(int guc_level)
{
	AtEOXact_GUC(false, guc_level);
}

/*
 * key_index_prefer has the planner take random reads for cheap.
 *
 * The rows of some keys are scattered over a table, but the keys have just been written to, so
 * their pages are in memory, and the cost of random reads from a disk does not count.  With the
 * default cost the planner would read a whole table for a few hundred keys.
 */
void
key_index_prefer(void)
{
	setting_pin("random_page_cost", "0.05");
	setting_pin("jit", "off");
}
