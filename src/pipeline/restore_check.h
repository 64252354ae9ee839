/*
 * restore_check.h
 *		Whether a star that comes out of a dump is there as a whole.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RESTORE_CHECK_H
#define SESSIONIZE_RESTORE_CHECK_H

#include "pipeline/pipeline.h"

/* Report a star that is being restored: rows that are still to come must not be derived before. */
extern void restore_check(const Pipeline *pipeline);

#endif /* SESSIONIZE_RESTORE_CHECK_H */
