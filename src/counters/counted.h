/*
 * counted.h
 *		What is counted for each pipeline.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_COUNTED_H
#define SESSIONIZE_COUNTED_H

/* What the transaction of a refresh spends its time on. */
typedef enum RefreshPhase
{
	REFRESH_NO_PHASE, /* no transaction of a refresh is timed */
	REFRESH_CLAIM,    /* locks, and taking dirty keys out of the log */
	REFRESH_READ,     /* raw rows and stored rows, windows included */
	REFRESH_DERIVE,   /* sorting, removing duplicates, and folding */
	REFRESH_APPLY,    /* members of dimensions, comparing, and writing the difference */
	REFRESH_COMMIT    /* the ledger, the log of runs, and the commit */
} RefreshPhase;

#define REFRESH_PHASES (REFRESH_COMMIT + 1)

typedef enum RunKind
{
	RUN_REFRESH,
	RUN_REBUILD
} RunKind;

#define RUN_KINDS (RUN_REBUILD + 1)

typedef enum RunResult
{
	RUN_DONE,
	RUN_FAILED,
	RUN_INTERRUPTED /* a user or the server has stopped it */
} RunResult;

#define RUN_RESULTS (RUN_INTERRUPTED + 1)

/* The most numbers that a run is counted by (run/run_counters.h). */
#define RUN_COUNTERS_MAX 16

#endif /* SESSIONIZE_COUNTED_H */
