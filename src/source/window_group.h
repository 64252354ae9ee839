/*
 * window_group.h
 *		Choosing the windows whose raw rows are read together: those of all their keys in one
 *		range of time, in the order of the table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WINDOW_GROUP_H
#define SESSIONIZE_WINDOW_GROUP_H

#include "spi/key_relation.h"

typedef struct WindowGroup
{
	KeyList keys;
	TimestampTz first; /* of the rows to read; no other window begins then or later */
	TimestampTz last;
} WindowGroup;

/* Choose the group with the least cost of reading, in CurrentMemoryContext; it may be empty. */
extern WindowGroup window_group_choose(const WindowList *list);

#endif /* SESSIONIZE_WINDOW_GROUP_H */
