/*
 * seal_filter.h
 *		Which of a key's records count, where there are sealed rows: a sealed row always, a raw row that is sealed
 *		never again, a raw row before the horizon only if it is sealed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SEAL_FILTER_H
#define SESSIONIZE_SEAL_FILTER_H

#include "source/record.h"

/* How many records there were. */
typedef struct SealCounts
{
	int64 sealed;
	int64 twins;
	int64 late;
} SealCounts;

/*
 * A sealed row and a raw row are the same row when key, event time, event id and raw id are; of several such rows each
 * counts for one.  Records must come so that those of the same row are side by side, sealed ones first.
 */
typedef struct SealFilter
{
	const RecordFormat *format;
	void (*sealed)(void *arg, const Record *record, bool is_first); /* NULL: not wanted */
	void (*twin)(void *arg, const Record *record); /* a raw row that one of those is; likewise */
	void (*late)(void *arg, const Record *record); /* likewise */
	void *arg;

	const Record *head; /* the first of the sealed records at hand; it has to stay until another is */
	int64 unmatched;    /* those of them that no raw row was found for */
	SealCounts counts;
} SealFilter;

/* Forget the records that have come, and how many there were. */
static inline void
seal_filter_reset(SealFilter *filter)
{
	filter->head = NULL;
	filter->unmatched = 0;
	filter->counts = (SealCounts){0};
}

/* Tell whether the next record counts. */
extern bool seal_filter_keeps(SealFilter *filter, const Record *record);

#endif /* SESSIONIZE_SEAL_FILTER_H */
