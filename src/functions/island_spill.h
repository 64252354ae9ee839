/*
 * island_spill.h
 *		Temporary files of (key, island), for keys that do not fit into memory at once.
 *
 * A spill has several files; some bits of a key's hash choose the file.  If a file does not fit
 * into memory when it is read, it is written to a spill of the next level, by other bits of the
 * hash.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ISLAND_SPILL_H
#define SESSIONIZE_ISLAND_SPILL_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "storage/buffile.h"

#include "functions/event_batch.h"
#include "utils/key_hash.h"

typedef struct IslandFile
{
	BufFile *file;
	int level; /* of the spill that the file is part of */
} IslandFile;

typedef struct IslandSpill
{
	const KeyType *type;
	int level;
	int bits;    /* there are 2^bits files */
	int64 bytes; /* number of bytes written so far */
	BufFile *files[FLEXIBLE_ARRAY_MEMBER];
} IslandSpill;

/*
 * How many files (as a power of two) suit a memory limit, and whether the hash has enough bits for
 * a level.
 */
extern int island_spill_bits(Size limit);
extern bool island_spill_possible(int level, int bits);

/* Make a spill in CurrentMemoryContext. */
extern IslandSpill *island_spill_create(const KeyType *type, int level, int bits);

/* Write one island of a key. */
extern void island_spill_write(IslandSpill *spill, const KeyEntry *key, SzInterval island);

/* Finish writing; returns the files (IslandFile *) in CurrentMemoryContext. */
extern List *island_spill_finish(IslandSpill *spill);

/*
 * Go to the start of a file.  To be called before the file is read; it can be read several times.
 */
extern void island_file_rewind(IslandFile *file);

/* Read the next islands of a file into an empty batch; false at the end of the file. */
extern bool island_file_read(IslandFile *file, EventBatch *batch);

extern void island_file_close(IslandFile *file);

#endif /* SESSIONIZE_ISLAND_SPILL_H */
