/*
 * refresh_batch.c
 *		A set of session keys is derived anew and what differs is written, in one transaction.
 *
 * All raw rows of a key are read, and all rows that the star has of it, in one snapshot; then the key's
 * part of the star is what the raw rows in that snapshot say, whatever it was before.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pipeline/failed_keys.h"
#include "pipeline/pause.h"
#include "pipeline/quarantine_writer.h"
#include "pipeline/refresh_batch.h"
#include "pipeline/star.h"
#include "pipeline/star_writer.h"
#include "pipeline/subtransaction.h"
#include "port/pg_bitutils.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* A piece of a large batch has about so many keys. */
#define PIECE_KEYS 8192

struct RefreshBatch
{
	MemoryContext context;
	MemoryContext attempt_context; /* reset before each attempt */
	MemoryContext writer_context;
	Size budget;
	StarWriter *writer; /* NULL: to be made anew */
	const Pipeline *pipeline;
};

/* Some of the batch's keys, to be done or to fail as one. */
typedef struct Attempt
{
	RefreshBatch *batch;
	const DirtyKey *keys;
	int64 nkeys;
	StoredStar stored;
	StoredRows *quarantine;
	Derivation *derivation;
	BatchCounts counts;
} Attempt;

/*
 * refresh_batch_create prepares for any number of batches.
 */
RefreshBatch *
refresh_batch_create(MemoryContext parent, Size budget)
{
	MemoryContext context = AllocSetContextCreate(parent, "sessionize refresh", ALLOCSET_DEFAULT_SIZES);
	RefreshBatch *batch = MemoryContextAllocZero(context, sizeof(RefreshBatch));

	batch->context = context;
	batch->attempt_context =
		AllocSetContextCreate(context, "sessionize refresh attempt", ALLOCSET_DEFAULT_SIZES);
	batch->writer_context =
		AllocSetContextCreate(context, "sessionize refresh writer", ALLOCSET_DEFAULT_SIZES);
	batch->budget = budget;
	return batch;
}

/*
 * read_keys reads the raw rows of the attempt's keys and what is stored of them, in one snapshot.
 */
static void
read_keys(Attempt *attempt)
{
	RefreshBatch *batch = attempt->batch;
	MemoryContext context = batch->attempt_context;
	int pieces = (int) Min(pg_nextpower2_64((uint64) attempt->nkeys / PIECE_KEYS + 1), DERIVE_MAX_PIECES);
	KeyTable *table = key_table_create(batch->pipeline->types[SRC_SESSION_KEY]);

	for (int64 i = 0; i < attempt->nkeys; i++)
		key_table_add(table, attempt->keys[i].key, attempt->keys[i].isnull);
	PushActiveSnapshot(GetTransactionSnapshot());
	attempt->derivation = derive_begin(batch->pipeline, context, pieces, batch->budget / 2);
	derive_read_keys(attempt->derivation, GetActiveSnapshot(), table);
	stored_star_read_keys(&attempt->stored, context, batch->pipeline, pieces, table, batch->budget / 4);
	attempt->quarantine =
		star_read_keys(context, batch->pipeline, &star_quarantine, 1, table, batch->budget / 8);
	PopActiveSnapshot();
	key_table_free(table);
}

/*
 * add_piece adds what a piece amounts to to the attempt's counts.
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
 * write_keys writes what differs.
 */
static void
write_keys(Attempt *attempt)
{
	RefreshBatch *batch = attempt->batch;
	const DeriveCounts *read = derive_read_counts(attempt->derivation);
	WriteCounts quarantine = {0};

	attempt->counts.derived.raw_rows = read->raw_rows;
	attempt->counts.derived.quarantined = read->quarantined;
	attempt->counts.quarantined_before = stored_count(attempt->quarantine, 0);
	for (int piece = 0; piece < derive_pieces(attempt->derivation); piece++)
	{
		DeriveCounts derived;
		WriteCounts written;

		attempt->counts.before.kept += stored_sum(attempt->stored.sessions, piece);
		if (attempt->stored.late != NULL)
			attempt->counts.before.late += stored_count(attempt->stored.late, piece);
		star_writer_piece(batch->writer, attempt->derivation, piece, &attempt->stored, &derived, &written);
		add_piece(&attempt->counts, &derived, &written);
	}
	quarantine_write(batch->attempt_context, batch->pipeline, attempt->derivation, attempt->quarantine,
					 batch->budget / 8, &quarantine);
	stored_star_free(&attempt->stored);
	derive_end(attempt->derivation);
}

/*
 * do_attempt does all there is to do for the attempt's keys.
 */
static void
do_attempt(void *arg)
{
	Attempt *attempt = arg;
	RefreshBatch *batch = attempt->batch;

	if (batch->writer == NULL)
		batch->writer = star_writer_create(batch->writer_context, batch->pipeline, batch->budget);
	read_keys(attempt);
	PAUSE_POINT("refresh-read");
	write_keys(attempt);
}

/*
 * try_keys does some of the keys, or nothing: then *message says why.
 */
static bool
try_keys(RefreshBatch *batch, const DirtyKey *keys, int64 nkeys, BatchCounts *counts, char **message)
{
	MemoryContext caller = MemoryContextSwitchTo(batch->attempt_context);
	Attempt attempt = {.batch = batch, .keys = keys, .nkeys = nkeys};
	bool done = try_in_subtransaction(do_attempt, &attempt, message);

	MemoryContextSwitchTo(caller);
	if (done)
	{
		add_piece(counts, &attempt.counts.derived, &attempt.counts.written);
		counts->derived.raw_rows += attempt.counts.derived.raw_rows;
		counts->derived.quarantined += attempt.counts.derived.quarantined;
		counts->before.kept += attempt.counts.before.kept;
		counts->before.late += attempt.counts.before.late;
		counts->quarantined_before += attempt.counts.quarantined_before;
	}
	else
	{
		/* what it knows of dimension members may have been undone */
		*message = pstrdup(*message);
		batch->writer = NULL;
		MemoryContextReset(batch->writer_context);
	}
	MemoryContextReset(batch->attempt_context);
	return done;
}

/*
 * fail_key notes a key that failed by itself, and puts it back into the dirty log while it is to be tried again.
 */
static void
fail_key(RefreshBatch *batch, const DirtyKey *key, const char *message, BatchCounts *counts)
{
	DirtyAppend *append;

	counts->failed_keys++;
	if (key->isnull)
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("the raw rows without a session key can't be refreshed: %s", message)));
	if (!failed_keys_note(batch->pipeline, key->key, message))
		return;
	append = dirty_append_begin(dirty_table(batch->pipeline), batch->pipeline->types[SRC_SESSION_KEY]);
	dirty_append(append, key);
	dirty_append_end(append);
}

/*
 * run_keys does some of the keys, in halves where they fail together.
 */
static void
run_keys(RefreshBatch *batch, const DirtyKey *keys, int64 nkeys, BatchCounts *counts)
{
	char *message;

	if (nkeys == 0 || try_keys(batch, keys, nkeys, counts, &message))
		return;
	if (nkeys == 1)
		fail_key(batch, keys, message, counts);
	else
	{
		run_keys(batch, keys, nkeys / 2, counts);
		run_keys(batch, keys + nkeys / 2, nkeys - nkeys / 2, counts);
	}
}

/*
 * move_suspects moves the keys that failed before to the end and returns the number of the others.
 */
static int64
move_suspects(const Pipeline *pipeline, DirtyKey *keys, int64 nkeys)
{
	int64 count;
	Datum *failed = failed_keys_load(pipeline, &count);
	ValueType type;
	int64 good = nkeys;

	value_type_init(&type, pipeline->types[SRC_SESSION_KEY]);
	for (int64 f = 0; f < count; f++)
	{
		for (int64 i = 0; i < good; i++)
		{
			if (!keys[i].isnull && value_compare(&type, keys[i].key, value_flatten(&type, failed[f])) == 0)
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
 * prefer_indexes sets, until the scope of the step ends, what the planner chooses by.
 *
 * The rows of some keys lie here and there, but those keys have just been written to: their pages are in memory, so what it
 * costs to read at random from a disk does not count.  With the default cost a few hundred keys would be looked up by reading
 * all of the table.  Where the keys are a large part of it, that is still what is done.
 */
static void
prefer_indexes(void)
{
	(void) set_config_option("random_page_cost", "0.05", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
	(void) set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/*
 * refresh_batch_run brings the keys' rows to what the raw rows say.
 */
void
refresh_batch_run(RefreshBatch *batch, const Pipeline *pipeline, DirtyKey *keys, int64 nkeys,
				  BatchCounts *counts)
{
	int64 good;

	prefer_indexes();
	batch->pipeline = pipeline;
	good = move_suspects(pipeline, keys, nkeys);
	run_keys(batch, keys, good, counts);
	for (int64 i = good; i < nkeys; i++)
	{
		int64 failed = counts->failed_keys;

		run_keys(batch, &keys[i], 1, counts);
		if (counts->failed_keys == failed)
			failed_keys_forget(pipeline, keys[i].key);
	}
	batch->pipeline = NULL;
	batch->writer = NULL;
	MemoryContextReset(batch->writer_context);
}
