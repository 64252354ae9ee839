/*
 * progress.h
 *		Live counters of the rebuild or seal this session does, for other sessions to read.
 *
 * They lie in a segment of dynamic shared memory, so nothing has to be preloaded; where there is none
 * to be had, everything works but nobody sees the counters.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PROGRESS_H
#define SESSIONIZE_PROGRESS_H

#include "postgres.h"

typedef enum RebuildPhase
{
	PHASE_STARTING,
	PHASE_READING,
	PHASE_WRITING,
	PHASE_INDEXES,
	PHASE_ANALYZING,
	PHASE_SEALING
} RebuildPhase;

/* What it waits for. */
typedef enum RebuildState
{
	STATE_WORKING,
	STATE_RESTING, /* as its throttle says */
	STATE_WAITING  /* for refreshes at work, or another's lock */
} RebuildState;

typedef enum ProgressCounter
{
	PROGRESS_ROWS_READ,
	PROGRESS_ROWS_ESTIMATED, /* negative: unknown */
	PROGRESS_PIECES_TOTAL,   /* 0: not known yet */
	PROGRESS_PIECES_DONE,
	PROGRESS_EVENTS,
	PROGRESS_SESSIONS,
	PROGRESS_DONE_AFTER, /* a time: DT_NOEND where it is not known */
	PROGRESS_COUNTERS
} ProgressCounter;

/* Make the counters; returns the handle others find them by, 0 where there are none. */
extern uint32 progress_begin(void);

/* From then on they are those of this run; a seal's is a number that no run has, less than 0. */
extern void progress_set_run(int64 run_id);

extern void progress_phase(RebuildPhase phase);
extern void progress_state(RebuildState state);
extern void progress_set(ProgressCounter counter, int64 value);
extern void progress_add(ProgressCounter counter, int64 value);

extern void progress_end(void);

#endif /* SESSIONIZE_PROGRESS_H */
