/*
 * window_choice.h
 *		How windows are chosen: what window.c, window_cut.c and window_check.c share, and nobody else sees.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WINDOW_CHOICE_H
#define SESSIONIZE_WINDOW_CHOICE_H

#include "executor/tuptable.h"

#include "catalog/pipeline.h"
#include "core/core.h"
#include "dirty/dirty_key.h"
#include "source/source_mapping.h"
#include "window/window_bounds.h"

/* A stored session. */
typedef struct Stored
{
	TimestampTz started_at;
	TimestampTz ended_at;
	pg_uuid_t id;
} Stored;

/* A key that may have a window. */
typedef struct Candidate
{
	const DirtyKey *dirty;
	TimestampTz until; /* a cut comes after this, and not before dirty->hi; DT_NOEND: none is wanted */
	Window window;
	int nbefore;
	int nafter;
	Stored *before;  /* the last that start before the change, the latest first */
	Stored *after;   /* the first that start after it */
	bool is_open;    /* no window has been decided upon */
	bool is_near;    /* the window is cut without regard to duplicates */
	bool is_crossed; /* and they are, or may be, on both sides of a cut */
	bool fits;
} Candidate;

typedef struct Chooser
{
	const Pipeline *pipeline;
	const SourceMapping *mapping;
	MemoryContext context;
	uint64 reach;        /* how far a duplicate may be from the copy before it; 0: there are none */
	bool ids_are_unique; /* but there may be duplicates of when they were not */
	bool
		may_be_near; /* windows may be cut without regard to duplicates, to prove afterwards that none cross */
	int look_at;
	Candidate *candidates;
	int count;
} Chooser;

/* The candidate that a row of a query belongs to, which is its first column. */
static inline Candidate *
candidate_of(Chooser *chooser, TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	return &chooser->candidates[DatumGetInt32(slot->tts_values[0])];
}

/* A time so much earlier, and later, infinity where that is out of range. */
static inline TimestampTz
minus(TimestampTz time, uint64 usecs)
{
	return TIMESTAMP_NOT_FINITE(time) || usecs > sz_elapsed(MIN_TIMESTAMP, time) ? DT_NOBEGIN
																				 : time - (int64) usecs;
}

static inline TimestampTz
plus(TimestampTz time, uint64 usecs)
{
	return TIMESTAMP_NOT_FINITE(time) || usecs >= sz_elapsed(time, END_TIMESTAMP) ? DT_NOEND
																				  : time + (int64) usecs;
}

/*
 * Whether a window may begin at a time: where no row that is read with it is before the seal's horizon, nor any that one in it may be
 * a copy of.  Of sealed rows no index of the raw table knows, so it doesn't matter what keeps ids unique there.
 */
static inline bool
is_clear_of_seal(const Chooser *chooser, TimestampTz since)
{
	return !chooser->pipeline->has_seal || minus(since, chooser->reach) >= chooser->pipeline->sealed_before;
}

#endif /* SESSIONIZE_WINDOW_CHOICE_H */
