/*
 * user_versions.h
 *		The versions of one session key's user, found by when they begin.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_USER_VERSIONS_H
#define SESSIONIZE_USER_VERSIONS_H

#include "postgres.h"

#include "datatype/timestamp.h"

typedef struct UserVersions UserVersions;

extern UserVersions *user_versions_create(MemoryContext parent);

/* Add the key's next version; one that begins at -infinity is the first of a new key. */
extern void user_versions_add(UserVersions *versions, TimestampTz valid_from, int32 user_key);

/* The surrogate key of the version that begins then. */
extern int32 user_versions_find(const UserVersions *versions, TimestampTz valid_from);

#endif /* SESSIONIZE_USER_VERSIONS_H */
