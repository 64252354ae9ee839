/*
 * rowset.c
 *		A multiset of rows in memory, with a search for an equal row or one with the same
 *		identity.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "executor/executor.h"
#include "port/pg_bitutils.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "utils/rowset.h"

#define NO_ENTRY UINT32_MAX

typedef struct RowEntry
{
	MinimalTuple tuple;
	uint32 hash;
	uint32 next; /* the next entry in the bucket, or NO_ENTRY */
	bool matched;
} RowEntry;

struct RowSet
{
	MemoryContext context;
	const RowShape *shape;
	TupleTableSlot *slot;
	RowEntry *entries;
	uint32 *buckets;
	uint32 mask;
	int64 count;
	int64 capacity;
};

/*
 * rowset_create returns an empty set with room for so many rows.
 */
RowSet *
rowset_create(MemoryContext parent, const RowShape *shape, int64 rows)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize rowset", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	RowSet *set = palloc0(sizeof(RowSet));
	uint32 nbuckets;

	if (rows >= PG_INT32_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many rows to compare at once")));
	nbuckets = pg_nextpower2_32((uint32) Max(rows, 16));
	set->context = context;
	set->shape = shape;
	set->slot = MakeSingleTupleTableSlot(shape->desc, &TTSOpsMinimalTuple);
	set->capacity = rows;
	set->mask = nbuckets - 1;
	set->entries = MemoryContextAllocHuge(context, Max(rows, 1) * sizeof(RowEntry));
	set->buckets = MemoryContextAllocHuge(context, nbuckets * sizeof(uint32));
	memset(set->buckets, 0xFF, nbuckets * sizeof(uint32));
	MemoryContextSwitchTo(oldcontext);
	return set;
}

/*
 * rowset_free frees the set.
 */
void
rowset_free(RowSet *set)
{
	ExecDropSingleTupleTableSlot(set->slot);
	MemoryContextDelete(set->context);
}

/*
 * rowset_hash hashes a row's identity.
 */
uint32
rowset_hash(const RowShape *shape, const Datum *values, const bool *isnull)
{
	uint32 hash = 0;

	for (int i = 0; i < shape->identity; i++)
	{
		Form_pg_attribute att = TupleDescAttr(shape->desc, i);

		hash = hash_combine(
			hash, isnull[i] ? 0 : datum_image_hash(values[i], att->attbyval, att->attlen));
	}
	return hash;
}

/*
 * rowset_add adds a copy of a row.
 */
void
rowset_add(RowSet *set, TupleTableSlot *row)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(set->context);
	RowEntry *entry;
	uint32 *bucket;

	if (set->count >= set->capacity)
		elog(ERROR, "a rowset for " INT64_FORMAT " rows is full", set->capacity);
	slot_getsomeattrs(row, set->shape->identity);
	entry = &set->entries[set->count];
	entry->tuple = ExecCopySlotMinimalTuple(row);
	entry->hash = rowset_hash(set->shape, row->tts_values, row->tts_isnull);
	entry->matched = false;
	bucket = &set->buckets[entry->hash & set->mask];
	entry->next = *bucket;
	*bucket = (uint32) set->count++;
	MemoryContextSwitchTo(oldcontext);
}

/*
 * value_equals tells whether two values that are not NULL have the same bytes.
 */
static inline bool
value_equals(Form_pg_attribute att, Datum a, Datum b)
{
	return att->attbyval ? a == b : datum_image_eq(a, b, false, att->attlen);
}

/*
 * columns_equal tells whether the columns [from, to) of two rows have the same bytes.
 */
static bool
columns_equal(const RowShape *shape, int from, int to, const Datum *values, const bool *isnull,
			  const TupleTableSlot *stored)
{
	for (int i = from; i < to; i++)
	{
		Form_pg_attribute att = TupleDescAttr(shape->desc, i);

		if (isnull[i] != stored->tts_isnull[i])
			return false;
		if (!isnull[i] && !value_equals(att, values[i], stored->tts_values[i]))
			return false;
	}
	return true;
}

/*
 * entry_slot returns an entry's row, deformed.
 */
static TupleTableSlot *
entry_slot(RowSet *set, const RowEntry *entry)
{
	ExecStoreMinimalTuple(entry->tuple, set->slot, false);
	slot_getallattrs(set->slot);
	return set->slot;
}

/*
 * take_entry marks an entry as matched and unlinks it, so that a search among many equal rows need
 * not pass the rows that are already matched.
 */
static RowEntry *
take_entry(RowSet *set, uint32 *link)
{
	RowEntry *entry = &set->entries[*link];

	*link = entry->next;
	entry->matched = true;
	return entry;
}

/*
 * rowset_match takes a row that equals the given one, or else one with the same identity.
 */
RowMatch
rowset_match(RowSet *set, const Datum *values, const bool *isnull, TupleTableSlot **found)
{
	const RowShape *shape = set->shape;
	uint32 hash = rowset_hash(shape, values, isnull);
	uint32 *different = NULL;

	for (uint32 *link = &set->buckets[hash & set->mask]; *link != NO_ENTRY;
		 link = &set->entries[*link].next)
	{
		RowEntry *entry = &set->entries[*link];
		TupleTableSlot *stored;

		if (entry->hash != hash)
			continue;
		stored = entry_slot(set, entry);
		if (!columns_equal(shape, 0, shape->identity, values, isnull, stored))
			continue;
		if (columns_equal(shape, shape->identity, shape->compared, values, isnull, stored))
		{
			(void) take_entry(set, link);
			*found = stored;
			return ROW_SAME;
		}
		if (different == NULL)
			different = link;
	}
	*found = different ? entry_slot(set, take_entry(set, different)) : NULL;
	return different ? ROW_DIFFERENT : ROW_MISSING;
}

/*
 * rowset_unmatched returns the next row that was never matched.
 */
TupleTableSlot *
rowset_unmatched(RowSet *set, int64 *position)
{
	while (*position < set->count)
	{
		RowEntry *entry = &set->entries[(*position)++];

		if (!entry->matched)
			return entry_slot(set, entry);
	}
	return NULL;
}
