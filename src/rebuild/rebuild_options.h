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
	double throttle; /* the part of the time to be at work */
	RebuildOrder order;
	int max_pieces; /* of one that has left keys to do (backfill.h): do so many of its pieces, if it is nobody else's turn; 0: all */
} RebuildOptions;

#endif /* SESSIONIZE_REBUILD_OPTIONS_H */
