/*
 * stale_keys.c
 *		A set of session keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pipeline.h"
#include "dirty/dirty_key.h"
#include "dirty/stale_keys.h"
#include "spi/key_relation.h"

/*
 * stale_keys_create returns an empty set.
 */
StaleKeys *
stale_keys_create(const Pipeline *pipeline)
{
	StaleKeys *stale = palloc0(sizeof(StaleKeys));

	key_type_init_id(&stale->type, pipeline->types[SRC_SESSION_KEY]);
	key_hash_init(&stale->keys, &stale->type, 0, CurrentMemoryContext);
	return stale;
}

/*
 * stale_keys_add adds a key.
 */
void
stale_keys_add(StaleKeys *stale, Datum key, bool isnull)
{
	bool found;

	stale->has_null |= isnull;
	if (isnull)
		return;
	(void) key_hash_add(&stale->keys, key_type_pack(&stale->type, key), false, &found);
}

/*
 * stale_keys_has tells whether a key is in the set.
 */
bool
stale_keys_has(const StaleKeys *stale, Datum key, bool isnull)
{
	if (isnull)
		return stale->has_null;
	return stale->keys.count > 0 &&
		   key_hash_lookup(&stale->keys, key_type_pack(&stale->type, key)) != NULL;
}

/*
 * stale_keys_table returns the keys as a relation for queries.
 */
KeyRelation *
stale_keys_table(const StaleKeys *stale, const Pipeline *pipeline)
{
	KeyRelation *table = key_relation_create(pipeline->types[SRC_SESSION_KEY]);

	for (uint32 i = 0; i < stale->keys.count; i++)
		key_relation_add(table, key_hash_entry(&stale->keys, i)->key, false);
	table->has_null = stale->has_null;
	return table;
}
