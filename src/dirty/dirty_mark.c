/*
 * dirty_mark.c
 *		The block of a dirty log at which claims and readers may begin.
 *
 * Why no row is lost: suppose that a row is appended to a block below the mark that an examination
 * is about to set. If the row was in its block, in progress or committed, when the examination
 * looked at this block, the mark is set no further than the block. If the writer has reported the
 * block since the examination began, the mark is set no further than the block, too. And if the
 * writer has not reported it yet, its report sets the mark back, before the transaction commits and
 * a claim could miss the row.
 *
 * Why no reader misses a row: a reader's snapshot may be older than the mark, and see rows that a
 * claim has deleted since. So an examination that has passed its blocks takes a snapshot, whose
 * xmax is kept with the mark. The xmax of snapshots only grows, in the step in which transactions
 * cease to be in progress. So a snapshot with a greater xmax was taken later, and a snapshot whose
 * xmin is not less than the kept xmax sees all transactions below this xmax as ended. In both cases
 * the snapshot sees all deletions that the examination saw as committed. docs/design/dirty.md has
 * the full proof.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/relation.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lwlock.h"
#include "storage/predicate.h"
#include "storage/shmem.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "dirty/dirty_mark.h"
#include "wait_event.h"

/*
 * The number of marks. If more logs than this are in use, a log may lose its mark to another one.
 */
#define MARKS 256

/*
 * Fewer blocks of dead rows are not worth a mark: vacuum empties them, and new rows should go
 * there.
 */
#define LEAST_DEAD_BLOCKS 64

/*
 * Once in a while a claim reads the whole log: after FULL_INTERVAL, or FULL_PART times the time
 * that reading the whole log has taken, whichever is longer.
 */
#define FULL_INTERVAL USECS_PER_MINUTE
#define FULL_PART     100

/*
 * If no mark was worth setting, the log is examined again after this many times the examination's
 * duration.
 */
#define LOOK_PART 10

typedef struct Mark
{
	Oid database;
	Oid relation;
	Oid file;             /* changes when the table is rewritten or emptied */
	BlockNumber block;    /* the mark; 0 if there is none */
	uint64 seen;          /* xmax, with epoch, of a snapshot that sees no row below the mark */
	BlockNumber appended; /* the lowest block appended to since the last examination began */
	uint64 examination;   /* the number of the last examination */
	TimestampTz full_at;  /* when to read the whole log, and examine it all, again */
} Mark;

typedef struct Marks
{
	LWLock *lock;
	uint64 examinations;
	int count; /* marks in use */
	int next;  /* if all marks are in use, the one to reuse next */
	Mark mark[MARKS];
} Marks;

/* What an examination knows of the blocks that it has passed. */
typedef struct Passed
{
	BlockNumber next; /* the first block not passed */
	BlockNumber dead; /* how many of them have dead rows; the others are empty */
} Passed;

PG_FUNCTION_INFO_V1(sessionize_dirty_begin);

static Marks *marks = NULL;

/*
 * dirty_mark_request requests the shared memory and its lock.
 */
void
dirty_mark_request(void)
{
	RequestAddinShmemSpace(sizeof(Marks));
	RequestNamedLWLockTranche(SZ_TRANCHE_DIRTY_MARKS, 1);
}

/*
 * dirty_mark_attach initializes the shared memory, or attaches to it.
 */
void
dirty_mark_attach(void)
{
	bool found;

	marks = ShmemInitStruct("pg_sessionize dirty marks", sizeof(Marks), &found);
	if (found)
		return;
	memset(marks, 0, sizeof(Marks));
	marks->lock = &GetNamedLWLockTranche(SZ_TRANCHE_DIRTY_MARKS)->lock;
}

/*
 * find_mark returns the log's mark; NULL if it has none. The caller holds the lock.
 */
static Mark *
find_mark(Relation log)
{
	for (int i = 0; i < marks->count; i++)
	{
		Mark *mark = &marks->mark[i];

		if (mark->relation == RelationGetRelid(log) && mark->database == MyDatabaseId &&
			mark->file == sz_relation_file(log))
			return mark;
	}
	return NULL;
}

/*
 * make_mark creates a mark for the log. A log that loses its mark thereby is read from its first
 * block again.
 */
static Mark *
make_mark(Relation log)
{
	Mark *mark;

	if (marks->count < MARKS)
		mark = &marks->mark[marks->count++];
	else
	{
		mark = &marks->mark[marks->next];
		marks->next = (marks->next + 1) % MARKS;
	}
	*mark = (Mark){.database = MyDatabaseId,
				   .relation = RelationGetRelid(log),
				   .file = sz_relation_file(log),
				   .full_at = DT_NOBEGIN};
	return mark;
}

/*
 * dirty_mark_begin begins an examination.
 */
void
dirty_mark_begin(DirtyExamination *examination, Relation log)
{
	Mark *mark;

	*examination = (DirtyExamination){.began = GetCurrentTimestamp()};
	if (marks == NULL || log->rd_tableam != GetHeapamTableAmRoutine())
		return;
	LWLockAcquire(marks->lock, LW_EXCLUSIVE);
	mark = find_mark(log);
	if (mark == NULL)
		mark = make_mark(log);
	if (examination->began < mark->full_at)
		examination->first = mark->block;
	if (examination->began >= mark->full_at || mark->block > 0)
	{
		examination->number = mark->examination = ++marks->examinations;
		mark->appended = MaxBlockNumber;
	}
	LWLockRelease(marks->lock);
}

/*
 * is_over tells whether no snapshot that is taken from now on can see the row.
 */
static bool
is_over(Relation log, Page page, ItemId item, BlockNumber block, OffsetNumber offset, Buffer buffer)
{
	HeapTupleData tuple;
	TransactionId dead_after;

	tuple.t_tableOid = RelationGetRelid(log);
	tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
	tuple.t_len = ItemIdGetLength(item);
	ItemPointerSet(&tuple.t_self, block, offset);
	switch (HeapTupleSatisfiesVacuumHorizon(&tuple, buffer, &dead_after))
	{
		case HEAPTUPLE_DEAD:
		case HEAPTUPLE_RECENTLY_DEAD:
			return true;
		default:
			return false;
	}
}

/*
 * pass_block tells whether no new snapshot can see a row in a block, and counts the block if it has
 * dead rows.
 */
static bool
pass_block(Relation log, BlockNumber block, BufferAccessStrategy strategy, Passed *passed)
{
	Buffer buffer = ReadBufferExtended(log, MAIN_FORKNUM, block, RBM_NORMAL, strategy);
	bool over = true;
	bool dead = false;
	Page page;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	page = BufferGetPage(buffer);
	/* a page without a header is about to be written to */
	if (PageIsNew(page))
		over = false;
	else
	{
		for (OffsetNumber i = FirstOffsetNumber; over && i <= PageGetMaxOffsetNumber(page); i++)
		{
			ItemId item = PageGetItemId(page, i);

			if (!ItemIdIsNormal(item))
				continue;
			dead = true;
			over = is_over(log, page, item, block, i, buffer);
		}
	}
	UnlockReleaseBuffer(buffer);
	if (over && dead)
		passed->dead++;
	return over;
}

/*
 * pass_blocks passes blocks up to the first one with a row that a new snapshot may see.
 */
static Passed
pass_blocks(Relation log, BlockNumber first)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(log);
	BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKREAD);
	Passed passed = {.next = first};

	while (passed.next < blocks && pass_block(log, passed.next, strategy, &passed))
	{
		CHECK_FOR_INTERRUPTS();
		passed.next++;
	}
	FreeAccessStrategy(strategy);
	return passed;
}

/*
 * is_worth_it tells whether a first mark should be set. It returns false if vacuum has made room
 * below the mark, since new rows should go there.
 */
static bool
is_worth_it(const Passed *passed)
{
	return passed->dead >= LEAST_DEAD_BLOCKS && passed->dead >= passed->next / 2;
}

/*
 * full_xid adds the epoch to a recent transaction id.
 */
static uint64
full_xid(TransactionId xid)
{
	FullTransactionId next = ReadNextFullTransactionId();
	uint64 epoch = EpochFromFullTransactionId(next);

	if (xid > XidFromFullTransactionId(next))
		epoch--;
	return epoch << 32 | xid;
}

/*
 * dirty_mark_end moves the mark past the blocks with only dead rows. If the whole log was read, the
 * mark may also move back.
 */
void
dirty_mark_end(const DirtyExamination *examination, Relation log)
{
	int64 rest = 0;
	Passed passed;
	uint64 seen;
	Mark *mark;

	if (examination->number == 0)
		return;
	passed = pass_blocks(log, examination->first);
	seen = full_xid(GetLatestSnapshot()->xmax);
	if (examination->first == 0)
	{
		int64 taken = GetCurrentTimestamp() - examination->began;
		bool worth_it = is_worth_it(&passed);

		rest = worth_it ? Max(FULL_INTERVAL, FULL_PART * taken) : LOOK_PART * taken;
		if (!worth_it)
			passed.next = 0;
	}
	LWLockAcquire(marks->lock, LW_EXCLUSIVE);
	mark = find_mark(log);
	if (mark != NULL && mark->examination == examination->number)
	{
		mark->block = Min(passed.next, mark->appended);
		mark->seen = seen;
		if (examination->first == 0)
			mark->full_at = examination->began + rest;
	}
	LWLockRelease(marks->lock);
}

/*
 * dirty_mark_appended sets the mark back to the block to which rows were appended.
 */
void
dirty_mark_appended(Relation log, BlockNumber block)
{
	Mark *mark;
	bool seen;

	if (marks == NULL)
		return;
	LWLockAcquire(marks->lock, LW_SHARED);
	mark = find_mark(log);
	seen = mark == NULL || (block >= mark->appended && block >= mark->block);
	LWLockRelease(marks->lock);
	if (seen)
		return;
	LWLockAcquire(marks->lock, LW_EXCLUSIVE);
	mark = find_mark(log);
	if (mark != NULL)
	{
		mark->appended = Min(mark->appended, block);
		mark->block = Min(mark->block, block);
	}
	LWLockRelease(marks->lock);
}

/*
 * dirty_mark_is_set tells whether the log has a mark.
 */
bool
dirty_mark_is_set(Relation log)
{
	bool set;
	Mark *mark;

	if (marks == NULL)
		return false;
	LWLockAcquire(marks->lock, LW_SHARED);
	mark = find_mark(log);
	set = mark != NULL && mark->block > 0;
	LWLockRelease(marks->lock);
	return set;
}

/*
 * dirty_mark_for returns the block at which a reader may begin.
 */
BlockNumber
dirty_mark_for(Relation log, Snapshot snapshot)
{
	BlockNumber block = 0;
	uint64 seen = 0;
	Mark *mark;

	if (marks == NULL || snapshot->snapshot_type != SNAPSHOT_MVCC || snapshot->takenDuringRecovery)
		return 0;
	LWLockAcquire(marks->lock, LW_SHARED);
	mark = find_mark(log);
	if (mark != NULL)
	{
		block = mark->block;
		seen = mark->seen;
	}
	LWLockRelease(marks->lock);
	return full_xid(snapshot->xmax) > seen || full_xid(snapshot->xmin) >= seen ? block : 0;
}

/*
 * sessionize_dirty_begin returns where a query that reads a log may begin.
 */
Datum
sessionize_dirty_begin(PG_FUNCTION_ARGS)
{
	ItemPointer begin = palloc(sizeof(ItemPointerData));
	Relation log = try_relation_open(PG_GETARG_OID(0), AccessShareLock);

	ItemPointerSet(begin, 0, 0);
	if (log != NULL)
	{
		if (log->rd_rel->relkind == RELKIND_RELATION)
		{
			/* a scan of a range of ctid takes no predicate lock on the table */
			PredicateLockRelation(log, GetActiveSnapshot());
			ItemPointerSetBlockNumber(begin, dirty_mark_for(log, GetActiveSnapshot()));
		}
		relation_close(log, AccessShareLock);
	}
	PG_RETURN_POINTER(begin);
}
