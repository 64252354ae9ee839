/*
 * capture_table.c
 *		Whole tables whose rows become part of a raw table, or cease to be, at once.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "capture/capture_source.h"
#include "capture/capture_table.h"
#include "capture/seal_retention.h"
#include "compat.h"
#include "dirty/dirty_key.h"
#include "spi/sql.h"

/* At most this much is read in a user's transaction: 64 MB take a fraction of a second. */
#define MAX_BLOCKS ((int64) 64 * 1024 * 1024 / BLCKSZ)

/*
 * count_blocks returns the number of blocks of some tables; more than MAX_BLOCKS if one is a
 * foreign table.
 */
static int64
count_blocks(List *members)
{
	int64 blocks = 0;
	ListCell *cell;

	foreach (cell, members)
	{
		Relation relation = table_open(lfirst_oid(cell), NoLock);

		if (relation->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
			blocks += MAX_BLOCKS + 1;
		else if (RELKIND_HAS_STORAGE(relation->rd_rel->relkind))
			blocks += RelationGetNumberOfBlocks(relation);
		table_close(relation, NoLock);
	}
	return blocks;
}

/*
 * may_read tells whether so many more blocks may be read in this transaction, and counts them.
 */
static bool
may_read(int64 blocks)
{
	static FullTransactionId counted = {0};
	static int64 blocks_read = 0;

	if (blocks == 0)
		return true;
	if (!FullTransactionIdEquals(counted, GetTopFullTransactionId()))
		blocks_read = 0;
	counted = GetTopFullTransactionId();
	if (blocks > MAX_BLOCKS - blocks_read)
		return false;
	blocks_read += blocks;
	return true;
}

/* Is called with the entry of each row. */
typedef void (*DirtyVisitor)(void *arg, const CaptureSource *source, CapturedAs as,
							 DirtyKey *dirty);

/* Which rows to log, and whether to log whole keys for them. */
typedef struct Wanted
{
	TimestampTz from; /* the range of event times; rows without a known time are in any range */
	TimestampTz until;
	bool whole_keys;
	bool removed; /* the rows are removed */
} Wanted;

/*
 * visit_rows calls a function with the entry of each row of a table that a snapshot sees.
 */
static void
visit_rows(Relation relation, CaptureSource *source, Snapshot snapshot, DirtyVisitor visit,
		   void *arg)
{
	MemoryContext row_context = AllocSetContextCreate(
		CurrentMemoryContext, "sessionize captured row", ALLOCSET_DEFAULT_SIZES);
	TableScanDesc scan = sz_table_beginscan(relation, snapshot);
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	MemoryContext caller = MemoryContextSwitchTo(row_context);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		DirtyKey dirty;
		CapturedAs as;

		CHECK_FOR_INTERRUPTS();
		as = capture_source_read(source, slot, &dirty);
		visit(arg, source, as, &dirty);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(caller);
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	MemoryContextDelete(row_context);
}

/*
 * capture_wanted logs the entry of a row, if its event time is in the range.
 */
static void
capture_wanted(void *arg, const CaptureSource *source, CapturedAs as, DirtyKey *dirty)
{
	const Wanted *wanted = arg;

	if (dirty->lo > wanted->until || dirty->hi < wanted->from)
		return;
	capture_source_add(source, wanted->whole_keys && as == CAPTURED_BY_TIME ? CAPTURED_BY_KEY : as,
					   dirty);
	if (wanted->removed)
		capture_source_count(source, dirty, NULL);
}

/*
 * capture_member logs the rows of a table or partition, if it stores rows itself.
 */
static void
capture_member(Oid table, const PipelineRef *pipeline, const Wanted *wanted)
{
	Relation relation = table_open(table, NoLock);

	if (RELKIND_HAS_TABLE_AM(relation->rd_rel->relkind))
	{
		CaptureSource *source = capture_source_of(relation, pipeline->id, false);

		if (source != NULL)
		{
			Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());

			visit_rows(relation, source, snapshot, capture_wanted, unconstify(Wanted *, wanted));
			UnregisterSnapshot(snapshot);
		}
		else
			rebuild_need_note_missed(pipeline->id, REBUILD_NEED_LOST);
	}
	else if (relation->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("the rows of foreign table %s can't be read for this",
							   sql_qualified_name(table)),
						errhint("CALL sessionize.rebuild(%s); or mark single keys.",
								quote_literal_cstr(pipeline->name))));
	table_close(relation, NoLock);
}

/*
 * capture_whole_table logs all rows of a table and its partitions.
 */
void
capture_whole_table(Oid table, const PipelineRef *pipeline, RebuildNeed need, const char *what)
{
	List *members = find_all_inheritors(table, AccessShareLock, NULL);
	int64 blocks = count_blocks(members);
	SealedPart sealed = {DT_NOBEGIN, false};
	ListCell *cell;

	if (need == NEED_ROWS_REMOVED)
		sealed = seal_retention(pipeline, table, members);
	if (sealed.is_all)
		return;
	if (!may_read(blocks))
		rebuild_need_note(pipeline, need,
						  psprintf("Table %s was %s.", sql_qualified_name(table), what));
	else
	{
		const Wanted wanted = {sealed.before, DT_NOEND, false, need == NEED_ROWS_REMOVED};

		foreach (cell, members)
			capture_member(lfirst_oid(cell), pipeline, &wanted);
	}
}

/*
 * capture_range logs the keys with rows in a range of event time.
 */
void
capture_range(Oid table, const PipelineRef *pipeline, TimestampTz from, TimestampTz until)
{
	const Wanted wanted = {from, until, true, false};
	ListCell *cell;

	/* lock the table before its partitions, as DDL does */
	LockRelationOid(table, AccessShareLock);
	foreach (cell, find_all_inheritors(table, AccessShareLock, NULL))
		capture_member(lfirst_oid(cell), pipeline, &wanted);
}

/* The function to call with each key. */
typedef struct KeyVisit
{
	void (*visit)(void *arg, Datum key, bool isnull);
	void *arg;
} KeyVisit;

/*
 * visit_key calls the function with a row's key.
 */
static void
visit_key(void *arg, const CaptureSource *source pg_attribute_unused(),
		  CapturedAs as pg_attribute_unused(), DirtyKey *dirty)
{
	const KeyVisit *visit = arg;

	visit->visit(visit->arg, dirty->key, dirty->isnull);
}

/*
 * capture_visit_keys calls a function with the key of each row of a table.
 */
void
capture_visit_keys(Oid table, int32 pipeline, void (*visit)(void *arg, Datum key, bool isnull),
				   void *arg)
{
	KeyVisit keys = {visit, arg};
	Relation relation = try_relation_open(table, AccessShareLock);
	CaptureSource *source;

	if (relation == NULL)
		return;
	source = capture_source_of(relation, pipeline, false);
	if (source != NULL)
		visit_rows(relation, source, GetActiveSnapshot(), visit_key, &keys);
	relation_close(relation, NoLock);
}
