/*
 * session_scan.c
 *		The sessions of a relation's keys, one by one, from a single unordered pass over it.
 *
 * The pass fills a hash table from keys to their islands.  When that reaches the memory limit of a hash
 * (work_mem times hash_mem_multiplier), all islands go to temporary files by their keys' hashes and the
 * table begins anew, empty.  After the pass each file is read into the table in its turn, and may go on
 * to files of the next level in the same way.  Islands of the same key join again whatever their
 * order, so nothing depends on when that happens.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "functions/island_spill.h"
#include "functions/islands.h"
#include "functions/key_hash.h"
#include "functions/session_scan.h"
#include "functions/session_source.h"

/* How many keys ahead of the current one the walk along their islands begins. */
#define AHEAD 16

struct SessionScan
{
	MemoryContext cxt;
	MemoryContext table_cxt; /* of what is counted against the limit */
	MemoryContext key_cxt;   /* of the current key's text */
	SessionScanArgs args;
	SessionSource source;
	KeyType type;
	Size limit;
	int spill_bits;
	SessionScanStats stats;

	/* filling the table */
	EventBatch batch;
	KeyHash table;
	IslandArena arena;
	int level;          /* of the spill that is written when it is full */
	IslandSpill *spill; /* or NULL */
	List *files;        /* still to be read */

	/* the result */
	bool key_as_text;
	FmgrInfo key_output;
	uint32 entry; /* the next key */
	Datum key;    /* the current one */
	bool key_isnull;
	IslandNode *ahead[AHEAD]; /* how far the walk is, for the key of a number, modulo AHEAD */
	int64 number;             /* sessions of the current key that are out */
	int64 nislands;           /* those it has */
	SzInterval *islands;
	Size islands_size;
};

/*
 * islands_of returns what the table keeps for a key.
 */
static inline Islands *
islands_of(KeyEntry *entry)
{
	return key_hash_payload(entry);
}

/*
 * start_table sets up an empty table.
 */
static void
start_table(SessionScan *scan)
{
	MemoryContextReset(scan->table_cxt);
	key_hash_init(&scan->table, &scan->type, sizeof(Islands), scan->table_cxt);
	island_arena_init(&scan->arena, scan->args.gap, scan->table_cxt);
}

/*
 * note_memory keeps the statistics of memory.
 */
static Size
note_memory(SessionScan *scan)
{
	Size memory = MemoryContextMemAllocated(scan->table_cxt, true);

	scan->stats.memory = Max(scan->stats.memory, memory);
	return memory;
}

/*
 * spill_table writes all islands to files and empties the table.
 */
static void
spill_table(SessionScan *scan)
{
	int64 before;

	if (scan->spill == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(scan->cxt);

		scan->spill = island_spill_create(&scan->type, scan->level, scan->spill_bits);
		MemoryContextSwitchTo(old);
	}
	before = scan->spill->bytes;
	for (uint32 i = 0; i < scan->table.count; i++)
	{
		KeyEntry *entry = key_hash_entry(&scan->table, i);
		Islands *islands = islands_of(entry);

		if (i % EVENT_BATCH_SIZE == 0)
			CHECK_FOR_INTERRUPTS();
		island_spill_write(scan->spill, entry, islands->current);
		for (IslandNode *node = islands->closed; node != NULL; node = node->previous)
			island_spill_write(scan->spill, entry, node->island);
	}
	scan->stats.disk += scan->spill->bytes - before;
	start_table(scan);
}

/*
 * make_room sees to it that the table can take a batch: by emptying it where that would pass the limit.
 * It goes beyond the limit only for a single key, or for keys that no bit of the hash tells apart.
 */
static void
make_room(SessionScan *scan)
{
	Size memory = note_memory(scan) + key_hash_reserve_size(&scan->table, EVENT_BATCH_SIZE);

	if (memory > scan->limit && scan->table.count > 1 && island_spill_possible(scan->level, scan->spill_bits))
		spill_table(scan);
	key_hash_reserve(&scan->table, EVENT_BATCH_SIZE);
}

/*
 * take_batch adds the rows of a batch to the table.
 */
static void
take_batch(void *arg, EventBatch *batch)
{
	SessionScan *scan = arg;
	KeyHash *table = &scan->table;
	MemoryContext old = MemoryContextSwitchTo(batch->cxt);

	make_room(scan);
	for (int i = 0; i < batch->count; i++)
	{
		batch->hashes[i] = key_hash_of(table, batch->keys[i], batch->nulls[i]);
		key_hash_prefetch_slot(table, batch->hashes[i]);
	}
	for (int i = 0; i < batch->count; i++)
		key_hash_prefetch_entry(table, batch->hashes[i]);
	for (int i = 0; i < batch->count; i++)
	{
		bool found;
		KeyEntry *entry = key_hash_insert(table, batch->keys[i], batch->nulls[i], batch->hashes[i], &found);

		if (found)
			islands_add(islands_of(entry), batch->islands[i], &scan->arena);
		else
			islands_init(islands_of(entry), batch->islands[i]);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(batch->cxt);
	batch->count = 0;
	batch->bytes = 0;
}

/*
 * go_to_start makes the first key in the table the next one.
 */
static void
go_to_start(SessionScan *scan)
{
	scan->entry = 0;
	scan->number = 0;
	scan->nislands = 0;
	memset(scan->ahead, 0, sizeof(scan->ahead));
}

/*
 * finish_filling is called when a pass has ended: either the table has all its keys, or the files have.
 */
static void
finish_filling(SessionScan *scan)
{
	MemoryContext old = MemoryContextSwitchTo(scan->cxt);

	if (scan->spill != NULL)
	{
		spill_table(scan);
		scan->files = list_concat(island_spill_finish(scan->spill), scan->files);
		pfree(scan->spill);
		scan->spill = NULL;
	}
	else
	{
		note_memory(scan);
		scan->stats.batches++;
		scan->stats.keys += scan->table.count;
	}
	go_to_start(scan);
	MemoryContextSwitchTo(old);
}

/*
 * read_file fills the table from the next file.
 */
static void
read_file(SessionScan *scan)
{
	IslandFile *file = linitial(scan->files);

	scan->files = list_delete_first(scan->files);
	start_table(scan);
	scan->level = file->level + 1;
	while (island_file_read(file, &scan->batch))
	{
		CHECK_FOR_INTERRUPTS();
		take_batch(scan, &scan->batch);
	}
	BufFileClose(file->file);
	pfree(file);
	finish_filling(scan);
}

/*
 * check_key_type makes sure that the result can have keys of the wanted type.
 */
static void
check_key_type(SessionScan *scan)
{
	Oid column = scan->source.key_type;
	Oid base = getBaseType(column);
	Oid wanted = scan->args.key_type;
	bool is_varlena;
	Oid output;

	if (wanted == column || wanted == base || (wanted == TEXTOID && base == VARCHAROID))
		return;
	if (wanted != TEXTOID)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("column \"%s\" is of type %s, not %s", scan->args.key, format_type_be(column),
							   format_type_be(wanted)),
						errhint("Write NULL::%s, or leave the argument out to get the key as text.",
								format_type_be(column))));
	scan->key_as_text = true;
	getTypeOutputInfo(column, &output, &is_varlena);
	fmgr_info_cxt(output, &scan->key_output, scan->cxt);
}

/*
 * session_scan_begin reads the source.
 */
SessionScan *
session_scan_begin(const SessionScanArgs *args, Snapshot snapshot, MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "session scan", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	SessionScan *scan = palloc0(sizeof(SessionScan));

	scan->cxt = cxt;
	scan->table_cxt = AllocSetContextCreate(cxt, "session scan keys", ALLOCSET_DEFAULT_SIZES);
	scan->key_cxt = AllocSetContextCreate(cxt, "session scan key text", ALLOCSET_SMALL_SIZES);
	scan->batch.cxt = AllocSetContextCreate(cxt, "session scan batch", ALLOCSET_DEFAULT_SIZES);
	scan->args = *args;
	scan->args.key = pstrdup(args->key);
	scan->args.ts = pstrdup(args->ts);
	session_source_open(&scan->source, args->relid, scan->args.key, scan->args.ts);
	scan->stats.by_query = scan->source.by_query;
	check_key_type(scan);
	key_type_init(&scan->type, scan->source.key_type, scan->source.key_collation, args->key, cxt);
	scan->spill_bits = island_spill_bits(get_hash_memory_limit());
	scan->limit = get_hash_memory_limit() - ((Size) BLCKSZ << scan->spill_bits);
	start_table(scan);
	scan->stats.rows =
		session_source_read(&scan->source, &scan->type, snapshot, &scan->batch, take_batch, scan);
	finish_filling(scan);
	MemoryContextSwitchTo(old);
	return scan;
}

/*
 * list_islands writes the islands of a key, which are in order, to scan->islands.
 */
static void
list_islands(SessionScan *scan, const Islands *islands)
{
	int64 n = islands->nclosed + 1;
	SzInterval *out;

	if ((Size) n > scan->islands_size)
	{
		if (scan->islands != NULL)
			pfree(scan->islands);
		scan->islands_size = Max(64, (Size) n + n / 2);
		scan->islands = MemoryContextAllocHuge(scan->cxt, scan->islands_size * sizeof(SzInterval));
	}
	out = scan->islands + n - 1;
	*out = islands->current;
	for (IslandNode *node = islands->closed; node != NULL; node = node->previous)
		*--out = node->island;
}

/*
 * give_key makes the current key's value for the result.
 */
static void
give_key(SessionScan *scan, const KeyEntry *entry)
{
	MemoryContext old;

	scan->key = entry->key;
	scan->key_isnull = entry->isnull;
	if (!scan->key_as_text || entry->isnull)
		return;
	MemoryContextReset(scan->key_cxt);
	old = MemoryContextSwitchTo(scan->key_cxt);
	scan->key = PointerGetDatum(cstring_to_text(OutputFunctionCall(&scan->key_output, entry->key)));
	MemoryContextSwitchTo(old);
}

/*
 * walk_ahead goes one step along the islands of each of the next keys, so that they are in the cache when
 * it is their turn: they lie all over the memory.
 */
static inline void
walk_ahead(SessionScan *scan)
{
	uint32 enters = scan->entry + AHEAD;

	for (int i = 0; i < AHEAD; i++)
	{
		if (scan->ahead[i] == NULL)
			continue;
		scan->ahead[i] = scan->ahead[i]->previous;
		__builtin_prefetch(scan->ahead[i]);
	}
	if (enters < scan->table.count)
	{
		scan->ahead[enters % AHEAD] = islands_of(key_hash_entry(&scan->table, enters))->closed;
		__builtin_prefetch(scan->ahead[enters % AHEAD]);
	}
}

/*
 * next_key goes to the next key in the table.
 */
static void
next_key(SessionScan *scan)
{
	const int islands_columns = 1 << SESSION_STARTED_AT | 1 << SESSION_ENDED_AT | 1 << SESSION_EVENTS;
	bool list = (scan->args.columns & islands_columns) != 0;
	KeyEntry *entry = key_hash_entry(&scan->table, scan->entry);
	Islands *islands = islands_of(entry);

	scan->ahead[scan->entry % AHEAD] = NULL;
	if (list || scan->arena.disordered)
		walk_ahead(scan);
	islands_normalize(islands, &scan->arena);
	if (list)
		list_islands(scan, islands);
	if (scan->args.columns & 1 << SESSION_KEY)
		give_key(scan, entry);
	scan->number = 0;
	scan->nislands = islands->nclosed + 1;
	scan->entry++;
}

/*
 * session_scan_next gets the next session.
 */
bool
session_scan_next(SessionScan *scan, SessionRow *row)
{
	while (scan->number == scan->nislands)
	{
		if (scan->entry < scan->table.count)
			next_key(scan);
		else if (scan->files != NIL)
			read_file(scan);
		else
			return false;
	}
	row->key = scan->key;
	row->key_isnull = scan->key_isnull;
	if (scan->islands != NULL)
	{
		const SzInterval *island = &scan->islands[scan->number];

		row->started_at = island->start;
		row->ended_at = island->end;
		row->events = island->events;
	}
	row->number = ++scan->number;
	return true;
}

/*
 * session_scan_rewind begins again, if all keys are in memory.
 */
bool
session_scan_rewind(SessionScan *scan)
{
	if (scan->stats.disk > 0)
		return false;
	go_to_start(scan);
	return true;
}

/*
 * session_scan_stats returns what the scan has done so far.
 */
SessionScanStats
session_scan_stats(const SessionScan *scan)
{
	return scan->stats;
}

/*
 * session_scan_end frees everything.
 */
void
session_scan_end(SessionScan *scan)
{
	ListCell *lc;

	foreach (lc, scan->files)
		BufFileClose(((IslandFile *) lfirst(lc))->file);
	MemoryContextDelete(scan->cxt);
}
