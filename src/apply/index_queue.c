/*
 * index_queue.c
 *		Entries of the unique index on a table's ids, collected and made in the index's order.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "nodes/makefuncs.h"
#include "port/pg_bswap.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "apply/index_queue.h"
#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "star/star.h"
#include "utils/array_reserve.h"
#include "utils/pass_limit.h"

#define LEAST_ENTRIES 1024

typedef struct QueuedEntry
{
	uint64 first; /* the first 8 bytes of the id, as a number */
	pg_uuid_t id;
	ItemPointerData tid;
} QueuedEntry;

struct IndexQueue
{
	MemoryContext context;
	Relation table;
	Relation index;
	IndexInfo *info;
	AttrNumber column;
	int64 most; /* how many entries fit into the budget */
	int64 size;
	int64 count;
	QueuedEntry *entries;
};

/*
 * keeps_unique tells whether an index is a btree index on this uuid column alone, in the default
 * order, complete, unique and checked at once.
 */
static bool
keeps_unique(Relation index, AttrNumber column)
{
	const FormData_pg_index *form = index->rd_index;

	return index->rd_rel->relam == BTREE_AM_OID && form->indisunique && form->indimmediate &&
		   form->indisready && form->indnatts == 1 && form->indkey.values[0] == column &&
		   RelationGetIndexPredicate(index) == NIL &&
		   index->rd_opfamily[0] == lookup_type_cache(UUIDOID, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
}

/*
 * open_unique opens the unique index of a column; NULL if there is none.
 */
static Relation
open_unique(Relation table, AttrNumber column)
{
	List *indexes = RelationGetIndexList(table);
	Relation found = NULL;
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), RowExclusiveLock);

		if (keeps_unique(index, column))
		{
			found = index;
			break;
		}
		index_close(index, RowExclusiveLock);
	}
	list_free(indexes);
	return found;
}

/*
 * index_queue_begin makes a queue for the unique index of the table's first column.
 */
IndexQueue *
index_queue_begin(MemoryContext parent, const Pipeline *pipeline, const StarTable *table,
				  Size budget)
{
	MemoryContext context;
	MemoryContext caller;
	IndexQueue *queue;
	Relation relation =
		table_openrv(star_relation_range(pipeline, table->relation), RowExclusiveLock);
	AttrNumber column = get_attnum(RelationGetRelid(relation), table->columns[0].name);
	Relation index = open_unique(relation, column);

	Assert(table->columns[0].type == UUIDOID);
	if (index == NULL)
	{
		table_close(relation, NoLock);
		return NULL;
	}
	context = AllocSetContextCreate(parent, "sessionize index queue", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	queue = palloc0(sizeof(IndexQueue));
	queue->context = context;
	queue->table = relation;
	queue->index = index;
	queue->info = BuildIndexInfo(index);
	queue->column = column;
	queue->most = (int64) Max(budget / sizeof(QueuedEntry), LEAST_ENTRIES);
	queue->size = LEAST_ENTRIES;
	queue->entries = palloc(queue->size * sizeof(QueuedEntry));
	MemoryContextSwitchTo(caller);
	return queue;
}

/*
 * index_queue_index returns the index's OID.
 */
Oid
index_queue_index(const IndexQueue *queue)
{
	return RelationGetRelid(queue->index);
}

/*
 * index_queue_put queues the entry of a row.
 */
void
index_queue_put(IndexQueue *queue, TupleTableSlot *slot)
{
	QueuedEntry *entry;
	bool isnull;
	Datum id = slot_getattr(slot, queue->column, &isnull);

	if (isnull)
		elog(ERROR, "a row of table \"%s\" has no id", RelationGetRelationName(queue->table));
	array_reserve(queue->entries, queue->count, queue->size, LEAST_ENTRIES);
	entry = &queue->entries[queue->count++];
	entry->id = *DatumGetUUIDP(id);
	memcpy(&entry->first, entry->id.data, sizeof(entry->first));
	entry->first = pg_ntoh64(entry->first);
	entry->tid = slot->tts_tid;
}

/*
 * index_queue_count returns how many entries are queued.
 */
int64
index_queue_count(const IndexQueue *queue)
{
	return queue->count;
}

/*
 * index_queue_truncate removes the entries from number count on.
 */
void
index_queue_truncate(IndexQueue *queue, int64 count)
{
	Assert(count <= queue->count);
	queue->count = count;
}

/*
 * compare_entries orders entries as the index does.
 */
static int
compare_entries(const void *a, const void *b)
{
	const QueuedEntry *left = a;
	const QueuedEntry *right = b;

	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	return memcmp(left->id.data, right->id.data, UUID_LEN);
}

/*
 * make_entries makes the queued entries.
 */
static void
make_entries(IndexQueue *queue)
{
	qsort(queue->entries, queue->count, sizeof(QueuedEntry), compare_entries);
	for (int64 i = 0; i < queue->count; i++)
	{
		QueuedEntry *entry = &queue->entries[i];
		Datum id = UUIDPGetDatum(&entry->id);
		bool isnull = false;

		pass_progress();
		(void) index_insert(queue->index, &id, &isnull, &entry->tid, queue->table, UNIQUE_CHECK_YES,
							false, queue->info);
	}
	queue->count = 0;
}

/*
 * index_queue_trim makes the entries if they exceed the budget.
 */
void
index_queue_trim(IndexQueue *queue)
{
	if (queue->count > queue->most)
		make_entries(queue);
}

/*
 * index_queue_end makes the entries, closes the index and frees everything.
 */
void
index_queue_end(IndexQueue *queue)
{
	make_entries(queue);
	index_close(queue->index, NoLock);
	table_close(queue->table, NoLock);
	MemoryContextDelete(queue->context);
}
