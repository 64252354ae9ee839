/*
 * version_list.h
 *		The instants at which one key's user changes: few as a rule, any number in bounded memory.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_VERSION_LIST_H
#define SESSIONIZE_VERSION_LIST_H

#include "postgres.h"

#include "utils/timestamp.h"

typedef struct VersionList VersionList;

/* In CurrentMemoryContext and for this transaction. */
extern VersionList *version_list_create(void);

/* Empty the list. */
extern void version_list_reset(VersionList *list);

/* Add an instant, after all others. */
extern void version_list_add(VersionList *list, TimestampTz valid_from);

/* From here on read from the first. */
extern void version_list_rewind(VersionList *list);

/* The latest instant of the list at or before time, which must not go back; DT_NOBEGIN before the first. */
extern TimestampTz version_list_at(VersionList *list, TimestampTz time);

#endif /* SESSIONIZE_VERSION_LIST_H */
