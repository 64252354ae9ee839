/*
 * rebuild_range.h
 *		The keys that have events in a range of time are derived anew.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REBUILD_RANGE_H
#define SESSIONIZE_REBUILD_RANGE_H

#include "postgres.h"

#include "fmgr.h"

/* Arguments: name, since, until.  Inside a nonatomic connection to SPI; commits. */
extern void rebuild_range(FunctionCallInfo fcinfo);

#endif /* SESSIONIZE_REBUILD_RANGE_H */
