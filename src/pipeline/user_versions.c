/*
 * user_versions.c
 *		The versions of one session key's user, found by when they begin.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "pipeline/user_versions.h"
#include "utils/memutils.h"

typedef struct UserVersion
{
	TimestampTz valid_from;
	int32 user_key;
} UserVersion;

struct UserVersions
{
	UserVersion *items; /* ascending by valid_from */
	int64 count;
	int64 capacity;
};

/*
 * user_versions_create makes an empty list.
 */
UserVersions *
user_versions_create(MemoryContext parent)
{
	UserVersions *versions = MemoryContextAllocZero(parent, sizeof(UserVersions));

	versions->capacity = 16;
	versions->items = MemoryContextAlloc(parent, versions->capacity * sizeof(UserVersion));
	return versions;
}

/*
 * user_versions_add adds the key's next version.
 */
void
user_versions_add(UserVersions *versions, TimestampTz valid_from, int32 user_key)
{
	if (TIMESTAMP_IS_NOBEGIN(valid_from))
		versions->count = 0;
	if (versions->count == versions->capacity)
	{
		versions->capacity *= 2;
		versions->items = repalloc_huge(versions->items, versions->capacity * sizeof(UserVersion));
	}
	versions->items[versions->count].valid_from = valid_from;
	versions->items[versions->count++].user_key = user_key;
}

/*
 * user_versions_find searches the version that begins then.
 */
int32
user_versions_find(const UserVersions *versions, TimestampTz valid_from)
{
	int64 low = 0;
	int64 high = versions->count;

	while (low < high)
	{
		int64 middle = low + (high - low) / 2;

		if (versions->items[middle].valid_from < valid_from)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == versions->count || versions->items[low].valid_from != valid_from)
		elog(ERROR, "a derived row refers to a user version that was not derived");
	return versions->items[low].user_key;
}
