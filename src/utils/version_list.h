/*
 * version_list.h
 *		The user versions of one session key: usually few, but any number fits, in bounded memory.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_VERSION_LIST_H
#define SESSIONIZE_VERSION_LIST_H

#include "postgres.h"

#include "utils/timestamp.h"

typedef struct UserVersion
{
	TimestampTz valid_from;
	int32 user_key; /* the surrogate key, if the caller knows it */
} UserVersion;

typedef struct VersionList VersionList;

/* Create a list, in CurrentMemoryContext, for the current transaction. */
extern VersionList *version_list_create(void);

/* Empty the list. */
extern void version_list_reset(VersionList *list);

/* Add a version that begins after all others. */
extern void version_list_add(VersionList *list, UserVersion version);

/*
 * The latest version that begins at or before the given time; before the first version one that
 * begins at DT_NOBEGIN. From call to call the time must not decrease, unless versions were added in
 * between.
 */
extern const UserVersion *version_list_at(VersionList *list, TimestampTz time);

#endif /* SESSIONIZE_VERSION_LIST_H */
