/*
 * rebuild.h
 *		The star becomes what the raw rows say: all of it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REBUILD_H
#define SESSIONIZE_REBUILD_H

#include "postgres.h"

#include "rebuild/rebuild_options.h"

/*
 * Rebuild the pipeline of this name, or go on with a rebuild that was interrupted.  Commits many times: the
 * caller has a nonatomic connection to SPI.  parent outlives transactions.  False, with max_pieces, where another session is at
 * it.
 */
extern bool rebuild_pipeline(const char *name, MemoryContext parent, RebuildOptions options);

#endif /* SESSIONIZE_REBUILD_H */
