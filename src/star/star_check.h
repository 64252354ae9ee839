/*
 * star_check.h
 *		Whether the star's tables have the columns with which they were made.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_CHECK_H
#define SESSIONIZE_STAR_CHECK_H

#include "storage/lockdefs.h"

#include "catalog/pipeline.h"

/* An error with a hint unless all of the pipeline's tables exist, with their columns and types. */
extern void star_check(const Pipeline *pipeline);

/*
 * Check as star_check() does, and keep the tables from being altered until the transaction's end.
 * To be called before rows are read or made.
 */
extern void star_lock(const Pipeline *pipeline);

/* Check the table of sealed rows alone, and lock it. */
extern void star_check_sealed(const Pipeline *pipeline, LOCKMODE lockmode);

#endif /* SESSIONIZE_STAR_CHECK_H */
