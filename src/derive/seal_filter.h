/*
 * seal_filter.h
 *		Tells which of a key's records count under a seal: a sealed row always; a raw row that is
 *		sealed never, since its sealed row counts; any other raw row only if it is not before the
 *		horizon.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SEAL_FILTER_H
#define SESSIONIZE_SEAL_FILTER_H

#include "source/record.h"

/* The numbers of records seen. */
typedef struct SealCounts
{
	int64 sealed;
	int64 twins;
	int64 late;
} SealCounts;

/*
 * A sealed row and a raw row are the same row if key, event time, event id and raw id are equal.
 * Such a raw row is the twin of the sealed row.  Of several equal rows each sealed one matches one
 * raw one.  Equal records must come one after the other, sealed ones first.
 */
typedef struct SealFilter
{
	const RecordFormat *format;
	void (*sealed)(void *arg, const Record *record, bool is_first); /* the next three may be NULL */
	void (*twin)(void *arg, const Record *record);                  /* a sealed row's raw row */
	void (*late)(void *arg, const Record *record); /* a raw row before the horizon, not sealed */
	void *arg;

	/*
	 * The first of the equal sealed records seen last.  Must stay valid until another head is set.
	 */
	const Record *head;
	int64 unmatched; /* how many of these sealed records have no twin yet */
	SealCounts counts;
} SealFilter;

/* Forget the records seen, and their numbers. */
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
