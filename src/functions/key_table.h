/*
 * key_table.h
 *		Something kept for each key of an unordered stream of rows, in memory or beyond.
 *
 * Rows come in batches.  When the table reaches the memory limit of a hash (work_mem times
 * hash_mem_multiplier), all it keeps goes to temporary files by the keys' hashes, and it begins anew,
 * empty.  After the last row each file is read into the table in its turn, and may go on to files of
 * the next level in the same way.  So the keys come out in parts, each of them whole.
 *
 *		key_table_init(table, type, methods, arg, cxt);
 *		while there are rows: fill table->batch; key_table_take(table, &table->batch);
 *		while (key_table_next_part(table))
 *			use all entries of table->hash;
 *		key_table_end(table);
 *
 * What is kept is the caller's matter, as long as it can be written as islands and joins again from
 * them, in whatever order they come.
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
	Size payload_size; /* of what lies behind each KeyEntry */

	/* The table has become empty, and what lived in content_cxt is gone. */
	void (*start)(struct KeyTable *table);

	/*
	 * Add the rows of a batch by key_hash_insert.  Their hashes are known, there is room, and the memory
	 * they need is on its way.  What is kept goes to content_cxt.
	 */
	void (*take)(struct KeyTable *table, const EventBatch *batch);

	/* Write all that is kept for a key, with island_spill_write to table->spill. */
	void (*spill)(struct KeyTable *table, KeyEntry *entry);
} KeyTableMethods;

typedef struct KeyTableStats
{
	int64 keys;    /* in all parts so far */
	int64 batches; /* the parts so far */
	Size memory;   /* bytes, at most */
	int64 disk;    /* bytes written to temporary files */
} KeyTableStats;

typedef struct KeyTable
{
	const KeyTableMethods *methods;
	void *arg; /* the methods' own */
	MemoryContext cxt;
	MemoryContext content_cxt; /* of what is counted against the limit; reset when the table begins anew */
	const KeyType *type;
	KeyHash hash;
	EventBatch batch; /* for the caller to fill */
	KeyTableStats stats;

	/* beyond memory */
	Size limit;
	int spill_bits;
	int level;          /* of the spill that is written when the table is full */
	IslandSpill *spill; /* or NULL */
	List *files;        /* still to be read, of the deepest level first */
	List *first_files;  /* those of the first level, which stay */
	bool out;           /* the first part is out */
} KeyTable;

/* Set up an empty table, which is the caller's to allocate and lives in cxt with all its memory. */
extern void key_table_init(KeyTable *table, const KeyType *type, const KeyTableMethods *methods, void *arg,
						   MemoryContext cxt);

/* Add the rows of a batch and leave it empty.  An EventBatchConsumer, arg being the table. */
extern void key_table_take(void *arg, EventBatch *batch);

/* Get the next part of the keys into the table; false after the last. */
extern bool key_table_next_part(KeyTable *table);

/* Begin again with the first part. */
extern void key_table_rewind(KeyTable *table);

/* Show the statistics in EXPLAIN ANALYZE. */
struct ExplainState;
extern void key_table_explain(const KeyTableStats *stats, struct ExplainState *es);

/* Close the files.  All else goes with the table's memory context. */
extern void key_table_end(KeyTable *table);

#endif /* SESSIONIZE_KEY_TABLE_H */
