/*
 * rebuild.h
 *		The star becomes what the raw rows say: all of it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REBUILD_H
#define SESSIONIZE_REBUILD_H

#include "postgres.h"

/*
 * Rebuild the pipeline of this name, or go on with a rebuild that was interrupted.  Commits many times: the
 * caller has a nonatomic connection to SPI.  parent outlives transactions.  throttle: the part of the time to be at
 * work.
 */
extern void rebuild_pipeline(const char *name, MemoryContext parent, double throttle);

#endif /* SESSIONIZE_REBUILD_H */
