/*
 * dirty_mark.c
 *		Where in a dirty log the rows begin that a claim may find.
 *
 * Why no row is lost.  A row appended to a block below a mark that an examination is about to set is one of these when the
 * examination ends: it was in its block when that was examined, in progress or committed, so the mark stays below; or the one who
 * appended it has said so since the examination began, so the mark goes no further than it; or has still to say so, and then sets
 * the mark back himself, before his transaction commits and anybody could miss the row.
 *
 * Why no reader misses one.  A reader's snapshot may be older than the mark, and see rows that a claim has deleted since.  So an
 * examination that has passed its blocks takes a snapshot, and its xmax is kept with the mark.  The server counts that forward only, at
 * the end of transactions, in the step in which they cease to be in progress.  A snapshot with a greater xmax is therefore a later one,
 * and one whose xmin is not less sees all transactions below that xmax as ended; either way, all deletions that the examination saw
 * committed are so in it.  docs/design/dirty.md has it in full.
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
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/predicate.h"
#include "storage/shmem.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "dirty/dirty_mark.h"

#define TRANCHE_NAME "sessionize dirty marks"

/* Logs that have a mark at the same time; those of more share them in turn. */
#define MARKS 256

/* So few blocks of dead rows are not worth a mark: vacuum empties them, and new rows should go there. */
#define LEAST_DEAD_BLOCKS 64

/* A claim reads all of the log once in a while: after so long, and so many times what it has taken. */
#define FULL_INTERVAL USECS_PER_MINUTE
#define FULL_PART     100

/* Where no mark was worth it, it is looked again after so many times what that has taken. */
#define LOOK_PART 10

typedef struct Mark
{
	Oid database;
	Oid relation;
	Oid file;             /* another one when the table is rewritten or emptied */
	BlockNumber block;    /* the mark; 0: none */
	uint64 seen;          /* what is below it was over in a snapshot with this xmax, with its epoch */
	BlockNumber appended; /* the lowest block appended to since the last examination began */
	uint64 examination;   /* the number of that one */
	TimestampTz full_at;  /* read all of the log from then on; without a mark: look whether one is worth it */
} Mark;

typedef struct Marks
{
	LWLock *lock;
	uint64 examinations;
	int count; /* marks in use */
	int next;  /* the one to give to another log when all are */
	Mark mark[MARKS];
} Marks;

/* What an examination has seen of the blocks it has passed. */
typedef struct Passed
{
	BlockNumber next; /* the first block not passed */
	BlockNumber dead; /* blocks with dead rows in them; the others are bare */
} Passed;

PG_FUNCTION_INFO_V1(sessionize_dirty_begin);

static Marks *marks = NULL;
static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

/*
 * request_memory says how much shared memory we need.
 */
static void
request_memory(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	RequestAddinShmemSpace(sizeof(Marks));
	RequestNamedLWLockTranche(TRANCHE_NAME, 1);
}

/*
 * attach_memory makes the shared memory, or finds it.
 */
static void
attach_memory(void)
{
	bool found;

	if (previous_startup_hook != NULL)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	marks = ShmemInitStruct("pg_sessionize dirty marks", sizeof(Marks), &found);
	if (!found)
	{
		memset(marks, 0, sizeof(Marks));
		marks->lock = &GetNamedLWLockTranche(TRANCHE_NAME)->lock;
	}
	LWLockRelease(AddinShmemInitLock);
}

/*
 * dirty_mark_install asks for the shared memory.
 */
void
dirty_mark_install(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = attach_memory;
}

/*
 * find_mark returns the log's mark, NULL where it has none.  The caller holds the lock.
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
 * make_mark makes a mark for the log.  Who loses one for it has to begin at the first block again.
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
 * is_over tells whether no snapshot taken from now on can see the row.
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
 * pass_block tells whether a block has only rows that are over, and counts it.
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
	/* one without a header is about to be written to */
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
 * pass_blocks looks how many blocks can be passed.
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
 * is_worth_it tells whether a first mark should be set: not where vacuum has made room, which new rows should take.
 */
static bool
is_worth_it(const Passed *passed)
{
	return passed->dead >= LEAST_DEAD_BLOCKS && passed->dead >= passed->next / 2;
}

/*
 * full_xid returns a recent transaction id with its epoch.
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
 * dirty_mark_end raises the mark, or where all of the log was read, sets it anew.
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
 * dirty_mark_appended sets the mark back to where rows were appended.
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
 * dirty_mark_for returns the block at which a reader begins.
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
			/* a scan of a range does not say, in a serializable transaction, that it has read the table */
			PredicateLockRelation(log, GetActiveSnapshot());
			ItemPointerSetBlockNumber(begin, dirty_mark_for(log, GetActiveSnapshot()));
		}
		relation_close(log, AccessShareLock);
	}
	PG_RETURN_POINTER(begin);
}
