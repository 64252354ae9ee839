/*
 * island_spill.c
 *		Temporary files of (key, island), for keys that do not fit into memory at once.
 *
 * A record is a header; the end and the number of events, unless the island is a single event; and
 * the key.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "functions/island_spill.h"

#define MIN_BITS  2
#define MAX_BITS  6
#define HASH_BITS 32 /* the number of bits of KeyEntry.spare */

typedef enum RecordKind
{
	RECORD_EVENT,
	RECORD_ISLAND
} RecordKind;

typedef struct RecordHeader
{
	int64 start;
	uint32 key_size; /* in bytes; 0: the key is NULL or passed by value */
	uint16 kind;
	uint16 isnull;
} RecordHeader;

typedef struct RecordIsland
{
	int64 end;
	int64 events;
} RecordIsland;

/*
 * island_spill_bits returns how many files suit a memory limit, as a power of two.  Their buffers
 * should take no more than a quarter of the limit.
 */
int
island_spill_bits(Size limit)
{
	Size files = Max(1, limit / 4 / BLCKSZ);

	return Max(MIN_BITS, Min(MAX_BITS, pg_leftmost_one_pos64(files)));
}

/*
 * island_spill_possible tells whether the hash has enough bits for a level.
 */
bool
island_spill_possible(int level, int bits)
{
	return (level + 1) * bits <= HASH_BITS;
}

/*
 * island_spill_create makes a spill.
 */
IslandSpill *
island_spill_create(const KeyType *type, int level, int bits)
{
	IslandSpill *spill =
		palloc0(offsetof(IslandSpill, files) + sizeof(BufFile *) * ((Size) 1 << bits));

	spill->type = type;
	spill->level = level;
	spill->bits = bits;
	PrepareTempTablespaces();
	return spill;
}

/*
 * file_of returns the file to which a key belongs.
 */
static BufFile *
file_of(IslandSpill *spill, const KeyEntry *key)
{
	int i = (key->spare >> (spill->level * spill->bits)) & ((1 << spill->bits) - 1);

	if (spill->files[i] == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(spill));

		spill->files[i] = BufFileCreateTemp(false);
		MemoryContextSwitchTo(old);
	}
	return spill->files[i];
}

/*
 * island_spill_write writes one island of a key.
 */
void
island_spill_write(IslandSpill *spill, const KeyEntry *key, SzInterval island)
{
	BufFile *file = file_of(spill, key);
	RecordHeader header = {.start = island.start, .isnull = key->isnull};
	RecordIsland rest = {island.end, island.events};

	header.key_size = key->isnull ? 0 : key_type_size(spill->type, key->key);
	header.kind = island.events == 1 ? RECORD_EVENT : RECORD_ISLAND;
	BufFileWrite(file, &header, sizeof(header));
	if (header.kind == RECORD_ISLAND)
		BufFileWrite(file, &rest, sizeof(rest));
	if (header.key_size > 0)
		BufFileWrite(file, DatumGetPointer(key->key), header.key_size);
	else
		BufFileWrite(file, unconstify(Datum *, &key->key), sizeof(Datum));
	spill->bytes += sizeof(header) + (header.kind == RECORD_ISLAND ? sizeof(rest) : 0) +
					Max(header.key_size, sizeof(Datum));
}

/*
 * island_spill_finish returns the files for reading.
 */
List *
island_spill_finish(IslandSpill *spill)
{
	List *result = NIL;

	for (int i = 0; i < 1 << spill->bits; i++)
	{
		IslandFile *file;

		if (spill->files[i] == NULL)
			continue;
		file = palloc(sizeof(IslandFile));
		file->file = spill->files[i];
		file->level = spill->level;
		result = lappend(result, file);
	}
	return result;
}

/*
 * island_file_rewind goes to the start of a file.
 */
void
island_file_rewind(IslandFile *file)
{
	if (BufFileSeek(file->file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR, (errcode_for_file_access(),
						errmsg("could not rewind a temporary file of sessions")));
}

/*
 * island_file_close closes a file, which deletes it.
 */
void
island_file_close(IslandFile *file)
{
	BufFileClose(file->file);
	pfree(file);
}

/*
 * read_exactly reads size bytes; an error if there are fewer.
 */
static void
read_exactly(BufFile *file, void *into, size_t size)
{
	if (BufFileRead(file, into, size) != size)
		ereport(ERROR,
				(errcode_for_file_access(), errmsg("could not read a temporary file of sessions")));
}

/*
 * read_header reads the header of a record; false at the end of the file.
 */
static bool
read_header(BufFile *file, RecordHeader *header)
{
	char *rest = (char *) header;
	size_t size = BufFileRead(file, header, sizeof(*header));

	if (size > 0 && size < sizeof(*header))
		read_exactly(file, rest + size, sizeof(*header) - size);
	return size > 0;
}

/*
 * read_key reads the key of a record.
 */
static Datum
read_key(BufFile *file, uint32 size, MemoryContext cxt)
{
	Datum key;

	if (size == 0)
	{
		read_exactly(file, &key, sizeof(Datum));
		return key;
	}
	key = PointerGetDatum(MemoryContextAllocHuge(cxt, size));
	read_exactly(file, DatumGetPointer(key), size);
	return key;
}

/*
 * island_file_read reads the next islands of a file into an empty batch.
 */
bool
island_file_read(IslandFile *file, EventBatch *batch)
{
	RecordHeader header;

	while (!event_batch_is_full(batch) && read_header(file->file, &header))
	{
		RecordIsland rest = {header.start, 1};
		SzInterval *island = &batch->islands[batch->count];

		if (header.kind == RECORD_ISLAND)
			read_exactly(file->file, &rest, sizeof(rest));
		island->start = header.start;
		island->end = rest.end;
		island->events = rest.events;
		batch->keys[batch->count] = read_key(file->file, header.key_size, batch->cxt);
		batch->nulls[batch->count++] = header.isnull != 0;
		batch->bytes += header.key_size;
	}
	return batch->count > 0;
}
