/*
 * stale_keys.c
 *		The session keys whose rows of the star may be behind the raw rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "capture/capture_table.h"
#include "catalog/raw_tree.h"
#include "dirty/backfill.h"
#include "dirty/dirty.h"
#include "dirty/failed_keys.h"
#include "dirty/rebuild_need.h"
#include "dirty/stale_keys.h"
#include "live/live_rows.h"
#include "spi/row_query.h"

/*
 * stale_keys_create makes an empty set.
 */
StaleKeys *
stale_keys_create(const Pipeline *pipeline)
{
	StaleKeys *stale = palloc0(sizeof(StaleKeys));

	dirty_key_type_init(&stale->type, pipeline->types[SRC_SESSION_KEY]);
	key_hash_init(&stale->keys, &stale->type, 0, CurrentMemoryContext);
	return stale;
}

/*
 * stale_keys_add adds a key.
 */
void
stale_keys_add(StaleKeys *stale, Datum key, bool isnull)
{
	Datum packed;
	bool found;

	stale->has_null |= isnull;
	if (isnull)
		return;
	packed = key_type_pack(&stale->type, key);
	key_hash_reserve(&stale->keys, 1);
	(void) key_hash_insert(&stale->keys, packed, false, key_hash_of(&stale->keys, packed, false), &found);
}

/*
 * add_row adds the key of a row.
 */
static void
add_row(void *arg, TupleTableSlot *slot)
{
	bool isnull;
	Datum key = slot_getattr(slot, 1, &isnull);

	stale_keys_add((StaleKeys *) arg, key, isnull);
}

/*
 * add_key adds the key of a raw row.
 */
static void
add_key(void *arg, Datum key, bool isnull)
{
	stale_keys_add((StaleKeys *) arg, key, isnull);
}

/*
 * add_detaching adds the keys of partitions whose DETACH CONCURRENTLY is not finished: the active snapshot
 * does not see their rows in the raw table any more, and they are logged when it is.
 */
static void
add_detaching(StaleKeys *stale, const Pipeline *pipeline)
{
	ListCell *cell;

	foreach (cell, raw_tree_members(pipeline->source, GetActiveSnapshot()))
	{
		const RawMember *member = lfirst(cell);

		if (member->is_detaching && raw_member_has_rows(member))
			capture_visit_keys(member->relid, pipeline->id, add_key, stale);
	}
}

/*
 * load adds the keys that failed, those that a query returns, and those of partitions being detached.
 */
static StaleKeys *
load(const Pipeline *pipeline, const char *query)
{
	StaleKeys *stale = stale_keys_create(pipeline);
	int64 count;
	DirtyKey *failed = failed_keys_load(pipeline, &count);

	for (int64 i = 0; i < count; i++)
		stale_keys_add(stale, failed[i].key, failed[i].isnull);
	SPI_connect();
	row_query(query, add_row, stale);
	SPI_finish();
	add_detaching(stale, pipeline);
	return stale;
}

/*
 * stale_keys_load finds the keys.
 */
StaleKeys *
stale_keys_load(const Pipeline *pipeline)
{
	if (!pipeline->capture || !pipeline->built || rebuild_need_any(pipeline))
		return NULL;
	return load(pipeline, psprintf("SELECT d.session_key FROM %s", dirty_rows_sql(pipeline)));
}

/*
 * stale_keys_load_unbuilt finds the keys, of a star that is being built as well.
 */
StaleKeys *
stale_keys_load_unbuilt(const Pipeline *pipeline)
{
	if (pipeline->built)
		return stale_keys_load(pipeline);
	if (!pipeline->capture || rebuild_need_any(pipeline) || !backfill_is_stale(pipeline))
		return NULL;
	return load(pipeline, live_keys_sql(pipeline));
}

/*
 * stale_keys_has tells whether a key is among them.
 */
bool
stale_keys_has(const StaleKeys *stale, Datum key, bool isnull)
{
	if (isnull)
		return stale->has_null;
	if (stale->keys.count == 0)
		return false;
	key = key_type_pack(&stale->type, key);
	return key_hash_find(&stale->keys, key, false, key_hash_of(&stale->keys, key, false)) != NULL;
}

/*
 * stale_keys_table returns the keys as rows.
 */
ClaimedKeys *
stale_keys_table(const StaleKeys *stale, const Pipeline *pipeline)
{
	ClaimedKeys *table = claimed_keys_create(pipeline->types[SRC_SESSION_KEY]);

	for (uint32 i = 0; i < stale->keys.count; i++)
		claimed_keys_add(table, key_hash_entry(&stale->keys, i)->key, false);
	table->has_null = stale->has_null;
	return table;
}
