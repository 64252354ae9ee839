/*
 * dedup.h
 *		Which of one key's rows are duplicates of an earlier one, in memory.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DEDUP_H
#define SESSIONIZE_DEDUP_H

#include "derive/key_rows.h"

/* What is found out about each row. */
typedef struct CopyState
{
	uint32 head;       /* the row that is the event; itself unless a duplicate */
	uint32 duplicates; /* of a head */
	uint32 conflicts;
	uint32 shifted; /* duplicates of it whose event time is not the one the row gives */
	uint32 last;    /* its last duplicate; itself where there is none */
} CopyState;

typedef struct Dedup Dedup;

/* In CurrentMemoryContext. */
extern Dedup *dedup_create(const DedupRules *rules);

/* An entry of the array to sort. */
typedef struct SortItem
{
	uint64 hash;
	TimestampTz time;
	const Record *record;
} SortItem;

/* The states of one key's n sorted rows; they live until the next call. */
extern const CopyState *dedup_key(Dedup *dedup, const SortItem *items, uint32 n);

#endif /* SESSIONIZE_DEDUP_H */
