/*
 * dirty_key.c
 *		An entry of a dirty log: a session key, and a range of event time.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "utils/lsyscache.h"

#include "catalog/pipeline.h"
#include "dirty/dirty_key.h"

/*
 * dirty_lane returns the lane of a key.
 */
int
dirty_lane(const Pipeline *pipeline, Datum session_key, bool isnull)
{
	return isnull ? 0 : dirty_lane_of_hash(value_hash_by_oid(pipeline->types[SRC_SESSION_KEY], session_key));
}

/*
 * dirty_key_type_init looks the key's type up for a hash of keys.
 */
void
dirty_key_type_init(KeyType *type, Oid key_type)
{
	Oid collation = OidIsValid(get_typcollation(key_type)) ? C_COLLATION_OID : InvalidOid;

	key_type_init(type, key_type, collation, "session_key", CurrentMemoryContext);
}
