/*
 * key_table.c
 *		A state for each key of an unordered stream of rows, in memory or in temporary files.
 *
 * The files of the first level are kept until the end, so that the table can start over without its
 * rows.  Their number is bounded, and so is the memory of their buffers.  Files of deeper levels
 * are made again from them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "functions/key_table.h"

/*
 * start_table makes the table empty.
 */
static void
start_table(KeyTable *table)
{
	MemoryContextReset(table->content_cxt);
	key_hash_init(&table->hash, table->type, table->methods->payload_size, table->content_cxt);
	table->methods->start(table);
}

/*
 * key_table_init initializes an empty table.
 */
void
key_table_init(KeyTable *table, const KeyType *type, const KeyTableMethods *methods, void *arg,
			   MemoryContext cxt)
{
	memset(table, 0, sizeof(*table));
	table->methods = methods;
	table->arg = arg;
	table->cxt = cxt;
	table->type = type;
	table->content_cxt = AllocSetContextCreate(cxt, "key table", ALLOCSET_DEFAULT_SIZES);
	table->batch.cxt = AllocSetContextCreate(cxt, "key table batch", ALLOCSET_DEFAULT_SIZES);
	table->spill_bits = island_spill_bits(get_hash_memory_limit());
	table->limit = get_hash_memory_limit() - ((Size) BLCKSZ << table->spill_bits);
	start_table(table);
}

/*
 * note_memory updates the statistics of memory, and returns the memory in use.
 */
static Size
note_memory(KeyTable *table)
{
	Size memory = MemoryContextMemAllocated(table->content_cxt, true);

	table->stats.memory = Max(table->stats.memory, memory);
	return memory;
}

/*
 * spill_table writes all states to files and makes the table empty.
 */
static void
spill_table(KeyTable *table)
{
	int64 before;

	if (table->spill == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(table->cxt);

		table->spill = island_spill_create(table->type, table->level, table->spill_bits);
		MemoryContextSwitchTo(old);
	}
	before = table->spill->bytes;
	for (uint32 i = 0; i < table->hash.count; i++)
	{
		if (i % EVENT_BATCH_SIZE == 0)
			CHECK_FOR_INTERRUPTS();
		table->methods->spill(table, key_hash_entry(&table->hash, i));
	}
	table->stats.disk += table->spill->bytes - before;
	start_table(table);
}

/*
 * make_room makes room for a batch: if the batch may exceed the limit, the table is emptied first.
 * The limit is only exceeded for a single key, or for keys whose hashes are equal.
 */
static void
make_room(KeyTable *table)
{
	Size memory = note_memory(table) + key_hash_reserve_size(&table->hash, EVENT_BATCH_SIZE);

	if (memory > table->limit && table->hash.count > 1 &&
		island_spill_possible(table->level, table->spill_bits))
		spill_table(table);
	key_hash_reserve(&table->hash, EVENT_BATCH_SIZE);
}

/*
 * key_table_take adds the rows of a batch to the table.
 */
void
key_table_take(void *arg, EventBatch *batch)
{
	KeyTable *table = arg;
	KeyHash *hash = &table->hash;
	MemoryContext old = MemoryContextSwitchTo(batch->cxt);

	make_room(table);
	for (int i = 0; i < batch->count; i++)
	{
		batch->hashes[i] = key_hash_of(hash, batch->keys[i], batch->nulls[i]);
		key_hash_prefetch_slot(hash, batch->hashes[i]);
	}
	for (int i = 0; i < batch->count; i++)
		key_hash_prefetch_entry(hash, batch->hashes[i]);
	table->methods->take(table, batch);
	MemoryContextSwitchTo(old);
	event_batch_reset(batch);
}

/*
 * finish_filling is called when all rows, or all rows of a file, were added.  It returns true if
 * the table has a part of the keys, and false if they were written to files.
 */
static bool
finish_filling(KeyTable *table)
{
	MemoryContext old;

	if (table->spill == NULL)
	{
		note_memory(table);
		table->stats.batches++;
		table->stats.keys += table->hash.count;
		return true;
	}
	old = MemoryContextSwitchTo(table->cxt);
	spill_table(table);
	table->files = list_concat(island_spill_finish(table->spill), table->files);
	if (table->level == 0)
		table->first_files = list_copy(table->files);
	pfree(table->spill);
	table->spill = NULL;
	MemoryContextSwitchTo(old);
	return false;
}

/*
 * read_file fills the table from the next file, and returns the result of finish_filling.
 */
static bool
read_file(KeyTable *table)
{
	IslandFile *file = linitial(table->files);

	table->files = list_delete_first(table->files);
	start_table(table);
	table->level = file->level + 1;
	island_file_rewind(file);
	while (island_file_read(file, &table->batch))
	{
		CHECK_FOR_INTERRUPTS();
		key_table_take(table, &table->batch);
	}
	if (file->level > 0)
		island_file_close(file);
	return finish_filling(table);
}

/*
 * key_table_next_part gets the next part of the keys into the table.
 */
bool
key_table_next_part(KeyTable *table)
{
	bool first = !table->out;

	table->out = true;
	if (first && table->first_files == NIL && finish_filling(table))
		return true;
	while (table->files != NIL)
	{
		if (read_file(table))
			return true;
	}
	return false;
}

/*
 * close_deeper closes the files that are still to be read, except those of the first level.
 */
static void
close_deeper(KeyTable *table)
{
	ListCell *lc;

	foreach (lc, table->files)
	{
		IslandFile *file = lfirst(lc);

		if (file->level > 0)
			island_file_close(file);
	}
	list_free(table->files);
	table->files = NIL;
}

/*
 * key_table_rewind starts over with the first part.
 */
void
key_table_rewind(KeyTable *table)
{
	MemoryContext old;

	if (!table->out)
		return;
	table->out = false;
	table->stats.batches = 0;
	table->stats.keys = 0;
	if (table->first_files == NIL)
		return;
	close_deeper(table);
	old = MemoryContextSwitchTo(table->cxt);
	table->files = list_copy(table->first_files);
	MemoryContextSwitchTo(old);
}

/*
 * key_table_explain shows the statistics in EXPLAIN ANALYZE.
 */
void
key_table_explain(const KeyTableStats *stats, ExplainState *es)
{
	ExplainPropertyInteger("Keys", NULL, stats->keys, es);
	ExplainPropertyInteger("Batches", NULL, stats->batches, es);
	ExplainPropertyInteger("Memory Usage", "kB", (stats->memory + 1023) / 1024, es);
	if (stats->disk > 0)
		ExplainPropertyInteger("Disk Usage", "kB", (stats->disk + 1023) / 1024, es);
}

/*
 * key_table_end closes the files.
 */
void
key_table_end(KeyTable *table)
{
	ListCell *lc;

	close_deeper(table);
	foreach (lc, table->first_files)
		island_file_close(lfirst(lc));
}
