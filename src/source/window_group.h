/*
 * window_group.h
 *		Which windows' raw rows are read together: those of their keys in one range of time, in the order of the table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WINDOW_GROUP_H
#define SESSIONIZE_WINDOW_GROUP_H

#include "spi/key_relation.h"

typedef struct WindowGroup
{
	KeyList keys;
	TimestampTz
		first; /* their raw rows from first to last are read; all windows that begin at first or later are of the group */
	TimestampTz last;
} WindowGroup;

/* Choose the group for which there is least to read, in CurrentMemoryContext; it may be empty. */
extern WindowGroup window_group_choose(const WindowList *list);

#endif /* SESSIONIZE_WINDOW_GROUP_H */
