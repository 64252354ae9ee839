/*
 * window_choice.h
 *		How windows are chosen: private to window.c, window_cut.c and window_check.c.
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
	SzCause cause; /* why it starts; SZ_CAUSES: not known, SZ_FIRST_EVENT: nothing before */
	ValueDigest seen_before; /* last value of restart_on_change before it */
} Stored;

/* A dirty key that may get a window. */
typedef struct Candidate
{
	const DirtyKey *dirty;
	/* the window's end must lie after this, and dirty->hi or later; DT_NOEND: no end is wanted */
	TimestampTz until;
	Window window;
	int nbefore;
	int nafter;
	Stored *before;  /* the last sessions that start before the change, the latest first */
	Stored *after;   /* the first sessions that start after the change, the earliest first */
	bool is_open;    /* no window has been decided upon */
	bool is_near;    /* the window was cut without regard to duplicates */
	bool is_crossed; /* duplicates are, or may be, on both sides of a cut */
	bool fits;
} Candidate;

typedef struct Chooser
{
	const Pipeline *pipeline;
	const SourceMapping *mapping;
	MemoryContext context;
	/* how far apart two neighbouring copies may be (dedup_window); 0: there are none */
	uint64 reach;
	bool ids_are_unique; /* duplicates may be stored that came before the index */
	/*
	 * windows may be cut without regard to duplicates, if it is proved afterwards that none cross
	 * the cuts
	 */
	bool may_be_near;
	int look_at;
	Candidate *candidates;
	int count;
} Chooser;

/* The candidate that a row of a query belongs to: the row's first column is its number. */
static inline Candidate *
candidate_of(Chooser *chooser, TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	return &chooser->candidates[DatumGetInt32(slot->tts_values[0])];
}

/* A time so many microseconds earlier, or later; infinite if it is out of range. */
static inline TimestampTz
minus(TimestampTz time, uint64 usecs)
{
	return TIMESTAMP_NOT_FINITE(time) || usecs > sz_elapsed(MIN_TIMESTAMP, time)
			   ? DT_NOBEGIN
			   : time - (int64) usecs;
}

static inline TimestampTz
plus(TimestampTz time, uint64 usecs)
{
	return TIMESTAMP_NOT_FINITE(time) || usecs >= sz_elapsed(time, END_TIMESTAMP)
			   ? DT_NOEND
			   : time + (int64) usecs;
}

/*
 * Whether a window may begin at a time: all rows in it must lie so far after the seal's horizon
 * that none can be a copy of a sealed row.  A unique index of the raw table proves nothing here,
 * since sealed rows are not in it.
 */
static inline bool
is_clear_of_seal(const Chooser *chooser, TimestampTz since)
{
	return !chooser->pipeline->has_seal ||
		   minus(since, chooser->reach) >= chooser->pipeline->sealed_before;
}

#endif /* SESSIONIZE_WINDOW_CHOICE_H */
