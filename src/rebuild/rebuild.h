/*
 * rebuild.h
 *		Derives the whole star from all raw rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REBUILD_H
#define SESSIONIZE_REBUILD_H

#include "postgres.h"

#include "rebuild/rebuild_options.h"

/*
 * Rebuild the pipeline of this name, or resume a rebuild that was interrupted.  Commits many times:
 * the caller has a nonatomic connection to SPI, and parent outlives the transactions.  Returns
 * false if options.max_pieces is set and another session is rebuilding the pipeline; without
 * max_pieces that is an error.
 */
extern bool rebuild_pipeline(const char *name, MemoryContext parent, RebuildOptions options);

#endif /* SESSIONIZE_REBUILD_H */
