/*
 * restore_check.h
 *		Whether a star that comes out of a dump is there as a whole, and its raw rows with it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RESTORE_CHECK_H
#define SESSIONIZE_RESTORE_CHECK_H

#include "catalog/pipeline.h"

/*
 * Report a star that is being restored, for rows that are still to come must not be derived before; and one
 * whose raw rows have not come along, for a refresh would take its keys' history away.  That is asked once:
 * what has not come out of a dump, or was refreshed or rebuilt since, is not counted again.
 */
extern void restore_check(Pipeline *pipeline);

#endif /* SESSIONIZE_RESTORE_CHECK_H */
