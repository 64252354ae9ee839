/*
 * stale_keys.c
 *		The session keys whose rows of the star may be behind the raw rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/spi.h"
#include "pipeline/dirty.h"
#include "pipeline/failed_keys.h"
#include "pipeline/rebuild_need.h"
#include "pipeline/row_query.h"
#include "pipeline/stale_keys.h"
#include "utils/builtins.h"

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
 * add_dirty_row adds the key of a row of the dirty log.
 */
static void
add_dirty_row(void *arg, TupleTableSlot *slot)
{
	bool isnull;
	Datum key = slot_getattr(slot, 1, &isnull);

	stale_keys_add((StaleKeys *) arg, key, isnull);
}

/*
 * stale_keys_load finds the keys.
 */
StaleKeys *
stale_keys_load(const Pipeline *pipeline)
{
	StaleKeys *stale;
	DirtyKey *failed;
	int64 count;

	if (!pipeline->capture || !pipeline->built || rebuild_need_any(pipeline))
		return NULL;
	stale = stale_keys_create(pipeline);
	failed = failed_keys_load(pipeline, &count);
	for (int64 i = 0; i < count; i++)
		stale_keys_add(stale, failed[i].key, failed[i].isnull);
	SPI_connect();
	row_query(psprintf("SELECT d.session_key FROM %s", dirty_rows_sql(pipeline)), add_dirty_row, stale);
	SPI_finish();
	return stale;
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
