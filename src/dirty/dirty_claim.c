/*
 * dirty_claim.c
 *		Deleting rows from a pipeline's dirty log, to derive their keys again.
 *
 * Rows are not deleted by SQL, because DELETE would need a plan each time, and a replica identity
 * if a publication contains all tables.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "catalog/pipeline.h"
#include "compat.h"
#include "dirty/dirty.h"
#include "dirty/dirty_claim.h"
#include "dirty/dirty_key.h"
#include "dirty/dirty_mark.h"
#include "dirty/dirty_table.h"
#include "dirty/large_keys.h"
#include "utils/key_hash.h"
#include "utils/pass_limit.h"

/* The range of event time that is kept with each key. */
typedef struct Range
{
	TimestampTz lo;
	TimestampTz hi;
} Range;

typedef struct Claimer
{
	DirtyTable table;
	uint32 lanes;
	int64 max_keys;
	const Datum *only;      /* only this key; NULL: all keys */
	const LargeKeys *large; /* NULL if large keys need no care */
	bool want_large;        /* only the first large key; false: no large key */
	KeyType key_type;
	KeyHash ranges;
	CommandId command;
	MemoryContext row_context;
	DirtyClaim *claim;
} Claimer;

/*
 * delete_row deletes a row of the log. It returns false if the row is gone already: somebody has
 * deleted it by hand, since we hold the lane's lock.
 */
static bool
delete_row(Claimer *claimer, TupleTableSlot *slot)
{
	TM_FailureData failure;
	TM_Result result = sz_table_delete(claimer->table.relation, &slot->tts_tid, claimer->command,
									   GetActiveSnapshot(), &failure);

	switch (result)
	{
		case TM_Ok:
			return true;
		case TM_Deleted:
		case TM_Updated:
			return false;
		default:
			elog(ERROR, "deleting a row of a dirty log gave %d", (int) result);
	}
}

/*
 * merge_range merges a row's range into the range claimed for its key.
 */
static void
merge_range(Claimer *claimer, Datum key, bool isnull, TimestampTz lo, TimestampTz hi)
{
	MemoryContext caller = MemoryContextSwitchTo(claimer->row_context);
	Range *range;
	bool found;

	if (!isnull)
		key = key_type_pack(&claimer->key_type, key);
	range = key_hash_add(&claimer->ranges, key, isnull, &found);
	range->lo = found ? Min(range->lo, lo) : lo;
	range->hi = found ? Max(range->hi, hi) : hi;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(claimer->row_context);
}

/*
 * is_wanted_of_large tells whether to take a row of this key, which depends on whether the key is
 * large. It notes that rows of large keys are left.
 */
static bool
is_wanted_of_large(Claimer *claimer, Datum key)
{
	bool is_large = large_keys_has(claimer->large, key);
	bool wanted = is_large == claimer->want_large;

	if (wanted && is_large && claimer->ranges.count > 0)
		wanted = key_hash_lookup(&claimer->ranges, key) != NULL;
	claimer->claim->large_left |= is_large && !wanted;
	return wanted;
}

/*
 * is_wanted tells whether to take a row of this key.
 */
static bool
is_wanted(Claimer *claimer, Datum key, bool isnull)
{
	MemoryContext caller;
	bool wanted;

	if (claimer->only == NULL && claimer->large == NULL)
		return true;
	if (isnull)
		return claimer->only == NULL && !claimer->want_large;
	caller = MemoryContextSwitchTo(claimer->row_context);
	key = key_type_pack(&claimer->key_type, key);
	if (claimer->only != NULL)
		wanted = key_type_equal(&claimer->key_type, key, *claimer->only);
	else
		wanted = is_wanted_of_large(claimer, key);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(claimer->row_context);
	return wanted;
}

/*
 * claim_row deletes a row of the log and merges it into the claim, if its key and lane are wanted.
 */
static void
claim_row(Claimer *claimer, TupleTableSlot *slot)
{
	Datum values[DIRTY_NCOLUMNS];
	bool isnull[DIRTY_NCOLUMNS];
	DirtyClaim *claim = claimer->claim;
	int16 lane;

	for (int i = 0; i < DIRTY_NCOLUMNS; i++)
		values[i] = slot_getattr(slot, claimer->table.attributes[i] + 1, &isnull[i]);
	/* rows without a valid lane would never be claimed, so they count as lane 0 */
	lane = isnull[DIRTY_LANE] ? 0 : DatumGetInt16(values[DIRTY_LANE]);
	if (lane < 0 || lane >= DIRTY_LANES)
		lane = 0;
	/* large keys that are left are noted in all lanes, so the key is tested first */
	if (!is_wanted(claimer, values[DIRTY_SESSION_KEY], isnull[DIRTY_SESSION_KEY]) ||
		!(claimer->lanes & ((uint32) 1 << lane)) || !delete_row(claimer, slot))
		return;
	claim->rows++;
	if (!isnull[DIRTY_LOGGED_AT])
		claim->logged_at = Min(claim->logged_at, DatumGetTimestampTz(values[DIRTY_LOGGED_AT]));
	merge_range(claimer, values[DIRTY_SESSION_KEY], isnull[DIRTY_SESSION_KEY],
				isnull[DIRTY_LO] ? DT_NOBEGIN : DatumGetTimestampTz(values[DIRTY_LO]),
				isnull[DIRTY_HI] ? DT_NOEND : DatumGetTimestampTz(values[DIRTY_HI]));
}

/*
 * claim_rows deletes the wanted rows from a block on.
 */
static void
claim_rows(Claimer *claimer, BlockNumber first)
{
	TableScanDesc scan = dirty_table_scan(&claimer->table, GetActiveSnapshot(), first);
	TupleTableSlot *slot;

	claimer->claim->complete = true;
	if (scan == NULL)
		return;
	slot = table_slot_create(claimer->table.relation, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		pass_progress();
		if (claimer->max_keys > 0 && claimer->ranges.count >= claimer->max_keys)
		{
			claimer->claim->complete = false;
			break;
		}
		claim_row(claimer, slot);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
}

/*
 * compare_keys compares keys nearly in the order of the indexes that begin with the session key.
 */
static int
compare_keys(const void *a, const void *b, void *arg)
{
	const DirtyKey *left = a;
	const DirtyKey *right = b;

	if (left->isnull || right->isnull)
		return (int) left->isnull - (int) right->isnull;
	return key_type_compare(arg, left->key, right->key);
}

/*
 * list_keys sorts the claimed keys into a list, in which neighbours are also near each other in the
 * indexes.
 */
static void
list_keys(Claimer *claimer)
{
	DirtyClaim *claim = claimer->claim;

	claim->nkeys = claimer->ranges.count;
	claim->keys = palloc_extended(Max(claim->nkeys, 1) * sizeof(DirtyKey), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < claimer->ranges.count; i++)
	{
		KeyEntry *entry = key_hash_entry(&claimer->ranges, i);
		Range *range = key_hash_payload(entry);

		claim->keys[i] = (DirtyKey){entry->key, entry->isnull, range->lo, range->hi};
	}
	qsort_arg(claim->keys, (size_t) claim->nkeys, sizeof(DirtyKey), compare_keys,
			  &claimer->key_type);
}

/*
 * claim_keys deletes rows from the log as the claimer says.
 */
static DirtyClaim *
claim_keys(const Pipeline *pipeline, Claimer *claimer)
{
	Oid key_type = pipeline->types[SRC_SESSION_KEY];
	DirtyExamination examination;

	if (!dirty_table_open(&claimer->table, dirty_table(pipeline), key_type, RowExclusiveLock))
		dirty_report_lost(pipeline);
	claimer->claim = palloc0(sizeof(DirtyClaim));
	claimer->claim->logged_at = DT_NOEND;
	claimer->command = GetCurrentCommandId(true);
	claimer->row_context =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize dirty row", ALLOCSET_SMALL_SIZES);
	key_type_init_id(&claimer->key_type, key_type);
	key_hash_init(&claimer->ranges, &claimer->key_type, sizeof(Range), CurrentMemoryContext);
	dirty_mark_begin(&examination, claimer->table.relation);
	claim_rows(claimer, examination.first);
	dirty_mark_end(&examination, claimer->table.relation);
	list_keys(claimer);
	MemoryContextDelete(claimer->row_context);
	table_close(claimer->table.relation, NoLock);
	return claimer->claim;
}

/*
 * dirty_claim deletes the rows of some lanes from the log.
 */
DirtyClaim *
dirty_claim(const Pipeline *pipeline, uint32 lanes, int64 max_keys, const LargeKeys *large)
{
	Claimer claimer = {.lanes = lanes, .max_keys = max_keys};

	if (large->keys.count > 0)
		claimer.large = large;
	return claim_keys(pipeline, &claimer);
}

/*
 * dirty_claim_large deletes the rows of one large key from the log.
 */
DirtyClaim *
dirty_claim_large(const Pipeline *pipeline, const LargeKeys *large)
{
	Claimer claimer = {.lanes = DIRTY_ALL_LANES, .large = large, .want_large = true};

	return claim_keys(pipeline, &claimer);
}

/*
 * dirty_claim_key deletes the rows of a given key from the log.
 */
int64
dirty_claim_key(const Pipeline *pipeline, Datum key)
{
	Claimer claimer = {.lanes = DIRTY_ALL_LANES, .only = &key};

	return claim_keys(pipeline, &claimer)->rows;
}
