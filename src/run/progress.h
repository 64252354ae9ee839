/*
 * progress.h
 *		Live counters of the rebuild or seal of this session, for other sessions to read.
 *
 * They lie in a segment of dynamic shared memory, so that nothing has to be preloaded.  If there is
 * no segment to be had, everything works, but the counters are not seen.
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

/* Whether the session works, or what it waits for. */
typedef enum RebuildState
{
	STATE_WORKING,
	STATE_RESTING, /* as the throttle says */
	STATE_WAITING  /* for refreshes at work, or a lock of another session */
} RebuildState;

typedef enum ProgressCounter
{
	PROGRESS_ROWS_READ,
	PROGRESS_ROWS_ESTIMATED, /* negative: unknown */
	PROGRESS_PIECES_TOTAL,   /* 0: not known yet */
	PROGRESS_PIECES_DONE,
	PROGRESS_EVENTS,
	PROGRESS_SESSIONS,
	PROGRESS_DONE_AFTER, /* a TimestampTz; DT_NOEND: not known */
	PROGRESS_COUNTERS
} ProgressCounter;

/* Make the counters.  Returns the handle by which others find them; 0 if there are none. */
extern uint32 progress_begin(void);

/* The counters belong to this run; a seal has the negative id of its pipeline. */
extern void progress_set_run(int64 run_id);

extern void progress_phase(RebuildPhase phase);
extern void progress_state(RebuildState state);
extern void progress_set(ProgressCounter counter, int64 value);
extern void progress_add(ProgressCounter counter, int64 value);

extern void progress_end(void);

#endif /* SESSIONIZE_PROGRESS_H */
