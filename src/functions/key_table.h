/*
 * key_table.h
 *		A state for each key of an unordered stream of rows, in memory or in temporary files.
 *
 * Rows come in batches.  When the table reaches the memory limit of a hash (work_mem times
 * hash_mem_multiplier), all states are written to temporary files, chosen by the keys' hashes, and
 * the table becomes empty.  After the last row, the files are read into the table one after the
 * other.  A file that does not fit is written to files of the next level in the same way.  So the
 * keys are returned in parts, and each key is in one part only.
 *
 *		key_table_init(table, type, methods, arg, cxt);
 *		while there are rows: fill table->batch; key_table_take(table, &table->batch);
 *		while (key_table_next_part(table))
 *			use all entries of table->hash;
 *		key_table_end(table);
 *
 * The caller decides what a state is.  It must be possible to write a state as islands, and to make
 * the state again from these islands in any order.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_TABLE_H
#define SESSIONIZE_KEY_TABLE_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "functions/event_batch.h"
#include "functions/island_spill.h"
#include "utils/key_hash.h"

struct KeyTable;

typedef struct KeyTableMethods
{
	Size payload_size; /* of the state, which follows each KeyEntry */

	/* The table has become empty, and content_cxt was reset. */
	void (*start)(struct KeyTable *table);

	/*
	 * Add the rows of a batch by key_hash_insert.  Their hashes are computed, there is room, and
	 * their memory is being prefetched.  States are allocated in content_cxt.
	 */
	void (*take)(struct KeyTable *table, const EventBatch *batch);

	/* Write a key's state, by island_spill_write to table->spill. */
	void (*spill)(struct KeyTable *table, KeyEntry *entry);
} KeyTableMethods;

typedef struct KeyTableStats
{
	int64 keys;    /* number of keys in all parts so far */
	int64 batches; /* number of parts so far */
	Size memory;   /* the most bytes used */
	int64 disk;    /* number of bytes written to temporary files */
} KeyTableStats;

typedef struct KeyTable
{
	const KeyTableMethods *methods;
	void *arg; /* for the methods */
	MemoryContext cxt;
	/* memory that counts against the limit; reset when the table becomes empty */
	MemoryContext content_cxt;
	const KeyType *type;
	KeyHash hash;
	EventBatch batch; /* for the caller to fill */
	KeyTableStats stats;

	/* if not all keys fit into memory: */
	Size limit;
	int spill_bits;
	int level;          /* the level of the spill that is written if the table becomes full */
	IslandSpill *spill; /* NULL: none is being written */
	List *files;        /* files that are still to be read, the deepest level first */
	List *first_files;  /* the files of the first level, which are kept */
	bool out;           /* the first part was returned */
} KeyTable;

/* Initialize an empty table, which the caller allocates.  All its memory is in cxt. */
extern void key_table_init(KeyTable *table, const KeyType *type, const KeyTableMethods *methods,
						   void *arg, MemoryContext cxt);

/*
 * Add the rows of a batch and make the batch empty.  An EventBatchConsumer, with the table as arg.
 */
extern void key_table_take(void *arg, EventBatch *batch);

/* Get the next part of the keys into the table; false: there is none. */
extern bool key_table_next_part(KeyTable *table);

/* Start over with the first part. */
extern void key_table_rewind(KeyTable *table);

/* Show the statistics in EXPLAIN ANALYZE. */
struct ExplainState;
extern void key_table_explain(const KeyTableStats *stats, struct ExplainState *es);

/* Close the files.  All other memory is freed with the table's memory context. */
extern void key_table_end(KeyTable *table);

#endif /* SESSIONIZE_KEY_TABLE_H */
