/*
 * version_list.h
 *		The versions of one key's user: few as a rule, any number in bounded memory.
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
	int32 user_key; /* its surrogate key, for who knows it */
} UserVersion;

typedef struct VersionList VersionList;

/* In CurrentMemoryContext.  What is in it is there for the current transaction. */
extern VersionList *version_list_create(void);

/* Empty the list. */
extern void version_list_reset(VersionList *list);

/* Add a version that begins after all others. */
extern void version_list_add(VersionList *list, UserVersion version);

/*
 * The latest version that begins at or before time; one at DT_NOBEGIN before the first.  The time must not go back from
 * call to call, but may after more versions were added.
 */
extern const UserVersion *version_list_at(VersionList *list, TimestampTz time);

#endif /* SESSIONIZE_VERSION_LIST_H */
