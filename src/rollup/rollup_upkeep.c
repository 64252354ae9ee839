/*
 * rollup_upkeep.c
 *		Fills, repairs and merges the rollups of a pipeline.
 *
 * Why a repair needs no lock against refreshes: in any snapshot the facts less the rollup are what
 * the rollup lacks, and a transaction that writes both does not change that.  So what is lacking in
 * the repair's snapshot is lacking at its commit.  Two repairs at once would both add it, and a
 * merge between the snapshot and the commit would be harmless, but is kept away by the same lock,
 * which does not conflict with that of an INSERT.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "catalog/rollup_table.h"
#include "catalog/star_relation.h"
#include "rollup/rollup.h"
#include "rollup/rollup_ddl.h"
#include "rollup/rollup_sql.h"
#include "rollup/rollup_upkeep.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "utils/subtransaction.h"

/* Of fewer blocks and rows, a query adds the changes up faster than they are merged. */
#define MERGE_BLOCKS 16
#define MERGE_ROWS   1000

/*
 * rollup_repair adds what a rollup lacks.
 */
void
rollup_repair(const Pipeline *pipeline, int place)
{
	const Rollup *rollup = rollup_resolve(pipeline, place);

	LockRelationOid(star_relation_oid(pipeline, STAR_ROLLUP_CHANGES + place),
					ShareUpdateExclusiveLock);
	(void) sql_execute(rollup_repair_sql(rollup));
}

/*
 * rollups_repair adds what all rollups lack.
 */
void
rollups_repair(const Pipeline *pipeline)
{
	for (int i = 0; pipeline->rollups != NULL && i < pipeline->rollups->count; i++)
		rollup_repair(pipeline, i);
}

/*
 * rollups_are_empty tells whether all tables of the rollups are empty.
 */
bool
rollups_are_empty(const Pipeline *pipeline)
{
	for (int i = 0; pipeline->rollups != NULL && i < pipeline->rollups->count; i++)
		if (sql_executef("(SELECT FROM ONLY %s LIMIT 1) UNION ALL (SELECT FROM ONLY %s LIMIT 1)",
						 star_relation(pipeline, STAR_ROLLUP_TABLE + i),
						 star_relation(pipeline, STAR_ROLLUP_CHANGES + i)) > 0)
			return false;
	return true;
}

/* A rollup to be shown. */
typedef struct Filling
{
	const Pipeline *pipeline;
	int place;
} Filling;

/*
 * show_filled has the view of a rollup show it.  Who reads the view waits no longer than this waits
 * for a lock.
 */
static void
show_filled(void *arg)
{
	const Filling *filling = arg;
	Rollup *rollup = rollup_resolve(filling->pipeline, filling->place);
	RollupDefinition filled = *rollup->definition;

	filled.is_filled = true;
	rollup->definition = &filled;
	setting_pin("lock_timeout", "200ms");
	rollup_create_view(rollup);
	rollup_set_filled(filling->pipeline->id, filled.number);
	setting_pin("lock_timeout", "0");
}

/*
 * rollups_fill fills the rollups that wait for it.
 */
bool
rollups_fill(const Pipeline *pipeline)
{
	bool any = false;

	for (int i = 0; pipeline->built && i < pipeline->rollups->count; i++)
	{
		Filling filling = {pipeline, i};
		char *message;

		if (pipeline->rollups->rollups[i].is_filled)
			continue;
		any = true;
		rollup_repair(pipeline, i);
		(void) try_whatever_fails(show_filled, &filling, &message);
	}
	return any;
}

/*
 * has_rows tells whether a table has at least so many rows, without a statement, which would have
 * to be planned for each refresh.
 */
static bool
has_rows(Relation relation, int wanted)
{
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	TableScanDesc scan;
	int rows = 0;

	/* one that sees what this transaction has just added */
	PushActiveSnapshot(GetTransactionSnapshot());
	scan = table_beginscan(relation, GetActiveSnapshot(), 0, NULL);
	while (rows < wanted && table_scan_getnextslot(scan, ForwardScanDirection, slot))
		rows++;
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	PopActiveSnapshot();
	return rows == wanted;
}

/*
 * has_many tells whether a rollup has many changes.
 */
static bool
has_many(const Pipeline *pipeline, int place)
{
	Oid oid = star_relation_oid(pipeline, STAR_ROLLUP_CHANGES + place);
	Relation relation = try_relation_open(oid, AccessShareLock);
	bool many;

	if (relation == NULL)
		return false;
	many = relation->rd_rel->relkind == RELKIND_RELATION &&
		   RelationGetNumberOfBlocks(relation) >= MERGE_BLOCKS && has_rows(relation, MERGE_ROWS);
	relation_close(relation, AccessShareLock);
	return many;
}

/*
 * rollups_wait tells whether a rollup waits to be filled, or has many changes.
 */
bool
rollups_wait(const Pipeline *pipeline)
{
	for (int i = 0; pipeline->rollups != NULL && i < pipeline->rollups->count; i++)
		if (!pipeline->rollups->rollups[i].is_filled || has_many(pipeline, i))
			return true;
	return false;
}

/*
 * merge merges the changes of a rollup.
 */
static void
merge(const Pipeline *pipeline, int place)
{
	const Rollup *rollup = rollup_resolve(pipeline, place);
	int64 empty;

	if (!ConditionalLockRelationOid(star_relation_oid(pipeline, STAR_ROLLUP_CHANGES + place),
									ShareUpdateExclusiveLock))
		return;
	if (sql_bigints(rollup_merge_sql(rollup), SQL_READ_WRITE, SQL_NO_VALUES, &empty, 1) &&
		empty > 0)
		(void) sql_execute(rollup_sweep_sql(rollup));
}

/*
 * rollups_merge merges the changes of the rollups that have many.  A transaction with an old
 * snapshot would not see the rows that another merge has written.
 */
void
rollups_merge(const Pipeline *pipeline)
{
	if (IsolationUsesXactSnapshot())
		return;
	for (int i = 0; pipeline->rollups != NULL && i < pipeline->rollups->count; i++)
		if (has_many(pipeline, i))
			merge(pipeline, i);
}

/*
 * rollups_subtract_keys subtracts the facts of keys.
 */
void
rollups_subtract_keys(const Pipeline *pipeline, const KeyRelation *keys)
{
	for (int i = 0; pipeline->rollups != NULL && i < pipeline->rollups->count; i++)
		(void) key_relation_execute(keys, rollup_subtract_keys_sql(rollup_resolve(pipeline, i)));
}
