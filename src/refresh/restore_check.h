/*
 * restore_check.h
 *		Whether a star that comes out of a dump, and its raw rows, are completely restored.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RESTORE_CHECK_H
#define SESSIONIZE_RESTORE_CHECK_H

#include "catalog/pipeline.h"

/*
 * Report a star that is being restored, since rows that the dump is still to bring must not be
 * derived before; and a star whose raw rows were not restored, since a refresh would delete the
 * history of its keys.  The raw rows are counted once: not for tables that don't come out of a
 * dump, and not after the first refresh or rebuild.
 */
extern void restore_check(Pipeline *pipeline);

#endif /* SESSIONIZE_RESTORE_CHECK_H */
