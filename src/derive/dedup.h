/*
 * dedup.h
 *		Finds, in memory, which of one key's rows are duplicates of earlier rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DEDUP_H
#define SESSIONIZE_DEDUP_H

#include "derive/key_rows.h"

/* The result for each row. */
typedef struct CopyState
{
	uint32 head;       /* index of the row that is the event: itself unless it is a duplicate */
	uint32 duplicates; /* of this event; 0 for a duplicate */
	uint32 conflicts;
	uint32 shifted; /* duplicates of this event that are shifted rows (glossary) */
	uint32 last;    /* index of the event's last duplicate; itself if there is none */
} CopyState;

typedef struct Dedup Dedup;

/* Create in CurrentMemoryContext; used for one key after the other. */
extern Dedup *dedup_create(const DedupRules *rules);

/* An entry of the array to sort. */
typedef struct SortItem
{
	uint64 hash;
	TimestampTz time;
	const Record *record;
} SortItem;

/*
 * Returns an array with the states of one key's n rows, which must be sorted by time.  The array
 * lives until the next call.
 */
extern const CopyState *dedup_key(Dedup *dedup, const SortItem *items, uint32 n);

#endif /* SESSIONIZE_DEDUP_H */
