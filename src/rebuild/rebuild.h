/*
 * rebuild.h
 *		The star becomes what the raw rows say: all of it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REBUILD_H
#define SESSIONIZE_REBUILD_H

#include "postgres.h"

#include "run/run.h"

typedef struct RebuildOptions
{
	double throttle; /* the part of the time to be at work */
	RebuildOrder order;
	int max_pieces; /* of one that has left keys to do (backfill.h): do so many of its pieces, if it is nobody else's turn; 0: all */
} RebuildOptions;

/*
 * Rebuild the pipeline of this name, or go on with a rebuild that was interrupted.  Commits many times: the
 * caller has a nonatomic connection to SPI.  parent outlives transactions.  False, with max_pieces, where another session is at
 * it.
 */
extern bool rebuild_pipeline(const char *name, MemoryContext parent, RebuildOptions options);

#endif /* SESSIONIZE_REBUILD_H */
