/*
 * key_rows.h
 *		The events of a piece: key by key, in (event_time, event_id, raw_id) order, without the duplicates.
 *
 * A piece that fits into memory is sorted there; any other goes through external sorts, in bounded
 * memory, however many events one key has.  Both ways give the same.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_ROWS_H
#define SESSIONIZE_KEY_ROWS_H

#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"
#include "utils/memutils.h"

#include "derive/seal_filter.h"
#include "derive/spool.h"

/* An event: the first of its copies, and what is known of the others. */
typedef struct KeyRow
{
	const Record *record;
	int64 duplicates;
	int64 conflicts;       /* those of them with another payload */
	int64 shifted;         /* of all copies: those whose event time is not the one the row gives */
	TimestampTz last_copy; /* time of the last copy */
} KeyRow;

/* All that is returned lives in the context the rows were made in, until they end. */
typedef struct KeyRows
{
	bool (*next_key)(struct KeyRows *rows);          /* to the next key, if there is one */
	bool (*next)(struct KeyRows *rows, KeyRow *row); /* the key's next event, if there is one */
	void (*rewind)(struct KeyRows *rows);            /* back to the key's first event */
	void (*restart)(struct KeyRows *rows);           /* back to before the first key */
	void (*end)(struct KeyRows *rows);               /* free what there is */
	bool is_stable;                                  /* records live until next_key, not only until next */
} KeyRows;

/* What duplicates are. */
typedef struct DedupRules
{
	const RecordFormat *format;
	uint64 window;    /* a copy at most this long after the one before it is a duplicate */
	SealFilter *seal; /* what counts at all; NULL: everything */
} DedupRules;

/* The kilobytes that a sort gets out of a budget in bytes. */
static inline int
sort_memory(Size budget)
{
	return (int) Max(64, Min(budget / 1024, (Size) MAX_KILOBYTES));
}

#endif /* SESSIONIZE_KEY_ROWS_H */
