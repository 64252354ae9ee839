/*
 * key_rows.h
 *		The events of a piece: key by key, in (event_time, event_id, raw_id) order, without
 *		duplicates.
 *
 * A piece that fits into memory is sorted in memory.  Any other goes through external sorts, which
 * need bounded memory however many events one key has.  The results are equal.
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

/* An event: the first of its copies, and what is known of the other copies. */
typedef struct KeyRow
{
	const Record *record;
	int64 duplicates;
	int64 conflicts;       /* duplicates with another payload */
	int64 shifted;         /* copies, with the event, whose event time is not the one they give */
	TimestampTz last_copy; /* time of the last copy */
} KeyRow;

/*
 * An iterator over keys and their events.  Everything returned lives in the memory context in which
 * the KeyRows were made, until end is called or, if not is_stable, the next call of next.
 */
typedef struct KeyRows
{
	bool (*next_key)(struct KeyRows *rows);          /* go to the next key; false: none is left */
	bool (*next)(struct KeyRows *rows, KeyRow *row); /* the key's next event; false: none is left */
	void (*rewind)(struct KeyRows *rows);            /* go back to the key's first event */
	void (*restart)(struct KeyRows *rows);           /* go back to before the first key */
	void (*end)(struct KeyRows *rows);               /* free everything */
	bool is_stable;                                  /* records live until next_key */
} KeyRows;

/* What counts as a duplicate. */
typedef struct DedupRules
{
	const RecordFormat *format;
	uint64 window;    /* a copy at most this long after the previous copy is a duplicate */
	SealFilter *seal; /* tells which records count; NULL: all */
} DedupRules;

/* The memory for a sort, in kilobytes, from a budget in bytes. */
static inline int
sort_memory(Size budget)
{
	return (int) Max(64, Min(budget / 1024, (Size) MAX_KILOBYTES));
}

#endif /* SESSIONIZE_KEY_ROWS_H */
