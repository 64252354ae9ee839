/*
 * rebuild_options.h
 *		What a caller asks of a rebuild.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REBUILD_OPTIONS_H
#define SESSIONIZE_REBUILD_OPTIONS_H

#include "run/run.h"

typedef struct RebuildOptions
{
	double throttle; /* the part of the time spent at work: above 0, up to 1 */
	RebuildOrder order;
	/*
	 * max_pieces > 0: do only this many pieces of an interrupted rebuild that has left keys to do
	 * (backfill.h), if no other session is rebuilding the pipeline.  0: rebuild everything.
	 */
	int max_pieces;
	int64 piece_rows;    /* raw rows of a piece, newest first; 0: sessionize.rebuild_piece_rows */
	bool releases_fuse;  /* a user has asked for it, knowing what the raw rows are (run/fuse.h) */
	void (*begun)(void); /* called when each refresh that begins knows of the rebuild; or NULL */
} RebuildOptions;

#endif /* SESSIONIZE_REBUILD_OPTIONS_H */
