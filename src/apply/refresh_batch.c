/*
 * refresh_batch.c
 *		Derives a set of session keys anew and writes the differences, in one transaction.
 *
 * The raw rows and the stored rows of the keys are read in one snapshot.  Afterwards the keys' part
 * of the star is what the raw rows in the snapshot say.  If a window (window.h) can be found for a
 * key, only its rows in the window are read.  A key whose window turns out to be too small is done
 * again with a larger one, or as a whole.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "apply/memory_plan.h"
#include "apply/quarantine_writer.h"
#include "apply/refresh_batch.h"
#include "apply/star_writer.h"
#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "counters/counters.h"
#include "derive/derive.h"
#include "dirty/dirty_key.h"
#include "dirty/failed_keys.h"
#include "dirty/large_keys.h"
#include "dirty/refreshed_keys.h"
#include "dirty/stale_keys.h"
#include "identity/person_changes.h"
#include "identity/person_update.h"
#include "spi/key_index.h"
#include "spi/key_relation.h"
#include "star/star.h"
#include "star/star_read.h"
#include "star/stored_rows.h"
#include "star/stored_star.h"
#include "utils/pause.h"
#include "utils/piece.h"
#include "utils/subtransaction.h"
#include "window/window.h"

/*
 * About how many keys a piece of a large batch has: few enough for its rows to be sorted and
 * compared in memory, mostly in the processor's cache; and enough for the fixed cost of a piece not
 * to matter.
 */
#define PIECE_KEYS 512

/*
 * From this number of pieces on, entries of the index on session ids are queued (index_queue.h).
 * With fewer there is not enough order to gain.  If a queued id exists already, the keys are done
 * again in halves, in the end without a queue.
 */
#define QUEUE_PIECES 4

/* How many entries of an index are visited in the time it takes to read and derive a raw row. */
#define ENTRIES_OF_ROW 10

/* The least memory for the buffers of a piece, in bytes. */
#define PIECE_COST (128 * 1024)

struct RefreshBatch
{
	MemoryContext context;
	MemoryContext attempt_context; /* reset before each attempt */
	MemoryContext writer_context;
	uint64 most_pieces;
	MemoryPlan plan;    /* of each attempt */
	StarWriter *writer; /* NULL: to be created by the next attempt */
	const Pipeline *pipeline;
	BatchMode mode;
	KeyMeter *meter;
	PersonChanges *persons; /* NULL: the pipeline has no persons */
};

/* Some of the batch's keys, which succeed or fail together. */
typedef struct Attempt
{
	RefreshBatch *batch;
	DirtyKey *keys;
	int64 nkeys;
	WindowEffort effort;
	int pieces;
	Windows *windows; /* NULL: whole keys are derived */
	uint16 *piece_of; /* the piece of each key; only set if there are windows */
	StoredStar stored;
	StoredRows *quarantine;
	Derivation *derivation;
	IndexQueue *queue; /* NULL: index entries are made at once */
	BatchCounts counts;
	int64 undone; /* keys to be done again, at the front of keys */
} Attempt;

/* Why an attempt has failed. */
typedef struct AttemptFailure
{
	char *message;
	bool too_slow; /* the attempt at a single key has made no progress */
} AttemptFailure;

/*
 * refresh_batch_create prepares for any number of batches.
 */
RefreshBatch *
refresh_batch_create(MemoryContext parent, Size budget)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize refresh", ALLOCSET_DEFAULT_SIZES);
	RefreshBatch *batch = MemoryContextAllocZero(context, sizeof(RefreshBatch));

	batch->context = context;
	batch->attempt_context =
		AllocSetContextCreate(context, "sessionize refresh attempt", ALLOCSET_DEFAULT_SIZES);
	batch->writer_context =
		AllocSetContextCreate(context, "sessionize refresh writer", ALLOCSET_DEFAULT_SIZES);
	batch->most_pieces = Max(budget / PIECE_COST, 1);
	batch->plan = memory_plan_of_refresh(budget);
	return batch;
}

/*
 * is_left tells whether keys without a window are left for a later attempt.  Under a seal, windows
 * and whole keys can't be derived together: only whole keys need the sealed rows.
 */
static bool
is_left(const Attempt *attempt)
{
	return attempt->windows != NULL && attempt->batch->pipeline->has_seal;
}

/*
 * choose_parts makes a relation of the keys to read, each as a whole or with its window.
 */
static KeyRelation *
choose_parts(Attempt *attempt)
{
	const Pipeline *pipeline = attempt->batch->pipeline;
	KeyRelation *table = key_relation_create(pipeline->types[SRC_SESSION_KEY]);

	key_relation_keep_lists(table);
	attempt->windows = windows_choose(pipeline, derive_mapping(attempt->derivation), attempt->keys,
									  attempt->nkeys, attempt->effort);
	for (int64 i = 0; i < attempt->nkeys; i++)
	{
		const DirtyKey *key = &attempt->keys[i];
		const Window *window = NULL;

		if (attempt->windows != NULL && !key->isnull)
			window = window_find(attempt->windows, key->key);
		if (window == NULL && !is_left(attempt))
			key_relation_add(table, key->key, key->isnull);
		else if (window != NULL)
			key_relation_add_window(
				table, key->key,
				&(KeyWindow){window->since, window->until, window->read_since, window->read_until,
							 TIMESTAMP_IS_NOBEGIN(window->since) ? DT_NOBEGIN
																 : window->before.valid_from,
							 key->hi});
	}
	return table;
}

/*
 * choose_pieces returns the number of pieces, a power of two.
 */
static int
choose_pieces(const Attempt *attempt)
{
	uint64 pieces = Min((uint64) attempt->nkeys / PIECE_KEYS + 1, attempt->batch->most_pieces);

	return (int) Min(pg_nextpower2_64(pieces), DERIVE_MAX_PIECES);
}

/*
 * note_pieces notes the piece of each key.
 */
static void
note_pieces(Attempt *attempt)
{
	attempt->piece_of = palloc_extended(attempt->nkeys * sizeof(uint16), MCXT_ALLOC_HUGE);
	for (int64 i = 0; i < attempt->nkeys; i++)
		attempt->piece_of[i] =
			attempt->keys[i].isnull
				? 0
				: (uint16) piece_of_key(attempt->batch->pipeline->types[SRC_SESSION_KEY],
										attempt->keys[i].key, attempt->pieces);
}

/*
 * read_keys reads the raw rows and the stored rows of the keys, in one snapshot.
 */
static void
read_keys(Attempt *attempt)
{
	RefreshBatch *batch = attempt->batch;
	MemoryContext context = batch->attempt_context;
	int pieces = attempt->pieces = choose_pieces(attempt);
	KeyRelation *table;

	PushActiveSnapshot(GetTransactionSnapshot());
	attempt->derivation = derive_begin(batch->pipeline, context, pieces, batch->plan.derivation);
	table = choose_parts(attempt);
	if (attempt->windows != NULL)
	{
		derive_use_windows(attempt->derivation, attempt->windows);
		note_pieces(attempt);
	}
	derive_read_keys(attempt->derivation, GetActiveSnapshot(), table);
	stored_star_read_keys(&attempt->stored, context, batch->pipeline, pieces, table,
						  batch->plan.stored);
	attempt->quarantine =
		star_read_keys(context, batch->pipeline, star_table(batch->pipeline, STAR_QUARANTINE), 1,
					   table, batch->plan.quarantine);
	PopActiveSnapshot();
	key_relation_free(table);
}

/*
 * does_not_hold tells whether a key has a window that does not hold: deriving it would not give the
 * same star as the whole key (derive.h).
 */
static bool
does_not_hold(const Attempt *attempt, const DirtyKey *key)
{
	const Window *window = key->isnull ? NULL : window_find(attempt->windows, key->key);

	return window != NULL && !window->holds;
}

/*
 * is_undone tells whether a key is to be done again: its window does not hold, or it was left.
 */
static bool
is_undone(const Attempt *attempt, const DirtyKey *key)
{
	const Window *window = key->isnull ? NULL : window_find(attempt->windows, key->key);

	return window == NULL ? is_left(attempt) : !window->holds;
}

/*
 * leave_undone moves the keys to be done again to the front.
 */
static void
leave_undone(Attempt *attempt)
{
	for (int64 i = 0; i < attempt->nkeys; i++)
	{
		DirtyKey key = attempt->keys[i];

		if (!is_undone(attempt, &key))
			continue;
		attempt->keys[i] = attempt->keys[attempt->undone];
		attempt->keys[attempt->undone++] = key;
	}
}

/*
 * check_windows finds out which windows of a piece hold.  The stored rows of the other keys are
 * kept out of the comparison.
 */
static void
check_windows(Attempt *attempt, int piece)
{
	StaleKeys *undone = stale_keys_create(attempt->batch->pipeline);

	derive_check_windows(attempt->derivation, piece);
	for (int64 i = 0; i < attempt->nkeys; i++)
		if (attempt->piece_of[i] == piece && does_not_hold(attempt, &attempt->keys[i]))
			stale_keys_add(undone, attempt->keys[i].key, false);
	if (undone->keys.count > 0)
		stored_star_set_aside(&attempt->stored, piece, undone);
}

/*
 * add_piece adds the counts of a piece.
 */
static void
add_piece(BatchCounts *counts, const DeriveCounts *derived, const WriteCounts *written)
{
	counts->derived.events += derived->events;
	counts->derived.duplicates += derived->duplicates;
	counts->derived.conflicts += derived->conflicts;
	counts->derived.corrected += derived->corrected;
	counts->derived.clamped += derived->clamped;
	counts->derived.sessions += derived->sessions;
	counts->derived.late += derived->late;
	counts->derived.keys += derived->keys;
	counts->written.inserted += written->inserted;
	counts->written.updated += written->updated;
	counts->written.deleted += written->deleted;
}

/*
 * write_keys derives the keys piece by piece and writes the differences.
 */
static void
write_keys(Attempt *attempt)
{
	RefreshBatch *batch = attempt->batch;
	const DeriveCounts *read = derive_read_counts(attempt->derivation);
	WriteCounts quarantine = {0};

	attempt->counts.derived.raw_rows = read->raw_rows;
	attempt->counts.derived.quarantined = read->quarantined;
	attempt->counts.derived.filtered = read->filtered;
	attempt->counts.derived.warned = read->warned;
	attempt->counts.before.quarantined = stored_rows_count(attempt->quarantine, 0);
	for (int piece = 0; piece < derive_pieces(attempt->derivation); piece++)
	{
		DeriveCounts derived;
		WriteCounts written;

		if (attempt->windows != NULL)
			check_windows(attempt, piece);
		attempt->counts.before.kept +=
			stored_rows_sum(attempt->stored.rows[STAR_FACT_SESSION], piece);
		if (attempt->stored.rows[STAR_LATE] != NULL)
			attempt->counts.before.late +=
				stored_rows_count(attempt->stored.rows[STAR_LATE], piece);
		star_writer_piece(batch->writer, attempt->derivation, piece, &attempt->stored, NULL,
						  &derived, &written);
		attempt->counts.before.kept -=
			stored_rows_set_aside_sum(attempt->stored.rows[STAR_FACT_SESSION], piece);
		add_piece(&attempt->counts, &derived, &written);
		if (attempt->queue != NULL)
			index_queue_trim(attempt->queue);
	}
	(void) refresh_timer_phase(REFRESH_APPLY);
	star_writer_write_changes(batch->writer);
	if (attempt->queue != NULL)
		index_queue_end(attempt->queue);
	(void) quarantine_write(batch->attempt_context,
							&(QuarantineRequest){.pipeline = batch->pipeline,
												 .derivation = attempt->derivation,
												 .stored = attempt->quarantine,
												 .budget = batch->plan.writer.table},
							&quarantine);
	if (attempt->windows != NULL)
		leave_undone(attempt);
	stored_star_free(&attempt->stored);
	derive_end(attempt->derivation);
}

/*
 * meter_windows adds the cost of choosing windows to the meter, in raw rows.
 */
static void
meter_windows(const Attempt *attempt)
{
	KeyMeter *meter = attempt->batch->meter;

	for (int64 i = 0; i < attempt->nkeys; i++)
	{
		const DirtyKey *key = &attempt->keys[i];
		const Window *window = key->isnull ? NULL : window_find(attempt->windows, key->key);

		if (window == NULL || window->entries < ENTRIES_OF_ROW)
			continue;
		key_meter_next_key(meter);
		key_meter_add(meter, key->key, window->entries / ENTRIES_OF_ROW);
	}
}

/*
 * do_attempt does all the work for the attempt's keys.
 */
static void
do_attempt(void *arg)
{
	Attempt *attempt = arg;
	RefreshBatch *batch = attempt->batch;

	if (batch->writer == NULL)
	{
		batch->writer =
			star_writer_create(batch->writer_context, batch->pipeline, batch->plan.writer);
		star_writer_set_meter(batch->writer, batch->meter);
		star_writer_set_persons(batch->writer, batch->persons);
	}
	(void) refresh_timer_phase(REFRESH_READ);
	read_keys(attempt);
	(void) refresh_timer_phase(REFRESH_DERIVE);
	PAUSE_POINT("refresh-read");
	if (attempt->pieces >= QUEUE_PIECES)
		attempt->queue =
			index_queue_begin(batch->attempt_context, batch->pipeline,
							  star_table(batch->pipeline, STAR_FACT_SESSION), batch->plan.queue);
	star_writer_set_queue(batch->writer, attempt->queue);
	write_keys(attempt);
	if (attempt->windows != NULL && batch->meter != NULL)
		meter_windows(attempt);
	if (batch->mode == BATCH_BESIDE)
		refreshed_keys_note(batch->pipeline, attempt->keys, attempt->nkeys);
}

/*
 * add_attempt adds the counts of an attempt.
 */
static void
add_attempt(BatchCounts *counts, const BatchCounts *attempt)
{
	add_piece(counts, &attempt->derived, &attempt->written);
	counts->derived.raw_rows += attempt->derived.raw_rows;
	counts->derived.quarantined += attempt->derived.quarantined;
	counts->derived.filtered += attempt->derived.filtered;
	counts->derived.warned += attempt->derived.warned;
	counts->before.kept += attempt->before.kept;
	counts->before.late += attempt->before.late;
	counts->before.quarantined += attempt->before.quarantined;
}

/*
 * forget_attempt discards what belongs to an attempt that was rolled back.  The writer goes too,
 * since it knows members of dimensions that are gone.
 */
static void
forget_attempt(RefreshBatch *batch, int metered)
{
	batch->writer = NULL;
	MemoryContextReset(batch->writer_context);
	if (batch->meter != NULL)
		key_meter_truncate(batch->meter, metered);
}

/*
 * try_attempt runs the attempt in a subtransaction, and tells whether it has succeeded.
 */
static bool
try_attempt(Attempt *attempt, BatchCounts *counts, AttemptFailure *failure)
{
	RefreshBatch *batch = attempt->batch;
	MemoryContext caller = MemoryContextSwitchTo(batch->attempt_context);
	int metered = batch->meter == NULL ? 0 : batch->meter->count;
	bool done;

	failure->too_slow = false;
	/* with several keys the culprit is unknown: the next pass has fewer keys in a transaction */
	if (attempt->nkeys == 1)
		done = try_within_limit(do_attempt, attempt, &failure->message, &failure->too_slow);
	else
		done = try_in_subtransaction(do_attempt, attempt, &failure->message);
	MemoryContextSwitchTo(caller);
	if (done)
		add_attempt(counts, &attempt->counts);
	else
	{
		failure->message = pstrdup(failure->message);
		forget_attempt(batch, metered);
	}
	MemoryContextReset(batch->attempt_context);
	return done;
}

/*
 * fail_key notes a key that has failed alone.
 */
static void
fail_key(RefreshBatch *batch, const DirtyKey *key, const AttemptFailure *failure,
		 BatchCounts *counts)
{
	counts->failed_keys++;
	/* from now on it is done as a large key, for which no other key waits */
	if (failure->too_slow && !key->isnull)
		large_keys_note(batch->pipeline, key->key, 0);
	failed_keys_retry(batch->pipeline, key, failure->message);
}

/*
 * run_keys does keys with windows of this effort.  Keys whose windows are too small are done again
 * with the next effort.  If the keys fail together, they are done in two halves, to isolate the key
 * that fails.
 */
static void
run_keys(RefreshBatch *batch, DirtyKey *keys, int64 nkeys, WindowEffort effort, BatchCounts *counts)
{
	Attempt attempt = {.batch = batch, .keys = keys, .nkeys = nkeys, .effort = effort};
	AttemptFailure failure;

	if (nkeys == 0)
		return;
	if (try_attempt(&attempt, counts, &failure))
		run_keys(batch, keys, attempt.undone, effort == WINDOWS_NEAR ? WINDOWS_FAR : WINDOWS_NONE,
				 counts);
	else if (nkeys > 1)
	{
		run_keys(batch, keys, nkeys / 2, effort, counts);
		run_keys(batch, keys + nkeys / 2, nkeys - nkeys / 2, effort, counts);
	}
	else if (effort != WINDOWS_NONE && !failure.too_slow)
		run_keys(batch, keys, nkeys, WINDOWS_NONE, counts);
	else
		fail_key(batch, keys, &failure, counts);
}

/*
 * is_same_key tells whether two keys are equal, or both NULL.  b need not be packed.
 */
static bool
is_same_key(const KeyType *type, const DirtyKey *a, const DirtyKey *b)
{
	if (a->isnull || b->isnull)
		return a->isnull && b->isnull;
	return key_type_compare(type, a->key, key_type_pack(type, b->key)) == 0;
}

/*
 * move_suspects moves the keys that have failed before to the end, and returns the number of the
 * others.
 */
static int64
move_suspects(const Pipeline *pipeline, DirtyKey *keys, int64 nkeys)
{
	int64 count;
	DirtyKey *failed = failed_keys_load(pipeline, &count);
	KeyType type;
	int64 good = nkeys;

	key_type_init_id(&type, pipeline->types[SRC_SESSION_KEY]);
	for (int64 f = 0; f < count; f++)
	{
		for (int64 i = 0; i < good; i++)
		{
			if (is_same_key(&type, &keys[i], &failed[f]))
			{
				DirtyKey suspect = keys[i];

				keys[i] = keys[--good];
				keys[good] = suspect;
				break;
			}
		}
	}
	return good;
}

/*
 * refresh_batch_run refreshes the keys.  Keys that have failed before are done one by one.
 */
void
refresh_batch_run(RefreshBatch *batch, const BatchRequest *request, BatchCounts *counts)
{
	const Pipeline *pipeline = request->pipeline;
	DirtyKey *keys = request->keys;
	int64 good;

	key_index_prefer();
	batch->pipeline = pipeline;
	batch->mode = request->mode;
	batch->meter = request->meter;
	batch->persons = person_changes_create(pipeline);
	good = move_suspects(pipeline, keys, request->nkeys);
	run_keys(batch, keys, good, request->mode == BATCH_WINDOWS ? WINDOWS_NEAR : WINDOWS_NONE,
			 counts);
	for (int64 i = good; i < request->nkeys; i++)
	{
		int64 failed = counts->failed_keys;

		run_keys(batch, &keys[i], 1, WINDOWS_NONE, counts);
		if (counts->failed_keys == failed)
			failed_keys_forget(pipeline, &keys[i]);
	}
	/* after all attempts: what was rolled back may be among the changes, but is not in dim_user */
	persons_update(pipeline, batch->persons);
	batch->pipeline = NULL;
	batch->meter = NULL;
	batch->writer = NULL;
	MemoryContextReset(batch->writer_context);
}
